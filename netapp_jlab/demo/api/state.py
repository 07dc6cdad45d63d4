"""Objects and versions: the part of the store that knows nothing of rules.

In memory for reading, in SQLite for keeping; every change goes to the file first.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from . import errors, queries
from .database import Database, Row
from .history import Change, Entry, Log, Table
from .kinds import KINDS, Kind
from .publisher import Publisher

if TYPE_CHECKING:
    from .queries import Paging, Query
    from .watches import Watch

Object = dict[str, Any]


class Page(NamedTuple):
    """A part of a list, still encoded.

    Attributes
    ----------
    entries : list[Entry]
        The objects.
    version : int
        The version that the whole list has.
    token : str
        Leads to the next page; empty on the last one.
    remaining : int | None
        How many follow; None when that is not known (with selectors) or nothing follows.
    """

    entries: list[Entry]
    version: int
    token: str = ""
    remaining: int | None = None


class State:
    """Everything there is, what changed lately, and who wants to know.

    Parameters
    ----------
    path : str
        The SQLite file; made when missing.
    keep : int
        How many changes are kept at least.

    Attributes
    ----------
    lock : RLock
        Held for every change and every consistent look; may be held around several calls.
    """

    def __init__(self, path: str, keep: int) -> None:
        self.lock = threading.RLock()
        self._database = Database(path)
        self._keep = keep
        self._tables = {name: Table() for name in KINDS}
        self._changed: dict[str, int] = {}
        self._log = self._load()
        self._publisher = Publisher(self.lock, lambda: self._log.current)

    @property
    def version(self) -> int:
        """The version of the newest change."""
        return self._log.current

    def last_change(self, kind: Kind) -> int:
        """Return the version of the newest change of `kind` since the file was opened."""
        return self._changed.get(kind.kind, 0)

    def find(self, kind: Kind, key: str) -> Entry | None:
        """Return the object at `key`, if any; never waits for a write."""
        return self._tables[kind.kind].get(key)

    def page(self, query: Query, paging: Paging) -> Page:
        """Return the objects that `query` asks for, or one page of them.

        All pages of a list show it as it was at the first one.

        Raises
        ------
        ApiError
            400 for a token that is none, 410 for a page of a list that has been compacted away,
            504 for a version that is not reached yet.
        """
        paging.check()
        with self.lock:
            found, version = self._entries(query, paging)
        if query.selective:
            found = [entry for entry in found if query.selects(entry)]
        limit = 0 if paging.version == "0" else paging.limit
        if not limit or len(found) <= limit:
            return Page(found, version)
        shown = found[:limit]
        remaining = None if query.selective else len(found) - limit
        return Page(shown, version, queries.encode_token(version, shown[-1].key), remaining)

    def _entries(self, query: Query, paging: Paging) -> tuple[list[Entry], int]:
        table, current = self._tables[query.kind.kind], self._log.current
        after, version = "", current
        if paging.token:
            version, after = queries.decode_token(paging.token)
        elif paging.version:
            asked = queries.parse_version(paging.version)
            if asked > current:
                raise errors.too_large_version(asked, current)
            version = asked if paging.exact() else current
        if version in (queries.INCONSISTENT, current):
            return table.entries(query.prefix, after), current
        try:
            found = self._log.state_at(version, table, query.kind, query.prefix, after)
        except errors.ApiError as error:
            if after:
                error.next_page = queries.encode_token(queries.INCONSISTENT, after)
            raise
        return found, version

    def watch(
        self,
        query: Query | None,
        start: int,
        *,
        state_first: bool,
        end_of_state: bool = False,
        bookmark_every: float | None = None,
    ) -> Watch:
        """Return a watch of what `query` asks for (None: of everything) from `start` on.

        Raises
        ------
        ApiError
            410 for a version that has been compacted away.
        """
        with self.lock:
            past = [] if state_first else self._log.since(start)
            watch = self._publisher.subscribe(query, 0 if state_first else start, bookmark_every)
            if state_first:
                self._publisher.send_state(watch, self._present(query), query)
            for change in past:
                self._publisher.send(watch, change)
            if end_of_state and query is not None:
                self._publisher.send_end_of_state(watch, query.kind)
        return watch

    def _present(self, query: Query | None) -> list[Entry]:
        if query is not None:
            return self._tables[query.kind.kind].entries(query.prefix)
        return [entry for table in self._tables.values() for entry in table.entries()]

    def compact(self, version: int | None = None) -> None:
        """Forget the changes up to `version` (default: all), as etcd does every five minutes."""
        with self.lock:
            limit = self._log.current if version is None else min(version, self._log.current)
            self._database.forget(limit)
            self._log.forget(limit)

    def setting(self, name: str, default: str) -> str:
        """Return a durable setting of the cluster, `default` the first time."""
        with self.lock:
            return self._database.setting(name, default)

    def end_watches(self) -> None:
        """End every watch that there is now."""
        self._publisher.close()

    def close(self) -> None:
        """End every watch and close the file."""
        self._publisher.close()
        with self.lock:
            self._database.close()

    def _load(self) -> Log:
        for name, key, version, body in self._database.objects():
            self._tables[name].put(Entry(KINDS[name], key, version, body))
        log = Log(int(self._database.setting("compacted", "0")))
        for row in self._database.changes():
            kind = KINDS[row.kind]
            after = Entry(kind, row.key, row.version, row.raw)
            before = None
            if row.previous is not None:
                before = Entry(kind, row.key, row.previous_version, row.previous)
            log.append(Change(row.version, row.type, after, before))
        return log

    def commit(self, kind_of_change: str, kind: Kind, obj: Object, before: Entry | None) -> Entry:
        """Make a change durable, then tell the watchers.

        Parameters
        ----------
        kind_of_change : str
            ``ADDED``, ``MODIFIED`` or ``DELETED``.
        obj : dict
            The new object, or the last state of a deleted one.
        before : Entry | None
            What it was.
        """
        version = self._log.current + 1
        key = key_of(obj["metadata"].get("namespace"), obj["metadata"]["name"])
        after = Entry(kind, key, version, _encode(obj, version))
        previous = (None, 0) if before is None else (before.body, before.version)
        self._database.write(Row(version, kind_of_change, kind.kind, key, after.body, *previous))
        if kind_of_change == "DELETED":
            self._tables[kind.kind].remove(key)
        else:
            self._tables[kind.kind].put(after)
        change = Change(version, kind_of_change, after, before)
        self._log.append(change)
        self._changed[kind.kind] = version
        if version - self._log.compacted > self._keep * 5 // 4:
            self.compact(version - self._keep)
        self._publisher.publish(change)
        return after


#: The fields of ``metadata``, in the order in which a real server writes them.
_META_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)


def key_of(namespace: str | None, name: str) -> str:
    """Return the key of an object; keys sort as they do in etcd."""
    return f"{namespace}/{name}" if namespace else name


def _encode(obj: Object, version: int) -> bytes:
    meta = {**obj["metadata"], "resourceVersion": str(version)}
    meta = {name: meta[name] for name in _META_ORDER if name in meta}
    rest = {k: v for k, v in obj.items() if k not in ("kind", "apiVersion", "metadata")}
    return msgspec.json.encode({"metadata": meta, **rest})
