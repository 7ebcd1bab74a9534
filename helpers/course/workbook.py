"""The spreadsheet for the leadership meeting: every figure is a formula that computes it again.

Sheets: Decisions (with their verdicts), Figures (each measure from the sheet MRR, beside what the course computed), MRR (what each
customer paid on each day), Drivers and Schedule (to be changed), Plan (eight quarters) and Months, from which the quarters come.
Cells also hold the values that the course computed, so that a preview without formulas shows the same.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from helpers.models.plan import COSTS, DEPARTMENTS, MONTHS, QUARTERS, SIZES, STOCKS, about, names

from .decisions import customers_at, label, policy_of, split_measure

MOST_CUSTOMERS = 200_000
FORMATS = {"share": "0.0%", "money": "#,##0", "months": "0.0", "count": "#,##0.0", "ratio": "0.00"}
COMPUTED = ("nrr", "grr", "logo", "arr", "mrr", "customers")


@dataclass(frozen=True)
class Asked:
    """One figure on the sheet Figures: a measure with its size, its two days and its policy."""

    measure: str
    start: dt.date
    end: dt.date
    policy: object
    value: float
    unit: str


class _Book:
    """A workbook with its formats; text is always written as text, never as a formula."""

    def __init__(self, path, company):
        self.book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
        made = dt.datetime.combine(company.as_of, dt.time())
        self.book.set_properties({"title": f"{company.name}: leadership meeting", "created": made})
        self.forms = {unit: self.book.add_format({"num_format": form}) for unit, form in FORMATS.items()}
        self.inputs = {unit: self.book.add_format({"num_format": form, "bg_color": "#FFF6D6", "font_color": "#1F2933"})
                       for unit, form in FORMATS.items()}
        self.bold = self.book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.wrap = self.book.add_format({"text_wrap": True, "valign": "top"})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})

    def sheet(self, name, head, widths):
        sheet = self.book.add_worksheet(name)
        for column, text in enumerate(head):
            sheet.write_string(0, column, str(text), self.bold)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        return sheet


def write_workbook(path, company, scores, living, figures) -> None:
    """Write the spreadsheet.

    Parameters
    ----------
    path : Path
    company : Company
    scores : list of Score
    living : LivingPlan
    figures : dict
        What :func:`helpers.course.decisions.today` gives.
    """
    book, asked = _Book(path, company), figures_asked(company, scores, figures)
    columns, count = _states(company, asked)
    first = book.sheet("Decisions", ["chapter", "question", "choice", "because", "owner", "measure", "predicted", "for",
                                     "came out at", "low", "high", "difference", "verdict"],
                       [16, 34, 34, 34, 14, 14, 12, 12, 14, 10, 10, 12, 16])
    places = _write_figures(book, company, asked, columns, count)
    _write_decisions(book, first, company, scores, places)
    _write_mrr(book, company, columns, count)
    _write_drivers(book, living)
    _write_schedule(book, living)
    _write_plan(book, living)
    book.book.close()


# --- figures from what customers paid -----------------------------------------------------------------------------------

def figures_asked(company, scores, figures) -> list[Asked]:
    """The figures of the sheet: those of today, and those that predictions were scored on."""
    out = [Asked(measure, figure.start, figure.end, company.policy, figure.value, figure.unit)
           for measure, figure in figures.items() if not isinstance(figure, str)]
    for one in scores:
        if one.figure is not None and split_measure(one.decision.measure)[0] in COMPUTED:
            out.append(_asked_of(one, company))
    return out


def _asked_of(one, company) -> Asked:
    return Asked(".".join(part for part in split_measure(one.decision.measure) if part), one.figure.start, one.figure.end,
                 policy_of(one.decision, company), one.figure.value, one.figure.unit)


def _states(company, asked):
    """What each customer paid (a column for each day and policy), and how many customers there are in all."""
    columns = {}
    for one in asked:
        for day in (one.start, one.end):
            columns.setdefault((day, one.policy), None)
    for day, policy in columns:
        book = customers_at(company, day, policy)
        columns[day, policy] = dict(zip(book["customer_id"], book["mrr"]))
    return columns, len(set().union(*columns.values())) if columns else 0


def _write_figures(book, company, asked, columns, count) -> dict:
    head = ["figure", "measure", "from", "to", "computed by the course", "from the sheet MRR", "difference", "policy"]
    sheet = book.sheet("Figures", head, [34, 12, 12, 12, 22, 20, 12, 60])
    places = {}
    for row, one in enumerate(asked, 1):
        sheet.write_string(row, 0, label(one.measure))
        sheet.write_string(row, 1, one.measure)
        sheet.write_datetime(row, 2, dt.datetime.combine(one.start, dt.time()), book.day)
        sheet.write_datetime(row, 3, dt.datetime.combine(one.end, dt.time()), book.day)
        sheet.write_number(row, 4, one.value, book.forms[one.unit])
        if count <= MOST_CUSTOMERS:
            sheet.write_formula(row, 5, _figure_formula(one, list(columns), count), book.forms[one.unit], one.value)
            sheet.write_formula(row, 6, f"=F{row + 1}-E{row + 1}", book.forms["ratio"], 0)
        else:
            sheet.write_string(row, 5, "too many customers for a spreadsheet")
        sheet.write_string(row, 7, str(one.policy))
        places.setdefault(one, f"Figures!${'F' if count <= MOST_CUSTOMERS else 'E'}${row + 1}")
    sheet.freeze_panes(1, 0)
    return places


def _figure_formula(one: Asked, columns, count) -> str:
    """A measure as a formula over the sheet MRR, where an empty cell means no customer on that day."""
    def cells(column):
        letter = xl_col_to_name(column)
        return f"MRR!${letter}$2:${letter}${count + 1}"

    name, size = split_measure(one.measure)
    before, after = (cells(2 + columns.index((day, one.policy))) for day in (one.start, one.end))
    of_size = f'({cells(1)}="{size}")*' if size else ""
    here, there = f"{of_size}ISNUMBER({before})", f"{of_size}ISNUMBER({after})"
    kept = f"(({after}<{before})*{after}+({after}>={before})*{before})"
    return "=" + {
        "nrr": f"SUMPRODUCT({here}*{after})/SUMPRODUCT({here}*{before})",
        "grr": f"SUMPRODUCT({here}*{kept})/SUMPRODUCT({here}*{before})",
        "logo": f"SUMPRODUCT({here}*ISNUMBER({after}))/SUMPRODUCT({here}*1)",
        "arr": f"12*SUMPRODUCT({there}*{after})", "mrr": f"SUMPRODUCT({there}*{after})", "customers": f"SUMPRODUCT({there}*1)",
    }[name]


def _write_mrr(book, company, columns, count) -> None:
    policies = list(dict.fromkeys(policy for _, policy in columns))
    several = len(policies) > 1
    head = [f"{day}" + (f", policy {policies.index(policy) + 1} of {len(policies)}" if several else "") for day, policy in columns]
    sheet = book.sheet("MRR", ["customer_id", "size", *head], [14, 8, *[14] * len(head)])
    sheet.freeze_panes(1, 2)
    if count > MOST_CUSTOMERS:
        return sheet.write_string(1, 0, f"{count:,} customers do not fit: the figures are those that the course computed.")
    size = company.customers.set_index("customer_id")["size"].astype(object).to_dict()
    for row, customer in enumerate(sorted(set().union(*columns.values())), 1):
        sheet.write_string(row, 0, str(customer))
        sheet.write_string(row, 1, str(size.get(customer) or ""))
        for column, paid in enumerate(columns.values(), 2):
            if customer in paid:
                sheet.write_number(row, column, float(paid[customer]), book.forms["ratio"])


def _write_decisions(book, sheet, company, scores, places) -> None:
    for row, one in enumerate(scores, 1):
        d, form = one.decision, book.forms[one.figure.unit] if one.figure else book.forms["ratio"]
        for column, text in enumerate([d.chapter, d.question, d.choice, d.because, d.owner, d.measure]):
            sheet.write_string(row, column, text, book.wrap)
        if math.isnan(one.predicted):
            sheet.write_string(row, 6, str(d.prediction), book.wrap)
        else:
            sheet.write_number(row, 6, one.predicted, form)
        sheet.write_datetime(row, 7, dt.datetime.combine(d.due, dt.time()), book.day)
        if one.figure is None:
            sheet.write_string(row, 12, one.status)
        else:
            _write_score(book, sheet, row, one, form, _place(one, company, places))
    sheet.freeze_panes(1, 2)


def _place(one, company, places):
    return places.get(_asked_of(one, company)) if split_measure(one.decision.measure)[0] in COMPUTED else None


def _write_score(book, sheet, row, one, form, place) -> None:
    figure, r = one.figure, row + 1
    if place:
        sheet.write_formula(row, 8, f"={place}", form, figure.value)
    else:
        sheet.write_number(row, 8, figure.value, form)
    if figure.certain:
        margin = 0.05 * abs(figure.value)
        sheet.write_formula(row, 9, f"=I{r}-0.05*ABS(I{r})", form, figure.value - margin)
        sheet.write_formula(row, 10, f"=I{r}+0.05*ABS(I{r})", form, figure.value + margin)
    else:
        sheet.write_number(row, 9, figure.low, form)
        sheet.write_number(row, 10, figure.high, form)
    sheet.write_formula(row, 11, f"=G{r}-I{r}", form, one.predicted - figure.value)
    sheet.write_formula(row, 12, f'=IF(G{r}>K{r},"too high",IF(G{r}<J{r},"too low","came true"))', None, one.status)


# --- the plan -----------------------------------------------------------------------------------------------------------

def _write_drivers(book, living) -> None:
    sheet = book.sheet("Drivers", ["driver", "value", "low", "high", "unit", "known", "meaning", "source", "as of"],
                       [32, 16, 16, 16, 10, 12, 60, 60, 12])
    for row, name in enumerate(names(), 1):
        driver, facts = getattr(living.plan.drivers, name), about(name)
        sheet.write_string(row, 0, name)
        sheet.write_number(row, 1, driver.value, book.inputs[facts["unit"]])
        for column, end in ((2, driver.low), (3, driver.high)):
            if end is not None and math.isfinite(end):
                sheet.write_number(row, column, end, book.forms[facts["unit"]])
        texts = [facts["unit"], "guess" if driver.guess else "measured", facts["label"], driver.source, driver.as_of]
        for column, text in enumerate(texts, 4):
            sheet.write_string(row, column, text)
        book.book.define_name(name, f"=Drivers!$B${row + 1}")
    sheet.freeze_panes(1, 1)


SCHEDULED = (*(f"due_share_{size}" for size in SIZES), "hires", "renewal_lift", "round")


def _write_schedule(book, living) -> None:
    schedule = living.plan.schedule
    sheet = book.sheet("Schedule", ["by month", *(f"month {month}" for month in range(1, MONTHS + 1))], [26, *[10] * MONTHS])
    raised = [schedule.round_amount if month == 3 * (schedule.round_quarter - 1) else 0.0 for month in range(MONTHS)]
    lift = [schedule.renewal_lift[month // 3] for month in range(MONTHS)]
    for row, (name, series, unit) in enumerate(zip(SCHEDULED, [*schedule.due, schedule.hires, lift, raised],
                                                   ["share"] * 3 + ["count", "share", "money"]), 1):
        sheet.write_string(row, 0, name)
        for column, value in enumerate(series, 1):
            sheet.write_number(row, column, float(value), book.inputs[unit])
    sheet.freeze_panes(1, 1)


def month_formulas() -> dict[str, str]:
    """Each row of the sheet Months as a formula in words: ``[x]`` is row x in the same month, ``[x-1]`` the month before, ``[x-12]`` a
    year before, ``{x}`` a row of the schedule, ``<t>`` months gone by. A formula after ``|`` is for the months that come later.

    Examples
    --------
    >>> month_formulas()["capacity"]
    '[reps_mature]*rep_output_per_month'
    """
    whole, part = "INT(ramp_months)", "(ramp_months-INT(ramp_months))"
    grown = "(1+{0}_growth_share_per_year)^(<t>/12)"
    rows = {
        "leads": "leads_per_month*(1+lead_growth_share_per_year)^(<t>/12)",
        "demand": "leads_per_month*(1+lead_growth_share_per_year)^((<t>-cycle_months)/12)*lead_win_share*price_per_year",
        "reps_hired": "{hires}+reps_ramping_count|{hires}",
        "reps_through": f"IF(<t>>={whole},INDEX(<reps_hired>,1,<t>+1-{whole})*(1-{part}),0)"
                        f"+IF(<t>>{whole},INDEX(<reps_hired>,1,<t>-{whole})*{part},0)",
        "reps_ramping": "[reps_hired]-[reps_through]|[reps_ramping-1]+[reps_hired]-[reps_through]",
        "reps_mature": "reps_mature_count+class_kept_share*[reps_through]"
                       "|[reps_mature-1]*(1-rep_loss_share_per_year)^(1/12)+class_kept_share*[reps_through]",
        "capacity": "[reps_mature]*rep_output_per_month",
        "bound_by_reps": "IF([capacity]<(1-self_serve_share)*[demand],1,0)",
        "new": "MIN([capacity],(1-self_serve_share)*[demand])+self_serve_share*[demand]",
    }
    for size in SIZES:
        mix = "(new_arr_share_small+new_arr_share_mid+new_arr_share_large)"
        rows |= {
            f"arr_start_{size}": f"opening_arr_{size}|[arr_{size}-1]",
            f"due_{size}": f"{{due_share_{size}}}*opening_arr_{size}|{{due_share_{size}}}*opening_arr_{size}[+signed_{size}-12]",
            f"renewed_{size}": f"[due_{size}]*MAX(0,MIN(1,renewal_share_{size}+{{renewal_lift}}))",
            f"expansion_{size}": f"[arr_start_{size}]*expansion_share_per_year_{size}/12",
            f"new_{size}": f"[new]*IF({mix}>0,new_arr_share_{size}/{mix},1/3)",
            f"lost_{size}": f"[due_{size}]-[renewed_{size}]",
            f"signed_{size}": f"[renewed_{size}]+[expansion_{size}]+[new_{size}]",
            f"arr_{size}": f"[arr_start_{size}]+[new_{size}]+[expansion_{size}]-[lost_{size}]",
        }
    for name in ("arr_start", "due", "renewed", "expansion", "lost", "signed", "arr"):
        rows[name] = "+".join(f"[{name}_{size}]" for size in SIZES)
    rows["reps"] = "[reps_mature]+[reps_ramping]"
    rows["heads_sales"] = "[reps]*(1+support_per_rep_ratio)"
    rows["heads_success"] = "[arr_start]/arr_per_success_head"
    rows |= {f"heads_{name}": f"{name}_heads_count*{grown.format(name)}" for name in ("marketing", "rnd", "admin")}
    rows["heads"] = "+".join(f"[heads_{name}]" for name in DEPARTMENTS)
    rows["revenue"] = "([arr_start]+[arr])/2/12"
    rows["collected"] = "billed_yearly_share*[signed]+(1-billed_yearly_share)*[revenue]"
    rows["cost_sales"] = "[reps]*(rep_cost_per_month+support_per_rep_ratio*support_cost_per_month)+commission_share*[new]"
    rows["cost_marketing"] = "[heads_marketing]*marketing_cost_per_month+[leads]*cost_per_lead"
    rows |= {f"cost_{name}": f"[heads_{name}]*{name}_cost_per_month" for name in ("success", "rnd", "admin")}
    rows |= {"cost_serving": "[revenue]*serving_cost_share", "cost_other": "other_cost_per_month"}
    rows["costs"] = "+".join(f"[cost_{name}]" for name in COSTS)
    rows["raised"] = "{round}"
    rows["cash"] = "opening_cash+[collected]-[costs]+[raised]|[cash-1]+[collected]-[costs]+[raised]"
    return rows


def _filled(formula: str, month: int, row_of: dict) -> str:
    """A formula of :func:`month_formulas` for one month, with real cells in it."""
    first, _, later = formula.partition("|")
    text = later if later and month else first

    def cell(found):
        sign, name, back = found[1], found[2], int(found[3] or 0)
        return "" if month < back else sign + xl_rowcol_to_cell(row_of[name], 1 + month - back)

    text = re.sub(r"\[(\+?)(\w+?)(?:-(\d+))?\]", cell, text)
    text = re.sub(r"\{(\w+)\}", lambda found: "Schedule!" + xl_rowcol_to_cell(1 + SCHEDULED.index(found[1]), 1 + month), text)
    whole_row = re.sub(r"<(\w{2,})>", lambda found: f"$B${row_of[found[1]] + 1}:${xl_col_to_name(MONTHS)}${row_of[found[1]] + 1}", text)
    return "=" + whole_row.replace("<t>", str(month))


def _unit(name: str) -> str:
    if name.startswith(("heads", "reps", "leads", "bound")):
        return "count"
    return {"gross_margin": "share", "runway_months": "months"}.get(name, "money")


def _write_plan(book, living) -> None:
    quarters = book.sheet("Plan", ["by quarter", *(f"quarter {quarter}" for quarter in range(1, QUARTERS + 1))], [22, *[14] * QUARTERS])
    sheet = book.sheet("Months", ["by month", *(f"month {month}" for month in range(1, MONTHS + 1))], [22, *[13] * MONTHS])
    formulas, made = month_formulas(), living.plan
    row_of = {name: row for row, name in enumerate(formulas, 1)}
    for name, formula in formulas.items():
        sheet.write_string(row_of[name], 0, name)
        for month in range(MONTHS):
            sheet.write_formula(row_of[name], 1 + month, _filled(formula, month, row_of), book.forms[_unit(name)],
                                float(made.months[name][month]))
    sheet.freeze_panes(1, 1)
    _write_quarters(book, quarters, made, row_of)


SHOWN = ("arr", *(f"arr_{size}" for size in SIZES), "due", "renewed", "expansion", "new", "lost", "reps_mature", "reps_ramping", "heads",
         *(f"heads_{name}" for name in DEPARTMENTS), "revenue", *(f"cost_{name}" for name in COSTS), "collected", "costs", "raised", "cash",
         "gross_margin", "runway_months", "binding")


def _write_quarters(book, sheet, made, row_of) -> None:
    row_in = {name: row for row, name in enumerate(SHOWN, 1)}
    for name, row in row_in.items():
        sheet.write_string(row, 0, name)
        for q in range(QUARTERS):
            form = book.forms[_unit(name)] if name != "binding" else None
            sheet.write_formula(row, 1 + q, _quarter_formula(name, q, row_of, row_in), form, _quarter_value(made, name, q))
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(("arr", "cash")):
        chart = book.book.add_chart({"type": "column"})
        chart.add_series({"name": name.upper() if name == "arr" else "Cash", "categories": ["Plan", 0, 1, 0, QUARTERS],
                          "values": ["Plan", row_in[name], 1, row_in[name], QUARTERS]})
        chart.set_title({"name": f"{'ARR' if name == 'arr' else 'Cash'} at the end of each quarter"})
        chart.set_legend({"none": True})
        sheet.insert_chart(len(SHOWN) + 3, 1 + 4 * place, chart)


def _quarter_value(made, name, q):
    if name == "binding":
        return made.binding[q]
    value = float(made.quarters[name][q])
    return "no burn" if math.isinf(value) else value


def _quarter_formula(name, q, row_of, row_in) -> str:
    def months(row):
        return f"Months!{xl_rowcol_to_cell(row_of[row], 1 + 3 * q)}:{xl_rowcol_to_cell(row_of[row], 3 + 3 * q)}"

    def here(row):
        return xl_rowcol_to_cell(row_in[row], 1 + q)

    if name == "binding":
        return f'=IF(SUM({months("bound_by_reps")})>=2,"reps","leads")'
    if name == "gross_margin":
        return f"=1-({here('cost_serving')}+{here('cost_success')})/{here('revenue')}"
    if name == "runway_months":
        burn = f"(({here('costs')}-{here('collected')})/3)"
        return f'=IF({here("cash")}<=0,0,IF({burn}>0,{here("cash")}/{burn},"no burn"))'
    if name in STOCKS:
        return f"=Months!{xl_rowcol_to_cell(row_of[name], 3 + 3 * q)}"
    return f"=SUM({months(name)})"


