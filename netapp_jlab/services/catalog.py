"""What is known of the namespace: read when asked, or followed by informers once started.

Lists come from the informers where they run; a single object is always read live, because what
is about to be changed must not be judged by what it was a moment ago.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

from netapp_jlab.config import Settings
from netapp_jlab.errors import (
    Forbidden,
    Invalid,
    NetAppJLabError,
    NotFound,
    Unsupported,
    Upstream,
)
from netapp_jlab.k8s import kinds, naming
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.outage import Outage
from netapp_jlab.k8s.wire import (
    Claim,
    Object,
    PersistentVolume,
    Pod,
    SnapshotClass,
    SnapshotContent,
    StorageClass,
    VolumeSnapshot,
)
from netapp_jlab.services.mounts import Mounts, find, own_pod_name

T = TypeVar("T")
Obj = TypeVar("Obj", bound=Object)

SHORT = 5.0
"""Seconds for which what no informer follows is kept: pods, events."""
LONG = 60.0
"""Seconds for which what an administrator changes is kept: classes."""
GONE_POD = frozenset({"Succeeded", "Failed"})


class Kept(Generic[T]):
    """A value that is read again once it is older than `seconds`.

    While the API server is out of reach what was known stands, as the informers' lists do; with 0
    seconds nothing is kept.
    """

    def __init__(self, read: Callable[[], T], seconds: float, outage: Outage) -> None:
        self._read = read
        self._seconds = seconds
        self._outage = outage
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = 0.0

    def get(self) -> T:
        """Return the value, reading it where it is missing or old."""
        with self._lock:
            if self._value is None or time.monotonic() >= self._until:
                self._renew()
            assert self._value is not None
            return self._value

    def _renew(self) -> None:
        stands = self._value is not None and self._seconds > 0
        if stands and self._outage.lasts:
            return
        try:
            self._value = self._read()
        except Upstream:
            if not stands:
                raise
            self._outage.begin()
        else:
            self._until = time.monotonic() + self._seconds

    def forget(self) -> None:
        """Read it anew next time, and raise where that can't be done."""
        with self._lock:
            self._value = None


class Catalog:
    """The objects of one namespace, and the classes of the cluster.

    Parameters
    ----------
    cluster : Cluster
        Where to read.
    settings : Settings
        For the mounts.
    outage : Outage, optional
        What others know of the API server's absence.
    """

    def __init__(self, cluster: Cluster, settings: Settings, outage: Outage | None = None) -> None:
        self.cluster = cluster
        self.settings = settings
        self._outage = outage or Outage()
        self._claims: Informer[Claim] | None = None
        self._snapshots: Informer[VolumeSnapshot] | None = None
        self._live_claims = self.keep(lambda: self._by_name(kinds.CLAIMS), 0)
        self._live_snapshots = self.keep(lambda: self._by_name(kinds.SNAPSHOTS), 0)
        self._storage_classes = self.keep(
            lambda: _readable(self._by_name, kinds.STORAGE_CLASSES), LONG
        )
        self._snapshot_classes = self.keep(
            lambda: _readable(self._by_name, kinds.SNAPSHOT_CLASSES), LONG
        )
        self._pods = self.keep(self._read_pods, SHORT)
        self._pending_messages = self.keep(self._read_pending_messages, SHORT)
        self._mounts = self.keep(self._find_mounts, LONG)
        self._volumes: dict[str, PersistentVolume] = {}
        self._shown: tuple[Mapping[str, Claim], Mapping[str, Claim]] = ({}, {})

    def keep(self, read: Callable[[], T], seconds: float) -> Kept[T]:
        """Return a value that is read when it is asked for, and kept for `seconds`."""
        return Kept(read, seconds, self._outage)

    # --- Following -------------------------------------------------------------------------------

    def follow(
        self,
        claims: Informer[Claim],
        snapshots: Informer[VolumeSnapshot],
    ) -> None:
        """Read lists from these informers from now on."""
        self._claims, self._snapshots = claims, snapshots

    @property
    def stale_since(self) -> datetime | None:
        """Since when the lists are no longer up to date; None while they are."""
        since = [
            informer.stale_since
            for informer in (self._claims, self._snapshots)
            if informer is not None and informer.synced and informer.stale_since is not None
        ]
        return min(since, default=None)

    def live_claims(self) -> Mapping[str, Claim]:
        """List the claims now, whatever the informer has."""
        return self._live_claims.get()

    def live_snapshots(self) -> Mapping[str, VolumeSnapshot]:
        """List the snapshots now, whatever the informer has."""
        return self._live_snapshots.get()

    # --- Claims and snapshots --------------------------------------------------------------------

    def claims(self) -> Mapping[str, Claim]:
        """Return all claims of the namespace by name, but for those of helper pods."""
        found = self._followed(self._claims, self._live_claims)
        known, shown = self._shown
        if known is not found:  # informers hand out another one after each change
            shown = found
            if any(is_helpers(claim) for claim in found.values()):
                shown = {name: claim for name, claim in found.items() if not is_helpers(claim)}
            self._shown = (found, shown)
        return shown

    def snapshots(self) -> Mapping[str, VolumeSnapshot]:
        """Return all snapshots of the namespace by name; none where there is no such kind."""
        try:
            return self._followed(self._snapshots, self._live_snapshots)
        except Unsupported:
            return {}  # volumes are shown all the same; that no class can snapshot says why

    def claim(self, name: str) -> Claim:
        """Read one claim, live.

        Raises
        ------
        NotFound
            There is none of this name in the namespace.
        """
        try:
            naming.validate_name(name, "volume")  # a path like “..” must not reach the API server
            return self.cluster.get(kinds.CLAIMS, name)
        except (NotFound, Invalid):
            raise NotFound(
                f"There is no volume “{name}” in the namespace “{self.cluster.namespace}”.",
                hint="`netapp-jlab volumes` lists those there are.",
            ) from None

    def snapshot(self, name: str) -> VolumeSnapshot:
        """Read one snapshot, live.

        Raises
        ------
        NotFound
            There is none of this name in the namespace.
        """
        try:
            naming.validate_name(name, "snapshot")
            return self.cluster.get(kinds.SNAPSHOTS, name)
        except (NotFound, Invalid):
            raise NotFound(
                f"There is no snapshot “{name}” in the namespace “{self.cluster.namespace}”.",
                hint="`netapp-jlab snapshots` lists those there are.",
            ) from None

    def claim_with_uid(self, uid: str) -> Claim | None:
        """Return the present claim with this uid, or None."""
        return next((claim for claim in self.claims().values() if claim.metadata.uid == uid), None)

    def known_claim(self, name: str) -> Claim:
        """Return one claim as the list has it; live where that lacks it.

        Raises
        ------
        NotFound
            There is none of this name in the namespace.
        """
        known = self.claims().get(name)
        return known if known is not None else self.claim(name)

    def clones_of(self, name: str, kind: str = "VolumeSnapshot") -> list[Claim]:
        """Return the claims that were made from a snapshot (or another claim)."""
        return [
            claim
            for claim in self.claims().values()
            if claim.spec.data_source is not None
            and claim.spec.data_source.kind == kind
            and claim.spec.data_source.name == name
        ]

    # --- What belongs to the cluster -------------------------------------------------------------

    def storage_classes(self) -> Mapping[str, StorageClass] | None:
        """Return the StorageClasses by name; None where they may not be read."""
        return self._storage_classes.get()[0]

    def snapshot_classes(self) -> Mapping[str, SnapshotClass] | None:
        """Return the VolumeSnapshotClasses by name; None where they may not be read."""
        return self._snapshot_classes.get()[0]

    def persistent_volume(self, claim: Claim) -> PersistentVolume | None:
        """Read the claim's PersistentVolume; None while it has none or where it may not be read."""
        name = claim.spec.volume_name
        if not name:
            return None
        if name not in self._volumes:
            try:
                self._volumes[name] = self.cluster.get(kinds.PERSISTENT_VOLUMES, name)
            except (Forbidden, NotFound):
                return None
        return self._volumes[name]

    def known_handle(self, claim: Claim) -> str:
        """Return the driver's name of the volume where it was read already; else ""."""
        volume = self._volumes.get(claim.spec.volume_name)
        return volume.spec.csi.volume_handle if volume is not None and volume.spec.csi else ""

    def snapshot_content(self, snapshot: VolumeSnapshot) -> SnapshotContent | None:
        """Read the VolumeSnapshotContent; None while there is none or it may not be read."""
        name = snapshot.status.bound_volume_snapshot_content_name
        if not name:
            return None
        try:
            return self.cluster.get(kinds.SNAPSHOT_CONTENTS, name)
        except (Forbidden, NotFound):
            return None

    # --- Pods, mounts, events --------------------------------------------------------------------

    def pods_of(self, claim: str) -> tuple[str, ...] | None:
        """Return the pods that mount `claim` and have not ended; None where pods are not shown."""
        by_claim = self._pods.get()[0]
        return None if by_claim is None else tuple(by_claim.get(claim, ()))

    def pods_now(self, claim: str) -> tuple[str, ...] | None:
        """Like :meth:`pods_of`, read live: for what can not be taken back."""
        self._pods.forget()
        return self.pods_of(claim)

    def mounts(self) -> Mounts:
        """Return which claims are mounted here."""
        return self._mounts.get()

    def pending_message(self, claim: Claim) -> str:
        """Return the provisioner's last word on a claim that is not bound; "" if there is none."""
        return self._pending_messages.get().get(claim.metadata.uid, "")

    def prefetch(self) -> None:
        """Read what a list of volumes needs besides, while the informers may still be listing."""
        for kept in (self._pods, self._snapshot_classes, self._storage_classes):
            kept.get()

    # --- Reading ---------------------------------------------------------------------------------

    def _followed(
        self, informer: Informer[Obj] | None, live: Kept[dict[str, Obj]]
    ) -> Mapping[str, Obj]:
        if informer is None:
            return live.get()
        try:
            informer.wait_synced(self.settings.request_timeout)
        except Forbidden:
            # NetApp's ClusterRole allows to list but not to watch: then every call lists.
            return live.get()
        return informer.items()

    def _by_name(self, kind: Kind[Obj]) -> dict[str, Obj]:
        items = self.cluster.list(kind).items
        return {item.metadata.name: item for item in items}

    def _read_pods(self) -> tuple[dict[str, list[str]] | None]:
        try:
            pods = self.cluster.list(kinds.PODS).items
        except Forbidden:
            return (None,)
        by_claim: dict[str, list[str]] = {}
        for pod in pods:
            if pod.status.phase in GONE_POD:
                continue
            for volume in pod.spec.volumes:
                if volume.persistent_volume_claim is not None:
                    name = volume.persistent_volume_claim.claim_name
                    by_claim.setdefault(name, []).append(pod.metadata.name)
        return (by_claim,)

    def _read_pending_messages(self) -> dict[str, str]:
        try:
            events = self.cluster.list(
                kinds.EVENTS, field_selector="involvedObject.kind=PersistentVolumeClaim"
            ).items
        except NetAppJLabError:
            return {}  # only an explanation; the volume is shown as pending without it
        events.sort(key=lambda event: event.when)
        return {event.involved_object.uid: event.message for event in events}

    def _find_mounts(self) -> Mounts:
        return find(self.settings, self.claims(), self._own_pod)

    def _own_pod(self) -> Pod | None:
        try:
            return self.cluster.get(kinds.PODS, own_pod_name())
        except (Forbidden, NotFound):
            return None


def is_helpers(claim: Claim) -> bool:
    """Whether a claim is a helper pod's copy of a snapshot, which is nobody's volume."""
    return claim.metadata.labels.get(naming.PURPOSE) == "mover"


def _readable(
    read: Callable[[Kind[Obj]], dict[str, Obj]], kind: Kind[Obj]
) -> tuple[dict[str, Obj] | None]:
    """Read all of `kind`; None where the account may not, none where there is no such kind."""
    try:
        return (read(kind),)
    except Forbidden:
        return (None,)
    except Unsupported:
        return ({},)
