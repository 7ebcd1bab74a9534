"""What an exercise is: a question with its solution, the mistakes people make, and hints; and a quiz on ideas."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

KINDS = ("number", "table", "choice", "text choice", "judgement")
UNITS = ("share", "money", "months", "count", "ratio", "text")


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people really give.

    Parameters
    ----------
    gives : callable or value
        ``gives(company)`` is what somebody who makes this mistake would hand in.
    says : str
        What to tell them: what went wrong and what it would cost. ``{mine}``, ``{right}``, ``{gap}`` (mine less
        right) and ``{off}`` (the same without its sign) are replaced by the figures, written in the exercise's unit, and
        ``{side}`` by "too high" or "too low".
    """

    gives: Callable[[Any], Any] | Any
    says: str


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric: what a good answer does, whether the worked answer does it, and why we think so."""

    letter: str
    asks: str
    met: bool
    why: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    key : str
        A word or words joined by hyphens; never a number, never used again for another question.
    title : str
    kind : {"number", "table", "choice", "text choice", "judgement"}
        A text choice offers sentences, answered by letter or by text.
    solution : callable
        ``solution(company)`` gives the right answer: a number or Result, a table, a choice (a word or a set of words), or for
        a judgement the letters of the criteria that the worked answer meets.
    unit : {"share", "money", "months", "count", "ratio", "text"}
    accepts : dict
        Name of a definition -> ``fn(company)``: further answers that are right too. The one used is named.
    says_right : str
        What the right answer means, told on success; ``{right}`` as in Mistake.
    mistakes, hints, minutes
        Two or three hints that come closer.
    tolerance : float, optional
        Absolute. By default half a tenth of a point for a share, half a percent of the value for anything else.
    choices : tuple of str or callable
        For a choice: what can be chosen; ``choices(company)`` where it depends on the company, such as its industries.
    keys : tuple of str
        For a table: the columns that name a row.
    needs : tuple of str
        Tables without which the exercise cannot be done on a company.
    months : int
        Months since the first contract without which it cannot be done.
    worked, rubric
        For a judgement: an expert's answer, ``worked(company)``, and the criteria that the reader applies to it.
    """

    key: str
    title: str
    kind: str
    solution: Callable[[Any], Any]
    unit: str = "text"
    minutes: int = 5
    accepts: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    says_right: str = ""
    mistakes: tuple[Mistake, ...] | list[Mistake] = ()
    hints: tuple[str, ...] | list[str] = ()
    tolerance: float | None = None
    choices: tuple[str, ...] | Callable[[Any], Any] = ()
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    months: int = 0
    worked: Callable[[Any], str] | None = None
    rubric: tuple[Criterion, ...] | list[Criterion] = ()

    def __post_init__(self):
        if not self.key.replace("-", "").isalpha():
            raise ValueError(f"The key {self.key!r} must be words joined by hyphens, so that it is never renumbered.")
        if self.kind not in KINDS:
            raise ValueError(f"Exercise {self.key!r}: the kind {self.kind!r} is none of {', '.join(KINDS)}.")
        if self.unit not in UNITS:
            raise ValueError(f"Exercise {self.key!r}: the unit {self.unit!r} is none of {', '.join(UNITS)}.")
        if self.kind == "judgement" and not (self.rubric and self.worked):
            raise ValueError(f"Exercise {self.key!r}: a judgement needs a rubric and a worked answer.")
        if self.kind in ("choice", "text choice") and not self.choices:
            raise ValueError(f"Exercise {self.key!r}: a choice needs its choices.")


@dataclass(frozen=True)
class Option:
    """An answer that a quiz offers, whether it is right, and a sentence for whoever picks it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Quiz:
    """A question on an idea, with a sentence for every option."""

    key: str
    question: str
    options: tuple[Option, ...] | list[Option]

    def __post_init__(self):
        if not any(option.right for option in self.options):
            raise ValueError(f"Quiz {self.key!r} has no right option.")
        if any(not option.why.strip() for option in self.options):
            raise ValueError(f"Quiz {self.key!r}: every option needs its sentence.")


def load_exercises(path: Path) -> ModuleType:
    """The module ``exercises.py`` of a chapter, loaded from its path.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    module
        With ``EXERCISES`` and ``QUIZZES``, each with keys of its own.

    Raises
    ------
    FileNotFoundError, ValueError
        Where the file is missing, or two exercises share a key.
    """
    path = Path(path)
    name = "playbook_exercises_" + path.parent.name.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the chapter {path.parent.name} has no exercises file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses with future annotations look themselves up here
    spec.loader.exec_module(module)
    keys = [item.key for item in [*module.EXERCISES, *getattr(module, "QUIZZES", [])]]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"{path}: the key {twice[0]!r} is used twice.")
    return module
