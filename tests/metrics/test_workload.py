"""What reps were given and signed: heads, months, years, and the capacity that was shown."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.funnel import lead_path
from helpers.metrics.workload import counts_by_month, per_month, shown_capacity, starved_months, workload, workload_by_year


def company(deals_by_month=(4, 4, 8, 8)):
    """Leads on the 10th of each month from January 2025, each a deal at once; the first of a month signs a month later."""
    days = [pd.Timestamp("2025-01-10") + pd.DateOffset(months=i) for i, count in enumerate(deals_by_month) for _ in range(count)]
    ids = [f"L{i}" for i in range(len(days))]
    leads = pd.DataFrame({"lead_id": ids, "created_at": days, "sql_on": days})
    first = ~leads["created_at"].duplicated()
    deals = pd.DataFrame({"opportunity_id": ids, "lead_id": ids, "opened_on": days, "closed_on": [d + pd.DateOffset(months=1) for d in days],
                          "outcome": np.where(first, "won", "lost"), "amount": 10.0})
    reps = pd.DataFrame({"rep_id": list("abc"), "role": ["AE", "AE", "SDR"], "hired_on": pd.to_datetime(["2024-06-01", "2025-02-15", "2024-01-01"]),
                         "left_on": pd.to_datetime([None, "2025-04-30", None])})
    return leads, deals, reps


def test_heads_and_ramp():
    leads, deals, reps = company()
    table = workload(lead_path(leads, deals, as_of="2025-05-20"), reps, as_of="2025-05-20")
    assert table["month"].tolist() == list(pd.date_range("2025-01-01", periods=4, freq="MS"))   # May is not over
    assert table["reps"].tolist() == [1, 2, 2, 1]           # who left on the last day of April is not there that day
    assert table["mature"].tolist() == [1, 1, 1, 1]
    assert workload(lead_path(leads, deals, as_of="2025-05-20"), reps, as_of="2025-05-20", ramp_months=0)["mature"].tolist() == [1, 1, 2, 1]
    assert table["deals"].tolist() == [4, 4, 8, 8] and table["signed"].tolist() == [0, 1, 1, 1] and table["amount"].tolist() == [0, 10, 10, 10]
    assert table["leads_per_rep"].tolist() == [4, 2, 4, 8]


def test_nobody_in_a_month_is_undefined_and_not_infinite():
    leads, deals, reps = company()
    late = reps.assign(hired_on=pd.Timestamp("2025-03-01"), left_on=pd.NaT)
    table = workload(lead_path(leads, deals, as_of="2025-04-30"), late, as_of="2025-04-30")
    assert table["leads_per_rep"].isna().tolist() == [True, True, False, False] and table["deals_per_mature"].isna().all()
    assert math.isnan(shown_capacity(table)[0])


def test_years_end_where_the_data_do_and_small_teams_are_left_out():
    leads, deals, reps = company([4] * 18)
    table = workload(lead_path(leads, deals, as_of="2026-06-30"), reps, as_of="2026-06-30")
    years = workload_by_year(table, least_reps=0.5)
    assert years["year"].tolist() == [2025, 2026] and years["months"].tolist() == [6, 12] and years["leads"].tolist() == [24, 48]
    assert years["deals_per_mature"].tolist() == [4, 4]
    assert workload_by_year(table).empty


def test_capacity_is_the_busiest_stretch_and_not_the_busiest_month():
    table = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=30, freq="MS"), "deals": 4.0, "mature": 2})
    table.loc[20, "deals"] = 30
    table.loc[[1, 2, 3], "deals"] = 100                     # long ago: another team
    assert shown_capacity(table)[0] == pytest.approx(38 / 6)
    assert shown_capacity(table, window=1) == (15, pd.Timestamp("2025-09-01"))


def test_starvation_is_the_longest_run_with_enough_reps():
    table = pd.DataFrame({"month": pd.date_range("2025-01-01", periods=9, freq="MS"), "leads": [0, 40, 10, 40, 10, 10, 40, 40, 40], "reps": [1] + [4] * 8})
    assert starved_months(table, 5, window=1) == (pd.Timestamp("2025-05-01"), pd.Timestamp("2025-06-01"))
    assert starved_months(table, 6, window=3) == (pd.Timestamp("2025-05-01"), pd.Timestamp("2025-07-01"))
    assert starved_months(table, 1) == (None, None)


def test_leads_a_month_with_their_unevenness():
    leads, deals, _ = company([4, 4, 4, 4])
    even = per_month(lead_path(leads, deals, as_of="2025-04-30"), as_of="2025-04-30", months=4)
    assert (even.value, even.low, even.high, even.n) == (4, 4, 4, 16)
    leads, deals, _ = company([2, 6, 2, 6])
    uneven = per_month(lead_path(leads, deals, as_of="2025-04-30"), as_of="2025-04-30", months=4)
    assert uneven.value == 4 and uneven.low < 1 and uneven.high > 7


def test_errors_name_the_mend():
    leads, deals, reps = company()
    path = lead_path(leads, deals, as_of="2025-05-20")
    with pytest.raises(MetricError, match="nobody has the role 'rep'; there are AE, SDR"):
        workload(path, reps, as_of="2025-05-20", role="rep")
    with pytest.raises(MetricError, match="no step 'deal'"):
        workload(path, reps, as_of="2025-05-20", deal="deal")
    assert counts_by_month(path, "signed")["count"].sum() == 4
