"""docs/reliability.md names a test for each promise: they must exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_promise_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| fault")]
    assert promises
    for row in promises:
        named = NAMED.findall(row)
        assert named, f"no test is named: {row}"
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(), f"there is no {file}::{test}"


def test_every_test_of_faults_is_a_promise() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    for file in (ROOT / "tests" / "cluster").glob("test_faults_*.py"):
        for test in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE):
            assert f"{file.name}::{test}`" in text, f"{test} is not in docs/reliability.md"
