"""Who becomes a customer, when, and through whom."""

from __future__ import annotations

import numpy as np

from helpers.simulate.whole import allot, allot_codes, day, month_days, month_of, month_start, pick
from helpers.simulate.world import World, split

PRODUCT = "product"


def found(world: World) -> dict[str, np.ndarray]:
    """Return one row for each paying customer, in order of its first day of service."""
    cells = [_cell(world, year, size) for year in range(world.years) for size in range(len(world.sizes))]
    rows = {key: np.concatenate([cell[key] for cell in cells]) for key in cells[0]}
    _date(world, rows)
    order = np.argsort(rows["start"], kind="stable")
    rows = {key: values[order] for key, values in rows.items()}
    n = len(order)
    rows["industry"] = _industries(world, rows)
    rows["city"] = _cities(world, rows)
    rows["employees"] = _employees(world, rows["size"], "customers")
    rows["partner"] = _partners(world, rows)
    rows["friend"] = _by_year(world, rows, "friends", n)
    rows["founder_signed"] = _by_year(world, rows, "founder_signed", n) & (rows["mode"] != world.modes.index(PRODUCT))
    return rows


def new_counts(world: World, year: int) -> np.ndarray:
    """Return how many customers of each size a year wins, at this scale."""
    counts = [world.p["new"][size][year] for size in world.sizes]
    return allot(world.scaled(sum(counts)), counts)


def _cell(world: World, year: int, size: int) -> dict[str, np.ndarray]:
    new = new_counts(world, year)
    by_product = allot(world.scaled(world.p["product_led"][year]), world.p["product_sizes"])
    sales = int(new[size]) - int(by_product[size])
    modes = split(sales, world.p["sales_modes"][world.sizes[size]], world.modes)
    modes[world.modes.index(PRODUCT)] += by_product[size]
    n = int(new[size])
    code = np.repeat(np.arange(len(modes)), modes)
    code = code[world.stream("customers", f"mode {year} {size}").shuffle(n)]
    return {"year": np.full(n, year), "size": np.full(n, size), "mode": code}


def _date(world: World, rows: dict) -> None:
    n = len(rows["year"])
    month = np.zeros(n, dtype=np.int64)
    for year in range(world.years):
        here = np.flatnonzero(rows["year"] == year)
        places = allot_codes(world.stream("customers", f"month {year}"), len(here), world.month_weights(year))
        month[here] = world.months[12 * year] + places
    rows["signed"] = signing_days(world, month, rows["mode"] == world.modes.index(PRODUCT), "customers")
    gap = world.stream("customers", "gap").quantile(n, [0, 0, 0, 0, 1, 3, 6, 10])
    rows["start"] = np.minimum(rows["signed"] + gap, month_start(month) + month_days(month) - 1)


def signing_days(world: World, months, steady, table: str) -> np.ndarray:
    """Return a day in each month; sales pile up in its last five days, as the plan in force makes them."""
    rule, n = world.p["signing"], len(months)
    begin, length = month_start(months), month_days(months)
    late = np.where(begin < day(rule["until"]), rule["before"], rule["after"]) * 1000
    late = np.where(steady, 165_000, late)
    is_late = world.stream(table, "month end").chance(n, late)
    draw = world.stream(table, "day")
    place = np.where(is_late, length - 1 - draw.below(n, 5), draw.below(n, length - 5))
    days = world.workday(begin + place, world.stream(table, "workday"))
    return np.where(steady, begin + place, np.maximum(days, world.first_day))


def _industries(world: World, rows: dict) -> np.ndarray:
    codes = np.zeros(len(rows["size"]), dtype=np.int64)
    for size in range(len(world.sizes)):
        for year in range(world.years):
            here = np.flatnonzero((rows["size"] == size) & (rows["year"] == year))
            stream = world.stream("customers", f"industry {year} {size}")
            codes[here] = allot_codes(stream, len(here), world.of_industry("weight"))
    return codes


def _cities(world: World, rows: dict) -> np.ndarray:
    n, weights = len(rows["start"]), np.array([row["weight"] for row in world.p["cities"]]) * 100
    codes = world.stream("customers", "city").choose(n, weights)
    rule = world.p.get("lockdown")
    if rule:
        shut = np.isin(world.cities, rule["cities"])
        months = month_of([day(f"{text}-01") for text in rule["months"]])
        here = np.isin(month_of(rows["start"]), months)
        codes = np.where(
            here,
            world.stream("customers", "lockdown").choose(n, np.where(shut, weights * rule["left"] // 100, weights)),
            codes,
        )
    return codes


def _employees(world: World, size, table: str) -> np.ndarray:
    values = np.zeros(len(size), dtype=np.int64)
    for code, name in enumerate(world.sizes):
        here = np.flatnonzero(size == code)
        values[here] = world.stream(table, f"employees {name}").quantile(len(here), world.p["employees"][name])
    return values


def _partners(world: World, rows: dict) -> np.ndarray:
    """Return 0 for none, 1 and more for the partners in the order of the parameters."""
    n = len(rows["mode"])
    partner, offset = np.zeros(n, dtype=np.int64), 1
    for name, rule in world.p["partners"].items():
        shares = np.array([rule["share"].get(mode, 0) for mode in world.modes])[rows["mode"]]
        stream = world.stream("customers", f"partner {name}")
        took = stream.chance(n, shares * 1000) & (rows["signed"] >= day(rule["from"])) & (partner == 0)
        which = offset + stream.choose(n, np.arange(rule["count"], 0, -1))
        partner = np.where(took, which, partner)
        offset += rule["count"]
    return partner


def partner_kinds(world: World) -> list[str]:
    """Return the kind of each partner number, "none" first."""
    return ["none"] + [name for name, rule in world.p["partners"].items() for _ in range(rule["count"])]


def _by_year(world: World, rows: dict, key: str, n: int) -> np.ndarray:
    flags = np.zeros(n, dtype=bool)
    for year, per_mille in enumerate(world.p[key]):
        here = np.flatnonzero(rows["year"] == year)
        count = (len(here) * per_mille + 500) // 1000
        flags[here[pick(world.stream("customers", f"{key} {year}"), np.ones(len(here)), count)]] = True
    return flags
