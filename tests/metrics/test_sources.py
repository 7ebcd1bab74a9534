"""Ways of getting leads: fair comparisons, what they cost, where they concentrate, and what the next money brings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.metrics.errors import MetricError
from helpers.metrics.sources import (
    best_mix,
    concentration,
    cost_per_lead,
    cost_per_won,
    costs_of_leads,
    elasticity,
    example_costs,
    example_rows,
    mantel_haenszel,
    marginal_returns,
    mix_range,
    places,
    six_measures,
    standardised,
    standardised_days,
)

CHANCE = {("outbound", "large"): 0.09, ("outbound", "small"): 0.30, ("seeding", "large"): 0.06, ("seeding", "small"): 0.20,
          ("inbound", "large"): 0.07, ("inbound", "small"): 0.25}
MANY = {("outbound", "large"): 900, ("outbound", "small"): 100, ("seeding", "large"): 50, ("seeding", "small"): 700, ("inbound", "large"): 100,
        ("inbound", "small"): 1900}


def terms(scale=1):
    """Terms in which seeding leaves two thirds as often as outbound in each size, and more often in all."""
    return pd.DataFrame([{"mode": mode, "size": size, "left": place < round(CHANCE[mode, size] * n * scale)}
                         for (mode, size), n in MANY.items() for place in range(n * scale)])


def test_raw_and_at_equal_size_say_the_opposite():
    seen = standardised(terms(), "left", "mode").set_index("mode")
    assert seen["raw"].idxmin() == "outbound" and seen["value"].idxmin() == "seeding"
    assert seen.loc["seeding", "value"] / seen.loc["outbound", "value"] == pytest.approx(2 / 3, abs=0.01)
    assert (seen["low"] < seen["value"]).all() and (seen["value"] < seen["high"]).all()
    share_small = sum(n for (_, size), n in MANY.items() if size == "small") / sum(MANY.values())
    assert seen.loc["inbound", "value"] == pytest.approx(0.25 * share_small + 0.07 * (1 - share_small), abs=0.01)


def test_one_cell_only_is_the_raw_share():
    rows = terms().query("size == 'small'")
    seen = standardised(rows, "left", "mode")
    assert seen["value"].to_numpy() == pytest.approx(seen["raw"].to_numpy())


def test_the_fit_is_that_of_a_row_for_each_term_with_robust_errors():
    import statsmodels.api as sm

    rows = terms()
    design = pd.get_dummies(rows["mode"], dtype=float).join(pd.get_dummies(rows["size"], drop_first=True, dtype=float))
    fit = sm.GLM(rows["left"].astype(float), design, family=sm.families.Poisson()).fit(cov_type="HC0")
    ratio = np.exp(fit.params["seeding"] - fit.params["outbound"])
    seen = standardised(rows, "left", "mode").set_index("mode")
    assert seen.loc["seeding", "value"] / seen.loc["outbound", "value"] == pytest.approx(ratio, rel=1e-6)
    weight = np.exp(design.assign(inbound=0.0, outbound=0.0, seeding=1.0) @ fit.params)
    slope = (design.assign(inbound=0.0, outbound=0.0, seeding=1.0).to_numpy() * weight.to_numpy()[:, None]).sum(axis=0) / weight.sum()
    error = np.sqrt(slope @ fit.cov_params().to_numpy() @ slope)
    assert seen.loc["seeding", "high"] == pytest.approx(seen.loc["seeding", "value"] * np.exp(1.959964 * error), rel=1e-5)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng, inside = np.random.default_rng(4), 0
    sizes = [(mode, size, n) for (mode, size), n in MANY.items()]
    truth = np.average([CHANCE["seeding", size] for _, size, n in sizes], weights=[n for *_, n in sizes])
    for _ in range(80):
        rows = pd.concat([pd.DataFrame({"mode": mode, "size": size, "left": rng.random(n) < CHANCE[mode, size]}) for mode, size, n in sizes])
        seen = standardised(rows, "left", "mode").set_index("mode").loc["seeding"]
        inside += seen["low"] <= truth <= seen["high"]
    assert inside >= 70


def test_mantel_haenszel_is_that_of_statsmodels():
    from statsmodels.stats.contingency_tables import StratifiedTable

    rows = terms().query("mode != 'inbound'")
    tables = [pd.crosstab(part["mode"] == "seeding", part["left"]).reindex(index=[True, False], columns=[True, False]).to_numpy() for _, part in rows.groupby("size")]
    found = mantel_haenszel(rows, "left", "mode", group="seeding", reference="outbound")
    assert found.value == pytest.approx(StratifiedTable(tables).riskratio_pooled)
    assert found.low < found.value < found.high and found.n == len(rows)
    turned = mantel_haenszel(rows, "left", "mode", group="outbound", reference="seeding")
    assert turned.value == pytest.approx(1 / found.value) and turned.low == pytest.approx(1 / found.high)


def test_mantel_haenszel_where_nothing_can_be_compared():
    apart = pd.DataFrame({"mode": ["a"] * 3 + ["b"] * 3, "size": ["small"] * 3 + ["large"] * 3, "left": [True, False, True] * 2})
    assert np.isnan(mantel_haenszel(apart, "left", "mode", group="a", reference="b").value)
    with pytest.raises(MetricError, match="did you mean 'seeding'"):
        mantel_haenszel(example_rows(), "stayed", "mode", group="seedings", reference="outbound")


def test_a_group_without_leavers_has_no_fair_share_and_one_group_is_an_error():
    rows = pd.concat([terms(), pd.DataFrame({"mode": "agents", "size": "small", "left": [False] * 5})])
    seen = standardised(rows, "left", "mode").set_index("mode")
    assert seen.loc["agents", "raw"] == 0 and np.isnan(seen.loc["agents", "value"])
    with pytest.raises(MetricError, match="two are needed"):
        standardised(rows.query("mode == 'seeding'"), "left", "mode")
    with pytest.raises(MetricError, match="column 'sise' is missing, did you mean 'size'"):
        standardised(rows, "left", "mode", equal=("sise",))


def test_days_at_equal_size():
    rng = np.random.default_rng(2)
    base = {"small": 20.0, "large": 120.0}
    rows = pd.DataFrame([{"mode": mode, "size": size, "days": base[size] * factor * np.exp(rng.normal(0, 0.3))}
                         for mode, factor, weights in (("inbound", 1.0, {"small": 300, "large": 30}), ("seeding", 0.7, {"small": 60, "large": 100}))
                         for size, n in weights.items() for _ in range(n)])
    seen = standardised_days(rows, "days", "mode").set_index("mode")
    assert seen.loc["seeding", "raw"] > seen.loc["inbound", "raw"]
    assert seen.loc["seeding", "value"] / seen.loc["inbound", "value"] == pytest.approx(0.7, abs=0.05)
    with pytest.raises(MetricError, match="two are needed"):
        standardised_days(rows.query("mode == 'seeding'"), "days", "mode")


# --- costs ------------------------------------------------------------------------------------------------------------


def test_costs_add_up_and_time_goes_by_minutes():
    path, spend = example_costs()
    costed = costs_of_leads(path, spend, since="2025-01-01", until="2025-01-31", people=900.0, minutes=pd.Series({"a": 30, "c": 60}),
                            fees=pd.Series({"c": 5.0}))
    assert costed["cost"].sum() == pytest.approx(100 + 60 + 900 + 5)
    assert costed.set_index("lead_id")["time"].tolist() == [300, 0, 600, 0]
    with pytest.raises(MetricError, match="nobody's minutes"):
        costs_of_leads(path, spend, since="2025-01-01", until="2025-01-31", people=900.0)


def test_months_outside_cost_nothing():
    path, spend = example_costs()
    later = pd.concat([spend, spend.assign(month=pd.Timestamp("2025-02-01"))])
    assert costs_of_leads(path, later, since="2025-01-01", until="2025-01-31")["cost"].sum() == pytest.approx(160)


def test_cheapest_by_the_lead_need_not_be_cheapest_by_what_it_wins():
    rng = np.random.default_rng(1)
    rows = [{"lead_id": f"{mode}{size}{i}", "mode": mode, "size": size, "lead": pd.Timestamp("2025-01-05"),
             "amount": amount if rng.random() < win else 0.0}
            for mode, size, n, win, amount in (("inbound", "small", 900, 0.05, 10.0), ("inbound", "large", 100, 0.1, 100.0),
                                               ("outbound", "small", 50, 0.4, 10.0), ("outbound", "large", 350, 0.1, 100.0)) for i in range(n)]
    spend = pd.DataFrame({"month": pd.Timestamp("2025-01-01"), "mode": ["inbound", "outbound"], "amount": [1000.0, 800.0]})
    costed = costs_of_leads(pd.DataFrame(rows), spend, since="2025-01-01", until="2025-01-31")
    seen = cost_per_won(costed).set_index("mode")
    assert seen["per_lead"].idxmin() == "inbound" and seen["raw"].idxmin() == "outbound"
    assert seen["cells"].iloc[0] == ["large", "small"]
    assert seen["cost"].sum() == pytest.approx(1800)


def test_too_few_customers_have_no_cost_per_won_fee():
    costed = costs_of_leads(*example_costs(), since="2025-01-01", until="2025-01-31")
    seen = cost_per_won(costed)
    assert seen["raw"].isna().all() and seen["value"].isna().all() and seen["per_lead"].tolist() == [50, 30]


def test_cost_per_lead_counts_months_without_spending():
    leads = pd.DataFrame({"created_at": pd.to_datetime(["2025-01-03", "2025-02-03", "2025-03-03", "2025-03-04"])})
    spend = pd.DataFrame({"month": pd.to_datetime(["2025-01-01", "2025-03-01"]), "amount": [100.0, 300.0]})
    found = cost_per_lead(spend, leads, as_of="2025-03-31", months=3)
    assert found.value == 100 and found.n == 4 and found.low < 100 < found.high and found.unit == "money"
    assert np.isnan(cost_per_lead(spend, leads.iloc[:0], as_of="2025-03-31", months=3).value)


# --- the six ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def six():
    from helpers.company import load_company
    from helpers.sales import path_of
    from helpers.ways import costed_leads, ends_of_ways

    case = load_company()
    path = path_of(case)
    return six_measures(path, ends_of_ways(case, path), as_of=case.as_of, costed=costed_leads(case, path)), case


def test_the_case_turns_round_at_equal_size(six):
    measures, _ = six
    raw, fair = places(measures, column="raw"), places(measures)
    assert raw.loc["renewal", "outbound"] == 1 and fair.loc["renewal", "outbound"] == 3
    assert raw.loc["cost per won ARR", "outbound"] == 1 and fair.loc["cost per won ARR", "seeding"] == 1
    assert len(measures) == 18 and measures["n"].min() > 0


def test_the_planted_ratios_are_found(six):
    measures, case = six
    days = measures[measures["measure"] == "cycle"].set_index("mode")["value"]
    for one, other in (("seeding", "inbound"), ("outbound", "inbound")):
        truth = case.truth[f"cycle_{one}_over_{other}"]
        assert days[one] / days[other] == pytest.approx(truth["value"], abs=truth["tolerance"])


# --- concentration and the next money ---------------------------------------------------------------------------------


def test_years_end_where_the_data_do():
    rows = pd.DataFrame({"on": pd.to_datetime(["2023-07-01", "2024-06-30", "2024-07-01", "2025-06-30"]), "mode": ["a", "a", "a", "b"],
                         "amount": [1.0, 1.0, 3.0, 1.0]})
    seen = concentration(rows, "on", "mode", as_of="2025-06-30")
    assert seen["year"].tolist() == [2024, 2025] and seen["sources"].tolist() == [1, 2]
    weighed = concentration(rows, "on", "mode", as_of="2025-06-30", weight="amount")
    assert weighed["share"].tolist() == [1, 0.75] and weighed["low"].isna().all()


def spending(power, growth=1.0, months=72, seed=3):
    rng = np.random.default_rng(seed)
    when = pd.date_range("2020-01-01", periods=months, freq="MS")
    years = np.arange(months) // 12
    money = growth**years * np.exp(rng.normal(0, 0.5, months))
    before = np.concatenate([[money[0]] * 2, money[:-2]])
    leads = 60 * growth**years * (before / growth**years) ** power
    came = rng.poisson(leads)
    return (pd.DataFrame({"month": when, "mode": "inbound", "amount": 1000 * money}),
            pd.DataFrame({"created_at": np.repeat(when, came), "mode": "inbound"}))


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_the_elasticity_of_late_leads_is_found_within_years(power):
    seen = elasticity(*spending(power), as_of="2025-12-31").iloc[0]
    assert seen["low"] <= power <= seen["high"] and seen["value"] == pytest.approx(power, abs=0.15)


def test_growth_is_taken_for_the_effect_of_money_by_the_naive_reading():
    spend, leads = spending(0.0, growth=2.0)
    assert elasticity(spend, leads, as_of="2025-12-31", years=False)["value"].iloc[0] > 0.6
    assert abs(elasticity(spend, leads, as_of="2025-12-31")["value"].iloc[0]) < 0.25


def test_too_few_months_are_undefined():
    assert elasticity(*spending(0.5, months=24), as_of="2021-12-31")["value"].isna().all()


def test_the_next_unit_brings_less_than_the_average_and_the_best_mix_makes_it_equal():
    returns = pd.DataFrame({"mode": ["a", "b", "c"], "money": [100.0, 50.0, 10.0], "arr": [300.0, 400.0, 20.0]})
    elastic = pd.DataFrame({"mode": ["a", "b", "c"], "value": [0.6, 0.3, 0.5], "low": [0.4, 0.2, 0.1], "high": [0.8, 0.4, 0.9]})
    table = marginal_returns(returns, elastic)
    assert (table["value"] < table["average"]).all()
    share = best_mix(returns, elastic)
    money = 160 * share.to_numpy()
    next_unit = elastic["value"] * returns["arr"] / returns["money"] * (money / returns["money"]) ** (elastic["value"] - 1)
    assert share.sum() == pytest.approx(1) and next_unit.to_numpy() == pytest.approx(next_unit.iloc[0])
    seen = mix_range(returns, elastic, rng=np.random.default_rng(1))
    assert (seen["low"] <= seen["value"]).all() and (seen["value"] <= seen["high"]).all() and seen["now"].sum() == pytest.approx(1)
