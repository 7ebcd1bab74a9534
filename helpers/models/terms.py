"""Contracts as they were signed: their terms, what was booked, and who was still there when a term had run out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.models.contracts import Difference, difference_at_equal_size

YEAR = 12
NOTHING_DUE = "no prepaid term has run out yet that can be set beside yearly ones"


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


def bookings_around(contracts, quarter=None, *, quarters: int = 4) -> pd.DataFrame:
    """The bookings of a quarter and of some quarters before and after it.

    Parameters
    ----------
    quarter : Timestamp or None
        Its first day; None means the last quarter in which anything was signed.
    quarters : int
        How many on either side.

    Returns
    -------
    DataFrame
        The columns of :func:`bookings_by_quarter`, with ``name`` ("2022Q4") and ``extra`` (bookings / yearly_value - 1, share).

    Examples
    --------
    >>> around = bookings_around(_contracts([("k1", "a", "2022-10-01", "2024-10-01", 2000.0, "prepaid"),
    ...                                      ("k2", "b", "2024-11-01", "2025-11-01", 1000.0, "yearly")]))
    >>> around[["name", "extra"]].values.tolist()
    [['2024Q4', 0.0]]
    """
    signed = bookings_by_quarter(contracts)
    period = signed["quarter"].dt.to_period("Q")
    middle = period.iloc[-1] if quarter is None else pd.Timestamp(quarter).to_period("Q")
    near = (period >= middle - quarters) & (period <= middle + quarters)
    signed = signed.assign(name=period.astype(str), extra=signed["bookings"] / signed["yearly_value"] - 1)
    return signed[near].reset_index(drop=True)


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
    both["day"] = pd.to_datetime([start + pd.DateOffset(years=int(years)) for start, years in zip(both["starts_on"], both["years"])])
    both = both[both["day"] <= pd.Timestamp(as_of)].reset_index(drop=True)
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
    band = rows[list(by)].astype(str).agg(" ".join, axis=1)
    def count(which):
        return rows.loc[which].groupby(band)[outcome].agg(["sum", "count"]).reindex(sorted(band.unique()), fill_value=0)
    ahead, yearly = count(rows["prepaid"].astype(bool)), count(~rows["prepaid"].astype(bool))
    return difference_at_equal_size(ahead["sum"], ahead["count"], yearly["sum"], yearly["count"])


def compare_prepaid(contracts, customers, *, as_of) -> pd.DataFrame:
    """Prepaid less yearly customers at equal size, in two fair ways and a raw one, each with its interval.

    - "at the decision, raw": share renewed when a term ran out, all first terms, sizes mixed.
    - "at the decision": the same within each size.
    - "over the same years": share still under contract T years after the start, within each size, quarter and T.

    Returns
    -------
    DataFrame
        comparison, value, low, high, n_prepaid, n_yearly, reason (why there is none, or empty), verdict (in words: the
        reason, or on which side of nothing the whole interval lies).

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a"], "size": ["small"]})
    >>> seen = compare_prepaid(_contracts([("k1", "a", "2021-01-01", "2022-01-01", 1000.0, "yearly")]), people,
    ...                        as_of="2023-12-31")
    >>> seen["reason"].unique().tolist()
    ['no prepaid term has run out yet that can be set beside yearly ones']
    """
    decided = renewal_decisions(contracts, customers, as_of=as_of)
    decided = decided[decided["first"] & (decided["prepaid"] | (decided["term_months"] <= 15))]
    years = kept_over_the_same_years(contracts, customers, as_of=as_of)
    years = years.assign(quarter=pd.to_datetime(years["starts_on"]).dt.to_period("Q"))
    rows = [("at the decision, raw", decided.assign(all="all"), "renewed", ("all",)),
            ("at the decision", decided, "renewed", ("size",)),
            ("over the same years", years, "kept", ("size", "years", "quarter"))]
    return pd.DataFrame([{"comparison": name, **_compared(table, outcome, by)} for name, table, outcome, by in rows])


def _compared(rows, outcome: str, by) -> dict:
    try:
        seen = prepaid_against_yearly(rows, outcome=outcome, by=by)
    except ValueError:
        nothing = float("nan")
        return {"value": nothing, "low": nothing, "high": nothing, "n_prepaid": int(rows["prepaid"].sum()), "n_yearly": 0,
                "reason": NOTHING_DUE, "verdict": NOTHING_DUE}
    return {"value": seen.value, "low": seen.low, "high": seen.high, "n_prepaid": seen.n[0], "n_yearly": seen.n[1], "reason": "",
            "verdict": _verdict(seen)}


def _verdict(seen: Difference) -> str:
    if seen.low <= 0 <= seen.high:
        return "no difference shown"
    return "prepaid kept less" if seen.value < 0 else "prepaid kept more"


def leaving_of_prepaid(decisions) -> float:
    """How often prepaid customers leave at expiry, over what the first renewal of yearly customers of their sizes gives.

    ``left of the prepaid / sum over sizes of (prepaid due * share of yearly first terms that was not renewed)``; NaN where
    no prepaid term has run out, or a size has no yearly customers.

    Parameters
    ----------
    decisions : DataFrame
        What :func:`renewal_decisions` gives.

    Examples
    --------
    >>> rows = pd.DataFrame({"size": "small", "prepaid": [True] * 2 + [False] * 4, "first": True, "term_months": [24] * 2 + [12] * 4,
    ...                      "renewed": [True, False, True, True, True, False]})
    >>> leaving_of_prepaid(rows)
    2.0
    """
    size = decisions["size"].astype(str)
    yearly = decisions["first"] & ~decisions["prepaid"] & (decisions["term_months"] <= 15)
    leaves = (~decisions.loc[yearly, "renewed"].astype(bool)).groupby(size[yearly]).mean()
    ahead = decisions["prepaid"].astype(bool)
    expected = float(size[ahead].map(leaves).astype(float).sum(skipna=False))
    return float((~decisions.loc[ahead, "renewed"].astype(bool)).sum() / expected) if expected > 0 else float("nan")


def end_of_record_quarter(contracts, *, as_of) -> pd.Timestamp:
    """The last day of the quarter of :func:`peak_of_prepayment`, if a year has passed since; else a year before ``as_of``.

    Examples
    --------
    >>> record = _contracts([("k1", "a", "2022-10-01", "2024-10-01", 2000.0, "prepaid")])
    >>> end_of_record_quarter(record, as_of="2025-12-31")
    Timestamp('2022-12-31 00:00:00')
    """
    year_ago = pd.Timestamp(as_of) - pd.DateOffset(years=1)
    peak = peak_of_prepayment(contracts)
    return year_ago if peak is None else min(peak + pd.offsets.QuarterEnd(0), year_ago)


def peak_of_prepayment(contracts) -> pd.Timestamp | None:
    """First day of the quarter in which the largest share of bookings was prepaid; None where nothing was.

    Quarters with less than a quarter of the median bookings are left out: a single deal makes them.

    Examples
    --------
    >>> peak_of_prepayment(_contracts([("k1", "a", "2022-10-01", "2024-10-01", 2000.0, "prepaid")]))
    Timestamp('2022-10-01 00:00:00')
    """
    quarters = bookings_by_quarter(contracts)
    quarters = quarters[quarters["bookings"] >= quarters["bookings"].median() / 4]
    if quarters.empty or quarters["prepaid_share"].max() == 0:
        return None
    return quarters.loc[quarters["prepaid_share"].idxmax(), "quarter"]


def kept_in_year(contracts, start, *, only_due: bool = False) -> tuple[float, int]:
    """Share of the customers under contract on a day who are still under contract a year later.

    With ``only_due``, of those alone whose term ran out within that year, so that they could leave at all.

    Returns
    -------
    share : float, NaN where nobody is in question
    n : int

    Examples
    --------
    >>> two = _contracts([("k1", "a", "2022-01-01", "2023-01-01", 1.0, "yearly"),
    ...                   ("k2", "b", "2022-01-01", "2024-01-01", 2.0, "prepaid")])
    >>> kept_in_year(two, "2022-12-15"), kept_in_year(two, "2022-12-15", only_due=True)
    ((0.5, 2), (0.0, 1))
    """
    terms = with_terms(contracts[contracts["kind"] != "add-on"])
    start = pd.Timestamp(start)
    end = start + pd.DateOffset(years=1)
    here = terms[(terms["starts_on"] <= start) & (terms["ends_on"] > start)].groupby("customer_id")["ends_on"].max()
    if only_due:
        here = here[here <= end]
    later = terms.loc[(terms["starts_on"] <= end) & (terms["ends_on"] > end), "customer_id"]
    return (float(here.index.isin(later).mean()), len(here)) if len(here) else (float("nan"), 0)


def _contracts(rows) -> pd.DataFrame:
    """A small table of first contracts for examples."""
    table = pd.DataFrame(rows, columns=["contract_id", "customer_id", "starts_on", "ends_on", "recurring_amount", "billing"])
    return table.assign(signed_on=table.starts_on, kind="new", renews_contract_id=None)
