"""Hints, solutions, decisions, drivers, and the record that a reader keeps."""

from __future__ import annotations

import datetime as dt
import json
import threading
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers.course import lesson as module
from helpers.course.exercises import Criterion, Exercise, Mistake, Option, Quiz
from helpers.course.lesson import Lesson
from helpers.course.record import Record, workspace
from helpers.course.workspace import WorkspaceError


def right_share(company):
    return 0.825


EXERCISES = [Exercise(key="share", title="The share", kind="number", unit="share", solution=right_share,
                      mistakes=[Mistake(1.1, "Survivors.")], hints=["First.", "Second."])]
QUIZZES = [Quiz("idea", "Which?", [Option("this", True, "Because."), Option("that", False, "It is not.")])]


@pytest.fixture
def shown(monkeypatch):
    things = []
    monkeypatch.setattr(module, "_display", things.append)
    return things


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / ".playbook").mkdir()
    company = SimpleNamespace(name="Tiny", currency="CNY", as_of=dt.date(2025, 12, 31), has=lambda table: True)
    return Lesson("37-retention", company, SimpleNamespace(EXERCISES=EXERCISES, QUIZZES=QUIZZES), tmp_path)


def progress(lesson):
    return json.loads((lesson.folder / ".playbook" / "progress.json").read_text())["chapters"]["37-retention"]["exercises"]


def test_check_says_and_records(lesson, shown):
    for answer in (..., 1.1, 0.825, 0.5):
        lesson.check("share", answer)
    assert [note.status for note in shown] == ["open", "mistake", "right", "wrong"]
    kept = progress(lesson)["share"]
    assert (kept["status"], kept["tries"], kept["wrong"], kept["mistakes"]) == ("right", 3, 2, {"Survivors.": 1})
    assert (lesson.folder / "map.md").is_file()


def test_hints_come_one_by_one_and_the_last_stays(lesson, shown):
    for _ in range(3):
        lesson.hint("share")
    assert [note.text for note in shown] == ["First.", "Second.", "Second."]
    assert progress(lesson)["share"]["hints"] == 2


def test_the_solution_shows_its_source_and_what_it_gives(lesson, shown):
    lesson.solution("share")
    assert "def right_share(company):" in shown[0].text and "82.5%" in shown[0].text


def test_the_solution_of_a_judgement_is_our_reading_of_each_point(lesson, shown):
    points = [Criterion("A", "says n", True, "It does"), Criterion("B", "decides", False, "It does not")]
    judged = Exercise(key="judged", title="t", kind="judgement", solution=lambda company: "A", worked=lambda company: "An answer.", rubric=points)
    lesson.module = SimpleNamespace(EXERCISES=[judged], QUIZZES=[])
    lesson.worked("judged")
    lesson.solution("judged")
    assert "An answer." in shown[0].text and "B, not met: decides. It does not" in shown[1].text


def test_an_unknown_key_says_that_the_copy_is_older_and_is_no_traceback_in_check(lesson, shown):
    lesson.check("shar", 1)
    assert "older" in shown[0].text and "'share'" in shown[0].text
    with pytest.raises(KeyError, match="older"):
        lesson.hint("shar")


def test_a_quiz_is_shown_and_answered(lesson, shown):
    lesson.quiz("idea")
    lesson.quiz("idea", "b")
    lesson.quiz("idea", "z")
    assert "<details" in shown[0]._repr_html_() and "Because." in shown[0]._repr_html_()
    assert [shown[1].text, shown[2].status] == ["It is not.", "open"]


def test_a_decision_waits_until_it_is_whole_and_is_kept_then(lesson, shown):
    lesson.decide("Which?", choice="this", numbers={"share": 0.825})
    assert "because, owner, prediction, due" in str(shown[0])
    assert not (lesson.folder / ".playbook" / "decisions.json").exists()
    lesson.decide("Which?", choice="this", because="so", owner="Ann", measure="nrr", prediction=0.9, due="2026-06-30")
    kept = json.loads((lesson.folder / ".playbook" / "decisions.json").read_text())["37-retention"][0]
    assert (kept["prediction"], kept["due"], kept["as_of"]) == (0.9, "2026-06-30", "2025-12-31")
    with pytest.raises(ValueError):
        lesson.decide("Which?", choice="this", because="so", owner="Ann", prediction=0.9, due="next summer")


@pytest.fixture
def effect(monkeypatch):
    """The plan itself has its own tests; here only what it is asked."""
    import helpers.course.plan

    monkeypatch.setattr(helpers.course.plan, "plan_effect",
                        lambda before, after, company: f"{len(before.get('drivers', {}))} to {len(after['drivers'])} drivers")


def test_a_driver_is_written_for_each_group(lesson, shown, effect):
    result = SimpleNamespace(unit="share", table=pd.DataFrame({"size": ["small", "large"], "value": [0.7, 0.9], "low": [0.6, 0.8],
                                                               "high": [0.8, 1.0], "n": [50, 20], "mature": True, "reason": ""}))
    lesson.drive("renewal", result)
    lesson.drive("price", 12_000, low=10_000, high=15_000, unit="money", guess=True)
    drivers = json.loads((lesson.folder / ".playbook" / "plan.json").read_text())["drivers"]
    assert drivers["renewal.small"]["value"] == 0.7 and not drivers["renewal.large"]["guess"]
    assert "0 to 2 drivers" in str(shown[0]) and "2 to 3 drivers" in str(shown[1])
    assert drivers["price"]["guess"] and "CNY 12,000 (CNY 10,000 to CNY 15,000)" in str(shown[1])


def test_nothing_is_recorded_outside_a_workspace(lesson, shown, effect, tmp_path):
    away = Lesson(lesson.name, lesson.company, lesson.module, None)
    away.check("share", 0.825)
    away.drive("price", 1.0)
    assert not list((tmp_path / ".playbook").iterdir())


def test_the_workspace_is_found_from_a_folder_below_it(tmp_path):
    (tmp_path / ".playbook").mkdir()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert workspace(deep) == tmp_path


def test_two_notebooks_may_write_at_once(tmp_path):
    (tmp_path / ".playbook").mkdir()
    record = Record("progress", tmp_path)

    def count():
        for _ in range(25):
            record.change(lambda data: data.update(n=data.get("n", 0) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert record.read() == {"n": 100}
    assert [path.name for path in (tmp_path / ".playbook").iterdir()] == ["progress.json"]


def test_a_company_is_found_by_path_or_by_name_from_a_notebook(tmp_path, monkeypatch):
    mine = tmp_path / "companies" / "mine"
    mine.mkdir(parents=True)
    (mine / "company.yaml").write_text("name: Mine")
    monkeypatch.chdir(tmp_path / "companies")
    assert module._company_of_mine("companies/mine", tmp_path) == mine
    assert module._company_of_mine("mine", tmp_path) == "mine"
    monkeypatch.chdir(tmp_path)
    assert module._company_of_mine("mine", tmp_path) == mine.resolve()
    assert module._company_of_mine(None, tmp_path) is None
    with pytest.raises(WorkspaceError, match="company.yaml in yours"):
        module._company_of_mine("yours", tmp_path)


def test_a_damaged_record_is_left_alone_and_said(tmp_path):
    (tmp_path / ".playbook").mkdir()
    file = tmp_path / ".playbook" / "progress.json"
    file.write_text('{"version": 1')
    with pytest.raises(ValueError, match="damaged"):
        Record("progress", tmp_path).change(lambda data: data.update(a=1))
    assert file.read_text() == '{"version": 1'
