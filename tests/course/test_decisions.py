"""Decisions read, predictions scored, and the document for the meeting: page, text, and a spreadsheet that computes it again."""

from __future__ import annotations

import csv
import datetime as dt
import html.parser
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers.cli import app
from helpers.company import load_company
from helpers.course.decisions import (
    MEASURES, DecisionError, meeting_of, policy_of, read_again, read_decisions, score, split_measure, summary, today,
    write_meeting)
from helpers.course.meeting import to_html, to_markdown
from helpers.course.plan import read_plan
from helpers.course.workbook import SHOWN, month_formulas
from helpers.metrics.policy import Policy
from helpers.models.plan import MONTHS, SIZES, Driver, names, plan

DAY, DUE, LAST = "2024-12-31", "2025-06-30", "2025-12-31"


def lines():
    """Forty customers who pay 100 to 139 a month: six leave in 2025, eight pay half as much from May, five come, one tries it out."""
    rows = []
    for i in range(40):
        end = "2025-04-01" if i < 6 else "2025-05-01" if i < 14 else ""
        rows.append([f"c{i:02}", "2023-02-01", end, 100 + i, "month", "active"])
        if 6 <= i < 14:
            rows.append([f"c{i:02}", "2025-05-01", "", (100 + i) / 2, "month", "active"])
    rows += [[f"n{i}", "2025-03-01", "2026-03-01", 2400, "year", "active"] for i in range(5)]
    rows.append(["t0", "2024-06-01", "", 5000, "month", "trial"])
    return [[f"s{i}", *row] for i, row in enumerate(rows)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("tiny")
    (place / "company.yaml").write_text("name: Tiny\ncurrency: CNY\ntime_zone: Asia/Shanghai\nas_of: 2025-12-31\ncomplete_from_inception: true\n"
                                        "size_bands: {small: [1, 50], mid: [50, 500], large: [500, null]}\n", encoding="utf-8")
    subs = pd.DataFrame(lines(), columns=["subscription_id", "customer_id", "starts_on", "ends_on", "amount", "interval", "status"])
    subs.to_csv(place / "subscriptions.csv", index=False)
    who = sorted(subs["customer_id"].unique())
    pd.DataFrame({"customer_id": who, "name": who, "employees": [(20, 200, 2000)[i % 3] for i in range(len(who))]}).to_csv(
        place / "customers.csv", index=False)
    return place


@pytest.fixture(scope="module")
def company(folder):
    return load_company(folder)


def decided(**more):
    return {"question": "Which floor?", "choice": "85%", "because": "it pays", "owner": "Li", "numbers": {}, "measure": "grr",
            "prediction": 0.8, "due": DUE, "company": "Tiny", "as_of": DAY, **more}


def one(tmp_path, **more):
    (tmp_path / ".playbook").mkdir(exist_ok=True)
    (tmp_path / ".playbook" / "decisions.json").write_text(json.dumps({"37-retention": [decided(**more)]}), encoding="utf-8")
    return read_decisions(tmp_path)[0]


# --- scoring ------------------------------------------------------------------------------------------------------------

def test_grr_is_read_again_and_the_prediction_within_its_interval_came_true(tmp_path, company):
    """Paid at the end of June 2024: sum of 100..139 = 4,780. Gone: 100..105 = 615; halved: half of 106..113 = 438. 3,727 / 4,780."""
    seen = score(one(tmp_path, prediction=0.78), company)
    assert seen.figure.value == pytest.approx(3727 / 4780) and (seen.figure.start, seen.figure.end) == (dt.date(2024, 6, 30), dt.date(2025, 6, 30))
    assert seen.status == "came true" and seen.figure.low < 0.78 < seen.figure.high


@pytest.mark.parametrize("predicted, status, says", [(0.99, "too high", "too high, by 21.0 points"), ("50%", "too low", "too low, by 28.0 points")])
def test_beside_the_interval(tmp_path, company, predicted, status, says):
    seen = score(one(tmp_path, prediction=predicted), company)
    assert seen.status == status and says in seen.said and "GRR was predicted at" in seen.said


def test_nothing_changes_is_the_other_prediction(tmp_path, company):
    """A year before nobody had left: 100%. The figure is 78%, so 80% is nearer and 101% is not."""
    near, far = (score(one(tmp_path, prediction=p), company) for p in (0.8, 1.01))
    assert near.before == far.before == 1 and near.nearer and not far.nearer
    assert "farther off" in near.said and "at least as near" in far.said


@pytest.mark.parametrize("measure, value", [
    ("customers", 39), ("arr", 12 * (3727 + 5 * 200)), ("mrr", 3727 + 5 * 200), ("logo", 34 / 40), ("nrr", 3727 / 4780),
    ("customers.small", None), ("nrr.large", None), ("arr.mid", None)])
def test_every_measure_by_hand_and_by_size(tmp_path, company, measure, value):
    seen = score(one(tmp_path, measure=measure, prediction=1), company).figure
    if value is not None:
        assert seen.value == pytest.approx(value)
    else:
        name, size = split_measure(measure)
        parts = [read_again(f"{name}.{each}", company, dt.date(2025, 6, 30)) for each in SIZES]
        whole = read_again(name, company, dt.date(2025, 6, 30))
        assert sum(part.n for part in parts) == whole.n and seen == parts[SIZES.index(size)]


def test_a_count_has_come_true_within_five_percent(tmp_path, company):
    assert [score(one(tmp_path, measure="customers", prediction=p), company).status for p in (40, 42, 37)] == ["came true", "too high", "too low"]


@pytest.mark.parametrize("more, status, says", [
    ({"due": "2026-03-31"}, "not due yet", "the data reach 31 December 2025"),
    ({"due": "2024-06-30"}, "not read again", "no prediction"),
    ({"measure": "gr"}, "not read again", "did you mean 'grr'?"),
    ({"measure": "share of bookings prepaid"}, "not read again", "read it by hand"),
    ({"measure": "renewal"}, "not read again", "no table of contracts"),
    ({"measure": "cash"}, "not read again", "no table 'cash'"),
    ({"prediction": "much better"}, "not read again", "no number"),
    ({"company": "Lanternfish"}, "not read again", "made for Lanternfish"),
    ({"due": "2022-01-31", "as_of": "2021-01-31"}, "not read again", "No customer had MRR")])
def test_what_cannot_be_scored_says_why(tmp_path, company, more, status, says):
    seen = score(one(tmp_path, **more), company)
    assert (seen.status, seen.scored) == (status, False) and says in seen.said


def test_the_stored_policy_counts_and_not_the_company_s(tmp_path, company):
    """With trials counted, the trial's 5,000 stand in both months: (3,727 + 5,000) / (4,780 + 5,000)."""
    kept = {"GRR": {"value": 1, "measure": "GRR, point to point", "policy": Policy(trials="count").to_toml()},
            "other": {"value": 1, "measure": "NRR, point to point", "policy": Policy().to_toml()}}
    decision = one(tmp_path, numbers=kept)
    assert policy_of(decision, company).trials == "count"
    assert score(decision, company).figure.value == pytest.approx(8727 / 9780)
    assert policy_of(one(tmp_path, numbers={"x": {"value": 3}}), company) == company.policy


def test_the_summary_counts(tmp_path, company):
    scores = [score(one(tmp_path, **more), company) for more in ({}, {"prediction": 0.99}, {"due": "2026-03-31"})]
    assert summary(scores) == ("3 decisions: 2 predictions scored, 1 came true, 1 not due yet. Nearer than \"nothing changes\": 2 of 2.")


def test_a_damaged_decision_says_where(tmp_path):
    with pytest.raises(DecisionError, match="37-retention"):
        one(tmp_path, due="soon")


def test_measures_are_all_known_to_their_labels():
    assert all(split_measure(name.upper()) == (name, "") for name in MEASURES) and split_measure("NDR") == ("nrr", "")


# --- the document -------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    place = tmp_path_factory.mktemp("workspace")
    (place / ".playbook").mkdir()
    counted = {"GRR": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40, "unit": "share", "measure": "GRR, point to point",
                       "period": "2024", "policy": Policy(trials="count").to_toml()}}
    entries = {"37-retention": [decided(numbers=counted), decided(measure="nrr.small", prediction=0.99), decided(measure="logo", due=LAST)],
               "11-renewal": [decided(measure="arr", prediction=40_000, choice="=1+1", because="<b>bold</b> | bar"),
                              decided(measure="customers", prediction=45), decided(due="2026-12-31")]}
    drivers = {"renewal.small": {"value": 0.75, "low": 0.7, "high": 0.8}, "ramp": {"value": 2.5, "low": 2, "high": 4}, "reps_hired": {"value": 2},
               "cash": {"value": 90_000}, "round": {"value": 50_000}, "round_quarter": {"value": 3}, "self_serve": {"value": 0.25},
               "reps.ramping": {"value": 1}, "renwal": {"value": 1}}
    (place / ".playbook" / "decisions.json").write_text(json.dumps(entries), encoding="utf-8")
    (place / ".playbook" / "plan.json").write_text(json.dumps({"drivers": drivers}), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def written(workspace, company):
    return {path.suffix: path for path in write_meeting(workspace, company)}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "polygon", "polyline", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_stands_alone_is_well_formed_light_dark_and_printable(written):
    text = written[".html"].read_text(encoding="utf-8")
    page = Reader()
    page.feed(text)
    assert page.open == [] and text.startswith("<!doctype html>")
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?:|url\(|@import|src=", text)
    assert "prefers-color-scheme:dark" in text and "@media print" in text and "color-scheme:light dark" in text
    assert all(attrs.get("aria-label") for tag, attrs in page.tags if tag == "svg")
    assert "<b>bold</b>" not in text and "&lt;b&gt;bold" in text


def test_page_and_text_say_the_same(written, company, workspace):
    page = Reader()
    page.feed(written[".html"].read_text(encoding="utf-8"))
    seen, text = " ".join(page.text), written[".md"].read_text(encoding="utf-8")
    plain = re.sub(r"\\(.)", r"\1", text)
    living = read_plan(workspace, company)
    for words in ("NRR of small customers", "too high", "not due yet", "renwal: kept", "6 decisions: 5 predictions scored", "Which floor?",
                  "trials = count", "months until a hired rep is mature", f"{living.plan.heads[7]:,.0f}"):
        assert words in seen and words in plain, words
    assert r"\<b\>bold" in text and r"\| bar" in text
    assert all(line.count("|") - line.count(r"\|") == 12 for line in text.splitlines() if re.match(r"\| [1-8] \|", line))


def test_without_anything_recorded_the_document_still_says_what_is(tmp_path, company):
    (tmp_path / ".playbook").mkdir()
    paths = write_meeting(tmp_path, company, tmp_path / "elsewhere")
    assert [path.parent.name for path in paths] == ["elsewhere"] * 3
    assert "No decision has been recorded yet." in paths[1].read_text(encoding="utf-8")


def test_a_company_in_its_first_months_has_no_retention_yet_and_still_gets_its_document(folder, tmp_path):
    young = tmp_path / "young"
    shutil.copytree(folder, young)
    (young / "company.yaml").write_text((young / "company.yaml").read_text().replace("2025-12-31", "2023-03-31"), encoding="utf-8")
    subs = pd.read_csv(young / "subscriptions.csv")
    subs[subs["starts_on"] < "2023-03-01"].to_csv(young / "subscriptions.csv", index=False)
    (tmp_path / ".playbook").mkdir()
    company = load_company(young)
    seen = today(company)
    assert seen["customers"].value == 40 and "no customer had MRR" in seen["nrr"]
    text = write_meeting(tmp_path, company)[1].read_text(encoding="utf-8")
    assert "no customer had MRR on 2022-03-31" in text


def test_the_same_decisions_give_the_same_files(written, workspace, company, tmp_path):
    for path in write_meeting(workspace, company, tmp_path):
        assert path.read_bytes() == written[path.suffix].read_bytes()


def test_blocks_of_every_kind_are_written():
    blocks = [("h1", "A"), ("p", "b"), ("list", ["c"]), ("rows", [("d", "e")]), ("table", "f", ["g"], [["h"]], ("g",)), ("chart", "i", "alt", "<svg/>")]
    assert "<svg/>" in to_html(blocks, "T") and "alt" in to_markdown(blocks) and "<svg" not in to_markdown(blocks)


def test_the_command(workspace, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYBOOK_COMPANY", str(folder))
    done = CliRunner().invoke(app, ["decisions", "--workspace", str(workspace), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0 and sorted(path.name for path in (tmp_path / "out").iterdir()) == ["meeting.html", "meeting.md", "meeting.xlsx"]
    none = CliRunner().invoke(app, ["decisions", "--workspace", str(tmp_path / "nowhere")])
    assert none.exit_code == 1 and "playbook lab" in none.output
    with pytest.raises(DecisionError, match="no workspace"):
        meeting_of(tmp_path / "nowhere")


# --- the spreadsheet, recomputed ----------------------------------------------------------------------------------------

ALWAYS = ('<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/'
          'Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>')
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


def changed(source, target, edits):
    """The workbook without any stored result, and with some cells given other numbers: {sheet file: {cell: number}}."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                sheet = re.sub(r"(<f>[^<]*</f>)<v>[^<]*</v>", r"\1", text.decode())
                for cell, number in edits.get(name.rsplit("/", 1)[1], {}).items():
                    sheet, found = re.subn(rf'(<c r="{cell}"[^>]*>)<v>[^<]*</v>', rf"\g<1><v>{number}</v>", sheet)
                    assert found == 1, (name, cell)
                text = sheet.encode()
            new.writestr(name, text)


def table(folder, stem, sheet):
    with open(folder / f"{stem}-{sheet}.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def number(cell):
    """A cell as a number; LibreOffice writes shares with a percent sign, in all their digits."""
    return float(cell[:-1]) / 100 if cell.endswith("%") else float(cell)


def numbers(row):
    return [number(cell) for cell in row]


DRIVER_SHEET, MRR_SHEET = "sheet4.xml", "sheet3.xml"
OTHER = {"ramp_months": 4.25, "renewal_share_mid": 0.7, "opening_cash": 5_000.0, "class_kept_share": 0.8, "cycle_months": 3.0,
         "lead_growth_share_per_year": 0.9, "new_arr_share_small": 0.0, "new_arr_share_mid": 0.0, "new_arr_share_large": 0.0}


@pytest.fixture(scope="module")
def recomputed(written, tmp_path_factory):
    """Both workbooks, as written and with other drivers and another payment, opened and computed by LibreOffice."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if not office:
        pytest.skip("needs LibreOffice (libreoffice-calc)")
    out = tmp_path_factory.mktemp("recomputed")
    (out / "profile" / "user").mkdir(parents=True)
    (out / "profile" / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    changed(written[".xlsx"], out / "same.xlsx", {})
    cells = {f"B{names().index(name) + 2}": value for name, value in OTHER.items()}
    changed(written[".xlsx"], out / "other.xlsx", {DRIVER_SHEET: cells, MRR_SHEET: {"D41": 10}})
    subprocess.run([office, f"-env:UserInstallation={(out / 'profile').as_uri()}", "--headless", "--convert-to", EVERY_SHEET,
                    "--outdir", str(out), str(out / "same.xlsx"), str(out / "other.xlsx")], check=True, capture_output=True, timeout=240)
    return out


def compare_plan(made, rows):
    assert [row[0] for row in rows[1:]] == list(SHOWN)
    for name, *cells in rows[1:]:
        if name == "binding":
            assert cells == list(made.binding)
        else:
            expected = ["no burn" if value == float("inf") else value for value in made.quarters[name]]
            for cell, value in zip(cells, expected, strict=True):
                assert cell == value if value == "no burn" else number(cell) == pytest.approx(value, rel=1e-9, abs=1e-6), name


def test_libreoffice_computes_every_month_and_quarter_of_the_plan(recomputed, workspace, company):
    made = read_plan(workspace, company).plan
    months = {name: numbers(cells) for name, *cells in table(recomputed, "same", "Months")[1:]}
    assert list(months) == list(month_formulas()) and set(months) <= set(made.months)
    for name, values in months.items():
        assert values == pytest.approx(made.months[name].tolist(), rel=1e-9, abs=1e-6), name
    assert set(made.months) - set(months) == set() and all(len(values) == MONTHS for values in months.values())
    compare_plan(made, table(recomputed, "same", "Plan"))
    assert {"reps", "leads"} & set(made.binding) and made.quarters["raised"][2] == 50_000


def test_libreoffice_computes_retention_and_arr_from_what_customers_paid(recomputed, workspace, company):
    rows = table(recomputed, "same", "Figures")[1:]
    assert [row[1] for row in rows] == ["arr", "customers", "nrr", "grr", "logo", "arr", "customers", "grr", "nrr.small", "logo"]
    for row in rows:
        course, sheet, difference = numbers(row[4:7])
        assert sheet == pytest.approx(course, rel=1e-9) and difference == pytest.approx(0, abs=1e-6)
    assert number(rows[7][5]) == pytest.approx(8727 / 9780) and "trials = count" in rows[7][7]
    assert number(rows[5][5]) == pytest.approx(12 * 4727)


def test_libreoffice_comes_to_the_same_verdicts(recomputed, workspace, company):
    scores = [score(decision, company) for decision in read_decisions(workspace)]
    for row, seen in zip(table(recomputed, "same", "Decisions")[1:], scores, strict=True):
        assert row[12] == seen.status and row[2] == seen.decision.choice
        if seen.scored:
            assert numbers([row[6], row[8], row[11]]) == pytest.approx([seen.predicted, seen.figure.value, seen.predicted - seen.figure.value])
            if not seen.figure.certain:
                assert numbers(row[9:11]) == pytest.approx([seen.figure.low, seen.figure.high])


def test_other_drivers_in_the_sheet_give_the_plan_that_python_gives(recomputed, workspace, company):
    first = read_plan(workspace, company).plan
    made = plan(replace(first.drivers, **{name: Driver(value) for name, value in OTHER.items()}), first.schedule)
    compare_plan(made, table(recomputed, "other", "Plan"))
    assert abs(made.arr[-1] / first.arr[-1] - 1) > 0.01


def test_another_payment_in_the_sheet_moves_retention(recomputed):
    """Customer c39, in row 41, paid 139 at the end of 2024 and is given 10: the base is 129 less, and 129 of what it pays is growth."""
    same, other = (table(recomputed, stem, "Figures") for stem in ("same", "other"))
    assert table(recomputed, "other", "MRR")[40][0] == "c39" and table(recomputed, "other", "MRR")[0][3].startswith("2024-12-31")
    moved = {row[1]: number(row[5]) - number(before[5]) for row, before in zip(other[3:5], same[3:5])}
    base = 4780
    assert moved == pytest.approx({"nrr": 3727 / (base - 129) - 3727 / base, "grr": (3727 - 129) / (base - 129) - 3727 / base})


def test_the_stored_values_are_those_that_are_computed(written, recomputed):
    """A preview that computes nothing shows the same figures."""
    with zipfile.ZipFile(written[".xlsx"]) as book:
        stored = re.findall(r'<c r="B(\d+)"[^>]*><f>[^<]*</f><v>([^<]*)</v>', book.read("xl/worksheets/sheet6.xml").decode())
    rows = table(recomputed, "same", "Plan")
    assert len(stored) == len(SHOWN)
    for row, value in stored:
        cell = rows[int(row) - 1][1]
        assert cell == value if not re.match(r"-?\d", value) else number(cell) == pytest.approx(float(value), rel=1e-9, abs=1e-6)
