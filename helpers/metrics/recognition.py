"""From money promised to money earned and money in the bank: invoices spread over service, revenue, deferred revenue."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import (Frame, build, collected, dates, day, day_number, enter, index_of, literal, month_of, numbers,
                                    one_currency)


def spread_invoice(amount: float, service_months: int, *, starts_on: Any = "2024-01-01", minor_units: int = 100) -> Any:
    """Spread an invoice evenly over the months it pays for.

    Parameters
    ----------
    amount : float
        Without tax, in natural units.
    service_months : int
        Months of service.
    starts_on : date
        A day in the first month.
    minor_units : int
        Smallest units in one.

    Returns
    -------
    data frame
        month, amount. Months add up to the invoice to the last cent: the leftover cents go to the first months.

    Notes
    -----
    amount / service_months, with the largest remainders rounded up. Source: posthog.com, revenue analytics documentation.

    Examples
    --------
    >>> spread_invoice(100, 3)["amount"].tolist()
    [33.34, 33.33, 33.33]
    """
    if service_months < 1 or service_months != int(service_months):
        raise MetricError(f"spread_invoice: service_months = {service_months!r} must be a whole number from 1.")
    units = round(amount * minor_units)
    each, left = divmod(abs(units), int(service_months))
    sign, first = (1 if units >= 0 else -1), index_of(day(starts_on, "starts_on"))
    parts = [sign * (each + (i < left)) for i in range(int(service_months))]
    return build({"month": [month_of(first + i) for i in range(len(parts))], "amount": [part / minor_units for part in parts]})


INVOICES = ("customer_id", "issued_on", "service_from", "service_to", "amount")


def revenue_by_month(invoices: Any, *, as_of: Any, payments: Any = None, refunds: Any = None, minor_units: int = 100) -> Any:
    """Return billings, recognised revenue, deferred revenue and cash, month by month.

    Parameters
    ----------
    invoices : data frame
        customer_id, issued_on, service_from, service_to (first day no longer paid for), amount (without tax, negative for a
        credit note). Lines without a span of service are earned on the day of the invoice.
    as_of : date
        Nothing after this day is counted, nor what was invoiced after it; the last month may be a part.
    payments, refunds : data frame, optional
        paid_on, amount; refunded_on, amount (positive).
    minor_units : int
        Smallest units in one.

    Returns
    -------
    data frame
        month, billings, recognised, deferred (at the end of the month; negative: earned and not yet invoiced), received,
        refunded, cash (received - refunded), partial.

    Notes
    -----
    An invoice is earned evenly by the day between service_from and service_to. deferred(end) = deferred(start) + billings -
    recognised, to the cent: amounts are cumulated exactly and rounded at month ends. Four different numbers for one sale;
    none of them is MRR. Source: IFRS 15 and ASC 606, revenue over the period of service.

    Examples
    --------
    >>> import pandas as pd
    >>> bills = pd.DataFrame([["a", "2024-01-01", "2024-01-01", "2025-01-01", 366.0]], columns=list(INVOICES))
    >>> for name in INVOICES[1:4]:
    ...     bills[name] = pd.to_datetime(bills[name])
    >>> revenue_by_month(bills, as_of="2024-02-29")[["billings", "recognised", "deferred"]].to_numpy().tolist()
    [[366.0, 31.0, 335.0], [0.0, 29.0, 306.0]]
    """
    entered = enter(invoices, name="invoices", columns=INVOICES, optional=("invoice_id", "currency"))
    last = day(as_of, "as_of")
    _check(entered.frame)
    issued = entered.frame.filter(nw.col("issued_on") < literal(last + dt.timedelta(days=1), entered.frame.collect_schema()["issued_on"]))
    billed = _by_day(issued, "issued_on", last)
    earned = _earned_by_month(issued, last)
    flows = {"billings": _by_month(billed), "received": _table_by_month(payments, "payments", "paid_on", last),
             "refunded": _table_by_month(refunds, "refunds", "refunded_on", last)}
    months = sorted({index for flow in (*flows.values(), earned) for index in flow})
    months = list(range(months[0], index_of(last) + 1)) if months else []
    columns: dict[str, list[Any]] = {name: [round(flow.get(index, 0.0), 6) for index in months] for name, flow in flows.items()}
    total_billed, total_earned = _cumulated(columns["billings"]), _cumulated([earned.get(index, 0.0) for index in months])
    recognised = [round(value * minor_units) / minor_units for value in total_earned]
    columns["recognised"] = [round(now - before, 6) for before, now in zip([0.0, *recognised], recognised, strict=False)]
    columns["deferred"] = [round(bills - done, 6) for bills, done in zip(total_billed, recognised, strict=True)]
    columns["cash"] = [round(up - down, 6) for up, down in zip(columns["received"], columns["refunded"], strict=True)]
    columns["partial"] = [month_of(index + 1) > last + dt.timedelta(days=1) for index in months]
    first_days = [dt.datetime(first.year, first.month, 1) for first in map(month_of, months)]
    return entered.build({"month": first_days, **{name: columns[name] for name in
                          ("billings", "recognised", "deferred", "received", "refunded", "cash", "partial")}})


def _check(frame: Frame) -> None:
    columns = frame.collect_schema().names()
    dates(frame, "invoices", INVOICES[1:4])
    numbers(frame, "invoices", ("amount",))
    label = "invoice_id" if "invoice_id" in columns else "customer_id"
    for name in ("issued_on", "amount"):
        empty = collected(frame.filter(nw.col(name).is_null()).select(label).sort(label).head(3)).rows()
        if empty:
            raise MetricError(f"invoices.{name}: some rows are empty. First {label}: {', '.join(str(row[0]) for row in empty)}. Fill them in, or drop them.")
    one_currency(frame, "invoices")


def _cumulated(values: list[float]) -> list[float]:
    total, out = 0.0, []
    for value in values:
        total += value
        out.append(total)
    return out


def _by_day(frame: Frame, date: str, last: dt.date) -> dict[dt.date, float]:
    """Sum amounts by day, up to ``last``."""
    known = frame.filter(nw.col(date) < literal(last + dt.timedelta(days=1), frame.collect_schema()[date]))
    summed = known.select(amount=nw.col("amount").cast(nw.Float64), on=nw.col(date)).group_by("on").agg(nw.col("amount").sum())
    return {day(on, date): float(amount) for on, amount in collected(summed.select("on", "amount")).rows()}


def _by_month(daily: dict[dt.date, float]) -> dict[int, float]:
    monthly: dict[int, float] = defaultdict(float)
    for on, amount in daily.items():
        monthly[index_of(on)] += amount
    return dict(monthly)


def _table_by_month(table: Any, name: str, date: str, last: dt.date) -> dict[int, float]:
    return {} if table is None else _by_month(_by_day(enter(table, name=name, columns=(date, "amount")).frame, date, last))


def _earned_by_month(frame: Frame, last: dt.date) -> dict[int, float]:
    """Earn by the day: each span adds its daily amount where it begins and takes it away where it ends."""
    over_time = ~nw.col("service_from").is_null() & ~nw.col("service_to").is_null() & (nw.col("service_to") > nw.col("service_from"))
    at_once = _by_day(frame.filter(~over_time), "issued_on", last)
    days = day_number(nw.col("service_to")) - day_number(nw.col("service_from"))
    spans = frame.filter(over_time).with_columns(rate=nw.col("amount").cast(nw.Float64) / days)
    steps: dict[dt.date, float] = defaultdict(float)
    for date, sign in (("service_from", 1), ("service_to", -1)):
        summed = spans.select("rate", on=nw.col(date)).group_by("on").agg(nw.col("rate").sum())
        for on, rate in collected(summed.select("on", "rate")).rows():
            steps[day(on, date)] += sign * float(rate)
    earned: dict[int, float] = defaultdict(float, _by_month(at_once))
    rate, changes = 0.0, sorted(on for on in steps if on <= last)
    for on, following in zip(changes, [*changes[1:], last + dt.timedelta(days=1)], strict=False):
        rate += steps[on]
        for index in range(index_of(on), index_of(following) + 1):
            first, end = max(on, month_of(index)), min(following, month_of(index + 1))
            earned[index] += rate * max(0, (end - first).days)
    return {index: amount for index, amount in earned.items() if index <= index_of(last)}
