"""Keeps a copy of all objects of a kind up to date: lists once, then watches.

The protocol is https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
A watch that ends is taken up where it was; where that is too long ago (410) everything is listed
anew, and the differences are told as if they had been watched.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Generic, TypeVar

from netapp_jlab.errors import Cancelled, Forbidden, NetAppJLabError, Timeout, Unreachable
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import Expired
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.store import Action, Change, Store
from netapp_jlab.k8s.wire import Object

log = logging.getLogger(__name__)
T = TypeVar("T", bound=Object)

WATCH_SECONDS = (240.0, 300.0)
"""How long a watch lasts. Random, so that many servers do not come back in the same second."""
SHORT_WATCH = 1.0
"""A watch that ends sooner, without any event, is a server's fault: not asked again at once."""
FORBIDDEN_PAUSE = 60.0
"""Seconds until rights that are missing are tried again; an administrator may have granted them."""
TICK = 0.05


class Informer(Generic[T]):
    """A copy of all objects of one kind in the cluster's namespace.

    Parameters
    ----------
    cluster : Cluster
        Where to read.
    kind : Kind[T]
        What to follow.
    on_event : Callable[[Action, T], None] | None
        Called in the informer's thread with each change, after the copy has it. What it raises is
        logged, and goes no further.
    on_state : Callable[[bool], None] | None
        Called likewise when the copy begins to lag behind (False) or is followed again (True).
    backoff : Backoff | None
        Pauses between attempts while the API server is out of reach.
    """

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind[T],
        on_event: Callable[[Action, T], None] | None = None,
        *,
        on_state: Callable[[bool], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._on_event = on_event
        self._on_state = on_state
        self._live: bool | None = True
        self._backoff = backoff or Backoff(first=0.2, longest=15.0)
        self._store: Store[T] = Store()
        self._interrupt = Interrupt()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._version = ""
        self._synced = False
        self._stale_since: datetime | None = None
        self._error: NetAppJLabError | None = None

    # --- For others ------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread; once."""
        if self._thread is None:
            name = f"netapp-jlab-informer-{self._kind.plural}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Stop the thread, whatever it waits for, and wait `timeout` seconds for its end."""
        self._interrupt.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def wait_synced(self, timeout: float, cancel: Callable[[], None] = lambda: None) -> None:
        """Wait until the copy is complete.

        Parameters
        ----------
        timeout : float
            Seconds.
        cancel : Callable[[], None]
            Called again and again; raises to give up.

        Raises
        ------
        Timeout
            Not within `timeout`.
        Cancelled
            The informer was stopped.
        NetAppJLabError
            Why it does not work now; it is tried again in the background.
        """
        until = time.monotonic() + timeout
        with self._changed:
            while not self._synced:
                cancel()
                if self._interrupt.is_set():
                    raise Cancelled("The informer was stopped.")
                if (error := self._error) is not None:
                    # A new one each time: an exception keeps the frames it was raised through.
                    raise type(error)(error.message, hint=error.hint)
                left = until - time.monotonic()
                if left <= 0:
                    text = f"The {self._kind.kind}s could not be read within {timeout:g} s."
                    raise Timeout(text)
                self._changed.wait(min(TICK, left))

    def items(self) -> Mapping[str, T]:
        """Return all objects by name, as they are now; cheap, and never changes."""
        return self._store.view()

    def get(self, name: str) -> T | None:
        """Return one object, or None."""
        return self._store.get(name)

    @property
    def synced(self) -> bool:
        """Whether the copy was complete once and can be kept up to date."""
        return self._synced

    @property
    def stale_since(self) -> datetime | None:
        """Since when the copy may lag behind; None while it is followed."""
        return self._stale_since

    @property
    def error(self) -> NetAppJLabError | None:
        """Why it is not followed at present; None while it is."""
        return self._error

    # --- The thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                pause = self._follow()
            except Cancelled:
                return
            except Expired:
                self._version, pause = "", self._backoff.next()
            except Forbidden as error:
                # Allowed to list but not to watch, as with NetApp's role: list now and then.
                self._lost(error, synced=False)
                self._version, pause = "", FORBIDDEN_PAUSE
            except NetAppJLabError as error:
                self._lost(error, synced=self._synced)
                pause = self._backoff.next()
            except Exception as error:
                # A mistake of ours must not leave the panel showing old things for ever.
                log.exception("The informer of %s failed", self._kind.plural)
                self._lost(NetAppJLabError(f"Internal error: {error}"), synced=self._synced)
                pause = self._backoff.next()
            try:
                self._interrupt.sleep(pause)
            except Cancelled:
                return

    def _follow(self) -> float:
        """List if needed, then watch until the watch ends; return the pause before the next."""
        if not self._version:
            listing = self._cluster.list(self._kind, interrupt=self._interrupt)
            self._tell(self._store.replace(listing.items, listing.resource_version))
            self._version = listing.resource_version
            self._found()
        watch = self._cluster.watch(
            self._kind,
            resource_version=self._version,
            timeout=random.uniform(*WATCH_SECONDS),  # noqa: S311
            interrupt=self._interrupt,
        )
        began, told = time.monotonic(), False
        try:
            with watch:
                watch.open()
                self._found()
                self._announce(live=True)
                for event in watch:
                    told = True
                    self._tell(self._store.apply(event))
                    self._version = event.resource_version or self._version
        except (Unreachable, Timeout):
            # Proxies cut idle connections: no trouble yet, unless the next watch fails as well.
            if not told and time.monotonic() - began < SHORT_WATCH:
                raise
            self._doubt()
        if told or time.monotonic() - began >= SHORT_WATCH:
            self._backoff.reset()
            return 0.0
        return self._backoff.next()

    def _tell(self, changes: Iterable[Change[T]]) -> None:
        for action, one in changes:
            if self._on_event is not None:
                self._call(self._on_event, action, one)

    def _announce(self, *, live: bool) -> None:
        if self._on_state is not None and live is not self._live:
            self._call(self._on_state, live)
        self._live = live

    def _call(self, listener: Callable[..., None], *what: object) -> None:
        try:
            listener(*what)
        except Exception:
            # A listener's mistake is its own: the others go on, and so does the copy.
            log.exception("A listener of %s failed", self._kind.plural)

    def _found(self) -> None:
        with self._changed:
            self._synced = True
            self._stale_since = None
            self._error = None
            self._changed.notify_all()

    def _doubt(self) -> None:
        with self._changed:
            self._stale_since = self._stale_since or datetime.now(timezone.utc)
        self._live = None  # who has looked meanwhile saw it as stale: tell when it no longer is

    def _lost(self, error: NetAppJLabError, *, synced: bool) -> None:
        with self._changed:
            self._synced = synced
            self._error = error
            self._stale_since = self._stale_since or datetime.now(timezone.utc)
            self._changed.notify_all()
        if self._live is not False:
            log.warning("The %s are not followed now: %s", self._kind.plural, error.message)
        self._announce(live=False)
