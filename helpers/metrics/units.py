"""Rates and prices that know their period, so that a monthly churn cannot meet a yearly price."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.metrics.errors import MetricError, one_of

PERIODS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Rate:
    """A share lost, won or grown in each period.

    Attributes
    ----------
    value : float
        A fraction: 3% is 0.03.
    per : {"month", "quarter", "year"}

    Examples
    --------
    >>> round(Rate(0.03, "month").to("year").value, 3)
    0.306
    >>> Rate(3, "month")
    Traceback (most recent call last):
    helpers.metrics.errors.MetricError: Rate: 3 is no fraction. Write 3% as 0.03.
    """

    value: float
    per: str

    def __post_init__(self) -> None:
        one_of(self.per, PERIODS, "Rate: per")
        if not 0 <= self.value <= 1:
            raise MetricError(f"Rate: {self.value!r} is no fraction. Write 3% as 0.03.")

    def to(self, per: str) -> Rate:
        """Return the rate of another period: what is left is compounded, never multiplied."""
        one_of(per, PERIODS, "Rate.to: per")
        return Rate(1 - (1 - self.value) ** (PERIODS[per] / PERIODS[self.per]), per)


@dataclass(frozen=True)
class Price:
    """An amount of money in each period.

    Attributes
    ----------
    amount : float
        Natural units.
    per : {"month", "quarter", "year"}

    Examples
    --------
    >>> Price(1200, "year").to("month")
    Price(amount=100.0, per='month')
    """

    amount: float
    per: str

    def __post_init__(self) -> None:
        one_of(self.per, PERIODS, "Price: per")

    def to(self, per: str) -> Price:
        """Return the price of another period."""
        one_of(per, PERIODS, "Price.to: per")
        return Price(self.amount * PERIODS[per] / PERIODS[self.per], per)


def same_period(*values: Rate | Price) -> str:
    """Return the period that all values share.

    Raises
    ------
    MetricError
        When a value has no period, or they differ: which one is right is not ours to guess.

    Examples
    --------
    >>> same_period(Rate(0.03, "month"), Price(100, "month"))
    'month'
    >>> same_period(Rate(0.03, "month"), Price(1200, "year"))
    Traceback (most recent call last):
    helpers.metrics.errors.MetricError: month of Rate(value=0.03, per='month') and year of Price(amount=1200, per='year') differ. Use .to('month').
    """
    for value in values:
        if not isinstance(value, Rate | Price):
            raise MetricError(f"{value!r} has no period. Write Rate(0.03, 'month') or Price(100, 'month').")
        if value.per != values[0].per:
            raise MetricError(f"{values[0].per} of {values[0]!r} and {value.per} of {value!r} differ. Use .to({values[0].per!r}).")
    return values[0].per
