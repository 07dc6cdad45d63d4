"""Follow an operation to its end: progress, Ctrl-C, what it did, and the exit code.

The work is done by threads of this very process. When it leaves before the end, the operation is
*interrupted*: its record is on the cluster, and any server or command line can take it up or undo
it.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.interrupts import interrupts
from netapp_jlab.cli.progress import ProgressLine
from netapp_jlab.errors import Cancelled, Conflict

if TYPE_CHECKING:
    from netapp_jlab.cli.session import Session
    from netapp_jlab.models import Issue, Operation, Outcome

_LONGEST = 7 * 86400.0  # a restore copies for as long as it takes; what hangs inside it does not
_STOP_SECONDS = 60.0
_ISSUES_SHOWN = 10


def to_its_end(session: Session, operation: Operation) -> Operation:
    """Wait for the end of `operation`, showing progress; Ctrl-C asks it to stop.

    Raises
    ------
    NotReady
        It has not ended after a week, or a minute after it was asked to stop.
    """
    operations = session.client.operations
    with interrupts(session.console) as pressed, closing(ProgressLine(session.console)) as line:
        try:
            return operations.wait(
                operation.id, timeout=_LONGEST, cancel=pressed.check, progress=line.show
            )
        except Cancelled:
            if not pressed.asked:
                raise
        try:
            operations.cancel(operation.id)
        except Conflict:  # it came to its end in this very moment
            return operations.get(operation.id)
        return operations.wait(operation.id, timeout=_STOP_SECONDS, cancel=_never, progress=None)


def _never() -> None:
    """Let nothing but a second Ctrl-C cut the stopping short."""


def exit_of(session: Session, operation: Operation) -> int:
    """Say what is wrong with `operation`, if anything is, and return the exit code."""
    console, outcome = session.console, operation.outcome
    if operation.state == "failed":
        console.say(f"Error: {text.clean(operation.message)}", "bad")
        if operation.hint:
            console.say(f"  {text.clean(operation.hint)}")
    elif operation.state == "cancelled":
        console.say(text.clean(operation.message) or "Cancelled.", "warn")
        return Exit.INTERRUPTED
    if operation.state != "done":
        return Exit.FAILED
    incomplete = outcome is not None and outcome.conflict_count + outcome.failure_count > 0
    return Exit.FAILED if incomplete else Exit.OK


def report(session: Session, operation: Operation) -> None:
    """Write what a restore did, what it left alone, and how to undo it."""
    console = session.console
    if session.args.json:
        console.json(operation)
        return
    if operation.outcome is not None:
        console.line(_done(operation, operation.outcome))
        _issues(
            session,
            "changed meanwhile, left as they are",
            operation.outcome.conflicts,
            operation.outcome.conflict_count,
        )
        _issues(
            session,
            "could not be restored",
            operation.outcome.failures,
            operation.outcome.failure_count,
        )
        if operation.hint and operation.state == "done":
            console.say(text.clean(operation.hint))
    if operation.can_undo.allowed:
        console.line(f"To take it back: netapp-jlab undo {operation.id}")


def _done(operation: Operation, outcome: Outcome) -> str:
    parts = [
        (outcome.created, "brought back"),
        (outcome.replaced, "replaced"),
        (outcome.metadata, "adjusted"),
        (outcome.removed, "removed"),
    ]
    did = ", ".join(f"{number:,} {what}" for number, what in parts if number) or "nothing changed"
    copied = f" ({text.size(outcome.copied_bytes)} copied)" if outcome.copied_bytes else ""
    return f"{operation.volume}: {did}{copied}."


def _issues(session: Session, what: str, issues: tuple[Issue, ...], number: int) -> None:
    if not number:
        return
    session.console.say(f"{text.count(number, 'file')} {what}:", "warn")
    for issue in issues[:_ISSUES_SHOWN]:
        session.console.say(f"  {text.clean(issue.path)}: {text.clean(issue.reason)}")
    if number > _ISSUES_SHOWN:
        session.console.say(f"  and {number - _ISSUES_SHOWN:,} more")
