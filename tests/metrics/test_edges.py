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


@pytest.mark.parametrize("variant", ["chartmogul", "stripe"])
def test_who_came_back_and_left_again_is_lost_from_somewhere(variant):
    """b and c had left before the window: they return in it and leave in it. ChartMogul leaves them out, Stripe counts them above and below."""
    before = [{"customer_id": name, "starts_on": "2023-01-01", "ends_on": "2023-06-01"} for name in "bc"]
    within = [{"customer_id": name, "starts_on": "2024-03-01", "ends_on": "2024-05-01"} for name in "bc"]
    found = m.customer_churn(rows({"starts_on": "2023-01-01"}, *before, *within), "2023-12-31", "2024-12-31", variant=variant)
    assert (found.value, found.n) == {"chartmogul": (0, 1), "stripe": (pytest.approx(2 / 3), 3)}[variant]


def test_a_credit_larger_than_what_it_is_for_leaves_nothing_and_no_debt():
    """A yearly 1,200 is taken back from 10 July by a credit of the exact days: 573.77 for 175 of 366."""
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 1200.0], ["a", "2024-07-10", "2024-07-10", "2025-01-01", -573.77])
    subs = m.subscriptions_from_invoices(table.assign(invoice_id=["i1", "i2"], kind="recurring"))
    assert moves(subs)[0] == ("2024-01", "new", 100) and moves(subs)[1][:2] == ("2024-07", "churn") and len(moves(subs)) == 2
    bridge = m.bridge_from(subs, as_of="2025-03-31", policy=WHOLE)
    assert bridge["ending"].tolist() == [m.total_mrr(subs, day).value for day in bridge["month"] + pd.offsets.MonthEnd(0)]
    refund = rows({"ends_on": "2024-06-01"}, {"starts_on": "2024-06-01", "ends_on": "2024-07-01", "amount": 30.0, "charge": "refund"})
    assert moves(refund.fillna({"charge": "recurring"}), Policy.preset("recurly", complete_from_inception=True)) == [("2024-01", "new", 100), ("2024-06", "churn", -100)]


@pytest.mark.parametrize("anchor", [28, 29, 30, 31])
def test_bills_due_at_the_end_of_the_month_move_nothing(anchor):
    """A flat price, billed on the 28th to the 31st and on the last day of shorter months, is the same MRR in every month."""
    due = [pd.Timestamp(2023, 1, 1) + pd.DateOffset(months=i) for i in range(27)]
    due = [day.replace(day=min(anchor, day.days_in_month)) for day in due]
    table = bills(*[["a", first, first, last, 100.0] for first, last in zip(due, due[1:], strict=False)])
    subs = m.subscriptions_from_invoices(table.assign(invoice_id=[f"i{i}" for i in range(26)], kind="recurring"))
    assert moves(subs, as_of="2025-02-15") == [("2023-01", "new", 100)]
    assert m.nrr(subs, "2024-02-10", "2025-02-10").value == 1
    terms = pd.DataFrame({"contract_id": ["k1", "k2"], "customer_id": "a", "starts_on": due[:2], "ends_on": due[1:3], "amount": 100.0, "recurring_amount": 100.0,
                          "renews_contract_id": [None, "k1"], "kind": ["new", "renewal"]})
    assert m.renewal_rate(terms, due[0], due[1]).value == 1


def test_pro_rata_bills_are_measured_by_the_period_they_end_with():
    """ChartMogul, MRR from prorated invoices: a seat added on 1 March of a month from 15 February is worth its full price."""
    month = bills(["a", "2024-02-15", "2024-02-15", "2024-03-15", 100.0], ["a", "2024-03-01", "2024-03-01", "2024-03-15", 100 * 14 / 29])
    assert m.total_mrr(m.subscriptions_from_invoices(month.assign(invoice_id=["i1", "i2"], kind="recurring")), "2024-03-10").value == 200
    year = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 1200.0], ["a", "2024-07-01", "2024-07-01", "2025-01-01", -1200 * 184 / 366],
                 ["a", "2024-07-01", "2024-07-01", "2025-01-01", 2400 * 184 / 366]).assign(invoice_id=["i1", "i2", "i3"], kind="recurring")
    by_months = m.total_mrr(m.subscriptions_from_invoices(year), "2024-12-31").value
    by_days = m.total_mrr(m.subscriptions_from_invoices(year.assign(interval="year", interval_count=1)), "2024-12-31").value
    assert by_days == 200 and by_months == pytest.approx(200.55, abs=0.02)


def test_survival_from_the_first_day_counts_who_left_in_the_first_month():
    """Janz's cohort table: of 80 customers of January 78 are there at its end. At month ends only the 78 are followed."""
    stay = [{"customer_id": f"c{i}", "starts_on": "2024-01-05", "ends_on": "2024-01-20" if i < 2 else "2024-02-20" if i < 5 else None} for i in range(80)]
    curve = {base: m.survival(rows(*stay), as_of="2024-03-31", base=base, policy=WHOLE).table for base in ("signup", "month_end")}
    assert curve["signup"][["age", "survival", "at_risk", "lost"]].to_numpy().tolist() == [[0, 78 / 80, 80, 2], [1, 75 / 80, 78, 3], [2, 75 / 80, 75, 0]]
    assert curve["month_end"][["survival", "at_risk"]].to_numpy().tolist() == [[1, 78], [75 / 78, 78], [75 / 78, 75]]


def test_janz_triangle_pooled_by_kaplan_meier():
    """76.4% at month 9, where the mean of the cohorts that are old enough says 80.0%: lost and last seen by age, summed over ten cohorts."""
    lost, last_seen = [14, 29, 43, 28, 12, 11, 10, 5, 3, 1], [168, 154, 135, 118, 110, 96, 90, 82, 70, 64]
    assert round(m.kaplan_meier(lost, last_seen)[-1][1], 3) == 0.764


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


# --- what is not known yet --------------------------------------------------------------------------------------------


def test_a_row_recorded_later_does_not_move_the_first_month():
    seen = {"customer_id": "a", "starts_on": "2024-01-05", "recorded_at": "2024-01-05"}
    later = {"customer_id": "b", "starts_on": "2023-12-05", "recorded_at": "2025-01-05"}
    assert moves(rows(seen, later), Policy(), "2024-06-30") == moves(rows(seen), Policy(), "2024-06-30") == [("2024-01", "opening", 100)]


def test_usage_of_later_days_is_not_known():
    table = rows({"charge": "recurring", "starts_on": "2023-01-01"}, {"charge": "usage", "amount": 30.0, "starts_on": "2024-01-20", "ends_on": "2024-02-20"})
    assert moves(table, WHOLE.replace(usage="trailing_3"), "2024-01-15") == [("2023-01", "new", 100)]
    assert moves(table, WHOLE.replace(usage="trailing_3"), "2024-01-31")[1] == ("2024-01", "expansion", 10)


def test_a_cancellation_written_down_later_is_not_known():
    table = rows({"starts_on": "2023-01-01", "ends_on": "2024-03-10", "canceled_on": "2024-03-01", "end_recorded_at": "2024-06-01"})
    policy = WHOLE.replace(churn_date="canceled")
    assert len(moves(table, policy, "2024-04-30")) == 1 and moves(table, policy, "2024-06-30")[1] == ("2024-03", "churn", -100)


def test_what_is_invoiced_later_is_not_earned_yet():
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 366.0], ["a", "2024-09-01", "2024-01-01", "2025-01-01", 366.0])
    assert m.revenue_by_month(table, as_of="2024-02-29")["recognised"].tolist() == [31, 29]
    assert m.revenue_by_month(table, as_of="2024-09-30")["recognised"].tolist()[0] == 62


def deals(*found):
    names = ["contract_id", "customer_id", "kind", "renews_contract_id", "starts_on", "ends_on", "recurring_amount"]
    table = pd.DataFrame(found, columns=names)
    return table.assign(**{name: pd.to_datetime(table[name]) for name in names[4:6]})


def test_a_renewal_that_starts_later_is_not_known():
    table = deals(["k1", "a", "new", None, "2023-01-01", "2024-01-01", 100.0], ["k2", "a", "renewal", "k1", "2024-06-01", "2025-06-01", 100.0])
    assert [m.renewal_rate(table, "2023-12-31", "2024-02-29", as_of=day, add_ons=False).value for day in ("2024-02-29", "2024-06-30")] == [0, 1]


def test_a_month_that_is_not_over_is_dropped_or_flagged_in_the_bridge():
    table = rows({"starts_on": "2024-01-05"}, {"customer_id": "b", "starts_on": "2024-06-10"})
    flagged, dropped = (m.bridge_from(table, as_of="2024-06-15", policy=WHOLE.replace(right_edge=edge)) for edge in ("flag", "drop"))
    assert flagged["partial"].tolist() == [False] * 5 + [True] and len(dropped) == 5 and "partial" not in dropped
    first_instants = WHOLE.replace(time_base="month_start")
    assert moves(table, first_instants, "2024-06-15") == [("2024-02", "new", 100)]
    assert moves(table, first_instants, "2024-07-01")[1] == ("2024-07", "new", 100)


# --- input that cannot be meant ---------------------------------------------------------------------------------------


def test_adjustments_have_an_interval_too():
    with pytest.raises(m.MetricError, match="subscriptions.interval: 1 row"):
        m.total_mrr(rows({"charge": "recurring"}, {"charge": "adjustment", "amount": -5.0, "interval": "decade"}), "2024-06-30")


@pytest.mark.parametrize(("change", "words"), [
    ({"amount": "100"}, "column 'amount' holds .*pd.to_numeric"), ({"discount": "10%"}, "column 'discount' holds"),
    ({"amount": 1e13}, "amount: 1 row are no amount of money"), ({"amount": float("inf")}, "no amount of money")])
def test_amounts_that_are_none_are_refused(change, words):
    with pytest.raises(m.MetricError, match=words):
        m.total_mrr(rows({}).assign(**change), "2024-06-30")


def test_a_policy_is_no_name_and_a_day_no_gap():
    with pytest.raises(m.MetricError, match="Policy.preset"):
        m.total_mrr(rows({}), "2024-06-30", policy="stripe")
    with pytest.raises(m.MetricError, match="on = NaT is no date"):
        m.total_mrr(rows({}), pd.NaT)
    odd = Policy(name='my "best" \\ policy')
    assert Policy.from_toml(odd.to_toml()) == odd


def test_months_are_chained_from_month_end_to_month_end_and_from_somebody():
    with pytest.raises(m.MetricError, match="2024-01-15 is no month end"):
        m.nrr_chained(rows({}), "2024-01-15", "2024-04-30")
    nobody = m.nrr_chained(rows({"starts_on": "2025-01-01"}), "2024-01-31", "2024-06-30")
    assert nobody.value != nobody.value and nobody.n == 0 and nobody.reason


def test_a_table_is_no_single_number_and_says_so():
    found = m.life_table(rows({"starts_on": "2022-01-01"}), as_of="2023-12-31", policy=WHOLE)
    assert "see .table" in repr(found)
    with pytest.raises(m.MetricError, match="read .table"):
        float(found)


def test_bridges_know_their_kinds():
    moved = pd.DataFrame({"month": pd.to_datetime(["2024-01-01"]), "kind": ["upgrade"], "change": [100]})
    with pytest.raises(m.MetricError, match="kind 'upgrade'"):
        m.mrr_bridge(moved)
    with pytest.raises(m.MetricError, match="positive amount"):
        m.gross_mrr_churn_rate(100, -10, -10)


def test_two_kinds_of_money_are_not_added():
    table = bills(["a", "2024-01-01", "2024-01-01", "2025-01-01", 366.0], ["b", "2024-01-01", "2024-01-01", "2025-01-01", 366.0]).assign(currency=["USD", "JPY"])
    with pytest.raises(m.MetricError, match="invoices.currency: JPY, USD are mixed"):
        m.revenue_by_month(table, as_of="2024-02-29")


@pytest.mark.parametrize(("change", "words"), [
    ({"recurring_amount": None}, "have no recurring_amount"), ({"ends_on": pd.Timestamp("2022-01-01")}, "end before they start"),
    ({"contract_id": "k1"}, "stands in 2 rows"), ({"starts_on": "2023-01-01"}, "not dates")])
def test_contracts_are_checked_before_they_are_counted(change, words):
    table = deals(["k1", "a", "new", None, "2023-01-01", "2024-01-01", 100.0], ["k2", "b", "new", None, "2023-01-01", "2024-01-01", 100.0])
    with pytest.raises(m.MetricError, match=words):
        m.renewal_rate(table.assign(**change), "2023-12-31", "2024-12-31")


def test_rates_of_exchange_reach_to_the_report_and_are_above_nothing():
    table = rows({"currency": "USD"})
    rates = pd.DataFrame({"currency": "USD", "month": pd.date_range("2024-01-01", periods=3, freq="MS"), "rate": [7.0, 7.1, 7.2]})
    with pytest.raises(m.MetricError, match="USD ends in 2024-03"):
        m.fx_movements(table, rates, to="CNY", as_of="2024-12-31")
    with pytest.raises(m.MetricError, match="rates.rate: USD has -7"):
        m.convert(table, pd.DataFrame({"currency": ["USD"], "rate": [-7.0]}), to="CNY")


@pytest.mark.parametrize("large", [100_000, 1])
def test_days_away_are_whole_days_on_every_way(large, monkeypatch):
    """Left on 1 January at 15:00 and back on 31 March at 16:00 is 90 days, whatever computes it."""
    monkeypatch.setattr("helpers.metrics.tables.LARGE", large)
    table = rows({"starts_on": "2023-01-01 09:00", "ends_on": "2024-01-01 15:00"}, {"starts_on": "2024-03-31 16:00"})
    assert [kind for _, kind, _ in moves(table, WHOLE.replace(reactivation=90))] == ["new", "churn", "reactivation"]


def test_trailing_windows_follow_one_another():
    """Nobody was there in between: windows of 2021 and of 2023 make no average, and a chain knows what is not over."""
    table = rows({"starts_on": "2020-01-05", "ends_on": "2021-06-10"}, {"customer_id": "b", "starts_on": "2022-08-05"})
    found = m.nrr_trailing(table, as_of="2023-10-31")
    assert found.value != found.value and found.reason.startswith("only 3 of 12 windows")
    with pytest.raises(m.MetricError, match="windows = 0"):
        m.nrr_trailing(table, as_of="2023-10-31", windows=0)
    assert not m.nrr_chained(table, "2022-12-31", "2023-12-31", as_of="2023-10-31").mature


def test_ids_of_two_kinds_are_not_joined():
    table = rows({"customer_id": 1}, {"customer_id": 2})
    sizes = pd.DataFrame({"customer_id": ["1", "2"], "size": ["small", "large"]})
    with pytest.raises(m.MetricError, match="customers.customer_id holds text, subscriptions.customer_id numbers"):
        m.nrr(table, "2024-01-31", "2024-12-31", customers=sizes, by="size")


def test_what_is_paused_is_left_out_with_what_it_would_be_worth():
    table = rows({"status": "active"}, {"customer_id": "b", "status": "paused", "amount": 30.0})
    assert m.left_out(table, "2024-06-30").to_numpy().tolist() == [["paused", 1, 30.0]]
    assert m.left_out(table, "2024-06-30", policy=Policy(pauses="keep")).empty
