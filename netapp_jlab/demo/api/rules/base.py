"""The rules that hold for every kind unless it has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]


class Rules:
    """How objects of one kind are filled in and checked before they are stored.

    The methods change `new` in place, or return what is wrong with it; none of them looks at other
    objects (that is admission's part).
    """

    def default(self, obj: Object) -> None:
        """Fill in what the API documents as the default of a missing field."""

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Drop what a creator may not set: the status, where it is a subresource."""
        if kind.status:
            obj.pop("status", None)

    def prepare_update(self, kind: Kind, new: Object, old: Object) -> None:
        """Keep what an ordinary update may not change: the status, where it is a subresource."""
        if kind.status:
            _keep(new, old, "status")

    def prepare_status(self, kind: Kind, new: Object, old: Object) -> None:
        """Keep what an update of the status may not change: everything else.

        Built-in kinds let the status update change labels and annotations as well.
        """
        for name in {*new, *old} - {"status", "metadata"}:
            _keep(new, old, name)
        if not kind.builtin:
            version = new["metadata"].get("resourceVersion")
            new["metadata"] = {**old["metadata"], "resourceVersion": version}

    def validate(self, obj: Object) -> list[Cause]:  # noqa: ARG002 - nothing holds for all kinds
        """Return what is wrong with a new object."""
        return []

    def warnings(self, obj: Object) -> list[str]:  # noqa: ARG002 - nothing holds for all kinds
        """Return what the author of an object should know, though it is stored."""
        return []

    def validate_update(self, new: Object, old: Object) -> list[Cause]:  # noqa: ARG002
        """Return what is wrong with a changed object."""
        return self.validate(new)

    def validate_status(self, new: Object, old: Object) -> list[Cause]:  # noqa: ARG002
        """Return what is wrong with a changed status."""
        return []


def _keep(new: Object, old: Object, name: str) -> None:
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)
