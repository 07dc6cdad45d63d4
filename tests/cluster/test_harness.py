"""The test cluster itself: what others build on, and that it keeps to itself."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import network, programs
from .api import CLAIMS, PODS, Api, eventually, kubectl
from .cluster import Cluster, all_programs
from .conftest import VARIABLE
from .layout import CSI, INSIDE, KUBECONFIG, LOGS, NODE, OUTSIDE, ROOT, RUN, ClusterError

if Path(os.environ[VARIABLE]).resolve() != KUBECONFIG:
    pytest.skip("another cluster is tested", allow_module_level=True)

IMAGE = "netapp-jlab/user:test"
WHO_AM_I = """
import json, os, ssl, urllib.request
secrets = "/var/run/secrets/kubernetes.io/serviceaccount/"
context = ssl.create_default_context(cafile=secrets + "ca.crt")
review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
request = urllib.request.Request(
    "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}".format(**os.environ)
    + "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    json.dumps(review).encode(),
    {"Authorization": "Bearer " + open(secrets + "token").read(),
     "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request, context=context, timeout=20).read().decode())
"""
CONNECT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=4) as connection:
    print(connection.recv(5).decode())
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster.running()


@pytest.fixture
def pod(admin: Api, namespace: str) -> str:
    """The namespace of a pod `user` that has a claim `data` at /data, and runs."""
    metadata = {"metadata": {"name": "data"}}
    size = {"resources": {"requests": {"storage": "100Mi"}}}
    admin.create(
        CLAIMS.format(namespace), {**metadata, "spec": {"accessModes": ["ReadWriteOnce"], **size}}
    )
    container = {
        "name": "user",
        "image": IMAGE,
        "imagePullPolicy": "Never",
        "command": ["sleep", "infinity"],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    spec = {
        "containers": [container],
        "volumes": [volume],
        "terminationGracePeriodSeconds": 0,
    }
    path = PODS.format(namespace)
    admin.create(path, {"metadata": {"name": "user"}, "spec": spec})
    eventually(lambda: admin.get(f"{path}/user")["status"]["phase"] == "Running")
    return namespace


@pytest.fixture
def listener() -> Iterator[int]:
    """The port of a service of this machine that is open to everybody."""
    server = socket.create_server(("0.0.0.0", 0))
    with server:
        yield server.getsockname()[1]


def test_the_node_is_ready_and_of_the_pinned_version(admin: Api):
    status = admin.get(f"/api/v1/nodes/{NODE}")["status"]
    assert {one["type"]: one["status"] for one in status["conditions"]}["Ready"] == "True"
    assert status["nodeInfo"]["kubeletVersion"] == programs.version()[0]
    assert admin.get("/version")["gitVersion"] == programs.version()[0]


def test_a_pod_with_a_claim_runs_and_its_token_reaches_the_api_server(
    kubeconfig: Path, admin: Api, pod: str
):
    inside = ["--namespace", pod, "exec", "user", "--"]
    review = json.loads(kubectl(kubeconfig, *inside, "python", "-c", WHO_AM_I))
    assert review["status"]["userInfo"]["username"] == f"system:serviceaccount:{pod}:default"

    kubectl(kubeconfig, *inside, "sh", "-c", "echo kept > /data/file")
    name = admin.get(f"{CLAIMS.format(pod)}/data")["spec"]["volumeName"]
    handle = admin.get(f"/api/v1/persistentvolumes/{name}")["spec"]["csi"]["volumeHandle"]
    assert (CSI / "volumes" / handle / "file").read_text() == "kept\n"


def test_the_image_has_the_product_and_jupyterlab(kubeconfig: Path, pod: str):
    inside = ["--namespace", pod, "exec", "user", "--"]
    listed = kubectl(kubeconfig, *inside, "sh", "-c", "jupyter labextension list 2>&1")
    (line,) = (line for line in listed.splitlines() if "netapp-jlab v" in line)
    assert "enabled" in line
    assert "OK" in line


def test_pods_reach_the_api_server_and_nothing_of_this_machine_or_beyond(
    kubeconfig: Path, pod: str, listener: int
):
    with socket.create_connection((OUTSIDE, listener), timeout=4):
        pass  # it is there
    inside = ["--namespace", pod, "exec", "user", "--", "python", "-c", CONNECT]
    for address, port in ((OUTSIDE, listener), ("192.0.2.1", 443)):
        with pytest.raises(AssertionError, match=r"TimeoutError|unreachable"):
            kubectl(kubeconfig, *inside, address, str(port))
    with pytest.raises(AssertionError, match="TimeoutError: timed out"):  # it waits for us to begin
        kubectl(kubeconfig, *inside, INSIDE, "6443")


def test_the_network_leads_nowhere(cluster: Cluster, listener: int):
    assert cluster.exec(["ip", "route", "show", "default"]) == ""
    with pytest.raises(ClusterError, match="TimeoutError"):
        cluster.exec([sys.executable, "-c", CONNECT, OUTSIDE, str(listener)])


def test_this_machine_sees_nothing_of_its_mounts_and_rules(cluster: Cluster, pod: str):
    mounted = Path("/proc/self/mounts").read_text()
    assert str(RUN) not in mounted
    assert str(RUN) in cluster.exec(["cat", "/proc/self/mounts"])
    tables = subprocess.run(
        ["nft", "list", "tables"], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    assert "kube-proxy" not in tables
    assert "kube-proxy" in cluster.exec(["nft", "list", "tables"])


@pytest.mark.disturbing
def test_a_second_start_says_that_it_runs_and_changes_nothing(cluster: Cluster):
    before = {name: cluster.pid(name) for name in all_programs()}
    done = _command("up")
    assert done.returncode == 0, done.stderr
    assert "runs already" in done.stdout
    assert str(KUBECONFIG) in done.stdout
    assert {name: cluster.pid(name) for name in all_programs()} == before


@pytest.mark.disturbing
def test_a_program_can_be_killed_and_started_again(cluster: Cluster):
    first = cluster.pid("csi-resizer")
    cluster.kill("csi-resizer")
    try:
        assert cluster.pid("csi-resizer") is None
        assert cluster.missing() == ["csi-resizer"]
        half = _command("up")
        assert half.returncode == 1
        assert "csi-resizer" in half.stderr
        assert "cluster-down" in half.stderr
        assert _command("status").returncode == 1
    finally:
        cluster.start("csi-resizer")
    assert cluster.pid("csi-resizer") not in (None, first)
    assert _command("status").returncode == 0
    assert (LOGS / "csi-resizer.log").read_text()


@pytest.mark.disturbing
def test_what_is_started_again_is_in_the_same_namespaces(cluster: Cluster):
    spaces = {
        (os.readlink(f"/proc/{cluster.pid(name)}/ns/net"), _mounts_of(cluster, name))
        for name in all_programs()
    }
    assert len(spaces) == 1
    assert network.PATH.stat().st_ino == int(next(iter(spaces))[0].strip("net:[]"))


def test_an_unknown_program_is_named(cluster: Cluster):
    with pytest.raises(ClusterError, match=r"“scheduler”: .*kube-scheduler"):
        cluster.stop("scheduler")


def test_a_command_runs_where_it_was_given():
    done = _command("exec", "--", "sh", "-c", "pwd; exit 3")
    assert done.returncode == 3
    assert done.stdout == f"{ROOT}\n"


def _mounts_of(cluster: Cluster, name: str) -> str:
    return os.readlink(f"/proc/{cluster.pid(name)}/ns/mnt")


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.cluster", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
