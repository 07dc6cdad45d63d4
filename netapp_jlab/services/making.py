"""Makes helper pods and the copies of snapshots that they mount, and removes both.

The pod is made first and owns its claims, so whatever dies half way, deleting the pod takes
everything along; the pod itself belongs to the user's own pod, where that is known.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from netapp_jlab.errors import (
    AlreadyExists,
    Changed,
    Forbidden,
    NetAppJLabError,
    NotFound,
    QuotaExceeded,
    Refused,
    Timeout,
)
from netapp_jlab.k8s import helper_manifests, helpers, kinds, naming, objects
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.catalog import GONE_POD, Catalog
from netapp_jlab.services.places import Check, Told
from netapp_jlab.services.records import now
from netapp_jlab.services.sources import Sources
from netapp_jlab.services.starting import Watcher, step_of, trouble_in, trouble_of
from netapp_jlab.services.templates import Templates

LOOK_EVERY = 2.0
"""Seconds between two looks at the events of a pod that does not start."""
GONE_WITHIN = helper_manifests.GRACE + 30.0
SINGLE = "ReadWriteOncePod"
CLEARING = "Waiting until an earlier helper pod is gone."
_QUOTA_HINT = (
    "A helper counts as one pod, and its copies of snapshots as volumes of the same size. Delete "
    "what you no longer need, or ask for a larger quota."
)
_RIGHT_HINT = "An administrator can grant it with rbac/tiers/mover."


@dataclass(frozen=True)
class Wanted:
    """A helper pod.

    Attributes
    ----------
    name : str
        Of the pod.
    trees : Mapping[str, VolumeSnapshot]
        The snapshots to mount, by what they are for: ``source``, ``kept``, ``baseline``.
    live : Claim, optional
        The volume to mount too.
    lasting : bool
        It restores: it stays when this process ends.
    """

    name: str
    trees: Mapping[str, VolumeSnapshot]
    live: Claim | None = None
    lasting: bool = False

    def claims(self) -> dict[str, str]:
        """Return the name of the claim for each tree."""
        return {tree: f"{self.name}-{number}" for number, tree in enumerate(self.trees)}


class Maker:
    """Makes and removes helper pods.

    Parameters
    ----------
    catalog, sources, templates : Catalog, Sources, Templates
        What is known, how a copy of a snapshot has to be, and what pods are made from.
    """

    def __init__(self, catalog: Catalog, sources: Sources, templates: Templates) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._settings = catalog.settings
        self._sources = sources
        self._templates = templates
        self._first_seen: dict[str, float] = {}

    def find(self, name: str) -> helpers.Pod | None:
        """Read a helper pod; None where there is none."""
        try:
            return self._cluster.get(helpers.PODS, name)
        except NotFound:
            return None

    def make(self, wanted: Wanted, *, cancel: Check, on_step: Told) -> helpers.Pod:
        """Make a pod, or find the one of the same name, and wait until it runs.

        What was begun stays when `cancel` ends the wait, for who asks next; what can not start is
        removed.

        Raises
        ------
        Refused, QuotaExceeded, Forbidden
            It can not start; the message says why.
        """
        pod = self.find(wanted.name)
        if pod is not None and (pod.going or not self._is_ours(pod, wanted)):
            on_step(CLEARING)
            self.remove_and_wait(pod, cancel)
            pod = None
        if pod is not None and pod.state.running is not None:
            return pod
        try:
            if pod is None:
                pod = self._create(wanted)
            self._create_claims(wanted, pod, cancel)
            return self._wait_running(wanted, pod, cancel, on_step)
        except (Refused, Forbidden, AlreadyExists) as error:
            if pod is not None:
                self.remove(pod)
            raise explained(error) from error

    def remove(self, pod: helpers.Pod) -> None:
        """Delete a pod and its claims; does not wait until they are gone."""
        name, uid = pod.metadata.name, pod.metadata.uid
        self._first_seen.pop(uid, None)
        with suppress(NotFound, Changed):
            self._cluster.delete(helpers.PODS, name, uid=uid)
        # The garbage collector would do it too, a little later.
        for claim in pod.claims:
            if claim.startswith(f"{name}-"):
                with suppress(NotFound, Forbidden):
                    self._remove_claim(claim, uid)

    def _remove_claim(self, name: str, owner: str) -> None:
        claim = self._cluster.get(kinds.CLAIMS, name)
        if any(one.uid == owner for one in claim.metadata.owner_references):
            self._cluster.delete(kinds.CLAIMS, name, uid=claim.metadata.uid)

    def remove_and_wait(self, pod: helpers.Pod, cancel: Check) -> None:
        """Delete a pod, and wait until it no longer runs.

        Raises
        ------
        Timeout
            It still does.
        """
        self.remove(pod)
        self._wait_gone(helpers.PODS, pod.metadata.name, pod.metadata.uid, cancel)

    # --- Creating --------------------------------------------------------------------------------

    def _is_ours(self, pod: helpers.Pod, wanted: Wanted) -> bool:
        """Whether a pod is what we would make: nobody else's, with nothing else in it."""
        owner = pod.metadata.labels.get(naming.OWNER)
        live = [wanted.live.metadata.name] if wanted.live is not None else []
        images = {one.image for one in pod.spec.containers}
        return (
            owner == self._templates.owner()
            and sorted(pod.claims) == sorted([*wanted.claims().values(), *live])
            and images == {self._templates.get().image}
        )

    def _create(self, wanted: Wanted) -> helpers.Pod:
        template = self._templates.get()
        if template.user is None:
            template = replace(template, security=self._identity(wanted))
        idle = self._settings.mover_idle_minutes * 60
        expires = now() + timedelta(seconds=self._settings.ready_timeout + idle)
        manifest = helper_manifests.manifest(
            wanted.name,
            template,
            trees=wanted.claims(),
            live=wanted.live.metadata.name if wanted.live is not None else "",
            bound_to=self._node_of(wanted.live) if wanted.live is not None else "",
            idle=idle,
            labels=helper_manifests.labels(self._templates.owner()),
            annotations={naming.EXPIRES_AT: expires.isoformat(timespec="seconds")},
        )
        try:
            return self._cluster.create(helpers.PODS, manifest)
        except AlreadyExists:  # somebody else of ours was faster
            found = self.find(wanted.name)
            if found is None or not self._is_ours(found, wanted):
                raise
            return found

    def _create_claims(self, wanted: Wanted, pod: helpers.Pod, cancel: Check) -> None:
        for tree, name in wanted.claims().items():
            manifest = self._claim(name, wanted.trees[tree], pod)
            try:
                self._cluster.create(kinds.CLAIMS, manifest)
            except AlreadyExists:
                if self._is_left_over(name, pod, cancel):
                    self._cluster.create(kinds.CLAIMS, manifest)

    def _claim(self, name: str, snapshot: VolumeSnapshot, pod: helpers.Pod) -> dict[str, Any]:
        filled = self._sources.copy_of(snapshot)
        if filled.volume_mode == "Block":
            raise Refused(
                f"The volume of the snapshot “{snapshot.metadata.name}” is a raw block device: it "
                "has no files."
            )
        manifest = objects.claim(
            name,
            size=filled.size,
            storage_class=filled.storage_class,
            access_modes=[_copy_mode(filled.access_modes)],
            from_snapshot=snapshot.metadata.name,
            labels=dict(pod.metadata.labels),
            annotations={naming.EXPIRES_AT: pod.metadata.annotations.get(naming.EXPIRES_AT, "")},
        )
        reference = {"apiVersion": "v1", "kind": "Pod", "name": pod.metadata.name}
        manifest["metadata"]["ownerReferences"] = [{**reference, "uid": pod.metadata.uid}]
        return manifest

    def _is_left_over(self, name: str, pod: helpers.Pod, cancel: Check) -> bool:
        """Whether a claim was of an earlier pod of the same name; waits until it is gone then."""
        try:
            claim = self._cluster.get(kinds.CLAIMS, name)
        except NotFound:
            return True
        if any(one.uid == pod.metadata.uid for one in claim.metadata.owner_references):
            return False
        if claim.metadata.labels.get(naming.OWNER) != pod.metadata.labels.get(naming.OWNER):
            raise AlreadyExists(f"There is a volume “{name}” already, which is no helper's.")
        with suppress(NotFound, Changed):
            self._cluster.delete(kinds.CLAIMS, name, uid=claim.metadata.uid)
        self._wait_gone(kinds.CLAIMS, name, claim.metadata.uid, cancel)
        return True

    def _identity(self, wanted: Wanted) -> dict[str, Any]:
        """Return whom to run as where this process is in no pod: whoever uses the volume."""
        source = wanted.trees["source"].spec.source.persistent_volume_claim_name
        try:
            pods = self._cluster.list(helpers.PODS).items
        except Forbidden:
            return {}
        for pod in pods:
            # Only pods that run: what they may be is what the namespace allows.
            if source in pod.claims and pod.status.phase == "Running" and not is_mover(pod):
                own = pod.spec.containers[0].security_context
                return {**pod.spec.security_context, **own}
        return {}

    def _node_of(self, live: Claim) -> str:
        """Return the node where a volume is in use, if it can be in use on one only.

        Raises
        ------
        Refused
            One pod only may mount it, and one does.
        """
        modes = set(live.spec.access_modes)
        if "ReadWriteMany" in modes:
            return ""
        name = live.metadata.name
        try:
            pods = self._cluster.list(kinds.PODS).items
        except Forbidden:
            return ""
        for pod in pods:
            mounted = (one.persistent_volume_claim for one in pod.spec.volumes)
            uses = any(one is not None and one.claim_name == name for one in mounted)
            if not uses or pod.status.phase in GONE_POD:
                continue
            if modes == {SINGLE}:
                raise Refused(
                    f"The volume “{name}” may be mounted by one pod only ({SINGLE}), and "
                    f"“{pod.metadata.name}” mounts it.",
                    hint="Stop what uses the volume, or clone the snapshot to a new volume.",
                )
            if pod.spec.node_name:
                return pod.spec.node_name
        return ""

    # --- Waiting ---------------------------------------------------------------------------------

    def _wait_running(
        self, wanted: Wanted, pod: helpers.Pod, cancel: Check, on_step: Told
    ) -> helpers.Pod:
        watcher = Watcher()
        uid = pod.metadata.uid
        # Not by its creationTimestamp: the API server's clock may be minutes from ours.
        age = time.monotonic() - self._first_seen.setdefault(uid, time.monotonic())
        left = max(1.0, self._settings.ready_timeout - age)
        seen = pod
        look_at = time.monotonic() + LOOK_EVERY

        def runs(found: helpers.Pod) -> bool:
            nonlocal seen
            if found.metadata.uid != uid:
                raise Changed(f"The helper pod “{wanted.name}” was made anew meanwhile.")
            if found.metadata.deletion_timestamp is not None:
                raise Refused("It was deleted while it started.", hint="Try again.")
            seen = found
            on_step(step_of(found))
            watcher.see(trouble_of(found))
            return found.state.running is not None

        def look() -> None:
            nonlocal look_at
            cancel()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_EVERY
                watcher.see(trouble_of(seen) or self._trouble_in_events(wanted, uid))

        try:
            return self._cluster.wait(helpers.PODS, wanted.name, runs, timeout=left, cancel=look)
        except Timeout:
            raise watcher.late(self._settings.ready_timeout) from None
        except NotFound:
            raise Refused("It was deleted while it started.", hint="Try again.") from None

    def _trouble_in_events(self, wanted: Wanted, uid: str) -> Any:
        names = {wanted.name, *wanted.claims().values()}
        try:
            events = self._cluster.list(kinds.EVENTS, field_selector="type=Warning").items
        except NetAppJLabError:
            return None  # only an explanation
        about = [
            event
            for event in events
            if event.involved_object.name in names
            and (event.involved_object.kind != "Pod" or event.involved_object.uid == uid)
        ]
        return trouble_in(about)

    def _wait_gone(self, kind: kinds.Kind[Any], name: str, uid: str, cancel: Check) -> None:
        def is_another(found: Any) -> bool:
            return bool(found.metadata.uid != uid)

        with suppress(NotFound):
            self._cluster.wait(kind, name, is_another, timeout=GONE_WITHIN, cancel=cancel)


def is_mover(pod: helpers.Pod) -> bool:
    """Whether a pod is a helper."""
    return pod.metadata.labels.get(naming.PURPOSE) == "mover"


def explained(error: NetAppJLabError) -> NetAppJLabError:
    """Return an error of the API server in words about helper pods."""
    text = error.message
    if not text.startswith("The helper pod"):
        text = f"The helper pod can not start. {text}"
    if isinstance(error, QuotaExceeded):
        return QuotaExceeded(text, hint=_QUOTA_HINT)
    if "violates PodSecurity" in error.message:
        return Refused(
            text, hint="The namespace's Pod Security level refuses it; tell your administrator."
        )
    # A rule of the administrator's own (a policy) has its own hint.
    if isinstance(error, Forbidden) and "netapp-jlab doctor" in error.hint:
        return Forbidden(text, hint=_RIGHT_HINT)
    return type(error)(text, hint=error.hint)


def _copy_mode(modes: tuple[str, ...]) -> str:
    """Return how a copy can be mounted: by one node, unless the volume can't be either."""
    if not modes or "ReadWriteOnce" in modes or SINGLE in modes:
        return "ReadWriteOnce"
    return modes[0]
