from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models.incentives import Deal, PayPlan, Seller, best_choice, seller_gain, who_pays

LICENCE = Deal(90_000, 0, mending_cost=20_000, customer_loss=15_000)
RENT = Deal(30_000, 30_000, mending_cost=6_000, customer_loss=5_000)


def brute_force(deal, plan, seller, steps=201):
    grid = np.linspace(0, 1, steps)
    effort, promise = np.meshgrid(grid, grid)
    gain = seller_gain(deal, plan, seller, effort, promise)
    best = np.unravel_index(gain.argmax(), gain.shape)
    return gain[best], effort[best], promise[best]


@pytest.mark.parametrize("signature, renewal, clawback, patience", list(itertools.product(
    (0.0, 0.1, 0.3), (0.0, 0.2), (0.0, 1.0), (0.2, 1.0))))
def test_choice_is_the_best_of_a_fine_grid(signature, renewal, clawback, patience):
    plan, seller = PayPlan(signature, renewal, clawback), Seller(900, 700, patience)
    choice = best_choice(RENT, plan, seller)
    gain, effort, promise = brute_force(RENT, plan, seller)
    assert choice.seller >= gain - 1e-9
    assert choice.seller == pytest.approx(gain, rel=2e-3, abs=0.05)
    if gain > 1:
        assert (choice.effort, choice.promise) == pytest.approx((effort, promise), abs=0.03)


shares = st.floats(0, 1)


@settings(max_examples=150, deadline=None)
@given(shares, shares, shares, shares, st.floats(10, 1e5), st.floats(10, 1e5), st.floats(0, 0.5), st.floats(0, 0.4), shares)
def test_no_point_pays_the_seller_more(signature, renewal, clawback, patience, ke, ko, by_effort, by_promise, loss):
    deal = Deal(30_000, 30_000, base_win=0.1, win_by_effort=by_effort, win_by_promise=by_promise,
                base_renewal=0.9, renewal_lost_to_promise=0.9 * loss)
    plan, seller = PayPlan(signature, renewal, clawback), Seller(ke, ko, patience)
    best = best_choice(deal, plan, seller).seller
    assert best >= brute_force(deal, plan, seller, steps=21)[0] - 1e-6 * max(1, abs(best))


def test_pay_at_signature_by_hand():
    """Commission 3,000: effort 3,000 x 0.15 / (2 x 900) = 0.25; promise 3,000 x 0.10 / (2 x 300) = 0.5."""
    choice = best_choice(RENT, PayPlan(0.1), Seller(900, 300))
    assert (choice.effort, choice.promise) == pytest.approx((0.25, 0.5))
    assert choice.win_rate == pytest.approx(0.15 + 0.0375 + 0.05)
    assert choice.renewal_rate == pytest.approx(0.85 - 0.225)
    assert choice.pay == pytest.approx(0.2375 * 3_000)
    assert choice.mending == pytest.approx(0.2375 * 0.5 * 6_000)
    assert choice.company == pytest.approx(0.2375 * (30_000 + 0.625 * 30_000) * 0.7 - choice.pay - choice.mending)


def test_a_subscription_paid_at_signature_cures_nothing():
    """The same commission in money brings the same over-promise, whatever is sold."""
    seller = Seller(5_000, 2_000)
    rent = best_choice(RENT, PayPlan(0.3), seller)
    sale = best_choice(LICENCE, PayPlan(0.1), seller)
    assert rent.promise == pytest.approx(sale.promise) and rent.promise > 0


def test_pay_at_renewal_drives_out_the_over_promise():
    seller = Seller(900, 300, patience=0.9)
    promises = [best_choice(RENT, PayPlan(0.1 - share, share), seller).promise for share in (0, 0.03, 0.06, 0.1)]
    assert promises == sorted(promises, reverse=True)
    assert promises[0] == pytest.approx(0.5) and promises[-1] < 0.02
    assert best_choice(RENT, PayPlan(0.1, 0.1, clawback=1.0), seller).promise == 0


def test_a_seller_who_will_be_gone_does_not_care():
    stays, leaves = (best_choice(RENT, PayPlan(0.05, 0.05), Seller(900, 300, patience=p)) for p in (0.9, 0.0))
    assert stays.promise < leaves.promise
    assert leaves.promise == pytest.approx(1_500 * 0.1 / 600)


def test_clawback_works_like_pay_at_renewal():
    seller = Seller(900, 300, patience=0.9)
    assert best_choice(RENT, PayPlan(0.1, clawback=1.0), seller).promise < best_choice(RENT, PayPlan(0.1), seller).promise


def test_who_pays_adds_up():
    plan, seller = PayPlan(0.1), Seller(900, 300)
    real, sides = best_choice(RENT, plan, seller), who_pays(RENT, plan, seller)
    win = RENT.win_rate(0.25, 0)
    honest = win * (30_000 + 0.85 * 30_000) * 0.7 - win * 3_000
    assert sides["delivery team"] + sides["rest of the company"] == pytest.approx(real.company - honest)
    assert sides["seller"] > 0 > sides["delivery team"] and sides["customers"] < 0


@pytest.mark.parametrize("make, says", [
    (lambda: Deal(0, 0), "price"),
    (lambda: Deal(1, 1, base_win=0.6, win_by_effort=0.3, win_by_promise=0.3), "above 1"),
    (lambda: Deal(1, 1, base_renewal=0.4, renewal_lost_to_promise=0.5), "lose more than there is"),
    (lambda: PayPlan(10), "write 0.1"),
    (lambda: Seller(0, 1), "cost_of_effort"),
    (lambda: Seller(1, 1, patience=2), "patience"),
])
def test_errors_say_what_is_wrong(make, says):
    with pytest.raises(ValueError, match=says):
        make()
