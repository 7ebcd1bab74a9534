"""How sure a plan is: bands from the intervals of its drivers, and the driver that is most worth knowing better.

Drivers are drawn independently of one another. A measured one is normal on either side of its value, with its interval read
as 95%; a guess is triangular between its ends, which are taken as all that is possible. Drivers that move together (price
and win rate, say) make the true band wider or narrower than this one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helpers.models.plan import Driver, Drivers, Schedule, about, as_arrays, by_quarter, cash_out, names, run

Z95 = 1.959963984540054
OUTCOMES = ("arr", "heads", "cash")


@dataclass(frozen=True)
class Band:
    """One figure by quarter over all draws: arrays of shape (8,)."""

    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Spread:
    """Bands of a plan.

    Parameters
    ----------
    arr, heads, cash : Band
    runs_out_share : float
        Share of the draws in which the money is gone within the 24 months.
    lowest_cash : array of shape (draws,)
    draws : dict
        The draws themselves, each of shape (8, draws).
    level : float
    """

    arr: Band
    heads: Band
    cash: Band
    runs_out_share: float
    lowest_cash: np.ndarray
    draws: dict
    level: float


def luck(rng: np.random.Generator, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal and uniform numbers, one for each driver and draw: the same luck can be used for several plans."""
    shape = (len(names()), draws)
    return rng.standard_normal(shape), rng.random(shape)


def draw(driver: Driver, normal: np.ndarray, uniform: np.ndarray, *, most: float = np.inf, least: float = 0.0) -> np.ndarray:
    """A driver's draws, kept between ``least`` and ``most``.

    Measured: ``value + z * (high - value) / 1.96`` above the value and the same with ``low`` below it, so that the value is the
    median. Guess: triangular(low, value, high), by its inverse.

    Examples
    --------
    >>> draw(Driver(0.8, 0.7, 0.85, guess=False), np.array([-Z95, 0.0, Z95]), np.zeros(3)).round(6).tolist()
    [0.7, 0.8, 0.85]
    >>> draw(Driver(1.0, 0.0, 2.0), np.zeros(3), np.array([0.0, 0.5, 1.0])).tolist()
    [0.0, 1.0, 2.0]
    """
    low, high = driver.ends
    if low == high:
        return np.full(normal.shape, driver.value)
    if driver.guess:
        rise, fall, wide = driver.value - low, high - driver.value, high - low
        drawn = np.where(uniform * wide < rise, low + np.sqrt(uniform * wide * rise), high - np.sqrt((1 - uniform) * wide * fall))
    else:
        drawn = driver.value + normal * np.where(normal > 0, high - driver.value, driver.value - low) / Z95
    return np.clip(drawn, least, most)


def _one(driver: Driver, name: str, chance) -> np.ndarray:
    """One driver's draws, within the limits of its unit."""
    i, facts = names().index(name), about(name)
    least = -np.inf if name == "opening_cash" else driver.ends[0] / 10 if facts["positive"] else 0.0
    return draw(driver, chance[0][i], chance[1][i], most=facts["most"], least=least)


def _drawn(drivers: Drivers, chance) -> dict[str, np.ndarray]:
    return {name: _one(getattr(drivers, name), name, chance) for name in names()}


def _figures(values, schedule) -> tuple[dict, np.ndarray]:
    months = run(as_arrays(values), schedule)
    few = {name: months[name] for name in ("arr", "heads", "cash")}
    return {name: series[2::3] for name, series in few.items()}, months["cash"]


def spread(drivers: Drivers, schedule: Schedule | None = None, *, rng: np.random.Generator, draws: int = 2000,
           level: float = 0.9) -> Spread:
    """The bands of a plan: quantiles over plans whose drivers are drawn from their intervals.

    Parameters
    ----------
    rng : numpy Generator
        Seeded by the caller, so that the same plan gives the same band.
    draws : int
    level : float
        Share of the draws within the band, quarter by quarter.

    Examples
    --------
    >>> from helpers.models.plan import default_drivers
    >>> guesses = default_drivers({"mid": 1e7}, customers=100, cash=5e6)
    >>> seen = spread(guesses, rng=np.random.default_rng(7), draws=500)
    >>> bool((seen.arr.low < seen.arr.middle).all() and (seen.arr.middle < seen.arr.high).all())
    True
    """
    return _spread(drivers, schedule or Schedule(), luck(rng, draws), level)


def _spread(drivers, schedule, chance, level):
    values = _drawn(drivers, chance)
    figures, cash = _figures(values, schedule)
    ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
    bands = {name: Band(*np.quantile(figures[name], ends, axis=1)) for name in OUTCOMES}
    out = ~np.isnan(cash_out(cash, values["opening_cash"]))
    return Spread(**bands, runs_out_share=float(out.mean()), lowest_cash=cash.min(axis=0), draws=figures, level=level)


@dataclass(frozen=True)
class Reach:
    """What one driver does to the outcome by itself: the plan with it at its low end and at its high end."""

    name: str
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """Distance between the two."""
        return abs(self.at_high - self.at_low)


def _uncertain(drivers):
    return [name for name in names() if getattr(drivers, name).ends[0] < getattr(drivers, name).ends[1]]


def _last(values, schedule, outcome):
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome is {outcome!r}: it must be one of {', '.join(OUTCOMES)}")
    return _figures(values, schedule)[0][outcome][-1]


def one_at_a_time(drivers: Drivers, schedule: Schedule | None = None, *, outcome: str = "cash") -> list[Reach]:
    """The outcome at the end of quarter 8 with each driver at its low and its high end, the others at their values.

    Returns
    -------
    list of Reach
        Widest first; drivers that are certain are left out.

    Examples
    --------
    >>> from helpers.models.plan import default_drivers
    >>> guesses = default_drivers({"mid": 1e7}, customers=100, cash=5e6)
    >>> one_at_a_time(guesses, outcome="arr")[0].width > 0
    True
    """
    moving = _uncertain(drivers)
    values = {name: np.full(2 * len(moving) + 1, value) for name, value in drivers.values().items()}
    for i, name in enumerate(moving):
        values[name][2 * i:2 * i + 2] = getattr(drivers, name).ends
    seen = _last(values, schedule or Schedule(), outcome)
    return sorted((Reach(name, float(seen[2 * i]), float(seen[2 * i + 1])) for i, name in enumerate(moving)), key=lambda r: -r.width)


def all_at_once(drivers: Drivers, schedule: Schedule | None = None, *, outcome: str = "cash") -> tuple[float, float]:
    """The outcome of quarter 8 with every driver at its worst end, and with every one at its best: a band that is too wide.

    That all go wrong together is far less likely than that any one does; :func:`spread` is the honest band.

    Examples
    --------
    >>> from helpers.models.plan import default_drivers
    >>> guesses = default_drivers({"mid": 1e7}, customers=100, cash=5e6)
    >>> worst, best = all_at_once(guesses, outcome="arr")
    >>> band = spread(guesses, rng=np.random.default_rng(7), draws=500).arr
    >>> bool(worst < band.low[-1] and band.high[-1] < best)
    True
    """
    ends = {"worst": dict(drivers.values()), "best": dict(drivers.values())}
    for reach in one_at_a_time(drivers, schedule, outcome=outcome):
        low, high = getattr(drivers, reach.name).ends
        ends["best"][reach.name] = high if reach.at_high >= reach.at_low else low
        ends["worst"][reach.name] = low if reach.at_high >= reach.at_low else high
    values = {name: np.array([ends["worst"][name], ends["best"][name]]) for name in names()}
    worst, best = _last(values, schedule or Schedule(), outcome)
    return float(worst), float(best)


@dataclass(frozen=True)
class Worth:
    """How much narrower the band of the outcome gets when one driver is known twice as well."""

    name: str
    width_before: float
    width_after: float

    @property
    def gain(self) -> float:
        """Narrower by so much; about 0, and by chance a little below it, where the driver does not matter."""
        return self.width_before - self.width_after


def worth_knowing(drivers: Drivers, schedule: Schedule | None = None, *, rng: np.random.Generator, outcome: str = "cash",
                  draws: int = 1000, level: float = 0.9) -> list[Worth]:
    """The drivers in the order in which better knowledge of them is worth most.

    Each driver's interval is halved in its turn, with the same luck, and the band of the outcome at the end of quarter 8 is
    taken again. For cash the gain is money that need not be held, or raised, against the plan's uncertainty.

    Returns
    -------
    list of Worth
        Greatest gain first; drivers that are certain are left out.

    Examples
    --------
    >>> from helpers.models.plan import default_drivers
    >>> guesses = replace(default_drivers({"mid": 1e7}, customers=100, cash=5e6), opening_cash=Driver(5e6, 0, 5e8))
    >>> worth_knowing(guesses, rng=np.random.default_rng(7), draws=300)[0].name
    'opening_cash'
    """
    schedule, chance, ends = schedule or Schedule(), luck(rng, draws), [(1 - level) / 2, (1 + level) / 2]
    values = _drawn(drivers, chance)

    def width(some):
        low, high = np.quantile(_last(some, schedule, outcome), ends)
        return float(high - low)

    whole, seen = width(values), []
    for name in _uncertain(drivers):
        halved = _one(getattr(drivers, name).halved(), name, chance)
        seen.append(Worth(name, whole, width({**values, name: halved})))
    return sorted(seen, key=lambda worth: -worth.gain)
