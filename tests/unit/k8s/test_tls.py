"""Encrypted connections: what goes wrong with certificates, and that they can be cut off."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time

import pytest

from netapp_jlab import errors
from netapp_jlab.config import Settings
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.client import Cluster

from . import made, server
from .conftest import write_kubeconfig
from .server import Server, chunks, eventually, reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return folder


@pytest.fixture
def secure(certificate, monkeypatch):
    """Start servers that speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    serve, servers = Server._serve, []

    def serve_encrypted(self, connection):
        try:
            wrapped = context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        self._open.append(wrapped)
        serve(self, wrapped)

    def start(*answers):
        servers.append(Server(server.in_order(*answers)))
        return servers[-1]

    monkeypatch.setattr(Server, "_serve", serve_encrypted)
    yield start
    for one in servers:
        one.stop()


@pytest.fixture
def connect_to(tmp_path):
    clusters = []

    def make(url: str, **cluster):
        path = write_kubeconfig(tmp_path / "kubeconfig", url, **cluster)
        clusters.append(Cluster(Settings(kubeconfig=str(path), request_timeout=1.0)))
        return clusters[-1]

    yield make
    for one in clusters:
        one.close()


def _https(api: Server) -> str:
    return api.url.replace("http:", "https:")


def _trusted(certificate) -> dict[str, str]:
    return {"certificate-authority": str(certificate / "cert.pem")}


def _get(cluster):
    return cluster.get(kinds.CLAIMS, "data")


def test_a_trusted_server(secure, connect_to, certificate):
    api = secure(reply(200, made.claim()))
    assert _get(connect_to(_https(api), **_trusted(certificate))).metadata.name == "data"


def test_an_unknown_authority(secure, connect_to):
    api = secure(reply(200, made.claim()))
    with pytest.raises(
        errors.Unreachable, match=r"certificate .* is not trusted: .*self"
    ) as caught:
        _get(connect_to(_https(api)))
    assert "certificate-authority-data" in caught.value.hint


def test_another_servers_certificate(secure, connect_to, certificate):
    url = _https(secure(reply(200, made.claim()))).replace("127.0.0.1", "localhost")
    with pytest.raises(errors.Unreachable, match=r"is not trusted: .*localhost"):
        _get(connect_to(url, **_trusted(certificate)))


def test_https_where_http_is_spoken(serve, connect_to, monkeypatch):
    def answer(_server, connection):
        with connection:
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    monkeypatch.setattr(Server, "_serve", answer)
    with pytest.raises(errors.Unreachable, match="does not speak TLS") as caught:
        _get(connect_to(_https(serve(server.close))))
    assert "http://" in caught.value.hint


def test_a_handshake_that_breaks(serve, connect_to, monkeypatch):
    monkeypatch.setattr(Server, "_serve", lambda _server, connection: connection.close())
    with pytest.raises(errors.Unreachable):
        _get(connect_to(_https(serve(server.close))))


def test_http_where_https_is_spoken(secure, connect_to):
    with pytest.raises(errors.Unreachable, match="closed the connection"):
        _get(connect_to(secure(reply(200, made.claim())).url))


def test_a_watch_that_waits_can_be_closed(secure, connect_to, certificate):
    api = secure(chunks(made.event("ADDED", made.claim()), then=server.hang))
    watch = connect_to(_https(api), **_trusted(certificate)).watch(
        kinds.CLAIMS, resource_version="1", timeout=60
    )
    seen = []

    def run():
        try:
            seen.extend(watch)
        except errors.Cancelled:
            seen.append("cancelled")

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: api.requests)
    time.sleep(0.05)
    watch.close()
    thread.join(1.0)
    assert not thread.is_alive()
    assert [getattr(one, "type", one) for one in seen] == ["added", "cancelled"]


def test_the_time_limit_holds(secure, connect_to, certificate):
    cluster = connect_to(_https(secure(server.drip_body)), **_trusted(certificate))
    cluster.settings = Settings(kubeconfig=cluster.settings.kubeconfig, request_timeout=0.3)
    with pytest.raises(errors.Timeout):
        _get(cluster)
