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


def asked_of(company) -> dict:
    """Every public metric that takes a table, as a call on the case company."""
    import pandas as pd

    import helpers.metrics as m

    end, policy = company.as_of, company.policy
    table, start, by = company.subscriptions, end.replace(year=end.year - 1), {"customers": company.customers, "by": "size"}
    moved, bridge, stripe = m.mrr_movements(table, as_of=end, policy=policy), m.bridge_from(table, as_of=end, policy=policy), m.Policy.preset("stripe")
    used, foreign = table.assign(charge="recurring"), table.assign(currency="CNY")  # every fifth line metered, every fourth customer abroad
    used.loc[used.index[::5], "charge"] = "usage"
    foreign.loc[foreign["customer_id"].isin(sorted(set(table["customer_id"]))[::4]), "currency"] = "USD"
    months = pd.date_range("2020-01-01", end, freq="MS").astype("datetime64[us]")
    rates = pd.DataFrame({"currency": "USD", "month": months, "rate": [7 + i / 100 for i in range(len(months))]})
    whole = ("mrr_movements", "bridge_from", "retention_by_month", "nrr_trailing", "cohort_triangle", "life_table", "fit_sbg_from", "churn_by_cause",
             "flash_customers")
    windows = ("retention_definitions", "nrr_chained", "customer_churn")
    return {**{name: lambda ask=getattr(m, name): ask(table, as_of=end, policy=policy) for name in whole},
            **{name: lambda ask=getattr(m, name): ask(table, end, policy=policy) for name in ("mrr_at", "total_mrr", "arr", "left_out")},
            **{name: lambda ask=getattr(m, name): ask(table, start, end, policy=policy) for name in windows},
            **{name: lambda ask=getattr(m, name): ask(table, start, end, policy=policy, **by) for name in ("nrr", "grr", "logo_retention")},
            **{name: lambda ask=getattr(m, name): ask(bridge) for name in ("quick_ratio", "churn_by_month")},
            **{name: lambda ask=getattr(m, name): ask(company.events) for name in ("monthly_actives", "stickiness")},
            "survival": lambda: m.survival(table, as_of=end, policy=policy, **by), "mrr_bridge": lambda: m.mrr_bridge(moved, as_of=end),
            "usage_mrr": lambda: m.usage_mrr(used, end, policy=policy),
            "convert": lambda: m.convert(foreign, rates, to="CNY", policy=policy.replace(fx="purchase")),
            "fx_movements": lambda: m.fx_movements(foreign, rates, to="CNY", as_of=end, policy=policy.replace(fx="spot")),
            "renewal_rate": lambda: m.renewal_rate(company.contracts, start, end, **by),
            "subscriptions_from_invoices": lambda: m.subscriptions_from_invoices(company.invoices),
            "revenue_by_month": lambda: m.revenue_by_month(company.invoices, as_of=end),
            "reconcile": lambda: m.reconcile(table, policy, stripe, start=start, end=end),
            "restatements": lambda: m.restatements(table, known_then=start, known_now=end, policy=policy)}


def metrics(rounds: int = 5) -> list[tuple[str, float]]:
    """Every public metric on the tables of the case company, slowest first, in processor seconds; promised 0.1 s each.

    `reconcile` works out some twenty policies and `restatements` two reports: theirs is the time of one of them. What is handed
    to DuckDB (events) counts the seconds of both cores.
    """
    from helpers.company import load_company

    asked, clock = asked_of(load_company()), time.process_time
    first = {name: call() for name, call in asked.items()}
    times = {name: median(call, 1 if name == "reconcile" else rounds, clock) for name, call in asked.items()}
    times["reconcile, a policy"] = times.pop("reconcile") / (2 * len(first["reconcile"].by_switch))
    times["restatements, a report"] = times.pop("restatements") / 2
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
