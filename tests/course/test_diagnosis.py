"""The case lands where its story says, on every day with what was known then, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
import shutil

import pandas as pd
import pytest
import yaml

from helpers.company import load_company
from helpers.course.diagnosis import compare_gates, diagnose, gate_dates, green_since, looks, naive_stages, turned
from helpers.models.roadmap import GREEN, RED, UNKNOWN, roadmap


@pytest.fixture(scope="module")
def case():
    return load_company()


STORY = {  # the end of each year: stage, what blocks, and states that the story tells of
    2020: (2, {"strangers", "ten", "rep"}, {"need": GREEN, "margin_two": UNKNOWN, "runway": RED}),
    2021: (2, {"strangers"}, {"rep": GREEN, "ten": GREEN, "use": GREEN, "margin_two": RED, "runway": RED}),
    2022: (3, {"margin_two"}, {"strangers": GREEN, "output": RED, "leads": RED, "runway": GREEN}),
    2023: (3, {"margin_two"}, {"output": GREEN, "leads": GREEN, "runway": RED}),
    2024: (4, {"margin_three", "nrr"}, {"margin_two": GREEN, "runway": GREEN}),
    2025: (4, {"margin_three"}, {"renewal": GREEN, "nrr": GREEN, "owners": RED, "custom": RED, "runway": GREEN}),
}


@pytest.mark.parametrize("year", STORY)
def test_the_case_lands_where_its_story_says(case, year):
    stage, blocking, states = STORY[year]
    seen = diagnose(case, on=f"{year}-12-31")
    assert (seen.stage, set(seen.blocking)) == (stage, blocking)
    assert {key: seen.state(key) for key in states} == states


def test_its_gates_turn_green_when_the_truth_says(case):
    dates = gate_dates(case)
    looked = dates[dates["within"] != ""]
    assert {"strangers", "idea", "stable", "margin one", "margin two", "margin three", "not green today, first"} <= set(looked["truth"])
    assert len(looked) >= len(dates) - 2 and set(looked["within"]) == {"yes"}, dates.to_string()


def test_so_do_those_of_the_second_company(second_company):
    dates = gate_dates(load_company(second_company))
    looked = dates[dates["within"] != ""]
    assert len(looked) >= len(dates) - 2 and set(looked["within"]) == {"yes"}, dates.to_string()
    assert (dates["planted"] == "never").sum() >= 3, "its truths are others"


def test_what_was_green_at_the_end_of_a_year(case):
    """The planted lists of gates that were green for good, against the states of each year; leads and use are planted by other rules."""
    names = {"idea": ("need", "urgent", "paid"), "strangers": ("strangers",), "ten customers": ("ten",), "margin 1": ("margin_one",),
             "margin 2": ("margin_two",), "margin 3": ("margin_three",), "replication": ("output",), "operations": ("operations",), "success": ("nrr",)}
    for key, truth in case.truth.items():
        if key.startswith("gates_"):
            seen, planted = diagnose(case, on=f"{key[-4:]}-12-31"), truth["value"].split(", ")
            assert {name for name, keys in names.items() if all(seen.state(one) == GREEN for one in keys)} == set(names) & set(planted), key


@pytest.mark.parametrize("day", ["2021-09-30", "2022-12-31"])
def test_nothing_later_is_used(case, day):
    then, whole = diagnose(case.as_it_stood(day)), diagnose(case, on=day)
    keys = [gate.key for gate in roadmap().gates if gate.key != "owners"]      # a table without dates stays as it is
    assert {key: (then.state(key), then.because(key)) for key in keys} == {key: (whole.state(key), whole.because(key)) for key in keys}


def test_a_table_without_dates_speaks_for_the_last_day_only(case):
    assert diagnose(case).state("owners") == RED
    assert "has no dates" in diagnose(case, on="2024-12-31").because("owners")


def test_every_gate_is_green_red_or_says_why_not(case):
    table = diagnose(case, on="2021-12-31").table
    assert set(table["state"]) <= {GREEN, RED, UNKNOWN} and table["because"].str.len().min() > 0
    assert list(table["gate"]) == [gate.key for gate in roadmap().gates]
    assert not table.loc[table["state"] != UNKNOWN, "value"].isna().any()


def test_the_rows_behind(case):
    seen = diagnose(case, on="2021-12-31")
    rows = seen.evidence("strangers")
    assert len(rows) == 41 and rows["plain"].mean() == pytest.approx(seen.readings["strangers"].value)
    assert rows["signed_on"].max() <= pd.Timestamp("2021-12-31") and seen.evidence("model").empty


def test_marks_and_rate_are_the_readers(case):
    assert diagnose(case, marks={"custom": 0.9}).state("custom") == GREEN
    assert diagnose(case, yuan=2.0).state("heads") == GREEN
    with pytest.raises(KeyError, match="Did you mean 'runway'"):
        diagnose(case, marks={"runaway": 6})
    with pytest.raises(ValueError, match="lies after 2025-12-31"):
        diagnose(case, on="2026-01-01")


def test_work_that_runs_ahead_is_named(case):
    ahead = diagnose(case, on="2022-12-31").violations
    assert any("grew from 20 to 47" in words and "stage 3" in words for words in ahead)
    assert diagnose(case).violations == ()


def test_the_matrix_is_red_where_a_gate_is(case):
    cells = diagnose(case).matrix().set_index(["line", "stage"])["state"]
    assert cells["business", 4] == RED and cells["business", 2] == GREEN and cells["funding", 4] == GREEN and cells["funding", 1] == ""
    assert len(cells) == 20


def test_age_and_revenue_are_ladders(case):
    assert naive_stages(case, "2020-12-31") == {"by age": 1, "by revenue": 1}
    assert naive_stages(case, case.as_of) == {"by age": 5, "by revenue": 5}


def test_looks_go_back_from_the_last_day(case):
    assert looks(case)[-1] == case.as_of and looks(case)[0] == dt.date(2020, 12, 31)
    assert turned(case, "rep", every=12)["state"].tolist() == [RED, GREEN, GREEN, GREEN, GREEN, GREEN]


def test_green_since_means_since_then_and_still():
    days = [dt.date(2024, month, 28) for month in range(1, 5)]
    def since(*states):
        return green_since(pd.DataFrame({"on": days, "state": states}))
    assert since(RED, GREEN, GREEN, GREEN) == "2024-02"
    assert since(GREEN, GREEN, UNKNOWN, GREEN) == "2024-04"
    assert since(GREEN, GREEN, GREEN, RED) == "never"
    assert since(GREEN, GREEN, GREEN, GREEN) == "2024-01"


@pytest.fixture
def two_tables(tmp_path, case):
    """A company that has brought customers and subscriptions and nothing else."""
    for name in ("customers.csv", "subscriptions.csv"):
        shutil.copy(case.folder / name, tmp_path / name)
    settings = yaml.safe_load((case.folder / "company.yaml").read_text(encoding="utf-8"))
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(settings | {"name": "Bare", "simulated": False}), encoding="utf-8")
    return load_company(tmp_path)


def test_a_company_of_two_tables_is_told_no_stage(two_tables):
    seen = diagnose(two_tables)
    states = seen.table.set_index("gate")["state"]
    assert set(states.drop("nrr")) == {UNKNOWN} and states["nrr"] == GREEN and seen.blocking == () and seen.stage == 1
    assert diagnose(two_tables, marks={"nrr": 1.5}).state("nrr") == RED and diagnose(two_tables, marks={"nrr": 1.5}).stage == 1
    assert "no red gate seen" in repr(seen) and seen.open_questions[0] == "need"
    assert "Nobody knows" in repr(compare_gates(two_tables))
