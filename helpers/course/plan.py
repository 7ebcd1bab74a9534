"""The living plan: the drivers that a reader has written, chapter by chapter, and the eight quarters that they give.

What a chapter writes with ``lesson.drive(name, value)`` lies in ``.playbook/plan.json``. :data:`NAMES` lists the names that the
plan knows and what each of them moves; :data:`SIZED` those that may end in a size, such as ``renewal.small``. A name that is not
known is kept and listed with the nearest one that is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from helpers.models.bands import Spread, spread
from helpers.models.plan import SIZES, Change, Driver, Drivers, Plan, Schedule, about, names, plan, what_changed
from helpers.show.numbers import money, number, percent

from .record import Record

SIZED = {
    "arr": "opening_arr", "retention.gross": "renewal_share", "renewal": "renewal_share",
    "expansion": "expansion_share_per_year", "new_share": "new_arr_share",
}
NAMES = {
    "price": "price_per_year", "first_fee": "price_per_year", "win_rate": "lead_win_share", "cycle": "cycle_months",
    "leads": "leads_per_month", "leads.growth": "lead_growth_share_per_year", "leads.cost": "cost_per_lead",
    "self_serve": "self_serve_share", "ramp": "ramp_months", "kept": "class_kept_share", "rep_loss": "rep_loss_share_per_year",
    "rep_output": "rep_output_per_month", "reps": "reps_mature_count", "reps.ramping": "reps_ramping_count",
    "commission": "commission_share", "cost.rep": "rep_cost_per_month", "sales_support": "support_per_rep_ratio",
    "cost.sales_support": "support_cost_per_month", "heads.marketing": "marketing_heads_count",
    "heads.marketing.growth": "marketing_growth_share_per_year", "cost.marketing": "marketing_cost_per_month",
    "arr_per_success": "arr_per_success_head", "cost.success": "success_cost_per_month", "heads.rnd": "rnd_heads_count",
    "heads.rnd.growth": "rnd_growth_share_per_year", "cost.rnd": "rnd_cost_per_month", "heads.admin": "admin_heads_count",
    "heads.admin.growth": "admin_growth_share_per_year", "cost.admin": "admin_cost_per_month", "cost.serving": "serving_cost_share",
    "cost.other": "other_cost_per_month", "billed_yearly": "billed_yearly_share", "cash": "opening_cash",
}
SPECIAL = {
    "retention.net": "share", "gross_margin": "share", "reps_hired": "count", "round": "money", "round_quarter": "count",
}
NOTED = {
    "activation": "It acts through the share of leads that sign (win_rate); the plan has no step of its own for it.",
}


@dataclass(frozen=True)
class LivingPlan:
    """A reader's plan.

    Parameters
    ----------
    plan : Plan
    written : dict
        Driver of the model -> the name under which a chapter wrote it.
    unknown : list of (name, nearest name or "")
        Kept in the file, not part of the plan.
    problems : list of (name, sentence)
        Known names whose figures cannot be used, and why; the guess stays.
    company, currency, as_of : str
    """

    plan: Plan
    written: dict
    unknown: list
    problems: list
    company: str
    currency: str
    as_of: str

    def band(self, *, seed: int = 20, draws: int = 2000) -> Spread:
        """The plan's band from its drivers' intervals, with a fixed seed so that the same plan gives the same band."""
        return spread(self.plan.drivers, self.plan.schedule, rng=np.random.default_rng(seed), draws=draws)

    def drivers(self):
        """The drivers as a table: driver, value, low, high, unit, guess, source, as_of, name (as written), meaning."""
        import pandas as pd

        rows = []
        for name in names():
            driver, facts = getattr(self.plan.drivers, name), about(name)
            rows.append({"driver": name, "value": driver.value, "low": driver.low, "high": driver.high, "unit": facts["unit"],
                         "guess": driver.guess, "source": driver.source, "as_of": driver.as_of,
                         "name": self.written.get(name, ""), "meaning": facts["label"]})
        return pd.DataFrame(rows)

    def quarters(self):
        """The plan as a table, one row for each quarter."""
        import pandas as pd

        kept = ["quarter", "arr", "due", "renewed", "expansion", "new", "lost", "binding", "heads", "revenue", "gross_margin",
                "collected", "costs", "raised", "cash", "runway_months"]
        return pd.DataFrame(self.plan.rows())[kept]

    def __repr__(self) -> str:
        end, guesses = self.plan.quarters, sum(getattr(self.plan.drivers, name).guess for name in names())
        return (f"Plan of {self.company} from {self.as_of}: after eight quarters ARR {money(end['arr'][-1], self.currency)}, "
                f"{number(end['heads'][-1])} people, cash {money(end['cash'][-1], self.currency)}; "
                f"{guesses} of {len(names())} drivers are guesses")


def read_plan(folder: Path | None, company) -> LivingPlan:
    """The plan of the reader who works in ``folder``, for a company.

    Parameters
    ----------
    folder : Path or None
        The workspace; None gives the plan before any chapter has written a driver.
    company : Company
    """
    return living_plan(Record("plan", folder).read(), company)


def living_plan(data: dict, company, base: tuple[Drivers, Schedule] | None = None) -> LivingPlan:
    """The plan that the contents of a plan.json give.

    A driver that was measured on another company counts as a guess. Where several names move the same driver the most
    particular wins: ``renewal.small`` before ``renewal``, and either before ``retention.gross``.

    Parameters
    ----------
    data : dict
        ``{"drivers": {name: {value, low, high, n, unit, chapter, company, as_of, guess}}}``
    company : Company
    base : (Drivers, Schedule), optional
        Where the plan starts; by default what the company's tables say.
    """
    if base is None:
        from .company_plan import starting_point

        base = starting_point(company)
    drivers, schedule = base
    written, unknown, problems = {}, [], []
    for name in sorted(data.get("drivers", {}), key=_precedence):
        entry = data["drivers"][name]
        try:
            drivers, schedule, moved = _put(name, entry, drivers, schedule, company)
        except KeyError:
            unknown.append((name, nearest(name)))
        except (TypeError, ValueError) as error:
            problems.append((name, str(error)))
        else:
            written.update(dict.fromkeys(moved, name))
    return LivingPlan(plan(drivers, schedule), written, unknown, problems, company.name, company.currency, str(company.as_of))


def known_names() -> list[str]:
    """Every name that the plan understands.

    Examples
    --------
    >>> "renewal.small" in known_names(), "ramp" in known_names()
    (True, True)
    """
    sized = [name for stem in (*SIZED, "retention.net") for name in (stem, *(f"{stem}.{size}" for size in SIZES))]
    return [*sized, *NAMES, *(name for name in SPECIAL if name != "retention.net"), *names()]


def nearest(name: str) -> str:
    """The known name that is nearest to an unknown one; empty when none is near.

    Examples
    --------
    >>> nearest("renewl.smal"), nearest("xyz")
    ('renewal.small', '')
    """
    found = get_close_matches(str(name).lower(), known_names(), 1)
    return found[0] if found else ""


def _precedence(name: str):
    order = {"retention.gross": 0, "renewal": 1, "retention.net": 8, "gross_margin": 9}
    stem, size = _split(name)
    return (order.get(stem, 2), bool(size), name)


def _split(name: str) -> tuple[str, str]:
    stem, _, last = name.lower().rpartition(".")
    return (stem, last) if last in SIZES and stem else (name.lower(), "")


def _put(name, entry, drivers, schedule, company):
    """Put one written driver into the plan: the drivers, the schedule, and which drivers it moved."""
    stem, size = _split(name)
    if stem in NOTED:
        raise ValueError(NOTED[stem])
    if stem in ("reps_hired", "round", "round_quarter"):
        return drivers, _scheduled(stem, entry, schedule), []
    if stem == "retention.net":
        moved = _net(entry, drivers, size, company)
    elif stem == "gross_margin":
        moved = {"serving_cost_share": _serving(entry, drivers, company)}
    else:
        moved = {field: _driver(entry, field, company) for field in _fields(stem, size)}
    return replace(drivers, **moved), schedule, list(moved)


def _fields(stem, size) -> list[str]:
    if stem in SIZED:
        return [f"{SIZED[stem]}_{one}" for one in ([size] if size else SIZES)]
    if size and f"{stem}_{size}" in names():
        return [f"{stem}_{size}"]
    if size or stem not in (*NAMES, *names()):
        raise KeyError(stem)
    return [NAMES.get(stem, stem)]


def _driver(entry, field: str, company, *, move=lambda value: value) -> Driver:
    """An entry of plan.json as a driver, after ``move``; its unit must be the one that the plan counts in."""
    facts, given = about(field), str(entry.get("unit") or "")
    if given and given != facts["unit"] and {given, facts["unit"]} != {"count", "ratio"}:
        raise ValueError(f"it was written in {given}, and the plan counts it in {facts['unit']}")
    if entry.get("value") is None:
        raise ValueError("it has no value: what was measured is undefined")
    value = move(float(entry["value"]))
    Drivers(**{**dict.fromkeys(names(), 0.0), "arr_per_success_head": 1.0, field: value})  # raises where the value is impossible
    ends = [value if entry.get(end) is None else move(float(entry[end])) for end in ("low", "high")]
    least = -np.inf if field == "opening_cash" else 0.0
    low, high = (float(np.clip(end, least, facts["most"])) for end in sorted(ends))
    here = entry.get("company") in (None, "", company.name)
    where = ", ".join(part for part in (f"chapter {entry['chapter']}" if entry.get("chapter") else "", "" if here else
                                        f"measured on {entry['company']}, not on {company.name}") if part)
    return Driver(value, low, high, source=where or "written by hand", as_of=str(entry.get("as_of") or ""),
                  guess=bool(entry.get("guess")) or not here, n=entry.get("n"))


def _net(entry, drivers, size, company) -> dict:
    """Growth of the customers one has: net retention less the renewal share, and never less than 0."""
    sizes = [size] if size else list(SIZES)
    arr = {one: getattr(drivers, f"opening_arr_{one}").value for one in sizes}
    kept = {one: getattr(drivers, f"renewal_share_{one}").value for one in sizes}
    total = sum(arr.values())
    stay = sum(arr[one] * kept[one] for one in sizes) / total if total else float(np.mean(list(kept.values())))
    return {f"expansion_share_per_year_{one}": _driver(entry, f"expansion_share_per_year_{one}", company,
                                                       move=lambda value: max(0.0, value - stay)) for one in sizes}


def _serving(entry, drivers, company) -> Driver:
    """What is left of the cost of revenue when customer success is taken out: the plan pays its people by head."""
    people = 12 * drivers.success_cost_per_month.value / drivers.arr_per_success_head.value
    return _driver(entry, "serving_cost_share", company, move=lambda value: max(0.0, 1 - value - people))


def _scheduled(stem, entry, schedule: Schedule) -> Schedule:
    value = float(entry["value"])
    if stem == "reps_hired":
        return replace(schedule, reps_hired=(value,) * 8)
    if stem == "round":
        return replace(schedule, round_amount=value, round_quarter=schedule.round_quarter or 1)
    return replace(schedule, round_quarter=int(value))


# --- what a driver changed --------------------------------------------------------------------------------------------

def plan_effect(before: dict, after: dict, company, base=None) -> str:
    """A sentence on what the drivers in ``after`` changed against ``before`` (both the contents of a plan.json).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from helpers.models.plan import default_drivers
    >>> tiny = SimpleNamespace(name="Tiny", currency="CNY", as_of="2025-12-31")
    >>> base = default_drivers({"mid": 1e7}, customers=100, cash=5e6), Schedule()
    >>> plan_effect({}, {"drivers": {"cash": {"value": 6e6, "unit": "money"}}}, tiny, base)
    'Over eight quarters: ARR and people stay as they were; cash at the end CNY 1.0 m higher.'
    """
    if base is None:
        from .company_plan import starting_point

        try:
            base = starting_point(company)
        except ValueError as error:
            return f"It is kept for your plan, which cannot be made yet: {error}."
    one, two = (living_plan(data, company, base) for data in (before, after))
    old = set(before.get("drivers", {}))
    lost = [f"{name} is kept, but is no name the plan knows" + (f"; did you mean {near}?" if near else ".")
            for name, near in two.unknown if name not in old]
    lost += [f"{name} is kept, but not used: {why}" for name, why in two.problems if name not in old]
    said = said_change(what_changed(one.plan, two.plan), one.plan, two.plan, company.currency)
    return " ".join([said, *lost]) if not lost or two.written != one.written else " ".join(lost)


def said_change(change: Change, before: Plan, after: Plan, currency: str) -> str:
    """A change of the plan in one sentence: ARR, people, cash and runway at the end of eight quarters."""
    if change.nothing:
        return "The plan of eight quarters stays as it was."
    parts = [("ARR", change.arr[-1], lambda x: money(x, currency), 0.5), ("people", change.heads[-1], number, 0.5)]
    still = [name for name, value, _, small in parts if abs(value) < small]
    moved = [f"{name} {form(abs(value))} {'more' if value > 0 else 'less'}" for name, value, form, small in parts if abs(value) >= small]
    stays = "stays as it was" if still == ["ARR"] else "stay as they were"
    first = [f"{' and '.join(still)} {stays}"] if still else []
    cash = change.cash[-1]
    money_at_end = f"cash at the end {money(abs(cash), currency)} {'higher' if cash > 0 else 'lower'}" if abs(cash) >= 0.5 else ""
    return "Over eight quarters: " + "; ".join(part for part in (*first, *moved, money_at_end, _said_runway(before, after)) if part) + "."


def _said_runway(before: Plan, after: Plan) -> str:
    one, two = before.cash_out_month, after.cash_out_month
    if (one == two) or (one != one and two != two):
        return ""
    if one != one:
        return f"and the money, which lasted, now ends in month {two:.0f}"
    if two != two:
        return f"and the money, which ended in month {one:.0f}, now lasts"
    return f"the money ends in month {two:.0f} instead of {one:.0f}"


def said_value(value, unit: str, currency: str) -> str:
    """A driver's figure as people write it.

    Examples
    --------
    >>> said_value(0.82, "share", "CNY"), said_value(3, "months", "CNY"), said_value(None, "share", "CNY")
    ('82.0%', '3.0 months', '–')
    """
    forms = {"share": percent, "money": lambda x: money(x, currency), "count": lambda x: number(x, 0 if float(x) == round(float(x)) else 1),
             "months": lambda x: f"{number(x, 1)} months", "ratio": lambda x: number(x, 2)}
    return "–" if value is None or value != value else forms[unit](value)
