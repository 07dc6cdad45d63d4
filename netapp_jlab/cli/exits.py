"""What the exit code of ``netapp-jlab`` says, so that scripts need not read the message."""

from __future__ import annotations

from enum import IntEnum

from netapp_jlab import errors


class Exit(IntEnum):
    """Exit codes; also listed in ``docs/commands.md``."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    FORBIDDEN = 4
    CONFLICT = 5
    REFUSED = 6
    UPSTREAM = 7
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[errors.NetAppJLabError], Exit], ...] = (
    (errors.Invalid, Exit.USAGE),
    (errors.NotFound, Exit.NOT_FOUND),
    (errors.Forbidden, Exit.FORBIDDEN),
    (errors.Conflict, Exit.CONFLICT),
    (errors.Refused, Exit.REFUSED),
    (errors.Upstream, Exit.UPSTREAM),
    (errors.Cancelled, Exit.INTERRUPTED),
)


def exit_code(error: errors.NetAppJLabError) -> Exit:
    """Return the exit code for `error`: that of the branch of the tree it stands on."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return Exit.FAILED
