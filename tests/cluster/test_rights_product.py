"""The product under a token of each tier: it does what that promises, and says why not else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netapp_jlab import Client
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.models import (
    CloneOrder,
    SnapshotChange,
    SnapshotOrder,
    VolumeChange,
    VolumeOrder,
)
from tests.contract.tools import ROOT

from .api import CLAIMS, Api, eventually
from .tiers import SNAPSHOTS, TIERS, Right, applied, kubeconfig_of

CLASS = "csi-shown"
VOLUME = "claim-ada"
PATIENCE = 60.0
NEEDED = {
    "list": [("", "persistentvolumeclaims", "list")],
    "snapshot": [(SNAPSHOTS, "volumesnapshots", "create")],
    "note": [(SNAPSHOTS, "volumesnapshots", "patch")],
    "remove": [(SNAPSHOTS, "volumesnapshots", "delete")],
    "create": [("", "persistentvolumeclaims", "create")],
    "resize": [("", "persistentvolumeclaims", "patch")],
    "delete": [("", "persistentvolumeclaims", "delete")],
}
"""By what a user does: the rights without which it is refused."""


@pytest.fixture(params=sorted(set(TIERS) - {"classes"}))
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(
    admin: Api, kubeconfig: Path, namespace: str, tier: str, tmp_path: Path
) -> Iterator[Path]:
    """A kubeconfig with the account's token; the namespace has one volume."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": CLASS,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    admin.create(CLAIMS.format(namespace), {"metadata": {"name": VOLUME}, "spec": spec})
    claim = f"{CLAIMS.format(namespace)}/{VOLUME}"
    eventually(lambda: admin.get(claim)["status"]["phase"] == "Bound")
    with applied(admin, kubeconfig, namespace, tier, tmp_path) as account:
        file = tmp_path / "kubeconfig"
        file.write_text(kubeconfig_of(account, namespace))
        yield file


@pytest.fixture
def made(kubeconfig: Path, namespace: str, account: Path) -> str:
    """A snapshot that the administrator took."""
    with Client(kubeconfig=str(kubeconfig), namespace=namespace, user="admin") as client:
        return client.snapshots.create(VOLUME, SnapshotOrder(name="theirs")).name


def test_each_action_works_or_names_the_right(
    account: Path, namespace: str, tier: str, made: str
) -> None:
    with Client(kubeconfig=str(account), namespace=namespace, user="ada") as client:
        order = VolumeOrder(name="mine", size="1Gi", storage_class=CLASS)
        actions: dict[str, Callable[[], object]] = {
            "list": client.volumes.list,
            "snapshot": lambda: client.snapshots.create(VOLUME, SnapshotOrder()),
            "note": lambda: client.snapshots.change(made, SnapshotChange(note="mine")),
            "remove": lambda: client.snapshots.delete(made),
            "create": lambda: client.volumes.create(order),
            "resize": lambda: client.volumes.resize(VOLUME, VolumeChange(size="2Gi")),
            "delete": lambda: client.volumes.delete(VOLUME, confirm=VOLUME),
        }
        for what, act in actions.items():
            lacking = [one for one in NEEDED[what] if Right(*one) not in TIERS[tier]]
            if not lacking:
                act()
                continue
            with pytest.raises(NetAppJLabError) as refused:
                act()
            assert refused.value.reason == "Forbidden", what
            _, resource, verb = lacking[0]
            assert verb in refused.value.message, what
            assert resource in refused.value.message, what


def test_what_the_panel_offers_is_what_works(account: Path, namespace: str, tier: str) -> None:
    with Client(kubeconfig=str(account), namespace=namespace, user="ada") as client:
        (seen,) = client.volumes.list().items
        trials: dict[str, Callable[[], object]] = {
            "snapshot": lambda: client.snapshots.create(VOLUME, SnapshotOrder()),
            "clone": lambda: client.operations.wait(
                client.clones.from_volume(VOLUME, CloneOrder(name="copy")).id, timeout=PATIENCE
            ),
            "resize": lambda: client.volumes.resize(VOLUME, VolumeChange(size="2Gi")),
            "delete": lambda: client.volumes.delete(VOLUME, confirm=VOLUME),
        }
        for what, attempt in trials.items():
            told = getattr(seen.can, what)
            if told.allowed:
                attempt()
                continue
            assert "may not" in told.reason, what
            assert told.hint.startswith("An administrator can grant it with rbac/tiers/"), what
            with pytest.raises(NetAppJLabError) as refused:
                attempt()
            assert refused.value.reason == "Forbidden", what


def test_doctor_names_each_missing_right_and_the_tier_that_grants_it(
    account: Path, namespace: str, tier: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "netapp_jlab", "--kubeconfig", str(account)]
    done = subprocess.run(
        [*command, "-n", namespace, "doctor", "--json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        cwd=tmp_path,
    )
    status = json.loads(done.stdout)
    told = {(one["resource"], one["verb"]): one for one in status["rights"]}
    promised = {(one.resource, one.verb) for one in TIERS[tier]}
    assert {key for key, one in told.items() if one["allowed"]} == promised & set(told)
    hints = " ".join(one["hint"] for one in status["problems"])
    for key, one in told.items():
        if key not in promised:
            assert one["granted_by"] in hints, key
            assert (ROOT / one["granted_by"] / "kustomization.yaml").is_file()
    readable = TIERS["read"] <= TIERS[tier]
    assert done.returncode == (0 if readable else 1), done.stderr
