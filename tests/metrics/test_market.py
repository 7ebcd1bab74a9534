"""Four questions before entering a market, and what would change the verdict."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.metrics.market import STATES, VERDICTS, Rules, market_questions, market_verdict, what_would_flip

COLUMNS = ["name", "founded", "state", "difficulty", "avoidable"]


def players(*rows):
    return pd.DataFrame([(f"P{i}", *row) for i, row in enumerate(rows)], columns=COLUMNS)


GOOD = players((2010, "stable", "x", True), (2011, "growing", "x", True), (2012, "closed", "x", True),
               (2013, "sold", "x", False), (2018, "growing", "x", True))


def value(table, question, column="value"):
    return table.set_index("question").loc[question, column]


def test_the_young_are_players_but_do_not_show_that_the_market_feeds():
    table = market_questions(GOOD, year=2020)
    assert value(table, "players", "count") == 5
    assert (value(table, "living", "count"), value(table, "living", "of")) == (2, 4)
    assert value(market_questions(GOOD, year=2021), "living", "of") == 5
    assert value(table, "avoidable") == 4 / 5
    assert value(table, "years") == 8


@pytest.mark.parametrize(("table", "verdict"), [
    (GOOD, "go"),
    (GOOD.head(3), "wait"),
    (GOOD.assign(state="closed"), "avoid"),
    (GOOD.assign(avoidable=False), "avoid"),
    (GOOD.assign(avoidable=[True, True, False, False, False]), "wait"),
    (GOOD.assign(founded=2019), "wait"),
    (GOOD.assign(avoidable=pd.array([None] * 5, dtype="boolean")), "wait"),
    (GOOD.assign(state="closed", avoidable=[True, True, False, False, False]), "avoid"),
    (GOOD.head(0), "wait"),
])
def test_the_worst_answer_decides(table, verdict):
    assert market_verdict(table, year=2020) == verdict


def test_the_marks_are_the_callers():
    assert market_verdict(GOOD.head(3), year=2020, rules=Rules(players=3)) == "go"
    assert market_verdict(GOOD, year=2020, rules=Rules(living=0.6)) == "avoid"
    assert market_verdict(GOOD, year=2020, rules=Rules(avoidable=0.9)) == "wait"


def test_every_flip_that_is_named_flips_and_fewer_do_not():
    case = load_company().table("competitors")
    now, flips = market_verdict(case, year=2020), what_would_flip(case, year=2020)
    assert len(flips) and flips["changes"].nunique() == 1 and (flips["verdict"] != now).all()
    for row in flips.itertuples():
        other = case.copy()
        for name, what in zip(row.players.split(", "), row.what.split("; "), strict=True):
            place = other["name"] == name
            if "avoided" in what:
                other["avoidable"] = other["avoidable"].where(~place, ~other["avoidable"])
            else:
                other["state"] = other["state"].astype(str).where(~place, "closed" if what == "closes" else "stable")
        assert market_verdict(other, year=2020) == row.verdict


def test_two_judgements_are_tried_where_one_is_not_enough():
    firm = pd.concat([GOOD, players((2012, "stable", "x", True), (2012, "stable", "x", True), (2012, "stable", "x", True)).assign(
        name=["A", "B", "C"])], ignore_index=True)
    flips = what_would_flip(firm, year=2020)
    assert flips["changes"].unique().tolist() == [2]
    assert what_would_flip(firm, year=2020, most=1).empty


def test_too_few_players_are_filled_up():
    flips = what_would_flip(GOOD.head(3), year=2020)
    assert flips["players"].unique().tolist() == ["2 more"] and "go" in set(flips["verdict"])


def test_unknown_cells_are_left_out_and_said():
    holes = GOOD.astype({"avoidable": "boolean"})
    holes.loc[0, "avoidable"] = pd.NA
    table = market_questions(holes, year=2020)
    assert (value(table, "players", "count"), value(table, "players", "of"), value(table, "avoidable", "of")) == (4, 5, 4)
    assert not what_would_flip(holes, year=2020, rules=Rules(players=4)).empty


def test_what_is_wrong_with_a_table_is_said():
    with pytest.raises(MetricError, match="no column 'founded', did you mean 'fonded'"):
        market_questions(GOOD.rename(columns={"founded": "fonded"}), year=2020)
    with pytest.raises(MetricError, match="P0 has the state 'grwing', did you mean 'growing'"):
        market_questions(GOOD.assign(state="grwing"), year=2020)
    with pytest.raises(MetricError, match="no table"):
        market_verdict("players", year=2020)


def test_states_are_those_of_the_schema():
    from pathlib import Path

    import helpers.company
    import yaml

    rules = yaml.safe_load((Path(helpers.company.__file__).parent / "schema.yaml").read_text(encoding="utf-8"))
    assert tuple(rules.get("tables", rules)["competitors"]["columns"]["state"]["values"]) == STATES
    assert VERDICTS == ("go", "wait", "avoid")


def test_polars_tables_are_taken():
    pl = pytest.importorskip("polars")
    assert market_verdict(pl.DataFrame(GOOD), year=2020) == "go"
