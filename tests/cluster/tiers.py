"""The tiers of ``rbac/``: what each promises, and how a test gets an account of one.

The promises are written down here anew, not read from the files that they are to judge.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.contract.tools import ROOT

from .api import Api, eventually, kubectl

SNAPSHOTS = "snapshot.storage.k8s.io"
STORAGE = "storage.k8s.io"
ACCOUNT = "ada"


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource; ``pods/exec`` is a resource too."""

    group: str
    resource: str
    verb: str


def _rights(group: str, resource: str, verbs: str) -> frozenset[Right]:
    return frozenset(Right(group, resource, verb) for verb in verbs.split())


ROLES: dict[str, frozenset[Right]] = {
    "read": _rights("", "persistentvolumeclaims", "get list watch")
    | _rights(SNAPSHOTS, "volumesnapshots", "get list watch")
    | _rights("", "pods", "get list")
    | _rights("", "events", "list"),
    "snapshot": _rights(SNAPSHOTS, "volumesnapshots", "create patch delete"),
    "full": _rights("", "persistentvolumeclaims", "create patch delete"),
    "mover": _rights("", "pods", "create delete get list watch")
    | _rights("", "pods/exec", "create get")
    | _rights("", "persistentvolumeclaims", "create delete get list watch"),
    "classes": _rights(STORAGE, "storageclasses", "get list")
    | _rights(SNAPSHOTS, "volumesnapshotclasses", "get list")
    | _rights(SNAPSHOTS, "volumesnapshotcontents", "get list")
    | _rights("", "persistentvolumes", "get list"),
    "netapp-dataops-snapshots": _rights("", "persistentvolumeclaims", "get list")
    | _rights("", "persistentvolumeclaims/status", "get list")
    | _rights("", "services", "get list")
    | _rights(SNAPSHOTS, "volumesnapshots", "get list create")
    | _rights(SNAPSHOTS, "volumesnapshots/status", "get list create"),
}
"""By role: what it grants. NetApp's names kinds of the cluster too; no RoleBinding grants these."""

TIERS: dict[str, frozenset[Right]] = {
    "read": ROLES["read"],
    "snapshot": ROLES["read"] | ROLES["snapshot"],
    "full": ROLES["read"] | ROLES["snapshot"] | ROLES["full"],
    "mover": ROLES["read"] | ROLES["mover"],
    "classes": ROLES["classes"],
    "netapp-dataops-snapshots": ROLES["netapp-dataops-snapshots"],
    "everything": frozenset[Right]().union(
        *(ROLES[role] for role in ("read", "snapshot", "full", "mover", "classes"))
    ),
}
"""By tier: what may be done in the account's namespace; with `classes`, in the cluster."""

EVERYBODY = (
    _rights("authorization.k8s.io", "selfsubjectaccessreviews", "create")
    | _rights("authorization.k8s.io", "selfsubjectrulesreviews", "create")
    | _rights("authentication.k8s.io", "selfsubjectreviews", "create")
)
"""What Kubernetes grants to all who are known (``system:basic-user``)."""


def lacking(may: Callable[[Right], bool], promised: frozenset[Right]) -> set[Right]:
    """Return what is promised and may not be done."""
    return {right for right in promised if not may(right)}


def attributes(right: Right, namespace: str) -> dict[str, str]:
    """Return a right as access reviews write it."""
    resource, _, subresource = right.resource.partition("/")
    found = {
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "verb": right.verb,
    }
    return {**found, "namespace": namespace} if namespace else found


def may(account: Api, right: Right, namespace: str) -> bool:
    """Ask the API server, as an account, what that account may do."""
    spec = {"resourceAttributes": attributes(right, namespace)}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return bool(account.create(path, {"spec": spec})["status"]["allowed"])


@contextmanager
def applied(admin: Api, kubeconfig: Path, namespace: str, tier: str, folder: Path) -> Iterator[Api]:
    """Apply a tier as an administrator does, and return its account with a real token.

    The account is written to ``account/account.yaml``; the roles' names get a suffix, since several
    tests may run on one cluster.
    """
    rbac = folder / "rbac"
    shutil.copytree(ROOT / "rbac", rbac)
    file = rbac / "account" / "account.yaml"
    text = file.read_text().replace("name: default", f"name: {ACCOUNT}")
    file.write_text(text.replace("namespace: jupyter", f"namespace: {namespace}"))
    suffix = uuid.uuid4().hex[:6]
    for file in rbac.glob("roles/*/role.yaml"):
        named = re.sub(r"(name: [a-z-]*netapp-[a-z-]+)\b", rf"\1-{suffix}", file.read_text())
        file.write_text(named)
    mine = rbac / "tiers" / tier
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    admin.create(path, {"metadata": {"name": ACCOUNT}})
    kubectl(kubeconfig, "apply", "-k", str(mine))
    try:
        account = admin.as_token(admin.token_of(namespace, ACCOUNT))
        promised = TIERS[tier]
        eventually(lambda: not lacking(lambda right: may(account, right, namespace), promised))
        yield account
    finally:
        kubectl(kubeconfig, "delete", "-k", str(mine), "--ignore-not-found", "--wait=false")


def kubeconfig_of(account: Api, namespace: str) -> str:
    """Return a kubeconfig that holds an account's token and nothing else."""
    cluster = {"server": account.server, "certificate-authority": account.authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": account.token}}],
            "contexts": [
                {"name": "x", "context": {"cluster": "c", "user": "u", "namespace": namespace}}
            ],
            "current-context": "x",
        }
    )
