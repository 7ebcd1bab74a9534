"""The register of parts and chapters."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from helpers import chapters as register

IDEAS = 86


def test_six_parts_and_37_chapters_in_order():
    parts, chapters = register.parts(), register.chapters()
    assert [part.number for part in parts] == [0, 1, 2, 3, 4, 5]
    assert len(chapters) == 37
    numbers = [chapter.number for chapter in chapters]
    assert numbers == sorted(numbers) and len(set(numbers)) == 37
    assert len({chapter.slug for chapter in chapters}) == 37


def test_the_first_figure_of_a_number_is_its_part():
    for chapter in register.chapters():
        assert int(chapter.number[0]) == chapter.part
        assert chapter.folder.parent.name.startswith(f"{chapter.part}-")


def test_phases_and_lines_are_the_ones_of_the_register():
    phases = {phase.number: phase.stage for phase in register.phases()}
    keys = {line.key for line in register.lines()}
    assert phases == {1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4, 7: 4, 8: 5}
    for part in register.parts():
        assert set(part.phases) == {number for number, stage in phases.items() if stage == part.stage}
    for chapter in register.chapters():
        assert chapter.lines and set(chapter.lines) <= keys
        assert chapter.phase is None if chapter.part == 0 else phases[chapter.phase] == chapter.stage
        assert len(chapter.lines) == 4 or not chapter.board


def test_every_phase_is_reached_and_in_order():
    reached = [chapter.phase for chapter in register.chapters() if chapter.phase]
    assert sorted(set(reached)) == list(range(1, 9)) and reached == sorted(reached)


def test_every_idea_is_taught():
    taught = {idea for chapter in register.chapters() for idea in chapter.concepts}
    assert len(taught) == IDEAS


def test_neighbours():
    first, last = register.chapters()[0], register.chapters()[-1]
    assert first.previous is None and last.next is None
    assert first.next.name == "02-wrong-order"
    assert register.find("11").previous.name == "02-wrong-order"
    assert register.find("retention").next.previous.name == "37-retention"


def test_paths():
    chapter = register.find("37-retention")
    assert chapter.notebook == register.ROOT / "chapters/3-sales-play/37-retention/retention.ipynb"
    assert chapter.text.name == "retention.md" and chapter.exercises.name == "exercises.py"


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(KeyError, match="did you mean '37-retention'"):
        register.find("37-retension")
    with pytest.raises(KeyError, match="map.yaml"):
        register.find("zzzzzz")


def test_written_means_that_the_notebook_exists(tmp_path):
    (tmp_path / "chapters").mkdir()
    shutil.copy(register.ROOT / "chapters" / "map.yaml", tmp_path / "chapters")
    chapter = register.find("37", root=tmp_path)
    assert not chapter.written
    chapter.folder.mkdir(parents=True)
    chapter.notebook.write_text("{}")
    assert chapter.written and not chapter.next.written


def test_no_folder_of_a_chapter_is_missing_from_the_register():
    known = {chapter.folder for chapter in register.chapters()}
    found = {path.parent for path in (register.ROOT / "chapters").glob("*/*/*.ipynb")}
    assert found <= known


def test_reading_the_register_imports_nothing_heavy():
    code = "import sys, helpers.chapters as c; c.chapters(); print([m for m in ('pandas', 'numpy', 'matplotlib') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=register.ROOT)
    assert run.stdout.strip() == "[]"
