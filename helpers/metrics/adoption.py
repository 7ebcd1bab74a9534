"""How a product is taken up: how often people use it, how soon after signing up, and whom they bring."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.result import Result
from helpers.metrics.tables import build, day, enter, literal
from helpers.metrics.uncertainty import ratio_interval, wilson_interval

NOT_USE = ("signed up", "invitation sent")
WEEK = 7


def frequency_of_use(events: Any, *, as_of: Any, weeks: int = 4, days_a_week: int = 4, who: str = "user_id", at: str = "at",
                     not_use: Sequence[str] = NOT_USE) -> Result:
    """Return the share of active users who come daily, and who come weekly.

    Parameters
    ----------
    events : data frame
        One row is something a user did; with a column ``event``, those named in ``not_use`` do not count as use.
    as_of : date
        The last day that counts.
    weeks : int
        Length of the window.
    days_a_week : int
        From how many days a week on a user counts as daily; four leaves room for a day off.
    who, at : str
        Columns: who did it, and when (local time).
    not_use : sequence of str
        Events that are no use of the product.

    Returns
    -------
    Result
        Rows ``rhythm``: "daily" (on at least ``weeks * days_a_week`` days of the window) and "weekly" (in each week of it;
        who comes daily usually does that too). Shares of those who came at least once, with Wilson's interval.

    Notes
    -----
    value = users of that rhythm / users with any use in the window. Tian Yuan asks for a tool that is used daily at best and
    gives no measure; both bounds are ours.

    Examples
    --------
    >>> import pandas as pd
    >>> weekly = pd.date_range("2024-06-03", periods=4, freq="7D")
    >>> log = pd.DataFrame({"user_id": ["a"] * 4 + ["b"], "at": [*weekly, weekly[0]], "event": "opened"})
    >>> frequency_of_use(log, as_of="2024-06-30").table["value"].tolist()
    [0.0, 0.5]
    """
    last = day(as_of, "as_of")
    first = last - dt.timedelta(days=WEEK * weeks - 1)
    days = _user_days(events, first, last, who, at, not_use)
    comings: dict[Any, set] = {}
    for user, on in days.rows():
        comings.setdefault(user, set()).add((on.date() - first).days)
    n = len(comings)
    daily = sum(len(on) >= weeks * days_a_week for on in comings.values())
    weekly = sum(len({place // WEEK for place in on}) == weeks for on in comings.values())
    rows = [{"rhythm": name, **_share(k, n, f"nobody used it from {first} to {last}")} for name, k in (("daily", daily), ("weekly", weekly))]
    table = build({name: [row[name] for row in rows] for name in rows[0]}, polars=days.implementation.is_polars())
    return Result("frequency of use", table, formula="users of that rhythm / users with any use", period=f"{first} to {last}",
                  counts="active users")


def _user_days(events, first, last, who, at, not_use) -> nw.DataFrame:
    """The distinct days on which each user used it, as a small frame (who, on)."""
    entered = enter(events, name="events", columns=(who, at), optional=("event",))
    frame, dtype = entered.frame, entered.frame.collect_schema()[at]
    if "event" in frame.collect_schema().names():
        frame = frame.filter(~nw.col("event").cast(nw.String).is_in(list(not_use)))
    frame = frame.filter(nw.col(at) >= literal(first, dtype), nw.col(at) < literal(last + dt.timedelta(days=1), dtype))
    return entered.small(frame.select(nw.col(who).alias("who"), on=nw.col(at).dt.truncate("1d")).unique(["who", "on"]))


def use_ratios(daily: float, weekly: float, monthly: float) -> dict[str, float]:
    """Return how the active users of a day, a week and a month stand to each other.

    Parameters
    ----------
    daily, weekly, monthly : float
        Means of the users who came on a day, in a week, in the month.

    Returns
    -------
    dict
        ``wau_mau``, ``dau_wau``, ``dau_mau``: shares.

    Notes
    -----
    Each is the smaller count over the larger. A published page names the inverse of the first "WAU/DAU"; ratios above 1 have
    been turned round.

    Raises
    ------
    MetricError
        Where more people came in a shorter time than in a longer one.

    Examples
    --------
    >>> use_ratios(5000, 10000, 20000)
    {'wau_mau': 0.5, 'dau_wau': 0.5, 'dau_mau': 0.25}
    """
    if not 0 < daily <= weekly <= monthly:
        raise MetricError(f"use_ratios: {daily:g} a day, {weekly:g} a week, {monthly:g} a month: who came on a day also came in its week "
                          "and month. Check the order.")
    return {"wau_mau": weekly / monthly, "dau_wau": daily / weekly, "dau_mau": daily / monthly}


def used_within(users: Any, events: Any, *, as_of: Any, hours: float = 48, by: str | None = None,
                not_use: Sequence[str] = NOT_USE) -> Result:
    """Return the share of sign-ups who used the product within so many hours.

    Parameters
    ----------
    users : data frame
        user_id, signed_up_at, and ``by``.
    events : data frame
        user_id, at, event.
    as_of : date
        The last day of the data. Who signed up so late that the hours were not over by then is left out.
    hours : float
    by : str, optional
        A column of ``users``.
    not_use : sequence of str
        Events that are no use of the product.

    Returns
    -------
    Result
        Share with Wilson's interval; n counts sign-ups whose hours were over. ``rows()`` gives user_id, hours (NaN where they
        never came).

    Notes
    -----
    value = used it within the hours / signed up, and had the hours. Who never came stays below the line. Tian Yuan's clock
    starts when somebody *hears* of the product; tables know only when they signed up.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"user_id": ["a", "b", "c"], "signed_up_at": pd.to_datetime(["2024-06-01", "2024-06-01", "2024-06-30"])})
    >>> log = pd.DataFrame({"user_id": ["a"], "at": pd.to_datetime(["2024-06-02"]), "event": ["opened"]})
    >>> used_within(people, log, as_of="2024-06-30")
    used within 48 hours, sign-ups to 2024-06-28: 50.0% (9.5% to 90.5%, n = 2 sign-ups)
    """
    waits = _waits(users, events, as_of, hours, by, not_use)
    rows = [{**({} if by is None else {by: group}), **_share(sum(wait <= hours for wait in part), len(part), "no sign-up had the time")}
            for group, part in _parts(waits, by)]
    table = build({name: [row[name] for row in rows] for name in rows[0]})
    end = day(as_of, "as_of") - dt.timedelta(hours=hours)
    return Result(f"used within {hours:g} hours", table, formula="used it within the hours / signed up and had the hours",
                  period=f"sign-ups to {end}", counts="sign-ups", behind=lambda: waits.drop(columns="group"))


def _waits(users, events, as_of, hours, by, not_use):
    """One row for each sign-up that had the hours: user_id, group, hours until first use (NaN where never)."""
    import pandas as pd

    people = _plain(users, "users", ("user_id", "signed_up_at", *([by] if by else [])))
    log = enter(events, name="events", columns=("user_id", "at", "event"))
    first = log.small(log.frame.filter(~nw.col("event").cast(nw.String).is_in(list(not_use)))
                      .group_by("user_id").agg(nw.col("at").min().alias("first"))).to_pandas()
    end = pd.Timestamp(day(as_of, "as_of")) + pd.Timedelta(days=1)
    people = people[people["signed_up_at"] + pd.Timedelta(hours=hours) <= end].merge(first, on="user_id", how="left")
    waited = (people["first"] - people["signed_up_at"]).dt.total_seconds() / 3600
    return pd.DataFrame({"user_id": people["user_id"], "hours": waited, "group": people[by] if by else "all"}).reset_index(drop=True)


def _plain(native, name: str, columns: Sequence[str]):
    entered = enter(native, name=name, columns=tuple(columns))
    return entered.small(entered.frame).to_pandas()


def _parts(rows, by):
    if by is None:
        return [("all", rows.iloc[:, 1].tolist())]
    return [(group, part.iloc[:, 1].tolist()) for group, part in rows.groupby("group", sort=True, observed=True)]


def _share(k: int, n: int, reason: str) -> dict[str, Any]:
    low, high = wilson_interval(k, n)
    return {"value": k / n if n else math.nan, "low": low, "high": high, "n": n, "mature": True, "reason": "" if n else reason}


def invited_per_user(users: Any, invitations: Any, *, as_of: Any, within_days: float = 60, by: str | None = None) -> Result:
    """Return k: the accepted invitations of each user within so many days of signing up.

    Parameters
    ----------
    users : data frame
        user_id, signed_up_at, and ``by``.
    invitations : data frame
        from_user_id, accepted_at (empty where nobody accepted).
    as_of : date
        Who signed up fewer than ``within_days`` before it is left out: their invitations are still to come.
    within_days : float
    by : str, optional
        A column of ``users``.

    Returns
    -------
    Result
        Ratio with its interval; n counts users who had the days. ``rows()`` gives user_id, accepted.

    Notes
    -----
    k = invitations accepted within the days / users. The interval is that of a ratio over users, so that a few who invite a
    whole company make it wide. By layer and cycle: chapter 24.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"user_id": ["a", "b"], "signed_up_at": pd.to_datetime(["2024-01-01", "2024-01-05"])})
    >>> sent = pd.DataFrame({"from_user_id": ["a", "a"], "accepted_at": pd.to_datetime(["2024-01-20", None])})
    >>> invited_per_user(people, sent, as_of="2024-06-30").value
    0.5
    """
    import pandas as pd

    people = _plain(users, "users", ("user_id", "signed_up_at", *([by] if by else [])))
    sent = _plain(invitations, "invitations", ("from_user_id", "accepted_at"))
    end = pd.Timestamp(day(as_of, "as_of")) + pd.Timedelta(days=1)
    people = people[people["signed_up_at"] + pd.Timedelta(days=within_days) <= end]
    sent = sent.merge(people[["user_id", "signed_up_at"]], left_on="from_user_id", right_on="user_id")
    came = sent[sent["accepted_at"] <= sent["signed_up_at"] + pd.Timedelta(days=within_days)]
    count = people["user_id"].map(came["user_id"].value_counts()).fillna(0).astype(int)
    behind = pd.DataFrame({"user_id": people["user_id"], "accepted": count, "group": people[by] if by else "all"})
    rows = [{**({} if by is None else {by: group}), **_per_user(part)} for group, part in _parts(behind, by)]
    table = build({name: [row[name] for row in rows] for name in rows[0]})
    return Result("k, accepted invitations per user", table, formula="invitations accepted within the days / users", unit="ratio",
                  period=f"within {within_days:g} days of signing up", counts="users", behind=lambda: behind.drop(columns="group"))


def _per_user(accepted: list[int]) -> dict[str, Any]:
    n, total, squares = len(accepted), sum(accepted), sum(value * value for value in accepted)
    low, high = ratio_interval(n, n, total, n, total, squares)
    return {"value": total / n if n else math.nan, "low": max(0.0, low), "high": high, "n": n, "mature": True,
            "reason": "" if n else "no user had the time"}


def self_serve_share(fees: Any, without_rep: Any, *, period: str = "") -> Result:
    """Return the share of new ARR that was signed without a rep.

    Parameters
    ----------
    fees : sequence of float
        First yearly fee of each customer won, money.
    without_rep : sequence of bool
        Whether the customer came without one, in the same order.
    period : str
        Written with the result.

    Returns
    -------
    Result
        Share with the interval of a ratio over customers; n counts customers won.

    Notes
    -----
    value = fees of those without a rep / all fees. By money, not by heads: small customers come alone, large ones are met.

    Examples
    --------
    >>> self_serve_share([100, 100, 600, 200], [True, True, False, False]).value
    0.2
    """
    pairs = [(float(fee), float(fee) if alone else 0.0) for fee, alone in zip(fees, without_rep, strict=True)]
    x, y = sum(fee for fee, _ in pairs), sum(mine for _, mine in pairs)
    squares = [sum(row[a] * row[b] for row in pairs) for a, b in ((0, 0), (0, 1), (1, 1))]
    low, high = ratio_interval(len(pairs), x, y, *squares)
    row = {"value": y / x if x else math.nan, "low": max(0.0, low) if low == low else low, "high": min(1.0, high) if high == high else high,
           "n": len(pairs), "mature": True, "reason": "" if x else "no customer was won"}
    return Result("new ARR without a rep", build({name: [value] for name, value in row.items()}),
                  formula="fees of customers without a rep / all first fees", period=period)
