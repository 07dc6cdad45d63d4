"""kubectl, unchanged, on the cluster under test."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from .clusters import PATIENCE, Cluster

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, labels: {team: vision}}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1024Mi}}}
"""
SNAPSHOT = """
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: before}
spec: {source: {persistentVolumeClaimName: data}}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: red, size: small}
"""


def test_what_is_served(cluster: Cluster) -> None:
    served = cluster.kubectl("api-resources", "--no-headers")
    names = {line.split()[0] for line in served.splitlines()}
    assert names >= {
        *("configmaps", "events", "namespaces", "nodes", "persistentvolumeclaims"),
        *("persistentvolumes", "pods", "resourcequotas", "secrets", "serviceaccounts"),
        *("storageclasses", "csidrivers", "volumeattachments", "volumesnapshots"),
        *("volumesnapshotclasses", "volumesnapshotcontents", "roles", "rolebindings"),
        *("clusterroles", "clusterrolebindings", "deployments", "leases"),
    }
    verbs = cluster.kubectl("api-resources", "--api-group=snapshot.storage.k8s.io", "-o", "wide")
    assert "create" in verbs
    assert "vs " in verbs
    version = json.loads(cluster.kubectl("version", "-o", "json"))
    assert version["serverVersion"]["minor"] == "36"


@pytest.mark.parametrize("form", ["", "verbose"])
def test_health(cluster: Cluster, form: str) -> None:
    answer = cluster.kubectl("get", "--raw", f"/readyz?{form}")
    assert answer.strip() == "ok" if not form else "readyz check passed" in answer


def test_explain_reads_the_published_schemas(cluster: Cluster) -> None:
    field = cluster.kubectl("explain", "persistentvolumeclaim.spec.accessModes")
    assert "FIELD: accessModes <[]string>" in field
    assert "desired access modes" in field
    source = cluster.kubectl("explain", "volumesnapshot.spec.source")
    assert "persistentVolumeClaimName\t<string>" in source


class TestObjects:
    def test_create_get_delete(self, cluster: Cluster) -> None:
        created = cluster.kubectl("create", "configmap", "settings", "--from-literal=colour=red")
        assert created == "configmap/settings created\n"
        found = cluster.get("configmap", "settings")
        assert found["data"] == {"colour": "red"}
        assert found["metadata"]["uid"]
        taken = cluster.kubectl_fails("create", "configmap", "settings")
        assert 'configmaps "settings" already exists' in taken
        assert "deleted" in cluster.kubectl("delete", "configmap", "settings")
        missing = cluster.kubectl_fails("get", "configmap", "settings")
        assert 'Error from server (NotFound): configmaps "settings" not found' in missing

    def test_apply_three_ways(self, cluster: Cluster) -> None:
        assert "created" in cluster.kubectl("apply", "-f", "-", stdin=CONFIG)
        assert "unchanged" in cluster.kubectl("apply", "-f", "-", stdin=CONFIG)
        cluster.kubectl("patch", "configmap", "settings", "-p", '{"data":{"mine":"kept"}}')
        changed = CONFIG.replace("size: small", "shape: round")
        assert "configured" in cluster.kubectl("apply", "-f", "-", stdin=changed)
        data = cluster.get("configmap", "settings")["data"]
        assert data == {"colour": "red", "shape": "round", "mine": "kept"}

    def test_apply_of_a_custom_resource(self, cluster: Cluster) -> None:
        assert "created" in cluster.kubectl("apply", "-f", "-", stdin=SNAPSHOT)
        noted = yaml.safe_load(SNAPSHOT)
        noted["metadata"]["annotations"] = {"example.com/note": "x"}
        assert "configured" in cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(noted))
        assert "unchanged" in cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(noted))

    @pytest.mark.parametrize(
        ("kind", "patch"),
        [
            ("merge", '{"data":{"colour":"blue","size":null}}'),
            ("strategic", '{"data":{"colour":"blue","size":null}}'),
            (
                "json",
                (
                    '[{"op":"replace","path":"/data/colour","value":"blue"},'
                    '{"op":"remove","path":"/data/size"}]'
                ),
            ),
        ],
    )
    def test_patches(self, cluster: Cluster, kind: str, patch: str) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CONFIG)
        cluster.kubectl("patch", "configmap", "settings", "--type", kind, "-p", patch)
        assert cluster.get("configmap", "settings")["data"] == {"colour": "blue"}

    def test_label_and_annotate(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CONFIG)
        cluster.kubectl("label", "configmap", "settings", "team=vision", "stage=test")
        cluster.kubectl("annotate", "configmap", "settings", "example.com/note=a longer text")
        cluster.kubectl("label", "configmap", "settings", "stage-")
        meta = cluster.get("configmap", "settings")["metadata"]
        assert meta["labels"] == {"team": "vision"}
        assert meta["annotations"]["example.com/note"] == "a longer text"
        refused = cluster.kubectl_fails("label", "configmap", "settings", "team=other")
        assert "--overwrite is false" in refused
        assert cluster.kubectl("get", "configmap", "-l", "team in (vision)", "-o", "name")
        assert not cluster.kubectl(
            "get", "configmap", "-l", "team notin (vision),team", "-o", "name"
        )

    def test_replace_needs_the_newest_version(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CONFIG)
        old = cluster.get("configmap", "settings")
        cluster.kubectl("label", "configmap", "settings", "a=b")
        refused = cluster.kubectl_fails("replace", "-f", "-", stdin=json.dumps(old))
        assert "the object has been modified" in refused

    def test_edit(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CONFIG)
        monkeypatch.setenv("EDITOR", "sed -i s/red/green/")
        cluster.kubectl("edit", "configmap", "settings")
        assert cluster.get("configmap", "settings")["data"]["colour"] == "green"

    def test_dry_run_stores_nothing(self, cluster: Cluster) -> None:
        answer = cluster.kubectl("create", "-f", "-", "--dry-run=server", stdin=CONFIG)
        assert "server dry run" in answer
        assert "NotFound" in cluster.kubectl_fails("get", "configmap", "settings")

    def test_diff(self, cluster: Cluster) -> None:
        cluster.kubectl("apply", "-f", "-", stdin=CONFIG)
        changed = CONFIG.replace("red", "blue")
        done = cluster._run(("diff", "-f", "-"), changed)
        assert done.returncode == 1, done.stderr
        assert "+  colour: blue" in done.stdout

    def test_unknown_fields(self, cluster: Cluster) -> None:
        strange = CONFIG + "colour: red\n"
        refused = cluster.kubectl_fails("create", "-f", "-", stdin=strange)
        assert 'strict decoding error: unknown field "colour"' in refused
        done = cluster._run(("create", "--validate=warn", "-f", "-"), strange)
        assert done.returncode == 0
        assert 'Warning: unknown field "colour"' in done.stderr

    def test_generated_names(self, cluster: Cluster) -> None:
        nameless = CONFIG.replace("name: settings", "generateName: run-")
        first = cluster.kubectl("create", "-f", "-", "-o", "name", stdin=nameless)
        second = cluster.kubectl("create", "-f", "-", "-o", "name", stdin=nameless)
        assert first.startswith("configmap/run-")
        assert first != second

    def test_secrets(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "secret", "generic", "key", "--from-literal=password=geheim")
        assert cluster.get("secret", "key")["data"] == {"password": "Z2VoZWlt"}

    def test_deployments_scale(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "deployment", "web", "--image=none/none:1", "--replicas=2")
        cluster.kubectl("scale", "deployment", "web", "--replicas=0")
        assert cluster.get("deployment", "web")["spec"]["replicas"] == 0


class TestWatching:
    def test_get_watch(self, cluster: Cluster) -> None:
        with cluster.popen("get", "configmaps", "--watch", "-o", "name") as watching:
            try:
                cluster.kubectl("create", "configmap", "late")
                assert watching.stdout is not None
                lines = iter(watching.stdout.readline, "")
                assert "configmap/late\n" in lines
            finally:
                watching.terminate()

    def test_wait_for_a_condition(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "configmap", "flag")
        arguments = ("--for=jsonpath={.data.done}=yes", "configmap/flag")
        assert "timed out" in cluster.kubectl_fails("wait", *arguments, "--timeout=1s")
        with cluster.popen("wait", *arguments, f"--timeout={PATIENCE}s") as waiting:
            cluster.kubectl("patch", "configmap", "flag", "-p", '{"data":{"done":"yes"}}')
            assert waiting.wait(PATIENCE) == 0

    def test_finalizers_hold_a_deletion(self, cluster: Cluster) -> None:
        held = CONFIG.replace("name: settings", "name: settings, finalizers: [example.com/hold]")
        cluster.kubectl("create", "-f", "-", stdin=held)
        cluster.kubectl("delete", "configmap", "settings", "--wait=false")
        assert "deletionTimestamp" in cluster.get("configmap", "settings")["metadata"]
        with cluster.popen(
            "wait", "--for=delete", "configmap/settings", "--timeout=30s"
        ) as waiting:
            cluster.kubectl(
                "patch", "configmap", "settings", "-p", '{"metadata":{"finalizers":null}}'
            )
            assert waiting.wait(PATIENCE) == 0

    def test_namespaces_go_with_everything_in_them(self, cluster: Cluster) -> None:
        name = f"{cluster.namespace}-x"
        cluster.kubectl("create", "namespace", name)
        cluster.kubectl("create", "configmap", "inside", "-n", name)
        cluster.kubectl("delete", "namespace", name, f"--timeout={PATIENCE}s")
        assert "NotFound" in cluster.kubectl_fails("get", "namespace", name)


class TestAccess:
    def test_can_i(self, cluster: Cluster) -> None:
        assert cluster.kubectl("auth", "can-i", "create", "pods") == "yes\n"
        account = f"--as=system:serviceaccount:{cluster.namespace}:default"
        denied = cluster._run(("auth", "can-i", "get", "pods", account), None)
        assert denied.stdout == "no\n"
        role = ("--verb=get,list", "--resource=volumesnapshots.snapshot.storage.k8s.io")
        cluster.kubectl("create", "role", "reader", *role)
        grant = ("--role=reader", f"--serviceaccount={cluster.namespace}:default")
        cluster.kubectl("create", "rolebinding", "reader", *grant)
        assert cluster.kubectl("auth", "can-i", "list", "vs", account) == "yes\n"
        rules = cluster.kubectl("auth", "can-i", "--list", account)
        assert "volumesnapshots.snapshot.storage.k8s.io" in rules

    def test_tokens_of_service_accounts(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "serviceaccount", "robot")
        token = cluster.kubectl("create", "token", "robot", "--duration=1h").strip()
        config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
        config["users"][0]["user"] = {"token": token}
        other = Cluster(cluster._connection, cluster.namespace)
        other.kubeconfig = str(cluster._connection.home / f"{cluster.namespace}.json")
        with open(other.kubeconfig, "w", encoding="utf-8") as file:
            json.dump(config, file)
        name = f"system:serviceaccount:{cluster.namespace}:robot"
        assert name in other.kubectl("auth", "whoami")
        refused = other.kubectl_fails("get", "persistentvolumeclaims")
        assert (
            'Error from server (Forbidden): persistentvolumeclaims is forbidden: User "'
            f'{name}" cannot list resource "persistentvolumeclaims" in API group "" in the '
            f'namespace "{cluster.namespace}"'
        ) in refused
        cluster.kubectl("delete", "serviceaccount", "robot")
        deadline = time.monotonic() + PATIENCE  # a real server remembers a token for ten seconds
        while "Unauthorized" not in other.kubectl_fails("get", "persistentvolumeclaims"):
            assert time.monotonic() < deadline, "the token outlives its account"
            time.sleep(0.5)


class TestVolumes:
    def test_from_claim_to_restored_copy(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CLAIM)
        self._bound(cluster, "data")
        claim = cluster.get("pvc", "data")
        assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
        folder = cluster.volume_path("data")
        if folder is not None:
            (folder / "model.txt").write_text("good")
        cluster.kubectl("create", "-f", "-", stdin=SNAPSHOT)
        cluster.kubectl("wait", "vs/before", "--for=jsonpath={.status.readyToUse}=true")
        copy = yaml.safe_load(CLAIM)
        copy["metadata"] = {"name": "copy"}
        copy["spec"]["dataSource"] = {
            "apiGroup": "snapshot.storage.k8s.io",
            "kind": "VolumeSnapshot",
            "name": "before",
        }
        cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump(copy))
        self._bound(cluster, "copy")
        folder = cluster.volume_path("copy")
        if folder is not None:
            assert (folder / "model.txt").read_text() == "good"
        self._tables(cluster)
        cluster.kubectl("delete", "pvc", "copy", "data", f"--timeout={PATIENCE}s")
        cluster.kubectl("delete", "vs", "before", f"--timeout={PATIENCE}s")

    def test_growing(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CLAIM)
        self._bound(cluster, "data")
        grow = '{"spec":{"resources":{"requests":{"storage":"%s"}}}}'
        cluster.kubectl("patch", "pvc", "data", "-p", grow % "2Gi")
        cluster.kubectl("wait", "pvc/data", "--for=jsonpath={.status.capacity.storage}=2Gi")
        refused = cluster.kubectl_fails("patch", "pvc", "data", "-p", grow % "1Gi")
        assert "field can not be less than status.capacity" in refused

    def test_immutable_claims(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CLAIM)
        self._bound(cluster, "data")
        change = '{"spec":{"accessModes":["ReadWriteOnce"]}}'
        refused = cluster.kubectl_fails("patch", "pvc", "data", "-p", change)
        assert "spec is immutable after creation except resources.requests" in refused
        assert '-  "ReadWriteMany"' in refused

    @pytest.mark.parametrize(
        ("size", "words"),
        [
            ("0", 'Invalid value: "0": must be greater than zero'),
            ("-1Gi", 'Invalid value: "-1Gi": must be greater than zero'),
            ("1Zi", "quantities must match the regular expression"),
        ],
    )
    def test_sizes_that_are_none(self, cluster: Cluster, size: str, words: str) -> None:
        wrong = CLAIM.replace("1024Mi", f'"{size}"')
        assert words in cluster.kubectl_fails("create", "-f", "-", stdin=wrong)

    def test_describe(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CLAIM)
        self._bound(cluster, "data")
        text = cluster.kubectl("describe", "pvc", "data")
        assert "Status:        Bound" in text
        assert "Finalizers:    [kubernetes.io/pvc-protection]" in text
        assert "ProvisioningSucceeded" in text
        volume = str(cluster.get("pvc", "data")["spec"]["volumeName"])
        assert f"{cluster.namespace}/data" in cluster.kubectl("describe", "pv", volume)

    def test_a_snapshot_needs_exactly_one_source(self, cluster: Cluster) -> None:
        wrong = SNAPSHOT.replace("persistentVolumeClaimName: data", "")
        refused = cluster.kubectl_fails("create", "-f", "-", stdin=wrong)
        assert "exactly one of volumeSnapshotContentName and persistentVolumeClaimName" in refused

    def test_a_claim_in_use_stays(self, cluster: Cluster) -> None:
        cluster.kubectl("create", "-f", "-", stdin=CLAIM)
        self._bound(cluster, "data")
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "user"},
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "none/none:1",
                        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                    }
                ],
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
            },
        }
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod))
        self._scheduled(cluster, "user")
        cluster.kubectl("delete", "pvc", "data", "--wait=false")
        assert "deletionTimestamp" in cluster.get("pvc", "data")["metadata"]
        assert "Terminating" in cluster.kubectl("get", "pvc", "data")
        cluster.kubectl("delete", "pod", "user", "--now", f"--timeout={PATIENCE}s")
        cluster.kubectl("wait", "--for=delete", "pvc/data", f"--timeout={PATIENCE}s")

    def _tables(self, cluster: Cluster) -> None:
        claims = cluster.kubectl("get", "pvc", "data").splitlines()
        assert claims[0].split() == [
            *("NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS", "MODES", "STORAGECLASS"),
            *("VOLUMEATTRIBUTESCLASS", "AGE"),
        ]
        assert claims[1].split()[:2] == ["data", "Bound"]
        assert claims[1].split()[3:5] == ["1Gi", "RWX"]
        snapshots = cluster.kubectl("get", "vs").splitlines()
        assert snapshots[0].split() == [
            *("NAME", "READYTOUSE", "SOURCEPVC", "SOURCESNAPSHOTCONTENT", "RESTORESIZE"),
            *("SNAPSHOTCLASS", "SNAPSHOTCONTENT", "CREATIONTIME", "AGE"),
        ]
        assert snapshots[1].split()[:3] == ["before", "true", "data"]
        classes = cluster.kubectl("get", "sc")
        assert "(default)" in classes

    @staticmethod
    def _bound(cluster: Cluster, claim: str) -> None:
        cluster.kubectl("wait", f"pvc/{claim}", "--for=jsonpath={.status.phase}=Bound")

    @staticmethod
    def _scheduled(cluster: Cluster, pod: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while "nodeName" not in cluster.get("pod", pod)["spec"]:
            assert time.monotonic() < deadline, "the pod was never given a node"
            time.sleep(0.1)
