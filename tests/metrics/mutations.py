"""Break the metrics on purpose, one known mistake at a time, and see that their tests notice.

    python tests/metrics/mutations.py

Each mutant is a copy of the package with one piece of text replaced by a mistake that was found in a published package, page
or board pack. A mutant that no test notices is listed, and the script ends with 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """A mistake: where it is made, what stands there, what it becomes, and the tests that should notice."""

    name: str
    module: str
    right: str
    wrong: str
    tests: str


ORDER = 'if lines.policy.order == "sign_first":'
MUTANTS = (
    Mutant("reactivation is never reached (dbt_stripe)", "revenue.py", 'if lines.policy.order == "return_last":', "if True:", "test_oracles.py -k MOV"),
    Mutant("churn and reactivation are never reached (dbt_recurly)", "revenue.py", ORDER, "if True:", "test_oracles.py -k MOV"),
    Mutant("a month has four weeks", "policy.py", "weeks_per_month: float = 52 / 12", "weeks_per_month: float = 4", "test_switches.py -k weeks"),
    Mutant("a week is worth nothing", "revenue.py", "return amount * (weeks if", "return 0 * amount * (weeks if", "test_oracles.py -k MRR"),
    Mutant("a weekly line is worth nothing", "lines.py", '"week": float(policy.weeks_per_month)', '"week": 0.0', "test_oracles.py -k MRR"),
    Mutant("two years are booked as one month", "lines.py", 'monthly = monthly / nw.col("interval_count")', "monthly = monthly * 1", "test_revenue.py -k definition"),
    Mutant("NRR of the survivors only", "retention.py", '.filter(nw.col("before_present"))\n    sums', '.filter(nw.col("before_present") & nw.col("after_present"))\n    sums', "test_oracles.py -k RET"),
    Mutant("NRR with customers won on the way, point to point", "retention.py", '.filter(nw.col("before_present"))\n    sums', "\n    sums", "test_oracles.py -k RET"),
    Mutant("undefined is zero", "retention.py", "value = left / whole if whole > 0 else math.nan", "value = left / whole if whole > 0 else 0.0", "test_edges.py -k undefined"),
    Mutant("a day in hand is a month in hand", "recognition.py", "rate * max(0, (end - first).days)", "rate * 30", "test_edges.py -k prepaid"),
    Mutant("NRR with customers won on the way, month by month", "retention.py", 'ends = ends.filter(_present("then", lines))', "ends = ends", "test_revenue.py -k won"),
    Mutant("expansion of new customers in the flow", "retention.py", "flows[kind] += float(change) * here", "flows[kind] += float(change)", "test_oracles.py -k RET"),
    Mutant("GRR without a cap for each customer", "groups.py", "either(after < before, after, before)", "after", "test_oracles.py -k RET"),
    Mutant("twelve times the monthly churn", "churn.py", "return 1 - (1 - monthly) ** 12", "return 12 * monthly", "test_oracles.py -k RET"),
    Mutant("cohorts averaged with those that are too young", "tenure.py", "if stay.seen >= age * step]", "if stay.seen >= 0]", "test_tenure.py -k old_enough"),
    Mutant("the young count as lost in the cohort", "cohorts.py", "for months in range(last - born + 1):", "for months in range(last - min(first for first, _ in by_cell) + 1):", "test_revenue.py -k blank"),
    Mutant("percent for a fraction", "churn.py", "if not 0 <= monthly <= 1:", "if not 0 <= monthly <= 100:", "test_money.py -k mixed"),
    Mutant("a discount of 10 is 10%", "lines.py", '(col("discount") <= 1)', '(col("discount") <= 100)', "test_revenue.py -k mend"),
    Mutant("monthly churn with a yearly price", "units.py", "if value.per != values[0].per:", "if False:", "test_money.py -k mixed"),
    Mutant("the magic number upside down", "economics.py", "* 4 / sales_and_marketing_before if", "** -1 * sales_and_marketing_before / 4 if", "test_money.py -k infinite"),
    Mutant("the last cycle as the total", "product.py", "start * (k ** (cycles + 1) - 1) / (k - 1)", "start * k ** cycles", "test_oracles.py -k PLG"),
    Mutant("the day of the end still counts", "revenue.py", 'nw.col("ends_on") >= literal(tomorrow', 'nw.col("ends_on") >= literal(on', "test_revenue.py -k paid"),
    Mutant("a running contract is lost at its end date", "lines.py", 'ends_on=only(ended, nw.col("ends_on"))', 'ends_on=nw.col("ends_on")', "test_revenue.py -k running"),
    Mutant("classified before summed", "lines.py", '(policy.grain == "subscription")', '(policy.grain == "customer")', "test_switches.py -k 11"),
    Mutant("an infinite quick ratio", "churn.py", "up / down if down else math.nan", "up / down if down else math.inf", "test_oracles.py -k RET"),
    Mutant("survival without those at risk", "tenure.py", "at_risk -= gone + unseen", "at_risk -= gone", "test_tenure.py -k hand"),
    Mutant("the model forgets who is still there", "sbg.py", "total = total + unseen * log_stay", "total = total + 0 * log_stay", "test_sbg.py -k published_fit"),
)


def make(mutant: Mutant, folder: Path) -> None:
    """Write a copy of the package and its tests, with the mistake in it."""
    shutil.copytree(ROOT / "helpers" / "metrics", folder / "helpers" / "metrics", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "helpers" / "__init__.py").write_text('"""Only the metrics."""\n', encoding="utf-8")
    shutil.copytree(Path(__file__).parent, folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "helpers" / "metrics" / mutant.module
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.right) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.module} has {mutant.right!r} {text.count(mutant.right)} times. Mend tests/metrics/mutations.py.")
    path.write_text(text.replace(mutant.right, mutant.wrong), encoding="utf-8")


def noticed(mutant: Mutant) -> bool:
    """Run the tests on the mutant: True when one of them fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(mutant, folder)
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        file, *options = mutant.tests.split(maxsplit=1)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{file}", *(options[0].split() if options else [])]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if run.returncode not in (0, 1):
            raise SystemExit(f"{mutant.name}: the tests did not run.\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
        return run.returncode == 1


def survivors() -> list[str]:
    """Return the names of the mistakes that no test noticed."""
    with ThreadPoolExecutor(2) as pool:
        return [mutant.name for mutant, seen in zip(MUTANTS, pool.map(noticed, MUTANTS), strict=True) if not seen]


if __name__ == "__main__":
    missed = survivors()
    print(f"{len(MUTANTS) - len(missed)} of {len(MUTANTS)} mistakes noticed." + "".join(f"\nnot noticed: {name}" for name in missed))
    raise SystemExit(bool(missed))
