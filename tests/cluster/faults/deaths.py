"""`kill -9` of a process of ours at every step of what it does, seen from the proxy before it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from netapp_jlab import Client
from tests.cluster.api import SNAPSHOTS, eventually

from .proxy import Asked
from .scene import Scene, at_rest

MOST_STEPS = 30
AIM_SECONDS = 20.0


@dataclass(frozen=True)
class Moment:
    """When the process dies: with the change of this number, counted from 1.

    Attributes
    ----------
    reached : bool
        Whether the API server gets that change.
    """

    number: int
    reached: bool = True


def moments() -> Iterator[Moment]:
    """Yield them in order: before anything, then after each change."""
    yield Moment(1, reached=False)
    for number in range(1, MOST_STEPS):
        yield Moment(number)
    pytest.fail(f"an operation has more than {MOST_STEPS} steps: it should have ended")


class Assassin:
    """Kills a process at a moment; stands at the scene's proxy until it is dismissed.

    Attributes
    ----------
    done : str
        What was under way then; "" while it lives.
    """

    def __init__(self, scene: Scene, moment: Moment) -> None:
        self._proxy = scene.proxy
        self._moment = moment
        self._count = 0
        self._lock = threading.Lock()
        self._aimed = threading.Event()
        self._victim: subprocess.Popen[bytes] | None = None
        self.done = ""
        self._proxy.before, self._proxy.after = self._before, self._after

    def aim(self, victim: subprocess.Popen[bytes]) -> None:
        """Say which process it is."""
        self._victim = victim
        self._aimed.set()

    def dismiss(self) -> None:
        """End the process, if it still lives, and stand aside."""
        assert self._victim is not None
        self._victim.kill()
        self._victim.wait(20)
        self._proxy.before = self._proxy.after = lambda _: None

    def _before(self, asked: Asked) -> None:
        with self._lock:
            self._count += asked.changes
            if asked.changes and not self._moment.reached and self._count == self._moment.number:
                self._kill(asked)

    def _after(self, asked: Asked) -> None:
        with self._lock:
            if asked.changes and self._moment.reached and self._count >= self._moment.number:
                self._kill(asked)

    def _kill(self, asked: Asked) -> None:
        if not self.done:
            assert self._aimed.wait(AIM_SECONDS)
            assert self._victim is not None
            self.done = f"{asked.method} {asked.path}"
            self._victim.kill()
        raise ConnectionError  # nothing of it is passed on


def take_over(client: Client, successor: Client) -> None:
    """Let another process look after what is left; returns when nothing is unfinished."""
    successor.start()
    eventually(lambda: at_rest(client))
    states = [(one.kind, one.state, one.message) for one in client.operations.list().items]
    successor.close()
    assert all(state == "done" for _, state, _ in states), states


def snapshots(scene: Scene) -> list[str]:
    """Names of all snapshots in the namespace."""
    found = scene.admin.get(SNAPSHOTS.format(scene.namespace))["items"]
    return sorted(item["metadata"]["name"] for item in found)
