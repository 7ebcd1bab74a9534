"""What goes beside the tables: a card that tells the story, a picture of it, and a description for machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from helpers.simulate.deals import Deals
from helpers.simulate.papers import revenue_on
from helpers.simulate.tables import Table
from helpers.simulate.whole import NEVER, day, month_of, month_start
from helpers.simulate.world import World

SCHEMA = Path(__file__).resolve().parents[1] / "company" / "schema.yaml"
FIELD = {
    "id": "string",
    "text": "string",
    "category": "string",
    "int": "integer",
    "number": "number",
    "money": "number",
    "share": "number",
    "date": "date",
    "month": "date",
    "instant": "datetime",
    "flag": "boolean",
}


@dataclass
class Summary:
    """A table that was written: its rows and how many cells of each column are empty."""

    name: str
    rows: int
    empty: dict


def summarise(table: Table) -> Summary:
    """Return the number of rows and of empty cells of a table."""
    return Summary(table.name, len(table), {name: _empty(column) for name, column in table.columns.items()})


def _empty(column) -> int:
    if column.kind == "text":
        return column.values.count(None) + column.values.count("")
    values = np.asarray(column.values, dtype=np.int64)
    if column.kind in ("id", "code", "flag"):
        nothing = [k for k, word in enumerate(column.words) if word is None] if column.kind == "code" else []
        return int(((values < 0) | np.isin(values, nothing)).sum())
    return int((values == NEVER).sum())


def schema() -> dict:
    """Return the tables and columns that a company can have."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["tables"]


# -------------------------------------------------------------------- for machines


def data_package(world: World, written: list[Summary], parted=("events",)) -> str:
    """Return a Frictionless data package of the CSV tables; tables in Parquet are described beside them."""
    known = schema()
    names = {summary.name for summary in written}
    texts = {name for name in names if name not in parted}
    package = {
        "name": world.p["name"].lower(),
        "title": f"{world.p['name']}, an invented and simulated company",
        "description": "Made by helpers.simulate from a seed; no real organisation or person is meant.",
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
                "title": "Creative Commons Attribution 4.0",
            }
        ],
        "resources": [
            _resource(summary, known[summary.name], texts, known) for summary in written if summary.name in texts
        ],
    }
    for summary in written:
        if summary.name not in texts:
            package[summary.name] = _in_parquet(summary, known[summary.name], whole=parted == ("events",))
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _in_parquet(summary: Summary, table: dict, *, whole: bool) -> dict:
    found = {"path": f"{summary.name}.parquet" if whole else f"{summary.name}/part-*.parquet", "format": "parquet"}
    if not whole:
        found["rows"] = summary.rows
    return {**found, "fields": _fields(table, list(summary.empty))}


def _resource(summary: Summary, table: dict, names: set, known: dict) -> dict:
    columns = list(summary.empty)
    keys = [
        {"fields": [c], "reference": {"resource": "" if other == summary.name else other, "fields": [target]}}
        for c in columns
        for other, _, target in [table["columns"][c].get("refers", "").partition(".")]
        if other in names
    ]
    found = {"fields": _fields(table, columns), "missingValues": [""]}
    if table["key"]:
        found["primaryKey"] = table["key"]
    if keys:
        found["foreignKeys"] = keys
    return {
        "name": summary.name,
        "type": "table",
        "path": f"{summary.name}.csv",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": table["row"],
        "schema": found,
    }


def _fields(table: dict, columns: list) -> list[dict]:
    fields = []
    for name in columns:
        rule = table["columns"][name]
        field = {"name": name, "type": FIELD[rule["type"]], "description": rule.get("meaning", "")}
        limits = {}
        if rule.get("required") and "empty" not in rule:
            limits["required"] = True
        if "values" in rule:
            limits["enum"] = rule["values"]
        if "min" in rule and rule["type"] != "id":
            limits["minimum"] = rule["min"]
        if limits:
            field["constraints"] = limits
        fields.append(field)
    return fields


# -------------------------------------------------------------------- for people


def facts(world: World, parts, *, money: bool = True) -> dict:
    """Return what the card and the picture say: figures by year, ARR by month, days from lead to signature."""
    ends = month_start(world.months + 1) - 1
    found = {
        "years": _counts(world, parts.core) | (_money(world, parts) if money else {}),
        "months": [_state(parts.core.lives, int(day_))[1] for day_ in ends],
        "cycle": cycles(Deals(parts.core), world) if world.block == 0 else None,
    }
    return found


def sum_of_facts(blocks: list[dict]) -> dict:
    """Return the facts of a company made in blocks: sums, and the days of the first block."""
    add = lambda rows: [sum(values) for values in zip(*rows, strict=True)]  # noqa: E731
    return {
        "years": {key: add([block["years"][key] for block in blocks]) for key in blocks[0]["years"]},
        "months": add([block["months"] for block in blocks]),
        "cycle": blocks[0]["cycle"],
    }


def _counts(world: World, core) -> dict[str, list]:
    active, arr = zip(*(_state(core.lives, world.year_end(year)) for year in range(world.years)), strict=True)
    return {
        "customers": list(active),
        "new": [int((core.rows["year"] == y).sum()) for y in range(world.years)],
        "lost": [int((core.lives.lost_in == y).sum()) for y in range(world.years)],
        "arr": list(arr),
    }


def _money(world: World, parts) -> dict[str, list]:
    books, billing = parts.books, parts.billing
    by_year = lambda monthly: [int(v) for v in np.asarray(monthly).reshape(world.years, 12).sum(axis=1)]  # noqa: E731
    costs = {kind: by_year(v.sum(axis=1) if v.ndim == 2 else v) for kind, v in books.costs.items()}
    return {
        "revenue": by_year(billing.revenue()),
        "sales and marketing": [sum(costs[kind][y] for kind in "ABCD") for y in range(world.years)],
        "COGS": [a + b for a, b in zip(costs["COGS"], costs["free"], strict=True)],
        "product and administration": costs["other"],
        "first-year service": costs["E"],
        "receipts": by_year(billing.receipts()),
        "cash": [int(v) for v in books.cash()[11::12]],
    }


def _state(lives, on: int) -> tuple[int, int]:
    """Return paying customers and ARR in cents at the end of a day."""
    paid = revenue_on(lives, on)
    return int((paid > 0).sum()), int(paid.sum())


def cycles(deals: Deals, world: World) -> list[int]:
    """Return the median days from lead to signature by size, over all deals won."""
    rows, leads = deals.rows, deals.core.leads
    days = rows["closed"] - leads["created"][rows["lead"]] // 86400
    return [int(np.median(days[(rows["outcome"] == 0) & (rows["size"] == k)])) for k in range(len(world.sizes))]


def card(world: World, known_facts: dict, written: list[Summary]) -> str:
    """Return the card of a company as Markdown."""
    story, numbers = world.p["card"], known_facts["years"]
    lines = [
        f"# {world.p['name']}",
        "",
        "Invented and simulated; no real organisation or person is meant. "
        f"{story['what']} Money in {world.p['company']['currency']}; the last day is {np.datetime64(world.as_of, 'D')}. "
        f"`playbook make-company` makes it again, byte for byte, from seed {world.seed}.",
        "",
        "![timeline](timeline.svg)",
        "",
        "## What happened",
        "",
    ]
    lines += [f"- **{when}** {what}" for when, what in story["events"]]
    lines += ["", "## Its years", "", *_years(world, numbers)]
    lines += ["", "## Beside published figures", "", *_ranges(world, numbers, known_facts["cycle"])]
    lines += [
        "",
        "## Truths",
        "",
        "`truth.yaml` holds what is true about this company, with the tolerance within which a sound method finds it.",
        "",
        "## Tables",
        "",
    ]
    known = schema()
    for summary in written:
        lines += [
            f"### {summary.name}",
            "",
            f"{summary.rows:,} rows; one row is {known[summary.name]['row']}.",
            "",
            "| column | type | unit | meaning | empty |",
            "|---|---|---|---|---|",
        ]
        lines += [
            _column(name, known[summary.name]["columns"][name], empty, world) for name, empty in summary.empty.items()
        ]
        lines.append("")
    return "\n".join(lines)


def _column(name: str, rule: dict, empty: int, world: World) -> str:
    unit = rule.get("unit", world.p["company"]["currency"] if rule["type"] == "money" else "")
    meaning = str(rule.get("meaning", "")).replace("|", "/")
    return f"| {name} | {rule['type']} | {unit} | {meaning} | {empty:,} |"


def _years(world: World, numbers: dict) -> list[str]:
    names = [str(np.datetime64(world.year_end(y), "D"))[:4] for y in range(world.years)]
    million = lambda cents: f"{cents / 100_000_000:,.2f}"  # noqa: E731
    rows = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    rows += [f"| {key} | " + " | ".join(f"{v:,}" for v in numbers[key]) + " |" for key in ("customers", "new", "lost")]
    rows += [
        f"| {key}, million | " + " | ".join(million(v) for v in numbers[key]) + " |"
        for key in (
            "arr",
            "revenue",
            "sales and marketing",
            "COGS",
            "first-year service",
            "product and administration",
            "receipts",
            "cash",
        )
        if key in numbers
    ]
    return rows


def _ranges(world: World, numbers: dict, cycle: list[int]) -> list[str]:
    """Return the figures of the last year beside ranges that were published, with source and year."""
    last = {key: values[-1] for key, values in numbers.items()}
    rates, shares = [world.p["nrr"][s][-1] for s in world.sizes], [world.p["arr"][s][-2] for s in world.sizes]
    part = lambda a, b: (last.get(a, 0) * 100 + last.get(b, 1) // 2) // last.get(b, 1)  # noqa: E731
    found = {
        "growth": f"{last['arr'] * 100 // numbers['arr'][-2] - 100}%",
        "nrr": f"{sum(a * b for a, b in zip(rates, shares, strict=True)) // sum(shares) / 10:.0f}%",
        "logo": f"{100 - last['lost'] * 100 // numbers['customers'][-2]}%",
        "cycle": " / ".join(str(days) for days in cycle) + " days",
        "ramp": f"{len(world.p['reps']['ramp']) - 1} months",
        "kept": f"{world.p['reps']['kept'] // 10}%",
        "margin": f"{100 - part('COGS', 'revenue')}%",
        "selling": f"{part('sales and marketing', 'revenue')}%",
        "building": f"{part('product and administration', 'revenue')}%",
    }
    rows = [
        "| figure, last year | this company | published | source | kinder or harder than life |",
        "|---|---|---|---|---|",
    ]
    return rows + [
        f"| {name} | {found[key]} | {text} | {source} | {verdict} |"
        for key, name, text, source, verdict in world.p["card"]["ranges"]
        if "revenue" in numbers or key not in ("margin", "selling", "building")
    ]


def timeline(world: World, arr: list[int]) -> str:
    """Return a picture of ARR (cents at each month's end) with the events of the story, as SVG."""
    width, height, left, base = 920, 330, 60, 270
    months = world.months
    top = max(arr)
    x = lambda month: left + (month - world.first_month) * (width - left - 20) // len(months)  # noqa: E731
    y = lambda cents: base - cents * 175 // top  # noqa: E731
    points = " ".join(f"{x(int(m) + 1)},{y(a)}" for m, a in zip(months, arr, strict=True))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{world.p['name']}: ARR by month and what happened</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="20" font-size="15" fill="#222222">ARR of {world.p["name"]}, to {(top + 50_000_000) // 100_000_000} million {world.p["company"]["currency"]}</text>',
        f'<polyline points="{points}" fill="none" stroke="#1f5a8c" stroke-width="2.5"/>',
        f'<line x1="{left}" y1="{base}" x2="{width - 20}" y2="{base}" stroke="#888888"/>',
    ]
    for year in range(world.years):
        out.append(
            f'<text x="{x(world.first_month + 12 * year)}" y="{base + 16}" fill="#444444">{str(np.datetime64(int(months[12 * year]), "M"))[:7]}</text>'
        )
    for place, (when, what) in enumerate(world.p["card"]["marks"]):
        month = int(month_of([day(f"{when}-01")])[0])
        high = 44 + 15 * (place % 6)
        out.append(
            f'<line x1="{x(month)}" y1="{high + 4}" x2="{x(month)}" y2="{base}" stroke="#c9853c" stroke-dasharray="2 3"/>'
        )
        anchor = "end" if x(month) > width - 90 else "start"
        out.append(
            f'<text x="{x(month) + (-4 if anchor == "end" else 4)}" y="{high}" fill="#7a4a12" text-anchor="{anchor}">{what}</text>'
        )
    return "\n".join([*out, "</svg>", ""])
