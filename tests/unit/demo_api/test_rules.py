"""What Kubernetes refuses of the kinds that the product uses, in its own words."""

from __future__ import annotations

import pytest

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.options import WriteOptions

from .serving import claim, placed, snapshot


def refusal(call, *args, **kwargs) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    return caught.value.code, caught.value.message


class TestClaims:
    def create(self, store, **spec) -> dict:
        return store.create("PersistentVolumeClaim", placed(claim("data", **spec)))

    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            (
                {"accessModes": []},
                "spec.accessModes: Required value: at least 1 access mode is req",
            ),
            (
                {"accessModes": ["Foo"]},
                (
                    'spec.accessModes: Unsupported value: "Foo": supported values: "ReadOnlyMany", '
                    '"ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
                ),
            ),
            (
                {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
                "may not use ReadWriteOncePod with other access modes",
            ),
            ({"resources": {}}, "spec.resources[storage]: Required value"),
            (
                {"size": "0"},
                'spec.resources[storage]: Invalid value: "0": must be greater than zero',
            ),
            ({"size": "-1Gi"}, 'Invalid value: "-1Gi": must be greater than zero'),
            ({"storageClassName": "A_b"}, 'spec.storageClassName: Invalid value: "A_b"'),
            ({"volumeMode": "Foo"}, 'spec.volumeMode: Unsupported value: "Foo"'),
            (
                {"dataSource": {"kind": "PersistentVolumeClaim", "name": ""}},
                "spec.dataSource.name: Required value",
            ),
            (
                {"dataSourceRef": {"kind": "Foo", "name": "x"}},
                "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            ),
            (
                {"dataSourceRef": {"kind": "Foo", "name": "x", "apiGroup": "x_y"}},
                'spec.dataSourceRef.apiGroup: Invalid value: "x_y"',
            ),
            (
                {
                    "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
                    "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"},
                },
                "spec: Invalid value: {}: must match dataSourceRef",
            ),
        ],
    )
    def test_refused(self, store, spec, words):
        code, message = refusal(self.create, store, **spec)
        assert code == 422
        assert words in message

    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            ({"size": "1Zi"}, "quantities must match the regular expression"),
            (
                {"accessModes": "ReadWriteOnce"},
                (
                    "json: cannot unmarshal string into Go struct field PersistentVolumeClaimSpec."
                    "spec.accessModes of type []v1.PersistentVolumeAccessMode"
                ),
            ),
            (
                {"accessModes": [1]},
                (
                    "json: cannot unmarshal number into Go struct field PersistentVolumeClaimSpec."
                    "spec.accessModes of type v1.PersistentVolumeAccessMode"
                ),
            ),
        ],
    )
    def test_no_claim_at_all(self, store, spec, words):
        code, message = refusal(self.create, store, **spec)
        assert code == 400
        assert message.startswith('PersistentVolumeClaim in version "v1" cannot be handled as a ')
        assert message.endswith(words) or words in message

    def test_sources_are_mirrored(self, store):
        source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
        assert self.create(store, dataSource=source)["spec"]["dataSourceRef"] == source
        other = store.create("PersistentVolumeClaim", placed(claim("other", dataSourceRef=source)))
        assert other["spec"]["dataSource"] == source

    def test_sources_that_were_never_supported_are_dropped(self, store):
        spec = self.create(store, dataSource={"kind": "Foo", "name": "x", "apiGroup": "a.b"})[
            "spec"
        ]
        assert "dataSource" not in spec
        assert "dataSourceRef" not in spec

    def test_fractions_of_a_byte_are_worth_a_warning(self, store):
        options = WriteOptions()
        store.create("PersistentVolumeClaim", placed(claim("data", "0.3")), options=options)
        assert options.warnings == [
            (
                'spec.resources.requests[storage]: fractional byte value "300m" is invalid, '
                "must be an integer"
            )
        ]


class TestBoundClaims:
    @pytest.fixture(autouse=True)
    def _bound(self, store):
        for name, grows in (("gold", True), ("stone", False)):
            store.create(
                "StorageClass",
                {"metadata": {"name": name}, "provisioner": "p", "allowVolumeExpansion": grows},
            )
        self.store = store
        self.bind("data", "gold")

    def bind(self, name: str, storage_class: str) -> None:
        wanted = claim(name, storageClassName=storage_class)
        self.store.create("PersistentVolumeClaim", placed(wanted))
        status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        self.change({"status": status}, name, subresource="status")

    def change(self, patch: dict, name: str = "data", **more) -> dict:
        return self.store.patch("PersistentVolumeClaim", "default", name, patch, **more)

    def resize(self, size: str, name: str = "data") -> dict:
        return self.change({"spec": {"resources": {"requests": {"storage": size}}}}, name)

    def test_grow(self):
        assert self.resize("2048Mi")["spec"]["resources"]["requests"]["storage"] == "2Gi"

    def test_shrink(self):
        code, message = refusal(self.resize, "512Mi")
        assert code == 422
        assert message.endswith("Forbidden: field can not be less than status.capacity")

    def test_undo_a_growth_that_has_not_happened(self):
        self.resize("3Gi")
        assert self.resize("2Gi")["spec"]["resources"]["requests"]["storage"] == "2Gi"

    def test_a_class_that_does_not_grow(self):
        self.bind("hard", "stone")
        code, message = refusal(self.resize, "2Gi", "hard")
        assert code == 403
        assert message == (
            'persistentvolumeclaims "hard" is forbidden: only dynamically provisioned pvc can be '
            "resized and the storageclass that provisions the pvc must support resize"
        )

    def test_a_claim_that_is_not_bound(self):
        self.store.create("PersistentVolumeClaim", placed(claim("new", storageClassName="gold")))
        code, message = refusal(self.resize, "2Gi", "new")
        assert code == 422
        assert "spec is immutable after creation except resources.requests" in message

    def test_the_rest_stays(self):
        code, message = refusal(self.change, {"spec": {"accessModes": ["ReadWriteMany"]}})
        assert code == 422
        assert message == (
            'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after '
            "creation except resources.requests and volumeAttributesClassName for bound claims\n"
            '@@ -1,6 +1,6 @@\n {\n  "AccessModes": [\n-  "ReadWriteOnce"\n+  "ReadWriteMany"\n'
            '  ],\n  "Selector": null,\n  "Resources": {\n'
        )
        _, message = refusal(self.change, {"spec": {"volumeMode": "Block"}})
        assert 'volumeMode: Invalid value: "Block": field is immutable' in message

    def test_the_volume_is_chosen_once(self):
        assert self.change({"spec": {"volumeName": "v"}})["spec"]["volumeName"] == "v"
        assert refusal(self.change, {"spec": {"volumeName": "w"}})[0] == 422

    def test_a_negative_capacity(self):
        status = {"status": {"capacity": {"storage": "-1Gi"}}}
        code, message = refusal(self.change, status, subresource="status")
        assert code == 422
        assert "status.capacity[storage]: Invalid value: -1073741824" in message


class TestSnapshots:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"spec": None}, "[spec: Required value, <nil>: Invalid value: null: some validation"),
            ({"spec": {}}, "[spec.source: Required value, <nil>: Invalid value: null"),
            (
                {"spec": {"source": {}}},
                (
                    "spec.source: Invalid value: exactly one of volumeSnapshotContentName and "
                    "persistentVolumeClaimName must be set"
                ),
            ),
            (
                {
                    "spec": {
                        "source": {
                            "persistentVolumeClaimName": "a",
                            "volumeSnapshotContentName": "b",
                        }
                    }
                },
                "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be",
            ),
            (
                snapshot(volumeSnapshotClassName=""),
                "volumeSnapshotClassName must not be the empty string when set",
            ),
            (
                snapshot(volumeSnapshotClassName=7),
                'spec.volumeSnapshotClassName in body must be of type string: "integer"',
            ),
            ({"spec": "x"}, 'spec in body must be of type object: "string"'),
        ],
    )
    def test_refused(self, store, body, words):
        code, message = refusal(store.create, "VolumeSnapshot", placed({**snapshot(), **body}))
        assert code == 422
        assert words in message

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ({"persistentVolumeClaimName": "b"}, "persistentVolumeClaimName is immutable"),
            (
                {"persistentVolumeClaimName": None, "volumeSnapshotContentName": "b"},
                "persistentVolumeClaimName is required once set",
            ),
            ({"volumeSnapshotContentName": "b"}, "exactly one of volumeSnapshotContentName and"),
        ],
    )
    def test_the_source_stays(self, store, source, words):
        store.create("VolumeSnapshot", placed(snapshot()))
        patch = {"spec": {"source": source}}
        code, message = refusal(store.patch, "VolumeSnapshot", "default", "s", patch)
        assert code == 422
        assert words in message

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ({"restoreSize": "abc"}, "restoreSize in body should match"),
            ({"readyToUse": "x"}, 'readyToUse in body must be of type boolean: "string"'),
            ({"creationTime": "abc"}, 'creationTime in body must be of type date-time: "abc"'),
        ],
    )
    def test_statuses_that_are_none(self, store, status, words):
        store.create("VolumeSnapshot", placed(snapshot()))
        code, message = refusal(
            store.patch,
            "VolumeSnapshot",
            "default",
            "s",
            {"status": status},
            subresource="status",
        )
        assert code == 422
        assert words in message

    def test_sizes_may_be_numbers(self, store):
        store.create("VolumeSnapshot", placed(snapshot()))
        patch = {"status": {"restoreSize": 1024}}
        done = store.patch("VolumeSnapshot", "default", "s", patch, subresource="status")
        assert done["status"] == {"restoreSize": 1024}

    def test_contents(self, store):
        spec = {
            "deletionPolicy": "Delete",
            "driver": "d",
            "source": {"volumeHandle": "h"},
            "volumeSnapshotRef": {"name": "n", "namespace": "ns"},
        }
        body = {"metadata": {"name": "c"}, "spec": spec}
        store.create("VolumeSnapshotContent", body)

        def change(**patch) -> str:
            return refusal(store.patch, "VolumeSnapshotContent", None, "c", {"spec": patch})[1]

        assert 'Unsupported value: "x": supported' in change(deletionPolicy="x")
        assert "volumeHandle is immutable" in change(source={"volumeHandle": "i"})
        assert "both spec.volumeSnapshotRef.name and" in change(volumeSnapshotRef={"name": None})
        mode = {"spec": {"sourceVolumeMode": "Block"}}
        store.patch("VolumeSnapshotContent", None, "c", mode)
        assert "sourceVolumeMode is required once set" in change(sourceVolumeMode=None)
        assert "sourceVolumeMode is immutable" in change(sourceVolumeMode="Filesystem")


class TestOthers:
    @pytest.mark.parametrize(
        ("kind", "body", "words"),
        [
            ("StorageClass", {}, "provisioner: Required value"),
            ("StorageClass", {"provisioner": "p", "reclaimPolicy": "x"}, "reclaimPolicy: Unsupp"),
            ("PersistentVolume", {"spec": {}}, "spec: Required value: must specify a volume type"),
            (
                "ConfigMap",
                {"data": {"a b": "c"}},
                'data[a b]: Invalid value: "a b": a valid config',
            ),
            ("ConfigMap", {"data": {"a": "x" * 1048577}}, "[]: Too long: may not be more than"),
            ("Secret", {"data": {"a": "!"}}, "illegal base64 data"),
            ("Pod", {"spec": {}}, "spec.containers: Required value"),
            (
                "ResourceQuota",
                {"spec": {"hard": {"pods": "-1"}}},
                "must be greater than or equal to 0",
            ),
            ("Role", {"rules": [{}]}, "verbs must contain at least one value"),
            ("RoleBinding", {"roleRef": {"kind": "Foo", "name": "x"}}, "roleRef.kind: Unsupported"),
            ("Event", {"involvedObject": {"namespace": "other"}}, "does not match event.namespace"),
            ("Service", {"spec": {}}, "spec.ports: Required value"),
        ],
    )
    def test_refused(self, store, kind, body, words):
        from netapp_jlab.demo.api.kinds import KINDS

        meta = {"name": "x"} | ({"namespace": "default"} if KINDS[kind].namespaced else {})
        code, message = refusal(store.create, kind, {"metadata": meta, **body})
        assert code in (400, 422)
        assert words in message

    def test_storage_classes_stay_as_they_are(self, store):
        store.create("StorageClass", {"metadata": {"name": "x"}, "provisioner": "p"})
        _, message = refusal(
            store.patch, "StorageClass", None, "x", {"provisioner": "q", "reclaimPolicy": "Retain"}
        )
        assert 'provisioner: Invalid value: "q": field is immutable' in message
        assert 'reclaimPolicy: Invalid value: "Retain": field is immutable' in message

    def test_limits_of_a_namespace(self, store):
        limit = {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}}
        limit["max"] = {"storage": "2048Mi"}
        other = {"type": "Pod", "max": {"storage": "1"}}
        meta = {"name": "l", "namespace": "default"}
        store.create("LimitRange", {"metadata": meta, "spec": {"limits": [limit, other]}})
        store.create("PersistentVolumeClaim", placed(claim("fits", "2Gi")))
        for size, words in (
            (
                "512Mi",
                "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi",
            ),
            ("3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"),
        ):
            wanted = placed(claim("x", size))
            code, message = refusal(store.create, "PersistentVolumeClaim", wanted)
            assert (code, message) == (403, f'persistentvolumeclaims "x" is forbidden: {words}')

    def test_immutable_data(self, store):
        body = {"metadata": {"name": "x", "namespace": "default"}, "immutable": True}
        store.create("ConfigMap", {**body, "data": {"a": "b"}})
        _, message = refusal(
            store.patch, "ConfigMap", "default", "x", {"data": {"a": "c"}, "immutable": None}
        )
        assert "data: Forbidden: field is immutable when `immutable` is set" in message
        assert "immutable: Forbidden" in message

    def test_pods_mount_their_token(self, store):
        spec = {"containers": [{"name": "c", "image": "i"}]}
        pod = store.create("Pod", placed({"metadata": {"name": "p"}, "spec": spec}))["spec"]
        assert pod["serviceAccountName"] == "default"
        (mount,) = pod["containers"][0]["volumeMounts"]
        assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
        assert pod["volumes"][0]["name"] == mount["name"]
        quiet = {**spec, "automountServiceAccountToken": False}
        other = store.create("Pod", placed({"metadata": {"name": "q"}, "spec": quiet}))
        assert "volumes" not in other["spec"]

    def test_pods_need_an_account(self, store):
        spec = {"serviceAccountName": "nope", "containers": [{"name": "c", "image": "i"}]}
        pod = placed({"metadata": {"name": "p"}, "spec": spec})
        code, message = refusal(store.create, "Pod", pod)
        assert code == 403
        assert "error looking up service account default/nope" in message

    def test_a_running_pod_changes_little(self, store):
        spec = {"containers": [{"name": "c", "image": "i"}]}
        store.create("Pod", placed({"metadata": {"name": "p"}, "spec": spec}))

        def change(**patch):
            return store.patch(
                "Pod",
                "default",
                "p",
                {"spec": patch},
                content_type="application/strategic-merge-patch+json",
            )

        assert change(containers=[{"name": "c", "image": "j"}])["metadata"]["generation"] == 2
        assert change(nodeName="n")["spec"]["nodeName"] == "n"
        assert "pod updates may not change fields other than" in refusal(change, hostname="x")[1]
        assert refusal(change, nodeName="m")[0] == 422
