"""What each customer is like: hidden causes of price and of leaving, shown later by other tables."""

from __future__ import annotations

import numpy as np

from helpers.simulate.founding import partner_kinds
from helpers.simulate.whole import day
from helpers.simulate.world import World


def give_traits(world: World, rows: dict) -> None:
    """Add the hidden traits of every customer to its row."""
    n, p = len(rows["size"]), world.p["traits"]
    draw = _Draw(world, n)
    solution = np.array([p["solution"][size] for size in world.sizes])[rows["size"]]
    rows["solution"] = draw.flag("solution", solution) & (rows["mode"] != world.modes.index("product"))
    rows["first_value"] = draw.flag("first value", p["first_value"])
    rows["use"] = world.stream("traits", "use").below(n, 5)
    rows["promise_gap"] = world.stream("traits", "promise gap").choose(n, p["promise_gap"])
    rows["slow"] = draw.flag("slow", p["slow_delivery"])
    rows["practice"] = draw.flag("practice", p["practice"])
    rows["satisfied"] = world.stream("traits", "satisfied").choose(n, p["satisfied"])
    rows["champion_left"] = np.stack(
        [draw.flag(f"champion {term}", p["champion_leaves"]) for term in range(world.years + 1)], axis=1
    )
    rows["co_created"] = _co_created(world, rows, draw)


class _Draw:
    def __init__(self, world: World, n: int) -> None:
        self.world, self.n = world, n

    def flag(self, purpose: str, per_mille) -> np.ndarray:
        return self.world.stream("traits", purpose).chance(self.n, np.asarray(per_mille) * 1000)


def _co_created(world: World, rows: dict, draw: _Draw) -> np.ndarray:
    rule = world.p["traits"]["co_creation"]
    fits = rows["industry"] == world.industries.index(rule["industry"])
    fits &= (rows["size"] > 0) & (rows["signed"] >= day(rule["from"]))
    return fits & draw.flag("co-creation", rule["share"])


def lasting_factor(world: World, rows: dict) -> np.ndarray:
    """Return how many times as likely as others a customer leaves, for good, in millionths."""
    rule = world.p["leaving_times"]
    parts = [
        world.of_industry("leaving")[rows["industry"]],
        np.array([rule["mode"][mode] for mode in world.modes])[rows["mode"]],
        np.array([rule["partner"][kind] for kind in partner_kinds(world)])[rows["partner"]],
        np.where(rows["first_value"], 100, rule["no_first_value"]),
        np.array(rule["use"])[rows["use"]],
        np.where(rows["practice"], rule["practice"], 100),
        np.where(rows["co_created"], rule["co_created"], 100),
    ]
    return _product(parts, len(rows["size"]))


def early_factor(world: World, rows: dict) -> np.ndarray:
    """Return what promises and a slow delivery add at the first renewal, in millionths."""
    rule = world.p["leaving_times"]
    steps = [100]
    for _ in range(3):
        steps.append(steps[-1] * rule["promise"] // 100)
    return _product(
        [np.array(steps)[rows["promise_gap"]], np.where(rows["slow"], rule["slow_delivery"], 100)], len(rows["size"])
    )


def _product(parts, n: int) -> np.ndarray:
    factor = np.full(n, 1_000_000, dtype=np.int64)
    for part in parts:
        factor = factor * part // 100
    return factor
