"""Why a helper pod does not start, in words."""

from __future__ import annotations

import msgspec
import pytest

from netapp_jlab.errors import Forbidden, QuotaExceeded, Refused
from netapp_jlab.k8s import decode, helpers
from netapp_jlab.k8s.wire import Event
from netapp_jlab.services import starting
from netapp_jlab.services.making import explained
from netapp_jlab.services.starting import AT_ONCE, SOON, Watcher, step_of, trouble_in, trouble_of


def pod(node: str = "", unplaced: str = "", phase: str = "Pending", **state: object) -> helpers.Pod:
    conditions = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": unplaced}
    ]
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "mover-u1-x", "uid": "1"},
        "spec": {"nodeName": node},
        "status": {
            "phase": phase,
            "conditions": conditions if unplaced else [],
            "containerStatuses": [{"name": "mover", "state": state}] if state else None,
        },
    }
    return decode.one(helpers.PODS, msgspec.json.encode(body), "server")


def waiting(reason: str, message: str = "") -> helpers.Pod:
    return pod(node="n1", waiting={"reason": reason, "message": message})


def ended(message: str = "", reason: str = "Error", code: int = 1) -> helpers.Pod:
    state = {"exitCode": code, "reason": reason, "message": message}
    return pod(node="n1", phase="Failed", terminated=state)


@pytest.mark.parametrize(
    ("found", "words", "hint", "patience"),
    [
        (waiting("ErrImageNeverPull", "no"), "image can not be had: no", "mover_image", AT_ONCE),
        (waiting("ImagePullBackOff", "Back-off"), "image can not be had: Back-off", "node", SOON),
        (waiting("CreateContainerConfigError", "x"), "can not be started: x", "", AT_ONCE),
        (
            ended('exec: "python3": executable file not found in $PATH', "StartError", 128),
            "does not have the Python",
            "mover_image",
            AT_ONCE,
        ),
        (ended("python3: No module named netapp_jlab\n"), "not have netapp_jlab", "home", AT_ONCE),
        (ended("line\nValueError: bad\n"), "status 1: ValueError: bad", "", AT_ONCE),
        (pod(phase="Failed"), "node refused it", "", AT_ONCE),
        (
            pod(unplaced="0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with "
                "the same name and ReadWriteOncePod access mode."),
            "one pod only", "Stop what uses the volume", SOON,
        ),
        (pod(unplaced="0/3 nodes: 3 Insufficient memory."), "room for it", "later", 60),
        (pod(unplaced="0/3 nodes: didn't match"), "No node fits", "another node", SOON),
    ],
)  # fmt: skip
def test_trouble(found, words, hint, patience):
    trouble = trouble_of(found)
    assert words in trouble.text
    assert hint in trouble.hint
    assert trouble.patience == patience
    assert trouble.error().message.startswith("The helper pod can not start. ")


@pytest.mark.parametrize(
    "found",
    [
        pod(),
        pod(node="n1"),
        waiting("ContainerCreating"),
        pod(unplaced="0/1 nodes: pod has unbound immediate PersistentVolumeClaims. not found"),
        pod(unplaced='0/1 nodes: persistentvolumeclaim "mover-u1-x-0" not found.'),
        pod(node="n1", phase="Running", running={}),
    ],
)
def test_what_passes_by_itself_is_no_trouble(found):
    assert trouble_of(found) is None


def event(reason: str, message: str, when: str, kind: str = "Warning") -> Event:
    body = {"reason": reason, "message": message, "type": kind, "lastTimestamp": when}
    return msgspec.convert(body, Event)


def test_events_tell_of_attaching_mounting_and_copying():
    old = event("FailedMount", "timed out", "2026-01-01T00:00:00Z")
    new = event("FailedAttachVolume", "Multi-Attach error: used by n2", "2026-01-01T00:00:05Z")
    assert "Multi-Attach error" in trouble_in([old, new]).text
    assert "can not be mounted: timed out" in trouble_in([old]).text
    full = event("ProvisioningFailed", "no space", "2026-01-01T00:00:09Z")
    assert "can not make a copy" in trouble_in([old, full, new]).text
    assert trouble_in([event("Pulled", "x", "2026-01-01T00:00:00Z", "Normal")]) is None


def test_steps():
    unplaced = "pod has unbound immediate PersistentVolumeClaims"
    assert step_of(pod(unplaced=unplaced)) == starting.COPYING
    assert step_of(pod()) == starting.PLACING
    assert step_of(pod(node="n1")) == starting.STARTING
    assert step_of(waiting("ErrImagePull")) == starting.PULLING


def test_a_watcher_gives_up_when_trouble_stays(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(starting.time, "monotonic", lambda: clock[0])
    watcher, trouble = Watcher(), trouble_of(waiting("ErrImagePull", "away"))
    watcher.see(trouble)
    watcher.see(None)
    clock[0] += SOON - 1
    watcher.see(trouble)
    assert "image can not be had" in watcher.late(90).message
    clock[0] += 1
    with pytest.raises(Refused, match="away"):
        watcher.see(trouble)


def test_a_watcher_that_knows_no_reason():
    assert "has not started within 90 s" in Watcher().late(90).message


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (QuotaExceeded("The quota “q” does not allow it."), QuotaExceeded, "counts as one pod"),
        (Forbidden('pods is forbidden: User "u" cannot create'), Forbidden, "rbac/tiers/mover"),
        (Forbidden('pods "m" is forbidden: violates PodSecurity "x"'), Refused, "Security"),
        (Forbidden("No movers here.", hint="Your administrator has set this rule."), Forbidden,
         "has set this rule"),
        (Refused("x", hint="do y"), Refused, "do y"),
    ],
)  # fmt: skip
def test_refusals_of_the_api_server(error, kind, hint):
    told = explained(error)
    assert type(told) is kind
    assert told.message == f"The helper pod can not start. {error.message}"
    assert hint in told.hint
    assert explained(told).message == told.message
