"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def second_company(tmp_path_factory):
    """The folder of a company with another seed, currency, dates and industries, and other truths."""
    from helpers.simulate import make_company

    return make_company(tmp_path_factory.mktemp("companies") / "second", like="second")
