"""Run something as a user without privileges, also where the tests run as root."""

from __future__ import annotations

import ctypes
import json
import os
import traceback
from collections.abc import Callable
from typing import Any

UID = 65534 if os.geteuid() == 0 else os.geteuid()
"""Whom the tests without privileges run as."""

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def as_user(call: Callable[[], Any]) -> Any:
    """Call in a child process, as :data:`UID`; what it returns must fit into JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run(call, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["result"]


def _run(call: Callable[[], Any], writing: int) -> None:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(UID)
            os.setuid(UID)
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self is root's
        answer = {"result": call()}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    with open(writing, "wb") as pipe:
        pipe.write(json.dumps(answer).encode())
    os._exit(0)
