"""What salespeople are given and what they make of it: leads, deals and signatures for each rep, month by month.

A team's capacity cannot be read off its results: reps who are short of leads sign little, and so do reps who drown. What the
tables do show is the most that reps have ever carried, see :func:`shown_capacity`.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError
from helpers.metrics.funnel import steps_of
from helpers.metrics.result import Result
from helpers.metrics.tables import day, enter, index_of, month_end, month_index, month_of

YEAR = 12


def counts_by_month(path: Any, step: str = "lead") -> pd.DataFrame:
    """Return how many leads entered a step in each month, and the yearly amount that they signed in the end.

    Returns
    -------
    DataFrame
        Index the number of the month (year * 12 + month - 1); count, amount.

    Examples
    --------
    >>> from helpers.metrics.funnel import example_path
    >>> counts_by_month(example_path(), "lead")["count"].tolist()
    [3, 1]
    """
    entered = enter(path, name="path", columns=sorted({step, "amount"}))
    frame = entered.frame.filter(~nw.col(step).is_null()).with_columns(m=month_index(nw.col(step)))
    rows = entered.small(frame.group_by("m").agg(nw.len().alias("count"), nw.col("amount").sum())).rows(named=True)
    found = pd.DataFrame(rows, columns=["m", "count", "amount"]).set_index("m").sort_index()
    return found.astype({"count": int, "amount": float})


def workload(path: Any, reps: Any, *, as_of: Any, ramp_months: int = 3, deal: str = "SQL", role: str = "AE") -> pd.DataFrame:
    """Return what the sales team was given and what it signed, month by month.

    Parameters
    ----------
    path : data frame
        What :func:`helpers.metrics.funnel.lead_path` returned.
    reps : DataFrame
        rep_id, role, hired_on, left_on.
    as_of : date
        The day of the report; the last month is the one that was over by then.
    ramp_months : int
        Months after hiring during which a rep is still learning and does not count as mature.
    deal : str
        The step of the path from which a lead is work for a rep.
    role : str
        Whose work it is.

    Returns
    -------
    DataFrame
        month (first day), leads, deals, signed, amount (of one year, by the month of the signature), reps and mature (at the month's end), and
        leads_per_rep, deals_per_mature, signed_per_mature, amount_per_mature; NaN in a month without such reps.

    Raises
    ------
    MetricError
        When nobody has the role, or the path has no such step.

    Notes
    -----
    mature = hired at least ``ramp_months`` before the month began and there on its last day.

    Examples
    --------
    >>> from helpers.metrics.funnel import example_path
    >>> reps = pd.DataFrame({"rep_id": ["r"], "role": ["AE"], "hired_on": pd.to_datetime(["2024-01-01"]), "left_on": [pd.NaT]})
    >>> workload(example_path(), reps, as_of="2025-04-30")[["leads", "deals", "signed", "mature"]].head(2).to_numpy().tolist()
    [[3, 2, 1, 1], [0, 0, 0, 1]]
    """
    if deal not in steps_of(path):
        raise MetricError(f"workload: the path has no step {deal!r}; it has {', '.join(steps_of(path))}.")
    team = reps[reps["role"].astype(str) == role]
    if team.empty:
        raise MetricError(f"reps: nobody has the role {role!r}; there are {', '.join(sorted(reps['role'].astype(str).unique()))}.")
    seen = {name: counts_by_month(path, step) for name, step in (("leads", "lead"), ("deals", deal), ("signed", "signed"))}
    report_day = day(as_of, "as_of")
    last = index_of(report_day) - (month_end(index_of(report_day)) != report_day)
    months = range(int(seen["leads"].index.min()), last + 1)
    table = pd.DataFrame({name: found["count"].reindex(months, fill_value=0) for name, found in seen.items()})
    table["amount"] = seen["signed"]["amount"].reindex(months, fill_value=0.0)
    table[["reps", "mature"]] = [_there(team, index, ramp_months) for index in months]
    table.insert(0, "month", [pd.Timestamp(month_of(index)) for index in months])
    return _per_head(table.reset_index(drop=True))


def _there(team: pd.DataFrame, index: int, ramp_months: int) -> tuple[int, int]:
    first, last = pd.Timestamp(month_of(index)), pd.Timestamp(month_end(index))
    here = team[(team["hired_on"] <= last) & (team["left_on"].isna() | (team["left_on"] > last))]
    return len(here), int((here["hired_on"] <= first - pd.DateOffset(months=ramp_months)).sum())


def _per_head(table: pd.DataFrame) -> pd.DataFrame:
    reps, mature = (table[name].replace(0, np.nan) for name in ("reps", "mature"))
    return table.assign(leads_per_rep=table["leads"] / reps, deals_per_mature=table["deals"] / mature,
                        signed_per_mature=table["signed"] / mature, amount_per_mature=table["amount"] / mature)


def workload_by_year(months: pd.DataFrame, *, least_reps: float = 4) -> pd.DataFrame:
    """Return the same for business years that end where the last month does.

    Parameters
    ----------
    months : DataFrame
        What :func:`workload` returned.
    least_reps : float
        Years with fewer reps on average are left out.

    Returns
    -------
    DataFrame
        year (in which it ends), months, the sums of leads, deals, signed and amount, mean reps and mature, and for each head a month as
        in :func:`workload`.

    Examples
    --------
    >>> from helpers.metrics.funnel import example_path
    >>> reps = pd.DataFrame({"rep_id": ["r"], "role": ["AE"], "hired_on": pd.to_datetime(["2024-01-01"]), "left_on": [pd.NaT]})
    >>> workload_by_year(workload(example_path(), reps, as_of="2025-04-30"), least_reps=1)[["year", "months", "leads_per_rep"]].to_numpy().tolist()
    [[2025.0, 4.0, 1.0]]
    """
    back = np.arange(len(months))[::-1] // YEAR
    years = months.groupby(months["month"].iloc[-1].year - back, sort=True)
    sums = years[["leads", "deals", "signed", "amount", "reps", "mature"]].sum()
    table = _per_head(sums.rename_axis("year").reset_index())
    table.insert(1, "months", years.size().to_numpy())
    table[["reps", "mature"]] = table[["reps", "mature"]].div(table["months"], axis=0)
    return table[table["reps"] >= least_reps].reset_index(drop=True)


def starved_months(months: pd.DataFrame, least_leads: float, *, window: int = 3, least_reps: int = 4) -> tuple[Any, Any]:
    """Return the longest run of months in which reps were given too few leads.

    Parameters
    ----------
    months : DataFrame
        What :func:`workload` returned.
    least_leads : float
        Leads a month for each rep below which they starve; a judgement.
    window : int
        Months over which leads and reps are summed.
    least_reps : int
        Reps that must have been there in each of them.

    Returns
    -------
    (first, last)
        First days of the first and the last month; (None, None) when there was no such month.

    Notes
    -----
    A month counts when leads of ``window`` months to it / reps at their ends < ``least_leads``. Ours.

    Examples
    --------
    >>> table = pd.DataFrame({"month": pd.date_range("2025-01-01", periods=4, freq="MS"), "leads": [90, 10, 20, 90], "reps": [4, 4, 4, 4]})
    >>> [f"{day:%Y-%m}" for day in starved_months(table, 10, window=1)]
    ['2025-02', '2025-03']
    """
    enough = months["reps"].rolling(window).min() >= least_reps
    short = enough & (months["leads"].rolling(window).sum() < least_leads * months["reps"].rolling(window).sum())
    if not short.any():
        return None, None
    runs = months[short].groupby((short != short.shift()).cumsum()[short])["month"].agg(["min", "max", "size"])
    longest = runs.loc[runs["size"].idxmax()]
    return longest["min"], longest["max"]


def shown_capacity(months: pd.DataFrame, *, window: int = 3, of_last: int = 24) -> tuple[float, Any]:
    """Return the most deals that a mature rep has been given in a month, kept up for some months on end.

    Parameters
    ----------
    months : DataFrame
        What :func:`workload` returned.
    window : int
        Months for which it must have lasted; a single month may be chance.
    of_last : int
        Months looked at: an older team, or an older play, says little about this one.

    Returns
    -------
    (deals, month)
        Deals a month for each mature rep, and the last month of the busiest stretch; (nan, None) when there are too few months.

    Notes
    -----
    max over the months of (deals of the last ``window`` months / mature reps of the same). It is a lower bound of the capacity: they
    carried as much as this, and nobody has seen what happens beyond it. Ours.

    Examples
    --------
    >>> table = pd.DataFrame({"month": pd.date_range("2025-01-01", periods=4, freq="MS"), "deals": [4, 8, 12, 4], "mature": [2, 2, 2, 2]})
    >>> shown_capacity(table, window=2)
    (5.0, Timestamp('2025-03-01 00:00:00'))
    """
    recent = months.tail(of_last + window - 1)
    load = recent["deals"].rolling(window).sum() / recent["mature"].rolling(window).sum().replace(0, np.nan)
    if load.isna().all():
        return math.nan, None
    return float(load.max()), recent.loc[load.idxmax(), "month"]


def per_month(path: Any, step: str = "lead", *, as_of: Any, months: int = 12) -> Result:
    """Return how many leads enter a step in a month, on average over the last whole months.

    Returns
    -------
    Result
        Count a month; the interval is that of a mean of ``months`` months as unlike as these were (Student's t), n the leads in all.

    Examples
    --------
    >>> from helpers.metrics.funnel import example_path
    >>> per_month(example_path(), as_of="2025-04-30", months=4).value
    1.0
    """
    from scipy.stats import t

    report_day = day(as_of, "as_of")
    last = index_of(report_day) - (month_end(index_of(report_day)) != report_day)
    found = counts_by_month(path, step)["count"].reindex(range(last - months + 1, last + 1), fill_value=0)
    half = float(t.ppf(0.975, months - 1) * found.std() / math.sqrt(months)) if months > 1 else math.nan
    row = {"value": [float(found.mean())], "low": [max(0.0, found.mean() - half)], "high": [found.mean() + half], "n": [int(found.sum())],
           "mature": [True], "reason": [""]}
    first = dt.date.isoformat(month_of(last - months + 1))
    return Result(f"{step} a month", pd.DataFrame(row), unit="count", formula=f"mean of {months} months", period=f"{first} to {month_end(last)}",
                  counts="leads")
