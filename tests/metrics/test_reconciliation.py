"""Reconciliation: the parts add up, and name the right switches, customers and months."""

from __future__ import annotations

import pytest

import helpers.metrics as m
from helpers.metrics import examples
from helpers.metrics.policy import PRESETS, Policy
from helpers.metrics.reconciliation import MEASURES

SPAN = {"start": "2023-12-31", "end": "2024-12-31"}


@pytest.fixture(scope="module")
def table():
    return examples.table_of([
        {"customer_id": "coupon", "starts_on": "2024-01-05", "amount": 100, "discount": 0.2, "status": "active"},
        {"customer_id": "trial", "starts_on": "2024-02-05", "amount": 50, "discount": 0.1, "status": "trial"},
        {"customer_id": "plain", "starts_on": "2024-03-05", "amount": 10, "discount": 0.0, "status": "active"}])


def test_parts_add_up_and_share_what_two_switches_make_together(table):
    found = m.reconcile(table, Policy(), Policy(discounts="none", trials="count"), **SPAN)
    parts = found.by_switch.set_index("switch")["mrr_end"]
    assert parts.to_dict() == {"discounts": 20 + 5 / 2, "trials": 50 - 5 / 2}
    totals = found.totals.set_index("measure")
    assert totals.loc["mrr_end", ["a", "b", "difference"]].tolist() == [90, 160, 70]
    assert found.by_customer[["customer_id", "kind", "a", "b"]].to_numpy().tolist() == [["trial", "new", 0, 50], ["coupon", "opening", 80, 100]]
    assert "+70.00" in repr(found) and "trials" in repr(found) and not found.idle


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "default"])
def test_parts_add_up_for_every_preset(name, mixed):
    found = m.reconcile(mixed, Policy(), Policy.preset(name), **SPAN)
    totals = found.totals.set_index("measure")["difference"]
    for measure in MEASURES:
        assert found.by_switch[measure].sum() == pytest.approx(totals[measure], abs=1e-4)
    by_kind = found.by_customer.groupby("kind")["difference"].sum()
    for kind, difference in by_kind.drop("at the start", errors="ignore").items():
        assert difference == pytest.approx(totals[kind], abs=1e-4)
    assert by_kind.sum() == pytest.approx(totals["mrr_end"], abs=1e-4)  # who and when: from the start to the end, nothing is left over
    moved = totals.drop("mrr_end").sum()
    assert (totals.abs() > 0).any() and isinstance(moved, float)


def test_switches_that_cannot_act_are_named(table):
    idle = m.reconcile(table, Policy(), Policy.preset("stripe"), **SPAN).idle
    assert idle == {"discounts": "discount_duration", "churn_date": "canceled_on", "fx": "a table of rates, with helpers.metrics.currency"}


def test_same_policy_no_difference(table):
    found = m.reconcile(table, Policy(), Policy(), **SPAN)
    assert found.by_switch.empty and found.by_customer.empty and (found.totals["difference"] == 0).all()


def test_what_cannot_be_reconciled_is_refused(table):
    with pytest.raises(m.MetricError, match="Swap"):
        m.reconcile(table, Policy(), Policy(), start="2024-12-31", end="2023-12-31")
    with pytest.raises(m.MetricError, match="minor_units"):
        m.reconcile(table, Policy(), Policy(minor_units=1), **SPAN)
    with pytest.raises(m.MetricError, match="no month end.*Give 2023-12-31"):
        m.reconcile(table, Policy(), Policy(), start="2024-01-01", end="2024-12-31")
    with pytest.raises(m.MetricError, match="Swap"):
        m.restatements(table.assign(recorded_at=table["starts_on"]), known_then="2024-12-31", known_now="2023-12-31")
    with pytest.raises(m.MetricError, match="recorded_at"):
        m.restatements(table, known_then="2024-01-31", known_now="2024-12-31")
