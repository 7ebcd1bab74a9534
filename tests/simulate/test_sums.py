"""Sums that must agree: invoices and contracts, payments and invoices, stage histories and deals, cash and costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(params=["lanternfish", "second"])
def company(request):
    return request.getfixturevalue(request.param)


def test_invoices_add_up_to_contracts(company):
    contracts = company.dates("contracts", "ends_on").set_index("contract_id")
    invoices = company["invoices"]
    asked = (
        invoices[invoices.kind == "recurring"].groupby("contract_id").amount.sum().reindex(contracts.index).fillna(0)
    )
    over = contracts.ends_on <= company.as_of
    whole = over | (contracts.billing != "monthly")
    assert (asked[whole] - contracts.recurring_amount[whole]).abs().max() < 0.02
    assert (asked <= contracts.recurring_amount + 0.02).all()
    once = invoices[invoices.kind == "one-off"].groupby("contract_id").amount.sum().reindex(contracts.index).fillna(0)
    assert (once - contracts.one_off_amount).abs().max() < 0.02


def test_payments_belong_to_invoices(company):
    invoices = company.dates("invoices", "issued_on").set_index("invoice_id")
    payments = company.dates("payments", "paid_on")
    invoice = invoices.loc[payments.invoice_id]
    assert (payments.amount.to_numpy() == invoice.amount.to_numpy()).all()
    assert (payments.customer_id.to_numpy() == invoice.customer_id.to_numpy()).all()
    assert (payments.paid_on.to_numpy() >= invoice.issued_on.to_numpy()).all()
    assert 0.9 < len(payments) / (invoices.kind != "credit").sum() < 1


def test_refunds_follow_payments(company):
    payments = company.dates("payments", "paid_on").set_index("payment_id")
    refunds = company.dates("refunds", "refunded_on")
    assert (refunds.refunded_on.to_numpy() > payments.paid_on.loc[refunds.payment_id].to_numpy()).all()
    assert (refunds.amount.to_numpy() < payments.amount.loc[refunds.payment_id].to_numpy()).all()
    credits_ = company["invoices"].query("kind == 'credit'").amount.sum()
    assert credits_ == pytest.approx(-refunds.amount.sum())


def test_every_win_has_a_stage_history_and_a_contract(company):
    deals = company.dates("opportunities", "opened_on", "closed_on").set_index("opportunity_id")
    steps = company.dates("stage_history", "entered_on")
    won = deals[(deals.outcome == "won")]
    contracts = company.dates("contracts", "signed_on")
    linked = contracts.dropna(subset=["opportunity_id"]).set_index("opportunity_id")
    assert set(won.index) == set(linked.index)
    assert (linked.signed_on == won.closed_on.reindex(linked.index)).all()
    signed = steps[steps.step == "signed"].set_index("opportunity_id").entered_on
    from_leads = won[won.lead_id.notna()]
    assert set(signed.index) == set(from_leads.index)
    assert (signed == from_leads.closed_on.reindex(signed.index)).all()
    inside = steps.join(deals, on="opportunity_id")
    assert (inside.entered_on >= inside.opened_on).all()
    assert ((inside.entered_on <= inside.closed_on) | inside.closed_on.isna()).all()
    order = steps.groupby("opportunity_id").entered_on.is_monotonic_increasing
    assert order.all()


def test_add_on_deals_have_the_amount_of_a_year(company):
    deals = company["opportunities"]
    assert (deals.list_amount >= deals.amount).all()
    assert (deals.amount > 0).all()


def test_reps_sell_while_they_are_employed(company):
    reps = company.dates("reps", "hired_on", "left_on").set_index("rep_id")
    contracts = company.dates("contracts", "signed_on").dropna(subset=["rep_id"])
    seller = reps.loc[contracts.rep_id]
    assert (contracts.signed_on.to_numpy() >= seller.hired_on.dt.to_period("M").dt.start_time.to_numpy()).all()
    left = seller.left_on.fillna(pd.Timestamp("2100-01-01"))
    assert (contracts.signed_on.to_numpy() < left.to_numpy()).all()


def test_cash_follows_from_payments_costs_and_rounds(company):
    months = company.dates("cash", "month").set_index("month").balance

    def by_month(name, column, amount="amount"):
        rows = company.dates(name, column)
        return (
            rows.groupby(rows[column].dt.to_period("M").dt.to_timestamp())[amount].sum().reindex(months.index).fillna(0)
        )

    flow = (
        by_month("payments", "paid_on")
        - by_month("refunds", "refunded_on")
        - by_month("costs", "month")
        + by_month("funding_rounds", "on")
    )
    assert (flow - months.diff()).iloc[1:].abs().max() < 0.02
    assert months.min() > 0


def test_leads_money_of_costs_is_the_marketing_spend(company):
    costs = company["costs"]
    assert costs[costs.kind == "C"].amount.sum() == pytest.approx(company["marketing_spend"].amount.sum())


def test_things_at_customers_happen_while_they_are_customers(company):
    contracts = company.dates("contracts", "starts_on", "ends_on")
    span = contracts.groupby("customer_id").agg(first=("starts_on", "min"), last=("ends_on", "max"))
    for name, column in (
        ("success_touches", "on"),
        ("surveys", "on"),
        ("ladder_evidence", "on"),
        ("cs_programmes", "on"),
        ("tier_history", "from"),
        ("csm_assignments", "from"),
        ("success_plans", "agreed_on"),
        ("milestones", "reached_on"),
    ):
        rows = company.dates(name, column).dropna(subset=[column]).join(span, on="customer_id")
        assert rows["first"].notna().all(), name
        assert ((rows[column] >= rows["first"]) & (rows[column] < rows["last"])).all(), name


def test_go_live_comes_after_the_start_of_the_work(company):
    work = company.dates("implementations", "started_on", "live_on")
    start = company.dates("contracts", "starts_on").set_index("contract_id").starts_on
    assert (work.started_on >= work.contract_id.map(start)).all()
    assert (work.live_on >= work.started_on)[work.live_on.notna()].all()


def test_invitations_bring_the_users_they_name(company):
    invitations = company["invitations"]
    assert (invitations.reward > 0).sum() == ((invitations.layer == "reward") & invitations.accepted_at.notna()).sum()
    accepted = invitations.dropna(subset=["to_user_id"])
    signed = company["users"].set_index("user_id").signed_up_at
    assert (accepted.accepted_at.to_numpy() == signed.loc[accepted.to_user_id].to_numpy()).all()
    signed_up = pd.to_datetime(signed.loc[accepted.from_user_id].str[:19]).to_numpy()
    assert (signed_up <= pd.to_datetime(accepted.sent_at.str[:19]).to_numpy()).all()
    assert np.isfinite(accepted.reward).all()
