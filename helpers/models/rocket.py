"""The three-stage rocket: what one user is worth at each stage, where it fails, and which leak is the dearest.

Known from consumer internet: a product that gathers many users cheaply, a setting that holds them, a business that earns. Tian Yuan's
outline says that SaaS has it too and names no stages there, so these are ours: people begin to use the free product, their team is
held by it, the team pays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, nearest, one_of
from helpers.metrics.uncertainty import wilson_interval
from helpers.models._guards import check_not_negative, check_share

STAGES = ("begin", "hold", "earn")


@dataclass(frozen=True)
class Stage:
    """One stage of a rocket.

    Parameters
    ----------
    name : str
    passes : float
        Of those who enter it, the share that goes on to the next.
    cost : float
        Money spent on each that enters, whether it goes on or not.
    within_reach : float, optional
        The share that could be had by mending it; by default what passes today.
    """

    name: str
    passes: float
    cost: float = 0.0
    within_reach: float | None = None

    def __post_init__(self):
        check_share(f"passes of {self.name}", self.passes)
        check_not_negative(f"cost of {self.name}", self.cost)
        if self.within_reach is not None:
            check_share(f"within_reach of {self.name}", self.within_reach)

    @property
    def goal(self) -> float:
        """What is within reach, and never less than what passes today."""
        return self.passes if self.within_reach is None else max(self.within_reach, self.passes)


@dataclass(frozen=True)
class Rocket:
    """Stages in order, and what one that has passed them all is worth, money."""

    stages: tuple[Stage, ...]
    worth: float

    def stage(self, name: str) -> Stage:
        """The stage of this name."""
        one_of(name, [stage.name for stage in self.stages], "stage")
        return next(stage for stage in self.stages if stage.name == name)

    def passing(self, name: str, share: float) -> Rocket:
        """The same rocket with another share passing one of its stages."""
        self.stage(name)
        return replace(self, stages=tuple(replace(s, passes=share) if s.name == name else s for s in self.stages))


def worth_of_entering(rocket: Rocket) -> list[float]:
    """What one that enters each stage is worth, money; last, one that has passed them all.

    ``W_i = passes_i * W_(i+1) - cost_i``, from the end backwards. Below zero, everybody who enters costs more than they bring.

    Examples
    --------
    >>> rocket = Rocket((Stage("begin", 0.8, 1), Stage("hold", 0.25, 2), Stage("earn", 0.1, 10)), worth=500)
    >>> worth_of_entering(rocket)
    [5.4, 8.0, 40.0, 500.0]
    """
    worth = [float(rocket.worth)]
    for stage in reversed(rocket.stages):
        worth.append(stage.passes * worth[-1] - stage.cost)
    return worth[::-1]


def break_even(rocket: Rocket, name: str) -> float:
    """The share that has to pass one stage for the whole rocket to pay for itself, the other stages as they are.

    The worth of entering the first stage is linear in each share, so two values of it give the line. Above 1: no share of this
    stage can save the rocket. NaN where the stage does not matter at all.

    Examples
    --------
    >>> rocket = Rocket((Stage("begin", 0.8, 1), Stage("hold", 0.25, 2), Stage("earn", 0.1, 10)), worth=500)
    >>> round(break_even(rocket, "hold"), 6), round(break_even(rocket, "earn"), 6)
    (0.08125, 0.046)
    """
    without, whole = (worth_of_entering(rocket.passing(name, share))[0] for share in (0.0, 1.0))
    return -without / (whole - without) if whole != without else math.nan


def leaks(rocket: Rocket, entering: float) -> pd.DataFrame:
    """What leaks at each stage, in heads and in money.

    Parameters
    ----------
    entering : float
        How many enter the first stage, for example in a year.

    Returns
    -------
    DataFrame
        stage, enter, passes, within_reach, break_even (see :func:`break_even`), worth (of one that passes), leaves (heads),
        leaks (money: leaves * worth), gain (money: enter * (within_reach - passes) * worth); money in the time in which ``entering`` enter.

    Notes
    -----
    ``worth`` already takes off what the later stages cost, so sending more people into a stage that loses money counts as a loss.

    Examples
    --------
    The lowest share is the last one's; the dearest leak that can be mended is in the middle:

    >>> rocket = Rocket((Stage("begin", 0.8, 1, 0.85), Stage("hold", 0.25, 2, 0.4), Stage("earn", 0.1, 10, 0.11)), worth=500)
    >>> leaks(rocket, 1000)[["stage", "passes", "gain"]].round(2).values.tolist()
    [['begin', 0.8, 400.0], ['hold', 0.25, 4800.0], ['earn', 0.1, 1000.0]]
    """
    check_not_negative("entering", entering)
    rows, worth, here = [], worth_of_entering(rocket), float(entering)
    for stage, after in zip(rocket.stages, worth[1:]):
        leaves = here * (1 - stage.passes)
        rows.append({"stage": stage.name, "enter": here, "passes": stage.passes, "within_reach": stage.goal,
                     "break_even": break_even(rocket, stage.name), "worth": after, "leaves": leaves, "leaks": leaves * after,
                     "gain": here * (stage.goal - stage.passes) * after})
        here *= stage.passes
    return pd.DataFrame(rows)


def dearest_leak(rocket: Rocket, entering: float = 1.0) -> str:
    """The stage whose mending brings most money: the one to mend first, before the cost of mending.

    Examples
    --------
    >>> rocket = Rocket((Stage("begin", 0.8, 1, 0.85), Stage("hold", 0.25, 2, 0.4), Stage("earn", 0.1, 10, 0.11)), worth=500)
    >>> dearest_leak(rocket)
    'hold'
    """
    table = leaks(rocket, entering)
    return str(table.loc[table["gain"].idxmax(), "stage"])


def follow_sign_ups(users, events, subscriptions, *, as_of, begins_within: int = 30, held_after: int = 60, pays_within: int = 365) -> pd.DataFrame:
    """Each free sign-up and how far it came, for those who have had the time.

    Parameters
    ----------
    users : DataFrame
        user_id, customer_id, signed_up_at.
    events : DataFrame
        user_id, at, event; signing up itself is none.
    subscriptions : DataFrame
        customer_id, starts_on, status; a trial is no payment.
    as_of : date
        Sign-ups younger than ``pays_within`` days are left out: they could not have passed yet.
    begins_within, held_after, pays_within : int
        Days: a first use within the first; still in use between the second and twice the second; paying within the third.

    Returns
    -------
    DataFrame
        user_id, signed_up_at, begin, hold, earn (flags). Who came to a later stage counts as having passed the earlier ones. Users of
        organisations that paid already when they signed up are left out: they are no free sign-ups.

    Raises
    ------
    MetricError
        Where a column is missing or no sign-up is old enough.

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": ["u", "v"], "customer_id": ["a", None], "signed_up_at": pd.to_datetime(["2024-01-01"] * 2)})
    >>> events = pd.DataFrame({"user_id": ["v"], "at": pd.to_datetime(["2024-01-05"]), "event": ["logged in"]})
    >>> lines = pd.DataFrame({"customer_id": ["a"], "starts_on": pd.to_datetime(["2024-03-01"]), "status": ["active"]})
    >>> follow_sign_ups(users, events, lines, as_of="2025-06-30")[["begin", "hold", "earn"]].values.tolist()
    [[True, True, True], [True, False, False]]
    """
    for table, name, wanted in ((users, "users", ("user_id", "customer_id", "signed_up_at")), (events, "events", ("user_id", "at", "event")),
                                (subscriptions, "subscriptions", ("customer_id", "starts_on"))):
        for column in wanted:
            if column not in table.columns:
                raise MetricError(f"{name}: no column {column!r}{nearest(column, table.columns)} Rename it, or add it.")
    free = _free_sign_ups(users, subscriptions, pd.Timestamp(as_of), pays_within)
    used = events[events["event"].astype(str) != "signed up"][["user_id", "at"]].merge(free[["user_id", "signed_up_at"]], on="user_id")
    age = (pd.to_datetime(used["at"]) - used["signed_up_at"]).dt.days
    days = (free["paid_from"] - free["signed_up_at"]).dt.days
    earn = (days <= pays_within).fillna(False).astype(bool)
    hold = earn | free["user_id"].isin(used.loc[age.between(held_after, 2 * held_after), "user_id"])
    begin = hold | free["user_id"].isin(used.loc[age.between(0, begins_within), "user_id"])
    return free[["user_id", "signed_up_at"]].assign(begin=begin, hold=hold, earn=earn).reset_index(drop=True)


def _free_sign_ups(users, subscriptions, as_of, pays_within) -> pd.DataFrame:
    paid = subscriptions[subscriptions["status"].astype(str) != "trial"] if "status" in subscriptions else subscriptions
    first = pd.to_datetime(paid["starts_on"]).groupby(paid["customer_id"].astype(str)).min()
    came = users.assign(signed_up_at=pd.to_datetime(users["signed_up_at"]),
                        paid_from=pd.to_datetime(users["customer_id"].astype(object).map(first)))
    free = came[(came["paid_from"].isna() | (came["signed_up_at"] < came["paid_from"]))
                & (came["signed_up_at"] <= as_of - pd.Timedelta(days=pays_within))]
    if free.empty:
        raise MetricError(f"users: no free sign-up is {pays_within} days old on {as_of.date()}. Wait, lower pays_within, or choose a later as_of.")
    return free


def stage_shares(followed, *, by=None, level: float = 0.95) -> pd.DataFrame:
    """What passes each stage, of those who entered it, with its interval.

    Parameters
    ----------
    followed : DataFrame
        From :func:`follow_sign_ups`.
    by : Series or sequence, optional
        A label for each row, to split by (the half-year of signing up, a campaign).

    Returns
    -------
    DataFrame
        (group), stage, value, low, high (Wilson), n (who entered).

    Examples
    --------
    >>> flags = pd.DataFrame({"begin": [True, True, True, False], "hold": [True, False, True, False], "earn": [True, False, False, False]})
    >>> stage_shares(flags)[["stage", "value", "n"]].round(3).values.tolist()
    [['begin', 0.75, 4], ['hold', 0.667, 3], ['earn', 0.5, 2]]
    """
    labels = None if by is None else pd.Series(np.asarray(by), index=followed.index, name=getattr(by, "name", None) or "group")
    parts = [("", followed)] if by is None else list(followed.groupby(labels, sort=True))
    rows = []
    for group, part in parts:
        entered = np.ones(len(part), dtype=bool)
        for stage in STAGES:
            passed = entered & part[stage].to_numpy(dtype=bool)
            n, k = int(entered.sum()), int(passed.sum())
            low, high = wilson_interval(k, n, level) if n else (math.nan, math.nan)
            rows.append({**({} if by is None else {labels.name: group}), "stage": stage, "value": k / n if n else math.nan,
                         "low": low, "high": high, "n": n})
            entered = passed
    return pd.DataFrame(rows)


def best_group(shares, group: str, *, least: int = 50) -> pd.DataFrame:
    """What each stage has reached in its best group, and the lower end of that group's interval.

    The best of several groups is best partly by luck, so ``low`` is what to call within reach, not ``value``.

    Parameters
    ----------
    shares : DataFrame
        From :func:`stage_shares` with ``by``.
    group : str
        The column that names the groups.
    least : int
        Groups in which fewer entered a stage are not looked at, unless there is no other.

    Returns
    -------
    DataFrame
        stage, ``group``, value, low, n: one row for each stage, in order.

    Examples
    --------
    >>> table = pd.DataFrame({"half": ["a", "b"], "stage": ["hold"] * 2, "value": [0.2, 0.3], "low": [0.15, 0.24], "n": [90, 80]})
    >>> best_group(table, "half").values.tolist()
    [['hold', 'b', 0.3, 0.24, 80]]
    """
    rows = []
    for stage, part in shares.groupby("stage", sort=False):
        enough = part[part["n"] >= least]
        pool = enough if len(enough) else part.nlargest(1, "n")
        rows.append(pool.loc[pool["low"].idxmax(), ["stage", group, "value", "low", "n"]])
    return pd.DataFrame(rows).reset_index(drop=True)
