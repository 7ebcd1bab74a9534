"""A company's ways of getting leads as chapter 32 looks at them: what its leads cost, and whose customers renewed.

>>> from helpers.company import load_company
>>> sorted(ends_of_ways(load_company())["mode"].unique())
['inbound', 'outbound', 'seeding']
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.metrics.niche import ends_of_terms
from helpers.metrics.sources import costs_of_leads
from helpers.periods import months_before
from helpers.sales import path_of

SHORT = 15  # months: longer terms are another decision


def ends_of_ways(company, path=None) -> pd.DataFrame:
    """Each yearly term that has run out, with the way in which its customer was won.

    Parameters
    ----------
    company : Company
        With contracts; customers with acquired_by.
    path : DataFrame, optional
        What :func:`helpers.sales.path_of` gave; only ways that bring leads are kept, so that customers of the product itself are left out.

    Returns
    -------
    DataFrame
        mode, size, first, left and what :func:`helpers.metrics.niche.ends_of_terms` has beside them. Terms of more than fifteen months are
        left out: they were paid ahead, and are another decision.
    """
    ways = set(company.table("leads")["mode"].astype(str)) if path is None else set(path["mode"].astype(str))
    ends = ends_of_terms(company.contracts, company.customers, as_of=company.as_of, by="acquired_by").rename(columns={"acquired_by": "mode"})
    return ends[(ends["term_months"] <= SHORT) & ends["mode"].isin(ways)].reset_index(drop=True)


def year_of_leads(company) -> tuple[dt.date, dt.date]:
    """The last year of leads that have all had a year to sign: its first and last day.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> year_of_leads(SimpleNamespace(as_of=dt.date(2025, 12, 31)))
    (datetime.date(2024, 1, 1), datetime.date(2024, 12, 31))
    """
    return months_before(company.as_of, 24) + dt.timedelta(days=1), months_before(company.as_of, 12)


def costed_leads(company, path=None, *, only_money: bool = False) -> pd.DataFrame:
    """The leads of :func:`year_of_leads`, each with what it cost, see :func:`helpers.metrics.sources.costs_of_leads`.

    Parameters
    ----------
    company : Company
        With leads, opportunities and marketing_spend. Pay of the sales department is shared out by minutes where there are costs and
        activities; partners' fees are added where there are partner_fees.
    path : DataFrame, optional
    only_money : bool
        Marketing spend alone.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> costed = costed_leads(load_company())
    >>> bool((costed["cost"] >= costed["money"]).all())
    True
    """
    path = path_of(company) if path is None else path
    since, until = year_of_leads(company)
    parts = {} if only_money else {**_people(company, since, until), **_fees(company)}
    return costs_of_leads(path, company.table("marketing_spend"), since=since, until=until, **parts)


def costs_counted(company) -> str:
    """Which costs :func:`costed_leads` can count for a company, in words.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> costs_counted(load_company())
    'marketing spend, pay of the sales department, fees of partners'
    """
    words = ["marketing spend"]
    words += ["pay of the sales department"] if company.has("costs") and company.has("activities") else []
    return ", ".join(words + (["fees of partners"] if company.has("partner_fees") else []))


def _people(company, since, until) -> dict:
    """What the sales department cost beside partners' fees, and the minutes that it gave to each lead."""
    if not (company.has("costs") and company.has("activities")):
        return {}
    costs, deals = company.table("costs"), company.table("opportunities")
    here = (costs["month"] >= pd.Timestamp(since).replace(day=1)) & (costs["month"] <= pd.Timestamp(until)) & costs["kind"].isin(["A", "B"])
    people = float(costs.loc[here, "amount"].sum())
    if company.has("partner_fees"):
        fees = company.table("partner_fees")
        people -= float(fees.loc[fees["on"].between(pd.Timestamp(since), pd.Timestamp(until)), "amount"].sum())
    given = company.table("activities").merge(deals[["opportunity_id", "lead_id"]], on="opportunity_id")
    return {"people": people, "minutes": given.groupby("lead_id")["minutes"].sum()}


def _fees(company) -> dict:
    if not company.has("partner_fees"):
        return {}
    deals = company.table("opportunities")[["opportunity_id", "lead_id"]]
    first = company.contracts.query("kind == 'new'")[["contract_id", "opportunity_id"]].merge(deals, on="opportunity_id")
    return {"fees": company.table("partner_fees").merge(first, on="contract_id").groupby("lead_id")["amount"].sum()}
