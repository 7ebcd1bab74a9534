"""The book is built without a warning, from what it should be built from, and asks nothing of the outside world."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from helpers import chapters as register
from helpers.book import BookError, build


class Loaded(HTMLParser):
    """What a page loads, and its images."""

    def __init__(self, text: str):
        super().__init__()
        self.urls, self.images = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.urls.append(attrs.get("src") or "")
        if tag == "link":
            self.urls.append(attrs.get("href") or "")


def test_the_real_book_is_built(real):
    out = real
    assert (out / "book" / "index.html").is_file() and 'url=book/index.html' in (out / "index.html").read_text(encoding="utf-8")
    for chapter in register.chapters():
        page = (out / chapter.notebook.relative_to(register.ROOT)).with_suffix(".html")
        assert page.is_file() == chapter.written


def test_a_book_without_chapters_can_be_built(tmp_path):
    import book_sample

    front = build(root=book_sample.project(tmp_path))
    assert 'href="../chapters' not in front.read_text(encoding="utf-8")


def test_a_chapter_that_is_added_reaches_every_page(tmp_path):
    import book_sample

    project = book_sample.project(tmp_path, "37-retention")
    build(root=project)
    book_sample.write_chapter(project, "11-renewal")
    front = build(root=project)
    other = front.parents[1] / "chapters/3-sales-play/37-retention/retention.html"
    assert "11 Renewal" in front.read_text(encoding="utf-8") and "11-renewal/renewal.html" in other.read_text(encoding="utf-8")


def test_what_a_reader_has_in_the_workspace_stays_out(tmp_path):
    import book_sample

    project = book_sample.project(tmp_path, "37-retention")
    secret = book_sample.notebook("A secret of ours")
    chapter = register.find("37", root=project)
    for place in ("workspace/3-sales-play/37-retention/retention.ipynb", "workspace/secret.ipynb", "mine.ipynb",
                  "chapters/3-sales-play/37-retention/.ipynb_checkpoints/retention-checkpoint.ipynb",
                  "chapters/3-sales-play/37-retention/draft.ipynb", "datasets/notes.md"):
        path = project / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**secret, "cells": [{**cell, "source": "# A secret of ours", "outputs": []} if cell["cell_type"] == "code"
                                                        else {**cell, "source": "# A secret of ours"} for cell in secret["cells"]]}))
    front = build(root=project)
    assert chapter.written
    pages = [path for path in front.parents[1].rglob("*") if path.is_file() and path.suffix in (".html", ".js", ".ipynb", ".txt", ".inv")]
    assert len(pages) > 5
    assert not [path for path in pages if "secret of ours" in path.read_text(encoding="utf-8", errors="ignore")]
    assert not [path for path in front.parents[1].rglob("*") if "workspace" in path.name or "draft" in path.name]


@pytest.mark.parametrize("cell, said", [
    ("See [there](nowhere.md).", "nowhere"),
    ("A formula of our own making: $\\nosuch{1}$", "cannot render"),
])
def test_a_warning_is_an_error(tmp_path, cell, said):
    import book_sample

    project = book_sample.project(tmp_path, "37-retention")
    chapter = register.find("37", root=project)
    notebook = json.loads(chapter.notebook.read_text(encoding="utf-8"))
    notebook["cells"].append({**book_sample.text(cell), "id": "added"})
    chapter.notebook.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(BookError, match=said):
        build(root=project)


def test_a_check_without_its_exercise_is_an_error(tmp_path):
    import book_sample

    project = book_sample.project(tmp_path, "37-retention")
    chapter = register.find("37", root=project)
    chapter.notebook.write_text(chapter.notebook.read_text(encoding="utf-8").replace("share-kept", "share-keept"), encoding="utf-8")
    with pytest.raises(BookError, match="did you mean 'share-kept'"):
        build(root=project)


def test_a_folder_without_a_book_is_refused(tmp_path):
    with pytest.raises(BookError, match="no book/conf.py"):
        build(root=tmp_path)


@pytest.mark.parametrize("which", ["pages", "real"])
def test_no_page_loads_anything_from_outside(which, request):
    folder = request.getfixturevalue(which)
    found = sorted(folder.rglob("*.html"))
    assert len(found) >= 4
    for path in found:
        text = path.read_text(encoding="utf-8")
        outside = [url for url in Loaded(text).urls if re.match(r"(https?:)?//", url)]
        assert not outside, f"{path.name}: {outside}"
        assert "MathJax" not in text and "require.js" not in text and "html-manager" not in text, path.name
    styles = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", styles)


@pytest.mark.parametrize("which", ["pages", "real"])
def test_every_image_has_a_text_alternative(which, request):
    folder = request.getfixturevalue(which)
    for path in folder.rglob("*.html"):
        for image in Loaded(path.read_text(encoding="utf-8")).images:
            assert len(image.get("alt", "")) > 10 and "/" not in image["alt"][:4], f"{path.name}: {image}"


def test_figures_keep_alternative_and_width(pages):
    import book_sample

    page = (pages / "chapters/3-sales-play/37-retention/retention.html").read_text(encoding="utf-8")
    images = Loaded(page).images
    assert [image["alt"] for image in images] == [book_sample.ALTERNATIVE, "At 80% it lasts five years."]
    assert all("720" in image.get("width", image.get("style", "")) for image in images)


def test_hints_and_solutions_are_folded_below_the_exercise(pages):
    page = (pages / "chapters/3-sales-play/37-retention/retention.html").read_text(encoding="utf-8")
    place = [page.index(mark) for mark in ("share-kept", "Hint 1 of 2", "Hint 2 of 2", "share_kept", 'id="which-floor"')]
    assert place == sorted(place)
    assert page.count('<details class="sd') == 7 and "<details open" not in page
    assert "lesson.hint" not in re.sub(r"<[^>]+>", "", page) and "lesson.solution" not in re.sub(r"<[^>]+>", "", page)
    assert "playbook-quiz" in page and "<math" in page
    assert "50 minutes" in page


def test_all_solutions_are_on_one_page(pages):
    page = (pages / "book/solutions.html").read_text(encoding="utf-8")
    assert page.count("<h3>Share kept") == 2 and page.count("What was kept of what was there") == 2
    assert "Names a number?" in page and "11 Renewal" in page
