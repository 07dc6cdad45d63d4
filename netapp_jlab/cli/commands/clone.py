"""``netapp-jlab clone``: a new volume with the contents of a snapshot or of another volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common, follow
from netapp_jlab.errors import NotFound
from netapp_jlab.models import AccessMode, CloneOrder, Operation

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = "The source stays as it is. A clone of a volume holds what is in it at this moment."


def register(add: Commands) -> None:
    """Add the command."""
    clone = add("clone", _clone, "make a new volume from a snapshot or a volume", _DETAILS)
    clone.add_argument("source", help="a snapshot, or with --from-volume a volume")
    clone.add_argument("name", metavar="new", help="name of the new volume")
    clone.add_argument("--from-volume", action="store_true", help="SOURCE is a volume")
    clone.add_argument("--size", default="", metavar="10Gi", help="default: the source's size")
    common.access_modes(clone, get_args(AccessMode))
    clone.add_argument("--note", default="", help="what it is for")
    common.wait_timeout(clone, follow.CLONE_SECONDS)


def _clone(session: Session) -> int:
    args, console = session.args, session.console
    operation = follow.to_its_end(session, _start(session), timeout=args.wait_timeout)
    if args.json:
        console.json(operation)
    elif operation.state == "done":
        console.line(f"Volume {args.name} is a clone of {args.source}.")
        if operation.message:
            console.say(text.clean(operation.message))
    return follow.exit_of(session, operation)


def _start(session: Session) -> Operation:
    args = session.args
    order = CloneOrder(
        name=args.name, size=args.size, access_modes=tuple(args.access_mode), note=args.note
    )
    if args.from_volume:
        return session.client.clones.from_volume(args.source, order)
    try:
        return session.client.clones.from_snapshot(args.source, order)
    except NotFound as error:
        hint = error.hint or "To clone a volume as it is now, add --from-volume."
        raise NotFound(error.message, hint=hint) from error
