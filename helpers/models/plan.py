"""The plan of eight quarters: what a company's drivers make of its ARR, heads, cash and runway.

Months are counted from 1 and each belongs to a quarter; money is in units of the currency, shares are fractions, and rates
are yearly where their name says so. Renewals are the amount due times the target rate; new ARR is what the mature reps can
sign or what the leads hold, whichever is less, and never the sum of the two (both rules are Wu Hao's, from readers' notes on
his book; how they are joined here, month by month, is ours). What the plan leaves out: the season, contracts longer than a
year that are signed within the plan, taxes, interest, and customers who pay late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

SIZES = ("small", "mid", "large")
QUARTERS, MONTHS, YEAR = 8, 24, 12
DEPARTMENTS = ("sales", "marketing", "success", "rnd", "admin")
COSTS = ("sales", "marketing", "success", "rnd", "admin", "serving", "other")


@dataclass(frozen=True)
class Driver:
    """One driver: a value, how sure it is, and where it comes from.

    Parameters
    ----------
    value : float
    low, high : float, optional
        The interval; without one the driver is taken as certain.
    source : str
        Where it was measured, or who says so.
    as_of : str
        The last day of the data it was measured on.
    guess : bool
        True where nothing was measured.
    n : int, optional
        How many it was counted over.

    Raises
    ------
    ValueError
        When the value is no number, or lies outside its interval.

    Examples
    --------
    >>> Driver(0.8, 0.75, 0.84, source="chapter 37", as_of="2025-12-31", guess=False).value
    0.8
    """

    value: float
    low: float | None = None
    high: float | None = None
    source: str = ""
    as_of: str = ""
    guess: bool = True
    n: int | None = None

    def __post_init__(self):
        if not math.isfinite(self.value):
            raise ValueError(f"a driver needs a number, and this one is {self.value}: measure it, or write your guess")
        for end, name in ((self.low, "low"), (self.high, "high")):
            if end is not None and not math.isfinite(end):
                object.__setattr__(self, name, None)
        low, high = self.ends
        if not low <= self.value <= high:
            raise ValueError(f"the value {self.value:g} lies outside its interval, {low:g} to {high:g}: the order is value, low, high")

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high; the value itself where there is no interval."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)

    def halved(self) -> Driver:
        """The same driver known twice as well: each end half as far from the value."""
        low, high = self.ends
        return replace(self, low=(low + self.value) / 2, high=(high + self.value) / 2)


def _driver(label: str, unit: str, *, most: float = math.inf, positive: bool = False):
    return field(metadata={"label": label, "unit": unit, "most": most, "positive": positive})


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """All drivers of the plan; a plain number stands for a driver that is certain.

    Every field is a :class:`Driver`; :func:`about` gives its label, unit and limits. ``_share`` is a fraction, ``_per_month``
    and ``_per_year`` are money or rates in that time, ``_count`` are heads, ``_months`` months.

    Raises
    ------
    ValueError
        When a driver or its interval lies outside what its unit allows.
    """

    opening_arr_small: Driver = _driver("ARR at the start, small customers", "money")
    opening_arr_mid: Driver = _driver("ARR at the start, mid customers", "money")
    opening_arr_large: Driver = _driver("ARR at the start, large customers", "money")
    renewal_share_small: Driver = _driver("share of the amount due that small customers renew, without add-ons", "share", most=1)
    renewal_share_mid: Driver = _driver("share of the amount due that mid customers renew, without add-ons", "share", most=1)
    renewal_share_large: Driver = _driver("share of the amount due that large customers renew, without add-ons", "share", most=1)
    expansion_share_per_year_small: Driver = _driver("growth of small customers in a year, as a share of their ARR", "share", most=3)
    expansion_share_per_year_mid: Driver = _driver("growth of mid customers in a year, as a share of their ARR", "share", most=3)
    expansion_share_per_year_large: Driver = _driver("growth of large customers in a year, as a share of their ARR", "share", most=3)
    new_arr_share_small: Driver = _driver("part of new ARR from small customers (the three are scaled to 1)", "share", most=1)
    new_arr_share_mid: Driver = _driver("part of new ARR from mid customers", "share", most=1)
    new_arr_share_large: Driver = _driver("part of new ARR from large customers", "share", most=1)
    reps_mature_count: Driver = _driver("mature reps at the start", "count")
    reps_ramping_count: Driver = _driver("reps still learning at the start, taken as hired on the first day", "count")
    rep_output_per_month: Driver = _driver("new ARR that a mature rep signs in a month", "money")
    ramp_months: Driver = _driver("months until a hired rep is mature", "months", most=MONTHS)
    class_kept_share: Driver = _driver("share of a hiring class that becomes mature", "share", most=1)
    rep_loss_share_per_year: Driver = _driver("share of mature reps who leave in a year", "share", most=1)
    leads_per_month: Driver = _driver("leads in the first month", "count")
    lead_growth_share_per_year: Driver = _driver("growth of leads in a year", "share", most=10)
    lead_win_share: Driver = _driver("share of leads that sign in the end", "share", most=1)
    cycle_months: Driver = _driver("months from lead to signature", "months", most=MONTHS)
    price_per_year: Driver = _driver("first-year fee of a new customer", "money")
    self_serve_share: Driver = _driver("share of what the leads hold that signs without a rep", "share", most=1)
    cost_per_lead: Driver = _driver("money spent directly on a lead", "money")
    commission_share: Driver = _driver("commission on new ARR", "share", most=1)
    rep_cost_per_month: Driver = _driver("cost of a rep in a month, without commission", "money")
    support_per_rep_ratio: Driver = _driver("others in the sales department (SDR, managers, operations) for each rep", "ratio")
    support_cost_per_month: Driver = _driver("cost of one of them in a month", "money")
    marketing_heads_count: Driver = _driver("people in marketing at the start", "count")
    marketing_growth_share_per_year: Driver = _driver("growth of marketing in a year", "share", most=10)
    marketing_cost_per_month: Driver = _driver("cost of one person in marketing in a month", "money")
    arr_per_success_head: Driver = _driver("ARR that one person in customer success looks after", "money", positive=True)
    success_cost_per_month: Driver = _driver("cost of one person in customer success in a month", "money")
    rnd_heads_count: Driver = _driver("people in R&D at the start", "count")
    rnd_growth_share_per_year: Driver = _driver("growth of R&D in a year", "share", most=10)
    rnd_cost_per_month: Driver = _driver("cost of one person in R&D in a month", "money")
    admin_heads_count: Driver = _driver("people in administration at the start", "count")
    admin_growth_share_per_year: Driver = _driver("growth of administration in a year", "share", most=10)
    admin_cost_per_month: Driver = _driver("cost of one person in administration in a month", "money")
    serving_cost_share: Driver = _driver("hosting and bought services, as a share of revenue", "share", most=2)
    other_cost_per_month: Driver = _driver("all other costs in a month", "money")
    billed_yearly_share: Driver = _driver("share of fees paid for a year in advance; the rest is paid monthly", "share", most=1)
    opening_cash: Driver = _driver("money in the bank at the start", "money")

    def __post_init__(self):
        for name in names():
            driver = getattr(self, name)
            if not isinstance(driver, Driver):
                driver = Driver(float(driver), guess=False)
                object.__setattr__(self, name, driver)
            for end in (driver.value, *driver.ends):
                _check(name, end)

    def values(self) -> dict[str, float]:
        """The drivers' values by name."""
        return {name: getattr(self, name).value for name in names()}


def names() -> list[str]:
    """The names of all drivers, in the order of the plan."""
    return [one.name for one in fields(Drivers)]


def about(name: str) -> dict:
    """Label, unit and limits of a driver.

    Raises
    ------
    KeyError
        When the plan has no such driver.

    Examples
    --------
    >>> about("ramp_months")["label"]
    'months until a hired rep is mature'
    """
    found = {one.name: one.metadata for one in fields(Drivers)}
    if name not in found:
        near = get_close_matches(str(name), found, 1)
        raise KeyError(f"the plan has no driver {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return dict(found[name])


def _check(name: str, value: float) -> None:
    facts = about(name)
    if name == "opening_cash":
        return
    if facts["positive"]:
        check_positive(name, value)
    elif facts["most"] < math.inf:
        check_share(name, value, most=facts["most"])
    else:
        check_not_negative(name, value)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is known by date, and what is decided: no intervals here.

    Parameters
    ----------
    starts_on : str
        First day of the plan.
    due_share : dict, optional
        Size -> the share of its opening ARR that falls due in each of 8 quarters or 24 months; by default a twelfth in each
        month of the first year. What was signed or renewed within the plan falls due a year later by itself.
    reps_hired : sequence of 8 or 24
        Reps hired; a quarter's class starts on its first day.
    renewal_lift : sequence of 8
        Points added to every size's renewal share in each quarter: a target above or below what was measured.
    round_amount, round_quarter : float, int
        Money raised, and the quarter (1 to 8) on whose first day it arrives; 0 for none.
    """

    starts_on: str = ""
    due_share: dict | None = None
    reps_hired: tuple = (0,) * QUARTERS
    renewal_lift: tuple = (0.0,) * QUARTERS
    round_amount: float = 0.0
    round_quarter: int = 0

    def __post_init__(self):
        for size, shares in (self.due_share or {}).items():
            if size not in SIZES or min(shares) < 0 or sum(shares) > 1 + 1e-9:
                raise ValueError(f"due_share of {size!r} must be shares from 0 that add up to 1 at most, for one of {', '.join(SIZES)}")
        if self.round_amount and not 1 <= self.round_quarter <= QUARTERS:
            raise ValueError(f"round_quarter is {self.round_quarter}: money that is raised arrives in a quarter from 1 to {QUARTERS}")
        if len(self.renewal_lift) != QUARTERS or min(self.hires) < 0:
            raise ValueError("renewal_lift needs 8 numbers, and reps_hired numbers of 0 or more")

    @property
    def hires(self) -> np.ndarray:
        """Reps hired at the start of each of 24 months."""
        if len(self.reps_hired) == MONTHS:
            return np.asarray(self.reps_hired, float)
        if len(self.reps_hired) != QUARTERS:
            raise ValueError(f"reps_hired has {len(self.reps_hired)} numbers: give one for each of 8 quarters or 24 months")
        return np.kron(np.asarray(self.reps_hired, float), [1.0, 0.0, 0.0])

    @property
    def due(self) -> np.ndarray:
        """Share of each size's opening ARR due in each month, shape (3, 24)."""
        given = {size: np.asarray(shares, float) for size, shares in (self.due_share or {}).items()}
        spread = {size: np.repeat(shares / 3, 3) if len(shares) == QUARTERS else shares for size, shares in given.items()}
        usual = np.where(np.arange(MONTHS) < YEAR, 1 / YEAR, 0.0)
        return np.stack([spread.get(size, usual) for size in SIZES])


@dataclass(frozen=True)
class Plan:
    """A plan: every figure by month (shape (24,)) and by quarter (shape (8,)).

    Parameters
    ----------
    drivers, schedule
        What it was made from.
    months, quarters : dict of arrays
        Stocks (ARR, heads, cash) at the end, flows within. ``quarters`` also has gross_margin and runway_months.
    binding : tuple of 8 str
        "reps" or "leads": what held new ARR back in most months of the quarter.
    """

    drivers: Drivers
    schedule: Schedule
    months: dict
    quarters: dict
    binding: tuple[str, ...]

    @property
    def arr(self) -> np.ndarray:
        """ARR at the end of each quarter."""
        return self.quarters["arr"]

    @property
    def heads(self) -> np.ndarray:
        """People at the end of each quarter."""
        return self.quarters["heads"]

    @property
    def cash(self) -> np.ndarray:
        """Money in the bank at the end of each quarter."""
        return self.quarters["cash"]

    @property
    def runway_months(self) -> np.ndarray:
        """Cash at the end of each quarter over its mean monthly burn; infinite where nothing is burnt, 0 where none is left."""
        return self.quarters["runway_months"]

    @property
    def cash_out_month(self) -> float:
        """Months from the start until the money is gone, within the 24 of the plan; NaN where it lasts."""
        return float(cash_out(self.months["cash"][:, None], np.array([self.drivers.opening_cash.value]))[0])

    def rows(self) -> list[dict]:
        """One dict for each quarter, for a table."""
        return [{"quarter": q + 1, **{name: float(values[q]) for name, values in self.quarters.items()}, "binding": self.binding[q]}
                for q in range(QUARTERS)]


def plan(drivers: Drivers, schedule: Schedule | None = None) -> Plan:
    """The plan that drivers give.

    By month and size: ``due = opening ARR due + what was signed or renewed a year before``; ``renewed = due * renewal share``;
    ``ARR at the end = ARR + new + expansion - (due - renewed)``. New: the lesser of ``mature reps * output`` and ``leads of one
    cycle ago * win share * price``. Cash: ``+ fees collected - costs + round``.

    Examples
    --------
    The worked case of replication: 4,000,000 a month at 80,000 for each mature rep are 50 mature reps. Of 60 hired on the
    first day half are kept, after three months, beside 20 who are there.

    >>> seen = plan(replace(default_drivers({"mid": 1e8}, customers=1000, cash=0), reps_mature_count=20, reps_ramping_count=0,
    ...             rep_output_per_month=80_000, ramp_months=3, class_kept_share=0.5, rep_loss_share_per_year=0),
    ...             Schedule(reps_hired=(60, 0, 0, 0, 0, 0, 0, 0)))
    >>> [float(seen.months["reps_mature"][month]) for month in (2, 3)], float(seen.months["capacity"][3])
    ([20.0, 50.0], 4000000.0)
    """
    schedule = schedule or Schedule()
    months = {name: series[:, 0] for name, series in run(as_arrays(drivers.values()), schedule).items()}
    quarters = {name: series[:, 0] for name, series in by_quarter({k: v[:, None] for k, v in months.items()}).items()}
    held = months["bound_by_reps"].reshape(QUARTERS, 3).sum(axis=1) >= 2
    return Plan(drivers, schedule, months, quarters, tuple("reps" if by_reps else "leads" for by_reps in held))


def as_arrays(values: dict) -> dict[str, np.ndarray]:
    """Every driver as an array of the same length, which is the number of draws."""
    longest = max(np.size(value) for value in values.values())
    return {name: np.broadcast_to(np.asarray(value, float), (longest,)) for name, value in values.items()}


def run(v: dict[str, np.ndarray], schedule: Schedule) -> dict[str, np.ndarray]:
    """All figures by month, each of shape (24, draws), from drivers of shape (draws,)."""
    team, market = _team(v, schedule), _market(v)
    demand = (1 - v["self_serve_share"]) * market["demand"]
    new = np.minimum(team["capacity"], demand) + v["self_serve_share"] * market["demand"]
    book = _book(v, schedule, new)
    people = _people(v, team, book)
    money = _money(v, schedule, {**team, **market, **book, **people})
    return {**team, **market, "bound_by_reps": (team["capacity"] < demand).astype(float), **book, **people, **money}


def _grown(start, yearly, months):
    """A quantity that grows by a yearly share, in each of 24 months, ``months`` later than the start."""
    return start * (1 + yearly) ** ((np.arange(MONTHS)[:, None] + months) / YEAR)


def _market(v):
    leads = _grown(v["leads_per_month"], v["lead_growth_share_per_year"], 0)
    signing = _grown(v["leads_per_month"], v["lead_growth_share_per_year"], -v["cycle_months"])
    return {"leads": leads, "demand": signing * v["lead_win_share"] * v["price_per_year"]}


def _team(v, schedule):
    """Classes ramp as a whole: all are paid until they are mature, then those who are not kept go."""
    draws = np.arange(len(v["ramp_months"]))
    hired = np.repeat(schedule.hires[:, None], len(draws), axis=1)
    hired[0] += v["reps_ramping_count"]
    whole = np.floor(v["ramp_months"]).astype(int)
    part = v["ramp_months"] - whole
    stay = (1 - v["rep_loss_share_per_year"]) ** (1 / YEAR)
    padded = np.vstack([np.zeros((MONTHS + 2, len(draws))), hired])
    mature, ramping, rows = v["reps_mature_count"], np.zeros(len(draws)), []
    for month in range(MONTHS):
        at = month + MONTHS + 2 - whole
        through = (1 - part) * padded[at, draws] + part * padded[at - 1, draws]
        ramping = ramping + hired[month] - through
        mature = (mature * stay if month else mature) + v["class_kept_share"] * through
        rows.append((mature, ramping, through))
    mature, ramping, through = (np.stack(column) for column in zip(*rows))
    return {"reps_hired": hired, "reps_through": through, "reps_mature": mature, "reps_ramping": ramping,
            "capacity": mature * v["rep_output_per_month"]}


def _by_size(v, stem):
    return np.stack([v[f"{stem}_{size}"] for size in SIZES])


def _book(v, schedule, new):
    """ARR by size and month: what falls due, what of it is renewed, what grows and what is new."""
    arr, share, growth = _by_size(v, "opening_arr"), _by_size(v, "renewal_share"), _by_size(v, "expansion_share_per_year") / YEAR
    weight = _by_size(v, "new_arr_share")
    total = weight.sum(axis=0)
    mix = np.where(total > 0, weight / np.where(total > 0, total, 1), 1 / len(SIZES))
    opening, signed, rows = schedule.due[:, :, None] * arr[:, None, :], [], []
    for month in range(MONTHS):
        due = opening[:, month] + (signed[month - YEAR] if month >= YEAR else 0)
        renewed = due * np.clip(share + schedule.renewal_lift[month // 3], 0, 1)
        grown, won = growth * arr, mix * new[month]
        start, arr = arr, arr - (due - renewed) + grown + won
        signed.append(renewed + grown + won)
        rows.append({"arr_start": start, "due": due, "renewed": renewed, "expansion": grown, "new": won, "lost": due - renewed,
                     "signed": signed[-1], "arr": arr})
    series = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    sized = {f"{name}_{size}": values[:, i] for name, values in series.items() for i, size in enumerate(SIZES)}
    return {**sized, **{name: values.sum(axis=1) for name, values in series.items()}}


def _people(v, team, book):
    reps = team["reps_mature"] + team["reps_ramping"]
    heads = {"reps": reps, "heads_sales": reps * (1 + v["support_per_rep_ratio"]),
             "heads_success": book["arr_start"] / v["arr_per_success_head"]}
    for name in ("marketing", "rnd", "admin"):
        heads[f"heads_{name}"] = _grown(v[f"{name}_heads_count"], v[f"{name}_growth_share_per_year"], 0)
    return {**heads, "heads": sum(heads[f"heads_{name}"] for name in DEPARTMENTS)}


def _money(v, schedule, m):
    revenue = (m["arr_start"] + m["arr"]) / 2 / YEAR
    collected = v["billed_yearly_share"] * m["signed"] + (1 - v["billed_yearly_share"]) * revenue
    cost = {f"cost_{name}": m[f"heads_{name}"] * v[f"{name}_cost_per_month"] for name in ("success", "rnd", "admin")}
    cost["cost_sales"] = (m["reps"] * (v["rep_cost_per_month"] + v["support_per_rep_ratio"] * v["support_cost_per_month"])
                          + v["commission_share"] * m["new"])
    cost["cost_marketing"] = m["heads_marketing"] * v["marketing_cost_per_month"] + m["leads"] * v["cost_per_lead"]
    cost["cost_serving"] = revenue * v["serving_cost_share"]
    cost["cost_other"] = np.broadcast_to(v["other_cost_per_month"], revenue.shape)
    costs, raised = sum(cost[f"cost_{name}"] for name in COSTS), np.zeros_like(revenue)
    if schedule.round_amount:
        raised[3 * (schedule.round_quarter - 1)] = schedule.round_amount
    cash = v["opening_cash"] + np.cumsum(collected - costs + raised, axis=0)
    return {"revenue": revenue, "collected": collected, **cost, "costs": costs, "raised": raised, "cash": cash}


STOCKS = ("reps_mature", "reps_ramping", "reps", "arr", *(f"arr_{size}" for size in SIZES), "heads",
          *(f"heads_{name}" for name in DEPARTMENTS), "cash")


def by_quarter(months: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Months of shape (24, draws) to quarters of shape (8, draws): stocks at the end, openings at the start, flows summed."""
    cut = {name: series.reshape(QUARTERS, 3, -1) for name, series in months.items() if name != "bound_by_reps"}
    out = {name: part[:, 2] if name in STOCKS else part[:, 0] if name.startswith("arr_start") else part.sum(axis=1)
           for name, part in cut.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        out["gross_margin"] = 1 - (out["cost_serving"] + out["cost_success"]) / out["revenue"]
        burn = (out["costs"] - out["collected"]) / 3
        out["runway_months"] = np.where(out["cash"] <= 0, 0.0, np.where(burn > 0, out["cash"] / burn, np.inf))
    return out


def cash_out(cash: np.ndarray, opening: np.ndarray) -> np.ndarray:
    """Months from the start until cash passes zero, straight within the month; NaN where it does not within the plan.

    Examples
    --------
    >>> cash_out(np.array([[5.0], [-5.0]]), np.array([10.0])).tolist()
    [1.5]
    """
    before = np.vstack([opening[None, :], cash[:-1]])
    below, draws = cash < 0, np.arange(cash.shape[1])
    first = below.argmax(axis=0)
    start, end = np.maximum(before[first, draws], 0), cash[first, draws]
    return np.where(below.any(axis=0), first + start / np.where(start > end, start - end, 1), np.nan)


@dataclass(frozen=True)
class Round:
    """What to raise, and when to begin.

    Parameters
    ----------
    amount : float
        Money that carries the plan to its end with the reserve still there.
    lowest_cash, reserve : float
        The lowest balance without a round, and what is to be left at least.
    cash_out_month, begin_month : float
        When the money would be gone without a round, and the last month to begin raising; NaN where it lasts.
    """

    amount: float
    lowest_cash: float
    reserve: float
    cash_out_month: float
    begin_month: float


def round_needed(made: Plan, *, reserve_months: float = 6, months_to_raise: float = 6) -> Round:
    """The round that a plan asks for.

    ``amount = reserve - lowest cash without the round``, where the reserve is ``reserve_months`` of the last quarter's costs. To
    begin at zero is too late: raising takes ``months_to_raise``. Both figures of six months are ours.

    Examples
    --------
    >>> broke = plan(default_drivers({"mid": 1e6}, customers=20, cash=0))
    >>> broke.drivers.opening_cash.value, round_needed(broke).amount > 0
    (0.0, True)
    """
    bare = made.months["cash"] - np.cumsum(made.months["raised"])
    gone = float(cash_out(bare[:, None], np.array([made.drivers.opening_cash.value]))[0])
    reserve = reserve_months * float(made.quarters["costs"][-1]) / 3
    lowest = float(bare.min())
    return Round(max(0.0, reserve - lowest), lowest, reserve, gone, max(0.0, gone - months_to_raise) if gone == gone else gone)


def dilution(amount: float, pre_money: float) -> float:
    """Share of the company that a round sells: ``amount / (pre_money + amount)``.

    Examples
    --------
    >>> dilution(20, 80)
    0.2
    """
    check_not_negative("amount", amount)
    check_positive("pre_money", pre_money)
    return amount / (pre_money + amount)


def reps_to_hire(target_per_month: float, output_per_month: float, *, mature: float = 0, kept_share: float = 0.5) -> float:
    """Reps to hire one ramp ahead of the month in which a target is due; old hands are taken to stay.

    ``(target / output - mature) / kept share``, and none where those in place suffice.

    Examples
    --------
    >>> reps_to_hire(4_000_000, 80_000, mature=20, kept_share=0.5)
    60.0
    """
    check_positive("output_per_month", output_per_month)
    check_positive("kept_share", kept_share)
    return max(0.0, target_per_month / output_per_month - mature) / kept_share


@dataclass(frozen=True)
class Change:
    """What one plan has more than another, quarter by quarter: ARR, heads, cash, runway (arrays of shape (8,))."""

    arr: np.ndarray
    heads: np.ndarray
    cash: np.ndarray
    runway_months: np.ndarray
    drivers: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the two plans are the same in all four."""
        return all(np.allclose(part, 0, atol=1e-6) for part in (self.arr, self.heads, self.cash, self.runway_months))


def what_changed(before: Plan, after: Plan) -> Change:
    """Compare two plans over eight quarters: after less before, and the names of the drivers that differ.

    Where both burn nothing the runway has not changed: 0.

    Examples
    --------
    >>> one = default_drivers({"mid": 1e7}, customers=100, cash=5e6)
    >>> seen = what_changed(plan(one), plan(replace(one, opening_cash=6e6)))
    >>> seen.drivers, [round(float(x)) for x in seen.cash[:2]], float(seen.arr[7])
    (('opening_cash',), [1000000, 1000000], 0.0)
    """
    differ = tuple(name for name in names() if getattr(before.drivers, name).value != getattr(after.drivers, name).value)
    with np.errstate(invalid="ignore"):
        runway = after.runway_months - before.runway_months
    runway = np.where(np.isinf(after.runway_months) & np.isinf(before.runway_months), 0.0, runway)
    return Change(after.arr - before.arr, after.heads - before.heads, after.cash - before.cash, runway, differ)


# --- what to put where nothing was measured ---------------------------------------------------------------------------

SURVEY = "a survey of private SaaS firms, 2024 data"
SPENDING = "Dai Ke's rule of thumb for spending: sales and marketing under 40% of revenue, service and R&D 15 to 20% each"
SEEN_BY_SIZE = "an aggregator's gross retention of 2024: small firms 80 to 88%, large ones 90% and more; wider here"
PAY = "ours: the whole cost of the company is about its ARR, shared evenly by its people"


def default_drivers(opening_arr: dict, *, customers: float, cash: float, heads: float | None = None,
                    arr_per_head: float = 300_000.0) -> Drivers:
    """Drivers for a company of which only its size is known; all but what was given is marked as a guess, with its source.

    Parameters
    ----------
    opening_arr : dict
        Size -> ARR; sizes that are missing have none.
    customers, cash, heads : float
        Paying customers, money in the bank, people. Without ``heads``, ARR over ``arr_per_head``.
    arr_per_head : float
        Money a year for each person; about 300,000 yuan in a survey of Wu Hao's readers in 2021. In another currency, say
        your own.

    Returns
    -------
    Drivers

    Examples
    --------
    >>> guesses = default_drivers({"small": 4e6, "mid": 6e6}, customers=200, cash=5e6, heads=40)
    >>> guesses.price_per_year.value, guesses.ramp_months.guess, guesses.opening_cash.guess
    (50000.0, True, False)
    >>> guesses.class_kept_share.source
    "Wu Hao's worked case: two weeks lose 20%, probation 30%, rounded to a half"
    """
    arr = {size: float(opening_arr.get(size, 0.0)) for size in SIZES}
    total = sum(arr.values())
    check_positive("opening_arr, all sizes together,", total)
    check_positive("customers", customers)
    people = float(heads) if heads else max(total / arr_per_head, 5.0)
    known = {f"opening_arr_{size}": Driver(arr[size], source="given", guess=False) for size in SIZES}
    known["opening_cash"] = Driver(float(cash), source="given", guess=False)
    fee, pay = total / customers, total / YEAR / people
    return Drivers(**known, **_usual_book(arr, total), **_usual_selling(total, fee, pay), **_usual_costs(total, people, pay))


def _around(value, low, high, source):
    """A guess whose ends are multiples of its value."""
    return Driver(value, value * low, value * high, source=source)


def _usual_book(arr, total):
    stay = {"small": (0.80, 0.65, 0.88), "mid": (0.87, 0.80, 0.93), "large": (0.92, 0.85, 0.96)}
    grow = {"small": (0.05, 0.0, 0.10), "mid": (0.12, 0.05, 0.20), "large": (0.18, 0.08, 0.30)}
    growth = f"ours: what lifts gross retention to a net one of about 101%, the median of {SURVEY}"
    out = {f"renewal_share_{size}": Driver(*ends, source=SEEN_BY_SIZE) for size, ends in stay.items()}
    out |= {f"expansion_share_per_year_{size}": Driver(*ends, source=growth) for size, ends in grow.items()}
    out |= {f"new_arr_share_{size}": Driver(arr[size] / total, source="ours: new ARR as the book is today") for size in SIZES}
    out["billed_yearly_share"] = Driver(0.7, 0.4, 1.0, source="ours")
    return out


def _usual_selling(total, fee, pay):
    """Reps and leads that would both bring a quarter of the opening ARR in a year."""
    new, output, win = 0.25 * total / YEAR, 2 * pay, 0.05
    growing = f"ours: brings the growth of 26% that is the median of {SURVEY}"
    return {
        "reps_mature_count": Driver(new / output, source=growing), "reps_ramping_count": Driver(0.0, source="ours: none"),
        "rep_output_per_month": _around(output, 0.5, 2, "ours, after the sales learning curve: about twice what a rep costs"),
        "ramp_months": Driver(3.0, 2.0, 6.0, source="Wu Hao's worked case: three months"),
        "class_kept_share": Driver(0.5, 0.4, 0.7, source="Wu Hao's worked case: two weeks lose 20%, probation 30%, rounded to a half"),
        "rep_loss_share_per_year": Driver(0.25, 0.1, 0.4, source="ours"),
        "leads_per_month": _around(new / (win * fee), 0.7, 1.4, growing),
        "lead_growth_share_per_year": Driver(0.25, 0.0, 0.5, source=growing),
        "lead_win_share": Driver(win, 0.03, 0.08, source="ours"),
        "cycle_months": Driver(1.25, 1.0, 2.0, source="Wu Hao: four to six weeks at 50,000 yuan"),
        "price_per_year": _around(fee, 0.7, 1.4, "ours: a new customer pays what the mean customer pays today"),
        "self_serve_share": Driver(0.0, source="ours: none"),
        "cost_per_lead": _around(0.2 * win * fee, 0.5, 2, "ours: a fifth of the first-year fees that leads bring"),
        "commission_share": Driver(0.15, 0.10, 0.30, source="Wu Hao: 10 to 30% of the first order"),
        "rep_cost_per_month": _around(pay, 0.7, 1.3, PAY),
        "support_per_rep_ratio": Driver(0.5, 0.3, 0.8, source="ours: one for every two reps"),
        "support_cost_per_month": _around(pay, 0.7, 1.3, PAY),
    }


def _usual_costs(total, people, pay):
    out = {}
    for name, share in (("marketing", 0.10), ("rnd", 0.175), ("admin", 0.10)):
        out[f"{name}_heads_count"] = Driver(people * share / 0.85, source=f"{SPENDING}; administration under 10%")
        out[f"{name}_growth_share_per_year"] = Driver(0.2, 0.0, 0.4, source="ours")
    for name in ("marketing", "success", "rnd", "admin"):
        out[f"{name}_cost_per_month"] = _around(pay, 0.7, 1.3, PAY)
    out["arr_per_success_head"] = _around(total / (people * 0.175 / 0.85), 0.6, 1.6, SPENDING)
    out["serving_cost_share"] = Driver(0.12, 0.05, 0.2, source="ours")
    out["other_cost_per_month"] = _around(0.08 * total / YEAR, 0.5, 2, "ours: rent and the like, 8% of ARR")
    return out


def default_schedule(drivers: Drivers, *, starts_on: str = "") -> Schedule:
    """A schedule that only replaces the reps who leave: each quarter a class of ``mature * yearly loss / 4 / share kept``.

    Examples
    --------
    >>> guesses = replace(default_drivers({"mid": 1e7}, customers=100, cash=0), reps_mature_count=40)
    >>> default_schedule(guesses).reps_hired[:2]
    (5.0, 5.0)
    """
    kept = drivers.class_kept_share.value
    leave = drivers.reps_mature_count.value * drivers.rep_loss_share_per_year.value / 4
    return Schedule(starts_on=starts_on, reps_hired=(leave / kept if kept else 0.0,) * QUARTERS)
