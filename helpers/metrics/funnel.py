"""The path from a lead to money: who gets how far, how long it takes, and what that is worth.

:func:`lead_path` lays the tables beside each other once: one row for each lead, with the day on which it entered each step.
Everything else reads that table, for all leads or ``by`` any of its columns. A young lead has not had the time that an old one
had, so each measure says in its name what it does with it:

- :func:`conversion` counts only what could be followed for a fixed number of days;
- :func:`conversion_curve` uses everything for as long as it was seen (Kaplan-Meier), at every age;
- :func:`conversion_so_far` takes the young ones for failures. It is the table that always seems to decline, kept to be shown.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.groups import beside
from helpers.metrics.result import Result
from helpers.metrics.tables import Entered, Frame, day, day_number, enter, literal, opened
from helpers.metrics.tenure import kaplan_meier
from helpers.metrics.uncertainty import wilson_interval

OFFICE = {"lead": "created_at", "answered": "answered_at", "MQL": "mql_on", "SQL": "sql_on"}
AFTER = ("signed", "paid", "due", "renewed")
FACTS = ("ended", "amount")  # what stands behind the steps in a path: day of the loss, yearly amount signed
COHORTS = {"month": 1, "quarter": 3, "year": 12}
NOT = -1
DAYS_IN_MONTH = 365.25 / 12


class Wait(NamedTuple):
    """``count`` leads that entered a step ``seen`` days ago and the next one after ``got`` days (-1: not yet, or never)."""

    seen: int
    got: int
    count: int
    amount: float


# --- the path -------------------------------------------------------------------------------------------------------


def lead_path(leads: Any, opportunities: Any, *, as_of: Any, stage_history: Any = None, contracts: Any = None, payments: Any = None,
              play: Sequence[str] | None = None) -> Any:
    """Return one row for each lead, with the day on which it entered each step on the way to money.

    Parameters
    ----------
    leads : data frame
        lead_id, created_at; answered_at, mql_on, sql_on where they are there; all its other columns are kept, to split ``by``.
    opportunities : data frame
        opportunity_id, lead_id, opened_on, closed_on, outcome; amount (of one year) where it is there.
    as_of : date
        The day of the report: what happened later is not known yet.
    stage_history : data frame, optional
        opportunity_id, step, entered_on: the steps of the sales play.
    contracts, payments : data frames, optional
        The signature behind a deal, when it ends, what renews it, and when the first money came.
    play : sequence of str, optional
        The steps of the play in order. Without it, from the step that most deals entered to the one that fewest did; steps
        that only repeat the opening or the signature are left out.

    Returns
    -------
    data frame
        The columns of ``leads`` that are no dates of the path, then a date for each step (lead, answered, MQL, SQL, the play,
        signed, paid, due, renewed; null: not reached), then ``ended`` (the day on which all its deals were lost) and ``amount``
        (money of one year signed; 0 while nothing is).

    Raises
    ------
    MetricError
        When a table or column is missing or a step of ``play`` is not in ``stage_history``.

    Notes
    -----
    Each lead counts once in a step, at its first entry. One with several deals is won with the first that is won, and lost when all
    are lost. Deals that did not start from a lead are not on this path. Source: Dai Ke, the growth traps of SaaS (2019), draws
    the path from lead to revenue; steps and clock are ours.

    Examples
    --------
    >>> path = example_path()
    >>> steps_of(path), path["amount"].tolist()
    (['lead', 'MQL', 'SQL', 'signed'], [1200.0, 0.0, 0.0, 0.0])
    """
    names = nw.from_native(opened(leads, "leads")).collect_schema().names()
    entered = enter(leads, name="leads", columns=("lead_id", "created_at"), optional=names)
    last = day(as_of, "as_of")
    deals = _deals(entered, opportunities, last)
    frame = entered.frame.rename({old: new for new, old in OFFICE.items() if old in names})
    steps = [step for step, column in OFFICE.items() if column in names]
    if stage_history is not None:
        frame, found = _with_play(entered, frame, deals, stage_history, play)
        steps += found
    frame = frame.join(_outcomes(deals), on="lead_id", how="left")
    steps.append("signed")
    if contracts is not None:
        frame, found = _with_contracts(entered, frame, deals, contracts, payments)
        steps += found
    kept = [name for name in names if name not in OFFICE.values()]
    return entered.give(_as_of(frame, [*kept], steps, last), sort=["lead_id"])


def _deals(entered: Entered, opportunities: Any, last: dt.date) -> Frame:
    other = enter(opportunities, name="opportunities", columns=("opportunity_id", "lead_id", "opened_on", "closed_on", "outcome"),
                  optional=("amount",), beside=entered)
    frame = beside(entered, other.frame, "opportunities").filter(~nw.col("lead_id").is_null())
    if "amount" not in frame.collect_schema().names():
        frame = frame.with_columns(amount=nw.lit(0.0))
    closed = nw.col("closed_on") <= literal(last, frame.collect_schema()["closed_on"])
    known = closed & ~nw.col("closed_on").is_null()
    frame = frame.filter(nw.col("opened_on") <= literal(last, frame.collect_schema()["opened_on"]))
    return frame.with_columns(won=(known & (nw.col("outcome") == "won")).cast(nw.Int64), lost=(known & (nw.col("outcome") == "lost")).cast(nw.Int64),
                              amount=nw.col("amount").cast(nw.Float64))


def _outcomes(deals: Frame) -> Frame:
    """Return for each lead the day of its first win, the day of its last loss when nothing else is left, and the amount won."""
    won, lost = nw.col("won") == 1, nw.col("lost") == 1
    parts = deals.with_columns(signed=nw.when(won).then(nw.col("closed_on")), over=nw.when(lost).then(nw.col("closed_on")),
                               money=nw.when(won).then(nw.col("amount")).otherwise(nw.lit(0.0)))
    sums = parts.group_by("lead_id").agg(nw.col("signed").min(), nw.col("over").max(), nw.col("lost").sum(), nw.len().alias("deals"),
                                         nw.col("money").sum().alias("amount"))
    return sums.with_columns(ended=nw.when(nw.col("lost") == nw.col("deals")).then(nw.col("over"))).select("lead_id", "signed", "ended", "amount")


def _with_play(entered: Entered, frame: Frame, deals: Frame, stage_history: Any, play: Sequence[str] | None) -> tuple[Frame, list[str]]:
    """Join the day on which each lead first entered each step of the sales play."""
    other = enter(stage_history, name="stage_history", columns=("opportunity_id", "step", "entered_on"), beside=entered)
    moves = beside(entered, other.frame, "stage_history").with_columns(step=nw.col("step").cast(nw.String))
    moves = moves.join(deals.select("opportunity_id", "lead_id", "opened_on", "closed_on", "won"), on="opportunity_id", how="inner")
    steps = _play(entered, moves, play)
    for step in steps:
        first = moves.filter(nw.col("step") == step).group_by("lead_id").agg(nw.col("entered_on").min().alias(step))
        frame = frame.join(first, on="lead_id", how="left")
    return frame, steps


def _play(entered: Entered, moves: Frame, play: Sequence[str] | None) -> list[str]:
    same = {"opens": nw.col("entered_on") == nw.col("opened_on"), "closes": (nw.col("entered_on") == nw.col("closed_on")) & (nw.col("won") == 1)}
    counted = moves.with_columns(**{name: nw.when(test).then(nw.lit(1)).otherwise(nw.lit(0)) for name, test in same.items()})
    rows = entered.small(counted.group_by("step").agg(nw.len().alias("n"), *[nw.col(name).sum() for name in same])).rows(named=True)
    if play is not None:
        for step in play:
            one_of(step, sorted(row["step"] for row in rows), "lead_path: step of the play")
        return list(play)
    own = [row for row in rows if row["opens"] < row["n"] and row["closes"] < row["n"]]
    return [row["step"] for row in sorted(own, key=lambda row: (-row["n"], row["step"]))]


def _with_contracts(entered: Entered, frame: Frame, deals: Frame, contracts: Any, payments: Any) -> tuple[Frame, list[str]]:
    """Join the first payment of the signed contract, the day on which it is due, and the signature that renewed it."""
    other = enter(contracts, name="contracts", columns=("contract_id", "opportunity_id", "signed_on", "ends_on", "renews_contract_id"), beside=entered)
    signed = beside(entered, other.frame, "contracts")
    first = signed.join(deals.filter(nw.col("won") == 1).select("opportunity_id", "lead_id"), on="opportunity_id", how="inner")
    first = first.select("lead_id", "contract_id", due=nw.col("ends_on"))
    again = signed.filter(~nw.col("renews_contract_id").is_null()).group_by("renews_contract_id").agg(nw.col("signed_on").min().alias("renewed"))
    first, steps = first.join(again.rename({"renews_contract_id": "contract_id"}), on="contract_id", how="left"), ["due", "renewed"]
    if payments is not None:
        money = enter(payments, name="payments", columns=("contract_id", "paid_on"), beside=entered)
        came = beside(entered, money.frame, "payments").group_by("contract_id").agg(nw.col("paid_on").min().alias("paid"))
        first, steps = first.join(came, on="contract_id", how="left"), ["paid", *steps]
    first = first.group_by("lead_id").agg(*[nw.col(step).min() for step in steps])
    return frame.join(first, on="lead_id", how="left"), steps


def _as_of(frame: Frame, kept: list[str], steps: list[str], last: dt.date) -> Frame:
    """Keep the leads that were there, and forget what happened after the day of the report."""
    schema = frame.collect_schema()
    tomorrow = {step: literal(last + dt.timedelta(days=1), schema[step]) for step in steps}
    frame = frame.filter(nw.col("lead") < tomorrow["lead"])
    known = {step: nw.when(nw.col(step) < tomorrow[step]).then(nw.col(step)) for step in steps}
    return frame.with_columns(**known, amount=nw.col("amount").fill_null(0.0)).select(*kept, *steps, *FACTS)


def steps_of(path: Any) -> list[str]:
    """Return the steps of a path in order: the columns from ``lead`` to ``ended``.

    Examples
    --------
    >>> steps_of(example_path())
    ['lead', 'MQL', 'SQL', 'signed']
    """
    names = nw.from_native(path).collect_schema().names()
    if "lead" not in names or "ended" not in names:
        raise MetricError("path: no columns 'lead' and 'ended'. Give the table that lead_path(leads, opportunities, as_of=...) returns.")
    return names[names.index("lead"):names.index("ended")]


def next_steps(path: Any) -> list[tuple[str, str]]:
    """Return each step with the one after it. A renewal is counted from the day on which the contract is due.

    Examples
    --------
    >>> next_steps(example_path())
    [('lead', 'MQL'), ('MQL', 'SQL'), ('SQL', 'signed')]
    """
    steps = steps_of(path)
    return [(start, end) for start, end in zip(steps, steps[1:]) if end != "due"]


def example_path() -> Any:
    """Return a path of four leads for examples: one signs after 20 days, one is lost, one is open, one is a day old.

    Examples
    --------
    >>> example_path()[["lead_id", "mode"]].to_numpy().tolist()
    [['a', 'inbound'], ['b', 'inbound'], ['c', 'seeding'], ['d', 'seeding']]
    """
    import pandas as pd

    days = pd.to_datetime
    leads = pd.DataFrame({"lead_id": list("abcd"), "mode": ["inbound", "inbound", "seeding", "seeding"],
                          "created_at": days(["2025-01-01", "2025-01-01", "2025-01-01", "2025-04-30"]),
                          "mql_on": days(["2025-01-02", "2025-01-03", "2025-01-03", None]),
                          "sql_on": days(["2025-01-05", "2025-01-05", None, None])})
    deals = pd.DataFrame({"opportunity_id": ["1", "2"], "lead_id": ["a", "b"], "opened_on": days(["2025-01-05"] * 2),
                          "closed_on": days(["2025-01-21", "2025-02-20"]), "outcome": ["won", "lost"], "amount": [1200.0, 900.0]})
    return lead_path(leads, deals, as_of="2025-05-01")


# --- waiting for the next step --------------------------------------------------------------------------------------


def waits(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, since: Any = None, until: Any = None,
          cohort: str | None = None, by: str | None = None) -> tuple[Entered, dict[tuple, list[Wait]]]:
    """Count the leads that entered a step by how long ago, and by how long they took to the other step.

    Parameters
    ----------
    path, start, end, as_of, since, until, by
        As in :func:`conversion`.
    cohort : {"month", "quarter", "year"}, optional
        Of the day on which they entered ``start``.

    Returns
    -------
    (entered, groups)
        Groups by (cohort, by), each None where it was not asked for, in order.

    Examples
    --------
    >>> waits(example_path(), as_of="2025-05-01")[1][None, None]
    [Wait(seen=1, got=-1, count=1, amount=0.0), Wait(seen=120, got=-1, count=2, amount=0.0), Wait(seen=120, got=20, count=1, amount=1200.0)]
    """
    for step in (start, end):
        one_of(step, steps_of(path), "step")
    wanted = [name for name in {start, end, "amount", by} if name]
    entered = enter(path, name="path", columns=sorted(wanted))
    frame, dtype = entered.frame.filter(~nw.col(start).is_null()), entered.frame.collect_schema()[start]
    last = day(as_of, "as_of")
    first = day(since, "since") if since is not None else None
    final = min(last, day(until, "until")) if until is not None else last
    frame = frame.filter(nw.col(start) < literal(final + dt.timedelta(days=1), dtype))
    frame = frame if first is None else frame.filter(nw.col(start) >= literal(first, dtype))
    return entered, _counted(entered, frame, start, end, last, cohort, by)


def _counted(entered: Entered, frame: Frame, start: str, end: str, last: dt.date, cohort: str | None, by: str | None) -> dict:
    frame = frame.with_columns(began_=day_number(nw.col(start)), came_=day_number(nw.col(end)))
    today = nw.lit(float(last.toordinal() + 306))  # 306: day_number counts from 1 March of year 0
    frame = frame.with_columns(seen_=today - nw.col("began_"), took_=nw.col("came_") - nw.col("began_"))
    took = nw.when(nw.col("took_") < 0).then(nw.lit(0.0)).otherwise(nw.col("took_"))
    never = nw.col(end).is_null() | (nw.col("took_") > nw.col("seen_"))
    keys = {"seen": nw.col("seen_"), "got": nw.when(never).then(nw.lit(float(NOT))).otherwise(took)}
    if cohort is not None:
        one_of(cohort, COHORTS, "cohort")
        keys["cohort"] = nw.col(start).dt.year().cast(nw.Int64) * 12 + nw.col(start).dt.month().cast(nw.Int64) - 1
    if by is not None:
        keys["group"] = nw.when(nw.col(by).is_null()).then(nw.lit("unknown")).otherwise(nw.col(by).cast(nw.String))
    counted = frame.select(nw.col("amount"), **keys).group_by(*keys).agg(nw.len().alias("count"), nw.col("amount").sum())
    groups: dict[tuple, list[Wait]] = defaultdict(list)
    for row in entered.small(counted).rows(named=True):
        key = None if cohort is None else int(row["cohort"]) // COHORTS[cohort] * COHORTS[cohort]
        groups[key, row.get("group")].append(Wait(int(row["seen"]), int(row["got"]), int(row["count"]), float(row["amount"] or 0)))
    order = _order(entered, by)
    return {key: sorted(groups[key]) for key in sorted(groups, key=lambda key: (key[0] or 0, order.get(key[1], len(order)), str(key[1])))}


def _order(entered: Entered, by: str | None) -> dict[str, int]:
    """The order of a column's categories, where it has one."""
    dtype = entered.frame.collect_schema()[by] if by else None
    if dtype not in (nw.Categorical, nw.Enum) or not isinstance(entered.frame, nw.DataFrame):
        return {}
    return {str(name): place for place, name in enumerate(entered.frame[by].cat.get_categories().to_list())}


def conversion(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, within: int = 90, since: Any = None, until: Any = None,
               cohort: str | None = None, by: str | None = None) -> Result:
    """Return the share that got from one step to another within a fixed number of days.

    Parameters
    ----------
    path : data frame
        What :func:`lead_path` returned.
    start, end : str
        Two of its steps.
    as_of : date
        The day of the report.
    within : int
        Days. Only what entered ``start`` at least so long ago is counted, and only what happened in that time.
    since, until : date, optional
        Only what entered ``start`` from and to these days.
    cohort : {"month", "quarter", "year"}, optional
        One row for each month of entry; ``mature`` is False where its youngest leads could not be followed for so long, and they
        are left out of its n.
    by : str, optional
        A column of the path.

    Returns
    -------
    Result
        Share with its Wilson interval; n counts the leads that could be followed. Cohorts too young to have any are rows without a
        value, with the reason.

    Raises
    ------
    MetricError
        When a step or column is not known, or ``within`` is below 0.

    Notes
    -----
    reached ``end`` within w days / entered ``start`` at least w days before ``as_of``. Every lead has had the same time, so cohorts
    can be compared. Source: Better's engineers on conversion by cohort, which always looks like decline unless the age is fixed.

    Examples
    --------
    >>> conversion(example_path(), as_of="2025-05-01", within=30)
    lead to signed within 30 days, entered to 2025-05-01: 33.3% (6.1% to 79.2%, n = 3 leads)
    """
    if within < 0:
        raise MetricError(f"conversion: within = {within!r} must be 0 days or more.")
    entered, groups = waits(path, start, end, as_of=as_of, since=since, until=until, cohort=cohort, by=by)
    rows = [_fixed(found, within, cohort) for found in groups.values()]
    table = _table(entered, groups, rows, cohort, by)
    return Result(f"{start} to {end} within {within} days", table, formula=f"{end} within {within} days / {start} at least {within} days ago",
                  period=_period(since, until, as_of), counts=_counts(start))


def conversion_so_far(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, since: Any = None, until: Any = None,
                      cohort: str | None = None, by: str | None = None) -> Result:
    """Return the share that has got from one step to another until today, whatever its age: the naive table, as a trap.

    Parameters
    ----------
    path, start, end, as_of, since, until, cohort, by
        As in :func:`conversion`.

    Returns
    -------
    Result
        Share; never mature. In a table by month the last months are low because their leads are young.

    Notes
    -----
    reached ``end`` by ``as_of`` / entered ``start``. It can only rise as a cohort grows older.

    Examples
    --------
    >>> conversion_so_far(example_path(), as_of="2025-05-01").value
    0.25
    """
    entered, groups = waits(path, start, end, as_of=as_of, since=since, until=until, cohort=cohort, by=by)
    rows = []
    for found in groups.values():
        n, got = sum(wait.count for wait in found), sum(wait.count for wait in found if wait.got != NOT)
        rows.append((*_share(got, n), n, False, "young ones count as failures"))
    return Result(f"{start} to {end} so far", _table(entered, groups, rows, cohort, by), formula=f"{end} until today / all {start}",
                  period=_period(since, until, as_of), counts=_counts(start))


def _fixed(found: list[Wait], within: int, cohort: str | None) -> tuple:
    old = [wait for wait in found if wait.seen >= within]
    n, got = sum(wait.count for wait in old), sum(wait.count for wait in old if NOT < wait.got <= within)
    young = sum(wait.count for wait in found) - n
    reason = f"nobody could be followed for {within} days" if not n else f"{young} too young, left out" if young and cohort else ""
    return *_share(got, n), n, cohort is None or not young, reason


def _share(got: int, n: int) -> tuple[float, float, float]:
    return (got / n if n else math.nan, *wilson_interval(got, n))


def _table(entered: Entered, groups: dict, rows: list[tuple], cohort: str | None, by: str | None) -> Any:
    rows = rows or [(math.nan, math.nan, math.nan, 0, False, "nobody entered the first step")]
    columns: dict[str, list] = {}
    if cohort is not None:
        columns["cohort"] = [dt.datetime(key[0] // 12, key[0] % 12 + 1, 1) for key in groups]
    if by is not None:
        columns[by] = [key[1] for key in groups]
    return entered.build({**columns, **{name: [row[i] for row in rows] for i, name in enumerate(("value", "low", "high", "n", "mature", "reason"))}})


def _period(since: Any, until: Any, as_of: Any) -> str:
    first = f"{day(since, 'since')} " if since is not None else ""
    return f"entered {first}to {min(day(as_of, 'as_of'), day(until, 'until')) if until is not None else day(as_of, 'as_of')}"


def _counts(start: str) -> str:
    return "leads" if start == "lead" else f"leads that reached {start}"


# --- at every age ---------------------------------------------------------------------------------------------------


def conversion_curve(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, since: Any = None, until: Any = None,
                     by: str | None = None, least: int = 20) -> Result:
    """Return the share that has got from one step to another at each age in days, everybody counting for as long as seen.

    Parameters
    ----------
    path, start, end, as_of, since, until, by
        As in :func:`conversion`.
    least : int
        The curve ends at the last age to which at least so many were followed.

    Returns
    -------
    Result
        Its table: (by), age (days), value, low, high, at_risk, got. Who is lost stays in the count: a loss is not a young lead.

    Notes
    -----
    1 - product over ages of (1 - got / at risk), where everybody is at risk until they get there or until as_of, also those who were
    lost: with as_of as the only reason for not being seen longer this is the cumulative incidence of Aalen and Johansen (1978),
    Fine and Gray (1999). To drop the lost instead (:func:`helpers.metrics.tenure.kaplan_meier` on the undecided) reads as if they would have signed
    like the others. Greenwood's interval.

    Examples
    --------
    >>> curve = conversion_curve(example_path(), as_of="2025-05-01", least=1).table
    >>> curve[curve["age"].isin([0, 19, 20, 120])][["age", "value", "at_risk"]].round(3).to_numpy().tolist()
    [[0.0, 0.0, 4.0], [19.0, 0.0, 3.0], [20.0, 0.333, 3.0], [120.0, 0.333, 2.0]]
    """
    entered, groups = waits(path, start, end, as_of=as_of, since=since, until=until, by=by)
    curves = {key[1]: _curve(found, least) for key, found in groups.items()}
    rows = [(group, *row) for group, curve in curves.items() for row in curve]
    columns = {by: [row[0] for row in rows]} if by else {}
    named = {name: [row[i + 1] for row in rows] for i, name in enumerate(("age", "value", "low", "high", "at_risk", "got"))}
    return Result(f"{start} to {end}, by age in days", entered.build({**columns, **named}), formula="1 - product over ages of (1 - got / at risk)",
                  period=_period(since, until, as_of), counts=_counts(start))


def _curve(found: list[Wait], least: int) -> list[tuple]:
    longest = max(wait.seen for wait in found)
    got, unseen, followed = ([0] * (longest + 1) for _ in range(3))
    for wait in found:
        followed[wait.seen] += wait.count
        arrived = wait.got != NOT
        (got if arrived else unseen)[wait.got if arrived else wait.seen] += wait.count
    for age in range(longest - 1, -1, -1):
        followed[age] += followed[age + 1]
    rows = [(age, 1 - stay, 1 - high, 1 - low, at_risk, count) for age, stay, low, high, at_risk, count, _ in kaplan_meier(got, unseen)]
    return [row for row in rows if row[0] == 0 or followed[row[0]] >= least]


def conversion_in_the_end(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, since: Any = None, until: Any = None,
                          by: str | None = None, least: int = 20) -> Result:
    """Return the share that gets from one step to another in the end, as far as anybody was followed.

    Parameters
    ----------
    path, start, end, as_of, since, until, by, least
        As in :func:`conversion_curve`.

    Returns
    -------
    Result
        Share with Greenwood's interval; n counts all that entered the first step, young ones too.

    Notes
    -----
    The last value of :func:`conversion_curve`. Nothing is added for what may come at higher ages than were seen.

    Examples
    --------
    >>> round(conversion_in_the_end(example_path(), as_of="2025-05-01", least=1).value, 3)
    0.333
    """
    curves = conversion_curve(path, start, end, as_of=as_of, since=since, until=until, by=by, least=least)
    found: dict[Any, list] = defaultdict(list)
    for row in nw.from_native(curves.table, eager_only=True).rows(named=True):
        found[row[by] if by else None].append(row)
    rows = [(*(float(curve[-1][name]) for name in ("value", "low", "high")), int(curve[0]["at_risk"]), True, "") for curve in found.values()]
    table = _table(enter(path, name="path", columns=("lead",)), {(None, group): None for group in found}, rows, None, by)
    return Result(f"{start} to {end} in the end", table, formula="last value of the curve by age", period=curves.period, counts=curves.counts)


def time_to(path: Any, start: str = "lead", end: str = "signed", *, as_of: Any, unit: str = "months", share: float = 0.5, since: Any = None,
            until: Any = None, by: str | None = None, least: int = 20) -> Result:
    """Return how long it takes from one step to another: the age at which half of those who will get there have got there.

    Parameters
    ----------
    path, start, end, as_of, since, until, by, least
        As in :func:`conversion_curve`.
    unit : {"months", "days"}
    share : float
        0.5 gives the median, 0.9 the time within which nine in ten get there.

    Returns
    -------
    Result
        Months (or a count of days). n counts all who entered the first step.

    Raises
    ------
    MetricError
        When the unit is not known.

    Notes
    -----
    First age at which :func:`conversion_curve` reaches ``share`` of its last value; the interval holds the ages whose band includes that level
    (Brookmeyer and Crowley 1982), the last value taken as known. The mean of the deals won so far is shorter, since the
    long ones among the young have not been won yet.

    Examples
    --------
    >>> time_to(example_path(), as_of="2025-05-01", unit="days", least=1).value
    20.0
    """
    one_of(unit, ("months", "days"), "time_to: unit")
    curves = conversion_curve(path, start, end, as_of=as_of, since=since, until=until, by=by, least=least)
    found: dict[Any, list] = defaultdict(list)
    for row in nw.from_native(curves.table, eager_only=True).rows(named=True):
        found[row[by] if by else None].append(row)
    scale = DAYS_IN_MONTH if unit == "months" else 1.0
    rows = [_age_at(curve, share, scale) for curve in found.values()]
    entered = enter(path, name="path", columns=("lead",))
    groups = {(None, group): None for group in found}
    return Result(f"time from {start} to {end}", _table(entered, groups, rows, None, by), unit="months" if unit == "months" else "count",
                  formula=f"age at which {share:.0%} of those who get there have", period=curves.period, counts=curves.counts)


def _age_at(curve: list[dict], share: float, scale: float) -> tuple:
    level, n = share * curve[-1]["value"], int(curve[0]["at_risk"])
    if not level:
        return math.nan, math.nan, math.nan, n, False, "nobody has got there yet"
    at, low, high = (next((row["age"] for row in curve if row[name] >= level - 1e-12), math.nan) for name in ("value", "high", "low"))
    return at / scale, low / scale, high / scale, n, True, ""


# --- all steps ------------------------------------------------------------------------------------------------------


def path_table(path: Any, *, as_of: Any, within: int = 180, since: Any = None, until: Any = None, by: str | None = None) -> Any:
    """Return the whole path as a table: how many enter each step, how many go on, how long it takes, what one is worth.

    Parameters
    ----------
    path, as_of, since, until, by
        As in :func:`conversion`; ``since`` and ``until`` are days of the lead, the same leads in every row.
    within : int
        Days that each step is given.

    Returns
    -------
    data frame
        (by), step, next, entered, n (of them, followed for so long), value, low, high (share that went on), days (median of those who went on),
        worth (yearly amount signed for each one that entered, among the n; NaN from the signature on).

    Notes
    -----
    value is :func:`conversion` of neighbouring steps; days is :func:`time_to`. Rates multiply: the share from the first step to the
    last is their product, as far as each step's clock lets it be.

    Examples
    --------
    >>> path_table(example_path(), as_of="2025-05-01", within=30)[["step", "next", "n", "worth"]].round().to_numpy().tolist()
    [['lead', 'MQL', 3, 400.0], ['MQL', 'SQL', 3, 400.0], ['SQL', 'signed', 2, 600.0]]
    """
    chosen, rows = entered_between(path, since, until), []
    for start, end in next_steps(path):
        entered, groups = waits(chosen, start, end, as_of=as_of, by=by)
        for (_, group), found in groups.items():
            value, low, high, n, *_ = _fixed(found, within, None)
            worth = math.nan if start in AFTER or not n else sum(wait.amount for wait in found if wait.seen >= within) / n
            days = _age_at([dict(zip(("age", "value", "low", "high", "at_risk"), row)) for row in _curve(found, 20)], 0.5, 1.0)[0]
            rows.append((group, start, end, sum(wait.count for wait in found), n, value, low, high, days, worth))
    names = (by or "", "step", "next", "entered", "n", "value", "low", "high", "days", "worth")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names) if name}
    return enter(path, name="path", columns=("lead",)).build(columns)


def entered_between(path: Any, since: Any = None, until: Any = None, *, step: str = "lead") -> Any:
    """Return the rows of a path whose leads entered a step from one day to another.

    Examples
    --------
    >>> len(entered_between(example_path(), "2025-01-01", "2025-01-31"))
    3
    """
    frame = nw.from_native(path)
    dtype = frame.collect_schema()[step]
    if since is not None:
        frame = frame.filter(nw.col(step) >= literal(day(since, "since"), dtype))
    if until is not None:
        frame = frame.filter(nw.col(step) < literal(day(until, "until") + dt.timedelta(days=1), dtype))
    return nw.to_native(frame)


def lost_at(path: Any, *, first: str = "SQL") -> Any:
    """Return at which step the lost deals ended: the last one that each had entered.

    Parameters
    ----------
    path : data frame
        What :func:`lead_path` returned.
    first : str
        The step at which a lead becomes a deal.

    Returns
    -------
    data frame
        step, value (share of the lost deals), low, high (Wilson), n (lost deals in all). Deals that are open are left out: they may still
        get further, and those lost early are lost soon.

    Examples
    --------
    >>> lost_at(example_path())[["step", "value", "n"]].to_numpy().tolist()
    [['SQL', 1.0, 1]]
    """
    steps = steps_of(path)
    one_of(first, steps, "lost_at: step")
    play = [step for step in steps[steps.index(first):] if step not in AFTER]
    entered = enter(path, name="path", columns=[*play, "ended"])
    last = nw.lit(play[0])
    for step in play[1:]:
        last = nw.when(~nw.col(step).is_null()).then(nw.lit(step)).otherwise(last)
    counted = entered.frame.filter(~nw.col("ended").is_null()).with_columns(last=last).group_by("last").agg(nw.len().alias("n"))
    counts = {row["last"]: int(row["n"]) for row in entered.small(counted).rows(named=True)}
    n, found = sum(counts.values()), [step for step in play if step in counts]
    shares = [_share(counts[step], n) for step in found]
    return entered.build({"step": found, **{name: [row[i] for row in shares] for i, name in enumerate(("value", "low", "high"))}, "n": [n] * len(found)})


# --- win rates ------------------------------------------------------------------------------------------------------


def win_rate(opportunities: Any, start: Any, end: Any, *, by: str | None = None) -> Result:
    """Return the snapshot win rate: of the deals that closed in a period, the share that was won.

    Parameters
    ----------
    opportunities : data frame
        opened_on, closed_on, outcome, and the column ``by``.
    start, end : date
        First and last day of the period.
    by : str, optional
        A column of ``opportunities``.

    Returns
    -------
    Result
        Share with its Wilson interval; n counts the deals that closed.

    Notes
    -----
    won / (won + lost) among the deals closed in the period, whenever they were opened. Deals that are lost slowly and won fast make it
    too kind while the number of deals grows. Source: Dave Kellogg on win rates, the milestone variant.

    Examples
    --------
    >>> win_rate(example_deals(), "2025-01-01", "2025-03-31")
    win rate, closed 2025-01-01 to 2025-03-31: 66.7% (20.8% to 93.9%, n = 3 deals)
    """
    first, last = day(start, "start"), day(end, "end")
    entered, rows = _deals_between(opportunities, "closed_on", first, last, last, by)
    return _won(entered, rows, f"win rate, closed {first} to {last}", "won / (won + lost), closed in the period", by)


def cohort_win_rate(opportunities: Any, start: Any, end: Any, *, read_on: Any, over: str = "created", by: str | None = None) -> Result:
    """Return the win rate of the deals opened in a period, as it stands on a day.

    Parameters
    ----------
    opportunities, by
        As in :func:`win_rate`.
    start, end : date
        First and last day on which the deals were opened.
    read_on : date
        The day of reading.
    over : {"created", "closed so far"}
        The denominator: all that were opened, or only those that are decided. The first can only rise from one reading to the next.

    Returns
    -------
    Result
        Share; mature when no deal of the cohort is open any more.

    Notes
    -----
    won by ``read_on`` / opened in the period, or / (won + lost) by ``read_on``. Source: Dave Kellogg on win rates, the flow variant.

    Examples
    --------
    >>> [cohort_win_rate(example_deals(), "2025-01-01", "2025-01-31", read_on=on).value for on in ("2025-01-31", "2025-06-30")]
    [0.25, 0.5]
    """
    one_of(over, ("created", "closed so far"), "cohort_win_rate: over")
    entered, rows = _deals_between(opportunities, "opened_on", day(start, "start"), day(end, "end"), day(read_on, "read_on"), by)
    name = f"win rate, opened {day(start, 'start')} to {day(end, 'end')}, won / {over} on {day(read_on, 'read_on')}"
    return _won(entered, rows, name, f"won / {over}", by, over=over)


def win_rate_snapshot_vs_cohort(opportunities: Any, start: Any, end: Any, *, read_end: Sequence[Any]) -> Any:
    """Return both win rates side by side on several days: what closed since the day before, and what became of one cohort.

    Parameters
    ----------
    opportunities : data frame
    start, end : date
        First and last day on which the cohort was opened.
    read_end : sequence of date
        The days of reading, in order.

    Returns
    -------
    data frame
        read_on, snapshot (closed since the day before, won / closed), cohort (won / opened), closed_so_far (won / decided), open (deals).

    Notes
    -----
    The cohort over all opened deals never falls. A published table in which it does has taken won / closed so far (FUN-04).

    Examples
    --------
    >>> seen = win_rate_snapshot_vs_cohort(example_deals(), "2025-01-01", "2025-01-31", read_end=["2025-01-31", "2025-06-30"])
    >>> seen[["cohort", "closed_so_far", "open"]].to_numpy().tolist()
    [[0.25, 1.0, 3.0], [0.5, 0.6666666666666666, 1.0]]
    """
    rows, before = [], day(start, "start") - dt.timedelta(days=1)
    for reading in [day(value, "read_end") for value in read_end]:
        over = {name: cohort_win_rate(opportunities, start, end, read_on=reading, over=name) for name in ("created", "closed so far")}
        rows.append((dt.datetime(reading.year, reading.month, reading.day), win_rate(opportunities, before + dt.timedelta(days=1), reading).value,
                     over["created"].value, over["closed so far"].value, over["created"].n - over["closed so far"].n))
        before = reading
    names = ("read_on", "snapshot", "cohort", "closed_so_far", "open")
    return enter(opportunities, name="opportunities", columns=("outcome",)).build({name: [row[i] for row in rows] for i, name in enumerate(names)})


def _deals_between(opportunities: Any, column: str, first: dt.date, last: dt.date, read_on: dt.date, by: str | None) -> tuple[Entered, list[dict]]:
    """Count deals by what was known of them on a day: won, lost, open."""
    entered = enter(opportunities, name="opportunities", columns=sorted({"opened_on", "closed_on", "outcome", *([by] if by else [])}))
    schema = entered.frame.collect_schema()
    frame = entered.frame.filter(nw.col(column) >= literal(first, schema[column]), nw.col(column) < literal(last + dt.timedelta(days=1), schema[column]))
    known = nw.col("closed_on") < literal(read_on + dt.timedelta(days=1), schema["closed_on"])
    frame = frame.with_columns(**{name: nw.when(known & (nw.col("outcome") == name)).then(nw.lit(1)).otherwise(nw.lit(0)) for name in ("won", "lost")})
    sums = [nw.len().alias("n"), nw.col("won").sum(), nw.col("lost").sum()]
    rows = entered.small(frame.group_by(by).agg(*sums) if by else frame.select(*sums)).rows(named=True)
    order = _order(entered, by)
    return entered, sorted(rows, key=lambda row: (order.get(str(row[by]), len(order)), str(row[by]))) if by else rows


def _won(entered: Entered, rows: list[dict], name: str, formula: str, by: str | None, *, over: str = "closed so far") -> Result:
    out = []
    for row in rows:
        won, lost, n = (int(row[key] or 0) for key in ("won", "lost", "n"))
        base = n if over == "created" else won + lost
        out.append((*_share(won, base), base, won + lost == n, "" if base else "no deal was decided"))
    groups = {(None, str(row[by]) if by else None): None for row in rows}
    return Result(name, _table(entered, groups, out, None, by), formula=formula, counts="deals")


def example_deals() -> Any:
    """Return five deals for examples: of four opened in January one is won at once, one in March, one lost in April, one open.

    Examples
    --------
    >>> example_deals()["outcome"].tolist()
    ['won', 'won', 'lost', None, 'lost']
    """
    import pandas as pd

    days = pd.to_datetime
    return pd.DataFrame({"opportunity_id": list("12345"), "lead_id": list("abcde"), "opened_on": days(["2025-01-02"] * 4 + ["2024-11-01"]),
                         "closed_on": days(["2025-01-20", "2025-03-10", "2025-04-10", None, "2025-02-01"]),
                         "outcome": pd.Series(["won", "won", "lost", None, "lost"], dtype=object), "amount": [100.0] * 5})


def conversion_lift(rates: int | Sequence[float], lift_each: float = 0.10) -> float:
    """Return by what factor the product of the rates grows when each of them grows.

    Parameters
    ----------
    rates : int or sequence of float
        How many rates there are, or the rates themselves (shares): then none can rise above 1.
    lift_each : float
        By what share each rises: 0.10 for ten per cent of itself (not ten points).

    Returns
    -------
    float
        Ratio of the product after to the product before.

    Raises
    ------
    MetricError
        When a rate is no share above 0.

    Notes
    -----
    (1 + lift) ** rates; with the rates given, product of min(1, rate * (1 + lift)) / rate. "Ten per cent better at seven steps doubles
    revenue" is 1.1 ** 7 = 1.949, and it needs all seven to move. Source: the claim is Winning by Design's, read at second hand.

    Examples
    --------
    >>> round(conversion_lift(7), 3), round(conversion_lift(1), 3), round(conversion_lift([0.5, 0.95]), 3)
    (1.949, 1.1, 1.158)
    """
    if isinstance(rates, int):
        return (1 + lift_each) ** rates
    if any(not 0 < rate <= 1 for rate in rates):
        raise MetricError(f"conversion_lift: rates {list(rates)!r} must be shares above 0 and up to 1. Write 50% as 0.50.")
    return math.prod(min(1.0, rate * (1 + lift_each)) / rate for rate in rates)
