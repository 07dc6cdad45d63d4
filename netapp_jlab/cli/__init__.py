"""The command line ``netapp-jlab``: a face like the server, for terminals and scripts.

Nothing but arguments, questions and rendering stands here; the work is done by the same services
that the server calls. A command imports what it needs when it runs, so that ``--help`` and
``--version`` are quick.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from netapp_jlab.cli.console import Console
from netapp_jlab.cli.exits import Exit, exit_code
from netapp_jlab.cli.parser import parse
from netapp_jlab.cli.session import Session
from netapp_jlab.errors import NetAppJLabError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Exit", "main"]

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names (default: the process's arguments).

    Returns
    -------
    int
        The exit code, one of :class:`Exit`.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    console = Console(as_json="--json" in arguments)
    try:
        args = parse(arguments)
        _log(args.verbose)
        with closing(Session(args, console)) as session:
            code: int = args.run(session)
        console.flush()
    except NetAppJLabError as error:
        console.fail(error)
        return exit_code(error)
    except KeyboardInterrupt:
        console.say("\nInterrupted.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; the interpreter must not try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return code


def _log(verbosity: int) -> None:
    level = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("netapp_jlab").setLevel(level)
