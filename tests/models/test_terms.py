from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.models.terms import (
    bookings_around, bookings_by_quarter, compare_prepaid, end_of_record_quarter, kept_in_year, kept_over_the_same_years,
    leaving_of_prepaid, peak_of_prepayment, prepaid_against_yearly, renewal_decisions, with_terms)

PEOPLE = pd.DataFrame({"customer_id": list("abcde"), "size": ["small", "small", "small", "mid", "mid"]})


def contracts(*rows):
    """id, customer, start, end, amount, billing, kind, renews."""
    table = pd.DataFrame(rows, columns=["contract_id", "customer_id", "starts_on", "ends_on", "recurring_amount", "billing", "kind",
                                        "renews_contract_id"])
    return table.assign(signed_on=table.starts_on)


# a renews once and leaves; b prepays two years and renews; c prepays three and leaves; d stays; e adds seats
BOOK = contracts(
    ("k1", "a", "2021-01-10", "2022-01-10", 1000.0, "yearly", "new", None),
    ("k2", "a", "2022-01-10", "2023-01-10", 1000.0, "yearly", "renewal", "k1"),
    ("k3", "b", "2021-02-01", "2023-02-01", 2000.0, "prepaid", "new", None),
    ("k4", "b", "2023-02-01", "2024-02-01", 1000.0, "yearly", "renewal", "k3"),
    ("k5", "c", "2021-03-01", "2024-03-01", 2700.0, "prepaid", "new", None),
    ("k6", "d", "2021-01-15", "2022-01-15", 5000.0, "yearly", "new", None),
    ("k7", "d", "2022-01-15", "2023-01-15", 5000.0, "yearly", "renewal", "k6"),
    ("k8", "d", "2023-01-15", "2024-01-15", 5000.0, "yearly", "renewal", "k7"),
    ("k9", "d", "2024-01-15", "2025-01-15", 5000.0, "yearly", "renewal", "k8"),
    ("k10", "e", "2022-05-01", "2023-05-01", 800.0, "prepaid", "new", None),
    ("k11", "e", "2022-11-01", "2023-05-01", 100.0, "prepaid", "add-on", None))


def test_terms_and_what_counts_as_prepaid():
    terms = with_terms(BOOK).set_index("contract_id")
    assert terms.loc[["k1", "k3", "k5", "k11"], "term_months"].tolist() == [12, 24, 36, 6]
    assert terms.loc[["k3", "k5", "k11"], "yearly_amount"].tolist() == [1000, 900, 200]
    assert terms.index[terms["prepaid"]].tolist() == ["k3", "k5"]  # a year paid at once is not many years


def test_bookings_of_a_quarter():
    first = bookings_by_quarter(BOOK).iloc[0]
    assert (first.bookings, first.yearly_value) == (1000 + 2000 + 2700 + 5000, 1000 + 1000 + 900 + 5000)
    assert first.prepaid_share == pytest.approx(4700 / 10_700)


def test_peak_of_prepayment():
    assert peak_of_prepayment(BOOK) == pd.Timestamp("2021-01-01")
    assert peak_of_prepayment(BOOK[BOOK.billing != "prepaid"]) is None


def test_bookings_around_a_quarter():
    assert bookings_around(BOOK, "2022-02-15", quarters=1)["name"].tolist() == ["2022Q1", "2022Q2"]  # 2021Q4 signed nothing
    last = bookings_around(BOOK, quarters=0)
    assert last["name"].tolist() == ["2024Q1"] and last["extra"].tolist() == [0]
    assert bookings_around(BOOK, peak_of_prepayment(BOOK), quarters=0)["extra"].iloc[0] == pytest.approx(10_700 / 7_900 - 1)


def test_the_end_of_the_record_quarter():
    assert end_of_record_quarter(BOOK, as_of="2024-06-30") == pd.Timestamp("2021-03-31")
    assert end_of_record_quarter(BOOK, as_of="2022-01-31") == pd.Timestamp("2021-01-31")  # no whole year since
    yearly = BOOK[BOOK.billing != "prepaid"]
    assert end_of_record_quarter(yearly, as_of="2024-06-30") == pd.Timestamp("2023-06-30")


def test_decisions_by_hand():
    seen = renewal_decisions(BOOK, PEOPLE, as_of="2024-06-30").set_index("contract_id")
    assert seen["renewed"].to_dict() == {"k1": True, "k2": False, "k3": True, "k4": False, "k5": False, "k6": True, "k7": True, "k8": True, "k10": False}
    assert seen.loc[["k1", "k2"], "first"].tolist() == [True, False]
    assert "k9" not in seen.index  # still running


def test_the_same_years_by_hand():
    seen = kept_over_the_same_years(BOOK, PEOPLE, as_of="2024-06-30").set_index(["customer_id", "years"])["kept"]
    assert seen.to_dict() == {("a", 2): False, ("a", 3): False, ("d", 2): True, ("d", 3): True, ("b", 2): True, ("c", 3): False}


def test_years_that_are_not_over_say_nothing():
    seen = kept_over_the_same_years(BOOK, PEOPLE, as_of="2023-06-30")
    assert seen["years"].unique().tolist() == [2]


def test_three_yearly_decisions_are_not_one():
    """Everybody leaves at 20% a year: at the decision three prepaid years look worse, over the same years they do not."""
    rng, rows = np.random.default_rng(8), []
    for i in range(900):
        years = 3 if i % 3 == 0 else 1
        stays, begun, number = int(rng.geometric(0.2)), pd.Timestamp("2020-01-01"), 0
        while number == 0 or stays > number * years:
            start = begun + pd.DateOffset(years=number * years)
            rows.append((f"k{i}-{number}", f"c{i}", start, start + pd.DateOffset(years=years), 100.0, "prepaid" if years > 1 else "yearly",
                         "renewal" if number else "new", f"k{i}-{number - 1}" if number else None))
            number += 1
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(900)], "size": "small"})
    seen = compare_prepaid(contracts(*rows), people, as_of="2023-12-31").set_index("comparison")
    assert seen.loc["at the decision", "high"] < -0.15 and seen.loc["at the decision", "verdict"] == "prepaid kept less"
    assert seen.loc["over the same years", "verdict"] == "no difference shown"
    assert seen.loc["over the same years", "low"] < 0 < seen.loc["over the same years", "high"]
    assert seen.loc["over the same years", ["n_prepaid", "n_yearly"]].tolist() == [300, 600]


def test_size_is_held_equal():
    rows = pd.DataFrame({"size": ["small"] * 100 + ["large"] * 100, "prepaid": [True] * 80 + [False] * 20 + [True] * 20 + [False] * 80,
                         "renewed": [1] * 40 + [0] * 40 + [1] * 10 + [0] * 10 + [1] * 18 + [0] * 2 + [1] * 72 + [0] * 8})
    assert prepaid_against_yearly(rows.assign(all="all"), outcome="renewed", by=("all",)).value == pytest.approx(0.58 - 0.82)
    assert prepaid_against_yearly(rows, outcome="renewed").value == pytest.approx(0)


def test_nothing_to_compare_says_why():
    seen = compare_prepaid(BOOK[BOOK.billing != "prepaid"], PEOPLE, as_of="2024-06-30")
    assert seen["value"].isna().all() and (seen["reason"] != "").all() and (seen["verdict"] == seen["reason"]).all()


def test_leaving_of_prepaid_by_hand():
    """Yearly: one of four small ones leaves, one of two mid ones. Prepaid: one of each, 0.75 expected to leave, one does."""
    rows = pd.DataFrame({"size": ["small"] * 4 + ["mid"] * 2 + ["small", "mid"], "prepaid": [False] * 6 + [True] * 2, "first": True,
                         "term_months": [12] * 6 + [24] * 2, "renewed": [True, True, True, False, True, False, False, True]})
    assert leaving_of_prepaid(rows) == pytest.approx(1 / (0.25 + 0.5))
    assert np.isnan(leaving_of_prepaid(rows[~rows["prepaid"]]))
    assert np.isnan(leaving_of_prepaid(rows[rows["prepaid"] | (rows["size"] == "small")]))  # no yearly customer of that size


def test_kept_in_year_by_hand():
    """On 1 June 2021 a, b, c and d are there; a and d decide within the year and both renew."""
    assert kept_in_year(BOOK, "2021-06-01") == (1.0, 4)
    assert kept_in_year(BOOK, "2021-06-01", only_due=True) == (1.0, 2)
    # a year on: a, b and d decide, a leaves; c and e (whose term ends first) as well
    assert kept_in_year(BOOK, "2022-06-01") == (pytest.approx(3 / 5), 5)
    assert kept_in_year(BOOK, "2022-06-01", only_due=True) == (pytest.approx(2 / 4), 4)
    assert kept_in_year(BOOK, "2019-01-01")[1] == 0


def test_real_companies(second_company):
    from helpers.company import load_company

    for company in (load_company(), load_company(second_company)):
        contracts = company.table("contracts")
        seen = compare_prepaid(contracts, company.customers, as_of=company.as_of)
        assert (seen["reason"] == "").all() and (seen["low"] <= seen["value"]).all() and (seen["value"] <= seen["high"]).all()
        quarters = bookings_by_quarter(contracts).set_index("quarter")
        top = quarters.loc[peak_of_prepayment(contracts)]
        assert top.bookings > 1.15 * top.yearly_value and top.prepaid_share > 0.3
