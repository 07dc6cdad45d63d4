"""What all calls share: the connection, made when first needed, and how a request is put."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from netapp_jlab.config import Settings
from netapp_jlab.errors import ReadOnly
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import Subject
from netapp_jlab.k8s.wire import Object

if TYPE_CHECKING:
    from netapp_jlab.k8s.sender import Sender
    from netapp_jlab.k8s.transport import Request

T = TypeVar("T", bound=Object)


class Calls:
    """A connection to one namespace of one API server.

    Nothing is imported, read or sent before the first call.

    Parameters
    ----------
    settings : Settings
        Where the API server is, and the time limit of each answer.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._made: Sender | None = None
        self._made_in = 0

    @property
    def namespace(self) -> str:
        """The namespace to work in."""
        return self.settings.namespace or self.sender.endpoint.namespace

    @property
    def server(self) -> str:
        """The API server's address."""
        return self.sender.endpoint.server

    @property
    def sender(self) -> Sender:
        """The connection.

        Raises
        ------
        NoCluster
            There is nothing to connect to.
        """
        with self._lock:
            # A forked child must not talk over its parent's connections, and has none of its
            # threads.
            if self._made is None or self._made_in != os.getpid():
                from netapp_jlab.k8s.sender import Sender

                self._made, self._made_in = Sender(self.settings), os.getpid()
            return self._made

    def close(self) -> None:
        """Close the idle connections. A later call connects anew."""
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None

    def subject(self, kind: Kind[T], name: str, *, identified: bool = False) -> Subject:
        """Return what a request is about."""
        namespace = self.namespace if kind.namespaced else ""
        return Subject(self.server, kind.kind, name, namespace, identified)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        repeatable: bool = True,
    ) -> Request:
        """Return a request; empty values in `query` are left out."""
        from netapp_jlab.k8s.transport import Request

        return Request(
            method,
            path,
            {key: value for key, value in (query or {}).items() if value != ""},
            None if body is None else msgspec.json.encode(body),
            content_type,
            repeatable,
        )

    def send(
        self,
        request: Request,
        subject: Subject,
        *,
        interrupt: Interrupt | None = None,
        longest: float = math.inf,
    ) -> bytes:
        """Send a request within the time limit, and return the body of its answer."""
        limit = min(self.settings.request_timeout, longest)
        interrupt = interrupt or Interrupt()
        return self.sender.send(request, subject, limit=limit, interrupt=interrupt).body

    def writable(self) -> None:
        """Check that changes are not switched off.

        Raises
        ------
        ReadOnly
            They are.
        """
        if self.settings.read_only:
            raise ReadOnly("Changes are switched off here.")
