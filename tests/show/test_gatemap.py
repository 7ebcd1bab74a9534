"""The map of the roadmap: every gate has its sign and its place, and no name runs into the next."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.models.roadmap import roadmap
from helpers.show import figure
from helpers.show.gatemap import SIGNS, gate_map, gate_years, map_height


def drawn(states=None, here=4, blocking=()):
    road = roadmap()
    gates = pd.DataFrame([{"gate": gate.key, "short": gate.short, "stage": gate.stage, "phase": gate.phase, "line": gate.line,
                           "state": (states or {}).get(gate.key, "green")} for gate in road.gates])
    tall = map_height(gates, [phase["number"] for phase in road.phases]) + 0.8
    fig, ax = figure("A map", "of gates", size=(7.2, tall))
    gate_map(ax, gates, stages=road.stages, phases=road.phases, lines=road.lines, here=here, blocking=blocking)
    fig.draw_without_rendering()
    return fig, ax, gates


def test_every_gate_stands_on_the_map_with_its_sign():
    _, ax, gates = drawn({"need": "red", "use": "cannot tell"})
    words = [text.get_text() for text in ax.texts]
    assert set(gates["short"]) <= set(words)
    assert words.count(SIGNS["red"][0]) == 1 and words.count(SIGNS["cannot tell"][0]) == 1
    assert words.count(SIGNS["green"][0]) == len(gates) - 2


@pytest.mark.parametrize("here", [1, 2, 3, 4, 5])
def test_the_company_stands_in_one_stage(here):
    _, ax, _ = drawn(here=here)
    assert [text.get_text() for text in ax.texts].count("stands here") == 1


def test_what_blocks_is_bold():
    _, ax, _ = drawn({"use": "red"}, here=2, blocking=("use",))
    bold = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    assert "staff use it well" in bold and "ten have signed" not in bold


@pytest.mark.parametrize("here", [1, 4])
def test_no_name_runs_into_another(here):
    fig, ax, gates = drawn(here=here, blocking=tuple(roadmap().gates[i].key for i in range(len(roadmap().gates))))
    boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts if text.get_text() in set(gates["short"]) | {"stands here"}]
    for place, (name, box) in enumerate(boxes):
        assert box.x1 <= fig.bbox.x1, name
        for other, second in boxes[place + 1:]:
            assert not box.overlaps(second), (name, other)


def test_a_cell_for_each_gate_and_day():
    fig, ax = figure("Gates")
    gate_years(ax, pd.DataFrame({"2023": ["green", "red"], "2024": ["green", "cannot tell"]}, index=["a", "b"]))
    assert [text.get_text() for text in ax.texts] == [SIGNS[state][0] for state in ("green", "green", "red", "cannot tell")]
