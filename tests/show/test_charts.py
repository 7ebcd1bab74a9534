"""The kinds of picture that chapters share: what is drawn where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.show import band, dots, figure, figures, label_lines, note, palette, steps, triangle
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
