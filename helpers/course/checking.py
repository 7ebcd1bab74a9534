"""How an answer is judged: not answered yet, right, a known mistake, or wrong with what was right about it.

Whatever is handed in, :func:`judge` answers with a sentence and never with a traceback.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from helpers.periods import months_of_history
from helpers.show import numbers

from .exercises import Exercise

_COMPUTED: WeakKeyDictionary = WeakKeyDictionary()
OPEN, RIGHT, MISTAKE, WRONG = "open", "right", "mistake", "wrong"

ALL_UNITS = ("share", "money", "ratio", "months", "count")

# What people do to a right number without noticing: (what to do to the right value, what to say).
SLIPS = (
    (lambda right: 100 * right, ("share",), "Your figure is right as a percentage. The course counts in shares, so write {right_raw} for {right}."),
    (lambda right: right / 100, ("share", "ratio", "money", "months", "count"), "Your figure is a hundredth of the right one: a percent sign was taken off twice."),
    (lambda right: -right, ALL_UNITS, "The size is right and the sign is turned round."),
    (lambda right: 1 - right, ("share",), "You have the other side of it: what was lost instead of what stayed, or the reverse. The two add up to 100%."),
    (lambda right: 12 * right, ALL_UNITS, "Your figure is twelve times the right one: a year where a month was asked for."),
    (lambda right: right / 12, ALL_UNITS, "Your figure is a twelfth of the right one: a month where a year was asked for."),
    (lambda right: 1000 * right, ("money", "count", "ratio"), "Your figure is a thousand times the right one: units where thousands were meant, or the reverse."),
    (lambda right: right / 1000, ("money", "count", "ratio"), "Your figure is a thousandth of the right one: thousands where units were asked for."),
    (lambda right: right / 1_000_000, ("money",), "Your figure is the right one in millions; the course counts in single units of the currency."),
    (lambda right: 100 * right, ("money",), "Your figure is a hundred times the right one: cents where whole units of the currency were asked for."),
)


@dataclass(frozen=True)
class Verdict:
    """What `check` says.

    Parameters
    ----------
    status : {"open", "right", "mistake", "wrong"}
    message : str
    mistake : int or None
        Which of the exercise's mistakes it was.
    """

    status: str
    message: str
    mistake: int | None = None


def judge(exercise: Exercise, answer: Any, company: Any) -> Verdict:
    """Judge an answer on a company.

    Parameters
    ----------
    exercise : Exercise
    answer : anything
        ``...`` and ``None`` mean that nothing was answered yet.
    company : Company

    Returns
    -------
    Verdict
    """
    if answer is ... or answer is None or (isinstance(answer, str) and answer.strip() in ("", "...")):
        offered = "\n" + _offered(exercise) if exercise.kind == "text choice" else ""
        return Verdict(OPEN, "Put your answer in place of the three dots and run the cell again." + offered)
    missing = [name for name in exercise.needs if not company.has(name)]
    if missing:
        return Verdict(OPEN, f"This exercise needs the table {missing[0]!r}, which {company.name} does not have.")
    if callable(exercise.choices):
        exercise = replace(exercise, choices=tuple(str(choice) for choice in exercise.choices(company)))
    if exercise.months and months_of_history(company) < exercise.months:
        return Verdict(OPEN, f"This exercise needs {exercise.months} months since the first contract; {company.name} has "
                             f"{months_of_history(company)}.")
    by_kind = {"number": _number, "table": _table, "choice": _choice, "text choice": _choice, "judgement": _judgement}
    try:
        return by_kind[exercise.kind](exercise, answer, company)
    except Exception as error:  # the reader handed in something nobody thought of: say so instead of breaking
        return Verdict(WRONG, f"I could not read this answer ({type(error).__name__}: {str(error)[:120]}). "
                              f"{_wanted(exercise)}")


def _wanted(exercise: Exercise) -> str:
    if exercise.kind == "number":
        return {"share": "Give one number as a share, such as 0.8 for 80%.", "money": "Give one amount in units of the currency.",
                "months": "Give one number of months."}.get(exercise.unit, "Give one number.")
    if exercise.kind == "table":
        return "Give a table with the columns that the question names."
    if exercise.kind == "choice":
        return "Choose from: " + ", ".join(exercise.choices) + "."
    if exercise.kind == "text choice":
        return "Give one of the letters: " + _offered(exercise).replace("\n", " ")
    return "Give the letters of the points that the worked answer meets, such as \"ACD\"."


def _offered(exercise: Exercise) -> str:
    """The sentences of a text choice, each with its letter."""
    return "\n".join(f"{chr(97 + place)}) {choice}" for place, choice in enumerate(exercise.choices))


# ---------------------------------------------------------------- numbers

def as_number(answer: Any) -> float:
    """The number in an answer: a number, a result, a one-cell table, or text such as ``"98.2%"``.

    Raises
    ------
    ValueError
        When there is no single number in it.

    Examples
    --------
    >>> as_number("98.2%"), as_number("1,200")
    (0.982, 1200.0)
    """
    if isinstance(answer, bool):
        raise ValueError("yes or no is not a number")
    if isinstance(answer, str):
        text = answer.strip().replace(",", "").replace(" ", "")
        found = re.fullmatch(r"[^\d+-]*([+-]?\d*\.?\d+(?:e[+-]?\d+)?)(%?)[^\d%]*", text, re.I)
        if not found:
            raise ValueError(f"there is no number in {answer!r}")
        return round(float(found[1]) / 100, 12) if found[2] else float(found[1])
    if hasattr(answer, "value") and not callable(answer.value):
        return float(answer.value)
    if hasattr(answer, "shape") and math.prod(answer.shape) == 1:
        while hasattr(answer, "iloc"):
            answer = answer.iloc[0]
        return float(answer.item() if hasattr(answer, "item") else answer)
    if hasattr(answer, "__len__") and len(answer) != 1:
        raise ValueError(f"one number was asked for, and this holds {len(answer)}")
    return float(answer[0] if isinstance(answer, (list, tuple)) else answer)


def write(value: Any, unit: str, company: Any) -> str:
    """A value in the unit of the exercise, as people write it.

    Examples
    --------
    >>> write(0.982, "share", None), write(1740, "count", None)
    ('98.2%', '1,740')
    """
    if isinstance(value, (str, set, frozenset, list, tuple)):
        return value if isinstance(value, str) else ", ".join(sorted(map(str, value)))
    forms = {"share": numbers.percent, "money": lambda v: numbers.money(v, company), "months": lambda v: numbers.months(v, 1),
             "ratio": lambda v: numbers.number(v, 2)}
    return forms.get(unit, numbers.number)(value)


def _tolerance(exercise: Exercise, value: float) -> float:
    if exercise.tolerance is not None:
        return exercise.tolerance
    return 0.0005 + 1e-9 if exercise.unit == "share" else abs(value) * 0.005 + 1e-9


def _given(source: Any, company: Any) -> Any:
    """What a solution or a slip gives on a company, computed once: the next try need not wait for it again."""
    if not callable(source):
        return source
    try:
        known = _COMPUTED.setdefault(company, {})
        if source not in known:
            known[source] = source(company)
        return known[source]
    except TypeError:  # a company, or a function, that cannot be remembered
        return source(company)


def _fill(text: str, exercise: Exercise, company: Any, mine: Any, right: Any) -> str:
    def apart(far):
        return numbers.points(far) if exercise.unit == "share" else write(far, exercise.unit, company)

    words = isinstance(mine, (str, set, frozenset))
    gap, off = ("", "") if words else (apart(mine - right), apart(abs(mine - right)).removeprefix("+"))
    raw = f"{right:.4g}" if isinstance(right, float) else str(right)
    parts = {"{mine}": write(mine, exercise.unit, company), "{right}": write(right, exercise.unit, company),
             "{gap}": gap, "{off}": off, "{side}": "" if words else "too high" if mine > right else "too low", "{right_raw}": raw}
    for mark, said in parts.items():
        text = text.replace(mark, said)
    return text


def _number(exercise: Exercise, answer: Any, company: Any) -> Verdict:
    try:
        mine = as_number(answer)
    except (TypeError, ValueError) as error:
        return Verdict(WRONG, f"A number is asked for, and {str(error) or type(answer).__name__}. {_wanted(exercise)}")
    if math.isnan(mine):
        return Verdict(WRONG, "Your answer is not a number (NaN): somewhere nothing was divided by nothing, or a table was empty.")
    rights = {"": as_number(_given(exercise.solution, company))}
    rights |= {name: as_number(_given(fn, company)) for name, fn in exercise.accepts.items()}
    right = rights[""]
    name, near = min(rights.items(), key=lambda item: abs(item[1] - mine))
    known = _nearest_mistake(exercise, mine, company)
    if abs(near - mine) <= _tolerance(exercise, near) and (known is None or abs(near - mine) <= known[1]):
        return Verdict(RIGHT, _praise(exercise, company, name, near, mine))
    if known is not None:
        return Verdict(MISTAKE, _fill(exercise.mistakes[known[0]].says, exercise, company, mine, right), known[0])
    return _slip(exercise, mine, right, company) or _wrong_number(exercise, mine, right, company)


def _nearest_mistake(exercise: Exercise, mine: float, company: Any) -> tuple[int, float] | None:
    found = []
    for place, mistake in enumerate(exercise.mistakes):
        value = as_number(_given(mistake.gives, company))
        if not math.isnan(value) and abs(value - mine) <= _tolerance(exercise, value):
            found.append((abs(value - mine), place))
    return (min(found)[1], min(found)[0]) if found else None


def _praise(exercise: Exercise, company: Any, name: str, near: Any, mine: Any) -> str:
    by = f" You used this definition: {name}." if name else (
        " This is the course's default definition; others are accepted." if exercise.accepts else "")
    said = " " + _fill(exercise.says_right, exercise, company, mine, near) if exercise.says_right else ""
    return f"Right: {write(near, exercise.unit, company)}.{by}{said}"


def _slip(exercise: Exercise, mine: float, right: float, company: Any) -> Verdict | None:
    for change, units, says in SLIPS:
        other = change(right)
        room = max(abs(other) * 0.005, 1e-9)
        if exercise.unit in units and right and abs(other - right) > 2 * room and abs(mine - other) <= room:
            return Verdict(MISTAKE, _fill(says, exercise, company, mine, right))
    return None


def _wrong_number(exercise: Exercise, mine: float, right: float, company: Any) -> Verdict:
    good = ["it is a number"]
    if exercise.unit == "share" and 0 <= mine <= 2:
        good.append("it is a share, as asked")
    if mine * right > 0:
        good.append("the sign is right")
        if 0.9 <= mine / right <= 1.1:
            good.append("it is within a tenth of the right figure")
        elif 0.5 <= mine / right <= 2:
            good.append("the size is about right")
    way = "smaller" if mine > right else "larger"
    return Verdict(WRONG, f"Not yet: {write(mine, exercise.unit, company)}. What is right: {', '.join(good)}. "
                          f"The figure asked for is {way}.")


# ---------------------------------------------------------------- choices and judgements

def _word(text: Any) -> str:
    return re.sub(r"[\s_-]+", " ", str(text)).strip().lower()


def _words(answer: Any) -> frozenset[str]:
    parts = answer if isinstance(answer, (set, frozenset, list, tuple)) else [answer]
    return frozenset(_word(part) for part in parts)


def _spelt_out(exercise: Exercise, answer: Any) -> Any:
    """For a text choice, letters as the sentences they stand for."""
    if exercise.kind != "text choice":
        return answer
    parts = answer if isinstance(answer, (set, frozenset, list, tuple)) else [answer]
    letters = {chr(97 + place): choice for place, choice in enumerate(exercise.choices)}
    return {letters.get(str(part).strip().lower().rstrip(")."), part) for part in parts}


def _choice(exercise: Exercise, answer: Any, company: Any) -> Verdict:
    mine, right = _words(_spelt_out(exercise, answer)), _words(_given(exercise.solution, company))
    known = {_word(choice) for choice in exercise.choices}
    strange = sorted(mine - known)
    if strange:
        import difflib

        near = difflib.get_close_matches(strange[0], known, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        return Verdict(WRONG, f"{strange[0]!r} is not among the choices.{meant} {_wanted(exercise)}")
    if mine in [right, *(_words(_given(fn, company)) for fn in exercise.accepts.values())]:
        return Verdict(RIGHT, _praise(exercise, company, "", ", ".join(sorted(mine)), ", ".join(sorted(mine))))
    for place, mistake in enumerate(exercise.mistakes):
        if mine == _words(_given(mistake.gives, company)):
            return Verdict(MISTAKE, _fill(mistake.says, exercise, company, ", ".join(sorted(mine)), ", ".join(sorted(right))), place)
    if len(right) > 1:
        return Verdict(WRONG, f"Not yet: {len(mine & right)} of your {len(mine)} belong to the {len(right)} that are asked for.")
    return Verdict(WRONG, "Not yet. It is one of the choices, as asked, but another one fits the data.")


def _judgement(exercise: Exercise, answer: Any, company: Any) -> Verdict:
    letters = {point.letter.upper() for point in exercise.rubric}
    text = answer if isinstance(answer, str) else "".join(map(str, answer))
    mine = {sign for sign in text.upper() if sign.isalpha()}
    if not mine <= letters or (isinstance(answer, str) and len(re.sub(r"[^A-Za-z]", "", answer)) > len(letters)):
        return Verdict(WRONG, f"Give the letters of the points that the worked answer meets, out of {', '.join(sorted(letters))}.")
    met = {point.letter.upper() for point in exercise.rubric if point.met}
    off = [point for point in exercise.rubric if (point.letter.upper() in mine) != point.met]
    if not off:
        return Verdict(RIGHT, "You read it as we do: " + " ".join(f"{p.letter}: {p.why}" for p in exercise.rubric)
                       + " Now hold your own answer against the same points.")
    for place, mistake in enumerate(exercise.mistakes):
        if mine == {sign for sign in str(_given(mistake.gives, company)).upper() if sign.isalpha()}:
            return Verdict(MISTAKE, mistake.says, place)
    agree = len(exercise.rubric) - len(off)
    return Verdict(WRONG, f"You and we agree on {agree} of {len(exercise.rubric)} points ({len(met & mine)} that are met). Look again at "
                          + "; ".join(f"{p.letter} ({p.asks})" for p in off) + ".")


# ---------------------------------------------------------------- tables

def _frame(answer: Any):
    import pandas as pd

    answer = getattr(answer, "table", answer)
    if hasattr(answer, "to_pandas"):
        answer = answer.to_pandas()
    if isinstance(answer, pd.Series):
        answer = answer.reset_index()
    if isinstance(answer, pd.DataFrame):
        named = [name for name in answer.index.names if name is not None and name not in answer.columns]
        return answer.reset_index() if named else answer.copy()
    if isinstance(answer, dict) or (isinstance(answer, list) and answer and isinstance(answer[0], dict)):
        return pd.DataFrame(answer)
    raise TypeError(f"a table is asked for, and this is {type(answer).__name__}")


def _compare(exercise: Exercise, mine, right) -> tuple[int, int, str]:
    """Rows that agree, rows that are asked for, and what is first to disagree."""
    keys = list(exercise.keys) or [name for name in right.columns if right[name].dtype.kind not in "fiu"]
    rows = {tuple(_word(v)[:40] for v in row[:len(keys)]): row for row in mine[keys + [c for c in right.columns if c not in keys]]
            .itertuples(index=False, name=None)}
    agree, first = 0, ""
    for row in right[keys + [c for c in right.columns if c not in keys]].itertuples(index=False, name=None):
        place = tuple(_word(v)[:40] for v in row[:len(keys)])
        other = rows.get(place)
        same = other is not None and all(_same(a, b, exercise) for a, b in zip(row[len(keys):], other[len(keys):]))
        agree += same
        if not same and not first:
            first = " and ".join(map(str, row[:len(keys)])) + (" is missing" if other is None else " differs")
    if not first and len(rows) > len(right):
        first = f"there are {len(rows) - len(right)} rows too many"
        agree = min(agree, len(right) - 1)
    return agree, len(right), first


def _same(right: Any, mine: Any, exercise: Exercise) -> bool:
    try:
        a, b = float(right), float(mine)
        return (math.isnan(a) and math.isnan(b)) or abs(a - b) <= _tolerance(exercise, a)
    except (TypeError, ValueError):
        return _word(right) == _word(mine)


def _table(exercise: Exercise, answer: Any, company: Any) -> Verdict:
    try:
        mine = _frame(answer)
    except TypeError as error:
        return Verdict(WRONG, f"{str(error).capitalize()}. {_wanted(exercise)}")
    right = _frame(_given(exercise.solution, company))
    mine.columns = [str(name) for name in mine.columns]
    lacking = [name for name in right.columns if name not in mine.columns]
    if lacking:
        return Verdict(WRONG, f"Your table has no column {lacking[0]!r}; it has {', '.join(mine.columns)}. "
                              f"Asked for: {', '.join(right.columns)}. Order and further columns do not matter.")
    agree, rows, first = _compare(exercise, mine, right)
    if not first:
        return Verdict(RIGHT, f"Right: all {rows} rows agree." + (f" {exercise.says_right}" if exercise.says_right else ""))
    for place, mistake in enumerate(exercise.mistakes):
        if not _compare(exercise, mine, _frame(_given(mistake.gives, company)))[2]:
            return Verdict(MISTAKE, mistake.says, place)
    return Verdict(WRONG, f"Not yet. What is right: it is a table with the columns asked for, and {agree} of {rows} rows agree. "
                          f"The first that does not: {first}.")
