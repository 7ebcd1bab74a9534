"""Dated public figures with their sources: ``datasets/public/*.csv``.

They stand beside a company's own numbers, never as a mark to pass or fail. Figures that were only remembered are not in
the files.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "datasets" / "public"
COLUMNS = ("name", "kind", "country", "metric", "segment", "value", "unit", "period", "certainty", "source", "look_again_on")
CERTAINTY = {"read": "read in the company's or the author's own document", "secondary": "read in a page that quotes it"}


def topics() -> list[str]:
    """The topics there are figures on.

    Examples
    --------
    >>> "retention" in topics()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def public_figures(topic: str, **only: str):
    """Public figures on a topic, each with period, certainty and source.

    Parameters
    ----------
    topic : str
        One of :func:`topics`.
    **only : str
        Column = value, to keep some rows: ``metric="NRR"``.

    Returns
    -------
    DataFrame
        The columns of ``COLUMNS``; ``value`` in the row's ``unit``.

    Raises
    ------
    KeyError
        When there is no such topic or column.
    ValueError
        When a row has no source, no period or an unknown certainty.

    Examples
    --------
    >>> public_figures("retention", metric="NRR", country="China")["name"].iloc[0]
    'Kingdee Cangqiong and Xinghan'
    """
    import pandas as pd

    if topic not in topics():
        raise KeyError(f"There are no public figures on {topic!r}; there are on {', '.join(topics())}.")
    figures = pd.read_csv(FOLDER / f"{topic}.csv")
    for row, record in figures.iterrows():
        for column in ("source", "period", "unit", "look_again_on"):
            if not str(record[column]).strip() or record[column] != record[column]:
                raise ValueError(f"datasets/public/{topic}.csv, row {row + 2}: no {column} for {record['name']!r}.")
        if record["certainty"] not in CERTAINTY:
            raise ValueError(f"datasets/public/{topic}.csv, row {row + 2}: certainty {record['certainty']!r} is none of {', '.join(CERTAINTY)}.")
    for column, value in only.items():
        if column not in figures.columns:
            raise KeyError(f"The figures have no column {column!r}; they have {', '.join(figures.columns)}.")
        figures = figures[figures[column] == value]
    return figures.reset_index(drop=True)


def out_of_date(topic: str, *, on: dt.date) -> list[str]:
    """The names of figures that were to be looked at again before a day.

    Examples
    --------
    >>> out_of_date("retention", on=dt.date(2026, 11, 23))
    []
    """
    figures = public_figures(topic)
    late = figures[figures["look_again_on"].map(dt.date.fromisoformat) < on]
    return [f"{row['name']} ({row['period']})" for _, row in late.iterrows()]
