"""Which claims are mounted in this process, where, and which of them is the workspace.

Three sources, the surest first: the settings, the pod's own manifest, ``/proc/self/mountinfo``.
The last needs no right at all: the name of a PersistentVolume (``pvc-<uid>``) stands in the path
of a CSI mount or in the export of an NFS volume, on Trident with ``_`` in place of ``-``.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from netapp_jlab.config import Settings
from netapp_jlab.k8s.wire import Claim, Pod

MOUNTINFO = "/proc/self/mountinfo"
FoundBy = Literal["settings", "pod", "mountinfo", "none"]
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One claim mounted at one path.

    Attributes
    ----------
    whole : bool
        The volume's root is mounted, not a ``subPath`` of it.
    """

    claim: str
    path: str
    read_only: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Mounts:
    """All mounts of claims that were found, by claim; the workspace's name may be empty."""

    by_claim: Mapping[str, Mount] = field(default_factory=dict)
    workspace: str = ""
    found_by: FoundBy = "none"

    def get(self, claim: str) -> Mount | None:
        """Return where `claim` is mounted, or None."""
        return self.by_claim.get(claim)


def find(
    settings: Settings,
    claims: Mapping[str, Claim],
    own_pod: Callable[[], Pod | None],
    mountinfo: str = MOUNTINFO,
) -> Mounts:
    """Find where `claims` are mounted here.

    Parameters
    ----------
    settings : Settings
        ``mounts`` and ``workspace_claim`` win over what is found.
    claims : Mapping[str, Claim]
        The claims of the namespace, by name.
    own_pod : Callable[[], Pod | None]
        Reads the manifest of the pod that this process runs in; None where it can't.
    mountinfo : str
        Path of the kernel's table of mounts.
    """
    found: dict[str, Mount] = {}
    found_by: FoundBy = "none"
    pod = None if settings.mounts else own_pod()
    if settings.mounts:
        found_by = "settings"
    elif pod is not None:
        found = _one_each(pod_mounts(pod))
        found_by = "pod" if found else "none"
    if not found and not settings.mounts:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as table:
            found = _one_each(table_mounts(table, claims))
        found_by = "mountinfo" if found else "none"
    for claim, path in settings.mounts.items():
        found[claim] = Mount(claim, os.path.abspath(path), not os.access(path, os.W_OK))
    workspace = settings.workspace_claim or _holding_home(found.values())
    return Mounts(found, workspace, "settings" if settings.workspace_claim else found_by)


def _one_each(mounts: Iterable[Mount]) -> dict[str, Mount]:
    """Return one mount of each claim, the whole volume where it is mounted whole.

    ``.snapshot`` may be a mount of its own: an NFS client makes one where the server has another
    file system id.
    """
    found: dict[str, Mount] = {}
    for mount in mounts:
        known = found.get(mount.claim)
        if known is None or (mount.whole and not known.whole):
            found[mount.claim] = mount
    return found


def own_pod_name() -> str:
    """Return this pod's name: in a pod the host is named after it."""
    return os.environ.get("HOSTNAME") or socket.gethostname()


def pod_mounts(pod: Pod) -> Iterable[Mount]:
    """Yield the claims that the containers of `pod` mount."""
    claim_of = {
        volume.name: volume.persistent_volume_claim
        for volume in pod.spec.volumes
        if volume.persistent_volume_claim is not None
    }
    for container in pod.spec.containers:
        for mount in container.volume_mounts:
            source = claim_of.get(mount.name)
            if source is None or not os.path.isdir(mount.mount_path):
                continue  # a sidecar's mount, not ours
            read_only = mount.read_only or source.read_only
            whole = not (mount.sub_path or mount.sub_path_expr)
            yield Mount(source.claim_name, mount.mount_path.rstrip("/") or "/", read_only, whole)


def table_mounts(table: Iterable[str], claims: Mapping[str, Claim]) -> Iterable[Mount]:
    """Yield the mounts of `claims` in lines of ``/proc/<pid>/mountinfo`` (proc(5))."""
    known: dict[str, str] = {}
    for claim in claims.values():
        volume = claim.spec.volume_name
        if volume:
            known[volume] = known[volume.replace("-", "_")] = claim.metadata.name
    for line in table:
        left, _, right = line.partition(" - ")
        fields, behind = left.split(), right.split()
        if len(fields) < 6 or len(behind) < 2:
            continue
        root, path, source = _plain(fields[3]), _plain(fields[4]), _plain(behind[1])
        read_only = "ro" in fields[5].split(",")
        if named := _volume_in(root, known):  # a bind mount: the path within the file system
            claim_name, rest = named
            yield Mount(claim_name, path, read_only, rest in ("", "mount"))
        elif named := _volume_in(source, known):  # NFS: the export's name
            claim_name, rest = named
            yield Mount(claim_name, path, read_only, root == "/" and not rest)


def _plain(text: str) -> str:
    """Undo the kernel's octal escapes of blanks and backslashes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def _volume_in(place: str, known: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the claim whose volume is named by a component of `place`, and what follows it."""
    components = [part for part in place.split("/") if part]
    for index, part in enumerate(components):
        for name in (part, part[part.find("pvc") :] if "pvc" in part else part):
            if name in known:
                return known[name], "/".join(components[index + 1 :])
    return None


def _holding_home(mounts: Iterable[Mount]) -> str:
    """Return the claim mounted deepest above the home directory or the working directory."""
    for place in (os.path.expanduser("~"), os.getcwd()):
        real = os.path.realpath(place)
        above = [
            mount
            for mount in mounts
            if real == mount.path or real.startswith(mount.path.rstrip("/") + "/")
        ]
        if above:
            return max(above, key=lambda mount: len(mount.path)).claim
    return ""
