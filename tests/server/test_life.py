"""What the extension costs while nobody uses it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import netapp_jlab

LOAD = """
import asyncio, json, os, sys, threading, time
import jupyterlab.labapp
from jupyter_server.serverapp import ServerApp

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main():
    app = ServerApp.instance(open_browser=False, allow_root=True, port=0)
    only = "--ServerApp.jpserver_extensions={'jupyterlab': True}"
    app.initialize(argv=[only], new_httpserver=False)
    manager = app.extension_manager
    known, threads = set(sys.modules), threading.active_count()
    rss, began = memory(), time.process_time()
    assert manager.add_extension("netapp_jlab", enabled=True)
    manager.link_extension("netapp_jlab")
    manager.load_extension("netapp_jlab")
    seconds = time.process_time() - began
    print(json.dumps({
        "seconds": seconds,
        "bytes": memory() - rss,
        "modules": sorted(set(sys.modules) - known),
        "threads": threading.active_count() - threads,
        "linked": manager.linked_extensions["netapp_jlab"],
    }))
    await manager.stop_all_extensions()

asyncio.run(main())
"""


def load(tmp_path: Path) -> dict:
    root = Path(netapp_jlab.__file__).parent.parent
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_loading_costs_next_to_nothing(tmp_path):
    load(tmp_path)  # compiles, as an installation does
    cost = load(tmp_path)
    assert cost["linked"]
    modules = set(cost["modules"])
    assert not {name.split(".")[0] for name in modules} & {"kubernetes", "urllib3", "yaml"}
    ours = {name for name in modules if name.startswith("netapp_jlab.")}
    assert not {name.split(".")[1] for name in ours} & {"services", "k8s", "files", "cli", "demo"}
    assert "netapp_jlab.server.openapi" not in ours
    assert cost["threads"] == 0
    assert cost["bytes"] < 6 * 1024**2
    assert cost["seconds"] < 0.03


async def test_the_client_is_made_once_and_late(ask, core):
    for path in ("openapi.json", "nothing", "volumes/-"):
        await ask("GET", path)
    await ask("POST", "volumes", {"nonsense": 1})
    assert core.calls == []
    await ask("GET", "volumes")
    await ask("GET", "status")
    assert core.calls == ["start", "volumes.list", "capabilities.status"]


async def test_the_end_closes_the_client(ask, core, app):
    await ask("GET", "volumes")
    await app.stop_extension()
    assert core.closed.is_set()
    reply = await ask("GET", "volumes")
    assert (reply.status, reply.error().reason) == (503, "Overloaded")


async def test_the_end_does_not_wait_for_what_hangs(ask, core, app):
    over = threading.Event()
    await ask("GET", "volumes")
    core.faults["close"] = lambda: over.wait(20)
    began = time.perf_counter()
    await app.stop_extension()
    assert core.closed.is_set()
    assert time.perf_counter() - began < 2.5
    over.set()


async def test_the_end_without_a_client(app, core):
    await app.stop_extension()
    assert core.calls == []


async def test_a_client_that_is_being_made_at_the_end_is_closed(ask, core, app):
    begun, go = threading.Event(), threading.Event()
    core.faults["start"] = lambda: (begun.set(), go.wait(5))
    request = asyncio.ensure_future(ask("GET", "volumes"))
    while not begun.is_set():
        await asyncio.sleep(0.01)
    await app.stop_extension()
    assert not core.closed.is_set()
    go.set()
    assert (await request).status == 503
    assert core.closed.is_set()
