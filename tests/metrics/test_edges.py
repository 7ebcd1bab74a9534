"""Small cases worked out by hand: months of every length, changes on the way, gaps, terms, and what is owed for them."""

from __future__ import annotations

import pandas as pd
import pytest

import helpers.metrics as m
from helpers.metrics import examples
from helpers.metrics.policy import Policy

WHOLE = Policy(complete_from_inception=True)


def rows(*found):
    return examples.table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 100.0, **row} for row in found])


def moves(table, policy=WHOLE, as_of="2025-12-31"):
    return [(f"{row.month:%Y-%m}", row.kind, row.change / 100) for row in m.mrr_movements(table, as_of=as_of, policy=policy).itertuples()]


def test_an_upgrade_in_the_middle_of_a_month_counts_in_full_from_that_month():
    table = rows({"starts_on": "2024-01-10", "ends_on": "2024-02-15"}, {"starts_on": "2024-02-15", "amount": 200.0})
    assert moves(table) == [("2024-01", "new", 100), ("2024-02", "expansion", 100)]
    assert m.total_mrr(table, "2024-02-14").value == 100 and m.total_mrr(table, "2024-02-15").value == 200


def test_a_year_from_a_leap_day_to_the_last_of_february():
    year = {"interval": "year", "amount": 1200.0}
    first, second = {"starts_on": "2023-02-28", "ends_on": "2024-02-29", **year}, {"starts_on": "2024-02-29", "ends_on": "2025-02-28", **year}
    assert moves(rows(first, second)) == [("2023-02", "new", 100), ("2025-02", "churn", -100)]
    assert m.total_mrr(rows(second), "2024-02-29").value == m.total_mrr(rows(second), "2025-02-27").value == 100
    assert m.total_mrr(rows(second), "2025-02-28").value == 0


@pytest.mark.parametrize(("last", "month"), [("2024-02-29", "2024-02"), ("2024-03-01", "2024-03"), ("2024-03-31", "2024-03"), ("2024-04-01", "2024-04")])
def test_the_month_of_churn_is_the_month_of_the_first_day_without_service(last, month):
    assert moves(rows({"ends_on": last}))[-1] == (month, "churn", -100)


def test_a_gap_within_a_month_is_no_movement_and_one_over_a_month_end_is_two():
    within = rows({"ends_on": "2024-03-10"}, {"starts_on": "2024-03-20"})
    assert moves(within) == [("2024-01", "new", 100)]
    over = rows({"ends_on": "2024-03-10"}, {"starts_on": "2024-04-20", "amount": 150.0})
    assert moves(over) == [("2024-01", "new", 100), ("2024-03", "churn", -100), ("2024-04", "reactivation", 150)]
    by_day = moves(within, WHOLE.replace(same_month="events"))
    assert by_day == [("2024-01", "new", 100), ("2024-03", "churn", -100), ("2024-03", "reactivation", 100)]


def test_the_end_of_a_discount_is_expansion_and_a_new_one_contraction():
    table = rows({"discount": 0.2, "ends_on": "2024-04-01"}, {"starts_on": "2024-04-01", "ends_on": "2024-09-01", "discount": 0.0},
                 {"starts_on": "2024-09-01", "discount": 0.5})
    assert moves(table) == [("2024-01", "new", 80), ("2024-04", "expansion", 20), ("2024-09", "contraction", -50)]
    assert moves(table, WHOLE.replace(discounts="none")) == [("2024-01", "new", 100)]


@pytest.mark.parametrize(("amount", "interval", "count", "monthly"), [
    (3600, "year", 3, 100), (2400, "month", 24, 100), (300, "quarter", 1, 100), (600, "quarter", 2, 100), (100, "week", 1, 433.33), (100, "week", 2, 216.67),
    (100, "week", 52, 8.33), (10, "day", 1, 304.17), (365, "day", 365, 30.42), (7300, "day", 730, 304.17)])
def test_terms_of_any_length_are_worth_their_share_of_a_month(amount, interval, count, monthly):
    table = rows({"amount": float(amount), "interval": interval, "interval_count": count})
    assert m.total_mrr(table, "2024-06-30").value == monthly == round(m.normalise_mrr(amount, interval, count), 2)
    assert m.arr(table, "2024-06-30").value == pytest.approx(12 * monthly, abs=0.06)


def test_stripe_help_100_at_100_and_50_at_600_a_year():
    """support.stripe.com, billing analytics, with the 600 of its text (its formula says 800): 100 x 100 + 50 x 600 / 12."""
    monthly = [{"customer_id": f"m{i}"} for i in range(100)]
    yearly = [{"customer_id": f"y{i}", "amount": 600.0, "interval": "year"} for i in range(50)]
    assert m.total_mrr(rows(*monthly, *yearly), "2024-06-30").value == 12_500


def test_gross_retention_is_capped_customer_by_customer():
    """b doubles and c halves: the total has not moved, and a quarter of it is lost all the same."""
    table = rows({"customer_id": "b", "ends_on": "2024-06-01", "amount": 50.0}, {"customer_id": "b", "starts_on": "2024-06-01"},
                 {"customer_id": "c", "ends_on": "2024-06-01"}, {"customer_id": "c", "starts_on": "2024-06-01", "amount": 50.0})
    assert m.nrr(table, "2024-01-31", "2024-12-31").value == 1
    assert m.grr(table, "2024-01-31", "2024-12-31").value == pytest.approx(100 / 150)


def test_who_left_and_came_back_is_kept_but_had_churned():
    table = rows({"ends_on": "2024-03-01"}, {"starts_on": "2024-08-01"}, {"customer_id": "b"})
    window = ("2024-01-31", "2024-12-31")
    assert m.logo_retention(table, *window).value == 1
    found = {variant: m.customer_churn(table, *window, variant=variant).value for variant in ("point_to_point", "chartmogul", "stripe", "shopify")}
    assert found == {"point_to_point": 0, "chartmogul": 0, "stripe": 0.5, "shopify": 0.5}


def test_nobody_at_the_start_is_undefined_and_everybody_lost_is_zero():
    nobody = m.nrr(rows({"starts_on": "2024-06-01"}), "2024-01-31", "2024-12-31")
    assert nobody.value != nobody.value and nobody.reason == "no customer had MRR on 2024-01-31"
    gone = rows({"ends_on": "2024-06-01"}, {"customer_id": "b", "ends_on": "2024-07-01"})
    assert m.nrr(gone, "2024-01-31", "2024-12-31").value == m.grr(gone, "2024-01-31", "2024-12-31").value == 0


def test_currencies_are_never_added_and_convert_at_the_rate_given():
    table = rows({"currency": "USD"}, {"customer_id": "b", "currency": "EUR"})
    with pytest.raises(m.MetricError, match="EUR, USD are mixed"):
        m.total_mrr(table, "2024-06-30")
    rates = pd.DataFrame({"currency": ["USD", "EUR"], "rate": [7.0, 8.0]})
    assert m.total_mrr(m.convert(table, rates, to="CNY"), "2024-06-30").value == 1500


def test_churn_of_a_month_is_never_multiplied_by_twelve():
    assert m.annualise_churn(0.03) == pytest.approx(0.306158, abs=1e-6) != 0.36
    assert m.annualise_churn(0) == 0 and m.annualise_churn(1) == 1
    assert m.Rate(m.annualise_churn(0.02), "year").to("month").value == pytest.approx(0.02)


BILL = ["customer_id", "issued_on", "service_from", "service_to", "amount"]


def bills(*found):
    table = pd.DataFrame(found, columns=BILL)
    return table.assign(**{name: pd.to_datetime(table[name]) for name in BILL[1:4]})


def test_two_prepaid_years_are_earned_by_the_day_a_leap_day_too():
    table = bills(["a", "2024-01-01", "2024-01-01", "2026-01-01", 731.0])
    months = m.revenue_by_month(table, as_of="2025-12-31").set_index("month")
    assert months["billings"].sum() == 731 and months.loc["2024-01-01", "deferred"] == 700
    assert months.loc["2024-02-01", "recognised"] == 29 and months.loc["2025-02-01", "recognised"] == 28
    assert months.loc["2024-12-01", "deferred"] == 365 and months["deferred"].iloc[-1] == 0


def test_a_prorated_invoice_is_brought_to_its_full_month():
    """ChartMogul: (amount - tax) x full period / prorated period; 16 of January's 31 days cost 160."""
    table = bills(["a", "2024-01-16", "2024-01-16", "2024-02-01", 160.0]).assign(invoice_id="i1", kind="recurring")
    assert m.total_mrr(m.subscriptions_from_invoices(table), "2024-01-31").value == 310
    year = bills(["a", "2024-01-01", "2024-01-01", "2026-01-01", 2400.0]).assign(invoice_id="i1", kind="recurring")
    assert m.total_mrr(m.subscriptions_from_invoices(year), "2025-12-31").value == 100
