"""Days, months and instants as people write them, read without guessing.

Year first is never ambiguous. `31/12/2024` shows by itself that the day comes first, and then so do its
neighbours in the column; `01/02/2024` alone shows nothing and is refused until company.yaml says `date_order`.
"""
from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

FOREVER = 2200
EARLIEST = 1900
EXCEL_ZERO = dt.datetime(1899, 12, 30)
AMBIGUOUS, NO_DAY, NOT_A_DATE, DAY_MISSING, FAR = "ambiguous", "no such day", "not a date", "day missing", "far"
MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}

_CLOCK = re.compile(
    r"^(?P<day>.*?\S)[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})([.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(:?\d{2})?)?$"
)
_YEAR_FIRST = re.compile(r"^(\d{4})[-/.年]\s*(\d{1,2})[-/.月]\s*(\d{1,2})日?$|^(\d{4})(\d{2})(\d{2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_NAMED = re.compile(r"^(\d{1,2})[-\s.]+([A-Za-z]{3,9})\.?[-\s,]+(\d{4}|\d{2})$|^([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})$")
_MONTH = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})月?$|^(\d{1,2})[-/.](\d{4})$|^([A-Za-z]{3,9})\.?[-\s']*(\d{4}|\d{2})$")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")
_EPOCH = re.compile(r"^(1\d{9})(\d{3})?(\.\d+)?$")
_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"


@dataclass
class Read:
    """What was read: the values (naive local time; NaT where refused), why others were refused, what was noticed."""

    values: pd.Series
    refused: dict[str, pd.Series] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    no_end: pd.Series | None = None


def read_dates(strings: pd.Series, kind: str, *, zone: str, date_order: str | None = None) -> Read:
    """Read a column of text as days, months or instants.

    Parameters
    ----------
    strings : text without empty cells
    kind : "date" (a day), "month" (its first day is kept) or "instant" (naive local time of `zone` is kept)
    zone : IANA name of the company's time zone; a moment with an offset is converted to it
    date_order : "dmy" or "mdy" where the year comes last and the column does not show it by itself

    Examples
    --------
    >>> read_dates(pd.Series(["2024-12-31", "20250101"]), "date", zone="UTC").values.dt.day.tolist()
    [31, 1]
    >>> read_dates(pd.Series(["2024-12-31T20:00:00Z"]), "instant", zone="Asia/Shanghai").values[0]
    Timestamp('2025-01-01 04:00:00')
    >>> list(read_dates(pd.Series(["01/02/2024"]), "date", zone="UTC").refused)
    ['ambiguous']
    """
    values = _iso(strings, zone)
    rest = strings[values.isna()]
    read = Read(values)
    if len(rest):
        order = date_order or _order_shown(rest)
        words = _Words(kind, ZoneInfo(zone), order)
        found = {one: words.read(one) for one in rest.unique()}
        answers = rest.map(found)
        refused = answers.map(lambda answer: isinstance(answer, str))
        read.refused = {str(why): _mask(strings, group.index) for why, group in rest[refused].groupby(answers[refused])}
        good = pd.to_datetime(answers[~refused], errors="coerce").astype("datetime64[us]")
        values.loc[good.index] = good
        read.notes = words.notes(bool(date_order), order)
    _apart(read, strings)
    if kind != "instant":
        read.values = read.values.dt.normalize()
    if kind == "month":
        read.values = read.values - pd.to_timedelta(read.values.dt.day - 1, unit="D").astype("timedelta64[us]")
    return read


def to_local(values: pd.Series, zone: str) -> pd.Series:
    """Aware instants as naive local time of `zone`; naive ones are taken to be local already.

    >>> to_local(pd.Series(pd.to_datetime(["2024-12-31T20:00:00+00:00"])), "Asia/Shanghai")[0]
    Timestamp('2025-01-01 04:00:00')
    """
    aware = getattr(values.dt, "tz", None) is not None
    local = values.dt.tz_convert(zone).dt.tz_localize(None) if aware else values
    return local.astype("datetime64[us]")


def _iso(strings: pd.Series, zone: str) -> pd.Series:
    """The common spellings, all at once; NaT for every other."""
    whole = _arrow(strings, zone)
    if whole is not None:
        return whole
    values = pd.to_datetime(strings, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    left = values.isna()
    local = left & strings.str.fullmatch(_ISO)
    aware = left & ~local & strings.str.fullmatch(_ISO + r"(?:Z|[+-]\d{2}:?\d{2})")
    values[local] = pd.to_datetime(strings[local], format="ISO8601", errors="coerce").astype("datetime64[us]")
    values[aware] = to_local(pd.to_datetime(strings[aware], format="ISO8601", utc=True, errors="coerce"), zone)
    return values


def _arrow(strings: pd.Series, zone: str) -> pd.Series | None:
    """A column that is spelled in one way throughout, read by Arrow; None when it is not."""
    for kind in (pa.date32(), pa.timestamp("us"), pa.timestamp("us", tz="UTC")):
        try:
            read = pa.chunked_array(pa.array(strings)).cast(kind)
        except pa.ArrowInvalid:
            continue
        values = read.cast(pa.timestamp("us", tz=getattr(kind, "tz", None))).to_pandas()
        return to_local(values.set_axis(strings.index), zone)
    return None


def _order_shown(strings: Iterable[str]) -> str | None:
    """dmy or mdy when at least one value shows it and none speaks against it."""
    shown = set()
    for one in pd.unique(pd.Series(strings)):
        clock = _CLOCK.match(one)
        match = _YEAR_LAST.match(clock["day"] if clock else one)
        if match and int(match[1]) > 12 >= int(match[2]):
            shown.add("dmy")
        elif match and int(match[2]) > 12 >= int(match[1]):
            shown.add("mdy")
    return shown.pop() if len(shown) == 1 else None


class _Words:
    """Reads one spelling after the other and remembers what it had to assume."""

    def __init__(self, kind: str, zone: ZoneInfo, order: str | None) -> None:
        self.kind, self.zone, self.order = kind, zone, order
        self.excel: str | None = None
        self.used_order: str | None = None

    def read(self, text: str) -> dt.datetime | str:
        text = " ".join(unicodedata.normalize("NFKC", text).split())
        moment = self._number(text)
        if moment is not None:
            return moment
        clock = _CLOCK.match(text)
        day = self._day(clock["day"] if clock else text)
        return day if clock is None or isinstance(day, str) else self._at(day, clock)

    def notes(self, told: bool, order: str | None) -> list[str]:
        notes = []
        if self.used_order and not told:
            first = "day" if order == "dmy" else "month"
            notes.append(f"`{self.used_order}` and the like were read {first} first, as other values of the column show")
        if self.excel:
            notes.append(f"day numbers of Excel were read as dates ({self.excel}); files of old Macs are four years off")
        return notes

    def _number(self, text: str) -> dt.datetime | None:
        epoch = _EPOCH.match(text)
        if epoch:
            seconds = int(epoch[1]) + int(epoch[2] or 0) / 1000
            return dt.datetime.fromtimestamp(seconds, self.zone).replace(tzinfo=None)
        if not _SERIAL.match(text) or not 18_000 <= float(text) <= 80_000:
            return None
        moment = EXCEL_ZERO + dt.timedelta(seconds=round(float(text) * 86_400))
        self.excel = self.excel or f"{text} = {moment:%Y-%m-%d}"
        return moment

    def _day(self, text: str) -> dt.datetime | str:
        if match := _YEAR_FIRST.match(text):
            return _date(*(int(part) for part in match.groups() if part))
        if match := _NAMED.match(text):
            day, name, year = match.group(1, 2, 3) if match[1] else match.group(5, 4, 6)
            return _date(_year(year), MONTHS.get(name[:3].lower(), 0), int(day))
        if match := _YEAR_LAST.match(text):
            return self._year_last(text, int(match[1]), int(match[2]), _year(match[3]))
        if match := _MONTH.match(text):
            return self._month(match) if self.kind == "month" else DAY_MISSING
        return NOT_A_DATE

    def _year_last(self, text: str, first: int, second: int, year: int) -> dt.datetime | str:
        if first == second:
            return _date(year, first, second)
        if self.order is None:
            return AMBIGUOUS if max(first, second) <= 31 else NO_DAY
        self.used_order = self.used_order or text
        day, month = (first, second) if self.order == "dmy" else (second, first)
        return _date(year, month, day)

    def _month(self, match: re.Match[str]) -> dt.datetime | str:
        if match[1]:
            return _date(int(match[1]), int(match[2]), 1)
        if match[3]:
            return _date(int(match[4]), int(match[3]), 1)
        return _date(_year(match[6]), MONTHS.get(match[5][:3].lower(), 0), 1)

    def _at(self, day: dt.datetime, clock: re.Match[str]) -> dt.datetime | str:
        hour = int(clock["hour"])
        if clock["half"]:
            hour = hour % 12 + (12 if clock["half"].lower() == "pm" else 0)
        micro = int((clock["part"] or "0").ljust(6, "0")[:6])
        try:
            moment = day.replace(hour=hour, minute=int(clock["minute"]), second=int(clock["second"] or 0), microsecond=micro)
        except ValueError:
            return NOT_A_DATE
        if not clock["zone"]:
            return moment
        return moment.replace(tzinfo=_offset(clock["zone"])).astimezone(self.zone).replace(tzinfo=None)


def _apart(read: Read, strings: pd.Series) -> None:
    """Set apart dates that stand for "no end" (9999-12-31) and dates before anybody sold software."""
    years = read.values.dt.year
    zero = strings.str.match(r"^(?:0000-00-00|1900-01-00)") & read.values.isna()
    read.no_end = (years >= FOREVER) | zero
    early = (years < EARLIEST) & ~read.no_end
    read.values = read.values.mask(read.no_end | early)
    read.refused = {why: mask & ~read.no_end for why, mask in read.refused.items() if (mask & ~read.no_end).any()}
    if early.any():
        read.refused[FAR] = early


def _mask(strings: pd.Series, index: pd.Index) -> pd.Series:
    mask = pd.Series(False, index=strings.index)
    mask.loc[index] = True
    return mask


def _date(year: int, month: int, day: int) -> dt.datetime | str:
    try:
        return dt.datetime(year, month, day)
    except ValueError:
        return NO_DAY


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 70 else 1900 + int(text)


def _offset(text: str) -> dt.timezone:
    if not text[1:].replace(":", "").isdigit():
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return dt.timezone(dt.timedelta(minutes=minutes if text[0] == "+" else -minutes))


REASONS: dict[str, tuple[str, str]] = {
    AMBIGUOUS: ("{n} may be read day first or month first",
                "say `date_order: dmy` (day first) or `date_order: mdy` (month first) in company.yaml, or write 2024-12-31"),
    NO_DAY: ("{n} with a day that does not exist",
             "look at day and month; if they are the other way round, `date_order` in company.yaml says so"),
    NOT_A_DATE: ("{n} cannot be read as a date", "write 2024-12-31; leave the cell empty when there is no date"),
    DAY_MISSING: ("{n} without a day, a month only", "write the day too, as 2024-12-31"),
    FAR: ("{n} before the year 1900", "write the year with four digits"),
}

