"""Helper pods of this process: started when they are needed, used again, removed when idle.

A helper that restores is named after the operation, so whoever takes that up finds it. One that is
only looked through is named after the snapshot, so all of a user's processes share it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from netapp_jlab.errors import (
    Invalid,
    NetAppJLabError,
    NotFound,
    Refused,
    Unreachable,
    Upstream,
)
from netapp_jlab.k8s import exec as execs
from netapp_jlab.k8s import helper_manifests, helpers
from netapp_jlab.k8s.access import Access
from netapp_jlab.models import Permission
from netapp_jlab.mover import wire
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.leftovers import STATUS_SECONDS, Leftovers
from netapp_jlab.services.making import Maker, Wanted
from netapp_jlab.services.places import Check, Told
from netapp_jlab.services.sources import Sources
from netapp_jlab.services.talks import Broken, Channel, Refusal, Talks, limit
from netapp_jlab.services.templates import NO_IMAGE, NO_IMAGE_HINT, Templates

log = logging.getLogger(__name__)
TRIES = 5
"""Connections that may break one after the other before giving up."""
CONNECT_SECONDS = 30.0
STOP_SECONDS = 20.0
"""For a restore to come to a point where it can stop; after that its pod is deleted."""
_NEEDED = (  # watching pods only makes it quicker
    ("get", "pods"),
    ("list", "pods"),
    ("create", "pods"),
    ("create", "pods/exec"),
    ("get", "pods/exec"),
    ("create", "persistentvolumeclaims"),
    ("delete", "pods"),
    ("delete", "persistentvolumeclaims"),
)


@dataclass
class Helper:
    """A helper pod that runs, and the connections to it.

    Attributes
    ----------
    used : float
        When it was, on the monotonic clock.
    in_use : int
        Requests under way.
    """

    wanted: Wanted
    pod: helpers.Pod
    talks: Talks
    used: float = field(default_factory=time.monotonic)
    in_use: int = 0


class Movers:
    """Starts, finds, asks and removes helper pods; for any number of threads.

    Parameters
    ----------
    catalog, sources, access : Catalog, Sources, Access
        What is known and allowed.
    """

    def __init__(self, catalog: Catalog, sources: Sources, access: Access) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._settings = catalog.settings
        self._access = access
        self._templates = Templates(catalog)
        self._maker = Maker(catalog, sources, self._templates)
        self._leftovers = Leftovers(self._cluster, self._maker, self._connect)
        self._lock = threading.Lock()
        self._running: dict[str, Helper] = {}
        self._single: dict[str, threading.Lock] = {}

    # --- May it be, and what is it called --------------------------------------------------------

    def may(self) -> Permission:
        """Whether helper pods can be used here."""
        if not self._settings.mover_enabled:
            return _no("Helper pods are switched off here.", "NetAppJLab.mover_enabled is off.")
        if self._settings.read_only:
            return _no("Changes are switched off here.", "NetAppJLab.read_only is set.")
        for verb, resource in _NEEDED:
            if not self._access.allowed(verb, resource):
                return _no(
                    f"Your account may not {verb} {resource}.",
                    "An administrator can grant it with rbac/tiers/mover.",
                )
        if not self._templates.has_image():
            return _no(NO_IMAGE, NO_IMAGE_HINT)
        return Permission(allowed=True)

    def owner(self) -> str:
        """Return whose the helpers of this process are."""
        return self._templates.owner()

    def name(self, key: str) -> str:
        """Return the name of the pod for a restore's token, or for a snapshot's uid."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:10]
        return f"mover-{self.owner()}-{digest}"

    # --- Asking ----------------------------------------------------------------------------------

    def start(self, wanted: Wanted, *, cancel: Check, on_step: Told = lambda _: None) -> Helper:
        """Return a helper that runs, starting it where it is needed.

        Raises
        ------
        Refused, QuotaExceeded, Forbidden
            It can not start; the message says why.
        Cancelled
            `cancel` said so. What was begun goes on, for who asks next.
        """
        known = self._running.get(wanted.name)
        if known is not None:
            return known
        with self._one_at_a_time(wanted.name, cancel):
            known = self._running.get(wanted.name)
            if known is not None:
                return known
            pod = self._maker.make(wanted, cancel=cancel, on_step=on_step)
            helper = Helper(wanted, pod, Talks(lambda: self._connect(pod)))
            self._greet(helper, cancel)
            self._running[wanted.name] = helper
            return helper

    def ask(
        self,
        wanted: Wanted,
        do: str,
        *,
        cancel: Check,
        on_part: Callable[[Any], object] = lambda _: None,
        **fields: Any,
    ) -> Any:
        """Ask a helper, starting it where it is needed, and again where it is gone meanwhile.

        Raises
        ------
        Refusal
            The answer is an error.
        Unreachable
            The connection breaks again and again.
        NetAppJLabError
            As :meth:`start`.
        """
        broken = 0

        def part(value: Any) -> None:
            nonlocal broken
            broken = 0
            on_part(value)

        while True:
            helper = self.start(wanted, cancel=cancel)
            try:
                with self._using(helper):
                    return self._answer(helper, do, cancel=cancel, on_part=part, **fields)
            except Broken as error:
                broken += 1
                log.info("The connection to the helper %s broke: %s", wanted.name, error)
                if self._is_gone(helper.pod):
                    self._forget(helper)
                if broken >= TRIES:
                    raise Unreachable(
                        f"The connection to the helper pod “{wanted.name}” breaks again and again: "
                        f"{error}."
                    ) from error
                _pause(0.2 * broken, cancel)

    def _answer(self, helper: Helper, do: str, **fields: Any) -> Any:
        try:
            return helper.talks.ask(do, **fields)
        except Refusal as refusal:
            # Of a pod that is deleted by force, the volumes may go before its last process does.
            if refusal.kind == "TreeUnavailable" and self._is_gone(helper.pod):
                raise Broken(f"{refusal}") from refusal
            raise

    def _connect(self, pod: helpers.Pod) -> Channel:
        command = helper_manifests.attach_command(pod.spec.containers[0].command[0])
        try:
            return execs.run(
                self._cluster,
                pod.metadata.name,
                command,
                container=helper_manifests.CONTAINER,
                limit=CONNECT_SECONDS,
            )
        except (NotFound, Invalid, Upstream) as error:
            # Also for a token that has expired: reading the pod renews it.
            gone = self._is_gone(pod)
            raise Broken("it has ended" if gone else error.message) from error

    def _greet(self, helper: Helper, cancel: Check) -> None:
        """Make sure that the mover speaks as we do."""
        for attempt in range(TRIES):
            try:
                hello = helper.talks.ask("hello", cancel=cancel)
            except Broken as error:
                if self._is_gone(helper.pod) or attempt == TRIES - 1:
                    raise Refused(
                        f"The helper pod “{helper.wanted.name}” can not be talked to: {error}.",
                        hint="Try again.",
                    ) from error
                _pause(0.2 * (attempt + 1), cancel)
            else:
                break
        if hello.get("protocol") != wire.PROTOCOL:
            self._maker.remove(helper.pod)
            raise Refused(
                f"The helper pod runs netapp_jlab {hello.get('version')}, which this one can not "
                "talk to.",
                hint="Set NetAppJLab.mover_image to an image with the same version.",
            )

    # --- Removing --------------------------------------------------------------------------------

    def stop(self, name: str, token: str) -> None:
        """End a restore, and wait until it has ended; the helper goes with it.

        Raises
        ------
        NetAppJLabError
            It may still run.
        """
        helper = self._running.get(name)
        if helper is not None:
            with suppress(Broken, Refusal):
                helper.talks.ask("cancel", cancel=limit(STOP_SECONDS), token=token)
                self.remove(name)
                return
            self._forget(helper)
        pod = self._maker.find(name)
        if pod is not None:
            self._maker.remove_and_wait(pod, lambda: None)

    def remove(self, name: str) -> None:
        """Remove a helper and its copies of snapshots; does not wait until they are gone."""
        helper = self._running.get(name)
        if helper is not None:
            self._forget(helper)
        pod = helper.pod if helper is not None else self._maker.find(name)
        if pod is not None:
            self._maker.remove(pod)

    def known(self, name: str) -> Wanted | None:
        """Return what a helper of this process that runs mounts; None where there is none."""
        helper = self._running.get(name)
        return helper.wanted if helper is not None else None

    def is_there(self, name: str) -> bool:
        """Whether a helper of this name exists and has not ended."""
        pod = self._maker.find(name)
        return pod is not None and not pod.going

    def tidy(self) -> None:
        """Remove those that nobody has used for a while, of those this process knows."""
        idle = self._settings.mover_idle_minutes * 60
        for helper in list(self._running.values()):
            if helper.in_use or time.monotonic() - helper.used < idle:
                continue
            unused = self._unused(helper)
            if unused is not None and unused < idle:  # another process uses it
                helper.used = time.monotonic() - unused
            else:
                self.remove(helper.wanted.name)

    def sweep(self) -> None:
        """Remove what others of the same owner have left behind: after a crash, for example."""
        if self._settings.mover_enabled and self._access.allowed("delete", "pods"):
            self._leftovers.sweep(self.owner(), ours=self._running)

    def close(self) -> None:
        """End the connections, and remove helpers that nobody else will remove.

        One that belongs to the user's own pod stays for the user's next command: it ends by itself
        when it is idle, and goes with that pod at the latest.
        """
        for helper in list(self._running.values()):
            stays = helper.wanted.lasting or bool(helper.pod.metadata.owner_references)
            try:
                if not stays and not self._others_use(helper):
                    self.remove(helper.wanted.name)
            except NetAppJLabError as error:
                log.info("A helper is left for others to remove: %s", error.message)
            self._forget(helper)

    @staticmethod
    def _others_use(helper: Helper) -> bool:
        """Whether other processes are connected to a helper."""
        try:
            status = helper.talks.ask("status", cancel=limit(1.0), token="")
            return int(status["connections"]) > helper.talks.open
        except (Broken, Refusal, KeyError, TypeError, ValueError):
            return False

    def _unused(self, helper: Helper) -> float | None:
        """Return for how long nobody has used a helper; None where it does not answer."""
        try:
            status = helper.talks.ask("status", cancel=limit(STATUS_SECONDS), token="")
            return 0.0 if status["running"] else float(status["unused"])
        except (Broken, Refusal, KeyError, TypeError):
            return None

    def _is_gone(self, pod: helpers.Pod) -> bool:
        found = self._maker.find(pod.metadata.name)
        return found is None or found.metadata.uid != pod.metadata.uid or found.going

    def _forget(self, helper: Helper) -> None:
        with self._lock:
            if self._running.get(helper.wanted.name) is helper:
                del self._running[helper.wanted.name]
        helper.talks.close()

    @contextmanager
    def _using(self, helper: Helper) -> Iterator[None]:
        with self._lock:
            helper.in_use += 1
        try:
            yield
        finally:
            with self._lock:
                helper.in_use -= 1
                helper.used = time.monotonic()

    @contextmanager
    def _one_at_a_time(self, name: str, cancel: Check) -> Iterator[None]:
        with self._lock:
            lock = self._single.setdefault(name, threading.Lock())
        while not lock.acquire(timeout=0.1):
            cancel()
        try:
            yield
        finally:
            lock.release()


def _no(reason: str, hint: str) -> Permission:
    return Permission(allowed=False, reason=reason, hint=hint)


def _pause(seconds: float, cancel: Check) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        cancel()
        time.sleep(min(left, 0.1))
    cancel()
