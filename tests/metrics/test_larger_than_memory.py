"""A folder of Parquet that is larger than the memory there is: the reader names it, DuckDB does the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS, PARTS, LIMIT = 600_000, 4, 60 * 2**20

SUBSCRIPTIONS = """
copy (
    select 's' || i as subscription_id, 'c' || i // 3 as customer_id, date '2020-01-15' + (hash(i // 3) % 900)::int + (i % 3)::int * 365 as starts_on,
        case when hash(i, 'end') % 3 > 0 then date '2020-01-15' + (hash(i // 3) % 900)::int + (i % 3)::int * 365 + 365 end as ends_on,
        'basic' as plan, (10 + hash(i, 'amount') % 500)::double as amount, 'month' as interval, 1 as interval_count, 0.0 as discount, 'active' as status,
        repeat(md5(i::varchar), 8) as note
    from range({first}, {last}) t(i)
) to '{path}' (format parquet, compression uncompressed)
"""

ASK = """
import json, pathlib, re, sys
from helpers.company import load_company
from helpers.metrics import mrr_movements, nrr, retention_by_month, tables

def peak():
    status = pathlib.Path("/proc/self/status")
    return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024 if status.exists() else 0

company, named = load_company(sys.argv[1]), sys.argv[4] == "path"
table = sys.argv[1] + "/subscriptions" if named else company.relation("subscriptions")
connection = tables._database() if named else company._connection
if limit := sys.argv[2]:
    connection.execute(f"set threads = 1; set memory_limit = '{limit}B'; set temp_directory = '{sys.argv[3]}'")
before = peak()
moved = mrr_movements(table, as_of=company.as_of).aggregate("kind, count(*) as rows, sum(change)::bigint as change", "kind").order("kind").fetchall()
year = nrr(table, "2023-12-31", "2024-12-31")
months = retention_by_month(table, as_of=company.as_of)
print()
print(json.dumps({"answer": [moved, year.value, year.n, months["nrr"].round(9).tolist()], "used": peak() - before}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large company")
    (folder / "company.yaml").write_text("name: Large\ncurrency: EUR\ntime_zone: UTC\nas_of: 2024-12-31\n", encoding="utf-8")
    (folder / "customers.csv").write_text("customer_id,name,created_on\nc0,First,2020-01-01\n", encoding="utf-8")
    (folder / "subscriptions").mkdir()
    step = ROWS // PARTS
    for part in range(PARTS):
        path = folder / "subscriptions" / f"part-{part}.parquet"
        duckdb.connect().execute(SUBSCRIPTIONS.format(first=part * step, last=(part + 1) * step, path=path))
    return folder


def ask(folder, limit, spill, way):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", ASK, str(folder), str(limit), str(spill), way], capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("way", ["relation", "path"])
def test_a_parquet_folder_larger_than_memory_gives_the_same_answer(way, folder, tmp_path):
    size = sum(path.stat().st_size for path in (folder / "subscriptions").iterdir())
    small, whole = ask(folder, LIMIT, tmp_path, way), ask(folder, "", tmp_path, way)
    assert small["answer"] == whole["answer"] and len(small["answer"][0]) >= 3
    assert size > 1.5 * LIMIT and small["used"] < size
