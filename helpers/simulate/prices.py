"""What customers pay: first prices, discounts, list prices in whole steps."""

from __future__ import annotations

import numpy as np

from helpers.simulate.whole import day, rounded
from helpers.simulate.world import World


def arr_targets(world: World) -> np.ndarray:
    """Return ARR by year end and size, in whole units of the currency at this scale."""
    rule, unit = world.p["arr"], world.p["unit"]
    shares = np.array([rule[size] for size in world.sizes]).T
    total = np.array(rule["total"]) * unit
    return np.array(
        [
            [world.scaled(int(total[y]) * int(s) // max(int(shares[y].sum()), 1)) for s in shares[y]]
            for y in range(world.years)
        ]
    )


def price_weight(world: World, rows: dict) -> np.ndarray:
    """Return the price of each customer relative to others of its size and year.

    Price grows with the 3/4 power of the number of employees, which needs square roots only.
    """
    n = len(rows["size"])
    root = np.sqrt(rows["employees"].astype(np.float64))
    weight = (root * np.sqrt(root) * 1000).astype(np.int64)
    weight = weight * world.of_industry("price")[rows["industry"]] // 100
    weight = weight * np.where(rows["solution"], world.p["traits"]["solution_price"], 100) // 100
    weight = weight * np.array([world.p["mode_price"].get(mode, 100) for mode in world.modes])[rows["mode"]] // 100
    return (
        weight
        * world.stream("prices", "noise").quantile(n, world.p.get("price_noise", [70, 82, 90, 96, 101, 108, 118, 138]))
        // 100
    )


def first_prices(weight, sizes, targets) -> np.ndarray:
    """Return the yearly net price of each customer so that every size meets its target."""
    price = np.zeros(len(sizes), dtype=np.int64)
    for size, target in enumerate(targets.tolist()):
        here = np.flatnonzero(sizes == size)
        if len(here):
            price[here] = target * weight[here] // int(weight[here].sum())
    return price


def first_discounts(world: World, rows: dict) -> np.ndarray:
    """Return the discount of each first contract in hundredths."""
    rule, n = world.p["discounts"], len(rows["size"])
    before = world.stream("prices", "discount before").choose(n, rule["before"])
    after = world.stream("prices", "discount after").choose(n, rule["after"])
    product = world.stream("prices", "discount product").choose(n, rule["product"])
    steps = np.where(rows["signed"] < day(world.p["signing"]["until"]), before, after)
    steps = np.where(rows["mode"] == world.modes.index("product"), product, steps)
    return np.array(rule["steps"])[steps]


def list_price(world: World, net, discount) -> np.ndarray:
    """Return the list price of a year, in whole steps, that gives about this net price."""
    step = world.p["price_step"]
    return np.maximum(rounded(np.asarray(net) * 100 // (100 - np.asarray(discount)), step), step)


def net_price(listed, discount) -> np.ndarray:
    """Return the net price of a year in whole units (steps make it a whole number)."""
    return np.asarray(listed) * (100 - np.asarray(discount)) // 100
