"""Burn and runway: how fast the money goes, and how long it lasts, each reading under its own name.

Money is in units of the currency, as in the tables `cash` and `funding_rounds`; a month is known when it is over.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.metrics.errors import MetricError
from helpers.metrics.result import Result

READINGS = (
    ("net burn, three months", True, "balance over the mean burn of the last three months, rounds taken out"),
    ("net burn, last month", True, "balance over the burn of the last month alone: one large bill moves it"),
    ("net burn, last year", True, "balance over the mean burn of twelve months (all, where fewer are known): too kind where costs grow"),
    ("burn that goes on growing", True, "the burn grows on at the rate of the last six months until the money is gone"),
    ("gross burn, three months", True, "balance over what is paid out: how long it lasts when no customer pays"),
    ("round left in the burn", False, "the fall of the balance over those months, with the round taken for income"),
    ("round counted twice", False, "the last round added to a balance that holds it already"),
)


def monthly_burn(cash, rounds=None):
    """Return the burn of each month: what the balance lost, with money raised taken out.

    Parameters
    ----------
    cash : pandas DataFrame
        month (its first day), balance at its end.
    rounds : pandas DataFrame, optional
        on, amount. Without them a rise of the balance counts as money earned.

    Returns
    -------
    pandas DataFrame
        month, opening, raised, burn, closing; one row for each month after the first, whose opening nobody knows. Burn is
        below 0 in a month that earned more than it paid.

    Raises
    ------
    MetricError
        When a column is missing, a month stands twice, or a month between the first and the last is not there.

    Notes
    -----
    burn = opening + raised - closing. Source: our own, the arithmetic of a bank statement.

    Examples
    --------
    >>> cash = pd.DataFrame({"month": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]), "balance": [100.0, 80.0, 260.0]})
    >>> rounds = pd.DataFrame({"on": pd.to_datetime(["2024-03-15"]), "amount": [200.0]})
    >>> monthly_burn(cash, rounds)[["raised", "burn"]].values.tolist()
    [[0.0, 20.0], [200.0, 20.0]]
    """
    balance = _balance(cash)
    raised = _raised(rounds, balance.index)
    out = pd.DataFrame({"month": balance.index, "opening": balance.shift().to_numpy(), "raised": raised.to_numpy()})
    out["burn"] = out["opening"] + out["raised"] - balance.to_numpy()
    return out.assign(closing=balance.to_numpy()).iloc[1:].reset_index(drop=True)


def runway(cash, rounds=None, *, months: int = 3, level: float = 0.95) -> Result:
    """Return the months that the money lasts at the mean net burn of the last months.

    Parameters
    ----------
    cash, rounds
        As in :func:`monthly_burn`.
    months : int
        How many months the burn is averaged over.
    level : float
        Of the interval, which holds the mean burn by Student's t over those months and takes the months as alike; a burn that
        grows is not in it.

    Returns
    -------
    Result
        Months; NaN with a reason where nothing is burnt, 0 where no money is left.

    Raises
    ------
    MetricError
        When there are fewer months than asked for.

    Notes
    -----
    balance at the end / mean of (opening + raised - closing).

    Examples
    --------
    >>> cash = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=4, freq="MS"), "balance": [100.0, 90.0, 78.0, 66.0]})
    >>> runway(cash)
    runway at the net burn of 3 months, 2024-04: 5.8 months (4.6 months to 7.8 months, n = 3 months)
    """
    table = monthly_burn(cash, rounds)
    if months < 1 or len(table) < months:
        raise MetricError(f"runway: the table cash gives the burn of {len(table)} months, and {months} are asked for. "
                          "Bring more months of cash, or ask for fewer.")
    last, left = table.tail(months), float(table["closing"].iloc[-1])
    burn, low, high = _mean(last["burn"], level)
    reason = "nothing is burnt: the balance grows without a round" if burn <= 0 and left > 0 else ""
    row = {"value": math.nan if reason else max(left, 0.0) / burn if burn > 0 else 0.0,
           "low": math.nan if reason or not high > 0 else max(left, 0.0) / high,
           "high": math.nan if reason or not low > 0 else max(left, 0.0) / low, "n": months, "mature": True,
           "reason": reason or ("" if low > 0 else "the burn differs too much from month to month for an upper end")}
    return Result(f"runway at the net burn of {months} month{'s' if months > 1 else ''}", pd.DataFrame([row]), unit="months",
                  counts="months", period=f"{table['month'].iloc[-1]:%Y-%m}",
                  formula="balance at the end / mean of (opening + money raised - closing)", behind=lambda: last)


def runway_readings(cash, rounds=None, *, costs=None):
    """Return what people call runway, each reading under its name, and whether it may be used.

    Parameters
    ----------
    cash, rounds
        As in :func:`monthly_burn`; six months are needed after the first.
    costs : pandas DataFrame, optional
        month, amount: money paid out. Without it the gross burn is left out.

    Returns
    -------
    pandas DataFrame
        reading, months, legitimate, what_it_counts. Infinite where that reading sees no burn.

    Examples
    --------
    >>> months = pd.date_range("2024-01-01", periods=13, freq="MS")
    >>> cash = pd.DataFrame({"month": months, "balance": [10.0, *range(110, -10, -10)]})
    >>> rounds = pd.DataFrame({"on": [months[1]], "amount": [110.0]})
    >>> seen = runway_readings(cash, rounds).set_index("reading")["months"]
    >>> float(seen["net burn, three months"]), float(seen["round counted twice"])
    (0.0, 11.0)
    """
    table = monthly_burn(cash, rounds)
    if len(table) < 6:
        raise MetricError(f"runway_readings: the table cash gives the burn of {len(table)} months, and 6 are needed.")
    left = max(float(table["closing"].iloc[-1]), 0.0)
    burn, year = table["burn"], table.tail(12)
    three = float(burn.tail(3).mean())
    last_round = float(table.loc[table["raised"] > 0, "raised"].tail(1).sum())
    found = {
        "net burn, three months": _over(left, three),
        "net burn, last month": _over(left, float(burn.iloc[-1])),
        "net burn, last year": _over(left, float(year["burn"].mean())),
        "burn that goes on growing": _growing(left, burn.tail(6).to_numpy()),
        "gross burn, three months": None if costs is None else _over(left, _paid(costs, table["month"].iloc[-1])),
        "round left in the burn": _over(left, (float(year["opening"].iloc[0]) - left) / len(year)),
        "round counted twice": _over(left + last_round, three),
    }
    rows = [{"reading": name, "months": found[name], "legitimate": right, "what_it_counts": counts}
            for name, right, counts in READINGS if found[name] is not None]
    return pd.DataFrame(rows)


def _balance(cash) -> pd.Series:
    for column in ("month", "balance"):
        if column not in cash:
            raise MetricError(f"monthly_burn: the table cash has no column {column!r}; it needs month and balance.")
    table = cash.sort_values("month").set_index("month")["balance"].astype(float)
    if table.index.duplicated().any():
        twice = table.index[table.index.duplicated()][0]
        raise MetricError(f"monthly_burn: the table cash has the month {twice:%Y-%m} twice; keep one balance for each month.")
    lacking = pd.date_range(table.index[0], table.index[-1], freq="MS").difference(table.index) if len(table) else []
    if len(lacking):
        raise MetricError(f"monthly_burn: the table cash has no month {lacking[0]:%Y-%m}; bring the balance of every month.")
    return table


def _raised(rounds, months) -> pd.Series:
    if rounds is None or not len(rounds):
        return pd.Series(0.0, index=months)
    by_month = rounds["amount"].astype(float).groupby(rounds["on"].dt.to_period("M").dt.to_timestamp()).sum()
    return by_month.reindex(months, fill_value=0.0)


def _mean(burn, level):
    from scipy.stats import t

    mean, n = float(burn.mean()), len(burn)
    if n < 2:
        return mean, math.nan, math.nan
    reach = float(t.ppf((1 + level) / 2, n - 1)) * float(burn.std(ddof=1)) / math.sqrt(n)
    return mean, mean - reach, mean + reach


def _over(left: float, burn: float) -> float:
    return left / burn if burn > 0 else math.inf


def _growing(left: float, burns: np.ndarray) -> float:
    """Months until a burn that grows by a constant share has used what is left; straight within the last month."""
    level, rate = growth_of(burns)
    if not level > 0:
        return math.inf
    if abs(rate) < 1e-9:
        return left / level
    inside = 1 + left * rate / (level * (1 + rate))
    return math.log(inside) / math.log1p(rate) if inside > 0 else math.inf


def growth_of(amounts) -> tuple[float, float]:
    """The level of the last month and the monthly growth of a row of amounts: the straight line through their logarithms.

    A row with an amount of 0 or less has no logarithm; its mean is given, and no growth.

    Examples
    --------
    >>> level, rate = growth_of([100.0, 110.0, 121.0])
    >>> round(level, 6), round(rate, 6)
    (121.0, 0.1)
    """
    amounts = np.asarray(amounts, float)
    if len(amounts) < 2 or (amounts <= 0).any():
        return float(amounts.mean()), 0.0
    slope, start = np.polyfit(np.arange(len(amounts)), np.log(amounts), 1)
    return float(np.exp(start + slope * (len(amounts) - 1))), float(np.expm1(slope))


def _paid(costs, month) -> float:
    by_month = costs.groupby("month")["amount"].sum().sort_index()
    return float(by_month[by_month.index <= month].tail(3).mean())


def what_came(cash, rounds=None, *, since, months: int = 24):
    """Return the balance after a day as it would have been without the rounds that came later.

    Parameters
    ----------
    cash, rounds
        As in :func:`monthly_burn`.
    since : date
        The end of a month.
    months : int
        How many months to look at; fewer where the book ends.

    Returns
    -------
    pandas DataFrame
        month, after (1, 2, ... months), balance, raised (since that day), without. Empty where nothing came yet.

    Notes
    -----
    without = balance - sum of all money raised since. What the money was spent on stays in: a company that had not raised
    would have spent less.

    Examples
    --------
    >>> cash = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=3, freq="MS"), "balance": [50.0, 20.0, 90.0]})
    >>> rounds = pd.DataFrame({"on": pd.to_datetime(["2024-03-05"]), "amount": [100.0]})
    >>> what_came(cash, rounds, since="2024-01-31")["without"].tolist()
    [20.0, -10.0]
    """
    balance = _balance(cash)
    balance = balance[balance.index > pd.Timestamp(since)].head(months)
    raised = _raised(rounds, balance.index).cumsum()
    return pd.DataFrame({"month": balance.index, "after": np.arange(1, len(balance) + 1), "balance": balance.to_numpy(),
                         "raised": raised.to_numpy(), "without": (balance - raised).to_numpy()})
