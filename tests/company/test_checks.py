"""What check() finds in a company as a whole."""
from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet
import pytest

from helpers.company import checks, schema

SUBSCRIPTIONS = "subscription_id,contract_id,customer_id,starts_on,ends_on,plan,amount,interval\n"
CONTRACTS = "contract_id,customer_id,kind,renews_contract_id,signed_on,starts_on,ends_on,recurring_amount\n"


def about(found, table, column):
    return found.query("table == @table and column == @column")


def test_a_sound_company_has_nothing_to_say(findings):
    assert findings().empty


def test_findings_are_a_tidy_table_with_errors_first(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,,C9,2024-01-01,,a,5,month\nS2,,C1,2024-01-01,2024-01-01,A,5,Month\n")
    assert list(found.columns) == ["table", "column", "rows", "problem", "mend", "severity"]
    assert found["severity"].tolist() == ["error", "warning", "warning", "note"]


def test_ids_that_lead_nowhere(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,,c1,2024-01-01,,a,5,month\nS2,,C7,2024-01-01,,a,5,month\nS3,,C2,2024-01-01,,a,5,month\n")
    row = about(found, "subscriptions", "customer_id").iloc[0]
    assert row["problem"] == "2 values not found in customers.customer_id"
    assert row["rows"] == "row 2 (c1), row 3 (C7)" and row["severity"] == "error"
    assert 'did you mean "C1" for "c1"' in row["mend"]


def test_an_id_without_likeness_gets_no_guess(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,,甲,2024-01-01,,a,5,month\n", customers="customer_id,employees\n乙,5\n")
    assert "did you mean" not in about(found, "subscriptions", "customer_id")["mend"].iloc[0]


def test_a_table_may_refer_to_itself(findings):
    found = findings(contracts=CONTRACTS + "K1,C1,new,,2024-01-01,2024-01-01,2025-01-01,5\nK2,C1,renewal,K1,2025-01-01,2025-01-01,2026-01-01,5\n"
                                           "K3,C2,renewal,K9,2025-01-01,2025-01-01,2026-01-01,5\n")
    assert about(found, "contracts", "renews_contract_id")["rows"].tolist() == ["row 4 (K9)"]


def test_order_in_time_inside_a_row(findings):
    found = findings(leads="lead_id,created_at,mode,answered_at,mql_on,sql_on\n"
                           "L1,2024-01-02T10:00,inbound,2024-01-02T09:00,2024-01-02,2024-01-03\nL2,2024-01-02T10:00,inbound,,2024-01-05,2024-01-04\n")
    assert about(found, "leads", "answered_at")["problem"].tolist() == ["1 value before `created_at`"]
    assert about(found, "leads", "sql_on")["rows"].tolist() == ["row 3 (2024-01-04)"]
    assert about(found, "leads", "mql_on").empty


def test_rows_after_as_of(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,,C1,2026-01-01,,a,5,month\nS2,,C2,2025-12-31,2026-12-31,a,5,month\n")
    row = about(found, "subscriptions", "starts_on").iloc[0]
    assert (row["problem"], row["rows"]) == ("1 value after as_of (2025-12-31)", "row 2 (2026-01-01)")


def test_a_row_that_lasts_no_time(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,,C1,2024-06-01,2024-06-01,a,5,month\n")
    assert about(found, "subscriptions", "ends_on")["severity"].tolist() == ["warning"]


def test_created_before_the_first_contract_and_subscription(findings):
    found = findings(customers="customer_id,employees,created_on\nC1,5,2024-06-01\nC2,5,2024-01-01\n",
                     contracts=CONTRACTS + "K1,C1,new,,2024-05-20,2024-06-01,2025-06-01,5\n")
    problems = about(found, "customers", "created_on")
    assert problems["problem"].str.contains("first contract is signed").sum() == 1
    assert problems["problem"].str.contains("first subscription begins").sum() == 1
    assert "C1: 2024-06-01, first 2024-05-20" in problems["rows"].str.cat(sep=" ")


def test_contract_before_its_subscription_and_of_the_same_customer(findings):
    found = findings(subscriptions=SUBSCRIPTIONS + "S1,K1,C1,2024-05-01,2025-06-01,a,5,month\nS2,K1,C2,2024-06-01,2025-06-01,a,5,month\n",
                     contracts=CONTRACTS + "K1,C1,new,,2024-05-20,2024-06-01,2025-06-01,5\n")
    assert about(found, "subscriptions", "starts_on")["problem"].tolist() == ["1 value before the start of the contract"]
    assert about(found, "subscriptions", "customer_id")["rows"].tolist() == ["row 3 (C2 and C1)"]


@pytest.mark.parametrize(("second", "found"), [("2024-06-01,2025-06-01,a,5", True), ("2024-01-01,2025-01-01,a,5", True), ("2025-01-01,2026-01-01,a,5", False),
                                               ("2024-06-01,2025-06-01,b,5", False), ("2024-06-01,2025-06-01,a,6", False)])
def test_the_same_line_twice_at_one_time(findings, second, found):
    said = findings(subscriptions=SUBSCRIPTIONS + f"S1,,C1,2024-01-01,2025-01-01,a,5,month\nS2,,C1,{second},month\n")
    assert about(said, "subscriptions", "subscription_id")["rows"].tolist() == (["row 3 (S2)"] if found else [])


def test_a_line_inside_a_longer_one_is_found_behind_a_short_one(findings):
    lines = ["S1,,C1,2024-01-01,,a,5,month", "S2,,C1,2024-02-01,2024-03-01,a,5,month", "S3,,C1,2025-01-01,2025-02-01,a,5,month"]
    found = findings(subscriptions=SUBSCRIPTIONS + "\n".join(lines) + "\n")
    assert about(found, "subscriptions", "subscription_id")["rows"].tolist() == ["row 3 (S2), row 4 (S3)"]


def test_one_word_in_two_spellings(findings):
    found = findings(customers="customer_id,employees,industry\nC1,5,Retail shops\nC2,5,retail-shops\n")
    assert about(found, "customers", "industry")["problem"].tolist() == ['"Retail shops" and "retail-shops" look like one word in several spellings (1 such)']


def test_customers_without_a_size_and_those_who_recommend_themselves(findings):
    found = findings(customers="customer_id,employees,referred_by\nC1,,C2\nC2,5,C2\n")
    assert about(found, "customers", "employees")["severity"].tolist() == ["note"]
    assert about(found, "customers", "referred_by")["rows"].tolist() == ["row 3 (C2)"]


def test_a_table_that_cannot_be_read_is_a_finding_and_the_others_are_still_checked(findings):
    found = findings(leads="lead_id,created_at,mode\nL1,soon,inbound\nL2,2024-01-01,outward\n", subscriptions=SUBSCRIPTIONS + "S1,,C9,2024-01-01,,a,5,month\n")
    assert about(found, "leads", "created_at")["problem"].tolist() == ["1 value cannot be read as a date"]
    assert len(about(found, "leads", "mode")) == 1
    assert len(about(found, "subscriptions", "customer_id")) == 1


def test_files_that_were_perhaps_meant(findings):
    found = findings(file={"lead.csv": b"lead_id\n", "contracts.xlsx": b"PK", "notes.csv": b"a\n"})
    problems = found["problem"].tolist()
    assert 'the file lead.csv was not read. Did you mean "leads"?' in problems
    assert "the file contracts.xlsx was not read." in problems
    assert not any("notes.csv" in problem for problem in problems)


def test_tables_that_chapters_want(kiosk):
    found = kiosk(contracts=CONTRACTS).check()
    missing = found[found["problem"].str.startswith("the table is not there")]
    assert set(missing["table"]) == set(schema()) - {"customers", "subscriptions", "contracts"}
    assert set(missing["severity"]) == {"note"}
    assert missing.set_index("table").loc["leads", "problem"].startswith("the table is not there; chapters 11, 31")


def test_parquet_too_large_for_the_door_is_checked_by_duckdb(kiosk, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "MANY_ROWS", 0)
    day = dt.date(2024, 1, 1)
    table = pa.table({"subscription_id": ["S1", "S1", None], "customer_id": ["C1", "C9", "C2"], "starts_on": [day, dt.date(2026, 1, 1), day],
                      "ends_on": [None, dt.date(2026, 2, 1), dt.date(2023, 1, 1)], "amount": [5.0, -5.0, 5.0], "interval": ["month", "monthly", "year"]})
    pyarrow.parquet.write_table(table, tmp_path / "subscriptions.parquet")
    found = kiosk(subscriptions=None).check().query("severity == 'error'")
    assert dict(zip(found["column"] + ": " + found["problem"], found["rows"], strict=True)) == {
        "subscription_id: 1 value empty": "row 3",
        "subscription_id: 2 values with a key that another row has too": "row 1 (S1), row 2 (S1)",
        "customer_id: 1 value not found in customers.customer_id": "row 2 (C9)",
        "ends_on: 1 value before `starts_on`": "row 3 (2023-01-01)",
        "amount: 1 value below 0": "row 2 (-5.0)",
        "interval: 1 value other than day, week, month, quarter, year": "row 2 (monthly)",
        "starts_on: 1 value after as_of (2025-12-31)": "row 2 (2026-01-01)",
    }
