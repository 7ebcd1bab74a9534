"""Where leads come from and what they are worth: inbound, outbound and seeding on six measures, raw and at equal customer size.

The three ways are Dai Ke's (2019); he names win rate, speed and renewal, and measures none of them. Ways differ in the size of the
customers that they bring, and size alone moves every one of these figures. So each is given twice: raw, and as it would be if all ways brought the same sizes
(:func:`standardised`, :func:`mantel_haenszel`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, need_columns, one_of
from helpers.metrics.result import Result
from helpers.metrics.uncertainty import poisson_of_counts, ratio_interval, wilson_interval, z_value

MEASURES = ("volume", "qualification", "win rate", "cycle", "renewal", "cost per won ARR")
LESS_IS_BETTER = ("cycle", "cost per won ARR")
LEAST = 5  # won customers below which a cost per won ARR says nothing
LAGS = 6  # months for which money may go on bringing leads


# --- at equal size ----------------------------------------------------------------------------------------------------


def standardised(rows, outcome: str, by: str, *, equal=("size",), level: float = 0.95) -> pd.DataFrame:
    """Return the share of each group that did something, raw and as it would be if all groups had the same mix.

    Parameters
    ----------
    rows : pandas DataFrame
        One row for each lead or term: ``outcome`` (true or false), ``by`` and the columns in ``equal``.
    outcome, by : str
    equal : sequence of str
        Columns held equal, crossed with one another.
    level : float

    Returns
    -------
    pandas DataFrame
        ``by``, n, raw, raw_low, raw_high (Wilson), value, low, high. A group in which nobody or everybody did it has a raw share only; cells
        in which nobody did it in any group say nothing about their ratio and are left out of the mix.

    Raises
    ------
    MetricError
        When a column is missing or no two groups can be compared.

    Notes
    -----
    log E(outcome) = group + cell, a Poisson fit with robust errors (Zou 2004); value is the mean over all rows of what the fit expects
    if each row belonged to the group (direct standardisation), its interval by the delta method on the logarithm.

    Examples
    --------
    >>> seen = standardised(example_rows(), "stayed", "mode")
    >>> seen[["mode", "raw", "value"]].round(2).values.tolist()
    [['outbound', 0.68, 0.58], ['seeding', 0.65, 0.77]]
    """
    raw = _raw_shares(_known(rows, outcome, by, equal), outcome, by, level)
    counts = _counted(rows, outcome, by, equal)
    design, names = _design(counts, by)
    params, cover = poisson_of_counts(design, counts["did"].to_numpy(float), counts["n"].to_numpy(float))
    means = _means(params, cover, design, len(names), counts["n"].to_numpy(float), level)
    means = pd.DataFrame(means, index=names, columns=["value", "low", "high"])
    return raw.merge(means, left_on=by, right_index=True, how="left").reset_index(drop=True)


def _known(rows, outcome, by, equal) -> pd.DataFrame:
    """The rows without gaps, groups as text and the outcome as a number."""
    need_columns(rows, (by, outcome, *equal), "rows")
    rows = rows.dropna(subset=[by, outcome, *equal])
    return rows.assign(**{by: rows[by].astype(str), outcome: rows[outcome].astype(float)})


def _counted(rows, outcome, by, equal) -> pd.DataFrame:
    """How many there are and how many did it, for each group and cell; of what can be compared."""
    rows = _known(rows, outcome, by, equal)
    counts = rows.groupby([by, *equal], observed=True)[outcome].agg(n="size", did="sum").reset_index()
    sums = counts.groupby(by)[["n", "did"]].sum()
    able = sums.index[(sums["did"] > 0) & (sums["did"] < sums["n"])]
    if len(able) < 2:
        raise MetricError(f"rows: {len(able)} groups of {by!r} vary in {outcome!r}; two are needed to compare. Bring more rows.")
    cell = counts[list(equal)].astype(str).agg(" ".join, axis=1) if equal else pd.Series("all", index=counts.index)
    counts = counts.assign(cell=cell)[counts[by].isin(able)]
    return counts[counts.groupby("cell")["did"].transform("sum") > 0].reset_index(drop=True)


def _design(counts, by) -> tuple[np.ndarray, list[str]]:
    """A column for each group, then one for each cell but the first."""
    groups = pd.get_dummies(counts[by], dtype=float)
    cells = pd.get_dummies(counts["cell"], drop_first=True, dtype=float)
    return np.hstack([groups.to_numpy(), cells.to_numpy()]), list(groups.columns)


def _raw_shares(rows, outcome, by, level) -> pd.DataFrame:
    counts = rows.groupby(by)[outcome].agg(n="size", did="sum").reset_index()
    ends = [wilson_interval(did, n, level) for did, n in zip(counts["did"], counts["n"])]
    return pd.DataFrame({by: counts[by], "n": counts["n"], "raw": counts["did"] / counts["n"], "raw_low": [low for low, _ in ends],
                         "raw_high": [high for _, high in ends]})


def _means(params, cover, design, groups, n, level) -> list[tuple]:
    """The mean of what a fit on the logarithm expects if every row belonged to each group, with its interval."""
    found = []
    for place in range(groups):
        at = design.copy()
        at[:, :groups] = np.eye(groups)[place]
        weight = n * np.exp(at @ params)
        slope = weight @ at / weight.sum()
        value, reach = weight.sum() / n.sum(), z_value(level) * math.sqrt(slope @ cover @ slope)
        found.append((value, value * math.exp(-reach), value * math.exp(reach)))
    return found


def standardised_days(rows, days: str, by: str, *, equal=("size",), level: float = 0.95) -> pd.DataFrame:
    """Return the days of a middle deal of each group, raw and as they would be if all groups had the same mix.

    Parameters
    ----------
    rows : pandas DataFrame
        One row for each deal: ``days`` above 0, ``by`` and the columns in ``equal``.
    days, by, equal, level
        As in :func:`standardised`.

    Returns
    -------
    pandas DataFrame
        ``by``, n, raw, raw_low, raw_high, value, low, high: geometric means, which for lopsided durations lie near the median.

    Notes
    -----
    log days = group + cell by least squares with robust errors; value = exp(mean over all rows of what the fit expects).

    Examples
    --------
    >>> rows = pd.DataFrame({"mode": ["inbound"] * 4 + ["seeding"] * 4, "size": ["small", "small", "small", "mid"] + ["small", "mid", "mid", "mid"],
    ...                      "days": [10, 11, 9, 40, 5, 20, 22, 18]})
    >>> standardised_days(rows, "days", "mode")[["raw", "value"]].round().values.tolist()
    [[14.0, 20.0], [14.0, 10.0]]
    """

    rows = _known(rows, days, by, equal)
    rows = rows[rows[days] > 0]
    cell = rows[list(equal)].astype(str).agg(" ".join, axis=1) if equal else "all"
    rows = rows.assign(cell=cell)
    design, names = _design(rows, by)
    if len(names) < 2:
        raise MetricError(f"rows: {len(names)} group of {by!r} has deals; two are needed to compare. Bring more rows.")
    log, counts = np.log(rows[days].to_numpy()), rows[by].value_counts()
    raw, equal_mix = (_middle_days(log, part, len(names), level) for part in (design[:, :len(names)], design))
    return pd.DataFrame([(name, int(counts[name]), *raw[place], *equal_mix[place]) for place, name in enumerate(names)],
                        columns=[by, "n", "raw", "raw_low", "raw_high", "value", "low", "high"])


def _middle_days(log, design, groups, level) -> list[tuple]:
    import statsmodels.api as sm

    fit, found = sm.OLS(log, design).fit(cov_type="HC1"), []
    for place in range(groups):
        at = design.mean(axis=0)
        at[:groups] = np.eye(groups)[place]
        middle, reach = float(at @ fit.params), z_value(level) * math.sqrt(at @ fit.cov_params() @ at)
        found.append((math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)))
    return found


def mantel_haenszel(rows, outcome: str, by: str, *, group: str, reference: str, equal=("size",), level: float = 0.95) -> Result:
    """Return how often one group does something beside another, at equal size: the ratio of Mantel and Haenszel.

    Parameters
    ----------
    rows, outcome, by, equal, level
        As in :func:`standardised`.
    group, reference : str
        The two groups; the ratio is the share of the first over that of the second.

    Returns
    -------
    Result
        Ratio; n counts the rows of both. NaN with a reason when no cell holds both.

    Raises
    ------
    MetricError
        When a column or group is missing.

    Notes
    -----
    With a of n1 in the group and b of n0 in the reference in each cell, N = n1 + n0:
    sum(a n0 / N) / sum(b n1 / N). Mantel and Haenszel (1959); variance of the logarithm by Greenland and Robins (1985):
    sum((n1 n0 (a + b) - a b N) / N^2) / (sum(a n0 / N) sum(b n1 / N)).

    Examples
    --------
    >>> mantel_haenszel(example_rows(), "stayed", "mode", group="seeding", reference="outbound")
    stayed, seeding over outbound, at equal size: 1.33 (0.92 to 1.93, n = 80 rows)
    """
    need_columns(rows, (by, outcome, *equal), "rows")
    known = rows[by].astype(str)
    for name in (group, reference):
        one_of(name, sorted(known.unique()), f"mantel_haenszel: {by}")
    counted = [rows[known == name].groupby(list(equal), observed=True)[outcome].agg(["sum", "size"]) for name in (group, reference)]
    one, other = (table.astype(float) for table in counted)
    cells = one.add_suffix("1").join(other.add_suffix("0"), how="inner")
    a, b, n1, n0 = (cells[name].to_numpy() for name in ("sum1", "sum0", "size1", "size0"))
    above, below = float((a * n0 / (n1 + n0)).sum()), float((b * n1 / (n1 + n0)).sum())
    row = {"value": [math.nan], "low": [math.nan], "high": [math.nan], "n": [int(n1.sum() + n0.sum())], "mature": [True],
           "reason": ["nobody did it in cells that hold both groups"]}
    if above and below:
        spread = math.sqrt(float(((n1 * n0 * (a + b) - a * b * (n1 + n0)) / (n1 + n0) ** 2).sum()) / (above * below))
        reach, value = math.exp(z_value(level) * spread), above / below
        row |= {"value": [value], "low": [value / reach], "high": [value * reach], "reason": [""]}
    return Result(f"{outcome}, {group} over {reference}, at equal {' and '.join(equal)}", pd.DataFrame(row), unit="ratio",
                  formula="sum(a n0 / N) / sum(b n1 / N) over cells", counts="rows")


# --- what they cost ---------------------------------------------------------------------------------------------------


def costs_of_leads(path, spend, *, since, until, people: float = 0.0, minutes=None, fees=None, by: str = "mode") -> pd.DataFrame:
    """Return the leads of a period with what each of them cost.

    Parameters
    ----------
    path : pandas DataFrame
        What :func:`helpers.sales.path_of` gave: lead_id, lead, signed, amount, ``by``.
    spend : pandas DataFrame
        month, ``by``, amount: money spent on the channels themselves.
    since, until : date
        First and last day of the leads; their months' spending is theirs.
    people : float
        Pay of the sales department in the same time, money; it is shared out by ``minutes``.
    minutes : pandas Series, optional
        Minutes that salespeople gave to each lead, by lead_id.
    fees : pandas Series, optional
        What partners took of what it signed first, by lead_id.

    Returns
    -------
    pandas DataFrame
        The leads with ``money`` (the group's spending, the same for each of its leads), ``time``, ``fees`` and ``cost`` (their sum).

    Raises
    ------
    MetricError
        When a column is missing, or people are to be shared out and nobody's minutes are known.

    Notes
    -----
    cost = spending of the group / its leads + people * minutes / all minutes + fees. That time is worth the same whoever's it is, is
    ours.

    Examples
    --------
    >>> costs_of_leads(*example_costs(), since="2025-01-01", until="2025-01-31")["cost"].tolist()
    [50.0, 50.0, 30.0, 30.0]
    """
    need_columns(path, ("lead_id", "lead", "amount", by), "path")
    need_columns(spend, ("month", "amount", by), "marketing_spend")
    first, last = pd.Timestamp(since), pd.Timestamp(until)
    rows = path[(path["lead"] >= first) & (path["lead"] < last + pd.Timedelta(days=1))].copy()
    spent = spend[(spend["month"] >= first.replace(day=1)) & (spend["month"] <= last)]
    each = spent.groupby(spent[by].astype(str))["amount"].sum() / rows[by].astype(str).value_counts()
    rows["money"] = rows[by].astype(str).map(each).fillna(0.0).astype(float)
    rows["time"], rows["fees"] = 0.0, 0.0
    if people:
        given = rows["lead_id"].map(minutes if minutes is not None else {}).fillna(0.0).astype(float)
        if not given.sum():
            raise MetricError("costs_of_leads: nobody's minutes are known, so people cannot be shared out. Give minutes, or people=0.")
        rows["time"] = people * given / given.sum()
    if fees is not None:
        rows["fees"] = rows["lead_id"].map(fees).fillna(0.0).astype(float)
    return rows.assign(cost=rows["money"] + rows["time"] + rows["fees"])


def cost_per_won(costed, *, by: str = "mode", equal: str | None = "size", least: int = LEAST, level: float = 0.95) -> pd.DataFrame:
    """Return what a lead, a customer and a unit of won yearly fees cost in each group, raw and at equal size.

    Parameters
    ----------
    costed : pandas DataFrame
        What :func:`costs_of_leads` gave, of leads that have had their time.
    by : str
    equal : str or None
        The column held equal.
    least : int
        A cell with fewer customers has no cost per won ARR.
    level : float

    Returns
    -------
    pandas DataFrame
        ``by``, n (leads), won, arr, cost (money), per_lead, per_customer, raw, raw_low, raw_high (money for each unit of yearly fees won), value,
        low, high (the same at equal size), cells (the values of ``equal`` over which it was taken: those in which each group has enough).

    Notes
    -----
    raw = sum of cost / sum of yearly fees, its interval by Cochran's linearised ratio over the leads. At equal size: the mean of the cells'
    ratios, each cell weighing what it has of the fees that all groups won.

    Examples
    --------
    >>> costed = costs_of_leads(*example_costs(), since="2025-01-01", until="2025-01-31")
    >>> cost_per_won(costed, equal=None, least=1)[["mode", "per_lead", "raw"]].values.tolist()
    [['inbound', 50.0, 1.0], ['seeding', 30.0, 0.2]]
    """
    groups = costed[by].astype(str)
    names = sorted(groups.unique())
    table = pd.DataFrame([{by: name, **_cost_row(costed[groups == name], least, level)} for name in names])
    parts, sizes = {}, [] if equal is None else [cell for cell in _in_order(costed[equal])]
    for cell in sizes:
        here = [_cost_row(costed[(groups == name) & (costed[equal] == cell)], least, level) for name in names]
        if all(row["raw"] == row["raw"] for row in here):
            parts[cell] = here
    weight = np.array([sum(row["arr"] for row in here) for here in parts.values()])
    for place in range(len(names)):
        rows = [here[place] for here in parts.values()]
        table.loc[place, ["value", "low", "high"]] = _weighted(rows, weight)
    return table.assign(cells=[list(parts)] * len(table))


def _cost_row(rows, least, level) -> dict:
    x, y, n = rows["amount"].to_numpy(float), rows["cost"].to_numpy(float), len(rows)
    won, arr, cost = int((x > 0).sum()), float(x.sum()), float(y.sum())
    known = won >= least and arr > 0
    low, high = ratio_interval(n, arr, cost, float(x @ x), float(x @ y), float(y @ y), level) if known else (math.nan, math.nan)
    return {"n": n, "won": won, "arr": arr, "cost": cost, "per_lead": cost / n if n else math.nan, "per_customer": cost / won if won else math.nan,
            "raw": cost / arr if known else math.nan, "raw_low": max(0.0, low), "raw_high": high}


def _weighted(rows, weight) -> tuple[float, float, float]:
    if not len(rows):
        return math.nan, math.nan, math.nan
    share = weight / weight.sum()
    value = float(sum(s * row["raw"] for s, row in zip(share, rows)))
    half = math.sqrt(sum((s * (row["raw_high"] - row["raw"])) ** 2 for s, row in zip(share, rows)))
    return value, max(0.0, value - half), value + half


def _in_order(column) -> list:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [cell for cell in column.cat.categories if (column == cell).any()]
    return sorted(column.dropna().unique())


# --- the six together -------------------------------------------------------------------------------------------------


def six_measures(path, ends, *, as_of, costed=None, months: int = 12, by: str = "mode", equal=("size", "year"), level: float = 0.95) -> pd.DataFrame:
    """Return each way of getting leads on six measures, raw and at equal size, each with its interval.

    Parameters
    ----------
    path : pandas DataFrame
        What :func:`helpers.sales.path_of` gave, with MQL and size.
    ends : pandas DataFrame
        Terms that have run out: ``by``, size, first, left, as :func:`helpers.metrics.niche.ends_of_terms` gives them.
    as_of : date
    costed : pandas DataFrame, optional
        What :func:`costs_of_leads` gave; without it there is no cost.
    months : int
        Leads younger than this are left out of win rate and cycle: the slow ones have not signed yet.
    equal : sequence of str
        What is held equal among leads; ``year`` is the year of the lead. Among terms it is size and whether it was the first.

    Returns
    -------
    pandas DataFrame
        ``by``, measure, unit (count, share, days, ratio), n, raw, raw_low, raw_high, value, low, high. Volume is leads a month of the last twelve; it
        has no value at equal size.

    Notes
    -----
    qualification = leads that became an MQL / leads; win rate = leads that signed / leads (of leads, not of deals: a way that qualifies few
    wins few); renewal = terms renewed / terms that ran out; the others as in :func:`standardised_days` and :func:`cost_per_won`.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> from helpers.metrics.niche import ends_of_terms
    >>> from helpers.sales import path_of
    >>> case = load_company()
    >>> ends = ends_of_terms(case.contracts, case.customers, as_of=case.as_of, by="acquired_by").rename(columns={"acquired_by": "mode"})
    >>> six_measures(path_of(case), ends, as_of=case.as_of)["measure"].unique().tolist()
    ['volume', 'qualification', 'win rate', 'cycle', 'renewal']
    """
    need_columns(path, ("lead", "MQL", "signed", "size", by), "path")
    rows = path.assign(year=path["lead"].dt.year, qualified=path["MQL"].notna(), won=path["signed"].notna(),
                       days=(path["signed"] - path["lead"].dt.normalize()).dt.days)
    end = pd.Timestamp(as_of)
    old = rows[rows["lead"] < end - pd.DateOffset(months=months)]
    ends = ends[ends[by].isin(rows[by].unique())].assign(renewed=~ends["left"].astype(bool))
    parts = {"volume": ("count", _volume(rows, end, by, level)),
             "qualification": ("share", standardised(rows[rows["lead"] < end - pd.Timedelta(days=30)], "qualified", by, equal=equal, level=level)),
             "win rate": ("share", standardised(old, "won", by, equal=equal, level=level)),
             "cycle": ("days", standardised_days(old[old["won"]], "days", by, equal=equal, level=level)),
             "renewal": ("share", _kept(ends, by, level))}
    if costed is not None:
        parts["cost per won ARR"] = ("ratio", cost_per_won(costed, by=by, level=level))
    kept = [by, "measure", "unit", "n", "raw", "raw_low", "raw_high", "value", "low", "high"]
    return pd.concat([table.assign(measure=name, unit=unit).reindex(columns=kept) for name, (unit, table) in parts.items()], ignore_index=True)


def _kept(ends, by, level) -> pd.DataFrame:
    """Terms renewed: the fit is on those who left, who are few, and turned round."""
    left = standardised(ends, "left", by, equal=("size", "first"), level=level)
    turned = {"raw": "raw", "raw_low": "raw_high", "raw_high": "raw_low", "value": "value", "low": "high", "high": "low"}
    return left.assign(**{name: 1 - left[of] for name, of in turned.items()})


def _volume(rows, end, by, level) -> pd.DataFrame:
    """Leads a month over the last twelve whole months, with Student's interval over months as unlike as these were."""
    from scipy.stats import t

    last = (end + pd.Timedelta(days=1)).to_period("M") - 1
    wanted = pd.period_range(last - 11, last, freq="M")
    counts = rows.groupby([rows["lead"].dt.to_period("M"), rows[by].astype(str)]).size().unstack(fill_value=0).reindex(wanted, fill_value=0)
    half = t.ppf((1 + level) / 2, 11) * counts.std() / math.sqrt(12)
    return pd.DataFrame({by: counts.columns, "n": counts.sum().to_numpy(), "raw": counts.mean().to_numpy(),
                         "raw_low": (counts.mean() - half).clip(lower=0).to_numpy(), "raw_high": (counts.mean() + half).to_numpy()})


def places(measures, *, by: str = "mode", column: str = "value") -> pd.DataFrame:
    """Return the place of each way on each measure, 1 the best: one row for each measure.

    Parameters
    ----------
    measures : pandas DataFrame
        What :func:`six_measures` gave.
    column : {"value", "raw"}
        At equal size, or raw; volume has only the raw one.

    Examples
    --------
    >>> rows = pd.DataFrame({"mode": ["inbound", "seeding"] * 2, "measure": ["win rate"] * 2 + ["cycle"] * 2, "value": [0.1, 0.2, 30.0, 20.0],
    ...                      "raw": [0.1, 0.2, 30.0, 20.0]})
    >>> places(rows).loc["cycle"].to_dict()
    {'inbound': 2.0, 'seeding': 1.0}
    """
    seen = measures.assign(seen=measures[column].fillna(measures["raw"]))
    wide = seen.pivot(index="measure", columns=by, values="seen").reindex([name for name in MEASURES if name in set(seen["measure"])])
    signs = np.where(wide.index.isin(LESS_IS_BETTER), 1.0, -1.0)
    return wide.mul(signs, axis=0).rank(axis=1, method="min").rename_axis(columns=None)


def cost_per_lead(spend, leads, *, as_of, months: int = 12, when: str = "created_at") -> Result:
    """Return the money spent on channels for each lead of the last months.

    Parameters
    ----------
    spend : pandas DataFrame
        month, amount.
    leads : pandas DataFrame
        ``when``.
    as_of : date
    months : int
        Whole months looked at.

    Returns
    -------
    Result
        Money; the interval is Cochran's for a ratio of sums over months, n the leads.

    Examples
    --------
    >>> months = pd.date_range("2025-01-01", periods=3, freq="MS")
    >>> spend = pd.DataFrame({"month": months, "amount": [100.0, 200.0, 300.0]})
    >>> leads = pd.DataFrame({"created_at": np.repeat(months, [1, 2, 3])})
    >>> cost_per_lead(spend, leads, as_of="2025-03-31", months=3).value
    100.0
    """
    last = (pd.Timestamp(as_of) + pd.Timedelta(days=1)).to_period("M") - 1
    wanted = pd.period_range(last - months + 1, last, freq="M")
    y = spend.groupby(spend["month"].dt.to_period("M"))["amount"].sum().reindex(wanted, fill_value=0.0).to_numpy(float)
    x = leads.groupby(leads[when].dt.to_period("M")).size().reindex(wanted, fill_value=0).to_numpy(float)
    low, high = ratio_interval(len(x), x.sum(), y.sum(), float(x @ x), float(x @ y), float(y @ y))
    row = {"value": [y.sum() / x.sum() if x.sum() else math.nan], "low": [low], "high": [high], "n": [int(x.sum())], "mature": [True],
           "reason": ["" if x.sum() else "no leads in these months"]}
    return Result("money for each lead", pd.DataFrame(row), unit="money", formula="money spent on channels / leads", period=f"{wanted[0]} to {wanted[-1]}", counts="leads")


# --- where it concentrates, and what the next money brings --------------------------------------------------------------


def concentration(rows, when: str, by: str, *, as_of, weight: str | None = None) -> pd.DataFrame:
    """Return how far each year hangs on one source: its share, and the number of equal sources that would be as spread.

    Parameters
    ----------
    rows : pandas DataFrame
        ``when`` (a day), ``by``, and ``weight`` where rows do not count the same.
    as_of : date
        Years end on this day of the year.
    weight : str, optional
        A column to be summed, such as the amount that was won or spent.

    Returns
    -------
    pandas DataFrame
        year (in which it ends), n (rows), top (the largest source), share (of it), low, high (Wilson, where rows count the same), sources
        (effective number).

    Notes
    -----
    sources = 1 / sum of squared shares (the inverse of Herfindahl's index): 1 when all comes from one, k when k bring the same.

    Examples
    --------
    >>> rows = pd.DataFrame({"on": pd.to_datetime(["2025-03-01"] * 4), "mode": ["a", "a", "b", "b"]})
    >>> concentration(rows, "on", "mode", as_of="2025-12-31")[["year", "share", "sources"]].values.tolist()
    [[2025.0, 0.5, 2.0]]
    """
    need_columns(rows, (when, by, *([weight] if weight else [])), "rows")
    end = pd.Timestamp(as_of)
    rows = rows[rows[when] < end + pd.Timedelta(days=1)].dropna(subset=[when, by])
    year = end.year - years_before(rows[when], end)
    found = []
    for name, part in rows.groupby(year):
        sums = part.groupby(part[by].astype(str))[weight].sum() if weight else part[by].astype(str).value_counts()
        shares = sums / sums.sum()
        low, high = wilson_interval(int(sums.max()), len(part)) if weight is None else (math.nan, math.nan)
        found.append((int(name), len(part), shares.idxmax(), float(shares.max()), low, high, float(1 / (shares**2).sum())))
    return pd.DataFrame(found, columns=["year", "n", "top", "share", "low", "high", "sources"])


def years_before(days, end) -> pd.Series:
    """Return the whole years from each day to ``end``, so that years end where the data do.

    Examples
    --------
    >>> years_before(pd.Series(pd.to_datetime(["2025-06-30", "2025-07-01", "2024-06-30"])), pd.Timestamp("2026-06-30")).tolist()
    [1, 0, 2]
    """
    later = (days.dt.month > end.month) | ((days.dt.month == end.month) & (days.dt.day > end.day))
    return end.year - days.dt.year - later.astype(int)


def elasticity(spend, leads, *, as_of, by: str = "mode", when: str = "created_at", lags: int = LAGS, years: bool = True,
               level: float = 0.95) -> pd.DataFrame:
    """Return by how many per cent the leads of each source grow when the money for it grows by one per cent.

    Parameters
    ----------
    spend : pandas DataFrame
        month, ``by``, amount.
    leads : pandas DataFrame
        ``when`` and ``by``.
    as_of : date
    lags : int
        Months for which money goes on bringing leads: this month's and so many before.
    years : bool
        Compare months of the same year, and months of the year with one another's usual level. False compares all with all: the naive reading, in which a company that grew
        takes its growth for the effect of its spending.

    Returns
    -------
    pandas DataFrame
        ``by``, n (months), value, low, high; NaN where there are too few months.

    Notes
    -----
    log(leads + 1/2) = sum over lags of b_k log(money k months ago) + year + month of the year; value = sum of b_k, errors of Newey and West
    (1987). Money was not dealt out by chance, so this is what went together within a year, and no experiment. Ours.

    Examples
    --------
    >>> months = pd.date_range("2022-01-01", periods=48, freq="MS")
    >>> money = np.random.default_rng(1).uniform(50, 200, 48)
    >>> spend = pd.DataFrame({"month": months, "mode": "inbound", "amount": money})
    >>> came = pd.DataFrame({"created_at": np.repeat(months, np.rint(20 * money**0.5).astype(int)), "mode": "inbound"})
    >>> elasticity(spend, came, as_of="2025-12-31", lags=1)["value"].round(1).tolist()
    [0.5]
    """
    end = pd.Timestamp(as_of)
    money = spend[spend["month"] <= end].pivot_table(index="month", columns=by, values="amount", aggfunc="sum", observed=True)
    whole = pd.date_range(money.index.min(), money.index.max(), freq="MS")
    came = leads.groupby([leads[when].dt.to_period("M").dt.start_time, leads[by].astype(str)]).size().unstack(fill_value=0)
    found = []
    for name in [name for name in map(str, money.columns) if name in came]:
        found.append((name, *_one_elasticity(money[name].reindex(whole), came[name].reindex(whole, fill_value=0), end, lags, years, level)))
    return pd.DataFrame(found, columns=[by, "n", "value", "low", "high"])


def _one_elasticity(money, came, end, lags, years, level) -> tuple:
    import statsmodels.api as sm

    log = np.log(money.where(money > 0))
    design = pd.concat({f"lag {k}": log.shift(k) for k in range(lags + 1)}, axis=1)
    if years:
        back = pd.Series(years_before(money.index.to_series(), end), index=money.index)
        month = pd.Series(money.index.month, index=money.index)
        design = design.join(pd.get_dummies(back, prefix="year", dtype=float)).join(pd.get_dummies(month, prefix="month", drop_first=True, dtype=float))
    else:
        design["all"] = 1.0
    used = design.notna().all(axis=1) & (came >= 3)
    design = design[used].loc[:, lambda table: (table != 0).any()]
    if len(design) < design.shape[1] + 12:
        return len(design), math.nan, math.nan, math.nan
    fit = sm.OLS(np.log(came[used] + 0.5), design).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
    names = [f"lag {k}" for k in range(lags + 1)]
    value, reach = float(fit.params[names].sum()), z_value(level) * math.sqrt(float(fit.cov_params().loc[names, names].to_numpy().sum()))
    return len(design), value, value - reach, value + reach


def marginal_returns(returns, elastic, *, by: str = "mode") -> pd.DataFrame:
    """Return what one unit of money more brings in yearly fees, beside what all of it has brought on average.

    Parameters
    ----------
    returns : pandas DataFrame
        ``by``, money (spent a year), arr (yearly fees won with it).
    elastic : pandas DataFrame
        What :func:`elasticity` gave.

    Returns
    -------
    pandas DataFrame
        ``by``, money, arr, average (arr / money), value (the next unit), low, high.

    Notes
    -----
    With fees = A money^e the next unit brings e * fees / money: the average, times the elasticity. That new leads sign like the old ones,
    and that somebody has time for them, is supposed.

    Examples
    --------
    >>> returns = pd.DataFrame({"mode": ["inbound"], "money": [100.0], "arr": [400.0]})
    >>> elastic = pd.DataFrame({"mode": ["inbound"], "n": [60], "value": [0.5], "low": [0.25], "high": [0.75]})
    >>> marginal_returns(returns, elastic)[["average", "value", "low", "high"]].values.tolist()
    [[4.0, 2.0, 1.0, 3.0]]
    """
    table = returns.merge(elastic[[by, "value", "low", "high"]], on=by)
    average = table["arr"] / table["money"]
    return table.assign(average=average, **{name: table[name] * average for name in ("value", "low", "high")})


def best_mix(returns, elastic, *, budget: float | None = None, by: str = "mode") -> pd.Series:
    """Return the share of a budget for each source at which the next unit brings the same everywhere.

    Parameters
    ----------
    returns, elastic
        As in :func:`marginal_returns`; elasticities are taken as lying from 0.01 to 0.95, since more than proportional growth has no best mix.
    budget : float, optional
        Money a year; by default what is spent now.

    Returns
    -------
    pandas Series
        Share of the budget for each group.

    Notes
    -----
    Maximises sum of arr_m (x_m / money_m)^e_m subject to sum of x_m = budget. At the best mix e_m arr_m (x_m / money_m)^(e_m - 1) / money_m is the
    same for all.

    Examples
    --------
    >>> returns = pd.DataFrame({"mode": ["a", "b"], "money": [100.0, 100.0], "arr": [200.0, 400.0]})
    >>> elastic = pd.DataFrame({"mode": ["a", "b"], "value": [0.5, 0.5]})
    >>> best_mix(returns, elastic).round(2).to_dict()
    {'a': 0.2, 'b': 0.8}
    """
    table = returns.merge(elastic[[by, "value"]], on=by)
    share = _mixes(table, table["value"].to_numpy(float)[None], budget)[0]
    return pd.Series(share, index=pd.Index(table[by], name=None))


def _mixes(table, power, budget=None) -> np.ndarray:
    """Shares of the budget, one row for each row of elasticities: the price of money at which all is spent is found by halving."""
    power = np.clip(power, 0.01, 0.95)
    money, arr = table["money"].to_numpy(float), table["arr"].to_numpy(float)
    total = float(money.sum() if budget is None else budget)

    def spent(log_price) -> np.ndarray:
        return money * np.exp((np.log(power * arr / money) - log_price[:, None]) / (1 - power))

    low, high = np.full(len(power), -60.0), np.full(len(power), 60.0)
    for _ in range(60):
        middle = (low + high) / 2
        dear = spent(middle).sum(axis=1) > total
        low, high = np.where(dear, middle, low), np.where(dear, high, middle)
    share = spent((low + high) / 2)
    return share / share.sum(axis=1, keepdims=True)


def mix_range(returns, elastic, *, rng: np.random.Generator, draws: int = 400, by: str = "mode", level: float = 0.9) -> pd.DataFrame:
    """Return the best mix with the range in which it lies when the elasticities are only known within their intervals.

    Parameters
    ----------
    returns, elastic
        As in :func:`best_mix`, with low and high.
    rng : numpy Generator
    draws : int

    Returns
    -------
    pandas DataFrame
        ``by``, now (share of the money today), value (best mix at the estimates), low, high.

    Examples
    --------
    >>> returns = pd.DataFrame({"mode": ["a", "b"], "money": [100.0, 100.0], "arr": [200.0, 400.0]})
    >>> elastic = pd.DataFrame({"mode": ["a", "b"], "value": [0.5, 0.5], "low": [0.5, 0.3], "high": [0.5, 0.7]})
    >>> seen = mix_range(returns, elastic, rng=np.random.default_rng(1), draws=50)
    >>> bool((seen["low"] < seen["value"]).all() and (seen["value"] < seen["high"]).all())
    True
    """
    table = returns.merge(elastic[[by, "value", "low", "high"]], on=by)
    middle, error = table["value"].to_numpy(float), ((table["high"] - table["low"]) / (2 * z_value())).to_numpy(float)
    drawn = _mixes(table, middle + error * rng.standard_normal((draws, len(table))))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame({by: table[by], "now": table["money"] / table["money"].sum(), "value": _mixes(table, middle[None])[0], "low": low, "high": high})


# --- examples ---------------------------------------------------------------------------------------------------------


def example_rows():
    """Return terms of two ways for examples: outbound brings large customers, seeding small ones, and at each size seeding stays more.

    Examples
    --------
    >>> example_rows().groupby("mode")["stayed"].mean().round(2).tolist()
    [0.68, 0.65]
    """
    cells = [("outbound", "large", 30, 24), ("outbound", "small", 10, 3), ("seeding", "large", 10, 9), ("seeding", "small", 30, 17)]
    return pd.DataFrame([{"mode": mode, "size": size, "stayed": place < stayed} for mode, size, n, stayed in cells for place in range(n)])


def example_costs():
    """Return a path of four leads and a month's spending for examples.

    Examples
    --------
    >>> [len(table) for table in example_costs()]
    [4, 2]
    """
    day = pd.Timestamp("2025-01-10")
    path = pd.DataFrame({"lead_id": list("abcd"), "mode": ["inbound", "inbound", "seeding", "seeding"], "lead": day, "signed": [day, pd.NaT, day, pd.NaT],
                         "amount": [100.0, 0.0, 300.0, 0.0], "size": "small"})
    spend = pd.DataFrame({"month": pd.Timestamp("2025-01-01"), "mode": ["inbound", "seeding"], "amount": [100.0, 60.0]})
    return path, spend
