"""A company's path and its model: the model gives back the year that it was read from, on both companies."""

from __future__ import annotations

import pytest

from helpers.company import load_company
from helpers.metrics.funnel import conversion, lost_at
from helpers.metrics.workload import starved_months, workload_by_year
from helpers.models.path import brings, deals_of
from helpers.sales import path_of, sales_path_of, team_of


@pytest.fixture(scope="module", params=["case", "second"])
def company(request):
    return load_company() if request.param == "case" else load_company(request.getfixturevalue("second_company"))


def test_the_model_gives_back_the_year_it_was_read_from(company):
    path = path_of(company)
    year = team_of(company, path).tail(12)
    model = sales_path_of(company, path)
    assert brings(model, "new") == pytest.approx(year["amount"].sum(), rel=0.1)
    assert deals_of(model) == pytest.approx(year["deals"].mean(), rel=0.1)
    assert model.capacity > 0.8 * deals_of(model) and 0 < model.swing < 0.5


def test_planted_truths_are_found(company):
    path, truth = path_of(company), company.truth
    years = workload_by_year(team_of(company, path))
    assert str(int(years.loc[years["leads_per_rep"].idxmin(), "year"])) == truth["starved_year"]["value"]
    lost = lost_at(path).set_index("step")["value"]["first visit"]
    assert lost == pytest.approx(truth["lost_at_first_visit"]["value"], abs=truth["lost_at_first_visit"]["tolerance"])


def test_months_of_starvation_are_found(company):
    truth = company.truth["starved_months"]
    bar = float(truth["how"].split("fewer than ")[1].split()[0])
    first, last = starved_months(team_of(company), bar)
    assert truth["value"] == ("none" if first is None else f"{first:%Y-%m} to {last:%Y-%m}")


def test_sizes_are_those_of_the_company(company):
    found = conversion(path_of(company), as_of=company.as_of, by="size").table
    assert found["size"].tolist() == ["small", "mid", "large"]
