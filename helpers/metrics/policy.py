"""The MRR policy: 24 switches that decide what a company's MRR is.

There is no single MRR. Two careful people get different numbers from the same subscriptions, because one counts a
customer who is late with a payment and the other does not. A :class:`Policy` writes those decisions down once, goes
into every function of ``helpers.metrics``, and is carried by every result.
"""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from helpers.metrics.errors import MetricError, nearest
from helpers.metrics.presets import PRESETS


class Switch(NamedTuple):
    """One decision: its number, the question it answers, what may be chosen, and what each choice means."""

    number: int
    name: str
    question: str
    choices: dict[str, str]


SWITCHES: tuple[Switch, ...] = (
    Switch(1, "time_base", "Which instant stands for a month?", {
        "month_end": "the state at the last instant of the month",
        "month_start": "the state at the first instant of the month",
        "day": "every day is a period of its own"}),
    Switch(2, "time_zone", "In which zone does a month end?", {
        "<IANA zone>": "instants with an offset are converted to it before they are cut into months"}),
    Switch(3, "unknown_interval", "What of a billing interval that is not known?", {
        "reject": "an error that names the rows",
        "exclude": "those rows are left out; they are never taken at their face value"}),
    Switch(4, "weeks_per_month", "How many weeks (and days) has a month?", {
        "<number>": "52/12 weeks and 365/12 days unless said otherwise (days_per_month is its companion)"}),
    Switch(5, "discounts", "Which discounts are taken off?", {
        "all": "every discount in force",
        "forever": "only those without an end (column discount_duration)",
        "forever_or_monthly": "limited ones only on monthly plans, and those for once never",
        "none": "none: MRR at list price"}),
    Switch(6, "free_customers", "Is a customer at a price of 0 a customer?", {
        "inactive": "no: reaching 0 is churn",
        "active": "yes, once they have paid, for as long as a line is in force"}),
    Switch(7, "trials", "Does a trial count?", {
        "exclude": "not before it is paid; the conversion is new",
        "count": "from its first day"}),
    Switch(8, "one_off", "Do set-up fees, one-off charges, tax and pass-through count?", {
        "exclude": "never",
        "when_dated": "one-off and set-up lines with a start and an end are spread between them"}),
    Switch(9, "usage", "Does metered usage count?", {
        "exclude": "no; usage_mrr() shows it apart",
        "last_month": "yes, each month's usage in its month",
        "trailing_3": "yes, as a mean over three months",
        "trailing_12": "yes, as a mean over twelve months"}),
    Switch(10, "fx", "At which rate are foreign currencies converted?", {
        "constant": "one table of rates; exchange rates move nothing",
        "spot": "each month at its own rate; the effect is a line of its own, fx",
        "purchase": "the rate of the month in which the line began"}),
    Switch(11, "grain", "Whose movements are they?", {
        "customer": "a customer's subscriptions are summed first and classified second",
        "subscription": "each subscription by itself"}),
    Switch(12, "mid_month", "What is a line worth that was billed pro rata?", {
        "full": "its full monthly rate from the day of the change; pro-rata invoice lines count nothing on top",
        "prorated": "only what was billed, until renewal"}),
    Switch(13, "same_day", "Cancelled and bought again on one day?", {
        "net": "no movement: a day is netted",
        "<minutes>": "netted only when so many minutes or fewer lie between one and the next (needs times of day and same_month='events')"}),
    Switch(14, "same_month", "New and gone within one month?", {
        "snapshot": "not seen at any month end; flash_customers() counts them",
        "events": "both are movements"}),
    Switch(15, "reactivation", "When is a returning customer a reactivation?", {
        "any_gap": "always",
        "never": "never: they are new again",
        "<days>": "within so many days; later they are new"}),
    Switch(16, "pauses", "What of a paused subscription?", {
        "separate": "MRR 0, with movements pause and resume of its own",
        "fold": "MRR 0, shown as contraction and expansion",
        "churn": "MRR 0, shown as churn and reactivation",
        "keep": "it goes on counting"}),
    Switch(17, "past_due", "How long does an unpaid subscription count?", {
        "<days>": "so many days after it fell due (column past_due_on; without it the line's start), then it is lost",
        "until_unpaid": "until its status is unpaid",
        "never_churns": "for ever"}),
    Switch(18, "refunds", "Do refunds and credit notes change MRR?", {
        "ignore": "no, unless they end the service",
        "negative": "yes, as negative lines over their dates"}),
    Switch(19, "churn_date", "On which day is a cancelled customer lost?", {
        "service_end": "at the end of the paid service",
        "canceled": "on the day of the cancellation (column canceled_on)",
        "requested": "on the day it was asked for (column cancel_requested_on)"}),
    Switch(20, "backdating", "What of rows recorded after the day of the report?", {
        "as_recorded": "not known yet (columns recorded_at, end_recorded_at)",
        "restate": "past months are restated"}),
    Switch(21, "complete_from_inception", "Do the data reach back to the first customer?", {
        "False": "the first month seen is opening, not new",
        "True": "the first month seen is new business too"}),
    Switch(22, "right_edge", "What of a month that is not over?", {
        "flag": "shown, in a column partial",
        "drop": "left out",
        "keep": "shown like any other"}),
    Switch(23, "order", "What is asked first: the state or the sign?", {
        "state_first": "new, reactivation and churn before expansion and contraction",
        "return_last": "churn before the sign, return after it: reactivation is never reached (a known fault, to be seen)",
        "sign_first": "the sign alone: neither churn nor reactivation is ever reached (a known fault, to be seen)"}),
    Switch(24, "rounding", "Where does a fraction of a cent go?", {
        "state": "lines stay exact; a customer's MRR is rounded",
        "line": "each line is rounded"}),
)

_NUMERIC = {"weeks_per_month": float, "same_day": int, "reactivation": int, "past_due": int}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The decisions behind an MRR; see :data:`SWITCHES` for what each field asks and what may be answered.

    ``days_per_month`` belongs to switch 4; ``minor_units`` (how many of the smallest unit make one: 100 fen are a yuan)
    and ``name`` are not switches.

    Examples
    --------
    >>> print(Policy(trials="count"))
    policy default, but trials = count
    >>> Policy(trials="cuont")
    Traceback (most recent call last):
    helpers.metrics.errors.MetricError: Policy: trials = 'cuont' is not known, did you mean 'count'? Choose 'exclude' or 'count'.
    """

    time_base: str = "month_end"
    time_zone: str = "UTC"
    unknown_interval: str = "reject"
    weeks_per_month: float = 52 / 12
    days_per_month: float = 365 / 12
    discounts: str = "all"
    free_customers: str = "inactive"
    trials: str = "exclude"
    one_off: str = "exclude"
    usage: str = "exclude"
    fx: str = "constant"
    grain: str = "customer"
    mid_month: str = "full"
    same_day: str | int = "net"
    same_month: str = "snapshot"
    reactivation: str | int = "any_gap"
    pauses: str = "separate"
    past_due: str | int = 30
    refunds: str = "ignore"
    churn_date: str = "service_end"
    backdating: str = "as_recorded"
    complete_from_inception: bool = False
    right_edge: str = "flag"
    order: str = "state_first"
    rounding: str = "state"
    minor_units: int = 100
    name: str = "default"

    def __post_init__(self) -> None:
        for switch in SWITCHES:
            _check(switch, getattr(self, switch.name))
        for name in ("weeks_per_month", "days_per_month", "minor_units"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not (0 < value < math.inf):
                raise MetricError(f"Policy: {name} = {value!r} must be a number above 0.")

    def __str__(self) -> str:
        changes = self.differs_from(Policy.preset(self.name) if self.name in PRESETS else Policy())
        listed = ", ".join(f"{name} = {value}" for name, value in changes.items())
        return f"policy {self.name}" + (f", but {listed}" if listed else "")

    def replace(self, **changes: Any) -> Policy:
        """Return a copy with some switches changed.

        Examples
        --------
        >>> Policy().replace(pauses="keep").pauses
        'keep'
        """
        _known_fields(changes)
        return replace(self, **changes)

    def differs_from(self, other: Policy) -> dict[str, Any]:
        """Return the switches that differ from ``other``, with this policy's values.

        Examples
        --------
        >>> Policy(trials="count").differs_from(Policy())
        {'trials': 'count'}
        """
        mine, theirs = asdict(self), asdict(other)
        return {name: value for name, value in mine.items() if name != "name" and value != theirs[name]}

    def to_toml(self) -> str:
        """Return the policy as TOML text, one line for each field.

        Examples
        --------
        >>> Policy.from_toml(Policy(past_due=14).to_toml()) == Policy(past_due=14)
        True
        """
        return "".join(f"{name} = {_toml(value)}\n" for name, value in asdict(self).items())

    @classmethod
    def from_toml(cls, text: str) -> Policy:
        """Read what :meth:`to_toml` wrote; fields that are missing keep their default.

        Examples
        --------
        >>> Policy.from_toml('trials = "count"').trials
        'count'
        """
        return cls.from_dict(tomllib.loads(text))

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Policy:
        """Make a policy from settings, such as the ``policy`` of a company.yaml; ``preset`` names where to start.

        Examples
        --------
        >>> Policy.from_dict({"preset": "stripe", "trials": "count"}).discounts
        'forever'
        """
        settings = dict(settings)
        return cls.preset(settings.pop("preset", "default"), **settings)

    @classmethod
    def preset(cls, name: str, /, **changes: Any) -> Policy:
        """Return the policy of a product: default, stripe, chartmogul, profitwell, recurly, maxio or chargebee.

        Examples
        --------
        >>> Policy.preset("maxio").reactivation
        90
        """
        if name not in PRESETS:
            known = ", ".join(PRESETS)
            raise MetricError(f"Policy: no preset {name!r}{nearest(name, PRESETS)} Known are {known}.")
        _known_fields(changes)
        values = {switch: value for switch, (value, _) in PRESETS[name].items()}
        return cls(**{"name": name, **values, **changes})


def _known_fields(changes: dict[str, Any]) -> None:
    known = [field.name for field in fields(Policy)]
    for name in changes:
        if name not in known:
            raise MetricError(f"Policy: no switch {name!r}{nearest(name, known)} SWITCHES in helpers.metrics.policy lists all.")


def _check(switch: Switch, value: Any) -> None:
    if switch.name == "time_zone":
        _check_zone(value)
    elif switch.name == "complete_from_inception":
        _require(isinstance(value, bool), switch, value, "Choose True or False.")
    elif isinstance(value, str) and not value.startswith("<") and value in switch.choices:
        return
    else:
        _check_number(switch, value)


def _check_number(switch: Switch, value: Any) -> None:
    kind = _NUMERIC.get(switch.name)
    words = [choice for choice in switch.choices if not choice.startswith("<")]
    number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    hint = " or ".join(repr(word) for word in words) + (f"{' or ' if words else ''}a number from 0" if kind else "")
    _require(bool(kind) and number and value >= 0, switch, value, f"Choose {hint}.", words)


def _require(right: bool, switch: Switch, value: Any, mend: str, words: list[str] | None = None) -> None:
    if not right:
        raise MetricError(f"Policy: {switch.name} = {value!r} is not known{nearest(value, words or [])} {mend}")


def _check_zone(value: Any) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise MetricError(f"Policy: time_zone = {value!r} is not known{nearest(value, available_timezones())} "
                          "Use an IANA name such as 'Asia/Shanghai'.") from error


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
