"""Volume snapshots, their contents and classes.

After the validation rules (CEL) in the CustomResourceDefinitions of external-snapshotter 8. What
their schemas say beyond that is checked by `schemas.structural`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors

from .base import Rules

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause

Object = dict[str, Any]

_FIELD = "spec.source"


def _broken(field: str, message: str) -> Cause:
    """Return the cause of a rule over a whole object: such causes show no value."""
    return errors.Cause("FieldValueInvalid", f"Invalid value: {message}", field)


class _SourceRules(Rules):
    """What snapshots and contents share: exactly one source, chosen once."""

    pair: tuple[str, str]
    exactly_one: str

    def validate(self, obj: Object) -> list[Cause]:
        """Check that there is exactly one source."""
        source = (obj.get("spec") or {}).get("source")
        if not isinstance(source, dict):
            return []  # the schema has said so
        if sum(name in source for name in self.pair) == 1:
            return []
        return [_broken(_FIELD, self.exactly_one)]

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Check that the source is the one of old."""
        source, before = new["spec"].get("source"), old["spec"].get("source")
        if not isinstance(source, dict) or not isinstance(before, dict):
            return []
        changed = [
            errors.invalid(f"{_FIELD}.{name}", source[name], f"{name} is immutable")
            for name in self.pair
            if name in source and name in before and source[name] != before[name]
        ]
        lost = [
            _broken(_FIELD, f"{name} is required once set")
            for name in self.pair
            if name in before and name not in source
        ]
        return changed + lost + self.validate(new)


class SnapshotRules(_SourceRules):
    """VolumeSnapshot."""

    pair = ("persistentVolumeClaimName", "volumeSnapshotContentName")
    exactly_one = (
        "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set"
    )

    def validate(self, obj: Object) -> list[Cause]:
        """Check the source, and that a class, if named at all, has a name."""
        found = super().validate(obj)
        field = "spec.volumeSnapshotClassName"
        if (obj.get("spec") or {}).get("volumeSnapshotClassName") == "":
            detail = "volumeSnapshotClassName must not be the empty string when set"
            found.append(errors.invalid(field, "", detail))
        return found


class ContentRules(_SourceRules):
    """VolumeSnapshotContent."""

    pair = ("volumeHandle", "snapshotHandle")
    exactly_one = "exactly one of volumeHandle and snapshotHandle must be set"

    def validate(self, obj: Object) -> list[Cause]:
        """Check the source, and that the snapshot it belongs to is fully named."""
        found = super().validate(obj)
        reference = (obj.get("spec") or {}).get("volumeSnapshotRef")
        if isinstance(reference, dict) and not (
            reference.get("name") and reference.get("namespace")
        ):
            detail = (
                "both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set"
            )
            found.append(_broken("spec.volumeSnapshotRef", detail))
        return found

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep source and volume mode."""
        found = super().validate_update(new, old)
        name = "sourceVolumeMode"
        mode, before = new["spec"].get(name), old["spec"].get(name)
        if before and not mode:
            found.append(_broken("spec", f"{name} is required once set"))
        elif before and mode != before:
            found.append(errors.invalid(f"spec.{name}", mode, f"{name} is immutable"))
        return found
