"""Empty tables to fill in: headers, a company.yaml with comments, and what every column means."""
from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path

from helpers.company.describe import unit_of
from helpers.company.errors import CompanyError, Problem
from helpers.company.schema import Table, table_of
from helpers.company.settings import FILE, Settings, check_settings

ALWAYS = ("customers", "subscriptions")


def write_templates(
    folder: str | os.PathLike[str],
    tables: Iterable[str] = ALWAYS,
    *,
    as_of: dt.date | str,
    name: str = "My company",
    currency: str = "CNY",
    time_zone: str = "Asia/Shanghai",
) -> Path:
    """Write empty CSV tables, company.yaml and COLUMNS.md into a folder of one's own.

    Parameters
    ----------
    folder : made when it is not there
    tables : the tables wanted; customers and subscriptions always come along
    as_of : the last day that the data will know of

    Returns
    -------
    The folder, ready for `load_company`. Files that are already there are never overwritten.

    Raises
    ------
    CompanyError : a table is not known, a setting is wrong, or a file is there already.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = write_templates(mkdtemp(), ["leads"], as_of="2025-12-31")
    >>> sorted(path.name for path in folder.iterdir())
    ['COLUMNS.md', 'company.yaml', 'customers.csv', 'leads.csv', 'subscriptions.csv']
    """
    settings = check_settings({"name": name, "currency": currency, "time_zone": time_zone, "as_of": as_of})
    wanted = [table_of(one) for one in dict.fromkeys([*ALWAYS, *tables])]
    files = {f"{table.name}.csv": "\ufeff" + ",".join(_header(table)) + "\n" for table in wanted}
    files[FILE] = settings_text(settings)
    files["COLUMNS.md"] = "\n".join(_columns(table, currency) for table in wanted)
    target = Path(folder).expanduser()
    there = [file for file in files if (target / file).exists()]
    if there:
        raise CompanyError(Problem("write_templates", "", f"{target} already has {', '.join(there)}",
                                   "choose another folder, or move these files away first"))
    target.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (target / file).write_text(text, encoding="utf-8", newline="")
    return target


def settings_text(settings: Settings) -> str:
    """The text of a company.yaml with remarks, for a company whose other settings are the usual ones."""
    return _SETTINGS.format(name=_yaml_text(settings.name), symbol=settings.currency_symbol, currency=settings.currency,
                            time_zone=settings.time_zone, as_of=settings.as_of)


def _header(table: Table) -> list[str]:
    return [column.name for column in table.columns.values() if column.add]


def _columns(table: Table, currency: str) -> str:
    lines = [f"## {table.name}", "", f"One row is {table.row}.", "", "| column | has to be there | what it is |", "|---|---|---|"]
    for column in table.columns.values():
        if column.add:
            unit, values = unit_of(column, currency), ", ".join(map(str, column.values))
            said = [column.meaning, unit and f"in {unit}", values and f"one of {values}", column.empty and f"empty: {column.empty}"]
            needed = "yes" if column.required else ""
            lines.append(f"| {column.name} | {needed} | {column.type}: {'; '.join(part for part in said if part)} |")
    return "\n".join([*lines, ""])


def _yaml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_SETTINGS = """\
# The settings of your company. What stands behind # is a remark.
name: {name}
currency: {currency}              # three letters; every amount in the tables is in it unless a row says otherwise
currency_symbol: "{symbol}"
time_zone: {time_zone}   # where your days begin and end
as_of: {as_of}            # the last day that the tables know of

# true when the tables reach back to the very first customer; then nobody is taken to be older than the data
complete_from_inception: false

# employees, from the first number up to but not including the second
size_bands:
  small: [1, 50]
  mid: [50, 500]
  large: [500, null]

# how MRR is counted: default, stripe, chartmogul, profitwell, recurly, maxio or chargebee (chapter 36 explains)
policy:
  preset: default

# Only where your files leave it open:
# date_order: dmy    # 31/12/2024; mdy for 12/31/2024
# decimal: ","       # when 1,5 is one and a half
# encoding: gb18030  # when names look wrong
"""
