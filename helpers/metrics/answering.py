"""Is this a lead for sales, and how long may it wait: the check of two in four, and what hours cost.

Wu Hao's test of a marketing-qualified lead is that two at least of budget, authority, need and timing (BANT) hold. Dai Ke asks for a short process that sorts,
counts and clocks a lead. How its worth falls while nobody answers is measured here (:func:`half_life`) and put into a promise (:func:`gain_of_promise`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, need_columns
from helpers.metrics.result import Result
from helpers.metrics.uncertainty import poisson_of_counts, wilson_interval, z_value

BANT = ("budget", "authority", "need", "timing")
HOURS = (1, 4, 12, 24, 48, 96)
GRAIN = 0.5  # hours to which a wait is rounded before it is counted


def bant_points(leads, *, letters=BANT) -> pd.Series:
    """Return how many of budget, authority, need and timing hold for each lead; NaN where none of them was asked.

    Parameters
    ----------
    leads : pandas DataFrame
        A column of true, false or empty (not asked) for each of ``letters``.
    letters : sequence of str

    Returns
    -------
    pandas Series
        0 to 4. A question that was not asked beside others that were counts as not met: nobody knows that it is.

    Raises
    ------
    MetricError
        When a column is missing.

    Notes
    -----
    Source of the rule that two of the four suffice: Wu Hao.

    Examples
    --------
    >>> leads = pd.DataFrame({"budget": [True, None], "authority": [True, None], "need": [False, None], "timing": [None, None]}, dtype="boolean")
    >>> bant_points(leads).tolist()
    [2.0, nan]
    """
    need_columns(leads, letters, "leads")
    seen = leads[list(letters)].astype("boolean")
    asked = seen.notna().any(axis=1)
    return seen.fillna(False).sum(axis=1).astype(float).where(asked)


def share_that_passes(leads, *, least: int = 2, letters=BANT) -> Result:
    """Return the share of the leads that were asked for which at least two of the four hold.

    Parameters
    ----------
    leads, letters
        As in :func:`bant_points`.
    least : int
        How many must hold.

    Returns
    -------
    Result
        Share with Wilson's interval; n the leads that were asked. Those not asked are in neither line of the fraction.

    Examples
    --------
    >>> leads = pd.DataFrame({"budget": [True, True, None], "authority": [True, False, None], "need": [False] * 2 + [None], "timing": [None] * 3}, dtype="boolean")
    >>> share_that_passes(leads)
    two of four hold: 50.0% (9.5% to 90.5%, n = 2 leads asked)
    """
    points = bant_points(leads, letters=letters).dropna()
    n, passed = len(points), int((points >= least).sum())
    low, high = wilson_interval(passed, n)
    words = {1: "one", 2: "two", 3: "three", 4: "four"}
    row = {"value": [passed / n if n else math.nan], "low": [low], "high": [high], "n": [n], "mature": [True], "reason": ["" if n else "nobody was asked"]}
    return Result(f"{words.get(least, least)} of {words.get(len(letters), len(letters))} hold", pd.DataFrame(row),
                  formula=f"leads with {least} or more / leads asked", counts="leads asked")


def with_hours(path) -> pd.DataFrame:
    """Return the leads that were answered, with ``hours`` until the first answer, ``qualified`` and ``year``.

    Parameters
    ----------
    path : pandas DataFrame
        What :func:`helpers.sales.path_of` gave: lead, answered, MQL.

    Raises
    ------
    MetricError
        When a column is missing or no lead was ever answered.

    Examples
    --------
    >>> day = pd.to_datetime(["2025-01-01 10:00", "2025-01-01 11:00"])
    >>> path = pd.DataFrame({"lead": day, "answered": pd.to_datetime(["2025-01-01 12:30", None]), "MQL": pd.to_datetime(["2025-01-02", None])})
    >>> with_hours(path)[["hours", "qualified"]].values.tolist()
    [[2.5, True]]
    """
    need_columns(path, ("lead", "answered", "MQL"), "path")
    rows = path[path["answered"].notna()]
    if rows.empty:
        raise MetricError("path: no lead has an answer. Fill answered_at in leads: when somebody of yours first wrote or called back.")
    hours = (rows["answered"] - rows["lead"]).dt.total_seconds().clip(lower=0) / 3600
    return rows.assign(hours=hours, qualified=rows["MQL"].notna(), year=rows["lead"].dt.year)


def by_hours(rows, *, outcome: str = "qualified", edges=HOURS) -> pd.DataFrame:
    """Return the share that qualified by how long the answer took.

    Parameters
    ----------
    rows : pandas DataFrame
        What :func:`with_hours` gave, or some of it.
    outcome : str
    edges : sequence of float
        Hours at which one class ends and the next begins.

    Returns
    -------
    pandas DataFrame
        wait (in words), hours (their mean), n, value, low, high (Wilson).

    Examples
    --------
    >>> rows = pd.DataFrame({"hours": [0.5, 0.6, 30.0], "qualified": [True, False, False]})
    >>> by_hours(rows)[["wait", "n", "value"]].values.tolist()
    [['to 1 h', 2, 0.5], ['to 48 h', 1, 0.0]]
    """
    names = [*(f"to {edge:g} h" for edge in edges), f"over {edges[-1]:g} h"]
    wait = pd.cut(rows["hours"], [-1, *edges, math.inf], labels=names)
    table = rows.groupby(wait, observed=True).agg(hours=("hours", "mean"), n=("hours", "size"), did=(outcome, "sum")).rename_axis("wait").reset_index()
    ends = [wilson_interval(int(did), int(n)) for did, n in zip(table["did"], table["n"])]
    return pd.DataFrame({"wait": table["wait"].astype(str), "hours": table["hours"], "n": table["n"], "value": table["did"] / table["n"],
                         "low": [low for low, _ in ends], "high": [high for _, high in ends]})


def half_life(rows, *, outcome: str = "qualified", equal=("size", "year"), level: float = 0.95) -> Result:
    """Return after how many hours without an answer a lead qualifies half as often, at equal size and year.

    Parameters
    ----------
    rows : pandas DataFrame
        What :func:`with_hours` gave, of one way of getting leads: ways differ in both haste and quality.
    outcome : str
    equal : sequence of str
        Columns held equal; none gives the naive figure.

    Returns
    -------
    Result
        Hours (a count) with its interval; n the answered leads. NaN with a reason where waiting does no harm that could be seen.

    Raises
    ------
    MetricError
        When a column is missing.

    Notes
    -----
    log E(outcome) = cell - ln 2 * hours / half-life, a Poisson fit with robust errors (Zou 2004); the interval is that of the slope, turned over.
    A fit, not an experiment: whoever answers the promising ones first gets a shorter half-life than waiting alone would make.

    Examples
    --------
    >>> half_life(example_answers(), equal=())
    hours until half as many qualified: 50 (37 to 76, n = 400 answered leads)
    """
    need_columns(rows, ("hours", outcome, *equal), "rows")
    used = rows.dropna(subset=["hours", outcome, *equal])
    counts = used.assign(at=(used["hours"] / GRAIN).round() * GRAIN, did=used[outcome].astype(float)).groupby([*equal, "at"], observed=True)
    counts = counts["did"].agg(n="size", did="sum").reset_index()
    cell = counts[list(equal)].astype(str).agg(" ".join, axis=1) if equal else pd.Series("all", index=counts.index)
    some = counts.groupby(cell)["did"].transform("sum") > 0
    row = {"value": [math.nan], "low": [math.nan], "high": [math.nan], "n": [len(used)], "mature": [True], "reason": ["waiting does no harm that can be seen"]}
    if some.any() and counts["at"].nunique() > 1:
        design = np.column_stack([counts["at"][some], pd.get_dummies(cell[some], dtype=float)])
        params, cover = poisson_of_counts(design, counts["did"][some].to_numpy(float), counts["n"][some].to_numpy(float))
        slope, reach = params[0], z_value(level) * math.sqrt(cover[0, 0])
        if slope < 0:
            ends = [-math.log(2) / end if end < 0 else math.inf for end in (slope - reach, slope + reach)]
            row |= {"value": [-math.log(2) / slope], "low": [ends[0]], "high": [ends[1]], "reason": [""]}
    return Result(f"hours until half as many {outcome}", pd.DataFrame(row), unit="count", formula="-ln 2 / slope of log share on hours", counts="answered leads")


def gain_of_promise(hours, *, promise: float, half_life: float, kept: float = 1.0) -> float:
    """Return by what share more leads qualify when nobody waits longer than was promised.

    Parameters
    ----------
    hours : sequence of float
        What each lead waited until now.
    promise : float
        Hours within which each lead is to be answered.
    half_life : float
        Hours, from :func:`half_life`.
    kept : float
        The share of the leads that would have waited longer for which the promise is kept.

    Returns
    -------
    float
        0.2 for a fifth more.

    Raises
    ------
    MetricError
        When the half-life is not above 0.

    Notes
    -----
    With w(h) = 2^(-h / half-life): kept * (sum w(min(h, promise)) / sum w(h) - 1). The mean of w is not w of the mean: it is the long waits that cost.

    Examples
    --------
    >>> round(gain_of_promise([0, 48], promise=0, half_life=48), 3)
    0.333
    """
    if not half_life > 0:
        raise MetricError(f"gain_of_promise: a half-life of {half_life!r} hours must be above 0. Where waiting does no harm there is no gain to compute.")
    hours = np.asarray(hours, float)
    return kept * float(np.exp2(-np.minimum(hours, promise) / half_life).sum() / np.exp2(-hours / half_life).sum() - 1)


def worth_of_waiting(rows, *, half_life: float, by: str = "size") -> pd.DataFrame:
    """Return what a lead is worth on arrival, and what an hour of waiting takes off it.

    Parameters
    ----------
    rows : pandas DataFrame
        What :func:`with_hours` gave, of leads that have had the time to sign: hours and amount (yearly fees signed, 0 where none).
    half_life : float
        Hours.
    by : str
        The classes into which leads are sorted on arrival.

    Returns
    -------
    pandas DataFrame
        ``by``, n, worth (yearly fees for each lead, as they were answered), fresh (if answered at once), an_hour (what the first hour costs).

    Notes
    -----
    fresh = worth / mean of 2^(-hours / half-life); an_hour = fresh (1 - 2^(-1 / half-life)). That those who qualify late sign as often as those who
    qualify at once is supposed.

    Examples
    --------
    >>> rows = pd.DataFrame({"size": ["small", "small"], "hours": [0.0, 48.0], "amount": [300.0, 0.0]})
    >>> worth_of_waiting(rows, half_life=48)[["worth", "fresh"]].values.tolist()
    [[150.0, 200.0]]
    """
    need_columns(rows, ("hours", "amount", by), "rows")
    rows = rows.assign(left_=np.exp2(-rows["hours"] / half_life))
    table = rows.groupby(by, observed=True).agg(n=("hours", "size"), worth=("amount", "mean"), left=("left_", "mean")).reset_index()
    fresh = table["worth"] / table["left"]
    return table.assign(fresh=fresh, an_hour=fresh * (1 - 2 ** (-1 / half_life))).drop(columns="left")


def example_answers():
    """Return four hundred answered leads for examples; of those that wait two days half as many qualify.

    Examples
    --------
    >>> example_answers().groupby("hours")["qualified"].mean().tolist()
    [0.6, 0.3]
    """
    return pd.DataFrame([{"hours": hours, "qualified": place < did} for hours, did in ((0.0, 120), (50.0, 60)) for place in range(200)])
