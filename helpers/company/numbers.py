"""Numbers as people and spreadsheets write them: 1,200.00, ¥1,200, (300), 12%, 1.2万.

`1,200` is a thousand two hundred, unless the file shows that its comma is a decimal sign; where neither the column nor
company.yaml (`decimal`) tells, it is refused.
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

NOT_A_NUMBER, AMBIGUOUS, MIXED, PERCENT, SHEET, RANGE = "not a number", "ambiguous", "mixed", "percent", "sheet", "range"

_CURRENCY = re.compile(r"[¥$€£₹元]|RMB|CN¥|[A-Z]{3}(?=[\s\d-])|(?<=[\d\s])[A-Z]{3}$")
_THOUSANDS = {".": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d+)?", ",": r"\d{1,3}(?:\.\d{3})+(?:,\d+)?"}
_PLAIN = {".": r"\d*\.?\d+|\d+\.", ",": r"\d*,?\d+|\d+,"}
_SHOWS = {
    ".": re.compile(r",\d{3}\.\d|\.\d{1,2}$|\.\d{4,}$|,\d{3},\d{3}"),
    ",": re.compile(r"\.\d{3},\d|,\d{1,2}$|,\d{4,}$|\.\d{3}\.\d{3}"),
}
_TENS = {"万": 1e4, "亿": 1e8}


@dataclass
class Read:
    """What was read: the values (NaN where refused) and why others were refused."""

    values: pd.Series
    refused: dict[str, pd.Series] = field(default_factory=dict)


def read_numbers(strings: pd.Series, *, percent: bool = False, decimal: str | None = None, doubtful: bool = False) -> Read:
    """Read a column of text as numbers.

    Parameters
    ----------
    strings : text without empty cells
    percent : whether 12% is allowed; it is read as 0.12
    decimal : the decimal sign, `.` or `,`, when company.yaml names it
    doubtful : the file comes from a place where a comma may be the decimal sign (its columns are separated by semicolons)

    Examples
    --------
    >>> read_numbers(pd.Series(["1,200.00", "¥1,200", "(300)", "1.2万"])).values.tolist()
    [1200.0, 1200.0, -300.0, 12000.0]
    >>> read_numbers(pd.Series(["12%", "0.2"]), percent=True).values.tolist()
    [0.12, 0.2]
    >>> read_numbers(pd.Series(["1.200,50", "1.200"])).values.tolist()
    [1200.5, 1200.0]
    """
    values = _plain(strings)
    unclear = values.isna() | ((doubtful or decimal == ",") & strings.str.contains(".", regex=False))
    if not unclear.any():
        return Read(values)
    cores = {one: _core(one) for one in strings.unique()}
    sign = decimal or _sign_shown(cores.values())
    if sign == ",":
        unclear |= strings.str.contains(".", regex=False)
    answers = {one: _value(cores[one], one, sign, percent, doubtful) for one in strings[unclear].unique()}
    read = strings[unclear].map(answers)
    refused = read.map(lambda answer: isinstance(answer, str))
    values.loc[read.index] = pd.to_numeric(read.mask(refused), errors="coerce").astype("float64")
    masks = {str(why): strings.index.isin(group.index) for why, group in read[refused].groupby(read[refused])}
    return Read(values, {why: pd.Series(mask, index=strings.index) for why, mask in masks.items()})


def _plain(strings: pd.Series) -> pd.Series:
    """The numbers that are written plainly; NaN for every other text."""
    try:
        values = pa.chunked_array(pa.array(strings)).cast(pa.float64()).to_pandas().set_axis(strings.index)
    except pa.ArrowInvalid:
        values = pd.to_numeric(strings, errors="coerce").astype("float64")
    return values.replace([np.inf, -np.inf], np.nan)


def _core(text: str) -> str:
    """The digits and separators that are left when sign, currency, percent and spaces are taken off."""
    clean = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    clean = _CURRENCY.sub("", clean)
    return re.sub(r"[\s'’_]", "", clean)


def _sign_shown(cores: object) -> str | None:
    """The decimal sign that the column shows by itself; "mixed" when it shows both."""
    digits = [re.sub(r"[()%+\-万亿]", "", core) for core in cores]
    shown = {sign for sign, pattern in _SHOWS.items() if any(pattern.search(one) for one in digits)}
    return MIXED if len(shown) > 1 else next(iter(shown), None)


def _value(core: str, text: str, sign: str | None, percent: bool, doubtful: bool) -> float | str:
    if text.lstrip().startswith("#"):
        return SHEET
    negative = core.startswith(("-", "(")) or core.endswith("-")
    factor = np.prod([_TENS[unit] for unit in _TENS if core.endswith(unit)])
    digits = core.strip("()+-").rstrip("万亿")
    if digits.endswith("%"):
        if not percent:
            return PERCENT
        digits, factor = digits[:-1], 0.01
    if re.fullmatch(r"[\d.,]+[-–~][\d.,]+|[\d.,]+\+|[<>≥≤][\d.,]+", text.replace(" ", "")):
        return RANGE
    number = _digits(digits, sign, doubtful)
    return number if isinstance(number, str) else float(round(number * factor, 12)) * (-1 if negative else 1)


def _digits(digits: str, sign: str | None, doubtful: bool) -> float | str:
    if not re.fullmatch(r"[\d.,]*\d[\d.,]*", digits):
        return NOT_A_NUMBER
    if digits.isdigit():
        return float(digits)
    if sign == MIXED or (sign is None and doubtful and re.fullmatch(r"\d{1,3}[.,]\d{3}", digits)):
        return MIXED if sign == MIXED else AMBIGUOUS
    used = sign or "."
    other = "," if used == "." else "."
    if re.fullmatch(_THOUSANDS[used], digits):
        return float(digits.replace(other, "").replace(used, "."))
    return float(digits.replace(used, ".")) if re.fullmatch(_PLAIN[used], digits) else NOT_A_NUMBER


REASONS: dict[str, tuple[str, str]] = {
    NOT_A_NUMBER: ("{n} cannot be read as a number", "write digits only, as 1200.50; leave the cell empty when there is no number"),
    AMBIGUOUS: ("{n} may mean thousands or decimals", "say `decimal: \",\"` or `decimal: \".\"` in company.yaml, or write 1200.50"),
    MIXED: ("some values show a comma as the decimal sign and others a point, so that {n} cannot be read",
            "use one of them in the whole column, best 1200.50"),
    PERCENT: ("{n} in percent, where no share is expected", "write the number itself"),
    SHEET: ("{n} left by an error of the spreadsheet", "mend the formula, then save the CSV again"),
    RANGE: ("{n} written as a range", "write one number, for instance the middle of the range"),
}
