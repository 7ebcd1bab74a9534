from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.models.contracts import (
    Terms, difference_at_equal_size, interest_of_prepayment, month_loss_shows, retention_reported, retention_shown, schedule)


def test_three_years_prepaid_by_hand():
    paid = schedule(Terms(100, term_years=3, billing="prepaid", discount=0.1), 36)
    assert paid.bookings.sum() == paid.bookings[0] == pytest.approx(270)
    assert paid.cash[0] == pytest.approx(270) and paid.cash[1:].sum() == 0
    assert paid.arr == pytest.approx(np.full(36, 90.0))
    assert paid.recognised == pytest.approx(np.full(36, 7.5))
    assert paid.deferred[[0, 11, 35]] == pytest.approx([262.5, 180, 0])


def test_three_years_paid_yearly_books_the_same_and_owes_less():
    yearly = schedule(Terms(100, term_years=3), 36)
    assert yearly.bookings[0] == 300 and yearly.cash[[0, 12, 24]] == pytest.approx([100, 100, 100])
    assert yearly.deferred[[0, 11, 12]] == pytest.approx([100 * 11 / 12, 0, 100 * 11 / 12])


def test_renewals_shrink_the_batch_at_expiry_only():
    batch = schedule(Terms(100), 30, signed=10, renewal_at_expiry=0.8)
    assert batch.arr[[11, 12, 24]] == pytest.approx([1000, 800, 640])
    assert batch.bookings[[0, 12, 24]] == pytest.approx([1000, 800, 640])


def test_monthly_billing_owes_nothing():
    assert schedule(Terms(120, billing="monthly"), 12).deferred == pytest.approx(np.zeros(12))


@given(st.integers(1, 5), st.sampled_from(["prepaid", "yearly", "monthly"]), st.floats(0, 0.5), st.floats(0, 1),
       st.integers(1, 80))
def test_money_adds_up(years, billing, discount, renewal, months):
    money = schedule(Terms(120, term_years=years, billing=billing, discount=discount), months, renewal_at_expiry=renewal)
    assert money.deferred[-1] == pytest.approx(money.cash.sum() - money.recognised.sum(), abs=1e-6)
    assert (money.deferred > -1e-6).all()
    assert money.bookings.sum() >= money.cash.sum() - 1e-6
    assert money.arr == pytest.approx(12 * money.recognised)


@given(st.integers(1, 5))
def test_at_the_end_of_the_term_all_is_paid_and_earned(years):
    for billing in ("prepaid", "yearly", "monthly"):
        money = schedule(Terms(50, term_years=years, billing=billing), 12 * years)
        assert money.cash.sum() == pytest.approx(money.recognised.sum()) == pytest.approx(50 * years)


def test_month_a_loss_shows():
    assert month_loss_shows([1, 12, 13, 30], 1).tolist() == [12, 12, 24, 36]
    assert month_loss_shows([1, 12, 13, 37], 3).tolist() == [36, 36, 36, 72]


def test_a_loss_hides_half_a_term_on_average():
    lost = np.arange(1, 37)
    assert (month_loss_shows(lost, 3) - lost).mean() == pytest.approx(17.5)
    assert (month_loss_shows(lost, 1) - lost).mean() == pytest.approx(5.5)


def test_retention_shown_meets_the_truth_at_each_expiry():
    true, shown = retention_shown(0.8, 2, 48)
    assert shown[[0, 22, 23, 46, 47]] == pytest.approx([1, 1, 0.64, 0.64, 0.4096])
    assert (shown >= true - 1e-12).all() and true[23] == pytest.approx(0.64)


def test_retention_reported_by_hand():
    assert retention_reported(0.8, 0.0, 3) == pytest.approx(0.8)
    assert retention_reported(0.8, 1.0, 3) == pytest.approx(1.0)
    assert retention_reported(0.8, 0.5, 2, due_share=0.5) == pytest.approx(0.4 + 0.5 * (0.5 + 0.32))


def test_interest_of_three_years_solves_its_quadratic():
    v = (-1 + (1 + 4 * 1.7) ** 0.5) / 2  # 2.7 = 1 + v + v^2
    assert interest_of_prepayment(0.1, 3) == pytest.approx(1 / v - 1)


@given(st.floats(0, 0.45), st.integers(2, 5), st.floats(0.3, 1))
def test_interest_makes_both_ways_worth_the_same(discount, years, retention):
    rate = interest_of_prepayment(discount, years, yearly_retention=retention)
    if np.isfinite(rate):
        later = sum((retention / (1 + rate)) ** k for k in range(years))
        assert later == pytest.approx((1 - discount) * years)


def test_interest_without_a_discount_is_zero_or_below():
    assert interest_of_prepayment(0, 3) == pytest.approx(0)
    assert interest_of_prepayment(0, 3, yearly_retention=0.8) == pytest.approx(-0.2)
    assert np.isnan(interest_of_prepayment(0.1, 1)) and interest_of_prepayment(0.5, 2) == np.inf


def test_difference_at_equal_size_by_hand():
    """Weights 20 x 80 / 100 = 16 in both bands; each band ten points apart."""
    seen = difference_at_equal_size([8, 56], [20, 80], [40, 16], [80, 20])
    variance = (8.5 / 21 * 12.5 / 21 / 20 + 40.5 / 81 * 40.5 / 81 / 80 + 56.5 / 81 * 24.5 / 81 / 80 + 16.5 / 21 * 4.5 / 21 / 20) / 4
    assert seen.value == pytest.approx(-0.1)
    assert (seen.low, seen.high) == pytest.approx((-0.1 - 1.959964 * variance**0.5, -0.1 + 1.959964 * variance**0.5))


def test_bands_without_a_partner_drop_out():
    seen = difference_at_equal_size([5, 9], [10, 10], [8, 0], [10, 0])
    assert seen.value == pytest.approx(-0.3) and seen.n == (10, 10)


def test_the_interval_covers():
    rng, true, due, other = np.random.default_rng(4), 0.1, np.array([30, 40, 60]), np.array([120, 90, 40])
    base, held = np.array([0.6, 0.7, 0.8]), 0
    for _ in range(600):
        seen = difference_at_equal_size(rng.binomial(due, base + true), due, rng.binomial(other, base), other)
        held += seen.low <= true <= seen.high
    assert 0.92 < held / 600 < 0.98


@pytest.mark.parametrize("make, says", [
    (lambda: Terms(100, billing="upfront"), "'prepaid', 'yearly' or 'monthly'"),
    (lambda: Terms(100, term_years=0), "term_years"),
    (lambda: Terms(100, discount=10), "write 0.1"),
    (lambda: Terms(-1), "yearly_price"),
    (lambda: schedule(Terms(100), 0), "months"),
    (lambda: month_loss_shows(0, 1), "counts from 1"),
    (lambda: retention_shown(80, 1, 12), "write 0.8"),
    (lambda: difference_at_equal_size([5], [4], [1], [2]), "more customers kept than due"),
    (lambda: difference_at_equal_size([5], [6], [0], [0]), "both groups"),
])
def test_errors_say_what_is_wrong(make, says):
    with pytest.raises(ValueError, match=says):
        make()
