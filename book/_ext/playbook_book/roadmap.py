"""The roadmap as a picture: four lines that wind through five stages, with the chapters as stations.

Two drawings from the same register: ``wide`` winds from side to side like a road, for screens and for the wall; ``tall``
runs straight down with the questions beside it, for phones. Colours come from the style sheet (book.css), so that both
follow the light and the dark theme.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from helpers.chapters import Chapter, Line, Part, Phase, Stage

WIDTH, LEFT, RIGHT = 1240, 160, 1080  # of the drawing; of the straight part of the road
ROW, HEAD, GAP = 238, 150, 17  # from row to row; from a row's top to its road; between two lines
WIDER = 1.4  # room for a station that is alone in its phase, so that the phase's name fits


@dataclass(frozen=True)
class Course:
    """What there is to draw, and where a chapter's page lies."""

    parts: tuple[Part, ...]
    stages: tuple[Stage, ...]
    phases: tuple[Phase, ...]
    lines: tuple[Line, ...]
    link: Callable[[Chapter], str]

    def stage(self, part: Part) -> Stage | None:
        return next((stage for stage in self.stages if stage.number == part.stage), None)

    def lanes(self, chapter: Chapter) -> list[int]:
        return [place for place, line in enumerate(self.lines) if line.key in chapter.lines]


# ---------------------------------------------------------------- lying


def wide(course: Course) -> str:
    """The winding drawing, as an SVG element."""
    rows = [[course.parts[0], course.parts[1]], *[[part] for part in course.parts[2:]]]
    height = ROW * len(rows) + 64
    body = [card(number, *extent) for number, row in enumerate(rows) for extent in cards_of(row)]
    body += [road(course, len(rows))]
    for number, row in enumerate(rows):
        body += [f'<g class="band stage-{row[-1].stage}">', *row_of_stations(course, number, row), "</g>"]
    body.append(legend(course, height))
    return svg("wide", WIDTH, height, body)


def cards_of(row: list[Part]) -> list[tuple[float, float, int]]:
    """Left edge, right edge and stage of each card of a row."""
    edges = [8, split(row), WIDTH - 8] if len(row) > 1 else [8, WIDTH - 8]
    return [(edges[i] + (6 if i else 0), edges[i + 1] - (6 if i + 1 < len(row) else 0), part.stage) for i, part in enumerate(row)]


def split(row: list[Part]) -> float:
    """Where the card of the roadmap itself ends and stage 1 begins."""
    left, unit, room = spacing(0, row)
    return left + unit * sum(room[:len(row[0].chapters)])


def card(row: int, left: float, right: float, stage: int) -> str:
    return f'<rect class="district stage-{stage}" x="{left:.0f}" y="{row * ROW + 8}" width="{right - left:.0f}" height="{ROW - 14}" rx="18"/>'


def spacing(row: int, members: list[Part]) -> tuple[float, float, list[float]]:
    """Left end of a row, the width of one station, and how many such widths each chapter gets."""
    chapters = [chapter for part in members for chapter in part.chapters]
    alone = {c.phase for c in chapters if sum(d.phase == c.phase for d in chapters) == 1}
    room = [WIDER if chapter.phase in alone or chapter.part == 0 else 1.0 for chapter in chapters]
    left = 44 if row == 0 else LEFT
    return left, (RIGHT - left) / sum(room), room


def stations(row: int, members: list[Part]) -> list[tuple[Chapter, float]]:
    """The chapters of a row with their place from left to right; every other row runs backwards."""
    chapters = [chapter for part in members for chapter in part.chapters]
    left, unit, room = spacing(row, members)
    middles = [unit * (sum(room[:i]) + room[i] / 2) for i in range(len(room))]
    return [(c, RIGHT - m if row % 2 else left + m) for c, m in zip(chapters, middles)]


def lane_y(row: int, lane: int, count: int = 4) -> float:
    """Height of a line in a row; the order of the lines turns over at each bend."""
    offset = (lane - (count - 1) / 2) * GAP
    return row * ROW + HEAD + (-offset if row % 2 else offset)


def road(course: Course, rows: int) -> str:
    """The four lines, from the first station to the last, with a bend at the end of each row."""
    paths = []
    for lane, line in enumerate(course.lines):
        steps = [f"M52 {lane_y(0, lane):.1f}"]
        for row in range(rows):
            y, forward = lane_y(row, lane), row % 2 == 0
            if row == rows - 1:
                steps.append(f"H{RIGHT + 60 if forward else LEFT - 60}")
                break
            below, edge = lane_y(row + 1, lane), RIGHT if forward else LEFT
            radius = (below - y) / 2
            steps.append(f"H{edge} A{radius:.1f} {radius:.1f} 0 0 {int(forward)} {edge} {below:.1f}")
        paths.append(f'<path class="lane line-{line.key}" d="{" ".join(steps)}"/>')
    return "\n".join(paths)


def row_of_stations(course: Course, row: int, members: list[Part]) -> list[str]:
    places = stations(row, members)
    out = heading_zero(members[0], row) if members[0].stage == 0 else []
    out += heading(course, members[-1], row, split(members) + 24 if row == 0 else LEFT - 30)
    if len(members[-1].phases) > 1:
        out += brackets(course, row, places)
    for order, (chapter, x) in enumerate(places):
        out.append(station(course, chapter, x, row, above=order % 2 == 1))
    return out


def heading_zero(part: Part, row: int) -> list[str]:
    return [f'<text class="stage-name" x="44" y="{row * ROW + 40}">{escape(part.title)}</text>']


def heading(course: Course, part: Part, row: int, x: float) -> list[str]:
    """Stage, phase and the sign that closes it."""
    stage, y = course.stage(part), row * ROW + 40
    alone = [phase for phase in course.phases if part.phases == (phase.number,)]
    phase = f'<tspan class="phase" dx="12">phase {alone[0].number}</tspan>' if alone else ""
    return [
        f'<text class="stage-name" x="{x:.0f}" y="{y}"><tspan class="stage-number stage-{stage.number}">{stage.number}</tspan>'
        f'<tspan dx="10">{escape(stage.name)}</tspan>{phase}</text>',
        f'<text class="closes" x="{RIGHT + (100 if row == 0 else 30)}" y="{y}" text-anchor="end">{escape(stage.closes)}</text>',
    ]


def brackets(course: Course, row: int, places: list[tuple[Chapter, float]]) -> list[str]:
    """A thin brace over the stations of each phase, where a stage has several."""
    out, step = [], abs(places[-1][1] - places[-2][1])
    for phase in course.phases:
        xs = [x for chapter, x in places if chapter.phase == phase.number]
        if xs:
            half = step * (WIDER if len(xs) == 1 else 1) / 2 - 7
            left, right, y = min(xs) - half, max(xs) + half, row * ROW + 82
            out.append(f'<path class="brace" d="M{left:.0f} {y + 6} V{y} H{right:.0f} V{y + 6}"/>')
            out.append(f'<text class="phase" x="{(left + right) / 2:.0f}" y="{y - 7}" text-anchor="middle">{phase.number} {escape(phase.name)}</text>')
    return out


def station(course: Course, chapter: Chapter, x: float, row: int, *, above: bool) -> str:
    """A stop on its lines, with its name above or below the road."""
    ys = [lane_y(row, lane) for lane in course.lanes(chapter)]
    top, bottom = lane_y(row, 3 if row % 2 else 0), lane_y(row, 0 if row % 2 else 3)
    rows = wrap(chapter.title, 26)
    first = top - 16 - 17 * (len(rows) - 1) if above else bottom + 29
    stem = f'<path class="stem" d="M{x:.0f} {min(ys) if above else max(ys):.0f} V{top - 11 if above else bottom + 11:.0f}"/>'
    label = name(rows, chapter.number, x, first)
    return wrapped(course, chapter, stem + stop(ys, x) + label, x - 60, min(first - 14, top - 10), 120, bottom - top + 70)


def name(rows: list[str], number: str, x: float, y: float) -> str:
    spans = [f'<tspan x="{x:.0f}" dy="{0 if i == 0 else 17}">{_numbered(number) if i == 0 else ""}<tspan class="title">{escape(text)}</tspan></tspan>'
             for i, text in enumerate(rows)]
    return f'<text class="name halo" y="{y:.0f}" text-anchor="middle">{"".join(spans)}</text>'


def _numbered(number: str) -> str:
    return f'<tspan class="number">{number}</tspan> '


def stop(ys: list[float], x: float) -> str:
    """A ring on one line, or a bar across several."""
    if len(ys) == 1:
        return f'<circle class="stop" cx="{x:.0f}" cy="{ys[0]:.1f}" r="7.5"/>'
    return f'<rect class="stop across" x="{x - 8:.0f}" y="{min(ys) - 8:.1f}" width="16" height="{max(ys) - min(ys) + 16:.1f}" rx="8"/>'


def legend(course: Course, height: float) -> str:
    spans, x = [], 60
    for line in course.lines:
        spans.append(f'<path class="lane line-{line.key}" d="M{x} {height - 30} h30"/>'
                     f'<text class="legend" x="{x + 42}" y="{height - 25}">{escape(line.name)} <tspan lang="zh">{line.zh}</tspan></text>')
        x += 96 + 8.1 * len(line.name) + 15 * len(line.zh)
    return "\n".join(spans)


def poster(course: Course, style: str) -> str:
    """The winding drawing as a file of its own, with the rules of the style sheet that concern it."""
    light = re.search(r'html\[data-theme="light"\] (\{.*?\})', style, re.S)[1]
    rules = "\n".join(re.findall(r"^svg\.roadmap(?!\.tall).*\}$", style, re.M))
    own = f":root {light}\nsvg.roadmap {{ font-family: system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', Arial, sans-serif; background: #FFFFFF }}"
    return wide(course).replace(">\n", f">\n<style>\n{rules}\n{own}\n</style>\n", 1)


# ---------------------------------------------------------------- standing


def tall(course: Course) -> str:
    """The drawing for a phone: straight down, the question beside each station."""
    body, y, width = [], 0.0, 390
    for part in course.parts:
        y, drawn = tall_part(course, part, y, width)
        body += drawn
    rails = [f'<path class="lane line-{line.key}" d="M{tall_x(lane)} 66 V{y - 26:.0f}"/>' for lane, line in enumerate(course.lines)]
    cards, rest = [piece for piece in body if 'class="district' in piece], [piece for piece in body if 'class="district' not in piece]
    marks = [f'<path class="lane line-{line.key}" d="M14 {y + 22 + 26 * i:.0f} h26"/><text class="legend" x="50" y="{y + 27 + 26 * i:.0f}">'
             f'{escape(line.name)} <tspan lang="zh">{line.zh}</tspan></text>' for i, line in enumerate(course.lines)]
    return svg("tall", width, y + 120, [*cards, *rails, *rest, *marks])


def tall_x(lane: int) -> int:
    return 22 + 13 * lane


def tall_part(course: Course, part: Part, top: float, width: int) -> tuple[float, list[str]]:
    """One part's card with its stations; returns where it ends."""
    stage, out = course.stage(part), []
    number = f'<tspan class="stage-number stage-{stage.number}">{stage.number}</tspan><tspan dx="8">' if stage else "<tspan>"
    out.append(f'<text class="stage-name" x="80" y="{top + 36:.0f}">{number}{escape(stage.name if stage else part.title)}</tspan></text>')
    y, phase = top + 62, None
    for chapter in part.chapters:
        if chapter.phase not in (None, phase):
            phase, called = chapter.phase, next(p for p in course.phases if p.number == chapter.phase)
            out.append(f'<text class="phase" x="80" y="{y:.0f}">Phase {phase} · {escape(called.name)}</text>')
            y += 26
        lines = wrap(chapter.question, 41)
        out.append(tall_station(course, chapter, y, lines))
        y += 34 + 17 * len(lines)
    end = y - 4
    card = f'<rect class="district stage-{part.stage}" x="4" y="{top + 6:.0f}" width="{width - 8}" height="{end - top - 6:.0f}" rx="14"/>'
    return end + 2, [card, *out]


def tall_station(course: Course, chapter: Chapter, y: float, lines: list[str]) -> str:
    xs = [tall_x(lane) for lane in course.lanes(chapter)]
    if len(xs) == 1:
        mark = f'<circle class="stop" cx="{xs[0]}" cy="{y - 5:.0f}" r="6.5"/>'
    else:
        mark = f'<rect class="stop across" x="{min(xs) - 7}" y="{y - 12:.0f}" width="{max(xs) - min(xs) + 14}" height="14" rx="7"/>'
    asks = "".join(f'<tspan x="80" dy="17">{escape(line)}</tspan>' for line in lines)
    text = (f'<text class="name" x="80" y="{y:.0f}">{_numbered(chapter.number)}<tspan class="title">{escape(chapter.title)}</tspan></text>'
            f'<text class="asks" y="{y:.0f}">{asks}</text>')
    return wrapped(course, chapter, mark + text, 8, y - 20, 374, 34 + 17 * len(lines))


# ---------------------------------------------------------------- both


def wrapped(course: Course, chapter: Chapter, inner: str, x: float, y: float, width: float, height: float) -> str:
    """A station as a link when there is something to read, greyed when there is not."""
    title = f"<title>{escape(chapter.number)} {escape(chapter.title)}: {escape(chapter.question)}</title>"
    if not chapter.written:
        return f'<g class="station later">{title}{inner}</g>'
    target = f'<rect class="target" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8"/>'
    label = escape(f"Chapter {chapter.number}, {chapter.title}: {chapter.question}")
    return f'<a class="station" href="{escape(course.link(chapter))}" aria-label="{label}">{title}{target}{inner}</a>'


def svg(kind: str, width: float, height: float, body: list[str]) -> str:
    inner = "\n".join(line for line in body if line.strip())
    return (f'<svg class="roadmap {kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="group" '
            f'aria-label="The roadmap: five stages, eight phases, four lines, and the chapters along them">\n{inner}\n</svg>')


def wrap(text: str, width: int) -> list[str]:
    """Break a text at spaces into lines of about this many characters, as even as they come."""
    words, rows = text.split(), [""]
    for word in words:
        if rows[-1] and len(rows[-1]) + 1 + len(word) > width:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return rows
