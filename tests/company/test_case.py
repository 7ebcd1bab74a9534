"""The case company and the second one keep the schema's promises."""
from __future__ import annotations


import pandas as pd
import pytest

from helpers.company import load_company, schema
from helpers.company.cleaning import dtype_of
from helpers.company.company import CASE


@pytest.fixture(scope="module", params=["case", "second"])
def company(request):
    return load_company(CASE if request.param == "case" else request.getfixturevalue("second_company"))


def test_it_checks_clean(company):
    found = company.check()
    said = found[~found["problem"].str.startswith("the table is not there")]
    assert said.empty, said.to_string()


def test_every_table_matches_the_schema(company):
    assert {"customers", "subscriptions", "contracts", "leads", "marketing_spend"} <= set(company.tables)
    for name in company.tables:
        frame, columns = company.table(name), schema()[name].columns
        expected = {column.name: dtype_of(column) for column in columns.values() if column.add}
        assert {column: str(frame[column].dtype) for column in expected} == expected, name
        assert set(frame) - set(columns) <= {"size"}, f"{name} has columns that the schema does not know"


@pytest.mark.parametrize("name", ["customers", "subscriptions", "contracts", "leads", "marketing_spend"])
def test_its_core_tables_bring_every_column_themselves(company, name):
    header = (company.folder / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    assert header == [column.name for column in schema()[name].columns.values() if column.add]


def test_relations_say_the_same(company):
    for name in company.tables:
        frame, relation = company.table(name), company.relation(name)
        assert relation.columns == list(frame.columns)
        assert relation.aggregate("count(*)").fetchall() == [(len(frame),)]
    total = company.relation("subscriptions").aggregate("sum(amount)").fetchall()[0][0]
    assert total == pytest.approx(company.subscriptions["amount"].sum())


def test_it_says_that_it_is_invented(company):
    assert company.simulated and company.truth
    assert company.policy.time_zone == company.time_zone


def test_instants_are_naive_local_time():
    written = pd.read_csv(CASE / "leads.csv", usecols=["created_at"], dtype="str")["created_at"]
    assert written.str.endswith("+08:00").all()
    assert (load_company(CASE).leads["created_at"] == pd.to_datetime(written.str[:19])).all()
