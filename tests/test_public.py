"""Public figures carry a source, a period and a date on which to look again."""

from __future__ import annotations

import datetime as dt
import warnings

import pytest

from helpers import public


@pytest.mark.parametrize("topic", public.topics())
def test_every_row_is_complete_and_none_is_only_remembered(topic):
    figures = public.public_figures(topic)
    assert list(figures.columns) == list(public.COLUMNS) and len(figures) > 5
    assert set(figures["certainty"]) <= {"read", "secondary"}


def test_there_are_topics():
    assert public.topics()


@pytest.mark.parametrize("topic", public.topics())
def test_a_late_figure_is_warned_of(topic):
    for name in public.out_of_date(topic, on=dt.date.today()):
        warnings.warn(f"datasets/public/{topic}.csv: look again at {name}", stacklevel=1)


def test_a_row_without_a_source_is_refused(tmp_path, monkeypatch):
    text = (public.FOLDER / "retention.csv").read_text(encoding="utf-8").replace("Beisen annual results FY2025", "")
    (tmp_path / "retention.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(public, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="row 6: no source for 'Beisen'"):
        public.public_figures("retention")


def test_unknown_topics_and_columns_are_named():
    with pytest.raises(KeyError, match="retention"):
        public.public_figures("retentoin")
    with pytest.raises(KeyError, match="metric"):
        public.public_figures("retention", metrik="NRR")
