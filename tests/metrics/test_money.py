"""Invoices, recognised and deferred revenue, cash: four numbers for one sale."""

from __future__ import annotations

import pandas as pd
import pytest

import helpers.metrics as m
from helpers.metrics.invoices import COLUMNS
from helpers.metrics.policy import Policy


def bills(*rows):
    table = pd.DataFrame([[f"i{i}", *row] for i, row in enumerate(rows)], columns=list(COLUMNS))
    for name in ("issued_on", "service_from", "service_to"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    return table


def mrr(invoices, on, **switches):
    policy = Policy(**switches)
    return m.total_mrr(m.subscriptions_from_invoices(invoices), on, policy=policy).value


def test_mrr_from_invoices_of_any_length():
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 1200, "recurring"], ["b", "2024-01-01", "2024-01-01", "2026-01-01", 2400, "recurring"],
                  ["c", "2024-03-10", "2024-03-10", "2024-04-10", 90, "recurring"], ["c", "2024-01-01", None, None, 5000, "one-off"])
    assert mrr(table, "2024-03-31") == 290
    assert mrr(table, "2024-12-31") == 200


def test_a_part_of_a_month_is_restored_or_kept_as_billed():
    table = bills(["a", "2024-01-16", "2024-01-16", "2024-02-01", 16, "recurring"], ["a", "2024-02-01", "2024-02-01", "2024-03-01", 31, "recurring"])
    assert [mrr(table, on) for on in ("2024-01-31", "2024-02-29")] == [31, 31]
    assert [mrr(table, on, mid_month="prorated") for on in ("2024-01-31", "2024-02-29")] == [16, 31]


def test_an_upgrade_nets_the_unused_rest_of_the_old_price():
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 1200, "recurring"], ["a", "2024-07-01", "2024-07-01", "2025-01-01", -600, "recurring"],
                  ["a", "2024-07-01", "2024-07-01", "2025-01-01", 900, "recurring"])
    assert [mrr(table, on) for on in ("2024-06-30", "2024-07-31")] == [100, 150]
    moved = m.mrr_movements(m.subscriptions_from_invoices(table), as_of="2024-12-31")
    assert moved["kind"].tolist() == ["opening", "expansion"]


def test_usage_and_credits_follow_the_policy():
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 1200, "recurring"], ["a", "2024-03-31", "2024-03-01", "2024-04-01", 30, "usage"],
                  ["a", "2024-03-15", "2024-03-01", "2024-05-01", -40, "credit"])
    assert mrr(table, "2024-03-31") == 100
    assert mrr(table, "2024-03-31", usage="last_month") == 130
    assert mrr(table, "2024-03-31", refunds="negative") == 80


def test_invoices_that_cannot_be_used_are_named():
    with pytest.raises(m.MetricError, match="service_from or service_to.*i0"):
        mrr(bills(["a", "2024-01-01", None, None, 10, "recurring"]), "2024-01-31")
    with pytest.raises(m.MetricError, match="before it begins"):
        mrr(bills(["a", "2024-01-01", "2024-02-01", "2024-02-01", 10, "recurring"]), "2024-01-31")
    with pytest.raises(m.MetricError, match="kind"):
        mrr(bills(["a", "2024-01-01", "2024-02-01", "2024-03-01", 10, "gift"]), "2024-01-31")


def test_billings_revenue_deferred_and_cash():
    table = bills(["a", "2023-12-15", "2024-01-01", "2025-01-01", 3660, "recurring"], ["b", "2024-02-01", "2024-01-01", "2024-02-01", 310, "recurring"],
                  ["c", "2024-02-10", None, None, 99, "one-off"])
    payments = pd.DataFrame({"paid_on": pd.to_datetime(["2024-01-20"]), "amount": [3660.0]})
    refunds = pd.DataFrame({"refunded_on": pd.to_datetime(["2024-02-05"]), "amount": [60.0]})
    months = m.revenue_by_month(table, as_of="2024-02-15", payments=payments, refunds=refunds).set_index("month")
    december, january, february = (months.loc[f"{day}"] for day in ("2023-12-01", "2024-01-01", "2024-02-01"))
    assert (december["billings"], december["recognised"], december["deferred"]) == (3660, 0, 3660)
    assert (january["billings"], january["recognised"], january["deferred"], january["cash"]) == (0, 310 + 310, 3660 - 620, 3660)
    assert (february["billings"], february["recognised"], february["cash"]) == (409, 150 + 99, -60)
    assert not january["partial"] and february["partial"]
    change = months["deferred"].diff().fillna(months["deferred"].iloc[0])
    assert (change - months["billings"] + months["recognised"]).abs().max() < 1e-9


def test_everything_billed_is_earned_in_the_end_to_the_cent():
    table = bills(*[["a", "2024-01-07", "2024-01-07", f"2024-{month:02}-19", 1000 / 7, "recurring"] for month in range(2, 12)])
    months = m.revenue_by_month(table, as_of="2024-12-31")
    assert months["recognised"].sum() == pytest.approx(months["billings"].sum(), abs=0.005)
    assert months["deferred"].iloc[-1] == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize(("amount", "months"), [(100, 3), (0.05, 12), (-100, 7), (1200, 12)])
def test_spread_invoices_add_up(amount, months):
    spread = m.spread_invoice(amount, months)["amount"]
    assert round(spread.sum(), 2) == amount and spread.max() - spread.min() <= 0.0100001
    with pytest.raises(m.MetricError, match="whole number"):
        m.spread_invoice(100, 0)


def test_left_out_says_what_and_why():
    from helpers.metrics import examples

    table = examples.table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 10, "status": "active", "charge": "recurring"},
                               {"customer_id": "a", "starts_on": "2024-01-01", "amount": 7, "status": "active", "charge": "tax"},
                               {"customer_id": "b", "starts_on": "2024-01-01", "amount": 5, "status": "trial", "charge": "recurring"}])
    assert m.left_out(table, "2024-06-30").to_numpy().tolist() == [["tax", 1, 7.0], ["trial", 1, 5.0]]


# --- units, economics, product -----------------------------------------------------------------------------------------


def test_monthly_churn_and_yearly_price_cannot_be_mixed():
    monthly, yearly = m.Rate(0.03, "month"), m.Price(1200, "year")
    with pytest.raises(m.MetricError, match="differ. Use .to"):
        m.ltv_simple(yearly, monthly)
    with pytest.raises(m.MetricError, match="differ. Use .to"):
        m.ltv_finite_horizon(yearly, monthly, 36)
    with pytest.raises(m.MetricError, match="no period"):
        m.ltv_simple(100, monthly)
    assert m.ltv_simple(yearly.to("month"), monthly) == pytest.approx(100 / 0.03)
    assert monthly.to("year").value == pytest.approx(m.annualise_churn(0.03))
    assert monthly.to("year").to("month").value == pytest.approx(0.03)
    with pytest.raises(m.MetricError, match="no fraction"):
        m.Rate(3, "month")
    with pytest.raises(m.MetricError, match="0.03"):
        m.annualise_churn(3)


def test_undefined_is_nan_and_never_infinite():
    import math

    assert math.isnan(m.ltv_simple(m.Price(100, "month"), m.Rate(0, "month")))
    assert math.isnan(m.magic_number(120, 100, 0)) and m.magic_number(120, 100, 160) == 0.5
    assert math.isnan(m.customer_churn_rate(0, 0)) and math.isnan(m.gross_mrr_churn_rate(0, 0, 0)) and math.isnan(m.net_mrr_churn_rate(0, 0, 0, 0))
    assert m.viral_users(1, 10, 4) == 50 and m.viral_users(0.5, 100, 60) == pytest.approx(200)


def test_actives_and_stickiness_by_hand():
    log = pd.DataFrame({"user_id": list("aaabb"), "at": pd.to_datetime(["2024-02-01 10:00", "2024-02-01 11:00", "2024-02-29 23:59", "2024-02-10 00:00", "2024-03-01 00:00"])})
    table = m.stickiness(log)
    assert m.monthly_actives(log)["actives"].tolist() == table["actives"].tolist() == [2, 1]
    assert table["value"].tolist() == pytest.approx([3 / 29 / 2, 1 / 31])
