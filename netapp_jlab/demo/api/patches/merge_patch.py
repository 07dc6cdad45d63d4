"""RFC 7386: members of the patch replace those of the document, null removes them."""

from __future__ import annotations

from typing import Any


def apply(document: Any, patch: Any) -> Any:
    """Return `document` with `patch` merged into it; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply(merged.get(name), value)
    return merged
