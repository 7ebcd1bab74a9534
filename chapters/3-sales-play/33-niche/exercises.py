"""Exercises of chapter 33: solutions, the mistakes people make, hints."""

from __future__ import annotations

from functools import lru_cache

from helpers.course import Criterion, Exercise, Mistake, Option, Quiz
from helpers.metrics.niche import deals_old_enough, ends_of_terms, four_figures, potential, put_together, scores, told_apart
from helpers.models.ceiling import yearly_fees

TABLES = ("opportunities", "leads", "contracts", "market")


def paying(company):
    """The customers who pay on the company's last day."""
    fees = yearly_fees(company.subscriptions, company.as_of, policy=company.policy)
    return company.customers[company.customers["customer_id"].isin(fees["customer_id"])]


@lru_cache(maxsize=2)
def figures_of(company):
    """The four figures of each industry, computed once for a company."""
    deals = deals_old_enough(company.opportunities, company.leads, company.customers, as_of=company.as_of)
    ends = ends_of_terms(company.contracts, company.customers, as_of=company.as_of)
    return four_figures(deals, ends, company.market, customers=paying(company))


def _values(company, figure):
    table = figures_of(company)
    return table[table["figure"] == figure].set_index("industry")["value"]


def niche_of(company):
    """The segment that is best when a figure of 0 stays a 0."""
    return put_together(scores(figures_of(company)), way="product").index[0]


# ---------------------------------------------------------------- accounts-left

def dearest(company):
    """The segment that pays most at equal size."""
    return _values(company, "price").idxmax()


def accounts_left(company):
    table = potential(company.market, paying(company)).set_index("industry")
    return float(table.loc[dearest(company), "left"])


def _accounts(column):
    def read(company):
        return float(potential(company.market, paying(company)).set_index("industry").loc[dearest(company), column])

    return read


LEFT = Exercise(
    key="accounts-left", title="Who is left among those who pay most", kind="number", unit="count", minutes=5, solution=accounts_left,
    needs=TABLES, tolerance=1.0,
    says_right="{right} organisations. Hold that number beside what the company wins in a year.",
    mistakes=[
        Mistake(_accounts("accounts"), "That is everybody in the market. Only a part can be reached with the partners, cities and languages that there are: {gap} of these "
                                       "organisations will not hear of you."),
        Mistake(_accounts("reachable"), "You left out those who are customers already. They pay, and cannot be won again: {gap} of them."),
    ],
    hints=["The table market has accounts and reach. What does reach mean?",
           "Reachable accounts, less those who pay today: potential(company.market, paying) has a column left."])


# ---------------------------------------------------------------- told-apart

def figures_that_tell(company):
    seen = told_apart(figures_of(company))
    return int((seen["p"] <= 0.05).sum())


APART = Exercise(
    key="told-apart", title="Figures that tell the segments apart", kind="number", unit="count", minutes=5, solution=figures_that_tell, needs=TABLES,
    tolerance=0.1,
    says_right="Only these may have a say in the choice. A figure that is noise, stretched from worst to best, would have the same say as a market.",
    mistakes=[
        Mistake(lambda company: 4 - figures_that_tell(company), "You counted those that do not. A small p says that alike segments would rarely look as different as these."),
        Mistake(lambda company: int((told_apart(figures_of(company))["p"] <= 0.05).sum() - (told_apart(figures_of(company))["p"] == 0).sum()),
                "You left out the number of accounts. It is counted and not estimated, so there is no noise in it; how far it can be trusted is another question."),
    ],
    hints=["told_apart(figures) has a p for each figure.", "Count those with p of 0.05 or less; a counted figure has p = 0."])


# ---------------------------------------------------------------- the-niche

def _largest(company):
    return _values(company, "accounts").idxmax()


def _most_customers(company):
    return paying(company)["industry"].astype(str).value_counts().idxmax()


NICHE = Exercise(
    key="the-niche", title="The segment to win first", kind="choice", minutes=8, solution=niche_of, needs=TABLES, choices=lambda company: sorted(_values(company, "price").index),
    accepts={"the weighted sum, with a floor of 2 points under the market": lambda company: put_together(scores(figures_of(company)), least={"accounts": 2}).index[0]},
    says_right="It is not the best on any list of one column, and it has no figure that fails.",
    mistakes=[
        Mistake(dearest, "The dearest segment. Look at how many organisations are left in it: at last year's pace a sales team would have talked to all of them in months, "
                         "and the product would have been bent to fit a room full of people."),
        Mistake(_largest, "The largest segment. Its size is real, and so is its leaving: whoever leaves has to be won again, each time at full cost."),
        Mistake(_most_customers, "The segment with most customers today. That is where you have been selling, which is not the same as where you should."),
    ],
    hints=["Which segment has no figure near 0 points?", "put_together(scores(figures), way=\"product\") lets a 0 stay a 0.", "The first of that list."])


# ---------------------------------------------------------------- niche-share

def years_of_the_dearest(company):
    """Years until everybody left among the dearest has been asked, at the pace of last year's new customers in all segments."""
    import pandas as pd

    deals = company.contracts
    won = deals[(deals["kind"].astype(str) == "new") & (deals["signed_on"] > pd.Timestamp(company.as_of) - pd.DateOffset(years=1))]
    return accounts_left(company) / len(won)


YEARS = Exercise(
    key="years-of-room", title="How long the dearest segment lasts", kind="number", unit="ratio", minutes=4, solution=years_of_the_dearest, needs=TABLES,
    says_right="{right} years, if every single one of them signed. Most will not.",
    mistakes=[
        Mistake(lambda company: years_of_the_dearest(company) * 12, "That is in months; asked were years."),
        Mistake(lambda company: _accounts("accounts")(company) / (accounts_left(company) / years_of_the_dearest(company)),
                "You took all accounts of the market. Those out of reach and those won already cannot be signed, so the room is smaller by {gap} years."),
    ],
    hints=["How many customers were won in the last twelve months, in all segments? New contracts, by signed_on.", "Organisations left, over that number."])


# ---------------------------------------------------------------- renewal-of-niche

def renewed_there(company):
    from helpers.metrics.niche import growth_path

    seen = growth_path(niche_of(company), company.contracts, company.customers, as_of=company.as_of)
    return float(seen.set_index("step").loc["fit", "value"])


def _renewed_elsewhere(company):
    from helpers.metrics.niche import growth_path

    seen = growth_path(niche_of(company), company.contracts, company.customers, as_of=company.as_of)
    return float(seen.set_index("step").loc["fit", "others"])


def _still_there(company):
    """Paying customers of the niche over all it ever had: lost ones and those not yet due mixed."""
    import pandas as pd

    ever = company.contracts.loc[company.contracts["kind"].astype(str) == "new", "customer_id"].unique()
    mine = company.customers[(company.customers["industry"].astype(str) == niche_of(company)) & company.customers["customer_id"].isin(ever)]
    return float(pd.Series(mine["customer_id"]).isin(paying(company)["customer_id"]).mean())


RENEWED = Exercise(
    key="niche-renews", title="How many terms the niche renews", kind="number", unit="share", minutes=5, solution=renewed_there, needs=TABLES,
    says_right="Of the terms that could end, {right} went on. The interval in the checklist says how sure that is.",
    mistakes=[
        Mistake(_renewed_elsewhere, "That is everybody else. You are off by {off}, and that distance is what makes a niche."),
        Mistake(_still_there, "You counted who is still a customer among all who ever were. Many of them have not been asked yet, because their first term still runs; the figure flatters a "
                              "segment that was entered last year."),
        Mistake(lambda company: 1 - renewed_there(company), "That is the share that was not renewed."),
    ],
    hints=["Only terms that have run out can be renewed or lost.", "ends_of_terms(...) has a row for each; the mean of not left, for the niche.",
           "growth_path(niche, ...) has it in the row fit."])


# ---------------------------------------------------------------- entry-plan

SAYS = {"price": "they pay more at equal size", "leaving": "they leave less often", "cycle": "they sign sooner"}


def _plan(company):
    figures, niche = figures_of(company), niche_of(company)
    apart = told_apart(figures).set_index("figure")["p"]
    better = [said for name, said in SAYS.items() if apart[name] <= 0.05 and (_values(company, name)[niche] > 1) == (name == "price")]
    left = _values(company, "accounts")[niche]
    return (f"We go for {niche} first. {' and '.join(better).capitalize() or 'They are like the others'}, and {left:,.0f} of them are left; "
            "by nothing else can the segments be told apart. From Monday all sellers call there. In six months we will have a version of the product for the industry, with everything "
            "the association asks for. We stop inbound from other industries. By the end of next year the segment brings a third of new yearly fees.")


ENTRY = Exercise(
    key="entry-plan", title="A head of sales plans the entry", kind="judgement", minutes=8, solution=lambda company: "ABF", worked=_plan,
    rubric=[
        Criterion("A", "chooses by figures that can tell the segments apart", True, "It names those, and leaves out what is noise."),
        Criterion("B", "checks that the segment is large enough to carry the plan", True, "It says how many are left."),
        Criterion("C", "starts from customers who are successful there already", False,
                  "Tian Yuan takes every growth strategy from successful customers. The plan names none, and no reference."),
        Criterion("D", "plans the entry in the field, before the product is bent", False,
                  "It builds what an association asks for. Nobody has been visited."),
        Criterion("E", "says what would make them turn back, and when", False, "There is a goal and no floor."),
        Criterion("F", "names a figure and a day on which it is read", True, "A third of new yearly fees, by the end of next year."),
    ],
    mistakes=[Mistake("ABCF", "You granted C. Look again for a customer: there is not one in the plan."),
              Mistake("ABEF", "You granted E. A goal that is missed says nothing about when to turn back; look for a floor with a day."),
              Mistake("ABDF", "You granted D. To build what an association asks for is the office, not the field.")],
    hints=["Three points are met.", "Look for the name of a customer."])


EXERCISES = [LEFT, YEARS, APART, NICHE, RENEWED, ENTRY]

QUIZZES = [
    Quiz("why-product", "A segment has ten points for price and none for the market. Why can a weighted sum still put it first?", [
        Option("Because the weights were chosen badly", False, "Other weights move it down, and some weights will always move it up again. The form does it, not the weights."),
        Option("Because in a sum one figure can pay for another", True,
               "Price pays for customers who do not exist. Multiplied, a 0 stays a 0; or put a floor under what cannot be done without."),
        Option("Because ten points are too many for a price", False, "Scaling differently changes where it lands. As long as points are added, enough of one thing buys the lack of another."),
    ]),
    Quiz("noise-as-figure", "Segments cannot be told apart by their deal cycle. What happens if the cycle is scaled from 0 to 10 all the same?", [
        Option("Nothing: noise cancels out", False, "It would over many choices. You make this one once."),
        Option("Chance decides as much as the market does", True,
               "The luckiest segment gets ten points and the unluckiest none, and these points weigh as much as those of a real difference."),
        Option("The long cycles are punished, as they should be", False, "There are no long cycles to punish; there are segments that had two slow deals."),
    ]),
]

