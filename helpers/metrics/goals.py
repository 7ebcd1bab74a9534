"""The second goal of the path: contracts that are good, by what can be seen of them on the day of the signature."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.metrics.errors import MetricError
from helpers.metrics.uncertainty import wilson_interval

NEEDED = ("contract_id", "customer_id", "kind", "starts_on", "ends_on", "discount", "promised_features", "renews_contract_id")
CHECKS = ("profitable", "performable", "open_to_renewal")


def good_contracts(contracts: Any, *, most_discount: float = 0.15, most_promises: int = 0, most_months: int = 15) -> pd.DataFrame:
    """Return the new contracts with three checks on each, and whether it passes all of them.

    Parameters
    ----------
    contracts : DataFrame
        contract_id, customer_id, kind, starts_on, ends_on, discount, promised_features, renews_contract_id.
    most_discount : float
        Share off the list price up to which it counts as profitable.
    most_promises : int
        Features promised that did not exist, up to which it can be performed.
    most_months : int
        Term up to which the customer soon decides again.

    Returns
    -------
    DataFrame
        The rows of ``contracts`` of kind "new" with profitable, performable, open_to_renewal, good (all flags), and renewed (a later
        contract names it).

    Raises
    ------
    MetricError
        When a column is missing.

    Notes
    -----
    Dai Ke (2019): a good contract earns money now, can be performed, and promises later income. He gives no test of any of the three; these
    are ours, and they are proxies: what a delivery costs is not in the contract.

    Examples
    --------
    >>> good_contracts(example_contracts())[["contract_id", "good", "renewed"]].to_numpy().tolist()
    [['a', True, True], ['b', False, False]]
    """
    missing = [name for name in NEEDED if name not in contracts]
    if missing:
        raise MetricError(f"contracts: no column {missing[0]!r}. The check of a contract needs {', '.join(NEEDED)}.")
    new = contracts[contracts["kind"].astype(str) == "new"]
    months = ((new["ends_on"] - new["starts_on"]).dt.days / (365.25 / 12)).round()
    checks = {"profitable": new["discount"].fillna(0) <= most_discount, "performable": new["promised_features"].fillna(0) <= most_promises,
              "open_to_renewal": months <= most_months}
    new = new.assign(**checks, renewed=new["contract_id"].isin(contracts["renews_contract_id"].dropna()))
    return new.assign(good=new[list(CHECKS)].all(axis=1)).reset_index(drop=True)


def renewed_share(marked: pd.DataFrame, *, as_of: Any, by: str | list[str] = "good", since: Any = None, after_days: int = 60) -> pd.DataFrame:
    """Return the share of contracts that were renewed, of those that came due.

    Parameters
    ----------
    marked : DataFrame
        What :func:`good_contracts` returned, with the column or columns ``by``.
    as_of : date
        The day of the report.
    since : date, optional
        Only contracts that ended from this day on.
    after_days : int
        Only contracts that ended at least so many days ago: some renew late.

    Returns
    -------
    DataFrame
        The groups with value (share), low, high (Wilson), n.

    Examples
    --------
    >>> renewed_share(good_contracts(example_contracts()), as_of="2025-06-30")[["good", "value", "n"]].to_numpy().tolist()
    [[False, 0.0, 1], [True, 1.0, 1]]
    """
    ended = marked["ends_on"]
    due = marked[ended <= pd.Timestamp(as_of) - pd.Timedelta(days=after_days)]
    due = due if since is None else due[due["ends_on"] >= pd.Timestamp(since)]
    found = due.groupby(by, observed=True)["renewed"].agg(value="mean", k="sum", n="count").reset_index()
    ends = [wilson_interval(k, n) for k, n in zip(found["k"], found["n"])]
    return found.drop(columns="k").assign(low=[low for low, _ in ends], high=[high for _, high in ends])


def example_contracts() -> pd.DataFrame:
    """Return two contracts for examples and what renewed one of them.

    Examples
    --------
    >>> example_contracts()["kind"].tolist()
    ['new', 'new', 'renewal']
    """
    return pd.DataFrame({"contract_id": ["a", "b", "c"], "customer_id": ["x", "y", "x"], "kind": ["new", "new", "renewal"],
                         "starts_on": pd.to_datetime(["2024-01-01", "2024-01-01", "2025-01-01"]),
                         "ends_on": pd.to_datetime(["2025-01-01", "2025-01-01", "2026-01-01"]), "discount": [0.05, 0.3, 0.05],
                         "promised_features": [0, 2, 0], "renews_contract_id": [None, None, "a"]})
