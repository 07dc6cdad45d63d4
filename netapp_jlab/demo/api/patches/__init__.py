"""The ways to change a part of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors

from . import json_patch, merge_patch

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


def accepted(kind: Kind) -> list[str]:  # noqa: ARG001 - built-in kinds take one more
    """Return the patch formats that `kind` takes."""
    return [JSON_PATCH, MERGE_PATCH]


def apply(kind: Kind, document: dict[str, Any], patch: Any, content_type: str) -> dict[str, Any]:
    """Return `document` with `patch` applied; neither is changed.

    Raises
    ------
    ApiError
        415 for a format that `kind` does not take, 400 and 422 for a patch that can't be applied.
    """
    if content_type not in accepted(kind):
        raise errors.unsupported_media_type(accepted(kind))
    if content_type == JSON_PATCH:
        patched = json_patch.apply(document, patch)
    else:
        patched = merge_patch.apply(document, patch)
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
        raise errors.bad_request("the patched object has no metadata")
    return patched
