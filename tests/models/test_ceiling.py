from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.models.ceiling import (
    Vertical, ceilings, counted_by, customers_after, depth_needed, growth_towards, logistic, market_by_segment, prices_by_segment,
    share_that_signs, signs_at, yearly_fees, years_until)

PEOPLE = pd.DataFrame({"customer_id": list("abcdef"), "industry": ["inns"] * 4 + ["spas"] * 2, "size": ["small"] * 3 + ["mid"] + ["small", "mid"]})
FEES = pd.DataFrame({"customer_id": list("abcdef"), "fee": [10.0, 20, 30, 100, 40, 300]})
MARKET = pd.DataFrame({"industry": ["inns", "inns", "spas"], "size": ["small", "mid", "small"], "accounts": [1000, 100, 50], "reach": [0.5, 0.4, 1.0]})


# ---------------------------------------------------------------- size

def test_four_factors():
    vertical = Vertical(accounts=2000, reach=0.4, signs=0.25, price=500)
    assert vertical.customers == 200 and vertical.ceiling == 100_000
    with pytest.raises(ValueError, match="write 0.4"):
        Vertical(accounts=2000, reach=40, signs=0.25, price=500)


def test_prices_stand_in_where_few_buy():
    prices = prices_by_segment(PEOPLE, FEES, least=2).set_index(["industry", "size"])
    assert prices.loc[("inns", "small"), ["price", "own"]].tolist() == [20.0, True]
    assert prices.loc[("spas", "small"), ["price", "own"]].tolist() == [25.0, False]      # the mean of all small ones
    assert prices.loc[("spas", "mid"), "price"] == 200.0


def test_the_ceiling_goes_size_by_size():
    segments = market_by_segment(MARKET, prices_by_segment(PEOPLE, FEES, least=1), signs=0.2)
    inns = segments[segments["industry"] == "inns"]
    assert inns["ceiling"].sum() == pytest.approx(1000 * 0.5 * 0.2 * 20 + 100 * 0.4 * 0.2 * 100)
    assert inns["ceiling"].sum() < inns["listed"].sum() == 1000 * 20 + 100 * 100
    one = Vertical(1000, 0.5, 0.2, 20)
    assert inns["ceiling"].iloc[0] == pytest.approx(one.ceiling) and inns["customers"].iloc[0] == one.customers


def test_a_segment_in_which_nobody_buys_takes_the_price_of_its_size():
    market = pd.concat([MARKET, pd.DataFrame({"industry": ["zoos"], "size": ["small"], "accounts": [10], "reach": [1.0]})])
    segments = market_by_segment(market, prices_by_segment(PEOPLE, FEES, least=1), signs=1.0).set_index("industry")
    assert segments.loc["zoos", "ceiling"] == pytest.approx(10 * (20 + 40) / 2)


def test_ceilings_add_up_and_are_sorted():
    segments = market_by_segment(MARKET, prices_by_segment(PEOPLE, FEES, least=1), signs=0.2)
    table = ceilings(segments, pd.Series({"inns": 3}), pd.Series({"inns": 4, "spas": 2}))
    assert table["ceiling"].sum() == pytest.approx(segments["ceiling"].sum()) and table["ceiling"].is_monotonic_decreasing
    inns, spas = table.set_index("industry").loc["inns"], table.set_index("industry").loc["spas"]
    assert inns["used"] == pytest.approx(4 / 108) and 0 < inns["half"] < inns["nearly"]
    assert spas["before"] == 0 and math.isnan(spas["rate"]) and math.isinf(spas["half"])


def test_doubling_the_price_doubles_the_ceiling_and_moves_no_year():
    prices = prices_by_segment(PEOPLE, FEES, least=1)
    one, two = (ceilings(market_by_segment(MARKET, prices.assign(price=prices["price"] * k), signs=0.2), pd.Series({"inns": 3}), pd.Series({"inns": 4}))
                for k in (1, 2))
    assert two["ceiling"].tolist() == pytest.approx((2 * one["ceiling"]).tolist())
    assert two.set_index("industry")["half"].equals(one.set_index("industry")["half"])


def test_missing_columns_and_nobody_who_pays():
    with pytest.raises(MetricError, match="did you mean 'raech'"):
        market_by_segment(MARKET.rename(columns={"reach": "raech"}), prices_by_segment(PEOPLE, FEES), signs=0.2)
    with pytest.raises(MetricError, match="nobody pays"):
        prices_by_segment(PEOPLE, FEES.assign(fee=0.0))
    with pytest.raises(ValueError, match="signs"):
        market_by_segment(MARKET, prices_by_segment(PEOPLE, FEES), signs=35)


# ---------------------------------------------------------------- time

def test_the_rate_leads_from_last_year_to_this_one():
    rate = growth_towards(300, 400, 6000)
    assert logistic(300, 6000, rate, 1) == pytest.approx(400)
    assert growth_towards(300, 400, 1e12) == pytest.approx(math.log(4 / 3), rel=1e-6)
    assert math.isinf(growth_towards(300, 6000, 6000)) and math.isnan(growth_towards(0, 400, 6000))


def test_half_is_where_the_years_say():
    rate = growth_towards(300, 400, 6000)
    for share in (0.5, 0.9):
        assert logistic(400, 6000, rate, years_until(400, 6000, rate, share=share)) == pytest.approx(share * 6000)
    steps = np.diff(logistic(400, 6000, rate, np.arange(30)))
    assert abs(int(np.argmax(steps)) - years_until(400, 6000, rate)) <= 1      # additions are largest around the half


def test_twice_the_room_adds_one_doubling_time_at_most():
    once, twice = years_until(100, 10_000, 0.4), years_until(100, 20_000, 0.4)
    assert twice - once == pytest.approx(math.log(2) / 0.4, rel=0.02)


def test_the_ends_of_time():
    assert years_until(5000, 10_000, 0.4) == 0 and years_until(12_000, 10_000, math.inf) == 0
    assert math.isinf(years_until(100, 10_000, 0.0)) and math.isinf(years_until(100, 10_000, math.nan))
    with pytest.raises(ValueError, match="never reached"):
        years_until(100, 10_000, 0.4, share=1.0)


# ---------------------------------------------------------------- price, and deep or wide

def test_price_and_refusal_cancel_at_a_half():
    for multiple in (0.5, 1, 2, 3):
        assert multiple * signs_at(multiple, kept_at_double=0.5) == pytest.approx(1)
    assert 2 * signs_at(2, kept_at_double=0.7) > 1 > 2 * signs_at(2, kept_at_double=0.3)


def test_effort_meets_fewer_strangers_in_a_small_room():
    assert customers_after(50, 40, 10, 5) == 50
    small, large = (customers_after(0, room, 100, 5) for room in (400, 1e9))
    assert small < large == pytest.approx(500)


def test_depth_has_to_bring_more_the_smaller_the_room():
    table = pd.DataFrame({"customers": [10.0, 500.0, 5000.0], "before": [8, 50, 100], "now": [12, 80, 160]})
    needed = depth_needed(table)
    assert math.isinf(needed[0]) and needed[1] > 1 > needed[2] > 0.95      # the last is emptier than the whole
    together = depth_needed(table.assign(all="one").groupby("all")[["customers", "before", "now"]].sum())
    assert together.tolist() == [1.0]


# ---------------------------------------------------------------- from tables

def test_the_share_that_signs_counts_organisations():
    rows = pd.DataFrame({"customer_id": ["a", "a", "b", "c", "d"], "outcome": ["lost", "won", "lost", "won", None]})
    assert share_that_signs(rows) == (pytest.approx(2 / 3), 3)
    with pytest.raises(MetricError, match="no deal is closed"):
        share_that_signs(rows.assign(outcome=None))


def test_fees_and_counts_of_the_case_company():
    company = load_company()
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    truth = company.truth
    assert fees["fee"].sum() == pytest.approx(truth["arr_2025"]["value"], abs=truth["arr_2025"]["tolerance"])
    counts = counted_by(fees, company.customers)
    assert counts.sum() == len(fees) == truth["customers_2025"]["value"]


def test_the_dearest_industry_of_the_case_is_tiny():
    company = load_company()
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    segments = market_by_segment(company.table("market"), prices_by_segment(company.customers, fees), signs=0.35)
    accounts = segments.groupby("industry")["accounts"].sum()
    assert accounts.min() == company.truth["tiny_industry_accounts"]["value"]
    ceiling = segments.groupby("industry")["ceiling"].sum()
    assert ceiling.idxmin() == accounts.idxmin() and ceiling.min() < 0.01 * ceiling.sum()
