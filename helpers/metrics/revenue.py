"""Recurring revenue: MRR, its movements, the bridge from one month to the next, ARR.

Money inside is counted in integers of the smallest unit (fen, cents): with fractions a customer who has left keeps
1e-14 of MRR and is counted for ever. Movements come from events: a line that starts adds, a line that ends takes away,
events are netted for each customer and month, and cumulated in order. A customer's lines are summed first and
classified second.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from typing import Any

import narwhals.stable.v2 as nw

from helpers.metrics.errors import MetricError, one_of
from helpers.metrics.lines import INTERVALS, MONTHS, Lines, priced
from helpers.metrics.policy import Policy
from helpers.metrics.result import Result
from helpers.metrics.tables import Frame, collected, cut, day, either, enter, index_of, literal, looked_up, month_of, move, only, running, settled, stacked, whole

KINDS = ("opening", "new", "reactivation", "expansion", "contraction", "churn")
OTHER_KINDS = ("pause", "resume", "fx")
_NUMBER = {kind: number for number, kind in enumerate((*KINDS, *OTHER_KINDS), 1)}  # kinds are numbers until they are shown
_KIND_OF = {number: kind for kind, number in _NUMBER.items()}
NO_KIND = 0
ARRIVALS = ("opening", "new", "reactivation", "resume")


def normalise_mrr(
    amount: float, interval: str, interval_count: int = 1, *, weeks: float = 52 / 12, days: float = 365 / 12
) -> float:
    """Return what a price is worth in a month.

    Parameters
    ----------
    amount : float
        Price of one interval, without tax, in natural units (yuan, not fen).
    interval : str
        day, week, month, quarter or year.
    interval_count : int
        How many of them one payment covers: 24 months are ``("month", 24)``.
    weeks, days : float
        Weeks and days in a month. Products use 52/12, 4.33 or 4 weeks, and 365/12 or 30 days.

    Returns
    -------
    float
        Money a month.

    Raises
    ------
    MetricError
        For an interval that is not known: it is never taken at face value, and never silently 0.

    Notes
    -----
    amount x (months' worth of one interval) / interval_count. Source: support.stripe.com, billing analytics (a yearly
    price over 12); fivetran/dbt_stripe and polarsource/polar (52/12 weeks, 365/12 days).

    Examples
    --------
    >>> normalise_mrr(1200, "year")
    100.0
    >>> round(normalise_mrr(100, "week"), 2)
    433.33
    """
    one_of(interval, INTERVALS, "interval")
    if interval_count <= 0:
        raise MetricError(f"interval_count = {interval_count!r} must be 1 or more.")
    if interval in MONTHS:
        return amount / (MONTHS[interval] * interval_count)
    return amount * (weeks if interval == "week" else days) / interval_count


def mrr_at(subscriptions: Any, on: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Any:
    """Return each customer's MRR at the end of a day.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval ``[starts_on, ends_on)`` at one price.
    on : date
        The state at the last instant of this day.
    policy : Policy
    as_of : date, optional
        The day of the report: what was recorded later is not known. Everything is known when it is left out.

    Returns
    -------
    data frame
        customer_id, mrr (integers of the smallest unit); customers without MRR are absent.

    Notes
    -----
    Sum of the monthly price of the lines with starts_on <= on < ends_on.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2024-01-01", "2025-01-01", 1200.0, "year"], ["a", "2024-03-01", None, 50.0, "month"]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount", "interval"])
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> mrr_at(subs, "2024-12-31").to_dict("records")
    [{'customer_id': 'a', 'mrr': 15000}]
    """
    lines = priced(subscriptions, policy=policy, as_of=as_of)
    states = states_at(lines, {"mrr": day(on, "on")})
    present = states.filter(nw.col("mrr_present")).select(*lines.keys, "mrr")
    return lines.entered.give(present, sort=lines.keys)


def states_at(lines: Lines, days: dict[str, dt.date]) -> Frame:
    """Return the movers' MRR at the end of several days side by side, and whether they were customers on them.

    Parameters
    ----------
    lines : Lines
        What :func:`helpers.metrics.lines.priced` returned.
    days : dict
        Names of columns and the days they stand for.

    Returns
    -------
    narwhals frame
        The keys, and for each name ``name`` (integers of the smallest unit) and ``name_present`` (true or false).
    """
    columns, sums = {}, {}
    for name, on in days.items():
        active = in_force(lines.frame, on)
        for measure in ("mrr", *lines.held):
            column = f"{name}__{measure}"
            columns[column] = either(active, nw.col(measure), 0)
            sums[column] = nw.col(column).sum()
    summed = lines.frame.select(*lines.keys, **columns).group_by(*lines.keys).agg(**sums)
    summed = whole(summed, list(columns))
    out = {}
    for name in days:
        kept = nw.col(f"{name}__mrr") > 0
        out[name] = lines.rounded(nw.col(f"{name}__mrr"))
        out[f"{name}_present"] = kept | (nw.col(f"{name}__free") > 0) if "free" in lines.held else kept
    return summed.select(*lines.keys, **out)


def in_force(frame: Frame, on: dt.date) -> nw.Expr:
    """Test whether a line is in force at the last instant of a day: starts_on <= on < ends_on."""
    schema = frame.collect_schema()
    tomorrow = on + dt.timedelta(days=1)
    started = nw.col("starts_on") < literal(tomorrow, schema["starts_on"])
    return started & (nw.col("ends_on").is_null() | (nw.col("ends_on") >= literal(tomorrow, schema["ends_on"])))


# --- movements ------------------------------------------------------------------------------------------------------


def mrr_movements(subscriptions: Any, *, as_of: Any, policy: Policy = Policy()) -> Any:
    """Return every change of MRR, by customer and month, with its kind.

    Parameters
    ----------
    subscriptions : data frame or path
        One row is an interval ``[starts_on, ends_on)`` at one price.
    as_of : date
        The day of the report. Later rows change nothing; a contract that runs beyond it is in force, not lost.
    policy : Policy

    Returns
    -------
    data frame
        customer_id, month (its first day), kind, before, change, after. Money in integers of the smallest unit.
        Months in which nothing changed have no row. With right_edge = "flag", and an ``as_of`` inside a month, a column
        ``partial`` marks the movements of that month.

    Notes
    -----
    before + change = after, and a customer's ``after`` is the next row's ``before``. Kinds: ``opening`` (there in the
    first month seen, unless policy.complete_from_inception), ``new`` (first MRR ever), ``reactivation`` (from 0, was a
    customer before), ``churn`` (to 0), ``expansion``, ``contraction``; and ``pause``, ``resume`` with paused rows. The
    first four are asked before the sign of the change. Source: ChartMogul help 201244842; the order of the
    questions after faults found in fivetran/dbt_stripe and fivetran/dbt_recurly.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["a", "2024-01-10", "2024-03-01", 100.0], ["a", "2024-05-01", None, 80.0], ["b", "2024-02-01", None, 50.0]]
    >>> subs = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"]).assign(interval="month")
    >>> subs[["starts_on", "ends_on"]] = subs[["starts_on", "ends_on"]].apply(pd.to_datetime)
    >>> moved = mrr_movements(subs, as_of="2024-06-30")
    >>> print(moved.assign(month=moved["month"].dt.strftime("%Y-%m")).to_string(index=False))
    customer_id   month         kind  before  change  after
              a 2024-01      opening       0   10000  10000
              a 2024-03        churn   10000  -10000      0
              a 2024-05 reactivation       0    8000   8000
              b 2024-02          new       0    5000   5000
    """
    lines = priced(subscriptions, policy=policy, as_of=as_of)
    return lines.entered.give(movements_of(lines), sort=(*lines.keys, *_period(policy)))


def _period(policy: Policy) -> tuple[str, ...]:
    return ("month", "on") if _by_event(policy) else ("month",)


def _by_event(policy: Policy) -> bool:
    return policy.same_month == "events" or policy.time_base == "day"


def movements_of(lines: Lines) -> Frame:
    """Classify the netted events of priced lines; see :func:`mrr_movements`."""
    moved = _moved(lines)
    moved = moved.with_columns(kind=looked_up(moved, nw.col("number"), _KIND_OF, None, nw.String))
    columns = ("month", *(("on",) * _by_event(lines.policy)), "kind", "before", "change", "after")
    partial = _partial(lines)
    extra = {"partial": nw.col("month") >= partial} if partial is not None and lines.policy.right_edge == "flag" else {}
    return moved.select(*lines.keys, *columns, **extra)


def changes_of(lines: Lines) -> Frame:
    """Sum the movements by month and kind where they are: month, number, change. :func:`kinds_of` reads the collected rows."""
    return _moved(lines).group_by("month", "number").agg(nw.col("change").sum())


def kinds_of(changes: nw.DataFrame) -> list[tuple[dt.date, str, int]]:
    """Return month, kind and change of each row of :func:`changes_of`."""
    return [(month, _KIND_OF[int(number)], int(change)) for month, number, change in changes.select("month", "number", "change").rows()]


def _moved(lines: Lines) -> Frame:
    """Return the changes that have a kind: the keys, month (and on), number of the kind, before, change, after."""
    moved = running_state(lines)
    moved = moved.with_columns(number=_kind(lines)).filter(nw.col("number") != NO_KIND)
    if _by_event(lines.policy):
        moved = moved.with_columns(on=nw.col("step"), step=cut(nw.col("step"), "1mo", moved.collect_schema()["step"]))
    partial = _partial(lines)
    if partial is not None and lines.policy.right_edge == "drop":
        moved = moved.filter(nw.col("step") < partial)
    if lines.as_of is not None and lines.policy.time_base == "month_start":  # the first instant of the next month is not known yet
        moved = moved.filter(nw.col("step") <= literal(lines.as_of, lines.frame.collect_schema()["starts_on"]))
    on = ("on",) * _by_event(lines.policy)
    return moved.select(*lines.keys, nw.col("step").alias("month"), *on, "number", "before", "change", "after")


def _partial(lines: Lines) -> dt.date | None:
    """Return the month that is not over on the day of the report, if there is one."""
    as_of = lines.as_of
    if as_of is None or lines.policy.time_base == "month_start" or (as_of + dt.timedelta(days=1)).day == 1:
        return None
    return literal(as_of.replace(day=1), lines.frame.collect_schema()["starts_on"])


def _step(name: str, lines: Lines) -> nw.Expr:
    """Return the period of an event: its month, or its day, or its few minutes (switches 1, 13, 14)."""
    date, policy, dtype = nw.col(name), lines.policy, lines.frame.collect_schema()[name]
    if _by_event(policy):
        return date if _minutes(lines, dtype) else cut(date, "1d", dtype)
    if policy.time_base == "month_start":
        before = move(date, "-1us" if dtype == nw.Datetime else "-1d", dtype)
        return move(cut(before, "1mo", dtype), "1mo", dtype)
    return cut(date, "1mo", dtype)


def _minutes(lines: Lines, dtype: Any) -> int:
    """Switch 13: within how many minutes events are one, where times of day are known (0: a day is one)."""
    return lines.policy.same_day if _by_event(lines.policy) and isinstance(lines.policy.same_day, int) and dtype == nw.Datetime else 0


def events_of(lines: Lines) -> Frame:
    """Return two events for each line: at its start its measures are added, at its end taken away.

    A line that starts and ends in one period leaves none: nothing of it is seen at the period's end. With a reactivation
    window it does, and ``came`` and ``left`` hold the days.
    """
    measures, windowed = ["mrr", *lines.held], isinstance(lines.policy.reactivation, int)
    less = {f"less_{name}": -nw.col(name) for name in measures}
    never = {"never": only(nw.lit(False), nw.col("starts_on"))} if windowed else {}
    edges = lines.frame.with_columns(starting=_step("starts_on", lines), ending=_step("ends_on", lines), **less, **never)
    minutes = _minutes(lines, lines.frame.collect_schema()["starts_on"])
    if not windowed and not minutes:
        edges = _seen(edges, nw.col("ending").is_null() | (nw.col("ending") != nw.col("starting")))
    dates = {"came": ("starts_on", "never"), "left": ("never", "ends_on")} if windowed else {}
    events = stacked(edges, lines.keys, step=("starting", "ending"), **{name: (name, f"less_{name}") for name in measures}, **dates)
    events = events.filter(~nw.col("step").is_null())
    return _gathered(events, lines, [*measures, *dates], minutes) if minutes else events


def _gathered(events: Frame, lines: Lines, columns: list[str], minutes: int) -> Frame:
    """Give events that follow each other within so many minutes the instant of the first of them."""
    keys, how = list(lines.keys), {"came": "min", "left": "max"}
    summed = [getattr(nw.col(name), how.get(name, "sum"))() for name in columns]
    instants = running(events.group_by(*keys, "step").agg(*summed), keys, "step", above=("before", "step"))
    latest = move(nw.col("above"), f"{minutes}m", instants.collect_schema()["step"])
    instants = instants.with_columns(fresh=either(nw.col("above").is_null() | (nw.col("step") > latest), 1, 0))
    grouped = running(instants, keys, "step", group=("sum", "fresh"))
    grouped = grouped.with_columns(step=nw.col("step").min().over(*keys, "group")).group_by(*keys, "step").agg(*summed)
    return whole(grouped, [name for name in columns if name not in how])


def _seen(edges: Frame, seen: nw.Expr) -> Frame:
    """Drop the lines that are not seen; DuckDB empties their steps instead, since before a filter it would cut every date twice."""
    if not edges.implementation.is_duckdb():
        return edges.filter(seen)
    return edges.with_columns(starting=only(seen, nw.col("starting")), ending=only(seen, nw.col("ending")))


def running_state(lines: Lines, *, since: bool = False) -> Frame:
    """Net the events of each period and cumulate them: the state before and after each, the change, when there first was MRR.

    Returns
    -------
    narwhals frame
        The keys, step, before, after, change (smallest units), mrr_before, mrr_after (finer units; the same for what holds
        a customer at 0), first (the step of the first MRR), paid (after it); with ``since`` that step as a column.
    """
    keys, policy = list(lines.keys), lines.policy
    plain = not lines.held and not lines.signed  # every line adds: a customer's first step is the first with MRR
    net = (_windowed if isinstance(policy.reactivation, int) else _netted)(lines, plain=plain, since=since and plain)
    first, paid = nw.col("above").is_null(), ~nw.col("above").is_null()
    if not plain:
        net = net.with_columns(paying=only(nw.col("mrr_after") > 0, nw.col("step")))
        net = running(net, keys, "step", since=("only", "paying"))
        first, paid = nw.col("step") == nw.col("since"), nw.col("step") > nw.col("since")
    net = net.with_columns(before=lines.rounded(nw.col("mrr_before")), after=lines.rounded(nw.col("mrr_after")), first=first, paid=paid)
    return net.with_columns(change=nw.col("after") - nw.col("before"))


def _netted(lines: Lines, *, plain: bool, since: bool) -> Frame:
    events, first = events_of(lines), {"since": ("least", "step")} if since else {}
    return settled(events.filter(nw.col("mrr") != 0) if plain else events, lines.keys, "step", ["mrr", *lines.held], above=plain, **first)


def _windowed(lines: Lines, *, plain: bool, since: bool) -> Frame:
    """The same with the first start and the last end of each period, and the last end before it."""
    measures, first = ["mrr", *lines.held], {"since": ("least", "step")} if since else {}
    sums = [nw.col(name).sum() for name in measures]
    net = events_of(lines).group_by(*lines.keys, "step").agg(*sums, nw.col("came").min(), nw.col("left").max())
    moved = nw.col("mrr") != 0
    for name in lines.held:
        moved = moved | (nw.col(name) != 0)
    after = {f"{name}_after": ("sum", name) for name in measures}
    net = running(whole(net.filter(moved), measures), lines.keys, "step", **after, left_before=("before", "left"), above=("before", "step"), **first)
    net = whole(net, list(after))
    return net.with_columns(**{f"{name}_before": nw.col(f"{name}_after") - nw.col(name) for name in measures})


# --- what kind of change it is --------------------------------------------------------------------------------------


def _kind(lines: Lines) -> nw.Expr:
    """Give a change the number of its kind: the state is asked first, the sign of the change last (switch 23)."""
    change = nw.col("change")
    sign = either(change > 0, _NUMBER["expansion"], either(change < 0, _NUMBER["contraction"], NO_KIND))
    was, now = nw.col("mrr_before") > 0, nw.col("mrr_after") > 0
    absent = _released(lines) if lines.held else NO_KIND
    if lines.policy.order == "sign_first":
        return either(nw.col("first"), _arrival(lines), sign)
    if lines.policy.order == "return_last":
        sign = either(was & ~now, _NUMBER["churn"], sign)
        return either(nw.col("first"), _arrival(lines), sign)
    gone = either(was, _departure(lines), absent)
    back = either(nw.col("first"), _arrival(lines), _return(lines))
    return either(~now, gone, either(was, sign, back))


def _arrival(lines: Lines) -> nw.Expr | int:
    """Switch 21: what is there in the first period seen is opening, not new."""
    if lines.policy.complete_from_inception or lines.first_seen is None:
        return _NUMBER["new"]
    first = literal(_first_step(lines), lines.frame.collect_schema()["starts_on"])
    return either(nw.col("step") == first, _NUMBER["opening"], _NUMBER["new"])


def _first_step(lines: Lines) -> dt.date:
    first, policy = lines.first_seen, lines.policy
    if policy.time_base == "day":
        return first
    opening = first.replace(day=1)
    return month_of(index_of(first) + 1) if policy.time_base == "month_start" and first != opening else opening


def _return(lines: Lines) -> nw.Expr | int:
    """Switches 15, 16, 6: back from 0 is reactivation, unless they were held at 0 or were away too long."""
    window, back = lines.policy.reactivation, _NUMBER["reactivation"]
    if window == "never":
        back = _NUMBER["new"]
    elif isinstance(window, int):
        latest = move(nw.col("left_before"), f"{window}d", lines.frame.collect_schema()["ends_on"])
        back = either(nw.col("came") <= latest, back, _NUMBER["new"])
    for name, word in _held_words(lines, "expansion", "resume"):
        back = either(nw.col(f"{name}_before") > 0, _NUMBER[word], back)
    return back


def _departure(lines: Lines) -> nw.Expr | int:
    """To 0 is churn, unless a paused or a free line holds them."""
    gone = _NUMBER["churn"]
    for name, word in _held_words(lines, "contraction", "pause"):
        gone = either(nw.col(f"{name}_after") > 0, _NUMBER[word], gone)
    return gone


def _released(lines: Lines) -> nw.Expr:
    """Whoever was held at 0 and is held no longer has churned; their MRR went before."""
    before, after = (functools.reduce(operator.or_, [nw.col(f"{name}_{when}") > 0 for name in lines.held]) for when in ("before", "after"))
    return either(before & ~after & nw.col("paid"), _NUMBER["churn"], NO_KIND)


def _held_words(lines: Lines, folded: str, paused: str) -> list[tuple[str, str]]:
    words = {"free": folded, "paused": paused if lines.policy.pauses == "separate" else folded}
    return [(name, words[name]) for name in ("free", "paused") if name in lines.held]


# --- the bridge -----------------------------------------------------------------------------------------------------


def mrr_bridge(movements: Any, *, as_of: Any = None, minor_units: int = 100) -> Any:
    """Return the walk from one month's MRR to the next.

    Parameters
    ----------
    movements : data frame
        What :func:`mrr_movements` returned.
    as_of : date, optional
        Show months up to this day, also when nothing moved in the last ones.
    minor_units : int
        How many of the smallest unit make one (100 fen are a yuan).

    Returns
    -------
    data frame
        month, starting, opening, new, reactivation, expansion, contraction, churn, ending, in natural units (float);
        pause, resume and fx between churn and ending when there are any. Every month from the first to the last.

    Notes
    -----
    ending = starting + opening + new + reactivation + expansion + contraction + churn (+ pause + resume + fx), exactly;
    what is lost is negative.

    Examples
    --------
    >>> import pandas as pd
    >>> moved = pd.DataFrame({"month": pd.to_datetime(["2024-01-01", "2024-03-01"]), "kind": ["new", "churn"], "change": [500, -500]})
    >>> mrr_bridge(moved)[["starting", "new", "churn", "ending"]].to_numpy().tolist()
    [[0.0, 5.0, 0.0, 5.0], [5.0, 0.0, 0.0, 5.0], [5.0, 0.0, -5.0, 0.0]]
    """
    entered = enter(movements, name="movements", columns=("month", "kind", "change"))
    _known_kinds(entered.frame)
    sums = entered.small(entered.frame.group_by("month", "kind").agg(nw.col("change").sum()))
    return entered.build(_bridge_columns(sums.select("month", "kind", "change").rows(), as_of, minor_units))


def _known_kinds(frame: Frame) -> None:
    odd = frame.filter(~nw.col("kind").is_in([*KINDS, *OTHER_KINDS]) | nw.col("kind").is_null() | nw.col("change").is_null())
    odd = collected(odd.select("kind", "change").head(1)).rows()
    if odd:
        raise MetricError(f"movements: kind {odd[0][0]!r} with change {odd[0][1]}. Kinds are {', '.join((*KINDS, *OTHER_KINDS))}, changes numbers.")


def bridge_from(subscriptions: Any, *, as_of: Any, policy: Policy = Policy()) -> Any:
    """Return the same as ``mrr_bridge(mrr_movements(...))``, without carrying every movement out of the engine.

    Parameters
    ----------
    subscriptions, as_of, policy
        As in :func:`mrr_movements`.

    Returns
    -------
    data frame
        As in :func:`mrr_bridge`; with right_edge = "flag", and an ``as_of`` inside a month, a column ``partial`` marks that month.

    Examples
    --------
    >>> import pandas as pd
    >>> subs = pd.DataFrame({"customer_id": ["a"], "starts_on": pd.to_datetime(["2024-01-10"]), "ends_on": pd.to_datetime([None]),
    ...                      "amount": [30.0], "interval": ["quarter"]})
    >>> bridge_from(subs, as_of="2024-02-29")["ending"].tolist()
    [10.0, 10.0]
    """
    lines = priced(subscriptions, policy=policy, as_of=as_of)
    partial = _partial(lines)
    last = partial - dt.timedelta(days=1) if partial is not None and policy.right_edge == "drop" else as_of
    columns = _bridge_columns(kinds_of(lines.entered.small(changes_of(lines))), last, policy.minor_units)
    if partial is not None and policy.right_edge == "flag":
        columns["partial"] = [index_of(month) >= index_of(partial) for month in columns["month"]]
    return lines.entered.build(columns)


def _bridge_columns(sums: list[tuple[dt.date, str, int]], as_of: Any, minor_units: int) -> dict[str, list[Any]]:
    changes: dict[int, dict[str, int]] = {}
    for month, kind, change in sums:
        changes.setdefault(index_of(month), {})[kind] = int(change)
    if not changes:
        return {name: [] for name in ("month", "starting", *KINDS, "ending")}
    last = max(*changes, 0 if as_of is None else index_of(day(as_of, "as_of")))
    months = range(min(changes), last + 1)
    found = {kind for by_kind in changes.values() for kind in by_kind}
    kinds = [*KINDS, *[kind for kind in OTHER_KINDS if kind in found]]
    moves = {kind: [changes.get(month, {}).get(kind, 0) for month in months] for kind in kinds}
    endings, total = [], 0
    for i in range(len(months)):
        total += sum(moves[kind][i] for kind in kinds)
        endings.append(total)
    whole = {"starting": [0, *endings[:-1]], **moves, "ending": endings}
    first_days = [dt.datetime(month.year, month.month, 1) for month in map(month_of, months)]
    return {"month": first_days, **{name: [value / minor_units for value in values] for name, values in whole.items()}}


def total_mrr(subscriptions: Any, on: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Result:
    """Return the company's MRR at the end of a day.

    Parameters
    ----------
    subscriptions, on, policy, as_of
        As in :func:`mrr_at`.

    Returns
    -------
    Result
        Money in natural units; ``n`` counts paying customers. There is no interval: it is a count, not an estimate.

    Examples
    --------
    >>> from helpers.metrics.examples import five_customers
    >>> total_mrr(five_customers(), "2024-03-31")
    MRR, 2024-03-31: 450 (n = 4 customers)
    """
    return _total("MRR", 1, subscriptions, on, policy, as_of)


def arr(subscriptions: Any, on: Any, *, policy: Policy = Policy(), as_of: Any = None) -> Result:
    """Return annual recurring revenue at the end of a day: 12 times MRR.

    Parameters
    ----------
    subscriptions, on, policy, as_of
        As in :func:`mrr_at`.

    Returns
    -------
    Result
        As in :func:`total_mrr`.

    Examples
    --------
    >>> from helpers.metrics.examples import five_customers
    >>> arr(five_customers(), "2024-03-31").value
    5400.0
    """
    return _total("ARR", 12, subscriptions, on, policy, as_of)


def _total(name: str, times: int, subscriptions: Any, on: Any, policy: Policy, as_of: Any) -> Result:
    lines = priced(subscriptions, policy=policy, as_of=as_of)
    present = states_at(lines, {"mrr": day(on, "on")}).filter(nw.col("mrr_present"))
    total = lines.entered.small(present.select(nw.col("mrr").sum(), nw.len().alias("n"))).rows(named=True)[0]
    late = as_of is not None and day(on, "on") > day(as_of, "as_of")
    table = lines.entered.figure(times * float(total["mrr"] or 0) / policy.minor_units, n=int(total["n"]), late=late,
                                 reason="the day lies after as_of" if late else "")
    formula = "sum of the monthly price of the lines in force at the end of the day"
    return Result(name, table, policy=policy, formula=formula if times == 1 else f"{times} x {formula}", unit="money", period=str(day(on, "on")),
                  behind=lambda: lines.entered.give(present.select(*lines.keys, "mrr"), sort=lines.keys))
