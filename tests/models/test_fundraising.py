"""The first money plan: closed forms, the round it asks for, what a round sells."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.models.fundraising import (
    CashPlan,
    ask,
    cash_ahead,
    cash_draws,
    founders_keep,
    growth_cases,
    proofs,
    stop_month,
    worth,
)
from hypothesis import given
from hypothesis import strategies as st

money = st.floats(0, 1e7)
growth = st.floats(-0.2, 0.3)


@given(cash=money, costs=money, receipts=money, c=growth, g=growth)
def test_the_balance_is_a_geometric_sum(cash, costs, receipts, c, g):
    path = cash_ahead(CashPlan(cash=cash, costs=costs, receipts=receipts, costs_growth=c, receipts_growth=g))

    def total(first, rate):
        return first * 24 if abs(rate) < 1e-12 else first * (1 + rate) * ((1 + rate) ** 24 - 1) / rate

    assert path.cash[-1] == pytest.approx(cash + total(receipts, g) - total(costs, c), rel=1e-6, abs=1e-2)


@given(cash=money, costs=st.floats(1e4, 1e6), c=st.floats(0, 0.2))
def test_with_its_round_the_plan_keeps_its_reserve(cash, costs, c):
    plan = CashPlan(cash=cash, costs=costs, costs_growth=c)
    need = ask(plan)
    helped = cash_ahead(replace(plan, cash=cash + need.amount))
    assert helped.cash.min() >= need.reserve - 1e-3
    if need.amount:
        assert helped.cash.min() == pytest.approx(need.reserve, abs=1e-3)


def test_when_to_begin_is_before_the_money_is_gone():
    need = ask(CashPlan(cash=1200, costs=100), months_to_raise=6)
    assert (need.out_month, need.begin_month) == (12, 6)


def test_a_month_to_begin_that_has_passed_is_negative():
    assert ask(CashPlan(cash=300, costs=100)).begin_month == -3


def test_a_plan_that_lasts_asks_for_nothing():
    need = ask(CashPlan(cash=1e6, costs=100, receipts=100))
    assert need.amount == 0 and math.isnan(need.out_month) and math.isnan(need.begin_month)
    assert need.sells(1e6) == 0


def test_hires_are_paid_from_their_month_on():
    path = cash_ahead(CashPlan(cash=0, costs=10, hires=((3, 2, 5.0),)))
    assert path.costs[:4].tolist() == [10, 10, 20, 20]


def test_the_draws_lie_around_the_plan_and_widen():
    plan = CashPlan(cash=1e6, costs=5e4, costs_growth=0.05, costs_spread=0.02)
    draws = cash_draws(plan, rng=np.random.default_rng(5), draws=4000)
    assert np.median(draws.cash[-1]) == pytest.approx(cash_ahead(plan).cash[-1], rel=0.03)
    wide = np.quantile(draws.cash, 0.9, axis=1) - np.quantile(draws.cash, 0.1, axis=1)
    assert (np.diff(wide) > 0).all()
    assert draws.out_month.shape == (4000,)


def test_faster_hiring_asks_for_more_and_sooner():
    cases = [ask(case) for case in growth_cases(CashPlan(cash=2e6, costs=2e5, receipts=1e4, costs_growth=0.06)).values()]
    assert [case.amount for case in cases] == sorted(case.amount for case in cases)
    assert [case.begin_month for case in cases] == sorted((case.begin_month for case in cases), reverse=True)


def test_what_rounds_leave_is_a_product_and_not_a_sum():
    assert founders_keep([]) == 1
    assert founders_keep([(4, 16), (18, 72), (60, 260)]) == pytest.approx(0.8 * 0.8 * 0.8125)


def test_the_last_month_for_an_orderly_end():
    plan = CashPlan(cash=1000, costs=100, costs_growth=0.1)
    month = stop_month(plan)
    path = cash_ahead(plan)
    assert path.cash[int(month) - 1] >= 3 * path.costs[int(month) - 1]
    assert path.cash[int(month)] < 3 * path.costs[int(month)]
    assert stop_month(CashPlan(cash=200, costs=100)) == 0
    assert math.isnan(stop_month(CashPlan(cash=1e6, costs=1)))


def test_a_round_that_waits_is_worth_what_renewal_makes_of_it():
    assert worth(10e6, renewal=0.71) == 5 * worth(10e6, renewal=0.69)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"costs": -1}, "costs is -1"), ({"costs_growth": 8}, "0.08 for 8 percent"), ({"hires": ((0, 1, 1),)}, "month from 1 to 24"),
])
def test_impossible_plans_are_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        CashPlan(**{"cash": 1.0, "costs": 1.0, **wrong})


def test_every_proof_says_whose_it_is():
    assert all(set(one) == {"name", "stage", "proves", "measured_by", "buys", "source"} and "ours" in one["source"] for one in proofs())
    assert [one["stage"] for one in proofs()] == [1, 2, 3, 4]
