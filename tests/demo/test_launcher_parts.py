"""The launcher's parts: child processes, the home, ports."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import pytest

from netapp_jlab.demo.launcher import Options, run
from netapp_jlab.demo.launcher.cluster import Cluster
from netapp_jlab.demo.launcher.home import Home, default_home, write_private
from netapp_jlab.demo.launcher.process import Process
from netapp_jlab.errors import InUse, Invalid, Unsupported

launching = importlib.import_module("netapp_jlab.demo.launcher.run")
ROOT = str(Path(__file__).parents[2])


def _process(tmp_path: Path, code: str) -> Process:
    command = [sys.executable, "-c", code]
    return Process("The helper", command, log=str(tmp_path / "log"), env=os.environ)


def _gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _wait(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_process_says_its_last_words(tmp_path: Path) -> None:
    process = _process(tmp_path, "print('starting', flush=True); raise SystemExit('disk full')")
    assert process.wait(10) == 1
    error = process.obituary()
    assert error.message == "The helper ended with exit code 1."
    assert error.hint == f"Its output is in {tmp_path / 'log'}."
    assert error.last_words == "starting\ndisk full"


def test_process_killed_by_a_signal(tmp_path: Path) -> None:
    process = _process(tmp_path, "import time; time.sleep(60)")
    ended = []
    process.on_exit(ended.append)
    os.kill(process.pid, signal.SIGKILL)
    _wait(lambda: ended == [process])
    assert "ended by signal SIGKILL" in process.obituary().message


def test_stop_ends_also_what_the_process_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    process = _process(tmp_path, code)
    _wait(lambda: (tmp_path / "log").read_text().strip())
    child = int((tmp_path / "log").read_text())
    process.stop()
    assert process.exit_status == -signal.SIGTERM
    _wait(lambda: _gone(child))


def test_stop_does_not_wait_for_the_stubborn(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    process = _process(tmp_path, code + "; time.sleep(60)")
    _wait(lambda: (tmp_path / "log").read_text())
    process.stop(timeout=0.2)
    assert process.exit_status == -signal.SIGKILL


def test_log_of_before_is_kept(tmp_path: Path) -> None:
    for text in ("first", "second"):
        assert _process(tmp_path, f"print('{text}')").wait(10) == 0
    assert (tmp_path / "log.old").read_text() == "first\n"
    assert (tmp_path / "log").read_text() == "second\n"


def test_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from netapp_jlab.demo.launcher.process import Process\n"
        "command = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        f"child = Process('x', command, log={str(tmp_path / 'log')!r}, env=os.environ)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not _gone(child)
        parent.kill()
    _wait(lambda: _gone(child))


def test_home_is_private_and_used_once(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "new" / "home"))
    assert os.stat(home.path).st_mode & 0o777 == 0o700
    with pytest.raises(InUse, match="Another demo is running in"):
        Home(home.path)
    home.close()
    Home(home.path).close()


def test_home_of_another_version(tmp_path: Path) -> None:
    Home(str(tmp_path)).close()
    (tmp_path / "demo.json").write_text('{"format": 99}')
    with pytest.raises(Unsupported, match=r"another version of the demo \(format 99"):
        Home(str(tmp_path))
    (tmp_path / "demo.json").write_text("nonsense")
    with pytest.raises(Unsupported, match="unreadable"):
        Home(str(tmp_path))


def test_home_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(Invalid, match="holds other things than a demo"):
        Home(str(tmp_path))


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match=r"cannot use .*: Not a directory"):
        Home(str(tmp_path / "file" / "home"))


def test_default_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_home() == "/data/netapp-jlab/demo"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_home() == "/home/me/.local/share/netapp-jlab/demo"


def test_link_follows_its_target(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    for target in ("/one", "/two", "/two"):
        assert os.readlink(home.link("workspace", target)) == target
    home.close()


def test_private_files(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    write_private(str(path), json.dumps({"token": "t"}))
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]


@pytest.mark.parametrize(
    ("browser", "display", "opened"),
    [(True, ":0", True), (False, ":0", False), (True, "", False)],
)
def test_browser_opens_on_the_tour(
    monkeypatch: pytest.MonkeyPatch, browser: bool, display: str, opened: bool
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(webbrowser, "open", seen.append)
    for name in launching._DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", display)
    cluster = Cluster(process=None, kubeconfig="/k", namespace="n", mounts={})
    launching._announce(Options(browser=browser), "http://h:1/lab?token=t", "t", cluster)
    assert seen == (["http://h:1/lab/tree/README.md?token=t"] if opened else [])


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Invalid, match=f"Port {port} cannot be used: Address already in use"):
            run(Options(home=str(tmp_path), port=port))
    with pytest.raises(Invalid, match="70000 is no port"):
        run(Options(home=str(tmp_path), port=70_000))
    assert list(tmp_path.iterdir()) == []
