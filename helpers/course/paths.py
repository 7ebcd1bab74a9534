"""Ways through the course: by role, by where a company stands, from one chapter to the next, and the map.

Everything here is a pure function of the register, the front matter of the chapters and ``paths.yaml``; only
``write_map`` writes, and only the page ``map.md`` of a workspace.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from helpers import chapters as register
from helpers.course.record import Record

MAP = "map.md"
NAV, KERNEL = "playbook-nav", "playbook-kernel"
MARKER = "<!-- made by playbook, and made anew each time: what you write here is not kept -->"
KERNEL_NOTE = ("*Should the next cell say* `No module named 'helpers'`*, this notebook runs on another Python: choose Kernel, Change Kernel, "
               "Python 3, or close it and open the course with* `playbook lab`*.*")


class PathError(ValueError):
    """There is no such role or stage; the message names those there are."""


@dataclass(frozen=True)
class Role:
    """Somebody's work in the company.

    Parameters
    ----------
    key : str
        As chapters name it under ``roles``, for example "customer success".
    name : str
    asks : str
        What this role comes to the course with.
    """

    key: str
    name: str
    asks: str


@lru_cache(maxsize=1)
def _data() -> dict:
    import yaml

    return yaml.safe_load(Path(__file__).with_name("paths.yaml").read_text(encoding="utf-8"))


def roles() -> tuple[Role, ...]:
    """The roles that have a path.

    Examples
    --------
    >>> [role.key for role in roles()][:3]
    ['founder', 'product', 'marketing']
    """
    return tuple(Role(**entry) for entry in _data()["roles"])


def find_role(name: str) -> Role:
    """A role by its name, however it is written.

    Raises
    ------
    PathError
        When there is none; names the nearest.

    Examples
    --------
    >>> find_role("Customer-Success").key
    'customer success'
    """
    wanted = " ".join(str(name).lower().replace("-", " ").replace("_", " ").split())
    known = {role.key: role for role in roles()}
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, 1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    raise PathError(f"There is no path for {name!r}. {meant}The roles are {', '.join(known)}.")


def front_matter(chapter) -> dict:
    """What a chapter says of itself under ``course:``; empty while it is not written.

    Examples
    --------
    >>> front_matter(register.find("37"))["minutes"]
    60
    """
    import yaml

    if not chapter.text.is_file():
        return {}
    with chapter.text.open(encoding="utf-8") as text:
        if text.readline().strip() != "---":
            return {}
        head = []
        for line in text:
            if line.strip() == "---":
                break
            head.append(line)
    return (yaml.safe_load("".join(head)) or {}).get("course") or {}


def roles_of(chapter) -> tuple[str, ...]:
    """For whom a chapter is: what its front matter says, or what is planned while there is none.

    Examples
    --------
    >>> "finance" in roles_of(register.find("37"))
    True
    """
    return tuple(front_matter(chapter).get("roles") or _data()["planned"].get(chapter.number, ()))


def path(role: str, *, root=None) -> tuple:
    """The chapters for one role, in the order in which they are meant to be read, written or not.

    Raises
    ------
    PathError
        When there is no such role.

    Examples
    --------
    >>> "37" in [chapter.number for chapter in path("finance")]
    True
    """
    key = find_role(role).key
    return tuple(chapter for chapter in register.chapters(root=root) if key in roles_of(chapter))


def first_five(stage: int, role: str | None = None, *, root=None) -> tuple:
    """The five chapters that come first where a company stands; those of the role before the others.

    Parameters
    ----------
    stage : int
        1 to 5, as chapter 01 finds it.
    role : str, optional

    Raises
    ------
    PathError
        When there is no such stage or role.

    Examples
    --------
    >>> [chapter.number for chapter in first_five(4)]
    ['37', '45', '46', '41', '49']
    >>> first_five(4, "finance")[0].number
    '37'
    """
    known = _data()["first_five"]
    if stage not in known:
        raise PathError(f"There is no stage {stage!r}; the stages are {', '.join(map(str, known))}.")
    five = [register.find(number, root=root) for number in known[stage]]
    if role is not None:
        key = find_role(role).key
        five.sort(key=lambda chapter: key not in roles_of(chapter))
    return tuple(five)


def next_on(chapters, standings, last=None) -> list:
    """What to read next, nearest first: what was begun, then what was not opened.

    Parameters
    ----------
    chapters : sequence of Chapter
        A path.
    standings : dict
        Chapter name -> Standing (helpers.course.progress); only chapters that are written are in it.
    last : str, optional
        The chapter that was open last; it comes before the others that were begun.

    Returns
    -------
    list of Chapter
        Without those that are done and those that are not written.
    """
    open_ = [chapter for chapter in chapters if chapter.name in standings and not standings[chapter.name].done]
    return sorted(open_, key=lambda chapter: (not standings[chapter.name].opened, chapter.name != last))


# ---------------------------------------------------------------- what readers' copies have and chapters do not

def neighbours(chapter) -> tuple:
    """The chapters before and after this one that are written; None where there is none."""
    everything = register.chapters(root=chapter.root)
    place = everything.index(chapter)
    before = next((one for one in reversed(everything[:place]) if one.written), None)
    return before, next((one for one in everything[place + 1:] if one.written), None)


def navigation(chapter) -> str:
    """Links to the chapter before, the map and the chapter after, from a reader's copy; empty when it stands alone.

    Examples
    --------
    >>> "../../map.md" in navigation(register.find("37"))
    True
    """
    before, after = neighbours(chapter)
    if before is None and after is None:
        return ""
    parts = [f"[← {before.number} {before.title}]({_from(chapter, before)})" if before else "",
             f"[The map](../../{MAP})",
             f"[{after.number} {after.title} →]({_from(chapter, after)})" if after else ""]
    return " · ".join(part for part in parts if part)


def _from(chapter, other) -> str:
    return Path(os.path.relpath(other.notebook, chapter.folder)).as_posix()


def extras(chapter) -> tuple[str, str]:
    """What readers' copies have and chapters do not: a word on kernels, and links; either may be empty."""
    return KERNEL_NOTE, navigation(chapter)


def dress(notebook: dict, chapter) -> dict:
    """Add to a copy of a chapter what readers need and the chapter does not hold, in place.

    Above the first cell that imports the helpers: what to do when the kernel is the wrong one. At the end: links to
    the chapters beside it. Both have ids of their own that never change, so that updates find them again.

    Parameters
    ----------
    notebook : dict
        As it stands in the file.
    chapter : Chapter

    Returns
    -------
    dict
        The same one.

    Examples
    --------
    >>> empty = dress({"cells": []}, register.find("37"))
    >>> [cell["metadata"]["tags"] for cell in empty["cells"]]
    [['nav']]
    """
    cells, (kernel, links) = notebook["cells"], extras(chapter)
    first = next((i for i, cell in enumerate(cells) if cell["cell_type"] == "code"), None)
    if first is not None and "helpers" in "".join(cells[first]["source"]):
        cells.insert(first, _markdown(kernel, KERNEL, "kernel"))
    if links:
        cells.append(_markdown(links, NAV, "nav"))
    return notebook


def _markdown(source, name, tag) -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {"tags": [tag]}, "source": source.splitlines(keepends=True)}


# ---------------------------------------------------------------- the map

def map_page(standings, *, last=None, role=None, root=None) -> str:
    """The course as one Markdown page for a workspace: where the reader is, the stages, every chapter, the paths by role.

    Parameters
    ----------
    standings : dict
        Chapter name -> Standing, for the chapters that are written.
    last : str, optional
        The chapter that was open last.
    role : str, optional
        The reader's role.
    """
    parts = register.parts(root=root)
    blocks = ["# The map", _where(standings, last, role, root), _stages(parts, standings, root),
              *(_part(part, standings) for part in parts), _by_role(standings, root), MARKER]
    return "\n\n".join(blocks) + "\n"


def _where(standings, last, role, root) -> str:
    way = path(role, root=root) if role else register.chapters(root=root)
    ahead = next_on(way, standings, last)
    if last not in standings:
        said = "Nothing is opened yet."
        begin = f" Begin with {_link(ahead[0])}: {ahead[0].question}" if ahead else ""
        return said + begin
    said = f"You left off in {_link(standings[last].chapter)} ({standings[last].said})."
    following = [chapter for chapter in ahead if chapter.name != last][:1]
    for chapter in following:
        said += f" Next{f' for {role}' if role else ''}: {_link(chapter)}, {standings[chapter.name].minutes} minutes."
    return said


def _stages(parts, standings, root) -> str:
    lines = ["| stage | what it is about | the sign that closes it | exercises right |", "|---|---|---|---|"]
    for stage in register.stages(root=root):
        mine = [standings[chapter.name] for part in parts if part.stage == stage.number for chapter in part.chapters
                if chapter.name in standings]
        right, of = sum(one.right for one in mine), sum(one.of for one in mine)
        lines.append(f"| {stage.number} | {stage.name} | {stage.closes.removeprefix('Closes ')} | {f'{right} of {of}' if of else ''} |")
    return "\n".join(lines)


def _part(part, standings) -> str:
    lines = [f"## {part.title}", "", part.description, "", "| | chapter | question | minutes | yours |", "|---|---|---|---|---|"]
    for chapter in part.chapters:
        mine = standings.get(chapter.name)
        row = (_link(chapter, number=False), mine.minutes, mine.drawn) if mine else (chapter.title, "", "not written yet")
        lines.append(f"| {chapter.number} | {row[0]} | {chapter.question} | {row[1]} | {row[2]} |")
    return "\n".join(lines)


def _by_role(standings, root) -> str:
    lines = ["## By role", "", "| role | asks | chapters |", "|---|---|---|"]
    for role in roles():
        way = ", ".join(_link(chapter, title=False) if chapter.name in standings else chapter.number
                        for chapter in path(role.key, root=root))
        lines.append(f"| {role.name} | {role.asks} | {way} |")
    lines += ["", "`playbook progress --role sales` remembers your role and says what comes next for it."]
    return "\n".join(lines)


def _link(chapter, *, number=True, title=True) -> str:
    label = " ".join(part for part, wanted in ((chapter.number, number), (chapter.title, title)) if wanted)
    return f"[{label}]({chapter.folder.parent.name}/{chapter.name}/{chapter.slug}.ipynb)"


def write_map(folder, root=None) -> Path | None:
    """Write the map into a workspace.

    Parameters
    ----------
    folder : Path
        The workspace.

    Returns
    -------
    Path or None
        The page; None where the reader has a page of this name, which is left alone.
    """
    from helpers.course.progress import standings
    from helpers.course.render import write_if_changed

    folder = Path(folder)
    page = folder / MAP
    if page.exists() and MARKER not in page.read_text(encoding="utf-8", errors="replace"):
        return None
    try:
        kept = Record("progress", folder).read()
    except ValueError:  # damaged: `playbook progress` says so, the map still opens
        kept = {}
    text = map_page(standings(kept, root=root), last=_text(kept, "last"), role=_role(kept), root=root)
    write_if_changed(page, text.encode())
    return page


def _text(kept, name):
    value = kept.get(name) if isinstance(kept, dict) else None
    return value if isinstance(value, str) else None


def _role(kept):
    role = _text(kept, "role")
    return role if role in {one.key for one in roles()} else None
