"""Survival: how long customers stay, counting those who are still there for as long as they have been seen."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.groups import grouped
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.result import Result
from helpers.metrics.revenue import running_state
from helpers.metrics.tables import Frame, day, either, index_of, month_end, month_index, only
from helpers.metrics.uncertainty import wilson_interval, z_value

STEP = {"months": 1, "years": 12}
NOT_LOST = -1


class Stay(NamedTuple):
    """``count`` customers who were followed for ``seen`` months, and lost after ``lost`` of them (None: still there)."""

    seen: int
    lost: int | None
    count: int


def survival(subscriptions: Any, *, as_of: Any, customers: Any = None, by: str | None = None, unit: str = "months",
             base: str = "month_end", policy: Policy = Policy()) -> Result:
    """Return the Kaplan-Meier estimate of the share of customers still there at each age.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price.
    as_of : date
        The day of the report; who is a customer then is censored, not lost.
    customers, by : optional
        A table with customer_id and a column to split by.
    unit : {"months", "years"}
        Step of the age. In years, a loss counts at the end of its year, for those whose year has been seen in full.
    base : {"month_end", "signup"}
        Who is followed: everybody with MRR at a month end, or everybody who ever had MRR, if only for a day.
    policy : Policy

    Returns
    -------
    Result
        Its table: (by), age, survival, low, high, at_risk, lost, censored. Age 0 is the first month end with MRR; a
        customer is lost at the first month end without. Who comes back is not followed a second time. With base = "signup"
        age 0 is the end of the month of the first MRR, and who is gone by then is lost at age 0.

    Notes
    -----
    S(t) = product over ages up to t of (1 - lost / at_risk); interval by Greenwood's formula on the log(-log S) scale; where
    nobody is lost yet, or nobody is left, the Wilson interval of those at risk. Customers who were there in the first
    month seen are left out unless policy.complete_from_inception. Source: Kaplan and Meier (1958), Nonparametric estimation
    from incomplete observations, JASA 53.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", None, 100.0], ["b", "2023-01-01", "2023-03-01", 100.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> curve = survival(subs, as_of="2023-04-30", policy=Policy(complete_from_inception=True))
    >>> curve.table[["age", "survival", "at_risk", "lost", "censored"]].to_numpy().tolist()
    [[0.0, 1.0, 2.0, 0.0, 0.0], [1.0, 1.0, 2.0, 0.0, 0.0], [2.0, 0.5, 2.0, 1.0, 0.0], [3.0, 0.5, 1.0, 0.0, 1.0]]
    """
    one_of(unit, STEP, "survival: unit")
    one_of(base, ("month_end", "signup"), "survival: base")
    lines, groups = stays(subscriptions, as_of=as_of, customers=customers, by=by, base=base, policy=policy)
    curves = {group: kaplan_meier(*counts_by_age(found, STEP[unit])) for group, found in groups.items()}
    table = _table(lines, by, curves, ("age", "survival", "low", "high", "at_risk", "lost", "censored"))
    return Result("survival, Kaplan-Meier", table, policy=policy, formula="product over ages of (1 - lost / at risk)",
                  period=f"as of {day(as_of, 'as_of')}", behind=lambda: lines.entered.give(spans(lines, base), sort=["customer_id"]))


def life_table(subscriptions: Any, *, as_of: Any, ages: Sequence[int] = (1, 2, 3, 4, 5), unit: str = "years", customers: Any = None,
               by: str | None = None, policy: Policy = Policy()) -> Result:
    """Return the share still there at fixed ages, each among all customers who are old enough to have reached it.

    Parameters
    ----------
    subscriptions, as_of, customers, by, policy
        As in :func:`survival`.
    ages : sequence of int
        Ages to report.
    unit : {"months", "years"}
        Their unit.

    Returns
    -------
    Result
        Its table: (by), age, survival, low, high, at_risk (old enough), lost, censored (too young). Ages that nobody
        has reached are absent. Intervals are Wilson's.

    Notes
    -----
    survival(t) = customers who stayed beyond t / customers first seen at least t before ``as_of``. Simpler than
    Kaplan-Meier and easy to check by hand; it uses fewer customers at each age, and the curve may rise where older cohorts
    did better than younger ones.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2022-01-01", None, 100.0], ["b", "2022-01-01", "2022-03-01", 100.0], ["c", "2023-06-01", None, 100.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> ages = life_table(subs, as_of="2023-12-31", policy=Policy(complete_from_inception=True)).table
    >>> ages[["age", "survival", "at_risk"]].to_numpy().tolist()
    [[1.0, 0.5, 2.0]]
    """
    one_of(unit, STEP, "life_table: unit")
    if any(age < 1 for age in ages):
        raise MetricError(f"life_table: ages = {tuple(ages)!r} must all be 1 or more.")
    lines, groups = stays(subscriptions, as_of=as_of, customers=customers, by=by, policy=policy)
    rows = {group: [row for age in ages if (row := _fixed_age(found, age, STEP[unit]))] for group, found in groups.items()}
    table = _table(lines, by, rows, ("age", "survival", "low", "high", "at_risk", "lost", "censored"))
    return Result("survival, life table", table, policy=policy, formula="stayed beyond an age / old enough for it",
                  period=f"as of {day(as_of, 'as_of')}", behind=lambda: lines.entered.give(spans(lines), sort=["customer_id"]))


def _fixed_age(found: list[Stay], age: int, step: int) -> tuple | None:
    old = [stay for stay in found if stay.seen >= age * step]
    at_risk = sum(stay.count for stay in old)
    if not at_risk:
        return None
    lost = sum(stay.count for stay in old if stay.lost is not None and stay.lost <= age * step)
    young = sum(stay.count for stay in found) - at_risk
    return age, 1 - lost / at_risk, *wilson_interval(at_risk - lost, at_risk), at_risk, lost, young


# --- from subscriptions to stays ------------------------------------------------------------------------------------


def stays(subscriptions: Any, *, as_of: Any, customers: Any = None, by: str | None = None, base: str = "month_end",
          policy: Policy = Policy()) -> tuple[Lines, dict[str, list[Stay]]]:
    """Count customers by how long they were seen and when they were lost, for each group.

    Parameters
    ----------
    subscriptions, as_of, customers, by, base, policy
        As in :func:`survival`.

    Returns
    -------
    (lines, groups) : Lines, dict of str to list of Stay
        Without ``by`` the only group is called "all".

    Examples
    --------
    >>> import pandas as pd
    >>> subs = pd.DataFrame({"customer_id": ["a"], "starts_on": pd.to_datetime(["2023-01-01"]), "ends_on": pd.to_datetime(["2023-03-01"]),
    ...                      "amount": [10.0], "interval": ["month"]})
    >>> stays(subs, as_of="2023-12-31", policy=Policy(complete_from_inception=True))[1]
    {'all': [Stay(seen=11, lost=2, count=1)]}
    """
    snapshot = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", reactivation="any_gap")
    lines = priced(subscriptions, policy=snapshot, as_of=as_of)
    report_day = day(as_of, "as_of")
    last = index_of(report_day) if month_end(index_of(report_day)) == report_day else index_of(report_day) - 1
    counted = spans(lines, base).with_columns(one=nw.lit(1))
    groups: dict[str, list[Stay]] = defaultdict(list)
    for row in grouped(lines.entered, counted, ("one",), customers=customers, by=by, also=("born", "gone")):
        born, gone = int(row["born"]), int(row["gone"])
        if born <= last:
            lost = gone - born if gone != NOT_LOST and gone <= last else None
            groups[str(row[by]) if by else "all"].append(Stay(last - born, lost, int(row["one"])))
    return lines, dict(groups)


def spans(lines: Lines, base: str = "month_end") -> Frame:
    """Return each customer's first month with MRR and first month without it afterwards (-1: none), numbered."""
    if base == "signup":
        return _spans_since_signup(lines)
    moved = running_state(lines).with_columns(m=month_index(nw.col("step")))
    there = nw.col("mrr_after") > 0
    if "free" in lines.held:
        there = there | (nw.col("free_after") > 0)
    moved = moved.with_columns(came=only(nw.col("first"), nw.col("m")), went=only(~there & nw.col("paid"), nw.col("m")))
    spans = moved.group_by("customer_id").agg(nw.col("came").min().alias("born"), nw.col("went").min().alias("gone"))
    spans = spans.filter(~nw.col("born").is_null())
    if not lines.policy.complete_from_inception and lines.first_seen is not None:
        spans = spans.filter(nw.col("born") > index_of(lines.first_seen))
    gone = either(nw.col("gone").is_null(), nw.lit(NOT_LOST), nw.col("gone"))
    return spans.with_columns(nw.col("born").cast(nw.Int64), gone=gone.cast(nw.Int64))


def _spans_since_signup(lines: Lines) -> Frame:
    """The same from the month of the first line with MRR; who has none at its end is gone in that month."""
    seen = spans(replace(lines, policy=lines.policy.replace(complete_from_inception=True))).rename({"born": "first_end"})
    paying = lines.frame.filter(nw.col("mrr") > 0).group_by("customer_id").agg(nw.col("starts_on").min())
    members = paying.select("customer_id", born=month_index(nw.col("starts_on")).cast(nw.Int64))
    if not lines.policy.complete_from_inception and lines.first_seen is not None:
        members = members.filter(nw.col("born") > index_of(lines.first_seen))
    both = members.join(seen, on="customer_id", how="left")
    at_once = nw.col("first_end").is_null() | (nw.col("first_end") > nw.col("born"))
    return both.select("customer_id", "born", gone=either(at_once, nw.col("born"), nw.col("gone")).cast(nw.Int64))


def counts_by_age(found: list[Stay], step: int = 1) -> tuple[list[int], list[int]]:
    """Count losses and censored customers by age in steps of months.

    A loss counts at the end of its step, and only when that step has been seen in full; who was seen for less is censored
    at the last full step. Without that rule losses of a step under way would count and those who stay in it would not.

    Returns
    -------
    (lost, censored) : lists
        Element t is the number at age t steps, from 0.

    Examples
    --------
    >>> counts_by_age([Stay(24, 14, 2), Stay(18, 14, 1), Stay(30, None, 5)], step=12)
    ([0, 0, 2], [0, 1, 5])
    """
    longest = max((stay.seen // step for stay in found), default=0)
    lost, censored = [0] * (longest + 1), [0] * (longest + 1)
    for stay in found:
        full = stay.seen // step
        at = None if stay.lost is None else -(-stay.lost // step)
        if at is not None and at <= full:
            lost[at] += stay.count
        else:
            censored[full] += stay.count
    return lost, censored


def kaplan_meier(lost: Sequence[int], censored: Sequence[int], *, level: float = 0.95) -> list[tuple]:
    """Return the Kaplan-Meier curve from counts by age.

    Parameters
    ----------
    lost, censored : sequences of int
        Element t: how many were lost at, and last seen at, age t. Who is censored at t was at risk at t.
    level : float
        Confidence level.

    Returns
    -------
    list of (age, survival, low, high, at_risk, lost, censored)

    Examples
    --------
    >>> [(age, round(share, 3)) for age, share, *_ in kaplan_meier([0, 1, 1], [0, 1, 1])]
    [(0, 1.0), (1, 0.75), (2, 0.375)]
    """
    at_risk, share, hazard, rows = sum(lost) + sum(censored), 1.0, 0.0, []
    for age, (gone, unseen) in enumerate(zip(lost, censored, strict=True)):
        if at_risk == 0:
            break
        share *= 1 - gone / at_risk
        hazard += gone / (at_risk * (at_risk - gone)) if gone < at_risk else math.inf
        low, high = (1.0, 1.0) if age == 0 and share == 1 else _greenwood(share, hazard, at_risk, level)
        rows.append((age, share, low, high, at_risk, gone, unseen))
        at_risk -= gone + unseen
    return rows


def _greenwood(share: float, hazard: float, at_risk: int, level: float) -> tuple[float, float]:
    if share in (0.0, 1.0):
        return wilson_interval(share * at_risk, at_risk, level)
    width = z_value(level) * math.sqrt(hazard) / math.log(share)
    return share ** math.exp(-width), share ** math.exp(width)


def _table(lines: Lines, by: str | None, curves: dict[str, list[tuple]], names: tuple[str, ...]) -> Any:
    rows = [(group, *row) for group, curve in curves.items() for row in curve]
    columns = {by: [row[0] for row in rows]} if by else {}
    return lines.entered.build({**columns, **{name: [row[i + 1] for row in rows] for i, name in enumerate(names)}})
