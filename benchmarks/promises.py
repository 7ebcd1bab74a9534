"""The speeds that the course promises, measured: seconds on this machine, medians of five.

    python benchmarks/promises.py

The tests time nothing, since what else a machine does is not the course's; this file is where a promise is looked at.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def median(call, rounds: int = 5) -> float:
    """Median seconds of some rounds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def python(code: str):
    """A call that runs some code in a Python of its own."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


def imports() -> float:
    """`import helpers` beyond the start of Python itself; promised 0.3 s."""
    return median(python("import helpers")) - median(python(""))


def tables() -> tuple[str, float]:
    """The slowest table of the case company; promised 0.3 s."""
    from helpers.company import load_company

    names = load_company().tables
    slowest = max(names, key=lambda name: median(lambda: load_company().table(name), 1))
    return slowest, median(lambda: load_company().table(slowest))


def paths() -> float:
    """10,000 futures of ten years for both companies of chapter 11; promised 0.1 s."""
    import numpy as np

    from helpers.models.hourglass import Licence, Market, Subscription, draw_luck, simulate_funnel, simulate_hourglass

    luck, market = draw_luck(np.random.default_rng(1)), Market(50, 0.1)
    return median(lambda: (simulate_hourglass(Subscription(30), market, luck=luck), simulate_funnel(Licence(100), market, luck=luck)))


def book() -> float:
    """The book from nothing; promised 30 s."""
    from helpers.book import build

    def once():
        with tempfile.TemporaryDirectory() as folder:
            build(folder)
    return median(once, 1)


if __name__ == "__main__":
    print(f"import helpers           {imports():.3f} s")
    print("slowest table            {0} {1:.2f} s".format(*tables()))
    print(f"10,000 paths, both firms {paths():.3f} s")
    print(f"the book                 {book():.1f} s")
