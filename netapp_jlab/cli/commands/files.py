"""``netapp-jlab files`` lists a folder of a snapshot; ``netapp-jlab cat`` prints a file of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.interrupts import Interrupts, interrupts
from netapp_jlab.cli.progress import StepLine
from netapp_jlab.cli.tables import Column
from netapp_jlab.models import FileEntry

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_PATHS = """\
Paths start at the volume's root. What is no plain text in a name is written \\xNN, and a
backslash is doubled, as `netapp-jlab files` shows them; `restore --path` takes the same."""

_MARKS = {"directory": "/", "symlink": "@", "fifo": "|", "socket": "=", "device": "#"}


def _name(entry: FileEntry) -> str:
    return entry.name + _MARKS.get(entry.kind, "")


_COLUMNS = (
    Column[FileEntry](
        "NAME", _name, shrink_to=20, style=lambda e: "bold" if e.kind == "directory" else ""
    ),
    Column[FileEntry](
        "SIZE", lambda e: text.size(e.size) if e.kind == "file" else "", drop=1, right=True
    ),
    Column[FileEntry]("CHANGED", lambda e: text.age(e.modified), drop=2),
)


def register(add: Commands) -> None:
    """Add both commands."""
    files = add(
        "files",
        _list,
        "list what a folder of a snapshot holds",
        f"Marks what is no file: {', '.join(f'{k} {v}' for k, v in _MARKS.items())}.\n\n{_PATHS}",
    )
    files.add_argument("snapshot")
    files.add_argument("path", nargs="?", default="", help="a folder; default: the volume's root")
    cat = add("cat", _print, "print a file of a snapshot, byte for byte", _PATHS)
    cat.add_argument("snapshot")
    cat.add_argument("path")


def _list(session: Session) -> int:
    args, console, client = session.args, session.console, session.client
    with interrupts(console) as pressed:
        _prepare(session, pressed)
        found = client.files.list(args.snapshot, args.path, cancel=pressed.check)
    if args.json:
        console.json(found)
    elif found.items:
        console.table(_COLUMNS, found.items)
    else:
        console.say("The folder is empty.")
    return Exit.OK


def _print(session: Session) -> int:
    args, console, client = session.args, session.console, session.client
    with interrupts(console) as pressed:
        _prepare(session, pressed)
        file = client.files.open(args.snapshot, args.path, cancel=pressed.check)
        for piece in file.pieces():
            console.binary(piece)
    return Exit.OK


def _prepare(session: Session, pressed: Interrupts) -> None:
    with StepLine(session.console) as line:
        session.client.files.prepare(session.args.snapshot, cancel=pressed.check, on_step=line.show)
