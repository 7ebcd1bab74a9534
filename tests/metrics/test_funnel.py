"""The path from a lead to money: steps, conversion at equal age, curves, win rates; the entries FUN-* of oracles.yaml by their ids."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from helpers.metrics import funnel
from helpers.metrics.errors import MetricError
from helpers.metrics.funnel import (cohort_win_rate, conversion, conversion_curve, conversion_in_the_end, conversion_lift, conversion_so_far, example_path,
                                    lead_path, lost_at, path_table, steps_of, time_to, waits, win_rate, win_rate_snapshot_vs_cohort)
from helpers.metrics.uncertainty import wilson_interval

AS_OF = "2025-12-31"


def day(text):
    return pd.Timestamp(text)


def leads_every_day(*, first="2024-01-01", last=AS_OF, takes=(10, 40, 100), share=0.3, seed=31):
    """Leads at a steady rate and quality: the same share signs, after the same lags, in every month."""
    rng = np.random.default_rng(seed)
    created = pd.Series(np.repeat(pd.date_range(first, last, freq="D"), 4))
    n = len(created)
    wins, lag = rng.random(n) < share, rng.choice(takes, n)
    closed = created + pd.to_timedelta(np.where(wins, lag, 30), unit="D")
    known = closed <= day(last)
    leads = pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "created_at": created, "mode": np.where(np.arange(n) % 2, "inbound", "seeding")})
    deals = pd.DataFrame({"opportunity_id": [f"O{i}" for i in range(n)], "lead_id": leads["lead_id"], "opened_on": created,
                          "closed_on": closed.where(known), "outcome": pd.Series(np.where(wins, "won", "lost"), dtype=object).where(known), "amount": 100.0})
    return leads, deals


def steady_path():
    leads, deals = leads_every_day()
    return lead_path(leads, deals, as_of=AS_OF)


# --- oracles -----------------------------------------------------------------------------------------------------------

def fun_04():
    """Deals that give the published figures: of 100 opened in Q1 8, 24, 21, 19% read at the ends of Q1 to Q4; others make the snapshots."""
    quarters = pd.to_datetime(["2025-02-15", "2025-05-15", "2025-08-15", "2025-11-15"])
    rows = []

    def add(count, opened, closed, outcome):
        rows.extend([{"opened_on": day(opened), "closed_on": closed, "outcome": outcome}] * count)

    decided = [(2, 23), (16, 34), (3, 22), (2, 19)]     # the cohort's wins and losses in each quarter: 2/25, 18/75, 21/100, 23/121
    closed_in = [(34, 66), (32, 68), (30, 70), (30, 70)]
    for on, (won, lost), (all_won, all_lost) in zip(quarters, decided, closed_in):
        add(won, "2025-01-10", on, "won"), add(lost, "2025-01-10", on, "lost")
        add(all_won - won, "2024-11-10", on, "won"), add(all_lost - lost, "2024-11-10", on, "lost")
    return pd.DataFrame(rows)


def test_FUN_04_a_cohort_rate_that_falls_is_won_over_closed_so_far():
    ends = ["2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31"]
    seen = win_rate_snapshot_vs_cohort(fun_04(), "2025-01-01", "2025-03-31", read_end=ends)
    assert (100 * seen["snapshot"]).round().tolist() == [34, 32, 30, 30]
    assert (100 * seen["closed_so_far"]).round().tolist() == [8, 24, 21, 19]
    assert seen["cohort"].is_monotonic_increasing and seen["cohort"].iloc[-1] == pytest.approx(23 / 121)


def test_FUN_06_wilson():
    for (k, n), (low, high) in zip([(3, 20), (0, 10)], [(0.052369, 0.360419), (0.0, 0.277533)]):
        assert wilson_interval(k, n) == pytest.approx((low, high), abs=1e-5)


def test_FUN_07_ten_per_cent_at_seven_steps_doubles_and_needs_all_seven():
    assert conversion_lift(7, 0.10) == pytest.approx(1.9487, abs=1e-4)
    assert conversion_lift([0.5] * 7, 0.10) == pytest.approx(conversion_lift(7, 0.10))
    assert conversion_lift(6, 0.10) < 1.8
    assert conversion_lift([0.99] * 7, 0.10) == pytest.approx((1 / 0.99) ** 7)
    with pytest.raises(MetricError, match="shares"):
        conversion_lift([50, 20])


# --- equal age ---------------------------------------------------------------------------------------------------------

def test_a_steady_company_seems_to_decline_so_far_and_does_not_at_equal_age():
    path = steady_path()
    so_far = conversion_so_far(path, as_of=AS_OF, cohort="month").table["value"]
    fair = conversion(path, as_of=AS_OF, within=40, cohort="month").table
    fair = fair[fair["mature"]]
    assert so_far.iloc[-1] < 0.4 * so_far.iloc[:12].mean()
    assert fair["value"].tail(3).mean() == pytest.approx(fair["value"].head(12).mean(), abs=0.06)
    assert ((fair["low"] <= 0.2) & (0.2 <= fair["high"])).mean() > 0.8   # two thirds of 0.3 sign within 40 days


def test_only_leads_that_had_the_time_are_counted():
    path = steady_path()
    last = conversion(path, as_of=AS_OF, within=40, cohort="month").table.iloc[-2:]
    assert last["n"].tolist() == [4 * 21, 0] and last["mature"].tolist() == [False, False]
    assert math.isnan(last["value"].iloc[1]) and "nobody" in last["reason"].iloc[1] and "too young" in last["reason"].iloc[0]


def test_an_earlier_day_of_report_knows_nothing_of_what_came_later():
    leads, deals = leads_every_day()
    then = lead_path(leads, deals, as_of="2025-06-30")
    for of in (conversion_so_far, conversion):
        late, early = (of(path, as_of="2025-06-30", cohort="month").table for path in (lead_path(leads, deals, as_of=AS_OF), then))
        pd.testing.assert_frame_equal(late, early)


def test_order_of_rows_does_not_matter_and_by_adds_up():
    leads, deals = leads_every_day()
    one = conversion(lead_path(leads, deals, as_of=AS_OF), as_of=AS_OF, by="mode").table
    two = conversion(lead_path(leads.sample(frac=1, random_state=1), deals.sample(frac=1, random_state=2), as_of=AS_OF), as_of=AS_OF, by="mode").table
    pd.testing.assert_frame_equal(one, two)
    whole = conversion(lead_path(leads, deals, as_of=AS_OF), as_of=AS_OF)
    assert one["n"].sum() == whole.n and (one["value"] * one["n"]).sum() == pytest.approx(whole.value * whole.n)


def test_curve_finds_the_truth_from_young_and_old_and_keeps_the_lost():
    path = steady_path()
    curve = conversion_curve(path, as_of=AS_OF).table.set_index("age")
    for age, truth in ((9, 0.0), (10, 0.1), (40, 0.2), (100, 0.3)):
        assert curve.loc[age, "low"] - 0.005 <= truth <= curve.loc[age, "high"] + 0.005
    assert curve["value"].is_monotonic_increasing and curve["value"].iloc[-1] < 0.34
    end = conversion_in_the_end(path, as_of=AS_OF)
    assert end.value == curve["value"].iloc[-1] and end.low < 0.3 < end.high


def test_dropping_the_lost_would_read_far_too_high():
    from helpers.metrics.tenure import kaplan_meier

    path = steady_path()
    took, end = (path["signed"] - path["lead"]).dt.days, (path["ended"] - path["lead"]).dt.days
    seen = (day(AS_OF) - path["lead"]).dt.days
    got, gone = np.zeros(800, int), np.zeros(800, int)
    np.add.at(got, took.dropna().astype(int), 1)
    np.add.at(gone, end.fillna(seen)[took.isna()].astype(int), 1)
    naive = 1 - kaplan_meier(got.tolist(), gone.tolist())[100][1]
    assert naive > 1.8 * conversion_in_the_end(path, as_of=AS_OF).value


def test_time_is_that_of_those_who_get_there_not_of_those_who_have():
    path = steady_path()
    assert time_to(path, as_of=AS_OF, unit="days").value == 40
    assert time_to(path, as_of=AS_OF, unit="days", share=0.9).value == 100
    young = path[path["lead"] > "2025-11-15"]
    assert (young["signed"] - young["lead"]).dt.days.median() == 10
    assert time_to(path, as_of=AS_OF).value == pytest.approx(40 * 12 / 365.25)
    nobody = time_to(path, as_of=AS_OF, since="2025-12-30")
    assert math.isnan(nobody.value) and nobody.reason


# --- the path ----------------------------------------------------------------------------------------------------------

def small():
    leads = pd.DataFrame({"lead_id": list("abc"), "created_at": pd.to_datetime(["2025-01-01 23:30", "2025-01-02 08:00", "2025-02-01 09:15"]), "mode": "inbound"})
    deals = pd.DataFrame({"opportunity_id": list("wxyz"), "lead_id": ["a", "a", "b", None], "opened_on": pd.to_datetime(["2025-01-05"] * 4),
                          "closed_on": pd.to_datetime(["2025-01-10", "2025-02-10", "2025-01-15", "2025-01-20"]),
                          "outcome": ["lost", "won", "lost", "won"], "amount": [1.0, 50.0, 1.0, 99.0]})
    stages = pd.DataFrame({"opportunity_id": list("wxyxxx"), "step": ["start", "start", "start", "visit", "visit", "done"],
                           "entered_on": pd.to_datetime(["2025-01-05", "2025-01-05", "2025-01-05", "2025-01-20", "2025-01-25", "2025-02-10"])})
    contracts = pd.DataFrame({"contract_id": ["k", "l"], "opportunity_id": ["x", None], "signed_on": pd.to_datetime(["2025-02-10", "2026-01-20"]),
                              "ends_on": pd.to_datetime(["2026-02-10", "2027-02-10"]), "renews_contract_id": [None, "k"]})
    payments = pd.DataFrame({"contract_id": ["k", "k"], "paid_on": pd.to_datetime(["2025-03-01", "2025-04-01"])})
    return leads, deals, {"stage_history": stages, "contracts": contracts, "payments": payments}


def test_a_lead_counts_once_in_each_step_at_its_first_entry():
    leads, deals, more = small()
    path = lead_path(leads, deals, as_of="2026-06-30", **more).set_index("lead_id")
    assert steps_of(path) == ["lead", "visit", "signed", "paid", "due", "renewed"]   # start repeats the opening, done the signature
    a = path.loc["a"]
    assert [a["visit"], a["signed"], a["paid"], a["renewed"]] == [day("2025-01-20"), day("2025-02-10"), day("2025-03-01"), day("2026-01-20")]
    assert a["amount"] == 50 and pd.isna(a["ended"])                                # one lost deal of two is no loss of the lead
    assert path.loc["b", "ended"] == day("2025-01-15") and path.loc["c", "amount"] == 0
    assert conversion(path.reset_index(), "due", "renewed", as_of="2026-06-30", within=0).value == 1.0


def test_what_comes_after_the_report_is_not_known():
    leads, deals, more = small()
    path = lead_path(leads, deals, as_of="2025-01-31", **more).set_index("lead_id")
    assert sorted(path.index) == ["a", "b"]
    assert pd.isna(path.loc["a", "signed"]) and pd.isna(path.loc["a", "ended"]) and path.loc["a", "amount"] == 0
    assert path.loc["b", "ended"] == day("2025-01-15")


def test_named_steps_of_the_play_and_errors():
    leads, deals, more = small()
    assert steps_of(lead_path(leads, deals, as_of=AS_OF, stage_history=more["stage_history"], play=["start", "visit"]))[1:3] == ["start", "visit"]
    with pytest.raises(MetricError, match="'visits' is not known, did you mean 'visit'"):
        lead_path(leads, deals, as_of=AS_OF, stage_history=more["stage_history"], play=["visits"])
    with pytest.raises(MetricError, match="opportunities: no column 'closed_on'"):
        lead_path(leads, deals.drop(columns="closed_on"), as_of=AS_OF)
    with pytest.raises(MetricError, match="lead_path"):
        steps_of(leads)
    path = example_path()
    with pytest.raises(MetricError, match="did you mean 'signed'"):
        conversion(path, "lead", "singed", as_of=AS_OF)
    with pytest.raises(MetricError, match="within"):
        conversion(path, as_of=AS_OF, within=-1)
    with pytest.raises(MetricError, match="cohort"):
        conversion(path, as_of=AS_OF, cohort="week")
    with pytest.raises(MetricError, match="no column 'mod'"):
        conversion(path, as_of=AS_OF, by="mod")


def test_every_lead_is_counted_once_and_nobody_twice():
    path = steady_path()
    _, groups = waits(path, as_of=AS_OF, cohort="quarter", by="mode")
    assert sum(wait.count for found in groups.values() for wait in found) == len(path)
    assert sum(wait.amount for found in groups.values() for wait in found) == pytest.approx(path["amount"].sum())
    empty = conversion(path, as_of=AS_OF, since="2030-01-01")
    assert math.isnan(empty.value) and empty.n == 0 and empty.reason


def test_table_of_the_whole_path_agrees_with_its_parts():
    leads, deals, more = small()
    path = lead_path(leads, deals, as_of="2026-06-30", **more)
    table = path_table(path, as_of="2026-06-30", within=60).set_index("step")
    assert table.loc["lead", "n"] == 3 and table.loc["lead", "value"] == pytest.approx(1 / 3) and table.loc["lead", "worth"] == pytest.approx(50 / 3)
    assert table.loc["visit", "worth"] == 50 and math.isnan(table.loc["signed", "worth"])
    assert "paid" not in table.index and table.loc["due", "next"] == "renewed"
    assert set(path_table(path, as_of="2026-06-30", by="mode")["mode"]) == {"inbound"}


def test_lost_deals_end_at_the_last_step_they_entered():
    leads, deals, more = small()
    path = lead_path(leads.assign(sql_on=pd.to_datetime(["2025-01-05", "2025-01-05", None])), deals, as_of=AS_OF, **more)
    assert lost_at(path)[["step", "value", "n"]].to_numpy().tolist() == [["SQL", 1.0, 1]]


# --- win rates ---------------------------------------------------------------------------------------------------------

def test_won_over_opened_never_falls():
    _, deals = leads_every_day()
    rates = [cohort_win_rate(deals, "2025-01-01", "2025-03-31", read_on=on).value for on in pd.date_range("2025-01-31", AS_OF, freq="ME")]
    assert rates == sorted(rates) and rates[-1] == pytest.approx(0.3, abs=0.06)
    assert cohort_win_rate(deals, "2025-01-01", "2025-03-31", read_on=AS_OF).mature
    assert not cohort_win_rate(deals, "2025-12-01", AS_OF, read_on=AS_OF).mature


def test_win_rate_by_group_and_without_deals():
    _, deals = leads_every_day()
    deals["mode"] = pd.Categorical(np.where(np.arange(len(deals)) % 2, "a", "b"), categories=["b", "a"])
    found = win_rate(deals, "2025-01-01", AS_OF, by="mode").table
    assert found["mode"].tolist() == ["b", "a"] and found["n"].sum() == win_rate(deals, "2025-01-01", AS_OF).n
    none = win_rate(deals, "2030-01-01", "2030-12-31")
    assert math.isnan(none.value) and none.reason == "no deal was decided"


# --- engines -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("engine", ["polars", "duckdb", "large pandas"])
def test_other_engines_give_the_same(engine, monkeypatch):
    leads, deals, more = small()
    tables = {"leads": leads, "opportunities": deals, **more}
    expected = path_table(lead_path(leads, deals, as_of="2026-06-30", **more), as_of="2026-06-30", by="mode")
    if engine == "large pandas":
        monkeypatch.setattr("helpers.metrics.tables.LARGE", 1)
    else:
        module = pytest.importorskip(engine)
        if engine == "duckdb":
            connection = module.connect()
            tables = {name: connection.from_df(table) for name, table in tables.items()}
        else:
            tables = {name: module.from_pandas(table) for name, table in tables.items()}
    path = lead_path(tables.pop("leads"), tables.pop("opportunities"), as_of="2026-06-30", **tables)
    found = path_table(path, as_of="2026-06-30", by="mode")
    found = found.to_pandas() if hasattr(found, "to_pandas") else found
    pd.testing.assert_frame_equal(pd.DataFrame(found), expected, check_dtype=False)
    assert conversion(path, as_of="2026-06-30", cohort="month").table["n"].to_list() == [2, 1]


def test_names_say_what_they_do_with_the_young():
    path = example_path()
    assert "so far" in conversion_so_far(path, as_of="2025-05-01").name and not conversion_so_far(path, as_of="2025-05-01").mature
    assert "within 30 days" in conversion(path, as_of="2025-05-01", within=30).name
    assert funnel.entered_between(path, "2025-04-01")["lead_id"].tolist() == ["d"]
