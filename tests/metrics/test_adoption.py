from __future__ import annotations

import math

import duckdb
import pandas as pd
import polars as pl
import pytest

from helpers.company import load_company
from helpers.metrics.adoption import frequency_of_use, invited_per_user, self_serve_share, use_ratios, used_within
from helpers.metrics.errors import MetricError

DAYS = pd.date_range("2024-06-03", "2024-06-30", freq="D")
LOG = pd.concat([
    pd.DataFrame({"user_id": "daily", "at": [day for day in DAYS if day.weekday() < 5]}),
    pd.DataFrame({"user_id": "weekly", "at": DAYS[::7]}),
    pd.DataFrame({"user_id": "one week", "at": DAYS[:7]}),
    pd.DataFrame({"user_id": "before", "at": [pd.Timestamp("2024-06-02 23:59")]}),
]).assign(event="opened")
LOG = pd.concat([LOG, pd.DataFrame({"user_id": ["invites"], "at": [DAYS[3]], "event": ["invitation sent"]})], ignore_index=True)
PEOPLE = pd.DataFrame({"user_id": list("abcd"), "role": ["x", "x", "y", "y"],
                       "signed_up_at": pd.to_datetime(["2024-06-01", "2024-06-01 12:00", "2024-06-10", "2024-06-29 12:00"], format="ISO8601")})
USED = pd.DataFrame({"user_id": ["a", "a", "b", "c"], "event": ["invitation sent", "opened", "opened", "opened"],
                     "at": pd.to_datetime(["2024-06-01 01:00", "2024-06-03 00:00", "2024-06-03 12:01", "2024-06-10 00:05"])})


def rates(result):
    table = result.table if isinstance(result.table, pd.DataFrame) else result.table.to_pandas()
    return dict(zip(table.iloc[:, 0], table["value"]))


@pytest.mark.parametrize("kind", ["pandas", "polars", "duckdb"])
def test_frequency_on_three_engines(kind):
    log = {"pandas": lambda: LOG, "polars": lambda: pl.from_pandas(LOG), "duckdb": lambda: duckdb.from_df(LOG)}[kind]()
    found = frequency_of_use(log, as_of="2024-06-30")
    assert rates(found) == pytest.approx({"daily": 1 / 3, "weekly": 2 / 3})
    assert set(found.table["n"]) == {3} and isinstance(found.table, pl.DataFrame) is (kind == "polars")


def test_order_and_repetition_change_nothing():
    twice = pd.concat([LOG, LOG]).sample(frac=1, random_state=1)
    assert rates(frequency_of_use(twice, as_of="2024-06-30")) == rates(frequency_of_use(LOG, as_of="2024-06-30"))


def test_rows_after_the_day_change_nothing():
    later = pd.concat([LOG, LOG.assign(at=LOG["at"] + pd.Timedelta(days=60))])
    assert rates(frequency_of_use(later, as_of="2024-06-30")) == rates(frequency_of_use(LOG, as_of="2024-06-30"))


def test_nobody_is_undefined_with_a_reason():
    found = frequency_of_use(LOG, as_of="2023-01-31")
    assert found.table["value"].isna().all() and found.table["reason"].str.contains("nobody").all()


def test_used_within_keeps_who_never_came_and_leaves_out_who_had_no_time():
    found = used_within(PEOPLE, USED, as_of="2024-06-30")
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)      # a after 48 hours exactly, c after minutes; b a minute late; d too young
    assert found.rows()["hours"].round(2).tolist() == [48.0, 48.02, 0.08]
    assert used_within(PEOPLE, USED, as_of="2024-06-30", not_use=()).rows()["hours"].iloc[0] == 1.0
    assert rates(used_within(PEOPLE, USED, as_of="2024-06-30", by="role")) == {"x": 0.5, "y": 1.0}


def test_the_end_of_the_last_day_counts():
    assert used_within(PEOPLE, USED, as_of="2024-07-01").n == 4


def test_used_within_nobody():
    found = used_within(PEOPLE, USED, as_of="2024-06-01")
    assert math.isnan(found.value) and found.reason


def test_invited_per_user_is_mature_and_by_group():
    sent = pd.DataFrame({"from_user_id": ["a", "a", "a", "c"],
                         "accepted_at": pd.to_datetime(["2024-06-02", "2024-06-20", "2024-06-25", None])})
    found = invited_per_user(PEOPLE, sent, as_of="2024-06-30", within_days=20)
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
    assert rates(invited_per_user(PEOPLE, sent, as_of="2024-06-30", within_days=20, by="role")) == {"x": 1.0, "y": 0.0}
    assert found.rows()["accepted"].tolist() == [2, 0, 0]


def test_self_serve_share_is_by_money():
    found = self_serve_share([100, 100, 600, 200], [True, True, False, False])
    assert found.value == 0.2 and 0 <= found.low < 0.2 < found.high <= 1
    assert math.isnan(self_serve_share([], []).value)


def test_published_ratios():
    """PLG-02: 5,000 a day, 10,000 a week, 20,000 a month (gamigion.com, by its stated formula)."""
    assert use_ratios(5000, 10000, 20000) == {"wau_mau": 0.5, "dau_wau": 0.5, "dau_mau": 0.25}
    with pytest.raises(MetricError, match="order"):
        use_ratios(20, 10, 5)


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(MetricError, match="no column 'signed_up_at', did you mean 'signed_up_att'"):
        used_within(PEOPLE.rename(columns={"signed_up_at": "signed_up_att"}), USED, as_of="2024-06-30")


def test_planted_k_by_layer():
    case = load_company()
    users = case.table("users")
    free = users[users["customer_id"].isna()]
    sent = case.table("invitations")
    found = invited_per_user(free, sent[sent["layer"] == "together"], as_of=case.as_of)
    assert found.value == pytest.approx(case.truth["k_together"]["value"], abs=case.truth["k_together"]["tolerance"])
