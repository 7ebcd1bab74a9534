"""Bring an answer, in whatever way it was found, to a form in which all ways must be equal."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any

from benchmarks.data import AS_OF

KINDS = ("opening", "new", "reactivation", "expansion", "contraction", "churn")
LAST = int(AS_OF[:4]) * 12 + int(AS_OF[5:7]) - 1
SQL = ("hand", "spark_sql")


def common(question: str, way: str, answer: Any) -> dict[str, Any]:
    """Return the number of rows of an answer, a hash of them all, and for movements the totals (all that a panel can be held to)."""
    if way == "floor":
        return {}
    answer = answer.to_pandas() if hasattr(answer, "to_pandas") else answer
    if way.startswith("panel"):
        return {"totals": {kind: float(answer[kind].sum()) for kind in KINDS[1:]}}
    rows = sorted({"movements": _movements, "retention_by_month": _months, "cohort_triangle": _cells, "stickiness": _actives}[question](answer, way in SQL))
    found = {"rows": len(rows), "hash": hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]}
    return {**found, "totals": _totals(rows)} if question == "movements" else found


def _movements(answer: Any, sql: bool) -> list[tuple[str, str, int]]:
    """Month, kind and change in the smallest unit."""
    if sql:
        rows = [(str(row.month)[:7], row.kind, int(row.change)) for row in answer.itertuples()]
    else:
        rows = [(f"{row.month:%Y-%m}", kind, round(getattr(row, kind) * 100)) for row in answer.itertuples() for kind in KINDS]
    return [row for row in rows if row[2]]


def _totals(rows: list[tuple[str, str, int]]) -> dict[str, float]:
    """Sum changes by kind, in natural units; who was there at first is new to the panel."""
    totals = dict.fromkeys(KINDS[1:], 0.0)
    for _, kind, change in rows:
        totals["new" if kind == "opening" else kind] += change / 100
    return totals


def _months(answer: Any, sql: bool) -> list[tuple[int, int, float, float, float]]:
    """Number of the month, customers at the start, NRR, GRR, logo retention."""
    if not sql:
        numbers = answer["month"].dt.year * 12 + answer["month"].dt.month - 1
        return [(int(m), int(row.n), round(row.nrr, 9), round(row.grr, 9), round(row.logo, 9)) for m, row in zip(numbers, answer.itertuples(), strict=True)]
    totals = answer[answer["m"] <= LAST].sort_values("m").set_index("m")[["n", "x", "y", "g", "kept"]].astype(float).cumsum()
    return [(int(m), int(row.n), round(row.y / row.x, 9), round(row.g / row.x, 9), round(row.kept / row.n, 9)) for m, row in totals.iterrows() if row.n]


def _cells(answer: Any, sql: bool) -> list[tuple[int, int, int, int]]:
    """Number of the first month, age in months, customers, and how many of them are there."""
    if not sql:
        born = answer["cohort"].str[:4].astype(int) * 12 + answer["cohort"].str[5:].astype(int) - 1
        return [(int(b), int(row.age), int(row.n), round(row.value * row.n)) for b, row in zip(born, answer.itertuples(), strict=True)]
    changes: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in answer.itertuples():
        changes[int(row.born)][int(row.age)] = (int(row.n), int(row.kept))
    rows = []
    for born, by_age in changes.items():
        n = kept = 0
        for age in range(LAST - born + 1):
            n, kept = n + by_age.get(age, (0, 0))[0], kept + by_age.get(age, (0, 0))[1]
            rows.append((born, age, n, kept))
    return rows


def _actives(answer: Any, sql: bool) -> list[tuple[str, int, int]]:
    """Month, users, and days on which they came."""
    days = answer["days"] if sql else answer["daily"] * answer["month"].dt.days_in_month
    return [(f"{row.month:%Y-%m}", int(row.actives), round(float(day))) for row, day in zip(answer.itertuples(), days, strict=True)]
