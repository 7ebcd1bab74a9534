"""Burn and runway: the arithmetic of a bank statement, and the readings that mislead."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.metrics.runway import growth_of, monthly_burn, runway, runway_readings
from hypothesis import given
from hypothesis import strategies as st


def book(balances, start="2024-01-01"):
    """A table of cash."""
    return pd.DataFrame({"month": pd.date_range(start, periods=len(balances), freq="MS"), "balance": np.asarray(balances, float)})


def rounds(*pairs):
    """A table of rounds."""
    return pd.DataFrame({"on": pd.to_datetime([day for day, _ in pairs]), "amount": [float(amount) for _, amount in pairs]})


def test_a_round_is_no_income():
    seen = monthly_burn(book([100, 70, 240, 200]), rounds(("2024-03-20", 200)))
    assert seen["burn"].tolist() == [30, 30, 40]
    assert seen["raised"].tolist() == [0, 200, 0]


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=30), st.lists(st.integers(0, 300), min_size=30, max_size=30))
def test_the_statement_closes(burns, raised):
    months = pd.date_range("2020-01-01", periods=len(burns) + 1, freq="MS")
    raised = raised[:len(burns)]
    balances = 1000 + np.concatenate([[0], np.cumsum(np.array(raised) - np.array(burns))])
    table = monthly_burn(book(balances, "2020-01-01"), pd.DataFrame({"on": months[1:], "amount": raised}))
    assert table["burn"].tolist() == burns
    assert (table["opening"] + table["raised"] - table["burn"] == table["closing"]).all()


def test_runway_is_what_is_left_over_the_mean_burn():
    assert runway(book([100, 90, 80, 70])).value == 7
    assert runway(book([100, 90, 70, 60]), months=1).value == 6


def test_its_interval_holds_it_and_widens_with_the_spread():
    calm, wild = runway(book([200, 180, 161, 140])), runway(book([200, 185, 165, 140]))
    assert calm.value == wild.value == 7
    assert wild.low < calm.low < 7 < calm.high < wild.high


def test_no_burn_has_no_runway_and_says_why():
    seen = runway(book([100, 110, 120, 130]))
    assert math.isnan(seen.value) and "nothing is burnt" in seen.reason


def test_an_empty_account_lasts_no_month():
    assert runway(book([30, 20, 10, 0])).value == 0


@pytest.mark.parametrize(("table", "said"), [
    (book([1, 2]).drop(columns="balance"), "no column 'balance'"),
    (pd.concat([book([1, 2]), book([3])]), "2024-01 twice"),
    (book([1, 2, 3]).drop(index=1), "no month 2024-02"),
])
def test_a_bad_table_is_named(table, said):
    with pytest.raises(MetricError, match=said):
        monthly_burn(table)


def test_too_few_months_are_named():
    with pytest.raises(MetricError, match="burn of 2 months, and 3"):
        runway(book([3, 2, 1]))


def test_a_growing_burn_ends_sooner_and_is_the_sum_of_its_months():
    burns = 10 * 1.2 ** np.arange(12)
    table = book(np.concatenate([[1000], 1000 - np.cumsum(burns)]))
    seen = runway_readings(table).set_index("reading")["months"]
    left, months, burn = table["balance"].iloc[-1], 0, burns[-1]
    while left > (burn := burn * 1.2):
        left, months = left - burn, months + 1
    assert seen["burn that goes on growing"] == pytest.approx(months + left / burn, abs=0.05)
    assert seen["burn that goes on growing"] < seen["net burn, last month"] < seen["net burn, last year"]


def test_the_naive_readings_are_kinder_than_the_truth():
    balances = [50, 1000, *np.arange(950, 440, -50)]
    seen = runway_readings(book(balances), rounds(("2024-02-10", 1000))).set_index("reading")
    assert seen.loc["net burn, three months", "months"] == pytest.approx(balances[-1] / 50)
    assert seen.loc["net burn, last year", "months"] == pytest.approx(balances[-1] / 50)
    assert seen.loc["round left in the burn", "months"] > seen.loc["net burn, three months", "months"]
    assert seen.loc["round counted twice", "months"] == pytest.approx((balances[-1] + 1000) / 50)
    assert seen["legitimate"].sum() == 4 and len(seen) == 6


def test_growth_is_found_and_a_zero_has_none():
    assert growth_of([0.0, 5.0]) == (2.5, 0.0)
    assert growth_of(100 * 0.9 ** np.arange(8))[1] == pytest.approx(-0.1)


def test_the_case_company_in_the_winter_before_its_second_round():
    """case-company.md: 4 m raised in February 2020, 1.5 m left at the end of the year, 18 m in March 2021."""
    then = load_company().as_it_stood("2020-12-31")
    assert 3 < runway(then.cash, then.funding_rounds).value < 6
    seen = runway_readings(then.cash, then.funding_rounds, costs=then.costs).set_index("reading")["months"]
    assert seen["burn that goes on growing"] < seen["net burn, last month"] < seen["net burn, three months"]
    assert math.isinf(seen["round left in the burn"])
