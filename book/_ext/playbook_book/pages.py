"""The generated parts of the book's own pages: map, lists of chapters, glossary, all solutions."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import yaml

from helpers.chapters import Chapter, chapters, find, lines, parts, phases, stages

from . import roadmap
from .notebooks import exercises, solution

MARK = re.compile(r"^<!-- playbook: ([\w-]+) -->$", re.M)


def fill(text: str, docname: str, root: Path) -> str:
    """Replace each mark ``<!-- playbook: name -->`` of a page by what it names."""
    makers = {"roadmap": the_map, "contents": contents, "list": chapter_list, "ideas": ideas, "terms": terms,
              "chinese": chinese, "solutions": all_solutions}
    return MARK.sub(lambda match: makers[match[1]](root), text)


def written(root: Path) -> list[Chapter]:
    return [chapter for chapter in chapters(root=root) if chapter.written]


def page_of(chapter: Chapter) -> str:
    """The chapter's page as seen from a page in book/."""
    return "../" + chapter.notebook.relative_to(chapter.root).with_suffix(".html").as_posix()


def course(root: Path) -> roadmap.Course:
    """What the map shows."""
    return roadmap.Course(parts(root=root), stages(root=root), phases(root=root), lines(root=root), page_of)


def the_map(root: Path) -> str:
    """The roadmap, drawn twice: lying for screens and paper, standing for phones."""
    drawn = course(root)
    return f'<div class="playbook-map">\n{roadmap.wide(drawn)}\n{roadmap.tall(drawn)}\n</div>'


def contents(root: Path) -> str:
    """The hidden tables of contents that fill the sidebar."""
    blocks = []
    for part in parts(root=root):
        ready = [f"{c.number} {c.title} <../{c.notebook.relative_to(root).with_suffix('').as_posix()}>"
                 for c in part.chapters if c.written]
        if ready:
            blocks.append("\n".join(["```{toctree}", ":hidden:", f":caption: {part.title}", "", *ready, "```"]))
    return "\n\n".join(blocks)


def chapter_list(root: Path) -> str:
    """All chapters as a list, for those who cannot see the map."""
    rows = []
    for part in parts(root=root):
        rows.append(f"**{part.title}.** {part.description}\n")
        rows += [f"- {linked(chapter)}: {chapter.question}" for chapter in part.chapters]
        rows.append("")
    return "\n".join(rows)


def linked(chapter: Chapter) -> str:
    """A chapter's name, as a link when there is something to read."""
    name = f"{chapter.number} {chapter.title}"
    if not chapter.written:
        return f'<span class="playbook-later">{escape(name)}, to come</span>'
    return f"[{name}](/{chapter.notebook.relative_to(chapter.root).as_posix()})"


def glossary(root: Path) -> dict:
    return yaml.safe_load((root / "book" / "glossary.yaml").read_text(encoding="utf-8"))


def teachers(root: Path) -> dict[str, Chapter]:
    """Idea -> the first chapter that teaches it."""
    found: dict[str, Chapter] = {}
    for chapter in chapters(root=root):
        for idea in chapter.concepts:
            found.setdefault(idea, chapter)
    return found


def entry(anchor: str, item: dict, chapter: Chapter) -> str:
    """One entry of the glossary."""
    note = f" <small>{escape(item['note'])}</small>" if item.get("note") else ""
    head = f'**{item["name"]}** <span lang="zh">{escape(item["zh"])}</span>'
    body = f"{item['text']}{note} {linked(chapter)}"
    return "\n".join([f"({anchor})=", "::::{div} playbook-entry", head, "", body, "::::", ""])


def ideas(root: Path) -> str:
    """The ideas of the course, in the order in which they are taught."""
    known, by_idea, rows = glossary(root)["ideas"], teachers(root), []
    for part in parts(root=root):
        rows.append(f"### {part.title}\n")
        rows += [entry(f"idea-{idea.lower()}", known[idea], chapter) for idea, chapter in by_idea.items() if chapter.part == part.number]
    return "\n".join(rows)


def terms(root: Path) -> str:
    """Figures and words of the trade, from A to Z."""
    known = sorted(glossary(root)["terms"], key=lambda item: item["name"].lower())
    return "\n".join(entry("term-" + slug(item["name"]), item, find(item["chapter"], root=root)) for item in known)


def chinese(root: Path) -> str:
    """From Chinese to English; GBK orders the common characters by their sound."""
    known = glossary(root)
    pairs = [(item["zh"], item["name"], f"idea-{idea.lower()}") for idea, item in known["ideas"].items()]
    pairs += [(item["zh"], item["name"], "term-" + slug(item["name"])) for item in known["terms"]]
    pairs.sort(key=lambda pair: pair[0].encode("gbk", "replace"))
    rows = "\n".join(f'<li><span lang="zh">{escape(zh)}</span> <a href="#{anchor}">{escape(name)}</a></li>' for zh, name, anchor in pairs)
    return f'<ul class="playbook-chinese">\n{rows}\n</ul>'


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def all_solutions(root: Path) -> str:
    """Every solution of every chapter that is there."""
    rows = []
    for chapter in written(root):
        known = exercises(chapter)
        if known:
            rows.append(f"## {linked(chapter)}\n")
            rows += [f"### {exercise.title}\n\n{solution(exercise)}\n" for exercise in known.values()]
    return "\n".join(rows) or "There are no exercises yet."
