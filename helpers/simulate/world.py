"""The parameters of a company, its calendar, and its streams."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import yaml

from helpers.simulate.streams import Stream
from helpers.simulate.whole import allot, day, month_days, month_of, month_start, share

HERE = Path(__file__).parent
OPTIONAL = {"lockdown"}


def read_parameters(like) -> dict:
    """Return the parameters of a named company ("lanternfish", "second") or of a YAML file."""
    path = HERE / f"{like}.yaml"
    if not path.exists():
        path = Path(like)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in HERE.glob("*.yaml")))
        raise FileNotFoundError(f"No parameters found at {like}. Give a YAML file or one of: {known}.")
    return _whole(yaml.safe_load(path.read_text(encoding="utf-8")), path)


def _whole(parameters: dict, path: Path) -> dict:
    """Return the parameters, or say which parts of them are missing."""
    case = yaml.safe_load((HERE / "lanternfish.yaml").read_text(encoding="utf-8"))
    missing = sorted(set(case) - set(parameters) - OPTIONAL)
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}. Copy them from lanternfish.yaml and change them there.")
    return parameters


class World:
    """What every part of the simulation needs to know: parameters, calendar, streams, scale."""

    def __init__(self, parameters: dict, seed: int | None = None, scale: float = 1.0, block: int = 0) -> None:
        self.p, self.block = parameters, block
        self.seed = parameters["seed"] if seed is None else seed
        self.millionths = round(scale * parameters["times"] * 1_000_000)
        self.years = parameters["years"]
        self.first_day = day(parameters["opens"])
        self.first_month = int(month_of([self.first_day])[0])
        self.months = np.arange(self.first_month, self.first_month + 12 * self.years)
        self.as_of = int(month_start([self.first_month + 12 * self.years])[0]) - 1

    def stream(self, table: str, purpose: str) -> Stream:
        """Return the stream of this company for one purpose."""
        return Stream(self.seed, table, purpose, self.block)

    def scaled(self, count: int) -> int:
        """Return a count of the case at the scale of this company."""
        return share(count, self.millionths)

    def year_of(self, days) -> np.ndarray:
        """Return the business year of each day, counted from 0."""
        return (month_of(days) - self.first_month) // 12

    def year_end(self, year: int) -> int:
        """Return the last day of a business year."""
        return int(month_start([self.first_month + 12 * (year + 1)])[0]) - 1

    @cached_property
    def sizes(self) -> list[str]:
        """Names of the sizes, small first."""
        return list(self.p["sizes"])

    @cached_property
    def modes(self) -> list[str]:
        """Ways of winning customers."""
        return list(self.p["modes"])

    @cached_property
    def industries(self) -> list[str]:
        """Names of the industries."""
        return [row["name"] for row in self.p["industries"]]

    @cached_property
    def cities(self) -> list[str]:
        """Names of the cities."""
        return [row["name"] for row in self.p["cities"]]

    def of_industry(self, key: str) -> np.ndarray:
        """Return one figure of every industry."""
        return np.array([row[key] for row in self.p["industries"]], dtype=np.int64)

    @cached_property
    def holidays(self) -> np.ndarray:
        """Every day that the moving holiday takes."""
        rule = self.p["holiday"]
        starts = np.array([day(text) for text in rule["days"]], dtype=np.int64)
        return (starts[:, None] + np.arange(-rule["before"], rule["after"] + 1)).ravel()

    def holiday_factor(self, months) -> np.ndarray:
        """Return the per cent of business that the holiday leaves to each month."""
        months = np.asarray(months, dtype=np.int64)
        names, lost = np.unique(month_of(self.holidays), return_counts=True)
        place = np.minimum(np.searchsorted(names, months), len(names) - 1)
        lost = np.where(names[place] == months, lost[place], 0)
        return np.maximum(100 - self.p["holiday"]["loss"] * lost, 5)

    def inbound_left(self, months) -> np.ndarray:
        """Return the per cent of inbound interest that each month keeps when something is broken."""
        left = np.full(len(months), 100)
        for odd in self.p["leads"]["anomalies"]:
            if odd["modes"] == ["inbound"]:
                left = np.where(
                    np.isin(months, month_of([day(f"{text}-01") for text in odd["months"]])), odd["left"], left
                )
        return left

    def month_weights(self, year: int) -> np.ndarray:
        """Return the weights of the twelve months of a business year."""
        months = self.months[12 * year : 12 * year + 12]
        weights = self.p["months"].get(year)
        if weights is None:
            weights = np.asarray(self.p["season"])[months % 12]
        return np.asarray(weights, dtype=np.int64) * self.holiday_factor(months)

    def workday(self, days, stream) -> np.ndarray:
        """Move days off weekends and holidays, inside their month where that is possible."""
        days = np.asarray(days, dtype=np.int64).copy()
        starts, ends = month_start(month_of(days)), month_start(month_of(days)) + month_days(month_of(days)) - 1
        days = self._open_day(days, -1)
        early = days < starts
        back = self._open_day(starts + stream.below(len(days), 6), 1)
        return np.where(early, np.minimum(back, ends), days)

    def _open_day(self, days, step: int) -> np.ndarray:
        """Return the nearest day, in one direction, that is no weekend and no holiday (18 steps at most)."""
        if not len(days):
            return days
        low = int(days.min())
        there = np.arange(low, int(days.max()) + 1)
        for _ in range(18):
            shut = ((there + 3) % 7 >= 5) | np.isin(there, self.holidays)
            there = np.where(shut, there + step, there)
        return there[days - low]

    def clock(self, seconds) -> np.ndarray:
        """Return the offset from UTC in minutes at each local moment."""
        seconds = np.asarray(seconds, dtype=np.int64)
        offset = np.full(len(seconds), self.p["company"]["utc_offset"], dtype=np.int64)
        if self.p["company"]["summer_time"] == "eu":
            offset += np.where(european_summer(seconds), 60, 0)
        return offset

    def at(self, days, stream, first=9, last=18) -> np.ndarray:
        """Return a moment within working hours of each day, in seconds of local time."""
        days = np.asarray(days, dtype=np.int64)
        return days * 86400 + first * 3600 + stream.below(len(days), (last - first) * 60) * 60


def european_summer(seconds) -> np.ndarray:
    """Return whether local moments lie in summer time: last Sunday of March to last Sunday of October."""
    days = np.asarray(seconds, dtype=np.int64) // 86400
    years = np.asarray(days, dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    start = _last_sunday(years * 12 + 2) * 86400 + 2 * 3600
    end = _last_sunday(years * 12 + 9) * 86400 + 3 * 3600
    return (seconds >= start) & (seconds < end)


def _last_sunday(months) -> np.ndarray:
    last = month_start(np.asarray(months) + 1) - 1
    return last - (last + 4) % 7


def split(total: int, weights: dict, keys) -> np.ndarray:
    """Allot a total over named weights in the order of `keys`; a missing name weighs nothing."""
    return allot(total, [weights.get(key, 0) for key in keys])
