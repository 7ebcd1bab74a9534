from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.company import load_company
from helpers.models.product_led import grow, reach, sell
from helpers.models.product_led_measured import Guesses, free_users, shared_device, two_ways


@pytest.fixture(scope="module", params=["case", "second"])
def company(request):
    return load_company() if request.param == "case" else load_company(request.getfixturevalue("second_company"))


@pytest.fixture(scope="module")
def ways(company):
    return two_ways(company)


def value(ways, what):
    return ways.sources.set_index("what").loc[what, "value"]


def test_k_is_near_the_sum_of_the_planted_layers(company, ways):
    planted = sum(company.truth[f"k_{layer}"]["value"] for layer in ("together", "social", "reward"))
    assert ways.product.k == pytest.approx(planted, abs=0.1)


def test_every_parameter_says_where_it_comes_from(ways):
    assert set(ways.sources["source"]) == {"measured", "guess"}
    assert ways.sources["value"].notna().all() and ways.sources["how"].str.len().gt(0).all()
    assert (ways.sources.loc[ways.sources["source"] == "measured", "n"] > 0).all()


def test_customers_won_by_the_product_come_out_again(company, ways):
    """The way as measured, run for long, wins about as many customers in a year as the tables show."""
    product = replace(ways.product, market_users=np.inf, yearly_retention=1.0)
    path = grow(product, 120)
    a_year = path.customers[-1] - path.customers[-13]
    assert a_year == pytest.approx(value_n(ways, "paying, of activated"), rel=0.2)


def value_n(ways, what):
    return ways.sources.set_index("what").loc[what, "n"]


def test_sales_pays_for_all_that_selling_costs(company, ways):
    start = pd.Timestamp(company.as_of) - pd.DateOffset(years=1)
    costs = company.table("costs")
    costs = costs[(costs["month"] > start) & costs["kind"].isin(list("ABCD"))]["amount"].sum()
    spent = ways.sales.cost_per_rep_month * value_n(ways, "selling, for each rep")
    sign_ups = ways.product.cost_per_sign_up * value_n(ways, "own sign-ups a month")
    assert spent + sign_ups == pytest.approx(costs, rel=1e-6)


def test_target_is_within_reach_of_both(ways):
    assert ways.target > 0
    assert np.isfinite(reach(grow(ways.product, 120), ways.target)[0])
    assert np.isfinite(reach(sell(ways.same_money(), 120), ways.target)[0])


def test_another_guess_moves_only_its_row(company, ways):
    other = two_ways(company, guesses=Guesses(team=10)).sources
    moved = other.loc[other["value"] != ways.sources["value"], "what"].tolist()
    assert moved == ["product team"]


def test_faked_sign_ups_share_devices(company):
    free = free_users(company.table("users"))
    crowded = free[shared_device(free)]
    assert crowded["campaign"].notna().mean() > 0.9 and len(crowded) < 0.2 * len(free)
