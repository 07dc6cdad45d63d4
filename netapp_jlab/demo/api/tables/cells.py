"""Small pieces that the cells of a table are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, NamedTuple

Object = dict[str, Any]


class Column(NamedTuple):
    """One column of a table.

    Attributes
    ----------
    name : str
        The heading.
    cell : Callable
        Returns the cell for an object.
    type : str
        ``string``, ``integer``, ``boolean`` or ``date``.
    priority : int
        0: always shown; 1: only in wide tables.
    format : str
        ``name`` for the name of the object.
    description : str
        What it means.
    """

    name: str
    cell: Callable[[Object], Any]
    type: str = "string"
    priority: int = 0
    format: str = ""
    description: str = ""


def at(path: str, default: Any = "") -> Callable[[Object], Any]:
    """Return a cell that shows the value at a dotted path."""
    steps = path.split(".")

    def cell(obj: Object) -> Any:
        value: Any = obj
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return default if value is None else value

    return cell


def wide(name: str, cell: Callable[[Object], Any], type_: str = "string") -> Column:
    """Return a column of wide tables."""
    return Column(name, cell, type_, priority=1)


_NAME_TEXT = (
    "Name must be unique within a namespace. Is required when creating resources, although some "
    "resources may allow a client to request the generation of an appropriate name automatically. "
    "Name is primarily intended for creation idempotence and configuration definition. Cannot be "
    "updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
)
NAME = Column("Name", at("metadata.name"), format="name", description=_NAME_TEXT)


def age_of(path: str) -> Callable[[Object], str]:
    """Return a cell that shows how long ago the time at a dotted path was."""
    read = at(path, None)
    return lambda obj: since(read(obj))


def since(timestamp: str | None) -> str:
    """Return how long ago a time was, as ``kubectl`` shows it."""
    if not timestamp:
        return "<unknown>"
    when = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    return human_duration(int((datetime.now(timezone.utc) - when).total_seconds()))


def human_duration(seconds: int) -> str:
    """Return a duration in at most two units, after ``k8s.io/apimachinery/pkg/util/duration``."""
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    if seconds < 120:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    tail = f"{small}{small_unit}" if small else ""
    return f"{large}{large_unit}{tail}"


AGE = Column("Age", age_of("metadata.creationTimestamp"))


def phase(obj: Object) -> str:
    """Return ``status.phase``, or that the object is going away."""
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    return str(at("status.phase")(obj))


def labels_text(labels: dict[str, str] | None) -> str:
    """Return labels as a selector shows them."""
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or "<none>"
