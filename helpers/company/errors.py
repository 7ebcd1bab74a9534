"""What is said when a company's tables cannot be read: where, what, how to mend it, and the nearest name."""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

SHOWN = 3
COUNTED = "(CSV rows are counted as a spreadsheet shows them, the header being row 1; Parquet rows from 1.)"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one column (or file), with the rows where it shows."""

    table: str
    column: str
    problem: str
    mend: str
    rows: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    total: int | None = None

    def __str__(self) -> str:
        where = f"{self.table}, column `{self.column}`" if self.column else self.table
        lines = [f"{where}: {self.problem}"]
        if self.rows:
            lines.append(f"  {self.where}")
        return "\n".join([*lines, f"  Mend: {self.mend}"])

    @property
    def where(self) -> str:
        """The first rows with their values, as `row 2 ('x'), row 5 ('y') and 3 more`."""
        pairs = zip(self.rows[:SHOWN], self.values[:SHOWN] or ("",) * SHOWN, strict=False)
        return several([f"row {row} ({value})" if value else f"row {row}" for row, value in pairs], self.total or len(self.rows))


class CompanyError(ValueError):
    """The company's folder, settings or tables cannot be used as they are.

    `problems` holds every `Problem` found, so that all can be mended in one go.
    """

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        self.problems: list[Problem] = []
        if isinstance(problems, str):
            super().__init__(problems)
            return
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        lines = [str(problem) for problem in self.problems]
        if any(problem.rows for problem in self.problems):
            lines.append(COUNTED)
        super().__init__("\n".join(lines))


class MissingTable(CompanyError, AttributeError):
    """The company has not brought this table."""


def several(items: list[str], total: int) -> str:
    """Join the first few items and say how many more there are.

    >>> several(["row 2", "row 5"], 7)
    'row 2, row 5 and 5 more'
    >>> several(["row 2", "row 5"], 2)
    'row 2, row 5'
    """
    more = total - len(items)
    return ", ".join(items) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, names: Iterable[str], *, also: dict[str, list[str]] | None = None, likeness: float = 0.6) -> str | None:
    """The known name that most resembles `name`, or None when none does.

    Parameters
    ----------
    name : the name that is not known
    names : the names that are
    also : other words for some of them, `{"amount": ["price"]}`
    likeness : how much alike they have to be, from 0 to 1

    Examples
    --------
    >>> nearest("Start Date", ["starts_on", "ends_on"])
    'starts_on'
    >>> nearest("price", ["amount", "plan"], also={"amount": ["price"]})
    'amount'
    >>> nearest("weather", ["amount", "plan"]) is None
    True
    """
    known = list(names)
    scores = {one: max(_likeness(name, word) for word in [one, *(also or {}).get(one, [])]) for one in known}
    best = max(known, key=scores.__getitem__, default=None)
    return best if best is not None and scores[best] >= likeness else None


def did_you_mean(name: str, names: Iterable[str], *, also: dict[str, list[str]] | None = None) -> str:
    """The sentence ` Did you mean "..."?`, or nothing when no name is near.

    >>> did_you_mean("subscription", ["subscriptions", "customers"])
    ' Did you mean "subscriptions"?'
    """
    near = nearest(name, names, also=also)
    return f' Did you mean "{near}"?' if near else ""


def plain(name: str) -> str:
    """A name in small letters with single underscores: `Customer ID` and `customer-id` are `customer_id`."""
    return re.sub(r"[\s\-./]+", "_", str(name).strip().casefold()).strip("_")


def _likeness(left: str, right: str) -> float:
    left, right = plain(left), plain(right)
    if left == right:
        return 1.0
    first, second = left.split("_")[0], right.split("_")[0]
    stem = min(len(first), len(second))
    same_stem = stem >= 3 and (first.startswith(second) or second.startswith(first))
    return max(SequenceMatcher(None, left, right).ratio(), 0.65 if same_stem else 0.0)
