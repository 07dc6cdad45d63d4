from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp_jlab.demo.api import metadata, names
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.kinds import KINDS
from netapp_jlab.demo.api.selectors import parse_fields, parse_labels

CONFIG, ROLE, CLAIM = KINDS["ConfigMap"], KINDS["Role"], KINDS["PersistentVolumeClaim"]


@pytest.mark.parametrize("name", ["a", "a-b", "a.b", "0", "a" * 253])
def test_names_that_are_fine(name):
    assert names.subdomain(name) == []


@pytest.mark.parametrize("name", ["A", "-a", "a-", "a_b", "a..b", ".a", "a b", "ä", "a/b"])
def test_names_that_are_not(name):
    (text,) = names.subdomain(name)
    assert text.startswith("a lowercase RFC 1123 subdomain must consist of")


def test_long_names():
    assert names.subdomain("a" * 254) == ["must be no more than 253 characters"]
    assert names.label("a" * 64) == ["must be no more than 63 bytes"]
    assert names.label("a.b") == ["must not contain dots"]


def test_roles_may_have_odd_names():
    assert names.broken_rules("system:a B", ROLE.name_rule) == []
    assert names.broken_rules("a/b%", ROLE.name_rule) == [
        "may not contain '/'",
        "may not contain '%'",
    ]
    assert names.broken_rules("..", ROLE.name_rule) == ["may not be '..'"]


@pytest.mark.parametrize("key", ["a", "A.b_c-d", "example.com/x", "x" * 63])
def test_keys_that_are_fine(key):
    assert names.qualified(key) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("-a", "name part must consist of alphanumeric characters"),
        ("x" * 64, "name part must be no more than 63 bytes"),
        ("/a", "prefix part must be non-empty"),
        ("Example.com/a", "prefix part a lowercase RFC 1123 subdomain"),
        ("example.com/", "name part must be non-empty"),
        ("a/b/c", "with an optional DNS subdomain prefix and '/'"),
    ],
)
def test_keys_that_are_not(key, words):
    assert any(words in text for text in names.qualified(key))


@given(prefix=st.from_regex(r"[a-z]([-a-z0-9]{0,70}[a-z0-9])?-?", fullmatch=True))
def test_generated_names_are_legal(prefix):
    assert names.label(names.generate(prefix)) == []


def wrong(meta: dict, kind=CONFIG) -> str:
    base = {"name": "a", "namespace": "n"}
    return "; ".join(map(str, metadata.validate(kind, {**base, **meta})))


def test_metadata_that_is_fine():
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    meta = {
        "labels": {"a": "", "example.com/b": "c"},
        "annotations": {"Anything/goes": "\n here"},
        "ownerReferences": [owner],
        "finalizers": ["example.com/x", "orphan"],
    }
    assert wrong(meta) == ""


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"labels": {"a": "b c"}}, 'metadata.labels: Invalid value: "b c": a valid label must be'),
        ({"labels": {"a b": "c"}}, 'metadata.labels: Invalid value: "a b": name part'),
        ({"annotations": {"a b": ""}}, 'metadata.annotations: Invalid value: "a b"'),
        (
            {"annotations": {"a": "x" * 262144}},
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        ({"finalizers": ["x"]}, "neither a standard finalizer name nor is it fully qualified"),
        ({"finalizers": ["orphan", "foregroundDeletion"]}, "cannot be both set"),
        ({"ownerReferences": [{}]}, "metadata.ownerReferences.uid: Invalid value"),
        ({"namespace": "a.b"}, "metadata.namespace: Invalid value"),
        ({"namespace": ""}, "metadata.namespace: Required value"),
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        ({"generateName": "A-"}, "metadata.generateName: Invalid value"),
    ],
)
def test_metadata_that_is_not(meta, words):
    assert words in wrong(meta)


def test_two_controllers():
    owner = {"apiVersion": "v1", "kind": "K", "name": "o", "uid": "u", "controller": True}
    assert "Only one reference can have Controller set to true" in wrong(
        {"ownerReferences": [owner, {**owner, "name": "p"}]}
    )


def test_cluster_scoped_kinds_have_no_namespace():
    assert "metadata.namespace: Forbidden: not allowed on this type" in wrong({}, KINDS["Node"])


class TestLabelSelectors:
    labels = {"env": "prod", "tier": "web", "n": "7"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("selector", "matches"),
        [
            ("", True),
            ("env=prod", True),
            ("env==prod", True),
            ("env=dev", False),
            ("env!=dev", True),
            ("missing!=x", True),
            ("env", True),
            ("!env", False),
            ("!missing", True),
            ("env in (prod,dev)", True),
            ("env in (dev)", False),
            ("env notin (dev), tier", True),
            ("missing notin (x)", True),
            ("env=prod,tier=db", False),
            ("n>5", True),
            ("n<5", False),
            ("env>5", False),
            ("missing>5", False),
            ("env in ()", False),
            ("env=", False),
            (" env = prod , tier = web ", True),
        ],
    )
    def test_matching(self, selector, matches):
        assert parse_labels(selector).matches(self.labels) is matches

    @pytest.mark.parametrize(
        ("selector", "words"),
        [
            ("a=b=c", "found '=', expected: ',' or 'end of string'"),
            ("a in b", "found 'b' expected: '('"),
            ("a in (b", "found '' expected: ')'"),
            ("=a", "found '=', expected: !, identifier"),
            ("a foo b", "found 'foo', expected: in, notin, =, ==, !=, gt, lt"),
            ("-a", "name part must consist of"),
            ("a=-b", "values[0][a]: Invalid value"),
            ("a>x", "the value must be an integer"),
        ],
    )
    def test_nonsense(self, selector, words):
        with pytest.raises(ApiError) as caught:
            parse_labels(selector)
        assert caught.value.code == 400
        assert words in caught.value.message


class TestFieldSelectors:
    pod = {  # noqa: RUF012
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"nodeName": "x", "hostNetwork": True},
        "status": {},
    }

    @pytest.mark.parametrize(
        ("selector", "matches"),
        [
            ("metadata.name=p", True),
            ("metadata.name==p,metadata.namespace=n", True),
            ("metadata.name!=p", False),
            ("spec.nodeName=x", True),
            ("status.phase=", True),
            ("status.phase=Running", False),
            ("spec.hostNetwork=true", True),
        ],
    )
    def test_matching(self, selector, matches):
        assert parse_fields(selector, KINDS["Pod"]).matches(self.pod) is matches

    def test_the_source_of_an_event_is_its_component(self):
        event = {"source": {"component": "kubelet"}}
        assert parse_fields("source=kubelet", KINDS["Event"]).matches(event)

    def test_escaped_commas(self):
        selector = parse_fields(r"metadata.name=a\,b", CONFIG)
        assert selector.matches({"metadata": {"name": "a,b"}})

    @pytest.mark.parametrize("selector", ["spec.foo=1", "metadata.labels=x", "x"])
    def test_nonsense(self, selector):
        with pytest.raises(ApiError) as caught:
            parse_fields(selector, CLAIM)
        assert caught.value.code == 400
