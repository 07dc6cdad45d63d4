"""The arguments of ``netapp-jlab``: global options, and one parser for each command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from netapp_jlab import __version__
from netapp_jlab.cli.session import Session
from netapp_jlab.errors import Invalid

Run = Callable[[Session], int]

_DESCRIPTION = "Snapshot, clone and restore your JupyterLab workspace and data volumes."
_EPILOG = """\
Where an option is not given, the Jupyter configuration counts (c.NetAppJLab).

exit codes:
  0  done                     5  conflict: it exists, is in use or is not ready
  1  failed, or declined      6  refused: quota, no space, the driver can't
  2  wrong usage              7  the cluster did not answer as it should
  3  not found                130  interrupted
  4  forbidden
"""

_SUB_EPILOG = "Global options (see `netapp-jlab --help`) may stand before or after a command."


class Parser(argparse.ArgumentParser):
    """Reports wrong usage as every other error, so that ``--json`` holds for it too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **options,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise :class:`~netapp_jlab.errors.Invalid`, naming the command to run for help."""
        raise Invalid(message, hint=f"See `{self.prog} --help`.")


class Commands(Protocol):
    """Where a command adds its parser."""

    def __call__(self, name: str, run: Run | None, summary: str, details: str = "") -> Parser:
        """Add the command `name`, which `run` carries out."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments; ``run`` among them carries the command out.

    Raises
    ------
    Invalid
        They are wrong.
    """
    parser = _build()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.error("Which command?")
    return args


def verbs(parser: Parser) -> Commands:
    """Let `parser` have commands of its own, as in ``volumes create``."""
    return _adder(parser.add_subparsers(title="verbs", metavar="VERB", parser_class=Parser))


def positive_seconds(value: str) -> float:
    """Read a time limit."""
    seconds = float(value)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{value!r} is no time limit: give seconds above 0")
    return seconds


def mount(value: str) -> tuple[str, str]:
    """Read ``CLAIM=PATH``."""
    claim, _equals, path = value.partition("=")
    if not claim or not path.startswith("/"):
        raise argparse.ArgumentTypeError(f"{value!r} is not CLAIM=/PATH")
    return claim, path


def _build() -> Parser:
    from netapp_jlab.cli import commands  # here, because they import this module

    parser = Parser(prog="netapp-jlab", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"netapp-jlab {__version__}")
    _global_options(parser, on_top=True)
    found = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    commands.register(_adder(found))
    return parser


def _adder(subparsers: argparse._SubParsersAction[Parser]) -> Commands:
    def add(name: str, run: Run | None, summary: str, details: str = "") -> Parser:
        sentence = f"{summary[0].upper()}{summary[1:]}."
        description = f"{sentence}\n\n{details}" if details else sentence
        parser = subparsers.add_parser(
            name, help=summary, description=description, epilog=_SUB_EPILOG
        )
        _global_options(parser, on_top=False)
        if run is not None:
            parser.set_defaults(run=run)
        return parser

    return add


def _global_options(parser: argparse.ArgumentParser, *, on_top: bool) -> None:
    """Add the options that may stand before or after the command.

    A sub-parser's default would overwrite what stood before the command; so only the top has
    defaults.
    """
    group = parser.add_argument_group("global options")

    def add(*names: str, default: object = None, **options: Any) -> None:
        if not on_top:  # they are explained once, in the help of the whole
            default = options["help"] = argparse.SUPPRESS
        group.add_argument(*names, default=default, **options)

    add("-n", "--namespace", help="default: the pod's own, else the context's")
    add(
        "--kubeconfig",
        metavar="FILE",
        help="default: the pod's service account, else $KUBECONFIG, else ~/.kube/config",
    )
    add("--context", help="context of the kubeconfig; default: its current one")
    add(
        "--timeout",
        type=positive_seconds,
        metavar="SECONDS",
        help="how long one answer of the API server may take; default: 30",
    )
    add(
        "--ready-timeout",
        type=positive_seconds,
        metavar="SECONDS",
        help="how long the storage may take for a snapshot or a volume; default: 300",
    )
    add("--workspace", metavar="CLAIM", help="which claim is your workspace; default: found")
    add(
        "--mount",
        type=mount,
        action="append",
        metavar="CLAIM=PATH",
        help="where a claim is mounted here; default: found; may be given several times",
    )
    add("--json", default=False, action="store_true", help="write results and errors as JSON")
    add("-v", "--verbose", default=0, action="count", help="say more; -vv: every request")
