"""New versions of chapters come into a workspace, and what the reader typed stays.

Three versions meet: the one that was put into the workspace (the base), the reader's, and the new one. nbdime says which
cell became which, by their ids first. A cell that the reader left alone is replaced; one that only the reader changed
stays; where both changed it, the new one stays and the reader's stands just below, tagged ``yours``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from helpers import chapters as register
from helpers.course import workspace as place
from helpers.course.record import MARK, Record
from helpers.course.render import ROOT, dumps

YOURS = "yours"
LAST = "nav"
TRIES, PAUSE = 5, 0.2
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ASKS = re.compile(r"""lesson\.(?:check|decide|quiz|drive)\(\s*["']([^"']+)["']""")


class UpdateError(RuntimeError):
    """A notebook cannot be merged; the message says why, and that it is left as it is."""


@dataclass
class Merged:
    """A merged notebook and what became of its cells.

    Parameters
    ----------
    notebook : dict
        Valid nbformat 4.5.
    replaced, kept, added, removed : int
        Cells that came in their new version, that are the reader's, that are new, that the new version no longer has.
    beside, back, left : list of str
        Titles of cells that both changed; that the reader had deleted and the new version changed; that the reader had
        changed and the new version no longer has.
    """

    notebook: dict = field(default_factory=dict)
    replaced: int = 0
    kept: int = 0
    added: int = 0
    removed: int = 0
    beside: list = field(default_factory=list)
    back: list = field(default_factory=list)
    left: list = field(default_factory=list)


def merge(base, mine, new, *, earlier=None) -> Merged:
    """Merge a reader's notebook with a new version of its chapter.

    Parameters
    ----------
    base, mine, new : dict
        The version that was put into the workspace, the reader's, and the new one, as notebooks of nbformat 4. Without a
        base, what the reader has differently counts as typed by the reader.
    earlier : dict, optional
        The version before the base: a cell that still has its text was not typed either.

    Returns
    -------
    Merged
        Every text that the reader typed stands in it; ids are unique; cells that the reader left alone have the new
        version's outputs.

    Examples
    --------
    >>> def book(*texts):
    ...     return {"cells": [{"id": i, "cell_type": "markdown", "metadata": {}, "source": t} for i, t in texts], "metadata": {}}
    >>> merged = merge(book(("a", "One."), ("b", "...")), book(("a", "One."), ("b", "Mine")), book(("a", "One!"), ("b", "...")))
    >>> [cell["source"] for cell in merged.notebook["cells"]]
    ['One!', 'Mine']
    """
    versions = [_cells(notebook) for notebook in (base, mine, new)]
    slots = _slots(*versions)
    older = {cell["id"]: _typed(cell) for cell in _cells(earlier)}
    merged, placed = Merged(), {}
    for slot in slots:
        cells = _decide(slot, older, merged)
        if cells:
            placed[slot.key] = cells
    order = _order(slots, placed, versions)
    merged.notebook = {"cells": _with_ids(order, placed, versions[2]), "metadata": _notebook_metadata(base, mine, new),
                       "nbformat": 4, "nbformat_minor": 5}
    return merged


# ---------------------------------------------------------------- which cell became which

@dataclass(frozen=True)
class _Slot:
    """One cell in up to three versions; ``key`` is its id in the new version, or its place in the reader's."""

    key: object
    base: dict | None
    mine: dict | None
    new: dict | None


def _cells(notebook) -> list[dict]:
    """The cells of a notebook with one text each, an id each, and only what nbformat knows."""
    cells, taken = [], set()
    for cell in (notebook or {}).get("cells", []):
        plain = {"cell_type": cell["cell_type"], "id": cell.get("id"), "metadata": dict(cell.get("metadata", {})),
                 "source": "".join(cell["source"])}
        if cell["cell_type"] == "code":
            plain |= {"outputs": cell.get("outputs", []), "execution_count": cell.get("execution_count")}
        elif cell.get("attachments"):
            plain["attachments"] = cell["attachments"]
        if not _ID.fullmatch(str(plain["id"])) or plain["id"] in taken:
            plain["id"] = _fresh_id(plain, taken)
        taken.add(plain["id"])
        cells.append(plain)
    return cells


def _fresh_id(cell, taken) -> str:
    for copy in range(len(taken) + 1):
        name = hashlib.sha256(f"{YOURS}\0{cell['cell_type']}\0{cell['source']}\0{copy}".encode()).hexdigest()[:12]
        if name not in taken:
            return name
    raise AssertionError("there are more free names than taken ones")


def _typed(cell) -> tuple:
    """What a person can type into a cell: its kind, its text, the pictures pasted into it."""
    return cell["cell_type"], cell["source"], json.dumps(cell.get("attachments", {}), sort_keys=True)


def _slots(base, mine, new) -> list[_Slot]:
    """All cells of the three versions, those that are the same cell together."""
    to_new = _pairs(base, new)
    to_mine = _pairs(base, mine, {i: new[n]["id"] for i, n in to_new.items()}, {cell["id"] for cell in new})
    slots = []
    for i, cell in enumerate(base):
        m, n = to_mine.get(i), to_new.get(i)
        key = new[n]["id"] if n is not None else ("base", i)
        slots.append(_Slot(key, cell, mine[m] if m is not None else None, new[n] if n is not None else None))
    own = {cell["id"]: cell for m, cell in enumerate(mine) if m not in set(to_mine.values())}
    for n, cell in enumerate(new):
        if n not in set(to_new.values()):
            slots.append(_Slot(cell["id"], None, own.pop(cell["id"], None), cell))
    return slots + [_Slot(("mine", name), None, cell, None) for name, cell in own.items()]


def _pairs(base, other, renamed=None, came=()) -> dict[int, int]:
    """Which cell of the base became which cell of the other version: place -> place.

    By id; then by the very same text; then as nbdime finds them alike. ``renamed``: other ids of cells of the base;
    ``came``: ids of the new version, which are in a reader's copy after an update that broke off.
    """
    there = {cell["id"]: j for j, cell in enumerate(other)}
    found = {}
    for i, cell in enumerate(base):
        name = next((name for name in (cell["id"], (renamed or {}).get(i)) if name in there), None)
        if name is not None and there[name] not in found.values():
            found[i] = there[name]
    taken = set(found.values()) | {j for j, cell in enumerate(other) if cell["id"] in came}
    moved = {}
    for j, cell in enumerate(other):
        if j not in taken:
            moved.setdefault(_typed(cell), []).append(j)
    for i, cell in enumerate(base):  # cut and pasted: the same text under another id
        if i not in found and moved.get(_typed(cell)):
            found[i] = moved[_typed(cell)].pop(0)
    if len(found) < min(len(base), len(other)):
        _add_similar(found, taken | set(found.values()), base, other)
    return found


def _add_similar(found, taken, base, other) -> None:
    """Let nbdime pair what has no common id, between the cells that have one."""
    from nbdime.diffing.notebooks import notebook_predicates
    from nbdime.diffing.snakes import compute_snakes_multilevel

    names = {j: base[i]["id"] for i, j in found.items()}
    sides = [[_slim(cell, cell["id"]) for cell in base], [_slim(cell, names.get(j, ("other", j))) for j, cell in enumerate(other)]]
    for i, j, length in compute_snakes_multilevel(*sides, notebook_predicates["/cells"]):
        for step in range(length):
            if i + step not in found and j + step not in taken:
                found[i + step] = j + step
                taken.add(j + step)


def _slim(cell, name) -> dict:
    return {"id": name, "cell_type": cell["cell_type"], "source": cell["source"], "outputs": []}


# ---------------------------------------------------------------- what becomes of a cell

def _decide(slot, older, merged) -> list[dict]:
    """The cells that stand in the place of one, none or one or two; notes in ``merged`` what happened."""
    if slot.mine is None:
        return _without_mine(slot, merged)
    if slot.new is None:
        return _without_new(slot, older, merged)
    if _typed(slot.mine) == _typed(slot.new):
        return [_new(slot)]
    if _from_course(slot, older):
        merged.replaced += 1
        return [_new(slot)]
    if slot.base is not None and _typed(slot.new) == _typed(slot.base):
        merged.kept += 1
        return [slot.mine | {"id": slot.new["id"], "metadata": _metadata(slot)}]
    if not slot.mine["source"].strip():
        merged.back.append(title(slot.new))
        return [_new(slot)]
    merged.beside.append(title(slot.new))
    both = [_new(slot), _yours(slot.mine) | {"id": None}]
    return both[::-1] if _is_last(slot.new) else both


def _without_mine(slot, merged) -> list[dict]:
    if slot.new is None or slot.base is not None and _typed(slot.new) == _typed(slot.base):
        return []
    if slot.base is None:
        merged.added += 1
    else:
        merged.back.append(title(slot.new))
    return [slot.new]


def _without_new(slot, older, merged) -> list[dict]:
    if slot.base is None:
        merged.kept += 1
        return [slot.mine]
    if _from_course(slot, older) or not slot.mine["source"].strip():
        merged.removed += 1
        return []
    merged.left.append(title(slot.mine))
    return [_yours(slot.mine)]


def _from_course(slot, older) -> bool:
    """Whether the reader's cell is as the course once had it."""
    return slot.base is not None and _typed(slot.mine) in (_typed(slot.base), older.get(slot.base["id"]))


def _new(slot) -> dict:
    return slot.new | {"metadata": _metadata(slot)}


def _yours(cell) -> dict:
    tags = cell["metadata"].get("tags", [])
    return cell | {"metadata": cell["metadata"] | {"tags": [*tags, YOURS] if YOURS not in tags else tags}}


def _metadata(slot) -> dict:
    """The new cell's metadata with what the reader changed in theirs; tags one by one."""
    base, mine, new = (cell["metadata"] if cell else {} for cell in (slot.base, slot.mine, slot.new))
    merged = _three_ways(base, mine, new)
    tags = [set(side.get("tags", [])) for side in (base, mine, new)]
    wanted = (tags[2] | (tags[1] - tags[0])) - (tags[0] - tags[1])
    merged.pop("tags", None)
    return merged | ({"tags": sorted(wanted)} if wanted else {})


def _three_ways(base, mine, new) -> dict:
    changed = {key for key in {*base, *mine} if base.get(key) != mine.get(key)}
    return {key: side[key] for key in {*new, *mine} for side in [mine if key in changed else new] if key in side}


def _notebook_metadata(base, mine, new) -> dict:
    """The new version's front matter and kernel; of the rest, what the reader's program changed."""
    base, mine, new = ((notebook or {}).get("metadata", {}) for notebook in (base, mine, new))
    return _three_ways(base, mine, new) | {key: new[key] for key in ("course", "kernelspec") if key in new}


def title(cell) -> str:
    """What to call a cell when speaking to its reader: the exercise it answers, or its first line.

    Examples
    --------
    >>> title({"source": "my_nrr = ...\\nlesson.check('nrr-last-year', my_nrr)"})
    'nrr-last-year'
    """
    asks = _ASKS.search(cell["source"])
    line = next((line.strip("#* ") for line in cell["source"].splitlines() if line.strip("#* ")), "an empty cell")
    return asks[1] if asks else line if len(line) <= 60 else line[:57] + "..."


# ---------------------------------------------------------------- where it stands

def _order(slots, placed, versions) -> list:
    """The order of what is placed: the course's, or the reader's where only the reader moved cells.

    New cells and the reader's own stand right after the cell that they stood after; links to other chapters stay last.
    """
    mine = _sequence(slots, placed, versions[1], "mine")
    new = _sequence(slots, placed, versions[2], "new")
    base = _sequence(slots, placed, versions[0], "base")
    course = new
    if not _moved(base, new) and _moved(base, mine):
        known = set(new)
        course = interleave([key for key in mine if key in known], new)
    order = interleave(course, mine)
    last = [slot.key for slot in slots if slot.key in placed and slot.new and _is_last(slot.new)]
    return [key for key in order if key not in last] + last


def _is_last(cell) -> bool:
    return LAST in cell["metadata"].get("tags", [])


def _sequence(slots, placed, cells, side) -> list:
    keys = {id(getattr(slot, side)): slot.key for slot in slots if getattr(slot, side) is not None and slot.key in placed}
    return [keys[id(cell)] for cell in cells if id(cell) in keys]


def _moved(base, other) -> bool:
    common = set(base) & set(other)
    return [key for key in base if key in common] != [key for key in other if key in common]


def interleave(backbone, sequence) -> list:
    """The backbone with what only the sequence has, each right after the one that it follows there.

    Examples
    --------
    >>> interleave(["a", "b", "c"], ["a", "c", "note"])
    ['a', 'b', 'c', 'note']
    """
    result, known, here = list(backbone), set(backbone), 0
    for key in sequence:
        if key in known:
            here = result.index(key) + 1
        else:
            result.insert(here, key)
            here += 1
    return result


def _with_ids(order, placed, new) -> list[dict]:
    """The cells in their order; the course's keep their ids, and the reader's get none that the course uses."""
    taken, cells = {cell["id"] for cell in new}, []
    for key in order:
        for cell in placed[key]:
            if key != cell["id"]:
                if cell["id"] is None or cell["id"] in taken:
                    cell = cell | {"id": _fresh_id(cell, taken)}
                taken.add(cell["id"])
            cells.append(cell)
    return cells


# ---------------------------------------------------------------- files

@dataclass(frozen=True)
class Update:
    """What an update did with one chapter in a workspace.

    Parameters
    ----------
    chapter : str
    path : Path
        The reader's notebook.
    merged : Merged or None
        None where it could not be merged.
    before : Path or None
        Where the version before is kept.
    problem : str
        Why it was left as it is; empty when all went well.
    """

    chapter: str
    path: Path
    merged: Merged | None = None
    before: Path | None = None
    problem: str = ""

    def sentences(self) -> list[str]:
        """What happened, for the reader."""
        if self.problem:
            return [f"{self.chapter}: {self.problem}"]
        one = self.merged
        said = [f"{self.chapter}: brought to the new version. {_cells_said(one.replaced)} replaced, {one.added} new, {one.removed} "
                f"no longer in it; {one.kept + len(one.beside) + len(one.left)} of yours kept."]
        said += [f"    You and the course both changed “{name}”: the new one stands first, yours just below it, tagged {YOURS}."
                 for name in one.beside]
        said += [f"    You had taken out “{name}”, and the course has changed it: it is back." for name in one.back]
        said += [f"    The course no longer has “{name}”, which you had changed: yours stays, tagged {YOURS}." for name in one.left]
        return [*said, f"    The version before is {self.before}."]


def _cells_said(count) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def update(folder, root=ROOT, *, now=None):
    """Bring new versions of all chapters into a workspace and keep what was typed.

    Parameters
    ----------
    folder : Path
        The workspace.
    root : Path
        The folder of the project.
    now : datetime, optional
        The time that stands in the names of the versions before.

    Returns
    -------
    copies : list of Copy
        What was simply put there or replaced, as from ``workspace.refresh``.
    updates : list of Update
        What had to be merged.

    Raises
    ------
    WorkspaceError
        When the workspace cannot be written.
    """
    folder = Path(folder).resolve()
    stamp = (now or dt.datetime.now()).strftime("%Y-%m-%d-%H%M%S")
    copies = place.refresh(folder, root)
    found = [_update_one(copy, folder, Path(root), stamp) for copy in copies if copy.status in ("newer", "yours")]
    return copies, [one for one in found if one is not None]


def _update_one(copy, folder, root, stamp):
    name = copy.path.relative_to(folder).as_posix()
    chapter, original = register.find(copy.chapter, root=root), (root / "chapters" / name).read_bytes()
    content = place.reader_copy(original, chapter)
    base, earlier = (_read(folder / MARK / kept / name) for kept in ("base", "earlier"))
    try:
        merged, before = _replace(copy.path, folder / MARK / "before" / name, stamp,
                                  lambda mine: _merge_for(copy, base, mine, json.loads(content), earlier))
    except UpdateError as error:
        return Update(copy.chapter, copy.path, problem=str(error))
    except OSError as error:
        return Update(copy.chapter, copy.path, problem=f"it cannot be read or written ({error.strerror}). It is left as it is.")
    if merged is None:
        return None
    place.note_version(content, place.version_of(original, chapter), folder, name, Record("copies", folder))
    return Update(copy.chapter, copy.path, merged, before)


def _merge_for(copy, base, mine, new, earlier):
    """Merge one copy; None when there is nothing to bring."""
    if base is None and not _akin(mine, new):
        raise UpdateError(f"{copy.path.name} is a notebook of yours where the course has a chapter. It is left as it is; rename it "
                          "and run this again to have the chapter beside it.")
    try:
        merged = merge(base, mine, new, earlier=earlier)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable(copy.path) from None
    return merged if copy.status == "newer" or merged.replaced else None


def _akin(one, other) -> bool:
    """Whether two notebooks share at least a third of the ids of the shorter one."""
    ids = [{cell.get("id") for cell in notebook["cells"]} - {None} for notebook in (one, other)]
    return 3 * len(ids[0] & ids[1]) >= max(1, min(map(len, ids)))


def _unreadable(path) -> UpdateError:
    return UpdateError(f"{path.name} cannot be read as a notebook. It is left as it is; rename it and run this again to have the "
                       "chapter anew.")


def _read(path):
    """A notebook as plain data, or None when it is missing or damaged."""
    try:
        return _parsed(path.read_bytes())
    except OSError:
        return None


def _parsed(content):
    try:
        notebook = json.loads(content)
    except ValueError:
        return None
    whole = isinstance(notebook, dict) and isinstance(notebook.get("cells"), list) and all(isinstance(c, dict) for c in notebook["cells"])
    return notebook if whole else None


def _replace(path, kept, stamp, merging):
    """Put a merged notebook in a file's place, unless the file changes meanwhile: then begin again.

    Returns
    -------
    merged : Merged or None
    before : Path or None
        Where the file's former content is kept.
    """
    for _ in range(TRIES):
        content = path.read_bytes()
        mine = _parsed(content)
        if mine is not None:
            merged = merging(mine)
            if merged is None:
                return None, None
            written = _written(merged, path)
            before = _keep(content, kept, stamp)
            if _swap(path, content, written):
                return merged, before
            before.unlink()
        time.sleep(PAUSE)
    raise _unreadable(path) if mine is None else UpdateError(f"{path.name} is being written by another program. Save it there, and "
                                                             "run this again.")


def _written(merged, path) -> bytes:
    import nbformat

    try:
        return dumps(nbformat.from_dict(merged.notebook))
    except nbformat.ValidationError:
        raise _unreadable(path) from None


def _keep(content, path, stamp) -> Path:
    """Keep what was there under a name that is not taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for count in range(1, 1000):
        again = f"-{count}" if count > 1 else ""
        target = path.with_name(f"{path.stem}.{stamp}{again}{path.suffix}")
        try:
            with target.open("xb") as file:
                file.write(content)
            return target
        except FileExistsError:
            continue
    raise UpdateError(f"{path.parent} is full of versions of {path.name}; delete some.")


def _swap(path, expected, content) -> bool:
    """Replace a file whole, if it still holds what is expected."""
    handle, spare = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(spare, path.stat().st_mode & 0o777)
        if path.read_bytes() != expected:
            return False
        os.replace(spare, path)
        return True
    finally:
        Path(spare).unlink(missing_ok=True)


# ---------------------------------------------------------------- chapters that moved

def follow(folder, root=ROOT) -> list[tuple[str, str]]:
    """Move a reader's copies whose chapters the course renamed or moved; told by the ids of their cells.

    Parameters
    ----------
    folder : Path
        The workspace.
    root : Path
        The folder of the project.

    Returns
    -------
    list of (str, str)
        The old and the new place of each, within the workspace.
    """
    from helpers.course.render import chapters

    manifest = Record("copies", folder)
    known = manifest.read()
    there = {text.with_suffix(".ipynb").relative_to(root / "chapters").as_posix(): text.with_suffix(".ipynb")
             for text in chapters(root) if text.with_suffix(".ipynb").is_file()}
    fresh = {name: _read(path) for name, path in there.items() if name not in known}
    moves = []
    for old in [name for name in known if name not in there]:
        base = _read(folder / MARK / "base" / old)
        new = next((name for name, notebook in fresh.items() if base and notebook and _akin(base, notebook)), None)
        if new and (folder / old).is_file() and not (folder / new).exists():
            _move(folder, old, new, manifest)
            del fresh[new]
            moves.append((old, new))
    return moves


def _move(folder, old, new, manifest) -> None:
    """Move the kept versions and the entry first: whatever breaks off midway, the reader's file is whole in one place."""
    for kept in ("base", "earlier"):
        if (folder / MARK / kept / old).is_file():
            (folder / MARK / kept / new).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / MARK / kept / old, folder / MARK / kept / new)
    (folder / new).parent.mkdir(parents=True, exist_ok=True)
    os.replace(folder / old, folder / new)
    manifest.change(lambda copies: copies.update({new: copies.pop(old)}))
    was, now = Path(old).parent.name, Path(new).parent.name
    if was != now:
        Record("progress", folder).change(lambda data: _rename_progress(data, was, now))


def _rename_progress(data, was, now) -> None:
    visited = data.get("chapters", {})
    if was in visited and now not in visited:
        visited[now] = visited.pop(was)
    if data.get("last") == was:
        data["last"] = now


def report(copies, updates) -> list[str]:
    """What an update did, in sentences.

    Examples
    --------
    >>> report([], [])
    ['Nothing to bring: your copies are up to date.']
    """
    said = place.report([copy for copy in copies if copy.status in ("new", "updated")])
    said += [sentence for one in updates for sentence in one.sentences()]
    if any(one.merged for one in updates):
        said.append("Where one of these is open in JupyterLab, it will say that the file has changed. Have you typed there since you saved? "
                    "Then choose Overwrite and run this again; if not, choose Revert.")
    return said or ["Nothing to bring: your copies are up to date."]
