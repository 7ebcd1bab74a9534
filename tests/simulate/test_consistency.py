"""Keys, order in time, and sums, on the case and on the second company."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from plain import MONTHS, ROOT, monthly, mrr, year_ends

SCHEMA = yaml.safe_load((ROOT / "helpers" / "company" / "schema.yaml").read_text(encoding="utf-8"))["tables"]


@pytest.fixture(params=["lanternfish", "second"])
def company(request):
    return request.getfixturevalue(request.param)


def tables(company):
    names = {path.stem for path in company.folder.iterdir() if path.suffix in (".csv", ".parquet")}
    return sorted(names)


def test_every_column_is_one_of_the_schema(company):
    for name in tables(company):
        known = SCHEMA[name]["columns"]
        assert set(company[name].columns) <= set(known), name
        needed = {c for c, rule in known.items() if rule.get("required")}
        assert needed <= set(company[name].columns), name


def test_keys_are_filled_and_unique(company):
    for name in tables(company):
        key = SCHEMA[name]["key"]
        if key:
            assert company[name][key].notna().all().all(), name
            assert not company[name].duplicated(key).any(), name


def test_foreign_keys_lead_somewhere(company):
    for name in tables(company):
        for column, rule in SCHEMA[name]["columns"].items():
            other, _, target = rule.get("refers", "").partition(".")
            if other in tables(company) and column in company[name]:
                values = set(company[name][column].dropna())
                assert values <= set(company[other][target]), f"{name}.{column}"


def test_required_cells_are_filled(company):
    for name in tables(company):
        for column, rule in SCHEMA[name]["columns"].items():
            if rule.get("required") and "empty" not in rule:
                assert company[name][column].notna().all(), f"{name}.{column}"


def test_categories_and_limits(company):
    for name in tables(company):
        for column, rule in SCHEMA[name]["columns"].items():
            if column not in company[name]:
                continue
            values = company[name][column].dropna()
            if "values" in rule:
                assert set(values) <= set(rule["values"]), f"{name}.{column}"
            if "min" in rule and len(values):
                assert values.min() >= rule["min"], f"{name}.{column}"


def test_orders_in_time(company):
    for name in tables(company):
        pairs = [(*pair, False) for pair in SCHEMA[name].get("order", [])]
        pairs += [(*pair, True) for pair in SCHEMA[name].get("strict", [])]
        for early, late, strict in pairs:
            first, then = (pd.to_datetime(company[name][c].astype("string").str[:10]) for c in (early, late))
            both = first.notna() & then.notna()
            wrong = (first >= then) if strict else (first > then)
            assert not (wrong & both).any(), f"{name}: {early} after {late}"


def test_nothing_happens_after_as_of(company):
    planned = {
        ("contracts", "ends_on"),
        ("subscriptions", "ends_on"),
        ("invoices", "due_on"),
        ("invoices", "service_to"),
        ("milestones", "planned_on"),
    }
    for name in tables(company):
        for column, rule in SCHEMA[name]["columns"].items():
            if (
                rule["type"] in ("date", "instant", "month")
                and column in company[name]
                and (name, column) not in planned
            ):
                last = (
                    pd.Timestamp(str(company[name][column].astype("string").max())[:10])
                    if company[name][column].notna().any()
                    else pd.NaT
                )
                assert pd.isna(last) or last <= company.as_of, f"{name}.{column}"


def test_instants_carry_the_offset_of_the_place(company):
    offsets = set(company["leads"].created_at.str[19:])
    assert offsets == ({"+08:00"} if company.settings["currency"] == "CNY" else {"+01:00", "+02:00"})


def test_rows_of_one_line_follow_each_other_without_overlap(company):
    rows = company.dates("subscriptions", "starts_on", "ends_on")
    rows = rows[(rows.status != "trial") & ~rows.plan.isin(["Add-on analytics", "Tides"])].sort_values(
        ["customer_id", "starts_on"]
    )
    following = rows.groupby("customer_id").starts_on.shift(-1)
    assert not (following < rows.ends_on).any()


def test_a_renewal_starts_on_the_day_the_old_contract_ends(company):
    contracts = company.dates("contracts", "starts_on", "ends_on")
    joined = contracts.merge(contracts, left_on="renews_contract_id", right_on="contract_id", suffixes=("", "_old"))
    assert len(joined) > 300
    assert (joined.starts_on == joined.ends_on_old).all()
    assert (joined.customer_id == joined.customer_id_old).all()


def test_contracts_in_force_bring_the_mrr_of_their_subscriptions(company):
    contracts = company.dates("contracts", "starts_on", "ends_on")
    months = (
        (contracts.ends_on.dt.year - contracts.starts_on.dt.year) * 12
        + contracts.ends_on.dt.month
        - contracts.starts_on.dt.month
    )
    for end in year_ends(company):
        here = (contracts.starts_on <= end) & (contracts.ends_on > end)
        by_contract = (contracts.recurring_amount / months)[here].groupby(contracts.customer_id[here]).sum()
        by_row = mrr(company, end)
        assert (by_contract.sort_index() - by_row.sort_index()).abs().max() < 0.02


def test_amounts_of_a_month_are_whole_cents(company):
    rows = company["subscriptions"]
    cents = monthly(rows) * 100
    assert (cents - cents.round()).abs().max() < 1e-6
    assert set(rows.interval) <= set(MONTHS)


def test_customers_exist_before_their_contracts(company):
    created = company.dates("customers", "created_on").set_index("customer_id").created_on
    contracts = company.dates("contracts", "signed_on", "starts_on")
    assert (contracts.customer_id.map(created) <= contracts.signed_on).all()
    assert (contracts.signed_on <= contracts.starts_on).all()
    rows = company.dates("subscriptions", "starts_on")
    assert (rows.customer_id.map(created) <= rows.starts_on).all()


def test_a_referrer_was_a_customer_at_that_time(company):
    customers = company.dates("customers", "created_on")
    referred = customers[customers.referred_by.notna()]
    rows = company.dates("subscriptions", "starts_on", "ends_on")
    paid = rows[rows.status == "active"].groupby("customer_id").agg(first=("starts_on", "min"), last=("ends_on", "max"))
    assert len(referred) > 20
    assert (referred.referred_by.map(paid["first"]) <= referred.created_on).all()
    assert (referred.referred_by.map(paid["last"]) > referred.created_on).all()
    assert set(referred.acquired_by) == {"seeding"}


def test_leads_of_customers_came_before_the_signature(company):
    leads = company["leads"]
    created = pd.to_datetime(leads.created_at.str[:10])
    first = company.dates("contracts", "signed_on").groupby("customer_id").signed_on.min()
    signed = leads.customer_id.map(first)
    known = signed.notna()
    assert known.sum() > 100
    assert (created[known] <= signed[known]).all()
    assert (pd.to_datetime(leads.sql_on)[known] <= signed[known]).all()


def test_whoever_signed_or_called_was_employed_that_day(company):
    reps = company.dates("reps", "hired_on", "left_on").set_index("rep_id")
    for name, column in (("activities", "on"), ("contracts", "signed_on"), ("training", "on")):
        rows = company.dates(name, column)
        rows = rows[rows.rep_id.notna()]
        assert (rows[column] >= rows.rep_id.map(reps.hired_on)).all(), name
        left = rows.rep_id.map(reps.left_on)
        assert (left.isna() | (rows[column] <= left)).all(), name


def test_there_is_something_of_everything(company):
    rows = company["subscriptions"]
    assert set(rows.status) == {"active", "trial", "paused", "past_due"}
    assert set(rows.interval) == {"month", "quarter", "year"}
    assert (rows.discount > 0).any() and (rows.interval_count > 1).any()
    assert rows.contract_id.isna().any()
    contracts = company["contracts"]
    assert (contracts[contracts.kind == "new"].customer_id.duplicated()).any()
    assert set(contracts.billing) == {"monthly", "yearly", "prepaid"}


def test_the_second_company_is_another(lanternfish, second):
    assert second.settings["currency"] != lanternfish.settings["currency"]
    assert second.as_of != lanternfish.as_of
    assert not set(second["customers"].industry) & set(lanternfish["customers"].industry)
    assert len(second["contracts"]) < len(lanternfish["contracts"]) / 2
