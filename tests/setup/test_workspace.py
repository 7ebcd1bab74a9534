"""The reader's copies: replaced while untouched, never written over once touched, and never tied to the text."""

from __future__ import annotations

import json

import nbformat
import pytest

from helpers.course.record import Record, workspace
from helpers.course.render import find, render
from helpers.course.workspace import (
    WorkspaceError, cells_digest, company_folder, lab_command, lab_environment, reader_copy, refresh, report, where_to_start,
)
from tests.setup.project import code, markdown, small_project, write_chapter

NOTEBOOK = "3-sales-play/37-retention/retention.ipynb"


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Two rendered versions of a chapter: their texts and notebooks, by number."""
    root = small_project(tmp_path_factory.mktemp("versions"), c37=[markdown("First."), code("print(1)")])
    text, found = find("37", root), {}
    for number in (1, 2):
        write_chapter(root, "37", markdown("First." if number == 1 else "First, said better."), code(f"print({number})"))
        render(text, root)
        found[number] = (text.read_bytes(), text.with_suffix(".ipynb").read_bytes())
    return found


@pytest.fixture
def place(tmp_path, versions):
    """A project with version 1 of the chapter, and its workspace, refreshed once."""
    root = small_project(tmp_path / "a project", c37=[])
    publish(root, versions[1])
    folder = root / "workspace"
    assert [copy.status for copy in refresh(folder, root)] == ["new"]
    return root, folder


def publish(root, version):
    text = find("37", root)
    text.write_bytes(version[0])
    text.with_suffix(".ipynb").write_bytes(version[1])


def status(root, folder):
    [copy] = refresh(folder, root)
    return copy.status


def edit(path, change):
    notebook = nbformat.read(path, 4)
    change(notebook)
    nbformat.write(notebook, path)


def test_a_copy_is_not_tied_to_its_text(place):
    root, folder = place
    metadata = json.loads((folder / NOTEBOOK).read_text())["metadata"]
    assert "jupytext" not in metadata and metadata["course"]["title"]
    assert workspace(folder / "3-sales-play") == folder.resolve()
    assert not list(folder.rglob("*.md")) or {path.name for path in folder.rglob("*.md")} == {"README.md"}


def test_a_second_refresh_changes_nothing(place):
    root, folder = place
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert status(root, folder) == "same"
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_untouched_copy_gets_the_new_version(place, versions):
    root, folder = place
    publish(root, versions[2])
    assert status(root, folder) == "updated"
    assert "print(2)" in (folder / NOTEBOOK).read_text()
    assert not (folder / ".playbook" / "before").exists()


def test_what_a_reader_changed_is_never_written_over(place, versions):
    root, folder = place
    edit(folder / NOTEBOOK, lambda notebook: notebook.cells[1].update(source="print(1)  # my answer"))
    mine = (folder / NOTEBOOK).read_bytes()
    assert status(root, folder) == "yours"
    publish(root, versions[2])
    for _ in range(2):
        copies = refresh(folder, root)
        assert [copy.status for copy in copies] == ["newer"]
        assert (folder / NOTEBOOK).read_bytes() == mine
    assert "Yours is kept" in report(copies)[0]
    (folder / NOTEBOOK).rename(folder / "my retention.ipynb")
    assert status(root, folder) == "new"
    assert (folder / "my retention.ipynb").read_bytes() == mine


@pytest.mark.parametrize("change", [
    lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("A note.")),
    lambda notebook: notebook.cells.pop(),
    lambda notebook: notebook.cells.reverse(),
    lambda notebook: notebook.cells[0].update(cell_type="raw"),
])
def test_every_kind_of_change_counts(place, versions, change):
    root, folder = place
    edit(folder / NOTEBOOK, change)
    mine = (folder / NOTEBOOK).read_bytes()
    publish(root, versions[2])
    assert status(root, folder) == "newer" and (folder / NOTEBOOK).read_bytes() == mine


def test_a_copy_that_was_only_run_is_replaced_and_kept_aside(place, versions):
    root, folder = place
    edit(folder / NOTEBOOK, lambda notebook: notebook.cells[1].update(outputs=[], execution_count=None))
    ran = (folder / NOTEBOOK).read_bytes()
    assert status(root, folder) == "same" and (folder / NOTEBOOK).read_bytes() == ran
    publish(root, versions[2])
    assert status(root, folder) == "updated"
    assert (folder / ".playbook" / "before" / NOTEBOOK).read_bytes() == ran


@pytest.mark.parametrize("content", [b"", b"{half", b"[]"])
def test_a_damaged_copy_is_left_alone(place, versions, content):
    root, folder = place
    (folder / NOTEBOOK).write_bytes(content)
    publish(root, versions[2])
    assert status(root, folder) == "newer" and (folder / NOTEBOOK).read_bytes() == content


def test_a_file_of_the_readers_where_a_chapter_comes_is_left_alone(tmp_path, versions):
    root = small_project(tmp_path / "p", c37=[])
    publish(root, versions[1])
    mine = root / "workspace" / NOTEBOOK
    mine.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Mine.")]), mine)
    before = mine.read_bytes()
    assert status(root, root / "workspace") == "newer" and mine.read_bytes() == before


def test_a_lost_manifest_costs_nothing(place, versions):
    root, folder = place
    (folder / ".playbook" / "copies.json").unlink()
    assert status(root, folder) == "same"
    publish(root, versions[2])
    assert status(root, folder) == "updated"


def test_the_version_that_was_put_there_is_kept_for_merging(place, versions):
    root, folder = place
    base = (folder / ".playbook" / "base" / NOTEBOOK).read_bytes()
    edit(folder / NOTEBOOK, lambda notebook: notebook.cells.pop())
    publish(root, versions[2])
    refresh(folder, root)
    assert (folder / ".playbook" / "base" / NOTEBOOK).read_bytes() == base == reader_copy(versions[1][1])


def test_it_opens_where_the_reader_left_off(place):
    root, folder = place
    copies = refresh(folder, root)
    first = copies[0].path
    assert where_to_start(folder, copies) == first
    assert where_to_start(folder, []) is None
    two = [*copies, type(copies[0])("38-sales-play", first.with_name("other.ipynb"), "new")]
    two[1].path.touch()
    Record("progress", folder).change(lambda data: data.update(last="38-sales-play"))
    assert where_to_start(folder, two) == two[1].path
    (folder / ".playbook" / "progress.json").write_text("{damaged")
    assert where_to_start(folder, two) == first


def test_chapter_01_comes_first(place):
    root, folder = place
    [copy] = refresh(folder, root)
    ahead = [copy, type(copy)("01-where-you-stand", copy.path.with_name("01.ipynb"), "new")]
    ahead[1].path.touch()
    assert where_to_start(folder, ahead) == ahead[1].path


def test_a_company_is_found_by_folder_or_by_name(place):
    root, folder = place
    own = folder / "companies" / "mine"
    own.mkdir()
    (own / "company.yaml").touch()
    assert company_folder("mine", folder) == company_folder(own, folder) == own.resolve()
    with pytest.raises(WorkspaceError, match="Yours are mine"):
        company_folder("yours", folder)


def test_a_workspace_cannot_lie_among_the_chapters(place):
    root, folder = place
    with pytest.raises(WorkspaceError, match="own chapters"):
        refresh(root / "chapters" / "mine", root)


def test_a_workspace_that_cannot_be_written_says_so(place, tmp_path):
    root, folder = place
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="cannot be written"):
        refresh(tmp_path / "file", root)


def test_jupyterlab_listens_here_only_with_its_token(place):
    root, folder = place
    command = lab_command(folder, folder / NOTEBOOK)
    assert "--ServerApp.ip=localhost" in command and f"--ServerApp.root_dir={folder}" in command
    assert f"--LabApp.default_url=/lab/tree/{NOTEBOOK}" in command
    assert not any("token" in part.lower() or "password" in part.lower() for part in command)
    assert "--no-browser" in lab_command(folder, None, browser=False)


def test_kernels_get_the_company_and_this_tree(place, monkeypatch):
    root, folder = place
    monkeypatch.delenv("PLAYBOOK_COMPANY", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = lab_environment(root)
    assert "PLAYBOOK_COMPANY" not in environment and "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PYTHONPATH"].startswith(str(root))
    monkeypatch.setenv("PLAYBOOK_COMPANY", str(folder))
    assert lab_environment(root)["PLAYBOOK_COMPANY"] == str(folder.resolve())


def test_a_digest_sees_only_what_was_typed():
    cell = nbformat.v4.new_code_cell("a = 1")
    one = nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()
    cell.update(execution_count=3, id="another")
    assert cells_digest(one) == cells_digest(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode())
