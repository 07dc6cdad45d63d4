"""What the extension costs a JupyterLab whose Snapshots panel is never opened.

The server: memory, and time from its start to its first answer, with the extension and without
it. Its kubeconfig names a socket that counts who connects: nobody may. The page: time until
JupyterLab is there and memory after a garbage collection, and whether it asks the extension
anything: it may not.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import common
import labs
import report
import yaml
from playwright.sync_api import Browser, sync_playwright

MEMORY_LIMIT, START_LIMIT = 8.0, 30.0
PAGE_ROUNDS = 5
SETTLED = 1.0
"""Seconds after the first answers until the memory is read."""
BUILT = common.ROOT / "netapp_jlab" / "labextension"
TAB = ".jp-SideBar [data-id=netapp-jlab-panel]"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
_MEBI = 1024.0**2
_OURS = re.compile(r"^[^/]*//[^/]*/netapp-jlab/")


class Start(NamedTuple):
    """One start of a server."""

    memory: float
    seconds: float
    processor: float


class Page(NamedTuple):
    """One visit of a page."""

    seconds: float
    heap: float
    requests: int


class Counter:
    """A socket that counts who connects, in place of an API server."""

    def __init__(self) -> None:
        self.count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def kubeconfig(self, path: Path) -> str:
        """Write a kubeconfig that names this socket; return its path."""
        server = f"http://127.0.0.1:{self.port}"
        context = {"cluster": "counter", "user": "ada", "namespace": common.NAMESPACE}
        whole = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "counter",
            "clusters": [{"name": "counter", "cluster": {"server": server}}],
            "users": [{"name": "ada", "user": {"token": "none"}}],
            "contexts": [{"name": "counter", "context": context}],
        }
        path.write_text(yaml.safe_dump(whole), encoding="utf-8")
        return str(path)

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.count += 1
            connection.close()


class Both:
    """Starts JupyterLab with and without the extension."""

    def __init__(self, home: Path, counter: Counter) -> None:
        self._home = home
        self._kubeconfig = counter.kubeconfig(home / "kubeconfig")
        self._extensions = home / "labextensions"
        self._extensions.mkdir()
        (self._extensions / "netapp-jlab").symlink_to(BUILT, target_is_directory=True)

    def lab(self, *, extended: bool) -> Any:
        """Return a context in which one runs."""
        config: dict[str, Any] = {"ServerApp": {"jpserver_extensions": {"netapp_jlab": extended}}}
        if extended:
            config["NetAppJLab"] = {"kubeconfig": self._kubeconfig}
        return labs.lab(
            self._home / f"lab-{extended}",
            config,
            extensions=self._extensions if extended else None,
        )

    def start(self, *, extended: bool) -> Start:
        """Start one, ask what a page asks first, and end it."""
        with self.lab(extended=extended) as lab:
            processor = _processor_seconds(lab.pid)
            connection = lab.connect()
            for path in ("/lab", "/lab/api/settings", "/api/contents"):
                connection.send("GET", path)
            time.sleep(SETTLED)
            return Start(_resident(lab.pid), lab.seconds, processor)


def _processor_seconds(pid: int) -> float:
    """Return the seconds that a process has computed (``/proc/<pid>/task/<tid>/schedstat``)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _resident(pid: int) -> float:
    """Return the bytes of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return float(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


def visit(browser: Browser, lab: labs.Lab, extended: bool) -> Page:  # noqa: FBT001
    """Open JupyterLab in a new profile, and look at what it has loaded."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    began = time.perf_counter()
    page.goto(f"{lab.url}/lab?token={lab.token}", timeout=60_000)
    page.locator(".jp-Launcher").wait_for(timeout=60_000)
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
    seconds = time.perf_counter() - began
    if (page.locator(TAB).count() > 0) is not extended:
        raise RuntimeError("The panel is there without the extension, or not there with it.")
    page.wait_for_load_state("networkidle", timeout=60_000)
    tools = context.new_cdp_session(page)
    tools.send("HeapProfiler.collectGarbage")
    tools.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    context.close()
    return Page(seconds, metrics["JSHeapUsedSize"], sum(map(bool, map(_OURS.match, asked))))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def servers(both: Both, rounds: int, told: report.Report) -> None:
    """Measure the server."""
    report.say("starting JupyterLab with and without the extension")
    ours, theirs = report.alternate(
        rounds, partial(both.start, extended=True), partial(both.start, extended=False)
    )
    for what, part, scale, unit, limit in (
        ("server's memory", 0, 1 / _MEBI, "MB", MEMORY_LIMIT),
        ("server's start", 1, 1e3, "ms", None),
        ("server's start, processor time", 2, 1e3, "ms", START_LIMIT),
    ):
        mine, other = ([one[part] * scale for one in side] for side in (ours, theirs))
        told.measures.append(report.difference(what, mine, other, unit, limit))


def pages(both: Both, rounds: int, told: report.Report) -> None:
    """Measure the page."""
    report.say("opening JupyterLab with and without the extension")
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        visits = [
            partial(visit, browser, stack.enter_context(both.lab(extended=extended)), extended)
            for extended in (True, False)
        ]
        for one in visits:
            one()  # the first visit reads the files
        ours, theirs = report.alternate(rounds, *visits)
    for what, part, scale, unit in (
        ("page's start", 0, 1e3, "ms"),
        ("page's heap", 1, 1 / _MEBI, "MB"),
    ):
        mine, other = ([one[part] * scale for one in side] for side in (ours, theirs))
        told.measures.append(report.difference(what, mine, other, unit))
    asked = max(one.requests for one in ours)
    told.measures.append(_none("page's requests to the extension", asked))


def _none(what: str, count: int) -> report.Measure:
    """Return a measure of something that may not happen."""
    return report.Measure(what, count, 0, "", count, "", 0)


def main() -> int:
    args: argparse.Namespace = report.parser(__doc__, rounds=11).parse_args()
    told = report.Report("lab_cost", facts={"rounds": args.rounds, "page rounds": PAGE_ROUNDS})
    with common.temporary_home() as home:
        counter = Counter()
        both = Both(home, counter)
        servers(both, args.rounds, told)
        pages(both, PAGE_ROUNDS, told)
        told.measures.append(_none("connections to the API server", counter.count))
        with both.lab(extended=True) as lab:
            lab.connect().open("GET", "/netapp-jlab/volumes").read()
        if not counter.count:
            raise RuntimeError("The counter does not count.")
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
