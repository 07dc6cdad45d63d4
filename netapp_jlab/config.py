"""What can be set, for every face alike.

The server fills :class:`Settings` from traitlets (``c.NetAppJLab``), the command line from its
options, a kernel from keyword arguments of :class:`netapp_jlab.Client`.
"""

from __future__ import annotations

import os

import msgspec

LONGEST_OWNER = 30
"""Characters of a helper pod's owner: names of pods and claims have to have room for more."""


def default_user() -> str:
    """Return who works here: the hub's user, else the login name, else ``""``."""
    return os.environ.get("JUPYTERHUB_USER") or os.environ.get("USER") or ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the core.

    Attributes
    ----------
    namespace : str
        Namespace to work in; empty for the pod's own, else the kubeconfig context's.
    kubeconfig : str
        Path of a kubeconfig; empty for the pod's service account, else ``$KUBECONFIG`` or
        ``~/.kube/config``.
    context : str
        Context of the kubeconfig; empty for its current one.
    request_timeout : float
        Seconds that one answer of the API server may take.
    read_only : bool
        Refuse everything that changes something.
    workspace_claim : str
        The claim that holds the user's workspace; empty to find it.
    mounts : dict[str, str]
        Claim name to the path where it is mounted here; found for claims that are not named.
    shared_claims : tuple[str, ...]
        Claims shown as shared volumes besides those found (mounted here, several users).
    snapshot_class : str
        VolumeSnapshotClass to use where a driver has several and none is the default.
    user : str
        Name written into a snapshot as its author.
    undo_days : float
        Days for which the safety snapshot of a restore is kept for *Undo*.
    ready_timeout : float
        Seconds to wait for a snapshot to become ready or a claim to be bound.
    mover_enabled : bool
        Start helper pods to reach files of volumes that show no ``.snapshot`` directory here.
    mover_image : str
        Image of helper pods; empty for the one of the pod that this process runs in.
    mover_owner : str
        Label by which helper pods are told apart; empty for the name of the service account.
    mover_idle_minutes : float
        Minutes without use after which a helper pod is removed.
    """

    namespace: str = ""
    kubeconfig: str = ""
    context: str = ""
    request_timeout: float = 30.0
    read_only: bool = False
    workspace_claim: str = ""
    mounts: dict[str, str] = msgspec.field(default_factory=dict)
    shared_claims: tuple[str, ...] = ()
    snapshot_class: str = ""
    user: str = msgspec.field(default_factory=default_user)
    undo_days: float = 7.0
    ready_timeout: float = 300.0
    mover_enabled: bool = True
    mover_image: str = ""
    mover_owner: str = ""
    mover_idle_minutes: float = 10.0
