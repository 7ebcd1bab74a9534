"""Unit economics: the few formulas whose variants are most often mixed up. Each takes values that know their period."""

from __future__ import annotations

import math

from helpers.metrics.errors import MetricError
from helpers.metrics.units import Price, Rate, same_period


def ltv_simple(arpa: Price, churn: Rate) -> float:
    """Return lifetime value, the simple variant: revenue of one customer over its expected stay.

    Parameters
    ----------
    arpa : Price
        Revenue of an average account in a period.
    churn : Rate
        Share of accounts lost in the same period.

    Returns
    -------
    float
        Natural units; NaN when nobody is lost, for then it has no end.

    Raises
    ------
    MetricError
        When the periods differ: monthly churn and yearly price make a value twelve times too large.

    Notes
    -----
    arpa / churn. Takes churn as constant for ever and leaves out the cost of service. Source: ChartMogul help 203359061;
    learn.profitwell.com, lifetime value.

    Examples
    --------
    >>> ltv_simple(Price(100, "month"), Rate(0.05, "month"))
    2000.0
    """
    same_period(arpa, churn)
    return arpa.amount / churn.value if churn.value else math.nan


def ltv_finite_horizon(arpa: Price, churn: Rate, periods: int) -> float:
    """Return lifetime value over so many periods and no longer: the safest variant for a young company.

    Parameters
    ----------
    arpa, churn
        As in :func:`ltv_simple`.
    periods : int
        Periods counted, in the period of ``arpa`` and ``churn``.

    Returns
    -------
    float
        Natural units.

    Notes
    -----
    arpa (1 - (1 - c)^n) / c; n arpa when nobody is lost. The first period is paid in full.

    Examples
    --------
    >>> round(ltv_finite_horizon(Price(100, "month"), Rate(0.03, "month"), 36), 4)
    2219.9078
    """
    same_period(arpa, churn)
    if periods < 1:
        raise MetricError(f"ltv_finite_horizon: periods = {periods!r} must be 1 or more.")
    return arpa.amount * (1 - (1 - churn.value) ** periods) / churn.value if churn.value else arpa.amount * periods


def magic_number(revenue: float, revenue_before: float, sales_and_marketing_before: float) -> float:
    """Return the magic number, Scale's variant: new yearly revenue for each unit of sales and marketing a quarter before.

    Parameters
    ----------
    revenue, revenue_before : float
        Revenue of a quarter and of the quarter before.
    sales_and_marketing_before : float
        Sales and marketing cost of the quarter before.

    Returns
    -------
    float
        Ratio, higher is better; NaN when nothing was spent.

    Notes
    -----
    (revenue - revenue before) x 4 / sales and marketing before. Its inverse is a cost of growth, where lower is better: the two
    go by similar names. Source: Scale Venture Partners.

    Examples
    --------
    >>> magic_number(120, 100, 80)
    1.0
    """
    return (revenue - revenue_before) * 4 / sales_and_marketing_before if sales_and_marketing_before else math.nan
