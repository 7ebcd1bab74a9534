"""A small project in a temporary folder: the register, the helpers' code by reference, and chapters of a few cells."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers import chapters as register

ROOT = Path(__file__).resolve().parents[2]
FRONT = """\
---
jupytext:
  formats: ipynb,md:myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
course:
  title: A chapter for the tests
  stage: 0
  minutes: 5
---
"""


def markdown(text):
    return f"\n{text}\n"


def code(source, tags=""):
    options = f":tags: [{tags}]\n\n" if tags else ""
    return f"\n```{{code-cell}} ipython3\n{options}{source}\n```\n"


def small_project(folder, **chapters):
    """A project with the given chapters, `{"37": [cells]}`; returns its root."""
    (folder / "chapters").mkdir(parents=True)
    shutil.copy(ROOT / "chapters" / "map.yaml", folder / "chapters")
    for name, cells in chapters.items():
        write_chapter(folder, name.removeprefix("c"), *cells)
    return folder


def write_chapter(root, number, *cells):
    """Write the text of one chapter from its cells; returns its path."""
    chapter = register.find(number, root=root)
    chapter.folder.mkdir(parents=True, exist_ok=True)
    chapter.text.write_text(FRONT + "".join(cells), encoding="utf-8")
    return chapter.text
