"""The founding company of chapter 02 with a real company's figures: measured where its tables show them, guessed and marked otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.metrics.policy import Policy
from helpers.metrics.revenue import mrr_at
from helpers.models.measured import first_fees, money_kept
from helpers.models.wrong_order import Founding

YEAR = 12


@dataclass(frozen=True)
class Guesses:
    """What no table shows, or not of every company; all ours, except the ramp (Wu Hao: three months) and the rework (six).

    Parameters
    ----------
    win_rate, leads_per_rep, kept_ready, serving_share, deal_spread : float
        As in :class:`~helpers.models.wrong_order.Founding`, where the tables do not show them.
    rep_cost, lead_cost, head_cost : float
        In first-year fees: a salesperson's month with what the department needs around him, a lead, a month of somebody in product or
        administration; where the tables do not show them.
    core_heads : float
        People who build and run the company before there are salespeople.
    fed_at_start, months_to_feed : float
        How many salespeople the leads of the first month would feed, and after how many months they feed one more.
    founder_share, own_share : float
        Leads that the founders work, and that a salesperson finds without help, over those that a salesperson can work.
    """

    win_rate: float = 0.05
    leads_per_rep: float = 24.0
    kept_ready: float = 0.9
    serving_share: float = 0.4
    deal_spread: float = 1.0
    rep_cost: float = 0.8
    lead_cost: float = 0.0125
    head_cost: float = 0.8
    core_heads: float = 8.0
    fed_at_start: float = 1.0
    months_to_feed: float = 4.0
    founder_share: float = 0.5
    own_share: float = 0.08


@dataclass(frozen=True)
class MeasuredFounding:
    """A founding company, and a table with one row for each figure: what, value, unit, source ("measured" or "guess"), n, how."""

    founding: Founding
    sources: pd.DataFrame


def founding_measured(subscriptions, *, as_of, policy: Policy | None = None, years=None, costs=None, headcount=None,
                      guesses: Guesses = Guesses()) -> MeasuredFounding:
    """The founding company that a company's own figures give, without its money.

    Parameters
    ----------
    subscriptions : DataFrame
    as_of : date
        The year that ends here is looked at.
    years : DataFrame, optional
        What :func:`helpers.metrics.workload.workload_by_year` returned: leads, signatures and salespeople by year.
    costs, headcount : DataFrame, optional
        Tables of the course's schema.

    Returns
    -------
    MeasuredFounding

    Raises
    ------
    ValueError
        Where no customer was won in the year, so that there is no price.

    Notes
    -----
    price = yearly amount signed / signatures; win rate = signatures / leads; a salesperson's leads = the most leads per rep of any year, since
    a hungry year says nothing about what can be worked; cost of a rep = kinds A and B over reps; of a lead = kind C over leads; serving =
    COGS and E over ARR; kept = NRR.

    Examples
    --------
    >>> rows = pd.DataFrame({"subscription_id": ["s"], "customer_id": ["a"], "starts_on": pd.to_datetime(["2025-02-01"]), "ends_on": pd.NaT,
    ...                      "amount": 1200.0, "interval": "year", "interval_count": 1, "discount": 0.0, "status": "active"})
    >>> seen = founding_measured(rows, as_of="2025-12-31")
    >>> seen.founding.price, seen.founding.rep_cost, seen.sources["source"].value_counts()["measured"]
    (1200.0, 960.0, np.int64(1))
    """
    as_of, policy = pd.Timestamp(as_of), policy or Policy()
    fees = first_fees(subscriptions, as_of=as_of, policy=policy)
    if fees.empty:
        raise ValueError(f"subscriptions: nobody became a customer in the year to {as_of.date()}, so there is no price; choose an earlier as_of")
    renewal, growth, customers = money_kept(subscriptions, as_of=as_of, policy=policy)
    sold = _sold(years)
    price = sold.get("price", (float(fees.mean()), len(fees)))
    found = {"price": price, "deal_spread": (float(fees.std() / fees.mean()), len(fees)), "kept_ready": (renewal * (1 + growth), customers),
             **sold, **_costs(costs, headcount, years, as_of), **_serving(costs, subscriptions, as_of, policy)}
    return _build(found, guesses)


def _sold(years) -> dict:
    """Price, win rate and the most leads per rep, from the years of a sales team."""
    if years is None or not len(years):
        return {}
    last = years.iloc[-1]
    signed = int(last["signed"])
    found = {"leads_per_rep": (float(years["leads_per_rep"].max()), int(years["leads"].sum())), "win_rate": (signed / last["leads"], int(last["leads"]))}
    return {**found, "price": (last["amount"] / signed, signed)} if signed else {}


def _costs(costs, headcount, years, as_of) -> dict:
    """A month of a rep, a lead, and a month of a head in product and administration, over the last year."""
    if costs is None:
        return {}
    spent = _last_year(costs, as_of).groupby(_last_year(costs, as_of)["kind"].astype(str))["amount"].sum()
    found = {}
    if years is not None and len(years):
        last = years.iloc[-1]
        months = last["reps"] * last["months"]
        found = {"rep_cost": (spent.reindex(["A", "B"]).sum() / months, int(months)), "lead_cost": (spent.get("C", np.nan) / last["leads"], int(last["leads"]))}
    if headcount is not None:
        rows = _last_year(headcount, as_of)
        heads = rows[rows["department"].astype(str).str.lower().isin(["r&d", "admin"])]["heads"].sum()
        found["head_cost"] = (spent.get("other", np.nan) / heads if heads else np.nan, int(heads))
    return found


def _serving(costs, subscriptions, as_of, policy) -> dict:
    """What serving customers costs over ARR, the mean of the year's two ends."""
    if costs is None:
        return {}
    ends = [mrr_at(subscriptions, day.date(), policy=policy)["mrr"].sum() for day in (as_of - pd.DateOffset(years=1), as_of)]
    arr = YEAR * sum(ends) / 2 / policy.minor_units
    year = _last_year(costs, as_of)
    spent = year[year["kind"].astype(str).isin(["COGS", "E"])]["amount"].sum()
    return {"serving_share": (spent / arr if spent and arr else np.nan, 2)}


def _last_year(rows, as_of):
    return rows[(rows["month"] <= as_of) & (rows["month"] > as_of - pd.DateOffset(years=1))]


SAID = {
    "price": ("first-year fee of a new customer", "money", "amount signed over signatures, last year"),
    "deal_spread": ("spread of that fee", "share", "standard deviation over mean"),
    "win_rate": ("leads that sign, product and play ready", "share", "signatures over leads, last year"),
    "leads_per_rep": ("leads a salesperson can work in a month", "count", "the most of any year"),
    "rep_cost": ("a salesperson's month", "money", "pay and sales department over salespeople"),
    "lead_cost": ("a lead", "money", "money spent on leads over leads"),
    "head_cost": ("a month of somebody in product or administration", "money", "their cost over their heads"),
    "serving_share": ("serving customers", "share", "of ARR, last year"),
    "kept_ready": ("kept of a fee a year later, product ready", "share", "NRR, last year"),
}


def _build(found: dict, guesses: Guesses) -> MeasuredFounding:
    value, table, price = {}, [], found["price"][0]
    for name, (what, unit, how) in SAID.items():
        seen, n = found.get(name, (np.nan, 0))
        known = bool(np.isfinite(seen))
        times = price if name in ("rep_cost", "lead_cost", "head_cost") else 1.0
        value[name] = float(seen) if known else times * getattr(guesses, name)
        table.append((what, value[name], unit, "measured" if known else "guess", n if known else 0, how if known else "ours"))
    work = value["leads_per_rep"]
    value["serving_share"] = min(value["serving_share"], 1.0)
    founding = Founding(
        core_cost=guesses.core_heads * value.pop("head_cost"), leads_at_start=guesses.fed_at_start * work, leads_added=work / guesses.months_to_feed,
        founder_leads=guesses.founder_share * work, own_leads=guesses.own_share * work, **value)
    return MeasuredFounding(founding, pd.DataFrame([*table, *_guessed(founding, guesses)], columns=["what", "value", "unit", "source", "n", "how"]))


def _guessed(founding: Founding, guesses: Guesses) -> list[tuple]:
    """The rest of the figures, none of which a table shows."""
    def row(what, value, unit, how="ours"):
        return (what, value, unit, "guess", 0, how)
    return [row("people before there are salespeople", guesses.core_heads, "count"),
            row("leads in the first month", founding.leads_at_start, "count", "enough for one salesperson"),
            row("leads added each month", founding.leads_added, "count", f"one more salesperson every {guesses.months_to_feed:g} months"),
            row("until the product is built", founding.months_to_build, "months"),
            row("until it fits, customers asked", founding.months_to_fit, "months", "Wu Hao's months of rework"),
            row("until the play is learned", founding.months_to_play, "months"),
            row("until a salesperson sells", founding.ramp_months, "months", "Wu Hao's ramp"),
            row("known without asking", founding.fit_at_start, "share"),
            row("sold without a play", founding.play_at_start, "share", "of the full win rate"),
            row("kept of a fee, product useless", founding.kept_unready, "share"),
            row("salespeople leaving, fed", founding.quits, "share", "a month"),
            row("and on top, starved", founding.quits_hungry, "share", "a month")]
