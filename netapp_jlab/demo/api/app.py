"""Puts the parts of the API server together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tornado.web import Application

from .auth.escalation import EscalationCheck
from .auth.rbac import Authorizer
from .auth.reviews import Reviews
from .http import discovery, plain
from .http.base import FAULTS_PATH, Services
from .http.resources import ResourceHandler

if TYPE_CHECKING:
    from .auth.authenticator import Authenticator
    from .faults import Faults
    from .store import Store

_GROUP = r"([a-z0-9.-]+\.[a-z0-9.-]+|[a-z]+)"


def make_app(
    store: Store,
    faults: Faults,
    authenticator: Authenticator,
    *,
    workers: int = 8,
    bookmark_every: float = 60.0,
) -> Application:
    """Return the application that serves a store.

    Parameters
    ----------
    store : Store
        The objects. Its admission gets one more hook: nobody may grant what they do not have.
    faults : Faults
        What the server is to do wrong.
    authenticator : Authenticator
        Knows who is who.
    workers : int
        Threads for everything that touches the store.
    bookmark_every : float
        Seconds between the bookmarks of a watch.
    """
    authorizer = Authorizer(store)
    store.admission.append(EscalationCheck(authorizer))
    services = Services(
        store=store,
        faults=faults,
        authenticator=authenticator,
        authorizer=authorizer,
        reviews=Reviews(authenticator, authorizer),
        executor=ThreadPoolExecutor(workers, thread_name_prefix="api"),
        bookmark_every=bookmark_every,
    )
    routes: list[tuple[str, Any]] = [
        (r"/", plain.PathsHandler),
        (r"/version/?", plain.VersionHandler),
        (r"/(healthz|livez|readyz)(?:/.*)?", plain.HealthHandler),
        (r"/openapi/v3/?", plain.OpenApi3IndexHandler),
        (r"/openapi/v3/(.+)", plain.OpenApi3Handler),
        (r"/openapi/v2", plain.OpenApi2Handler),
        (FAULTS_PATH, plain.FaultsHandler),
        (r"/api/?", discovery.CoreHandler),
        (r"/apis/?", discovery.GroupsHandler),
        (r"/api/v1/?", discovery.GroupVersionHandler),
        (rf"/apis/{_GROUP}/?", discovery.GroupHandler),
        (rf"/apis/{_GROUP}/(v[a-z0-9]+)/?", discovery.GroupVersionHandler),
        (r"/api/v1/.+", ResourceHandler),
        (rf"/apis/{_GROUP}/v[a-z0-9]+/.+", ResourceHandler),
    ]
    return Application(
        [(path, handler, {"services": services}) for path, handler in routes],
        default_handler_class=plain.NotFoundHandler,
        default_handler_args={"services": services},
        log_function=_log_nothing,
        services=services,
    )


def _log_nothing(handler: object) -> None:
    """Keep the terminal quiet: a demo's every poll is not news."""
