"""Numbers, times and foreign text as a person reads them in a terminal."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timezone

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def clean(text: str) -> str:
    """Return `text` without control characters, on one line.

    Notes and names of files come from other people; an escape sequence in one must not reach the
    terminal.
    """
    return _CONTROL.sub(" ", text).strip()


def size(count: int | None) -> str:
    """Return a number of bytes in binary units: ``1.5 GiB``; ``""`` for None."""
    if count is None:
        return ""
    if abs(count) < 1024:
        return f"{count} B"
    power = 1
    while abs(count) / 1024**power >= 1023.95 and power < len(_UNITS):
        power += 1
    value = count / 1024**power
    digits = f"{value:.0f}" if value >= 100 else f"{value:.1f}".removesuffix(".0")
    return f"{digits} {_UNITS[power - 1]}"


def age(when: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago `when` was; the date where that is more than four weeks."""
    if when is None:
        return ""
    seconds = ((now or datetime.now(timezone.utc)) - when).total_seconds()
    if seconds < 10:
        return "just now"
    if seconds < _MINUTE:
        return f"{int(seconds)} s ago"
    if seconds < _HOUR:
        return f"{int(seconds / _MINUTE)} min ago"
    if seconds < _DAY:
        return f"{int(seconds / _HOUR)} h ago"
    if seconds < 2 * _DAY:
        return "yesterday"
    if seconds < 28 * _DAY:
        return f"{int(seconds / _DAY)} days ago"
    return when.astimezone().strftime("%Y-%m-%d")


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 file``, ``2 files``, ``1,000 files``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def width(text: str) -> int:
    """Return how many terminal cells `text` takes: wide letters take two, accents none."""
    if text.isascii():
        return len(text)
    cells = 0
    for letter in text:
        if unicodedata.combining(letter):
            continue
        cells += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    return cells


def shorten(text: str, cells: int) -> str:
    """Return `text` cut to at most `cells` terminal cells, an ellipsis where it was cut."""
    if width(text) <= cells:
        return text
    kept = text[: max(cells, 0)]
    while kept and width(kept) > cells - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Return `text` filled with blanks to `cells` terminal cells."""
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks
