"""MRR from invoices: turn invoice lines that pay for a span of time into rows of ``subscriptions``."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import Frame, collected, either, enter, months_between

COLUMNS = ("invoice_id", "customer_id", "issued_on", "service_from", "service_to", "amount", "kind")
CHARGES = {"recurring": "recurring", "one-off": "one_off", "usage": "usage", "credit": "credit"}


def subscriptions_from_invoices(invoices: Any) -> Any:
    """Return one subscription row for each invoice line, ready for every function of ``helpers.metrics``.

    Parameters
    ----------
    invoices : data frame
        One row is money asked for: see :data:`COLUMNS`; ``service_to`` is the first day no longer paid for; ``kind`` is
        recurring, one-off, usage or credit. Amounts without tax.

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
    Full value: amount / months of service, which for a pro-rata line is amount x (1 / months in plan) x (full period /
    prorated period). The month of a part is measured by the days of the month it begins in: 10 days of January are 10/31
    of a month. With mid_month = "prorated" the policy takes a line shorter than a month back to what was billed. Source:
    dev.chartmogul.com, MRR from prorated invoices.

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
    entered = enter(invoices, name="invoices", columns=COLUMNS, optional=("currency",))
    frame = entered.frame
    _check(frame)
    dated = frame.filter(~nw.col("service_from").is_null(), ~nw.col("service_to").is_null())
    months = months_between(nw.col("service_from"), nw.col("service_to"))
    amount = nw.col("amount").cast(nw.Float64) / months
    currency = [name for name in ("currency",) if name in frame.collect_schema().names()]
    charge = nw.col("kind")
    for kind, name in CHARGES.items():
        charge = either(nw.col("kind") == kind, nw.lit(name), charge)
    adjusting = (nw.col("kind") == "recurring") & (nw.col("amount") < 0)
    rows = dated.select(
        "customer_id", *currency, subscription_id=nw.col("invoice_id"), starts_on=nw.col("service_from"), ends_on=nw.col("service_to"),
        amount=either(nw.col("kind") == "credit", nw.col("amount").cast(nw.Float64), amount), interval=nw.lit("month"),
        discount=nw.lit(0.0), status=nw.lit("active"), charge=either(adjusting, "adjustment", charge),
        recorded_at=nw.col("issued_on"))
    one_off = nw.col("charge") == "one_off"
    months_again = months_between(nw.col("starts_on"), nw.col("ends_on"))
    return entered.give(rows.with_columns(amount=either(one_off, nw.col("amount") * months_again, nw.col("amount"))))


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
