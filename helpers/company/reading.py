"""Files to tables of text: encodings, separators, broken rows; CSV, Parquet and folders of Parquet parts.

Nothing is interpreted here: CSV cells stay text, Parquet columns keep their types. cleaning.py does the rest.
"""
from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from helpers.company.errors import CompanyError, Problem, plain
from helpers.company.schema import Table, schema

LARGE = 200 * 2**20
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BLANK_LINES = (b"\n\n", b"\n\r", b"\r\r")


@dataclass(frozen=True)
class Source:
    """Where a table comes from: a CSV file, a Parquet file, or a folder of Parquet parts."""

    table: str
    path: Path

    @property
    def parquet(self) -> bool:
        return self.path.is_dir() or self.path.suffix.lower() == ".parquet"

    @property
    def parts(self) -> list[Path]:
        """The files behind it, in a stable order."""
        return sorted(self.path.rglob("*.parquet")) if self.path.is_dir() else [self.path]


@dataclass
class Raw:
    """A table as it stands in its file, with the row numbers that a reader would look for."""

    frame: pd.DataFrame
    numbers: np.ndarray
    separator: str = ","
    notes: list[tuple[str, str]] = field(default_factory=list)


def find_sources(folder: Path) -> dict[str, Source]:
    """The tables of a folder by name, in the order of the schema.

    Raises
    ------
    CompanyError : two files bring the same table.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        name = plain(path.stem)
        parts = path.is_dir() and any(path.rglob("*.parquet"))
        if name in schema() and (parts or path.suffix.lower() in (".csv", ".tsv", ".parquet")):
            found.setdefault(name, []).append(path)
    twice = [_twice(name, paths) for name, paths in found.items() if len(paths) > 1]
    if twice:
        raise CompanyError(twice)
    return {name: Source(name, found[name][0]) for name in schema() if name in found}


def read_raw(source: Source, table: Table, encoding: str | None = None) -> Raw:
    """Read a source without interpreting it. Header names that differ only in case or spaces are set right.

    Raises
    ------
    CompanyError : the file is empty, its rows have unequal lengths, or two columns have the same name.
    """
    if source.parquet:
        raw = _read_parquet(source)
    elif source.path.stat().st_size > LARGE:
        raw = _read_large_csv(source, table, encoding)
    else:
        raw = _read_csv(source, table, encoding)
    raw.frame.columns = _headers([str(name) for name in raw.frame.columns], table, raw)
    return _without_blanks(raw)


def guess_encoding(data: bytes) -> str:
    """The encoding of a text: by its mark, else UTF-8, else the Chinese or the western Windows one.

    Bytes above 127 come in pairs in Chinese text and mostly alone in western text.

    Examples
    --------
    >>> guess_encoding("灯笼鱼".encode("gb18030"))
    'gb18030'
    >>> guess_encoding("Société".encode("cp1252"))
    'cp1252'
    """
    for mark, name in BOMS.items():
        if data.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
        return "utf-8"
    except UnicodeDecodeError:
        high = len(re.findall(rb"[\x80-\xff]", data))
        paired = 2 * len(re.findall(rb"[\xa1-\xf7][\xa1-\xfe]", data))
        return "gb18030" if paired >= 0.8 * high else "cp1252"


def _read_csv(source: Source, table: Table, encoding: str | None) -> Raw:
    data = source.path.read_bytes()
    used = encoding or guess_encoding(data)
    data = _to_utf8(source, data, used)
    data, told = _without_hint(data)
    if not data.strip():
        raise CompanyError(Problem(source.table, "", f"{source.path.name} is empty", "write at least the line with the column names"))
    separator = told or _separator(data, table)
    raw = _fast(data, separator) or _careful(source, data, separator)
    raw.notes += _how_read(used, separator)
    return raw


def _to_utf8(source: Source, data: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return data
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"{source.path.name} is not written in {encoding} (byte {error.start:,})"
        raise CompanyError(Problem(source.table, "", problem, "save it as `CSV UTF-8`, or name its `encoding` in company.yaml")) from None


def _without_hint(data: bytes) -> tuple[bytes, str | None]:
    hint = re.match(rb'"?sep=(.)"?\r?\n', data)
    return (data[hint.end():], hint[1].decode()) if hint else (data, None)


def _separator(data: bytes, table: Table) -> str:
    line = data.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")

    def fit(separator: str) -> tuple[int, int]:
        names = next(csv.reader([line], delimiter=separator), [])
        return sum(plain(name) in table.columns for name in names), len(names)

    return max(SEPARATORS, key=fit)


def _fast(data: bytes, separator: str) -> Raw | None:
    """The quick way, for a file with neither blank lines nor rows of another length."""
    if data[:1] in b"\r\n" or any(blank in data for blank in BLANK_LINES):
        return None
    header = next(csv.reader(io.StringIO(data[:2**16].decode("utf-8", "ignore")), delimiter=separator))
    if len(set(header)) < len(header):
        return None
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(data),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    return Raw(table.to_pandas(), np.arange(2, table.num_rows + 2), separator)


def _careful(source: Source, data: bytes, separator: str) -> Raw:
    """Row by row, so that whatever is wrong can be said with its row."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=separator)
    rows = [(number, cells) for number, cells in enumerate(reader, start=1) if any(cell.strip() for cell in cells)]
    header = rows[0][1]
    while header and not header[-1].strip() and all(not "".join(cells[len(header) - 1:]).strip() for _, cells in rows):
        header = header[:-1]
    width = len(header)
    wrong = [(number, cells) for number, cells in rows[1:] if len(cells) < width or any(cell.strip() for cell in cells[width:])]
    if wrong:
        _refuse_ragged(source, wrong, width)
    columns = [pd.Series([cells[place] for _, cells in rows[1:]], dtype="str") for place in range(width)]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    frame.columns = header
    return Raw(frame, np.array([number for number, _ in rows[1:]], dtype=int), separator)


def _refuse_ragged(source: Source, wrong: list[tuple[int, list[str]]], width: int) -> NoReturn:
    rows = tuple(number for number, _ in wrong)
    values = tuple(f"{len(cells)} cells: {', '.join(cells)[:60]}" for _, cells in wrong[:3])
    mend = 'put cells that hold the separator or a line break in double quotes ("1,200.00"), or save the CSV again from the spreadsheet'
    problem = f"the header of {source.path.name} has {width} columns, but not every row has as many cells"
    raise CompanyError(Problem(source.table, "", problem, mend, rows, values))


def _read_large_csv(source: Source, table: Table, encoding: str | None) -> Raw:
    """Beyond 200 MB DuckDB reads the file; another encoding than UTF-8 is turned into it on the way."""
    with source.path.open("rb") as file:
        start = file.read(2**20)
    used = encoding or guess_encoding(start)
    head, told = _without_hint(start if used == "utf-8" else codecs.getincrementaldecoder(used)().decode(start).encode("utf-8"))
    separator = told or _separator(head, table)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        path = source.path if used == "utf-8" else _transcode(source.path, used, Path(scratch) / "table.csv")
        try:
            rows = connection.read_csv(str(path), sep=separator, header=True, all_varchar=True, skiprows=1 if told else 0)
            frame = rows.to_arrow_table().to_pandas()
        except duckdb.Error as error:
            problem = f"{source.path.name} cannot be read: {str(error).splitlines()[0]}"
            mend = "mend the row that it names, or save the table as Parquet"
            raise CompanyError(Problem(source.table, "", problem, mend)) from None
    frame = frame.fillna("")
    return Raw(frame, np.arange(2, len(frame) + 2), separator, _how_read(used, separator))


def _transcode(path: Path, encoding: str, target: Path) -> Path:
    with path.open(encoding=encoding, newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
        while block := old.read(2**22):
            new.write(block)
    return target


def _read_parquet(source: Source) -> Raw:
    try:
        table = pyarrow.parquet.read_table(source.path)
    except (pa.ArrowException, OSError) as error:
        problem = f"{source.path.name} cannot be read as Parquet: {str(error).splitlines()[0]}"
        raise CompanyError(Problem(source.table, "", problem, "write it again, or bring a CSV")) from None
    plain_types = [_plain_type(column.type) for column in table.schema]
    table = table.cast(pa.schema(zip(table.column_names, plain_types, strict=True)))
    frame = table.to_pandas(types_mapper=_NULLABLE.get)
    return Raw(frame, np.arange(1, len(frame) + 1))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_date(kind):
        return pa.timestamp("us")
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    return pa.float64() if pa.types.is_decimal(kind) else kind


def _headers(given: list[str], table: Table, raw: Raw) -> list[str]:
    names = [_header(name, position, table) for position, name in enumerate(given, start=1)]
    for old, new in zip(given, names, strict=True):
        if old != new and new in table.columns:
            raw.notes.append((new, f'the header "{old.strip()}" was read as `{new}`'))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        positions = {name: [str(place) for place, one in enumerate(names, start=1) if one == name] for name in twice}
        raise CompanyError([Problem(table.name, name, f"columns {' and '.join(positions[name])} of the file have this same name",
                                    "rename or delete all but one of them") for name in twice])
    return names


def _header(name: str, position: int, table: Table) -> str:
    stripped = name.replace("\ufeff", "").strip()
    return plain(stripped) if plain(stripped) in table.columns else stripped or f"unnamed_{position}"


def _without_blanks(raw: Raw) -> Raw:
    frame = raw.frame
    unnamed = [name for name in frame.columns if name.startswith("unnamed_")]
    empty = [name for name in unnamed if frame[name].isna().all() or (frame[name] == "").all()]
    frame = frame.drop(columns=empty)
    if len(frame) and frame.shape[1]:
        first = frame.iloc[:, 0]
        blank = first.isna() | (first == "")
        if blank.any():
            some = frame[blank]
            blank[blank] = (some.isna() | (some == "")).all(axis=1)
            frame, raw.numbers = frame[~blank].reset_index(drop=True), raw.numbers[~blank.to_numpy(dtype=bool)]
    raw.frame = frame
    return raw


def _how_read(encoding: str, separator: str) -> list[tuple[str, str]]:
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(("", f"the file was read as {encoding}; if names look wrong, set `encoding` in company.yaml"))
    if separator != ",":
        notes.append(("", f"the columns are separated by {SEPARATORS.get(separator, repr(separator))}"))
    return notes


def _twice(name: str, paths: list[Path]) -> Problem:
    files = " and ".join(path.name for path in paths)
    return Problem(name, "", f"{files} both bring this table", "keep one of them in the folder")


_NULLABLE = {
    **{kind: pd.Int64Dtype() for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())},
    pa.bool_(): pd.BooleanDtype(),
}
