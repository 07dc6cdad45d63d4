"""From a click on Snapshot to "ready" in the page, beside a raw create and watch.

Ours: ``POST volumes/{name}/snapshots`` on the Jupyter server, until the event stream of the page
(``/api/events/subscribe``) tells phase ``ready``. Theirs: the same VolumeSnapshot posted straight
to the API server, until a watch that is open already tells ``readyToUse``: nothing can be quicker.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any, Protocol

import common
import connections
import report

LIMIT = 1.15
DRIVERS = {"a driver that takes no time": 0.0, "a quick driver (0.3 s)": 0.3}
"""Seconds that the driver takes. Real ones were seen to be ready after 0.4 to 2 s in all."""

PAUSE = 0.3
"""Seconds for the events, finalizers and sidecars' notes that follow a snapshot to pass."""


class Place(Protocol):
    """A Jupyter server and the API server that it uses."""

    def jupyter(self) -> connections.Connection: ...
    def cluster(self) -> connections.Connection: ...
    def events(self) -> connections.Arrivals: ...


class Race:
    """Both ways to a snapshot of one claim, each over connections of its own."""

    def __init__(
        self,
        place: Place,
        namespace: str = common.NAMESPACE,
        claim: str = common.WORKSPACE,
        snapshot_class: str = "csi-trident",
    ) -> None:
        self._claim, self._class = claim, snapshot_class
        self._snapshots = common.SNAPSHOTS_OF.format(namespace)
        self._jupyter = place.jupyter()
        self._cluster = place.cluster()
        self._jupyter.send("GET", "/netapp-jlab/volumes")  # the panel is open
        found = self._cluster.send("GET", f"{common.CLAIMS_OF.format(namespace)}/{claim}")
        self._uid = json.loads(found)["metadata"]["uid"]
        self._events = place.events()
        self._watch = connections.watch(place.cluster(), self._snapshots)

    def ours(self) -> float:
        """Return the seconds from the click to the event."""
        name = _name("click")
        body = {"name": name, "note": "before cleaning", "request_id": uuid.uuid4().hex}
        began = time.perf_counter()
        self._jupyter.send("POST", f"/netapp-jlab/volumes/{self._claim}/snapshots", body)
        came = self._events.until(lambda event: _told_ready(event, name))
        time.sleep(PAUSE)
        return came - began

    def theirs(self) -> float:
        """Return the seconds from the create to the watch event."""
        name = _name("raw")
        body = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {"name": name, "labels": {"netapp-jlab.io/volume-uid": self._uid}},
            "spec": {
                "source": {"persistentVolumeClaimName": self._claim},
                "volumeSnapshotClassName": self._class,
            },
        }
        began = time.perf_counter()
        self._cluster.send("POST", self._snapshots, body)
        came = self._watch.until(lambda event: _is_ready(event, name))
        time.sleep(PAUSE)
        return came - began

    def close(self) -> None:
        for one in (self._events, self._watch, self._jupyter, self._cluster):
            one.close()


def _name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def _told_ready(event: dict[str, Any], name: str) -> bool:
    return (event.get("kind"), event.get("name"), event.get("phase")) == ("snapshot", name, "ready")


def _is_ready(event: dict[str, Any], name: str) -> bool:
    found = event["object"]
    return found["metadata"]["name"] == name and bool(found.get("status", {}).get("readyToUse"))


def main() -> int:
    args = report.parser(__doc__, rounds=15).parse_args()
    told = report.Report("click_to_ready", facts={"rounds": args.rounds})
    with common.temporary_home() as home, common.demo(home) as demo:
        race = Race(demo)
        race.ours(), race.theirs()  # the first ones connect
        for driver, seconds in DRIVERS.items():
            demo.misbehave(snapshot_delay=seconds)
            report.say(driver)
            ours, theirs = report.alternate(args.rounds, race.ours, race.theirs)
            told.measures += [
                report.ratio(f"click to ready, {driver}", ours, theirs, LIMIT if seconds else None),
                report.difference(
                    f"overhead, {driver}",
                    [one * 1e3 for one in ours],
                    [one * 1e3 for one in theirs],
                    "ms",
                ),
            ]
        race.close()
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
