"""The path as arithmetic: what a year of it brings, what ten per cent more at one step would add, and where capacity ends it.

Everything is expected value in closed form, so that it can be drawn while a slider moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

YEAR = 12
OUTCOMES = ("new", "lifetime")


@dataclass(frozen=True)
class SalesPath:
    """A path from leads to what customers pay over some years.

    Parameters
    ----------
    leads : float
        Leads a month.
    rates : tuple of (str, float)
        The steps that turn a lead into a deal for a rep, in order, each with the share that takes it.
    win : float
        Share of the deals worked that sign.
    price : float
        First yearly fee of a new customer, money.
    kept : float
        Share of a customer's fee that is still paid a year later.
    capacity : float
        Deals a month that the reps can work; what comes beyond is not worked. ``inf``: no limit.
    swing : float
        Standard deviation of a month's deals over their mean.
    years : int
        For how many years a new customer's fees are counted.

    Examples
    --------
    >>> path = SalesPath(1000, (("MQL", 0.4), ("SQL", 0.5)), win=0.3, price=10_000, kept=0.8)
    >>> deals_of(path), signed_of(path), brings(path, "new")
    (200.0, 60.0, 7200000.0)
    """

    leads: float
    rates: tuple[tuple[str, float], ...]
    win: float
    price: float
    kept: float
    capacity: float = math.inf
    swing: float = 0.0
    years: int = 5

    def __post_init__(self) -> None:
        check_not_negative("leads", self.leads)
        check_not_negative("swing", self.swing)
        check_positive("price", self.price)
        check_positive("years", self.years)
        for name, share in (*self.rates, ("win", self.win), ("kept", self.kept)):
            check_share(name, share)
        if not self.capacity >= 0:
            raise ValueError(f"capacity is {self.capacity:g}: it must be 0 or more, inf for no limit")

    @property
    def steps(self) -> tuple[str, ...]:
        """What can be changed: leads, each rate, win, price, kept."""
        return ("leads", *(name for name, _ in self.rates), "win", "price", "kept")


def expected_lesser(mean, limit, deviation):
    """Return the expectation of the lesser of a normal quantity and a limit.

    Parameters
    ----------
    mean, limit, deviation : float or array
        Units alike; ``deviation`` 0 gives the plain lesser of the two.

    Notes
    -----
    E min(X, c) = m - s (phi(z) - z (1 - Phi(z))) with z = (c - m) / s. It is below min(m, c): a month with too many does not make up
    for one with too few. Source: the loss function of the newsvendor, any text on inventories.

    Examples
    --------
    >>> round(expected_lesser(100, 100, 10), 3), expected_lesser(80, 100, 0), round(expected_lesser(100, 200, 10), 3)
    (96.011, 80.0, 100.0)
    """
    if not deviation or math.isinf(limit):
        return float(min(mean, limit))
    z, normal = (limit - mean) / deviation, NormalDist()
    return float(mean - deviation * (normal.pdf(z) - z * (1 - normal.cdf(z))))


def deals_of(path: SalesPath) -> float:
    """Return the deals a month that leads become: ``leads * product of rates``."""
    return path.leads * math.prod(share for _, share in path.rates)


def worked_of(path: SalesPath) -> float:
    """Return the deals a month that reps can work: the expected lesser of the deals and the capacity.

    Examples
    --------
    >>> path = SalesPath(1000, (("SQL", 0.2),), win=0.3, price=1, kept=0.8, capacity=150)
    >>> worked_of(path), worked_of(replace(path, capacity=math.inf))
    (150.0, 200.0)
    """
    deals = deals_of(path)
    return expected_lesser(deals, path.capacity, path.swing * deals)


def signed_of(path: SalesPath) -> float:
    """Return new customers a month: ``deals worked * win``."""
    return worked_of(path) * path.win


def lifetime_of(path: SalesPath) -> float:
    """Return what a new customer pays over the years, money: ``price * sum of kept ** k, k = 0 .. years - 1``.

    Examples
    --------
    >>> lifetime_of(SalesPath(1, (), win=1, price=100, kept=0.5, years=3))
    175.0
    """
    return path.price * float((path.kept ** np.arange(path.years)).sum())


def brings(path: SalesPath, outcome: str = "lifetime") -> float:
    """Return what twelve months of leads bring, money.

    Parameters
    ----------
    outcome : {"new", "lifetime"}
        New yearly fees, or all that these customers pay over ``path.years``.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome is {outcome!r}: choose one of {', '.join(OUTCOMES)}")
    return YEAR * signed_of(path) * (path.price if outcome == "new" else lifetime_of(path))


def lifted(path: SalesPath, step: str, lift: float = 0.10) -> SalesPath:
    """Return the path with one step better by a share of itself; a share stops at 1.

    Examples
    --------
    >>> path = SalesPath(1000, (("SQL", 0.2),), win=0.3, price=100, kept=0.95)
    >>> lifted(path, "SQL").rates[0][1], lifted(path, "kept").kept
    (0.22000000000000003, 1.0)
    """
    if step not in path.steps:
        raise ValueError(f"step is {step!r}: this path has {', '.join(path.steps)}")
    if step in ("leads", "price"):
        return replace(path, **{step: getattr(path, step) * (1 + lift)})
    if step in ("win", "kept"):
        return replace(path, **{step: min(1.0, getattr(path, step) * (1 + lift))})
    return replace(path, rates=tuple((name, min(1.0, share * (1 + lift)) if name == step else share) for name, share in path.rates))


def gains(path: SalesPath, *, lift: float = 0.10, outcome: str = "lifetime", steps: Sequence[str] | None = None) -> dict[str, float]:
    """Return by what share the outcome grows when one step at a time grows by ``lift`` of itself.

    Notes
    -----
    brings(lifted(path, step)) / brings(path) - 1. Divided by ``lift`` it is the elasticity: 1 for every step before a limit, 0 for those before a
    limit that binds, above 1 for what compounds.

    Examples
    --------
    >>> path = SalesPath(1000, (("SQL", 0.2),), win=0.3, price=100, kept=0.8, capacity=200)
    >>> {step: round(gain, 3) for step, gain in gains(path).items()}
    {'leads': 0.0, 'SQL': 0.0, 'win': 0.1, 'price': 0.1, 'kept': 0.171}
    """
    now = brings(path, outcome)
    if not now:
        raise ValueError("this path brings nothing, so no share of it can be told: leads, rates, win and capacity must be above 0")
    return {step: brings(lifted(path, step, lift), outcome) / now - 1 for step in steps or path.steps}


def gain_of_good(path: SalesPath, *, good: float, kept_good: float, kept_other: float, lift: float = 0.10) -> float:
    """Return by what share the fees of the years grow when more good contracts are signed, and no more of the others.

    Parameters
    ----------
    path : SalesPath
        Its ``kept`` is not used; the two below are.
    good : float
        Share of the contracts that are good.
    kept_good, kept_other : float
        Share of the fee that is still paid a year later, of good contracts and of the others.
    lift : float
        By what share of themselves the good contracts grow in number.

    Notes
    -----
    lift * g L(kept_good) / (g L(kept_good) + (1 - g) L(kept_other)), L as in :func:`lifetime_of`.

    Examples
    --------
    >>> path = SalesPath(1, (), win=1, price=1, kept=0.8)
    >>> round(gain_of_good(path, good=0.5, kept_good=0.8, kept_other=0.8), 3), round(gain_of_good(path, good=1, kept_good=0.8, kept_other=0.7), 3)
    (0.05, 0.1)
    """
    check_share("good", good)
    ours, others = (lifetime_of(replace(path, kept=kept)) for kept in (kept_good, kept_other))
    return lift * good * ours / (good * ours + (1 - good) * others)
