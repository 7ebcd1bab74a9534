"""What was really going on: a simulated company's planted truths beside what a chapter found."""

from __future__ import annotations

from .notes import Note


def compare_truths(company, found: dict[str, float | str]):
    """Set findings beside the planted truths of a simulated company.

    Parameters
    ----------
    company : Company
        Its ``truth`` holds, for each key, ``value``, ``tolerance``, ``unit`` and ``how``.
    found : dict
        Key of a truth -> what was computed: a number, or a text that must be the same.

    Returns
    -------
    Table or Note
        Key, planted, found, allowed distance, and whether the finding lies within it; a note where nothing is known.

    Raises
    ------
    KeyError
        When a key is no truth of a company that has some; with the nearest one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> company = SimpleNamespace(name="Tiny", truth={"k": {"value": 0.4, "tolerance": 0.05, "unit": "share", "how": "invites"}})
    >>> compare_truths(company, {"k": 0.42})
    What was planted in Tiny, and what was found
    what  planted  found  allowed  within
    k     40.0%    42.0%  5.0%     yes
    """
    from helpers.show import table

    if not company.truth:
        return Note("info", f"Nobody knows the truth about {company.name}", "It is not simulated. What you found, with its interval, is the best there is.")
    rows = [_row(company, key, value) for key, value in found.items()]
    import pandas as pd

    return table(pd.DataFrame(rows), f"What was planted in {company.name}, and what was found")


def _row(company, key: str, value: float | str) -> dict:
    if key not in company.truth:
        import difflib

        near = difflib.get_close_matches(key, company.truth, 1)
        raise KeyError(f"{company.name} has no truth {key!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    from .checking import write

    truth = company.truth[key]
    unit = truth.get("unit", "ratio")
    if isinstance(value, str):  # months from and to, the name of a step: right or not, nothing between
        right = value == str(truth["value"])
        return {"what": key, "planted": str(truth["value"]), "found": value, "allowed": "the same", "within": "yes" if right else "no"}
    size = float(truth["tolerance"])
    right = abs(float(value) - float(truth["value"])) <= size
    year = unit == "year"  # a year is written without a comma
    planted, found = (f"{float(one):.0f}" if year else write(float(one), unit, company) for one in (truth["value"], value))
    return {"what": key, "planted": planted, "found": found, "allowed": write(size, unit, company), "within": "yes" if right else "no"}
