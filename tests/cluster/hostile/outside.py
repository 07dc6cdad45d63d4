"""Outside the namespace: kinds of the cluster, other namespaces, kinds of other products.

No policy on a namespace sees these: the role alone refuses them.
"""

from __future__ import annotations

from .scene import MERGE, Case, Request, Scene


def _cluster(
    what: str, method: str, path: str, body: object = None, content_type: str = MERGE
) -> Case:
    def make(scene: Scene) -> Request:
        names = {
            "me": scene.me,
            "whose": scene.whose,
            "namespace": scene.namespace,
            "elsewhere": scene.elsewhere,
        }
        return Request(
            method, path.format(**names), body, content_type if method == "PATCH" else ""
        )

    return Case(what, make, "a kind of the cluster: administrators only", by_role=True)


_STORAGE = "/apis/storage.k8s.io/v1"
_SNAPSHOT = "/apis/snapshot.storage.k8s.io/v1"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CASES: tuple[Case, ...] = (
    _cluster("read the storage's volumes", "GET", "/api/v1/persistentvolumes"),
    _cluster(
        "take another's volume of the storage",
        "PATCH",
        "/api/v1/persistentvolumes/pv-of-{whose}",
        {"spec": {"claimRef": None}},
    ),
    _cluster(
        "delete another's volume of the storage",
        "DELETE",
        "/api/v1/persistentvolumes/pv-of-{whose}",
    ),
    _cluster(
        "make a volume of the storage",
        "POST",
        "/api/v1/persistentvolumes",
        {
            "metadata": {"name": "isolation-pv"},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": "/"},
            },
        },
    ),
    _cluster("read the storage's snapshots", "GET", f"{_SNAPSHOT}/volumesnapshotcontents"),
    _cluster(
        "make a snapshot content",
        "POST",
        f"{_SNAPSHOT}/volumesnapshotcontents",
        {
            "metadata": {"name": "isolation"},
            "spec": {
                "driver": "x",
                "deletionPolicy": "Delete",
                "source": {"snapshotHandle": "x"},
                "volumeSnapshotRef": {"name": "x", "namespace": "x"},
            },
        },
    ),
    _cluster(
        "delete another's snapshot content",
        "DELETE",
        f"{_SNAPSHOT}/volumesnapshotcontents/of-{{whose}}",
    ),
    _cluster(
        "change another's snapshot content",
        "PATCH",
        f"{_SNAPSHOT}/volumesnapshotcontents/of-{{whose}}",
        {"spec": {"deletionPolicy": "Delete"}},
    ),
    _cluster(
        "make a snapshot class",
        "POST",
        f"{_SNAPSHOT}/volumesnapshotclasses",
        {"metadata": {"name": "isolation"}, "driver": "x", "deletionPolicy": "Delete"},
    ),
    _cluster(
        "make a storage class",
        "POST",
        f"{_STORAGE}/storageclasses",
        {"metadata": {"name": "isolation-any"}, "provisioner": "x"},
    ),
    _cluster(
        "attach a volume",
        "POST",
        f"{_STORAGE}/volumeattachments",
        {
            "metadata": {"name": "isolation"},
            "spec": {
                "attacher": "x",
                "nodeName": "x",
                "source": {"persistentVolumeName": "pv-of-u2"},
            },
        },
    ),
    _cluster(
        "switch the policies off",
        "PATCH",
        "/api/v1/namespaces/{namespace}",
        {"metadata": {"labels": {"netapp-jlab.io/multi-user": "false"}}},
    ),
    _cluster(
        "allow every image",
        "PATCH",
        "/api/v1/namespaces/{namespace}",
        {"metadata": {"annotations": {"netapp-jlab.io/mover-images": "*"}}},
    ),
    _cluster("delete the namespace", "DELETE", "/api/v1/namespaces/{namespace}"),
    _cluster(
        "delete a policy", "DELETE", f"{_ADMISSION}/validatingadmissionpolicies/netapp-jlab-owner"
    ),
    _cluster(
        "delete a policy's binding",
        "DELETE",
        f"{_ADMISSION}/validatingadmissionpolicybindings/netapp-jlab-owner",
    ),
    _cluster(
        "make a webhook",
        "POST",
        f"{_ADMISSION}/mutatingwebhookconfigurations",
        {"metadata": {"name": "isolation"}, "webhooks": []},
    ),
    _cluster("reach a kubelet", "GET", "/api/v1/nodes/node/proxy/pods"),
    _cluster("read the nodes", "GET", "/api/v1/nodes"),
    _cluster("claims of all namespaces", "GET", "/api/v1/persistentvolumeclaims"),
    _cluster(
        "another's claim of another namespace",
        "GET",
        "/api/v1/namespaces/{elsewhere}/persistentvolumeclaims/claim-{whose}",
    ),
    _cluster(
        "delete another's claim of another namespace",
        "DELETE",
        "/api/v1/namespaces/{elsewhere}/persistentvolumeclaims/claim-{whose}",
    ),
    _cluster(
        "run in another's mover of another namespace",
        "POST",
        "/api/v1/namespaces/{elsewhere}/pods/mover-{whose}-0a1b/exec?command=ls&stdout=1",
    ),
    _cluster(
        "restore another's volume by Trident",
        "POST",
        "/apis/trident.netapp.io/v1/namespaces/{namespace}/tridentactionsnapshotrestores",
        {
            "apiVersion": "trident.netapp.io/v1",
            "kind": "TridentActionSnapshotRestore",
            "metadata": {"name": "x"},
            "spec": {"pvcName": "claim-u2", "volumeSnapshotName": "x"},
        },
    ),
    _cluster(
        "refer to another's volume by Trident",
        "POST",
        "/apis/trident.netapp.io/v1/namespaces/{namespace}/tridentvolumereferences",
        {
            "apiVersion": "trident.netapp.io/v1",
            "kind": "TridentVolumeReference",
            "metadata": {"name": "x"},
            "spec": {"pvcName": "claim-u2", "pvcNamespace": "x"},
        },
    ),
    _cluster(
        "a group of snapshots",
        "POST",
        "/apis/groupsnapshot.storage.k8s.io/v1/namespaces/{namespace}/volumegroupsnapshots",
        {
            "metadata": {"name": "x"},
            "spec": {"source": {"selector": {"matchLabels": {"netapp-jlab.io/owner": "u2"}}}},
        },
    ),
)
