"""A company as it stood on an earlier day: nothing in its tables that was not known then."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from helpers.company.company import Company
from helpers.company.errors import CompanyError
from helpers.company.schema import Table, schema

if TYPE_CHECKING:
    import duckdb

LATER = Path(__file__).with_name("then.yaml")


class CompanyThen(Company):
    """The same company with the knowledge of ``day``; made by :meth:`Company.as_it_stood`.

    A row is there from the day on which it came to be, a month from its last day on, and what happened to the row later
    is empty. Tables that hold no day (the market, the competitors) are shown as they are today.
    """

    def __init__(self, company: Company, day: dt.date) -> None:
        super().__init__(company.folder, company.settings)
        self._whole, self._day = company, day
        self._known: dict[str, pd.DataFrame] = {}

    @property
    def as_of(self) -> dt.date:
        """The day that was asked for."""
        return self._day

    @property
    def tables(self) -> list[str]:
        """The names of the tables that are there."""
        return self._whole.tables

    def has(self, *names: str) -> bool:
        """Whether all of these tables are there."""
        return self._whole.has(*names)

    def table(self, name: str) -> pd.DataFrame:
        """A table with the rows and cells that were known then."""
        if name not in self._known:
            self._known[name] = self._then(name)
        return self._known[name].copy(deep=False)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table for DuckDB, with the rows and days that were known then; names of those who came later are left in."""
        relation, table = self._whole.relation(name), schema()[name]
        end = f"TIMESTAMP '{self._end}'"
        if born := _born(table):
            over = " + INTERVAL 1 MONTH <=" if table.columns[born].type == "month" else " <"
            relation = relation.filter(f'CAST("{born}" AS TIMESTAMP){over} {end}')
        if "recorded_at" in relation.columns:
            relation = relation.filter(f'"recorded_at" IS NULL OR CAST("recorded_at" AS TIMESTAMP) < {end}')
        emptied = {one: column for column, others in _later(name, relation.columns) for one in (*others, column)}
        cells = [f'CASE WHEN CAST("{emptied[one]}" AS TIMESTAMP) >= {end} THEN NULL ELSE "{one}" END AS "{one}"'
                 if one in emptied else f'"{one}"' for one in relation.columns]
        return relation.project(", ".join(cells))

    @property
    def _end(self) -> pd.Timestamp:
        return pd.Timestamp(self._day) + pd.Timedelta(days=1)

    def _then(self, name: str) -> pd.DataFrame:
        frame, table = known_on(self._whole, name, self._day), schema().get(name)
        return frame if table is None else self._without_the_unknown(frame, table).reset_index(drop=True)

    def _without_the_unknown(self, frame: pd.DataFrame, table: Table) -> pd.DataFrame:
        """Names of those who came later go (a lead's next rep, a team's next manager); planned rows go with their customer."""
        for column in table.columns.values():
            parent, _, key = (column.refers or "").partition(".")
            if column.name not in frame or not parent or not self.has(parent):
                continue
            known = frame[key] if parent == table.name else self.table(parent)[key]
            there = frame[column.name].isin(known) | frame[column.name].isna()
            if table.name in _rules()["planned"]:
                frame = frame[there]
            elif not there.all():
                frame = frame.assign(**{column.name: frame[column.name].where(there)})
        return frame


def known_on(company: Company, name: str, day: dt.date) -> pd.DataFrame:
    """One table as it was known on a day: later rows are gone, and what rows learned later is empty.

    Names of those who came later stay, and rows keep their index; :meth:`Company.as_it_stood` takes those names out as well.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> int(known_on(load_company(), "reps", dt.date(2021, 1, 31))["left_on"].count())
    0
    """
    frame, table = company.table(name), schema().get(name)
    if table is None or day == company.as_of:
        return frame
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    frame = frame[_existed(frame, table, end)]
    for column, parent in _rules()["follows"].get(name, {}).items():
        frame = frame[frame[column].isin(known_on(company, parent, day)[column])]
    for column, others in _later(name, frame.columns):
        after = frame[column] >= end
        if after.any():
            frame = frame.assign(**{one: frame[one].mask(after) for one in (*others, column)})
    return frame


def as_it_stood(company: Company, day: dt.date | str) -> Company:
    """See :meth:`helpers.company.Company.as_it_stood`."""
    day = pd.Timestamp(day).date()
    if day > company.as_of:
        raise CompanyError(f"{company.name} has data up to {company.as_of}, so nobody can say how it stood on {day}: "
                           "give an earlier day.")
    whole = company._whole if isinstance(company, CompanyThen) else company
    return company if day == company.as_of else CompanyThen(whole, day)


@cache
def _rules() -> dict:
    return yaml.safe_load(LATER.read_text(encoding="utf-8"))


def _born(table: Table) -> str | None:
    return None if table.name in _rules()["planned"] else table.when


def _later(name: str, columns) -> list[tuple[str, list[str]]]:
    return [(column, [one for one in others if one in columns])
            for column, others in _rules()["later"].get(name, {}).items() if column in columns]


def _existed(frame: pd.DataFrame, table: Table, end: pd.Timestamp) -> pd.Series:
    born = _born(table)
    known = pd.Series(True, index=frame.index)
    if born:
        month = table.columns[born].type == "month"
        known = frame[born] + pd.DateOffset(months=1) <= end if month else frame[born] < end
    if "recorded_at" in frame:
        known &= frame["recorded_at"].isna() | (frame["recorded_at"] < end)
    return known
