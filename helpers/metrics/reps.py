"""A salesperson against the team: what luck alone would do, and what is left when luck has had its share.

Dai Ke (2019) settles the quarrel between marketing and sales with two figures, the team's conversion and the person's. Half of any team
lies below its average, so a third is needed: how far below a rep falls by luck. :func:`pooled` answers with partial pooling: a rep with few leads
is judged mostly by what is known of reps, one with many by the own record.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, nearest
from helpers.metrics.result import Result
from helpers.metrics.sources import years_before
from helpers.metrics.uncertainty import z_value

RAMP = 3  # months after hiring in which a rep is still learning
WEAK = 0.75  # of what colleagues sign of the same leads: less than this is called weak
SURE = 0.9  # how sure one must be before a person is called anything
APART = 0.05  # how many reps, before anything is known, may be of quite another kind than the rest
WIDE = 3.0  # shape of the gamma for those: true ratios from a tenth to twice the team's
MOST = 100.0  # the tightest gamma: a tenth is the least by which people differ, whatever a few years seem to say


def rep_years(path, reps, *, as_of, ramp_months: int = RAMP, role: str = "AE", alike=("size",)) -> pd.DataFrame:
    """Return what each rep was given and signed in each year, and what colleagues would have signed of the same leads.

    Parameters
    ----------
    path : pandas DataFrame
        What :func:`helpers.sales.path_of` gave: rep_id, lead, signed and the columns in ``alike``.
    reps : pandas DataFrame
        rep_id, role, hired_on.
    as_of : date
        Years end on this day of the year.
    ramp_months : int
        What a rep was given and signed in so many months after hiring does not count.
    role : str
    alike : sequence of str
        Columns in which leads are held alike, within a year.

    Returns
    -------
    pandas DataFrame
        rep_id, year (in which it ends), leads, signed, expected, ratio (signed / expected); sorted.

    Raises
    ------
    MetricError
        When a column is missing or nobody has the role.

    Notes
    -----
    A year's leads are those that came in it, its signatures those that were signed in it: the reading of a sales meeting. expected = sum over
    kinds of lead of (leads given * signed of that kind by all in the year / leads of that kind of all in the year), so that the sum over a year's reps is what
    they signed.

    Examples
    --------
    >>> rep_years(*example_team(), as_of="2024-12-31")[["rep_id", "leads", "signed", "expected"]].values.tolist()
    [['a', 60, 9, 6.0], ['b', 60, 3, 6.0]]
    """
    rows = _of_role(path, reps, role, alike)
    start = rows["hired_on"] + pd.DateOffset(months=ramp_months)
    end = pd.Timestamp(as_of)
    counts = {}
    for name, day in (("leads", "lead"), ("signed", "signed")):
        seen = rows[(rows[day] >= start) & (rows[day] < end + pd.Timedelta(days=1))]
        keys = [end.year - years_before(seen[day], end), *(seen[column].astype(str) for column in alike), seen["rep_id"]]
        counts[name] = seen.groupby([key.rename(label) for key, label in zip(keys, ["year", *alike, "rep_id"])]).size()
    table = pd.DataFrame(counts).fillna(0).astype(int).reset_index()
    all_of = table.groupby(["year", *alike])[["leads", "signed"]].transform("sum")
    table["expected"] = table["leads"] * all_of["signed"] / all_of["leads"].replace(0, np.nan)
    years = table.groupby(["rep_id", "year"])[["leads", "signed", "expected"]].sum().reset_index()
    years = years[years["expected"] > 0]
    return years.assign(year=years["year"].astype(int), ratio=years["signed"] / years["expected"]).reset_index(drop=True)


def _of_role(path, reps, role, alike) -> pd.DataFrame:
    for table, wanted, name in ((path, ("rep_id", "lead", "signed", *alike), "path"), (reps, ("rep_id", "role", "hired_on"), "reps")):
        for column in wanted:
            if column not in table:
                raise MetricError(f"{name}: the column {column!r} is missing{nearest(column, table.columns)}")
    team = reps[reps["role"].astype(str) == role]
    if team.empty:
        raise MetricError(f"reps: nobody has the role {role!r}; there are {', '.join(sorted(reps['role'].astype(str).unique()))}.")
    return path.merge(team[["rep_id", "hired_on"]], on="rep_id")


def spread_of_reps(signed, expected, *, apart: float = APART) -> float:
    """Return how far reps really differ, luck and those of quite another kind taken out: the standard deviation of their true ratios.

    Parameters
    ----------
    signed, expected : sequence of float
        One for each rep, as in :func:`rep_years`, summed over years.
    apart : float
        As in :func:`pooled`.

    Returns
    -------
    float
        Never below 0.1: that people do not differ at all is no more believed than that two of them can be ten times as good.

    Notes
    -----
    signed ~ Poisson(expected * theta), theta ~ Gamma with mean 1 and variance 1/k; k by maximum likelihood of the negative binomial that
    follows. The gamma-Poisson form of the beta-binomial, for shares that are small. Source: Clayton and Kaldor (1987).

    Examples
    --------
    >>> round(spread_of_reps([10, 10, 10], [10, 10, 10]), 2)
    0.1
    >>> 0.3 < spread_of_reps([5, 15, 5, 15], [10, 10, 10, 10], apart=0) < 0.6
    True
    """
    return 1 / math.sqrt(_shape(np.asarray(signed, float), np.asarray(expected, float), apart))


def _likely(signed, expected, k) -> np.ndarray:
    """How likely each record is when true ratios follow a gamma of shape k."""
    from scipy.stats import nbinom

    return nbinom.pmf(np.rint(signed), k, k / (k + expected))


def _shape(signed: np.ndarray, expected: np.ndarray, apart: float) -> float:
    """The k that gives what was signed its highest likelihood."""
    from scipy.optimize import minimize_scalar

    others = apart * _likely(signed, expected, WIDE)

    def unlikely(log_k: float) -> float:
        return -float(np.log((1 - apart) * _likely(signed, expected, math.exp(log_k)) + others).sum())

    return math.exp(minimize_scalar(unlikely, bounds=(math.log(0.5), math.log(MOST)), method="bounded").x)


def pooled(years, *, weak: float = WEAK, sure: float = SURE, apart: float = APART, level: float = 0.95) -> pd.DataFrame:
    """Return each rep's ratio to the team, as it stands and as it is to be believed.

    Parameters
    ----------
    years : pandas DataFrame
        What :func:`rep_years` gave, of all years or of some.
    weak : float
        Less than this share of what colleagues sign is called weak; more than 1 / weak better.
    sure : float
        How sure one must be to say either.
    apart : float
        The share of reps who may be of quite another kind than the rest. 0 pulls everybody to the middle alike, the far ones too.
    level : float

    Returns
    -------
    pandas DataFrame
        rep_id, years, leads, signed, expected, ratio, raw_low, raw_high (exact Poisson), believed, low, high, chance (that the true ratio is below
        ``weak``), verdict: "weak", "better", "like the others", "cannot be told yet". Weakest first by ``believed``.

    Notes
    -----
    The true ratio follows Gamma(k, 1/k) with probability 1 - apart and Gamma(3, 1/3) with probability apart; k as in :func:`spread_of_reps`,
    taken as known (empirical Bayes). Under each, believed = (signed + k) / (expected + k): the record as if it held k more signatures of which k were expected.
    Which of the two holds for a rep is weighed by how likely each makes the record. Who is neither weak nor better is "like the others" once so
    many signatures were expected that half of them would have been missed (:func:`expected_until_sure`). The second gamma is ours: with one
    alone, the far one in a team of equals is taken for unlucky however long the record.

    Examples
    --------
    >>> seen = pooled(example_years())
    >>> seen.loc[seen["rep_id"].isin(["w", "n"]), ["rep_id", "signed", "ratio", "believed", "verdict"]].round(2).values.tolist()
    [['w', 30, 0.44, 0.47, 'weak'], ['n', 2, 0.5, 0.97, 'cannot be told yet']]
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, gamma

    table = years.groupby("rep_id").agg(years=("year", "nunique"), leads=("leads", "sum"), signed=("signed", "sum"), expected=("expected", "sum"))
    table, edge = table.reset_index(), (1 - level) / 2
    o, e = table["signed"].to_numpy(float), table["expected"].to_numpy(float)
    shapes = np.array([_shape(o, e, apart), WIDE])
    weight = np.array([1 - apart, apart]) * np.column_stack([_likely(o, e, k) for k in shapes])
    weight = weight / weight.sum(axis=1, keepdims=True)
    a, b = o[:, None] + shapes, e[:, None] + shapes

    def below(at, row=slice(None)):
        return (weight[row] * gamma.cdf(at, a[row], scale=1 / b[row])).sum(axis=-1)

    low, high = ([brentq(lambda x: below(x, row) - q, 1e-9, 50) for row in range(len(o))] for q in (edge, 1 - edge))
    chance, above = below(weak), 1 - below(1 / weak)
    said = np.select([chance >= sure, above >= sure, e >= expected_until_sure()], ["weak", "better", "like the others"], "cannot be told yet")
    table = table.assign(ratio=o / e, raw_low=np.where(o > 0, chi2.ppf(edge, 2 * o), 0) / (2 * e), raw_high=chi2.ppf(1 - edge, 2 * o + 2) / (2 * e),
                         believed=(weight * a / b).sum(axis=1), low=low, high=high, chance=chance, verdict=said)
    return table.sort_values(["believed", "rep_id"], ignore_index=True)


def league(years, year: int, *, least: float = 6) -> pd.DataFrame:
    """Return the list of a sales meeting: the reps of one year by their ratio to the team, worst first, and what became of them.

    Parameters
    ----------
    years : pandas DataFrame
        What :func:`rep_years` gave.
    year : int
    least : float
        Expected signatures below which a rep is not on the list.

    Returns
    -------
    pandas DataFrame
        place (1 the worst), rep_id, leads, signed, expected, ratio, other_years (ratio over all other years; NaN where fewer than ``least``
        signatures were expected in them).

    Examples
    --------
    >>> league(example_years(), 2023)[["place", "rep_id", "ratio", "other_years"]].head(2).round(2).values.tolist()
    [[1, 'w', 0.44, 0.44], [2, 'u', 0.5, 1.04]]
    """
    here = years[(years["year"] == year) & (years["expected"] >= least)]
    rest = years[years["year"] != year].groupby("rep_id")[["signed", "expected"]].sum()
    others = (rest["signed"] / rest["expected"]).where(rest["expected"] >= least).reindex(here["rep_id"]).to_numpy()
    table = here.assign(other_years=others).sort_values(["ratio", "rep_id"], ignore_index=True)
    table.insert(0, "place", range(1, len(table) + 1))
    return table[["place", "rep_id", "leads", "signed", "expected", "ratio", "other_years"]]


def bad_years(years, *, bottom: int = 3, least: float = 6, enough: float = 15) -> pd.DataFrame:
    """Return the reps at the bottom of a year's list whose other years read like the team's: bad luck, as far as can be told.

    Parameters
    ----------
    years : pandas DataFrame
        What :func:`rep_years` gave.
    bottom : int
        How many places count as the bottom.
    least : float
        As in :func:`league`.
    enough : float
        Signatures that the other years must have been expected to bring: fewer say nothing.

    Returns
    -------
    pandas DataFrame
        rep_id, year, place, signed, expected, ratio, other_years, chance; who fell furthest short (expected less signed) first. Reps whom
        :func:`pooled` finds weak are left out.

    Notes
    -----
    chance: how often somebody with this record over all years would have so few of the signatures in this year,
    P(Binomial(all signed, expected here / expected in all) <= signed here). Looking for the worst of many years makes small chances common. Ours.

    Examples
    --------
    >>> bad_years(example_years())[["rep_id", "year"]].values.tolist()[0]
    ['u', 2023]
    """
    from scipy.stats import binom

    total = years.groupby("rep_id")[["signed", "expected"]].sum()
    judged = pooled(years).set_index("rep_id")["verdict"]
    found = [league(years, year, least=least).head(bottom).assign(year=year) for year in sorted(years["year"].unique())]
    table = pd.concat(found, ignore_index=True)
    all_signed, all_expected = (total[name].reindex(table["rep_id"]).to_numpy() for name in ("signed", "expected"))
    table["chance"] = binom.cdf(table["signed"], all_signed, table["expected"] / all_expected)
    rest = all_expected - table["expected"].to_numpy()
    usual = (rest >= enough) & (table["other_years"] >= 0.85).to_numpy() & (table["rep_id"].map(judged) != "weak").to_numpy()
    table = table[usual].assign(short=table["expected"] - table["signed"]).sort_values("short", ascending=False, ignore_index=True)
    return table[["rep_id", "year", "place", "signed", "expected", "ratio", "other_years", "chance"]]


def luck_limits(expected, *, level: float = 0.95) -> pd.DataFrame:
    """Return between which ratios a rep like all others lies by luck alone, by the number of signatures expected of him.

    Parameters
    ----------
    expected : sequence of float

    Returns
    -------
    pandas DataFrame
        expected, low, high: the limits of a funnel plot.

    Notes
    -----
    Quantiles of Poisson(expected) / expected, interpolated between counts: (r - (P(X <= r) - p) / P(X = r)) / expected with r the first count at
    which P(X <= r) reaches p. Source: Spiegelhalter (2005), Funnel plots for comparing institutional performance.

    Examples
    --------
    >>> luck_limits([10, 100])[["low", "high"]].round(2).values.tolist()
    [[0.38, 1.62], [0.8, 1.2]]
    """
    from scipy.stats import poisson

    expected, edge = np.asarray(expected, float), (1 - level) / 2

    def at(p: float) -> np.ndarray:
        count = poisson.ppf(p, expected)
        return np.maximum(count - (poisson.cdf(count, expected) - p) / poisson.pmf(count, expected), 0) / expected

    return pd.DataFrame({"expected": expected, "low": at(edge), "high": at(1 - edge)})


def worst_by_luck(expected, *, rng: np.random.Generator, draws: int = 2000, least: float = 6) -> Result:
    """Return where the last of the list stands when all reps are equally good.

    Parameters
    ----------
    expected : sequence of float
        What each rep of a year was expected to sign.
    rng : numpy Generator
    draws : int
    least : float
        As in :func:`league`.

    Returns
    -------
    Result
        The median lowest ratio, with the range of nine in ten draws; n the reps.

    Examples
    --------
    >>> worst_by_luck([16.0] * 40, rng=np.random.default_rng(1))
    lowest of the list when all are alike: 0.50 (0.31 to 0.62, n = 40 reps)
    """
    expected = np.asarray(expected, float)
    expected = expected[expected >= least]
    if not len(expected):
        row = {"value": [math.nan], "low": [math.nan], "high": [math.nan], "n": [0], "mature": [True], "reason": [f"nobody was expected to sign {least:g}"]}
    else:
        lowest = (rng.poisson(expected, (draws, len(expected))) / expected).min(axis=1)
        low, middle, high = np.quantile(lowest, [0.05, 0.5, 0.95])
        row = {"value": [float(middle)], "low": [float(low)], "high": [float(high)], "n": [len(expected)], "mature": [True], "reason": [""]}
    return Result("lowest of the list when all are alike", pd.DataFrame(row), unit="ratio", formula="min of Poisson(expected) / expected", counts="reps")


def expected_until_sure(*, true: float = 0.5, power: float = 0.8, level: float = 0.95) -> float:
    """Return how many signatures must have been expected of a rep before a record this far from the team's is told from luck.

    Parameters
    ----------
    true : float
        The rep's true ratio to the team, below 1.
    power : float
        How often it is to be noticed.
    level : float

    Returns
    -------
    float
        Signatures; divided by the share of leads that the team signs it is a number of leads.

    Notes
    -----
    On the square-root scale, on which a Poisson count has a standard deviation of 1/2: ((z + z_power) / (2 (1 - sqrt(true))))^2.

    Examples
    --------
    >>> round(expected_until_sure(), 1)
    22.9
    """
    from statistics import NormalDist

    if not 0 <= true < 1:
        raise MetricError(f"expected_until_sure: true = {true!r} must lie from 0 to below 1: a rep as good as the team cannot be told from it.")
    reach = z_value(level) + NormalDist().inv_cdf(power)
    return (reach / (2 * (1 - math.sqrt(true)))) ** 2


def example_team():
    """Return a path and its two reps for examples: of sixty leads each one signs nine, the other three.

    Examples
    --------
    >>> [len(table) for table in example_team()]
    [120, 2]
    """
    day = pd.Timestamp("2024-06-01")
    rows = [{"rep_id": rep, "lead": day, "size": "small", "signed": day if place < won else pd.NaT} for rep, won in (("a", 9), ("b", 3)) for place in range(60)]
    reps = pd.DataFrame({"rep_id": ["a", "b"], "role": "AE", "hired_on": pd.Timestamp("2023-01-01")})
    return pd.DataFrame(rows), reps


def example_years():
    """Return five years of twelve reps for examples: w is weak in all, u had one bad year, n is new.

    Examples
    --------
    >>> example_years()["rep_id"].nunique()
    12
    """
    rows = [{"rep_id": f"r{place}", "year": year, "signed": 14 + (place + year) % 5} for place in range(9) for year in range(2020, 2025)]
    rows += [{"rep_id": "w", "year": year, "signed": signed} for year, signed in zip(range(2021, 2025), (6, 8, 7, 9))]
    rows += [{"rep_id": "u", "year": year, "signed": signed} for year, signed in zip(range(2021, 2025), (17, 16, 8, 17))]
    table = pd.DataFrame([*rows, {"rep_id": "n", "year": 2024, "signed": 2}])
    table["expected"] = np.where(table["rep_id"] == "n", 4.0, np.where(table["rep_id"] == "w", 17.5, 16.0))
    table.loc[(table["rep_id"] == "w") & (table["year"] == 2023), "expected"] = 16.0
    return table.assign(leads=(20 * table["expected"]).astype(int), ratio=table["signed"] / table["expected"])
