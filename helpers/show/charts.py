"""The few kinds of picture that the chapters use again and again, each drawn into axes of :func:`helpers.show.figure`."""

from __future__ import annotations

import numpy as np

from .look import palette
from .numbers import format_of


def dots(ax, labels, values, lows=None, highs=None, *, colours=None, form="percent", mark: float | None = None, notes=None) -> None:
    """Values in rows, one dot each, with their intervals: the picture of a comparison.

    Parameters
    ----------
    ax : Axes
    labels : sequence of str
        From top to bottom.
    values, lows, highs : sequence of float
        The dot and the ends of its interval; undefined values are left out.
    colours : str or sequence, optional
    form : str or callable
        How the values are written beside the dots.
    mark : float, optional
        Where a thin line stands, for example at 1.
    notes : sequence of str, optional
        What to write at the right instead of the value.
    """
    labels, write = list(labels), format_of(form)
    places = np.arange(len(labels))[::-1]
    colours = [colours or palette.blue] * len(labels) if not isinstance(colours, (list, tuple)) else colours
    for i, (place, value, colour) in enumerate(zip(places, values, colours)):
        if value != value:
            continue
        end = value
        if lows is not None and list(lows)[i] == list(lows)[i]:
            end = list(highs)[i]
            ax.plot([list(lows)[i], end], [place, place], color=colour, linewidth=2.5, alpha=0.45, solid_capstyle="round")
        ax.plot([value], [place], "o", color=colour, markersize=7)
        ax.annotate(notes[i] if notes is not None else write(value), (max(end, value), place), xytext=(8, 0),
                    textcoords="offset points", va="center", fontsize=9.5, color=palette.ink)
    if mark is not None:
        ax.axvline(mark, color=palette.quiet, linewidth=1)
    ax.set_yticks(places, labels)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    ax.grid(axis="x"), ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.12)


def steps(ax, labels, changes, *, form="number", totals=(0, -1)) -> None:
    """A bridge from one total to another: what was added and what was taken away.

    Parameters
    ----------
    ax : Axes
    labels : sequence of str
    changes : sequence of float
        A total for the places in ``totals``, a change with its sign everywhere else.
    form : str or callable
        How the bars are labelled.
    totals : tuple of int
        Which bars are totals.
    """
    write, level, count = format_of(form), 0.0, len(labels)
    whole = {place % count for place in totals}
    top = max(abs(float(change)) for change in changes)
    for place, change in enumerate(map(float, changes)):
        bottom, height = (0.0, change) if place in whole else (level, change)
        colour = palette.grey if place in whole else (palette.good if change >= 0 else palette.bad)
        ax.bar(place, height, bottom=bottom, color=colour, width=0.62)
        level = change if place in whole else level + change
        text = write(change) if place in whole or change < 0 else f"+{write(change)}"
        ax.annotate(text, (place, max(bottom, bottom + height)), xytext=(0, 4), textcoords="offset points", ha="center",
                    fontsize=9.5, color=palette.ink)
    ax.set_xticks(range(count), labels)
    ax.set_ylim(0, ax.get_ylim()[1] + 0.06 * top)
    ax.grid(visible=False, axis="x")


def band(ax, x, y, low=None, high=None, *, colour=None, label="", drawstyle="default", linestyle="-") -> None:
    """A line with the band in which the truth lies, as far as luck goes.

    Parameters
    ----------
    ax : Axes
    x, y, low, high : sequence of float
    colour, label, drawstyle, linestyle
        As in matplotlib; ``drawstyle="steps-post"`` for survival.
    """
    colour = colour or palette.blue
    ax.plot(x, y, color=colour, label=label, drawstyle=drawstyle, linestyle=linestyle)
    if low is not None:
        ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, step="post" if "steps" in drawstyle else None)


def triangle(ax, table, *, form="percent", low: float = 0.0, high: float = 1.0) -> None:
    """A cohort triangle: one row a cohort, one column an age, blank where it was not seen yet.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Index cohorts, columns ages, values to colour and to write; NaN stays blank.
    low, high : float
        The ends of the colour scale.
    """
    from matplotlib.colors import LinearSegmentedColormap

    write = format_of(form) if form != "percent" else (lambda value: f"{100 * value:.0f}%")
    colours = LinearSegmentedColormap.from_list("playbook", ["#FBE3D2", "#FFFFFF", "#BFD9EC", palette.blue])
    values = table.to_numpy(dtype=float)
    ax.imshow(np.clip(values, low, high), cmap=colours, vmin=low, vmax=high, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if value == value:
            dark = (value - low) / (high - low) > 0.85
            ax.text(column, row, write(value), ha="center", va="center", fontsize=9, color="white" if dark else palette.ink)
    ax.set_xticks(range(table.shape[1]), [str(age) for age in table.columns])
    ax.set_yticks(range(table.shape[0]), [str(cohort) for cohort in table.index])
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
