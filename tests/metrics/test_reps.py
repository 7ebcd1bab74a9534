"""A rep against the team: luck is not failure, and a long record is not luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.reps import (
    bad_years,
    example_team,
    example_years,
    expected_until_sure,
    league,
    luck_limits,
    pooled,
    rep_years,
    spread_of_reps,
    worst_by_luck,
)


def team(true, rng, *, years=4, expected=16.0):
    """Years of reps whose true ratios are known."""
    rows = [{"rep_id": f"r{place:02d}", "year": 2021 + year, "leads": 320, "signed": int(rng.poisson(expected * ratio)), "expected": expected}
            for place, ratio in enumerate(true) for year in range(years)]
    table = pd.DataFrame(rows)
    return table.assign(ratio=table["signed"] / table["expected"])


def test_expected_sums_to_what_was_signed_and_beginners_do_not_count():
    path, reps = example_team()
    seen = rep_years(path, reps, as_of="2024-12-31")
    assert seen["expected"].sum() == pytest.approx(seen["signed"].sum())
    new = reps.assign(hired_on=pd.to_datetime(["2023-01-01", "2024-05-01"]))
    assert rep_years(path, new, as_of="2024-12-31")["rep_id"].tolist() == ["a"]


def test_leads_are_held_alike_by_size():
    day = pd.Timestamp("2024-03-01")
    rows = [{"rep_id": rep, "lead": day, "size": size, "signed": day if place < won else pd.NaT}
            for rep, size, n, won in (("a", "large", 90, 45), ("a", "small", 10, 1), ("b", "large", 10, 5), ("b", "small", 90, 9)) for place in range(n)]
    reps = pd.DataFrame({"rep_id": ["a", "b"], "role": "AE", "hired_on": pd.Timestamp("2023-01-01")})
    assert rep_years(pd.DataFrame(rows), reps, as_of="2024-12-31")["ratio"].tolist() == pytest.approx([1, 1])
    assert rep_years(pd.DataFrame(rows), reps, as_of="2024-12-31", alike=())["ratio"].tolist() == pytest.approx([46 / 30, 14 / 30])


def test_errors_name_the_table():
    path, reps = example_team()
    with pytest.raises(MetricError, match="reps: nobody has the role 'AEs'"):
        rep_years(path, reps, as_of="2024-12-31", role="AEs")
    with pytest.raises(MetricError, match="path: the column 'rep_id' is missing"):
        rep_years(path.drop(columns="rep_id"), reps, as_of="2024-12-31")


def test_a_team_of_equals_has_hardly_anybody_weak():
    rng = np.random.default_rng(8)
    called = [(pooled(team([1.0] * 40, rng))["verdict"] == "weak").sum() for _ in range(20)]
    assert np.mean(called) < 0.5 and max(called) <= 2


def test_a_weak_rep_is_found_in_five_years_and_not_in_one():
    rng = np.random.default_rng(9)
    found, at_once = 0, 0
    for _ in range(20):
        years = team([0.4] + [1.0] * 30, rng, years=5)
        found += pooled(years).iloc[0][["rep_id", "verdict"]].tolist() == ["r00", "weak"]
        at_once += "weak" in set(pooled(years[years["year"] == 2024])["verdict"])
    assert found >= 17 and at_once <= 8


def test_belief_lies_between_the_record_and_the_team_and_moves_less_with_few_leads():
    judged = pooled(example_years()).set_index("rep_id")
    below = judged[judged["ratio"] < 1]
    assert ((below["believed"] >= below["ratio"]) & (below["believed"] <= 1.02)).all()
    assert judged.loc["n", "believed"] > 0.9 > 0.6 > judged.loc["w", "believed"]
    assert judged.loc["n", "verdict"] == "cannot be told yet" and judged.loc["u", "verdict"] == "like the others"
    assert ((judged["low"] < judged["believed"]) & (judged["believed"] < judged["high"])).all()


def test_with_one_gamma_alone_the_far_one_is_pulled_in():
    years = example_years()
    one = pooled(years, apart=0).set_index("rep_id").loc["w", "believed"]
    two = pooled(years).set_index("rep_id").loc["w", "believed"]
    assert one > two + 0.1


def test_spread_is_found_and_never_nothing():
    rng = np.random.default_rng(5)
    true = np.clip(rng.normal(1, 0.35, 120), 0.1, None)
    expected = np.full(120, 60.0)
    assert spread_of_reps(rng.poisson(60 * true), expected) == pytest.approx(0.35, abs=0.1)
    assert spread_of_reps(expected, expected) == pytest.approx(0.1, abs=1e-4)


def test_the_list_of_a_year_knows_what_the_others_were():
    seen = league(example_years(), 2023)
    assert seen["rep_id"].head(2).tolist() == ["w", "u"] and seen["place"].tolist() == list(range(1, len(seen) + 1))
    assert "n" not in set(league(example_years(), 2024)["rep_id"])        # four expected signatures are too few for a list
    alone = example_years().query("rep_id == 'u' and year == 2023")
    assert np.isnan(league(alone, 2023)["other_years"].iloc[0])


def test_one_bad_year_is_told_from_a_weak_rep():
    assert bad_years(example_years())["rep_id"].iloc[0] == "u"
    assert "w" not in set(bad_years(example_years())["rep_id"])


def test_luck_limits_hold_what_they_say():
    limits = luck_limits([12.0])
    drawn = np.random.default_rng(1).poisson(12.0, 40_000) / 12
    assert np.mean((drawn >= limits["low"].iloc[0]) & (drawn <= limits["high"].iloc[0])) == pytest.approx(0.94, abs=0.03)
    wide, narrow = luck_limits([5.0]), luck_limits([200.0])
    assert (wide["high"] - wide["low"]).iloc[0] > 4 * (narrow["high"] - narrow["low"]).iloc[0]


def test_somebody_is_always_last():
    few, many = (worst_by_luck([16.0] * n, rng=np.random.default_rng(2)).value for n in (5, 60))
    assert many < few < 1
    assert np.isnan(worst_by_luck([1.0], rng=np.random.default_rng(2)).value)


def test_expected_until_sure_is_enough_and_not_far_too_much():
    rng, needed = np.random.default_rng(3), expected_until_sure(true=0.5)
    signed = rng.poisson(0.5 * needed, 20_000)
    noticed = signed / needed < luck_limits([needed])["low"].iloc[0]
    assert noticed.mean() == pytest.approx(0.8, abs=0.08)
    assert expected_until_sure(true=0.8) > 4 * needed and expected_until_sure(power=0.5) < needed
    with pytest.raises(MetricError, match="true = 1"):
        expected_until_sure(true=1)


def test_the_planted_reps_are_found_on_the_case():
    from helpers.company import load_company
    from helpers.sales import path_of

    case = load_company()
    years = rep_years(path_of(case), case.reps, as_of=case.as_of)
    judged = pooled(years)
    assert judged.loc[judged["verdict"] == "weak", "rep_id"].tolist() == [case.truth["weak_rep"]["value"]]
    assert bad_years(years)["rep_id"].iloc[0] == case.truth["unlucky_rep"]["value"]
    assert (pooled(years[years["year"] == years["year"].max()])["verdict"] != "weak").all()      # one year tells nothing
