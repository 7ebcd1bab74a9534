"""Sign-ups of the free version, and what it costs to run it."""

from __future__ import annotations

import numpy as np

from helpers.simulate.whole import allot, day, month_days, month_of, month_start
from helpers.simulate.world import World


def free_sign_ups(world: World) -> dict[str, np.ndarray]:
    """Return the days of sign-up of free users: ordinary ones, those of an agent's campaign, an honest bulk."""
    rule, month = world.p["product"], _months(world)
    agent, bulk = rule["faked"], rule["bulk"]
    n, m = world.scaled(agent["sign_ups"]), world.scaled(bulk["sign_ups"])
    return {
        "plain": month_start(month) + world.stream("users", "free day").below(len(month), month_days(month)),
        "agent": day(agent["from"]) + world.stream("users", "agent day").below(n, agent["days"]),
        "bulk": np.full(m, day(bulk["on_day"])),
    }


def _months(world: World) -> np.ndarray:
    """Return the month of each ordinary sign-up; the yearly numbers are allotted over the months."""
    rule, parts = world.p["product"], []
    weights = np.array([rule["free_growth"].get(str(np.datetime64(int(m), "M")), 0) for m in world.months])
    for year, total in enumerate(rule["free"]):
        months = world.months[12 * year : 12 * year + 12]
        part = weights[12 * year : 12 * year + 12]
        part = part if part.any() else world.month_weights(year)
        parts.append(np.repeat(months, allot(world.scaled(total), part * world.inbound_left(months) // 100)))
    return np.concatenate(parts)


def free_cost(world: World) -> np.ndarray:
    """Return what the free version costs by month, in cents: so much for each user in the twelve months from sign-up on."""
    n = len(world.months)
    came = sum(np.bincount(month_of(days) - world.first_month, minlength=n)[:n] for days in free_sign_ups(world).values())
    there = np.cumsum(came)
    there[12:] -= np.cumsum(came)[:-12]
    paid = world.months >= int(month_of([day(world.p["money"]["rounds"][0]["day"])])[0])
    return np.where(paid, there * world.p["product"]["free_cost"] * 100, 0)
