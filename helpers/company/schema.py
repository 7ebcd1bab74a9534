"""The tables that a company can bring, read from schema.yaml."""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from helpers.company.errors import CompanyError, did_you_mean

SCHEMA = Path(__file__).with_name("schema.yaml")
DATES = ("date", "month", "instant")
NUMBERS = ("int", "number", "money", "share")


@dataclass(frozen=True)
class Column:
    """One column: its type, unit, meaning and rules. The fields are explained at the top of schema.yaml."""

    name: str
    type: str
    meaning: str
    required: bool = False
    empty: str | None = None
    default: Any = None
    unit: str | None = None
    values: tuple[Any, ...] = ()
    synonyms: dict[str, str] = field(default_factory=dict)
    min: float | None = None
    max: float | None = None
    refers: str | None = None
    also: tuple[str, ...] = ()
    add: bool = True

    @property
    def filled(self) -> bool:
        """Whether every row has to have a value."""
        return self.required and self.empty is None and self.default is None


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its columns, its key and its rules."""

    name: str
    row: str
    columns: dict[str, Column]
    required: bool = False
    key: tuple[str, ...] = ()
    when: str | None = None
    order: tuple[tuple[str, str], ...] = ()
    strict: tuple[tuple[str, str], ...] = ()
    chapters: tuple[int, ...] = ()

    @property
    def also(self) -> dict[str, list[str]]:
        """Other words for the columns, for "did you mean"."""
        return {column.name: list(column.also) for column in self.columns.values()}


@cache
def schema() -> dict[str, Table]:
    """Every table of schema.yaml by name.

    Examples
    --------
    >>> schema()["subscriptions"].key
    ('subscription_id',)
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(SCHEMA.read_text(encoding="utf-8"), loader)
    return {name: _table(name, data) for name, data in document["tables"].items()}


def table_of(name: str) -> Table:
    """The rules of one table.

    Raises
    ------
    CompanyError : there is no such table; the nearest name is given.

    Examples
    --------
    >>> table_of("customers").row
    'an organisation that pays, paid, or may pay one day'
    """
    if name not in schema():
        raise CompanyError(f'There is no table "{name}" in the schema.{did_you_mean(name, schema())}')
    return schema()[name]


def _table(name: str, data: dict[str, Any]) -> Table:
    columns = {key: _column(key, value) for key, value in data["columns"].items()}
    pairs = {rule: tuple(tuple(pair) for pair in data.get(rule, [])) for rule in ("order", "strict")}
    plain = {key: data[key] for key in ("row", "required", "when") if key in data}
    return Table(name=name, columns=columns, key=tuple(data["key"]), chapters=tuple(data["chapters"]), **plain, **pairs)


def _column(name: str, data: dict[str, Any]) -> Column:
    lists = {key: tuple(data[key]) for key in ("values", "also") if key in data}
    return Column(name=name, **{**data, **lists})
