"""Code that a reader sees is short: lines that fit a page, cells that fit a screen, functions of a few lines."""

from __future__ import annotations

import ast

import pytest

from tests.chapters.notebooks import NAMES, TEXTS, code_cells, read

LINE, CELL, FUNCTION = 100, 32, 14


def functions(source):
    """Every function of a cell that is given a name, however deep it stands."""
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def complaints(source):
    """What is too long in a code cell.

    Parameters
    ----------
    source : str

    Returns
    -------
    list of str
    """
    lines = source.splitlines()
    found = [f"a line of {len(line)} characters: {line.strip()[:60]}" for line in lines if len(line) > LINE]
    if len(lines) > CELL:
        found.append(f"a cell of {len(lines)} lines: {lines[0][:60]}")
    for function in functions(source):
        length = function.end_lineno - function.lineno + 1
        if length > FUNCTION:
            found.append(f"a function of {length} lines: {function.name}")
    return found


def body(lines):
    return "\n".join(f"    line_{i} = {i}" for i in range(lines))


@pytest.mark.parametrize(("source", "complaint"), [
    ("x = 1  # " + "a" * 100, "a line of 109 characters"),
    ("\n".join("x = 1" for _ in range(33)), "a cell of 33 lines"),
    ("def draw(ax):\n" + body(14), "a function of 15 lines: draw"),
    ("def outer():\n    def inner():\n" + body(14).replace("    ", " " * 8), "a function of 15 lines: inner"),
])
def test_what_is_too_long_is_found(source, complaint):
    assert any(complaint in found for found in complaints(source))


def test_what_fits_passes():
    assert complaints("x = '" + "a" * 94 + "'\ndef draw(ax):\n" + body(13)) == []
    assert complaints("\n".join("x = 1" for _ in range(32))) == []


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_a_chapter_shows_code_that_can_be_read(text):
    found = [complaint for cell in code_cells(read(text)) for complaint in complaints(cell.source)]
    assert not found, "\n".join(found)
