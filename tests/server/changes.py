"""Changes as the core tells of them."""

from __future__ import annotations

from typing import Any

import msgspec

from netapp_jlab.models import Change


def change(name: str = "data", **fields: Any) -> Change:
    made = Change(kind="volume", action="modified", name=name, uid=f"uid-{name}", volume=name)
    return msgspec.structs.replace(made, **fields)
