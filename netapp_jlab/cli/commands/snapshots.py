"""``netapp-jlab snapshot`` cuts one; ``netapp-jlab snapshots`` lists, shows, notes, deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.interrupts import interrupts
from netapp_jlab.cli.parser import Commands, verbs
from netapp_jlab.cli.tables import Column
from netapp_jlab.errors import Cancelled, Conflict
from netapp_jlab.models import DeletePlan, Origin, Snapshot, SnapshotChange, SnapshotOrder

if TYPE_CHECKING:
    from netapp_jlab.cli.session import Session

_PHASES = {"ready": "good", "pending": "warn", "failed": "bad", "deleting": "dim"}


def _volume(snapshot: Snapshot) -> str:
    return f"{snapshot.volume} (deleted)" if snapshot.stale else snapshot.volume


def _note(snapshot: Snapshot) -> str:
    if snapshot.message:
        return snapshot.message
    return snapshot.note or ("kept for undo" if snapshot.purpose == "safety" else "")


_COLUMNS = (
    Column[Snapshot]("NAME", lambda s: s.name, style=lambda _s: "bold"),
    Column[Snapshot]("VOLUME", _volume, drop=2, shrink_to=12),
    Column[Snapshot]("CUT", lambda s: text.age(s.cut_at or s.created_at)),
    Column[Snapshot]("PHASE", lambda s: s.phase, drop=1, style=lambda s: _PHASES[s.phase]),
    Column[Snapshot]("SIZE", lambda s: text.size(s.restore_size), drop=6, right=True),
    Column[Snapshot]("BY", lambda s: s.author, drop=5, shrink_to=8),
    Column[Snapshot]("NOTE", _note, drop=3, shrink_to=12),
    Column[Snapshot]("NOTEBOOK", lambda s: s.origin.notebook if s.origin else "", drop=7),
)


def register(add: Commands) -> None:
    """Add both commands."""
    snapshot = add("snapshot", _create, "cut a snapshot of a volume now")
    snapshot.add_argument("volume")
    snapshot.add_argument("--name", default="", help="default: the volume's name and the time")
    snapshot.add_argument("--note", default="", help="why you took it")
    snapshot.add_argument("--class", default="", dest="snapshot_class", help="snapshot class")
    common.waiting(snapshot, "until it is ready")

    snapshots = add("snapshots", _list, "list snapshots; change a note or delete one")
    snapshots.set_defaults(volume="")
    verb = verbs(snapshots)
    listing = verb("list", _list, "list snapshots, the newest first")
    listing.add_argument("volume", nargs="?", default="", help="only those of this volume")
    show = verb("show", _show, "show one snapshot")
    show.add_argument("name")
    note = verb("note", _change, "change what is noted on a snapshot")
    note.add_argument("name")
    note.add_argument("note")
    delete = verb("delete", _delete, "delete a snapshot")
    delete.add_argument("name")
    common.yes(delete)


def _create(session: Session) -> int:
    args, console, client = session.args, session.console, session.client
    order = common.order(
        SnapshotOrder,
        name=args.name,
        note=args.note,
        snapshot_class=args.snapshot_class,
        origin={"kind": "cli"},
    )
    with interrupts(console) as pressed:
        snapshot = client.snapshots.create(args.volume, order)
        try:
            if args.wait:
                limit = client.settings.ready_timeout
                snapshot = client.snapshots.wait(snapshot.name, timeout=limit, cancel=pressed.check)
        except Cancelled:
            console.say(
                f"Snapshot {snapshot.name} was asked for and is still being cut; see "
                f"`netapp-jlab snapshots show {snapshot.name}`."
            )
            return Exit.INTERRUPTED
    if args.json:
        console.json(snapshot)
    else:
        console.line(f"Snapshot {snapshot.name} of {args.volume} is {snapshot.phase}.")
    return Exit.OK


def _list(session: Session) -> int:
    found = session.client.snapshots.list(session.args.volume)
    if session.args.json:
        session.console.json(found)
    elif found.items:
        session.console.table(_COLUMNS, found.items)
    else:
        session.console.say("There are no snapshots.")
    common.stale(session, found.stale_since)
    return Exit.OK


def _show(session: Session) -> int:
    snapshot = session.client.snapshots.get(session.args.name)
    if session.args.json:
        session.console.json(snapshot)
    else:
        common.facts(session.console, _facts(snapshot))
    return Exit.OK


def _facts(snapshot: Snapshot) -> dict[str, str]:
    origin = snapshot.origin or Origin()
    return {
        "name": snapshot.name,
        "volume": _volume(snapshot),
        "phase": f"{snapshot.phase}  {snapshot.message}",
        "cut": common.moment(snapshot.cut_at),
        "asked for": common.moment(snapshot.created_at),
        "size": text.size(snapshot.restore_size),
        "class": snapshot.snapshot_class,
        "by": snapshot.author,
        "note": snapshot.note,
        "notebook": origin.notebook,
        "cell": origin.cell,
        "commit": origin.commit,
        "run": origin.run,
        "purpose": "" if snapshot.purpose == "user" else snapshot.purpose,
        "deleted after": common.moment(snapshot.expires_at),
        "files": "can be read here" if snapshot.browsable else "",
    }


def _change(session: Session) -> int:
    change = common.order(SnapshotChange, note=session.args.note)
    snapshot = session.client.snapshots.change(session.args.name, change)
    if session.args.json:
        session.console.json(snapshot)
    else:
        session.console.line(f"Snapshot {snapshot.name}: {text.clean(snapshot.note)}")
    return Exit.OK


def _delete(session: Session) -> int:
    args, console = session.args, session.console
    plan = session.client.snapshots.plan_delete(args.name)
    if not args.yes:
        if not plan.refusal.allowed:
            raise Conflict(plan.refusal.reason, hint=plan.refusal.hint)
        for sentence in _consequences(plan):
            console.say(sentence)
    if not console.confirm(f"Delete the snapshot {args.name}?", yes=args.yes):
        console.say("Nothing was deleted.")
        return Exit.FAILED
    session.client.snapshots.delete(args.name, uid=plan.uid)
    if args.json:
        console.json(plan)
    else:
        console.line(f"Snapshot {args.name} is being deleted.")
    return Exit.OK


def _consequences(plan: DeletePlan) -> list[str]:
    said = ["A deleted snapshot can not be brought back."]
    if plan.clones:
        said.append(f"Volumes made from it stay: {common.some(plan.clones)}.")
    return said
