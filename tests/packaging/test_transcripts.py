"""What the documentation shows of a terminal is what the terminal shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from .transcript import demo, ids, normal, steps, translate

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_commands_print_what_the_page_says(tmp_path):
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    known = {}
    shown, real = [], []
    with demo(tmp_path) as terminal:
        for step in steps(page):
            output = terminal.run(translate(step.command, known))
            known |= ids(step.shown, output)
            shown += [f"$ {step.command}", normal(step.shown)]
            real += [f"$ {step.command}", normal(output)]
    assert len(shown) > 20
    assert real == shown
