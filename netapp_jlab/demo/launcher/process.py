"""Child processes that never outlive their parent, and say their last words when they die."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from netapp_jlab.errors import NetAppJLabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Process", "StartError"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TAIL = 16 * 1024


class StartError(NetAppJLabError):
    """A process of the demo did not start, or ended by itself.

    Attributes
    ----------
    last_words : str
        The end of its output.
    """

    reason = "DemoFailed"

    def __init__(self, message: str, *, hint: str = "", last_words: str = "") -> None:
        super().__init__(message, hint=hint)
        self.last_words = last_words


class Process:
    """One child, in a session of its own so that Ctrl-C reaches only the parent.

    Parameters
    ----------
    name : str
        How messages call it.
    command : Sequence[str]
        Program and arguments.
    log : str
        File that gets its output; what was there before is kept as ``<log>.old``.
    env : Mapping[str, str]
        Its whole environment.
    pass_fds : Sequence[int]
        Descriptors that it inherits besides its input and output.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: str,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._log = log
        if os.path.exists(log):
            os.replace(log, f"{log}.old")
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                pass_fds=tuple(pass_fds),
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._child.poll()

    def on_exit(self, call: Callable[[Process], None]) -> None:
        """Call back, from another thread, when it has ended."""

        def wait() -> None:
            self._child.wait()
            call(self)

        threading.Thread(target=wait, name=f"wait-{self.name}", daemon=True).start()

    def wait(self, timeout: float) -> int | None:
        """Wait until it has ended, and return how; None when it still runs after `timeout` s."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout: float = 10.0) -> None:
        """End it, first politely, after `timeout` seconds for good, with all it started."""
        if self.exit_status is None:
            self._child.terminate()
            self.wait(timeout)
        self._kill_group()
        self._child.wait(timeout)

    def last_words(self, lines: int = 15) -> str:
        """Return the end of its output."""
        with open(self._log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            text = file.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def obituary(self) -> StartError:
        """Return an error that says how it ended, with its last words."""
        status = self.exit_status
        how = f"with exit code {status}"
        if status is not None and status < 0:
            how = f"by signal {signal.Signals(-status).name}"
        return StartError(
            f"{self.name} ended {how}.",
            hint=f"Its output is in {self._log}.",
            last_words=self.last_words(),
        )

    def _kill_group(self) -> None:
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _die_with(parent: int) -> Callable[[], None]:
    """Ask the kernel to end the child when its parent dies, even by SIGKILL."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return arrange
