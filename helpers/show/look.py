"""One palette and one style for figures, tables, book and notebooks.

The colours are those of Okabe and Ito (2008), which readers with any of the common colour-vision deficiencies tell apart;
they keep a contrast of at least 3 to 1 against the paper, in light and in dark surroundings, because figures bring their
own paper with them.
"""

from __future__ import annotations

from types import SimpleNamespace

palette = SimpleNamespace(
    blue="#0072B2", orange="#D55E00", green="#00795A", amber="#C98A00", purple="#A5568A", sky="#3C95CF", grey="#737A84",
    small="#C98A00", mid="#00795A", large="#0072B2",
    good="#0072B2", bad="#D55E00",
    ink="#1F2933", quiet="#5B6470", rule="#D9DEE4", paper="#FFFFFF",
    lines=["#0072B2", "#D55E00", "#00795A", "#C98A00", "#A5568A", "#3C95CF", "#737A84"],
)

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": palette.ink,
    "figure.facecolor": palette.paper, "axes.facecolor": palette.paper, "savefig.facecolor": palette.paper,
    "axes.edgecolor": palette.rule, "axes.labelcolor": palette.quiet, "axes.labelsize": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True,
    "grid.color": palette.rule, "grid.linewidth": 0.8,
    "xtick.color": palette.quiet, "ytick.color": palette.quiet, "xtick.labelsize": 9.5, "ytick.labelsize": 9.5,
    "xtick.major.size": 0, "ytick.major.size": 0,
    "lines.linewidth": 2.2, "lines.markersize": 5, "legend.frameon": False, "legend.fontsize": 9.5,
    "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.titlesize": 10.5, "axes.titlecolor": palette.ink,
    "axes.formatter.useoffset": False,
}


def apply() -> None:
    """Make matplotlib and seaborn draw in the course's style from here on."""
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(STYLE)
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=palette.lines)
