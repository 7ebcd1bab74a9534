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


def need_columns(table: object, wanted: Iterable[str], name: str) -> None:
    """Raise MetricError unless a pandas table has the columns that are needed; ``name`` is the table's name in the message.

    Examples
    --------
    >>> import pandas as pd
    >>> need_columns(pd.DataFrame({"amuont": [1]}), ["amount"], "payments")
    Traceback (most recent call last):
        ...
    helpers.metrics.errors.MetricError: payments: the column 'amount' is missing, did you mean 'amuont'? Rename it, or add it.
    """
    for column in wanted:
        if column not in table.columns:
            raise MetricError(f"{name}: the column {column!r} is missing{nearest(column, table.columns)} Rename it, or add it.")
