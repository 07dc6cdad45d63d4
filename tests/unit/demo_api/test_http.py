from __future__ import annotations

import gzip
import json
import threading

import pytest

from .serving import (
    CLAIMS,
    CONFIGS,
    JSON_PATCH,
    MERGE,
    SNAPSHOTS,
    STRATEGIC,
    TABLE,
    Api,
    Serving,
    claim,
    config,
    eventually,
    placed,
    snapshot,
)


def test_crud(api: Api) -> None:
    made = api.post(CONFIGS, config("a", x="1"))
    assert api.get(f"{CONFIGS}/a") == made
    changed = api.call("PUT", f"{CONFIGS}/a", {**made, "data": {"x": "2"}})
    assert (changed.status, changed.json["data"]) == (200, {"x": "2"})
    listed = api.get(CONFIGS)
    assert listed["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]
    assert "kind" not in listed["items"][0]
    gone = api.call("DELETE", f"{CONFIGS}/a").json
    assert (gone["kind"], gone["status"]) == ("Status", "Success")
    assert gone["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}


def test_items_of_custom_resources_say_what_they_are(api: Api) -> None:
    api.post(SNAPSHOTS, snapshot())
    (item,) = api.get(SNAPSHOTS)["items"]
    assert (item["kind"], item["apiVersion"]) == ("VolumeSnapshot", "snapshot.storage.k8s.io/v1")


def test_deletion_answers_the_object_of_some_kinds(api: Api) -> None:
    api.post(CLAIMS, claim())
    gone = api.call("DELETE", f"{CLAIMS}/data").json
    assert gone["kind"] == "PersistentVolumeClaim"
    assert gone["metadata"]["deletionTimestamp"]


def test_a_collection_goes_by_its_selectors(api: Api) -> None:
    for name in "abc":
        wanted = config(name)
        wanted["metadata"]["labels"] = {"odd": "yes" if name == "b" else "no"}
        api.post(CONFIGS, wanted)
    gone = api.call("DELETE", f"{CONFIGS}?labelSelector=odd%3Dno").json
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "c"]
    assert len(api.get(CONFIGS)["items"]) == 1


@pytest.mark.parametrize(
    ("headers", "patch"),
    [
        (MERGE, {"data": {"x": "2", "y": None}}),
        (STRATEGIC, {"data": {"x": "2", "y": None}}),
        (
            JSON_PATCH,
            [
                {"op": "replace", "path": "/data/x", "value": "2"},
                {"op": "remove", "path": "/data/y"},
            ],
        ),
    ],
)
def test_patch_formats(api: Api, headers: dict, patch: object) -> None:
    api.post(CONFIGS, config("a", x="1", y="1"))
    assert api.patch(f"{CONFIGS}/a", patch, headers)["data"] == {"x": "2"}


class TestRefusals:
    """Status objects, worded as Kubernetes words them."""

    @pytest.mark.parametrize(
        ("method", "path", "body", "code", "message"),
        [
            ("GET", f"{CONFIGS}/a", None, 404, 'configmaps "a" not found'),
            ("GET", f"{SNAPSHOTS}/a", None, 404, 'volumesnapshots.snapshot.storage.k8s.io "a" not'),
            ("GET", "/api/v1/foos", None, 404, "the server could not find the requested resource"),
            ("PUT", CONFIGS, {}, 405, "the server does not allow this method"),
            ("POST", f"{CONFIGS}/a", {}, 405, "the server does not allow this method"),
            ("POST", "/api/v1/configmaps", {}, 405, "the server does not allow this method"),
            ("DELETE", "/api/v1/namespaces", None, 405, "the server does not allow this method"),
            ("POST", CONFIGS, {}, 422, "metadata.name: Required value: name or generateName"),
            ("POST", SNAPSHOTS, {"metadata": {}}, 400, "Object 'Kind' is missing in"),
            ("POST", CONFIGS, [], 400, "json: cannot unmarshal array into Go value"),
            ("POST", CONFIGS, {"kind": "Pod"}, 400, "converting (v1.Pod) to (core.ConfigMap)"),
            ("POST", CONFIGS, {"apiVersion": "v2"}, 400, "does not match the expected API version"),
            (
                "POST",
                CONFIGS,
                {"metadata": {"name": "a", "namespace": "x"}},
                400,
                "the namespace of the provided object does not match the namespace sent",
            ),
            (
                "PUT",
                f"{CONFIGS}/a",
                {"metadata": {"name": "b"}},
                400,
                "the name of the object (b) does not match the name on the URL (a)",
            ),
            ("PUT", f"{CONFIGS}/a", {}, 400, "undeterminable: name must be provided"),
            ("GET", f"{CONFIGS}?limit=x", None, 400, 'strconv.ParseInt: parsing "x"'),
            ("GET", f"{CONFIGS}?labelSelector=a%20in%20b", None, 400, "found 'b' expected: '('"),
            ("GET", f"{CONFIGS}?fieldSelector=x%3D1", None, 400, "is not a known field selector"),
            ("GET", f"{SNAPSHOTS}?fieldSelector=x%3D1", None, 400, "field label not supported: x"),
            ("POST", f"{CONFIGS}?dryRun=x", {}, 422, 'dryRun: Unsupported value: ["x"]'),
            ("POST", f"{CONFIGS}?fieldValidation=x", {}, 422, "CreateOptions.meta.k8s.io"),
            ("DELETE", f"{CONFIGS}/a?propagationPolicy=x", None, 422, "DeleteOptions.meta.k8s.io"),
        ],
    )
    def test_what_is_wrong(
        self, api: Api, method: str, path: str, body: object, code: int, message: str
    ) -> None:
        answer = api.call(method, path, body)
        assert answer.status == code
        assert answer.headers["Content-Type"] == "application/json"
        status = answer.json
        assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)
        assert message in status["message"]

    def test_unknown_groups_have_no_page(self, api: Api) -> None:
        for path in ("/foo", "/apis/foo", "/apis/snapshot.storage.k8s.io/v1/foos"):
            answer = api.call("GET", path)
            assert (answer.status, answer.body) == (404, b"404 page not found\n")

    def test_bodies_that_are_no_json(self, api: Api) -> None:
        answer = api.call("POST", CONFIGS, b"{")
        assert answer.status == 400
        assert "unexpected end of JSON input" in answer.json["message"]

    def test_bodies_that_are_too_large(self, api: Api) -> None:
        answer = api.call("POST", CONFIGS, b" " * (3 * 1024 * 1024 + 1))
        assert answer.status == 413
        assert answer.json["message"] == "Request entity too large: limit is 3145728"

    @pytest.mark.parametrize("type_", ["text/plain", "image/png"])
    def test_bodies_in_other_formats(self, api: Api, type_: str) -> None:
        answer = api.call("POST", CONFIGS, b"x", {"Content-Type": type_})
        assert answer.status == 415
        assert "accepted media types include: application/json" in answer.json["message"]

    def test_patches_in_other_formats(self, api: Api) -> None:
        answer = api.call("PATCH", f"{SNAPSHOTS}/s", {}, STRATEGIC)
        assert answer.status == 415
        assert "application/merge-patch+json" in answer.json["message"]
        assert api.call("PATCH", f"{CONFIGS}/s", {}, {"Content-Type": "x/y"}).status == 415

    def test_answers_that_cannot_be_given(self, api: Api) -> None:
        answer = api.call("GET", CONFIGS, headers={"Accept": "text/html"})
        assert answer.status == 406
        assert answer.json["reason"] == "NotAcceptable"
        foo = {"Accept": "application/json;as=Foo;g=meta.k8s.io;v=v1"}
        assert api.call("GET", CONFIGS, headers=foo).status == 406
        assert api.call("GET", CONFIGS, headers={"Accept": "text/html, */*"}).status == 200


STRANGE = {**config("a"), "colour": "red", "metadata": {"name": "a", "shade": 1}}


def test_names_and_selectors_in_any_spelling(api: Api) -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Adiscovery"
    assert api.get(path)["metadata"]["name"] == "system:discovery"
    assert api.call("GET", f"{CONFIGS}?labelSelector=%ff").status == 400
    assert api.call("GET", f"{CONFIGS}/%ff").status == 404


class TestFieldValidation:
    def test_warns_unless_told_otherwise(self, api: Api) -> None:
        answer = api.call("POST", CONFIGS, STRANGE)
        assert answer.status == 201
        assert answer.headers.get_all("Warning") == [
            '299 - "unknown field \\"colour\\""',
            '299 - "unknown field \\"metadata.shade\\""',
        ]
        assert "colour" not in answer.json

    def test_strict(self, api: Api) -> None:
        answer = api.call("POST", f"{CONFIGS}?fieldValidation=Strict", STRANGE)
        assert answer.status == 400
        assert answer.json["message"].endswith(
            'strict decoding error: unknown field "colour", unknown field "metadata.shade"'
        )

    def test_ignore(self, api: Api) -> None:
        answer = api.call("POST", f"{CONFIGS}?fieldValidation=Ignore", STRANGE)
        assert (answer.status, answer.headers.get("Warning")) == (201, None)

    def test_of_a_patch(self, api: Api) -> None:
        api.post(CONFIGS, config("a"))
        path = f"{CONFIGS}/a?fieldValidation=Strict"
        refused = api.patch(path, {"colour": "red"}, status=422)
        assert 'strict decoding error: unknown field "colour"' in refused["message"]


class TestForms:
    def test_table(self, api: Api) -> None:
        api.post(CLAIMS, claim())
        table = api.get(CLAIMS, TABLE)
        assert table["kind"] == "Table"
        names = [column["name"] for column in table["columnDefinitions"]]
        assert names[:6] == [
            *("Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass"),
        ]
        (row,) = table["rows"]
        assert row["cells"] == ["data", "Pending", "", "", "", "", "<unset>", "0s", "Filesystem"]
        assert row["object"]["kind"] == "PartialObjectMetadata"
        single = api.get(f"{CLAIMS}/data", TABLE)
        assert len(single["rows"]) == 1

    def test_table_with_or_without_objects(self, api: Api) -> None:
        api.post(CLAIMS, claim())
        whole = api.get(f"{CLAIMS}?includeObject=Object", TABLE)
        assert whole["rows"][0]["object"]["kind"] == "PersistentVolumeClaim"
        bare = api.get(f"{CLAIMS}?includeObject=None", TABLE)
        assert "object" not in bare["rows"][0]

    def test_metadata_only(self, api: Api) -> None:
        made = api.post(CONFIGS, config("a", x="1"))
        form = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
        one = api.get(f"{CONFIGS}/a", {"Accept": form.format("")})
        assert one == {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": made["metadata"],
        }
        many = api.get(CONFIGS, {"Accept": form.format("List")})
        assert many["kind"] == "PartialObjectMetadataList"
        assert many["items"] == [one]

    def test_large_answers_are_compressed_if_asked(self, api: Api) -> None:
        api.post(CONFIGS, config("big", x="y" * 200_000))
        plain = api.call("GET", CONFIGS)
        assert plain.headers.get("Content-Encoding") is None
        small = api.call("GET", CONFIGS, headers={"Accept-Encoding": "gzip"})
        assert small.headers["Content-Encoding"] == "gzip"
        assert len(small.body) < len(plain.body) / 50
        assert json.loads(gzip.decompress(small.body)) == plain.json

    def test_people_get_it_indented(self, api: Api) -> None:
        assert b'\n  "kind"' in api.call("GET", CONFIGS, headers={"User-Agent": "curl/8"}).body
        assert b"\n" not in api.call("GET", CONFIGS).body
        assert b'\n  "kind"' in api.call("GET", f"{CONFIGS}?pretty=true").body

    def test_yaml_is_read(self, api: Api) -> None:
        text = b"metadata:\n  name: a\n  annotations: {day: '2020-01-01'}\ndata: {x: '1'}\n"
        answer = api.call("POST", CONFIGS, text, {"Content-Type": "application/yaml"})
        assert (answer.status, answer.json["data"]) == (201, {"x": "1"})


class TestSubresources:
    def test_status(self, api: Api) -> None:
        api.post(SNAPSHOTS, snapshot())
        path = f"{SNAPSHOTS}/s/status"
        assert api.patch(path, {"status": {"readyToUse": True}})["status"] == {"readyToUse": True}
        assert api.get(path)["status"] == {"readyToUse": True}
        assert api.call("GET", f"{CONFIGS}/s/status").status == 404

    def test_scale(self, api: Api) -> None:
        deployments = "/apis/apps/v1/namespaces/default/deployments"
        template = {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
        api.post(deployments, {"metadata": {"name": "d"}, "spec": spec})
        path = f"{deployments}/d/scale"
        scale = api.get(path)
        assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 2})
        assert scale["status"]["selector"] == "a=b"
        assert api.patch(path, {"spec": {"replicas": 0}})["spec"] == {"replicas": 0}
        stale = api.call("PUT", path, scale)
        assert stale.status == 409
        assert api.get(f"{deployments}/d")["spec"]["replicas"] == 0
        scale["metadata"].pop("resourceVersion")
        assert api.call("PUT", path, scale).json["spec"] == {"replicas": 2}
        wrong = {"spec": {"replicas": -1}}
        assert api.call("PUT", path, wrong).status == 422


class TestWatches:
    def test_events(self, api: Api) -> None:
        api.post(CONFIGS, config("a"))
        with api.watch(f"{CONFIGS}?watch=1") as events:
            assert next(events)["object"]["kind"] == "ConfigMap"
            api.patch(f"{CONFIGS}/a", {"data": {"x": "1"}})
            api.call("DELETE", f"{CONFIGS}/a")
            assert [next(events)["type"], next(events)["type"]] == ["MODIFIED", "DELETED"]

    def test_time_limit(self, api: Api) -> None:
        answer = api.call("GET", f"{CONFIGS}?watch=1&timeoutSeconds=1&resourceVersion=1")
        assert answer.status == 200

    def test_an_old_version_is_an_event(self, api: Api, serving: Serving) -> None:
        serving.store.compact()
        with api.watch(f"{CONFIGS}?watch=1&resourceVersion=1") as events:
            event = next(events)
            assert event["type"] == "ERROR"
            assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
            assert next(events, None) is None

    def test_initial_events(self, api: Api) -> None:
        api.post(CONFIGS, config("a"))
        query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
        path = f"{CONFIGS}?{query}&resourceVersionMatch=NotOlderThan"
        with api.watch(path) as events:
            assert next(events)["type"] == "ADDED"
            end = next(events)
            assert end["type"] == "BOOKMARK"
            assert end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true"
        refused = api.call("GET", f"{CONFIGS}?{query}")
        assert "requires setting resourceVersionMatch to NotOlderThan" in refused.json["message"]

    def test_bookmarks(self, store, tmp_path) -> None:
        with Serving(store, tmp_path, bookmark_every=0.1) as serving:
            version = store.resource_version
            path = f"{CONFIGS}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
            with serving.api().watch(path) as events:
                store.create("Secret", placed({"metadata": {"name": "elsewhere"}}))
                event = next(events)
                assert event["type"] == "BOOKMARK"
                assert int(event["object"]["metadata"]["resourceVersion"]) > version

    def test_tables(self, api: Api) -> None:
        api.post(CONFIGS, config("a"))
        api.post(CONFIGS, config("b"))
        with api.watch(f"{CONFIGS}?watch=1", TABLE) as events:
            first, second = next(events)["object"], next(events)["object"]
            assert first["columnDefinitions"]
            assert first["rows"][0]["cells"][0] == "a"
            assert second["columnDefinitions"] is None

    def test_a_client_that_goes_leaves_nothing_behind(self, api: Api, serving: Serving) -> None:
        watchers = serving.store._state._publisher._watchers
        with api.watch(f"{CONFIGS}?watch=1&allowWatchBookmarks=true"):
            eventually(lambda: len(watchers) == 1)
        eventually(lambda: not watchers)

    def test_many_watchers_and_a_busy_writer(self, api: Api, serving: Serving) -> None:
        version = serving.store.resource_version
        names: list[list[str]] = [[] for _ in range(5)]

        def follow(found: list[str]) -> None:
            with api.watch(f"{CONFIGS}?watch=1&resourceVersion={version}") as events:
                for event in events:
                    found.append(event["object"]["metadata"]["name"])
                    if len(found) == 200:
                        return

        threads = [threading.Thread(target=follow, args=[found]) for found in names]
        for thread in threads:
            thread.start()
        for index in range(200):
            serving.store.create("ConfigMap", placed(config(f"c{index:03}")))
        for thread in threads:
            thread.join(20)
        assert names == [[f"c{index:03}" for index in range(200)]] * 5


class TestDiscovery:
    def test_classic(self, api: Api) -> None:
        assert api.get("/api")["versions"] == ["v1"]
        groups = [group["name"] for group in api.get("/apis")["groups"]]
        assert {"storage.k8s.io", "snapshot.storage.k8s.io", "apps"} <= set(groups)
        resources = api.get("/api/v1")["resources"]
        claims = next(r for r in resources if r["name"] == "persistentvolumeclaims")
        assert (claims["kind"], claims["shortNames"]) == ("PersistentVolumeClaim", ["pvc"])
        names = {resource["name"] for resource in resources}
        assert {"persistentvolumeclaims/status", "serviceaccounts/token"} <= names
        group = api.get("/apis/snapshot.storage.k8s.io")
        assert group["preferredVersion"]["groupVersion"] == "snapshot.storage.k8s.io/v1"

    @pytest.mark.parametrize("version", ["v2", "v2beta1"])
    def test_aggregated(self, api: Api, version: str) -> None:
        form = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        answer = api.call("GET", "/apis", headers={"Accept": f"{form},application/json"})
        assert answer.headers["Content-Type"] == form
        groups = {item["metadata"]["name"]: item for item in answer.json["items"]}
        (version_entry,) = groups["snapshot.storage.k8s.io"]["versions"]
        resources = {entry["resource"]: entry for entry in version_entry["resources"]}
        assert resources["volumesnapshots"]["scope"] == "Namespaced"
        assert resources["volumesnapshots"]["subresources"][0]["subresource"] == "status"

    def test_version_and_health(self, api: Api) -> None:
        version = api.get("/version")
        assert (version["major"], version["minor"]) == ("1", "36")
        for path in ("/healthz", "/livez", "/readyz"):
            assert api.call("GET", path).body == b"ok"
