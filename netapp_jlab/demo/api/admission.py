"""The admission that every cluster has switched on: the last word before an object is stored.

After ``k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle`` and
``k8s.io/kubernetes/plugin/pkg/admission/{storage,serviceaccount}``. Quotas join from outside
(`Store.admission`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from . import errors, quantity
from .kinds import KINDS
from .limits import ClaimLimits
from .rules.claims import requested

if TYPE_CHECKING:
    from .auth.users import User
    from .kinds import Kind
    from .store import Store

Object = dict[str, Any]

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_IMMORTAL = ("default", "kube-system", "kube-public")


def install(store: Store) -> None:
    """Switch everything in this module on."""
    plugins = _Plugins(store)
    store.mutation += [
        plugins.require_namespace,
        plugins.protect_in_use,
        plugins.choose_class,
        plugins.give_account,
    ]
    store.admission += [plugins.keep_namespaces, plugins.check_growth, ClaimLimits(store)]


class _Plugins:
    """Each method is one admission plugin; see `Store` for when they are called."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def require_namespace(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        """Refuse new content in a namespace that is missing or going away."""
        if operation != "CREATE" or new is None or not kind.namespaced:
            return
        meta = new["metadata"]
        name = meta.get("namespace")
        if not name:
            return  # validation has a better message
        namespace = self._store.get("Namespace", None, name)
        if namespace["status"].get("phase") != "Terminating":
            return
        why = f"unable to create new content in namespace {name} because it is being terminated"
        error = errors.forbidden(kind, meta.get("name") or "Unknown", why)
        error.add_cause(
            "NamespaceTerminating", f"namespace {name} is being terminated", "metadata.namespace"
        )
        raise error

    def keep_namespaces(
        self,
        operation: str,
        kind: Kind,
        _new: Object | None,
        old: Object | None,
        _user: User | None,
    ) -> None:
        """Refuse to delete the namespaces that a cluster can't be without."""
        if operation == "DELETE" and kind.kind == "Namespace" and old is not None:
            name = old["metadata"]["name"]
            if name in _IMMORTAL:
                raise errors.forbidden(kind, name, "this namespace may not be deleted")

    def protect_in_use(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        """Hold claims and volumes until the protection controllers find them unused."""
        finalizer = {
            "PersistentVolumeClaim": CLAIM_PROTECTION,
            "PersistentVolume": VOLUME_PROTECTION,
        }.get(kind.kind)
        if operation != "CREATE" or new is None or finalizer is None:
            return
        finalizers = new["metadata"].setdefault("finalizers", [])
        if finalizer not in finalizers:
            finalizers.append(finalizer)

    def choose_class(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        """Give a claim that names no class the default one (the newest, when there are several)."""
        if operation != "CREATE" or new is None or kind.kind != "PersistentVolumeClaim":
            return
        annotations = new["metadata"].get("annotations") or {}
        if "storageClassName" in new["spec"] or _CLASS_ANNOTATION in annotations:
            return
        defaults = [item["metadata"] for item in self._classes() if _is_default(item["metadata"])]
        defaults.sort(key=lambda meta: str(meta["name"]))
        defaults.sort(key=lambda meta: str(meta["creationTimestamp"]), reverse=True)
        if defaults:
            new["spec"]["storageClassName"] = defaults[0]["name"]

    def _classes(self) -> list[Object]:
        return self._store.list("StorageClass").items

    def check_growth(
        self, operation: str, kind: Kind, new: Object | None, old: Object | None, _user: User | None
    ) -> None:
        """Let a claim grow only when it is bound and its class allows it."""
        if operation != "UPDATE" or kind.kind != "PersistentVolumeClaim":
            return
        if new is None or old is None or not _grows(new, old):
            return
        name = old["metadata"]["name"]
        if (old.get("status") or {}).get("phase") != "Bound":
            why = "Only bound persistent volume claims can be expanded"
            raise errors.forbidden(kind, name, why)
        if not self._expandable(old):
            why = (
                "only dynamically provisioned pvc can be resized and the storageclass that "
                "provisions the pvc must support resize"
            )
            raise errors.forbidden(kind, name, why)

    def _expandable(self, claim: Object) -> bool:
        name = claim["spec"].get("storageClassName")
        found = [item for item in self._classes() if item["metadata"]["name"] == name]
        return bool(found) and bool(found[0].get("allowVolumeExpansion"))

    def give_account(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        """Give a pod its service account, that account's token as a volume, and a priority."""
        if operation != "CREATE" or new is None or kind.kind != "Pod":
            return
        spec, meta = new["spec"], new["metadata"]
        namespace, name = meta.get("namespace", ""), spec.get("serviceAccountName") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        spec.setdefault("priority", 0)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
        try:
            account = self._store.get("ServiceAccount", namespace, name)
        except errors.ApiError as error:
            why = (
                f"error looking up service account {namespace}/{name}: "
                f'serviceaccount "{name}" not found'
            )
            raise errors.forbidden(KINDS["Pod"], meta.get("name", ""), why) from error
        if _mounts_token(spec, account):
            _mount_token(spec)


def _is_default(meta: Object) -> bool:
    annotations = meta.get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _DEFAULT_CLASS)


def _grows(new: Object, old: Object) -> bool:
    size, before = requested(new), requested(old)
    if size is None or before is None:
        return False
    return quantity.value(size) > quantity.value(before)


_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path


def _mounts_token(spec: Object, account: Object) -> bool:
    asked = spec.get("automountServiceAccountToken")
    if asked is None:
        asked = account.get("automountServiceAccountToken")
    return asked is None or bool(asked)


def _mount_token(spec: Object) -> None:
    suffix = "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))  # noqa: S311 - no secret
    name = f"kube-api-access-{suffix}"
    used = False
    for container in (spec.get("initContainers") or []) + (spec.get("containers") or []):
        mounts = container.setdefault("volumeMounts", [])
        if all(mount.get("mountPath") != _TOKEN_PATH for mount in mounts):
            mounts.append({"name": name, "readOnly": True, "mountPath": _TOKEN_PATH})
            used = True
    if used:
        spec.setdefault("volumes", []).append({"name": name, "projected": _token_sources()})


def _token_sources() -> Object:
    namespace = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {
                "configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }
            },
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": namespace}]}},
        ],
        "defaultMode": 0o644,
    }
