"""Other products' exports as our tables. Which column becomes which is data: imports.yaml.

The result is a folder like any other, with CSV tables and company.yaml, so that a reader can look at it and mend it.
"""
from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.company.cleaning import clean
from helpers.company.errors import CompanyError, Problem, did_you_mean, nearest, plain
from helpers.company.numbers import read_numbers
from helpers.company.reading import Raw, Source, read_raw
from helpers.company.schema import Column, Table, schema
from helpers.company.settings import Settings, check_settings
from helpers.company.templates import settings_text

MAPPINGS = Path(__file__).with_name("imports.yaml")
NAIVE = r"^(\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$"


@dataclass(frozen=True)
class Imported:
    """What an import made: the folder, the rows of each table, and a report of what was done with every column."""

    folder: Path
    rows: dict[str, int]
    report: pd.DataFrame

    def __repr__(self) -> str:
        made = ", ".join(f"{name} ({rows:,} rows)" for name, rows in self.rows.items())
        return f"{self.folder.name}: {made}. See .report, then load_company({str(self.folder)!r}).check()"


def products() -> pd.DataFrame:
    """The products whose exports can be read, with the files they bring and where their column names were seen.

    Examples
    --------
    >>> products()["product"].tolist()
    ['stripe', 'chartmogul', 'contracts']
    """
    return pd.DataFrame([{"product": name, "title": data["title"], "files": ", ".join(data["files"]), "seen": data["seen"]}
                         for name, data in _mappings().items()])


def convert(
    product: str,
    files: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    as_of: dt.date | str,
    name: str = "My company",
    currency: str,
    time_zone: str,
    date_order: str | None = None,
    decimal: str | None = None,
) -> Imported:
    """Make a company's folder from the export of another product.

    Parameters
    ----------
    product : one of `products()`
    files : the exported file, or several by their short names: `{"intervals": "mrr.csv", "customers": "customers.csv"}`
    folder : a folder of one's own; nothing in it is overwritten
    as_of : the day of the export; lines that begin later are left out
    name, currency, time_zone : settings of the company
    date_order, decimal : as in company.yaml, where the file leaves them open

    Returns
    -------
    Imported : with `report`, one row a column of the files (what it became, or that it is not known) and one a remark.

    Raises
    ------
    CompanyError : the product or a file is not known, a column that is needed is missing, or a value cannot be read.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> place = Path(mkdtemp())
    >>> _ = (place / "list.csv").write_text("Contract No,Customer,Start,End,Amount\\nK1,Anna,2024-01-01,2024-12-31,1200\\n")
    >>> made = convert("contracts", place / "list.csv", place / "anna", as_of="2025-12-31", currency="EUR", time_zone="UTC")
    >>> made.rows
    {'customers': 1, 'contracts': 1, 'subscriptions': 1}
    """
    mapping = _mapping(product)
    given = {key: value for key, value in (("date_order", date_order), ("decimal", decimal)) if value}
    settings = check_settings({"name": name, "currency": currency, "time_zone": time_zone, "as_of": as_of, **given})
    work = _Import(product, mapping, settings)
    for short, path in _files(product, mapping, files).items():
        work.read(short, path)
    tables = work.tables()
    _write(Path(folder).expanduser(), tables, settings)
    rows = {table: len(frame) for table, frame in tables.items()}
    return Imported(Path(folder).expanduser(), rows, pd.DataFrame(work.report, columns=["file", "column", "what"]))


class _Import:
    """One import: parts of tables gathered from file after file, with a report of every column."""

    def __init__(self, product: str, mapping: dict[str, Any], settings: Settings) -> None:
        self.product, self.mapping, self.settings = product, mapping, settings
        self.zone = settings.time_zone if mapping["zone"] == "local" else mapping["zone"]
        self.parts: dict[str, list[pd.DataFrame]] = {}
        self.report: list[tuple[str, str, str]] = [("", "", sentence) for sentence in mapping["watch"]]

    def read(self, short: str, path: Path) -> None:
        """Read one file, note what is known of its columns, and fill the tables that it fills."""
        rules = self.mapping["files"][short]
        known = {plain(name): name for name in [*_names(rules), *rules.get("columns", []), *rules.get("skip", {})]}
        raw = read_raw(Source(f"{self.product} {short}", path), _as_table(short, known))
        self._note_columns(path.name, raw, rules, known)
        raw = self._skip(path.name, raw, rules)
        for table, columns in rules["fill"].items():
            self._fill(path.name, schema()[table], raw, columns)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The finished tables, in the order of the schema."""
        tables = {name: pd.concat(parts, ignore_index=True) for name, parts in self.parts.items()}
        tables["customers"] = _one_each(tables["customers"])
        if self.mapping.get("term"):
            tables["contracts"] = self._contracts(tables["contracts"])
            tables["subscriptions"] = _from_terms(tables["contracts"])
        tables["subscriptions"] = self._lines(tables["subscriptions"])
        return {name: tables[name] for name in schema() if name in tables}

    def _note_columns(self, file: str, raw: Raw, rules: dict[str, Any], known: dict[str, str]) -> None:
        used = {plain(name) for name in _names(rules)} | {plain(name) for name in rules.get("skip", {})}
        for column in raw.frame.columns:
            what = "used" if column in used else "known, not used"
            if column not in known:
                near = nearest(column, known.values(), likeness=0.8)
                what = "not known and left out." + (f' Did you mean "{near}"?' if near else "")
            self.report.append((file, known.get(column, column), what))

    def _skip(self, file: str, raw: Raw, rules: dict[str, Any]) -> Raw:
        for column, values in rules.get("skip", {}).items():
            if plain(column) in raw.frame.columns:
                out = raw.frame[plain(column)].str.strip().str.lower().isin([value.lower() for value in values])
                self._left_out(file, column, int(out.sum()), f"{column} is {' or '.join(values)}")
                raw = Raw(raw.frame[~out].reset_index(drop=True), raw.numbers[~out.to_numpy()], raw.separator)
        return raw

    def _fill(self, file: str, table: Table, raw: Raw, columns: dict[str, Any]) -> None:
        found = {name: self._column(raw, table.columns[name], rule) for name, rule in columns.items()}
        missing = [name for name, values in found.items() if values is None and table.columns[name].required and name != "kind"]
        if missing:
            raise CompanyError([self._lacking(file, raw, name, columns[name]) for name in missing])
        texts = pd.DataFrame({name: values for name, values in found.items() if values is not None})
        present = {name: column for name, column in table.columns.items() if name in texts}
        for name, meaning in (("ends_on", None), ("kind", "to be guessed")) if self.mapping.get("term") else ():
            if name in present:
                present[name] = replace(present[name], empty=meaning)
        rules = replace(table, name=f"{table.name} (from {file})", key=(), strict=(), columns=present)
        self.parts.setdefault(table.name, []).append(clean(Raw(texts, raw.numbers, raw.separator), rules, self.settings).frame)

    def _column(self, raw: Raw, column: Column, rule: Any) -> pd.Series | None:
        """The text of one of our columns, put together as its rule says; None when the file has nothing for it."""
        rule = rule if isinstance(rule, dict) else {"from": rule}
        if "always" in rule:
            return pd.Series(str(rule["always"]), index=raw.frame.index, dtype="str")
        there = [plain(name) for name in _listed(rule["from"]) if plain(name) in raw.frame.columns]
        if not there:
            return None
        texts = raw.frame[there[0]].str.strip()
        for other in there[1:]:
            texts = texts.where(texts.notna() & (texts != ""), raw.frame[other].str.strip())
        if "words" in rule:
            words = {theirs.lower(): ours for theirs, ours in rule["words"].items()}
            texts = texts.map(lambda word: words.get(word.lower(), word), na_action="ignore").astype("str")
        if "times" in rule:
            texts = self._times(texts, rule["times"], raw)
        zoned = column.type in ("date", "month", "instant") and self.zone != self.settings.time_zone
        return texts.str.replace(NAIVE, r"\1" + _offset(self.zone), regex=True) if zoned else texts

    def _times(self, texts: pd.Series, factor: float, raw: Raw) -> pd.Series:
        there = texts[texts.notna() & (texts != "")]
        read = read_numbers(there, decimal=self.settings.decimal, doubtful=raw.separator == ";")
        good = read.values.dropna()
        texts = texts.copy()
        texts.loc[good.index] = (good * factor).round(9).map(lambda value: f"{value:.9f}".rstrip("0").rstrip(".")).astype("str")
        return texts

    def _lacking(self, file: str, raw: Raw, name: str, rule: Any) -> Problem:
        wanted = _listed(rule["from"] if isinstance(rule, dict) else rule)
        guess = next((near for near in (nearest(one, raw.frame.columns) for one in wanted) if near), None)
        said = f' Did you mean your column "{guess}"?' if guess else ""
        return Problem(f"{self.product} ({file})", name, f"no column for it was found.{said}", f"name one of the file's columns {' or '.join(wanted)}")

    def _contracts(self, contracts: pd.DataFrame) -> pd.DataFrame:
        """Ends as first days without service, and the kind of contract where the list does not say it."""
        contracts = contracts.copy()
        if _last_days(contracts):
            contracts["ends_on"] += pd.Timedelta(days=1)
            self.report.append(("", "ends_on", "the list gives the last day of service; the day after it was written"))
        if "kind" not in contracts or contracts["kind"].isna().any():
            later = contracts.sort_values("starts_on", kind="stable").duplicated("customer_id").reindex(contracts.index)
            guess = later.map({False: "new", True: "renewal"}).astype("str")
            contracts["kind"] = contracts["kind"].fillna(guess) if "kind" in contracts else guess
            self.report.append(("", "kind", "where it was not given, a customer's first contract is taken to be new and every later one a renewal"))
        return contracts

    def _lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Subscription rows that last, have begun, and have an id of their own."""
        empty = lines["ends_on"] <= lines["starts_on"]
        self._left_out("", "subscriptions", int(empty.sum()), "they ended before they began, most often within a trial")
        late = ~empty & (lines["starts_on"] > pd.Timestamp(self.settings.as_of))
        self._left_out("", "subscriptions", int(late.sum()), f"they begin after {self.settings.as_of}")
        lines = lines[~empty & ~late].reset_index(drop=True)
        if "subscription_id" not in lines:
            lines.insert(0, "subscription_id", [f"S{number:06d}" for number in range(1, len(lines) + 1)])
        return lines

    def _left_out(self, file: str, column: str, number: int, why: str) -> None:
        if number:
            self.report.append((file, column, f"{number:,} row{'s' if number > 1 else ''} left out: {why}"))


@cache
def _mappings() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(MAPPINGS.read_text(encoding="utf-8"))["products"]


def _mapping(product: str) -> dict[str, Any]:
    if product not in _mappings():
        known = ", ".join(_mappings())
        raise CompanyError(f'There is no mapping for "{product}".{did_you_mean(product, _mappings())} There are {known}.')
    return _mappings()[product]


def _files(product: str, mapping: dict[str, Any], files: Any) -> dict[str, Path]:
    needed = [short for short, rules in mapping["files"].items() if rules.get("needed")]
    given = files if isinstance(files, Mapping) else {needed[0]: files}
    for short in given:
        if short not in mapping["files"]:
            raise CompanyError(f'{product} has no file "{short}".{did_you_mean(short, mapping["files"])} It has {", ".join(mapping["files"])}.')
    lacking = [short for short in needed if short not in given]
    if lacking:
        raise CompanyError(f"{product} needs the file {' and '.join(lacking)}.")
    paths = {short: Path(path).expanduser() for short, path in given.items()}
    for short, path in paths.items():
        if not path.is_file():
            raise CompanyError(Problem(f"{product} {short}", "", f"there is no file {path}", "look at the name and the folder"))
    return paths


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _names(rules: dict[str, Any]) -> list[str]:
    """All columns of a file that its rules use."""
    rule_list = [rule for columns in rules["fill"].values() for rule in columns.values()]
    sources = [rule.get("from", []) if isinstance(rule, dict) else rule for rule in rule_list]
    return [name for source in sources for name in _listed(source)]


def _as_table(short: str, known: dict[str, str]) -> Table:
    """A table whose columns are those of the export, so that its header is recognised."""
    return Table(name=short, row="a row of the export", columns={name: Column(name, "text", known[name]) for name in known})


def _offset(zone: str) -> str:
    return "Z" if zone == "UTC" else ""


def _one_each(customers: pd.DataFrame) -> pd.DataFrame:
    """One row a customer: the first that is known of each column, the earliest creation."""
    how = {name: "min" if name == "created_on" else "first" for name in customers.columns if name != "customer_id"}
    known = customers[customers["customer_id"].notna()]
    return known.groupby("customer_id", sort=False, as_index=False).agg(how) if how else known.drop_duplicates(ignore_index=True)


def _whole_months(starts: pd.Series, ends: pd.Series) -> pd.Series:
    """Months between two days when they are a whole number of months apart, else NA."""
    months = (ends.dt.year - starts.dt.year) * 12 + ends.dt.month - starts.dt.month
    month_ends = starts.dt.is_month_end & ends.dt.is_month_end
    return months.where(((starts.dt.day == ends.dt.day) | month_ends) & (months > 0)).astype("Int64")


def _last_days(contracts: pd.DataFrame) -> bool:
    """Whether ends are last days of service: then it is the day after that makes whole months."""
    ended = contracts.dropna(subset=["ends_on"])
    day_after = _whole_months(ended["starts_on"], ended["ends_on"] + pd.Timedelta(days=1))
    return bool(day_after.notna().sum() > _whole_months(ended["starts_on"], ended["ends_on"]).notna().sum())


def _from_terms(contracts: pd.DataFrame) -> pd.DataFrame:
    """One subscription line a contract: its amount for the interval that its term is."""
    months = _whole_months(contracts["starts_on"], contracts["ends_on"])
    days = (contracts["ends_on"] - contracts["starts_on"]).dt.days.astype("Int64")
    return pd.DataFrame({
        "subscription_id": contracts["contract_id"], "contract_id": contracts["contract_id"], "customer_id": contracts["customer_id"],
        "starts_on": contracts["starts_on"], "ends_on": contracts["ends_on"], "amount": contracts["recurring_amount"],
        "interval": months.notna().map({True: "month", False: "day"}), "interval_count": months.fillna(days).clip(lower=1),
    })


def _write(folder: Path, tables: dict[str, pd.DataFrame], settings: Settings) -> None:
    files = [f"{name}.csv" for name in tables]
    there = [file for file in [*files, "company.yaml"] if (folder / file).exists()]
    if there:
        raise CompanyError(Problem("convert", "", f"{folder} already has {', '.join(there)}", "choose another folder, or move these files away first"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
    (folder / "company.yaml").write_text(settings_text(settings), encoding="utf-8", newline="")
