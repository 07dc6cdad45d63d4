"""Which kind and version the body of a request must name."""

from __future__ import annotations

import json

import pytest

from .clusters import Cluster

GROUP = "snapshot.storage.k8s.io"
SPEC = {"source": {"persistentVolumeClaimName": "data"}}


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({}, "(BadRequest): the object provided is unrecognized (must be of type VolumeSnapshot)"),
        ({"apiVersion": f"{GROUP}/v1"}, "Object 'Kind' is missing"),
        (
            {"kind": "VolumeSnapshot"},
            "the API version in the data () does not match the expected API version",
        ),
        (
            {"kind": "VolumeSnapshot", "apiVersion": f"{GROUP}/v2"},
            f"(BadRequest): the API version in the data ({GROUP}/v2) does not match",
        ),
        (
            {"kind": "Other", "apiVersion": f"{GROUP}/v1"},
            'The Other "one" is invalid: kind: Invalid value: "Other": must be VolumeSnapshot',
        ),
    ],
)
def test_custom_resources_name_their_kind_and_version(
    cluster: Cluster, named: dict[str, str], words: str
) -> None:
    body = json.dumps({**named, "metadata": {"name": "one"}, "spec": SPEC})
    path = f"/apis/{GROUP}/v1/namespaces/{cluster.namespace}/volumesnapshots"
    complaint = cluster.kubectl_fails("create", "--raw", path, "-f", "-", stdin=body)
    assert words in complaint


def test_built_in_kinds_may_leave_them_out(cluster: Cluster) -> None:
    body = json.dumps({"metadata": {"name": "one"}})
    path = f"/api/v1/namespaces/{cluster.namespace}/configmaps"
    cluster.kubectl("create", "--raw", path, "-f", "-", stdin=body)
    assert cluster.get("configmap", "one")["kind"] == "ConfigMap"
