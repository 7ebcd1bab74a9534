"""Whole-number arithmetic: allotment, drawing with unequal chances, calendar."""

from __future__ import annotations

import numpy as np

DAY = "datetime64[D]"
NEVER = np.iinfo(np.int32).min


def allot(total: int, weights) -> np.ndarray:
    """Split `total` into whole parts by the largest remainder.

    Examples
    --------
    >>> allot(10, [1, 1, 1]).tolist()
    [4, 3, 3]
    """
    weights = np.asarray(weights, dtype=np.int64)
    whole = int(weights.sum())
    if whole == 0:
        return np.zeros(len(weights), dtype=np.int64)
    parts, rest = (int(total) * weights) // whole, (int(total) * weights) % whole
    order = np.argsort(-rest, kind="stable")
    parts[order[: int(total) - int(parts.sum())]] += 1
    return parts


def allot_codes(stream, n: int, weights) -> np.ndarray:
    """Return `n` positions in `weights`, as many of each as `allot` says, in random order."""
    return np.repeat(np.arange(len(weights)), allot(n, weights))[stream.shuffle(n)]


def share(n: int, millionths: int) -> int:
    """Return so many millionths of `n`, rounded to a whole number."""
    return (int(n) * int(millionths) + 500_000) // 1_000_000


def pick(stream, weights, count: int) -> np.ndarray:
    """Return `count` different positions, drawn by systematic sampling with chances as `weights`.

    Sorting the rows beforehand spreads the draw over the groups, so that each group gets its share.
    """
    weights = np.asarray(weights, dtype=np.int64).copy()
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    if count > np.count_nonzero(weights):
        raise ValueError(f"{count} to be drawn from {np.count_nonzero(weights)} candidates")
    for _ in range(60):
        step = int(weights.sum()) // count
        if int(weights.max()) <= step:
            break
        weights = np.minimum(weights, max(step, 1))
    ends, total = np.cumsum(weights), int(weights.sum())
    start = int(stream.below(1, min(step, 2**31 - 1))[0])
    places = np.arange(count, dtype=np.int64) * step + start + np.arange(count) * (total - step * count) // count
    found = np.unique(np.searchsorted(ends, places, side="right"))
    return _fill(found, weights, count)


def _fill(found: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    if len(found) == count:
        return found
    free = np.setdiff1d(np.flatnonzero(weights), found)
    heaviest = free[np.argsort(-weights[free], kind="stable")][: count - len(found)]
    return np.sort(np.concatenate([found, heaviest]))


def within_groups(values, groups, strength) -> np.ndarray:
    """Scale `values` so that their mean in each group is `strength` (one for each row of the group)."""
    values, groups = np.asarray(values, dtype=np.int64), np.asarray(groups)
    sums = np.bincount(groups, minlength=1)
    totals = np.zeros(len(sums), dtype=np.int64)
    np.add.at(totals, groups, values)
    thousandths = values * 1000 * sums[groups] // np.maximum(totals[groups], 1)
    return thousandths * np.asarray(strength, dtype=np.int64) // 1000


def day(text: str) -> int:
    """Return a date as days since 1970.

    Examples
    --------
    >>> day("1970-02-01")
    31
    """
    return int(np.datetime64(str(text), "D").astype(np.int64))


def month_start(months) -> np.ndarray:
    """Return the first day of each month (months counted from January 1970)."""
    return np.asarray(months, dtype="datetime64[M]").astype(DAY).astype(np.int64)


def month_of(days) -> np.ndarray:
    """Return the month of each day (months counted from January 1970)."""
    return np.asarray(days, dtype=DAY).astype("datetime64[M]").astype(np.int64)


def month_days(months) -> np.ndarray:
    """Return how many days each month has."""
    months = np.asarray(months, dtype=np.int64)
    return month_start(months + 1) - month_start(months)


def add_months(days, months) -> np.ndarray:
    """Return the days so many months later; the 31st becomes the last day of a shorter month.

    Examples
    --------
    >>> str(np.datetime64(int(add_months([day("2024-01-31")], 1)[0]), "D"))
    '2024-02-29'
    """
    days = np.asarray(days, dtype=np.int64)
    here = month_of(days)
    there = here + np.asarray(months, dtype=np.int64)
    return month_start(there) + np.minimum(days - month_start(here), month_days(there) - 1)


def rounded(values, step) -> np.ndarray:
    """Return whole numbers rounded to a multiple of `step`."""
    return (np.asarray(values, dtype=np.int64) + step // 2) // step * step


_HALVING = (  # 2 ** (-k / 16) in millionths
    1_000_000,
    957_603,
    917_004,
    878_126,
    840_896,
    805_245,
    771_105,
    738_413,
    707_107,
    677_128,
    648_420,
    620_929,
    594_604,
    569_394,
    545_254,
    522_137,
    500_000,
)


def decay(time, half_life: int) -> np.ndarray:
    """Return 2 ** (-time / half_life) in millionths, from a table.

    Examples
    --------
    >>> decay([0, 24, 48, 96], 48).tolist()
    [1000000, 707107, 500000, 250000]
    """
    steps = np.asarray(time, dtype=np.int64) * 16 * 64 // half_life
    whole, rest = steps // 64, steps % 64
    table = np.array(_HALVING, dtype=np.int64)
    left, right = table[whole % 16], table[whole % 16 + 1]
    return (left + (right - left) * rest // 64) >> np.minimum(whole // 16, 40)
