"""Every right that the product uses, what for, and what under ``rbac/`` grants it."""

from __future__ import annotations

from dataclasses import dataclass

from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.wire import Object


@dataclass(frozen=True)
class NeededRight:
    """One right.

    Attributes
    ----------
    group : str
        API group; empty for the core group.
    resource : str
        Its plural, as in RBAC rules.
    cluster_scoped : bool
        Only a ClusterRoleBinding grants it.
    needed_for : str
        Ends the sentence “It is needed to …”.
    granted_by : str
        Folder in the repository, for ``kubectl apply -k``.
    """

    verb: str
    group: str
    resource: str
    cluster_scoped: bool
    needed_for: str
    granted_by: str


READ, SNAPSHOT, FULL, MOVER, CLASSES = (
    f"rbac/tiers/{name}" for name in ("read", "snapshot", "full", "mover", "classes")
)


def _rights(
    kind: Kind[Object], granted_by: str, subresource: str = "", **needed_for: str
) -> tuple[NeededRight, ...]:
    resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
    return tuple(
        NeededRight(verb, kind.group, resource, not kind.namespaced, what, granted_by)
        for verb, what in needed_for.items()
    )


RIGHTS: tuple[NeededRight, ...] = (
    *_rights(
        kinds.CLAIMS,
        READ,
        get="look at a volume",
        list="list the volumes",
        watch="show changes of volumes at once",
    ),
    *_rights(
        kinds.SNAPSHOTS,
        READ,
        get="look at a snapshot",
        list="list the snapshots",
        watch="show changes of snapshots at once",
    ),
    *_rights(
        kinds.PODS,
        READ,
        get="find out which volumes are mounted here",
        list="tell which pods use a volume",
    ),
    *_rights(kinds.EVENTS, READ, list="explain why a volume is pending"),
    *_rights(
        kinds.SNAPSHOTS,
        SNAPSHOT,
        create="take snapshots",
        patch="change notes, and restore",
        delete="delete snapshots, and tidy up after restores",
    ),
    *_rights(
        kinds.CLAIMS,
        FULL,
        create="create and clone volumes",
        patch="grow volumes",
        delete="delete volumes",
    ),
    *_rights(
        kinds.PODS,
        MOVER,
        create="start helper pods, where snapshots are not shown as files",
        delete="remove helper pods",
        watch="go on as soon as a helper pod runs",
    ),
    *_rights(
        kinds.PODS,
        MOVER,
        "exec",
        create="talk to helper pods",
        get="talk to helper pods",
    ),
    *_rights(
        kinds.STORAGE_CLASSES,
        CLASSES,
        get="look at a storage class",
        list="offer the storage classes, and tell what they can do",
    ),
    *_rights(
        kinds.SNAPSHOT_CLASSES,
        CLASSES,
        get="look at a snapshot class",
        list="choose the snapshot class of a volume",
    ),
    *_rights(
        kinds.PERSISTENT_VOLUMES,
        CLASSES,
        get="tell where a volume is stored",
        list="tell where the volumes are stored",
    ),
    *_rights(
        kinds.SNAPSHOT_CONTENTS,
        CLASSES,
        get="tell where a snapshot is stored",
        list="tell where the snapshots are stored",
    ),
)
