"""Each gate on a small company whose answer is known."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.models.gates import Seen, earned, read_gate
from helpers.models.roadmap import judge_gate, roadmap, with_marks

ON = pd.Timestamp("2025-12-31")


def read(key, tables, on=ON, **marks):
    gate = with_marks(roadmap().gate(key), "CNY", **marks)
    reading = read_gate(Seen(tables, on, gate))
    return reading, judge_gate(gate, reading)[0]


def contracts(rows):
    """id, customer, rep, kind, renews, signed, starts, ends, amount, founder, relation."""
    names = ["contract_id", "customer_id", "rep_id", "kind", "renews_contract_id", "signed_on", "starts_on", "ends_on", "recurring_amount",
             "founder_signed", "relation"]
    frame = pd.DataFrame(rows, columns=names)
    dates = {name: pd.to_datetime(frame[name]) for name in ("signed_on", "starts_on", "ends_on")}
    return frame.assign(**dates, billing="yearly", one_off_amount=0.0, discount=0.0)


def signed(number, *, rep="R1", founder=False, relation="stranger", day="2025-11-01", amount=12_000.0):
    later = pd.Timestamp(day) + pd.DateOffset(years=1)
    return [(f"K{rep}{relation}{founder}{i}", f"C{rep}{relation}{founder}{i}", rep, "new", None, day, day, later, amount, founder, relation)
            for i in range(number)]


FOUNDERS = signed(1, rep="R0", founder=True, relation="friend", day="2024-01-10")


def test_a_missing_table_is_named():
    reading, state = read("use", {"subscriptions": pd.DataFrame()})
    assert state == "cannot tell" and reading.why == "there is no table usage_monthly"


def test_a_judgement_is_left_to_people():
    assert "no table holds a judgement" in read("model", {})[0].why


def test_strangers_needs_both_marks_on_one_contract():
    rows = FOUNDERS + signed(16) + signed(2, relation="friend") + signed(2, founder=True, rep="R0")
    reading, state = read("strangers", {"contracts": contracts(rows)})
    assert (reading.value, reading.n, state) == (0.8, 20, "red")
    assert read("strangers", {"contracts": contracts(FOUNDERS + signed(18) + signed(2, relation="friend"))})[1] == "green"


def test_strangers_looks_at_a_year_where_three_months_are_few():
    rows = FOUNDERS + signed(9) + signed(11, rep="R2", day="2025-03-01", relation="friend")
    assert read("strangers", {"contracts": contracts(rows)})[0].n == 20


def test_an_empty_column_is_no_answer():
    no_relation = contracts(FOUNDERS + signed(20)).assign(relation=None)
    assert "contracts.relation is empty" in read("strangers", {"contracts": no_relation})[0].why
    no_founder = contracts(signed(20))
    assert "not filled" in read("ten", {"contracts": no_founder})[0].why
    no_rep = contracts(FOUNDERS + signed(20)).assign(rep_id=None)
    assert "contracts.rep_id is empty" in read("rep", {"contracts": no_rep})[0].why


def test_ten_counts_what_reps_signed_below_the_price():
    few = FOUNDERS + signed(9) + signed(5, founder=True, rep="R0") + signed(5, relation="friend")
    assert read("ten", {"contracts": contracts(few)})[0].value == 9
    assert read("ten", {"contracts": contracts(few)})[1] == "red"
    assert read("ten", {"contracts": contracts(few + signed(1, rep="R7"))})[1] == "green"


def test_ten_says_nothing_about_dear_products():
    few = FOUNDERS + signed(4)
    dear = [(*row[:8], 90_000.0, *row[9:]) for row in few]
    reading, state = read("ten", {"contracts": contracts(dear)})
    assert state == "cannot tell" and "gives no number" in reading.why
    assert read("ten", {"contracts": contracts(few)}, rate=8.0)[1] == "cannot tell", "40,000 yuan are 5,000 of a currency worth eight"


def test_operations_run_where_founders_hardly_sign():
    by_founder = [signed(1, rep="R0", founder=True), signed(2, rep="R0", founder=True)]
    assert read("operations", {"contracts": contracts(signed(99) + by_founder[0])})[1] == "green"
    assert read("operations", {"contracts": contracts(signed(98) + by_founder[1])})[1] == "red"
    assert "new sales-led contracts in twelve months" in read("operations", {"contracts": contracts(FOUNDERS + signed(5))})[0].why


def talks(count, named, pays):
    people = pd.DataFrame({"interview_id": [f"E{i}" for i in range(count)], "held_on": pd.Timestamp("2025-01-10"), "loop": 1,
                           "pays_today": [100.0] * pays + [0.0] * (count - pays)})
    needs = pd.DataFrame({"interview_id": [f"E{i}" for i in range(named)], "need": "x", "prompted": False, "urgency": 5})
    return {"interviews": people, "interview_needs": needs}


def test_a_need_takes_enough_talks():
    assert read("need", talks(20, 6, 6))[1] == "cannot tell" and read("need", talks(60, 30, 30))[1] == "green"
    assert read("paid", talks(60, 30, 2))[1] == "red" and read("urgent", talks(60, 30, 2))[1] == "green"
    assert "no talk" in read("need", {name: table.iloc[:0] for name, table in talks(1, 1, 1).items()})[0].why


def costs(kinds, months=12, last="2025-12"):
    periods = pd.period_range(end=last, periods=months, freq="M")
    return pd.DataFrame([(month.start_time, "sales", "all", kind, amount) for month in periods for kind, amount in kinds.items()],
                        columns=["month", "department", "branch", "kind", "amount"])


def test_margins_take_the_costs_of_their_level():
    tables = {"contracts": contracts(FOUNDERS + signed(10)), "costs": costs({"A": 4_000, "B": 2_000, "C": 1_000, "D": 2_000, "E": 2_000})}
    assert [round(read(key, tables)[0].value) for key in ("margin_one", "margin_two", "margin_three")] == [72_000, 36_000, -12_000]
    assert [read(key, tables)[1] for key in ("margin_one", "margin_two", "margin_three")] == ["green", "green", "red"]
    assert read("margin_two", tables)[0].rows["margin"].sum() == 36_000


def test_a_margin_of_nobody_or_of_half_a_year_is_no_answer():
    sold = contracts(FOUNDERS + signed(10))
    assert "nobody was paid to sell" in read("margin_two", {"contracts": sold, "costs": costs({"B": 1, "C": 1})})[0].why
    assert "costs cover 6" in read("margin_two", {"contracts": sold, "costs": costs({"A": 1, "B": 1, "C": 1}, months=6)})[0].why
    assert "costs cover 12" in read("margin_two", {"contracts": sold, "costs": costs({"A": 1, "B": 1, "C": 1}, last="2025-11")})[0].why


def reps(hired):
    return pd.DataFrame({"rep_id": [f"R{i}" for i in range(len(hired))], "role": "AE", "hired_on": pd.to_datetime(hired),
                         "left_on": pd.to_datetime([None] * len(hired))})


def test_output_asks_only_where_the_team_has_grown():
    sold = contracts(FOUNDERS + signed(4, rep="R0", day="2024-06-01") + signed(4, rep="R0", day="2025-06-01"))
    assert "has not grown" in read("output", {"contracts": sold, "reps": reps(["2023-01-01"])})[0].why
    reading, state = read("output", {"contracts": sold, "reps": reps(["2023-01-01", "2024-09-01"])})
    assert state == "red" and reading.value == pytest.approx((4 / 24) / (5 / 13)), "twice the reps sold little more than one had sold"


def test_leads_for_each_rep():
    days = [*pd.date_range("2024-01-01", periods=120, freq="3D"), *pd.date_range("2025-01-01", periods=120, freq="3D")]
    came = pd.DataFrame({"lead_id": range(240), "created_at": days})
    reading, state = read("leads", {"leads": came, "reps": reps(["2023-01-01", "2025-01-01"])})
    assert state == "red" and reading.value == pytest.approx(0.5, abs=0.01)


def test_renewals_must_name_what_they_follow():
    rows = FOUNDERS + [("K9", "CR0friendTrue0", "R0", "renewal", None, "2025-01-10", "2025-01-10", "2026-01-10", 12_000.0, False, "friend")]
    assert "do not name the contract" in read("renewal", {"contracts": contracts(rows)})[0].why


def test_step_without_owner():
    steps = pd.DataFrame({"step": ["lead", "offer"], "owner": ["marketing", None]})
    reading, state = read("owners", {"step_owners": steps})
    assert (reading.value, state) == (1.0, "red") and "offer" in reading.said


def test_runway_leaves_rounds_out():
    months = pd.date_range("2024-12-01", periods=13, freq="MS")
    cash = pd.DataFrame({"month": months, "balance": [100.0, 90, 80, 70, 260, 250, 240, 230, 220, 210, 200, 190, 180]})
    rounds = pd.DataFrame({"round": ["A"], "on": pd.to_datetime(["2025-04-10"]), "amount": [200.0]})
    reading, state = read("runway", {"cash": cash, "funding_rounds": rounds})
    assert reading.value == pytest.approx(18.0) and state == "green"


def test_runway_without_balances_needs_costs_and_payments():
    cash = pd.DataFrame({"month": pd.to_datetime(["2025-12-01"]), "balance": [60.0]})
    assert "neither balances nor" in read("runway", {"cash": cash})[0].why
    paid = pd.DataFrame({"paid_on": pd.to_datetime(["2025-12-01"]), "amount": [0.0]})
    assert read("runway", {"cash": cash, "costs": costs({"other": 10.0}), "payments": paid})[0].value == pytest.approx(6.0)


def test_what_is_earned_is_spread_over_the_term():
    rows = contracts([("K", "C", None, "new", None, "2024-12-31", "2025-01-01", "2027-01-01", 730.0, False, "stranger")])
    assert earned(rows, pd.Timestamp("2024-12-31"), ON).sum() == pytest.approx(365.0)
    assert earned(rows, pd.Timestamp("2023-12-31"), pd.Timestamp("2024-12-31")).sum() == 0
