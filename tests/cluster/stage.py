"""What a user of each tier can do on two volumes, and a namespace where it is tried.

The table says which rights an action takes. It is written down anew, like the tiers, and judges
both faces: what the REST interface does, and what the panel offers.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.server.process import Server
from tests.ui.demo import BUILT

from .api import Api
from .faults.scene import Scene, fill
from .tiers import ROLES, SNAPSHOTS, TIERS, Right, applied, kubeconfig_of

HOME, SPARE = "home", "spare"
"""The workspace, whose files are mounted where the server runs; a volume that is not."""
GOOD, FAR, OLD = "good", "far", "old"
"""Snapshots: of the workspace, of the spare volume, of the workspace."""
IMAGE = "netapp-jlab/user:test"
CLASS = "csi-shown"


def _claims(verb: str) -> Right:
    return Right("", "persistentvolumeclaims", verb)


def _snapshots(verb: str) -> Right:
    return Right(SNAPSHOTS, "volumesnapshots", verb)


LOOK = frozenset({_claims("get"), _claims("list"), _snapshots("get"), _snapshots("list")})
"""Without these nothing is found that something could be done with."""

NEEDED: dict[str, frozenset[Right]] = {
    "list": frozenset(),
    "snapshot": frozenset({_snapshots("create")}),
    # The new claim bears the clone's record. This driver clones by way of a snapshot.
    "clone": frozenset({_claims("create"), _claims("patch"), _snapshots("create")}),
    "resize": frozenset({_claims("patch")}),
    "delete": frozenset({_claims("delete")}),
    "create": frozenset({_claims("create")}),
    "browse": frozenset(),
    "browse by helper": ROLES["mover"],
    "restore": frozenset({_snapshots("create"), _snapshots("patch")}),
    "restore by helper": ROLES["mover"] | {_snapshots("create"), _snapshots("patch")},
    "clone snapshot": frozenset({_claims("create"), _claims("patch")}),
    "edit note": frozenset({_snapshots("patch")}),
    "delete snapshot": frozenset({_snapshots("delete")}),
}
"""By action: the rights that it takes besides looking."""

_LACKING = re.compile(r'(?:may not|cannot) (\w+) (?:resource ")?([a-z/]+)')
_FILE = re.compile(r"rbac/tiers/([a-z-]+)")


def lacks(tier: str, action: str) -> frozenset[Right]:
    """Return the rights for an action that a tier does not grant; empty if it works."""
    return (LOOK | NEEDED[action]) - TIERS[tier]


def assert_explained(text: str, lacking: frozenset[Right]) -> None:
    """Check that a refusal names a right that is lacking indeed, and a tier that grants it."""
    found = _LACKING.search(text)
    assert found, text
    verb, resource = found.groups()
    named = {right for right in lacking if (right.verb, right.resource) == (verb, resource)}
    assert named, f"“{text}” names none of {sorted(lacking)}"
    file = _FILE.search(text[found.end() :])
    assert file, f"“{text}” names no file"
    assert named <= TIERS[file[1]], f"rbac/tiers/{file[1]} does not grant {named}"


@dataclass
class Stage:
    """A namespace with two volumes and three snapshots, and the server of a user of one tier."""

    tier: str
    admin: Api
    namespace: str
    server: Server


@contextmanager
def all_staged(
    admin: Api, kubeconfig: Path, folder: Path, *, lab: bool = False
) -> Iterator[Mapping[str, Future[Stage]]]:
    """Set a stage for each tier, in their order; one can be used while the next is set.

    Parameters
    ----------
    folder : Path
        For what has to be written.
    lab : bool
        The server is JupyterLab, with this tree's front end.
    """
    with ExitStack() as stages:

        def begin(tier: str) -> Stage:
            (folder / tier).mkdir()
            return stages.enter_context(_staged(admin, kubeconfig, tier, folder / tier, lab))

        pool = ThreadPoolExecutor(1)
        try:
            yield {tier: pool.submit(begin, tier) for tier in sorted(TIERS)}
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _staged(admin: Api, kubeconfig: Path, tier: str, folder: Path, lab: bool) -> Iterator[Stage]:
    namespace = f"rights-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    scene = Scene(admin, kubeconfig, namespace, folder)
    try:
        for name in (HOME, SPARE):
            fill(scene.volume(name), {"note.txt": "a note\n"})
        del scene.mounts[SPARE]
        with_all_rights = scene.client()
        for volume, name in ((HOME, GOOD), (SPARE, FAR), (HOME, OLD)):
            scene.cut(with_all_rights, volume, name)
        with applied(admin, kubeconfig, namespace, tier, folder) as account:
            file = folder / "kubeconfig-of-the-account"
            file.write_text(kubeconfig_of(account, namespace))
            yield Stage(tier, admin, namespace, _server(scene, file, lab))
    finally:
        scene.close()
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")


def _server(scene: Scene, kubeconfig: Path, lab: bool) -> Server:
    """Start the server that a user would have, with an account's kubeconfig and nothing else."""
    options = (f"--NetAppJLab.workspace_claim={HOME}", f"--NetAppJLab.mover_image={IMAGE}")
    if not lab:
        return scene.server(*options, kubeconfig=kubeconfig)
    extensions = scene.folder / "jupyter" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "netapp-jlab").symlink_to(BUILT, target_is_directory=True)
    return scene.server(
        *options,
        kubeconfig=kubeconfig,
        module="jupyterlab",
        JUPYTER_PATH=str(extensions.parent),
        JUPYTERLAB_WORKSPACES_DIR=str(scene.folder / "workspaces"),
    )
