"""A plain, well-known estimator for every truth, written for any company and without the course's own helpers."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
from plain import decisions, logarithms, mantel_haenszel, mrr, year_ends

FOUND = {}


def finds(pattern):
    """Register an estimator; it is called with the company and the groups of the pattern."""

    def keep(function):
        FOUND[re.compile(pattern)] = function
        return function

    return keep


def find(company, key):
    """Return what the estimator of a truth finds, or raise KeyError where there is none."""
    for pattern, function in FOUND.items():
        match = pattern.fullmatch(key)
        if match:
            return function(company, *match.groups())
    raise KeyError(key)


def words(company, key, pattern):
    """Return the groups of a pattern in the sentence of a truth: names and dates that a reader is told."""
    return re.search(pattern, company.truth[key]["how"]).groups()


# ------------------------------------------------------------------ tables that several estimators share


@cache
def terms(company):
    """Return contract terms of a year that ran out, with what was known about their customers."""
    rows = decisions(company)
    rows = rows[rows.months == 12].copy()
    start = rows.groupby("customer_id").starts_on.transform("min")
    value, done = goals(company)
    rows["soon"] = (rows.customer_id.map(value) - start).dt.days <= 200
    rows["goals"] = rows.customer_id.map(done).fillna(0)
    rows["champion_left"] = rows.contract_id.isin(losing_a_champion(company, rows))
    work = company.dates("implementations", "live_on").drop_duplicates("customer_id").set_index("customer_id")
    rows["gap"] = rows.customer_id.map(work.promise_gap)
    rows["slow"] = (rows.customer_id.map(work.live_on) - start).dt.days > 60
    rows["partner"] = rows.partner_id.astype("string").str[0].fillna("-")
    deals = company["opportunities"]
    rows["co_created"] = rows.customer_id.isin(deals[deals.co_created & (deals.outcome == "won")].customer_id)
    answers = company["surveys"]
    rows["score"] = rows.customer_id.map(answers[answers.kind == "nps"].groupby("customer_id").score.mean())
    return rows


@cache
def goals(company):
    """Return the day of first value of each customer, and how many goals it has reached."""
    rows = company.dates("milestones", "reached_on")
    value = rows[rows.goal_no == 1].set_index("customer_id").reached_on
    return value, rows.groupby("customer_id").reached_on.count()


def losing_a_champion(company, rows):
    """Return the contracts during which a champion left."""
    people = company.dates("stakeholders", "left_on")
    gone = people[people.champion & people.left_on.notna()]
    gone = gone.merge(rows[["customer_id", "contract_id", "starts_on", "ends_on"]], on="customer_id")
    return gone[(gone.left_on >= gone.starts_on) & (gone.left_on < gone.ends_on)].contract_id


@cache
def first_deals(company):
    """Return the first contract of each customer with its yearly price."""
    contracts = company.dates("contracts", "starts_on", "ends_on", "signed_on")
    first = contracts[contracts.kind == "new"].sort_values("starts_on").drop_duplicates("customer_id")
    months = (first.ends_on.dt.year - first.starts_on.dt.year) * 12 + first.ends_on.dt.month - first.starts_on.dt.month
    customers = company["customers"].set_index("customer_id")
    first = first.join(customers[["industry", "employees", "acquired_by", "partner_id"]], on="customer_id")
    first["price"] = first.recurring_amount / months * 12
    first["year"] = business_year(company, first.starts_on)
    first["size"] = first.customer_id.map(company.size())
    first["cell"] = first.year.astype(str) + first["size"]
    return first


@cache
def deals(company):
    """Return closed deals that began with a lead."""
    rows = company.dates("opportunities", "opened_on", "closed_on")
    customers = company["customers"].set_index("customer_id")
    rows = rows[rows.lead_id.notna() & rows.outcome.notna()].join(customers[["industry", "employees"]], on="customer_id")
    rows["size"] = rows.customer_id.map(company.size())
    rows["won"] = rows.outcome == "won"
    return rows


@cache
def sellers(company):
    """Return account executives."""
    reps = company.dates("reps", "hired_on", "left_on")
    return reps[reps.role == "AE"].set_index("rep_id")


@cache
def months_of_sellers(company):
    """Return one row for each account executive and month at whose end the person was there: tenure and deals won."""
    rows = []
    for month in pd.period_range(sellers(company).hired_on.min(), company.as_of, freq="M"):
        end = month.end_time.normalize()
        there = sellers(company)
        there = there[(there.hired_on <= end) & (there.left_on.isna() | (there.left_on > end))]
        tenure = (month - there.hired_on.dt.to_period("M")).map(lambda gap: gap.n)
        rows.append(pd.DataFrame({"month": month, "rep_id": there.index, "team": there.team, "tenure": tenure}))
    rows = pd.concat(rows, ignore_index=True)
    won = deals(company)[deals(company).won]
    counts = won.groupby([won.rep_id, won.closed_on.dt.to_period("M").rename("month")]).size().rename("won")
    return rows.join(counts, on=["rep_id", "month"]).fillna({"won": 0})


def business_year(company, days):
    """Return the calendar year in which the business year of each day ends."""
    return (days.dt.to_period("M") + (12 - company.as_of.month)).dt.year


def a_month(company, days):
    """Return the month of each day."""
    return pd.to_datetime(days.astype("string").str[:10]).dt.to_period("M")


# ------------------------------------------------------------------ retention


@finds(r"hazard_(\w+)_(\d)")
def hazard(company, size, age):
    rows = terms(company)
    return rows[(rows["size"] == size) & (rows.renewal == int(age))].left.mean()


@finds(r"sbg_(alpha|beta)_(\w+)")
def shifted_beta_geometric(company, which, size):
    return best_fit(company, size)[which == "beta"]


@cache
def best_fit(company, size):
    """Return the alpha and beta of highest likelihood on a grid."""
    rows = terms(company)
    counts = rows[rows["size"] == size].groupby("renewal").left.agg(["sum", "count"])
    alpha, beta = (axis.ravel() for axis in np.meshgrid(np.linspace(0.1, 8, 159), np.linspace(0.2, 10, 197)))
    value = 0.0
    for age, row in counts.iterrows():
        hazard_ = alpha / (alpha + beta + age - 1)
        value = value + row["sum"] * np.log(hazard_) + (row["count"] - row["sum"]) * np.log(1 - hazard_)
    return alpha[value.argmax()], beta[value.argmax()]


@finds(r"leaving_(seeding|inbound|outbound)_over_(\w+)")
def leaving_by_source(company, one, other):
    return mantel_haenszel(terms(company), "acquired_by", one, other, ["size", "renewal"])


def ordinary(company):
    """Return the industries about which no truth is told."""
    named = {key[6:].replace("_", " ") for key in company.truth if key.startswith("price_")}
    return sorted(set(company["customers"].industry) - named)


def leaving_of_industry(company, industry):
    rows = terms(company)
    rows = rows[rows.industry.isin([industry, *ordinary(company)])]
    return mantel_haenszel(rows, "industry", industry, None, ["size", "renewal"])


@finds(r"price_(\w+)")
def price_of_industry(company, name):
    industry = name.replace("_", " ")
    rows = first_deals(company)
    rows = rows[rows.industry.isin([industry, *ordinary(company)])].merge(
        company["opportunities"][["opportunity_id", "positioning"]], on="opportunity_id", how="left"
    )
    rows = rows.assign(flag=rows.industry == industry, positioning=rows.positioning.fillna("tool"))
    controls = {"categories": ["cell", "acquired_by", "positioning"], "logs": ["employees"]}
    return logarithms(rows, "price", controls, ["flag"])["flag"]


@finds("tiny_industry_accounts")
def accounts_of_the_tiny_industry(company):
    return company["market"].groupby("industry").accounts.sum().min()


@finds("leaving_prepaid")
def leaving_prepaid(company):
    rows = decisions(company)
    usual = terms(company)[terms(company).renewal == 1].groupby("size").left.mean()
    long = rows[rows.months > 12]
    return long.left.mean() / long["size"].map(usual).mean()


@finds("long_deals")
def long_deals(company):
    contracts = company["contracts"]
    return ((contracts.billing == "prepaid") & (contracts.kind != "add-on")).sum()


@finds(r"nrr_(\d+)")
def nrr(company, year):
    before, after = two_ends(company, int(year))
    return after.reindex(before.index).fillna(0).sum() / before.sum()


def two_ends(company, year):
    ends = year_ends(company)
    place = [end.year for end in ends].index(year)
    return mrr(company, ends[place - 1]), mrr(company, ends[place])


@finds("survivors_only_above")
def survivors_only(company):
    """Return a growth of survivors that is read wrongly: the smallest of the years from the third on."""
    found = []
    for end in year_ends(company)[2:]:
        before, after = two_ends(company, end.year)
        stayed = before.index.intersection(after.index)
        found.append(after[stayed].sum() / before[stayed].sum())
    return min(found)


@finds(r"customers_(\d+)")
def customers_at_year_end(company, year):
    return len(mrr(company, pd.Timestamp(int(year), company.as_of.month, company.as_of.day)))


@finds(r"arr_(\d+)")
def arr_at_year_end(company, year):
    return mrr(company, pd.Timestamp(int(year), company.as_of.month, company.as_of.day)).sum() * 12


# ------------------------------------------------------------------ why customers leave

CAUSES = {
    "no_first_value": ("soon", False),
    "champion_left": ("champion_left", True),
    "practice": (None, True),
    "agents": ("A", None),
    "marketplace": ("M", None),
}


@finds(r"leaving_(\w+)")
def leaving(company, cause):
    if cause in ("agents", "marketplace"):
        rows = terms(company)
        rows = rows[rows.partner.isin([CAUSES[cause][0], "-"])]
        return mantel_haenszel(rows, "partner", CAUSES[cause][0], None, ["size", "renewal"])
    if cause in ("practice", "community"):
        return leaving_in_a_programme(company, cause)
    special = {
        "satisfied": leaving_satisfied,
        "per_promise": leaving_per_promise,
        "slow_delivery": leaving_slow_delivery,
        "co_created": leaving_co_created,
    }
    if cause in special:
        return special[cause](company)
    if cause in CAUSES:
        column, one = CAUSES[cause]
        return mantel_haenszel(terms(company), column, one, None, ["size", "renewal"])
    return leaving_of_industry(company, cause.replace("_", " "))


def leaving_in_a_programme(company, cause):
    """Return the risk ratio of members; users of the product join, so use (goals reached) is held equal for the community."""
    (name,) = words(company, f"leaving_{cause}", r"in the programme ([\w ]+)")
    joined = company["cs_programmes"]
    members = joined[joined.programme == name].customer_id
    rows = terms(company).assign(member=lambda d: d.customer_id.isin(members))
    if cause == "practice":
        return mantel_haenszel(rows, "member", True, None, ["size", "renewal"])
    rows["use"] = use_of(company).reindex(rows.customer_id).to_numpy()
    return mantel_haenszel(rows.dropna(subset=["use"]), "member", True, None, ["size", "use"])


@cache
def use_of(company):
    """Return for each customer the fifth of its size into which its core actions a month fall, two months before the end left out."""
    rows = company.dates("usage_monthly", "month")
    end = company.dates("subscriptions", "ends_on").groupby("customer_id").ends_on.max()
    left = (rows.customer_id.map(end).dt.to_period("M") - rows.month.dt.to_period("M")).map(lambda gap: gap.n)
    mean = rows[left > 2].groupby("customer_id").core_actions.mean()
    by_size = mean.groupby(company.size().reindex(mean.index))
    return by_size.rank(pct=True, method="first").mul(5).clip(upper=4.999).astype(int)


def leaving_satisfied(company):
    rows = terms(company).dropna(subset=["score"]).assign(happy=lambda d: d.score >= 9)
    return mantel_haenszel(rows, "happy", True, None, ["size", "renewal"])


def first_renewals(company):
    rows = terms(company)
    return rows[(rows.renewal == 1) & rows.gap.notna()]


def leaving_per_promise(company):
    rows = first_renewals(company)
    rows = rows[rows.gap.isin([0, 1])].assign(any=lambda d: d.gap == 1)
    return mantel_haenszel(rows, "any", True, None, ["size"])


def leaving_slow_delivery(company):
    return mantel_haenszel(first_renewals(company), "slow", True, None, ["size"])


def leaving_co_created(company):
    (industry,) = words(company, "leaving_co_created", r"mid and large (.+)$")
    rows = terms(company)
    rows = rows[(rows.industry == industry) & (rows["size"] != "small")]
    return mantel_haenszel(rows, "co_created", True, None, ["size", "renewal"])


# ------------------------------------------------------------------ leads and deals


@finds(r"win_(\w+)_over_(\w+)")
def win_ratio(company, one, other):
    leads = company["leads"]
    created = pd.to_datetime(leads.created_at.str[:10])
    leads = leads[created <= company.as_of - pd.Timedelta(days=365)]
    leads = leads.assign(left=leads.customer_id.isin(first_deals(company).customer_id), size=leads.segment.str.rsplit("-", n=1).str[1])
    return mantel_haenszel(leads, "mode", one, other, ["size"])


@finds(r"cycle_(\w+)_over_(\w+)")
def cycle_ratio(company, one, other):
    won = deals(company)[deals(company).won].merge(company["leads"][["lead_id", "created_at", "mode"]], on="lead_id")
    won["days"] = (won.closed_on - pd.to_datetime(won.created_at.str[:10])).dt.days
    won = won[won["mode"].isin([one, other])].assign(flag=lambda d: d["mode"] == one, days=won.days.clip(lower=1))
    return logarithms(won, "days", {"categories": ["size"], "logs": []}, ["flag"])["flag"]


@finds("answer_half_life")
def half_life(company):
    leads = company["leads"]
    leads = leads[(leads["mode"] == "inbound") & leads.answered_at.notna()]
    hours = (pd.to_datetime(leads.answered_at.str[:16]) - pd.to_datetime(leads.created_at.str[:16])).dt.total_seconds() / 3600
    bins = pd.cut(hours, np.arange(0, 150, 12))
    rate, place = leads.mql_on.notna().groupby(bins).mean(), hours.groupby(bins).mean()
    weight = np.sqrt(leads.mql_on.notna().groupby(bins).sum())
    return -1 / np.polyfit(place, np.log2(rate), 1, w=weight)[0]


@finds("content_lag")
def content_lag(company):
    correlations = content_correlations(company)
    return max(correlations, key=correlations.get)


def content_correlations(company):
    """Return by lag the correlation of changes of leads with changes of spending, search and content."""
    spend, leads = company.dates("marketing_spend", "month"), company["leads"]
    names = ["search", "content"]
    money = spend[spend.channel.isin(names)].groupby("month").amount.sum()
    made = leads[leads.channel.isin(names)]
    count = made.groupby(pd.to_datetime(made.created_at.str[:7] + "-01")).size().reindex(money.index).fillna(0)
    change, paid = np.log(count + 1).diff(), np.log(money).diff()
    return {lag: change.corr(paid.shift(lag)) for lag in range(8)}


@finds("solution_premium")
def solution_premium(company):
    won = deals(company)[deals(company).won]
    won = won.assign(
        solution=won.positioning == "solution", cell=business_year(company, won.opened_on).astype(str) + won["size"]
    )
    return logarithms(won, "amount", {"categories": ["cell", "industry"], "logs": ["employees"]}, ["solution"])["solution"]


def sold(company):
    """Return new contracts that salespeople sold and that are not prepaid, before and after the last change of plan."""
    contracts = company.dates("contracts", "signed_on")
    rows = contracts[(contracts.kind == "new") & contracts.rep_id.notna() & (contracts.billing != "prepaid")]
    change = pd.to_datetime(company["commission_plans"]["from"]).max()
    return rows.assign(after=np.where(rows.signed_on >= change, "after", "before"))


@finds(r"discount_(before|after)")
def discount(company, when):
    return sold(company).groupby("after").discount.mean()[when]


@finds(r"month_end_(before|after)")
def month_end(company, when):
    rows = sold(company)
    late = rows.signed_on.dt.days_in_month - rows.signed_on.dt.day < 5
    return late.groupby(rows.after).mean()[when]


@finds("refund_clause_lift")
def refund_clause_lift(company):
    size, begin, end = words(company, "refund_clause_lift", r"of (\w+) deals closed from (\S+) to (\S+)")
    rows = deals(company)
    rows = rows[(rows["size"] == size) & (rows.closed_on >= begin) & (rows.closed_on < end)]
    rate = rows.won.groupby(rows.refund_offered).mean()
    return rate[True] / rate[False]


@finds("refunded")
def refunded(company):
    return company["refunds"].amount.sum() / company["payments"].amount.sum()


@finds("co_creation_lift")
def co_creation_lift(company):
    industry, begin = words(company, "co_creation_lift", r"mid and large (.+), closed from (\S+) on")
    rows = deals(company)
    rows = rows[(rows.industry == industry) & (rows["size"] != "small") & (rows.closed_on >= begin)]
    rate = rows.won.groupby(rows.co_created).mean()
    return rate[True] / rate[False]


@finds("lost_at_first_visit")
def lost_at_first_visit(company):
    steps = company.dates("stage_history", "entered_on").sort_values("entered_on", kind="stable")
    last = steps.groupby("opportunity_id").step.last()
    return (deals(company)[~deals(company).won].opportunity_id.map(last) == "first visit").mean()


@finds("qualification_fall")
def qualification_fall(company):
    by_size = qualified(company)[0]
    return (by_size.iloc[:, -2] - by_size.iloc[:, -1]).mean()


def qualified(company):
    """Return the share of leads that qualified, by size and business year, and of all by business year."""
    leads = company["leads"]
    year = business_year(company, pd.to_datetime(leads.created_at.str[:10]))
    size, done = leads.segment.str.rsplit("-", n=1).str[1], leads.mql_on.notna()
    return done.groupby([size, year]).mean().unstack(), done.groupby(year).mean()


@finds(r"anomaly_(\d)")
def anomaly(company, number):
    """Return the months in which leads of the named modes were furthest from their level and season.

    Of several months, the least odd one counts.
    """
    what, level = words(company, f"anomaly_{number}", r": ([\w ]+) leads at (\d+)% of the usual")
    length = len(company.truth[f"anomaly_{number}"]["value"].split(", "))
    low, counts = int(level) < 100, leads_by_month(company, what.split(" and "))
    counts = without_explained(company, counts, f"anomaly_{number}")
    odd = over_season(counts).rolling(length).agg("max" if low else "min")
    last = odd.idxmin() if low else odd.idxmax()
    return ", ".join(str(month) for month in pd.period_range(end=last, periods=length, freq="M"))


def without_explained(company, counts, key):
    """Return the counts with single months that another anomaly explains filled in from their neighbours."""
    others = [truth["value"] for name, truth in company.truth.items() if name.startswith("anomaly_") and name != key]
    explained = pd.PeriodIndex([months for months in others if "," not in months], freq="M")
    return counts.where(~counts.index.isin(explained)).interpolate()


def over_season(counts):
    """Return by month, in standard errors, what a line for each year and one season for all years leave over."""
    counts = counts.iloc[len(counts) % 12 :]
    year, month = np.arange(len(counts)) // 12, np.arange(len(counts)) % 12
    parts = [np.eye(year.max() + 1)[year], np.eye(year.max() + 1)[year] * month[:, None], np.eye(12)[month][:, 2:]]
    design, weight = np.column_stack(parts), np.sqrt(counts.clip(lower=1).to_numpy())
    value = np.log(counts.clip(lower=1).to_numpy())
    found = np.linalg.lstsq(design * weight[:, None], value * weight, rcond=None)[0]
    return pd.Series((value - design @ found) * weight, counts.index)


def leads_by_month(company, modes):
    """Return how many leads of these modes came in each month."""
    leads = company["leads"]
    leads = leads[leads["mode"].isin(modes)]
    months = pd.period_range(leads.created_at.min()[:7], company.as_of, freq="M")
    return a_month(company, leads.created_at).value_counts().reindex(months, fill_value=0).astype(float)


@finds("holiday_month")
def holiday_month(company):
    """Return January over February, or the other way round, where one of them held the whole holiday."""
    contracts = company.dates("contracts", "signed_on")
    signed = contracts[(contracts.kind == "new") & contracts.rep_id.notna()].signed_on
    counts = signed.dt.to_period("M").value_counts()
    first = year_ends(company)[2].year + 1
    ratios = []
    for year in range(first, company.as_of.year + 1):
        one, other = (pd.Period(f"{year}-{month:02d}") for month in (1, 2))
        days = {month: silent_days(signed, month) for month in (one, other)}
        low = min(counts.get(one, 0), counts.get(other, 0)) / max(counts.get(one, 1), counts.get(other, 1))
        if max(days.values()) >= 14 and low < 0.7:
            ratios.append(low)
    return np.mean(ratios)


def silent_days(signed, month):
    """Return the longest run of days of a month without a signature."""
    days = pd.Series(pd.date_range(month.start_time, month.end_time.normalize()))
    quiet = ~days.isin(signed)
    return int(quiet.groupby((~quiet).cumsum()).sum().max())


# ------------------------------------------------------------------ salespeople


@finds("small_ticket_on_large_deals")
def small_ticket(company):
    won = deals(company)[deals(company).won].join(sellers(company)[["background"]], on="rep_id", how="inner")
    counts = won.groupby(["background", won["size"] == "large"]).size().unstack(fill_value=0)
    odds = counts[True] / counts[False]
    return odds["small-ticket"] / odds["solution"]


@finds("kept_of_a_class")
def kept(company):
    reps = sellers(company)
    reps = reps[reps.hired_on < company.as_of - pd.Timedelta(days=130)]
    return (reps.left_on.isna() | ((reps.left_on - reps.hired_on).dt.days > 125)).mean()


@finds("ramp_months")
def ramp(company):
    """Return the first month of tenure that reaches nine tenths of the output of those there for half a year and more."""
    rate = output_by_tenure(company)
    return int(rate.index[(rate >= 0.9).to_numpy().argmax()])


def output_by_tenure(company):
    """Return deals won by tenure over what the same months' reps with half a year and more would have won."""
    rows = months_of_sellers(company)
    old = rows[rows.tenure >= 6].groupby("month").won.agg(["mean", "size"])
    rows = rows.assign(usual=rows.month.map(old["mean"][old["size"] >= 3])).dropna(subset=["usual"])
    sums = rows.groupby(rows.tenure.clip(upper=6))[["won", "usual"]].sum()
    return sums.won / sums.usual


@finds(r"training_lift_(young|old)")
def training(company, age):
    """Return the change of the ratio of trained to untrained teams, in deals for each full month of a rep."""
    first, second = sorted(pd.to_datetime(company["training"].on).dt.to_period("M").unique())[:2]
    ratio = [teams_ratio(company, age, first - 8, first), teams_ratio(company, age, first + 1, second)]
    return ratio[1] / ratio[0]


def teams_ratio(company, age, begin, end):
    keen, rest = (team.split(", ") for team in team_names(company, age))
    rows = months_of_sellers(company)
    rows = rows[rows.month.between(begin, end)]
    ramped = output_by_tenure(company).clip(upper=1).reindex(rows.tenure.clip(upper=6)).to_numpy()
    sums = rows.assign(full=ramped).groupby("team")[["won", "full"]].sum()
    rate = lambda teams: sums.reindex(teams).won.sum() / sums.reindex(teams).full.sum()  # noqa: E731
    return rate(keen) / rate(rest)


def team_names(company, age):
    if age == "young":
        return words(company, "training_lift_young", r"trained first \(([^)]*)\) over that of the others \(([^)]*)\)")
    return words(company, "training_lift_old", r"old teams: (.*) over (.*)$")


@finds(r"incentive_(moved|lift)")
def incentive(company, which):
    """Return what the month after lacks, and what the month itself gained beyond that, in usual months of the teams."""
    ratio, month = ratio_of_the_scheme(company)
    usual = ratio.reindex([month + gap for gap in (-3, -2, -1, 2, 3)]).mean()
    moved = 1 - ratio[month + 1] / usual
    return moved if which == "moved" else ratio[month] / usual - 1 - moved


def ratio_of_the_scheme(company):
    """Return by month the output of the scheme's teams over that of the others, for each full month of a rep."""
    scheme, rows = company.dates("incentives", "from"), months_of_sellers(company)
    ramped = output_by_tenure(company).clip(upper=1).reindex(rows.tenure.clip(upper=6)).to_numpy()
    sums = rows.assign(full=ramped, inside=rows.team.isin(scheme.team)).groupby(["month", "inside"])[["won", "full"]].sum()
    rate = (sums.won / sums.full).unstack()
    return rate[True] / rate[False], scheme["from"].iloc[0].to_period("M")


@finds(r"(weak|unlucky)_rep")
def special_rep(company, which):
    """Return who sells least always, or who sold least in the bad year of those whose other years are as good as anybody's."""
    table = relative_output(company)
    table = table[table.count(axis=1) >= 2]
    weak = table.mean(axis=1).idxmin()
    if which == "weak":
        return weak
    year = bad_year(company)
    good = table.drop(columns=year).mean(axis=1) >= 0.85
    return table[year][good].idxmin()


def bad_year(company):
    """Return the business year that the truth names."""
    (year,) = words(company, "unlucky_rep", r"in business year (\d)")
    return year_ends(company)[int(year) - 1].year


def relative_output(company):
    """Return deals for each full month of a rep over the mean of the year, by business year (five full months or more)."""
    rows = months_of_sellers(company)
    full = output_by_tenure(company).clip(upper=1).reindex(rows.tenure.clip(upper=6)).to_numpy()
    rows = rows.assign(full=full, year=(rows.month + (12 - company.as_of.month)).dt.year)
    sums = rows.groupby(["rep_id", "year"])[["won", "full"]].sum()
    sums = sums[sums.full >= 5]
    team = sums.groupby("year").sum()
    return (sums.won / sums.full).unstack() / (team.won / team.full)


# ------------------------------------------------------------------ growth, contacts, work


def add_on_deals(company):
    rows = company.dates("opportunities", "closed_on")
    rows = rows[rows.lead_id.isna()]
    start = company.dates("contracts", "starts_on").groupby("customer_id").starts_on.min()
    return rows.assign(age=(rows.closed_on - rows.customer_id.map(start)).dt.days, by_sales=rows.rep_id.notna())


@finds("growth_by_sales_first_90_days")
def early_growth(company):
    rows = add_on_deals(company)
    return rows.by_sales[rows.age <= 90].mean()


@finds("growth_by_sales_to_month_12")
def later_growth(company):
    rows = add_on_deals(company)
    return rows.by_sales[(rows.age > 90) & (rows.age <= 365)].mean()


def referrals(company):
    """Return customers brought, by whether the referrer scores 9 or 10 and whether it reached first value."""
    answers = company["surveys"]
    score = answers[answers.kind == "nps"].groupby("customer_id").score.mean()
    first = company.dates("contracts", "starts_on").groupby("customer_id").starts_on.min()
    soon = (goals(company)[0] - first).dt.days.reindex(score.index) <= 200
    brought = company["customers"].referred_by.value_counts().reindex(score.index).fillna(0)
    return brought.groupby([score >= 9, soon]).mean()


@finds("referrals_of_promoters_with_value")
def referral_ratio(company):
    by = referrals(company)
    return by[True, True] / by[False, True]


@finds("star_lag")
def star_lag(company):
    correlations = star_correlations(company)
    return max(correlations, key=correlations.get)


def star_correlations(company):
    """Return by lag the correlation of the renewal rate with trainings for each customer."""
    rows = decisions(company)
    begin = (year_ends(company)[1] + pd.DateOffset(months=5)).to_period("M")
    renewed = (~rows.left).groupby(rows.ends_on.dt.to_period("M")).agg(["mean", "size"])
    renewed = renewed[(renewed["size"] >= 8) & (renewed.index >= begin)]["mean"]
    touches = company.dates("success_touches", "on")
    held = touches[touches.kind == "training"].groupby(touches.on.dt.to_period("M")).size()
    months = pd.period_range(begin - 8, company.as_of, freq="M")
    contracts = company.dates("contracts", "starts_on", "ends_on")
    base = pd.Series({m: ((contracts.starts_on <= m.end_time) & (contracts.ends_on > m.start_time)).sum() for m in months})
    rate = held.reindex(months).fillna(0) / base
    return {lag: renewed.corr(rate.shift(lag).reindex(renewed.index)) for lag in range(9)}


@finds("touches_of_prepaid")
def touches_of_prepaid(company):
    contracts = company.dates("contracts", "starts_on", "ends_on")
    touches = company.dates("success_touches", "on")
    touches, size = touches[touches.kind != "training"], company.size()
    contracts = contracts[contracts.customer_id.map(size) == "small"]

    def rate(part):
        inside = touches.merge(part[["customer_id", "starts_on", "ends_on"]], on="customer_id")
        inside = inside[(inside.on >= inside.starts_on) & (inside.on < inside.ends_on)]
        return len(inside) / ((part.ends_on.clip(upper=company.as_of) - part.starts_on).dt.days.sum() / 365)

    long = contracts[contracts.billing == "prepaid"]
    plain = contracts[(contracts.billing != "prepaid") & (contracts.kind != "add-on") & (contracts.starts_on >= long.starts_on.min())]
    return rate(long) / rate(plain)


@finds(r"work_margin_(\w+)")
def work_margin(company, size):
    contracts = company["contracts"].assign(size=lambda d: d.customer_id.map(company.size()))
    fee = contracts.groupby("size").one_off_amount.sum()
    done = set(company["delivery_work"].contract_id)
    fee = contracts[contracts.contract_id.isin(done)].groupby("size").one_off_amount.sum()
    work = company["delivery_work"].merge(contracts[["contract_id", "size"]], on="contract_id")
    return 1 - work.groupby("size").cost.sum()[size] / fee[size]


@finds("platform_pays_from")
def platform(company):
    saves, price = words(company, "platform_pays_from", r"which (\d+)% .* more than ([\d,]+),")
    work = company.dates("delivery_work", "on")
    custom = work[work.kind == "custom"].groupby(work.on.dt.to_period("M")).cost.sum()
    year = custom.reindex(all_months(company), fill_value=0).rolling(12, min_periods=1).sum()
    good = year[year * int(saves) / 100 > float(price.replace(",", ""))]
    return str(good.index[0]) if len(good) else "never"


def all_months(company):
    return pd.period_range(pd.Period(company["cash"].month.min()[:7]), company.as_of, freq="M")


# ------------------------------------------------------------------ partners


@finds(r"partner_share_(\w+)_(first|later)")
def partner_share(company, kind, which):
    rows = contracts_of(company, kind)
    first = rows.contract_id.isin(first_deals(company).contract_id)
    rows = rows[first if which == "first" else ~first]
    return rows.fee.sum() / rows.recurring_amount.sum()


@finds(r"partner_margin_(\w+)")
def partner_margin(company, kind):
    rows = contracts_of(company, kind)
    return 1 - rows.fee.sum() / rows.recurring_amount.sum()


def contracts_of(company, kind):
    """Return all contracts of the customers that partners of a kind brought, with the partner's fee."""
    partner = company["customers"].set_index("customer_id").partner_id
    mark = {"agents": "A", "marketplace": "M"}[kind]
    fees = company["partner_fees"].groupby("contract_id").amount.sum()
    contracts = company["contracts"].assign(fee=lambda d: d.contract_id.map(fees).fillna(0))
    return contracts[contracts.customer_id.map(partner).astype("string").str[0] == mark]


@finds("bookings_of_long_deals")
def bookings(company):
    begin, end = words(company, "bookings_of_long_deals", r"^(\S+) to (\S+):")
    return bookings_by_month(company).loc[begin:end].sum().pipe(lambda sums: sums.recurring_amount / sums.a_year)


def bookings_by_month(company):
    """Return what was signed as new or added, in whole and for a year, by month of signature."""
    rows = company.dates("contracts", "signed_on", "starts_on", "ends_on")
    months = (rows.ends_on.dt.year - rows.starts_on.dt.year) * 12 + rows.ends_on.dt.month - rows.starts_on.dt.month
    rows = rows.assign(a_year=rows.recurring_amount / months * 12)[rows.kind != "renewal"]
    return rows.groupby(rows.signed_on.dt.to_period("M"))[["recurring_amount", "a_year"]].sum()


# ------------------------------------------------------------------ research, value, product


@finds("prompting")
def prompting(company):
    named = company["interview_needs"].groupby("interview_id").size()
    talks = company["interviews"].set_index("interview_id").list_shown
    count = named.reindex(talks.index).fillna(0).groupby(talks).mean()
    return count[True] / count[False]


@finds("profit_added")
def profit_added(company):
    rows = company["value"].dropna(subset=["profit_added"])
    return rows.profit_added.sum() / (rows.hours_saved * rows.wage).sum()


@finds("hook_that_works")
def hook_that_works(company):
    hooks = company["hooks"].set_index("hook")
    return (hooks.activated / hooks.clicked).idxmax()


@finds("hook_activation")
def hook_activation(company):
    hooks = company["hooks"]
    return (hooks.activated / hooks.clicked).max()


@finds(r"friction_step_(\d)")
def friction(company, place):
    return company["touchpoints"].groupby("step").feeling.mean().sort_values().index[int(place) - 1]


@cache
def users(company):
    rows = company["users"].copy()
    rows["at"] = pd.to_datetime(rows.signed_up_at.str[:19])
    rows["shared"] = rows.groupby("device").user_id.transform("size")
    return rows


@cache
def came_back(company):
    """Return users who did more than sign up and look in."""
    events = company["events"]
    return set(events[~events.event.isin(["signed up", "logged in"])].user_id)


@finds("faked_share")
def faked_share(company):
    (campaign,) = words(company, "faked_share", r"of campaign ([\w-]+),")
    rows = users(company)[users(company).campaign == campaign]
    return ((rows.shared > 5) & ~rows.user_id.isin(came_back(company))).mean()


def genuine_free(company):
    (campaign,) = words(company, "faked_share", r"of campaign ([\w-]+),")
    rows = users(company)
    return rows[rows.customer_id.isna() & ~((rows.campaign == campaign) & (rows.shared > 5))]


@finds(r"k_(together|social|reward)")
def k_of_layer(company, layer):
    invitations = company["invitations"]
    return (invitations.accepted_at.notna() & (invitations.layer == layer)).sum() / len(genuine_free(company))


@finds("k_at_first_above")
def k_at_first(company):
    """Return accepted invitations for each user of the role in the quarter in which they were most."""
    return k_of_role(company).max()


def k_of_role(company):
    (role,) = words(company, "k_at_first_above", r"^k of (.+?)s? who")
    invitations = company["invitations"]
    brought = invitations[invitations.accepted_at.notna()].from_user_id.value_counts()
    free = users(company)[users(company).customer_id.isna() & (users(company).role == role)]
    quarters = free.user_id.map(brought).fillna(0).groupby(free["at"].dt.to_period("Q")).agg(["mean", "size"])
    return quarters[quarters["size"] >= 10]["mean"]


@finds(r"charge_(\w+)")
def charge(company, role):
    return users(company).groupby("role").initial_charge.mean()[role.replace("_", " ")]


@finds("free_user_cost")
def free_user_cost(company):
    costs = company.dates("costs", "month")
    run = costs[(costs.kind == "COGS") & (costs.department == "R&D")].groupby(costs.month.dt.to_period("M")).amount.sum()
    free = users(company)[users(company).customer_id.isna()]
    there = free["at"].dt.to_period("M").value_counts().reindex(all_months(company), fill_value=0).rolling(12, min_periods=1).sum()
    return run.iloc[-12:].sum() / there.iloc[-12:].sum()


@finds(r"experiment_(\w+)")
def experiment(company, name):
    rows = company["experiments"]
    rows = rows[rows.experiment.str.replace("[ -]", "_", regex=True).eq(name) & rows.outcome.notna()].sort_values("exposed_at")
    if "early users are left out" in company.truth[f"experiment_{name}"]["how"]:
        rows = rows.tail(len(rows) * 4 // 5)
    return difference(rows)


def difference(rows):
    mean = rows.groupby("arm").outcome.mean()
    return mean["variant"] - mean["control"]


@cache
def calls(company):
    """Return the test of sales calls, with how many of those a user invited have come."""
    rows = company["experiments"]
    rows = rows[(rows.experiment == "sales call") & rows.outcome.notna()]
    invitations = company["invitations"]
    came = invitations[invitations.accepted_at.notna()].from_user_id.value_counts()
    return rows.assign(came=rows.user_id.map(came))


@finds("call_signal")
def call_signal(company):
    """Return the border from which on a call changes most: a step, fitted by least squares, beside a straight line."""
    rows, left = calls(company), {}
    for border in range(2, 7):
        step = (rows.came >= border) & (rows.arm == "variant")
        design = np.column_stack([np.ones(len(rows)), rows.came, step])
        outcome = rows.outcome.to_numpy(dtype=float)
        left[border] = ((outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0]) ** 2).sum()
    return min(left, key=left.get)


@finds("call_lift")
def call_lift(company):
    return difference(calls(company)[calls(company).came >= company.truth["call_signal"]["value"]])


@cache
def months_before_loss(company):
    """Return mean core actions and visits of lost customers by months before the end."""
    rows = company.dates("usage_monthly", "month")
    end = company.dates("subscriptions", "ends_on").groupby("customer_id").ends_on.max()
    rows["end"] = rows.customer_id.map(end)
    rows["left"] = (rows.end.dt.year - rows.month.dt.year) * 12 + rows.end.dt.month - rows.month.dt.month
    return rows[rows.end <= company.as_of].groupby("left")[["core_actions", "sessions"]].mean()


@finds("north_star_lead")
def north_star_lead(company):
    core = months_before_loss(company).core_actions
    return max(month for month in range(1, 7) if core[month] < 0.7 * core[8:12].mean())


@finds("fading")
def fading(company):
    core = months_before_loss(company).core_actions
    return core[[1, 2]].mean() / core[[3, 4, 5, 6]].mean()


@finds("visits_before_loss")
def visits_before_loss(company):
    visits = months_before_loss(company).sessions
    return visits[[1, 2]].mean() / visits[[3, 4, 5, 6]].mean()


@finds("would_miss")
def would_miss(company):
    rows = company["surveys"]
    return (rows[rows.kind == "pmf"].score == 3).mean()


@finds("would_miss_active")
def would_miss_active(company):
    rows = company["surveys"]
    rows = rows[(rows.kind == "pmf") & (rows.customer_id.map(goals(company)[1]) == 3)]
    return (rows.score == 3).mean()


# ------------------------------------------------------------------ starvation and gates


def executives_by_month(company):
    return months_of_sellers(company).groupby("month").size().reindex(all_months(company), fill_value=0)


def leads_in_all(company):
    return leads_by_month(company, ["inbound", "outbound", "seeding"]).reindex(all_months(company), fill_value=0)


@finds("starved_year")
def starved_year(company):
    leads, heads = (by_year(company, series) for series in (leads_in_all(company), executives_by_month(company)))
    return str((leads / heads)[heads >= 48].idxmin())


def by_year(company, series):
    return series.groupby((series.index + (12 - company.as_of.month)).year).sum()


@finds("starved_months")
def starved_months(company):
    (line,) = words(company, "starved_months", r"fewer than (\d+)")
    heads = executives_by_month(company)
    short = (leads_in_all(company).rolling(3).sum() < int(line) * heads.rolling(3).sum()) & (heads.rolling(3).min() >= 4)
    runs = short[short].groupby((~short).cumsum()[short])
    if not len(runs):
        return "none"
    longest = max((run for _, run in runs), key=len)
    return f"{longest.index[0]} to {longest.index[-1]}"


@finds("never_started")
def never_started(company):
    work = company.dates("implementations", "started_on", "live_on")
    years = year_ends(company)[int(words(company, "never_started", r"first (\d) business")[0]) - 1]
    return (work.live_on.isna() & (work.started_on <= years + pd.Timedelta(days=20))).sum()


def sales_led(company):
    contracts = company.dates("contracts", "signed_on", "starts_on", "ends_on")
    rows = contracts[contracts.contract_id.isin(first_deals(company).contract_id) & contracts.rep_id.notna()]
    months = (rows.ends_on.dt.year - rows.starts_on.dt.year) * 12 + rows.ends_on.dt.month - rows.starts_on.dt.month
    return rows.assign(a_year=rows.recurring_amount / months * 12)


def for_good(flags):
    """Return the first index from which a series of flags is true to its end, or None."""
    bad = np.flatnonzero(~flags.to_numpy(dtype=bool))
    place = bad[-1] + 1 if len(bad) else 0
    return flags.index[place] if place < len(flags) else None


@finds("gate_idea")
def gate_idea(company):
    least, mark = words(company, "gate_idea", r"\((\d+) or more\).* is above (\d+)%")
    talks = company.dates("interviews", "held_on").sort_values(["held_on", "interview_id"])
    talks = talks[~talks.list_shown]
    named = company["interview_needs"]
    good = {}
    for count in range(int(least), len(talks) + 1):
        asked = talks.head(count)
        rows = named[named.interview_id.isin(asked.interview_id)]
        top = rows.need.value_counts()
        of_top = rows[rows.need == sorted(top[top == top.max()].index, key=list(company["needs"].need).index)[0]]
        share, z = len(of_top) / count, 1.96
        low = (share + z * z / 2 / count - z * np.sqrt(share * (1 - share) / count + z * z / 4 / count**2)) / (1 + z * z / count)
        pays = (asked.pays_today > 0).mean()
        good[count] = low > int(mark) / 100 and (of_top.urgency >= 4).mean() >= 0.5 and pays >= 1 / 3
    first = for_good(pd.Series(good))
    return "never" if first is None else str(talks.held_on.iloc[first - 1].date())


@finds("gate_strangers")
def gate_strangers(company):
    rows = sales_led(company)
    plain = (~rows.founder_signed & (rows.relation == "stranger")).groupby(rows.signed_on.dt.to_period("M"))
    months = all_months(company)
    good, count = (series.reindex(months, fill_value=0).rolling(3, min_periods=1).sum() for series in (plain.sum(), plain.size()))
    return str(for_good(good * 10 >= count * 9))


@finds("gate_ten_customers")
def gate_ten_customers(company):
    (price,) = words(company, "gate_ten_customers", r"less than ([\d,]+) a year")
    rows = sales_led(company)
    rows = rows[~rows.founder_signed & (rows.relation == "stranger") & (rows.a_year < int(price.replace(",", "")))]
    return str(rows.signed_on.sort_values().iloc[9].date())


@finds("gate_use")
def gate_use(company):
    start = company.dates("contracts", "starts_on").groupby("customer_id").starts_on.min()
    soon = (goals(company)[0].reindex(start.index) - start).dt.days <= 200
    good = {}
    for month in all_months(company):
        end = month.end_time.normalize()
        old = (start <= end - pd.Timedelta(days=200)) & (start > end - pd.Timedelta(days=565))
        good[end] = old.sum() >= 10 and soon[old].mean() > 0.5
    first = for_good(pd.Series(good))
    return "never" if first is None else str(first.date())


@finds("gate_stable")
def gate_stable(company):
    marks = [gate_ten_customers(company), gate_use(company)]
    strangers = pd.Period(gate_strangers(company)).end_time.date()
    return max([*marks, str(strangers)])


@cache
def margins(company):
    """Return S and costs by business year, with the margins of the three levels."""
    costs = company.dates("costs", "month")
    table = costs.groupby([business_year(company, costs.month), "kind"]).amount.sum().unstack().fillna(0)
    rows = sales_led(company)
    table["S"] = rows.a_year.groupby(business_year(company, rows.starts_on)).sum().reindex(table.index).fillna(0)
    table["one"] = table.S - table.A
    table["two"] = table.one - table.B - table.C
    table["three"] = table.two - table.D - table.E
    return table


@finds("gate_margin_(one|two|three)")
def gate_margin(company, level):
    heads = by_year(company, executives_by_month(company))
    first = for_good((margins(company)[level] > 0) & (heads > 0))
    return "never" if first is None else str(first)


@cache
def output_of_mature(company):
    """Return months worked by mature reps, and S for each of them, by business year."""
    rows = months_of_sellers(company)
    ramp_ = company.truth["ramp_months"]["value"]
    mature = by_year(company, rows[rows.tenure >= ramp_].groupby("month").size().reindex(all_months(company), fill_value=0))
    return mature, margins(company).S / mature.where(mature > 0)


@finds("gate_replication")
def gate_replication(company):
    mature, each = output_of_mature(company)
    first = for_good((each >= 0.9 * each.shift()) & (mature > mature.shift()) & (mature.shift() > 0))
    return "never" if first is None else str(first)


@finds("gate_operations")
def gate_operations(company):
    rows = sales_led(company)
    first = for_good(rows.founder_signed.groupby(business_year(company, rows.signed_on)).mean() < 0.01)
    return "never" if first is None else str(first)


@finds("gate_leads")
def gate_leads(company):
    (line,) = words(company, "gate_leads", r"(\d+) leads or more")
    leads, heads = (by_year(company, series) for series in (leads_in_all(company), executives_by_month(company)))
    first = for_good((leads >= int(line) * heads) & (heads > 0))
    return "never" if first is None else str(first)


@finds("gate_success")
def gate_success(company):
    years = [end.year for end in year_ends(company)[1:]]
    first = for_good(pd.Series({year: nrr(company, year) >= 1 for year in years}))
    return "never" if first is None else str(first)


GATES = ("idea", "strangers", "ten customers", "use", "stable", "margin one", "margin two", "margin three")
GATES += ("replication", "operations", "leads", "success")


@finds(r"gates_(\d+)")
def gates_of_year(company, year):
    end = pd.Timestamp(int(year), company.as_of.month, company.as_of.day)
    dates = {gate: find(company, f"gate_{gate.replace(' ', '_')}") for gate in GATES}
    green = [gate for gate, on in dates.items() if on != "never" and green_on(on, end)]
    spoken = {"one": "1", "two": "2", "three": "3"}
    return ", ".join(" ".join(spoken.get(word, word) for word in gate.split()) for gate in green) or "none"


def green_on(on, end):
    """Return whether a gate that turned green on a day, in a month or in a year was green at the end of a business year."""
    return int(on) <= end.year if len(on) == 4 else pd.Period(on, "M").end_time.normalize() <= end if len(on) == 7 else pd.Timestamp(on) <= end


@finds("blocks_today")
def blocks_today(company):
    (order,) = words(company, "blocks_today", r"first of (.+) that is not green")
    green = gates_of_year(company, company.as_of.year).split(", ")
    shut = [gate for gate in order.split(", ") if gate not in green]
    return shut[0] if shut else "none"
