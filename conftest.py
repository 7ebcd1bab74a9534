"""What everything that pytest collects shares: this tree's helpers, and no silent skips in continuous integration."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent

# With CI=true a test may be skipped only for one of these reasons.
ALLOWED_SKIPS = (
    r"needs Windows",
    r"needs an old Python \(\d+\.\d+\)",
    r"needs numpy, pyarrow and PyYAML under Python 3\.\d+",
)


def pytest_configure(config):
    """Kernels and children use this tree, keep bytecode, and start on the case company."""
    os.environ["PYTHONPATH"] = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    for name in ("PYTHONDONTWRITEBYTECODE", "PLAYBOOK_COMPANY", "MPLBACKEND"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = False


def unlisted(reason):
    """Whether a skip for this reason counts as a failure here."""
    in_ci = os.environ.get("CI", "").lower() in ("1", "true")
    return in_ci and not any(re.search(allowed, reason) for allowed in ALLOWED_SKIPS)


def refuse_skip(report):
    """Turn a skip that is not listed into a failure that gives its reason."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if unlisted(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason} (a skip that conftest.py does not list fails with CI=true)"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return refuse_skip((yield))
