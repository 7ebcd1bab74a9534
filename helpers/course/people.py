"""Who joins next: roles with the trigger that calls for each, read from a company's tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

ROLES = Path(__file__).with_name("people.yaml")


def strangers_signed_by_founders(company) -> int:
    """New customers signed by a founder who had not known them before."""
    contracts = company.table("contracts")
    new = contracts["kind"].astype(str).eq("new") & contracts["relation"].astype(str).eq("stranger")
    return int((new & contracts["founder_signed"].fillna(False).astype(bool)).sum())


def customers_waiting(company, *, days: int = 30) -> int:
    """Customers whose delivery began more than so many days ago and who are not live."""
    started, end = company.table("implementations"), pd.Timestamp(company.as_of)
    return int((started["live_on"].isna() & (started["started_on"] < end - pd.Timedelta(days=days))).sum())


def founders_hours(company, *, months: int = 3) -> float:
    """Hours a month that founders spent with customers, mean of the last months."""
    touches, end = company.table("success_touches"), pd.Timestamp(company.as_of)
    recent = touches["founder"].fillna(False).astype(bool) & (touches["on"] > end - pd.DateOffset(months=months))
    return float(touches.loc[recent, "minutes"].sum()) / 60 / months


MEASURES = {
    "strangers_signed_by_founders": (strangers_signed_by_founders, "contracts"),
    "customers_waiting": (customers_waiting, "implementations"),
    "founders_hours": (founders_hours, "success_touches"),
}


def next_roles(company, *, stage: int = 1, needs: dict | None = None) -> pd.DataFrame:
    """The roles that a stage calls for, and whether the trigger of each has been pulled.

    Parameters
    ----------
    company : Company
    stage : int
    needs : dict, optional
        Role -> your own number in place of ours.

    Returns
    -------
    pandas DataFrame
        role, trigger, now, needed, state ("now", "not yet", or "cannot tell: ..."), who, source.

    Raises
    ------
    ValueError
        When ``needs`` names a role that this stage does not know.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> next_roles(load_company().as_it_stood("2020-12-31"))["state"].tolist()[0]
    'now'
    """
    roles = [one for one in _roles() if one["stage"] == stage]
    unknown = set(needs or {}) - {one["role"] for one in roles}
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is no role of stage {stage}; there are {', '.join(one['role'] for one in roles)}")
    rows = []
    for one in roles:
        measure, table = MEASURES[one["measure"]]
        needed = (needs or {}).get(one["role"], one["at_least"])
        now = measure(company) if company.has(table) else None
        state = f"cannot tell: no table {table!r}" if now is None else "now" if now >= needed else "not yet"
        rows.append({"role": one["role"], "trigger": one["trigger"], "now": now, "needed": needed, "state": state,
                     "who": one["who"], "source": one["source"]})
    return pd.DataFrame(rows).astype({"now": float})


@cache
def _roles() -> tuple[dict, ...]:
    return tuple(yaml.safe_load(ROLES.read_text(encoding="utf-8"))["roles"])
