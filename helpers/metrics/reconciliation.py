"""Why two tools show two numbers: which customers and months make the difference, and which switch makes how much of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.lines import Lines, priced
from helpers.metrics.policy import SWITCHES, Policy
from helpers.metrics.presets import PRESETS
from helpers.metrics.revenue import KINDS, OTHER_KINDS, movements_of, states_at
from helpers.metrics.tables import Entered, Frame, build, collected, day, enter, index_of, literal, month_end, month_of, opened

MEASURES = ("mrr_end", *KINDS, *OTHER_KINDS)
NEEDS = {"trials": ("status",), "one_off": ("charge",), "usage": ("charge",), "pauses": ("status",), "past_due": ("status",), "refunds": ("charge",),
         "backdating": ("recorded_at", "end_recorded_at"), "grain": ("subscription_id",)}
CHURN_COLUMNS = {"canceled": "canceled_on", "requested": "cancel_requested_on"}


@dataclass(frozen=True, repr=False)
class Reconciliation:
    """Two policies on one company, side by side.

    Attributes
    ----------
    policy_a, policy_b : Policy
    period : str
    totals : data frame
        measure (mrr_end, and each kind of movement in the period), a, b, difference (b - a), natural units.
    by_switch : data frame
        switch, number, question, a, b, and the part of each measure's difference that this switch makes. Columns add up
        to ``totals.difference``.
    by_customer : data frame
        customer_id, month, kind, a, b, difference: the movements that differ, largest first.
    idle : dict of str to str
        Switches that differ but cannot act, and the columns the table would need.
    """

    policy_a: Policy
    policy_b: Policy
    period: str
    totals: Any
    by_switch: Any
    by_customer: Any
    idle: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = nw.from_native(self.totals, eager_only=True).rows(named=True)
        end = next(row for row in rows if row["measure"] == "mrr_end")
        switches = nw.from_native(self.by_switch, eager_only=True).rows(named=True)
        parts = [(row["switch"], row["mrr_end"]) for row in switches if row["mrr_end"]]
        listed = ", ".join(f"{name} {amount:+,.2f}" for name, amount in sorted(parts, key=lambda part: -abs(part[1])))
        return (f"MRR at the end of {self.period}: {end['a']:,.2f} under {self.policy_a}, {end['b']:,.2f} under {self.policy_b}: "
                f"{end['difference']:+,.2f}" + (f" ({listed})" if listed else ""))


def reconcile(subscriptions: Any, policy_a: Policy, policy_b: Policy, *, start: Any, end: Any) -> Reconciliation:
    """Say why two policies give two numbers.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price.
    policy_a, policy_b : Policy
        For example the one of your tool, ``Policy.preset("stripe")``, and your own.
    start, end : date
        ``start`` is a month end. Movements after it and up to ``end`` are compared, what each customer had on ``start`` (kind "at the
        start"), and MRR at the end of ``end``, the day of the report.

    Returns
    -------
    Reconciliation

    Notes
    -----
    Switches are turned from a to b one after the other, once in their order and once in the reverse order, and each gets the
    mean of its two steps: the parts add up exactly, and no switch gains by its place in the row. Movements on the grain of
    subscriptions are summed by customer.

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-05", "amount": 100, "discount": 0.2, "status": "active"},
    ...                   {"customer_id": "b", "starts_on": "2024-02-05", "amount": 50, "discount": 0.0, "status": "trial"}])
    >>> found = reconcile(table, Policy(), Policy(discounts="none", trials="count"), start="2023-12-31", end="2024-12-31")
    >>> found.by_switch[["switch", "mrr_end"]].to_numpy().tolist()
    [['discounts', 20.0], ['trials', 50.0]]
    """
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise MetricError(f"reconcile: end {last} lies before start {first}. Swap them.")
    if month_end(index_of(first)) != first:
        raise MetricError(f"reconcile: start {first} is no month end, and movements are known by month. Give {month_end(index_of(first) - 1)}.")
    if policy_a.minor_units != policy_b.minor_units:
        raise MetricError("reconcile: the policies count in different smallest units. Give both the same minor_units.")
    entered = enter(subscriptions, name="subscriptions", columns=("customer_id",))
    differing = [switch for switch in _FIELDS if getattr(policy_a, switch) != getattr(policy_b, switch)]
    idle = _idle(subscriptions, policy_a, policy_b, differing)
    found: dict[Policy, dict[str, float]] = {}

    def measured(policy: Policy) -> dict[str, float]:
        if policy not in found:
            found[policy] = _measures(subscriptions, policy, first, last)
        return found[policy]

    parts = _parts(policy_a, policy_b, [name for name in differing if name not in idle], measured)
    a, b = measured(policy_a), measured(policy_b)
    totals = {"measure": list(MEASURES), "a": [a[name] for name in MEASURES], "b": [b[name] for name in MEASURES],
              "difference": [round(b[name] - a[name], 6) for name in MEASURES]}
    by_switch = entered.build(_switch_rows(parts, policy_a, policy_b))
    return Reconciliation(policy_a, policy_b, f"{first} to {last}", entered.build(totals), by_switch,
                          _by_customer(entered, subscriptions, policy_a, policy_b, first, last), idle)


_FIELDS = [name for switch in SWITCHES for name in (switch.name, *(("days_per_month",) if switch.number == 4 else ()))]


def _idle(subscriptions: Any, policy_a: Policy, policy_b: Policy, differing: list[str]) -> dict[str, str]:
    present = set(nw.from_native(opened(subscriptions, "subscriptions")).collect_schema().names())
    needed = {name: _needed(name, policy_a, policy_b) for name in differing}
    idle = {name: columns[0] for name, columns in needed.items() if columns and not present & set(columns)}
    return idle | ({"fx": "a table of rates, with helpers.metrics.currency"} if "fx" in differing else {})


def _needed(name: str, policy_a: Policy, policy_b: Policy) -> tuple[str, ...]:
    """Name the columns without any of which a switch cannot act."""
    values = {getattr(policy_a, name), getattr(policy_b, name)}
    if name == "discounts":
        return ("discount",) if "none" in values else ("discount_duration",)
    if name == "churn_date":
        return tuple(column for choice, column in CHURN_COLUMNS.items() if choice in values)
    return NEEDS.get(name, ())


def _parts(policy_a: Policy, policy_b: Policy, switches: list[str], measured: Any) -> dict[str, dict[str, float]]:
    """Give each switch the mean of its step in the order of the list and in the reverse order."""
    parts = {name: dict.fromkeys(MEASURES, 0.0) for name in switches}
    for order in (switches, switches[::-1]):
        policy = policy_a
        for name in order:
            turned = policy.replace(**{name: getattr(policy_b, name)})
            before, after = measured(policy), measured(turned)
            for measure in MEASURES:
                parts[name][measure] += (after[measure] - before[measure]) / 2
            policy = turned
    return parts


def _switch_rows(parts: dict[str, dict[str, float]], policy_a: Policy, policy_b: Policy) -> dict[str, list[Any]]:
    switches = {switch.name: switch for switch in SWITCHES} | {"days_per_month": SWITCHES[3]}
    rows = []
    for name, values in parts.items():
        sides = {"a": str(getattr(policy_a, name)), "b": str(getattr(policy_b, name))}
        rounded = {measure: round(value, 6) for measure, value in values.items()}
        rows.append({"switch": name, "number": switches[name].number, "question": switches[name].question, **sides, **rounded})
    return {name: [row[name] for row in rows] for name in ("switch", "number", "question", "a", "b", *MEASURES)}


def _measures(subscriptions: Any, policy: Policy, first: dt.date, last: dt.date) -> dict[str, float]:
    lines = _lines(subscriptions, policy, last)
    sums = dict(collected(_moves(lines, first).group_by("kind").agg(nw.col("change").sum())).select("kind", "change").rows())
    present = states_at(lines, {"mrr": last}).filter(nw.col("mrr_present"))
    end = collected(present.select(nw.col("mrr").sum())).rows()[0][0]
    values = {kind: float(sums.get(kind, 0)) / policy.minor_units for kind in (*KINDS, *OTHER_KINDS)}
    return {"mrr_end": float(end or 0) / policy.minor_units, **values}


def _lines(subscriptions: Any, policy: Policy, as_of: dt.date) -> Lines:
    return priced(subscriptions, policy=policy.replace(right_edge="keep"), as_of=as_of)


def _moves(lines: Lines, first: dt.date | None) -> Frame:
    moved = movements_of(lines).select("customer_id", "month", "kind", "change")
    return moved if first is None else moved.filter(nw.col("month") > literal(first, lines.frame.collect_schema()["starts_on"]))


def _by_customer(entered: Entered, subscriptions: Any, policy_a: Policy, policy_b: Policy, first: dt.date, last: dt.date) -> Any:
    """List the movements that differ between the two policies."""
    found: dict[tuple, list[float]] = {}
    for side, policy in enumerate((policy_a, policy_b)):
        lines = _lines(subscriptions, policy, last)
        if first is not None:
            there = states_at(lines, {"mrr": first}).group_by("customer_id").agg(nw.col("mrr").sum())
            for customer, mrr in collected(there, polars=entered.polars).select("customer_id", "mrr").rows():
                found.setdefault((customer, month_of(index_of(first)), "at the start"), [0.0, 0.0])[side] = float(mrr) / policy.minor_units
        moved = _moves(lines, first).group_by("customer_id", "month", "kind").agg(nw.col("change").sum())
        summed = collected(moved, polars=entered.polars).select("customer_id", "month", "kind", "change")
        for customer, month, kind, change in summed.rows():
            found.setdefault((customer, month, kind), [0.0, 0.0])[side] = float(change) / policy.minor_units
    rows = [(*key, a, b, round(b - a, 6)) for key, (a, b) in found.items() if a != b]
    rows.sort(key=lambda row: (-abs(row[5]), str(row[:3])))
    return entered.listed(("customer_id", "month", "kind", "a", "b", "difference"), rows)


def restatements(subscriptions: Any, *, known_then: Any, known_now: Any, policy: Policy = Policy()) -> Any:
    """Return the closed months whose movements have changed since an earlier report.

    Parameters
    ----------
    subscriptions : data frame or path
        With ``recorded_at``, and ``end_recorded_at`` where ends were written down later.
    known_then, known_now : date
        The days of the earlier and the later report.
    policy : Policy
        Its switch ``backdating`` is taken as "as_recorded".

    Returns
    -------
    data frame
        month, kind, then, now, difference (natural units): movements up to the last month that was over on
        ``known_then``, as reported then and as known now.

    Examples
    --------
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-05", "amount": 10, "recorded_at": "2024-01-05"},
    ...                   {"customer_id": "b", "starts_on": "2024-02-05", "amount": 20, "recorded_at": "2024-05-01"}])
    >>> restatements(table, known_then="2024-03-31", known_now="2024-06-30")[["kind", "then", "now"]].to_numpy().tolist()
    [['new', 0.0, 20.0]]
    """
    then, now = day(known_then, "known_then"), day(known_now, "known_now")
    if now < then:
        raise MetricError(f"restatements: known_now {now} lies before known_then {then}. Swap them.")
    entered = enter(subscriptions, name="subscriptions", columns=("customer_id", "recorded_at"))
    closed = then.replace(day=1) if (then + dt.timedelta(days=1)).day != 1 else then + dt.timedelta(days=1)
    found: dict[tuple, list[float]] = {}
    for side, as_of in enumerate((then, now)):
        moved = _moves(_lines(subscriptions, policy.replace(backdating="as_recorded"), as_of), None)
        summed = moved.group_by("month", "kind").agg(nw.col("change").sum())
        for month, kind, change in collected(summed, polars=entered.polars).select("month", "kind", "change").rows():
            if day(month, "month") < closed:
                found.setdefault((month, kind), [0.0, 0.0])[side] = float(change) / policy.minor_units
    rows = [(*key, a, b, round(b - a, 6)) for key, (a, b) in sorted(found.items(), key=str) if a != b]
    return entered.listed(("month", "kind", "then", "now", "difference"), rows)


def policy_table(policy: Policy = Policy()) -> Any:
    """Return a policy as a table: each switch with its value, what that means, and where a preset's value was read.

    Parameters
    ----------
    policy : Policy

    Returns
    -------
    pandas.DataFrame
        number, switch, question, value, meaning, read_in (empty where the product's pages say nothing: our default).

    Examples
    --------
    >>> policy_table(Policy.preset("maxio")).query("switch == 'reactivation'")[["value", "meaning"]].to_numpy().tolist()
    [['90', 'within so many days; later they are new']]
    """
    read = {name: where for name, (value, where) in PRESETS.get(policy.name, {}).items() if getattr(policy, name) == value}
    rows = []
    for switch in SWITCHES:
        value = getattr(policy, switch.name)
        meaning = switch.choices.get(str(value)) or next(text for choice, text in switch.choices.items() if choice.startswith("<"))
        source = "; ".join(read[name] for name in (switch.name, "days_per_month" if switch.number == 4 else "") if name in read)
        rows.append((switch.number, switch.name, switch.question, str(value), meaning, source))
    names = ("number", "switch", "question", "value", "meaning", "read_in")
    return build({name: [row[i] for row in rows] for i, name in enumerate(names)})
