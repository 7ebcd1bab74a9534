"""Foreign currencies: one rate for all time, the rate of the purchase, or each month its own with a line for the effect.

Metrics never add different currencies. Convert first, with the rate your policy names (switch 10), or let
:func:`fx_movements` keep the movements in their own currency and show the effect of exchange rates apart.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.groups import beside
from helpers.metrics.lines import priced
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import movements_of
from helpers.metrics.tables import Entered, Frame, collected, day, either, enter, index_of, literal, month_index, month_of, opened, running


def convert(subscriptions: Any, rates: Any, *, to: str, policy: Policy = Policy()) -> Any:
    """Return the subscriptions with every amount in one currency.

    Parameters
    ----------
    subscriptions : data frame or path
        With a column ``currency``; empty means ``to``.
    rates : data frame
        currency, rate (how much of ``to`` one unit is worth) when policy.fx is "constant"; month (its first day), currency,
        rate when it is "purchase".
    to : str
        The reporting currency.
    policy : Policy

    Returns
    -------
    data frame
        The same rows and columns, ``amount`` converted and ``currency`` set to ``to``.

    Raises
    ------
    MetricError
        When a rate is missing, or policy.fx is "spot": then no single rate belongs to a line, see :func:`fx_movements`.

    Notes
    -----
    amount x rate. "constant": exchange rates move nothing (ChartMogul). "purchase": the rate of the month in which the line
    began (ProfitWell).

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 10, "currency": "USD"}])
    >>> convert(table, pd.DataFrame({"currency": ["USD"], "rate": [7.1]}), to="CNY")["amount"].tolist()
    [71.0]
    """
    if policy.fx == "spot":
        raise MetricError("convert: fx = 'spot' has no single rate for a line. Use fx_movements, or fx = 'constant' or 'purchase'.")
    by_month = policy.fx == "purchase"
    schema = nw.from_native(opened(subscriptions, "subscriptions")).collect_schema().names()
    entered = enter(subscriptions, name="subscriptions", columns=("currency", "amount", "starts_on"), optional=schema)
    frame = _with_currency(entered.frame, to)
    frame = frame.with_columns(m=month_index(nw.col("starts_on")))
    table = _rates(entered, rates, by_month)
    keys = ["currency", "m"] if by_month else ["currency"]
    joined = frame.join(table, on=keys, how="left")
    joined = joined.with_columns(rate=either(nw.col("currency") == to, 1.0, nw.col("rate")))
    _complete(joined)
    money = nw.col("amount").cast(nw.Float64) * nw.col("rate")
    return entered.give(joined.with_columns(amount=money, currency=nw.lit(to)).select(*schema))


def _with_currency(frame: Frame, to: str) -> Frame:
    return frame.with_columns(currency=either(nw.col("currency").is_null(), nw.lit(to), nw.col("currency").cast(nw.String)))


def _rates(entered: Entered, rates: Any, by_month: bool) -> Frame:
    months = ["month"] if by_month else []
    table = enter(rates, name="rates", columns=(*months, "currency", "rate"), beside=entered)
    frame = table.frame.select(*months, nw.col("currency").cast(nw.String), nw.col("rate").cast(nw.Float64))
    if by_month:
        frame = frame.with_columns(m=month_index(nw.col("month")))
    keys = ["currency", "m"] if by_month else ["currency"]
    twice = collected(frame.group_by(*keys).agg(nw.len().alias("count")).filter(nw.col("count") > 1).sort(*keys).head(1)).rows()
    if twice:
        when = f" for {month_of(twice[0][1]):%Y-%m}" if by_month else ""
        raise MetricError(f"rates: {twice[0][0]} has more than one rate{when}. Keep one.")
    bad = collected(frame.filter(~(nw.col("rate") > 0) | nw.col("rate").is_null()).select("currency", "rate").head(1)).rows()
    if bad:
        raise MetricError(f"rates.rate: {bad[0][0]} has {bad[0][1]}. A rate is a number above 0.")
    return beside(entered, frame, "rates")


def _complete(joined: Frame) -> None:
    missing = collected(joined.filter(nw.col("rate").is_null()).select("currency", "m").sort("currency", "m").head(1)).rows()
    if missing:
        raise MetricError(f"rates: no rate for {missing[0][0]} in {month_of(missing[0][1]):%Y-%m}. Add it to the table of rates.")


def fx_movements(subscriptions: Any, rates: Any, *, to: str, as_of: Any, policy: Policy = Policy(fx="spot")) -> Any:
    """Return movements in one currency, each month at its own rate, with the effect of exchange rates as kind ``fx``.

    Parameters
    ----------
    subscriptions : data frame or path
        With a column ``currency``; empty means ``to``.
    rates : data frame
        month (its first day), currency, rate, for every month from the first line to ``as_of``.
    to : str
        The reporting currency.
    as_of : date
    policy : Policy

    Returns
    -------
    data frame
        customer_id, currency, month, kind, before, change, after; integers of the smallest unit of ``to``.

    Notes
    -----
    In each month first what was there is revalued, ``before x rate - before x last month's rate`` (kind fx), then the change
    in the customer's own currency is converted at the month's rate. ending = starting + changes + fx, exactly, for each
    customer, month and currency. Source: support.stripe.com, billing analytics.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.metrics.examples import table_of
    >>> table = table_of([{"customer_id": "a", "starts_on": "2024-01-01", "amount": 10, "currency": "USD"}])
    >>> rates = pd.DataFrame({"month": pd.to_datetime(["2024-01-01", "2024-02-01"]), "currency": "USD", "rate": [7.0, 7.2]})
    >>> fx_movements(table, rates, to="CNY", as_of="2024-02-29")[["kind", "before", "change", "after"]].to_numpy().tolist()
    [['opening', 0, 7000, 7000], ['fx', 7000, 200, 7200]]
    """
    if policy.fx != "spot":
        raise MetricError(f"fx_movements: fx = {policy.fx!r} has no effect of exchange rates. Use fx = 'spot', or convert().")
    monthly = policy.replace(time_base="month_end", same_month="snapshot", right_edge="keep")
    lines = priced(_named(subscriptions, to), policy=monthly, as_of=as_of, by_currency=True)
    keys = list(lines.keys)
    native = movements_of(lines).with_columns(m=month_index(nw.col("month")))
    table = _rates(lines.entered, rates, by_month=True)
    if native.collect_schema()["month"] == nw.Date:
        table = table.with_columns(nw.col("month").cast(nw.Date))
    _unbroken(table, day(as_of, "as_of"))
    table = running(table, ["currency"], "month", rate_before=("before", "rate"))
    columns = [*keys, "month", "kind", "before", "change", "after"]
    changes = _converted_changes(native, table, to).select(*columns, order=nw.lit(1))
    revalued = _revaluations(native, table, keys, lines.as_of, to).select(*columns, order=nw.lit(0))
    both = nw.concat([revalued, changes])
    both = both if lines.entered.kind == "lazy" else both.sort(*keys, "month", "order")
    return lines.entered.give(both.select(*columns))


def _unbroken(table: Frame, as_of: dt.date) -> None:
    spans = table.group_by("currency").agg(nw.col("m").min().alias("first"), nw.col("m").max().alias("last"),
                                           nw.len().alias("months"))
    for currency, first, last, months in collected(spans.select("currency", "first", "last", "months")).rows():
        if last - first + 1 != months:
            span = f"between {month_of(first)} and {month_of(last)}"
            raise MetricError(f"rates: {currency} has {months} months {span}. Add the missing ones.")
        if last < index_of(as_of):
            raise MetricError(f"rates: {currency} ends in {month_of(last):%Y-%m}, and the report is of {as_of}. Add the later months.")


def _named(subscriptions: Any, to: str) -> Any:
    return nw.to_native(_with_currency(nw.from_native(opened(subscriptions, "subscriptions")), to))


def _at(name: str, rate: str) -> nw.Expr:
    return (nw.col(name).cast(nw.Float64) * nw.col(rate) + 0.5).floor().cast(nw.Int64)


def _converted_changes(native: Frame, table: Frame, to: str) -> Frame:
    joined = native.join(table.select("currency", "m", "rate"), on=["currency", "m"], how="left")
    joined = joined.with_columns(rate=either(nw.col("currency") == to, 1.0, nw.col("rate")))
    _complete(joined)
    joined = joined.with_columns(before=_at("before", "rate"), after=_at("after", "rate"))
    return joined.with_columns(change=nw.col("after") - nw.col("before"))


def _revaluations(native: Frame, table: Frame, keys: list[str], as_of: Any, to: str) -> Frame:
    """Return, for each stretch of unchanged MRR in a foreign currency, the months up to the next change, revalued."""
    spans = running(native.filter(nw.col("currency") != to), keys, "month", until=("after", "month")).filter(nw.col("after") > 0)
    spans = spans.select(*keys, since=nw.col("month"), until=nw.col("until"), held=nw.col("after"))
    day_of_report, month = literal(as_of, native.collect_schema()["month"]), nw.col("month")
    changed = table.filter(month <= day_of_report, ~nw.col("rate_before").is_null(), nw.col("rate") != nw.col("rate_before"))
    months = spans.join(changed.select("currency", "month", "rate", "rate_before"), on="currency", how="inner")
    months = months.filter((month > nw.col("since")) & (nw.col("until").is_null() | (month <= nw.col("until"))))
    months = months.with_columns(before=_at("held", "rate_before"), after=_at("held", "rate"), kind=nw.lit("fx"))
    return months.with_columns(change=nw.col("after") - nw.col("before")).filter(nw.col("change") != 0)
