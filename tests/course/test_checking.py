"""The four answers of `check`, and that nothing a reader hands in ends in a traceback."""

from __future__ import annotations

from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from helpers.company import load_company
from helpers.course.checking import as_number, judge
from helpers.course.exercises import Criterion, Exercise, Mistake, Option, Quiz, load_exercises

COMPANY = SimpleNamespace(name="Tiny", currency="CNY", has=lambda table: table != "leads")


def number(right=0.825, unit="share", **more):
    return Exercise(key="a-number", title="A number", kind="number", unit=unit, solution=lambda company: right,
                    mistakes=[Mistake(lambda company: 1.10, "You left the lost out: {mine} for {right}, {gap}.")], **more)


@pytest.mark.parametrize("answer", [..., None, "", " ... "])
def test_a_placeholder_is_not_an_answer(answer):
    assert judge(number(), answer, COMPANY).status == "open"


@pytest.mark.parametrize("answer", [0.825, "82.5%", "0.825", np.float64(0.8252), pd.Series([0.825]), pd.DataFrame({"x": [0.825]}),
                                    [0.825], SimpleNamespace(value=0.825)])
def test_right_in_whatever_wrapping(answer):
    assert judge(number(), answer, COMPANY).status == "right"


def test_a_known_mistake_is_named_with_its_figures():
    verdict = judge(number(), 1.10, COMPANY)
    assert (verdict.status, verdict.mistake) == ("mistake", 0)
    assert verdict.message == "You left the lost out: 110.0% for 82.5%, +27.5 points."


@pytest.mark.parametrize("answer, words", [
    (82.5, "percentage"), (-0.825, "sign"), (0.175, "other side"), (0.825 / 12, "a month where a year"),
    (0.825 * 12, "a year where a month"), (0.00825, "hundredth")])
def test_slips_of_unit_and_sign_are_recognised(answer, words):
    verdict = judge(number(), answer, COMPANY)
    assert verdict.status == "mistake" and verdict.mistake is None and words in verdict.message


@pytest.mark.parametrize("answer, words", [(1200, "thousandth"), (1.2, "millions"), (120_000_000, "hundred times")])
def test_slips_of_money(answer, words):
    verdict = judge(number(1_200_000, "money"), answer, COMPANY)
    assert verdict.status == "mistake" and words in verdict.message


def test_a_wrong_number_is_told_what_was_right_about_it():
    verdict = judge(number(), 0.80, COMPANY)
    assert verdict.status == "wrong"
    assert "within a tenth" in verdict.message and "is larger" in verdict.message


def test_another_legitimate_definition_is_right_and_named():
    exercise = number(accepts={"chained months": lambda company: 0.7697})
    assert "chained months" in judge(exercise, 0.7697, COMPANY).message
    assert judge(exercise, 0.7697, COMPANY).status == "right"


def test_a_mistake_that_equals_the_right_answer_on_this_company_is_right():
    exercise = Exercise(key="same", title="t", kind="number", unit="share", solution=lambda company: 0.5,
                        mistakes=[Mistake(lambda company: 0.5, "never said")])
    assert judge(exercise, 0.5, COMPANY).status == "right"


def test_a_missing_table_is_said_and_is_not_an_error():
    verdict = judge(number(needs=("leads",)), 0.8, COMPANY)
    assert verdict.status == "open" and "leads" in verdict.message


def choice():
    return Exercise(key="a-choice", title="t", kind="choice", choices=("yearly", "prepaid", "monthly"), solution=lambda company: "yearly",
                    mistakes=[Mistake("prepaid", "The signal is lost.")])


@pytest.mark.parametrize("answer, status", [("Yearly ", "right"), ("prepaid", "mistake"), ("monthly", "wrong"), ("yearlly", "wrong"), (3, "wrong")])
def test_choices(answer, status):
    assert judge(choice(), answer, COMPANY).status == status


def test_a_misspelt_choice_is_met_with_the_nearest_one():
    assert "Did you mean 'yearly'" in judge(choice(), "yearlly", COMPANY).message


def text_choice():
    return Exercise(key="a-text", title="t", kind="text choice", solution=lambda company: "The lost ones have left.",
                    choices=("Nobody changed.", "The lost ones have left.", "All grew loyal."), mistakes=[Mistake("All grew loyal.", "Sorting is enough.")])


@pytest.mark.parametrize("answer, status", [("b", "right"), ("B)", "right"), ("the lost ones have left.", "right"), ({"b"}, "right"), ("c", "mistake"),
                                            ("a", "wrong"), ("z", "wrong"), (2, "wrong")])
def test_text_choices_are_answered_by_letter_or_by_text(answer, status):
    assert judge(text_choice(), answer, COMPANY).status == status


def test_a_text_choice_shows_what_can_be_chosen():
    assert "b) The lost ones have left." in judge(text_choice(), ..., COMPANY).message


def judgement():
    return Exercise(key="a-judgement", title="t", kind="judgement", solution=lambda company: "AC", worked=lambda company: "An answer.",
                    rubric=[Criterion("A", "names it", True, "first line"), Criterion("B", "says n", False, "no n"),
                            Criterion("C", "decides", True, "last line")], mistakes=[Mistake("ABC", "There is no n in it.")])


@pytest.mark.parametrize("answer, status", [("AC", "right"), ({"c", "a"}, "right"), ("A, C", "right"), ("ABC", "mistake"), ("A", "wrong"),
                                            ("I think it is fine", "wrong"), ("Z", "wrong")])
def test_judgements(answer, status):
    assert judge(judgement(), answer, COMPANY).status == status


RIGHT_TABLE = pd.DataFrame({"size": ["small", "mid", "large"], "nrr": [0.8, 0.95, 1.1]})


def table():
    return Exercise(key="a-table", title="t", kind="table", unit="share", keys=("size",), solution=lambda company: RIGHT_TABLE,
                    mistakes=[Mistake(lambda company: RIGHT_TABLE.assign(nrr=[1.0, 1.1, 1.2]), "Survivors only.")])


@pytest.mark.parametrize("change", [
    lambda t: t, lambda t: t[["nrr", "size"]], lambda t: t.iloc[::-1], lambda t: t.set_index("size"), lambda t: t.assign(extra=1),
    lambda t: t.astype({"size": "category"}), lambda t: t.to_dict("records"), lambda t: t.set_index("size")["nrr"]])
def test_a_table_is_right_in_other_orders_dtypes_and_wrappings(change):
    assert judge(table(), change(RIGHT_TABLE), COMPANY).status == "right"


def test_a_wrong_table_says_how_many_rows_agree_and_which_does_not():
    verdict = judge(table(), RIGHT_TABLE.assign(nrr=[0.8, 0.5, 1.1]), COMPANY)
    assert verdict.status == "wrong" and "2 of 3 rows agree" in verdict.message and "mid differs" in verdict.message
    assert "no column 'nrr'" in judge(table(), RIGHT_TABLE[["size"]], COMPANY).message
    assert judge(table(), RIGHT_TABLE.assign(nrr=[1.0, 1.1, 1.2]), COMPANY).mistake == 0
    assert "rows too many" in judge(table(), pd.concat([RIGHT_TABLE, RIGHT_TABLE.assign(size=list("abc"))]), COMPANY).message


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers(),
                     st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
                     st.just(object()), st.just(print), st.just(pd.DataFrame()), st.just(np.array([[1, 2]])))


@given(ANYTHING)
def test_never_a_traceback(answer):
    for exercise in (number(), choice(), text_choice(), judgement(), table()):
        assert judge(exercise, answer, COMPANY).status in ("open", "right", "mistake", "wrong")


@pytest.mark.parametrize("answer", ["about four", True, [1, 2], {}])
def test_what_is_not_a_number_is_refused_with_words(answer):
    with pytest.raises((TypeError, ValueError)):
        as_number(answer)
    assert judge(number(), answer, COMPANY).status == "wrong"


def test_an_exercise_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="words joined by hyphens"):
        Exercise(key="q1", title="t", kind="number", solution=len)
    with pytest.raises(ValueError, match="kind"):
        Exercise(key="q", title="t", kind="essay", solution=len)
    with pytest.raises(ValueError, match="rubric"):
        Exercise(key="q", title="t", kind="judgement", solution=len)
    with pytest.raises(ValueError, match="no right option"):
        Quiz("q", "?", [Option("a", False, "no")])


def test_a_key_used_twice_is_refused(tmp_path):
    file = tmp_path / "exercises.py"
    file.write_text("from helpers.course import Exercise\n"
                    "EXERCISES = [Exercise(key='same', title='t', kind='number', solution=len)] * 2\n")
    with pytest.raises(ValueError, match="'same' is used twice"):
        load_exercises(file)


def test_choices_may_depend_on_the_company():
    company = load_company()
    exercise = Exercise(key="one-of-them", title="t", kind="choice", choices=lambda company: sorted(company.customers["industry"].astype(str).unique()),
                        solution=lambda company: company.customers["industry"].astype(str).mode()[0],
                        mistakes=[Mistake(lambda company: company.customers["industry"].astype(str).value_counts().index[-1], "The rarest.")])
    kinds = company.customers["industry"].astype(str).value_counts().index
    assert judge(exercise, kinds[0], company).status == "right"
    assert judge(exercise, kinds[-1], company).status == "mistake"
    assert "not among the choices" in judge(exercise, "submarines", company).message
    assert kinds[1] in judge(exercise, "submarines", company).message


def test_a_slip_can_say_how_far_it_is_off_in_words():
    exercise = Exercise(key="how-far", title="t", kind="number", unit="share", solution=lambda company: 0.5,
                        mistakes=[Mistake(0.3, "Yours is {off} {side}; mine less right is {gap}.")])
    assert judge(exercise, 0.3, None).message == "Yours is 20.0 points too low; mine less right is -20.0 points."
