"""The roadmap as data, and how a gate is judged."""

from __future__ import annotations

import math

import pytest

from helpers import chapters as register
from helpers.models.gates import MEASURES
from helpers.models.roadmap import GREEN, RED, UNKNOWN, Gate, Reading, exchange, in_currency, judge_gate, roadmap, with_marks


def gate(**options) -> Gate:
    return Gate("g", "g", "?", 1, 1, "product", "a source", "ours", **options)


def test_stages_phases_and_lines_are_those_of_the_register():
    road = roadmap()
    assert [(stage["number"], stage["name"]) for stage in road.stages] == [(stage.number, stage.name) for stage in register.stages()]
    assert [(phase["number"], phase["stage"], phase["name"]) for phase in road.phases] == [
        (phase.number, phase.stage, phase.name) for phase in register.phases()]
    assert [(line["key"], line["name"]) for line in road.lines] == [(line.key, line.name) for line in register.lines()]
    assert [(stage["number"], phase) for stage in road.stages for phase in stage["phases"]] == [(p["stage"], p["number"]) for p in road.phases]


def test_every_gate_has_a_question_a_source_a_place_and_a_chapter():
    road = roadmap()
    lines, phases = {line["key"] for line in road.lines}, {phase["number"]: phase["stage"] for phase in road.phases}
    assert len({one.key for one in road.gates}) == len(road.gates)
    for one in road.gates:
        assert one.question.endswith("?") and one.source and one.basis in ("author", "notes", "ours"), one.key
        assert one.line in lines and phases.get(one.phase, 0) == one.stage, one.key
        assert register.find(one.chapter).number == one.chapter
        assert bool(one.measure) == (not math.isnan(one.mark)), one.key
        assert not one.measure or one.measure in MEASURES
    assert {one.measure for one in road.gates if one.measure} == set(MEASURES)
    assert set(phases) == {one.phase for one in road.gates if one.phase}, "each phase has a gate"


def test_no_gate_waits_for_a_later_one_or_for_itself():
    road = roadmap()
    place = {one.key: number for number, one in enumerate(road.gates)}
    for one in road.gates:
        assert all(place[needed] < place[one.key] for needed in one.needs), one.key
        assert all(road.gate(needed).stage <= one.stage for needed in one.needs), one.key


def test_phases_rest_on_earlier_ones():
    for phase in roadmap().phases:
        assert all(needed < phase["number"] for needed in phase["needs"])


def test_the_matrix_has_a_cell_for_each_line_and_stage():
    road = roadmap()
    assert set(road.matrix) == {line["key"] for line in road.lines}
    assert all(set(cells) == {1, 2, 3, 4, 5} and all(cells.values()) for cells in road.matrix.values())


def test_the_authors_numbers_stand_as_they_are_in_the_source():
    road = roadmap()
    assert road.gate("ten").mark == 10 and road.gate("ten").price == 40_000
    assert road.gate("renewal").mark == 0.7 and road.gate("heads").mark == 300_000 and road.gate("indicators").mark == 6
    assert road.gate("custom").at_most == 0.2


@pytest.mark.parametrize(("low", "value", "high", "state"), [
    (0.25, 0.3, 0.4, GREEN), (0.2, 0.3, 0.4, GREEN), (0.15, 0.3, 0.5, UNKNOWN), (0.05, 0.1, 0.19, RED), (0.05, 0.1, 0.2, UNKNOWN),
    (math.nan, 0.3, math.nan, UNKNOWN)])
def test_where_some_speak_for_all_the_whole_interval_decides(low, value, high, state):
    assert judge_gate(gate(at_least=0.2, unit="share", reads="interval"), Reading(value, low, high, 20, "talks", "x"))[0] == state


@pytest.mark.parametrize(("value", "state"), [(9.0, RED), (10.0, GREEN), (11.0, GREEN), (math.nan, UNKNOWN), (math.inf, GREEN)])
def test_where_all_were_counted_the_value_decides(value, state):
    assert judge_gate(gate(at_least=10, unit="count"), Reading(value, 0.0, 99.0, 5, "x", "x"))[0] == state


@pytest.mark.parametrize(("value", "state"), [(0.19, GREEN), (0.2, GREEN), (0.21, RED)])
def test_a_mark_can_be_a_ceiling(value, state):
    assert judge_gate(gate(at_most=0.2, unit="share"), Reading(value, n=5, counts="x", said="x"))[0] == state


def test_a_reason_is_never_turned_into_a_verdict():
    state, because = judge_gate(gate(at_least=1, unit="count"), Reading(5.0, n=1, counts="x", why="nobody looked"))
    assert (state, because) == (UNKNOWN, "nobody looked")


def test_marks_in_yuan_are_converted_and_the_readers_own_are_not():
    assert with_marks(roadmap().gate("heads"), "EUR", rate=7.5).mark == 40_000
    assert with_marks(roadmap().gate("ten"), "EUR", rate=8).price == 5_000
    own = with_marks(roadmap().gate("heads"), "EUR", rate=7.5, mark=60_000)
    assert own.mark == 60_000 and own.basis == "yours" and "your own mark" in own.source
    assert with_marks(roadmap().gate("custom"), "CNY", mark=0.5).at_most == 0.5


def test_a_currency_without_a_rate_asks_for_one():
    with pytest.raises(ValueError, match="give yuan=, how many yuan one CHF is worth"):
        in_currency(40_000, "CHF")
    assert in_currency(40_000, "CHF", rate=8.0) == 5_000
    with pytest.raises(ValueError, match="above 0"):
        in_currency(40_000, "CHF", rate=0.0)


def test_exchange_there_and_back():
    assert exchange(exchange(100.0, "USD", "EUR"), "EUR", "USD") == pytest.approx(100.0)


def test_an_unknown_gate_names_the_nearest():
    with pytest.raises(KeyError, match="Did you mean 'strangers'"):
        roadmap().gate("stranger")
