"""Reading objects: JSON, the protobuf of kubectl, and the published documents."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from netapp_jlab.demo.api import schemas, tables
from netapp_jlab.demo.api.kinds import KINDS, stored
from netapp_jlab.demo.api.schemas import SchemaError, gnostic, openapi, protobuf
from netapp_jlab.demo.api.schemas.protobuf import _fields

DATA = Path(__file__).parent / "data"
POD, CLAIM = KINDS["Pod"], KINDS["PersistentVolumeClaim"]


def read(kind: str, **body: object) -> dict:
    return schemas.decode(KINDS[kind], body)


@pytest.fixture(params=["pod", "claim"])
def answered(request: pytest.FixtureRequest) -> dict:
    """An object as Kubernetes 1.36.1 answered it, in both of its formats."""
    return json.loads((DATA / f"{request.param}.json").read_text())


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def test_what_kubernetes_answers_is_read_as_it_is(answered):
    obj = answered["json"]
    unknown: list[str] = []
    assert schemas.decode(KINDS[obj["kind"]], obj, unknown) == without_nulls(obj)
    assert unknown == []


def test_protobuf_and_json_say_the_same(answered):
    obj = protobuf.decode(base64.b64decode(answered["protobuf"]))
    assert schemas.decode(KINDS[obj["kind"]], obj) == without_nulls(answered["json"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "does not appear to be a protobuf message"),
        (b"{}", "does not appear to be a protobuf message"),
        (b"k8s\x00\x0a\x05", "unexpected EOF"),
        (b"k8s\x00\x0a\x80", "unexpected EOF"),
        (b"k8s\x00\x0b", "illegal wireType 3"),
        (b"k8s\x00\x0a\x07\x0a\x02v1\x12\x01X", 'no kind "X" is registered for version "v1"'),
        (b"k8s\x00\x0a\x05\x0a\x03\xff\xff\xff", "invalid UTF-8"),
        (b"k8s\x00\x08\x01", "wrong wireType"),
    ],
)
def test_protobuf_that_is_none(body, words):
    with pytest.raises(SchemaError, match=re.escape(words)):
        protobuf.decode(body)


def test_nulls_and_empty_values_go():
    spec = {"nodeName": "", "hostNetwork": False, "priority": None, "tolerations": []}
    meta = {"labels": {}, "annotations": {"a": None}, "finalizers": None}
    assert read("Pod", metadata=meta, spec=spec) == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"annotations": {"a": ""}},
        "spec": {},
    }


def test_empty_values_behind_a_pointer_stay():
    spec = {"storageClassName": "", "resources": {}}
    assert read("PersistentVolumeClaim", spec=spec)["spec"] == spec
    assert read("Deployment", spec={"replicas": 0})["spec"] == {"replicas": 0}


def test_quantities_become_canonical():
    spec = {"hard": {"requests.storage": "1024Mi", "pods": 5}}
    assert read("ResourceQuota", spec=spec)["spec"]["hard"] == {
        "requests.storage": "1Gi",
        "pods": "5",
    }


def test_unknown_fields_are_named_by_their_path():
    unknown: list[str] = []
    spec = {"containers": [{"name": "a"}, {"name": "b", "colour": 1}], "shade": {}}
    read_back = schemas.decode(POD, {"spec": spec, "x": 1, "metadata": {"y": 1}}, unknown)
    assert sorted(unknown) == ["metadata.y", "spec.containers[1].colour", "spec.shade", "x"]
    assert read_back["spec"] == {"containers": [{"name": "a"}, {"name": "b"}]}


def test_unknown_fields_of_custom_resources():
    unknown: list[str] = []
    body = {"spec": {"source": {"persistentVolumeClaimName": "a", "b": None}, "c": 1}, "d": 2}
    found = schemas.decode(KINDS["VolumeSnapshot"], {**body, "metadata": {"e": 3}}, unknown)
    assert sorted(unknown) == ["d", "metadata.e", "spec.c", "spec.source.b"]
    assert found["spec"] == {"source": {"persistentVolumeClaimName": "a"}}


def test_open_custom_resources_keep_what_they_have():
    unknown: list[str] = []
    body = {"metadata": {}, "config": {"size": "1", "deep": {"er": [1]}}}
    found = schemas.decode(KINDS["TridentVolume"], body, unknown)
    assert found["config"] == body["config"]
    assert unknown == []


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (
            "Pod",
            {"spec": {"containers": [{"name": 5}]}},
            "cannot unmarshal number into Go struct field Container.spec.containers.name of type",
        ),
        (
            "Pod",
            {"spec": []},
            "cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec",
        ),
        ("Pod", {"spec": {"priority": 1.5}}, "cannot unmarshal number 1.5 into Go struct field"),
        ("Pod", {"spec": {"hostNetwork": "yes"}}, "cannot unmarshal string into Go struct field"),
        ("Pod", {"metadata": {"labels": ["a"]}}, "of type map[string]string"),
        (
            "VolumeSnapshot",
            {"metadata": {"labels": 1}},
            "Go struct field ObjectMeta.labels of type",
        ),
        ("Secret", {"data": {"a": "%"}}, "illegal base64 data"),
        (
            "PersistentVolumeClaim",
            {"spec": {"resources": {"requests": {"x": {}}}}},
            "quantities must",
        ),
        ("Lease", {"spec": {"renewTime": "yesterday"}}, 'parsing time "yesterday"'),
    ],
)
def test_wrong_types(kind, body, words):
    with pytest.raises(SchemaError, match=re.escape(words)):
        read(kind, **body)


def test_int_or_string():
    spec = {"ports": [{"port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 81}]}
    assert read("Service", spec=spec)["spec"] == spec
    with pytest.raises(SchemaError):
        read("Service", spec={"ports": [{"port": 80, "targetPort": [1]}]})


class TestDocuments:
    def test_every_kind_is_published(self):
        index = openapi.index()["paths"]
        for kind in KINDS.values():
            assert openapi.group_path(kind) in index
            assert schemas.definition_name(kind) in openapi.components()

    @pytest.mark.parametrize("path", sorted(openapi.index()["paths"]))
    def test_version_3_is_whole(self, path):
        document = json.loads(openapi.version_3(path))
        text = json.dumps(document)
        for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
            assert name in document["components"]["schemas"]
        assert document["paths"]

    def test_kubectl_finds_that_the_server_validates(self):
        document = json.loads(openapi.version_3("apis/snapshot.storage.k8s.io/v1"))
        path = "/apis/snapshot.storage.k8s.io/v1/namespaces/{namespace}/volumesnapshots/{name}"
        patch = document["paths"][path]["patch"]
        assert "fieldValidation" in {entry["name"] for entry in patch["parameters"]}
        assert patch["x-kubernetes-group-version-kind"]["kind"] == "VolumeSnapshot"

    def test_unknown_groups(self):
        with pytest.raises(KeyError):
            openapi.version_3("apis/nope/v1")

    def test_version_2_is_whole(self):
        document = openapi.version_2()
        text = json.dumps(document)
        assert "oneOf" not in text
        assert "#/components" not in text
        for name in re.findall(r'"#/definitions/([^"]+)"', text):
            assert name in document["definitions"]
        quantity = document["definitions"]["io.k8s.apimachinery.pkg.api.resource.Quantity"]
        assert quantity["type"] == "string"

    def test_version_2_as_protobuf(self):
        """Read back: the names of all definitions, and the fields of one."""
        document = dict(_fields(gnostic.document()))
        named = [dict(_fields(value)) for _, value in _fields(document[9])]
        names = {entry[1].decode(): entry[2] for entry in named}
        assert set(names) == set(openapi.version_2()["definitions"])
        claim = dict(_fields(names["io.k8s.api.core.v1.PersistentVolumeClaim"]))
        fields = {dict(_fields(value))[1].decode() for _, value in _fields(claim[25])}
        assert fields == {"apiVersion", "kind", "metadata", "spec", "status"}
        (extension,) = [
            value
            for number, value in _fields(names["io.k8s.api.core.v1.PersistentVolumeClaim"])
            if number == 31
        ]
        name, value = (entry for _, entry in _fields(extension))
        assert name == b"x-kubernetes-group-version-kind"
        assert json.loads(dict(_fields(value))[2]) == [
            {"group": "", "kind": "PersistentVolumeClaim", "version": "v1"}
        ]


class TestTables:
    @pytest.mark.parametrize("kind", stored(), ids=lambda kind: kind.kind)
    def test_every_kind_has_one(self, kind):
        meta = {"name": "x", "creationTimestamp": "2020-01-01T00:00:00Z"}
        bare = {"kind": kind.kind, "metadata": meta, "roleRef": {"kind": "Role", "name": "r"}}
        (row,) = tables.rows(kind, [bare])
        assert len(row["cells"]) == len(tables.definitions(kind))

    def cells(self, kind: str, **body: object) -> dict:
        meta = {"name": "x", "creationTimestamp": "2020-01-01T00:00:00Z", **body.pop("meta", {})}
        (row,) = tables.rows(KINDS[kind], [{"kind": kind, "metadata": meta, **body}])
        names = [column["name"] for column in tables.definitions(KINDS[kind])]
        return dict(zip(names, row["cells"], strict=True))

    def test_claims(self):
        bound = {
            "spec": {"volumeName": "v", "storageClassName": "gold", "volumeMode": "Filesystem"},
            "status": {
                "phase": "Bound",
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            },
        }
        shown = self.cells("PersistentVolumeClaim", **bound)
        assert (shown["Status"], shown["Capacity"], shown["Access Modes"]) == (
            *("Bound", "1Gi", "RWO,RWX"),
        )
        going = self.cells("PersistentVolumeClaim", meta={"deletionTimestamp": "x"}, **bound)
        assert going["Status"] == "Terminating"

    def test_volumes_and_classes(self):
        volume = self.cells(
            "PersistentVolume",
            spec={
                "capacity": {"storage": "1Gi"},
                "claimRef": {"namespace": "n", "name": "c"},
                "accessModes": ["ReadWriteOncePod"],
            },
            status={"phase": "Released"},
        )
        assert (volume["Claim"], volume["Access Modes"], volume["Status"]) == (
            *("n/c", "RWOP", "Released"),
        )
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
        storage_class = self.cells(
            "StorageClass", meta={"annotations": annotations}, provisioner="p"
        )
        assert (storage_class["Name"], storage_class["Provisioner"]) == ("x (default)", "p")

    def test_snapshots(self):
        shown = self.cells(
            "VolumeSnapshot",
            spec={"source": {"persistentVolumeClaimName": "c"}},
            status={"readyToUse": False, "restoreSize": "1Gi"},
        )
        assert (shown["ReadyToUse"], shown["SourcePVC"], shown["RestoreSize"]) == (
            False,
            "c",
            "1Gi",
        )
        assert shown["CreationTime"] is None

    @pytest.mark.parametrize(
        ("status", "shown"),
        [
            ({"phase": "Pending"}, "Pending"),
            (
                {
                    "phase": "Running",
                    "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
                },
                "CrashLoopBackOff",
            ),
            (
                {
                    "phase": "Pending",
                    "initContainerStatuses": [{"state": {"terminated": {"exitCode": 2}}}],
                },
                "Init:ExitCode:2",
            ),
            (
                {
                    "phase": "Failed",
                    "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "signal": 9}}}],
                },
                "Signal:9",
            ),
            ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ],
    )
    def test_pods(self, status, shown):
        spec = {"containers": [{"name": "c"}], "initContainers": [{"name": "i"}]}
        assert self.cells("Pod", spec=spec, status=status)["Status"] == shown

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [
            (0, "0s"),
            (119, "119s"),
            (121, "2m1s"),
            (600, "10m"),
            (3 * 3600, "3h"),
            (3 * 3600 + 300, "3h5m"),
            (47 * 3600, "47h"),
            (50 * 3600, "2d2h"),
            (8 * 86400, "8d"),
            (800 * 86400, "2y70d"),
            (9 * 365 * 86400, "9y"),
            (-5, "<invalid>"),
        ],
    )
    def test_ages(self, seconds, shown):
        assert tables.cells.human_duration(seconds) == shown
