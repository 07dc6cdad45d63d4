"""The ``Status`` in which Kubernetes explains a refusal (``k8s.io/apimachinery`` meta/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

import msgspec


class Cause(msgspec.Struct, frozen=True):
    """``details.causes[]``."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """``details`` of a Status."""

    name: str = ""
    group: str = ""
    kind: str = ""
    causes: tuple[Cause, ...] | None = None
    retry_after_seconds: int = 0


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What Kubernetes answers when it refuses."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None

    @property
    def causes(self) -> tuple[Cause, ...]:
        """``details.causes``."""
        return (self.details.causes if self.details else None) or ()


def parse(body: bytes) -> Status | None:
    """Return the Status in the body of an answer; None if there is none."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return status if status.kind == "Status" else None


def retry_after(headers: Mapping[str, str], status: Status | None) -> float | None:
    """Return the seconds after which to try again, where the answer says; else None."""
    text = headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    if text:
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time())
        except ValueError:
            return None
    seconds = status.details.retry_after_seconds if status and status.details else 0
    return float(seconds) or None
