"""Where a company's plan starts: what its own tables say on the last day, and marked guesses for all the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.metrics.revenue import mrr_at, normalise_mrr
from helpers.models.plan import MONTHS, SIZES, YEAR, Driver, Drivers, Schedule, default_drivers, default_schedule

NEW_TO_THE_TEAM = 3  # months in which a rep counts as learning, until a chapter measures the ramp
DEPARTMENTS = {"marketing": "marketing", "r&d": "rnd", "admin": "admin"}


def starting_point(company) -> tuple[Drivers, Schedule]:
    """The drivers and the schedule of a company before any chapter has measured one.

    Read from its tables, where they are there: ARR by size, when it falls due, cash, people, what a person costs, reps in
    place. All else comes from :func:`helpers.models.plan.default_drivers` and is marked as a guess.

    Parameters
    ----------
    company : Company

    Returns
    -------
    Drivers, Schedule

    Raises
    ------
    ValueError
        When nobody is a customer on the company's last day: then there is no book to plan from.
    """
    book = book_by_size(company)
    arr = book.groupby("size")["arr"].sum().to_dict()
    if sum(arr.values()) <= 0:
        raise ValueError(f"{company.name} has no ARR on {company.as_of}: the plan starts from a book of customers")
    heads, cash = _heads(company), _cash(company)
    per_head = 300_000.0 if company.currency == "CNY" else 100_000.0
    drivers = default_drivers(arr, customers=len(book), cash=cash or 0.0, heads=sum(heads.values()) or None, arr_per_head=per_head)
    known = {} if cash is None else {"opening_cash": cash}
    found = {**_found_book(book), **known, **_found_people(company, heads, sum(arr.values()))}
    found = {name: _measured(value, company) for name, value in found.items()}
    if cash is None:
        found["opening_cash"] = Driver(0.0, source="no table of cash: write yours with lesson.drive(\"cash\", ...)")
    drivers = replace(drivers, **found)
    if not drivers.reps_mature_count.guess and drivers.reps_mature_count.value:
        drivers = replace(drivers, rep_output_per_month=_output(drivers, sum(arr.values())))
    replacing = default_schedule(drivers)
    return drivers, replace(replacing, starts_on=str(company.as_of + pd.Timedelta(days=1)), due_share=due_by_month(company))


def _measured(value, company) -> Driver:
    """What the tables say; a text instead of a number says why the driver is 0."""
    where = f"the tables of {company.name}" + (f": {value}" if isinstance(value, str) else "")
    return Driver(0.0 if isinstance(value, str) else float(value), source=where, as_of=str(company.as_of), guess=False)


def book_by_size(company) -> pd.DataFrame:
    """Each customer's ARR and size on the company's last day; a customer of unknown size counts as mid."""
    policy = company.policy
    book = mrr_at(company.subscriptions, company.as_of, policy=policy, as_of=company.as_of)
    size = company.customers.set_index("customer_id")["size"] if "size" in company.customers else pd.Series(dtype=object)
    size = book["customer_id"].map(size.astype(object)).fillna("mid").astype(str)
    return book.assign(arr=YEAR * book["mrr"] / policy.minor_units, size=size.where(size.isin(SIZES), "mid"))


def due_by_month(company) -> dict[str, tuple]:
    """Size -> the share of its ARR that falls due in each of the 24 months after the company's last day.

    What is open-ended counts as spread over a year; what ends later than 24 months on is not due in the plan.
    """
    now = pd.Timestamp(company.as_of)
    lines = company.subscriptions
    lines = lines[(lines["starts_on"] <= now) & (lines["ends_on"].isna() | (lines["ends_on"] > now))]
    lines = lines.merge(company.customers[["customer_id", "size"]], on="customer_id", how="left")
    counts = lines["interval_count"].fillna(1) if "interval_count" in lines else pd.Series(1, index=lines.index)
    off = lines["discount"].fillna(0) if "discount" in lines else 0.0
    factor = {pair: normalise_mrr(1.0, pair[0], int(pair[1])) for pair in set(zip(lines["interval"], counts))}
    money = lines["amount"] * (1 - off) * [factor[pair] for pair in zip(lines["interval"], counts)]
    month = (lines["ends_on"].dt.year - now.year) * YEAR + lines["ends_on"].dt.month - now.month - 1
    size = lines["size"].astype(object).fillna("mid").astype(str)
    return {name: _shares(money[size == name], month[size == name]) for name in SIZES}


def _shares(money, month) -> tuple:
    total = float(money.sum())
    if total <= 0:
        return (0.0,) * MONTHS
    due = np.zeros(MONTHS)
    dated = month.between(-1, MONTHS - 1)
    np.add.at(due, month[dated].clip(lower=0).astype(int).to_numpy(), money[dated].to_numpy())
    due[:YEAR] += float(money[month.isna()].sum()) / YEAR
    return tuple(due / total)


def _found_book(book) -> dict:
    arr = book.groupby("size")["arr"].sum()
    return {f"opening_arr_{size}": float(arr.get(size, 0.0)) for size in SIZES}


def _cash(company) -> float | None:
    if not company.has("cash"):
        return None
    rows = company.table("cash").sort_values("month")
    rows = rows[rows["month"] <= pd.Timestamp(company.as_of)]
    return float(rows["balance"].iloc[-1]) if len(rows) else None


def _heads(company) -> dict[str, float]:
    if not company.has("headcount"):
        return {}
    rows = company.table("headcount")
    rows = rows[rows["month"] <= pd.Timestamp(company.as_of)]
    last = rows[rows["month"] == rows["month"].max()]
    return {str(name).lower(): float(heads) for name, heads in last.groupby("department", observed=True)["heads"].sum().items()}


def _found_people(company, heads, arr) -> dict:
    found = {f"{DEPARTMENTS[name]}_heads_count": count for name, count in heads.items() if name in DEPARTMENTS}
    if heads.get("success"):
        found["arr_per_success_head"] = arr / heads["success"]
    return {**found, **_found_reps(company, heads), **_found_costs(company)}


def _found_reps(company, heads) -> dict:
    if not company.has("reps"):
        return {}
    now, reps = pd.Timestamp(company.as_of), company.table("reps")
    here = reps[(reps["role"].astype(str) == "AE") & (reps["hired_on"] <= now) & (reps["left_on"].isna() | (reps["left_on"] > now))]
    if here.empty:
        return {}
    mature = int((here["hired_on"] <= now - pd.DateOffset(months=NEW_TO_THE_TEAM)).sum())
    others = {"support_per_rep_ratio": max(heads["sales"] - len(here), 0) / len(here)} if heads.get("sales") else {}
    return {"reps_mature_count": mature, "reps_ramping_count": len(here) - mature, **others}


def _found_costs(company) -> dict:
    """What a person costs in a month, department by department, over the last twelve months; nothing is counted twice.

    All costs of customer success and of running the service go to its people, so that no share of revenue comes on top.
    """
    if not (company.has("costs") and company.has("headcount")):
        return {}
    months, costs = _last_year(company, "headcount"), _last_year(company, "costs")
    heads = months.groupby(months["department"].astype(str).str.lower())["heads"].sum()
    kind, where = costs["kind"].astype(str), costs["department"].astype(str).str.lower()
    spent = costs[kind != "C"].groupby(where[kind != "C"])["amount"].sum()
    each = (spent / heads).replace([np.inf, -np.inf], np.nan).dropna()
    found = {f"{DEPARTMENTS[name]}_cost_per_month": value for name, value in each.items() if name in DEPARTMENTS}
    if "success" in each:
        found |= {"success_cost_per_month": each["success"], "serving_cost_share": "it is in the cost of customer success"}
    if "sales" in each:
        found |= {"rep_cost_per_month": each["sales"], "support_cost_per_month": each["sales"],
                  "commission_share": "it is in the cost of the reps"}
    if {"rnd_cost_per_month", "admin_cost_per_month"} <= set(found):
        found["other_cost_per_month"] = "it is in the costs of the departments"
    return found


def _last_year(company, name) -> pd.DataFrame:
    rows, now = company.table(name), pd.Timestamp(company.as_of)
    return rows[(rows["month"] <= now) & (rows["month"] > now - pd.DateOffset(years=1))]


def _output(drivers, arr) -> Driver:
    """Output of the reps in place that would bring a quarter of the ARR as new in a year: a guess until it is measured."""
    value = 0.25 * arr / YEAR / drivers.reps_mature_count.value
    return Driver(value, value / 2, value * 2, source="ours: the reps in place bring a quarter of the ARR in a year")
