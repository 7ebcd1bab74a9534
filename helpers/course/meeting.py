"""The leadership meeting's document as blocks, and the two ways to write them: a page that stands alone, and Markdown."""

from __future__ import annotations

import math
from html import escape

from helpers.models.bands import worth_knowing
from helpers.models.plan import about, names, round_needed
from helpers.show.numbers import DASH, money, number, percent, when

from .decisions import label, policy_of, said, said_figure, said_prediction, summary
from .plan import said_value


# --- what it says -------------------------------------------------------------------------------------------------------

def document(company, scores, living, figures) -> list[tuple]:
    """The blocks of the document: ("h1", text), ("h2", text), ("h3", text), ("p", text), ("list", texts), ("rows", pairs),
    ("table", caption, head, rows, names of the columns that hold text) and ("chart", title, alternative, svg).

    Parameters
    ----------
    company : Company
    scores : list of Score
    living : LivingPlan
    figures : dict
        What :func:`helpers.course.decisions.today` gives.
    """
    kind = "A simulated company" if company.simulated else "Our own data"
    return [("h1", f"{company.name}: leadership meeting"),
            ("p", f"{kind}, up to {when(company.as_of)}; money in {company.currency}; {company.policy}."),
            *_today(company, figures), *_predictions(company, scores), *_decided(company, scores), *_plan(company, living),
            *_drivers(company, living)]


def _today(company, figures):
    rows = [[label(name), DASH, figure, DASH] if isinstance(figure, str) else
            [label(name), said_figure(figure, company), _period(figure), number(figure.n)] for name, figure in figures.items()]
    return [("h2", "Where we stand"), ("table", "The figures of today, with 95% intervals where they are rates",
                                       ["figure", "value", "when", "customers"], rows, ("figure", "value", "when"))]


def _period(figure) -> str:
    return when(figure.end) if figure.start == figure.end else f"{when(figure.start)} to {when(figure.end)}"


def _predictions(company, scores):
    out = [("h2", "What we predicted"), ("p", summary(scores))]
    rows = [[one.decision.chapter, label(one.decision.measure), said_prediction(one, company), when(one.decision.due),
             said_figure(one.figure, company) if one.figure else DASH, one.status, one.decision.owner] for one in scores]
    if rows:
        head = ["chapter", "measure", "predicted", "for", "came out at", "verdict", "owner"]
        out.append(("table", "Predictions; a rate came true where the prediction lies within its interval, an amount within 5%",
                    head, rows, tuple(head)))
        out.append(("list", [f"{one.decision.chapter}: {one.said}" for one in scores]))
    return out


def _decided(company, scores):
    out = [("h2", "What we decided")]
    for one in scores:
        d = one.decision
        rows = [("Choice", d.choice), ("Because", d.because), ("Owner", d.owner),
                ("Prediction", f"{label(d.measure)}: {said_prediction(one, company)} on {when(d.due)}"),
                *((name, _number_said(entry, company)) for name, entry in d.numbers.items()),
                ("Data", f"{d.company}, up to {when(d.as_of)}; {policy_of(d, company)}")]
        out += [("h3", f"{d.chapter}: {d.question}"), ("rows", rows)]
    return out if scores else [*out, ("p", "Nothing yet: each chapter ends in a decision, lesson.decide(...).")]


def _number_said(entry, company) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    value = entry.get("value")
    if not isinstance(value, int | float):
        return str(value)
    unit = entry.get("unit") or ""
    text = said(value, unit, company)
    ends = [entry.get("low"), entry.get("high")]
    if all(isinstance(end, int | float) and not math.isnan(end) for end in ends):
        text += f" ({said(ends[0], unit, company)} to {said(ends[1], unit, company)}, n = {entry.get('n', 0):,})"
    return ", ".join(part for part in (text, str(entry.get("measure") or ""), str(entry.get("period") or "")) if part)


def _plan(company, living):
    q, code, band = living.plan.quarters, company.currency, living.band()
    head = ["quarter", "ARR", "renewed", "expansion", "new", "lost", "limited by", "people", "gross margin", "cash", "runway"]
    flows = ("arr", "renewed", "expansion", "new", "lost")
    rows = [[str(i + 1), *(money(q[name][i]) for name in flows), living.plan.binding[i], number(q["heads"][i]),
             percent(q["gross_margin"][i]), money(q["cash"][i]), _runway(q["runway_months"][i])] for i in range(8)]
    need = round_needed(living.plan)
    gone = living.plan.cash_out_month
    lines = [f"Starts on {when(living.plan.schedule.starts_on)}. The money lasts for the eight quarters." if gone != gone else
             f"Starts on {when(living.plan.schedule.starts_on)}. The money is gone after {gone:.1f} months.",
             f"With its drivers drawn from their intervals the money runs out within two years in {percent(band.runs_out_share, 0)} "
             "of the cases.", _round_said(need, code)]
    return [("h2", "The plan of eight quarters"), ("p", " ".join(lines)),
            _chart("ARR", band.arr, q["arr"], code, living.as_of), _chart("Cash", band.cash, q["cash"], code, living.as_of),
            ("table", f"The plan, in {code}; flows of the quarter, stocks at its end", head, rows, ("quarter", "limited by"))]


def _runway(months: float) -> str:
    return "no burn" if math.isinf(months) else f"{number(months)} months"


def _round_said(need, code) -> str:
    if not need.amount:
        return "Six months of costs are left at the lowest point, so the plan asks for no round."
    begin = "" if need.begin_month != need.begin_month else f", begun by month {number(need.begin_month)}"
    return f"To keep six months of costs at the lowest point it asks for a round of {money(need.amount, code)}{begin}."


def _drivers(company, living):
    import numpy as np

    plan, code = living.plan, company.currency
    head = ["driver", "value", "interval", "what we know", "source"]
    rows = []
    for name in names():
        driver, unit = getattr(plan.drivers, name), about(name)["unit"]
        ends = DASH if driver.low is None or driver.low == driver.high else \
            f"{said_value(driver.low, unit, code)} to {said_value(driver.high, unit, code)}"
        known = "a guess" if driver.guess else f"measured{f', data to {driver.as_of}' if driver.as_of else ''}"
        rows.append([about(name)["label"], said_value(driver.value, unit, code), ends, known, driver.source])
    best = worth_knowing(plan.drivers, plan.schedule, rng=np.random.default_rng(20), draws=600)[:3]
    first = [f"{about(one.name)['label']}: known twice as well, the band of the cash after eight quarters is "
             f"{money(one.gain, code)} narrower" for one in best if one.gain > 0]
    guesses = sum(row[3] == "a guess" for row in rows)
    out = [("h2", "The drivers"), ("p", f"{guesses} of {len(rows)} are guesses. Worth most to measure next:"),
           ("list", first or ["nothing: no driver has an interval"]),
           ("table", "Drivers of the plan", head, rows, ("driver", *head[2:]))]
    aside = [f"{name}: kept, but no name the plan knows" + (f"; did you mean {near}?" if near else "")
             for name, near in living.unknown]
    aside += [f"{name}: kept, but not used. {why}" for name, why in living.problems]
    return [*out, ("h3", "Written, but not part of the plan"), ("list", aside)] if aside else out


# --- a chart ------------------------------------------------------------------------------------------------------------

def _chart(title, band, line, code, start):
    """A band and a line over eight quarters, drawn with the page's own colours."""
    wide, high, left, low_edge = 640, 220, 92, 24
    values = [*band.low, *band.high, *line, 0.0]
    least, most = min(values), max(values)
    span = (most - least) or 1.0

    def at(i, value):
        return f"{left + (wide - left - 12) * i / 7:.1f},{10 + (high - low_edge - 18) * (most - value) / span:.1f}"

    area = " ".join([at(i, v) for i, v in enumerate(band.high)] + [at(i, v) for i, v in reversed(list(enumerate(band.low)))])
    path = " ".join(at(i, v) for i, v in enumerate(line))
    ticks = "".join(_tick(at(0, value).split(",")[1], value, code, left, wide) for value in sorted({least, 0.0, most}))
    labels = "".join(f'<text x="{at(i, least).split(",")[0]}" y="{high - 6}" text-anchor="middle">Q{i + 1}</text>'
                     for i in range(8))
    alt = (f"{title} by quarter from {start}: {money(line[0], code)} after one quarter, {money(line[-1], code)} after eight "
           f"(nine cases in ten lie between {money(band.low[-1], code)} and {money(band.high[-1], code)}).")
    svg = (f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(alt)}">{ticks}<polygon class="band" points="{area}"/>'
           f'<polyline class="line" points="{path}"/>{labels}</svg>')
    return ("chart", f"{title}, with the band of nine cases in ten", alt, svg)


def _tick(y, value, code, left, wide):
    return (f'<line class="tick" x1="{left}" x2="{wide}" y1="{y}" y2="{y}"/>'
            f'<text x="{left - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{escape(money(value, code))}</text>')


# --- how it is written --------------------------------------------------------------------------------------------------

STYLE = """
:root{color-scheme:light dark;--ink:#1f2933;--quiet:#5b6470;--rule:#d9dee4;--paper:#fff;--mark:#0072b2;--soft:#0072b233}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--quiet:#a4adb8;--rule:#3b444f;--paper:#14191f;--mark:#6bb8e8;--soft:#6bb8e840}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid var(--rule)}h3{font-size:1.05rem;margin-bottom:.3rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0;font-size:.88rem}
caption{text-align:left;color:var(--quiet);padding-bottom:.3rem}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top}
th{font-weight:600}td:not(.text){white-space:nowrap}.text{text-align:left}dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.15rem 1rem;margin:.3rem 0 1rem}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}figure{margin:.8rem 0}figcaption{font-weight:600}
svg{width:100%;max-width:44rem;height:auto}svg text{fill:var(--quiet);font:11px system-ui,sans-serif}
.tick{stroke:var(--rule)}.band{fill:var(--soft)}.line{fill:none;stroke:var(--mark);stroke-width:2.5}
@media (max-width:36rem){.wide table{min-width:38rem}dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{:root{--ink:#000;--quiet:#333;--rule:#bbb;--paper:#fff;--mark:#0072b2;--soft:#0072b233}body{max-width:none;padding:0;font-size:10pt}
table,figure,dl{break-inside:avoid}h2,h3{break-after:avoid}.wide{overflow:visible}table{font-size:7.5pt}@page{margin:14mm}}
"""


def to_html(blocks: list[tuple], title: str) -> str:
    """The document as one page that asks for nothing: no script, no font, no picture from elsewhere.

    Examples
    --------
    >>> "<p>1 &lt; 2</p>" in to_html([("p", "1 < 2")], "Sums")
    True
    """
    body = body_of(blocks)
    return (f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n")


def body_of(blocks: list[tuple]) -> str:
    """The blocks alone, as HTML."""
    return "\n".join(_HTML[block[0]](*block[1:]) for block in blocks)


def _html_table(caption, head, rows, texts):
    def cell(tag, name, text):
        side, scope = ' class="text"' if name in texts else "", ' scope="col"' if tag == "th" else ""
        return f"<{tag}{side}{scope}>{escape(str(text))}</{tag}>"

    top = "".join(cell("th", name, name) for name in head)
    body = "\n".join("<tr>" + "".join(cell("td", name, text) for name, text in zip(head, row, strict=True)) + "</tr>" for row in rows)
    return (f'<div class="wide"><table><caption>{escape(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n'
            f"<tbody>\n{body}\n</tbody></table></div>")


_HTML = {
    "h1": lambda text: f"<h1>{escape(text)}</h1>", "h2": lambda text: f"<h2>{escape(text)}</h2>",
    "h3": lambda text: f"<h3>{escape(text)}</h3>", "p": lambda text: f"<p>{escape(text)}</p>",
    "list": lambda texts: "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>",
    "rows": lambda rows: "<dl>" + "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in rows) + "</dl>",
    "table": _html_table,
    "chart": lambda title, alt, svg: f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>",
}


def to_markdown(blocks: list[tuple]) -> str:
    """The document as Markdown; charts are told in words.

    Examples
    --------
    >>> print(to_markdown([("h2", "Sums"), ("table", "Two", ["a", "b"], [["x|y", "1"]], ("a",))]))
    ## Sums
    <BLANKLINE>
    Two
    <BLANKLINE>
    | a | b |
    |:--|--:|
    | x\\|y | 1 |
    <BLANKLINE>
    """
    return "\n\n".join(_MARKDOWN[block[0]](*block[1:]) for block in blocks) + "\n"


def _plain(text) -> str:
    """Text that Markdown leaves as it is."""
    text = " ".join(str(text).split())
    for mark in "\\|*_`<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def _markdown_table(caption, head, rows, texts):
    lines = [head, *rows]
    out = ["| " + " | ".join(_plain(text) for text in line) + " |" for line in lines]
    out.insert(1, "|" + "|".join(":--" if name in texts else "--:" for name in head) + "|")
    return _plain(caption) + "\n\n" + "\n".join(out)


_MARKDOWN = {
    "h1": lambda text: f"# {_plain(text)}", "h2": lambda text: f"## {_plain(text)}", "h3": lambda text: f"### {_plain(text)}",
    "p": _plain, "list": lambda texts: "\n".join(f"- {_plain(text)}" for text in texts),
    "rows": lambda rows: "\n".join(f"- **{_plain(a)}**: {_plain(b)}" for a, b in rows), "table": _markdown_table,
    "chart": lambda title, alt, svg: _plain(alt),
}
