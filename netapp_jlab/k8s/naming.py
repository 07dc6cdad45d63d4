"""Names, labels and annotations: ours, those of Kubernetes, those of the DataOps Toolkit.

The rules for names are those of ``k8s.io/apimachinery/pkg/util/validation``.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime, timezone

from netapp_jlab.errors import Invalid
from netapp_jlab.k8s.quantities import format_quantity, human, parse_quantity, parse_size

PREFIX = "netapp-jlab.io/"

VOLUME_UID = PREFIX + "volume-uid"
"""Label of a snapshot: uid of the claim it was cut from, so a namesake is not mistaken for it."""
PURPOSE = PREFIX + "purpose"
"""Label of a snapshot: ``user``, ``safety`` or ``intermediate``; of a helper pod: ``mover``."""
REQUEST_ID = PREFIX + "request-id"
"""Label of what one click made, so that the same click makes it once."""
OWNER = PREFIX + "owner"
"""Label of a helper pod and its claims, and in a shared namespace of all of a user's: whose."""
NOTE = PREFIX + "note"
AUTHOR = PREFIX + "author"
ORIGIN = PREFIX + "origin"
"""Annotation: JSON of :class:`netapp_jlab.models.Origin`."""
OPERATION = PREFIX + "operation"
"""Annotation: JSON record of the operation that made this object."""
EXPIRES_AT = PREFIX + "expires-at"
"""Annotation: RFC 3339 time from which on it may be deleted."""

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "netapp-jlab"

STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
"""Annotation that Kubernetes sets on a claim: the CSI driver that provisions it."""
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
DEFAULT_SNAPSHOT_CLASS = "snapshot.storage.kubernetes.io/is-default-class"

TOOLKIT_SNAPSHOT = "ntap-dsutil."
"""Prefix of snapshots made by the DataOps Toolkit: ``ntap-dsutil.20260102150405``."""
TOOLKIT_CLONE_SNAPSHOT = "ntap-dsutil.for-clone."
"""Prefix of those it leaves behind when it clones a volume."""
TOOLKIT_WORKSPACE = "ntap-dsutil-jupyterlab-"
"""Prefix of a workspace's claim, Deployment and Service."""
TOOLKIT_CREATED_BY = "created-by"
TOOLKIT_CREATOR = "ntap-dsutil"
TOOLKIT_WORKSPACE_NAME = "jupyterlab-workspace-name"

MAX_NAME = 253
MAX_LABEL = 63

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(?:\.{_LABEL.pattern})*")
_ALLOWED = "Small letters a to z, digits, “-” and “.” are allowed, a letter or digit at both ends."


def validate_name(name: str, what: str) -> None:
    """Check the name of a new object: a DNS-1123 subdomain of at most 253 characters.

    Parameters
    ----------
    what : str
        For the message: ``volume``, ``snapshot``.

    Raises
    ------
    Invalid
        The message says what is wrong, the hint proposes a name.
    """
    if _SUBDOMAIN.fullmatch(name) and len(name) <= MAX_NAME:
        return
    proposal = propose_name(name)
    hint = f"Try “{proposal}”. {_ALLOWED}" if proposal else _ALLOWED
    if not name:
        raise Invalid(f"The {what} needs a name.", hint=_ALLOWED)
    shown = "".join(char if char.isprintable() else "�" for char in name[:MAX_LABEL])
    shown += "…" if len(name) > MAX_LABEL else ""
    raise Invalid(f"A {what} can not be named “{shown}”: {_fault(name)}.", hint=hint)


def _fault(name: str) -> str:
    """Return what is wrong with `name`, the most telling thing first."""
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, {MAX_NAME} are allowed"
    wrong = sorted(set(re.findall(r"[^a-z0-9.-]", name)), key=name.index)
    if any(char in " \t" for char in wrong):
        return "blanks are not allowed"
    if any("A" <= char <= "Z" for char in wrong):
        return "capital letters are not allowed"
    if wrong:
        shown = wrong[0] if wrong[0].isprintable() else f"U+{ord(wrong[0]):04X}"
        return f"“{shown}” is not allowed"
    if not name[0].isalnum() or not name[-1].isalnum():
        return "it has to start and end with a letter or a digit"
    return "a “.” has to stand between letters or digits"


def propose_name(text: str) -> str:
    """Return the nearest valid name, or "" where nothing of `text` can be kept."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    labels = re.sub(r"[^a-z0-9.]+", "-", plain).split(".")
    kept = ".".join(filter(None, (label.strip("-") for label in labels)))
    return kept[:MAX_NAME].rstrip("-.")


def snapshot_name(volume: str, when: datetime, suffix: str = "") -> str:
    """Return a name for a snapshot: ``<volume>-20260102-150405-<suffix>``, in UTC.

    Parameters
    ----------
    volume : str
        Name of the claim; shortened where the whole would be longer than 253 characters.
    suffix : str
        Keeps two clicks in one second apart; empty for four random hexadecimal digits.
    """
    stamp = when.astimezone(timezone.utc).strftime("%Y%m%d-%H%M%S")
    tail = f"-{stamp}-{suffix or secrets.token_hex(2)}"
    return volume[: MAX_NAME - len(tail)].rstrip("-.") + tail


__all__ = [
    "AUTHOR",
    "DEFAULT_CLASS",
    "DEFAULT_SNAPSHOT_CLASS",
    "EXPIRES_AT",
    "MANAGED_BY",
    "MANAGER",
    "MAX_LABEL",
    "MAX_NAME",
    "NOTE",
    "OPERATION",
    "ORIGIN",
    "OWNER",
    "PREFIX",
    "PURPOSE",
    "REQUEST_ID",
    "STORAGE_PROVISIONER",
    "TOOLKIT_CLONE_SNAPSHOT",
    "TOOLKIT_CREATED_BY",
    "TOOLKIT_CREATOR",
    "TOOLKIT_SNAPSHOT",
    "TOOLKIT_WORKSPACE",
    "TOOLKIT_WORKSPACE_NAME",
    "VOLUME_UID",
    "format_quantity",
    "human",
    "parse_quantity",
    "parse_size",
    "propose_name",
    "snapshot_name",
    "validate_name",
]
