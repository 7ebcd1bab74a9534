"""The 3F test - function, frequency, free - as three conditions that must all hold, each with the evidence for it.

Tian Yuan: a product can grow product-led if it is a supporting tool that is complete for one class of problem (function), is used
daily at best and within 1 minute to 48 hours of being heard of (frequency), and costs nothing at the entry (free). He gives no
scores. The grades of evidence, and the rule that what has no evidence is not shown, are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from helpers.models._guards import check_positive, check_share

CONDITIONS = ("function", "frequency", "free")
GRADES = {0: "nothing found", 1: "our reading", 2: "reported", 3: "documented"}
VERDICTS = {True: "product-led", False: "not product-led", None: "not shown"}
FILE = Path(__file__).with_name("three_f.yaml")


@dataclass(frozen=True)
class Answer:
    """One condition: whether it holds, and how we know.

    Parameters
    ----------
    condition : {"function", "frequency", "free"}
    holds : bool or None
        None where nobody knows.
    grade : {0, 1, 2, 3}
        Of the evidence, see :data:`GRADES`. An answer of grade 0 counts as not shown.
    fact, source : str
    year : int, optional

    Raises
    ------
    ValueError
        When condition or grade is unknown, or an answer has no fact.

    Examples
    --------
    >>> Answer("free", True, 3, "a free plan since the first day").holds
    True
    """

    condition: str
    holds: bool | None
    grade: int
    fact: str = ""
    source: str = ""
    year: int | None = None

    def __post_init__(self):
        if self.condition not in CONDITIONS:
            raise ValueError(f"{self.condition!r} is no condition; choose one of {', '.join(CONDITIONS)}")
        if self.grade not in GRADES:
            raise ValueError(f"grade {self.grade!r} of {self.condition}: choose one of {', '.join(map(str, GRADES))}")
        if self.holds is not None and self.grade and not self.fact:
            raise ValueError(f"{self.condition}: an answer of grade {self.grade} needs the fact that it rests on")

    def seen(self, least_grade: int = 1) -> bool | None:
        """The answer if its evidence is good enough, else None."""
        return self.holds if self.grade >= max(least_grade, 1) else None


@dataclass(frozen=True)
class Verdict:
    """What three answers come to.

    Parameters
    ----------
    holds : bool or None
        True where all three hold, False where one is known to fail, None where none fails and one is not shown.
    fails, not_shown : tuple of str
        The conditions in the way.
    flips : tuple of str
        The answers that would turn the verdict by themselves, the one with the weakest evidence first.
    grade : int
        Of the weakest evidence that the verdict rests on.
    """

    holds: bool | None
    fails: tuple[str, ...]
    not_shown: tuple[str, ...]
    flips: tuple[str, ...]
    grade: int

    def __str__(self) -> str:
        why = self.fails or self.not_shown
        return VERDICTS[self.holds] + (f": {' and '.join(why)}" if why else "")


def three_f(answers: Sequence[Answer], *, least_grade: int = 1) -> Verdict:
    """Judge a product by the 3F test.

    Parameters
    ----------
    answers : sequence of Answer
        One for each condition.
    least_grade : int
        Evidence below this grade counts as not shown.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        When a condition is missing or answered twice.

    Notes
    -----
    All of them, never their mean: two strong answers do not make up for a third that fails. One failed condition flips the verdict
    when it is the only thing in the way; where all hold, any of them does. Source: Tian Yuan's 3F rule; grades ours.

    Examples
    --------
    >>> strong = [Answer(name, True, 3, "a table says so") for name in ("function", "free")]
    >>> str(three_f([*strong, Answer("frequency", False, 3, "used twice a year")]))
    'not product-led: frequency'
    >>> str(three_f([*strong, Answer("frequency", None, 0)]))
    'not shown: frequency'
    """
    given = [answer.condition for answer in answers]
    if sorted(given) != sorted(CONDITIONS):
        raise ValueError(f"3F needs one answer each for {', '.join(CONDITIONS)}; given: {', '.join(given) or 'none'}")
    seen = {answer.condition: answer.seen(least_grade) for answer in answers}
    grade = {answer.condition: answer.grade for answer in answers}
    fails = tuple(name for name in CONDITIONS if seen[name] is False)
    unknown = tuple(name for name in CONDITIONS if seen[name] is None)
    holds = False if fails else None if unknown else True
    return Verdict(holds, fails, unknown, _flips(holds, fails, unknown, grade), _weakest(holds, fails, grade))


def _flips(holds, fails, unknown, grade) -> tuple[str, ...]:
    """The single answers on which the verdict hangs."""
    if holds:
        return tuple(sorted(CONDITIONS, key=lambda name: grade[name]))
    if len(fails) == 1:  # the only known failure: without it the verdict is another, if only "not shown"
        return fails
    return unknown if not fails and len(unknown) == 1 else ()


def _weakest(holds, fails, grade) -> int:
    """A pass is as good as its worst evidence; a fail needs only its best."""
    if holds is None:
        return 0
    return min(grade.values()) if holds else max(grade[name] for name in fails)


def averaged(answers: Sequence[Answer]) -> float:
    """The mean of the answers, 1 for yes and 0 for no: what the test is *not*.

    Two conditions of three give 0.67, which reads like a pass. Here so that a chapter can show how far it misses.

    Examples
    --------
    >>> round(averaged([Answer("function", True, 1, "."), Answer("free", True, 1, "."), Answer("frequency", False, 1, ".")]), 2)
    0.67
    """
    known = [float(answer.holds) for answer in answers if answer.holds is not None]
    return float(np.mean(known)) if known else float("nan")


@dataclass(frozen=True)
class Product:
    """A well-known product: its answers, and the share of revenue that its maker spent on selling and marketing."""

    name: str
    as_of: int
    answers: tuple[Answer, ...]
    selling: float = float("nan")
    selling_source: str = ""


@lru_cache(maxsize=1)
def known_products() -> tuple[Product, ...]:
    """Ten well-known products with public facts, from three_f.yaml; answers and grades are ours.

    Examples
    --------
    >>> [product.name for product in known_products() if three_f(product.answers).holds is None]
    []
    """
    import yaml

    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["products"]
    return tuple(_product(row) for row in rows)


def _product(row: dict) -> Product:
    answers = tuple(Answer(name, **row[name]) for name in CONDITIONS)
    selling = row.get("selling", {})
    return Product(row["name"], row["as_of"], answers, selling.get("value", float("nan")), selling.get("source", ""))


def products_table(products: Sequence[Product] | None = None, *, least_grade: int = 1):
    """Products and their verdicts.

    Returns
    -------
    DataFrame
        product, as_of, function, frequency, free (each +grade where it holds, -grade where it fails, 0 where not shown), verdict,
        flips, averaged, selling (share of revenue, NaN where no figure was found).

    Examples
    --------
    >>> table = products_table()
    >>> table.loc[table["product"] == "Jira", ["free", "verdict", "flips"]].values.tolist()
    [[-3, 'not product-led: free', 'free']]
    """
    import pandas as pd

    rows = []
    for product in known_products() if products is None else products:
        verdict = three_f(product.answers, least_grade=least_grade)
        signed = {a.condition: {True: a.grade, False: -a.grade, None: 0}[a.seen(least_grade)] for a in product.answers}
        rows.append({"product": product.name, "as_of": product.as_of, **{name: signed[name] for name in CONDITIONS},
                     "verdict": str(verdict), "flips": ", ".join(verdict.flips) or "no single answer",
                     "averaged": averaged(product.answers), "selling": product.selling})
    return pd.DataFrame(rows)


def facts_table(products: Sequence[Product] | None = None):
    """Every fact behind the answers.

    Returns
    -------
    DataFrame
        product, condition, answer, evidence, fact, source, year.
    """
    import pandas as pd

    rows = [{"product": product.name, "condition": a.condition, "answer": {True: "yes", False: "no", None: "not shown"}[a.holds],
             "evidence": GRADES[a.grade], "fact": a.fact, "source": a.source, "year": a.year}
            for product in (known_products() if products is None else products) for a in product.answers]
    return pd.DataFrame(rows)


# --- free: the freemium arithmetic and three authors' rules -------------------------------------------------------------

def payers_needed(revenue: float, price: float) -> float:
    """Paying customers that a yearly revenue needs: revenue / yearly price.

    Examples
    --------
    >>> round(payers_needed(50e6, 300))
    166667
    """
    check_positive("revenue", revenue)
    check_positive("price", price)
    return revenue / price


def actives_needed(revenue: float, price: float, paying_share: float) -> float:
    """Active users that a yearly revenue needs: revenue / yearly price / share of active users who pay.

    Parameters
    ----------
    revenue, price : float
        Money, for a year; the price is that of one payer.
    paying_share : float
        Of the *active* users, not of all who ever signed up.

    Returns
    -------
    float
        Active users.

    Notes
    -----
    Dai Ke (7 February 2022): 300 yuan a year, 50 million, about 170,000 payers; at 3% about 5.5 million active users.

    Examples
    --------
    >>> round(actives_needed(50e6, 300, 0.03) / 1e6, 2)
    5.56
    """
    check_share("paying_share", paying_share)
    check_positive("paying_share", paying_share)
    return payers_needed(revenue, price) / paying_share


@dataclass(frozen=True)
class Offer:
    """A product about which one asks: should its entry be free?

    Parameters
    ----------
    name : str
    organisation_pays : bool
        Whether an organisation pays in the end, or only single people.
    supporting, frequent : bool or None
        The first two conditions of 3F; None where not shown.
    price : float
        Yearly price of a payer, money.
    paying_share : float
        Share of active users who pay.
    target : float
        Yearly revenue that is wanted, money.
    reachable : float
        Users that could ever be active.
    """

    name: str
    organisation_pays: bool
    supporting: bool | None
    frequent: bool | None
    price: float
    paying_share: float
    target: float
    reachable: float


def rules_on_free(offer: Offer):
    """Three authors' rules about a free entry, side by side, on the same product.

    Returns
    -------
    DataFrame
        author, free (yes, no, not shown), why.

    Notes
    -----
    Wu Hao: not for what organisations buy; a refund clause instead. Tian Yuan: yes, for supporting tools that are used often.
    Dai Ke gives arithmetic, no rule; we read it as: yes where the active users that the target needs can be reached at all.

    Examples
    --------
    >>> rules_on_free(Offer("Dai's example", False, True, True, 300, 0.03, 50e6, 2e6))["free"].tolist()
    ['yes', 'yes', 'no']
    """
    import pandas as pd

    need = actives_needed(offer.target, offer.price, offer.paying_share)
    both = False if False in (offer.supporting, offer.frequent) else None if None in (offer.supporting, offer.frequent) else True
    lacking = [name for name, holds in (("supporting", offer.supporting), ("used often", offer.frequent)) if not holds]
    rows = [("Wu Hao", not offer.organisation_pays,
             "organisations pay: a refund clause instead" if offer.organisation_pays else "his no is about what organisations buy"),
            ("Tian Yuan", both, "supporting and used often" if both else f"not {' and not '.join(lacking)}, as far as is known"),
            ("Dai Ke", need <= offer.reachable, f"needs {need:,.0f} active users; {offer.reachable:,.0f} can be reached")]
    said = {True: "yes", False: "no", None: "not shown"}
    return pd.DataFrame([{"author": author, "free": said[yes], "why": why} for author, yes, why in rows])
