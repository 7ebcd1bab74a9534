"""Draw the chart of the benchmarks: seconds for each question, way by way.

    python benchmarks/chart.py benchmarks/results.json benchmarks/scale.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = {"floor": "bare group-by (floor)", "hand": "SQL by hand, DuckDB", "duckdb": "helpers.metrics, DuckDB", "pandas": "helpers.metrics, pandas table",
         "panel": "netted events, one pivot_table, pandas", "panel_spine": "a row for each customer and month, pandas",
         "panel_loop": "month after month, pandas", "spark_sql": "SQL by hand, Spark", "spark": "helpers.metrics, Spark"}
TITLES = {"movements": "MRR movements", "retention_by_month": "NRR, GRR, logo by month", "cohort_triangle": "cohort triangle",
          "stickiness": "monthly actives, stickiness"}
OURS, THEIRS, FLOOR = "#0072B2", "#999999", "#DDDDDD"  # blue stands out for every reader, also in grey


def draw(results: dict, path: Path) -> None:
    """Draw a panel for each question; bars in seconds."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = [panel for question, sizes in results["results"].items() for panel in panels_of(question, sizes)]
    heights = [len(ways) for _, _, ways in panels]
    fig, axes = plt.subplots(len(panels), 1, figsize=(9, 0.36 * sum(heights) + 1.1 * len(panels)), squeeze=False,
                             gridspec_kw={"height_ratios": heights})
    for ax, (question, size, ways) in zip(axes[:, 0], panels, strict=True):
        bars(ax, ways)
        what = "events" if question == "stickiness" else "subscription rows"
        ax.set_title(f"{TITLES[question]}, {int(size) / 1e6:g} million {what}", loc="left", fontsize=10, weight="bold")
    machine = results["machine"]
    axes[-1, 0].set_xlabel(f"seconds (median of {results['rounds']}), {machine['cores']} shared cores, {machine['memory_gb']} GB")
    fig.tight_layout()
    fig.savefig(path, dpi=160, metadata={"Software": None})
    plt.close(fig)


def bars(ax, ways: dict) -> None:
    """Draw one bar for each way, the slowest below, each with its seconds."""
    rows = sorted(ways.items(), key=lambda item: -item[1]["median"])
    colours = [FLOOR if way == "floor" else OURS if NAMES[way].startswith("helpers") else THEIRS for way, _ in rows]
    seconds = [row["median"] for _, row in rows]
    ax.barh([NAMES[way] for way, _ in rows], seconds, color=colours)
    for i, value in enumerate(seconds):
        ax.text(value + max(seconds) / 100, i, f"{value:.1f} s" if value >= 1 else f"{value:.2f} s", va="center", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.set_xlim(0, 1.1 * max(seconds))


def panels_of(question: str, sizes: dict) -> list[tuple[str, str, dict]]:
    """Return the ways at the largest size measured, and those on Spark, which was measured at a smaller one."""
    size = max(sizes, key=float)
    spark = {size: {way: one for way, one in found["ways"].items() if way.startswith("spark")} for size, found in sizes.items()}
    others = {way: one for way, one in sizes[size]["ways"].items() if not way.startswith("spark")}
    return [(question, size, others), *((question, size, ways) for size, ways in spark.items() if ways)]


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results.json"
    draw(json.loads(source.read_text(encoding="utf-8")), Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "scale.png")
