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
                    textcoords="offset points", va="center", fontsize=9.5, color=palette.ink,
                    bbox={"facecolor": palette.paper, "edgecolor": "none", "pad": 0.8, "alpha": 0.85})
    if mark is not None:
        ax.axvline(mark, color=palette.quiet, linewidth=1)
    ax.set_yticks(places, labels)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    ax.grid(axis="x"), ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.05)
    low, high = ax.get_xlim()
    ax.set_xlim(low, high + 0.15 * (high - low))  # room for what stands beside the last dot


def forest(ax, table, by: str, *, mark: float | None = None, colours=None, form="percent") -> None:
    """The groups of a Result in rows: dot, interval, and n in the name.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Columns ``by``, value, low, high, n.
    by : str
        The column that names the groups.
    mark, colours, form
        As in :func:`dots`; colours may be a function of the group's name.
    """
    names = [str(name) for name in table[by]]
    colours = [colours(name) for name in names] if callable(colours) else colours
    dots(ax, [f"{name}, n = {n:,}" for name, n in zip(names, table["n"])], table["value"], table["low"], table["high"],
         colours=colours, form=form, mark=mark)


def colour_of(size: str) -> str:
    """The colour of a size of customer, the same in every chapter.

    Examples
    --------
    >>> colour_of("large") == palette.large
    True
    """
    return getattr(palette, size, palette.grey)


def steps(ax, labels, changes, *, currency: str = "", totals=(0, -1)) -> None:
    """A bridge from one total to another: what was added and what was taken away.

    Parameters
    ----------
    ax : Axes
    labels : sequence of str
    changes : sequence of float
        A total for the places in ``totals``, a change with its sign everywhere else.
    currency : str
        Written at the axis, together with the unit (thousand, million) that suits the largest bar.
    totals : tuple of int
        Which bars are totals.
    """
    divisor, word = unit_of(max(abs(float(change)) for change in changes))
    values, level, count = [float(change) / divisor for change in changes], 0.0, len(labels)
    whole = {place % count for place in totals}
    for place, change in enumerate(values):
        bottom = 0.0 if place in whole else level
        colour = palette.grey if place in whole else (palette.good if change >= 0 else palette.bad)
        ax.bar(place, change, bottom=bottom, color=colour, width=0.62)
        level = change if place in whole else level + change
        digits = 1 if divisor > 1 else 0
        ax.annotate(f"{change:,.{digits}f}" if place in whole else f"{change:+,.{digits}f}", (place, max(bottom, bottom + change)),
                    xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9.5, color=palette.ink)
    ax.set_xticks(range(count), labels)
    ax.set_ylim(0, ax.get_ylim()[1] * 1.06)
    ax.set_ylabel(" ".join(part for part in (word, currency) if part))
    ax.grid(visible=False, axis="x")


def unit_of(size: float) -> tuple[float, str]:
    """The unit in which amounts of this size are read most easily: what to divide by, and its name.

    Examples
    --------
    >>> unit_of(120_000_000), unit_of(53_000), unit_of(900)
    ((1000000.0, 'million'), (1000.0, 'thousand'), (1.0, ''))
    """
    return (1e6, "million") if size >= 2e6 else (1e3, "thousand") if size >= 2e3 else (1.0, "")


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


def bands(ax, x, spreads: dict, *, colours=None) -> None:
    """Several lines, each with its band: two companies, two plans, two kinds of customer.

    Parameters
    ----------
    ax : Axes
    x : sequence of float
    spreads : dict
        Name -> anything with ``low``, ``middle`` and ``high``, one value for each of ``x``.
    colours : dict or sequence, optional
        Name -> colour, or colours in order.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from helpers.show import figure
    >>> fig, ax = figure("One company")
    >>> bands(ax, [1, 2], {"hourglass": SimpleNamespace(low=[0, 1], middle=[1, 2], high=[2, 3])})
    >>> [line.get_label() for line in ax.lines]
    ['hourglass']
    """
    for (name, spread), colour in zip(spreads.items(), _colours(spreads, colours)):
        band(ax, x, spread.middle, spread.low, spread.high, colour=colour, label=name)


def lines(ax, table, *, colours=None, strong: str | None = None, drawstyle="default") -> None:
    """Several lines, one for each column of a table, over its index.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
    colours : dict or sequence, optional
        Column -> colour, or colours in order.
    strong : str, optional
        The column that is drawn thicker than the others.
    drawstyle
        As in matplotlib; ``"steps-post"`` for what changes at once, such as cash.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.show import figure
    >>> fig, ax = figure("Cash", y="CNY")
    >>> lines(ax, pd.DataFrame({"prepaid": [30, 30], "yearly": [10, 20]}, index=[1, 13]), strong="yearly")
    >>> [line.get_label() for line in ax.lines]
    ['prepaid', 'yearly']
    """
    for name, colour in zip(table.columns, _colours(table.columns, colours)):
        width = None if strong is None else 3.2 if name == strong else 1.9
        ax.plot(table.index, table[name], color=colour, label=name, linewidth=width, drawstyle=drawstyle)


def bars(ax, names, values, *, colours=None, form="percent") -> None:
    """Values as bars in rows, from top to bottom, each with its value at its end.

    Parameters
    ----------
    ax : Axes
    names : sequence of str
    values : sequence of float
    colours : str or sequence, optional
    form : str or callable
        How the values are written.

    Examples
    --------
    >>> from helpers.show import figure
    >>> fig, ax = figure("Over-promise", x="percent")
    >>> bars(ax, ["all at signature", "all at renewal"], [0.67, 0.0])
    >>> [text.get_text() for text in ax.texts]
    ['67.0%', '0.0%']
    """
    names, write = list(names), format_of(form)
    drawn = ax.barh(range(len(names)), list(values), color=colours or palette.blue, height=0.6)
    ax.bar_label(drawn, [write(value) for value in values], padding=4, color=palette.ink)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")


def grouped_bars(ax, table, *, colours=None) -> None:
    """Bars side by side: a group for each row of a table, a bar in it for each column; room for the legend above.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Its index names the groups, its columns the bars.
    colours : dict or sequence, optional
        Column -> colour, or colours in order.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.show import figure
    >>> fig, ax = figure("Bookings", y="CNY")
    >>> grouped_bars(ax, pd.DataFrame({"bookings": [300, 100], "a year": [100, 100]}, index=["2022Q4", "2023Q1"]))
    >>> [float(bar.get_height()) for bar in ax.patches]
    [300.0, 100.0, 100.0, 100.0]
    """
    count = table.shape[1]
    step = 0.8 / count
    places = np.arange(len(table))
    for column, (name, colour) in enumerate(zip(table.columns, _colours(table.columns, colours))):
        ax.bar(places + step * (column - (count - 1) / 2), table[name], width=0.95 * step, color=colour, label=name)
    ax.set_xticks(places, [str(name) for name in table.index])
    ax.grid(visible=False, axis="x")
    ax.set_ylim(0, 1.28 * table.to_numpy().max())
    ax.legend(loc="upper left")


def strips(ax, rows: dict, colours: dict, *, first: int = 1) -> None:
    """Rows of coloured stretches over months: what state each row was in, with a legend above.

    Parameters
    ----------
    ax : Axes
    rows : dict
        Name -> the state in each month, from the top row to the bottom row; an empty state is left blank.
    colours : dict
        State -> colour; only states that occur get a place in the legend.
    first : int
        The number of the first month.

    Examples
    --------
    >>> from helpers.show import figure
    >>> fig, ax = figure("What held it back")
    >>> strips(ax, {"team": ["product", "product", "play"]}, {"product": "red", "play": "blue"})
    >>> [float(bar.get_width()) for bar in ax.patches]
    [2.0, 1.0]
    """
    for place, states in enumerate(rows.values()):
        cuts = [k for k in range(len(states)) if k == 0 or states[k] != states[k - 1]]
        for begin, end in zip(cuts, [*cuts[1:], len(states)]):
            if str(states[begin]):
                ax.barh(place, end - begin, left=first + begin - 0.5, height=0.62, color=colours[str(states[begin])])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    seen = {str(state) for states in rows.values() for state in states}
    keys = [(name, colour) for name, colour in colours.items() if name in seen]
    handles = [ax.plot([], [], "s", color=colour, markersize=9, label=name)[0] for name, colour in keys]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(keys), handletextpad=0.2, columnspacing=1.2, borderaxespad=0.2)


def _colours(names, colours) -> list:
    """A colour for each name: from a dict, from a list in order, or the palette's."""
    if isinstance(colours, dict):
        return [colours[name] for name in names]
    chosen = list(colours or palette.lines)
    return [chosen[place % len(chosen)] for place in range(len(list(names)))]


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
