"""Exercises of chapter 12: solutions, the mistakes people make, hints."""

from __future__ import annotations

import math

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.evidence import (
    find_then_test, loops_that_fit, named_unprompted, needs_by_style, prompting, sample_size, sample_size_two_groups, with_rounds,
    with_style)
from helpers.metrics.market import market_questions
from helpers.metrics.uncertainty import wilson_interval

TALKS = ("interviews", "interview_needs")


def _talks(company):
    return company.table("interviews"), company.table("interview_needs")


# ---------------------------------------------------------------- seven-of-twelve

def least_share(company):
    low, high = wilson_interval(7, 12)
    return low


def _wald_low():
    return 7 / 12 - 1.96 * math.sqrt(7 / 12 * 5 / 12 / 12)


SEVEN = Exercise(
    key="seven-of-twelve", title="Seven of twelve", kind="number", unit="share", minutes=4,
    solution=least_share,
    says_right="Seven of twelve is strong evidence against one in ten, and none against one in three. It depends on what you would have "
               "called a failure, so say that first.",
    mistakes=[
        Mistake(7 / 12, "You gave the rate, {mine}, without its interval. Twelve talks leave room for a share that is lower by the gap, "
                        "{gap}; who sizes the market by the rate alone may build for half the people he believes in."),
        Mistake(lambda company: wilson_interval(7, 12)[1], "That is the upper end, the kindest share that these talks allow. Asked for is "
                "the lower one, {gap} away: it is what you can still rely on when luck was with you."),
        Mistake(lambda company: wilson_interval(70, 120)[0], "That is the lower end for 70 of 120, which is the same rate from ten times "
                "the talks. With twelve you know less than you claim, by {gap}, and you would stop asking too early."),
        Mistake(lambda company: _wald_low(), "You used the textbook's rate and 1.96 standard errors. It is off by {gap} here, and gets "
                "worse where it is needed most: for 0 of 12 it gives no interval at all."),
    ],
    hints=["An interval has two ends; which of them says how few it may be?", "wilson_interval of helpers.metrics.uncertainty takes how many did, and "
           "of how many.", "wilson_interval(7, 12)[0]"])


# ---------------------------------------------------------------- prompted-out

def unprompted_share(company):
    interviews, interview_needs = company.table("interviews"), company.table("interview_needs")
    return named_unprompted(interviews, interview_needs)


def _top(company):
    return needs_by_style(*_talks(company)).iloc[0]


PROMPTED = Exercise(
    key="prompted-out", title="The most named need, without prompting", kind="number", unit="share", minutes=6, needs=TALKS,
    solution=unprompted_share,
    says_right="That many brought it up themselves, out of those who had the chance to.",
    mistakes=[
        Mistake(lambda company: _top(company)["share_all"],
                "You counted answers to a list among those that came unasked: {mine}. The list lends {gap}, and a plan for customers "
                "built on it looks for buyers who only nodded."),
        Mistake(lambda company: _top(company)["share_list"], "That is the share among people who were shown the list. It measures the list: "
                "{gap} more than came of itself."),
        Mistake(lambda company: named_unprompted(*_talks(company), asked="anyhow").value,
                "Above the line only unprompted answers, good; below the line everybody, also those who were shown a list and had no "
                "chance to name it unasked. That is too little ({gap}), and a real need may be dropped for it."),
    ],
    hints=["Two things have to go: prompted answers above the line, and talks with a list below it.",
           "with_style marks each talk as open or list.", "named_unprompted(interviews, interview_needs) takes the most named need by itself."])


# ---------------------------------------------------------------- list-factor

def list_factor(company):
    talks = with_style(company.table("interviews"), company.table("interview_needs"))
    named = company.table("interview_needs").groupby("interview_id").size()
    in_talk = talks["interview_id"].map(named).fillna(0)      # who named nothing counts as 0
    by_style = in_talk.groupby(talks["style"]).mean()
    return by_style["list"] / by_style["open"]


def _without_silence(company):
    talks = with_style(*_talks(company))
    named = talks["interview_id"].map(company.table("interview_needs").groupby("interview_id").size()).dropna()
    by_style = named.groupby(talks["style"]).mean()
    return by_style["list"] / by_style["open"]


FACTOR = Exercise(
    key="list-factor", title="What a list adds", kind="number", unit="ratio", minutes=6, needs=TALKS,
    solution=list_factor,
    says_right="Divide what a list brings by this, and hope for no more. It holds for this list and these people.",
    mistakes=[
        Mistake(_without_silence, "You left out the talks in which nothing was named. Silence is an answer too, and it nearly always comes "
                "where no list is shown: your factor is off by {gap}, in favour of the list."),
        Mistake(lambda company: 1 / prompting(*_talks(company)).value, "That is open talks over talks with a list. Turned round, it says how "
                "much of a list's answers would have come unasked."),
        Mistake(lambda company: prompting(*_talks(company)).value - 1, "That is how much is added, {mine} times the open talks. Asked for is "
                "the factor itself, one more."),
    ],
    hints=["How many needs does a talk of each style hold on average?", "Talks that named nothing are not in interview_needs, but they "
           "belong below the line.", "prompting(interviews, interview_needs) does it, with an interval."])


# ---------------------------------------------------------------- tested-again

def tested(company):
    interviews = with_rounds(company.table("interviews"))
    found, tested_later = find_then_test(interviews, company.table("interview_needs"), order="round")
    return tested_later


def _found(company):
    interviews, needs = _talks(company)
    return find_then_test(with_rounds(interviews), needs, order="round")[0]


def _pooled(company):
    interviews, needs = _talks(company)
    need = _found(company).name.split(": ", 1)[1]
    return named_unprompted(interviews, needs, need).value


AGAIN = Exercise(
    key="tested-again", title="The same need, asked of others", kind="number", unit="share", minutes=6, needs=TALKS,
    solution=tested,
    says_right="These people had no part in the choice, so their share is not flattered by it.",
    mistakes=[
        Mistake(_found, "Those are the talks that the need was chosen from. Of many needs the luckiest stands on top, so its share there is "
                        "flattered; in the talks that came later it differs by {gap}. A team that stops here builds the winner of a "
                        "lottery."),
        Mistake(_pooled, "You mixed the talks that the need was chosen from with those that test it: {mine}. A part of the flattery stays in "
                         "({gap})."),
    ],
    hints=["Which round of talks came after the choice?", "find_then_test gives two results: what was found, and what came when it was "
           "tested.", "find_then_test(interviews, interview_needs, order=\"round\")[1]"])


# ---------------------------------------------------------------- ten-or-twenty

def talks_needed(company):
    test = sample_size(0.10, 0.20, alpha=0.05, power=0.80)
    return test.n


def _by_normal():
    return math.ceil(((1.6449 * math.sqrt(0.1 * 0.9) + 0.8416 * math.sqrt(0.2 * 0.8)) / 0.1) ** 2)


SAMPLE = Exercise(
    key="ten-or-twenty", title="Telling 10% from 20%", kind="number", unit="count", minutes=6, tolerance=0.5,
    solution=talks_needed,
    says_right="Most teams stop after a dozen. For visitors of a page that is a morning; for talks it is weeks, so look for a larger "
               "difference.",
    mistakes=[
        Mistake(lambda company: sample_size_two_groups(0.1, 0.2), "That is for comparing two groups, each of that size, where both shares are "
                "unsure. Here one share is held against a fixed mark; asking {gap} more people costs weeks that you do not have."),
        Mistake(lambda company: _by_normal(), "That is the normal approximation. It is short by {off}: with so few, the exact test "
                "would find a true 20% less often than you asked for."),
        Mistake(lambda company: math.ceil(1.96**2 * 0.2 * 0.8 / 0.1**2), "That many give an interval of ten points on either side of 20%. In "
                "half of all rounds where 20% is true the interval would still reach down to 10% (yours is {off} {side})."),
    ],
    hints=["Two errors are given: 5% for passing by mistake, 20% for dropping by mistake.",
           "sample_size(mark, hoped, alpha=..., power=...)", "sample_size(0.10, 0.20).n"])


# ---------------------------------------------------------------- loops-that-fit

PLAN = {"window_weeks": 26, "money": 600_000, "talks_per_week": 12, "weeks_to_build": 3, "cost_per_week": 45_000, "cost_per_talk": 500}


def loops(company):
    plan = loops_that_fit(36, window_weeks=26, money=600_000, talks_per_week=12, weeks_to_build=3,
                          cost_per_week=45_000, cost_per_talk=500)
    return plan.fit


LOOPS = Exercise(
    key="loops-that-fit", title="Loops that fit", kind="number", unit="count", minutes=5, tolerance=0.05,
    solution=loops,
    says_right="Money ends before the window does. Smaller loops, or cheaper weeks, buy the third try.",
    mistakes=[
        Mistake(lambda company: loops_that_fit(36, **PLAN).by_time, "That many fit the window. The money ends earlier: the plan promises "
                "{gap} loops that nobody can pay for."),
        Mistake(lambda company: math.floor(26 / 3), "You counted the weeks of talks, or the weeks of building, and left out the other. A "
                "loop is both; with {gap} loops too many on paper, each of them gets skipped in turn."),
        Mistake(lambda company: 600_000 / loops_that_fit(36, **PLAN).cost, "That is not a whole number. A part of a loop is paid for and "
                "teaches nothing."),
        Mistake(lambda company: math.floor(600_000 / (3 * 45_000 + 36 * 500)), "Weeks cost money while people talk as well as while they "
                "build. You paid for half of them, and planned {gap} loops more than there is money for."),
    ],
    hints=["How many weeks is one loop, talks and building together? What does it cost?", "Window over weeks, money over cost; then the "
           "smaller, whole.", "loops_that_fit(36, window_weeks=26, money=600_000, ...).fit"])


# ---------------------------------------------------------------- forty-of-thirty

def answers_needed(company):
    counts = range(31)
    return min(k for k in counts if wilson_interval(k, 30)[0] >= 0.40)


FORTY = Exercise(
    key="forty-of-thirty", title="Forty per cent of thirty", kind="number", unit="count", minutes=4, tolerance=0.05,
    solution=answers_needed,
    says_right="Three in five of thirty, to be sure of two in five. With fewer the answer is: more likely than not, ask again.",
    mistakes=[
        Mistake(12, "Twelve are 40% of thirty. A product with 30% would reach that in about one survey in six, so the share is no proof "
                    "yet; you are short by {off}, and a round of hiring may rest on it."),
        Mistake(lambda company: min(k for k in range(101) if wilson_interval(k, 100)[0] >= 0.40), "That is for a hundred answers. Of thirty "
                "that many cannot even be."),
        Mistake(lambda company: min(k for k in range(31) if wilson_interval(k, 30)[1] >= 0.40), "From there on 40% is still possible, since "
                "the upper end reaches it. Asked for is when it is the least that is possible ({gap})."),
    ],
    hints=["Which end of the interval has to reach 40%?", "Try wilson_interval(k, 30)[0] for k from 12 on."])


# ---------------------------------------------------------------- who-lives

def _year(company):
    if company.has("interviews"):
        return company.table("interviews")["held_on"].max().year
    return company.as_of.year


def share_that_lives(company):
    answers = market_questions(company.table("competitors"), year=_year(company)).set_index("question")
    return answers.loc["living", "value"]


def _living(company, keep):
    players = company.table("competitors")
    players = players[keep(players)]
    return players["state"].isin(["growing", "stable"]).mean() if len(players) else math.nan


LIVES = Exercise(
    key="who-lives", title="How do they live?", kind="number", unit="share", minutes=5, needs=("competitors",),
    solution=share_that_lives,
    says_right="Of those who had time to fail, so many did not.",
    mistakes=[
        Mistake(lambda company: _living(company, lambda p: (_year(company) - p["founded"] >= 3) & ~p["state"].isin(["closed", "sold"])),
                "You asked those who are still there: {mine}. The closed and the sold have no stand at the fair, and they are the ones who "
                "know what the market does to newcomers. They make a difference of {gap}."),
        Mistake(lambda company: _living(company, lambda p: p["founded"] > 0),
                "You counted the young ones too. In its first three years a company lives on its investors, which says nothing about the "
                "market ({gap})."),
        Mistake(lambda company: 1 - _living(company, lambda p: _year(company) - p["founded"] >= 3),
                "Those are the ones who do not live on it. Asked for is the other side."),
    ],
    hints=["Who has been there for three years or more, in the year of the talks?", "Growing and stable count as living; struggling, sold "
           "and closed do not, but they stay below the line.", "market_questions(competitors, year=year), the row called living."])


# ---------------------------------------------------------------- test-plan

def _worked(company):
    test = sample_size(0.2, 0.4)
    return (f"We believe that site managers lose new staff in the first week for want of a plan. We talk to {test.n} managers whom none of us "
            f"knows, from a list drawn by lot, and ask how their last new colleague's first week went; no product is mentioned and no list "
            f"is shown. Two of us mark each talk apart, from the notes. From {test.passes} managers on who bring the need up themselves we "
            f"build; with fewer we drop it. If one in five has the need we would build by mistake {test.false_pass:.0%} of the time; if two in "
            f"five have it we would drop it by mistake {test.false_drop:.0%} of the time. We look at the count every Friday, to know where we "
            "stand, and if the first ten go well we may start to build, since time is short. The last talk is held on 30 April, whatever "
            "comes.")


DESIGN = Exercise(
    key="test-plan", title="A plan for the next test", kind="judgement", minutes=10,
    solution=lambda company: "ABCDF", worked=_worked,
    rubric=[
        Criterion("A", "says what is believed, and of whom", True, "a named group and what it loses."),
        Criterion("B", "asks people who owe nobody a kindness, chosen by a rule", True, "unknown to the team, drawn by lot."),
        Criterion("C", "keeps the need out of the question", True, "about the last time, without product or list."),
        Criterion("D", "has a number asked and a pass mark, with both errors", True, "all four stand there."),
        Criterion("E", "stops by its rule, not by its luck", False, "a look every Friday and a start after ten good talks: that is the naive "
                "reader's rule, whatever it is called."),
        Criterion("F", "says when it ends and what happens then, either way", True, "a last day, build from the mark on, else drop."),
        Criterion("G", "asks for something that costs: time, data, money", False, "nobody has to give anything. A need that is named is not "
                "yet a need that is paid for."),
    ],
    mistakes=[
        Mistake("ABCDEF", "Read the sentence about Fridays again. How often would a worthless idea get through if ten good talks are enough?"),
        Mistake("ABCDFG", "What does a manager have to give up to be counted? Only half an hour of talk: G is not met, and the first invoice "
                          "would be the first time anybody is asked."),
    ],
    hints=["Underline the words that meet each point.", "Two are not met. One is in the longest sentence; the other is not there at all."])


EXERCISES = [SEVEN, PROMPTED, FACTOR, AGAIN, SAMPLE, LOOPS, FORTY, LIVES, DESIGN]

QUIZZES = [
    Quiz("strongest-sign", "Four managers, four sentences. Which one would you bet on?", [
        Option("\"I would certainly buy that.\"", False, "A forecast about herself, made to somebody who hopes for it. It costs nothing to say."),
        Option("\"I pay a student every month to keep the list by hand.\"", True, "A payment, already made, for living with the problem. Nobody does that "
               "out of kindness to you."),
        Option("\"You should add reminders and a link to the till.\"", False, "Wishes come easily, and Wu Hao warns of collecting them: they say what could be "
               "built, not what hurts."),
        Option("\"Yes, that is a problem\", when asked whether it is one", False, "The question held the answer. Whoever is asked about a problem has it."),
    ]),
    Quiz("honest-look", "You want to look at the count after every talk. What keeps the test honest?", [
        Option("Nothing can: never look", False, "You may look, and even stop, if the marks were made for it. Wald showed how in 1945."),
        Option("Marks, set beforehand, that are stricter early on", True, "A mark for each number of talks, to stop above or below. They allow for all the "
               "looks together."),
        Option("Stopping only when the share is above the pass share", False, "That is just what goes wrong: with a look after every talk a worthless idea "
               "is above it at some moment in more than a third of all rounds."),
        Option("Waiting for at least five talks", False, "It helps a little. The other looks remain."),
    ]),
    Quiz("empty-market", "You find no other player in the market. What have you learned?", [
        Option("That it is free: go", False, "Perhaps. It may also feed nobody, or be named otherwise, or have buried its players before you looked."),
        Option("That there is no demand: avoid", False, "Perhaps. Somebody has to be first. Payments for makeshifts would tell."),
        Option("Little: look for how the problem is paid for today, and for those who tried and closed", True, "An empty table is an unanswered question. "
               "Money spent on makeshifts, and the graves, answer it."),
    ]),
]
