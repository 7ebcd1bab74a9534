"""Companies too large for one go: blocks made side by side, each written as one Parquet part of every table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from helpers.simulate.card import Summary, facts, sum_of_facts, summarise
from helpers.simulate.tables import Column, Table, as_text
from helpers.simulate.whole import NEVER
from helpers.simulate.world import World

BLOCK = 10.0  # how many times the case one block holds
STRIDE = 10_000_000  # numbers that each block may use for its identifiers
SUMMED = ("marketing_spend", "costs", "headcount", "cash", "funding_rounds", "web_funnel", "incentives", "hooks")
MONEY = {"invoices", "payments", "refunds", "partner_fees", "costs", "cash"}
FIRST = ("market", "commission_plans", "step_owners", "brand_index", "needs", "competitors")


def blocks_of(scale: float) -> int:
    """Return in how many blocks a company of this scale is made."""
    return max(1, -(-int(scale * 1000) // int(BLOCK * 1000)))


def write_blocks(
    folder: Path, *, parameters: dict, seed: int | None, scale: float, names, events: int | None, progress: bool
) -> tuple[list[Table], list[Summary], dict]:
    """Write the parts of every row-by-row table; return the small tables, what was written, and facts, all summed.

    Two blocks are made at a time, so memory stays that of two blocks however large the company is.
    """
    count = blocks_of(scale)
    share = None if events is None else events // count
    jobs = [(folder, parameters, seed, scale / count, block, tuple(names), share) for block in range(count)]
    made: dict[int, tuple] = {}
    with ProcessPoolExecutor(max_workers=min(2, count), mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_block, job): job[4] for job in jobs}
        for done, future in enumerate(as_completed(waiting), 1):
            made[waiting[future]] = future.result()
            if progress:
                _bar(done, count)
    small, written, known = zip(*(made[block] for block in sorted(made)), strict=True)
    return list(_joined(list(small))), _added(list(written)), sum_of_facts(list(known))


def _bar(done: int, count: int) -> None:
    full = 30 * done // count
    print(
        f"\r[{'#' * full}{'.' * (30 - full)}] block {done} of {count}",
        end="\n" if done == count else "",
        file=sys.stderr,
        flush=True,
    )


def _block(job) -> tuple[list[Table], list[Summary], dict]:
    from helpers.simulate.make import Parts

    folder, parameters, seed, scale, block, names, events = job
    world = World(parameters, seed=seed, scale=scale, block=block)
    small, written, parts = [], [], Parts(world, events)
    for table in parts.tables(names):
        if table.name in SUMMED or table.name in FIRST:
            small.append(table)
        else:
            place = folder / table.name
            place.mkdir(exist_ok=True)
            write_parquet(shifted(table, block), place / f"part-{block:05d}.parquet", world, quick=True)
            written.append(summarise(table))
    return small, written, facts(world, parts, money=bool(MONEY & set(names)))


def _added(blocks: list[list[Summary]]) -> list[Summary]:
    """Add up the rows and the empty cells of every table."""
    return [
        Summary(
            same[0].name,
            sum(one.rows for one in same),
            {column: sum(one.empty[column] for one in same) for column in same[0].empty},
        )
        for same in zip(*blocks, strict=True)
    ]


def shifted(table: Table, block: int) -> Table:
    """Return the table with identifiers that no other block uses."""
    if block == 0:
        return table
    moved = {}
    for name, column in table.columns.items():
        values = column.values
        if column.kind == "id":
            values = np.where(np.asarray(values) >= 0, np.asarray(values) + block * STRIDE, -1)
        moved[name] = Column(column.kind, values, column.words, column.width)
    return Table(table.name, moved)


def _joined(blocks: list[list[Table]]) -> Iterator[Table]:
    """Add up the small tables of all blocks; those that describe and do not count are taken once."""
    for place, first in enumerate(blocks[0]):
        yield first if first.name in FIRST else _sum([tables[place] for tables in blocks])


def _sum(tables: list[Table]) -> Table:
    first = tables[0]
    numbers = [name for name, column in first.columns.items() if column.kind in ("cents", "int")]
    rows: dict[tuple, list] = {}
    for table in tables:
        words = [as_text(column, _no_clock) for name, column in table.columns.items() if name not in numbers]
        values = zip(*(np.asarray(table.columns[name].values).tolist() for name in numbers), strict=True)
        for key, row in zip(zip(*words, strict=True), values, strict=True):
            rows[key] = [a + b for a, b in zip(rows.get(key, [0] * len(row)), row, strict=True)]
    texts = iter(zip(*rows, strict=True))
    sums = iter(zip(*rows.values(), strict=True))
    made = {}
    for name, column in first.columns.items():
        made[name] = Column(column.kind, np.array(next(sums))) if name in numbers else Column("text", list(next(texts)))
    return Table(first.name, made)


def _no_clock(seconds):
    return np.zeros(len(seconds), dtype=np.int64)


# -------------------------------------------------------------------- Parquet


def write_parquet(table: Table, path: Path, world: World, *, quick: bool = False) -> None:
    """Write a table as Parquet; moments carry the zone of the company. Quick means: compressed less."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: _arrow(column, world) for name, column in table.columns.items()}
    moments = {name: "DELTA_BINARY_PACKED" for name, column in table.columns.items() if column.kind == "instant"}
    pq.write_table(
        pa.table(columns),
        path,
        compression="zstd",
        compression_level=1 if quick else 9 if table.name == "events" else 3,
        use_dictionary=[name for name in columns if name not in moments],
        column_encoding=moments or None,
        write_statistics=False,
        version="2.6",
        row_group_size=1_000_000,
    )


def _arrow(column: Column, world: World):
    import pyarrow as pa

    if column.kind == "text":
        return pa.array([value or None for value in column.values], type=pa.string())
    values = np.asarray(column.values, dtype=np.int64)
    if column.kind == "flag":
        return pa.array(values == 1, mask=values < 0)
    if column.kind in ("id", "code"):
        return _words(column, values, world)
    empty = values == NEVER
    if column.kind == "int":
        return pa.array(values, mask=empty)
    if column.kind in ("cents", "share"):
        return pa.array(values / 100, mask=empty)
    if column.kind == "instant":
        return pa.array(
            values - world.clock(values) * 60, type=pa.timestamp("s", tz=world.p["company"]["time_zone"]), mask=empty
        )
    return pa.array(np.where(empty, 0, values).astype(np.int32), type=pa.int32(), mask=empty).cast(pa.date32())


def _words(column: Column, values, world: World):
    """Return identifiers and categories as text, each different word written only once."""
    import pyarrow as pa

    if column.kind == "code":
        labels = [word or None for word in as_text(Column("code", np.arange(len(column.words)), column.words), world.clock)]
        place, labels = values, pa.array(labels, type=pa.string())
    else:
        place, labels = _identifiers(column, values)
    place = pa.array(place.astype(np.int32), mask=values < 0)
    return pa.DictionaryArray.from_arrays(place, labels).cast(pa.string())


def _identifiers(column: Column, values):
    """Return the position of each identifier in a list of identifiers, and the list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    here = values[values >= 0]
    low, high = (int(here.min()), int(here.max())) if len(here) else (0, 0)
    if high - low <= 4 * len(values) + 1000:
        words, place = np.arange(low, high + 1), values - low
    else:
        words, place = np.unique(values, return_inverse=True)
    digits = pc.utf8_lpad(pc.cast(pa.array(words), pa.string()), width=column.width, padding="0")
    return place, pc.binary_join_element_wise(column.words, digits, "")
