"""A market looked at before entering it: who is there, how they live, what they met, and whether that can be avoided.

The four questions are Wu Hao's. What makes of their answers go, wait or avoid is ours, and every mark can be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from helpers.metrics.errors import MetricError, nearest

LIVING = ("growing", "stable")
STATES = ("growing", "stable", "struggling", "sold", "closed")
VERDICTS = ("go", "wait", "avoid")


@dataclass(frozen=True)
class Rules:
    """What makes of four answers a verdict; every mark is ours.

    Attributes
    ----------
    players : int
        With fewer players of whom we know enough, wait: too little is known.
    years : int
        A player younger than this has not shown yet whether the market feeds it.
    living : float
        Below this share of old enough players that grow or are stable, avoid.
    avoidable, hopeless : float
        From ``avoidable`` of the difficulties on that we could avoid, go; below ``hopeless``, avoid; between them, wait.
    """

    players: int = 5
    years: int = 3
    living: float = 1 / 3
    avoidable: float = 2 / 3
    hopeless: float = 1 / 3


def _players(competitors: Any) -> pd.DataFrame:
    """The table as pandas; what stops the questions from being answered is said."""
    try:
        frame = nw.from_native(competitors, eager_only=True).to_pandas()
    except TypeError as error:
        raise MetricError(f"competitors: a {type(competitors).__name__} is no table. Give a pandas or polars table.") from error
    for column in ("name", "founded", "state", "difficulty", "avoidable"):
        if column not in frame.columns:
            raise MetricError(f"competitors: no column {column!r}{nearest(column, frame.columns)} Rename it, or add it.")
    strange = sorted(set(frame["state"].dropna().astype(str)) - set(STATES))
    if strange:
        row = frame.loc[frame["state"].astype(str) == strange[0], "name"].iloc[0]
        raise MetricError(f"competitors: {row} has the state {strange[0]!r}{nearest(strange[0], STATES)} Write one of {', '.join(STATES)}.")
    return frame.astype({"state": "string", "avoidable": "boolean"})


def market_questions(competitors: Any, *, year: int, rules: Rules = Rules()) -> pd.DataFrame:
    """Answer the four questions about a market from a table of its players.

    Parameters
    ----------
    competitors : data frame
        name, founded (year), state (growing, stable, struggling, sold, closed), difficulty (text), avoidable (by us).
    year : int
        The year in which the table was made: ages are counted to it.
    rules : Rules
        The marks.

    Returns
    -------
    pandas.DataFrame
        question, count, of, value (count / of, or the median age), says (go, wait or avoid), for the questions
        "players", "years", "living" and "avoidable". "years" has no say of its own: it decides who counts for "living".

    Raises
    ------
    MetricError
        When a column is missing or a state is unknown.

    Notes
    -----
    There is no interval here. The players are all there are, not a sample; what is unsure is whether each was judged
    rightly, and :func:`what_would_flip` asks that. Source: the questions as in Wu Hao, SaaS start-up roadmap (2020).

    Examples
    --------
    >>> rows = [("A", 2010, "stable", "x", True), ("B", 2012, "closed", "y", True), ("C", 2019, "growing", "z", False)]
    >>> players = pd.DataFrame(rows, columns=["name", "founded", "state", "difficulty", "avoidable"])
    >>> market_questions(players, year=2020, rules=Rules(players=3))[["question", "count", "of", "says"]].values.tolist()
    [['players', 3, 3, 'go'], ['years', 2, 3, ''], ['living', 1, 2, 'go'], ['avoidable', 2, 3, 'go']]
    """
    frame = _players(competitors)
    known = frame["state"].notna() & frame["avoidable"].notna()
    old = frame["founded"].notna() & (year - frame["founded"] >= rules.years) & frame["state"].notna()
    ages = year - frame["founded"].dropna()
    met = frame.loc[frame["avoidable"].notna(), "avoidable"]
    living, escaped = int(frame.loc[old, "state"].isin(LIVING).sum()), int(met.sum())
    rows = [
        ("players", int(known.sum()), len(frame), known.mean() if len(frame) else float("nan"), "go" if known.sum() >= rules.players else "wait"),
        ("years", int(old.sum()), len(frame), float(ages.median()) if len(ages) else float("nan"), ""),
        ("living", living, int(old.sum()), living / old.sum() if old.any() else float("nan"), _says_living(living, int(old.sum()), rules)),
        ("avoidable", escaped, len(met), escaped / len(met) if len(met) else float("nan"), _says_avoidable(escaped, len(met), rules)),
    ]
    return pd.DataFrame(rows, columns=["question", "count", "of", "value", "says"])


def _says_living(living: int, old: int, rules: Rules) -> str:
    if old == 0:
        return "wait"
    return "go" if living / old >= rules.living - 1e-9 else "avoid"


def _says_avoidable(escaped: int, met: int, rules: Rules) -> str:
    if met == 0:
        return "wait"
    share = escaped / met
    return "go" if share >= rules.avoidable - 1e-9 else "avoid" if share < rules.hopeless - 1e-9 else "wait"


def market_verdict(competitors: Any, *, year: int, rules: Rules = Rules()) -> str:
    """Return "go", "wait" or "avoid": too little known is "wait", then the worst answer decides.

    Parameters
    ----------
    competitors, year, rules
        As in :func:`market_questions`.

    Examples
    --------
    >>> players = pd.DataFrame({"name": ["A"], "founded": [2010], "state": ["closed"], "difficulty": ["x"], "avoidable": [False]})
    >>> market_verdict(players, year=2020), market_verdict(players, year=2020, rules=Rules(players=1))
    ('wait', 'avoid')
    """
    says = market_questions(competitors, year=year, rules=rules).set_index("question")["says"]
    if says["players"] == "wait":
        return "wait"
    return max(says[["living", "avoidable"]], key=VERDICTS.index)


def _changes(frame: pd.DataFrame) -> list[tuple[str, str, dict]]:
    """Each judgement that could be wrong: the player, what would be said of it, and the columns that change."""
    found = []
    for row in frame.itertuples():
        if row.avoidable is not pd.NA:
            could = "could not be avoided" if row.avoidable else "could be avoided"
            found.append((row.name, f"its difficulty {could} after all", {"avoidable": not row.avoidable}))
        if row.state is not pd.NA:
            other = "closed" if row.state in LIVING else "stable"
            found.append((row.name, "closes" if other == "closed" else "lives on", {"state": other}))
    return found


def what_would_flip(competitors: Any, *, year: int, rules: Rules = Rules(), most: int = 3) -> pd.DataFrame:
    """Return the fewest judgements about players that, if wrong, would change the verdict.

    Parameters
    ----------
    competitors, year, rules
        As in :func:`market_questions`.
    most : int
        The most judgements that are changed together.

    Returns
    -------
    pandas.DataFrame
        changes (how many together), players, what, verdict; all combinations of the smallest number that does it. No row
        when not even ``most`` changes do.

    Notes
    -----
    Tried one by one: each player's difficulty could be avoided or not after all, and each player closes or lives on. Where
    the verdict is "wait" because too few players are known, judging them otherwise changes nothing; then the missing players
    are put in, once all living and avoidable, once all closed and not.

    Examples
    --------
    >>> rows = [("A", 2010, "stable", "x", True), ("B", 2012, "closed", "y", True), ("C", 2015, "growing", "z", False)]
    >>> players = pd.DataFrame(rows, columns=["name", "founded", "state", "difficulty", "avoidable"])
    >>> what_would_flip(players, year=2020, rules=Rules(players=3))[["players", "what", "verdict"]].values.tolist()
    [['A', 'its difficulty could not be avoided after all', 'wait'], ['B', 'its difficulty could not be avoided after all', 'wait']]
    """
    frame = _players(competitors).reset_index(drop=True)
    now, found = market_verdict(frame, year=year, rules=rules), _more_players(frame, year, rules)
    for together in range(1, most + 1):
        if found:
            break
        for changed in combinations(_changes(frame), together):
            verdict = market_verdict(_changed(frame, changed), year=year, rules=rules)
            if verdict != now:
                found.append((together, ", ".join(name for name, *_ in changed), "; ".join(what for _, what, _ in changed), verdict))
    return pd.DataFrame(found, columns=["changes", "players", "what", "verdict"])


def _changed(frame: pd.DataFrame, changes) -> pd.DataFrame:
    other, place = frame.copy(), {name: index for index, name in enumerate(frame["name"])}
    for name, _, columns in changes:
        for column, value in columns.items():
            other.loc[place[name], column] = value
    return other


def _more_players(frame: pd.DataFrame, year: int, rules: Rules) -> list[tuple]:
    """What the players that are missing could make of the verdict; nothing where enough are known."""
    missing = rules.players - int((frame["state"].notna() & frame["avoidable"].notna()).sum())
    found = []
    for state, avoidable, what in (("stable", True, "live, and what they met could be avoided"),
                                   ("closed", False, "have closed, over what could not be avoided")):
        if missing > 0:
            more = pd.DataFrame({"name": [f"player {i}" for i in range(missing)], "founded": year - rules.years, "state": state,
                                 "difficulty": "not known yet", "avoidable": avoidable})
            more = more.astype({"state": "string", "avoidable": "boolean"})
            verdict = market_verdict(pd.concat([frame, more], ignore_index=True), year=year, rules=rules)
            found += [(missing, f"{missing} more", f"they {what}", verdict)] if verdict != "wait" else []
    return found
