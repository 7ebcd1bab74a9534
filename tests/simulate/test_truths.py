"""Each planted truth is found by a plain estimator; where it is a trap, the naive reading misses it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain import decisions, logarithms, mantel_haenszel, mrr, year_ends


@pytest.fixture(scope="module")
def left(lanternfish):
    return decisions(lanternfish)


@pytest.fixture(scope="module")
def yearly(left):
    return left[left.months == 12]


@pytest.fixture(scope="module")
def first_deals(lanternfish):
    contracts = lanternfish.dates("contracts", "starts_on", "ends_on")
    first = contracts[contracts.kind == "new"].sort_values("starts_on").drop_duplicates("customer_id")
    months = (first.ends_on.dt.year - first.starts_on.dt.year) * 12 + first.ends_on.dt.month - first.starts_on.dt.month
    customers = lanternfish["customers"].set_index("customer_id")
    first = first.join(customers[["industry", "employees", "acquired_by"]], on="customer_id")
    first["price"] = first.recurring_amount / months * 12
    first["cell"] = first.starts_on.dt.year.astype(str) + first.customer_id.map(lanternfish.size())
    return first


def near(company, key, found):
    truth = company.truth[key]
    assert abs(found - truth["value"]) <= truth["tolerance"], f"{key}: found {found:.3f}, true {truth['value']}"


def test_every_truth_says_what_it_is(lanternfish, second):
    for company in (lanternfish, second):
        for key, truth in company.truth.items():
            assert set(truth) == {"value", "tolerance", "unit", "how", "chapter"}, key
            assert truth["how"] and truth["unit"] and truth["chapter"], key


# ------------------------------------------------------------------ 22: retention rises with size, hazards fall with age


@pytest.mark.parametrize("size", ["small", "mid", "large"])
def test_chance_of_leaving_at_the_first_two_renewals(lanternfish, yearly, size):
    for age in (1, 2):
        rows = yearly[(yearly["size"] == size) & (yearly.renewal == age)]
        near(lanternfish, f"hazard_{size}_{age}", rows.left.mean())


def test_retention_rises_with_size_and_hazards_fall_with_age(yearly):
    by_size = yearly.groupby("size").left.mean()
    assert by_size["small"] > by_size["mid"] + 0.05 > by_size["large"] + 0.1
    for size in ("small", "mid"):
        by_age = yearly[yearly["size"] == size].groupby("renewal").left.mean()
        assert by_age[1] > by_age[2] > by_age[3]


@pytest.mark.parametrize("size", ["small", "mid"])
def test_alpha_and_beta(lanternfish, yearly, size):
    rows = yearly[yearly["size"] == size]
    counts = rows.groupby("renewal").left.agg(["sum", "count"])
    alpha, beta = (axis.ravel() for axis in np.meshgrid(np.linspace(0.2, 8, 157), np.linspace(0.2, 8, 157)))
    value = 0.0
    for age, row in counts.iterrows():
        hazard = alpha / (alpha + beta + age - 1)
        value = value + row["sum"] * np.log(hazard) + (row["count"] - row["sum"]) * np.log(1 - hazard)
    best = (None, alpha[value.argmax()], beta[value.argmax()])
    near(lanternfish, f"sbg_alpha_{size}", best[1])
    near(lanternfish, f"sbg_beta_{size}", best[2])


# ------------------------------------------------------------------ 21: survivors look loyal


def test_survivors_only_reads_above_one(lanternfish):
    before = None
    for end in year_ends(lanternfish):
        now = mrr(lanternfish, end)
        if before is not None and len(before) > 100:
            stayed = now.reindex(before.index).fillna(0)
            near(lanternfish, f"nrr_{end.year}", stayed.sum() / before.sum())
            naive = stayed[stayed > 0].sum() / before[stayed > 0].sum()
            assert naive > lanternfish.truth["survivors_only_above"]["value"] + 0.05
        before = now


# ------------------------------------------------------------------ 15: the quarter rescued by long deals


def test_prepaid_deals_of_the_rescued_quarter_renew_worse(lanternfish, left):
    long = left[left.months > 12]
    assert set(long.signed_on.dt.to_period("Q").astype(str)) == {"2022Q4"}
    assert set(long.ends_on.dt.to_period("Q").astype(str)) == {"2024Q4", "2025Q4"}
    usual = left[(left.months == 12) & (left.renewal == 1)].groupby("size").left.mean()
    near(lanternfish, "leaving_prepaid", long.left.mean() / long["size"].map(usual).mean())


def test_long_deals_raise_bookings_and_not_arr(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on", "starts_on", "ends_on")
    contracts["quarter"] = contracts.signed_on.dt.to_period("Q").astype(str)
    months = (
        (contracts.ends_on.dt.year - contracts.starts_on.dt.year) * 12
        + contracts.ends_on.dt.month
        - contracts.starts_on.dt.month
    )
    contracts["a_year"] = contracts.recurring_amount / months * 12
    new = contracts[contracts.kind != "renewal"].groupby("quarter")[["recurring_amount", "a_year"]].sum()
    assert new.recurring_amount["2022Q4"] > 1.2 * new.a_year["2022Q4"]
    others = new.drop(index="2022Q4")
    assert (others.recurring_amount < 1.02 * others.a_year).all()


# ------------------------------------------------------------------ 1: sources of leads


@pytest.mark.parametrize(("one", "other"), [("seeding", "outbound"), ("seeding", "inbound"), ("inbound", "outbound")])
def test_at_equal_size_seeding_customers_stay_best(lanternfish, yearly, one, other):
    found = mantel_haenszel(yearly, "acquired_by", one, other, ["size", "renewal"])
    near(lanternfish, f"leaving_{one}_over_{other}", found)


def test_raw_renewal_misleads_about_sources(yearly):
    raw = yearly.groupby("acquired_by").left.mean()
    assert raw["outbound"] < raw["seeding"] < raw["inbound"]


def test_seeding_leads_win_more_often_and_faster(lanternfish):
    leads = lanternfish["leads"]
    first = lanternfish.dates("contracts", "signed_on").groupby("customer_id").signed_on.min()
    leads = leads.assign(signed=leads.customer_id.map(first), size=leads.segment.str.rsplit("-", n=1).str[1])
    won = leads.signed.notna().groupby(leads["mode"]).mean()
    assert won["seeding"] > 1.7 * max(won["inbound"], won["outbound"])
    days = (leads.signed - pd.to_datetime(leads.created_at.str[:10])).dt.days
    small = days[leads["size"] == "small"].groupby(leads["mode"]).median()
    assert small["seeding"] < 0.8 * small["inbound"] < small["outbound"]


# ------------------------------------------------------------------ 11: industries


def ordinary(company):
    special = {"restaurants", "clinics", "hotels", "pharmacies", "airport lounges"}
    return sorted(set(company["customers"].industry) - special)


@pytest.mark.parametrize("industry", ["clinics", "hotels", "pharmacies", "restaurants"])
def test_industries_that_stay_and_one_that_does_not(lanternfish, yearly, industry):
    rows = yearly[yearly.industry.isin([industry, *ordinary(lanternfish)])]
    near(lanternfish, f"leaving_{industry}", mantel_haenszel(rows, "industry", industry, None, ["size", "renewal"]))


@pytest.mark.parametrize("industry", ["clinics", "hotels", "pharmacies", "restaurants"])
def test_prices_of_industries(lanternfish, first_deals, industry):
    rows = first_deals.assign(flag=first_deals.industry == industry)
    rows = rows[rows.flag | rows.industry.isin(ordinary(lanternfish))]
    found = logarithms(rows, "price", {"categories": ["cell", "acquired_by"], "logs": ["employees"]}, ["flag"])
    near(lanternfish, f"price_{industry}", found["flag"])


def test_the_richest_industry_is_tiny(lanternfish, first_deals):
    price = first_deals.groupby("industry").price.median()
    by_industry = lanternfish["market"].groupby("industry").accounts.sum()
    near(lanternfish, "tiny_industry_accounts", by_industry["airport lounges"])
    fits = first_deals.assign(flag=first_deals.industry == "airport lounges")
    found = logarithms(fits, "price", {"categories": ["cell", "acquired_by"], "logs": ["employees"]}, ["flag"])
    assert found["flag"] > 1.4
    assert by_industry.idxmin() == "airport lounges" and by_industry["restaurants"] == by_industry.max()
    assert len(price) == 12


# ------------------------------------------------------------------ 23: answers and content


def test_half_life_of_an_answer(lanternfish):
    leads = lanternfish["leads"]
    leads = leads[(leads["mode"] == "inbound") & leads.answered_at.notna()]
    hours = (
        pd.to_datetime(leads.answered_at.str[:19]) - pd.to_datetime(leads.created_at.str[:19])
    ).dt.total_seconds() / 3600
    bins = pd.cut(hours, np.arange(0, 150, 12))
    rate, place = leads.mql_on.notna().groupby(bins).mean(), hours.groupby(bins).mean()
    weight = np.sqrt(leads.mql_on.notna().groupby(bins).sum())
    slope = np.polyfit(place, np.log2(rate), 1, w=weight)[0]
    near(lanternfish, "answer_half_life", -1 / slope)


def test_search_and_content_bear_fruit_after_the_lag(lanternfish):
    spend, leads = lanternfish.dates("marketing_spend", "month"), lanternfish["leads"]
    names = ["search", "content"]
    money = spend[spend.channel.isin(names)].groupby("month").amount.sum()
    made = leads[leads.channel.isin(names)]
    count = made.groupby(pd.to_datetime(made.created_at.str[:7] + "-01")).size().reindex(money.index).fillna(0)
    change, paid = np.log(count + 1).diff(), np.log(money).diff()
    correlations = {lag: change.corr(paid.shift(lag)) for lag in range(8)}
    near(lanternfish, "content_lag", max(correlations, key=correlations.get))


# ------------------------------------------------------------------ 13: a rate that falls everywhere and rises in total


def test_qualification_falls_in_every_size_and_rises_in_total(lanternfish):
    leads = lanternfish["leads"]
    year = pd.to_datetime(leads.created_at.str[:10]).dt.year
    size, qualified = leads.segment.str.rsplit("-", n=1).str[1], leads.mql_on.notna()
    by_size = qualified.groupby([size, year]).mean().unstack()
    assert (by_size[2025] < by_size[2024] - 0.01).all()
    near(lanternfish, "qualification_fall", (by_size[2024] - by_size[2025]).mean())
    total = qualified.groupby(year).mean()
    assert total[2025] > total[2024]


def test_the_holiday_empties_its_month(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on")
    new = contracts[(contracts.kind == "new") & contracts.rep_id.notna()]
    for start in ("2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29"):
        day = pd.Timestamp(start)
        assert not new.signed_on.between(day - pd.Timedelta(days=4), day + pd.Timedelta(days=9)).any()


def test_the_lockdown_is_regional(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on")
    city = lanternfish["customers"].set_index("customer_id").city
    new = contracts[contracts.kind == "new"]
    shut = new.customer_id.map(city).isin(["Shanghai", "Suzhou"])
    here = new.signed_on.dt.to_period("M").astype(str).isin(["2022-04", "2022-05"])
    assert shut[here].mean() < 0.06 < 0.15 < shut[~here].mean()


# ------------------------------------------------------------------ 20: the plan of January 2024


def test_the_plan_changed_discounts_and_month_ends(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on")
    sold = contracts[(contracts.kind == "new") & contracts.rep_id.notna() & (contracts.billing != "prepaid")]
    after = sold.signed_on >= "2024-01-01"
    discount = sold.discount.groupby(after).mean()
    near(lanternfish, "discount_before", discount[False])
    near(lanternfish, "discount_after", discount[True])
    late = (sold.signed_on.dt.days_in_month - sold.signed_on.dt.day < 5).groupby(after).mean()
    near(lanternfish, "month_end_before", late[False])
    near(lanternfish, "month_end_after", late[True])


# ------------------------------------------------------------------ the second company: some truths the other way round


def test_truths_of_the_second_company_are_reversed(second):
    rows = decisions(second)
    plain = rows[rows.months == 12]
    by_size = plain.groupby("size").left.mean()
    assert by_size["small"] < by_size["mid"] < by_size["large"]
    assert mantel_haenszel(plain, "acquired_by", "inbound", "seeding", ["size", "renewal"]) < 0.8
    first = plain[plain.renewal == 1].groupby("size").left.mean()
    long = rows[rows.months > 12]
    assert len(long) >= 12
    assert long.left.mean() < 1.6 * long["size"].map(first).mean()
    now, ends = None, year_ends(second)
    now, before = mrr(second, ends[-1]), mrr(second, ends[-2])
    assert now.reindex(before.index).fillna(0).sum() / before.sum() < 0.88
