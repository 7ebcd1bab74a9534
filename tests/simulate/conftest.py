"""The case company as committed, and the second company made afresh."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from plain import COMMITTED, Read  # noqa: E402

from helpers.simulate import make_company  # noqa: E402


@pytest.fixture(scope="session")
def lanternfish():
    return Read(COMMITTED)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    return make_company(tmp_path_factory.mktemp("fresh") / "lanternfish")


@pytest.fixture(scope="session")
def second(tmp_path_factory):
    return Read(make_company(tmp_path_factory.mktemp("second") / "harbourlight", like="second"))
