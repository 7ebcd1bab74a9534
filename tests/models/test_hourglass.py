from __future__ import annotations

import time

import numpy as np
import pytest

from helpers.models.hourglass import (
    Licence, Luck, Market, Subscription, YEAR, break_even_closed_form, break_even_year, ceiling_arr, draw_luck,
    forecast_band, forecast_widths, licence_by_year, month_of_overtaking, simulate_funnel, simulate_hourglass,
    spread_of, subscription_by_year, trailing_year, worth_of_recurring_revenue)


@pytest.fixture(scope="module")
def luck():
    return draw_luck(np.random.default_rng(7), months=60, paths=4000)


# one customer


def test_licence_by_hand():
    licence = Licence(90_000, yearly_maintenance=0.15, collected_share=0.6, cost_to_deliver=0.3, cost_to_support=0.5)
    revenue, margin = licence_by_year(licence, 3, acquisition_cost=20_000)
    assert revenue == pytest.approx([90_000, 8_100, 8_100])  # 13,500 due, 60% of it collected
    assert margin == pytest.approx([43_000, 1_350, 1_350])  # 63,000 - 20,000; 8,100 - 6,750


def test_subscription_by_hand():
    subscription = Subscription(30_000, yearly_renewal=0.8, yearly_expansion=0.1, cost_to_serve=0.2, cost_to_renew=0.3)
    revenue, margin = subscription_by_year(subscription, 3, acquisition_cost=20_000)
    assert revenue == pytest.approx([30_000, 26_400, 23_232])
    assert margin == pytest.approx([4_000, 13_200, 11_616])


def test_renewal_by_year_keeps_its_last_rate():
    revenue, _ = subscription_by_year(Subscription(100, yearly_expansion=0), 5, renewal_by_year=[0.5, 0.8])
    assert revenue == pytest.approx([100, 50, 40, 32, 25.6])


@pytest.mark.parametrize("renewal", [0.5, 0.66, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("price", [1.0, 1.5, 2.9, 4.0])
def test_break_even_agrees_with_its_closed_form(renewal, price):
    rent, _ = subscription_by_year(Subscription(1.0, yearly_renewal=renewal), 400)
    sale, _ = licence_by_year(Licence(price, yearly_maintenance=0), 400)
    assert break_even_year(rent, sale) == pytest.approx(break_even_closed_form(1.0, renewal, price), nan_ok=True)


def test_break_even_in_margin_comes_later_than_in_revenue():
    subscription, licence = Subscription(30, yearly_renewal=0.9), Licence(90, cost_to_deliver=0.1)
    revenue, margin = (break_even_year(rent, sale) for rent, sale in zip(
        subscription_by_year(subscription, 20), licence_by_year(licence, 20), strict=True))
    assert (revenue, margin) == (6, 10)  # 140.6 against 137.3; 106.8 against 105.3


def test_worth_is_the_sum_of_discounted_renewals():
    by_hand = sum(0.7 * (0.85 / 1.12) ** year for year in range(1, 400))
    assert worth_of_recurring_revenue(0.85, margin_share=0.7, yearly_interest=0.12) == pytest.approx(by_hand)
    assert worth_of_recurring_revenue(1.2, margin_share=0.7, yearly_interest=0.12) == np.inf


# many customers, no luck: closed forms


def closed_form_hourglass(subscription, wins, month):
    q = subscription.yearly_retention
    return wins * subscription.first_year_price / YEAR * sum(q ** (age // YEAR) for age in range(month))


@pytest.mark.parametrize("month", [1, 12, 13, 36, 50, 120])
def test_hourglass_without_luck_is_the_closed_form(month):
    subscription = Subscription(120, yearly_renewal=0.8, yearly_expansion=0.06)
    paths = simulate_hourglass(subscription, Market(50, 0.1), months=120)
    assert paths.revenue[month - 1, 0] == pytest.approx(closed_form_hourglass(subscription, 5, month))


def test_hourglass_with_referral_is_the_linear_recursion():
    """Wins, kept and referred customers as one matrix over the twelve anniversaries."""
    subscription, months = Subscription(120, yearly_renewal=0.7, yearly_referrals=0.15), 47
    state = np.zeros(YEAR)
    for month in range(months):
        step = np.eye(YEAR)
        step[month % YEAR] = subscription.yearly_referrals / YEAR
        step[month % YEAR, month % YEAR] += subscription.yearly_renewal
        state = step @ state
        state[month % YEAR] += 5
    assert simulate_hourglass(subscription, Market(50, 0.1), months=months).customers[-1, 0] == pytest.approx(state.sum())


def test_funnel_without_luck_by_hand():
    licence = Licence(100, yearly_maintenance=0.12, collected_share=0.5, cost_to_deliver=0.3, cost_to_support=0.25)
    paths = simulate_funnel(licence, Market(50, 0.1, monthly_acquisition_cost=40), months=26)
    assert paths.customers[:, 0] == pytest.approx(5 * np.arange(1, 27))
    assert paths.revenue[[0, 11, 12, 25], 0] == pytest.approx([500, 500, 500 + 2.5, 500 + 2.5 * 14])
    assert paths.cash_in[[11, 12, 23, 24], 0] == pytest.approx([500, 530, 530, 560])
    assert paths.costs[[0, 12], 0] == pytest.approx([190, 190 + 1.25])


def test_cash_and_revenue_of_the_hourglass_meet_after_the_last_year():
    subscription = Subscription(120, yearly_renewal=0.0)
    paths = simulate_hourglass(subscription, Market(50, 0.1), months=24)
    assert paths.cash_in[:12].sum() == pytest.approx(12 * 600)
    assert paths.revenue[:, 0] == pytest.approx(np.minimum(np.arange(1, 25), 12) * 50)


def test_costs_of_the_hourglass_by_hand():
    subscription = Subscription(120, yearly_renewal=0.5, cost_to_serve=0.2, cost_to_renew=0.3)
    paths = simulate_hourglass(subscription, Market(50, 0.1, monthly_acquisition_cost=40), months=13)
    assert paths.costs[0, 0] == pytest.approx(40 + 10)
    assert paths.costs[12, 0] == pytest.approx(40 + 0.2 * (600 + 25) + 0.3 * 300)
    assert paths.margin[0, 0] == pytest.approx(0) and paths.cash[0, 0] == pytest.approx(550)


@pytest.mark.parametrize("referrals", [0.0, 0.1])
def test_ceiling_is_where_a_long_run_ends(referrals):
    subscription = Subscription(100, yearly_renewal=0.7, yearly_expansion=0.08, yearly_referrals=referrals)
    paths = simulate_hourglass(subscription, Market(50, 0.1), months=1200)
    assert paths.revenue[-1, 0] * YEAR == pytest.approx(ceiling_arr(subscription, 5), rel=1e-6)


def test_growing_leads():
    paths = simulate_funnel(Licence(1, yearly_maintenance=0), Market(10, 0.5, monthly_lead_growth=0.02), months=13)
    assert paths.revenue[12, 0] == pytest.approx(5 * 1.02**12)


# with luck


MARKET = Market(200, 0.05, lead_volatility=0.2, lead_persistence=0.5, deal_spread=0.8)


@pytest.mark.parametrize("simulate, terms", [
    (simulate_funnel, Licence(100)), (simulate_hourglass, Subscription(30, 0.8, 0.05, 0.1))])
def test_luck_leaves_the_mean_where_it_is(simulate, terms, luck):
    calm, lucky = simulate(terms, MARKET, months=60), simulate(terms, MARKET, months=60, luck=luck)
    for name in ("customers", "revenue", "cash_in", "costs"):
        assert getattr(lucky, name)[-12:].mean() == pytest.approx(getattr(calm, name)[-12:].mean(), rel=0.01), name


def test_no_luck_at_all_is_the_expected_path():
    zero = np.zeros((30, 3), np.float32)
    calm = simulate_hourglass(Subscription(30), MARKET, months=30)
    quiet = simulate_hourglass(Subscription(30), MARKET, months=30, luck=Luck(zero, zero, zero, zero))
    assert quiet.revenue == pytest.approx(np.repeat(calm.revenue, 3, axis=1), rel=1e-5)


def exact_customers(rng, paths, months, wins, renewal):
    """Poisson wins and binomial renewals, drawn one by one."""
    count = np.zeros((YEAR, paths), int)
    for month in range(months):
        count[month % YEAR] = rng.binomial(count[month % YEAR], renewal) + rng.poisson(wins, paths)
    return count.sum(axis=0)


def test_approximations_agree_with_exact_draws():
    rng = np.random.default_rng(3)
    exact = exact_customers(rng, 20_000, 48, 8.0, 0.75)
    luck = draw_luck(rng, months=48, paths=20_000)
    near = simulate_hourglass(Subscription(1, 0.75), Market(80, 0.1), months=48, luck=luck).customers[-1]
    assert near.mean() == pytest.approx(exact.mean(), rel=0.005)
    assert near.std() == pytest.approx(exact.std(), rel=0.03)
    assert np.percentile(near, [10, 90]) == pytest.approx(np.percentile(exact, [10, 90]), rel=0.01)


def test_same_seed_same_paths():
    one, two = (simulate_funnel(Licence(1), MARKET, months=12, luck=draw_luck(np.random.default_rng(5), months=12, paths=9))
                for _ in range(2))
    assert (one.revenue == two.revenue).all()


def test_band_holds_its_share(luck):
    revenue = simulate_hourglass(Subscription(30), MARKET, months=60, luck=luck).revenue
    spread = spread_of(revenue, level=0.8)
    inside = (revenue >= spread.low[:, None]) & (revenue <= spread.high[:, None])
    assert inside[20:].mean() == pytest.approx(0.8, abs=0.01)


def test_month_of_overtaking_counts_those_who_never_do():
    ahead = np.array([[0, 5, 0, 0, 5], [3, 0, 0, 1, 5], [3, 0, 9, 9, 5]])
    behind = np.ones((3, 5))
    # path by path: from month 2, never for good, month 3, month 2, month 1
    passed = month_of_overtaking(ahead, behind, level=0.5)
    assert (passed.month, passed.low, passed.high, passed.share) == (2, 2, 3, 0.8)


def test_month_of_overtaking_beyond_the_horizon():
    passed = month_of_overtaking(np.zeros((4, 2)), np.ones((4, 2)))
    assert passed.month == np.inf and passed.share == 0 and passed.horizon == 4


def test_overtaking_in_words():
    one, two, three = (np.array([[a], [b]], float) for a, b in ((0, 3), (1, 2), (1, 1)))
    assert str(month_of_overtaking(one, two)) == "ahead for good from month 2 on"
    assert str(month_of_overtaking(two, one)) == "not ahead within 2 months"
    luck = np.array([[0.0, 0, 3], [3, 0, 0]])
    assert str(month_of_overtaking(luck, np.ones((2, 3)))) == "ahead for good within 2 months in 33% of all futures"
    assert str(month_of_overtaking(np.hstack([one, three, one]), np.hstack([two] * 3), level=0.5)).startswith("ahead for good from month 2 on (50%")


def test_keeping_renews_first_and_grows_beyond():
    for share in (0.0, 0.6, 1.0, 1.3):
        kept = Subscription(30, yearly_renewal=0.5, yearly_expansion=0.2, yearly_referrals=0.1).keeping(share)
        assert kept.yearly_retention == pytest.approx(share) and kept.yearly_renewal <= 1 and kept.yearly_expansion >= 0
        assert (kept.first_year_price, kept.yearly_referrals) == (30, 0.1)


def test_trailing_year():
    values = np.arange(15.0)[:, None]
    assert trailing_year(values)[14, 0] == sum(range(3, 15))
    assert trailing_year(values)[2, 0] == 3


def test_forecast_band_of_a_funnel_is_poisson(luck):
    """Twelve months of 20 wins: 240 of them, so the width is 2 x 1.2816 / sqrt(240)."""
    market = Market(200, 0.1)
    seen = forecast_band(lambda l: simulate_funnel(Licence(1, yearly_maintenance=0), market, months=60, luck=l).revenue,
                         luck=luck, month=36)
    assert seen.high - seen.low == pytest.approx(2 * 1.2816 / 240**0.5, rel=0.06)


def test_an_hourglass_with_a_base_is_easier_to_forecast(luck):
    def width(simulate, terms):
        seen = forecast_band(lambda l: simulate(terms, MARKET, months=60, luck=l).revenue, luck=luck, month=48)
        return seen.high - seen.low
    assert width(simulate_hourglass, Subscription(30, 0.85)) < width(simulate_funnel, Licence(100)) / 2


def test_forecast_widths_are_those_of_the_bands(luck):
    def revenue(drawn):
        return simulate_funnel(Licence(100), MARKET, months=luck.months, luck=drawn).revenue
    seen = [forecast_band(revenue, luck=luck, month=month) for month in (12, 36)]
    assert forecast_widths(simulate_funnel, Licence(100), MARKET, luck=luck, years=[1, 3]) == [s.high - s.low for s in seen]


def test_ten_thousand_paths_are_fast():
    luck = draw_luck(np.random.default_rng(1))

    def once():
        start = time.process_time()
        hourglass = simulate_hourglass(Subscription(30), MARKET, luck=luck)
        funnel = simulate_funnel(Licence(100), MARKET, luck=luck)
        month_of_overtaking(np.cumsum(hourglass.margin, axis=0), np.cumsum(funnel.margin, axis=0))
        return time.process_time() - start
    assert min(once() for _ in range(5)) < 0.5


# wrong input


@pytest.mark.parametrize("make, says", [
    (lambda: Subscription(30, yearly_renewal=85), "write 0.85"),
    (lambda: Subscription(0), "first_year_price"),
    (lambda: Subscription(30, yearly_expansion=-1), "shrink"),
    (lambda: Subscription(30, yearly_referrals=-0.1), "0 or more"),
    (lambda: Subscription(30).keeping(-0.1), "share is -0.1"),
    (lambda: Licence(100, yearly_maintenance=15), "write 0.15"),
    (lambda: Licence(float("nan")), "price"),
    (lambda: Market(0, 0.1), "leads_per_month"),
    (lambda: Market(10, 0.1, lead_persistence=1), "lead_persistence"),
    (lambda: draw_luck(np.random.default_rng(1), months=0), "at least 1"),
    (lambda: licence_by_year(Licence(1), 0), "years is 0"),
    (lambda: break_even_year([1, 2], [1]), "2 and 1 years"),
    (lambda: simulate_funnel(Licence(1), MARKET, months=24, luck=draw_luck(np.random.default_rng(1), months=12, paths=2)),
     "drawn for 12"),
    (lambda: forecast_band(None, luck=draw_luck(np.random.default_rng(1), months=12, paths=2), month=6), "beyond the 12"),
    (lambda: worth_of_recurring_revenue(0.8, margin_share=0.7, yearly_interest=0), "yearly_interest"),
])
def test_errors_say_what_is_wrong(make, says):
    with pytest.raises(ValueError, match=says):
        make()
