"""Paths by role, links between chapters, the map, and what a reader sees when the kernel is the wrong one."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from helpers import chapters as register
from helpers.course import paths
from helpers.course.paths import PathError, dress, find_role, first_five, map_page, navigation, next_on, path, roles, roles_of, write_map
from helpers.course.progress import standings
from helpers.course.record import Record
from helpers.course.update import update
from helpers.course.workspace import lab_command, reader_copy, refresh, where_to_start
from tests.setup.project import code, markdown, small_project

CHAPTERS = register.chapters()
WRITTEN = [chapter for chapter in CHAPTERS if chapter.written]
LINK = re.compile(r"\]\(([^)]+)\)")


# ---------------------------------------------------------------- roles and stages

def test_every_chapter_is_on_a_path_and_every_role_is_known():
    known = {role.key for role in roles()}
    assert len(known) == 7
    for chapter in CHAPTERS:
        assert roles_of(chapter) and set(roles_of(chapter)) <= known, chapter.name


def test_planned_roles_name_chapters_of_the_register_only():
    assert set(paths._data()["planned"]) <= {chapter.number for chapter in CHAPTERS}


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.name)
def test_a_written_chapter_is_on_the_paths_that_its_front_matter_names(chapter):
    named = set(paths.front_matter(chapter)["roles"])
    assert {role.key for role in roles() if chapter in path(role.key)} == named


def test_a_path_follows_the_register():
    for role in roles():
        way = path(role.key)
        assert len(way) >= 8 and [CHAPTERS.index(one) for one in way] == sorted(CHAPTERS.index(one) for one in way)


@pytest.mark.parametrize("stage", range(1, 6))
def test_five_chapters_come_first_at_every_stage_those_of_the_role_before_the_others(stage):
    five = first_five(stage)
    assert len(set(five)) == 5
    for role in roles():
        ordered = first_five(stage, role.key)
        assert set(ordered) == set(five)
        mine = [role.key in roles_of(chapter) for chapter in ordered]
        assert mine == sorted(mine, reverse=True)


@pytest.mark.parametrize("ask", [lambda: path("salse"), lambda: first_five(4, "salse"), lambda: find_role("salse")])
def test_an_unknown_role_is_told_the_nearest(ask):
    with pytest.raises(PathError, match="Did you mean 'sales'"):
        ask()


def test_an_unknown_stage_is_told_the_stages():
    with pytest.raises(PathError, match="1, 2, 3, 4, 5"):
        first_five(6)


def test_next_is_what_was_left_open_then_what_was_begun_then_the_rest():
    kept = {"chapters": {"37-retention": {"exercises": {}}}}
    assert [one.name for one in next_on(WRITTEN, standings(kept), "37-retention")][0] == "37-retention"
    everything = [one.name for one in next_on(CHAPTERS, standings({}))]
    assert everything == [one.name for one in WRITTEN]


# ---------------------------------------------------------------- readers' copies

@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A project with three chapters of two cells, the notebooks not run."""
    import jupytext

    root = small_project(tmp_path_factory.mktemp("course") / "a project", c11=[markdown("# One"), code("from helpers import x")],
                         c37=[markdown("# Two"), code("import helpers"), code("print(1)")], c46=[markdown("# Three"), code("print(1)")])
    for number in ("11", "37", "46"):
        chapter = register.find(number, root=root)
        jupytext.write(jupytext.read(chapter.text), chapter.notebook)
    return root


@pytest.fixture
def workspace(course, tmp_path):
    folder = (tmp_path / "work space").resolve()
    refresh(folder, course)
    return folder


def copy_of(course, number):
    chapter = register.find(number, root=course)
    return json.loads(reader_copy(chapter.notebook.read_bytes(), chapter))["cells"]


def test_links_lead_to_the_chapters_that_are_written(course):
    first, second, third = (navigation(register.find(number, root=course)) for number in ("11", "37", "46"))
    assert LINK.findall(first) == ["../../map.md", "../../3-sales-play/37-retention/retention.ipynb"]
    assert LINK.findall(second) == ["../../1-idea/11-renewal/renewal.ipynb", "../../map.md",
                                    "../../4-expansion/46-customer-success/customer-success.ipynb"]
    assert LINK.findall(third)[-1] == "../../map.md"


def test_a_chapter_that_stands_alone_has_no_links(tmp_path):
    root = small_project(tmp_path, c37=[])
    assert navigation(register.find("37", root=root)) == ""


def test_links_are_the_last_cell_of_a_copy_and_not_of_the_chapter(course):
    for number in ("11", "37", "46"):
        last = copy_of(course, number)[-1]
        assert (last["id"], last["cell_type"], last["metadata"]) == ("playbook-nav", "markdown", {"tags": ["nav"]})
        assert "playbook-" not in register.find(number, root=course).notebook.read_text()


def test_every_link_in_a_workspace_leads_somewhere(course, workspace):
    write_map(workspace, course)
    pages = {workspace / "map.md": (workspace / "map.md").read_text()}
    for notebook in workspace.glob("*/*/*.ipynb"):
        pages[notebook] = "".join("".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"])
    links = [(page.parent / target) for page, text in pages.items() for target in LINK.findall(text)]
    assert len(links) > 10 and all(link.is_file() for link in links)


def test_when_another_chapter_is_written_untouched_copies_get_the_new_links(course, tmp_path):
    import shutil

    root = tmp_path / "project"
    shutil.copytree(course, root)
    third = register.find("46", root=root)
    third.notebook.rename(third.notebook.with_suffix(".later"))
    folder = root / "workspace"
    refresh(folder, root)
    third.notebook.with_suffix(".later").rename(third.notebook)
    changed = {copy.chapter: copy.status for copy in refresh(folder, root)}
    assert changed == {"11-renewal": "same", "37-retention": "updated", "46-customer-success": "new"}
    assert {copy.status for copy in refresh(folder, root)} == {"same"}


# ---------------------------------------------------------------- the wrong kernel

def test_a_word_on_kernels_stands_above_the_first_cell_that_needs_the_helpers(course):
    cells = copy_of(course, "37")
    assert [cell["id"] == "playbook-kernel" for cell in cells] == [False, True, False, False, False]
    assert "".join(cells[2]["source"]) == "import helpers"
    assert all(cell["id"] != "playbook-kernel" for cell in copy_of(course, "46"))


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.name)
def test_the_word_quotes_what_another_python_says(chapter, tmp_path):
    cells = json.loads(reader_copy(chapter.notebook.read_bytes(), chapter))["cells"]
    at = next(place for place, cell in enumerate(cells) if cell["id"] == "playbook-kernel")
    source = "".join(cells[at + 1]["source"])
    without = subprocess.run([sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, cwd=tmp_path)
    said = re.search(r"`(No module named [^`]+)`", "".join(cells[at]["source"]))[1]
    assert without.returncode == 1 and without.stderr.strip().endswith(f"ModuleNotFoundError: {said}")


def test_jupyterlab_offers_the_kernel_of_the_course_and_no_other(tmp_path):
    from jupyter_client.kernelspec import KernelSpecManager
    from traitlets.config.loader import KVArgParseConfigLoader

    for name in ("python3", "another"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.json").write_text(json.dumps({"argv": ["x"], "display_name": name, "language": "python"}))
    pinned = [part for part in lab_command(tmp_path, None) if "KernelSpec" in part]
    config = KVArgParseConfigLoader(pinned, classes=[KernelSpecManager]).load_config()
    assert set(KernelSpecManager(kernel_dirs=[str(tmp_path)]).find_kernel_specs()) >= {"python3", "another"}
    assert set(KernelSpecManager(kernel_dirs=[str(tmp_path)], config=config).find_kernel_specs()) == {"python3"}


def test_a_chapter_without_code_gets_links_only(course):
    notebook = {"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["No code here."]}]}
    assert [cell["id"] for cell in dress(notebook, register.find("37", root=course))["cells"]] == ["a", "playbook-nav"]


# ---------------------------------------------------------------- the map

def test_the_map_shows_every_chapter_and_links_those_that_are_written():
    page = map_page(standings({}))
    for chapter in CHAPTERS:
        place = f"({chapter.folder.parent.name}/{chapter.name}/{chapter.slug}.ipynb)"
        assert chapter.title in page and (place in page) == chapter.written
    assert all(role.name in page for role in roles()) and "Nothing is opened yet. Begin with" in page


def test_the_map_shows_where_a_reader_is_and_what_comes_next_for_the_role():
    kept = {"chapters": {"37-retention": {"exercises": {"nrr-last-year": {"status": "right"}}}}}
    page = map_page(standings(kept), last="37-retention", role="finance")
    mine = standings(kept)["37-retention"]
    assert f"You left off in [37 Retention](3-sales-play/37-retention/retention.ipynb) (1 of {mine.of} exercises right)." in page
    first = next(chapter for chapter in path("finance") if chapter.written and chapter.name != "37-retention")
    assert f"Next for finance: [{first.number} {first.title}]" in page and f"●{'○' * (mine.of - 1)} 1 of {mine.of}" in page


def test_tables_of_the_map_have_the_same_columns_in_every_row():
    for block in map_page(standings({})).split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block


def test_the_map_is_made_anew_but_never_over_a_page_of_the_readers(course, workspace):
    assert write_map(workspace, course) == workspace / "map.md"
    Record("progress", workspace).change(lambda data: data.update(last="37-retention", chapters={"37-retention": {}}))
    write_map(workspace, course)
    assert "You left off in [37 Retention]" in (workspace / "map.md").read_text()
    (workspace / "map.md").write_text("My own map.")
    assert write_map(workspace, course) is None and (workspace / "map.md").read_text() == "My own map."


@pytest.mark.parametrize("content", ["{damaged", "[]", '{"last": 3, "role": "king"}'])
def test_a_damaged_record_still_has_a_map(course, workspace, content):
    (workspace / ".playbook" / "progress.json").write_text(content)
    assert "Nothing is opened yet" in write_map(workspace, course).read_text()


def test_jupyterlab_opens_on_the_map_until_a_chapter_was_opened(course, workspace):
    copies = refresh(workspace, course)
    write_map(workspace, course)
    assert where_to_start(workspace, copies) == workspace / "map.md"
    assert "--LabApp.default_url=/lab/tree/map.md" in lab_command(workspace, workspace / "map.md")
    Record("progress", workspace).change(lambda data: data.update(last="37-retention"))
    assert where_to_start(workspace, copies).name == "retention.ipynb"


def test_an_update_keeps_links_last_below_what_the_reader_wrote(course, tmp_path):
    import shutil

    root = tmp_path / "project"
    shutil.copytree(course, root)
    folder = root / "workspace"
    refresh(folder, root)
    mine = folder / "3-sales-play/37-retention/retention.ipynb"
    notebook = json.loads(mine.read_text())
    notebook["cells"].append({"cell_type": "markdown", "id": "own", "metadata": {}, "source": ["My last word."]})
    mine.write_text(json.dumps(notebook))
    chapter = register.find("37", root=root)
    chapter.notebook.write_text(chapter.notebook.read_text().replace("# Two", "# Two, better"))
    update(folder, root)
    cells = json.loads(mine.read_text())["cells"]
    assert [cell["id"] for cell in cells[-2:]] == ["own", "playbook-nav"] and cells[0]["source"] == ["# Two, better"]
