"""What the tables and columns mean, for readers who see them for the first time."""
from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.company.schema import Column, Table, schema, table_of

if TYPE_CHECKING:
    from helpers.company.company import Company


def describe(name: str, company: Company | None = None) -> pd.DataFrame:
    """The columns of one table: meaning, type, unit, key, whether they have to be there, and what an empty cell means.

    Parameters
    ----------
    name : the table
    company : with it, money gets its currency and each column its share of empty cells (`empty`) and an example

    Returns
    -------
    pandas table, one row a column of the table.

    Raises
    ------
    CompanyError : there is no such table; the nearest name is given.

    Examples
    --------
    >>> describe("subscriptions").set_index("column").loc["customer_id", "key"]
    'customers.customer_id'
    """
    table = table_of(name)
    here = company is not None and company.has(name)
    data = company.table(name) if here else None
    currency = company.currency if company else "the company's currency"
    rows = [_row(column, table, currency, data) for column in table.columns.values() if column.add or (here and column.name in data)]
    if name == "customers":
        rows.append(_size_row(data))
    return pd.DataFrame(rows) if here else pd.DataFrame(rows).drop(columns=["empty", "example"])


def describe_tables(company: Company | None = None) -> pd.DataFrame:
    """Every table of the schema: what a row is, which chapters use it, and whether the company has it.

    Examples
    --------
    >>> describe_tables().set_index("table").loc["leads", "one_row_is"]
    'a lead, that is, somebody who might buy and can be reached'
    """
    rows = []
    for table in schema().values():
        row = {"table": table.name, "one_row_is": table.row, "required": table.required,
               "chapters": ", ".join(f"{chapter:02d}" for chapter in table.chapters)}
        rows.append(row if company is None else {**row, "here": company.has(table.name)})
    return pd.DataFrame(rows)


def unit_of(column: Column, currency: str) -> str:
    """The unit of a column, with the currency's name in it.

    >>> unit_of(table_of("subscriptions").columns["amount"], "EUR")
    'EUR for one interval'
    """
    if column.type == "money":
        return (column.unit or "currency").replace("currency", currency, 1)
    return column.unit or {"share": "share of 1"}.get(column.type, "")


def _row(column: Column, table: Table, currency: str, data: pd.DataFrame | None) -> dict[str, object]:
    key = column.refers or ("key" if (column.name,) == table.key else "part of the key" if column.name in table.key else "")
    default = "" if column.default is None else f"read as {str(column.default).lower()}"
    row = {"column": column.name, "meaning": column.meaning, "type": column.type, "unit": unit_of(column, currency), "key": key,
           "required": column.required, "empty_means": column.empty or default, "allowed": ", ".join(map(str, column.values))}
    return {**row, **_seen(data, column.name)}


def _size_row(data: pd.DataFrame | None) -> dict[str, object]:
    row = {"column": "size", "meaning": "made from employees and the size_bands of company.yaml", "type": "category", "unit": "", "key": "",
           "required": False, "empty_means": "employees not known", "allowed": "small, mid, large"}
    return {**row, **_seen(data, "size")}


def _seen(data: pd.DataFrame | None, name: str) -> dict[str, object]:
    if data is None or not len(data):
        return {"empty": None, "example": ""}
    there = data[name].dropna()
    example = there.iloc[0] if len(there) else ""
    shown = f"{example:%Y-%m-%d}" if isinstance(example, pd.Timestamp) else str(example)
    return {"empty": round(1 - len(there) / len(data), 4), "example": shown}
