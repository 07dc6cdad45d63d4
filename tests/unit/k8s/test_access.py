"""What the account may do."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from netapp_jlab.k8s import access as module
from netapp_jlab.k8s.access import RIGHTS, Access
from netapp_jlab.k8s.rights import MOVER

from . import server
from .server import reply, status

SNAPSHOTS = "snapshot.storage.k8s.io"
RBAC = pathlib.Path(__file__).parents[3] / "rbac"


def _rules(*rules, incomplete=False):
    keys = ("verbs", "apiGroups", "resources", "resourceNames")
    listed = [dict(zip(keys, rule, strict=False)) for rule in rules]
    return reply(201, {"status": {"resourceRules": listed, "incomplete": incomplete}})


def _review(allowed):
    return reply(201, {"status": {"allowed": allowed}})


@pytest.mark.parametrize(
    ("rule", "verb", "resource", "group", "name", "allowed"),
    [
        ((["get"], [""], ["pods"]), "get", "pods", "", "", True),
        ((["get"], [""], ["pods"]), "list", "pods", "", "", False),
        ((["get"], [""], ["pods"]), "get", "pods", "apps", "", False),
        ((["get"], [""], ["pods"]), "get", "pods/exec", "", "", False),
        ((["*"], ["*"], ["*"]), "patch", "volumesnapshots", SNAPSHOTS, "", True),
        (
            (["get", "list"], ["x", SNAPSHOTS], ["*"]),
            "list",
            "volumesnapshots",
            SNAPSHOTS,
            "",
            True,
        ),
        ((["get"], [""], ["pods"], ["me"]), "get", "pods", "", "me", True),
        ((["get"], [""], ["pods"], ["me"]), "get", "pods", "", "you", False),
        ((["get"], [""], ["pods"], ["me"]), "get", "pods", "", "", False),
        ((["get"], [""], ["pods"], None), "get", "pods", "", "you", True),
        ((["get"], None, ["pods"]), "get", "pods", "", "", False),
    ],
)
def test_rules(serve, connect, rule, verb, resource, group, name, allowed):
    api = serve(_rules((["create"], [""], ["services"]), rule))
    assert Access(connect(api)).allowed(verb, resource, group, name) is allowed
    (request,) = api.requests
    assert request.path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    assert request.json["spec"] == {"namespace": "lab"}


def test_one_question_answers_all(serve, connect):
    api = serve(_rules((["get"], [""], ["pods"])))
    access = Access(connect(api))
    assert access.allowed("get", "pods")
    assert not access.allowed("create", "volumesnapshots", SNAPSHOTS)
    assert len(api.requests) == 1
    access.forget()
    assert access.allowed("get", "pods")
    assert len(api.requests) == 2


def test_answers_age(serve, connect, monkeypatch):
    api = serve(_rules(), _rules((["get"], [""], ["pods"])))
    access = Access(connect(api))
    assert not access.allowed("get", "pods")
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 61)
    assert access.allowed("get", "pods")


def test_where_rules_are_incomplete_each_right_is_asked_for(serve, connect):
    api = serve(
        _rules((["get"], [""], ["pods"]), incomplete=True),
        _review(allowed=True),
        _review(allowed=False),
    )
    access = Access(connect(api))
    assert access.allowed("get", "pods")
    assert access.allowed("list", "pods")
    assert not access.allowed("delete", "pods", name="p")
    assert not access.allowed("delete", "pods", name="p")
    assert len(api.requests) == 3
    assert api.requests[1].path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert api.requests[2].json["spec"] == {
        "resourceAttributes": {
            "verb": "delete",
            "resource": "pods",
            "name": "p",
            "namespace": "lab",
        }
    }


def test_kinds_of_the_cluster_are_asked_for_themselves(serve, connect):
    """A RoleBinding's rules for them are listed, but grant nothing."""
    api = serve(_review(allowed=False))
    assert not Access(connect(api)).allowed("list", "storageclasses", "storage.k8s.io")
    (request,) = api.requests
    assert request.json["spec"] == {
        "resourceAttributes": {
            "verb": "list",
            "group": "storage.k8s.io",
            "resource": "storageclasses",
        }
    }


def test_where_nobody_tells_it_counts_as_allowed(serve, connect):
    api = serve(status(403, "Forbidden", "no reviews"))
    access = Access(connect(api))
    assert access.allowed("get", "pods")
    assert access.allowed("get", "pods")
    assert len(api.requests) == 2


@pytest.mark.parametrize("trouble", [server.close, server.html(200), reply(200, {"a": 1})])
def test_a_lost_server_changes_nothing(serve, connect, monkeypatch, trouble):
    api = serve(_rules((["get"], [""], ["pods"])), trouble)
    access = Access(connect(api, request_timeout=0.3))
    assert not access.allowed("list", "pods")
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 61)
    assert not access.allowed("list", "pods")
    asked = len(api.requests)
    assert not access.allowed("list", "pods")
    assert len(api.requests) == asked  # not again at once
    assert access.allowed("list", "storageclasses", "storage.k8s.io")
    assert len(api.requests) == asked  # nor for another right: a list needs many


def test_a_hanging_server_is_not_waited_for_long(serve, connect, monkeypatch):
    from netapp_jlab.k8s import client

    monkeypatch.setattr(client, "REVIEW_SECONDS", 0.1)
    access = Access(connect(serve(server.hang), request_timeout=30))
    assert access.allowed("get", "pods")


# --- The roles under rbac/ ------------------------------------------------------------------------


def _role(file):
    path = RBAC / "roles" / pathlib.PurePath(file).name / "role.yaml"
    documents = list(yaml.safe_load_all(path.read_text()))
    return next(one for one in documents if one["kind"] == "ClusterRole"), documents


def _granted(role):
    return {
        (verb, group, resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize("file", sorted({right.granted_by for right in RIGHTS}))
def test_each_file_grants_what_it_is_named_for_and_no_more(file):
    role, documents = _role(file)
    needed = {(one.verb, one.group, one.resource) for one in RIGHTS if one.granted_by == file}
    granted = _granted(role)
    assert needed <= granted
    served = {(one.group, one.resource) for one in RIGHTS}
    if file == MOVER:  # a tier by itself, so it grants what others are named for as well
        needed = {(one.verb, one.group, one.resource) for one in RIGHTS}
    extra = {one for one in granted - needed if (one[1], one[2]) in served}
    assert extra == set()
    binding = documents[1]
    scoped = any(one.cluster_scoped for one in RIGHTS if one.granted_by == file)
    assert binding["kind"] == ("ClusterRoleBinding" if scoped else "RoleBinding")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    tier = (RBAC.parent / file / "kustomization.yaml").read_text()
    assert f"../../roles/{pathlib.PurePath(file).name}\n" in tier
    assert file in (RBAC / "README.md").read_text()


def test_no_role_grants_everything():
    for path in RBAC.glob("roles/*/role.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            for rule in document.get("rules", []):
                assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]


def test_missing_rights_are_listed(serve, connect):
    readable = (["get", "list", "watch"], ["", SNAPSHOTS], ["*"])

    def script(request):
        if request.path.endswith("rulesreviews"):
            return _rules(readable)
        return _review(allowed=False)

    missing = Access(connect(serve(script=script))).missing()
    files = {right.granted_by for right in missing}
    assert files == {f"rbac/tiers/{tier}" for tier in ("snapshot", "full", "mover", "classes")}
