"""What three files already show: the findings with the most money at stake, each with the chapter that works it out.

A finding is a sum of money a year, how it was computed, and the rows behind. They are computed apart and may overlap, so they are ranked
and never added. Where the tables do not hold what a finding needs, it is left out and the reason kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from helpers import chapters as register
from helpers.course.diagnosis import tables_on
from helpers.metrics.renewals import renewal_rate
from helpers.models.gates import YEAR, Seen, burn_of, sales_margin
from helpers.models.roadmap import roadmap
from helpers.models.terms import with_terms
from helpers.show.numbers import money, percent
from helpers.show.tables import Table, table

LATE = 60  # days after which a payment that has not come is counted as open
LONG = 15  # months above which a contract counts as longer than a year


@dataclass(frozen=True)
class Finding:
    """A sum of money at stake in a year.

    Parameters
    ----------
    key, says, how : str
        ``says`` is a sentence with its figures; ``how`` the computation.
    at_stake : float
        In the company's currency.
    chapter : str
        The number of the chapter that works it out.
    rows : DataFrame
    """

    key: str
    says: str
    how: str
    at_stake: float
    chapter: str
    rows: pd.DataFrame = field(repr=False)


class Findings(tuple):
    """Findings, largest first; ``missing`` says what could not be computed and why."""

    missing: dict[str, str]

    @property
    def table(self) -> pd.DataFrame:
        """finding, at_stake, how, opens; one row each."""
        rows = [{"finding": one.says, "at_stake": one.at_stake, "how": one.how, "opens": opens(one.chapter)} for one in self]
        return pd.DataFrame(rows, columns=["finding", "at_stake", "how", "opens"])

    def show(self, company) -> LinkedTable:
        """The table for people, with links to the chapters."""
        return linked(self.table, f"What {company.name} has at stake, a year; computed apart, not to be added", numbers=[one.chapter for one in self],
                      columns=["finding", "at_stake", "how", "opens"], formats={"at_stake": lambda value: money(value, company)})

    def evidence(self, key: str) -> pd.DataFrame:
        """The rows behind a finding."""
        return next(one.rows for one in self if one.key == key)


def opens(number: str) -> str:
    """A chapter as a table names it.

    Examples
    --------
    >>> opens("37")
    '37 Retention'
    """
    chapter = register.find(number)
    return f"{chapter.number} {chapter.title}" + ("" if chapter.written else " (not written yet)")


class LinkedTable(Table):
    """A table whose column of chapters opens them; as text the same as any other."""

    def __init__(self, made: Table, links: dict[str, str]):
        super().__init__(made.head, made.rows, made.left, made.caption)
        self.links = links

    def _repr_html_(self) -> str:
        html = super()._repr_html_()
        for text, target in self.links.items():
            html = html.replace(f">{escape(text)}</td>", f'><a href="{escape(target)}">{escape(text)}</a></td>')
        return html


def linked(frame, caption: str = "", *, numbers, start: str = "01", **options) -> LinkedTable:
    """A table for people with links to chapters that are written.

    Parameters
    ----------
    frame : DataFrame
        With a column ``opens``, as :func:`opens` writes it.
    caption : str
    numbers : sequence of str
        Chapters that occur in it.
    start : str
        The chapter in which the table stands.
    **options
        As in :func:`helpers.show.tables.table`.
    """
    here = register.find(start).folder
    found = [register.find(number) for number in dict.fromkeys(numbers)]
    links = {opens(one.number): Path(os.path.relpath(one.notebook, here)).as_posix() for one in found if one.written}
    return LinkedTable(table(frame, caption, **options), links)


def findings(company, on=None, *, count: int = 5) -> Findings:
    """The findings with the most money at stake.

    Parameters
    ----------
    company : Company
        Contracts, payments, costs and headcount are enough.
    on : date, optional
        The company's last day by default; nothing later is looked at.
    count : int
        How many at most.

    Returns
    -------
    Findings

    Examples
    --------
    >>> from helpers.company import load_company
    >>> len(findings(load_company()))
    5
    """
    day = pd.Timestamp(company.as_of if on is None else on)
    tables = tables_on(company, day.date())
    seen = Seen(tables, day, roadmap().gate("margin_three"), company.policy)
    found, missing = [], {}
    for key, (look, needs) in LOOKS.items():
        lacking = [name for name in needs if name not in tables]
        one = f"there is no table {lacking[0]}" if lacking else look(seen, company)
        if isinstance(one, str):
            missing[key] = one
        elif one.at_stake > 0:
            found.append(one)
    result = Findings(sorted(found, key=lambda one: -one.at_stake)[:count])
    result.missing = missing
    return result


# ---------------------------------------------------------------- one function a finding: a Finding, or why there is none


def due(seen: Seen, company) -> Finding | str:
    """Fees that fall due in the coming year, times the share that was not renewed in the last."""
    signed = with_terms(seen["contracts"])
    rows = signed[(signed["kind"] != "add-on") & (signed["ends_on"] > seen.on) & (signed["ends_on"] <= seen.on + pd.DateOffset(years=1))]
    renewals = signed[signed["kind"] == "renewal"]
    if len(renewals) and renewals["renews_contract_id"].isna().all():
        return "renewals do not name the contract that they follow"
    rate = renewal_rate(seen["contracts"], seen.on - pd.DateOffset(years=1), seen.on, add_ons=False).value
    if rate != rate:
        return "no contract has run out in the last twelve months"
    total, lost = float(rows["yearly_amount"].sum()), max(1 - rate, 0.0)
    says = f"{money(total, company)} a year falls due in the next twelve months; in the last twelve {percent(rate, 0)} of what fell due was renewed"
    return Finding("due", says, "fees due x share not renewed in the last year, by money, add-ons apart", total * lost, "37", rows)


def discounts(seen: Seen, company) -> Finding | str:
    """What was taken off the list price of contracts signed in the last year, for one year of each."""
    signed = with_terms(seen["contracts"])
    rows = signed[(signed["signed_on"] > seen.on - pd.DateOffset(years=1)) & (signed["discount"] > 0) & (signed["discount"] < 1)]
    if rows.empty:
        return "no discount is recorded (contracts.discount)"
    off = rows["yearly_amount"] * rows["discount"] / (1 - rows["discount"])
    says = f"{len(rows):,} contracts of the last year were signed below list, by {percent((off.sum() / (off + rows['yearly_amount']).sum()), 0)} of it together"
    return Finding("discounts", says, "list price less price, one year of each contract", float(off.sum()), "35", rows.assign(off=off))


def unpaid(seen: Seen, company) -> Finding | str:
    """What contracts had to bring by now and payments have not, sixty days' grace given."""
    paid = seen["payments"]
    if "contract_id" not in paid or paid["contract_id"].isna().all():
        return "payments do not name their contract (payments.contract_id)"
    signed = with_terms(seen["contracts"])
    owed = owed_by(signed, seen.on - pd.Timedelta(days=LATE))
    rows = signed.assign(owed=owed, paid=signed["contract_id"].map(paid.groupby("contract_id")["amount"].sum()).fillna(0.0))
    rows = rows.assign(open=(rows["owed"] - rows["paid"]).clip(lower=0.0))
    rows = rows[rows["open"] > 0.01 * rows["owed"]]
    says = f"{len(rows):,} contracts have brought less than was due {LATE} days ago"
    return Finding("unpaid", says, "due by term and billing, less payments of the same contract", float(rows["open"].sum()), "36", rows)


def owed_by(contracts: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """What contracts should have brought by a day: the months, years or whole terms that have begun, and one-off amounts.

    Examples
    --------
    >>> rows = pd.DataFrame({"starts_on": pd.to_datetime(["2024-01-01"]), "ends_on": pd.to_datetime(["2026-01-01"]), "term_months": [24],
    ...                      "recurring_amount": [2400.0], "one_off_amount": [0.0], "billing": ["yearly"]})
    >>> owed_by(rows, pd.Timestamp("2024-06-01")).tolist()
    [1200.0]
    """
    begun = (contracts["starts_on"] <= day).astype(float)
    passed = (day.year - contracts["starts_on"].dt.year) * 12 + day.month - contracts["starts_on"].dt.month - (day.day < contracts["starts_on"].dt.day)
    step = contracts["billing"].astype(str).map({"monthly": 1, "yearly": 12}).fillna(contracts["term_months"]).clip(lower=1)
    months = ((passed // step + 1) * step).clip(lower=0).clip(upper=contracts["term_months"])
    return begun * (contracts["recurring_amount"] * months / contracts["term_months"] + contracts["one_off_amount"].fillna(0.0))


def long_contracts(seen: Seen, company) -> Finding | str:
    """Bookings of the last year beyond one year of each contract: cash perhaps, no ARR."""
    signed = with_terms(seen["contracts"])
    rows = signed[(signed["signed_on"] > seen.on - pd.DateOffset(years=1)) & (signed["term_months"] > LONG)]
    extra = float((rows["recurring_amount"] - rows["yearly_amount"]).sum())
    says = f"{len(rows):,} contracts of the last year run longer than {LONG} months: this much was booked that is no ARR"
    return Finding("long_contracts", says, "whole terms less one year of each", extra, "11", rows)


def selling(seen: Seen, company) -> Finding | str:
    """What winning and serving new customers cost beyond what they pay in a year."""
    reading = sales_margin(seen, "ABCDE")
    if reading.why:
        return reading.why
    says = f"Winning and first serving new customers costs more than they pay in a year ({reading.said})"
    return Finding("selling", says, "A + B + C + D + E - S, over twelve months", -reading.value, "39", reading.rows)


def burn(seen: Seen, company) -> Finding | str:
    """What leaves in a year beyond what comes in."""
    monthly, rows = burn_of(seen)
    if monthly != monthly:
        return "neither balances nor costs and payments cover the last twelve months"
    says = f"More leaves than comes in: {money(monthly, company)} a month, over the last twelve"
    return Finding("burn", says, "mean of the last twelve months x 12, rounds of funding apart", YEAR * monthly, "19", rows)


def largest(seen: Seen, company) -> Finding | str:
    """The yearly fee of the largest customer."""
    signed = with_terms(seen["contracts"])
    rows = signed[(signed["starts_on"] <= seen.on) & (signed["ends_on"] > seen.on)]
    if rows.empty:
        return "no contract is in force"
    fees = rows.groupby("customer_id")["yearly_amount"].sum().sort_values(ascending=False)
    says = f"One customer pays {percent(fees.iloc[0] / fees.sum())} of all fees, the ten largest {percent(fees.iloc[:10].sum() / fees.sum(), 0)}"
    return Finding("largest", says, "the yearly fee of the largest customer", float(fees.iloc[0]), "34", fees.reset_index())


def new_business(seen: Seen, company) -> Finding | str:
    """New fees of the last six months below those of the same six a year before, for a year."""
    signed = with_terms(seen["contracts"])
    signed = signed[signed["kind"] == "new"]
    ends = [seen.on, seen.on - pd.DateOffset(years=1)]
    spans = [signed[(signed["signed_on"] <= end) & (signed["signed_on"] > end - pd.DateOffset(months=6))] for end in ends]
    now, before = (float(span["yearly_amount"].sum()) for span in spans)
    if before == 0:
        return "nothing was signed in the same months a year before"
    says = f"New fees of the last six months: {money(now, company)}, after {money(before, company)} in the same months a year before"
    return Finding("new_business", says, "2 x (then - now)", 2 * (before - now), "31", pd.concat(spans))


LOOKS = {
    "due": (due, ("contracts",)), "discounts": (discounts, ("contracts",)), "unpaid": (unpaid, ("contracts", "payments")),
    "long_contracts": (long_contracts, ("contracts",)), "selling": (selling, ("contracts", "costs")),
    "burn": (burn, ("costs",)), "largest": (largest, ("contracts",)), "new_business": (new_business, ("contracts",)),
}

