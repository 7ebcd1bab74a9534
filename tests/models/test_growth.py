"""Years, paths and worth, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.models.growth import T2D3, arr_path, ceiling, worth, years_by_adding, years_on_path, years_to

AMOUNT = st.floats(1, 1e6)
RATE = st.floats(0.01, 3)


@given(AMOUNT, st.floats(1.1, 1000), RATE)
def test_after_so_many_years_the_goal_is_reached(now, times, growth):
    assert now * (1 + growth) ** years_to(now, now * times, growth) == pytest.approx(now * times)


@given(AMOUNT, st.floats(2.1, 1000), RATE)
def test_adding_never_gets_there_before_compounding_beyond_the_first_year(now, times, growth):
    compounding = years_to(now, now * times, growth)
    assert compounding < 1 or years_by_adding(now, now * times, growth) >= compounding - 1e-9


def test_doubling_ten_times_is_a_thousand():
    assert years_to(1, 1024, 1.0) == pytest.approx(10)
    assert years_to(5, 5, 0.1) == 0 and math.isinf(years_to(1, 2, 0.0)) and math.isinf(years_to(1, 2, -0.2))


def test_wrong_amounts_are_refused():
    with pytest.raises(ValueError, match="now is 0"):
        years_to(0, 10, 0.5)
    with pytest.raises(ValueError, match="above -1"):
        years_to(1, 10, -1)


@given(st.floats(0, 1000), st.floats(0, 0.95))
def test_the_same_win_each_year_climbs_to_its_ceiling(new, kept):
    arr, _ = arr_path(0.0, new, new_growth=0.0, retention=kept, years=400)
    assert arr[-1] == pytest.approx(ceiling(new, kept), rel=1e-6)


def test_without_new_customers_a_path_is_a_power():
    arr, won = arr_path(100, 0, new_growth=0.5, retention=0.9, years=5)
    assert arr == pytest.approx(100 * 0.9 ** np.arange(6)) and not won.any()


def test_years_on_a_path_agree_with_the_formula():
    arr, _ = arr_path(10, 0, new_growth=0, retention=1.5, years=20)
    assert years_on_path(arr, 100) == pytest.approx(years_to(10, 100, 0.5))
    assert years_on_path(arr, 5) == 0 and math.isinf(years_on_path(np.array([1.0, 1.0]), 2))


@pytest.mark.parametrize("kept", [0.5, 0.8, 1.0])
def test_worth_without_new_customers_is_chapter_elevens_formula(kept):
    from helpers.models.hourglass import worth_of_recurring_revenue

    alone = worth(0, new_growth=0, retention=kept, margin=0.6, cost_to_win=1.2, interest=0.1)
    assert alone == pytest.approx(worth_of_recurring_revenue(kept, margin_share=0.6, yearly_interest=0.1))


def test_growth_that_costs_more_than_a_customer_is_worth_takes_value_away():
    dear = [worth(0.5, new_growth=rate, retention=0.5, margin=0.5, cost_to_win=2.0) for rate in (0.0, 0.2)]
    good = [worth(0.5, new_growth=rate, retention=0.9, margin=0.7, cost_to_win=1.0) for rate in (0.0, 0.2)]
    assert dear[1] < dear[0] and good[1] > good[0]


def test_t2d3_triples_twice_and_doubles_three_times():
    assert [after / before for before, after in zip(T2D3, T2D3[1:])] == [3, 3, 2, 2, 2]
