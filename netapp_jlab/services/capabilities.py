"""What can be done here, what is missing, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator

from netapp_jlab.errors import NetAppJLabError, Upstream
from netapp_jlab.k8s import naming
from netapp_jlab.k8s.access import RIGHTS, Access
from netapp_jlab.k8s.rights import MOVER
from netapp_jlab.models import API_VERSION, Problem, Right, Status, StorageClass, Workspace
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes, is_default
from netapp_jlab.services.mounts import Mounts
from netapp_jlab.version import __version__


class Capabilities:
    """Looks at the account, the cluster and this server."""

    def __init__(self, catalog: Catalog, classes: Classes, access: Access) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._settings = catalog.settings
        self._classes = classes
        self._access = access

    def status(self) -> Status:
        """Return what works here and what does not; never raises for what is missing."""
        version, problems = "", []
        try:
            version = self._cluster.version()
        except NetAppJLabError as error:
            problems.append(_problem(error))
        if not version:
            return self._status("", Mounts(), None, (), problems)
        rights = tuple(self._rights())
        storage = self._storage_classes()
        mounts = Mounts()
        try:
            mounts = self._catalog.mounts()
        except NetAppJLabError as error:
            problems.append(_problem(error))
        problems += _missing(rights)
        problems += _about_classes(storage)
        problems += _about_workspace(mounts)
        return self._status(version, mounts, storage, rights, problems)

    def _status(
        self,
        version: str,
        mounts: Mounts,
        storage: tuple[StorageClass, ...] | None,
        rights: tuple[Right, ...],
        problems: list[Problem],
    ) -> Status:
        workspace = mounts.workspace or self._settings.workspace_claim
        mount = mounts.get(workspace)
        return Status(
            version=__version__,
            api_version=API_VERSION,
            namespace=self._cluster.namespace if version else self._settings.namespace,
            server=self._cluster.server if version else "",
            kubernetes=version,
            account=self._account() if version else "",
            user=self._settings.user,
            read_only=self._settings.read_only,
            connected=bool(version),
            workspace=Workspace(
                claim=workspace, path=mount.path if mount else "", found_by=mounts.found_by
            ),
            classes=storage,
            rights=rights,
            problems=tuple(problems),
        )

    def _account(self) -> str:
        try:
            return self._cluster.account()
        except Upstream:
            return ""

    def _rights(self) -> Iterator[Right]:
        for needed in RIGHTS:
            if needed.granted_by == MOVER and not self._settings.mover_enabled:
                continue
            yield Right(
                verb=needed.verb,
                resource=needed.resource,
                needed_for=needed.needed_for,
                allowed=self._access.allowed(needed.verb, needed.resource, needed.group),
                granted_by=needed.granted_by,
            )

    def _storage_classes(self) -> tuple[StorageClass, ...] | None:
        classes = self._catalog.storage_classes()
        if classes is None:
            return None
        shown = []
        for name, one in sorted(classes.items()):
            snapshot_class, reason = "", ""
            try:
                snapshot_class = self._classes.snapshot_class(one.provisioner)
            except NetAppJLabError as error:
                reason = f"{error.message} {error.hint}".strip()
            shown.append(
                StorageClass(
                    name=name,
                    driver=one.provisioner,
                    default=is_default(one, naming.DEFAULT_CLASS),
                    expandable=one.allow_volume_expansion,
                    reclaim_policy=one.reclaim_policy,
                    binding_mode=one.volume_binding_mode,
                    snapshot_class=snapshot_class,
                    reason=reason,
                )
            )
        return tuple(shown)


def _problem(error: NetAppJLabError) -> Problem:
    return Problem(reason=error.reason, message=error.message, hint=error.hint)


def _missing(rights: tuple[Right, ...]) -> Iterator[Problem]:
    """Name each file that would grant what the account lacks, once."""
    files: dict[str, list[str]] = {}
    for right in rights:
        if not right.allowed:
            files.setdefault(right.granted_by, []).append(f"{right.verb} {right.resource}")
    for file, lacking in files.items():
        essential = file.endswith("/read")
        yield Problem(
            reason="MissingRight",
            message=f"The account may not {', '.join(lacking)}.",
            hint=f"An administrator can grant it: kubectl apply -k {file}",
            severity="error" if essential else "warning",
        )


def _about_classes(storage: tuple[StorageClass, ...] | None) -> Iterator[Problem]:
    if storage is not None and storage and not any(one.snapshot_class for one in storage):
        yield Problem(
            reason="NoSnapshotClass",
            message="No storage class has a snapshot class: nothing can be snapshotted.",
            hint="An administrator can add a VolumeSnapshotClass for the storage driver.",
        )


def _about_workspace(mounts: Mounts) -> Iterator[Problem]:
    if not mounts.workspace:
        yield Problem(
            reason="NoWorkspace",
            message="Which volume holds your workspace is not known here.",
            hint="Set NetAppJLab.workspace_claim (and NetAppJLab.mounts outside a pod).",
            severity="warning",
        )
