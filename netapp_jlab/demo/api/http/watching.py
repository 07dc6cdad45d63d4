"""Streams a watch to a client."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.iostream import StreamClosedError

from netapp_jlab.demo.api import errors, tables
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.watches import WatchEvent

from .parameters import WatchOptions

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind
    from netapp_jlab.demo.api.watches import Watch

    from .base import ApiHandler
    from .negotiation import Form

Object = dict[str, Any]

#: So many events are written between two looks at the rest of the world.
_BATCH = 500


class WatchStream:
    """One watch of one client.

    Parameters
    ----------
    handler : ApiHandler
        The request to answer.
    kind, namespace
        What is watched; an empty namespace means all of them.
    form : Form
        Objects, table rows or metadata.
    """

    def __init__(self, handler: ApiHandler, kind: Kind, namespace: str, form: Form) -> None:
        self._handler = handler
        self._kind = kind
        self._namespace = namespace
        self._form = form
        self._include = handler.query.get("includeObject", "Metadata")
        self._headed = False
        self._sent = 0

    async def run(self) -> None:
        """Send events until time is up, the client has gone or the server stops.

        Raises
        ------
        ApiError
            400 or 422 for options that make no sense; everything later is an event of its own.
        """
        options = WatchOptions.parse(self._handler.query)
        try:
            watch = await self._handler.offload(self._open, options)
        except ApiError as error:
            if error.code not in (410, 504):
                raise
            await self._send([_error_event(error)])
            return
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_event() -> None:
            loop.call_soon_threadsafe(wake.set)

        watch.on_event = on_event
        try:
            await self._handler.flush()
            await self._stream(watch, wake, time.monotonic() + options.seconds)
        except StreamClosedError:
            pass  # the client has gone: nothing is left to do
        finally:
            watch.on_event = None
            watch.close()

    def _open(self, options: WatchOptions) -> Watch:
        fault = self._handler.fault
        if fault is not None and fault.effect == "expire":
            raise errors.too_old(1, self._handler.services.store.resource_version)
        return self._handler.services.store.watch(
            self._kind.kind,
            self._namespace or None,
            resource_version=options.version,
            label_selector=options.labels,
            field_selector=options.fields,
            bookmarks=options.bookmarks,
            initial_events=options.initial_events,
            bookmark_every=self._handler.services.bookmark_every,
        )

    async def _stream(self, watch: Watch, wake: asyncio.Event, deadline: float) -> None:
        gone = self._handler.gone
        while not gone.is_set():
            wake.clear()
            events = self._take(watch)
            if await self._cut(events):
                return
            if events:
                await self._send(events)
                continue
            if watch.closed or time.monotonic() >= deadline:
                return
            await self._wait(watch, wake, deadline)

    @staticmethod
    def _take(watch: Watch) -> list[WatchEvent]:
        events: list[WatchEvent] = []
        while len(events) < _BATCH and (event := watch.poll()) is not None:
            events.append(event)
        return events

    async def _wait(self, watch: Watch, wake: asyncio.Event, deadline: float) -> None:
        limit = min(deadline - time.monotonic(), watch.until_bookmark())
        waiting = [asyncio.ensure_future(event.wait()) for event in (wake, self._handler.gone)]
        try:
            await asyncio.wait(waiting, timeout=max(limit, 0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _cut(self, events: list[WatchEvent]) -> bool:
        """Drop the connection when a fault says so, after the events it lets through."""
        fault = self._handler.fault
        if fault is None or fault.effect != "cut" or self._sent + len(events) < fault.after:
            return False
        await self._send(events[: fault.after - self._sent])
        self._handler.drop()
        return True

    async def _send(self, events: list[WatchEvent]) -> None:
        self._sent += len(events)
        if events:
            self._handler.write(b"".join(map(self._line, events)))
        await self._handler.flush()

    def _line(self, event: WatchEvent) -> bytes:
        raw = event.raw
        if self._form.kind and event.type != "ERROR":
            raw = msgspec.json.encode(self._reshape(event))
        return b'{"type":"' + event.type.encode() + b'","object":' + raw + b"}\n"

    def _reshape(self, event: WatchEvent) -> Object:
        obj = event.object
        api_version = f"meta.k8s.io/{self._form.version}"
        if self._form.kind != "Table":
            return {**tables.partial(obj), "apiVersion": api_version}
        bookmark = event.type == "BOOKMARK"
        definitions = None if self._headed or bookmark else tables.definitions(self._kind)
        self._headed = self._headed or not bookmark
        return {
            "kind": "Table",
            "apiVersion": api_version,
            "metadata": {"resourceVersion": obj["metadata"]["resourceVersion"]},
            "columnDefinitions": definitions,
            "rows": [] if bookmark else tables.rows(self._kind, [obj], self._include),
        }


def _error_event(error: ApiError) -> WatchEvent:
    return WatchEvent("ERROR", msgspec.json.encode(error.status()))
