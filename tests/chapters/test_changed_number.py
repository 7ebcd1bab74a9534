"""A number changed in a helper makes nbval fail: the stored outputs are compared, not only run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from helpers.course.render import ROOT, find

OPTIONS = ["--nbval", "--nbval-current-env", "-q", "-x", "-p", "no:cacheprovider"]


@pytest.fixture
def tree(tmp_path):
    """This project without its workspace and environment."""
    for name in ("helpers", "datasets", "chapters", "tests", "pyproject.toml", "conftest.py", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, tmp_path / name)
    return tmp_path


def nbval(tree, notebook):
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    return subprocess.run([sys.executable, "-m", "pytest", str(notebook), *OPTIONS], cwd=tree, env=environment,
                          capture_output=True, text=True)


def test_nbval_fails_when_a_helper_counts_differently(tree):
    notebook = tree / find("37").relative_to(ROOT).with_suffix(".ipynb")
    helper = tree / "helpers" / "metrics" / "uncertainty.py"
    before = helper.read_text(encoding="utf-8")
    changed = before.replace("0.5 + level / 2", "0.5 + level / 2.2")
    assert changed != before, "the change must change something"
    helper.write_text(changed, encoding="utf-8")
    run = nbval(tree, notebook)
    assert run.returncode == 1 and "Cell outputs differ" in run.stdout, run.stdout[-2000:]


def test_nbval_passes_on_the_same_tree_unchanged(tree):
    run = nbval(tree, tree / find("37").relative_to(ROOT).with_suffix(".ipynb"))
    assert run.returncode == 0, run.stdout[-2000:]
