"""Numbers as people write them. Undefined is written as a dash, never as 0."""

from __future__ import annotations

import datetime as dt
import math

DASH = "–"


def _undefined(value) -> bool:
    try:
        return value is None or not math.isfinite(float(value))
    except (TypeError, ValueError):
        return True


def percent(value, digits: int = 1) -> str:
    """A share as a percentage.

    Parameters
    ----------
    value : float
        A share: 0.982 is 98.2%.
    digits : int
        Decimals to show.

    Examples
    --------
    >>> percent(0.98249), percent(1.02, 0), percent(float("nan"))
    ('98.2%', '102%', '–')
    """
    return DASH if _undefined(value) else f"{100 * float(value) + 0.0:.{digits}f}%"


def points(value, digits: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign.

    Examples
    --------
    >>> points(0.031), points(-0.004)
    ('+3.1 points', '-0.4 points')
    """
    return DASH if _undefined(value) else f"{100 * float(value):+.{digits}f} points"


def number(value, digits: int = 0) -> str:
    """A count or a plain number with thousands separated.

    Examples
    --------
    >>> number(1740), number(3.14159, 2)
    ('1,740', '3.14')
    """
    return DASH if _undefined(value) else f"{float(value):,.{digits}f}"


def months(value, digits: int = 0) -> str:
    """A length of time in months.

    Examples
    --------
    >>> months(16.4), months(1)
    ('16 months', '1 month')
    """
    if _undefined(value):
        return DASH
    text = f"{float(value):,.{digits}f}"
    return f"{text} month" if text == "1" else f"{text} months"


def money(value, currency: str = "") -> str:
    """An amount as people say it: thousands written out, millions and billions shortened.

    Parameters
    ----------
    value : float
        Major units (yuan, euro).
    currency : str or Company
        A currency code, or a company whose currency is meant.

    Examples
    --------
    >>> money(4_552, "USD"), money(119_800_000, "CNY"), money(-2_500_000, "CNY"), money(12.5)
    ('USD 4,552', 'CNY 119.8 m', '-CNY 2.5 m', '12.5')
    """
    if _undefined(value):
        return DASH
    code = getattr(currency, "currency", currency) or ""
    size, sign = abs(float(value)), "-" if float(value) < 0 else ""
    if size >= 999_950_000:
        text = f"{size / 1e9:,.1f} bn"
    elif size >= 999_950:
        text = f"{size / 1e6:,.1f} m"
    elif size >= 100 or size == round(size):
        text = f"{size:,.0f}"
    else:
        text = f"{size:,.2f}".rstrip("0").rstrip(".")
    return f"{sign}{code} {text}".strip() if code else sign + text


def interval(low, high, form=percent) -> str:
    """An interval in one bracket.

    Examples
    --------
    >>> interval(0.052369, 0.360419)
    '5.2% to 36.0%'
    """
    return DASH if _undefined(low) or _undefined(high) else f"{form(low)} to {form(high)}"


def when(day) -> str:
    """A date or month as people write it.

    Examples
    --------
    >>> import datetime as dt
    >>> when(dt.date(2025, 12, 31))
    '31 December 2025'
    """
    if hasattr(day, "date") and not isinstance(day, dt.date):
        day = day.date()
    day = dt.date.fromisoformat(str(day)[:10])
    return f"{day.day} {day:%B} {day.year}"


FORMATS = {"percent": percent, "points": points, "number": number, "months": months, "date": when,
           "decimal": lambda value: number(value, 2)}


def format_of(form):
    """The function that writes a column: a function, a name such as ``"percent"``, or a currency code.

    Examples
    --------
    >>> format_of("percent")(0.5), format_of("EUR")(1200)
    ('50.0%', 'EUR 1,200')
    """
    if callable(form):
        return form
    if form in FORMATS:
        return FORMATS[form]
    if isinstance(form, str) and len(form) == 3 and form.isupper():
        return lambda value: money(value, form)
    names = ", ".join(sorted(FORMATS))
    raise ValueError(f"I do not know the format {form!r}: give a function, a currency code such as 'CNY', or one of {names}.")
