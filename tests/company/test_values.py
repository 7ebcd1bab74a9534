"""What people write into cells: what is read, what is refused, and what the refusal says."""
from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.company.dates import read_dates, to_local
from helpers.company.numbers import read_numbers

HEADER = "subscription_id,customer_id,starts_on,ends_on,amount,interval,discount\n"


def subscriptions(*rows):
    """Rows of (starts_on, ends_on, amount, interval, discount)."""
    lines = [",".join([f"S{number}", "C1", *(f'"{cell}"' for cell in row)]) for number, row in enumerate(rows, start=1)]
    return HEADER + "\n".join(lines) + "\n"


def row(starts_on="2024-01-01", ends_on="", amount="100", interval="month", discount=""):
    return (starts_on, ends_on, amount, interval, discount)


# ------------------------------------------------------------------ money, shares, whole numbers

@pytest.mark.parametrize(("written", "meant"), [
    ("1200", 1200), ("1,200.00", 1200), ("¥1,200", 1200), ("￥1,200", 1200), ("1 200,50", 1200.5), ("€ 99.90", 99.9), ("CNY 1,200", 1200),
    ("1200元", 1200), ("1,234,567.89", 1234567.89), ("1.234.567,89", 1234567.89), ("12,34,567.00", 1234567), ("1.2万", 12000),
    ("1,200", 1200), ("１２００", 1200), ("1'200.50", 1200.5), ("1e3", 1000), ("0", 0), (".5", 0.5), ("1,5", 1.5),
])
def test_amounts_as_people_write_them(written, meant):
    assert read_numbers(pd.Series([written])).values.tolist() == [meant]


@pytest.mark.parametrize(("written", "meant"), [("-5", -5), ("(300.00)", -300), ("300-", -300), ("−7", -7), ("-¥1,200", -1200)])
def test_negative_amounts(written, meant):
    assert read_numbers(pd.Series([written])).values.tolist() == [meant]


@pytest.mark.parametrize(("written", "why"), [
    ("lots", "not a number"), ("12%", "percent"), ("#REF!", "sheet"), ("50-99", "range"), (">100", "range"), ("1.2.3", "not a number"),
    ("1,20,0", "not a number"), ("inf", "not a number"), ("--", "not a number"),
])
def test_what_is_no_amount_is_refused(written, why):
    assert list(read_numbers(pd.Series([written])).refused) == [why]


def test_one_comma_decides_for_its_column():
    assert read_numbers(pd.Series(["12,5", "1.200", "3"])).values.tolist() == [12.5, 1200, 3]
    assert read_numbers(pd.Series(["12.5", "1,200", "3"])).values.tolist() == [12.5, 1200, 3]


def test_two_decimal_signs_in_one_column_are_refused():
    read = read_numbers(pd.Series(["1,200.50", "1.200,50", "3"]))
    assert read.refused["mixed"].tolist() == [True, True, False]
    assert read.values[2] == 3


def test_semicolons_make_a_thousand_doubtful(refused, kiosk):
    text = subscriptions(row(amount="1,200")).replace(",", ";").replace('"1;200"', "1,200")
    error = refused("subscriptions", subscriptions=text)
    assert "1 value may mean thousands or decimals" in str(error) and 'decimal: ","' in str(error)
    assert kiosk(subscriptions=text, decimal=",").subscriptions["amount"].tolist() == [1.2]
    assert kiosk(subscriptions=text, decimal=".").subscriptions["amount"].tolist() == [1200]


def test_a_share_is_a_part_of_one_or_a_percentage(kiosk, refused):
    table = kiosk(subscriptions=subscriptions(row(discount="12%"), row(discount="0.2"), row(discount="12.5 %"), row(discount=""))).subscriptions
    assert table["discount"].tolist() == [0.12, 0.2, 0.125, 0]
    error = refused("subscriptions", subscriptions=subscriptions(row(discount="12")))
    assert "1 value above 1" in str(error) and "row 2 ('12')" in str(error) and "12% or 0.12" in str(error)


def test_a_percentage_is_no_money(refused):
    error = refused("subscriptions", subscriptions=subscriptions(row(), row(amount="12%")))
    assert "column `amount`: 1 value in percent" in str(error) and "row 3 ('12%')" in str(error)


def test_negative_money_says_where_it_belongs(refused):
    error = refused("subscriptions", subscriptions=subscriptions(row(), row(amount="-100")))
    assert "1 value below zero" in str(error) and "row 3 ('-100')" in str(error) and "`refunds`" in str(error)


def test_whole_numbers(refused, kiosk):
    customers = kiosk(customers='customer_id,employees\nC1,"1,200"\nC2,12.0\nC3,\n').customers
    assert customers["employees"].tolist() == [1200, 12, pd.NA]
    assert "1 value with decimals" in str(refused("customers", customers="customer_id,employees\nC1,1.5\n"))
    assert "range" in str(refused("customers", customers="customer_id,employees\nC1,50-99\n"))


def test_a_closed_list_of_whole_numbers(refused):
    text = "user_id,step_no,step,feeling\nU1,1,open,5\nU1,2,fill,7\n"
    error = refused("touchpoints", touchpoints=text)
    assert "1 value not allowed" in str(error) and "row 3 ('7')" in str(error) and "-20, -10, -5, 0, 5, 10, 20" in str(error)


# ------------------------------------------------------------------ days, months, moments

@pytest.mark.parametrize("written", ["2024-12-31", "2024/12/31", "2024.12.31", "20241231", "2024年12月31日", "31/12/2024", "31.12.2024", "12/31/2024",
                                     "31-Dec-2024", "31 December 2024", "Dec 31, 2024", "31.12.24", "45657", "45657.0", "2024-12-31 00:00:00",
                                     "2024-12-31T08:00:00+08:00", "2024-12-31 14:05", "１２/３１/２０２４"])
def test_days_that_show_what_they_are(written):
    assert read_dates(pd.Series([written]), "date", zone="Asia/Shanghai").values.tolist() == [pd.Timestamp("2024-12-31")]


@pytest.mark.parametrize(("written", "why"), [("01/02/2024", "ambiguous"), ("2024-02-30", "no such day"), ("32/01/2024", "no such day"), ("soon", "not a date"),
                                              ("2024-12", "day missing"), ("Q4 2024", "not a date"), ("0024-12-31", "far"), ("2024-12-31 25:00", "not a date")])
def test_days_that_do_not(written, why):
    assert list(read_dates(pd.Series([written]), "date", zone="UTC").refused) == [why]


def test_ambiguous_days_are_refused_with_an_explanation_and_mended_by_a_setting(refused, kiosk):
    text = subscriptions(row("01/02/2024"), row("03/04/2024"), row("05/05/2024"))
    error = refused("subscriptions", subscriptions=text)
    assert error.problems[0].rows == (2, 3)
    assert "2 values may be read day first or month first" in str(error) and "date_order: dmy" in str(error)
    assert kiosk(subscriptions=text, date_order="dmy").subscriptions["starts_on"].dt.month.tolist() == [2, 4, 5]
    assert kiosk(subscriptions=text, date_order="mdy").subscriptions["starts_on"].dt.month.tolist() == [1, 3, 5]


def test_neighbours_in_the_column_show_the_order_and_it_is_said(kiosk):
    company = kiosk(subscriptions=subscriptions(row("01/02/2024"), row("31/12/2024")))
    assert company.subscriptions["starts_on"].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-12-31")]
    assert company.check()["problem"].str.contains("read day first").any()


def test_a_column_that_shows_both_orders_is_refused(refused):
    error = refused("subscriptions", subscriptions=subscriptions(row("13/01/2024"), row("01/13/2024")))
    assert error.problems[0].rows == (2, 3)


def test_the_wrong_date_order_is_noticed(refused):
    error = refused("subscriptions", subscriptions=subscriptions(row("31/12/2024")), date_order="mdy")
    assert "1 value with a day that does not exist" in str(error) and "31/12/2024" in str(error)


def test_no_end_in_a_thousand_years_is_no_end(kiosk, refused):
    company = kiosk(subscriptions=subscriptions(row(ends_on="9999-12-31"), row(ends_on="0000-00-00"), row(ends_on="2024-06-01")))
    assert company.subscriptions["ends_on"].isna().tolist() == [True, True, False]
    assert company.check()["problem"].str.contains("2 dates were read as empty").any()
    error = refused("subscriptions", subscriptions=subscriptions(row(starts_on="9999-12-31")))
    assert "1 value written for no date at all" in str(error)


def test_excel_day_numbers_are_read_and_said(kiosk):
    company = kiosk(subscriptions=subscriptions(row("45292")))
    assert company.subscriptions["starts_on"][0] == pd.Timestamp("2024-01-01")
    assert company.check()["problem"].str.contains("day numbers of Excel").any()


@pytest.mark.parametrize("written", ["2024-12", "2024-12-01", "2024-12-31", "12/2024", "Dec 2024", "Dec-24", "202412", "2024年12月"])
def test_months_are_held_as_their_first_day(kiosk, written):
    company = kiosk(marketing_spend=f"month,channel,amount\n{written},search,5\n")
    assert company.marketing_spend["month"].tolist() == [pd.Timestamp("2024-12-01")]
    assert company.marketing_spend["mode"].tolist() == ["inbound"]


@pytest.mark.parametrize(("written", "zone", "meant"), [
    ("2025-01-31T23:30:00-08:00", "UTC", "2025-02-01 07:30"), ("2025-01-31T23:30:00-08:00", "America/Los_Angeles", "2025-01-31 23:30"),
    ("2024-12-31T20:00:00Z", "Asia/Shanghai", "2025-01-01 04:00"), ("2024-07-01 12:00:00+0000", "Europe/Berlin", "2024-07-01 14:00"),
    ("2024-12-31 20:00:00 UTC", "Asia/Shanghai", "2025-01-01 04:00"), ("2024-12-31 20:00", "Asia/Shanghai", "2024-12-31 20:00"),
    ("31/12/2024 8:15 PM", "UTC", "2024-12-31 20:15"), ("1735660800", "Asia/Shanghai", "2025-01-01 00:00"), ("45657.5", "UTC", "2024-12-31 12:00"),
    ("2024-12-31", "UTC", "2024-12-31 00:00"), ("2024-12-31T20:00:00+05:30", "Asia/Kolkata", "2024-12-31 20:00"),
])
def test_moments_become_naive_local_time(written, zone, meant):
    assert read_dates(pd.Series([written]), "instant", zone=zone).values.tolist() == [pd.Timestamp(meant)]


def test_moments_of_both_kinds_in_one_column():
    read = read_dates(pd.Series(["2024-12-31T20:00:00Z", "2024-12-31 20:00:00", "31/12/2024 20:00"]), "instant", zone="Asia/Shanghai")
    assert read.values.tolist() == [pd.Timestamp("2025-01-01 04:00"), pd.Timestamp("2024-12-31 20:00"), pd.Timestamp("2024-12-31 20:00")]


def test_a_moment_in_a_column_of_days_is_the_local_day(kiosk):
    company = kiosk(subscriptions=subscriptions(row("2024-12-31T20:00:00Z")), time_zone="Asia/Shanghai")
    assert company.subscriptions["starts_on"][0] == pd.Timestamp("2025-01-01")


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)), st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Kolkata"]), st.integers(-12, 14))
@settings(deadline=None, max_examples=60)
def test_every_spelling_of_a_moment_is_the_same_moment(moment, zone, hours):
    moment = moment.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(hours=hours)))
    slow = f"{moment:%Y/%m/%d %H:%M:%S}{moment:%z}"
    read = read_dates(pd.Series([moment.isoformat(), slow]), "instant", zone=zone)
    assert read.values[0] == read.values[1] == to_local(pd.Series([pd.Timestamp(moment)]), zone)[0]


@given(st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)))
@settings(deadline=None, max_examples=60)
def test_every_spelling_of_a_day_is_the_same_day(day):
    serial = (day - dt.date(1899, 12, 30)).days
    spellings = [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", str(serial), f"{day:%d} {day:%b} {day:%Y}"]
    assert read_dates(pd.Series(spellings), "date", zone="UTC").values.nunique() == 1
    for order, pattern in [("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y")]:
        assert read_dates(pd.Series([f"{day:{pattern}}"]), "date", zone="UTC", date_order=order).values[0] == pd.Timestamp(day)


@given(st.lists(st.decimals(-10**9, 10**9, places=2), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_every_spelling_of_an_amount_is_the_same_amount(amounts):
    plain = [float(amount) for amount in amounts]
    english = [f"{amount:,.2f}" for amount in amounts]
    german = [one.translate(str.maketrans(",.", ".,")) for one in english]
    brackets = [f"({one[1:]})" if one.startswith("-") else one for one in english]
    for spelling in (english, german, brackets, [f"¥{one}" for one in english]):
        assert np.allclose(read_numbers(pd.Series(spelling)).values, plain)


# ------------------------------------------------------------------ words, flags, ids

def test_words_of_a_closed_list_in_other_letters(kiosk, refused):
    table = kiosk(subscriptions=subscriptions(row(interval="Month"), row(interval="ANNUAL"), row(interval=" quarterly "))).subscriptions
    assert table["interval"].tolist() == ["month", "year", "quarter"]
    error = refused("subscriptions", subscriptions=subscriptions(row(), row(interval="monht")))
    assert 'Did you mean "month"?' in str(error) and "row 3 ('monht')" in str(error) and "day, week, month, quarter, year" in str(error)


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("Yes", True), ("1", True), ("是", True), ("FALSE", False), ("no", False), ("0.0", False), ("否", False)])
def test_flags(kiosk, written, meant):
    leads = kiosk(leads=f"lead_id,created_at,mode,budget\nL1,2024-01-01,inbound,{written}\nL2,2024-01-01,inbound,\n").leads
    assert leads["budget"].tolist() == [meant, pd.NA]
    assert leads["need"].isna().all()


def test_a_flag_that_is_neither(refused):
    error = refused("leads", leads="lead_id,created_at,mode,budget\nL1,2024-01-01,inbound,perhaps\n")
    assert "1 value cannot be read as yes or no" in str(error) and "row 2 ('perhaps')" in str(error)


def test_ids_stay_text(kiosk):
    company = kiosk(customers="customer_id,name\n007, Anna \n 12 ,Berta\n")
    assert company.customers["customer_id"].tolist() == ["007", "12"]
    assert company.check()["problem"].str.contains("spaces around 1 value was left out").any()


def test_ids_that_pandas_turned_into_decimals(kiosk):
    assert kiosk(customers="customer_id\n1.0\n2.0\n").customers["customer_id"].tolist() == ["1", "2"]


def test_ids_that_excel_shortened(refused):
    error = refused("customers", customers="customer_id\n1.23E+11\nC2\n")
    assert "shortened by a spreadsheet" in str(error) and "row 2 ('1.23E+11')" in str(error)


def test_words_for_nothing_are_empty(kiosk):
    table = kiosk(subscriptions=subscriptions(row(ends_on="NULL"), row(ends_on="-"), row(discount="n/a")), customers="customer_id,name\nC1,NULL\nNA,None\n")
    assert table.subscriptions["ends_on"].isna().all()
    assert table.subscriptions["discount"].tolist() == [0, 0, 0]
    assert table.customers["customer_id"].tolist() == ["C1", "NA"]
    assert table.customers["name"].isna().tolist() == [True, False]
