"""Events as ``kubectl describe`` shows them: the same again only raises a count.

After ``k8s.io/client-go/tools/record``.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers.objects import reference, timestamp

if TYPE_CHECKING:
    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["Recorder"]

_REMEMBERED = 4096
_LONGEST_MESSAGE = 1024


class Recorder:
    """Writes the events of one component.

    Parameters
    ----------
    store : Store
        Where events go.
    component : str
        ``source.component`` of the events.
    """

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, ...], tuple[str, str]] = OrderedDict()

    def normal(self, obj: Object, reason: str, message: str) -> None:
        """Tell of something that went as it should."""
        self._record(obj, "Normal", reason, message)

    def warning(self, obj: Object, reason: str, message: str) -> None:
        """Tell of something that went wrong."""
        self._record(obj, "Warning", reason, message)

    def _record(self, obj: Object, kind: str, reason: str, message: str) -> None:
        message = message[:_LONGEST_MESSAGE]
        key = (obj["metadata"]["uid"], kind, reason, message)
        with self._lock:
            try:
                if not self._repeat(key):
                    self._create(key, obj, kind, reason, message)
            except ApiError as error:
                if error.code not in (403, 404):  # the namespace is going, or gone
                    raise

    def _repeat(self, key: tuple[str, ...]) -> bool:
        """Raise the count of an event that was written before."""
        known = self._known.get(key)
        if known is None:
            return False
        namespace, name = known
        try:
            count = self._store.get("Event", namespace, name).get("count", 1)
            again = {"count": count + 1, "lastTimestamp": timestamp()}
            self._store.patch("Event", namespace, name, again)
        except ApiError as error:
            if error.code != 404:  # it has grown old and was removed
                raise
            del self._known[key]
            return False
        self._known.move_to_end(key)
        return True

    def _create(
        self, key: tuple[str, ...], obj: Object, kind: str, reason: str, message: str
    ) -> None:
        namespace = obj["metadata"].get("namespace", "default")
        now = timestamp()
        event = {
            "metadata": {
                "name": f"{obj['metadata']['name']}.{time.time_ns():x}",
                "namespace": namespace,
            },
            "involvedObject": reference(obj),
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": "",
        }
        stored = self._store.create("Event", event)
        self._known[key] = (namespace, stored["metadata"]["name"])
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
