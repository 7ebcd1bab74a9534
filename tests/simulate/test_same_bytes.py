"""The same seed gives the same bytes; a run that is stopped leaves nothing that looks finished.

The Python that runs the tests makes the case and compares it with the committed files. So does every other supported
Python that has what the simulation imports (numpy, pyarrow, PyYAML): those on the PATH, those of pyenv, and those named in
PLAYBOOK_PYTHONS, a list of interpreters with the separator of the PATH. For one made for the purpose:

    uv venv --python 3.12 py312
    uv pip install --python py312/bin/python --require-hashes -r requirements.lock
    PLAYBOOK_PYTHONS=py312/bin/python python -m pytest tests/simulate/test_same_bytes.py
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow
import pytest
import yaml
from plain import COMMITTED, ROOT

import helpers.simulate.make as make
from helpers.simulate import make_company
from helpers.simulate.streams import Stream

DESCRIBED = {"card.md", "datapackage.json"}


def test_a_fresh_company_equals_the_committed_files(fresh):
    made = {path.name for path in fresh.iterdir()}
    assert made == {path.name for path in COMMITTED.iterdir()}
    different = [
        name
        for name in sorted(made - DESCRIBED - {"events.parquet"})
        if (fresh / name).read_bytes() != (COMMITTED / name).read_bytes()
    ]
    assert different == []


def test_the_descriptions_are_those_of_the_schema_as_it_stands(fresh):
    different = [name for name in sorted(DESCRIBED) if (fresh / name).read_bytes() != (COMMITTED / name).read_bytes()]
    assert different == [], "schema.yaml has changed: make the company again, make_company('datasets/lanternfish')"


def test_events_have_the_same_content_and_under_the_locked_version_the_same_bytes(fresh):
    made, committed = (pd.read_parquet(folder / "events.parquet") for folder in (fresh, COMMITTED))
    pd.testing.assert_frame_equal(made, committed)
    locked = re.search(r"^pyarrow==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M)
    if locked and locked[1] == pyarrow.__version__:
        assert (fresh / "events.parquet").read_bytes() == (COMMITTED / "events.parquet").read_bytes()


SUPPORTED = ("3.11", "3.12", "3.13")
OTHERS = [version for version in SUPPORTED if version != f"{sys.version_info[0]}.{sys.version_info[1]}"]


def interpreters():
    """Return every other Python that can be found: named for the tests, on the PATH, of pyenv."""
    named = [path for path in os.environ.get("PLAYBOOK_PYTHONS", "").split(os.pathsep) if path]
    on_path = [shutil.which(f"python{version}") for version in OTHERS]
    places = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [*named, *filter(None, on_path), *map(str, sorted(places.glob("3.*/bin/python"), reverse=True))]


def able(version):
    """Return a Python of this version that can import what the simulation needs, or None."""
    question = "import sys, numpy, pyarrow, yaml; print('.'.join(map(str, sys.version_info[:2])))"
    for path in interpreters():
        answer = subprocess.run([path, "-c", question], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return path
    return None


@pytest.mark.parametrize("version", OTHERS)
def test_another_python_makes_the_same_bytes(tmp_path, version):
    python = able(version)
    if python is None:
        pytest.skip(f"needs numpy, pyarrow and PyYAML under Python {version}")
    script = "import sys; from helpers.simulate import make_company; make_company(sys.argv[1])"
    subprocess.run([python, "-c", script, str(tmp_path / "case")], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    names = {path.name for path in COMMITTED.iterdir()}
    assert {path.name for path in (tmp_path / "case").iterdir()} == names
    same = {name: (tmp_path / "case" / name).read_bytes() == (COMMITTED / name).read_bytes() for name in names}
    if not same["events.parquet"]:
        made, committed = (pd.read_parquet(folder / "events.parquet") for folder in (tmp_path / "case", COMMITTED))
        pd.testing.assert_frame_equal(made, committed)
        same.pop("events.parquet")
    assert [name for name, equal in same.items() if not equal] == []


def test_the_raw_generator_is_the_one_that_made_the_files():
    assert Stream(1, "a", "b").raw(4).tolist() == RAW


RAW = [417997650, 646507404, 2031471196, 1607573609]


def test_files_end_lines_as_unix_does(fresh):
    for path in fresh.glob("*.csv"):
        content = path.read_bytes()
        assert b"\r" not in content and content.endswith(b"\n") and not content.startswith(b"\xef\xbb\xbf")


def test_another_seed_gives_another_company_of_the_same_size(tmp_path, lanternfish):
    folder = make_company(tmp_path / "other", seed=5, tables=["customers", "contracts"])
    customers = (folder / "customers.csv").read_text(encoding="utf-8")
    assert customers != (COMMITTED / "customers.csv").read_text(encoding="utf-8")
    first = sum(",new," in line for line in (folder / "contracts.csv").read_text(encoding="utf-8").splitlines())
    assert first == (lanternfish["contracts"].kind == "new").sum()


def test_only_portable_arithmetic_is_used():
    forbidden = {
        "exp",
        "log",
        "log2",
        "log10",
        "sin",
        "cos",
        "tanh",
        "power",
        "dot",
        "matmul",
        "default_rng",
        "Generator",
        "normal",
        "poisson",
        "RandomState",
        "now",
        "today",
    }
    for path in sorted((ROOT / "helpers" / "simulate").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        powers = [
            node.lineno for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        ]
        assert not used & forbidden, f"{path.name} uses {used & forbidden}"
        assert not powers


def test_a_run_that_is_stopped_leaves_no_folder(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "write_yaml", stop)
    with pytest.raises(KeyboardInterrupt):
        make_company(tmp_path / "company", scale=0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_new_company_takes_the_place_of_an_old_one(tmp_path):
    make_company(tmp_path / "company", scale=0.05, tables=["market", "needs"])
    make_company(tmp_path / "company", scale=0.05, tables=["market"])
    assert sorted(p.name for p in (tmp_path / "company").iterdir()) == ["company.yaml", "market.csv", "truth.yaml"]
    assert [p.name for p in tmp_path.iterdir()] == ["company"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not a simulated company"):
        make_company(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_wrong_wishes_are_named(tmp_path):
    with pytest.raises(ValueError, match="No table called custmers. Did you mean customers"):
        make_company(tmp_path / "x", scale=0.05, tables=["custmers"])
    with pytest.raises(ValueError, match="above 0"):
        make_company(tmp_path / "x", scale=0)
    with pytest.raises(FileNotFoundError, match="lanternfish, second"):
        make_company(tmp_path / "x", like="third")


@pytest.mark.parametrize("scale", [0.2, 3])
def test_scale_multiplies_customers(tmp_path, scale):
    folder = make_company(tmp_path / "scaled", scale=scale, tables=["contracts"])
    lines = Path(folder / "contracts.csv").read_text(encoding="utf-8").splitlines()
    assert sum(",new," in line for line in lines) == pytest.approx(3258 * scale, rel=0.01)


def test_a_large_company_is_made_in_blocks_of_parquet(tmp_path):
    wanted = ["customers", "subscriptions", "marketing_spend", "users", "events"]
    folder = make_company(tmp_path / "large", scale=12, events=60_000, tables=wanted)
    parts = sorted(path.name for path in (folder / "subscriptions").iterdir())
    assert parts == ["part-00000.parquet", "part-00001.parquet"]
    rows, customers = pd.read_parquet(folder / "subscriptions"), pd.read_parquet(folder / "customers")
    assert rows.subscription_id.is_unique and customers.customer_id.is_unique
    assert set(rows.customer_id) <= set(customers.customer_id)
    events = pd.read_parquet(folder / "events")
    assert 59_000 < len(events) <= 60_000
    spend = pd.read_csv(folder / "marketing_spend.csv")
    assert spend.amount.sum() == pytest.approx(
        12 * pd.read_csv(COMMITTED / "marketing_spend.csv").amount.sum(), rel=0.01
    )
    assert len(rows) == pytest.approx(12 * len(pd.read_csv(COMMITTED / "subscriptions.csv")), rel=0.03)
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert [resource["name"] for resource in package["resources"]] == ["marketing_spend"]
    assert package["subscriptions"]["rows"] == len(rows) and package["events"]["rows"] == len(events)
    assert package["events"]["path"] == "events/part-*.parquet"
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"### subscriptions\n\n{len(rows):,} rows" in card and "| customers | 180 | 1,920 |" in card
    assert (folder / "timeline.svg").exists() and "gross margin" not in card


def test_contradicting_figures_are_named_with_the_way_out(tmp_path):
    parameters = yaml.safe_load((ROOT / "helpers" / "simulate" / "second.yaml").read_text(encoding="utf-8"))
    parameters["money"]["free_cash_flow"][2] = 90_000
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(parameters, sort_keys=False), encoding="utf-8")
    with pytest.raises(ValueError, match=r"business year 3 \(to 2022-06-30\).*lower free_cash_flow\[2\] by 8\d,\d{3} or more"):
        make_company(tmp_path / "company", like=tmp_path / "wrong.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.yaml"]


def test_parameters_that_are_missing_are_named(tmp_path):
    (tmp_path / "few.yaml").write_text("name: Few\nseed: 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="few.yaml lacks .*gates.*Copy them from lanternfish.yaml"):
        make_company(tmp_path / "company", like=tmp_path / "few.yaml")
