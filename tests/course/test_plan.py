"""The living plan: names, intervals, where drivers come from, and what they change."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers.course.company_plan import book_by_size, due_by_month, starting_point
from helpers.course.plan import NAMES, SIZED, SPECIAL, known_names, living_plan, plan_effect, read_plan
from helpers.course.record import Record
from helpers.metrics.policy import Policy
from helpers.models.plan import SIZES, Schedule, about, default_drivers, names, plan

TINY = SimpleNamespace(name="Tiny", currency="CNY", as_of=dt.date(2025, 12, 31))


@pytest.fixture(scope="module")
def base():
    return default_drivers({"small": 2e6, "mid": 5e6, "large": 3e6}, customers=200, cash=5e6, heads=40), Schedule(starts_on="2026-01-01")


def entry(value, low=None, high=None, **more):
    return {"value": value, "low": low, "high": high, "unit": "", "chapter": "37-retention", "company": "Tiny", "as_of": "2025-12-31",
            "guess": False, "n": 100, **more}


def made(base, **drivers):
    return living_plan({"drivers": {name.replace("__", "."): value for name, value in drivers.items()}}, TINY, base)


def driver(living, name):
    return getattr(living.plan.drivers, name)


def test_a_driver_keeps_its_interval_and_where_it_was_measured(base):
    seen = driver(made(base, renewal__small=entry(0.75, 0.7, 0.8, unit="share")), "renewal_share_small")
    assert (seen.value, seen.low, seen.high, seen.n, seen.guess) == (0.75, 0.7, 0.8, 100, False)
    assert seen.source == "chapter 37-retention" and seen.as_of == "2025-12-31"


def test_a_name_without_size_is_for_all_sizes_and_the_particular_one_wins(base):
    living = made(base, retention__gross=entry(0.7), retention__gross__large=entry(0.9), renewal__mid=entry(0.8), renewal=entry(0.75))
    assert [driver(living, f"renewal_share_{size}").value for size in SIZES] == [0.75, 0.8, 0.75]
    assert living.written["renewal_share_mid"] == "renewal.mid"
    assert driver(made(base, retention__gross=entry(0.7), retention__gross__large=entry(0.9)), "renewal_share_large").value == 0.9


def test_net_retention_gives_growth_once_the_renewals_are_known(base):
    """NRR 100% over 2 + 5 + 3 million at 70, 80, 90%: kept 8.1 of 10, so growth 19%; small alone at 80%: 10 points."""
    renewals = {"renewal__small": entry(0.7), "renewal__mid": entry(0.8), "renewal__large": entry(0.9)}
    living = made(base, retention__net=entry(1.0, 0.95, 1.05, unit="share"), **renewals)
    seen = driver(living, "expansion_share_per_year_mid")
    assert (seen.value, seen.low, seen.high) == pytest.approx((0.19, 0.14, 0.24))
    small = made(base, retention__net__small=entry(0.8), **renewals)
    assert driver(small, "expansion_share_per_year_small").value == pytest.approx(0.1)
    assert driver(made(base, retention__net=entry(0.5), **renewals), "expansion_share_per_year_mid").value == 0


def test_gross_margin_becomes_what_is_left_for_serving(base):
    """One success head at 10,000 a month for 1.2 million of ARR is 10% of it; a margin of 70% leaves 20% for serving."""
    living = made(base, gross_margin=entry(0.7, 0.65, 0.72), arr_per_success=entry(1.2e6), cost__success=entry(10_000))
    seen = driver(living, "serving_cost_share")
    assert (seen.value, seen.low, seen.high) == pytest.approx((0.2, 0.18, 0.25))
    assert living.plan.quarters["gross_margin"][0] == pytest.approx(0.7, abs=0.01)


def test_decisions_go_to_the_schedule(base):
    schedule = made(base, reps_hired=entry(4), round=entry(2e7), round_quarter=entry(3)).plan.schedule
    assert schedule.reps_hired == (4,) * 8 and (schedule.round_amount, schedule.round_quarter) == (2e7, 3)
    assert made(base, round=entry(2e7)).plan.schedule.round_quarter == 1


def test_unknown_names_are_kept_and_the_nearest_is_named(base):
    living = made(base, renwal__small=entry(0.7), zzz=entry(1), renewal__tiny=entry(0.9))
    seen = dict(living.unknown)
    assert (seen["renwal.small"], seen["zzz"]) == ("renewal.small", "") and seen["renewal.tiny"].startswith("renewal")
    assert living.plan.drivers == base[0]


@pytest.mark.parametrize("name, given, says", [
    ("win_rate", entry(4.6), "0.046"), ("ramp", entry(3, unit="money"), "the plan counts it in months"),
    ("price", entry(None), "undefined"), ("renewal.small", entry(0.9, 0.1, 0.2), "outside its interval"),
    ("activation", entry(0.3), "win_rate"), ("round_quarter", entry("x"), "x"), ("retention.net", entry("many"), "many")])
def test_figures_that_cannot_be_are_listed_and_the_guess_stays(base, name, given, says):
    living = made(base, **{name: given})
    assert living.plan.drivers == base[0] and living.problems[0][0] == name and says in living.problems[0][1]


def test_an_interval_beyond_what_is_possible_is_cut(base):
    assert driver(made(base, renewal=entry(0.98, 0.95, 1.02)), "renewal_share_mid").high == 1


def test_a_driver_of_another_company_is_a_guess_and_says_so(base):
    seen = driver(made(base, ramp=entry(4, company="Lanternfish")), "ramp_months")
    assert seen.guess and "Lanternfish, not on Tiny" in seen.source


def test_every_known_name_moves_something(base):
    targets = {*NAMES.values(), *(f"{stem}_{size}" for stem in SIZED.values() for size in SIZES)}
    assert targets == set(names())
    for name in known_names():
        value = {"share": 0.31, "money": 1234.5, "months": 2.5, "count": 3, "ratio": 0.4}
        special = next((unit for key, unit in SPECIAL.items() if name == key or name.startswith(f"{key}.")), None)
        living = made(base, **{name: entry(value[special or _unit(name)])})
        assert not living.unknown and not living.problems, (name, living.problems)
        assert living.plan.drivers != base[0] or living.plan.schedule != base[1], name


def _unit(name):
    stem, _, size = name.rpartition(".")
    field = NAMES.get(name) or (f"{SIZED[stem]}_{size}" if stem in SIZED else f"{SIZED[name]}_mid" if name in SIZED else name)
    return about(field)["unit"]


def test_what_a_driver_changed_is_said_in_one_sentence(base):
    said = plan_effect({}, {"drivers": {"renewal.mid": entry(0.95)}}, TINY, base)
    before, after = plan(base[0], base[1]), plan(replace(base[0], renewal_share_mid=0.95), base[1])
    assert said.startswith("Over eight quarters: ARR CNY ") and "more" in said and "cash at the end CNY" in said
    assert f"{round(after.arr[-1] - before.arr[-1]):,}" in said
    same = {"drivers": {"renewal.mid": entry(0.95)}}
    assert plan_effect(same, same, TINY, base) == "The plan of eight quarters stays as it was."


def test_the_sentence_tells_when_the_money_ends(base):
    poor, rich = ({"drivers": {"cash": entry(value), "cost.other": entry(2e6)}} for value in (1e6, 1e9))
    assert "now lasts" in plan_effect(poor, rich, TINY, base) and "which lasted, now ends" in plan_effect(rich, poor, TINY, base)
    later = plan_effect(poor, {"drivers": {**poor["drivers"], "cash": entry(9e6)}}, TINY, base)
    assert "the money ends in month" in later and "instead of" in later


def test_a_name_that_is_not_used_is_said_and_only_once(base):
    wrong = {"drivers": {"renwal": entry(0.9)}}
    assert plan_effect({}, wrong, TINY, base) == "renwal is kept, but is no name the plan knows; did you mean renewal?"
    assert "renwal" not in plan_effect(wrong, {"drivers": {**wrong["drivers"], "ramp": entry(4)}}, TINY, base)


def test_the_band_is_the_same_each_time_and_narrower_once_a_driver_is_measured(base):
    wide = made(base).band(draws=300)
    assert wide.cash.low.tolist() == made(base).band(draws=300).cash.low.tolist()
    sure = made(base, rep_output=entry(base[0].rep_output_per_month.value), leads=entry(base[0].leads_per_month.value)).band(draws=300)
    assert sure.arr.high[-1] - sure.arr.low[-1] < wide.arr.high[-1] - wide.arr.low[-1]


def test_tables_and_sentence(base):
    living = made(base, ramp=entry(4, unit="months"))
    table = living.drivers().set_index("driver")
    assert len(table) == len(names()) and table.loc["ramp_months", ["value", "guess", "name"]].tolist() == [4, False, "ramp"]
    assert living.quarters()["quarter"].tolist() == list(range(1, 9)) and "drivers are guesses" in repr(living)


# --- where it starts ----------------------------------------------------------------------------------------------------

class Company(SimpleNamespace):
    def has(self, name):
        return name in self.frames

    def table(self, name):
        return self.frames[name]


def subscriptions(rows):
    table = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on", "amount", "interval", "discount"])
    table[["starts_on", "ends_on"]] = table[["starts_on", "ends_on"]].apply(pd.to_datetime)
    return table.assign(subscription_id=[f"s{i}" for i in range(len(table))], interval_count=1)


def days(rows, columns):
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**{name: pd.to_datetime(table[name]) for name in columns if name in ("month", "hired_on", "left_on")})


@pytest.fixture
def company():
    lines = [("a", "2025-03-01", "2026-03-01", 1200.0, "year", 0.5), ("a", "2025-05-01", "2026-05-15", 50.0, "month", 0.0),
             ("b", "2025-07-01", "2028-07-01", 6000.0, "year", 0.0), ("c", "2025-01-01", None, 100.0, "month", 0.0),
             ("d", "2024-01-01", "2025-01-01", 999.0, "year", 0.0)]
    people = pd.DataFrame({"customer_id": list("abcd"), "size": ["small", "large", None, "mid"]})
    return Company(name="Tiny", currency="CNY", as_of=dt.date(2025, 12, 31), policy=Policy(), customers=people,
                   subscriptions=subscriptions(lines), frames={})


def test_the_book_by_size(company):
    """a: 600 + 600, b: 6,000, c (size not known, so mid): 1,200; d has gone."""
    assert book_by_size(company).groupby("size")["arr"].sum().to_dict() == {"large": 6000, "mid": 1200, "small": 1200}


def test_what_falls_due_when(company):
    due = due_by_month(company)
    assert due["small"][2] == pytest.approx(0.5) and due["small"][4] == pytest.approx(0.5) and sum(due["small"]) == pytest.approx(1)
    assert due["mid"][:12] == pytest.approx([1 / 12] * 12)  # open-ended: over a year
    assert sum(due["large"]) == 0  # ends in 31 months: not within the plan


def test_a_company_of_two_tables_has_a_plan_and_says_that_its_cash_is_not_known(company):
    drivers, schedule = starting_point(company)
    assert (drivers.opening_arr_large.value, drivers.opening_arr_large.guess) == (6000, False)
    assert drivers.opening_cash.guess and "lesson.drive" in drivers.opening_cash.source
    assert schedule.starts_on == "2026-01-01" and plan(drivers, schedule).arr[0] > 0


def test_cash_people_and_costs_come_from_the_tables(company):
    months = pd.date_range("2025-01-01", periods=12, freq="MS")
    company.frames = {
        "cash": days([("2025-11-01", 900.0), ("2025-12-01", 800.0)], ["month", "balance"]),
        "headcount": days([(month, name, heads) for month in months for name, heads in
                           (("sales", 6), ("success", 2), ("R&D", 4), ("admin", 1), ("marketing", 1))], ["month", "department", "heads"]),
        "costs": days([(month, name, kind, amount) for month in months for name, kind, amount in
                       (("sales", "A", 40), ("sales", "B", 20), ("marketing", "C", 7), ("marketing", "D", 9), ("success", "E", 10),
                        ("success", "COGS", 20), ("R&D", "other", 80), ("admin", "other", 5))], ["month", "department", "kind", "amount"]),
        "reps": days([("AE", "2024-01-01", None), ("AE", "2025-12-01", None), ("AE", "2023-01-01", "2025-06-30"), ("SDR", "2024-01-01", None)],
                     ["role", "hired_on", "left_on"])}
    seen, _ = starting_point(company)
    found = {name: getattr(seen, name).value for name in names() if not getattr(seen, name).guess}
    assert found["opening_cash"] == 800 and found["arr_per_success_head"] == pytest.approx(8400 / 2)
    assert (found["reps_mature_count"], found["reps_ramping_count"], found["support_per_rep_ratio"]) == (1, 1, 2)
    assert found["success_cost_per_month"] == 15 and found["rnd_cost_per_month"] == 20 and found["marketing_cost_per_month"] == 9
    assert found["rep_cost_per_month"] == 10 and found["commission_share"] == 0 and "cost of the reps" in seen.commission_share.source


def test_without_customers_there_is_no_plan_but_a_sentence(company):
    company.subscriptions = company.subscriptions.iloc[4:]
    with pytest.raises(ValueError, match="no ARR"):
        starting_point(company)
    assert "cannot be made yet" in plan_effect({}, {"drivers": {"ramp": entry(4)}}, company)


def test_the_plan_of_a_workspace(company, tmp_path):
    (tmp_path / ".playbook").mkdir()
    Record("plan", tmp_path).change(lambda data: data.update(drivers={"ramp": entry(5)}))
    assert driver(read_plan(tmp_path, company), "ramp_months").value == 5
    assert driver(read_plan(None, company), "ramp_months").value == 3


def test_it_runs_on_a_second_company(second_company):
    from helpers.company import load_company

    other = load_company(second_company)
    living = read_plan(None, other)
    assert living.plan.arr[0] > 0 and living.currency == other.currency
    assert sum(living.plan.schedule.due.sum(axis=1)) > 1
