"""The command `playbook`: its verbs pass on what they are given, and errors are sentences."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from helpers.cli import ROOT, app

RUN = CliRunner()


def test_it_imports_nothing_heavy():
    script = ("import sys, helpers.cli, helpers.course\n"
              "print([name for name in ('pandas', 'numpy', 'matplotlib', 'scipy', 'duckdb', 'nbformat') if name in sys.modules])")
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert answer.stdout == "[]\n"


def test_an_error_of_ours_is_one_message_without_a_traceback(tmp_path):
    for arguments in (["render", "retentoin"], ["run", "99"], ["check", str(tmp_path / "nowhere")]):
        run = subprocess.run([sys.executable, "-m", "helpers.cli", *arguments], capture_output=True, text=True, cwd=ROOT)
        assert run.returncode == 1 and run.stderr.startswith("playbook: "), run.stderr
        assert "Traceback" not in run.stderr


def test_an_error_that_nobody_foresaw_keeps_its_traceback(monkeypatch):
    import helpers.book

    monkeypatch.setattr(helpers.book, "build", lambda out: 1 / 0)
    assert isinstance(RUN.invoke(app, ["book"]).exception, ZeroDivisionError)


def test_book_says_where_to_look(monkeypatch, tmp_path):
    import helpers.book

    monkeypatch.setattr(helpers.book, "build", lambda out: out / "index.html")
    result = RUN.invoke(app, ["book", "--out", str(tmp_path)])
    assert result.exit_code == 0 and str(tmp_path / "index.html") in result.output


def test_lab_passes_on_its_choices(monkeypatch, tmp_path):
    import helpers.course.workspace

    asked = []
    monkeypatch.setattr(helpers.course.workspace, "open_lab", lambda *given: asked.append(given) or 3)
    result = RUN.invoke(app, ["lab", "--workspace", str(tmp_path), "--company", "mine", "--no-browser"])
    assert result.exit_code == 3 and asked == [(tmp_path, "mine", False)]


def test_test_hands_everything_to_pytest(monkeypatch):
    asked = []
    monkeypatch.setattr(subprocess, "call", lambda command, **options: asked.append((command, options)) or 5)
    result = RUN.invoke(app, ["test", "-k", "retention", "--help"])
    assert result.exit_code == 5
    assert asked == [([sys.executable, "-m", "pytest", "-k", "retention", "--help"], {"cwd": ROOT})]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "a company"
    result = RUN.invoke(app, ["make-company", str(folder), "--like", "second"])
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_make_company_passes_on_its_choices(monkeypatch, tmp_path):
    import helpers.simulate

    asked = {}
    monkeypatch.setattr(helpers.simulate, "make_company", lambda folder, **options: asked.update(options) or folder)
    result = RUN.invoke(app, ["make-company", str(tmp_path / "x"), "--seed", "5", "--scale", "2", "--like", "second", "--events", "9",
                              "--tables", "customers, subscriptions"])
    assert result.exit_code == 0
    wanted = {"seed": 5, "scale": 2.0, "like": "second", "events": 9, "tables": ["customers", "subscriptions"]}
    assert asked == {**wanted, "progress": True}
    asked.clear()
    RUN.invoke(app, ["make-company", str(tmp_path / "x")])
    assert "seed" not in asked


def test_make_company_makes_one_that_check_accepts(made):
    folder, said = made
    assert str(folder) in said and (folder / "subscriptions.csv").is_file()
    result = RUN.invoke(app, ["check", str(folder)])
    assert result.exit_code == 0, result.output
    assert "tables" in result.output and "findings" in result.output


def test_check_names_what_is_wrong_and_how_to_mend_it(made):
    folder, _ = made
    subscriptions = folder / "subscriptions.csv"
    good = subscriptions.read_text(encoding="utf-8")
    try:
        subscriptions.write_text(good.replace(",month,", ",moon,", 1), encoding="utf-8")
        result = RUN.invoke(app, ["check", str(folder)])
    finally:
        subscriptions.write_text(good, encoding="utf-8")
    said = result.output + (result.stderr or "")
    assert result.exit_code == 1 and "subscriptions" in said and "moon" in said
