"""What readers see: every page in a headless browser, over http and as files, light and dark, on a screen and on a phone."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

CHAPTER = "chapters/3-sales-play/37-retention/retention.html"
PAGES = ["book/index.html", "book/glossary.html", "book/solutions.html", "search.html"]
UNREADABLE = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                       return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('.bd-article *')) {
    const own = [...e.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).map(n => n.textContent.trim()).join(' ');
    if (!own || !e.getClientRects().length || e.closest('svg') || getComputedStyle(e).visibility === 'hidden') continue;
    if (Number(getComputedStyle(e).opacity) < 0.5 || e.classList.contains('headerlink')) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4) bad.push(own.slice(0, 40) + ' ' + contrast.toFixed(1));
  }
  return bad;
}"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('svg.roadmap')].filter(s => getComputedStyle(s).display !== 'none')
    .flatMap(s => [...s.querySelectorAll('text')]).map(t => [t.textContent, t.getBoundingClientRect()]);
  const bad = [];
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [a, p] = boxes[i], [b, q] = boxes[j];
    if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 4 && q.top < p.bottom - 4) bad.push(a + ' / ' + b);
  }
  return bad;
}"""


@pytest.fixture(scope="module", params=["file", "http"])
def address(request, pages):
    """Where the sample book lies, as files and from a server."""
    if request.param == "file":
        yield pages.as_uri()
        return
    handler = functools.partial(Quiet, directory=str(pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing on the terminal."""


class Visit:
    """A page in a window of a given width and theme, that notes requests and complaints."""

    def __init__(self, browser, home: str, theme: str = "light", width: int = 1280):
        self.home, self.outside, self.complaints = home, [], []
        self.context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 844})
        self.page = self.context.new_page()
        self.page.on("request", self.note)
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def note(self, request):
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str):
        self.page.goto(f"{self.home}/{path}")
        self.page.wait_for_load_state("load")
        return self.page

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()


def looks_right(visit: Visit, paths: list[str]) -> None:
    for path in paths:
        page = visit.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider than the window"
        assert not page.evaluate("[...document.images].filter(i => !i.alt || !i.complete || !i.naturalWidth).map(i => i.src)"), path
        assert not page.evaluate(UNREADABLE), f"{path}: hard to read {page.evaluate(UNREADABLE)}"
    assert not visit.outside and not visit.complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_of_the_sample(browser, address, theme, width):
    with Visit(browser, address, theme, width) as visit:
        looks_right(visit, [*PAGES, CHAPTER])
        assert visit.page.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.parametrize("theme, width", [("light", 1280), ("dark", 390)])
def test_every_page_of_the_real_book(browser, real, theme, width):
    with Visit(browser, real.as_uri(), theme, width) as visit:
        looks_right(visit, PAGES + sorted(path.relative_to(real).as_posix() for path in real.glob("chapters/**/*.html")))


@pytest.mark.parametrize("width, kind", [(1280, "wide"), (390, "tall")])
def test_the_map_fits_the_window_and_leads_to_a_chapter(browser, address, width, kind):
    with Visit(browser, address, width=width) as visit:
        page = visit.open("book/index.html")
        shown = page.evaluate("[...document.querySelectorAll('svg.roadmap')].filter(s => s.getBoundingClientRect().width).map(s => s.classList[1])")
        assert shown == [kind]
        assert page.evaluate(OVERLAPS) == []
        page.locator(f"svg.{kind} a.station", has_text="Retention").click()
        page.wait_for_url("**/retention.html")
        assert page.locator(".bd-article h1").first.inner_text().startswith("Do they stay")


def test_the_switch_changes_the_theme(browser, address):
    with Visit(browser, address) as visit:
        page = visit.open(CHAPTER)
        page.locator("button.theme-switch-button:visible").first.click()
        page.locator(".theme-change-button[data-mode=dark]:visible").first.click()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate(UNREADABLE) == []


def test_search_finds_the_chapter(browser, address):
    with Visit(browser, address) as visit:
        page = visit.open("search.html?q=retention")
        page.locator("#search-results li a").first.wait_for(timeout=15_000)
        links = page.eval_on_selector_all("#search-results li a", "found => found.map(a => a.getAttribute('href'))")
        assert any("37-retention/retention.html" in link for link in links)
        assert not visit.outside and not visit.complaints


def test_what_is_folded_opens(browser, address):
    with Visit(browser, address, width=390) as visit:
        page = visit.open(CHAPTER)
        code = page.locator("details.playbook-solution").first.locator("pre")
        assert not code.is_visible()
        page.locator("details.playbook-solution summary").first.click()
        assert code.is_visible() and "kept / before" in code.inner_text()
        page.locator(".playbook-quiz summary").nth(1).click()
        assert page.get_by_text("Too few.").is_visible()
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(UNREADABLE) == []
