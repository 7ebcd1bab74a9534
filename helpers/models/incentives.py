"""The seller's two periods: effort and over-promise chosen for pay, under licence pay and under pay that waits for renewal.

Period one is the signature: effort and over-promise both raise the chance of winning. Period two is the renewal a year
later: what was promised and not there lowers it. The seller does what pays best for the seller; the model shows what that
costs everybody else. The idea is Wu Hao's (income and contribution must match); the model and its numbers are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.models._guards import check_not_negative, check_positive, check_share


@dataclass(frozen=True)
class Deal:
    """What one opportunity is, per opportunity and over two years.

    Parameters
    ----------
    price : float
        Money of the first year: the yearly fee, or the price of a licence.
    renewal_price : float
        Money of the second year where the customer stays; 0 for a licence.
    base_win, win_by_effort, win_by_promise : float
        Chance of winning without effort or over-promise, and what full effort and full over-promise add to it.
    base_renewal, renewal_lost_to_promise : float
        Chance of renewal of an honestly sold customer, and what full over-promise takes from it.
    mending_cost : float
        Money that the delivery team spends on a won customer with full over-promise.
    customer_loss : float
        Money that such a customer loses by what never came.
    margin_share : float
        Margin of a fee before the seller's pay and the mending.
    """

    price: float
    renewal_price: float
    base_win: float = 0.15
    win_by_effort: float = 0.15
    win_by_promise: float = 0.10
    base_renewal: float = 0.85
    renewal_lost_to_promise: float = 0.45
    mending_cost: float = 0.0
    customer_loss: float = 0.0
    margin_share: float = 0.7

    def __post_init__(self):
        check_positive("price", self.price)
        for name in ("renewal_price", "win_by_effort", "win_by_promise", "renewal_lost_to_promise", "mending_cost",
                     "customer_loss"):
            check_not_negative(name, getattr(self, name))
        for name in ("base_win", "base_renewal", "margin_share"):
            check_share(name, getattr(self, name))
        if self.base_win + self.win_by_effort + self.win_by_promise > 1:
            raise ValueError("base_win + win_by_effort + win_by_promise is above 1: a chance cannot be; lower one of them")
        if self.renewal_lost_to_promise > self.base_renewal:
            raise ValueError("renewal_lost_to_promise is above base_renewal: over-promise cannot lose more than there is")

    def win_rate(self, effort: float, promise: float) -> float:
        """Chance of winning."""
        return self.base_win + self.win_by_effort * effort + self.win_by_promise * promise

    def renewal_rate(self, promise: float) -> float:
        """Chance that a won customer renews."""
        return self.base_renewal - self.renewal_lost_to_promise * promise


@dataclass(frozen=True)
class PayPlan:
    """How a seller is paid for a deal; all shares are of a price.

    Parameters
    ----------
    at_signature : float
        Share of the first price, paid at the signature.
    at_renewal : float
        Share of the renewed price, paid to the same seller a year later.
    clawback : float
        Share of the signature's commission that goes back where the customer does not renew.
    """

    at_signature: float
    at_renewal: float = 0.0
    clawback: float = 0.0

    def __post_init__(self):
        for name in ("at_signature", "at_renewal", "clawback"):
            check_share(name, getattr(self, name))


@dataclass(frozen=True)
class Seller:
    """What effort and over-promise cost the person, and how much next year counts.

    Parameters
    ----------
    cost_of_effort, cost_of_promise : float
        Money per opportunity at full effort, and at full over-promise (a bad conscience, a bad name). The cost grows with
        the square: half the effort costs a quarter.
    patience : float
        What a yuan of pay a year from now is worth to the seller today: the chance of still being there, mostly.
    """

    cost_of_effort: float
    cost_of_promise: float
    patience: float = 0.7

    def __post_init__(self):
        check_positive("cost_of_effort", self.cost_of_effort)
        check_positive("cost_of_promise", self.cost_of_promise)
        check_share("patience", self.patience)


@dataclass(frozen=True)
class Choice:
    """What the seller does, and what comes of it per opportunity, in money over two years."""

    effort: float
    promise: float
    win_rate: float
    renewal_rate: float
    seller: float
    pay: float
    mending: float
    customer: float
    company: float


def seller_gain(deal: Deal, plan: PayPlan, seller: Seller, effort: float, promise: float) -> float:
    """The seller's expected pay less the cost of effort and of over-promise, per opportunity.

    ``win(e, o) * (signature + patience * (q(o) * renewal - (1 - q(o)) * clawback)) - ke e^2 - ko o^2``

    Examples
    --------
    Full effort, no over-promise: wins 0.3 of deals at a commission of 10, effort costs 1.

    >>> deal = Deal(100, 0, base_win=0.15, win_by_effort=0.15)
    >>> round(seller_gain(deal, PayPlan(0.1), Seller(1, 1), 1, 0), 6)
    2.0
    """
    per_win = _pay_per_win(deal, plan, seller.patience, deal.renewal_rate(promise))
    return (deal.win_rate(effort, promise) * per_win - seller.cost_of_effort * effort**2
            - seller.cost_of_promise * promise**2)


def best_choice(deal: Deal, plan: PayPlan, seller: Seller) -> Choice:
    """The effort and over-promise, each from 0 to 1, that the seller's own gain asks for, and who pays for them.

    The gain is a quadratic in effort and over-promise, so its best point over the square is either where both slopes are
    zero or on an edge, where one slope is: a handful of points in closed form. With all pay at the signature they are
    ``effort = commission * win_by_effort / (2 ke)`` and ``promise = commission * win_by_promise / (2 ko)``, up to 1:
    over-promise costs the seller nothing but conscience.

    Examples
    --------
    >>> deal = Deal(100, 0, mending_cost=30)
    >>> choice = best_choice(deal, PayPlan(0.1), Seller(cost_of_effort=2, cost_of_promise=1))
    >>> round(choice.effort, 4), round(choice.promise, 4)
    (0.375, 0.5)
    """
    effort, promise = max(_candidates(deal, plan, seller), key=lambda point: seller_gain(deal, plan, seller, *point))
    win, renewal = deal.win_rate(effort, promise), deal.renewal_rate(promise)
    pay = win * _pay_per_win(deal, plan, 1.0, renewal)
    mending = win * promise * deal.mending_cost
    margin = win * (deal.price + renewal * deal.renewal_price) * deal.margin_share
    return Choice(effort=effort, promise=promise, win_rate=win, renewal_rate=renewal,
                  seller=seller_gain(deal, plan, seller, effort, promise), pay=pay, mending=mending,
                  customer=-win * promise * deal.customer_loss, company=margin - pay - mending)


def who_pays(deal: Deal, plan: PayPlan, seller: Seller) -> dict[str, float]:
    """What the over-promise changes for each side, per opportunity, beside the same seller selling honestly.

    The honest seller puts in the effort that pays best without over-promise. Keys: seller, delivery team (mending), rest of
    the company (wins, lost renewals and pay), customers. A minus is a loss.

    Examples
    --------
    >>> shares = who_pays(Deal(100, 0, mending_cost=30, customer_loss=20), PayPlan(0.1), Seller(2, 1))
    >>> {side: round(money, 2) for side, money in shares.items()}
    {'seller': 0.25, 'delivery team': -3.84, 'rest of the company': 3.0, 'customers': -2.56}
    """
    real = best_choice(deal, plan, seller)
    effort = _edge_effort(deal, plan, seller, 0.0)
    win = deal.win_rate(effort, 0.0)
    pay = win * _pay_per_win(deal, plan, 1.0, deal.base_renewal)
    company = win * (deal.price + deal.base_renewal * deal.renewal_price) * deal.margin_share - pay
    return {"seller": real.seller - seller_gain(deal, plan, seller, effort, 0.0), "delivery team": -real.mending,
            "rest of the company": real.company + real.mending - company, "customers": real.customer}


COMMISSION = 0.2
PLANS = {
    "all at signature": PayPlan(COMMISSION),
    "half at renewal": PayPlan(COMMISSION / 2, COMMISSION / 2),
    "all at renewal": PayPlan(0.0, COMMISSION),
    "signature with clawback": PayPlan(COMMISSION, clawback=1.0),
}


def guessed_deals(first_fee: float, licence_price: float) -> tuple[Deal, Deal]:
    """A licence deal and a subscription deal that differ in their prices only; every other figure is our guess.

    Mending a fully over-promised deal costs 30% of a first fee, and the customer loses 40% of one.

    Examples
    --------
    >>> licence, rent = guessed_deals(100, 400)
    >>> licence.renewal_price, rent.renewal_price, rent.mending_cost
    (0.0, 100, 30.0)
    """
    gap = {"mending_cost": 0.3 * first_fee, "customer_loss": 0.4 * first_fee}
    return Deal(licence_price, 0.0, **gap), Deal(first_fee, first_fee, **gap)


def guessed_seller(first_fee: float, *, patience: float = 0.7) -> Seller:
    """A seller to whom full effort costs 3% of a first fee for each opportunity, and full over-promise 1.5%; our guess.

    Examples
    --------
    >>> guessed_seller(100).cost_of_effort
    3.0
    """
    return Seller(0.03 * first_fee, 0.015 * first_fee, patience)


def same_commission(licence: Deal, rent: Deal, plan: PayPlan) -> PayPlan:
    """The plan that pays as much money at the signature of a licence as ``plan`` pays at that of a subscription.

    Examples
    --------
    >>> same_commission(*guessed_deals(100, 400), PLANS["all at signature"]).at_signature
    0.05
    """
    return PayPlan(plan.at_signature * rent.price / licence.price)


def _pay_per_win(deal: Deal, plan: PayPlan, patience: float, renewal: float) -> float:
    signature = plan.at_signature * deal.price
    later = renewal * plan.at_renewal * deal.renewal_price - (1 - renewal) * plan.clawback * signature
    return signature + patience * later


def _slope(deal: Deal, plan: PayPlan, seller: Seller) -> tuple[float, float]:
    """Pay per win of an honest deal, and what full over-promise takes from it."""
    honest = _pay_per_win(deal, plan, seller.patience, deal.base_renewal)
    return honest, honest - _pay_per_win(deal, plan, seller.patience, deal.renewal_rate(1.0))


def _edge_effort(deal: Deal, plan: PayPlan, seller: Seller, promise: float) -> float:
    """Best effort at a given over-promise."""
    honest, lost = _slope(deal, plan, seller)
    return _clip((honest - lost * promise) * deal.win_by_effort / (2 * seller.cost_of_effort))


def _edge_promise(deal: Deal, plan: PayPlan, seller: Seller, effort: float) -> list[float]:
    """Best over-promise at a given effort: where the slope is zero, and both ends."""
    honest, lost = _slope(deal, plan, seller)
    gain = honest * deal.win_by_promise - lost * deal.win_rate(effort, 0.0)
    return [0.0, 1.0, _clip(gain / (2 * (lost * deal.win_by_promise + seller.cost_of_promise)))]


def _candidates(deal: Deal, plan: PayPlan, seller: Seller) -> list[tuple[float, float]]:
    """All points where the gain can be largest: the four edges and the inside."""
    points = [(_edge_effort(deal, plan, seller, promise), promise) for promise in (0.0, 1.0)]
    points += [(effort, promise) for effort in (0.0, 1.0) for promise in _edge_promise(deal, plan, seller, effort)]
    honest, lost = _slope(deal, plan, seller)
    b, c, ke = deal.win_by_effort, deal.win_by_promise, seller.cost_of_effort
    bend = 2 * (lost * c + seller.cost_of_promise) - lost**2 * b**2 / (2 * ke)
    if bend > 0:
        promise = (honest * c - lost * (deal.base_win + honest * b**2 / (2 * ke))) / bend
        effort = (honest - lost * promise) * b / (2 * ke)
        if 0 <= promise <= 1 and 0 <= effort <= 1:
            points.append((effort, promise))
    return points


def _clip(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))
