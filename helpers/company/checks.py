"""What can be said about a company as a whole: keys that lead nowhere, wrong order in time, things counted twice.

Every rule is a query on DuckDB views, so that it is the same for a thousand rows and for fifty million.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from helpers.company.errors import SHOWN, CompanyError, Problem, did_you_mean, nearest, plain
from helpers.company.relations import literal, quoted
from helpers.company.schema import NUMBERS, Column, Table, schema

if TYPE_CHECKING:
    from helpers.company.company import Company

MANY_ROWS = 5_000_000
COLUMNS = ["table", "column", "rows", "problem", "mend", "severity"]
ORDER = ["error", "warning", "note"]


def check_company(company: Company) -> pd.DataFrame:
    """All findings about a company, errors first. `Company.check` documents the table."""
    checks = _Checks(company)
    findings = [*checks.settings(), *checks.tables()]
    for name in checks.readable:
        findings += [*checks.unchecked(name), *checks.references(name), *checks.times(name), *checks.spellings(name)]
    findings += [*checks.story(), *checks.files(), *checks.doors(), *checks.missing()]
    frame = pd.DataFrame([_row(problem, severity) for problem, severity in findings], columns=COLUMNS, dtype="str")
    return frame.sort_values("severity", key=lambda column: column.map(ORDER.index), kind="stable", ignore_index=True)


Finding = tuple[Problem, str]


class _Checks:
    """The rules, each a generator of findings (a problem and its severity)."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.readable: list[str] = []
        self.large: set[str] = set()
        self.run = company._connection.cursor()

    # ------------------------------------------------------------ what can be read at all

    def settings(self) -> Iterator[Finding]:
        try:
            _ = self.company.policy
        except CompanyError as error:
            yield from ((problem, "error") for problem in error.problems)

    def tables(self) -> Iterator[Finding]:
        """Open every table as a view `t_<name>` with its row numbers in `n_`."""
        for name in self.company.tables:
            try:
                self._view(name)
                self.readable.append(name)
            except CompanyError as error:
                yield from ((problem, "error") for problem in error.problems)

    def _view(self, name: str) -> None:
        source = self.company._source(name)
        if source.parquet and _rows_in(source.parts) > MANY_ROWS:
            self.large.add(name)
            relation = self.company.relation(name).project("row_number() OVER () AS n_, *")
            self.run.execute(f"CREATE OR REPLACE TEMP VIEW t_{name} AS {relation.sql_query()}")
            return
        cleaned = self.company._clean(name)
        self.run.register(f"t_{name}", pd.concat([pd.Series(cleaned.numbers, name="n_"), cleaned.frame], axis=1))

    # ------------------------------------------------------------ rules of one table

    def unchecked(self, name: str) -> Iterator[Finding]:
        """What the door checks elsewhere, for Parquet tables too large to pass it."""
        if name not in self.large:
            return
        table = schema()[name]
        there = self._columns(name)
        for column in (column for column in table.columns.values() if column.name in there):
            for condition, problem in _limits(column):
                yield from self._where(name, column.name, condition, problem, "mend the values where the table comes from")
        for first, second in table.strict:
            yield from self._where(name, second, f"{quoted(second)} < {quoted(first)}", f"{{n}} before `{first}`", "mend the dates")
        if table.key:
            key = ", ".join(quoted(part) for part in table.key)
            twice = f"SELECT n_, {_shown(table)} AS v FROM t_{name} QUALIFY count(*) OVER (PARTITION BY {key}) > 1"
            yield from self._query(name, ", ".join(table.key), twice, "{n} with a key that another row has too", "delete the copies")

    def references(self, name: str) -> Iterator[Finding]:
        """Keys that lead nowhere."""
        for column in schema()[name].columns.values():
            if not column.refers or column.refers.split(".")[0] not in self.readable:
                continue
            lost = _lost(name, column)
            if not self.run.execute(f"SELECT 1 FROM ({lost}) LIMIT 1").fetchone():
                continue
            near = self._resemblance(lost, column)
            other = column.refers.split(".")[0]
            mend = f"add the missing rows to {other}, or mend the ids: compare capital letters, spaces, leading zeros{near}"
            yield from self._query(name, column.name, lost, f"{{n}} not found in {column.refers}", mend)

    def _resemblance(self, lost: str, column: Column) -> str:
        """A key that differs from a lost one only in capital letters, signs or leading zeros."""
        other, key = column.refers.split(".")
        loose = "ltrim(lower(regexp_replace({}, '[\\s_./#-]', '', 'g')), '0')".format
        query = f"""SELECT a.v, b.{quoted(key)} FROM ({lost} LIMIT 1000) a JOIN t_{other} b
                    ON {loose('a.v')} = {loose('b.' + quoted(key))} AND {loose('a.v')} <> '' ORDER BY a.n_ LIMIT 1"""
        pair = self.run.execute(query).fetchone()
        return f' (did you mean "{pair[1]}" for "{pair[0]}"?)' if pair else ""

    def times(self, name: str) -> Iterator[Finding]:
        """Order in time inside a row, spans of no length, and rows that the data cannot know of yet."""
        table = schema()[name]
        for first, second in table.order:
            instants = all(table.columns[part].type == "instant" for part in (first, second))
            left, right = (quoted(part) if instants else f"CAST({quoted(part)} AS DATE)" for part in (first, second))
            yield from self._where(name, second, f"{right} < {left}", f"{{n}} before `{first}`", f"mend the dates: `{first}` comes first")
        for first, second in table.strict:
            yield from self._where(name, second, f"{quoted(second)} = {quoted(first)}",
                                   f"{{n}} on the same day as `{first}`, so that the row lasts no time",
                                   "mend the dates, or leave it: such a row counts for nothing", severity="warning")
        if table.when:
            as_of = self.company.as_of
            yield from self._where(name, table.when, f"CAST({quoted(table.when)} AS DATE) > DATE '{as_of}'", f"{{n}} after as_of ({as_of})",
                                   "set as_of in company.yaml to the last day that the data know of, or leave these rows out")

    def spellings(self, name: str) -> Iterator[Finding]:
        """Words of an open category that differ only in capital letters or spaces."""
        there = self._columns(name)
        for column in schema()[name].columns.values():
            if column.type != "category" or column.values or column.name not in there:
                continue
            word = quoted(column.name)
            query = f"""SELECT string_agg(DISTINCT {word}, '" and "' ORDER BY {word}) FROM t_{name}
                        GROUP BY lower(regexp_replace({word}, '[\\s_-]', '', 'g')) HAVING count(DISTINCT {word}) > 1 ORDER BY 1"""
            found = self.run.execute(query).fetchall()
            if found:
                said = f'"{found[0][0]}" look like one word in several spellings ({len(found)} such)'
                yield Problem(name, column.name, said, "choose one spelling; each counts as a group of its own"), "warning"

    # ------------------------------------------------------------ rules across tables

    def story(self) -> Iterator[Finding]:
        """Whether the tables tell one story."""
        here = set(self.readable)
        if "customers" in here:
            yield from self._customers()
        if "subscriptions" in here:
            yield from self._overlaps()
            yield from self._where("subscriptions", "ends_on", "status = 'canceled' AND ends_on IS NULL", "{n} empty in a canceled line",
                                   "write the first day without service, or the status it had while it ran")
        if {"customers", "subscriptions"} <= here:
            yield from self._first("subscriptions", "starts_on", "subscription begins")
        if {"customers", "contracts"} <= here:
            yield from self._first("contracts", "signed_on", "contract is signed")
        if {"contracts", "subscriptions"} <= here:
            yield from self._contracts()

    def _customers(self) -> Iterator[Finding]:
        yield from self._where("customers", "referred_by", "referred_by = customer_id", "{n} naming the customer itself",
                               "leave the cell empty")
        yield from self._where("customers", "employees", "size IS NULL",
                               "{n} empty or outside the size_bands of company.yaml, so that the size is unknown",
                               "fill in employees; tables by size leave these customers out", severity="note")

    def _first(self, table: str, day: str, event: str) -> Iterator[Finding]:
        query = f"""SELECT n_, customer_id || ': ' || strftime(created_on, '%Y-%m-%d') || ', first ' || strftime(first, '%Y-%m-%d') AS v
                    FROM t_customers JOIN (SELECT customer_id, min({day}) AS first FROM t_{table} GROUP BY 1) USING (customer_id)
                    WHERE CAST(created_on AS DATE) > CAST(first AS DATE)"""
        yield from self._query("customers", "created_on", query, f"{{n}} after the day on which the customer's first {event}",
                               "mend created_on; it is often the day of a data migration", "warning")

    def _contracts(self) -> Iterator[Finding]:
        joined = "FROM t_subscriptions s JOIN t_contracts c USING (contract_id) WHERE"
        early = f"SELECT s.n_, s.contract_id AS v {joined} s.starts_on < c.starts_on"
        yield from self._query("subscriptions", "starts_on", early, "{n} before the start of the contract",
                               "mend one of the two dates, or the contract_id")
        other = f"SELECT s.n_, s.customer_id || ' and ' || c.customer_id AS v {joined} s.customer_id <> c.customer_id"
        yield from self._query("subscriptions", "customer_id", other, "{n} other than the customer of the contract",
                               "mend customer_id or contract_id")

    def _overlaps(self) -> Iterator[Finding]:
        """The same line of a customer twice at the same time, most often a row that was exported twice."""
        ends = "coalesce(ends_on, TIMESTAMP '9999-01-01')"
        query = f"""SELECT n_, subscription_id AS v FROM (
                        SELECT n_, subscription_id, starts_on, max({ends}) OVER (
                            PARTITION BY customer_id, plan, amount, interval, interval_count, quantity, discount
                            ORDER BY starts_on, n_ ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
                        FROM t_subscriptions WHERE starts_on < {ends})
                    WHERE starts_on < reach"""
        yield from self._query("subscriptions", "subscription_id", query,
                               "{n} of a line that runs already: same customer, plan and price at the same time",
                               "delete the row, or end the earlier one on the day the later one starts; both are counted", "warning")

    # ------------------------------------------------------------ what was noticed

    def files(self) -> Iterator[Finding]:
        """Files whose name is near a table's."""
        lacking = [name for name in schema() if name not in self.company.tables]
        for path in sorted(self.company.folder.iterdir()):
            name = plain(path.stem)
            wrong_kind = name in schema() and path.suffix.lower() in (".xlsx", ".xls", ".ods", ".json")
            near = name if wrong_kind else nearest(name, lacking, likeness=0.8)
            if wrong_kind or (near and path.suffix.lower() in (".csv", ".tsv", ".parquet") and name not in schema()):
                guess = "" if wrong_kind else did_you_mean(name, [near])
                mend = "save it as CSV" if wrong_kind else f"rename it to {near}{path.suffix.lower()} if it is that table"
                yield Problem(near, "", f"the file {path.name} was not read.{guess}", mend), "warning"

    def doors(self) -> Iterator[Finding]:
        """What was read in a way that the reader should know of."""
        for name in self.readable:
            cleaned = self.company._cleaned.get(name)
            for column, note in dict.fromkeys(cleaned.notes) if cleaned else ():
                yield Problem(name, column, note, "nothing, if that is right"), "note"

    def missing(self) -> Iterator[Finding]:
        """Tables that chapters use and that are not there."""
        for name, table in schema().items():
            if not self.company.has(name):
                chapters = ", ".join(f"{chapter:02d}" for chapter in table.chapters)
                yield Problem(name, "", f"the table is not there; chapters {chapters} use it and show the case company instead",
                              f"bring {name}.csv; one row is {table.row}"), "note"

    # ------------------------------------------------------------ running a rule

    def _columns(self, name: str) -> list[str]:
        return self.run.execute(f"SELECT * FROM t_{name} LIMIT 0").df().columns.tolist()

    def _where(self, name: str, column: str, condition: str, problem: str, mend: str, severity: str = "error") -> Iterator[Finding]:
        query = f"SELECT n_, CAST({quoted(column)} AS VARCHAR) AS v FROM t_{name} WHERE {condition}"
        yield from self._query(name, column, query, problem, mend, severity)

    def _query(self, name: str, column: str, query: str, problem: str, mend: str, severity: str = "error") -> Iterator[Finding]:
        """A finding when the query (of row numbers `n_` and values `v`) finds rows."""
        count = self.run.execute(f"SELECT count(*) FROM ({query})").fetchone()[0]
        if not count:
            return
        first = self.run.execute(f"SELECT n_, v FROM ({query}) ORDER BY n_ LIMIT {SHOWN}").fetchall()
        values = tuple("" if value is None else str(value).removesuffix(" 00:00:00") for _, value in first)
        said = problem.format(n=f"{count:,} value{'s' if count > 1 else ''}")
        yield Problem(name, column, said, mend, tuple(number for number, _ in first), values, count), severity


def _lost(name: str, column: Column) -> str:
    """The query of keys that are not in the table they refer to."""
    other, key = column.refers.split(".")
    return f"""SELECT n_, {quoted(column.name)} AS v FROM t_{name} t WHERE {quoted(column.name)} IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM t_{other} o WHERE o.{quoted(key)} = t.{quoted(column.name)})"""


def _row(problem: Problem, severity: str) -> dict[str, str]:
    return {"table": problem.table, "column": problem.column, "rows": problem.where if problem.rows else "",
            "problem": problem.problem, "mend": problem.mend, "severity": severity}


def _limits(column: Column) -> Iterator[tuple[str, str]]:
    name = quoted(column.name)
    if column.filled:
        yield f"{name} IS NULL", "{n} empty"
    if column.type in NUMBERS and column.min is not None:
        yield f"{name} < {column.min}", f"{{n}} below {column.min:g}"
    if column.type in NUMBERS and column.max is not None:
        yield f"{name} > {column.max}", f"{{n}} above {column.max:g}"
    if column.values:
        allowed = ", ".join(literal(value) for value in column.values)
        yield f"{name} NOT IN ({allowed})", f"{{n}} other than {', '.join(map(str, column.values))}"


def _shown(table: Table) -> str:
    return " || ' / ' || ".join(f"CAST({quoted(part)} AS VARCHAR)" for part in table.key)


def _rows_in(parts: list) -> int:
    import pyarrow.parquet as parquet

    return sum(parquet.read_metadata(path).num_rows for path in parts)


