"""Who answers for the path: an owner for each step, steps without one, and figures that pull against each other."""

from __future__ import annotations

import math
import re
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.funnel import conversion
from helpers.metrics.result import Result
from helpers.metrics.tables import enter

KINDS = ("volume", "speed", "outcome", "none")
SPEED = re.compile(r"\b(hours?|days?|minutes?|time|lag|speed)\b.*\b(until|to|till|first|before)\b|\bcycle\b|\bresponse time\b", re.IGNORECASE)
VOLUME = re.compile(r"\b(a|per|each|every) (day|week|month|quarter|year)\b|\b(number|count) of\b|\bclosed\b", re.IGNORECASE)


def kind_of(kpi: Any) -> str:
    """Return what a figure pays for: volume (how many), speed (how fast), outcome (what came of it), or none.

    Notes
    -----
    Read from its words, which is a guess; give ``kinds`` to :func:`owners_of_path` where it is wrong. Ours.

    Examples
    --------
    >>> kind_of("leads a month"), kind_of("hours until the first answer"), kind_of("renewal rate by money"), kind_of(None)
    ('volume', 'speed', 'outcome', 'none')
    """
    if _missing(kpi):
        return "none"
    return "speed" if SPEED.search(str(kpi)) else "volume" if VOLUME.search(str(kpi)) else "outcome"


def _missing(text: Any) -> bool:
    return text is None or text is pd.NA or (isinstance(text, float) and math.isnan(text)) or not str(text).strip()


def owners_of_path(step_owners: Any, *, kinds: dict[str, str] | None = None) -> pd.DataFrame:
    """Return the steps of the path in order, each with its owner, its figure and what is wrong with that.

    Parameters
    ----------
    step_owners : data frame
        step, owner, kpi; its rows stand in the order of the path.
    kinds : dict, optional
        Figure -> "volume", "speed", "outcome" or "none", where its words mislead.

    Returns
    -------
    DataFrame
        step, owner, kpi (both None where empty), kind, problem: "nobody owns it", "owned, without a figure", or "".

    Raises
    ------
    MetricError
        When a column is missing, a step stands there twice, or a kind is not known.

    Notes
    -----
    Dai Ke (2019) names the trap: nobody is responsible for growth, everybody for a figure of their own. The matrix is ours.

    Examples
    --------
    >>> owners_of_path(example_owners())[["step", "owner", "problem"]].to_numpy().tolist()[2]
    ['second visit', None, 'nobody owns it']
    """
    frame = nw.from_native(enter(step_owners, name="step_owners", columns=("step", "owner", "kpi")).frame, eager_only=True)
    rows = [{name: None if _missing(row[name]) else str(row[name]) for name in ("step", "owner", "kpi")} for row in frame.rows(named=True)]
    steps = [row["step"] for row in rows]
    twice = sorted({step for step in steps if steps.count(step) > 1})
    if twice:
        raise MetricError(f"step_owners: the step {twice[0]!r} stands there {steps.count(twice[0])} times. One owner for each step: keep one row.")
    for row in rows:
        row["kind"] = (kinds or {}).get(row["kpi"], kind_of(row["kpi"]))
        one_of(row["kind"], KINDS, "owners_of_path: kind")
        row["problem"] = "nobody owns it" if row["owner"] is None else "owned, without a figure" if row["kpi"] is None else ""
    return pd.DataFrame(rows, columns=["step", "owner", "kpi", "kind", "problem"], dtype=object)


def conflicting_kpis(step_owners: Any, *, kinds: dict[str, str] | None = None) -> pd.DataFrame:
    """Return the hand-overs at which one owner's figure can be raised at the cost of the next.

    Parameters
    ----------
    step_owners, kinds
        As in :func:`owners_of_path`.

    Returns
    -------
    DataFrame
        step, owner, kpi, next_step, next_owner (None: nobody), why.

    Notes
    -----
    A step that is paid by volume and handed over to somebody else: more of it can be had by handing on worse ones, and the
    cost falls on the next owner. Neighbours of one owner are no conflict: whoever passes on bad work gets it back. A
    conflict on paper; whether it does harm is another question (:func:`handover_evidence`). Ours.

    Examples
    --------
    >>> conflicting_kpis(example_owners())[["step", "next_step", "next_owner"]].to_numpy().tolist()
    [['lead', 'first visit', 'sales'], ['first visit', 'second visit', None]]
    """
    rows = owners_of_path(step_owners, kinds=kinds).to_dict("records")
    found = []
    for here, then in zip(rows, rows[1:]):
        if here["kind"] == "volume" and here["owner"] and here["owner"] != then["owner"]:
            cost = f"{then['owner']} gets worse ones" if then["owner"] else "nobody is there to complain"
            found.append({**{name: here[name] for name in ("step", "owner", "kpi")}, "next_step": then["step"], "next_owner": then["owner"],
                          "why": f"paid for how many; {cost}"})
    return pd.DataFrame(found, columns=["step", "owner", "kpi", "next_step", "next_owner", "why"], dtype=object)


def handover_evidence(path: Any, start: str, end: str, *, as_of: Any, within: int = 30, months: int = 24) -> Result:
    """Return whether months in which more was handed over are months in which a smaller share of it went on.

    Parameters
    ----------
    path : data frame
        What :func:`helpers.metrics.funnel.lead_path` returned.
    start, end : str
        The step that is paid by volume, and the one after it.
    as_of : date
    within : int
        Days in which it has to go on.
    months : int
        Whole months looked at.

    Returns
    -------
    Result
        Spearman's rank correlation of volume and share (ratio; below 0: more is worse) with an interval by Fisher's z; n counts months.

    Notes
    -----
    A correlation of months mixes in everything else that changed with time; it can acquit nobody. Source of the interval: Bonett and
    Wright (2000), variance (1 + r^2 / 2) / (n - 3).

    Examples
    --------
    >>> from helpers.metrics.funnel import example_path
    >>> handover_evidence(example_path(), "MQL", "SQL", as_of="2025-05-01").reason
    '1 month is too few'
    """
    from scipy.stats import spearmanr

    table = nw.from_native(conversion(path, start, end, as_of=as_of, within=within, cohort="month").table, eager_only=True)
    rows = [row for row in table.rows(named=True) if row["mature"] and row["n"]][-months:]
    n, count = len(rows), [row["n"] for row in rows]
    enough = n >= 6 and len(set(count)) > 1 and len({row["value"] for row in rows}) > 1
    rho = float(spearmanr(count, [row["value"] for row in rows]).statistic) if enough else math.nan
    half = 1.96 * math.sqrt((1 + rho ** 2 / 2) / (n - 3)) if enough else math.nan
    ends = [math.tanh(math.atanh(max(-0.999, min(0.999, rho))) + side * half) for side in (-1, 1)] if enough else [math.nan] * 2
    reason = "" if enough else f"{n} month{'s' * (n != 1)} {'is' if n == 1 else 'are'} too few"
    row = {"value": [rho], "low": [ends[0]], "high": [ends[1]], "n": [n], "mature": [True], "reason": [reason]}
    return Result(f"{start} in a month, and the share of them that reached {end}", pd.DataFrame(row), unit="ratio", counts="months",
                  formula="Spearman's rank correlation", period=f"{months} months to {as_of}")


def example_owners() -> pd.DataFrame:
    """Return four steps for examples: one has no owner.

    Examples
    --------
    >>> example_owners()["step"].tolist()
    ['lead', 'first visit', 'second visit', 'signed']
    """
    return pd.DataFrame({"step": ["lead", "first visit", "second visit", "signed"], "owner": ["marketing", "sales", None, "sales"],
                         "kpi": ["leads a month", "visits a week", None, "new ARR"]})
