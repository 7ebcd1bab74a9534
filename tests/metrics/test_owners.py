"""Owners of steps: who is missing, which figures pull against each other, and whether the data show it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.funnel import lead_path
from helpers.metrics.owners import conflicting_kpis, example_owners, handover_evidence, kind_of, owners_of_path


@pytest.mark.parametrize(("kpi", "kind"), [
    ("leads a month", "volume"), ("SQL a month", "volume"), ("visits per week", "volume"), ("projects closed", "volume"), ("number of calls", "volume"),
    ("hours until the first answer", "speed"), ("sales cycle", "speed"), ("renewal rate by money", "outcome"), ("new ARR", "outcome"), (None, "none"),
    (float("nan"), "none"), ("  ", "none"),
])
def test_what_a_figure_pays_for(kpi, kind):
    assert kind_of(kpi) == kind


def test_missing_owner_and_missing_figure_are_two_things():
    table = pd.DataFrame({"step": ["a", "b", "c"], "owner": ["x", None, "y"], "kpi": ["leads a month", None, " "]})
    assert owners_of_path(table)["problem"].tolist() == ["", "nobody owns it", "owned, without a figure"]
    assert owners_of_path(table)["step"].tolist() == ["a", "b", "c"]


def test_volume_handed_to_somebody_else_is_a_conflict_and_to_oneself_is_not():
    table = pd.DataFrame({"step": list("abcd"), "owner": ["x", "x", "y", "y"], "kpi": ["leads a month", "MQL a month", "visits a week", "new ARR"]})
    assert conflicting_kpis(table)[["step", "next_owner"]].to_numpy().tolist() == [["b", "y"]]
    assert conflicting_kpis(table, kinds={"MQL a month": "outcome"}).empty
    assert conflicting_kpis(example_owners())["next_owner"].tolist()[-1] is None


def test_errors():
    with pytest.raises(MetricError, match="stands there 2 times"):
        owners_of_path(pd.concat([example_owners()] * 2))
    with pytest.raises(MetricError, match="did you mean 'owners'"):
        owners_of_path(example_owners().rename(columns={"owner": "owners"}))
    with pytest.raises(MetricError, match="kind"):
        owners_of_path(example_owners(), kinds={"new ARR": "big"})


def months_of_leads(quality):
    """Months with more and more leads; ``quality(count)`` of them go on."""
    rows = [(f"L{m}-{i}", pd.Timestamp("2024-01-05") + pd.DateOffset(months=m), i < quality(count)) for m in range(18)
            for count in [20 + 10 * (m * 7 % 18)] for i in range(count)]
    leads = pd.DataFrame(rows, columns=["lead_id", "created_at", "good"])
    leads["mql_on"] = leads["created_at"].where(leads["good"])
    deals = pd.DataFrame({"opportunity_id": ["o"], "lead_id": ["L0-0"], "opened_on": leads["created_at"].iloc[:1], "closed_on": [pd.NaT], "outcome": [None]})
    return lead_path(leads, deals, as_of="2025-12-31")


def test_harm_is_found_where_it_is_and_not_where_it_is_not():
    worse = handover_evidence(months_of_leads(lambda n: 20), "lead", "MQL", as_of="2025-12-31")
    assert worse.value == pytest.approx(-1) and worse.high < 0 and worse.n == 18
    rng = np.random.default_rng(2)
    same = handover_evidence(months_of_leads(lambda n: rng.binomial(n, 0.4)), "lead", "MQL", as_of="2025-12-31")
    assert same.low < 0 < same.high
