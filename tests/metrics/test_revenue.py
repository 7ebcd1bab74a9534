"""MRR, movements and the bridge: edges, errors, and what results say about themselves."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import helpers.metrics as m
from helpers.metrics import examples
from helpers.metrics.lines import INTERVALS
from helpers.metrics.policy import PRESETS, Policy
from helpers.metrics.result import Result, explain

AS_OF = "2024-12-31"


def rows(*found):
    return examples.table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 100.0, **row} for row in found])


# --- normalising ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "interval", "count", "monthly"), [(1200, "year", 1, 100), (2400, "year", 2, 100), (3600, "month", 36, 100), (90, "quarter", 1, 30),
                                                                      (200, "week", 2, 100 * 52 / 12), (30, "day", 30, 365 / 12)])
def test_one_definition_for_numbers_and_for_tables(amount, interval, count, monthly):
    assert m.normalise_mrr(amount, interval, count) == pytest.approx(monthly)
    assert m.total_mrr(rows({"amount": amount, "interval": interval, "interval_count": count}), AS_OF).value == pytest.approx(monthly, abs=0.005)


def test_intervals_that_are_not_known_are_refused():
    with pytest.raises(m.MetricError, match="did you mean 'month'"):
        m.normalise_mrr(10, "monthly")
    with pytest.raises(m.MetricError, match="1 or more"):
        m.normalise_mrr(10, "month", 0)
    assert set(INTERVALS) == {"day", "week", "month", "quarter", "year"}


# --- what a row may not be ------------------------------------------------------------------------------------------

BAD = [
    ({"customer_id": None}, "customer_id: 1 row have no customer"), ({"amount": None}, "amount: 1 row have no amount"),
    ({"amount": -5}, "amount: 1 row are negative.*refund"), ({"discount": 10}, r"discount: 1 row are no share.*Write 10% as 0.10"),
    ({"ends_on": "2023-12-01"}, "ends_on: 1 row end before they start"), ({"interval": None}, "interval: 1 row are not one of"),
    ({"interval_count": 0}, "interval_count: 1 row must be 1 or more"), ({"status": "cancelled"}, "status: 1 row are not one of.*canceled"),
    ({"status": "canceled"}, "status: 1 row have no ends_on"), ({"charge": "gift"}, "charge: 1 row are not one of"),
    ({"starts_on": None}, "starts_on: 1 row have no start"),
]


@pytest.mark.parametrize(("fault", "words"), BAD, ids=[next(iter(fault)) for fault, _ in BAD])
def test_errors_name_table_column_rows_and_mend(fault, words):
    good = {"subscription_id": "fine", "interval_count": 1, "discount": 0.0, "status": "active", "charge": "recurring"}
    table = rows(good, {**good, "subscription_id": "faulty", **fault})
    with pytest.raises(m.MetricError, match=words) as caught:
        m.mrr_movements(table, as_of=AS_OF)
    assert str(caught.value).startswith("subscriptions.") and "faulty" in str(caught.value)


def test_errors_name_the_nearest_column_and_unread_dates():
    with pytest.raises(m.MetricError, match="no column 'amount', did you mean 'amout'"):
        m.mrr_at(rows({}).rename(columns={"amount": "amout"}), AS_OF)
    with pytest.raises(m.MetricError, match="holds String, not dates"):
        m.mrr_at(rows({}).assign(starts_on="2024-01-01"), AS_OF)
    with pytest.raises(m.MetricError, match="is no table"):
        m.mrr_at([1, 2], AS_OF)


# --- movements and bridge -------------------------------------------------------------------------------------------


def test_a_renewal_nets_to_nothing_and_a_running_contract_is_not_lost():
    table = rows({"ends_on": "2024-07-01"}, {"starts_on": "2024-07-01", "ends_on": "2025-07-01"})
    moved = m.mrr_movements(table, as_of=AS_OF)
    assert moved["kind"].tolist() == ["opening"]
    assert m.mrr_movements(table, as_of="2025-07-01")["kind"].tolist() == ["opening", "churn"]


def test_the_last_paid_day_counts_and_the_first_unpaid_day_does_not():
    table = rows({"ends_on": "2024-06-15"})
    assert [len(m.mrr_at(table, on)) for on in ("2024-01-01", "2024-06-14", "2024-06-15")] == [1, 1, 0]
    assert m.mrr_movements(table, as_of=AS_OF)["month"].dt.month.tolist() == [1, 6]


def test_money_is_in_whole_smallest_units():
    table = rows({"amount": 0.1, "interval": "month"}, {"amount": 0.2, "ends_on": "2024-03-01"})
    moved = m.mrr_movements(table, as_of=AS_OF)
    assert moved[["before", "change", "after"]].to_numpy().tolist() == [[0, 30, 30], [30, -20, 10]]
    assert moved["change"].dtype == np.int64
    yen = m.mrr_at(rows({"amount": 1000}), AS_OF, policy=Policy(minor_units=1))
    assert yen["mrr"].tolist() == [1000]


def test_a_customer_who_left_has_nothing_left():
    """With fractions 0.1 + 0.2 - 0.3 is not 0, and the customer would be there for ever."""
    thirds = [{"amount": 100 / 3, "interval": "quarter", "starts_on": f"2024-0{i}-01", "ends_on": "2024-09-01"} for i in range(1, 8)]
    moved = m.mrr_movements(rows(*thirds), as_of=AS_OF)
    assert moved["after"].iloc[-1] == 0 and moved["kind"].iloc[-1] == "churn"


def test_bridge_shows_every_month_up_to_the_report():
    table = rows({"ends_on": "2024-03-01"})
    bridge = m.mrr_bridge(m.mrr_movements(table, as_of=AS_OF), as_of=AS_OF)
    assert len(bridge) == 12 and bridge["ending"].tolist() == [100, 100] + [0] * 10
    empty = m.mrr_bridge(m.mrr_movements(table, as_of="2023-12-31"))
    assert empty.empty and list(empty.columns)[:2] == ["month", "starting"]


def test_arr_is_twelve_times_mrr_and_says_when_the_day_is_not_over():
    table = rows({})
    assert m.arr(table, AS_OF).value == 12 * m.total_mrr(table, AS_OF).value == 1200
    late = m.total_mrr(table, "2025-01-31", as_of=AS_OF)
    assert not late.mature and late.reason
    assert m.arr(table, AS_OF).rows().to_dict("records") == [{"customer_id": "a", "mrr": 10000}]


# --- results --------------------------------------------------------------------------------------------------------


def test_results_say_what_they_are():
    five = examples.five_customers()
    result = m.nrr(five, "2024-01-31", "2024-04-30")
    assert repr(result).startswith("NRR, point to point, 2024-01-31 to 2024-04-30: 82.5% (") and repr(result).endswith("n = 4 customers)")
    assert float(result) == result.value and result.unit == "share" and result.mature
    assert result.rows()["before"].tolist() == [10000] * 4
    text = explain(result, rows=2)
    assert all(part in text for part in ("formula: MRR at the end", "policy default", "first 2 rows", "15000"))
    assert repr(text) == str(text)


def test_undefined_is_nan_with_a_reason():
    five = examples.five_customers()
    nothing = m.nrr(five, "2023-01-31", "2024-04-30")
    assert math.isnan(nothing.value) and nothing.n == 0 and nothing.reason == "no customer had MRR on 2023-01-31"
    assert "undefined" in repr(nothing)
    one = m.grr(examples.from_series({"a": [10, 5]}), "2024-01-31", "2024-02-29")
    assert one.value == 0.5 and math.isnan(one.low) and "one customer" in one.reason and "one customer" in repr(one)


def test_customers_won_on_the_way_do_not_enter():
    five = examples.five_customers()
    last = m.retention_by_month(five, as_of="2024-04-30", months=3).iloc[-1]
    assert (last["nrr"], last["grr"], last["logo"], last["n"]) == (0.825, 0.65, 0.75, 4)


def test_what_nobody_has_reached_is_blank():
    table = examples.from_series({"a": [10, 10, 10], "b": [0, 0, 20]})
    cells = m.cohort_triangle(table, as_of="2024-03-31", cohort="month", policy=Policy(complete_from_inception=True))
    assert cells[["cohort", "age", "value"]].to_numpy().tolist() == [["2024-01", 0, 1.0], ["2024-01", 1, 1.0], ["2024-01", 2, 1.0], ["2024-03", 0, 1.0]]
    year = m.cohort_triangle(table, as_of="2024-03-31", policy=Policy(complete_from_inception=True))
    assert year["n"].tolist() == [2, 1, 1] and not year["mature"].any()
    left = m.cohort_triangle(table, as_of="2024-03-31", cohort="month")
    assert left["cohort"].tolist() == ["2024-03"]


def test_age_0_is_everybody_or_the_first_month_end():
    """Christoph Janz: of 80 who signed up, 78 are there at the end of the month, 97.5%."""
    stay = [{"customer_id": f"c{i}", "starts_on": "2024-02-05"} for i in range(78)]
    leave = [{"customer_id": f"g{i}", "starts_on": "2024-02-05", "ends_on": "2024-02-20"} for i in range(2)]
    table = rows({"customer_id": "old"}, *stay, *leave, {"customer_id": "g0", "starts_on": "2024-04-01"})
    ask = {"as_of": "2024-05-31", "cohort": "month"}
    signup = m.cohort_triangle(table, base="signup", **ask)
    assert signup["value"].tolist() == [78 / 80, 78 / 80, 79 / 80, 79 / 80] and set(signup["n"]) == {80}
    month_end = m.cohort_triangle(table, **ask)
    assert month_end["cohort"].tolist() == ["2024-02"] * 4 + ["2024-04"] * 2 and set(month_end["value"]) == {1.0}
    with pytest.raises(m.MetricError, match="only logos"):
        m.cohort_triangle(table, base="signup", measure="nrr", **ask)


def test_windows_that_are_not_over_are_flagged():
    five = examples.five_customers()
    late = m.logo_retention(five, "2024-01-31", "2024-06-30", as_of="2024-04-30")
    assert not late.mature and "after as_of" in late.reason and "not mature" in repr(late)
    months = m.retention_by_month(five, as_of="2024-04-15", months=1)
    assert months["mature"].tolist() == [True, True, False]
    with pytest.raises(m.MetricError, match="1 or more"):
        m.retention_by_month(five, as_of="2024-04-15", months=0)


def test_results_by_group_show_their_rows_and_refuse_to_be_one_number():
    five = examples.five_customers()
    customers = pd.DataFrame({"customer_id": list("ABCD"), "size": pd.Categorical(["large", "small", "small", "large"], categories=["small", "large"])})
    result = m.nrr(five, "2024-01-31", "2024-04-30", customers=customers, by="size")
    assert result.table["size"].tolist() == ["small", "large"] and result.table["value"].tolist() == [0.9, 0.75]
    assert "\n  small: 90.0%" in repr(result)
    with pytest.raises(m.MetricError, match="has 2 rows"):
        float(result)
    missing = m.nrr(five, "2024-01-31", "2024-04-30", customers=customers.head(2), by="size").table
    assert missing["size"].tolist() == ["small", "large", "unknown"] and missing["n"].sum() == 4
    with pytest.raises(m.MetricError, match="'A' stands in 2 rows"):
        m.nrr(five, "2024-01-31", "2024-04-30", customers=pd.concat([customers, customers.head(1)]), by="size")
    with pytest.raises(m.MetricError, match="needs the table customers"):
        m.nrr(five, "2024-01-31", "2024-04-30", by="size")
    with pytest.raises(m.MetricError, match="no column 'sise', did you mean 'size'"):
        m.nrr(five, "2024-01-31", "2024-04-30", by="sise", customers=customers)


def test_units_of_results_are_checked():
    with pytest.raises(m.MetricError, match="did you mean 'share'"):
        Result("x", pd.DataFrame(), unit="shares")


def test_ends_before_starts_are_refused():
    five = examples.five_customers()
    for ask in (m.nrr, m.grr, m.logo_retention, m.retention_definitions, m.customer_churn):
        with pytest.raises(m.MetricError, match="Swap"):
            ask(five, "2024-04-30", "2024-01-31")


# --- policy ---------------------------------------------------------------------------------------------------------


def test_policies_are_frozen_printable_and_savable():
    policy = Policy.preset("recurly", past_due=14, complete_from_inception=True, time_zone="Asia/Shanghai")
    assert Policy.from_toml(policy.to_toml()) == policy
    assert "past_due = 14" in str(policy) and str(policy).startswith("policy recurly, but")
    with pytest.raises(AttributeError):
        policy.past_due = 3
    for name in PRESETS:
        assert Policy.from_toml(Policy.preset(name).to_toml()) == Policy.preset(name)


@pytest.mark.parametrize(("change", "words"), [({"trials": "cuont"}, "did you mean 'count'"), ({"past_due": -1}, "number from 0"), ({"past_due": True}, "number from 0"),
                                               ({"time_zone": "Asia/Shangai"}, "Asia/Shanghai"), ({"complete_from_inception": 1}, "True or False"),
                                               ({"weeks_per_month": 0}, "above 0"), ({"minor_units": math.nan}, "above 0"), ({"discounts": "<days>"}, "not known")])
def test_policies_refuse_what_they_do_not_know(change, words):
    with pytest.raises(m.MetricError, match=words):
        Policy(**change)


def test_presets_and_switches_are_named_nearly():
    with pytest.raises(m.MetricError, match="did you mean 'stripe'"):
        Policy.preset("strip")
    with pytest.raises(m.MetricError, match="did you mean 'trials'"):
        Policy.preset("stripe", trial="count")
    with pytest.raises(m.MetricError, match="did you mean 'pauses'"):
        Policy().replace(pause="keep")


def test_importing_the_metrics_imports_no_engine():
    code = "import sys, helpers.metrics; heavy = {'pandas', 'narwhals', 'scipy', 'duckdb', 'numpy'} & set(sys.modules); assert not heavy, heavy"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="did you mean 'nrr'"):
        m.nrrr  # noqa: B018
    assert {"nrr", "survival", "reconcile"} <= set(dir(m)) and all(callable(getattr(m, name)) or name == "SWITCHES" for name in m.__all__)
