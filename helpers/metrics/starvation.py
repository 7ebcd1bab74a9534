"""Was a sales team short of leads, or did it sell badly? The leanest year, and a change of output taken apart.

Output per rep falls in both cases, so it cannot tell them apart. Its factors can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError
from helpers.metrics.uncertainty import z_value

FACTORS = ("leads_per_rep", "reps_per_mature", "signed_per_lead", "amount_per_signed")


def lead_supply(years: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return leads per rep by year with an interval, and the factors whose product is the output of a mature rep.

    Parameters
    ----------
    years : DataFrame
        What :func:`helpers.metrics.workload.workload_by_year` returned.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        year, value (leads for each rep and month), low, high, n (leads), reps (mean), output (yearly amount signed for each mature rep and month),
        leads_per_rep (the value again), reps_per_mature, signed_per_lead, amount_per_signed.

    Raises
    ------
    MetricError
        When a column is missing.

    Notes
    -----
    output = leads per rep x reps per mature rep x signatures per lead x amount per signature, exactly. The second factor is there because
    learners (and a founder) sell too: while a team is young their deals are credited to few, and as they mature output per mature rep falls
    though nobody sells less. The interval of leads per rep is that of a Poisson count, value (1 -+ z / sqrt(n)): what chance alone would do
    with heads as they were; months that hang together spread more.

    Examples
    --------
    >>> supply = lead_supply(example_years())
    >>> supply[["year", "value", "output"]].to_numpy().tolist()
    [[2024.0, 25.0, 60000.0], [2025.0, 12.5, 36000.0]]
    """
    wanted = ("year", "months", "leads", "signed", "amount", "reps", "mature", "leads_per_rep", "amount_per_mature")
    missing = [name for name in wanted if name not in years]
    if missing:
        raise MetricError(f"lead_supply: the years have no column {missing[0]!r}; use workload_by_year of helpers.metrics.workload.")
    half = z_value(level) / np.sqrt(years["leads"].clip(lower=1))
    return pd.DataFrame({
        "year": years["year"], "value": years["leads_per_rep"], "low": years["leads_per_rep"] * (1 - half), "high": years["leads_per_rep"] * (1 + half),
        "n": years["leads"], "reps": years["reps"], "output": years["amount_per_mature"], "leads_per_rep": years["leads_per_rep"], "reps_per_mature": years["reps"] / years["mature"].replace(0, np.nan),
        "signed_per_lead": years["signed"] / years["leads"].replace(0, np.nan), "amount_per_signed": years["amount"] / years["signed"].replace(0, np.nan)})


@dataclass(frozen=True)
class LeanYear:
    """The year with the fewest leads for each rep, and how far it stands out.

    Parameters
    ----------
    year : int
    value : float
        Leads for each rep and month.
    beside : float
        The mean of the years before and after it, as far as there are any.
    starved : bool
        Whether ``value`` is below the asked share of ``beside``.
    """

    year: int
    value: float
    beside: float
    starved: bool

    @property
    def share(self) -> float:
        """Leads per rep over those of the neighbouring years."""
        return self.value / self.beside


def leanest_year(supply: pd.DataFrame, *, below: float = 0.7) -> LeanYear:
    """Return the year with the fewest leads for each rep.

    Parameters
    ----------
    supply : DataFrame
        What :func:`lead_supply` returned, at least two years.
    below : float
        The year counts as starved when it has less than this share of what its neighbours had. Ours: no source gives a mark.

    Raises
    ------
    MetricError
        When there are fewer than two years: a year is lean beside others only.

    Examples
    --------
    >>> lean = leanest_year(lead_supply(example_years()))
    >>> lean.year, lean.share, lean.starved
    (2025, 0.5, True)
    """
    if len(supply) < 2:
        raise MetricError(f"leanest_year: {len(supply)} year with a sales team; bring two or more, or lower least_reps of workload_by_year.")
    place = int(np.argmin(supply["value"].to_numpy()))
    beside = float(supply["value"].iloc[[near for near in (place - 1, place + 1) if 0 <= near < len(supply)]].mean())
    row = supply.iloc[place]
    return LeanYear(int(row["year"]), float(row["value"]), beside, bool(row["value"] < below * beside))


def output_change(supply: pd.DataFrame, before: int, after: int) -> pd.DataFrame:
    """Return what changed the output of a mature rep from one year to another, in factors that multiply to the whole.

    Parameters
    ----------
    supply : DataFrame
        What :func:`lead_supply` returned.
    before, after : int
        Two of its years.

    Returns
    -------
    DataFrame
        factor, before, after, times (after over before), share (of the whole change, in logarithms; NaN where nothing changed).

    Raises
    ------
    MetricError
        When a year is not there.

    Notes
    -----
    share of a factor = ln(times of the factor) / ln(times of the output). The shares add up to 1; one above 1 says that the others went the
    other way.

    Examples
    --------
    >>> output_change(lead_supply(example_years()), 2024, 2025)["times"].round(2).tolist()
    [0.5, 1.0, 1.2, 1.0]
    """
    known = supply.set_index("year")
    for year in (before, after):
        if year not in known.index:
            raise MetricError(f"output_change: there is no year {year}; there are {', '.join(map(str, known.index))}.")
    one, two = (known.loc[year, list(FACTORS)].astype(float) for year in (before, after))
    times = two / one
    whole = math.log(known.loc[after, "output"] / known.loc[before, "output"])
    share = np.log(times) / whole if abs(whole) > 1e-12 else times * np.nan
    return pd.DataFrame({"factor": FACTORS, "before": one.to_numpy(), "after": two.to_numpy(), "times": times.to_numpy(), "share": share.to_numpy()})


def example_years() -> pd.DataFrame:
    """Two years of a small team for examples: heads doubled, leads did not."""
    years = pd.DataFrame({"year": [2024, 2025], "months": 12, "leads": [600, 600], "signed": [24, 28.8], "amount": [1_440_000.0, 1_728_000.0],
                          "reps": [2.0, 4.0], "mature": [2.0, 4.0]})
    return years.assign(leads_per_rep=years["leads"] / (years["reps"] * 12), amount_per_mature=years["amount"] / (years["mature"] * 12))
