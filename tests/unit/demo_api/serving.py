"""The API server in a thread, and a small client for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import Self

from netapp_jlab.demo.api import certificates
from netapp_jlab.demo.api.auth.authenticator import Authenticator
from netapp_jlab.demo.api.faults import Faults
from netapp_jlab.demo.api.server import Ready, serve
from netapp_jlab.demo.api.store import Store

Object = dict[str, Any]

JSON = {"Content-Type": "application/json"}
MERGE = {"Content-Type": "application/merge-patch+json"}
STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

CONFIGS = "/api/v1/namespaces/default/configmaps"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots"


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Serving:
    """Serves a store until the ``with`` block ends."""

    def __init__(self, store: Store, home: Path, bookmark_every: float = 60.0) -> None:
        self.store = store
        self.faults = Faults()
        self.authenticator = Authenticator(store)
        self.certificates = certificates.ensure(str(home))
        self._bookmark_every = bookmark_every
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        await serve(
            self.store,
            self.faults,
            certificates=self.certificates,
            authenticator=self.authenticator,
            bookmark_every=self._bookmark_every,
            on_ready=self._ready,
            stop=self._stop,
        )

    def _ready(self, ready: Ready) -> None:
        self.ready = ready
        self._up.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def api(self, token: str | None = None) -> Api:
        return Api(self, self.ready.token if token is None else token)


class Api:
    """Calls a server as one user; an empty token is nobody's."""

    def __init__(self, serving: Serving, token: str) -> None:
        self._serving = serving
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._context = ssl.create_default_context(cafile=serving.certificates.authority)

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self._serving.ready.port, context=self._context, timeout=20
        )

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body)
        sent = {**self._headers, **(JSON if body is not None else {}), **(headers or {})}
        connection = self.connect()
        try:
            connection.request(method, path, body=raw, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        answer = self.call("GET", path, headers=headers)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: object, status: int = 201) -> Any:
        answer = self.call("POST", path, body)
        assert answer.status == status, answer.body
        return answer.json

    def patch(
        self, path: str, body: object, headers: dict[str, str] = MERGE, status: int = 200
    ) -> Any:
        answer = self.call("PATCH", path, body, headers)
        assert answer.status == status, answer.body
        return answer.json

    @contextmanager
    def watch(self, path: str, headers: dict[str, str] | None = None) -> Iterator[Iterator[Object]]:
        """Yield the events of a watch."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers={**self._headers, **(headers or {})})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            yield map(json.loads, iter(answer.readline, b""))
        finally:
            connection.close()


def config(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def snapshot(name: str = "s", **spec: Any) -> Object:
    source = {"source": {"persistentVolumeClaimName": "data"}}
    return {
        "kind": "VolumeSnapshot",
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "metadata": {"name": name},
        "spec": {**source, **spec},
    }


def claim(name: str = "data", size: str = "1Gi", **spec: Any) -> Object:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            **spec,
        },
    }


def placed(obj: Object, namespace: str = "default") -> Object:
    """Return an object with a namespace, as the store wants it."""
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def eventually(condition: Any, seconds: float = 10.0) -> Any:
    """Wait until `condition` gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.005)
    return found
