"""The core put together: one :class:`Client` for the server, kernels and the command line."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import msgspec
from typing_extensions import Self

from netapp_jlab.config import Settings
from netapp_jlab.errors import NetAppJLabError, Upstream
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.access import Access
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.outage import Outage
from netapp_jlab.k8s.store import Action
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import Change
from netapp_jlab.services.capabilities import Capabilities
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.clones import Clones
from netapp_jlab.services.files import Files
from netapp_jlab.services.here import Here
from netapp_jlab.services.journal import Entry, Journal, entry_of
from netapp_jlab.services.moved import Moved
from netapp_jlab.services.movers import Movers
from netapp_jlab.services.operations import Operations
from netapp_jlab.services.permissions import Permissions
from netapp_jlab.services.places import Places
from netapp_jlab.services.restores import Restores
from netapp_jlab.services.restoring import Restoring
from netapp_jlab.services.runner import Runner
from netapp_jlab.services.snapshots import Snapshots
from netapp_jlab.services.sources import Sources
from netapp_jlab.services.trees import SnapshotTrees
from netapp_jlab.services.views import SnapshotViews, snapshot_phase, volume_phase
from netapp_jlab.services.volumes import Volumes

log = logging.getLogger(__name__)
SWEEP_EVERY = 15.0
"""Seconds between two looks, in what the informers hold, for work that others left behind."""
CLEAN_EVERY = 240
"""Sweeps between two clean-ups of what has expired: an hour."""
HELPERS_EVERY = 20
"""Sweeps between two looks for helper pods that others left behind: five minutes."""


class Client:
    """Snapshots, clones and restores of the volumes of one namespace.

    Parameters
    ----------
    settings : Settings, optional
        Where and as whom; by default the pod's service account, else the kubeconfig.
    **overrides
        Single fields of :class:`~netapp_jlab.config.Settings`.

    Examples
    --------
    >>> client = Client(namespace="jupyter")  # doctest: +SKIP
    >>> client.snapshots.create("project1", SnapshotOrder(note="before cleaning"))  # doctest: +SKIP
    """

    def __init__(self, settings: Settings | None = None, **overrides: Any) -> None:
        self.settings = msgspec.structs.replace(settings or Settings(), **overrides)
        author, patience = self.settings.user, self.settings.ready_timeout
        self._cluster = Cluster(self.settings)
        self._outage = Outage()
        self._access = Access(self._cluster, self._outage)
        self._catalog = Catalog(self._cluster, self.settings, self._outage)
        self._journal = Journal(self._catalog)
        classes = Classes(self._catalog, self.settings.snapshot_class)
        sources = Sources(self._catalog, classes, author)
        self._movers = Movers(self._catalog, sources, self._access)
        permissions = Permissions(
            self._catalog, classes, self._access, self.settings, self._movers.may
        )
        views = SnapshotViews(self._catalog)
        trees = SnapshotTrees(self._catalog)
        self.places = Places(trees, Here(trees), Moved(self._movers))
        self.files = Files(sources, self.places)
        self.capabilities = Capabilities(self._catalog, classes, self._access)
        self.snapshots = Snapshots(
            self._catalog, classes, permissions, self._journal, views, author
        )
        self.clones = Clones(
            self._catalog, classes, permissions, sources, self._journal, author, patience
        )
        self.volumes = Volumes(
            self._catalog, classes, permissions, sources, self.clones, self._journal, views
        )
        self.restores = Restores(
            self._catalog, classes, permissions, sources, self._journal, self.places
        )
        restoring = Restoring(self._catalog, sources, self._journal, self.places, patience)
        self._runner = Runner(
            self._journal,
            {"restore": restoring, "undo": restoring, "clone": self.clones.work},
            self._progressed,
        )
        self.operations = Operations(
            self._journal, self._runner, self.restores.undo, self.restores.undoable
        )
        self.clones.connect(self._runner, self.operations)
        self.restores.connect(self._runner, self.operations)
        self._on_change: Callable[[Change], None] | None = None
        self._informers: dict[str, Informer[Any]] = {}
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None

    def start(self, on_change: Callable[[Change], None] | None = None) -> None:
        """Follow the namespace from now on, and take up what other processes left behind.

        Parameters
        ----------
        on_change : Callable[[Change], None], optional
            Told of each change, in threads of this package. Of what there is already, only the
            operations are told.
        """
        self._on_change = on_change
        claims: Informer[Claim] = Informer(
            self._cluster, kinds.CLAIMS, self._volume_changed, on_state=self._connection_changed
        )
        snapshots: Informer[VolumeSnapshot] = Informer(
            self._cluster,
            kinds.SNAPSHOTS,
            self._snapshot_changed,
            on_state=self._connection_changed,
        )
        self._informers = {kinds.CLAIMS.plural: claims, kinds.SNAPSHOTS.plural: snapshots}
        for informer in self._informers.values():
            informer.start()
        self._catalog.follow(claims, snapshots)
        self._sweeper = threading.Thread(target=self._sweep, name="netapp-jlab-sweep", daemon=True)
        self._sweeper.start()

    def close(self) -> None:
        """Stop all threads; operations that run are left for others to take up."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._runner.close()
        self._movers.close()
        for informer in self._informers.values():
            informer.stop(1.0)
        if self._sweeper is not None:
            self._sweeper.join(1.0)
        self._cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- Telling ---------------------------------------------------------------------------------

    def _tell(self, change: Change) -> None:
        if self._on_change is not None and not self._closed.is_set():
            self._on_change(change)

    def _news(self, kind: Kind[Any]) -> bool:
        """Whether a change is one: in the first list of all nobody has seen an older state."""
        informer = self._informers[kind.plural]
        return informer.synced or informer.error is not None

    def _volume_changed(self, action: Action, claim: Claim) -> None:
        meta = claim.metadata
        if self._news(kinds.CLAIMS):
            self._tell(
                Change(
                    kind="volume",
                    action=action,
                    name=meta.name,
                    uid=meta.uid,
                    volume=meta.name,
                    phase=volume_phase(claim),
                )
            )
        self._record_changed(action, entry_of(kinds.CLAIMS, claim))

    def _snapshot_changed(self, action: Action, snapshot: VolumeSnapshot) -> None:
        meta = snapshot.metadata
        if self._news(kinds.SNAPSHOTS):
            self._tell(
                Change(
                    kind="snapshot",
                    action=action,
                    name=meta.name,
                    uid=meta.uid,
                    volume=snapshot.spec.source.persistent_volume_claim_name,
                    phase=snapshot_phase(snapshot),
                )
            )
        self._record_changed(action, entry_of(kinds.SNAPSHOTS, snapshot))

    def _record_changed(self, action: Action, entry: Entry | None) -> None:
        if entry is not None:
            self._journal.note(entry)
            self._tell(_operation(action, entry))

    def _progressed(self, entry: Entry) -> None:
        self._tell(_operation("modified", entry))

    def _connection_changed(self, live: bool) -> None:  # noqa: FBT001 (a callback)
        if live:
            self._outage.end()
        elif any(isinstance(one.error, Upstream) for one in self._informers.values()):
            self._outage.begin()  # a watch that is forbidden is none (NetApp's role)
        self._tell(Change(kind="connection", action="modified", phase="live" if live else "lost"))

    # --- Taking up -------------------------------------------------------------------------------

    def _sweep(self) -> None:
        sweeps = 0
        wait = 0.5  # what a killed process of this pod left behind goes on at once
        while not self._closed.wait(wait):
            wait = SWEEP_EVERY
            try:
                self._runner.take_up(self._reachable)
                self._movers.tidy()
                if sweeps % HELPERS_EVERY == 0 and not self.settings.read_only:
                    self._movers.sweep()
                if sweeps % CLEAN_EVERY == 0 and not self.settings.read_only:
                    self.restores.sweep()
                    self.clones.sweep()
                sweeps += 1
            except NetAppJLabError as error:
                log.info("Can't look for unfinished operations now: %s", error.message)

    def _reachable(self, entry: Entry) -> bool:
        """Whether this process can go on with an operation: a restore needs the volume's files."""
        if self.settings.read_only:
            return False
        if entry.record.kind == "clone":
            return True
        if entry.record.mover:
            return self.places.can_go_on(entry.record.mover)
        return self._catalog.mounts().get(entry.record.volume.name) is not None


def _operation(action: Action, entry: Entry) -> Change:
    return Change(
        kind="operation",
        action=action,
        name=entry.id,
        uid=entry.uid,
        volume=entry.record.volume.name,
        phase=entry.record.state,
    )
