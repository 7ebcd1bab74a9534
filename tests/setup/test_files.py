"""The files that set the course up agree with each other, and none names a machine or a package index."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
READER, TEST = ROOT / "requirements.lock", ROOT / "requirements-test.lock"
CONDA_NAMES = {"python-duckdb": "duckdb"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+?)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
LEFT_OUT = {".git", ".venv", "workspace", "runs", "_build", "__pycache__", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"}


def pins(lock):
    """`{(name, marker): version}` of a lock."""
    return {(canonicalize_name(name), marker): pinned for name, pinned, marker in PIN.findall(lock.read_text(encoding="utf-8"))}


def here(lock):
    """`{name: version}` of what a lock installs on this Python."""
    from packaging.markers import Marker

    return {name: pinned for (name, marker), pinned in pins(lock).items()
            if not marker or Marker(marker).evaluate(default_environment())}


def tracked():
    """The files of the project: those git knows or would take, or all that lie here when it is no clone."""
    try:
        run = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
        names = run.stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [os.path.relpath(os.path.join(folder, name), ROOT) for folder, inner, files in os.walk(ROOT)
                 if not inner.__setitem__(slice(None), [one for one in inner if one not in LEFT_OUT and not one.startswith(".venv")])
                 for name in files if not name.startswith(".venv")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(("lock", "extra"), [(READER, []), (TEST, PROJECT["optional-dependencies"]["test"])], ids=["reader", "test"])
def test_the_lock_satisfies_the_project(lock, extra):
    pinned = here(lock)
    for line in [*PROJECT["dependencies"], *extra]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), line


def test_the_tests_lock_holds_the_readers_lock():
    reader, test = pins(READER), pins(TEST)
    assert reader and {key: test.get(key) for key in reader} == reader


@pytest.mark.parametrize("lock", [READER, TEST], ids=["reader", "test"])
def test_every_package_of_a_lock_has_hashes_and_no_address(lock):
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert len(entries) > 100 and all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--index|--find-links|--extra-index", text)


def test_the_lock_is_for_windows_and_macos_too():
    assert {("pywinpty", "os_name == 'nt'"), ("appnope", "sys_platform == 'darwin'")} <= set(pins(READER))


def test_what_is_installed_here_is_what_is_locked():
    """Numbers in the stored outputs come from these versions."""
    names = ("pandas", "numpy", "duckdb", "narwhals", "scipy", "matplotlib", "jupyterlab", "jupytext", "nbval", "pytest")
    assert {name: version(name) for name in names} == {name: here(TEST)[name] for name in names}


def test_conda_gets_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    plain = [line for line in environment["dependencies"] if isinstance(line, str) and line != "pip"]
    [by_pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert by_pip[-1] == "-e ." and plain[0].startswith("python>=3.11")
    given = [Requirement(line) for line in [*plain[1:], *by_pip[:-1]]]
    named = {CONDA_NAMES.get(one.name, one.name): str(one.specifier) for one in given}
    assert named == {Requirement(line).name: str(Requirement(line).specifier) for line in PROJECT["dependencies"]}
    for one in given:
        name = canonicalize_name(CONDA_NAMES.get(one.name, one.name))
        assert one.specifier.contains(here(READER)[name]), one


def test_python_is_named_alike_everywhere():
    start = (ROOT / "start.py").read_text(encoding="utf-8")
    assert PROJECT["requires-python"] == ">=3.11" and "NEEDED = (3, 11)" in start
    assert "Python 3.11 or newer" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_is_where_the_project_says():
    from helpers.cli import app

    assert PROJECT["scripts"] == {"playbook": "helpers.cli:app"} and callable(app)


INDEX = "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "registry\\." + r"npmjs", "deb\\." + "debian", "conda\\." + "anaconda"])
MACHINE = r"(?<![\w.~-])/(?:" + "|".join(["root", "home/\\w", "tmp/v", "work/(?:main|shared)", "Users/\\w"]) + r")\b|[A-Z]:\\\\?Users\\"


def readable(path):
    """The text of a file, without pictures."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
    if path.suffix == ".ipynb":
        text = re.sub(r'"image/(?:png|jpeg)": "[^"]*"', "", json.dumps(json.loads(text)))
    return text


def test_no_file_names_a_machine_or_a_package_index():
    files = [path for path in tracked() if path != Path(__file__).resolve()]
    assert len(files) > 50
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in files for hit in re.finditer(f"{INDEX}|{MACHINE}", readable(path))]
    assert not found, "\n".join(found)


def test_nothing_is_tracked_that_a_tool_makes():
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    made = [name for name in names if re.search(
        r"(^|/)(uv\.lock|pylock\.toml|\.venv[^/]*|workspace|runs|_build|__pycache__|\.ipynb_checkpoints|[^/]*\.egg-info|\.DS_Store)(/|$)", name)]
    assert not made


def test_git_keeps_line_ends_and_leaves_pictures_alone():
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert {"* text=auto eol=lf", "*.parquet binary", "*.png binary"} <= set(rules)
    crlf = [path.name for path in tracked() if path.suffix in (".py", ".md", ".ipynb", ".yaml", ".lock", ".csv", ".toml")
            and b"\r\n" in path.read_bytes()]
    assert not crlf


@pytest.mark.skipif(os.name == "nt", reason="needs file modes as on Linux and macOS")
def test_ci_runs_what_the_readme_says():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    text = script.read_text(encoding="utf-8")
    assert text.rstrip().endswith("python3 start.py test")
    assert "python3 start.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0


def test_both_licences_are_there_in_full():
    code, text = (ROOT / "LICENSE").read_text(encoding="utf-8"), (ROOT / "LICENSE-text").read_text(encoding="utf-8")
    assert code.startswith("MIT License") and "WITHOUT WARRANTY OF ANY KIND" in code
    assert text.startswith("Attribution 4.0 International") and len(text) > 18_000
    for number, name in enumerate(["Definitions", "Scope", "License Conditions", "Sui Generis Database Rights",
                                   "Disclaimer of Warranties and Limitation of Liability", "Term and Termination",
                                   "Other Terms and Conditions", "Interpretation"], 1):
        assert f"Section {number} -- {name}." in text
