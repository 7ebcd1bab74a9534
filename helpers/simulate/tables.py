"""A simulated table: columns of whole numbers that know how they are written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from helpers.simulate.whole import NEVER

MISSING = -1


@dataclass(frozen=True)
class Column:
    """Whole numbers and what they stand for.

    kind is one of code (positions in `words`), id (numbers behind the prefix `words`), text (the
    strings themselves), int, cents, share (hundredths), date, month, instant (seconds of local
    time since 1970) and flag.
    """

    kind: str
    values: object
    words: object = None
    width: int = 5


@dataclass
class Table:
    """A table by name, with its columns in order."""

    name: str
    columns: dict = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).values)

    def take(self, order) -> Table:
        """Return the rows at these positions."""
        kept = {}
        for name, column in self.columns.items():
            values = column.values
            values = [values[i] for i in order] if isinstance(values, list) else np.asarray(values)[order]
            kept[name] = Column(column.kind, values, column.words, column.width)
        return Table(self.name, kept)


def ids(prefix: str, numbers, width: int = 5) -> Column:
    """Return a column of identifiers; a negative number is an empty cell."""
    return Column("id", numbers, prefix, width)


def codes(words, numbers) -> Column:
    """Return a column of words; a negative position is an empty cell."""
    return Column("code", numbers, list(words))


def as_text(column: Column, clock) -> list[str]:
    """Return the column as the strings that stand in the file."""
    return _WRITERS[column.kind](column, clock)


def _code(column, clock):
    words = ["" if word is None else str(word) for word in column.words] + [""]
    return [words[i] for i in np.asarray(column.values).tolist()]


def _id(column, clock):
    prefix, width = column.words, column.width
    return [f"{prefix}{i:0{width}d}" if i >= 0 else "" for i in np.asarray(column.values).tolist()]


def _text(column, clock):
    return ["" if value is None else str(value) for value in column.values]


def _int(column, clock):
    return ["" if i == NEVER else str(i) for i in np.asarray(column.values).tolist()]


def _cents(column, clock):
    return [_money(i) for i in np.asarray(column.values).tolist()]


def _money(cents: int) -> str:
    if cents == NEVER:
        return ""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}" if cents % 100 == 0 else f"{sign}{cents // 100}.{cents % 100:02d}"


def _share(column, clock):
    return [_money(i) for i in np.asarray(column.values).tolist()]


def _date(column, clock):
    values = np.asarray(column.values, dtype=np.int64)
    words = values.astype("datetime64[D]").astype(str).tolist()
    return ["" if i == NEVER else word for i, word in zip(values.tolist(), words, strict=True)]


def _instant(column, clock):
    values = np.asarray(column.values, dtype=np.int64)
    words = values.astype("datetime64[s]").astype(str).tolist()
    ends = clock(values).tolist()
    return [
        "" if i == NEVER else f"{word}+{offset // 60:02d}:{offset % 60:02d}"
        for i, word, offset in zip(values.tolist(), words, ends, strict=True)
    ]


def _flag(column, clock):
    return [("false", "true", "")[i] for i in np.asarray(column.values, dtype=np.int64).tolist()]


_WRITERS = {
    "code": _code,
    "id": _id,
    "text": _text,
    "int": _int,
    "cents": _cents,
    "share": _share,
    "date": _date,
    "month": _date,
    "instant": _instant,
    "flag": _flag,
}
