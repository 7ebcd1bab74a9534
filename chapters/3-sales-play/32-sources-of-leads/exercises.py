"""Exercises of chapter 32: solutions, the mistakes people make, hints."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.answering import bant_points, gain_of_promise, half_life, share_that_passes, with_hours
from helpers.metrics.reps import bad_years, expected_until_sure, league, pooled, rep_years
from helpers.metrics.sources import cost_per_won, elasticity, standardised
from helpers.periods import months_before
from helpers.sales import path_of
from helpers.ways import costed_leads, ends_of_ways

SALES = ("leads", "opportunities", "contracts")


@lru_cache(maxsize=4)
def _path(company):
    return path_of(company)


def _last_year(company, days):
    day = pd.Timedelta(days=1)
    return (days >= pd.Timestamp(months_before(company.as_of, 12)) + day) & (days < pd.Timestamp(company.as_of) + day)


# ---------------------------------------------------------------- best-source

def _renewal(company, column):
    ends = ends_of_ways(company)
    return standardised(ends, "left", "mode", equal=("size", "first")).set_index("mode")[column]


def best_source(company):
    return _renewal(company, "value").idxmin()


BEST = Exercise(
    key="best-source", title="The way whose customers stay", kind="choice", minutes=6, solution=best_source, needs=SALES,
    choices=lambda company: sorted(_path(company)["mode"].unique()),
    says_right="At equal size and age its customers leave least often. What they cost to win is the next question.",
    mistakes=[
        Mistake(lambda company: _renewal(company, "raw").idxmin(),
                "By raw renewal it looks best, because it brings the sizes that renew best whoever brings them. Put the small customers of this way beside the "
                "small ones of another: they leave more often. A budget moved by the raw figure buys customers who leave."),
        Mistake(lambda company: _path(company)["mode"].value_counts().idxmax(),
                "It brings most leads. How many come says nothing about how many stay."),
    ],
    hints=["Compare small customers with small ones, and first terms with first terms.",
           "standardised(ends, \"left\", \"mode\", equal=(\"size\", \"first\")) has the share that left: `raw`, and `value` at equal size and age.",
           "The way with the smallest `value`."])


# ---------------------------------------------------------------- cost-per-won

def _two_largest(company):
    return _path(company)["mode"].value_counts().index[:2]


def _second_over_first(company, column, **options):
    first, second = _two_largest(company)
    costs = cost_per_won(costed_leads(company, _path(company), **options)).set_index("mode")
    return float(costs.loc[second, column] / costs.loc[first, column])


def cost_of_second(company):
    return _second_over_first(company, "raw")


COST = Exercise(
    key="cost-per-won", title="What a unit of won yearly fees costs", kind="number", unit="ratio", minutes=6, solution=cost_of_second,
    needs=(*SALES, "marketing_spend"),
    says_right="{right} times. Money is spent to win fees, so fees belong below the line.",
    mistakes=[
        Mistake(lambda company: _second_over_first(company, "per_lead"),
                "That is the cost of a lead, {mine} times the other's. Nobody pays you for leads: some ways bring many that never sign, others few that sign "
                "large. A budget set by it is off (yours is {off} {side})."),
        Mistake(lambda company: _second_over_first(company, "per_customer"),
                "That is the cost of a customer. Closer, but a small customer and a large one count the same in it (yours is {off} {side})."),
        Mistake(lambda company: _second_over_first(company, "raw", only_money=True),
                "Marketing spend alone. The people who call, visit and are paid commission, and the partners' fees, are part of what a customer costs "
                "(yours is {off} {side})."),
    ],
    hints=["Which column of `costs` divides by the fees that were won?", "`raw` is cost / arr. Look up the row of each way.",
           "costs = costs.set_index(\"mode\"); costs.loc[second, \"raw\"] / costs.loc[first, \"raw\"]"])


# ---------------------------------------------------------------- next-money

def _most_money(company):
    since_money = costed_leads(company, _path(company), only_money=True)
    costs = cost_per_won(since_money).set_index("mode")
    return costs["cost"].idxmax(), costs


def _next(company, **options):
    name, costs = _most_money(company)
    elastic = elasticity(company.marketing_spend, company.leads, as_of=company.as_of, **options).set_index("mode")
    return float(elastic.loc[name, "value"] * costs.loc[name, "arr"] / costs.loc[name, "cost"])


def next_money(company):
    return _next(company)


def _average(company):
    name, costs = _most_money(company)
    return float(costs.loc[name, "arr"] / costs.loc[name, "cost"])


NEXT = Exercise(
    key="next-money", title="What the next unit of money brings", kind="number", unit="ratio", minutes=6, solution=next_money,
    needs=(*SALES, "marketing_spend"), tolerance=0.01,
    says_right="{right} in yearly fees for one unit more. The average is what all the money has brought; you can only spend the next.",
    mistakes=[
        Mistake(_average, "That is the average over all that was spent. The first money went to the best places; the next brings less. Whoever plans with the average "
                          "promises too much for each unit (yours is {off} {side})."),
        Mistake(lambda company: _next(company, years=False),
                "That elasticity compares months of all years, so it takes the growth of the whole company for the effect of its spending "
                "(yours is {off} {side})."),
        Mistake(lambda company: _next(company) / _average(company), "That is the elasticity, in per cent for a per cent. Times the average it becomes money for money."),
    ],
    hints=["Which way takes most money? Its row in `marginal` has the average and the elasticity's effect.",
           "next unit = elasticity * yearly fees / money.", "marginal.set_index(\"mode\").loc[most, \"value\"]"])


# ---------------------------------------------------------------- bant-count

def _leads_of_the_year(company):
    leads = company.leads
    return leads[_last_year(company, leads["created_at"])]


def passes(company):
    return share_that_passes(_leads_of_the_year(company))


def _points(test):
    return lambda company: test(bant_points(_leads_of_the_year(company)))


COUNT = Exercise(
    key="bant-count", title="Leads that pass the check", kind="number", unit="share", minutes=5, solution=passes, needs=("leads",),
    says_right="Of those that were asked. What the others would have said, nobody knows.",
    mistakes=[
        Mistake(_points(lambda points: (points >= 2).sum() / len(points)),
                "You counted leads that nobody asked as failed. Not asked is not no, and marketing would be blamed for it (yours is {off} {side})."),
        Mistake(_points(lambda points: (points.dropna() == 4).mean()), "All four is another rule than two of four: most of the leads that pass would be sent away (yours is {off} {side})."),
        Mistake(_points(lambda points: (points.dropna() == 2).mean()), "Exactly two. The rule asks for two at least; the better ones, with three and four, pass as well (yours is {off} {side})."),
        Mistake(_points(lambda points: (points.dropna() >= 1).mean()), "One of four is enough for that count. The rule asks for two (yours is {off} {side})."),
    ],
    hints=["Which leads of the last twelve months were asked at all?", "bant_points(leads) counts the letters that hold; it is empty where nobody asked.",
           "(bant_points(year).dropna() >= 2).mean()"])


# ---------------------------------------------------------------- answer-within-an-hour

def _answered(company):
    return with_hours(_path(company))


def _slowest(company):
    return _answered(company).groupby("mode")["hours"].median().idxmax()


def _waits(company):
    rows = _answered(company)
    rows = rows[rows["mode"] == _slowest(company)]
    return rows, rows.loc[_last_year(company, rows["lead"]), "hours"]


def within_an_hour(company):
    rows, hours = _waits(company)
    return gain_of_promise(hours, promise=1, half_life=half_life(rows).value)


def _fast_against_all(company):
    rows = _answered(company)
    rows = rows[_last_year(company, rows["lead"])]
    return float(rows.loc[rows["hours"] <= 1, "qualified"].mean() / rows["qualified"].mean() - 1)


def _of_the(summary):
    def naive(company):
        rows, hours = _waits(company)
        return float(2 ** ((getattr(hours, summary)() - 1) / half_life(rows).value) - 1)

    return naive


HOUR = Exercise(
    key="answer-within-an-hour", title="Nobody waits longer than an hour", kind="number", unit="share", minutes=7, solution=within_an_hour, needs=("leads",),
    says_right="{right} more qualified leads from the same leads. No campaign is needed for it; people at the telephone are.",
    mistakes=[
        Mistake(_fast_against_all, "You compared those answered within an hour with all. Ways differ in haste and in quality, so that is partly a comparison of ways "
                                   "(yours is {off} {side})."),
        Mistake(_of_the("mean"), "You put the mean wait into the formula. The loss bends: what the slowest lose is bounded, and the mean is pulled up by them: "
                                 "you promise leads that will not come (yours is {off} {side})."),
        Mistake(_of_the("median"), "You put the median wait into the formula. It does not see the long waits, in which most is lost (yours is {off} {side})."),
        Mistake(lambda company: gain_of_promise(_waits(company)[1], promise=0, half_life=half_life(_waits(company)[0]).value),
                "That is for answers in no time at all. The promise leaves everybody an hour (yours is {off} {side})."),
    ],
    tolerance=0.0005,
    hints=["Each lead has its own wait; compute for each, then add up.", "gain_of_promise(hours, promise=1, half_life=...) does that.",
           "gain_of_promise(waits[\"hours\"], promise=1, half_life=life.value)"])


# ---------------------------------------------------------------- the-weak-rep

@lru_cache(maxsize=4)
def _years(company):
    return rep_years(_path(company), company.reps, as_of=company.as_of)


def weak_rep(company):
    judged = pooled(_years(company))
    first = judged.iloc[0]
    return first["rep_id"] if first["verdict"] == "weak" else "nobody"


def _unlucky(company):
    seen = bad_years(_years(company))
    return seen["rep_id"].iloc[0] if len(seen) else "somebody else"


def _lowest_raw(company):
    return pooled(_years(company)).sort_values(["ratio", "expected"])["rep_id"].iloc[0]


WEAK = Exercise(
    key="the-weak-rep", title="Weak, or unlucky?", kind="choice", minutes=8, solution=weak_rep, needs=(*SALES, "reps"), months=26,
    choices=lambda company: ("nobody", *sorted(_years(company)["rep_id"].unique())),
    says_right="All years together, with luck allowed for. Before anything follows from it, somebody should sit in on visits and find out why.",
    mistakes=[
        Mistake(_unlucky, "One bad year. In all the other years this rep signed what colleagues signed; you would have paid a severance, a hiring and a ramp to get "
                          "rid of bad luck, and lost an average seller."),
        Mistake(_lowest_raw, "The lowest ratio of all, from a handful of leads. With so few expected a good rep has such a record as well: what is there to be believed "
                             "stands in the column `believed`."),
    ],
    hints=["A single year says little. Which table puts all years of a rep together?", "pooled(years) gives a verdict for each rep; weakest first.",
           "The rep in its first row, if the verdict is \"weak\"; otherwise \"nobody\"."])


# ---------------------------------------------------------------- leads-until-sure

def _rate(company):
    years = _years(company)
    last = years[years["year"] == years["year"].max()]
    return float(last["signed"].sum() / last["leads"].sum())


def leads_needed(company):
    return expected_until_sure() / _rate(company)


SURE = Exercise(
    key="leads-until-sure", title="How many leads before you may judge", kind="number", unit="count", minutes=6, solution=leads_needed,
    needs=(*SALES, "reps"), months=26,
    says_right="{right} leads. Divide by what a rep is given in a month, and you know for how long you must wait or what else you must look at.",
    mistakes=[
        Mistake(lambda company: expected_until_sure(), "Those are signatures that must have been expected. A rep needs many leads for each of them (yours is {off} {side})."),
        Mistake(lambda company: expected_until_sure(power=0.5) / _rate(company),
                "With so few you would notice half of those who sell half as much, and miss the others. The question asks for four in five."),
        Mistake(30, "Thirty is what people say of samples. Of thirty leads hardly any sign, so the record is nearly always luck (yours is {off} {side})."),
    ],
    hints=["How many signatures must be expected? expected_until_sure() says it for a rep who is half as good, noticed four times in five.",
           "What share of its leads did the team sign last year?", "expected_until_sure() / (last[\"signed\"].sum() / last[\"leads\"].sum())"])


# ---------------------------------------------------------------- leads-or-rep

def _worked(company):
    years = _years(company)
    year = int(years["year"].max())
    seen = league(years, year)
    last = seen.iloc[min(1, len(seen) - 1)]
    return (f"Marketing says that its leads are good, sales says that they are not, so I looked. In {year} the team signed {_rate(company):.1%} of its leads. {last['rep_id']} "
            f"was given {last['leads']} leads in that year, of the same sizes as everybody, and signed {last['signed']} where colleagues would have signed "
            f"{last['expected']:.0f}. That is {last['ratio']:.0%} of the team, far below the average, so it is the rep and not the leads. We part at the end of the month. "
            f"The other reps below the average get the same warning. By the end of next quarter the team signs a quarter more of its leads.")


JUDGE = Exercise(
    key="leads-or-rep", title="The leads or the rep?", kind="judgement", minutes=10, solution=lambda company: "ABF", worked=_worked,
    needs=(*SALES, "reps"), months=26,
    rubric=[
        Criterion("A", "compares the rep with the team, and says of which year", True, "signed against what colleagues would have signed, in a named year."),
        Criterion("B", "looks whether the rep was given leads like everybody's", True, "of the same sizes as everybody."),
        Criterion("C", "says how far below the team a rep falls by luck", False, "no interval and no other rep's luck: somebody is last in every list."),
        Criterion("D", "looks at the rep's other years", False, "one year is judged; a weak rep is weak in all of them."),
        Criterion("E", "remembers that half of a team is always below its average", False, "everybody below it is warned, so good reps are warned in equal numbers every year."),
        Criterion("F", "names a figure and a day that can be checked", True, "a quarter more of the leads, by the end of next quarter."),
    ],
    mistakes=[
        Mistake("ABCF", "Look for the interval: a percentage of the team's average is no measure of luck."),
        Mistake("ABDF", "Which other year is mentioned? One year is all that was looked at."),
        Mistake("AF", "Read the sentence on the sizes of the leads again: somebody did ask whether they were like everybody's."),
    ],
    hints=["Read it as the rep's lawyer.", "Three points are met, and none of them is about luck."])


EXERCISES = [BEST, COST, NEXT, COUNT, HOUR, WEAK, SURE, JUDGE]

QUIZZES = [
    Quiz("raw-or-equal", "Raw, one way has the best renewal of all; at equal size it has the worst. Which of the two is true?", [
        Option("The raw one: it counts what happened", False, "It did happen. But it answers who has the customers that stay, and size does most of that."),
        Option("The one at equal size: the other is wrong", False, "The raw one is no error. It is the answer to another question."),
        Option("Both: one says whose customers stay, the other what the way adds", True,
               "A plan of next year's renewals needs the first. A choice between ways, for customers whose size you choose as well, needs the second."),
    ]),
    Quiz("who-sows", "Everybody agrees that recommendations are the best leads, and their number has not grown in two years. What do you look at first?", [
        Option("Whether customers are satisfied", False, "Perhaps. But a satisfied customer whom nobody asks recommends nobody; first see whether anybody asks."),
        Option("Whose pay or figure rises when a customer recommends us", True,
               "If it is nobody's, the trap of responsibility has closed: those who could sow do not harvest, and the others have no time."),
        Option("Whether the reward for recommending is high enough", False, "A reward works on those who are asked. Somebody has to ask."),
    ]),
    Quiz("half-below", "In a team of twenty equally good reps, how many sign less than the average in a given year?", [
        Option("None", False, "They are equally good, not equally lucky."),
        Option("About ten", True, "By luck alone. So \"below the average\" is no finding; how far below, and how often, may be one."),
        Option("One or two", False, "So few would be far below. Below at all is about every second one."),
    ]),
]
