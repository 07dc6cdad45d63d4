"""The NetApp DataOps Toolkit as a peer: installed once into an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import common

VERSION = "3.1.0"
CLIENT = "kubernetes~=35.0"
"""The oldest client that it takes."""
VENV = common.ROOT / ".cache" / "toolkit-venv"
CALL_SECONDS = 120.0
"""Most that one call may take unless it is told otherwise."""
_INSTALL_SECONDS = 600

Call = Callable[..., Any]


class TooLong(Exception):
    """The toolkit did not answer within the seconds that it was given; it was ended."""


# Reads {"call", "arguments"} a line, and answers {"count"} or {"error"}.
_DRIVER = """
import json, sys
from netapp_dataops import k8s
answers = sys.stdout
sys.stdout = sys.stderr  # where its own messages may go
for line in sys.stdin:
    asked = json.loads(line)
    try:
        found = getattr(k8s, asked["call"])(**asked["arguments"])
        answer = {"count": len(found) if isinstance(found, list) else 1}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
"""


def python() -> Path:
    """Return the Python of an environment with the toolkit in it."""
    done, found = VENV / f".with-toolkit-{VERSION}", VENV / "bin" / "python"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        wanted = [f"netapp-dataops-k8s=={VERSION}", CLIENT]
        install = [str(found), "-m", "pip", "install", "-q", *wanted]
        subprocess.run(install, check=True, timeout=_INSTALL_SECONDS, stdout=subprocess.DEVNULL)
        done.touch()
    return found


@contextmanager
def driver(kubeconfig: Path, home: Path) -> Iterator[Call]:
    """Yield what calls a function of the toolkit, in a process that has imported it already.

    It returns how many things the function returned, and raises RuntimeError with its message, or
    TooLong, after which it can not be called again.
    """
    copy = home / "toolkit-kubeconfig"  # it changes the permissions of what it is given
    shutil.copyfile(kubeconfig, copy)
    env = {**os.environ, "KUBECONFIG": str(copy), "HOME": str(home)}
    with (home / "toolkit.log").open("w") as log:
        process = subprocess.Popen(
            [str(python()), "-c", _DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=env,
        )
    sent, answers = process.stdin, process.stdout
    if sent is None or answers is None:
        raise RuntimeError("It has no pipes.")

    def call(function: str, within: float = CALL_SECONDS, **arguments: Any) -> int:
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        limit = threading.Timer(within, stop)
        sent.write(json.dumps({"call": function, "arguments": arguments}) + "\n")
        sent.flush()
        limit.start()
        try:
            line = answers.readline()
        finally:
            limit.cancel()
        if not line and late.is_set():
            raise TooLong(f"{function} took more than {within:g} s.")
        answer: Any = json.loads(line) if line else {"error": (home / "toolkit.log").read_text()}
        if "error" in answer:
            raise RuntimeError(f"{function}: {answer['error']}")
        count: int = answer["count"]
        return count

    with process:
        try:
            yield call
        finally:
            process.kill()
