"""Plain estimators, written without the course's own helpers, so that the tests compare two ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "datasets" / "lanternfish"
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Read:
    """A company folder as pandas tables."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.settings = yaml.safe_load((self.folder / "company.yaml").read_text(encoding="utf-8"))
        self.truth = yaml.safe_load((self.folder / "truth.yaml").read_text(encoding="utf-8"))
        self.as_of = pd.Timestamp(self.settings["as_of"])
        self._read = {}

    def __getitem__(self, name):
        if name not in self._read:
            path = self.folder / f"{name}.csv"
            self._read[name] = (
                pd.read_csv(path, keep_default_na=True)
                if path.exists()
                else pd.read_parquet(path.with_suffix(".parquet"))
            )
        return self._read[name]

    def dates(self, name, *columns):
        frame = self[name].copy()
        for column in columns:
            frame[column] = pd.to_datetime(frame[column])
        return frame

    def size(self):
        bands = self.settings["size_bands"]
        customers = self["customers"]
        edges = [bands["small"][0], bands["mid"][0], bands["large"][0], np.inf]
        return pd.Series(
            pd.cut(customers.employees, edges, right=False, labels=list(bands)).astype(str).values,
            customers.customer_id,
        )


def monthly(subscriptions):
    """Return net MRR of each row."""
    months = subscriptions.interval.map(MONTHS) * subscriptions.interval_count
    return subscriptions.amount * (1 - subscriptions.discount) / months


def mrr(company, on):
    """Return MRR of each paying customer at the end of a day."""
    rows = company.dates("subscriptions", "starts_on", "ends_on")
    rows = rows[rows.status.isin(["active", "past_due"])]
    rows = rows[(rows.starts_on <= on) & (rows.ends_on > on)]
    return monthly(rows).groupby(rows.customer_id).sum()


def year_ends(company):
    """Return the last day of every business year, the last first-to-last."""
    first = pd.to_datetime(company["subscriptions"].starts_on).min()
    ends = []
    end = company.as_of
    while end >= first:
        ends.append(end)
        end = end - pd.DateOffset(years=1) + pd.offsets.MonthEnd(0)
    return ends[::-1]


def decisions(company):
    """Return one row for each contract term that ran out: size, age in renewals, mode, and whether the customer left."""
    contracts = company.dates("contracts", "signed_on", "starts_on", "ends_on")
    main = contracts[contracts.kind != "add-on"].sort_values(["customer_id", "starts_on"])
    months = (main.ends_on.dt.year - main.starts_on.dt.year) * 12 + main.ends_on.dt.month - main.starts_on.dt.month
    main = main.assign(months=months)
    main["renewal"] = main.groupby("customer_id").months.cumsum() // 12
    following = main.groupby("customer_id").starts_on.shift(-1)
    main = main.assign(left=following.isna(), first=main.groupby("customer_id").cumcount() == 0)
    main = main[main.ends_on <= company.as_of]
    customers = company["customers"].set_index("customer_id")
    main["size"] = main.customer_id.map(company.size())
    for column in ("industry", "acquired_by", "employees", "partner_id"):
        main[column] = main.customer_id.map(customers[column])
    return main


def mantel_haenszel(rows, column, one, other, strata):
    """Return the risk ratio of leaving, `one` over `other`, pooled over strata."""
    above = below = 0.0
    for _, part in rows.groupby(strata):
        a, b = part[part[column] == one], part[part[column] == other] if other else part[part[column] != one]
        if len(a) and len(b):
            above += a.left.sum() * len(b) / (len(a) + len(b))
            below += b.left.sum() * len(a) / (len(a) + len(b))
    return above / below


def logarithms(frame, outcome, controls, flags):
    """Return exp(coefficient) of each flag in a least-squares fit of log(outcome)."""
    parts = [
        frame[flags].astype(float),
        pd.get_dummies(frame[controls["categories"]].astype(str), drop_first=True, dtype=float),
    ]
    for name in controls["logs"]:
        parts.append(np.log(frame[name]).rename(f"log {name}"))
    design = pd.concat(parts, axis=1)
    design.insert(0, "constant", 1.0)
    found, *_ = np.linalg.lstsq(design.to_numpy(), np.log(frame[outcome]).to_numpy(), rcond=None)
    return pd.Series(np.exp(found), design.columns)[flags]
