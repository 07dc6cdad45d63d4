"""Which claims are mounted here: settings, the pod's manifest, the kernel's table."""

from __future__ import annotations

import msgspec
import pytest

from netapp_jlab.config import Settings
from netapp_jlab.k8s.wire import Claim, Pod
from netapp_jlab.services import mounts

UID = "0f3b9c1e-5a55-4a0e-9a50-1f6f2ad6a001"


def claim(name: str, volume: str) -> Claim:
    return msgspec.convert({"metadata": {"name": name}, "spec": {"volumeName": volume}}, Claim)


CLAIMS = {"claim-ada": claim("claim-ada", f"pvc-{UID}")}


def in_table(line: str) -> list[mounts.Mount]:
    return list(mounts.table_mounts([line], CLAIMS))


@pytest.mark.parametrize(
    ("line", "path", "whole", "read_only"),
    [
        pytest.param(
            f"712 1 0:44 /pvc-{UID}/mount /home/jovyan rw,relatime - ext4 /dev/sda rw",
            "/home/jovyan",
            True,
            False,
            id="bind mount",
        ),
        pytest.param(
            f"712 1 0:44 /vols/pvc-{UID}/sub /data rw - ext4 /dev/sda rw",
            "/data",
            False,
            False,
            id="subPath of a bind mount",
        ),
        pytest.param(
            f"9 1 0:51 / /home/ada rw - nfs4 10.0.0.9:/trident_pvc_{UID.replace('-', '_')} rw",
            "/home/ada",
            True,
            False,
            id="NFS on Trident",
        ),
        pytest.param(
            f"9 1 0:51 /sub /home/ada ro - nfs4 10.0.0.9:/trident_pvc_{UID.replace('-', '_')} rw",
            "/home/ada",
            False,
            True,
            id="subPath of NFS, read-only",
        ),
        pytest.param(
            rf"9 1 0:44 /pvc-{UID} /home/my\040files rw shared:3 - ext4 /dev/sda rw",
            "/home/my files",
            True,
            False,
            id="a blank in the path",
        ),
    ],
)
def test_finds_a_claim_in_the_kernels_table(line, path, whole, read_only):
    assert in_table(line) == [mounts.Mount("claim-ada", path, read_only, whole)]


@pytest.mark.parametrize(
    "line",
    [
        "1 1 0:1 / / rw - overlay overlay rw",
        f"9 1 0:44 /pvc-{UID}x /data rw - ext4 /dev/sda rw",
        f"9 1 0:44 /other-pvc-{UID[:-1]} /data rw - ext4 /dev/sda rw",
        "garbage",
        "",
    ],
)
def test_takes_no_other_mount_for_a_claim(line):
    assert in_table(line) == []


@pytest.mark.parametrize("order", [1, -1])
def test_the_whole_volume_counts_and_not_a_mount_within_it(tmp_path, order):
    lines = [
        f"9 1 0:44 / {tmp_path} rw - nfs4 server:/trident_pvc-{UID} rw",
        f"10 9 0:45 / {tmp_path}/.snapshot ro - nfs4 server:/trident_pvc-{UID}/.snapshot ro",
    ]
    table = tmp_path / "mountinfo"
    table.write_text("\n".join(lines[::order]))
    found = mounts.find(Settings(), CLAIMS, lambda: None, str(table))
    assert found.by_claim == {"claim-ada": mounts.Mount("claim-ada", str(tmp_path))}


def test_settings_win_and_name_the_workspace(tmp_path):
    settings = Settings(workspace_claim="claim-ada", mounts={"claim-ada": str(tmp_path)})
    found = mounts.find(settings, CLAIMS, lambda: pytest.fail("the pod was read"))
    assert found.workspace == "claim-ada"
    assert found.found_by == "settings"
    assert found.get("claim-ada") == mounts.Mount("claim-ada", str(tmp_path))
    assert found.get("other") is None


def test_reads_the_pod(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    pod = msgspec.convert(
        {
            "spec": {
                "volumes": [
                    {"name": "home", "persistentVolumeClaim": {"claimName": "claim-ada"}},
                    {"name": "shared", "persistentVolumeClaim": {"claimName": "datasets"}},
                    {"name": "tmp"},
                ],
                "containers": [
                    {
                        "volumeMounts": [
                            {"name": "home", "mountPath": f"{tmp_path}/"},
                            {"name": "tmp", "mountPath": "/tmp"},
                            {"name": "shared", "mountPath": "/not/in/this/container"},
                        ]
                    }
                ],
            }
        },
        Pod,
    )
    found = mounts.find(Settings(), {}, lambda: pod)
    assert found.found_by == "pod"
    assert found.workspace == "claim-ada"
    assert set(found.by_claim) == {"claim-ada"}


def test_the_deepest_mount_above_home_is_the_workspace(tmp_path, monkeypatch):
    home = tmp_path / "home" / "ada"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    table = tmp_path / "mountinfo"
    other = "11111111-5a55-4a0e-9a50-1f6f2ad6a001"
    table.write_text(
        f"1 1 0:1 /pvc-{other} {tmp_path} rw - ext4 /dev/sda rw\n"
        f"2 1 0:1 /pvc-{UID} {home} rw - ext4 /dev/sda rw\n"
    )
    claims = {**CLAIMS, "wide": claim("wide", f"pvc-{other}")}
    found = mounts.find(Settings(), claims, lambda: None, str(table))
    assert (found.workspace, found.found_by) == ("claim-ada", "mountinfo")
    assert set(found.by_claim) == {"claim-ada", "wide"}
