"""A fresh clone in a folder with a space, set up by its one command for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import start  # noqa: E402

pytestmark = pytest.mark.skipif(not os.environ.get("CI"), reason="takes two minutes and a network: set CI=true to run it")


def base_python():
    """The Python that this environment was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def outside(**more):
    """The environment of a person who has just cloned: nothing of this test run."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "CI")}
    return {**kept, **more}


def run(folder, *arguments, cwd, **more):
    begun = time.perf_counter()
    answer = subprocess.run([base_python(), str(folder / "start.py"), *arguments], capture_output=True, text=True, cwd=cwd,
                            env=outside(**more))
    return answer, time.perf_counter() - begun


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone") / "my course"
    copied = subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(folder)], capture_output=True, text=True)
    if copied.returncode:
        left_out = shutil.ignore_patterns(".venv*", ".git", "workspace", "__pycache__", "_build")
        shutil.copytree(ROOT, folder, ignore=left_out)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_fresh_clone_sets_itself_up_and_answers(clone, tmp_path):
    answer, seconds = run(clone, "--help", cwd=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Installing" in answer.stdout and "make-company" in answer.stdout
    print(f"set up in {seconds:.0f} s")
    stamp = json.loads((clone / ".venv" / "course-stamp.json").read_text())
    assert list(stamp["locks"]) == ["requirements.lock"]

    again, seconds = run(clone, "--help", cwd=tmp_path, HTTPS_PROXY="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")
    assert again.returncode == 0 and "Installing" not in again.stdout
    print(f"a second start took {seconds:.1f} s")

    python = clone / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    script = "import helpers, pathlib; print(pathlib.Path(helpers.__file__).parents[1])"
    where = subprocess.run([str(python), "-c", script], capture_output=True, text=True, cwd=tmp_path, env=outside())
    assert Path(where.stdout.strip()) == clone.resolve()

    paths = [path.relative_to(clone).as_posix() for path in (clone / ".venv").rglob("*")]
    longest = max(len(path.replace(f"lib/python{sys.version_info.major}.{sys.version_info.minor}", "Lib")) for path in paths)
    assert longest <= start.LONGEST["requirements.lock"]
    size = sum(file.stat().st_size for file in (clone / ".venv").rglob("*") if file.is_file() and not file.is_symlink())
    assert size / 1e9 < start.GIGABYTES["requirements.lock"]
