"""Sums by a column of ``customers``: the one place where metrics are split by size, industry or anything else."""

from __future__ import annotations

import os
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import Entered, Frame, collected, either, enter

UNKNOWN = "unknown"
SUMS = ("n", "x", "y", "g", "kept", "xx", "xy", "yy", "xg", "gg")
SUMS_OF = {"logo": ("n", "kept"), "nrr": ("n", "x", "y", "xx", "xy", "yy"), "grr": ("n", "x", "g", "xx", "xg", "gg")}


def with_products(pairs: Frame, *, sign: str | None = None) -> Frame:
    """Add the columns whose sums make every retention rate and its interval.

    Parameters
    ----------
    pairs : narwhals frame
        One row for each customer that was one before: before, after (its MRR then and now), after_present (is it one now?).
    sign : str, optional
        Column that is 1 for a state that begins and -1 for one that ends; all sums are taken with it.

    Returns
    -------
    narwhals frame
        With :data:`SUMS`: x and y are MRR before and after, g the smaller of the two, ``n`` and ``kept`` are 1 or 0, the
        products are floats.
    """
    before, after = nw.col("before"), nw.col("after")
    n = nw.lit(1) if sign is None else nw.col(sign)
    frame = pairs.with_columns(n=n, least=either(after < before, after, before), fbefore=before.cast(nw.Float64),
                               fafter=after.cast(nw.Float64))
    n = nw.col("n")
    frame = frame.with_columns(x=before * n, y=after * n, g=nw.col("least") * n, kept=nw.col("after_present").cast(nw.Int64) * n)
    frame = frame.with_columns(fleast=nw.col("least").cast(nw.Float64), fx=nw.col("fbefore") * n, fy=nw.col("fafter") * n)
    products = {"xx": ("fx", "fbefore"), "xy": ("fx", "fafter"), "yy": ("fy", "fafter"), "xg": ("fx", "fleast")}
    found = {name: nw.col(one) * nw.col(two) for name, (one, two) in products.items()}
    return frame.with_columns(**found, gg=nw.col("fleast") * nw.col("fleast") * n)


def grouped(entered: Entered, frame: Frame, sums: tuple[str, ...], *, customers: Any = None, by: str | None = None,
            also: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Sum columns of a frame that has one row for each customer, by a column of ``customers``.

    Parameters
    ----------
    entered : Entered
        The table the frame comes from.
    frame : narwhals frame
        Has customer_id and the columns to sum.
    sums : tuple of str
    customers : data frame, optional
    by : str, optional
        Column of ``customers``; customers who are not listed there are "unknown".
    also : tuple of str
        Further columns of the frame to group by.

    Returns
    -------
    list of dict
        One for each group, in the order of the categories where the column has one, else sorted.
    """
    if by is None:
        keys: list[str] = [*also]
    else:
        frame, keys = frame.join(_labels(entered, customers, by), on="customer_id", how="left"), [by, *also]
        frame = frame.with_columns(either(nw.col(by).is_null(), nw.lit(UNKNOWN), nw.col(by)).alias(by))
    totals = [nw.col(name).sum() for name in sums]
    summed = frame.group_by(*keys).agg(*totals) if keys else frame.select(*totals)
    rows = entered.small(summed).rows(named=True)
    rows = [{name: 0 if value is None else value for name, value in row.items()} for row in rows]
    if by is None:
        return rows if keys or rows[0][sums[0]] else []
    order = {} if isinstance(customers, (str, os.PathLike)) else _order(customers, by)
    return sorted(rows, key=lambda row: (order.get(row[by], len(order)), str(row[by])))


def _labels(entered: Entered, customers: Any, by: str) -> Frame:
    if customers is None:
        raise MetricError(f"by = {by!r} needs the table customers. Give customers = company.customers.")
    other = enter(customers, name="customers", columns=("customer_id", by), beside=entered)
    twice = collected(other.frame.group_by("customer_id").agg(nw.len().alias("rows")).filter(nw.col("rows") > 1).sort("customer_id").head(1)).rows()
    if twice:
        raise MetricError(f"customers: customer_id {twice[0][0]!r} stands in {twice[0][1]} rows. Keep one, or they would be counted twice.")
    here, there = (frame.collect_schema()["customer_id"].is_numeric() for frame in (entered.frame, other.frame))
    if here != there:
        kinds = {True: "numbers", False: "text"}
        raise MetricError(f"customers.customer_id holds {kinds[there]}, {entered.name}.customer_id {kinds[here]}. Make them the same.")
    return beside(entered, other.frame.select("customer_id", nw.col(by).cast(nw.String)), "customers")


def beside(entered: Entered, frame: Frame, name: str) -> Frame:
    """Check that a table can be joined with another: both in the same kind of engine."""
    here, there = entered.frame.implementation, frame.implementation
    if here != there:
        raise MetricError(f"{name} is a {there.value} table and {entered.name} a {here.value} table. Give both in the same kind.")
    return frame.lazy() if isinstance(entered.frame, nw.LazyFrame) and isinstance(frame, nw.DataFrame) else frame


def _order(customers: Any, by: str) -> dict[str, int]:
    dtype = nw.from_native(customers).collect_schema()[by]
    if dtype not in (nw.Categorical, nw.Enum):
        return {}
    try:
        categories = nw.from_native(customers, eager_only=True)[by].cat.get_categories().to_list()
        return {str(name): i for i, name in enumerate(categories)}
    except TypeError:
        return {}
