"""Good contracts: the three checks, and what became of them."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.goals import example_contracts, good_contracts, renewed_share


def test_each_check_alone_can_fail_a_contract():
    one = example_contracts().iloc[[0] * 4].reset_index(drop=True)
    one["contract_id"] = list("abcd")
    one.loc[1, "discount"], one.loc[2, "promised_features"], one.loc[3, "ends_on"] = 0.2, 1, pd.Timestamp("2027-01-01")
    marked = good_contracts(one)
    assert marked["good"].tolist() == [True, False, False, False]
    assert marked[["profitable", "performable", "open_to_renewal"]].sum().tolist() == [3, 3, 3]
    assert good_contracts(one, most_discount=0.2, most_promises=1, most_months=36)["good"].all()


def test_only_first_contracts_are_marked_and_any_later_contract_can_renew():
    marked = good_contracts(example_contracts())
    assert marked["contract_id"].tolist() == ["a", "b"] and marked["renewed"].tolist() == [True, False]


def test_only_contracts_that_came_due_are_counted():
    marked = good_contracts(example_contracts())
    assert renewed_share(marked, as_of="2025-02-15").empty                         # some renew late
    assert renewed_share(marked, as_of="2025-06-30", since="2025-01-02").empty
    found = renewed_share(marked, as_of="2025-06-30", by=["good"])
    assert found["value"].tolist() == [0, 1] and (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()


def test_a_missing_column_is_named():
    with pytest.raises(MetricError, match="promised_features"):
        good_contracts(example_contracts().drop(columns="promised_features"))
