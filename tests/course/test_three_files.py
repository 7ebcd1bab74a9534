"""Three files become a company, and say the same of its gates as all of its tables do."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.company import CompanyError, load_company
from helpers.course.diagnosis import diagnose
from helpers.course.findings import findings, linked, opens, owed_by
from helpers.course.three_files import followed, three_files, write_three
from helpers.models.roadmap import UNKNOWN


@pytest.fixture(scope="module")
def case():
    return load_company()


@pytest.fixture(scope="module")
def brought(case, tmp_path_factory):
    place = tmp_path_factory.mktemp("three")
    files = write_three(case, place)
    return files, three_files(*files, place / "mine", as_of=case.as_of, currency="CNY", name="Mine")


def test_what_three_files_tell_every_table_tells(case, brought):
    mine, whole = diagnose(brought[1]), diagnose(case)
    told = {key: mine.state(key) for key in mine.readings if mine.state(key) != UNKNOWN}
    assert {"strangers", "ten", "rep", "margin_one", "margin_two", "margin_three", "renewal", "heads", "runway"} <= set(told)
    assert told == {key: whole.state(key) for key in told}


def test_five_findings_ranked_by_money(case, brought):
    found = findings(brought[1])
    sums = [one.at_stake for one in found]
    assert len(found) == 5 and sums == sorted(sums, reverse=True) and all(len(one.rows) for one in found)
    selling = next(one for one in findings(case, count=9) if one.key == "selling")
    assert selling.at_stake == pytest.approx(-diagnose(case).readings["margin_three"].value)
    assert {one.key: round(one.at_stake) for one in found} == {one.key: round(one.at_stake) for one in findings(case)}


def test_findings_of_an_earlier_day_know_nothing_later(case):
    then = {one.key: round(one.at_stake) for one in findings(case, on="2022-12-31", count=9)}
    assert then == {one.key: round(one.at_stake) for one in findings(case.as_it_stood("2022-12-31"), count=9)}
    assert then["long_contracts"] > {one.key: one.at_stake for one in findings(case, count=9)}.get("long_contracts", 0)


def test_findings_link_to_chapters_that_are_written(case):
    frame = pd.DataFrame({"opens": [opens("37"), opens("53")]})
    html = linked(frame, numbers=["37", "53"])._repr_html_()
    assert '<a href="../../3-sales-play/37-retention/retention.ipynb">37 Retention</a>' in html
    assert html.count("<a ") == (2 if "not written" not in opens("53") else 1)


def write(place, **files):
    for name, text in files.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return [place / f"{name}.csv" for name in ("contracts", "payments", "monthly")]


SMALL = {
    "contracts": "Contract No,Customer,Signed,Start,End,Amount\nK1,Anna,2024-01-01,2024-01-01,2024-12-31,1200\nK2,Anna,2025-01-01,2025-01-01,2025-12-31,1500\n",
    "payments": "Contract No,Payment Date,Received\nK1,2024-01-20,1200\nK2,2025-01-20,1500\n",
    "monthly": "Month,Department,Kind,Cost,Headcount,Balance\n2025-11,sales,A,100,2,5000\n2025-11,admin,other,50,1,5000\n2025-12,sales,A,100,2,4900\n2025-12,admin,other,50,1,4900\n",
}


def make(place, folder="mine", **changed):
    return three_files(*write(place, **{**SMALL, **changed}), place / folder, as_of="2025-12-31", currency="EUR")


def test_columns_under_other_names_and_a_renewal_found(tmp_path):
    mine = make(tmp_path)
    assert mine.tables == ["customers", "contracts", "subscriptions", "payments", "headcount", "costs", "cash"]
    assert mine.contracts["renews_contract_id"].tolist()[1] == "K1" and mine.payments["customer_id"].tolist() == ["Anna", "Anna"]
    assert mine.table("cash")["balance"].tolist() == [5000.0, 4900.0] and mine.table("headcount")["heads"].sum() == 6
    assert diagnose(mine).state("renewal") == UNKNOWN, "one customer is too few for an interval"


def test_money_in_the_bank_can_be_said(tmp_path):
    plain = "month,department,kind,amount\n2025-12,sales,A,100\n"
    files = write(tmp_path, **{**SMALL, "monthly": plain})
    mine = three_files(*files, tmp_path / "mine", as_of="2025-12-31", currency="EUR", cash=700)
    assert mine.table("cash")["balance"].tolist() == [700.0] and not mine.has("headcount")


@pytest.mark.parametrize(("changed", "said"), [
    ({"payments": "Contract No,Received\nK1,5\n"}, r"payments.*paid_on.*no column for it was found"),
    ({"payments": "Payment Date,Received\n2025-01-01,5\n"}, "neither a column for the contract nor one for the customer"),
    ({"payments": "Contract No,Payment Date,Received\nK1,2025-01-01,many\n"}, "many"),
    ({"monthly": "month,department,amount\n2025-12,sales,5\n"}, "no column says which kind of cost"),
    ({"monthly": "month,department,kind,amount\n2025-12,sales,F,5\n"}, "F"),
    ({"contracts": "Contract No,Start,End,Amount\nK1,2024-01-01,2024-12-31,1200\n"}, "customer_id"),
])
def test_what_is_wrong_is_said_and_nothing_is_left_behind(tmp_path, changed, said):
    with pytest.raises(CompanyError, match=said):
        make(tmp_path, **changed)
    assert not (tmp_path / "mine").exists()


def test_a_missing_file_and_a_folder_that_is_there(tmp_path):
    files = write(tmp_path, **SMALL)
    with pytest.raises(CompanyError, match="there is no file"):
        three_files(files[0], tmp_path / "payment.csv", files[2], tmp_path / "mine", as_of="2025-12-31", currency="EUR")
    (tmp_path / "mine").mkdir()
    with pytest.raises(CompanyError, match="is there already"):
        make(tmp_path)


def test_a_renewal_follows_the_contract_that_ends_nearest():
    rows = [("k1", "a", "new", "2022-01-01", "2023-01-01"), ("k2", "a", "renewal", "2023-01-10", "2024-01-10"),
            ("k3", "a", "renewal", "2024-01-10", "2025-01-10"), ("k4", "a", "renewal", "2025-09-01", "2026-09-01")]
    table = pd.DataFrame(rows, columns=["contract_id", "customer_id", "kind", "starts_on", "ends_on"])
    assert followed(table).tolist() == ["", "k1", "k2", ""]


@pytest.mark.parametrize(("billing", "day", "owed"), [
    ("monthly", "2024-03-15", 300.0), ("yearly", "2024-03-15", 1200.0), ("yearly", "2025-02-01", 2400.0), ("prepaid", "2024-03-15", 2400.0),
    ("monthly", "2027-01-01", 2400.0), ("monthly", "2023-12-31", 0.0)])
def test_what_a_contract_should_have_brought(billing, day, owed):
    rows = pd.DataFrame({"starts_on": pd.to_datetime(["2024-01-01"]), "ends_on": pd.to_datetime(["2026-01-01"]), "term_months": [24],
                         "recurring_amount": [2400.0], "one_off_amount": [0.0], "billing": [billing]})
    assert owed_by(rows, pd.Timestamp(day)).tolist() == [owed]
