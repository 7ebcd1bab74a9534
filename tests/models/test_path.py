"""The path as arithmetic: limits, elasticities, and what uneven months cost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from helpers.models.path import SalesPath, brings, deals_of, expected_lesser, gain_of_good, gains, lifetime_of, lifted, signed_of, worked_of

PATH = SalesPath(1000, (("MQL", 0.4), ("SQL", 0.5)), win=0.3, price=10_000, kept=0.8)


def test_without_a_limit_every_step_of_a_product_has_elasticity_one():
    found = gains(PATH, outcome="new")
    assert {step: round(gain, 9) for step, gain in found.items()} == {"leads": 0.1, "MQL": 0.1, "SQL": 0.1, "win": 0.1, "price": 0.1, "kept": 0}
    assert gains(PATH)["kept"] > 0.1                                              # what is kept compounds


def test_with_a_limit_that_binds_the_steps_before_it_bring_nothing():
    full = replace(PATH, capacity=deals_of(PATH))
    assert [round(gains(full)[step], 9) for step in ("leads", "MQL", "SQL", "win", "price")] == [0, 0, 0, 0.1, 0.1]
    assert worked_of(lifted(full, "leads", 5)) == full.capacity


def test_uneven_months_lose_what_average_months_would_not():
    uneven = replace(PATH, capacity=deals_of(PATH), swing=0.2)
    assert worked_of(uneven) < deals_of(PATH)
    assert 0 < gains(uneven)["leads"] < 0.1
    draws = np.random.default_rng(1).normal(200, 40, 400_000)
    assert worked_of(uneven) == pytest.approx(np.minimum(draws, 200).mean(), rel=1e-3)


def test_the_lesser_of_two_never_exceeds_either():
    for mean, limit, deviation in ((100, 50, 20), (100, 100, 1), (50, 100, 30), (10, math.inf, 5)):
        assert expected_lesser(mean, limit, deviation) <= min(mean, limit) + 1e-12
    assert expected_lesser(100, 100, 10) == pytest.approx(100 - 10 / math.sqrt(2 * math.pi))


def test_more_room_never_hurts_and_gains_grow_to_the_free_one():
    found = [gains(replace(PATH, capacity=room * deals_of(PATH), swing=0.15), lift=0.3)["leads"] for room in np.arange(0.5, 3, 0.25)]
    assert found == sorted(found) and found[-1] == pytest.approx(0.3, abs=1e-3)


def test_seven_steps_of_ten_per_cent_double_it():
    path = SalesPath(100, tuple((f"step {i}", 0.5) for i in range(5)), win=0.5, price=1, kept=0.5)
    better = path
    for step in path.steps[:-2]:                                                  # leads, five rates, the win rate
        better = lifted(better, step)
    assert brings(better, "new") / brings(path, "new") == pytest.approx(1.1 ** 7)


def test_shares_stop_at_one_and_nonsense_is_refused():
    assert lifted(replace(PATH, kept=0.95), "kept").kept == 1 and lifted(PATH, "MQL", 3).rates[0] == ("MQL", 1.0)
    with pytest.raises(ValueError, match="write 0.3 for 30 percent"):
        replace(PATH, win=30)
    with pytest.raises(ValueError, match="this path has leads, MQL"):
        lifted(PATH, "mql")
    with pytest.raises(ValueError, match="outcome"):
        brings(PATH, "arr")
    with pytest.raises(ValueError, match="capacity"):
        replace(PATH, capacity=-1)
    with pytest.raises(ValueError, match="brings nothing"):
        gains(replace(PATH, leads=0))


def test_lifetime_is_a_geometric_sum():
    assert lifetime_of(PATH) == pytest.approx(10_000 * (1 - 0.8 ** 5) / (1 - 0.8))
    assert lifetime_of(replace(PATH, kept=1)) == 50_000
    assert signed_of(PATH) == 60 and brings(PATH, "lifetime") == pytest.approx(12 * 60 * lifetime_of(PATH))


def test_good_contracts_weigh_by_what_they_keep():
    assert gain_of_good(PATH, good=0.3, kept_good=0.8, kept_other=0.8) == pytest.approx(0.03)
    assert gain_of_good(PATH, good=0.3, kept_good=0.9, kept_other=0.7) > 0.03
    assert gain_of_good(PATH, good=0, kept_good=0.9, kept_other=0.7) == 0
