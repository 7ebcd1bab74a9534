"""From a table as it stands in its file to a table that keeps the schema's promises, or a list of what to mend."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.company import dates, numbers
from helpers.company.errors import CompanyError, Problem, nearest, plain
from helpers.company.reading import Raw
from helpers.company.schema import DATES, NUMBERS, Column, Table
from helpers.company.settings import Settings

EMPTY = frozenset({"", "NULL", "null", "NaN", "nan", "#N/A", "<NA>"})
EMPTY_VALUE = EMPTY | {"NA", "N/A", "n/a", "None", "none", "-", "--", "—", "\\N", "NaT"}
YES = frozenset({"true", "t", "yes", "y", "1", "1.0", "是", "有", "x", "√", "✓"})
NO = frozenset({"false", "f", "no", "n", "0", "0.0", "否", "无", "×", "✗"})
RAW_LIMIT = 40


@dataclass
class Cleaned:
    """A clean table, the row number of each row in its file, and what was noticed on the way."""

    frame: pd.DataFrame
    numbers: np.ndarray
    notes: list[tuple[str, str]] = field(default_factory=list)


def clean(raw: Raw, table: Table, settings: Settings) -> Cleaned:
    """Give every column its type and hold the table to its rules.

    Columns of the schema come first, in its order; missing optional ones are added, extra ones kept.

    Raises
    ------
    CompanyError : with every problem of the table at once: columns that are missing, values that cannot be read or are
        not allowed, empty cells where none may be, keys that appear twice, ends before starts.
    """
    work = _Work(raw, table, settings)
    columns = {name: work.column(column) for name, column in table.columns.items() if work.wanted(column)}
    if not work.problems:
        work.check_keys(columns)
        work.check_order(columns)
    if work.problems:
        raise CompanyError(work.problems)
    extra = {name: _guess(raw.frame[name]) for name in raw.frame.columns if name not in table.columns}
    frame = pd.DataFrame({**columns, **extra}, index=pd.RangeIndex(len(raw.frame)))
    return Cleaned(frame, raw.numbers, raw.notes + work.notes)


def add_size(customers: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Customers with their `size` (small, mid, large), from `employees` and the company's size_bands.

    A band holds its lower edge and not its upper one; unknown employees give an unknown size.
    """
    bands = settings.size_bands
    employees = customers["employees"].astype("float64")
    size = pd.Series(pd.NA, index=customers.index, dtype="str")
    for name, (low, high) in bands.items():
        size[(employees >= low) & (employees < (np.inf if high is None else high))] = name
    kind = pd.CategoricalDtype(list(bands), ordered=True)
    return customers.drop(columns="size", errors="ignore").assign(size=size.astype(kind))


def dtype_of(column: Column) -> str:
    """The pandas dtype of a column: nullable for whole numbers and flags that may be empty.

    Examples
    --------
    >>> from helpers.company.schema import table_of
    >>> dtype_of(table_of("customers").columns["employees"])
    'Int64'
    """
    never_empty = column.filled or column.default is not None
    if column.type in DATES:
        return "datetime64[us]"
    if column.type == "int":
        return "int64" if never_empty else "Int64"
    if column.type == "flag":
        return "bool" if never_empty else "boolean"
    return "float64" if column.type in NUMBERS else "str"


class _Work:
    """One table on its way through the door: collects problems instead of stopping at the first."""

    def __init__(self, raw: Raw, table: Table, settings: Settings) -> None:
        self.raw, self.table, self.settings = raw, table, settings
        self.problems: list[Problem] = []
        self.notes: list[tuple[str, str]] = []
        self.extra = [name for name in raw.frame.columns if name not in table.columns]

    def wanted(self, column: Column) -> bool:
        return column.add or column.name in self.raw.frame.columns

    def column(self, column: Column) -> pd.Series:
        """The typed column; what cannot be read becomes a problem."""
        if column.name not in self.raw.frame.columns:
            return self._missing(column)
        given = self.raw.frame[column.name]
        texts = self._texts(given, column)
        values = self._typed(given, column) if texts is None else self._read(texts, column)
        self._limits(values, column)
        if column.filled and values.isna().any() and not self._has_problem(column):
            self._refuse(column, values.isna(), "{n} empty", "fill them; every row needs this value", cells=False)
        if column.default is not None:
            values = values.fillna(column.default)
        return values if self._has_problem(column) else values.astype(dtype_of(column))

    # ------------------------------------------------------------ reading by type

    def _missing(self, column: Column) -> pd.Series:
        """An empty column, or the default; a problem when the column has to be there."""
        near = nearest(column.name, self.extra, also={name: [column.name] for name in self.extra if plain(name) in map(plain, column.also)})
        if column.required and column.default is None:
            guess = f' Did you mean your column "{near}"?' if near else ""
            there = ", ".join(self.raw.frame.columns)
            self.problems.append(Problem(self.table.name, column.name, f"this column is missing.{guess}",
                                         f"rename or add it ({column.meaning}); the file has {there}"))
        elif near:
            self.notes.append((column.name, f'the column is missing and taken to be empty; did you mean your column "{near}"?'))
        value = column.default if column.default is not None else None
        return pd.Series(value, index=self.raw.frame.index, dtype=dtype_of(column) if value is not None or not column.filled else "object")

    def _texts(self, given: pd.Series, column: Column) -> pd.Series | None:
        """The column as text with empty cells as NA, or None when a Parquet file brings numbers, dates or flags."""
        if not pd.api.types.is_string_dtype(given.dtype):
            return None
        written = pa.chunked_array(pa.array(given))
        texts = pc.utf8_trim_whitespace(written)
        if not texts.equals(written):
            spaces = pc.sum(pc.not_equal(texts, written)).as_py()
            self.notes.append((column.name, f"spaces around {_were(spaces, 'value')} left out"))
        empty = EMPTY if column.type in ("id", "text", "category") else EMPTY_VALUE
        nothing = pc.is_in(texts, value_set=pa.array(sorted(empty), texts.type)).to_numpy()
        return pd.Series(texts, index=given.index, dtype="str").mask(nothing)

    def _typed(self, given: pd.Series, column: Column) -> pd.Series:
        """A column that a Parquet file brings with a type of its own."""
        kind = given.dtype
        if column.type in DATES and pd.api.types.is_datetime64_any_dtype(kind):
            local = dates.to_local(given, self.settings.time_zone)
            day = local if column.type == "instant" else local.dt.normalize()
            return day.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]") if column.type == "month" else day
        if column.type in NUMBERS and pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            return self._whole(given.astype("float64"), given, column)
        if column.type == "flag" and pd.api.types.is_bool_dtype(kind):
            return given.astype("boolean")
        return self._read(_as_text(given), column)

    def _read(self, texts: pd.Series, column: Column) -> pd.Series:
        if column.type in DATES:
            return self._dates(texts, column)
        if column.type in NUMBERS:
            return self._numbers(texts, column)
        if column.type == "flag":
            return self._flags(texts, column)
        if column.type == "category" and column.values:
            return self._categories(texts, column)
        return self._ids(texts, column) if column.type == "id" else texts.astype("str")

    def _dates(self, texts: pd.Series, column: Column) -> pd.Series:
        there = texts.dropna()
        read = dates.read_dates(there, column.type, zone=self.settings.time_zone, date_order=self.settings.date_order)
        for why, mask in read.refused.items():
            problem, mend = dates.REASONS[why]
            self._refuse(column, mask, problem, mend)
        self._no_end(column, read.no_end)
        self.notes += [(column.name, note) for note in read.notes]
        return read.values.reindex(texts.index)

    def _no_end(self, column: Column, mask: pd.Series | None) -> None:
        if mask is None or not mask.any():
            return
        if column.empty:
            dates_read = _were(int(mask.sum()), "date")
            self.notes.append((column.name, f"{dates_read} read as empty, as 9999-12-31 and the like mean: {column.empty}"))
        else:
            self._refuse(column, mask, "{n} written for no date at all", "write the date; this column has to be filled")

    def _numbers(self, texts: pd.Series, column: Column) -> pd.Series:
        there = texts.dropna()
        doubtful = self.raw.separator == ";"
        read = numbers.read_numbers(there, percent=column.type == "share", decimal=self.settings.decimal, doubtful=doubtful)
        for why, mask in read.refused.items():
            problem, mend = numbers.REASONS[why]
            self._refuse(column, mask, problem, mend)
        return self._whole(read.values.reindex(texts.index), texts, column)

    def _whole(self, values: pd.Series, given: pd.Series, column: Column) -> pd.Series:
        if column.type != "int":
            return values
        broken = values.notna() & (values % 1 != 0)
        self._refuse(column, broken, "{n} with decimals, where a whole number belongs",
                     f"write a whole number of {column.unit or 'units'}", given)
        return values.where(~broken).astype("Int64")

    def _flags(self, texts: pd.Series, column: Column) -> pd.Series:
        codes, words = pd.factorize(texts)
        meant = [1 if word.lower() in YES else 0 if word.lower() in NO else -1 for word in words]
        found = np.array([*meant, -1])[codes]
        self._refuse(column, pd.Series((codes >= 0) & (found < 0), index=texts.index), "{n} cannot be read as yes or no",
                     "write true or false (or 1 and 0, yes and no); leave it empty when it is not known")
        return pd.Series(pd.arrays.BooleanArray(found == 1, found < 0), index=texts.index)

    def _categories(self, texts: pd.Series, column: Column) -> pd.Series:
        known = {_loose(word): word for word in column.values} | {_loose(word): to for word, to in column.synonyms.items()}
        odd = texts.notna() & ~texts.isin(column.values)
        if not odd.any():
            return texts.astype("str")
        meant = texts.map(lambda word: known.get(_loose(word)), na_action="ignore").astype("str")
        unknown = odd & meant.isna()
        near = [nearest(word, column.values, also=_synonyms(column)) for word in texts[unknown].unique()]
        guess = f' Did you mean "{near[0]}"?' if near and near[0] else ""
        self._refuse(column, unknown, f"{{n}} not among the words of this column.{guess}", _one_of(column))
        self._note_reworded(column, texts[odd & ~unknown], meant)
        return meant

    def _note_reworded(self, column: Column, texts: pd.Series, meant: pd.Series) -> None:
        pairs = [f"{word} as {meant[texts.index[texts == word][0]]}" for word in texts.unique()[:3]]
        if pairs:
            self.notes.append((column.name, f"{_were(len(texts), 'value')} read in the schema's spelling ({', '.join(pairs)})"))

    def _ids(self, texts: pd.Series, column: Column) -> pd.Series:
        there = texts.dropna()
        numeric = there.str.contains("E+", regex=False)
        numeric = numeric & there.str.fullmatch(r"\d(?:\.\d+)?E\+\d+") if numeric.any() else numeric
        self._refuse(column, numeric, "{n} shortened by a spreadsheet, so that the last digits are lost",
                     "export the table again and keep this column as text")
        if len(there) and there.str.endswith(".0").all() and there.str.fullmatch(r"\d+\.0").all():
            self.notes.append((column.name, "the `.0` behind every id was left out"))
            texts = texts.str.removesuffix(".0")
        return texts.astype("str")

    # ------------------------------------------------------------ rules

    def _limits(self, values: pd.Series, column: Column) -> None:
        if column.type not in NUMBERS:
            return
        if column.values:
            self._refuse(column, values.notna() & ~values.isin(column.values), "{n} not allowed", _one_of(column), values)
        low = values < column.min if column.min is not None else None
        if low is not None:
            border = "zero" if column.min == 0 else f"{column.min:g}"
            self._refuse(column, low.fillna(False), f"{{n}} below {border}", _low_mend(column), values)
        high = values > column.max if column.max is not None else None
        if high is not None:
            self._refuse(column, high.fillna(False), f"{{n}} above {column.max:g}", _high_mend(column), values)

    def check_keys(self, columns: dict[str, pd.Series]) -> None:
        """No key twice."""
        key = list(self.table.key)
        if not key or not len(self.raw.frame):
            return
        parts = pd.DataFrame({name: columns[name] for name in key})
        twice = parts.duplicated(keep=False)
        if not twice.any():
            return
        order = parts[twice].sort_values(key, kind="stable").index
        keys = parts.loc[order].drop_duplicates()
        equal = len(self.raw.frame.loc[order].drop_duplicates()) == len(keys)
        shown = parts.loc[order[:3]].apply(lambda row: " / ".join(_show(value) for value in row), axis=1)
        self.problems.append(Problem(
            self.table.name, ", ".join(key),
            f"{_count(len(order), 'row')} with a key that another row has too{', equal in every column' if equal else ''}",
            f"one row is {self.table.row}: delete the copies, or give each row its own key",
            tuple(int(number) for number in self.raw.numbers[order]), tuple(shown)))

    def check_order(self, columns: dict[str, pd.Series]) -> None:
        """No end before its start."""
        for first, second in self.table.strict:
            wrong = columns[second] < columns[first]
            if wrong.any():
                pairs = zip(columns[first][wrong][:3], columns[second][wrong][:3], strict=True)
                self.problems.append(Problem(
                    self.table.name, second, f"{_count(int(wrong.sum()), 'value')} before `{first}`",
                    f"swap or mend the dates; `{second}` is the {self.table.columns[second].meaning}",
                    self._rows(wrong), tuple(f"{_show(begin)} to {_show(end)}" for begin, end in pairs)))

    def _has_problem(self, column: Column) -> bool:
        return any(problem.column == column.name for problem in self.problems)

    def _refuse(self, column: Column, mask: pd.Series, problem: str, mend: str, given: pd.Series | None = None,
                *, cells: bool = True) -> None:
        """Note a problem for the rows of a mask, if there are any; `cells` says whether their values are worth showing."""
        rows = mask.index[mask.to_numpy(dtype=bool)]
        if not len(rows):
            return
        source = self.raw.frame[column.name] if given is None else given
        values = tuple(_show(source[row], quote=True) for row in rows[:3]) if cells else ()
        said = problem.format(n=_count(len(rows), "value" if cells else "cell"))
        everywhere = mask.reindex(self.raw.frame.index, fill_value=False)
        self.problems.append(Problem(self.table.name, column.name, said, mend, self._rows(everywhere), values))

    def _rows(self, mask: pd.Series) -> tuple[int, ...]:
        return tuple(int(number) for number in self.raw.numbers[mask.to_numpy(dtype=bool)])


def _guess(given: pd.Series) -> pd.Series:
    """An extra column: numbers when every cell is one and none has leading zeros, else text."""
    if not pd.api.types.is_string_dtype(given.dtype):
        return given
    texts = given.str.strip().mask(given.isin(EMPTY))
    values = pd.to_numeric(texts, errors="coerce")
    coded = texts.str.match(r"0\d").fillna(False).any()
    return values if values.notna().sum() == texts.notna().sum() > 0 and not coded else texts


def _as_text(given: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(given.dtype):
        whole = given.dropna()
        given = given.astype("Int64") if (whole % 1 == 0).all() else given
    return given.astype("str").mask(given.isna())


def _one_of(column: Column) -> str:
    return f"use one of {', '.join(map(str, column.values))}"


def _loose(word: object) -> str:
    return plain(str(word)).replace("_", "")


def _synonyms(column: Column) -> dict[str, list[str]]:
    return {value: [word for word, to in column.synonyms.items() if to == value] for value in column.values}


def _low_mend(column: Column) -> str:
    if column.type == "money":
        return "amounts are positive here; money given back belongs in `refunds`, a credit in `invoices` with kind credit"
    return "mend the values" if column.type != "share" else "a share lies between 0 and 1"


def _high_mend(column: Column) -> str:
    return "a share lies between 0 and 1: write 12% or 0.12, not 12" if column.type == "share" else f"the values go up to {column.max:g}"


def _show(value: object, *, quote: bool = False) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = str(value)
    text = text if len(text) <= RAW_LIMIT else text[: RAW_LIMIT - 1] + "…"
    return f"'{text}'" if quote else text


def _count(number: int, thing: str) -> str:
    """1 value, 12 values, 1,200 values."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _were(number: int, thing: str) -> str:
    """1 value was, 12 values were."""
    return f"{_count(number, thing)} {'was' if number == 1 else 'were'}"

