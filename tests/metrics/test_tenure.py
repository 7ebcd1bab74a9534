"""Survival against statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.metrics import examples
from helpers.metrics.errors import MetricError
from helpers.metrics.policy import Policy
from helpers.metrics.tenure import Stay, counts_by_age, kaplan_meier, life_table, stays, survival

WHOLE = Policy(complete_from_inception=True)


@pytest.fixture(scope="module")
def company():
    """Customers with a constant hazard who start at different times; some come back, which must not matter."""
    random = np.random.default_rng(5)
    rows = []
    for i in range(400):
        start = pd.Timestamp("2020-01-01") + pd.DateOffset(months=int(random.integers(0, 48)))
        end = start + pd.DateOffset(months=int(random.geometric(0.04)))
        rows.append({"customer_id": f"c{i}", "starts_on": start, "ends_on": end, "amount": 10, "segment": "ab"[i % 2]})
        if i % 7 == 0:
            rows.append({"customer_id": f"c{i}", "starts_on": end + pd.DateOffset(months=3), "amount": 10, "segment": "ab"[i % 2]})
    return examples.table_of(rows)


def durations(company, as_of):
    """Work out each customer's months and whether it was lost, the long way round."""
    first = company.groupby("customer_id")[["starts_on", "ends_on"]].first()
    months = {name: first[name].dt.year * 12 + first[name].dt.month for name in first}
    last = as_of.year * 12 + as_of.month
    lost = months["ends_on"] <= last
    return np.where(lost, months["ends_on"], last) - months["starts_on"], lost.to_numpy()


def test_kaplan_meier_agrees_with_statsmodels(company):
    from statsmodels.duration.survfunc import SurvfuncRight

    as_of = pd.Timestamp("2023-12-31")
    curve = survival(company, as_of=as_of, policy=WHOLE).table.set_index("age")
    time, lost = durations(company, as_of)
    theirs = SurvfuncRight(time, lost)
    for age, share, se, at_risk, events in zip(theirs.surv_times, theirs.surv_prob, theirs.surv_prob_se, theirs.n_risk, theirs.n_events, strict=True):
        ours = curve.loc[int(age)]
        assert (ours["survival"], ours["at_risk"], ours["lost"]) == (pytest.approx(share, abs=1e-12), at_risk, events)
        width = 1.959964 * se / (share * np.log(share))
        assert (ours["low"], ours["high"]) == (pytest.approx(share ** np.exp(-width), abs=1e-6), pytest.approx(share ** np.exp(width), abs=1e-6))


def test_groups_are_curves_of_their_own(company):
    customers = company[["customer_id", "segment"]].drop_duplicates()
    split = survival(company, as_of="2023-12-31", policy=WHOLE, customers=customers, by="segment").table
    for segment, curve in split.groupby("segment"):
        alone = survival(company[company["segment"] == segment], as_of="2023-12-31", policy=WHOLE).table
        assert np.allclose(curve[alone.columns].to_numpy(float), alone.to_numpy(float))


def test_averaging_cohorts_that_are_too_young_is_the_trap_that_kaplan_meier_avoids():
    """80% stay nine months in every cohort; the young cohorts are large. Lost over all customers reads too well."""
    rows = []
    for start, count in (("2024-01-01", 20), ("2024-08-01", 80)):
        for i in range(count):
            end = pd.Timestamp(start) + pd.DateOffset(months=8) if i < count / 5 else None
            rows.append({"customer_id": f"{start}{i}", "starts_on": start, "ends_on": end, "amount": 1})
    table = examples.table_of(rows)
    curve = survival(table, as_of="2024-12-31", policy=WHOLE).table.set_index("age")
    assert curve.loc[9, "survival"] == pytest.approx(0.8)
    assert curve["lost"].sum() / 100 == pytest.approx(0.04)
    assert curve.loc[8, "at_risk"] == 20 and curve.loc[4, "censored"] == 80


def test_a_year_counts_only_when_it_has_been_seen_in_full():
    assert counts_by_age([Stay(30, 14, 3), Stay(18, 14, 4), Stay(18, None, 5), Stay(24, 24, 1), Stay(11, 5, 9)], step=12) == ([0, 0, 4], [9, 9, 0])


def test_curve_by_hand():
    rows = kaplan_meier([0, 2, 1, 0], [0, 1, 0, 4])
    assert [(row[0], row[4], row[5], row[6]) for row in rows] == [(0, 8, 0, 0), (1, 8, 2, 1), (2, 5, 1, 0), (3, 4, 0, 4)]
    assert [row[1] for row in rows] == pytest.approx([1, 6 / 8, 6 / 8 * 4 / 5, 6 / 8 * 4 / 5])
    assert kaplan_meier([0, 3], [0, 0])[-1][1:4] == (0.0, 0.0, pytest.approx(0.5615, abs=1e-4))


def test_life_table_counts_only_who_is_old_enough(company):
    table = life_table(company, as_of="2023-12-31", ages=(1, 2, 9), policy=WHOLE).table
    time, lost = durations(company, pd.Timestamp("2023-12-31"))
    first = company.groupby("customer_id")["starts_on"].first()
    seen = 2023 * 12 + 12 - (first.dt.year * 12 + first.dt.month)
    for row in table.to_dict("records"):
        old = (seen >= 12 * row["age"]).to_numpy()
        assert row["at_risk"] == old.sum() and row["lost"] == (old & lost & (time <= 12 * row["age"])).sum()
    assert table["age"].tolist() == [1, 2]
    with pytest.raises(MetricError, match="1 or more"):
        life_table(company, as_of="2023-12-31", ages=(0, 1))


def test_customers_of_the_first_month_have_no_known_age(company):
    everybody = sum(stay.count for stay in stays(company, as_of="2023-12-31", policy=WHOLE)[1]["all"])
    known = sum(stay.count for stay in stays(company, as_of="2023-12-31")[1]["all"])
    at_first = (company.groupby("customer_id")["starts_on"].first() < "2020-02-01").sum()
    assert everybody - known == at_first > 0


def test_a_month_under_way_is_not_counted():
    table = examples.table_of([{"customer_id": "a", "starts_on": "2024-01-01", "ends_on": "2024-03-10", "amount": 1}])
    assert survival(table, as_of="2024-03-20", policy=WHOLE).table["lost"].sum() == 0
    assert survival(table, as_of="2024-03-31", policy=WHOLE).table["lost"].sum() == 1
