"""How far a reader is, and where a team is stuck: read from ``progress.json``, which belongs to its reader.

What is asked is read from the chapters' ``exercises.py`` without running them, so that this is quick and needs no company.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from helpers import chapters as register
from helpers.course import paths
from helpers.course.record import MARK, Record

RIGHT = "right"
_WRONG = ("wrong", "mistake")
_GAP = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Item:
    """One exercise or quiz and what one reader did with it.

    Parameters
    ----------
    key, title : str
    quiz : bool
    status : str
        "right", "mistake", "wrong", or "" while it is open.
    tries, wrong, hints : int
    solution_seen : bool
    mistakes : tuple of (str, int)
        What was said about the slips that were made, and how often.
    """

    key: str
    title: str
    quiz: bool
    status: str = ""
    tries: int = 0
    wrong: int = 0
    hints: int = 0
    solution_seen: bool = False
    mistakes: tuple = ()

    @property
    def touched(self) -> bool:
        """Whether the reader answered it, or looked for help."""
        return bool(self.status or self.tries or self.hints or self.solution_seen)


@dataclass(frozen=True)
class Standing:
    """How far one reader is in one chapter.

    Parameters
    ----------
    chapter : Chapter
    minutes : int
        What the chapter takes, from its front matter.
    opened : bool
    items : tuple of Item
    """

    chapter: register.Chapter
    minutes: int
    opened: bool
    items: tuple[Item, ...]

    @property
    def exercises(self) -> list[Item]:
        """The exercises, without the quizzes."""
        return [item for item in self.items if not item.quiz]

    @property
    def of(self) -> int:
        """How many exercises there are."""
        return len(self.exercises)

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(item.status == RIGHT for item in self.exercises)

    @property
    def hints(self) -> int:
        """How many hints were taken."""
        return sum(item.hints for item in self.items)

    @property
    def done(self) -> bool:
        """Whether every exercise is right; a chapter without exercises is done when it was opened."""
        return self.opened and self.right == self.of

    @property
    def said(self) -> str:
        """How far, in words."""
        if not self.opened:
            return "not opened"
        return "read" if not self.of else f"{self.right} of {self.of} exercises right"

    @property
    def drawn(self) -> str:
        """How far, with a dot for each exercise."""
        if not self.opened or not self.of:
            return self.said
        return f"{'●' * self.right}{'○' * (self.of - self.right)} {self.right} of {self.of}"


def asked(exercises: Path) -> list[tuple[str, str, bool]]:
    """The keys and titles in a chapter's ``exercises.py``, read without running it: (key, title, whether it is a quiz).

    Examples
    --------
    >>> asked(register.find("37").exercises)[0][0]
    'nrr-last-year'
    """
    if not Path(exercises).is_file():
        return []
    try:
        tree = ast.parse(Path(exercises).read_text(encoding="utf-8"))
    except SyntaxError:
        return []
    found = []
    for call in sorted((node for node in ast.walk(tree) if isinstance(node, ast.Call)), key=lambda node: node.lineno):
        kind = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if kind in ("Exercise", "Quiz"):
            key, title = _argument(call, 0, "key"), _argument(call, 1, "title" if kind == "Exercise" else "question")
            found += [(key, title or key, kind == "Quiz")] if key else []
    return found


def _argument(call, place, name):
    given = {keyword.arg: keyword.value for keyword in call.keywords}.get(name, call.args[place] if len(call.args) > place else None)
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def standings(kept: dict, *, root=None) -> dict[str, Standing]:
    """How far a reader is in every chapter that is written.

    Parameters
    ----------
    kept : dict
        What ``progress.json`` holds; whatever in it is not as expected counts as nothing.

    Examples
    --------
    >>> kept = {"chapters": {"37-retention": {"exercises": {"nrr-last-year": {"status": "right", "tries": 2}}}}}
    >>> standings(kept)["37-retention"].right
    1
    """
    visits = _dict(_dict(kept).get("chapters"))
    return {chapter.name: _standing(chapter, visits.get(chapter.name)) for chapter in register.chapters(root=root) if chapter.written}


def _standing(chapter, visit) -> Standing:
    done = _dict(_dict(visit).get("exercises"))
    items = tuple(_item(key, title, quiz, _dict(done.get(key))) for key, title, quiz in asked(chapter.exercises))
    return Standing(chapter, _count(paths.front_matter(chapter).get("minutes")), isinstance(visit, dict), items)


def _item(key, title, quiz, entry) -> Item:
    status = entry.get("status") if entry.get("status") in (RIGHT, *_WRONG) else ""
    tries = _count(entry.get("tries")) or int(bool(status))
    wrong = _count(entry["wrong"]) if "wrong" in entry else max(tries - (status == RIGHT), 0)
    mistakes = tuple((str(says), _count(often)) for says, often in _dict(entry.get("mistakes")).items())
    return Item(key, title, quiz, status, tries, wrong, _count(entry.get("hints")), entry.get("solution_seen") is True, mistakes)


def _dict(value) -> dict:
    return value if isinstance(value, dict) else {}


def _count(value) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


# ---------------------------------------------------------------- one reader

def report(folder, *, role=None, name=None, root=None) -> list[str]:
    """What `playbook progress` prints, line by line; remembers the role and the name, and makes the map anew.

    Parameters
    ----------
    folder : Path
        The workspace.
    role : str, optional
        The reader's role from now on.
    name : str, optional
        What the reader wants to be called in a team's roll-up; an empty one takes it out again.

    Raises
    ------
    ValueError
        When there is no workspace, no such role, or the record is damaged.
    """
    folder = Path(folder)
    if not (folder / MARK).is_dir():
        raise ValueError(f"There is no workspace in {folder}; `playbook lab` makes one.")
    record = Record("progress", folder)
    given = {"role": paths.find_role(role).key if role else None, "name": name.strip() if name is not None else None}
    if any(value is not None for value in given.values()):
        record.change(lambda data: _remember(data, given))
    kept = record.read()
    if not isinstance(kept, dict):
        raise ValueError(f"{record.path} is damaged. Move it aside, and a new one is begun.")
    paths.write_map(folder, root)
    return _lines(standings(kept, root=root), kept, root)


def _remember(data, given):
    data.update({key: value for key, value in given.items() if value})
    if given["name"] == "":
        data.pop("name", None)


def _lines(mine, kept, root) -> list[str]:
    rows = [(one.chapter.number, one.chapter.title, one.said, f"{one.hints} hints" if one.hints else "", f"{one.minutes} min")
            for one in mine.values()]
    left = sum(one.minutes for one in mine.values() if not one.done)
    return [*align(rows), "", f"{sum(one.done for one in mine.values())} of {len(mine)} chapters done; {sum(o.right for o in mine.values())} "
            f"of {sum(o.of for o in mine.values())} exercises right; {left} minutes of chapters left.",
            *_next_lines(mine, kept, root)]


def _next_lines(mine, kept, root) -> list[str]:
    wanted = [kept["role"]] if kept.get("role") in {role.key for role in paths.roles()} else [role.key for role in paths.roles()]
    lines = ["", "What to do next:"]
    rows = []
    for role in wanted:
        ahead = paths.next_on(paths.path(role, root=root), mine, kept.get("last"))
        rows.append((f"  {role}", _next_said(mine[ahead[0].name]) if ahead else "everything written so far is done"))
    return lines + align(rows)


def _next_said(standing) -> str:
    chapter = standing.chapter
    waiting = [item.title for item in standing.exercises if item.status != RIGHT]
    if standing.opened and waiting:
        return f"{chapter.number} {chapter.title}: go on with “{waiting[0]}”"
    return f"{chapter.number} {chapter.title}, {standing.minutes} minutes: {chapter.question}"


def align(rows) -> list[str]:
    """Rows of text as lines with aligned columns.

    Examples
    --------
    >>> align([("a", "bcd"), ("efg", "h")])
    ['a    bcd', 'efg  h']
    """
    rows = [[str(part) for part in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(part.ljust(width) for part, width in zip(row, widths)).rstrip() for row in rows]


# ---------------------------------------------------------------- a team

@dataclass(frozen=True)
class Stuck:
    """One exercise or quiz across a team.

    Parameters
    ----------
    chapter, key, title : str
    touched, right : int
        People who answered it or looked for help; those among them who have it right.
    tries, wrong, hints, solutions : int
        Sums over these people; ``solutions`` counts those who looked at ours.
    mistakes : tuple of (str, int)
        What went wrong, most often first.
    who : tuple of str
        Names of those who do not have it right yet, of those who gave one.
    """

    chapter: str
    key: str
    title: str
    touched: int
    right: int
    tries: int
    wrong: int
    hints: int
    solutions: int
    mistakes: tuple
    who: tuple

    @property
    def rank(self) -> tuple:
        """Most people waiting first, then most wrong answers, then most help."""
        return (self.right - self.touched, -self.wrong, -self.hints - self.solutions, self.chapter, self.key)


@dataclass(frozen=True)
class Team:
    """What several people's files say together.

    Parameters
    ----------
    readers : tuple of (str or None, dict)
        A name where one was given, and chapter -> Standing.
    stuck : tuple of Stuck
        One row for each exercise that somebody touched, the hardest first.
    skipped : tuple of str
        Files that could not be read, and why.
    """

    readers: tuple
    stuck: tuple[Stuck, ...]
    skipped: tuple[str, ...]


def team(folder, *, root=None) -> Team:
    """Read several people's progress: ``*.json`` in the folder, or their folders or workspaces in it.

    Raises
    ------
    ValueError
        When the folder is missing, or there is no file of progress in it.
    """
    folder = Path(folder)
    files = sorted({*folder.glob("*.json"), *folder.glob("*/progress.json"), *folder.glob(f"*/{MARK}/progress.json")})
    if not files:
        raise ValueError(f"There is no progress file in {folder}. Everybody puts in a copy of theirs, "
                         f"workspace/{MARK}/progress.json, under any name that ends in .json.")
    readers, skipped = [], []
    for file in files:
        try:
            kept = _read(file)
        except (OSError, ValueError) as error:
            skipped.append(f"{file.relative_to(folder).as_posix()} is skipped: {error}.")
        else:
            name = kept.get("name")
            readers.append((name.strip() if isinstance(name, str) and name.strip() else None, standings(kept, root=root)))
    return Team(tuple(readers), tuple(_stuck(readers)), tuple(skipped))


def _read(file) -> dict:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"it is damaged in line {error.lineno}") from None
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None
    if not isinstance(kept, dict) or not isinstance(kept.get("chapters"), dict):
        raise ValueError("it holds no progress")
    return kept


def _stuck(readers) -> list[Stuck]:
    found = {}
    for name, mine in readers:
        for standing in mine.values():
            for item in standing.items:
                if item.touched:
                    found.setdefault((standing.chapter.name, item.key), []).append((name, item))
    return sorted((_together(chapter, people) for (chapter, _), people in found.items()), key=lambda one: one.rank)


def _together(chapter, people) -> Stuck:
    items = [item for _, item in people]
    slips = Counter()
    for item in items:
        slips.update({_GAP.sub("…", says): often for says, often in item.mistakes})
    waiting = tuple(sorted(name for name, item in people if name and item.status != RIGHT))
    return Stuck(chapter, items[0].key, items[0].title, len(items), sum(item.status == RIGHT for item in items),
                 sum(item.tries for item in items), sum(item.wrong for item in items), sum(item.hints for item in items),
                 sum(item.solution_seen for item in items), tuple(slips.most_common()), waiting)


def team_report(folder, *, root=None) -> list[str]:
    """What `playbook progress --team FOLDER` prints, line by line."""
    room = team(folder, root=root)
    rows = []
    for number, (name, mine) in enumerate(room.readers, 1):
        opened = [one for one in mine.values() if one.opened]
        rows.append((name or f"reader {number}", f"opened {len(opened)}", f"done {sum(one.done for one in opened)}",
                     f"{sum(one.right for one in opened)} of {sum(one.of for one in opened)} exercises right"))
    lines = [f"{len(room.readers)} readers.", "", *(align(rows) if rows else []), *room.skipped]
    waiting = [one for one in room.stuck if one.right < one.touched]
    lines += ["", "Where the room is stuck, the hardest first:" if waiting else "Nobody is stuck."]
    for one in waiting:
        lines += _stuck_lines(one)
    return lines


def _stuck_lines(one) -> list[str]:
    lines = [f"{one.chapter} · {one.title}: {one.right} of {one.touched} right; {one.tries} tries, {one.wrong} wrong, "
             f"{one.hints} hints, {one.solutions} looked at the solution."]
    if one.mistakes:
        lines.append(f"    Made most ({one.mistakes[0][1]} times): {one.mistakes[0][0]}")
    if one.who:
        lines.append(f"    Not right yet, of those who gave a name: {', '.join(one.who)}.")
    return lines
