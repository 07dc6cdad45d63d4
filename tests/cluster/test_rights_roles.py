"""What each tier of ``rbac/`` promises works, and everything else is refused by the API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.tools import ROOT

from .api import Answer, Api, eventually
from .tiers import EVERYBODY, ROLES, TIERS, Right, applied, attributes, lacking, may

RBAC = "/apis/rbac.authorization.k8s.io/v1"
METHODS = {"get": "GET", "list": "GET", "watch": "GET", "create": "POST", "update": "PUT"}
METHODS |= {"patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE"}
NAMELESS = {"list", "watch", "deletecollection"}
BEYOND = [
    *(Right("trident.netapp.io", "tridentvolumes", verb) for verb in ("get", "list", "patch")),
    *(
        Right("trident.netapp.io", "tridentactionsnapshotrestores", verb)
        for verb in ("create", "get", "delete")
    ),
    Right("trident.netapp.io", "tridentbackendconfigs", "create"),
    *(Right("", kind, "impersonate") for kind in ("users", "groups", "serviceaccounts")),
    *(
        Right("rbac.authorization.k8s.io", kind, verb)
        for kind in ("roles", "clusterroles")
        for verb in ("bind", "escalate")
    ),
    *(Right("certificates.k8s.io", "signers", verb) for verb in ("approve", "sign")),
    Right("", "nodes/proxy", "get"),
    Right("*", "*", "*"),
]
"""What no tier grants and no request of the matrix asks for."""


@dataclass(frozen=True)
class Served:
    """A verb that the API server serves.

    Attributes
    ----------
    base : str
        ``/api/v1`` or ``/apis/<group>/<version>``.
    """

    base: str
    right: Right
    namespaced: bool

    def asked(self, account: Api, namespace: str) -> Answer:
        """Ask for it by the request itself, which changes nothing.

        Rights are checked before the object is looked up and before the body is read.
        """
        verb, (kind, _, part) = self.right.verb, self.right.resource.partition("/")
        path = f"{self.base}/namespaces/{namespace}" if self.namespaced else self.base
        path += f"/{kind}"
        if part or verb not in {*NAMELESS, "create"}:
            path += "/absent"
        path += f"/{part}" if part else ""
        query: dict[str, object] = {}
        if verb == "watch":
            query = {"watch": "true", "timeoutSeconds": 1}
        elif METHODS[verb] != "GET":
            query = {"dryRun": "All"}
        body = None if METHODS[verb] in ("GET", "DELETE") else {}
        return account.request(METHODS[verb], path, body, **query)


@pytest.fixture(scope="session")
def served(admin: Api) -> list[Served]:
    """Every verb on every resource of every group, as discovery tells."""
    bases = [("", "/api/v1")]
    for group in admin.get("/apis")["groups"]:
        version = group["preferredVersion"]["groupVersion"]
        bases.append((group["name"], f"/apis/{version}"))
    return [
        Served(base, Right(group, kind["name"], verb), kind["namespaced"])
        for group, base in bases
        for kind in admin.get(base)["resources"]
        for verb in kind["verbs"]
        if verb in METHODS
    ]


@pytest.fixture(params=sorted(TIERS))
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(
    admin: Api, kubeconfig: Path, namespace: str, tier: str, tmp_path: Path
) -> Iterator[Api]:
    with applied(admin, kubeconfig, namespace, tier, tmp_path) as account:
        yield account


def test_what_is_promised_works_and_all_else_is_refused(
    account: Api, tier: str, namespace: str, served: list[Served]
) -> None:
    """By the requests themselves, several hundred, one for each verb of each resource."""
    assert len(served) > 300
    answers = {one: one.asked(account, namespace) for one in served}
    allowed = {one.right for one, answer in answers.items() if answer.status != 403}
    assert allowed == (TIERS[tier] | EVERYBODY) & {one.right for one in served}
    assert all(answer.status != 401 for answer in answers.values())


def test_it_reaches_no_other_namespace_and_nothing_beyond(
    account: Api, tier: str, namespace: str
) -> None:
    beyond = {right for right in BEYOND if may(account, right, namespace)}
    assert beyond == set()
    elsewhere = {right for right in TIERS[tier] if may(account, right, "kube-system")}
    assert elsewhere == (ROLES["classes"] & TIERS[tier])
    assert account.request("GET", "/api/v1/secrets").status == 403
    assert account.request("GET", "/metrics").status == 403


def _rules(role: str) -> list[dict[str, Any]]:
    """Return a role's rules, as they are shipped."""
    path = ROOT / "rbac" / "roles" / role / "role.yaml"
    (shipped,) = [one for one in yaml.safe_load_all(path.read_text()) if "rules" in one]
    return list(shipped["rules"])


def _mutants(rules: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Leave out each verb of each rule in turn."""
    for index, rule in enumerate(rules):
        for verb in rule["verbs"]:
            verbs = [one for one in rule["verbs"] if one != verb]
            rest = [{**rule, "verbs": verbs}] if verbs else []
            what = f"{verb} {','.join(rule['resources'])}"
            yield what, [*rules[:index], *rest, *rules[index + 1 :]]


def _bind(admin: Api, namespace: str, account: str, rules: list[dict[str, Any]]) -> None:
    base = f"{RBAC}/namespaces/{namespace}"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    admin.create(f"{base}/roles", {"metadata": {"name": account}, "rules": rules})
    binding = {"metadata": {"name": account}, "roleRef": reference, "subjects": [subject]}
    admin.create(f"{base}/rolebindings", binding)


def _may(admin: Api, namespace: str, account: str, right: Right) -> bool:
    spec = {
        "user": f"system:serviceaccount:{namespace}:{account}",
        "resourceAttributes": attributes(right, namespace),
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    return bool(admin.create(path, {"spec": spec})["status"]["allowed"])


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_verb_of_a_role_can_be_left_out(admin: Api, namespace: str, role: str) -> None:
    """Each verb of each rule is needed for what the role promises.

    Of kinds of the cluster a Role in a namespace grants nothing to ordinary requests, but access
    reviews that name the namespace are answered by its rules all the same.
    """
    rules = _rules(role)
    mutants = {f"mutant-{index}": one for index, one in enumerate(_mutants(rules))}
    _bind(admin, namespace, "whole", rules)
    for account, (_, changed) in mutants.items():
        _bind(admin, namespace, account, changed)
    missing = partial(_lacking, admin, namespace, role)
    eventually(lambda: not missing("whole"))
    unharmed = [what for account, (what, _) in mutants.items() if not missing(account)]
    assert unharmed == []


def _lacking(admin: Api, namespace: str, role: str, account: str) -> set[Right]:
    return lacking(partial(_may, admin, namespace, account), ROLES[role])
