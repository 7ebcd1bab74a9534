from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.models.value_price import (
    FEE_MODELS, Business, extra_margin, first_deals, first_year_floor, income_by_outcome, lift_to_believe, price_range, price_ratios,
    saved_by_account)


def measured(customer, months, hours=10.0, wage=20.0, start="2024-07-01"):
    return pd.DataFrame({"customer_id": customer, "month": pd.date_range(start, periods=months, freq="MS"), "hours_saved": hours, "wage": wage})


# ---------------------------------------------------------------- what is saved

def test_only_the_year_counts_and_short_records_are_brought_to_a_year():
    rows = pd.concat([measured("old", 12, start="2023-01-01"), measured("whole", 12), measured("half", 6, start="2025-01-01"),
                      measured("few", 5, start="2025-02-01")])
    saved = saved_by_account(rows, as_of="2025-06-30").set_index("customer_id")
    assert list(saved.index) == ["half", "whole"]
    assert saved["worth"].tolist() == [2400.0, 2400.0] and saved["hours"].tolist() == [120.0, 120.0]


def test_the_wage_is_weighted_by_hours():
    rows = measured("a", 2).assign(hours_saved=[30.0, 10.0], wage=[10.0, 50.0])
    saved = saved_by_account(rows, as_of="2024-12-31", least_months=2).iloc[0]
    assert saved["wage"] == pytest.approx(20.0) and saved["worth"] == pytest.approx(6 * 800)


def test_what_cannot_be_measured_says_so():
    with pytest.raises(MetricError, match="hours_savd|hours_saved"):
        saved_by_account(measured("a", 6).rename(columns={"hours_saved": "hours_savd"}), as_of="2025-06-30")
    with pytest.raises(MetricError, match="nobody was measured for 6"):
        saved_by_account(measured("a", 3), as_of="2025-06-30")


# ---------------------------------------------------------------- gain and price

def test_the_lift_to_believe_gives_the_wanted_return():
    price, worth, people, wage = 50_000.0, 25_000.0, 116, 39.0
    lift = lift_to_believe(price, worth, people, wage, wanted_return=3)
    assert worth + extra_margin(people, wage, lift=float(lift)) == pytest.approx(3 * price)
    thin = lift_to_believe(price, worth, people, wage, business=Business(margin=0.15))
    assert thin == pytest.approx(2 * lift)


def test_a_price_range_in_order():
    range_ = price_range(90.0, floor=20.0, wanted_return=3, licence=150.0)
    assert range_.floor < range_.fair < range_.top and range_.licence_third == pytest.approx(50.0)
    assert range_.holds and not price_range(90.0, floor=31.0).holds
    assert math.isnan(price_range(90.0).licence_third)
    with pytest.raises(ValueError, match="wanted_return"):
        price_range(90.0, wanted_return=0)


def test_a_share_given_in_percent_is_caught():
    with pytest.raises(ValueError, match="write 0.3"):
        Business(margin=30)


COSTS = pd.DataFrame({"month": pd.to_datetime(["2025-03-01"] * 6 + ["2023-03-01"]),
                      "kind": ["A", "B", "C", "D", "E", "COGS", "A"], "amount": [100.0, 999, 60, 999, 50, 100, 777]})


def test_the_floor_pays_for_itself_and_leaves_out_what_does_not_vary():
    floor = first_year_floor(COSTS, as_of="2025-12-31", sold=8, new=10, revenue=400)
    assert floor == pytest.approx((160 / 8 + 50 / 10) / 0.75)
    assert floor * (1 - 100 / 400) == pytest.approx(160 / 8 + 50 / 10)


def test_a_floor_without_sense_is_refused():
    with pytest.raises(MetricError, match="0 sold"):
        first_year_floor(COSTS, as_of="2025-12-31", sold=0, new=10, revenue=400)
    with pytest.raises(MetricError, match="no price covers it"):
        first_year_floor(COSTS, as_of="2025-12-31", sold=8, new=10, revenue=90)


# ---------------------------------------------------------------- prices at equal size

def deals(premium=1.25, n=400, seed=3):
    """Larger customers are told a solution more often, and price grows with employees."""
    random = np.random.default_rng(seed)
    employees = np.exp(random.uniform(2, 7, n))
    solution = random.random(n) < (np.log(employees) - 1) / 7
    amount = 300 * employees**0.9 * np.where(solution, premium, 1.0) * np.exp(random.normal(0, 0.05, n))
    return pd.DataFrame({"amount": amount, "employees": employees, "positioning": np.where(solution, "solution", "tool"),
                         "industry": random.choice(["inns", "spas"], n), "size": "any", "year": random.choice([2023, 2024], n)})


@pytest.mark.parametrize("premium", [1.25, 0.9])
def test_the_planted_ratio_is_found_and_the_raw_one_is_not(premium):
    row = price_ratios(deals(premium), "positioning", reference="tool").set_index("positioning").loc["solution"]
    assert row["low"] < premium < row["high"] and row["ratio"] == pytest.approx(premium, abs=0.03)
    assert abs(row["raw"] - premium) > 0.1


def test_the_reference_is_one_and_turning_it_round_inverts():
    rows = deals()
    one = price_ratios(rows, "positioning", reference="tool").set_index("positioning")
    other = price_ratios(rows, "positioning", reference="solution").set_index("positioning")
    assert one.loc["tool", ["raw", "ratio", "low", "high"]].tolist() == [1, 1, 1, 1]
    assert one.loc["solution", "ratio"] * other.loc["tool", "ratio"] == pytest.approx(1)
    assert one["n"].sum() == len(rows)


def test_another_currency_changes_no_ratio():
    rows = deals()
    pd.testing.assert_frame_equal(price_ratios(rows, "industry"), price_ratios(rows.assign(amount=rows["amount"] * 7.8), "industry"))


def test_groups_that_cannot_be_compared():
    with pytest.raises(MetricError, match="two are needed"):
        price_ratios(deals().query("positioning == 'tool'"), "positioning")
    with pytest.raises(MetricError, match="did you mean 'solution'"):
        price_ratios(deals(), "positioning", reference="solutions")


def test_first_deals_leave_out_what_was_added_later():
    rows = pd.DataFrame({"customer_id": list("aabc"), "lead_id": ["l1", None, None, "l2"], "outcome": ["won", "won", "won", "lost"],
                         "opened_on": pd.to_datetime(["2024-01-01", "2023-01-01", "2024-01-01", "2024-01-01"]), "amount": [90.0, 5, 6, 70]})
    people = pd.DataFrame({"customer_id": list("abc"), "employees": 10, "industry": "inns", "size": "small"})
    assert first_deals(rows, people)["amount"].tolist() == [90.0]
    assert first_deals(rows.drop(columns="lead_id"), people)["amount"].tolist() == [5.0, 6.0]


def test_the_truth_of_the_case_company():
    company = load_company()
    rows = first_deals(company.table("opportunities"), company.customers)
    told = price_ratios(rows, "positioning", reference="tool").set_index("positioning")["ratio"]
    paid = price_ratios(rows, "industry", equal=("size", "year", "positioning")).set_index("industry")["ratio"]
    found = {"solution_premium": told["solution"], **{f"price_{name}": ratio for name, ratio in paid.items()}}
    keys = [key for key in found if key in company.truth]
    assert len(keys) > 2
    for key in keys:
        assert abs(found[key] - company.truth[key]["value"]) <= company.truth[key]["tolerance"], key


# ---------------------------------------------------------------- ways of being paid

def test_fee_models_meet_where_the_promise_is_kept_and_part_in_order():
    income = income_by_outcome([0.25, 0.5, 1.0, 1.5])
    assert income.loc[1.0].tolist() == [1, 1, 1, 1] and list(income.columns) == list(FEE_MODELS)
    for outcome in (0.25, 0.5):
        assert income.loc[outcome].is_monotonic_decreasing
    assert income.loc[1.5].is_monotonic_increasing


def test_fee_models_at_the_ends():
    assert income_by_outcome([0.0])["share of sales"].tolist() == [0.0]
    assert income_by_outcome([0.3], renewal=1.0)["yearly fee"].tolist() == [1.0]
    with pytest.raises(ValueError, match="renewal"):
        income_by_outcome([1.0], renewal=85)
