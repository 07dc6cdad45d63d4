from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .talking import Attached, start


class World:
    """The trees of a mover, and its processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.socket = str(root / "run" / "private" / "socket")
        for name in ("source", "kept", "live", "baseline"):
            (root / name).mkdir()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._attached: list[Attached] = []

    def fill(self, name: str, files: dict[str, str | bytes]) -> None:
        for path, content in files.items():
            place = self.root / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

    def serve(
        self, *, idle: float = 60.0, trees: tuple[str, ...] = ("source", "kept", "live")
    ) -> subprocess.Popen[bytes]:
        places = [part for name in trees for part in (f"--{name}", str(self.root / name))]
        process = start("serve", "--socket", self.socket, "--idle", str(idle), *places)
        self._processes.append(process)
        return process

    def attach(self) -> Attached:
        attached = Attached(self.socket)
        self._attached.append(attached)
        return attached

    def close(self) -> None:
        for attached in self._attached:
            attached.close()
        for process in self._processes:
            process.kill()
            process.wait(10)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "run").mkdir()
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def serve(world: World) -> Callable[..., Attached]:
    """Start a mover and connect to it."""

    def serve(**options: object) -> Attached:
        world.serve(**options)
        return world.attach()

    return serve
