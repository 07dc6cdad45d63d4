"""Numbers, times and foreign text as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp_jlab.cli import text

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (10 * 1024**3, "10 GiB"),
        (1024**4 - 1, "1 TiB"),
        (int(123.4 * 1024**2), "123 MiB"),
        (3 * 1024**6, "3 EiB"),
        (5000 * 1024**6, "5000 EiB"),
    ],
)
def test_sizes_in_binary_units(count, shown):
    assert text.size(count) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-5), "just now"),  # the cluster's clock may be ahead
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=3, seconds=59), "3 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=28), "2026-02-01"),
    ],
)
def test_ages(ago, shown):
    assert text.age(NOW - ago, NOW) == shown


def test_no_age_without_a_time():
    assert text.age(None) == ""


@given(st.text())
def test_foreign_text_never_steers_the_terminal(foreign):
    cleaned = text.clean(foreign)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in cleaned)
    assert len(cleaned.splitlines()) <= 1


def test_an_escape_sequence_loses_its_teeth():
    assert text.clean("\x1b]0;owned\x07done\u202e") == "]0;owned done"


@given(st.text(alphabet="aé漢e\u0301 "), st.integers(1, 30))
def test_shortened_text_fits(content, cells):
    short = text.shorten(content, cells)
    assert text.width(short) <= cells
    assert short == content or short.endswith("…")


@given(st.text(alphabet="aé漢"), st.integers(0, 30))
def test_padding_fills_to_the_width(content, cells):
    assert text.width(text.pad(content, cells)) == max(cells, text.width(content))
    assert text.pad(content, cells, right=True).endswith(content)


def test_counts_have_a_plural():
    assert text.count(1, "file") == "1 file"
    assert text.count(1000, "file") == "1,000 files"
    assert text.count(2, "copy", "copies") == "2 copies"
