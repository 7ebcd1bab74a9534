"""Yearly against prepaid contracts: cash, ARR, recognised and deferred revenue, and when a lost customer shows.

Months are counted from 1; a contract that starts in month 1 and runs a year ends with month 12.
The advice not to take many years' fees up front is Wu Hao's; the arithmetic is standard, the choice of view ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

YEAR = 12
BILLING = {"monthly": 1, "yearly": 12}


@dataclass(frozen=True)
class Terms:
    """What is signed.

    Parameters
    ----------
    yearly_price : float
        Money for a year, before the discount.
    term_years : int
        Years that one signature covers.
    billing : str
        ``"prepaid"`` (the whole term at its start), ``"yearly"`` or ``"monthly"``, each in advance.
    discount : float
        Share taken off the price.
    """

    yearly_price: float
    term_years: int = 1
    billing: str = "yearly"
    discount: float = 0.0

    def __post_init__(self):
        check_positive("yearly_price", self.yearly_price)
        check_share("discount", self.discount)
        if self.term_years != int(self.term_years) or self.term_years < 1:
            raise ValueError(f"term_years is {self.term_years}: it must be a whole number of years from 1 on")
        if self.billing not in (*BILLING, "prepaid"):
            raise ValueError(f"billing is {self.billing!r}: it must be 'prepaid', 'yearly' or 'monthly'")

    @property
    def term_months(self) -> int:
        """Months that one signature covers."""
        return self.term_years * YEAR

    @property
    def contract_value(self) -> float:
        """Money of one signature, net of the discount."""
        return self.yearly_price * (1 - self.discount) * self.term_years


@dataclass(frozen=True)
class Schedule:
    """Money by month, every array of shape (months,): ARR and deferred revenue at the month's end, the others in it."""

    bookings: np.ndarray
    cash: np.ndarray
    recognised: np.ndarray
    arr: np.ndarray
    deferred: np.ndarray


def schedule(terms: Terms, months: int, *, signed: float = 1.0, renewal_at_expiry: float = 0.0) -> Schedule:
    """A batch of ``signed`` contracts by month: what is booked, paid, earned, owed and running.

    Each signature books its whole value at its start and earns ``value / term_months`` a month; ``deferred = cash so far -
    recognised so far``; ``arr = 12 * recognised of the month``. A share ``renewal_at_expiry`` signs again at each expiry.

    Examples
    --------
    Three years at 100, prepaid: 300 booked and paid at once, 100 of ARR, and 200 still owed after a year.

    >>> paid = schedule(Terms(100, term_years=3, billing="prepaid"), 36)
    >>> [round(float(x[11]), 6) for x in (paid.cash.cumsum(), paid.arr, paid.recognised.cumsum(), paid.deferred)]
    [300.0, 100.0, 100.0, 200.0]
    """
    if months < 1:
        raise ValueError(f"months is {months}: it must be 1 or more")
    check_share("renewal_at_expiry", renewal_at_expiry)
    term, month = terms.term_months, np.arange(months)
    running = signed * renewal_at_expiry ** (month // term)
    every = term if terms.billing == "prepaid" else BILLING[terms.billing]
    bookings = np.where(month % term == 0, running * terms.contract_value, 0.0)
    cash = np.where(month % every == 0, running * terms.contract_value * every / term, 0.0)
    recognised = running * terms.contract_value / term
    return Schedule(bookings, cash, recognised, recognised * YEAR, np.cumsum(cash) - np.cumsum(recognised))


def month_loss_shows(month_lost, term_years: int) -> np.ndarray:
    """The month at whose end a customer who gave up in ``month_lost`` leaves the books: the expiry that follows.

    Examples
    --------
    A customer who stops in month 5 shows in month 12 of a yearly contract, and in month 36 of three years.

    >>> int(month_loss_shows(5, 1)), int(month_loss_shows(5, 3)), int(month_loss_shows(12, 1))
    (12, 36, 12)
    """
    lost = np.asarray(month_lost)
    if (lost < 1).any():
        raise ValueError("month_lost counts from 1: a customer cannot give up before the contract starts")
    return np.ceil(lost / (term_years * YEAR)).astype(int) * term_years * YEAR


def retention_shown(true_yearly_retention: float, term_years: int, months: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of a batch that is still there at each month's end, and the share that the books show.

    True: ``r ** (m / 12)``, leaving evenly. Shown: the same, but only counted at each expiry:
    ``r ** (term * floor(m / term months))``.

    Returns
    -------
    true, shown : arrays of shape (months,), shares

    Examples
    --------
    >>> true, shown = retention_shown(0.8, 3, 36)
    >>> [round(float(x), 3) for x in (true[11], shown[11], true[35], shown[35])]
    [0.8, 1.0, 0.512, 0.512]
    """
    check_share("true_yearly_retention", true_yearly_retention)
    month = np.arange(1, months + 1)
    shown = true_yearly_retention ** (term_years * (month // (term_years * YEAR)).astype(float))
    return true_yearly_retention ** (month / YEAR), shown


def retention_reported(true_yearly_retention: float, prepaid_share: float, term_years: int, *, due_share: float = 0.0) -> float:
    """The yearly retention that a book shows of which a part is prepaid and mostly not yet due.

    ``yearly part * r + prepaid part * (1 - due + due * r ** term)``: who is not due cannot leave, so counts as kept.

    Examples
    --------
    Four in five stay each year, 40% of the book is prepaid for three years and none of it is due:

    >>> round(retention_reported(0.8, 0.4, 3), 3)
    0.88
    >>> round(retention_reported(0.8, 0.4, 3, due_share=1.0), 4)
    0.6848
    """
    for name, value in (("true_yearly_retention", true_yearly_retention), ("prepaid_share", prepaid_share),
                        ("due_share", due_share)):
        check_share(name, value)
    prepaid = 1 - due_share + due_share * true_yearly_retention**term_years
    return (1 - prepaid_share) * true_yearly_retention + prepaid_share * prepaid


def interest_of_prepayment(discount: float, term_years: int, *, yearly_retention: float = 1.0) -> float:
    """The yearly interest that the vendor pays for the customer's money, as a share; NaN for a term of one year.

    The rate ``i`` at which ``(1 - discount) * term = sum of (retention / (1 + i)) ** k, k = 0 .. term - 1``: all of it now
    for less, against the full price year by year. With a ``yearly_retention`` below 1 the later fees were never sure, and
    the rate falls, below 0 where the prepayment mostly takes money from customers who would have left.

    Examples
    --------
    Two years at 10% off: 180 now in place of 100 now and 100 in a year, so 20 buys 80: a quarter a year.

    >>> round(interest_of_prepayment(0.10, 2), 6)
    0.25
    >>> round(interest_of_prepayment(0.10, 2, yearly_retention=0.8), 6)
    0.0
    """
    check_share("discount", discount)
    check_share("yearly_retention", yearly_retention)
    if term_years < 2:
        return float("nan")
    now = (1 - discount) * term_years
    if now <= 1:
        return float("inf")
    low, high, powers = 0.0, 1.0, np.arange(term_years)
    while (high**powers).sum() < now:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (middle**powers).sum() < now else (low, middle)
    return float(yearly_retention / high - 1)


@dataclass(frozen=True)
class Difference:
    """A difference of two rates with its interval; ``n`` are the customers compared in each group."""

    value: float
    low: float
    high: float
    n: tuple[int, int]


def difference_at_equal_size(kept, due, kept_other, due_other, *, level: float = 0.95) -> Difference:
    """Rate of one group less the rate of another, compared within bands (of size, say) and then averaged.

    Mantel-Haenszel: in each band the difference of the two rates, weighted by ``n1 n2 / (n1 + n2)``; the interval adds up
    the binomial variances of the bands with a half added to either count, so that a band in which all stayed is not taken
    for certain. A band that one of the groups does not have says nothing and drops out.

    Parameters
    ----------
    kept, due, kept_other, due_other : sequences of counts, one for each band

    Raises
    ------
    ValueError
        Where no band holds customers of both groups.

    Examples
    --------
    Raw, 64 of 100 stay against 56 of 100; but in the small band it is 40% against 50%, in the large one 70% against 80%.

    >>> seen = difference_at_equal_size([8, 56], [20, 80], [40, 16], [80, 20])
    >>> round(seen.value, 6), seen.n
    (-0.1, (100, 100))
    """
    kept, due, kept_other, due_other = (np.asarray(x, float) for x in (kept, due, kept_other, due_other))
    if (kept > due).any() or (kept_other > due_other).any():
        raise ValueError("more customers kept than due in one band: give counts in the order kept, due")
    both = (due > 0) & (due_other > 0)
    if not both.any():
        raise ValueError("no band holds customers of both groups: nothing can be compared at equal size")
    kept, due, kept_other, due_other = (x[both] for x in (kept, due, kept_other, due_other))
    weight = due * due_other / (due + due_other)
    weight = weight / weight.sum()
    value = float((weight * (kept / due - kept_other / due_other)).sum())
    variance = _variance(kept, due) + _variance(kept_other, due_other)
    margin = NormalDist().inv_cdf((1 + level) / 2) * float((weight**2 * variance).sum()) ** 0.5
    return Difference(value, max(value - margin, -1.0), min(value + margin, 1.0), (int(due.sum()), int(due_other.sum())))


def _variance(kept, due):
    share = (kept + 0.5) / (due + 1)
    return share * (1 - share) / due
