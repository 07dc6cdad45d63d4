"""`netapp-jlab doctor`: all in order, a crippled account, and what that means for the verbs."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes import client, config

from netapp_jlab.cli import main
from netapp_jlab.models import Status

from .conftest import Result

SNAPSHOTS = "snapshot.storage.k8s.io"
READ = ["get", "list", "watch"]


@pytest.fixture
def with_token(cluster, capsys, tmp_path):
    """Return a way to run the command line with another bearer token."""
    admin = Path(cluster.kubeconfig).read_text()

    def with_token(token: str):
        mine = tmp_path / "kubeconfig"
        mine.write_text(admin.replace(cluster.token, token))

        def run(*argv: str) -> Result:
            capsys.readouterr()
            code = main(["--kubeconfig", str(mine), "-n", cluster.namespace, *argv])
            return Result(int(code), *capsys.readouterr())

        return run

    return with_token


@pytest.fixture
def account(cluster, with_token):
    """Make a service account with some rights, and return a way to run as it."""

    def make(*rules: dict[str, list[str]]):
        space, group = cluster.namespace, "rbac.authorization.k8s.io"
        subject = {"kind": "ServiceAccount", "name": "crippled", "namespace": space}
        with config.new_client_from_config(str(cluster.kubeconfig)) as api:
            core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
            core.create_namespaced_service_account(space, {"metadata": {"name": "crippled"}})
            rbac.create_namespaced_role(space, {"metadata": {"name": "some"}, "rules": [*rules]})
            binding = {
                "metadata": {"name": "some"},
                "roleRef": {"apiGroup": group, "kind": "Role", "name": "some"},
                "subjects": [subject],
            }
            rbac.create_namespaced_role_binding(space, binding)
            made = core.create_namespaced_service_account_token("crippled", space, {"spec": {}})
        return with_token(made.status.token)

    return make


def rule(group: str, resource: str, verbs: list[str]) -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": [resource], "verbs": verbs}


@pytest.fixture
def reader(account):
    """May look at volumes and snapshots, and no more."""
    return account(
        rule("", "persistentvolumeclaims", READ),
        rule("", "pods", ["get", "list"]),
        rule("", "events", ["list"]),
        rule(SNAPSHOTS, "volumesnapshots", READ),
    )


def test_all_is_well(run, root, cluster):
    result = run("doctor")
    assert result.code == 0
    assert cluster.namespace in result.out
    assert "claim       project1  as set" in result.out
    assert str(root) in result.out
    assert "SNAPSHOT CLASS" in result.out
    assert "✓  create volumesnapshots" in result.out
    assert "✗" not in result.out
    assert "Everything works." in result.out


def test_all_is_well_as_json(ok, root):
    status = ok("doctor", "--json").model(Status)
    assert status.connected
    assert all(right.allowed for right in status.rights)
    assert (status.workspace.claim, status.workspace.path) == ("project1", str(root))
    assert status.problems == ()


def test_what_a_reader_lacks_is_named_with_what_mends_it(reader, volume):
    result = reader("doctor")
    assert result.code == 0, "reading works, so nothing needed is missing"
    assert "system:serviceaccount:" in result.out
    (line,) = [line for line in result.out.splitlines() if "create volumesnapshots " in line]
    assert line.startswith("✗")
    assert "rbac/tiers/snapshot" in line
    assert "kubectl apply -k rbac/tiers/snapshot" in result.out
    assert "kubectl apply -k rbac/tiers/full" in result.out
    assert "Everything works." not in result.out
    assert "The account may not read them" in result.out  # classes


def test_who_may_not_even_look_gets_an_exit_code(account):
    result = account(rule("", "pods", ["get"]))("doctor")
    assert result.code == 1
    assert "error: " in result.out
    assert "kubectl apply -k rbac/tiers/read" in result.out


@pytest.mark.parametrize(
    "argv",
    [
        ["snapshot", "project1"],
        ["volumes", "create", "new", "--size", "1Gi"],
        ["volumes", "resize", "project1", "2Gi"],
        ["volumes", "delete", "project1", "--yes"],
        ["clone", "project1", "copy"],
        ["snapshots", "note", "before", "x"],
        ["snapshots", "delete", "before", "--yes"],
    ],
    ids=" ".join,
)
def test_a_reader_may_not_change_anything(ok, reader, volume, argv):
    ok("snapshot", volume, "--name", "before")
    result = reader(*argv, "--json")
    assert (result.code, result.error().reason) == (4, "Forbidden")
    assert result.error().hint


def test_a_reader_can_look(reader, volume):
    result = reader("volumes")
    assert result.code == 0
    assert volume in result.out


def test_read_only_by_the_administrator(run, ok, volume, tmp_path):
    folder = tmp_path / "jupyter"
    folder.mkdir()
    (folder / "jupyter_server_config.py").write_text("c.NetAppJLab.read_only = True\n")
    result = run("snapshot", volume, "--json")
    assert (result.code, result.error().reason) == (4, "ReadOnly")
    assert "switched off (read_only)" in ok("doctor").out


def test_a_wrong_token(with_token):
    stranger = with_token("a" * 20)
    result = stranger("volumes", "--json")
    assert (result.code, result.error().reason) == (7, "Unauthorized")
    assert stranger("doctor").code == 1
