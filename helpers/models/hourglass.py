"""Licence and subscription, funnel and hourglass.

One customer first: what a licence and a subscription bring, year by year. Then a company of each kind with the same leads
and the same money each month: the funnel earns at the signature, the hourglass also below it, by renewal, expansion and
referral. Without luck both have a closed form; with luck they are simulated over many paths at once.

The idea is Dai Ke's (funnel and hourglass) and Wu Hao's (renewal as the essence); the model is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helpers.models._guards import check_not_negative, check_positive, check_share

YEAR = 12


@dataclass(frozen=True)
class Licence:
    """Software sold once, with a yearly maintenance fee afterwards.

    Parameters
    ----------
    price : float
        Money, paid at the signature.
    yearly_maintenance : float
        Share of the price that is due each year from the second year on.
    collected_share : float
        Share of the maintenance due that is in fact paid.
    cost_to_deliver : float
        Share of the price that installing and training costs.
    cost_to_support : float
        Share of the maintenance due that supporting the customer costs each year, paid or not.
    """

    price: float
    yearly_maintenance: float = 0.15
    collected_share: float = 0.7
    cost_to_deliver: float = 0.3
    cost_to_support: float = 0.5

    def __post_init__(self):
        check_positive("price", self.price)
        for name in ("yearly_maintenance", "collected_share", "cost_to_deliver"):
            check_share(name, getattr(self, name))
        check_not_negative("cost_to_support", self.cost_to_support)


@dataclass(frozen=True)
class Subscription:
    """Software rented by the year.

    Parameters
    ----------
    first_year_price : float
        Money, for the first year.
    yearly_renewal : float
        Share of the customers due who renew.
    yearly_expansion : float
        Growth of the yearly fee of those who renew, as a share; negative where they shrink.
    yearly_referrals : float
        New customers that one customer brings in a year, on average.
    cost_to_serve : float
        Share of the fee that running and supporting the service costs, every year.
    cost_to_renew : float
        Share of the renewed fee that looking after the customer costs (customer success).
    """

    first_year_price: float
    yearly_renewal: float = 0.8
    yearly_expansion: float = 0.0
    yearly_referrals: float = 0.0
    cost_to_serve: float = 0.2
    cost_to_renew: float = 0.3

    def __post_init__(self):
        check_positive("first_year_price", self.first_year_price)
        for name in ("yearly_renewal", "cost_to_serve", "cost_to_renew"):
            check_share(name, getattr(self, name))
        check_not_negative("yearly_referrals", self.yearly_referrals)
        if self.yearly_expansion <= -1:
            raise ValueError(f"yearly_expansion is {self.yearly_expansion:g}: a fee cannot shrink by all of itself or more")

    @property
    def yearly_retention(self) -> float:
        """What a yuan of fee is worth a year later, renewal and expansion together."""
        return self.yearly_renewal * (1 + self.yearly_expansion)

    def keeping(self, share: float) -> Subscription:
        """The same customer with ``share`` of a fee left a year later: by renewal up to all of it, by growth beyond.

        Examples
        --------
        >>> Subscription(100).keeping(0.9).yearly_renewal, round(Subscription(100).keeping(1.1).yearly_expansion, 6)
        (0.9, 0.1)
        """
        check_not_negative("share", share)
        return replace(self, yearly_renewal=min(share, 1.0), yearly_expansion=max(share - 1.0, 0.0))


# --- one customer -------------------------------------------------------------------------------------------------------


def licence_by_year(licence: Licence, years: int, *, acquisition_cost: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Revenue and margin of one licence customer, year by year.

    Year 1 brings the price; each later year brings ``price * yearly_maintenance * collected_share``. The margin takes off
    the cost of winning and of delivery in year 1, and of support, paid for or not, in each later year.

    Returns
    -------
    revenue, margin : arrays of shape (years,), money

    Examples
    --------
    >>> revenue, margin = licence_by_year(Licence(100, yearly_maintenance=0.15, collected_share=0.8), 3)
    >>> revenue
    array([100.,  12.,  12.])
    >>> margin
    array([70. ,  4.5,  4.5])
    """
    _check_years(years)
    due = licence.price * licence.yearly_maintenance
    revenue = np.full(years, due * licence.collected_share)
    margin = revenue - due * licence.cost_to_support
    revenue[0] = licence.price
    margin[0] = licence.price * (1 - licence.cost_to_deliver) - acquisition_cost
    return revenue, margin


def subscription_by_year(subscription: Subscription, years: int, *, acquisition_cost: float = 0.0,
                         renewal_by_year=None) -> tuple[np.ndarray, np.ndarray]:
    """Expected revenue and margin of one subscription customer, year by year.

    Year ``n`` brings ``first_year_price * (renewal * (1 + expansion)) ** (n - 1)``. The margin takes off the cost of
    serving every year, of renewing from year 2 on, and of winning in year 1.

    Parameters
    ----------
    renewal_by_year : sequence of float, optional
        The rates of the first, second, ... renewal, in place of ``subscription.yearly_renewal``; the last one stays in
        force. Real customers leave less the longer they have stayed.

    Returns
    -------
    revenue, margin : arrays of shape (years,), money

    Examples
    --------
    >>> revenue, margin = subscription_by_year(Subscription(30, yearly_renewal=0.9), 3)
    >>> revenue.round(2)
    array([30. , 27. , 24.3])
    >>> margin.round(2)
    array([24.  , 13.5 , 12.15])
    """
    _check_years(years)
    rates = [subscription.yearly_renewal] if renewal_by_year is None else list(renewal_by_year)
    for rate in rates:
        check_share("renewal_by_year", rate)
    rates = np.array((rates + rates[-1:] * years)[: years - 1])
    steps = np.concatenate([[1.0], rates * (1 + subscription.yearly_expansion)])
    revenue = subscription.first_year_price * np.cumprod(steps)
    margin = revenue * (1 - subscription.cost_to_serve)
    margin[1:] -= revenue[1:] * subscription.cost_to_renew
    margin[0] -= acquisition_cost
    return revenue, margin


def break_even_year(ahead, behind) -> float:
    """First year at whose end the sum of ``ahead`` reaches the sum of ``behind``; NaN where it does not in the years given.

    Examples
    --------
    A rent of 30 against a price of 100: 30, 60, 90, 120.

    >>> break_even_year([30, 30, 30, 30], [100, 0, 0, 0])
    4.0
    >>> break_even_year([30, 15, 7.5, 3.75], [100, 0, 0, 0])
    nan
    """
    ahead, behind = np.cumsum(ahead), np.cumsum(behind)
    if ahead.shape != behind.shape:
        raise ValueError(f"the two customers have {len(ahead)} and {len(behind)} years: give both the same number")
    reached = np.flatnonzero(ahead >= behind - 1e-9 * np.abs(behind))
    return float(reached[0] + 1) if reached.size else float("nan")


def break_even_closed_form(first_year_price: float, yearly_retention: float, licence_price: float) -> float:
    """Years until rents that shrink by a constant factor add up to a price without maintenance.

    ``n = ln(1 - price (1 - q) / rent) / ln q``, rounded up; never where the rents in all are less than the price,
    that is where ``rent / (1 - q) <= price``.

    Examples
    --------
    >>> break_even_closed_form(30, 0.9, 100)
    4.0
    >>> break_even_closed_form(30, 0.7, 100)
    nan
    """
    q, ratio = yearly_retention, licence_price / first_year_price
    if abs(q - 1) < 1e-12:
        return float(np.ceil(ratio - 1e-9))
    inside = 1 - ratio * (1 - q)
    if q < 1 and inside <= 0:
        return float("nan")
    return float(max(1.0, np.ceil(np.log(inside) / np.log(q) - 1e-9)))


def worth_of_recurring_revenue(yearly_retention: float, *, margin_share: float, yearly_interest: float) -> float:
    """What one yuan of yearly recurring revenue is worth today, in yuan: the multiple that its renewal can carry.

    All later years of a fee that shrinks (or grows) by ``q`` each year, at the margin of renewals, discounted:
    ``margin_share * q / (1 + i - q)``. Infinite where the fee grows as fast as the interest, so such a rate cannot last.
    Our own arithmetic: a market's multiple also holds the customers still to be won, and the mood of its year.

    Examples
    --------
    >>> worth_of_recurring_revenue(0.9, margin_share=0.7, yearly_interest=0.1)
    3.15
    >>> round(worth_of_recurring_revenue(0.6, margin_share=0.7, yearly_interest=0.1), 2)
    0.84
    """
    check_not_negative("yearly_retention", yearly_retention)
    check_positive("yearly_interest", yearly_interest)
    left = 1 + yearly_interest - yearly_retention
    return float(round(margin_share * yearly_retention / left, 12)) if left > 0 else float("inf")


def _check_years(years: int) -> None:
    if years != int(years) or years < 1:
        raise ValueError(f"years is {years}: it must be a whole number from 1 on")


# --- many customers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Market:
    """What comes in above the waist: the same for both companies.

    Parameters
    ----------
    leads_per_month, win_rate : float
        Leads that arrive in a month, and the share of them that is won.
    monthly_lead_growth : float
        Growth of the leads from month to month, as a share.
    monthly_acquisition_cost : float
        Money spent on winning customers each month.
    lead_volatility : float
        How far a month's leads lie from their mean beyond chance, as a share (standard deviation over mean).
    lead_persistence : float
        How much of this month's good or bad mood is left in the next month, 0 to 1.
    deal_spread : float
        Standard deviation of a first price over its mean.
    """

    leads_per_month: float
    win_rate: float
    monthly_lead_growth: float = 0.0
    monthly_acquisition_cost: float = 0.0
    lead_volatility: float = 0.0
    lead_persistence: float = 0.0
    deal_spread: float = 0.0

    def __post_init__(self):
        check_positive("leads_per_month", self.leads_per_month)
        check_share("win_rate", self.win_rate)
        check_share("lead_persistence", self.lead_persistence, most=0.999)
        for name in ("monthly_acquisition_cost", "lead_volatility", "deal_spread"):
            check_not_negative(name, getattr(self, name))

    def wins(self, months: int) -> np.ndarray:
        """Customers won by month without luck, shape (months,)."""
        return self.leads_per_month * self.win_rate * (1 + self.monthly_lead_growth) ** np.arange(months)


@dataclass(frozen=True)
class Luck:
    """Standard normal draws, one array of shape (months, paths) for each kind of luck; the same for both companies."""

    mood: np.ndarray
    wins: np.ndarray
    prices: np.ndarray
    renewals: np.ndarray

    @property
    def months(self) -> int:
        return self.mood.shape[0]

    def only_after(self, month: int) -> Luck:
        """The same luck with everything up to ``month`` going as expected: what a forecaster who stands there knows."""
        def quiet(draws):
            later = draws.copy()
            later[:month] = 0
            return later
        return Luck(*(quiet(d) for d in (self.mood, self.wins, self.prices, self.renewals)))


def draw_luck(rng: np.random.Generator, *, months: int = 120, paths: int = 10_000) -> Luck:
    """Luck for ``paths`` futures of ``months`` months, drawn once and used for both companies and every slider position.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), months=24, paths=500)
    >>> luck.wins.shape
    (24, 500)
    """
    if months < 1 or paths < 1:
        raise ValueError(f"months is {months} and paths is {paths}: both must be at least 1")
    return Luck(*(rng.standard_normal((months, paths), dtype=np.float32) for _ in range(4)))


@dataclass(frozen=True)
class Paths:
    """Futures of one company; every array has shape (months, paths), money by month, customers at the month's end."""

    customers: np.ndarray
    revenue: np.ndarray
    cash_in: np.ndarray
    costs: np.ndarray

    @property
    def margin(self) -> np.ndarray:
        """Revenue less all costs of the month."""
        return self.revenue - self.costs

    @property
    def cash(self) -> np.ndarray:
        """Cash in less all costs of the month."""
        return self.cash_in - self.costs


def simulate_funnel(licence: Licence, market: Market, *, months: int = 120, luck: Luck | None = None) -> Paths:
    """A company that sells licences: each month's wins pay at once, and maintenance follows a year later, year after year.

    Without ``luck`` the expected path, shape (months, 1). With luck, wins are Poisson around leads that have good and bad
    months, and prices differ from deal to deal (normal approximations, cut off at zero, so keep five wins a month or more).

    Examples
    --------
    >>> paths = simulate_funnel(Licence(100, cost_to_deliver=0), Market(50, 0.1), months=24)
    >>> float(paths.revenue[0, 0]), float(paths.customers[-1, 0])
    (500.0, 120.0)
    """
    mood, draws, out = _set_up(market, months, luck)
    wins = market.wins(months)
    sold, paid = np.zeros((YEAR, mood.shape[1]), mood.dtype), np.zeros((YEAR, mood.shape[1]), mood.dtype)
    customers, due = np.zeros(mood.shape[1], mood.dtype), np.zeros(mood.shape[1], mood.dtype)
    for month in range(months):
        now = month % YEAR
        paid[now] += sold[now] * licence.yearly_maintenance
        due = due + sold[now] * (licence.yearly_maintenance / YEAR)
        won, sold[now] = _won(float(wins[month]) * mood[month], licence.price, market, draws, month)
        customers = customers + won
        out.customers[month], out.revenue[month] = customers, sold[now] + due * licence.collected_share
        out.cash_in[month] = sold[now] + paid[now] * licence.collected_share
        out.costs[month] = (market.monthly_acquisition_cost + sold[now] * licence.cost_to_deliver
                            + due * licence.cost_to_support)
    return out


def simulate_hourglass(subscription: Subscription, market: Market, *, months: int = 120, luck: Luck | None = None) -> Paths:
    """A company that rents: wins come in above the waist, and each customer decides again every twelve months.

    Below the waist, a share ``yearly_renewal`` of those due stays, their fee grows by ``yearly_expansion``, and each
    customer brings ``yearly_referrals`` new ones a year. Fees are paid a year ahead and earned month by month. Without
    ``luck`` the expected path; with luck, renewals are binomial and wins Poisson (normal approximations).

    Without referral the monthly revenue after ``m`` months is ``wins * price / 12 * sum(q ** (a // 12) for a in range(m))``.

    Examples
    --------
    >>> paths = simulate_hourglass(Subscription(120, yearly_renewal=0.8), Market(50, 0.1), months=24)
    >>> float(paths.customers[11, 0]), round(float(paths.customers[23, 0]), 6)
    (60.0, 108.0)
    >>> float(paths.cash_in[0, 0]), float(paths.revenue[0, 0])
    (600.0, 50.0)
    """
    mood, draws, out = _set_up(market, months, luck)
    wins = market.wins(months)
    count, fee = np.zeros((YEAR, mood.shape[1]), mood.dtype), np.zeros((YEAR, mood.shape[1]), mood.dtype)
    customers, arr = np.zeros(mood.shape[1], mood.dtype), np.zeros(mood.shape[1], mood.dtype)
    for month in range(months):
        due = month % YEAR
        kept, renewed = _renewed(subscription, count[due], fee[due], draws, month)
        expected = float(wins[month]) * mood[month] + customers * subscription.yearly_referrals / YEAR
        won, sold = _won(expected, subscription.first_year_price, market, draws, month)
        customers, arr = customers - count[due] + kept + won, arr - fee[due] + renewed + sold
        count[due], fee[due] = kept + won, renewed + sold
        out.customers[month], out.revenue[month], out.cash_in[month] = customers, arr / YEAR, fee[due]
        out.costs[month] = (market.monthly_acquisition_cost + arr / YEAR * subscription.cost_to_serve
                            + renewed * subscription.cost_to_renew)
    return out


def ceiling_arr(subscription: Subscription, wins_per_month: float) -> float:
    """The ARR at which losses eat up what steady wins bring; infinite where the hourglass feeds itself.

    With ``s`` referrals and a renewal ``r``, customers settle at ``12 wins / (1 - r - s)``; with ``q = r (1 + g)`` for
    money, ARR settles at ``12 (wins + s customers / 12) price / (1 - q)``. Only from ``q`` or ``r + s`` of 1 on does an
    hourglass speed up by itself; below that it climbs to this ceiling and stays.

    Examples
    --------
    >>> round(ceiling_arr(Subscription(100, yearly_renewal=0.8), 5))
    30000
    >>> ceiling_arr(Subscription(100, yearly_renewal=0.9, yearly_referrals=0.1), 5)
    inf
    """
    r, s, q = subscription.yearly_renewal, subscription.yearly_referrals, subscription.yearly_retention
    if r + s >= 1 - 1e-12 or q >= 1 - 1e-12:
        return float("inf")
    customers = YEAR * wins_per_month / (1 - r - s)
    return (YEAR * wins_per_month + s * customers) * subscription.first_year_price / (1 - q)


def _set_up(market: Market, months: int, luck: Luck | None):
    """The mood of each month, the draws (or None) and the empty paths."""
    if luck is None:
        mood = np.ones((months, 1))
        return mood, None, Paths(*(np.empty_like(mood) for _ in range(4)))
    if luck.months < months:
        raise ValueError(f"months is {months}, but luck was drawn for {luck.months}: draw_luck(rng, months={months})")
    keep, fresh = market.lead_persistence, (1 - market.lead_persistence**2) ** 0.5
    mood = luck.mood[:months].copy()
    for month in range(1, months):
        mood[month] = keep * mood[month - 1] + fresh * luck.mood[month]
    mood = np.maximum(1 + market.lead_volatility * mood, 0)
    return mood, luck, Paths(*(np.empty_like(mood) for _ in range(4)))


def _won(expected, price: float, market: Market, luck: Luck | None, month: int):
    """Customers won and the yearly fee or price they bring."""
    if luck is None:
        return expected, expected * price
    won = np.maximum(expected + np.sqrt(expected) * luck.wins[month], 0)
    spread = market.deal_spread * np.sqrt(won) * luck.prices[month]
    return won, np.maximum(won + spread, 0) * price


def _renewed(subscription: Subscription, count, fee, luck: Luck | None, month: int):
    """Customers of this month's anniversary who stay, and the fee they now pay."""
    rate = subscription.yearly_renewal
    kept = count * rate
    if luck is not None:
        kept = np.clip(kept + np.sqrt(kept * (1 - rate)) * luck.renewals[month], 0, count)
    share = np.divide(kept, count, out=np.zeros_like(kept), where=count > 0)
    return kept, fee * share * (1 + subscription.yearly_expansion)


# --- what the paths say -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """A middle and the range that holds ``level`` of all paths, by month or for one figure."""

    low: np.ndarray | float
    middle: np.ndarray | float
    high: np.ndarray | float
    level: float

    @property
    def lines(self) -> tuple:
        """Low, middle and high, in this order."""
        return self.low, self.middle, self.high


def spread_of(values: np.ndarray, *, level: float = 0.8) -> Spread:
    """Median by month and the range that holds ``level`` of the paths.

    Parameters
    ----------
    values : array of shape (months, paths)

    Examples
    --------
    >>> spread = spread_of(np.array([[1.0, 2, 3, 4, 5]]), level=0.5)
    >>> spread.low, spread.middle, spread.high
    (array([2.]), array([3.]), array([4.]))
    """
    check_share("level", level)
    tail = 50 * (1 - level)
    low, middle, high = np.percentile(values, [tail, 50, 100 - tail], axis=1)
    return Spread(low, middle, high, level)


@dataclass(frozen=True)
class Overtaking:
    """When one company passes another and stays ahead: month of the middle path, its range, and how many paths ever do.

    A month of infinity means "not within the months looked at".
    """

    month: float
    low: float
    high: float
    share: float
    horizon: int
    level: float

    def __str__(self) -> str:
        if self.share in (0, 1) and self.low == self.high:
            return f"ahead for good from month {self.month:.0f} on" if self.share else f"not ahead within {self.horizon} months"
        if self.share < 0.5:
            return f"ahead for good within {self.horizon} months in {100 * self.share:.0f}% of all futures"
        late = f"{self.high:.0f}" if self.high <= self.horizon else f"later than {self.horizon}"
        return f"ahead for good from month {self.month:.0f} on ({100 * self.level:.0f}% of all futures: {self.low:.0f} to {late})"


def trailing_year(values: np.ndarray) -> np.ndarray:
    """Sum of the last twelve months at each month, fewer at the start; same shape as ``values``.

    Examples
    --------
    >>> trailing_year(np.ones((14, 1)))[[0, 11, 13], 0]
    array([ 1., 12., 12.])
    """
    total = np.cumsum(values, axis=0, dtype=float)
    total[YEAR:] = total[YEAR:] - total[:-YEAR]
    return total


def month_of_overtaking(ahead: np.ndarray, behind: np.ndarray, *, level: float = 0.8) -> Overtaking:
    """The month (1 is the first) from which ``ahead`` stays at or above ``behind`` to the end, over all paths.

    Staying ahead is asked for because a lucky month is not an overtaking. Paths that never get there count as later than
    the horizon, not as absent: with them left out the middle would come too early.

    Parameters
    ----------
    ahead, behind : arrays of shape (months, paths)
        Usually sums since the start: ``np.cumsum(paths.margin, axis=0)``.

    Examples
    --------
    >>> one, two = np.array([[1.0], [3], [5]]), np.array([[2.0], [2.5], [3]])
    >>> month_of_overtaking(one, two).month
    2.0
    >>> print(month_of_overtaking(two, one))
    not ahead within 3 months
    """
    months = len(ahead)
    at_least = ahead >= behind
    since = months - np.argmin(at_least[::-1], axis=0)
    since = np.where(at_least.all(axis=0), 0, since)
    month = np.where(at_least[-1], since + 1.0, np.inf)
    ordered = np.sort(np.atleast_1d(month))
    def at(share):
        return float(ordered[int(round(share * (len(ordered) - 1)))])
    tail = (1 - level) / 2
    return Overtaking(at(0.5), at(tail), at(1 - tail), float(np.isfinite(month).mean()), months, level)


def forecast_band(values_of, *, luck: Luck, month: int, ahead: int = YEAR, level: float = 0.8) -> Spread:
    """The next ``ahead`` months' sum as seen from ``month``, over its mean: how far a year can be forecast.

    Everything up to ``month`` went as expected; luck sets in afterwards. A width of 0.2 says that the range that holds
    ``level`` of all futures is a fifth of the mean.

    Parameters
    ----------
    values_of : function of a Luck
        Gives the monthly values, shape (months, paths), such as ``lambda luck: simulate_funnel(..., luck=luck).revenue``.

    Returns
    -------
    Spread
        ``low``, ``middle`` and ``high`` over the mean; the width is ``high - low``.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), months=36, paths=4000)
    >>> market = Market(100, 0.1)
    >>> seen = forecast_band(lambda l: simulate_funnel(Licence(100), market, months=36, luck=l).revenue, luck=luck, month=24)
    >>> 0.15 < seen.high - seen.low < 0.3
    True
    """
    if month + ahead > luck.months:
        raise ValueError(f"month {month} + {ahead} lies beyond the {luck.months} months of luck that were drawn")
    total = values_of(luck.only_after(month))[month:month + ahead].sum(axis=0)
    spread = spread_of(total[None, :] / total.mean(), level=level)
    return Spread(float(spread.low[0]), float(spread.middle[0]), float(spread.high[0]), level)


def forecast_widths(simulate, terms, market: Market, *, luck: Luck, years, level: float = 0.8) -> list[float]:
    """How wide the band of the next year's revenue is, over its mean, as seen from the end of each of the ``years``.

    Parameters
    ----------
    simulate : function
        :func:`simulate_funnel` or :func:`simulate_hourglass`.
    terms : Licence or Subscription
    years : sequence of int
        1 is the end of the first year.

    Examples
    --------
    >>> luck = draw_luck(np.random.default_rng(1), months=48, paths=2000)
    >>> early, late = forecast_widths(simulate_hourglass, Subscription(100), Market(50, 0.1), luck=luck, years=[1, 3])
    >>> late < early
    True
    """
    def revenue(drawn):
        return simulate(terms, market, months=luck.months, luck=drawn).revenue

    seen = [forecast_band(revenue, luck=luck, month=YEAR * year, level=level) for year in years]
    return [spread.high - spread.low for spread in seen]
