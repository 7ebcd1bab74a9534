"""Exercises of chapter 31: solutions, the mistakes people make, hints."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.funnel import conversion, conversion_so_far, path_table, win_rate
from helpers.metrics.owners import owners_of_path
from helpers.models.path import brings, deals_of, gains, lifted
from helpers.periods import months_before
from helpers.sales import path_of, sales_path_of



# ---------------------------------------------------------------- conversion-by-month

def conversion_by_month(company):
    table = conversion(path_of(company), as_of=company.as_of, within=90, cohort="month").table
    return table.loc[table["mature"], ["cohort", "value"]].tail(6)


def _so_far(company, cohorts):
    table = conversion_so_far(path_of(company), as_of=company.as_of, cohort="month").table
    return table[table["cohort"].isin(cohorts) if cohorts is not None else slice(None)][["cohort", "value"]]


def _youngest(company):
    return _so_far(company, None).tail(6)


def _old_but_so_far(company):
    return _so_far(company, conversion_by_month(company)["cohort"])


def _sixty_days(company):
    table = conversion(path_of(company), as_of=company.as_of, within=60, cohort="month").table
    return table[table["cohort"].isin(conversion_by_month(company)["cohort"])][["cohort", "value"]]


BY_MONTH = Exercise(
    key="conversion-by-month", title="Conversion by month, at equal age", kind="table", unit="share", minutes=8, keys=("cohort",),
    needs=("leads", "opportunities"), solution=conversion_by_month,
    says_right="Each month was asked the same question, so what is left of a difference is luck or news.",
    mistakes=[
        Mistake(_youngest, "Those are the last six months, with what has signed so far. They decline because their leads are young: next month the same "
                           "rows read higher. Whoever acts on them stops campaigns that were working."),
        Mistake(_old_but_so_far, "The right months, but with everything that has signed until today. The older ones have had months more than the younger, "
                                 "so even here the table leans downwards."),
        Mistake(_sixty_days, "Within 60 days, as in the picture above. Slow deals are missing, which are the large ones in most companies."),
    ],
    hints=["Which months have only leads that are at least 90 days old?",
           "conversion(path, as_of=as_of, within=90, cohort=\"month\").table has a column `mature`.",
           "table.loc[table[\"mature\"], [\"cohort\", \"value\"]].tail(6)"])


# ---------------------------------------------------------------- win-rate

def _year(company):
    return months_before(company.as_of, 12) + dt.timedelta(days=1), company.as_of


def _from_leads(company):
    deals = company.table("opportunities")
    return deals[deals["lead_id"].notna()]


def win_rate_of_the_year(company):
    return win_rate(_from_leads(company), *_year(company))


def _within_year(days, company):
    first, last = (str(day) for day in _year(company))
    return (days >= first) & (days < str(company.as_of + dt.timedelta(days=1)))


def _won_over_opened(company):
    deals = _from_leads(company)
    won = _within_year(deals["closed_on"], company) & (deals["outcome"] == "won")
    return won.sum() / _within_year(deals["opened_on"], company).sum()


def _opened_and_won(company):
    deals = _from_leads(company)
    return (deals[_within_year(deals["opened_on"], company)]["outcome"] == "won").mean()


def _won_over_lost(company):
    rate = win_rate_of_the_year(company).value
    return rate / (1 - rate)


WIN_RATE = Exercise(
    key="win-rate", title="The win rate of the last twelve months", kind="number", unit="share", minutes=6,
    needs=("opportunities",), solution=win_rate_of_the_year,
    says_right="It looks back: some of these deals were opened in another year, by another team, from other leads.",
    mistakes=[
        Mistake(lambda company: win_rate(company.table("opportunities"), *_year(company)),
                "Sales to existing customers are in it, and those are hardly ever lost. It reads {mine}, and the gap of {gap} would sit in your plan for "
                "strangers, who do not sign so readily."),
        Mistake(_won_over_opened, "You divided the deals won this year by the deals opened this year. They are not the same deals, so the figure moves "
                                  "with growth and not with winning: the faster you open, the worse you seem to sell. Today the gap is {gap}; it may be anything."),
        Mistake(_opened_and_won, "Deals opened this year, with those still open counted as not won. They have not had their time: it reads {mine}, "
                                 "and next month the same deals will read higher (yours is {off} {side})."),
        Mistake(_won_over_lost, "Won over lost is odds, not a share. Both belong below the line (yours is {off} {side})."),
    ],
    hints=["Which deals started from a lead? Which of them closed in the twelve months?",
           "win_rate of helpers.metrics.funnel takes the deals, the first day and the last.",
           "deals = deals[deals[\"lead_id\"].notna()]; win_rate(deals, months_before(as_of, 12) + dt.timedelta(days=1), as_of)"])


# ---------------------------------------------------------------- what-more-leads-buy

def _tight(company):
    now = sales_path_of(company)
    return replace(now, capacity=1.05 * deals_of(now))


def _rise(now):
    return brings(lifted(now, "leads", 0.30), "new") / brings(now, "new") - 1


def more_leads(company):
    return _rise(_tight(company))


MORE_LEADS = Exercise(
    key="what-more-leads-buy", title="What 30% more leads buy", kind="number", unit="share", minutes=8,
    needs=("leads", "opportunities", "contracts", "reps"), solution=more_leads,
    says_right="The new leads fill the thin months, and most of them find nobody with time. Ask what the same money would buy behind the limit.",
    mistakes=[
        Mistake(0.30, "That is what they bring as long as somebody has time for them. Here the reps are almost full, so most of the new deals are not worked: "
                      "the gap to what comes in is {gap}, and the leads are paid for all the same."),
        Mistake(0.05, "Room for 5% more, so 5% more: right in a world where every month is average. In a thin month there is more room than that, and "
                      "more leads fill it; a fat month was full before and takes none (yours is {off} {side})."),
        Mistake(0.0, "The team is not quite full, and deals come unevenly: some months have room (yours is {off} {side})."),
        Mistake(lambda company: _rise(sales_path_of(company)), "You used the room that the team has in truth, and the question supposes another: "
                                                               "replace(now, capacity=1.05 * deals_of(now)). The gap is {gap}."),
    ],
    hints=["First the path with the room that is supposed: replace(now, capacity=1.05 * deals_of(now)).",
           "lifted(path, \"leads\", 0.30) is the same path with 30% more leads.",
           "brings(lifted(tight, \"leads\", 0.30), \"new\") / brings(tight, \"new\") - 1"])


# ---------------------------------------------------------------- all-at-once

def _roomy(company):
    return replace(sales_path_of(company), capacity=math.inf)


def all_at_once(company):
    now = better = _roomy(company)
    for step in now.steps:
        better = lifted(better, step)
    return brings(better) / brings(now) - 1


def _with_limit(company):
    now = better = sales_path_of(company)
    for step in now.steps:
        better = lifted(better, step)
    return brings(better) / brings(now) - 1


ALL = Exercise(
    key="all-at-once", title="Ten per cent better everywhere", kind="number", unit="share", minutes=6, tolerance=0.005,
    needs=("leads", "opportunities", "contracts", "reps"), solution=all_at_once,
    says_right="Steps multiply, and the years multiply once more. It is also why one bad step drags down all the others.",
    mistakes=[
        Mistake(lambda company: sum(gains(_roomy(company)).values()),
                "You added the gains of the steps one by one. Each gain also works on all the others: steps multiply, and a sum falls short "
                "(yours is {off} {side})."),
        Mistake(lambda company: 0.1 * len(sales_path_of(company).steps), "Ten per cent for each step, added up. They multiply, and what is kept of a fee "
                "works on every later year (yours is {off} {side})."),
        Mistake(lambda company: 1.1 ** len(sales_path_of(company).steps) - 1,
                "1.1 for each step, multiplied: nearly. What is kept of a fee is not one factor: it works on the second year, twice on the third, and so on "
                "(yours is {off} {side})."),
        Mistake(_with_limit, "That is with the room that the reps have. The question gives them room for everybody; what is missing is what the "
                             "limit takes away (yours is {off} {side})."),
    ],
    hints=["roomy = replace(now, capacity=float(\"inf\"))", "Lift one step after the other: better = lifted(better, step) for each step in roomy.steps.",
           "brings(better) / brings(roomy) - 1"])


# ---------------------------------------------------------------- ownerless-step

def ownerless(company):
    owners = owners_of_path(company.table("step_owners"))
    return owners.loc[owners["owner"].isna(), ["step"]].reset_index(drop=True)


def _worst_step(company):
    steps = path_table(path_of(company), as_of=company.as_of)
    play = steps[~steps["step"].isin(["lead", "answered", "due"])]
    return play.nsmallest(1, "value")[["step"]].reset_index(drop=True)


def _volume_steps(company):
    owners = owners_of_path(company.table("step_owners"))
    return owners.loc[owners["kind"] == "volume", ["step"]].reset_index(drop=True)


OWNERLESS = Exercise(
    key="ownerless-step", title="The step that nobody owns", kind="table", minutes=4, keys=("step",), needs=("step_owners",),
    solution=ownerless,
    says_right="Write a name into each of them before you improve any other.",
    mistakes=[
        Mistake(_worst_step, "That is the step that loses most. It may well have an owner; a bad figure and a missing name are two faults, "
                             "and only one of them can be mended by a meeting of ten minutes."),
        Mistake(_volume_steps, "Those have an owner, and a figure that pays for how many. That is a conflict to look at, but somebody can be asked."),
    ],
    hints=["Which column of `owners` is empty where nobody answers?", "owners.loc[owners[\"owner\"].isna(), [\"step\"]]"])


# ---------------------------------------------------------------- growth-plan

def _worked(company):
    rate = win_rate_of_the_year(company).value
    return (f"Of the deals from leads that closed in the last twelve months we won {rate:.0%}. Growth needs more of them, so marketing takes over responsibility "
            "for growth, with one figure: leads a month, 30% more by the end of the year. Sales keeps its figure, visits a week. "
            f"We expect new ARR to rise by 30% as well. The reps say that they are busy, but leads come first. Conversion by month will show by March whether the new leads are "
            "worth it: the last months will tell.")


PLAN = Exercise(
    key="growth-plan", title="A plan for growth", kind="judgement", minutes=10, solution=lambda company: "AB", worked=_worked,
    needs=("opportunities",),
    rubric=[
        Criterion("A", "says over which deals and which time its win rate was taken", True, "deals from leads, closed in the last twelve months."),
        Criterion("B", "names a figure and a day that can be checked", True, "30% more leads, and 30% more new ARR, by the end of the year."),
        Criterion("C", "asks whether there is room behind the step that is to grow", False, "the reps say that they are busy; nobody looked whether it is so, and the plan goes on as if it were not."),
        Criterion("D", "gives somebody responsibility for the path and not only for a step", False, "marketing answers for growth with a figure that ends at the lead."),
        Criterion("E", "sees that the figures of neighbours pull against each other", False, "leads a month and visits a week are both volume; nobody is paid "
                                                                                            "for what comes of them."),
        Criterion("F", "judges new leads only when they are old enough", False, "the last months are the young ones: they will look bad whatever the leads are worth."),
    ],
    mistakes=[
        Mistake("ABF", "Look at the last sentence again: the last months are just those whose leads have not had their time."),
        Mistake("ABD", "Marketing is named as responsible for growth, but its figure ends at the lead. Who answers for what becomes of it?"),
    ],
    hints=["Read it as the head of sales, whose reps say that they are busy.", "Two points are met. Both are about figures that can be checked."])


EXERCISES = [BY_MONTH, WIN_RATE, MORE_LEADS, ALL, OWNERLESS, PLAN]

QUIZZES = [
    Quiz("what-a-drop-says", "Six in ten leads end before marketing finds them worth a call, and three in ten offers are never signed. Where does the path leak more?", [
        Option("Before the call: more leads end there", False, "More leads, yes. Most of them would never have paid; that step is there to find it out."),
        Option("At the offer: each is worth far more", False, "Each is, but how many of them could have been won is not in a drop either."),
        Option("It cannot be told from the drops", True, "A drop counts who ended there, not who would have paid. Ask what a step would bring if it were better, and what that takes."),
    ]),
    Quiz("next-month", "The slide of conversion so far is made again next month from the same company, and nothing else changes. What happens to the last bar of this month's slide?", [
        Option("It rises", True, "Its leads are a month older, and some have signed. It can never fall."),
        Option("It stays", False, "Only if no lead of that month signs in its second month."),
        Option("It falls further, as the trend says", False, "Signed stays signed, and the number of leads of that month is fixed: it can only rise."),
    ]),
    Quiz("falling-cohort", "A colleague shows the win rate of the deals opened in the first quarter: 24% in June, 19% in December, same deals. What do you ask?", [
        Option("Why has sales become worse?", False, "Deals won by June are still won in December. Sales cannot have undone them."),
        Option("What is it divided by?", True, "Won over opened can only rise. A fall means that the denominator grew: deals decided so far."),
        Option("Whether the sample is large enough", False, "No sample size makes a count of won deals fall."),
    ]),
    Quiz("end-of-the-lever", "The reps are full. Which of these raises new fees this year?", [
        Option("Twice the budget for leads", False, "Deals without a rep are not worked. The lever has an end, and this one is blocked."),
        Option("A better first visit, so that more of the same deals sign", True, "It comes after the limit: the same hours bring more."),
        Option("Faster qualification, so that more leads reach sales", False, "It brings more deals to people who have no time for those they have."),
    ]),
]
