"""Real processes of the mover, and somebody who talks to them through ``attach``."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from netapp_jlab.files import Summary
from netapp_jlab.mover import wire

REPOSITORY = str(Path(__file__).parents[3])
NOTHING = Summary(0, 0, 0, 0, 0, 0, ())


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start ``python -m netapp_jlab.mover``."""
    return subprocess.Popen(
        [sys.executable, "-m", "netapp_jlab.mover", *arguments],
        env={**os.environ, "PYTHONPATH": REPOSITORY},
        **options,
    )


class Attached:
    """An ``attach`` process, and the lines it takes and gives."""

    def __init__(self, socket: str) -> None:
        self.process = start(
            "attach", "--socket", socket, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._rest = b""
        self._number = 0

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)

    def send(self, do: str, **fields: Any) -> int:
        self._number += 1
        self.write(wire.encode({"id": self._number, "do": do, **fields}))
        return self._number

    def receive(self, timeout: float = 20.0) -> dict[str, Any] | None:
        """Return the next message; None at the end of the stream."""
        until = time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, left))
            assert ready, "no answer in time"
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def result(self, timeout: float = 20.0) -> dict[str, Any]:
        """Return the last message of an answer, with its parts as ``parts``."""
        parts = []
        until = time.monotonic() + timeout
        while True:
            message = self.receive(until - time.monotonic())
            assert message is not None, "the connection was closed"
            if "part" in message:
                parts.append(message["part"])
            elif "alive" not in message:
                return {**message, "parts": parts}

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        self.send(do, **fields)
        return self.result()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(10)


def path(text: str) -> str:
    return wire.from_bytes(text.encode())


def order(token: str = "token-1", **fields: Any) -> dict[str, Any]:
    """Return the fields of a request to restore everything."""
    return {
        "token": token,
        "paths": None,
        "remove_extra": False,
        "verify": False,
        "plan": wire.from_summary(NOTHING),
        **fields,
    }
