"""`playbook render`: stable bytes, ids that last, and clear failures."""

from __future__ import annotations

import contextlib
import json
import os

import nbformat
import pytest

from helpers.course import render as rendering
from helpers.course.render import RenderError, cell_ids, find, is_stale, prepare, render, render_many
from tests.setup.project import code, markdown, small_project, write_chapter

BOTH = [
    markdown("# A chapter"),
    code("import matplotlib.pyplot as plt\nprint('one'); object()"),
    code("fig, ax = plt.subplots(); ax.plot([1, 3]); plt.show()", tags="hide-input"),
    code("import ipywidgets\nipywidgets.IntSlider()"),
    code("import pandas as pd\npd.DataFrame({'mrr': [1]}).style.hide()"),
]


def ids(text):
    return {cell.source: cell.id for cell in nbformat.read(text.with_suffix(".ipynb"), 4).cells}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    root = small_project(tmp_path_factory.mktemp("project"), c37=BOTH)
    text = find("37", root)
    assert render(text, root) is True
    return root, text


def test_a_second_render_changes_no_byte(rendered):
    root, text = rendered
    before = text.with_suffix(".ipynb").read_bytes()
    assert render(text, root) is False
    assert text.with_suffix(".ipynb").read_bytes() == before


def test_two_machines_make_the_same_bytes(rendered, tmp_path):
    root, text = rendered
    other = find("37", small_project(tmp_path / "elsewhere", c37=BOTH))
    render(other, tmp_path / "elsewhere")
    assert other.with_suffix(".ipynb").read_bytes() == text.with_suffix(".ipynb").read_bytes()


@pytest.mark.parametrize("source", ["a = 1", "1 / 0"])
def test_no_kernel_is_left_running(tmp_path, source):
    import psutil

    before = set(psutil.Process().children(recursive=True))
    root = small_project(tmp_path / "p", c37=[code(source)])
    with contextlib.suppress(RenderError):
        render(find("37", root), root)
    left = [child for child in set(psutil.Process().children(recursive=True)) - before if child.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def test_nothing_that_differs_between_runs_is_stored(rendered):
    stored = json.loads(rendered[1].with_suffix(".ipynb").read_text())
    assert set(stored["metadata"]) == {"course", "jupytext", "kernelspec"}
    assert stored["metadata"]["jupytext"] == {"formats": "ipynb,md:myst"}
    plain = json.dumps([cell.get("outputs") for cell in stored["cells"]])
    assert "0xADDRESS" in plain and "T_00000" in plain
    assert "00000000000000000000000000000001" in plain
    assert stored["cells"][2]["metadata"] == {"tags": ["hide-input"]}
    assert "image/png" in plain


def test_ids_come_from_the_text_and_stay(tmp_path):
    first, second, third = code("a = 1"), code("b = 2"), markdown("Some prose.")
    root = small_project(tmp_path / "p", c37=[first, second, third])
    text = find("37", root)
    render(text, root)
    before = ids(text)
    write_chapter(root, "37", code("new = 0"), second, markdown("Some better prose."), first)
    render(text, root)
    after = ids(text)
    assert after["a = 1"] == before["a = 1"] and after["b = 2"] == before["b = 2"]
    assert after["new = 0"] not in before.values()
    assert after["Some better prose."] == before["Some prose."]
    assert len(set(after.values())) == 4


def test_equal_cells_get_different_ids():
    cells = prepare_cells("x = 1", "x = 1", "x = 1")
    names = cell_ids(cells, [None, None, None])
    assert len(set(names)) == 3
    assert cell_ids(cells, [None, names[0], None])[1] == names[0]
    assert len(set(cell_ids(cells, [None, names[0], None]))) == 3


def prepare_cells(*sources):
    return [nbformat.v4.new_code_cell(source) for source in sources]


@pytest.mark.parametrize(("source", "what"), [
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("import warnings; warnings.warn('old')", "UserWarning: old"),
    ("import sys; print('boo', file=sys.stderr)", "wrote to stderr: boo"),
    ("import os; os._exit(3)", "the kernel died"),
    ("print('x: FutureWarning: soon')", "holds a warning"),
])
def test_a_bad_cell_is_named_and_nothing_is_written(tmp_path, source, what):
    root = small_project(tmp_path / "p", c37=[markdown("Words."), code("fine = 1"), code(source)])
    text = find("37", root)
    line = text.read_text().splitlines().index(source) + 1
    with pytest.raises(RenderError) as raised:
        render(text, root)
    message = str(raised.value)
    assert what in message and f"retention.md, line {line}, cell 3 of 3" in message and source in message
    assert [path.name for path in text.parent.iterdir()] == ["retention.md"]


def test_a_notebook_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "LIMIT", 500)
    root = small_project(tmp_path / "p", c37=[code("print('much ' * 100)")])
    with pytest.raises(RenderError, match="more than 500"):
        render(find("37", root), root)


def test_only_what_is_stale_is_rendered(tmp_path):
    root = small_project(tmp_path / "p", c37=[code("a = 1")], c11=[code("b = 1")])
    said = []
    assert render_many(root=root, say=said.append) == 2
    assert said == ["11-renewal: written", "37-retention: written"]
    assert render_many(root=root, say=said.append) == 0
    assert "--all" in said[-1]
    write_chapter(root, "37", code("a = 2"))
    assert is_stale(find("37", root), root) and not is_stale(find("11", root), root)
    assert render_many(root=root, say=said.append) == 1
    exercises = find("11", root).parent / "exercises.py"
    exercises.write_text("EXERCISES = []\n")
    os.utime(exercises, (2e9, 2e9))
    assert is_stale(find("11", root), root)


def test_a_damaged_notebook_is_made_anew(tmp_path):
    root = small_project(tmp_path / "p", c37=[code("a = 1")])
    text = find("37", root)
    render(text, root)
    good = text.with_suffix(".ipynb").read_bytes()
    text.with_suffix(".ipynb").write_bytes(good[:100])
    assert is_stale(text, root)
    render(text, root)
    assert text.with_suffix(".ipynb").read_bytes() == good


@pytest.mark.parametrize("name", ["37", "retention", "37-retention", "chapters/3-sales-play/37-retention/retention.md"])
def test_a_chapter_is_found_by_any_of_its_names(tmp_path, name):
    root = small_project(tmp_path / "p", c37=[code("a = 1")])
    assert find(name, root).name == "retention.md"


def test_a_chapter_that_is_not_there_is_named(tmp_path):
    root = small_project(tmp_path / "p", c37=[code("a = 1")])
    with pytest.raises(RenderError, match="retention"):
        find("retentoin", root)
    with pytest.raises(RenderError, match="11-renewal is not written yet"):
        find("11", root)


def test_a_render_is_always_on_the_case_company(monkeypatch):
    monkeypatch.setenv("PLAYBOOK_COMPANY", "mine")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = rendering.kernel_environment()
    assert "PLAYBOOK_COMPANY" not in environment and "PYTHONDONTWRITEBYTECODE" not in environment
    assert rendering.kernel_environment(more={"PLAYBOOK_COMPANY": "theirs"})["PLAYBOOK_COMPANY"] == "theirs"


def test_run_keeps_going_and_counts_what_failed(tmp_path):
    root = small_project(tmp_path / "p", c37=[code("import os\nprint(os.environ['PLAYBOOK_COMPANY'])"), code("1 / 0"), code("2")])
    said = []
    failed = rendering.run_many("37", tmp_path, tmp_path / "out", root=root, say=said.append)
    assert failed == 1 and "ZeroDivisionError" in "\n".join(said)
    notebook = nbformat.read(tmp_path / "out" / "37-retention.ipynb", 4)
    assert notebook.cells[0].outputs[0].text == f"{tmp_path}\n"
    assert notebook.cells[2].outputs[0].data["text/plain"] == "2"
    with pytest.raises(RenderError, match="own chapters"):
        rendering.run_many("37", None, root / "chapters" / "x", root=root)


def test_the_ids_of_a_text_do_not_change_when_it_is_only_read(tmp_path):
    text = find("37", small_project(tmp_path / "p", c37=BOTH))
    assert [cell.id for cell in prepare(text).cells] == [cell.id for cell in prepare(text).cells]
