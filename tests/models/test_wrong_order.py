from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models.wrong_order import (
    LINKS, ORDERS, PIONEERS, READY, YEAR, Founding, Luck, Rebuild, binding, blamed, draw_luck, events, money_needed, needs,
    rescue, runway, schedule, simulate, together)

MONTHS = 60
RICH = 1e9


def rows(**changes):
    """A schedule of one row: nobody is wanted, nothing is waited for."""
    return schedule([{"month": 1, "listen": True, "team": 0, "product": 0, "play": 0, "fed": 0, **changes}])


@pytest.fixture(scope="module")
def luck():
    return draw_luck(np.random.default_rng(7), paths=1500)


@pytest.fixture(scope="module")
def founding(luck):
    return replace(Founding(), cash=money_needed(Founding(), luck=luck))


ALWAYS_READY = Founding(months_to_build=0.5, months_to_fit=0.5, months_to_play=0.4, cash=RICH, quits=0, quits_hungry=0, hire_cost=0,
                        leads_added=0, own_leads=0)


# readiness


def test_readiness_is_built_times_fit():
    product = simulate(Founding(cash=RICH), rows()).product[:, 0]
    month = np.arange(1, MONTHS + 1)
    assert product == pytest.approx(np.minimum(month / 9, 1) * (0.25 + 0.75 * np.minimum(month / 6, 1)))


def test_closed_doors_cost_six_months_of_rework_after_the_first_version():
    product = simulate(Founding(cash=RICH), schedule("closed doors")).product[:, 0]
    assert product[:9] == pytest.approx(0.25 * np.arange(1, 10) / 9)
    assert product[9:12] == pytest.approx(0.25)
    assert product[12:18] == pytest.approx(0.25 + 0.75 * np.arange(1, 7) / 6)
    assert (np.flatnonzero(product >= 1 - 1e-6)[0] + 1) == 18


def test_the_play_is_learned_by_selling_a_ready_product():
    founders, team = (simulate(replace(ALWAYS_READY, months_to_play=8), rows(team=size)).play[:, 0] for size in (0, 5))
    assert founders[:16] == pytest.approx(np.arange(1, 17) / 16)      # alone at half the pace
    assert team[:3] == pytest.approx(np.arange(1, 4) / 16)             # nobody of the team sells yet
    assert team[3:9] == pytest.approx(3 / 16 + np.arange(1, 7) / 8)


# sales, ARR and cash in closed form


def test_founders_alone_sell_what_they_can_work():
    founding = ALWAYS_READY
    new = simulate(founding, rows()).new[:, 0]
    assert new[2:] == pytest.approx(founding.founder_leads * founding.win_rate * founding.price)


@pytest.mark.parametrize("leads, worked", [(0, 0), (6, 6), (12, 12), (400, 12 + 24 * 5)])
def test_a_month_sells_the_lesser_of_leads_and_capacity(leads, worked):
    founding = replace(ALWAYS_READY, leads_at_start=leads)
    assert simulate(founding, rows(team=5)).new[-1, 0] == pytest.approx(worked * founding.win_rate * founding.price)


def test_without_leads_nothing_is_sold_in_any_order():
    bare = Founding(leads_at_start=0, leads_added=0, own_leads=0, cash=RICH)
    for name in ORDERS:
        assert simulate(bare, schedule(name)).new.sum() == 0


def test_own_leads_feed_a_team_without_marketing():
    founding = replace(ALWAYS_READY, leads_at_start=0, own_leads=3)
    assert simulate(founding, rows(team=4)).new[-1, 0] == pytest.approx(4 * 3 * founding.win_rate * founding.price)


@pytest.mark.parametrize("kept", [0.5, 0.9, 1.0, 1.1])
@pytest.mark.parametrize("month", [1, 12, 13, 36, 60])
def test_arr_of_steady_sales_is_the_geometric_sum(kept, month):
    founding = replace(ALWAYS_READY, kept_ready=kept, months_to_build=1e-3, months_to_fit=1e-3, play_at_start=1)
    monthly = founding.founder_leads * founding.win_rate * founding.price
    arr = simulate(founding, rows()).arr[month - 1, 0]
    assert arr == pytest.approx(monthly * sum(kept ** (age // YEAR) for age in range(month)), rel=1e-5)


def test_an_unready_product_keeps_less():
    founding = replace(ALWAYS_READY, months_to_fit=1e9, fit_at_start=0.5, kept_ready=0.9, kept_unready=0.3)
    paths = simulate(founding, rows())
    assert paths.cash_in[YEAR + 2, 0] - paths.new[YEAR + 2, 0] == pytest.approx(0.6 * paths.new[2, 0], rel=1e-5)
    assert paths.new[-1, 0] == pytest.approx(0.25 * founding.founder_leads * founding.win_rate * founding.price, rel=1e-5)


def test_costs_of_the_first_months_by_hand():
    founding = Founding(win_rate=0, hire_cost=1.5, quits=0, quits_hungry=0, cash=RICH)
    costs = simulate(founding, rows(team=4)).cash_out[:, 0]
    leads = founding.leads_at_start + founding.leads_added * np.arange(MONTHS)
    expected = founding.core_cost + 4 * founding.rep_cost + founding.lead_cost * leads
    expected[0] += 1.5 * 4 * founding.rep_cost
    assert costs == pytest.approx(expected)


def test_without_customers_cash_ends_when_it_is_divided_up():
    founding = Founding(win_rate=0, lead_cost=0, core_cost=100, cash=1050)
    assert simulate(founding, rows()).end.tolist() == [11]


@pytest.mark.parametrize("name", ORDERS)
def test_cash_closes_every_month(name, founding, luck):
    paths = simulate(founding, schedule(name), luck=luck)
    before = np.vstack([np.full((1, luck.paths), founding.cash), paths.cash[:-1]])
    after = before + paths.cash_in - paths.cash_out
    alive_before = np.vstack([np.ones((1, luck.paths), bool), paths.alive[:-1]])
    assert paths.cash[alive_before] == pytest.approx(after[alive_before], abs=8)
    assert (paths.cash[~alive_before] == 0).all() and (paths.cash_out[~alive_before] == 0).all()


# hiring and what it waits for


def test_the_right_order_waits_for_product_play_and_leads():
    founding = Founding(cash=RICH, quits=0, quits_hungry=0)
    paths = simulate(founding, schedule("right order"))
    product, play, reps = paths.product[:, 0], paths.play[:, 0], paths.reps[:, 0]
    first, crowd = np.flatnonzero(reps > 0)[0], np.flatnonzero(reps > PIONEERS + 1e-6)[0]
    assert product[first] >= READY > product[first - 1]
    assert play[crowd - 1] >= READY
    assert (reps[crowd:] * founding.leads_per_rep <= paths.leads[crowd:, 0] * 1.05 + 1e-6).all()


def test_half_fed_means_twice_the_team():
    rich = Founding(cash=RICH, leads_added=0, leads_at_start=24 * 6, quits=0, quits_hungry=0)
    paths = simulate(rich, schedule("leads do not follow"))
    assert paths.reps[23, 0] == pytest.approx(6, rel=1e-3)
    assert paths.reps[30, 0] == pytest.approx(12, rel=1e-3)


def test_the_hungry_leave_and_the_fed_do_not():
    """Of a team of ten that is filled up each month, ten over one plus the share that leaves are through their first month."""
    nothing_sold = Founding(cash=RICH, months_to_fit=1e9, fit_at_start=0, quits=0.02, quits_hungry=0.1, ramp_months=1)
    assert simulate(nothing_sold, rows(team=10)).mature[-1, 0] == pytest.approx(10 / 1.12, rel=1e-4)
    well_fed = replace(ALWAYS_READY, leads_at_start=1e5, lead_cost=0, quits=0.02, quits_hungry=0.1, ramp_months=1)
    assert simulate(well_fed, rows(team=10)).mature[-1, 0] == pytest.approx(10 / 1.02, rel=1e-4)


def test_a_change_of_order_lets_go_whom_it_does_not_want(founding):
    changed = schedule("sales too early").then(schedule("right order"), 7)
    reps = simulate(founding, changed).reps[:, 0]
    assert reps[5] == 14 and reps[6] <= PIONEERS


def test_then_keeps_what_came_before_and_takes_over_what_follows():
    wrong, right = schedule("closed doors"), schedule("right order")
    for month in (1, 10, 60, 61):
        both = wrong.then(right, month)
        assert (both.team[:month - 1] == wrong.team[:month - 1]).all() and (both.team[month - 1:] == right.team[month - 1:]).all()


@pytest.mark.parametrize("bad, complaint", [
    ("wrong order", "there is no order"), ([], "begin in the months"), ([{"month": 2}], "begin in the months"),
    ([{"month": 1, "listen": True, "team": 3}], "has no 'product'")])
def test_schedules_that_cannot_be(bad, complaint):
    with pytest.raises(ValueError, match=complaint):
        schedule(bad)


@pytest.mark.parametrize("wrong", [{"win_rate": 5}, {"price": 0}, {"ramp_months": 2.5}, {"cash": -1}, {"lead_persistence": 1.0}])
def test_founding_companies_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Founding(**wrong)


# luck


def test_no_luck_at_all_is_the_expected_path():
    zero = np.zeros((MONTHS, 3), np.float32)
    quiet = replace(Founding(), pace_spread=0, deal_spread=0, cash=RICH)
    calm = simulate(quiet, schedule("right order"))
    lucky = simulate(quiet, schedule("right order"), luck=Luck(zero, zero, zero[:3]))
    assert lucky.leads == pytest.approx(np.repeat(calm.leads, 3, axis=1), rel=1e-5)
    assert lucky.reps[20:] == pytest.approx(np.repeat(calm.reps, 3, axis=1)[20:], rel=0.02)


@pytest.mark.parametrize("worked", [12, 60, 240])
def test_deals_keep_their_mean_and_their_spread(worked):
    luck = draw_luck(np.random.default_rng(3), paths=4000)
    founding = replace(ALWAYS_READY, leads_at_start=worked, founder_leads=1e6, lead_volatility=0, deal_spread=0.8, pace_spread=0)
    deals = simulate(founding, rows(), luck=luck).new[2:].astype(float) / founding.price
    mean = worked * founding.win_rate
    assert deals.mean() == pytest.approx(mean, rel=0.02)
    if mean >= 3:
        assert deals.var() == pytest.approx(mean * (1 + 0.8**2), rel=0.05)


def test_leads_keep_their_mean_spread_and_memory():
    luck = draw_luck(np.random.default_rng(3), paths=4000)
    leads = simulate(Founding(leads_added=0, leads_at_start=100, cash=RICH), rows(), luck=luck).leads.astype(float)
    assert leads.mean() == pytest.approx(100, rel=0.01)
    assert leads.std() == pytest.approx(20, rel=0.02)
    assert np.corrcoef(leads[29], leads[30])[0, 1] == pytest.approx(0.5, abs=0.05)


def test_all_orders_meet_the_same_leads_and_pace(founding, luck):
    one, *others = (simulate(replace(founding, cash=RICH), schedule(name), luck=luck) for name in ORDERS)
    for other in others:
        assert (other.leads == one.leads).all()
    early, right = simulate(founding, schedule("sales too early"), luck=luck), simulate(founding, schedule("right order"), luck=luck)
    both = early.alive & right.alive
    assert (early.product[both] == right.product[both]).all()


# what it says


def test_the_deaths_are_deaths_and_the_right_order_lives(founding, luck):
    shares = {name: simulate(founding, schedule(name), luck=luck).survive for name in ORDERS}
    assert shares["right order"] == pytest.approx(0.9, abs=0.001)
    assert max(share for name, share in shares.items() if name != "right order") < 0.5


def test_a_future_survives_where_it_starts_with_more_than_it_needs(founding, luck):
    for name in ORDERS:
        decisions = schedule(name)
        needed = needs(founding, [decisions], luck=luck)[0]
        alive = simulate(founding, decisions, luck=luck).alive[-1]
        sure = np.abs(needed - founding.cash) > 1e-5 * founding.cash     # rounding of single precision
        assert (alive[sure] == (needed < founding.cash)[sure]).all()


def test_side_by_side_is_the_same_as_one_by_one(founding, luck):
    few = Luck(luck.leads[:, :40], luck.deals[:, :40], luck.pace[:, :40])
    decisions = [schedule(name) for name in ORDERS] * 60           # more than one group
    for one, paths in list(zip(decisions, together(founding, decisions, luck=few), strict=True))[::37]:
        alone = simulate(founding, one, luck=few)
        assert (paths.cash == alone.cash).all() and (paths.reps == alone.reps).all()


@pytest.mark.parametrize("name", [name for name in ORDERS if name != "right order"])
def test_rescue_agrees_with_trying_a_month(name, founding, luck):
    found = rescue(founding, name, luck=luck)
    right = simulate(founding, schedule("right order"), luck=luck).survive
    assert found.share[0] == pytest.approx(right, abs=0.002) or name == "leads do not follow"
    for month in (3, 11, 30):
        tried = simulate(founding, schedule(name).then(schedule("right order"), month), luck=luck).survive
        assert found.share[month - 1] == pytest.approx(tried, abs=0.002)
    last, (low, high) = found.month(0.5), found.spread(0.8)
    assert low <= last <= high and found.share[last - 1] >= 0.5 > found.share[last]
    assert found.month(0.8) <= last
    assert replace(found, cash=1.2 * founding.cash).month(0.5) >= last


def test_runway_is_cash_over_burn_and_endless_without_burn():
    founding = replace(ALWAYS_READY, core_cost=0, lead_cost=0, serving_share=0)
    assert np.isinf(runway(simulate(founding, rows()))).all()


def test_what_binds_is_the_first_link_that_is_not_ready(founding):
    paths = simulate(founding, schedule("sales too early"))
    held, said = binding(paths)[:, 0], blamed(paths)
    assert set(held) <= set(LINKS) and set(said) <= set(LINKS)
    product, play = paths.product[:, 0], paths.play[:, 0]
    alive = paths.alive[:, 0]
    assert (held[alive & (product < READY)] == "product").all()
    assert (held[alive & (product >= READY) & (play < READY)] == "play").all()
    assert (held[~alive] == "cash").all()
    assert held[5] == "product" and said[5] == "reps"         # hired last month, and no product to sell
    months = [month for month, _, _ in events(paths)]
    assert months == sorted(months) and events(paths)[-1][1] == "the money is gone"


# rebuild


@pytest.mark.parametrize("rebuild", [Rebuild(2, 4), Rebuild(1, 6, 0.25, 4), Rebuild(0, 0), Rebuild(3, 0, 0.5, 2)])
def test_output_after_a_rebuild_adds_up_to_the_months_not_lost(rebuild):
    assert rebuild.output(48, 0.1).sum() == pytest.approx(1.1 * (48 - rebuild.lost))


@settings(max_examples=60, deadline=None)
@given(still=st.floats(0, 6), back=st.floats(0, 12), leaving=st.floats(0, 1), late=st.floats(0, 6), horizon=st.integers(20, 80),
       steady=st.floats(0, 0.02))
def test_the_gain_needed_pays_for_the_months_lost(still, back, leaving, late, horizon, steady):
    rebuild = Rebuild(still, back, leaving, late)
    gain = rebuild.gain_needed(horizon, steady=steady)
    without = sum((1 + steady) ** month for month in range(int(horizon))) if steady else horizon
    assert (1 + gain) * (horizon - rebuild.lost) == pytest.approx(without, rel=1e-6)
    assert gain >= rebuild.gain_needed(horizon) - 1e-6 >= -2e-6


def test_a_rebuild_that_takes_longer_than_there_is_time_never_pays():
    assert Rebuild(6, 8).gain_needed(10) == np.inf


# properties


@settings(max_examples=25, deadline=None)
@given(win=st.floats(0, 1), product=st.floats(0.5, 40), play=st.floats(0.5, 40), cash=st.floats(1, 5e7), kept=st.floats(0, 1.3),
       team=st.floats(0, 60), month=st.integers(1, 60), name=st.sampled_from(list(ORDERS)), seed=st.integers(0, 9))
def test_whatever_the_company_nothing_impossible_happens(win, product, play, cash, kept, team, month, name, seed):
    founding = Founding(win_rate=win, months_to_build=product, months_to_play=play, cash=cash, kept_ready=kept)
    luck = draw_luck(np.random.default_rng(seed), paths=30)
    decisions = schedule(name).then(rows(team=team), month)
    paths = simulate(founding, decisions, luck=luck)
    for what, values in vars(paths).items():
        assert np.isfinite(values).all(), what
        assert what == "cash" or (values >= 0).all(), what
    assert (paths.product <= 1).all() and (paths.play <= 1 + 1e-6).all()
    assert (paths.mature <= paths.reps + 1e-3).all()
    alive = paths.alive
    assert (alive[1:] <= alive[:-1]).all()
    gone = ~alive[:-1]
    assert not paths.arr[1:][gone].any() and not paths.reps[1:][gone].any()


@settings(max_examples=10, deadline=None)
@given(more=st.floats(1.0, 2.0), name=st.sampled_from(list(ORDERS)))
def test_more_money_never_kills(more, name):
    luck = draw_luck(np.random.default_rng(5), paths=200)
    poor, rich = (simulate(Founding(cash=factor * 1e7), schedule(name), luck=luck) for factor in (1, more))
    assert (rich.alive[-1] >= poor.alive[-1]).all()
