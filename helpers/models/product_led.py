"""Growing by the product or by a sales team: one set of equations for the J and the S, and the cost and time to the same ARR.

Concepts T01 and T02 (Tian Yuan). He names the causes - a free and good product, word of mouth, conversion - and gives no equations;
these are ours, with k and cycle as in Skok and Reiss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

YEAR = 12


@dataclass(frozen=True)
class ProductLed:
    """A product that brings, keeps and converts its users.

    Parameters
    ----------
    sign_ups_per_month : float
        Users who come of themselves, uninvited, while the market is empty.
    activated_share : float
        Of those who sign up, the share that really uses it.
    invitations_per_active : float
        Invitations that an activated user sends.
    accepted_share : float
        Of invitations, those that bring a sign-up.
    cycle_months : float
        From signing up to the sign-up of those one invites.
    paying_share : float
        Of activated users, the share that becomes a paying customer.
    months_to_pay : float
        From activation to the first payment.
    months_active : float
        Mean time that an activated user who does not pay stays.
    price_per_year : float
        Money a paying customer brings in a year.
    yearly_retention : float
        What a unit of ARR is worth a year later (NRR).
    market_users : float
        Users that could ever sign up; infinite where there is no limit in sight.
    cost_per_active_month : float
        Serving one active user who does not pay, for a month.
    cost_per_sign_up : float
        Money spent on each sign-up that was not invited.
    cost_per_invited : float
        Reward for each accepted invitation.
    team_cost_per_month : float
        People who do nothing else but make the free product grow.

    Examples
    --------
    >>> ProductLed(100, activated_share=0.5, invitations_per_active=4, accepted_share=0.25).k
    0.5
    """

    sign_ups_per_month: float
    activated_share: float = 0.5
    invitations_per_active: float = 2.0
    accepted_share: float = 0.25
    cycle_months: float = 1.0
    paying_share: float = 0.05
    months_to_pay: float = 3.0
    months_active: float = 6.0
    price_per_year: float = 100.0
    yearly_retention: float = 0.9
    market_users: float = math.inf
    cost_per_active_month: float = 0.0
    cost_per_sign_up: float = 0.0
    cost_per_invited: float = 0.0
    team_cost_per_month: float = 0.0

    def __post_init__(self):
        for name in ("activated_share", "accepted_share", "paying_share"):
            check_share(name, getattr(self, name))
        for name in ("cycle_months", "months_active", "price_per_year"):
            check_positive(name, getattr(self, name))
        for name in ("sign_ups_per_month", "invitations_per_active", "months_to_pay", "yearly_retention", "cost_per_active_month",
                     "cost_per_sign_up", "cost_per_invited", "team_cost_per_month"):
            check_not_negative(name, getattr(self, name))
        if not self.market_users > 0:
            raise ValueError(f"market_users is {self.market_users:g}: it must be above 0; leave it out where no limit is in sight")

    @property
    def k(self) -> float:
        """Sign-ups that each sign-up brings in an empty market: activated x invitations x accepted."""
        return self.activated_share * self.invitations_per_active * self.accepted_share

    def with_k(self, k: float) -> ProductLed:
        """The same product with more or fewer invitations, so that k is as given.

        Examples
        --------
        >>> round(ProductLed(100).with_k(1.2).k, 6)
        1.2
        """
        check_positive("activated_share x accepted_share", self.activated_share * self.accepted_share)
        return replace(self, invitations_per_active=k / (self.activated_share * self.accepted_share))


@dataclass(frozen=True)
class SalesLed:
    """A sales team that meets and persuades.

    Parameters
    ----------
    reps : float
        Hired on the first day.
    hired_per_month : float
        Reps hired in each later month.
    ramp_months : float
        Until a rep has full output; it rises in a straight line.
    output_per_month : float
        New ARR of a mature rep in a month, money.
    cost_per_rep_month : float
        All that selling costs, for each rep: pay, managers and support, leads, marketing.
    yearly_retention : float
        What a unit of ARR is worth a year later (NRR).
    """

    reps: float
    hired_per_month: float = 0.0
    ramp_months: float = 3.0
    output_per_month: float = 1.0
    cost_per_rep_month: float = 1.0
    yearly_retention: float = 0.9

    def __post_init__(self):
        for name in ("reps", "hired_per_month", "ramp_months", "output_per_month", "cost_per_rep_month", "yearly_retention"):
            check_not_negative(name, getattr(self, name))


@dataclass(frozen=True)
class Path:
    """A way to the market, month by month; every array has ``months + 1`` values, the first for the day of the start.

    Attributes
    ----------
    signed_up, active, customers : arrays of users
        Signed up in all; active and not paying; paying customers. Zero for a sales team.
    arr : array, money
    cost : array, money
        In all since the start.
    serving_free : array, money
        The part of ``cost`` that went into serving users who do not pay.
    """

    signed_up: np.ndarray
    active: np.ndarray
    customers: np.ndarray
    arr: np.ndarray
    cost: np.ndarray
    serving_free: np.ndarray

    @property
    def new_users(self) -> np.ndarray:
        """Sign-ups of each month, one value fewer."""
        return np.diff(self.signed_up)


def grow(way: ProductLed, months: int = 60, *, start_users: float = 0.0) -> Path:
    """Follow a product-led way.

    Parameters
    ----------
    way : ProductLed
    months : int
    start_users : float
        Users on the first day, who begin to invite.

    Returns
    -------
    Path

    Notes
    -----
    In steps of one cycle: new(j) = (own x cycle + k new(j-1)) (1 - signed up / market). Below k = 1 and in an empty market the
    sign-ups settle at own / (1 - k) a month: a straight line. Above it they grow by k each cycle, a J, until the market fills and
    the same equation draws an S. Free active users fade with ``months_active``; a share of the activated pays after
    ``months_to_pay``. Months between cycles are read off in a straight line. Without ``own`` and market it is the sum of Skok and
    Reiss, start (k^(n+1) - 1) / (k - 1).

    Examples
    --------
    >>> line = grow(ProductLed(100, activated_share=0.5, invitations_per_active=4, accepted_share=0.25), 36)
    >>> round(line.new_users[-1])
    200
    """
    steps = math.ceil(months / way.cycle_months) + 1
    new, own = _sign_ups(way, steps, start_users)
    activated = way.activated_share * new
    stay = math.exp(-way.cycle_months / way.months_active)
    free = _decayed((1 - way.paying_share) * activated, stay)
    lag = round(way.months_to_pay / way.cycle_months)
    won = np.concatenate([np.zeros(lag), way.paying_share * activated])[:len(new)]
    kept = way.yearly_retention ** (way.cycle_months / YEAR)
    customers = _decayed(won, kept)
    serving = np.cumsum(free * way.cycle_months * way.cost_per_active_month)
    spent = np.cumsum(own * way.cost_per_sign_up + (new - own) * way.cost_per_invited)
    times, wanted = np.arange(len(new)) * way.cycle_months, np.arange(months + 1)
    signed, free, customers, serving, spent = (np.interp(wanted, times, line)
                                               for line in (np.cumsum(new), free, customers, serving, spent))
    cost = serving + spent + way.team_cost_per_month * wanted
    return Path(signed, free, customers, customers * way.price_per_year, cost, serving)


def _sign_ups(way: ProductLed, steps: int, start_users: float) -> tuple[np.ndarray, np.ndarray]:
    """Sign-ups of each cycle, and those of them that were not invited."""
    new, own = np.zeros(steps + 1), np.zeros(steps + 1)
    new[0], total, each = start_users, start_users, way.sign_ups_per_month * way.cycle_months
    for step in range(1, steps + 1):
        room = max(1 - total / way.market_users, 0.0)
        own[step] = each * room
        new[step] = min(own[step] + way.k * new[step - 1] * room, max(way.market_users - total, 0.0))
        total += new[step]
    return new, own


def _decayed(arrivals: np.ndarray, stay: float) -> np.ndarray:
    """A stock to which arrivals come and of which a share stays each step."""
    stock = np.zeros(len(arrivals))
    for step, came in enumerate(arrivals):
        stock[step] = (stock[step - 1] * stay if step else 0.0) + came
    return stock


def sell(way: SalesLed, months: int = 60) -> Path:
    """Follow a sales-led way.

    Returns
    -------
    Path

    Notes
    -----
    ARR(t) = ARR(t-1) x retention + sum over reps of output x min((months since hiring) / ramp, 1); cost = reps x cost. A market
    without limit and reps who stay: kind to the sales team, as the other way is to the product.

    Examples
    --------
    >>> team = sell(SalesLed(2, ramp_months=0, output_per_month=10, cost_per_rep_month=5, yearly_retention=1), 3)
    >>> team.arr, team.cost
    (array([ 0., 20., 40., 60.]), array([ 0., 10., 20., 30.]))
    """
    tenure = np.arange(1, months + 1)
    ramp = np.minimum(tenure / way.ramp_months, 1.0) if way.ramp_months else np.ones(months)
    hired = np.r_[way.reps, np.full(max(months - 1, 0), way.hired_per_month)][:months]
    mature = np.convolve(hired, ramp)[:months]
    arr = _decayed(np.r_[0.0, mature * way.output_per_month], way.yearly_retention ** (1 / YEAR))
    cost = np.r_[0.0, np.cumsum(np.cumsum(hired) * way.cost_per_rep_month)]
    none = np.zeros(months + 1)
    return Path(none, none, none, arr, cost, none)


def combine(product: ProductLed, sales: SalesLed, months: int = 60, *, lift: float = 0.0,
            actives_per_rep: float = 10.0) -> Path:
    """Follow both at once: the product wins small customers by itself, reps call where people use it already.

    Parameters
    ----------
    product, sales
    months : int
    lift : float
        By how much a rep's output rises when all calls go to accounts that use the product; a share.
    actives_per_rep : float
        Free active users that a rep needs to have enough of such calls; with fewer the lift shrinks in proportion.

    Returns
    -------
    Path

    Notes
    -----
    Tian Yuan: when enough personal accounts of one firm have gathered, sales steps in. He gives no figure; lift and need are the
    reader's. Without lift the two ways simply add up.

    Examples
    --------
    >>> team = SalesLed(2, ramp_months=0, output_per_month=10, cost_per_rep_month=5, yearly_retention=1)
    >>> float(combine(ProductLed(0), team, 3).arr[-1])
    60.0
    """
    check_not_negative("lift", lift)
    one, two = grow(product, months), sell(sales, months)
    reps = sales.reps + sales.hired_per_month * np.arange(months + 1)
    warm = np.minimum(one.active / np.maximum(reps * actives_per_rep, 1e-9), 1.0)
    keep = sales.yearly_retention ** (1 / YEAR)
    won = np.r_[0.0, two.arr[1:] - two.arr[:-1] * keep] * (1 + lift * warm)
    return Path(one.signed_up, one.active, one.customers, one.arr + _decayed(won, keep), one.cost + two.cost, one.serving_free)


def reach(path: Path, target: float, *, free_users: bool = True) -> tuple[float, float]:
    """The month in which a path reaches an ARR, and what it has cost by then.

    Parameters
    ----------
    path : Path
    target : float
        ARR, money.
    free_users : bool
        Whether the cost of serving users who do not pay is counted.

    Returns
    -------
    month, cost : float
        NaN where it is not reached; between two months in a straight line.

    Examples
    --------
    >>> team = sell(SalesLed(2, ramp_months=0, output_per_month=10, cost_per_rep_month=5, yearly_retention=1), 6)
    >>> reach(team, 50), reach(team, 500)
    ((2.5, 25.0), (nan, nan))
    """
    check_positive("target", target)
    there = np.flatnonzero(path.arr >= target)
    if not len(there):
        return float("nan"), float("nan")
    after = int(there[0])
    if after == 0:
        return 0.0, 0.0
    part = (target - path.arr[after - 1]) / (path.arr[after] - path.arr[after - 1])
    cost = path.cost if free_users else path.cost - path.serving_free
    return float(after - 1 + part), float(cost[after - 1] + part * (cost[after] - cost[after - 1]))


def even_cost_of_free_user(product: ProductLed, target: float, other_cost: float, months: int = 120) -> float:
    """The monthly cost of an active free user at which the product-led way costs as much to the target as another way.

    Parameters
    ----------
    product : ProductLed
    target : float
        ARR, money.
    other_cost : float
        What the other way costs until it has reached the target.
    months : int
        How far to look.

    Returns
    -------
    float
        Money for a month; negative where the product-led way is dearer with users who cost nothing; NaN where it never gets there.

    Notes
    -----
    (other cost - cost without free users) / months of free users served until the target.

    Examples
    --------
    >>> way = ProductLed(100, price_per_year=500, cost_per_active_month=2)
    >>> _, cost = reach(grow(way, 60), 5000)
    >>> round(even_cost_of_free_user(way, 5000, cost, 60), 6)
    2.0
    """
    priced = grow(replace(product, cost_per_active_month=1.0), months)
    _, bare = reach(priced, target, free_users=False)
    _, with_users = reach(priced, target)
    return (other_cost - bare) / (with_users - bare)


def shape_of(new_users) -> str:
    """Whether sign-ups by month draw a J, an S or a straight line.

    Parameters
    ----------
    new_users : sequence of float
        Sign-ups of each month (or quarter), at least six.

    Returns
    -------
    str
        "J": more and more to the end. "S": more and more, then clearly fewer than at the peak. "line": about as many all along.
        "flattens": fewer and fewer.

    Notes
    -----
    Bounds ours. J: the last third of the time has over 1.25 times the middle third, and the peak lies in the last tenth. S: the
    peak is over 1.5 times the beginning (its first tenth) and the end below 0.8 of the peak. Flattens: the last third is below 0.8 of
    the first, without such a rise.

    Raises
    ------
    ValueError
        With fewer than six values.

    Examples
    --------
    >>> shape_of([1, 2, 4, 8, 16, 32]), shape_of([1, 4, 9, 9, 4, 1]), shape_of([5] * 9), shape_of([9, 8, 7, 6, 5, 4])
    ('J', 'S', 'line', 'flattens')
    """
    values = np.asarray(new_users, dtype=float)
    if len(values) < 6:
        raise ValueError(f"{len(values)} values are too few to see a shape; give six or more")
    first, middle, last = (float(part.mean()) for part in np.array_split(values, 3))
    tenth = max(len(values) // 10, 1)
    beginning, peak, at = float(values[:tenth].mean()), float(values.max()), int(values.argmax())
    if last > 1.25 * middle and at >= len(values) - tenth:
        return "J"
    if peak > 1.5 * beginning and values[-1] < 0.8 * peak:
        return "S"
    return "flattens" if last < 0.8 * first else "line"
