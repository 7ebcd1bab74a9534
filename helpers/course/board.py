"""The board pack: what a board needs to see before it decides, on two printed pages.

Every part of the course ends with a board meeting, and each uses this form: the gate of the stage with its evidence, what was
said last time, cash and runway; then the plan, the round with what it sells and has to prove, who joins next, and when to stop.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from helpers.models.fundraising import CashPath, proofs
from helpers.models.plan import names
from helpers.show.numbers import DASH, money, months, number, percent, when

from .decisions import label, said_figure, said_prediction, summary
from .meeting import STYLE, body_of, to_markdown

PRINT = """
section{break-after:page}section:last-child{break-after:auto}
@media print{@page{size:A4;margin:12mm}body{font-size:9.5pt;line-height:1.35}h1{font-size:15pt;margin:0 0 2pt}
h2{font-size:11pt;margin:8pt 0 2pt}p,dl,table,figure{margin:2pt 0 4pt}th,td{padding:1.5pt 4pt}table{font-size:8.5pt}svg{max-height:52mm}}
"""
LINES = ("#0072b2", "#d55e00", "#8a93a0", "#009e73")


@dataclass(frozen=True)
class Pack:
    """A board pack: two pages of blocks in the manner of :mod:`helpers.course.meeting`."""

    title: str
    pages: tuple

    def html(self) -> str:
        """One page that asks for nothing from elsewhere and prints on two sheets of A4."""
        sections = "\n".join(f"<section>\n{body_of(page)}\n</section>" for page in self.pages)
        return (f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
                f"<title>{escape(self.title)}</title>\n<style>{STYLE}{PRINT}</style>\n</head>\n<body>\n{sections}\n</body>\n</html>\n")

    def write(self, path) -> Path:
        """Write the page to a file, whole or not at all, and return where it lies."""
        path = Path(path).expanduser()
        part = path.with_name(path.name + ".part")
        part.write_text(self.html(), encoding="utf-8")
        part.replace(path)
        return path

    def _repr_html_(self) -> str:
        body = "<hr>".join(body_of(page) for page in self.pages)
        lower = re.sub(r"<(/?)h([12])>", lambda tag: f"<{tag[1]}h{int(tag[2]) + 2}>", body)   # a chapter has its own title
        return f'<div class="playbook-board">{lower}</div>'

    def __repr__(self) -> str:
        return "\n".join(to_markdown(page) for page in self.pages).strip()


def board_pack(company, *, name: str, gates, cash: dict[str, CashPath], runway, need, pre_money: float, round_name: str,
               people, stop: str, living=None, scores=(), band=None) -> Pack:
    """Draw a board pack from a company, its money plan and the living plan.

    Parameters
    ----------
    company : Company
        As it stands, or as it stood, on the day of the meeting.
    name : str
        Which meeting this is.
    gates : pandas DataFrame
        gate, state, value, needed, n: texts.
    cash : dict
        Case -> CashPath of 24 months; the first one is the plan.
    runway : Result
        In months.
    need : Ask
        The round that the plan asks for.
    pre_money : float
        Value of the company before the money.
    round_name : str
        A name of :func:`helpers.models.fundraising.proofs`.
    people : pandas DataFrame
        What :func:`helpers.course.people.next_roles` gives.
    stop : str
        When this is given up, in one sentence with a number and a day.
    living : LivingPlan, optional
        The plan of eight quarters; without it the second page begins with the round.
    scores : list of Score
        Earlier predictions with what came of them.
    band : (array, array), optional
        Low and high end of the plan's cash, month by month.

    Raises
    ------
    ValueError
        When the round is none of those that are known.
    """
    code, day = company.currency, when(company.as_of)
    first = [("h1", f"{company.name}: {name}, {day}"), ("p", f"Data up to {day}; money in {code}; {company.policy}."),
             *_gates(gates), *_last_time(company, scores), *_money(company, cash, runway, band)]
    second = [*_plan(living, code), *_round(need, pre_money, _proof(round_name), code), *_people(people),
              ("h2", "When we stop"), ("p", stop)]
    return Pack(f"{company.name}: {name}", (first, second))


def _proof(name):
    found = {one["name"]: one for one in proofs()}
    if name not in found:
        raise ValueError(f"round_name is {name!r}: choose one of {', '.join(found)}")
    return found[name]


def _gates(gates):
    head = ["gate", "state", "value", "needed", "n"]
    return [("h2", "Is the stage closed?"),
            ("table", "Gates, read from the tables; a gate without its table cannot be told", head,
             [[str(row[column]) for column in head] for row in gates.to_dict("records")], ("gate", "state", "value", "needed"))]


def _last_time(company, scores):
    rows = [[label(one.decision.measure), said_prediction(one, company), when(one.decision.due),
             said_figure(one.figure, company) if one.figure else DASH, one.status, one.decision.owner] for one in scores][:5]
    head = ["measure", "predicted", "for", "came out at", "verdict", "owner"]
    table = [("table", "Predictions", head, rows, tuple(head))] if rows else []
    return [("h2", "What we said last time"), ("p", summary(list(scores))), *table]


def _money(company, cash, runway, band):
    code = company.currency
    rows = [[case, _month_said(path.out_month), *(money(path.cash[at - 1], code) for at in (6, 12, 24))] for case, path in cash.items()]
    said = f"{money(next(iter(cash.values())).opening, code)} in the bank. Runway at the net burn of the last months: {months(runway.value, 1)}"
    if not math.isnan(runway.low):
        upper = "an end that cannot be told" if math.isnan(runway.high) else months(runway.high, 1)
        said += f", between {months(runway.low, 1)} and {upper}"
    return [("h2", "Cash and runway"), ("p", said + "."), cash_chart(cash, code, band),
            ("table", f"24 months without a round, in {code}", ["case", "money gone", "after 6 months", "after 12", "after 24"], rows,
             ("case", "money gone"))]


def _month_said(month: float) -> str:
    return "lasts" if math.isnan(month) else f"after {months(month, 1)}"


def _plan(living, code):
    if living is None:
        return []
    q = living.plan.quarters
    rows = [[str(i + 1), money(q["arr"][i], code), money(q["new"][i], code), living.plan.binding[i], number(q["heads"][i]),
             money(q["cash"][i], code)] for i in range(len(q["arr"]))]
    band, guesses = living.band(), sum(getattr(living.plan.drivers, one).guess for one in names())
    said = (f"After eight quarters nine cases in ten lie between {money(band.arr.low[-1], code)} and {money(band.arr.high[-1], code)} ARR; "
            f"{percent(band.runs_out_share, 0)} of the cases run out of money on the way. {guesses} of {len(names())} drivers are guesses.")
    return [("h2", "The plan of eight quarters"), ("p", said),
            ("table", "From the living plan, without a round", ["quarter", "ARR", "new ARR", "held back by", "people", "cash"], rows,
             ("held back by",))]


def _round(need, pre_money, proof, code):
    if not need.amount:
        asks = "The plan keeps its reserve without a round."
    else:
        late = need.begin_month < 0
        begin = f"it had to begin {months(-need.begin_month, 0)} ago" if late else f"it begins within {months(need.begin_month, 0)}"
        asks = (f"{money(need.amount, code)}, which sells {percent(need.sells(pre_money))} of the company at a value of "
                f"{money(pre_money, code)} before the money; {'' if math.isnan(need.begin_month) else begin + ', '}"
                f"and leaves {money(need.reserve, code)} at the lowest point.")
    rows = [("Asked", asks), ("It proves", proof["proves"]), ("Read from", proof["measured_by"]), ("It buys", proof["buys"])]
    return [("h2", f"The round: {proof['name']}"), ("rows", rows), ("p", "What a round has to prove is our own reconstruction.")]


def _people(people):
    rows = [[row.role, row.who, f"{row.trigger}: {number(row.now, 0 if row.now == int(row.now) else 1) if row.now == row.now else DASH}"
             f" of {number(row.needed)}", row.state] for row in people.itertuples()]
    return [("h2", "Who joins next"), ("table", "Each with its trigger", ["role", "who", "trigger", "state"], rows,
                                       ("role", "who", "trigger", "state"))]


def cash_chart(cash: dict[str, CashPath], code: str, band=None) -> tuple:
    """The balances of several cases as a block: lines with their names, a rule at zero, a band for the first case.

    Examples
    --------
    >>> from helpers.models.fundraising import CashPlan, cash_ahead
    >>> block = cash_chart({"plan": cash_ahead(CashPlan(cash=1000, costs=100))}, "EUR")
    >>> block[0], block[2]
    ('chart', 'Cash over 24 months. plan: gone after 10.0 months.')
    """
    wide, high, left, right = 640, 230, 84, 150
    first = next(iter(cash.values()))
    series = {case: [first.opening, *path.cash.tolist()] for case, path in cash.items()}
    ends = [value for values in series.values() for value in values] + [0.0]
    most, least = max(ends), max(min(ends), -2 * max(max(ends), 1.0))
    span, count = (most - least) or 1.0, len(first.cash)

    def at(month, value):
        y = 12 + (high - 46) * (most - max(value, least)) / span
        return f"{left + (wide - left - right) * month / count:.1f},{y:.1f}"

    drawn = [_shade(band, at)] if band is not None else []
    for colour, (case, values) in zip(LINES, series.items()):
        path = " ".join(at(month, value) for month, value in enumerate(values) if value >= least)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2"/>')
    drawn += [_name(case, colour, i) for i, (colour, case) in enumerate(zip(LINES, series))]
    marks = [_rule(at(0, value).split(",")[1], money(value, code), left, wide - right) for value in sorted({0.0, first.opening, least})]
    below = [f'<text x="{at(month, 0).split(",")[0]}" y="{high - 4}" text-anchor="middle" fill="currentColor" font-size="11">'
             f"{month or 'month 0'}</text>" for month in range(0, count + 1, 6)]
    alt = "Cash over 24 months. " + " ".join(f"{case}: {'lasts' if math.isnan(path.out_month) else f'gone after {path.out_month:.1f} months'}."
                                             for case, path in cash.items())
    svg = f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(alt)}">{"".join([*marks, *drawn, *below])}</svg>'
    return ("chart", "Cash by month, without a round", alt, svg)


def _shade(band, at):
    low, high = ([(month + 1, float(value)) for month, value in enumerate(end)] for end in band)
    points = " ".join(at(*point) for point in high + low[::-1])
    return f'<polygon points="{points}" fill="{LINES[0]}" fill-opacity="0.18"/>'


def _name(case, colour, line):
    y = 20 + 18 * line
    return (f'<line x1="498" x2="514" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
            f'<text x="520" y="{y + 4}" fill="currentColor" font-size="11">{escape(case)}</text>')


def _rule(y, text, left, right):
    return (f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke="currentColor" stroke-opacity="0.25"/>'
            f'<text x="{left - 6}" y="{float(y) + 4:.1f}" text-anchor="end" fill="currentColor" font-size="11">{escape(text)}</text>')


def meeting_day(company, months: int = 12):
    """The day of a first board meeting: the end of the first so many months in the book of cash, or today where it is younger.

    Parameters
    ----------
    company : Company
        With a table `cash`.
    months : int

    Returns
    -------
    date

    Examples
    --------
    >>> from helpers.company import load_company
    >>> meeting_day(load_company())
    datetime.date(2020, 12, 31)
    """
    import pandas as pd

    known = company.table("cash")["month"].sort_values()
    last = known.iloc[min(months, len(known)) - 1] + pd.offsets.MonthEnd(0)
    return min(last.date(), company.as_of)


def gates_of(diagnosis, stage: int):
    """The gates of a stage as a board reads them: gate, state, value, needed, n, all of them texts.

    Parameters
    ----------
    diagnosis : Diagnosis
        What :func:`helpers.course.diagnosis.diagnose` found.
    stage : int

    Returns
    -------
    pandas DataFrame

    Examples
    --------
    >>> from helpers.company import load_company
    >>> from helpers.course.diagnosis import diagnose
    >>> seen = gates_of(diagnose(load_company(), on="2020-12-31"), 1)
    >>> seen[["gate", "state"]].values.tolist()[0]
    ['need shared', 'green']
    """
    import pandas as pd

    from .checking import write

    rows = []
    for gate in diagnosis.table[diagnosis.table["stage"] == stage].itertuples():
        known = gate.mark == gate.mark
        needed = f"{'at most' if gate.at_most else 'at least'} {write(gate.mark, gate.unit, diagnosis)}" if known else "a judgement"
        counted = f"{gate.n:,} {gate.counts}" if gate.n else DASH
        rows.append({"gate": gate.short, "state": gate.state, "value": gate.because, "needed": needed, "n": counted})
    return pd.DataFrame(rows)
