"""Make the outputs of chapters: read the text, run it, write the notebook with the same bytes every time.

The text (`<slug>.md`) is the source. The notebook (`<slug>.ipynb`) is made from it, is what nbval compares and
what the book shows. Ids of cells are carried over from the notebook before, so that a reader's copy can be
matched with a new version of the chapter; the id of a new cell comes from its text, never from its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from pathlib import Path

from helpers import chapters as register

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600_000  # bytes of a stored notebook
CELL_SECONDS = 120
INPUTS = ("helpers/**/*.py", "helpers/**/*.yaml", "datasets/**/*")

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_STYLER = re.compile(r"\bT_([0-9a-f]{5})(?=_|\b)")
_WARNING = re.compile(r"^.*\b[A-Z]\w*Warning: .*$", re.MULTILINE)


class RenderError(RuntimeError):
    """A chapter could not be rendered; the message names the chapter and the cell."""


def chapters(root=ROOT):
    """The texts of all chapters that are written, in the order of the register.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Returns
    -------
    list of Path

    Examples
    --------
    >>> [path.name for path in chapters() if path.parent.name == "37-retention"]
    ['retention.md']
    """
    return [chapter.text for chapter in register.chapters(root=root) if chapter.text.is_file()]


def find(chapter, root=ROOT):
    """The text of one chapter, by its number, its slug, its folder or a path.

    Raises
    ------
    RenderError
        When there is no such chapter, or no text in it yet; names the nearest one.

    Examples
    --------
    >>> find("37").name
    'retention.md'
    """
    path = Path(chapter)
    name = path.resolve().name if path.is_dir() else path.stem
    try:
        found = register.find(name, root=root)
    except KeyError as error:
        raise RenderError(str(error.args[0])) from None
    if not found.text.is_file():
        raise RenderError(f"Chapter {found.name} is not written yet; its text would be {_name(found.text)}.")
    return found.text


def in_step(text, notebook):
    """Whether text and notebook hold the same cells (kind, source, tags) in the same order."""
    import jupytext

    stored = _read_stored(notebook)
    return stored is not None and _shape(jupytext.read(text)) == _shape(stored)


def _read_stored(notebook):
    """A stored notebook, or None when it is missing or damaged."""
    import nbformat

    if notebook is None or not Path(notebook).is_file():
        return None
    try:
        return nbformat.read(notebook, 4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, KeyError, AttributeError):
        return None


def _shape(notebook):
    return [(cell.cell_type, cell.source, sorted(cell.metadata.get("tags", []))) for cell in notebook.cells]


def is_stale(text, root=ROOT):
    """Whether a chapter's notebook is missing, out of step with its text, or older than what it is made from."""
    notebook = text.with_suffix(".ipynb")
    if not in_step(text, notebook):
        return True
    made = notebook.stat().st_mtime
    inputs = [path for pattern in INPUTS for path in Path(root).glob(pattern)]
    inputs += text.parent.glob("*.py")
    return any(path.is_file() and path.stat().st_mtime > made for path in inputs)


def render(text, root=ROOT):
    """Run one chapter and write its notebook beside the text.

    Parameters
    ----------
    text : Path
        The chapter's MyST text.

    Returns
    -------
    bool
        Whether the notebook's bytes changed.

    Raises
    ------
    RenderError
        When a cell fails, warns, or writes to stderr, or when the notebook grows past 600 kB.
    """
    text = Path(text).resolve()
    target = text.with_suffix(".ipynb")
    notebook = prepare(text, previous=target)
    execute(notebook, text, root=root)
    notebook = tidy(notebook)
    refuse_noise(notebook, text)
    content = dumps(notebook)
    if len(content) > LIMIT:
        raise RenderError(f"{_name(text)}: the notebook has {len(content):,} bytes, more than {LIMIT:,}. "
                          "Fewer or smaller pictures, or shorter tables, bring it down.")
    return write_if_changed(target, content)


def prepare(text, previous=None):
    """The notebook of a text, not run yet, its ids carried over from the notebook before.

    Examples
    --------
    >>> ids = [cell.id for cell in prepare(find("37")).cells]
    >>> ids == [cell.id for cell in prepare(find("37")).cells]
    True
    """
    import jupytext
    import nbformat
    from jupytext.combine import combine_inputs_with_outputs

    try:
        source = jupytext.read(text)
    except Exception as error:  # jupytext passes on whatever its parsers raise
        raise RenderError(f"{_name(text)} cannot be read as a MyST notebook: {error}") from error
    metadata = _kept_metadata(source.metadata)
    for cell in source.cells:
        cell.pop("id", None)
    carried = [None] * len(source.cells)
    before = _read_stored(previous)
    if before is not None:
        carried = [cell.get("id") for cell in combine_inputs_with_outputs(source, before, fmt="md:myst").cells]
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    notebook.nbformat_minor = 5
    for cell, name in zip(source.cells, cell_ids(source.cells, carried)):
        notebook.cells.append(_fresh_cell(nbformat.v4, cell, name))
    return notebook


def _kept_metadata(metadata):
    kept = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    if "course" in metadata:
        kept["course"] = metadata["course"]
    formats = metadata.get("jupytext", {}).get("formats")
    if formats:
        kept["jupytext"] = {"formats": formats}
    return kept


def _fresh_cell(v4, cell, name):
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}[cell.cell_type]
    tags = cell.metadata.get("tags")
    return make(cell.source, id=name, metadata={"tags": tags} if tags else {})


def cell_ids(cells, carried):
    """One id for each cell: the carried one, or one made from the cell's kind and text.

    Two new cells with the same text get different ids, in the order in which they stand.

    Examples
    --------
    >>> from types import SimpleNamespace as Cell
    >>> cells = [Cell(cell_type="code", source="a = 1"), Cell(cell_type="code", source="b = 2")]
    >>> first = cell_ids(cells, [None, None])
    >>> cell_ids([cells[1], cells[0]], [None, None]) == first[::-1]
    True
    >>> cell_ids(cells, ["kept", None])[0]
    'kept'
    """
    taken, ids = {name for name in carried if name}, []
    for cell, name in zip(cells, carried):
        copy = 0
        while name is None or (name in ids):
            name = hashlib.sha256(f"{cell.cell_type}\0{cell.source}\0{copy}".encode()).hexdigest()[:12]
            copy += 1
            if name in taken:
                name = None
        ids.append(name)
    return ids


def execute(notebook, text, root=ROOT, environment=None, keep_going=False):
    """Run a notebook in its chapter's folder with this Python, in place.

    Parameters
    ----------
    environment : dict, optional
        Variables to set for the kernel, such as PLAYBOOK_COMPANY.
    keep_going : bool
        Whether to go on after a cell that fails; its error then stands in its outputs.
    """
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    begun = []
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_this_python())
    with tempfile.TemporaryFile("w+") as terminal:
        client = NotebookClient(
            notebook, km=manager, timeout=CELL_SECONDS, record_timing=False, store_widget_state=True,
            coalesce_streams=True, allow_errors=keep_going, resources={"metadata": {"path": str(text.parent)}},
            on_cell_start=lambda cell, cell_index: begun.append(cell),
        )
        try:
            client.execute(cleanup_kc=True, env=kernel_environment(root, environment), stderr=terminal)
        except CellExecutionError as error:
            raise RenderError(_about_cell(notebook, text, begun[-1], f"{error.ename}: {error.evalue}")) from error
        except CellTimeoutError as error:
            raise RenderError(_about_cell(notebook, text, begun[-1], f"ran longer than {CELL_SECONDS} seconds")) from error
        except DeadKernelError as error:
            terminal.seek(0)
            raise RenderError(_about_cell(notebook, text, begun[-1], "the kernel died. " + terminal.read()[-1000:])) from error


def kernel_environment(root=ROOT, more=None):
    """The environment of a kernel: this tree's helpers first, and no company but the one asked for."""
    dropped = ("PLAYBOOK_COMPANY", "MPLBACKEND", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    paths = [str(root), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment.update(more or {})
    return environment


def _this_python():
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            return KernelSpec(resource_dir=str(RESOURCES), **get_kernel_dict())

    return ThisPython()


def _about_cell(notebook, text, cell, what):
    number = next(index for index, other in enumerate(notebook.cells, 1) if other is cell)
    source = "\n".join("    " + line for line in cell.source.splitlines()[:15])
    return f"{_name(text)}{_line(text, cell)}, cell {number} of {len(notebook.cells)}: {what}\n{source}"


def _line(text, cell):
    """`, line 12` of the text where the cell's source begins."""
    before, found, _ = Path(text).read_text(encoding="utf-8").partition(cell.source)
    return f", line {before.count(chr(10)) + 1}" if found and cell.source else ""


def _name(text):
    return "/".join(Path(text).parts[-4:])


def tidy(notebook):
    """Take out what differs between two runs of the same code: addresses, ids of widgets and of styled tables."""
    import nbformat

    notebook.metadata.pop("language_info", None)
    notebook.metadata.pop("widgets", None)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    names = {}
    for output in outputs:
        view = output.get("data", {}).get("application/vnd.jupyter.widget-view+json")
        if view:
            names.setdefault(view["model_id"], f"{len(names) + 1:032x}")
    for output in outputs:
        if "text" in output:
            output["text"] = _stable(output["text"], names)
        for mime, value in output.get("data", {}).items():
            if not mime.startswith("image/") or mime.endswith("+xml"):
                output["data"][mime] = _stable(value, names)
    return nbformat.from_dict(notebook)


def _stable(value, names):
    if isinstance(value, dict):
        return {key: _stable(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_stable(part, names) for part in value]
    if not isinstance(value, str):
        return value
    for name, stable in names.items():
        value = value.replace(name, stable)
    styles = {}
    value = _STYLER.sub(lambda found: f"T_{styles.setdefault(found[1], len(styles)):05x}", value)
    return _ADDRESS.sub("0xADDRESS", value)


def refuse_noise(notebook, text):
    """Raise when a stored output is an error, a warning, or anything on stderr."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            noise = noise_in(output)
            if noise:
                raise RenderError(_about_cell(notebook, text, cell, f"{noise} Readers must not see this."))


def noise_in(output):
    """What is wrong with a stored output, or None.

    Examples
    --------
    >>> noise_in({"output_type": "stream", "name": "stderr", "text": "boo"})
    'it wrote to stderr: boo.'
    >>> noise_in({"output_type": "stream", "name": "stdout", "text": "98.2%"})
    """
    if output["output_type"] == "error":
        return f"it raised {output['ename']}: {output['evalue']}."
    if output["output_type"] == "stream" and output["name"] == "stderr":
        return f"it wrote to stderr: {output['text'].strip()[:300]}."
    shown = output.get("text") or output.get("data", {}).get("text/plain", "")
    warning = _WARNING.search(shown)
    return f"its output holds a warning: {warning[0][:300]}." if warning else None


def dumps(notebook):
    """A notebook as bytes: sorted keys, one space of indent, one newline at the end."""
    import nbformat

    nbformat.validate(notebook)
    plain = json.loads(nbformat.writes(notebook, version=4))
    return (json.dumps(plain, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def write_if_changed(path, content):
    """Write bytes whole or not at all; leave a file that holds them already, but mark it as new.

    Returns
    -------
    bool
        Whether the file changed.
    """
    path = Path(path)
    if path.is_file() and path.read_bytes() == content:
        os.utime(path)
        return False
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def render_many(chapter=None, everything=False, root=ROOT, say=print):
    """What `playbook render` does: one chapter, all that are stale, or all.

    Returns
    -------
    int
        How many notebooks changed.
    """
    texts = [find(chapter, root)] if chapter else chapters(root)
    if not texts:
        raise RenderError(f"No chapter is written yet in {Path(root) / 'chapters'}.")
    due = texts if chapter or everything else [text for text in texts if is_stale(text, root)]
    changed = 0
    for text in due:
        new = render(text, root)
        changed += new
        say(f"{text.parent.name}: {'written' if new else 'unchanged'}")
    if not due:
        say("Every chapter's outputs are newer than what they are made from; --all renders them again.")
    return changed


def run_many(chapter, company, out, root=ROOT, say=print):
    """What `playbook run` does: run chapters on a company and keep the notebooks elsewhere.

    Parameters
    ----------
    chapter : str or None
        One chapter, or None for all that are written.
    company : path or None
        The folder of a company; None for the case company.
    out : Path
        Where the notebooks go; must not lie among the chapters.

    Returns
    -------
    int
        How many cells failed.
    """
    out = Path(out).resolve()
    if (Path(root) / "chapters").resolve() in [out, *out.parents]:
        raise RenderError(f"{out} lies among the course's own chapters; choose another folder.")
    environment = {"PLAYBOOK_COMPANY": str(Path(company).expanduser().resolve())} if company else {}
    texts = [find(chapter, root)] if chapter else chapters(root)
    failures = [failure for text in texts for failure in _run_one(text, environment, out, root, say)]
    say(f"{len(texts)} chapters, {len(failures)} cells failed; the notebooks are in {out}.")
    return len(failures)


def _run_one(text, environment, out, root, say):
    begun = time.monotonic()
    notebook = prepare(text, previous=text.with_suffix(".ipynb"))
    execute(notebook, text, root=root, environment=environment, keep_going=True)
    out.mkdir(parents=True, exist_ok=True)
    write_if_changed(out / f"{text.parent.name}.ipynb", dumps(tidy(notebook)))
    failures = [_about_cell(notebook, text, cell, noise_in(output)) for cell in notebook.cells
                for output in cell.get("outputs", []) if output.output_type == "error"]
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    say(f"{text.parent.name}: {cells} cells in {time.monotonic() - begun:.0f} s, {len(failures)} failed")
    for failure in failures:
        say(failure)
    return failures
