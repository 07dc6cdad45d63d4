"""What all handlers do alike: who may, what was sent, where the work runs, what goes back."""

from __future__ import annotations

import re
import traceback
from http.client import responses
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import uuid4

import msgspec
from jupyter_server.base.handlers import APIHandler
from tornado import web

from netapp_jlab import errors
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.models import ErrorBody, Model
from netapp_jlab.server import bodies
from netapp_jlab.server.errors import (
    RETRY_AFTER,
    Denied,
    Guest,
    LoginRequired,
    MethodNotAllowed,
    NotJson,
    TooLarge,
    body_of,
    status_of,
)
from netapp_jlab.server.routes import PARAMETERS, READS, ROUTES, Query, Route
from netapp_jlab.server.workers import Cancel

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from netapp_jlab.server.app import NetAppJLab
    from netapp_jlab.services.client import Client

T = TypeVar("T")
Q = TypeVar("Q", bound=Query)

AUTH_RESOURCE = "netapp-jlab"
"""What authorizers are asked for; the actions are ``read`` and ``write``."""

NOWHERE = Route("", {})

_CREDENTIAL = r"""(?ix)
    ( bearer\s+ | (?:token|authorization) ['"]? \s*[:=]\s* ['"]? (?:(?:basic|bearer|token)\s+)? )
    [^\s'",;&]+
"""
_encode = msgspec.json.Encoder().encode


class Handler(APIHandler):
    """Base of the handlers; each one serves a row of the table of routes."""

    auth_resource = AUTH_RESOURCE
    route: ClassVar[Route]

    def __init_subclass__(cls, *, path: str = "") -> None:
        """Bind the class to the route at `path`, which must have the verbs it implements."""
        super().__init_subclass__()
        cls.route = next((route for route in ROUTES if route.path == path), NOWHERE)
        verbs = {verb for verb in cls.SUPPORTED_METHODS if verb.lower() in vars(cls)}
        if verbs != set(cls.route.verbs):
            raise TypeError(f"{cls.__name__} serves {verbs}, the route {set(cls.route.verbs)}")

    def initialize(self, extension: NetAppJLab) -> None:
        """Keep what Tornado passes with the route."""
        self.extension = extension
        self.cancel = Cancel()
        self.incident = uuid4().hex[:8]

    # --- Before -----------------------------------------------------------------------------------

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse who may not, and what can not be, before the verb's own method runs."""
        # Looking is no activity: a panel that refreshes itself must not keep a server from culling.
        self._track_activity = self.request.method not in READS
        await super().prepare()
        self._refuse_strangers()
        self._check_body_size()
        for name, text in zip(self.route.parameters, self.path_args, strict=True):
            bodies.check(text, PARAMETERS[name], name)

    def _refuse_strangers(self) -> None:
        """Let in who is known; on a hub server, leave changes to the user it belongs to."""
        if self.request.method == "OPTIONS":  # a browser asks before it sends who it is
            return
        owner, user = self.extension.owner, self.current_user
        if user is None:
            raise LoginRequired("This needs a login.")
        if owner and user.username != owner and self.request.method not in READS:
            raise Guest(
                f"This server belongs to {owner}; guests can look, but not change anything."
            )

    def _check_body_size(self) -> None:
        size, limit = len(self.request.body), self.extension.max_body_bytes
        if size > limit:
            raise TooLarge(f"The body has {size} bytes, more than {limit}.")

    # --- What was sent ----------------------------------------------------------------------------

    def read(self, kind: type[T]) -> T:
        """Return the body as `kind`.

        Raises
        ------
        netapp_jlab.server.errors.NotJson
            The ``Content-Type`` is another one.
        netapp_jlab.errors.Invalid
            It is no such object.
        """
        sent = self.request.headers.get("Content-Type", "")
        if sent.partition(";")[0].strip().lower() != "application/json":
            raise NotJson(f"The body's Content-Type is {sent!r}.")
        return bodies.decode(self.request.body, kind)

    def query(self, kind: type[Q]) -> Q:
        """Return the query parameters as `kind`.

        Raises
        ------
        netapp_jlab.errors.Invalid
            One is unknown, given twice, or of a wrong type.
        """
        try:
            sent = {name: self.get_query_arguments(name) for name in self.request.query_arguments}
        except web.HTTPError as error:
            raise errors.Invalid("The query is no UTF-8 text.") from error
        return bodies.convert(sent, kind)

    # --- The work ---------------------------------------------------------------------------------

    async def offload(self, work: Callable[[Client], T]) -> T:
        """Return what `work` returns for the core's client, in a thread and within the time limit.

        The first call of all makes the client.
        """
        return await self.extension.runtime.call(work, self.cancel)

    async def offload_walk(self, work: Callable[[Client], T]) -> T:
        """Do the same for work that walks through files; pass it :attr:`cancel` to be stopped."""
        return await self.extension.runtime.walk(work, self.cancel)

    async def offload_reading(self, work: Callable[[Client], T]) -> T:
        """Do the same for work that reads files of a snapshot."""
        return await self.extension.runtime.read(work, self.cancel)

    def on_connection_close(self) -> None:
        """Stop looking for an answer that nobody waits for; changes are carried out."""
        self.cancel.set()
        super().on_connection_close()

    # --- What goes back ---------------------------------------------------------------------------

    def reply(self, status: int, model: Model | None = None) -> None:
        """Answer with `model` as JSON. Tornado adds an ``ETag`` and answers ``If-None-Match``."""
        self.set_status(status)
        self.finish(None if model is None else _encode(model))

    def set_default_headers(self) -> None:
        """Keep answers out of caches; whoever wants to reuse one compares its ``ETag``."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with an :class:`~netapp_jlab.models.ErrorBody`."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, NetAppJLabError):
            status_code, body = status_of(type(error)), body_of(error)
        elif isinstance(error, web.HTTPError) and status_code < 500:
            body = body_of(self._translated(error))
        else:
            body = ErrorBody(
                message="Something went wrong in this server.",
                reason="InternalError",
                hint=f"Its log says what, under {self.incident}.",
            )
        self.set_status(status_code)
        if status_code == 503:
            self.set_header("Retry-After", str(RETRY_AFTER))
        if status_code == 405:
            self.set_header("Allow", ", ".join([*self.route.verbs, "OPTIONS"]))
        self.finish(_encode(body))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what was not foreseen with its traceback, all else in one line, tokens never."""
        where = f"{self.request.method} {self.request.path}"
        if isinstance(value, NetAppJLabError):
            self.log.info("%s: %s: %s", where, value.reason, value.message)
        elif isinstance(value, web.HTTPError):
            self.log.info("%s: %s", where, value)
        else:
            trace = "".join(traceback.format_exception(typ, value, tb))
            text = re.sub(_CREDENTIAL, r"\1[secret]", trace)
            self.log.error("%s failed unexpectedly (%s)\n%s", where, self.incident, text)

    def _translated(self, error: web.HTTPError) -> NetAppJLabError:
        """Return our error for one that Tornado or the Jupyter server raised."""
        status = error.status_code
        text = error.log_message % error.args if error.log_message else ""
        if status == 403:
            if self.current_user is None:
                return LoginRequired("This needs a login.")
            return Denied(text or "The Jupyter server does not allow this.")
        if status == 404:
            return errors.NotFound(text or f"There is nothing at {self.request.path}.")
        if status == 405:
            return MethodNotAllowed(f"{self.request.path} does not take {self.request.method}.")
        return errors.Invalid(text or responses.get(status, "Unknown error"))
