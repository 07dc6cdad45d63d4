"""Sends a request until there is an answer that counts, or its time is over.

What may be sent again:

- everything that the API server did not get (refused, no such host, no TLS), and what it refused
  unseen: 429, and 503 with ``Retry-After``;
- *repeatable* requests (reads, deletes by uid, merge patches without a version) also when the
  connection broke half way, or 500, 502, 503 or 504 came back.

Whether a request that is not repeatable was carried out when the connection broke nobody knows:
:class:`Ambiguous` tells the caller, who can look (:meth:`netapp_jlab.k8s.client.Cluster.create`).
"""

from __future__ import annotations

import threading
import time

from netapp_jlab.config import Settings
from netapp_jlab.errors import NetAppJLabError, Timeout
from netapp_jlab.k8s import configuration, failures
from netapp_jlab.k8s.configuration import Endpoint
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.refusals import Subject, refusal
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.status import parse, retry_after
from netapp_jlab.k8s.transport import Answer, Failed, Request, Stream, Transport

TRIES = 5
_RELOAD_PAUSE = 10.0
_UNSURE = frozenset({500, 502, 503, 504})


class Ambiguous(Exception):
    """The request may have been carried out, or not.

    Attributes
    ----------
    error : NetAppJLabError
        Why there is no answer.
    """

    def __init__(self, error: NetAppJLabError) -> None:
        super().__init__(error.message)
        self.error = error


class Sender:
    """One API server, found anew where it no longer takes the token.

    Parameters
    ----------
    settings : Settings
        Where to look for it.

    Raises
    ------
    NoCluster
        There is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._transport = Transport(configuration.load(settings))
        self._reloaded = time.monotonic()

    @property
    def endpoint(self) -> Endpoint:
        """The API server in use."""
        return self._transport.endpoint

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def send(
        self, request: Request, subject: Subject, *, limit: float, interrupt: Interrupt
    ) -> Answer:
        """Send a request and return the answer, which is no error.

        Parameters
        ----------
        limit : float
            Seconds for everything, the pauses included.

        Raises
        ------
        Ambiguous
            Only if `request` is not repeatable.
        NetAppJLabError
            What the answer means, or why there is none.
        """
        until = time.monotonic() + limit
        backoff = Backoff()
        before: NetAppJLabError | None = None
        for tries_left in reversed(range(TRIES)):
            pause = backoff.next()
            try:
                answer = self._once(request, until - time.monotonic(), interrupt)
            except Failed as failed:
                error, again = failed.error, not failed.lasting
                if failed.sent and not request.repeatable:
                    raise Ambiguous(error) from failed
            else:
                if answer.status < 300:
                    return answer
                error = refusal(answer.status, answer.body, subject)
                unseen = _unseen(answer)
                if answer.status in _UNSURE and not unseen and not request.repeatable:
                    raise Ambiguous(error)
                again, pause = unseen or answer.status in _UNSURE, _told(answer, pause)
            # That the time is over tells less than what went wrong before.
            error = before if before is not None and isinstance(error, Timeout) else error
            if not tries_left or not again or time.monotonic() + pause >= until:
                raise error
            before = error
            interrupt.sleep(pause)
        raise AssertionError  # the last try returned or raised

    def open(
        self, request: Request, subject: Subject, *, limit: float, interrupt: Interrupt
    ) -> Stream:
        """Send a request once and return the answer unread, which is no error.

        Raises
        ------
        NetAppJLabError
            What the answer means, or why there is none.
        """
        try:
            stream = self._open(request, limit, interrupt)
            if stream.status < 300:
                return stream
            try:
                body = stream.read()
            finally:
                stream.close()
        except Failed as failed:
            raise failed.error from failed
        raise refusal(stream.status, body, subject)

    def _once(self, request: Request, limit: float, interrupt: Interrupt) -> Answer:
        if limit <= 0:
            raise Failed(failures.late(self._transport.server), sent=False)
        stream = self._open(request, limit, interrupt)
        whole = False
        try:
            answer = Answer(stream.status, stream.headers, stream.read())
            whole = True
        finally:
            stream.close(reuse=whole)
        return answer

    def _open(self, request: Request, limit: float, interrupt: Interrupt) -> Stream:
        """Send; once more where the token was refused and there is another one by now."""
        transport = self._transport
        shown = transport.endpoint.headers()
        stream = transport.open(request, shown, limit=limit, interrupt=interrupt)
        if stream.status != 401 or not self._renewed(shown):
            return stream
        stream.close()
        transport = self._transport
        renewed = transport.endpoint.headers()
        return transport.open(request, renewed, limit=limit, interrupt=interrupt)

    def _renewed(self, shown: dict[str, str]) -> bool:
        """Read the configuration anew; whether it has other credentials than those `shown`."""
        with self._lock:
            if self._transport.endpoint.headers() != shown:
                return True
            if time.monotonic() - self._reloaded < _RELOAD_PAUSE:
                return False
            self._reloaded = time.monotonic()
            endpoint = configuration.load(self._settings)
            if endpoint.headers() == shown and endpoint.server == self._transport.server:
                return False
            old, self._transport = self._transport, Transport(endpoint)
            old.close()
            return True


def _unseen(answer: Answer) -> bool:
    """Whether the API server refused before it did anything."""
    if answer.status == 503:
        return retry_after(answer.headers, parse(answer.body)) is not None
    return answer.status == 429 or (answer.status == 409 and _quota_conflict(answer.body))


def _told(answer: Answer, pause: float) -> float:
    """Return how long to wait: what the answer says, else `pause`."""
    told = retry_after(answer.headers, parse(answer.body))
    return pause if told is None else told


def _quota_conflict(body: bytes) -> bool:
    """Whether two creations got in each other's way while a quota was counted; nothing was made."""
    status = parse(body)
    return (
        status is not None
        and status.reason == "Conflict"
        and status.details is not None
        and status.details.kind == "resourcequotas"
    )
