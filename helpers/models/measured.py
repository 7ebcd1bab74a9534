"""The parameters of the models as a company's own tables show them; what no table shows is a guess and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.metrics.policy import Policy
from helpers.metrics.revenue import mrr_at, mrr_movements
from helpers.models.hourglass import Licence, Market, Subscription

YEAR = 12


@dataclass(frozen=True)
class Guesses:
    """What the tables of a young company do not show, with where each figure comes from.

    Parameters
    ----------
    licence_multiple : float
        Licence price over first-year fee. Wu Hao: a first year brings a third to a fifth of a licence.
    yearly_maintenance, collected_share : float
        Share of the licence due each year (Wu Hao: 10 to 15%, hard to collect); the share that is paid is ours.
    cost_to_deliver, cost_to_support : float
        Shares of the licence price and of the maintenance due; ours.
    cost_to_serve : float
        Share of the fee for running and supporting the service; ours.
    cost_to_renew : float
        Share of a renewal that customer success takes (readers' notes on Wu Hao's book: 20 to 40%).
    acquisition_cost : float
        Money spent for each unit of new yearly fee. KeyBanc's survey of 2019 among private SaaS companies: 1.14 dollars for
        a dollar of new ARR in 2018, new and existing customers together; a survey, read in its published summary.
    licence_wins : float
        Of the leads that would rent, the share that would have bought the licence at its price. That a lower entry price
        sells more easily is Wu Hao's; the figure is ours.
    """

    licence_multiple: float = 4.0
    yearly_maintenance: float = 0.15
    collected_share: float = 0.7
    cost_to_deliver: float = 0.2
    cost_to_support: float = 0.5
    cost_to_serve: float = 0.2
    cost_to_renew: float = 0.3
    acquisition_cost: float = 1.14
    licence_wins: float = 0.5


@dataclass(frozen=True)
class Measured:
    """A company as the models of :mod:`helpers.models.hourglass` see it.

    Parameters
    ----------
    subscription, licence
        Its own customer, and the same customer had it bought a licence.
    market, licence_market
        What comes in above the waist: the same leads and the same money, with the win rate of each.
    sources : DataFrame
        One row for each parameter: what, value, unit, source ("measured" or "guess"), how.
    """

    subscription: Subscription
    licence: Licence
    market: Market
    licence_market: Market
    sources: pd.DataFrame


def money_kept(subscriptions, *, as_of, policy: Policy | None = None) -> tuple[float, float, int]:
    """Renewal and growth by money over the year to ``as_of``.

    Of the customers of a year ago: ``renewal`` = fees of a year ago of those who are still here / all fees of a year ago;
    ``growth`` = fees today / fees of a year ago, both of those who are still here, less 1. Their product is NRR:
    ``renewal * (1 + growth)``. Weighing by money matters, because larger customers usually stay more often: NRR over the
    share of *customers* kept would take them for customers who grew.

    Returns
    -------
    renewal, growth : float, shares; NaN where there was nobody a year ago
    n : int
        Customers of a year ago.

    Examples
    --------
    >>> rows = [("s1", "a", "2024-01-01", None, 1200.0), ("s2", "b", "2024-01-01", "2025-01-01", 600.0)]
    >>> money_kept(_subscriptions(rows), as_of="2025-06-30")
    (0.6666666666666666, 0.0, 2)
    """
    policy, as_of = policy or Policy(), pd.Timestamp(as_of)
    before = mrr_at(subscriptions, (as_of - pd.DateOffset(years=1)).date(), policy=policy)
    after = mrr_at(subscriptions, as_of.date(), policy=policy)
    before, after = before[before.mrr > 0], after[after.mrr > 0]
    stayed = before.merge(after, on="customer_id", suffixes=("_before", "_after"))
    if before.empty or stayed.empty:
        return (float("nan") if before.empty else 0.0), float("nan"), len(before)
    kept = stayed.mrr_before.sum() / before.mrr.sum()
    return float(kept), float(stayed.mrr_after.sum() / stayed.mrr_before.sum() - 1), len(before)


def monthly_loss(subscriptions, *, as_of, policy: Policy | None = None) -> float:
    """Mean share of customers lost in a month, over the twelve months to ``as_of``.

    Each month: customers whose MRR went to 0 / customers at its start.

    Examples
    --------
    >>> rows = [("s1", "a", "2024-01-01", None, 1200.0), ("s2", "b", "2024-01-01", "2025-01-01", 600.0)]
    >>> round(monthly_loss(_subscriptions(rows), as_of="2025-06-30"), 6)
    0.041667
    """
    moves = mrr_movements(subscriptions, as_of=pd.Timestamp(as_of).date(), policy=policy or Policy())
    after, before = pd.Series(moves["after"]) > 0, pd.Series(moves["before"]) > 0
    step = pd.DataFrame({"month": pd.to_datetime(moves["month"]).dt.to_period("M"), "net": after.astype(int) - before.astype(int),
                         "lost": before & ~after})
    by_month = step.groupby("month")[["net", "lost"]].sum()
    end = pd.Timestamp(as_of).to_period("M")
    by_month = by_month.reindex(pd.period_range(by_month.index.min(), end, freq="M"), fill_value=0)
    there = by_month["net"].cumsum().shift(fill_value=0)
    return float((by_month["lost"] / there)[-YEAR:].mean())


def first_fees(subscriptions, *, as_of, policy: Policy | None = None) -> pd.Series:
    """The yearly fee with which each customer of the last twelve months began, money.

    The MRR of a customer's first day on the books, times twelve; only customers whose first day lies in the year to
    ``as_of``.

    Examples
    --------
    >>> rows = [("s1", "a", "2023-01-01", None, 1200.0), ("s2", "b", "2025-01-01", None, 600.0)]
    >>> first_fees(_subscriptions(rows), as_of="2025-06-30").to_dict()
    {'b': 600.0}
    """
    policy, as_of = policy or Policy(), pd.Timestamp(as_of)
    paid = subscriptions[~subscriptions["status"].isin(["trial"])] if "status" in subscriptions else subscriptions
    first = pd.to_datetime(paid["starts_on"]).groupby(paid["customer_id"]).min()
    recent = first[(first > as_of - pd.DateOffset(years=1)) & (first <= as_of)]
    now = mrr_at(_first_lines(paid, first, recent.index), as_of.date(), policy=policy)
    fees = now[now.mrr > 0].set_index("customer_id").mrr * YEAR / policy.minor_units
    return fees.rename("first_fee")


def _first_lines(paid, first, wanted):
    """The lines with which the wanted customers began, taken as still in force."""
    starts = pd.to_datetime(paid["starts_on"])
    lines = paid[(starts == paid["customer_id"].map(first)) & paid["customer_id"].isin(wanted)]
    return lines.assign(ends_on=pd.NaT)


def referrals_per_customer(customers, average_customers: float, *, as_of) -> float:
    """New customers of the last twelve months that a customer sent, for each customer there was on average; NaN if unknown.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "created_on": pd.to_datetime(["2020-01-01", "2025-01-01"]),
    ...                        "referred_by": [None, "a"]})
    >>> referrals_per_customer(people, 4, as_of="2025-06-30")
    0.25
    """
    if "referred_by" not in customers or customers["referred_by"].isna().all() or average_customers <= 0:
        return float("nan")
    as_of, created = pd.Timestamp(as_of), pd.to_datetime(customers["created_on"])
    recent = (created > as_of - pd.DateOffset(years=1)) & (created <= as_of)
    return float((recent & customers["referred_by"].notna()).sum() / average_customers)


def lead_flow(leads, *, as_of) -> tuple[float, float, float]:
    """Leads a month over the last year, and how unruly they are over the last three.

    Returns
    -------
    per_month : float
        Leads in the last twelve whole months / 12.
    volatility : float
        Standard deviation of a month over the mean of the year around it, less what chance alone would give, share.
    persistence : float
        How alike the deviations of neighbouring months are (autocorrelation), 0 to 0.95.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2022-01-01", "2024-12-31", freq="D"))
    >>> per_month, volatility, _ = lead_flow(pd.DataFrame({"created_at": days}), as_of="2024-12-31")
    >>> per_month, volatility
    (30.5, 0.0)
    """
    as_of = pd.Timestamp(as_of)
    end = as_of.to_period("M") if as_of == as_of + pd.offsets.MonthEnd(0) else as_of.to_period("M") - 1
    month = pd.to_datetime(leads["created_at"]).dt.to_period("M")
    window = pd.period_range(end - 3 * YEAR + 1, end, freq="M")
    count = month.value_counts().reindex(window[window >= month.min()], fill_value=0).astype(float)
    around = count.rolling(YEAR, center=True).mean()
    off = (count / around - 1).dropna()
    if len(off) < YEAR:
        return float(count[-YEAR:].mean()), float("nan"), float("nan")
    beyond = max(float(off.var()) - float((1 / around).mean()), 0.0) ** 0.5
    alike = float(off.autocorr()) if off.std() > 0 else 0.0
    return float(count[-YEAR:].mean()), beyond, float(np.clip(np.nan_to_num(alike), 0, 0.95))


def hourglass_measured(subscriptions, customers, *, as_of, policy: Policy | None = None, leads=None,
                       guesses: Guesses = Guesses()) -> Measured:
    """The hourglass of a company: what its tables show, and guesses, marked, for the rest.

    Parameters
    ----------
    subscriptions, customers, leads : DataFrame
        Tables of the course's schema; ``leads`` may be missing.
    as_of : date
        The year that ends here is looked at.

    Returns
    -------
    Measured

    Raises
    ------
    ValueError
        Where no customer was won or none was there a year ago, so that there is nothing to measure.
    """
    renewal, growth, n = money_kept(subscriptions, as_of=as_of, policy=policy)
    fees = first_fees(subscriptions, as_of=as_of, policy=policy)
    if fees.empty or not np.isfinite(renewal) or not np.isfinite(growth):
        raise ValueError(f"subscriptions up to {as_of}: {n} customers a year before and {len(fees)} won since; the hourglass "
                         "needs both, so choose a later as_of or bring a longer history")
    now = mrr_at(subscriptions, pd.Timestamp(as_of).date(), policy=policy or Policy())
    average = (n + int((now.mrr > 0).sum())) / 2
    referrals = referrals_per_customer(customers, average, as_of=as_of)
    direct = max(len(fees) - np.nan_to_num(referrals) * average, 0.1 * len(fees))
    rows = [("yearly fee of a new customer", fees.mean(), "money", len(fees), "mean over those won in the last year"),
            ("spread of that fee", fees.std() / fees.mean(), "share", len(fees), "standard deviation over mean"),
            ("renewal", renewal, "share", n, "by money, over the last year"),
            ("growth of those who stay", growth, "share", n, "by money, over the last year"),
            ("referrals", referrals, "ratio", len(fees), "new customers for each customer and year")]
    return _build(rows + _lead_rows(leads, as_of, direct), guesses)


def _lead_rows(leads, as_of, won: float) -> list[tuple]:
    n = 0 if leads is None else len(leads)
    per_month, volatility, persistence = lead_flow(leads, as_of=as_of) if n else (float("nan"),) * 3
    if per_month == 0:  # leads were kept once, but not in the last year
        per_month = float("nan")
    return [("new customers a year", won, "count", int(won), "over the last year, referred ones apart"),
            ("leads a year", YEAR * per_month, "count", n, "over the last year"),
            ("ups and downs of leads", volatility, "share", n, "of a month around its year, beyond chance"),
            ("how long they last", persistence, "ratio", n, "likeness of neighbouring months, 0 to 1")]


GUESSED = {"referrals": 0.02, "leads a year": None, "ups and downs of leads": 0.2, "how long they last": 0.5,
           "spread of that fee": 1.0}


def _build(rows: list[tuple], guesses: Guesses) -> Measured:
    value, table = {}, []
    for name, seen, unit, n, how in rows:
        known = bool(np.isfinite(seen))
        value[name] = float(seen) if known else GUESSED[name]
        if value[name] is None:
            value[name] = 20 * value["new customers a year"]
        table.append((name, value[name], unit, "measured" if known else "guess", n if known else 0, how if known else "ours"))
    fee, wins = value["yearly fee of a new customer"], value["new customers a year"] / YEAR
    leads = value["leads a year"] / YEAR
    market = Market(leads_per_month=leads, win_rate=min(wins / leads, 1.0),
                    monthly_acquisition_cost=guesses.acquisition_cost * fee * wins, deal_spread=value["spread of that fee"],
                    lead_volatility=value["ups and downs of leads"], lead_persistence=value["how long they last"])
    subscription = Subscription(fee, value["renewal"], value["growth of those who stay"], value["referrals"],
                                guesses.cost_to_serve, guesses.cost_to_renew)
    licence = Licence(fee * guesses.licence_multiple, guesses.yearly_maintenance, guesses.collected_share,
                      guesses.cost_to_deliver, guesses.cost_to_support)
    dearer = replace(market, win_rate=market.win_rate * guesses.licence_wins)
    sources = pd.DataFrame([*table, *_guess_rows(licence, market, guesses)],
                           columns=["what", "value", "unit", "source", "n", "how"])
    return Measured(subscription, licence, market, dearer, sources)


def _guess_rows(licence: Licence, market: Market, guesses: Guesses) -> list[tuple]:
    return [("price of a licence", licence.price, "money", "guess", 0, f"{guesses.licence_multiple:g} times the fee"),
            ("licences won", guesses.licence_wins, "share", "guess", 0, "of the leads that would rent"),
            ("yearly maintenance", licence.yearly_maintenance, "share", "guess", 0, "of the licence price"),
            ("maintenance collected", licence.collected_share, "share", "guess", 0, "of what is due"),
            ("cost to deliver a licence", licence.cost_to_deliver, "share", "guess", 0, "of the licence price"),
            ("cost to support a licence", licence.cost_to_support, "share", "guess", 0, "of the maintenance due"),
            ("cost to serve", guesses.cost_to_serve, "share", "guess", 0, "of the fee, every year"),
            ("cost to renew", guesses.cost_to_renew, "share", "guess", 0, "of a renewed fee"),
            ("cost to win, each month", market.monthly_acquisition_cost, "money", "guess", 0,
             f"{guesses.acquisition_cost:g} for each unit of new yearly fee")]


def _subscriptions(rows) -> pd.DataFrame:
    """A small table of yearly subscriptions for examples."""
    table = pd.DataFrame(rows, columns=["subscription_id", "customer_id", "starts_on", "ends_on", "amount"])
    return table.assign(starts_on=pd.to_datetime(table.starts_on), ends_on=pd.to_datetime(table.ends_on), interval="year",
                        interval_count=1, quantity=1, discount=0.0, status="active")
