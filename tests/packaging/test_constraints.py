"""The pinned versions install where the README says that they do."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OLDEST = "3.11.2"
"""Debian 12's Python."""


def _pinned():
    lines = (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
    wanted = (line.partition("#")[0].strip() for line in lines)
    return {canonicalize_name(line.partition("==")[0]) for line in wanted if line}


def test_debians_python_can_have_what_is_pinned():
    pinned = _pinned()
    found = {
        canonicalize_name(one.metadata["Name"]): one.metadata.get("Requires-Python") or ""
        for one in distributions()
    }
    checked = {name: found[name] for name in pinned & found.keys()}
    assert len(checked) > 100
    refusing = {name for name, needs in checked.items() if OLDEST not in SpecifierSet(needs)}
    assert not refusing
