"""Why a helper pod can not start, in plain words, on a real cluster."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from netapp_jlab import Client
from netapp_jlab.errors import Forbidden, NotMounted, QuotaExceeded, Refused
from netapp_jlab.models import RestoreOrder, SnapshotOrder, VolumeOrder

from .api import PODS, Api, eventually
from .moving import Volume, cut, movers, nothing_left, running, settings
from .workspace import grant, start

QUOTAS = "/api/v1/namespaces/{}/resourcequotas"
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
MakeClient = Callable[..., Client]


@pytest.fixture(scope="module")
def volume(admin: Api, kubeconfig: Path) -> Iterator[Volume]:
    namespace = f"refused-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        grant(admin, namespace, "ada", "read", "snapshot", "mover")
        made = start(admin, kubeconfig, namespace, account="ada", storage_class="csi-hidden")
        with Client(**settings(kubeconfig, namespace)) as client:
            cut(client, "good")
        yield Volume(made)
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def make(kubeconfig: Path, volume: Volume, admin: Api) -> Iterator[MakeClient]:
    clients: list[Client] = []

    def make(**others: Any) -> Client:
        client = Client(**settings(kubeconfig, volume.namespace, **others))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
    nothing_left(admin, volume.namespace)


@contextmanager
def quota(admin: Api, namespace: str, **hard: str) -> Iterator[None]:
    path = QUOTAS.format(namespace)
    named = {name.replace("_", "."): value for name, value in hard.items()}
    admin.create(path, {"metadata": {"name": "small"}, "spec": {"hard": named}})
    eventually(lambda: admin.get(f"{path}/small")["status"].get("used"))
    try:
        yield
    finally:
        admin.ask("DELETE", f"{path}/small")


@pytest.mark.parametrize(
    ("hard", "word"), [({"pods": "1"}, "pods"), ({"persistentvolumeclaims": "1"}, "volumes")]
)
def test_quota(make: MakeClient, volume: Volume, admin: Api, hard: Any, word: str) -> None:
    with quota(admin, volume.namespace, **hard):
        client = make()
        with pytest.raises(QuotaExceeded) as refused:
            client.files.list("good")
    assert refused.value.message.startswith("The helper pod can not start. The quota “small”")
    assert word in refused.value.message
    assert "counts as one pod" in refused.value.hint
    assert running(admin, volume.namespace) == []


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("registry.invalid/nowhere:1", "Its image can not be had"),
        ("registry.k8s.io/pause:3.6", "does not have the Python"),
    ],
)
def test_image(make: MakeClient, image: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        make(mover_image=image).files.list("good")
    assert words in refused.value.message
    assert "mover_image" in refused.value.hint


def test_one_pod_only(make: MakeClient, volume: Volume, admin: Api, kubeconfig: Path) -> None:
    client = make()
    order = VolumeOrder(name="alone", size="1Gi", access_modes=("ReadWriteOncePod",))
    client.volumes.create(order)
    pod = {
        "metadata": {"name": "user-of-alone"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "one",
                    "image": "registry.k8s.io/pause:3.6",
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "alone"}}],
        },
    }
    admin.create(PODS.format(volume.namespace), pod)
    path = f"{PODS.format(volume.namespace)}/user-of-alone"
    eventually(lambda: admin.get(path)["status"]["phase"] == "Running")
    made = client.snapshots.create("alone", SnapshotOrder(name="of-alone"))
    client.snapshots.wait(made.name, timeout=60)
    assert client.files.list("of-alone").total == 0, "its snapshots can be looked at all the same"
    can = make().volumes.get("alone").can  # another one: which pods there are is kept for seconds
    assert can.browse.allowed
    assert not can.restore.allowed
    assert "ReadWriteOncePod" in can.restore.reason
    assert "user-of-alone" in can.restore.reason
    with pytest.raises(Refused, match="ReadWriteOncePod"):
        client.restores.plan("of-alone", RestoreOrder())
    admin.ask("DELETE", path)


def test_pod_security(make: MakeClient, volume: Volume, admin: Api) -> None:
    path = f"/api/v1/namespaces/{volume.namespace}"
    label = "pod-security.kubernetes.io/enforce"
    admin.ask("PATCH", path, {"metadata": {"labels": {label: "restricted"}}})
    try:
        with pytest.raises(Refused) as refused:
            make().files.list("good")
        # The user's pod does not say that it is not root, so the helper can't either.
        assert "violates PodSecurity" in refused.value.message
        assert "Pod Security level" in refused.value.hint
    finally:
        admin.ask("PATCH", path, {"metadata": {"labels": {label: None}}})


def test_policy(make: MakeClient, volume: Volume, admin: Api) -> None:
    name = volume.namespace
    selector = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    rule["operations"] = ["CREATE"]
    policy = {
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false", "message": "No pods on Fridays."}],
        },
    }
    binding = {
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
    containers = [{"name": "x", "image": "x"}]
    probe = {"metadata": {"generateName": "x"}, "spec": {"containers": containers}}

    def refuses() -> bool:
        return admin.request("POST", PODS.format(name), probe, dryRun="All").refused

    admin.create(POLICIES, policy)
    admin.create(BINDINGS, binding)
    try:
        eventually(refuses)
        with pytest.raises(Forbidden) as refused:
            make().files.list("good")
        assert "The helper pod can not start. No pods on Fridays." in refused.value.message
        assert "administrator has set this rule" in refused.value.hint
    finally:
        admin.ask("DELETE", f"{BINDINGS}/{name}")
        admin.ask("DELETE", f"{POLICIES}/{name}")
        eventually(lambda: not refuses())


def account(
    admin: Api, volume: Volume, kubeconfig: Path, folder: Path, *files: str
) -> dict[str, str]:
    """Return the settings for the real token of an account that has these rights."""
    name = f"a{uuid.uuid4().hex[:6]}"
    grant(admin, volume.namespace, name, *files)
    found = yaml.safe_load(kubeconfig.read_text())
    found["users"][0]["user"] = {"token": admin.token_of(volume.namespace, name)}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(found))
    return {"kubeconfig": str(path)}


def test_rights(
    make: MakeClient, volume: Volume, admin: Api, kubeconfig: Path, tmp_path: Path
) -> None:
    without = make(**account(admin, volume, kubeconfig, tmp_path, "read", "snapshot"))
    can = without.volumes.get("home").can
    for permission in (can.browse, can.restore):
        assert not permission.allowed
        assert "rbac/tiers/mover" in permission.hint
    with pytest.raises(NotMounted) as refused:
        without.files.list("good")
    assert "rbac/tiers/mover" in refused.value.hint
    assert movers(admin, volume.namespace) == []
    files = ("read", "snapshot", "mover")
    granted = make(**account(admin, volume, kubeconfig, tmp_path, *files))
    can = granted.volumes.get("home").can
    assert can.browse.allowed
    assert can.restore.allowed
    granted.files.list("good")
    started = granted.restores.start("good", RestoreOrder())
    assert granted.operations.wait(started.id, timeout=90).state == "done"


def test_switched_off(make: MakeClient) -> None:
    client = make(mover_enabled=False)
    assert not client.volumes.get("home").can.browse.allowed
    with pytest.raises(NotMounted) as refused:
        client.files.list("good")
    assert "mover_enabled" in refused.value.hint


def test_it_goes_with_the_users_pod(volume: Volume, admin: Api) -> None:
    """A helper that the user's own pod has made is deleted with that."""
    volume.workspace.ok("python3", "-m", "netapp_jlab", "files", "good")
    (pod,) = running(admin, volume.namespace)
    assert pod["metadata"]["ownerReferences"][0]["name"] == "jupyter-ada"
    assert pod["metadata"]["labels"]["netapp-jlab.io/owner"] == "ada"
    admin.ask("DELETE", f"{PODS.format(volume.namespace)}/jupyter-ada")
    nothing_left(admin, volume.namespace)
