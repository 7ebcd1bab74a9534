"""Decisions and predictions: what the reader decided, and what came of it.

Decisions lie in ``.playbook/decisions.json``, as ``lesson.decide`` wrote them. A prediction is scored when its day has passed and
the company's data reach beyond it: the measure is computed again for that day, under the policy that was in force when the
decision was taken. :func:`write_meeting` makes one document of it all for the leadership meeting.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from helpers.periods import months_before
from helpers.show.numbers import money, number, percent, points, when

from .record import Record

CLOSE = 0.05  # a figure without an interval, such as a count, has come true within 5%
SIZES = ("small", "mid", "large")
FILES = ("meeting.html", "meeting.md", "meeting.xlsx")


class DecisionError(ValueError):
    """The decisions cannot be read; the message says where and what to do."""


@dataclass(frozen=True)
class Decision:
    """One decision as it was recorded; see :meth:`helpers.course.lesson.Lesson.decide`."""

    chapter: str
    question: str
    choice: str
    because: str
    owner: str
    numbers: dict
    measure: str
    prediction: float | str
    due: dt.date
    company: str
    as_of: dt.date


@dataclass(frozen=True)
class Figure:
    """A measure of the company on a day, with its interval where it is a rate."""

    value: float
    low: float
    high: float
    n: int
    unit: str
    start: dt.date
    end: dt.date

    @property
    def certain(self) -> bool:
        """Whether it has no interval, because nothing is estimated: a count, an amount."""
        return math.isnan(self.low) or math.isnan(self.high)


@dataclass(frozen=True)
class Score:
    """A decision with what came of its prediction.

    Parameters
    ----------
    decision : Decision
    status : str
        "came true", "too high", "too low", "not due yet", or "not read again".
    said : str
        One sentence.
    predicted : float
        NaN where the prediction holds no number.
    figure : Figure or None
        What came, where it could be read.
    before : float
        The same measure when the decision was taken: what "nothing changes" would have predicted. NaN where it is not known.
    """

    decision: Decision
    status: str
    said: str
    predicted: float = math.nan
    figure: Figure | None = None
    before: float = math.nan

    @property
    def scored(self) -> bool:
        """Whether the prediction was held against a figure."""
        return self.figure is not None

    @property
    def nearer(self) -> bool | None:
        """Whether it came nearer than "nothing changes" would have; None where that is not known."""
        if self.figure is None or math.isnan(self.before):
            return None
        return abs(self.predicted - self.figure.value) < abs(self.before - self.figure.value)


# --- reading ------------------------------------------------------------------------------------------------------------

def read_decisions(folder: Path | None) -> list[Decision]:
    """All decisions of a workspace, in the order of the chapters, the latest of a chapter last.

    Raises
    ------
    DecisionError
        When an entry lacks a part, or a day is no date.

    Examples
    --------
    >>> read_decisions(None)
    []
    """
    data = Record("decisions", folder).read()
    return [_decision(chapter, entry) for chapter in sorted(data) if isinstance(data[chapter], list) for entry in data[chapter]]


def _decision(chapter: str, entry: dict) -> Decision:
    try:
        days = {name: dt.date.fromisoformat(str(entry[name])[:10]) for name in ("due", "as_of")}
        texts = {name: str(entry.get(name) or "") for name in ("question", "choice", "because", "owner", "measure", "company")}
        return Decision(chapter=chapter, numbers=dict(entry.get("numbers") or {}), prediction=entry["prediction"], **texts, **days)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DecisionError(f"decisions.json, chapter {chapter}: a decision cannot be read ({error}). Each needs a prediction, "
                            "and due and as_of as dates such as 2026-06-30.") from None


# --- reading a measure again --------------------------------------------------------------------------------------------

def _retention(name: str):
    def compute(company, day, policy, size):
        from helpers.metrics import retention

        function = {"nrr": retention.nrr, "grr": retention.grr, "logo": retention.logo_retention}[name]
        start = months_before(day, 12)
        split = {"customers": company.customers, "by": "size"} if size else {}
        seen = function(company.subscriptions, start, day, policy=policy, as_of=company.as_of, **split)
        return _figure(seen, start, day, size)

    return compute


def _figure(result, start, day, size="") -> Figure:
    rows = result.table.to_dict("records")
    rows = [row for row in rows if not size or str(row.get("size")) == size]
    if not rows or rows[0]["value"] != rows[0]["value"]:
        why = rows[0]["reason"] if rows else f"there were no {size} customers"
        raise LookupError(why or "the measure is undefined")
    row = rows[0]
    return Figure(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]), result.unit, start, day)


def customers_at(company, day, policy):
    """Each customer on a day with its MRR (units of the currency) and size."""
    from helpers.metrics.revenue import mrr_at

    book = mrr_at(company.subscriptions, day, policy=policy.replace(grain="customer"), as_of=company.as_of)
    size = company.customers.set_index("customer_id")["size"].astype(object)
    return book.assign(mrr=book["mrr"] / policy.minor_units, size=book["customer_id"].map(size).fillna("").astype(str))


def _book(what: str):
    def compute(company, day, policy, size):
        book = customers_at(company, day, policy)
        book = book[book["size"] == size] if size else book
        value = {"arr": 12 * book["mrr"].sum(), "mrr": book["mrr"].sum(), "customers": len(book)}[what]
        return Figure(float(value), math.nan, math.nan, len(book), "count" if what == "customers" else "money", day, day)

    return compute


def _renewal(company, day, policy, size):
    from helpers.metrics.retention import renewal_rate

    if not company.has("contracts"):
        raise LookupError("the company has no table of contracts")
    start = months_before(day, 12)
    split = {"customers": company.customers, "by": "size"} if size else {}
    return _figure(renewal_rate(company.contracts, start, day, as_of=company.as_of, policy=policy, **split), start, day, size)


def _win_rate(company, day, policy, size):
    from helpers.metrics.funnel import win_rate

    if size or not company.has("opportunities"):
        raise LookupError("the win rate is not kept by size" if size else "the company has no table of opportunities")
    deals, start = company.table("opportunities"), months_before(day, 12)
    deals = deals[deals["lead_id"].notna()] if deals["lead_id"].notna().any() else deals   # add-ons are hardly ever lost
    return _figure(win_rate(deals, start + dt.timedelta(days=1), day), start, day)


def _table(name: str, column: str, unit: str):
    def compute(company, day, policy, size):
        if size or not company.has(name):
            raise LookupError(f"the company has no table {name!r}" if not size else f"{name} is not kept by size")
        rows = company.table(name)
        rows = rows[(rows["month"].dt.year == day.year) & (rows["month"].dt.month == day.month)]
        if rows.empty:
            raise LookupError(f"the table {name!r} has no row for {day:%B %Y}")
        return Figure(float(rows[column].sum()), math.nan, math.nan, len(rows), unit, day, day)

    return compute


MEASURES: dict[str, Callable] = {
    "nrr": _retention("nrr"), "grr": _retention("grr"), "logo": _retention("logo"), "arr": _book("arr"), "mrr": _book("mrr"),
    "customers": _book("customers"), "renewal": _renewal, "cash": _table("cash", "balance", "money"),
    "heads": _table("headcount", "heads", "count"), "win_rate": _win_rate,
}
UNITS = {"arr": "money", "mrr": "money", "cash": "money", "customers": "count", "heads": "count"}  # the others are shares
ALSO = {"logos": "logo", "logo_retention": "logo", "renewal_rate": "renewal", "ndr": "nrr", "headcount": "heads", "win rate": "win_rate"}


def split_measure(measure: str) -> tuple[str, str]:
    """A measure's name and the size it is asked for, "" where it is of everybody; the name is "" where it is not known.

    Examples
    --------
    >>> split_measure("GRR"), split_measure("nrr.small"), split_measure("share of bookings that is prepaid")
    (('grr', ''), ('nrr', 'small'), ('', ''))
    """
    name, _, last = measure.strip().lower().rpartition(".")
    stem, size = (name, last) if last in SIZES and name else (measure.strip().lower(), "")
    stem = ALSO.get(stem, stem)
    return (stem, size) if stem in MEASURES else ("", "")


def read_again(measure: str, company, day: dt.date, policy=None) -> Figure:
    """A measure of the company for a day; rates of retention and renewal are those of the twelve months up to it.

    Parameters
    ----------
    measure : str
        A key of :data:`MEASURES`, or one with a size: "grr.small".
    policy : Policy, optional
        The company's own by default.

    Raises
    ------
    LookupError
        When the measure is not known or cannot be computed; says why.
    """
    name, size = split_measure(measure)
    if not name:
        near = get_close_matches(measure.lower(), [*MEASURES, *ALSO], 1)
        raise LookupError(f"the course cannot read {measure!r} again" + (f"; did you mean {near[0]!r}?" if near else "; read it by hand"))
    return MEASURES[name](company, day, policy or company.policy, size)


def policy_of(decision: Decision, company):
    """The policy under which the decision's numbers were computed: that of its measure, else of any number, else the company's."""
    from helpers.metrics.policy import Policy

    name, _ = split_measure(decision.measure)
    kept = [entry for entry in decision.numbers.values() if isinstance(entry, dict) and entry.get("policy")]
    own = [entry for entry in kept if name and str(entry.get("measure", "")).lower().startswith(name)]
    return Policy.from_toml((own or kept)[0]["policy"]) if kept else company.policy


# --- scoring ------------------------------------------------------------------------------------------------------------

def score(decision: Decision, company) -> Score:
    """Hold one prediction against what came.

    It came true where it lies within the interval of the figure that came (for a count or an amount: within 5%).
    """
    from .checking import as_number

    if decision.company and decision.company != company.name:
        return Score(decision, "not read again", f"It was made for {decision.company}, and the data are those of {company.name}.")
    try:
        predicted = as_number(decision.prediction)
    except (TypeError, ValueError):
        return Score(decision, "not read again", "There is no number in the prediction: read it by hand.")
    if decision.due > company.as_of or decision.due <= decision.as_of:
        late = decision.due > company.as_of
        said = (f"Due on {when(decision.due)}; the data reach {when(company.as_of)}." if late else
                f"The data already reached its day, {when(decision.due)}, when it was made: that is no prediction.")
        return Score(decision, "not due yet" if late else "not read again", said, predicted)
    try:
        figure = read_again(decision.measure, company, decision.due, policy_of(decision, company))
    except (LookupError, ValueError) as error:
        return Score(decision, "not read again", f"{_capital(str(error))}.".replace("..", ".").replace("?.", "?"), predicted)
    return _scored(decision, company, predicted, figure)


def _scored(decision, company, predicted, figure) -> Score:
    margin = CLOSE * abs(figure.value)
    low, high = (figure.value - margin, figure.value + margin) if figure.certain else (figure.low, figure.high)
    status = "came true" if low <= predicted <= high else "too high" if predicted > high else "too low"
    before = _before(decision, company)
    made = Score(decision, status, "", predicted, figure, before)
    parts = [f"{label(decision.measure)} was predicted at {said(predicted, figure.unit, company)} and came out at "
             f"{said_figure(figure, company)}: {status}"]
    if status != "came true":
        gap = predicted - figure.value
        parts[0] += f", by {points(abs(gap))[1:] if figure.unit == 'share' else said(abs(gap), figure.unit, company)}"
    if made.nearer is not None:
        parts.append(f"\"Nothing changes\" ({said(before, figure.unit, company)}) would have been "
                     f"{'farther off' if made.nearer else 'at least as near'}")
    return Score(decision, status, ". ".join(parts) + ".", predicted, figure, before)


def _before(decision, company) -> float:
    """The measure on the day that the decision's numbers go up to."""
    try:
        return read_again(decision.measure, company, decision.as_of, policy_of(decision, company)).value
    except (LookupError, ValueError):
        return math.nan


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


LABELS = {"nrr": "NRR", "grr": "GRR", "logo": "Logo retention", "arr": "ARR", "mrr": "MRR", "customers": "Customers",
          "renewal": "The renewal rate by money", "cash": "Cash", "heads": "People", "win_rate": "The win rate of deals that closed"}


def label(measure: str) -> str:
    """A measure as people say it.

    Examples
    --------
    >>> label("grr"), label("nrr.small"), label("prepaid share")
    ('GRR', 'NRR of small customers', 'Prepaid share')
    """
    name, size = split_measure(measure)
    return _capital(measure) if not name else LABELS[name] + (f" of {size} customers" if size else "")


def said(value: float, unit: str, company) -> str:
    """A figure as people write it, in its unit."""
    return {"share": percent, "money": lambda x: money(x, company), "count": number}.get(unit, lambda x: number(x, 2))(value)


def said_prediction(one: Score, company) -> str:
    """What was predicted, in the unit of its measure; as it was written where it holds no number or the measure is not known."""
    name, _ = split_measure(one.decision.measure)
    if math.isnan(one.predicted) or not name:
        return str(one.decision.prediction)
    return said(one.predicted, UNITS.get(name, "share"), company)


def said_figure(figure: Figure, company) -> str:
    """A figure with its interval, where it has one."""
    text = said(figure.value, figure.unit, company)
    return text if figure.certain else f"{text} ({said(figure.low, figure.unit, company)} to {said(figure.high, figure.unit, company)})"


def summary(scores: list[Score]) -> str:
    """How the predictions did, in a sentence or two.

    Examples
    --------
    >>> summary([])
    'No decision has been recorded yet.'
    """
    if not scores:
        return "No decision has been recorded yet."
    came, waiting = [one for one in scores if one.scored], sum(one.status == "not due yet" for one in scores)
    text = f"{len(scores)} decision{'s' if len(scores) != 1 else ''}: {len(came)} prediction{'s' if len(came) != 1 else ''} scored, "
    text += f"{sum(one.status == 'came true' for one in came)} came true, {waiting} not due yet."
    compared = [one.nearer for one in came if one.nearer is not None]
    if compared:
        text += f" Nearer than \"nothing changes\": {sum(compared)} of {len(compared)}."
    return text


HEADLINES = ("arr", "customers", "nrr", "grr", "logo")


def today(company) -> dict[str, Figure | str]:
    """The measures that head the document, on the company's last day; a text says why one cannot be computed."""
    out = {}
    for name in HEADLINES:
        try:
            out[name] = read_again(name, company, company.as_of)
        except LookupError as error:
            out[name] = str(error)
    return out


# --- the document -------------------------------------------------------------------------------------------------------

def write_meeting(folder: Path, company, out: Path | None = None) -> list[Path]:
    """Write the document for the leadership meeting: a page, a text, and a spreadsheet that computes the same figures.

    Parameters
    ----------
    folder : Path
        The workspace.
    company : Company
    out : Path, optional
        Where the three files go; ``meeting/`` in the workspace by default. They replace those of the last time.

    Returns
    -------
    list of Path
        meeting.html (stands alone, asks nothing of the network), meeting.md, meeting.xlsx.
    """
    from .meeting import document, to_html, to_markdown
    from .plan import read_plan
    from .workbook import write_workbook

    scores = [score(decision, company) for decision in read_decisions(folder)]
    plan, figures = read_plan(folder, company), today(company)
    blocks = document(company, scores, plan, figures)
    out = Path(out or Path(folder) / "meeting")
    out.mkdir(parents=True, exist_ok=True)
    page, text, sheet = (out / name for name in FILES)
    page.write_text(to_html(blocks, f"{company.name}: leadership meeting"), encoding="utf-8", newline="\n")
    text.write_text(to_markdown(blocks), encoding="utf-8", newline="\n")
    write_workbook(sheet, company, scores, plan, figures)
    return [page, text, sheet]


def meeting_of(workspace: Path | None = None, company: str | None = None, out: Path | None = None) -> list[Path]:
    """What `playbook decisions` does: find the workspace and the company, and write the document.

    Parameters
    ----------
    workspace : Path, optional
        By default the workspace that the present folder lies in, else the course's own.
    company : str, optional
        A folder, or a name in the workspace's ``companies/``; by default the company in use.
    out : Path, optional

    Raises
    ------
    DecisionError
        When there is no workspace yet.
    """
    from helpers.company import load_company

    from .record import MARK
    from .record import workspace as here
    from .workspace import ROOT, company_folder

    folder = Path(workspace or here() or ROOT / "workspace")
    if not (folder / MARK).is_dir():
        raise DecisionError(f"{folder} is no workspace yet. `playbook lab` makes it, and the chapters keep your decisions there.")
    return write_meeting(folder, load_company(company_folder(company, folder) if company else None), out)
