"""Names of invented organisations, cities and people."""

from __future__ import annotations

import numpy as np

from helpers.simulate.world import World


def organisation_names(world: World, industry) -> list[str]:
    """Return a name for each organisation, no name twice: two syllables, a line of business, a number if need be."""
    rule, n = world.p["names"], len(industry)
    stems = [first + second for first in rule["first"] for second in rule["second"]]
    order = world.stream("names", "stems").shuffle(len(stems))
    place = np.arange(n) + 7919 * world.block
    noun = world.stream("names", "nouns").below(n, 10_000)
    seen: dict[str, int] = {}
    names = []
    for i in range(n):
        nouns = rule["nouns"][world.industries[industry[i]]]
        stem = stems[order[place[i] % len(stems)]]
        name = f"{stem} {nouns[(noun[i] + place[i] // len(stems)) % len(nouns)]}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {_roman(seen[name])}")
    return names


def _roman(number: int) -> str:
    marks = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, mark in marks:
        text += mark * (number // value)
        number %= value
    return text


def people_names(world: World, n: int) -> list[str]:
    """Return a name for each person; the family name stands where the company's country puts it."""
    rule = world.p["people"]
    family, given = world.stream("names", "family"), world.stream("names", "given")
    pairs = zip(family.below(n, len(rule["family"])), given.below(n, len(rule["given"])), strict=True)
    words = ((rule["family"][f], rule["given"][g]) for f, g in pairs)
    return [f"{f} {g}" if rule.get("family_first", True) else f"{g} {f}" for f, g in words]
