"""The door of every metric: whatever table comes in, one kind of frame goes on, and the caller's kind goes back.

Metrics are written once, with narwhals. pandas and polars tables stay what they are; DuckDB relations, ibis and Spark
tables stay where they are and are computed there. A pandas table of more than :data:`LARGE` rows is handed to DuckDB,
which reads it in place and is several times faster; nobody but this module notices. The name of a Parquet file, or of a
folder of them, is a table too: DuckDB reads it piece by piece, also when it is larger than memory.

Small answers (one row for each month or group) come back as polars to a polars caller and as pandas to everybody else.
Large answers (one row for each movement) stay in the caller's kind of table.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import operator
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, nearest

LARGE = 100_000
Frame = nw.DataFrame | nw.LazyFrame


@dataclass(frozen=True)
class Entered:
    """A table that came in: ``frame`` to compute with, ``kind`` to go back to (pandas, polars, lazy).

    ``connection`` is DuckDB's, when a pandas table was handed over to it or it reads a path.
    """

    frame: Frame
    kind: str
    name: str
    connection: Any = None

    def give(self, frame: Frame, *, sort: Sequence[str] = ()) -> Any:
        """Return a large answer in the caller's kind of table; eager ones sorted."""
        if self.kind == "lazy":
            return nw.to_native(frame)
        ordered = frame.sort(*sort) if sort else frame
        if isinstance(ordered, nw.LazyFrame):
            ordered = ordered.collect("pandas" if self.kind == "pandas" else "polars")
        native = nw.to_native(ordered)
        return native.reset_index(drop=True) if self.kind == "pandas" else native

    def small(self, frame: Frame) -> nw.DataFrame:
        """Collect a small answer, to go on with in Python."""
        return collected(frame, polars=self.polars)

    @property
    def polars(self) -> bool:
        """Whether small answers go back as polars."""
        return self.kind == "polars" or self.frame.implementation.is_polars()

    def listed(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
        """Make a small table of the caller's kind from rows."""
        return self.build({name: [row[i] for row in rows] for i, name in enumerate(names)})

    def figure(self, value: float, *, n: int, low: float = math.nan, high: float = math.nan, late: bool = False, reason: str = "") -> Any:
        """Make the table of a result of one row; ``late`` says that its window is not over."""
        return self.build({"value": [value], "low": [low], "high": [high], "n": [n], "mature": [not late], "reason": [reason]})

    def build(self, columns: dict[str, Any]) -> Any:
        """Make a small table of the caller's kind from columns."""
        return build(columns, polars=self.polars)


def enter(native: Any, *, name: str, columns: Sequence[str], optional: Sequence[str] = (), beside: Entered | None = None,
          time_zone: str | None = None) -> Entered:
    """Take a table in: check that its columns are there, keep those that are needed, choose where to compute.

    Parameters
    ----------
    native : data frame or path
        pandas, polars (eager or lazy), DuckDB relation, ibis or Spark table; or the path of a Parquet file or folder.
    name : str
        What the table is called in messages.
    columns, optional : sequence of str
        Columns that must be there, and columns that are used when they are.
    beside : Entered, optional
        A table to be joined with: a pandas table goes to DuckDB when that one did.
    time_zone : str, optional
        Instants with an offset are brought to local time of this zone (pandas and polars can do that).

    Returns
    -------
    Entered

    Raises
    ------
    MetricError
        When it is no table, no Parquet lies at the path, or a column is missing; the message has the nearest name.

    Examples
    --------
    >>> import pandas as pd
    >>> enter(pd.DataFrame({"custmer_id": ["a"]}), name="subscriptions", columns=["customer_id"])
    Traceback (most recent call last):
    helpers.metrics.errors.MetricError: subscriptions: no column 'customer_id', did you mean 'custmer_id'? Rename it, or add it.
    """
    connection = beside.connection if beside else None
    if named := isinstance(native, (str, os.PathLike)):
        connection = connection or _database()
        native = opened(native, name, connection)
    try:
        frame = nw.from_native(native)
    except TypeError as error:
        kinds = "a pandas, polars, DuckDB, ibis or Spark table, or the path of a folder of Parquet files"
        raise MetricError(f"{name}: a {type(native).__name__} is no table. Give {kinds}.") from error
    present = frame.collect_schema().names()
    for column in columns:
        if column not in present:
            raise MetricError(f"{name}: no column {column!r}{nearest(column, present)} Rename it, or add it.")
    keep = [column for column in present if column in {*columns, *optional}]
    kind = "lazy" if isinstance(frame, nw.LazyFrame) else "polars" if frame.implementation.is_polars() else "pandas"
    if time_zone and kind == "pandas":
        native = _local_pandas(native, keep, time_zone)
        frame = nw.from_native(native)
    elif time_zone and frame.implementation.is_polars():
        frame = _local_polars(frame, time_zone)
    if kind == "pandas" and (connection is not None or (beside is None and len(frame) > LARGE)):
        return _in_duckdb(native, keep, name, connection)
    return Entered(frame.select(*keep), kind, name, connection if named else None)


def opened(native: Any, name: str, connection: Any = None) -> Any:
    """Return a table as it is, and for a path its Parquet, all of it in a folder and the folders in it, as a DuckDB relation."""
    if not isinstance(native, (str, os.PathLike)):
        return native
    path = Path(native)
    found = sorted(path.rglob("*.parquet")) if path.is_dir() else [path] if path.suffix == ".parquet" and path.is_file() else []
    if not found:
        what = "holds no .parquet files" if path.is_dir() else "is no Parquet file" if path.is_file() else "is not there"
        raise MetricError(f"{name}: {path} {what}. Give a .parquet file, a folder of them, or a table: a CSV is read with pandas.read_csv.")
    return (connection or _database()).read_parquet([str(one) for one in found], union_by_name=True)


@functools.cache
def _database() -> Any:
    """One DuckDB for the session: what does not fit its memory goes to the system's temporary folder."""
    import duckdb

    return duckdb.connect(config={"temp_directory": str(Path(tempfile.gettempdir()) / f"playbook-duckdb-{os.getpid()}")})


def _local_pandas(native: Any, keep: Sequence[str], time_zone: str) -> Any:
    aware = [name for name in keep if getattr(native[name].dtype, "tz", None) is not None]
    local = {name: native[name].dt.tz_convert(time_zone).dt.tz_localize(None) for name in aware}
    return native.assign(**local) if aware else native


def _local_polars(frame: Frame, time_zone: str) -> Frame:
    aware = [name for name, dtype in frame.collect_schema().items() if dtype == nw.Datetime and dtype.time_zone is not None]
    local = [nw.col(name).dt.convert_time_zone(time_zone).dt.replace_time_zone(None) for name in aware]
    return frame.with_columns(*local) if aware else frame


def _in_duckdb(native: Any, keep: Sequence[str], name: str, connection: Any) -> Entered:
    connection = connection or _database().cursor()
    return Entered(nw.from_native(connection.from_df(native[list(keep)])), "pandas", name, connection)


def collected(frame: Frame, *, polars: bool = False) -> nw.DataFrame:
    """Collect a small frame: polars stays polars, everything else becomes pandas."""
    if isinstance(frame, nw.DataFrame):
        return frame
    if polars:
        return frame.collect("polars")
    if frame.implementation.is_spark_like() or frame.implementation.is_ibis():
        return nw.from_native(_plain_dates(frame.collect("pyarrow").to_pandas()), eager_only=True)
    return frame.collect("pandas")


def _plain_dates(table: Any) -> Any:
    import pandas as pd

    for column in table.columns:
        sample = table[column].dropna()
        if len(sample) and isinstance(sample.iloc[0], dt.date):
            table[column] = pd.to_datetime(table[column]).astype("datetime64[us]")
    return table


def build(columns: dict[str, Any], *, polars: bool = False) -> Any:
    """Make a small table from columns, in polars or pandas.

    Examples
    --------
    >>> build({"age": [0, 1], "value": [1.0, 0.5]}).shape
    (2, 2)
    """
    if polars:
        import polars as pl

        return pl.DataFrame(columns)
    import pandas as pd

    return pd.DataFrame(columns)


def running(frame: Frame, keys: Sequence[str], order: str, **columns: tuple[str, str]) -> Frame:
    """Add running columns: for each key, in order, the sum or the least value so far, the only value, or the value before or after.

    Parameters
    ----------
    frame : narwhals frame
        One row for each key and value of ``order``.
    keys, order
        Columns.
    columns
        ``name=(what, column)``: "sum" or "least" so far (of columns without gaps), "only" value of the key that is not empty
        (least of them; rows before it may stay empty), "before", "after".

    Returns
    -------
    narwhals frame
        Eager frames come back sorted where the order matters. DuckDB gets plain SQL with its default frame, which it computes
        faster than the ROWS frame that narwhals writes.
    """
    if frame.implementation.is_duckdb():
        return _running_in_duckdb(frame, keys, order, columns)
    window = {} if isinstance(frame, nw.DataFrame) else {"order_by": order}
    in_order = bool(window) or all(what == "only" for what, _ in columns.values())
    ordered = frame if in_order else frame.sort(*keys, order)

    def expr(what: str, column: str) -> nw.Expr:
        value = nw.col(column)
        if what == "only":
            return value.min().over(*keys)
        moves = {"sum": value.cum_sum, "least": value.cum_min, "before": lambda: value.shift(1), "after": lambda: value.shift(-1)}
        return moves[what]().over(*keys, **window)

    sums = {name: column for name, (what, column) in columns.items() if what == "sum"}
    if window or len(sums) < 2:
        return ordered.with_columns(**{name: expr(*of) for name, of in columns.items()})
    ordered = ordered.with_columns(**{name: nw.col(column) for name, column in sums.items()})  # eager: one grouping for all sums
    others = {name: expr(*of) for name, of in columns.items() if name not in sums}
    return ordered.with_columns(nw.col(*sums).cum_sum().over(*keys), **others)


def _running_in_duckdb(frame: Frame, keys: Sequence[str], order: str, columns: dict[str, tuple[str, str]], keep: Sequence[str] = ("*",)) -> Frame:
    functions = {"sum": "sum", "least": "min", "only": "min", "before": "lag", "after": "lead"}
    window = f'over (partition by {", ".join(quoted(key) for key in keys)} order by {quoted(order)})'
    exprs = [f"{functions[what]}({quoted(column)}) {window} as {quoted(name)}" for name, (what, column) in columns.items()]
    return nw.from_native(nw.to_native(frame).project(", ".join([*keep, *exprs])))


def settled(events: Frame, keys: Sequence[str], order: str, measures: Sequence[str], *, above: bool = False, **columns: tuple[str, str]) -> Frame:
    """Sum events by key and step, and cumulate: one row for each step, with every measure before and after it.

    Parameters
    ----------
    events : narwhals frame
        Any number of rows for each key and value of ``order``.
    keys, order, measures
        Columns; measures are integers.
    above : bool
        Add ``above``, the step before, empty for a key's first.
    columns
        As in :func:`running`, of ``order`` only.

    Returns
    -------
    narwhals frame
        The keys, order, columns, and for each measure ``name_before`` and ``name_after``, where any of them changes. DuckDB needs
        one pass for it: the sum up to a step is its default frame, and the rows above the first row of a step are what was before.
    """
    sums = {f"{name}_after": ("sum", name) for name in measures}
    if events.implementation.is_duckdb():
        frame = _settled_in_duckdb(events, keys, order, measures, columns)
        return frame.filter(_any(nw.col(f"{name}_before") != nw.col(f"{name}_after") for name in measures))
    net = events.group_by(*keys, order).agg(*[nw.col(name).sum() for name in measures])
    step_above = {"above": ("before", order)} if above else {}
    net = running(net.filter(_any(nw.col(name) != 0 for name in measures)), keys, order, **sums, **step_above, **columns)
    net = whole(net, [*measures, *sums])
    return net.with_columns(**{f"{name}_before": nw.col(f"{name}_after") - nw.col(name) for name in measures})


def _settled_in_duckdb(events: Frame, keys: Sequence[str], order: str, measures: Sequence[str], columns: dict[str, tuple[str, str]]) -> Frame:
    window = f'partition by {", ".join(quoted(key) for key in keys)} order by {quoted(order)}'
    parts = [quoted(name) for name in (*keys, order)] + [f"lag({quoted(order)}) over ({window}) as above"]
    for name in measures:
        above = f"(sum({quoted(name)}) over ({window} rows unbounded preceding))::bigint - {quoted(name)}"
        parts += [f'{above} as {quoted(f"{name}_before")}', f'(sum({quoted(name)}) over ({window}))::bigint as {quoted(f"{name}_after")}']
    frame = _running_in_duckdb(events, keys, order, columns, parts)
    return frame.filter(nw.col("above").is_null() | (nw.col("above") != nw.col(order)))


def _any(tests: Iterable[nw.Expr]) -> nw.Expr:
    return functools.reduce(operator.or_, tests)


def quoted(name: str) -> str:
    """Write a column's name in SQL.

    Examples
    --------
    >>> quoted("order")
    '"order"'
    """
    return f'"{name}"'


def stacked(frame: Frame, keep: Sequence[str], **columns: tuple[str, str]) -> Frame:
    """Make two rows of each: ``name=(column of the first row, column of the second)``; ``keep`` goes into both.

    DuckDB does it in one pass; others take the two halves one below the other.
    """
    if frame.implementation.is_duckdb():
        pairs = [f"unnest([{quoted(one)}, {quoted(two)}]) as {quoted(name)}" for name, (one, two) in columns.items()]
        return nw.from_native(nw.to_native(frame).project(", ".join([*map(quoted, keep), *pairs])))
    halves = [frame.select(*keep, **{name: nw.col(pair[half]) for name, pair in columns.items()}) for half in (0, 1)]
    return nw.concat(halves)


def whole(frame: Frame, columns: Sequence[str]) -> Frame:
    """Make integers of sums again: DuckDB gives sums of integers another type; eager frames keep them."""
    if isinstance(frame, nw.DataFrame):
        return frame
    return frame.with_columns(*[nw.col(name).cast(nw.Int64) for name in columns])


def dates(frame: Frame, name: str, columns: Iterable[str], time_zone: str = "your company") -> None:
    """Refuse columns that hold no dates in local time."""
    schema = frame.collect_schema()
    for column in columns:
        if schema[column] not in (nw.Date, nw.Datetime) or getattr(schema[column], "time_zone", None) is not None:
            raise MetricError(f"{name}: column {column!r} holds {schema[column]}, not dates in local time. Read it as dates (in pandas: "
                              f"pd.to_datetime); bring instants with an offset to local time of {time_zone} before.")


def numbers(frame: Frame, name: str, columns: Iterable[str]) -> None:
    """Refuse columns that hold no numbers, where they are there and not all empty."""
    schema = frame.collect_schema()
    for column in columns:
        if column in schema and not schema[column].is_numeric() and not isinstance(schema[column], nw.Unknown):
            if isinstance(frame, nw.DataFrame) and frame[column].is_null().all():
                continue
            raise MetricError(f"{name}: column {column!r} holds {schema[column]}, not numbers. Make numbers of it (in pandas: pd.to_numeric).")


def one_currency(frame: Frame, name: str) -> None:
    """Refuse a table whose column ``currency`` has more than one: amounts would be added as if they were the same money."""
    if "currency" not in frame.collect_schema().names():
        return
    found = sorted(str(row[0]) for row in collected(frame.group_by("currency").agg(nw.len().alias("rows"))).select("currency").rows())
    if len(found) > 1:
        raise MetricError(f"{name}.currency: {', '.join(found)} are mixed. Convert them first, or ask for one of them.")


def day(value: Any, what: str) -> dt.date:
    """Return a date from a date, an instant or ISO text.

    Examples
    --------
    >>> day("2024-12-31", "as_of")
    datetime.date(2024, 12, 31)
    """
    if isinstance(value, dt.datetime) and value == value:  # pandas' NaT is a datetime and equals nothing
        return value.date()
    if isinstance(value, dt.date) and value == value:
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise MetricError(f"{what} = {value!r} is no date. Write it as '2024-12-31'.") from error


def literal(value: dt.date, dtype: nw.dtypes.DType) -> dt.date:
    """Return ``value`` in the type of a column: an instant at midnight for a column of instants."""
    return dt.datetime(value.year, value.month, value.day) if dtype == nw.Datetime else value


def either(test: nw.Expr, yes: Any, no: Any) -> nw.Expr:
    """Return ``yes`` where the test holds and ``no`` elsewhere; both are expressions or plain values (text is text)."""
    return nw.when(test).then(_expr(yes)).otherwise(_expr(no))


def only(test: nw.Expr, value: Any) -> nw.Expr:
    """Return ``value`` where the test holds, and nothing elsewhere."""
    return nw.when(test).then(_expr(value))


def looked_up(frame: Frame, key: nw.Expr, values: dict[Any, Any], default: Any, dtype: Any) -> nw.Expr:
    """Return the value that stands beside each key: eager frames look it up at once, engines get a CASE.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"interval": ["year", "month"]}))
    >>> frame.select(looked_up(frame, nw.col("interval"), {"year": 12.0}, 1.0, nw.Float64))["interval"].to_list()
    [12.0, 1.0]
    """
    if isinstance(frame, nw.DataFrame):
        return key.replace_strict(list(values), list(values.values()), default=default, return_dtype=dtype)
    expr = _expr(default)
    for name, value in values.items():
        expr = either(key == name, value, expr)
    return expr


def _expr(value: Any) -> nw.Expr:
    return value if isinstance(value, nw.Expr) else nw.lit(value)


def cut(expr: nw.Expr, unit: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Cut a date to its month ("1mo") or day ("1d"); a date stays a date (Spark and DuckDB would make an instant of it)."""
    short = expr.dt.truncate(unit)
    return short.cast(nw.Date) if dtype == nw.Date else short


def move(expr: nw.Expr, by: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Move a date by "30d", "1mo" or "-1d"; a date stays a date."""
    moved = expr.dt.offset_by(by)
    return moved.cast(nw.Date) if dtype == nw.Date else moved


def month_index(expr: nw.Expr) -> nw.Expr:
    """Number the months: year * 12 + month - 1, so that a year later is 12 more."""
    return expr.dt.year().cast(nw.Int64) * 12 + expr.dt.month().cast(nw.Int64) - 1


def index_of(value: dt.date) -> int:
    """Return the number of a date's month, see :func:`month_index`.

    Examples
    --------
    >>> index_of(dt.date(2024, 3, 15)) - index_of(dt.date(2023, 3, 1))
    12
    """
    return value.year * 12 + value.month - 1


def month_of(index: int) -> dt.date:
    """Return the first day of a numbered month.

    Examples
    --------
    >>> month_of(index_of(dt.date(2024, 3, 15)))
    datetime.date(2024, 3, 1)
    """
    return dt.date(int(index) // 12, int(index) % 12 + 1, 1)


def month_end(index: int) -> dt.date:
    """Return the last day of a numbered month.

    Examples
    --------
    >>> month_end(index_of(dt.date(2024, 2, 1)))
    datetime.date(2024, 2, 29)
    """
    return month_of(index + 1) - dt.timedelta(days=1)


def with_months(frame: Frame, name: str, start: str, end: str) -> Frame:
    """Add the months from one date to another: whole ones counted back from the end, the rest as a share of the month it lies in.

    From the last day of one month to the last day of another are whole months, and so they are from the 31st to the end of a
    shorter month, as bills that are due on the 31st run. A part that begins within a period that ends with it, as pro-rata bills
    do, is measured by the days of that period: from 1 to 15 March are 14 days of the 29 from 15 February 2024.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-31", "2024-02-29", "2024-01-16", "2024-02-01", "2024-03-01", "2024-03-15"])
    >>> frame = nw.from_native(pd.DataFrame({"start": days[::2], "end": days[1::2]}))
    >>> [round(months, 4) for months in with_months(frame, "months", "start", "end")["months"].to_list()]
    [1.0, 0.5161, 0.4828]
    """
    # one step after the other: an expression inside an expression is worked out again at every place where it stands
    parts = {f"{which}_{part}": getattr(nw.col(column).dt, part)().cast(nw.Float64)
             for which, column in (("from_", start), ("to_", end)) for part in ("year", "month", "day")}
    month, year, begins, ends = (nw.col(part) for part in ("from__month", "from__year", "from__day", "to__day"))
    frame = frame.with_columns(**parts).with_columns(
        here_=_month_length(month, year), last_=_month_length(nw.col("to__month"), nw.col("to__year")),
        before_=_month_length(either(month == 1, 12.0, month - 1), year), after_=_month_length(either(month == 12, 1.0, month + 1), year),
        **{name: (nw.col("to__year") - year) * 12 + nw.col("to__month") - month})
    frame = frame.with_columns(  # the days of the start's month, of the one before and of the one after on which a period is renewed
        anchor_=_less(ends, nw.col("here_")), ahead_=nw.col("before_") - _less(ends, nw.col("before_")), then_=_less(ends, nw.col("after_")))
    early = nw.col(name) + (nw.col("anchor_") - begins) / (nw.col("ahead_") + nw.col("anchor_"))
    late = nw.col(name) - 1 + (nw.col("here_") - begins + nw.col("then_")) / (nw.col("here_") - nw.col("anchor_") + nw.col("then_"))
    whole_months = (begins == nw.col("anchor_")) | ((ends == nw.col("last_")) & (begins >= ends))
    frame = frame.with_columns(**{name: either(whole_months, nw.col(name), either(begins < nw.col("anchor_"), early, late))})
    return frame.drop(*parts, "here_", "last_", "before_", "after_", "anchor_", "ahead_", "then_")


def _less(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    return either(one < other, one, other)


def _month_length(month: nw.Expr, year: nw.Expr) -> nw.Expr:
    """Return the days of a month: 31 and 30 by turns, but February; leap years are those of 1901 to 2099."""
    turns = ((month + (month / 8).floor()) % 2) + 30
    return either(month == 2, either(year % 4 == 0, 29.0, 28.0), turns)


def day_number(date: nw.Expr) -> nw.Expr:
    """Number the days, so that the difference of two is the days between them (engines disagree on durations)."""
    return _day_number(date.dt.year().cast(nw.Float64), date.dt.month().cast(nw.Float64), date.dt.day().cast(nw.Float64))


def _day_number(year: nw.Expr, month: nw.Expr, day: nw.Expr) -> nw.Expr:
    """Years are counted from March, so that the leap day comes last."""
    early = either(month < 3, 1.0, 0.0)
    from_march, years = month - 3 + 12 * early, year - early
    leap_days = (years / 4).floor() - (years / 100).floor() + (years / 400).floor()
    return 365 * years + leap_days + ((153 * from_march + 2) / 5).floor() + day


def day_number_before(date: nw.Expr, months: nw.Expr) -> nw.Expr:
    """Number the day that lies some whole months before a date: of 31 March less one month it is the last of February."""
    index = date.dt.year().cast(nw.Float64) * 12 + date.dt.month().cast(nw.Float64) - 1 - months
    year = (index / 12).floor()
    month, day = index - 12 * year + 1, date.dt.day().cast(nw.Float64)
    length = _month_length(month, year)
    return _day_number(year, month, either(day < length, day, length))
