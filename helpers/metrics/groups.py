"""Sums by a column of ``customers``: the one place where metrics are split by size, industry or anything else."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError
from helpers.metrics.tables import Entered, Frame, enter

UNKNOWN = "unknown"
SUMS = ("n", "x", "y", "g", "kept", "xx", "xy", "yy", "xg", "gg")


def with_products(pairs: Frame, suffix: str = "") -> Frame:
    """Add the columns whose sums make every retention rate and its interval.

    Parameters
    ----------
    pairs : narwhals frame
        before, after (MRR of a customer then and now), before_present, after_present (was it a customer?).
    suffix : str
        Put behind the names of the new columns.

    Returns
    -------
    narwhals frame
        With :data:`SUMS`: x and y are MRR before and after, g the smaller of the two, ``n`` and ``kept`` are 1 or 0, the
        products are floats. All are 0 for who was no customer before.
    """
    base, kept = nw.col("before_present").cast(nw.Int64), nw.col("after_present").cast(nw.Int64)
    x, y, g, n, k = (name + suffix for name in ("x", "y", "g", "n", "kept"))
    frame = pairs.with_columns(**{x: nw.col("before") * base, y: nw.col("after") * base, n: base, k: base * kept})
    frame = frame.with_columns(**{g: nw.when(nw.col(y) < nw.col(x)).then(nw.col(y)).otherwise(nw.col(x))})
    frame = frame.with_columns(**{f"{name}_": nw.col(name + suffix).cast(nw.Float64) for name in "xyg"})
    return frame.with_columns(**{a + b + suffix: nw.col(f"{a}_") * nw.col(f"{b}_") for a, b in ("xx", "xy", "yy", "xg", "gg")})


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
        frame = frame.with_columns(nw.when(nw.col(by).is_null()).then(nw.lit(UNKNOWN)).otherwise(nw.col(by)).alias(by))
    totals = [nw.col(name).sum() for name in sums]
    summed = frame.group_by(*keys).agg(*totals) if keys else frame.select(*totals)
    rows = entered.small(summed).rows(named=True)
    rows = [{name: 0 if value is None else value for name, value in row.items()} for row in rows]
    if by is None:
        return rows if keys or rows[0][sums[0]] else []
    order = _order(customers, by)
    return sorted(rows, key=lambda row: (order.get(row[by], len(order)), str(row[by])))


def _labels(entered: Entered, customers: Any, by: str) -> Frame:
    if customers is None:
        raise MetricError(f"by = {by!r} needs the table customers. Give customers = company.customers.")
    other = enter(customers, name="customers", columns=("customer_id", by), beside=entered)
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
        return {str(name): i for i, name in enumerate(nw.from_native(customers, eager_only=True)[by].cat.get_categories().to_list())}
    except TypeError:
        return {}
