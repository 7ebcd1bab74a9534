"""Every exercise of every chapter: its solution is right, each known mistake is named, a placeholder is no error.

On the case company each mistake must be told from the right answer; on the second company, where a mistake may give the right
figure by chance, it must be named or be right.
"""

from __future__ import annotations

import pytest

from helpers.chapters import chapters
from helpers.company import load_company
from helpers.course.checking import judge
from helpers.course.exercises import load_exercises

WRITTEN = [chapter for chapter in chapters() if chapter.text.is_file()]
EXERCISES = [(chapter, exercise) for chapter in WRITTEN for exercise in load_exercises(chapter.exercises).EXERCISES]
NAMES = [f"{chapter.name}/{exercise.key}" for chapter, exercise in EXERCISES]


def given(source, company):
    return source(company) if callable(source) else source


@pytest.fixture(scope="session", params=["case", "second"])
def company(request):
    if request.param == "case":
        return load_company()
    return load_company(request.getfixturevalue("second_company"))


def test_there_are_chapters_with_enough_exercises():
    assert WRITTEN
    for chapter in WRITTEN:
        module = load_exercises(chapter.exercises)
        assert chapter.board or len(module.EXERCISES) >= 6, chapter.name
        assert len(module.QUIZZES) >= 2, chapter.name
        assert any(exercise.kind == "judgement" for exercise in module.EXERCISES), chapter.name


@pytest.mark.parametrize("chapter, exercise", EXERCISES, ids=NAMES)
def test_placeholder_solution_mistakes(chapter, exercise, company):
    assert judge(exercise, ..., company).status == "open"
    verdict = judge(exercise, exercise.solution(company), company)
    assert verdict.status == "right", verdict.message
    for fn in exercise.accepts.values():
        assert judge(exercise, fn(company), company).status == "right"
    for place, mistake in enumerate(exercise.mistakes):
        verdict = judge(exercise, given(mistake.gives, company), company)
        told = verdict.status == "mistake" and exercise.mistakes[verdict.mistake].says == mistake.says
        chance = not company.folder.name == "lanternfish" and verdict.status in ("right", "mistake")
        assert told or chance, f"mistake {place}: {verdict}"
        assert "{" not in verdict.message


@pytest.mark.parametrize("chapter, exercise", EXERCISES, ids=NAMES)
def test_every_exercise_is_asked_helped_and_can_be_got_wrong(chapter, exercise):
    text = chapter.text.read_text(encoding="utf-8")
    assert f'lesson.check("{exercise.key}",' in text
    assert exercise.mistakes and exercise.hints and exercise.title


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.name)
def test_every_quiz_is_shown_and_every_check_known(chapter):
    import re

    text, module = chapter.text.read_text(encoding="utf-8"), load_exercises(chapter.exercises)
    for quiz in module.QUIZZES:
        assert f'lesson.quiz("{quiz.key}")' in text
    asked = set(re.findall(r'lesson\.check\("([\w-]+)"', text))
    assert asked == {exercise.key for exercise in module.EXERCISES}
