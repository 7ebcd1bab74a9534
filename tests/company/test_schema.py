"""schema.yaml itself, what describe() makes of it, and the templates."""
from __future__ import annotations

import pytest
import yaml

from helpers.company import CompanyError, describe, load_company, schema, write_templates
from helpers.company.schema import SCHEMA, Column

DOCUMENT = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
# The core tables, whose columns are fixed: others build on them.
CORE = {
    "customers": "customer_id name industry city employees created_on acquired_by partner_id referred_by",
    "contracts": "contract_id opportunity_id customer_id rep_id kind renews_contract_id signed_on starts_on ends_on recurring_amount one_off_amount "
                 "billing discount refund_clause promised_features founder_signed relation",
    "subscriptions": "subscription_id contract_id customer_id starts_on ends_on plan amount interval interval_count quantity discount status recorded_at",
    "leads": "lead_id customer_id created_at mode channel segment employees answered_at mql_on sql_on budget authority need timing rep_id",
    "marketing_spend": "month channel mode amount",
    "market": "segment industry size accounts reach",
}


@pytest.mark.parametrize(("table", "columns"), CORE.items())
def test_core_tables_have_exactly_their_columns(table, columns):
    assert [column.name for column in schema()[table].columns.values() if column.add] == columns.split()


def test_only_customers_and_subscriptions_have_to_be_there():
    assert [name for name, table in schema().items() if table.required] == ["customers", "subscriptions"]


@pytest.mark.parametrize("name", DOCUMENT["tables"])
def test_every_table_is_sound(name):
    table, allowed = schema()[name], set(Column.__dataclass_fields__) - {"name"}
    columns = table.columns
    assert table.row and table.chapters and all(1 <= chapter <= 55 for chapter in table.chapters)
    assert all(isinstance(key, str) for key in columns), "YAML reads on, yes and no as flags: quote them"
    for column in columns.values():
        assert set(DOCUMENT["tables"][name]["columns"][column.name]) <= allowed
        assert column.type in DOCUMENT["types"] and column.meaning
        assert column.type != "int" or column.unit, "a whole number counts something"
        assert set(column.synonyms.values()) <= set(column.values)
        assert all(isinstance(value, int if column.type == "int" else str) for value in column.values)
        assert column.default is None or not column.values or column.default in column.values
    for key in table.key:
        assert columns[key].filled or columns[key].default is not None
    for pair in table.order + table.strict:
        assert all(columns[part].type in ("date", "month", "instant") for part in pair)
    assert table.when is None or columns[table.when].type in ("date", "month", "instant")


def test_every_reference_leads_to_a_key():
    for table in schema().values():
        for column in table.columns.values():
            if column.refers:
                other, key = column.refers.split(".")
                assert schema()[other].key == (key,)
                assert schema()[other].columns[key].type == column.type == "id"


def test_describe_explains_a_table(kiosk):
    described = kiosk().describe("subscriptions").set_index("column")
    assert described.loc["amount", "unit"] == "EUR for one interval"
    assert described.loc["ends_on", "empty_means"] == "runs on with no known end"
    assert described.loc["ends_on", "empty"] == 0.5
    assert described.loc["customer_id", "key"] == "customers.customer_id"
    assert described.loc["discount", "empty_means"] == "read as 0"
    assert described.loc["starts_on", "example"] == "2024-01-01"
    assert kiosk().describe("customers")["column"].tolist()[-1] == "size"


def test_describe_without_data_and_of_all_tables(kiosk):
    assert "empty" not in describe("leads")
    assert "empty" not in kiosk().describe("leads")
    assert kiosk().describe().set_index("table")["here"].sum() == 2
    with pytest.raises(CompanyError, match='Did you mean "leads"'):
        describe("lead")


def test_templates_can_be_loaded_filled_and_are_never_overwritten(tmp_path):
    folder = write_templates(tmp_path / "mine", schema(), as_of="2025-06-30", name='The "Kiosk": ours', currency="USD", time_zone="America/New_York")
    company = load_company(folder)
    assert (company.name, company.currency, company.currency_symbol, str(company.as_of)) == ('The "Kiosk": ours', "USD", "$", "2025-06-30")
    assert company.tables == list(schema())
    assert company.check().empty
    assert all(len(company.table(name)) == 0 for name in company.tables)
    header = (folder / "subscriptions.csv").read_text(encoding="utf-8-sig")
    (folder / "subscriptions.csv").write_text(header + "S1,,C1,2024-01-01,,a,5,month,,,,,\n", encoding="utf-8")
    assert load_company(folder).subscriptions["amount"].tolist() == [5]
    with pytest.raises(CompanyError, match="already has .*subscriptions.csv"):
        write_templates(folder, as_of="2025-06-30")
    assert "| amount | yes | money: list price of the line" in (folder / "COLUMNS.md").read_text(encoding="utf-8")


def test_templates_for_a_table_that_is_not_there(tmp_path):
    with pytest.raises(CompanyError, match='Did you mean "leads"'):
        write_templates(tmp_path, ["lead"], as_of="2025-06-30")
    assert list(tmp_path.iterdir()) == []
