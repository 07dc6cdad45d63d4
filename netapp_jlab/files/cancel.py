"""How a caller stops what takes long."""

from __future__ import annotations

from collections.abc import Callable

from netapp_jlab.files.errors import Cancelled

Cancel = Callable[[], object]
"""Called often, at least after every 4 MiB that are copied; a true result, or raising, stops."""


def checker(cancel: Cancel) -> Callable[[], None]:
    """Turn the caller's `cancel` into something that raises, and never an OSError."""

    def check() -> None:
        try:
            stop = cancel()
        except OSError as error:  # it must not look like one of a file's
            raise Cancelled from error
        if stop:
            raise Cancelled

    return check
