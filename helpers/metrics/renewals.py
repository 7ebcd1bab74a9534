"""Renewal rates: of what fell due, how much was renewed."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.groups import grouped
from helpers.metrics.policy import Policy
from helpers.metrics.result import Result
from helpers.metrics.tables import Entered, Frame, collected, dates, day, either, enter, literal, numbers, one_currency, with_months
from helpers.metrics.uncertainty import ratio_interval, wilson_interval

COLUMNS = ("contract_id", "customer_id", "kind", "renews_contract_id", "starts_on", "ends_on", "recurring_amount")
SUMS = ("n", "x", "y", "kept", "xx", "xy", "yy")


def renewal_rate(contracts: Any, start: Any, end: Any, *, by_money: bool = True, add_ons: bool = True, customers: Any = None,
                 by: str | None = None, as_of: Any = None, policy: Policy = Policy()) -> Result:
    """Return the renewal rate of the contracts that fell due in a period, by money or by count.

    Parameters
    ----------
    contracts : data frame
        One row is a signature; see :data:`COLUMNS`.
    start, end : date
        Due are contracts that end after ``start`` and not after ``end``.
    by_money : bool
        By money, or by number of customers.
    add_ons : bool
        By money: count what the same customers added in the period. The rate can then exceed 100%.
    customers, by : optional
        A table with customer_id and a column to split by.
    as_of : date, optional
        The day of the report. A period that ends later is not mature, and a renewal that starts later is not known.
    policy : Policy
        Carried by the result.

    Returns
    -------
    Result
        Share; n counts customers with something due. By count the interval is Wilson's; by money that of a ratio.

    Notes
    -----
    By money: (renewed + added) / due, all as amounts for one year, so that a three-year renewal is no growth. By count:
    customers who renewed anything / customers with something due. A renewal names the contract it renews. Not NRR: the
    denominator is only what fell due. Source: Wu Hao's definitions of the renewal rate by money and by count.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["k1", "a", "new", None, "2023-01-01", "2024-01-01", 100.0], ["k2", "b", "new", None, "2023-01-01", "2024-01-01", 300.0],
    ...         ["k3", "a", "renewal", "k1", "2024-01-01", "2026-01-01", 220.0]]
    >>> deals = pd.DataFrame(rows, columns=list(COLUMNS))
    >>> deals[["starts_on", "ends_on"]] = deals[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> renewal_rate(deals, "2023-12-31", "2024-12-31").value, renewal_rate(deals, "2023-12-31", "2024-12-31", by_money=False).value
    (0.275, 0.5)
    """
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise MetricError(f"renewal_rate: end {last} lies before start {first}. Swap them.")
    entered = enter(contracts, name="contracts", columns=COLUMNS, optional=("currency",))
    _check(entered.frame)
    due = _due_by_customer(entered, first, last, add_ons, None if as_of is None else day(as_of, "as_of"))
    sums = grouped(entered, _products(due), SUMS, customers=customers, by=by)
    late = as_of is not None and last > day(as_of, "as_of")
    rows = [_measured(row, by_money, first, last, late) for row in sums or [dict.fromkeys(SUMS, 0)]]
    labels = {by: [row[by] for row in sums]} if by and sums else {}
    table = entered.build({**labels, **{name: [row[name] for row in rows] for name in rows[0]}})
    formula = "(renewed + added) / due, for one year" if by_money and add_ons else "renewed / due"
    name = f"renewal rate by {'money' if by_money else 'count'}"
    return Result(name, table, policy=policy, formula=formula, period=f"{first} to {last}",
                  behind=lambda: entered.give(due, sort=["customer_id"]))


def _check(frame: Frame) -> None:
    dates(frame, "contracts", ("starts_on", "ends_on"))
    numbers(frame, "contracts", ("recurring_amount",))
    one_currency(frame, "contracts")
    tests = {"have no recurring_amount. Fill it in; 0 is allowed": nw.col("recurring_amount").is_null() & nw.col("kind").is_in(["new", "renewal"]),
             "end before they start. Correct the dates": nw.col("ends_on") < nw.col("starts_on")}
    for words, test in tests.items():
        bad = collected(frame.filter(test).select("contract_id").sort("contract_id").head(3)).rows()
        if bad:
            raise MetricError(f"contracts: some {words}. First: {', '.join(str(row[0]) for row in bad)}.")
    twice = collected(frame.group_by("contract_id").agg(nw.len().alias("rows")).filter(nw.col("rows") > 1).sort("contract_id").head(1)).rows()
    if twice:
        raise MetricError(f"contracts: contract_id {twice[0][0]!r} stands in {twice[0][1]} rows. Keep one, or its money would be counted twice.")


def _due_by_customer(entered: Entered, first: Any, last: Any, add_ons: bool, as_of: Any) -> Frame:
    """Return what each customer had due, renewed and added, as amounts for one year."""
    dtype = entered.frame.collect_schema()["ends_on"]
    frame = with_months(entered.frame.filter(nw.col("ends_on") > nw.col("starts_on")), "months", "starts_on", "ends_on")
    frame = frame.with_columns(yearly=nw.col("recurring_amount").cast(nw.Float64) * 12 / nw.col("months"))
    ends, starts = nw.col("ends_on"), nw.col("starts_on")
    due = frame.filter(ends > literal(first, dtype), ends <= literal(last, dtype)).select("contract_id", "customer_id", due="yearly")
    again = frame.filter(nw.col("kind") == "renewal", ~nw.col("renews_contract_id").is_null())
    if as_of is not None:
        again = again.filter(nw.col("starts_on") < literal(as_of + dt.timedelta(days=1), dtype))
    again = again.group_by("renews_contract_id").agg(nw.col("yearly").sum().alias("renewed"))
    due = due.join(again, left_on="contract_id", right_on="renews_contract_id", how="left")
    due = due.with_columns(renewed=_or_zero("renewed"), renewals=either(nw.col("renewed").is_null(), 0, 1))
    due = due.group_by("customer_id").agg(nw.col("due").sum(), nw.col("renewed").sum(), nw.col("renewals").sum())
    if not add_ons:
        return due.with_columns(added=nw.lit(0.0))
    extra = frame.filter(nw.col("kind") == "add-on", starts > literal(first, dtype), starts <= literal(last, dtype))
    extra = extra.group_by("customer_id").agg(nw.col("yearly").sum().alias("added"))
    return due.join(extra, on="customer_id", how="left").with_columns(added=_or_zero("added"))


def _or_zero(name: str) -> nw.Expr:
    return either(nw.col(name).is_null(), 0.0, nw.col(name))


def _products(due: Frame) -> Frame:
    frame = due.with_columns(n=nw.lit(1), x=nw.col("due"), y=nw.col("renewed") + nw.col("added"),
                             kept=either(nw.col("renewals") > 0, 1, 0))
    return frame.with_columns(**{a + b: nw.col(a) * nw.col(b) for a, b in ("xx", "xy", "yy")})


def _measured(sums: dict[str, Any], by_money: bool, first: Any, last: Any, late: bool) -> dict[str, Any]:
    n, x, y, kept = int(sums["n"]), float(sums["x"]), float(sums["y"]), int(sums["kept"])
    whole, part = (x, y) if by_money else (n, kept)
    low, high = ratio_interval(n, x, y, sums["xx"], sums["xy"], sums["yy"]) if by_money else wilson_interval(kept, n)
    reason = "" if whole else f"no contract ended after {first} and by {last}"
    reason = reason or ("the period ends after as_of" if late else "")
    return {"value": part / whole if whole else math.nan, "low": low, "high": high, "n": n, "mature": not late, "reason": reason}
