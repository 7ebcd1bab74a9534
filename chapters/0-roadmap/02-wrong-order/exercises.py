"""Exercises of chapter 02: solutions, the mistakes people make, hints."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.founding import SALES, founding_of, supply_of, waiting_for_one
from helpers.metrics.starvation import leanest_year
from helpers.models.wrong_order import Rebuild, binding, blamed, draw_luck, money_needed, rescue, schedule, simulate
from helpers.sales import team_of


@lru_cache(maxsize=2)  # an exercise asks for it once for each of its mistakes
def stage(company):
    """The founding company of the chapter with its money."""
    seen = founding_of(company).founding
    return replace(seen, cash=money_needed(seen, luck=draw_luck(np.random.default_rng(2))))


def few():
    """The futures in which the chapter tries changes."""
    return draw_luck(np.random.default_rng(3), paths=1000)


# ---------------------------------------------------------------- binding-month-by-month

WATCHED = range(3, 25, 3)


def _by_month(states):
    return pd.DataFrame({"month": list(WATCHED), "binding": [str(states[month - 1]) for month in WATCHED]})


def what_binds(company):
    """The first link that is not ready: product, play, then leads or reps; cash once it is gone."""
    early = simulate(stage(company), schedule("sales too early"))
    held = binding(early)[:, 0]
    months = range(3, 25, 3)
    return pd.DataFrame({"month": months, "binding": [held[month - 1] for month in months]})


def _early(company):
    return simulate(stage(company), schedule("sales too early"))


def _reps_or_leads(company):
    paths = _early(company)
    states = np.where(paths.cash <= 0, "cash", np.where(paths.leads < paths.capacity, "leads", "reps"))[:, 0]
    return _by_month(states)


def _effort(company):
    """Blames the team from the day on which it is there."""
    paths = _early(company)
    states = np.where(paths.cash <= 0, "cash", np.where(paths.reps > 0, "reps", "product"))[:, 0]
    return _by_month(states)


BINDING = Exercise(
    key="binding-month-by-month", title="What holds it back, month by month", kind="table", minutes=8, keys=("month",),
    solution=what_binds,
    says_right="Only one of these links can be mended in any month with any use. The money spent on the others bought nothing.",
    mistakes=[
        Mistake(lambda company: _by_month(blamed(_early(company))),
                "You named what happened last: hiring, a launch, people leaving, the bank balance. Those are the months in which something became "
                "visible. What held the company back had begun before, and whoever mends the visible thing pays for it and waits another quarter."),
        Mistake(_reps_or_leads, "You compared leads with what could be worked from the first month on. While the product or the play is not ready more leads "
                                "and more people sell hardly anything, and what they sell is not kept: that money is spent a second time later."),
        Mistake(_effort, "You named the salespeople from the day they were there. They could not sell a product that was not ready, and later had few leads; to "
                         "replace them is a months' cost for each, and changes nothing."),
    ],
    hints=["Go along the chain: product (0.8 or more is ready), then play, then leads against capacity. Stop at the first that fails.",
           "np.select takes a list of conditions and a list of words, and stops at the first that is true. Cash comes before all: a company without money is over.",
           "np.select([early.cash <= 0, early['product'] < 0.8, early.play < 0.8, early.leads < early.capacity], ['cash', 'product', 'play', 'leads'], 'reps')"])


# ---------------------------------------------------------------- which-wait

def which_wait(company):
    shares = waiting_for_one(stage(company), "sales too early", luck=few())
    return max(shares, key=shares.get)


WAIT = Exercise(
    key="which-wait", title="The one thing to wait for", kind="choice", minutes=5, choices=("product", "play", "leads"),
    solution=which_wait,
    says_right="In this model the size of the team is what eats the money, and leads set its size. Waiting for readiness alone puts the same team off by some months.",
    mistakes=[
        Mistake("product", "It is what most people say, and it helps: the team comes some months later. But it comes as large as before, and the leads feed a few of "
                           "it. The rest is paid every month for nothing."),
        Mistake("play", "Two people write the play, and that saves the others' pay until it is ready. Then all the others come at once, to leads that feed a few."),
    ],
    hints=["Which of the three limits how many people are paid, and which only when they come?",
           "waiting_for_one(founding, 'sales too early', luck=few) gives the share that survives for each."])


# ---------------------------------------------------------------- last-day-to-decide

@lru_cache(maxsize=2)
def _rescued(company):
    return rescue(stage(company), "leads do not follow", luck=few())


def last_to_decide(company):
    found = rescue(stage(company), "leads do not follow", luck=few())
    months_to_act = 3
    return found.month(0.75) - months_to_act


def _money_ends(company):
    return float(np.median(np.minimum(simulate(stage(company), schedule("leads do not follow"), luck=few()).end, 60)))


LAST = Exercise(
    key="last-day-to-decide", title="The last month in which to decide", kind="number", unit="count", minutes=6, tolerance=0.4,
    solution=last_to_decide,
    says_right="In that month revenue is rising, there is money in the bank, and nobody asks for a decision.",
    mistakes=[
        Mistake(lambda company: _rescued(company).month(0.75), "That is the last month in which the change itself may come. A board that begins to talk in month {mine} acts "
                                                               "three months later, when the odds it asked for are gone (yours is {off} {side})."),
        Mistake(lambda company: _rescued(company).month(0.5) - 3, "You took the month for one future in two. Three in four were asked for; at yours ({off} months later) the "
                                                                  "company lives or dies by the toss of a coin."),
        Mistake(lambda company: _rescued(company).month(0.5), "One future in two, and the three months until something happens forgotten: {mine} is off by {gap}, in the "
                                                              "wrong direction twice."),
        Mistake(_money_ends, "That is when the money is gone in the middle future. There is nothing left to decide then (yours is {off} {side})."),
    ],
    hints=["rescues['leads do not follow'].month(share) is the last month in which a change still saves that share of the futures.",
           "The change comes three months after the decision."])


# ---------------------------------------------------------------- leads-per-rep

def _years(company):
    return supply_of(team_of(company)).set_index("year")


def leads_in_the_leanest_year(company):
    supply = supply_of(team_of(company))
    return leanest_year(supply).value


def _lean_row(company):
    years = _years(company)
    return years.loc[leanest_year(years.reset_index()).year]


def _year_end(company):
    row, months = _lean_row(company), team_of(company)
    back = 12 * int(_years(company).index.max() - row.name)
    return float(row["n"] / 12 / months["reps"].iloc[len(months) - 1 - back])


PER_REP = Exercise(
    key="leads-per-rep", title="Leads for each salesperson in the leanest year", kind="number", unit="ratio", minutes=5, needs=SALES,
    solution=leads_in_the_leanest_year,
    says_right="A figure that takes two counts and a division, and that nobody is asked for while revenue rises.",
    mistakes=[
        Mistake(lambda company: float(_lean_row(company)["value"] * _lean_row(company)["reps_per_mature"]),
                "You divided by those who had learned the trade. The new ones are paid and must eat as well: {mine} is too kind by {gap} leads each, and most of "
                "all in the months after a class was hired."),
        Mistake(_year_end, "You divided by the heads on the last day of the year. A team that grew or shrank within the year had others on average ({gap} leads each)."),
        Mistake(lambda company: float(_years(company)["value"].iloc[-1]), "That is the last year, not the leanest one (yours is {off} {side})."),
    ],
    hints=["Leads of the year over the months that all salespeople were there, learners too.",
           "It is the column `value` of supply, and leanest_year(supply) finds the row."])


# ---------------------------------------------------------------- fed-team

def team_that_was_fed(company):
    supply = supply_of(team_of(company))
    lean = leanest_year(supply)
    leads = supply.set_index("year").loc[lean.year, "n"]
    return leads / 12 / lean.beside


def _before(company):
    years, row = _years(company), _lean_row(company)
    return float(years["reps"].get(row.name - 1, years["reps"].iloc[0]))


FED = Exercise(
    key="fed-team", title="The team that those leads would have fed", kind="number", unit="ratio", minutes=6, needs=SALES, tolerance=0.06,
    solution=team_that_was_fed,
    says_right="Hold it beside the team that was there: the difference was paid, trained and sent to sell, month after month.",
    mistakes=[
        Mistake(lambda company: float(_lean_row(company)["reps"]), "That is the team that was there, with whatever leads it got. Asked for is how many could have had as many as in the "
                                                                   "neighbouring years (yours is {off} people {side})."),
        Mistake(lambda company: _before(company) * 2, "Twice the team of the year before is a plan, not a count. The leads that came decide (yours is {off} people {side})."),
        Mistake(lambda company: float(_lean_row(company)["n"] / 12 / (_years(company)["value"] * _years(company)["reps_per_mature"]).mean()),
                "You fed only people who were through their ramp. A team that grows always has learners, and they need leads too (yours is {off} people {side})."),
    ],
    hints=["How many leads came in a month of that year? How many did one salesperson have in the years beside it?",
           "leads / 12 / lean.beside"])


# ---------------------------------------------------------------- rebuild-cost and rebuild-gain

REBUILD = Rebuild(months_still=2, months_back=4, leaving=0.2, months_to_replace=5)


def _last_team(company):
    """Mature salespeople and what one of them signs in a month, over the last year."""
    last = team_of(company).tail(12)
    return float(last["mature"].mean()), float(last["amount"].sum() / last["mature"].sum())


def price_of_a_rebuild(company):
    last_year = team_of(company).tail(12)
    heads = last_year["mature"].mean()
    output = last_year["amount"].sum() / last_year["mature"].sum()
    rebuild = Rebuild(months_still=2, months_back=4, leaving=0.2, months_to_replace=5)
    return rebuild.cost(heads, output)


def _lost(company, months):
    heads, output = _last_team(company)
    return heads * months * output


COST = Exercise(
    key="rebuild-cost", title="What a rebuild costs", kind="number", unit="money", minutes=7, needs=SALES,
    solution=price_of_a_rebuild,
    says_right="New yearly fees that will not be there, and with them every renewal they would have had.",
    mistakes=[
        Mistake(lambda company: _lost(company, 2), "You counted the months in which nothing is sold. The way back and the places of those who leave cost more than the standstill: your figure is off by {gap}, "
                                                   "and it is the figure on which rebuilds get approved."),
        Mistake(lambda company: _lost(company, 4), "The way back is in, those who leave are not. Upheaval sends people away, and a new one needs months (your figure is off by {gap})."),
        Mistake(lambda company: _lost(company, 7), "On the way back half of the output is there on average, so four months of it cost two (your figure is off by {gap})."),
        Mistake(lambda company: _last_team(company)[0] * 2 * founding_of(company).founding.rep_cost,
                "You counted pay. It is paid with a rebuild and without one. What a rebuild costs is what these people would have signed meanwhile (your figure is off by {gap})."),
    ],
    hints=["Productive months lost for each head: still, half of the way back, and for the share who leave the months until somebody sits in their place.",
           "2 + 4 / 2 + 0.2 x 5 = 5 months, times mature salespeople, times what one of them signs in a month."])


def gain_it_must_bring(company):
    rebuild = Rebuild(months_still=2, months_back=4, leaving=0.2, months_to_replace=5)
    return rebuild.gain_needed(24, steady=0.005)


GAIN = Exercise(
    key="rebuild-gain", title="What it must bring", kind="number", unit="share", minutes=6, tolerance=0.002,
    solution=gain_it_must_bring,
    says_right="And it must bring it for good, from the month in which all are back.",
    mistakes=[
        Mistake(lambda company: REBUILD.gain_needed(24), "You compared with standing still. Those who do not rebuild go on improving a little each month, and a rebuild gives that up: the bar is higher "
                                                         "(yours is {off} {side})."),
        Mistake(lambda company: REBUILD.lost / 24, "You spread the loss over all 24 months. It has to be earned in the months that are left, which are fewer (yours is {off} {side})."),
        Mistake(lambda company: Rebuild(2, 0).gain_needed(24, steady=0.005), "Only the standstill is in. The way back and those who leave raise the bar (yours is {off} {side}): a rebuild approved on "
                                                                            "your figure is under water after two years."),
    ],
    hints=["Without a rebuild: output grows by half a percent a month for 24 months. With it: nothing for the months lost, then 1 + g.",
           "(1 + g) x (24 - 5) must be what steady work adds up to.", "Rebuild(...).gain_needed(24, steady=0.005)"])


# ---------------------------------------------------------------- half-year-memo

MEMO_TEXT = (
    "We missed the plan for the half-year. Each of us had 21 leads a month, after 23 in the half-year before, and of a hundred leads we signed five, as before: so it is neither the leads nor that people have become "
    "worse at selling. Two things are not ready: nobody but the founders can show the new module, and the follow-up after the first visit is written nowhere. Until both are done we hire nobody; the four places that "
    "are open stay open. The two who know the module write the page, with a customer each, by the end of March. If by then two people who did not write it have signed with that page in hand, we fill two of the "
    "places. In the meantime we change the commission plan, since the team needs a sign that something happens.")


MEMO = Exercise(
    key="half-year-memo", title="Why we missed the half-year", kind="judgement", minutes=12, solution=lambda company: "ABCD", worked=lambda company: MEMO_TEXT,
    rubric=[
        Criterion("A", "looks for the first link that is not ready, instead of the last thing that happened", True, "goes along leads, signing, product and play, and stops at what is not ready."),
        Criterion("B", "separates how much people were given from what they made of it", True, "leads each, and signatures of a hundred leads."),
        Criterion("C", "stops spending on the links behind the one that binds", True, "hires nobody until both are done; open places stay open."),
        Criterion("D", "says what would show that the link is ready, and by when", True, "two who did not write it have signed with it, by a day."),
        Criterion("E", "changes one thing at a time", False, "the commission plan is changed in the same months. If results move, nobody will know why, and a new plan is a small rebuild of its own."),
        Criterion("F", "says until which month the mistake can still be mended, and how long the money lasts", False, "no word on cash. In the next cell you give a day."),
    ],
    mistakes=[
        Mistake("ABCDE", "Read the last sentence again. A new commission plan is a second change, made for the sake of a sign."),
        Mistake("ABCDEF", "Two of these are not met. Where does the memo say how long the money lasts, and what does its last sentence do?"),
        Mistake("ABC", "\"If by then two people who did not write it have signed\" is a test with a day: D is met."),
    ],
    hints=["Take the points one by one and underline the words that meet them.", "Two are not met: one about money, one about the last sentence."])


EXERCISES = [BINDING, WAIT, LAST, PER_REP, FED, COST, GAIN, MEMO]

QUIZZES = [
    Quiz("first-sign", "A team was doubled and the leads did not follow. Which figure shows it first?", [
        Option("Cash", False, "Cash follows the pay of people who sell little, month after month. It is late, and it looks the same in all three deaths."),
        Option("ARR", False, "It may even rise faster for a while: more people work the same leads a little better, and old customers go on paying."),
        Option("Leads for each salesperson", True, "It falls on the day the team grows, before anybody has sold less. Two counts and a division."),
        Option("The share of leads that sign", False, "It stays where it is, or rises, since fewer leads are looked after by more people. It is the figure that clears the salespeople."),
    ]),
    Quiz("closed-doors", "A product was built behind closed doors. Why does it cost more to ask customers after the first version than while building it?", [
        Option("Because customers answer more slowly once there is a product", False, "They may even answer faster. What differs is what waits meanwhile."),
        Option("Because building and asking now come one after the other, and people hired for the launch are paid while they wait", True,
               "The same months of asking, at a higher burn, and with the growth of as many months gone."),
        Option("Because a product cannot be changed any more", False, "It can; Wu Hao's example takes six months of it. The months are what is missing."),
    ]),
    Quiz("same-luck", "Why do the four companies meet the same luck, instead of luck of their own?", [
        Option("So that the averages come out equal", False, "With enough futures the averages would come out equal anyway."),
        Option("So that what differs between them in one future comes from their decisions", True, "Each future is a pair, or here a foursome: the lucky month of the one is the lucky month of the others."),
        Option("Because luck does not matter over five years", False, "Look at the share of futures that survive: it does. That is why it is held equal."),
    ]),
]
