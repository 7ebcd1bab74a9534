"""The four figures of a niche: known ratios are found, sums trade and products do not, noise has no vote."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from helpers.metrics.errors import MetricError
from helpers.metrics.niche import (
    beside_ordinary,
    deals_old_enough,
    ends_of_terms,
    example_segments,
    four_figures,
    growth_path,
    leaving_ratios,
    potential,
    put_together,
    rank_stability,
    resampled,
    scores,
    told_apart,
)

RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def same_luck():
    """Every test begins with the same luck, whichever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state


def terms(chances, n=4000, mixes=None):
    """Ends of terms of several industries, large ones leaving half as often; ``mixes`` is the share of large ones."""
    rows = []
    for name, chance in chances.items():
        large = RNG.random(n) < (mixes or {}).get(name, 0.3)
        left = RNG.random(n) < np.where(large, chance / 2, chance)
        rows.append(pd.DataFrame({"industry": name, "size": np.where(large, "large", "small"), "first": RNG.random(n) < 0.5, "left": left}))
    return pd.concat(rows, ignore_index=True)


def table_of(**figures):
    """Figures without intervals: name -> one value for each of a, b, c."""
    return pd.DataFrame([{"industry": segment, "figure": name, "value": value, "low": value, "high": value}
                         for name, values in figures.items() for segment, value in zip("abc", values)])


# ------------------------------------------------------------------ leaving

def test_ratios_that_were_put_in_are_found():
    seen = leaving_ratios(terms({"inns": 0.2, "shops": 0.4}), "industry", reference="shops").set_index("industry")
    assert seen.loc["inns", "low"] < 0.5 < seen.loc["inns", "high"]
    assert seen.loc["inns", "ratio"] == pytest.approx(0.5, abs=0.04)


def test_a_segment_of_large_customers_looks_loyal_and_is_not():
    seen = leaving_ratios(terms({"inns": 0.3, "shops": 0.3}, mixes={"inns": 0.9, "shops": 0.1}), "industry", reference="shops")
    inns = seen.set_index("industry").loc["inns"]
    assert inns["raw"] < 0.7
    assert inns["ratio"] == pytest.approx(1, abs=0.2)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = 0
    for _ in range(60):
        row = leaving_ratios(terms({"inns": 0.2, "shops": 0.3}, n=300), "industry", reference="shops").set_index("industry").loc["inns"]
        held += row["low"] < 2 / 3 < row["high"]
    assert 52 <= held <= 60


def test_a_segment_that_nobody_left_has_no_ratio():
    rows = terms({"inns": 0.2, "shops": 0.3}, n=200)
    rows = pd.concat([rows, rows.head(20).assign(industry="spas", left=False)])
    seen = leaving_ratios(rows, "industry").set_index("industry")
    assert math.isnan(seen.loc["spas", "ratio"]) and seen.loc["spas", "n"] == 20


def test_errors_of_leaving_name_what_is_wrong():
    rows = terms({"inns": 0.2, "shops": 0.3}, n=200)
    with pytest.raises(MetricError, match="'left' is missing"):
        leaving_ratios(rows.drop(columns="left"), "industry")
    with pytest.raises(MetricError, match="did you mean 'shops'"):
        leaving_ratios(rows, "industry", reference="shop")
    with pytest.raises(MetricError, match="two are needed"):
        leaving_ratios(rows[rows["industry"] == "inns"], "industry")


# ------------------------------------------------------------------ deals and room

def test_a_young_lead_is_left_out_even_if_it_has_signed():
    deals, people = tiny()
    leads = pd.DataFrame({"lead_id": ["l1", "l2"], "created_at": pd.to_datetime(["2023-01-31 23:00", "2024-11-01 08:00"])})
    seen = deals_old_enough(deals, leads, people, as_of="2024-12-31")
    assert seen["customer_id"].tolist() == ["a"] and seen["days"].tolist() == [29]


def tiny():
    """Two first deals and their customers."""
    deals = pd.DataFrame({"lead_id": ["l1", "l2"], "customer_id": ["a", "b"], "opened_on": pd.to_datetime(["2023-02-01", "2024-11-02"]),
                          "closed_on": pd.to_datetime(["2023-03-01", "2024-11-20"]), "outcome": "won", "amount": [10.0, 20.0]})
    return deals, pd.DataFrame({"customer_id": ["a", "b"], "employees": [10, 20], "industry": "inns", "size": "small"})


def test_room_is_what_can_be_reached_less_what_is_won_and_never_below_nothing():
    market = pd.DataFrame({"industry": ["inns", "spas"], "accounts": [100, 10], "reach": [0.5, 0.5]})
    seen = potential(market, pd.DataFrame({"industry": ["inns"] * 8 + ["spas"] * 9})).set_index("industry")["left"]
    assert seen.to_dict() == {"inns": 42, "spas": 0}


# ------------------------------------------------------------------ points and sums

def test_a_short_cycle_and_few_leavers_are_good():
    points = scores(table_of(cycle=(10, 20, 40), leaving=(0.5, 1, 2), accounts=(10, 100, 1000)))
    assert points["cycle"].round(9).tolist() == points["leaving"].round(9).tolist() == [10, 5, 0]
    assert points["accounts"].round(9).tolist() == [0, 5, 10]


def test_points_do_not_depend_on_the_unit():
    days, weeks = (scores(table_of(cycle=values)) for values in ((14, 28, 70), (2, 4, 10)))
    assert np.allclose(days, weeks)


def test_a_sum_can_be_bought_and_a_product_cannot():
    points = scores(table_of(price=(3, 1.2, 1), leaving=(1, 0.5, 2), accounts=(20, 8000, 9000)))
    heavy = {"price": 5, "leaving": 1, "accounts": 1}
    assert put_together(points, heavy).idxmax() == "a"
    assert put_together(points, heavy, way="product").idxmax() == "b"
    floored = put_together(points, heavy, least={"accounts": 2})
    assert floored.idxmax() == "b" and math.isnan(floored["a"])


@pytest.mark.parametrize(("kwargs", "said"), [
    ({"way": "mean"}, "Choose 'sum' or 'product'"), ({"weights": {"prize": 1}}, "did you mean 'price'"),
    ({"weights": {"price": 0}}, "one of them above 0"), ({"least": {"room": 1}}, "least names 'room'"),
])
def test_impossible_ways_are_named(kwargs, said):
    with pytest.raises(MetricError, match=said):
        put_together(scores(table_of(price=(1, 2, 3))), **kwargs)


def noisy(spread, n=10):
    """Segments that are all alike, measured with an error."""
    logs = RNG.normal(0, spread, n)
    return pd.DataFrame({"industry": [f"s{i}" for i in range(n)], "figure": "cycle", "value": np.exp(logs), "low": np.exp(logs - 1.96 * spread),
                         "high": np.exp(logs + 1.96 * spread)})


def test_alike_segments_are_told_apart_once_in_twenty():
    small = sum(told_apart(noisy(0.2))["p"].iloc[0] < 0.05 for _ in range(400))
    assert 8 <= small <= 36


def test_noise_has_no_vote():
    alike = noisy(0.2).assign(value=lambda rows: np.exp(np.linspace(-0.1, 0.1, len(rows))))
    alike = alike.assign(low=alike["value"] * 0.7, high=alike["value"] * 1.4)
    assert (scores(alike)["cycle"] == 5).all()
    assert scores(alike, noise=None)["cycle"].max() == 10


# ------------------------------------------------------------------ how sure

def test_a_segment_that_is_best_in_everything_is_always_first():
    seen = rank_stability(table_of(price=(3, 2, 1), accounts=(30, 20, 10)), rng=np.random.default_rng(1), draws=300, top=1)
    assert seen.iloc[0].to_dict() == {"industry": "a", "first": 1.0, "among": 1.0, "place": 1.0}


def test_the_shares_of_first_places_add_up_to_one():
    deals, ends, market = example_segments()
    figures = four_figures(deals, ends, market)
    assert rank_stability(figures, rng=np.random.default_rng(2), draws=500)["first"].sum() == pytest.approx(1)


def test_drawing_rows_again_and_drawing_from_intervals_agree():
    ends = terms({"inns": 0.2, "shops": 0.24, "spas": 0.4}, n=150)
    deals = pd.concat([example_segments()[0]] * 6, ignore_index=True)
    deals["amount"] *= np.exp(RNG.normal(0, 0.2, len(deals)))
    market = pd.DataFrame({"industry": ["inns", "shops", "spas"], "accounts": [500, 900, 400], "reach": [0.5] * 3})
    fast = rank_stability(four_figures(deals, ends, market), rng=np.random.default_rng(3), top=1, weights=dict.fromkeys(("cycle", "price", "leaving", "accounts"), 1))
    slow = resampled(deals, ends, market, rng=np.random.default_rng(4), draws=60, top=1)
    together = fast.set_index("industry")["first"].to_frame("fast").join(slow.set_index("industry")["first"].rename("slow")).fillna(0)
    assert (together["fast"] - together["slow"]).abs().max() < 0.3
    assert together["fast"].idxmax() == together["slow"].idxmax()


# ------------------------------------------------------------------ the path

def contracts():
    """Two industries: inns renew, shops do not; one seller signs both inns of the last year."""
    rows = []
    for i, (customer, renews) in enumerate([("i1", True), ("i2", True), ("s1", False), ("s2", True)]):
        rows.append((f"k{i}", customer, "new", None, "2023-01-01", "2024-01-01", "r9"))
        if renews:
            rows.append((f"n{i}", customer, "renewal", f"k{i}", "2024-01-01", "2025-01-01", "r9"))
    rows += [("x1", "i3", "new", None, "2024-05-01", "2025-05-01", "r1"), ("x2", "i4", "new", None, "2024-06-01", "2025-06-01", "r1"),
             ("x3", "s3", "new", None, "2024-07-01", "2025-07-01", "r2")]
    table = pd.DataFrame(rows, columns=["contract_id", "customer_id", "kind", "renews_contract_id", "starts_on", "ends_on", "rep_id"])
    for column in ("starts_on", "ends_on"):
        table[column] = pd.to_datetime(table[column])
    return table.assign(signed_on=table["starts_on"], recurring_amount=100.0, billing="yearly", founder_signed=False)


PEOPLE = pd.DataFrame({"customer_id": ["i1", "i2", "i3", "i4", "s1", "s2", "s3"], "industry": ["inns"] * 4 + ["shops"] * 3, "size": "small"})


def test_each_step_of_the_path_has_its_figure():
    market = pd.DataFrame({"industry": ["inns", "shops"], "accounts": [80, 300], "reach": [0.5, 0.1]})
    evidence = pd.DataFrame({"customer_id": ["i1", "i1", "s3"], "where": ["outside", "inside", "outside"]})
    seen = growth_path("inns", contracts(), PEOPLE, as_of="2024-12-31", market=market, evidence=evidence).set_index("step")
    assert seen["value"].round(4).to_dict() == {"fit": 1.0, "strategy": 0.6667, "entry": 0.5, "repeatable sales": 1.0, "scale": 0.1}
    assert seen["others"].round(4).to_dict() == {"fit": 0.5, "strategy": 0.3333, "entry": 0.0, "repeatable sales": 0.0, "scale": 0.1}


def test_a_step_without_its_table_cannot_be_told():
    seen = growth_path("inns", contracts(), PEOPLE, as_of="2024-12-31").set_index("step")
    assert seen.loc["scale", "reason"] == "no table of the market" and math.isnan(seen.loc["scale", "value"])
    assert seen.loc["entry", "reason"].startswith("no table of results")


def test_an_unknown_segment_is_named():
    with pytest.raises(MetricError, match="did you mean 'inns'"):
        growth_path("inn", contracts(), PEOPLE, as_of="2024-12-31")


def test_a_term_that_still_runs_is_no_decision():
    ends = ends_of_terms(contracts(), PEOPLE, as_of="2024-12-31")
    assert sorted(ends["contract_id"]) == ["k0", "k1", "k2", "k3"]
    assert ends.groupby("industry")["left"].mean().to_dict() == {"inns": 0.0, "shops": 0.5}


def test_beside_all_ordinary_ones_together():
    found = beside_ordinary(example_segments()[0], terms({"inns": 0.2, "shops": 0.4, "spas": 0.4}), special=["inns"])
    assert found["leaving_inns"] == pytest.approx(0.5, abs=0.05)
    assert set(found) == {"price_inns", "leaving_inns"}
