"""Truths in the tables of deals, money and customer success, each found by a plain estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain import decisions, logarithms, mantel_haenszel


def near(company, key, found):
    truth = company.truth[key]
    assert abs(found - truth["value"]) <= truth["tolerance"], f"{key}: found {found:.3f}, true {truth['value']}"


@pytest.fixture(scope="module")
def yearly(lanternfish):
    rows = decisions(lanternfish)
    rows = rows[rows.months == 12].copy()
    start = rows.groupby("customer_id").starts_on.transform("min")
    goals = lanternfish.dates("milestones", "reached_on")
    value = goals[goals.goal_no == 1].set_index("customer_id").reached_on
    rows["soon"] = (rows.customer_id.map(value) - start).dt.days <= 200
    people = lanternfish.dates("stakeholders", "left_on")
    gone = people[people.champion & people.left_on.notna()].merge(
        rows[["customer_id", "contract_id", "starts_on", "ends_on"]], on="customer_id"
    )
    gone = gone[(gone.left_on >= gone.starts_on) & (gone.left_on < gone.ends_on)]
    rows["champion_left"] = rows.contract_id.isin(gone.contract_id)
    work = lanternfish.dates("implementations", "live_on").set_index("customer_id")
    rows["gap"] = rows.customer_id.map(work.promise_gap)
    rows["slow"] = (rows.customer_id.map(work.live_on) - start).dt.days > 60
    joined = lanternfish["cs_programmes"]
    for name in ("monthly review", "user community"):
        rows[name] = rows.customer_id.isin(joined[joined.programme == name].customer_id)
    return rows


@pytest.fixture(scope="module")
def deals(lanternfish):
    rows = lanternfish.dates("opportunities", "opened_on", "closed_on")
    customers = lanternfish["customers"].set_index("customer_id")
    rows = rows[rows.lead_id.notna()].join(customers[["industry", "employees"]], on="customer_id")
    rows["size"] = rows.customer_id.map(lanternfish.size())
    rows["won"] = rows.outcome == "won"
    return rows[rows.outcome.notna()]


# ------------------------------------------------------------------ 2: positioning


def test_premium_of_a_solution_and_the_raw_gap(lanternfish, deals):
    won = deals[deals.won].assign(
        solution=lambda d: d.positioning == "solution", cell=lambda d: d.opened_on.dt.year.astype(str) + d["size"]
    )
    found = logarithms(won, "amount", {"categories": ["cell", "industry"], "logs": ["employees"]}, ["solution"])[
        "solution"
    ]
    near(lanternfish, "solution_premium", found)
    mean = won.groupby("solution").amount.mean()
    assert (mean[True] / mean[False] - 1) / (lanternfish.truth["solution_premium"]["value"] - 1) == pytest.approx(
        2, abs=0.4
    )


# ------------------------------------------------------------------ 3: reps


def test_small_ticket_reps_on_large_deals(lanternfish, deals):
    reps = lanternfish.dates("reps", "hired_on", "left_on").set_index("rep_id")
    won = deals[deals.won].join(reps[["background", "role"]], on="rep_id")
    won = won[won.role == "AE"]
    counts = won.groupby(["background", won["size"] == "large"]).size().unstack()
    odds = counts[True] / counts[False]
    near(lanternfish, "small_ticket_on_large_deals", odds["small-ticket"] / odds["solution"])


def test_half_of_each_class_is_kept(lanternfish):
    reps = lanternfish.dates("reps", "hired_on", "left_on")
    classes = reps[(reps.role == "AE") & (reps.hired_on < lanternfish.as_of - pd.Timedelta(days=130))]
    stayed = classes.left_on.isna() | ((classes.left_on - classes.hired_on).dt.days > 125)
    near(lanternfish, "kept_of_a_class", stayed.mean())


# ------------------------------------------------------------------ 4 and 5: why customers leave


@pytest.mark.parametrize(
    ("key", "column", "one"),
    [
        ("leaving_no_first_value", "soon", False),
        ("leaving_champion_left", "champion_left", True),
        ("leaving_practice", "monthly review", True),
    ],
)
def test_causes_of_leaving(lanternfish, yearly, key, column, one):
    near(lanternfish, key, mantel_haenszel(yearly, column, one, None, ["size", "renewal"]))


def test_promises_and_slow_delivery_raise_early_churn(lanternfish, yearly):
    first = yearly[(yearly.renewal == 1) & yearly.gap.notna()]
    one = first[first.gap.isin([0, 1])].assign(any=lambda d: d.gap == 1)
    near(lanternfish, "leaving_per_promise", mantel_haenszel(one, "any", True, None, ["size"]))
    near(lanternfish, "leaving_slow_delivery", mantel_haenszel(first, "slow", True, None, ["size"]))


def test_satisfaction_hardly_predicts_renewal(lanternfish, yearly):
    answers = lanternfish.dates("surveys", "on")
    score = answers[answers.kind == "nps"].groupby("customer_id").score.mean()
    rows = yearly.assign(score=yearly.customer_id.map(score)).dropna(subset=["score"])
    ratio = mantel_haenszel(rows.assign(happy=rows.score >= 9), "happy", True, None, ["size", "renewal"])
    assert 0.75 < ratio < 1.25


def test_the_community_only_goes_with_staying(yearly):
    naive = mantel_haenszel(yearly, "user community", True, None, ["size", "renewal"])
    assert naive < 0.9


# ------------------------------------------------------------------ 7 and 11: offers


def test_a_refund_clause_lifts_the_win_rate(lanternfish, deals):
    rule = deals[(deals["size"] == "small") & (deals.closed_on.dt.year == 2023)]
    rate = rule.won.groupby(rule.refund_offered).mean()
    near(lanternfish, "refund_clause_lift", rate[True] / rate[False])
    assert lanternfish["refunds"].amount.sum() < 0.01 * lanternfish["payments"].amount.sum()


def test_co_creation_lifts_the_win_rate_of_its_segment(lanternfish, deals):
    rows = deals[(deals.industry == "clinics") & (deals["size"] != "small") & (deals.closed_on >= "2023-04-01")]
    rate = rows.won.groupby(rows.co_created).mean()
    near(lanternfish, "co_creation_lift", rate[True] / rate[False])


# ------------------------------------------------------------------ 12: training and incentives


def output_by_team(lanternfish, deals, first, last):
    """Return deals won for each month of a mature rep, by team."""
    reps = lanternfish.dates("reps", "hired_on", "left_on")
    reps = reps[reps.role == "AE"]
    here = deals[deals.won & deals.closed_on.between(first, last)].join(reps.set_index("rep_id")[["team"]], on="rep_id")
    months, weight = pd.period_range(first, last, freq="M"), {}
    for month in months:
        end = month.end_time.normalize()
        there = reps[(reps.hired_on <= end) & (reps.left_on.isna() | (reps.left_on > end))]
        since = (month - there.hired_on.dt.to_period("M")).map(lambda d: d.n)
        for team, part in since.groupby(there.team):
            weight[team] = weight.get(team, 0) + np.array([0, 0.25, 0.6, 1])[part.clip(upper=3)].sum()
    return here.groupby("team").size(), pd.Series(weight)


def test_training_helps_young_teams_only(lanternfish, deals):
    before, after = ("2024-06-01", "2025-02-28"), ("2025-03-01", "2025-08-31")
    sums = {}
    for when, span in (("before", before), ("after", after)):
        won, months = output_by_team(lanternfish, deals, *span)
        for age, keen, rest in (
            ("young", ["East 2", "South 2"], ["North 2", "West 2", "Central"]),
            ("old", ["East 1", "South 1"], ["North 1", "West 1"]),
        ):
            sums[when, age] = (won.reindex(keen).sum() / months[keen].sum()) / (
                won.reindex(rest).sum() / months[rest].sum()
            )
    near(lanternfish, "training_lift_young", sums["after", "young"] / sums["before", "young"])
    near(lanternfish, "training_lift_old", sums["after", "old"] / sums["before", "old"])
    naive, months = output_by_team(lanternfish, deals, *after)
    assert (
        naive[["East 2", "South 2"]].sum() / months[["East 2", "South 2"]].sum()
        > 1.1 * naive[["North 2", "West 2", "Central"]].sum() / months[["North 2", "West 2", "Central"]].sum()
    )


def test_the_scheme_moved_deals_between_months(lanternfish, deals):
    teams = set(lanternfish["incentives"].team)
    reps = lanternfish["reps"].set_index("rep_id").team
    won = deals[deals.won]
    inside = won.rep_id.map(reps).isin(teams)
    share = inside.groupby(won.closed_on.dt.to_period("M").astype(str)).mean()
    around = share["2024-08":"2024-10"].mean()
    assert share["2024-11"] > 1.1 * around
    assert share["2024-12"] < share["2024-11"]


# ------------------------------------------------------------------ 15: fewer contacts for those who prepaid


def test_prepaid_customers_got_fewer_contacts(lanternfish):
    contracts = lanternfish.dates("contracts", "starts_on", "ends_on")
    long = contracts[contracts.billing == "prepaid"]
    touches = lanternfish.dates("success_touches", "on")
    touches = touches[touches.kind != "training"]
    size = lanternfish.size()

    def rate(part):
        inside = touches.merge(part[["customer_id", "starts_on", "ends_on"]], on="customer_id")
        inside = inside[(inside.on >= inside.starts_on) & (inside.on < inside.ends_on)]
        end = part.ends_on.clip(upper=lanternfish.as_of)
        return len(inside) / ((end - part.starts_on).dt.days.sum() / 365)

    plain = contracts[
        (contracts.billing != "prepaid") & (contracts.kind != "add-on") & (contracts.starts_on >= "2023-01-01")
    ]
    small = lambda part: part[part.customer_id.map(size) == "small"]  # noqa: E731
    near(lanternfish, "touches_of_prepaid", rate(small(long)) / rate(small(plain)))


# ------------------------------------------------------------------ 16: custom work


def test_margin_of_work_falls_with_size(lanternfish):
    size = lanternfish.size()
    contracts = lanternfish["contracts"].assign(size=lambda d: d.customer_id.map(size))
    fee = contracts.groupby("size").one_off_amount.sum()
    work = lanternfish["delivery_work"].merge(contracts[["contract_id", "size"]], on="contract_id")
    margin = 1 - work.groupby("size").cost.sum() / fee
    assert margin["small"] > margin["mid"] > margin["large"]
    near(lanternfish, "work_margin_large", margin["large"])
    custom = work[work.kind == "custom"].groupby("size").cost.sum() / work.groupby("size").cost.sum()
    assert custom["small"] < custom["mid"] < custom["large"]


def test_month_from_which_a_platform_pays(lanternfish):
    work = lanternfish.dates("delivery_work", "on")
    custom = work[work.kind == "custom"].groupby(work.on.dt.to_period("M")).cost.sum()
    year = (
        custom.reindex(pd.period_range("2020-01", lanternfish.as_of, freq="M"), fill_value=0)
        .rolling(12, min_periods=1)
        .sum()
    )
    assert str(year[year * 0.6 > 1_800_000].index[0]) == lanternfish.truth["platform_pays_from"]["value"]


# ------------------------------------------------------------------ 17: who makes accounts grow


def test_growth_comes_from_sales_first_and_from_success_later(lanternfish):
    deals = lanternfish.dates("opportunities", "closed_on")
    deals = deals[deals.lead_id.isna()]
    start = lanternfish.dates("contracts", "starts_on").groupby("customer_id").starts_on.min()
    age = (deals.closed_on - deals.customer_id.map(start)).dt.days
    by_sales = deals.rep_id.notna()
    near(lanternfish, "growth_by_sales_first_90_days", by_sales[age <= 90].mean())
    near(lanternfish, "growth_by_sales_to_month_12", by_sales[(age > 90) & (age <= 365)].mean())


# ------------------------------------------------------------------ 18: promoters


def test_only_promoters_with_first_value_bring_customers(lanternfish):
    customers = lanternfish["customers"]
    brought = customers.referred_by.value_counts()
    answers = lanternfish["surveys"]
    score = answers[answers.kind == "nps"].groupby("customer_id").score.mean()
    goals = lanternfish.dates("milestones", "reached_on")
    first = lanternfish.dates("contracts", "starts_on").groupby("customer_id").starts_on.min()
    value = goals[goals.goal_no == 1].set_index("customer_id").reached_on
    frame = pd.DataFrame({"score": score, "soon": (value - first).dt.days.reindex(score.index) <= 200})
    frame["brought"] = brought.reindex(frame.index).fillna(0)
    by = frame.groupby([frame.score >= 9, "soon"]).brought.mean()
    near(lanternfish, "referrals_of_promoters_with_value", by[True, True] / by[False, True])
    assert by[True, False] / by[False, False] == pytest.approx(1, abs=0.5)


# ------------------------------------------------------------------ 19: stars


def test_trainings_lead_renewals_by_the_lag(lanternfish):
    rows = decisions(lanternfish)
    renewed = (~rows.left).groupby(rows.ends_on.dt.to_period("M")).mean()["2022-06":]
    touches = lanternfish.dates("success_touches", "on")
    held = touches[touches.kind == "training"].groupby(touches.on.dt.to_period("M")).size()
    contracts = lanternfish.dates("contracts", "starts_on", "ends_on")
    base = pd.Series(
        {m: ((contracts.starts_on <= m.end_time) & (contracts.ends_on > m.start_time)).sum() for m in renewed.index}
    )
    rate = (held / base).reindex(renewed.index)
    found = {lag: renewed.corr(rate.shift(lag)) for lag in range(9)}
    near(lanternfish, "star_lag", max(found, key=found.get))


# ------------------------------------------------------------------ 24: partners


@pytest.mark.parametrize(("mark", "key"), [("A", "leaving_agents"), ("M", "leaving_marketplace")])
def test_customers_of_partners(lanternfish, yearly, mark, key):
    rows = yearly.assign(partner=yearly.partner_id.astype("string").str[0].fillna("-"))
    rows = rows[rows.partner.isin([mark, "-"])]
    near(lanternfish, key, mantel_haenszel(rows, "partner", mark, None, ["size", "renewal"]))


# ------------------------------------------------------------------ 38: where deals are lost


def test_most_deals_are_lost_at_the_first_visit(lanternfish, deals):
    steps = lanternfish.dates("stage_history", "entered_on").sort_values("entered_on", kind="stable")
    last = steps.groupby("opportunity_id").step.last()
    lost = deals[~deals.won].opportunity_id.map(last)
    near(lanternfish, "lost_at_first_visit", (lost == "first visit").mean())


# ------------------------------------------------------------------ 3 and 25: single people, dates


def test_one_rep_is_weak_and_one_was_unlucky(lanternfish, deals):
    reps = lanternfish.dates("reps", "hired_on", "left_on")
    steady = reps[(reps.role == "AE") & reps.left_on.isna() & (reps.hired_on < "2024-01-01")]
    won = deals[deals.won & deals.rep_id.isin(steady.rep_id)]
    table = won.groupby(["rep_id", won.closed_on.dt.year]).size().unstack(fill_value=0)
    relative = table[[2024, 2025]] / table[[2024, 2025]].median()
    weak, unlucky = lanternfish.truth["weak_rep"]["value"], lanternfish.truth["unlucky_rep"]["value"]
    assert (relative.loc[weak] < 0.75).all()
    assert relative.loc[unlucky, 2024] < 0.75 < 0.8 < relative.loc[unlucky, 2025]


def test_dates_of_gates(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on")
    new = contracts[(contracts.kind == "new") & contracts.rep_id.notna()]
    plain = (~new.founder_signed & (new.relation == "stranger")).groupby(new.signed_on.dt.to_period("M"))
    share = plain.sum().rolling(3).sum() / plain.count().rolling(3).sum()
    assert str(share[share < 0.9].index[-1] + 1) == lanternfish.truth["gate_strangers"]["value"]
    assert lanternfish.truth["gate_margin_two"]["value"] == "2024"
    assert lanternfish.truth["gate_margin_three"]["value"] == "never"


# ------------------------------------------------------------------ the second company: other truths


def test_in_the_second_company_inbound_leads_win_and_old_teams_learn(second):
    leads = second["leads"]
    won = leads.customer_id.isin(second["contracts"].customer_id).groupby(leads["mode"]).mean()
    assert won["inbound"] > max(won["outbound"], won["seeding"])
    assert second.truth["training_lift_old"]["value"] > 1 == second.truth["training_lift_young"]["value"]
    assert second.truth["touches_of_prepaid"]["value"] == 1
    assert second.truth["refund_clause_lift"]["value"] == 1
