"""How six products (and one open package) answer the 24 switches, and where that was read.

Each entry is ``(value, where and what)``. A switch that is not listed was not found in the product's pages and keeps
our default. The products change their rules, and let their users change some of them: check the settings of your own
account before you rely on a preset. Pages were read in 2026.
"""

from __future__ import annotations

from typing import Any

_CHARTMOGUL = "help.chartmogul.com"
_STRIPE = "docs.stripe.com, billing analytics glossary"
_PROFITWELL = "learn.profitwell.com and the comparison pages of paddle.com/help"
_RECURLY = "docs.recurly.com, monthly recurring revenue"
_MAXIO = "help.chargify.com, MRR analytics and MRR FAQ"
_CHARGEBEE = "chargebee.com/docs, flexi MRR vs regular MRR, charts"
_FIVETRAN = "fivetran/dbt_stripe, DECISIONLOG.md"

PRESETS: dict[str, dict[str, tuple[Any, str]]] = {
    "default": {},
    "stripe": {
        "discounts": ("forever", f"{_STRIPE}: once and repeating coupons are not taken off"),
        "trials": ("exclude", f"{_STRIPE}: new is the first paid subscription"),
        "one_off": ("exclude", f"{_STRIPE}: one-off items and tax do not count"),
        "usage": ("exclude", f"{_STRIPE}: metered prices do not count"),
        "fx": ("spot", "support.stripe.com, billing analytics: exchange rates have a line of their own"),
        "mid_month": ("full", f"{_STRIPE}: the new price counts at once"),
        "same_month": ("events", f"{_STRIPE}: the sign-up and the churn are both counted"),
        "past_due": ("until_unpaid", f"{_STRIPE}: past due counts until it is marked unpaid"),
        "refunds": ("ignore", f"{_STRIPE}: refunds concern cash only"),
        "churn_date": ("canceled", f"{_STRIPE}: at the cancellation, or when marked unpaid"),
    },
    "chartmogul": {
        "discounts": ("all", f"{_CHARTMOGUL}: net amounts of the invoice"),
        "free_customers": ("active", f"{_CHARTMOGUL}: a paying customer who falls to 0 stays active; nobody is a customer before the first payment"),
        "trials": ("exclude", f"{_CHARTMOGUL}: no subscription before the first payment"),
        "one_off": ("exclude", f"{_CHARTMOGUL}: one-time charges and tax do not count"),
        "fx": ("constant", f"{_CHARTMOGUL}: exchange rates cause no movement"),
        "grain": ("customer", f"{_CHARTMOGUL} 201244842: cancelling one of two subscriptions is contraction"),
        "mid_month": ("full", "dev.chartmogul.com, prorated invoices: the factor restores the full month"),
        "same_day": (60, f"{_CHARTMOGUL}: events close together are shown as one movement"),
        "same_month": ("events", f"{_CHARTMOGUL} 207340419: the churn rate leaves such customers out again"),
        "reactivation": ("any_gap", f"{_CHARTMOGUL}: whoever churned before"),
        "churn_date": ("service_end", f"{_CHARTMOGUL}, churn recognition: one of three settings; which is set at first has changed over the years"),
        "rounding": ("line", f"{_CHARTMOGUL}: MRR is kept in whole cents"),
    },
    "profitwell": {
        "discounts": ("all", f"{_PROFITWELL}: always taken off"),
        "trials": ("exclude", f"{_PROFITWELL}: free and paid trials do not count"),
        "one_off": ("exclude", f"{_PROFITWELL}: one-off charges and tax are ignored"),
        "usage": ("exclude", f"{_PROFITWELL}: its pages contradict each other; this is the more frequent answer"),
        "fx": ("purchase", f"{_PROFITWELL}: the rate on the day of purchase"),
        "same_month": ("snapshot", f"{_PROFITWELL}: both are ignored"),
        "reactivation": ("any_gap", f"{_PROFITWELL}: after any gap"),
        "pauses": ("separate", f"{_PROFITWELL}: a pause takes MRR to 0"),
        "past_due": ("until_unpaid", f"{_PROFITWELL}: active while payment is retried, then delinquent churn"),
        "refunds": ("ignore", f"{_PROFITWELL}: ignored, but for a yearly refund with immediate churn"),
        "churn_date": ("service_end", f"{_PROFITWELL}: at the end of the paid period"),
    },
    "recurly": {
        "discounts": ("all", f"{_RECURLY}: taken off unless switched off"),
        "days_per_month": (30, "support.recurly.com 360027350412: a daily price times 30"),
        "one_off": ("when_dated", f"{_RECURLY}: one-off items count when they have a start and an end"),
        "usage": ("exclude", f"{_RECURLY}: usage does not count"),
        "fx": ("spot", f"{_RECURLY}: past months keep the rate they had"),
        "grain": ("customer", f"{_RECURLY}: account, month against month before"),
        "mid_month": ("prorated", f"{_RECURLY}: an addition counts with its pro-rata amount until renewal"),
        "same_month": ("snapshot", f"{_RECURLY}: month ends are compared"),
        "reactivation": ("any_gap", f"{_RECURLY}: back after a month or more"),
        "pauses": ("churn", f"{_RECURLY}: active to the end of the period, then 0; churn is whoever had MRR and now has none"),
        "past_due": ("never_churns", f"{_RECURLY}: failed invoices count unless removed"),
        "refunds": ("negative", f"{_RECURLY}: credits and refunds with dates are negative MRR"),
        "churn_date": ("service_end", f"{_RECURLY}: MRR is 0 in the month after"),
        "complete_from_inception": (False, f"{_RECURLY}: its first month shows no churn"),
    },
    "maxio": {
        "discounts": ("all", f"{_MAXIO}: taken off"),
        "trials": ("exclude", f"{_MAXIO}: charges of a trial do not count"),
        "one_off": ("exclude", f"{_MAXIO}: one-off charges and tax do not count"),
        "usage": ("exclude", f"{_MAXIO}: a line of its own"),
        "grain": ("subscription", f"{_MAXIO}: net by subscription"),
        "same_month": ("events", f"{_MAXIO}: the sign-up and the churn are both counted"),
        "reactivation": (90, f"{_MAXIO}: within 90 days; later it is new"),
        "pauses": ("keep", f"{_MAXIO}: a pause changes nothing"),
        "refunds": ("ignore", f"{_MAXIO}: refunds change nothing"),
        "churn_date": ("canceled", f"{_MAXIO}: at the cancellation"),
    },
    "chargebee": {
        "discounts": ("forever_or_monthly", "chargebee.com/docs, limited coupons: counted on monthly, not on yearly plans; one-time coupons nowhere"),
        "trials": ("exclude", f"{_CHARGEBEE}: trials do not count"),
        "one_off": ("exclude", f"{_CHARGEBEE}: one-off charges do not count unless switched on"),
        "usage": ("exclude", f"{_CHARGEBEE}: metered items do not count unless switched on"),
        "grain": ("subscription", f"{_CHARGEBEE}: activation, churn and reactivation of subscriptions"),
        "same_month": ("snapshot", f"{_CHARGEBEE}: a cancellation in the month of activation is left out"),
        "reactivation": ("any_gap", f"{_CHARGEBEE}: reactivation is a movement of its own"),
    },
    "fivetran": {
        "weeks_per_month": (52 / 12, f"{_FIVETRAN}: 52 weeks over 12 months"),
        "trials": ("count", f"{_FIVETRAN}: an item counts from its creation"),
        "grain": ("subscription", f"{_FIVETRAN}: by subscription item"),
        "same_month": ("snapshot", f"{_FIVETRAN}: on the books at a month end or not at all"),
        "order": ("return_last", "the CASE of fivetran/dbt_stripe at 42687a2, run: reactivation is never reached"),
    },
}
