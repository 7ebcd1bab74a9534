"""Both ways to the market as a company's own tables show them; what no table shows is a guess and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.metrics.adoption import NOT_USE, invited_per_user, used_within
from helpers.metrics.retention import nrr
from helpers.metrics.revenue import mrr_at
from helpers.models.measured import first_fees
from helpers.models.product_led import YEAR, ProductLed, SalesLed, grow, reach

ACTIVE_WITHIN_DAYS = 14
INVITED_WITHIN_DAYS = 60
LEAST = 0.001  # nobody so far is not never: a share of 0 would leave nothing to try with


@dataclass(frozen=True)
class Guesses:
    """What the tables do not show; all ours.

    Parameters
    ----------
    months_to_pay : float
        From first use to the first payment: no table ties a customer to the people who tried it first.
    sign_ups_per_account : float
        People of one organisation who may sign up.
    team : float
        People who do nothing else but make the free product grow, at the cost of somebody in R&D.
    ramp_months : float
        Wu Hao: three months.
    paying_share : float
        Where no customer came by the product yet: 3% of active users, as in Dai Ke's arithmetic.
    """

    months_to_pay: float = 3.0
    sign_ups_per_account: float = 2.0
    team: float = 5.0
    ramp_months: float = 3.0
    paying_share: float = 0.03


@dataclass(frozen=True)
class TwoWays:
    """A company's product-led and sales-led way.

    Parameters
    ----------
    product : ProductLed
    sales : SalesLed
        With one rep; ``replace(sales, reps=8)`` makes a team.
    product_arr : float
        ARR today of customers whom the product brought, money.
    sources : DataFrame
        One row for each parameter: what, value, unit, source ("measured" or "guess"), n, how.
    """

    product: ProductLed
    sales: SalesLed
    product_arr: float
    sources: pd.DataFrame

    @property
    def target(self) -> float:
        """An ARR that both ways can be asked for: what the product has brought so far, or what it would bring in three years."""
        path = grow(self.product, 10 * YEAR)
        return self.product_arr if 0 < self.product_arr <= path.arr.max() else float(path.arr[3 * YEAR])

    def same_money(self) -> SalesLed:
        """The sales team that the product-led way's monthly spending would hire, at least one rep."""
        month, cost = reach(grow(self.product, 10 * YEAR), self.target)
        return replace(self.sales, reps=float(max(round(cost / month / self.sales.cost_per_rep_month), 1)))


def free_users(users: pd.DataFrame) -> pd.DataFrame:
    """Users of the free version: those who belong to no customer.

    Examples
    --------
    >>> free_users(pd.DataFrame({"user_id": ["a", "b"], "customer_id": [None, "C1"]}))["user_id"].tolist()
    ['a']
    """
    return users[users["customer_id"].isna()]


def shared_device(users: pd.DataFrame, *, more_than: int = 5) -> pd.Series:
    """Whether a sign-up shares its device with many others: an agent who makes users up, or a class in one room.

    Examples
    --------
    >>> shared_device(pd.DataFrame({"device": ["x", "x", "y"]}), more_than=1).tolist()
    [True, True, False]
    """
    return users["device"].map(users["device"].value_counts()).fillna(0) > more_than


def two_ways(company, *, guesses: Guesses = Guesses()) -> TwoWays:
    """Measure both ways on a company's last twelve months.

    Parameters
    ----------
    company : Company
        With users, events, invitations, market, costs, headcount and reps; leads and marketing_spend where there are any.
    guesses : Guesses

    Returns
    -------
    TwoWays

    Notes
    -----
    Months that an active free user stays: months of use of free users / users activated, both in the last year (Little's law). Cost
    of an active free user: cost of running the service x share of all events that free users caused, for each month of use; a
    guess, since much of that cost is people who look after those who pay. Selling: all of A, B, C and D for each rep-month, less
    what went into sign-ups.
    """
    year = _Year(company)
    rows = [*_product_rows(year, guesses), *_sales_rows(year, guesses)]
    value = {row[0]: row[1] for row in rows}
    sources = pd.DataFrame([(what, number, unit, source, n, how) for what, number, unit, source, n, how in rows],
                           columns=["what", "value", "unit", "source", "n", "how"])
    product = ProductLed(
        value["own sign-ups a month"], value["activated"], value["invitations per active user"], value["invitations accepted"],
        value["invitation cycle"], value["paying, of activated"], value["time to pay"], value["an active free user stays"],
        value["first yearly fee, by product"], value["kept a year later, by product"], value["market, in sign-ups"],
        value["an active free user costs"], value["a sign-up of its own costs"], value["an accepted invitation costs"],
        value["product team"])
    sales = SalesLed(1.0, 0.0, value["ramp"], value["new ARR of a mature rep"], value["selling, for each rep"],
                     value["kept a year later, by sales"])
    return TwoWays(product, sales, year.product_arr, sources)


class _Year:
    """A company's last twelve months, cut to what both ways need."""

    def __init__(self, company):
        self.company, self.policy = company, company.policy
        self.end = pd.Timestamp(company.as_of)
        self.start = self.end - pd.DateOffset(years=1)
        self.free = free_users(company.table("users"))
        self.recent = self.free[self.free["signed_up_at"] > self.start]
        self.by_product = (company.customers.set_index("customer_id")["acquired_by"].astype(str) == "product")
        self.fees = first_fees(company.subscriptions, as_of=company.as_of, policy=self.policy)
        book = mrr_at(company.subscriptions, company.as_of, policy=self.policy, as_of=company.as_of)
        mine = book["customer_id"].map(self.by_product).fillna(False).astype(bool)
        self.product_arr = float(book.loc[mine, "mrr"].sum()) * YEAR / self.policy.minor_units

    def rows(self, name: str, at: str = "month") -> pd.DataFrame:
        """The rows of a table that lie in the year; none where there is no such table."""
        if not self.company.has(name):
            return pd.DataFrame(columns=[at, "amount", "kind", "department", "heads", "channel"])
        table = self.company.table(name)
        return table[(table[at] > self.start) & (table[at] < self.end + pd.Timedelta(days=1))]

    @cached_property
    def _retention(self) -> pd.DataFrame:
        """NRR over the year by way: p for customers whom the product brought, s for all others."""
        people = self.company.customers
        people = people.assign(way=people["customer_id"].map(self.by_product).map({True: "p", False: "s"}))
        return nrr(self.company.subscriptions, self.start.date(), self.company.as_of, policy=self.policy, customers=people, by="way").table

    def kept(self, product: bool) -> tuple[float, int]:
        """NRR of the customers whom the product brought, or of all others, and their number."""
        row = self._retention[self._retention["way"] == ("p" if product else "s")]
        return (float(row["value"].iloc[0]), int(row["n"].iloc[0])) if len(row) else (float("nan"), 0)

    def won(self, product: bool) -> pd.Series:
        """First fees of the customers won in the year, by the product or otherwise."""
        mine = pd.Series(self.fees.index.map(self.by_product), index=self.fees.index).fillna(False).astype(bool)
        return self.fees[mine if product else ~mine]


def _row(what, seen, unit, n, how, guess=None):
    """A row of sources: measured where there is a number, else the guess."""
    known = bool(np.isfinite(seen)) and n > 0
    return (what, float(seen) if known else float(guess), unit, "measured" if known else "guess", int(n) if known else 0,
            how if known or guess is None else "ours")


def _product_rows(year: _Year, guesses: Guesses) -> list[tuple]:
    company, free = year.company, year.free
    active = used_within(free, company.table("events"), as_of=company.as_of, hours=24 * ACTIVE_WITHIN_DAYS)
    sent, k, cycle, n_sent = _invitations(year)
    own = ~year.recent["user_id"].isin(set(company.table("invitations")["to_user_id"].dropna()))
    activated = len(year.recent) * active.value
    won, (kept, n_kept) = year.won(True), year.kept(True)
    used, share = _months_of_use(year)
    fee = won.mean() if len(won) else year.fees.median()
    reachable = _reachable(company) * guesses.sign_ups_per_account
    return [
        _row("own sign-ups a month", own.sum() / YEAR, "count", int(own.sum()), "free and not invited, over the last year", 0),
        _row("activated", max(active.value, LEAST), "share", active.n, f"used it within {ACTIVE_WITHIN_DAYS} days, of all who had them", 0.5),
        _row("invitations per active user", sent / active.value if active.value else np.nan, "ratio", n_sent, "sent, over activated", 0),
        _row("invitations accepted", max(k / sent, LEAST) if sent else np.nan, "share", n_sent, f"within {INVITED_WITHIN_DAYS} days of signing up", 0.2),
        _row("invitation cycle", cycle, "months", n_sent, "median, sign-up to the sign-up of the invited", 1),
        _row("paying, of activated", min(len(won) / activated, 1) if activated and len(won) else np.nan, "share", len(won),
             "customers won by the product over users activated, last year", guesses.paying_share),
        ("time to pay", guesses.months_to_pay, "months", "guess", 0, "ours; no table ties a customer to who tried it first"),
        _row("an active free user stays", used / activated if activated else np.nan, "months", used, "months of use over users activated", 3),
        _row("first yearly fee, by product", fee, "money", len(won), "mean over those won in the last year", fee),
        _row("kept a year later, by product", kept, "share", n_kept, "NRR over the last year", 0.8),
        ("market, in sign-ups", reachable, "count", "guess", 0, f"reachable accounts, {guesses.sign_ups_per_account:g} sign-ups each"),
        *_product_costs(year, guesses, own, used, share)]


def _product_costs(year: _Year, guesses: Guesses, own, used: int, share: float) -> list[tuple]:
    costs, heads = year.rows("costs"), year.rows("headcount")
    serving = costs.loc[costs["kind"].astype(str) == "COGS", "amount"].sum() * share
    rnd = heads.loc[heads["department"].astype(str) == "R&D", "heads"].sum()
    pay = costs.loc[costs["department"].astype(str) == "R&D", "amount"].sum() / rnd if rnd else np.nan
    spent, rewards = _spent_on_sign_ups(year), year.rows("invitations", "accepted_at")
    reward = rewards["reward"].mean() if "reward" in rewards and len(rewards) else 0.0
    return [
        ("an active free user costs", serving / used if used else 0.0, "money", "guess", 0,
         "a month; cost of revenue, split by who caused the events"),
        ("a sign-up of its own costs", spent / own.sum() if own.sum() else 0.0, "money", "guess", 0,
         "channels' spend, split evenly over leads and sign-ups"),
        _row("an accepted invitation costs", reward, "money", len(rewards), "rewards over accepted invitations", 0.0),
        ("product team", guesses.team * pay if rnd else 0.0, "money", "guess", 0, f"a month; {guesses.team:g} people at what R&D costs")]


def _invitations(year: _Year) -> tuple[float, float, float, int]:
    """Sent and accepted per sign-up, the median cycle in months, and how many were sent; over sign-ups of the last year that had the days."""
    sent = year.company.table("invitations")
    grown = year.recent[year.recent["signed_up_at"] + pd.Timedelta(days=INVITED_WITHIN_DAYS) <= year.end]
    mine = sent[sent["from_user_id"].isin(set(grown["user_id"]))]
    if not len(mine):
        return 0.0, 0.0, float("nan"), 0
    k = invited_per_user(grown, sent, as_of=year.end, within_days=INVITED_WITHIN_DAYS).value
    began = mine["from_user_id"].map(grown.set_index("user_id")["signed_up_at"])
    wait = (mine["accepted_at"] - began).dt.total_seconds() / 86_400
    return len(mine) / len(grown), float(k), float(wait.median()) / 365.25 * YEAR, len(mine)


def _months_of_use(year: _Year) -> tuple[int, float]:
    """Months of use of free users in the year, and the share of all events of the year that they caused."""
    events = year.rows("events", "at")
    events = events[~events["event"].astype(str).isin(NOT_USE)]
    theirs = events[events["user_id"].isin(set(year.free["user_id"]))]
    months = theirs["user_id"].astype(str) + theirs["at"].dt.strftime("%Y-%m")
    return int(months.nunique()), len(theirs) / len(events) if len(events) else 0.0


def _reachable(company) -> float:
    market = company.table("market")
    return float((market["accounts"] * (market["reach"] if "reach" in market else 1.0)).sum())


def _spent_on_sign_ups(year: _Year) -> float:
    """Of what the channels cost, the part that sign-ups took, as if one cost as much as a lead."""
    spend, leads = year.rows("marketing_spend"), year.rows("leads", "created_at")
    if not len(spend) or "campaign" not in year.recent:
        return 0.0
    came = year.recent["campaign"].dropna().astype(str).value_counts()
    cost = spend.groupby(spend["channel"].astype(str))["amount"].sum()
    asked = leads["channel"].astype(str).value_counts()
    return float(sum(cost.get(name, 0.0) * n / (n + asked.get(name, 0)) for name, n in came.items()))


def _sales_rows(year: _Year, guesses: Guesses) -> list[tuple]:
    reps, mature = _rep_months(year, guesses.ramp_months)
    costs, won, (kept, n) = year.rows("costs"), year.won(False), year.kept(False)
    selling = costs.loc[costs["kind"].astype(str).isin(list("ABCD")), "amount"].sum() - _spent_on_sign_ups(year)
    return [
        _row("new ARR of a mature rep", won.sum() / mature if mature else np.nan, "money", len(won), "a month; customers the product did not bring",
             won.mean() if len(won) else 0.0),
        _row("selling, for each rep", selling / reps if reps else np.nan, "money", reps, "a month; A, B, C and D less what sign-ups cost", 0.0),
        _row("kept a year later, by sales", kept, "share", n, "NRR over the last year", 0.85),
        ("ramp", guesses.ramp_months, "months", "guess", 0, "Wu Hao")]


def _rep_months(year: _Year, ramp: float) -> tuple[int, int]:
    """Months worked by account executives in the year, and those of them after the ramp."""
    reps = year.company.table("reps")
    reps = reps[reps["role"].astype(str) == "AE"]
    months = pd.date_range(year.start + pd.Timedelta(days=1), year.end, freq="MS")
    here = [reps[(reps["hired_on"] <= month) & (reps["left_on"].isna() | (reps["left_on"] > month))] for month in months]
    mature = [(part["hired_on"] <= month - pd.DateOffset(months=int(ramp))).sum() for part, month in zip(here, months)]
    return int(sum(map(len, here))), int(sum(mature))
