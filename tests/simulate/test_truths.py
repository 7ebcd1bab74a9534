"""Every planted truth of both companies is found, within its tolerance, by a plain estimator (estimators.py)."""

from __future__ import annotations

import pytest
import yaml
from estimators import FOUND, find
from plain import COMMITTED

from helpers.simulate.make import Parts
from helpers.simulate.truth import truths
from helpers.simulate.world import World, read_parameters

AT_LEAST = {"survivors_only_above", "k_at_first_above"}


def keys_of_the_second():
    """Return the keys of the second company, whose truth.yaml is made only when the tests run."""
    world = World(read_parameters("second"))
    return list(truths(world, Parts(world).known()))


CASE = list(yaml.safe_load((COMMITTED / "truth.yaml").read_text(encoding="utf-8")))


def holds(truth, found, key):
    value = truth["value"]
    if isinstance(value, str):
        return str(found) == value
    return found >= value if key in AT_LEAST else abs(found - value) <= truth["tolerance"]


@pytest.mark.parametrize("key", CASE)
def test_a_truth_of_the_case(lanternfish, key):
    truth, found = lanternfish.truth[key], find(lanternfish, key)
    assert holds(truth, found, key), f"found {found}, planted {truth['value']} ({truth['how']})"


@pytest.mark.parametrize("key", keys_of_the_second())
def test_a_truth_of_the_second_company(second, key):
    truth, found = second.truth[key], find(second, key)
    assert holds(truth, found, key), f"found {found}, planted {truth['value']} ({truth['how']})"


def test_every_truth_says_what_it_is(lanternfish, second):
    for company in (lanternfish, second):
        for key, truth in company.truth.items():
            assert set(truth) == {"value", "tolerance", "unit", "how", "chapter"}, key
            assert truth["how"] and truth["unit"] and truth["chapter"], key
            assert isinstance(truth["value"], str) or truth["tolerance"] >= 0, key


def test_no_estimator_is_left_over(lanternfish, second):
    keys = [*lanternfish.truth, *second.truth]
    assert all(any(pattern.fullmatch(key) for key in keys) for pattern in FOUND)


def test_truths_of_the_second_company_are_others(lanternfish, second):
    here, there = lanternfish.truth, second.truth
    assert here["leaving_inbound_over_outbound"]["value"] > 0.9 > 0.6 > there["leaving_inbound_over_outbound"]["value"]
    assert here["win_seeding_over_inbound"]["value"] > 2 > 1 > there["win_seeding_over_inbound"]["value"]
    assert here["training_lift_young"]["value"] > 1 == there["training_lift_young"]["value"]
    assert here["training_lift_old"]["value"] == 1 < there["training_lift_old"]["value"]
    assert here["touches_of_prepaid"]["value"] < 1 == there["touches_of_prepaid"]["value"]
    assert here["leaving_prepaid"]["value"] > 1.5 > 1 == there["leaving_prepaid"]["value"]
    assert here["solution_premium"]["value"] > 1 > there["solution_premium"]["value"]
    assert here["hazard_small_1"]["value"] > here["hazard_large_1"]["value"]
    assert there["hazard_small_1"]["value"] < there["hazard_large_1"]["value"]
    assert here["nrr_2025"]["value"] > 1 > 0.9 > there["nrr_2024"]["value"]
    assert here["blocks_today"]["value"] != there["blocks_today"]["value"]
