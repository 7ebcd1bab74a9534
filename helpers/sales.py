"""A company's sales as the chapters of part 3 look at them: its path from lead to money, and that path as a model.

>>> from helpers.company import load_company
>>> path = path_of(load_company())
>>> len(path) == len(load_company().table("leads")), path["size"].cat.categories.tolist()
(True, ['small', 'mid', 'large'])
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.funnel import conversion, lead_path, steps_of
from helpers.metrics.workload import counts_by_month, shown_capacity, workload
from helpers.models.path import SalesPath
from helpers.periods import months_before

YEAR = 12
STALE = 180  # days after which a lead that has not signed hardly will, until a company shows another figure


def path_of(company):
    """The path of each lead of a company, see :func:`helpers.metrics.funnel.lead_path`, with the lead's size.

    Parameters
    ----------
    company : Company
        With the tables leads and opportunities; stage_history, contracts and payments where it has them.

    Returns
    -------
    DataFrame
        One row for each lead; ``size`` (small, mid, large) by the bands of company.yaml where ``employees`` are known.
    """
    more = {name: company.table(name) for name in ("stage_history", "contracts", "payments") if company.has(name)}
    path = lead_path(company.table("leads"), company.table("opportunities"), as_of=company.as_of, **more)
    if "employees" not in path:
        return path
    bands = company.settings.size_bands
    edges = [*(low for low, _ in bands.values()), math.inf]
    size = pd.cut(path["employees"].astype(float), edges, labels=list(bands), right=False)
    path.insert(1, "size", size)
    return path


def team_of(company, path=None) -> pd.DataFrame:
    """What a company's reps were given and signed, month by month, see :func:`helpers.metrics.workload.workload`.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> team_of(load_company())["month"].is_monotonic_increasing
    True
    """
    return workload(path_of(company) if path is None else path, company.table("reps"), as_of=company.as_of)


def sales_path_of(company, path=None, *, years: int = 5) -> SalesPath:
    """A company's path of the last year as a model: rates of the leads that are old enough, and capacity as shown.

    Parameters
    ----------
    company : Company
        With leads, opportunities, contracts and reps.
    path : DataFrame, optional
        What :func:`path_of` gave, so that it is not made again.
    years : int
        For how many years a new customer's fees are counted.

    Returns
    -------
    SalesPath
        leads and price: the last twelve months; rates and win: leads of the last 24 months within 180 days a step; kept: contracts
        that came due in the same time; capacity: mature reps now times the most deals a month that they have carried for three months on end;
        swing: standard deviation of the deals of a month over their mean, last 24 months.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> sales_path_of(load_company()).steps
    ('leads', 'MQL', 'SQL', 'win', 'price', 'kept')
    """
    path = path_of(company) if path is None else path
    since, as_of = months_before(company.as_of, 24), company.as_of
    front = [step for step in steps_of(path) if step in ("MQL", "SQL")]
    rates = tuple((end, conversion(path, start, end, as_of=as_of, within=STALE, since=since).value)
                  for start, end in zip(["lead", *front], front))
    win = conversion(path, front[-1] if front else "lead", "signed", as_of=as_of, within=STALE, since=since).value
    months = team_of(company, path)
    last = months.tail(YEAR)
    deals = months["deals"].tail(2 * YEAR)
    each, _ = shown_capacity(months)
    return SalesPath(leads=float(last["leads"].mean()), rates=rates, win=win, price=float(last["amount"].sum() / last["signed"].sum()),
                     kept=_kept(path, as_of, since), capacity=each * float(last["mature"].iloc[-1]), swing=_swing(deals), years=years)


def _kept(path, as_of, since) -> float:
    """The share of contracts that were renewed, of those that came due at least 60 days ago."""
    return conversion(path, "due", "renewed", as_of=as_of, within=60, since=since).value


def _swing(deals) -> float:
    """How far a month lies from the line through all of them, over their mean."""
    steps = np.arange(len(deals))
    line = np.polyval(np.polyfit(steps, deals, 1), steps)
    return float(np.std(deals - line, ddof=2) / deals.mean())


def deals_of_month(path) -> pd.Series:
    """Deals by the number of their month, for those who want to look at the ups and downs themselves.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> int(deals_of_month(path_of(load_company())).sum()) > 1000
    True
    """
    return counts_by_month(path, "SQL")["count"]
