"""The right things in the wrong order: one founding company, four orders of its decisions, the same luck and money in all.

A founding company builds a product, finds out what its customers need, learns to sell, hires salespeople and waits for leads. What
differs between the orders is a table of decisions by month: whether customers are asked while the product is built, how many
salespeople are wanted, and what hiring waits for. Readiness, leads, people, ARR and cash follow from the same arithmetic.

The three deaths and their order are Wu Hao's (the eight phases, second half), and so are the six months of rework after a first
version that missed. He gives no other figure: the model and all other defaults are ours, and they are guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

YEAR = 12
READY = 0.8
"""From this readiness on a product or a play counts as ready; a guess."""


@dataclass(frozen=True)
class Founding:
    """A company on its first day, and the market it will meet. Money in units of the currency, times in months.

    Parameters
    ----------
    price : float
        First-year fee of a new customer, paid a year ahead.
    win_rate : float
        Share of the leads worked that sign once product and play are ready.
    leads_per_rep : float
        Leads that a salesperson can work in a month.
    leads_at_start, leads_added : float
        Leads that come in the first month, and how many more come in each later month: what marketing brings, in every order.
    own_leads : float
        Leads that a salesperson finds in a month without help.
    founder_leads : float
        Leads that the founders can work themselves in a month.
    lead_cost, rep_cost, core_cost : float
        Money for a lead, for a salesperson's month with what the sales department needs around him, and for everybody else's month.
    serving_share : float
        Share of revenue that serving customers costs, with the people who grow with it.
    kept_ready, kept_unready : float
        What is left of a fee a year later, renewal and growth together, with a ready product and with an unready one.
    cash : float
        Money on the first day. Nothing is added later.
    months_to_build, months_to_fit, months_to_play : float
        Months of work until the product is built, until it fits what customers need (months in which they are asked; Wu Hao's
        rework takes six), and until a play is learned by selling a ready product.
    fit_at_start : float
        Share of what customers need that founders know without asking.
    play_at_start : float
        Share of the full win rate that somebody reaches without any play.
    ramp_months : int
        Months from hiring to full output; until then nothing is sold.
    hire_cost : float
        Months of a salesperson's cost that hiring one takes, and letting one go.
    quits, quits_hungry : float
        Share of the salespeople who leave in a month, well fed, and what comes on top where nothing can be sold at all.
    lead_volatility, lead_persistence : float
        How far a month's leads lie from their mean, as a share, and how much of that is left in the next month.
    deal_spread : float
        Standard deviation of a first fee over its mean.
    pace_spread : float
        How far building, fitting and learning run faster or slower than expected (standard deviation of the logarithm).
    """

    price: float = 40_000.0
    win_rate: float = 0.05
    leads_per_rep: float = 24.0
    leads_at_start: float = 24.0
    leads_added: float = 5.0
    own_leads: float = 2.0
    founder_leads: float = 12.0
    lead_cost: float = 500.0
    rep_cost: float = 32_000.0
    core_cost: float = 300_000.0
    serving_share: float = 0.4
    kept_ready: float = 1.0
    kept_unready: float = 0.3
    cash: float = 16_000_000.0
    months_to_build: float = 9.0
    months_to_fit: float = 6.0
    months_to_play: float = 5.0
    fit_at_start: float = 0.25
    play_at_start: float = 0.35
    ramp_months: int = 3
    hire_cost: float = 1.0
    quits: float = 0.03
    quits_hungry: float = 0.12
    lead_volatility: float = 0.2
    lead_persistence: float = 0.5
    deal_spread: float = 1.0
    pace_spread: float = 0.2

    def __post_init__(self):
        for name in ("price", "leads_per_rep", "months_to_build", "months_to_fit", "months_to_play", "ramp_months"):
            check_positive(name, getattr(self, name))
        for name in ("win_rate", "serving_share", "kept_unready", "fit_at_start", "play_at_start", "quits", "quits_hungry"):
            check_share(name, getattr(self, name))
        check_share("lead_persistence", self.lead_persistence, most=0.999)
        for name in ("leads_at_start", "leads_added", "own_leads", "founder_leads", "lead_cost", "rep_cost", "core_cost", "cash",
                     "kept_ready", "hire_cost", "lead_volatility", "deal_spread", "pace_spread"):
            check_not_negative(name, getattr(self, name))
        if self.ramp_months != int(self.ramp_months):
            raise ValueError(f"ramp_months is {self.ramp_months:g}: give whole months")

    @property
    def fed_output(self) -> float:
        """New ARR that a salesperson signs in a month with all the leads he can work, product and play ready."""
        return self.leads_per_rep * self.win_rate * self.price


# --- decisions, as data ---------------------------------------------------------------------------------------------------

PIONEERS = 2.0
"""Salespeople who are hired to write the play, before it is ready."""

ORDERS: dict[str, list[dict]] = {
    "right order": [
        {"month": 1, "listen": True, "team": 40, "product": READY, "play": READY, "fed": 1.0},
    ],
    "closed doors": [
        {"month": 1, "listen": False, "team": 0, "product": 0, "play": 0, "fed": 0},
        {"month": 9, "listen": False, "team": 10, "product": 0, "play": 0, "fed": 0},
        {"month": 13, "listen": True, "team": 10, "product": 0, "play": 0, "fed": 0},
    ],
    "sales too early": [
        {"month": 1, "listen": True, "team": 0, "product": 0, "play": 0, "fed": 0},
        {"month": 5, "listen": True, "team": 14, "product": 0, "play": 0, "fed": 0},
    ],
    "leads do not follow": [
        {"month": 1, "listen": True, "team": 40, "product": READY, "play": READY, "fed": 1.0},
        {"month": 25, "listen": True, "team": 40, "product": READY, "play": READY, "fed": 0.5},
    ],
}
"""The decisions of each order, from a month on: are customers asked, how many salespeople are wanted, and what hiring waits for
(readiness of product and play; ``fed``: the share of the leads a salesperson can work that must be there for each of them; 0 does
not wait)."""


@dataclass(frozen=True)
class Schedule:
    """Decisions month by month; every array has shape (months,), or (months, paths) where they differ between futures.

    Parameters
    ----------
    listen : array of bool
        Whether customers are asked while the product is built.
    team : array
        Salespeople wanted.
    product, play, fed : arrays
        What hiring waits for: readiness of the product for the first two, of the play for all others, and the share of the leads a
        salesperson can work that must be there for each; 0 does not wait.
    """

    listen: np.ndarray
    team: np.ndarray
    product: np.ndarray
    play: np.ndarray
    fed: np.ndarray

    @property
    def months(self) -> int:
        return len(self.listen)

    def then(self, other: Schedule, month: int) -> Schedule:
        """These decisions before ``month`` (1 is the first), the other's from then on.

        Examples
        --------
        >>> schedule("closed doors").then(schedule("right order"), 5).listen[:6]
        array([False, False, False, False,  True,  True])
        """
        cut = int(np.clip(month - 1, 0, self.months))
        return Schedule(*(np.concatenate([getattr(self, name)[:cut], getattr(other, name)[cut:]]) for name in COLUMNS))


COLUMNS = ("listen", "team", "product", "play", "fed")


def schedule(rows: str | Sequence[Mapping], *, months: int = 60) -> Schedule:
    """Decisions by month, from the rows of an order: each row holds from its month until the next one.

    Parameters
    ----------
    rows : str or list of dict
        A name in :data:`ORDERS`, or rows of the same form; the first one begins in month 1.

    Raises
    ------
    ValueError
        Where an order is unknown, a row lacks a decision, or the months are not in order from 1 on.

    Examples
    --------
    >>> schedule("sales too early").team[:6]
    array([ 0.,  0.,  0.,  0., 14., 14.])
    """
    if isinstance(rows, str):
        if rows not in ORDERS:
            raise ValueError(f"there is no order {rows!r}: choose one of {', '.join(map(repr, ORDERS))}, or give rows of decisions")
        rows = ORDERS[rows]
    starts = [row["month"] for row in rows]
    if not starts or starts[0] != 1 or starts != sorted(set(starts)):
        raise ValueError(f"the rows begin in the months {starts}: the first must be 1, and each later than the one before")
    lacking = [name for row in rows for name in COLUMNS if name not in row]
    if lacking:
        raise ValueError(f"a row of decisions has no {lacking[0]!r}: each needs month, {', '.join(COLUMNS)}")
    place = np.searchsorted(starts, np.arange(1, months + 1), side="right") - 1
    return Schedule(*(np.array([row[name] for row in rows], bool if name == "listen" else float)[place] for name in COLUMNS))


# --- luck -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Luck:
    """Standard normal draws: leads and deals by month, shape (months, paths); the pace of three kinds of work, shape (3, paths)."""

    leads: np.ndarray
    deals: np.ndarray
    pace: np.ndarray

    @property
    def months(self) -> int:
        return self.leads.shape[0]

    @property
    def paths(self) -> int:
        return self.leads.shape[1]


def draw_luck(rng: np.random.Generator, *, months: int = 60, paths: int = 10_000) -> Luck:
    """Luck for ``paths`` futures, drawn once and used for every order.

    Examples
    --------
    >>> draw_luck(np.random.default_rng(1), months=24, paths=500).pace.shape
    (3, 500)
    """
    if months < 1 or paths < 1:
        raise ValueError(f"months is {months} and paths is {paths}: both must be at least 1")
    def draw(rows):
        return rng.standard_normal((rows, paths), dtype=np.float32)
    return Luck(draw(months), draw(months), draw(3))


# --- the simulation -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paths:
    """Futures of one company under one order; every array has shape (months, paths).

    Stocks (cash, arr, reps, mature, product, play) stand at the end of the month; leads, capacity (leads that could be worked),
    new (ARR signed), cash_in and cash_out belong to the month. After the month in which cash runs out everything is 0.
    """

    cash: np.ndarray
    arr: np.ndarray
    reps: np.ndarray
    mature: np.ndarray
    leads: np.ndarray
    capacity: np.ndarray
    product: np.ndarray
    play: np.ndarray
    new: np.ndarray
    cash_in: np.ndarray
    cash_out: np.ndarray

    @property
    def alive(self) -> np.ndarray:
        """Whether cash has never run out, shape (months, paths)."""
        return np.logical_and.accumulate(self.cash > 0, axis=0)

    @property
    def survive(self) -> float:
        """Share of the futures in which cash never runs out."""
        return float(self.alive[-1].mean())

    @property
    def end(self) -> np.ndarray:
        """Month (1 is the first) in which cash runs out, infinite where it never does; shape (paths,)."""
        alive = self.alive
        return np.where(alive[-1], np.inf, np.argmin(alive, axis=0) + 1.0)


def simulate(founding: Founding, decisions: Schedule, *, luck: Luck | None = None) -> Paths:
    """One company under a schedule of decisions, over as many months as the schedule has.

    Readiness of the product is built x fit: both grow from month to month, fit only where customers are asked. The play grows by
    selling, as fast as the product is ready, at half the pace while only founders sell. A month's new ARR is

        min(leads, capacity) * win_rate * product**2 * (play_at_start + (1 - play_at_start) * play) * price

    and after twelve months a fee is kept at ``kept_unready + (kept_ready - kept_unready) * product``. Hungry salespeople leave; whom
    the schedule wants is hired, and whom it does not want any more goes. Where cash falls to 0 the company ends.

    Parameters
    ----------
    founding : Founding
    decisions : Schedule
    luck : Luck, optional
        Without it the expected path, shape (months, 1). Deals are drawn from a gamma distribution (approximated, Wilson and Hilferty
        1931) whose spread is cut where less than a deal is expected, so that the mean stays; people are counted in expectations.

    Returns
    -------
    Paths

    Examples
    --------
    >>> paths = simulate(Founding(), schedule("right order"))
    >>> round(float(paths.product[0, 0]), 3), bool(paths.alive[-1, 0])
    (0.042, True)
    """
    months, width = decisions.months, 1 if luck is None else luck.paths
    if luck is not None and luck.months < months:
        raise ValueError(f"the schedule has {months} months, but luck was drawn for {luck.months}: draw_luck(rng, months={months})")
    product = _product(founding, decisions, luck, width)
    leads = _leads(founding, months, luck, width)
    out = Paths(*(np.zeros((months, width), np.float32) for _ in range(11)))
    state = _State(founding, width)
    state.learns = _pace(founding, luck, 2) / founding.months_to_play
    for month in range(months):
        _live(founding, decisions, month, state, product[month], leads[month], luck, out)
    return out


class _State:
    """What a company carries from month to month."""

    def __init__(self, founding: Founding, width: int):
        def nothing(*shape):
            return np.zeros((*shape, width), np.float32)
        self.mature, self.classes = nothing(), nothing(founding.ramp_months)
        self.play, self.arr, self.due, self.fed = nothing(), nothing(), nothing(YEAR), nothing() + 1
        self.steady = nothing() + np.float32(founding.leads_at_start)
        self.cash, self.alive = nothing() + np.float32(founding.cash), nothing() + 1
        self.learns = np.float32(1 / founding.months_to_play)


def _pace(founding: Founding, luck: Luck | None, kind: int):
    """How fast one kind of work runs, 1 on average."""
    if luck is None:
        return np.float32(1)
    spread = founding.pace_spread
    return np.exp(spread * luck.pace[kind] - spread**2 / 2)


def _product(founding, decisions, luck, width):
    """Readiness of the product by month: what is built times how far it fits."""
    step = np.ones((decisions.months, width), np.float32)
    built = np.cumsum(step * _pace(founding, luck, 0) / founding.months_to_build, axis=0)
    listen = decisions.listen.reshape(decisions.months, -1)
    asked = np.cumsum(step * listen * _pace(founding, luck, 1), axis=0) / founding.months_to_fit
    fit = founding.fit_at_start + (1 - founding.fit_at_start) * np.minimum(asked, 1)
    return (np.minimum(built, 1) * fit).astype(np.float32)


def _leads(founding, months, luck, width):
    """Leads by month: the same in every order."""
    mean = founding.leads_at_start + founding.leads_added * np.arange(months, dtype=np.float32)[:, None]
    if luck is None:
        return np.broadcast_to(mean, (months, width))
    keep = np.float32(founding.lead_persistence)
    mood = luck.leads[:months].copy()
    for month in range(1, months):
        mood[month] = keep * mood[month - 1] + (1 - keep**2) ** 0.5 * luck.leads[month]
    return mean * np.maximum(1 + np.float32(founding.lead_volatility) * mood, 0)


def _live(founding, decisions, month, state, product, leads, luck, out) -> None:
    """One month of all futures."""
    leads, product = leads * state.alive, product * state.alive
    state.steady = (2 * state.steady + leads) / 3
    moved = _staff(founding, decisions, month, state, product)
    reps = state.mature + state.classes.sum(axis=0)
    capacity = (founding.founder_leads + state.mature * founding.leads_per_rep) * state.alive
    wins = _wins(founding, state, product, leads, capacity)
    new = founding.price * _signed(wins, founding.deal_spread, luck, month)
    costs = (founding.core_cost + founding.rep_cost * (reps + founding.hire_cost * moved) + founding.lead_cost * leads
             + founding.serving_share * state.arr / YEAR) * state.alive
    renewed = _renew(founding, month, state, product, new)
    state.cash = (state.cash + new + renewed - costs) * state.alive
    _write(out, month, cash=state.cash, arr=state.arr, reps=reps, mature=state.mature, leads=leads, capacity=capacity, product=product,
           play=state.play, new=new, cash_in=new + renewed, cash_out=costs)
    _bury(state)


def _wins(founding, state, product, leads, capacity):
    """Deals expected this month; what was sold teaches the play, and what could not be sold makes people hungry."""
    worked = np.minimum(leads + founding.own_leads * state.mature, capacity)
    quality = product**2 * (founding.play_at_start + (1 - founding.play_at_start) * state.play)
    fed = np.divide(worked * quality, capacity, out=np.ones_like(quality), where=capacity > 0)
    state.fed = (2 * state.fed + fed) / 3
    pace = np.where(state.mature >= 1, state.learns, state.learns / 2)
    state.play = np.minimum(state.play + product * pace, 1).astype(np.float32) * state.alive
    return worked * founding.win_rate * quality


def _staff(founding, decisions, month, state, product):
    """Let people leave, mature, be hired and be let go; returns how many were hired or let go."""
    hungry = 1 - state.fed
    state.mature = state.mature * (1 - founding.quits - founding.quits_hungry * hungry) + state.classes[-1]
    state.classes = np.roll(state.classes, 1, axis=0)
    state.classes[0] = 0
    wanted = _wanted(founding, decisions, month, state, product)
    reps = state.mature + state.classes.sum(axis=0)
    stay = np.where(reps > 1.3 * wanted, wanted / np.maximum(reps, 1e-9), 1).astype(np.float32)
    state.mature, state.classes = state.mature * stay, state.classes * stay
    hired = np.maximum(wanted - reps, 0) * state.alive
    state.classes[0] = hired
    return hired + reps * (1 - stay)


def _wanted(founding, decisions, month, state, product):
    """The team that the schedule allows: none, the first two, or what leads can feed."""
    team, needs_product, needs_play, share = (getattr(decisions, name)[month].astype(np.float32) for name in ("team", "product", "play", "fed"))
    waits = share * np.float32(founding.leads_per_rep)
    fed = np.minimum(np.where(waits > 0, state.steady / np.maximum(waits, np.float32(1e-9)), team), team)
    pioneers = np.minimum(np.float32(PIONEERS), team)
    ready = np.where(state.play >= needs_play, np.maximum(fed, pioneers), pioneers)
    return np.where(product >= needs_product, ready, 0) * state.alive


def _signed(wins, spread, luck, month):
    """Deals signed, in mean fees: a gamma draw of this mean, by Wilson and Hilferty's cube."""
    if luck is None:
        return wins
    narrow = np.minimum((1 + spread**2) / np.maximum(9 * wins, 1e-9), 0.25).astype(np.float32)
    root = np.maximum(1 - narrow + luck.deals[month] * np.sqrt(narrow), 0)
    return wins * (root * root * root)


def _renew(founding, month, state, product, new):
    """What is due is renewed, kept according to the product as it is now; the new fees fall due a year on."""
    place = month % YEAR
    kept = founding.kept_unready + (founding.kept_ready - founding.kept_unready) * product
    renewed = state.due[place] * kept
    state.arr = state.arr - state.due[place] + renewed + new
    state.due[place] = renewed + new
    return renewed


def _bury(state) -> None:
    """Where the money is gone the company ends."""
    state.alive = state.alive * (state.cash > 0)
    for name in ("mature", "classes", "arr", "due"):
        setattr(state, name, getattr(state, name) * state.alive)


def _write(out, month, **figures) -> None:
    for name, values in figures.items():
        getattr(out, name)[month] = values


# --- what the paths say -------------------------------------------------------------------------------------------------------


def together(founding: Founding, schedules: Sequence[Schedule], *, luck: Luck) -> list[Paths]:
    """Several schedules over the same luck: what :func:`simulate` gives for each, run side by side because that is quicker.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), paths=20)
    >>> both = together(Founding(), [schedule("right order"), schedule("closed doors")], luck=luck)
    >>> bool((both[1].cash == simulate(Founding(), schedule("closed doors"), luck=luck).cash).all())
    True
    """
    found, at_once = [], max(1, 8000 // luck.paths)
    for first in range(0, len(schedules), at_once):
        few = schedules[first:first + at_once]
        wide = Schedule(*(np.repeat(np.stack([getattr(one, name) for one in few], axis=1), luck.paths, axis=1) for name in COLUMNS))
        tiled = Luck(*(np.tile(draws, (1, len(few))) for draws in (luck.leads, luck.deals, luck.pace)))
        paths = simulate(founding, wide, luck=tiled)
        parts = [np.split(values, len(few), axis=1) for values in vars(paths).values()]
        found += [Paths(*part) for part in zip(*parts)]
    return found


def needs(founding: Founding, schedules: Sequence[Schedule], *, luck: Luck) -> np.ndarray:
    """The money that each future of each schedule needs so that cash never runs out; shape (schedules, paths).

    Every schedule is run with money without end; what a future needs is the deepest point of its balance below the start. So a
    company that starts with more than that survives, and one that starts with less does not.

    Examples
    --------
    >>> calm = Founding(core_cost=100, lead_cost=0, win_rate=0)
    >>> luck = draw_luck(np.random.default_rng(1), months=6, paths=2)
    >>> needs(calm, [schedule("leads do not follow", months=6)], luck=luck)
    array([[600., 600.]])
    """
    rich = replace(founding, cash=1e4 * (founding.core_cost + founding.price))
    balance = [np.cumsum(paths.cash_in.astype(float) - paths.cash_out, axis=0) for paths in together(rich, schedules, luck=luck)]
    return np.stack([np.maximum(-line.min(axis=0), 0) for line in balance])


def money_needed(founding: Founding, *, luck: Luck, share: float = 0.9, order="right order") -> float:
    """The money with which an order comes through in a given share of all futures: that quantile of what they need.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), paths=500)
    >>> enough = replace(Founding(), cash=money_needed(Founding(), luck=luck))
    >>> simulate(enough, schedule("right order"), luck=luck).survive
    0.9
    """
    check_share("share", share)
    needed = needs(founding, [schedule(order, months=luck.months)], luck=luck)[0]
    return float(np.quantile(needed, share, method="inverted_cdf") * (1 + 1e-6) + 1e-6)


def trend(values: np.ndarray, months: int = 3) -> np.ndarray:
    """Mean of the last ``months`` at each month, fewer at the start; same shape.

    Examples
    --------
    >>> trend(np.array([[3.0], [0], [0], [0]]))[:, 0]
    array([3. , 1.5, 1. , 0. ])
    """
    total = np.cumsum(values, axis=0, dtype=float)
    total[months:] = total[months:] - total[:-months]
    count = np.minimum(np.arange(1, len(values) + 1), months)
    return total / count[:, None]


def runway(paths: Paths) -> np.ndarray:
    """Months that the cash of each month lasts at the mean burn of the last three; infinite where nothing is burnt.

    Examples
    --------
    >>> paths = simulate(Founding(core_cost=100, lead_cost=0, win_rate=0, cash=1200), schedule("right order", months=6))
    >>> runway(paths)[:, 0].round(1)
    array([11., 10.,  9.,  8.,  7.,  6.])
    """
    burn = trend(paths.cash_out - paths.cash_in)
    return np.where(burn > 0, np.maximum(paths.cash, 0) / np.where(burn > 0, burn, 1), np.inf)


def alarm(paths: Paths, *, left: float = 6.0) -> np.ndarray:
    """The first month in which less than ``left`` months of cash are left, infinite where there is none; shape (paths,).

    Examples
    --------
    >>> alarm(simulate(Founding(core_cost=100, lead_cost=0, win_rate=0, cash=1250), schedule("right order", months=12))).tolist()
    [7.0]
    """
    low = runway(paths) < left
    return np.where(low.any(axis=0), np.argmax(low, axis=0) + 1.0, np.inf)


def middle_death(paths: Paths) -> int:
    """The future that ends in the middle of those that end; the first one where none does.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), paths=50)
    >>> paths = simulate(replace(Founding(), cash=1e7), schedule("sales too early"), luck=luck)
    >>> bool(np.isfinite(paths.end[middle_death(paths)]))
    True
    """
    ends = paths.end
    dying = np.flatnonzero(np.isfinite(ends))
    return int(dying[np.argsort(ends[dying], kind="stable")[len(dying) // 2]]) if dying.size else 0


LINKS = ("product", "play", "leads", "reps", "cash")


def binding(paths: Paths) -> np.ndarray:
    """The first link of the chain that is not ready, month by month: product, play, then leads or reps; cash once it is gone.

    Product and play count as ready from :data:`READY` on. With both ready, leads bind where fewer come than could be worked, and
    salespeople otherwise.

    Returns
    -------
    array of str, shape (months, paths)

    Examples
    --------
    >>> held = binding(simulate(Founding(), schedule("right order")))[:, 0]
    >>> [str(held[month - 1]) for month in (3, 10, 20)]
    ['product', 'play', 'reps']
    """
    gone = paths.cash <= 0
    unmet = [gone, paths.product < READY, paths.play < READY, paths.leads < paths.capacity]
    return np.select(unmet, ["cash", "product", "play", "leads"], "reps")


def events(paths: Paths, *, path: int = 0) -> list[tuple[int, str, str]]:
    """What people in a company would have noticed, in order: month, what happened, and the link that it seems to point at.

    Noticed are: readiness reached, a team that grows or shrinks by a quarter within a month or a fifth within three, a runway
    below six months, and the end of the money.

    Examples
    --------
    >>> events(simulate(Founding(), schedule("sales too early")))[0]
    (5, 'salespeople are hired', 'reps')
    """
    reps, left = paths.reps[:, path].astype(float), runway(paths)[:, path]
    before = np.concatenate([[0.0], reps[:-1]])
    quarter = np.concatenate([np.zeros(3), paths.mature[:-3, path]])
    quit_ = (paths.mature[:, path] < 0.85 * quarter) & (quarter >= 2)
    found = [(paths.product[:, path] >= READY, "the product is ready", "product"), (paths.play[:, path] >= READY, "the play is ready", "play"),
             (reps > np.maximum(1.25 * before, before + 0.9), "salespeople are hired", "reps"), (quit_, "salespeople leave", "reps"),
             (left < 6, "less than six months of cash", "cash"), (paths.cash[:, path] <= 0, "the money is gone", "cash")]
    seen = [(int(month) + 1, what, link) for mask, what, link in found for month in _beginnings(mask)]
    end = paths.end[path]
    return sorted(row for row in seen if row[0] <= end)


def _beginnings(mask: np.ndarray) -> np.ndarray:
    """Where a run of true values begins."""
    return np.flatnonzero(mask & ~np.concatenate([[False], mask[:-1]]))


def blamed(paths: Paths, *, path: int = 0) -> np.ndarray:
    """The link that the last event before or in each month points at: the reading of somebody who blames what happened last.

    Returns
    -------
    array of str, shape (months,); "product" until something has happened.

    Examples
    --------
    >>> str(blamed(simulate(Founding(), schedule("sales too early")))[5])
    'reps'
    """
    out = np.full(len(paths.cash), LINKS[0], dtype="U8")
    for month, _, link in events(paths, path=path):
        out[month - 1:] = link
    return out


# --- the last month at which it could be saved -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rescue:
    """Until when an order could still be left for another one.

    Parameters
    ----------
    needed : array of shape (months, paths)
        The money that each future needs when the change comes in month 1, 2, ...
    cash : float
        The money there is.
    """

    needed: np.ndarray
    cash: float

    @property
    def saved(self) -> np.ndarray:
        """Whether cash never runs out, by month of the change and future."""
        return self.needed < self.cash

    @property
    def share(self) -> np.ndarray:
        """Share of the futures that are saved, by month of the change."""
        return self.saved.mean(axis=1)

    @property
    def last(self) -> np.ndarray:
        """For each future the last month at which the change saves it, as every earlier one does; 0 where none does."""
        return np.logical_and.accumulate(self.saved, axis=0).sum(axis=0)

    def month(self, share: float = 0.5) -> int:
        """The last month at which the change still saves at least this share of all futures; 0 where even the first does not.

        Examples
        --------
        >>> Rescue(np.array([[1.0, 1], [1, 3], [3, 3]]), cash=2).month(0.5)
        2
        """
        return int(np.logical_and.accumulate(self.share >= share - 1e-9).sum())

    def spread(self, level: float = 0.8) -> tuple[int, int]:
        """The months between which the last moment lies in ``level`` of all futures."""
        tail = (1 - level) / 2
        low, high = np.quantile(self.last, [tail, 1 - tail], method="inverted_cdf")
        return int(low), int(high)


def rescue(founding: Founding, order, *, luck: Luck, to="right order") -> Rescue:
    """Try every month of a change from one order to another, over the same futures.

    From the month of the change on the decisions are those of ``to``: what is not ready is waited for again, and who is too many
    goes. Saved means that cash never runs out within the months of ``luck``.

    Parameters
    ----------
    order, to : str or rows
        As in :func:`schedule`.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), paths=200)
    >>> enough = replace(Founding(), cash=money_needed(Founding(), luck=luck))
    >>> 3 < rescue(enough, "sales too early", luck=luck).month(0.5) < 30
    True
    """
    wrong, right = (schedule(rows, months=luck.months) for rows in (order, to))
    changed = [wrong.then(right, month) for month in range(1, luck.months + 1)]
    return Rescue(needs(founding, changed, luck=luck), founding.cash)


# --- a rebuild ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rebuild:
    """Tearing down and building again, in months of a head's work.

    Parameters
    ----------
    months_still : float
        Months in which nothing is produced.
    months_back : float
        Months in which output climbs in a straight line to its new height.
    leaving : float
        Share of the heads who leave over it.
    months_to_replace : float
        How much later than the others the place of somebody who leaves is back at work.
    """

    months_still: float
    months_back: float
    leaving: float = 0.0
    months_to_replace: float = 0.0

    def __post_init__(self):
        for name in ("months_still", "months_back", "months_to_replace"):
            check_not_negative(name, getattr(self, name))
        check_share("leaving", self.leaving)

    @property
    def lost(self) -> float:
        """Productive months lost for each head: ``months_still + months_back / 2 + leaving * months_to_replace``.

        Examples
        --------
        >>> Rebuild(2, 4, leaving=0.2, months_to_replace=5).lost
        5.0
        """
        return self.months_still + self.months_back / 2 + self.leaving * self.months_to_replace

    def cost(self, heads: float, output: float) -> float:
        """What is not produced: heads x months lost x output of a head in a month.

        Examples
        --------
        >>> Rebuild(2, 4).cost(heads=10, output=50_000)
        2000000.0
        """
        return heads * self.lost * output

    def gain_needed(self, months: float, *, steady: float = 0.0) -> float:
        """The share by which output must rise for the rebuild to have paid after ``months``, against not rebuilding.

        ``(1 + g) (H - L) = H`` gives ``g = L / (H - L)``, with the months lost L and the horizon H. Where steady work would have
        raised output by ``steady`` a month, H on the right is ``((1 + s)**H - 1) / s``. Infinite where nothing is left to earn it in.

        Examples
        --------
        >>> round(Rebuild(2, 4).gain_needed(24), 3), round(Rebuild(2, 4).gain_needed(24, steady=0.01), 3)
        (0.2, 0.349)
        """
        check_positive("months", months)
        without = months if steady == 0 else float(np.expm1(months * np.log1p(steady))) / steady
        return without / (months - self.lost) - 1 if months > self.lost else float("inf")

    def output(self, months: int, gain: float = 0.0) -> np.ndarray:
        """Output of a head by month, 1 before the rebuild: nothing, then a straight line up to ``1 + gain``, later where somebody left.

        Over enough whole months it adds up to ``(1 + gain) * (months - lost)``.

        Examples
        --------
        >>> Rebuild(1, 2).output(4, 0.2).tolist()
        [0.0, 0.3, 0.9, 1.2]
        """
        def climb(late):
            return np.clip((np.arange(months) + 0.5 - self.months_still - late) / max(self.months_back, 1e-9), 0, 1)
        seats = (1 - self.leaving) * climb(0) + self.leaving * climb(self.months_to_replace)
        return ((1 + gain) * seats).round(12)
