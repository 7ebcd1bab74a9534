"""Every yearly figure of case-company.md, and every finding listed under them, is met within 10%."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from estimators import executives_by_month, margins, months_of_sellers, sales_led
from plain import mrr, year_ends

YEARS = list(range(2020, 2026))
NONE = None
WANTED = {
    "customers at year end": [15, 160, 500, 1020, 1740, 2500],
    "new": [15, 148, 375, 645, 945, 1110],
    "new by sales": [10, 110, 265, 470, 665, 780],
    "lost": [0, 3, 35, 125, 225, 350],
    "ARR": [0.3, 4, 13, 31, 68, 120],
    "NRR": [NONE, NONE, 90, 93, 99, 102],
    "ARR small": [NONE, 60, 55, 39, 28, 22],
    "ARR mid": [NONE, 25, 33, 42, 45, 43],
    "ARR large": [NONE, 15, 12, 18, 27, 36],
    "leads": [300, 2600, 4200, 10500, 14500, 17000],
    "AE": [0, 14, 30, 34, 55, 72],
    "SDR": [0, 2, 6, 8, 11, 14],
    "sales heads": [0, 20, 48, 56, 86, 112],
    "marketing heads": [1, 3, 7, 12, 18, 24],
    "success heads": [1, 7, 20, 40, 70, 108],
    "R&D heads": [10, 26, 44, 62, 88, 112],
    "admin heads": [2, 4, 9, 15, 23, 34],
    "heads in all": [14, 60, 128, 185, 285, 390],
    "sales and marketing cost": [0.2, 4.3, 13, 22.4, 34.5, 47.9],
    "revenue by months": [0.2, 2.2, 8.8, 22.9, 51.4, 97.6],
    "revenue by days": [0.2, 2.2, 8.8, 22.9, 51.4, 97.6],
    "gross margin": [NONE, 47, 58, 63, 68, 71],
    "gross margin by days": [NONE, 47, 58, 63, 68, 71],
    "free cash flow": [-2.5, -10.1, -21.8, -30, -31.4, -23.8],
    "raised": [4, 18, 60, 0, 100, 0],
    "cash at year end": [1.5, 9.3, 47.6, 17.5, 86.2, 62.4],
    "margin of level 2": [NONE, -0.6, -3.2, -2.6, 4.3, 4.7],
    "leads per AE and month": [NONE, 27, 14, 27, 26, 22],
    "new ARR per mature rep and month": [NONE, 53, 39, 63, 80, 78],
    "payback": [NONE, NONE, 29, NONE, NONE, 16],
    "burn multiple": [NONE, NONE, 2.4, NONE, NONE, 0.46],
    "months of cash": [NONE, NONE, NONE, 7, NONE, NONE],
    "mature reps": [NONE, NONE, NONE, NONE, NONE, 50],
    "marketing money": [0.05, 0.9, 2.4, 5.5, 9.0, 12.3],
}


@pytest.fixture(scope="module")
def found(lanternfish):
    """Every figure by name: a list of six years."""
    here = {}
    for part in (customers, people, money, selling):
        here.update(part(lanternfish, here))
    return {name: pd.Series(np.asarray(values, dtype=float), YEARS) for name, values in here.items()}


def by_year(series, index=YEARS):
    return series.reindex(index).fillna(0).to_numpy(dtype=float)


def customers(company, _):
    ends = [mrr(company, end) for end in year_ends(company)]
    contracts = company.dates("contracts", "starts_on")
    first = contracts[contracts.kind == "new"].sort_values("starts_on").drop_duplicates("customer_id")
    year = first.starts_on.dt.year
    pairs = list(zip(ends, ends[1:], strict=False))
    size = company.size()
    parts = [end.groupby(size.reindex(end.index)).sum() / end.sum() * 100 for end in ends]
    leads = pd.to_datetime(company["leads"].created_at.str[:10]).dt.year.value_counts()
    return {
        "customers at year end": [len(end) for end in ends],
        "new": by_year(year.value_counts()),
        "new by sales": by_year(year[first.rep_id.notna()].value_counts()),
        "lost": [0] + [len(set(a.index) - set(b.index)) for a, b in pairs],
        "ARR": [end.sum() * 12 / 1e6 for end in ends],
        "NRR": [np.nan] + [b.reindex(a.index).fillna(0).sum() / a.sum() * 100 for a, b in pairs],
        "leads": by_year(leads),
        **{f"ARR {name}": [part.get(name, 0) for part in parts] for name in ("small", "mid", "large")},
    }


def people(company, _):
    heads = company.dates("headcount", "month")
    ends = heads[heads.month.dt.month == 12]
    table = ends.groupby([ends.month.dt.year, "department"]).heads.sum().unstack().fillna(0)
    reps = company.dates("reps", "hired_on", "left_on")
    there = lambda role, day: (  # noqa: E731
        (reps.role == role) & (reps.hired_on <= day) & (reps.left_on.isna() | (reps.left_on > day))
    ).sum()
    days = [pd.Timestamp(year, 12, 31) for year in YEARS]
    return {
        **{role: [there(role, day) for day in days] for role in ("AE", "SDR")},
        **{f"{name} heads": by_year(table[name]) for name in ("sales", "marketing", "success", "R&D", "admin")},
        "heads in all": by_year(table.sum(axis=1)),
    }


def recognised(contracts, year, by_days):
    """Return revenue of a year in millions: service in equal months or days, set-up when it is signed."""
    begin, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year + 1, 1, 1)
    once = contracts.one_off_amount[contracts.signed_on.dt.year == year].sum()
    if by_days:
        inside = (contracts.ends_on.clip(upper=end) - contracts.starts_on.clip(lower=begin)).dt.days.clip(lower=0)
        share = inside / (contracts.ends_on - contracts.starts_on).dt.days
    else:
        first = contracts.starts_on.dt.year * 12 + contracts.starts_on.dt.month
        last = contracts.ends_on.dt.year * 12 + contracts.ends_on.dt.month
        share = (last.clip(upper=year * 12 + 13) - first.clip(lower=year * 12 + 1)).clip(lower=0) / (last - first)
    return ((contracts.recurring_amount * share).sum() + once) / 1e6


def money(company, here):
    contracts = company.dates("contracts", "signed_on", "starts_on", "ends_on")
    costs = margins(company) / 1e6
    revenue = {days: np.array([recognised(contracts, year, days) for year in YEARS]) for days in (False, True)}
    cash = company.dates("cash", "month").set_index("month").balance / 1e6
    ends = by_year(cash[cash.index.month == 12].rename(lambda day: day.year))
    rounds = company.dates("funding_rounds", "on")
    raised = by_year(rounds.groupby(rounds.on.dt.year).amount.sum() / 1e6)
    flow = np.diff([0.01, *ends]) - raised
    spend = company.dates("marketing_spend", "month")
    both = by_year(costs[["A", "B", "C", "D"]].sum(axis=1))
    arr, nrr = np.array(here["ARR"]), np.array(here["NRR"]) / 100
    margin = 1 - by_year(costs.COGS) / revenue[False]
    won = arr - np.array([0, *(arr[:-1] * nrr[1:])])
    return {
        "sales and marketing cost": both,
        "revenue by months": revenue[False],
        "revenue by days": revenue[True],
        "gross margin": margin * 100,
        "gross margin by days": (1 - by_year(costs.COGS) / revenue[True]) * 100,
        "free cash flow": flow,
        "raised": raised,
        "cash at year end": ends,
        "margin of level 2": by_year(costs.two),
        "payback": both / won / margin * 12,
        "burn multiple": -flow / np.diff([0, *arr]),
        "months of cash": ends / (-flow / 12),
        "marketing money": by_year(spend.groupby(spend.month.dt.year).amount.sum() / 1e6),
    }


def selling(company, here):
    heads, rows = executives_by_month(company), months_of_sellers(company)
    mature = rows[rows.tenure >= 3].groupby("month").size().reindex(heads.index, fill_value=0)
    heads, mature = (by_year(series.groupby(series.index.year).sum()) for series in (heads, mature))
    sold = sales_led(company)
    sold = by_year(sold.a_year.groupby(sold.starts_on.dt.year).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "leads per AE and month": here["leads"] / heads,
            "new ARR per mature rep and month": sold / 1000 / mature,
            "mature reps": mature / 12,
        }


@pytest.mark.parametrize(("name", "year"), [(n, y) for n, row in WANTED.items() for y, v in zip(YEARS, row, strict=True) if v is not None])
def test_a_figure_is_met_within_ten_per_cent(found, name, year):
    wanted = WANTED[name][year - 2020]
    assert found[name][year] == pytest.approx(wanted, rel=0.1, abs=0.001)


@pytest.mark.parametrize("name", ["customers at year end", "new", "new by sales", "lost", "leads"])
def test_counts_are_met_exactly(found, name):
    assert found[name].tolist() == WANTED[name]


def test_level_two_turns_positive_in_2024_and_level_three_never(lanternfish):
    table = margins(lanternfish)
    assert (table.two.loc[2021:2023] < 0).all() and (table.two.loc[2024:] > 0).all()
    assert (table.three.loc[2021:] < 0).all()


def test_rounds_come_in_their_months(lanternfish):
    rounds = lanternfish.dates("funding_rounds", "on")
    assert rounds.on.dt.strftime("%Y-%m").tolist() == ["2020-02", "2021-03", "2022-01", "2024-04"]


def test_sales_led_new_arr_of_2025_is_fifty_mature_reps(lanternfish):
    rows = sales_led(lanternfish)
    assert rows.a_year[rows.starts_on.dt.year == 2025].sum() == pytest.approx(50 * 78_000 * 12, rel=0.1)
