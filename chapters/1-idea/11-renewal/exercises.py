"""Exercises of chapter 11: solutions, the mistakes people make, hints."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.retention import logo_retention
from helpers.models.contracts import interest_of_prepayment
from helpers.models.hourglass import (
    break_even_year, licence_by_year, month_of_overtaking, simulate_funnel, simulate_hourglass, subscription_by_year,
    trailing_year)
from helpers.models.incentives import PLANS, best_choice, guessed_deals, guessed_seller
from helpers.models.measured import hourglass_measured, monthly_loss
from helpers.models.terms import end_of_record_quarter, kept_in_year
from helpers.periods import last_year
from helpers.show import money, percent


@lru_cache(maxsize=2)  # an exercise asks for it once for each of its mistakes
def measured(company):
    """The chapter's first table: the company's own figures and the marked guesses."""
    leads = company.table("leads") if company.has("leads") else None
    return hourglass_measured(company.subscriptions, company.customers, as_of=company.as_of, policy=company.policy, leads=leads)


# ---------------------------------------------------------------- break-even-year

def _two_customers(company, renewal=0.9):
    seen = measured(company)
    rent = replace(seen.subscription, yearly_renewal=renewal, yearly_expansion=0.0)
    return rent, replace(seen.licence, price=3 * rent.first_year_price)


def break_even(company):
    seen = measured(company)
    rent = replace(seen.subscription, yearly_renewal=0.9, yearly_expansion=0)
    sale = replace(seen.licence, price=3 * rent.first_year_price)
    _, rent_left = subscription_by_year(rent, 30)
    _, sale_left = licence_by_year(sale, 30)
    return break_even_year(rent_left, sale_left)


def _in_revenue(company):
    rent, sale = _two_customers(company)
    return break_even_year(subscription_by_year(rent, 30)[0], licence_by_year(sale, 30)[0])


def _nobody_leaves(company):
    rent, sale = _two_customers(company, renewal=1.0)
    return break_even_year(subscription_by_year(rent, 30)[1], licence_by_year(sale, 30)[1])


BREAK_EVEN = Exercise(
    key="break-even-year", title="The year in which the subscription has caught up", kind="number", unit="count", minutes=8,
    solution=break_even,
    says_right="Until then the company has lent its customer the difference; that is what the first round pays for.",
    mistakes=[
        Mistake(_in_revenue, "You compared what the two customers have paid: year {mine}. Each renewed fee costs service and a person "
                             "who looks after it, so what is "
                             "left catches up later (you are {off} years from the right one). A cash plan on your figure runs dry in "
                             "between."),
        Mistake(_nobody_leaves, "You let every customer renew. At 90% the fees shrink year by year, so your year {mine} comes too early "
                                "(you are {off} years from the right one). Who plans on it borrows too little."),
    ],
    hints=["Two customers: replace(rent, yearly_renewal=0.9, yearly_expansion=0) and replace(sale, price=3 * rent.first_year_price).",
           "subscription_by_year and licence_by_year give two arrays each: paid, and left after costs. Which one is asked for?",
           "break_even_year(left of the subscription, left of the licence), over 30 years."])


# ---------------------------------------------------------------- churn by month and by year

def _a_month(company):
    return monthly_loss(company.subscriptions, as_of=company.as_of, policy=company.policy)


def churn_of_a_year(company):
    a_month = monthly_loss(company.subscriptions, as_of=company.as_of, policy=company.policy)
    still_here = (1 - a_month) ** 12
    return 1 - still_here


YEARLY = Exercise(
    key="yearly-churn", title="From a month to a year", kind="number", unit="share", minutes=4,
    solution=churn_of_a_year,
    says_right="The larger the monthly rate, the further times twelve is off.",
    mistakes=[
        Mistake(lambda company: 12 * _a_month(company),
                "Times twelve counts as if those who left in the first months could leave again: {mine} is off by {gap}. At 3% a month "
                "it would be 36% for 30.6%: the plan "
                "loses customers who have gone already."),
        Mistake(lambda company: (1 - _a_month(company)) ** 12, "That is what stays, {mine}. Lost is the rest of it."),
    ],
    hints=["What share is still there after one month? And of those, after another?", "1 - (1 - a_month) ** 12"])


def _stay(company):
    return float(logo_retention(company.subscriptions, *last_year(company), policy=company.policy).value)


def churn_of_a_month(company):
    stayed = logo_retention(company.subscriptions, *last_year(company), policy=company.policy).value
    return 1 - stayed ** (1 / 12)


MONTHLY = Exercise(
    key="monthly-churn", title="From a year to a month", kind="number", unit="share", minutes=4, tolerance=0.0001,
    solution=churn_of_a_month,
    says_right="Twelve such months multiply up to the year; divide by twelve and they fall short of it.",
    mistakes=[
        Mistake(lambda company: (1 - _stay(company)) / 12,
                "A twelfth of the yearly loss is too little: {mine}. Twelve such months do not add up to the year, because each falls on "
                "fewer customers. "
                "It looks like little, but a plan by months on your figure ends the year with customers it does not have."),
        Mistake(lambda company: _stay(company) ** (1 / 12), "That is the share that stays in a month. The loss is the rest of it."),
        Mistake(lambda company: 1 - (1 - _stay(company)) ** (1 / 12), "You took the root of the share that left. The share that stays is "
                "what multiplies from month to month (yours is {off} {side})."),
    ],
    hints=["Which monthly share, multiplied by itself twelve times, gives the share that stayed?", "1 - stayed ** (1 / 12)"])


# ---------------------------------------------------------------- month-of-overtaking

def _two_companies(company):
    seen = measured(company)
    rent = replace(seen.subscription, yearly_renewal=0.9, yearly_expansion=0.05, yearly_referrals=0.05)
    return simulate_hourglass(rent, seen.market, months=240), simulate_funnel(seen.licence, seen.licence_market, months=240)


def _month(company, view):
    ahead, behind = (view(paths) for paths in _two_companies(company))
    return month_of_overtaking(ahead, behind).month


def overtaken(company):
    seen = measured(company)
    rent = replace(seen.subscription, yearly_renewal=0.9, yearly_expansion=0.05, yearly_referrals=0.05)
    hourglass = simulate_hourglass(rent, seen.market, months=240)
    funnel = simulate_funnel(seen.licence, seen.licence_market, months=240)
    return month_of_overtaking(hourglass.margin.cumsum(axis=0), funnel.margin.cumsum(axis=0)).month


OVERTAKING = Exercise(
    key="month-of-overtaking", title="The month of overtaking", kind="number", unit="count", minutes=8, tolerance=0.5,
    solution=overtaken,
    says_right="Until that month the funnel would have been the better business, counted in money earned.",
    mistakes=[
        Mistake(lambda company: _month(company, lambda paths: paths.revenue),
                "From month {mine} on the hourglass has the higher revenue in a single month. What it earned less in all the months "
                "before still has to be made up, and its renewals cost money (you are {off} months from the right one)."),
        Mistake(lambda company: _month(company, lambda paths: paths.revenue.cumsum(axis=0)),
                "That is revenue in all. Margin was asked for: the two companies have different costs below the signature, so month "
                "{mine} is not the one (it is {off} months away)."),
        Mistake(lambda company: _month(company, lambda paths: trailing_year(paths.margin)),
                "From month {mine} on the hourglass earns more in twelve months. Until it is ahead in all since the start, it has to "
                "make up for the years before (you are {off} months from the right one)."),
        Mistake(lambda company: _month(company, lambda paths: paths.cash.cumsum(axis=0)),
                "That is cash. Fees are paid a year ahead, so cash is ahead at another time (month {mine}); a part of it is owed in "
                "service. Margin was asked for (you are {off} months from the right one)."),
    ],
    hints=["simulate_hourglass and simulate_funnel without luck, months=240; the first with replace(rent, yearly_renewal=0.9, "
           "yearly_expansion=0.05, yearly_referrals=0.05), the second on measured.licence_market.",
           "In all since the start: paths.margin.cumsum(axis=0).",
           "month_of_overtaking(ahead, behind).month"])


# ---------------------------------------------------------------- pay-plan

def _by_plan(company, of):
    fee = measured(company).subscription.first_year_price
    deal = guessed_deals(fee, 4 * fee)[1]
    return {name: of(best_choice(deal, plan, guessed_seller(fee, patience=0.7))) for name, plan in PLANS.items()}


def _best_plan(company, of):
    by_plan = _by_plan(company, of)
    return max(by_plan, key=by_plan.get)


def best_for_the_company(company):
    fee = measured(company).subscription.first_year_price
    _, rent_deal = guessed_deals(fee, 4 * fee)
    seller = guessed_seller(fee, patience=0.7)
    left = {name: best_choice(rent_deal, plan, seller).company for name, plan in PLANS.items()}
    return max(left, key=left.get)


PAY = Exercise(
    key="pay-plan", title="The plan that leaves most for the company", kind="choice", minutes=6, choices=tuple(PLANS),
    solution=best_for_the_company,
    says_right="The seller keeps a strong reason to win and gets one not to over-promise. Whether such a clause is lawful and can be "
               "collected is another question; ask before you copy it.",
    mistakes=[
        Mistake(lambda company: _best_plan(company, lambda choice: choice.win_rate),
                "It wins the most deals, since over-promise wins deals too. Mending and lost renewals cost more than the extra wins "
                "bring."),
        Mistake(lambda company: _best_plan(company, lambda choice: -choice.promise),
                "It has the least over-promise, and also the least effort: pay in a year counts for less, so the seller does less for "
                "it. The company wins too few deals."),
    ],
    hints=["best_choice(rent_deal, plan, seller) gives wins, renewals, pay, mending, and `company`: what is left.",
           "max(PLANS, key=lambda name: best_choice(rent_deal, PLANS[name], seller).company)"])


# ---------------------------------------------------------------- prepayment-interest

def interest(company):
    return interest_of_prepayment(discount=0.15, term_years=3)


INTEREST = Exercise(
    key="prepayment-interest", title="What the customer's money costs", kind="number", unit="share", minutes=6, tolerance=0.002,
    solution=interest,
    says_right="Set it beside what your bank asks, and beside what three years without a signal may cost.",
    mistakes=[
        Mistake(0.15, "15% is the discount on all three years, also on the first, which a yearly customer pays in advance as well. The "
                      "money that comes early is two fees, for one and for two years; on those it comes to more (yours is "
                      "{off} {side})."),
        Mistake(0.05, "A third of the discount for each year would be right if all the money came three years early. The first fee comes "
                      "on the same day either way, the last one only two years early, so this is too little by far (yours is "
                      "{off} {side})."),
        Mistake(1 / 0.85 - 1, "That is the interest if everything were paid exactly one year early. Two fees come early here, one by a "
                              "year and one by two (yours is {off} {side})."),
        Mistake(lambda company: interest_of_prepayment(0.15, 2), "That is for two years. Here it is three."),
    ],
    hints=["Write down both ways for a fee of 100: 255 today, or 100 today, 100 in a year, 100 in two.",
           "At which yearly rate are the two later fees worth 155 today?", "interest_of_prepayment(discount, term_years)"])


# ---------------------------------------------------------------- what-prepayment-hides

def _kept(company, **options):
    contracts = company.table("contracts")
    return kept_in_year(contracts, end_of_record_quarter(contracts, as_of=company.as_of), **options)[0]


def kept_of_those_due(company):
    contracts = company.table("contracts")
    first_day = end_of_record_quarter(contracts, as_of=company.as_of)
    share, n = kept_in_year(contracts, first_day, only_due=True)
    return share


HIDES = Exercise(
    key="what-prepayment-hides", title="What prepayment hides", kind="number", unit="share", minutes=8, needs=("contracts",),
    solution=kept_of_those_due,
    says_right="This is the rate to plan with. When the long terms run out, it is the one that returns.",
    mistakes=[
        Mistake(lambda company: _kept(company),
                "You divided by everybody under contract, also by those whose term was still running: they count as kept because they "
                "could not leave. It reads {mine}. "
                "The gap of {gap} to those who had a choice is not loyalty, it is the calendar."),
        Mistake(lambda company: 1 - _kept(company, only_due=True), "That is the share that left; asked for is the share still there."),
    ],
    hints=["Who is under contract on the first day? Of those, whose last day under contract lies within the next twelve months?",
           "kept_in_year of helpers.models.terms does it for everybody; it has an option for those who were due.",
           "kept_in_year(contracts, end_of_record_quarter(contracts, as_of=...), only_due=True) gives the share and n."])


# ---------------------------------------------------------------- term-offer

def _worked(company):
    fee, wins = measured(company).subscription.first_year_price, 100
    cash = wins * 0.2 * fee * (3 * 0.9 - 1)
    return (f"Of the next {wins} customers we offer three years, prepaid, at 10% off, to a fifth: those with more than 200 seats and a "
            f"named sponsor. That brings {money(cash, company)} more cash this year than "
            f"yearly terms would; it adds nothing to ARR, and takes the discount off it for three years. If nobody would have left, the "
            f"money costs us {percent(interest_of_prepayment(0.1, 3))} a year, which is "
            "more than the bank asks; we take it because the bank would not lend it before the next round. Every prepaid customer gets "
            "the same quarterly review as a yearly one, on the same list, "
            "and its use is read each month; a prepaid customer whose use has halved counts as lost in our own forecast, whatever the "
            "books say. Prepaid customers will be more loyal, since they have chosen us "
            "for three years.")


OFFER = Exercise(
    key="term-offer", title="A recommendation on contract terms", kind="judgement", minutes=12,
    solution=lambda company: "ABCDE", worked=_worked,
    rubric=[
        Criterion("A", "says to whom it is offered, and for how many at most", True, "a fifth, by seats and sponsor."),
        Criterion("B", "separates cash, bookings and ARR", True, "more cash this year, nothing added to ARR, less by the discount."),
        Criterion("C", "names the price of the money as a yearly rate and compares it", True, "a rate, set beside the bank's, with the "
                "reason for paying more."),
        Criterion("D", "puts another signal in place of the renewal that will not come", True, "use each month, the same reviews, a rule "
                "for what counts as lost."),
        Criterion("E", "does not let the forecast rest on customers who cannot leave", True, "a prepaid customer whose use has halved is "
                "out of the forecast."),
        Criterion("F", "claims no more than is known", False, "that they will be more loyal is not known: a long term shows what was "
                "signed, and who signs it is no fair sample."),
        Criterion("G", "says what would change the decision, by when, and who reads it", False, "no figure, no date, no owner. In the "
                "next cell you give all three."),
    ],
    mistakes=[
        Mistake("ABCDEF", "Look at the last sentence again. What in this chapter would show that somebody who signed for three years is "
                          "more loyal?"),
        Mistake("ABCD", "The rule that a customer whose use has halved counts as lost is just what keeps the forecast honest: E is met."),
    ],
    hints=["Take the points one by one and underline the words that meet them.", "Two points are not met. One is about what is claimed, "
            "the other about what comes after."])


EXERCISES = [BREAK_EVEN, YEARLY, MONTHLY, OVERTAKING, PAY, INTEREST, HIDES, OFFER]

QUIZZES = [
    Quiz("by-itself", "When does an hourglass speed up by itself, with sales winning the same number of customers each month?", [
        Option("Always: renewals come on top of new customers each year", False, "They do, and losses come on top too. Below a certain "
                "renewal the two balance, and ARR stops at a ceiling."),
        Option("When what a customer brings, in fees kept and customers sent, is at least what it takes away", True, "Fees kept of 100% "
                "or more, or customers kept and sent of at least one for one. Below that there is a ceiling, which may be far away."),
        Option("When it has passed the funnel", False, "Passing the funnel says that it earned more. It may be close to its ceiling all "
                                                       "the same."),
        Option("When customers are satisfied", False, "Nothing in the model knows of it. What counts is who renews, what they pay then, "
                                                      "and whom they send."),
    ]),
    Quiz("who-changes", "A vendor moves from licences to subscriptions and goes on paying sellers in full at the signature, the same "
                        "money for a deal. What does the model expect?", [
        Option("Less over-promise, since the customer can leave after a year", False, "The customer can, but that costs the seller "
                "nothing: the pay has been received."),
        Option("The same over-promise; what changes is who in the company loses by it", True, "The seller's sum is the same. The vendor "
                "now loses renewals, and so has a reason to change the pay."),
        Option("More over-promise, since a smaller fee is easier to sell", False, "The chance of winning may rise, but the best "
                "over-promise depends on the commission and on conscience, and both stayed as they were."),
    ]),
    Quiz("record-quarter", "A quarter ends with the highest bookings ever; a good part of them are three years, prepaid. Which figure "
                           "tells first whether the company grew?", [
        Option("Bookings", False, "They hold three years of some contracts and one of others. More years are not more customers."),
        Option("Cash received", False, "Two of the three fees belong to later years, in which nothing will come in from these customers."),
        Option("ARR", True, "One year of each contract, net of the discount: three years prepaid count once, like everybody else."),
        Option("Retention at the end of the next year", False, "Later, and too kind: those who prepaid cannot leave yet, so they count "
                "as kept."),
    ]),
]
