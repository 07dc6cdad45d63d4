"""A real Jupyter server, from start to end, with the real core."""

from __future__ import annotations

import socket

import pytest

from .process import Server

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: there
clusters: [{name: there, cluster: {server: "http://127.0.0.1:%d"}}]
users: [{name: ada, user: {token: nobody}}]
contexts: [{name: there, context: {cluster: there, user: ada, namespace: jupyter}}]
"""


@pytest.fixture
def silence():
    """The port of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_without_a_cluster(tmp_path):
    server = Server(tmp_path / "home", "netapp_jlab.server", "--NetAppJLab.kubeconfig=/nowhere")
    try:
        reply = server.get("volumes")
        assert (reply.status_code, reply.json()["reason"]) == (503, "NoCluster")
        status = server.get("status").json()
        assert status["connected"] is False
        assert [problem["reason"] for problem in status["problems"]] == ["NoCluster"]
    finally:
        seconds = server.stop()
    assert seconds < 3
    assert server.process.returncode == 0


def test_a_cluster_that_says_nothing_does_not_delay_the_end(tmp_path, silence):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG % silence)
    server = Server(
        tmp_path / "home",
        "netapp_jlab.server",
        f"--NetAppJLab.kubeconfig={kubeconfig}",
        "--NetAppJLab.operation_timeout=1",
    )
    try:
        reply = server.get("volumes")
        assert (reply.status_code, reply.json()["reason"]) == (504, "Timeout")
        waiting = [server.get_in_vain("volumes") for _ in range(3)]
    finally:
        seconds = server.stop()
    for thread in waiting:
        thread.join(20)
    assert seconds < 5
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "nobody" not in log


def test_nothing_is_asked_of_the_cluster_before_the_first_request(tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    with socket.create_server(("127.0.0.1", 0)) as cluster:
        cluster.settimeout(1)
        kubeconfig.write_text(KUBECONFIG % cluster.getsockname()[1])
        server = Server(
            tmp_path / "home", "netapp_jlab.server", f"--NetAppJLab.kubeconfig={kubeconfig}"
        )
        try:
            assert server.get("openapi.json").status_code == 200
            with pytest.raises(TimeoutError):
                cluster.accept()
            asking = server.get_in_vain("status")
            cluster.accept()[0].close()
        finally:
            server.stop()
        asking.join(20)
