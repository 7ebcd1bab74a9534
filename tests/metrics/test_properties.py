"""Identities that hold for every company, tried on many small ones, under three time zones of the process."""

from __future__ import annotations

import datetime as dt
import math
import os
import time
from contextlib import contextmanager

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from helpers.metrics import examples
from helpers.metrics.policy import Policy
from helpers.metrics.retention import cohort_triangle, grr, logo_retention, nrr, retention_by_month, retention_definitions, survival
from helpers.metrics.revenue import bridge_from, mrr_at, mrr_bridge, mrr_movements, total_mrr

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata")
AS_OF = dt.date(2024, 12, 31)
FIRST = dt.date(2022, 1, 1)
PRICES = st.integers(0, 40).map(lambda twelfths: 12.0 * twelfths)  # divisible by 12, so that every line is exact
SEEN = set()


@contextmanager
def clock(zone):
    """Run under another time zone: results must not move."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    getattr(time, "tzset", lambda: None)()
    try:
        yield SEEN.add(zone)
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        getattr(time, "tzset", lambda: None)()


def tried(**strategies):
    """Try a property on twelve small companies, each under one of three time zones of the process."""
    def decorate(test):
        def run(zone, **values):
            with clock(zone):
                test(**values)

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        checked = given(zone=st.sampled_from(ZONES), **strategies)(run)
        return settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))(checked)
    return decorate


@st.composite
def rows(draw, customers=12, most=4, statuses=("active",)):
    """Draw subscription rows with starts and ends anywhere, also on and beyond the day of the report."""
    found = []
    for customer in range(draw(st.integers(3, customers))):
        for _ in range(draw(st.integers(1, most))):
            start = FIRST + dt.timedelta(days=draw(st.integers(0, 1200)))
            length = draw(st.one_of(st.none(), st.integers(0, 700), st.sampled_from([28, 31, 365, 366])))
            found.append({"subscription_id": f"s{len(found)}", "customer_id": f"c{customer}", "starts_on": start,
                          "ends_on": None if length is None else start + dt.timedelta(days=length), "amount": draw(PRICES),
                          "interval": draw(st.sampled_from(["month", "quarter", "year"])), "discount": draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])),
                          "status": draw(st.sampled_from(statuses))})
    return found


def plain(table):
    """Return a table as rows that can be compared."""
    return sorted(map(tuple, table.astype(object).where(table.notna(), None).to_numpy().tolist()), key=str)


def movements(found, as_of=AS_OF, **switches):
    return mrr_movements(examples.table_of(found), as_of=as_of, policy=Policy(**switches))


@tried(found=rows(statuses=("active", "paused", "trial", "past_due")), pauses=st.sampled_from(["separate", "fold", "keep"]),
       free=st.sampled_from(["inactive", "active"]), events=st.sampled_from(["snapshot", "events"]))
def test_movements_add_up_for_every_customer_and_month(found, pauses, free, events):
    switches = {"pauses": pauses, "free_customers": free, "same_month": events}
    table = examples.table_of(found)
    moved = movements(found, **switches)
    assert (moved["before"] + moved["change"] == moved["after"]).all()
    assert (moved[["before", "after"]] >= 0).all(axis=None)
    order = moved.sort_values(["customer_id", "month", *(["on"] if events == "events" else [])])
    earlier = order.groupby("customer_id")["after"].shift(1).fillna(0)
    assert (order["before"] == earlier).all()
    last = order.groupby("customer_id")["after"].last()
    state = mrr_at(table, AS_OF, policy=Policy(**switches), as_of=AS_OF).set_index("customer_id")["mrr"]
    assert last[last > 0].to_dict() == state[state > 0].to_dict()


@tried(found=rows(statuses=("active", "paused")))
def test_the_bridge_closes_and_meets_mrr_at_every_month_end(found):
    bridge = mrr_bridge(movements(found), as_of=AS_OF)
    parts = bridge.drop(columns=["month", "starting", "ending"])
    assert (bridge["starting"] + parts.sum(axis=1) - bridge["ending"]).abs().max() in (0.0, pytest.approx(0, abs=1e-9)) or bridge.empty
    assert bridge["starting"].tolist()[1:] == bridge["ending"].tolist()[:-1]
    table = examples.table_of(found)
    for month, ending in zip(bridge["month"][-5:], bridge["ending"][-5:], strict=True):
        assert ending == total_mrr(table, month + pd.offsets.MonthEnd(0), as_of=AS_OF).value
    assert plain(bridge) == plain(bridge_from(table, as_of=AS_OF))


@tried(found=rows(), random=st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(found, random):
    expected = plain(movements(found).drop(columns="customer_id"))
    mixed = list(found)
    random.shuffle(mixed)
    assert plain(movements(mixed).drop(columns="customer_id")) == expected
    renamed = [{**row, "customer_id": f"x{50 - int(row['customer_id'][1:])}"} for row in found]
    assert plain(movements(renamed).drop(columns="customer_id")) == expected


@tried(found=rows(), times=st.sampled_from([2, 10, 1000]))
def test_another_currency_scales_everything(found, times):
    larger = movements([{**row, "amount": row["amount"] * times} for row in found])
    expected = movements(found)
    for column in ("before", "change", "after"):
        expected[column] *= times
    assert plain(larger) == plain(expected)


@tried(found=rows(), months=st.integers(1, 30))
def test_moving_everything_by_whole_months_moves_the_months(found, months):
    def shift(value, by):
        return None if value is None else (pd.Timestamp(value).replace(day=1) + pd.DateOffset(months=by)).date()

    def moved(by):
        shifted = [{**row, "starts_on": shift(row["starts_on"], by), "ends_on": shift(row["ends_on"], by)} for row in found]
        return movements(shifted, as_of=shift(AS_OF, by + 1) - dt.timedelta(days=1))

    later = moved(months)
    later["month"] = later["month"] - pd.DateOffset(months=months)
    assert plain(later) == plain(moved(0))


@tried(found=rows())
def test_splitting_a_line_into_halves_changes_nothing(found):
    halves = [{**row, "amount": row["amount"] / 2, "subscription_id": f"{row['subscription_id']}{half}"} for row in found for half in "ab"]
    assert plain(movements(halves)) == plain(movements(found))


@tried(found=rows(), kind=st.sampled_from(["one_off", "setup", "tax", "pass_through", "refund", "credit", "usage", "proration"]))
def test_what_does_not_recur_changes_nothing(found, kind):
    recurring = [{**row, "charge": "recurring"} for row in found]
    expected = plain(movements(recurring))
    other = [{**row, "subscription_id": f"{row['subscription_id']}x", "charge": kind} for row in found]
    assert plain(movements([*recurring, *other])) == expected
    trials = [{**row, "subscription_id": f"{row['subscription_id']}x", "status": "trial"} for row in recurring]
    assert plain(movements([*recurring, *trials])) == expected


@tried(found=rows(), cut=st.integers(0, 1100))
def test_nothing_after_the_day_of_the_report_is_known(found, cut):
    as_of = FIRST + dt.timedelta(days=cut)
    expected = plain(movements(found, as_of=as_of))
    known = [{**row, "ends_on": None if row["ends_on"] is None or row["ends_on"] > as_of else row["ends_on"]}
             for row in found if row["starts_on"] <= as_of]
    future = [{"subscription_id": "f", "customer_id": "c0", "starts_on": as_of + dt.timedelta(days=1), "amount": 999.0, "discount": 0.0, "status": "active"}]
    assume(known)
    first = min(row["starts_on"] for row in found)
    assert first == min(row["starts_on"] for row in known)
    assert plain(movements([*known, *future], as_of=as_of)) == expected
    whole = movements(found, as_of=AS_OF)
    month = pd.Timestamp(as_of).replace(day=1)
    closed = [row[:6] for row in plain(whole[whole["month"] < month])]
    assert [row[:6] for row in plain(movements(found, as_of=as_of).query("month < @month"))] == closed


@tried(found=rows(), recorded=st.lists(st.integers(-100, 900), min_size=20, max_size=20), cut=st.integers(0, 1100))
def test_a_report_can_be_made_again_as_it_was_known(found, recorded, cut):
    as_of = FIRST + dt.timedelta(days=cut)
    rows_known = [{**row, "recorded_at": row["starts_on"] + dt.timedelta(days=recorded[i % 20])} for i, row in enumerate(found)]
    at_the_time = [row for row in rows_known if row["recorded_at"] <= as_of]
    assume(at_the_time)
    first = min(row["starts_on"] for row in rows_known)
    assume(first == min(row["starts_on"] for row in at_the_time))
    assert plain(movements(rows_known, as_of=as_of)) == plain(movements(at_the_time, as_of=as_of))
    restated = plain(movements(rows_known, as_of=as_of, backdating="restate"))
    assert restated == plain(movements(found, as_of=as_of))


@tried(found=rows(), start=st.integers(0, 900), length=st.integers(0, 600))
def test_retention_keeps_its_bounds(found, start, length):
    first = FIRST + dt.timedelta(days=start)
    last = first + dt.timedelta(days=length)
    table = examples.table_of(found)
    net, gross, logos = (rate(table, first, last) for rate in (nrr, grr, logo_retention))
    if math.isnan(net.value):
        assert net.n == 0 and net.reason and gross.reason and logos.reason
        return
    assert 0 <= gross.value <= min(1, net.value + 1e-12)
    assert 0 <= logos.low <= logos.value <= logos.high <= 1
    assert math.isnan(net.low) == (net.n < 2)
    assert nrr(table, first, first).value == 1 and grr(table, last, last).value in (1, pytest.approx(math.nan, nan_ok=True))
    split = nrr(table, first, last, customers=pd.DataFrame({"customer_id": [f"c{i}" for i in range(12)], "side": list("ababaabbabab")}), by="side").table
    assert split["n"].sum() == net.n


@tried(found=rows(), months=st.sampled_from([1, 3, 12]))
def test_retention_by_month_is_point_to_point_at_every_month_end(found, months):
    table = examples.table_of(found)
    for row in retention_by_month(table, as_of=AS_OF, months=months).iloc[::13].to_dict("records"):
        last = row["month"] + pd.offsets.MonthEnd(0)
        first = row["month"] - pd.DateOffset(months=months) + pd.offsets.MonthEnd(0)
        for name, rate in (("nrr", nrr), ("grr", grr), ("logo", logo_retention)):
            one = rate(table, first, last, as_of=AS_OF)
            assert row["n"] == one.n
            assert row[name] == pytest.approx(one.value, abs=1e-12)
            assert row[f"{name}_low"] == pytest.approx(one.low, abs=1e-6, nan_ok=True)
            assert row[f"{name}_high"] == pytest.approx(one.high, abs=1e-6, nan_ok=True)


@tried(found=rows(), measure=st.sampled_from(["nrr", "grr", "logo"]))
def test_a_monthly_cohort_is_point_to_point_from_its_first_month_end(found, measure):
    table, policy = examples.table_of(found), Policy(complete_from_inception=True)
    cells = cohort_triangle(table, as_of=AS_OF, cohort="month", measure=measure, policy=policy)
    moved = mrr_movements(table, as_of=AS_OF, policy=policy)
    rate = {"nrr": nrr, "grr": grr, "logo": logo_retention}[measure]
    for cohort, members in moved[moved["kind"] == "new"].groupby("month")["customer_id"].unique().iloc[::4].items():
        own = table[table["customer_id"].isin(members)]
        mine = cells[cells["cohort"] == f"{cohort:%Y-%m}"]
        assert mine["age"].tolist() == list(range(len(mine))) and mine["mature"].all()
        for cell in mine.iloc[[len(mine) // 2, -1]].to_dict("records"):
            last = cohort + pd.DateOffset(months=cell["age"]) + pd.offsets.MonthEnd(0)
            one = rate(own, cohort + pd.offsets.MonthEnd(0), last, policy=policy)
            assert (cell["value"], cell["n"]) == (pytest.approx(one.value, abs=1e-12), one.n)
        assert last <= pd.Timestamp(AS_OF) < last + pd.DateOffset(months=1)


@tried(found=rows())
def test_definitions_agree_where_they_must(found):
    table = examples.table_of(found)
    first, last = dt.date(2023, 6, 30), dt.date(2024, 6, 30)
    value = retention_definitions(table, first, last).set_index("definition")["value"]
    expected = nrr(table, first, last).value
    for name in ("nrr_point_to_point", "nrr_flow"):
        assert value[name] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert value["grr_point_to_point"] == pytest.approx(grr(table, first, last).value, abs=1e-12, nan_ok=True)
    if not math.isnan(expected):
        assert value["grr_flow"] <= value["grr_point_to_point"] + 1e-12
        assert value["total_end_over_start"] >= expected - 1e-12


@tried(found=rows(customers=30, most=2))
def test_survival_falls_and_counts_everybody_once(found):
    table = examples.table_of(found)
    policy = Policy(complete_from_inception=True)
    for unit in ("months", "years"):
        curve = survival(table, as_of=AS_OF, unit=unit, policy=policy).table
        if curve.empty:
            continue
        assert (curve["survival"].diff().fillna(0) <= 1e-12).all()
        assert ((curve["low"] <= curve["survival"] + 1e-12) & (curve["survival"] <= curve["high"] + 1e-12)).all()
        assert curve["lost"].sum() + curve["censored"].sum() == curve["at_risk"].iloc[0]
        assert curve["at_risk"].iloc[0] == mrr_movements(table, as_of=AS_OF, policy=policy).query("kind == 'new'")["customer_id"].nunique()


def test_every_property_was_tried_under_three_time_zones():
    assert SEEN in (set(), set(ZONES))
