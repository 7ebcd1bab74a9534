"""What a growth rate means: years to an amount, the path of new and kept fees, and what growth is worth.

Growth compounds. Whoever adds the same amount each year gets there later than whoever adds the same share, and retention decides
how much of each year's work is still there in the next. Yearly steps; all formulas are ours except T2D3.
"""

from __future__ import annotations

import math

import numpy as np

from helpers.models._guards import check_not_negative, check_positive

T2D3 = (2.0, 6.0, 18.0, 36.0, 72.0, 144.0)
T2D3_SOURCE = "Neeraj Agrawal, Battery Ventures, TechCrunch, February 2015: million dollars of ARR at the ends of six years"
LIMIT = 60  # years beyond which "never" is the honest word


def years_to(now: float, target: float, growth: float) -> float:
    """Years until an amount that grows by the same share each year reaches a target: ln(target / now) / ln(1 + growth).

    Parameters
    ----------
    now, target : float
        In the same currency, above 0.
    growth : float
        Share a year; 0.5 is half as much again.

    Returns
    -------
    float
        0 where the target is reached already, infinity where it never is.

    Raises
    ------
    ValueError
        Where an amount is not above 0, or more than all is lost.

    Examples
    --------
    >>> round(years_to(10, 100, 0.5), 2), years_to(10, 100, 0.0), years_to(100, 10, -0.5)
    (5.68, inf, 0.0)
    """
    check_positive("now", now)
    check_positive("target", target)
    if growth <= -1:
        raise ValueError(f"growth is {growth:g}: it must be above -1")
    if target <= now:
        return 0.0
    return math.log(target / now) / math.log1p(growth) if growth > 0 else math.inf


def years_by_adding(now: float, target: float, growth: float) -> float:
    """The same with the first year's gain added every year: (target / now - 1) / growth. The mistake, not the method.

    Examples
    --------
    >>> years_by_adding(10, 100, 0.5)
    18.0
    """
    check_positive("now", now)
    if target <= now:
        return 0.0
    return (target / now - 1) / growth if growth > 0 else math.inf


def arr_path(now: float, new: float, *, new_growth: float, retention: float, years: int) -> tuple[np.ndarray, np.ndarray]:
    """ARR at the ends of years from what is kept and what is won.

    ARR_t = retention x ARR_(t-1) + N_t with N_t = new x (1 + new_growth)^(t-1).

    Parameters
    ----------
    now : float
        ARR today.
    new : float
        ARR won from new customers in the coming year.
    new_growth : float
        By what share the yearly win grows.
    retention : float
        What the customers of a year ago pay a year later (NRR).
    years : int

    Returns
    -------
    arr : array of years + 1
        Today first.
    won : array of years

    Examples
    --------
    >>> arr, won = arr_path(100, 50, new_growth=0.0, retention=0.5, years=3)
    >>> arr.tolist()
    [100.0, 100.0, 100.0, 100.0]
    """
    check_not_negative("now", now)
    check_not_negative("new", new)
    check_not_negative("retention", retention)
    won = new * (1 + new_growth) ** np.arange(years)
    arr = np.empty(years + 1)
    arr[0] = now
    for year in range(years):
        arr[year + 1] = retention * arr[year] + won[year]
    return arr, won


def years_on_path(arr: np.ndarray, target: float) -> float:
    """When a path first reaches a target, years from its start; between two year ends as if it grew by a constant share. Infinity if it does not.

    Examples
    --------
    >>> years_on_path(np.array([10.0, 20.0, 40.0]), 20.0), years_on_path(np.array([10.0, 12.0]), 20.0)
    (1.0, inf)
    """
    if arr[0] >= target:
        return 0.0
    there = np.flatnonzero(arr >= target)
    if there.size == 0:
        return math.inf
    year = int(there[0])
    return year - 1 + math.log(target / arr[year - 1]) / math.log(arr[year] / arr[year - 1]) if arr[year - 1] > 0 else float(year)


def ceiling(new: float, retention: float) -> float:
    """Where ARR stops when the same is won every year: new / (1 - retention); infinity at full retention and above.

    Examples
    --------
    >>> ceiling(20, 0.5), ceiling(20, 1.0)
    (40.0, inf)
    """
    return new / (1 - retention) if retention < 1 else math.inf


def worth(new_share: float, *, new_growth: float, retention: float, margin: float, cost_to_win: float, interest: float = 0.12,
          years: int = 10) -> float:
    """What one unit of ARR, with what it will win and keep, is worth today.

    Sum over the years of (margin x ARR_t - cost_to_win x N_t) / (1 + interest)^t, and after the last year the base alone:
    margin x ARR_T x retention / (1 + interest - retention), brought back to today. Retention of the tail is capped at 1.

    Parameters
    ----------
    new_share : float
        New ARR of the coming year for each unit of ARR today.
    new_growth, retention : float
        As in :func:`arr_path`.
    margin : float
        Share of fees left after serving them.
    cost_to_win : float
        Money spent for each unit of new ARR.
    interest : float
    years : int

    Returns
    -------
    float
        Units of money for each unit of ARR today.

    Notes
    -----
    Ours. Without new customers it is margin x retention / (1 + interest - retention), the formula of chapter 11.

    Examples
    --------
    >>> round(worth(0, new_growth=0, retention=0.8, margin=0.5, cost_to_win=1), 3) == round(0.5 * 0.8 / 0.32, 3)
    True
    """
    check_positive("interest", interest)
    arr, won = arr_path(1.0, new_share, new_growth=new_growth, retention=retention, years=years)
    factor = (1 + interest) ** -np.arange(1, years + 1)
    kept = min(retention, 1.0)
    tail = margin * arr[-1] * kept / (1 + interest - kept) * factor[-1]
    return float(((margin * arr[1:] - cost_to_win * won) * factor).sum() + tail)
