"""Chapters on what a reader really brings: three tables at most, and a company that is younger than a chapter needs.

The case company as it stood on an earlier day, with nothing but its customers and subscriptions: a cell may say what is
missing and show the case instead, but none may fail or warn.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
import yaml
from helpers.company import load_company
from helpers.course.render import execute, noise_in, prepare
from tests.chapters.notebooks import NAMES, TEXTS

DAYS = [dt.date(2020, 9, 30), dt.date(2021, 8, 15), dt.date(2023, 3, 31)]


@pytest.fixture(scope="module", params=DAYS, ids=str)
def young(request, tmp_path_factory):
    """The case company on an earlier day."""
    folder, case, day = tmp_path_factory.mktemp("young") / "mine", load_company(), pd.Timestamp(request.param)
    folder.mkdir()
    settings = yaml.safe_load((case.folder / "company.yaml").read_text(encoding="utf-8"))
    settings |= {"name": "Young", "as_of": str(request.param), "simulated": False}
    (folder / "company.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    known = pd.read_csv(case.folder / "subscriptions.csv", dtype=str)
    known = known[(pd.to_datetime(known["starts_on"]) <= day) & (known["recorded_at"].str[:10] <= str(request.param))]
    known.to_csv(folder / "subscriptions.csv", index=False)
    everyone = pd.read_csv(case.folder / "customers.csv", dtype=str)
    everyone[pd.to_datetime(everyone["created_on"]) <= day].to_csv(folder / "customers.csv", index=False)
    return folder


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_a_chapter_runs_on_a_young_company_with_two_tables(text, young):
    notebook = prepare(text, previous=text.with_suffix(".ipynb"))
    execute(notebook, text, environment={"PLAYBOOK_COMPANY": str(young)}, keep_going=True)
    noise = [f"{cell.source[:80]!r}: {noise_in(output)}" for cell in notebook.cells
             for output in cell.get("outputs", []) if noise_in(output)]
    assert noise == []
