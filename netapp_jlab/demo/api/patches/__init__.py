"""The ways to change a part of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors

from . import json_patch, merge_patch, strategic

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


def accepted(kind: Kind) -> list[str]:
    """Return the patch formats that `kind` takes."""
    return [JSON_PATCH, MERGE_PATCH, *([STRATEGIC_PATCH] if kind.builtin else [])]


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
    elif not isinstance(patch, dict):
        found = {list: "array", str: "string", bool: "bool"}.get(type(patch), "number")
        target = "Go value of type map[string]interface {}"
        raise errors.bad_request(
            f"error decoding patch: json: cannot unmarshal {found} into {target}"
        )
    elif content_type == MERGE_PATCH:
        patched = merge_patch.apply(document, patch)
    else:
        patched = strategic.apply(kind, document, patch)
    if not isinstance(patched, dict):
        raise errors.unpatchable()
    return patched
