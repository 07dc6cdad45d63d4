"""Delays and failures that can be switched on while the cluster runs.

They exist so that the slow and the failing paths of an interface can be seen and tested: a storage
that takes its time, an API server that answers 429, hangs or cuts a watch. Switched by
``GET/PUT/DELETE /demo/faults``.
"""

from __future__ import annotations

import random
import threading
from typing import Annotated, Any, Literal

import msgspec

from . import errors

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Step = Literal["provision", "snapshot", "resize", "delete"]


class AnswerFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which the API server misbehaves.

    Attributes
    ----------
    effect : str
        ``status``: answer `code`. ``hang``: never answer. ``close``: close the connection.
        ``html``: answer an HTML page with `code`, as a proxy in between does. ``cut``: end a watch
        without a word after `after` events. ``expire``: answer 410. ``delay``: only be slow.
    code : int
        The HTTP status of ``status`` and ``html``.
    retry_after : int
        Seconds in the ``Retry-After`` header of 429 and 503; 0 for no header.
    after : int
        Events that a watch still gets before it is cut.
    delay : float
        Seconds to wait first, with every effect.
    probability : float
        How often it strikes, from 0 to 1.
    count : int | None
        It strikes so many times and is then spent; None: for ever.
    verbs, resources, users : tuple[str, ...]
        Only these verbs (``list``, ``watch``, …), resources (``volumesnapshots``, …) and callers;
        empty for all. The path that switches faults is never hit.
    """

    effect: Literal["status", "hang", "close", "html", "cut", "expire", "delay"]
    code: Annotated[int, msgspec.Meta(ge=200, le=599)] = 503
    retry_after: Count = 1
    after: Count = 0
    delay: Seconds = 0.0
    probability: Rate = 1.0
    count: Count | None = None
    verbs: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def concerns(self, verb: str, resource: str, user: str) -> bool:
        """Say whether it is meant for such a request."""
        filters = ((self.verbs, verb), (self.resources, resource), (self.users, user))
        return all(not wanted or given in wanted for wanted, given in filters)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is switched on.

    Attributes
    ----------
    answers : tuple[AnswerFault, ...]
        Misbehaviour of the API server; the first that concerns a request strikes.
    provision_delay, snapshot_delay, resize_delay, delete_delay : float
        Seconds that a step of the storage takes longer.
    provision_failures, snapshot_failures, resize_failures, delete_failures : float
        How often a step of the storage fails, from 0 to 1.
    """

    answers: tuple[AnswerFault, ...] = ()
    provision_delay: Seconds = 0.0
    provision_failures: Rate = 0.0
    snapshot_delay: Seconds = 0.0
    snapshot_failures: Rate = 0.0
    resize_delay: Seconds = 0.0
    resize_failures: Rate = 0.0
    delete_delay: Seconds = 0.0
    delete_failures: Rate = 0.0


class Faults:
    """What is switched on now; thread-safe.

    The API server asks `strike` for each request, the controllers read `delay` and ask `fails`
    for each step of theirs.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.Lock()
        self._settings = settings or Settings()

    @property
    def settings(self) -> Settings:
        """Everything that is switched on; counts are what is left of them."""
        return self._settings

    def change(self, settings: Settings) -> None:
        """Switch on exactly this."""
        with self._lock:
            self._settings = settings

    def change_from_json(self, body: bytes) -> Settings:
        """Switch on exactly what a JSON document says, and return it.

        Raises
        ------
        ApiError
            400 when it is no JSON, or says something unknown or out of range.
        """
        try:
            settings = msgspec.json.decode(body, type=Settings)
        except msgspec.DecodeError as error:
            raise errors.bad_request(f"no fault settings: {error}") from error
        self.change(settings)
        return settings

    def reset(self) -> None:
        """Switch everything off."""
        self.change(Settings())

    @property
    def provision_delay(self) -> float:
        """Seconds that making a volume takes longer."""
        return self._settings.provision_delay

    @property
    def provision_failures(self) -> float:
        """How often making a volume fails, from 0 to 1."""
        return self._settings.provision_failures

    @property
    def snapshot_delay(self) -> float:
        """Seconds that cutting a snapshot takes longer."""
        return self._settings.snapshot_delay

    @property
    def snapshot_failures(self) -> float:
        """How often cutting a snapshot fails, from 0 to 1."""
        return self._settings.snapshot_failures

    def delay(self, step: Step) -> float:
        """Return the seconds that a step of the storage takes longer."""
        return float(getattr(self._settings, f"{step}_delay"))

    def fails(self, step: Step) -> bool:
        """Throw the dice: whether a step of the storage is to fail this time."""
        rate = float(getattr(self._settings, f"{step}_failures"))
        return random.random() < rate  # noqa: S311 - no secret

    def strike(self, verb: str, resource: str, user: str) -> AnswerFault | None:
        """Return what befalls a request, if anything, and use up one of its count."""
        with self._lock:
            for index, fault in enumerate(self._settings.answers):
                if fault.count == 0 or not fault.concerns(verb, resource, user):
                    continue
                if random.random() >= fault.probability:  # noqa: S311 - no secret
                    continue
                if fault.count is not None:
                    self._use_up(index, fault)
                return fault
        return None

    def _use_up(self, index: int, fault: AnswerFault) -> None:
        used = msgspec.structs.replace(fault, count=(fault.count or 0) - 1)
        answers = list(self._settings.answers)
        answers[index] = used
        self._settings = msgspec.structs.replace(self._settings, answers=tuple(answers))

    def as_json(self) -> dict[str, Any]:
        """Return what is switched on, as JSON."""
        shown: dict[str, Any] = msgspec.to_builtins(self._settings)
        return shown
