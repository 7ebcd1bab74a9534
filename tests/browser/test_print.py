"""The board pack on paper: two sheets of A4, on both companies, also with a full table of predictions."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest

from helpers.company import load_company
from helpers.course.board import board_pack, gates_of, meeting_day
from helpers.course.decisions import Decision, Score
from helpers.course.diagnosis import diagnose
from helpers.course.people import next_roles
from helpers.course.plan import read_plan
from helpers.metrics.runway import runway
from helpers.models.fundraising import ask, cash_ahead, cash_draws, growth_cases, measured_cash_plan


def a_pack(company, scores):
    """The pack of chapter 19."""
    then = company.as_it_stood(meeting_day(company))
    plan = measured_cash_plan(then.cash, then.costs, then.funding_rounds)
    band = np.quantile(cash_draws(plan, rng=np.random.default_rng(19)).cash, [0.05, 0.95], axis=1)
    return board_pack(then, name="first board meeting", gates=gates_of(diagnose(company, on=then.as_of), 1), band=band,
                      runway=runway(then.cash, then.funding_rounds), need=ask(plan), pre_money=20e6, round_name="seed",
                      cash={name: cash_ahead(case) for name, case in growth_cases(plan).items()}, people=next_roles(then),
                      stop="If no stranger has signed by the end of June, with a seller who is no founder, we stop in order. " * 3,
                      living=read_plan(None, then), scores=scores)


def predictions(count):
    """So many predictions that are not due yet."""
    day = dt.date(2026, 6, 30)
    return [Score(Decision("19-board-idea", "A question that takes some words", "a choice", "a reason", "the founder", {}, "cash", 2e6, day, "x",
                           dt.date(2025, 12, 31)), "not due yet", "It is due later.", 2e6) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 5])
@pytest.mark.parametrize("which", ["case", "second"])
def test_a_board_pack_prints_on_two_sheets(which, count, browser, second_company, tmp_path):
    company = load_company() if which == "case" else load_company(second_company)
    path = a_pack(company, predictions(count)).write(tmp_path / "board.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    sheets = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheets)) == 2
