"""``netapp-jlab demo``: JupyterLab on a cluster of its own, without Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = """\
Starts a small cluster on this machine and JupyterLab on it, with a project to try things on.
Ctrl-C stops both."""


def register(add: Commands) -> None:
    """Add the command."""
    demo = add("demo", _demo, "try everything on this machine, without Kubernetes", _DETAILS)
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.add_argument("--home", default="", metavar="DIR", help="keep everything here between runs")
    demo.add_argument("--port", type=int, default=0, help="of JupyterLab; default: a free one")
    demo.add_argument("--ready-file", default="", metavar="FILE")


def _demo(session: Session) -> int:
    from netapp_jlab.demo.launcher import Options, run

    args = session.args
    return run(Options(home=args.home, port=args.port, ready_file=args.ready_file))
