"""The embedded cluster without its HTTP side, and how tests talk to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netapp_jlab.demo.api.bootstrap import open_cluster
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.faults import Faults
from netapp_jlab.demo.controllers import Controllers
from netapp_jlab.demo.project.classes import add_classes
from netapp_jlab.demo.storage import Storage

Object = dict[str, Any]


class World:
    def __init__(self, home: Path) -> None:
        self.store = open_cluster(str(home / "cluster.sqlite"))
        self.storage = Storage(str(home / "array"), durable=False)
        self.faults = Faults()
        self.controllers = Controllers(self.store, self.storage, self.faults)
        add_classes(self.store)
        self.controllers.start()
        self.wait(lambda: self.find("ServiceAccount", "default", "default"))

    def close(self) -> None:
        self.controllers.stop()
        self.store.close()
        self.storage.close()

    def find(self, kind: str, name: str, namespace: str | None = "default") -> Object | None:
        try:
            return self.store.get(kind, namespace, name)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def wait(self, condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        """Wait until `condition` gives something true, and return that."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, "did not happen in time"
            time.sleep(0.005)
        return found

    def create(self, kind: str, obj: Object) -> Object:
        return self.store.create(kind, obj)

    def delete(self, kind: str, name: str, namespace: str | None = "default") -> None:
        self.store.delete(kind, namespace, name)

    def claim(
        self, name: str, size: str = "1Gi", namespace: str = "default", **spec: Any
    ) -> Object:
        body = {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "resources": {"requests": {"storage": size}},
                **spec,
            },
        }
        body["metadata"].update(spec.pop("metadata", {}))
        body["spec"].pop("metadata", None)
        return self.create("PersistentVolumeClaim", body)

    def bound(self, name: str, namespace: str = "default") -> Object:
        def check() -> Object | None:
            claim = self.find("PersistentVolumeClaim", name, namespace)
            ready = claim and claim["status"].get("phase") == "Bound"
            return claim if ready and claim["status"].get("capacity") else None

        return self.wait(check)

    def new_claim(self, name: str, size: str = "1Gi", **spec: Any) -> Object:
        self.claim(name, size, **spec)
        return self.bound(name)

    def volume(self, claim: Object) -> Object:
        found = self.find("PersistentVolume", claim["spec"]["volumeName"], None)
        assert found is not None
        return found

    def folder(self, name: str) -> Path:
        return Path(self.storage.path(self.bound(name)["spec"]["volumeName"]))

    def snapshot(self, name: str, claim: str, **spec: Any) -> Object:
        source = {"persistentVolumeClaimName": claim}
        body = {
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"source": source, **spec},
        }
        return self.create("VolumeSnapshot", body)

    def ready(self, name: str) -> Object:
        def check() -> Object | None:
            found = self.find("VolumeSnapshot", name)
            return found if found and found.get("status", {}).get("readyToUse") else None

        return self.wait(check)

    def new_snapshot(self, name: str, claim: str) -> Object:
        self.snapshot(name, claim)
        return self.ready(name)

    def gone(self, kind: str, name: str, namespace: str | None = "default") -> None:
        self.wait(lambda: self.find(kind, name, namespace) is None)

    def error(self, name: str) -> str:
        """Wait for an error in a snapshot's status."""

        def check() -> str | None:
            found = self.find("VolumeSnapshot", name) or {}
            return (found.get("status", {}).get("error") or {}).get("message")

        return str(self.wait(check))

    def event(self, name: str, reason: str, namespace: str = "default") -> str:
        """Wait for an event about the object `name`, and return its message."""

        def check() -> str | None:
            events = self.store.list("Event", namespace).items
            for event in reversed(events):
                if event["involvedObject"]["name"] == name and event["reason"] == reason:
                    return str(event["message"])
            return None

        return str(self.wait(check))

    def pod(self, name: str, claim: str) -> Object:
        return self.create(
            "Pod",
            {
                "metadata": {"name": name, "namespace": "default"},
                "spec": {
                    "containers": [{"name": "main", "image": "busybox"}],
                    "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}],
                },
            },
        )

    def running(self, name: str) -> Object:
        def check() -> Object | None:
            pod = self.find("Pod", name)
            return pod if pod and pod["status"].get("phase") == "Running" else None

        return self.wait(check)


SNAPSHOT_SOURCE = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"}
CLAIM_SOURCE = {"kind": "PersistentVolumeClaim"}
