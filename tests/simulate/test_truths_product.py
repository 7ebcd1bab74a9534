"""Truths about the product: interviews, users, invitations, friction, experiments, use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def near(company, key, found):
    truth = company.truth[key]
    assert abs(found - truth["value"]) <= truth["tolerance"], f"{key}: found {found:.3f}, true {truth['value']}"


@pytest.fixture(scope="module")
def users(lanternfish):
    rows = lanternfish["users"].copy()
    rows["at"] = pd.to_datetime(rows.signed_up_at.str[:19])
    rows["shared"] = rows.groupby("device").user_id.transform("size")
    return rows


@pytest.fixture(scope="module")
def usage(lanternfish):
    rows = lanternfish.dates("usage_monthly", "month")
    end = lanternfish.dates("subscriptions", "ends_on").groupby("customer_id").ends_on.max()
    rows["end"] = rows.customer_id.map(end)
    rows["left"] = (rows.end.dt.year - rows.month.dt.year) * 12 + rows.end.dt.month - rows.month.dt.month
    rows["lost"] = rows.end <= lanternfish.as_of
    return rows


def test_prompting_inflates_needs(lanternfish):
    talks, named = lanternfish["interviews"], lanternfish["interview_needs"]
    style = named.groupby("interview_id").prompted.first()
    count = named.groupby("interview_id").size()
    near(lanternfish, "prompting", count[style].mean() / count[~style].mean())
    assert len(talks) == 120


def test_one_hook_works_and_clicks_mislead(lanternfish):
    hooks = lanternfish["hooks"].set_index("hook")
    rate = hooks.activated / hooks.clicked
    assert rate.idxmax() == lanternfish.truth["hook_that_works"]["value"]
    near(lanternfish, "hook_activation", rate.max())
    assert (hooks.clicked / hooks.shown).idxmax() != rate.idxmax()


def test_faked_sign_ups_and_the_honest_bulk(lanternfish, users):
    agent = users[users.campaign == "agent-autumn"]
    near(lanternfish, "faked_share", (agent.shared > 5).mean())
    bulk = users[users.campaign == "academy-day"]
    assert (bulk.shared > 5).all()
    events = lanternfish["events"]
    done = set(events[events.event == "course finished"].user_id)
    assert bulk.user_id.isin(done).mean() > 0.25
    assert not agent[agent.shared > 5].user_id.isin(done).any()


def test_invitations_by_layer(lanternfish, users):
    free = users[users.customer_id.isna() & ~((users.campaign == "agent-autumn") & (users.shared > 5))]
    invitations = lanternfish["invitations"]
    accepted = invitations[invitations.accepted_at.notna()].layer.value_counts()
    for layer in ("together", "social", "reward"):
        near(lanternfish, f"k_{layer}", accepted[layer] / len(free))
    assert accepted.sum() / len(free) < 1


def test_k_is_above_one_at_first_for_one_role(lanternfish, users):
    invitations = lanternfish["invitations"]
    brought = invitations[invitations.accepted_at.notna()].from_user_id.value_counts()
    free = users[users.customer_id.isna() & (users.role == "store manager")]
    k = free.user_id.map(brought).fillna(0).groupby(free["at"].dt.to_period("Q").astype(str)).mean()
    assert k["2021Q1"] > lanternfish.truth["k_at_first_above"]["value"]
    assert k["2022Q2"] < 0.8 and k["2024Q1"] < 0.8


def test_two_steps_cause_most_friction(lanternfish):
    felt = lanternfish["touchpoints"].groupby("step").feeling.mean().sort_values()
    assert set(felt.index[:2]) == {
        lanternfish.truth["friction_step_1"]["value"],
        lanternfish.truth["friction_step_2"]["value"],
    }
    assert felt.iloc[1] < felt.iloc[2] - 5


def test_some_recover_from_below_zero_and_the_charge_differs_by_role(lanternfish, users):
    points = lanternfish["touchpoints"].sort_values(["user_id", "step_no"])
    charge = users.set_index("user_id").initial_charge
    running = points.groupby("user_id").feeling.cumsum() + points.user_id.map(charge)
    by_user = running.groupby(points.user_id).agg(["min", "last"])
    assert ((by_user["min"] < 0) & (by_user["last"] > 0)).sum() > 20
    by_role = users.groupby("role").initial_charge.mean()
    assert by_role["trainer"] > by_role["owner"] + 10


@pytest.mark.parametrize(
    "name", ["guided first course", "blue button", "phone number asked at sign-up", "new pricing page"]
)
def test_experiments(lanternfish, name):
    rows = lanternfish["experiments"]
    rows = rows[(rows.experiment == name) & rows.outcome.notna()].sort_values("exposed_at")
    whole = rows.groupby("arm").outcome.mean()
    if name == "new pricing page":
        early = rows.head(len(rows) // 5).groupby("arm").outcome
        difference = early.mean()["variant"] - early.mean()["control"]
        error = np.sqrt((early.var() / early.count()).sum())
        assert difference / error > 1.6
        assert whole["variant"] - whole["control"] < 0.05
        rows = rows.tail(len(rows) * 4 // 5)
        whole = rows.groupby("arm").outcome.mean()
    near(lanternfish, "experiment_" + name.replace(" ", "_").replace("-", "_"), whole["variant"] - whole["control"])


def test_a_call_pays_above_the_signal_only(lanternfish):
    rows = lanternfish["experiments"]
    rows = rows[(rows.experiment == "sales call") & rows.outcome.notna()]
    invitations = lanternfish["invitations"]
    came = invitations[invitations.accepted_at.notna()].from_user_id.value_counts()
    signal = rows.user_id.map(came) >= lanternfish.truth["call_signal"]["value"]
    for flag in (True, False):
        mean = rows[signal == flag].groupby("arm").outcome.mean()
        lift = mean["variant"] - mean["control"]
        if flag:
            near(lanternfish, "call_lift", lift)
        else:
            assert abs(lift) < 0.06


def test_core_actions_fall_two_months_before_a_loss_and_visits_do_not(lanternfish, usage):
    lost = usage[usage.lost & (usage.month >= "2022-01-01")]
    core, visits = lost.groupby("left").core_actions.mean(), lost.groupby("left").sessions.mean()
    near(lanternfish, "fading", core[[1, 2]].mean() / core[[3, 4, 5, 6]].mean())
    lead = max(month for month in range(1, 7) if core[month] < 0.7 * core[8:12].mean())
    near(lanternfish, "north_star_lead", lead)
    assert visits[[1, 2]].mean() / visits[[3, 4, 5, 6]].mean() > 0.9


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


def test_nobody_uses_the_product_before_signing_up(lanternfish, users):
    events = lanternfish["events"]
    first = events.groupby("user_id")["at"].min().dt.tz_localize(None)
    signed = users.set_index("user_id")["at"]
    assert (first >= signed.reindex(first.index)).all()
    assert set(users.user_id) == set(events[events.event == "signed up"].user_id)


def test_the_broken_form_loses_sign_ups_and_not_visitors(lanternfish):
    web = lanternfish.dates("web_funnel", "month").groupby("month")[["visitors", "sign_ups"]].sum()
    month, before = web.loc["2024-09-01"], web.loc["2024-06-01":"2024-08-01"].mean()
    assert month.sign_ups < 0.7 * before.sign_ups
    assert month.visitors > 0.85 * before.visitors


def test_three_odd_months_of_leads(lanternfish):
    leads = lanternfish["leads"]
    month = pd.to_datetime(leads.created_at.str[:7] + "-01")
    counts = leads.groupby([month, "mode"]).size().unstack().astype(float)
    around = counts.rolling(5, center=True).median()
    ratio = counts / around
    assert ratio.loc["2023-11-01", "outbound"] > 1.7
    assert ratio.loc["2024-09-01", "inbound"] < 0.7
    usual = counts.loc[["2022-02-01", "2022-03-01", "2022-06-01", "2022-07-01"]].sum(axis=1).mean()
    assert counts.loc["2022-04-01":"2022-05-01"].sum(axis=1).mean() < 0.75 * usual
