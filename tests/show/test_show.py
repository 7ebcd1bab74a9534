"""Figures with alternatives, tables, sliders."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from PIL import Image

from helpers.show import explore, figure, options, palette, panels, show, slider, table
from helpers.show import figures, play
from helpers.show.numbers import format_of


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    bundles = []
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata=None, raw=False: bundles.append((data, metadata)))
    return bundles


def test_a_figure_is_twice_its_size_in_few_colours_and_the_same_every_time():
    def picture():
        fig, ax = figure("Half stay", "share, n = 2", y="percent")
        ax.plot([0, 1], [1, 0.5], color=palette.small)
        return figures.png(fig)

    image = Image.open(io.BytesIO(picture()))
    assert image.size == (1440, 780) and len(image.getcolors()) <= 64
    assert picture() == picture()


def test_show_puts_the_alternative_where_book_and_tests_find_it(shown):
    fig, _ = figure("Half stay")
    show(fig, "One of two stays.")
    data, metadata = shown[0]
    assert data["text/plain"] == metadata["image/png"]["alt"] == "One of two stays." and metadata["image/png"]["width"] == 720
    with pytest.raises(ValueError, match="alternative"):
        show(fig, " ")


def test_panels_share_their_scale():
    _, axes = panels("Three", columns=3)
    axes[0].set_ylim(0, 7)
    assert axes[2].get_ylim() == (0, 7)


def test_colours_keep_their_contrast_on_paper():
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert len(set(palette.lines)) == 7
    for colour in palette.lines:
        assert (light(palette.paper) + 0.05) / (light(colour) + 0.05) >= 2.9, colour


def test_a_table_is_written_for_people_and_refuses_unknown_columns():
    frame = pd.DataFrame({"size": ["<small>", None], "n": [1200, 3], "nrr": [0.5, float("nan")], "day": pd.to_datetime(["2025-01-31"] * 2)})
    shown = table(frame, "Retention", formats={"nrr": "percent"}, names={"nrr": "NRR"})
    assert "&lt;small&gt;" in shown._repr_html_() and "NRR" in shown._repr_html_()
    assert "1,200" in str(shown) and "50.0%" in str(shown) and "–" in str(shown) and "2025-01-31" in str(shown)
    with pytest.raises(KeyError, match="no column 'arr'"):
        table(frame, formats={"arr": "CNY"})
    with pytest.raises(ValueError, match="currency code"):
        format_of("percents")


def draw(ax, rate, kind):
    ax.plot([0, 1], [1, rate])
    return f"{kind}: {rate:.0%} stay."


def test_explore_gives_sliders_a_still_picture_and_a_text(shown):
    explore(draw, rate=slider(0.5, 1, value=0.8, step=0.05, label="stay", format="percent"), kind=options("a", "b", label="kind"),
            still=[{"rate": 0.5}, {"rate": 1.0}])
    data, metadata = shown[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == "stay 50.0%: a: 50% stay.\nstay 100.0%: a: 100% stay." == metadata["image/png"]["alt"]


def test_moving_a_slider_changes_sentence_and_picture(shown, monkeypatch):
    import ipywidgets

    boxes = []
    monkeypatch.setattr(ipywidgets, "VBox", lambda children, real=ipywidgets.VBox: boxes.append(children) or real(children))
    explore(draw, rate=slider(0.5, 1, value=0.8, step=0.05), kind=options("a", "b"))
    rate, kind, sentence, image = boxes[0]
    before = image.value
    rate.value = 0.5
    assert "a: 50% stay" in sentence.value and image.value != before
    kind.value = "b"
    assert "b: 50% stay" in sentence.value


def test_explore_refuses_a_still_of_something_else():
    with pytest.raises(ValueError, match="controls are rate"):
        explore(draw, rate=slider(0, 1, value=0.5, step=0.1), still=[{"rat": 1}])
    with pytest.raises(ValueError, match="cannot start"):
        slider(0, 1, value=2, step=0.1)
