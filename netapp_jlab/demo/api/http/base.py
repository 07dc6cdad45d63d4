"""What every handler does: find out who asks, misbehave if told to, check rights, answer."""

from __future__ import annotations

import asyncio
import gzip
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from tornado.web import HTTPError, RequestHandler

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.auth.authenticator import impersonate
from netapp_jlab.demo.api.auth.rbac import forbidden
from netapp_jlab.demo.api.errors import ApiError

from . import targets

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from netapp_jlab.demo.api.auth.authenticator import Authenticator
    from netapp_jlab.demo.api.auth.rbac import Authorizer
    from netapp_jlab.demo.api.auth.reviews import Reviews
    from netapp_jlab.demo.api.auth.users import User
    from netapp_jlab.demo.api.faults import AnswerFault, Faults
    from netapp_jlab.demo.api.options import WriteOptions
    from netapp_jlab.demo.api.store import Store

T = TypeVar("T")

#: Shorter answers are not worth compressing (a real server has the same limit).
_GZIP_FROM = 128 * 1024
_PRETTY_AGENTS = ("curl", "Wget", "Mozilla/5.0")
FAULTS_PATH = "/demo/faults"


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the handlers work with.

    Attributes
    ----------
    executor : Executor
        The threads that the store is called in, so that the event loop never waits for a disk.
    bookmark_every : float
        Seconds between bookmarks of a watch.
    busy : set[ApiHandler]
        The requests that are not answered in full yet.
    """

    store: Store
    faults: Faults
    authenticator: Authenticator
    authorizer: Authorizer
    reviews: Reviews
    executor: Executor
    bookmark_every: float
    busy: set[ApiHandler] = field(default_factory=set)


class ApiHandler(RequestHandler):
    """Authentication, faults, authorization and answers; methods are for the subclasses."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

    def initialize(self, services: Services) -> None:
        """Take what the application gives to every handler."""
        self.services = services
        self.gone = asyncio.Event()
        self.fault: AnswerFault | None = None
        self.writing: WriteOptions | None = None

    def set_default_headers(self) -> None:
        """Say what every answer says."""
        self.set_header("Audit-Id", str(uuid.uuid4()))
        self.set_header("Cache-Control", "no-cache, private")
        self.set_header("Content-Type", "application/json")
        self.clear_header("Server")

    async def prepare(self) -> None:
        """Find out who asks and for what, misbehave if told to, and check rights."""
        self.services.busy.add(self)
        arguments = self.request.query_arguments
        self.query = {
            name: values[0].decode(errors="replace") for name, values in arguments.items() if values
        }
        path = self.request.path
        self.target = targets.parse(self.request.method or "GET", path, self.query)
        services, headers = self.services, self.request.headers
        user = services.authenticator.authenticate(headers.get("Authorization"))
        self.user: User = impersonate(user, headers, services.authorizer)
        if path != FAULTS_PATH:
            resource = self.target.resource or path
            self.fault = services.faults.strike(self.target.verb, resource, self.user.name)
            await self._misbehave()
        if self._finished:
            return
        attributes = self.target.attributes
        decision = services.authorizer.decide(self.user, attributes)
        if not decision.allowed:
            raise forbidden(self.user, attributes, decision.reason)

    async def offload(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call something that may wait for a disk or take its time, in a worker thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.services.executor, lambda: function(*args, **kwargs))

    def on_connection_close(self) -> None:
        """Note that the client has gone."""
        self.gone.set()
        self.services.busy.discard(self)

    def on_finish(self) -> None:
        """Note that all has been said."""
        self.services.busy.discard(self)

    async def sleep(self, seconds: float) -> bool:
        """Wait, but not longer than the client does; say whether it is still there."""
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return True
        return False

    async def _misbehave(self) -> None:
        fault = self.fault
        if fault is None:
            return
        if fault.delay:
            await self.sleep(fault.delay)
        if fault.effect == "hang":
            await self.gone.wait()
        if fault.effect in ("hang", "close"):
            self.drop()
        elif fault.effect == "html":
            self._answer_html(fault.code)
        elif fault.effect == "status":
            raise _status_fault(fault)
        elif fault.effect == "expire" and self.target.verb != "watch":
            raise errors.expired("The resourceVersion for the provided list is too old.")

    async def reply_no_page(self) -> None:
        """Answer that nothing at all is served there."""
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        await self.finish("404 page not found\n")

    def drop(self) -> None:
        """Close the connection without (further) answer."""
        self.services.busy.discard(self)
        self.detach().close()

    def _answer_html(self, code: int) -> None:
        self.set_status(code)
        self.set_header("Content-Type", "text/html")
        page = f"<html><head><title>{code}</title></head><body><h1>{code}</h1></body></html>"
        self.finish(page)

    async def reply(self, body: Any, status: int = 200) -> None:
        """Answer with JSON: something to encode, or bytes that already are."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.set_status(status)
        self._warn()
        if self._pretty():
            raw = msgspec.json.format(raw, indent=2) + b"\n"
        accepts_gzip = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if accepts_gzip and len(raw) > _GZIP_FROM:
            raw = await self.offload(gzip.compress, raw, 1)
            self.set_header("Content-Encoding", "gzip")
            self.set_header("Vary", "Accept-Encoding")
        await self.finish(raw)

    def _pretty(self) -> bool:
        asked = self.query.get("pretty") if hasattr(self, "query") else None
        if asked is not None:
            return asked.lower() not in ("0", "false")
        agent = self.request.headers.get("User-Agent", "")
        return agent.startswith(_PRETTY_AGENTS)

    def _warn(self) -> None:
        """Add the ``Warning`` headers of a write, whether it went well or not."""
        for text in dict.fromkeys(self.writing.warnings if self.writing else ()):
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            self.add_header("Warning", f'299 - "{quoted}"')

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an exception with a ``Status``."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, ApiError):
            error = _other_error(status_code, error)
        self.set_status(error.code)
        self._warn()
        self.set_header("Content-Type", "application/json")
        if error.retry_after:
            self.set_header("Retry-After", str(error.retry_after))
        raw = msgspec.json.encode(error.status())
        self.finish(msgspec.json.format(raw, indent=2) + b"\n" if self._pretty() else raw)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Keep refusals out of the log: they are answers, not accidents."""
        if not isinstance(value, ApiError):
            super().log_exception(typ, value, tb)

    def _handle_request_exception(self, e: BaseException) -> None:
        # tornado logs an ApiError as an uncaught exception with status 500 unless it is told
        if isinstance(e, ApiError) and not self._finished:
            self.send_error(e.code, exc_info=(type(e), e, e.__traceback__))
        else:
            super()._handle_request_exception(e)


def _status_fault(fault: AnswerFault) -> ApiError:
    texts = {
        429: ("TooManyRequests", "too many requests, please try again later"),
        500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
        503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504: ("Timeout", "Timeout: request did not complete within requested timeout"),
    }
    reason, message = texts.get(fault.code, ("", f"status {fault.code} was ordered"))
    seconds = fault.retry_after if fault.code in (429, 503) else 0
    return ApiError(fault.code, reason, message, {"retryAfterSeconds": seconds} if seconds else {})


def _other_error(status_code: int, error: BaseException | None) -> ApiError:
    if status_code == 405:
        return errors.method_not_allowed()
    if isinstance(error, HTTPError):
        return ApiError(status_code, error.reason or "BadRequest", str(error.log_message or error))
    return errors.internal(f"{type(error).__name__}: {error}")
