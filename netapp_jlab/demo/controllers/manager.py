"""All controllers together: started, told of every change, stopped."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from netapp_jlab.demo.api.kinds import Kind, stored
from netapp_jlab.demo.controllers.binder import ClaimBinder
from netapp_jlab.demo.controllers.cluster import Cluster, StorageFaults
from netapp_jlab.demo.controllers.contents import ContentController
from netapp_jlab.demo.controllers.garbage import EventJanitor, GarbageCollector
from netapp_jlab.demo.controllers.namespaces import NamespaceCleaner, ServiceAccounts
from netapp_jlab.demo.controllers.pods import Kubelet, Scheduler
from netapp_jlab.demo.controllers.protection import ClaimProtection
from netapp_jlab.demo.controllers.provisioner import Provisioner
from netapp_jlab.demo.controllers.quotas import QuotaController, check_quotas
from netapp_jlab.demo.controllers.resizer import Resizer
from netapp_jlab.demo.controllers.snapshots import SnapshotController
from netapp_jlab.demo.controllers.volumes import VolumeReclaimer

if TYPE_CHECKING:
    from netapp_jlab.demo.api.auth.users import User
    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.api.watches import Watch
    from netapp_jlab.demo.controllers.controller import Controller
    from netapp_jlab.demo.controllers.objects import Object
    from netapp_jlab.demo.storage import Storage

__all__ = ["Controllers"]

_log = logging.getLogger(__name__)

_KINDS: tuple[type[Controller], ...] = (
    ServiceAccounts,
    ClaimBinder,
    Provisioner,
    VolumeReclaimer,
    Resizer,
    SnapshotController,
    ContentController,
    ClaimProtection,
    Scheduler,
    Kubelet,
    NamespaceCleaner,
    QuotaController,
    GarbageCollector,
    EventJanitor,
)


class Controllers:
    """The controllers of one cluster.

    Quotas are installed in the store's admission at once, so they hold for what is written before
    :meth:`start` as well.

    Parameters
    ----------
    store : Store
        All objects.
    storage : Storage
        The array.
    faults : StorageFaults
        How the array behaves badly on demand.
    """

    def __init__(self, store: Store, storage: Storage, faults: StorageFaults) -> None:
        self._cluster = Cluster(store, storage, faults)
        self._controllers = [kind(self._cluster) for kind in _KINDS]
        self._watch: Watch | None = None
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)

        def admit(
            operation: str, kind: Kind, new: Object | None, old: Object | None, _user: User | None
        ) -> None:
            check_quotas(store, operation, kind, new, old)

        store.admission.append(admit)

    def start(self) -> None:
        """Begin to watch and to work."""
        for controller in self._controllers:
            controller.start()
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop watching and let the workers finish what they do.

        Parameters
        ----------
        timeout : float
            Seconds to wait for each thread; they die with the process anyway, and what they leave
            undone is done at the next start.
        """
        self._cluster.stopping.set()
        if self._watch is not None:
            self._watch.close()
        if self._thread.is_alive():
            self._thread.join(timeout)
        for controller in self._controllers:
            controller.stop(timeout)

    def _run(self) -> None:
        """Tell what there is, then every change; begin anew when the watch fell behind."""
        store = self._cluster.store
        while not self._cluster.stopping.is_set():
            for index in self._cluster.indexes:
                index.clear()
            version = str(store.resource_version)  # what changes while listing is told again
            for kind in stored():
                for obj in store.list(kind.kind).items:
                    self._tell("ADDED", obj)
            with store.watch(None, resource_version=version) as watch:
                self._watch = watch
                if self._cluster.stopping.is_set():
                    return
                for event in watch:
                    self._tell(event.type, event.object)

    def _tell(self, kind_of_change: str, obj: Object) -> None:
        self._index(kind_of_change, obj)
        for controller in self._controllers:
            if obj["kind"] in controller.watches or "*" in controller.watches:
                try:
                    controller.tell(obj)
                except (KeyError, TypeError, AttributeError):
                    # an object that no controller can make sense of must not stop the others
                    _log.exception("%s cannot read a %s", type(controller).__name__, obj["kind"])

    def _index(self, kind_of_change: str, obj: Object) -> None:
        for index in self._cluster.indexes:
            if index.kind not in (obj["kind"], "*"):
                continue
            if kind_of_change == "DELETED":
                index.remove(obj)
            else:
                index.put(obj)
