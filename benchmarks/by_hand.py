"""The same questions in hand-written SQL, as somebody would write them who knows the engine and the table, and in pandas as tutorials show it.

The SQL applies the rules of the default policy that matter for this table and checks nothing. Lines are counted in
ten-thousandths of the smallest unit and rounded when they have been summed, as the metrics do.
"""

from __future__ import annotations

from benchmarks.data import AS_OF

LINES = """
lines as (
    select customer_id, starts_on, case when ends_on <= date '{as_of}' then ends_on end as ends_on,
        floor(amount * (1 - discount) * 1000000 / case interval when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end + 0.5)::bigint as mrr
    from subscriptions
    where starts_on <= date '{as_of}' and status not in ('trial', 'unpaid') and (ends_on is null or ends_on > starts_on)
)
"""
NET = """
net as (
    select customer_id, month, sum(delta)::bigint as delta from (
        select customer_id, unnest([date_trunc('month', starts_on), date_trunc('month', ends_on)]) as month, unnest([mrr, -mrr]) as delta from lines
    ) where month is not null group by customer_id, month having sum(delta) != 0
)
"""
HEAD = f"with {LINES}, {NET}".replace("{as_of}", AS_OF)

FLOOR = """
select sum(delta), count(*) from (
    select customer_id, date_trunc('month', starts_on) as month, sum(amount) as delta from subscriptions group by customer_id, month)
"""
FLOOR_EVENTS = """
select sum(n), count(*) from (select user_id, date_trunc('month', "at") as month, count(*) as n from events group by user_id, month)
"""

MOVEMENTS = HEAD + """
, running as (
    select month, delta, (sum(delta) over w)::bigint as after, lag(delta) over w is null as first
    from net window w as (partition by customer_id order by month)
), moved as (
    select month, (after + 5000) // 10000 as after, (after - delta + 5000) // 10000 as before, after > 0 as is_on, after - delta > 0 as was_on, first from running
), named as (
    select month, after - before as change, case
        when was_on and not is_on then 'churn'
        when is_on and not was_on and first then case when month = date '2018-01-01' then 'opening' else 'new' end
        when is_on and not was_on then 'reactivation'
        when after > before then 'expansion'
        when after < before then 'contraction' end as kind
    from moved
)
select month, kind, sum(change)::bigint as change from named where kind is not null group by month, kind
"""

BY_MONTH = HEAD + """
, months as (
    select customer_id, year(month) * 12 + month(month) - 1 as m, delta from net
), both_ as (
    select customer_id, m, sum(d1) as d1, sum(d0) as d0 from (
        select customer_id, unnest([m, m + 12]) as m, unnest([delta, 0]) as d1, unnest([0, delta]) as d0 from months
    ) group by customer_id, m
), running as (
    select m, d1, d0, sum(d1) over w as v, sum(d0) over w as u from both_ window w as (partition by customer_id order by m)
), states as (
    select m, unnest([1, -1]) as sign, (unnest([u, u - d0])::bigint + 5000) // 10000 as x, (unnest([v, v - d1])::bigint + 5000) // 10000 as y from running
), capped as (
    select m, sign, x, y, least(x, y) as g from states where x > 0
)
select m, sum(sign) as n, sum(sign * x) as x, sum(sign * y) as y, sum(sign * g) as g, sum(sign * (y > 0)::int) as kept,
    sum(sign * x::double * x) as xx, sum(sign * x::double * y) as xy, sum(sign * y::double * y) as yy, sum(sign * x::double * g) as xg,
    sum(sign * g::double * g) as gg
from capped group by m
"""

TRIANGLE = HEAD + """
, running as (
    select customer_id, year(month) * 12 + month(month) - 1 as m, delta, sum(delta) over w as v, min(month) over (partition by customer_id) as born
    from net window w as (partition by customer_id order by month)
), changes as (
    select year(born) * 12 + month(born) - 1 as born, m, (v > 0)::int - (v - delta > 0)::int as kept from running
)
select born, m - born as age, sum(kept)::bigint as kept, sum((m = born)::int)::bigint as n from changes group by born, age
"""

STICKINESS = """
with days as (select distinct user_id, date_trunc('day', "at") as day from events),
users as (select user_id, date_trunc('month', day) as month, count(*) as days from days group by user_id, month)
select month, count(*) as actives, sum(days)::bigint as days from users group by month
"""

# --- Spark ----------------------------------------------------------------------------------------------------------

HEAD_SPARK = """
with lines as (
    select customer_id, starts_on, case when ends_on <= date '{as_of}' then ends_on end as ends_on,
        cast(floor(amount * (1 - discount) * 1000000 / case interval when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end + 0.5) as bigint) as mrr
    from subscriptions
    where starts_on <= date '{as_of}' and status not in ('trial', 'unpaid') and (ends_on is null or ends_on > starts_on)
), net as (
    select customer_id, month, sum(delta) as delta from (
        select customer_id, trunc(starts_on, 'MM') as month, mrr as delta from lines
        union all
        select customer_id, trunc(ends_on, 'MM'), -mrr from lines where ends_on is not null
    ) group by customer_id, month having sum(delta) != 0
)
""".replace("{as_of}", AS_OF)

MOVEMENTS_SPARK = HEAD_SPARK + """
, running as (
    select month, delta, sum(delta) over (partition by customer_id order by month) as after,
        lag(delta) over (partition by customer_id order by month) is null as first from net
), moved as (
    select month, (after + 5000) div 10000 as after, (after - delta + 5000) div 10000 as before, after > 0 as is_on, after - delta > 0 as was_on, first from running
), named as (
    select month, after - before as change, case
        when was_on and not is_on then 'churn'
        when is_on and not was_on and first then case when month = date '2018-01-01' then 'opening' else 'new' end
        when is_on and not was_on then 'reactivation'
        when after > before then 'expansion'
        when after < before then 'contraction' end as kind
    from moved
)
select month, kind, sum(change) as change from named where kind is not null group by month, kind
"""

BY_MONTH_SPARK = HEAD_SPARK + """
, months as (
    select customer_id, year(month) * 12 + month(month) - 1 as m, delta from net
), both_ as (
    select customer_id, m, sum(d1) as d1, sum(d0) as d0 from (
        select customer_id, m, delta as d1, 0 as d0 from months union all select customer_id, m + 12, 0, delta from months
    ) group by customer_id, m
), running as (
    select m, d1, d0, sum(d1) over (partition by customer_id order by m) as v, sum(d0) over (partition by customer_id order by m) as u from both_
), states as (
    select m, state.sign, (state.u + 5000) div 10000 as x, (state.v + 5000) div 10000 as y from (
        select m, explode(array(struct(1 as sign, u, v), struct(-1 as sign, u - d0 as u, v - d1 as v))) as state from running)
), capped as (
    select m, sign, x, y, least(x, y) as g from states where x > 0
)
select m, sum(sign) as n, sum(sign * x) as x, sum(sign * y) as y, sum(sign * g) as g, sum(sign * cast(y > 0 as int)) as kept,
    sum(sign * double(x) * x) as xx, sum(sign * double(x) * y) as xy, sum(sign * double(y) * y) as yy, sum(sign * double(x) * g) as xg,
    sum(sign * double(g) * g) as gg
from capped group by m
"""

TRIANGLE_SPARK = HEAD_SPARK + """
, running as (
    select customer_id, year(month) * 12 + month(month) - 1 as m, delta, sum(delta) over (partition by customer_id order by month) as v,
        min(month) over (partition by customer_id) as born from net
), changes as (
    select year(born) * 12 + month(born) - 1 as born, m, cast(v > 0 as int) - cast(v - delta > 0 as int) as kept from running
)
select born, m - born as age, sum(kept) as kept, sum(cast(m = born as int)) as n from changes group by born, m - born
"""

STICKINESS_SPARK = """
with days as (select distinct user_id, date_trunc('day', at) as day from events),
users as (select user_id, date_trunc('month', day) as month, count(*) as days from days group by user_id, date_trunc('month', day))
select month, count(*) as actives, sum(days) as days from users group by month
"""

# --- pandas ---------------------------------------------------------------------------------------------------------


def panel_pivot(subscriptions):
    """Build the customer x month panel from netted events with one pivot_table: the quickest panel we know, and not one we saw in a tutorial."""
    events, _ = netted(subscriptions)
    return compared(events.pivot_table(index="customer", columns="month", values="mrr", aggfunc="sum", fill_value=0).cumsum(axis=1).round(2))


def panel_spine(subscriptions):
    """Build one row for each customer and month, and compare each with the one before.

    The form of getdbt.com/blog/modeling-subscription-revenue and help.whaly.io (SQL for advanced MRR), in pandas.
    """
    import numpy as np
    import pandas as pd

    events, months = netted(subscriptions)
    spine = pd.MultiIndex.from_product([subscriptions["customer_id"].unique(), months], names=["customer", "month"])
    net = events.groupby(["customer", "month"])["mrr"].sum().reindex(spine, fill_value=0.0)
    panel = net.groupby("customer").cumsum().round(2).rename("now").reset_index()
    panel["before"] = panel.groupby("customer")["now"].shift(1, fill_value=0.0)
    panel["ever"] = panel.groupby("customer")["before"].cummax() > 0
    change, was, there = panel["now"] - panel["before"], panel["before"] > 0, panel["now"] > 0
    names = ["new", "reactivation", "churn", "expansion", "contraction"]
    tests = [there & ~was & ~panel["ever"], there & ~was, was & ~there, was & (change > 0), was & (change < 0)]
    panel = panel.assign(kind=np.select(tests, names, "none"), change=change)
    return panel.pivot_table(index="month", columns="kind", values="change", aggfunc="sum", fill_value=0.0)


def panel_loop(subscriptions):
    """Go through the months, find who is in force at each month end, and compare with the month before: the form most often shown.

    As in notebook.community's MRR report, which does it day by day. Only two months are held at a time.
    """
    import pandas as pd

    table = subscriptions.assign(mrr=monthly(subscriptions))
    customers = pd.Index(table["customer_id"].unique())
    before, ever, rows = pd.Series(0.0, index=customers), pd.Series(False, index=customers), []
    for end in pd.date_range(table["starts_on"].min().replace(day=1), AS_OF, freq="ME"):
        in_force = table[(table["starts_on"] <= end) & ~(table["ends_on"] <= end)]
        now = in_force.groupby("customer_id")["mrr"].sum().reindex(customers, fill_value=0.0).round(2)
        rows.append(changes(before, now, ever))
        before, ever = now, ever | (now > 0)
    return pd.DataFrame(rows)


def netted(table):
    """Return two events for each line, at its start and at its end, and the months from the first to the last."""
    import pandas as pd

    mrr, ended = monthly(table), table["ends_on"] <= pd.Timestamp(AS_OF)
    starts = pd.DataFrame({"customer": table["customer_id"], "month": table["starts_on"].dt.to_period("M"), "mrr": mrr})
    ends = pd.DataFrame({"customer": table["customer_id"][ended], "month": table["ends_on"][ended].dt.to_period("M"), "mrr": -mrr[ended]})
    return pd.concat([starts, ends]), pd.period_range(table["starts_on"].min(), AS_OF, freq="M")


def monthly(table):
    """Net price of a line for one month."""
    return table["amount"] * (1 - table["discount"]) / table["interval"].map({"month": 1, "quarter": 3, "year": 12})


def compared(now):
    """Sum the changes from each month of a panel to the next by kind."""
    import pandas as pd

    before = now.shift(1, axis=1, fill_value=0.0)
    change, was, there = now - before, before > 0, now > 0
    del now, before
    ever = there.cummax(axis=1).shift(1, axis=1, fill_value=False)
    kinds = {"new": there & ~was & ~ever, "reactivation": there & ~was & ever, "churn": was & ~there, "expansion": was & there & (change > 0),
             "contraction": was & there & (change < 0)}
    return pd.DataFrame({kind: change.where(mask, 0.0).sum() for kind, mask in kinds.items()})


def changes(before, now, ever):
    """Sum the changes from one month to the next by kind; ``ever`` says who had MRR in an earlier month."""
    change, was, there = now - before, before > 0, now > 0
    kinds = {"new": there & ~was & ~ever, "reactivation": there & ~was & ever, "churn": was & ~there, "expansion": was & there & (change > 0),
             "contraction": was & there & (change < 0)}
    return {kind: change[mask].sum() for kind, mask in kinds.items()}
