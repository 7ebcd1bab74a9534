"""The shifted-beta-geometric model: retention that rises with age because the ones who stay were different from the start.

Each customer has a churn probability of its own that never changes; these probabilities follow a beta distribution. The
restless leave early, so the retention rate of those who remain rises although nobody improved. A constant churn rate
fitted to the first years promises too little for the later ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.metrics.errors import MetricError
from helpers.metrics.policy import Policy
from helpers.metrics.tenure import counts_by_age, stays


def log_likelihood(alpha: Any, beta: Any, lost: Sequence[float], censored: Sequence[float]) -> Any:
    """Return the log-likelihood of losses and censored customers by age.

    Parameters
    ----------
    alpha, beta : float or array
        Parameters of the beta distribution, above 0.
    lost, censored : sequences of float
        Element 0 is age 1: how many were lost in the first period, and how many were last seen at the end of it.

    Returns
    -------
    float or array

    Notes
    -----
    P(T=1) = alpha/(alpha+beta); P(T=t) = P(T=t-1) (beta+t-2)/(alpha+beta+t-1); S(t) = S(t-1) (beta+t-1)/(alpha+beta+t-1).
    sum of lost(t) log P(T=t) + censored(t) log S(t). Source: Fader and Hardie (2007), How to project customer retention,
    Journal of Interactive Marketing 21(1), equations 5 to 7 and appendix B.

    Examples
    --------
    >>> round(float(log_likelihood(1.0, 1.0, [131, 126, 90, 60, 42, 34, 26], [0, 0, 0, 0, 0, 0, 491])), 1)
    -2115.5
    """
    log = math.log if isinstance(alpha, float) else np.log
    total = log_stay = 0.0
    for t, (gone, unseen) in enumerate(zip(lost, censored, strict=True), start=1):
        total = total + gone * (log_stay + log(alpha / (alpha + beta + t - 1)))
        log_stay = log_stay + log((beta + t - 1) / (alpha + beta + t - 1))
        total = total + unseen * log_stay
    return total


@dataclass(frozen=True)
class SBG:
    """A fitted shifted-beta-geometric model.

    Attributes
    ----------
    alpha, beta : float
        Parameters of the beta distribution of churn probabilities.
    n : float
        Customers it was fitted to.
    lost, censored : tuple of float
        What it was fitted to, by age from 1.

    Examples
    --------
    >>> model = SBG(alpha=1.0, beta=4.0, n=100)
    >>> round(model.mean_churn(), 2), round(float(model.survival(2)), 3), round(float(model.hazard(2)), 3)
    (0.2, 0.667, 0.167)
    """

    alpha: float
    beta: float
    n: float = math.nan
    lost: tuple[float, ...] = ()
    censored: tuple[float, ...] = ()

    def survival(self, t: Any) -> Any:
        """Return the share expected to be there after ``t`` periods; ``t`` is a whole number from 0, or an array."""
        ages = np.asarray(t, dtype=int)
        if (ages < 0).any():
            raise MetricError(f"SBG.survival: t = {t!r} must be 0 or more periods.")
        k = np.arange(1, ages.max(initial=0) + 1)
        curve = np.concatenate([[1.0], np.cumprod((self.beta + k - 1) / (self.alpha + self.beta + k - 1))])
        return curve[ages]

    def hazard(self, t: Any) -> Any:
        """Return the share lost in period ``t`` (from 1) among those there at its start: alpha / (alpha + beta + t - 1)."""
        return self.alpha / (self.alpha + self.beta + np.asarray(t, dtype=float) - 1)

    def mean_churn(self) -> float:
        """Return the mean churn probability of a new customer: alpha / (alpha + beta)."""
        return self.alpha / (self.alpha + self.beta)

    def interval(self, t: Any, *, level: float = 0.95) -> tuple[Any, Any]:
        """Return the profile-likelihood interval of ``survival(t)``.

        It is the range of survival(t) over all alpha and beta whose log-likelihood lies within chi-squared(1)/2 of the
        maximum.

        Parameters
        ----------
        t : int or array of int
        level : float

        Returns
        -------
        (low, high)
        """
        curves = np.array([SBG(alpha, beta).survival(t) for alpha, beta in self._contour(level)])
        return np.minimum(curves.min(axis=0), self.survival(t)), np.maximum(curves.max(axis=0), self.survival(t))

    def mean_churn_interval(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the profile-likelihood interval of :meth:`mean_churn`."""
        low, high = self.interval(1, level=level)
        return float(1 - high), float(1 - low)

    def _contour(self, level: float, directions: int = 180) -> np.ndarray:
        """Walk from the best fit in every direction to where the likelihood has dropped by chi-squared/2."""
        from scipy.stats import chi2

        if not self.lost:
            raise MetricError("SBG.interval: this model was not fitted to data. Use fit_sbg, which keeps them.")
        centre = _to_plane(self.alpha, self.beta)
        floor = log_likelihood(self.alpha, self.beta, self.lost, self.censored) - chi2.ppf(level, 1) / 2
        angle = np.linspace(0, 2 * math.pi, directions, endpoint=False)
        way = np.stack([np.cos(angle), np.sin(angle)])
        near, far = np.zeros(directions), np.full(directions, _REACH)
        for _ in range(50):
            middle = (near + far) / 2
            inside = log_likelihood(*_from_plane(centre[:, None] + way * middle), self.lost, self.censored) >= floor
            near, far = np.where(inside, middle, near), np.where(inside, far, middle)
        return np.stack(_from_plane(centre[:, None] + way * near), axis=1)


_REACH = 12.0  # farther than this in log units, the model cannot be told from a constant churn rate


def _to_plane(alpha: float, beta: float) -> np.ndarray:
    return np.array([math.log(alpha / beta), math.log(alpha + beta)])


def _from_plane(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total, share = np.exp(point[1]), 1 / (1 + np.exp(-point[0]))
    return total * share, total * (1 - share)


def _loss(point: np.ndarray, lost: Sequence[float], censored: Sequence[float]) -> float:
    alpha, beta = _from_plane(point)
    return -float(log_likelihood(float(alpha), float(beta), lost, censored))


def fit_sbg(lost_by_age: Sequence[float], censored_by_age: Sequence[float]) -> SBG:
    """Fit the shifted-beta-geometric model by maximum likelihood.

    Parameters
    ----------
    lost_by_age, censored_by_age : sequences of float
        Element 0 is age 1: how many were lost in the first period, and how many were last seen at the end of it. Cohorts of
        different ages are simply added.

    Returns
    -------
    SBG

    Raises
    ------
    MetricError
        When nobody was lost, or nobody stayed: the model then has no best fit.

    Notes
    -----
    Maximises :func:`log_likelihood` over log(alpha/beta) and log(alpha+beta). Source: Fader and Hardie (2007), who find
    alpha 0.668 and beta 3.806 for their High End customers, the example below.

    Examples
    --------
    >>> model = fit_sbg([131, 126, 90, 60, 42, 34, 26], [0, 0, 0, 0, 0, 0, 491])
    >>> round(model.alpha, 3), round(model.beta, 3)
    (0.668, 3.806)
    """
    from scipy.optimize import minimize

    lost, censored = tuple(float(v) for v in lost_by_age), tuple(float(v) for v in censored_by_age)
    _check(lost, censored)
    first = min(max(sum(lost) / (sum(lost) + sum(censored)), 0.02), 0.98)
    starts = [np.array([math.log(first / (1 - first)), total]) for total in (0.0, 2.0)]
    fits = [minimize(_loss, start, args=(lost, censored), method="Nelder-Mead", bounds=[(-_REACH, _REACH)] * 2,
                     options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000}) for start in starts]
    alpha, beta = _from_plane(min(fits, key=lambda fit: fit.fun).x)
    return SBG(float(alpha), float(beta), sum(lost) + sum(censored), lost, censored)


def _check(lost: tuple[float, ...], censored: tuple[float, ...]) -> None:
    if len(lost) != len(censored):
        raise MetricError(f"fit_sbg: {len(lost)} ages of losses and {len(censored)} of censored. Give one number for each age in both.")
    if min((*lost, *censored), default=0) < 0:
        raise MetricError("fit_sbg: counts must not be negative.")
    stayed = sum(lost[1:]) + sum(censored)
    if sum(lost) == 0 or stayed == 0:
        raise MetricError(f"fit_sbg: {sum(lost):g} were lost and {stayed:g} stayed beyond the first age; both must be above 0.")


def fit_sbg_from(subscriptions: Any, *, as_of: Any, until: int | None = None, customers: Any = None, by: str | None = None,
                 group: str | None = None, policy: Policy = Policy()) -> SBG:
    """Fit the model to a company's customers, in years of age.

    Parameters
    ----------
    subscriptions, as_of, customers, by, policy
        As in :func:`helpers.metrics.tenure.survival`.
    until : int, optional
        Use ages up to so many years only; who stayed beyond counts as censored there.
    group : str, optional
        With ``by``: the group to fit.

    Returns
    -------
    SBG
        Yearly ages.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [[f"c{i}", "2020-02-01", f"{2021 + i % 4}-02-01" if i % 3 else None, 100.0] for i in range(60)]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> model = fit_sbg_from(subs, as_of="2024-12-31", policy=Policy(complete_from_inception=True))
    >>> model.lost
    (10.0, 10.0, 10.0, 10.0)
    """
    _, groups = stays(subscriptions, as_of=as_of, customers=customers, by=by, policy=policy)
    name = "all" if group is None else group
    if name not in groups:
        raise MetricError(f"fit_sbg_from: no group {name!r}; there are {', '.join(map(repr, groups)) or 'no customers'}.")
    lost, censored = (counts[1:] for counts in counts_by_age(groups[name], 12))
    if until is not None and until < len(lost):
        beyond = sum(lost[until:]) + sum(censored[until:])
        lost, censored = lost[:until], [*censored[: until - 1], censored[until - 1] + beyond]
    return fit_sbg(lost, censored)
