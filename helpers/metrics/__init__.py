"""Metrics of a subscription business: table in, table out, each with its formula, its policy, its n and its interval.

A table is one of pandas, polars, DuckDB, ibis or Spark, or the path of a Parquet file or of a folder of them, however large.
``from helpers.metrics import nrr`` and ``from helpers.metrics.retention import nrr`` are the same; nothing is imported
before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from helpers.metrics.errors import nearest

_HOMES = {
    "policy": ("Policy", "SWITCHES"),
    "errors": ("MetricError",),
    "result": ("Result", "explain"),
    "revenue": ("normalise_mrr", "mrr_at", "total_mrr", "arr", "mrr_movements", "mrr_bridge", "bridge_from"),
    "beside_mrr": ("usage_mrr", "flash_customers", "left_out"),
    "currency": ("convert", "fx_movements"),
    "invoices": ("subscriptions_from_invoices",),
    "recognition": ("spread_invoice", "revenue_by_month"),
    "reconciliation": ("reconcile", "restatements", "policy_table"),
    "retention": ("nrr", "grr", "logo_retention", "retention_definitions", "retention_by_month", "nrr_chained", "nrr_trailing"),
    "cohorts": ("cohort_triangle",),
    "tenure": ("survival", "life_table", "kaplan_meier"),
    "sbg": ("SBG", "fit_sbg", "fit_sbg_from"),
    "renewals": ("renewal_rate",),
    "churn": ("annualise_churn", "customer_churn", "customer_churn_rate", "customer_churn_rate_stripe", "gross_mrr_churn_rate",
              "net_mrr_churn_rate", "churn_by_month", "churn_by_cause", "quick_ratio"),
    "units": ("Rate", "Price"),
    "economics": ("ltv_simple", "ltv_finite_horizon", "magic_number"),
    "product": ("monthly_actives", "stickiness", "viral_users"),
    "uncertainty": ("wilson_interval", "ratio_interval", "nps_variance"),
}
_WHERE = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"helpers.metrics has no {name!r}{nearest(name, _WHERE)}")
    return getattr(import_module(f"helpers.metrics.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, *_HOMES]
