"""Stretches of time that chapters ask about: the last twelve months, the ends of years.

>>> import datetime as dt
>>> months_before(dt.date(2024, 12, 31), 10)
datetime.date(2024, 2, 29)
"""

from __future__ import annotations

import calendar
import datetime as dt


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day some months earlier; the end of a month stays the end of a month.

    Parameters
    ----------
    day : date
    months : int
        How many months back; negative goes forward.

    Examples
    --------
    >>> months_before(dt.date(2025, 3, 31), 12), months_before(dt.date(2025, 5, 15), -2)
    (datetime.date(2024, 3, 31), datetime.date(2025, 7, 15))
    """
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    at_end = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(year, month + 1, last if at_end else min(day.day, last))


def last_year(company) -> tuple[dt.date, dt.date]:
    """The twelve months up to the last day of a company's data: (start, end).

    Parameters
    ----------
    company : Company
        Its ``as_of`` is the end.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> last_year(SimpleNamespace(as_of=dt.date(2025, 12, 31)))
    (datetime.date(2024, 12, 31), datetime.date(2025, 12, 31))
    """
    return months_before(company.as_of, 12), company.as_of


def years_back(company, count: int) -> list[dt.date]:
    """The last day of a company's data and the same day in the years before, oldest first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> [day.year for day in years_back(SimpleNamespace(as_of=dt.date(2025, 12, 31)), 3)]
    [2023, 2024, 2025]
    """
    return [months_before(company.as_of, 12 * back) for back in range(count - 1, -1, -1)]


def months_of_history(company) -> int:
    """Whole months from a company's first subscription to the last day of its data.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"starts_on": pd.to_datetime(["2024-03-15", "2025-01-01"])})
    >>> months_of_history(SimpleNamespace(subscriptions=rows, as_of=dt.date(2025, 3, 14)))
    11
    """
    first = company.subscriptions["starts_on"].min()
    if first != first:
        return 0
    return (company.as_of.year - first.year) * 12 + company.as_of.month - first.month - (company.as_of.day < first.day)
