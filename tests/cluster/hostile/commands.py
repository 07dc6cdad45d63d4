"""Into other users' pods: commands, ports, logs, and what subresources do to pods."""

from __future__ import annotations

from .scene import IMAGE, Case, Json, Make, Request, Scene

_COMMAND = {"command": "cat", "container": "mover", "stdout": "true"}
_WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "v5.channel.k8s.io",
}
_SPDY = {
    "Connection": "Upgrade",
    "Upgrade": "SPDY/3.1",
    "X-Stream-Protocol-Version": "v4.channel.k8s.io",
}
_EXEC_ONLY = "the product needs exec only"


def _into(
    name: str,
    sub: str,
    method: str = "POST",
    *,
    query: Json | None = None,
    headers: Json | None = None,
) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        return Request(
            method, f"{scene.pods}/{full}/{sub}", query=query or {}, headers=headers or {}
        )

    return make


def _exec(name: str, method: str = "POST", headers: Json | None = None) -> Make:
    return _into(name, "exec", method, query=_COMMAND, headers=headers)


_OWN = _exec("mover-{me}-0a1b")
_TARGETS = {
    "mover": "mover-{whose}-0a1b",
    "server": "jupyter-{whose}",
    "named server": "jupyter-{whose}--work",
}
EXEC = (
    *(
        Case(f"run in another's {what} (POST)", _exec(name), _OWN)
        for what, name in _TARGETS.items()
    ),
    *(
        Case(f"run in another's {what} (GET)", _exec(name, "GET"), _exec("mover-{me}-0a1b", "GET"))
        for what, name in _TARGETS.items()
    ),
    Case("run in another's mover by WebSocket", _exec("mover-{whose}-0a1b", "GET", _WEBSOCKET)),
    Case("run in another's mover by SPDY", _exec("mover-{whose}-0a1b", "POST", _SPDY)),
    Case("run in another's server by WebSocket", _exec("jupyter-{whose}", "GET", _WEBSOCKET), _OWN),
    Case("run in one's own server", _exec("jupyter-{me}"), _OWN),
    Case("run in the hub", _exec("hub"), _OWN),
    Case("run in another's mover that does not exist yet", _exec("mover-{whose}-tomorrow"), _OWN),
    Case("run in another's mover, in capitals", _exec("MOVER-{whose}-0a1b"), _OWN),
    Case(
        "run in another's mover by way of one's own",
        _exec("mover-{me}-0a1b%2F..%2Fmover-{whose}-0a1b"),
        _OWN,
    ),
    Case("run in another's mover with a slash more", _exec("/mover-{whose}-0a1b"), _OWN),
    Case(
        "run in another's mover as another's container",
        _into(
            "mover-{whose}-0a1b",
            "exec",
            query={"command": "sh", "container": "other", "stdin": "true", "tty": "true"},
        ),
        _OWN,
    ),
)


def _proxied(name: str) -> Make:
    return lambda scene: Request(
        "GET", f"{scene.pods}/{name.format(me=scene.me, whose=scene.whose)}:8888/proxy/api/contents"
    )


NEAR = (
    *(
        Case(
            f"{verb} another's {what} ({method})", _into(name, sub, method, query=query), _EXEC_ONLY
        )
        for what, name in _TARGETS.items()
        for verb, sub, method, query in (
            ("attach to", "attach", "POST", {"container": "mover", "stdout": "true"}),
            ("attach to", "attach", "GET", {"container": "mover", "stdout": "true"}),
            ("forward a port of", "portforward", "POST", {"ports": "8888"}),
            ("forward a port of", "portforward", "GET", {"ports": "8888"}),
            ("write through a proxy to", "proxy", "POST", {}),
            ("write through a proxy to", "proxy", "PUT", {}),
            ("delete through a proxy in", "proxy", "DELETE", {}),
        )
    ),
    Case("read another's files through a proxy", _proxied("jupyter-{whose}"), _EXEC_ONLY),
    Case(
        "attach to one's own mover",
        _into("mover-{me}-0a1b", "attach", query={"stdout": "true"}),
        _EXEC_ONLY,
    ),
    Case("read another's log", _into("jupyter-{whose}", "log", "GET"), _EXEC_ONLY, by_role=True),
    Case(
        "read another's mover's log",
        _into("mover-{whose}-0a1b", "log", "GET"),
        _EXEC_ONLY,
        by_role=True,
    ),
)


def _evict(scene: Scene) -> Request:
    name = f"jupyter-{scene.whose}"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    return Request("POST", f"{scene.pods}/{name}/eviction", body)


def _evict_mover(scene: Scene) -> Request:
    name = f"mover-{scene.whose}-0a1b"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    return Request("POST", f"{scene.pods}/{name}/eviction", body)


def _bind(name: str) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": full},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "control-plane"},
        }
        return Request("POST", f"{scene.pods}/{full}/binding", body)

    return make


def _bindings(scene: Scene) -> Request:
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": f"mover-{scene.me}-0a1b"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "control-plane"},
    }
    return Request("POST", scene.of("v1", "bindings"), body)


def _debug(scene: Scene) -> Request:
    body = {"spec": {"ephemeralContainers": [{"name": "debug", "image": IMAGE}]}}
    path = f"{scene.pods}/jupyter-{scene.whose}/ephemeralcontainers"
    return Request(
        "PUT",
        path,
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"jupyter-{scene.whose}"}, **body},
    )


_SCHEDULER = "schedulers bind, drains evict"
MOVED = (
    Case("evict another's server", _evict, _SCHEDULER),
    Case("evict another's mover", _evict_mover, _SCHEDULER),
    Case("bind another's server to a node", _bind("jupyter-{whose}"), _SCHEDULER),
    Case("bind one's own mover to a node", _bind("mover-{me}-0a1b"), _SCHEDULER),
    Case("bind one's own mover to a node, the old way", _bindings, _SCHEDULER),
    Case("a debugger in another's server (PUT)", _debug, "a mover is never changed"),
)

CASES: tuple[Case, ...] = (*EXEC, *NEAR, *MOVED)
