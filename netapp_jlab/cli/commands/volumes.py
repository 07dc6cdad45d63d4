"""``netapp-jlab volumes``: list, show, create, resize, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.interrupts import interrupts
from netapp_jlab.cli.parser import Commands, verbs
from netapp_jlab.cli.tables import Column
from netapp_jlab.errors import Cancelled, Conflict
from netapp_jlab.models import (
    AccessMode,
    DeletePlan,
    Permission,
    Volume,
    VolumeChange,
    VolumeOrder,
)

if TYPE_CHECKING:
    import argparse

    from netapp_jlab.cli.session import Session

_PHASES = {"bound": "good", "pending": "warn", "lost": "bad", "deleting": "dim"}

_COLUMNS = (
    Column[Volume]("NAME", lambda v: v.name, style=lambda _v: "bold"),
    Column[Volume]("ROLE", lambda v: v.role, drop=2),
    Column[Volume]("PHASE", lambda v: v.phase, drop=1, style=lambda v: _PHASES[v.phase]),
    Column[Volume]("USED", lambda v: text.size(v.used), drop=3, right=True),
    Column[Volume]("SIZE", lambda v: text.size(v.capacity or v.requested), right=True),
    Column[Volume]("SNAPSHOTS", lambda v: str(v.snapshots), drop=4, right=True),
    Column[Volume]("LAST SNAPSHOT", lambda v: text.age(v.last_snapshot_at), drop=5),
    Column[Volume]("CLASS", lambda v: v.storage_class, drop=7, shrink_to=8),
    Column[Volume]("MOUNTED AT", lambda v: v.mount_path, drop=6, shrink_to=12),
    Column[Volume]("NOTE", lambda v: v.note or v.message, drop=8, shrink_to=12),
)

_ACTIONS = ("snapshot", "clone", "resize", "browse", "restore", "delete")


def register(add: Commands) -> None:
    """Add the command and its verbs."""
    volumes = add("volumes", _list, "list volumes; create, resize or delete one")
    verb = verbs(volumes)
    verb("list", _list, "list the volumes of the namespace")

    show = verb("show", _show, "show one volume and what can be done with it")
    show.add_argument("name")

    create = verb("create", _create, "make a volume, empty or with the contents of another")
    create.add_argument("name")
    create.add_argument("--size", default="", metavar="10Gi", help="default: the source's size")
    create.add_argument("--class", default="", dest="storage_class", help="storage class")
    common.access_modes(create, get_args(AccessMode))
    source = create.add_mutually_exclusive_group()
    source.add_argument("--from-snapshot", metavar="SNAPSHOT", default="")
    source.add_argument("--from-volume", metavar="VOLUME", default="")
    create.add_argument("--note", default="", help="what it is for")
    common.waiting(create, "until the volume is bound")

    resize = verb("resize", _resize, "make a volume larger", "A volume can not shrink.")
    resize.add_argument("name")
    resize.add_argument("size", metavar="SIZE", help="the new size, such as 20Gi")

    delete = verb("delete", _delete, "delete a volume and its data, after typing its name")
    delete.add_argument("name")
    delete.add_argument("--confirm", default="", metavar="NAME", help="type the name beforehand")
    common.yes(delete)


def _list(session: Session) -> int:
    found = session.client.volumes.list()
    if session.args.json:
        session.console.json(found)
    elif found.items:
        session.console.table(_COLUMNS, found.items)
    else:
        session.console.say("There are no volumes in this namespace.")
    common.stale(session, found.stale_since)
    return Exit.OK


def _show(session: Session) -> int:
    volume = session.client.volumes.get(session.args.name)
    if session.args.json:
        session.console.json(volume)
        return Exit.OK
    common.facts(session.console, _facts(volume))
    session.console.line()
    for action in _ACTIONS:
        permission: Permission = getattr(volume.can, action)
        mark = common.mark(session.console, good=permission.allowed)
        why = "" if permission.allowed else f"{permission.reason} {permission.hint}"
        session.console.line(f"{mark} {action:<8}  {text.clean(why)}".rstrip())
    return Exit.OK


def _facts(volume: Volume) -> dict[str, str]:
    source = volume.source
    return {
        "name": volume.name,
        "phase": f"{volume.phase}  {volume.message}",
        "role": volume.role,
        "size": text.size(volume.capacity or volume.requested),
        "used": text.size(volume.used),
        "class": volume.storage_class,
        "driver": volume.driver,
        "handle": volume.volume_handle,
        "access": ", ".join(volume.access_modes),
        "created": common.moment(volume.created_at),
        "made from": f"{source.kind} {source.name}" if source else "",
        "mounted at": volume.mount_path,
        "used by": ", ".join(volume.pods or ()),
        "snapshots": str(volume.snapshots),
        "last one": common.moment(volume.last_snapshot_at),
        "note": volume.note,
    }


def _create(session: Session) -> int:
    args, client = session.args, session.client
    order = common.order(
        VolumeOrder,
        name=args.name,
        size=args.size,
        storage_class=args.storage_class,
        access_modes=args.access_mode,
        source=_source(args),
        note=args.note,
    )
    with interrupts(session.console) as pressed:
        volume = client.volumes.create(order)
        try:
            if args.wait and not _binds_when_mounted(session, volume):
                limit = client.settings.ready_timeout
                volume = client.volumes.wait(volume.name, timeout=limit, cancel=pressed.check)
        except Cancelled:
            session.console.say(f"Volume {volume.name} was asked for and is not bound yet.")
            return Exit.INTERRUPTED
    if args.json:
        session.console.json(volume)
    else:
        amount = text.size(volume.capacity or volume.requested)
        session.console.line(f"Volume {volume.name} ({amount}) is {volume.phase}.")
        if volume.message:
            session.console.say(text.clean(volume.message))
    return Exit.OK


def _binds_when_mounted(session: Session, volume: Volume) -> bool:
    """Whether waiting would be in vain: the class waits for a pod that mounts the volume."""
    classes = session.client.capabilities.status().classes or ()
    modes = {one.name: one.binding_mode for one in classes}
    return modes.get(volume.storage_class) == "WaitForFirstConsumer"


def _source(args: argparse.Namespace) -> dict[str, str]:
    if args.from_snapshot:
        return {"kind": "snapshot", "name": args.from_snapshot}
    if args.from_volume:
        return {"kind": "volume", "name": args.from_volume}
    return {"kind": "empty"}


def _resize(session: Session) -> int:
    name = session.args.name
    volume = session.client.volumes.resize(name, common.order(VolumeChange, size=session.args.size))
    if session.args.json:
        session.console.json(volume)
    else:
        session.console.line(f"Volume {name} grows to {text.size(volume.requested)}.")
    return Exit.OK


def _delete(session: Session) -> int:
    args, console = session.args, session.console
    plan = session.client.volumes.plan_delete(args.name)
    confirm = args.name if args.yes else args.confirm
    if not confirm:
        if not plan.refusal.allowed:
            raise Conflict(plan.refusal.reason, hint=plan.refusal.hint)
        for sentence in _consequences(plan):
            console.say(sentence)
        confirm = console.ask("Type the volume's name to delete it: ")
        if confirm != args.name:
            console.say("That is not its name; nothing was deleted.")
            return Exit.FAILED
    session.client.volumes.delete(args.name, confirm=confirm, uid=plan.uid)
    if args.json:
        console.json(plan)
    else:
        console.line(f"Volume {args.name} is being deleted.")
    return Exit.OK


def _consequences(plan: DeletePlan) -> list[str]:
    amount = f" ({text.size(plan.capacity)})" if plan.capacity else ""
    said = [f"This deletes the volume {plan.name}{amount} and all files in it."]
    if plan.reclaim_policy == "Retain":
        said.append("The storage itself is kept by the cluster (reclaim policy Retain).")
    if plan.snapshots:
        kept = common.some(plan.snapshots)
        said.append(f"Its {text.count(len(plan.snapshots), 'snapshot')} stay: {kept}.")
    if plan.clones:
        said.append(f"Volumes made from it stay: {common.some(plan.clones)}.")
    return said
