"""Where a truth is a trap, the naive reading misses it, and by about as much as the course says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from estimators import (
    bookings_by_month,
    calls,
    came_back,
    content_correlations,
    contracts_of,
    deals,
    difference,
    find,
    first_deals,
    first_renewals,
    goals,
    k_of_role,
    months_before_loss,
    months_of_sellers,
    output_by_tenure,
    qualified,
    ratio_of_the_scheme,
    referrals,
    relative_output,
    star_correlations,
    team_names,
    terms,
    two_ends,
    users,
    win_ratio,
)
from plain import decisions, mrr, year_ends


def value(company, key):
    return company.truth[key]["value"]


def misses(company, key, naive):
    """Return by how many tolerances the naive reading misses a truth."""
    truth = company.truth[key]
    return (naive - truth["value"]) / truth["tolerance"]


# ------------------------------------------------------------------ 1: raw renewal misleads about sources


def test_raw_renewal_makes_outbound_look_best(lanternfish):
    raw = terms(lanternfish).groupby("acquired_by").left.mean()
    assert misses(lanternfish, "leaving_seeding_over_outbound", raw["seeding"] / raw["outbound"]) > 2
    assert raw["seeding"] / raw["outbound"] > 1 > value(lanternfish, "leaving_seeding_over_outbound")


def test_raw_win_rates_make_outbound_look_worse_than_it_is(lanternfish):
    leads = lanternfish["leads"]
    won = leads.customer_id.isin(first_deals(lanternfish).customer_id).groupby(leads["mode"]).mean()
    at_equal_size = win_ratio(lanternfish, "seeding", "outbound")
    assert won["seeding"] / won["outbound"] < 0.9 * at_equal_size


# ------------------------------------------------------------------ 2: the raw gap is about twice the premium


def test_the_raw_gap_of_a_solution_is_about_twice_the_premium(lanternfish):
    won = deals(lanternfish)[deals(lanternfish).won]
    mean = won.groupby(won.positioning == "solution").amount.mean()
    times = (mean[True] / mean[False] - 1) / (value(lanternfish, "solution_premium") - 1)
    assert times == pytest.approx(2, abs=0.4)


# ------------------------------------------------------------------ 3: luck


def test_in_his_bad_year_the_unlucky_rep_looks_like_the_weak_one(lanternfish):
    table = relative_output(lanternfish)
    weak, unlucky = table.loc[value(lanternfish, "weak_rep")], table.loc[value(lanternfish, "unlucky_rep")]
    assert unlucky[2023] == pytest.approx(weak[2023], abs=0.15)
    assert unlucky[2023] < 0.75 < 0.85 < unlucky.drop(2023).min()
    assert (weak < 0.75).all()


# ------------------------------------------------------------------ 6: only those who arrived


def test_time_to_value_of_those_who_arrived_is_too_short(lanternfish):
    first = first_deals(lanternfish).set_index("customer_id").starts_on
    first = first[first <= lanternfish.as_of - pd.Timedelta(days=400)]
    days = (goals(lanternfish)[0].reindex(first.index) - first).dt.days
    arrived, all_ = days.dropna().median(), days.fillna(10_000).median()
    assert arrived < 0.8 * all_


# ------------------------------------------------------------------ 7: fakes


def test_deleting_all_shared_devices_deletes_the_honest_bulk(lanternfish):
    shared = users(lanternfish)[users(lanternfish).shared > 5]
    honest = shared[shared.campaign == "academy-day"]
    assert len(honest) == pytest.approx(0.26 * len(shared), rel=0.2)
    assert honest.user_id.isin(came_back(lanternfish)).mean() > 0.25
    assert not shared[shared.campaign == "agent-autumn"].user_id.isin(came_back(lanternfish)).any()


# ------------------------------------------------------------------ 8: saturation


def test_k_of_the_first_quarter_does_not_last(lanternfish):
    k = k_of_role(lanternfish)
    assert k.max() > 1 > 0.8 > k.loc["2022Q1":].max()


# ------------------------------------------------------------------ 9: hooks and experiments


def test_the_most_clicked_hook_is_not_the_one_that_works(lanternfish):
    hooks = lanternfish["hooks"].set_index("hook")
    clicked = (hooks.clicked / hooks.shown).idxmax()
    assert clicked != value(lanternfish, "hook_that_works")
    rate = hooks.activated / hooks.clicked
    assert rate[clicked] < 0.5 * rate.max()


def test_peeking_finds_an_effect_that_is_not_there(lanternfish):
    rows = lanternfish["experiments"]
    rows = rows[(rows.experiment == "new pricing page") & rows.outcome.notna()].sort_values("exposed_at")
    early = rows.head(len(rows) // 5)
    by = early.groupby("arm").outcome
    assert difference(early) / np.sqrt((by.var() / by.count()).sum()) > 1.6
    assert misses(lanternfish, "experiment_new_pricing_page", difference(early)) > 1


# ------------------------------------------------------------------ 10: the popular figure, calls for everybody


def test_visits_warn_of_nothing(lanternfish):
    means = months_before_loss(lanternfish)
    ratio = means.loc[[1, 2]].mean() / means.loc[[3, 4, 5, 6]].mean()
    assert ratio.core_actions < 0.5 < 0.9 < ratio.sessions


def test_calling_everybody_looks_useless(lanternfish):
    assert misses(lanternfish, "call_lift", difference(calls(lanternfish))) < -1


# ------------------------------------------------------------------ 11: niche and co-creation


def test_the_dearest_industry_is_no_niche(lanternfish):
    price = first_deals(lanternfish)[first_deals(lanternfish)["size"] == "small"].groupby("industry").price.median()
    assert price.idxmax() == "airport lounges"
    market = lanternfish["market"].groupby("industry").accounts.sum()
    assert market["airport lounges"] < 0.01 * market.sum()
    assert market.idxmax() == "restaurants"
    assert value(lanternfish, "leaving_restaurants") > 1.5


def test_co_creation_compared_with_segments_that_were_better_anyway_looks_smaller(lanternfish):
    rows = deals(lanternfish)
    rows = rows[(rows.closed_on >= "2023-04-01") & (rows["size"] != "small")]
    rate = rows.won.groupby(rows.co_created).mean()
    assert misses(lanternfish, "co_creation_lift", rate[True] / rate[False]) < -2


# ------------------------------------------------------------------ 12: training and the scheme


@pytest.mark.parametrize("age", ["young", "old"])
def test_the_keen_teams_were_better_before(lanternfish, age):
    """Trained over untrained, afterwards: the head start of the keen teams is counted as an effect of training."""
    first, second = sorted(pd.to_datetime(lanternfish["training"].on).dt.to_period("M").unique())[:2]
    rows = months_of_sellers(lanternfish)
    rows = rows[rows.month.between(first + 1, second)]
    full = output_by_tenure(lanternfish).clip(upper=1).reindex(rows.tenure.clip(upper=6)).to_numpy()
    sums = rows.assign(full=full).groupby("team")[["won", "full"]].sum()
    keen, rest = (sums.loc[names.split(", ")].sum() for names in team_names(lanternfish, age))
    naive = (keen.won / keen.full) / (rest.won / rest.full)
    assert naive / value(lanternfish, f"training_lift_{age}") == pytest.approx(1.15, abs=0.3)
    assert naive > value(lanternfish, f"training_lift_{age}")


def test_the_month_of_the_scheme_alone_reads_like_a_success(lanternfish):
    ratio, month = ratio_of_the_scheme(lanternfish)
    naive = ratio[month] / ratio[[month - 3, month - 2, month - 1]].mean() - 1
    expected = value(lanternfish, "incentive_moved") + value(lanternfish, "incentive_lift")
    assert naive == pytest.approx(expected, abs=0.2)
    assert naive > 2 * value(lanternfish, "incentive_lift")


# ------------------------------------------------------------------ 13: the holiday, a rate that falls everywhere


def test_the_holiday_reads_like_an_anomaly(lanternfish):
    contracts = lanternfish.dates("contracts", "signed_on")
    signed = contracts[(contracts.kind == "new") & contracts.rep_id.notna()].signed_on
    counts = signed.dt.to_period("M").value_counts()
    for holiday, other in (("2023-01", "2023-02"), ("2024-02", "2024-01")):
        assert counts[holiday] < 0.6 * counts[other]


def test_qualification_falls_in_every_size_and_not_in_total(lanternfish):
    by_size, total = qualified(lanternfish)
    assert (by_size[2025] < by_size[2024] - 0.01).all()
    assert total[2025] > total[2024]


# ------------------------------------------------------------------ 15: bookings, prepaid churn


def test_bookings_of_the_rescued_quarter_overstate_a_year(lanternfish):
    months = bookings_by_month(lanternfish)
    ratio = (months.recurring_amount / months.a_year).groupby(months.index.year).max()
    assert ratio[2022] > 1.3 and ratio.drop(2022).max() < 1.02


def test_churn_over_all_customers_hides_those_who_cannot_leave_yet(lanternfish):
    """In 2023 the prepaid could not leave: counted among those at risk they lower the rate of their year."""
    contracts = lanternfish.dates("contracts", "starts_on", "ends_on")
    prepaid = set(contracts[contracts.billing == "prepaid"].customer_id)
    before, after = two_ends(lanternfish, 2023)
    lost = ~before.index.isin(after.index)
    free = ~before.index.isin(prepaid)
    assert lost[~free].mean() < 0.02
    assert lost[free].mean() > 1.1 * lost.mean()
    gone = decisions(lanternfish)
    assert gone[gone.months > 12].left.mean() > 1.3 * gone[gone.months == 12].left.mean()


# ------------------------------------------------------------------ 18, 19: who refers, what goes with staying


def test_all_promoters_together_bring_fewer_than_those_with_first_value(lanternfish):
    by = referrals(lanternfish)
    answers = lanternfish["surveys"]
    score = answers[answers.kind == "nps"].groupby("customer_id").score.mean()
    brought = lanternfish["customers"].referred_by.value_counts().reindex(score.index).fillna(0)
    naive = brought[score >= 9].mean() / brought[score < 9].mean()
    assert naive < 0.85 * by[True, True] / by[False, True]
    assert by[True, False] / by[False, False] == pytest.approx(1, abs=0.5)


def test_the_community_goes_with_staying_and_does_not_cause_it(lanternfish):
    joined = lanternfish["cs_programmes"]
    rows = terms(lanternfish).assign(
        member=lambda d: d.customer_id.isin(joined[joined.programme == "user community"].customer_id)
    )
    rate = rows.left.groupby(rows.member).mean()
    assert misses(lanternfish, "leaving_community", rate[True] / rate[False]) < -1


def test_in_the_same_month_the_stars_say_little(lanternfish):
    found = star_correlations(lanternfish)
    assert found[0] < 0.5 * found[value(lanternfish, "star_lag")]


# ------------------------------------------------------------------ 21, 22: survivors, a constant churn


def test_survivors_only_reads_far_above_nrr(lanternfish):
    for end in year_ends(lanternfish)[2:]:
        before, after = two_ends(lanternfish, end.year)
        stayed = before.index.intersection(after.index)
        naive = after[stayed].sum() / before[stayed].sum()
        assert naive > 1.05 and misses(lanternfish, f"nrr_{end.year}", naive) > 3


def test_one_rate_for_all_ages_loses_too_many_of_the_old(lanternfish):
    rows = terms(lanternfish)[terms(lanternfish)["size"] == "small"]
    assert rows.left.mean() > 1.15 * rows[rows.renewal >= 3].left.mean()


# ------------------------------------------------------------------ 22 and 47: satisfaction, use


def test_a_product_seems_missed_too_little_when_idle_customers_are_asked(lanternfish):
    everybody, active = find(lanternfish, "would_miss"), find(lanternfish, "would_miss_active")
    assert everybody < 0.4 < active


# ------------------------------------------------------------------ 23: prompting, young leads, same-month spending


def test_prompted_answers_more_than_double_the_share_of_the_commonest_need(lanternfish):
    talks, named = lanternfish["interviews"], lanternfish["interview_needs"]
    first = named[named.need == "first-week plan for new staff"]
    free = first[~first.prompted].interview_id.nunique() / (~talks.list_shown).sum()
    pooled = first.interview_id.nunique() / len(talks)
    assert pooled == pytest.approx(free * (1 + value(lanternfish, "prompting")) / 2, rel=0.1)
    assert pooled > 1.5 * free


def test_same_month_spending_seems_to_bring_nothing(lanternfish):
    found = content_correlations(lanternfish)
    assert found[0] < 0.3 < 0.5 < found[value(lanternfish, "content_lag")]


def test_slow_answers_are_not_the_only_difference_between_sources(lanternfish):
    """All modes in one pot give another half-life: outbound is answered at once and qualifies for other reasons."""
    leads = lanternfish["leads"]
    leads = leads[leads.answered_at.notna()]
    hours = (
        pd.to_datetime(leads.answered_at.str[:16]) - pd.to_datetime(leads.created_at.str[:16])
    ).dt.total_seconds() / 3600
    early, late = leads.mql_on.notna()[hours < 12].mean(), leads.mql_on.notna()[hours.between(48, 60)].mean()
    assert late < 0.6 * early


# ------------------------------------------------------------------ 24, 25: first order only, the date as the stage


def test_the_first_order_alone_misjudges_agents(lanternfish):
    naive = 1 - value(lanternfish, "partner_share_agents_first")
    assert misses(lanternfish, "partner_margin_agents", naive) < -10
    direct = contracts_of(lanternfish, "marketplace")
    assert 1 - direct.fee.sum() / direct.recurring_amount.sum() > find(lanternfish, "partner_margin_agents")


def test_revenue_and_age_say_a_later_stage_than_the_gates(lanternfish):
    assert mrr(lanternfish, lanternfish.as_of).sum() * 12 > 1e8
    assert value(lanternfish, "blocks_today") == "margin 3"
    assert "leads" in value(lanternfish, "gates_2023") and "margin 2" not in value(lanternfish, "gates_2023")


def test_promises_look_harmless_when_all_renewals_are_taken_together(lanternfish):
    """The harm is done at the first renewal; later ones dilute it."""
    rows = terms(lanternfish)[terms(lanternfish).gap.notna()]
    many = lambda part: part.left[part.gap >= 2].mean() / part.left[part.gap == 0].mean()  # noqa: E731
    assert many(rows[rows.renewal > 1]) < many(first_renewals(lanternfish))
