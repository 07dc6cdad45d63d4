"""What all models share."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

API_VERSION = 1
"""Version of the REST interface; the front end refuses to work with another one."""

Name = Annotated[str, Meta(min_length=1, max_length=253)]
Note = Annotated[str, Meta(max_length=1000)]
RequestId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,61}[A-Za-z0-9]$(?!\n)")]
"""Made by the caller for one click; the same id again returns what the first one made."""


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of what is returned: no cycles, so the garbage collector need not look at thousands."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what is asked for; unknown fields are refused."""


class ErrorBody(Model, frozen=True, kw_only=True):
    """Body of every answer that is an error."""

    message: str
    reason: str
    hint: str
