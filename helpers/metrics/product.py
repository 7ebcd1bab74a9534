"""Use of the product: who was active, how often they come, how users bring users."""

from __future__ import annotations

import calendar
import math
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import Frame, enter, quoted


def monthly_actives(events: Any, *, who: str = "user_id", at: str = "at") -> Any:
    """Return the users of each month.

    Parameters
    ----------
    events : data frame
        One row is something a user did.
    who, at : str
        Columns: who did it (a user or an account), and when (local time).

    Returns
    -------
    data frame
        month, actives (a user counts once).

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"user_id": ["a", "a", "b"], "at": pd.to_datetime(["2024-01-03", "2024-01-04", "2024-02-01"])})
    >>> monthly_actives(log)["actives"].tolist()
    [1, 1]
    """
    table = _stickiness_rows(events, who, at)
    return table["entered"].build({name: table[name] for name in ("month", "actives")})


def stickiness(events: Any, *, who: str = "user_id", at: str = "at") -> Any:
    """Return how often the users of a month come: its mean daily actives over its monthly actives.

    Parameters
    ----------
    events, who, at
        As in :func:`monthly_actives`.

    Returns
    -------
    data frame
        month, actives, daily (mean daily actives over all days of the month), value (daily / actives).

    Notes
    -----
    mean(DAU) / MAU, over every day of the month, not its last day; times the days of the month it is the number of days on
    which an average user came. The first and the last month may be parts. Source: the ratio as stated at
    pitchkit.net/resources/glossary/dau-mau.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"user_id": list("aab"), "at": pd.to_datetime(["2024-01-03", "2024-01-04", "2024-01-04"])})
    >>> round(float(stickiness(log)["value"].iloc[0] * 31), 6)
    1.5
    """
    table = _stickiness_rows(events, who, at)
    return table["entered"].build({name: table[name] for name in ("month", "actives", "daily", "value")})


def _stickiness_rows(events: Any, who: str, at: str) -> dict[str, Any]:
    """Count user-days and users in one pass: a user's days of a month first, the users after."""
    entered = enter(events, name="events", columns=(who, at))
    by_user = _user_months(entered.frame, who, at)
    counted = by_user.group_by("month").agg(nw.len().alias("actives"), nw.col("days").sum())
    rows = sorted(entered.small(counted).select("month", "actives", "days").rows())
    lengths = [calendar.monthrange(month.year, month.month)[1] for month, _, _ in rows]
    daily = [float(days) / length for (_, _, days), length in zip(rows, lengths, strict=True)]
    actives = [int(row[1]) for row in rows]
    return {"entered": entered, "month": [row[0] for row in rows], "actives": actives, "daily": daily,
            "value": [mean / users for mean, users in zip(daily, actives, strict=True)]}


def _user_months(frame: Frame, who: str, at: str) -> Frame:
    """Count each user's days in each month. DuckDB keeps the days of a month as bits of a number, so that it groups once."""
    if frame.implementation.is_duckdb():
        user, month = quoted(who), f"date_trunc('month', {quoted(at)})::timestamp"
        days = f"bit_count(bit_or(1 << (day({quoted(at)}) - 1)::integer))::bigint"
        return nw.from_native(nw.to_native(frame).aggregate(f"{user} as who, {month} as month, {days} as days", f"{user}, {month}"))
    days = frame.select(nw.col(who).alias("who"), on=nw.col(at).dt.truncate("1d")).unique(["who", "on"])
    days = days.with_columns(month=nw.col("on").dt.truncate("1mo"))
    return days.group_by("who", "month").agg(nw.len().alias("days"))


def viral_users(k: float, start: float, cycles: int) -> float:
    """Return the users after so many invitation cycles, all of them.

    Parameters
    ----------
    k : float
        Users that each user brings in one cycle: invitations x conversion.
    start : float
        Users at the beginning.
    cycles : int

    Returns
    -------
    float
        Users in total. The inflow of the last cycle alone is start x k^cycles, and is sometimes printed as the total.

    Notes
    -----
    start (k^(n+1) - 1) / (k - 1); start (n + 1) when k is 1. Below 1 it approaches start / (1 - k). Source: Skok and Reiss.

    Examples
    --------
    >>> round(viral_users(1.5, 1000, 20))
    9973770
    """
    if cycles < 0 or cycles != int(cycles) or k < 0:
        raise MetricError(f"viral_users: k = {k!r} and cycles = {cycles!r} must be 0 or more, cycles a whole number.")
    return start * (cycles + 1) if math.isclose(k, 1) else start * (k ** (cycles + 1) - 1) / (k - 1)
