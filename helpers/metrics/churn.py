"""Churn rates by their variants, and what is often computed from the bridge.

Every variant is right for somebody and none of them is *the* churn rate: a function's name, or its ``variant``, says
which one it is.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.result import Result
from helpers.metrics.revenue import ARRIVALS, movements_of, states_at
from helpers.metrics.tables import Frame, cut, day, either, enter, literal
from helpers.metrics.uncertainty import wilson_interval


def annualise_churn(monthly: float) -> float:
    """Return the yearly churn rate that a monthly one amounts to.

    Parameters
    ----------
    monthly : float
        Share lost in a month, as a fraction.

    Returns
    -------
    float
        Share lost in a year.

    Raises
    ------
    MetricError
        When it is no share: 3% is 0.03.

    Notes
    -----
    1 - (1 - m)^12; never 12 m. Source: scoutmytool.com churn calculator.

    Examples
    --------
    >>> round(annualise_churn(0.03), 4)
    0.3062
    """
    if not 0 <= monthly <= 1:
        raise MetricError(f"annualise_churn: {monthly!r} is no share between 0 and 1. Write 3% as 0.03.")
    return 1 - (1 - monthly) ** 12


def customer_churn_rate(start: float, churned: float, *, joined_and_churned: float = 0, churned_and_reactivated: float = 0) -> float:
    """Return customer churn from counts, ChartMogul's standard variant.

    Parameters
    ----------
    start : float
        Customers at the start of the period.
    churned : float
        Customers who churned in it.
    joined_and_churned, churned_and_reactivated : float
        Of those, who had joined in the period, and who came back in it: neither is counted.

    Returns
    -------
    float
        Share; NaN when there were no customers at the start.

    Notes
    -----
    (churned - joined and churned - churned and reactivated) / start. Source: ChartMogul help 207340419.

    Examples
    --------
    >>> customer_churn_rate(100, 12, joined_and_churned=1, churned_and_reactivated=1)
    0.1
    """
    return (churned - joined_and_churned - churned_and_reactivated) / start if start else math.nan


def customer_churn_rate_stripe(start: float, new: float, churned: float) -> float:
    """Return customer churn from counts, Stripe's variant.

    Parameters
    ----------
    start : float
        Customers 30 days ago.
    new : float
        Customers won since.
    churned : float
        Customers lost since, those won since among them.

    Returns
    -------
    float
        Share; NaN when there were no customers.

    Notes
    -----
    churned / (start + new). The denominator is larger than ChartMogul's, so the rate is usually lower. Source: docs.stripe.com,
    billing analytics glossary.

    Examples
    --------
    >>> customer_churn_rate_stripe(180, 20, 10)
    0.05
    """
    return churned / (start + new) if start + new else math.nan


def gross_mrr_churn_rate(start: float, churn: float, contraction: float) -> float:
    """Return gross MRR churn from amounts: what was lost over what was there.

    Parameters
    ----------
    start : float
        MRR at the start of the period.
    churn, contraction : float
        MRR lost to churn and to contraction, as positive amounts.

    Returns
    -------
    float
        Share; NaN when there was no MRR at the start.

    Notes
    -----
    (churn + contraction) / start. Source: ChartMogul help 203359341.

    Examples
    --------
    >>> gross_mrr_churn_rate(100, 10, 10)
    0.2
    """
    _amounts(start=start, churn=churn, contraction=contraction)
    return (churn + contraction) / start if start else math.nan


def _amounts(**amounts: float) -> None:
    for name, amount in amounts.items():
        if amount < 0:
            raise MetricError(f"{name} = {amount!r} must be a positive amount; a bridge writes losses with a minus, here they are amounts.")


def net_mrr_churn_rate(start: float, churn: float, contraction: float, expansion: float, reactivation: float = 0) -> float:
    """Return net MRR churn from amounts: what was lost less what was won back and added, over what was there.

    Parameters
    ----------
    start : float
        MRR at the start of the period.
    churn, contraction, expansion, reactivation : float
        Positive amounts.

    Returns
    -------
    float
        Share; below 0 when existing customers added more than was lost; NaN when there was no MRR at the start.

    Notes
    -----
    (churn + contraction - expansion - reactivation) / start. Source: ChartMogul help 203359341.

    Examples
    --------
    >>> net_mrr_churn_rate(100, 10, 10, 25)
    -0.05
    """
    _amounts(start=start, churn=churn, contraction=contraction, expansion=expansion, reactivation=reactivation)
    return (churn + contraction - expansion - reactivation) / start if start else math.nan


def churn_by_month(bridge: Any) -> Any:
    """Return gross and net MRR churn of each month.

    Parameters
    ----------
    bridge : data frame
        What :func:`helpers.metrics.revenue.mrr_bridge` returned.

    Returns
    -------
    data frame
        month, gross, net (shares), reason (where there was no MRR at the start).

    Notes
    -----
    Pauses (kinds pause and resume) are neither lost nor won here; policies with pauses = "churn" or "fold" make them so. Where churn
    is counted within the month (same_month = "events") what was sold and lost in one month can bring gross above 100%.

    Examples
    --------
    >>> from helpers.metrics.examples import five_customers
    >>> from helpers.metrics.revenue import bridge_from
    >>> churn_by_month(bridge_from(five_customers(), as_of="2024-04-30"))[["gross", "net"]].round(3).to_numpy().tolist()
    [[nan, nan], [0.375, 0.25], [0.0, -0.184], [0.222, 0.0]]
    """
    columns = ("month", "starting", "reactivation", "expansion", "contraction", "churn")
    entered = enter(bridge, name="bridge", columns=columns)
    rows = entered.small(entered.frame).rows(named=True)
    return entered.build({
        "month": [row["month"] for row in rows],
        "gross": [gross_mrr_churn_rate(row["starting"], abs(row["churn"]), abs(row["contraction"])) for row in rows],
        "net": [net_mrr_churn_rate(row["starting"], abs(row["churn"]), abs(row["contraction"]), row["expansion"], row["reactivation"])
                for row in rows],
        "reason": ["" if row["starting"] else "no MRR at the start" for row in rows]})


def quick_ratio(bridge: Any, *, reactivation: bool = True) -> Any:
    """Return the quick ratio of each month: MRR gained for each unit lost.

    Parameters
    ----------
    bridge : data frame
        What :func:`helpers.metrics.revenue.mrr_bridge` returned.
    reactivation : bool
        Whether reactivation counts as gained.

    Returns
    -------
    data frame
        month, value, gained, lost, reason. A month in which nothing was lost has NaN: it is undefined, not infinitely good.

    Notes
    -----
    (new + expansion + reactivation) / (contraction + churn); pauses are in neither. Source: Mamoon Hamid's rule of thumb, 4 gained for 1 lost.

    Examples
    --------
    >>> import pandas as pd
    >>> moves = {"new": 3.0, "reactivation": 0.0, "expansion": 1.0, "contraction": 0.0, "churn": -1.0}
    >>> bridge = pd.DataFrame([{"month": "2024-01", **moves}])
    >>> quick_ratio(bridge)["value"].tolist()
    [4.0]
    """
    entered = enter(bridge, name="bridge", columns=("month", "new", "reactivation", "expansion", "contraction", "churn"))
    rows = entered.small(entered.frame).rows(named=True)
    gained = [row["new"] + row["expansion"] + (row["reactivation"] if reactivation else 0) for row in rows]
    lost = [-(row["contraction"] + row["churn"]) for row in rows]
    value = [up / down if down else math.nan for up, down in zip(gained, lost, strict=True)]
    return entered.build({"month": [row["month"] for row in rows], "value": value, "gained": gained, "lost": lost,
                          "reason": ["" if down else "nothing was lost" for down in lost]})


VARIANTS = {
    "point_to_point": "customers of the start who are gone at the end / customers at the start",
    "chartmogul": "(churned - joined and churned - churned and back) / customers at the start",
    "stripe": "churned in the period / (customers at the start + new or back in the period)",
    "shopify": "sum over the days of (churned on the day / customers at its start)",
}


def customer_churn(subscriptions: Any, start: Any, end: Any, *, variant: str = "point_to_point", policy: Policy = Policy(),
                   as_of: Any = None) -> Result:
    """Return the share of customers lost in a period, by one of four variants.

    Parameters
    ----------
    subscriptions, start, end, policy, as_of
        As in :func:`helpers.metrics.retention.nrr`.
    variant : {"point_to_point", "chartmogul", "stripe", "shopify"}
        See :data:`VARIANTS`. Churn and return are taken day by day.

    Returns
    -------
    Result
        Share, with the Wilson interval of the same denominator; shopify, a sum of ratios, has none.

    Notes
    -----
    Sources: ChartMogul help 207340419; docs.stripe.com, billing analytics glossary, whose denominator is larger, so that
    its rate is usually lower. Stripe's page does not say where customers stand who came back in the period; here they are in
    the denominator, since they can be lost again in the same period.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2023-01-01", None], ["b", "2023-01-01", "2024-03-01"], ["c", "2024-02-01", "2024-02-20"]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on"]).assign(amount=10.0, interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> [round(customer_churn(subs, "2023-12-31", "2024-12-31", variant=name).value, 3) for name in VARIANTS]
    [0.5, 0.5, 0.667, 0.833]
    """
    one_of(variant, VARIANTS, "customer_churn: variant")
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise MetricError(f"customer_churn: end {last} lies before start {first}. Swap them.")
    daily = policy.replace(grain="customer", same_month="events", same_day="net", right_edge="keep")
    lines = priced(subscriptions, policy=daily, as_of=as_of)
    if variant == "shopify":
        return _shopify(lines, first, last, policy, as_of)
    flags = (_ends if variant == "point_to_point" else _flags)(lines, first, last)
    counts = lines.entered.small(flags.select(*[nw.col(name).sum() for name in flags.collect_schema().names()[1:]])).rows(named=True)[0]
    counts = defaultdict(int, {name: int(value or 0) for name, value in counts.items()})
    part = counts[{"point_to_point": "gone", "chartmogul": "lost", "stripe": "churned"}[variant]]
    whole = counts["start"] + (counts["joined"] if variant == "stripe" else 0)
    low, high = wilson_interval(part, whole) if whole else (math.nan, math.nan)
    late = as_of is not None and last > day(as_of, "as_of")
    reason = "" if whole else f"no customer had MRR on {first}"
    table = lines.entered.figure(part / whole if whole else math.nan, n=whole, low=low, high=high, late=late,
                                 reason=reason or ("the window ends after as_of" if late else ""))
    return Result(f"customer churn, {variant}", table, policy=policy, formula=VARIANTS[variant], period=f"{first} to {last}",
                  behind=lambda: lines.entered.give(flags, sort=["customer_id"]))


def _shopify(lines: Lines, first: dt.date, last: dt.date, policy: Policy, as_of: Any) -> Result:
    """Add up the daily churn rates; customers who never left keep the denominator large, so it suits fast consumer business."""
    moved = movements_of(lines).filter(nw.col("kind").is_in([*ARRIVALS, "churn"]))
    moved = moved.select("on", came=(nw.col("kind") != "churn").cast(nw.Int64), went=(nw.col("kind") == "churn").cast(nw.Int64))
    by_day = moved.group_by("on").agg(nw.col("came").sum(), nw.col("went").sum())
    there, rate, start = 0, 0.0, 0
    for on, came, went in sorted(lines.entered.small(by_day).select("on", "came", "went").rows()):
        on, came, went = day(on, "on"), int(came), int(went)
        if on <= first:
            start += came - went
        elif on <= last and there:
            rate += went / there
        there += came - went
    late = as_of is not None and last > day(as_of, "as_of")
    table = lines.entered.figure(rate if start else math.nan, n=start, late=late, reason="" if start else f"no customer had MRR on {first}")
    return Result("customer churn, shopify", table, policy=policy, formula=VARIANTS["shopify"], period=f"{first} to {last}",
                  behind=lambda: lines.entered.give(by_day, sort=["on"]))


def _one(test: nw.Expr) -> nw.Expr:
    return test.cast(nw.Int64)


def _ends(lines: Lines, first: dt.date, last: dt.date) -> Frame:
    """Mark, with 1 or 0 for each customer, who was there at the start and is gone at the end."""
    before, after = nw.col("before_present"), nw.col("after_present")
    return states_at(lines, {"before": first, "after": last}).select("customer_id", start=_one(before), gone=_one(before & ~after))


def _flags(lines: Lines, first: dt.date, last: dt.date) -> Frame:
    """Mark, with 1 or 0 for each customer, what happened to it in the period.

    ``lost`` churned, was there at the start and is not back at the end; ``joined`` came, or came back, and was not there at the start.
    """
    dtype = lines.frame.collect_schema()["starts_on"]
    moved = movements_of(lines).filter(nw.col("on") > literal(first, dtype), nw.col("on") <= literal(last, dtype))
    moved = moved.select("customer_id", churned=_one(nw.col("kind") == "churn"), came=_one(nw.col("kind").is_in(ARRIVALS)))
    moved = moved.group_by("customer_id").agg(nw.col("churned").max(), nw.col("came").max())
    states = states_at(lines, {"before": first, "after": last})
    both = states.join(moved, on="customer_id", how="left")
    before, after = nw.col("before_present"), nw.col("after_present")
    churned, came = ((nw.col(name) == 1) & ~nw.col(name).is_null() for name in ("churned", "came"))
    return both.select("customer_id", start=_one(before), churned=_one(churned), lost=_one(churned & before & ~after),
                       joined=_one(came & ~before))


def churn_by_cause(subscriptions: Any, *, as_of: Any, policy: Policy = Policy()) -> Any:
    """Return churned customers and MRR by month, split into voluntary and involuntary.

    Parameters
    ----------
    subscriptions : data frame or path
        With a column ``status``: a line that ends while past_due or unpaid is lost involuntarily.
    as_of : date
    policy : Policy

    Returns
    -------
    data frame
        month, cause (voluntary, involuntary), customers, mrr (natural units, positive).

    Notes
    -----
    A customer's churn is involuntary when one of the lines that ended in that month was past due or unpaid. Source:
    chargebee.com/docs, charts, which reports the two apart.

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> rows = [("a", "2024-01-01", "2024-03-01", "canceled"), ("b", "2024-01-01", "2024-02-01", "active"),
    ...         ("b", "2024-02-01", "2024-04-01", "past_due")]
    >>> names = ("customer_id", "starts_on", "ends_on", "status")
    >>> table = table_of([{**dict(zip(names, row)), "amount": 10} for row in rows])
    >>> churn_by_cause(table, as_of="2024-12-31")[["cause", "mrr"]].to_numpy().tolist()
    [['involuntary', 10.0], ['voluntary', 10.0]]
    """
    snapshot = policy.replace(grain="customer", time_base="month_end", same_month="snapshot", right_edge="keep")
    lines = priced(subscriptions, policy=snapshot, as_of=as_of, keep=("status",))
    late = nw.col("status").is_in(["past_due", "unpaid"]) if "status" in lines.frame.collect_schema() else nw.lit(False)
    ended = lines.frame.filter(~nw.col("ends_on").is_null())
    month = cut(nw.col("ends_on"), "1mo", ended.collect_schema()["ends_on"])
    ended = ended.select("customer_id", month=month, late=late.cast(nw.Int64))
    ended = ended.group_by("customer_id", "month").agg(nw.col("late").max())
    lost = movements_of(lines).filter(nw.col("kind") == "churn").join(ended, on=["customer_id", "month"], how="left")
    lost = lost.with_columns(one=nw.lit(1), cause=either(nw.col("late") == 1, "involuntary", "voluntary"))
    sums = lost.group_by("month", "cause").agg(nw.col("one").sum(), nw.col("change").sum())
    rows = sorted(lines.entered.small(sums).select("month", "cause", "one", "change").rows())
    rows = [(month, cause, int(count), -float(change) / policy.minor_units) for month, cause, count, change in rows]
    return lines.entered.listed(("month", "cause", "customers", "mrr"), rows)
