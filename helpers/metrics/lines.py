"""From rows of ``subscriptions`` to priced lines: who, from when to when, for how much a month.

This is where the switches of a policy act on single rows. What comes out is simple: customer_id, starts_on, ends_on (empty
while it runs), mrr (integers), and where a policy needs them, paused and free (1 or 0). Everything else in
``helpers.metrics`` builds on these lines.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.policy import Policy
from helpers.metrics.tables import (Entered, Frame, collected, cut, dates, day, either, enter, literal, looked_up, move, numbers, only,
                                    with_months)

REQUIRED = ("customer_id", "starts_on", "ends_on", "amount", "interval")
OPTIONAL = ("subscription_id", "interval_count", "discount", "discount_duration", "status", "charge", "currency",
            "recorded_at", "end_recorded_at", "canceled_on", "cancel_requested_on", "past_due_on")
STATUSES = ("active", "trial", "paused", "past_due", "unpaid", "canceled")
CHARGES = ("recurring", "usage", "one_off", "setup", "tax", "pass_through", "refund", "credit", "proration", "adjustment")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
INTERVALS = ("day", "week", *MONTHS)
LARGEST = 1e12  # a line of this amount still fits, with its fractions, into 64 bits
FINE = 10_000  # with rounding = "state", lines are kept in ten-thousandths of the smallest unit


@dataclass(frozen=True)
class Lines:
    """Priced lines and what is needed to go on: the keys of a mover, the unit of ``mrr``, the first month seen."""

    frame: Frame
    entered: Entered
    policy: Policy
    keys: tuple[str, ...]
    held: tuple[str, ...]
    first_seen: dt.date | None
    as_of: dt.date | None
    signed: bool = False  # whether a line may take away: refunds, adjustments

    @property
    def fine(self) -> int:
        """How many units of ``mrr`` make one smallest unit of money."""
        return FINE if self.policy.rounding == "state" else 1

    def rounded(self, expr: nw.Expr) -> nw.Expr:
        """Round a sum of lines to whole smallest units (halves up). A credit larger than what it is for leaves 0, not a debt."""
        if self.signed:
            expr = either(expr > 0, expr, 0)
        if self.fine == 1:
            return expr
        if isinstance(self.frame, nw.DataFrame):
            return (expr + self.fine // 2) // self.fine
        return (expr.cast(nw.Float64) / self.fine + 0.5).floor().cast(nw.Int64)


def priced(subscriptions: Any, *, policy: Policy, as_of: Any = None, charges: tuple[str, ...] | None = None,
           keep: tuple[str, ...] = (), by_currency: bool = False) -> Lines:
    """Apply a policy to the rows of ``subscriptions``.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval at one price; columns as in :data:`REQUIRED`, used when present: :data:`OPTIONAL`.
    policy : Policy
    as_of : date, optional
        The day of the report. Lines that start later, and ends that lie later, are not known on that day.
    charges : tuple of str, optional
        Which kinds of charge to price, instead of those the policy counts.
    keep : tuple of str
        Further columns to carry along, when the table has them.
    by_currency : bool
        Keep currencies apart: the currency becomes a key. Otherwise more than one is an error.

    Returns
    -------
    Lines

    Raises
    ------
    MetricError
        For rows that cannot be priced, with the column, some of the rows and how to mend them.
    """
    if not isinstance(policy, Policy):
        raise MetricError(f"policy = {policy!r} is no Policy. Give Policy(...), or Policy.preset('stripe').")
    entered = enter(subscriptions, name="subscriptions", columns=REQUIRED, optional=(*OPTIONAL, *keep), time_zone=policy.time_zone)
    numbers(entered.frame, "subscriptions", ("amount", "discount", "interval_count"))
    frame = _dated(entered.frame, policy)
    report_day = None if as_of is None else day(as_of, "as_of")
    seen = _inspect(frame, policy, report_day)
    frame = _known(frame, policy, report_day)
    frame = _counted(frame, policy, charges)
    held = tuple(name for name, needed in (("paused", seen["paused"] and policy.pauses in ("separate", "fold")),
                                           ("free", seen["free"] and policy.free_customers == "active")) if needed)
    keys = ("customer_id", *(("subscription_id",) * (policy.grain == "subscription")), *(("currency",) * by_currency))
    if len(seen["currencies"]) > 1 and not by_currency:
        raise MetricError(f"subscriptions.currency: {', '.join(seen['currencies'])} are mixed. Convert them first: "
                          "helpers.metrics.currency.convert(subscriptions, rates, to=...).")
    if not set(keys) <= set(frame.collect_schema().names()):
        raise MetricError("subscriptions: grain = 'subscription' needs a column 'subscription_id'. Add it, or use grain = 'customer'.")
    frame = _with_mrr(frame, policy, held, charges, paused=seen["paused"], as_of=report_day)
    frame = _until(_ended(frame, policy, late=seen["past_due"]), report_day)
    frame = _free_after_paying(frame, keys) if "free" in held else frame
    kept = [name for name in keep if name in frame.collect_schema().names()]
    return Lines(frame.select(*keys, "starts_on", "ends_on", "mrr", *held, *kept), entered, policy, keys, held, seen["first"], report_day,
                 signed="charge" in entered.frame.collect_schema().names())


# --- reading and checking -------------------------------------------------------------------------------------------


DATES = ("starts_on", "ends_on", "recorded_at", "end_recorded_at", "canceled_on", "cancel_requested_on", "past_due_on")


def _dated(frame: Frame, policy: Policy) -> Frame:
    """Check that dates are dates, and make dates of instants where the time of day does not matter."""
    schema = frame.collect_schema()
    names = [name for name in DATES if name in schema]
    dates(frame, "subscriptions", names, policy.time_zone)
    if isinstance(policy.same_day, int):
        return frame
    instants = [name for name in names if schema[name] == nw.Datetime]
    if frame.implementation.is_pandas():  # times of day matter only where days are counted; a date in pandas would be an object
        counted = isinstance(policy.reactivation, int) or "charge" in schema
        return frame.with_columns(*[nw.col(name).dt.truncate("1d") for name in instants]) if counted and instants else frame
    return frame.with_columns(*[nw.col(name).cast(nw.Date) for name in instants]) if instants else frame


def _regular(columns: set[str], *charges: str) -> nw.Expr:
    """Rows with a price for an interval: neither one-off nor refund; adjustments, which may be negative, where they are named."""
    return nw.col("charge").is_in(["recurring", "usage", *charges]) if "charge" in columns else nw.lit(True)


def _rules(columns: set[str], policy: Policy) -> dict[str, tuple[str, nw.Expr, str]]:
    """Name what every row must be: the column, the rule, and the words for the rows that break it."""
    col = nw.col

    def regular(rule: nw.Expr, *charges: str) -> nw.Expr:
        return ~_regular(columns, *charges) | rule if "charge" in columns else rule

    rules = {
        "customer": ("customer_id", ~col("customer_id").is_null(), "have no customer. Fill it in, or drop them"),
        "start": ("starts_on", ~col("starts_on").is_null(), "have no start. Fill it in, or drop them"),
        "end": ("ends_on", col("ends_on").is_null() | (col("ends_on") >= col("starts_on")), "end before they start. Correct the dates"),
        "amount": ("amount", ~col("amount").is_null(), "have no amount. Fill it in; 0 is allowed"),
        "sign": ("amount", regular(col("amount") >= 0), "are negative. A refund is a row of its own, with charge = 'refund'"),
        "size": ("amount", (col("amount") < LARGEST) & (col("amount") > -LARGEST), "are no amount of money. Natural units are meant (yuan, not fen)"),
        "interval": ("interval", regular(col("interval").is_in(INTERVALS), "adjustment"),
                     f"are not one of {', '.join(INTERVALS)}. Two weeks are interval 'week', interval_count 2"),
        "count": ("interval_count", regular(col("interval_count") > 0, "adjustment"), "must be 1 or more"),
        "discount": ("discount", col("discount").is_null() | ((col("discount") >= 0) & (col("discount") <= 1)),
                     "are no share between 0 and 1. Write 10% as 0.10"),
        "status": ("status", col("status").is_in(STATUSES), f"are not one of {', '.join(STATUSES)}"),
        "canceled": ("status", (col("status") != "canceled") | ~col("ends_on").is_null(), "have no ends_on. Fill in the day the service ended"),
        "charge": ("charge", col("charge").is_in(CHARGES), f"are not one of {', '.join(CHARGES)}"),
    }
    skip = {"interval"} if policy.unknown_interval == "exclude" else set()
    return {name: rule for name, rule in rules.items() if rule[0] in columns and name not in skip}


def _inspect(frame: Frame, policy: Policy, as_of: dt.date | None) -> dict[str, Any]:
    """Check every row in one pass, and note what the lines need to know: which states there are, the first start that is known."""
    columns = set(frame.collect_schema().names())
    rules = _rules(columns, policy)
    notes = {name: nw.col("status") == name for name in ("paused", "past_due") if "status" in columns}
    notes["free"] = (nw.col("amount") == 0) | (nw.col("discount") == 1) if "discount" in columns else nw.col("amount") == 0
    flags = {"good": functools.reduce(operator.and_, [rule for _, rule, _ in rules.values()]), **notes}
    known = _recorded(frame, policy, as_of)
    started = nw.col("starts_on") if known is None else only(known, nw.col("starts_on"))
    found = collected(frame.select(first=started.min(), rows=nw.len(), **_counts(flags))).rows(named=True)[0]
    if int(found["rows"]) != int(found["good"] or 0):
        _complain(frame, rules)
    first = found["first"]
    return {**{name: bool(found.get(name)) for name in ("paused", "past_due", "free")}, "currencies": _currencies(frame, columns),
            "first": None if first is None or first != first else day(first, "starts_on")}


def _counts(flags: dict[str, nw.Expr]) -> dict[str, nw.Expr]:
    return {name: flag.cast(nw.Int64).sum() for name, flag in flags.items()}


def _complain(frame: Frame, rules: dict[str, tuple[str, nw.Expr, str]]) -> None:
    """Raise the error of the first rule that rows break."""
    kept = _counts({name: rule for name, (_, rule, _) in rules.items()})
    found = collected(frame.select(nw.len().alias("rows"), **kept)).rows(named=True)[0]
    for name, (column, rule, words) in rules.items():
        if broken := int(found["rows"]) - int(found[name] or 0):
            raise MetricError(_complaint(frame, column, rule, words, broken))


def _currencies(frame: Frame, columns: set[str]) -> list[str]:
    if "currency" not in columns:
        return []
    found = collected(frame.group_by("currency").agg(nw.len().alias("rows"))).rows()
    return sorted(row[0] if isinstance(row[0], str) else "(empty)" for row in found)


def _complaint(frame: Frame, column: str, rule: nw.Expr, words: str, count: int) -> str:
    names = frame.collect_schema().names()
    label = "subscription_id" if "subscription_id" in names else "customer_id"
    broken = frame.with_columns(kept_=either(rule, 1, 0)).filter(nw.col("kept_") == 0)
    shown = collected(broken.select(label, column).sort(label).head(3)).rows()
    listed = ", ".join(f"{row[0]} ({row[-1]})" for row in shown)
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"subscriptions.{column}: {rows} {words}. First {label}: {listed}."


# --- the switches that act on rows ----------------------------------------------------------------------------------


def _recorded(frame: Frame, policy: Policy, as_of: dt.date | None) -> nw.Expr | None:
    """Switch 20: test whether a row was recorded by the day of the report; None where every row was."""
    schema = frame.collect_schema()
    if as_of is None or policy.backdating == "restate" or "recorded_at" not in schema:
        return None
    return nw.col("recorded_at").is_null() | (nw.col("recorded_at") < literal(as_of + dt.timedelta(days=1), schema["recorded_at"]))


def _known(frame: Frame, policy: Policy, as_of: dt.date | None) -> Frame:
    """Switch 20: leave out what was recorded after the day of the report."""
    schema = frame.collect_schema()
    recorded = _recorded(frame, policy, as_of)
    if recorded is not None:
        frame = frame.filter(recorded)
    if as_of is not None and policy.backdating != "restate" and "end_recorded_at" in schema:
        ended = nw.col("end_recorded_at")
        known = ended.is_null() | (ended < literal(as_of + dt.timedelta(days=1), schema["end_recorded_at"]))
        ends = [name for name in ("ends_on", "canceled_on", "cancel_requested_on") if name in schema]
        frame = frame.with_columns(**{name: only(known, nw.col(name)) for name in ends})
    return frame


def _counted(frame: Frame, policy: Policy, charges: tuple[str, ...] | None) -> Frame:
    """Switches 3, 7, 8, 9, 16, 17, 18: keep the rows that count."""
    columns = frame.collect_schema().names()
    if "charge" in columns:
        dated = ~nw.col("charge").is_in(["one_off", "setup", "refund", "credit"]) | (nw.col("ends_on") > nw.col("starts_on"))
        frame = frame.filter(nw.col("charge").is_in(charges or _charges(policy)), dated)
    if policy.unknown_interval == "exclude":
        frame = frame.filter(nw.col("interval").is_in(INTERVALS) | ~_regular(set(columns)))
    if "status" not in columns:
        return frame
    gone = [] if policy.past_due == "never_churns" else ["unpaid"]
    gone += [] if policy.trials == "count" else ["trial"]
    return frame.filter(~nw.col("status").is_in(gone)) if gone else frame


def _charges(policy: Policy) -> tuple[str, ...]:
    extra = ("usage",) * (policy.usage != "exclude") + ("one_off", "setup") * (policy.one_off == "when_dated")
    return ("recurring", "adjustment", *extra, *(("refund", "credit") * (policy.refunds == "negative")))


def _ended(frame: Frame, policy: Policy, *, late: bool) -> Frame:
    """Switches 17 and 19: bring forward the end of rows that are past due or were cancelled."""
    columns = frame.collect_schema().names()
    earlier = {"canceled": "canceled_on", "requested": "cancel_requested_on"}.get(policy.churn_date)
    if earlier in columns:
        frame = frame.with_columns(ends_on=_earliest(nw.col("ends_on"), nw.col(earlier)))
    if late and isinstance(policy.past_due, int):
        since = nw.col("starts_on")
        if "past_due_on" in columns:
            since = either(nw.col("past_due_on").is_null(), since, nw.col("past_due_on"))
        limit = move(since, f"{policy.past_due}d", frame.collect_schema()["starts_on"])
        beyond = (nw.col("status") == "past_due") & (nw.col("ends_on").is_null() | (nw.col("ends_on") > limit))
        frame = frame.with_columns(ends_on=either(beyond, limit, nw.col("ends_on")))
    return frame


def _earliest(first: nw.Expr, second: nw.Expr) -> nw.Expr:
    return either(second.is_null() | (first <= second), first, second)


def _until(frame: Frame, as_of: dt.date | None) -> Frame:
    """Switch 22: nothing after the day of the report is known, and an empty interval counts for nothing."""
    if as_of is not None:
        schema = frame.collect_schema()
        tomorrow = as_of + dt.timedelta(days=1)
        frame = frame.filter(nw.col("starts_on") < literal(tomorrow, schema["starts_on"]))
        ended = nw.col("ends_on") < literal(tomorrow, schema["ends_on"])
        frame = frame.with_columns(ends_on=only(ended, nw.col("ends_on")))
    return frame.filter(nw.col("ends_on").is_null() | (nw.col("ends_on") > nw.col("starts_on")))


def _free_after_paying(frame: Frame, keys: tuple[str, ...]) -> Frame:
    """Switch 6: a line at 0 keeps a customer who has paid; who never paid is none."""
    frame = frame.with_columns(paid_from=only(nw.col("mrr") > 0, nw.col("starts_on")))
    frame = frame.with_columns(paid_from=nw.col("paid_from").min().over(*keys))
    later = (nw.col("free") == 1) & (nw.col("starts_on") < nw.col("paid_from"))
    frame = frame.filter((nw.col("free") == 0) | ~nw.col("paid_from").is_null())
    frame = frame.with_columns(starts_on=either(later, nw.col("paid_from"), nw.col("starts_on"))).drop("paid_from")
    return frame.filter(nw.col("ends_on").is_null() | (nw.col("ends_on") > nw.col("starts_on")))


# --- the price of a month -------------------------------------------------------------------------------------------


def _with_mrr(frame: Frame, policy: Policy, held: tuple[str, ...], charges: tuple[str, ...] | None, *, paused: bool,
              as_of: dt.date | None) -> Frame:
    columns = frame.collect_schema().names()
    price = nw.col("amount").cast(nw.Float64)
    interval, months = nw.col("interval"), {name: float(MONTHS[name]) for name in ("quarter", "year")}
    times = {"day": float(policy.days_per_month), "week": float(policy.weeks_per_month)}  # switch 4
    monthly = price * looked_up(frame, interval, times, 1.0, nw.Float64) / looked_up(frame, interval, months, 1.0, nw.Float64)
    if "interval_count" in columns:
        monthly = monthly / nw.col("interval_count")
    if "discount" in columns and policy.discounts != "none":
        monthly = monthly * (1.0 - _discount(columns, policy))
    dated = "charge" in columns and bool({"one_off", "setup", "refund", "credit"} & set(charges or _charges(policy)))
    if policy.mid_month == "prorated":
        monthly = monthly * _billed_share(columns)
    if dated:
        monthly = _irregular(monthly)
    pause = (nw.col("status") == "paused") if paused else nw.lit(False)
    if paused and policy.pauses != "keep":
        monthly = either(pause, 0.0, monthly)
    unit = policy.minor_units * (FINE if policy.rounding == "state" else 1)
    if "charge" in columns and policy.usage.startswith("trailing"):
        frame, monthly = _trailing(frame, monthly, policy, as_of)
    if policy.mid_month == "prorated" or dated:  # what the price is multiplied with, or divided by
        frame = with_months(frame, "months", "starts_on", "ends_on")
    frame = frame.with_columns(mrr=(monthly * unit + 0.5).floor().cast(nw.Int64))
    if not held:
        return frame
    flags = {"paused": pause, "free": (nw.col("mrr") == 0) & ~pause}
    return frame.with_columns(**{name: either(flags[name], 1, 0).cast(nw.Int64) for name in held})


def _discount(columns: list[str], policy: Policy) -> nw.Expr:
    """Switch 5: the share taken off, as far as the policy takes it off. Without a duration a discount has no end."""
    share = either(nw.col("discount").is_null(), 0.0, nw.col("discount"))
    if policy.discounts == "all" or "discount_duration" not in columns:
        return share
    counts = nw.col("discount_duration").is_null() | (nw.col("discount_duration") == "forever")
    if policy.discounts == "forever_or_monthly":
        monthly = (nw.col("interval") == "month") & (nw.col("interval_count") == 1 if "interval_count" in columns else nw.lit(True))
        counts = counts | (monthly & (nw.col("discount_duration") != "once"))
    return either(counts, share, 0.0)


def _irregular(monthly: nw.Expr) -> nw.Expr:
    """Switches 8 and 18: one-off lines spread over their dates; refunds as negative lines over theirs."""
    spread = nw.col("amount").cast(nw.Float64).abs() / nw.col("months")
    monthly = either(nw.col("charge").is_in(["one_off", "setup"]), spread, monthly)
    return either(nw.col("charge").is_in(["refund", "credit"]), -spread, monthly)


def _trailing(frame: Frame, monthly: nw.Expr, policy: Policy, as_of: dt.date | None) -> tuple[Frame, nw.Expr]:
    """Switch 9: a month's usage counts in equal parts in its own and the following months."""
    if as_of is not None:
        frame = frame.filter(nw.col("starts_on") < literal(as_of + dt.timedelta(days=1), frame.collect_schema()["starts_on"]))
    months = int(policy.usage.removeprefix("trailing_"))
    dtype = frame.collect_schema()["starts_on"]
    usage, first = nw.col("charge") == "usage", cut(nw.col("starts_on"), "1mo", dtype)
    monthly = either(usage, monthly / months, monthly)
    return frame.with_columns(
        starts_on=either(usage, first, nw.col("starts_on")),
        ends_on=either(usage, move(first, f"{months}mo", dtype), nw.col("ends_on"))), monthly


def _billed_share(columns: list[str]) -> nw.Expr:
    """Switch 12: a line shorter than its interval was billed for that part only, until it is renewed.

    Its end is taken as agreed when it was billed, also when it lies after the day of the report. A line that was cut short later
    cannot be told from one that began late, unless ``end_recorded_at`` says so; invoices can
    (:func:`helpers.metrics.invoices.subscriptions_from_invoices`).
    """
    length = nw.lit(1.0)
    for name in ("quarter", "year"):
        length = either(nw.col("interval") == name, nw.lit(float(MONTHS[name])), length)
    if "interval_count" in columns:
        length = length * nw.col("interval_count")
    share = nw.col("months") / length
    whole = nw.col("ends_on").is_null() | nw.col("interval").is_in(["day", "week"]) | (share > 1)
    return either(whole, 1.0, share)
