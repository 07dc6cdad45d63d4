"""``netapp-jlab demo``: start both processes, say where they are, and end them together."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from netapp_jlab.demo.launcher.cluster import Cluster, start_cluster
from netapp_jlab.demo.launcher.home import Home, write_private
from netapp_jlab.demo.launcher.jupyter import as_seen_from, extension_settings, start_lab
from netapp_jlab.demo.launcher.process import StartError
from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.demo.launcher.options import Options
    from netapp_jlab.demo.launcher.process import Process

__all__ = ["run"]

_PATIENCE = 90.0  # seconds until JupyterLab answers
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")
"""Without any of them a browser would take over the terminal."""
_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _StopRequested(BaseException):
    """Ctrl-C or its like: no error, and nothing that an ``except Exception`` may eat."""


def run(options: Options) -> int:
    """Run the demo until it is stopped.

    Parameters
    ----------
    options : Options
        See there.

    Returns
    -------
    int
        0 after Ctrl-C or SIGTERM.

    Raises
    ------
    Invalid, InUse, Unsupported
        The home or the port cannot be used.
    StartError
        A process did not start, or ended by itself; the message has the end of its log.
    """
    _forget(options.ready_file)  # of a run before: nobody must take it for this one's
    port = _port(options.port)
    with _signals(), ExitStack() as stack:
        stack.callback(_forget, options.ready_file)
        try:
            raise _run(options, port, stack).obituary()
        except _StopRequested:
            _say("\nStopping the demo …")
        except StartError as error:
            _say(error.last_words)
            raise
    return 0


def _run(options: Options, port: int, stack: ExitStack) -> Process:
    """Start everything; return the process that ended by itself."""
    home = Home(options.home)
    stack.callback(home.close)
    _say(f"Starting the demo in {home.path} …")
    cluster = start_cluster(home, options)
    stack.callback(cluster.process.stop)
    root = home.link("workspace", next(iter(cluster.mounts.values())))
    mounts = as_seen_from(root, cluster.mounts)
    settings = extension_settings(cluster.kubeconfig, cluster.namespace, mounts)
    token = secrets.token_hex(24)
    lab = start_lab(home, port, token, root, settings)
    stack.callback(lab.stop)
    address = f"http://127.0.0.1:{port}"
    _wait_until_up(f"{address}/api/status?token={token}", lab)
    _announce(options, f"{address}/lab?token={token}", token, cluster)
    ended: SimpleQueue[Process] = SimpleQueue()
    for process in (lab, cluster.process):
        process.on_exit(ended.put)
    return ended.get()


def _wait_until_up(url: str, lab: Process) -> None:
    """Wait until JupyterLab answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if lab.wait(0.1) is not None:
            raise lab.obituary()
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            continue  # not up yet
    raise StartError(
        f"JupyterLab did not answer within {_PATIENCE:.0f} s.", last_words=lab.last_words()
    )


def _announce(options: Options, url: str, token: str, cluster: Cluster) -> None:
    if options.ready_file:
        ready = {"url": url, "token": token, "kubeconfig": cluster.kubeconfig}
        write_private(os.path.abspath(options.ready_file), json.dumps(ready) + "\n")
    _say(
        f"""
JupyterLab is ready:  {url}

Your workspace is a volume of a small cluster on this machine, with a project to break:
  · open the Snapshots sidebar (the camera on the left) and press Snapshot,
  · delete the folder “data”, or spoil a notebook,
  · press Restore, and Undo.

kubectl sees the cluster too:  export KUBECONFIG={cluster.kubeconfig}

Ctrl-C stops everything. What you did is kept for the next start."""
    )
    if options.browser and any(os.environ.get(name) for name in _DISPLAYS):
        webbrowser.open(url.replace("/lab?", "/lab/tree/README.md?"))


def _forget(ready_file: str) -> None:
    if ready_file and os.path.exists(ready_file):
        os.unlink(ready_file)


def _port(asked: int) -> int:
    """Return a port to listen on."""
    if not 0 <= asked <= 65535:
        raise Invalid(f"{asked} is no port.", hint="Ports are 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked))
        except OSError as error:
            raise Invalid(
                f"Port {asked} cannot be used: {error.strerror}.",
                hint="Name another one with --port, or leave it out for a free one.",
            ) from error
        return int(probe.getsockname()[1])


@contextmanager
def _signals() -> Iterator[None]:
    """Let Ctrl-C and its like end the demo in order; further ones don't disturb that."""
    requested = False

    def request(*_: object) -> None:
        nonlocal requested
        if not requested:
            requested = True
            raise _StopRequested

    before = {number: signal.signal(number, request) for number in _STOP}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the demo talks to a person
