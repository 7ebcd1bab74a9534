"""The yearly figures of case-company.md can be computed from the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain import mrr, year_ends

YEARS = range(2020, 2026)
CUSTOMERS = [15, 160, 500, 1020, 1740, 2500]
NEW = [15, 148, 375, 645, 945, 1110]
BY_SALES = [10, 110, 265, 470, 665, 780]
LOST = [0, 3, 35, 125, 225, 350]
ARR = [0.3, 4, 13, 31, 68, 120]
NRR = {2022: 0.90, 2023: 0.93, 2024: 0.99, 2025: 1.02}
SHARES = {2021: (60, 25, 15), 2022: (55, 33, 12), 2023: (39, 42, 18), 2024: (28, 45, 27), 2025: (22, 43, 36)}
LEADS = [300, 2600, 4200, 10500, 14500, 17000]


@pytest.fixture(scope="module")
def ends(lanternfish):
    return {end.year: mrr(lanternfish, end) for end in year_ends(lanternfish)}


def first_contracts(company):
    contracts = company.dates("contracts", "starts_on")
    contracts = contracts[contracts.kind == "new"].sort_values("starts_on")
    return contracts.drop_duplicates("customer_id")


def test_customers_at_year_end(ends):
    assert [len(ends[year]) for year in YEARS] == CUSTOMERS


def test_new_customers_and_those_by_sales(lanternfish):
    first = first_contracts(lanternfish)
    assert first.groupby(first.starts_on.dt.year).size().tolist() == NEW
    by_sales = first[first.rep_id.notna()]
    assert by_sales.groupby(by_sales.starts_on.dt.year).size().tolist() == BY_SALES


def test_lost_customers(ends):
    lost = [0] + [len(set(ends[year - 1].index) - set(ends[year].index)) for year in YEARS[1:]]
    assert lost == LOST


def test_arr(ends):
    found = np.array([ends[year].sum() * 12 / 1e6 for year in YEARS])
    assert found == pytest.approx(np.array(ARR), rel=0.01)


@pytest.mark.parametrize("year", NRR)
def test_nrr(ends, year):
    before = ends[year - 1]
    after = ends[year].reindex(before.index).fillna(0)
    assert after.sum() / before.sum() == pytest.approx(NRR[year], abs=0.01)


@pytest.mark.parametrize("year", SHARES)
def test_shares_of_arr_by_size(lanternfish, ends, year):
    by_size = ends[year].groupby(lanternfish.size().reindex(ends[year].index)).sum()
    found = (by_size / by_size.sum())[["small", "mid", "large"]].to_numpy() * 100
    assert found == pytest.approx(np.array(SHARES[year]), abs=1.5)


def test_leads_by_year(lanternfish):
    years = pd.to_datetime(lanternfish["leads"].created_at.str[:10]).dt.year
    assert years.value_counts().sort_index().tolist() == LEADS


def test_sales_led_new_arr_of_2025_is_fifty_mature_reps(lanternfish):
    first = first_contracts(lanternfish)
    here = first[(first.starts_on.dt.year == 2025) & first.rep_id.notna()]
    assert here.recurring_amount.sum() == pytest.approx(50 * 78_000 * 12, rel=0.1)


def test_money_for_marketing(lanternfish):
    spend = lanternfish.dates("marketing_spend", "month")
    found = spend.groupby(spend.month.dt.year).amount.sum() / 1e6
    assert found.to_numpy() == pytest.approx([0.05, 0.9, 2.4, 5.5, 9.0, 12.3], rel=0.01)


def test_leads_starve_in_2022(lanternfish):
    leads = pd.to_datetime(lanternfish["leads"].created_at.str[:10]).dt.year.value_counts().sort_index()
    per_head = leads[2022] / 25 / 12, leads[2023] / 32.4 / 12
    assert per_head[0] == pytest.approx(14, rel=0.1)
    assert per_head[1] == pytest.approx(27, rel=0.1)
