"""Who writes, and how: what a write carries besides the object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from . import errors, schemas
from .schemas import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .auth.users import User
    from .history import Entry
    from .kinds import Kind

Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """How an object is to be written.

    Attributes
    ----------
    user : User | None
        Who asks; None for the cluster's own controllers.
    dry_run : bool
        Check everything, store nothing.
    validation : str
        What to do with fields that the schema does not know: ``Ignore``, ``Warn`` or ``Strict``.
    warnings : list[str]
        Filled with what is to be said in ``Warning`` headers.
    """

    user: User | None = None
    dry_run: bool = False
    validation: str = "Ignore"
    warnings: list[str] = field(default_factory=list)

    def read(self, kind: Kind, obj: Mapping[str, Any]) -> Object:
        """Return an object as it is stored.

        Raises
        ------
        ApiError
            400 when it is not of the kind, or has unknown fields and validation is strict.
        """
        try:
            return self._decode(kind, obj)
        except SchemaError as error:
            raise errors.unreadable(kind, error) from error

    def read_patched(self, kind: Kind, obj: Mapping[str, Any], before: Entry) -> Object:
        """Return the result of a patch as it is stored.

        Raises
        ------
        ApiError
            422 when it is no longer of the kind, 400 when it would be another object.
        """
        try:
            new = self._decode(kind, obj)
            other = obj.get("kind")
            if other not in (None, kind.kind):
                group = kind.group.partition(".")[0] or "core"
                into = f"({group}.{kind.kind})"
                raise SchemaError(f"converting (v1.{other}) to {into}: unknown conversion")
        except SchemaError as error:
            shown = msgspec.json.encode(dict(sorted(obj.items()))).decode()
            raise errors.bad_patch(shown, error) from error
        old, meta = before.decode()["metadata"], new["metadata"]
        if not meta.get("name"):
            raise errors.no_name(old["name"])
        if meta.get("name") != old["name"]:
            raise errors.other_name(str(meta.get("name")), old["name"])
        if meta.get("namespace") != old.get("namespace"):
            raise errors.other_namespace()
        return new

    def _decode(self, kind: Kind, obj: Mapping[str, Any]) -> Object:
        unknown: list[str] = []
        new = schemas.decode(kind, obj, unknown)
        texts = [f'unknown field "{path}"' for path in sorted(unknown)]
        if texts and self.validation == "Strict":
            raise SchemaError(f"strict decoding error: {', '.join(texts)}")
        if self.validation == "Warn":
            self.warnings.extend(texts)
        return new


#: How the cluster's own controllers write.
DEFAULT = WriteOptions()
