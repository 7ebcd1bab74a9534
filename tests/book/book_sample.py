"""A small project with invented chapters, in a folder of its own, for trying the book before and beside the real ones."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path

from helpers.chapters import ROOT, find

EXERCISES = '''
from __future__ import annotations
from helpers.course.exercises import Criterion, Exercise, Option, Quiz

def share_kept(company):
    """What was kept of what was there."""
    kept, before = 3, 4
    return kept / before  # a < b & c

def verdict(company):
    return {"a"}

def _base(company):
    return 4

def _lost(company):
    return _base(company) - 3

EXERCISES = [
    Exercise(key="share-kept", title="Share kept", kind="number", unit="share", minutes=4, solution=share_kept,
             hints=["Who was there *before*?", "Divide `kept` by `before`."]),
    Exercise(key="share-lost", title="Share lost", kind="number", unit="share", hints=["What is missing?"],
             solution=lambda company: _lost(company) / max(_base(company), 1)),
    Exercise(key="which-floor", title="Which floor", kind="judgement", minutes=6, solution=verdict,
             worked=lambda company: "We would not go below it.", hints=["Think of the board."],
             rubric=[Criterion("a", "Names a number?", True, "It says so."), Criterion("b", "Names an owner?", False, "Nobody.")]),
]
QUIZZES = [Quiz(key="who-counts", question="Who counts?", options=[Option("All", True, "Yes."), Option("Few", False, "No.")])]
'''
ALTERNATIVE = "Four bars from 20% to 80%; the last one is the tallest."


def picture() -> str:
    """A PNG in base64, twice as sharp as it is shown."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (1440, 780), "white")
    pen = ImageDraw.Draw(image)
    for place in range(4):
        pen.rectangle([160 + 300 * place, 700 - 150 * (place + 1), 360 + 300 * place, 700], fill=(0, 114, 178))
    out = io.BytesIO()
    image.save(out, "png")
    return base64.b64encode(out.getvalue()).decode()


def text(*lines: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(lines)}


def code(source: str, *outputs: dict, count: int = 1) -> dict:
    return {"cell_type": "code", "metadata": {}, "execution_count": count, "source": source, "outputs": list(outputs)}


def shown(data: dict, metadata: dict | None = None) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def cells() -> list[dict]:
    from helpers.course.notes import Note, Quizzed
    from helpers.course.exercises import Option, Quiz

    note = Note("open", "Not answered yet · Share kept", "Stuck?")
    quiz = Quizzed(Quiz("who-counts", "Who counts?", [Option("All", True, "Right."), Option("Few", False, "Too few.")]))
    wide = "".join(f"<th>{'definition' if i == 0 else 2016 + i}</th>" for i in range(12))
    row = "".join(f"<td style='text-align:right'>{'net revenue' if i == 0 else '98.2%'}</td>" for i in range(12))
    frame = f'<table class="playbook"><caption>Share kept</caption><thead><tr>{wide}</tr></thead><tbody><tr>{row}</tr><tr>{row}</tr></tbody></table>'
    figure = shown({"image/png": picture(), "text/plain": ALTERNATIVE}, {"image/png": {"alt": ALTERNATIVE, "width": 720}})
    slider = shown({"application/vnd.jupyter.widget-view+json": {"model_id": "0" * 32, "version_major": 2, "version_minor": 0},
                    "image/png": picture(), "text/plain": "At 80% it lasts five years."},
                   {"image/png": {"alt": "At 80% it lasts five years.", "width": 720}})
    return [
        text("# Do they stay, and do they grow?", "", "A founder asks about retention."),
        code('from helpers.course import open_chapter\n\nlesson = open_chapter("37-retention")',
             shown({"text/html": note._repr_html_(), "text/plain": repr(note)})),
        text("## The idea", "", "Net revenue retention is $\\frac{E - C}{S}$, or in full", "",
             "$$\\mathrm{NRR} = \\frac{\\sum_i m_i(t)}{\\sum_i m_i(t-12)}$$"),
        code("show(fig, \"Four bars\")", figure),
        code("explore(draw, rate=slider(0.5, 1.0))", slider),
        code("table(frame, caption='Share kept', a_rather_long_option_name='with a rather long value', another_option_name=12345)",
             shown({"text/html": frame, "text/plain": "Share kept"})),
        text("## Exercises", "", "### Share kept", "", "What share was kept?"),
        code('my_share = ...\nlesson.check("share-kept", my_share)', shown({"text/html": note._repr_html_(), "text/plain": repr(note)})),
        code('lesson.hint("share-kept")'),
        code('# when you are done\nlesson.solution("share-kept")'),
        code('lesson.check("share-lost", ...)'),
        text("### Which floor"),
        code('lesson.check("which-floor", ...)', shown({"text/html": note._repr_html_(), "text/plain": repr(note)})),
        code('lesson.quiz("who-counts")', shown({"text/html": quiz._repr_html_(), "text/plain": repr(quiz)})),
    ]


def project(folder: Path, *names: str) -> Path:
    """Copy the book's configuration to ``folder`` and write invented chapters under the given names."""
    shutil.copytree(ROOT / "book", folder / "book", ignore=shutil.ignore_patterns("_build", "__pycache__"))
    (folder / "chapters").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "chapters" / "map.yaml", folder / "chapters")
    for name in names:
        write_chapter(folder, name)
    return folder


def write_chapter(folder: Path, name: str) -> None:
    chapter = find(name, root=folder)
    chapter.folder.mkdir(parents=True)
    chapter.notebook.write_text(json.dumps(notebook(chapter.title)), encoding="utf-8")
    chapter.exercises.write_text(EXERCISES, encoding="utf-8")


def notebook(title: str) -> dict:
    course = {"title": title, "stage": 3, "concepts": ["T19"], "minutes": 50, "roles": ["founder"], "tables": ["subscriptions"]}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [{**cell, "id": f"cell-{i}"} for i, cell in enumerate(cells())], "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"kernelspec": kernel, "course": course}}
