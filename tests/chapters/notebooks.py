"""The chapters that are written, for the tests in this folder."""

from __future__ import annotations

import nbformat

from helpers.course.render import chapters

TEXTS = chapters()
NAMES = [text.parent.name for text in TEXTS]


def read(text):
    """The stored notebook of a chapter's text."""
    return nbformat.read(text.with_suffix(".ipynb"), 4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def text_outputs(notebook):
    """All that the cells printed or showed as text."""
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs(notebook))
