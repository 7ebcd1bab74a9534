"""Evidence from talks: what was named unprompted, how urgent, paid for already; and how many talks a test needs.

Tables are small here (a row is a talk), so they are pandas; polars tables are taken too. Every share comes as a
:class:`~helpers.metrics.result.Result` with its Wilson interval. Pass marks and sample sizes are exact binomial
probabilities. Nothing here knows a right pass mark: it is a choice, and the caller makes it.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, nearest, one_of
from helpers.metrics.result import Result
from helpers.metrics.uncertainty import wilson_interval, z_value

ASKED = ("openly", "anyhow")
ANSWERS = ("very disappointed", "somewhat disappointed", "not disappointed", "no longer use it")


def _pandas(native: Any, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """A small table as pandas, with the columns that are needed."""
    try:
        frame = nw.from_native(native, eager_only=True).to_pandas()
    except TypeError as error:
        raise MetricError(f"{name}: a {type(native).__name__} is no table. Give a pandas or polars table.") from error
    for column in columns:
        if column not in frame.columns:
            raise MetricError(f"{name}: no column {column!r}{nearest(column, frame.columns)} Rename it, or add it.")
    return frame


def _held(interviews: Any, as_of: Any, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    talks = _pandas(interviews, "interviews", ("interview_id", *columns))
    twice = talks.loc[talks["interview_id"].duplicated(), "interview_id"]
    if len(twice):
        raise MetricError(f"interviews: {twice.iloc[0]!r} stands {1 + (twice == twice.iloc[0]).sum()} times in interview_id. "
                          "One row is one talk: remove the copies.")
    if as_of is None:
        return talks
    if "held_on" not in talks.columns:
        raise MetricError("interviews: as_of needs the column 'held_on'. Add it, or leave as_of out.")
    return talks[pd.to_datetime(talks["held_on"]) <= pd.Timestamp(as_of)]


def _named(interview_needs: Any, talks: pd.DataFrame, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    named = _pandas(interview_needs, "interview_needs", ("interview_id", "need", "prompted", *columns))
    return named[named["interview_id"].isin(talks["interview_id"])].assign(prompted=lambda rows: rows["prompted"].astype(bool))


def with_style(interviews: Any, interview_needs: Any, *, as_of: dt.date | str | None = None) -> pd.DataFrame:
    """Return the talks with a column ``style``: "open" or "list".

    Where the talks have a column ``list_shown``, it says so. Without it, a talk is "list" when all the needs in it were
    prompted, and "open" when a need was named before anybody asked for it, or when none was named at all: to whom a list is
    shown, something on it usually appeals.

    Parameters
    ----------
    interviews : data frame
        interview_id, one row a talk; list_shown where it was written down (a column in which nobody was shown one counts as
        not written down, if needs were prompted all the same).
    interview_needs : data frame
        interview_id, need, prompted.
    as_of : date, optional
        Only talks held up to this day (needs ``held_on``).

    Returns
    -------
    pandas.DataFrame
        The columns of ``interviews``, and ``style``.

    Raises
    ------
    MetricError
        When a column is missing or a talk stands twice.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b", "c"]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, True]})
    >>> with_style(talks, named)["style"].tolist()
    ['open', 'list', 'open']
    """
    talks = _held(interviews, as_of)
    if "list_shown" in talks and talks["list_shown"].fillna(False).any():
        return talks.assign(style=np.where(talks["list_shown"].fillna(False).astype(bool), "list", "open"))
    every = _named(interview_needs, talks).groupby("interview_id")["prompted"].all()
    shown = talks["interview_id"].map(every).astype("boolean").fillna(False).astype(bool)
    return talks.assign(style=np.where(shown, "list", "open"))


def _asked(interviews, interview_needs, asked, as_of) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The talks that count, and what was named in them unprompted."""
    one_of(asked, ASKED, "asked")
    talks = with_style(interviews, interview_needs, as_of=as_of)
    talks = talks[talks["style"] == "open"] if asked == "openly" else talks
    named = _named(interview_needs, talks)
    return talks, named[~named["prompted"]]


def most_named(interviews: Any, interview_needs: Any, *, as_of: dt.date | str | None = None) -> str | None:
    """Return the need that most talks name unprompted; the first by name among equals, None where nobody named one.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b"]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b", "b"], "need": ["x", "x", "y"], "prompted": [False, False, False]})
    >>> most_named(talks, named)
    'x'
    """
    _, named = _asked(interviews, interview_needs, "openly", as_of)
    counts = named.drop_duplicates(["interview_id", "need"])["need"].value_counts()
    return None if counts.empty else str(min(counts.index[counts == counts.max()]))


def _need(need, interviews, interview_needs, as_of) -> str | None:
    if need is None:
        return most_named(interviews, interview_needs, as_of=as_of)
    known = sorted(set(_pandas(interview_needs, "interview_needs", ("need",))["need"]))
    if need not in known:
        raise MetricError(f"interview_needs: nobody named {need!r}{nearest(need, known)} Give one of the needs in the table.")
    return need


def _share(name: str, rows: pd.DataFrame, by: str | None, formula: str, empty: str, level: float, counts: str = "talks") -> Result:
    """A share of rows whose column ``yes`` is true, with its Wilson interval, in all or for each group."""
    if by is not None and by not in rows.columns:
        raise MetricError(f"interviews: no column {by!r}{nearest(by, rows.columns)} Choose a column of interviews for by.")
    groups = [({}, rows)] if by is None else [({by: key}, part) for key, part in rows.groupby(by, observed=True)]
    lines = []
    for keys, part in groups:
        n, k = len(part), int(part["yes"].sum())
        low, high = wilson_interval(k, n, level)
        lines.append({**keys, "value": k / n if n else math.nan, "low": low, "high": high, "n": n, "mature": True,
                      "reason": "" if n else empty})
    fixed = ["value", "low", "high", "n", "mature", "reason"]
    table = pd.DataFrame(lines, columns=[*([by] if by else []), *fixed])
    return Result(name, table, formula=formula, period=_period(rows), counts=counts, behind=lambda: rows.reset_index(drop=True))


def _period(rows: pd.DataFrame) -> str:
    if "held_on" not in rows.columns or rows.empty:
        return ""
    days = pd.to_datetime(rows["held_on"])
    return f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"


def named_unprompted(interviews: Any, interview_needs: Any, need: str | None = None, *, asked: str = "openly",
                     as_of: dt.date | str | None = None, by: str | None = None, level: float = 0.95) -> Result:
    """Return the share of talks in which a need was named before anybody asked for it.

    Parameters
    ----------
    interviews, interview_needs : data frame
        As in :func:`with_style`.
    need : str, optional
        By default the need that most talks name unprompted. A share that was chosen because it is the largest is too high;
        test it on later talks (:func:`find_then_test`).
    asked : {"openly", "anyhow"}
        Which talks count below the line. "openly": those of style "open"; who is shown a list first has no chance to name a
        need unprompted. "anyhow": all talks, right where everybody was asked openly before any list appeared.
    as_of : date, optional
        Only talks held up to this day.
    by : str, optional
        A column of ``interviews``: loop, segment.
    level : float
        Confidence level of the interval.

    Returns
    -------
    Result
        Unit share, n = talks; NaN with a reason where there are none.

    Raises
    ------
    MetricError
        When a column is missing, a talk stands twice, or nobody named the need.

    Notes
    -----
    Talks that name it unprompted / talks that were asked. The interval is Wilson's. That a stage closes on a common need is
    Wu Hao's; that "unprompted" is how to see it is ours.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b", "c"]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, True]})
    >>> named_unprompted(talks, named, "x")
    named unprompted, openly: x: 50.0% (9.5% to 90.5%, n = 2 talks)
    >>> named_unprompted(talks, named, "x", asked="anyhow").n
    3
    """
    need = _need(need, interviews, interview_needs, as_of)
    talks, named = _asked(interviews, interview_needs, asked, as_of)
    who = named.loc[named["need"] == need, "interview_id"]
    return _share(f"named unprompted, {asked}: {need}", talks.assign(yes=talks["interview_id"].isin(who)), by,
                  f"talks that name {need!r} unprompted / talks asked {asked}", "no talk was asked like that", level)


def urgent(interviews: Any, interview_needs: Any, need: str | None = None, *, least: int = 4, as_of: dt.date | str | None = None,
           by: str | None = None, level: float = 0.95) -> Result:
    """Return the share of those who named a need unprompted for whom it is urgent.

    Parameters
    ----------
    interviews, interview_needs, need, as_of, by, level
        As in :func:`named_unprompted`; ``interview_needs`` has ``urgency``, from 1 to 5.
    least : int
        From which urgency on it counts.

    Returns
    -------
    Result
        Unit share, n = talks that named the need unprompted and gave its urgency.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b"]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, False], "urgency": [5, 2]})
    >>> urgent(talks, named).value
    0.5
    """
    need = _need(need, interviews, interview_needs, as_of)
    talks = _held(interviews, as_of)
    named = _named(interview_needs, talks, ("urgency",))
    named = named[~named["prompted"] & (named["need"] == need) & named["urgency"].notna()].drop_duplicates("interview_id")
    rows = named.merge(talks, on="interview_id").assign(yes=lambda rows: rows["urgency"] >= least)
    return _share(f"urgent, {least} or more: {need}", rows, by, f"urgency >= {least} / talks that named {need!r} unprompted",
                  "nobody named it unprompted and said how urgent it is", level)


def pays_today(interviews: Any, interview_needs: Any = None, need: str | None = None, *, as_of: dt.date | str | None = None,
               by: str | None = None, level: float = 0.95) -> Result:
    """Return the share of talks with somebody who pays today for living with the problem.

    Parameters
    ----------
    interviews : data frame
        interview_id, pays_today (money a year; empty counts as nothing).
    interview_needs, need : optional
        With both, only talks that named this need unprompted.
    as_of, by, level
        As in :func:`named_unprompted`.

    Returns
    -------
    Result
        Unit share, n = talks. Styles are not told apart: a list shown changes what people name, hardly what they pay.

    Examples
    --------
    >>> pays_today(pd.DataFrame({"interview_id": ["a", "b"], "pays_today": [1200.0, 0.0]})).value
    0.5
    """
    talks, name = _held(interviews, as_of, ("pays_today",)), "pays today"
    if interview_needs is not None and need is not None:
        _need(need, interviews, interview_needs, as_of)
        named = _named(interview_needs, talks)
        talks = talks[talks["interview_id"].isin(named.loc[~named["prompted"] & (named["need"] == need), "interview_id"])]
        name = f"pays today, of those who name {need} unprompted"
    return _share(name, talks.assign(yes=talks["pays_today"].fillna(0) > 0), by, "talks with a payment today / talks",
                  "there are no such talks", level)


def needs_by_style(interviews: Any, interview_needs: Any, *, as_of: dt.date | str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Return how often each need is named openly and with a list shown.

    Returns
    -------
    pandas.DataFrame
        need; open (talks that named it), n_open, share, low, high; listed, n_list, share_list; all (talks that named it in
        either way), n, share_all; urgency and urgency_list (means). Sorted by ``share``, largest first, then by name.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b"]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, True], "urgency": [4, 2]})
    >>> needs_by_style(talks, named)[["need", "share", "share_list", "share_all"]].values.tolist()
    [['x', 1.0, 1.0, 1.0]]
    """
    talks = with_style(interviews, interview_needs, as_of=as_of)
    sizes = talks["style"].value_counts().reindex(["open", "list"], fill_value=0)
    named = _named(interview_needs, talks).drop_duplicates(["interview_id", "need"]).merge(talks[["interview_id", "style"]])
    named = named[(named["style"] == "list") | ~named["prompted"]]
    counts = named.groupby(["need", "style"]).size().unstack(fill_value=0).reindex(columns=["open", "list"], fill_value=0)
    table = counts.rename(columns={"list": "listed"}).rename_axis(columns=None).reset_index()
    table = table.assign(n_open=sizes["open"], n_list=sizes["list"], all=table["open"] + table["listed"], n=len(talks))
    for share, k, n in (("share", "open", "n_open"), ("share_list", "listed", "n_list"), ("share_all", "all", "n")):
        table[share] = table[k] / table[n].where(table[n] > 0)
    ends = [wilson_interval(k, sizes["open"], level) for k in table["open"]]
    table["low"], table["high"] = [end[0] for end in ends], [end[1] for end in ends]
    if "urgency" in named.columns:
        means = named.assign(urgency=named["urgency"].astype(float)).groupby(["need", "style"])["urgency"].mean().unstack()
        means = means.reindex(columns=["open", "list"])
        table["urgency"], table["urgency_list"] = table["need"].map(means["open"]), table["need"].map(means["list"])
    return table.sort_values(["share", "need"], ascending=[False, True], ignore_index=True)


def prompting(interviews: Any, interview_needs: Any, *, as_of: dt.date | str | None = None, level: float = 0.95) -> Result:
    """Return by how much a list inflates: needs named in a talk with a list over those in an open talk.

    Returns
    -------
    Result
        Unit ratio, n = talks of both styles; NaN with a reason where one style is missing or nothing was named openly.

    Notes
    -----
    R = mean needs in list talks / mean needs in open talks; the interval is exp(log R +- z s) with
    s^2 = var1/(n1 mean1^2) + var2/(n2 mean2^2), the delta method on the logarithm of two independent means
    (Casella and Berger, Statistical Inference, 2nd edition, section 5.5.4). It speaks of this list and these people, and
    supposes that who was shown the list was decided by nothing that matters.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": list("abcd")})
    >>> named = pd.DataFrame({"interview_id": list("abccdd"), "need": list("xxxyxy"), "prompted": [False] * 2 + [True] * 4})
    >>> prompting(talks, named).value
    2.0
    """
    talks = with_style(interviews, interview_needs, as_of=as_of)
    counts = _named(interview_needs, talks).groupby("interview_id").size()
    rows = talks.assign(named=talks["interview_id"].map(counts).fillna(0))
    listed, openly = (rows.loc[rows["style"] == style, "named"] for style in ("list", "open"))
    why = "" if len(listed) and openly.sum() else "no talk with a list" if not len(listed) else "nothing was named openly"
    value = math.nan if why else float(listed.mean() / openly.mean())
    low = high = math.nan
    if not why and min(len(listed), len(openly)) > 1:
        spread = sum(part.var() / (len(part) * part.mean() ** 2) for part in (listed, openly))
        factor = math.exp(z_value(level) * math.sqrt(spread))
        low, high = value / factor, value * factor
    line = {"value": value, "low": low, "high": high, "n": len(rows), "mature": True, "reason": why}
    return Result("needs named with a list over openly", pd.DataFrame([line]), unit="ratio", counts="talks", period=_period(rows),
                  formula="mean needs in list talks / mean needs in open talks", behind=lambda: rows.reset_index(drop=True))


def with_rounds(interviews: Any, *, order: str = "loop") -> pd.DataFrame:
    """Return the talks with a column ``round``: their numbered rounds, or two halves where there is only one.

    Parameters
    ----------
    interviews : data frame
        interview_id, held_on, and ``order`` where rounds were numbered.
    order : str
        The column that numbers them.

    Returns
    -------
    pandas.DataFrame
        ``round`` counts from 1. Without two numbered rounds the talks are cut by day, the earlier half first.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": list("abc"), "held_on": ["2024-01-05", "2024-01-01", "2024-02-01"]})
    >>> with_rounds(talks)["round"].tolist()
    [1, 1, 2]
    """
    talks = _pandas(interviews, "interviews", ("interview_id", "held_on"))
    if order in talks.columns and talks[order].nunique() > 1:
        return talks.assign(round=talks[order].rank(method="dense").astype(int))
    place = pd.to_datetime(talks["held_on"]).rank(method="first")
    return talks.assign(round=np.where(place <= math.ceil(len(talks) / 2), 1, 2))


def find_then_test(interviews: Any, interview_needs: Any, *, order: str = "loop", as_of: dt.date | str | None = None) -> tuple[Result, Result]:
    """Find the most named need in all rounds but the last, and count it again in the last, on people who had no part in the choice.

    Parameters
    ----------
    order : str
        The column of ``interviews`` that numbers the rounds; :func:`with_rounds` makes one where there is none.

    Returns
    -------
    (found, tested) : tuple of Result
        :func:`named_unprompted` of the same need, before the last round and in it.

    Raises
    ------
    MetricError
        When there is only one round, or nothing was named openly before the last.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": list("abc"), "loop": [1, 1, 2]})
    >>> named = pd.DataFrame({"interview_id": list("ab"), "need": ["x", "x"], "prompted": [False, False]})
    >>> [result.value for result in find_then_test(talks, named)]
    [1.0, 0.0]
    """
    talks = _held(interviews, as_of, (order,))
    if talks[order].nunique() < 2:
        raise MetricError(f"interviews: only one round in {order!r}. A need that was found in a round must be tested in another.")
    before, last = talks[talks[order] < talks[order].max()], talks[talks[order] == talks[order].max()]
    need = most_named(before, interview_needs)
    if need is None:
        raise MetricError("interview_needs: no need was named unprompted before the last round. There is nothing to test yet.")
    return named_unprompted(before, interview_needs, need), named_unprompted(last, interview_needs, need)


MARKS = {"named unprompted": 0.2, "urgent": 0.5, "pays today": 0.2}


def signs_of_need(interviews: Any, interview_needs: Any, need: str | None = None, *, marks: dict[str, float] | None = None,
                  as_of: dt.date | str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Return the three signs that a common need is real, each beside its mark: the first half of the gate of stage 1.

    Parameters
    ----------
    interviews, interview_needs, need, as_of, level
        As in :func:`named_unprompted`.
    marks : dict, optional
        Sign -> the share above which the whole interval must lie; by default :data:`MARKS`. A choice, set before asking.

    Returns
    -------
    pandas.DataFrame
        sign, need, value, low, high, n, mark, met (the interval's lower end is above the mark). "urgent" and "pays today" are
        shares of those who named the need unprompted.

    Notes
    -----
    Wu Hao closes stage 1 on a common need that was caught and shown to be real, and on a business model that is understood.
    He gives no number; the three signs and their marks are ours, and the business model has to be judged beside them.

    Examples
    --------
    >>> talks = pd.DataFrame({"interview_id": ["a", "b"], "pays_today": [900.0, 0.0]})
    >>> named = pd.DataFrame({"interview_id": ["a", "b"], "need": ["x", "x"], "prompted": [False, False], "urgency": [5, 5]})
    >>> signs_of_need(talks, named)[["sign", "value", "n", "met"]].values.tolist()
    [['named unprompted', 1.0, 2, True], ['urgent', 1.0, 2, False], ['pays today', 0.5, 2, False]]
    """
    marks = MARKS if marks is None else marks
    for sign in marks:
        one_of(sign, MARKS, "marks")
    need = _need(need, interviews, interview_needs, as_of)
    given = {"as_of": as_of, "level": level}
    results = {"named unprompted": named_unprompted(interviews, interview_needs, need, **given),
               "urgent": urgent(interviews, interview_needs, need, **given),
               "pays today": pays_today(interviews, interview_needs, need, **given)}
    rows = [{"sign": sign, "need": need, "value": results[sign].value, "low": results[sign].low, "high": results[sign].high,
             "n": results[sign].n, "mark": mark, "met": bool(results[sign].low > mark)} for sign, mark in marks.items()]
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- a test that is set up before it is run


@dataclass(frozen=True)
class Test:
    """A test of a share, set before anybody is asked.

    Attributes
    ----------
    n, passes : int
        How many are asked; from how many on it passes.
    mark, hoped : float
        The share that is not worth going on with, and the one hoped for.
    false_pass, false_drop : float
        How often it passes where the share is ``mark``, and fails to where the share is ``hoped``.
    """

    __test__ = False  # no test of pytest

    n: int
    passes: int
    mark: float
    hoped: float
    false_pass: float
    false_drop: float

    def __repr__(self) -> str:
        return (f"ask {self.n}, go on from {self.passes}: passes by mistake {self.false_pass:.1%} of the time "
                f"(where {self.mark:.0%} is true), drops by mistake {self.false_drop:.1%} (where {self.hoped:.0%} is true)")


def _two_shares(mark: float, hoped: float) -> None:
    if not 0 < mark < hoped < 1:
        raise MetricError(f"mark = {mark!r} and hoped = {hoped!r} must be shares with 0 < mark < hoped < 1. Write 10% as 0.10.")


def _risk(alpha: float, what: str) -> None:
    if not 0 < alpha < 1:
        raise MetricError(f"{what} = {alpha!r} must lie between 0 and 1. Write 5% as 0.05.")


def pass_mark(n: int, mark: float, hoped: float, *, alpha: float = 0.05) -> Test:
    """Return the test of ``n`` talks with the lowest pass mark that keeps the false pass at ``alpha`` or less.

    Parameters
    ----------
    n : int
        How many are asked.
    mark, hoped : float
        Shares: not worth going on with, and hoped for.
    alpha : float
        How often it may pass where ``mark`` is true.

    Returns
    -------
    Test
        ``passes`` is n + 1 where no number of talks out of n would do.

    Notes
    -----
    The smallest c with P(X >= c) <= alpha, X binomial(n, mark); one-sided and exact. It drops by mistake with
    P(X < c), X binomial(n, hoped).

    Examples
    --------
    >>> pass_mark(12, 0.25, 0.5)
    ask 12, go on from 7: passes by mistake 1.4% of the time (where 25% is true), drops by mistake 61.3% (where 50% is true)
    """
    from scipy.stats import binom

    _two_shares(mark, hoped)
    _risk(alpha, "alpha")
    if n < 1 or n != int(n):
        raise MetricError(f"n = {n!r} must be a whole number of talks, at least 1.")
    passes = int(binom.isf(alpha, n, mark)) + 1
    return Test(int(n), passes, mark, hoped, float(binom.sf(passes - 1, n, mark)), float(binom.cdf(passes - 1, n, hoped)))


def sample_size(mark: float, hoped: float, *, alpha: float = 0.05, power: float = 0.8, most: int = 100_000) -> Test:
    """Return the smallest test that tells ``hoped`` from ``mark``.

    Parameters
    ----------
    mark, hoped : float
        Shares to be told apart.
    alpha : float
        How often it may pass where ``mark`` is true.
    power : float
        How often it must pass where ``hoped`` is true.
    most : int
        Where to give up.

    Returns
    -------
    Test

    Raises
    ------
    MetricError
        When the shares are no shares in order, or ``most`` talks do not do.

    Notes
    -----
    One share against a fixed mark, one-sided, exact binomial: the smallest n for which the pass mark of :func:`pass_mark`
    has the power asked for. Because talks come in whole numbers power rises in a sawtooth, so that one talk more may have a
    little less of it; the test that is returned says what its own errors are.
    Source: A'Hern, Sample size tables for exact single-stage phase II designs, Statistics in Medicine 20 (2001).

    Examples
    --------
    >>> sample_size(0.1, 0.2)
    ask 78, go on from 13: passes by mistake 4.5% of the time (where 10% is true), drops by mistake 19.2% (where 20% is true)
    """
    from scipy.stats import binom

    _two_shares(mark, hoped)
    _risk(alpha, "alpha"), _risk(power, "power")
    size = 64
    while True:
        n = np.arange(1, size + 1)
        passes = binom.isf(alpha, n, mark).astype(int) + 1
        does = binom.sf(passes - 1, n, hoped) >= power
        if does.any():
            return pass_mark(int(n[np.argmax(does)]), mark, hoped, alpha=alpha)
        if size >= most:
            raise MetricError(f"sample_size: {most:,} do not tell {hoped:.1%} from {mark:.1%}. Ask about a larger difference.")
        size = min(4 * size, most)


def sample_size_two_groups(first: float, second: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return how many each of two groups must hold, to tell their shares apart (two-sided).

    Notes
    -----
    Cohen's h = 2 asin sqrt(p1) - 2 asin sqrt(p2), normal approximation: statsmodels' NormalIndPower.
    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition (1988), chapter 6.

    Examples
    --------
    >>> sample_size_two_groups(0.1, 0.2)
    195
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    _two_shares(min(first, second), max(first, second))
    effect = abs(proportion_effectsize(first, second))
    return math.ceil(NormalIndPower().solve_power(effect, alpha=alpha, power=power))


# ---------------------------------------------------------------- looking while it runs


@dataclass(frozen=True)
class Marks:
    """After each talk: from how many "yes" on to stop and go on with the idea, and up to how many to stop and drop it.

    ``passes[i]`` and ``drops[i]`` belong to talk i + 1; ``drops`` of -1 means that no count drops it yet.
    """

    passes: np.ndarray
    drops: np.ndarray


def stop_when_ahead(test: Test, *, first: int = 5) -> Marks:
    """Return the naive reader's rule: look after every talk from ``first`` on, and stop as soon as the pass share is reached.

    Examples
    --------
    >>> stop_when_ahead(Test(10, 5, 0.25, 0.5, 0.08, 0.38), first=4).passes.tolist()
    [2, 3, 4, 2, 3, 3, 4, 4, 5, 5]
    """
    n = np.arange(1, test.n + 1)
    passes = np.ceil(n * test.passes / test.n - 1e-9).astype(int)
    return Marks(np.where(n >= first, passes, n + 1), np.where(n == test.n, test.passes - 1, -1))


def sequential_marks(mark: float, hoped: float, *, alpha: float = 0.05, power: float = 0.8, most: int = 200) -> Marks:
    """Return marks that may be looked at after every talk: Wald's sequential probability ratio test.

    Parameters
    ----------
    mark, hoped, alpha, power
        As in :func:`sample_size`.
    most : int
        Where to stop in any case; what is undecided then does not pass.

    Notes
    -----
    With k of n, the log likelihood ratio of ``hoped`` over ``mark`` is
    k log(hoped/mark) + (n-k) log((1-hoped)/(1-mark)). Pass at log(power/alpha), drop at log((1-power)/(1-alpha)).
    The errors are alpha and 1 - power, or hardly more. Source: Wald, Sequential tests of statistical hypotheses, Annals of
    Mathematical Statistics 16 (1945).

    Examples
    --------
    >>> marks = sequential_marks(0.25, 0.5, most=8)
    >>> marks.passes.tolist(), marks.drops.tolist()
    ([3, 4, 4, 4, 5, 5, 6, 6], [-1, -1, -1, 0, 0, 0, 1, 5])
    """
    _two_shares(mark, hoped)
    yes, no = math.log(hoped / mark), math.log((1 - hoped) / (1 - mark))
    n = np.arange(1, most + 1)
    passes = np.ceil((math.log(power / alpha) - n * no) / (yes - no) - 1e-9).astype(int)
    drops = np.floor((math.log((1 - power) / (1 - alpha)) - n * no) / (yes - no) + 1e-9).astype(int)
    drops = np.maximum(drops, -1)
    drops[-1] = passes[-1] - 1
    return Marks(passes, drops)


def run_tests(answers: np.ndarray, marks: Marks) -> pd.DataFrame:
    """Return what rounds of talks come to under marks that are looked at after every talk.

    Parameters
    ----------
    answers : array of 0 and 1, shape (rounds, talks)
        At least as many talks as ``marks`` has.

    Returns
    -------
    pandas.DataFrame
        passed (bool) and talks (how many were held until it stopped), one row a round.

    Examples
    --------
    >>> run_tests(np.array([[1, 1, 1], [0, 0, 0]]), Marks(np.array([2, 2, 2]), np.array([-1, 0, 1]))).values.tolist()
    [[True, 2], [False, 2]]
    """
    length = len(marks.passes)
    if answers.ndim != 2 or answers.shape[1] < length:
        raise MetricError(f"run_tests: answers of shape {answers.shape} are too short for {length} looks. Draw {length} talks a round.")
    yes = np.cumsum(answers[:, :length], axis=1)
    over = (yes >= marks.passes) | (yes <= marks.drops)
    over[:, -1] = True
    last = over.argmax(axis=1)
    return pd.DataFrame({"passed": yes[np.arange(len(yes)), last] >= marks.passes[last], "talks": last + 1})


def error_of(marks: Marks, share: float) -> tuple[float, float]:
    """Return how often marks pass where ``share`` is true, and how many talks they take on average. Exact, no luck.

    Notes
    -----
    Walks through the distribution of the count after every talk, taking out what has stopped.

    Examples
    --------
    >>> passed, talks = error_of(Marks(np.array([2, 2]), np.array([-1, 1])), 0.5)
    >>> passed, talks
    (0.25, 2.0)
    """
    length = len(marks.passes)
    going, passed, talks = np.zeros(length + 2), 0.0, 0.0
    going[0], count = 1.0, np.arange(length + 2)
    for look in range(length):
        talks += going.sum()
        going = going * (1 - share) + np.concatenate([[0.0], going[:-1]]) * share
        up = count >= marks.passes[look]
        passed += going[up].sum()
        going = np.where(up | (count <= marks.drops[look]), 0.0, going)
    return float(passed), float(talks)


# ---------------------------------------------------------------- loops


@dataclass(frozen=True)
class Loops:
    """How many loops fit: ``by_time`` and ``by_money``, and what one takes in weeks and money. ``fit`` is the lesser."""

    weeks: float
    cost: float
    by_time: int
    by_money: int

    @property
    def fit(self) -> int:
        """Loops that fit both the window and the money."""
        return min(self.by_time, self.by_money)

    @property
    def binds(self) -> str:
        """What runs out first: "time" or "money"."""
        return "time" if self.by_time <= self.by_money else "money"


def loops_that_fit(talks: float, *, window_weeks: float, money: float, talks_per_week: float, weeks_to_build: float,
                   cost_per_week: float, cost_per_talk: float = 0.0) -> Loops:
    """Return how many rounds of build, ask and learn fit the market's window and the money.

    Parameters
    ----------
    talks : float
        Talks in a loop.
    window_weeks, money : float
        What there is, in weeks and in a currency.
    talks_per_week : float
        How many can be held.
    weeks_to_build : float
        From one loop's last talk to the next one's first: learning, and changing the prototype.
    cost_per_week, cost_per_talk : float
        What the team costs, and what a talk costs beside it.

    Raises
    ------
    MetricError
        When a loop would take no time, or something is negative.

    Notes
    -----
    A loop takes talks / talks_per_week + weeks_to_build weeks; it costs those weeks and its talks. Loops are whole.
    Ours; Wu Hao only says that a prototype must be quick enough to be tried several times inside the window.

    Examples
    --------
    >>> loops_that_fit(20, window_weeks=26, money=600_000, talks_per_week=10, weeks_to_build=2, cost_per_week=40_000).fit
    3
    """
    given = {"talks": talks, "window_weeks": window_weeks, "money": money, "weeks_to_build": weeks_to_build,
             "cost_per_week": cost_per_week, "cost_per_talk": cost_per_talk}
    low = [name for name, value in given.items() if value < 0]
    if low or talks_per_week <= 0:
        name = low[0] if low else "talks_per_week"
        raise MetricError(f"loops_that_fit: {name} is {given.get(name, talks_per_week)!r}. Give what there really is, above 0.")
    weeks = talks / talks_per_week + weeks_to_build
    cost = weeks * cost_per_week + talks * cost_per_talk
    if weeks == 0:
        raise MetricError("loops_that_fit: a loop of no talks and no weeks has no length. Give talks or weeks_to_build.")
    by_time = math.floor(window_weeks / weeks + 1e-9)
    return Loops(weeks, cost, by_time, math.floor(money / cost + 1e-9) if cost else by_time)


def chance_of_finding(loops: int, test: Test, *, good: float) -> dict[str, float]:
    """Return how a search ends that tries one idea a loop and stops at the first that passes.

    Parameters
    ----------
    loops : int
    test : Test
        The same in every loop.
    good : float
        The share of ideas that are as good as ``test.hoped``; all others are as bad as ``test.mark``. A guess.

    Returns
    -------
    dict
        "right" (stopped at a good idea), "wrong" (stopped at a bad one), "none" (no loop passed); they add up to 1.

    Notes
    -----
    In each loop: right r = good (1 - false_drop), wrong w = (1 - good) false_pass; after L loops r (1 - (1-r-w)^L) / (r+w),
    and likewise for w. Our own arithmetic; ideas are taken as independent of each other.

    Examples
    --------
    >>> ends = chance_of_finding(3, Test(30, 12, 0.25, 0.5, 0.05, 0.1), good=0.2)
    >>> {name: round(share, 2) for name, share in ends.items()}
    {'right': 0.43, 'wrong': 0.1, 'none': 0.47}
    """
    if not 0 <= good <= 1 or loops < 0:
        raise MetricError(f"chance_of_finding: good = {good!r} must be a share, and loops = {loops!r} not below 0.")
    right, wrong = good * (1 - test.false_drop), (1 - good) * test.false_pass
    none = (1 - right - wrong) ** loops
    ended = (1 - none) / (right + wrong) if right + wrong else 0.0
    return {"right": right * ended, "wrong": wrong * ended, "none": none}


# ---------------------------------------------------------------- the question of the 40%


def pmf_answers(surveys: Any, *, events: Any = None, milestones: Any = None, days: int = 14) -> pd.DataFrame:
    """Return the answers to "how would you feel if you could no longer use it?", each with what its giver had done by then.

    Parameters
    ----------
    surveys : data frame
        survey_id, customer_id, user_id, on, kind, score: kind "pmf", 3 very, 2 somewhat, 1 not disappointed.
    events : data frame, optional
        user_id, at: for ``uses`` and ``lately``.
    milestones : data frame, optional
        customer_id, reached_on: for ``goals``.
    days : int
        What "lately" means.

    Returns
    -------
    pandas.DataFrame
        One row an answer: survey_id, customer_id, on, answer (one of :data:`ANSWERS`), uses (events of the person up to that
        day), lately (one of them within ``days``), goals (that the customer had reached by then); the last three only where
        their table is given.

    Raises
    ------
    MetricError
        When a column is missing, or a score is none of the three.

    Examples
    --------
    >>> asked = pd.DataFrame({"survey_id": ["y"], "customer_id": ["c"], "user_id": ["u"], "on": pd.to_datetime(["2024-05-10"]), "kind": "pmf", "score": [3]})
    >>> used = pd.DataFrame({"user_id": ["u", "u", "u"], "at": pd.to_datetime(["2024-04-01", "2024-05-09", "2024-06-01"])})
    >>> pmf_answers(asked, events=used)[["answer", "uses", "lately"]].values.tolist()
    [['very disappointed', 2, True]]
    """
    rows = _pandas(surveys, "surveys", ("survey_id", "customer_id", "user_id", "on", "kind", "score"))
    rows = rows[rows["kind"].astype(str) == "pmf"].reset_index(drop=True)
    said = rows["score"].map(dict(zip((3, 2, 1), ANSWERS)))
    if said.isna().any():
        raise MetricError(f"surveys: the pmf score {rows.loc[said.isna(), 'score'].iloc[0]} is none of 1 (not), 2 (somewhat), 3 (very disappointed).")
    rows = rows.assign(answer=said)
    if events is not None:
        rows = rows.join(_used_before(rows, _pandas(events, "events", ("user_id", "at")), days))
    if milestones is not None:
        goals = _pandas(milestones, "milestones", ("customer_id", "reached_on")).dropna(subset=["reached_on"])
        pairs = rows[["survey_id", "customer_id", "on"]].merge(goals, on="customer_id")
        reached = pairs[pairs["reached_on"] <= pairs["on"]].groupby("survey_id").size()
        rows["goals"] = rows["survey_id"].map(reached).fillna(0).astype(int)
    return rows.drop(columns=["kind", "score", "user_id"])


def _used_before(rows, events, days) -> pd.DataFrame:
    """For each answer: how often its giver had used the product by then, and whether lately."""
    pairs = rows[["user_id", "on"]].reset_index().merge(events[events["user_id"].isin(rows["user_id"])][["user_id", "at"]], on="user_id")
    pairs = pairs[pairs["at"] < pairs["on"] + pd.Timedelta(days=1)]
    seen = pairs.groupby("index")["at"].agg(["size", "max"]).reindex(rows.index)
    return pd.DataFrame({"uses": seen["size"].fillna(0).astype(int), "lately": rows["on"] - seen["max"] <= pd.Timedelta(days=days)})


def very_disappointed(answers: Any, *, as_of: dt.date | str | None = None, uses: int = 2, days: int = 14, least: int = 30,
                      everybody: bool = False, level: float = 0.95) -> Result:
    """Return the share who would be very disappointed without the product: Sean Ellis's question.

    Parameters
    ----------
    answers : data frame
        answer (one of :data:`ANSWERS`); uses (how often the person used it) and last_used_on, unless ``everybody``.
    as_of : date
        The day of the survey; needed unless ``everybody``.
    uses, days : int
        Who is asked: used it at least so often, and within so many days.
    least : int
        With fewer answers the result is not mature.
    everybody : bool
        Count all answers, whoever gave them. A variant to compare with, not Ellis's.

    Returns
    -------
    Result
        Unit share, n = answers.

    Raises
    ------
    MetricError
        When an answer is none of the four, or ``as_of`` is missing.

    Notes
    -----
    "very disappointed" / answers. Ellis names 40% as what he saw in products that found traction, asks people who have used
    the product twice or more in the last two weeks, and wants 30 answers: a pattern he saw, no law.

    Examples
    --------
    >>> answers = pd.DataFrame({"answer": ["very disappointed"] * 12 + ["not disappointed"] * 18})
    >>> very_disappointed(answers, everybody=True)
    very disappointed without it, everybody: 40.0% (24.6% to 57.7%, n = 30 answers)
    """
    rows = _pandas(answers, "answers", ("answer",) if everybody else ("answer", "uses", "last_used_on"))
    for answer in rows["answer"].unique():
        one_of(answer, ANSWERS, "answers: answer")
    if not everybody and as_of is None:
        raise MetricError("very_disappointed: as_of is missing. Give the day of the survey, to know who used the product lately.")
    if not everybody:
        day, last = pd.Timestamp(as_of), pd.to_datetime(rows["last_used_on"])
        rows = rows[(rows["uses"] >= uses) & (last <= day) & (last > day - pd.Timedelta(days=days))]
    who = "everybody" if everybody else f"used {uses} times or more, last {days} days"
    result = _share(f"very disappointed without it, {who}", rows.assign(yes=rows["answer"] == ANSWERS[0]), None,
                    "very disappointed / answers", "nobody who was asked fits", level, counts="answers")
    return Result(result.name, result.table.assign(mature=len(rows) >= least), formula=result.formula, counts="answers",
                  behind=result.behind)
