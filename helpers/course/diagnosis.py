"""Where a company stands on the roadmap, read from its own tables as they were known on a day.

>>> from helpers.company import load_company
>>> seen = diagnose(load_company(), on="2022-12-31")
>>> seen.stage, seen.blocking
(3, ('margin_two',))
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from helpers.company.then import known_on
from helpers.models.gates import Seen, read_gate
from helpers.models.roadmap import EVERY_STAGE, GREEN, RED, UNKNOWN, Gate, Reading, exchange, judge_gate, roadmap, unknown, with_marks

UNDATED = ("step_owners",)  # speaks for the company's last day only
TABLES = ("contracts", "payments", "subscriptions", "costs", "headcount", "cash", "funding_rounds", "reps", "leads", "opportunities",
          "interviews", "interview_needs", "usage_monthly", "delivery_work", "step_owners")


@dataclass(frozen=True)
class Diagnosis:
    """What :func:`diagnose` found.

    Parameters
    ----------
    company : str
    currency : str
    on : date
    gates : tuple of Gate
        With their marks in the company's currency.
    readings : dict
        Key of a gate -> Reading.
    sellers : (float, float)
        People in sales at the end of the last whole month, and a year before; NaN where it is not known.
    """

    company: str
    currency: str
    on: dt.date
    gates: tuple[Gate, ...]
    readings: dict[str, Reading] = field(repr=False)
    sellers: tuple[float, float] = (float("nan"), float("nan"))

    @property
    def table(self) -> pd.DataFrame:
        """One row for each gate: gate, short, stage, phase, line, question, state, because, value, low, high, n, counts, mark, at_most, unit, basis,
        source, chapter."""
        rows = []
        for gate in self.gates:
            reading = self.readings[gate.key]
            state, because = judge_gate(gate, reading)
            rows.append({"gate": gate.key, "short": gate.short, "stage": gate.stage, "phase": gate.phase, "line": gate.line,
                         "question": gate.question, "state": state, "because": because, "value": reading.value, "low": reading.low,
                         "high": reading.high, "n": reading.n, "counts": reading.counts, "mark": gate.mark,
                         "at_most": gate.at_most == gate.at_most, "unit": gate.unit, "basis": gate.basis, "source": gate.source,
                         "chapter": gate.chapter})
        return pd.DataFrame(rows)

    def state(self, key: str) -> str:
        """"green", "red" or "cannot tell"."""
        return judge_gate(self._gate(key), self.readings[key])[0]

    def because(self, key: str) -> str:
        """The value of a gate in words, or why nothing can be told."""
        return judge_gate(self._gate(key), self.readings[key])[1]

    def evidence(self, key: str) -> pd.DataFrame:
        """The rows behind a gate; an empty table where there are none."""
        self._gate(key)
        rows = self.readings[key].rows
        return pd.DataFrame() if rows is None else rows.reset_index(drop=True)

    @property
    def stage(self) -> int:
        """The first stage that has a red gate. Where none has, the first with a gate that tables could answer and do not; else 5.

        A red gate of stage 3 or later places nobody where no gate of an earlier stage is green: then nothing was seen of the road to it.
        """
        states = [(gate.stage, self.state(gate.key), gate.measure) for gate in self._of_stages()]
        first = min((stage for stage, state, _ in states if state == RED), default=0)
        if first and (first < 3 or any(stage < first and state == GREEN for stage, state, _ in states)):
            return first
        return min((stage for stage, state, measure in states if measure and state == UNKNOWN), default=first or 5)

    @property
    def blocking(self) -> tuple[str, ...]:
        """The red gates of the stage that the company stands in."""
        return tuple(gate.key for gate in self._of_stages() if gate.stage == self.stage and self.state(gate.key) == RED)

    @property
    def open_questions(self) -> tuple[str, ...]:
        """Gates up to this stage that nothing can be told about."""
        return tuple(gate.key for gate in self._of_stages() if gate.stage <= self.stage and self.state(gate.key) == UNKNOWN)

    @property
    def first_not_green(self) -> str:
        """The first gate that tables could answer and that is not green, red or not told; empty where all are green."""
        return next((gate.key for gate in self._of_stages() if gate.measure and self.state(gate.key) != GREEN), "")

    @property
    def out_of_order(self) -> pd.DataFrame:
        """Green gates that rest on a red one: gate, and the red gates that come before it."""
        rows = []
        for gate in self._of_stages():
            red = [key for key in roadmap().before(gate.key) if self.state(key) == RED]
            if red and self.state(gate.key) == GREEN:
                rows.append({"gate": gate.key, "rests on": ", ".join(red)})
        return pd.DataFrame(rows, columns=["gate", "rests on"])

    @property
    def violations(self) -> tuple[str, ...]:
        """Dependencies that are being gone against, in words: work of a later phase while a gate before it is red.

        Hiring is one where the sales team has grown by half or more (ours) within a year while a gate of stages 1 to 3 is red.
        """
        now, before = self.sellers
        names = {gate.key: gate.short for gate in self.gates}
        said = [f"{names[row['gate']]!r} is green and rests on what is red: {', '.join(names[key] for key in row['rests on'].split(', '))}"
                for _, row in self.out_of_order.iterrows()]
        if self.stage < 4 and now >= 5 and now >= 1.5 * before:
            red = ", ".join(names[key] for key in self.blocking)
            said.insert(0, f"the sales team grew from {before:.0f} to {now:.0f} people in a year, while stage {self.stage} was open ({red})")
        return tuple(said)

    def matrix(self) -> pd.DataFrame:
        """Line x stage: the state of each cell from its gates, and what the line owes there (our reconstruction).

        A cell is red where one of its gates is, green where all are, "cannot tell" otherwise, and empty where it has no gate.
        """
        rows, states = [], {gate.key: self.state(gate.key) for gate in self.gates}
        for line, owes in roadmap().matrix.items():
            for stage, what in owes.items():
                own = [states[gate.key] for gate in self.gates if gate.line == line and gate.stage in (stage, EVERY_STAGE) and
                       (gate.stage or stage == self.stage)]
                rows.append({"line": line, "stage": stage, "owes": what, "state": _together(own)})
        return pd.DataFrame(rows)

    def _gate(self, key: str) -> Gate:
        roadmap().gate(key)
        return next(gate for gate in self.gates if gate.key == key)

    def _of_stages(self) -> list[Gate]:
        return [gate for gate in self.gates if gate.stage != EVERY_STAGE]

    def __repr__(self) -> str:
        table = self.table
        counts = ", ".join(f"{(table['state'] == state).sum()} {state}" for state in (GREEN, RED, UNKNOWN))
        blocked = "blocked by " + ", ".join(self.blocking) if self.blocking else "no red gate seen"
        return f"{self.company} on {self.on}: stage {self.stage}, {blocked}; gates: {counts}"

    def name(self, key: str) -> str:
        """The short name of a gate, as the map writes it."""
        return self._gate(key).short


def _together(states: list[str]) -> str:
    if not states:
        return ""
    return RED if RED in states else GREEN if set(states) == {GREEN} else UNKNOWN


def diagnose(company, on=None, *, marks: dict[str, float] | None = None, yuan: float | None = None) -> Diagnosis:
    """Read every gate of the roadmap from a company's tables as they were known on a day.

    Parameters
    ----------
    company : Company
    on : date or str, optional
        The company's last day by default. Nothing that happened later is looked at.
    marks : dict, optional
        Your own thresholds: key of a gate -> mark, in the company's currency.
    yuan : float, optional
        Yuan for one unit of the company's currency; by default the rounded rate of ``roadmap.yaml``.

    Returns
    -------
    Diagnosis
        ``.table`` has a row for each gate, ``.evidence(gate)`` the rows behind one, ``.stage`` and ``.blocking`` say where it stands.

    Raises
    ------
    KeyError
        When a mark is given for a gate that there is not.
    ValueError
        When the day lies after the company's last one, or there is no rate for its currency.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> diagnose(load_company(), on="2021-12-31").state("margin_two")
    'red'
    """
    day = _day(company, on)
    asked = (day, yuan, tuple(sorted((marks or {}).items())))
    known = _KNOWN.setdefault(company, {})
    if asked not in known:
        known[asked] = _diagnose(company, day, marks or {}, yuan)
    return known[asked]


_KNOWN: WeakKeyDictionary = WeakKeyDictionary()  # a company's tables do not change while it is open


def _diagnose(company, day: dt.date, marks: dict[str, float], yuan: float | None) -> Diagnosis:
    for key in marks:
        roadmap().gate(key)
    gates = tuple(with_marks(gate, company.currency, rate=yuan, mark=marks.get(gate.key)) for gate in roadmap().gates)
    tables = tables_on(company, day)
    kept: dict = {}
    readings = {gate.key: _read(gate, tables, day, company, kept) for gate in gates}
    return Diagnosis(company.name, company.currency, day, gates, readings, _sellers(tables.get("headcount")))


def _sellers(headcount: pd.DataFrame | None) -> tuple[float, float]:
    """People in the sales department in the last month, and twelve months before (0 where it was not there yet)."""
    if headcount is None or headcount.empty:
        return float("nan"), float("nan")
    months = headcount["month"].dt.to_period("M")
    sales = headcount[headcount["department"].astype(str).str.lower() == "sales"]
    by_month = sales.groupby(months)["heads"].sum()
    last = months.max()
    return float(by_month.get(last, 0.0)), float(by_month.get(last - 12, 0.0))


def _day(company, on) -> dt.date:
    day = company.as_of if on is None else pd.Timestamp(on).date()
    if day > company.as_of:
        raise ValueError(f"on = {day} lies after {company.as_of}, the last day that the data of {company.name} know of")
    return day


def _read(gate: Gate, tables: dict, day: dt.date, company, kept: dict) -> Reading:
    hidden = [name for name in gate.tables if name in UNDATED and company.has(name) and name not in tables]
    if hidden:
        return unknown(f"{hidden[0]} has no dates: it speaks for {company.as_of} only")
    return read_gate(Seen(tables, pd.Timestamp(day), gate, company.policy, kept))


def tables_on(company, day: dt.date, names: tuple[str, ...] = TABLES) -> dict[str, pd.DataFrame]:
    """The tables that gates are read from, as they were known on a day; a table without dates only on the company's last day.

    Parameters
    ----------
    company : Company
    day : date
    names : tuple of str
        Which tables; those that the company has not brought are left out.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> sorted(tables_on(load_company(), dt.date(2020, 12, 31), ("cash", "step_owners")))
    ['cash']
    """
    return {name: known_on(company, name, day) for name in names if company.has(name) and (name not in UNDATED or day == company.as_of)}


def turned(company, key: str, *, marks: dict[str, float] | None = None, yuan: float | None = None, every: int = 1) -> pd.DataFrame:
    """A gate at the end of each month of a company's life.

    Parameters
    ----------
    company : Company
    key : str
    marks, yuan
        As in :func:`diagnose`.
    every : int
        Months between two looks; 12 looks at the ends of years, counted back from the last day.

    Returns
    -------
    DataFrame
        on, state, because, value; one row a look.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> turned(load_company(), "margin_two", every=12)["state"].tolist()
    ['cannot tell', 'red', 'red', 'red', 'green', 'green']
    """
    gate = with_marks(roadmap().gate(key), company.currency, rate=yuan, mark=(marks or {}).get(key))
    rows = []
    for day in looks(company, every=every):
        needed = TABLES if gate.measure == "indicators" else (*gate.tables, "funding_rounds", "payments", "costs")
        reading = _read(gate, tables_on(company, day, needed), day, company, {})
        state, because = judge_gate(gate, reading)
        rows.append({"on": day, "state": state, "because": because, "value": reading.value})
    return pd.DataFrame(rows, columns=["on", "state", "because", "value"])


def looks(company, *, every: int = 12) -> list[dt.date]:
    """The company's last day and the same day every so many months before, back to its first contract, oldest first.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> [day.year for day in looks(load_company())]
    [2020, 2021, 2022, 2023, 2024, 2025]
    """
    from helpers.periods import months_before, months_of_history

    history = months_of_history(company)
    return [months_before(company.as_of, back) for back in range(history // every * every, -1, -every)]


def green_since(history: pd.DataFrame, *, by: str = "month") -> str:
    """From when on a gate has stayed green: "2022-03", or a year; "never" where its last look is not green.

    Parameters
    ----------
    history : DataFrame
        What :func:`turned` returned.
    by : {"day", "month", "year"}

    Examples
    --------
    >>> looked = pd.DataFrame({"on": [dt.date(2023, 12, 31), dt.date(2024, 12, 31)], "state": ["red", "green"]})
    >>> green_since(looked, by="year")
    '2024'
    """
    others = history.index[history["state"] != GREEN]
    first = 0 if others.empty else history.index.get_loc(others[-1]) + 1
    if first >= len(history):
        return "never"
    day = history["on"].iloc[first]
    return format(day, {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[by])


def naive_stages(company, on) -> dict[str, int]:
    """The stage as people read it without looking at gates: by age and by revenue.

    By age: a stage a year, 5 from the fifth on. By revenue: ARR in dollars below 0.3 m is stage 1, below 1 m 2, below 3 m 3, below 10 m 4.
    Both ladders are ours, drawn as people draw them; neither is an author's.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> naive_stages(load_company(), "2022-12-31")
    {'by age': 3, 'by revenue': 3}
    """
    from helpers.metrics.revenue import arr

    day = pd.Timestamp(on).date()
    started = company.subscriptions["starts_on"].min()
    years = (pd.Timestamp(day) - started).days / 365.25
    dollars = exchange(arr(company.subscriptions, day, policy=company.policy, as_of=day).value, company.currency, "USD")
    return {"by age": min(int(years) + 1, 5), "by revenue": 1 + sum(dollars >= step for step in (3e5, 1e6, 3e6, 1e7))}


def compare_gates(company) -> Any:
    """Set the dates on which gates turned green beside those planted in a simulated company.

    Every truth whose key begins with ``gate_`` is listed; one that no gate of the roadmap names stands there as not looked for.

    Returns
    -------
    Table or Note
        A note where nothing is known.
    """
    from helpers.course.notes import Note
    from helpers.show import table

    planted = {key: truth for key, truth in company.truth.items() if key.startswith("gate_")}
    if not planted:
        return Note("info", f"Nobody knows when the gates of {company.name} turned green", "It is not simulated: the evidence is all there is.")
    return table(gate_dates(company), f"When gates of {company.name} turned green and stayed so: planted, and found from its tables")


def gate_dates(company) -> pd.DataFrame:
    """Truths about gates beside what the tables say: truth, planted, found, within.

    A truth that is a month or a year is looked for by months or years. One that is a day is looked for at the ends of years, because
    its rule and ours differ in how they count; it agrees where the day lies in the year at whose end the tables first say green for good.
    """
    days, rows = looks(company), []
    yearly = [diagnose(company, on=day) for day in days]
    for key, truth in company.truth.items():
        if not key.startswith("gate_"):
            continue
        unit, planted = str(truth["unit"]), str(truth["value"])
        found = _found(company, roadmap().truths.get(key), unit, yearly)
        within = "" if not found else "yes" if _agree(planted, found, unit, float(truth["tolerance"]), days) else "no"
        rows.append({"truth": key.removeprefix("gate_").replace("_", " "), "planted": planted,
                     "found": found or "read by another rule here", "within": within})
    blocked = company.truth.get("blocks_today")
    if blocked:
        last = yearly[-1].first_not_green
        planted = [gate for gate in roadmap().truths.get(f"gate_{_key(blocked['value'])}", [])]
        rows.append({"truth": "not green today, first", "planted": str(blocked["value"]), "found": yearly[-1].name(last) if last else "none",
                     "within": "yes" if last in planted or (not last and blocked["value"] == "none") else "no"})
    return pd.DataFrame(rows)


def _key(name: str) -> str:
    """A gate as the truths' keys write it: "margin 3" is "margin_three"."""
    for digit, word in (("1", "one"), ("2", "two"), ("3", "three")):
        name = name.replace(digit, word)
    return name.replace(" ", "_")


def _found(company, keys: list[str] | None, unit: str, yearly: list[Diagnosis]) -> str:
    """From when on all of these gates are green for good: a month, a year, or the day of a look; "" where no gate stands for the truth."""
    if keys is None:
        return ""
    if unit == "month":
        return green_since(turned(company, keys[0]))
    states = pd.DataFrame({"on": [then.on for then in yearly],
                           "state": [GREEN if all(then.state(key) == GREEN for key in keys) else RED for then in yearly]})
    since = green_since(states, by="day")
    return since[:4] if unit == "year" and since != "never" else since


def _agree(planted: str, found: str, unit: str, tolerance: float, days: list[dt.date]) -> bool:
    """Whether a planted date and one that was found say the same."""
    if "never" in (planted, found):
        return planted == found
    if unit == "day":
        end = dt.date.fromisoformat(found)
        before = max((day for day in days if day < end), default=dt.date.min)
        return before < dt.date.fromisoformat(planted) <= end
    return _apart(planted, found, unit) <= tolerance


def _apart(planted: str, found: str, unit: str) -> float:
    """Months or years between two dates."""
    if unit == "year":
        return abs(int(planted[:4]) - int(found[:4]))
    first, second = pd.Period(planted, "M"), pd.Period(found, "M")
    return abs(first.ordinal - second.ordinal)

