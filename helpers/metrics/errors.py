"""What every metric raises: a message that says what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MetricError(ValueError):
    """A question that cannot be answered as it was asked; the message says how to mend it."""


def nearest(word: object, known: Iterable[object]) -> str:
    """Return ``", did you mean 'x'?"`` for the nearest known name, or a full stop when nothing is near.

    Examples
    --------
    >>> nearest("custmer_id", ["customer_id", "amount"])
    ", did you mean 'customer_id'?"
    >>> nearest("zzz", ["customer_id"])
    '.'
    """
    found = get_close_matches(str(word), [str(name) for name in known], n=1)
    return f", did you mean {found[0]!r}?" if found else "."


def one_of(value: object, known: Iterable[object], what: str) -> None:
    """Raise MetricError unless ``value`` is among ``known``; ``what`` names it in the message.

    Examples
    --------
    >>> one_of("year", ["month", "year"], "age")
    """
    known = list(known)
    if value in known:
        return
    choices = ", ".join(repr(name) for name in known)
    raise MetricError(f"{what} {value!r} is not known{nearest(value, known)} Choose one of {choices}.")
