"""Namespaces that several users share, with the policies of ``rbac/multi-user`` switched on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from .api import ACCOUNTS, CLAIMS, PODS, SNAPSHOTS, Answer, Api, eventually, kubectl
from .hostile import Request, Scene
from .hostile.scene import CLASS, IMAGE, RUNTIME, SHARED, Json, claim, pod, snapshot
from .residents import USERS, fill

RBAC = Path(__file__).parents[2] / "rbac" / "multi-user"
SWITCH = "netapp-jlab.io/multi-user"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
POLICIES = f"{ADMISSION}/validatingadmissionpolicies"
BINDINGS = f"{ADMISSION}/validatingadmissionpolicybindings"
RUNTIMES = "/apis/node.k8s.io/v1/runtimeclasses"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
NETWORK = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
ROLE_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings"
SETTINGS = {
    "netapp-jlab.io/storage-classes": f"other, {CLASS}",
    "netapp-jlab.io/shared-volumes": SHARED,
    "netapp-jlab.io/mover-images": f"{IMAGE}, registry.example.com/jupyter/*",
}
"""Annotations of a namespace of several users."""
WATCHED = (
    CLAIMS,
    SNAPSHOTS,
    PODS,
    ACCOUNTS,
    ROLE_BINDINGS,
    "/api/v1/namespaces/{}/secrets",
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/services",
    "/api/v1/namespaces/{}/endpoints",
    "/api/v1/namespaces/{}/resourcequotas",
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/apps/v1/namespaces/{}/replicasets",
    "/apis/apps/v1/namespaces/{}/statefulsets",
    "/apis/apps/v1/namespaces/{}/daemonsets",
    "/apis/batch/v1/namespaces/{}/jobs",
    "/apis/batch/v1/namespaces/{}/cronjobs",
    NETWORK,
    "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
)


@dataclass(frozen=True)
class Shipped:
    """What ``rbac/multi-user`` holds, under names of this run.

    Attributes
    ----------
    tag : str
        Ends the name of everything that belongs to the cluster, and is the value of the label that
        switches the policies on.
    policies, bindings : dict
        By the policy's shipped name.
    role, movers : dict
        The role of every user's account, and the one that adds movers to it.
    network : dict
        The network policy for movers.
    """

    tag: str
    policies: dict[str, Json]
    bindings: dict[str, Json]
    role: Json
    movers: Json
    network: Json

    @classmethod
    def rendered(cls, kubeconfig: Path) -> Shipped:
        """Return it as ``kubectl kustomize`` renders it."""
        tag = uuid.uuid4().hex[:6]
        text = kubectl(kubeconfig, "kustomize", str(RBAC / "cluster"))
        found: dict[str, dict[str, Json]] = {}
        for document in yaml.safe_load_all(text):
            name = document["metadata"]["name"]
            document["metadata"]["name"] = f"{name}-{tag}"
            found.setdefault(document["kind"], {})[name] = document
        for binding in found["ValidatingAdmissionPolicyBinding"].values():
            spec = binding["spec"]
            spec["policyName"] = f"{spec['policyName']}-{tag}"
            spec["matchResources"]["namespaceSelector"]["matchLabels"] = {SWITCH: tag}
        (role,) = found["ClusterRole"].values()
        movers = yaml.safe_load((RBAC / "movers" / "role.yaml").read_text())
        movers["metadata"]["name"] += f"-{tag}"
        network = yaml.safe_load((RBAC / "namespace" / "network.yaml").read_text())
        return cls(
            tag,
            found["ValidatingAdmissionPolicy"],
            found["ValidatingAdmissionPolicyBinding"],
            role,
            movers,
            network,
        )

    @property
    def everything(self) -> Json:
        """A role with every verb on every kind of a namespace: what a policy must hold alone."""
        verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
        rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}
        return {"metadata": {"name": f"isolation-everything-{self.tag}"}, "rules": [rule]}


def canary(tag: str, selector: Json) -> tuple[Json, Json]:
    """Return a policy that refuses a config map named ``canary``, and its binding.

    The API server takes policies up in the order in which they were made: once this one, made
    last, holds, all others do.
    """
    rules = [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE"],
            "resources": ["configmaps"],
        }
    ]
    name = f"isolation-canary-{tag}"
    policy = {
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": rules},
            "validations": [{"expression": "object.metadata.name != 'canary'"}],
        },
    }
    binding = {
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
    return policy, binding


@contextmanager
def installed(admin: Api, policies: Sequence[Json], bindings: Sequence[Json]) -> Iterator[None]:
    """Make policies and their bindings, and a runtime class; remove them at the end."""
    runtime = {"metadata": {"name": RUNTIME}, "handler": "runc"}
    made = [f"{RUNTIMES}/{RUNTIME}"]
    try:
        assert admin.request("POST", RUNTIMES, runtime).status in (201, 409)
        for root, documents in ((POLICIES, policies), (BINDINGS, bindings)):
            for document in documents:
                admin.create(root, document)
                made.append(f"{root}/{document['metadata']['name']}")
        yield
    finally:
        for path in reversed(made):
            admin.request("DELETE", path)


def await_canary(admin: Api, namespace: str) -> None:
    """Wait until the policies of a namespace are in force."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body = {"metadata": {"name": "canary"}}
    eventually(lambda: admin.request("POST", path, body, dryRun="All").refused, 30.0)


@dataclass(frozen=True)
class World:
    """A namespace in which three users have data, and another one in which they have the same.

    Attributes
    ----------
    accounts : dict
        By user: who asks with a real token of the user's account.
    """

    namespace: str
    elsewhere: str
    accounts: dict[str, Api]

    def scene(self, me: str, whose: str) -> Scene:
        """Return who asks, and whose data it is about."""
        return Scene(self.namespace, me, whose, self.elsewhere)


def build(admin: Api, shipped: Shipped, roles: Sequence[Json]) -> World:
    """Make a namespace with three users' accounts and data, then switch the policies on.

    Parameters
    ----------
    roles : sequence of dict
        The ClusterRoles that users' accounts get.
    """
    namespace, elsewhere = (f"isolation-{uuid.uuid4().hex[:8]}" for _ in range(2))
    for one in (namespace, elsewhere):
        admin.create("/api/v1/namespaces", {"metadata": {"name": one}})
        fill(admin, one, USERS)
    admin.create(NETWORK.format(namespace), shipped.network)
    accounts = {user: account(admin, namespace, user, roles) for user in USERS}
    for one in (namespace, elsewhere):
        switch_on(admin, one, {SWITCH: shipped.tag})
    return World(namespace, elsewhere, accounts)


def switch_on(admin: Api, namespace: str, labels: Json) -> None:
    """Put the policies in force that select one of `labels`, with settings for all tests."""
    metadata = {"labels": labels, "annotations": SETTINGS}
    admin.ask("PATCH", f"/api/v1/namespaces/{namespace}", {"metadata": metadata})


def account(admin: Api, namespace: str, user: str, roles: Sequence[Json]) -> Api:
    """Make a user's account with roles, and return it with a real token."""
    name = f"jupyter-{user}"
    admin.create(ACCOUNTS.format(namespace), {"metadata": {"name": name}})
    for number, role in enumerate(roles):
        bind(admin, namespace, f"user-{user}-{number}", name, namespace, role["metadata"]["name"])
    return admin.as_token(admin.token_of(namespace, name))


def bind(admin: Api, namespace: str, name: str, account: str, of: str, role: str) -> None:
    """Bind a service account of the namespace `of` to a ClusterRole in `namespace`."""
    admin.create(
        ROLE_BINDINGS.format(namespace),
        {
            "metadata": {"name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": of}],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
        },
    )


def remove(admin: Api, world: World) -> None:
    """Delete the namespaces of a world."""
    for one in (world.namespace, world.elsewhere):
        admin.request("DELETE", f"/api/v1/namespaces/{one}")


def state(admin: Api, world: World) -> dict[str, str]:
    """Return the resourceVersion of every object of both namespaces, by its path."""
    found: dict[str, str] = {}
    for namespace in (world.namespace, world.elsewhere):
        for template in WATCHED:
            path = template.format(namespace)
            for item in admin.get(path)["items"]:
                meta = item["metadata"]
                found[f"{path}/{meta['name']}"] = meta["resourceVersion"]
    return found


def settled(admin: Api, world: World) -> dict[str, str]:
    """Return :func:`state` once controllers have nothing more to write."""
    seen: list[dict[str, str]] = [{}]

    def twice() -> dict[str, str] | None:
        seen.append(state(admin, world))
        return seen[-1] if seen[-1] == seen[-2] else None

    found = eventually(twice, 30.0, every=1.0)
    assert found is not None
    return found


def send(api: Api, request: Request, **query: str) -> Answer:
    """Send a request as an account."""
    options: dict[str, Any] = {**request.query, **query}
    return api.request(
        request.method,
        request.path,
        request.body,
        content_type=request.content_type,
        headers=request.headers,
        **options,
    )


def passed(answer: Answer) -> bool:
    """Whether rights and policies let a request through.

    A command in a pod that runs nowhere is let through, and fails after that.
    """
    return answer.status < 300 or "does not have a host assigned" in answer.text


def tried(account: Api, request: Request) -> Answer:
    """Send a request so that everything decides on it and nothing is kept; commands can't be."""
    if request.path.endswith("/exec"):
        return send(account, request)
    if request.method == "DELETE" and request.body is not None:  # then the query does not count
        return send(account, replace(request, body={**request.body, "dryRun": ["All"]}))
    return send(account, request, dryRun="All")


def strangers(admin: Api, namespace: str, other: str, role: str) -> dict[str, Api]:
    """Return accounts that are named like users' and are none, with a role in `namespace`.

    Parameters
    ----------
    other : str
        Another namespace, from which one of them is.

    Returns
    -------
    dict
        By the user that the name of the account would make them.
    """
    found: dict[str, Api] = {}
    for user, home in (("u1", other), ("u1x", namespace), ("u", namespace)):
        name = f"jupyter-{user}"
        admin.create(ACCOUNTS.format(home), {"metadata": {"name": name}})
        bind(admin, namespace, f"stranger-{user}", name, home, role)
        found[user] = admin.as_token(admin.token_of(home, name))
    return found


def of_strangers(scene: Scene, user: str) -> list[Request]:
    """Return what such an account would do if it were the user of its name."""
    mine = Scene(scene.namespace, user, user, scene.elsewhere)
    return [
        Request("POST", mine.claims, claim(mine, f"{user}-new")),
        Request("POST", mine.snapshots, snapshot(mine, f"{user}-new", f"claim-{user}")),
        Request("POST", mine.pods, pod(mine, f"mover-{user}-new", claims=(f"claim-{user}",))),
    ]
