"""``netapp-jlab doctor``: what works here, what does not, and the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli import text
from netapp_jlab.cli.commands import common
from netapp_jlab.cli.exits import Exit
from netapp_jlab.cli.tables import Column
from netapp_jlab.models import Problem, Right, Status, StorageClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.cli.console import Console
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = """\
Shows the account, the cluster, the workspace, the storage classes and the rights of the
account; for each thing missing the command that mends it. The exit code is 1 if something
needed is missing."""

_FOUND_BY = {
    "settings": "as set",
    "pod": "as this pod's specification says",
    "mountinfo": "as the mounts of this process say",
    "none": "not found",
}

_CLASSES = (
    Column[StorageClass]("NAME", lambda c: c.name, style=lambda _c: "bold"),
    Column[StorageClass]("DEFAULT", lambda c: "yes" if c.default else "", drop=3),
    Column[StorageClass]("DRIVER", lambda c: c.driver, drop=2, shrink_to=12),
    Column[StorageClass]("GROWS", lambda c: "yes" if c.expandable else "no", drop=4),
    Column[StorageClass]("RECLAIM", lambda c: c.reclaim_policy, drop=5),
    Column[StorageClass](
        "SNAPSHOT CLASS",
        lambda c: c.snapshot_class or f"none: {c.reason}",
        shrink_to=16,
        style=lambda c: "" if c.snapshot_class else "warn",
    ),
)


def register(add: Commands) -> None:
    """Add the command."""
    add("doctor", _doctor, "check what works here and what is missing", _DETAILS)


def _doctor(session: Session) -> int:
    status = session.client.capabilities.status()
    if session.args.json:
        session.console.json(status)
    else:
        _show(session.console, status)
    return Exit.FAILED if _missing(status) else Exit.OK


def _missing(status: Status) -> bool:
    return not status.connected or any(p.severity == "error" for p in status.problems)


def _show(console: Console, status: Status) -> None:
    _heading(console, "Cluster")
    common.facts(
        console,
        {
            "netapp-jlab": status.version,
            "server": status.server or "none",
            "Kubernetes": status.kubernetes or "unknown",
            "account": status.account or "unknown",
            "namespace": status.namespace or "unknown",
            "user": status.user,
            "changes": "switched off (read_only)" if status.read_only else "",
        },
    )
    if status.connected:
        _show_cluster(console, status)
    if status.problems:
        _heading(console, "Problems")
        _problems(console, status.problems)
    else:
        console.line()
        console.line("Everything works.", "good")


def _show_cluster(console: Console, status: Status) -> None:
    _heading(console, "Workspace")
    found = _FOUND_BY[status.workspace.found_by]
    common.facts(
        console,
        {"claim": f"{status.workspace.claim}  {found}", "mounted at": status.workspace.path},
    )
    if status.classes is None:
        _heading(console, "Storage classes")
        console.line("The account may not read them; what needs them is found by trying.")
    elif status.classes:
        _heading(console, "Storage classes")
        console.table(_CLASSES, status.classes)
    if status.rights:
        _heading(console, "Rights")
        console.table(_rights(console), status.rights)


def _heading(console: Console, title: str) -> None:
    console.line()
    console.line(title, "bold")


def _rights(console: Console) -> tuple[Column[Right], ...]:
    yes, no = console.tick
    return (
        Column("", lambda r: yes if r.allowed else no, style=_verdict),
        Column("RIGHT", lambda r: f"{r.verb} {r.resource}", shrink_to=20),
        Column("NEEDED TO", lambda r: r.needed_for, drop=2, shrink_to=12),
        Column("GRANTED BY", lambda r: "" if r.allowed else r.granted_by, drop=1),
    )


def _verdict(right: Right) -> str:
    return "good" if right.allowed else "bad"


def _problems(console: Console, problems: Iterable[Problem]) -> None:
    for problem in problems:
        style = "bad" if problem.severity == "error" else "warn"
        word = console.paint(problem.severity, style)
        console.line(f"{word}: {text.clean(problem.message)}")
        if problem.hint:
            console.line(f"    {text.clean(problem.hint)}")
