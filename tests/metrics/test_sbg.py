"""The shifted-beta-geometric model: likelihood by hand, the published fit, intervals, recovery of known parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.sbg import SBG, fit_sbg, log_likelihood

# Fader and Hardie (2007): customers left of 1,000 after each year; parameters fitted to years 1 to 7.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def counts(survivors):
    lost = [earlier - later for earlier, later in zip(survivors, survivors[1:], strict=False)]
    return lost, [0] * (len(lost) - 1) + [survivors[-1]]


def test_likelihood_by_hand():
    a, b = 0.7, 2.5
    p1, p2 = a / (a + b), a / (a + b) * b / (a + b + 1)
    expected = 3 * math.log(p1) + 4 * math.log(1 - p1) + 2 * math.log(p2) + 5 * math.log(1 - p1 - p2)
    assert log_likelihood(a, b, [3, 2], [4, 5]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("alpha", "beta", "expected"), [(1.0, 1.0, -2115.5), (0.01, 0.01, -2741.7), (0.668, 3.806, -1611.2)])
def test_published_likelihoods(alpha, beta, expected):
    assert log_likelihood(alpha, beta, *counts(HIGH_END)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("survivors", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)])
def test_published_fit(survivors, alpha, beta):
    model = fit_sbg(*counts(survivors))
    assert (model.alpha, model.beta) == (pytest.approx(alpha, abs=5e-4), pytest.approx(beta, abs=5e-4))
    assert model.n == 1000


def test_published_fit_of_several_cohorts():
    """Fader and Hardie (2007), fitting the sBG model to multi-cohort data: 3.80 and 15.19."""
    cohorts = [[10000, 8000, 6480, 5307, 4391], [10000, 8000, 6480, 5307], [10000, 8000, 6480], [10000, 8000]]
    lost, censored = np.zeros(4), np.zeros(4)
    for cohort in cohorts:
        gone, left = counts(cohort)
        lost[: len(gone)] += gone
        censored[: len(left)] += left
    model = fit_sbg(lost, censored)
    assert (model.alpha, model.beta) == (pytest.approx(3.80, abs=0.01), pytest.approx(15.19, abs=0.02))


def test_curves_agree_with_each_other():
    model = SBG(0.668, 3.806)
    ages = np.arange(13)
    curve = model.survival(ages)
    assert curve[0] == 1 and (np.diff(curve) < 0).all()
    assert model.hazard(ages[1:]) == pytest.approx(1 - curve[1:] / curve[:-1])
    assert (np.diff(model.hazard(ages[1:])) < 0).all()
    assert model.survival(7) == pytest.approx(0.489, abs=5e-4) and model.survival(12) == pytest.approx(0.378, abs=5e-4)
    assert model.mean_churn() == pytest.approx(model.hazard(1))


def test_interval_is_where_the_likelihood_has_dropped():
    """One age only: the profile interval of survival(1) is the likelihood interval of a binomial share."""
    from scipy.optimize import brentq

    model = fit_sbg([30, 12], [0, 58])
    low, high = model.interval(1)
    profile = lambda share: max(log_likelihood((1 - share) * total, share * total, [30, 12], [0, 58]) for total in np.geomspace(1e-3, 1e5, 4000))  # noqa: E731
    floor = profile(float(model.survival(1))) - 1.920729
    assert low == pytest.approx(brentq(lambda s: profile(s) - floor, 0.5, 0.7), abs=2e-3)
    assert high == pytest.approx(brentq(lambda s: profile(s) - floor, 0.7, 0.9), abs=2e-3)
    churn_low, churn_high = model.mean_churn_interval()
    assert (churn_low, churn_high) == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_interval_covers_the_truth_about_as_often_as_it_says():
    random, truth, hits = np.random.default_rng(8), SBG(1.0, 4.0), 0
    for _ in range(100):
        churn = random.beta(1.0, 4.0, 400)
        age = random.geometric(churn)
        lost = [int((age == t).sum()) for t in range(1, 6)]
        low, high = fit_sbg(lost, [0, 0, 0, 0, 400 - sum(lost)]).interval(10)
        hits += low <= truth.survival(10) <= high
    assert 88 <= hits <= 99


def test_more_customers_make_a_narrower_interval():
    few, many = fit_sbg([30, 12], [0, 58]), fit_sbg([3000, 1200], [0, 5800])
    assert np.ptp(many.interval(5)) < np.ptp(few.interval(5)) / 5


@pytest.mark.parametrize(("lost", "censored", "words"), [([0, 0], [0, 9], "0 were lost"), ([9], [0], "0 stayed"), ([1], [1, 2], "one number for each age"),
                                                         ([-1, 2], [1, 1], "negative")])
def test_what_cannot_be_fitted_is_refused(lost, censored, words):
    with pytest.raises(MetricError, match=words):
        fit_sbg(lost, censored)


def test_a_model_without_data_has_no_interval():
    with pytest.raises(MetricError, match="not fitted"):
        SBG(1.0, 1.0).interval(1)
    with pytest.raises(MetricError, match="0 or more"):
        SBG(1.0, 1.0).survival(-1)
