"""A chapter's notebook on its way into the book: hints and solutions come in, folded; calls for them go."""

from __future__ import annotations

import re
from difflib import get_close_matches

from sphinx.util import logging

from helpers.chapters import Chapter, lines, phases
from helpers.course.exercises import load_exercises
from helpers.course.source import code_of

log = logging.getLogger(__name__)
CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")
NOTEBOOK = re.compile(r'(href="(?![a-z]+:)[^"]*)\.ipynb(?=["#])')
HELP = re.compile(r"""^\s*(?:\w+\.)?(?:hint|solution)\(.*\)\s*;?\s*$""")


def for_the_book(notebook: dict, chapter: Chapter) -> dict:
    """A copy of a notebook with a line about the chapter below its title and help folded after each exercise.

    Parameters
    ----------
    notebook : dict
        The notebook as JSON; it is left as it is.
    chapter : Chapter
    """
    known = exercises(chapter)
    cells = []
    for cell in notebook["cells"]:
        if only_asks_for_help(cell):
            continue
        cells.append(with_pages(cell))
        cells += [markdown(folded(known[key]), f"help-{key}") for key in checked(cell, known, chapter)]
    return {**notebook, "cells": with_signpost(cells, notebook, chapter)}


def with_pages(cell: dict) -> dict:
    """A cell whose outputs link to other chapters' pages instead of their notebooks."""
    def turned(output):
        html = output.get("data", {}).get("text/html")
        if html is None:
            return output
        text = NOTEBOOK.sub(r"\1.html", html if isinstance(html, str) else "".join(html))
        return {**output, "data": {**output["data"], "text/html": text}}

    return {**cell, "outputs": [turned(output) for output in cell["outputs"]]} if cell.get("outputs") else cell


def exercises(chapter: Chapter) -> dict:
    """The chapter's exercises by key, none where it has no such file."""
    if not chapter.exercises.is_file():
        return {}
    return {exercise.key: exercise for exercise in load_exercises(chapter.exercises).EXERCISES}


def source_of(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def markdown(text: str, name: str) -> dict:
    return {"cell_type": "markdown", "id": name[:64], "metadata": {}, "source": text}


def only_asks_for_help(cell: dict) -> bool:
    """Whether a code cell holds nothing but calls of ``hint`` and ``solution``, which the book answers by itself."""
    code = [line for line in source_of(cell).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return cell["cell_type"] == "code" and bool(code) and all(HELP.match(line) for line in code)


def checked(cell: dict, known: dict, chapter: Chapter) -> list[str]:
    """The keys of the exercises that a cell checks."""
    keys = CHECK.findall(source_of(cell)) if cell["cell_type"] == "code" else []
    for key in keys:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            log.warning("%s checks %r, which its exercises.py does not have%s", chapter.name, key, meant, type="playbook")
    return [key for key in dict.fromkeys(keys) if key in known]


def folded(exercise) -> str:
    """Hints and solution of an exercise as closed drop-downs."""
    count = len(exercise.hints)
    parts = [dropdown(f"Hint {place} of {count}", hint, "hint") for place, hint in enumerate(exercise.hints, 1)]
    return "\n\n".join([*parts, dropdown("Solution", solution(exercise), "solution")])


def dropdown(title: str, text: str, kind: str) -> str:
    return f"::::{{dropdown}} {title}\n:class-container: playbook-{kind}\n:chevron: down-up\n\n{text}\n::::"


def solution(exercise) -> str:
    """The source of the solution; for a judgement the rubric, with our verdict on each line of it."""
    if exercise.kind == "judgement":
        rows = [f"- **{point.letter}** {sentence(point.asks)} *{'Met' if point.met else 'Not met'}:* {point.why}" for point in exercise.rubric]
        return "How we judge the worked answer:\n\n" + "\n".join(rows)
    return f"```python\n{code_of(exercise.solution)}\n```"


def sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "?", "!")) else f"{text.rstrip()}."


def with_signpost(cells: list[dict], notebook: dict, chapter: Chapter) -> list[dict]:
    """Put the signpost after the first title; the cell is cut there when it goes on."""
    if not cells or cells[0]["cell_type"] != "markdown":
        return cells
    title, _, rest = source_of(cells[0]).strip().partition("\n")
    text = signpost(notebook.get("metadata", {}).get("course", {}), chapter)
    return [{**cells[0], "source": f"{title}\n\n{text}\n\n{rest.strip()}".strip()}, *cells[1:]]


def signpost(course: dict, chapter: Chapter) -> str:
    """One line on where a chapter stands: stage, phase, main lines, minutes."""
    names = {line.key: line.name for line in lines(root=chapter.root)}
    phase = next((p for p in phases(root=chapter.root) if p.number == chapter.phase), None)
    place = f"Stage {chapter.stage}" if chapter.stage else "The whole roadmap"
    facts = [f"Chapter {chapter.number}", place]
    facts += [f"phase {phase.number}, {phase.name[0].lower()}{phase.name[1:]}"] if phase else []
    facts += [f"{course['minutes']} minutes"] if course.get("minutes") else []
    marks = "".join(f'<i class="line line-{key}" title="{names[key]}"></i>' for key in chapter.lines)
    return f'<p class="playbook-signpost">{marks} {" · ".join(facts)}</p>'
