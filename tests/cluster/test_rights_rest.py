"""The REST interface under a real token of each tier: what it offers works, all else says why not.

The server is the one that users run, with the account's kubeconfig and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server.process import TOKEN

from .api import CLAIMS, PATIENCE, SNAPSHOTS, Api, eventually
from .stage import (
    CLASS,
    FAR,
    GOOD,
    HOME,
    OLD,
    SPARE,
    Stage,
    all_staged,
    assert_explained,
    lacks,
)
from .tiers import TIERS

FORBIDDEN = (403, "Forbidden")
START = 100.0
"""Seconds for a server and its stage to come up, on a machine that is busy."""


@dataclass(frozen=True)
class Trial:
    """One request.

    Attributes
    ----------
    action : str
        In :data:`tests.cluster.stage.NEEDED`.
    offered : tuple[str, str]
        The volume whose `can` tells of it, and the name there; empty where none does.
    refusal : tuple[int, str]
        Status and reason where a right is lacking, of one who may look.
    """

    action: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    offered: tuple[str, str] = ("", "")
    refusal: tuple[int, str] = FORBIDDEN


NEW = {"name": "mine", "size": "1Gi", "storage_class": CLASS}
TRIALS = (
    Trial("browse", "GET", f"snapshots/{GOOD}/files", offered=(HOME, "browse")),
    Trial(
        "browse by helper",
        "GET",
        f"snapshots/{FAR}/files?wait=60",
        offered=(SPARE, "browse"),
        refusal=(422, "NotMounted"),  # mounting it helps as well as the right does
    ),
    Trial("restore", "POST", f"snapshots/{GOOD}/restores", {}, (HOME, "restore")),
    Trial("snapshot", "POST", f"volumes/{HOME}/snapshots", {}, (HOME, "snapshot")),
    Trial("edit note", "PATCH", f"snapshots/{GOOD}", {"note": "mine"}),
    Trial("delete snapshot", "DELETE", f"snapshots/{OLD}"),
    Trial("create", "POST", "volumes", NEW),
    Trial("clone snapshot", "POST", f"snapshots/{GOOD}/clones", {"name": "second"}),
    Trial("clone", "POST", f"volumes/{HOME}/clones", {"name": "copy"}, (HOME, "clone")),
    Trial("resize", "PATCH", f"volumes/{SPARE}", {"size": "2Gi"}, (SPARE, "resize")),
    Trial("delete", "DELETE", f"volumes/{SPARE}?confirm={SPARE}", offered=(SPARE, "delete")),
)
"""In an order in which none stands in the way of the next."""


@dataclass
class Rest:
    """The REST interface of one stage."""

    stage: Stage

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """Send a request; whatever is refused, nothing is an error of the server."""
        url = f"{self.stage.server.url}/{path}"
        answer = requests.request(method, url, json=body, headers=TOKEN, timeout=2 * PATIENCE)
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def at_rest(self) -> bool:
        """Whether all operations have ended."""
        found = self.ask("GET", "operations").json()["items"]
        return all(one["state"] in ("done", "failed", "cancelled") for one in found)


@pytest.fixture(scope="module")
def stages(
    admin: Api, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Stage]]]:
    """A server with an account of each tier."""
    with all_staged(admin, kubeconfig, tmp_path_factory.mktemp("rest")) as stages:
        yield stages


@pytest.fixture(scope="module", params=sorted(TIERS))
def rest(stages: Mapping[str, Future[Stage]], request: pytest.FixtureRequest) -> Rest:
    """The REST interface for each tier."""
    return Rest(stages[request.param].result(START))


def test_the_status_tells_each_right(rest: Rest) -> None:
    answer = rest.ask("GET", "status")
    assert answer.status_code == 200
    status = answer.json()
    assert status["connected"] is True
    assert status["account"].endswith(f":{rest.stage.namespace}:ada")
    told = {(one["verb"], one["resource"]): one["allowed"] for one in status["rights"]}
    granted = TIERS[rest.stage.tier]
    # What only NetApp's role grants is of no use to the product, which does not ask for it.
    assert told == {(one.verb, one.resource): one in granted for one in TIERS["everything"]}
    assert bool(status["problems"]) == (rest.stage.tier != "everything")


@pytest.mark.parametrize(
    "path",
    [
        "volumes",
        f"volumes/{HOME}",
        f"volumes/{HOME}/snapshots",
        "snapshots",
        f"snapshots/{GOOD}",
        "operations",
    ],
)
def test_what_may_be_seen_is_shown(rest: Rest, path: str) -> None:
    answer = rest.ask("GET", path)
    lacking = lacks(rest.stage.tier, "list")
    if lacking:
        assert_refused(answer, FORBIDDEN)
        assert_explained(told_by(answer), lacking)
        return
    assert answer.status_code == 200
    shown = {one.get("name") for one in answer.json().get("items", [answer.json()])}
    known = {"volumes": {HOME, SPARE}, "snapshots": {GOOD, FAR, OLD}, "operations": set()}
    known |= {f"volumes/{HOME}": {HOME}, f"snapshots/{GOOD}": {GOOD}}
    assert shown == known.get(path, {GOOD, OLD})


def test_what_is_offered_works_and_all_else_is_refused_with_the_right(rest: Rest) -> None:
    """All that is refused comes first: it leaves everything as it was."""
    offered = offers(rest)
    before = state_of(rest.stage)
    sees_nothing = lacks(rest.stage.tier, "list")
    refused = [one for one in TRIALS if lacks(rest.stage.tier, one.action)]
    for trial in refused:
        lacking = lacks(rest.stage.tier, trial.action)
        answer = rest.ask(trial.method, trial.path, trial.body)
        assert_refused(answer, FORBIDDEN if sees_nothing else trial.refusal)
        assert_explained(told_by(answer), lacking)
        if trial.offered in offered:
            permission = offered[trial.offered]
            assert permission["allowed"] is False, trial
            assert_explained(f"{permission['reason']} {permission['hint']}", lacking)
    assert state_of(rest.stage) == before
    for trial in TRIALS:
        if trial in refused:
            continue
        if trial.offered != ("", ""):
            assert offered[trial.offered] == {"allowed": True, "reason": "", "hint": ""}, trial
        answer = rest.ask(trial.method, trial.path, trial.body)
        assert answer.status_code in (200, 201, 202, 204), f"{trial}: {answer.text}"
        if trial.action == "restore":
            eventually(rest.at_rest)  # nothing else may happen to the volume meanwhile
    if not sees_nothing:
        assert_all_done(rest)


def assert_refused(answer: requests.Response, refusal: tuple[int, str]) -> None:
    """Check status and reason."""
    assert (answer.status_code, answer.json()["reason"]) == refusal, answer.text


def told_by(answer: requests.Response) -> str:
    """Return what the user reads."""
    return f"{answer.json()['message']} {answer.json()['hint']}"


def offers(rest: Rest) -> dict[tuple[str, str], dict[str, Any]]:
    """Return `can` by volume and action; nothing where the volumes may not be listed."""
    answer = rest.ask("GET", "volumes")
    volumes = answer.json()["items"] if answer.status_code == 200 else []
    return {(one["name"], what): may for one in volumes for what, may in one["can"].items()}


def state_of(stage: Stage) -> set[tuple[str, str, str]]:
    """Return all claims and snapshots in their present versions, as the administrator sees them."""
    found = [
        item["metadata"]
        for path in (CLAIMS, SNAPSHOTS)
        for item in stage.admin.get(path.format(stage.namespace))["items"]
    ]
    return {(meta["name"], meta["uid"], meta["resourceVersion"]) for meta in found}


def assert_all_done(rest: Rest) -> None:
    """Check that whatever was begun ends well."""
    eventually(rest.at_rest)
    operations = rest.ask("GET", "operations").json()["items"]
    assert [one for one in operations if one["state"] != "done"] == []
    tier = rest.stage.tier
    done = sorted(one["kind"] for one in operations)
    begun = {"restore": "restore", "clone": "clone", "clone snapshot": "clone"}
    assert done == sorted(kind for action, kind in begun.items() if not lacks(tier, action))
