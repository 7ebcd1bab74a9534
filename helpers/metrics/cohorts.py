"""Cohorts: what became of the customers of one year, quarter or month, at each age."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.groups import SUMS_OF, with_products
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import running_state
from helpers.metrics.tables import Frame, day, either, index_of, month_end, month_index, month_of, only, running, stacked
from helpers.metrics.uncertainty import ratio_interval, wilson_interval

MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def cohort_triangle(subscriptions: Any, *, as_of: Any, cohort: str = "year", age: str = "month", measure: str = "logo",
                    base: str = "month_end", policy: Policy = Policy()) -> Any:
    """Return retention by cohort and age.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price.
    as_of : date
        The day of the report.
    cohort : {"year", "quarter", "month"}
        Customers are put together by the period of their first MRR.
    age : {"month", "quarter", "year"}
        Step of the age, counted for each customer from its own first month end (age 0).
    measure : {"logo", "nrr", "grr"}
    base : {"month_end", "signup"}
        Who is in a cohort: customers seen at the end of their first month, so that age 0 is 100%; or, for logos, everybody
        who ever paid, so that age 0 already lacks those who came and left within the month.
    policy : Policy

    Returns
    -------
    data frame
        cohort ("2024", "2024-Q1" or "2024-03"), age (in steps), value, low, high, n, mature. ``n`` counts the customers
        who are old enough for this age; ``mature`` is False where some of the cohort are not. What nobody has reached
        yet is absent: never 0.

    Notes
    -----
    Christoph Janz's sheet takes the second base: of 80 who signed up 78 are there at the end of the month, 97.5%. Customers
    who came and left within a month are listed by :func:`helpers.metrics.beside_mrr.flash_customers`. Customers who were there
    in the first month seen are left out unless policy.complete_from_inception: their age is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", None, 100.0], ["b", "2023-01-01", "2024-03-01", 100.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> cells = cohort_triangle(subs, as_of="2025-06-30", age="year", policy=Policy(complete_from_inception=True))
    >>> cells[["cohort", "age", "value", "n"]].to_dict("list")
    {'cohort': ['2023', '2023', '2023'], 'age': [0, 1, 2], 'value': [1.0, 1.0, 0.5], 'n': [2, 2, 2]}
    """
    one_of(cohort, MONTHS_IN, "cohort_triangle: cohort")
    one_of(age, MONTHS_IN, "cohort_triangle: age")
    one_of(measure, SUMS_OF, "cohort_triangle: measure")
    one_of(base, ("month_end", "signup"), "cohort_triangle: base")
    if base == "signup" and measure != "logo":
        raise MetricError(f"cohort_triangle: base = 'signup' has no {measure}, only logos: money is known at month ends.")
    snapshot = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", reactivation="any_gap")
    lines = priced(subscriptions, policy=snapshot, as_of=as_of)
    changed = _changes_by_age(lines, measure) if base == "month_end" else _changes_since_signup(lines)
    changes = lines.entered.small(changed).rows(named=True)
    report_day = day(as_of, "as_of")
    last = index_of(report_day) if month_end(index_of(report_day)) == report_day else index_of(report_day) - 1
    cells = _cells(_states(changes, last, measure), last, cohort, MONTHS_IN[age], measure)
    return lines.entered.listed(("cohort", "age", "value", "low", "high", "n", "mature"), cells)


def _changes_by_age(lines: Lines, measure: str) -> Frame:
    """Return, by first month and age in months, how the sums behind the rates change."""
    moved = running_state(lines, since=True).filter(nw.col("first") | nw.col("paid")).with_columns(born=month_index(nw.col("since")))
    if not lines.policy.complete_from_inception and lines.first_seen is not None:
        moved = moved.filter(nw.col("born") > index_of(lines.first_seen))
    moved = moved.with_columns(age=month_index(nw.col("step")) - nw.col("born"), was=_present("before", lines) & ~nw.col("first"),
                               now=_present("after", lines))
    states = _turns(moved) if measure == "logo" else _sums(moved)
    return states.group_by("born", "age").agg(*[nw.col(name).sum() for name in SUMS_OF[measure]])


def _turns(moved: Frame) -> Frame:
    """Count who enters a cohort, and who goes or comes back: all that logos need."""
    return moved.select("born", "age", n=nw.col("first").cast(nw.Int64), kept=nw.col("now").cast(nw.Int64) - nw.col("was").cast(nw.Int64))


def _sums(moved: Frame) -> Frame:
    """Take away the state before each change and add the one after it, beside the MRR of the first month."""
    moved = moved.with_columns(first_mrr=only(nw.col("first"), nw.col("after")), plus=nw.lit(1), minus=either(nw.col("first"), 0, -1))
    moved = running(moved, ["customer_id"], "step", base=("only", "first_mrr"))
    states = stacked(moved, ["born", "age", "base"], sign=("minus", "plus"), after=("before", "after"), after_present=("was", "now"))
    return with_products(states.with_columns(before=nw.col("base")), sign="sign")


def _changes_since_signup(lines: Lines) -> Frame:
    """Return the same for logos, with everybody in the cohort who ever had MRR, if only for a day."""
    paying = lines.frame.filter(nw.col("mrr") > 0).group_by("customer_id").agg(nw.col("starts_on").min())
    members = paying.select("customer_id", born=month_index(nw.col("starts_on")))
    if not lines.policy.complete_from_inception and lines.first_seen is not None:
        members = members.filter(nw.col("born") > index_of(lines.first_seen))
    moved = running_state(lines).join(members, on="customer_id", how="inner")
    turns = moved.select("born", age=month_index(nw.col("step")) - nw.col("born"), n=nw.lit(0),
                         kept=_present("after", lines).cast(nw.Int64) - _present("before", lines).cast(nw.Int64))
    joined = members.select("born", age=nw.col("born") - nw.col("born"), n=nw.lit(1), kept=nw.lit(0, dtype=nw.Int64))
    return nw.concat([joined, turns]).group_by("born", "age").agg(nw.col("n").sum(), nw.col("kept").sum())


def _present(moment: str, lines: Lines) -> nw.Expr:
    paying = nw.col(f"mrr_{moment}") > 0
    return paying | (nw.col(f"free_{moment}") > 0) if "free" in lines.held else paying


def _states(changes: list[dict[str, Any]], last: int, measure: str) -> dict[tuple[int, int], dict[str, float]]:
    """Cumulate the changes: the sums for each first month at each age in months that has been reached."""
    by_cell = {(int(row["born"]), int(row["age"])): row for row in changes}
    states = {}
    for born in sorted({born for born, _ in by_cell}):
        totals = dict.fromkeys(SUMS_OF[measure], 0)
        for months in range(last - born + 1):
            row = by_cell.get((born, months))
            totals = {name: total + row[name] for name, total in totals.items()} if row else totals
            states[born, months] = totals
    return states


def _cells(states: dict[tuple[int, int], dict[str, float]], last: int, cohort: str, step: int, measure: str) -> list[tuple]:
    """Put first months together into cohorts, at each age only those that are old enough."""
    length = MONTHS_IN[cohort]
    sums: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: dict.fromkeys(SUMS_OF[measure], 0))
    for (born, months), totals in states.items():
        if months % step == 0:
            cell = sums[born // length, months // step]
            for name, total in totals.items():
                cell[name] += total
    return [(_label(group, cohort), age, *_rate(totals, measure), int(totals["n"]), (group + 1) * length - 1 + age * step <= last)
            for (group, age), totals in sorted(sums.items())]


def _label(group: int, cohort: str) -> str:
    if cohort == "year":
        return str(group)
    first = month_of(group * MONTHS_IN[cohort])
    return f"{first.year}-Q{group % 4 + 1}" if cohort == "quarter" else f"{first:%Y-%m}"


def _rate(sums: dict[str, float], measure: str) -> tuple[float, float, float]:
    if measure == "logo":
        return sums["kept"] / sums["n"], *wilson_interval(sums["kept"], sums["n"])
    part, xp, pp = {"nrr": ("y", "xy", "yy"), "grr": ("g", "xg", "gg")}[measure]
    x = float(sums["x"])
    if x == 0:
        return math.nan, math.nan, math.nan
    low, high = ratio_interval(sums["n"], x, float(sums[part]), sums["xx"], sums[xp], sums[pp])
    return float(sums[part]) / x, *((max(0.0, low), min(1.0, high)) if measure == "grr" else (low, high))
