"""A snapshot on a real cluster, from the click to ready, beside a raw watch and its peer.

Ours and the raw watch are those of ``click_to_ready.py``. The peer is the NetApp DataOps Toolkit
(``create_volume_snapshot``), which returns once the snapshot is ready and looks every five seconds.
All take turns on one new claim of the cluster's default classes, in a namespace of its own.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click_to_ready
import common
import connections
import labs
import report
import toolkit

LIMIT = 1.15
CLAIM = "bench"
CLASSES = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses"
BOUND_SECONDS = 60.0


class Place:
    """A Jupyter server of this machine that uses a given cluster."""

    def __init__(self, lab: labs.Lab, kubeconfig: Path) -> None:
        self._lab, self._kubeconfig = lab, kubeconfig

    def jupyter(self) -> connections.Connection:
        """Connect to the Jupyter server."""
        return self._lab.connect()

    def cluster(self) -> connections.Connection:
        """Connect to the API server."""
        return connections.connect(str(self._kubeconfig))

    def events(self) -> connections.Arrivals:
        """Subscribe to the Jupyter server's events."""
        return connections.page_events(self._lab.url, self._lab.token)


@contextmanager
def namespace(cluster: connections.Connection) -> Iterator[str]:
    """Make a namespace, and remove it with all that is in it."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    cluster.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    try:
        yield name
    finally:
        cluster.send("DELETE", f"/api/v1/namespaces/{name}")


def claim(cluster: connections.Connection, where: str, storage_class: str) -> None:
    """Make the claim, and wait until it is bound."""
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    if storage_class:
        spec["storageClassName"] = storage_class
    path = common.CLAIMS_OF.format(where)
    cluster.send("POST", path, {"metadata": {"name": CLAIM}, "spec": spec})
    deadline = time.monotonic() + BOUND_SECONDS
    while json.loads(cluster.send("GET", f"{path}/{CLAIM}"))["status"]["phase"] != "Bound":
        if time.monotonic() > deadline:
            raise RuntimeError(f"The claim was not bound within {BOUND_SECONDS:g} s.")
        time.sleep(0.2)


def settings(kubeconfig: Path, where: str, claim_name: str) -> dict[str, Any]:
    """Return what a Jupyter server is told."""
    return {
        "NetAppJLab": {
            "kubeconfig": str(kubeconfig),
            "namespace": where,
            "workspace_claim": claim_name,
        },
        "ServerApp": {"jpserver_extensions": {"netapp_jlab": True}},
    }


def peer(call: toolkit.Call, snapshot_class: str, where: str) -> float:
    """Return the seconds that the toolkit takes."""
    create = partial(
        call,
        "create_volume_snapshot",
        pvc_name=CLAIM,
        snapshot_name=f"peer-{uuid.uuid4().hex[:8]}",
        volume_snapshot_class=snapshot_class,
        namespace=where,
    )
    return report.timed(create)


def main() -> int:
    parser = report.parser(__doc__, rounds=9)
    common.add_kubeconfig(parser)
    parser.add_argument("--storage-class", default="", help="default: the cluster's")
    args = parser.parse_args()
    kubeconfig = common.given_kubeconfig(args.kubeconfig)
    told = report.Report("real_ready", facts={"rounds": args.rounds})
    cluster = connections.connect(str(kubeconfig))
    told.facts |= common.conditions(cluster)
    found = json.loads(cluster.send("GET", CLASSES))["items"][0]
    snapshot_class = found["metadata"]["name"]
    told.facts["driver"] = found["driver"]
    with common.temporary_home() as home, namespace(cluster) as where:
        claim(cluster, where, args.storage_class)
        with (
            labs.lab(home / "lab", settings(kubeconfig, where, CLAIM)) as lab,
            toolkit.driver(kubeconfig, home) as call,
        ):
            race = click_to_ready.Race(Place(lab, kubeconfig), where, CLAIM, snapshot_class)
            race.ours(), race.theirs()  # the first ones connect
            report.say("snapshots: ours, a raw watch, the DataOps Toolkit")
            ours, raw, theirs = report.alternate(
                args.rounds, race.ours, race.theirs, partial(peer, call, snapshot_class, where)
            )
            race.close()
    told.measures = [
        report.ratio("click to ready, and a raw watch", ours, raw, LIMIT),
        report.difference(
            "overhead to a raw watch",
            [one * 1e3 for one in ours],
            [one * 1e3 for one in raw],
            "ms",
        ),
        report.ratio("click to ready, and the DataOps Toolkit", ours, theirs),
    ]
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
