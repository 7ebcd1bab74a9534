from __future__ import annotations

import math

import pandas as pd
import pytest

from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.models.rocket import (
    STAGES, Rocket, Stage, best_group, break_even, dearest_leak, follow_sign_ups, leaks, stage_shares, worth_of_entering)

ROCKET = Rocket((Stage("begin", 0.50, 2, 0.55), Stage("hold", 0.25, 5, 0.40), Stage("earn", 0.06, 40, 0.07)), worth=6000)


# ---------------------------------------------------------------- the model

def test_worth_is_what_comes_out_less_all_that_went_in():
    worth = worth_of_entering(ROCKET)
    assert worth == pytest.approx([35.5, 75, 320, 6000])
    n = 10_000
    money = n * 0.5 * 0.25 * 0.06 * 6000 - n * 2 - n * 0.5 * 5 - n * 0.5 * 0.25 * 40
    assert n * worth[0] == pytest.approx(money)


@pytest.mark.parametrize("name", ["begin", "hold", "earn"])
def test_at_break_even_a_sign_up_is_worth_nothing(name):
    share = break_even(ROCKET, name)
    assert worth_of_entering(ROCKET.passing(name, share))[0] == pytest.approx(0, abs=1e-9)
    assert worth_of_entering(ROCKET.passing(name, share / 2))[0] < 0


def test_where_nothing_can_save_it():
    hopeless = Rocket((Stage("begin", 0.5, 50), Stage("earn", 0.1, 0)), worth=100)
    assert break_even(hopeless, "begin") > 1 and worth_of_entering(hopeless)[0] < 0
    assert math.isnan(break_even(Rocket((Stage("begin", 0.0, 1), Stage("earn", 0.1, 0)), worth=100), "earn"))


def test_the_gain_is_what_mending_really_brings():
    table = leaks(ROCKET, 10_000).set_index("stage")
    assert table["gain"].tolist() == pytest.approx([37_500, 240_000, 75_000])
    for stage in ROCKET.stages:
        mended = worth_of_entering(ROCKET.passing(stage.name, stage.goal))[0] - worth_of_entering(ROCKET)[0]
        assert table.loc[stage.name, "gain"] == pytest.approx(10_000 * mended)


def test_lowest_share_most_heads_and_dearest_leak_are_three_stages():
    table = leaks(ROCKET, 10_000).set_index("stage")
    assert (table["passes"].idxmin(), table["leaves"].idxmax(), dearest_leak(ROCKET)) == ("earn", "begin", "hold")


def test_sending_more_people_into_a_losing_stage_is_a_loss():
    losing = ROCKET.passing("earn", 0.005)
    assert leaks(losing, 1000).set_index("stage").loc["hold", "gain"] < 0


def test_stages_are_checked():
    with pytest.raises(ValueError, match="write 0.25"):
        Stage("hold", 25)
    with pytest.raises(MetricError, match="did you mean 'hold'"):
        ROCKET.passing("holds", 0.3)
    assert Stage("hold", 0.4, within_reach=0.3).goal == 0.4


# ---------------------------------------------------------------- from tables

def tables():
    users = pd.DataFrame({"user_id": list("abcdef"), "customer_id": ["k1", None, None, None, "k2", None],
                          "signed_up_at": pd.to_datetime(["2024-01-01"] * 4 + ["2024-01-01", "2025-01-01"])})
    events = pd.DataFrame([("b", "2024-01-01", "signed up"), ("b", "2024-03-10", "logged in"), ("c", "2024-01-20", "logged in"),
                           ("d", "2024-05-20", "logged in")], columns=["user_id", "at", "event"]).assign(at=lambda t: pd.to_datetime(t["at"]))
    lines = pd.DataFrame({"customer_id": ["k1", "k1", "k2"], "starts_on": pd.to_datetime(["2024-01-15", "2024-06-01", "2023-06-01"]),
                          "status": ["trial", "active", "active"]})
    return users, events, lines


def test_sign_ups_are_followed_in_order():
    followed = follow_sign_ups(*tables(), as_of="2025-06-30").set_index("user_id")
    assert list(followed.index) == list("abcd")          # e paid already, f is too young
    assert followed["earn"].tolist() == [True, False, False, False]
    assert followed["hold"].tolist() == [True, True, False, False]
    assert followed["begin"].tolist() == [True, True, True, False]


def test_shares_are_of_those_who_entered():
    shares = stage_shares(follow_sign_ups(*tables(), as_of="2025-06-30"))
    assert shares["n"].tolist() == [4, 3, 2] and shares["value"].tolist() == pytest.approx([3 / 4, 2 / 3, 1 / 2])
    assert (shares["low"] < shares["value"]).all() and (shares["value"] < shares["high"]).all()


def test_by_group_they_add_up_and_the_best_is_its_lower_end():
    followed = pd.DataFrame({"begin": [True] * 200, "hold": [True] * 100 + [False] * 100, "earn": [True] * 40 + [False] * 160})
    half = pd.Series((["early"] * 60 + ["late"] * 40) * 2, name="half")
    shares = stage_shares(followed, by=half)
    assert shares[shares["stage"] == "begin"]["n"].sum() == 200
    best = best_group(shares, "half", least=10).set_index("stage")
    assert best.loc["earn", "half"] == "early" and best.loc["earn", "low"] < best.loc["earn", "value"]
    assert len(best_group(shares, "half", least=10_000)) == len(STAGES)      # nobody is enough: the largest group stands in


def test_nobody_old_enough_and_a_missing_column():
    users, events, lines = tables()
    with pytest.raises(MetricError, match="365 days old"):
        follow_sign_ups(users, events, lines, as_of="2024-02-01")
    with pytest.raises(MetricError, match="signed_up_at"):
        follow_sign_ups(users.rename(columns={"signed_up_at": "signed_upat"}), events, lines, as_of="2025-06-30")


def test_the_case_company_has_a_rocket():
    company = load_company()
    followed = follow_sign_ups(company.table("users"), company.table("events"), company.subscriptions, as_of=company.as_of)
    assert (followed["earn"] <= followed["hold"]).all() and (followed["hold"] <= followed["begin"]).all()
    won = company.customers["acquired_by"] == "product"
    assert 0.5 * won.sum() < followed["earn"].sum() < won.sum()
