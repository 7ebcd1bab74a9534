"""Built books to look at: one with two invented chapters, and the real one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helpers.book import build
from helpers.chapters import ROOT

for place in (Path(__file__).parent, ROOT / "book" / "_ext"):
    sys.path.insert(0, str(place))


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """A project with two invented chapters, its book built, in a folder with a space in its name."""
    import book_sample

    folder = book_sample.project(tmp_path_factory.mktemp("book") / "a project", "11-renewal", "37-retention")
    build(root=folder)
    return folder


@pytest.fixture(scope="session")
def pages(sample) -> Path:
    return sample / "book" / "_build" / "html"


@pytest.fixture(scope="session")
def real(tmp_path_factory) -> Path:
    """The book of this project."""
    out = tmp_path_factory.mktemp("real")
    build(out)
    return out
