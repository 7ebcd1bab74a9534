"""The helpers find the truths that the simulator planted in the case company."""

from __future__ import annotations

import pytest

import helpers.metrics as m
from helpers.company import load_company


@pytest.fixture(scope="module")
def company():
    found = load_company()
    assert len(found.subscriptions) > 1000
    return found


def truths(company, prefix):
    return {key: truth for key, truth in company.truth.items() if key.startswith(prefix)}


def test_retention_of_each_year_is_found(company):
    found = truths(company, "nrr_2")
    assert len(found) >= 3
    for key, truth in found.items():
        year = int(key.removeprefix("nrr_"))
        value = m.nrr(company.subscriptions, f"{year - 1}-12-31", f"{year}-12-31", policy=company.policy).value
        assert value == pytest.approx(truth["value"], abs=truth["tolerance"])


def test_customers_and_arr_of_each_year_are_found(company):
    found = truths(company, "arr_2")
    assert len(found) >= 3
    for key, truth in found.items():
        year = int(key.removeprefix("arr_"))
        arr = m.arr(company.subscriptions, f"{year}-12-31", policy=company.policy)
        assert arr.value == pytest.approx(truth["value"], abs=truth["tolerance"])
        customers = company.truth[f"customers_{year}"]
        assert arr.n == pytest.approx(customers["value"], abs=customers["tolerance"])


def test_the_shifted_beta_geometric_of_each_size_is_found(company):
    for size in ("small", "mid", "large"):
        fit = m.fit_sbg_from(company.subscriptions, as_of=company.as_of, customers=company.customers, by="size", group=size, policy=company.policy)
        alpha, beta = (company.truth[f"sbg_{name}_{size}"]["value"] for name in ("alpha", "beta"))
        truth = m.SBG(alpha, beta)
        for age in (1, 2, 3):
            low, high = fit.interval(age, level=0.999)
            assert low <= truth.survival(age) <= high


def test_the_bridge_of_the_company_closes(company):
    table, policy = company.subscriptions, company.policy
    moved = m.mrr_movements(table, as_of=company.as_of, policy=policy)
    bridge = m.mrr_bridge(moved, as_of=company.as_of, minor_units=policy.minor_units)
    assert bridge["ending"].iloc[-1] == m.total_mrr(table, company.as_of, policy=policy).value
    months = m.retention_by_month(table, as_of=company.as_of, policy=policy)
    year = m.nrr(table, company.as_of.replace(year=company.as_of.year - 1), company.as_of, policy=policy)
    assert (months["nrr"].iloc[-1], months["n"].iloc[-1]) == (pytest.approx(year.value, abs=1e-12), year.n)
