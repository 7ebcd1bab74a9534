"""start.py: what it does on a first, second and broken start, and what it says when something stands in the way."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL_RUN = subprocess.run


class Course:
    """A copy of start.py in a folder of its own, with pip and JupyterLab replaced by recorders."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.capsys, self.monkeypatch = folder, capsys, monkeypatch
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "start.py", folder)
        (folder / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:0\n")
        (folder / "requirements-test.lock").write_text("one==1 \\\n    --hash=sha256:0\ntwo==2 \\\n    --hash=sha256:1\n")
        (folder / "pyproject.toml").write_text("[project]\n")
        self.load()

    def load(self):
        spec = importlib.util.spec_from_file_location("start_under_test", self.folder / "start.py")
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.installed, self.opened = [], []
        self.module.pip = lambda options, lock, total: self.installed.append((lock, options[-1]))
        self.module.hand_over = lambda verb: self.opened.append(verb) or 0
        self.monkeypatch.setattr(self.module.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9e9, 0, 9e9))
        self.monkeypatch.setattr(self.module.subprocess, "run", without_pip)

    def start(self, *arguments):
        """Start; returns the exit code and what was said."""
        self.installed.clear()
        self.opened.clear()
        code = self.module.main(list(arguments))
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def move(self, folder):
        self.folder = self.folder.rename(folder)
        self.load()

    @property
    def venv(self):
        return self.folder / ".venv"

    @property
    def stamp(self):
        return self.venv / "course-stamp.json"

    def change_stamp(self, **changes):
        self.stamp.write_text(json.dumps({**json.loads(self.stamp.read_text()), **changes}))


def without_pip(command, **options):
    if command[1:3] == ["-m", "venv"]:
        command = [*command, "--without-pip"]
    return REAL_RUN(command, **options)


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    return Course(tmp_path / "a course", monkeypatch, capsys)


def test_the_first_start_makes_installs_and_opens(course):
    code, said = course.start()
    assert code == 0 and course.opened == [["lab"]]
    assert [lock for lock, _ in course.installed] == ["requirements.lock", "requirements.lock"]
    assert course.installed[1][1] == str(course.folder)
    assert "Installing 1 packages" in said
    assert json.loads(course.stamp.read_text())["folder"] == os.path.normcase(course.folder)
    assert not list(course.folder.glob(".venv-*"))


def test_the_second_start_installs_nothing(course):
    course.start()
    code, said = course.start("check", "my company")
    assert (code, course.installed, course.opened, said) == (0, [], [["check", "my company"]], "")


def test_the_tests_add_to_what_readers_have(course):
    course.start()
    (course.venv / "kept").touch()
    assert course.start("test", "-k", "retention")[0] == 0
    assert course.installed[0][0] == "requirements-test.lock" and course.opened == [["test", "-k", "retention"]]
    course.start()
    assert course.installed == [] and (course.venv / "kept").exists()


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_into_the_same_folder(course, name):
    course.start()
    (course.venv / "kept").touch()
    with open(course.folder / name, "a") as file:
        file.write("# changed\n")
    code, said = course.start()
    assert code == 0 and said == "Bringing 1 packages up to date.\nDone.\n"
    assert len(course.installed) == 2 and (course.venv / "kept").exists()


def test_line_ends_of_windows_change_nothing(course):
    course.start()
    lock = course.folder / "requirements.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert course.start()[0] == 0 and course.installed == []


def test_a_moved_folder_gets_a_new_environment(course, tmp_path):
    course.start()
    (course.venv / "old").touch()
    course.move(tmp_path / "elsewhere")
    code, said = course.start()
    assert code == 0 and "has moved here from" in said and not (course.venv / "old").exists()
    assert course.start()[1] == ""


def test_another_python_gets_a_new_environment(course):
    course.start()
    course.change_stamp(python="CPython 3.99 x86_64")
    code, said = course.start()
    assert code == 0 and "was made with CPython 3.99" in said and len(course.installed) == 2


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links as on Linux and macOS")
def test_a_dead_interpreter_is_replaced(course):
    course.start()
    for python in course.venv.glob("bin/python*"):
        python.unlink()
        python.symlink_to("/nowhere/python")
    code, said = course.start()
    assert code == 0 and "no longer runs" in said
    assert course.start() == (0, "")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, OSError])
def test_an_installation_that_was_cut_off_is_mended(course, stop):
    def cut_off(options, lock, total):
        (course.venv / "half").touch()
        raise stop

    working, course.module.pip = course.module.pip, cut_off
    try:
        course.start()
    except (SystemExit, OSError):
        course.capsys.readouterr()
    assert not course.stamp.exists() and course.opened == []
    course.module.pip = working
    code, said = course.start()
    assert code == 0 and "was cut off" in said and not (course.venv / "half").exists() and course.opened == [["lab"]]


def test_an_update_that_was_cut_off_leaves_no_stamp(course):
    course.start()
    with open(course.folder / "requirements.lock", "a") as file:
        file.write("# changed\n")
    working, course.module.pip = course.module.pip, lambda *rest: (_ for _ in ()).throw(KeyboardInterrupt)
    assert course.start()[0] == 130 and not course.stamp.exists()
    course.module.pip = working
    assert course.start()[0] == 0 and course.stamp.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"folder": 3}'])
def test_a_damaged_stamp_is_no_stamp(course, content):
    course.start()
    course.stamp.write_text(content)
    assert course.start()[0] == 0 and len(course.installed) == 2


def test_an_environment_of_somebody_else_is_kept(course):
    (course.venv / "precious").mkdir(parents=True)
    code, said = course.start()
    assert code == 0 and "did not make" in said
    assert (course.folder / ".venv-kept-1" / "precious").is_dir()


@pytest.mark.skipif(os.name == "nt", reason="needs file locks as on Linux and macOS")
def test_an_environment_in_use_is_not_changed(course):
    import fcntl

    course.start()
    course.change_stamp(python="another")
    with open(course.folder / ".venv.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        code, said = course.start()
    assert code == 1 and "close JupyterLab" in said and course.stamp.exists()
    assert course.start()[0] == 0


@pytest.mark.parametrize("name", ["venv", "ensurepip"])
def test_a_python_without_venv_says_how_to_get_it(course, monkeypatch, name):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted, *rest: None if wanted == name else found(wanted, *rest))
    code, said = course.start()
    assert code == 1 and f"without {name}" in said and "sudo apt install python3-venv" in said
    assert not course.venv.exists()


def test_a_long_path_on_windows_is_said_before_anything_is_made(course, monkeypatch):
    monkeypatch.setattr(course.module, "ON_WINDOWS", True)
    monkeypatch.setattr(course.module, "WINDOWS_LIMIT", len(str(course.folder)) + 1 + course.module.LONGEST["requirements.lock"] - 1)
    monkeypatch.setattr(course.module, "long_paths_allowed", lambda: False)
    code, said = course.start()
    assert code == 1 and "shorter folder" in said and not course.venv.exists()


def test_a_full_disk_is_said_before_anything_is_made(course, monkeypatch):
    monkeypatch.setattr(course.module.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9e9, 8.9e9, 1e8))
    code, said = course.start()
    assert code == 1 and "the disk is full" in said and "0.1 GB" in said and not course.venv.exists()


SAYINGS = [
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
    ("WARNING: Retrying ... NewConnectionError('Failed to establish a new connection: [Errno -3] Temporary failure in name "
     "resolution')\nERROR: No matching distribution found for one==1", "HTTPS_PROXY (now not set)"),
    ("ProxyError('Cannot connect to proxy.')\nERROR: No matching distribution found for one==1", "HTTPS_PROXY"),
    ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))\nMax retries exceeded", "PIP_CERT"),
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated\n    one==1 from "
     "somewhere:\n        Expected sha256 0\n             Got        1", "one==1 arrived damaged"),
    ("ERROR: [WinError 32] The process cannot access the file because it is being used by another process", "close JupyterLab"),
    ("ERROR: [Errno 13] Permission denied: '/srv/course/.venv/x'", "cannot be written to"),
    ("ERROR: Could not find a version that satisfies the requirement one==1 (from versions: none)\n"
     "ERROR: No matching distribution found for one==1", "HTTPS_PROXY"),
    ("ERROR: Could not find a version that satisfies the requirement pandas==3.1.1 (from versions: 2.0, 2.1)\n"
     "ERROR: No matching distribution found for pandas==3.1.1", "pandas==3.1.1 is not offered for Python"),
    ("something new\nERROR: the sky fell", "ERROR: the sky fell (all of it is in"),
    ("", "no message"),
]


@pytest.mark.parametrize(("output", "sentence"), SAYINGS)
def test_every_failure_is_one_sentence(course, monkeypatch, output, sentence):
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    said = course.module.diagnose(output, "requirements.lock")
    assert sentence in said and "\n" not in said and said.endswith(".")


def test_children_see_nobody_elses_packages(course, monkeypatch):
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_TARGET"):
        monkeypatch.setenv(name, "1")
    environment = course.module.clean()
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_TARGET"} & set(environment)
    assert environment["PIP_USER"] == "0" and environment["PATH"] == os.environ["PATH"]


# The file itself.


def test_an_old_python_can_read_it():
    source = (ROOT / "start.py").read_text(encoding="ascii")
    tree = ast.parse(source, feature_version=(3, 7))
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.AsyncFunctionDef, ast.YieldFrom))
        if isinstance(node, ast.FunctionDef):
            assert not node.args.kwonlyargs and not node.args.posonlyargs and node.returns is None
        if isinstance(node, ast.Raise):
            assert node.cause is None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            assert not node.keywords
    first = [type(node).__name__ for node in tree.body[:4]]
    assert first == ["Expr", "Import", "Assign", "If"], "the version is asked before anything else is imported"


def old_python(version):
    names = [f"python{version}", *sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for name in names:
        try:
            answer = REAL_RUN([name, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True)
        except OSError:
            continue
        if answer.stdout.strip() == version:
            return name
    return None


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.10"])
def test_an_old_python_says_that_it_is_too_old(version, tmp_path):
    python = old_python(version)
    if python is None:
        pytest.skip(f"needs an old Python ({version})")
    shutil.copy(ROOT / "start.py", tmp_path)
    run = REAL_RUN([python, "-B", str(tmp_path / "start.py")], capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.count("\n") == 1 and f"3.11 or newer, and this is Python {version}" in run.stderr


# For real, in a process of its own.


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A course in a folder with a space that is set up, with a `playbook` that only answers."""
    folder = tmp_path_factory.mktemp("ready") / "my course"
    (folder / "helpers").mkdir(parents=True)
    for name in ("start.py", "requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "helpers" / "cli.py").write_text(
        "import os, sys\nprint('playbook', sys.argv[1:], os.getcwd(), os.environ.get('PYTHONDONTWRITEBYTECODE'))\nsys.exit(7)\n")
    script = ("import runpy, sys; start = runpy.run_path('start.py'); sys.argv = ['start.py']\n"
              "start['make_environment'].__globals__['install'] = lambda lock, again: None\nstart['prepare']('requirements.lock')")
    REAL_RUN([sys.executable, "-c", script.replace("import runpy", without_ensurepip())], cwd=folder, check=True)
    packages = next((folder / ".venv").glob("lib/python*/site-packages"), folder / ".venv" / "Lib" / "site-packages")
    (packages / "course.pth").write_text(str(folder))
    return folder


def without_ensurepip():
    return ("import subprocess; run = subprocess.run\n"
            "subprocess.run = lambda c, **k: run(c + ['--without-pip'] if c[1:3] == ['-m', 'venv'] else c, **k)\nimport runpy")


def test_it_hands_over_from_any_folder(ready, tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "cli.py").write_text("raise SystemExit('the wrong helpers')")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HTTPS_PROXY": "http://127.0.0.1:9"}
    run = REAL_RUN([sys.executable, str(ready / "start.py"), "check", "my company"], capture_output=True, text=True,
                   cwd=tmp_path, env=environment)
    assert run.returncode == 7, run.stderr
    assert run.stdout == f"playbook ['check', 'my company'] {tmp_path} None\n"


def test_no_network_is_said_in_one_sentence(tmp_path):
    folder = tmp_path / "no network"
    folder.mkdir()
    for name in ("start.py", "requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    hidden = {"PIP_FIND_LINKS", "PIP_NO_INDEX", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PIP_RETRIES": "0",
                    "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}
    run = REAL_RUN([sys.executable, str(folder / "start.py")], capture_output=True, text=True, env=environment)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1 and "HTTPS_PROXY (now http://127.0.0.1:9)" in run.stderr
    assert not (folder / ".venv" / "course-stamp.json").exists() and (folder / ".venv" / "install.log").stat().st_size
