"""``netapp-jlab undo``: take a restore back with the snapshot that was cut before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common, follow, operations
from netapp_jlab.cli.exits import Exit
from netapp_jlab.errors import Refused

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = """\
The volume is brought back to the safety snapshot that the restore cut first. That is a
restore of its own: it too has a safety snapshot and can be undone."""


def register(add: Commands) -> None:
    """Add the command."""
    undo = add("undo", _undo, "take a restore back", _DETAILS)
    undo.add_argument("operation", help="id, or how it begins; see `netapp-jlab operations`")
    common.yes(undo)


def _undo(session: Session) -> int:
    args, console = session.args, session.console
    operation = operations.resolve(session, args.operation)
    if not args.yes and not operation.can_undo.allowed:
        raise Refused(operation.can_undo.reason, hint=operation.can_undo.hint)
    when = text.age(operation.started_at)
    question = f"Bring {operation.volume} back to what it was before the restore, {when}?"
    if not console.confirm(question, yes=args.yes):
        console.say("Nothing was changed.")
        return Exit.FAILED
    undoing = session.client.operations.undo(operation.id)
    undoing = follow.to_its_end(session, undoing)
    follow.report(session, undoing)
    return follow.exit_of(session, undoing)
