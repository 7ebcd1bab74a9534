"""Exercises of chapter 19: solutions, the mistakes people make, hints."""

from __future__ import annotations

import math

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.course.board import meeting_day
from helpers.metrics.runway import monthly_burn, runway, runway_readings
from helpers.models.fundraising import ask, cash_ahead, founders_keep, measured_cash_plan, stop_month, worth
from helpers.show import money

MONTHS_TO_RAISE, RESERVE = 6, 3


def _then(company):
    return company.as_it_stood(meeting_day(company))


def _rounds(company):
    return company.table("funding_rounds") if company.has("funding_rounds") else None


def _plan(company):
    then = _then(company)
    return measured_cash_plan(then.cash, then.costs, _rounds(then))


# ---------------------------------------------------------------- runway

def months_left(company):
    then = _then(company)
    return runway(then.cash, _rounds(then))


def _reading(name):
    def read(company):
        then = _then(company)
        seen = runway_readings(then.cash, _rounds(then), costs=then.costs).set_index("reading")["months"]
        return float(seen[name])

    return read


def _of_the_round(company):
    """The last round, where there was one, over the burn of three months."""
    then = _then(company)
    burn = monthly_burn(then.cash, _rounds(then))
    raised = burn.loc[burn["raised"] > 0, "raised"]
    return float((raised.iloc[-1] if len(raised) else burn["opening"].max()) / burn["burn"].tail(3).mean())


def _at_average_cost_of_the_book(company):
    then = _then(company)
    return float(monthly_burn(then.cash, _rounds(then))["closing"].iloc[-1] / then.costs.groupby("month")["amount"].sum().mean())


RUNWAY = Exercise(
    key="months-of-cash", title="Runway on the day of the meeting", kind="number", unit="months", minutes=6, solution=months_left,
    accepts={name: _reading(name) for name in ("net burn, last month", "net burn, last year", "burn that goes on growing",
                                               "gross burn, three months")},
    says_right="Say the reading together with the number. This one takes the burn as it has been, so it ends too late where costs grow.",
    mistakes=[
        Mistake(_reading("round counted twice"),
                "The last round is in the balance already, and you have added it once more. It reads {mine}; the board would plan with "
                "money that has been spent, and notice when the wages do not go out."),
        Mistake(_of_the_round, "You divided the round, not what is left of it. {mine} is how long the money would have lasted on the day it came in, at "
                               "a burn it did not have yet. The gap of {gap} has been spent."),
        Mistake(_at_average_cost_of_the_book,
                "You divided by the average cost since the first day. The company was smaller then; the months that come will cost "
                "what the last ones did, or more. The gap is {gap}."),
    ],
    hints=["Runway is money left over money that goes each month. Which months say what goes now?",
           "monthly_burn(then.cash, then.funding_rounds) has a column burn, with the rounds taken out, and closing.",
           "The last closing balance, divided by the mean of the last three burns."])


# ---------------------------------------------------------------- begin-raising

def months_until_the_first_talk(company):
    return ask(_plan(company), months_to_raise=MONTHS_TO_RAISE, reserve_months=RESERVE).begin_month


def _at_zero(company):
    return cash_ahead(_plan(company)).out_month


def _at_steady_burn(company):
    return months_left(company).value - MONTHS_TO_RAISE


BEGIN = Exercise(
    key="begin-raising", title="When the first talk must be held", kind="number", unit="months", minutes=6,
    solution=months_until_the_first_talk, tolerance=0.1,
    says_right="Counted from the meeting: {right}. Below zero the day has passed, and the next months are spent asking for money with little left "
               "to wait with.",
    mistakes=[
        Mistake(_at_zero, "That is the month in which the account is empty. Who begins then has nobody left to pay while the talks go on, and "
                          "investors who know it can wait. You are late by {gap}."),
        Mistake(_at_steady_burn, "You took the burn of the last months as if it stayed. Costs grow while you talk, so the money ends sooner: "
                                 "the gap is {gap}, and it is missing at the end, when it hurts most."),
        Mistake(lambda company: -months_until_the_first_talk(company),
                "The size is right, the sign is turned: below 0 means that the day lies behind the meeting."),
    ],
    hints=["In which month is the money gone, if costs go on growing as they did? cash_ahead(plan).out_month says so.",
           "Take off the months that raising takes."])


# ---------------------------------------------------------------- size-of-round

def to_raise(company):
    return ask(_plan(company), reserve_months=RESERVE).amount


def _without_reserve(company):
    return ask(_plan(company), reserve_months=0).amount


def _burn_times_24(company):
    then = _then(company)
    burn = monthly_burn(then.cash, _rounds(then))
    return 24 * float(burn["burn"].tail(3).mean()) - float(burn["closing"].iloc[-1])


SIZE = Exercise(
    key="size-of-round", title="The round that carries 24 months", kind="number", unit="money", minutes=7, solution=to_raise,
    says_right="Whether anybody should give it is another question: the plan behind it lets costs grow for two years while receipts stand still.",
    mistakes=[
        Mistake(_without_reserve, "That brings the account to exactly zero in the last month. Nobody can raise, or stop in order, at zero. You are "
                                  "off by {off}."),
        Mistake(_burn_times_24, "You paid 24 months at today's burn. The people you hire next year are not in it. The round would be "
                                "too small, off by {off}, and the lack shows halfway."),
        Mistake(lambda company: _without_reserve(company) + _plan(company).cash,
                "You asked for all costs of the two years and left out what is in the bank."),
    ],
    hints=["Where is the lowest point of the balance without a round? min(path.cash).",
           "At that point three months of the costs of the last month should be left.",
           "reserve less lowest balance; ask(plan, reserve_months=3) does the same."])


# ---------------------------------------------------------------- founders-share

ROUNDS = ((4, 16), (15, 60), (50, 200))


def what_founders_keep(company):
    return founders_keep(ROUNDS)


FOUNDERS = Exercise(
    key="founders-share", title="What three rounds leave", kind="number", unit="share", minutes=4, solution=what_founders_keep,
    says_right="Each round takes its share of what the one before has left, so three times a fifth are less than three fifths.",
    mistakes=[
        Mistake(1 - sum(amount / (amount + pre) for amount, pre in ROUNDS),
                "You added the shares sold. The second round buys a fifth of everything, and the seed investors pay for their part of it too. "
                "You are off by {off}."),
        Mistake(math.prod(1 - amount / pre for amount, pre in ROUNDS),
                "You divided by the value before the money. The new money is part of the company once it is in: the share is amount over value and "
                "amount together."),
        Mistake(1 - math.prod(pre / (amount + pre) for amount, pre in ROUNDS), "That is what has been sold. Asked was what is left."),
    ],
    hints=["A round of 4 at 16 before the money: what is the company worth after it, and which part of that is the new money?",
           "Multiply what each round leaves."])


# ---------------------------------------------------------------- worth-of-renewal

def worth_at_sixty_five(company):
    return worth(30_000_000, profit_share=0.1, renewal=0.65)


VALUE = Exercise(
    key="worth-of-renewal", title="Thirty million of sales that do not renew", kind="number", unit="money", minutes=4, solution=worth_at_sixty_five,
    says_right="A fifth of what the same sales would be worth if they renewed. That gap is what a seed round buys time to close.",
    mistakes=[
        Mistake(300_000_000, "Ten times sales is for sales that come again. Below 70% renewal the rule falls back on profit, and you have overrated the "
                             "company by {gap}."),
        Mistake(3_000_000, "That is one year of profit. An ordinary company is worth twenty of them in this example."),
        Mistake(600_000_000, "You took twenty times sales. Twenty belongs to profit."),
    ],
    hints=["Which of the two multiples does a company get whose customers mostly do not renew?", "Profit first: a tenth of sales."])


# ---------------------------------------------------------------- orderly-end

def last_orderly_month(company):
    return stop_month(_plan(company))


def _out_less_three(company):
    return _at_zero(company) - 3


ORDERLY = Exercise(
    key="orderly-end", title="The last month for an orderly end", kind="number", unit="months", minutes=5, solution=last_orderly_month,
    tolerance=0.05,
    says_right="Write that day into the minutes now, while nobody has to act on it.",
    mistakes=[
        Mistake(_at_zero, "At that point nothing is left to pay anybody: not notice, not the customers' data, not the last wages."),
        Mistake(lambda company: math.floor(_at_zero(company)),
                "That is the last whole month with money in it. Three more months have to be paid from what is left."),
        Mistake(_out_less_three, "Nearly. Three months of *then*: costs have grown until that month, so compare, month by month, the balance with three times the "
                                 "costs of that month."),
    ],
    hints=["Month by month: is the balance still three times the costs of the month?",
           "path = cash_ahead(plan); the last month in which path.cash >= 3 * path.costs, and 0 if today is not."])


# ---------------------------------------------------------------- board-letter

def _letter(company):
    then = _then(company)
    plan = _plan(company)
    need = ask(plan, months_to_raise=MONTHS_TO_RAISE, reserve_months=RESERVE)
    if not need.amount:
        return _calm_letter(then, plan)
    left, gone = money(plan.cash, company), cash_ahead(plan).out_month
    return (f"We have {left}. If costs go on growing as in the last half year it is gone after {gone:.1f} months. People we talked to name the problem by themselves "
            "and some pay for it already, so we regard the idea as proved. We ask for "
            f"{money(need.amount, company)}, enough for 24 months with three months of costs left at the end. With it we build the second version, hire two sellers who "
            "have led teams, and show that strangers buy from them. If that fails, we will look for another market. The product team is very confident.")


def _calm_letter(then, plan):
    return (f"We have {money(plan.cash, then)}, and on our costs of the last half year it lasts for the whole plan, so we ask for nothing. "
            "People we talked to name the problem by themselves and some pay for it already, so we regard the idea as proved. We build the second version, hire two sellers "
            "who have led teams, and show that strangers buy from them. If that fails, we will look for another market. The product team is very confident.")


LETTER = Exercise(
    key="board-letter", title="A founder writes to the board", kind="judgement", minutes=8, solution=lambda company: "ACE",
    worked=_letter,
    rubric=[
        Criterion("A", "says how long the money lasts, and under which assumption", True, "It gives the balance, how long it lasts, and on which costs."),
        Criterion("B", "gives the evidence for the idea with n and an interval", False,
                  "\"People we talked to\" and \"some\" could be three of a hundred. Chapter 12 shows what belongs here."),
        Criterion("C", "says what the next months have to prove, so that it can be seen", True, "Strangers buy, from somebody who is no founder."),
        Criterion("D", "says when to stop, with a number and a day", False,
                  "\"If that fails\" names neither. Nobody will ever find that it has failed."),
        Criterion("E", "hires for the next proof and not for size", True, "Two sellers, and the kind that can teach others."),
        Criterion("F", "keeps confidence apart from evidence", False, "The last sentence reports a mood."),
    ],
    mistakes=[Mistake("ACDE", "You granted D. \"If that fails\" names no number and no day, so no meeting will ever find that it has failed: the money "
                              "ends first."),
              Mistake("ABCE", "You granted B. \"People\" and \"some\" are no evidence until somebody says how many of how many."),
              Mistake("ABCDE", "You granted B and D. Both sound as if they were there; look for the number, and for the day.")],
    hints=["Look for the sentence that could be held against the founder in a year.", "Three points are met."])


EXERCISES = [RUNWAY, BEGIN, SIZE, FOUNDERS, VALUE, ORDERLY, LETTER]

QUIZZES = [
    Quiz("what-seed-proves", "A seed round has come in. By our table, what does it have to have shown before the next one is asked for?", [
        Option("That the market is large", False, "A market's size is known before the first line is written (chapter 14). Money is not needed to prove it."),
        Option("That strangers buy from somebody who is no founder, and use it", True,
               "Those are the marks with which Wu Hao closes stage 2. To tie them to the seed round is ours."),
        Option("That the company earns money", False, "A sales team's margin is the proof of stage 3, and of the round after this one."),
    ]),
    Quiz("gate-and-money", "Suppose the gate cannot be told from your tables, and the money lasts four months. What comes first?", [
        Option("Raise: without money no gate matters", False,
               "You would ask investors to believe what you have not looked at yourself. Ten talks cost less than one meeting with a fund."),
        Option("Get the missing evidence this month, and begin the talks with it", True,
               "Interviews take weeks and cost little. They are also the first thing a good investor asks for."),
        Option("Wait until the gate is green", False, "Four months are shorter than a round takes. Both have to begin now; the evidence is only the quicker of the two."),
    ]),
]
