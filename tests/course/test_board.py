"""The board pack: what it says, in which cases it says less, and that nobody's text can break it."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.company import load_company
from helpers.course.board import board_pack, cash_chart, gates_of, meeting_day
from helpers.course.diagnosis import diagnose
from helpers.course.people import next_roles
from helpers.course.plan import read_plan
from helpers.metrics.runway import runway
from helpers.models.fundraising import CashPlan, ask, cash_ahead, growth_cases, measured_cash_plan


@pytest.fixture(scope="module")
def then():
    """The case company on the day of its first board meeting."""
    case = load_company()
    return case.as_it_stood(meeting_day(case))


@pytest.fixture(scope="module")
def parts(then):
    """What the chapter gives to the pack."""
    plan = measured_cash_plan(then.cash, then.costs, then.funding_rounds)
    return {"name": "first board meeting", "gates": gates_of(diagnose(then), 1), "runway": runway(then.cash, then.funding_rounds),
            "cash": {name: cash_ahead(case) for name, case in growth_cases(plan).items()}, "need": ask(plan), "pre_money": 72e6,
            "round_name": "seed", "people": next_roles(then), "stop": "If nobody has paid by June we stop.", "living": read_plan(None, then)}


def test_it_says_what_a_board_asks(then, parts):
    said = repr(board_pack(then, **parts))
    for heading in ("Is the stage closed?", "What we said last time", "Cash and runway", "The plan of eight quarters", "The round: seed",
                    "Who joins next", "When we stop"):
        assert f"## {heading}" in said
    assert "it had to begin 3 months ago" in said
    assert "If nobody has paid by June we stop." in said


def test_its_figures_are_those_of_the_books(then, parts):
    said = repr(board_pack(then, **parts))
    assert "CNY 1.5 m in the bank" in said
    assert f"{parts['runway'].value:.1f} months" in said
    assert f"{then.cash['balance'].iloc[-1] / 1e6:.1f} m" in said


def test_it_needs_no_living_plan(then, parts):
    said = repr(board_pack(then, **{**parts, "living": None}))
    assert "The plan of eight quarters" not in said and "The round: seed" in said


def test_a_plan_that_lasts_asks_for_nothing(then, parts):
    rich = CashPlan(cash=1e9, costs=1.0)
    said = repr(board_pack(then, **{**parts, "need": ask(rich), "cash": {"plan": cash_ahead(rich)}}))
    assert "keeps its reserve without a round" in said and "| plan | lasts |" in said


def test_a_runway_without_burn_is_no_number(then, parts):
    table = parts["runway"].table.assign(value=math.nan, low=math.nan, high=math.nan, reason="nothing is burnt")
    said = repr(board_pack(then, **{**parts, "runway": replace(parts["runway"], table=table)}))
    assert "nan" not in said.lower()


def test_a_round_that_is_not_known_is_refused_with_those_that_are(then, parts):
    with pytest.raises(ValueError, match="choose one of idea money, seed, A"):
        board_pack(then, **{**parts, "round_name": "D"})


def test_text_cannot_break_the_page(then, parts):
    page = board_pack(then, **{**parts, "stop": "<script>alert(1)</script>"}).html()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_the_page_asks_for_nothing_from_elsewhere_and_has_two_sections(then, parts):
    page = board_pack(then, **parts).html()
    assert page.count("<section>") == 2 and not re.search(r"(src|href)=|https?://(?!www\.w3\.org)", page)


def test_it_is_written_whole(then, parts, tmp_path):
    path = board_pack(then, **parts).write(tmp_path / "board.html")
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert [one.name for one in tmp_path.iterdir()] == ["board.html"]


def test_the_chart_cuts_what_would_hide_the_rest():
    steep = cash_ahead(CashPlan(cash=100, costs=50, costs_growth=0.5))
    kind, _, alt, svg = cash_chart({"plan": steep}, "EUR", band=(steep.cash * 1.1, steep.cash * 0.9))
    heights = [float(pair.split(",")[1]) for line in re.findall(r'points="([^"]*)"', svg) for pair in line.split()]
    assert kind == "chart" and "gone after" in alt
    assert max(heights) <= 230 and min(heights) >= 0


def test_the_gates_of_a_stage_say_what_is_needed(then):
    seen = gates_of(diagnose(then), 1)
    assert list(seen) == ["gate", "state", "value", "needed", "n"]
    assert set(seen["state"]) <= {"green", "red", "cannot tell"}
    assert (seen["needed"].str.startswith("at ") | seen["needed"].eq("a judgement")).all()


def test_a_young_book_of_cash_means_todays_meeting():
    class Young:
        as_of = dt.date(2024, 5, 31)

        def table(self, name):
            return pd.DataFrame({"month": pd.date_range("2024-01-01", periods=5, freq="MS"), "balance": np.arange(5.0)})

    assert meeting_day(Young()) == dt.date(2024, 5, 31)


@pytest.mark.parametrize(("day", "state"), [("2020-06-30", "not yet"), ("2020-12-31", "now")])
def test_a_role_waits_for_its_trigger(day, state):
    people = next_roles(load_company().as_it_stood(day)).set_index("role")
    assert people.loc["the first two sellers", "state"] == state


def test_a_trigger_of_your_own_replaces_ours_and_a_wrong_role_is_named(then):
    people = next_roles(then, needs={"the first two sellers": 10}).set_index("role")
    assert people.loc["the first two sellers", "state"] == "not yet"
    with pytest.raises(ValueError, match="there are the first two sellers"):
        next_roles(then, needs={"a chef": 1})


def test_a_role_without_its_table_cannot_be_told(then):
    class Without:
        as_of = then.as_of

        def has(self, name):
            return False

    assert next_roles(Without())["state"].str.startswith("cannot tell: no table").all()
