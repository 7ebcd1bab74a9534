"""How large one industry is for a company, how much of it can be reached, and the year in which that ceiling binds.

Tian Yuan's outline has the vertical as a way to grow: one industry, gone into deeply. It counts vendors in each and sizes no market; the
arithmetic here is ours. ``ceiling = accounts * reach * share that signs * price``, and growth towards it is logistic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError, need_columns
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import mrr_at
from helpers.models._guards import check_not_negative, check_positive, check_share


@dataclass(frozen=True)
class Vertical:
    """A market as a seller meets it.

    Parameters
    ----------
    accounts : float
        Organisations that exist in it.
    reach : float
        Share of them that could be reached and served.
    signs : float
        Of those reached, the share that signs sooner or later.
    price : float
        What one pays, money a year.

    Examples
    --------
    >>> clinics = Vertical(accounts=10_000, reach=0.5, signs=0.4, price=30_000)
    >>> clinics.customers, clinics.ceiling
    (2000.0, 60000000.0)
    """

    accounts: float
    reach: float
    signs: float
    price: float

    def __post_init__(self):
        check_not_negative("accounts", self.accounts)
        check_share("reach", self.reach)
        check_share("signs", self.signs)
        check_not_negative("price", self.price)

    @property
    def customers(self) -> float:
        """The most customers there can be."""
        return self.accounts * self.reach * self.signs

    @property
    def ceiling(self) -> float:
        """The most they can pay, money a year."""
        return self.customers * self.price


def prices_by_segment(customers, fees, *, least: int = 5) -> pd.DataFrame:
    """What customers pay today, by industry and size, on average.

    Where fewer than ``least`` customers are in a segment, the average of its size over all industries stands in for it and says so.

    Parameters
    ----------
    customers : DataFrame
        customer_id, industry, size.
    fees : DataFrame
        customer_id, fee (money a year); only fees above 0 count.
    least : int

    Returns
    -------
    DataFrame
        industry, size, n (customers), price (money a year), own (whether the price is the segment's own). Every industry with every size.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": list("abc"), "industry": ["inns", "inns", "spas"], "size": ["small", "small", "small"]})
    >>> prices_by_segment(people, pd.DataFrame({"customer_id": list("abc"), "fee": [10.0, 20.0, 60.0]}), least=2).values.tolist()
    [['inns', 'small', 2, 15.0, True], ['spas', 'small', 1, 30.0, False]]
    """
    need_columns(customers, ("customer_id", "industry", "size"), "customers")
    need_columns(fees, ("customer_id", "fee"), "fees")
    paying = fees[fees["fee"] > 0].merge(customers[["customer_id", "industry", "size"]], on="customer_id")
    paying = paying.assign(industry=paying["industry"].astype(str), size=paying["size"].astype(str))
    if paying.empty:
        raise MetricError("fees: nobody pays, so there is no price to size a market with. Choose a later day.")
    of_size = paying.groupby("size")["fee"].mean()
    every = pd.MultiIndex.from_product([sorted(paying["industry"].unique()), list(of_size.index)], names=["industry", "size"])
    seen = paying.groupby(["industry", "size"])["fee"].agg(["size", "mean"]).reindex(every)
    n = seen["size"].fillna(0).astype(int).rename("n").reset_index()
    own = n["n"] >= least
    price = np.where(own, seen["mean"].to_numpy(), n["size"].map(of_size))
    return n.assign(price=price, own=own)


def market_by_segment(market, prices, *, signs: float) -> pd.DataFrame:
    """Each segment of the market with its size in money, before and after reach and the share that signs.

    Parameters
    ----------
    market : DataFrame
        industry, size, accounts, reach.
    prices : DataFrame
        industry, size, price: from :func:`prices_by_segment`. A segment in which nobody buys yet takes the mean price of its size.
    signs : float
        Share of those reached that signs sooner or later.

    Returns
    -------
    DataFrame
        industry, size, accounts, reach, price, listed (accounts * price), reachable (accounts), customers (at most), ceiling (money).

    Examples
    --------
    >>> market = pd.DataFrame({"industry": ["inns"], "size": ["small"], "accounts": [1000], "reach": [0.5]})
    >>> prices = pd.DataFrame({"industry": ["inns"], "size": ["small"], "price": [20.0]})
    >>> market_by_segment(market, prices, signs=0.4)[["listed", "reachable", "customers", "ceiling"]].values.tolist()
    [[20000.0, 500.0, 200.0, 4000.0]]
    """
    need_columns(market, ("industry", "size", "accounts", "reach"), "market")
    check_share("signs", signs)
    rows = market.assign(industry=market["industry"].astype(str), size=market["size"].astype(str))[["industry", "size", "accounts", "reach"]]
    rows = rows.merge(prices[["industry", "size", "price"]], on=["industry", "size"], how="left")
    rows["price"] = rows["price"].fillna(rows["size"].map(prices.groupby("size")["price"].mean()))
    reachable = rows["accounts"] * rows["reach"]
    return rows.assign(listed=rows["accounts"] * rows["price"], reachable=reachable, customers=reachable * signs,
                       ceiling=reachable * signs * rows["price"])


def ceilings(segments, before, now, *, by: str = "industry") -> pd.DataFrame:
    """Each vertical's ceiling, how much of it is used, and when it binds if growth goes on as in the last year.

    Parameters
    ----------
    segments : DataFrame
        From :func:`market_by_segment`.
    before, now : Series
        Customers a year ago and today, by vertical.

    Returns
    -------
    DataFrame
        ``by``, accounts, reachable, customers (at most), listed and ceiling (money a year), before, now, used (now / customers), rate
        (logistic, a year), half and nearly (years until half and nine tenths are used). Largest ceiling first.

    Examples
    --------
    >>> segments = pd.DataFrame({"industry": ["inns"], "accounts": [1000.0], "reachable": [500.0], "customers": [200.0],
    ...                          "listed": [20000.0], "ceiling": [4000.0]})
    >>> row = ceilings(segments, pd.Series({"inns": 20}), pd.Series({"inns": 30})).iloc[0]
    >>> row[["used", "rate", "half"]].astype(float).round(3).tolist()
    [0.15, 0.463, 3.749]
    """
    sums = segments.groupby(by)[["accounts", "reachable", "customers", "listed", "ceiling"]].sum()
    sums = sums.assign(before=before.reindex(sums.index).fillna(0), now=now.reindex(sums.index).fillna(0))
    sums["used"] = sums["now"] / sums["customers"]
    sums["rate"] = [growth_towards(row.before, row.now, row.customers) for row in sums.itertuples()]
    for name, share in (("half", 0.5), ("nearly", 0.9)):
        sums[name] = [years_until(row.now, row.customers, row.rate, share=share) for row in sums.itertuples()]
    return sums.sort_values("ceiling", ascending=False).reset_index()


def growth_towards(before: float, now: float, ceiling: float) -> float:
    """The yearly rate of a logistic curve that went from ``before`` to ``now`` in a year, below a ceiling.

    ``r = logit(now / ceiling) - logit(before / ceiling)``. While little of the ceiling is used it is near the logarithm of ordinary
    growth. Infinite where ``now`` has reached the ceiling, NaN where nobody was there a year ago.

    Examples
    --------
    >>> round(growth_towards(100, 140, 10_000), 4), round(math.log(1.4), 4)
    (0.3405, 0.3365)
    """
    check_not_negative("before", before)
    if before <= 0 or now <= 0 or ceiling <= 0:
        return math.nan
    if now >= ceiling or before >= ceiling:
        return math.inf
    return math.log(now / (ceiling - now)) - math.log(before / (ceiling - before))


def logistic(now: float, ceiling: float, rate: float, years):
    """A number that grows towards a ceiling: fast while there is room, slower and slower as it fills.

    ``N(t) = K / (1 + (K / now - 1) exp(-r t))``

    Parameters
    ----------
    now, ceiling : float
        In the same unit, customers or money; ``now`` below ``ceiling``.
    rate : float
        A year.
    years : float or array

    Examples
    --------
    >>> round(float(logistic(500, 2000, 0.4, 0)), 6), round(float(logistic(500, 2000, 0.4, 100)), 6)
    (500.0, 2000.0)
    """
    check_positive("now", now)
    check_positive("ceiling", ceiling)
    return ceiling / (1 + (ceiling / now - 1) * np.exp(-rate * np.asarray(years, dtype=float)))


def years_until(now: float, ceiling: float, rate: float, *, share: float = 0.5) -> float:
    """Years until a share of the ceiling is used.

    ``ln((K / now - 1) * share / (1 - share)) / r``. At a half the number of new customers stops rising: from then on the ceiling
    binds. 0 where the share is used already; infinite where there is no growth.

    Examples
    --------
    >>> round(years_until(500, 10_000, 0.4), 2), round(years_until(500, 20_000, 0.4), 2)
    (7.36, 9.16)
    >>> years_until(6000, 10_000, 0.4), years_until(500, 10_000, -0.1)
    (0.0, inf)
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share:g}: the whole ceiling is never reached, so give a share between 0 and 1, such as 0.5")
    if ceiling <= 0 or now >= share * ceiling:
        return 0.0
    if not rate > 0 or now <= 0:
        return math.inf
    return math.log((ceiling / now - 1) * share / (1 - share)) / rate


def customers_after(now: float, ceiling: float, wins: float, years):
    """Customers after some years of the same effort each year.

    ``N(t) = K - (K - now) exp(-wins * t / K)``: ``wins`` a year in an untouched market, and fewer as it fills, because more and more
    of those one meets are customers already or have said no.

    Examples
    --------
    >>> [round(float(customers_after(0, ceiling, 100, 5))) for ceiling in (300, 3000, 30_000)]
    [243, 461, 496]
    """
    check_not_negative("wins", wins)
    if ceiling <= now:
        return float(now) + 0 * np.asarray(years, dtype=float)
    return ceiling - (ceiling - now) * np.exp(-wins * np.asarray(years, dtype=float) / ceiling)


def depth_needed(verticals, *, years: float = 5.0) -> pd.Series:
    """How many times as much each customer won must bring, for all effort in one vertical to match the same effort in all.

    New customers in ``years`` with the effort spread over the whole market, over new customers with all of it in one vertical. What
    depth brings can be price, win rate and stay together; below the factor, going wide brings more. Infinite where a vertical is full.

    Parameters
    ----------
    verticals : DataFrame
        From :func:`ceilings`: customers (at most), before, now.
    years : float

    Returns
    -------
    Series
        In the order of ``verticals``.

    Notes
    -----
    Effort is what the last year's net new customers took. The model is ours; it leaves out that depth may also raise reach.

    Examples
    --------
    >>> table = pd.DataFrame({"customers": [300.0, 3000.0], "before": [0, 80], "now": [20, 160]})
    >>> depth_needed(table).round(2).tolist()
    [1.99, 1.01]
    """
    whole, now, before = (float(verticals[name].sum()) for name in ("customers", "now", "before"))
    room = 1 - now / whole if whole else 0.0
    wins = max(now - before, 0.0) / room if room > 0 else 0.0
    wide = float(customers_after(now, whole, wins, years)) - now
    deep = [float(customers_after(row.now, row.customers, wins, years)) - row.now for row in verticals.itertuples()]
    factors = [wide / won if won > 0 else math.inf for won in deep]
    return pd.Series(factors, index=verticals.index, name="depth_needed")


def yearly_fees(subscriptions, on, *, policy: Policy | None = None) -> pd.DataFrame:
    """What each customer pays on a day, money a year: customer_id, fee. Only those who pay.

    Examples
    --------
    >>> lines = pd.DataFrame({"subscription_id": ["s"], "customer_id": ["a"], "starts_on": pd.to_datetime(["2024-01-01"]),
    ...                       "ends_on": pd.to_datetime([None]), "amount": [100.0], "interval": ["month"], "interval_count": [1],
    ...                       "discount": [0.0], "status": ["active"]})
    >>> yearly_fees(lines, "2024-06-30").values.tolist()
    [['a', 1200.0]]
    """
    policy = policy or Policy()
    now = mrr_at(subscriptions, pd.Timestamp(on).date(), policy=policy)
    now = now[now["mrr"] > 0].reset_index(drop=True)
    return pd.DataFrame({"customer_id": now["customer_id"].astype(str), "fee": 12.0 * now["mrr"] / policy.minor_units})


def counted_by(fees, customers, by: str = "industry") -> pd.Series:
    """How many of those who pay are in each group of ``customers``.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "industry": ["inns", "spas"]})
    >>> counted_by(pd.DataFrame({"customer_id": ["a"], "fee": [10.0]}), people).to_dict()
    {'inns': 1}
    """
    need_columns(customers, ("customer_id", by), "customers")
    group = fees["customer_id"].map(customers.set_index("customer_id")[by].astype(object)).dropna().astype(str)
    return group.value_counts().sort_index()


def signs_at(multiple: float, *, kept_at_double: float = 0.5) -> float:
    """Of those who would sign at today's price, the share that would sign at a multiple of it.

    ``kept_at_double ** log2(multiple)``: each doubling keeps the same share. At a half, price and signatures cancel out and the
    ceiling in money does not move. Below today's price more than today's would sign, so the value is above 1.

    Examples
    --------
    >>> signs_at(2, kept_at_double=0.7), signs_at(1), round(2 * signs_at(2), 6)
    (0.7, 1.0, 1.0)
    """
    check_positive("multiple", multiple)
    check_share("kept_at_double", kept_at_double)
    return kept_at_double ** math.log2(multiple)


def share_that_signs(opportunities) -> tuple[float, int]:
    """Of the organisations with which a deal was closed, the share that signed at least once, and how many they are.

    Whoever let a seller in was already interested, so for a whole market this is an upper guess.

    Examples
    --------
    >>> share_that_signs(pd.DataFrame({"customer_id": ["a", "a", "b", "c"], "outcome": ["lost", "won", "lost", None]}))
    (0.5, 2)
    """
    need_columns(opportunities, ("customer_id", "outcome"), "opportunities")
    closed = opportunities[opportunities["outcome"].notna()]
    if closed.empty:
        raise MetricError("opportunities: no deal is closed yet, so no share of them was won. Bring closed deals.")
    won = (closed["outcome"].astype(str) == "won").groupby(closed["customer_id"].astype(str)).any()
    return float(won.mean()), len(won)
