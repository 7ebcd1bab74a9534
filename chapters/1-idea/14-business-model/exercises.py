"""Exercises of chapter 14: solutions, the mistakes people make, hints."""

from __future__ import annotations

import math
from functools import lru_cache

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.models.ceiling import market_by_segment, prices_by_segment, share_that_signs, yearly_fees
from helpers.models.rocket import Rocket, Stage, break_even, dearest_leak, leaks
from helpers.models.value_price import first_deals, lift_to_believe, price_ratios, saved_by_account
from helpers.show import money


# ---------------------------------------------------------------- value-price

@lru_cache(maxsize=2)
def _saved(company):
    """The measured accounts of the size that measured most."""
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    table = saved_by_account(company.table("value"), as_of=company.as_of).merge(fees, on="customer_id")
    table = table.merge(company.customers[["customer_id", "employees", "size"]], on="customer_id")
    return table[table["size"] == table["size"].value_counts().idxmax()]


def value_price(company):
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    saved = saved_by_account(company.table("value"), as_of=company.as_of).merge(fees, on="customer_id")
    saved = saved.merge(company.customers[["customer_id", "size"]], on="customer_id")
    kind = saved["size"].value_counts().idxmax()
    return saved.loc[saved["size"] == kind, "worth"].median() / 3


VALUE = Exercise(
    key="value-price", title="A price as a tool", kind="number", unit="money", minutes=6, needs=("value",), solution=value_price,
    says_right="At that price every second of them would still have three back for one, in hours alone.",
    mistakes=[
        Mistake(lambda company: _saved(company)["worth"].mean() / 3,
                "You took the mean. A few accounts with very large savings pull it up, so at {mine} fewer than half get three back: the price is {gap} off, "
                "and every deal in between starts with a discount."),
        Mistake(lambda company: _saved(company)["worth"].median(),
                "{mine} is the whole gain of the middle account. At that price the customer gives all of it away and has the work of changing on top; "
                "the price is {gap} above the one that leaves three for one."),
        Mistake(lambda company: _saved(company)["fee"].median() / 3,
                "That is a third of what they pay. The question starts from what they gain; starting from the fee, the answer can only be the fee again "
                "(yours is {off} {side})."),
        Mistake(lambda company: _saved(company)["worth"].median() / 4,
                "Three back for each one means that the gain is three times the price. You divided by four, as if the price came on top of the three "
                "(yours is {off} {side})."),
    ],
    hints=["At which gain does half of the accounts lie above? That is no mean.",
           "saved.loc[saved[\"size\"] == kind, \"worth\"].median() is the gain of the middle account.",
           "Three back for one: the gain is three times the price."])


# ---------------------------------------------------------------- lift-to-believe

def _account(company):
    return _saved(company)[["worth", "fee", "employees", "wage"]].median()


def _margin(account, sales=4.0, margin=0.3):
    return account["employees"] * account["wage"] * 2000 * sales * margin


def lift(company):
    account = _account(company)
    return float(lift_to_believe(1.5 * account["fee"], account["worth"], account["employees"], account["wage"], wanted_return=3))


def _lift(company, wanted, **business):
    account = _account(company)
    return (wanted(account)) / _margin(account, **business)


LIFT = Exercise(
    key="lift-to-believe", title="What the customer has to believe", kind="number", unit="share", minutes=6, needs=("value",), tolerance=0.0001,
    solution=lift,
    says_right="Now it is a claim of one figure, and ten customers can show in a quarter whether it is true.",
    mistakes=[
        Mistake(lambda company: _lift(company, lambda a: 4.5 * a["fee"]),
                "You left out the hours. They bring a part of the gain already, so the customer has to believe in less (yours is {off} {side}). You "
                "would argue for a claim that is larger than you need."),
        Mistake(lambda company: _lift(company, lambda a: 4.5 * a["fee"] - a["worth"], margin=1.0),
                "You counted sales as if all of them were left. Of each further sale the customer keeps its margin, so the lift has to be larger (yours less the "
                "right one: {gap}). A buyer with a finance director sees that at once."),
        Mistake(lambda company: _lift(company, lambda a: 3 * a["fee"] - a["worth"]),
                "That is for today's fee. At one and a half times the fee more has to come back (yours is {off} {side})."),
        Mistake(lambda company: _lift(company, lambda a: max(1.5 * a["fee"] - a["worth"], 0)),
                "At {mine} the customer would only just have its money back. Wanted was three for each one: nobody changes how a team works for nothing."),
    ],
    hints=["How much gain is wanted at that price, and how much of it do the hours bring?",
           "What is missing has to come from the margin on further sales: employees x wage x 2,000 hours x 4 x 30% is the margin on all sales.",
           "lift_to_believe(1.5 * account[\"fee\"], account[\"worth\"], account[\"employees\"], account[\"wage\"])"])


# ---------------------------------------------------------------- solution-premium

@lru_cache(maxsize=2)
def _deals(company):
    return first_deals(company.table("opportunities"), company.customers)


def solution_premium(company):
    deals = first_deals(company.table("opportunities"), company.customers)
    told = price_ratios(deals, "positioning", reference="tool")
    return told.loc[told["positioning"] == "solution", "ratio"].iloc[0]


def _ratio(company, how):
    amounts = _deals(company).groupby("positioning", observed=True)["amount"].agg(how)
    return float(amounts["solution"] / amounts["tool"])


PREMIUM = Exercise(
    key="solution-premium", title="A solution over a tool, at equal size", kind="number", unit="ratio", minutes=5, needs=("opportunities",),
    tolerance=0.02, solution=solution_premium,
    says_right="This much is left when size, industry and year are equal. It was nobody's lot who was told what, so it is a difference and not yet a cause.",
    mistakes=[
        Mistake(lambda company: _ratio(company, "mean"),
                "That is the raw ratio of means, {mine}. Larger and smaller customers were not told the same story equally often, so a part of the gap of {gap} is size. A price "
                "rise argued from it promises money that the story alone does not bring."),
        Mistake(lambda company: _ratio(company, "median"),
                "The ratio of medians, {mine}, is as raw as that of the means: it still compares customers of different size (yours is {off} {side})."),
        Mistake(lambda company: solution_premium(company) - 1, "You gave the difference to 1. Asked for is how many times."),
    ],
    hints=["price_ratios compares groups of deals as they stand (`raw`) and at equal size (`ratio`).",
           "price_ratios(deals, \"positioning\", reference=\"tool\"), the row of the solution."])


# ---------------------------------------------------------------- vertical-ceiling

@lru_cache(maxsize=2)
def _widest(company):
    """The segments of the industry with the most organisations, and what the mean customer pays."""
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    signs, _ = share_that_signs(company.table("opportunities"))
    segments = market_by_segment(company.table("market"), prices_by_segment(company.customers, fees), signs=signs)
    widest = segments.groupby("industry")["accounts"].sum().idxmax()
    return segments[segments["industry"] == widest], fees["fee"].mean(), signs


def vertical_ceiling(company):
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    prices = prices_by_segment(company.customers, fees)
    signs, _ = share_that_signs(company.table("opportunities"))
    rows = market_by_segment(company.table("market"), prices, signs=signs)
    widest = rows.groupby("industry")["accounts"].sum().idxmax()
    rows = rows[rows["industry"] == widest]
    return (rows["accounts"] * rows["reach"] * signs * rows["price"]).sum()


CEILING = Exercise(
    key="vertical-ceiling", title="The ceiling of an industry", kind="number", unit="money", minutes=8, needs=("market", "opportunities"), months=13,
    solution=vertical_ceiling,
    says_right="So much a year, if everybody who can be reached is asked and the same share signs. It is a limit and no forecast.",
    mistakes=[
        Mistake(lambda company: _widest(company)[0]["listed"].sum(),
                "That is accounts times price, {mine}. Reach is forgotten, and so are those who say no. A plan on it hires for {gap} of revenue that nobody can ever sign."),
        Mistake(lambda company: _widest(company)[0]["listed"].sum() * _widest(company)[2],
                "Reach is missing. You let the same share sign among organisations that nobody of yours can ever reach or serve: {gap} too much."),
        Mistake(lambda company: (_widest(company)[0]["reachable"] * _widest(company)[0]["price"]).sum(),
                "You let everybody sign who can be reached. Even of those with whom a deal was opened and closed, many said no; the gap is {gap}."),
        Mistake(lambda company: _widest(company)[0]["customers"].sum() * _widest(company)[1],
                "All four factors are there, but the price is the mean of all today's customers. The market has another mix of sizes, and this industry other fees: "
                "{gap} off. Go size by size."),
    ],
    hints=["Which industry is it? market.groupby(\"industry\")[\"accounts\"].sum().idxmax()",
           "Join its three rows of `market` with `prices` on industry and size.",
           "The sum over sizes of accounts x reach x signs x price; `segments` holds it too."])


# ---------------------------------------------------------------- years-to-ceiling

def years_to_half(company):
    from helpers.models.ceiling import growth_towards, years_until

    rate = growth_towards(before=300, now=400, ceiling=6000)
    return years_until(now=400, ceiling=6000, rate=rate)


YEARS = Exercise(
    key="years-to-ceiling", title="The year in which it binds", kind="number", unit="ratio", minutes=6, tolerance=0.1,
    solution=years_to_half,
    says_right="Far away for a plan of eight quarters, near for somebody who invests today for ten years.",
    mistakes=[
        Mistake(math.log(3000 / 400) / math.log(4 / 3),
                "{mine} years would be right if the third more each year went on undisturbed. The room fills on the way, so growth slows before the half is used (yours less the "
                "right one: {gap} years). A hiring plan on it is early by as much."),
        Mistake((3000 - 400) / 100, "You added a hundred each year. Growth is a share of what is there, so it comes much sooner than in {mine} years: the ceiling "
                                    "would find you unprepared."),
        Mistake(math.log((6000 / 400 - 1) * 9) / (math.log(400 / 5600) - math.log(300 / 5700)),
                "That is the time until nine tenths are used. New customers a year stop rising at the half, long before that (yours is {off} years {side})."),
    ],
    hints=["growth_towards(before, now, ceiling) gives the yearly rate of the logistic curve.",
           "years_until(now, ceiling, rate) gives the years until half is used."])


# ---------------------------------------------------------------- the other rocket

OTHER = Rocket((Stage("begin", 0.50, 2, 0.55), Stage("hold", 0.25, 5, 0.40), Stage("earn", 0.06, 40, 0.07)), worth=6000)


def stage_to_mend(company):
    rocket = Rocket((Stage("begin", 0.50, 2, 0.55), Stage("hold", 0.25, 5, 0.40), Stage("earn", 0.06, 40, 0.07)), worth=6000)
    return dearest_leak(rocket, entering=10_000)


def _by(column, least=False):
    table = leaks(OTHER, 10_000).set_index("stage")[column]
    return str(table.idxmin() if least else table.idxmax())


MEND = Exercise(
    key="stage-to-mend", title="Which stage to mend", kind="choice", minutes=6, choices=("begin", "hold", "earn"), solution=stage_to_mend,
    says_right="Many enter it, much can be moved, and whoever is held is worth 320. No single column shows that.",
    mistakes=[
        Mistake(lambda company: _by("passes", least=True),
                "It has the lowest share. But only one point is within reach there, and few come so far: mending it brings 75,000, and mending another stage 240,000. The "
                "quarter would go into the smaller leak."),
        Mistake(lambda company: _by("leaves"),
                "Most heads leave there. But each of them is worth 75 at that point, because three in four would not be held anyway: mending it brings 37,500, and "
                "the dearest leak 240,000."),
    ],
    hints=["For each stage: how many enter, how many more could pass, and what is each of them worth?",
           "worth_of_entering(other) gives the worth at each stage; leaks(other, 10_000) does all of it.",
           "The largest `gain`."])


def least_share_held(company):
    rocket = Rocket((Stage("begin", 0.50, 2, 0.55), Stage("hold", 0.25, 5, 0.40), Stage("earn", 0.06, 40, 0.07)), worth=6000)
    return break_even(rocket, "hold")


LEAST = Exercise(
    key="least-share-held", title="Where the rocket fails", kind="number", unit="share", minutes=6, tolerance=0.0002, solution=least_share_held,
    says_right="Below that, every campaign that brings more sign-ups makes the loss larger, and the chart of sign-ups goes up all the while.",
    mistakes=[
        Mistake(5 / 320, "At {mine} a user who has begun pays for itself. The half that never began cost 2 each too, and those who began have to earn it back (yours is {off} {side})."),
        Mistake(9 / 360, "You took a held user for 6% of 6,000. The 40 that the offer costs has to come off first, so a held one is worth less and more must be held (yours is {off} {side})."),
        Mistake(0.25, "That is the share held today. Asked for is the one at which a sign-up just pays for itself."),
    ],
    hints=["What is somebody worth who is held? 6% of 6,000, less what the last stage costs.",
           "Half of the sign-ups begin: 0.5 x (share held x 320 - 5) - 2 has to be nothing.", "break_even(other, \"hold\")"])


# ---------------------------------------------------------------- answer-to-investor

def _worked(company):
    from helpers.models.measured import first_fees

    fee = first_fees(company.subscriptions, as_of=company.as_of, policy=company.policy).mean()
    fee = fee if fee == fee else 10_000.0
    return (f"We asked 14 customers in one trade, all who had used the product for a year, how many hours it saves; 11 agreed to count. In the middle one the hours are worth {money(0.6 * fee, company)} a year, at a "
            f"fee of {money(fee, company)}. The hours alone do not repay the fee, and we do not sell it on them: the fee is repaid if sales rise by one percent, which we have not measured yet. Three of the 11 now count sales at "
            "sites with and without the product, until June. In this trade there are 9,000 firms; two of our sellers, apart from each other, put those we can reach at 35 and 50%, so we take 35; of those we met, three in ten "
            f"signed. That makes 945 customers and {money(945 * fee, company)} a year. Fifty vendors work in this trade, so the demand is proved. If sales at the sites with the product are not higher by June, we will lower the fee and sell without people.")


ANSWER = Exercise(
    key="answer-to-investor", title="An answer to an investor", kind="judgement", minutes=10, solution=lambda company: "ABCDF", worked=_worked,
    rubric=[
        Criterion("A", "gives the gain of a typical customer, not of the best, and says of how many", True, "the middle one of 11, out of 14 asked."),
        Criterion("B", "keeps apart what was measured and what a customer has to believe", True, "hours are counted, the one percent is named as not measured yet."),
        Criterion("C", "has all four factors in its ceiling", True, "9,000 firms, 35% reached, three in ten sign, times the fee."),
        Criterion("D", "says where a guessed factor comes from, and takes the careful end", True, "two sellers apart from each other, and the lower of their figures."),
        Criterion("E", "says when the ceiling binds, or how fast the room fills", False, "a ceiling without a year: nothing on today's customers or their growth."),
        Criterion("F", "names the fact that would change the model, with a day", True, "no higher sales by June: a lower fee, sold without people."),
        Criterion("G", "claims no more than the figures show", False, "fifty vendors show that fifty believed in it. They may all be starving, and they take from the same room."),
    ],
    mistakes=[
        Mistake("ABCDFG", "Look at the fifty vendors again. What do they prove about customers?"),
        Mistake("ABCDEF", "There is a ceiling, but no year. How many of the 945 are customers now?"),
        Mistake("ABCF", "Two people guessed reach apart from each other, and the lower guess was taken: for a guess that is as good as it gets, so D is met."),
    ],
    hints=["Take the points one by one and underline the words that meet them.", "Two points are not met: one is about time, the other about what is claimed."])


EXERCISES = [VALUE, LIFT, PREMIUM, CEILING, YEARS, MEND, LEAST, ANSWER]

QUIZZES = [
    Quiz("which-field", "A program for dental clinics fills appointments that were cancelled, from a waiting list. In which of the four fields is it sold best?", [
        Option("Any industry, saves work", False, "It does save the phone calls. But an empty chair costs a clinic far more than a call, and whoever sells the saved calls gives that away."),
        Option("One industry, saves work", False, "One industry is right. What is worth most to it is the filled chair, which is income."),
        Option("One industry, brings money", True, "Each filled appointment is income that would not have come, it can be counted, and it is the trade's own problem. The ceiling is the number of clinics."),
        Option("Any industry, brings money", False, "Others have cancelled appointments too, but the proof, the words and the link to the calendar are the trade's own; a wide claim would have to be shown anew in each."),
    ]),
    Quiz("fee-alignment", "A young vendor cannot measure what its product brings, and has money for ten months. An adviser proposes a share of the customers' additional sales. What speaks against it most?", [
        Option("It is less aligned than a yearly fee", False, "It is the closest of the four: the vendor earns just when the customer gains."),
        Option("Nobody can agree on the figure that it is paid by, and the vendor carries every customer's bad year", True,
               "Closeness is bought with risk. Without a figure that both sides believe there is nothing to bill, and with ten months of money there is nobody to carry the risk."),
        Option("Customers never accept it", False, "Many do, gladly: it moves the risk to the vendor."),
    ]),
    Quiz("nearer-than-far", "A company has used 4% of its room and grows by half each year. Somebody proves that reach is twice what was thought. By about how much does the year in which half is used move?", [
        Option("It comes twice as late", False, "Twice the room is filled by one more doubling, and at this growth a doubling takes less than two years."),
        Option("By less than two years", True, "The time is a logarithm of the room over the rate of growth. A doubling of the room adds one doubling time, however far away the ceiling was."),
        Option("Not at all", False, "It does move, by one doubling time. That is little, and it is not nothing."),
    ]),
]
