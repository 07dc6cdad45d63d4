"""Objects and the log of their changes in SQLite.

Each change is one transaction, committed before anybody is told of it. In WAL mode with
``synchronous=NORMAL`` a killed process loses nothing that was committed: the pages are the
kernel's by then (only a power cut could take the last few transactions).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, raw BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    version INTEGER PRIMARY KEY, type TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    raw BLOB NOT NULL, previous BLOB, previous_version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Row(NamedTuple):
    """One change: what happened to one object, and what it was before.

    Attributes
    ----------
    version : int
        The resourceVersion that the change made.
    type : str
        ``ADDED``, ``MODIFIED`` or ``DELETED``.
    kind, key : str
        Which object; the key is ``namespace/name``, or the name of a cluster-scoped object.
    raw : bytes
        The object after the change; for a deletion its last state, with the deletion's version.
    previous : bytes | None
        The object before the change.
    previous_version : int
        The version of `previous`; 0 when there was none.
    """

    version: int
    type: str
    kind: str
    key: str
    raw: bytes
    previous: bytes | None
    previous_version: int


class Database:
    """The file behind a store; one connection, used under the store's lock.

    Parameters
    ----------
    path : str
        The file; made when missing.
    """

    def __init__(self, path: str) -> None:
        # autocommit: each transaction is written out below
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)

    def write(self, row: Row) -> None:
        """Make one change durable: the object and its entry in the log, or neither."""
        with self._transaction() as execute:
            if row.type == "DELETED":
                execute("DELETE FROM objects WHERE kind = ? AND key = ?", (row.kind, row.key))
            else:
                execute(
                    "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)",
                    (row.kind, row.key, row.version, row.raw),
                )
            execute("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def forget(self, version: int) -> None:
        """Drop the log up to and including `version`, and note that it begins there."""
        with self._transaction() as execute:
            execute("DELETE FROM changes WHERE version <= ?", (version,))
            execute("INSERT OR REPLACE INTO settings VALUES ('compacted', ?)", (str(version),))

    def objects(self) -> Iterator[tuple[str, str, int, bytes]]:
        """Yield every object as (kind, key, version, raw), in order of the key."""
        yield from self._connection.execute("SELECT * FROM objects ORDER BY kind, key")

    def changes(self) -> Iterator[Row]:
        """Yield the log, oldest change first."""
        yield from map(
            Row._make, self._connection.execute("SELECT * FROM changes ORDER BY version")
        )

    def setting(self, name: str, default: str) -> str:
        """Return a setting of the cluster, writing `default` when there is none yet."""
        self._connection.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
        found = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,))
        return str(found.fetchone()[0])

    def close(self) -> None:
        """Close the file (after which the write-ahead log is folded into it)."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            yield execute
            execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
