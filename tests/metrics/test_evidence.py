"""Evidence from talks: what counts, what does not, and tests whose errors are what they say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.metrics.evidence import (
    ANSWERS, Marks, Test, chance_of_finding, error_of, find_then_test, loops_that_fit, most_named, named_unprompted, needs_by_style,
    pass_mark, pays_today, pmf_answers, prompting, run_tests, sample_size, sample_size_two_groups, sequential_marks, signs_of_need, stop_when_ahead,
    urgent, very_disappointed, with_rounds, with_style)
from scipy.stats import binom

TALKS = pd.DataFrame({
    "interview_id": ["open-1", "open-2", "silent", "listed", "both"], "loop": [1, 1, 1, 2, 2],
    "held_on": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-02-01", "2024-02-02"]),
    "segment": ["a", "b", "a", "b", "a"], "pays_today": [500.0, 0.0, np.nan, 900.0, 100.0]})
NAMED = pd.DataFrame(
    [("open-1", "plan", False, 5), ("open-1", "games", False, 1), ("open-2", "plan", False, 3), ("listed", "plan", True, 2),
     ("listed", "games", True, 2), ("listed", "till", True, 4), ("both", "till", False, 5), ("both", "plan", True, 5)],
    columns=["interview_id", "need", "prompted", "urgency"])


# ---------------------------------------------------------------- what people say

def test_a_talk_is_a_list_talk_only_when_nothing_came_unasked():
    assert with_style(TALKS, NAMED)["style"].tolist() == ["open", "open", "open", "list", "open"]


def test_prompted_answers_count_neither_above_nor_below_the_line():
    result = named_unprompted(TALKS, NAMED, "plan")
    assert (result.value, result.n) == (2 / 4, 4)
    assert named_unprompted(TALKS, NAMED, "plan", asked="anyhow").n == 5
    assert named_unprompted(TALKS, NAMED, "till").value == 1 / 4
    assert len(result.rows()) == 4 and result.rows()["yes"].sum() == 2


def test_the_most_named_need_is_taken_and_said_when_none_is_given():
    assert most_named(TALKS, NAMED) == "plan"
    assert "plan" in repr(named_unprompted(TALKS, NAMED))
    tie = NAMED[NAMED["need"] != "plan"]
    assert most_named(TALKS, tie) == "games"


def test_groups_days_and_levels():
    by = named_unprompted(TALKS, NAMED, "plan", by="segment").table
    assert by[["segment", "value", "n"]].values.tolist() == [["a", 1 / 3, 3], ["b", 1.0, 1]]
    assert named_unprompted(TALKS, NAMED, "plan", as_of="2024-01-31").n == 3
    assert named_unprompted(TALKS, NAMED, "plan", level=0.99).low < named_unprompted(TALKS, NAMED, "plan").low


def test_urgent_looks_at_those_who_named_it_unprompted():
    result = urgent(TALKS, NAMED, "plan")
    assert (result.value, result.n) == (1 / 2, 2)
    assert urgent(TALKS, NAMED, "plan", least=3).value == 1
    assert urgent(TALKS, NAMED.assign(urgency=[5, 1, None, 2, 2, 4, 5, 5]), "plan").n == 1


def test_who_pays_today_and_what_empty_means():
    assert (pays_today(TALKS).value, pays_today(TALKS).n) == (3 / 5, 5)
    assert pays_today(TALKS, NAMED, "plan").value == 1 / 2


def test_nothing_to_count_is_undefined_with_a_reason():
    nobody = named_unprompted(TALKS[TALKS["interview_id"] == "listed"], NAMED, "plan")
    assert math.isnan(nobody.value) and nobody.n == 0 and nobody.reason
    only_listed = NAMED[(NAMED["need"] != "plan") | NAMED["prompted"]]
    assert math.isnan(urgent(TALKS, only_listed, "plan").value)
    only_open = prompting(TALKS[TALKS["interview_id"] != "listed"], NAMED)
    assert math.isnan(only_open.value) and "list" in only_open.reason


def test_prompting_counts_the_silent():
    assert prompting(TALKS, NAMED).value == pytest.approx(3 / (5 / 4))
    silent_left_out = TALKS[TALKS["interview_id"] != "silent"]
    assert prompting(silent_left_out, NAMED).value == pytest.approx(3 / (5 / 3))


def test_the_interval_of_prompting_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        openly, listed = rng.binomial(10, 0.2, 40), rng.binomial(10, 0.4, 40)
        count = np.concatenate([openly, listed])
        talks = pd.DataFrame({"interview_id": [f"t{i}" for i in range(80)]})
        rows = [(f"t{i}", f"n{j}", i >= 40) for i in range(80) for j in range(count[i])]
        rows += [(f"t{i}", "n0", True) for i in range(40, 80) if count[i] == 0]
        result = prompting(talks, pd.DataFrame(rows, columns=["interview_id", "need", "prompted"]))
        held += result.low <= 2 <= result.high
    assert 0.90 <= held / 200 <= 0.99


def test_needs_by_style_counts_a_need_once_a_talk():
    table = needs_by_style(TALKS, pd.concat([NAMED, NAMED.iloc[[0]]])).set_index("need")
    assert table.loc["plan", ["open", "n_open", "listed", "n_list", "all"]].tolist() == [2, 4, 1, 1, 3]
    assert table.loc["plan", "share"] == 0.5 and table.index[0] == "plan"
    assert table.loc["plan", "urgency"] == 4 and table.loc["plan", "urgency_list"] == 2


def test_what_was_found_is_tested_on_others():
    found, tested = find_then_test(TALKS, NAMED)
    assert (found.value, found.n) == (2 / 3, 3) and (tested.value, tested.n) == (0.0, 1)
    with pytest.raises(MetricError, match="only one round"):
        find_then_test(TALKS.assign(loop=1), NAMED)
    with pytest.raises(MetricError, match="nothing to test|no need"):
        find_then_test(TALKS, NAMED.assign(prompted=True))


def test_rounds_are_made_where_none_were_numbered():
    assert with_rounds(TALKS)["round"].tolist() == [1, 1, 1, 2, 2]
    assert with_rounds(TALKS.assign(loop=[3, 3, 3, 9, 9]))["round"].tolist() == [1, 1, 1, 2, 2]
    assert with_rounds(TALKS.drop(columns="loop"))["round"].tolist() == [1, 1, 1, 2, 2]


def test_signs_stand_only_when_the_whole_interval_does():
    signs = signs_of_need(TALKS, NAMED)
    assert not signs["met"].any() and signs["need"].eq("plan").all()
    assert signs_of_need(TALKS, NAMED, marks={"named unprompted": 0.1})["met"].tolist() == [True]
    with pytest.raises(MetricError, match="did you mean 'urgent'"):
        signs_of_need(TALKS, NAMED, marks={"urgnt": 0.5})


@pytest.mark.parametrize(("talks", "named", "says"), [
    (TALKS.rename(columns={"interview_id": "interview"}), NAMED, "no column 'interview_id', did you mean 'interview'"),
    (TALKS, NAMED.drop(columns="prompted"), "interview_needs: no column 'prompted'"),
    (pd.concat([TALKS, TALKS.head(1)]), NAMED, "'open-1' stands 2 times"),
    ([1, 2], NAMED, "interviews: a list is no table"),
])
def test_what_stops_counting_is_said(talks, named, says):
    with pytest.raises(MetricError, match=says):
        named_unprompted(talks, named)


def test_unknown_needs_and_variants_name_the_nearest():
    with pytest.raises(MetricError, match="did you mean 'plan'"):
        named_unprompted(TALKS, NAMED, "plans")
    with pytest.raises(MetricError, match="did you mean 'openly'"):
        named_unprompted(TALKS, NAMED, "plan", asked="open")
    with pytest.raises(MetricError, match="no column 'segmnt', did you mean 'segment'"):
        named_unprompted(TALKS, NAMED, "plan", by="segmnt")


def test_polars_tables_are_taken():
    pl = pytest.importorskip("polars")
    assert named_unprompted(pl.DataFrame(TALKS), pl.DataFrame(NAMED), "plan").value == 0.5


# ---------------------------------------------------------------- tests set up before

@pytest.mark.parametrize(("mark", "hoped", "alpha", "power"), [(0.1, 0.2, 0.05, 0.8), (0.2, 0.4, 0.05, 0.9), (0.02, 0.04, 0.1, 0.8), (0.5, 0.8, 0.01, 0.95)])
def test_a_sample_size_keeps_its_errors_and_no_smaller_one_does(mark, hoped, alpha, power):
    test = sample_size(mark, hoped, alpha=alpha, power=power)
    assert test.false_pass <= alpha and test.false_drop <= 1 - power
    assert test.false_pass == pytest.approx(1 - binom.cdf(test.passes - 1, test.n, mark))
    for n in range(1, test.n):
        smaller = pass_mark(n, mark, hoped, alpha=alpha)
        assert smaller.false_drop > 1 - power


def test_known_sizes():
    test = sample_size(0.1, 0.2, alpha=0.05, power=0.8)
    assert (test.n, test.passes) == (78, 13)
    assert (sample_size(0.2, 0.4).n, sample_size(0.2, 0.4).passes) == (35, 12)


def test_a_pass_mark_is_the_lowest_that_does():
    for n in (1, 5, 12, 30, 61):
        test = pass_mark(n, 0.25, 0.5)
        assert binom.sf(test.passes - 1, n, 0.25) <= 0.05 < binom.sf(test.passes - 2, n, 0.25)
    assert pass_mark(1, 0.25, 0.5).passes == 2


def test_two_groups_need_more_than_a_mark():
    assert sample_size_two_groups(0.1, 0.2) == sample_size_two_groups(0.2, 0.1) > sample_size(0.1, 0.2).n


@pytest.mark.parametrize("call", [
    lambda: sample_size(0.2, 0.1), lambda: sample_size(10, 20), lambda: sample_size(0.1, 0.2, alpha=5),
    lambda: pass_mark(0, 0.1, 0.2), lambda: sample_size(0.5, 0.5001, most=500), lambda: sequential_marks(0.5, 0.5)])
def test_impossible_tests_are_refused(call):
    with pytest.raises(MetricError):
        call()


# ---------------------------------------------------------------- looking while it runs

def test_exact_errors_agree_with_simulation():
    test = sample_size(0.2, 0.4)
    for marks in (stop_when_ahead(test), sequential_marks(0.2, 0.4, most=80)):
        for share in (0.2, 0.4):
            answers = np.random.default_rng(7).random((20_000, len(marks.passes))) < share
            seen, (passed, talks) = run_tests(answers, marks), error_of(marks, share)
            assert seen["passed"].mean() == pytest.approx(passed, abs=0.01)
            assert seen["talks"].mean() == pytest.approx(talks, rel=0.02)


def test_one_look_at_the_end_has_the_errors_of_the_test():
    test = pass_mark(30, 0.2, 0.4)
    never = np.full(30, 31)
    never[-1] = test.passes
    marks = Marks(never, np.array([-1] * 29 + [test.passes - 1]))
    assert error_of(marks, 0.2) == pytest.approx((test.false_pass, 30))
    assert error_of(marks, 0.4)[0] == pytest.approx(1 - test.false_drop)


def test_stopping_when_ahead_passes_many_times_too_often_and_wald_does_not():
    test = sample_size(0.2, 0.4)
    assert error_of(stop_when_ahead(test), 0.2)[0] > 5 * test.false_pass
    marks = sequential_marks(0.2, 0.4, most=3 * test.n)
    assert error_of(marks, 0.2)[0] <= 0.05 and error_of(marks, 0.4)[0] >= 0.79
    assert error_of(marks, 0.2)[1] < test.n and error_of(marks, 0.4)[1] < test.n


def test_looks_need_answers():
    with pytest.raises(MetricError, match="too short"):
        run_tests(np.zeros((2, 3)), sequential_marks(0.2, 0.4, most=10))


# ---------------------------------------------------------------- loops

def test_the_scarcer_of_time_and_money_binds():
    given = {"window_weeks": 26, "money": 600_000, "talks_per_week": 12, "weeks_to_build": 3, "cost_per_week": 45_000, "cost_per_talk": 500}
    plan = loops_that_fit(36, **given)
    assert (plan.weeks, plan.cost, plan.by_time, plan.by_money, plan.fit, plan.binds) == (6, 288_000, 4, 2, 2, "money")
    assert loops_that_fit(36, **given | {"money": 1e9}).binds == "time"
    assert loops_that_fit(36, **given | {"cost_per_week": 0, "cost_per_talk": 0}).fit == 4
    for bad in ({"talks_per_week": 0}, {"money": -1}):
        with pytest.raises(MetricError, match=next(iter(bad))):
            loops_that_fit(36, **given | bad)
    with pytest.raises(MetricError, match="no length"):
        loops_that_fit(0, **given | {"weeks_to_build": 0})


def test_a_search_ends_in_one_of_three_ways():
    test = pass_mark(30, 0.2, 0.4)
    ends = chance_of_finding(4, test, good=0.2)
    assert sum(ends.values()) == pytest.approx(1)
    rng, tally = np.random.default_rng(5), {"right": 0, "wrong": 0, "none": 0}
    for _ in range(20_000):
        good = rng.random(4) < 0.2
        passes = rng.random(4) < np.where(good, 1 - test.false_drop, test.false_pass)
        first = passes.argmax()
        tally["none" if not passes.any() else "right" if good[first] else "wrong"] += 1
    for name, share in ends.items():
        assert tally[name] / 20_000 == pytest.approx(share, abs=0.012)
    assert chance_of_finding(0, test, good=0.2)["none"] == 1
    with pytest.raises(MetricError, match="good"):
        chance_of_finding(1, test, good=20)


# ---------------------------------------------------------------- the question of the 40%

def survey():
    return pd.DataFrame({
        "answer": [ANSWERS[0]] * 3 + [ANSWERS[2], ANSWERS[0]], "uses": [5, 2, 1, 9, 9],
        "last_used_on": ["2024-03-10", "2024-03-01", "2024-03-10", "2024-03-10", "2024-02-20"]})


def test_only_those_who_use_it_are_asked():
    result = very_disappointed(survey(), as_of="2024-03-14")
    assert (result.value, result.n) == (2 / 3, 3) and not result.mature
    assert very_disappointed(survey(), everybody=True).n == 5
    assert very_disappointed(survey(), as_of="2024-03-14", least=3).mature
    with pytest.raises(MetricError, match="as_of"):
        very_disappointed(survey())
    with pytest.raises(MetricError, match="did you mean 'very disappointed'"):
        very_disappointed(survey().assign(answer="very dissapointed"), everybody=True)


# ---------------------------------------------------------------- the planted truth

def test_what_a_list_adds_is_found_on_the_case_company():
    _found(load_company())


def test_what_a_list_adds_is_found_on_the_second_company(second_company):
    _found(load_company(second_company))


def _found(company):
    truth = company.truth["prompting"]
    result = prompting(company.table("interviews"), company.table("interview_needs"))
    assert abs(result.value - truth["value"]) <= truth["tolerance"]
    assert result.low <= truth["value"] <= result.high


def test_a_test_says_itself():
    assert repr(Test(10, 5, 0.2, 0.4, 0.03, 0.3)).startswith("ask 10, go on from 5: passes by mistake 3.0%")


# ---------------------------------------------------------------- the question of the forty per cent, from a company's own tables

def asked(*rows):
    """Answers: survey, customer, user, day, score."""
    table = pd.DataFrame(rows, columns=["survey_id", "customer_id", "user_id", "on", "score"])
    return table.assign(on=pd.to_datetime(table["on"]), kind="pmf")


def test_only_what_was_done_before_the_answer_counts():
    surveys = asked(("y1", "c1", "u1", "2024-05-10", 3), ("y2", "c2", "u2", "2024-05-10", 1), ("y3", "c1", "u1", "2024-07-10", 2))
    events = pd.DataFrame({"user_id": ["u1", "u1", "u1", "u9"], "at": pd.to_datetime(["2024-05-01 09:00", "2024-05-10 17:00", "2024-05-11 00:00", "2024-05-01 08:00"])})
    milestones = pd.DataFrame({"customer_id": ["c1", "c1", "c2"], "reached_on": pd.to_datetime(["2024-05-10", "2024-06-01", None])})
    seen = pmf_answers(surveys, events=events, milestones=milestones).set_index("survey_id")
    assert seen["uses"].to_dict() == {"y1": 2, "y2": 0, "y3": 3}
    assert seen["lately"].to_dict() == {"y1": True, "y2": False, "y3": False}
    assert seen["goals"].to_dict() == {"y1": 1, "y2": 0, "y3": 2}
    assert seen["answer"].tolist() == ["very disappointed", ANSWERS[2], ANSWERS[1]]


def test_other_questions_of_a_survey_are_left_out_and_a_strange_score_is_named():
    surveys = pd.concat([asked(("y1", "c1", "u1", "2024-05-10", 3)), asked(("y2", "c1", "u1", "2024-05-10", 9)).assign(kind="nps")])
    assert pmf_answers(surveys)["survey_id"].tolist() == ["y1"]
    with pytest.raises(MetricError, match="score 9 is none of"):
        pmf_answers(surveys.assign(kind="pmf"))


@pytest.mark.parametrize("company", ["case", "second"])
def test_those_who_use_it_would_miss_it_as_planted(company, request):
    company = load_company() if company == "case" else load_company(request.getfixturevalue("second_company"))
    seen = pmf_answers(company.surveys, milestones=company.milestones)
    for key, rows in (("would_miss", seen), ("would_miss_active", seen[seen["goals"] == seen["goals"].max()])):
        if key in company.truth:
            found = very_disappointed(rows, everybody=True, level=0.999)
            assert found.low <= company.truth[key]["value"] <= found.high and found.high - found.low < 0.25, key


def test_a_list_that_was_written_down_needs_no_guess():
    talks = pd.DataFrame({"interview_id": ["a", "b"], "list_shown": [True, False]})
    named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, True]})
    assert with_style(talks, named)["style"].tolist() == ["list", "open"]
    assert with_style(talks.assign(list_shown=False), named)["style"].tolist() == ["open", "list"]
