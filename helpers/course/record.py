"""The reader's own record: what was answered, what was decided, the drivers of the plan. Local, plain JSON, theirs.

A record exists only inside a workspace: a folder that holds ``.playbook/``. Elsewhere (the book being built, the tests,
a chapter run in place) nothing is written and nothing is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

MARK = ".playbook"


def workspace(start: Path | None = None) -> Path | None:
    """The workspace that a folder lies in, or None.

    Examples
    --------
    >>> workspace(Path("/")) is None
    True
    """
    here = Path(start or Path.cwd()).resolve()
    return next((folder for folder in [here, *here.parents] if (folder / MARK).is_dir()), None)


class Record:
    """One JSON file in the workspace, read and written whole.

    Parameters
    ----------
    name : str
        ``progress``, ``decisions`` or ``plan``.
    folder : Path or None
        The workspace; None keeps everything in memory only.
    """

    def __init__(self, name: str, folder: Path | None):
        self.path = None if folder is None else folder / MARK / f"{name}.json"

    def read(self) -> dict:
        """What is recorded; an empty dict when there is nothing yet.

        Raises
        ------
        ValueError
            When the file is damaged; it is left as it is.
        """
        if self.path is None or not self.path.is_file():
            return {}
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{self.path} is damaged (line {error.lineno}). Move it aside, and a new one is begun.") from None

    def change(self, update) -> None:
        """Let ``update(data)`` change what is recorded, safely against crashes and a second notebook."""
        if self.path is None:
            return
        with _alone(self.path.with_suffix(".lock")):
            data = self.read()
            update(data)
            spare = self.path.with_suffix(f".{os.getpid()}.tmp")
            spare.write_text(json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
            os.replace(spare, self.path)


@contextlib.contextmanager
def _alone(lock: Path, patience: float = 5.0):
    """Hold a lock file; one that is older than ``patience`` seconds belongs to somebody who crashed."""
    end = time.monotonic() + 2 * patience
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > patience:
                    lock.unlink()
            if time.monotonic() > end:
                raise TimeoutError(f"{lock} is held by another notebook; delete it if none is open.") from None
            time.sleep(0.02)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            lock.unlink()
