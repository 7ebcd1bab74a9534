"""The roadmap drawn as a map: eight phases down the road, four main lines across, a sign at each gate; and gates through the years."""

from __future__ import annotations

from matplotlib.patches import FancyBboxPatch

from .look import palette

SIGNS = {"green": ("✓", palette.green), "red": ("✗", palette.orange), "cannot tell": ("?", palette.grey)}
LEFT, WIDE, STEP = 1.52, 1.4, 0.235  # inches: of the names at the left, of a line, of a gate
TITLE, NAME, ROOM = 0.36, 0.18, 0.08  # of the names of lines, of the name of a phase, below a phase


def map_height(gates, phases) -> float:
    """The height in inches that a map needs, without its title.

    Examples
    --------
    >>> import pandas as pd
    >>> map_height(pd.DataFrame({"phase": [1, 1], "line": ["a", "a"]}), [1])
    1.09
    """
    return round(TITLE + sum(_tall(gates, phase) for phase in phases), 2)


def _tall(gates, phase) -> float:
    counts = gates[gates["phase"] == phase].groupby("line").size()
    return NAME + max(int(counts.max()) if len(counts) else 0, 1) * STEP + ROOM


def gate_map(ax, gates, *, stages, phases, lines, here: int, blocking=()) -> None:
    """Draw the map into axes of ``7.2 x map_height`` inches or more.

    Parameters
    ----------
    ax : Axes
    gates : DataFrame
        stage, phase, line, short, state, gate; phase 0 is asked in every stage and drawn in that of ``here``.
    stages, phases, lines : sequences of dict
        As in the roadmap: number and name, stage, key.
    here : int
        The stage in which the company stands.
    blocking : sequence of str
        Keys of the gates that block it: drawn bold.
    """
    numbers = [phase["number"] for phase in phases]
    first = next(phase["number"] for phase in phases if phase["stage"] == here)
    gates = gates.assign(phase=gates["phase"].where(gates["phase"] > 0, first))
    height, width = map_height(gates, numbers), LEFT + WIDE * len(lines)
    ax.set_xlim(0, width), ax.set_ylim(height, 0)
    ax.axis("off")
    for column, line in enumerate(lines):
        ax.text(LEFT + WIDE * column + 0.03, 0.17, line["name"].replace(", sales", ",\nsales"), va="center", fontsize=8.5,
                fontweight="bold", color=palette.quiet, linespacing=1.0)
        ax.plot([LEFT + WIDE * column + 0.1] * 2, [TITLE, height - 0.06], color=palette.rule, linewidth=3.5, zorder=0, solid_capstyle="round")
    top = TITLE
    for stage in stages:
        own = [phase for phase in phases if phase["stage"] == stage["number"]]
        tall = sum(_tall(gates, phase["number"]) for phase in own)
        _stage(ax, stage, top, tall, width, stage["number"] == here)
        for phase in own:
            top = _phase(ax, phase, gates, lines, top, blocking)


def _stage(ax, stage, top, tall, width, here) -> None:
    box = FancyBboxPatch((0.03, top + 0.03), width - 0.06, tall - 0.06, boxstyle="round,pad=0,rounding_size=0.07", zorder=1,
                         facecolor="none", edgecolor=palette.ink if here else palette.rule, linewidth=2.0 if here else 1.0)
    ax.add_patch(box)
    words = stage["name"] if len(stage["name"]) < 14 else _two_lines(stage["name"])
    said = f"{stage['number']}"
    ax.text(0.13, top + 0.07, said, va="top", fontsize=13, fontweight="bold", color=palette.ink if here else palette.quiet)
    ax.text(0.33, top + 0.10, words, va="top", fontsize=8, fontweight="bold" if here else "normal", color=palette.ink, linespacing=1.05)
    if here:
        ax.text(0.33, top + (0.4 if "\n" in words else 0.26), "stands here", va="top", fontsize=8, style="italic", color=palette.blue, fontweight="bold")


def _two_lines(name: str) -> str:
    words, half = name.split(), len(name) / 2
    cut = min(range(1, len(words)), key=lambda place: abs(len(" ".join(words[:place])) - half))
    return " ".join(words[:cut]) + "\n" + " ".join(words[cut:])


def _phase(ax, phase, gates, lines, top, blocking) -> float:
    own = gates[gates["phase"] == phase["number"]]
    ax.text(LEFT + 0.21, top + 0.125, f"phase {phase['number']}: {phase['name']}", fontsize=7, color=palette.quiet, va="center", zorder=4,
            bbox={"facecolor": palette.paper, "edgecolor": "none", "pad": 0.4})
    for column, line in enumerate(lines):
        cell = own[own["line"] == line["key"]]
        for place, gate in enumerate(cell.itertuples()):
            y = top + NAME + (place + 0.5) * STEP
            _gate(ax, gate, LEFT + WIDE * column, y, gate.gate in blocking)
    return top + _tall(gates, phase["number"])


def _gate(ax, gate, x, y, blocks) -> None:
    sign, colour = SIGNS[gate.state]
    ax.plot(x + 0.1, y, "o", markersize=10.5, markerfacecolor=colour if gate.state != "cannot tell" else palette.paper, markeredgecolor=colour, zorder=3)
    ax.text(x + 0.1, y + 0.004, sign, ha="center", va="center", fontsize=7.5, fontweight="bold", zorder=4,
            color=palette.paper if gate.state != "cannot tell" else colour)
    ax.text(x + 0.21, y, gate.short, va="center", fontsize=7.4, color=palette.ink, fontweight="bold" if blocks else "normal", zorder=4,
            bbox={"facecolor": palette.paper, "edgecolor": "none", "alpha": 0.75, "pad": 0.6})


def gate_years(ax, table) -> None:
    """Gates in rows, days in columns, a sign in each cell.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Index: names of gates; columns: names of days; values: states.

    Examples
    --------
    >>> from helpers.show import figure
    >>> import pandas as pd
    >>> fig, ax = figure("One gate")
    >>> gate_years(ax, pd.DataFrame({"2024": ["green"]}, index=["need"]))
    >>> ax.get_yticklabels()[0].get_text()
    'need'
    """
    for row, (_, states) in enumerate(table.iterrows()):
        for column, state in enumerate(states):
            sign, colour = SIGNS[state]
            known = state != "cannot tell"
            ax.plot(column, row, "s", markersize=15, markerfacecolor=colour if known else palette.paper, markeredgecolor=colour if known else palette.rule)
            ax.text(column, row, sign, ha="center", va="center", fontsize=9, fontweight="bold", color=palette.paper if known else palette.grey)
    ax.set_xlim(-0.6, len(table.columns) - 0.4), ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xticks(range(len(table.columns)), table.columns), ax.set_yticks(range(len(table)), table.index)
    ax.xaxis.tick_top(), ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
