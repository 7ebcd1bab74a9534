"""CSV as Excel, databases and people save it; Parquet in one file and in parts."""
from __future__ import annotations

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from helpers.company import CompanyError, reading

CUSTOMERS = "customer_id,name,industry\nC1,灯笼鱼,零售\nC2,Müller,shops\n"


def test_excel_writes_a_mark_in_front(kiosk):
    company = kiosk(customers=("\ufeff" + CUSTOMERS).encode())
    assert company.customers["customer_id"].tolist() == ["C1", "C2"]


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_other_separators_are_recognised_and_said(kiosk, separator, word):
    company = kiosk(customers=CUSTOMERS.replace(",", separator))
    assert company.customers["industry"].tolist() == ["零售", "shops"]
    notes = company.check().query("table == 'customers'")["problem"]
    assert notes.str.contains(word).any()


def test_the_hint_that_excel_understands_is_understood(kiosk):
    assert kiosk(customers="sep=;\r\n" + CUSTOMERS.replace(",", ";")).customers.shape[0] == 2


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_chinese_names_survive_their_encoding(kiosk, encoding):
    text = "customer_id,name,industry\n" + "".join(f"C{i},上海灯笼鱼第{i}店,零售\n" for i in range(5))
    company = kiosk(customers=text.encode(encoding))
    assert company.customers["name"][3] == "上海灯笼鱼第3店"


def test_western_names_survive_the_windows_encoding(kiosk):
    text = "customer_id,name\nC1,Société Générale\nC2,Müller & Söhne\n"
    company = kiosk(customers=text.encode("cp1252"))
    assert company.customers["name"].tolist() == ["Société Générale", "Müller & Söhne"]
    assert company.check()["problem"].str.contains("cp1252").any()


def test_a_wrong_encoding_setting_says_which_byte(refused):
    error = refused("customers", customers=CUSTOMERS.encode("gb18030"), encoding="utf-8-sig")
    assert "is not written in utf-8-sig" in str(error) and "encoding" in str(error)


def test_header_in_other_letters_and_order(kiosk):
    company = kiosk(customers="Industry, Customer ID ,NAME\nshops,C1,Anna\n")
    assert company.customers.loc[0, ["customer_id", "name", "industry"]].tolist() == ["C1", "Anna", "shops"]


def test_columns_of_ones_own_are_kept_with_a_fitting_type(kiosk):
    customers = kiosk(customers="customer_id,score,postcode,remark\nC1,1.5,01067,good\nC2,2,10115,\n").customers
    assert customers["score"].tolist() == [1.5, 2]
    assert customers["postcode"].tolist() == ["01067", "10115"]
    assert customers["remark"].isna().tolist() == [False, True]


def test_blank_rows_and_columns_of_a_spreadsheet_do_not_count_but_keep_row_numbers(refused, kiosk):
    text = "customer_id,employees,,\nC1,5,,\n,,,\n\nC2,many,,\n"
    error = refused("customers", customers=text)
    assert error.problems[0].rows == (5,)
    assert kiosk(customers=text.replace("many", "7")).customers["employees"].tolist() == [5, 7]


def test_a_line_break_inside_quotes_is_no_new_row(refused):
    error = refused("customers", customers='customer_id,name,employees\nC1,"two\nlines",5\nC2,x,none of it\n')
    assert error.problems[0].rows == (3,)


def test_rows_of_another_length_are_named_with_their_cells(refused):
    error = refused("subscriptions", subscriptions="subscription_id,customer_id,starts_on,ends_on,amount,interval\n"
                                                   "S1,C1,2024-01-01,,1,200,year\nS2,C1,2024-01-01,,5,year\nS3,C1\n")
    assert error.problems[0].rows == (2, 4)
    assert "7 cells" in str(error) and "2 cells" in str(error) and "double quotes" in str(error)


def test_an_empty_file_and_a_file_without_rows(refused, kiosk):
    assert "is empty" in str(refused("customers", customers=""))
    empty = kiosk(customers="customer_id,employees,created_on\n").customers
    assert len(empty) == 0
    assert str(empty["created_on"].dtype) == "datetime64[us]"


def test_the_same_name_on_two_columns(refused):
    error = refused("customers", customers="customer_id,Name,name\nC1,a,b\n")
    assert "columns 2 and 3" in str(error) and error.problems[0].column == "name"


def test_two_files_for_one_table(kiosk):
    with pytest.raises(CompanyError, match=r"customers\.csv and customers\.tsv both bring this table"):
        kiosk(file={"customers.tsv": b"customer_id\nC1\n"})


def test_large_csv_goes_through_duckdb_and_reads_the_same(kiosk, monkeypatch):
    small = kiosk(customers=CUSTOMERS).customers
    monkeypatch.setattr(reading, "LARGE", 10)
    pd.testing.assert_frame_equal(kiosk(customers=CUSTOMERS).customers, small)
    pd.testing.assert_frame_equal(kiosk(customers=CUSTOMERS.replace(",", ";").encode("utf-16")).customers, small)


def test_large_csv_with_a_broken_row_says_so(refused, monkeypatch):
    monkeypatch.setattr(reading, "LARGE", 10)
    error = refused("customers", customers="customer_id,name\nC1,a\nC2,b,c,d\n")
    assert "customers.csv cannot be read" in str(error)


SUBSCRIPTIONS = {
    "subscription_id": pa.array([1, 2]), "customer_id": pa.array(["C1", "C2"]).dictionary_encode(),
    "starts_on": pa.array([dt.date(2024, 1, 1), dt.date(2024, 2, 1)]), "ends_on": pa.array([dt.date(2025, 1, 1), None]),
    "amount": pa.array([1200, 100], pa.decimal128(10, 2)), "interval": pa.array(["year", "month"]),
    "recorded_at": pa.array([dt.datetime(2023, 12, 31, 23, 30, tzinfo=dt.UTC), None], pa.timestamp("us", tz="UTC")),
}


def parquet(tmp_path, name, columns, parts=1):
    table = pa.table(columns)
    path = tmp_path / name
    if parts == 1:
        pyarrow.parquet.write_table(table, path.with_suffix(".parquet"))
        return
    path.mkdir()
    for part in range(parts):
        pyarrow.parquet.write_table(table.slice(part * len(table) // parts, len(table) // parts), path / f"part-{part}.parquet")


@pytest.mark.parametrize("parts", [1, 2])
def test_parquet_and_parts_of_it(kiosk, tmp_path, parts):
    parquet(tmp_path, "subscriptions", SUBSCRIPTIONS, parts)
    company = kiosk(subscriptions=None)
    table = company.subscriptions
    assert table["subscription_id"].tolist() == ["1", "2"]
    assert table["amount"].tolist() == [1200.0, 100.0]
    assert table["recorded_at"][0] == pd.Timestamp("2024-01-01 00:30")
    relation = company.relation("subscriptions")
    assert relation.columns == list(table.columns)
    assert relation.order("subscription_id").fetchall() == company._connection.from_df(table).order("subscription_id").fetchall()


def test_the_relation_of_a_csv_is_the_checked_table(kiosk):
    company = kiosk()
    rows = company.relation("customers").project("customer_id, employees, size, created_on").fetchall()
    assert rows == [("C1", 12, "small", dt.datetime(2024, 1, 1)), ("C2", 700, "large", dt.datetime(2024, 2, 1))]


def test_csv_and_parquet_give_relations_of_the_same_types(kiosk, tmp_path):
    from_csv = kiosk().relation("subscriptions")
    parquet(tmp_path, "subscriptions", SUBSCRIPTIONS)
    (tmp_path / "subscriptions.csv").unlink()
    from_parquet = kiosk(subscriptions=None).relation("subscriptions")
    assert dict(zip(from_csv.columns, from_csv.types, strict=True)) == dict(zip(from_parquet.columns, from_parquet.types, strict=True))


def test_the_size_of_a_customer_is_the_same_for_duckdb(kiosk, tmp_path):
    parquet(tmp_path, "customers", {"customer_id": pa.array(["a", "b", "c", "d"]), "employees": pa.array([49, 50, 500, None])})
    company = kiosk(customers=None)
    assert company.customers["size"].tolist()[:3] == ["small", "mid", "large"]
    assert [size for (size,) in company.relation("customers").project("size").fetchall()] == ["small", "mid", "large", None]


def test_parquet_without_a_column_that_has_to_be_there(kiosk, tmp_path):
    parquet(tmp_path, "subscriptions", {"subscription_id": pa.array(["S1"]), "start_date": pa.array([dt.date(2024, 1, 1)])})
    company = kiosk(subscriptions=None)
    for read in (company.table, company.relation):
        with pytest.raises(CompanyError, match='this column is missing. Did you mean your column "start_date"'):
            read("subscriptions")


def test_a_file_that_is_no_parquet(kiosk):
    company = kiosk(subscriptions=None, file={"subscriptions.parquet": b"not at all"})
    with pytest.raises(CompanyError, match="cannot be read as Parquet"):
        company.table("subscriptions")
