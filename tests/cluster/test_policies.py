"""Each rule of the policies is needed: without it, a hostile request gets through.

Every rule and every condition of every policy is taken out in turn, in a namespace of its own where
all other policies hold, and users have every right that a role can give. A rule without which
nothing gets through would be a rule that does nothing, or that no test knows.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml

from . import hub, isolation
from .api import Api, eventually
from .hostile import Case, Request, Scene, claims, commands, kinds, lives, metadata, pods, snapshots
from .hostile.scene import Json
from .isolation import RBAC, SWITCH, Shipped, passed, send
from .residents import fill

WITHOUT = "example.com/without-policy"
MUTANT = "example.com/mutant"
FILES = sorted((RBAC / "cluster" / "policies").glob("*.yaml"))
POLICIES = {
    document["metadata"]["name"]: document
    for file in FILES
    for document in yaml.safe_load_all(file.read_text())
    if document["kind"] == "ValidatingAdmissionPolicy"
}
TRIED: dict[str, tuple[Case, ...]] = {
    "netapp-jlab-accounts": (*kinds.CASES, *commands.CASES, *lives.CASES),
    "netapp-jlab-names": (),
    "netapp-jlab-owner": (*claims.CASES, *snapshots.CASES, *pods.CASES, *lives.CASES),
    "netapp-jlab-metadata": metadata.CASES,
    "netapp-jlab-claims": claims.CASES,
    "netapp-jlab-snapshots": snapshots.CASES,
    "netapp-jlab-movers": pods.CASES,
    "netapp-jlab-mover-data": pods.CASES,
    "netapp-jlab-mover-host": pods.CASES,
    "netapp-jlab-exec": commands.CASES,
}
"""Which requests have to tell that a policy lacks a rule."""


@dataclass(frozen=True)
class Mutant:
    """A policy without one of its rules.

    Attributes
    ----------
    part : str
        ``validations`` or ``matchConditions``.
    index : int
        Which of them is left out.
    """

    policy: str
    part: str
    index: int

    def __str__(self) -> str:
        return f"{self.policy.removeprefix('netapp-jlab-')}-{self.part}-{self.index}".lower()

    @property
    def document(self) -> Json:
        """The policy without the rule; one without any rule lets everything through."""
        made: Json = copy.deepcopy(POLICIES[self.policy])
        rules = made["spec"][self.part]
        del rules[self.index]
        if self.part == "validations" and not rules:
            rules.append({"expression": "true"})
        return made


MUTANTS = tuple(
    Mutant(policy, part, index)
    for policy, document in POLICIES.items()
    for part in ("validations", "matchConditions")
    for index in range(len(document["spec"].get(part, [])))
)


@dataclass(frozen=True)
class Field:
    """A namespace where a mutant is in force, a user there, and accounts that are no user's."""

    namespace: str
    user: Api
    strangers: dict[str, Api]


@pytest.fixture(scope="module")
def shipped(kubeconfig: Path) -> Shipped:
    return Shipped.rendered(kubeconfig)


@pytest.fixture(scope="module")
def fields(admin: Api, shipped: Shipped) -> Iterator[dict[str, Field]]:
    """One namespace for each mutant, and ``whole``, where nothing is left out."""
    tag, role = shipped.tag, shipped.everything
    admin.create(isolation.ROLES, role)
    selector = {"matchLabels": {SWITCH: tag}}
    canary, canary_binding = isolation.canary(tag, selector)
    policies, bindings = [], []
    for name, policy in shipped.policies.items():
        binding = copy.deepcopy(shipped.bindings[name])
        binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"] = [
            {"key": WITHOUT, "operator": "NotIn", "values": [name]}
        ]
        policies.append(policy)
        bindings.append(binding)
    for mutant in MUTANTS:
        policy, binding = _named(mutant, shipped)
        policies.append(policy)
        bindings.append(binding)
    made: dict[str, Field] = {}
    try:
        for name, policy_name in (("whole", ""), *((str(one), one.policy) for one in MUTANTS)):
            made[name] = _field(admin, shipped, name, policy_name)
        with isolation.installed(admin, [*policies, canary], [*bindings, canary_binding]):
            isolation.await_canary(admin, made["whole"].namespace)
            yield made
    finally:
        for one in made.values():
            for suffix in ("-x", "") if one.strangers else ("",):
                admin.request("DELETE", f"/api/v1/namespaces/{one.namespace}{suffix}")
        admin.request("DELETE", f"{isolation.ROLES}/{role['metadata']['name']}")


def _named(mutant: Mutant, shipped: Shipped) -> tuple[Json, Json]:
    """Return a mutant and its binding to its namespace, under a name of this run."""
    policy, binding = mutant.document, copy.deepcopy(shipped.bindings[mutant.policy])
    name = f"isolation-{mutant}-{shipped.tag}"
    policy["metadata"]["name"] = binding["metadata"]["name"] = name
    binding["spec"]["policyName"] = name
    labels = {SWITCH: shipped.tag, MUTANT: str(mutant)}
    binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"] = labels
    return policy, binding


def _field(admin: Api, shipped: Shipped, mutant: str, policy: str) -> Field:
    namespace, role = f"isolation-{uuid.uuid4().hex[:8]}", shipped.everything
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    fill(admin, namespace, ("u1", "u2"))
    user = isolation.account(admin, namespace, "u1", [role])
    strangers: dict[str, Api] = {}
    if not policy or policy == "netapp-jlab-accounts":
        admin.create("/api/v1/namespaces", {"metadata": {"name": f"{namespace}-x"}})
        strangers = isolation.strangers(
            admin, namespace, f"{namespace}-x", role["metadata"]["name"]
        )
    isolation.switch_on(admin, namespace, {SWITCH: shipped.tag, MUTANT: mutant, WITHOUT: policy})
    return Field(namespace, user, strangers)


Attempt = Callable[[], bool]
"""Sends a request that the whole policy refuses; returns whether it got through."""


def _attempts(admin: Api, field: Field, policy: str) -> Iterator[tuple[str, Attempt]]:
    scene = Scene(field.namespace, "u1", "u2", "elsewhere")
    for case in TRIED[policy]:
        if not case.by_role and not case.dropped:
            yield case.name, _through(field.user, case.make(scene))
    for name, account in field.strangers.items():
        for request in isolation.of_strangers(scene, name):
            yield f"{name} {request.path}", _through(account, request)
    for what, request in hub.mistakes(field.namespace):
        yield what, _through(admin, request)


def _through(account: Api, request: Request) -> Attempt:
    return lambda: passed(isolation.tried(account, request))


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.part == "validations"], ids=str)
def test_a_rule_less_lets_something_through(
    mutant: Mutant, admin: Api, fields: dict[str, Field]
) -> None:
    attempts = _attempts(admin, fields[str(mutant)], mutant.policy)
    assert any(attempt() for _, attempt in attempts)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_whole_policies_let_nothing_through(
    policy: str, admin: Api, fields: dict[str, Field]
) -> None:
    got_through = [what for what, go in _attempts(admin, fields["whole"], policy) if go()]
    assert got_through == []


@pytest.mark.parametrize(
    "mutant", [one for one in MUTANTS if one.part == "matchConditions"], ids=str
)
def test_a_condition_less_stops_the_hub(
    mutant: Mutant, admin: Api, fields: dict[str, Field]
) -> None:
    requests = hub.requests(fields[str(mutant)].namespace)
    assert not all(_through(admin, request)() for _, request in requests)


def test_the_policies_do_not_stop_the_hub(admin: Api, fields: dict[str, Field]) -> None:
    for what, request in hub.requests(fields["whole"].namespace):
        answer = isolation.tried(admin, request)
        assert passed(answer), f"{what}: {answer.text}"


def test_kubernetes_finds_no_fault_with_them(
    admin: Api, shipped: Shipped, fields: dict[str, Field]
) -> None:
    def checked(name: str) -> Json | None:
        status: Json = admin.get(f"{isolation.POLICIES}/{name}")["status"]
        return status if "typeChecking" in status else None

    for policy in shipped.policies.values():
        status = eventually(partial(checked, policy["metadata"]["name"]))
        assert status is not None
        assert status["typeChecking"] == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_files_fail_closed_and_say_why(file: Path) -> None:
    policy, binding = yaml.safe_load_all(file.read_text())
    assert policy["metadata"]["name"] == f"netapp-jlab-{file.stem}"
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"] == {
        "policyName": policy["metadata"]["name"],
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {SWITCH: "true"}}},
    }
    for rule in policy["spec"]["validations"]:
        assert rule["reason"] == "Forbidden"
        assert rule.get("message") or rule.get("messageExpression")
    rules = re.findall(r"(?m)^ +# .*\n    - expression:", file.read_text())
    assert len(rules) == len(policy["spec"]["validations"])


def test_every_file_is_switched_on() -> None:
    listed = yaml.safe_load((RBAC / "cluster" / "kustomization.yaml").read_text())["resources"]
    assert {f"policies/{file.name}" for file in FILES} == set(listed) - {"role.yaml"}
    assert set(TRIED) == set(POLICIES)


def test_pods_that_users_may_read_hold_no_secrets(admin: Api, namespace: str) -> None:
    policy, binding = yaml.safe_load_all((RBAC / "movers" / "policy.yaml").read_text())
    tag = uuid.uuid4().hex[:6]
    for document in (policy, binding):
        document["metadata"]["name"] += f"-{tag}"
    selector = {"matchLabels": {SWITCH: tag}}
    binding["spec"]["policyName"] = policy["metadata"]["name"]
    binding["spec"]["matchResources"]["namespaceSelector"] = selector
    canary, canary_binding = isolation.canary(tag, selector)
    isolation.switch_on(admin, namespace, {SWITCH: tag})
    with isolation.installed(admin, [policy, canary], [binding, canary_binding]):
        isolation.await_canary(admin, namespace)
        for name, open_variables, refused in hub.servers():
            request = hub.server(namespace, open_variables)
            assert send(admin, request, dryRun="All").refused is refused, name
