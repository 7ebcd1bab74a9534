"""The first money plan: what costs and receipts make of the cash in 24 months, what to raise, when to begin, what it sells.

Costs and receipts grow by a constant share each month, which is how a company without a history can be planned; from the
first book of customers on, :mod:`helpers.models.plan` takes over. What each round has to prove (rounds.yaml) is our own
reconstruction: the chapter on fundraising in Wu Hao's book could not be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from helpers.models._guards import check_not_negative, check_positive, check_share
from helpers.models.plan import dilution

MONTHS = 24
ROUNDS = Path(__file__).with_name("rounds.yaml")


@dataclass(frozen=True, kw_only=True)
class CashPlan:
    """Money in the bank, and what leaves and enters it.

    Parameters
    ----------
    cash : float
        Balance at the start.
    costs, receipts : float
        Paid out and paid by customers in the last month before the start.
    costs_growth, receipts_growth : float
        Growth in a month, as a share; 0.08 is 8%.
    costs_spread, receipts_spread : float
        How unsure the two growth rates are: one standard deviation.
    hires : tuple of (month, heads, cost of one head in a month)
        People who join on top of the growth, paid from that month (1 to 24) on.

    Raises
    ------
    ValueError
        Where money is below 0, a month lies outside the plan, or a growth rate would shrink by more than everything.
    """

    cash: float
    costs: float
    receipts: float = 0.0
    costs_growth: float = 0.0
    receipts_growth: float = 0.0
    costs_spread: float = 0.0
    receipts_spread: float = 0.0
    hires: tuple = ()

    def __post_init__(self):
        for name in ("cash", "costs", "receipts", "costs_spread", "receipts_spread"):
            check_not_negative(name, getattr(self, name))
        for name in ("costs_growth", "receipts_growth"):
            if not -1 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name):g}: it is a share a month, so write 0.08 for 8 percent")
        for month, heads, cost in self.hires:
            if not 1 <= month <= MONTHS or heads < 0 or cost < 0:
                raise ValueError(f"hires has {(month, heads, cost)}: write (month from 1 to {MONTHS}, heads, cost of one in a month)")


@dataclass(frozen=True)
class CashPath:
    """A money plan month by month: arrays of shape (24,), or (24, draws)."""

    costs: np.ndarray
    receipts: np.ndarray
    cash: np.ndarray
    opening: float

    @property
    def out_month(self) -> np.ndarray | float:
        """Months until the money is gone, straight within the month; NaN where it lasts."""
        from helpers.models.plan import cash_out

        table = self.cash if self.cash.ndim == 2 else self.cash[:, None]
        gone = cash_out(table, np.full(table.shape[1], self.opening))
        return gone if self.cash.ndim == 2 else float(gone[0])


def measured_cash_plan(cash, costs, rounds=None, *, months: int = 6, receipts_growth: float = 0.0,
                       receipts_spread: float = 0.0) -> CashPlan:
    """The money plan that the last months of a company's own books give.

    Parameters
    ----------
    cash, costs, rounds : pandas DataFrame
        Tables of that name: month, balance; month, amount; on, amount.
    months : int
        How many months the growth of costs is read from.
    receipts_growth, receipts_spread : float
        A guess: early receipts are too few and too uneven to have a growth rate.

    Returns
    -------
    CashPlan
        Costs as the straight line through their logarithms gives them for the last month, with its slope and the slope's
        standard error; receipts as the mean of costs less burn over the same months.

    Raises
    ------
    ValueError
        When the two tables share fewer months than asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.date_range("2024-01-01", periods=7, freq="MS")
    >>> book = pd.DataFrame({"month": at, "balance": [1000.0, 910, 820, 730, 640, 550, 460]})
    >>> paid = pd.DataFrame({"month": at, "amount": 100.0})
    >>> plan = measured_cash_plan(book, paid)
    >>> plan.cash, round(plan.costs, 6), plan.receipts, abs(round(plan.costs_growth, 6))
    (460.0, 100.0, 10.0, 0.0)
    """
    from helpers.metrics.runway import growth_of, monthly_burn

    burn = monthly_burn(cash, rounds).set_index("month")
    paid = costs.groupby("month")["amount"].sum().reindex(burn.index).tail(months)
    if len(paid) < months or paid.isna().any():
        raise ValueError(f"the tables cash and costs share {int(paid.notna().sum())} of the last {months} months; bring them, or ask for fewer")
    level, rate = growth_of(paid)
    came_in = float((paid - burn["burn"].tail(months)).mean())
    return CashPlan(cash=max(float(burn["closing"].iloc[-1]), 0.0), costs=level, receipts=max(came_in, 0.0), costs_growth=rate,
                    costs_spread=_error_of_slope(np.log(paid.to_numpy())), receipts_growth=receipts_growth, receipts_spread=receipts_spread)


def _error_of_slope(values) -> float:
    """Standard error of the slope of a straight line through equally spaced values."""
    from scipy.stats import linregress

    return float(linregress(np.arange(len(values)), values).stderr) if len(values) > 2 else 0.0


def cash_ahead(plan: CashPlan, *, months: int = MONTHS) -> CashPath:
    """The balance in each of the next months.

    ``cash(t) = cash + sum over 1..t of receipts(1+g)^t - costs(1+c)^t - pay of those hired``

    Examples
    --------
    >>> path = cash_ahead(CashPlan(cash=1000, costs=100, receipts=20))
    >>> path.cash[:2].tolist(), path.out_month
    ([920.0, 840.0], 12.5)
    """
    return _path(plan, np.array([plan.costs_growth]), np.array([plan.receipts_growth]), months, flat=True)


def cash_draws(plan: CashPlan, *, rng: np.random.Generator, draws: int = 2000, months: int = MONTHS) -> CashPath:
    """The same with the two growth rates drawn from their spread: arrays of shape (months, draws).

    Examples
    --------
    >>> sure = CashPlan(cash=1000, costs=100)
    >>> bool(np.allclose(cash_draws(sure, rng=np.random.default_rng(1), draws=3).cash[:, 0], cash_ahead(sure).cash))
    True
    """
    out, into = rng.standard_normal((2, draws))
    least = -0.99
    return _path(plan, np.maximum(plan.costs_growth + plan.costs_spread * out, least),
                 np.maximum(plan.receipts_growth + plan.receipts_spread * into, least), months)


def _path(plan, costs_growth, receipts_growth, months, flat=False):
    at = np.arange(1, months + 1)[:, None]
    hired = sum((heads * cost * (at >= month) for month, heads, cost in plan.hires), np.zeros_like(at, float))
    costs = plan.costs * (1 + costs_growth) ** at + hired
    receipts = plan.receipts * (1 + receipts_growth) ** at
    cash = plan.cash + np.cumsum(receipts - costs, axis=0)
    parts = (part[:, 0] if flat else part for part in (costs, receipts, cash))
    return CashPath(*parts, plan.cash)


def growth_cases(plan: CashPlan) -> dict[str, CashPlan]:
    """Three cases for a board: nobody new, as in the last months, and half as fast again; receipts grow alike in all three.

    They are ours. Receipts do not follow the faster hiring, because what early hires build is sold later than 24 months
    may show; move ``receipts_growth`` where you know better.

    Examples
    --------
    >>> [round(case.costs_growth, 3) for case in growth_cases(CashPlan(cash=1, costs=1, costs_growth=0.05)).values()]
    [0.0, 0.05, 0.075]
    """
    steady = replace(plan, costs_growth=0.0, costs_spread=0.0, hires=())
    return {"nobody new": steady, "as in the last months": plan, "half as fast again": replace(plan, costs_growth=1.5 * plan.costs_growth)}


@dataclass(frozen=True)
class Ask:
    """What a plan asks of investors.

    Parameters
    ----------
    amount : float
        Carries the plan to its end with the reserve still there; 0 where nothing is needed.
    reserve : float
        What is to be left at the lowest point.
    out_month, begin_month : float
        When the money is gone without a round; the last month to begin raising, below 0 when that month has passed. NaN
        where it lasts.
    """

    amount: float
    reserve: float
    out_month: float
    begin_month: float

    def sells(self, pre_money: float) -> float:
        """The share of the company that it costs at this value before the money."""
        return dilution(self.amount, pre_money) if self.amount else 0.0


def ask(plan: CashPlan, *, months: int = MONTHS, reserve_months: float = 3, months_to_raise: float = 6) -> Ask:
    """The round that a money plan asks for.

    ``amount = reserve - lowest balance``, the reserve being ``reserve_months`` of the last month's costs;
    ``begin = month in which the money is gone - months_to_raise``. Both lengths are ours: nobody lends to a company that has
    stopped paying, and a round takes about half a year from the first talk to the money.

    Examples
    --------
    >>> ask(CashPlan(cash=1000, costs=100, receipts=20))
    Ask(amount=1220.0, reserve=300.0, out_month=12.5, begin_month=6.5)
    """
    check_not_negative("reserve_months", reserve_months)
    check_not_negative("months_to_raise", months_to_raise)
    path = cash_ahead(plan, months=months)
    reserve, lowest = reserve_months * float(path.costs[-1]), float(min(path.cash.min(), plan.cash))
    gone = path.out_month
    return Ask(max(0.0, reserve - lowest), reserve, gone, gone - months_to_raise)


def founders_keep(rounds) -> float:
    """The share that is left to those who were there before: the product of what each round leaves.

    Parameters
    ----------
    rounds : iterable of (amount, value before the money)

    Examples
    --------
    >>> founders_keep([(20, 80), (25, 75)])
    0.6000000000000001
    """
    left = 1.0
    for amount, pre_money in rounds:
        left *= 1 - dilution(amount, pre_money)
    return left


def stop_month(plan: CashPlan, *, wind_down_months: float = 3, months: int = MONTHS) -> float:
    """The last month-end at which the balance still pays for an orderly end: everybody paid for ``wind_down_months``.

    0 where it does not even today; NaN where it does for the whole plan. The rule is ours.

    Examples
    --------
    >>> stop_month(CashPlan(cash=1000, costs=100))
    7.0
    """
    check_not_negative("wind_down_months", wind_down_months)
    path = cash_ahead(plan, months=months)
    costs = np.concatenate([[plan.costs], path.costs])
    enough = np.concatenate([[plan.cash], path.cash]) >= wind_down_months * costs
    return math.nan if enough.all() else float(max(np.argmin(enough) - 1, 0))


def worth(sales: float, *, profit_share: float = 0.1, price_to_profit: float = 20, price_to_sales: float = 10,
          renewal: float = 1.0, least_renewal: float = 0.7) -> float:
    """What a company with these yearly sales is worth by Wu Hao's arithmetic: sales times ten, or profit times twenty.

    A company whose money renewal lies below 70% is valued on its profit like any other. The multiples are those of his
    example; the weather changes them.

    Examples
    --------
    >>> worth(10, renewal=0.9), worth(10, renewal=0.6)
    (100, 20.0)
    """
    check_not_negative("sales", sales)
    check_share("profit_share", profit_share)
    check_positive("price_to_sales", price_to_sales)
    return sales * price_to_sales if renewal >= least_renewal else sales * profit_share * price_to_profit


@cache
def proofs() -> tuple[dict, ...]:
    """What each round has to prove, in order: name, stage, proves, buys, measured_by, source. Ours, and marked so.

    Examples
    --------
    >>> [one["name"] for one in proofs()][:2]
    ['idea money', 'seed']
    """
    return tuple(yaml.safe_load(ROUNDS.read_text(encoding="utf-8"))["rounds"])
