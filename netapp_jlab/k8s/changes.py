"""Creates, patches and deletes; and settles what a broken connection left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from netapp_jlab.errors import AlreadyExists, Changed, NetAppJLabError, NotFound, Timeout
from netapp_jlab.k8s import decode, naming
from netapp_jlab.k8s.calls import Calls
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.wire import Object

T = TypeVar("T", bound=Object)
R = TypeVar("R")

MERGE_PATCH = "application/merge-patch+json"
_UNSURE_HINT = "Whether it was done is not known: look before you try again."


def create(calls: Calls, kind: Kind[T], manifest: dict[str, Any], *, dry_run: bool) -> T:
    """See :meth:`netapp_jlab.k8s.client.Cluster.create`."""
    calls.writable()
    metadata = manifest["metadata"]
    name, request_id = metadata["name"], metadata.get("labels", {}).get(naming.REQUEST_ID, "")
    subject = calls.subject(kind, name)
    request = calls.request(
        "POST",
        kind.path(calls.namespace),
        query={"dryRun": "All" if dry_run else ""},
        body=manifest,
        repeatable=dry_run,
    )

    def settle(refused: NetAppJLabError) -> T | None:
        if not request_id or not isinstance(refused, AlreadyExists):
            return None
        found = _present(calls, kind, name)
        if found is None or found.metadata.deletion_timestamp is not None:
            return None
        return found if found.metadata.labels.get(naming.REQUEST_ID) == request_id else None

    return _insist(
        lambda: decode.one(kind, calls.send(request, subject), subject.server),
        settle,
        # Should the first try still arrive late, the second finds the name taken, by us.
        again=bool(request_id),
    )


def patch(
    calls: Calls,
    kind: Kind[T],
    name: str,
    patch: dict[str, Any],
    *,
    resource_version: str,
    uid: str,
) -> T:
    """See :meth:`netapp_jlab.k8s.client.Cluster.patch`."""
    calls.writable()
    subject = calls.subject(kind, name, identified=bool(uid))
    path = kind.path(calls.namespace, name)
    conditions = _filled(uid=uid, resourceVersion=resource_version)
    request = calls.request(
        "PATCH",
        path,
        body={**patch, "metadata": {**patch.get("metadata", {}), **conditions}},
        content_type=MERGE_PATCH,
        # Twice the same merge patch is the same as once, unless the first one made a new version.
        repeatable=not resource_version,
    )

    def settle(refused: NetAppJLabError) -> T | None:
        if not isinstance(refused, Changed):
            return None
        body = calls.send(calls.request("GET", path), subject)
        found = decode.one(kind, body, subject.server)
        ours = not uid or found.metadata.uid == uid
        return found if ours and _holds(msgspec.json.decode(body), patch) else None

    return _insist(
        lambda: decode.one(kind, calls.send(request, subject), subject.server), settle, again=True
    )


def delete(calls: Calls, kind: Kind[T], name: str, *, uid: str, resource_version: str) -> None:
    """See :meth:`netapp_jlab.k8s.client.Cluster.delete`."""
    calls.writable()
    subject = calls.subject(kind, name, identified=bool(uid))
    conditions = _filled(uid=uid, resourceVersion=resource_version)
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": conditions}
    request = calls.request(
        "DELETE", kind.path(calls.namespace, name), body=options, repeatable=False
    )

    def settle(refused: NetAppJLabError) -> bool | None:
        # Gone after a lost answer: that was us. A namesake that came meanwhile: likewise.
        return True if isinstance(refused, (NotFound, Changed)) else None

    # Without a uid a second delete might hit a namesake.
    _insist(lambda: calls.send(request, subject), settle, again=bool(uid))


def _insist(
    send: Callable[[], R], settle: Callable[[NetAppJLabError], R | None], *, again: bool
) -> R:
    """Send; after a lost answer once more.

    Parameters
    ----------
    settle : Callable[[NetAppJLabError], R | None]
        Gets what the API server finds fault with, after a lost answer or where the name is taken.
        Returns what was achieved all the same, or None.
    again : bool
        Sending twice does no harm.
    """
    from netapp_jlab.k8s.sender import Ambiguous

    lost = False
    while True:
        try:
            return send()
        except (AlreadyExists, Changed, NotFound) as refused:
            taken = isinstance(refused, AlreadyExists)
            settled = settle(refused) if lost or taken else None
            if settled is None:
                raise
            return settled
        except Ambiguous as unsure:
            if lost or not again or isinstance(unsure.error, Timeout):
                raise type(unsure.error)(unsure.error.message, hint=_UNSURE_HINT) from unsure
            lost = True


def _present(calls: Calls, kind: Kind[T], name: str) -> T | None:
    subject = calls.subject(kind, name)
    request = calls.request("GET", kind.path(calls.namespace, name))
    try:
        return decode.one(kind, calls.send(request, subject), subject.server)
    except NotFound:
        return None


def _filled(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _holds(found: Any, patch: Any) -> bool:
    """Whether a merge patch would leave `found` as it is."""
    if not isinstance(patch, Mapping):
        return bool(found == patch)
    if not isinstance(found, Mapping):
        return False
    return all(
        key not in found if value is None else _holds(found.get(key), value)
        for key, value in patch.items()
    )
