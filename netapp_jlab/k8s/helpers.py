"""What is read of helper pods, and of the user's own pod, which they are made from."""

from __future__ import annotations

from typing import Any

from msgspec import field

from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.wire import Condition, Object, PodVolume, Wire


class Variable(Wire, frozen=True):
    """``env[]`` of a container; only those with a value of their own."""

    name: str = ""
    value: str = ""


class Container(Wire, frozen=True):
    """``spec.containers[]``."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    security_context: dict[str, Any] = field(default_factory=dict)
    env: tuple[Variable, ...] = ()


class PodSpec(Wire, frozen=True):
    """``spec`` of a pod; what is only copied stays as it is."""

    node_name: str = ""
    service_account_name: str = ""
    runtime_class_name: str = ""
    image_pull_secrets: tuple[dict[str, Any], ...] = ()
    tolerations: tuple[dict[str, Any], ...] = ()
    security_context: dict[str, Any] = field(default_factory=dict)
    volumes: tuple[PodVolume, ...] = ()
    containers: tuple[Container, ...] = ()


class Waiting(Wire, frozen=True):
    """``state.waiting`` of a container."""

    reason: str = ""
    message: str = ""


class Terminated(Wire, frozen=True):
    """``state.terminated`` of a container."""

    reason: str = ""
    message: str = ""
    exit_code: int = 0


class State(Wire, frozen=True):
    """``state`` of a container."""

    waiting: Waiting | None = None
    running: dict[str, Any] | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire, frozen=True):
    """``status.containerStatuses[]``."""

    name: str = ""
    state: State = State()


class PodStatus(Wire, frozen=True):
    """``status`` of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    """A pod, in more detail than :class:`netapp_jlab.k8s.wire.Pod`."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def state(self) -> State:
        """The state of the one container of a helper."""
        return (
            self.status.container_statuses[0].state if self.status.container_statuses else State()
        )

    @property
    def going(self) -> bool:
        """Whether it has ended, or is being deleted."""
        return (
            self.metadata.deletion_timestamp is not None
            or self.status.phase in ("Succeeded", "Failed")
            or self.state.terminated is not None
        )

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims that it mounts."""
        mounted = (one.persistent_volume_claim for one in self.spec.volumes)
        return tuple(one.claim_name for one in mounted if one is not None)


PODS = Kind("", "v1", "pods", "Pod", True, Pod)
"""The kind pod, in more detail than :data:`netapp_jlab.k8s.kinds.PODS`."""
