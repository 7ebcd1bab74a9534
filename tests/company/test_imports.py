"""Exports of other products, as small made files with the column names that were seen."""
from __future__ import annotations

import pytest
import yaml

from helpers.company import CompanyError, load_company, schema
from helpers.company.imports import MAPPINGS, convert, products

DATA = yaml.safe_load(MAPPINGS.read_text(encoding="utf-8"))["products"]
STRIPE = """\
id,Customer ID,Customer Name,Customer Email,Product,Status,Amount,Interval,Created (UTC),Start Date (UTC),Trial End (UTC),Ended At (UTC),team (metadata)
sub_1,cus_1,Anna's,a@example.com,Pro,active,"1,200.00",year,2024-01-31 23:30,2024-01-31 23:30,,,x
sub_2,cus_1,Anna's,a@example.com,Seats,canceled,20.00,month,2024-02-01 10:00,2024-02-01 10:00,2024-02-15 10:00,2024-06-15 10:00,
sub_3,cus_2,Berta's,b@example.com,Pro,trialing,100.00,month,2025-12-20 10:00,2025-12-20 10:00,2026-01-03 10:00,,
sub_4,cus_3,Carla's,c@example.com,Pro,canceled,100.00,month,2025-01-01 10:00,2025-01-01 10:00,2025-01-15 10:00,2025-01-10 10:00,
sub_5,cus_4,Dora's,d@example.com,Pro,past_due,50.00,month,2025-03-01 10:00,2025-03-01 10:00,,,
"""
SETTINGS = {"as_of": "2025-12-31", "currency": "USD", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def bring(tmp_path):
    """Write files, convert them and open the company that comes out."""

    def run(product, files, **settings):
        paths = {}
        for short, text in files.items():
            paths[short] = tmp_path / f"{short}-export.csv"
            paths[short].write_text(text, encoding="utf-8")
        made = convert(product, paths, tmp_path / "made", **{**SETTINGS, **settings})
        return made, load_company(made.folder)

    return run


def said(made, column):
    return made.report.query("column == @column")["what"].tolist()


def test_stripe(bring):
    made, company = bring("stripe", {"subscriptions": STRIPE})
    lines = company.subscriptions.set_index("subscription_id")
    assert list(lines.index) == ["sub_1", "sub_2", "sub_5"]
    assert lines.loc["sub_1", ["amount", "interval", "plan", "status"]].tolist() == [1200, "year", "Pro", "active"]
    assert str(lines.loc["sub_1", "starts_on"].date()) == "2024-02-01", "half past eleven at night in UTC is the next day in Shanghai"
    assert [str(lines.loc["sub_2", day].date()) for day in ("starts_on", "ends_on")] == ["2024-02-15", "2024-06-15"]
    assert lines["status"].tolist() == ["active", "active", "past_due"]
    assert company.customers["customer_id"].tolist() == ["cus_1", "cus_3", "cus_4"]
    assert company.customers["name"].tolist() == ["Anna's", "Carla's", "Dora's"]
    assert company.check().query("severity == 'error'").empty


def test_the_report_names_what_was_left_out_and_what_is_not_known(bring):
    made, _ = bring("stripe", {"subscriptions": STRIPE.replace("Customer Email", "Custommer Email")})
    assert said(made, "team (metadata)") == ["not known and left out."]
    assert said(made, "Custommer Email") == ['not known and left out. Did you mean "Customer Email"?']
    assert said(made, "Amount") == ["used"]
    assert said(made, "Status") == ["used", "1 row left out: Status is trialing or incomplete or incomplete_expired"]
    assert said(made, "subscriptions") == ["1 row left out: they ended before they began, most often within a trial"]
    assert any("today's price only" in what for what in said(made, ""))
    assert "subscriptions (3 rows)" in repr(made)


def test_stripe_without_a_column_that_is_needed(bring):
    with pytest.raises(CompanyError) as caught:
        bring("stripe", {"subscriptions": STRIPE.replace("Customer ID", "Customer Nr").replace("Amount", "Sum")})
    assert "column `amount`: no column for it was found." in str(caught.value)
    assert 'column `customer_id`: no column for it was found. Did you mean your column "Customer Nr"?' in str(caught.value)


def test_a_value_that_cannot_be_read_is_refused_with_its_row(bring):
    with pytest.raises(CompanyError, match=r"(?s)subscriptions \(from subscriptions-export.csv\), column `interval`: 1 value not among.*row 3 \('fortnight'\)"):
        bring("stripe", {"subscriptions": STRIPE.replace("20.00,month", "20.00,fortnight")})


CHARTMOGUL = {
    "intervals": """\
CUSTOMER_UUID,MRR,START_DATE,END_DATE,PLAN_UUID,QUANTITY,SUBSCRIPTION_UUID,SUBSCRIPTION_SET_UUID,SUB_SET_PLAN_UUIDS,IS_FREE,IS_TRIAL
cus_a,10000.0,2024-01-01,2024-07-01,pl_1,5,s1,ss1,,false,false
cus_a,12550.0,2024-07-01,,pl_1,6,s1,ss1,,false,false
cus_b,0,2025-01-01,2025-01-15,pl_1,1,s2,ss2,,false,true
cus_b,2000,2025-01-15,2026-01-15,pl_1,1,s2,ss2,,false,false
""",
    "customers": "MRR,CITY,SUBSCRIBER_SINCE,STATUS,UUID\n12550,Paris,2024-01-01T09:00:00Z,Active,cus_a\n0,Rome,,Qualified Lead,cus_z\n2000,Lyon,2025-01-15T09:00:00Z,Active,cus_b\n",
    "subscriptions": "CUSTOMER_UUID,CUSTOMER_NAME,PLAN_NAME\ncus_a,Anna's,Pro\ncus_b,Berta's,Pro\n",
}


def test_chartmogul(bring):
    _, company = bring("chartmogul", CHARTMOGUL, currency="EUR", time_zone="Europe/Paris")
    assert company.subscriptions["amount"].tolist() == [100, 125.5, 0, 20]
    assert set(company.subscriptions["interval"]) == {"month"}
    assert company.subscriptions["status"].tolist() == ["active", "active", "trial", "active"]
    assert company.subscriptions["subscription_id"].is_unique
    assert company.customers[["customer_id", "name", "city"]].to_numpy().tolist() == [["cus_a", "Anna's", "Paris"], ["cus_b", "Berta's", "Lyon"]]
    assert company.check().query("severity == 'error'").empty


def test_chartmogul_needs_its_intervals(tmp_path):
    (tmp_path / "customers.csv").write_text(CHARTMOGUL["customers"], encoding="utf-8")
    with pytest.raises(CompanyError, match="chartmogul needs the file intervals"):
        convert("chartmogul", {"customers": tmp_path / "customers.csv"}, tmp_path / "made", **SETTINGS)
    with pytest.raises(CompanyError, match='chartmogul has no file "interval". Did you mean "intervals"'):
        convert("chartmogul", {"interval": tmp_path / "customers.csv"}, tmp_path / "made", **SETTINGS)


CONTRACTS = """\
合同编号;客户名称;签约日期;开始日期;结束日期;合同金额;付款方式;行业;员工数
K1;甲店;2023-12-20;2024-01-01;2024-12-31;¥12,000.00;年付;零售;30
K2;甲店;2024-12-20;2025-01-01;2027-12-31;¥36,000.00;一次性;零售;30
K3;乙厂;2024-03-01;2024-03-15;2024-06-20;¥980;月付;制造;600
"""


def test_a_plain_contract_list(bring):
    made, company = bring("contracts", {"contracts": CONTRACTS}, currency="CNY")
    contracts = company.contracts.set_index("contract_id")
    assert contracts["kind"].tolist() == ["new", "renewal", "new"]
    assert contracts["billing"].tolist() == ["yearly", "prepaid", "monthly"]
    assert [str(day.date()) for day in contracts["ends_on"]] == ["2025-01-01", "2028-01-01", "2024-06-21"]
    lines = company.subscriptions
    assert list(zip(lines["amount"], lines["interval"], lines["interval_count"], strict=True)) == [(12000, "month", 12), (36000, "month", 36), (980, "day", 98)]
    assert company.customers["size"].tolist() == ["small", "large"]
    assert any("last day of service" in what for what in made.report["what"])
    assert company.check().query("severity == 'error'").empty


def test_a_contract_list_with_first_days_without_service_and_a_kind(bring):
    text = "Contract No,Customer,Type,Start,End,Amount\nK1,A,New,2024-01-31,2024-02-29,10\nK2,A,,2024-02-29,2025-02-28,120\n"
    made, company = bring("contracts", {"contracts": text})
    assert company.contracts["kind"].tolist() == ["new", "renewal"]
    assert company.subscriptions["interval_count"].tolist() == [1, 12]
    assert not any("last day of service" in what for what in made.report["what"])


def test_a_contract_without_an_end_is_refused(bring):
    with pytest.raises(CompanyError, match=r"(?s)column `ends_on`: 1 cell empty.*row 3"):
        bring("contracts", {"contracts": "Contract No,Customer,Start,End,Amount\nK1,A,2024-01-01,2025-01-01,10\nK2,A,2024-01-01,,120\n"})


def test_contracts_that_begin_after_the_export_are_left_out(bring):
    made, company = bring("contracts", {"contracts": "Contract No,Customer,Start,End,Amount\nK1,A,2024-01-01,2025-01-01,10\nK2,A,2026-02-01,2027-02-01,120\n"})
    assert company.subscriptions["subscription_id"].tolist() == ["K1"]
    assert said(made, "subscriptions") == ["1 row left out: they begin after 2025-12-31"]


def test_one_file_alone_may_be_given_by_its_path(tmp_path):
    (tmp_path / "export.csv").write_text(STRIPE, encoding="utf-8")
    made = convert("stripe", tmp_path / "export.csv", tmp_path / "made", **SETTINGS)
    assert made.rows == {"customers": 3, "subscriptions": 3}
    with pytest.raises(CompanyError, match="already has .*customers.csv"):
        convert("stripe", tmp_path / "export.csv", tmp_path / "made", **SETTINGS)
    with pytest.raises(CompanyError, match="there is no file"):
        convert("stripe", tmp_path / "exports.csv", tmp_path / "other", **SETTINGS)
    with pytest.raises(CompanyError, match='There is no mapping for "strip". Did you mean "stripe"'):
        convert("strip", tmp_path / "export.csv", tmp_path / "other", **SETTINGS)


@pytest.mark.parametrize("product", DATA)
def test_every_mapping_fills_columns_that_exist(product):
    assert DATA[product]["seen"] and DATA[product]["watch"]
    for rules in DATA[product]["files"].values():
        for table, columns in rules["fill"].items():
            assert set(columns) <= set(schema()[table].columns)
            for column, rule in columns.items():
                assert set(rule) <= {"from", "words", "times", "always"} if isinstance(rule, dict) else rule
                if isinstance(rule, dict) and "words" in rule and schema()[table].columns[column].values:
                    assert set(rule["words"].values()) <= set(schema()[table].columns[column].values)


def test_products_say_where_their_names_were_seen():
    assert products().set_index("product").loc["chartmogul", "seen"].startswith("dev.chartmogul.com")
