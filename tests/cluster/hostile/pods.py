"""Pods: what mounts another's volume, reads secrets, or gets near the node."""

from __future__ import annotations

from typing import Any

from .scene import (
    APPLY,
    IMAGE,
    OWNER,
    RUNTIME,
    SHARED,
    Case,
    Json,
    Make,
    Request,
    Scene,
    contained,
    pod,
)

_OWN_DATA = "mover-{me}-new"


def _create(name: str = _OWN_DATA, claims: tuple[str, ...] = (), **more: Any) -> Make:
    """Return a request for a mover; braces in names stand for ``me`` and ``whose``."""

    def make(scene: Scene) -> Request:
        names = {"me": scene.me, "whose": scene.whose}
        mounted = tuple(one.format(**names) for one in claims)
        return Request("POST", scene.pods, pod(scene, name.format(**names), claims=mounted, **more))

    return make


_HONEST = _create(claims=("claim-{me}",))


def _spec(what: str, **spec: Any) -> Case:
    """Return a case of a mover with something in its specification that movers do without."""
    return Case(what, _create(**spec), _HONEST)


def _inside(what: str, **container: Any) -> Case:
    """Return a case of a mover with something in its container."""
    return Case(what, _create(container=container), _HONEST)


def _confined(**more: Any) -> Json:
    confined: Json = contained()["securityContext"]
    return {"securityContext": {**confined, **more}}


def _volume(**source: Any) -> Json:
    return {"volumes": [{"name": "v", **source}]}


def _owned(scene: Scene) -> Request:
    body = pod(scene, f"mover-{scene.me}-new", owner=scene.whose)
    return Request("POST", scene.pods, body)


def _unlabelled(scene: Scene) -> Request:
    body = pod(scene, f"mover-{scene.me}-new")
    del body["metadata"]["labels"]["netapp-jlab.io/purpose"]
    return Request("POST", scene.pods, body)


def _generated(scene: Scene) -> Request:
    body = pod(scene, "")
    body["metadata"] = {**body["metadata"], "generateName": f"mover-{scene.whose}-"}
    del body["metadata"]["name"]
    return Request("POST", scene.pods, body)


def _applied(scene: Scene) -> Request:
    name = f"mover-{scene.me}-new"
    body = pod(scene, name, claims=(f"claim-{scene.whose}",))
    query = {"fieldManager": "test", "force": "true"}
    return Request("PATCH", f"{scene.pods}/{name}", body, APPLY, query)


_CLAIMS = {
    "claim": "claim-{whose}",
    "named server's claim": "claim-{whose}--work",
    "clone": "{whose}-copy",
    "mover's claim": "mover-{whose}-0a1b-0",
    "claim that ends in one's own name": "claim-{whose}--claim-{me}",
    "future claim": "claim-{whose}--tomorrow",
}
DATA = (
    *(Case(f"mount another's {what}", _create(claims=(name,))) for what, name in _CLAIMS.items()),
    Case("mount another's claim after one's own", _create(claims=("claim-{me}", "claim-{whose}"))),
    Case(
        "mount another's claim by server-side apply",
        _applied,
        "the role has no patch on pods",
        granted=False,
    ),
    Case("mount a shared claim, writable", _create(claims=(SHARED,)), _HONEST),
    Case(
        "mount a claim that only ends like one's own",
        _create(claims=("backup-claim-{me}",)),
        _HONEST,
    ),
    Case(
        "mount another's claim read-only",
        lambda scene: Request(
            "POST",
            scene.pods,
            pod(
                scene,
                f"mover-{scene.me}-new",
                **_volume(
                    persistentVolumeClaim={"claimName": f"claim-{scene.whose}", "readOnly": True}
                ),
            ),
        ),
    ),
    Case(
        "mount another's claim as a device",
        lambda scene: Request(
            "POST",
            scene.pods,
            pod(
                scene,
                f"mover-{scene.me}-new",
                claims=(f"claim-{scene.whose}",),
                container={"volumeDevices": [{"name": "v0", "devicePath": "/dev/v"}]},
            ),
        ),
    ),
    _spec("mount the node's disk", **_volume(hostPath={"path": "/"})),
    _spec("mount a secret", **_volume(secret={"secretName": "hub"})),
    _spec("mount a config map", **_volume(configMap={"name": "hub"})),
    _spec(
        "mount the pod's own token",
        **_volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    ),
    _spec(
        "mount a projected secret", **_volume(projected={"sources": [{"secret": {"name": "hub"}}]})
    ),
    _spec("mount by the downward API", **_volume(downwardAPI={"items": []})),
    _spec("mount an NFS export", **_volume(nfs={"server": "198.18.0.9", "path": "/vol"})),
    _spec(
        "mount iSCSI",
        **_volume(
            iscsi={"targetPortal": "198.18.0.9", "iqn": "iqn.2001-04.com.example:x", "lun": 0}
        ),
    ),
    _spec("mount CSI inline", **_volume(csi={"driver": "csi.example.com"})),
    _spec(
        "mount a claim that a controller makes",
        **_volume(
            ephemeral={
                "volumeClaimTemplate": {
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1Gi"}},
                        "dataSource": {"kind": "PersistentVolumeClaim", "name": "claim-u2"},
                    }
                }
            }
        ),
    ),
    _spec("mount an image", **_volume(image={"reference": "registry.example.com/hub"})),
    _spec("mount a repository", **_volume(gitRepo={"repository": "https://example.com/x.git"})),
    _inside(
        "a secret as a variable",
        env=[{"name": "X", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}],
    ),
    _inside(
        "a config map as a variable",
        env=[{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "hub", "key": "x"}}}],
    ),
    _inside("a secret's variables", envFrom=[{"secretRef": {"name": "hub"}}]),
    _inside("a config map's variables", envFrom=[{"configMapRef": {"name": "hub"}}]),
    _spec(
        "a secret in an init container",
        initContainers=[contained(name="first", envFrom=[{"secretRef": {"name": "hub"}}])],
    ),
    _spec("another's device", resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu-of-u2"}]),
)

IDENTITY = (
    Case("create a pod as another's mover", _create("mover-{whose}-new")),
    Case("create a pod as another's server", _create("jupyter-{whose}"), _HONEST),
    Case("create a server of one's own", _create("jupyter-{me}"), _HONEST),
    Case("create a pod named as the hub", _create("hub"), _HONEST),
    Case("create a pod named mover", _create("mover"), _HONEST),
    Case("create a pod with one's name and no hyphen", _create("mover-{me}"), _HONEST),
    Case("create a pod with one's name in capitals", _create("MOVER-{me}-new"), _HONEST),
    Case("let the API server end another's name", _generated),
    Case("create a mover labelled as another's", _owned),
    Case("create a pod that the network policy does not hold", _unlabelled, _HONEST),
    Case(
        "create a mover with another's purpose",
        _create(metadata={"labels": {OWNER: "u1", "netapp-jlab.io/purpose": "server"}}),
        _HONEST,
    ),
    Case(
        "run as another's account",
        lambda scene: Request(
            "POST",
            scene.pods,
            pod(scene, f"mover-{scene.me}-new", serviceAccountName=f"jupyter-{scene.whose}"),
        ),
    ),
    _spec("run as the hub's account", serviceAccountName="hub"),
    _spec("run as the hub's account, by the old name", serviceAccount="hub"),
    _spec("get a token", automountServiceAccountToken=True),
    _spec("get a token by leaving it open", automountServiceAccountToken=None),
    _inside("run another image", image="registry.example.com/admin:1"),
    _inside("run an image that begins like an allowed one", image=f"{IMAGE}-evil"),
    _spec("run another image first", initContainers=[contained(name="first", image="busybox")]),
    _spec("choose a node", nodeName="control-plane"),
    _spec("tolerate every taint", tolerations=[{"operator": "Exists"}]),
    _spec(
        "tolerate the control plane's taint",
        tolerations=[{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
    ),
    _spec("push others off the node", priorityClassName="system-node-critical"),
    _spec("leave the sandbox", runtimeClassName=RUNTIME),
)

HOST = (
    _spec("use the node's network", hostNetwork=True),
    _spec("see the node's processes", hostPID=True),
    _spec("see the node's memory", hostIPC=True),
    _inside("use a port of the node", ports=[{"containerPort": 443, "hostPort": 443}]),
    _spec(
        "be root on the node",
        containers=[
            contained(securityContext={"privileged": True, "capabilities": {"drop": ["ALL"]}})
        ],
    ),
    _inside("become root", **_confined(allowPrivilegeEscalation=True)),
    _inside("become root by leaving it open", securityContext={"capabilities": {"drop": ["ALL"]}}),
    _inside("become root by leaving everything open", securityContext=None),
    _inside("have a capability", **_confined(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
    _inside("keep the default capabilities", **_confined(capabilities={"drop": ["CHOWN"]})),
    _inside("another SELinux type", **_confined(seLinuxOptions={"type": "spc_t"})),
    _spec(
        "another SELinux type for the pod", securityContext={"seLinuxOptions": {"type": "spc_t"}}
    ),
    _inside("no seccomp", **_confined(seccompProfile={"type": "Unconfined"})),
    _spec("no seccomp for the pod", securityContext={"seccompProfile": {"type": "Unconfined"}}),
    _inside("no AppArmor", **_confined(appArmorProfile={"type": "Unconfined"})),
    _inside("all of /proc", **_confined(procMount="Unmasked")),
    _spec(
        "settings of the kernel",
        securityContext={
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
        },
    ),
    _inside(
        "a hook that the node runs",
        lifecycle={"postStart": {"httpGet": {"host": "169.254.169.254", "port": 80}}},
    ),
    _inside(
        "a probe that the node runs",
        livenessProbe={"httpGet": {"host": "169.254.169.254", "port": 80}},
    ),
    _inside("a probe by TCP", readinessProbe={"tcpSocket": {"host": "198.18.0.9", "port": 2049}}),
    _inside("a probe by gRPC", startupProbe={"grpc": {"port": 2049}}),
    _spec(
        "a privileged init container",
        initContainers=[contained(name="first", securityContext={"privileged": True})],
    ),
)


CASES: tuple[Case, ...] = (*DATA, *IDENTITY, *HOST)
