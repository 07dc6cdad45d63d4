"""What all calls have in common: refusals become gRPC status codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import grpc

from netapp_jlab.demo.storage import InvalidArgumentError, StorageError


@contextmanager
def refusals(context: grpc.ServicerContext) -> Iterator[None]:
    """Answer what the array refuses with the code that its error names."""
    try:
        yield
    except StorageError as error:
        context.abort(grpc.StatusCode[error.code], str(error))


def gone_if_none_of_ours() -> AbstractContextManager[None]:
    """Let a deletion succeed whose name nothing in the array can have: there is no such thing."""
    return suppress(InvalidArgumentError)


def need(value: str, field: str, context: grpc.ServicerContext) -> None:
    """Refuse a request that lacks a required field."""
    if not value:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{field} is missing")
