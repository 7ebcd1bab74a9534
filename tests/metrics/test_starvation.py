from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.metrics.errors import MetricError
from helpers.metrics.starvation import FACTORS, example_years, lead_supply, leanest_year, output_change


def years(leads, reps, *, signed=30, amount=60_000.0):
    table = pd.DataFrame({"year": 2020 + np.arange(len(leads)), "months": 12, "leads": leads, "signed": signed, "amount": amount, "reps": reps,
                          "mature": reps})
    return table.assign(leads_per_rep=table["leads"] / table["reps"] / 12, amount_per_mature=table["amount"] / table["mature"] / 12)


def test_supply_by_hand():
    row = lead_supply(example_years()).iloc[1]
    assert (row["value"], row["leads_per_rep"], row["reps_per_mature"], row["n"]) == (12.5, 12.5, 1.0, 600)
    assert row["signed_per_lead"] == pytest.approx(0.048) and row["amount_per_signed"] == 60_000
    assert row["high"] - row["value"] == pytest.approx(12.5 * 1.959964 / 600**0.5)


@settings(max_examples=50, deadline=None)
@given(leads=st.lists(st.integers(1, 5000), min_size=2, max_size=6), heads=st.floats(0.5, 80), signed=st.integers(1, 400))
def test_the_factors_multiply_to_the_output_and_their_shares_add_up(leads, heads, signed):
    supply = lead_supply(years(leads, [heads * (1 + k) for k in range(len(leads))], signed=signed))
    assert supply[list(FACTORS)].prod(axis=1).to_numpy() == pytest.approx(supply["output"].to_numpy())
    change = output_change(supply, 2020, 2021)
    assert change["times"].prod() == pytest.approx(supply["output"].iloc[1] / supply["output"].iloc[0])
    assert change["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("leads, reps, year, starved", [
    ([240, 480, 1440], [1, 4, 6], 2021, True), ([240, 440, 1440], [1, 2, 6], 2021, False), ([240, 100], [1, 1], 2021, True),
    ([100, 240, 240], [1, 1, 1], 2020, True)])
def test_the_leanest_year_stands_beside_its_neighbours(leads, reps, year, starved):
    lean = leanest_year(lead_supply(years(leads, [float(count) for count in reps])))
    assert (lean.year, lean.starved) == (year, starved)
    assert lean.share == pytest.approx(lean.value / lean.beside)


def test_learners_who_mature_lower_the_output_of_the_mature_alone():
    table = years([240, 240], [4.0, 4.0]).assign(mature=[2.0, 4.0])
    supply = lead_supply(table.assign(amount_per_mature=table["amount"] / table["mature"] / 12))
    change = output_change(supply, 2020, 2021).set_index("factor")["times"]
    assert supply["output"].tolist() == [2500, 1250]
    assert change.to_dict() == {"leads_per_rep": 1, "reps_per_mature": 0.5, "signed_per_lead": 1, "amount_per_signed": 1}


def test_nothing_changed_has_no_shares():
    assert output_change(lead_supply(years([100, 100], [2.0, 2.0])), 2020, 2021)["share"].isna().all()


def test_questions_that_cannot_be_answered():
    with pytest.raises(MetricError, match="two or more"):
        leanest_year(lead_supply(years([100], [2.0])))
    with pytest.raises(MetricError, match="no year 1999"):
        output_change(lead_supply(example_years()), 1999, 2025)
    with pytest.raises(MetricError, match="no column 'signed'"):
        lead_supply(example_years().drop(columns="signed"))


def test_the_case_company_starved_in_the_year_that_was_planted():
    from helpers.company import load_company
    from helpers.metrics.workload import workload_by_year
    from helpers.sales import team_of

    supply = lead_supply(workload_by_year(team_of(load_company())))
    lean = leanest_year(supply)
    assert str(lean.year) == load_company().truth["starved_year"]["value"] and lean.starved
    change = output_change(supply, lean.year - 1, lean.year).set_index("factor")["times"]
    assert change["leads_per_rep"] < 0.6 < 1 < change["signed_per_lead"]


def test_the_second_company_has_a_leanest_year_and_no_starvation(second_company):
    from helpers.company import load_company
    from helpers.metrics.workload import workload_by_year
    from helpers.sales import team_of

    company = load_company(second_company)
    lean = leanest_year(lead_supply(workload_by_year(team_of(company))))
    assert str(lean.year) == company.truth["starved_year"]["value"] and not lean.starved
