"""Tables of any size for the benchmarks, written to Parquet by DuckDB: the same bytes of content at every run."""

from __future__ import annotations

from pathlib import Path

FIRST, DAYS = "2018-01-01", 1850  # first lines start within five years, the last of a customer before AS_OF
AS_OF = "2025-12-31"

SUBSCRIPTIONS = """
copy (
    with numbered as (
        select i, i // 4 as customer, i % 4 as turn, (hash(i) // 4)::bigint as h, (hash(i // 4, 'born') // 4)::bigint as born from range({rows}) t(i)
    ), dated as (
        select *, date '{first}' + (born % {days})::int + (turn * 330 + (h % 60))::int as starts_on from numbered
    )
    select 's' || i as subscription_id, 'c' || customer as customer_id, starts_on::date as starts_on,
        case when (h // 64) % 10 < 7 then (starts_on + [31, 90, 365, 366][1 + (h // 1024) % 4]::int)::date end as ends_on,
        (10 + (h // 4096) % 900)::double as amount, ['month', 'quarter', 'year'][1 + (h // 8192) % 3] as interval,
        [0.0, 0.0, 0.1, 0.25][1 + (h // 65536) % 4]::double as discount, 'active' as status
    from dated where starts_on <= date '{as_of}'
) to '{path}' (format parquet)
"""

EVENTS = """
copy (
    select 'u' || ((hash(i) % {users}) * (hash(i, 'again') % 97) // 97) as user_id,
        timestamp '2025-01-01' + to_seconds(((hash(i, 'at') % 15768000))::bigint) as at
    from range({rows}) t(i)
) to '{path}' (format parquet)
"""


def write_subscriptions(path: Path, rows: int) -> None:
    """Write about ``rows`` subscription rows, four to a customer: renewals, gaps, price changes, overlaps."""
    import duckdb

    duckdb.connect().execute(SUBSCRIPTIONS.format(rows=rows, first=FIRST, days=DAYS, as_of=AS_OF, path=path))


def write_events(path: Path, rows: int) -> None:
    """Write ``rows`` events of half a year, by users of whom a few do much."""
    import duckdb

    duckdb.connect().execute(EVENTS.format(rows=rows, users=max(10, rows // 50), path=path))
