"""The pieces the book is made of: map, glossary, help, formulas, colours."""

from __future__ import annotations

import copy
import re
import xml.dom.minidom

import pytest

from helpers import chapters as register
from helpers.show.look import palette

STYLE = (register.ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")


@pytest.fixture(params=["wide", "tall"])
def drawing(request):
    from playbook_book import pages, roadmap

    return xml.dom.minidom.parseString(getattr(roadmap, request.param)(pages.course(register.ROOT)))


def texts(node) -> str:
    return "".join(child.data if child.nodeType == child.TEXT_NODE else texts(child) for child in node.childNodes)


def classed(drawing, word: str) -> list:
    return [node for node in drawing.getElementsByTagName("*") if word in node.getAttribute("class").split()]


def test_the_map_has_every_chapter_and_links_the_written(drawing):
    stations = classed(drawing, "station")
    assert len(stations) == 37
    for chapter, station in zip(sorted(register.chapters(), key=lambda c: c.number), sorted(stations, key=lambda s: texts(s))):
        assert f"{chapter.number} {chapter.title}" in texts(station)
        assert (station.tagName == "a") == chapter.written
        if chapter.written:
            assert (register.ROOT / "book" / station.getAttribute("href")).resolve().with_suffix(".ipynb") == chapter.notebook


def test_the_map_has_five_stages_eight_phases_and_four_lines(drawing):
    everything = texts(drawing.documentElement)
    assert len(classed(drawing, "district")) == 6
    assert all(stage.name in everything for stage in register.stages())
    assert all(re.search(rf"(phase |Phase |\b){phase.number}\b", everything) for phase in register.phases())
    for line in register.lines():
        assert line.name in everything and len(classed(drawing, f"line-{line.key}")) == 2


def test_a_station_lies_on_its_lines():
    from playbook_book import roadmap

    for row in range(5):
        ys = [roadmap.lane_y(row, lane) for lane in range(4)]
        assert ys == sorted(ys, reverse=bool(row % 2)) and max(ys) - min(ys) == 3 * roadmap.GAP


def test_the_poster_stands_alone():
    from playbook_book import pages, roadmap

    drawing = roadmap.poster(pages.course(register.ROOT), STYLE)
    xml.dom.minidom.parseString(drawing)
    assert palette.blue in drawing and "http" not in drawing.replace("http://www.w3.org/2000/svg", "")


def test_the_book_uses_the_palette_of_the_figures():
    light = re.search(r'html\[data-theme="light"\] \{(.*?)\}', STYLE, re.S)[1].lower()
    for name in ("blue", "orange", "green", "amber", "purple", "grey", "ink", "quiet", "rule", "paper"):
        assert f"--{name}: {getattr(palette, name).lower()};" in light


def test_light_and_dark_define_the_same_names():
    light, dark = (set(re.findall(r"(--[\w-]+):", re.search(rf'html\[data-theme="{theme}"\] \{{(.*?)\}}', STYLE, re.S)[1]))
                   for theme in ("light", "dark"))
    assert light <= dark
    assert set(re.findall(r"var\((--(?!pst|sd|mystnb|halo)[\w-]+)\)", STYLE)) <= light


def test_the_glossary_explains_every_idea_that_a_chapter_teaches():
    from playbook_book import pages

    known = pages.glossary(register.ROOT)
    assert set(known["ideas"]) == {idea for chapter in register.chapters() for idea in chapter.concepts}
    for item in [*known["ideas"].values(), *known["terms"]]:
        assert item["name"] and item["zh"] and 30 < len(item["text"]) < 320, item
    names = [item["name"] for item in [*known["ideas"].values(), *known["terms"]]]
    assert len(names) == len(set(names))


def test_every_term_names_a_chapter_and_has_chinese():
    from playbook_book import pages

    known = pages.glossary(register.ROOT)["terms"]
    assert len(known) >= 40
    for item in known:
        assert register.find(item["chapter"])
        assert re.search(r"[\u4e00-\u9fff]", item["zh"])


@pytest.mark.parametrize("zh, wrong", [("融资", r"^(the )?financ"), ("续费", "renewal fee"), ("销售打法", "style"), ("集客", "collection")])
def test_terms_that_machines_get_wrong_are_right(zh, wrong):
    from playbook_book import pages

    known = pages.glossary(register.ROOT)
    found = [item["name"] for item in [*known["ideas"].values(), *known["terms"]] if zh in item["zh"]]
    assert found and not [name for name in found if re.search(wrong, name, re.I)]


def test_the_glossary_page_has_an_anchor_for_everything(pages):
    page = (pages / "book/glossary.html").read_text(encoding="utf-8")
    anchors, targets = set(re.findall(r'\bid="([^"]+)"', page)), set(re.findall(r'href="#((?:idea|term)-[^"]+)"', page))
    assert len(targets) > 120 and targets <= anchors
    assert 'href="../chapters/3-sales-play/37-retention/retention.html"' in page


def test_the_notebook_itself_is_left_alone():
    import book_sample
    from playbook_book.notebooks import for_the_book

    notebook = book_sample.notebook("Retention")
    before = copy.deepcopy(notebook)
    changed = for_the_book(notebook, _without_exercises())
    assert notebook == before and len(changed["cells"]) == len(before["cells"]) - 2


def _without_exercises():
    import dataclasses
    from pathlib import Path

    return dataclasses.replace(register.find("37"), folder=Path("nowhere"))


@pytest.mark.parametrize("source, only", [
    ('lesson.hint("a")', True), ('lesson.hint("a")\nlesson.solution("a")', True), ('hint("a")', True), ('# look\nlesson.solution("a");', True),
    ('x = 1\nlesson.hint("a")', False), ("", False), ("# nothing", False), ("my_hint = 3", False),
])
def test_cells_that_only_ask_for_help(source, only):
    import book_sample
    from playbook_book.notebooks import only_asks_for_help

    assert only_asks_for_help(book_sample.code(source)) is only


def test_a_solution_is_shown_with_what_it_stands_on(tmp_path):
    import book_sample
    from helpers.course.exercises import load_exercises
    from playbook_book.notebooks import code_of, solution

    (tmp_path / "exercises.py").write_text(book_sample.EXERCISES, encoding="utf-8")
    kept, lost, floor = load_exercises(tmp_path / "exercises.py").EXERCISES
    assert code_of(kept.solution).startswith("def share_kept(company):")
    assert [line for line in code_of(lost.solution).splitlines() if line.startswith("def")] == [
        "def _base(company):", "def _lost(company):", "def solution(company):"]
    assert code_of(lost.solution).endswith("return _lost(company) / max(_base(company), 1)")
    assert "**b** Names an owner? *Not met:* Nobody." in solution(floor)


def test_a_formula_that_cannot_be_read_is_shown_as_it_is(monkeypatch):
    from docutils import nodes
    from playbook_book import mathml

    warned = []
    monkeypatch.setattr(mathml.log, "warning", lambda *args, **kwargs: warned.append(args))
    assert mathml.markup(nodes.math("", r"a<b \nosuch"), as_block=False) == r"<code>a&lt;b \nosuch</code>"
    assert len(warned) == 1
    assert "<mfrac>" in mathml.markup(nodes.math("", r"\frac{a}{b}"), as_block=True)


def test_links_in_outputs_lead_to_pages_and_not_to_notebooks():
    from playbook_book.notebooks import with_pages

    html = '<a href="../37-retention/retention.ipynb">37</a> <a href="a.ipynb#b">b</a> <a href="https://example.org/x.ipynb">x</a>'
    cell = {"cell_type": "code", "source": "", "outputs": [{"data": {"text/html": [html]}}, {"text": "a.ipynb"}]}
    turned = with_pages(cell)["outputs"]
    assert turned[0]["data"]["text/html"] == html.replace("retention.ipynb", "retention.html").replace("a.ipynb#", "a.html#")
    assert turned[1] == {"text": "a.ipynb"}
    assert cell["outputs"][0]["data"]["text/html"] == [html]
