"""What a product is worth to its customer, and the range in which a price can lie: as a tool, and as a revenue product.

A tool saves effort; a revenue product ("commercial" or "business" SaaS with Wu Hao) also brings its customer money. The same
product has a different price range for each. Wu Hao's rule of price: find the floor of variable costs, take about a third of a
comparable licence, price high and keep discounts under control. The customer's side, and all guessed figures, are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, nearest, need_columns
from helpers.models._guards import check_not_negative, check_positive, check_share

MONTHS = 12
LICENCE_SHARE = 1 / 3  # Wu Hao: a year costs about a third of a comparable licence
FEE_MODELS = ("licence", "yearly fee", "consumption", "share of sales")


def saved_by_account(value, *, as_of, least_months: int = 6) -> pd.DataFrame:
    """What the product saved each account in the year to ``as_of``.

    ``worth = sum of hours_saved * wage``, brought to twelve months where fewer were measured.

    Parameters
    ----------
    value : DataFrame
        customer_id, month, hours_saved, wage (money an hour).
    as_of : date
        Only the twelve months that end here count.
    least_months : int
        Accounts measured for fewer months are left out.

    Returns
    -------
    DataFrame
        customer_id, months (measured), hours (a year), wage (money an hour, weighted by hours), worth (money a year).

    Raises
    ------
    MetricError
        Where a column is missing, or nobody was measured long enough.

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": ["a"] * 6, "month": pd.date_range("2025-01-01", periods=6, freq="MS"),
    ...                      "hours_saved": [10.0] * 6, "wage": [30.0] * 6})
    >>> saved_by_account(rows, as_of="2025-06-30").values.tolist()
    [['a', 6, 120.0, 30.0, 3600.0]]
    """
    need_columns(value, ("customer_id", "month", "hours_saved", "wage"), "value")
    end = pd.Timestamp(as_of)
    month = pd.to_datetime(value["month"])
    recent = value[(month <= end) & (month > end - pd.DateOffset(years=1))]
    rows = recent.assign(worth=recent["hours_saved"] * recent["wage"])
    sums = rows.groupby("customer_id").agg(months=("month", "nunique"), hours=("hours_saved", "sum"), worth=("worth", "sum"))
    sums = sums[sums["months"] >= least_months].reset_index()
    if sums.empty:
        raise MetricError(f"value: nobody was measured for {least_months} of the twelve months to {end.date()}. Bring more months, "
                          "lower least_months, or choose another as_of.")
    wage = sums["worth"] / sums["hours"].replace(0, np.nan)
    year = MONTHS / sums["months"]
    return sums.assign(hours=sums["hours"] * year, wage=wage, worth=sums["worth"] * year)[
        ["customer_id", "months", "hours", "wage", "worth"]]


@dataclass(frozen=True)
class Business:
    """What is supposed of the customer's own business; every figure is a guess until somebody asks the customer.

    Parameters
    ----------
    margin : float
        What is left to the customer of one more unit of sales, share.
    sales_over_wages : float
        The customer's sales for each unit of money that it pays in wages.
    hours_a_year : float
        Working hours of one person.
    """

    margin: float = 0.3
    sales_over_wages: float = 4.0
    hours_a_year: float = 2000.0

    def __post_init__(self):
        check_share("margin", self.margin)
        check_positive("sales_over_wages", self.sales_over_wages)
        check_positive("hours_a_year", self.hours_a_year)

    def margin_of_sales(self, employees, wage):
        """The margin on all the customer's sales, money a year: what one whole of lift would be worth."""
        return np.asarray(employees) * np.asarray(wage) * self.hours_a_year * self.sales_over_wages * self.margin


def extra_margin(employees, wage, *, lift: float, business: Business = Business()):
    """What more sales leave to the customer, money a year.

    ``employees * wage * hours_a_year * sales_over_wages * margin * lift``

    Examples
    --------
    A hundred people at 40 an hour: 8 million in wages, 32 million in sales; 1% more of them, at 30%.

    >>> float(extra_margin(100, 40, lift=0.01))
    96000.0
    """
    return business.margin_of_sales(employees, wage) * lift


def lift_to_believe(price, worth, employees, wage, *, wanted_return: float = 3.0, business: Business = Business()):
    """The rise in sales that a customer must believe in, for a price to bring back what is wanted.

    ``(wanted_return * price - worth) / margin on all sales``, never below 0: where the hours alone suffice, nothing has to be
    believed.

    Parameters
    ----------
    price, worth : float or array
        Money a year: what is paid, and what the saved hours are worth.
    employees, wage : float or array
    wanted_return : float
        Gain for each unit of price.

    Examples
    --------
    >>> float(lift_to_believe(40_000, 24_000, 100, 40))
    0.01
    >>> float(lift_to_believe(5_000, 24_000, 100, 40))
    0.0
    """
    missing = np.maximum(wanted_return * np.asarray(price) - np.asarray(worth), 0)
    return missing / business.margin_of_sales(employees, wage)


@dataclass(frozen=True)
class PriceRange:
    """The range in which a yearly price can lie, money.

    Parameters
    ----------
    floor : float
        Below it the first year does not pay its own variable costs.
    fair : float
        The highest price at which the customer still gets the wanted return.
    top : float
        The customer's whole gain: above it nobody should buy.
    licence_third : float
        A third of a comparable licence; NaN where none is known.
    """

    floor: float
    fair: float
    top: float
    licence_third: float = math.nan

    @property
    def holds(self) -> bool:
        """Whether there is a price that pays the vendor's costs and gives the customer the wanted return."""
        return self.fair >= self.floor


def price_range(gain: float, *, floor: float = 0.0, wanted_return: float = 3.0, licence: float | None = None) -> PriceRange:
    """The price range of a product that brings its customer ``gain`` a year.

    ``top = gain``, ``fair = gain / wanted_return``, ``licence_third = licence / 3`` (Wu Hao's rule).

    Parameters
    ----------
    gain : float
        Money a year: hours saved, and what else it brings.
    floor : float
        Variable costs of the first year, see :func:`first_year_floor`.
    wanted_return : float
        What the customer wants back for each unit of price; 3 is our guess.
    licence : float, optional
        Price of a comparable licence.

    Examples
    --------
    >>> price_range(90_000, floor=20_000, licence=120_000)
    PriceRange(floor=20000.0, fair=30000.0, top=90000.0, licence_third=40000.0)
    >>> price_range(30_000, floor=20_000).holds
    False
    """
    check_not_negative("gain", gain)
    check_positive("wanted_return", wanted_return)
    third = math.nan if licence is None else float(licence) * LICENCE_SHARE
    return PriceRange(float(floor), float(gain) / wanted_return, float(gain), third)


def first_year_floor(costs, *, as_of, sold: int, new: int, revenue: float) -> float:
    """The yearly price at which the first year of an average sold customer pays its own variable costs.

    ``((A + C) / sold + E / new) / (1 - COGS / revenue)`` over the twelve months to ``as_of``: pay of the salespeople (A) and money
    for leads (C) for each customer that sales won, first-year service (E) for each new one, and the share of revenue that running
    the service takes (COGS). Managers and the marketing department (B, D) do not move with one customer more and stay out.

    Parameters
    ----------
    costs : DataFrame
        month, kind (A to E, COGS, other), amount.
    sold, new : int
        Customers won by sales, and by any way, in the same months.
    revenue : float
        Money earned in the same months; the mean of ARR at their two ends is near it.

    Raises
    ------
    MetricError
        Where a column is missing or nobody was won.

    Notes
    -----
    Wu Hao asks for the floor of variable costs first and allows a first order without margin, because renewals follow. Which costs
    vary is our reading. One floor for all sizes: the costs are not kept by size.

    Examples
    --------
    >>> rows = pd.DataFrame({"month": pd.Timestamp("2025-03-01"), "kind": ["A", "C", "E", "COGS", "B"],
    ...                      "amount": [50.0, 30.0, 20.0, 40.0, 99.0]})
    >>> first_year_floor(rows, as_of="2025-12-31", sold=8, new=10, revenue=200.0)
    15.0
    """
    need_columns(costs, ("month", "kind", "amount"), "costs")
    check_positive("revenue", revenue)
    if sold <= 0 or new <= 0:
        raise MetricError(f"customers: {sold} sold and {new} new in the year to {as_of}; a floor needs some. Choose another as_of.")
    end, month = pd.Timestamp(as_of), pd.to_datetime(costs["month"])
    year = costs[(month <= end) & (month > end - pd.DateOffset(years=1))]
    spent = year.groupby(year["kind"].astype(str))["amount"].sum()
    selling = float(spent.get("A", 0) + spent.get("C", 0)) / sold
    serving = float(spent.get("COGS", 0)) / revenue
    if serving >= 1:
        raise MetricError(f"costs: running the service (COGS) takes {serving:.0%} of revenue, so no price covers it. Check both amounts.")
    return (selling + float(spent.get("E", 0)) / new) / (1 - serving)


def first_deals(opportunities, customers) -> pd.DataFrame:
    """The deal with which each customer was won, with what is known of the customer: for comparing prices of new business.

    Where deals say from which lead they came, those without one (more seats, a second module) are left out; then each customer's first
    won deal counts.

    Parameters
    ----------
    opportunities : DataFrame
        customer_id, opened_on, outcome, amount; lead_id where there is one.
    customers : DataFrame
        customer_id, employees, industry, size.

    Returns
    -------
    DataFrame
        The deals with employees, industry, size and ``year`` (of opening).

    Examples
    --------
    >>> deals = pd.DataFrame({"customer_id": ["a", "a", "b"], "opened_on": pd.to_datetime(["2024-02-01", "2023-05-01", "2024-03-01"]),
    ...                       "outcome": ["won", "won", "lost"], "amount": [50.0, 90.0, 70.0]})
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "employees": [30, 40], "industry": ["inns"] * 2, "size": ["small"] * 2})
    >>> first_deals(deals, people)[["customer_id", "amount", "year", "employees"]].values.tolist()
    [['a', 90.0, 2023, 30]]
    """
    need_columns(opportunities, ("customer_id", "opened_on", "outcome", "amount"), "opportunities")
    need_columns(customers, ("customer_id", "employees", "industry", "size"), "customers")
    won = opportunities[opportunities["outcome"].astype(str) == "won"]
    if "lead_id" in won and won["lead_id"].notna().any():
        won = won[won["lead_id"].notna()]
    first = won.sort_values("opened_on", kind="stable").drop_duplicates("customer_id")
    known = customers[["customer_id", "employees", "industry", "size"]]
    return first.merge(known, on="customer_id").assign(year=lambda rows: pd.to_datetime(rows["opened_on"]).dt.year)


def price_ratios(deals, by: str, *, equal=("size", "year", "industry"), reference: str | None = None, price: str = "amount",
                 level: float = 0.95) -> pd.DataFrame:
    """How dear each group of deals is beside a reference group: as it looks, and at equal number of employees.

    ``log(price) = group + log(employees) + cells``, ordinary least squares; ``ratio = exp(group - reference)``.

    Parameters
    ----------
    deals : DataFrame
        ``price``, ``employees``, ``by`` and the columns in ``equal``.
    by : str
        The column whose groups are compared, for example "positioning" or "industry".
    equal : sequence of str
        Columns held equal beside the number of employees; ``size`` and ``year`` are crossed. ``by`` itself is left out.
    reference : str, optional
        The group beside which the others stand; by default the middle one by price at equal size.

    Returns
    -------
    DataFrame
        ``by``, n, raw (mean price over the mean of the reference), ratio, low, high; dearest first.

    Raises
    ------
    MetricError
        Where a column is missing, the reference is no group, or there are fewer than two groups.

    Notes
    -----
    Equal in what was written down; who was offered which positioning was nobody's lot, so a ratio is no proof of a cause.

    Examples
    --------
    What comes with more employees is no premium; what is left is:

    >>> rows = pd.DataFrame({"amount": [100.0, 205, 410, 130, 260, 515], "employees": [10, 20, 40, 10, 20, 40],
    ...                      "positioning": ["tool"] * 3 + ["solution"] * 3})
    >>> price_ratios(rows, "positioning", equal=(), reference="tool")[["positioning", "ratio"]].round(2).values.tolist()
    [['solution', 1.27], ['tool', 1.0]]
    """
    from statsmodels.regression.linear_model import OLS

    held = [name for name in equal if name != by]
    need_columns(deals, (by, price, "employees", *held), "deals")
    rows = deals[(deals[price] > 0) & (deals["employees"] > 0)].dropna(subset=[by, price, "employees", *held])
    groups = rows[by].astype(str)
    names = sorted(groups.unique())
    if len(names) < 2:
        raise MetricError(f"deals: {by!r} has {len(names)} group; two are needed to compare prices. Bring more deals.")
    if reference is not None and reference not in names:
        raise MetricError(f"deals: {by!r} has no group {reference!r}{nearest(reference, names)} It has {', '.join(names)}.")
    design = _design(rows, groups, held)
    fit = OLS(np.log(rows[price].to_numpy(dtype=float)), design.to_numpy(dtype=float)).fit()
    worth = pd.Series(fit.params[:len(names)], index=names)
    middle = reference or worth.sort_values().index[(len(names) - 1) // 2]
    return _ratios(rows[price], groups, names, middle, fit, by, level)


def _design(rows, groups, held) -> pd.DataFrame:
    """One column for each group, then the logarithm of employees, then the cells that are held equal."""
    design = pd.get_dummies(groups, dtype=float)
    design[" log"] = np.log(rows["employees"].astype(float))
    crossed = [name for name in held if name in ("size", "year")]
    cells = [sum((" " + rows[name].astype(str) for name in crossed[1:]), rows[crossed[0]].astype(str))] if crossed else []
    for cell in [*cells, *(rows[name].astype(str) for name in held if name not in crossed)]:
        dummies = pd.get_dummies(cell, prefix=f" {len(design.columns)}", drop_first=True, dtype=float)
        design = design.join(dummies)
    return design


def _ratios(prices, groups, names, middle, fit, by, level) -> pd.DataFrame:
    means, counts = prices.groupby(groups).mean(), groups.value_counts()
    apart = np.zeros((len(names), len(fit.params)))       # each group less the reference
    apart[np.arange(len(names)), np.arange(len(names))] = 1.0
    apart[:, names.index(middle)] -= 1.0
    others = [i for i, name in enumerate(names) if name != middle]
    ends = np.zeros((len(names), 2))
    ends[others] = fit.t_test(apart[others]).conf_int(alpha=1 - level)
    ratio = np.exp(apart @ fit.params)
    table = pd.DataFrame({by: names, "n": counts.reindex(names).to_numpy(), "raw": (means / means[middle]).reindex(names).to_numpy(),
                          "ratio": ratio, "low": np.exp(ends[:, 0]), "high": np.exp(ends[:, 1])})
    return table.sort_values("ratio", ascending=False, ignore_index=True)


def income_by_outcome(outcomes, *, years: int = 3, renewal: float = 0.85, steepness: float = 4.0, use_follows: float = 0.5) -> pd.DataFrame:
    """What a vendor earns from one customer under four fee models, by what the product brought that customer.

    Parameters
    ----------
    outcomes : sequence of float
        What the customer got, over what it was promised: 1 is as promised.
    years : int
        Years counted.
    renewal : float
        Share that renews where the outcome is as promised.
    steepness : float
        How strongly renewal follows the outcome: ``logit(renewal) + steepness * (outcome - 1)``; ours.
    use_follows : float
        How far use follows the outcome: ``use = outcome ** use_follows``; ours.

    Returns
    -------
    DataFrame
        Index outcome, one column for each of :data:`FEE_MODELS`; 1 is the income at an outcome as promised.

    Notes
    -----
    licence: 1. yearly fee: ``sum keep^k / sum renewal^k`` for k below ``years``. consumption: the same times ``use``. share of
    sales: the same times the outcome. The order is Wu Hao's (fee models in rising alignment); the model is ours.

    Examples
    --------
    >>> income_by_outcome([0.5, 1.0]).round(2).values.tolist()
    [[1.0, 0.63, 0.45, 0.32], [1.0, 1.0, 1.0, 1.0]]
    """
    check_share("renewal", renewal)
    outcome = np.asarray(outcomes, dtype=float)
    if renewal in (0.0, 1.0):
        keep = np.full_like(outcome, renewal)
    else:
        keep = 1 / (1 + np.exp(-(math.log(renewal / (1 - renewal)) + steepness * (outcome - 1))))
    stays = sum(keep**k for k in range(years)) / sum(renewal**k for k in range(years))
    columns = [np.ones_like(outcome), stays, stays * outcome**use_follows, stays * outcome]
    return pd.DataFrame(dict(zip(FEE_MODELS, columns)), index=pd.Index(outcome, name="outcome"))
