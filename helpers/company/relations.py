"""The tables of a company for DuckDB: Parquet where it lies, with the schema's names and types."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from helpers.company.cleaning import clean
from helpers.company.errors import plain
from helpers.company.reading import Raw, Source
from helpers.company.schema import Column, schema
from helpers.company.settings import Settings

if TYPE_CHECKING:
    import duckdb

TYPES = {
    "int": "BIGINT", "number": "DOUBLE", "money": "DOUBLE", "share": "DOUBLE", "flag": "BOOLEAN",
    "date": "TIMESTAMP", "month": "TIMESTAMP", "instant": "TIMESTAMP",
}


def relation_of(
    source: Source, checked: pd.DataFrame | None, settings: Settings, connection: duckdb.DuckDBPyConnection
) -> duckdb.DuckDBPyRelation:
    """A source as a DuckDB relation; `checked` is the clean pandas table of a CSV, None for Parquet.

    Raises
    ------
    CompanyError : a column that has to be there is missing from the Parquet files.
    """
    if checked is not None:
        return connection.from_df(checked)
    table = schema()[source.table]
    found = _types(source)
    clean(_empty(found), table, settings)
    names = {(plain(name) if plain(name) in table.columns else name): name for name in found}
    wanted = [column for column in table.columns.values() if column.add or column.name in names]
    parts = [f"{_value(column, names.get(column.name), found, settings)} AS {quoted(column.name)}" for column in wanted]
    parts += [quoted(name) for name in names if name not in table.columns]
    rows = connection.read_parquet([str(path) for path in source.parts], union_by_name=True)
    relation = rows.project(", ".join(parts))
    return relation.project(f"*, {_size(settings)} AS size") if table.name == "customers" else relation


def quoted(name: str) -> str:
    """A column name as SQL wants it: many of ours (from, to, on) are words of SQL.

    >>> quoted("from")
    '"from"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as SQL wants it.

    >>> literal("it's"), literal(True), literal(0)
    ("'it''s'", 'true', '0')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def _types(source: Source) -> dict[str, pa.DataType]:
    types: dict[str, pa.DataType] = {}
    for path in source.parts:
        for column in pyarrow.parquet.read_schema(path):
            types.setdefault(column.name, column.type)
    return types


def _empty(found: dict[str, pa.DataType]) -> Raw:
    names = [plain(name) for name in found]
    return Raw(pd.DataFrame({name: pd.Series([], dtype="str") for name in names}), np.array([], dtype=int))


def _value(column: Column, given: str | None, found: dict[str, pa.DataType], settings: Settings) -> str:
    kind = TYPES.get(column.type, "VARCHAR")
    if given is None:
        return f"CAST({'NULL' if column.default is None else literal(column.default)} AS {kind})"
    value = _moment(column, quoted(given), found[given], settings) if kind == "TIMESTAMP" else f"CAST({quoted(given)} AS {kind})"
    return value if column.default is None else f"coalesce({value}, {literal(column.default)})"


def _moment(column: Column, given: str, kind: pa.DataType, settings: Settings) -> str:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    aware = text or (pa.types.is_timestamp(kind) and kind.tz is not None)
    local = f"timezone({literal(settings.time_zone)}, CAST({given} AS TIMESTAMPTZ))" if aware else f"CAST({given} AS TIMESTAMP)"
    part = {"date": "day", "month": "month"}.get(column.type)
    return f"CAST(date_trunc('{part}', {local}) AS TIMESTAMP)" if part else local


def _size(settings: Settings) -> str:
    """The SQL that `cleaning.add_size` would be."""
    bands = settings.size_bands.items()
    below = {name: "" if high is None else f"AND employees < {high}" for name, (_, high) in bands}
    cases = " ".join(f"WHEN employees >= {low} {below[name]} THEN '{name}'" for name, (low, _) in bands)
    return f"CAST(CASE {cases} END AS ENUM({', '.join(literal(name) for name, _ in bands)}))"
