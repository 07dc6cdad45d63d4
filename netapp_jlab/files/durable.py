"""Make many files durable at once."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING

from netapp_jlab.files import calls

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 8
"""So many fsyncs wait together: for one commit of the journal, or for one round trip each."""

GROUP = 4 * AT_ONCE
"""So many files are best handed over together."""


def sync_and_close(fds: Sequence[int]) -> list[OSError | None]:
    """Sync and close open files or directories; returns what the system said about each."""
    errors: list[OSError | None] = [None] * len(fds)

    def work(first: int, step: int) -> None:
        for number in range(first, len(fds), step):
            errors[number] = _sync_and_close(fds[number])

    if len(fds) < AT_ONCE:
        work(0, 1)
        return errors
    threads = [Thread(target=work, args=(first, AT_ONCE)) for first in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def _sync_and_close(fd: int) -> OSError | None:
    try:
        try:
            calls.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        return error
    return None
