"""Exercises of chapter 01: solutions, the mistakes people make, hints."""

from __future__ import annotations

import math
from functools import lru_cache

import pandas as pd

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.course.diagnosis import diagnose, naive_stages
from helpers.metrics.growth_engines import arr_by_engine
from helpers.metrics.retention import nrr
from helpers.metrics.revenue import arr
from helpers.metrics.uncertainty import wilson_interval
from helpers.models.roadmap import RED, roadmap
from helpers.models.terms import with_terms
from helpers.periods import last_year, months_before
from helpers.show import money

GATES = tuple(gate.key for gate in roadmap().gates if gate.stage)

# ---------------------------------------------------------------- blocking-gate


@lru_cache(maxsize=4)  # a diagnosis is asked for by each mistake
def seen(company):
    return diagnose(company)


def blocking_gate(company):
    return set(diagnose(company).blocking)


def _red_in(company, stage):
    found = seen(company)
    return {gate.key for gate in found.gates if gate.stage == stage and found.state(gate.key) == RED} or {"none"}


def _all_red(company):
    found = seen(company)
    return {gate.key for gate in found.gates if gate.stage and found.state(gate.key) == RED}


BLOCKING = Exercise(
    key="blocking-gate", title="What blocks the company today", kind="choice", minutes=5, choices=GATES, needs=("contracts", "costs"),
    solution=blocking_gate,
    says_right="Everything later on the road waits for it, and so should the money that was meant for later.",
    mistakes=[
        Mistake(lambda company: _red_in(company, naive_stages(company, company.as_of)["by age"]),
                "You took the stage from the company's age, or from its revenue. Years pass whether or not a gate turns green, and revenue can be bought, by "
                "hiring ahead of a margin or by selling years in advance. The gates you name are those of another stage: whoever works on them first "
                "polishes what rests on something unproved."),
        Mistake(_all_red, "These are all the red gates. Only those of the first stage that has one block the company; the rest are later, "
                          "and a plan that works on all of them at once works on none."),
    ],
    hints=["Go down the map from the top. In which stage do you meet the first red gate?", "here.blocking names the red gates of that stage."])

# ---------------------------------------------------------------- strangers-then


def _new_then(company):
    end = pd.Timestamp(months_before(company.as_of, 48))
    signed = company.table("contracts")
    new = signed[(signed["kind"] == "new") & signed["rep_id"].notna() & (signed["signed_on"] <= end)]
    return new[new["signed_on"] > pd.Timestamp(months_before(end.date(), 3))]


def strangers_then(company):
    new = _new_then(company)
    good = (new["relation"] == "stranger") & ~new["founder_signed"].astype(bool)
    return good.mean()


STRANGERS = Exercise(
    key="strangers-then", title="Strangers, four years back", kind="number", unit="share", minutes=8, needs=("contracts",), months=51,
    solution=strangers_then,
    says_right="Friends and founders can sell what nobody else would buy, or could sell.",
    mistakes=[
        Mistake(lambda company: (_new_then(company)["relation"] == "stranger").mean(),
                "You counted strangers, also those whom a founder signed: {mine}, off by {gap}. A founder sells by who he is, and a rep cannot be "
                "hired to be him. Whoever hires on this figure hires people who will not sell."),
        Mistake(lambda company: (~_new_then(company)["founder_signed"].astype(bool)).mean(),
                "You counted what reps signed, also with friends: {mine}, off by {gap}. Friends run out just when the team has been hired."),
        Mistake(lambda company: ((_new_then(company)["relation"] == "stranger") | ~_new_then(company)["founder_signed"].astype(bool)).mean(),
                "You let either of the two do. It takes both on one contract: a stranger, and somebody other than a founder. The gap is {gap}."),
    ],
    hints=["evidence = diagnose(company, on=then).evidence(\"strangers\") shows the rows of that day.",
           "Two columns decide: relation and founder_signed. Both have to hold on the same row.",
           "((rows.relation == \"stranger\") & ~rows.founder_signed).mean()"])

# ---------------------------------------------------------------- green-or-not

TALKS, NAMED, MARK = 20, 6, 0.2


def six_of_twenty(company):
    low, high = wilson_interval(NAMED, TALKS)
    return "green" if low >= MARK else "red" if high < MARK else "cannot tell"


INTERVAL = Exercise(
    key="green-or-not", title="Six of twenty", kind="choice", minutes=4, choices=("green", "red", "cannot tell"),
    solution=six_of_twenty,
    says_right="Fourteen more talks cost a fortnight. A product built on luck costs a year.",
    mistakes=[
        Mistake("green", "30% lies above 20%, and you stopped there. With twenty talks the true share may be anything from 15% to 52%: a company that "
                         "builds on it bets a year of work on a coin that has not been thrown often enough."),
        Mistake("red", "The share found lies above the mark, so nothing speaks against it. Too little was asked to be sure, which is another thing: "
                       "who closes here may close a good idea."),
    ],
    hints=["wilson_interval(6, 20), from helpers.metrics.uncertainty, says between which shares the truth may lie.",
           "Is the mark of 20% below, above, or inside that interval?"])

# ---------------------------------------------------------------- years-to-ten-times


def _growth(company):
    start, end = last_year(company)
    now, before = (arr(company.subscriptions, day, policy=company.policy).value for day in (end, start))
    return now / before - 1


def years_to_ten_times(company):
    growth = _growth(company)
    return math.log(10) / math.log(1 + growth)


YEARS = Exercise(
    key="years-to-ten-times", title="Years to ten times the ARR", kind="number", unit="ratio", minutes=6, months=13, tolerance=0.05,
    solution=years_to_ten_times,
    says_right="At a rate that lasts. It seldom does: ask what each further point would need.",
    mistakes=[
        Mistake(lambda company: 9 / _growth(company),
                "You added the first year's gain again and again: {mine} years, off by {gap}. Growth of a share is growth on what was added before. A plan "
                "that adds sets its goal too low, and raises its money for the wrong length of time."),
        Mistake(lambda company: 10 / _growth(company),
                "You divided ten by the growth: that adds instead of compounding, and counts the ARR of today as still to be won. Off by {gap} years."),
        Mistake(lambda company: math.log(10) / _growth(company),
                "You took the yearly rate for one that works every moment: log(10) / growth, off by {gap} years. The year's rate is counted once a year: "
                "log(10) / log(1 + growth)."),
    ],
    hints=["After one year it is (1 + growth) times as much, after two (1 + growth) times (1 + growth).", "How often must 1 + growth be multiplied to give 10?",
           "years_to(1, 10, growth), from helpers.models.growth."])

# ---------------------------------------------------------------- where-it-stops


def _won(company):
    start, end = last_year(company)
    now, before = (arr(company.subscriptions, day, policy=company.policy).value for day in (end, start))
    kept = nrr(company.subscriptions, start, end, policy=company.policy).value
    return now - kept * before


def where_it_stops(company):
    return _won(company) / (1 - 0.8)


CEILING = Exercise(
    key="where-it-stops", title="Where ARR stops", kind="number", unit="money", minutes=6, months=13,
    solution=where_it_stops,
    says_right="There losses eat in a year what sales wins in a year. More salespeople raise the ceiling; only retention takes it away.",
    mistakes=[
        Mistake(lambda company: 10 * _won(company), "You let ten years of new business add up and nobody leave: {mine}. The plan would count fees of customers "
                                                    "who have gone (yours is {off} {side})."),
        Mistake(lambda company: _won(company) / 0.8, "You divided by what is kept. ARR stands still where what is lost, a fifth of it, equals what is won: "
                                                     "divide by the fifth. Off by {gap}."),
    ],
    hints=["ARR stands still when a year loses exactly as much as it wins.", "A fifth of the ceiling equals what is won in a year."])

# ---------------------------------------------------------------- customer-success-share


@lru_cache(maxsize=4)
def _last_engines(company):
    table = arr_by_engine(company.subscriptions, company.customers, as_of=company.as_of, policy=company.policy)
    return table.iloc[-1]


def customer_success_share(company):
    year = arr_by_engine(company.subscriptions, company.customers, as_of=company.as_of, policy=company.policy).iloc[-1]
    added = year["product"] + year["sales"] + year["customer success"]
    return year["customer success"] / added


ENGINES = Exercise(
    key="customer-success-share", title="What customer success added", kind="number", unit="share", minutes=5, months=13,
    solution=customer_success_share,
    says_right="Of what was added, that is; what was kept does not show here, and may be its larger work.",
    mistakes=[
        Mistake(lambda company: _last_engines(company)["customer success"] / _last_engines(company)["net"],
                "You divided by the net. Losses have made it smaller, so every engine looks larger ({mine}, off by {gap}); the shares of three engines would "
                "add up to more than all there is, and three heads of department would each claim the year."),
        Mistake(lambda company: (_last_engines(company)["customer success"] + _last_engines(company)["lost"]) / _last_engines(company)["net"],
                "You charged all losses to customer success: {mine}. Some were sold to the wrong customer, and some lost to the product. Who is charged for all of "
                "them will look after those who would have stayed."),
    ],
    hints=["engines.iloc[-1] is the last year.", "Divide by the sum of the three engines, before losses."])

# ---------------------------------------------------------------- off-the-list


def _signed_last_year(company):
    signed = with_terms(company.table("contracts"))
    return signed[signed["signed_on"] > pd.Timestamp(company.as_of) - pd.DateOffset(years=1)]


def off_the_list(company):
    signed = _signed_last_year(company)
    list_price = signed["yearly_amount"] / (1 - signed["discount"])
    return (list_price - signed["yearly_amount"]).sum()


DISCOUNTS = Exercise(
    key="off-the-list", title="What was taken off the list", kind="number", unit="money", minutes=8, needs=("contracts",),
    solution=off_the_list,
    says_right="It comes again every year in which the customer renews at that price.",
    mistakes=[
        Mistake(lambda company: (_signed_last_year(company)["yearly_amount"] * _signed_last_year(company)["discount"]).sum(),
                "You took the discount as a share of the price paid. It is a share of the list: the amount in the contract has it off already. Your figure is too small "
                "by {off}, and the deepest discounts are hidden most."),
        Mistake(lambda company: (lambda rows: (rows["recurring_amount"] * rows["discount"] / (1 - rows["discount"])).sum())(_signed_last_year(company)),
                "You took whole terms. A contract over three years would count three times beside one over a year: off by {gap}."),
    ],
    hints=["with_terms(company.table(\"contracts\")), from helpers.models.terms, has a column yearly_amount. Discounts are off already.",
           "The price is list x (1 - discount). What is the list, then?"])

# ---------------------------------------------------------------- position-paragraph


def _worked(company):
    found = seen(company)
    now = arr(company.subscriptions, company.as_of, policy=company.policy).value
    blocked = ", ".join(found.name(key) for key in found.blocking) or "nothing that we can see"
    return (f"We reached {money(now, company)} of ARR and are therefore a scaling company. On {found.on:%d %B %Y} our tables put us in stage {found.stage}; what blocks us is: "
            f"{blocked}. Of {len(found.gates)} gates {len(found.table[found.table['state'] == 'cannot tell'])} could not be told, and we list them with what is missing. "
            "We will turn the blocking gate green.")


POSITION = Exercise(
    key="position-paragraph", title="A paragraph for the team", kind="judgement", minutes=10,
    solution=lambda company: "BCE", worked=_worked,
    rubric=[
        Criterion("A", "reads the stage from gates and from nothing else", False, "\"reached ... and therefore\" reads it from revenue; the next sentence reads it from gates. Only one of the two can be meant."),
        Criterion("B", "says on what day and from what it was read", True, "the day stands there, and that it was read from tables."),
        Criterion("C", "names what blocks", True, "the gates, by name."),
        Criterion("D", "says what will wait until the gate is green", False, "nothing is left out or put off, so nothing has been decided."),
        Criterion("E", "says what cannot be told, and why", True, "the number of open gates, with a list of what is missing."),
        Criterion("F", "makes a promise that can be scored: a figure, a day, an owner", False, "no day, no figure, nobody's name."),
    ],
    mistakes=[
        Mistake("ABCE", "Read the first sentence again: a size of revenue and a \"therefore\". The rest of the paragraph does not take it back."),
        Mistake("BCEF", "\"We will turn it green\" has no day, no figure and no owner. Nobody can be wrong about it."),
    ],
    hints=["Which sentences would be just as true in a year, whatever happens?", "Look for a day, a figure and a name in the last sentence."])


EXERCISES = [BLOCKING, STRANGERS, INTERVAL, YEARS, CEILING, ENGINES, DISCOUNTS, POSITION]

QUIZZES = [
    Quiz("why-cannot-tell", "A gate says \"cannot tell, because there is no table of usage\". What follows for the company?", [
        Option("It has probably not passed the gate", False, "Nothing was looked at, so nothing is probable. The gate may be green."),
        Option("It has probably passed, since later gates are green", False, "A later gate can be green on an earlier one that is red; that is how companies fall from a great height."),
        Option("Somebody has to go and look", True, "An open gate is a task with an owner: bring the table, or find out in another way and write down how."),
    ]),
    Quiz("slow-or-wrong", "Which is more dangerous, in Wu Hao's reading?", [
        Option("Being slow in a stage", False, "He writes that starting a company cannot be planned by the calendar. What he warns of is another thing."),
        Option("Going against what depends on what", True, "Selling what is not ready, growing a team that does not pay, hiring ahead of leads: chapter 02 plays all three deaths."),
        Option("Skipping the fundraising line", False, "A profitable company can do without a round. None can do without the order."),
    ]),
    Quiz("three-essences", "Wu Hao calls renewal the essence, Dai Ke growth, Tian Yuan service. What would favour Dai Ke on your own figures?", [
        Option("Most of this year's fees come from customers of a year ago", False, "That speaks for renewal: what is kept carries the company."),
        Option("New customers bring most of what is added, and each pays for being won", True, "Then more of the same work makes the company larger and better. Where winning does not pay, growth only makes it larger."),
        Option("Accounts that are looked after grow most", False, "That speaks for service, if the care came first and the growth after it."),
    ]),
]

