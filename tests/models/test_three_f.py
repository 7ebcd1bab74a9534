from __future__ import annotations

import datetime as dt
import itertools

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.models.three_f import (
    CONDITIONS, FILE, GRADES, Answer, Offer, actives_needed, averaged, facts_table, known_products, payers_needed, products_table,
    rules_on_free, three_f)

answers_of = st.tuples(*[st.builds(lambda holds, grade, name=name: Answer(name, holds, grade, "a fact"),
                                   st.sampled_from([True, False, None]), st.sampled_from([1, 2, 3])) for name in CONDITIONS])


def three(function, frequency, free, grade=2):
    return [Answer(name, holds, grade, "a fact") for name, holds in zip(CONDITIONS, (function, frequency, free))]


def test_all_three_must_hold():
    for given_ in itertools.product([True, False], repeat=3):
        assert three_f(three(*given_)).holds is all(given_)


def test_two_of_three_average_to_a_pass_and_fail():
    lacking = three(True, False, True)
    assert averaged(lacking) == pytest.approx(2 / 3)
    assert str(three_f(lacking)) == "not product-led: frequency" and three_f(lacking).flips == ("frequency",)


def test_what_would_flip():
    assert three_f(three(False, False, True)).flips == ()
    assert three_f(three(True, None, True)).flips == ("frequency",)
    assert three_f(three(True, None, None)).flips == ()
    strong = [Answer("function", True, 3, "."), Answer("frequency", True, 1, "."), Answer("free", True, 2, ".")]
    assert three_f(strong).flips == ("frequency", "free", "function") and three_f(strong).grade == 1


@given(answers_of)
def test_a_flip_changes_the_verdict_and_nothing_else_does(answers):
    verdict = three_f(answers)
    for answer in answers:
        others = {True, False, None} - {answer.holds}
        changed = {three_f([Answer(a.condition, holds, a.grade, "a fact") if a is answer else a for a in answers]).holds
                   for holds in others} - {verdict.holds}
        if answer.condition in verdict.flips:
            assert changed
        elif verdict.holds is False:
            assert not changed


@given(answers_of, st.sampled_from([1, 2, 3]))
def test_a_higher_bar_never_makes_a_pass(answers, bar):
    assert not (three_f(answers, least_grade=bar).holds and not three_f(answers).holds)


def test_evidence_below_the_bar_is_not_shown():
    assert str(three_f(three(True, True, True, grade=1), least_grade=2)) == "not shown: function and frequency and free"
    assert three_f([Answer("function", True, 0), *three(True, True, True)[1:]]).not_shown == ("function",)


@pytest.mark.parametrize(("wrong", "says"), [
    (lambda: Answer("fast", True, 1, "."), "no condition"), (lambda: Answer("free", True, 7, "."), "grade 7"),
    (lambda: Answer("free", True, 2), "needs the fact"), (lambda: three_f(three(True, True, True)[:2]), "one answer each"),
    (lambda: actives_needed(1, 1, 3), "write 0.03 for 3 percent"), (lambda: actives_needed(1, 1, 0), "above 0"),
    (lambda: payers_needed(1, 0), "price")])
def test_messages(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_ten_products_each_fact_with_source_and_year():
    products = known_products()
    assert len(products) == 10 == len({product.name for product in products})
    for row in facts_table().itertuples():
        assert row.fact and row.source and 2010 <= row.year <= 2025, row
        assert (row.evidence == GRADES[1]) == ("our reading" in row.source or "remembered" in row.source or row.evidence == GRADES[1])
    looked_at = yaml.safe_load(FILE.read_text(encoding="utf-8"))["look_again_on"]
    assert dt.date(2026, 11, 23) < looked_at


def test_what_is_remembered_is_never_more_than_a_reading():
    remembered = facts_table()[lambda rows: rows["source"].str.contains("remembered")]
    assert len(remembered) and set(remembered["evidence"]) == {"our reading"}


def test_shares_of_revenue_are_shares_with_a_source():
    spent = [product for product in known_products() if product.selling == product.selling]
    assert len(spent) >= 5
    assert all(0 < product.selling < 1.5 and product.selling_source for product in spent)


def test_zoom_spends_what_its_quarters_add_up_to():
    from helpers.public import public_figures

    zoom = public_figures("companies", name="Zoom")
    year = zoom[zoom["period"].str.startswith("fiscal 2022")].groupby("metric")["value"].sum()
    known = next(product for product in known_products() if product.name == "Zoom")
    assert known.selling == pytest.approx(year["sales and marketing"] / year["revenue"], abs=0.0005)


def test_table_signs_the_grades():
    table = products_table().set_index("product")
    assert table.loc["Workday", list(CONDITIONS)].tolist() == [-3, -1, -1]
    assert (products_table(least_grade=4)[list(CONDITIONS)] == 0).all().all()


def test_dai_kes_arithmetic():
    assert payers_needed(50e6, 300) == pytest.approx(166_667, abs=1)     # he says about 170,000
    assert actives_needed(50e6, 300, 0.03) == pytest.approx(5.56e6, rel=0.001)   # he says about 5.5 million


def test_rules_agree_on_the_heavy_and_part_on_the_light():
    heavy = rules_on_free(Offer("pay roll", True, False, False, 60_000, 0.03, 50e6, 20_000))
    light = rules_on_free(Offer("meetings", True, True, True, 3_600, 0.03, 50e6, 2e6))
    unknown = rules_on_free(Offer("new", True, True, None, 3_600, 0.03, 50e6, 2e6))
    assert set(heavy["free"]) == {"no"}
    assert light["free"].tolist() == ["no", "yes", "yes"]
    assert unknown["free"].tolist() == ["no", "not shown", "yes"]
