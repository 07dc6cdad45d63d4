from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp_jlab.demo.api import patches
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.kinds import KINDS
from netapp_jlab.demo.api.patches import json_patch, merge_patch, strategic

POD = KINDS["Pod"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=12,
)


# RFC 6902, appendix A (where Kubernetes agrees)
@pytest.mark.parametrize(
    ("document", "operations", "result"),
    [
        ({"foo": "bar"}, [("add", "/baz", "qux")], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "b"]}, [("add", "/foo/1", "x")], {"foo": ["a", "x", "b"]}),
        ({"foo": ["a"]}, [("add", "/foo/-", "x")], {"foo": ["a", "x"]}),
        ({"a": 1, "b": 2}, [("remove", "/b", None)], {"a": 1}),
        ({"foo": ["a", "b"]}, [("remove", "/foo/0", None)], {"foo": ["b"]}),
        ({"a": 1}, [("replace", "/a", 2)], {"a": 2}),
        ({"a": 1}, [("replace", "/b", 2)], {"a": 1, "b": 2}),
        ({"a/b": 1, "m~n": 2}, [("replace", "/a~1b", 3), ("remove", "/m~0n", None)], {"a/b": 3}),
        ({"a": {"b": 1}}, [("test", "/a", {"b": 1}), ("test", "/zz", None)], {"a": {"b": 1}}),
        ({"a": 1}, [("replace", "", {"b": 2})], {"b": 2}),
    ],
)
def test_json_patch(document, operations, result):
    before = copy.deepcopy(document)
    steps = [{"op": op, "path": path, "value": value} for op, path, value in operations]
    assert json_patch.apply(document, steps) == result
    assert document == before


def test_json_patch_move_and_copy():
    steps = [
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "move", "from": "/a/x", "path": "/c"},
    ]
    assert json_patch.apply({"a": {"x": 1}}, steps) == {"a": {}, "b": {"x": 1}, "c": 1}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nope"},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "add", "path": "/list/5", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "replace", "path": "/list/1", "value": 1},
        {"op": "replace", "path": "/a/b", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "move", "from": "/nope", "path": "/x"},
        {"op": "copy", "path": "/x"},
        {"op": "frobnicate", "path": "/a"},
        {"op": "remove", "path": ""},
        {"op": "add", "path": "a", "value": 1},
    ],
)
def test_json_patch_that_cannot_be_applied(operation):
    document = {"a": 1, "list": [1]}
    steps = [{"op": "add", "path": "/first", "value": 1}, operation]
    with pytest.raises(ApiError) as caught:
        json_patch.apply(document, steps)
    assert caught.value.code == 422
    assert document == {"a": 1, "list": [1]}


def test_json_patch_that_is_none():
    for operations, words in (({"a": 1}, "object into Go value of type []"), ([1], "number into")):
        with pytest.raises(ApiError, match=words.replace("[", r"\[")):
            json_patch.apply({}, operations)
    with pytest.raises(ApiError) as caught:
        json_patch.apply({}, [{"op": "test", "path": ""}] * 10_001)
    assert caught.value.code == 413


# RFC 7386, appendix A
@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(document, patch, result):
    assert merge_patch.apply(document, patch) == result


@given(document=json_values, patch=json_values)
def test_merging_twice_changes_nothing_more(document, patch):
    once = merge_patch.apply(document, patch)
    assert merge_patch.apply(once, patch) == once


OBJECT = {
    "metadata": {"finalizers": ["a", "b"], "labels": {"x": "1"}},
    "spec": {
        "containers": [{"name": "a", "image": "i"}, {"name": "b", "args": ["1", "2"]}],
        "tolerations": [{"key": "t"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    },
}


class TestStrategic:
    def apply(self, patch: dict) -> dict:
        before = copy.deepcopy(OBJECT)
        result = strategic.apply(POD, OBJECT, patch)
        assert before == OBJECT
        return result

    def test_lists_with_a_key_merge_by_it(self):
        patch = {"spec": {"containers": [{"name": "b", "image": "j"}, {"name": "c"}]}}
        assert self.apply(patch)["spec"]["containers"] == [
            {"name": "a", "image": "i"},
            {"name": "b", "args": ["1", "2"], "image": "j"},
            {"name": "c"},
        ]

    def test_lists_without_one_are_replaced(self):
        patch = {"spec": {"containers": [{"name": "b", "args": ["3"]}], "tolerations": []}}
        spec = self.apply(patch)["spec"]
        assert spec["containers"][1]["args"] == ["3"]
        assert spec["tolerations"] == []

    def test_sets_of_values_are_joined(self):
        assert self.apply({"metadata": {"finalizers": ["b", "c"]}})["metadata"]["finalizers"] == [
            *("a", "b", "c"),
        ]
        removed = self.apply({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}})
        assert removed["metadata"]["finalizers"] == ["b"]

    def test_deleting_an_element(self):
        patch = {"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}
        assert [c["name"] for c in self.apply(patch)["spec"]["containers"]] == ["b"]

    def test_replacing_a_list_or_a_map(self):
        patch = {"spec": {"containers": [{"$patch": "replace"}, {"name": "z"}]}}
        assert self.apply(patch)["spec"]["containers"] == [{"name": "z"}]
        patch = {"metadata": {"labels": {"$patch": "replace", "y": "2"}}}
        assert self.apply(patch)["metadata"]["labels"] == {"y": "2"}
        assert (
            "labels" not in self.apply({"metadata": {"labels": {"$patch": "delete"}}})["metadata"]
        )

    def test_retained_keys(self):
        patch = {
            "spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {}}]}
        }
        assert self.apply(patch)["spec"]["volumes"] == [{"name": "v", "secret": {}}]

    def test_order(self):
        patch = {
            "spec": {
                "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
                "containers": [{"name": "b", "image": "j"}],
            }
        }
        assert [c["name"] for c in self.apply(patch)["spec"]["containers"]] == ["b", "a"]

    def test_an_element_without_its_key(self):
        with pytest.raises(ApiError) as caught:
            self.apply({"spec": {"containers": [{"image": "x"}]}})
        assert caught.value.message == (
            "map: map[image:x] does not contain declared merge key: name"
        )

    def test_an_unknown_directive(self):
        with pytest.raises(ApiError, match="unknown patch type: explode"):
            self.apply({"spec": {"$patch": "explode"}})


def test_which_kinds_take_which_formats():
    assert patches.STRATEGIC_PATCH in patches.accepted(POD)
    assert patches.STRATEGIC_PATCH not in patches.accepted(KINDS["VolumeSnapshot"])


class TestThroughTheStore:
    """What a patch may not turn an object into."""

    @pytest.fixture(autouse=True)
    def _object(self, store):
        meta = {"name": "a", "namespace": "default"}
        store.create("ConfigMap", {"metadata": meta, "data": {"x": "1"}})
        self.store = store

    @pytest.mark.parametrize(
        ("patch", "code", "words"),
        [
            ({"metadata": {"name": "b"}}, 400, "does not match the name on the URL"),
            ({"metadata": {"namespace": "b"}}, 400, "does not match the namespace sent"),
            ({"metadata": None}, 400, "name must be provided"),
            ({"metadata": {"uid": "b"}}, 422, 'metadata.uid: Invalid value: "b": field is immut'),
            ({"metadata": {"resourceVersion": "1"}}, 409, "the object has been modified"),
            (
                {"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z"}},
                422,
                "metadata.deletionTimestamp: Invalid value",
            ),
            ({"kind": "Pod"}, 422, "converting (v1.Pod) to (core.ConfigMap)"),
            (
                {"data": {"x": 5}},
                422,
                "cannot unmarshal number into Go struct field ConfigMap.data",
            ),
            ({"data": 5}, 422, "of type map[string]string"),
        ],
    )
    def test_refused(self, patch, code, words):
        before = self.store.get("ConfigMap", "default", "a")
        with pytest.raises(ApiError) as caught:
            self.store.patch("ConfigMap", "default", "a", patch)
        assert caught.value.code == code
        assert words in caught.value.message
        assert self.store.get("ConfigMap", "default", "a") == before
