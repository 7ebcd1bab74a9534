"""Exercises of chapter 13: solutions, the mistakes people make, hints."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pandas as pd

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.adoption import used_within
from helpers.models.product_led import grow, reach, sell
from helpers.models.product_led_measured import free_users, two_ways
from helpers.models.three_f import actives_needed, averaged, known_products, payers_needed, three_f

TABLES = ("users", "events", "invitations", "market", "costs", "headcount", "reps")


# ---------------------------------------------------------------- all-three

def all_three(company):
    return {product.name for product in known_products() if three_f(product.answers).holds}


def _two_of_three(company):
    return {product.name for product in known_products() if averaged(product.answers) > 0.5}


def _free_is_enough(company):
    return {product.name for product in known_products() if product.answers[2].holds}


ALL_THREE = Exercise(
    key="all-three", title="Which of the ten hold all three", kind="choice", minutes=5,
    choices=tuple(product.name for product in known_products()), solution=all_three,
    says_right="All three, each of them. The one with two of three is as far from the door as the one with none, though it has less to change.",
    mistakes=[
        Mistake(_two_of_three, "You let two strong answers make up for a missing one. Jira in 2017 had the function and the frequency and asked for "
                               "money at the door. Who plans on the average builds for word of mouth and waits for it in vain: the missing link is not a "
                               "third of the chain, it is the chain."),
        Mistake(lambda company: {product.name for product in known_products() if product.answers[1].holds},
                "You asked for frequency alone. People may live in a tool all day that took their firm a year to choose; without a free "
                "entry nobody could have tried it."),
    ],
    hints=["three_f(product.answers) gives a verdict; .holds is True only where all three hold.",
           "{product.name for product in known_products() if three_f(product.answers).holds}"])


# ---------------------------------------------------------------- used-in-time

def _recent(company):
    users = free_users(company.table("users"))
    return users[users["signed_up_at"] > pd.Timestamp(company.as_of) - pd.DateOffset(years=1)]


def used_in_time(company):
    users = free_users(company.table("users"))
    recent = users[users["signed_up_at"] > pd.Timestamp(company.as_of) - pd.DateOffset(years=1)]
    return used_within(recent, company.table("events"), as_of=company.as_of, hours=48)


def _of_those_who_came(company):
    hours = used_in_time(company).rows()["hours"].dropna()
    return float((hours <= 48).mean())


def _everything_is_use(company):
    return used_within(_recent(company), company.table("events"), as_of=company.as_of, not_use=("signed up",)).value


USED = Exercise(
    key="used-in-time", title="Used within 48 hours", kind="number", unit="share", minutes=6, needs=("users", "events"), solution=used_in_time,
    says_right="{right} of those who signed up. The others are the first people whom the product could win without inviting anybody new.",
    mistakes=[
        Mistake(_of_those_who_came, "You divided by those who ever came: {mine}. Those who signed up and never used it are the failure that this figure is "
                                    "there to find, and you left them out ({gap} too kind). A plan on it expects users who are gone."),
        Mistake(_everything_is_use, "You counted an invitation as use. Somebody who sends one has not yet done the job that the tool is for; a "
                                     "plan on your figure takes asking for using ({gap})."),
        Mistake(lambda company: used_within(free_users(company.table("users")), company.table("events"), as_of=company.as_of).value,
                "That is everybody who ever signed up, with all that earlier years brought, made-up users too (yours less the last twelve "
                "months: {gap}). What you would mend now is the entry as it is now."),
    ],
    hints=["free_users(users), then those whose signed_up_at lies less than a year before as_of: pd.Timestamp(seen.as_of) - pd.DateOffset(years=1).",
           "used_within(recent, events, as_of=seen.as_of) leaves out those who have not had 48 hours."])


# ---------------------------------------------------------------- what-it-changes

CHANGES = Exercise(
    key="what-it-changes", title="A survey against the verdict", kind="choice", minutes=3, choices=("function", "frequency", "free", "none"),
    solution=lambda company: "none",
    says_right="Being missed is a good sign, and chapter 12 uses it. But none of the three conditions asks how much somebody would miss it.",
    mistakes=[
        Mistake("frequency", "They would miss it. That is not how often they come: people would be very disappointed without their tax adviser, too. "
                             "A free version built on it waits for talk that never starts, since there is no occasion."),
        Mistake("function", "They would miss it, which says that it does something. Whether it stands beside the core process, so that one person may "
                            "start alone, is another question; administrators of paying customers did not start alone."),
        Mistake("free", "What they feel about it changes nothing at the door. And those asked are administrators: few of them are the people who "
                        "would have to find it by themselves."),
    ],
    hints=["Go through the three and ask of each what would have to be seen for it to be true.", "Would it be used more often because it would be missed?"])


# ---------------------------------------------------------------- in-all

def in_all(company):
    k, alone = 0.6, 100
    return alone / (1 - k)


IN_ALL = Exercise(
    key="in-all", title="What invitations bring in all", kind="number", unit="count", minutes=5, solution=in_all,
    says_right="And then it stops. To have twice as many, twice as many have to come alone; or k has to rise to 0.8.",
    mistakes=[
        Mistake(160, "You counted the first round: 60 invited. They invite 36, those 21.6, and so on (yours is {off} people {side}). A plan "
                     "that stops after one round pays too much for each user."),
        Mistake(150, "That is those who were invited, {mine}. The hundred who came alone belong to it."),
        Mistake(lambda company: 100 * 0.6 ** 10, "That is the size of the tenth round alone. The question is about all of them together."),
        Mistake(lambda company: 100 * sum(0.6 ** j for j in range(3)), "Two rounds of invitations, {mine}. The later ones are small and many "
                                                                       "(yours is {off} {side})."),
    ],
    hints=["Write down the rounds: 100, then 60, then 0.6 of those, ...", "A sum whose terms shrink by a constant factor k is the first over 1 - k."])


# ---------------------------------------------------------------- which-guess-decides

@lru_cache(maxsize=2)  # asked for once for each mistake
def _ways(company):
    return two_ways(company)


GUESSES = {"free users": "cost_per_active_month", "sign-ups": "cost_per_sign_up", "product team": "team_cost_per_month"}


def deciding_guesses(company):
    ways = two_ways(company)
    _, by_sales = reach(sell(ways.same_money(), 120), ways.target)

    def cheaper(way):
        _, by_product = reach(grow(way, 120), ways.target)
        return by_product < by_sales

    found = set()
    for name, field in GUESSES.items():
        moved = [replace(ways.product, **{field: getattr(ways.product, field) * factor}) for factor in (0.5, 2)]
        if any(cheaper(way) != cheaper(ways.product) for way in moved):
            found.add(name)
    return found or {"none of them"}


def _largest(company):
    """The guess with the largest part of the cost, whether it turns anything or not; else the one most talked about."""
    right, product = deciding_guesses(company), _ways(company).product
    fallback = max(GUESSES, key=lambda name: getattr(product, GUESSES[name]) / max(product.cost_per_active_month, 1e-9))
    return {fallback} if right == {"none of them"} else {"none of them"}


GUESS = Exercise(
    key="which-guess-decides", title="The guess that decides", kind="choice", minutes=8, needs=TABLES, choices=(*GUESSES, "none of them"),
    solution=deciding_guesses,
    says_right="What turns the answer has to be found out before the decision; guesses that turn nothing may stay guesses.",
    mistakes=[
        Mistake({"free users"}, "The cost that a section is about is not always the one that decides. Halve and double it, look each time which way is "
                                "cheaper, and do the same with the other two: a week spent on the wrong figure changes nothing that you do."),
        Mistake(_largest, "Try each alone, both halved and doubled, and compare with the same reps each time. Who guesses here either spends "
                          "weeks on a figure that decides nothing, or none on the one that does."),
        Mistake(set(GUESSES), "Not all of them. Move one at a time, the others as measured; what is found to matter only together with others "
                              "is no reason to measure all three."),
    ],
    hints=["replace(product, team_cost_per_month=product.team_cost_per_month / 2), then grow(..., 120) and reach(..., target).",
           "Is its cost below sales_cost? Was it before? A guess decides where the two answers differ.",
           "Three guesses, each halved and doubled: six lines."])


# ---------------------------------------------------------------- cost-to-target

def cost_to_target(company):
    ways = two_ways(company)
    path = grow(ways.product.with_k(1.2), 120)
    month, cost = reach(path, ways.target)
    return cost


def _at_k(company, k, **options):
    ways = _ways(company)
    return reach(grow(ways.product.with_k(k), 120), ways.target, **options)


COST = Exercise(
    key="cost-to-target", title="What the product-led way costs", kind="number", unit="money", minutes=8, needs=TABLES, solution=cost_to_target,
    says_right="With k above 1 a good part of it is people who will never pay.",
    mistakes=[
        Mistake(lambda company: _at_k(company, 1.2, free_users=False)[1],
                "You left out the users who do not pay: {mine} (yours is {off} {side}). They are served every month from the first; a budget "
                "on this figure runs out just when the growth that was hoped for sets in."),
        Mistake(lambda company: _at_k(company, _ways(company).product.k)[1],
                "That is the cost at the k of today. With better invitations the target comes sooner, and the team is paid for fewer months; there are "
                "also more people to serve (yours is {off} {side})."),
        Mistake(lambda company: _at_k(company, 1.2)[0] * _ways(company).product.team_cost_per_month,
                "That is the team alone, for the months until the target. Free users and sign-ups have to be paid for as well (yours is {off} {side}); "
                "whoever budgets people only finds the rest in the hosting bill."),
    ],
    hints=["grow(product.with_k(1.2), 120) gives the path.", "reach(path, target) gives the month and the cost, with free users counted."])


# ---------------------------------------------------------------- active-users-needed

def active_users(company):
    payers = 12_000_000 / 480
    return payers / 0.025


ACTIVES = Exercise(
    key="active-users-needed", title="Active users for a target", kind="number", unit="count", minutes=4, solution=active_users,
    says_right="A million people who really use it. If four in ten sign-ups become active, two and a half million have to sign up.",
    mistakes=[
        Mistake(lambda company: payers_needed(12e6, 480), "Those are the payers, {mine}. For each of them there are 39 more who use it and do not pay; "
                                                          "all have to be found and served."),
        Mistake(lambda company: payers_needed(12e6, 480) * 0.025, "You multiplied by the share that pays. Fewer pay than use it, so there must be more users "
                                                                  "than payers, not fewer."),
        Mistake(lambda company: actives_needed(12e6, 12 * 480, 0.025), "You took 480 for a month's price. It is a year's: with your figure, eleven twelfths "
                                                                       "of the revenue would never come."),
    ],
    hints=["How many pay 480 each, for 12 million?", "They are 2.5% of all who are active."])


# ---------------------------------------------------------------- way-to-market

def _worked(company):
    return ("We make a tool in which shift leaders plan the coming week. We go product-led for one year. Function: one leader can plan one team alone; we watched "
            "nine of twelve do it without asking anybody. Frequency: of 140 leaders in the pilot, 96 opened it in each of four weeks, 12 daily. Free: a "
            "plan for one team, without end. In the pilot each leader brought 0.7 others within a month, so users will not multiply; our two articles "
            "a month bring 60 sign-ups, and with k at 0.7 they make 200. At 900 a year and one payer in 25 active leaders, that earns "
            "about 43,000 of new ARR a year if half become active. The team of two and the articles cost 300,000 a year, which is the price of learning; "
            "hosting is negligible. "
            "If by 30 June fewer than 0.9 others come for each leader, Mara hires the first two sellers and the free plan stays as their door-opener. "
            "Since leaders love it, k will rise above 1 by summer.")


WAY = Exercise(
    key="way-to-market", title="A recommendation on the way to the market", kind="judgement", minutes=12, solution=lambda company: "ABDE", worked=_worked,
    rubric=[
        Criterion("A", "answers each of the three conditions separately, and does not average them", True, "function, frequency and free each have a "
                  "sentence of their own."),
        Criterion("B", "gives counted evidence, with the number of people behind it", True, "nine of twelve, 96 of 140, 12 of 140, and k from the pilot."),
        Criterion("C", "counts what users who do not pay cost", False, "\"hosting is negligible\" is no figure, and who answers their questions "
                  "is not asked."),
        Criterion("D", "says which shape the growth will have, and from which k", True, "0.7, so users will not multiply: 60 become 200, a straight line."),
        Criterion("E", "names the fact that would change the decision, with a figure, a day and an owner", True, "0.9 by 30 June, Mara."),
        Criterion("F", "compares with the other way at the same ARR", False, "the cost of product-led stands alone. Against how much ARR from two "
                  "sellers in that year?"),
        Criterion("G", "claims no more than is known", False, "that they love it is no reason for k to rise; the last sentence takes the wish for "
                  "the evidence, and contradicts the figure it was given."),
    ],
    mistakes=[
        Mistake("ABCDE", "Hosting is mentioned, and called negligible. Is that a count? People who use something free every week also ask questions."),
        Mistake("ABDEG", "Read the last sentence again. Which observation in the text says that k will rise?"),
        Mistake("ABDEF", "300,000 a year is named, but beside what? The same ARR by sellers stands nowhere."),
    ],
    hints=["Take the points one by one and underline the words that meet them.", "Three points are not met: one is called small, one is absent, one is a wish."])


EXERCISES = [ALL_THREE, USED, CHANGES, IN_ALL, GUESS, COST, ACTIVES, WAY]

QUIZZES = [
    Quiz("why-all-three", "A tool is complete and free; people need it twice a year. Why does Tian's test fail it, although two of three hold?", [
        Option("Because a third of the points is missing", False, "There are no points. With five conditions and four met it would fail as well."),
        Option("Because people talk about what they use, and there is no occasion", True, "Word of mouth is the engine; frequency is its fuel. Free and "
               "complete, it is found by those who search, and by few others."),
        Option("Because what is used twice a year is worth nothing", False, "It may be worth a great deal. Then it can have a price and somebody who sells it."),
        Option("Because free users would cost too much", False, "Used twice a year they cost next to nothing. The trouble is that they bring nobody."),
    ]),
    Quiz("what-bends", "Users grew by a fifth each month for a year; now growth slows, and people who have it like it as before. What does the equation look at first?", [
        Option("Whether k was ever above 1", False, "It must have been, or something else brought more each month: growth by a constant factor needs it."),
        Option("How much of the market has signed up already", True, "The same k finds fewer and fewer who have not come yet. A J becomes an S without "
               "anything having gone wrong with the product."),
        Option("Whether people have become less content", False, "Possible, but the question says that they like it as before. Look for who is left to invite."),
        Option("Whether the free version should have a price", False, "That changes what comes in, and sends some away. It does not explain the bend."),
    ]),
    Quiz("free-for-whom", "Three authors on a free entry. On which product do their rules have least to quarrel about?", [
        Option("A light tool, used daily, that firms pay for", False, "Here they part: Wu says no since firms pay, Tian yes since it is light and frequent, and Dai "
               "asks how many users there could be."),
        Option("A heavy product in a firm's core process, used monthly, for few firms", True, "Wu: firms pay. Tian: neither supporting nor frequent. Dai: not enough "
               "users can exist. Three ways of thinking, one answer."),
        Option("A diary for single people, at 300 a year", False, "Wu's no is about firms, Tian's conditions hold, and Dai's division may say no. "
               "Two reasons for yes and perhaps one for no."),
    ]),
]
