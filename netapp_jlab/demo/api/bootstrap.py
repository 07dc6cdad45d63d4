"""What a fresh cluster has before anybody used it: namespaces and the well-known roles.

After ``k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy``, cut down to the
resources that the embedded cluster serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import admission, errors
from .auth.users import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from .store import KEEP, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

Object = dict[str, Any]

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")

_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_INFORMATION = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = (
    *("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*"),
    *("/readyz", "/version", "/version/"),
)


def _rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def _urls(urls: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"nonResourceURLs": list(urls), "verbs": list(verbs)}


_VIEW = [
    _rule(
        [""],
        [
            "configmaps",
            "endpoints",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "serviceaccounts",
            "services",
            "services/status",
        ],
        _READ,
    ),
    _rule(
        [""],
        [
            "limitranges",
            "namespaces/status",
            "pods/log",
            "pods/status",
            "resourcequotas",
            "resourcequotas/status",
        ],
        _READ,
    ),
    _rule([""], ["namespaces"], _READ),
    _rule(["", "events.k8s.io"], ["events"], _READ),
    _rule(["apps"], ["deployments", "deployments/scale", "deployments/status"], _READ),
    _rule(["batch"], ["jobs", "jobs/status"], _READ),
]
_EDIT = [
    _rule([""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets"], _READ),
    _rule([""], ["serviceaccounts"], ["impersonate"]),
    _rule([""], ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], _WRITE),
    _rule(
        [""],
        ["configmaps", "persistentvolumeclaims", "secrets", "serviceaccounts", "services"],
        _WRITE,
    ),
    _rule([""], ["serviceaccounts/token"], ["create"]),
    _rule(["", "events.k8s.io"], ["events"], _WRITE),
    _rule(["apps"], ["deployments", "deployments/scale"], _WRITE),
    _rule(["batch"], ["jobs"], _WRITE),
    _rule(["coordination.k8s.io"], ["leases"], (*_WRITE, *_READ)),
]
_ADMIN = [
    _rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"]),
    _rule([_RBAC], ["rolebindings", "roles"], (*_WRITE, *_READ)),
]
_ROLES: dict[str, list[Object]] = {
    "cluster-admin": [_rule(["*"], ["*"], ["*"]), _urls(["*"], ["*"])],
    "admin": [*_EDIT, *_VIEW, *_ADMIN],
    "edit": [*_EDIT, *_VIEW],
    "view": _VIEW,
    "system:basic-user": [
        _rule(
            ["authorization.k8s.io"],
            ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            ["create"],
        ),
        _rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
    ],
    "system:discovery": [_urls(_DISCOVERY, ["get"])],
    "system:public-info-viewer": [_urls(_INFORMATION, ["get"])],
}
_AGGREGATED = ("admin", "edit", "view")
_BINDINGS: dict[str, tuple[str, ...]] = {
    "cluster-admin": (MASTERS,),
    "system:basic-user": (AUTHENTICATED,),
    "system:discovery": (AUTHENTICATED,),
    "system:public-info-viewer": (AUTHENTICATED, UNAUTHENTICATED),
}


def open_cluster(path: str, *, keep: int = KEEP) -> Store:
    """Open a store with the admission of a real cluster and what a fresh cluster has.

    Parameters
    ----------
    path : str
        The SQLite file; made when missing.
    keep : int
        See `Store`.
    """
    store = Store(path, keep=keep)
    admission.install(store)
    for name in NAMESPACES:
        _ensure(store, "Namespace", {"metadata": {"name": name}})
    for name, rules in _ROLES.items():
        role: Object = {"metadata": _system(name), "rules": rules}
        if name in _AGGREGATED:
            labels = {f"{_RBAC}/aggregate-to-{name}": "true"}
            role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": labels}]}
        _ensure(store, "ClusterRole", role)
    for name, groups in _BINDINGS.items():
        subjects = [{"kind": "Group", "apiGroup": _RBAC, "name": group} for group in groups]
        role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
        body = {"metadata": _system(name), "subjects": subjects, "roleRef": role}
        _ensure(store, "ClusterRoleBinding", body)
    return store


def _system(name: str) -> Object:
    return {
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }


def _ensure(store: Store, kind: str, obj: Object) -> None:
    try:
        store.create(kind, obj)
    except errors.ApiError as error:
        if error.reason != "AlreadyExists":
            raise
