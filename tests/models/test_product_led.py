from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.metrics.product import viral_users
from helpers.models.product_led import (
    ProductLed, SalesLed, combine, even_cost_of_free_user, grow, reach, sell, shape_of)

BASE = ProductLed(100, activated_share=0.5, invitations_per_active=4, accepted_share=0.25, price_per_year=120, paying_share=0.1,
                  cost_per_active_month=2, cost_per_sign_up=3, cost_per_invited=1, team_cost_per_month=50)
TEAM = SalesLed(2, ramp_months=0, output_per_month=10, cost_per_rep_month=5, yearly_retention=1)


@given(st.floats(0, 2), st.integers(1, 12))
def test_without_market_and_own_sign_ups_it_is_the_sum_of_skok_and_reiss(k, cycles):
    way = ProductLed(0, activated_share=1, accepted_share=1, invitations_per_active=k, cycle_months=1)
    assert grow(way, cycles, start_users=1000).signed_up[-1] == pytest.approx(viral_users(k, 1000, cycles))


def test_published_case_in_cycles():
    """PLG-05: 1,000 users, k 1.5, 20 cycles: 9,973,770 in all, not the last inflow of 3,325,257."""
    path = grow(ProductLed(0, activated_share=1, accepted_share=1, invitations_per_active=1.5), 20, start_users=1000)
    assert path.signed_up[-1] == pytest.approx(9_973_770, abs=1)
    assert path.new_users[-1] == pytest.approx(3_325_257, abs=1)


def test_below_one_it_settles_on_a_line():
    path = grow(BASE, 60)
    assert BASE.k == 0.5
    assert path.new_users[-12:] == pytest.approx(np.full(12, 200.0), rel=1e-3)
    assert shape_of(path.new_users) == "line"


def test_above_one_a_j_then_in_a_market_that_ends_an_s():
    viral = BASE.with_k(1.3)
    assert shape_of(grow(viral, 36).new_users) == "J"
    ends = replace(viral, market_users=50_000)
    assert shape_of(grow(ends, 10).new_users) == "J" and shape_of(grow(ends, 60).new_users) == "S"


@given(st.floats(0, 3), st.floats(0.2, 3), st.integers(100, 100_000))
def test_nobody_comes_twice(k, cycle, market):
    path = grow(replace(BASE, cycle_months=cycle, market_users=market).with_k(k), 48)
    assert path.signed_up[-1] <= market + 1e-6
    assert (np.diff(path.signed_up) >= -1e-9).all() and (path.active >= 0).all() and (np.diff(path.cost) >= -1e-9).all()


def test_active_free_users_by_littles_law():
    """In the long run: active = activated and not paying in a month x months that they stay, up to the step of a cycle."""
    way = replace(BASE, cycle_months=0.1, months_active=4)
    path = grow(way, 120)
    assert path.active[-1] == pytest.approx(path.new_users[-1] * 0.5 * 0.9 * 4, rel=0.03)


def test_customers_come_after_a_while_and_leave():
    path = grow(replace(BASE, months_to_pay=6, yearly_retention=0.5), 240)
    assert path.customers[5] == 0 and path.customers[8] > 0
    assert path.customers[-1] == pytest.approx(200 * 0.5 * 0.1 / (1 - 0.5 ** (1 / 12)), rel=0.01)


def test_cost_has_its_four_parts():
    path = grow(replace(BASE, cost_per_active_month=0), 24)
    alone = grow(replace(BASE, cost_per_active_month=0, team_cost_per_month=0), 24)
    assert (path.cost - alone.cost) == pytest.approx(50 * np.arange(25))
    assert alone.cost[-1] == pytest.approx(100 * 24 * 3 + (path.signed_up[-1] - 2400) * 1)
    served = grow(BASE, 24)
    assert served.cost - path.cost == pytest.approx(served.serving_free)


def test_the_cost_of_free_users_grows_with_k():
    left_out = []
    for k in (0.5, 0.9, 1.3):
        path = grow(replace(BASE.with_k(k), team_cost_per_month=1000, market_users=20_000), 120)
        _, cost = reach(path, 10_000)
        left_out.append(1 - reach(path, 10_000, free_users=False)[1] / cost)
    assert left_out == sorted(left_out)


def test_a_sales_team_by_hand():
    ramping = sell(replace(TEAM, ramp_months=2), 3)
    assert ramping.arr == pytest.approx([0, 10, 30, 50])
    hiring = sell(replace(TEAM, hired_per_month=1), 3)
    assert hiring.arr == pytest.approx([0, 20, 50, 90]) and hiring.cost == pytest.approx([0, 10, 25, 45])
    losing = sell(replace(TEAM, yearly_retention=0.5), 2)
    assert losing.arr == pytest.approx([0, 20, 20 * 0.5 ** (1 / 12) + 20])


def test_both_ways_add_up_and_warm_calls_lift():
    one, two, both = grow(BASE, 36), sell(TEAM, 36), combine(BASE, TEAM, 36)
    assert both.arr == pytest.approx(one.arr + two.arr) and both.cost == pytest.approx(one.cost + two.cost)
    lifted = combine(BASE, TEAM, 36, lift=0.5, actives_per_rep=1)
    assert lifted.arr[-1] - one.arr[-1] == pytest.approx(1.5 * two.arr[-1], rel=0.05)
    assert combine(replace(BASE, sign_ups_per_month=0), TEAM, 36, lift=0.5).arr == pytest.approx(two.arr)


def test_reach():
    path = sell(TEAM, 12)
    assert reach(path, 30) == pytest.approx((1.5, 15)) and reach(path, 240) == pytest.approx((12, 120))
    assert all(math.isnan(value) for value in reach(path, 241))


def test_even_cost_makes_both_ways_cost_the_same():
    even = even_cost_of_free_user(BASE, 20_000, 30_000.0)
    assert reach(grow(replace(BASE, cost_per_active_month=even), 120), 20_000)[1] == pytest.approx(30_000)
    assert even_cost_of_free_user(BASE, 20_000, 10.0) < 0


@pytest.mark.parametrize(("wrong", "says"), [
    (lambda: ProductLed(100, activated_share=50), "write 0.5 for 50 percent"), (lambda: ProductLed(100, cycle_months=0), "cycle_months"),
    (lambda: ProductLed(100, market_users=0), "market_users"), (lambda: SalesLed(-1), "reps"), (lambda: shape_of([1, 2]), "too few"),
    (lambda: reach(sell(TEAM, 3), 0), "target"), (lambda: ProductLed(100, accepted_share=0).with_k(1), "above 0")])
def test_messages(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
