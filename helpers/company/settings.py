"""The settings of a company: company.yaml, checked."""
from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import yaml

from helpers.company.errors import CompanyError, Problem, did_you_mean, nearest

FILE = "company.yaml"
BANDS = {"small": (1, 50), "mid": (50, 500), "large": (500, None)}
SYMBOLS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True)
class Settings:
    """What company.yaml says.

    `as_of` is the last day that the data know of. `complete_from_inception` says that no customer is older than the
    data. `date_order` (dmy or mdy), `decimal` (`.` or `,`) and `encoding` are needed only where a file leaves them open.
    """

    name: str
    currency: str
    time_zone: str
    as_of: dt.date
    currency_symbol: str = ""
    complete_from_inception: bool = False
    simulated: bool = False
    size_bands: dict[str, tuple[float, float | None]] = field(default_factory=lambda: dict(BANDS))
    policy: dict[str, Any] = field(default_factory=dict)
    date_order: str | None = None
    decimal: str | None = None
    encoding: str | None = None


def read_settings(folder: Path) -> Settings:
    """Read and check company.yaml of a folder.

    Raises
    ------
    CompanyError : the file is missing or not YAML, a setting is missing, unknown or wrong.
    """
    path = Path(folder) / FILE
    if not path.exists():
        raise CompanyError(Problem(FILE, "", f"there is no {FILE} in {folder}", _MAKE_ONE))
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        cause = str(error).replace("\n", " ")
        raise CompanyError(Problem(FILE, "", f"it is not valid YAML ({cause})", "write one `key: value` a line, in UTF-8")) from None
    if not isinstance(given, dict):
        raise CompanyError(Problem(FILE, "", "it holds no settings", "write one `key: value` a line"))
    return check_settings(given)


def check_settings(given: dict[str, Any]) -> Settings:
    """Settings from a mapping, every one of them checked.

    Raises
    ------
    CompanyError : naming every setting that is missing, unknown or wrong.

    Examples
    --------
    >>> import datetime
    >>> settings = check_settings({"name": "Kiosk", "currency": "EUR", "time_zone": "Europe/Berlin",
    ...                            "as_of": datetime.date(2025, 12, 31)})
    >>> settings.currency_symbol
    '€'
    """
    problems = [_unknown(key) for key in given if key not in _CHECKS]
    problems += [_missing(key) for key in ("name", "currency", "time_zone", "as_of") if given.get(key) is None]
    values = {}
    for key, value in given.items():
        if key in _CHECKS and value is not None:
            try:
                values[key] = _CHECKS[key](value)
            except ValueError as error:
                problem, mend = error.args
                problems.append(Problem(FILE, key, problem, mend))
    if problems:
        raise CompanyError(problems)
    values.setdefault("currency_symbol", SYMBOLS.get(values["currency"], values["currency"]))
    return Settings(**values)


def _unknown(key: object) -> Problem:
    known = ", ".join(_CHECKS)
    return Problem(FILE, str(key), f"this setting is not known.{did_you_mean(str(key), _CHECKS)}", f"the settings are {known}")


def _missing(key: str) -> Problem:
    return Problem(FILE, key, "this setting is missing", f"add a line such as `{key}: {_EXAMPLES[key]}`")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text", "write a word or a name")
    return value.strip()


def _currency(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
        upper = str(value).strip().upper()
        guess = f' Did you mean "{upper}"?' if re.fullmatch(r"[A-Z]{3}", upper) else ""
        raise ValueError(f"{value!r} is not a currency code.{guess}", "three capital letters of ISO 4217: CNY, EUR, USD")
    return value


def _time_zone(value: object) -> str:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = available_timezones()
        cities = {zone.rsplit("/", 1)[-1]: zone for zone in sorted(zones)}
        near = nearest(str(value).rsplit("/", 1)[-1], cities)
        guess = f' Did you mean "{cities[near]}"?' if near else ""
        raise ValueError(f"{value!r} is not a time zone.{guess}", "a name of the IANA list: Asia/Shanghai, Europe/Berlin, UTC") from None
    return str(value)


def _day(value: object) -> dt.date:
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value.strip())
        except ValueError:
            value = str(value)
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ValueError(f"{str(value)!r} is not a day", "the last day that the data know of, as 2025-12-31")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither yes nor no", "write true or false")
    return value


def _bands(value: object) -> dict[str, tuple[float, float | None]]:
    mend = "small: [1, 50], mid: [50, 500], large: [500, null]; each begins where the one before ends"
    if not isinstance(value, dict) or set(value) != set(BANDS):
        raise ValueError("it needs small, mid and large", mend)
    edges = [edge for name in BANDS for edge in (value[name] if isinstance(value[name], list) else [])]
    if len(edges) != 6 or not all(_is_number(edge) for edge in edges[:5]) or not (edges[5] is None or _is_number(edges[5])):
        raise ValueError("each band is a pair of numbers of employees, [from, up to]", mend)
    last = float("inf") if edges[5] is None else edges[5]
    if edges[1] != edges[2] or edges[3] != edges[4] or not edges[0] < edges[1] < edges[3] < last:
        raise ValueError("the bands overlap or leave a gap", mend)
    return {name: (value[name][0], value[name][1]) for name in BANDS}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _policy(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        return {"preset": value}
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not a policy", "write `policy: {preset: default}`, with single switches after it if need be")
    return value


def _one_of(*allowed: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(allowed)}", f"write {' or '.join(allowed)}")
        return str(value)

    return check


def _encoding(value: object) -> str:
    try:
        "".encode(str(value))
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding", "utf-8, gb18030, cp1252 or another that Python knows") from None
    return str(value)


_MAKE_ONE = 'helpers.company.write_templates(folder, as_of="2025-12-31") writes one to fill in, with the tables'
_EXAMPLES = {"name": "Kiosk", "currency": "EUR", "time_zone": "Europe/Berlin", "as_of": "2025-12-31"}
_CHECKS: dict[str, Callable[[object], Any]] = {
    "name": _text, "currency": _currency, "currency_symbol": _text, "time_zone": _time_zone, "as_of": _day,
    "complete_from_inception": _flag, "simulated": _flag, "size_bands": _bands, "policy": _policy,
    "date_order": _one_of("dmy", "mdy"), "decimal": _one_of(".", ","), "encoding": _encoding,
}
