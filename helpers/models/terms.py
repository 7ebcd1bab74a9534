"""Contracts as they were signed: their terms, what was booked, and who was still there when a term had run out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.models.contracts import Difference, difference_at_equal_size

YEAR = 12


def with_terms(contracts) -> pd.DataFrame:
    """Contracts with three more columns: ``term_months``, ``yearly_amount`` and ``prepaid``.

    ``term_months`` is rounded to whole months; ``yearly_amount = recurring_amount * 12 / term_months``; ``prepaid`` means
    paid at once for more than fifteen months.

    Examples
    --------
    >>> with_terms(_contracts([("k1", "a", "2022-10-01", "2024-10-01", 2000.0, "prepaid")]))[
    ...     ["term_months", "yearly_amount", "prepaid"]].values.tolist()
    [[24, 1000.0, True]]
    """
    starts, ends = pd.to_datetime(contracts["starts_on"]), pd.to_datetime(contracts["ends_on"])
    term = ((ends - starts).dt.days * YEAR / 365.25).round().clip(lower=1).astype(int)
    return contracts.assign(starts_on=starts, ends_on=ends, signed_on=pd.to_datetime(contracts["signed_on"]), term_months=term,
                            yearly_amount=contracts["recurring_amount"] * YEAR / term,
                            prepaid=(contracts["billing"] == "prepaid") & (term > 15))


def bookings_by_quarter(contracts) -> pd.DataFrame:
    """What each quarter signed: in all, by the year, and the share of it that was prepaid for more than a year.

    Returns
    -------
    DataFrame
        quarter (first day), bookings (whole terms), yearly_value (one year of each), prepaid_share (of the bookings).

    Examples
    --------
    >>> bookings_by_quarter(_contracts([("k1", "a", "2022-10-01", "2024-10-01", 2000.0, "prepaid"),
    ...                                 ("k2", "b", "2022-11-01", "2023-11-01", 1000.0, "yearly")])).values.tolist()
    [[Timestamp('2022-10-01 00:00:00'), 3000.0, 2000.0, 0.6666666666666666]]
    """
    signed = with_terms(contracts)
    signed = signed.assign(quarter=signed["signed_on"].dt.to_period("Q").dt.start_time,
                           paid_ahead=signed["recurring_amount"].where(signed["prepaid"], 0.0))
    sums = signed.groupby("quarter")[["recurring_amount", "yearly_amount", "paid_ahead"]].sum().reset_index()
    return pd.DataFrame({"quarter": sums["quarter"], "bookings": sums["recurring_amount"], "yearly_value": sums["yearly_amount"],
                         "prepaid_share": sums["paid_ahead"] / sums["recurring_amount"]})


def renewal_decisions(contracts, customers, *, as_of) -> pd.DataFrame:
    """One row for each term that has run out, add-ons apart: was it renewed?

    Returns
    -------
    DataFrame
        contract_id, customer_id, size, signed_on, ends_on, term_months, prepaid, first (the customer's first term), renewed.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "size": ["small", "mid"]})
    >>> seen = renewal_decisions(_contracts([("k1", "a", "2022-01-01", "2023-01-01", 1000.0, "yearly"),
    ...                                      ("k2", "b", "2022-01-01", "2024-01-01", 2000.0, "prepaid")]), people,
    ...                          as_of="2023-12-31")
    >>> seen[["contract_id", "size", "prepaid", "renewed"]].values.tolist()
    [['k1', 'small', False, False]]
    """
    terms = with_terms(contracts)
    renewed = set(terms["renews_contract_id"].dropna())
    over = terms[(terms["kind"] != "add-on") & (terms["ends_on"] <= pd.Timestamp(as_of))]
    over = over.merge(customers[["customer_id", "size"]], on="customer_id", how="left")
    return over.assign(first=over["kind"] == "new", renewed=over["contract_id"].isin(renewed))[
        ["contract_id", "customer_id", "size", "signed_on", "ends_on", "term_months", "prepaid", "first", "renewed"]]


def kept_over_the_same_years(contracts, customers, *, as_of) -> pd.DataFrame:
    """Who is still under contract after the same number of years, prepaid against yearly.

    A renewal of three prepaid years is one decision; a yearly customer has decided three times by then. So for each first
    contract that was prepaid for T years, and each yearly one that began in the same quarter: is a contract in force on the
    day T years after the start? Only where that day is not after ``as_of``.

    Returns
    -------
    DataFrame
        customer_id, size, starts_on, years, prepaid, kept. A yearly customer stands here once for each T of its quarter.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "size": ["small", "small"]})
    >>> seen = kept_over_the_same_years(_contracts([("k1", "a", "2021-01-05", "2022-01-05", 1000.0, "yearly"),
    ...                                             ("k2", "b", "2021-02-01", "2023-02-01", 2000.0, "prepaid")]), people,
    ...                                 as_of="2023-12-31")
    >>> seen[["customer_id", "years", "prepaid", "kept"]].values.tolist()
    [['a', 2, False, False], ['b', 2, True, False]]
    """
    terms = with_terms(contracts)
    begun = terms[terms["kind"] == "new"].assign(quarter=lambda t: t["starts_on"].dt.to_period("Q"))
    ahead = begun[begun["prepaid"]].assign(years=lambda t: (t["term_months"] / YEAR).round().astype(int))
    pairs = ahead[["quarter", "years"]].drop_duplicates()
    yearly = begun[begun["term_months"] <= 15].merge(pairs, on="quarter")
    both = pd.concat([yearly, ahead], ignore_index=True)
    both = both.merge(customers[["customer_id", "size"]], on="customer_id", how="left")
    both["day"] = [start + pd.DateOffset(years=int(years)) for start, years in zip(both["starts_on"], both["years"])]
    both = both[pd.to_datetime(both["day"]) <= pd.Timestamp(as_of)].reset_index(drop=True)
    return both.assign(kept=_in_force(terms, both))[["customer_id", "size", "starts_on", "years", "prepaid", "kept"]]


def _in_force(terms, rows) -> np.ndarray:
    """Whether the customer of each row has a contract on the row's day."""
    asked = rows[["customer_id", "day"]].reset_index(names="row")
    pairs = asked.merge(terms[["customer_id", "starts_on", "ends_on"]], on="customer_id")
    on = (pairs["starts_on"] <= pairs["day"]) & (pairs["day"] < pairs["ends_on"])
    return rows.reset_index(drop=True).index.isin(pairs.loc[on, "row"])


def prepaid_against_yearly(rows, *, outcome: str, by=("size",)) -> Difference:
    """The prepaid customers' rate less the yearly customers', compared within the same size (and whatever else ``by`` names).

    Parameters
    ----------
    rows : DataFrame
        With a column ``prepaid``, the column ``outcome`` (yes or no) and the columns of ``by``; what
        :func:`renewal_decisions` or :func:`kept_over_the_same_years` gives.

    Raises
    ------
    ValueError
        Where no band holds customers of both kinds.

    Examples
    --------
    >>> rows = pd.DataFrame({"size": "small", "prepaid": [True] * 4 + [False] * 4, "renewed": [1, 0, 0, 0, 1, 1, 1, 0]})
    >>> prepaid_against_yearly(rows, outcome="renewed").value
    -0.5
    """
    rows = rows.assign(**{name: rows[name].astype(str) for name in by})
    count = rows.groupby([*by, "prepaid"])[outcome].agg(["sum", "count"]).unstack("prepaid", fill_value=0)
    def of(what, prepaid):
        return count[what].get(prepaid, pd.Series(0, index=count.index)).to_numpy()
    return difference_at_equal_size(of("sum", True), of("count", True), of("sum", False), of("count", False))


def _contracts(rows) -> pd.DataFrame:
    """A small table of first contracts for examples."""
    table = pd.DataFrame(rows, columns=["contract_id", "customer_id", "starts_on", "ends_on", "recurring_amount", "billing"])
    return table.assign(signed_on=table.starts_on, kind="new", renews_contract_id=None)
