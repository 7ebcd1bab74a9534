"""Leads: where they came from, how fast they were answered, how far they got."""

from __future__ import annotations

import numpy as np

from helpers.simulate.founding import PRODUCT
from helpers.simulate.lives import Lives
from helpers.simulate.selling import give_leads
from helpers.simulate.whole import NEVER, allot, day, decay, month_days, month_of, month_start
from helpers.simulate.world import World, split


def make_leads(lives: Lives, reps: dict, deal_rep, spend) -> dict[str, np.ndarray]:
    """Return all leads in order of creation: those of customers, and the many others.

    `customer` is the position of a paying customer or -1; `deal` says that sales took the lead on.
    """
    world = lives.world
    won = _won(lives, deal_rep)
    rest = [_others(world, year, mode, won, spend) for year in range(world.years) for mode in range(len(world.modes))]
    rest = {key: np.concatenate([part[key] for part in rest]) for key in rest[0]}
    _work(world, won, "won", True)
    rest["rep"] = give_leads(world, reps, rest["month"])
    _work(world, rest, "others", False)
    rows = {key: np.concatenate([won[key], rest[key]]) for key in rest}
    order = np.argsort(rows["created"], kind="stable")
    return {key: values[order] for key, values in rows.items()}


def _won(lives: Lives, deal_rep) -> dict[str, np.ndarray]:
    world, rows = lives.world, lives.rows
    who = np.flatnonzero(rows["mode"] != world.modes.index(PRODUCT))
    n = len(who)
    created = world.at(rows["created"][who], world.stream("leads", "won at"), 8, 20)
    won = {
        "customer": who,
        "created": created,
        "size": rows["size"][who],
        "mode": rows["mode"][who],
        "employees": rows["employees"][who],
        "industry": rows["industry"][who],
        "rep": deal_rep[who],
        "limit": rows["signed"][who],
        "month": month_of(rows["created"][who]),
    }
    won["channel"] = np.zeros(n, dtype=np.int64)
    for mode, channels in world.p["leads"]["channels"].items():
        here = np.flatnonzero(won["mode"] == world.modes.index(mode))
        weights = [channels.get(name, 0) for name in channel_names(world)]
        won["channel"][here] = world.stream("leads", f"won channel {mode}").choose(len(here), weights)
    agents = np.isin(rows["partner"][who], np.arange(1, 1 + world.p["partners"]["agents"]["count"]))
    if "agents" in channel_names(world):
        won["channel"] = np.where(
            agents & (won["mode"] == world.modes.index("outbound")),
            channel_names(world).index("agents"),
            won["channel"],
        )
    return won


def channel_names(world: World) -> list[str]:
    """Return the names of all channels of leads."""
    return [name for channels in world.p["leads"]["channels"].values() for name in channels]


def _others(world: World, year: int, mode: int, won: dict, spend) -> dict[str, np.ndarray]:
    """Return the leads of one year and mode that did not become customers."""
    rule, name = world.p["leads"], world.modes[mode]
    total = int(split(world.scaled(rule["total"][year]), rule["modes"], world.modes)[mode])
    channels = rule["channels"].get(name, {})
    here = (world.year_of(won["created"] // 86400) == year) & (won["mode"] == mode)
    parts = []
    for channel, count in zip(channels, allot(total, list(channels.values())), strict=True):
        code = channel_names(world).index(channel)
        count = max(int(count) - int((here & (won["channel"] == code)).sum()), 0)
        months = np.repeat(np.arange(12), allot(count, _month_weights(world, year, name, channel, spend)))
        parts.append((world.months[12 * year] + months, np.full(count, code)))
    month = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
    channel = np.concatenate([p[1] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
    return _unknown(world, year, mode, month, channel)


def _unknown(world: World, year: int, mode: int, month, channel) -> dict[str, np.ndarray]:
    n, tag = len(month), f"{year} {mode}"
    draw = world.stream("leads", f"day {tag}")
    days = np.minimum(month_start(month) + draw.below(n, month_days(month)), world.as_of)
    days = np.maximum(world.workday(days, world.stream("leads", f"workday {tag}")), world.first_day)
    rule = world.p["leads"]
    factor = rule["size_factor"].get(world.modes[mode], [100] * len(world.sizes))
    weights = [w * f for w, f in zip(rule["sizes"][year], factor, strict=True)]
    size = np.repeat(np.arange(len(weights)), allot(n, weights))[world.stream("leads", f"size {tag}").shuffle(n)]
    employees = np.zeros(n, dtype=np.int64)
    for code, name in enumerate(world.sizes):
        here = np.flatnonzero(size == code)
        employees[here] = world.stream("leads", f"employees {tag} {name}").quantile(
            len(here), world.p["employees"][name]
        )
    return {
        "customer": np.full(n, -1),
        "created": world.at(days, world.stream("leads", f"at {tag}"), 8, 21),
        "size": size,
        "mode": np.full(n, mode),
        "employees": employees,
        "industry": world.stream("leads", f"industry {tag}").choose(n, world.of_industry("weight")),
        "rep": np.zeros(n, dtype=np.int64),
        "limit": np.full(n, world.as_of + 400),
        "month": month,
        "channel": channel,
    }


def _month_weights(world: World, year: int, mode: str, channel: str, spend) -> np.ndarray:
    """Return the weights of a year's months: season, holiday, growth, odd events, and money spent earlier."""
    rule, months = world.p["leads"], world.months[12 * year : 12 * year + 12]
    season = np.array(world.p["lead_season"])[months % 12] * world.holiday_factor(months)
    weight = season * (100 + rule["trend"][year] * np.arange(12))
    if channel in rule["lagging"]:
        earlier = np.maximum(months - rule["lag"] - world.first_month, 0)
        money = spend[channel][earlier]
        money = money * 10_000_000 // max(int(money.sum()), 1)
        plain = weight * 10_000_000 // int(weight.sum())
        weight = (money * rule["lag_share"] + plain * (1000 - rule["lag_share"])) // 1000
    for odd in rule["anomalies"]:
        if mode in odd["modes"]:
            hit = np.isin(months, month_of([day(f"{text}-01") for text in odd["months"]]))
            weight = np.where(hit, weight * odd["left"] // 100, weight)
    return weight


def _work(world: World, rows: dict, tag: str, won: bool) -> None:
    """Answer the leads and qualify them; how many qualify falls with the hours until the answer."""
    n = len(rows["created"])
    delay = _delays(world, rows, tag, won)
    chance = np.full(n, 1_000_000) if won else _mql_chance(world, rows, delay)
    mql = world.stream("leads", f"mql {tag}").chance(n, chance)
    sql = mql & (won | world.stream("leads", f"sql {tag}").chance(n, world.p["leads"]["sql"] * 1000))
    answered = rows["created"] + delay * 60
    silent = ~mql & world.stream("leads", f"silent {tag}").chance(n, 60_000)
    last = (world.as_of + 1) * 86400
    silent |= answered >= last
    first = answered // 86400
    mql_on = np.minimum(
        first + world.stream("leads", f"mql after {tag}").below(n, 3),
        np.maximum(rows["limit"] - 2, rows["created"] // 86400),
    )
    sql_on = np.minimum(
        mql_on + world.stream("leads", f"sql after {tag}").below(n, 7), np.maximum(rows["limit"] - 1, mql_on)
    )
    mql &= ~silent & (mql_on <= world.as_of)
    sql &= mql & (sql_on <= world.as_of)
    rows["answered"] = np.where(silent, NEVER, answered)
    rows["mql_on"], rows["sql_on"] = np.where(mql, mql_on, NEVER), np.where(sql, sql_on, NEVER)
    rows["deal"] = sql
    rows["bant"] = _bant(world, mql, sql, silent, tag)


def _delays(world: World, rows: dict, tag: str, won: bool) -> np.ndarray:
    """Return the minutes until each lead was answered; leads that were won tend to have been answered early."""
    n, rule = len(rows["created"]), world.p["leads"]
    delay = np.zeros(n, dtype=np.int64)
    for code, name in enumerate(world.modes):
        here = np.flatnonzero(rows["mode"] == code)
        points = [hours * 60 + 4 for hours in rule["answer_hours"].get(name, [1, 24])]
        stream, luck = world.stream("leads", f"answer {tag} {name}"), world.stream("leads", f"kept {tag} {name}")
        found = stream.quantile(len(here), points)
        for _ in range(8 if won else 0):
            again = luck.below(len(here), 1_000_000) >= decay(found, rule["half_life"] * 60)
            found = np.where(again, stream.quantile(len(here), points), found)
        delay[here] = found
    limit = np.maximum((rows["limit"] - 2) * 1440 - rows["created"] // 60, 30)
    return np.minimum(delay, limit)


def _mql_chance(world: World, rows: dict, delay) -> np.ndarray:
    rule = world.p["leads"]
    table = np.array([rule["mql"][size] for size in world.sizes])
    year = np.clip(world.year_of(rows["created"] // 86400), 0, world.years - 1)
    factor = np.array([rule["mode_factor"].get(mode, 100) for mode in world.modes])[rows["mode"]]
    return (
        np.minimum(table[rows["size"], year] * 10 * factor, 990_000) * decay(delay, rule["half_life"] * 60) // 1_000_000
    )


def _bant(world: World, mql, sql, silent, tag: str) -> np.ndarray:
    """Return four flags for each lead: at least two yes for an MQL, three for an SQL, else at most one."""
    n = len(mql)
    yes = np.where(sql, 3, np.where(mql, 2, 0)) + world.stream("leads", f"bant {tag}").below(n, 2)
    order = np.argsort(
        np.stack([world.stream("leads", f"bant {tag} {k}").raw(n) for k in range(4)], axis=1), axis=1, kind="stable"
    )
    flags = (order < yes[:, None]).astype(np.int64)
    asked = mql | (~silent & world.stream("leads", f"asked {tag}").chance(n, 450_000))
    return np.where(asked[:, None], flags, -1)


def make_spend(world: World) -> dict[str, np.ndarray]:
    """Return what each channel cost in each month, in whole units of the currency."""
    spend = {}
    for channel, (part, _) in world.p["spend_channels"].items():
        months = np.zeros(len(world.months), dtype=np.int64)
        stream = world.stream("marketing_spend", channel)
        for year, total in enumerate(world.p["marketing_spend"]):
            wave = stream.quantile(12, world.p["spend_wave"]) * (100 + world.p["leads"]["trend"][year] * np.arange(12))
            money = world.scaled(total * world.p["unit"] * part // 1000)
            months[12 * year : 12 * year + 12] = allot(money // 10, wave) * 10
        spend[channel] = months
    return spend


def market_rows(world: World) -> dict[str, np.ndarray]:
    """Return one row for each industry and size, with its accounts and the share within reach."""
    sizes = list(world.p["market_sizes"].values())
    industry = np.repeat(np.arange(len(world.industries)), len(sizes))
    size = np.tile(np.arange(len(sizes)), len(world.industries))
    accounts = np.concatenate(
        [split(total, world.p["market_sizes"], world.sizes) for total in world.of_industry("accounts")]
    )
    return {
        "industry": industry,
        "size": size,
        "accounts": accounts,
        "reach": np.repeat(world.of_industry("reach"), len(sizes)),
    }
