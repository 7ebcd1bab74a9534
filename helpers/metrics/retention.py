"""Retention: what is left, after a while, of the customers one had, and of what they paid.

Everything here is point to point unless its name says otherwise: the customers of the first day are followed to the last
day; the lost ones stay in the denominator, customers won in between do not enter, and those who left and came back count.
Cohorts, survival, the shifted-beta-geometric model, renewal and churn rates live in modules of their own and can all be
imported from here.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.churn import annualise_churn, customer_churn, customer_churn_rate, gross_mrr_churn_rate, quick_ratio
from helpers.metrics.cohorts import cohort_triangle
from helpers.metrics.errors import MetricError
from helpers.metrics.groups import SUMS, grouped, with_products
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.renewals import renewal_rate
from helpers.metrics.result import Result
from helpers.metrics.revenue import ARRIVALS, changes_of, events_of, kinds_of, movements_of, states_at
from helpers.metrics.sbg import SBG, fit_sbg, fit_sbg_from
from helpers.metrics.tenure import life_table, survival
from helpers.metrics.tables import Frame, day, either, enter, index_of, month_end, month_index, month_of, settled, stacked
from helpers.metrics.uncertainty import ratio_interval, wilson_interval

__all__ = ["SBG", "annualise_churn", "cohort_triangle", "customer_churn", "customer_churn_rate", "fit_sbg", "fit_sbg_from", "grr",
           "gross_mrr_churn_rate", "life_table", "logo_retention", "nrr", "nrr_chained", "nrr_trailing", "quick_ratio",
           "renewal_rate", "retention_by_month", "retention_definitions", "survival"]

# --- point to point -------------------------------------------------------------------------------------------------


def nrr(subscriptions: Any, start: Any, end: Any, *, policy: Policy = Policy(), customers: Any = None, by: str | None = None,
        as_of: Any = None) -> Result:
    """Return net revenue retention, point to point.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price.
    start, end : date
        The state at the end of these days is compared.
    policy : Policy
    customers : data frame, optional
        Table with customer_id and the column ``by``.
    by : str, optional
        A column of ``customers``: one row of the result for each of its values.
    as_of : date, optional
        The day of the report. A window that ends later is not mature.

    Returns
    -------
    Result
        Share; the interval is that of a ratio over customers (:func:`helpers.metrics.uncertainty.ratio_interval`).

    Raises
    ------
    MetricError
        When ``end`` lies before ``start``, or ``by`` is no column of ``customers``.

    Notes
    -----
    sum of MRR(end) over the customers with MRR at ``start`` / sum of their MRR(start). Source: SaaS Capital, 2020 B2B
    SaaS Retention Benchmarks.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", "2024-06-01", 100.0], ["a", "2024-06-01", None, 150.0], ["b", "2023-01-01", "2024-03-01", 50.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> nrr(subs, "2023-12-31", "2024-12-31").value
    1.0
    """
    return _point_to_point("nrr", subscriptions, start, end, policy, customers, by, as_of)


def grr(subscriptions: Any, start: Any, end: Any, *, policy: Policy = Policy(), customers: Any = None, by: str | None = None,
        as_of: Any = None) -> Result:
    """Return gross revenue retention, point to point: like NRR, but no customer counts for more than at the start.

    Parameters
    ----------
    subscriptions, start, end, policy, customers, by, as_of
        As in :func:`nrr`.

    Returns
    -------
    Result
        Share between 0 and 1.

    Notes
    -----
    sum of min(MRR(end), MRR(start)), customer by customer / sum of MRR(start). Capping the total instead would hide the
    losses of some behind the growth of others.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", "2024-06-01", 100.0], ["a", "2024-06-01", None, 150.0], ["b", "2023-01-01", "2024-03-01", 50.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> round(grr(subs, "2023-12-31", "2024-12-31").value, 3)
    0.667
    """
    return _point_to_point("grr", subscriptions, start, end, policy, customers, by, as_of)


def logo_retention(subscriptions: Any, start: Any, end: Any, *, policy: Policy = Policy(), customers: Any = None,
                   by: str | None = None, as_of: Any = None) -> Result:
    """Return the share of the customers of the first day who are customers on the last day.

    Parameters
    ----------
    subscriptions, start, end, policy, customers, by, as_of
        As in :func:`nrr`.

    Returns
    -------
    Result
        Share, with its Wilson interval.

    Notes
    -----
    customers at both ``start`` and ``end`` / customers at ``start``. Who left and came back in between counts as kept.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", None, 100.0], ["b", "2023-01-01", "2024-03-01", 50.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> logo_retention(subs, "2023-12-31", "2024-12-31")
    logo retention, point to point, 2023-12-31 to 2024-12-31: 50.0% (9.5% to 90.5%, n = 2 customers)
    """
    return _point_to_point("logo", subscriptions, start, end, policy, customers, by, as_of)


_NAMES = {"nrr": "NRR, point to point", "grr": "GRR, point to point", "logo": "logo retention, point to point"}
_FORMULAS = {
    "nrr": "MRR at the end of the customers of the start / MRR at the start",
    "grr": "the same, each customer capped at what it paid at the start",
    "logo": "customers at both days / customers at the start",
}


def _point_to_point(measure: str, subscriptions: Any, start: Any, end: Any, policy: Policy, customers: Any, by: str | None,
                    as_of: Any) -> Result:
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise MetricError(f"{_NAMES[measure]}: end {last} lies before start {first}. Swap them.")
    lines = priced(subscriptions, policy=policy.replace(grain="customer"), as_of=as_of)
    pairs = states_at(lines, {"before": first, "after": last}).filter(nw.col("before_present"))
    sums = grouped(lines.entered, with_products(pairs), tuple(SUMS), customers=customers, by=by)
    late = as_of is not None and last > day(as_of, "as_of")
    rows = [_measured(measure, row, first, late) for row in sums] or [_measured(measure, dict.fromkeys(SUMS, 0), first, late)]
    labels = {by: [row[by] for row in sums]} if by and sums else {}
    table = lines.entered.build({**labels, **{name: [row[name] for row in rows] for name in rows[0]}})
    return Result(_NAMES[measure], table, policy=policy, formula=_FORMULAS[measure], period=f"{first} to {last}",
                  behind=lambda: lines.entered.give(pairs.select("customer_id", "before", "after"), sort=["customer_id"]))


def _measured(measure: str, sums: dict[str, Any], start: dt.date, late: bool) -> dict[str, Any]:
    """Turn one group's sums into value, interval, n, mature and reason."""
    n = int(sums["n"])
    base, part, xp, pp = {"nrr": ("x", "y", "xy", "yy"), "grr": ("x", "g", "xg", "gg"), "logo": ("n", "kept", "", "")}[measure]
    whole, left = float(sums[base]), float(sums[part])
    value = left / whole if whole > 0 else math.nan
    reason = "" if whole > 0 else f"no customer had MRR on {start}"
    if measure == "logo":
        low, high = wilson_interval(left, whole)
    else:
        low, high = ratio_interval(n, whole, left, float(sums["xx"]), float(sums[xp]), float(sums[pp]))
        reason = reason or ("one customer only: no interval" if n < 2 else "")
    if measure == "grr" and n > 1:
        low, high = max(0.0, low), min(1.0, high)
    reason = reason or ("the window ends after as_of" if late else "")
    return {"value": value, "low": low, "high": high, "n": n, "mature": not late, "reason": reason}


# --- one company under nine definitions -----------------------------------------------------------------------------

DEFINITIONS = {
    "nrr_point_to_point": (True, "MRR at the end of the customers of the start, over MRR at the start"),
    "grr_point_to_point": (True, "the same, no customer counting for more than at the start"),
    "grr_flow": (True, "start less every churn and contraction on the way; what came back later is not added again"),
    "nrr_flow_without_reactivation": (True, "grr_flow and the expansion of the customers of the start"),
    "nrr_flow": (True, "and their reactivation: the same as point to point"),
    "nrr_chained_monthly": (True, "the monthly rates multiplied; customers won on the way weigh in from their second month"),
    "nrr_flow_with_new_customers": (False, "adds the expansion of customers won on the way, who are not in the denominator"),
    "nrr_survivors_only": (False, "leaves the lost ones out of the denominator as well"),
    "total_end_over_start": (False, "MRR of everybody at the end, new customers too: growth, not retention"),
}


def retention_definitions(subscriptions: Any, start: Any, end: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Any:
    """Return one company's retention under nine definitions that go by the same name.

    Parameters
    ----------
    subscriptions, start, end, policy, as_of
        As in :func:`nrr`. The flows and the chain are taken from month end to month end, so ``start`` and ``end`` should be
        month ends.

    Returns
    -------
    data frame
        definition, value, legitimate (False for the three traps), what_it_counts.

    Notes
    -----
    See :data:`DEFINITIONS`; the constructed example GOLD-5 of the tests has a different number for nearly each.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", "2024-06-01", 100.0], ["a", "2024-06-01", None, 150.0], ["b", "2023-01-01", "2024-03-01", 100.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> table = retention_definitions(subs, "2023-12-31", "2024-12-31").set_index("definition")
    >>> float(table.loc["nrr_survivors_only", "value"])
    1.5
    """
    first, last = _window("retention_definitions", start, end)
    lines = _snapshot(subscriptions, policy, as_of)
    pairs = states_at(lines, {"before": first, "after": last})
    values = _definition_values(_totals(lines, pairs), *_flows(lines, pairs, first, last))
    return lines.entered.build({"definition": list(DEFINITIONS), "value": [values[name] for name in DEFINITIONS],
                                "legitimate": [right for right, _ in DEFINITIONS.values()],
                                "what_it_counts": [words for _, words in DEFINITIONS.values()]})


def _window(name: str, start: Any, end: Any) -> tuple[dt.date, dt.date]:
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise MetricError(f"{name}: end {last} lies before start {first}. Swap them.")
    return first, last


def _snapshot(subscriptions: Any, policy: Policy, as_of: Any) -> Lines:
    month_ends = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", reactivation="any_gap", right_edge="keep")
    return priced(subscriptions, policy=month_ends, as_of=as_of)


def _definition_values(totals: dict[str, float], flows: dict[str, float], chained: float) -> dict[str, float]:
    def share(part: float, whole: float) -> float:
        return part / whole if whole else math.nan

    base, kept = totals["x"], totals["end"] - totals["came"]
    losses = flows["churn"] + flows["contraction"] + flows["pause"]
    gains, back = flows["expansion"], flows["reactivation"] + flows["resume"]
    return {
        "nrr_point_to_point": share(kept, base), "grr_point_to_point": share(totals["g"], base),
        "grr_flow": share(base + losses, base), "nrr_flow_without_reactivation": share(base + losses + gains, base),
        "nrr_flow": share(base + losses + gains + back, base), "nrr_chained_monthly": chained,
        "nrr_flow_with_new_customers": share(base + losses + gains + back + flows["newcomers"], base),
        "nrr_survivors_only": share(kept, base - totals["gone"]), "total_end_over_start": share(totals["end"], base),
    }


def _totals(lines: Lines, pairs: Frame) -> dict[str, float]:
    """Sum what the customers of the start, and everybody, paid at both ends."""
    gone = either(nw.col("after_present"), 0, nw.col("before"))
    sums = {"before": "x", "capped": "g", "gone": "gone", "after": "end", "came": "came"}
    ends = pairs.with_columns(capped=either(nw.col("after") < nw.col("before"), nw.col("after"), nw.col("before")), gone=gone,
                              came=either(nw.col("before_present"), 0, nw.col("after")))
    found = lines.entered.small(ends.select(*[nw.col(name).sum() for name in sums])).rows(named=True)[0]
    return {short: float(found[name] or 0) for name, short in sums.items()}


def _flows(lines: Lines, pairs: Frame, first: dt.date, last: dt.date) -> tuple[dict[str, float], float]:
    """Sum the movements between two days by kind, and chain the months.

    Returns
    -------
    (flows, chained)
        Flows of the customers of the start by kind, with the growth of the others as ``newcomers``; the product of the
        monthly rates.
    """
    there = pairs.filter(nw.col("before_present")).select("customer_id", here=nw.lit(1))
    moved = movements_of(lines).select("customer_id", "month", "kind", "change").join(there, on="customer_id", how="left")
    moved = moved.with_columns(here=(~nw.col("here").is_null()).cast(nw.Int64))
    rows = lines.entered.small(moved.group_by("month", "kind", "here").agg(nw.col("change").sum())).select("month", "kind", "here", "change").rows()
    flows = defaultdict(float)
    for month, kind, here, change in rows:
        if index_of(first) < index_of(month) <= index_of(last):
            flows[kind] += float(change) * here
            flows["newcomers"] += float(change) * (not here and kind == "expansion")
    return flows, _chained([(month, kind, change) for month, kind, _, change in rows], index_of(first), index_of(last))


def _chained(rows: list[tuple[dt.date, str, float]], first: int, last: int) -> float:
    """Multiply the monthly rates, from changes by month and kind: what is left, without arrivals, over what was there."""
    arrivals: dict[int, float] = defaultdict(float)
    others: dict[int, float] = defaultdict(float)
    for on, kind, change in rows:
        (arrivals if kind in ARRIVALS else others)[index_of(on)] += float(change)
    total, rate = sum(change for found in (arrivals, others) for month, change in found.items() if month <= first), 1.0
    if not total:
        return math.nan
    for month in range(first + 1, last + 1):
        rate *= (total + others.get(month, 0.0)) / total if total else math.nan
        total += arrivals.get(month, 0.0) + others.get(month, 0.0)
    return rate


# --- month by month -------------------------------------------------------------------------------------------------


def retention_by_month(subscriptions: Any, *, as_of: Any, months: int = 12, policy: Policy = Policy()) -> Any:
    """Return NRR, GRR and logo retention over the trailing ``months``, at each month end.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price.
    as_of : date
        The day of the report.
    months : int
        Length of the window.
    policy : Policy

    Returns
    -------
    data frame
        month (its first day; the window ends with its last), nrr, nrr_low, nrr_high, the same for grr and logo, n
        (customers at the start of the window), mature (False for a month that is not over at ``as_of``).

    Notes
    -----
    Each row is :func:`nrr`, :func:`grr` and :func:`logo_retention` from one month end to the month end ``months`` later.
    All are found in one pass: each customer's events are laid beside the same events ``months`` later, so that what was
    paid then and what is paid now are known wherever either changes.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", None, 100.0], ["b", "2023-01-01", "2024-03-01", 100.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> retention_by_month(subs, as_of="2024-04-30")["nrr"].tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    if months < 1:
        raise MetricError(f"retention_by_month: months = {months!r} must be 1 or more.")
    snapshot = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", reactivation="any_gap")
    lines = priced(subscriptions, policy=snapshot, as_of=as_of)
    changes = lines.entered.small(_changes_by_month(lines, months)).rows(named=True)
    report_day = day(as_of, "as_of")
    totals, rows = dict.fromkeys(SUMS, 0), []
    by_month = {int(row["m"]): row for row in changes}
    for index in range(min(by_month, default=1), index_of(report_day) + 1):
        totals = {name: totals[name] + by_month.get(index, {}).get(name, 0) for name in SUMS}
        if totals["n"]:
            rows.append(_month_row(index, totals, months, late=month_end(index) > report_day))
    return lines.entered.build({name: [row[name] for row in rows] for name in MONTHLY})


def nrr_trailing(subscriptions: Any, *, as_of: Any, windows: int = 12, every: int = 1, policy: Policy = Policy()) -> Result:
    """Return the mean of the last trailing-year NRRs, as several listed companies report it.

    Parameters
    ----------
    subscriptions, as_of, policy
        As in :func:`retention_by_month`.
    windows : int
        How many values to average: 12 monthly or 4 quarterly ones.
    every : int
        Months between them: 1 or 3.

    Returns
    -------
    Result
        Share without interval: the windows overlap. n counts the customers of the last window.

    Notes
    -----
    mean of :func:`nrr` over the twelve months to each of the last month ends. It lags: half a year of news is in it only
    in part. Source: definitions in the annual reports of listed companies.

    Examples
    --------
    >>> from helpers.metrics.examples import from_series
    >>> nrr_trailing(from_series({"a": [100] * 13 + [200] * 2}), as_of="2025-03-31", windows=2).value
    2.0
    """
    for name, number in (("windows", windows), ("every", every)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise MetricError(f"nrr_trailing: {name} = {number!r} must be a whole number from 1.")
    months = retention_by_month(subscriptions, as_of=as_of, policy=policy)
    by_index = {index_of(row["month"]): row for row in nw.from_native(months, eager_only=True).rows(named=True) if row["mature"]}
    newest = max(by_index, default=0)
    rows = [by_index[newest - i * every] for i in range(windows) if newest - i * every in by_index]
    short = len(rows) < windows
    reason = f"only {len(rows)} of {windows} windows can be seen" if short else ""
    value = math.nan if short else sum(row["nrr"] for row in rows) / windows
    entered = enter(subscriptions, name="subscriptions", columns=("customer_id",))
    table = entered.figure(value, n=rows[0]["n"] if rows else 0, late=short, reason=reason)
    return Result("NRR, trailing average", table, policy=policy, formula=f"mean of {windows} trailing-year NRRs, {every} months apart",
                  period=f"to {day(as_of, 'as_of')}", behind=lambda: months)


def nrr_chained(subscriptions: Any, start: Any, end: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Result:
    """Return the product of the monthly NRRs from one month end to another.

    Parameters
    ----------
    subscriptions, start, end, policy, as_of
        As in :func:`nrr`; ``start`` and ``end`` are month ends.

    Returns
    -------
    Result
        Share without interval. Not the same number as :func:`nrr`: customers won on the way weigh in from their second month.

    Notes
    -----
    product over the months of MRR kept / MRR at the month's start.

    Examples
    --------
    >>> from helpers.metrics.examples import five_customers
    >>> round(nrr_chained(five_customers(), "2024-01-31", "2024-04-30").value, 6)
    0.769737
    """
    first, last = _window("nrr_chained", start, end)
    for on in (first, last):
        if month_end(index_of(on)) != on:
            raise MetricError(f"nrr_chained: {on} is no month end, and months are chained. Give {month_end(index_of(on) - 1)} or {month_end(index_of(on))}.")
    lines = _snapshot(subscriptions, policy, as_of)
    pairs = states_at(lines, {"before": first, "after": last}).filter(nw.col("before_present"))
    n = lines.entered.small(pairs.select(nw.len().alias("n"))).rows()[0][0]
    value = _chained(kinds_of(lines.entered.small(changes_of(lines))), index_of(first), index_of(last))
    late = as_of is not None and last > day(as_of, "as_of")
    reason = "a month began without MRR" if value != value else "the window ends after as_of" if late else ""
    figure = lines.entered.figure(value, n=int(n), late=late, reason=reason)
    return Result("NRR, chained monthly", figure, policy=policy, formula="product of the monthly NRRs", period=f"{first} to {last}",
                  behind=lambda: lines.entered.give(pairs.select("customer_id", "before", "after"), sort=["customer_id"]))


MONTHLY = ("month", *(name + end for name in ("nrr", "grr", "logo") for end in ("", "_low", "_high")), "n", "mature")


def _month_row(index: int, totals: dict[str, Any], months: int, late: bool) -> dict[str, Any]:
    first = month_of(index)
    row: dict[str, Any] = {"month": dt.datetime(first.year, first.month, 1)}
    for measure in ("nrr", "grr", "logo"):
        found = _measured(measure, totals, month_end(index - months), late)
        row |= {measure: found["value"], f"{measure}_low": found["low"], f"{measure}_high": found["high"]}
    return {**row, "n": int(totals["n"]), "mature": not late}


def _changes_by_month(lines: Lines, months: int) -> Frame:
    """Return how the sums behind the rates change from month to month."""
    measures = ["mrr", *[name for name in lines.held if name == "free"]]
    events = events_of(lines).with_columns(m=month_index(nw.col("step")), zero=nw.lit(0, dtype=nw.Int64))
    shifted = {f"{name}_now": (name, "zero") for name in measures} | {f"{name}_then": ("zero", name) for name in measures}
    both = stacked(events.with_columns(later=nw.col("m") + months), ["customer_id"], m=("m", "later"), **shifted)
    state = settled(both, ["customer_id"], "m", list(shifted)).with_columns(plus=nw.lit(1), minus=nw.lit(-1))
    ends = stacked(state, ["m"], sign=("minus", "plus"), **{name: (f"{name}_before", f"{name}_after") for name in shifted})
    ends = ends.filter(_present("then", lines))
    pairs = ends.with_columns(before=lines.rounded(nw.col("mrr_then")), after=lines.rounded(nw.col("mrr_now")),
                              after_present=_present("now", lines))
    return with_products(pairs, sign="sign").group_by("m").agg(*[nw.col(name).sum() for name in SUMS])


def _present(time: str, lines: Lines) -> nw.Expr:
    paying = nw.col(f"mrr_{time}") > 0
    return paying | (nw.col(f"free_{time}") > 0) if "free" in lines.held else paying
