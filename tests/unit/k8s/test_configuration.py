"""Where the API server is found, and how its token is kept fresh."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module

import pytest
import yaml

from netapp_jlab import errors
from netapp_jlab.config import Settings
from netapp_jlab.k8s import configuration, kinds
from netapp_jlab.k8s.client import Cluster

from . import made
from .conftest import write_kubeconfig
from .server import eventually, reply, status

REAL = dt.datetime


@pytest.fixture
def pod(tmp_path, monkeypatch):
    """Make this process look as if it ran in a pod; returns the folder of the service account."""
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text("first")
    (account / "ca.crt").write_text("a certificate")
    (account / "namespace").write_text("pods-namespace\n")
    loader = import_module("kubernetes.config.incluster_config")
    monkeypatch.setattr(loader, "SERVICE_TOKEN_FILENAME", str(account / "token"))
    monkeypatch.setattr(loader, "SERVICE_CERT_FILENAME", str(account / "ca.crt"))
    monkeypatch.setattr(configuration, "SERVICE_ACCOUNT", str(account))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return account


def test_the_pods_service_account(pod):
    endpoint = configuration.load(Settings())
    assert endpoint.server == "https://10.0.0.1:443"
    assert endpoint.namespace == "pods-namespace"
    assert endpoint.headers() == {"authorization": "bearer first"}


def test_a_rotated_token_is_read_anew(pod, monkeypatch):
    endpoint = configuration.load(Settings())
    (pod / "token").write_text("second\n")
    assert endpoint.headers() == {"authorization": "bearer first"}
    loader = import_module("kubernetes.config.incluster_config")

    class Later(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return REAL.now(tz) + dt.timedelta(minutes=2)

    monkeypatch.setattr(loader.datetime, "datetime", Later)
    assert endpoint.headers() == {"authorization": "bearer second"}
    (pod / "token").write_text("")
    monkeypatch.setattr(Later, "now", lambda tz=None: REAL(2999, 1, 1))
    with pytest.raises(errors.Unauthorized, match="service account can not be read"):
        endpoint.headers()


def test_a_kubeconfig_that_is_asked_for_wins_over_the_pod(pod, tmp_path):
    path = write_kubeconfig(tmp_path / "kubeconfig", "https://api:6443/")
    endpoint = configuration.load(Settings(kubeconfig=str(path)))
    assert endpoint.server == "https://api:6443"
    assert endpoint.namespace == "lab"
    assert (
        configuration.load(Settings(kubeconfig=str(path), context="other")).namespace == "default"
    )


def test_a_pod_without_a_token(pod):
    (pod / "namespace").unlink()
    with pytest.raises(errors.NoCluster, match="service account can not be used"):
        configuration.load(Settings())


def test_where_a_kubeconfig_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(errors.NoCluster, match=r"no pod's service account and no .*\.kube/config"):
        configuration.load(Settings())
    (tmp_path / ".kube").mkdir()
    write_kubeconfig(tmp_path / ".kube/config", "https://home")
    assert configuration.load(Settings()).server == "https://home"
    several = f"{tmp_path}/missing:{write_kubeconfig(tmp_path / 'k', 'https://env')}"
    monkeypatch.setenv("KUBECONFIG", several)
    assert configuration.load(Settings()).server == "https://env"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "is no kubeconfig"),
        (b"\xff\xfe", "is no kubeconfig"),
        (b"just text", "is no kubeconfig"),
        (b"", "empty"),
        (b"{}", "can not be used"),
    ],
)
def test_files_that_are_no_kubeconfig(tmp_path, content, message):
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(errors.NoCluster, match=message):
        configuration.load(Settings(kubeconfig=str(path)))


def test_a_context_that_is_not_there(tmp_path):
    path = write_kubeconfig(tmp_path / "kubeconfig", "https://api")
    with pytest.raises(errors.NoCluster, match=r"context “nope”.*can not be used"):
        configuration.load(Settings(kubeconfig=str(path), context="nope"))


def test_a_context_in_a_file_without_a_current_one(tmp_path):
    path = write_kubeconfig(tmp_path / "kubeconfig", "https://api")
    content = yaml.safe_load(path.read_text())
    del content["current-context"]
    path.write_text(yaml.safe_dump(content))
    endpoint = configuration.load(Settings(kubeconfig=str(path), context="test"))
    assert endpoint.namespace == "lab"


def test_without_a_token(tmp_path):
    path = write_kubeconfig(tmp_path / "kubeconfig", "https://api", token="")
    assert configuration.load(Settings(kubeconfig=str(path))).headers() == {}


def test_a_program_beside_us_keeps_its_own_default(serve, connect):
    client = import_module("kubernetes.client")
    default = client.Configuration()
    default.host, default.api_key = "http://elsewhere", {"authorization": "other"}
    client.Configuration.set_default(default)
    try:
        api = serve(reply(200, made.claim()))
        connect(api).get(kinds.CLAIMS, "data")
        assert api.requests[0].headers["authorization"] == "Bearer secret-token"
        assert client.Configuration.get_default_copy().host == "http://elsewhere"
    finally:
        client.Configuration.set_default(None)


def test_settings_name_the_namespace(connect):
    assert connect("http://127.0.0.1:1", namespace="mine").namespace == "mine"
    assert connect("http://127.0.0.1:1").namespace == "lab"


def test_version_and_account(serve, connect):
    api = serve(
        reply(200, {"gitVersion": "v1.36.1"}),
        reply(201, {"status": {"userInfo": {"username": "system:serviceaccount:lab:default"}}}),
        status(403, "Forbidden", "no"),
        status(404, "NotFound", "no"),
    )
    cluster = connect(api, read_only=True)
    assert cluster.version() == "v1.36.1"
    assert cluster.account() == "system:serviceaccount:lab:default"
    assert cluster.account() == ""
    assert cluster.account() == ""
    assert api.requests[1].json == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
    }


def test_nothing_heavy_is_imported_before_the_first_call():
    code = (
        "import sys\n"
        "from netapp_jlab.config import Settings\n"
        "from netapp_jlab.k8s import access, client, informer\n"
        "access.Access(client.Cluster(Settings(namespace='x'))).forget()\n"
        "heavy = {'kubernetes', 'urllib3', 'yaml', 'requests'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_connection_is_made_once(serve, connect):
    from concurrent.futures import ThreadPoolExecutor

    api = serve(reply(200, made.claim()))
    cluster: Cluster = connect(api)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cluster.get(kinds.CLAIMS, "data"), range(40)))
    assert len(api.requests) == 40
    assert api.connections <= 8


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(serve, connect):
    api = serve(reply(200, made.claim()))
    cluster = connect(api)
    cluster.get(kinds.CLAIMS, "data")
    child = os.fork()
    if not child:
        signal.alarm(20)  # should it hang
        os._exit(0 if cluster.get(kinds.CLAIMS, "data").metadata.name == "data" else 1)
    assert os.waitpid(child, 0)[1] == 0
    cluster.get(kinds.CLAIMS, "data")
    assert api.connections == 2


def test_close_leaves_no_thread_behind(serve, connect):
    cluster = connect(serve(reply(200, made.claim())))
    before = threading.active_count()
    cluster.get(kinds.CLAIMS, "data")
    cluster.close()
    eventually(lambda: threading.active_count() <= before + 1)  # the server's own
