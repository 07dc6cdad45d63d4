"""What a server can do, what is missing, and that something has changed."""

from __future__ import annotations

from typing import Literal

from netapp_jlab.models.base import Model


class Change(Model, frozen=True, kw_only=True):
    """A hint that something is no longer what it was: look again.

    Attributes
    ----------
    kind : str
        ``connection``: the API server went away (phase ``lost``) or is back (``live``).
    volume : str
        The volume it concerns; empty for a connection.
    phase : str
        The object's phase, or an operation's state.
    """

    kind: Literal["volume", "snapshot", "operation", "connection"]
    action: Literal["added", "modified", "deleted"]
    name: str = ""
    uid: str = ""
    volume: str = ""
    phase: str = ""


class StorageClass(Model, frozen=True, kw_only=True):
    """A StorageClass and whether snapshots work on it.

    Attributes
    ----------
    snapshot_class : str
        VolumeSnapshotClass that would be used; empty if none, then `reason` says why.
    """

    name: str
    driver: str
    default: bool
    expandable: bool
    reclaim_policy: str
    binding_mode: str
    snapshot_class: str
    reason: str


class Right(Model, frozen=True, kw_only=True):
    """One right of the account, and the file under ``rbac/`` that grants it."""

    verb: str
    resource: str
    needed_for: str
    allowed: bool
    granted_by: str


class Problem(Model, frozen=True, kw_only=True):
    """Something that keeps part of the product from working."""

    reason: str
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"


class Workspace(Model, frozen=True, kw_only=True):
    """Which claim holds the workspace and how that is known."""

    claim: str
    path: str
    found_by: Literal["settings", "pod", "mountinfo", "none"]


class Status(Model, frozen=True, kw_only=True):
    """What this server can do, and what is missing.

    Attributes
    ----------
    api_version : int
        :data:`API_VERSION`; the front end compares it with its own.
    connected : bool
        The API server answered just now.
    classes : tuple[StorageClass, ...] | None
        None where the account may not read them.
    """

    version: str
    api_version: int
    namespace: str
    server: str
    kubernetes: str
    account: str
    user: str
    read_only: bool
    connected: bool
    workspace: Workspace
    classes: tuple[StorageClass, ...] | None
    rights: tuple[Right, ...]
    problems: tuple[Problem, ...]
