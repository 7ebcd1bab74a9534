"""Exercises of chapter 37: solutions, the mistakes people make, hints."""

from __future__ import annotations

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.retention import cohort_triangle, fit_sbg_from, grr, logo_retention, nrr, retention_definitions
from helpers.periods import last_year
from helpers.show import percent


def _reading(company, definition):
    start, end = last_year(company)
    table = retention_definitions(company.subscriptions, start, end, policy=company.policy)
    return float(table.loc[table["definition"] == definition, "value"].iloc[0])


# ---------------------------------------------------------------- nrr-last-year

def nrr_last_year(company):
    start, end = last_year(company)
    return nrr(company.subscriptions, start, end, policy=company.policy)


NRR = Exercise(
    key="nrr-last-year", title="NRR of the last twelve months", kind="number", unit="share", minutes=6,
    solution=nrr_last_year,
    says_right="Of every 100 that this base paid at the start, it pays {right} of a hundred now, whoever else has joined since.",
    mistakes=[
        Mistake(lambda company: _reading(company, "nrr_survivors_only"),
                "You divided by what the survivors paid at the start: the lost ones have fallen out of both halves. It reads {mine}, "
                "and that is {gap} from the truth. A plan built on it expects money from customers who have gone."),
        Mistake(lambda company: _reading(company, "total_end_over_start"),
                "That is all money at the end over all money at the start, so it counts the customers won in between. It reads {mine}: "
                "sales has been credited to the base, and a leaking base can hide behind it for years."),
        Mistake(lambda company: _reading(company, "nrr_flow_with_new_customers"),
                "The growth of customers won during the year is in your numerator, but they were not there at the start. The gap is {gap}."),
        Mistake(lambda company: _reading(company, "nrr_chained_monthly"),
                "You multiplied twelve monthly rates. Each month has a base of its own, so a customer won in March counts from April on. "
                "It is a measure with a name (chained), and it is not the one asked for: the gap is {gap}."),
    ],
    hints=["Who was there at the start? Nobody else may enter the sum.",
           "mrr_at(company.subscriptions, start) gives each customer's MRR on that day; do the same for the end, and keep the customers of the start.",
           "Sum of their MRR at the end (nothing for those who left) divided by the sum of their MRR at the start."])


# ---------------------------------------------------------------- grr-last-year

def grr_last_year(company):
    start, end = last_year(company)
    return grr(company.subscriptions, start, end, policy=company.policy)


GRR = Exercise(
    key="grr-last-year", title="GRR of the same twelve months", kind="number", unit="share", minutes=5,
    solution=grr_last_year,
    accepts={"flows: start less churn and contraction, over start": lambda company: _reading(company, "grr_flow")},
    says_right="What is missing to 100% has to be won again before the company grows at all.",
    mistakes=[
        Mistake(nrr_last_year, "That is NRR: growth of some customers has paid for the loss of others. GRR caps each customer at what it paid "
                               "at the start, so it can never pass 100%. The gap of {gap} is expansion."),
        Mistake(lambda company: logo_retention(company.subscriptions, *last_year(company), policy=company.policy),
                "You counted customers, not money: {mine}. Where the small ones leave, the two differ, and money is what was asked for."),
    ],
    hints=["Growth must not pay for loss. Where does a customer's growth enter, and how could it be kept out?",
           "For each customer take the smaller of the two: MRR at the start, MRR at the end."])


# ---------------------------------------------------------------- nrr-by-size

def nrr_by_size(company):
    start, end = last_year(company)
    table = nrr(company.subscriptions, start, end, policy=company.policy, customers=company.customers, by="size").table
    return table[["size", "value"]].rename(columns={"value": "nrr"})


def _survivors_by_size(company):
    from helpers.metrics.revenue import mrr_at

    start, end = last_year(company)
    first, last = (mrr_at(company.subscriptions, day, policy=company.policy).set_index("customer_id")["mrr"] for day in (start, end))
    both = first.to_frame("first").join(last.rename("last"), how="inner")
    both["size"] = company.customers.set_index("customer_id")["size"]
    sums = both.groupby("size", observed=True)[["first", "last"]].sum()
    return (sums["last"] / sums["first"]).rename("nrr").reset_index()


BY_SIZE = Exercise(
    key="nrr-by-size", title="NRR by size of customer", kind="table", unit="share", minutes=8, keys=("size",),
    solution=nrr_by_size,
    says_right="Read the sizes before the total: the total is their mix, and the mix is a choice of yours.",
    mistakes=[Mistake(_survivors_by_size, "Each row leaves out its lost customers. Small customers gain most by that, since most of the lost are small: "
                                          "the segment that leaks looks like the one that grows.")],
    hints=["nrr takes `customers=` and `by=`.",
           "nrr(company.subscriptions, start, end, customers=company.customers, by=\"size\").table has a column `value`; call it nrr."])


# ---------------------------------------------------------------- triangle-average

def _two_years(company):
    """Customers of each yearly cohort after two years: cohort, value, n; only where two years have passed for all of it."""
    table = cohort_triangle(company.subscriptions, as_of=company.as_of, cohort="year", age="year", measure="logo", policy=company.policy)
    return table[(table["age"] == 2) & table["mature"]]


def two_year_average(company):
    old_enough = _two_years(company)
    return (old_enough["value"] * old_enough["n"]).sum() / old_enough["n"].sum()


def _unobserved_as_lost(company):
    everyone = cohort_triangle(company.subscriptions, as_of=company.as_of, cohort="year", age="year", measure="logo", policy=company.policy)
    started = everyone[everyone["age"] == 0]["n"].sum()
    old_enough = _two_years(company)
    return (old_enough["value"] * old_enough["n"]).sum() / started


def _pool_all_ages(company):
    table = cohort_triangle(company.subscriptions, as_of=company.as_of, cohort="year", age="year", measure="logo", policy=company.policy)
    latest = table.sort_values("age").groupby("cohort").tail(1)
    return (latest["value"] * latest["n"]).sum() / latest["n"].sum()


TRIANGLE = Exercise(
    key="triangle-average", title="Still there after two years", kind="number", unit="share", minutes=8, months=36,
    solution=two_year_average,
    accepts={"the plain mean of the cohorts, each counting the same": lambda company: _two_years(company)["value"].mean()},
    says_right="Only cohorts that have had two years may speak about two years.",
    mistakes=[
        Mistake(_pool_all_ages, "You took the last cell of every row. Those cells have different ages, and the youngest cohorts, which are often the "
                                "largest, have had the least time to leave. The gap is {gap}."),
        Mistake(_unobserved_as_lost, "You divided by all customers, also by those who have not been here for two years yet. What was not seen "
                                     "is blank, not lost. The gap is {gap}."),
    ],
    hints=["Which rows of the triangle have a cell at age 2 at all?",
           "Weigh each of those cohorts by its n: sum(value x n) / sum(n)."])


# ---------------------------------------------------------------- five-years-on

def five_years_on(company):
    return float(fit_sbg_from(company.subscriptions, as_of=company.as_of, policy=company.policy).survival(5))


def _constant_churn(company):
    first = float(fit_sbg_from(company.subscriptions, as_of=company.as_of, policy=company.policy).survival(1))
    return first ** 5


def _average_churn(company):
    start, end = last_year(company)
    return logo_retention(company.subscriptions, start, end, policy=company.policy).value ** 5


PROJECTION = Exercise(
    key="five-years-on", title="Of a hundred new customers, how many after five years?", kind="number", unit="share", minutes=6, months=26,
    solution=five_years_on, tolerance=0.003,
    says_right="The model sees that the ones who leave early were the likely ones; those who remain leave more slowly.",
    mistakes=[
        Mistake(_constant_churn, "You let the first year's loss go on for ever: {mine}. The first year carries off those who were most likely to "
                                 "leave, so those who remain leave more slowly. The gap is {gap}; "
                                 "a lifetime value built on your figure is off by all the later years."),
        Mistake(_average_churn, "You raised last year's retention of the whole base to the fifth power. The base is a mixture of old and new customers, "
                                "so it is too kind to new ones in their first year and too hard on them later. The gap is {gap}."),
    ],
    hints=["fit_sbg_from(company.subscriptions, as_of=company.as_of) gives a curve; ask it for .survival(5).",
           "survival(t) is the share of new customers still there after t renewals."])


# ---------------------------------------------------------------- what-can-rise

WHAT_RISES = Exercise(
    key="what-can-rise", title="Which of them can rise in a year in which more customers leave?", kind="choice", minutes=4,
    choices=("NRR", "GRR", "logo retention", "survivors only"),
    solution=lambda company: {"NRR", "survivors only"},
    says_right="NRR can, because expansion of others pays for the loss; the survivors' figure can, because it does not see the loss at all.",
    mistakes=[
        Mistake({"survivors only"}, "True of the survivors' figure, but NRR can rise too: one large customer who doubles outweighs many small ones who leave."),
        Mistake({"NRR"}, "True of NRR, but the survivors' figure can rise as well: it never sees who left."),
        Mistake({"NRR", "GRR"}, "GRR gives growth no credit, so nothing can pay for a loss of money. It can rise while more customers leave only if those who "
                                "leave pay less than those who left the year before; the question is about the reading that hides a loss."),
    ],
    hints=["For each of them ask: does a customer's leaving make it fall, and could something else make it rise at the same time?"])


# ---------------------------------------------------------------- board-paragraph

def _worked(company):
    start, end = last_year(company)
    value = nrr(company.subscriptions, start, end, policy=company.policy).value
    return (f"Net revenue retention, customers of {start:%d %B %Y} measured point to point on {end:%d %B %Y}, was {percent(value)}. "
            "Our customers are happy and the base carries itself. "
            f"We expect {percent(value + 0.02)} at the same date next year; the head of customer success owns the figure.")


BOARD = Exercise(
    key="board-paragraph", title="A paragraph for the board", kind="judgement", minutes=10,
    solution=lambda company: "AE", worked=_worked,
    rubric=[
        Criterion("A", "names the definition and the period", True, "point to point and both days are there."),
        Criterion("B", "says how sure it is: n or an interval", False, "neither the number of customers nor an interval is given."),
        Criterion("C", "separates leaving from growing", False, "NRR alone mixes them; there is no GRR and no count of customers lost."),
        Criterion("D", "says where: which customers stay and which do not", False, "one total, no segment."),
        Criterion("E", "makes a prediction that can be scored, with an owner", True, "a figure, a date and a name for it."),
        Criterion("F", "claims no more than the figures show", False, "NRR says nothing about being happy."),
    ],
    mistakes=[Mistake("AEF", "Look at \"happy\" again: nothing in the paragraph measures it, and the sources themselves disagree about what satisfaction is worth.")],
    hints=["Read it as the board member who has to sign the plan that rests on it. What would you ask?"])


EXERCISES = [NRR, GRR, WHAT_RISES, BY_SIZE, TRIANGLE, PROJECTION, BOARD]

QUIZZES = [
    Quiz("who-counts", "A customer signs in March and doubles its seats in October. In which NRR of the calendar year is that growth?", [
        Option("In the point-to-point NRR of the year", False, "The customer was not there when the year began, so neither its start nor its growth counts."),
        Option("In the chained monthly NRR of the year", True, "From April on it belongs to each month's base, so October's growth enters that month's rate, and the product of the twelve."),
        Option("In both", False, "Point to point looks only at those who were there on the first day."),
        Option("In neither", False, "The chained figure takes a new base each month; that is exactly where the two differ."),
    ]),
    Quiz("why-age", "The share of customers who leave falls with every year they stay. What follows?", [
        Option("Customers become more loyal with time", False, "They may, but the data would look the same if nobody ever changed: the ones most likely to leave have left."),
        Option("Those likely to leave have left first; perhaps nobody changed", True, "This sorting is all that the shifted-beta-geometric model assumes, and it fits well without any growing loyalty."),
        Option("Churn should be averaged over all ages", False, "An average over ages depends on how many young customers there are, so it moves whenever sales has a good year."),
    ]),
    Quiz("above-hundred", "A company reports NRR above 100%. Which sentence is safe?", [
        Option("It loses almost no customers", False, "It may lose many small ones and grow in a few large ones; ask for GRR and for the count."),
        Option("The customers of a year ago together pay more than then", True, "That is the definition in words, and nothing more follows from it."),
        Option("It would grow without new customers for years", False, "One year says little about the next; expansion has a ceiling, and the base grows older."),
    ]),
]
