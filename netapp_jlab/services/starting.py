"""Why a helper pod does not start, in words that say what to do.

A pod that can not start stays, silently, in the phase ``Pending``. Its conditions, its container's
state and the events of the pod and its claims tell why; some of it passes by itself (a copy that is
being made, an image that is being pulled), so each sort of trouble has a time to pass in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from netapp_jlab.errors import NetAppJLabError, Refused
from netapp_jlab.k8s.helpers import Pod
from netapp_jlab.k8s.wire import Event

COPYING = "Making a copy of the snapshot for a helper pod."
PLACING = "Looking for a node for the helper pod."
STARTING = "Starting the helper pod."
PULLING = "Getting the image of the helper pod."

AT_ONCE, SOON, LATER = 0.0, 15.0, 60.0
"""Seconds for which a sort of trouble may pass by itself."""

_NO_IMAGE = frozenset({"ErrImageNeverPull", "InvalidImageName", "ImageInspectError"})
_IMAGE_AWAY = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
_BAD_CONTAINER = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
_IMAGE_HINT = (
    "The helper runs the image of your own server, or NetAppJLab.mover_image; the node has to be "
    "able to get it."
)
_PRODUCT_HINT = (
    "The helper's image has to have netapp_jlab. By default it is the one of your own server: "
    "install the extension there and not in the home directory, or set NetAppJLab.mover_image."
)


@dataclass(frozen=True)
class Trouble:
    """Why a pod does not run.

    Attributes
    ----------
    text : str
        A sentence.
    patience : float
        Seconds for which it may pass by itself.
    """

    text: str
    hint: str
    patience: float

    def error(self) -> NetAppJLabError:
        """Return what to raise."""
        return Refused(f"The helper pod can not start. {self.text}", hint=self.hint)


class Watcher:
    """Looks at a helper pod that is starting, and says when to give up."""

    def __init__(self) -> None:
        self._trouble: Trouble | None = None
        self._since = 0.0

    def see(self, trouble: Trouble | None) -> None:
        """Note what is the matter now.

        Raises
        ------
        Refused
            It has been for longer than it may.
        """
        known = self._trouble
        if trouble is None:
            return
        if known is None or known.hint != trouble.hint or known.patience != trouble.patience:
            self._since = time.monotonic()
        self._trouble = trouble
        if time.monotonic() - self._since >= trouble.patience:
            raise trouble.error()

    def late(self, seconds: float) -> NetAppJLabError:
        """Return what to raise once the time for the start is over."""
        if self._trouble is not None:
            return self._trouble.error()
        return Refused(
            f"The helper pod has not started within {seconds:.0f} s.",
            hint="Try again; `kubectl describe pod` tells what it waits for.",
        )


def step_of(pod: Pod) -> str:
    """Return what a pod that is starting waits for, as a sentence."""
    if not pod.spec.node_name:
        unplaced = _unscheduled(pod)
        return COPYING if "PersistentVolumeClaim" in unplaced else PLACING
    waiting = pod.state.waiting
    return PULLING if waiting is not None and waiting.reason in _IMAGE_AWAY else STARTING


def trouble_of(pod: Pod) -> Trouble | None:
    """Return what the pod itself tells of why it does not run."""
    if (ended := pod.state.terminated) is not None:
        return _ended(ended.message, ended.reason, ended.exit_code)
    if pod.status.phase in ("Failed", "Succeeded"):
        why = pod.status.message or pod.status.reason or "it ended at once"
        return Trouble(f"The node refused it: {why}.", "", AT_ONCE)
    waiting = pod.state.waiting
    if waiting is not None and waiting.reason in _NO_IMAGE | _IMAGE_AWAY:
        patience = AT_ONCE if waiting.reason in _NO_IMAGE else SOON
        return Trouble(
            f"Its image can not be had: {waiting.message or waiting.reason}.",
            _IMAGE_HINT,
            patience,
        )
    if waiting is not None and waiting.reason in _BAD_CONTAINER:
        return Trouble(_started_badly(waiting.message or waiting.reason), _PRODUCT_HINT, AT_ONCE)
    return _unplaced(_unscheduled(pod))


def trouble_in(events: Sequence[Event]) -> Trouble | None:
    """Return what the last events of the pod and its claims tell; None if nothing."""
    for event in sorted(events, key=lambda one: one.when, reverse=True):
        if event.type != "Warning":
            continue
        if event.reason == "FailedAttachVolume":
            return Trouble(
                f"A volume can not be attached to its node: {event.message}.",
                "The volume may be in use on another node. Stop what uses it, or restore from a "
                "server that mounts it.",
                SOON,
            )
        if event.reason == "FailedMount":
            return Trouble(
                f"A volume can not be mounted: {event.message}.",
                "Tell your storage administrator if it stays so.",
                LATER,
            )
        if event.reason == "ProvisioningFailed":
            return Trouble(
                f"The storage can not make a copy of the snapshot: {event.message}.",
                "Ask your storage administrator; the storage may be full.",
                SOON,
            )
    return None


def _unscheduled(pod: Pod) -> str:
    """Return the scheduler's last word; empty once it has found a node."""
    return next(
        (
            one.message or one.reason
            for one in pod.status.conditions
            if one.type == "PodScheduled" and one.status == "False"
        ),
        "",
    )


_PASSING = re.compile(
    r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim \"[^\"]*\" not found"
    r"|waiting for (?:its|ephemeral)|provisioning in progress"
)
_SINGLE = re.compile(r"ReadWriteOncePod", re.IGNORECASE)


def _unplaced(message: str) -> Trouble | None:
    if not message or _PASSING.search(message):
        return None
    if _SINGLE.search(message):
        return Trouble(
            "The volume may be mounted by one pod only (ReadWriteOncePod), and another one does.",
            "Stop what uses the volume, or restore from the server that mounts it.",
            SOON,
        )
    if "Insufficient" in message:
        return Trouble(f"No node has room for it: {message}", "Try again later.", LATER)
    return Trouble(
        f"No node fits: {message}",
        "The volume may be in use on another node, which is full or out of order.",
        SOON,
    )


def _ended(message: str, reason: str, code: int) -> Trouble:
    if "netapp_jlab" in message and "No module named" in message:
        return Trouble("Its image does not have netapp_jlab.", _PRODUCT_HINT, AT_ONCE)
    if reason in ("StartError", "ContainerCannotRun") or code in (126, 127, 128):
        return Trouble(_started_badly(message or reason), _PRODUCT_HINT, AT_ONCE)
    last = message.strip().rpartition("\n")[2] or reason
    return Trouble(f"It ended with status {code}: {last}", "", AT_ONCE)


def _started_badly(message: str) -> str:
    if "executable file not found" in message or "no such file or directory" in message:
        return "Its image does not have the Python that your own server runs."
    return f"Its container can not be started: {message}."
