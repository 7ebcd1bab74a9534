"""The kinds of picture that chapters share: what is drawn where."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers.show import (
    band, bands, bars, dots, figure, figures, grouped_bars, label_lines, lines, note, palette, steps, triangle)
from helpers.show.figures import png


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_dots_stand_from_top_to_bottom_with_their_intervals():
    _, ax = figure("t", x="percent")
    dots(ax, ["a", "b", "c"], [0.5, np.nan, 0.9], [0.4, np.nan, np.nan], [0.6, np.nan, np.nan], mark=1.0)
    assert texts(ax) == ["50.0%", "90.0%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"] and ax.get_yticks()[0] > ax.get_yticks()[2]
    assert list(ax.lines[0].get_xdata()) == [0.4, 0.6]


def test_steps_add_up_from_total_to_total():
    _, ax = figure("t")
    steps(ax, ["start", "lost", "won", "end"], [100, -30, 50, 120])
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    assert tops == [100, 70, 120, 120] and texts(ax) == ["100", "-30", "+50", "120"]
    _, ax = figure("t")
    steps(ax, ["start", "end"], [2_500_000, 3_000_000], currency="CNY")
    assert texts(ax) == ["2.5", "3.0"] and ax.get_ylabel() == "million CNY"


def test_a_triangle_leaves_blank_what_was_not_seen():
    _, ax = figure("t")
    triangle(ax, pd.DataFrame({0: [1.0, 1.0], 1: [0.8, np.nan]}, index=["2023", "2024"]))
    assert sorted(texts(ax)) == ["100%", "100%", "80%"]


def test_names_of_lines_do_not_stand_on_each_other():
    _, ax = figure("t")
    ax.set_ylim(0, 1)
    band(ax, [0, 1], [1, 0.5], [0.9, 0.4], [1, 0.6], drawstyle="steps-post")
    label_lines(ax, [(1, 0.50, "a", palette.small), (1, 0.51, "b", palette.large)])
    heights = [text.xy[1] for text in ax.texts]
    assert heights[1] - heights[0] >= 0.05


def test_a_note_is_drawn():
    fig, ax = figure("t")
    note(ax, "here", (0.2, 0.5), to=(0.5, 0.5))
    assert texts(ax) == ["here"] and png(fig)[:4] == b"\x89PNG" and figures.COLOURS == 64


def test_lines_are_named_and_coloured_by_their_columns_and_one_is_strong():
    _, ax = figure("t")
    table = pd.DataFrame({"licence": [4, 4, 5], "ours": [1, 3, 6]}, index=[1, 2, 5])
    lines(ax, table, colours={"ours": palette.green, "licence": palette.grey}, strong="ours")
    assert [(line.get_label(), line.get_color()) for line in ax.lines] == [("licence", palette.grey), ("ours", palette.green)]
    assert list(ax.lines[1].get_xdata()) == [1, 2, 5] and list(ax.lines[1].get_ydata()) == [1, 3, 6]
    assert ax.lines[1].get_linewidth() > ax.lines[0].get_linewidth()
    _, ax = figure("t")
    lines(ax, table, drawstyle="steps-post")
    assert [line.get_color() for line in ax.lines] == palette.lines[:2] and ax.lines[0].get_drawstyle() == "steps-post"


def test_bands_hold_a_line_and_its_ends_for_each_name():
    _, ax = figure("t")
    spread = SimpleNamespace(low=[0, 1], middle=[1, 2], high=[2, 4])
    bands(ax, [1, 2], {"funnel": spread, "hourglass": spread}, colours={"hourglass": palette.blue, "funnel": palette.orange})
    assert [(line.get_label(), line.get_color()) for line in ax.lines] == [("funnel", palette.orange), ("hourglass", palette.blue)]
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 4)


def test_bars_stand_from_top_to_bottom_with_their_values():
    _, ax = figure("t", x="percent")
    bars(ax, ["first", "second"], [0.25, 0.5], colours=[palette.orange, palette.blue])
    tops = {label.get_text(): place for label, place in zip(ax.get_yticklabels(), ax.transData.transform([(0, y) for y in ax.get_yticks()])[:, 1])}
    assert tops["first"] > tops["second"] and texts(ax) == ["25.0%", "50.0%"]
    assert [bar.get_width() for bar in ax.patches] == [0.25, 0.5]


def test_grouped_bars_stand_side_by_side_around_their_name():
    _, ax = figure("t")
    grouped_bars(ax, pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["Q1", "Q2"]), colours=[palette.orange, palette.blue])
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    assert np.allclose(middles, [-0.2, 0.8, 0.2, 1.2]) and [bar.get_height() for bar in ax.patches] == [1, 2, 3, 4]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Q1", "Q2"] and ax.get_ylim()[1] > 4
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
