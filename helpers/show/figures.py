"""Figures that say what they show: a title in words, units, n, and a text alternative."""

from __future__ import annotations

import io
import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from . import look
from .numbers import format_of

DPI = 100  # a figure of 7.2 inches is 720 points wide on the page, stored at twice that
COLOURS = 64


def _blank(width: float, height: float) -> Figure:
    look.apply()
    drawing = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(drawing)
    return drawing


def _wrapped(text: str, width: float) -> str:
    return "\n".join(textwrap.fill(line, int(width)) for line in text.split("\n"))


def _head(drawing: Figure, title: str, subtitle: str) -> float:
    """Write title and subtitle at the left edge; return the height, as a share, that is left below them."""
    inch, wide = 1 / drawing.get_figheight(), drawing.get_figwidth()
    title, subtitle = _wrapped(title, 9.4 * wide), _wrapped(subtitle, 14.4 * wide)
    lines = title.count("\n") + 1
    drawing.text(0.012, 1 - 0.10 * inch, title, ha="left", va="top", fontsize=13, fontweight="bold", color=look.palette.ink)
    top = 1 - (0.14 + 0.235 * lines) * inch
    if subtitle:
        drawing.text(0.012, top, subtitle, ha="left", va="top", fontsize=10, color=look.palette.quiet)
        top -= 0.19 * (subtitle.count("\n") + 1) * inch
    return top - 0.10 * inch


def figure(title: str, subtitle: str = "", *, size: tuple[float, float] = (7.2, 3.9), x=None, y=None):
    """A figure with one set of axes, whose title says what is to be seen.

    Parameters
    ----------
    title : str
        A sentence, for example "Four in five stay each year".
    subtitle : str
        Units and n, for example "share of customers, n = 1,740".
    size : (float, float)
        Width and height in inches; 7.2 inches fill the page.
    x, y : str or callable, optional
        How the axis writes its numbers: "percent", "number", a currency code, or a function.

    Returns
    -------
    (Figure, Axes)
        matplotlib's own; draw into the axes with matplotlib or seaborn.

    Examples
    --------
    >>> fig, ax = figure("Half stay", "share of customers, n = 2", y="percent")
    >>> float(fig.get_figwidth())
    7.2
    """
    drawing, axes = panels(title, subtitle, columns=1, size=size, x=x, y=y)
    return drawing, axes[0]


def panels(title: str, subtitle: str = "", *, columns: int = 3, rows: int = 1, size: tuple[float, float] = (7.2, 3.2),
           x=None, y=None, share_y: bool = True):
    """Several small axes side by side under one title.

    Parameters
    ----------
    title, subtitle, size, x, y
        As in :func:`figure`.
    columns, rows : int
        How many axes.
    share_y : bool
        All panels on one scale.

    Returns
    -------
    (Figure, list of Axes)

    Examples
    --------
    >>> fig, axes = panels("Three cases", columns=3)
    >>> len(axes)
    3
    """
    drawing = _blank(*size)
    top = _head(drawing, title, subtitle)
    axes = list(drawing.subplots(rows, columns, sharey=share_y, squeeze=False).flat)
    drawing.get_layout_engine()
    drawing.set_layout_engine("constrained", rect=(0, 0, 1, top), w_pad=0.08, h_pad=0.06)
    for ax in axes:
        write_axis(ax, x=x, y=y)
    return drawing, axes


def write_axis(ax, *, x=None, y=None) -> None:
    """Let an axis write its numbers as people do.

    Parameters
    ----------
    ax : Axes
    x, y : str or callable, optional
        "percent", "number", a currency code, or a function.
    """
    for axis, form in ((ax.xaxis, x), (ax.yaxis, y)):
        if form == "percent":
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}%"))
        elif form is not None:
            writes = format_of(form)
            axis.set_major_formatter(FuncFormatter(lambda value, _, writes=writes: writes(value)))


def note(ax, text: str, at, to=None, *, color: str | None = None, **options) -> None:
    """A remark inside the picture, with a thin line to what it speaks of.

    Parameters
    ----------
    ax : Axes
    text : str
    at : (x, y)
        Where the words stand, in data units.
    to : (x, y), optional
        What they point at.
    """
    colour = color or look.palette.quiet
    arrow = {"arrowstyle": "-", "color": colour, "lw": 0.9, "shrinkA": 2, "shrinkB": 3} if to is not None else None
    ax.annotate(text, xy=to if to is not None else at, xytext=at, color=colour, fontsize=9.5, arrowprops=arrow, **options)


def label_lines(ax, labels, *, gap: float = 0.055) -> None:
    """Name each line at its right end, in its own colour, instead of a legend.

    Parameters
    ----------
    ax : Axes
    labels : iterable of (x, y, text, colour)
        The end of each line in data units.
    gap : float
        Least distance between two names, as a share of the axes' height.
    """
    low, high = ax.get_ylim()
    last = float("-inf")
    for x, y, text, colour in sorted(labels, key=lambda row: row[1]):
        place = max(y, last + gap * (high - low))
        ax.annotate(text, xy=(x, place), xytext=(6, 0), textcoords="offset points", va="center", color=colour,
                    fontsize=9.5, fontweight="bold", annotation_clip=False)
        last = place


def png(drawing: Figure, *, scale: float = 2.0) -> bytes:
    """The figure as PNG, at ``scale`` times its size on the page, in at most 64 colours.

    Examples
    --------
    >>> png(_blank(1, 1))[1:4]
    b'PNG'
    """
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    drawing.savefig(raw, format="png", dpi=DPI * scale, metadata={"Software": None})
    image = Image.open(raw).convert("RGB")
    image.quantize(palette=_palette(image), dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()


def _palette(image):
    """The colours that cover most of a picture, exactly as they are; shades that lie close together count as one."""
    from PIL import Image

    groups: dict[tuple, list] = {}
    for count, colour in image.getcolors(image.width * image.height):
        groups.setdefault(tuple(part >> 4 for part in colour), []).append((count, colour))
    common = sorted(groups.values(), key=lambda group: (-sum(count for count, _ in group), group))[:COLOURS]
    flat = [part for group in common for part in max(group)[1]]
    holder = Image.new("P", (1, 1))
    holder.putpalette(flat + flat[:3] * (256 - len(common)))
    return holder


def show(drawing: Figure, alt: str) -> None:
    """Show a figure with its text alternative.

    The alternative is what a screen reader says, what the book writes into ``alt``, and what the tests compare: so it holds
    the numbers behind the picture.

    Parameters
    ----------
    drawing : Figure
    alt : str
        One or two sentences with the figures that the picture shows.

    Raises
    ------
    ValueError
        If there is no alternative.
    """
    import base64

    from IPython.display import display

    if not alt or not alt.strip():
        raise ValueError("A figure needs a text alternative: show(fig, 'what is to be seen, with its numbers').")
    width = round(drawing.get_figwidth() * DPI)
    display({"image/png": base64.b64encode(png(drawing)).decode(), "text/plain": alt},
            metadata={"image/png": {"width": width, "alt": alt}}, raw=True)
