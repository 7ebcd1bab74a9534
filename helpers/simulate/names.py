"""Names of invented organisations, cities and people."""

from __future__ import annotations

from functools import cache

import numpy as np

from helpers.simulate.world import World


def organisation_names(world: World, industry) -> list[str]:
    """Return a name for each organisation, no name twice: two syllables, a line of business, a number if need be."""
    rule, n = world.p["names"], len(industry)
    stems = [first + second for first in rule["first"] for second in rule["second"]]
    order = world.stream("names", "stems").shuffle(len(stems))
    place = np.arange(n) + 7919 * world.block
    noun = world.stream("names", "nouns").below(n, 10_000) + place // len(stems)
    nouns = [rule["nouns"][name] for name in world.industries]
    stem, many = order[place % len(stems)], np.array([len(words) for words in nouns])[industry]
    words = [f"{first} {word}" for first in stems for group in nouns for word in group]
    starts = np.cumsum([0, *(len(group) for group in nouns)])
    code = stem * starts[-1] + starts[np.asarray(industry)] + noun % many
    return [words[c] if k == 1 else f"{words[c]} {_roman(k)}" for c, k in zip(code.tolist(), _again(code), strict=True)]


def _again(code) -> list[int]:
    """Return for each position how often its code has come up so far, itself included."""
    order = np.argsort(code, kind="stable")
    ordered = code[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(code) else np.zeros(0, dtype=bool)
    begin = np.maximum.accumulate(np.where(first, np.arange(len(code)), 0))
    count = np.empty(len(code), dtype=np.int64)
    count[order] = np.arange(len(code)) - begin + 1
    return count.tolist()


@cache
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
