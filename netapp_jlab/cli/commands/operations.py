"""``netapp-jlab operations``: what runs, what can be undone; cancel one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common, follow
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.parser import Commands, verbs
from netapp_jlab.cli.progress import share
from netapp_jlab.cli.tables import Column
from netapp_jlab.errors import Conflict, Invalid, NotFound
from netapp_jlab.models import Operation

if TYPE_CHECKING:
    from netapp_jlab.cli.session import Session

_STATES = {
    "pending": "warn",
    "running": "warn",
    "interrupted": "warn",
    "done": "good",
    "failed": "bad",
    "cancelled": "dim",
}

_RESUME = "A Jupyter server with the extension does that by itself once its panel is opened."


def _done(operation: Operation) -> str:
    part = share(operation.progress)
    return "" if part is None or operation.state == "done" else f"{part:.0%}"


def _undo(operation: Operation) -> str:
    return "yes" if operation.can_undo.allowed else ""


_COLUMNS = (
    Column[Operation]("ID", lambda o: o.id[:8]),
    Column[Operation]("KIND", lambda o: o.kind),
    Column[Operation]("VOLUME", lambda o: o.volume, shrink_to=12, style=lambda _o: "bold"),
    Column[Operation]("STATE", lambda o: o.state, style=lambda o: _STATES[o.state]),
    Column[Operation]("DONE", _done, drop=1, right=True),
    Column[Operation]("STARTED", lambda o: text.age(o.started_at), drop=3),
    Column[Operation]("FROM", lambda o: o.snapshot or o.source_volume, drop=5, shrink_to=16),
    Column[Operation]("BY", lambda o: o.author, drop=6, shrink_to=8),
    Column[Operation]("UNDO", _undo, drop=2),
    Column[Operation]("MESSAGE", lambda o: o.message or o.step, drop=4, shrink_to=16),
)


def register(add: Commands) -> None:
    """Add the command and its verbs."""
    operations = add("operations", _list, "list restores and clones; cancel or resume one")
    verb = verbs(operations)
    verb("list", _list, "list operations, the newest first")
    show = verb("show", _show, "show one operation")
    show.add_argument("operation", help="its id, or how the id begins")
    cancel = verb("cancel", _cancel, "ask an operation to stop")
    cancel.add_argument("operation", help="its id, or how the id begins")
    resume = verb("resume", _resume, "go on with an operation whose process is gone", _RESUME)
    resume.add_argument("operation", help="its id, or how the id begins")


def resolve(session: Session, beginning: str) -> Operation:
    """Return the one operation whose id begins so.

    Raises
    ------
    NotFound
        None does.
    Invalid
        Several do.
    """
    listed = session.client.operations.list().items
    found = [operation for operation in listed if operation.id.startswith(beginning)]
    if not found:
        raise NotFound(
            f"There is no operation “{beginning}”.", hint="See `netapp-jlab operations`."
        )
    if len(found) > 1:
        raise Invalid(f"Several operations begin with “{beginning}”.", hint="Give more of the id.")
    return found[0]


def _list(session: Session) -> int:
    found = session.client.operations.list()
    if session.args.json:
        session.console.json(found)
    elif found.items:
        session.console.table(_COLUMNS, found.items)
    else:
        session.console.say("There are no operations.")
    return Exit.OK


def _show(session: Session) -> int:
    operation = resolve(session, session.args.operation)
    if session.args.json:
        session.console.json(operation)
    else:
        common.facts(session.console, _facts(operation))
    return Exit.OK


def _facts(operation: Operation) -> dict[str, str]:
    return {
        "id": operation.id,
        "kind": operation.kind,
        "state": f"{operation.state}  {_done(operation)}",
        "step": operation.step,
        "volume": operation.volume,
        "snapshot": operation.snapshot,
        "from volume": operation.source_volume,
        "kept for undo": operation.safety_snapshot,
        "undoes": operation.undo_of,
        "by": operation.author,
        "started": common.moment(operation.started_at),
        "finished": common.moment(operation.finished_at),
        "message": operation.message,
        "hint": operation.hint,
        "undo": f"netapp-jlab undo {operation.id}"
        if operation.can_undo.allowed
        else operation.can_undo.reason,
    }


def _cancel(session: Session) -> int:
    asked = resolve(session, session.args.operation)
    operation = session.client.operations.cancel(asked.id)
    if session.args.json:
        session.console.json(operation)
    else:
        session.console.line(f"The {operation.kind} of {operation.volume} was asked to stop.")
    return Exit.OK


def _resume(session: Session) -> int:
    operation = resolve(session, session.args.operation)
    if operation.state != "interrupted":
        raise Conflict(f"The operation is not interrupted; it is {operation.state}.")
    session.client.start(None)  # takes up what others have left behind
    operation = follow.to_its_end(session, operation)
    follow.report(session, operation)
    return follow.exit_of(session, operation)
