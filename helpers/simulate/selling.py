"""Salespeople: classes of hires, who of them stays, and who signs which deal."""

from __future__ import annotations

import numpy as np

from helpers.simulate.whole import day, month_of, month_start, pick
from helpers.simulate.world import World

FOUNDER = 0


def hire_reps(world: World) -> dict[str, np.ndarray]:
    """Return one row for the founder and each account executive, in order of hiring.

    `left` is the first day no longer here (or -1), `output` the rep's steady output in per cent.
    """
    rule = world.p["reps"]
    parts = [_class(world, month, world.scaled(count), age) for month, count, age in rule["classes"]]
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = np.argsort(rows["hired"], kind="stable")
    rows = {key: values[order] for key, values in rows.items()}
    n = len(order)
    rows["background"] = world.stream("reps", "background").choose(n, list(rule["backgrounds"].values()))
    rows["output"] = np.where(np.isin(rows["team"], _codes(world, rule["keen"]["teams"])), rule["keen"]["output"], 100)
    rows["special"] = np.zeros(n, dtype=np.int64)
    _walk_out(world, rows)
    _mark(world, rows)
    founder = {
        "hired": world.first_day,
        "left": -1,
        "background": -1,
        "team": -1,
        "output": 100,
        "special": 0,
        "kept": 1,
    }
    return {key: np.concatenate([[founder[key]], values]) for key, values in rows.items()}


def team_names(world: World) -> list[str]:
    """Return the names of all teams, old ones first."""
    return [*world.p["reps"]["teams"]["old"], *world.p["reps"]["teams"]["young"]]


def _codes(world: World, names) -> list[int]:
    return [team_names(world).index(name) for name in names]


def _class(world: World, month: str, count: int, age: str) -> dict[str, np.ndarray]:
    rule, begin = world.p["reps"], day(f"{month}-01")
    hired = begin + world.stream("reps", f"hired {month}").below(count, 6)
    kept = np.zeros(count, dtype=np.int64)
    number = (count * rule["kept"] + 500) // 1000
    kept[pick(world.stream("reps", f"kept {month}"), np.ones(count), number)] = 1
    trial = hired + world.stream("reps", f"trial {month}").quantile(count, [12, 18, 30, 52, 70, 88, 100])
    teams = np.array(_codes(world, rule["teams"][age]))
    seats = world.stream("reps", f"team {month}")
    team = teams[(seats.shuffle(count) + seats.below(1, len(teams))) % len(teams)]
    return {"hired": hired, "kept": kept, "left": _leaving(world, month, hired, kept, trial), "team": team}


def _leaving(world: World, month: str, hired, kept, trial) -> np.ndarray:
    """Return the day on which each rep left: within four months, or after years, or not yet."""
    count, rule = len(hired), world.p["reps"]
    months = np.full(count, 999)
    stream = world.stream("reps", f"leaving {month}")
    for year in range(world.years + 1):
        goes = stream.chance(count, rule["leaving_yearly"] * 1000) & (months == 999)
        months = np.where(goes, 12 * year + 6 + stream.below(count, 12), months)
    later = month_start(month_of(hired) + np.minimum(months, 400))
    left = np.where(kept == 1, np.where(months == 999, world.as_of + 1, later), trial)
    return np.where(left > world.as_of, -1, left)


def _walk_out(world: World, rows: dict) -> None:
    """Let a share of the reps leave at once, as they do after months without leads."""
    for rule in world.p["reps"].get("walk_out", []):
        last = day(rule["day"])
        there = (rows["hired"] < last - 150) & ((rows["left"] < 0) | (rows["left"] > last + 60))
        goes = there & world.stream("reps", f"walk out {rule['day']}").chance(len(there), rule["share"] * 1000)
        rows["left"] = np.where(goes, last + world.stream("reps", "walk out days").below(len(there), 60), rows["left"])


def _mark(world: World, rows: dict) -> None:
    """Make one steady rep weak and another unlucky for one year."""
    rule = world.p["reps"]
    begin = world.first_day + 365 * rule["unlucky"]["period"]
    fits = (rows["left"] == -1) & (rows["hired"] < begin - 200)
    alike = fits & (rows["background"] == 1)
    fits = np.flatnonzero(alike if alike.sum() >= 2 else fits)
    if len(fits) >= 2:
        weak, unlucky = fits[len(fits) // 3], fits[2 * len(fits) // 3]
        rows["output"][weak], rows["special"][weak] = rule["weak"]["output"], 1
        rows["special"][unlucky] = 2


def here_in(reps: dict, month: int) -> np.ndarray:
    """Return which reps (the founder left out) were employed on the first day of the next month."""
    last = int(month_start([month + 1])[0])
    here = (reps["hired"] < last) & ((reps["left"] < 0) | (reps["left"] >= last))
    here[FOUNDER] = False
    return here


def output_weights(world: World, reps: dict, month: int, size: int) -> np.ndarray:
    """Return each rep's weight in the deals of a month: ramp, skill and background."""
    rule, ramp = world.p["reps"], world.p["reps"]["ramp"]
    since = np.clip(month - month_of(reps["hired"]), 0, len(ramp) - 1)
    weight = np.where(here_in(reps, month), np.array(ramp)[since] * reps["output"], 0)
    if world.sizes[size] == "large":
        factor = np.array([rule["large_output"][name] for name in rule["backgrounds"]] + [100])
        weight = weight * factor[reps["background"]] // 100
    weight = weight * _schemes(world, reps, month) // 100
    year = (month - world.first_month) // 12
    if year == rule["unlucky"]["period"]:
        weight = np.where(reps["special"] == 2, weight * rule["unlucky"]["output"] // 100, weight)
    return weight


def _schemes(world: World, reps: dict, month: int) -> np.ndarray:
    """Return by how many per cent training and incentives change the output of each rep in a month."""
    rule, factor = world.p["reps"], np.full(len(reps["team"]), 100)
    old = np.isin(reps["team"], _codes(world, rule["teams"]["old"]))
    for session in rule["training"]:
        if month > int(month_of([day(session["day"])])[0]):
            there = np.isin(reps["team"], _codes(world, session["teams"]))
            lift = np.where(old, rule["training_lift"]["old"], rule["training_lift"]["young"])
            factor = np.where(there, factor * lift // 100, factor)
    for scheme in rule["incentives"]:
        there = np.isin(reps["team"], _codes(world, scheme["teams"]))
        begin = int(month_of([day(f"{scheme['month']}-01")])[0])
        change = {begin: scheme["lift"] + scheme["moved"], begin + 1: 100 - scheme["moved"]}.get(month, 100)
        factor = np.where(there, factor * change // 100, factor)
    return factor


def give_deals(world: World, reps: dict, months, sizes, founder) -> np.ndarray:
    """Return the rep of each deal, drawn month by month from the reps' weights."""
    rep = np.full(len(months), FOUNDER)
    for month in np.unique(months).tolist():
        for size in range(len(world.sizes)):
            here = np.flatnonzero((months == month) & (sizes == size) & ~founder)
            weight = output_weights(world, reps, month, size)
            if len(here) and weight.any():
                stream = world.stream("deals", f"{month} {size}")
                rep[here] = _spread(stream, weight, reps["team"], len(here))[stream.shuffle(len(here))]
    return rep


def _spread(stream, weight, team, count: int) -> np.ndarray:
    """Draw `count` reps, some of them several times, so that each team comes near its share."""
    order = np.lexsort((stream.raw(len(weight)), team))
    ends = np.cumsum(weight[order])
    total = int(ends[-1])
    start = int(stream.below(1, max(total // count, 1))[0])
    places = start + np.arange(count) * total // count
    return order[np.searchsorted(ends, places, side="right")]


def give_leads(world: World, reps: dict, months) -> np.ndarray:
    """Return the rep that each lead was given to, whoever is there, or the founder before there were any."""
    rep = np.full(len(months), FOUNDER)
    for month in np.unique(months).tolist():
        here, there = np.flatnonzero(months == month), here_in(reps, month)
        if there.any():
            rep[here] = world.stream("leads", f"rep {month}").choose(len(here), there)
    return rep
