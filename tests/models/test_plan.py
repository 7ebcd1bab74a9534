"""The plan of eight quarters against hand-computed months and quarters, closed forms and identities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models.bands import Z95, all_at_once, draw, luck, one_at_a_time, spread, worth_knowing
from helpers.models.plan import (
    COSTS, DEPARTMENTS, SIZES, Driver, Drivers, Schedule, about, default_drivers, default_schedule, dilution, names, plan,
    reps_to_hire, round_needed, what_changed)


def only(**values) -> Drivers:
    """Drivers that are all 0 but those named; a person in success looks after 1,000,000."""
    return Drivers(**{**dict.fromkeys(names(), 0.0), "arr_per_success_head": 1_000_000.0, **values})


CASE = {"small": 26e6, "mid": 52e6, "large": 42e6}


@pytest.fixture(scope="module")
def guesses():
    return default_drivers(CASE, customers=2500, cash=60e6, heads=390)


# --- by hand ----------------------------------------------------------------------------------------------------------

def test_renewals_by_hand():
    """1,200 of small ARR, 100 due each month of the first year, three in four renewed: 25 lost a month, 75 a quarter.

    The second year: what was renewed, 75 a month, falls due again, and 75 * 0.25 = 18.75 a month are lost.
    """
    made = plan(only(opening_arr_small=1200, renewal_share_small=0.75))
    assert made.arr == pytest.approx([1125, 1050, 975, 900, 843.75, 787.5, 731.25, 675])
    assert made.quarters["due"][[0, 4]] == pytest.approx([300, 225])
    assert made.quarters["renewed"][[0, 4]] == pytest.approx([225, 168.75])
    assert made.arr[7] == pytest.approx(1200 * 0.75**2)


def test_amounts_due_and_targets_by_size_and_quarter():
    """Large: 1,000 due in quarter 2 only, at 90% less 10 points: 200 lost. Small: 600 due in quarter 1, at 50%: 300 lost."""
    schedule = Schedule(due_share={"large": (0, 1, 0, 0, 0, 0, 0, 0), "small": (1, 0, 0, 0, 0, 0, 0, 0)},
                        renewal_lift=(0, -0.1, 0, 0, 0, 0, 0, 0))
    made = plan(only(opening_arr_small=600, opening_arr_large=1000, renewal_share_small=0.5, renewal_share_large=0.9), schedule)
    assert made.quarters["due_small"][:2] == pytest.approx([600, 0])
    assert made.quarters["lost_large"][:2] == pytest.approx([0, 200])
    assert made.quarters["arr_small"][0] == pytest.approx(300) and made.quarters["arr_large"][1] == pytest.approx(800)


def test_a_contract_due_after_the_plan_is_neither_renewed_nor_lost():
    made = plan(only(opening_arr_mid=1000), Schedule(due_share={"mid": (0,) * 8}))
    assert made.arr == pytest.approx(np.full(8, 1000)) and made.quarters["due"].sum() == 0


def test_expansion_by_hand():
    """12% a year on 1,000 with nothing due: 1% a month, 1,000 * 1.01 ** 3 = 1,030.301 after a quarter."""
    made = plan(only(opening_arr_mid=1000, expansion_share_per_year_mid=0.12), Schedule(due_share={"mid": (0,) * 8}))
    assert made.arr[0] == pytest.approx(1030.301) and made.arr[3] == pytest.approx(1000 * 1.01**12)


def test_replication_the_worked_case():
    """4,000,000 / 80,000 = 50 mature reps; 20 in place, 60 hired, half kept, three months of ramp: 20 + 60 * 0.5 = 50."""
    assert reps_to_hire(4_000_000, 80_000, mature=20, kept_share=0.5) == 60
    drivers = only(reps_mature_count=20, rep_output_per_month=80_000, ramp_months=3, class_kept_share=0.5,
                   leads_per_month=1000, lead_win_share=1, price_per_year=1e6, rep_cost_per_month=10_000)
    made = plan(drivers, Schedule(reps_hired=(60, 0, 0, 0, 0, 0, 0, 0)))
    assert made.months["reps_mature"][:5].tolist() == [20, 20, 20, 50, 50]
    assert made.months["reps_ramping"][:5].tolist() == [60, 60, 60, 0, 0]
    assert made.months["new"][[2, 3]] == pytest.approx([1_600_000, 4_000_000])
    assert made.quarters["new"][:2] == pytest.approx([4_800_000, 12_000_000])
    assert made.quarters["cost_sales"][:2] == pytest.approx([80 * 3 * 10_000, 50 * 3 * 10_000])
    assert set(made.binding) == {"reps"}


def test_old_hands_who_leave():
    """A quarter of the 20 leaves in a year: 20 * 0.75 ** (3 / 12) = 18.612 in month 4, and 48.612 with the class."""
    drivers = only(reps_mature_count=20, ramp_months=3, class_kept_share=0.5, rep_loss_share_per_year=0.25)
    made = plan(drivers, Schedule(reps_hired=(60, 0, 0, 0, 0, 0, 0, 0)))
    assert made.months["reps_mature"][3] == pytest.approx(48.612, abs=1e-3)
    assert made.months["reps_mature"][12] == pytest.approx(20 * 0.75 + 30 * 0.75**0.75)


def test_a_ramp_of_part_months_and_classes_by_month():
    """Ramp 2.5: half of the class is mature in its third month, all of it in its fourth. Ramp 0: at once."""
    drivers = only(ramp_months=2.5, class_kept_share=1)
    by_month = (10, *[0] * 4, 4, *[0] * 18)
    made = plan(drivers, Schedule(reps_hired=by_month))
    assert made.months["reps_mature"][:9].tolist() == [0, 0, 5, 10, 10, 10, 10, 12, 14]
    assert plan(replace(drivers, ramp_months=0), Schedule(reps_hired=by_month)).months["reps_mature"][0] == 10


def test_those_who_learn_at_the_start_count_as_the_first_class():
    made = plan(only(reps_ramping_count=10, ramp_months=3, class_kept_share=0.5))
    assert made.months["reps_ramping"][:4].tolist() == [10, 10, 10, 0] and made.months["reps_mature"][3] == 5


def test_leads_by_hand_and_the_lesser_binds_never_the_sum():
    """Leads: 100 * 10% * 5,000 = 50,000 a month. Reps: 4 * 20,000 = 80,000, then 80,000 against doubled leads of 100,000."""
    drivers = only(leads_per_month=100, lead_win_share=0.1, price_per_year=5000, reps_mature_count=4, rep_output_per_month=20_000)
    assert plan(drivers).quarters["new"][0] == pytest.approx(150_000) and set(plan(drivers).binding) == {"leads"}
    double = replace(drivers, leads_per_month=200)
    assert plan(double).quarters["new"][0] == pytest.approx(240_000) and set(plan(double).binding) == {"reps"}


def test_the_binding_constraint_passes_from_leads_to_reps_as_leads_double_each_year():
    """Leads hold 50,000 * 2 ** (m / 12), m months after the first, and pass 65,000 at 12 * log2(1.3) = 4.54: from month 6 on.

    That is the last of quarter 2, which is held back by leads in two of its three months and counts as theirs.
    """
    drivers = only(leads_per_month=100, lead_growth_share_per_year=1, lead_win_share=0.1, price_per_year=5000,
                   reps_mature_count=6.5, rep_output_per_month=10_000)
    assert plan(drivers).binding == ("leads", "leads", *["reps"] * 6)
    assert plan(drivers).months["bound_by_reps"].tolist() == [0] * 5 + [1] * 19


def test_the_cycle_looks_back():
    """Twelve months from lead to signature, leads doubling: half of today's leads sign."""
    drivers = only(leads_per_month=100, lead_growth_share_per_year=1, cycle_months=12, lead_win_share=0.1, price_per_year=12,
                   self_serve_share=1)
    assert plan(drivers).months["new"][0] == pytest.approx(100 / 2 * 0.1 * 12)


def test_self_service_needs_no_rep():
    """Of 50,000 a month 40% sign by themselves, 20,000; of the other 30,000 the reps manage 10,000."""
    drivers = only(leads_per_month=100, lead_win_share=0.1, price_per_year=5000, self_serve_share=0.4,
                   reps_mature_count=1, rep_output_per_month=10_000)
    assert plan(drivers).months["new"][0] == pytest.approx(30_000) and plan(drivers).binding[0] == "reps"


def test_heads_costs_and_cash_of_the_first_quarter_by_hand():
    """ARR 12,000,000, nothing due, all paid monthly: 1,000,000 in a month.

    Heads: 10 reps + 5 others, 12 in success (12 m / 1 m), 8 marketing, 20 R&D, 5 administration = 60.
    A month: 10 * 20,000 + 5 * 16,000 + 12 * 10,000 + 8 * 15,000 + 50 leads * 400 + 20 * 25,000 + 5 * 12,000
    + 10% of 1,000,000 + 30,000 = 1,230,000. Cash: 5,000,000 - 3 * 230,000 = 4,310,000; runway 4,310,000 / 230,000.
    """
    made = plan(FIRST, Schedule(due_share={"mid": (0,) * 8}))
    assert made.heads[0] == pytest.approx(60)
    assert made.quarters["costs"][0] == pytest.approx(3 * 1_230_000) and made.quarters["collected"][0] == pytest.approx(3_000_000)
    assert made.cash[0] == pytest.approx(4_310_000) and made.runway_months[0] == pytest.approx(4_310_000 / 230_000)
    assert made.quarters["gross_margin"][0] == pytest.approx(1 - (100_000 + 120_000) / 1_000_000)
    assert made.cash_out_month == pytest.approx(5_000_000 / 230_000)


FIRST = only(opening_arr_mid=12e6, opening_cash=5e6, reps_mature_count=10, rep_cost_per_month=20_000, support_per_rep_ratio=0.5,
             support_cost_per_month=16_000, success_cost_per_month=10_000, marketing_heads_count=8, marketing_cost_per_month=15_000,
             leads_per_month=50, cost_per_lead=400, rnd_heads_count=20, rnd_cost_per_month=25_000, admin_heads_count=5,
             admin_cost_per_month=12_000, serving_cost_share=0.1, other_cost_per_month=30_000)


def test_yearly_fees_come_in_when_they_are_signed():
    """1,200 due in quarter 2 alone and all renewed: nothing comes in before, 1,200 then, nothing after until a year later."""
    made = plan(only(opening_arr_mid=1200, renewal_share_mid=1, billed_yearly_share=1),
                Schedule(due_share={"mid": (0, 1, 0, 0, 0, 0, 0, 0)}))
    assert made.quarters["collected"] == pytest.approx([0, 1200, 0, 0, 0, 1200, 0, 0])
    assert made.quarters["revenue"] == pytest.approx(np.full(8, 300))


def test_what_grows_and_what_is_new_is_paid_for_a_year_too_and_earned_month_by_month():
    """1,000 that grow by 1% a month, and 24 new in each: 34, 34.34 and 34.6834 are signed; the mean of start and end is earned.

    ARR after the months: 1,034, 1,068.34, 1,103.0234; all of the 103.0234 are paid at once. Revenue of the first month: 1,017 / 12.
    """
    drivers = only(opening_arr_mid=1000, expansion_share_per_year_mid=0.12, new_arr_share_mid=1, billed_yearly_share=1,
                   leads_per_month=2, lead_win_share=1, price_per_year=12, self_serve_share=1)
    made = plan(drivers, Schedule(due_share={"mid": (0,) * 8}))
    assert made.quarters["collected"][0] == pytest.approx(103.0234)
    assert made.months["revenue"][0] == pytest.approx(1017 / 12)
    assert plan(replace(drivers, billed_yearly_share=0.25), made.schedule).months["collected"][0] == pytest.approx(0.25 * 34 + 0.75 * 1017 / 12)


def test_commission_is_paid_on_what_is_new_and_not_on_renewals():
    made = plan(only(opening_arr_mid=1200, renewal_share_mid=1, reps_mature_count=1, rep_output_per_month=1000, leads_per_month=1,
                     lead_win_share=1, price_per_year=9e9, commission_share=0.2))
    assert made.quarters["cost_sales"][0] == pytest.approx(600)


def test_a_round_arrives_once_and_is_left_out_when_the_next_one_is_sized():
    """Burn of 100 a month from 300: gone after 3 months. To the end: 2,400 - 300 = 2,100 short, and 6 * 100 in reserve."""
    drivers = only(opening_cash=300, other_cost_per_month=100)
    made = plan(drivers, Schedule(round_amount=1000, round_quarter=3))
    assert made.cash[:4].tolist() == [0, -300, 400, 100]
    need = round_needed(made, reserve_months=6, months_to_raise=2)
    assert (need.amount, need.lowest_cash, need.cash_out_month, need.begin_month) == (2700, -2100, 3, 1)
    assert dilution(20, 80) == 0.2


def test_money_that_lasts_asks_for_no_round():
    need = round_needed(plan(only(opening_cash=300)))
    assert need.amount == 0 and np.isnan(need.cash_out_month) and np.isnan(need.begin_month)
    assert np.isinf(plan(only(opening_cash=300)).runway_months).all()


# --- identities -------------------------------------------------------------------------------------------------------

share = st.floats(0, 1)
some_drivers = st.fixed_dictionaries({
    "renewal_share_small": share, "renewal_share_mid": share, "renewal_share_large": share,
    "expansion_share_per_year_mid": st.floats(0, 0.5), "new_arr_share_small": share, "new_arr_share_large": share,
    "ramp_months": st.floats(0, 12), "class_kept_share": share, "rep_loss_share_per_year": share, "cycle_months": st.floats(0, 12),
    "lead_win_share": share, "self_serve_share": share, "billed_yearly_share": share, "serving_cost_share": share,
    "reps_mature_count": st.floats(0, 100), "reps_ramping_count": st.floats(0, 20), "leads_per_month": st.floats(0, 3000)})
some_hires = st.lists(st.integers(0, 30), min_size=8, max_size=8)


@settings(max_examples=60, deadline=None)
@given(some_drivers, some_hires, st.floats(0, 5e7), st.integers(1, 8))
def test_identities(values, hires, raised, quarter):
    drivers = replace(default_drivers(CASE, customers=2500, cash=60e6, heads=390), **values)
    made = plan(drivers, Schedule(reps_hired=tuple(hires), round_amount=raised, round_quarter=quarter))
    q, m = made.quarters, made.months
    opening = np.concatenate([[sum(CASE.values())], q["arr"][:-1]])
    assert q["arr"] == pytest.approx(opening + q["new"] + q["expansion"] - q["lost"])
    assert q["cash"] == pytest.approx(np.concatenate([[60e6], q["cash"][:-1]]) + q["collected"] - q["costs"] + q["raised"], abs=1)
    assert q["arr"] == pytest.approx(sum(q[f"arr_{size}"] for size in SIZES))
    assert q["heads"] == pytest.approx(sum(q[f"heads_{name}"] for name in DEPARTMENTS))
    assert q["costs"] == pytest.approx(sum(q[f"cost_{name}"] for name in COSTS))
    assert q["due"] == pytest.approx(q["renewed"] + q["lost"])
    assert (m["new"] <= np.maximum(m["capacity"], m["demand"]) * (1 + 1e-9) + 1e-6).all()
    assert (m["new"] <= m["demand"] * (1 + 1e-9) + 1e-6).all()
    assert min(m["arr_small"].min(), m["lost"].min(), m["reps_ramping"].min()) > -1e-6
    assert q["raised"].sum() == pytest.approx(raised)


def test_reps_are_never_made_from_nothing():
    made = plan(only(ramp_months=4.3, class_kept_share=0.6), Schedule(reps_hired=(10,) * 8))
    through = made.months["reps_mature"][-1] / 0.6
    assert through + made.months["reps_ramping"][-1] == pytest.approx(80)


def test_over_one_year_with_nothing_new_retention_is_the_renewal_share(guesses):
    still = replace(guesses, reps_mature_count=0, expansion_share_per_year_small=0, expansion_share_per_year_mid=0,
                    expansion_share_per_year_large=0)
    made = plan(still)
    for size in SIZES:
        assert made.quarters[f"arr_{size}"][3] == pytest.approx(CASE[size] * getattr(still, f"renewal_share_{size}").value)


def test_what_changed_adds_up_and_names_the_driver(guesses):
    better = replace(guesses, renewal_share_mid=Driver(0.92, guess=False))
    change = what_changed(plan(guesses), plan(better))
    assert change.drivers == ("renewal_share_mid",) and (np.diff(change.arr) > 0).all() and change.arr[0] > 0
    # 52 m of mid ARR fall due in the first year, 5 points more are renewed; they also grow a little within it
    assert change.arr[3] == pytest.approx(0.05 * 52e6, rel=0.07)
    assert what_changed(plan(guesses), plan(guesses)).nothing and not change.nothing


def test_runway_changes_are_0_where_neither_plan_burns():
    assert what_changed(plan(only(opening_cash=1)), plan(only(opening_cash=2))).runway_months.tolist() == [0.0] * 8


# --- bands ------------------------------------------------------------------------------------------------------------

def test_the_band_of_a_sum_is_narrower_than_all_at_once_by_the_root_of_three():
    """Three sizes, equally and independently uncertain: the band is sqrt(3) of one interval, all at once 3 of it."""
    sure = {f"opening_arr_{size}": Driver(1000, 900, 1100, guess=False) for size in SIZES}
    drivers, nothing_due = only(**sure), Schedule(due_share={size: (0,) * 8 for size in SIZES})
    band = spread(drivers, nothing_due, rng=np.random.default_rng(3), draws=20_000, level=0.95).arr
    worst, best = all_at_once(drivers, nothing_due, outcome="arr")
    assert (worst, best) == (2700, 3300)
    assert band.high[0] - band.low[0] == pytest.approx(200 * np.sqrt(3), rel=0.02)
    assert (best - worst) / (band.high[0] - band.low[0]) == pytest.approx(np.sqrt(3), rel=0.02)


def test_all_drivers_at_their_best_is_far_too_wide(guesses):
    schedule = default_schedule(guesses)
    band = spread(guesses, schedule, rng=np.random.default_rng(4), draws=2000)
    for outcome in ("arr", "cash"):
        worst, best = all_at_once(guesses, schedule, outcome=outcome)
        part = getattr(band, outcome)
        assert worst < band.draws[outcome][-1].min() and band.draws[outcome][-1].max() < best
        assert best - worst > 3 * (part.high[-1] - part.low[-1])


def test_draws_follow_their_interval():
    normal, uniform = np.random.default_rng(5).standard_normal(40_000), np.random.default_rng(6).random(40_000)
    measured = draw(Driver(0.8, 0.7, 0.85, guess=False), normal, uniform)
    assert np.quantile(measured, [0.025, 0.5, 0.975]) == pytest.approx([0.7, 0.8, 0.85], abs=0.004)
    guess = draw(Driver(3, 2, 6), normal, uniform)
    assert guess.min() >= 2 and guess.max() <= 6 and guess.mean() == pytest.approx((2 + 3 + 6) / 3, abs=0.02)
    assert draw(Driver(0.95, 0.8, 1.0, guess=False), normal, uniform, most=1).max() == 1
    assert Z95 == pytest.approx(1.96, abs=1e-4)


def test_the_same_seed_gives_the_same_band_and_no_interval_gives_none(guesses):
    one, two = (spread(guesses, rng=np.random.default_rng(9), draws=50).cash.low for _ in range(2))
    assert one.tolist() == two.tolist()
    sure = replace(guesses, **{name: getattr(guesses, name).value for name in names()})
    band = spread(sure, rng=np.random.default_rng(9), draws=20)
    assert band.arr.low == pytest.approx(plan(sure).arr) and band.arr.high == pytest.approx(plan(sure).arr)
    assert one_at_a_time(sure) == [] and worth_knowing(sure, rng=np.random.default_rng(9), draws=20) == []


def test_chance_of_running_out():
    """100 a month from 2,400 +- 1,176 (one standard deviation 600): gone within 24 months in half of the draws."""
    drivers = only(opening_cash=Driver(2400, 2400 - 600 * Z95, 2400 + 600 * Z95, guess=False), other_cost_per_month=100)
    assert spread(drivers, rng=np.random.default_rng(1), draws=4000).runs_out_share == pytest.approx(0.5, abs=0.03)


def test_the_driver_most_worth_knowing_and_the_gain_in_closed_form():
    """ARR is the sum of two normal drivers, sd 300 and 100: the band's width goes with sqrt(300^2 + 100^2); halving the first
    leaves sqrt(150^2 + 100^2), 57% of it, halving the second sqrt(300^2 + 50^2), 96%."""
    drivers = only(opening_arr_mid=Driver(9000, 9000 - 300 * Z95, 9000 + 300 * Z95, guess=False),
                   opening_arr_large=Driver(9000, 9000 - 100 * Z95, 9000 + 100 * Z95, guess=False))
    seen = worth_knowing(drivers, Schedule(due_share={size: (0,) * 8 for size in SIZES}), rng=np.random.default_rng(2),
                         outcome="arr", draws=20_000)
    assert [worth.name for worth in seen] == ["opening_arr_mid", "opening_arr_large"]
    assert seen[0].width_after / seen[0].width_before == pytest.approx(np.hypot(150, 100) / np.hypot(300, 100), rel=0.03)
    assert seen[1].width_after / seen[1].width_before == pytest.approx(np.hypot(300, 50) / np.hypot(300, 100), rel=0.03)


def test_a_driver_by_itself(guesses):
    first = one_at_a_time(guesses, default_schedule(guesses), outcome="arr")
    assert first == sorted(first, key=lambda reach: -reach.width)
    by_name = {reach.name: reach for reach in first}
    low = plan(replace(guesses, renewal_share_mid=guesses.renewal_share_mid.low), default_schedule(guesses)).arr[-1]
    assert by_name["renewal_share_mid"].at_low == pytest.approx(low)


def test_luck_does_not_depend_on_the_drivers():
    assert luck(np.random.default_rng(1), 3)[0].shape == (len(names()), 3)


# --- defaults and errors ------------------------------------------------------------------------------------------------

def test_defaults_are_guesses_with_a_source_and_only_facts_are_not(guesses):
    sure = {name for name in names() if not getattr(guesses, name).guess}
    assert sure == {"opening_cash", *(f"opening_arr_{size}" for size in SIZES)}
    assert all(getattr(guesses, name).source for name in names())
    assert all(about(name)["label"] and about(name)["unit"] for name in names())


@pytest.mark.parametrize("total", [3e5, 1e9])
def test_defaults_scale_with_the_company_and_grow_about_as_the_survey_says(total):
    drivers = default_drivers({"small": total * 0.3, "mid": total * 0.4, "large": total * 0.3}, customers=100, cash=total, heads=50)
    made = plan(drivers, default_schedule(drivers))
    assert 1.1 < made.arr[3] / total < 1.35


def test_heads_fall_back_on_arr_per_head():
    few = default_drivers({"mid": 30e6}, customers=100, cash=0)
    assert few.arr_per_success_head.value == pytest.approx(30e6 / (100 * 0.175 / 0.85))


@pytest.mark.parametrize("wrong, says", [
    (lambda: only(renewal_share_mid=80), "write 0.8"),
    (lambda: only(ramp_months=-1), "ramp_months"),
    (lambda: only(arr_per_success_head=0), "above 0"),
    (lambda: only(price_per_year=-5), "0 or more"),
    (lambda: Driver(0.5, 0.6, 0.7), "outside its interval"),
    (lambda: Driver(float("nan")), "no|number"),
    (lambda: Schedule(round_amount=5), "round_quarter"),
    (lambda: Schedule(reps_hired=(1, 2)), "8 quarters"),
    (lambda: Schedule(due_share={"tiny": (1,) * 8}), "due_share"),
    (lambda: Schedule(renewal_lift=(0,)), "renewal_lift"),
    (lambda: default_drivers({}, customers=1, cash=0), "opening_arr"),
    (lambda: all_at_once(only(ramp_months=Driver(3, 2, 4)), outcome="arrr"), "arr, heads, cash"),
])
def test_errors_say_what_is_wrong(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_an_unknown_driver_names_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'ramp_months'"):
        about("ramp_month")
