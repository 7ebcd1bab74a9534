"""How sure one can be: intervals for shares, ratios and sums."""

from __future__ import annotations

import math
from statistics import NormalDist

from helpers.metrics.errors import MetricError


def z_value(level: float = 0.95) -> float:
    """Return the normal quantile of a two-sided interval: 1.96 for 95%.

    Examples
    --------
    >>> round(z_value(0.95), 4)
    1.96
    """
    if not 0 < level < 1:
        raise MetricError(f"level = {level!r} must lie between 0 and 1, such as 0.95.")
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson_interval(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a share ``k / n``.

    It stays between 0 and 1, and says something sensible when nobody or everybody did it: 0 of 10 gives 0 to 28%.

    Parameters
    ----------
    k, n : float
        How many did it, and how many could have (counts).
    level : float
        Confidence level.

    Returns
    -------
    (low, high) : tuple of float
        Shares; (nan, nan) when ``n`` is 0.

    Raises
    ------
    MetricError
        When ``k`` is below 0 or above ``n``.

    Notes
    -----
    With p = k/n and z the normal quantile: centre (p + z^2/2n) / (1 + z^2/n), half width
    z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n). Source: Wilson (1927), Probable inference, the law of succession, and
    statistical inference, JASA 22.

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.278)
    """
    if n == 0:
        return math.nan, math.nan
    if not 0 <= k <= n:
        raise MetricError(f"wilson_interval: {k} of {n} is no share; k must lie between 0 and n.")
    z, p = z_value(level), k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if k == 0 else max(0.0, centre - half)), (1.0 if k == n else min(1.0, centre + half))


def ratio_interval(
    n: float, x: float, y: float, xx: float, xy: float, yy: float, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a ratio of sums, sum(y) / sum(x), over ``n`` independent customers.

    Used for NRR and GRR: x is a customer's MRR at the start, y what is left of it. Large customers move such a ratio
    much, and this interval shows it, where a Wilson interval of the same n would not.

    Parameters
    ----------
    n, x, y, xx, xy, yy : float
        The number of customers and their sums of x, y, x^2, x*y, y^2.
    level : float
        Confidence level.

    Returns
    -------
    (low, high) : tuple of float
        (nan, nan) when there are fewer than two customers or sum(x) is 0.

    Notes
    -----
    Linearised estimator: var(R) = n/(n-1) * sum((y - R x)^2) / sum(x)^2, interval R +- z sqrt(var).
    Source: Cochran (1977), Sampling Techniques, 3rd edition, chapter 6.

    Examples
    --------
    >>> x, y = [100, 100, 100], [100, 50, 120]
    >>> sums = (sum(a * b for a, b in zip(s, t)) for s, t in ((x, x), (x, y), (y, y)))
    >>> low, high = ratio_interval(3, sum(x), sum(y), *sums)
    >>> round(low, 2), round(high, 2)
    (0.49, 1.31)
    """
    if n < 2 or x == 0:
        return math.nan, math.nan
    ratio = y / x
    scatter = max(0.0, yy - 2 * ratio * xy + ratio * ratio * xx)
    half = z_value(level) * math.sqrt(n / (n - 1) * scatter) / x
    return ratio - half, ratio + half


def nps_variance(promoters: float, detractors: float, n: float) -> float:
    """Return the variance of a net promoter score, as a fraction.

    Parameters
    ----------
    promoters, detractors : float
        Their shares, as fractions.
    n : float
        Answers.

    Returns
    -------
    float
        Variance of (promoters - detractors); NaN when ``n`` is 0.

    Raises
    ------
    MetricError
        When the shares are no fractions, or exceed 1 together.

    Notes
    -----
    (p + d - (p - d)^2) / n, which is (p(1-p) + d(1-d) + 2pd) / n. Source: cybaea.net, 2016-01-14.

    Examples
    --------
    >>> round(nps_variance(0.50, 0.17, 324) ** 0.5, 4)
    0.0416
    """
    if min(promoters, detractors) < 0 or promoters + detractors > 1:
        raise MetricError(f"nps_variance: shares {promoters!r} and {detractors!r} are no fractions of one whole. Write 50% as 0.50.")
    return (promoters + detractors - (promoters - detractors) ** 2) / n if n else math.nan


def poisson_of_counts(design, did, n):
    """Fit shares of counts on a logarithmic scale: log E(did / n) = design @ params.

    Parameters
    ----------
    design, did, n : arrays
        A row for each cell: its columns, how many did it, how many there are.

    Returns
    -------
    (params, covariance)
        As robust as if each of the n stood in a row of its own (Zou 2004): bread (sum of x x' n share), scatter did (1 - share)^2 + (n - did) share^2.

    Examples
    --------
    >>> import numpy as np
    >>> params, cover = poisson_of_counts(np.eye(2), np.array([20.0, 5.0]), np.array([40.0, 40.0]))
    >>> np.exp(params).round(3).tolist()
    [0.5, 0.125]
    """
    import warnings

    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    with warnings.catch_warnings():  # a fit that meets every cell is no fault
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        params = np.asarray(sm.GLM(did, design, family=sm.families.Poisson(), offset=np.log(n)).fit().params)
    share = np.exp(design @ params)
    bread = np.linalg.pinv(design.T @ (design * (n * share)[:, None]))
    scatter = did * (1 - share) ** 2 + (n - did) * share**2
    return params, bread @ (design.T @ (design * scatter[:, None])) @ bread
