"""What a move of a slider costs: the figure drawn again, against a fresh figure with a tight box, as `interact` makes it.

    python benchmarks/slider.py

Medians of eleven draws of the same picture, in one run; read the ratio, the milliseconds depend on the machine.
"""

from __future__ import annotations

import io
import statistics
import time

import numpy as np

from helpers.show import palette, write_axis
from helpers.show.figures import DPI, _blank
from helpers.show.play import _Live

SIZE = (7.2, 3.7)


def draw(ax, renewal: float) -> str:
    """A picture such as the chapters have: three lines, a band, written axes."""
    months = np.arange(120)
    for shift, colour in zip((0.9, 1.0, 1.1), palette.lines):
        line = (renewal * shift) ** (months / 12)
        ax.plot(months, line, color=colour)
        ax.fill_between(months, 0.9 * line, 1.1 * line, color=colour, alpha=0.16)
    ax.set_ylim(0, 1.2), ax.set_xlabel("months")
    write_axis(ax, y="percent")
    return f"{renewal:.0%} renew."


def fresh(renewal: float) -> bytes:
    """A new figure each time, with a tight box and at twice the size."""
    figure = _blank(*SIZE)
    draw(figure.add_subplot(), renewal)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=2 * DPI, bbox_inches="tight")
    return out.getvalue()


def median_ms(call) -> float:
    """Median of eleven calls in milliseconds, after one that is not counted."""
    call(0.8)
    times = []
    for i in range(11):
        begun = time.perf_counter()
        call(0.7 + i / 100)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


if __name__ == "__main__":
    live = _Live(draw, SIZE, {"renewal": 0.8})
    again, anew = median_ms(lambda renewal: live({"renewal": renewal})), median_ms(fresh)
    print(f"drawn again {again:.0f} ms, fresh with a tight box {anew:.0f} ms, ratio {anew / again:.1f}")
