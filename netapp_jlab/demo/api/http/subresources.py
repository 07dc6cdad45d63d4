"""Subresources that have a kind of their own: scales and tokens."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, patches
from netapp_jlab.demo.api.kinds import Kind
from netapp_jlab.demo.api.metadata import timestamp

if TYPE_CHECKING:
    from netapp_jlab.demo.api.options import WriteOptions
    from netapp_jlab.demo.api.store import Store

    from .base import Services

Object = dict[str, Any]

SCALE = Kind(group="autoscaling", version="v1", kind="Scale", plural="scales")
_TOKEN = Kind(
    group="authentication.k8s.io", version="v1", kind="TokenRequest", plural="tokenrequests"
)

_HOUR = 3600
_SHORTEST = 600
_LONGEST = 1 << 32


def scale_of(obj: Object) -> Object:
    """Return an object as its ``scale`` subresource shows it."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    labels = (spec.get("selector") or {}).get("matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in kept if name in meta},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {
            "replicas": (obj.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def scale(
    store: Store, kind: str, place: tuple[str, str], wanted: Object, options: WriteOptions
) -> Object:
    """Set the number of replicas and return the new scale.

    Parameters
    ----------
    place : tuple[str, str]
        Namespace and name.

    Raises
    ------
    ApiError
        404, 409, 422 for a number that is none.
    """
    namespace, name = place
    replicas = (wanted.get("spec") or {}).get("replicas") or 0
    if not isinstance(replicas, int) or replicas < 0:
        cause = errors.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise errors.invalid_object(SCALE, name, [cause])
    patch: Object = {"spec": {"replicas": replicas}}
    version = (wanted.get("metadata") or {}).get("resourceVersion")
    if version:
        patch["metadata"] = {"resourceVersion": version}
    scaled = store.patch(
        kind, namespace, name, patch, content_type=patches.MERGE_PATCH, options=options
    )
    return scale_of(scaled)


def request_token(services: Services, namespace: str, name: str, request: Object) -> Object:
    """Answer a ``TokenRequest`` for a service account.

    Raises
    ------
    ApiError
        404 without such an account or bound object, 422 for a time that is too short or long.
    """
    store, spec = services.store, request.get("spec") or {}
    account = store.get("ServiceAccount", namespace, name)
    seconds = _HOUR if spec.get("expirationSeconds") is None else int(spec["expirationSeconds"])
    field = "spec.expirationSeconds"
    if seconds < _SHORTEST:
        detail = "may not specify a duration less than 10 minutes"
        raise errors.invalid_object(_TOKEN, "", [errors.invalid(field, seconds, detail)])
    if seconds > _LONGEST:
        detail = "may not specify a duration larger than 2^32 seconds"
        raise errors.invalid_object(_TOKEN, "", [errors.invalid(field, seconds, detail)])
    bound = _bound(store, namespace, spec.get("boundObjectRef"))
    issuer = services.authenticator.issuer
    audiences = spec.get("audiences") or [issuer.issuer]
    token = issuer.issue(account, seconds=seconds, audiences=audiences, bound=bound)
    expires = datetime.now(timezone.utc).timestamp() + seconds
    ends = datetime.fromtimestamp(expires, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta = account["metadata"]
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": meta["uid"],
            "creationTimestamp": timestamp(),
        },
        "spec": {
            "audiences": audiences,
            "expirationSeconds": seconds,
            "boundObjectRef": spec.get("boundObjectRef"),
        },
        "status": {"token": token, "expirationTimestamp": ends},
    }


def _bound(store: Store, namespace: str, reference: Object | None) -> Object | None:
    if reference is None:
        return None
    kind = reference.get("kind")
    if kind not in ("Pod", "Secret"):
        raise errors.bad_request(f'cannot bind token for serviceaccount to object of type "{kind}"')
    found = store.get(str(kind), namespace, reference.get("name") or "")
    uid = reference.get("uid")
    if uid and uid != found["metadata"]["uid"]:
        why = f"the UID in the bound object reference ({uid}) does not match the UID in record"
        raise errors.conflict(_TOKEN, str(reference.get("name")), why)
    return found
