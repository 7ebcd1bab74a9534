"""Tables for people: few columns, written numbers, a caption; the same rows as plain text."""

from __future__ import annotations

from html import escape

from .numbers import format_of


class Table:
    """A formatted table that a notebook shows as HTML and a test compares as text."""

    def __init__(self, head, rows, left, caption):
        self.head, self.rows, self.left, self.caption = head, rows, left, caption

    def _repr_html_(self) -> str:
        def cell(tag, text, left):
            return f"<{tag} style=\"text-align:{'left' if left else 'right'}\">{escape(text)}</{tag}>"

        head = "".join(cell("th", name, left) for name, left in zip(self.head, self.left))
        body = "".join("<tr>" + "".join(cell("td", text, left) for text, left in zip(row, self.left)) + "</tr>\n"
                       for row in self.rows)
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f'<table class="playbook">{caption}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>'

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in [self.head, *self.rows]) for i in range(len(self.head))]
        lines = ["  ".join(text.ljust(width) if left else text.rjust(width)
                           for text, width, left in zip(row, widths, self.left)).rstrip()
                 for row in [self.head, *self.rows]]
        return "\n".join([self.caption, *lines] if self.caption else lines)


def table(frame, caption: str = "", *, formats: dict | None = None, names: dict | None = None, columns=None) -> Table:
    """A table for people.

    Parameters
    ----------
    frame : DataFrame or Result
        Rows to show; a Result shows its table.
    caption : str
        What the table says, with its unit.
    formats : dict, optional
        Column -> "percent", "number", "months", "date", a currency code, or a function.
    names : dict, optional
        Column -> heading; otherwise the column's name with its underscores as spaces.
    columns : list, optional
        Which columns, in which order.

    Raises
    ------
    KeyError
        When a column that is asked for is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> table(pd.DataFrame({"size": ["small", "mid"], "nrr": [0.81, 0.98]}), formats={"nrr": "percent"})
    size     nrr
    small  81.0%
    mid    98.0%
    """
    import pandas as pd

    frame = getattr(frame, "table", frame)
    frame = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
    columns = list(frame.columns) if columns is None else list(columns)
    formats, names = formats or {}, names or {}
    missing = [name for name in [*columns, *formats] if name not in frame.columns]
    if missing:
        raise KeyError(f"The table has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}.")
    left = [not pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_bool_dtype(frame[name]) for name in columns]
    texts = [_column(frame[name], formats.get(name)) for name in columns]
    head = [names.get(name, str(name).replace("_", " ")) for name in columns]
    return Table(head, [list(row) for row in zip(*texts)], left, caption)


def _column(series, form) -> list[str]:
    import pandas as pd

    if form is not None:
        write = format_of(form)
        return [write(value) for value in series]
    if pd.api.types.is_bool_dtype(series):
        return ["yes" if value else "no" for value in series]
    if pd.api.types.is_datetime64_any_dtype(series):
        return ["–" if pd.isna(value) else f"{value:%Y-%m-%d}" for value in series]
    if pd.api.types.is_integer_dtype(series):
        return ["–" if pd.isna(value) else f"{value:,}" for value in series]
    if pd.api.types.is_float_dtype(series):
        return ["–" if pd.isna(value) else f"{value:,.2f}" for value in series]
    return ["–" if value is None or value != value else str(value) for value in series]


def spell(frame, template: str) -> str:
    """A table's rows as one line of text, for the text alternative of a figure.

    Parameters
    ----------
    frame : DataFrame or Result
    template : str
        Python's own format for one row, with the columns' names.

    Examples
    --------
    >>> import pandas as pd
    >>> spell(pd.DataFrame({"size": ["small", "mid"], "value": [0.84, 1.05], "n": [1147, 536]}), "{size} {value:.1%}, n = {n:,}")
    'small 84.0%, n = 1,147; mid 105.0%, n = 536'
    """
    rows = getattr(frame, "table", frame).to_dict("records")
    return "; ".join(template.format(**row) for row in rows)
