"""``netapp-jlab demo``: JupyterLab on a cluster of its own, without Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands
    from netapp_jlab.cli.session import Session

_DETAILS = """\
Starts a small cluster on this machine and JupyterLab on it, with a project to try things
on. Ctrl-C stops both; what you did is kept for the next start."""


def register(add: Commands) -> None:
    """Add the command."""
    demo = add("demo", _demo, "try everything on this machine, without Kubernetes", _DETAILS)
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.add_argument(
        "--home",
        default="",
        metavar="DIR",
        help="where everything is kept; default: ~/.local/share/netapp-jlab/demo",
    )
    demo.add_argument("--port", type=int, default=0, help="of JupyterLab; default: a free one")
    demo.add_argument(
        "--ready-file",
        default="",
        metavar="FILE",
        help='write {"url", "token", "kubeconfig"} here once everything answers',
    )
    demo.add_argument(
        "--storage",
        default="",
        metavar="DIR",
        help="where the volumes are; on Btrfs or XFS, snapshots share blocks; default: in HOME",
    )
    demo.add_argument(
        "--faults",
        default="{}",
        metavar="JSON",
        help="let the cluster be slow or fail, for example '{\"snapshot_delay\": 5}'; "
        "see docs/development.md",
    )


def _demo(session: Session) -> int:
    from netapp_jlab.demo.api.faults import Settings
    from netapp_jlab.demo.launcher import Options, run

    args = session.args
    try:
        faults = msgspec.json.decode(args.faults, type=Settings)
    except msgspec.DecodeError as error:
        raise Invalid(f"--faults: {error}.", hint="See docs/development.md.") from error
    return run(
        Options(
            home=args.home,
            port=args.port,
            browser=not args.no_browser,
            ready_file=args.ready_file,
            storage=args.storage,
            faults=faults,
        )
    )
