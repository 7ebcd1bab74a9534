"""A chapter at work: the company in use, and what the reader can call.

``open_chapter`` is the first cell of every chapter; what it returns answers exercises, keeps decisions and writes drivers
into the reader's plan.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from helpers.chapters import ROOT, find
from helpers.periods import months_of_history
from helpers.show.numbers import number, when

from .checking import OPEN, RIGHT, Verdict, as_number, judge, write
from .exercises import Exercise, Quiz, load_exercises
from .notes import Card, Note, Quizzed
from .record import Record, workspace
from .source import code_of


def _display(thing) -> None:
    from IPython.display import display

    display(thing)


def open_chapter(name: str, company=None, *, tables: tuple[str, ...] = (), months: int = 0) -> Lesson:
    """Open a chapter: load the company in use and the chapter's exercises, and say on what it runs.

    Parameters
    ----------
    name : str
        The chapter's folder, for example "37-retention".
    company : Company, path or None
        A company of your own, its folder, or None for the one that ``PLAYBOOK_COMPANY`` names, else the case company.
    tables, months
        What the chapter cannot do without: tables, and months since the first contract. A company that lacks them is
        replaced by the case company, and the reader is told.

    Returns
    -------
    Lesson
    """
    from helpers.company import load_company

    if company is None or isinstance(company, (str, Path)):
        company = load_company(_company_of_mine(company, workspace()))
    lesson = Lesson(name, company, load_exercises(find(name).exercises), workspace())
    lesson.company = lesson.company_with(*tables, months=months)
    lesson._note_visit()
    kind = "a simulated company" if lesson.company.simulated else "your data"
    _display(Note("info", f"{lesson.company.name} ({kind})",
                  f"Data up to {when(lesson.company.as_of)}; money in {lesson.company.currency}."))
    return lesson


def _company_of_mine(company, folder: Path | None):
    """A company's folder as a reader names it: a path from the notebook or the workspace, or a name in its ``companies/``."""
    if company is None or folder is None or Path(company).is_dir():
        return company
    if (folder / company).is_dir():
        return folder / company
    from .workspace import company_folder

    return company_folder(company, folder)


@dataclass
class Lesson:
    """What a chapter offers its reader.

    Parameters
    ----------
    name : str
    company : Company
    module : module
        The chapter's ``exercises.py``.
    folder : Path or None
        The workspace whose record is kept.
    """

    name: str
    company: Any
    module: Any
    folder: Path | None = None
    _hints: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Chapter {self.name} on {self.company.name}: {len(self.module.EXERCISES)} exercises"

    # ------------------------------------------------------------ exercises

    def exercise(self, key: str) -> Exercise:
        """The exercise with this key.

        Raises
        ------
        KeyError
            When there is none: then this copy of the chapter is older or newer than the helpers.
        """
        return self._find(key, self.module.EXERCISES, "exercise")

    def _find(self, key, items, what):
        known = {item.key: item for item in items}
        if key in known:
            return known[key]
        import difflib

        near = difflib.get_close_matches(str(key), known, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"Chapter {self.name} has no {what} {key!r}.{meant} If you did not change the key, this copy of the "
                       "chapter is older than the course: `playbook lab` tells you about newer versions.")

    def judge(self, key: str, answer: Any) -> Verdict:
        """The verdict on an answer, without showing or recording it."""
        return judge(self.exercise(key), answer, self.company)

    def check(self, key: str, answer: Any = ...) -> None:
        """Check an answer and say what is right or wrong about it.

        Parameters
        ----------
        key : str
            The exercise.
        answer : anything
            Three dots mean "not answered yet", which is never an error.
        """
        try:
            exercise = self.exercise(key)
        except KeyError as error:
            return _display(Note("open", "Unknown exercise", error.args[0]))
        verdict = judge(exercise, answer, self.company)
        text = verdict.message
        if verdict.status in (OPEN, "wrong", "mistake") and exercise.hints:
            text += f'\nStuck? lesson.hint("{key}") helps, lesson.solution("{key}") shows ours.'
        titles = {OPEN: "Not answered yet", RIGHT: "Right", "mistake": "A well-known slip", "wrong": "Not yet"}
        self._note_answer(exercise, verdict)
        _display(Note(verdict.status, f"{titles[verdict.status]} · {exercise.title}", text))

    def hint(self, key: str) -> None:
        """The next hint; each call comes closer, the last one is repeated."""
        exercise = self.exercise(key)
        shown = min(self._hints.get(key, 0) + 1, len(exercise.hints))
        self._hints[key] = shown
        self._note_exercise(key, hints=shown)
        if not exercise.hints:
            return _display(Note("info", f"No hint for {exercise.title}", "Look at the cell before the question."))
        _display(Note("info", f"Hint {shown} of {len(exercise.hints)} · {exercise.title}", exercise.hints[shown - 1]))

    def solution(self, key: str) -> None:
        """The source of our solution and what it gives on the company in use; for a judgement our reading of each point."""
        exercise = self.exercise(key)
        self._note_exercise(key, solution_seen=True)
        title = f"Our solution · {exercise.title}"
        if exercise.kind == "judgement":
            points = "\n".join(f"{p.letter}, {'met' if p.met else 'not met'}: {p.asks}. {p.why}" for p in exercise.rubric)
            return _display(Note("info", title, points))
        source, said = code_of(exercise.solution), self._gives(exercise)
        html = f"<pre><code>{escape(source)}</code></pre><p>It gives: {escape(said)}</p>"
        _display(Note("info", title, f"{source}\nIt gives: {said}", html))

    def _gives(self, exercise: Exercise) -> str:
        """What the solution gives on the company in use, as people write it."""
        answer = exercise.solution(self.company)
        if exercise.kind == "number":
            return write(as_number(answer), exercise.unit, self.company)
        return write(answer, "text", self.company) if "choice" in exercise.kind else str(answer)

    def worked(self, key: str) -> None:
        """Show the worked answer of a judgement and the points to hold against it."""
        exercise = self.exercise(key)
        text = exercise.worked(self.company)
        points = "\n".join(f"{point.letter}: {point.asks}" for point in exercise.rubric)
        html = (f"<blockquote>{escape(text)}</blockquote><p>Which of these does it meet?</p><ul>"
                + "".join(f"<li><strong>{p.letter}</strong>: {escape(p.asks)}</li>" for p in exercise.rubric) + "</ul>")
        _display(Note("info", f"A worked answer · {exercise.title}", f"{text}\nWhich of these does it meet?\n{points}", html))

    def quiz(self, key: str, choice: str | None = None) -> None:
        """Show a quiz; with a letter, answer it.

        Parameters
        ----------
        key : str
        choice : str, optional
            The letter of an option.
        """
        quiz: Quiz = self._find(key, getattr(self.module, "QUIZZES", []), "quiz")
        if choice is None:
            return _display(Quizzed(quiz))
        letters = [chr(97 + i) for i in range(len(quiz.options))]
        letter = str(choice).strip().lower()[:1]
        if letter not in letters:
            return _display(Note("open", "Which one?", f"Give one of the letters {', '.join(letters)}."))
        option = quiz.options[letters.index(letter)]
        self._note_exercise(key, status=RIGHT if option.right else "wrong")
        _display(Note(RIGHT if option.right else "wrong", "Yes" if option.right else "No", option.why))

    # ------------------------------------------------------------ the company, when a table is missing

    def company_with(self, *tables: str, months: int = 0):
        """The company in use if it has what the next section needs, else the case company, clearly labelled.

        Parameters
        ----------
        *tables : str
            Names of tables.
        months : int
            Months since the first contract.

        Returns
        -------
        Company
        """
        missing = [f"no table {name!r}" for name in tables if not self.company.has(name)]
        if not missing and months:
            here = months_of_history(self.company)
            missing = [f"{here} months of history, and {months} are needed"] if here < months else []
        if not missing:
            return self.company
        from helpers.company import load_company

        case = load_company(ROOT / "datasets" / "lanternfish")
        _display(Note("open", f"Shown on {case.name}, not on {self.company.name}",
                      f"{self.company.name} has {missing[0]}. What follows is the case company."))
        return case

    # ------------------------------------------------------------ decisions and drivers

    def decide(self, question: str, *, choice=..., because=..., owner=..., numbers: dict | None = None,
               measure: str = "", prediction=..., due=...) -> None:
        """Keep a decision with its reason, its numbers, its owner, and a prediction that can be read again.

        Parameters
        ----------
        question : str
            What is decided.
        choice, because, owner : str
            Three dots mean "not decided yet".
        numbers : dict
            Name -> Result or number that the decision rests on, computed, with policy and date where it is a Result.
        measure : str
            What will be read again on the day, for example "nrr".
        prediction : float or str
            The figure that is expected.
        due : date or str
            The day on which it is to be true.

        Raises
        ------
        ValueError
            When the day is not a date.
        """
        shown = [(name, _said(value, self.company)) for name, value in (numbers or {}).items()]
        given = {"choice": choice, "because": because, "owner": owner, "prediction": prediction, "due": due}
        waiting = [name for name, value in given.items() if value is ... or value is None or value == ""]
        if waiting:
            rows = [*shown, ("still open", ", ".join(waiting))]
            return _display(Card(f"Not decided yet: {question}", rows))
        due = str(dt.date.fromisoformat(str(due)[:10]))
        entry = {"question": question, "choice": str(choice), "because": str(because), "owner": str(owner),
                 "numbers": {name: _kept(value) for name, value in (numbers or {}).items()},
                 "measure": measure, "prediction": prediction if isinstance(prediction, (int, float)) else str(prediction),
                 "due": due, "company": self.company.name, "as_of": str(self.company.as_of)}
        Record("decisions", self.folder).change(lambda data: data.setdefault(self.name, []).append(entry))
        _display(Card(f"Decided: {question}", [("choice", str(choice)), ("because", str(because)), ("owner", str(owner)), *shown,
                                              ("prediction", f"{measure} {prediction} on {when(due)}".strip())]))

    def drive(self, name: str, value, *, low: float | None = None, high: float | None = None, unit: str = "",
              guess: bool = False) -> None:
        """Write a driver of the plan of eight quarters: a value with its interval, measured or marked as a guess.

        Parameters
        ----------
        name : str
            For example "renewal.small". A Result of several groups writes one driver for each, "renewal.<group>".
        value : Result or float
        low, high : float, optional
            The interval, where ``value`` is a plain number.
        unit : str
            "share", "money", "months", "count" or "ratio", where ``value`` is a plain number.
        guess : bool
            True where nothing was measured.
        """
        from .plan import plan_effect

        drivers = _drivers(name, value, low, high, unit)
        stamp = {"chapter": self.name, "company": self.company.name, "as_of": str(self.company.as_of), "guess": bool(guess)}
        record = Record("plan", self.folder)
        before = record.read()
        after = {**before, "drivers": {**before.get("drivers", {}), **{d["name"]: {**d, **stamp} for d in drivers}}}
        record.change(lambda data: data.setdefault("drivers", {}).update({d["name"]: {**d, **stamp} for d in drivers}))
        how = "a guess" if guess else f"measured on {self.company.name}, data to {self.company.as_of}"
        rows = [(d["name"], _driver_said(d, self.company)) for d in drivers]
        rows += [("source", how), ("your plan", plan_effect(before, after, self.company))]
        _display(Card("Drivers of your plan" if len(drivers) > 1 else "A driver of your plan", rows))

    # ------------------------------------------------------------ the record

    def _note_visit(self) -> None:
        def visit(data):
            data["version"], data["last"] = 1, self.name
            data.setdefault("chapters", {}).setdefault(self.name, {}).setdefault("exercises", {})

        Record("progress", self.folder).change(visit)
        self._draw_map()

    def _note_exercise(self, key: str, **facts) -> None:
        def keep(data):
            chapter = data.setdefault("chapters", {}).setdefault(self.name, {})
            chapter.setdefault("exercises", {}).setdefault(key, {}).update(facts)

        Record("progress", self.folder).change(keep)

    def _note_answer(self, exercise: Exercise, verdict: Verdict) -> None:
        if verdict.status == OPEN:
            return

        def keep(data):
            exercises = data.setdefault("chapters", {}).setdefault(self.name, {}).setdefault("exercises", {})
            entry = exercises.setdefault(exercise.key, {})
            entry["tries"] = entry.get("tries", 0) + 1
            if verdict.status != RIGHT:
                entry["wrong"] = entry.get("wrong", 0) + 1
            if verdict.mistake is not None:
                made, says = entry.setdefault("mistakes", {}), exercise.mistakes[verdict.mistake].says
                made[says] = made.get(says, 0) + 1
            if entry.get("status") != RIGHT:
                entry["status"] = verdict.status
                entry["at"] = dt.datetime.now().isoformat(timespec="seconds")

        Record("progress", self.folder).change(keep)
        self._draw_map()

    def _draw_map(self) -> None:
        """Keep the map in the reader's workspace up to date."""
        if self.folder is not None:
            from .paths import write_map

            write_map(self.folder)


def _said(value, company) -> str:
    if hasattr(value, "table"):
        return str(value)
    return number(value, 2) if isinstance(value, float) else str(value)


def _kept(value) -> dict:
    """What is kept of a number so that it can be checked and computed again."""
    if not hasattr(value, "table"):
        return {"value": value if isinstance(value, (int, float)) else str(value)}
    policy = getattr(value, "policy", None)
    return {"value": float(value.value), "low": float(value.low), "high": float(value.high), "n": int(value.n),
            "measure": value.name, "period": str(value.period), "unit": value.unit,
            "policy": policy.to_toml() if policy is not None else ""}


def _drivers(name, value, low, high, unit) -> list[dict]:
    if not hasattr(value, "table"):
        return [{"name": name, "value": float(value), "low": _plain(low), "high": _plain(high), "n": None, "unit": unit}]
    rows = value.table.to_dict("records") if hasattr(value.table, "to_dict") else list(value.table.iter_rows(named=True))
    groups = [column for column in rows[0] if column not in ("value", "low", "high", "n", "mature", "reason")]
    return [{"name": ".".join([name, *(str(row[column]) for column in groups)]), "value": _plain(row["value"]),
             "low": _plain(row["low"]), "high": _plain(row["high"]), "n": int(row["n"]), "unit": value.unit} for row in rows]


def _plain(value) -> float | None:
    """A float, or None for what JSON cannot hold."""
    return None if value is None or value != value else float(value)


def _driver_said(driver: dict, company) -> str:
    text = write(driver["value"], driver["unit"], company)
    if driver["low"] is not None and driver["high"] is not None:
        text += f" ({write(driver['low'], driver['unit'], company)} to {write(driver['high'], driver['unit'], company)})"
    return text + (f", n = {driver['n']:,}" if driver["n"] else "")
