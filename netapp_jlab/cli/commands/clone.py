"""``netapp-jlab clone``: a new volume with the contents of a snapshot or of another volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common, follow
from netapp_jlab.models import AccessMode, CloneOrder, Operation

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = "The source stays as it is. A clone of a volume holds what is in it at this moment."


def register(add: Commands) -> None:
    """Add the command."""
    clone = add("clone", _clone, "make a new volume from a snapshot or a volume", _DETAILS)
    clone.add_argument("source", help="a snapshot; or a volume, where no snapshot has that name")
    clone.add_argument("name", metavar="new", help="name of the new volume")
    clone.add_argument("--from-volume", action="store_true", help="SOURCE is a volume, in any case")
    clone.add_argument("--size", default="", metavar="10Gi", help="default: the source's size")
    common.access_modes(clone, get_args(AccessMode))
    clone.add_argument("--note", default="", help="what it is for")


def _clone(session: Session) -> int:
    args, console = session.args, session.console
    operation = follow.to_its_end(session, _start(session))
    if args.json:
        console.json(operation)
    elif operation.state == "done":
        console.line(f"Volume {args.name} is a clone of {args.source}.")
        if operation.message:
            console.say(text.clean(operation.message))
    return follow.exit_of(session, operation)


def _start(session: Session) -> Operation:
    args = session.args
    order = common.order(
        CloneOrder,
        name=args.name,
        size=args.size,
        access_modes=args.access_mode,
        note=args.note,
    )
    clones, snapshots = session.client.clones, session.client.snapshots
    if not args.from_volume and args.source in {one.name for one in snapshots.list().items}:
        return clones.from_snapshot(args.source, order)
    return clones.from_volume(args.source, order)
