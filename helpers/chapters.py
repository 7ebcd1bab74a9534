"""The register of parts and chapters, ``chapters/map.yaml``, as Python objects.

The book, the command ``playbook`` and the tests read the register through here. Nothing heavy is imported.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Chapter:
    """One chapter of the course: what it asks, what it teaches, where it lives."""

    number: str
    slug: str
    title: str
    question: str
    concepts: tuple[str, ...]
    lines: tuple[str, ...]
    stage: int
    phase: int | None
    part: int
    folder: Path
    root: Path = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the chapter's folder, such as ``37-retention``."""
        return f"{self.number}-{self.slug}"

    @property
    def notebook(self) -> Path:
        """The notebook with its outputs."""
        return self.folder / f"{self.slug}.ipynb"

    @property
    def text(self) -> Path:
        """The MyST text that the notebook is made from."""
        return self.folder / f"{self.slug}.md"

    @property
    def exercises(self) -> Path:
        """The module with the chapter's exercises."""
        return self.folder / "exercises.py"

    @property
    def written(self) -> bool:
        """Whether the chapter is there to be read."""
        return self.notebook.is_file()

    @property
    def board(self) -> bool:
        """Whether the chapter is a board meeting, where the four main lines meet."""
        return self.slug.startswith("board-")

    @property
    def next(self) -> Chapter | None:
        """The chapter after this one, written or not."""
        return self._beside(1)

    @property
    def previous(self) -> Chapter | None:
        """The chapter before this one, written or not."""
        return self._beside(-1)

    def _beside(self, step: int) -> Chapter | None:
        everything = chapters(root=self.root)
        place = everything.index(self) + step
        return everything[place] if 0 <= place < len(everything) else None


@dataclass(frozen=True)
class Part:
    """One part of the course: a stage of the roadmap, or the roadmap itself."""

    number: int
    folder: Path
    title: str
    stage: int
    phases: tuple[int, ...]
    description: str
    chapters: tuple[Chapter, ...]

    @property
    def name(self) -> str:
        """The name of the part's folder, such as ``3-sales-play``."""
        return self.folder.name


@dataclass(frozen=True)
class Stage:
    """One of the five stages, with the sign that closes it."""

    number: int
    name: str
    zh: str
    closes: str


@dataclass(frozen=True)
class Phase:
    """One of the eight phases and the stage it belongs to (the assignment is our reading)."""

    number: int
    stage: int
    name: str
    zh: str


@dataclass(frozen=True)
class Line:
    """One of the four main lines that run through all stages."""

    key: str
    name: str
    zh: str


def parts(*, root: Path | None = None) -> tuple[Part, ...]:
    """Read the parts of the course in order, each with its chapters.

    Parameters
    ----------
    root : Path, optional
        The project's root; the one this package lies in by default.

    Examples
    --------
    >>> [part.name for part in parts()][:2]
    ['0-roadmap', '1-idea']
    """
    root = Path(root or ROOT).resolve()
    return tuple(_part(entry, root) for entry in _register(root)["parts"])


def chapters(*, root: Path | None = None) -> tuple[Chapter, ...]:
    """Read all chapters in the order in which they are meant to be read.

    Examples
    --------
    >>> len(chapters())
    37
    """
    return tuple(chapter for part in parts(root=root) for chapter in part.chapters)


def stages(*, root: Path | None = None) -> tuple[Stage, ...]:
    """Read the five stages.

    Examples
    --------
    >>> stages()[4].name
    'Efficiency'
    """
    return tuple(Stage(**entry) for entry in _register(Path(root or ROOT).resolve())["stages"])


def phases(*, root: Path | None = None) -> tuple[Phase, ...]:
    """Read the eight phases.

    Examples
    --------
    >>> [phase.number for phase in phases() if phase.stage == 4]
    [4, 5, 6, 7]
    """
    return tuple(Phase(**entry) for entry in _register(Path(root or ROOT).resolve())["phases"])


def lines(*, root: Path | None = None) -> tuple[Line, ...]:
    """Read the four main lines.

    Examples
    --------
    >>> [line.key for line in lines()]
    ['product', 'business', 'team', 'funding']
    """
    return tuple(Line(**entry) for entry in _register(Path(root or ROOT).resolve())["lines"])


def find(name: str, *, root: Path | None = None) -> Chapter:
    """Find a chapter by its folder's name, its number or its slug.

    Parameters
    ----------
    name : str
        ``"37-retention"``, ``"37"`` or ``"retention"``.
    root : Path, optional
        The project's root.

    Raises
    ------
    KeyError
        No chapter has that name; the message gives the nearest one.

    Examples
    --------
    >>> find("37-retention").question
    'Do they stay, and do they grow?'
    >>> find("37").next.name
    '38-sales-play'
    """
    everything = chapters(root=root)
    for chapter in everything:
        if name in (chapter.name, chapter.number, chapter.slug):
            return chapter
    known = [label for chapter in everything for label in (chapter.name, chapter.number, chapter.slug)]
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; chapters/map.yaml lists them all"
    raise KeyError(f"no chapter is called {name!r}{hint}")


def _part(entry: dict, root: Path) -> Part:
    folder = root / "chapters" / entry["folder"]
    members = tuple(_chapter(item, entry, folder, root) for item in entry["chapters"])
    return Part(
        number=entry["number"], folder=folder, title=entry["title"], stage=entry["stage"],
        phases=tuple(entry["phases"]), description=entry["description"], chapters=members,
    )


def _chapter(item: dict, part: dict, folder: Path, root: Path) -> Chapter:
    only = part["phases"][0] if len(part["phases"]) == 1 else None
    return Chapter(
        number=item["number"], slug=item["slug"], title=item["title"], question=item["question"],
        concepts=tuple(item["concepts"]), lines=tuple(item["lines"]), stage=part["stage"],
        phase=item.get("phase", only), part=part["number"],
        folder=folder / f"{item['number']}-{item['slug']}", root=root,
    )


@lru_cache(maxsize=8)
def _register(root: Path) -> dict:
    import yaml

    return yaml.safe_load((root / "chapters" / "map.yaml").read_text(encoding="utf-8"))
