"""The tests notice every mistake of mutations.py."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

PATH = Path(__file__).with_name("mutations.py")
spec = importlib.util.spec_from_file_location("metric_mutations", PATH)
mutations = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = mutations
spec.loader.exec_module(mutations)


def test_every_mistake_is_noticed():
    begin = time.monotonic()
    assert mutations.survivors() == []
    print(f"{len(mutations.MUTANTS)} mistakes in {time.monotonic() - begin:.0f} s")


def test_a_change_that_is_no_mistake_is_not_noticed(monkeypatch):
    """Otherwise the tests would fail on any copy, and nothing would be shown."""
    harmless = [mutations.Mutant(mutant.name, mutant.module, mutant.right, mutant.right, mutant.tests) for mutant in mutations.MUTANTS]
    monkeypatch.setattr(mutations, "MUTANTS", tuple({mutant.tests: mutant for mutant in harmless}.values()))
    assert mutations.survivors() == [mutant.name for mutant in mutations.MUTANTS]
