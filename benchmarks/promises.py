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


def median(call, rounds: int = 5, clock=time.perf_counter) -> float:
    """Median seconds of some rounds; with ``clock=time.process_time`` those of the processor, which a busy machine changes least."""
    times = []
    for _ in range(rounds):
        begun = clock()
        call()
        times.append(clock() - begun)
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


def orders() -> float:
    """10,000 futures of five years for a founding company of chapter 02; promised 0.1 s."""
    import numpy as np

    from helpers.models.wrong_order import Founding, draw_luck, schedule, simulate

    luck, decisions = draw_luck(np.random.default_rng(1)), schedule("leads do not follow")
    return median(lambda: simulate(Founding(), decisions, luck=luck))


def metrics(rounds: int = 5) -> list[tuple[str, float]]:
    """Every public metric on the tables of the case company, slowest first, in processor seconds; promised 0.1 s each.

    `reconcile` works out some twenty policies and `restatements` two reports: theirs is the time of one of them.
    """
    import helpers.metrics as m
    from helpers.company import load_company

    company = load_company()
    end, policy = company.as_of, company.policy
    table, start, by = company.subscriptions, end.replace(year=end.year - 1), {"customers": company.customers, "by": "size"}
    bridge, stripe = m.bridge_from(table, as_of=end, policy=policy), m.Policy.preset("stripe")
    whole = {name: getattr(m, name) for name in ("mrr_movements", "bridge_from", "retention_by_month", "nrr_trailing", "cohort_triangle", "life_table",
                                                 "fit_sbg_from", "churn_by_cause", "flash_customers")}
    days = {name: getattr(m, name) for name in ("mrr_at", "total_mrr", "arr", "left_out")}
    windows = {name: getattr(m, name) for name in ("retention_definitions", "nrr_chained", "customer_churn")}
    asked = {**{name: lambda ask=ask: ask(table, as_of=end, policy=policy) for name, ask in whole.items()},
             **{name: lambda ask=ask: ask(table, end, policy=policy) for name, ask in days.items()},
             **{name: lambda ask=ask: ask(table, start, end, policy=policy) for name, ask in windows.items()},
             **{name: lambda name=name: getattr(m, name)(table, start, end, policy=policy, **by) for name in ("nrr", "grr", "logo_retention")},
             "survival": lambda: m.survival(table, as_of=end, policy=policy, **by), "quick_ratio": lambda: m.quick_ratio(bridge),
             "churn_by_month": lambda: m.churn_by_month(bridge), "renewal_rate": lambda: m.renewal_rate(company.contracts, start, end, **by),
             "revenue_by_month": lambda: m.revenue_by_month(company.invoices, as_of=end)}
    clock = time.process_time
    times = {name: median(call, rounds, clock) for name, call in asked.items() if call() is not None}
    turned = len(m.reconcile(table, policy, stripe, start=start, end=end).by_switch)
    times["reconcile, a policy"] = median(lambda: m.reconcile(table, policy, stripe, start=start, end=end), 1, clock) / (2 * turned)
    times["restatements, a report"] = median(lambda: m.restatements(table, known_then=start, known_now=end, policy=policy), rounds, clock) / 2
    return sorted(times.items(), key=lambda item: -item[1])


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
    print(f"10,000 paths, one order  {orders():.3f} s")
    print("slowest metrics          " + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in metrics()[:5]))
    print(f"the book                 {book():.1f} s")
