"""A company as it stood: nothing known that came later, the same by pandas and by DuckDB."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from helpers.company import CompanyError, load_company
from helpers.company.schema import schema
from helpers.metrics.revenue import mrr_at

DAYS = [dt.date(2020, 7, 31), dt.date(2022, 3, 15), dt.date(2024, 12, 31)]
AGREED = {"ends_on", "starts_on", "due_on", "service_from", "service_to", "planned_on", "to", "agreed_on"}


@pytest.fixture(scope="module")
def case():
    """The case company."""
    return load_company()


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_day_lies_after_the_one_asked_for(case, day):
    then, end = case.as_it_stood(day), pd.Timestamp(day) + pd.Timedelta(days=1)
    late = [f"{name}.{column.name}" for name in then.tables for column in schema()[name].columns.values()
            if column.type in ("date", "month", "instant") and column.name in then.table(name) and column.name not in AGREED
            and (then.table(name)[column.name] >= end).any()]
    assert late == []


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_result_is_not_known_before_its_day(case, day):
    then = case.as_it_stood(day)
    assert then.opportunities.loc[then.opportunities["closed_on"].isna(), "outcome"].isna().all()
    assert then.invitations.loc[then.invitations["accepted_at"].isna(), "to_user_id"].isna().all()


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_reference_is_still_there(case, day):
    then = case.as_it_stood(day)
    for name in then.tables:
        for column in schema()[name].columns.values():
            if column.refers and column.name in then.table(name):
                parent, key = column.refers.split(".")
                if then.has(parent):
                    named = then.table(name)[column.name].dropna()
                    assert named.isin(then.table(parent)[key]).all(), (name, column.name)


def test_duckdb_sees_what_pandas_sees(case):
    then = case.as_it_stood(DAYS[1])
    for name in ("opportunities", "cash", "leads", "subscriptions", "headcount", "stakeholders", "implementations"):
        seen, table = then.relation(name).df(), then.table(name)
        same = [column for column in seen if column == schema()[name].key[0] or not schema()[name].columns[column].refers]
        assert len(seen) == len(table), name
        assert seen[same].notna().sum().to_dict() == table[same].notna().sum().to_dict(), name


def test_the_past_of_the_past_is_the_past(case):
    twice = case.as_it_stood(DAYS[2]).as_it_stood(DAYS[0])
    once = case.as_it_stood(DAYS[0])
    for name in case.tables:
        pd.testing.assert_frame_equal(twice.table(name), once.table(name))


def test_the_mrr_of_that_day_is_the_same_but_for_what_was_written_down_later(case):
    day = DAYS[1]
    then, lines = case.as_it_stood(day), case.subscriptions
    before = mrr_at(then.subscriptions, day, policy=case.policy)["mrr"].sum()
    in_time = lines[lines["recorded_at"] < pd.Timestamp(day) + pd.Timedelta(days=1)]
    assert before == mrr_at(in_time, day, policy=case.policy)["mrr"].sum() > 0
    assert before < mrr_at(lines, day, policy=case.policy)["mrr"].sum()


def test_a_month_is_known_when_it_is_over(case):
    assert case.as_it_stood("2021-03-30").cash["month"].max() == pd.Timestamp("2021-02-01")
    assert case.as_it_stood("2021-03-31").cash["month"].max() == pd.Timestamp("2021-03-01")


def test_the_last_day_is_the_company_itself_and_a_later_one_is_refused(case):
    assert case.as_it_stood(case.as_of) is case
    with pytest.raises(CompanyError, match="give an earlier day"):
        case.as_it_stood(case.as_of + dt.timedelta(days=1))
