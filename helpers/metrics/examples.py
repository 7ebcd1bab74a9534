"""Small tables to try the metrics on, and to check them by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import index_of, month_of

FIVE = {"A": [100, 150, 150, 150], "B": [100, 50, 120, 120], "C": [100, 0, 0, 60], "D": [100, 100, 100, 0], "E": [0, 80, 80, 120]}


def table_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Make a subscriptions table from rows that name only what matters.

    Parameters
    ----------
    rows : sequence of dict
        customer_id, starts_on, ends_on, amount, interval and any other column of ``subscriptions``; interval is "month"
        and ends_on empty unless given.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 10}])["interval"].tolist()
    ['month']
    """
    import pandas as pd

    frame = pd.DataFrame([{"ends_on": None, "interval": "month", **row} for row in rows])
    for name in frame.columns:
        if name.endswith(("_on", "_at")):
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame


def from_series(series: Mapping[str, Sequence[float]], *, start: Any = "2024-01-01") -> Any:
    """Make a subscriptions table from each customer's MRR at successive month ends.

    Parameters
    ----------
    series : dict of str to sequence of float
        MRR in natural units; 0 where a customer is none.
    start : date
        A day in the first month.

    Returns
    -------
    pandas.DataFrame
        One monthly line for each stretch at one price, open at the end.

    Raises
    ------
    MetricError
        When an amount is negative.

    Examples
    --------
    >>> from_series({"a": [10, 10, 0, 20]})[["starts_on", "amount"]].astype(str).to_numpy().tolist()
    [['2024-01-01', '10'], ['2024-04-01', '20']]
    """
    first = index_of(dt.date.fromisoformat(str(start)[:10]))
    rows = []
    for customer, values in series.items():
        if min(values, default=0) < 0:
            raise MetricError(f"from_series: customer {customer!r} has a negative amount. MRR is 0 or more.")
        changes = [i for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
        for at, after in zip(changes, [*changes[1:], None], strict=True):
            if values[at]:
                rows.append({"customer_id": customer, "amount": values[at], "starts_on": month_of(first + at),
                             "ends_on": None if after is None else month_of(first + after)})
    return table_of(rows)


def five_customers() -> Any:
    """Return the constructed example GOLD-5: five customers, four month ends (January to April 2024), every trap.

    A grows, B shrinks and recovers, C leaves and comes back, D leaves, E is new in February.

    Examples
    --------
    >>> five_customers()["customer_id"].nunique()
    5
    """
    return from_series(FIVE)
