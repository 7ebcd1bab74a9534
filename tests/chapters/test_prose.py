"""No Markdown cell holds a figure or a verdict about the company; and the lint that looks for them finds them."""

from __future__ import annotations

import pytest

from tests.chapters.notebooks import NAMES, TEXTS, read, text_outputs
from tests.chapters.prose import complaints, sentences

WRONG = [
    ("Lanternfish loses small customers.", "names a company"),
    ("The company kept 98.2% of its revenue.", "a figure of the company"),
    ("Our customers pay 1,740 yuan a month.", "a figure of the company"),
    ("Its NRR was 93% in the last year.", "a figure of the company"),
    ("In 2024 the company opened an office.", "a figure of the company"),
    ("In the last year the company lost its small customers.", "a verdict"),
    ("Its retention is clearly better among large accounts.", "a verdict"),
    ("As the table shows, 1,740 were there at the start.", "repeats a figure"),
    ("Four fifths, or 79.4%, stayed.", "repeats a figure"),
    ("A line.\n\n- the company has 12 sellers\n- another", "a figure of the company"),
]
RIGHT = [
    "The case company, Lanternfish, is simulated.",
    "Suppose the company has 100 customers and loses 10.",
    "If your customers pay 1,200 a year, MRR is 100.",
    "The median public company reports 108% (Meritech, 2024).",
    "See [the survey](https://example.org): 1,740 companies answered.",
    "In chapter 37 the company meets three definitions.",
    "`nrr(company, 1740)` counts 10,000 paths.",
    "A company of 40 people cannot do everything.",
    "Would your customers notice 30 days of silence?",
    "$NRR = 98.2$ is how the company writes it.",
    "In 2024 many did the same.",
    "One vendor moved its retention from one base to another between 2019 and 2020.",
    "Article 120 names 120% as good.",
    "1. Ask what the company sells.",
]
PRINTED = "base 1,740 customers\nstayed 79.4%\nyear 2024\npaths 10,000, 120, 120%"


@pytest.mark.parametrize(("markdown", "complaint"), WRONG)
def test_the_lint_finds(markdown, complaint):
    assert [found for found in complaints(markdown, PRINTED) if complaint in found]


@pytest.mark.parametrize("markdown", RIGHT)
def test_the_lint_lets_through(markdown):
    assert complaints(markdown, PRINTED) == []


def test_sentences_are_told_apart():
    assert sentences("One. Two is 3.5 long! *Three* ends.\n\nFour\ngoes on.\n- five") == [
        "One.", "Two is 3.5 long!", "*Three* ends.", "Four goes on.", "- five"]


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_the_prose_holds_no_figure_of_the_company(text):
    notebook = read(text)
    printed = text_outputs(notebook)
    found = [complaint for cell in notebook.cells if cell.cell_type == "markdown" for complaint in complaints(cell.source, printed)]
    assert not found, "\n".join(found)
