"""What stands beside the tables: the card, the picture and the description for machines."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
import yaml
from plain import COMMITTED, ROOT

SCHEMA = yaml.safe_load((ROOT / "helpers" / "company" / "schema.yaml").read_text(encoding="utf-8"))["tables"]


def test_the_card_lists_every_table_and_column(lanternfish):
    text = (COMMITTED / "card.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"(?ms)^### (\w+)\n(.*?)(?=^### |\Z)", text))
    tables = {path.stem for path in COMMITTED.iterdir() if path.suffix in (".csv", ".parquet")}
    assert set(parts) == tables == set(SCHEMA)
    for name, part in parts.items():
        rows = {
            cells[1].strip(): cells
            for cells in (line.split("|") for line in part.splitlines() if line.startswith("| "))
        }
        for column in lanternfish[name].columns:
            assert int(rows[column][5].replace(",", "")) == lanternfish[name][column].isna().sum(), f"{name}.{column}"
        assert f"{len(lanternfish[name]):,} rows" in part, name


def test_the_card_tells_the_story_and_names_sources():
    text = (COMMITTED / "card.md").read_text(encoding="utf-8")
    for word in (
        "Invented and simulated",
        "![timeline](timeline.svg)",
        "lockdown",
        "multi-year",
        "Benchmarkit",
        "Kingdee",
        "harder",
        "kinder",
    ):
        assert word in text or word == "multi-year" and "three-year deals" in text, word


def test_the_picture_is_whole():
    root = ET.fromstring((COMMITTED / "timeline.svg").read_text(encoding="utf-8"))
    points = next(e for e in root if e.tag.endswith("polyline")).attrib["points"].split()
    assert len(points) == 72


def test_the_package_describes_every_table():
    package = json.loads((COMMITTED / "datapackage.json").read_text(encoding="utf-8"))
    named = {resource["name"] for resource in package["resources"]} | {"events"}
    assert named == {path.stem for path in COMMITTED.iterdir() if path.suffix in (".csv", ".parquet")}
    for resource in package["resources"]:
        header = (COMMITTED / resource["path"]).read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == header
    assert [field["name"] for field in package["events"]["fields"]] == list(
        pd.read_parquet(COMMITTED / "events.parquet").columns
    )


def test_frictionless_finds_nothing_wrong():
    frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed")
    report = frictionless.validate(str(COMMITTED / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:10]


def test_everything_is_smaller_than_twenty_five_megabytes():
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 25_000_000
