"""A reader's hour in a real browser: every chapter opens in JupyterLab, runs from top to bottom, a slider answers, an exercise is
answered wrongly and then rightly; nothing is asked of the outside world."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request

import pytest

from helpers.chapters import chapters
from helpers.company import load_company
from helpers.course.exercises import load_exercises
from helpers.course.workspace import lab_command, lab_environment, refresh

TOKEN = "a-token-of-the-test"
WRITTEN = [chapter for chapter in chapters() if chapter.written]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab in a reader's workspace, with settings of its own."""
    folder = tmp_path_factory.mktemp("reader") / "a workspace"
    settings = {"JUPYTER_CONFIG_DIR": str(folder.parent / "jupyter"), "JUPYTERLAB_WORKSPACES_DIR": str(folder.parent / "layouts")}
    refresh(folder)
    port = free_port()
    command = [*lab_command(folder.resolve(), None, browser=False), f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}",
               "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True"]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in command:
        command.append("--allow-root")
    with (folder.parent / "server.log").open("w") as log:
        server = subprocess.Popen(command, env={**lab_environment(), **settings}, cwd=folder, stdout=log, stderr=log)
    address = f"http://localhost:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}").close()
            break
        except OSError:
            assert server.poll() is None, (folder.parent / "server.log").read_text()
            time.sleep(0.25)
    yield address, folder
    server.terminate()
    server.wait(30)


@pytest.fixture
def page(browser, lab):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.asked = []
    context.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()


NOTEBOOK = "window.jupyterapp.shell.currentWidget"


def open_notebook(page, lab, chapter):
    address, folder = lab
    place = chapter.notebook.relative_to(chapter.folder.parents[1]).as_posix()
    # a workspace of its own: JupyterLab would open what another test had open as well
    page.goto(f"{address}/lab/workspaces/{chapter.name}/tree/{place}?reset&token={TOKEN}", timeout=60_000)
    page.wait_for_function(f"() => window.jupyterapp && {NOTEBOOK} && {NOTEBOOK}.context && {NOTEBOOK}.context.isReady", timeout=60_000)
    page.wait_for_function(f"() => {NOTEBOOK}.sessionContext.session?.kernel?.status === 'idle'", timeout=60_000)


def sources(page) -> list[str]:
    return page.evaluate(f"() => [...{NOTEBOOK}.content.widgets].map(cell => cell.model.sharedModel.source)")


def outputs(page, place: int) -> str:
    return page.evaluate("place => JSON.stringify(%s.content.widgets[place].model.outputs.toJSON())" % NOTEBOOK, place)


def go_to(page, place: int):
    page.evaluate("""async place => { const book = %s.content; book.activeCellIndex = place; book.deselectAll();
        await book.scrollToItem(place, 'start'); }""" % NOTEBOOK, place)
    page.wait_for_timeout(300)


def answer(page, place: int, text: str):
    """Type an answer into a cell as a reader does, and run it."""
    go_to(page, place)
    editor = page.locator(".jp-Notebook .jp-Cell.jp-mod-active .cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.name)
def test_a_chapter_in_jupyterlab(chapter, lab, page):
    open_notebook(page, lab, chapter)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(f"() => [...{NOTEBOOK}.content.widgets].every(c => c.model.type !== 'code' || c.model.executionCount) && "
                           f"{NOTEBOOK}.sessionContext.session.kernel.status === 'idle'", timeout=120_000)
    cells = sources(page)
    ran = page.evaluate(f"() => [...{NOTEBOOK}.content.widgets].filter(c => c.model.type === 'code').map(c => c.model.executionCount)")
    assert all(ran) and len(ran) > 10
    for place, source in enumerate(cells):
        if page.evaluate("place => %s.content.widgets[place].model.type" % NOTEBOOK, place) == "code":
            assert '"output_type":"error"' not in outputs(page, place), source
    move_a_slider(page, next(place for place, source in enumerate(cells) if re.search(r"^explore\(", source, re.M)))
    answer_an_exercise(page, chapter, cells)
    local = re.compile(r"^(http://localhost|ws://localhost|data:|blob:)")
    assert [url for url in page.asked if not local.match(url)] == []
    if os.environ.get("PLAYBOOK_SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['PLAYBOOK_SCREENSHOTS']}/lab-{chapter.name}-answered.png")


def move_a_slider(page, place: int):
    go_to(page, place)
    handle = page.locator(".jp-Notebook .jp-Cell.jp-mod-active .noUi-handle").first
    handle.wait_for(timeout=30_000)
    said = "() => document.querySelector('.jp-Cell.jp-mod-active .widget-html, .jp-Cell.jp-mod-active .jupyter-widgets-html, .jp-Cell.jp-mod-active .widget-html-content').innerText"
    before = page.evaluate(said)
    picture = "() => document.querySelector('.jp-Cell.jp-mod-active .widget-image, .jp-Cell.jp-mod-active img').src"
    drawn = page.evaluate(picture)
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"([text, image]) => ({said})() !== text && ({picture})() !== image", arg=[before, drawn], timeout=30_000)
    if os.environ.get("PLAYBOOK_SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['PLAYBOOK_SCREENSHOTS']}/lab-slider-{place}.png")


def answer_an_exercise(page, chapter, cells):
    company = load_company()
    exercise = next(e for e in load_exercises(chapter.exercises).EXERCISES if e.kind == "number")
    place = next(place for place, source in enumerate(cells) if f'lesson.check("{exercise.key}"' in source)
    right, wrong = float(exercise.solution(company)), exercise.mistakes[0].gives
    wrong = float(wrong(company) if callable(wrong) else wrong)
    for value, title in ((wrong, "A well-known slip"), (right, "Right")):
        answer(page, place, f'lesson.check("{exercise.key}", {value!r})')
        page.wait_for_function("([place, title]) => JSON.stringify(%s.content.widgets[place].model.outputs.toJSON()).includes(title)"
                               % NOTEBOOK, arg=[place, title], timeout=60_000)
        if os.environ.get("PLAYBOOK_SCREENSHOTS"):
            page.screenshot(path=f"{os.environ['PLAYBOOK_SCREENSHOTS']}/lab-{chapter.name}-{title.split()[0]}.png")
