"""Cohorts: what became of the customers of one year, quarter or month, at each age."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import one_of
from helpers.metrics.groups import SUMS, with_products
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import running
from helpers.metrics.tables import Frame, day, index_of, month_end, month_index, month_of
from helpers.metrics.uncertainty import ratio_interval, wilson_interval

MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def cohort_triangle(subscriptions: Any, *, as_of: Any, cohort: str = "year", age: str = "month", measure: str = "logo",
                    policy: Policy = Policy()) -> Any:
    """Return retention by cohort and age.

    Parameters
    ----------
    subscriptions : data frame
        One row is an interval at one price.
    as_of : date
        The day of the report.
    cohort : {"year", "quarter", "month"}
        Customers are put together by the period of their first MRR.
    age : {"month", "quarter", "year"}
        Step of the age, counted for each customer from its own first month end (age 0).
    measure : {"logo", "nrr", "grr"}
    policy : Policy

    Returns
    -------
    data frame
        cohort ("2024", "2024-Q1" or "2024-03"), age (in steps), value, low, high, n, mature. ``n`` counts the customers
        who are old enough for this age; ``mature`` is False where some of the cohort are not. What nobody has reached
        yet is absent: never 0.

    Notes
    -----
    Age 0 is the first month end with MRR, so every measure starts at 100%; customers who came and left within a month are
    counted by :func:`helpers.metrics.revenue.flash_customers`. Customers who were there in the first month seen are left
    out unless policy.complete_from_inception: their age is not known. Source of the form: Christoph Janz's cohort sheet.

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
    one_of(measure, ("logo", "nrr", "grr"), "cohort_triangle: measure")
    snapshot = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", reactivation="any_gap")
    lines = priced(subscriptions, policy=snapshot, as_of=as_of)
    changes = lines.entered.small(_changes_by_age(lines)).rows(named=True)
    report_day = day(as_of, "as_of")
    last = index_of(report_day) if month_end(index_of(report_day)) == report_day else index_of(report_day) - 1
    cells = _cells(_states(changes, last), last, cohort, MONTHS_IN[age], measure)
    names = ("cohort", "age", "value", "low", "high", "n", "mature")
    return lines.entered.build({name: [cell[i] for cell in cells] for i, name in enumerate(names)})


def _changes_by_age(lines: Lines) -> Frame:
    """Return, by first month and age in months, how the sums behind the rates change."""
    moved = running(lines).with_columns(m=month_index(nw.col("step")))
    moved = moved.with_columns(first_m=nw.when(nw.col("first")).then(nw.col("m")), first_mrr=nw.when(nw.col("first")).then(nw.col("after")))
    born = moved.with_columns(born=nw.col("first_m").min().over("customer_id"), base=nw.col("first_mrr").max().over("customer_id"))
    born = born.filter(nw.col("m") >= nw.col("born"))
    if not lines.policy.complete_from_inception and lines.first_seen is not None:
        born = born.filter(nw.col("born") > index_of(lines.first_seen))
    state = born.select("m", "born", "base", before_=nw.col("before"), after_=nw.col("after"), was=_present("before", lines), now=_present("after", lines))
    for suffix, then, value in (("_0", "was", "before_"), ("_1", "now", "after_")):
        alive = {"before_present": nw.lit(True) if suffix == "_1" else nw.col("m") > nw.col("born"), "after_present": nw.col(then)}
        state = with_products(state.with_columns(before=nw.col("base"), after=nw.col(value), **alive), suffix=suffix)
    change = state.select("born", age=nw.col("m") - nw.col("born"), **{name: nw.col(f"{name}_1") - nw.col(f"{name}_0") for name in SUMS})
    return change.group_by("born", "age").agg(*[nw.col(name).sum() for name in SUMS])


def _present(moment: str, lines: Lines) -> nw.Expr:
    paying = nw.col(f"mrr_{moment}") > 0
    return paying | (nw.col(f"free_{moment}") > 0) if "free" in lines.held else paying


def _states(changes: list[dict[str, Any]], last: int) -> dict[tuple[int, int], dict[str, float]]:
    """Cumulate the changes: the sums for each first month at each age in months that has been reached."""
    by_cell = {(int(row["born"]), int(row["age"])): row for row in changes}
    states = {}
    for born in sorted({born for born, _ in by_cell}):
        totals = dict.fromkeys(SUMS, 0)
        for months in range(last - born + 1):
            row = by_cell.get((born, months))
            totals = {name: totals[name] + row[name] for name in SUMS} if row else totals
            states[born, months] = totals
    return states


def _cells(states: dict[tuple[int, int], dict[str, float]], last: int, cohort: str, step: int, measure: str) -> list[tuple]:
    """Put first months together into cohorts, at each age only those that are old enough."""
    length = MONTHS_IN[cohort]
    sums: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for (born, months), totals in states.items():
        if months % step == 0:
            cell = sums[born // length, months // step]
            for name in SUMS:
                cell[name] += totals[name]
    return [(_label(group, cohort), age, *_rate(totals, measure), int(totals["n"]), group * length + length - 1 + age * step <= last)
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
