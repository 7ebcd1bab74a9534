"""What the tables say to each gate of the roadmap: one function a gate, tables in, :class:`Reading` out.

Each takes a :class:`Seen`, the tables as they were known on a day, and looks at nothing else. Where the tables cannot answer, the
reading says why; nothing is guessed. Which function belongs to which gate, and the marks, stand in ``roadmap.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from helpers.metrics import retention
from helpers.metrics.evidence import most_named, named_unprompted, pays_today, with_style
from helpers.metrics.evidence import urgent as urgency_of
from helpers.metrics.policy import Policy
from helpers.metrics.renewals import renewal_rate
from helpers.metrics.result import Result
from helpers.metrics.runway import monthly_burn
from helpers.metrics.uncertainty import wilson_interval
from helpers.models.roadmap import Gate, Reading, roadmap, unknown
from helpers.models.terms import with_terms

YEAR, RAMP = 12, 3  # months; a rep counts as ramped after three (Wu Hao's worked example)
FEW = 10  # contracts of three months below which the window is a year


@dataclass(frozen=True)
class Seen:
    """A company's tables as they were known on a day.

    Parameters
    ----------
    tables : dict
        Name -> DataFrame, with the columns of the course's schema; only tables that were brought.
    on : Timestamp
    gate : Gate
        With its mark in the company's currency.
    policy : Policy
    kept : dict
        What several gates of one day need is computed once and kept here; hand the same dict to all of them.
    """

    tables: dict[str, pd.DataFrame]
    on: pd.Timestamp
    gate: Gate
    policy: Policy = Policy()
    kept: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @property
    def end(self) -> pd.Timestamp:
        """The last day of the last whole month."""
        return (self.on + pd.Timedelta(days=1)).to_period("M").start_time - pd.Timedelta(days=1)

    @property
    def months(self) -> pd.PeriodIndex:
        """The twelve whole months up to :attr:`end`."""
        return pd.period_range(end=self.end.to_period("M"), periods=YEAR, freq="M")


def short(amount: float) -> str:
    """An amount in a few characters.

    Examples
    --------
    >>> short(4_700_000), short(-12_345), short(321)
    ('4.70 m', '-12 k', '321')
    """
    if abs(amount) >= 1e6:
        return f"{amount / 1e6:,.2f} m"
    return f"{amount / 1e3:,.0f} k" if abs(amount) >= 1e4 else f"{amount:,.0f}"


def read_gate(seen: Seen) -> Reading:
    """The reading of a gate, or why there is none.

    Parameters
    ----------
    seen : Seen

    Returns
    -------
    Reading

    Examples
    --------
    >>> read_gate(Seen({}, pd.Timestamp("2025-12-31"), roadmap().gate("paid"))).why
    'there is no table interviews and no table interview_needs'
    """
    if not seen.gate.measure:
        return unknown("no table holds a judgement: ask yourselves, and write down what would change your mind")
    missing = [name for name in seen.gate.tables if name not in seen.tables]
    if missing:
        return unknown(f"there is no table {' and no table '.join(missing)}")
    return MEASURES[seen.gate.measure](seen)


# ---------------------------------------------------------------- stage 1


def need(seen: Seen) -> Reading:
    """Share of openly held talks in which the need named most often came up before anybody had suggested one.

    See :func:`helpers.metrics.evidence.named_unprompted`; talks that began with a list are left out.
    """
    talks, named = seen["interviews"], seen["interview_needs"]
    top = most_named(talks, named) if len(talks) else None
    if top is None:
        return unknown("no talk has been held yet in which a need was named unprompted", counts="talks")
    result = named_unprompted(talks, named, top)
    behind = with_style(talks, named)
    open_talks = behind.loc[behind["style"] == "open", "interview_id"]
    rows = named[named["interview_id"].isin(open_talks) & ~named["prompted"].astype(bool)]
    return _from_result(result, f"{result.value:.0%} named {top!r} unprompted", "talks", rows)


def urgent(seen: Seen) -> Reading:
    """Share of those who named that need unprompted who rate it 4 or 5 of 5; see :func:`helpers.metrics.evidence.urgent`."""
    talks, named = seen["interviews"], seen["interview_needs"]
    top = most_named(talks, named) if len(talks) else None
    if top is None:
        return unknown("no talk has been held yet in which a need was named unprompted", counts="talks")
    result = urgency_of(talks, named, top)
    rows = named[(named["need"] == top) & ~named["prompted"].astype(bool)]
    return _from_result(result, f"{result.value:.0%} of those who named it rate it 4 or 5", "talks", rows)


def paid(seen: Seen) -> Reading:
    """Share of openly held talks with somebody who spends money on the problem today; see :func:`helpers.metrics.evidence.pays_today`."""
    styles = with_style(seen["interviews"], seen["interview_needs"])
    talks = styles[styles["style"] == "open"]
    if talks.empty:
        return unknown("no talk without a list has been held yet", counts="talks")
    result = pays_today(talks)
    return _from_result(result, f"{result.value:.0%} pay for it today", "talks", talks[talks["pays_today"] > 0])


def _from_result(result: Result, said: str, counts: str, rows: pd.DataFrame) -> Reading:
    if result.value != result.value:
        return unknown(result.reason, n=result.n, counts=counts)
    return Reading(result.value, result.low, result.high, result.n, counts, said, rows=rows)


# ---------------------------------------------------------------- stage 2


def new_contracts(seen: Seen) -> pd.DataFrame:
    """First contracts signed up to the day, with ``yearly_amount``, ``by_rep`` and ``plain`` (a stranger, not the founder)."""
    if "new" not in seen.kept:
        signed = seen["contracts"]
        signed = with_terms(signed[(signed["kind"] == "new") & (signed["signed_on"] <= seen.on)])
        founder = signed["founder_signed"].astype(bool)
        seen.kept["new"] = signed.assign(by_rep=signed["rep_id"].notna(), plain=(signed["relation"] == "stranger") & ~founder)
    return seen.kept["new"]


def _unmarked(new: pd.DataFrame) -> str:
    """Why contracts do not say who signed with whom; empty where they do."""
    if new.empty:
        return "nothing has been signed yet"
    if new["relation"].isna().all():
        return "contracts.relation is empty: it says whether a customer was a stranger"
    if not new["founder_signed"].astype(bool).any():
        return "no contract is marked as signed by a founder; every company has some, so the column founder_signed is not filled"
    return ""


def strangers(seen: Seen) -> Reading:
    """Share of new sales-led contracts of three months that a salesperson signed with a stranger.

    Where three months hold fewer than ten contracts, twelve are looked at. Sales-led are contracts with a ``rep_id``.
    """
    new = new_contracts(seen)
    led = new[new["by_rep"]]
    why = _unmarked(new) or ("" if len(led) else "contracts.rep_id is empty: it says who sold")
    if why:
        return unknown(why, counts="contracts")
    for months in (3, YEAR):
        rows = led[led["signed_on"] > _before(seen.on, months)]
        if len(rows) >= FEW:
            break
    n, k = len(rows), int(rows["plain"].sum())
    if n == 0:
        return unknown("nothing was signed in twelve months", counts="contracts")
    said = f"{k / n:.0%} of {n:,} in {months} months were sold by reps to strangers"
    return Reading(k / n, *wilson_interval(k, n), n, "contracts", said, rows=rows)


def ten(seen: Seen) -> Reading:
    """Strangers whom a rep has signed at a price under 40,000 yuan a year.

    The source says of dearer products only that fewer will do. So where there are fewer than ten, and the middle price lies above, nothing
    can be told.
    """
    new = new_contracts(seen)
    why = _unmarked(new) or ("" if new["by_rep"].any() else "contracts.rep_id is empty: it says who sold")
    if why:
        return unknown(why, counts="customers")
    rows = new[new["plain"] & new["by_rep"] & (new["yearly_amount"] < seen.gate.price)].drop_duplicates("customer_id")
    middle, n = float(new["yearly_amount"].median()), len(rows)
    if n < seen.gate.mark and middle >= seen.gate.price:
        return unknown(f"{n} below {seen.gate.price:,.0f} a year, and the source gives no number for dearer products", n=n, counts="customers", rows=rows)
    return Reading(float(n), n=n, counts="customers", said=f"{n:,} strangers signed by reps below {seen.gate.price:,.0f} a year", rows=rows)


def rep(seen: Seen) -> Reading:
    """Salespeople, founders apart, who have signed a stranger."""
    new = new_contracts(seen)
    why = _unmarked(new) or ("" if new["by_rep"].any() else "contracts.rep_id is empty: it says who sold")
    if why:
        return unknown(why, counts="contracts")
    rows = new[new["plain"] & new["by_rep"]]
    reps = rows["rep_id"].nunique()
    return Reading(float(reps), n=len(rows), counts="contracts", said=f"{reps:,} have", rows=rows)


def use(seen: Seen) -> Reading:
    """Share of customers of 2 to 14 months who used the product in the month of the start or the next, and in the last month."""
    first = seen["subscriptions"].groupby("customer_id")["starts_on"].min()
    young = first[(first > _before(seen.end, 14)) & (first <= _before(seen.end, 2))]
    if young.empty:
        return unknown("nobody has been a customer for two months", counts="customers")
    used = seen["usage_monthly"]
    used = used[used["core_actions"] > 0]
    months = set(zip(used["customer_id"], used["month"].dt.to_period("M")))
    last, rows = seen.end.to_period("M"), pd.DataFrame({"customer_id": young.index, "starts_on": young.to_numpy()})
    start = rows["starts_on"].dt.to_period("M")
    rows["soon"] = [(who, m) in months or (who, m + 1) in months for who, m in zip(rows["customer_id"], start)]
    rows["still"] = [(who, last) in months for who in rows["customer_id"]]
    n, k = len(rows), int((rows["soon"] & rows["still"]).sum())
    return Reading(k / n, *wilson_interval(k, n), n, "customers", f"{k / n:.0%} began within a month and still use it", rows=rows)


# ---------------------------------------------------------------- stage 3


def _before(day: pd.Timestamp, months: int) -> pd.Timestamp:
    """The same day some months earlier; the end of a month stays the end of a month."""
    return day - (pd.offsets.MonthEnd(months) if day.is_month_end else pd.DateOffset(months=months))


def _sellers(seen: Seen, day: pd.Timestamp, *, tenure: int = 0) -> pd.DataFrame:
    """Account executives in place on a day, hired at least so many months before."""
    reps = seen["reps"]
    here = (reps["hired_on"] <= _before(day, tenure)) & (reps["left_on"].isna() | (reps["left_on"] > day))
    return reps[(reps["role"].astype(str) == "AE") & here]


def play(seen: Seen) -> Reading:
    """Share of reps past their ramp who signed a new contract in three months."""
    ramped = _sellers(seen, seen.on, tenure=RAMP)
    if ramped.empty:
        return unknown("no rep has been here for three months", counts="reps")
    new = new_contracts(seen)
    sold = new.loc[new["signed_on"] > _before(seen.on, 3), "rep_id"]
    rows = ramped.assign(sold=ramped["rep_id"].isin(sold))[["rep_id", "hired_on", "sold"]]
    n, k = len(rows), int(rows["sold"].sum())
    return Reading(k / n, *wilson_interval(k, n), n, "reps", f"{k / n:.0%} of the ramped reps sold in three months", rows=rows)


def sales_margin(seen: Seen, kinds: str) -> Reading:
    """New sales-led fees of one year, less the costs of these kinds, over twelve whole months."""
    costs, months = seen["costs"], seen.months
    costs = costs.assign(period=costs["month"].dt.to_period("M"), kind=costs["kind"].astype(str))
    covered = costs["period"].nunique() if len(costs) else 0
    if covered < YEAR or costs["period"].max() < months[-1]:
        return unknown(f"costs cover {covered} of the last whole months up to {seen.end:%Y-%m}; twelve are needed", counts="months")
    costs = costs[costs["period"].isin(months)]
    lacking = [kind for kind in kinds if not (costs["kind"] == kind).any()]
    if lacking:
        why = "nobody was paid to sell (no cost of kind A)" if "A" in lacking else f"there is no cost of kind {', '.join(lacking)}"
        return unknown(f"{why} in the twelve months up to {seen.end:%Y-%m}", counts="contracts")
    new = new_contracts(seen)
    led = new[new["by_rep"] & new["signed_on"].dt.to_period("M").isin(months)]
    if led.empty:
        return unknown("no contract of the twelve months names a rep (contracts.rep_id)", counts="contracts")
    rows = costs[costs["kind"].isin(list(kinds))].pivot_table(index="period", columns="kind", values="amount", aggfunc="sum", fill_value=0.0, observed=True)
    rows.insert(0, "S", led.groupby(led["signed_on"].dt.to_period("M"))["yearly_amount"].sum())
    rows = rows.reindex(months).fillna(0.0)
    rows["margin"] = rows["S"] - rows[list(kinds)].sum(axis=1)
    margin, sold = float(rows["margin"].sum()), float(rows["S"].sum())
    said = f"{short(margin)}: {short(sold)} sold, {short(sold - margin)} spent"
    rows = rows.round().astype("int64").rename_axis("month").rename_axis(columns=None).reset_index()
    return Reading(margin, n=len(led), counts="contracts", said=said, rows=rows)


def margin_one(seen: Seen) -> Reading:
    """S - A: do the reps bring in more than they are paid?"""
    return sales_margin(seen, "A")


def margin_two(seen: Seen) -> Reading:
    """S - A - B - C: does the sales department pay for itself and for its leads?"""
    return sales_margin(seen, "ABC")


def margin_three(seen: Seen) -> Reading:
    """S - A - B - C - D - E: do new customers pay for all that wins and serves them in the first year?"""
    return sales_margin(seen, "ABCDE")


# ---------------------------------------------------------------- stage 4


def _rep_months(seen: Seen, end: pd.Timestamp, *, tenure: int = 0) -> int:
    """Account executives in place, summed over the last days of the twelve months up to ``end``."""
    reps = seen["reps"][seen["reps"]["role"].astype(str) == "AE"]
    hired, left = reps["hired_on"].to_numpy(), reps["left_on"].to_numpy()      # an empty day is never in the past
    days = [_before(end, back) for back in range(YEAR)]
    return sum(int(((hired <= _before(day, tenure).to_datetime64()) & ~(left <= day.to_datetime64())).sum()) for day in days)


def output(seen: Seen) -> Reading:
    """New yearly fees for each ramped rep and month, over those of the year before, where the team has grown.

    (fees of a year / months of ramped reps) of the last twelve months, over the same of the twelve before.
    """
    before = _before(seen.end, YEAR)
    now_months, then_months = _rep_months(seen, seen.end, tenure=RAMP), _rep_months(seen, before, tenure=RAMP)
    if then_months < YEAR:
        return unknown("a year before there was less than one ramped rep, so there is nothing to repeat", counts="rep-months")
    if _rep_months(seen, seen.end) <= _rep_months(seen, before):
        return unknown("the team has not grown, so nothing was repeated", n=now_months, counts="rep-months")
    new = new_contracts(seen)
    sellers = seen["reps"].loc[seen["reps"]["role"].astype(str) == "AE", "rep_id"]
    sold = new[new["rep_id"].isin(sellers) & (new["signed_on"] <= seen.end) & (new["signed_on"] > _before(before, YEAR))]
    recent = sold["signed_on"] > before
    now, then = (float(sold.loc[part, "yearly_amount"].sum()) / months for part, months in ((recent, now_months), (~recent, then_months)))
    if then <= 0:
        return unknown("nothing was sold by reps a year before", counts="rep-months")
    said = f"{now:,.0f} a ramped rep and month, {then:,.0f} a year before"
    return Reading(now / then, n=now_months, counts="rep-months", said=said, rows=sold)


def operations(seen: Seen) -> Reading:
    """Share of the new sales-led contracts of twelve months that a founder signed."""
    new = new_contracts(seen)
    why = _unmarked(new)
    if why:
        return unknown(why, counts="contracts")
    rows = new[new["by_rep"] & (new["signed_on"] > _before(seen.on, YEAR))]
    if len(rows) < FEW:
        return unknown(f"{len(rows)} new sales-led contracts in twelve months", n=len(rows), counts="contracts", rows=rows)
    founder = rows["founder_signed"].astype(bool)
    said = f"a founder signed {int(founder.sum()):,} of {len(rows):,} new contracts"
    return Reading(float(founder.mean()), n=len(rows), counts="contracts", said=said, rows=rows[founder])


def leads(seen: Seen) -> Reading:
    """Leads for each account executive and month, over those of the year before."""
    before, came = _before(seen.end, YEAR), seen["leads"]["created_at"]
    now_months, then_months = _rep_months(seen, seen.end), _rep_months(seen, before)
    if then_months < YEAR:
        return unknown("a year before there was less than one rep, so there is nothing to keep up with", counts="leads")
    day_after = seen.end + pd.Timedelta(days=1)
    window = (came >= _before(before, YEAR) + pd.Timedelta(days=1)) & (came < day_after)
    rows = seen["leads"][window]
    recent = rows["created_at"] >= before + pd.Timedelta(days=1)
    now, then = recent.sum() / max(now_months, 1), (~recent).sum() / then_months
    if then == 0 or now_months == 0:
        return unknown("no leads were recorded a year before, or there is no rep now", n=len(rows), counts="leads")
    return Reading(float(now / then), n=int(recent.sum()), counts="leads", said=f"{now:.1f} leads a rep and month, {then:.1f} a year before", rows=rows)


def renewal(seen: Seen) -> Reading:
    """Of what fell due in twelve months, the share of money that was renewed, add-ons of the same customers counted."""
    signed = seen["contracts"][seen["contracts"]["signed_on"] <= seen.on]
    renewals = signed[signed["kind"] == "renewal"]
    if len(renewals) and renewals["renews_contract_id"].isna().all():
        return unknown("renewals do not name the contract that they follow (contracts.renews_contract_id)", counts="customers")
    result = renewal_rate(signed, _before(seen.on, YEAR), seen.on, policy=seen.policy)
    if result.value != result.value:
        return unknown("no contract has run out in twelve months", counts="customers")
    rows = result.rows()
    return Reading(result.value, result.low, result.high, result.n, "customers", f"{result.value:.0%} of what fell due", rows=rows)


def nrr(seen: Seen) -> Reading:
    """Net revenue retention over twelve months, point to point; see :func:`helpers.metrics.retention.nrr`."""
    start = _before(seen.on, YEAR).date()
    result = retention.nrr(seen["subscriptions"], start, seen.on.date(), policy=seen.policy, as_of=seen.on.date())
    if result.value != result.value:
        return unknown("nobody was a customer a year before", counts="customers")
    return Reading(result.value, result.low, result.high, result.n, "customers", f"{result.value:.1%} of what they paid", rows=result.rows())


# ---------------------------------------------------------------- stage 5


def owners(seen: Seen) -> Reading:
    """Steps from lead to money that nobody answers for. The table has no dates: it speaks for the last day only."""
    steps = seen["step_owners"]
    rows = steps[steps["owner"].isna()]
    names = ", ".join(rows["step"].astype(str))
    return Reading(float(len(rows)), n=len(steps), counts="steps", said=f"nobody owns {names}" if names else "each has an owner", rows=rows)


def custom(seen: Seen) -> Reading:
    """Share of delivery hours of twelve months that went into work written for one customer."""
    work = seen["delivery_work"]
    work = work[(work["on"] > _before(seen.on, YEAR)) & (work["on"] <= seen.on)]
    hours = float(work["hours"].sum())
    if hours <= 0:
        return unknown("no delivery work was recorded in twelve months", counts="pieces of work")
    share = float(work.loc[work["kind"].astype(str) == "custom", "hours"].sum()) / hours
    return Reading(share, n=len(work), counts="pieces of work", said=f"{share:.0%} of the hours", rows=work)


def earned(contracts: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """What each contract earned between two days: its fee spread evenly over its term, and one-off amounts when signed.

    Examples
    --------
    >>> rows = pd.DataFrame({"starts_on": pd.to_datetime(["2024-07-01"]), "ends_on": pd.to_datetime(["2025-07-01"]), "recurring_amount": [365.0],
    ...                      "signed_on": pd.to_datetime(["2024-07-01"]), "one_off_amount": [0.0]})
    >>> earned(rows, pd.Timestamp("2024-12-31"), pd.Timestamp("2025-12-31")).tolist()
    [181.0]
    """
    first, last = start + pd.Timedelta(days=1), end + pd.Timedelta(days=1)
    term = (contracts["ends_on"] - contracts["starts_on"]).dt.days
    served = (contracts["ends_on"].clip(upper=last) - contracts["starts_on"].clip(lower=first)).dt.days.clip(lower=0)
    once = contracts["one_off_amount"].fillna(0).where(contracts["signed_on"].between(first, end), 0.0)
    return contracts["recurring_amount"] * (served / term) + once


def heads(seen: Seen) -> Reading:
    """Revenue earned in twelve whole months over the mean number of people at their ends."""
    people, months = seen["headcount"], seen.months
    people = people.assign(period=people["month"].dt.to_period("M"))
    by_month = people[people["period"].isin(months)].groupby("period")["heads"].sum()
    if len(by_month) < YEAR:
        return unknown(f"headcount covers {len(by_month)} of the last twelve months", counts="months")
    known = seen["contracts"][seen["contracts"]["signed_on"] <= seen.on]
    revenue, mean = float(earned(known, _before(seen.end, YEAR), seen.end).sum()), float(by_month.mean())
    rows = by_month.rename_axis("month").reset_index()
    return Reading(revenue / mean, n=round(mean), counts="people", said=f"{revenue / mean:,.0f} a head and year", rows=rows)


INDICATORS = {  # Wu Hao's six, and the tables that each is computed from: (table, the column that dates its rows)
    "one-year price of a new order": (("contracts", "signed_on"),),
    "cycle of a new order": (("opportunities", "closed_on"),),
    "conversion from lead to cash": (("leads", "created_at"), ("opportunities", "opened_on"), ("payments", "paid_on")),
    "sales output and margin a head": (("contracts", "signed_on"), ("costs", "month"), ("headcount", "month")),
    "company output and profit a head": (("payments", "paid_on"), ("costs", "month"), ("headcount", "month")),
    "active rate and renewal rate": (("usage_monthly", "month"), ("contracts", "ends_on")),
}


def indicators(seen: Seen) -> Reading:
    """How many of Wu Hao's six monthly figures have rows to be computed from in the last whole month."""
    wanted = {table for parts in INDICATORS.values() for table, _ in parts}
    missing = sorted(wanted - set(seen.tables))
    if missing:
        return unknown(f"there is no table {', no table '.join(missing)}: they may be kept elsewhere", counts="figures")
    last, rows = seen.end.to_period("M"), []
    for figure, parts in INDICATORS.items():
        empty = [table for table, column in parts if not (seen[table][column].dt.to_period("M") == last).any()]
        rows.append({"figure": figure, "can be computed": not empty, "no rows in": ", ".join(empty)})
    rows = pd.DataFrame(rows)
    able = int(rows["can be computed"].sum())
    return Reading(float(able), n=len(rows), counts="figures", said=f"{able} of {len(rows)} for {last}", rows=rows)


# ---------------------------------------------------------------- every stage


def burn_of(seen: Seen) -> tuple[float, pd.DataFrame]:
    """What leaves in a month, on average over the last twelve, rounds of funding apart; and the rows behind.

    Twelve months hold each season once; renewals that are paid in December make three look too kind. A younger company's months count
    from the third on. From the balances where there are enough (:func:`helpers.metrics.runway.monthly_burn`); else costs less payments
    of twelve months. NaN where neither will do.
    """
    cash, costs, payments = (seen.tables.get(name) for name in ("cash", "costs", "payments"))
    if cash is not None and len(cash) > 3:
        rows = monthly_burn(cash, seen.tables.get("funding_rounds")).tail(YEAR)
        return float(rows["burn"].mean()), rows
    periods = seen.months
    if costs is None or payments is None or not set(periods) <= set(costs["month"].dt.to_period("M")):
        return float("nan"), pd.DataFrame()
    rows = pd.DataFrame({"costs": _by_month(costs, "month", periods), "payments": _by_month(payments, "paid_on", periods)})
    rows["burn"] = rows["costs"] - rows["payments"]
    return float(rows["burn"].mean()), rows.rename_axis("month").reset_index()


def _by_month(table: pd.DataFrame, column: str, periods: Any) -> pd.Series:
    return table.groupby(table[column].dt.to_period("M"))["amount"].sum().reindex(periods, fill_value=0.0)


def runway(seen: Seen) -> Reading:
    """Months until the money is gone, if it leaves as it did in the last twelve months, rounds of funding apart."""
    cash = seen["cash"].sort_values("month")
    if cash.empty:
        return unknown("there is no balance yet", counts="months")
    burn, rows = burn_of(seen)
    if burn != burn:
        return unknown("neither balances nor costs and payments cover the last twelve months", counts="months")
    balance = float(cash["balance"].iloc[-1])
    if burn <= 0:
        return Reading(float("inf"), n=len(rows), counts="months", said="more comes in than leaves", rows=rows)
    left = max(balance, 0.0) / burn
    return Reading(left, n=len(rows), counts="months", said=f"{left:.0f} months: {short(balance)}, of which {short(burn)} leave a month", rows=rows)


MEASURES = {function.__name__: function for function in (
    need, urgent, paid, strangers, ten, rep, use, play, margin_one, margin_two, margin_three, output, operations, leads, renewal, nrr, owners, custom, heads,
    indicators, runway)}
