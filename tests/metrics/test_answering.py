"""The check of two in four, and what hours of waiting cost."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.answering import (
    bant_points,
    by_hours,
    example_answers,
    gain_of_promise,
    half_life,
    share_that_passes,
    with_hours,
    worth_of_waiting,
)
from helpers.metrics.errors import MetricError


def leads(*rows):
    return pd.DataFrame(rows, columns=["budget", "authority", "need", "timing"]).astype("boolean")


def test_points_count_what_holds_and_know_who_was_not_asked():
    table = leads((True, True, True, True), (True, False, None, True), (False,) * 4, (None,) * 4)
    assert bant_points(table).tolist()[:3] == [4, 2, 0] and math.isnan(bant_points(table).iloc[3])
    passed = share_that_passes(table)
    assert passed.value == pytest.approx(2 / 3) and passed.n == 3
    assert share_that_passes(table, least=4).value == pytest.approx(1 / 3)
    assert math.isnan(share_that_passes(table.iloc[3:]).value) and "nobody" in share_that_passes(table.iloc[3:]).reason
    with pytest.raises(MetricError, match="'timing' is missing"):
        bant_points(table.drop(columns="timing"))


def answers(true, n=20_000, seed=6):
    rng = np.random.default_rng(seed)
    hours = rng.exponential(25, n)
    size = rng.choice(["small", "mid"], n, p=[0.7, 0.3])
    chance = np.where(size == "small", 0.3, 0.6) * 2 ** (-hours / true)
    return pd.DataFrame({"hours": hours, "size": size, "year": 2024, "qualified": rng.random(n) < chance})


@pytest.mark.parametrize("true", [20.0, 60.0])
def test_the_half_life_is_found(true):
    found = half_life(answers(true))
    assert found.low < true < found.high and found.value == pytest.approx(true, rel=0.12)
    assert found.n == 20_000


def test_rounding_and_counting_change_nothing_against_a_row_for_each_lead():
    import statsmodels.api as sm

    rows = answers(40.0, n=4000)
    design = pd.get_dummies(rows["size"], dtype=float).assign(hours=rows["hours"])
    fit = sm.GLM(rows["qualified"].astype(float), design, family=sm.families.Poisson()).fit(cov_type="HC0")
    found = half_life(rows)
    assert found.value == pytest.approx(-math.log(2) / fit.params["hours"], rel=0.01)
    assert found.low == pytest.approx(-math.log(2) / (fit.params["hours"] - 1.96 * fit.bse["hours"]), rel=0.02)


def test_fast_answers_to_bad_leads_hide_what_waiting_costs():
    slow = answers(40.0).assign(mode="inbound")
    fast = slow.sample(8000, random_state=1).assign(mode="outbound", hours=lambda t: t["hours"] / 20)
    fast["qualified"] = np.random.default_rng(2).random(len(fast)) < 0.1
    assert half_life(pd.concat([slow, fast]), equal=()).value > 1.5 * half_life(slow).value


def test_no_harm_no_half_life():
    rows = example_answers().assign(qualified=lambda t: t["hours"] > 10)
    found = half_life(rows, equal=())
    assert math.isnan(found.value) and found.reason
    with pytest.raises(MetricError, match="half-life"):
        gain_of_promise([1.0], promise=1, half_life=float("nan"))


def test_a_promise_gains_nothing_where_nobody_waits_and_most_where_many_do():
    assert gain_of_promise([0.1, 0.2], promise=1, half_life=40) == pytest.approx(0)
    gains = [gain_of_promise([1, 30, 90], promise=h, half_life=40) for h in (0, 1, 24, 100)]
    assert gains == sorted(gains, reverse=True) and gains[-1] == 0
    assert gain_of_promise([1, 30, 90], promise=1, half_life=40, kept=0.5) == pytest.approx(gains[1] / 2)
    assert gain_of_promise([30, 30], promise=0, half_life=30) == pytest.approx(1)


def test_the_mean_wait_promises_too_much():
    hours = np.array([0.0, 100.0])
    assert 2 ** (hours.mean() / 40) - 1 > gain_of_promise(hours, promise=0, half_life=40)


def test_only_answered_leads_have_hours():
    path = pd.DataFrame({"lead": pd.to_datetime(["2025-01-01 10:00"] * 2), "answered": pd.to_datetime(["2025-01-01 11:30", None]),
                         "MQL": pd.to_datetime([None, None])})
    assert with_hours(path)["hours"].tolist() == [1.5]
    with pytest.raises(MetricError, match="no lead has an answer"):
        with_hours(path.assign(answered=pd.NaT))


def test_classes_of_waiting_hold_everybody():
    seen = by_hours(answers(40.0))
    assert seen["n"].sum() == 20_000 and seen["value"].is_monotonic_decreasing
    assert ((seen["low"] < seen["value"]) & (seen["value"] < seen["high"])).all()


def test_worth_of_waiting_restores_what_waiting_took():
    rows = pd.DataFrame({"size": ["small"] * 2, "hours": [40.0, 40.0], "amount": [100.0, 0.0]})
    seen = worth_of_waiting(rows, half_life=40).iloc[0]
    assert seen["worth"] == 50 and seen["fresh"] == 100 and seen["an_hour"] == pytest.approx(100 * (1 - 2 ** (-1 / 40)))


def test_the_planted_half_life_is_found_on_the_case():
    from helpers.company import load_company
    from helpers.sales import path_of

    case = load_company()
    rows = with_hours(path_of(case))
    truth = case.truth["answer_half_life"]
    assert half_life(rows[rows["mode"] == "inbound"]).value == pytest.approx(truth["value"], abs=truth["tolerance"])
