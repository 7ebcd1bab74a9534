from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.retention import nrr
from helpers.models.measured import (
    Guesses, first_fees, hourglass_measured, lead_flow, money_kept, monthly_loss, referrals_per_customer)

AS_OF = "2024-12-31"


def subscriptions(*rows):
    """customer, start, end, yearly price, and further columns by name."""
    table = pd.DataFrame([{"customer_id": who, "starts_on": start, "ends_on": end, "amount": float(amount), **more}
                          for who, start, end, amount, more in rows])
    table["subscription_id"] = [f"s{i}" for i in range(len(table))]
    for name, value in {"interval": "year", "interval_count": 1, "quantity": 1, "discount": 0.0, "status": "active"}.items():
        table[name] = table.get(name, pd.Series(value, index=table.index)).fillna(value)
    return table.assign(starts_on=pd.to_datetime(table.starts_on), ends_on=pd.to_datetime(table.ends_on))


FIVE = subscriptions(
    ("a", "2023-01-01", None, 1200, {}),                 # stays as it is
    ("b", "2023-01-01", "2024-06-01", 600, {}), ("b", "2024-06-01", None, 900, {}),  # grows
    ("c", "2023-01-01", "2024-01-01", 1800, {}),         # leaves on the first day of the year
    ("d", "2024-03-01", None, 2400, {"discount": 0.5}),  # won at 1,200
    ("e", "2024-02-01", "2024-05-01", 300, {"status": "trial"}), ("e", "2024-05-01", None, 300, {}))  # won after a trial
CUSTOMERS = pd.DataFrame({"customer_id": list("abcde"), "created_on": pd.to_datetime(["2022-12-01"] * 3 + ["2024-02-01"] * 2),
                          "referred_by": [None, None, None, "a", None]})


def test_money_kept_by_hand():
    """3,600 a year ago, half of it from those who stay; 2,100 over 1,800 today."""
    renewal, growth, n = money_kept(FIVE, as_of=AS_OF)
    assert (renewal, growth, n) == pytest.approx((0.5, 2100 / 1800 - 1, 3))


def test_renewal_times_growth_is_nrr():
    renewal, growth, _ = money_kept(FIVE, as_of=AS_OF)
    assert renewal * (1 + growth) == pytest.approx(nrr(FIVE, "2023-12-31", AS_OF).value)


def test_customers_who_stay_are_not_taken_for_customers_who_grow():
    rows = [(f"s{i}", "2023-01-01", "2024-03-01", 120, {}) for i in range(9)] + [("big", "2023-01-01", None, 1080, {})]
    renewal, growth, _ = money_kept(subscriptions(*rows), as_of=AS_OF)
    assert (renewal, growth) == pytest.approx((0.5, 0.0))  # NRR over the tenth of customers kept would say fivefold


def test_nobody_a_year_ago_is_undefined():
    renewal, growth, n = money_kept(FIVE, as_of="2023-06-30")
    assert np.isnan(renewal) and np.isnan(growth) and n == 0


def test_first_fees_by_hand():
    assert first_fees(FIVE, as_of=AS_OF).to_dict() == {"d": 1200.0, "e": 300.0}


def test_monthly_loss_by_hand():
    """b and c of three leave: one of three in January, one of two in June, nobody else in twelve months."""
    two = subscriptions(("a", "2023-01-01", None, 12, {}), ("b", "2023-01-01", "2024-06-10", 12, {}), ("c", "2023-01-01", "2024-01-01", 12, {}))
    assert monthly_loss(two, as_of=AS_OF) == pytest.approx((1 / 3 + 1 / 2) / 12)


def test_referrals():
    assert referrals_per_customer(CUSTOMERS, 4, as_of=AS_OF) == pytest.approx(0.25)
    assert np.isnan(referrals_per_customer(CUSTOMERS.drop(columns="referred_by"), 4, as_of=AS_OF))


def leads(counts, start="2022-01-01"):
    months = pd.period_range(start, periods=len(counts), freq="M").start_time
    return pd.DataFrame({"created_at": np.repeat(months.values, counts)})


def test_steady_leads_have_no_volatility_beyond_chance():
    rng = np.random.default_rng(2)
    per_month, volatility, _ = lead_flow(leads(rng.poisson(400, 36)), as_of=AS_OF)
    assert per_month == pytest.approx(400, rel=0.05) and volatility < 0.03


def test_unruly_leads_show_their_volatility():
    rng = np.random.default_rng(3)
    counts = [lead_flow(leads(rng.poisson(400 * (1 + 0.25 * rng.standard_normal(36)).clip(0.1))), as_of=AS_OF)[1] for _ in range(20)]
    assert np.mean(counts) == pytest.approx(0.25, abs=0.05)


def test_the_month_that_is_not_over_is_left_out():
    assert lead_flow(leads([100] * 36 + [5]), as_of="2025-01-10")[0] == 100


def test_a_short_history_of_leads_gives_no_volatility():
    per_month, volatility, persistence = lead_flow(leads([10] * 12, start="2024-01-01"), as_of=AS_OF)
    assert per_month == 10 and np.isnan(volatility) and np.isnan(persistence)


def test_the_hourglass_of_a_small_company():
    seen = hourglass_measured(FIVE, CUSTOMERS, as_of=AS_OF, leads=leads([10] * 36))
    assert seen.subscription.first_year_price == pytest.approx(750)
    assert seen.subscription.yearly_retention == pytest.approx(2100 / 3600)
    assert seen.subscription.yearly_referrals == pytest.approx(1 / 3.5)  # one sent; three customers, then four
    assert seen.market.leads_per_month == 10 and seen.market.win_rate == pytest.approx(1 / 120)  # two won, one of them sent
    assert seen.licence.price == pytest.approx(3000)
    assert seen.licence_market.win_rate == pytest.approx(seen.market.win_rate / 2)
    source = seen.sources.set_index("what")["source"]
    assert source["renewal"] == "measured" and source["price of a licence"] == "guess"


def test_what_is_missing_is_a_guess_and_says_so():
    seen = hourglass_measured(FIVE, CUSTOMERS.drop(columns="referred_by"), as_of=AS_OF, guesses=Guesses(licence_multiple=3))
    source = seen.sources.set_index("what")["source"]
    assert (source[["referrals", "leads a year", "ups and downs of leads"]] == "guess").all()
    assert seen.licence.price == pytest.approx(3 * 750) and seen.subscription.yearly_referrals == 0.02


@pytest.mark.parametrize("table", [leads([]), leads([10] * 12, start="2020-01-01")], ids=["empty", "given up"])
def test_leads_that_are_not_kept_any_more_are_guessed(table):
    seen = hourglass_measured(FIVE, CUSTOMERS, as_of=AS_OF, leads=table)
    assert seen.sources.set_index("what").loc["leads a year", "source"] == "guess"
    assert seen.market.win_rate == pytest.approx(1 / 20)


def test_a_company_too_young_to_measure():
    with pytest.raises(ValueError, match="longer history"):
        hourglass_measured(FIVE, CUSTOMERS, as_of="2023-06-30")
