"""Checks on parameters, with messages that say what, where and how to mend it."""

from __future__ import annotations

import math


def check_share(name: str, value: float, *, most: float = 1.0) -> None:
    """Raise where ``value`` is not a share between 0 and ``most``.

    >>> check_share("yearly_renewal", 0.8)
    >>> check_share("yearly_renewal", 80)
    Traceback (most recent call last):
        ...
    ValueError: yearly_renewal is 80: it is a share between 0 and 1, so write 0.8 for 80 percent
    """
    if not 0 <= value <= most:
        mend = f", so write {value / 100:g} for {value:g} percent" if most < value <= 100 else ""
        raise ValueError(f"{name} is {value:g}: it is a share between 0 and {most:g}{mend}")


def check_positive(name: str, value: float) -> None:
    """Raise where ``value`` is not a number above zero."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value:g}: it must be a number above 0")


def check_not_negative(name: str, value: float) -> None:
    """Raise where ``value`` is below zero or not a number."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} is {value:g}: it must be 0 or more")
