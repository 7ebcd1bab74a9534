"""A company: its settings and its tables, read when they are first asked for."""
from __future__ import annotations

import datetime as dt
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from helpers.company.errors import CompanyError, MissingTable, Problem, did_you_mean, nearest, plain
from helpers.company.schema import schema
from helpers.company.settings import FILE, Settings, read_settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from helpers.company.cleaning import Cleaned
    from helpers.company.reading import Source
    from helpers.metrics.policy import Policy

VARIABLE = "PLAYBOOK_COMPANY"
CASE = Path(__file__).resolve().parents[2] / "datasets" / "lanternfish"
NO_MINOR_UNIT = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG"})


def load_company(folder: str | os.PathLike[str] | None = None) -> Company:
    """Open a company: the one in `folder`, else the one that PLAYBOOK_COMPANY names, else the case company.

    Parameters
    ----------
    folder : a folder with company.yaml and, for each table, `<table>.csv`, `<table>.parquet` or a folder `<table>/` of
        Parquet parts. Only customers and subscriptions have to be there.

    Returns
    -------
    Company : no table is read before it is asked for.

    Raises
    ------
    CompanyError : there is no such folder, company.yaml is missing or wrong, or a table that has to be there is not.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from helpers.company import write_templates
    >>> company = load_company(write_templates(mkdtemp() + "/mine", as_of="2025-12-31"))
    >>> company.tables
    ['customers', 'subscriptions']
    """
    path = _folder(folder)
    company = Company(path, read_settings(path))
    lacking = [name for name, table in schema().items() if table.required and not company.has(name)]
    if lacking:
        raise CompanyError([_no_table(company, name) for name in lacking])
    return company


class Company:
    """A company with its settings and tables.

    `company.subscriptions` and `company.table("subscriptions")` give a pandas table: ids are text, days and moments are
    datetime64 in local time, money is in units of the company's currency. `company.relation(...)` gives the same table
    to DuckDB. What each table and column means: `company.describe()`.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        from helpers.company.reading import find_sources

        self.folder = folder
        self.settings = settings
        self._sources: dict[str, Source] = find_sources(folder)
        self._cleaned: dict[str, Cleaned] = {}

    # ------------------------------------------------------------------ settings

    @property
    def name(self) -> str:
        """The company's name."""
        return self.settings.name

    @property
    def currency(self) -> str:
        """The currency of its amounts, as CNY."""
        return self.settings.currency

    @property
    def currency_symbol(self) -> str:
        """The sign of the currency."""
        return self.settings.currency_symbol

    @property
    def as_of(self) -> dt.date:
        """The last day that the data know of."""
        return self.settings.as_of

    @property
    def time_zone(self) -> str:
        """The time zone in which its days begin."""
        return self.settings.time_zone

    @property
    def simulated(self) -> bool:
        """Whether the company is invented: truth.yaml lies beside its tables, or company.yaml says so."""
        return self.settings.simulated or (self.folder / "truth.yaml").exists()

    @cached_property
    def policy(self) -> Policy:
        """The MRR policy that company.yaml declares, in the company's time zone.

        Raises
        ------
        CompanyError : a preset or a switch is not known.
        """
        from helpers.metrics.policy import Policy

        given = {
            "time_zone": self.time_zone,
            "complete_from_inception": self.settings.complete_from_inception,
            "minor_units": 1 if self.currency in NO_MINOR_UNIT else 100,
            **self.settings.policy,
        }
        try:
            return Policy.from_dict(given)
        except ValueError as error:
            raise CompanyError(Problem(FILE, "policy", str(error), "helpers.metrics.policy.SWITCHES lists what may be chosen")) from error

    @cached_property
    def truth(self) -> dict[str, Any]:
        """What the simulator planted (truth.yaml), by key; empty for a real company."""
        path = self.folder / "truth.yaml"
        return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}

    # ------------------------------------------------------------------ tables

    @property
    def tables(self) -> list[str]:
        """The names of the tables that are there, in the order of the schema."""
        return list(self._sources)

    def has(self, *names: str) -> bool:
        """Whether all of these tables are there.

        Raises
        ------
        CompanyError : a name is not one of the schema.
        """
        for name in names:
            if name not in schema():
                raise CompanyError(f'There is no table "{name}" in the schema.{did_you_mean(name, schema())}')
        return all(name in self._sources for name in names)

    def table(self, name: str) -> pd.DataFrame:
        """A table as a pandas DataFrame, read and checked once. Changing it does not change the company.

        Raises
        ------
        MissingTable : the company has not brought it, or there is no such table.
        CompanyError : it breaks the schema's promises; every problem is named with its rows.
        """
        return self._clean(name).frame.copy(deep=False)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table as a DuckDB relation, for tables too large for memory.

        Names and types are those of `table`. A CSV is the same checked table; Parquet is read by DuckDB where it lies,
        so that its rows are not checked one by one: `check` does that.
        """
        from helpers.company.relations import relation_of

        source = self._source(name)
        checked = None if source.parquet else self.table(name)
        return relation_of(source, checked, self.settings, self._connection)

    def check(self) -> pd.DataFrame:
        """Findings about the whole company: what would make figures wrong, what to look at, what was noticed.

        Returns
        -------
        pandas table with columns table, column, rows (the first ones), problem, mend and severity (error, warning, note),
        errors first; an empty table when there is nothing to say.
        """
        from helpers.company.checks import check_company

        return check_company(self)

    def describe(self, name: str | None = None) -> pd.DataFrame:
        """What the tables are (no name), or what the columns of one table mean, with unit, key and share of empty cells."""
        from helpers.company.describe import describe, describe_tables

        return describe_tables(self) if name is None else describe(name, self)

    def as_it_stood(self, day: dt.date | str) -> Company:
        """The same company as it was known on an earlier day, for meetings replayed and gates dated.

        Rows exist from the day on which they came to be (the column `when` of the schema), a month from its last day on; what
        happened to a row later (a deal's end, a rep's leaving) is empty. Tables that hold no day stay as they are.

        Raises
        ------
        CompanyError : the day lies after the last day of the data.

        Examples
        --------
        >>> then = load_company().as_it_stood("2021-12-31")
        >>> then.as_of, bool((then.customers["created_on"] > "2021-12-31").any())
        (datetime.date(2021, 12, 31), False)
        """
        from helpers.company.then import as_it_stood

        return as_it_stood(self, day)

    # ------------------------------------------------------------------ behind the scenes

    def _source(self, name: str) -> Source:
        if name in self._sources:
            return self._sources[name]
        if name not in schema():
            raise MissingTable(f'There is no table "{name}".{did_you_mean(name, schema())} {self.name} has {", ".join(self.tables)}.')
        raise MissingTable(_no_table(self, name))

    def _clean(self, name: str) -> Cleaned:
        if name not in self._cleaned:
            self._cleaned[name] = self._read(name)
        return self._cleaned[name]

    def _read(self, name: str) -> Cleaned:
        from helpers.company.cleaning import add_size, clean
        from helpers.company.reading import read_raw

        table = schema()[name] if name in schema() else None
        source = self._source(name)
        cleaned = clean(read_raw(source, table, self.settings.encoding), table, self.settings)
        if name == "customers":
            cleaned.frame = add_size(cleaned.frame, self.settings)
        return cleaned

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        connection = duckdb.connect(":memory:")
        connection.execute(f"SET TimeZone = '{self.time_zone}'")
        return connection

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.table(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def __repr__(self) -> str:
        kind = "simulated" if self.simulated else "own data"
        return f"{self.name} ({kind}): {len(self.tables)} tables, data to {self.as_of}, money in {self.currency}"


def _folder(given: str | os.PathLike[str] | None) -> Path:
    named = given if given is not None else os.environ.get(VARIABLE) or CASE
    path = Path(named).expanduser()
    path = path.parent if path.name == FILE else path
    if path.is_dir():
        return path.resolve()
    if path == CASE:
        raise CompanyError(Problem("load_company", "", "the case company is not there", "`playbook make-company` makes it again"))
    said = f" ({VARIABLE} names it)" if given is None else ""
    beside = [one.name for one in path.parent.iterdir() if one.is_dir()] if path.parent.is_dir() else []
    guess = did_you_mean(path.name, beside)
    raise CompanyError(Problem("load_company", "", f"there is no folder {path}{said}.{guess}", "give the folder that holds company.yaml"))


def _no_table(company: Company, name: str) -> Problem:
    """Which table is missing, what it would have to hold, and the file that may have been meant."""
    table = schema()[name]
    files = {path.stem: path.name for path in company.folder.iterdir() if plain(path.stem) not in company._sources and path.name != FILE}
    near = nearest(name, files)
    guess = f' Did you mean your file "{files[near]}"?' if near else ""
    needed = ", ".join(column.name for column in table.columns.values() if column.required)
    chapters = "every chapter needs it" if table.required else f"chapters {', '.join(f'{number:02d}' for number in table.chapters)} use it"
    return Problem(name, "", f"{company.name} has no such table ({chapters}).{guess}",
                   f"bring {name}.csv or {name}.parquet with at least {needed}; one row is {table.row}")
