"""What is stored beside each text: the same cells, run once in order, quiet, small, and without traces of a machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from helpers import chapters as register
from helpers.course.render import LIMIT, ROOT, dumps, in_step, noise_in, prepare, tidy
from tests.chapters.notebooks import NAMES, TEXTS, code_cells, outputs, read

each_chapter = pytest.mark.parametrize("text", TEXTS, ids=NAMES)


def test_there_are_chapters_and_no_stray_notebooks():
    assert TEXTS
    stored = {path for path in (ROOT / "chapters").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert stored == {text.with_suffix(".ipynb") for text in TEXTS}
    known = {chapter.folder for chapter in register.chapters()}
    assert {path.parent for path in (ROOT / "chapters").rglob("*.ipynb")} <= known


@each_chapter
def test_text_and_notebook_hold_the_same_cells(text):
    assert in_step(text, text.with_suffix(".ipynb")), f"playbook render {text.parent.name}"


@each_chapter
def test_every_cell_was_run_once_in_order(text):
    cells = [cell for cell in code_cells(read(text)) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@each_chapter
def test_no_stored_output_is_an_error_or_a_warning(text):
    assert [noise for noise in map(noise_in, outputs(read(text))) if noise] == []


@each_chapter
def test_the_notebook_is_small_and_tidy(text):
    content = text.with_suffix(".ipynb").read_bytes()
    assert len(content) <= LIMIT
    assert content == dumps(tidy(nbformat.reads(content.decode(), 4))), f"playbook render {text.parent.name}"


@each_chapter
def test_ids_are_unique_and_those_that_render_would_give(text):
    ids = [cell.id for cell in read(text).cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-zA-Z0-9_-]{8,64}", name) for name in ids)
    assert [cell.id for cell in prepare(text, previous=text.with_suffix(".ipynb")).cells] == ids


@each_chapter
def test_the_front_matter_is_whole(text):
    metadata = jupytext.read(text).metadata
    assert metadata["jupytext"]["formats"] == "ipynb,md:myst"
    assert metadata["kernelspec"]["name"] == "python3"
    wanted = {"title", "stage", "phase", "line", "concepts", "tables", "minutes", "roles"}
    assert wanted <= set(metadata["course"]), wanted - set(metadata["course"])
    stored = read(text).metadata
    assert set(stored) == {"course", "jupytext", "kernelspec"} and stored["course"] == metadata["course"]
    assert stored["jupytext"] == {"formats": "ipynb,md:myst"}


@each_chapter
def test_a_chapter_has_the_size_of_a_sitting(text):
    assert 25 <= len(read(text).cells) <= 75


@each_chapter
def test_a_chapter_comes_with_exercises_and_notes_for_whoever_leads(text):
    assert (text.parent / "exercises.py").is_file()
    assert len((text.parent / "facilitate.md").read_text(encoding="utf-8")) > 500


@each_chapter
def test_pictures_have_a_text_alternative(text):
    for output in outputs(read(text)):
        if "image/png" in output.get("data", {}):
            said = output.data.get("text/plain", "")
            assert len(said) > 20 and not said.startswith("<Figure"), said


@each_chapter
def test_a_picture_is_never_an_untrusted_one(text):
    assert not any("image/svg+xml" in output.get("data", {}) for output in outputs(read(text)))


def test_pairing_is_named_by_chapters_only_and_a_sync_keeps_the_front_matter(tmp_path):
    """A global `formats` would make texts in workspaces; a narrow filter would delete `course:`."""
    config = (ROOT / "jupytext.toml").read_text(encoding="utf-8")
    assert not re.search(r"^formats", config, re.MULTILINE)
    (tmp_path / "jupytext.toml").write_text(config)
    source = TEXTS[-1].read_text(encoding="utf-8")
    copy = tmp_path / TEXTS[-1].name
    copy.write_text(source, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "jupytext", "--sync", str(copy)], check=True, capture_output=True, cwd=tmp_path)
    copy.write_text(source + "\nOne more line.\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "jupytext", "--sync", str(copy)], check=True, capture_output=True, cwd=tmp_path)
    synced = copy.read_text(encoding="utf-8")
    assert jupytext.reads(synced, "md:myst").metadata["course"] == jupytext.reads(source, "md:myst").metadata["course"]
    assert "jupytext_version" not in synced
    assert "One more line." in Path(copy.with_suffix(".ipynb")).read_text(encoding="utf-8")
