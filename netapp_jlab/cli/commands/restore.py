"""``netapp-jlab restore``: bring a volume, or some of its files, back to a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common, follow
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.interrupts import interrupts
from netapp_jlab.cli.tables import Column
from netapp_jlab.models import Example, RestoreOrder, RestorePlan

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = """\
Only what differs is copied back, while you work. What was there before is kept in a
safety snapshot, so `netapp-jlab undo` can take the restore back.
Shows what would change and asks, unless --yes is given."""

_EXAMPLES_SHOWN = 10
_MARKS = {"create": "+", "replace": "~", "metadata": "m", "remove": "-"}
_EXAMPLES = (
    Column[Example]("", lambda e: _MARKS[e.action]),
    Column[Example]("PATH", lambda e: e.path, shrink_to=20),
    Column[Example]("SIZE", lambda e: text.size(e.size) if e.size else "", drop=1, right=True),
)


def register(add: Commands) -> None:
    """Add the command."""
    restore = add("restore", _restore, "bring a volume or some files back", _DETAILS)
    restore.add_argument("snapshot")
    restore.add_argument(
        "--path",
        action="append",
        default=[],
        help="only this file or folder, from the volume's root; may be given several times",
    )
    restore.add_argument(
        "--remove-extra", action="store_true", help="also remove what the snapshot does not have"
    )
    restore.add_argument(
        "--verify", action="store_true", help="compare contents too, not only size and time"
    )
    restore.add_argument("--dry-run", action="store_true", help="only show what would change")
    common.yes(restore)


def _restore(session: Session) -> int:
    args, console = session.args, session.console
    order = common.order(
        RestoreOrder, paths=args.path, remove_extra=args.remove_extra, verify=args.verify
    )
    # For a program that has agreed beforehand the plan would be a second walk over the volume.
    if args.dry_run or not (args.json and args.yes):
        plan = _plan(session, order)
        if args.dry_run:
            _show(session, plan)
            return Exit.OK
        _show(session, plan)
        if not _changes(plan):
            return Exit.OK
        if not console.confirm("Restore?", yes=args.yes):
            console.say("Nothing was changed.")
            return Exit.FAILED
    operation = session.client.restores.start(args.snapshot, order)
    operation = follow.to_its_end(session, operation)
    follow.report(session, operation)
    return follow.exit_of(session, operation)


def _plan(session: Session, order: RestoreOrder) -> RestorePlan:
    with interrupts(session.console) as pressed:
        return session.client.restores.plan(session.args.snapshot, order, cancel=pressed.check)


def _changes(plan: RestorePlan) -> int:
    return plan.create + plan.replace + plan.metadata + plan.remove


def _show(session: Session, plan: RestorePlan) -> None:
    console = session.console
    if session.args.json:
        console.json(plan)
        return
    if not _changes(plan):
        console.line(f"{plan.volume} is as in {plan.snapshot}; there is nothing to restore.")
        return
    console.line(f"Restoring {plan.volume} to {plan.snapshot} would")
    for number, sentence in _sentences(plan):
        if number:
            console.line(f"  {sentence}")
    console.line()
    console.table(_EXAMPLES, plan.examples[:_EXAMPLES_SHOWN], indent="  ")
    more = _changes(plan) - min(len(plan.examples), _EXAMPLES_SHOWN)
    if more:
        console.line(f"  and {more:,} more")
    console.line()


def _sentences(plan: RestorePlan) -> list[tuple[int, str]]:
    copied = f"copy       {text.size(plan.copy_bytes)}; {text.size(plan.free_bytes)} are free"
    removed = f"({text.size(plan.remove_bytes)})"
    return [
        (plan.create, f"bring back {_items(plan.create, 'missing ')}"),
        (plan.replace, f"replace    {_items(plan.replace, 'changed ')}"),
        (plan.metadata, f"adjust     owner, mode or time of {_items(plan.metadata)}"),
        (plan.remove, f"remove     {_items(plan.remove, 'extra ')} {removed}"),
        (plan.copy_bytes, copied),
    ]


def _items(number: int, which: str = "") -> str:
    return text.count(number, f"{which}file or folder", f"{which}files and folders")
