"""Open the course, or run one of its commands, with nothing but Python 3.11 or newer.

    python3 start.py             open the course in JupyterLab        (Windows: py start.py)
    python3 start.py test        run every test
    python3 start.py VERB ...    any other verb of `playbook`, such as book or check

The first start makes the folder .venv here and installs the tested versions into it; nothing is installed
anywhere else. Later starts need no network. Everything in this file also parses on Python 2.7 and 3.6, so
that an old Python can say that it is too old: no f-strings, no annotations, no keyword-only options.
"""

import sys

NEEDED = (3, 11)

if sys.version_info < NEEDED:
    sys.exit(
        "start.py: the course needs Python %d.%d or newer, and this is Python %d.%d.%d (%s): install a newer one from "
        "python.org and run start.py with that." % (NEEDED + tuple(sys.version_info[:3]) + (sys.executable,))
    )

import collections
import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess

try:
    import fcntl
except ImportError:  # Windows, which itself refuses to move a folder that is in use
    fcntl = None

ROOT = os.path.dirname(os.path.realpath(__file__))
ON_WINDOWS = os.name == "nt"
READER, TEST = "requirements.lock", "requirements-test.lock"
GIGABYTES = {READER: 2.0, TEST: 4.0}  # needed on disk, with what pip keeps while it works
LONGEST = {READER: 161, TEST: 188}  # characters of the longest path that Windows gets below ROOT
WINDOWS_LIMIT = 260

NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|ProtocolError|"
    r"Network is unreachable|name resolution|Connection (?:refused|reset|aborted)|Max retries exceeded|"
    r"Could not fetch URL|getaddrinfo failed|IncompleteRead|timed out|from versions: none", re.IGNORECASE)
CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError")
DISK = re.compile(r"No space left on device|Errno 28\b|WinError 112|Disk quota exceeded|Errno 122\b|not enough space")
IN_USE = re.compile(r"WinError (?:5|32)\b|being used by another process")
DENIED = re.compile(r"Permission denied|Errno 13\b|Read-only file system|Errno 30\b")
DAMAGED = re.compile(r"DO NOT MATCH THE HASHES[^\n]*\n+(?:[^\n]*\n)*?\s+(\S+)")
NO_BUILD = re.compile(r"No matching distribution found for (\S+)")


class Problem(Exception):
    """What stands in the way, in one sentence for the reader."""


def main(arguments):
    """Set up what is needed, then hand over to `playbook`."""
    verb = arguments or ["lab"]
    lock = TEST if verb[0] == "test" else READER
    try:
        prepare(lock)
        with claim(shared=True):
            return hand_over(verb)
    except Problem as problem:
        sys.stderr.write("start.py: %s\n" % problem)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nstart.py: stopped; the next start mends what is unfinished.\n")
        return 130


def prepare(lock):
    """Make .venv and install the lock into it, unless the stamp says that this was done."""
    want = wanted(lock)
    have = read_stamp()
    if satisfied(have, want, lock) and interpreter_answers():
        return
    with claim(shared=False):
        check_path_length(lock)
        check_disk(lock)
        again = have is not None and reusable(have, want)
        if not again:
            make_environment(have, want)
        drop_stamp()
        install(lock, again)
        write_stamp(want, lock)


# The stamp: what .venv was made for. It is written last; without it an installation was cut off.


def wanted(lock):
    """What the stamp must say for this Python, this folder and this lock."""
    return {
        "python": "%s %d.%d %s" % ((platform.python_implementation(),) + sys.version_info[:2] + (platform.machine(),)),
        "folder": os.path.normcase(ROOT),
        "project": digest("pyproject.toml"),
        "locks": {name: digest(name) for name in ((READER, TEST) if lock == TEST else (READER,))},
    }


def digest(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def satisfied(have, want, lock):
    """Whether all that is wanted was installed; the test lock holds the readers' lock."""
    if have is None or any(have.get(key) != want[key] for key in ("python", "folder", "project")):
        return False
    return have.get("locks", {}).get(lock) == want["locks"][lock]


def reusable(have, want):
    """Whether pip can bring .venv up to date in place."""
    return have.get("python") == want["python"] and have.get("folder") == want["folder"] and interpreter_answers()


def read_stamp():
    try:
        with open(stamp_path(), encoding="utf-8") as file:
            stamp = json.load(file)
        return stamp if isinstance(stamp, dict) else None
    except (OSError, ValueError):
        return None


def write_stamp(want, lock):
    temporary = stamp_path() + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(want, file, indent=1, sort_keys=True)
    os.replace(temporary, stamp_path())


def drop_stamp():
    with contextlib.suppress(FileNotFoundError):
        os.remove(stamp_path())


def environment():
    return os.path.join(ROOT, ".venv")


def stamp_path():
    return os.path.join(environment(), "course-stamp.json")


def marker_path():
    """Says that this .venv is ours to remove."""
    return os.path.join(environment(), "made-by-start.py.txt")


def python():
    parts = ("Scripts", "python.exe") if ON_WINDOWS else ("bin", "python")
    return os.path.join(environment(), *parts)


def interpreter_answers():
    """Whether the Python in .venv runs and is the one that .venv was made for."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python(), "-I", "-S", "-c", ask], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "%d.%d" % sys.version_info[:2]


# What can be known before anything is changed.


@contextlib.contextmanager
def claim(shared):
    """Hold .venv while it is used (shared) or changed (alone)."""
    if fcntl is None:
        yield
        return
    try:
        file = open(os.path.join(ROOT, ".venv.lock"), "a")
    except OSError as error:
        raise Problem("this folder cannot be written to (%s): copy the course to a folder of your own." % error)
    with file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("the course is open or being set up in another window, and .venv has to change: "
                          "close JupyterLab (or wait for the set-up), then start again.")
        except OSError:  # a file system without locks
            pass
        yield


def check_path_length(lock):
    """Windows refuses paths of more than 260 characters unless told otherwise."""
    longest = len(ROOT) + 1 + LONGEST[lock]
    if ON_WINDOWS and longest > WINDOWS_LIMIT and not long_paths_allowed():
        raise Problem(
            "Windows refuses paths of more than %d characters, and some here would have %d: move the course to a "
            "shorter folder such as C:\\course, or switch on long paths in Windows." % (
                WINDOWS_LIMIT, longest))


def long_paths_allowed():
    try:
        import winreg
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except (ImportError, OSError):
        return False


def check_disk(lock):
    """A fresh installation needs its space before it begins; an update is tried."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES[lock] and not os.path.exists(stamp_path()):
        raise Problem(disk_full(lock))


def disk_full(lock):
    import tempfile
    places = collections.OrderedDict((folder, shutil.disk_usage(folder).free / 1e9)
                                     for folder in (ROOT, tempfile.gettempdir()))
    free = " and ".join("%.1f GB in %s" % (size, folder) for folder, size in places.items())
    return "the disk is full: the course needs %.1f GB, and there is %s free; make room, then start again." % (
        GIGABYTES[lock], free)


# Making .venv.


def make_environment(have, want):
    """Make .venv anew and say why."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise Problem("this Python comes without %s. On Debian or Ubuntu: sudo apt install python3-venv, then again."
                      % " and ".join(missing))
    if os.path.realpath(sys.prefix) == os.path.realpath(environment()):
        raise Problem(".venv has to be made anew and cannot do that itself: deactivate it, then start again.")
    if os.path.lexists(environment()):
        say(reason(have, want))
        clear()
    else:
        say("Making .venv with Python %s." % platform.python_version())
    os.makedirs(environment())
    with open(marker_path(), "w") as file:
        file.write("start.py made this folder and may make it anew. Keep nothing of yours here.\n")
    made = subprocess.run([sys.executable, "-m", "venv", environment()], capture_output=True, text=True, env=clean())
    if made.returncode:
        raise Problem(diagnose(made.stdout + made.stderr, READER))


def reason(have, want):
    if have is None and os.path.exists(marker_path()):
        return "The last installation was cut off: making .venv anew."
    if have is None:
        return "There is a .venv that start.py did not make: keeping it aside and making a new one."
    if have.get("folder") != want["folder"]:
        return "The course has moved here from %s: making .venv anew." % have.get("folder")
    if have.get("python") != want["python"]:
        return ".venv was made with %s, and this is %s: making it anew." % (have.get("python"), want["python"])
    return "The Python in .venv no longer runs: making .venv anew."


def clear():
    """Move .venv away; remove it if it is ours. Windows refuses the move while a program in it runs."""
    ours = os.path.exists(marker_path()) or (os.path.isdir(environment()) and not os.listdir(environment()))
    aside = free_name(".venv-old" if ours else ".venv-kept")
    try:
        os.rename(environment(), aside)
    except OSError as error:
        raise Problem(".venv is in use (%s): close JupyterLab and other windows of the course, then start again."
                      % error)
    for name in os.listdir(ROOT):
        if name.startswith(".venv-old"):
            shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)


def free_name(stem):
    number = 1
    while os.path.lexists(os.path.join(ROOT, "%s-%d" % (stem, number))):
        number += 1
    return os.path.join(ROOT, "%s-%d" % (stem, number))


# Installing.


def clean():
    """The environment for children: bytecode is kept, and nobody else's packages are seen."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    return dict(((name, value) for name, value in os.environ.items() if name not in dropped), PIP_USER="0")


def install(lock, again):
    """The locked versions, then the course itself as a link to this folder."""
    total = count(lock)
    say("Bringing %d packages up to date." % total if again else
        "Installing %d packages; this takes one to five minutes." % total)
    pip(["--require-hashes", "-r", os.path.join(ROOT, lock)], lock, total)
    pip(["--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT], lock, 0)
    say("Done.")


def count(lock):
    with open(os.path.join(ROOT, lock), encoding="utf-8") as file:
        return sum(1 for line in file if re.match(r"[A-Za-z0-9]", line))


def pip(options, lock, total):
    """Run pip install; on failure raise one sentence and keep the whole log."""
    command = [python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"] + options
    log = os.path.join(environment(), "install.log")
    kept, fetched = [], 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean(), cwd=ROOT)
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            kept.append(line)
            fetched += line.startswith("Collecting ")
            progress(line, min(fetched, total), total)
    finally:
        process.stdout.close()
        code = process.wait()
        progress("", 0, 0)
        with contextlib.suppress(OSError), open(log, "a", encoding="utf-8") as file:
            file.writelines(kept)
    if code:
        raise Problem(diagnose("".join(kept), lock))


def progress(line, done, total):
    """One line that is written over, for a person who watches; nothing in a log."""
    if not sys.stdout.isatty():
        return
    note = "unpacking" if line.startswith("Installing collected") else "%d of %d" % (done, total)
    sys.stdout.write("\r" + ("   " + note if total else " " * 30 + "\r").ljust(30 if total else 0))
    sys.stdout.flush()


def diagnose(output, lock):
    """One sentence about why venv or pip failed, the likeliest cause first."""
    if DISK.search(output):
        return disk_full(lock)
    if CERTIFICATE.search(output):
        return ("the package index answered with a certificate that this machine does not trust: behind a company "
                "proxy set PIP_CERT to the company's certificate file, then start again.")
    if NETWORK.search(output):
        proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        return ("the package index cannot be reached: check the network; behind a proxy set HTTPS_PROXY (now %s), "
                "then start again." % (proxy or "not set"))
    damaged = DAMAGED.search(output)
    if damaged:
        return "%s arrived damaged or changed (its hash is not the tested one): start again." % damaged.group(1)
    if IN_USE.search(output):
        return ".venv is in use: close JupyterLab and other windows of the course, then start again."
    if DENIED.search(output):
        return "this folder cannot be written to: copy the course to a folder of your own."
    no_build = NO_BUILD.search(output)
    if no_build:
        return ("%s is not offered for Python %s on %s: take a Python from 3.11 to 3.14 (64 bits) from python.org."
                % (no_build.group(1), platform.python_version(), platform.machine()))
    last = [line.strip() for line in output.splitlines() if line.strip()][-1:] or ["no message"]
    return "the installation failed: %s (all of it is in %s)." % (
        last[0], os.path.join(environment(), "install.log"))


def hand_over(verb):
    """Run `playbook` in .venv, by module name since scripts break when a folder moves."""
    process = subprocess.Popen([python(), "-P", "-m", "helpers.cli"] + verb, env=clean())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child has had it too and says goodbye itself
            continue


def say(sentence):
    print(sentence)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
