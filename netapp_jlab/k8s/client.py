"""The API server, reduced to what the services need: typed, timed, with errors that explain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from netapp_jlab.errors import Forbidden, NotFound, Unsupported
from netapp_jlab.k8s import changes, decode, naming, waiting
from netapp_jlab.k8s.calls import Calls
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import Expired, Subject, no_kubernetes
from netapp_jlab.k8s.watching import Watch, server_side
from netapp_jlab.k8s.wire import Object, Wire

if TYPE_CHECKING:
    from netapp_jlab.k8s.transport import Stream

T = TypeVar("T", bound=Object)
R = TypeVar("R")

PAGE = 5000
"""Objects a page: 10,000 snapshots are 7 MB, two requests."""
MAX_PAGES = 200
WATCH_SLACK = 15.0
"""Seconds that the server may take to end a watch, beyond the time it was asked for."""

REVIEW_SECONDS = 5.0
"""A review is answered from the API server's memory; what waits for it need not wait long."""


@dataclass(frozen=True)
class Listing(Generic[T]):
    """All objects of a kind at one moment.

    Attributes
    ----------
    resource_version : str
        That moment: from where to watch on.
    """

    items: list[T]
    resource_version: str


class _Version(Wire, frozen=True):
    git_version: str


class _UserInfo(Wire, frozen=True):
    username: str = ""


class _ReviewStatus(Wire, frozen=True):
    user_info: _UserInfo


class _Review(Wire, frozen=True):
    status: _ReviewStatus


class Cluster(Calls):
    """One namespace of one API server; for any number of threads."""

    # --- Reading ---------------------------------------------------------------------------------

    def get(self, kind: Kind[T], name: str, *, interrupt: Interrupt | None = None) -> T:
        """Read one object.

        Raises
        ------
        NotFound
            There is none of this name.
        """
        request = self.request("GET", kind.path(self.namespace, name))
        body = self.send(request, self.subject(kind, name), interrupt=interrupt)
        return decode.one(kind, body, self.server)

    def list(
        self,
        kind: Kind[T],
        *,
        label_selector: str = "",
        field_selector: str = "",
        namespace: str | None = None,
        interrupt: Interrupt | None = None,
    ) -> Listing[T]:
        """Read all objects of a kind, page by page.

        Parameters
        ----------
        namespace : str | None
            None for the own one, empty for all.
        interrupt : Interrupt | None
            Stops it from another thread.
        """
        query: dict[str, str | int] = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
        }
        try:
            return self._pages(kind, {**query, "limit": PAGE}, namespace, interrupt)
        except Expired:
            # The pages took longer than the server keeps a moment (minutes): all in one.
            return self._pages(kind, query, namespace, interrupt)

    def watch(
        self,
        kind: Kind[T],
        *,
        resource_version: str,
        timeout: float,
        label_selector: str = "",
        field_selector: str = "",
        name: str = "",
        interrupt: Interrupt | None = None,
    ) -> Watch[T]:
        """Return the changes after `resource_version`.

        Parameters
        ----------
        timeout : float
            Seconds after which the server ends the watch.
        name : str
            Only this object.
        interrupt : Interrupt | None
            Stops it from another thread, as :meth:`Watch.close` does.
        """
        if name:
            field_selector = ",".join(filter(None, (f"metadata.name={name}", field_selector)))
        query: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": server_side(timeout),
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
        }
        subject = self.subject(kind, "")

        def connect(interrupt: Interrupt) -> Stream:
            request = self.request("GET", kind.path(self.namespace), query=query)
            limit = server_side(timeout) + WATCH_SLACK
            return self.sender.open(request, subject, limit=limit, interrupt=interrupt)

        return Watch(kind, subject, connect, interrupt or Interrupt())

    def wait(
        self,
        kind: Kind[T],
        name: str,
        ready: Callable[[T], bool],
        *,
        timeout: float,
        cancel: Callable[[], None] = lambda: None,
    ) -> T:
        """Wait until an object is as wanted, and return it.

        Works without the right to watch, a little slower. A broken connection is waited out.

        Parameters
        ----------
        ready : Callable[[T], bool]
            Called with each state of the object, in the calling thread; may raise to give up.
        timeout : float
            Seconds.
        cancel : Callable[[], None]
            Called some ten times a second; raises to give up.

        Raises
        ------
        Timeout
            Not within `timeout`.
        NotFound
            There is none of this name, or it was deleted meanwhile.
        """
        return waiting.wait(self, kind, name, ready, timeout=timeout, cancel=cancel)

    # --- Changing --------------------------------------------------------------------------------

    def create(self, kind: Kind[T], manifest: dict[str, Any], *, dry_run: bool = False) -> T:
        """Create an object.

        A connection that breaks after the request was sent leaves open whether the object was
        made. Where the manifest has the label :data:`naming.REQUEST_ID` that is found out: what
        bears the same id is what this call, or an earlier try of the same click, has made, and it
        is returned. Without the label the error says that it may have been created.

        Where users share a namespace, whose it is stands in the label :data:`naming.OWNER`.

        Raises
        ------
        AlreadyExists
            The name is taken by something else.
        QuotaExceeded
            A quota does not allow it.
        """
        if owner := self.settings.mover_owner:
            manifest["metadata"].setdefault("labels", {}).setdefault(naming.OWNER, owner)
        return changes.create(self, kind, manifest, dry_run=dry_run)

    def patch(
        self,
        kind: Kind[T],
        name: str,
        patch: dict[str, Any],
        *,
        resource_version: str = "",
        uid: str = "",
    ) -> T:
        """Change an object by a JSON merge patch (RFC 7386).

        Parameters
        ----------
        resource_version, uid : str
            Only if it still has these.

        Raises
        ------
        Changed
            It has others.
        NotFound
            There is none of this name.
        """
        return changes.patch(self, kind, name, patch, resource_version=resource_version, uid=uid)

    def delete(
        self, kind: Kind[T], name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        """Delete an object; finalizers may keep it for a while.

        Parameters
        ----------
        resource_version, uid : str
            Only if it still has these.

        Raises
        ------
        Changed
            It has others.
        NotFound
            There is none of this name.
        """
        changes.delete(self, kind, name, uid=uid, resource_version=resource_version)

    # --- About ourselves -------------------------------------------------------------------------

    def version(self) -> str:
        """Return the version of the API server: ``v1.36.1``."""
        body = self.send(self.request("GET", "/version"), Subject(self.server, "version"))
        return decode.plain(body, _Version, self.server).git_version

    def account(self) -> str:
        """Return who the API server takes us for; "" where it does not tell."""
        try:
            review = self.review("authentication.k8s.io", "SelfSubjectReview", {}, _Review)
        except (Forbidden, NotFound, Unsupported):  # older than 1.28, or switched off
            return ""
        return review.status.user_info.username

    def review(self, group: str, kind: str, spec: dict[str, Any], answer: type[R]) -> R:
        """Ask the API server about ourselves; a POST that changes nothing.

        Parameters
        ----------
        group, kind : str
            E.g. ``authorization.k8s.io`` and ``SelfSubjectAccessReview``.
        answer : type[R]
            Struct to decode the answer into.
        """
        body = {"apiVersion": f"{group}/v1", "kind": kind, **({"spec": spec} if spec else {})}
        request = self.request("POST", f"/apis/{group}/v1/{kind.lower()}s", body=body)
        sent = self.send(request, Subject(self.server, kind), longest=REVIEW_SECONDS)
        return decode.plain(sent, answer, self.server)

    def _pages(
        self,
        kind: Kind[T],
        query: dict[str, str | int],
        namespace: str | None,
        interrupt: Interrupt | None,
    ) -> Listing[T]:
        path = kind.path(self.namespace if namespace is None else namespace)
        subject = self.subject(kind, "")
        items: list[T] = []
        token = ""
        for _ in range(MAX_PAGES):
            request = self.request("GET", path, query={**query, "continue": token})
            page = decode.page(
                kind, self.send(request, subject, interrupt=interrupt), subject.server
            )
            items = [*items, *page.items] if items else page.items
            token = page.next
            if not token:
                return Listing(items, page.resource_version)
        raise no_kubernetes(f"{subject.server} sends {kind.kind}s without end")
