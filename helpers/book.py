"""Build the static book from the stored outputs of the chapters: ``playbook book``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONT = "book/index.html"


class BookError(RuntimeError):
    """The book could not be built without a warning; the message holds what Sphinx said."""


def build(out: Path | str | None = None, *, root: Path | str | None = None) -> Path:
    """Build the book as HTML that works offline and as files.

    Parameters
    ----------
    out : path, optional
        Where the pages go; ``book/_build/html`` by default.
    root : path, optional
        A project with ``book/`` and ``chapters/``; this one by default.

    Returns
    -------
    Path
        The front page.

    Raises
    ------
    BookError
        Sphinx failed or warned about anything.

    Examples
    --------
    >>> build(root="nowhere")
    Traceback (most recent call last):
    ...
    helpers.book.BookError: There is no book/conf.py in nowhere: give the project's root.
    """
    home = Path(root or ROOT)
    if not (home / "book" / "conf.py").is_file():
        raise BookError(f"There is no book/conf.py in {home}: give the project's root.")
    home = home.resolve()
    out = Path(out).resolve() if out else home / "book" / "_build" / "html"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q", "-T", "-c", str(home / "book"), str(home), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=_environment(), cwd=home)
    if run.returncode:
        raise BookError(f"The book was not built cleanly.\n{run.stderr.strip() or run.stdout.strip()}")
    _signpost(out)
    return out / FRONT


def _environment() -> dict[str, str]:
    """The process's own, with this package importable and without settings that slow a child down or change its words."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PLAYBOOK_COMPANY")}
    paths = [str(ROOT), env.get("PYTHONPATH", "")]
    return {**env, "PYTHONPATH": os.pathsep.join(path for path in paths if path), "PYTHONUTF8": "1"}


def _signpost(out: Path) -> None:
    """Let whoever opens the folder itself find the front page."""
    page = f'<!doctype html><meta charset="utf-8"><title>Book</title><meta http-equiv="refresh" content="0; url={FRONT}"><a href="{FRONT}">Book</a>\n'
    (out / "index.html").write_text(page, encoding="utf-8")
