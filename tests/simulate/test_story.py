"""What the tables tell beside the truths: the holiday, the lockdown, the long deals, the product's first days."""

from __future__ import annotations

import pandas as pd
import pytest
from estimators import calls, deals, difference, months_of_sellers, sellers, terms, users
from plain import decisions


def test_retention_rises_with_size_and_hazards_fall_with_age(lanternfish):
    by_size = terms(lanternfish).groupby("size").left.mean()
    assert by_size["small"] > by_size["mid"] + 0.05 > by_size["large"] + 0.1
    for size in ("small", "mid"):
        rows = terms(lanternfish)
        by_age = rows[rows["size"] == size].groupby("renewal").left.mean()
        assert by_age[1] > by_age[2] > by_age[3]


def test_in_the_second_company_small_customers_stay(second):
    by_size = terms(second).groupby("size").left.mean()
    assert by_size["small"] < by_size["mid"] < by_size["large"]


def test_long_deals_were_signed_in_one_quarter_and_expire_in_two(lanternfish):
    rows = decisions(lanternfish)
    long = rows[rows.months > 12]
    assert set(long.signed_on.dt.to_period("Q").astype(str)) == {"2022Q4"}
    assert set(long.ends_on.dt.to_period("Q").astype(str)) == {"2024Q4", "2025Q4"}


def test_the_second_company_has_enough_long_deals_that_ran_out(second):
    rows = decisions(second)
    assert (rows.months > 12).sum() >= 60


def test_the_holiday_empties_its_days(lanternfish):
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


def test_work_for_larger_customers_is_more_often_custom(lanternfish):
    size = lanternfish.size()
    contracts = lanternfish["contracts"].assign(size=lambda d: d.customer_id.map(size))
    work = lanternfish["delivery_work"].merge(contracts[["contract_id", "size"]], on="contract_id")
    custom = work[work.kind == "custom"].groupby("size").cost.sum() / work.groupby("size").cost.sum()
    assert custom["small"] < custom["mid"] < custom["large"]


def test_refunds_stay_under_one_per_cent(lanternfish):
    assert lanternfish["refunds"].amount.sum() < 0.01 * lanternfish["payments"].amount.sum()


def test_small_ticket_reps_ramp_as_fast_and_sell_as_much_below_the_large(lanternfish):
    won = deals(lanternfish)[deals(lanternfish).won & (deals(lanternfish)["size"] != "large")]
    counts = won.groupby(["rep_id", won.closed_on.dt.to_period("M").rename("month")]).size().rename("smaller")
    rows = months_of_sellers(lanternfish).join(counts, on=["rep_id", "month"]).fillna({"smaller": 0})
    by = rows.smaller.groupby([rows.rep_id.map(sellers(lanternfish).background), rows.tenure.clip(upper=3)]).mean()
    small, other = by["small-ticket"], by["solution"]
    assert (small[1] / small[3], small[2] / small[3]) == pytest.approx((other[1] / other[3], other[2] / other[3]), abs=0.15)
    assert small[3] == pytest.approx(other[3], rel=0.2)


def test_some_recover_from_below_zero(lanternfish):
    points = lanternfish["touchpoints"].sort_values(["user_id", "step_no"])
    charge = users(lanternfish).set_index("user_id").initial_charge
    running = points.groupby("user_id").feeling.cumsum() + points.user_id.map(charge)
    by_user = running.groupby(points.user_id).agg(["min", "last"])
    assert ((by_user["min"] < 0) & (by_user["last"] > 0)).sum() > 20


def test_two_steps_stand_out(lanternfish):
    felt = lanternfish["touchpoints"].groupby("step").feeling.mean().sort_values()
    assert felt.iloc[1] < felt.iloc[2] - 5


def test_a_call_below_the_signal_changes_nothing(lanternfish):
    rows = calls(lanternfish)
    assert abs(difference(rows[rows.came < lanternfish.truth["call_signal"]["value"]])) < 0.06


def test_use_is_counted_from_events(lanternfish):
    events = lanternfish["events"]
    events = events[events.customer_id.notna()]
    month = events["at"].dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()
    flags = events.assign(
        month=month, sessions=events.event == "logged in", core_actions=events.event == "course finished"
    )
    groups = flags.groupby(["customer_id", "month"])
    counted = groups[["sessions", "core_actions"]].sum().assign(active_users=groups.user_id.nunique())
    stored = lanternfish.dates("usage_monthly", "month").set_index(["customer_id", "month"])
    joined = stored.join(counted.add_suffix("_counted"))
    for column in ("active_users", "sessions", "core_actions"):
        assert (joined[column] == joined[f"{column}_counted"]).all(), column
    assert len(counted) == len(stored)


def test_nobody_uses_the_product_before_signing_up(lanternfish):
    events = lanternfish["events"]
    first = events.groupby("user_id")["at"].min().dt.tz_localize(None)
    signed = users(lanternfish).set_index("user_id")["at"]
    assert (first >= signed.reindex(first.index)).all()
    assert set(users(lanternfish).user_id) == set(events[events.event == "signed up"].user_id)


def test_who_never_started_never_used_it(lanternfish):
    work = lanternfish.dates("implementations", "started_on", "live_on")
    idle = work[work.live_on.isna() & (work.started_on < "2022-01-20")].customer_id
    assert len(idle) == lanternfish.truth["never_started"]["value"]
    used = lanternfish["usage_monthly"]
    assert used[used.customer_id.isin(idle)][["sessions", "core_actions"]].sum().sum() == 0
    reached = lanternfish["milestones"]
    assert reached[reached.customer_id.isin(idle)].reached_on.isna().all()


def test_answers_come_from_people_who_had_signed_up(lanternfish, second):
    for company in (lanternfish, second):
        answers = company.dates("surveys", "on")
        assert answers.user_id.notna().mean() > 0.95
        known = users(company).set_index("user_id")
        given = answers.dropna(subset=["user_id"])
        assert (known.customer_id.reindex(given.user_id).to_numpy() == given.customer_id.to_numpy()).all()
        assert (known["at"].dt.normalize().reindex(given.user_id).to_numpy() <= given.on.to_numpy()).all()


def test_fees_of_partners_belong_to_their_customers_and_to_costs_of_kind_b(lanternfish, second):
    for company in (lanternfish, second):
        fees = company.dates("partner_fees", "on").merge(company["contracts"], on="contract_id")
        partner = company["customers"].set_index("customer_id").partner_id
        assert (fees.customer_id.map(partner) == fees.partner_id).all()
        assert (fees.amount < fees.recurring_amount).all()
        costs = company.dates("costs", "month")
        desk = costs[costs.kind == "B"].groupby("month").amount.sum()
        owed = fees.groupby(fees.on.dt.to_period("M").dt.to_timestamp()).amount.sum()
        assert (owed <= desk.reindex(owed.index).fillna(0) + 0.01).all()


def test_the_broken_form_loses_sign_ups_and_not_visitors(lanternfish):
    web = lanternfish.dates("web_funnel", "month").groupby("month")[["visitors", "sign_ups"]].sum()
    month, before = web.loc["2024-09-01"], web.loc["2024-06-01":"2024-08-01"].mean()
    assert month.sign_ups < 0.7 * before.sign_ups
    assert month.visitors > 0.85 * before.visitors
