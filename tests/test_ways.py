"""A company's ways of getting leads: yearly terms only, and every cost counted once."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.company import load_company
from helpers.metrics.sources import mantel_haenszel
from helpers.sales import path_of
from helpers.ways import costed_leads, costs_counted, ends_of_ways, year_of_leads


@pytest.fixture(scope="module")
def case():
    company = load_company()
    return company, path_of(company)


def test_terms_are_yearly_and_of_ways_that_bring_leads(case):
    company, path = case
    ends = ends_of_ways(company, path)
    assert ends["term_months"].max() <= 15 and set(ends["mode"]) == set(path["mode"]) and "product" in set(company.customers["acquired_by"])
    for one, other in (("seeding", "inbound"), ("seeding", "outbound"), ("inbound", "outbound")):
        truth = company.truth[f"leaving_{one}_over_{other}"]
        found = mantel_haenszel(ends, "left", "mode", group=one, reference=other, equal=("size", "first"))
        assert found.value == pytest.approx(truth["value"], abs=truth["tolerance"])


def test_every_cost_of_the_year_is_counted_once(case):
    company, path = case
    costed = costed_leads(company, path)
    since, until = (pd.Timestamp(day) for day in year_of_leads(company))
    spend, costs, fees = company.marketing_spend, company.costs, company.table("partner_fees")
    assert costed["money"].sum() == pytest.approx(spend.loc[spend["month"].between(since, until), "amount"].sum())
    sales = costs.loc[costs["month"].between(since, until) & costs["kind"].isin(["A", "B"]), "amount"].sum()
    assert costed["time"].sum() == pytest.approx(sales - fees.loc[fees["on"].between(since, until), "amount"].sum())
    assert costed["lead"].between(since, until + pd.Timedelta(days=1)).all() and costed["fees"].sum() > 0


def test_money_alone_where_nothing_else_is_there(case):
    company, path = case
    assert (costed_leads(company, path, only_money=True)["cost"] == costed_leads(company, path, only_money=True)["money"]).all()
    assert costs_counted(company).startswith("marketing spend, ")
