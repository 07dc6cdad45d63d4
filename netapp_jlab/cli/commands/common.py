"""What several commands share: options, small renderings, following an operation by its id."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeVar

import msgspec

from netapp_jlab.cli import text
from netapp_jlab.errors import Invalid
from netapp_jlab.models import Order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from netapp_jlab.cli.console import Console
    from netapp_jlab.cli.session import Session

Ordered = TypeVar("Ordered", bound=Order)

_NAMES_SHOWN = 5


def order(kind: type[Ordered], **fields: object) -> Ordered:
    """Make an order, checked as the REST interface checks one.

    Raises
    ------
    Invalid
        A field is longer than it may be, or the like.
    """
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error


def yes(parser: argparse.ArgumentParser) -> None:
    """Add ``--yes``."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def waiting(parser: argparse.ArgumentParser, until: str) -> None:
    """Add ``--wait`` and ``--no-wait``."""
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"wait {until} (default)",
    )


def access_modes(parser: argparse.ArgumentParser, modes: Sequence[str]) -> None:
    """Add ``--access-mode``, which may be given several times."""
    parser.add_argument(
        "--access-mode",
        action="append",
        default=[],
        choices=modes,
        metavar="MODE",
        help=f"{', '.join(modes)}; default: the source's, else ReadWriteOnce",
    )


def stale(session: Session, since: datetime | None) -> None:
    """Warn where a list is not of now."""
    if since is not None:
        session.console.say(f"The cluster is out of reach; this is as of {moment(since)}.", "warn")


def moment(when: datetime | None) -> str:
    """Return a time in the local zone and how long ago it was; ``""`` for None."""
    if when is None:
        return ""
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S} ({text.age(when)})"


def facts(console: Console, values: Mapping[str, str]) -> None:
    """Write names and values under each other; empty values are left out."""
    shown = {name: text.clean(value) for name, value in values.items() if text.clean(value)}
    room = max(map(len, shown), default=0)
    for name, value in shown.items():
        console.line(f"{console.paint(name.ljust(room), 'dim')}  {value}")


def mark(console: Console, *, good: bool) -> str:
    """Return a tick or a cross, in colour."""
    yes, no = console.tick
    return console.paint(yes, "good") if good else console.paint(no, "bad")


def some(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    shown = ", ".join(map(text.clean, names[:_NAMES_SHOWN]))
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
