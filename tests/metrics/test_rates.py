"""Renewal rates, churn variants, intervals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import helpers.metrics as m
from helpers.metrics import examples
from helpers.metrics.churn import VARIANTS
from helpers.metrics.renewals import COLUMNS

YEAR = ("2023-12-31", "2024-12-31")


def deals(*rows):
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    for name in ("starts_on", "ends_on"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    return table


CONTRACTS = deals(
    ["k1", "a", "new", None, "2023-03-01", "2024-03-01", 100.0],  # due, renewed for three years at a higher price
    ["k2", "a", "renewal", "k1", "2024-03-01", "2027-03-01", 360.0],
    ["k3", "b", "new", None, "2022-05-01", "2024-05-01", 400.0],  # two years, 200 a year; due, lost
    ["k4", "c", "new", None, "2023-06-01", "2024-06-01", 300.0],  # due, renewed lower, and added something in the year
    ["k5", "c", "renewal", "k4", "2024-06-01", "2025-06-01", 150.0],
    ["k6", "c", "add-on", None, "2024-09-01", "2025-09-01", 60.0],
    ["k7", "d", "new", None, "2024-02-01", "2025-02-01", 999.0],  # not due this year
    ["k8", "d", "add-on", None, "2024-05-01", "2025-05-01", 500.0],
)


def test_renewal_by_money_and_by_count():
    money, count = m.renewal_rate(CONTRACTS, *YEAR), m.renewal_rate(CONTRACTS, *YEAR, by_money=False)
    assert (money.value, money.n) == (pytest.approx((120 + 150 + 60) / (100 + 200 + 300)), 3)
    assert (count.value, count.n) == (pytest.approx(2 / 3), 3)
    assert m.renewal_rate(CONTRACTS, *YEAR, add_ons=False).value == pytest.approx((120 + 150) / 600)
    assert (count.low, count.high) == pytest.approx(m.wilson_interval(2, 3))
    assert money.rows()["due"].tolist() == [100, 200, 300]


def test_renewal_edges():
    nothing = m.renewal_rate(CONTRACTS, "2019-12-31", "2020-12-31")
    assert math.isnan(nothing.value) and "no contract ended" in nothing.reason
    on_the_day = m.renewal_rate(CONTRACTS, "2024-03-01", "2024-12-31")
    assert on_the_day.n == 2 and m.renewal_rate(CONTRACTS, "2024-02-29", "2024-12-31").n == 3
    late = m.renewal_rate(CONTRACTS, *YEAR, as_of="2024-06-30")
    assert not late.mature and "after as_of" in late.reason
    with pytest.raises(m.MetricError, match="Swap"):
        m.renewal_rate(CONTRACTS, *YEAR[::-1])
    customers = pd.DataFrame({"customer_id": list("abc"), "size": ["small", "small", "large"]})
    split = m.renewal_rate(CONTRACTS, *YEAR, by_money=False, customers=customers, by="size").table.set_index("size")
    assert split["value"].to_dict() == {"large": 1.0, "small": 0.5}


def test_churn_variants_differ_as_documented():
    table = examples.table_of([
        {"customer_id": "stays", "starts_on": "2023-01-01", "amount": 1}, {"customer_id": "leaves", "starts_on": "2023-01-01", "ends_on": "2024-05-01", "amount": 1},
        {"customer_id": "returns", "starts_on": "2023-01-01", "ends_on": "2024-03-01", "amount": 1}, {"customer_id": "returns", "starts_on": "2024-08-01", "amount": 1},
        {"customer_id": "brief", "starts_on": "2024-02-01", "ends_on": "2024-02-20", "amount": 1}, {"customer_id": "joins", "starts_on": "2024-10-01", "amount": 1}])
    values = {name: m.customer_churn(table, *YEAR, variant=name) for name in VARIANTS}
    assert values["point_to_point"].value == pytest.approx(1 / 3)
    assert values["chartmogul"].value == pytest.approx((3 - 1 - 1) / 3)
    assert values["stripe"].value == pytest.approx(3 / (3 + 2)) and values["stripe"].n == 5
    assert values["shopify"].value == pytest.approx(1 / 4 + 1 / 3 + 1 / 2)
    assert values["stripe"].rows().set_index("customer_id")["joined"].to_dict() == {"brief": 1, "joins": 1, "leaves": 0, "returns": 0, "stays": 0}
    with pytest.raises(m.MetricError, match="did you mean 'stripe'"):
        m.customer_churn(table, *YEAR, variant="strip")
    assert math.isnan(m.customer_churn(table, "2019-12-31", "2020-12-31", variant="shopify").value)


def test_churn_by_month_is_nan_where_nothing_was_there():
    table = m.churn_by_month(m.bridge_from(examples.five_customers(), as_of="2024-04-30"))
    assert math.isnan(table["gross"].iloc[0]) and table["reason"].iloc[0]
    assert table["gross"].iloc[1] == 0.375 and table["net"].iloc[1] == 0.25


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 20), (10, 10), (870, 1740), (1, 1)])
def test_wilson_agrees_with_statsmodels(k, n):
    for level in (0.8, 0.95, 0.99):
        low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
        assert m.wilson_interval(k, n, level) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


def test_intervals_refuse_nonsense():
    assert all(math.isnan(bound) for bound in m.wilson_interval(0, 0))
    for bad in ((5, 3), (-1, 3)):
        with pytest.raises(m.MetricError, match="no share"):
            m.wilson_interval(*bad)
    with pytest.raises(m.MetricError, match="between 0 and 1"):
        m.wilson_interval(1, 2, 95)
    assert all(math.isnan(bound) for bound in m.ratio_interval(1, 5, 5, 25, 25, 25)) and all(math.isnan(bound) for bound in m.ratio_interval(3, 0, 0, 0, 0, 0))
    with pytest.raises(m.MetricError, match="Write 50% as 0.50"):
        m.nps_variance(50, 17, 324)


def test_ratio_interval_is_the_linearised_one():
    random = np.random.default_rng(3)
    x = random.gamma(2, 50, 80)
    y = x * random.choice([0, 0.8, 1, 1.3], 80)
    ratio = y.sum() / x.sum()
    half = 1.959964 * math.sqrt(80 * np.var(y - ratio * x, ddof=1)) / x.sum()
    found = m.ratio_interval(80, x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum())
    assert found == (pytest.approx(ratio - half, abs=1e-6), pytest.approx(ratio + half, abs=1e-6))


def test_bands_hold_the_truth_about_as_often_as_they_say():
    """Simulated companies with known churn, expansion and contraction: 95% bands cover in 90 to 99 of 100."""
    random, runs, hits = np.random.default_rng(12), 60, {"nrr": 0, "grr": 0, "logo": 0}
    factors, shares = np.array([0, 0.7, 1.0, 1.5]), np.array([0.15, 0.1, 0.6, 0.15])
    truth = {"nrr": (factors * shares).sum(), "grr": (np.minimum(factors, 1) * shares).sum(), "logo": 0.85}
    for _ in range(runs):
        prices = np.round(random.gamma(2, 60, 300) + 5, 2)
        after = random.choice(factors, 300, p=shares)
        table = examples.from_series({f"c{i}": [price, round(price * factor, 2)] for i, (price, factor) in enumerate(zip(prices, after, strict=True))})
        for name, rate in (("nrr", m.nrr), ("grr", m.grr), ("logo", m.logo_retention)):
            found = rate(table, "2024-01-31", "2024-02-29")
            hits[name] += found.low <= truth[name] <= found.high
    assert all(0.88 <= count / runs <= 1 for count in hits.values()), hits
    assert sum(hits.values()) < 3 * runs
