"""MRR from invoices: turn invoice lines that pay for a span of time into rows of ``subscriptions``."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.lines import MONTHS
from helpers.metrics.tables import Frame, collected, dates, day_number, day_number_before, either, enter, numbers, with_months

COLUMNS = ("invoice_id", "customer_id", "issued_on", "service_from", "service_to", "amount", "kind")
CHARGES = {"recurring": "recurring", "one-off": "one_off", "usage": "usage", "credit": "credit"}


def subscriptions_from_invoices(invoices: Any) -> Any:
    """Return one subscription row for each invoice line, ready for every function of ``helpers.metrics``.

    Parameters
    ----------
    invoices : data frame
        One row is money asked for: see :data:`COLUMNS`; ``service_to`` is the first day no longer paid for; ``kind`` is
        recurring, one-off, usage or credit. Amounts without tax. With ``interval`` (month, quarter, year) and
        ``interval_count`` of the plan a line that pays for less than its plan's interval is measured by the days of the whole.

    Returns
    -------
    data frame
        subscription_id (the invoice), customer_id, starts_on, ends_on, amount (of one month), interval ("month"), discount (0:
        invoices are net), status ("active"), charge, recorded_at. A recurring line with a negative amount, the unused rest of
        an old price after a change, becomes charge "adjustment", which always counts.

    Raises
    ------
    MetricError
        When a recurring line has no span of service, or the span is empty.

    Notes
    -----
    Full value: amount / months of service. The part of a month is measured by the days of the month that ends with the
    service (:func:`helpers.metrics.tables.with_months`). With the plan's interval: amount x (1 / months in plan) x (days of
    the full period / days paid for), the full period being the one that ends with the service; without it a line over 184
    days of a yearly plan counts as six months. With mid_month = "prorated" the policy takes a line shorter than a month back
    to what was billed. Source: dev.chartmogul.com, MRR from prorated invoices.

    Examples
    --------
    >>> import pandas as pd
    >>> row = ["i1", "a", "2024-01-01", "2024-01-01", "2025-01-01", 1200.0, "recurring"]
    >>> bills = pd.DataFrame([row], columns=list(COLUMNS))
    >>> for name in ("issued_on", "service_from", "service_to"):
    ...     bills[name] = pd.to_datetime(bills[name])
    >>> subscriptions_from_invoices(bills)[["amount", "interval"]].to_numpy().tolist()
    [[100.0, 'month']]
    """
    entered = enter(invoices, name="invoices", columns=COLUMNS, optional=("currency", "interval", "interval_count"))
    frame = entered.frame
    dates(frame, "invoices", ("issued_on", "service_from", "service_to"))
    numbers(frame, "invoices", ("amount", "interval_count"))
    _check(frame)
    dated = frame.filter(~nw.col("service_from").is_null(), ~nw.col("service_to").is_null())
    dated = with_months(dated, "months", "service_from", "service_to")
    amount = nw.col("amount").cast(nw.Float64)
    currency = [name for name in ("currency",) if name in frame.collect_schema().names()]
    charge = nw.col("kind")
    for kind, name in CHARGES.items():
        charge = either(nw.col("kind") == kind, nw.lit(name), charge)
    adjusting = (nw.col("kind") == "recurring") & (nw.col("amount") < 0)
    return entered.give(dated.select(
        "customer_id", *currency, subscription_id=nw.col("invoice_id"), starts_on=nw.col("service_from"), ends_on=nw.col("service_to"),
        amount=either(nw.col("kind").is_in(["credit", "one-off"]), amount, amount / _months_of_plan(frame)), interval=nw.lit("month"),
        discount=nw.lit(0.0), status=nw.lit("active"), charge=either(adjusting, "adjustment", charge),
        recorded_at=nw.col("issued_on")))


def _months_of_plan(frame: Frame) -> nw.Expr:
    """Return the months a line stands for: those of its service, or the plan's months times the share of their days that it pays for."""
    columns, months = frame.collect_schema().names(), nw.col("months")
    if "interval" not in columns:
        return months
    planned = nw.lit(0.0)
    for name, length in MONTHS.items():
        planned = either(nw.col("interval") == name, float(length), planned)
    if "interval_count" in columns:
        planned = planned * nw.col("interval_count")
    to = nw.col("service_to")
    share = (day_number(to) - day_number(nw.col("service_from"))) / (day_number(to) - day_number_before(to, planned))
    return either((planned > 0) & (months < planned), planned * share, months)


def _check(frame: Frame) -> None:
    service = nw.col("service_from").is_null() | nw.col("service_to").is_null()
    tests = {
        "have no service_from or service_to. Fill them in: without a span of service there is no MRR": (nw.col("kind") == "recurring") & service,
        "end their service before it begins. Correct the dates": nw.col("service_to") <= nw.col("service_from"),
        f"have a kind that is not one of {', '.join(CHARGES)}": ~nw.col("kind").is_in(list(CHARGES)),
    }
    for words, test in tests.items():
        bad = collected(frame.filter(test).select("invoice_id").sort("invoice_id").head(3)).rows()
        if bad:
            raise MetricError(f"invoices: some lines {words}. First: {', '.join(str(row[0]) for row in bad)}.")
