"""Which engine brought the growth: product, sales or customer success.

Tian Yuan names three engines of growth. His outline gives no rule for booking a change of ARR to one of them, so the rule is
ours: see :func:`arr_by_engine`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.metrics.errors import MetricError
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import mrr_movements

ENGINES = ("product", "sales", "customer success", "lost")
HANDED_OVER = 3  # months after which growth of an account is customer success's


def arr_by_engine(subscriptions: Any, customers: Any, *, as_of: Any, policy: Policy = Policy(), handed_over: int = HANDED_OVER) -> pd.DataFrame:
    """Return the net new ARR of each year, split by what brought it.

    Parameters
    ----------
    subscriptions, customers : pandas DataFrame
        ``customers`` needs customer_id and acquired_by.
    as_of : date
        The last day; years are counted back from it.
    policy : Policy
    handed_over : int
        Months after the first one in which growth of an account still counts as sales.

    Returns
    -------
    DataFrame
        One row for each year: ends_on, product, sales, customer success, lost (negative), net; ARR in units of money.

    Raises
    ------
    MetricError
        When customers do not say how they were won.

    Notes
    -----
    product: new customers with acquired_by = product. sales: all other new and returning customers, and growth of an account in its
    first ``handed_over`` months. customer success: growth after that. lost: churn and contraction, left apart because several engines
    share in it. Growth in the first 90 days is the seller's and that of months 3 to 12 customer success's in notes on Wu Hao's book;
    that it stays so after a year, and the rest, is ours. The four sum to the change of ARR.

    Examples
    --------
    >>> subs = pd.DataFrame({"customer_id": ["a", "b"], "starts_on": pd.to_datetime(["2025-02-01", "2025-03-01"]),
    ...                      "ends_on": pd.to_datetime([None, None]), "amount": [100.0, 50.0], "interval": ["month", "month"]})
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "acquired_by": ["inbound", "product"]})
    >>> whole = Policy(complete_from_inception=True)
    >>> arr_by_engine(subs, people, as_of="2025-12-31", policy=whole)[["product", "sales", "net"]].values.tolist()
    [[600.0, 1200.0, 1800.0]]
    """
    if "acquired_by" not in customers or customers["acquired_by"].isna().all():
        raise MetricError("customers.acquired_by is empty: it says whether the product, a salesperson or a recommendation won the customer. "
                          "Fill it in; 'product' for those who came by themselves.")
    moved = pd.DataFrame(mrr_movements(subscriptions, as_of=pd.Timestamp(as_of).date(), policy=policy))
    moved = moved[moved["kind"] != "opening"]
    month = pd.to_datetime(moved["month"]).dt.to_period("M")
    won_by = customers.set_index("customer_id")["acquired_by"].astype(str).reindex(moved["customer_id"]).to_numpy()
    age = month.astype("int64") - month.groupby(moved["customer_id"]).transform("min").astype("int64")
    back = pd.Timestamp(as_of).to_period("M").ordinal - month.astype("int64")
    years = back // 12
    moved = moved.assign(engine=_engine(moved["kind"].astype(str), won_by, age, handed_over), years=years)
    sums = 12 / policy.minor_units * moved.pivot_table(index="years", columns="engine", values="change", aggfunc="sum", fill_value=0)
    sums = sums.reindex(columns=list(ENGINES), fill_value=0.0).sort_index(ascending=False).astype(float)
    sums["net"] = sums.sum(axis=1)
    ends = [(pd.Timestamp(as_of) - pd.DateOffset(years=int(back))).date() for back in sums.index]
    sums.insert(0, "ends_on", ends)
    return sums.rename_axis(columns=None).reset_index(drop=True)


def _engine(kind: pd.Series, won_by: Any, age: pd.Series, handed_over: int) -> pd.Series:
    engine = pd.Series("lost", index=kind.index)
    grew = kind == "expansion"
    engine[kind.isin(["new", "reactivation"])] = "sales"
    engine[(kind == "new") & (won_by == "product")] = "product"
    engine[grew & (age < handed_over)] = "sales"
    engine[grew & (age >= handed_over)] = "customer success"
    return engine
