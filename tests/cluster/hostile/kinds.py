"""Other kinds: workloads, services, settings and storage that lead to another's data."""

from __future__ import annotations

from typing import Any

from .scene import MERGE, Case, Json, Request, Scene, pod

_NO_KIND = "users make claims, snapshots and movers, and nothing else"


def _template(scene: Scene) -> Json:
    body = pod(scene, "", claims=(f"claim-{scene.whose}",))
    labels = {"run": "x"}
    return {"metadata": {"labels": labels}, "spec": {**body["spec"], "restartPolicy": "Always"}}


def _workload(version: str, kind: str, plural: str, **spec: Any) -> Case:
    def make(scene: Scene) -> Request:
        body = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": f"mover-{scene.me}-new"},
            "spec": {
                "selector": {"matchLabels": {"run": "x"}},
                "template": _template(scene),
                **spec,
            },
        }
        return Request("POST", scene.of(version, plural), body)

    return Case(f"mount another's claim by a {kind}", make, _NO_KIND)


def _job(scene: Scene) -> Json:
    template = _template(scene)
    template["spec"]["restartPolicy"] = "Never"
    return {"template": template}


def _jobs(scene: Scene) -> Request:
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": _job(scene)}
    return Request("POST", scene.of("batch/v1", "jobs"), body)


def _cron(scene: Scene) -> Request:
    body = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "x"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": _job(scene)}},
    }
    return Request("POST", scene.of("batch/v1", "cronjobs"), body)


def _controller(scene: Scene) -> Request:
    body = {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "x"},
        "spec": {"selector": {"run": "x"}, "template": _template(scene)},
    }
    return Request("POST", scene.of("v1", "replicationcontrollers"), body)


def _podtemplate(scene: Scene) -> Request:
    body = {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": "x"},
        "template": _template(scene),
    }
    return Request("POST", scene.of("v1", "podtemplates"), body)


WORKLOADS = (
    _workload("apps/v1", "Deployment", "deployments"),
    _workload("apps/v1", "ReplicaSet", "replicasets"),
    _workload("apps/v1", "StatefulSet", "statefulsets", serviceName="x"),
    _workload("apps/v1", "DaemonSet", "daemonsets"),
    Case("mount another's claim by a Job", _jobs, _NO_KIND),
    Case("mount another's claim by a CronJob", _cron, _NO_KIND),
    Case("mount another's claim by a ReplicationController", _controller, _NO_KIND),
    Case("mount another's claim by a PodTemplate", _podtemplate, _NO_KIND),
    Case(
        "stop the proxy (scale)",
        lambda scene: Request(
            "PATCH",
            scene.of("apps/v1", "deployments/proxy/scale"),
            {"spec": {"replicas": 0}},
            MERGE,
        ),
        _NO_KIND,
    ),
    Case(
        "stop the proxy",
        lambda scene: Request(
            "PATCH", scene.of("apps/v1", "deployments/proxy"), {"spec": {"replicas": 0}}, MERGE
        ),
        _NO_KIND,
    ),
    Case(
        "delete the proxy",
        lambda scene: Request("DELETE", scene.of("apps/v1", "deployments/proxy")),
        _NO_KIND,
    ),
)


def _make(version: str, plural: str, kind: str, what: str, name: str = "x", **content: Any) -> Case:
    def make(scene: Scene) -> Request:
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **content}
        return Request("POST", scene.of(version, plural), body)

    return Case(what, make, _NO_KIND)


AROUND = (
    _make(
        "v1",
        "services",
        "Service",
        "get the hub's traffic by a Service",
        spec={"selector": {"netapp-jlab.io/owner": "u1"}, "ports": [{"port": 8081}]},
    ),
    Case(
        "point the hub's Service to one's mover",
        lambda scene: Request(
            "PATCH",
            scene.of("v1", "services/hub"),
            {"spec": {"selector": {"netapp-jlab.io/owner": scene.me}}},
            MERGE,
        ),
        _NO_KIND,
    ),
    _make(
        "v1",
        "endpoints",
        "Endpoints",
        "get the hub's traffic by Endpoints",
        subsets=[{"addresses": [{"ip": "10.1.0.9"}], "ports": [{"port": 8081}]}],
    ),
    _make(
        "discovery.k8s.io/v1",
        "endpointslices",
        "EndpointSlice",
        "get the hub's traffic by an EndpointSlice",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.1.0.9"]}],
    ),
    _make(
        "networking.k8s.io/v1",
        "ingresses",
        "Ingress",
        "publish another's server by an Ingress",
        spec={"defaultBackend": {"service": {"name": "hub", "port": {"number": 8081}}}},
    ),
    _make(
        "networking.k8s.io/v1",
        "networkpolicies",
        "NetworkPolicy",
        "open the network by a policy",
        spec={"podSelector": {}, "egress": [{}], "ingress": [{}]},
    ),
    Case(
        "delete the network policy",
        lambda scene: Request(
            "DELETE", scene.of("networking.k8s.io/v1", "networkpolicies/netapp-jlab-movers")
        ),
        _NO_KIND,
    ),
    _make("v1", "configmaps", "ConfigMap", "settings by a ConfigMap", data={"x": "y"}),
    Case(
        "change the hub's settings",
        lambda scene: Request(
            "PATCH", scene.of("v1", "configmaps/hub"), {"data": {"x": "evil"}}, MERGE
        ),
        _NO_KIND,
    ),
    _make("v1", "secrets", "Secret", "a Secret", stringData={"x": "y"}),
    Case(
        "change the hub's secret",
        lambda scene: Request(
            "PATCH", scene.of("v1", "secrets/hub"), {"stringData": {"token": "evil"}}, MERGE
        ),
        _NO_KIND,
    ),
    Case(
        "read the hub's secret",
        lambda scene: Request("GET", scene.of("v1", "secrets/hub")),
        _NO_KIND,
        by_role=True,
    ),
    Case(
        "list secrets",
        lambda scene: Request("GET", scene.of("v1", "secrets")),
        _NO_KIND,
        by_role=True,
    ),
    Case(
        "read the hub's settings",
        lambda scene: Request("GET", scene.of("v1", "configmaps/hub")),
        _NO_KIND,
        by_role=True,
    ),
    _make(
        "v1",
        "events",
        "Event",
        "an event that misleads",
        involvedObject={"kind": "Pod", "name": "x"},
    ),
    _make("coordination.k8s.io/v1", "leases", "Lease", "a lease of a controller"),
    _make(
        "v1",
        "limitranges",
        "LimitRange",
        "limits for others",
        spec={"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "1Ki"}}]},
    ),
    _make(
        "v1", "resourcequotas", "ResourceQuota", "a quota for others", spec={"hard": {"pods": "0"}}
    ),
    _make(
        "policy/v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        "hold a drain up",
        spec={"minAvailable": 1, "selector": {}},
    ),
    _make(
        "storage.k8s.io/v1",
        "csistoragecapacities",
        "CSIStorageCapacity",
        "invent capacity",
        storageClassName="isolation-any",
    ),
    Case(
        "rights by a review in another's place",
        lambda scene: Request(
            "POST",
            scene.of("authorization.k8s.io/v1", "localsubjectaccessreviews"),
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "LocalSubjectAccessReview",
                "metadata": {"namespace": scene.namespace},
                "spec": {
                    "user": f"system:serviceaccount:{scene.namespace}:jupyter-{scene.whose}",
                    "resourceAttributes": {
                        "namespace": scene.namespace,
                        "verb": "get",
                        "resource": "pods",
                    },
                },
            },
        ),
        _NO_KIND,
        by_role=True,  # policies never see a review
    ),
)


CASES: tuple[Case, ...] = (*WORKLOADS, *AROUND)
