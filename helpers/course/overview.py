"""The map of the chapters in README.md, made from the register between two markers."""

from __future__ import annotations

import os
from pathlib import Path

from helpers import chapters as register
from helpers.course.render import ROOT, RenderError, write_if_changed

BEGIN = "<!-- the map: made by `playbook render` from chapters/map.yaml -->"
END = "<!-- the end of the map -->"


def chapter_map(root=ROOT):
    """A Markdown table of all chapters; those that are written have a link.

    Examples
    --------
    >>> chapter_map().splitlines()[0]
    '**The roadmap.** Where a company stands, what comes next, and what the wrong order costs.'
    """
    return "\n\n".join(_part(part, Path(root)) for part in register.parts(root=root))


def _part(part, root):
    lines = [f"**{part.title}.** {part.description}", "", "| | chapter | question |", "|---|---|---|"]
    for chapter in part.chapters:
        place = Path(os.path.relpath(chapter.notebook, root.resolve())).as_posix()
        title = f"[{chapter.title}]({place})" if chapter.written else chapter.title
        lines.append(f"| {chapter.number} | {title} | {chapter.question} |")
    return "\n".join(lines)


def summary(root=ROOT):
    """How many chapters are written, in one sentence."""
    everything = register.chapters(root=root)
    written = sum(chapter.written for chapter in everything)
    return f"{written} of {len(everything)} chapters are written; those have a link."


def with_map(text, root=ROOT):
    """A README's text with the map between its markers brought up to date.

    Raises
    ------
    RenderError
        When the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RenderError(f"README.md needs the two lines {BEGIN} and {END}; the map goes between them.")
    return f"{before}{BEGIN}\n\n{summary(root)}\n\n{chapter_map(root)}\n\n{END}{after}"


def write_map(root=ROOT):
    """Bring the map in README.md up to date; says whether it changed."""
    readme = Path(root) / "README.md"
    if not readme.is_file():
        return False
    return write_if_changed(readme, with_map(readme.read_text(encoding="utf-8"), root).encode())
