"""One measurement: answer one question in one way, and print seconds, peak memory and a short form of the answer as JSON.

Modules are loaded, and a thousand rows answered, before the clock starts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import helpers.metrics as m  # noqa: E402
from benchmarks import answers, by_hand, data  # noqa: E402

WHOLE = m.Policy(complete_from_inception=True)
PUBLIC: dict[str, Callable[[Any], Any]] = {
    "movements": lambda table: m.bridge_from(table, as_of=data.AS_OF),
    "retention_by_month": lambda table: m.retention_by_month(table, as_of=data.AS_OF),
    "cohort_triangle": lambda table: m.cohort_triangle(table, as_of=data.AS_OF, cohort="month", policy=WHOLE),
    "stickiness": m.stickiness,
}
HAND = {"movements": by_hand.MOVEMENTS, "retention_by_month": by_hand.BY_MONTH, "cohort_triangle": by_hand.TRIANGLE, "stickiness": by_hand.STICKINESS}
SPARK_SQL = {"movements": by_hand.MOVEMENTS_SPARK, "retention_by_month": by_hand.BY_MONTH_SPARK, "cohort_triangle": by_hand.TRIANGLE_SPARK,
             "stickiness": by_hand.STICKINESS_SPARK}
PANELS = {"panel": by_hand.panel_pivot, "panel_spine": by_hand.panel_spine, "panel_loop": by_hand.panel_loop}
WARM_UP = 3  # Spark's first rounds compile


def view(question: str) -> str:
    return "events" if question == "stickiness" else "subscriptions"


def asked(question: str, way: str) -> Callable[[Any], Any]:
    """Return what answers the question from a DuckDB relation, or from a pandas table."""
    if way in ("duckdb", "pandas"):
        return PUBLIC[question]
    if way in PANELS:
        return PANELS[way]
    sql = HAND[question] if way == "hand" else by_hand.FLOOR_EVENTS if question == "stickiness" else by_hand.FLOOR
    return lambda relation: relation.query(view(question), sql).df()


def once(question: str, way: str, path: str) -> dict[str, Any]:
    """Answer once and take the time; a pandas table is there before the clock starts, DuckDB reads the file while it runs."""
    import duckdb

    if way in PANELS:  # they outgrow machines: let them fail alone
        resource.setrlimit(resource.RLIMIT_AS, (18 * 2**30, resource.RLIM_INFINITY))
    ask, relation = asked(question, way), duckdb.connect().read_parquet(path)
    ask(relation.limit(1000).df() if way in PANELS else relation.limit(1000))
    table = relation.df() if way in ("pandas", *PANELS) else relation
    begin, begin_cpu = time.perf_counter(), time.process_time()
    answer = ask(table)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {way: {"seconds": [seconds], "cpu": [cpu], "peak_mb": peak, "answer": answers.common(question, way, answer)}}


def on_spark(question: str, path: str, rounds: int) -> dict[str, Any]:
    """Answer in turns by Spark SQL and by the public function, in one warm session."""
    spark = session()
    spark.read.parquet(path).createOrReplaceTempView(view(question))
    ways = {"spark_sql": lambda: spark.sql(SPARK_SQL[question]).toPandas(), "spark": lambda: PUBLIC[question](spark.read.parquet(path))}
    found: dict[str, dict[str, Any]] = {way: {"seconds": []} for way in ways}
    for i in range(WARM_UP + rounds):
        for way, ask in ways.items():
            begin = time.perf_counter()
            answer = ask()
            if i >= WARM_UP:
                found[way]["seconds"].append(time.perf_counter() - begin)
            found[way]["answer"] = answers.common(question, way, answer)
    return found


def session() -> Any:
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8", "spark.driver.memory": "4g", "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1", "spark.sql.session.timeZone": "UTC", "spark.ui.showConsoleProgress": "false",
                "spark.sql.execution.arrow.pyspark.enabled": "true"}
    builder = SparkSession.builder.master("local[2]").appName("benchmark")
    for name, value in settings.items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


if __name__ == "__main__":
    question, way, path, rounds = sys.argv[1:5]
    print(json.dumps(on_spark(question, path, int(rounds)) if way == "spark" else once(question, way, path)))
