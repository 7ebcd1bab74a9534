"""Net new ARR by engine."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.company import load_company
from helpers.metrics.errors import MetricError
from helpers.metrics.growth_engines import arr_by_engine
from helpers.metrics.policy import Policy
from helpers.metrics.revenue import arr

WHOLE = Policy(complete_from_inception=True)
PEOPLE = pd.DataFrame({"customer_id": ["a", "b"], "acquired_by": ["outbound", "product"]})


def lines(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount"])
    return frame.assign(starts_on=pd.to_datetime(frame["starts_on"]), ends_on=pd.to_datetime(frame["ends_on"]), interval="month")


def last(rows, **options):
    return arr_by_engine(lines(rows), PEOPLE, as_of="2025-12-31", policy=WHOLE, **options).iloc[-1]


def test_growth_is_the_sellers_for_three_months_and_then_customer_successs():
    early = last([("a", "2025-01-10", "2025-03-10", 100.0), ("a", "2025-03-10", None, 150.0)])
    late = last([("a", "2025-01-10", "2025-04-10", 100.0), ("a", "2025-04-10", None, 150.0)])
    assert early[["sales", "customer success"]].tolist() == [1800.0, 0.0]
    assert late[["sales", "customer success"]].tolist() == [1200.0, 600.0]
    moved = last([("a", "2025-01-10", "2025-04-10", 100.0), ("a", "2025-04-10", None, 150.0)], handed_over=6)
    assert moved[["sales", "customer success"]].tolist() == [1800.0, 0.0]


def test_the_products_own_customers_and_losses_stand_apart():
    year = last([("b", "2024-01-10", "2025-06-10", 100.0), ("a", "2025-01-10", None, 50.0)])
    assert year["lost"] == -1200.0 and year["sales"] == 600.0 and year["net"] == -600.0
    assert arr_by_engine(lines([("b", "2024-01-10", None, 100.0)]), PEOPLE, as_of="2025-12-31", policy=WHOLE)["product"].tolist() == [1200.0]


def test_the_engines_add_up_to_the_change_of_arr():
    company = load_company()
    table = arr_by_engine(company.subscriptions, company.customers, as_of=company.as_of, policy=company.policy)
    assert table["net"].sum() == pytest.approx(arr(company.subscriptions, company.as_of, policy=company.policy).value, abs=1)
    assert (table[["product", "sales", "customer success", "lost"]].sum(axis=1) - table["net"]).abs().max() < 1e-6


def test_customers_who_do_not_say_how_they_were_won():
    with pytest.raises(MetricError, match="customers.acquired_by is empty"):
        arr_by_engine(lines([("a", "2025-01-10", None, 1.0)]), PEOPLE.assign(acquired_by=None), as_of="2025-12-31")
