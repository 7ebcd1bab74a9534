"""With CI=true a skip that is not listed is a failure; elsewhere it is a skip with its reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no Chromium here")
def test_marked():
    assert False

def test_called():
    pytest.skip("no Java here")

@pytest.fixture
def missing():
    pytest.skip("no LibreOffice here")

def test_in_a_fixture(missing):
    assert False

def test_listed():
    pytest.skip("needs an old Python (2.7)")

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_to_fail():
    assert False

def test_fine():
    assert True
"""


@pytest.fixture
def folder(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('nothing_like_it')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nempty_parameter_set_mark = fail_at_collect\n")
    return tmp_path


def counts(folder, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", str(folder)],
                         capture_output=True, text=True, cwd=folder, env={**kept, **environment})
    return run.returncode, run.stdout


def test_in_ci_an_unlisted_skip_fails_with_its_reason(folder):
    code, said = counts(folder, CI="true")
    assert code == 1
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 3 errors" in said
    for reason in ("no Chromium here", "no Java here", "no LibreOffice here", "nothing_like_it"):
        assert f"{reason} (a skip" in said or f"'{reason}'" in said


def test_elsewhere_a_skip_is_a_skip(folder):
    code, said = counts(folder)
    assert code == 0 and "1 passed, 5 skipped, 1 xfailed" in said


def test_the_project_refuses_an_empty_list_of_cases():
    assert 'empty_parameter_set_mark = "fail_at_collect"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
