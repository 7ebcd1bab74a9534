"""Where to go first: four figures for each segment, put together in more than one way, and how sure the order is.

The four are Tian Yuan's: deal cycle, willingness to pay, stickiness, number of potential customers. How they are measured, scaled
and weighed is ours, because his book, as far as we could read it, does not say.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, nearest, need_columns
from helpers.metrics.uncertainty import poisson_of_counts, wilson_interval

FIGURES = ("cycle", "price", "leaving", "accounts")
LESS_IS_BETTER = ("cycle", "leaving")
Z95 = 1.959963984540054


def leaving_ratios(decisions, by: str, *, equal=("size", "first"), reference: str | None = None, left: str = "left",
                   level: float = 0.95) -> pd.DataFrame:
    """Return how often each group leaves at the end of a term beside a reference group, at equal size and age.

    Parameters
    ----------
    decisions : pandas DataFrame
        One row for each term that has run out: ``left`` (true or false), ``by`` and the columns in ``equal``.
    by : str
        The column whose groups are compared.
    equal : sequence of str
        Columns held equal, crossed with one another.
    reference : str, optional
        The group beside which the others stand; by default the middle one.
    left : str
        The column that says who left.
    level : float

    Returns
    -------
    pandas DataFrame
        ``by``, n, raw (share that left over that of the reference), ratio, low, high; fewest leavers first. Groups in which
        nobody or everybody left have no ratio: NaN.

    Raises
    ------
    MetricError
        When a column is missing, the reference is no group, or fewer than two groups can be compared.

    Notes
    -----
    Ratio of chances from a Poisson fit with robust standard errors (Zou 2004): log E(left) = group + cell. Equal in what was
    written down; a ratio is no proof of a cause.

    Examples
    --------
    >>> rows = pd.DataFrame({"industry": ["inns"] * 40 + ["shops"] * 40, "size": "small", "first": True,
    ...                      "left": [True] * 5 + [False] * 35 + [True] * 10 + [False] * 30})
    >>> leaving_ratios(rows, "industry", reference="shops")[["industry", "ratio"]].round(2).values.tolist()
    [['inns', 0.5], ['shops', 1.0]]
    """
    need_columns(decisions, (by, left, *equal), "decisions")
    rows = decisions.dropna(subset=[by, left]).assign(group=lambda table: table[by].astype(str), left=lambda table: table[left].astype(float))
    spread = rows.groupby("group")["left"].agg(["mean", "size"])
    able = spread.index[(spread["mean"] > 0) & (spread["mean"] < 1)]
    if len(able) < 2:
        raise MetricError(f"decisions: {len(able)} groups of {by!r} have both leavers and stayers; two are needed. Bring more terms that have run out.")
    if reference is not None and reference not in able:
        raise MetricError(f"decisions: {by!r} has no group {reference!r} to compare with{nearest(reference, able)}")
    rows = rows[rows["group"].isin(able)]
    params, cover = _fitted(rows, list(equal))
    return _ratios(params, cover, spread, list(able), reference, by, level)


def _fitted(rows, equal) -> tuple[pd.Series, pd.DataFrame]:
    """Logarithms of the groups' chances at equal cells, with their robust covariance."""
    cell = pd.Series("", index=rows.index)
    for column in equal:
        cell = cell + " " + rows[column].astype(str)
    counts = rows.assign(cell=cell).groupby(["group", "cell"])["left"].agg(n="size", did="sum").reset_index()
    design = pd.get_dummies(counts["group"], dtype=float)
    design = design.join(pd.get_dummies(counts["cell"], prefix=" ", drop_first=True, dtype=float))
    params, cover = poisson_of_counts(design.to_numpy(), counts["did"].to_numpy(float), counts["n"].to_numpy(float))
    return pd.Series(params, index=design.columns), pd.DataFrame(cover, index=design.columns, columns=design.columns)


def _ratios(params, cover, spread, names, reference, by, level) -> pd.DataFrame:
    from scipy.stats import norm

    worth = params[names]
    middle = reference or worth.sort_values().index[(len(names) - 1) // 2]
    reach = norm.ppf((1 + level) / 2)
    rows = []
    for name in spread.index:
        known = name in names
        log = worth[name] - worth[middle] if known else math.nan
        error = 0.0 if name == middle else math.sqrt(max(cover.loc[name, name] + cover.loc[middle, middle] - 2 * cover.loc[name, middle], 0.0)) \
            if known else math.nan
        rows.append({by: name, "n": int(spread.loc[name, "size"]), "raw": spread.loc[name, "mean"] / spread.loc[middle, "mean"],
                     "ratio": math.exp(log) if known else log, "low": math.exp(log - reach * error) if known else log,
                     "high": math.exp(log + reach * error) if known else log})
    return pd.DataFrame(rows).sort_values("ratio", ignore_index=True)


def potential(market, customers=None, by: str = "industry") -> pd.DataFrame:
    """Return how many organisations of each segment can be reached and are no customers yet.

    Parameters
    ----------
    market : pandas DataFrame
        One row for each segment: ``by``, accounts, reach (a share).
    customers : pandas DataFrame, optional
        Those who are customers today, with ``by``.

    Returns
    -------
    pandas DataFrame
        ``by``, accounts, reachable, won, left; most left first.

    Notes
    -----
    reachable = sum of accounts * reach; left = reachable - won, never below 0.

    Examples
    --------
    >>> market = pd.DataFrame({"industry": ["inns", "inns", "spas"], "accounts": [900, 100, 50], "reach": [0.5, 0.5, 0.4]})
    >>> potential(market, pd.DataFrame({"industry": ["inns"] * 20})).values.tolist()
    [['inns', 1000, 500.0, 20, 480.0], ['spas', 50, 20.0, 0, 20.0]]
    """
    need_columns(market, (by, "accounts", "reach"), "market")
    table = market.assign(reachable=market["accounts"] * market["reach"]).groupby(by, observed=True)[["accounts", "reachable"]].sum()
    won = pd.Series(dtype=int) if customers is None else customers[by].astype(str).value_counts()
    table["won"] = won.reindex(table.index.astype(str), fill_value=0).to_numpy()
    table["left"] = (table["reachable"] - table["won"]).clip(lower=0.0)
    return table.sort_values("left", ascending=False).reset_index()


def deals_old_enough(opportunities, leads, customers, *, as_of, months: int = 12) -> pd.DataFrame:
    """Return the first won deal of each customer whose lead came long enough ago for slow ones to have been won too.

    Parameters
    ----------
    opportunities, leads, customers : pandas DataFrame
        With lead_id, customer_id, opened_on, closed_on, outcome, amount; lead_id, created_at; customer_id, employees, size and industry.
    as_of : date
    months : int
        Leads younger than this are left out: of them only the quick ones have signed yet.

    Returns
    -------
    pandas DataFrame
        The deals with ``days`` (first contact to signature), employees, industry, size, year.

    Raises
    ------
    MetricError
        When a column is missing.

    Examples
    --------
    >>> leads = pd.DataFrame({"lead_id": ["l", "m"], "created_at": pd.to_datetime(["2023-01-10 09:30", "2024-12-01 08:00"])})
    >>> deals = pd.DataFrame({"lead_id": ["l", "m"], "customer_id": ["a", "b"], "opened_on": pd.to_datetime(["2023-01-20", "2024-12-02"]),
    ...                       "closed_on": pd.to_datetime(["2023-02-09", "2024-12-05"]), "outcome": "won", "amount": [50.0, 60.0]})
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "employees": [30, 40], "industry": "inns", "size": "small"})
    >>> deals_old_enough(deals, leads, people, as_of="2024-12-31")["days"].tolist()
    [30]
    """
    from helpers.models.value_price import first_deals

    need_columns(leads, ("lead_id", "created_at"), "leads")
    need_columns(opportunities, ("lead_id", "closed_on"), "opportunities")
    deals = first_deals(opportunities, customers)
    came = deals["lead_id"].map(leads.set_index("lead_id")["created_at"].dt.normalize())
    old = came <= pd.Timestamp(as_of) - pd.DateOffset(months=months)
    return deals.assign(days=(deals["closed_on"] - came).dt.days)[old].reset_index(drop=True)


def ends_of_terms(contracts, customers, *, as_of, by: str = "industry") -> pd.DataFrame:
    """Return each term that has run out, with whether the customer left, its size, segment, and whether it was the first.

    Parameters
    ----------
    contracts, customers : pandas DataFrame
        As in :func:`helpers.models.terms.renewal_decisions`; ``by`` in customers.
    as_of : date

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a"], "size": ["small"], "industry": ["inns"]})
    >>> deal = {"contract_id": "k", "customer_id": "a", "kind": "new", "renews_contract_id": None, "signed_on": pd.Timestamp("2022-01-01"),
    ...         "starts_on": pd.Timestamp("2022-01-01"), "ends_on": pd.Timestamp("2023-01-01"), "recurring_amount": 9.0, "billing": "yearly"}
    >>> ends_of_terms(pd.DataFrame([deal]), people, as_of="2024-01-01")[["industry", "first", "left"]].values.tolist()
    [['inns', True, True]]
    """
    from helpers.models.terms import renewal_decisions

    need_columns(customers, ("customer_id", "size", by), "customers")
    over = renewal_decisions(contracts, customers, as_of=as_of)
    over = over.merge(customers[["customer_id", by]], on="customer_id", how="left")
    return over.assign(left=~over["renewed"])


def four_figures(deals, decisions, market, *, customers=None, by: str = "industry") -> pd.DataFrame:
    """Return the four figures of every segment, each with its interval: what a niche is chosen from.

    Parameters
    ----------
    deals : pandas DataFrame
        First deals, won: ``by``, amount, employees, size, year, days (first contact to signature).
    decisions : pandas DataFrame
        As in :func:`leaving_ratios`.
    market, customers
        As in :func:`potential`.
    by : str

    Returns
    -------
    pandas DataFrame
        ``by``, figure (cycle, price, leaving: ratios to the middle segment at equal size; accounts: organisations left), value, low,
        high, n, raw (the same without holding anything equal). Segments that lack one of the figures are left out.

    Raises
    ------
    MetricError
        When a column is missing.

    Notes
    -----
    Cycle and price by :func:`helpers.models.value_price.price_ratios` on their logarithms. Source of the four: Tian Yuan, SaaS
    growth methodology; the ratios are ours.

    Examples
    --------
    >>> from helpers.metrics.niche import example_segments
    >>> seen = four_figures(*example_segments())
    >>> seen.pivot(index="industry", columns="figure", values="value").round(1).loc["spas"].to_dict()
    {'accounts': 19.0, 'cycle': 1.0, 'leaving': 1.0, 'price': 2.0}
    """
    from helpers.models.value_price import price_ratios

    need_columns(deals, (by, "amount", "employees", "size", "year", "days"), "deals")
    deals = deals[deals["days"] > 0]
    parts = {"cycle": price_ratios(deals, by, equal=("size", "year"), price="days"), "price": price_ratios(deals, by, equal=("size", "year")),
             "leaving": leaving_ratios(decisions, by)}
    room = potential(market, customers, by)
    parts["accounts"] = room.assign(ratio=room["left"], low=room["left"], high=room["left"], n=room["accounts"], raw=room["accounts"])
    rows = [part.assign(figure=name)[[by, "figure", "ratio", "low", "high", "n", "raw"]] for name, part in parts.items()]
    table = pd.concat(rows, ignore_index=True).rename(columns={"ratio": "value"})
    whole = table.dropna(subset=["value"]).groupby(by)["figure"].nunique()
    return table[table[by].isin(whole.index[whole == len(FIGURES)])].reset_index(drop=True)


def told_apart(figures, *, by: str = "industry") -> pd.DataFrame:
    """Return for each figure whether its segments differ by more than chance: Cochran's Q over their intervals.

    Parameters
    ----------
    figures : pandas DataFrame
        What :func:`four_figures` gave.

    Returns
    -------
    pandas DataFrame
        figure, q, segments, p: how often segments that are all alike would look as different as these. 0 for a figure that is
        counted and not estimated.

    Notes
    -----
    Q = sum of (log value - weighted mean)^2 / variance, held against chi-squared with segments - 1 degrees of freedom. The
    reference segment, whose ratio is 1 by definition, is left out. Source: Cochran 1954; its use here is ours.

    Examples
    --------
    >>> rows = pd.DataFrame({"industry": list("abc"), "figure": "cycle", "value": [1.0, 1.05, 0.97], "low": [1.0, 0.8, 0.7], "high": [1.0, 1.4, 1.3]})
    >>> bool(told_apart(rows)["p"].iloc[0] > 0.5)
    True
    """
    from scipy.stats import chi2

    rows = []
    for name, part in figures.groupby("figure", sort=False):
        error = (np.log(np.maximum(part["high"], 1e-9)) - np.log(np.maximum(part["low"], 1e-9))) / (2 * Z95)
        known = error > 0
        log, weight = np.log(part.loc[known, "value"]), 1 / error[known] ** 2
        count = int(known.sum())
        q = float((weight * (log - (weight * log).sum() / weight.sum()) ** 2).sum()) if count > 1 else math.nan
        rows.append({"figure": name, "q": q, "segments": count or len(part), "p": float(chi2.sf(q, count - 1)) if count > 1 else 0.0})
    return pd.DataFrame(rows)


def scores(figures, *, by: str = "industry", noise: float | None = 0.05) -> pd.DataFrame:
    """Return every figure as points from 0 (the worst segment) to 10 (the best), by its place on a logarithmic scale.

    Parameters
    ----------
    figures : pandas DataFrame
        What :func:`four_figures` gave.
    noise : float or None
        A figure by which the segments cannot be told apart (p of :func:`told_apart` above this) gives everybody 5: to
        stretch it from 0 to 10 would give chance as much say as a market. None stretches it all the same.

    Returns
    -------
    pandas DataFrame
        One row for each segment, one column for each figure. A cycle and a chance of leaving count the other way round.

    Examples
    --------
    >>> rows = pd.DataFrame({"industry": ["a", "b", "c"], "figure": "accounts", "value": [10.0, 100.0, 1000.0]})
    >>> scores(rows)["accounts"].round(6).tolist()
    [0.0, 5.0, 10.0]
    """
    wide = figures.pivot(index=by, columns="figure", values="value")
    logs = np.log(np.maximum(wide.to_numpy(float), 1e-9))[None]
    return pd.DataFrame(_scaled(logs, list(wide.columns), _even(figures, noise, by))[0], index=wide.index, columns=list(wide.columns))


def _even(figures, noise, by) -> list[str]:
    """The figures that give everybody the same points."""
    if noise is None or not {"low", "high"} <= set(figures):
        return []
    seen = told_apart(figures, by=by)
    return seen.loc[seen["p"] > noise, "figure"].tolist()


def _scaled(logs, columns, even=()) -> np.ndarray:
    """Points of shape (draws, segments, figures) from logarithms of that shape."""
    logs = np.where(np.isin(columns, list(even)), 0.0, logs)
    signed = logs * np.where(np.isin(columns, LESS_IS_BETTER), -1.0, 1.0)
    low, high = signed.min(axis=1, keepdims=True), signed.max(axis=1, keepdims=True)
    wide = high - low
    return np.where(wide > 1e-12, 10 * (signed - low) / np.where(wide > 1e-12, wide, 1.0), 5.0)


def put_together(points, weights: dict | None = None, *, way: str = "sum", least: dict | None = None) -> pd.Series:
    """Return one number for each segment from its points.

    Parameters
    ----------
    points : pandas DataFrame
        What :func:`scores` gave: one row for each segment.
    weights : dict, optional
        Figure -> weight; equal by default. They are scaled to 1.
    way : {"sum", "product"}
        The weighted mean, in which price can pay for a missing market; or the weighted geometric mean, in which a 0 stays a 0.
    least : dict, optional
        Figure -> points below which a segment is out, whatever else it has: NaN.

    Returns
    -------
    pandas Series
        Best first; segments that are out come last.

    Raises
    ------
    MetricError
        When the way or a figure is not known, or the weights are not above 0.

    Examples
    --------
    >>> points = pd.DataFrame({"price": [10.0, 6.0], "accounts": [0.0, 6.0]}, index=["tiny", "niche"])
    >>> put_together(points, {"price": 3, "accounts": 1}).idxmax(), put_together(points, way="product").idxmax()
    ('tiny', 'niche')
    """
    if way not in ("sum", "product"):
        raise MetricError(f"put_together: way {way!r} is not known. Choose 'sum' or 'product'.")
    share = _weights(weights, points.columns)
    value = points.to_numpy(float) @ share if way == "sum" else np.exp(np.log(np.maximum(points.to_numpy(float), 1e-12)) @ share)
    total = pd.Series(np.where(value < 1e-3, 0.0, value), index=points.index)
    for name, mark in (least or {}).items():
        if name not in points:
            raise MetricError(f"put_together: least names {name!r}{nearest(name, points.columns)}")
        total = total.mask(points[name] < mark)
    return total.sort_values(ascending=False, na_position="last", kind="stable")


def _weights(weights, columns) -> np.ndarray:
    weights = dict.fromkeys(columns, 1.0) if weights is None else weights
    unknown = set(weights) - set(columns)
    if unknown:
        raise MetricError(f"put_together: the weight {sorted(unknown)[0]!r} belongs to no figure{nearest(sorted(unknown)[0], columns)}")
    share = np.array([float(weights.get(name, 0.0)) for name in columns])
    if share.min() < 0 or share.sum() <= 0:
        raise MetricError("put_together: weights must be 0 or more, and one of them above 0.")
    return share / share.sum()


def rank_stability(figures, *, rng: np.random.Generator, draws: int = 2000, top: int = 3, weights: dict | None = None,
                   unsure: bool = True, noise: float | None = 0.05, least: dict | None = None, by: str = "industry") -> pd.DataFrame:
    """Return how often each segment is among the best when weights and figures could as well have been others.

    Parameters
    ----------
    figures : pandas DataFrame
        What :func:`four_figures` gave.
    rng : numpy Generator
    draws : int
    top : int
    weights : dict, optional
        Fixed weights. Without them every draw has weights of its own, all equally likely (a flat Dirichlet).
    noise : float or None
        As in :func:`scores`, decided once from the figures as they stand.
    unsure : bool
        Draw the figures from their intervals as well (log-normal); the number of accounts is taken as it stands.
    least : dict, optional
        As in :func:`put_together`.

    Returns
    -------
    pandas DataFrame
        ``by``, first (share of draws), among (share in the top so many), place (middle one); best first.

    Examples
    --------
    >>> rows = pd.DataFrame({"industry": ["a", "b"] * 2, "figure": ["price"] * 2 + ["accounts"] * 2, "value": [2.0, 1.0, 900.0, 90.0]})
    >>> seen = rank_stability(rows.assign(low=rows["value"], high=rows["value"]), rng=np.random.default_rng(1), draws=50, top=1)
    >>> seen[["industry", "first"]].values.tolist()
    [['a', 1.0], ['b', 0.0]]
    """
    wide = {part: figures.pivot(index=by, columns="figure", values=part) for part in ("value", "low", "high")}
    index, columns = wide["value"].index, list(wide["value"].columns)
    logs = {part: np.log(np.maximum(table.to_numpy(float), 1e-9)) for part, table in wide.items()}
    drawn = np.repeat(logs["value"][None], draws, axis=0)
    if unsure:
        drawn = drawn + rng.standard_normal(drawn.shape) * (logs["high"] - logs["low"]) / (2 * Z95)
    return _stability(_scaled(drawn, columns, _even(figures, noise, by)), index, columns, rng, top, weights, least, by)


def _stability(points, index, columns, rng, top, weights, least, by) -> pd.DataFrame:
    draws = len(points)
    share = rng.dirichlet(np.ones(len(columns)), draws) if weights is None else np.tile(_weights(weights, columns), (draws, 1))
    total = np.einsum("dsf,df->ds", points, share)
    for name, mark in (least or {}).items():
        total = np.where(points[:, :, columns.index(name)] < mark, -1.0, total)
    place = (-total).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1
    table = pd.DataFrame({by: index, "first": (place == 1).mean(axis=0), "among": (place <= top).mean(axis=0), "place": np.median(place, axis=0)})
    return table.sort_values(["among", "first"], ascending=False, ignore_index=True)


def resampled(deals, decisions, market, *, rng: np.random.Generator, draws: int = 60, top: int = 3, customers=None, by: str = "industry",
              least: dict | None = None) -> pd.DataFrame:
    """Return how often each segment is among the best when the rows themselves are drawn again, with equal weights.

    Deals and renewals are drawn with replacement, and everything is computed anew: slower than :func:`rank_stability` and
    free of its assumption that a figure's logarithm is normal.

    Returns
    -------
    pandas DataFrame
        ``by``, first, among; best first. Segments that a draw cannot measure are in no place in it.
    """
    seen = []
    for _ in range(draws):
        again = [part.iloc[rng.integers(0, len(part), len(part))].reset_index(drop=True) for part in (deals, decisions)]
        order = put_together(scores(four_figures(*again, market, customers=customers, by=by), by=by), least=least).dropna()
        seen.append(pd.Series(np.arange(1, len(order) + 1), index=order.index))
    places = pd.concat(seen, axis=1)
    table = pd.DataFrame({"first": (places == 1).mean(axis=1), "among": (places <= top).mean(axis=1)}).rename_axis(by).reset_index()
    return table.sort_values(["among", "first"], ascending=False, ignore_index=True)


def growth_path(segment: str, contracts, customers, *, as_of, market=None, evidence=None, by: str = "industry") -> pd.DataFrame:
    """Return the growth path of a segment as a checklist with a figure for each of its five steps.

    Parameters
    ----------
    segment : str
        A value of ``customers[by]``.
    contracts, customers : pandas DataFrame
        contract_id, customer_id, kind, renews_contract_id, signed_on, starts_on, ends_on, recurring_amount, billing, rep_id, founder_signed;
        customer_id, ``by``.
    as_of : date
    market, evidence : pandas DataFrame, optional
        As in :func:`potential`; customer_id and ``where`` (inside, outside) of results made visible.

    Returns
    -------
    pandas DataFrame
        step, asks, value, low, high, n, unit, others (the same for all other customers; for strategy and repeatable sales the
        mean of the other segments), reason. NaN with a reason where it cannot be told.

    Raises
    ------
    MetricError
        When there is no such segment.

    Notes
    -----
    The steps are Tian Yuan's (fit, strategy, entry, repeatable sales, scale); which figure stands for each is ours.
    """
    from helpers.models.terms import renewal_decisions, with_terms

    groups = customers[by].astype(str)
    if segment not in set(groups):
        raise MetricError(f"growth_path: {by!r} has no {segment!r}{nearest(segment, groups.unique())}")
    inside = set(customers.loc[groups == segment, "customer_id"])
    end = pd.Timestamp(as_of)
    terms = with_terms(contracts)
    signed = terms[(terms["kind"].astype(str) == "new") & (terms["signed_on"] <= end)]
    over = renewal_decisions(contracts, customers, as_of=as_of)
    rows = [_fit(over, inside), _strategy(signed, inside, end, groups.nunique()),
            _entry(evidence, over, inside), _repeatable(signed, inside, end, customers.set_index("customer_id")[by]),
            _scale(signed, inside, end, potential(market, None, by) if market is not None else None, segment, by)]
    columns = ("step", "asks", "value", "low", "high", "n", "unit", "others", "reason")
    return pd.DataFrame(rows, columns=columns)


def _share_of(mask) -> tuple:
    n, k = len(mask), int(mask.sum())
    return (k / n, *wilson_interval(k, n), n) if n else (math.nan, math.nan, math.nan, 0)


def _fit(over, inside):
    mine = over["customer_id"].isin(inside)
    value, low, high, n = _share_of(over.loc[mine, "renewed"])
    others = _share_of(over.loc[~mine, "renewed"])[0]
    return ("fit", "of terms that ran out, the share that was renewed", value, low, high, n, "share", others, "" if n else "no term has run out")


def _strategy(signed, inside, end, segments):
    year = signed[signed["signed_on"] > end - pd.DateOffset(years=1)]
    mine = year["customer_id"].isin(inside)
    total, part = float(year["yearly_amount"].sum()), float(year.loc[mine, "yearly_amount"].sum())
    value = part / total if total else math.nan
    return ("strategy", "share of the last year's new yearly fees that came from here", value, math.nan, math.nan, len(year), "share",
            (1 - value) / max(segments - 1, 1), "" if total else "nothing was signed in the last year")


def _entry(evidence, over, inside):
    asks = "of customers with a renewal behind them, those whose result is known outside: references"
    stayed = set(over.loc[over["renewed"], "customer_id"])
    if evidence is None:
        return ("entry", asks, math.nan, math.nan, math.nan, 0, "share", math.nan, "no table of results made visible")
    known = set(evidence.loc[evidence["where"].astype(str) == "outside", "customer_id"])
    mine, others = ([customer in known for customer in sorted(group)] for group in (stayed & inside, stayed - inside))
    value, low, high, n = _share_of(pd.Series(mine, dtype=bool))
    return ("entry", asks, value, low, high, n, "share", _share_of(pd.Series(others, dtype=bool))[0], "" if n else "nobody has renewed yet")


def _repeatable(signed, inside, end, groups):
    year = signed[(signed["signed_on"] > end - pd.DateOffset(years=1)) & signed["rep_id"].notna()]
    mine = year["customer_id"].isin(inside)
    value, low, high, n = _share_of(year.loc[mine, "rep_id"].value_counts() >= 2)
    rest = year[~mine]
    others = (rest.groupby([rest["customer_id"].map(groups).astype(str), "rep_id"]).size() >= 2).groupby(level=0).mean().mean()
    return ("repeatable sales", "of the sellers who signed here in the last year, those who signed more than once", value, low, high, n, "share",
            float(others), "" if n else "no seller signed here in the last year")


def _scale(signed, inside, end, room, segment, by):
    asks = "share of the organisations within reach that have signed at least once"
    if room is None:
        return ("scale", asks, math.nan, math.nan, math.nan, 0, "share", math.nan, "no table of the market")
    ever = set(signed["customer_id"])
    mine = room[by].astype(str) == segment
    reach, rest = float(room.loc[mine, "reachable"].sum()), float(room.loc[~mine, "reachable"].sum())
    value = len(ever & inside) / reach if reach else math.nan
    return ("scale", asks, value, math.nan, math.nan, round(reach), "share", len(ever - inside) / rest if rest else math.nan,
            "" if reach else "the market holds none of them")


def example_segments():
    """Return deals, decisions and a market of three industries for examples."""
    sizes = [10, 20, 40, 80, 160, 320]
    rows = [{"industry": name, "employees": size, "amount": size * price, "days": 30.0 + place, "size": "small", "year": 2024}
            for name, price in (("inns", 10), ("shops", 9), ("spas", 20)) for place, size in enumerate(sizes)]
    left = [{"industry": name, "size": "small", "first": True, "left": number < leavers}
            for name, leavers in (("inns", 4), ("shops", 12), ("spas", 6)) for number in range(40)]
    market = pd.DataFrame({"industry": ["inns", "shops", "spas"], "accounts": [4000, 9000, 38], "reach": [0.5, 0.5, 0.5]})
    return pd.DataFrame(rows), pd.DataFrame(left), market


def beside_ordinary(deals, decisions, *, special, by: str = "industry") -> dict[str, float]:
    """Return price and leaving of some segments beside all others taken together, at equal size: one comparison each.

    Parameters
    ----------
    deals, decisions : pandas DataFrame
        As in :func:`four_figures`.
    special : sequence of str
        Segments that are compared; whatever is not among them is ordinary.

    Returns
    -------
    dict
        "price_<segment>" and "leaving_<segment>" (spaces as underscores) -> ratio; without those that nothing can be told about.

    Examples
    --------
    >>> deals, ends, _ = example_segments()
    >>> found = beside_ordinary(deals, ends, special=["spas"])
    >>> sorted(found), round(found["leaving_spas"], 2)
    (['leaving_spas', 'price_spas'], 0.75)
    """
    from helpers.models.value_price import price_ratios

    found = {}
    for name in special:
        for figure, table, ratios in (("price", deals, price_ratios), ("leaving", decisions, leaving_ratios)):
            rows = table[(table[by].astype(str) == name) | ~table[by].astype(str).isin(special)]
            groups = rows.assign(group=np.where(rows[by].astype(str) == name, "one", "ordinary"))
            if (groups["group"] == "one").sum() < 2 or (figure == "leaving" and not 0 < groups.loc[groups["group"] == "one", "left"].mean() < 1):
                continue
            held = {"equal": ("size", "year")} if figure == "price" else {}
            seen = ratios(groups, "group", reference="ordinary", **held).set_index("group")
            found[f"{figure}_{name.replace(' ', '_')}"] = float(seen.loc["one", "ratio"])
    return found
