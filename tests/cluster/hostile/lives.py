"""Pods that are there: changed, made to run something else, ended."""

from __future__ import annotations

from .scene import IMAGE, MERGE, OWNER, STRATEGIC, Case, Make, Request, Scene


def _change(name: str, body: object, sub: str = "", content_type: str = MERGE) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        return Request("PATCH", f"{scene.pods}/{full}{sub}", body, content_type)

    return make


def _delete(name: str, **query: str) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        return Request("DELETE", f"{scene.pods}/{full}", query=query)

    return make


def _sweep(selector: str) -> Make:
    def make(scene: Scene) -> Request:
        query = {"labelSelector": selector.format(whose=scene.whose)}
        return Request("DELETE", scene.pods, query=query)

    return make


_NEVER = "a mover is made and deleted, never changed"
_IMAGE = {"spec": {"containers": [{"name": "mover", "image": "registry.example.com/admin:1"}]}}
_DEBUGGER = {
    "spec": {
        "ephemeralContainers": [{"name": "debug", "image": IMAGE, "targetContainerName": "mover"}]
    }
}
CASES: tuple[Case, ...] = (
    Case(
        "another image in another's mover",
        _change("mover-{whose}-0a1b", _IMAGE, content_type=STRATEGIC),
        _NEVER,
    ),
    Case(
        "another image in another's server",
        _change("jupyter-{whose}", _IMAGE, content_type=STRATEGIC),
        _NEVER,
    ),
    Case(
        "another image in one's own mover",
        _change("mover-{me}-0a1b", _IMAGE, content_type=STRATEGIC),
        _NEVER,
    ),
    Case(
        "end another's server",
        _change("jupyter-{whose}", {"spec": {"activeDeadlineSeconds": 1}}),
        _NEVER,
    ),
    Case(
        "take another's mover",
        _change("mover-{whose}-0a1b", {"metadata": {"labels": {OWNER: "u1"}}}),
        _NEVER,
    ),
    Case(
        "take one's own mover out of the network policy",
        _change("mover-{me}-0a1b", {"metadata": {"labels": {"netapp-jlab.io/purpose": None}}}),
        _NEVER,
    ),
    Case(
        "become an endpoint of the hub afterwards",
        _change("mover-{me}-0a1b", {"metadata": {"labels": {"component": "hub"}}}),
        _NEVER,
    ),
    Case(
        "a debugger in another's mover",
        _change("mover-{whose}-0a1b", _DEBUGGER, "/ephemeralcontainers", STRATEGIC),
        _NEVER,
    ),
    Case(
        "a debugger in another's server",
        _change("jupyter-{whose}", _DEBUGGER, "/ephemeralcontainers", STRATEGIC),
        _NEVER,
    ),
    Case(
        "a debugger in one's own mover",
        _change("mover-{me}-0a1b", _DEBUGGER, "/ephemeralcontainers", STRATEGIC),
        _NEVER,
    ),
    Case(
        "less memory for another's server",
        _change(
            "jupyter-{whose}",
            {
                "spec": {
                    "containers": [{"name": "mover", "resources": {"limits": {"memory": "1Mi"}}}]
                }
            },
            "/resize",
            STRATEGIC,
        ),
        _NEVER,
    ),
    Case(
        "declare another's server failed",
        _change("jupyter-{whose}", {"status": {"phase": "Failed"}}, "/status"),
        _NEVER,
    ),
    Case(
        "declare one's own mover's address",
        _change("mover-{me}-0a1b", {"status": {"podIP": "10.1.0.9"}}, "/status"),
        _NEVER,
    ),
    Case("delete another's mover", _delete("mover-{whose}-0a1b")),
    Case("delete another's mover at once", _delete("mover-{whose}-0a1b", gracePeriodSeconds="0")),
    Case("delete another's server", _delete("jupyter-{whose}"), _delete("mover-{me}-0a1b")),
    Case(
        "delete one's own server behind the hub's back",
        _delete("jupyter-{me}"),
        _delete("mover-{me}-0a1b"),
    ),
    Case("delete the hub", _delete("hub"), _delete("mover-{me}-0a1b")),
    Case(
        "sweep another's pods",
        _sweep(f"{OWNER}={{whose}}"),
        "own servers carry the label too",
        granted=False,
    ),
    Case(
        "sweep another's movers",
        _sweep(f"{OWNER}={{whose}},netapp-jlab.io/purpose=mover"),
        granted=False,
    ),
)
