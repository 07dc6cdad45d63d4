from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netapp_jlab.demo.api.errors import ApiError

from .serving import config, placed


@pytest.fixture
def filled(store):
    for index in range(10):
        wanted = placed(config(f"c{index}"))
        wanted["metadata"]["labels"] = {"odd": str(index % 2)}
        store.create("ConfigMap", wanted)
    return store


def names(items: list[dict]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def walk(store, limit: int, between=lambda: None, **selectors: str) -> list[dict]:
    """Read a list page by page, doing something between the pages."""
    page = store.list("ConfigMap", "default", limit=limit, **selectors)
    found = list(page.items)
    while page.continue_token:
        between()
        page = store.list(
            "ConfigMap", "default", limit=limit, continue_=page.continue_token, **selectors
        )
        found += page.items
    return found


@pytest.mark.parametrize("limit", [1, 3, 5, 9, 10, 11])
def test_pages_make_up_the_list(filled, limit):
    assert names(walk(filled, limit)) == [f"c{index}" for index in range(10)]


def test_selectors_fill_their_pages(filled):
    page = filled.list("ConfigMap", "default", limit=4, label_selector="odd=1")
    assert names(page.items) == ["c1", "c3", "c5", "c7"]
    assert names(walk(filled, 2, label_selector="odd=1")) == ["c1", "c3", "c5", "c7", "c9"]


def test_all_pages_show_the_list_as_it_was(filled):
    before = filled.list("ConfigMap", "default").items

    def change() -> None:
        for name in ("c1", "c8"):
            if name in names(filled.list("ConfigMap", "default").items):
                filled.delete("ConfigMap", "default", name)
        filled.patch("ConfigMap", "default", "c9", {"data": {"new": "yes"}})
        filled.create("ConfigMap", placed({"metadata": {"generateName": "c5-"}}))

    assert walk(filled, 3, change) == before
    assert "c1" not in names(filled.list("ConfigMap", "default").items)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(["create", "delete", "patch"]), st.integers(0, 12)), max_size=12
    ),
    limit=st.integers(1, 6),
)
def test_whatever_changes_meanwhile(store, changes, limit):
    """The pages of a list are one consistent state, whatever is written between them."""
    before = store.list("ConfigMap", "default").items
    pending = list(changes)

    def change() -> None:
        while pending:
            action, index = pending.pop()
            name = f"h{index}"
            exists = name in names(store.list("ConfigMap", "default").items)
            if action == "create" and not exists:
                store.create("ConfigMap", placed(config(name)))
            elif action == "delete" and exists:
                store.delete("ConfigMap", "default", name)
            elif action == "patch" and exists:
                store.patch("ConfigMap", "default", name, {"data": {"x": str(len(pending))}})

    assert walk(store, limit, change) == before
    change()


def test_what_is_left_is_counted_without_selectors(filled):
    from netapp_jlab.demo.api.kinds import KINDS
    from netapp_jlab.demo.api.queries import Paging, Query

    kind = KINDS["ConfigMap"]
    plain = filled.page(Query.parse(kind, "default"), Paging(limit=4))
    assert plain.remaining == 6
    selective = filled.page(Query.parse(kind, "default", "odd=1"), Paging(limit=4))
    assert selective.remaining is None


def test_an_expired_page_says_how_to_go_on(filled):
    page = filled.list("ConfigMap", "default", limit=4)
    filled.delete("ConfigMap", "default", "c5")
    filled.compact()
    with pytest.raises(ApiError) as caught:
        filled.list("ConfigMap", "default", limit=4, continue_=page.continue_token)
    status = caught.value.status()
    assert (status["code"], status["reason"]) == (410, "Expired")
    rest = filled.list("ConfigMap", "default", continue_=status["metadata"]["continue"])
    assert names(rest.items) == ["c4", "c6", "c7", "c8", "c9"]


class TestVersions:
    def test_exactly_an_old_one(self, filled):
        version = str(filled.resource_version)
        filled.delete("ConfigMap", "default", "c0")
        exact = {"resource_version": version, "resource_version_match": "Exact"}
        assert len(filled.list("ConfigMap", "default", **exact).items) == 10
        newer = {"resource_version": version, "resource_version_match": "NotOlderThan"}
        assert len(filled.list("ConfigMap", "default", **newer).items) == 9
        assert len(filled.list("ConfigMap", "default", resource_version=version).items) == 9
        first = filled.list("ConfigMap", "default", resource_version=version, limit=1)
        assert names(first.items) == ["c0"]

    def test_any_is_the_newest_and_whole(self, filled):
        assert len(filled.list("ConfigMap", "default", resource_version="0", limit=2).items) == 10

    def test_too_new(self, filled):
        with pytest.raises(ApiError) as caught:
            filled.list("ConfigMap", resource_version=str(filled.resource_version + 5))
        assert (caught.value.code, caught.value.retry_after) == (504, 1)
        assert "Too large resource version" in caught.value.message

    @pytest.mark.parametrize(
        ("asked", "code", "words"),
        [
            ({"resource_version": "x"}, 400, "invalid resource version"),
            ({"resource_version_match": "Exact"}, 422, "unless resourceVersion is provided"),
            (
                {"resource_version": "0", "resource_version_match": "Exact"},
                422,
                'is forbidden for resourceVersion "0"',
            ),
            (
                {"resource_version": "1", "resource_version_match": "x"},
                422,
                'Unsupported value: "x"',
            ),
            ({"continue_": "abc"}, 400, "invalid continue token"),
            ({"continue_": "e30"}, 400, "invalid continue token"),
            ({"continue_": "abc", "resource_version": "5"}, 400, "not allowed when using continue"),
        ],
    )
    def test_what_makes_no_sense(self, filled, asked, code, words):
        with pytest.raises(ApiError) as caught:
            filled.list("ConfigMap", **asked)
        assert caught.value.code == code
        assert words in caught.value.message


def test_keys_sort_as_in_etcd(store):
    for name in ("a", "a-b"):
        store.create("Namespace", {"metadata": {"name": name}})
        store.create("ConfigMap", placed(config("x"), name))
    found = [item["metadata"]["namespace"] for item in store.list("ConfigMap").items]
    assert found == ["a-b", "a"]  # "-" comes before "/"
    assert len(store.list("ConfigMap", "a").items) == 1
