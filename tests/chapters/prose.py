"""Finds figures and verdicts about the company in a chapter's prose, where they would be false on another company."""

from __future__ import annotations

import re

COMPANIES = ("Lanternfish", "Harbourlight")
OF_THE_COMPANY = re.compile(
    r"\b(the|this|our|your) (case )?company('s)?\b|\b(our|your) (own )?"
    r"(customers?|revenue|churn|retention|NRR|GRR|MRR|ARR|cash|prices?|contracts?|sellers?|reps?)\b", re.IGNORECASE)
OF_SOME_COMPANY = re.compile(r"\b(its|their) (own )?(customers?|revenue|churn|retention|NRR|GRR|MRR|ARR)\b", re.IGNORECASE)
NAMED = re.compile("|".join(COMPANIES), re.IGNORECASE)
LABELLED = re.compile(r"\bcase company\b|\bsimulated\b", re.IGNORECASE)
IMAGINED = re.compile(r"^\W*(if|suppose|say|imagine|take|assume|let|think of|for example|when|where|should|would)\b|\bwould\b|\bsuppose\b",
                      re.IGNORECASE)
QUESTION = re.compile(r"\?\W*$")
SOURCE = re.compile(r"\]\([^)]*\)|https?://|\bsources?\b|\baccording to\b|\((?:[^()]*,\s*)?(?:19|20)\d\d[^()]*\)|\[\^", re.IGNORECASE)
VERDICT = re.compile(
    r"\b(?:(?:the|this|our|your) (?:case )?company|(?:our|its|your) customers|(?:its|our|your) (?:\w+ )?(?:NRR|GRR|MRR|ARR|churn|retention|revenue))"
    r" (?:\w+ly )?(?:has |have |had |is |are |was |were )?(?:clearly |now |still )?"
    r"(?:grew|grown|fell|fallen|lost|rose|risen|won|doubled|halved|tripled|declined|declining|improved|improving|worsened|shrank|shrunk|"
    r"healthy|unhealthy|strong|weak|better|worse|higher|lower|growing|shrinking)\b", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w])")
YEAR = re.compile(r"(?:19[89]\d|20[0-4]\d)$")
NOT_PROSE = (
    re.compile(r"```.*?```", re.DOTALL), re.compile(r"`[^`\n]*`"), re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"\$[^$\n]+\$"), re.compile(r"<[^>\n]+>"), re.compile(r"\bchapters? \d\d(?:(?:, | and | to )\d\d)*", re.IGNORECASE),
    re.compile(r"\b(?:sections?|articles?|pages?|steps?|figures?|issues?) \d+(?:(?:, | and | to )\d+)*", re.IGNORECASE), re.compile(r"^\s*\d+\.\s", re.MULTILINE),
    re.compile(r"^#+ +[\d.]+", re.MULTILINE),
)


def sentences(markdown):
    """The sentences of a Markdown cell, without code, formulas, and numbers that only count chapters or steps."""
    for pattern in NOT_PROSE:
        markdown = pattern.sub(" ", markdown)
    blocks = re.split(r"\n\s*\n|\n(?=\s*[-*|>#])", markdown)
    return [part.strip() for block in blocks
            for part in re.split(r"(?<=[.!?])[\"')*_]*\s+(?=[A-Z*_\[\"'(])", " ".join(block.split())) if part.strip()]


def numbers(text):
    return [found.rstrip(",").replace(" ", "") for found in NUMBER.findall(text)]


def is_telling(number):
    """Whether a number is so particular that it cannot be the same as a figure in an output by chance."""
    digits = re.sub(r"\D", "", number).lstrip("0")
    if YEAR.match(number):
        return False
    if number.endswith("%"):
        return "." in number
    return len(digits) >= 3 and len(digits.rstrip("0")) > 1


def has_figure(sentence):
    """Whether a sentence about the company in use holds a number; of "its" and "their", years may be somebody else's."""
    given = numbers(sentence)
    if NAMED.search(sentence) or OF_THE_COMPANY.search(sentence):
        return bool(given)
    return bool(OF_SOME_COMPANY.search(sentence)) and any(not YEAR.match(number) for number in given)


def complaints(markdown, outputs=""):
    """What is wrong with a Markdown cell, given all that the notebook's cells printed.

    Parameters
    ----------
    markdown : str
    outputs : str
        The stored text outputs of the whole notebook.

    Returns
    -------
    list of str
    """
    shown = {number for number in numbers(outputs) if is_telling(number)}
    found = []
    for sentence in sentences(markdown):
        sourced, imagined = SOURCE.search(sentence), IMAGINED.search(sentence) or QUESTION.search(sentence)
        if NAMED.search(sentence) and not LABELLED.search(sentence):
            found.append(f"names a company, which another reader's is not: {sentence}")
        elif has_figure(sentence) and not (sourced or imagined):
            found.append(f"gives a figure of the company: {sentence}")
        elif VERDICT.search(sentence) and not imagined:
            found.append(f"gives a verdict on the company: {sentence}")
        elif not sourced and shown.intersection(numbers(sentence)):
            found.append(f"repeats a figure that a cell printed: {sentence}")
    return found
