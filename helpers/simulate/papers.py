"""Contracts and subscription rows, written from the terms and changes of the customers' lives."""

from __future__ import annotations

import numpy as np

from helpers.simulate.founding import PRODUCT, partner_kinds
from helpers.simulate.lives import Lives
from helpers.simulate.whole import day, month_of, month_start, pick, rounded

NEW, RENEWAL, ADD_ON = range(3)
KINDS = ["new", "renewal", "add-on"]
BILLINGS = ["monthly", "yearly", "prepaid"]
INTERVALS = ["month", "quarter", "year"]
STATUSES = ["active", "trial", "paused", "past_due"]


def write_contracts(lives: Lives) -> dict[str, np.ndarray]:
    """Return one row for each contract, in order of signature; `term` and `change` say where it comes from."""
    terms, changes = _from_terms(lives), _from_changes(lives)
    rows = {key: np.concatenate([terms[key], changes[key]]) for key in terms}
    order = np.lexsort((rows["customer"], rows["starts"], rows["signed"]))
    rows = {key: values[order] for key, values in rows.items()}
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    rows["of_term"] = place[: len(terms["signed"])][rows["term"]]
    before = lives.terms["before"][rows["term"]]
    follows = (before >= 0) & (rows["kind"] == RENEWAL)
    rows["renews"] = np.where(follows, place[np.maximum(before, 0)], -1)
    rows["place"] = place
    return rows


def _from_terms(lives: Lives) -> dict[str, np.ndarray]:
    terms, world = lives.terms, lives.world
    n, who = len(terms["start"]), terms["customer"]
    first = terms["before"] < 0
    kind = np.where(first | terms["again"], NEW, RENEWAL)
    early = world.stream("contracts", "signed early").quantile(n, [0, 0, 1, 3, 6, 10, 15, 22, 30, 45])
    signed = np.where(
        first, lives.rows["signed"][who], world.workday(terms["start"] - early, world.stream("contracts", "workday"))
    )
    signed = np.where(terms["again"], np.maximum(terms["start"] - np.minimum(early, 20), 0), signed)
    signed = np.where(~first & (terms["months"] > 12), terms["start"], signed)
    net = terms["listed"] * (100 - terms["discount"]) // 100
    return {
        "customer": who,
        "term": np.arange(n),
        "change": np.full(n, -1),
        "kind": kind,
        "signed": np.minimum(signed, terms["start"]),
        "starts": terms["start"],
        "ends": terms["end"],
        "recurring": net * 100 * terms["months"] // 12,
        "discount": terms["discount"],
        "billing": _billing(lives),
        "months": terms["months"],
        "net": net,
    }


def _billing(lives: Lives) -> np.ndarray:
    """Return the billing of every term; it stays with the customer, and long terms are prepaid."""
    return np.where(lives.terms["months"] > 12, 2, np.where(price_interval(lives)[lives.terms["customer"]] == 0, 0, 1))


def price_interval(lives: Lives) -> np.ndarray:
    """Return for every customer the interval its price is stated for (a position in INTERVALS)."""
    world, rows, rule = lives.world, lives.rows, lives.world.p["billing"]
    by_product = rows["mode"] == world.modes.index(PRODUCT)
    chances = []
    for key in ("monthly", "quarterly"):
        by_size = np.array([rule[key][size] for size in world.sizes])[rows["size"]]
        chances.append(np.where(by_product, rule[key][PRODUCT], by_size))
    draw = world.stream("contracts", "interval").below(lives.n, 1000)
    return np.where(draw < chances[0], 0, np.where(draw < chances[0] + chances[1], 1, 2))


def _from_changes(lives: Lives) -> dict[str, np.ndarray]:
    changes, terms, world = lives.changes, lives.terms, lives.world
    n, term = len(changes["on"]), changes["term"]
    early = world.stream("contracts", "add-on signed").below(n, 8)
    left = terms["months"][term] - (month_of(changes["on"]) - month_of(terms["start"][term]))
    net = changes["extra"] * (100 - terms["discount"][term]) // 100
    signed = np.maximum(changes["on"] - early, terms["start"][term])
    return {
        "customer": changes["customer"],
        "term": term,
        "change": np.arange(n),
        "kind": np.full(n, ADD_ON),
        "signed": signed,
        "starts": changes["on"],
        "ends": terms["end"][term],
        "recurring": net * 100 * left // 12,
        "discount": terms["discount"][term],
        "billing": _billing(lives)[term],
        "months": left,
        "net": net,
    }


def write_subscriptions(lives: Lives, contracts: dict) -> dict[str, np.ndarray]:
    """Return one row for each interval at one price; the contract is a position in `contracts`."""
    parts = [_main_rows(lives, contracts), _added_rows(lives, contracts)]
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    rows["interval"] = np.where(rows["months"] > 12, 2, price_interval(lives)[rows["customer"]])
    rows["count"] = np.where(rows["months"] > 12, rows["months"] // 12, 1)
    rows["status"] = np.zeros(len(rows["start"]), dtype=np.int64)
    rows = _split(rows, _interruptions(lives, rows))
    rows = _with_trials(lives, rows)
    rows["amount"] = rows["listed"] * np.array([1, 3, 12])[rows["interval"]] * rows["count"] // 12
    rows["recorded"] = _recorded(lives, contracts, rows)
    order = np.lexsort((rows["line"], rows["customer"], rows["start"]))
    return {key: values[order] for key, values in rows.items()}


def _main_rows(lives: Lives, contracts: dict) -> dict[str, np.ndarray]:
    terms, changes = lives.terms, lives.changes
    here = np.flatnonzero(~changes["add_on"])
    term = np.concatenate([np.arange(len(terms["start"])), changes["term"][here]])
    start = np.concatenate([terms["start"], changes["on"][here]])
    listed = np.concatenate([terms["listed"], changes["listed"][here]])
    order = np.lexsort((start, term))
    term, start, listed = term[order], start[order], listed[order]
    end = terms["end"][term]
    end[:-1] = np.where(term[1:] == term[:-1], start[1:], end[:-1])
    return {
        "customer": terms["customer"][term],
        "contract": contracts["place"][term],
        "start": start,
        "end": end,
        "listed": listed,
        "discount": terms["discount"][term],
        "months": terms["months"][term],
        "line": np.zeros(len(term), dtype=np.int64),
    }


def _added_rows(lives: Lives, contracts: dict) -> dict[str, np.ndarray]:
    terms, changes = lives.terms, lives.changes
    here = np.flatnonzero(changes["add_on"])
    term = changes["term"][here]
    return {
        "customer": changes["customer"][here],
        "contract": contracts["place"][len(terms["start"]) + here],
        "start": changes["on"][here],
        "end": terms["end"][term],
        "listed": changes["extra"][here],
        "discount": terms["discount"][term],
        "months": np.full(len(here), 12),
        "line": np.ones(len(here), dtype=np.int64),
    }


# -------------------------------------------------------------------- pauses, late payers, trials


def _interruptions(lives: Lives, rows: dict) -> list[tuple[int, int, int, int]]:
    """Return (row, from, to, status) for the few rows that were interrupted."""
    world = lives.world
    found, taken = [], set()
    for status, count in ((2, world.p["pauses"]), (3, world.p["late_payers"])):
        fits = _roomy(lives, rows)
        fits = np.array([i for i in fits if i not in taken], dtype=np.int64)
        stream = world.stream("subscriptions", f"interrupted {status}")
        chosen = fits[pick(stream, np.ones(len(fits)), min(world.scaled(count), len(fits)))]
        taken.update(chosen.tolist())
        first = _middle(world, rows["start"][chosen])
        length = stream.between(len(chosen), 45, 75) if status == 2 else stream.between(len(chosen), 14, 26)
        found += zip(chosen.tolist(), first.tolist(), (first + length).tolist(), [status] * len(chosen), strict=True)
    return found + _late_now(lives, rows, taken)


def _roomy(lives: Lives, rows: dict) -> np.ndarray:
    """Return small single-line rows that cover the middle of a business year with room to spare."""
    middle = _middle(lives.world, rows["start"])
    fits = (rows["start"] < middle - 20) & (rows["end"] > middle + 90) & (middle + 90 <= lives.world.as_of)
    lines = np.bincount(rows["customer"], weights=rows["line"], minlength=lives.n)
    return np.flatnonzero(
        fits & (rows["months"] == 12) & (lives.rows["size"][rows["customer"]] == 0) & (lines[rows["customer"]] == 0)
    )


def _middle(world, days) -> np.ndarray:
    """Return a day in the second quarter of the business year after each day."""
    year = world.year_of(days)
    begin = month_start(world.first_month + 12 * year + 3)
    begin = np.where(begin <= days + 20, month_start(world.first_month + 12 * (year + 1) + 3), begin)
    return begin + (np.asarray(days) * 7) % 28


def _late_now(lives: Lives, rows: dict, taken: set) -> list[tuple[int, int, int, int]]:
    world = lives.world
    fits = np.flatnonzero(
        (rows["start"] < world.as_of - 60)
        & (rows["end"] > world.as_of + 40)
        & (rows["months"] == 12)
        & (lives.rows["size"][rows["customer"]] == 0)
    )
    fits = np.array([i for i in fits if i not in taken], dtype=np.int64)
    stream = world.stream("subscriptions", "late now")
    chosen = fits[pick(stream, np.ones(len(fits)), min(world.scaled(world.p["late_payers_now"]), len(fits)))]
    first = world.as_of - stream.between(len(chosen), 8, 20)
    return list(zip(chosen.tolist(), first.tolist(), rows["end"][chosen].tolist(), [3] * len(chosen), strict=True))


def _split(rows: dict, cuts: list) -> dict[str, np.ndarray]:
    """Cut each named row into before, during and after."""
    rows = {key: values.copy() for key, values in rows.items()}
    more = {key: [] for key in rows}
    for row, first, last, status in cuts:
        end = int(rows["end"][row])
        for start, stop, state in ((first, last, status), (last, end, 0)):
            if start < stop:
                for key in rows:
                    value = {"start": start, "end": stop, "status": state}.get(key, int(rows[key][row]))
                    more[key].append(value)
        rows["end"][row] = first
    return {key: np.concatenate([values, np.array(more[key], dtype=np.int64)]) for key, values in rows.items()}


def _with_trials(lives: Lives, rows: dict) -> dict[str, np.ndarray]:
    world = lives.world
    first = np.flatnonzero((rows["start"] == lives.rows["start"][rows["customer"]]) & (rows["line"] == 0))
    fits = first[lives.rows["created"][rows["customer"][first]] <= rows["start"][first] - 16]
    fits = fits[lives.rows["mode"][rows["customer"][fits]] == world.modes.index(PRODUCT)]
    stream = world.stream("subscriptions", "trials")
    chosen = fits[pick(stream, np.ones(len(fits)), min(world.scaled(world.p["trials"]["paying"]), len(fits)))]
    trial = {key: values[chosen] for key, values in rows.items()}
    trial["end"] = trial["start"]
    trial["start"] = trial["start"] - 14
    trial["status"], trial["contract"] = np.ones(len(chosen), dtype=np.int64), np.full(len(chosen), -1)
    return {key: np.concatenate([values, trial[key]]) for key, values in rows.items()}


def _recorded(lives: Lives, contracts: dict, rows: dict) -> np.ndarray:
    world, n = lives.world, len(rows["start"])
    signed = np.where(rows["contract"] >= 0, contracts["signed"][np.maximum(rows["contract"], 0)], rows["start"])
    fresh = rows["start"] == contracts["starts"][np.maximum(rows["contract"], 0)]
    when = np.where(fresh, signed + world.stream("subscriptions", "recorded").below(n, 3), rows["start"])
    late = world.stream("subscriptions", "back-dated").chance(n, world.p["back_dated"] * 1000)
    when = np.where(late, rows["start"] + world.stream("subscriptions", "late by").between(n, 12, 70), when)
    return world.at(np.minimum(when, world.as_of), world.stream("subscriptions", "hour"))


# -------------------------------------------------------------------- details of contracts


def contract_details(lives: Lives, contracts: dict) -> dict[str, np.ndarray]:
    """Add set-up fees, clauses and promises to the contracts."""
    world, rows, n = lives.world, lives.rows, len(contracts["signed"])
    who, first = contracts["customer"], (contracts["kind"] == NEW) & (lives.terms["before"][contracts["term"]] < 0)
    by_product = rows["mode"][who] == world.modes.index(PRODUCT)
    sales = first & ~by_product
    contracts["one_off"] = np.where(sales, _one_off(lives, contracts), 0)
    contracts["partner_fee"] = _partner_fee(lives, contracts, first)
    settled = world.stream("contracts", "settled promises").choose(n, [600, 280, 120])
    contracts["promised"] = np.where(sales, rows["promise_gap"][who] + settled, 0)
    contracts["founder"] = first & rows["founder_signed"][who]
    contracts["friend"] = rows["friend"][who]
    contracts["refund"] = sales & _refund_clause(lives, contracts)
    contracts["sales_led"] = sales
    return contracts


def _one_off(lives: Lives, contracts: dict) -> np.ndarray:
    world, fee = lives.world, np.zeros(len(contracts["signed"]), dtype=np.int64)
    size = lives.rows["size"][contracts["customer"]]
    for code, name in enumerate(world.sizes):
        here = np.flatnonzero(size == code)
        part = world.stream("contracts", f"one-off {name}").quantile(len(here), world.p["one_off"][name])
        fee[here] = rounded(contracts["net"][here] * part // 1000, 100)
    year = np.clip(world.year_of(contracts["signed"]), 0, world.years - 1)
    return rounded(fee * np.array(world.p["one_off_years"])[year] // 100, 100) * 100


def _partner_fee(lives: Lives, contracts: dict, first) -> np.ndarray:
    """Return what the partner who brought the customer takes: one share of the first contract, another of later ones."""
    world, kinds = lives.world, partner_kinds(lives.world)
    rates = [world.p["partners"][kind]["fee"] if kind != "none" else {"first": 0, "later": 0} for kind in kinds]
    partner = lives.rows["partner"][contracts["customer"]]
    share = np.where(first, np.array([r["first"] for r in rates])[partner], np.array([r["later"] for r in rates])[partner])
    return contracts["recurring"] * share // 100


def _refund_clause(lives: Lives, contracts: dict) -> np.ndarray:
    world, rule = lives.world, lives.world.p["refund_clause"]
    fits = (contracts["signed"] >= day(rule["from"])) & (contracts["signed"] < day(rule["to"]))
    fits &= lives.rows["size"][contracts["customer"]] == world.sizes.index(rule["size"])
    return fits & world.stream("contracts", "refund clause").chance(len(fits), rule["share"] * 1000)


def revenue_on(lives: Lives, on: int) -> np.ndarray:
    """Return the yearly net price of every customer at the end of a day, in cents."""
    terms, changes = lives.terms, lives.changes
    listed, past = terms["listed"].copy(), changes["on"] <= on
    np.add.at(listed, changes["term"][past], changes["extra"][past])
    here = (terms["start"] <= on) & (terms["end"] > on)
    total = np.zeros(lives.n, dtype=np.int64)
    np.add.at(total, terms["customer"][here], (listed * (100 - terms["discount"]))[here])
    return total


def plan_codes(world, listed, added) -> np.ndarray:
    """Return the plan of each yearly list price; lines added beside the main one have a name of their own."""
    floors = np.array([floor for floor, _ in world.p["plans"]])
    return np.where(added, len(floors), np.searchsorted(floors, listed, side="right") - 1)


def plan_names(world) -> list[str]:
    """Return the names that `plan_codes` points at."""
    return [name for _, name in world.p["plans"]] + [world.p["add_on_name"]]


def first_contact(lives: Lives) -> np.ndarray:
    """Return the day of each customer's first contact: its lead, or its sign-up when the product won it."""
    world, rows = lives.world, lives.rows
    cycle, rule = np.zeros(lives.n, dtype=np.int64), world.p["leads"]
    for code, name in enumerate(world.sizes):
        here = np.flatnonzero(rows["size"] == code)
        cycle[here] = world.stream("leads", f"cycle {name}").quantile(len(here), rule["cycle"][name])
    factor = np.array([rule["cycle_factor"].get(mode, 100) for mode in world.modes])[rows["mode"]]
    by_product = world.stream("customers", "sign-up").quantile(lives.n, [3, 9, 16, 24, 35, 50, 75, 110, 170])
    days = np.where(rows["mode"] == world.modes.index(PRODUCT), by_product, np.maximum(cycle * factor // 100, 4))
    early = world.first_day + 5 + world.stream("customers", "early").below(lives.n, 20)
    found = np.where(rows["signed"] - days < early, np.minimum(early, rows["signed"] - 1), rows["signed"] - days)
    return world.workday(found, world.stream("leads", "workday"))
