"""What a metric returns: a number that knows how it was made."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.policy import Policy

UNITS = ("share", "money", "months", "count", "ratio")


@dataclass(frozen=True, repr=False)
class Result:
    """A metric with its interval, its n, its policy and the rows behind it.

    Attributes
    ----------
    name : str
        What it is, with its variant: "NRR, point to point".
    table : data frame
        One row for each group, in the kind of table that went in: group columns, then value, low, high, n, mature and
        reason. ``value`` is NaN where the metric is undefined, and ``reason`` says why. ``mature`` is False where the
        window is not over yet.
    policy : Policy
        The MRR policy it was computed under.
    formula : str
        The formula in words.
    period : str
        "2024-12-31 to 2025-12-31".
    unit : str
        share, money, months, count or ratio. Shares are fractions: 0.98, never 98.
    counts : str
        What ``n`` counts.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"value": 0.98, "low": 0.96, "high": 1.0, "n": 1740, "mature": True, "reason": ""}
    >>> Result("NRR", pd.DataFrame([row]), formula="MRR kept / MRR at the start", period="2025")
    NRR, 2025: 98.0% (96.0% to 100.0%, n = 1,740 customers)
    """

    name: str
    table: Any
    policy: Policy = field(default_factory=Policy)
    formula: str = ""
    period: str = ""
    unit: str = "share"
    counts: str = "customers"
    behind: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        one_of(self.unit, UNITS, "Result: unit")

    def _row(self) -> dict[str, Any]:
        frame = nw.from_native(self.table, eager_only=True)
        if len(frame) != 1:
            groups = ", ".join(name for name in frame.columns if name not in _FIXED)
            raise MetricError(f"{self.name} has {len(frame)} rows (by {groups or 'nothing'}): read .table, or ask for one of them.")
        if "value" not in frame.columns:
            raise MetricError(f"{self.name} is a table and no single number: read .table, with {', '.join(frame.columns)}.")
        return frame.rows(named=True)[0]

    def _number(self, column: str) -> float:
        value = self._row()[column]
        return math.nan if value is None else float(value)

    @property
    def value(self) -> float:
        """The number itself (a fraction when the unit is share)."""
        return self._number("value")

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self._number("low")

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self._number("high")

    @property
    def n(self) -> int:
        """How many it was counted over; see ``counts``."""
        return int(self._row()["n"])

    @property
    def mature(self) -> bool:
        """Whether the window was over on the day of the report."""
        return bool(self._row()["mature"])

    @property
    def reason(self) -> str:
        """Why the value is undefined or has no interval; empty otherwise."""
        return str(self._row()["reason"] or "")

    def rows(self) -> Any:
        """Return the rows behind the figure, one for each customer or contract that was counted."""
        if self.behind is None:
            raise MetricError(f"{self.name}: no rows are kept behind this figure.")
        return self.behind()

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        head = f"{self.name}, {self.period}" if self.period else self.name
        frame = nw.from_native(self.table, eager_only=True)
        if len(frame) == 1 and "value" in frame.columns:
            return f"{head}: {sentence(self._row(), self.unit, self.counts)}"
        groups = [name for name in frame.columns if name not in _FIXED]
        lines = [f"{', '.join(str(row[name]) for name in groups)}: {sentence(row, self.unit, self.counts)}"
                 for row in frame.rows(named=True)] if "value" in frame.columns else [f"{len(frame)} rows, see .table"]
        return "\n  ".join([f"{head}:", *lines])


_FIXED = ("value", "low", "high", "n", "mature", "reason")


def sentence(row: dict[str, Any], unit: str, counts: str) -> str:
    """Write one row of a result the way people say it.

    Examples
    --------
    >>> row = {"value": 2.5, "low": None, "high": None, "n": 12, "mature": False, "reason": ""}
    >>> sentence(row, "months", "deals")
    '2.5 months (n = 12 deals; not mature)'
    """
    counted = f"n = {int(row['n']):,} {counts}"
    notes = [] if row["mature"] else ["not mature"]
    if row["value"] is None or math.isnan(row["value"]):
        return f"undefined ({'; '.join([counted, *notes, str(row['reason'])])})"
    low, high = row["low"], row["high"]
    if low is not None and not math.isnan(low):
        counted = f"{_written(low, unit)} to {_written(high, unit)}, {counted}"
    elif row["reason"]:
        notes.append(str(row["reason"]))
    return f"{_written(row['value'], unit)} ({'; '.join([counted, *notes])})"


def _written(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}"
    if unit == "months":
        return f"{value:,.1f} months"
    return f"{value:,.2f}" if unit == "ratio" else f"{value:,.0f}"


class Explanation(str):
    """Text that a notebook shows as it is written."""

    def __repr__(self) -> str:
        return str(self)


def explain(result: Result, *, rows: int = 5) -> Explanation:
    """Show how a figure was made: its formula, its policy and the first rows behind it.

    Parameters
    ----------
    result : Result
        What a metric returned.
    rows : int
        How many rows to show.

    Returns
    -------
    Explanation
        Text; ``result.rows()`` gives all the rows as a table.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"value": 0.5, "low": 0.1, "high": 0.9, "n": 4, "mature": True, "reason": ""}
    >>> explain(Result("logo retention", pd.DataFrame([row]), formula="kept / at the start", period="2025"))
    logo retention, 2025: 50.0% (10.0% to 90.0%, n = 4 customers)
    formula: kept / at the start
    policy default
    """
    lines = [repr(result), f"formula: {result.formula}", str(result.policy)]
    if result.behind is not None:
        behind = nw.from_native(result.rows())
        shown = behind.head(rows)
        shown = shown.collect() if isinstance(shown, nw.LazyFrame) else shown
        lines += [f"first {len(shown)} rows behind it:", _listed(shown)]
    return Explanation("\n".join(lines))


def _listed(frame: nw.DataFrame) -> str:
    cells = [list(frame.columns)] + [[str(value) for value in row] for row in frame.rows()]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join("  " + "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in cells)
