"""JupyterLab as `playbook lab` starts it, asked through its contents API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest

from helpers.course.render import find, render
from helpers.course.workspace import lab_command, lab_environment, refresh
from tests.setup.project import code, markdown, small_project

NOTEBOOK = "3-sales-play/37-retention/retention.ipynb"


class Server:
    """A running JupyterLab and what is known of it."""

    def __init__(self, folder, runtime, process):
        self.folder, self.runtime, self.process = folder, runtime, process
        self.address, self.token = self.wait()

    def wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for file in self.runtime.glob("jpserver-*.json"):
                known = json.loads(file.read_text() or "{}")
                if known.get("url"):
                    return known["url"], known["token"]
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.2)
        raise TimeoutError("JupyterLab did not start within a minute")

    def ask(self, path, method="GET", body=None, token=True):
        headers = {"Authorization": f"token {self.token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, method=method, headers=headers, data=data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = small_project(tmp_path_factory.mktemp("lab") / "a project", c37=[markdown("Words."), code("print(1)")])
    render(find("37", root), root)
    folder = (root / "workspace").resolve()
    [copy] = refresh(folder, root)
    runtime = tmp_path_factory.mktemp("runtime")
    environment = lab_environment(root) | {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(runtime / "none"),
                                           "HOME": str(runtime)}
    environment.pop("JUPYTER_TOKEN", None)
    process = subprocess.Popen(lab_command(folder, copy.path, browser=False), env=environment, cwd=folder,
                               stderr=subprocess.PIPE, text=True)
    try:
        yield Server(folder, runtime, process)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def cell_texts(server):
    return [cell["source"] for cell in server.ask(f"api/contents/{NOTEBOOK}")["content"]["cells"]]


def test_what_was_edited_elsewhere_is_found_on_reopening(server):
    """With pairing metadata, or global formats, the old text would come back and the reader's work be lost."""
    assert cell_texts(server) == ["Words.", "print(1)"]
    path = server.folder / NOTEBOOK
    notebook = nbformat.read(path, 4)
    notebook.cells[1].source = "print('edited in another program')"
    nbformat.write(notebook, path)
    os.utime(path, (1e9, 1e9))
    assert cell_texts(server)[1] == "print('edited in another program')"


def test_saving_makes_no_text_beside_the_notebook(server):
    model = server.ask(f"api/contents/{NOTEBOOK}")
    model["content"]["cells"][0]["source"] = "Words, changed in JupyterLab."
    server.ask(f"api/contents/{NOTEBOOK}", "PUT", {name: model[name] for name in ("type", "format", "content")})
    folder = (server.folder / NOTEBOOK).parent
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["retention.ipynb"]
    assert cell_texts(server)[0] == "Words, changed in JupyterLab."
    assert nbformat.read(server.folder / NOTEBOOK, 4).cells[0].source == "Words, changed in JupyterLab."


def test_it_shows_the_workspace_and_nothing_else(server):
    names = {entry["name"] for entry in server.ask("api/contents/")["content"]}
    assert names == {"3-sales-play", "companies"}
    with pytest.raises(urllib.error.HTTPError):
        server.ask("api/contents/../chapters")


def test_it_listens_on_this_machine_and_wants_its_token(server):
    assert server.address.startswith(("http://localhost:", "http://127.0.0.1:"))
    assert len(server.token) >= 32
    with pytest.raises(urllib.error.HTTPError) as raised:
        server.ask("api/contents/", token=False)
    assert raised.value.code == 403


def test_it_does_not_ask_about_news(server):
    answer = server.ask("lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert answer["schema"]["properties"]["fetchNews"]["default"] == "false"


def test_its_kernel_is_this_python(server):
    from jupyter_client import BlockingKernelClient

    started = server.ask("api/kernels", "POST", {"name": "python3", "path": NOTEBOOK})
    client = BlockingKernelClient(connection_file=str(server.runtime / f"kernel-{started['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=120)  # otherwise a busy machine loses the first message, and the wait never ends
    printed = []
    client.execute_interactive("import sys, helpers; print(sys.executable)", timeout=60,
                               output_hook=lambda message: printed.append(message["content"].get("text", "")))
    client.stop_channels()
    assert "".join(printed).strip() == sys.executable
