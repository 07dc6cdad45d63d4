"""Commands in containers, against a real WebSocket server."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import subprocess
import threading
import time

import pytest

from netapp_jlab.errors import (
    Cancelled,
    Forbidden,
    NetAppJLabError,
    NotFound,
    Timeout,
    Unauthorized,
    Unreachable,
)
from netapp_jlab.k8s import exec as execs
from netapp_jlab.k8s.exec import Ended
from netapp_jlab.k8s.interrupts import Interrupt

from .kubelet import Kubelet


def echo(session) -> None:
    """Answer with what comes in, until it is "end"."""
    while not session.closed:
        data = session.wait()
        session.came.clear()
        if data == b"end":
            session.end(status="Success")
            return
        session.send(1, data)


@pytest.fixture
def kubelet():
    made = []

    def make(script=echo, **options):
        made.append(Kubelet(script, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def run(cluster, **options):
    options = {"container": "mover", "limit": 5.0, **options}
    return execs.run(cluster, "helper", ["python3", "-m", "x y"], **options)


def all_of(command, timeout: float = 5.0) -> bytes:
    found: list[bytes] = []
    with pytest.raises(Ended, match="exit status 0"):
        found.extend(iter(lambda: command.receive(timeout), None))
    return b"".join(found)


def status(code: int, reason: str, message: str) -> bytes:
    return json.dumps(
        {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}
    ).encode()


def test_what_is_asked_for(kubelet, connect):
    server = kubelet()
    command = run(connect(server.url))
    command.close()
    request = server.requests[0]
    assert request.path == "/api/v1/namespaces/lab/pods/helper/exec"
    assert request.arguments["command"] == [b"python3", b"-m", b"x y"]
    assert request.arguments["container"] == [b"mover"]
    assert [request.arguments[one] for one in ("stdin", "stdout", "stderr")] == [[b"true"]] * 3
    assert request.headers["Authorization"] == "Bearer secret-token"
    assert request.headers["User-Agent"].startswith("netapp-jlab/")
    assert "Origin" not in request.headers


@pytest.mark.parametrize("protocol", execs.PROTOCOLS)
def test_bytes_go_there_and_back(kubelet, connect, protocol):
    server = kubelet()
    server.protocol = protocol
    command = run(connect(server.url))
    sent = bytes(range(256)) * 1000  # several messages
    command.send(sent, timeout=5.0)
    found = b""
    while len(found) < len(sent):
        found += command.receive(5.0)
    assert found == sent
    command.send(b"end", timeout=5.0)
    assert all_of(command) == b""
    command.close()


def test_nothing_within_the_time(kubelet, connect):
    command = run(connect(kubelet(lambda session: session.wait(20)).url))
    began = time.monotonic()
    assert command.receive(0.3) == b""
    assert 0.2 < time.monotonic() - began < 2
    command.close()


def test_how_it_ended(kubelet, connect):
    def fail(session):
        session.send(2, b"python3: No module named ")
        session.send(2, b"netapp_jlab\n")
        session.send(1, b"")
        causes = [{"reason": "ExitCode", "message": "1"}]
        text = "command terminated with non-zero exit code"
        session.end(
            status="Failure", reason="NonZeroExitCode", message=text, details={"causes": causes}
        )

    command = run(connect(kubelet(fail).url))
    with pytest.raises(Ended) as ended:
        command.receive(5.0)
    assert (ended.value.code, ended.value.why) == (1, "python3: No module named netapp_jlab")
    command.close()


def test_a_command_that_does_not_start(kubelet, connect):
    text = 'exec: "python3": executable file not found in $PATH: unknown'
    command = run(connect(kubelet(lambda one: one.end(status="Failure", message=text)).url))
    with pytest.raises(Ended) as ended:
        command.receive(5.0)
    assert (ended.value.code, ended.value.why) == (None, text)
    command.close()


@pytest.mark.parametrize("how", ["close", "cut"])
def test_a_connection_that_breaks(kubelet, connect, how):
    command = run(connect(kubelet(lambda session: getattr(session, how)()).url))
    with pytest.raises(Ended) as ended:
        command.receive(5.0)
    assert ended.value.code is None
    with pytest.raises(Ended):
        command.send(b"x" * 10_000_000, timeout=5.0)
    command.close()


def test_a_last_word_that_is_none(kubelet, connect):
    command = run(connect(kubelet(lambda session: session.send(3, b"\xff no json")).url))
    with pytest.raises(Ended):
        command.receive(5.0)
    command.close()


def test_an_interrupt_cuts_it(kubelet, connect):
    interrupt = Interrupt()
    cluster = connect(kubelet(lambda session: session.wait(20)).url)
    command = run(cluster, interrupt=interrupt)
    threading.Timer(0.2, interrupt.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        command.receive(20.0)
    assert time.monotonic() - began < 5
    command.close()
    with pytest.raises(Cancelled):
        run(cluster, interrupt=interrupt)


def test_closing_ends_it_on_the_other_side(kubelet, connect):
    server = kubelet(lambda session: session.wait(20))
    command = run(connect(server.url))
    session = server.session()
    command.close()
    with session.changed:
        assert session.changed.wait_for(lambda: session.closed, 5)


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (403, status(403, "Forbidden", 'pods "helper" is forbidden: no'), Forbidden),
        (404, status(404, "NotFound", 'pods "helper" not found'), NotFound),
        (401, status(401, "Unauthorized", "Unauthorized"), Unauthorized),
        (200, b"<html>login</html>", Unreachable),
        (500, status(500, "InternalError", "container not found"), NetAppJLabError),
    ],
)
def test_refusals(kubelet, connect, code, body, error):
    server = kubelet()
    server.refusal = (code, {"Content-Type": "application/json"}, body)
    with pytest.raises(error):
        run(connect(server.url))


def test_a_redirect_is_not_followed(kubelet, connect):
    elsewhere, server = kubelet(), kubelet()
    server.refusal = (302, {"Location": elsewhere.url.replace("http", "ws") + "/x"}, b"")
    with pytest.raises(Unreachable):
        run(connect(server.url))
    assert elsewhere.requests == []


def test_a_server_that_speaks_another_protocol(kubelet, connect):
    server = kubelet()
    server.protocol = "channel.k8s.io"
    with pytest.raises(Unreachable):
        run(connect(server.url))


def test_no_server(connect):
    with pytest.raises(Unreachable):
        run(connect("http://127.0.0.1:1"))


def test_a_server_that_says_nothing(serve, connect):
    server = serve(script=lambda _: lambda wire: wire.wait(20))
    began = time.monotonic()
    with pytest.raises(Timeout):
        run(connect(server), limit=0.5)
    assert time.monotonic() - began < 5


def test_the_token_is_never_logged(kubelet, connect, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    server = kubelet()
    cluster = connect(server.url, token="a-very-secret-token")
    command = run(cluster)
    server.session().cut()
    with pytest.raises(Ended):
        command.receive(5.0)
    command.close()
    server.refusal = (500, {}, b"")
    with pytest.raises(NetAppJLabError):
        run(cluster)
    assert server.requests[0].headers["Authorization"] == "Bearer a-very-secret-token"
    assert "a-very-secret-token" not in caplog.text + "".join(capfd.readouterr())


def test_the_environments_proxy_is_not_used(kubelet, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    cluster = connect(kubelet().url)
    cluster.sender.endpoint.configuration.proxy = None
    run(cluster).close()


@pytest.fixture
def proxy():
    """A proxy that connects to where it is asked to, and what it was asked."""
    asked = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        asked.append(head.decode())
        host, _, port = head.split()[1].decode().partition(":")
        with connection, socket.create_connection((host, int(port))) as behind:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pipe, args=(behind, connection))
            back.start()
            pipe(connection, behind)
            back.join()

    def pipe(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(4096):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    listener.close()


def test_the_configurations_proxy_is_used(kubelet, connect, proxy):
    address, asked = proxy
    server = kubelet()
    cluster = connect(server.url)
    cluster.sender.endpoint.configuration.proxy = f"http://user:pass%21@{address}"
    command = run(cluster)
    command.send(b"hello", timeout=5.0)
    assert command.receive(5.0) == b"hello"
    command.close()
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{server.port} ")
    assert "Basic dXNlcjpwYXNzIQ==" in asked[0]
    assert "secret-token" not in asked[0]


def test_hosts_that_are_reached_without_the_proxy(kubelet, connect):
    cluster = connect(kubelet().url)
    cluster.sender.endpoint.configuration.proxy = "http://127.0.0.1:1"
    with pytest.raises(Unreachable):
        run(cluster)
    cluster.sender.endpoint.configuration.no_proxy = "example.org,127.0.0.1"
    run(cluster).close()


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


def encrypted(kubelet, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return kubelet(tls=context)


def test_tls_with_the_kubeconfigs_authority(kubelet, connect, certificate):
    cluster = connect(encrypted(kubelet, certificate).url)
    cluster.sender.endpoint.configuration.ssl_ca_cert = str(certificate / "cert.pem")
    command = run(cluster)
    command.send(b"hello", timeout=5.0)
    assert command.receive(5.0) == b"hello"
    command.close()


@pytest.mark.parametrize("setting", [{}, {"ssl_ca_cert": "cert.pem", "tls_server_name": "other"}])
def test_tls_that_is_not_trusted(kubelet, connect, certificate, setting):
    server = encrypted(kubelet, certificate)
    cluster = connect(server.url)
    for name, value in setting.items():
        known = str(certificate / value) if name == "ssl_ca_cert" else value
        setattr(cluster.sender.endpoint.configuration, name, known)
    with pytest.raises(Unreachable, match="No secure connection"):
        run(cluster)
    assert server.requests == []
