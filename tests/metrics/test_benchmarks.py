"""The benchmarks run, all their ways find the same answer, and what is committed was measured on tables of the promised size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = {"movements", "retention_by_month", "cohort_triangle", "stickiness"}


def run(*arguments):
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_all_ways_of_every_question_agree_on_a_small_table(tmp_path):
    out = tmp_path / "results.json"
    done = run(ROOT / "benchmarks" / "run.py", "--rows", "2e4", "--events", "3e4", "--rounds", "1", "--out", out)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))["results"]
    assert set(found) == QUESTIONS
    for question, sizes in found.items():
        for size in sizes.values():
            assert size["answer"] > 5 and {"floor", "hand", "duckdb", "pandas"} <= set(size["ways"]), question
    chart = run(ROOT / "benchmarks" / "chart.py", out, tmp_path / "chart.png")
    assert chart.returncode == 0, chart.stderr
    assert (tmp_path / "chart.png").stat().st_size > 10_000


def test_a_different_answer_stops_the_run():
    sys.path.insert(0, str(ROOT))
    from benchmarks.run import agree

    same = {"hand": {"hash": "a", "totals": {"churn": -5.0}}, "duckdb": {"hash": "a"}, "panel": {"totals": {"churn": -5.0}}, "floor": {}}
    agree("movements", same)
    with pytest.raises(SystemExit, match="do not agree"):
        agree("movements", {**same, "duckdb": {"hash": "b"}})
    with pytest.raises(SystemExit, match="panel finds churn -6"):
        agree("movements", {**same, "panel": {"totals": {"churn": -6.0}}})


def test_what_is_committed_was_measured_at_the_promised_sizes():
    committed = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    assert committed["rounds"] >= 5 and committed["machine"]["cores"] and committed["machine"]["versions"]["duckdb"]
    assert set(committed["results"]) == QUESTIONS
    for question, sizes in committed["results"].items():
        promised = {"5000000", "50000000"} if question == "stickiness" else {"1000000", "10000000"}
        assert promised <= set(sizes)
        assert all(len(way["seconds"]) >= 5 for size in sizes.values() for way in size["ways"].values())
        ratios = sizes[max(promised, key=float)]["ratios"]
        assert ratios["duckdb_cpu_over_hand"] <= 1.2 and ratios["pandas_cpu_over_hand"] <= 1.5 and ratios["duckdb_memory_over_hand"] <= 1.3
        assert committed["growth"][question]["duckdb_over_hand"] <= 1.2, question
