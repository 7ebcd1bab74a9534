"""What stands beside MRR: usage, customers who came and went within a month, what was left out and why."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.lines import priced
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import in_force, movements_of, states_at
from helpers.metrics.tables import collected, day, enter, month_index, running


def usage_mrr(subscriptions: Any, on: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Any:
    """Return each customer's metered usage, as a mean over the last three months.

    Parameters
    ----------
    subscriptions : data frame or path
        Rows with charge = "usage": the usage of the month that begins with starts_on.
    on : date
        At the end of this day, which should be a month end.
    policy : Policy
        With usage = "trailing_12" or "last_month" the mean is over twelve months or one.
    as_of : date, optional

    Returns
    -------
    data frame
        customer_id, usage_mrr (integers of the smallest unit).

    Notes
    -----
    sum of the usage of the last k months / k. It is no promise, and therefore not part of MRR unless the policy says so.
    Source: Maxio (help.chargify.com, MRR analytics) shows usage as a line of its own.

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> used = [{"starts_on": f"2024-0{m}-01", "ends_on": f"2024-0{m + 1}-01", "amount": 30 * m} for m in (1, 2, 3)]
    >>> usage_mrr(table_of([{"customer_id": "a", "charge": "usage", **row} for row in used]), "2024-03-31").to_dict("records")
    [{'customer_id': 'a', 'usage_mrr': 6000}]
    """
    mean = policy.replace(usage="trailing_3" if policy.usage == "exclude" else policy.usage, grain="customer")
    enter(subscriptions, name="subscriptions", columns=("charge",))
    lines = priced(subscriptions, policy=mean, as_of=as_of, charges=("usage",))
    used = states_at(lines, {"usage_mrr": day(on, "on")}).filter(nw.col("usage_mrr") > 0)
    return lines.entered.give(used.select("customer_id", "usage_mrr"), sort=["customer_id"])


def flash_customers(subscriptions: Any, *, as_of: Any, policy: Policy = Policy()) -> Any:
    """Return the stays that began and ended within one month: no month end has seen them.

    Parameters
    ----------
    subscriptions, as_of, policy
        As in :func:`helpers.metrics.revenue.mrr_movements`.

    Returns
    -------
    data frame
        customer_id, month (its first day), came_on, left_on, mrr (integers of the smallest unit, on arrival).

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-05", "ends_on": "2024-01-20", "amount": 10},
    ...                   {"customer_id": "b", "starts_on": "2024-01-05", "ends_on": "2024-02-01", "amount": 10}])
    >>> flash_customers(table, as_of="2024-12-31")[["customer_id", "mrr"]].to_numpy().tolist()
    [['a', 1000]]
    """
    daily = policy.replace(grain="customer", same_month="events", same_day="net", right_edge="keep", time_base="month_end",
                           order="state_first")
    lines = priced(subscriptions, policy=daily, as_of=as_of)
    turns = movements_of(lines).filter(nw.col("kind").is_in(["opening", "new", "reactivation", "churn"]))
    turns = running(turns, ["customer_id"], "on", left_on=("after", "on"))
    turns = turns.filter(nw.col("kind") != "churn", ~nw.col("left_on").is_null())
    flash = turns.filter(month_index(nw.col("left_on")) == month_index(nw.col("month")))
    flash = flash.select("customer_id", "month", nw.col("on").alias("came_on"), "left_on", nw.col("after").alias("mrr"))
    return lines.entered.give(flash, sort=["customer_id", "came_on"])


def left_out(subscriptions: Any, on: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Any:
    """Return the lines in force on a day that a policy does not count, summed by reason.

    Parameters
    ----------
    subscriptions, on, policy, as_of
        As in :func:`helpers.metrics.revenue.mrr_at`.

    Returns
    -------
    data frame
        why (charge or status of the lines), lines, monthly (what they would be worth in a month, natural units).

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-05", "amount": 10, "status": "trial"},
    ...                   {"customer_id": "b", "starts_on": "2024-01-05", "amount": 10, "status": "active"}])
    >>> left_out(table, "2024-03-31").to_dict("records")
    [{'why': 'trial', 'lines': 1, 'monthly': 10.0}]
    """
    everything = policy.replace(trials="count", pauses="keep", past_due="never_churns", grain="customer", usage="last_month",
                                one_off="when_dated")
    counted = {}
    for name, rules in (("all", everything), ("counted", policy.replace(grain="customer"))):
        charges = ("recurring", "usage", "one_off", "setup", "tax", "pass_through") if name == "all" else None
        lines = priced(subscriptions, policy=rules, as_of=as_of, charges=charges, keep=("charge", "status"))
        labels = [column for column in ("charge", "status") if column in lines.frame.collect_schema().names()]
        counted[name] = _by_label(lines, labels, day(on, "on")), lines
    (every, lines), (kept, _) = counted["all"], counted["counted"]
    rows = []
    for label, (count, money) in every.items():
        lines_left, money_left = count - kept.get(label, (0, 0.0))[0], money - kept.get(label, (0, 0.0))[1]
        if lines_left:
            rows.append((_reason(label), lines_left, round(money_left, 2)))
    return lines.entered.listed(("why", "lines", "monthly"), sorted(rows))


def _by_label(lines: Any, labels: list[str], on: Any) -> dict[tuple, tuple[int, float]]:
    frame = lines.frame.filter(in_force(lines.frame, on), nw.col("mrr") != 0).with_columns(one=nw.lit(1))
    sums = [nw.col("one").sum(), nw.col("mrr").sum()]
    summed = frame.group_by(*labels).agg(*sums) if labels else frame.select(*sums)
    unit = lines.fine * lines.policy.minor_units
    rows = collected(summed, polars=lines.entered.polars).rows()
    return {tuple(row[:-2]): (int(row[-2] or 0), float(row[-1] or 0) / unit) for row in rows}


def _reason(label: tuple) -> str:
    """Name what a line was left out for: its charge unless it recurs, else its status."""
    words = [word for word in label if word not in ("recurring", "active", None)]
    return " ".join(words) or "other"
