"""What an account may do is told, and what it may not is refused and explained."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from netapp_jlab import errors
from netapp_jlab.models import SnapshotOrder, VolumeOrder

PATIENCE = 30.0
RBAC = Path(__file__).parents[3] / "rbac"


@pytest.fixture
def account(cluster, tmp_path, make_client):
    """Make a client that is a service account with the rights that the named files grant."""

    def make(*files: str, **overrides: object):
        cluster.kubectl("create", "serviceaccount", "ada")
        for file in files:
            role = (RBAC / "roles" / file / "role.yaml").read_text()
            text = re.sub(r"name: default\b", "name: ada", role)
            text = re.sub(r"namespace: jupyter(hub)?\b", f"namespace: {cluster.namespace}", text)
            cluster.kubectl("apply", "-f", "-", stdin=text)
        token = cluster.kubectl("create", "token", "ada").strip()
        kubeconfig = str(write_kubeconfig(cluster, token, tmp_path))
        return make_client(kubeconfig=kubeconfig, **overrides)

    return make


def write_kubeconfig(cluster, token: str, folder: Path) -> Path:
    authority = base64.b64encode(Path(cluster.authority).read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "c",
                "cluster": {
                    "server": cluster.server,
                    "certificate-authority-data": authority,
                },
            }
        ],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [
            {"name": "x", "context": {"cluster": "c", "user": "u", "namespace": cluster.namespace}}
        ],
        "current-context": "x",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


def missing(client) -> set[str]:
    return {right.granted_by for right in client.capabilities.status().rights if not right.allowed}


def test_without_any_right_everything_missing_is_named(account):
    client = account()
    status = client.capabilities.status()
    assert status.connected
    assert status.account.endswith(":ada")
    assert status.classes is None
    assert missing(client) == {
        "rbac/tiers/read",
        "rbac/tiers/snapshot",
        "rbac/tiers/full",
        "rbac/tiers/mover",
        "rbac/tiers/classes",
    }
    assert any("kubectl apply -k rbac/tiers/read" in one.hint for one in status.problems)
    with pytest.raises(errors.Forbidden, match="persistentvolumeclaims") as refused:
        client.volumes.list()
    assert "doctor" in refused.value.hint


def test_read_only_tier_lists_and_says_why_nothing_else_works(account, volume):
    client = account("read")
    (seen,) = client.volumes.list().items
    assert not seen.can.snapshot.allowed
    assert "may not create volumesnapshots" in seen.can.snapshot.reason
    assert "rbac/tiers/snapshot" in seen.can.snapshot.hint
    assert not seen.can.clone.allowed
    with pytest.raises(errors.Forbidden):
        client.snapshots.create("project1", SnapshotOrder())


def test_snapshot_tier_snapshots_but_makes_no_volume(account, volume):
    client = account("read", "snapshot")
    made = client.snapshots.create("project1", SnapshotOrder(note="mine"))
    assert client.snapshots.wait(made.name, timeout=PATIENCE).phase == "ready"
    client.snapshots.delete(made.name)
    (seen,) = client.volumes.list().items
    assert seen.can.snapshot.allowed
    assert "rbac/tiers/full" in seen.can.clone.hint
    with pytest.raises(errors.Forbidden):
        client.volumes.create(VolumeOrder(name="more", size="1Gi", storage_class="x"))


def test_the_whole_product_under_all_files(account):
    client = account("read", "snapshot", "full", "mover", "classes")
    assert missing(client) == set()
    client.volumes.create(VolumeOrder(name="mine", size="1Gi"))
    assert client.volumes.wait("mine", timeout=PATIENCE).can.snapshot.allowed
    client.volumes.delete("mine", confirm="mine")


def test_what_is_switched_off_needs_no_rights(account):
    client = account("read", "snapshot", "full", "classes", mover_enabled=False)
    assert missing(client) == set()


def test_the_seeds_role_may_list_but_not_watch(account, volume):
    """Informers do not work with it, lists do: every look lists."""
    client = account("netapp-dataops-snapshots")
    client.start()
    made = client.snapshots.create("project1", SnapshotOrder())
    assert client.snapshots.wait(made.name, timeout=PATIENCE).phase == "ready"
    assert [one.name for one in client.snapshots.list("project1").items] == [made.name]
    assert not client.volumes.list().items[0].can.restore.allowed


def test_a_wrong_token(cluster, make_client, tmp_path):
    client = make_client(kubeconfig=str(write_kubeconfig(cluster, "wrong", tmp_path)))
    (problem,) = client.capabilities.status().problems
    assert problem.reason == "Unauthorized"
    assert "token" in problem.hint
    with pytest.raises(errors.Unauthorized):
        client.volumes.list()
