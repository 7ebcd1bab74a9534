"""Where readers work: a folder with their own copies of the chapters, never the chapters themselves.

``workspace/.playbook/`` holds what the course knows about the folder: which version of each chapter was put there
(``copies.json``), that version itself (``base/``), and what was replaced (``before/``). What a reader wrote is never
written over.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from helpers import chapters as register
from helpers.course.paths import MAP, dress, extras, write_map
from helpers.course.record import MARK, Record
from helpers.course.render import ROOT, chapters, kernel_environment, write_if_changed

FIRST = "01"
SETTINGS = Path(__file__).parent / "lab"
COMPANIES = """\
# Companies of your own

One folder for each: `company.yaml`, and one CSV or Parquet file for each table. `playbook check FOLDER` says what is
missing or wrong; `playbook lab --company NAME` opens the course on the company in the folder NAME.
Nothing in here leaves this machine, and git ignores it.
"""


class WorkspaceError(RuntimeError):
    """The workspace cannot be made or used; the message says what to do."""


@dataclass(frozen=True)
class Copy:
    """One chapter in a workspace.

    Parameters
    ----------
    chapter : str
        The chapter's folder, for example "37-retention".
    path : Path
        The reader's notebook.
    status : str
        ``new``, ``same``, ``updated``, ``yours`` (changed by the reader) or ``newer`` (changed by the reader, and the
        course has a newer version).
    """

    chapter: str
    path: Path
    status: str


def refresh(folder, root=ROOT):
    """Bring a workspace up to date: copies that are missing or untouched are replaced, the others are left alone.

    Parameters
    ----------
    folder : Path
        The workspace; made when it is not there.
    root : Path
        The folder of the project.

    Returns
    -------
    list of Copy

    Raises
    ------
    WorkspaceError
        When the folder cannot be written to, or lies among the chapters.
    """
    folder = Path(folder).resolve()
    if (Path(root) / "chapters").resolve() in [folder, *folder.parents]:
        raise WorkspaceError(f"{folder} lies among the course's own chapters; choose another folder.")
    try:
        (folder / MARK).mkdir(parents=True, exist_ok=True)
        _offer_companies(folder)
        manifest = Record("copies", folder)
        follow_moves(folder, Path(root))
        return [_refresh_one(text, folder, Path(root), manifest) for text in chapters(root)
                if text.with_suffix(".ipynb").is_file()]
    except OSError as error:
        raise WorkspaceError(f"The workspace cannot be written: {error}.") from error


def follow_moves(folder, root):
    """Move copies whose chapters the course renamed or moved, so that they go on from where they are."""
    from helpers.course.update import follow

    return follow(folder, root)


def _offer_companies(folder):
    companies = folder / "companies"
    companies.mkdir(exist_ok=True)
    if not (companies / "README.md").exists():
        (companies / "README.md").write_text(COMPANIES, encoding="utf-8")


def _refresh_one(text, folder, root, manifest):
    source = text.with_suffix(".ipynb")
    name = source.relative_to(root / "chapters").as_posix()
    original, target = source.read_bytes(), folder / name
    chapter = register.find(text.parent.name, root=root)
    version = version_of(original, chapter)
    put = manifest.read().get(name)
    if put is not None and put.get("original") == version and target.exists():
        return Copy(text.parent.name, target, _status_of_known(target.read_bytes(), put))
    content = reader_copy(original, chapter)
    status = _status(content, target, put)
    if status in ("new", "updated"):
        if target.exists() and (put is None or digest(target.read_bytes()) != put["bytes"]):
            _write(folder / MARK / "before" / name, target.read_bytes())
        _write(target, content)
    if status in ("new", "updated", "same"):
        note_version(content, version, folder, name, manifest)
    return Copy(text.parent.name, target, status)


def _status_of_known(current, put):
    """The status of a copy whose chapter has not changed since it was put there."""
    return "same" if digest(current) == put["bytes"] or cells_digest(current) == put["cells"] else "yours"


def _status(content, target, put):
    """What to do with one copy, from the new version, the file that is there and what was last put there."""
    if not target.exists():
        return "new"
    current = target.read_bytes()
    wrote = cells_digest(current)
    if current == content or wrote == cells_digest(content) and put is None:
        return "same"
    if wrote and wrote in (cells_digest(content), put and put["cells"]):  # at most run, never typed into
        return "updated"
    return "yours" if put is not None and put["cells"] == cells_digest(content) else "newer"


def version_of(original, chapter):
    """A name for what a reader's copy is made from: the chapter's notebook and what is added to it."""
    return digest(original + "".join(extras(chapter)).encode())


def note_version(content, version, folder, name, manifest):
    """Keep in mind which version was put there, the version itself, and the one before it, for a later merge."""
    base = folder / MARK / "base" / name
    if base.is_file() and base.read_bytes() != content:
        _write(folder / MARK / "earlier" / name, base.read_bytes())
    _write(base, content)
    entry = {"original": version, "bytes": digest(content), "cells": cells_digest(content)}
    manifest.change(lambda copies: copies.update({name: entry}))


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(path, content)


def reader_copy(original, chapter=None):
    """The bytes of a chapter's notebook, without what ties it to its text; with its chapter, what readers need is added.

    With its pairing a copy would be written back as a text beside it, and a copy edited elsewhere would reopen with
    the old text.

    Examples
    --------
    >>> reader_copy(b'{"metadata": {"jupytext": {"formats": "ipynb,md:myst"}}}').decode().split()
    ['{', '"metadata":', '{}', '}']
    """
    notebook = json.loads(original)
    notebook["metadata"].pop("jupytext", None)
    if chapter is not None:
        dress(notebook, chapter)
    return (json.dumps(notebook, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def digest(content):
    """The SHA-256 of some bytes.

    Examples
    --------
    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def cells_digest(content):
    """The SHA-256 of what was typed into a notebook: kinds and texts of its cells; empty when it is damaged.

    Examples
    --------
    >>> cells_digest(b"half a file")
    ''
    """
    try:
        cells = json.loads(content)["cells"]
        typed = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, KeyError, TypeError):
        return ""
    return digest(json.dumps(typed).encode())


def report(copies):
    """What a refresh did, in sentences.

    Examples
    --------
    >>> report([Copy("37-retention", Path("retention.ipynb"), "new")])
    ['New in your workspace: 37-retention.']
    """
    said = {
        "new": "New in your workspace: {}.",
        "updated": "Brought up to date: {}.",
        "newer": "You changed your copy of {}, and the course has a newer version. Yours is kept; `playbook update` "
                 "brings the new version and keeps what you typed.",
    }
    names = {status: ", ".join(copy.chapter for copy in copies if copy.status == status) for status in said}
    return [sentence.format(names[status]) for status, sentence in said.items() if names[status]]


def where_to_start(folder, copies):
    """What to open: where the reader left off, else the map, else chapter 01, else the first one written; or None.

    Parameters
    ----------
    folder : Path
        The workspace.
    copies : list of Copy

    Returns
    -------
    Path or None
    """
    there = {copy.chapter: copy.path for copy in copies if copy.path.exists()}
    try:
        last = Record("progress", Path(folder)).read().get("last")
    except ValueError:
        last = None
    if last in there:
        return there[last]
    if (Path(folder) / MAP).is_file():
        return Path(folder) / MAP
    first = [path for chapter, path in there.items() if chapter.startswith(FIRST + "-")]
    return (first or list(there.values()) or [None])[0]


def company_folder(company, folder):
    """The folder of a company, given as a path or as a name in the workspace's ``companies/``.

    Raises
    ------
    WorkspaceError
        When neither is there; names the companies that are.
    """
    own = Path(folder) / "companies"
    for place in (Path(company).expanduser(), own / str(company)):
        if (place / "company.yaml").is_file():
            return place.resolve()
    known = sorted(place.parent.name for place in own.glob("*/company.yaml"))
    offered = f"Yours are {', '.join(known)}." if known else f"Yours would go in {own}."
    raise WorkspaceError(f"There is no company.yaml in {company}. {offered}")


def lab_command(folder, notebook, browser=True):
    """The command that starts JupyterLab: on this machine only, with its token, rooted at the workspace."""
    place = "/lab"
    if notebook is not None:
        place += "/tree/" + quote(notebook.relative_to(folder).as_posix())
    command = [sys.executable, "-P", "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=localhost",
               f"--LabApp.default_url={place}", "--ServerApp.answer_yes=True", "--log-level=WARN",
               "--KernelSpecManager.allowed_kernelspecs=python3"]  # the course's own Python, and no other to choose by mistake
    if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container there is often nobody else
        command.append("--allow-root")
    return command if browser else [*command, "--no-browser"]


def lab_environment(root=ROOT, company=None):
    """The environment of JupyterLab: this tree's helpers, this Python's kernel, no question about news."""
    chosen = company or os.environ.get("PLAYBOOK_COMPANY")
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    more = {"JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path), "JUPYTER_PREFER_ENV_PATH": "1"}
    if chosen:
        more["PLAYBOOK_COMPANY"] = str(Path(chosen).expanduser().resolve())
    return kernel_environment(root, more)


def open_lab(folder=None, company=None, browser=True, root=ROOT):
    """What `playbook lab` does: bring the workspace up to date, then open JupyterLab in it until it is closed.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    folder = Path(folder or Path(root) / "workspace").resolve()
    copies = refresh(folder, root)
    for sentence in report(copies):
        print(sentence)
    write_map(folder, root)
    if company:
        company = company_folder(company, folder)
    start = where_to_start(folder, copies)
    print(f"Opening {start.relative_to(folder) if start else folder} in JupyterLab. Ctrl+C here closes it.", flush=True)
    server = subprocess.Popen(lab_command(folder, start, browser), env=lab_environment(root, company), cwd=folder)
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:  # the server has had it too, and saves and stops by itself
            continue
