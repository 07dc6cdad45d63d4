"""The process: killed at any moment, stopped politely, started twice."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .serving import CONFIGS, JSON, MERGE, config


class Process:
    """``python -m netapp_jlab.demo.api`` on a directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ready_file = home.parent / "ready.json"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, port: int = 0, *options: str) -> None:
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "netapp_jlab.demo.api", "--home", str(self.home)]
        command += ["--port", str(port), "--ready-file", str(self.ready_file), *options]
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not self.ready_file.exists():
            assert self.child.poll() is None, self.child.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.ready = json.loads(self.ready_file.read_text())
        self.context = ssl.create_default_context(cafile=str(self.home / "ca.crt"))

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.ready["port"], context=self.context, timeout=10
        )

    def call(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] = JSON,
    ) -> tuple[int, Any]:
        token = {"Authorization": f"Bearer {self.ready['token']}"}
        raw = None if body is None else json.dumps(body)
        connection.request(method, path, body=raw, headers={**token, **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def kill(self) -> None:
        assert self.child is not None
        self.child.kill()
        self._reap()

    def stop(self) -> int:
        assert self.child is not None
        self.child.terminate()
        return self._reap()

    def _reap(self) -> int:
        assert self.child is not None
        status = self.child.wait(20)
        self.child.stderr.close()
        self.child = None
        return status


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path / "home")
    yield made
    if made.child is not None:
        made.kill()


class Writer(threading.Thread):
    """Creates, changes and deletes its own objects; remembers what it was answered."""

    def __init__(self, process: Process, name: str) -> None:
        super().__init__()
        self.process = process
        self.prefix = name
        self.answered: dict[str, tuple[int, Any] | None] = {}
        self.unsure: str = ""

    def run(self) -> None:
        connection = self.process.connect()
        try:
            for index in range(100_000):
                self._one(connection, f"{self.prefix}-{index}")
        except (OSError, http.client.HTTPException):
            pass  # the server has been killed: this write was not answered
        finally:
            connection.close()

    def _one(self, connection: http.client.HTTPSConnection, name: str) -> None:
        self.unsure = name
        path = f"{CONFIGS}/{name}"
        self._note(name, self.process.call(connection, "POST", CONFIGS, config(name)))
        change = {"data": {"step": "two"}}
        self._note(name, self.process.call(connection, "PATCH", path, change, MERGE))
        if random.random() < 0.3:
            status, _ = self.process.call(connection, "DELETE", path)
            assert status == 200
            self.answered[name] = None

    def _note(self, name: str, answer: tuple[int, Any]) -> None:
        status, obj = answer
        assert status in (200, 201), obj
        self.answered[name] = (int(obj["metadata"]["resourceVersion"]), obj.get("data"))


def test_kill_9_under_load_loses_nothing_that_was_answered(process: Process) -> None:
    answered: dict[str, tuple[int, Any] | None] = {}
    unsure: set[str] = set()  # what became of these was never said
    for turn in range(4):
        process.start()
        writers = [Writer(process, f"w{turn}-{number}") for number in range(3)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.1, 0.6))
        process.kill()
        for writer in writers:
            writer.join(20)
            assert not writer.is_alive()
            answered |= writer.answered
            unsure.add(writer.unsure)
        _check(process, answered, unsure)
    assert len(answered) > 20


def _check(process: Process, answered: dict, unsure: set[str]) -> None:
    """Start again, and compare what is there with what was answered."""
    process.start()
    connection = process.connect()
    _, listed = process.call(connection, "GET", CONFIGS)
    there = {
        item["metadata"]["name"]: (int(item["metadata"]["resourceVersion"]), item.get("data"))
        for item in listed["items"]
    }
    connection.close()
    process.kill()
    for name, state in answered.items():
        if name not in unsure:
            assert there.get(name) == state, name
    for name in unsure & there.keys():
        known = answered.get(name)
        assert known is None or there[name][0] >= known[0]
    newest = max(state[0] for state in answered.values() if state)
    assert int(listed["metadata"]["resourceVersion"]) >= newest
    assert not there.keys() - answered.keys() - unsure


def test_a_watch_goes_on_after_a_restart(process: Process) -> None:
    process.start()
    port = process.ready["port"]
    connection = process.connect()
    _, made = process.call(connection, "POST", CONFIGS, config("a"))
    process.call(connection, "POST", CONFIGS, config("b"))
    connection.close()
    process.kill()
    process.start(port)
    again = process.connect()
    version = made["metadata"]["resourceVersion"]
    _, event = process.call(
        again, "GET", f"{CONFIGS}?watch=1&timeoutSeconds=1&resourceVersion={version}"
    )
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "b")
    again.close()


def test_it_stops_when_asked_to_also_with_watches_open(process: Process) -> None:
    process.start()
    connection = process.connect()
    token = {"Authorization": f"Bearer {process.ready['token']}"}
    connection.request("GET", f"{CONFIGS}?watch=1", headers=token)
    answer = connection.getresponse()
    assert answer.status == 200
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 5
    assert answer.read() == b""
    connection.close()


def test_one_process_at_a_time(process: Process) -> None:
    process.start()
    command = [sys.executable, "-m", "netapp_jlab.demo.api", "--home", str(process.home)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert "another process serves the cluster" in second.stderr


def test_a_taken_port(process: Process, tmp_path: Path) -> None:
    process.start()
    command = [sys.executable, "-m", "netapp_jlab.demo.api", "--home", str(tmp_path / "other")]
    command += ["--port", str(process.ready["port"])]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert "in use" in second.stderr


def test_what_it_tells(process: Process) -> None:
    process.start()
    ready = process.ready
    assert ready["server"] == f"https://127.0.0.1:{ready['port']}"
    text = Path(ready["kubeconfig"]).read_text()
    assert ready["token"] in text
    assert os.stat(ready["kubeconfig"]).st_mode & 0o077 == 0
    for name in ("server.pem", "kubeconfig"):
        assert os.stat(process.home / name).st_mode & 0o077 == 0
    assert process.stop() == 0
    process.start()
    assert process.ready["token"] == ready["token"]


def test_the_signal_that_a_terminal_sends(process: Process) -> None:
    process.start()
    assert process.child is not None
    process.child.send_signal(signal.SIGINT)
    assert process._reap() == 0
