from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.founding import founding_of
from helpers.models.wrong_order_measured import Guesses, founding_measured


def subscriptions(*rows):
    table = pd.DataFrame(rows, columns=["subscription_id", "customer_id", "starts_on", "ends_on", "amount"])
    return table.assign(starts_on=pd.to_datetime(table.starts_on), ends_on=pd.to_datetime(table.ends_on), interval="year", interval_count=1,
                        quantity=1, discount=0.0, status="active")


BOOK = subscriptions(("s1", "a", "2024-01-01", None, 1000.0), ("s2", "b", "2025-02-01", None, 3000.0), ("s3", "c", "2025-03-01", None, 1000.0))
YEARS = pd.DataFrame({"year": [2024, 2025], "months": 12, "leads": [1200, 1000], "signed": [60, 40], "amount": [90_000.0, 80_000.0],
                      "reps": [4.0, 5.0], "mature": [3.0, 4.0]})
YEARS["leads_per_rep"] = YEARS["leads"] / YEARS["reps"] / 12
COSTS = pd.DataFrame([("2024-06-01", "sales", "A", 999.0), ("2025-01-01", "sales", "A", 60_000.0), ("2025-12-01", "sales", "B", 30_000.0),
                      ("2025-05-01", "marketing", "C", 5_000.0), ("2025-05-01", "success", "COGS", 900.0), ("2025-06-01", "R&D", "other", 24_000.0)],
                     columns=["month", "department", "kind", "amount"]).assign(month=lambda t: pd.to_datetime(t["month"]))
HEADS = pd.DataFrame([("2025-01-01", "R&D", 10.0), ("2025-02-01", "admin", 2.0), ("2024-01-01", "R&D", 99.0), ("2025-01-01", "sales", 9.0)],
                     columns=["month", "department", "heads"]).assign(month=lambda t: pd.to_datetime(t["month"]))


def test_everything_that_the_tables_show_by_hand():
    seen = founding_measured(BOOK, as_of="2025-12-31", years=YEARS, costs=COSTS, headcount=HEADS)
    founding = seen.founding
    assert founding.price == 2000 and founding.win_rate == 0.04
    assert founding.leads_per_rep == 25                      # of 2024, the better fed year
    assert founding.rep_cost == pytest.approx(90_000 / 60)
    assert founding.lead_cost == 5.0
    assert founding.core_cost == pytest.approx(8 * 24_000 / 12)
    assert founding.serving_share == pytest.approx(900 / ((1000 + 5000) / 2), rel=1e-4)
    assert founding.kept_ready == 1.0
    assert founding.leads_at_start == 25 and founding.leads_added == 6.25 and founding.founder_leads == 12.5
    assert set(seen.sources.loc[seen.sources["source"] == "measured", "n"]) >= {1000, 60, 12}


def test_two_tables_give_a_price_and_marked_guesses():
    seen = founding_measured(BOOK, as_of="2025-12-31")
    assert (seen.founding.price, seen.founding.rep_cost) == pytest.approx((2000, 1600), rel=1e-4)
    assert seen.founding.win_rate == Guesses().win_rate
    known = seen.sources[seen.sources["source"] == "measured"]["what"].tolist()
    assert known == ["first-year fee of a new customer", "spread of that fee", "kept of a fee a year later, product ready"]
    assert (seen.sources.loc[seen.sources["source"] == "guess", "n"] == 0).all()


def test_no_new_customer_no_price():
    with pytest.raises(ValueError, match="nobody became a customer"):
        founding_measured(BOOK.head(1), as_of="2025-12-31")


@pytest.mark.parametrize("which", ["case", "second"])
def test_companies_with_all_tables_are_measured(which, request):
    from helpers.company import load_company

    company = load_company(None if which == "case" else request.getfixturevalue("second_company"))
    seen = founding_of(company)
    assert (seen.sources["source"] == "measured").sum() == 9
    assert np.isfinite(list(vars(seen.founding).values())).all()
    assert seen.founding.fed_output > seen.founding.rep_cost
