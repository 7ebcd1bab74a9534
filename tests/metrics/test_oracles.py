"""Every entry of oracles.yaml is a test under its id."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pytest
import yaml

from helpers.metrics import churn, economics, examples, product, recognition, retention, revenue, uncertainty, units
from helpers.metrics.errors import MetricError
from helpers.metrics.policy import Policy

ORACLES = {entry["id"]: entry for entry in yaml.safe_load(Path(__file__).with_name("oracles.yaml").read_text(encoding="utf-8"))["oracles"]}
TESTS = {}


def oracle(key):
    """Register a test for an entry: a function of its inputs and expected values, and of ``near``."""
    def register(function):
        TESTS[key] = function
        return function
    return register


@pytest.mark.parametrize("key", list(ORACLES))
def test_oracle(key):
    entry = ORACLES[key]

    def near(value, expected):
        if expected is None:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(expected, abs=entry["tolerance"] + 1e-9, rel=0)

    TESTS[key](entry["inputs"], entry["expected"], near)


def test_every_oracle_has_a_test_and_every_test_an_oracle():
    assert ORACLES
    assert set(TESTS) == set(ORACLES)


def number(text):
    """Read a convention such as 52/12."""
    top, _, bottom = str(text).partition("/")
    return float(top) / float(bottom or 1)


def mrr(rows, on="2024-06-30", **switches):
    table = examples.table_of([{"customer_id": "a", "starts_on": "2024-01-01", **row} for row in rows])
    return revenue.total_mrr(table, on, policy=Policy(**switches)).value


# --- MRR ------------------------------------------------------------------------------------------------------------


@oracle("MRR-02")
@oracle("MRR-04")
def _(inputs, expected, near):
    near(revenue.normalise_mrr(**inputs), expected)
    near(mrr([inputs]), expected)


@oracle("MRR-03b")
def _(inputs, expected, near):
    hundred = [{"customer_id": f"m{i}", "amount": 100} for i in range(100)]
    for price, total in ((800, expected["printed_formula_evaluates_to"]), (600, expected["printed_total"])):
        yearly = [{"customer_id": f"y{i}", "amount": price, "interval": "year"} for i in range(50)]
        assert mrr([*hundred, *yearly]) == pytest.approx(total, abs=0.25)  # 50 customers, each rounded to the cent


@oracle("MRR-05")
def _(inputs, expected, near):
    part = inputs["quantity_component"]
    near(mrr([inputs["base"], {"amount": part["qty"] * part["unit"]}]), expected)


@oracle("MRR-06")
def _(inputs, expected, near):
    months = ["2024-01-01", "2024-02-01", "2024-03-01"]
    usage = [{"charge": "usage", "amount": amount, "starts_on": months[i], "ends_on": months[i + 1]} for i, amount in enumerate(inputs["metered_usage"])]
    rows = [{"charge": "recurring", **inputs["base"]}, *usage]
    assert inputs["include_usage"] is False
    for on, value, used in zip(("2024-01-31", "2024-02-29"), expected, inputs["metered_usage"], strict=True):
        near(mrr(rows, on), value)
        near(mrr(rows, on, usage="last_month"), value + used)


@oracle("MRR-07")
def _(inputs, expected, near):
    rows = [{"amount": inputs["amount"], "discount": inputs["discount_pct"] / 100, "discount_duration": inputs["duration"]}]
    for policy in ("all", "forever"):
        near(mrr(rows, discounts=policy), expected)


@oracle("MRR-09")
def _(inputs, expected, near):
    rows = [{"amount": inputs["amount"], "discount": inputs["discount_pct"] / 100}]
    for included, value in zip(inputs["include_discounts"], expected, strict=True):
        near(mrr(rows, discounts="all" if included else "none"), value)


@oracle("MRR-10")
def _(inputs, expected, near):
    rows = [{"customer_id": f"c{i}", "amount": sub["amount"], "interval": sub["interval"]} for sub in inputs["subs"] for i in range(sub["n"])]
    near(mrr(rows), expected)


@oracle("MRR-11")
def _(inputs, expected, near):
    spread = recognition.spread_invoice(inputs["amount"], inputs["service_months"])
    assert inputs["upfront"] and len(spread) == expected["months"]
    for amount in spread["amount"]:
        near(amount, expected["per_month"])
    near(mrr([{"amount": inputs["amount"], "interval_count": inputs["service_months"]}]), expected["per_month"])


@oracle("MRR-13")
@oracle("MRR-14")
def _(inputs, expected, near):
    name = {"week": "weeks", "day": "days"}[inputs["interval"]]
    for convention, value in zip(inputs["convention"], expected, strict=True):
        near(revenue.normalise_mrr(inputs["amount"], inputs["interval"], **{name: number(convention)}), value)
        assert mrr([inputs | {"convention": 0}], **{f"{name}_per_month": number(convention)}) == pytest.approx(value, abs=0.005)


@oracle("MRR-15")
def _(inputs, expected, near):
    kill_bill = {"WEEKLY": ("week", 1), "BIWEEKLY": ("week", 2), "THIRTY_DAYS": ("day", 30), "DAILY": ("day", 1)}
    for name in inputs["intervals"]:
        interval, count = kill_bill[name]
        assert revenue.normalise_mrr(10, interval, count) > 0
        assert mrr([{"amount": 10, "interval": interval, "interval_count": count}]) > 0
        with pytest.raises(MetricError, match="not known"):
            revenue.normalise_mrr(10, name)
        with pytest.raises(MetricError, match="interval"):
            mrr([{"amount": 10, "interval": name}])


# --- movements ------------------------------------------------------------------------------------------------------


def changes(table, as_of="2024-12-31", **switches):
    """Return {month number: {kind: change in natural units}}, months counted from January 2024 = 0."""
    found = {}
    for row in revenue.mrr_movements(table, as_of=as_of, policy=Policy(**switches)).to_dict("records"):
        month = found.setdefault(row["month"].year * 12 + row["month"].month - 1 - 2024 * 12, {})
        month[row["kind"]] = month.get(row["kind"], 0) + row["change"] / 100
    return found


@oracle("MOV-03")
def _(inputs, expected, near):
    customer = {"customer_id": inputs["customer"]}
    table = examples.table_of([
        {**customer, "starts_on": "2024-01-01", "amount": 2000, "interval": "year"},
        {**customer, "starts_on": "2024-02-01", "ends_on": "2024-05-01", "amount": 60}])
    found = changes(table, complete_from_inception=True)
    near(found[0]["new"], expected["new"])
    near(found[1]["expansion"], expected["expansion"])
    near(found[4]["contraction"], expected["contraction"])
    near(sum(month.get("churn", 0) for month in found.values()), expected["churn"])


@oracle("MOV-08")
def _(inputs, expected, near):
    table = examples.from_series({"a": inputs["series"]})
    words = {"correct": "state_first", "dbt_stripe_CASE": "return_last", "dbt_recurly_CASE": "sign_first"}
    for name, order in words.items():
        found = changes(table, order=order, complete_from_inception=True)
        kinds = [next(iter(found.get(month, {"none": 0}))) for month in range(len(inputs["series"]))]
        assert kinds == [{"unchanged": "none", "churned": "churn"}.get(word, word) for word in expected[name]]


@oracle("MOV-10")
def _(inputs, expected, near):
    table = examples.from_series(inputs)
    found = changes(table)
    for month in (1, 2, 3):
        assert found[month] == expected[f"m{month}"]
    bridge = revenue.mrr_bridge(revenue.mrr_movements(table, as_of="2024-12-31"))
    assert bridge["ending"].tolist() == expected["totals"]
    assert bridge["opening"].tolist() == [400, 0, 0, 0]


@oracle("MOV-09")
def _(inputs, expected, near):
    rows = [{"customer_id": f"{status}{i}", "starts_on": "2024-01-01", "ends_on": "2024-03-01", "amount": inputs["price"], "status": status}
            for status, count in (("canceled", inputs["voluntary"]), ("past_due", inputs["involuntary"])) for i in range(count)]
    table = churn.churn_by_cause(examples.table_of(rows), as_of="2024-12-31", policy=Policy(past_due="until_unpaid"))
    found = dict(zip(table["cause"], table["mrr"], strict=True))
    for cause, amount in expected.items():
        near(found[cause], amount)


# --- retention ------------------------------------------------------------------------------------------------------

FIRST, LAST = "2024-01-31", "2024-04-30"


@oracle("RET-02")
def _(inputs, expected, near):
    near(churn.gross_mrr_churn_rate(**inputs), expected)


@oracle("RET-04")
def _(inputs, expected, near):
    near(churn.gross_mrr_churn_rate(inputs["start"], inputs["start"] - inputs["end"], 0), expected)


@oracle("RET-05")
def _(inputs, expected, near):
    near(churn.customer_churn_rate(inputs["start"], inputs["churned"], joined_and_churned=inputs["of_which_joined_in_period"],
                                   churned_and_reactivated=inputs["of_which_reactivated_in_period"]), expected)


@oracle("RET-07")
def _(inputs, expected, near):
    five = examples.five_customers()
    result = retention.nrr(five, FIRST, LAST)
    rows = result.rows()
    assert inputs["customers_at_t0_only"] and set(rows["customer_id"]) == set("ABCD")
    near(result.value, rows["after"].sum() / rows["before"].sum())
    assert "point to point" in result.name and expected.startswith("point-to-point")


@oracle("RET-08")
def _(inputs, expected, near):
    five = examples.from_series(ORACLES[inputs["use"]]["inputs"])
    near(retention.nrr(five, FIRST, LAST).value, expected["nrr_point_to_point"])
    near(retention.grr(five, FIRST, LAST).value, expected["grr_point_to_point_min"])
    table = retention.retention_definitions(five, FIRST, LAST)
    names = {"nrr_point_to_point": "nrr_point_to_point", "grr_point_to_point_min": "grr_point_to_point", "grr_flow": "grr_flow",
             "nrr_flow_excl_reactivation": "nrr_flow_without_reactivation", "nrr_flow_incl_reactivation_t0_cohort": "nrr_flow",
             "nrr_flow_including_new_customer_expansion_TRAP": "nrr_flow_with_new_customers", "nrr_survivors_only_TRAP": "nrr_survivors_only",
             "total_end_over_start_TRAP": "total_end_over_start", "nrr_chained_monthly": "nrr_chained_monthly"}
    assert set(names) == set(expected) and set(names.values()) == set(table["definition"])
    rows = {row["definition"]: row for row in table.to_dict("records")}
    for source, ours in names.items():
        near(rows[ours]["value"], expected[source])
        assert rows[ours]["legitimate"] is (not source.endswith("TRAP"))


@oracle("RET-09")
def _(inputs, expected, near):
    for monthly, yearly in zip(inputs["monthly"], expected, strict=True):
        near(retention.annualise_churn(monthly), yearly)


@oracle("RET-10")
def _(inputs, expected, near):
    monthly = 0.017
    near(retention.annualise_churn(monthly), eval(expected.replace("^", "**"), {"monthly": monthly}))  # noqa: S307


def bridge_row(gained, lost):
    return {"month": dt.date(2024, 1, 1), "new": gained, "reactivation": 0, "expansion": 0, "contraction": 0, "churn": -lost}


@oracle("RET-12")
def _(inputs, expected, near):
    import pandas as pd

    near(retention.quick_ratio(pd.DataFrame([bridge_row(**inputs)]))["value"].iloc[0], expected)


@oracle("RET-13")
def _(inputs, expected, near):
    five = examples.from_series(ORACLES[inputs["use"]]["inputs"])
    ratios = retention.quick_ratio(revenue.bridge_from(five, as_of="2024-04-30"))
    for month, value in zip(inputs["months"], expected, strict=True):
        near(ratios["value"].iloc[month], value)
        assert bool(ratios["reason"].iloc[month]) is (value is None)


@oracle("RET-19")
def _(inputs, expected, near):
    table = examples.table_of([
        {"customer_id": "a", "starts_on": "2014-12-01", "ends_on": "2018-12-01", "amount": inputs["arr_2014"], "interval": "year"},
        {"customer_id": "a", "starts_on": "2018-12-01", "amount": inputs["arr_2018"], "interval": "year"}])
    cells = retention.cohort_triangle(table, as_of="2018-12-31", age="year", measure="nrr", policy=Policy(complete_from_inception=True))
    near(cells[cells["age"] == 4]["value"].iloc[0], expected)


@oracle("RET-20")
def _(inputs, expected, near):
    empty = retention.nrr(examples.from_series({"a": [0, 100]}), FIRST, LAST)
    assert math.isnan(empty.value) and "no customer" in empty.reason
    assert "not applicable" in expected.lower() and "0 -> 0%" in expected
    near(retention.nrr(examples.from_series({"a": [100, 0, 0, 0]}), FIRST, LAST).value, 0.0)


# --- uncertainty ----------------------------------------------------------------------------------------------------


@oracle("FUN-06")
def _(inputs, expected, near):
    for (k, n), bounds in zip(inputs["k_n"], expected, strict=True):
        for value, bound in zip(uncertainty.wilson_interval(k, n, inputs["level"]), bounds, strict=True):
            near(value, bound)


@oracle("NPS-03")
def _(inputs, expected, near):
    p, d, n = 0.5, 0.17, 324
    for formula in (inputs["formula"].split("=")[1], expected.split("==")[1]):
        text = formula.replace("^", "**").replace("2pd", "2*p*d").replace("p(", "p*(").replace("d(", "d*(")
        assert uncertainty.nps_variance(p, d, n) == pytest.approx(eval(text, {"p": p, "d": d, "n": n}), rel=1e-12)  # noqa: S307


# --- unit economics and product, as far as they are built ---------------------------------------------------------------


@oracle("UE-03")
@oracle("UE-04")
def _(inputs, expected, near):
    arpa = inputs.get("arpa", inputs.get("arpu"))
    near(economics.ltv_simple(units.Price(arpa, "month"), units.Rate(inputs["churn"], "month")), expected)


@oracle("UE-13")
def _(inputs, expected, near):
    for months, value in zip(inputs["months"], expected, strict=True):
        near(economics.ltv_finite_horizon(units.Price(inputs["a"], "month"), units.Rate(inputs["churn"], "month"), months), value)


@oracle("PLG-01")
def _(inputs, expected, near):
    import pandas as pd

    scale = 1000  # 15 users a day and 50 in the month, for 15,000 and 50,000
    users, daily, days = inputs["mau"] // scale, inputs["dau"] // scale, 30
    at = pd.date_range("2024-06-01", periods=days)
    log = pd.DataFrame([{"user_id": (i + step * daily) % users, "at": day} for step, day in enumerate(at) for i in range(daily)])
    near(product.stickiness(log)["value"].iloc[0], expected)


@oracle("PLG-05")
def _(inputs, expected, near):
    k, start, cycles = inputs["K"], inputs["U0"], inputs["cycles"]
    near(product.viral_users(k, start, cycles), expected["cumulative"])
    inflow = product.viral_users(k, start, cycles) - product.viral_users(k, start, cycles - 1)
    near(inflow, expected["new_in_cycle_20"])
    assert abs(inflow - expected["printed_as_users"]) / inflow < 0.01
