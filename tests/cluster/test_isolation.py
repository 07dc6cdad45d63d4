"""One user's token never reaches another's data, whatever is sent to the API server.

Each request of :mod:`tests.cluster.hostile` is sent with a real token to a real API server, under
the shipped role, and where a policy can hold alone, under a role that grants everything in the
namespace. Each has to be refused and to leave everything as it was; the same about one's own data
has to pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import isolation
from .api import Answer, Api
from .hostile import CASES, Case, Scene
from .isolation import Shipped, World, passed, send

ME = "u1"
PAIRS = (("u1", "u2"), ("u1", "u12"), ("u12", "u1"))
"""Who tries whose data: strangers, and names that begin each other's, both ways."""
REFUSED = (401, 403, 404, 422)
AT_LEAST = 200


@dataclass(frozen=True)
class Attempt:
    """A case tried by somebody on somebody's data."""

    case: Case
    me: str
    whose: str

    def __str__(self) -> str:
        return f"{self.me}-{self.whose}: {self.case.name}"


def attempts() -> list[Attempt]:
    """Return every case for every pair, each distinct request once."""
    found: dict[str, Attempt] = {}
    for case in CASES:
        for me, whose in PAIRS:
            request = case.make(Scene("namespace", me, whose, "elsewhere"))
            found.setdefault(f"{me} {request}", Attempt(case, me, whose))
    return list(found.values())


ATTEMPTS = attempts()
ALONE = [one for one in ATTEMPTS if not one.case.by_role]


@pytest.fixture(scope="module")
def worlds(kubeconfig: Path, admin: Api) -> Iterator[dict[str, World]]:
    """Namespaces with the shipped policies, and with less or more of a role."""
    shipped = Shipped.rendered(kubeconfig)
    selector = {"matchLabels": {isolation.SWITCH: shipped.tag}}
    policy, binding = isolation.canary(shipped.tag, selector)
    roles = {
        "least": [shipped.role],
        "role": [shipped.role, shipped.movers],
        "alone": [shipped.everything],
    }
    made = [shipped.role, shipped.movers, shipped.everything]
    for role in made:
        admin.create(isolation.ROLES, role)
    policies = [*shipped.policies.values(), policy]
    bindings = [*shipped.bindings.values(), binding]
    built: dict[str, World] = {}
    try:
        for name, granted in roles.items():
            built[name] = isolation.build(admin, shipped, granted)
        with isolation.installed(admin, policies, bindings):
            for world in built.values():
                isolation.await_canary(admin, world.namespace)
            yield built
    finally:
        for world in built.values():
            isolation.remove(admin, world)
        for role in made:
            admin.request("DELETE", f"{isolation.ROLES}/{role['metadata']['name']}")


@pytest.fixture(scope="module")
def before(admin: Api, worlds: dict[str, World]) -> dict[str, dict[str, str]]:
    """Every object as it was before anything was tried."""
    return {name: isolation.settled(admin, world) for name, world in worlds.items()}


def _refused(answer: Answer, case: Case) -> bool:
    if answer.status in REFUSED:
        return True
    if case.dropped and answer.status == 201:
        spec = answer.body["spec"]
        return "dataSource" not in spec and "dataSourceRef" not in spec
    return False


def _attack(world: World, attempt: Attempt) -> None:
    request = attempt.case.make(world.scene(attempt.me, attempt.whose))
    account = world.accounts[attempt.me]
    # What an API server may ignore is only tried: it would make an empty claim.
    answer = send(account, request, **({"dryRun": "All"} if attempt.case.dropped else {}))
    assert _refused(answer, attempt.case), f"{attempt}: {answer.status} {answer.text}"


def _honest(world: World, case: Case) -> None:
    request = case.honestly(world.scene(ME, ME))
    if request is None:
        return
    account = world.accounts[ME]
    assert passed(isolation.tried(account, request)), (
        f"{case.name}, honestly: {isolation.tried(account, request).text}"
    )


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
def test_refused_under_the_shipped_role(
    attempt: Attempt, worlds: dict[str, World], before: object
) -> None:
    _attack(worlds["role"], attempt)


@pytest.mark.parametrize("attempt", ALONE, ids=str)
def test_refused_by_the_policies_alone(
    attempt: Attempt, worlds: dict[str, World], before: object
) -> None:
    _attack(worlds["alone"], attempt)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_honest_form_passes(case: Case, worlds: dict[str, World], before: object) -> None:
    if isinstance(case.honest, str):
        assert case.honest  # says why there is none
        return
    _honest(worlds["role" if case.granted else "alone"], case)


@pytest.mark.parametrize("path", ["", "/jupyter-u2", "/jupyter-u1", "/mover-u2-0a1b/log"])
@pytest.mark.parametrize("root", ["/api/v1", "/api/v1/watch"])
def test_pods_are_not_read_without_the_right_to_movers(
    root: str, path: str, worlds: dict[str, World], before: object
) -> None:
    read = {name: f"{root}{world.scene(ME, ME).pods[7:]}" for name, world in worlds.items()}
    assert worlds["least"].accounts[ME].request("GET", read["least"] + path).status == 403
    once = worlds["role"].accounts[ME].request("GET", read["role"], timeoutSeconds=1)
    assert once.status == 200


def test_nothing_was_changed_or_made(
    admin: Api, worlds: dict[str, World], before: dict[str, dict[str, str]]
) -> None:
    for name, world in worlds.items():
        assert isolation.state(admin, world) == before[name]


def test_there_are_enough_distinct_requests() -> None:
    requests = {
        str(one.case.make(Scene("namespace", one.me, one.whose, "elsewhere"))) for one in ATTEMPTS
    }
    honest = [case for case in CASES if not isinstance(case.honest, str)]
    assert len(CASES) >= AT_LEAST
    assert len(requests) >= len(CASES)
    assert len(honest) >= AT_LEAST
