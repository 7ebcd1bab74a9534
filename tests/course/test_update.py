"""Updates of a reader's copies: tried on generated edits of a real chapter, and case by case."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
import re
from collections import Counter

import nbformat
import pytest

from helpers import chapters as register
from helpers.course import update as module
from helpers.course import workspace as place
from helpers.course.record import Record
from helpers.course.update import LAST, YOURS, merge, report, title, update
from tests.setup.project import small_project

TRIALS = 240
NOW = dt.datetime(2026, 3, 4, 5, 6, 7)


# ---------------------------------------------------------------- small notebooks

def cell(name, source, kind="markdown", **more):
    made = {"id": name, "cell_type": kind, "metadata": {}, "source": source, **more}
    return made | ({"outputs": more.get("outputs", []), "execution_count": None} if kind == "code" else {})


def book(*cells):
    return {"cells": [cell(*one) if isinstance(one, tuple) else one for one in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def texts(merged):
    return [one["source"] for one in merged.notebook["cells"]]


ONE = book(("a", "A"), ("b", "B, a question"), ("c", "C, the end"))


def changed(notebook, **sources):
    return book(*[one | {"source": sources.get(one["id"], one["source"])} for one in notebook["cells"]])


def test_what_was_left_alone_is_replaced_and_an_answer_stays():
    merged = merge(ONE, changed(ONE, b="My answer"), changed(ONE, a="A, said better"))
    assert texts(merged) == ["A, said better", "My answer", "C, the end"]
    assert (merged.replaced, merged.kept, merged.beside) == (1, 1, [])


def test_where_both_changed_a_cell_the_new_one_stands_first_and_yours_below():
    merged = merge(ONE, changed(ONE, b="My answer"), changed(ONE, b="B, another question"))
    assert texts(merged) == ["A", "B, another question", "My answer", "C, the end"]
    new, yours = merged.notebook["cells"][1:3]
    assert new["id"] == "b" and new["metadata"] == {} and yours["metadata"] == {"tags": [YOURS]}
    assert merged.beside == ["B, another question"]


def test_the_same_change_on_both_sides_is_no_conflict():
    merged = merge(ONE, changed(ONE, b="Typo mended"), changed(ONE, b="Typo mended"))
    assert texts(merged) == ["A", "Typo mended", "C, the end"] and not merged.beside


def test_a_deleted_cell_stays_deleted_unless_it_changed():
    mine = book(("a", "A"), ("c", "C, the end"))
    assert texts(merge(ONE, mine, changed(ONE, a="A2"))) == ["A2", "C, the end"]
    merged = merge(ONE, mine, changed(ONE, b="B, a better question"))
    assert texts(merged) == ["A", "B, a better question", "C, the end"] and merged.back == ["B, a better question"]


def test_a_cell_that_the_course_drops_goes_unless_it_was_changed():
    new = book(("a", "A"), ("c", "C, the end"))
    assert texts(merge(ONE, ONE, new)) == ["A", "C, the end"]
    merged = merge(ONE, changed(ONE, b="My answer"), new)
    assert texts(merged) == ["A", "My answer", "C, the end"] and merged.left == ["My answer"]
    assert merged.notebook["cells"][1]["metadata"]["tags"] == [YOURS]


def test_own_cells_stay_by_the_cell_they_follow_wherever_it_goes():
    mine = book(("top", "My title"), ("a", "A"), ("b", "B, a question"), ("note", "My note on B"), ("c", "C, the end"))
    new = book(("c", "C, the end"), ("x", "New"), ("b", "B, a question"), ("y", "New too"), ("a", "A"))
    assert texts(merge(ONE, mine, new)) == ["My title", "C, the end", "New", "B, a question", "My note on B", "New too", "A"]


def test_a_readers_order_stays_where_the_course_moved_nothing():
    mine = book(("c", "C, the end"), ("a", "A"), ("b", "B, a question"))
    new = book(("a", "A"), ("b", "B, a question"), ("x", "New after B"), ("c", "C, changed"))
    assert texts(merge(ONE, mine, new)) == ["C, changed", "A", "B, a question", "New after B"]


def test_cut_and_pasted_cells_are_known_by_their_text_and_lost_ids_by_nbdime():
    long = book(("a", "The first paragraph of a chapter."), ("b", "The second paragraph asks something."), ("c", "And the third one ends it."))
    mine = book(("x1", "The first paragraph of a chapter."), ("x2", "The second paragraph asks something. Yes!"), ("x3", "And the third one ends it."))
    merged = merge(long, mine, changed(long, a="The first paragraph, better."))
    assert texts(merged) == ["The first paragraph, better.", "The second paragraph asks something. Yes!", "And the third one ends it."]
    assert [one["id"] for one in merged.notebook["cells"]] == ["a", "b", "c"]


def test_links_to_other_chapters_stay_last():
    nav = cell("nav", "next", metadata={"tags": [LAST]})
    base = book(*ONE["cells"], nav)
    merged = merge(base, book(*ONE["cells"], nav, ("own", "Written below the links")), book(*ONE["cells"], ("d", "New"), nav | {"source": "next 2"}))
    assert texts(merged) == ["A", "B, a question", "C, the end", "New", "Written below the links", "next 2"]


def test_tags_and_pictures_of_the_reader_stay():
    mine, new = copy.deepcopy(ONE), copy.deepcopy(ONE)
    mine["cells"][0]["metadata"] = {"tags": ["mine"], "collapsed": True}
    mine["cells"][1] |= {"source": "![](attachment:p.png)", "attachments": {"p.png": {"image/png": "aGk="}}}
    new["cells"][0] |= {"source": "A2", "metadata": {"tags": ["wide"]}}
    cells = merge(ONE, mine, new).notebook["cells"]
    assert cells[0]["source"] == "A2" and cells[0]["metadata"] == {"tags": ["mine", "wide"], "collapsed": True}
    assert cells[1]["attachments"] == {"p.png": {"image/png": "aGk="}}


def test_text_of_an_earlier_version_was_not_typed():
    """JupyterLab had the version before last open and wrote it over the merged one."""
    earlier, base = changed(ONE, a="A0"), changed(ONE, a="A1")
    assert texts(merge(base, changed(earlier, b="Mine"), base, earlier=earlier)) == ["A1", "Mine", "C, the end"]


@pytest.mark.parametrize("source, called", [
    ("my_nrr = 1\nlesson.check('nrr-last-year', my_nrr)", "nrr-last-year"), ("## 3. Which customers?\n\nOne.", "3. Which customers?"),
    ("\n", "an empty cell"), ("x" * 80, "x" * 57 + "..."),
])
def test_a_cell_is_called_by_what_it_asks_or_by_its_first_line(source, called):
    assert title({"source": source}) == called


# ---------------------------------------------------------------- the trial

def slim_chapter():
    """Chapter 37 as it lies in a workspace, its pictures cut short so that 240 trials take seconds."""
    chapter = register.find("37")
    notebook = json.loads(place.reader_copy(chapter.notebook.read_bytes(), chapter))
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"])
        for output in one.get("outputs", []):
            output.get("data", {}).pop("text/html", None)
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = "iVBORw0KGgo="
    return notebook


class Editor:
    """Somebody at work on a notebook: a reader in JupyterLab, or an author of the course."""

    def __init__(self, rng, name, start=0):
        self.rng, self.name, self.start, self.count, self.done = rng, name, start, 0, Counter()

    def words(self):
        self.count += 1
        kind = self.rng.choice(["note {}: ä 中文 “so”", "x_{} = 0.1", "print('{}')\n\nprint(2)", "{}: <<<<<<< not a marker"])
        return kind.format(f"{self.name}-{self.count}")

    def fresh(self):
        return "".join(self.rng.choice("0123456789abcdef") for _ in range(12))

    def work(self, cells, steps):
        """So many edits within six cells, so that two people often meet."""
        for _ in range(steps):
            what = self.rng.choice(["edit", "edit", "answer", "half", "insert", "delete", "move", "split", "join", "twice", "tags", "kind", "empty",
                                    "paste"])
            if cells:
                getattr(self, what)(cells, (self.start + self.rng.randrange(6)) % len(cells))
                self.done[what] += 1

    def edit(self, cells, at):
        cells[at]["source"] += "\n" + self.words()

    def answer(self, cells, at):
        for one in cells[at:]:
            if "..." in one["source"] and one["cell_type"] == "code":
                one["source"] = one["source"].replace("...", f"0.{self.rng.randrange(1000)}  # {self.words()}", 1)
                break

    def half(self, cells, at):
        source = cells[at]["source"]
        cells[at]["source"] = source[: self.rng.randrange(len(source) + 1)] + "my_" + self.words()[:9]

    def insert(self, cells, at):
        kind = self.rng.choice(["code", "markdown", "raw"])
        cells.insert(at, cell(self.fresh(), self.rng.choice([self.words(), "", "ok"]), kind))

    def delete(self, cells, at):
        del cells[at]

    def move(self, cells, at):
        cells.insert(self.rng.randrange(len(cells)), cells.pop(at))

    def split(self, cells, at):
        middle = len(cells[at]["source"]) // 2
        second = copy.deepcopy(cells[at]) | {"id": self.fresh(), "source": cells[at]["source"][middle:]}
        cells[at]["source"] = cells[at]["source"][:middle]
        cells.insert(at + 1, second)

    def join(self, cells, at):
        if at + 1 < len(cells):
            cells[at]["source"] += "\n\n" + cells.pop(at + 1)["source"]

    def twice(self, cells, at):
        cells.insert(at + 1, copy.deepcopy(cells[at]) | {"id": self.rng.choice([self.fresh(), cells[at]["id"]])})

    def tags(self, cells, at):
        cells[at]["metadata"] = self.rng.choice([{"tags": ["hide-input", self.name]}, {"collapsed": True}, {}])

    def kind(self, cells, at):
        old = cells[at]
        cells[at] = cell(old["id"], old["source"], "markdown" if old["cell_type"] == "code" else "code", metadata=old["metadata"])

    def empty(self, cells, at):
        cells[at]["source"] = self.rng.choice(["", "\n"])

    def paste(self, cells, at):
        one = cells.pop(at) | {"id": self.fresh()}
        cells.insert(self.rng.randrange(len(cells) + 1), one)


def save_in_jupyterlab(notebook, rng):
    """What JupyterLab and other programs do to a file when they save it."""
    notebook["metadata"] |= {"language_info": {"name": "python", "version": "3.12.1"}, "widgets": {}}
    notebook["metadata"]["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    for one in notebook["cells"]:
        if one["cell_type"] == "code" and rng.random() < 0.5:
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["mine\n", "too\n"]}]
            one["execution_count"] = rng.randrange(99)
            one["metadata"] = one["metadata"] | {"execution": {"iopub.execute_input": "2026"}}
        if rng.random() < 0.5:
            one["source"] = one["source"].splitlines(True)
    if rng.random() < 0.1:  # a program that knows no ids
        notebook["nbformat_minor"] = 4
        for one in notebook["cells"]:
            del one["id"]


def unique(cells, rng):
    """What the course does: the ids of its own versions are unique."""
    taken = set()
    for one in cells:
        while one["id"] in taken:
            one["id"] = f"{rng.randrange(16**12):012x}"
        taken.add(one["id"])


def text_of(one):
    return "".join(one["source"])


def typed_of(one):
    return text_of(one), one["cell_type"]


def lost(base, mine, merged):
    """Texts that the reader typed and that stand nowhere in the result."""
    known, there = {text_of(one) for one in base["cells"]}, {text_of(one) for one in merged["cells"]}
    return [text for one in mine["cells"] if (text := text_of(one)).strip() and text not in known | there]


def check_merge(base, mine, new, merged):
    """The promises that hold for every merge."""
    cells = merged["cells"]
    nbformat.validate(nbformat.from_dict(merged))
    assert not lost(base, mine, merged)
    ids = [one["id"] for one in cells]
    assert len(ids) == len(set(ids))
    known, there, course = ({typed_of(one) for one in notebook["cells"]} for notebook in (base, merged, new))
    assert course - known <= there, "a new text of the course is missing"
    old, typed, fresh = ({one.get("id"): one for one in notebook["cells"]} for notebook in (base, mine, new))
    for one in cells:
        sides = [side.get(one["id"]) for side in (old, typed, fresh)]
        if one["cell_type"] == "code" and all(sides) and typed_of(sides[0]) == typed_of(sides[1]) and typed_of(one) == typed_of(sides[2]):
            assert one["outputs"] == sides[2]["outputs"], "a cell that was left alone has old outputs"
    markers = re.compile(r"^(<<<<<<<|=======|>>>>>>>)( local| remote|$)", re.MULTILINE)
    assert not any(markers.search(one["source"]) for one in cells)
    assert merged["metadata"]["kernelspec"] == new["metadata"]["kernelspec"] and merged["metadata"]["course"]


def own_cells_are_near(base, mine, merged):
    """A reader's own cell follows the course's cell that it followed, with nothing but the reader's between."""
    known = {one["id"] for one in base["cells"]}
    places = {one["id"]: place for place, one in enumerate(merged["cells"])}
    for before, own in zip(mine["cells"], mine["cells"][1:]):
        if own["id"] not in known | {None} and own["id"] in places and before["id"] in places and before["id"] in known:
            between = merged["cells"][places[before["id"]] + 1: places[own["id"]]]
            if places[own["id"]] < places[before["id"]] or any(YOURS not in one["metadata"].get("tags", []) for one in between):
                return False
    return True


def trial(base, seed):
    rng = random.Random(seed)
    mine, new = copy.deepcopy(base), copy.deepcopy(base)
    start = rng.randrange(len(base["cells"]))
    reader, author = Editor(rng, "reader", start), Editor(rng, "author", start)
    reader.work(mine["cells"], rng.randrange(1, 12))
    author.work(new["cells"], rng.randrange(0, 10))
    unique(new["cells"], rng)
    for one in new["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"new {seed}\n"}]
    save_in_jupyterlab(mine, rng)
    return mine, new, reader, author


def test_nothing_typed_is_lost_in_240_generated_histories(capsys):
    base, total, edits = slim_chapter(), Counter(), Counter()
    for seed in range(TRIALS):
        mine, new, reader, author = trial(base, seed)
        before = json.dumps([base, mine, new])
        merged = merge(base, mine, new)
        assert json.dumps([base, mine, new]) == before, "a merge changed what it was given"
        check_merge(base, mine, new, merged.notebook)
        again = merge(new, merged.notebook, new)
        assert texts(again) == texts(merged) and not again.beside + again.back, f"seed {seed}: a second update changes something"
        again = merge(base, merged.notebook, new)  # the first broke off before it noted the new base
        assert not lost(base, merged.notebook, again.notebook) and not again.beside + again.back, seed
        edits += reader.done + author.done
        total.update(trials=1, edits=sum((reader.done + author.done).values()), conflicts=len(merged.beside), came_back=len(merged.back),
                     kept_though_dropped=len(merged.left), kept=merged.kept, replaced=merged.replaced, lost=len(lost(base, mine, merged.notebook)))
    with capsys.disabled():
        print(f"\nupdate trial on chapter 37: {', '.join(f'{name} {count}' for name, count in total.items())}")
    assert total["trials"] >= 200 and total["conflicts"] > 50 and total["came_back"] > 20 and total["lost"] == 0
    assert min(edits.values()) > 50, "every kind of edit is tried often"


def test_own_cells_stay_near_their_neighbours():
    base = slim_chapter()
    for seed in range(60):
        rng = random.Random(seed)
        mine, new = copy.deepcopy(base), copy.deepcopy(base)
        reader, author = Editor(rng, "reader"), Editor(rng, "author")
        for _ in range(4):
            reader.insert(mine["cells"], rng.randrange(1, len(mine["cells"])))
            reader.edit(mine["cells"], rng.randrange(len(mine["cells"])))
        author.work(new["cells"][:-1], 6)
        unique(new["cells"], rng)
        assert own_cells_are_near(base, mine, merge(base, mine, new).notebook), seed


# ---------------------------------------------------------------- files

@pytest.fixture
def course(tmp_path):
    """A project with one chapter of three cells, and its workspace."""
    root = small_project(tmp_path / "a project", c37=[])
    publish(root, ONE)
    return root, (root / "workspace").resolve()


def publish(root, notebook, number="37"):
    chapter = register.find(number, root=root)
    chapter.folder.mkdir(parents=True, exist_ok=True)
    chapter.text.touch()
    chapter.notebook.write_text(json.dumps(notebook))


def reader_file(folder):
    return folder / "3-sales-play/37-retention/retention.ipynb"


def type_in(folder, **sources):
    path = reader_file(folder)
    path.write_text(json.dumps(changed(json.loads(path.read_text()), **sources)))
    return path.read_bytes()


def found(folder):
    return ["".join(one["source"]) for one in json.loads(reader_file(folder).read_text())["cells"]]


def test_an_update_keeps_the_version_before_and_says_what_happened(course):
    root, folder = course
    update(folder, root)
    mine = type_in(folder, b="My answer")
    publish(root, changed(ONE, a="A2", b="B2"))
    copies, [one] = update(folder, root, now=NOW)
    assert found(folder) == ["A2", "B2", "My answer", "C, the end"]
    assert one.before.name == "retention.2026-03-04-050607.ipynb" and one.before.read_bytes() == mine
    assert one.before.parent == folder / ".playbook/before/3-sales-play/37-retention"
    said = "\n".join(report(copies, [one]))
    assert "1 cell replaced" in said and "both changed “B2”" in said and "choose Overwrite and run this again" in said
    copies, updates = update(folder, root, now=NOW)
    assert updates == [] and report(copies, updates) == ["Nothing to bring: your copies are up to date."]


def test_two_updates_in_one_second_keep_both_versions_before(course):
    root, folder = course
    update(folder, root)
    for version in ("A2", "A3"):
        type_in(folder, c=f"Mine, with {version}")
        publish(root, changed(ONE, a=version))
        update(folder, root, now=NOW)
    kept = sorted(path.name for path in (folder / ".playbook/before").rglob("*.ipynb"))
    assert kept == ["retention.2026-03-04-050607-2.ipynb", "retention.2026-03-04-050607.ipynb"]
    assert found(folder) == ["A3", "B, a question", "Mine, with A3"]


def test_a_file_that_is_saved_while_merging_is_merged_again(course, monkeypatch):
    root, folder = course
    update(folder, root)
    type_in(folder, b="First thought")
    publish(root, changed(ONE, a="A2"))
    real, calls = module._written, []

    def saved_meanwhile(merged, path):
        calls.append(path)
        if len(calls) == 1:
            type_in(folder, b="Second thought, saved in JupyterLab just now")
        return real(merged, path)

    monkeypatch.setattr(module, "_written", saved_meanwhile)
    monkeypatch.setattr(module, "PAUSE", 0)
    _, [one] = update(folder, root)
    assert len(calls) == 2 and found(folder) == ["A2", "Second thought, saved in JupyterLab just now", "C, the end"]
    assert "Second thought" in one.before.read_text() and len(list(one.before.parent.iterdir())) == 1


def test_a_file_that_never_rests_is_left_as_it_is(course, monkeypatch):
    root, folder = course
    update(folder, root)
    type_in(folder, b="Mine")
    publish(root, changed(ONE, a="A2"))
    real = module._written
    monkeypatch.setattr(module, "_written", lambda merged, path: (path.write_bytes(path.read_bytes() + b" "), real(merged, path))[1])
    monkeypatch.setattr(module, "PAUSE", 0)
    copies, [one] = update(folder, root)
    assert "another program" in one.problem and found(folder) == ["A", "Mine", "C, the end"]
    assert not list((folder / ".playbook/before").rglob("*.ipynb")) and not list(folder.rglob(".retention*"))


def test_a_half_written_file_is_waited_for(course, monkeypatch):
    root, folder = course
    update(folder, root)
    whole = type_in(folder, b="Mine")
    publish(root, changed(ONE, a="A2"))
    reader_file(folder).write_bytes(whole[:200])
    monkeypatch.setattr(module.time, "sleep", lambda seconds: reader_file(folder).write_bytes(whole))
    update(folder, root)
    assert found(folder) == ["A2", "Mine", "C, the end"]


@pytest.mark.parametrize("content", [b"", b"{half", b"[]", b'{"cells": [{"cell_type": "code"}]}', b'{"cells": [7]}', b"\xff\xfe"])
def test_a_damaged_file_is_left_alone_and_named(course, monkeypatch, content):
    root, folder = course
    monkeypatch.setattr(module, "PAUSE", 0)
    update(folder, root)
    reader_file(folder).write_bytes(content)
    publish(root, changed(ONE, a="A2"))
    copies, [one] = update(folder, root)
    assert "retention.ipynb cannot be read" in report(copies, [one])[0] and reader_file(folder).read_bytes() == content


def test_a_notebook_of_the_readers_own_is_not_taken_for_a_copy(course):
    root, folder = course
    reader_file(folder).parent.mkdir(parents=True)
    reader_file(folder).write_text(json.dumps(book(("z", "Mine alone"))))
    copies, [one] = update(folder, root)
    assert "a notebook of yours" in one.problem and found(folder) == ["Mine alone"]


def test_a_lost_record_costs_no_answer(course):
    import shutil

    root, folder = course
    update(folder, root)
    type_in(folder, b="Mine")
    shutil.rmtree(folder / ".playbook")
    publish(root, changed(ONE, a="A2"))
    update(folder, root)
    assert found(folder) == ["A2", "A", "B, a question", "Mine", "C, the end"]


def test_jupyterlab_writing_an_old_version_over_the_merged_one_is_mended(course):
    root, folder = course
    update(folder, root)
    old = type_in(folder, b="Mine")
    publish(root, changed(ONE, a="A2"))
    update(folder, root)
    reader_file(folder).write_bytes(old)
    update(folder, root)
    assert found(folder) == ["A2", "Mine", "C, the end"]


def test_a_chapter_that_the_course_moved_takes_the_readers_copy_along(course):
    root, folder = course
    update(folder, root)
    type_in(folder, b="Mine")
    Record("progress", folder).change(lambda data: data.update(last="37-retention", chapters={"37-retention": {"exercises": {}}}))
    old = register.find("37", root=root)
    old.notebook.unlink()
    old.text.unlink()
    publish(root, changed(ONE, a="A2"), number="46")
    update(folder, root)
    new = folder / "4-expansion/46-customer-success/customer-success.ipynb"
    assert ["".join(one["source"]) for one in json.loads(new.read_text())["cells"]] == ["A2", "Mine", "C, the end"]
    assert not reader_file(folder).exists()
    kept = Record("progress", folder).read()
    assert kept["last"] == "46-customer-success" and list(kept["chapters"]) == ["46-customer-success"]


def test_a_renamed_copy_stays_and_the_chapter_comes_anew(course):
    root, folder = course
    update(folder, root)
    type_in(folder, b="Mine")
    mine = reader_file(folder).rename(reader_file(folder).with_name("my retention.ipynb")).read_bytes()
    publish(root, changed(ONE, a="A2"))
    copies, updates = update(folder, root)
    assert [one.status for one in copies] == ["new"] and updates == []
    assert reader_file(folder).with_name("my retention.ipynb").read_bytes() == mine and found(folder)[0] == "A2"


def test_the_command_brings_chapters_and_then_has_nothing_to_bring(tmp_path):
    from typer.testing import CliRunner

    from helpers.cli import app

    first, second = (CliRunner().invoke(app, ["update", "--workspace", str(tmp_path / "mine")]) for _ in range(2))
    assert first.exit_code == 0 and "New in your workspace" in first.output and "37-retention" in first.output
    assert second.exit_code == 0 and "Nothing to bring" in second.output and (tmp_path / "mine" / "map.md").is_file()
