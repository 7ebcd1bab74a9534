"""Every chapter runs unchanged on a company with other data, another currency and other truths."""

from __future__ import annotations

import pytest

from helpers.course.render import ROOT, execute, noise_in, prepare
from tests.chapters.notebooks import NAMES, TEXTS, outputs, text_outputs


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_a_chapter_runs_on_the_second_company(text, second_company):
    from helpers.company import load_company

    notebook = prepare(text)
    execute(notebook, text, root=ROOT, environment={"PLAYBOOK_COMPANY": str(second_company)})
    assert [noise for noise in map(noise_in, outputs(notebook)) if noise] == []
    printed = text_outputs(notebook)
    assert load_company(second_company).name in printed
    assert "CNY" not in printed.replace("case company", "")
