"""What the storage array refuses, and why.

The tree mirrors the gRPC codes that the CSI specification gives a controller, so that a CSI
driver can answer with ``error.code`` as it stands::

    StorageError                INTERNAL
    |-- NotFoundError           NOT_FOUND
    |-- ExistsError             ALREADY_EXISTS
    |-- InvalidArgumentError    INVALID_ARGUMENT
    |-- SizeError               OUT_OF_RANGE
    |-- ExhaustedError          RESOURCE_EXHAUSTED
    `-- BusyError               FAILED_PRECONDITION
"""

from __future__ import annotations

__all__ = [
    "BusyError",
    "ExhaustedError",
    "ExistsError",
    "InvalidArgumentError",
    "NotFoundError",
    "SizeError",
    "StorageError",
]


class StorageError(Exception):
    """An operation that the array could not do; nothing was changed."""

    code = "INTERNAL"


class NotFoundError(StorageError):
    """There is no such volume or snapshot."""

    code = "NOT_FOUND"


class ExistsError(StorageError):
    """The name is taken by something that differs from what was asked for."""

    code = "ALREADY_EXISTS"


class InvalidArgumentError(StorageError):
    """A name or a size that the array cannot take."""

    code = "INVALID_ARGUMENT"


class SizeError(StorageError):
    """A size that does not fit the source of a clone."""

    code = "OUT_OF_RANGE"


class ExhaustedError(StorageError):
    """The disk is full, or a limit of the array is reached."""

    code = "RESOURCE_EXHAUSTED"


class BusyError(StorageError):
    """Another process has the array open, or the object is being deleted."""

    code = "FAILED_PRECONDITION"
