"""What only shows once a company is made: single people, dates, gates, and rates that follow from many causes."""

from __future__ import annotations

import numpy as np

from helpers.simulate import papers
from helpers.simulate.founding import partner_kinds
from helpers.simulate.gates import Gates
from helpers.simulate.whole import month_of


def outcomes(parts) -> dict:
    """Return the values of the truths that are not parameters, by a name for each."""
    core, books = parts.core, parts.books
    gates = Gates(core, books, parts.success)
    return {
        "platform_pays_from": books.platform_month(),
        "starved_year": books.starved_year(),
        "starved_months": starved_months(core, books),
        **special_reps(core),
        "gates": gates.dates(),
        "green": {year: gates.green(core.world.year_end(year)) for year in range(core.world.years)},
        "blocks": gates.blocks(),
        "strangers": core.strangers_from(),
        "win": {pair: win_ratio(core, *pair) for pair in (("seeding", "inbound"), ("seeding", "outbound"))},
        "bookings": bookings_over_a_year(core),
        "partner_margin": {kind: partner_margin(core, kind) for kind in core.world.p["partners"]},
        "refunded": _ratio(parts.billing.refunds["amount"].sum(), parts.billing.payments["amount"].sum(), 5),
        "never_started": int(parts.success.never_started.sum()),
    }


def _ratio(above, below, digits: int = 3) -> float:
    return round(int(above) / int(below), digits) if below else 0.0


def special_reps(core) -> dict[str, str]:
    """Return the weak rep and the merely unlucky one."""
    special = core.reps["special"].tolist()
    name = lambda mark: f"R{special.index(mark):03d}" if mark in special else "nobody"  # noqa: E731
    return {"weak_rep": name(1), "unlucky_rep": name(2)}


def starved_months(core, books) -> str:
    """Return the longest run of months in which leads for each account executive, over three months, were too few."""
    world, three = core.world, lambda counts: np.convolve(counts, [1, 1, 1])[: len(counts)]
    leads = np.bincount(month_of(core.leads["created"] // 86400) - world.first_month, minlength=len(world.months))
    heads = books.executives.sum(axis=1)
    short = (three(heads >= 4) == 3) & (three(leads) < three(heads) * world.p["gates"]["starved"])
    best, begin = (0, 0), None
    for place, flag in enumerate([*short.tolist(), False]):
        if flag and begin is None:
            begin = place
        elif not flag and begin is not None:
            best, begin = max(best, (place - begin, -begin)), None
    first = world.first_month - best[1]
    names = [str(np.datetime64(int(month), "M")) for month in (first, first + best[0] - 1)]
    return f"{names[0]} to {names[1]}" if best[0] else "none"


def win_ratio(core, one: str, other: str) -> float:
    """Return how many times as often leads of one mode are won as those of another, at equal size (Mantel-Haenszel).

    Leads younger than a year are left out.
    """
    world, leads = core.world, core.leads
    old = leads["created"] // 86400 <= world.as_of - 365
    above = below = 0
    for size in range(len(world.sizes)):
        here = [old & (leads["size"] == size) & (leads["mode"] == world.modes.index(mode)) for mode in (one, other)]
        n, won = ([int(h.sum()) for h in here], [int((h & (leads["customer"] >= 0)).sum()) for h in here])
        if all(n):
            above += won[0] * n[1] * 1_000_000 // sum(n)
            below += won[1] * n[0] * 1_000_000 // sum(n)
    return _ratio(above, below)


def bookings_over_a_year(core) -> float:
    """Return what was signed as new or added over what of it is paid in a year, in the months of the long deals."""
    world, rule, c = core.world, core.world.p["multi_year"], core.contracts
    place = month_of(c["signed"]) - world.first_month - 12 * rule["period"]
    here = (place >= min(rule["months"])) & (place <= max(rule["months"])) & (c["kind"] != papers.RENEWAL)
    return _ratio(c["recurring"][here].sum(), (c["recurring"][here] * 12 // c["months"][here]).sum())


def partner_margin(core, kind: str) -> float:
    """Return what is left of all contracts of a kind of partner's customers once the partner has taken its share."""
    kinds, c = np.array(partner_kinds(core.world)), core.contracts
    here = kinds[core.rows["partner"][c["customer"]]] == kind
    return _ratio((c["recurring"] - c["partner_fee"])[here].sum(), c["recurring"][here].sum())
