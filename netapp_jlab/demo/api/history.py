"""Every object as it is, the last changes, and every list as it was at any of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from . import errors

if TYPE_CHECKING:
    from .kinds import Kind


class _Labels(msgspec.Struct):
    labels: dict[str, str] = {}


class _Labelled(msgspec.Struct):
    metadata: _Labels


_decode_labels = msgspec.json.Decoder(_Labelled).decode


class Entry(NamedTuple):
    """One version of one object.

    Attributes
    ----------
    kind : Kind
        What it is.
    key : str
        ``namespace/name``, or the name of a cluster-scoped object.
    version : int
        Its resourceVersion.
    body : bytes
        The object as JSON, without ``kind`` and ``apiVersion``: lists are made of these.
    """

    kind: Kind
    key: str
    version: int
    body: bytes

    def raw(self) -> bytes:
        """Return the whole object as JSON."""
        return type_prefix(self.kind) + self.body[1:]

    def item(self) -> bytes:
        """Return the object as it stands in a list: built-in kinds leave out their kind."""
        return self.body if self.kind.builtin else self.raw()

    def decode(self) -> dict[str, Any]:
        """Return the whole object, decoded afresh (so it may be changed)."""
        decoded: dict[str, Any] = msgspec.json.decode(self.raw())
        return decoded

    def labels(self) -> dict[str, str]:
        """Return the labels, without decoding the rest."""
        return _decode_labels(self.body).metadata.labels


def type_prefix(kind: Kind) -> bytes:
    """Return how the JSON of an object begins."""
    if kind.builtin:
        return f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode()
    return f'{{"apiVersion":"{kind.api_version}","kind":"{kind.kind}",'.encode()


class Change(NamedTuple):
    """What happened to one object: `after` is its last state when it was deleted."""

    version: int
    type: str
    after: Entry
    before: Entry | None


class Table:
    """The present objects of one kind, in the order of their keys."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._keys: list[str] = []

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: str) -> Entry | None:
        """Return the object at `key`, if any."""
        return self._entries.get(key)

    def put(self, entry: Entry) -> None:
        """Add or replace an object."""
        if entry.key not in self._entries:
            insort(self._keys, entry.key)
        self._entries[entry.key] = entry

    def remove(self, key: str) -> None:
        """Take an object out."""
        del self._entries[key]
        del self._keys[bisect_left(self._keys, key)]

    def entries(self, prefix: str = "", after: str = "") -> list[Entry]:
        """Return the objects whose key begins with `prefix` and sorts behind `after`."""
        keys = self._keys
        first = bisect_left(keys, max(prefix, after + "\0" if after else ""))
        last = bisect_left(keys, prefix + "\U0010ffff") if prefix else len(keys)
        return [self._entries[key] for key in keys[first:last]]


class Log:
    """The last changes; versions follow each other without gaps.

    Attributes
    ----------
    compacted : int
        The newest version whose change has been forgotten.
    current : int
        The newest version.
    """

    def __init__(self, compacted: int) -> None:
        self.compacted = compacted
        self._changes: list[Change] = []

    @property
    def current(self) -> int:
        """The newest version."""
        return self.compacted + len(self._changes)

    def append(self, change: Change) -> None:
        """Add the next change."""
        self._changes.append(change)

    def forget(self, version: int) -> None:
        """Forget the changes up to and including `version`."""
        del self._changes[: max(version - self.compacted, 0)]
        self.compacted = max(self.compacted, version)

    def since(self, version: int) -> list[Change]:
        """Return the changes after `version`, oldest first.

        Raises
        ------
        ApiError
            410 when some of them have been forgotten.
        """
        if version < self.compacted:
            raise errors.too_old(version, self.compacted)
        return self._changes[version - self.compacted :]

    def state_at(
        self, version: int, table: Table, kind: Kind, prefix: str, after: str
    ) -> list[Entry]:
        """Return the list of a kind as it was at `version`: the present, with changes undone.

        Raises
        ------
        ApiError
            410 when `version` has been forgotten.
        """
        if version < self.compacted:
            raise errors.expired(
                "The provided continue parameter is too old to display a consistent list result. "
                "You can start a new list without the continue parameter, or use the continue "
                "token in this response to retrieve the remainder of the results. Continuing with "
                "the provided token results in an inconsistent list - objects that were created, "
                "modified, or deleted between the time the first chunk was returned and now may "
                "show up in the list."
            )
        state = {entry.key: entry for entry in table.entries(prefix, after)}
        undone: set[str] = set()
        for change in self.since(version):
            key = change.after.key
            outside = change.after.kind is not kind or not key.startswith(prefix) or key <= after
            if outside or key in undone:
                continue
            undone.add(key)
            if change.before is None:
                state.pop(key, None)
            else:
                state[key] = change.before
        return [state[key] for key in sorted(state)]
