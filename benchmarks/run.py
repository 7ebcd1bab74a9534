"""Measure the metrics against hand-written queries on tables of any size, and write what was found to a JSON file.

    python benchmarks/run.py                                          # 1 million subscription rows, 5 million events: some minutes
    python benchmarks/run.py --rows 1e6 1e7 --events 5e6 5e7 --without panel_spine
    python benchmarks/run.py --questions movements cohort_triangle --rows 3e6 --without panel panel_spine panel_loop --spark
    python benchmarks/chart.py

Every measurement is a process of its own (so that its peak memory is its own), and the ways are measured in turns, round by
round, so that a busy machine is busy for all of them. Tables are made in a temporary folder and thrown away. All ways must
give the same answer, or nothing is written.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import data  # noqa: E402

WAYS = {
    "movements": ("floor", "hand", "duckdb", "pandas", "panel", "panel_spine", "panel_loop"),
    "retention_by_month": ("floor", "hand", "duckdb", "pandas"),
    "cohort_triangle": ("floor", "hand", "duckdb", "pandas"),
    "stickiness": ("floor", "hand", "duckdb", "pandas"),
}
PACKAGES = ("duckdb", "narwhals", "pandas", "pyarrow", "numpy", "pyspark")


def measure(question: str, way: str, path: Path, rounds: int = 1) -> dict[str, dict]:
    """Measure one way once, or both Spark ways ``rounds`` times in one warm session, in a process of its own."""
    command = [sys.executable, str(HERE / "worker.py"), question, way, str(path), str(rounds)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if run.returncode:
        raise SystemExit(f"{question}, {way}: {run.stderr[-3000:]}")
    return json.loads(run.stdout.strip().splitlines()[-1])


def compare(question: str, ways: tuple[str, ...], path: Path, rounds: int, *, spark: bool = False) -> dict[str, dict]:
    """Measure all ways of one question in turns, see that they agree, and sum up."""
    found: dict[str, list[dict]] = {way: [] for way in ways}
    loads = []
    for _ in range(rounds):
        loads.append(round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else math.nan)
        for way in ways:
            found[way].append(measure(question, way, path)[way])
    if spark:
        found |= {way: [one] for way, one in measure(question, "spark", path, rounds).items()}
    agree(question, {way: runs[0]["answer"] for way, runs in found.items()})
    summed = {way: summary(runs) for way, runs in found.items()}
    return {"load": loads, "answer": found["hand"][0]["answer"]["rows"], "ways": summed, "ratios": ratios(summed)}


def agree(question: str, answers: dict[str, dict]) -> None:
    """Stop when two ways found different answers; panels, in floating point, are held to their totals."""
    if len({answer["hash"] for answer in answers.values() if "hash" in answer}) != 1:
        raise SystemExit(f"{question}: the ways do not agree: {answers}")
    totals = answers["hand"].get("totals", {})
    for way in (way for way in answers if way.startswith("panel")):
        for kind, total in answers[way]["totals"].items():
            if not math.isclose(total, totals[kind], rel_tol=1e-4):
                raise SystemExit(f"{question}: {way} finds {kind} {total}, the others {totals[kind]}")


def summary(runs: list[dict]) -> dict:
    """Sum up the rounds of one way: seconds, and where they are known (Spark's are Java's) processor seconds and peak memory."""
    seconds, cpu = ([round(second, 4) for run in runs for second in run.get(what, [])] for what in ("seconds", "cpu"))
    found = {"seconds": seconds, "median": round(statistics.median(seconds), 4)}
    if cpu:
        found |= {"cpu": cpu, "cpu_median": round(statistics.median(cpu), 4), "peak_mb": round(statistics.median(run["peak_mb"] for run in runs))}
    return found


def ratios(ways: dict[str, dict]) -> dict[str, float]:
    """Compare medians: each way over the hand-written query, the panel over the public function, Spark over Spark SQL; and memory."""
    hand, ours = ways["hand"], ways["duckdb"]
    found = {f"{way}_over_hand": ways[way]["median"] / hand["median"] for way in ("floor", "duckdb", "pandas") if way in ways}
    found |= {f"{way}_cpu_over_hand": ways[way]["cpu_median"] / hand["cpu_median"] for way in ("duckdb", "pandas")}
    found["duckdb_memory_over_hand"] = ours["peak_mb"] / hand["peak_mb"]
    for way in (way for way in ways if way.startswith("panel")):
        found[f"{way}_over_duckdb"] = ways[way]["median"] / ours["median"]
        found[f"{way}_memory_over_duckdb"] = ways[way]["peak_mb"] / ours["peak_mb"]
    if "spark" in ways:
        found["spark_over_spark_sql"] = ways["spark"]["median"] / ways["spark_sql"]["median"]
    return {name: round(value, 3) for name, value in found.items()}


def machine() -> dict:
    """Describe the machine and the versions: numbers without them mean nothing."""
    info = Path("/proc/cpuinfo")
    models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else math.nan
    return {"processor": models[0] if models else platform.processor(), "cores": os.cpu_count(), "memory_gb": round(memory), "system": platform.system(),
            "python": platform.python_version(), "versions": {name: version(name) for name in PACKAGES}}


def grown(sizes: dict[str, dict]) -> dict[str, float]:
    """Compare how time grows from the smallest to the largest table: the public function's growth over the hand-written query's."""
    ordered = sorted(sizes, key=float)
    if len(ordered) < 2:
        return {}
    growth = {way: sizes[ordered[-1]]["ways"][way]["median"] / sizes[ordered[0]]["ways"][way]["median"] for way in ("hand", "duckdb")}
    return {"hand": round(growth["hand"], 2), "duckdb": round(growth["duckdb"], 2), "duckdb_over_hand": round(growth["duckdb"] / growth["hand"], 3)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", type=float, default=[1e6], help="sizes of the table of subscriptions")
    parser.add_argument("--events", nargs="+", type=float, default=[5e6], help="sizes of the table of events")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--questions", nargs="+", choices=list(WAYS), default=list(WAYS), help="the others keep what the file holds")
    parser.add_argument("--without", nargs="*", default=[], help="ways to leave out, such as panel_spine, which needs some 50 GB for 10 million rows")
    parser.add_argument("--spark", action="store_true", help="measure Spark, local[2], at the smallest size as well (needs Java)")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    results: dict[str, dict] = json.loads(asked.out.read_text(encoding="utf-8"))["results"] if asked.out.exists() else {}
    for question in asked.questions:
        ways = tuple(way for way in WAYS[question] if way not in asked.without)
        sizes, make = (asked.events, data.write_events) if question == "stickiness" else (asked.rows, data.write_subscriptions)
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "table.parquet"
                make(path, int(size))
                found = compare(question, ways, path, asked.rounds, spark=asked.spark and size == min(sizes))
            results.setdefault(question, {})[str(int(size))] = found
            print(question, f"{int(size):,}", {way: one["median"] for way, one in found["ways"].items()}, found["ratios"], flush=True)
            write(asked.out, asked.rounds, results)


def write(path: Path, rounds: int, results: dict[str, dict]) -> None:
    """Write what has been measured so far."""
    found = {"machine": machine(), "rounds": rounds, "results": {question: results[question] for question in WAYS if question in results},
             "growth": {question: grown(sizes) for question, sizes in results.items()}}
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
