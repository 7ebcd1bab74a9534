"""The schema's promises at the door: what has to be there, keys, spans, and errors that list everything at once."""
from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.company import CompanyError, MissingTable, schema
from helpers.company.cleaning import clean, dtype_of
from helpers.company.errors import Problem, nearest
from helpers.company.reading import Raw
from helpers.company.settings import check_settings

SUBSCRIPTIONS = "subscription_id,customer_id,starts_on,ends_on,amount,interval\n"


def test_a_missing_column_names_the_one_that_was_meant(refused):
    error = refused("subscriptions", subscriptions="id,customer_id,Start Date,expires_on,price,period\nS1,C1,2024-01-01,,5,month\n")
    guesses = {problem.column: problem.problem for problem in error.problems}
    assert guesses == {
        "subscription_id": 'this column is missing. Did you mean your column "id"?',
        "starts_on": 'this column is missing. Did you mean your column "Start Date"?',
        "ends_on": 'this column is missing. Did you mean your column "expires_on"?',
        "amount": 'this column is missing. Did you mean your column "price"?',
        "interval": 'this column is missing. Did you mean your column "period"?',
    }
    assert "the file has id, customer_id, Start Date" in str(error)


def test_a_missing_optional_column_is_added_empty(kiosk):
    company = kiosk(subscriptions=SUBSCRIPTIONS + "S1,C1,2024-01-01,,5,month\n")
    row = company.subscriptions.iloc[0]
    assert (row["interval_count"], row["discount"], row["status"]) == (1, 0, "active")
    assert company.subscriptions["plan"].isna().all() and company.subscriptions["recorded_at"].isna().all()
    assert "currency" not in company.subscriptions


def test_a_column_that_resembles_a_missing_optional_one_is_pointed_out(findings):
    found = findings(customers="customer_id,Industri\nC1,shops\nC2,shops\n")
    assert found.query("column == 'industry'")["problem"].str.contains('did you mean your column "Industri"').any()


def test_the_currency_of_a_row_is_kept_when_it_is_there(kiosk):
    table = kiosk(subscriptions="subscription_id,customer_id,starts_on,ends_on,amount,interval,currency\nS1,C1,2024-01-01,,5,month,USD\n").subscriptions
    assert table["currency"].tolist() == ["USD"]


def test_empty_cells_where_a_value_has_to_be(refused):
    error = refused("subscriptions", subscriptions=SUBSCRIPTIONS + "S1,C1,2024-01-01,,5,month\nS2,,,,5,month\n")
    assert [(problem.column, problem.problem, problem.rows) for problem in error.problems] == [
        ("customer_id", "1 cell empty", (3,)), ("starts_on", "1 cell empty", (3,))]


def test_keys_that_appear_twice_show_their_rows(refused):
    error = refused("customers", customers="customer_id,name\nC1,a\nC2,b\nC1 ,c\n")
    assert error.problems[0].rows == (2, 4)
    assert "2 rows with a key that another row has too" in str(error) and "row 2 (C1), row 4 (C1)" in str(error)
    same = refused("customers", customers="customer_id,name\nC1,a\nC2,b\nC1,a\n")
    assert "equal in every column" in str(same)


def test_keys_of_several_columns(refused, kiosk):
    text = "month,channel,mode,amount\n2024-01-01,search,inbound,5\n2024-01-31,search,inbound,6\n2024-02-01,search,inbound,6\n"
    error = refused("marketing_spend", marketing_spend=text)
    assert error.problems[0].column == "month, channel, mode" and error.problems[0].rows == (2, 3)
    assert kiosk(marketing_spend=text.replace("2024-01-31", "2024-03-31")).marketing_spend.shape[0] == 3


def test_an_end_before_its_start(refused):
    error = refused("subscriptions", subscriptions=SUBSCRIPTIONS + "S1,C1,2024-01-01,2024-02-01,5,month\nS2,C1,2024-03-01,2024-02-01,5,month\n")
    assert error.problems[0].column == "ends_on" and error.problems[0].rows == (3,)
    assert "1 value before `starts_on`" in str(error) and "2024-03-01 to 2024-02-01" in str(error)


def test_every_problem_of_a_table_is_named_at_once(refused):
    error = refused("subscriptions", subscriptions=SUBSCRIPTIONS + "S1,C1,soon,,lots,fortnight\nS2,,2024-01-01,,5,month\n")
    assert {problem.column for problem in error.problems} == {"customer_id", "starts_on", "amount", "interval"}
    assert str(error).count("Mend:") == 4
    assert "the header being row 1" in str(error)


def test_only_the_first_rows_are_shown(refused):
    lines = "".join(f"S{number},C1,soon,,5,month\n" for number in range(40))
    error = refused("subscriptions", subscriptions=SUBSCRIPTIONS + lines)
    assert "row 2 ('soon'), row 3 ('soon'), row 4 ('soon') and 37 more" in str(error)


def test_types_are_those_of_the_schema_whatever_the_file_brings(kiosk):
    company = kiosk(subscriptions=SUBSCRIPTIONS, customers="customer_id\n", leads="lead_id,created_at,mode\n")
    for name in ("customers", "subscriptions", "leads"):
        table, columns = company.table(name), schema()[name].columns
        assert {column: str(table[column].dtype) for column in columns if columns[column].add} == {
            column: dtype_of(columns[column]) for column in columns if columns[column].add}


def test_sizes_come_from_the_bands(kiosk):
    customers = "customer_id,employees\nC1,1\nC2,49\nC3,50\nC4,499\nC5,500\nC6,\nC7,0\n"
    company = kiosk(customers=customers)
    assert company.customers["size"].astype("object").fillna("?").tolist() == ["small", "small", "mid", "mid", "large", "?", "?"]
    assert company.customers["size"].cat.ordered and company.customers["size"].max() == "large"
    other = kiosk(customers=customers, size_bands={"small": [0, 10], "mid": [10, 100], "large": [100, None]})
    assert other.customers["size"].astype("object").fillna("?").tolist() == ["small", "mid", "mid", "large", "large", "?", "small"]


def test_a_table_is_read_once_and_cannot_be_spoilt(kiosk, tmp_path):
    company = kiosk()
    first, second = company.customers, company.customers
    first["name"] = "spoilt"
    second.loc[0, "name"] = "spoilt"
    (tmp_path / "customers.csv").unlink()
    assert company.customers["name"].tolist() == ["Anna's", "Berta's"]


def test_nothing_is_read_before_it_is_asked_for(kiosk):
    company = kiosk(leads="nonsense\n1\n")
    assert company.has("leads") and len(company.customers) == 2
    with pytest.raises(CompanyError, match="lead_id"):
        _ = company.leads


def test_a_table_that_is_not_there_says_what_it_would_need(kiosk):
    company = kiosk()
    with pytest.raises(MissingTable, match=r"(?s)Kiosk has no such table \(chapters .*31.*\).*bring leads.csv or leads.parquet with at least lead_id, created_at, mode"):
        company.table("leads")
    assert not hasattr(company, "leads")
    with pytest.raises(AttributeError, match='There is no table "subscription". Did you mean "subscriptions"'):
        _ = company.subscription
    with pytest.raises(CompanyError, match='Did you mean "leads"'):
        company.has("lead")
    assert company.has("customers", "subscriptions") and not company.has("customers", "leads")
    assert "subscriptions" in dir(company) and "leads" not in dir(company)


def test_names_that_are_near():
    assert nearest("customer", ["customer_id", "contract_id"]) == "customer_id"
    assert nearest("seating", ["customer_id", "contract_id"]) is None
    assert nearest("x", []) is None


def test_a_problem_says_where_what_and_how():
    problem = Problem("leads", "mode", "2 values wrong", "mend them", (3, 9), ("'a'", "'b'"))
    assert str(problem) == "leads, column `mode`: 2 values wrong\n  row 3 ('a'), row 9 ('b')\n  Mend: mend them"


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_a_table_that_passed_the_door_passes_it_again(data):
    days = st.dates(pd.Timestamp("2020-01-01").date(), pd.Timestamp("2025-12-31").date()).map(str)
    size = data.draw(st.integers(1, 6))
    rows = [data.draw(st.tuples(days, days, st.decimals(0, 10**6, places=2), st.sampled_from(["Month", "year", "QUARTER"]))) for _ in range(size)]
    raw = pd.DataFrame([(f"S{number}", "C1", min(a, b), max(a, b), f"{amount:,}", interval) for number, (a, b, amount, interval) in enumerate(rows)],
                       columns=["subscription_id", "customer_id", "starts_on", "ends_on", "amount", "interval"], dtype="str")
    rules, company = schema()["subscriptions"], check_settings({"name": "K", "currency": "EUR", "time_zone": "UTC", "as_of": "2025-12-31"})
    once = clean(Raw(raw, raw.index.to_numpy() + 2), rules, company).frame
    again = clean(Raw(once.astype("str").mask(once.isna()), once.index.to_numpy() + 2), rules, company).frame
    pd.testing.assert_frame_equal(once, again)
    assert once["amount"].tolist() == [float(amount) for _, _, amount, _ in rows]
    shuffled = raw[raw.columns[::-1]]
    pd.testing.assert_frame_equal(clean(Raw(shuffled, raw.index.to_numpy() + 2), rules, company).frame, once)
