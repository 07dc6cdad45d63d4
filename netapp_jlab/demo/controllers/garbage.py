"""What belongs to something that is gone goes too; and events that have grown old.

After ``k8s.io/kubernetes/pkg/controller/garbagecollector``; events live an hour, as an API server
keeps them by default.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from netapp_jlab.demo.api.kinds import KINDS
from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.objects import (
    being_deleted,
    finalizers,
    key_of,
    parse_time,
    remove_finalizer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["EventJanitor", "GarbageCollector"]

_FOREGROUND = "foregroundDeletion"
_ORPHAN = "orphan"
_EVENT_LIFE = 3600.0


class GarbageCollector(Controller):
    """Deletes dependents whose owners are gone, in the order that the deletion asked for."""

    component = "garbage-collector-controller"
    watches = ("*",)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the object itself, its dependents, and owners that wait for it."""
        if obj["kind"] == "Event":
            return ()
        meta = obj["metadata"]
        owners = [f"{ref['kind']}|{_in(meta, ref)}" for ref in meta.get("ownerReferences") or ()]
        interesting = bool(owners) or being_deleted(obj)
        mine = [f"{obj['kind']}|{key_of(obj)}"] if interesting else []
        return [*mine, *owners, *self.cluster.dependents.get(meta["uid"])]

    def reconcile(self, key: str) -> None:
        """Bring one object's deletion forward, or begin it."""
        kind, _, name = key.partition("|")
        obj = self.cluster.find(kind, name) if kind in KINDS else None
        if obj is None:
            return
        if not being_deleted(obj):
            owners = obj["metadata"].get("ownerReferences") or []
            if owners and not any(self._alive(obj, ref) for ref in owners):
                self.cluster.delete(obj, propagation="Background")
        elif _ORPHAN in finalizers(obj):
            self._orphan(obj)
        elif _FOREGROUND in finalizers(obj):
            self._delete_dependents(obj)

    def _alive(self, obj: Object, ref: Object) -> bool:
        """Whether an owner exists; one of a kind that is not served is taken to."""
        if ref["kind"] not in KINDS:
            return True
        owner = self.cluster.find(ref["kind"], _in(obj["metadata"], ref))
        return owner is not None and owner["metadata"]["uid"] == ref["uid"]

    def _dependents(self, obj: Object) -> list[Object]:
        uid = obj["metadata"]["uid"]
        keys = (key.partition("|") for key in self.cluster.dependents.get(uid))
        found = (self.cluster.find(kind, name) for kind, _, name in keys)
        return [dependent for dependent in found if dependent is not None]

    def _orphan(self, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        for dependent in self._dependents(obj):
            self.cluster.change(dependent, lambda new: _disown(new, uid))
        self.cluster.change(obj, lambda new: remove_finalizer(new, _ORPHAN))

    def _delete_dependents(self, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        dependents = self._dependents(obj)
        for dependent in dependents:
            if not being_deleted(dependent):
                self.cluster.delete(dependent, propagation="Foreground")
        if any(_blocks(dependent, uid) for dependent in self._dependents(obj)):
            raise RetryError("dependents are going")
        self.cluster.change(obj, lambda new: remove_finalizer(new, _FOREGROUND))


class EventJanitor(Controller):
    """Removes events an hour after they were last seen."""

    component = "event-janitor"
    watches = ("Event",)

    def reconcile(self, key: str) -> None:
        """Remove one event, or come back when its time is up."""
        event = self.cluster.find("Event", key)
        if event is None:
            return
        seen = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
        age = (datetime.now(timezone.utc) - parse_time(seen)).total_seconds()
        if age >= _EVENT_LIFE:
            self.cluster.delete(event)
        else:
            self.queue.add_after(key, _EVENT_LIFE - age)


def _in(meta: Object, ref: Object) -> str:
    """Key of an owner: of the dependent's namespace, or cluster-scoped."""
    kind = KINDS.get(ref["kind"])
    if kind is None or not kind.namespaced or not meta.get("namespace"):
        return str(ref["name"])
    return f"{meta['namespace']}/{ref['name']}"


def _disown(obj: Object, uid: str) -> None:
    meta = obj["metadata"]
    kept = [ref for ref in meta.get("ownerReferences") or [] if ref["uid"] != uid]
    if kept:
        meta["ownerReferences"] = kept
    else:
        meta.pop("ownerReferences", None)


def _blocks(dependent: Object, uid: str) -> bool:
    references = dependent["metadata"].get("ownerReferences") or []
    return any(ref["uid"] == uid and ref.get("blockOwnerDeletion") for ref in references)
