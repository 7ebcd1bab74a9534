"""How far a reader is, and where a team of five is stuck."""

from __future__ import annotations

import json

import pytest

from helpers import chapters as register
from helpers.course import progress
from helpers.course.exercises import load_exercises
from helpers.course.progress import asked, report, standings, team, team_report
from helpers.course.record import Record

WRITTEN = [chapter for chapter in register.chapters() if chapter.written]
ALL_RIGHT = {key: {"status": "right", "tries": 1} for key, _, _ in asked(register.find("37").exercises)}


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / ".playbook").mkdir()
    return tmp_path


def record(folder, **facts):
    Record("progress", folder).change(lambda data: data.update(version=1, **facts))


def chapter_37(**exercises):
    return {"37-retention": {"exercises": exercises}}


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.name)
def test_what_is_asked_is_read_without_running_it(chapter):
    module = load_exercises(chapter.exercises)
    found = asked(chapter.exercises)
    assert {key for key, _, quiz in found if not quiz} == {one.key for one in module.EXERCISES}
    assert {key for key, _, quiz in found if quiz} == {one.key for one in module.QUIZZES}
    titles = {one.key: one.title for one in module.EXERCISES} | {one.key: one.question for one in module.QUIZZES}
    assert {key: title for key, title, _ in found} == titles


def test_a_file_that_cannot_be_read_asks_nothing(tmp_path):
    (tmp_path / "exercises.py").write_text("EXERCISES = [Exercise(")
    assert asked(tmp_path / "exercises.py") == asked(tmp_path / "none.py") == []


def test_a_standing_counts_exercises_and_quizzes_apart():
    kept = {"chapters": chapter_37(**{"nrr-last-year": {"status": "right", "tries": 3, "hints": 2}, "who-counts": {"status": "wrong"},
                                      "grr-last-year": {"status": "mistake", "tries": 1, "mistakes": {"You took {mine}.": 1}}})}
    mine = standings(kept)["37-retention"]
    assert (mine.right, mine.hints, mine.opened, mine.done, mine.minutes) == (1, 2, True, False, 60)
    assert mine.of == len(load_exercises(register.find("37").exercises).EXERCISES)
    by_key = {item.key: item for item in mine.items}
    assert (by_key["nrr-last-year"].wrong, by_key["grr-last-year"].wrong, by_key["who-counts"].wrong) == (2, 1, 1)
    assert mine.said == f"1 of {mine.of} exercises right" and mine.drawn.startswith("●○")
    assert not standings(kept)["11-renewal"].opened


def test_a_chapter_is_done_when_every_exercise_is_right():
    assert standings({"chapters": chapter_37(**ALL_RIGHT)})["37-retention"].done


@pytest.mark.parametrize("kept", [[], None, {"chapters": []}, {"chapters": {"37-retention": 3}}, {"chapters": {"37-retention": {"exercises": 1}}},
                                  {"chapters": chapter_37(**{"nrr-last-year": {"status": 5, "tries": "x", "hints": -1, "mistakes": [1]}})}])
def test_what_is_not_as_expected_counts_as_nothing(kept):
    mine = standings(kept)["37-retention"]
    assert mine.right == mine.hints == 0 and not any(item.touched for item in mine.items)


def test_a_reader_sees_chapters_minutes_and_what_comes_next_for_every_role(workspace):
    record(workspace, last="37-retention", chapters=chapter_37(**{"nrr-last-year": {"status": "right", "tries": 1, "hints": 2}}))
    said = "\n".join(report(workspace))
    assert "Retention" in said and "2 hints" in said and "60 min" in said and "exercises right" in said
    for role in ("founder", "product", "marketing", "sales", "customer success", "finance", "analyst"):
        assert f"\n  {role}" in said
    second = next(item.title for item in standings({})["37-retention"].exercises if item.key != "nrr-last-year")
    assert f"37 Retention: go on with “{second}”" in said
    assert (workspace / "map.md").is_file()


def test_a_role_and_a_name_are_remembered_and_a_name_can_be_taken_out(workspace):
    record(workspace, chapters={})
    said = report(workspace, role="Customer-Success", name=" Ann ")
    assert sum(line.startswith("  ") for line in said) == 1
    assert Record("progress", workspace).read() == {"version": 1, "chapters": {}, "role": "customer success", "name": "Ann"}
    report(workspace, name="")
    assert "name" not in Record("progress", workspace).read()


def test_what_is_missing_or_damaged_is_said(workspace, tmp_path_factory):
    with pytest.raises(ValueError, match="playbook lab"):
        report(tmp_path_factory.mktemp("empty"))
    (workspace / ".playbook" / "progress.json").write_text("{damaged")
    with pytest.raises(ValueError, match="damaged"):
        report(workspace)
    (workspace / ".playbook" / "progress.json").write_text("[]")
    with pytest.raises(ValueError, match="damaged"):
        report(workspace)


# ---------------------------------------------------------------- a team

def reader(**facts):
    return {"version": 1, **facts}


SLIP = "Your {mine} is the GRR of those who are still here."
ROOM = {
    "a.json": reader(name="Ann", chapters=chapter_37(**ALL_RIGHT)),
    "b.json": reader(name="Bo", chapters=chapter_37(**{"grr-last-year": {"status": "mistake", "tries": 4, "hints": 2, "mistakes": {SLIP: 3}},
                                                       "nrr-last-year": {"status": "right", "tries": 1}})),
    "c.json": reader(chapters=chapter_37(**{"grr-last-year": {"status": "wrong", "tries": 2, "hints": 3, "solution_seen": True, "mistakes": {SLIP: 1, "Other.": 1}}})),
    "d/progress.json": reader(name="Di", chapters=chapter_37(**{"nrr-last-year": {"status": "wrong", "tries": 1}})),
    "e/.playbook/progress.json": reader(chapters={}),
}


@pytest.fixture
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    for name, kept in ROOM.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(kept))
    return folder


def test_a_team_of_five_shows_where_it_is_stuck(room):
    found = team(room)
    assert [name for name, _ in found.readers] == ["Ann", "Bo", None, "Di", None] and found.skipped == ()
    hardest, second = found.stuck[:2]
    assert (hardest.key, hardest.touched, hardest.right, hardest.tries, hardest.wrong) == ("grr-last-year", 3, 1, 7, 6)
    assert (hardest.hints, hardest.solutions) == (5, 1)
    assert hardest.mistakes == (("Your … is the GRR of those who are still here.", 4), ("Other.", 1))
    assert hardest.who == ("Bo",) and (second.key, second.who) == ("nrr-last-year", ("Di",))
    assert {one.key for one in found.stuck} == set(ALL_RIGHT)


def test_the_roll_up_names_only_those_who_gave_a_name(room):
    said = "\n".join(team_report(room))
    assert said.startswith("5 readers.") and "Ann" in said and "reader 3" in said and "reader 5" in said
    assert "1 of 3 right; 7 tries, 6 wrong, 5 hints, 1 looked at the solution" in said
    assert "Made most (4 times): Your … is the GRR" in said and "gave a name: Bo." in said
    assert said.index("GRR") < said.index("NRR of the last twelve months")


def test_files_that_cannot_be_read_are_named_and_skipped(room):
    for name, content in {"x.json": b"{half", "y.json": b"\xff\xfe\x00", "z.json": b"[1]", "w.json": b'{"chapters": 3}'}.items():
        (room / name).write_bytes(content)
    found = team(room)
    assert len(found.readers) == 5 and [line.split(" ")[0] for line in found.skipped] == ["w.json", "x.json", "y.json", "z.json"]
    assert "x.json is skipped: it is damaged in line 1." in team_report(room)


def test_a_room_where_all_is_right_is_not_stuck(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ROOM["a.json"]))
    assert "Nobody is stuck." in team_report(tmp_path)


def test_a_folder_without_files_says_what_belongs_there(tmp_path):
    with pytest.raises(ValueError, match="progress.json"):
        team(tmp_path)


def test_the_commands_print_the_same(workspace, room):
    from typer.testing import CliRunner

    from helpers.cli import app

    record(workspace, chapters=chapter_37(**ALL_RIGHT))
    one = CliRunner().invoke(app, ["progress", "--workspace", str(workspace), "--role", "analyst"])
    assert one.exit_code == 0 and "analyst" in one.output
    together = CliRunner().invoke(app, ["progress", "--team", str(room)])
    assert together.exit_code == 0 and together.output.startswith("5 readers.")
    wrong = CliRunner().invoke(app, ["progress", "--workspace", str(workspace), "--role", "salse"])
    assert wrong.exit_code == 1 and "Did you mean 'sales'" in wrong.output
    assert progress.align([("a", 1)]) == ["a  1"]
