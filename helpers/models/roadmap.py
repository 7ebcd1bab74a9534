"""The roadmap: stages, phases, main lines and gates as data, and how a gate is judged.

A gate is a question, a computation on tables (:mod:`helpers.models.gates`), a threshold with its source, and the rows behind.
What there is to ask stands in ``roadmap.yaml``, where it can be read and changed. Sources: Wu Hao, "SaaS start-up roadmap"
(2020), and his eight phases; what is ours says so.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers.models._guards import check_positive

DATA = Path(__file__).with_name("roadmap.yaml")
GREEN, RED, UNKNOWN = "green", "red", "cannot tell"
EVERY_STAGE = 0


@dataclass(frozen=True)
class Gate:
    """A gate of the roadmap.

    Parameters
    ----------
    key, short, question : str
    stage, phase : int
        0 for a gate that is asked in every stage.
    line : str
        The main line it belongs to.
    source, basis : str
        Where the mark comes from; "author", "notes" (of readers of the book) or "ours".
    measure : str
        Name of a function of :mod:`helpers.models.gates`; empty where no table can answer.
    at_least, at_most : float
        The threshold; NaN where there is none.
    unit : str
        share, money, months, count or ratio.
    yuan : bool
        Whether the mark is an amount of yuan, to be converted.
    price : float
        A price in yuan that the question speaks of; NaN elsewhere.
    reads : {"value", "interval"}
        Whether the value decides, or the whole interval has to lie on one side of the mark.
    tables, needs : tuple of str
        Tables it is read from; gates that come before it.
    chapter : str
        The chapter that works it out.
    """

    key: str
    short: str
    question: str
    stage: int
    phase: int
    line: str
    source: str
    basis: str
    measure: str = ""
    at_least: float = math.nan
    at_most: float = math.nan
    unit: str = ""
    yuan: bool = False
    price: float = math.nan
    reads: str = "value"
    tables: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    chapter: str = ""

    @property
    def mark(self) -> float:
        """The threshold itself."""
        return self.at_most if math.isnan(self.at_least) else self.at_least


@dataclass(frozen=True)
class Roadmap:
    """What roadmap.yaml says.

    Parameters
    ----------
    stages, phases, lines : tuple of dict
    gates : tuple of Gate
    matrix : dict
        Line -> stage -> what the line owes in it; our reconstruction.
    rates : dict
        Currency -> yuan for one unit of it.
    rates_on : date
    rates_source : str
    truths : dict
        Key of a planted truth of simulated companies -> the gates that have to be green for it.
    """

    stages: tuple[dict, ...]
    phases: tuple[dict, ...]
    lines: tuple[dict, ...]
    gates: tuple[Gate, ...]
    matrix: dict[str, dict[int, str]]
    rates: dict[str, float]
    rates_on: dt.date
    rates_source: str
    truths: dict[str, list[str]]

    def gate(self, key: str) -> Gate:
        """A gate by its key.

        Raises
        ------
        KeyError
            When there is none; with the nearest one.
        """
        known = {gate.key: gate for gate in self.gates}
        if key in known:
            return known[key]
        import difflib

        near = difflib.get_close_matches(str(key), known, 1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"The roadmap has no gate {key!r}. {meant}Its gates are {', '.join(known)}.")

    def before(self, key: str) -> tuple[str, ...]:
        """Every gate that has to be green before this one means anything, nearest last.

        Examples
        --------
        >>> roadmap().before("margin_two")
        ('need', 'strangers', 'margin_one')
        """
        found: list[str] = []
        for name in self.gate(key).needs:
            found += [one for one in (*self.before(name), name) if one not in found]
        return tuple(found)


@lru_cache(maxsize=1)
def roadmap() -> Roadmap:
    """The roadmap of the course, read from ``roadmap.yaml``.

    Examples
    --------
    >>> len(roadmap().stages), len(roadmap().phases), len(roadmap().lines)
    (5, 8, 4)
    """
    import yaml

    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    rates = data["yuan"]
    return Roadmap(stages=tuple(data["stages"]), phases=tuple(data["phases"]), lines=tuple(data["lines"]),
                   gates=tuple(_gate(entry) for entry in data["gates"]), matrix=data["matrix"],
                   rates=rates["per"], rates_on=rates["day"], rates_source=rates["source"], truths=data["truths"])


def _gate(entry: dict) -> Gate:
    mark = entry.get("mark", {})
    marks = {name.replace(" ", "_"): mark[name] for name in ("at least", "at most") if name in mark}
    kept = {name: value for name, value in entry.items() if name != "mark"}
    lists = {name: tuple(entry[name]) for name in ("tables", "needs")}
    return Gate(**{**kept, **lists, **marks}, unit=mark.get("unit", ""), yuan=mark.get("yuan", False))


def in_currency(yuan: float, currency: str, *, rate: float | None = None) -> float:
    """An amount of yuan in another currency: ``yuan / rate``.

    Parameters
    ----------
    yuan : float
    currency : str
    rate : float, optional
        Yuan for one unit of the currency; by default the rounded rate in roadmap.yaml.

    Raises
    ------
    ValueError
        When the currency has no rate there and none is given.

    Examples
    --------
    >>> in_currency(40_000, "CNY"), in_currency(40_000, "EUR", rate=8)
    (40000.0, 5000.0)
    """
    if rate is None:
        rate = roadmap().rates.get(currency)
    if rate is None:
        raise ValueError(f"there is no rate for {currency} in helpers/models/roadmap.yaml: give yuan=, how many yuan one {currency} is worth")
    check_positive("yuan", rate)
    return yuan / rate


def exchange(amount: float, currency: str, to: str) -> float:
    """An amount of one currency in another, by the rounded rates of roadmap.yaml.

    Raises
    ------
    ValueError
        When a currency has no rate there.

    Examples
    --------
    >>> exchange(73.0, "CNY", "USD")
    10.0
    """
    return amount * in_currency(1.0, to) / in_currency(1.0, currency)


@dataclass(frozen=True)
class Reading:
    """What the tables say to a gate.

    Parameters
    ----------
    value, low, high : float
        NaN where there is none.
    n : int
        How many it was counted over.
    counts : str
        What they are.
    said : str
        The value in a sentence.
    why : str
        Why nothing can be told; empty where it can.
    rows : DataFrame or None
        The rows behind.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    counts: str = ""
    said: str = ""
    why: str = ""
    rows: Any = field(default=None, repr=False, compare=False)


def unknown(why: str, *, n: int = 0, counts: str = "", rows=None) -> Reading:
    """A reading that says why nothing can be told.

    Examples
    --------
    >>> unknown("nobody was asked").why
    'nobody was asked'
    """
    return Reading(why=why, n=n, counts=counts, rows=rows)


def judge_gate(gate: Gate, reading: Reading) -> tuple[str, str]:
    """The state of a gate and why.

    Parameters
    ----------
    gate : Gate
        With its mark in the company's currency.
    reading : Reading

    Returns
    -------
    (state, because) : tuple of str
        State is "green", "red" or "cannot tell".

    Notes
    -----
    Where the books were counted whole, the value is held against the mark. Where some were asked or watched to speak of all, the
    whole interval has to lie on one side; an interval that holds the mark says "cannot tell".

    Examples
    --------
    >>> gate = Gate("g", "g", "?", 1, 1, "product", "", "ours", at_least=0.2, unit="share", reads="interval")
    >>> judge_gate(gate, Reading(0.3, 0.15, 0.5, 20, "talks", "30%"))
    ('cannot tell', 'the interval holds the mark: 30%, n = 20 talks')
    >>> judge_gate(gate, Reading(0.3, 0.25, 0.4, 200, "talks", "30%"))[0]
    'green'
    """
    if reading.why or math.isnan(reading.value):
        return UNKNOWN, reading.why or "there is nothing to compute it from"
    low, high = (reading.low, reading.high) if gate.reads == "interval" else (reading.value, reading.value)
    if gate.reads == "interval" and math.isnan(low):
        return UNKNOWN, f"too few for an interval: {reading.said}, n = {reading.n:,} {reading.counts}"
    above = math.isnan(gate.at_most)
    good = low >= gate.mark if above else high <= gate.mark
    bad = high < gate.mark if above else low > gate.mark
    if good or bad:
        return (GREEN if good else RED), reading.said
    return UNKNOWN, f"the interval holds the mark: {reading.said}, n = {reading.n:,} {reading.counts}"


def with_marks(gate: Gate, currency: str, *, rate: float | None = None, mark: float | None = None) -> Gate:
    """A gate with its amounts in a currency, and with the reader's own mark where there is one.

    Parameters
    ----------
    gate : Gate
    currency : str
    rate : float, optional
        Yuan for one unit of the currency.
    mark : float, optional
        Takes the place of the mark in roadmap.yaml; already in the currency.

    Examples
    --------
    >>> with_marks(roadmap().gate("heads"), "EUR", rate=7.5).mark
    40000.0
    """
    side = "at_least" if math.isnan(gate.at_most) else "at_most"
    if mark is not None:
        gate = replace(gate, **{side: float(mark)}, source=f"your own mark, in place of: {gate.source}", basis="yours", yuan=False)
    if gate.yuan:
        gate = replace(gate, **{side: in_currency(gate.mark, currency, rate=rate)})
    return gate if math.isnan(gate.price) else replace(gate, price=in_currency(gate.price, currency, rate=rate))
