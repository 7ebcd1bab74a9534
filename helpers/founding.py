"""The founding company of chapter 02, and how a sales team was fed, built from whatever tables a company has.

>>> from helpers.company import load_company
>>> set(founding_of(load_company()).sources["source"]) == {"measured", "guess"}
True
"""

from __future__ import annotations


from helpers.metrics.starvation import lead_supply
from helpers.metrics.workload import workload_by_year
from helpers.models.wrong_order import ORDERS, Founding, Luck, Paths, schedule, together
from helpers.models.wrong_order_measured import MeasuredFounding, founding_measured
from helpers.sales import team_of

SALES = ("leads", "opportunities", "contracts", "reps")


def founding_of(company) -> MeasuredFounding:
    """A founding company with this company's figures, measured where it has the tables.

    Parameters
    ----------
    company : Company
        Leads, opportunities, contracts and reps give the sales side; costs and headcount the costs; subscriptions are enough.

    Returns
    -------
    MeasuredFounding
    """
    years = workload_by_year(team_of(company)) if all(map(company.has, SALES)) else None
    more = {name: company.table(name) for name in ("costs", "headcount") if company.has(name)}
    return founding_measured(company.subscriptions, as_of=company.as_of, policy=company.policy, years=years, **more)


def supply_of(months):
    """Leads per salesperson by year, of the years with four or more; of smaller teams too where there are not two such years.

    Parameters
    ----------
    months : DataFrame
        What :func:`helpers.sales.team_of` gave.

    Returns
    -------
    DataFrame
        As :func:`helpers.metrics.starvation.lead_supply`.

    Examples
    --------
    >>> from helpers.company import load_company
    >>> supply_of(team_of(load_company()))["year"].tolist()
    [2021, 2022, 2023, 2024, 2025]
    """
    enough = (workload_by_year(months, least_reps=least) for least in (4, 2, 1))
    years = next((found for found in enough if len(found) > 1), workload_by_year(months, least_reps=0.1))
    return lead_supply(years)


def hired_in(months, team: float, *, waits: dict | None = None) -> list:
    """Schedules in which a team of this size is hired at once in one of several months, waiting for nothing.

    Examples
    --------
    >>> [int((one.team > 0).argmax()) + 1 for one in hired_in([3, 9], 12)]
    [3, 9]
    """
    nobody = {"listen": True, "team": 0, "product": 0, "play": 0, "fed": 0}
    return [schedule([{"month": 1, **nobody}, {"month": int(month), **nobody, "team": team, **(waits or {})}]) for month in months]


def by_month_of_hiring(founding: Founding, months, team: float, *, luck: Luck) -> tuple[list[Paths], Paths]:
    """What becomes of a company that hires its team in each of these months, and of the same company in the right order."""
    *early, right = together(founding, [*hired_in(months, team), schedule("right order")], luck=luck)
    return early, right


def waiting_for_one(founding: Founding, order: str, *, luck: Luck) -> dict[str, float]:
    """The share of futures that survive when an order waits for one thing more, one at a time, and otherwise stays as it is.

    Returns
    -------
    dict
        product, play, leads -> share.
    """
    kept = {"product": "product", "play": "play", "leads": "fed"}
    right = ORDERS["right order"][0]
    changed = [schedule([{**row, column: right[column]} for row in ORDERS[order]]) for column in kept.values()]
    return dict(zip(kept, (paths.survive for paths in together(founding, changed, luck=luck))))

