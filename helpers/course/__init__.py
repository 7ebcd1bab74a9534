"""What a chapter does with its reader: exercises that answer back, decisions, drivers, and a record of all of it.

The first cell of every chapter is::

    from helpers.course import open_chapter
    lesson = open_chapter("37-retention")
    company = lesson.company
"""

from __future__ import annotations

from importlib import import_module

_HOME = {"open_chapter": "lesson", "Lesson": "lesson", "Exercise": "exercises", "Mistake": "exercises",
         "Criterion": "exercises", "Quiz": "exercises", "Option": "exercises", "load_exercises": "exercises",
         "judge": "checking", "Verdict": "checking"}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"helpers.course has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"helpers.course.{_HOME[name]}"), name)
