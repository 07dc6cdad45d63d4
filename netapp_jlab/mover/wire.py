"""Lines of JSON: how requests and answers are written, and read back.

A request is ``{"id": 1, "do": "list", ...}``. Its answers bear the same id and are one of

* ``{"id": 1, "alive": true}``: it is being worked on, at least every :data:`ALIVE` seconds,
* ``{"id": 1, "part": ...}``: a part of the result, or how far it is,
* ``{"id": 1, "ok": ...}``: the end,
* ``{"id": 1, "error": "NotThere", "message": "..."}``: the end, after an error of
  :mod:`netapp_jlab.files.errors`, or ``Malformed`` or ``Internal``.

File names are any bytes, so names and contents travel in base64. Whoever reads trusts nothing that
the other side wrote: everything has to be of the right type and size, or is :class:`Malformed`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, TypeVar

from netapp_jlab.files.compare import Summary
from netapp_jlab.files.entries import Change
from netapp_jlab.files.look import Entry
from netapp_jlab.files.report import Issue, Outcome, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROTOCOL = 1
"""Changes with what the other side has to know."""
ALIVE = 2.0
"""Seconds after which a request that is worked on is said to be."""
MAX_LINE = 4 * 1024**2
"""Bytes of one line: a piece of a file in base64, or all paths of a restore."""
MAX_PIECE = 1024**2
"""Bytes of a file in one answer."""
ENTRIES = 500
"""Entries of a directory in one part."""
ISSUES = 100
"""Paths of each sort that an outcome names; the others are counted."""

T = TypeVar("T")
Message = dict[str, Any]

_KINDS = frozenset({"file", "directory", "symlink", "fifo", "socket", "device"})
_ACTIONS = frozenset({"create", "replace", "metadata", "remove"})


class Malformed(Exception):
    """What came is not what was agreed on."""


def encode(message: Message) -> bytes:
    """Write a message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Read one line.

    Raises
    ------
    Malformed
        It is no JSON object.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed("a line is no JSON") from None
    if not isinstance(message, dict):
        raise Malformed("a line is no JSON object")
    return message


def field(message: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return a field that has to be there.

    Raises
    ------
    Malformed
        It is missing, or of another type.
    """
    return _of(kind, message.get(name), name)


def number(message: Mapping[str, Any], name: str, most: int) -> int:
    """Return a number from 0 to `most`.

    Raises
    ------
    Malformed
        It is none.
    """
    value = field(message, name, int)
    if not 0 <= value <= most:
        raise Malformed(f"“{name}” is not between 0 and {most}")
    return value


def from_bytes(data: bytes) -> str:
    """Write bytes as text."""
    return base64.b64encode(data).decode()


def to_bytes(text: object) -> bytes:
    """Read what :func:`from_bytes` wrote.

    Raises
    ------
    Malformed
        It is something else.
    """
    try:
        return base64.b64decode(_of(str, text, "base64"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("something is no base64") from None


def from_paths(paths: Sequence[bytes] | None) -> list[str] | None:
    """Write the paths of a selection; None for everything."""
    return None if paths is None else [from_bytes(path) for path in paths]


def to_paths(value: object) -> list[bytes] | None:
    """Read what :func:`from_paths` wrote.

    Raises
    ------
    Malformed
        It is something else.
    """
    return None if value is None else [to_bytes(one) for one in _of(list, value, "paths")]


# --- What the two sides tell each other ---------------------------------------------------------


def from_entries(entries: Sequence[Entry]) -> list[list[Any]]:
    """Write entries of a directory."""
    return [
        [from_bytes(one.name), one.kind, one.size, one.modified_ns, one.mode, from_bytes(one.link)]
        for one in entries
    ]


def to_entries(value: object) -> list[Entry]:
    """Read what :func:`from_entries` wrote.

    Raises
    ------
    Malformed
        It is something else.
    """
    return [_entry(one) for one in _of(list, value, "entries")]


def _entry(value: object) -> Entry:
    name, kind, size, modified, mode, link = _row(value, 6)
    if kind not in _KINDS:
        raise Malformed("an entry has no known kind")
    return Entry(
        to_bytes(name),
        kind,
        _of(int, size, "size"),
        _of(int, modified, "time"),
        _of(int, mode, "mode"),
        to_bytes(link),
    )


def from_summary(summary: Summary) -> Message:
    """Write what a comparison found."""
    return {
        **summary._asdict(),
        "examples": [
            [from_bytes(one.path), one.action, one.kind, one.size] for one in summary.examples
        ],
    }


def to_summary(value: object) -> Summary:
    """Read what :func:`from_summary` wrote.

    Raises
    ------
    Malformed
        It is something else.
    """
    found = _of(dict, value, "summary")
    counts = {name: field(found, name, int) for name in Summary._fields if name != "examples"}
    examples = tuple(_change(one) for one in field(found, "examples", list))
    return Summary(**counts, examples=examples)


def _change(value: object) -> Change:
    path, action, kind, size = _row(value, 4)
    if action not in _ACTIONS or kind not in _KINDS:
        raise Malformed("a change is of no known kind")
    return Change(to_bytes(path), action, kind, _of(int, size, "size"))


def from_progress(progress: Progress) -> Message:
    """Write how far a restore is."""
    return {**progress._asdict(), "path": from_bytes(progress.path)}


def to_progress(value: object) -> Progress:
    """Read what :func:`from_progress` wrote.

    Raises
    ------
    Malformed
        It is something else.
    """
    found = _of(dict, value, "progress")
    totals = {
        name: None if found.get(name) is None else field(found, name, int)
        for name in ("files_total", "bytes_total")
    }
    return Progress(
        files_done=field(found, "files_done", int),
        bytes_done=field(found, "bytes_done", int),
        path=to_bytes(found.get("path")),
        **totals,
    )


def from_outcome(outcome: Outcome) -> Message:
    """Write what a restore did; of many conflicts and failures only the first, and how many."""
    return {
        **{name: getattr(outcome, name) for name in _COUNTS},
        "conflicts": _issues(outcome.conflicts),
        "conflict_count": len(outcome.conflicts),
        "failures": _issues(outcome.failures),
        "failure_count": len(outcome.failures),
        "warnings": dict(outcome.warnings),
        "mounted": [from_bytes(path) for path in outcome.mounted[:ISSUES]],
    }


def to_outcome(value: object) -> tuple[Outcome, int, int]:
    """Read what :func:`from_outcome` wrote.

    Returns
    -------
    tuple
        The outcome, and how many conflicts and failures there were in all.

    Raises
    ------
    Malformed
        It is something else.
    """
    found = _of(dict, value, "outcome")
    warnings = field(found, "warnings", dict)
    outcome = Outcome(
        **{name: field(found, name, int) for name in _COUNTS},
        conflicts=_to_issues(found.get("conflicts")),
        failures=_to_issues(found.get("failures")),
        warnings={_of(str, key, "warning"): _of(int, warnings[key], "count") for key in warnings},
        mounted=tuple(to_bytes(path) for path in field(found, "mounted", list)),
    )
    return outcome, field(found, "conflict_count", int), field(found, "failure_count", int)


_COUNTS = ("created", "replaced", "metadata", "removed", "copied_bytes")


def _issues(issues: Sequence[Issue]) -> list[list[str]]:
    return [[from_bytes(one.path), one.reason] for one in issues[:ISSUES]]


def _to_issues(value: object) -> tuple[Issue, ...]:
    rows = [_row(one, 2) for one in _of(list, value, "issues")]
    return tuple(Issue(to_bytes(path), _of(str, reason, "reason")) for path, reason in rows)


def _row(value: object, length: int) -> list[Any]:
    row = _of(list, value, "row")
    if len(row) != length:
        raise Malformed(f"a row has {len(row)} fields, not {length}")
    return row


def _of(kind: type[T], value: object, name: str) -> T:
    # In Python a bool is an int; in JSON it is not.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"“{name}” is missing or no {kind.__name__}")
    return value
