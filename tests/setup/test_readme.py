"""README and CONTRIBUTING say what is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpers.cli import app
from helpers.course.overview import BEGIN, END, chapter_map, with_map, write_map
from helpers.course.render import RenderError, find, render
from tests.setup.project import code, small_project

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md"]


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_map_is_up_to_date():
    assert with_map(page("README.md")) == page("README.md"), "playbook render brings it up to date"
    assert len(re.findall(r"^\| \d\d \|", page("README.md"), re.MULTILINE)) == 37


def test_the_map_links_what_is_written(tmp_path):
    root = small_project(tmp_path / "p", c37=[code("a = 1")])
    readme = root / "README.md"
    readme.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    assert write_map(root) and "0 of 37" in readme.read_text()
    render(find("37", root), root)
    assert write_map(root) and not write_map(root)
    text = readme.read_text()
    assert "(chapters/3-sales-play/37-retention/retention.ipynb)" in text and "1 of 37" in text
    assert text.startswith("Before.") and text.endswith("After.\n") and "old" not in text
    assert "](" not in chapter_map(root).replace("](chapters/3-sales-play/37-retention/retention.ipynb)", "")
    with pytest.raises(RenderError, match="README.md needs"):
        with_map("no markers", root)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page(name))
    assert targets
    missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert not missing


@pytest.mark.parametrize("name", PAGES)
def test_every_verb_that_is_named_exists(name):
    verbs = set(re.findall(r"`(?:playbook|python3 start\.py) ([a-z][a-z-]+)", page(name)))
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert verbs and verbs <= known


def test_the_two_commands_and_the_three_ways_are_there():
    text = page("README.md")
    for said in ("python3 start.py ", "python3 start.py test", "py start.py", "not been tried", "MIT", "CC BY 4.0"):
        assert said in text
    assert len(re.findall(r"^- \*\*", text, re.MULTILINE)) == 3


def test_help_names_every_verb():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for verb in ("lab", "book", "render", "run", "check", "make-company", "test"):
        assert re.search(rf"\b{shlex.quote(verb)}\b", result.output)
