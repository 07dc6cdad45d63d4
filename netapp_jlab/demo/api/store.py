"""Everything behind the HTTP interface: objects, their versions, and who watches them.

The state is held in memory and in SQLite. A change is committed before it is answered or told to a
watcher, so a process killed at any moment loses nothing that anybody was told. Each write raises
the one version number of the cluster by one; versions that were compacted away answer 410.

All of it is synchronous and thread-safe: the HTTP handlers call it from worker threads and the
controllers from theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import checks, deletion, errors, metadata, patches, rules, schemas
from .kinds import KINDS, Kind
from .options import DEFAULT, WriteOptions
from .queries import Paging, Query, parse_version
from .state import State, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .auth.users import User
    from .history import Entry
    from .state import Page
    from .watches import Watch

    Admission = Callable[[str, Kind, "Object | None", "Object | None", "User | None"], None]

Object = dict[str, Any]
Objects = list[Object]

#: How many changes are kept for watches and consistent pages, unless told otherwise.
KEEP = 10_000

_NAMES_TRIED = 8


class Listed(NamedTuple):
    """A list, decoded: the objects, its resourceVersion, and the token of the next page."""

    items: Objects
    resource_version: str
    continue_token: str


class Store:
    """The objects of a cluster.

    Parameters
    ----------
    path : str
        The SQLite file; made when missing. One process at a time may use it.
    keep : int
        How many changes are kept for watches (the compaction window).

    Attributes
    ----------
    mutation : list[Admission]
        Hooks that fill objects in; called before an object is checked.
    admission : list[Admission]
        Hooks that may refuse; called with the object as it will be stored.

    A hook is called as ``hook(operation, kind, new, old, user)`` under the store's lock, for
    everything but the subresources, and refuses by raising `ApiError`. `operation` is ``CREATE``,
    ``UPDATE`` or ``DELETE``; `user` is None for the cluster's own controllers.
    """

    def __init__(self, path: str, *, keep: int = KEEP) -> None:
        self._state = State(path, keep)
        self.mutation: list[Admission] = []
        self.admission: list[Admission] = []

    # reading

    @property
    def resource_version(self) -> int:
        """The version of the newest change."""
        return self._state.version

    def last_change(self, kind: str) -> int:
        """Return the version of the newest change of one kind: cheap enough for every request."""
        return self._state.last_change(KINDS[kind])

    def entry(self, kind: str, namespace: str | None, name: str) -> Entry:
        """Return an object, still encoded.

        Raises
        ------
        ApiError
            404.
        """
        found = self._state.find(KINDS[kind], key_of(namespace, name))
        if found is None:
            raise errors.not_found(KINDS[kind], name)
        return found

    def get(self, kind: str, namespace: str | None, name: str) -> Object:
        """Return an object; see `entry`."""
        return self.entry(kind, namespace, name).decode()

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 0,
        continue_: str = "",
        resource_version: str = "",
        resource_version_match: str = "",
    ) -> Listed:
        """Return the objects of a kind, in one namespace or all; see `page`."""
        query = Query.parse(KINDS[kind], namespace, label_selector, field_selector)
        paging = Paging(
            limit=limit, token=continue_, version=resource_version, match=resource_version_match
        )
        page = self.page(query, paging)
        items = [entry.decode() for entry in page.entries]
        return Listed(items, str(page.version), page.token)

    def page(self, query: Query, paging: Paging) -> Page:
        """Return the objects that `query` asks for, or one page of them, still encoded.

        All pages of a list show it as it was at the first one.

        Raises
        ------
        ApiError
            400 for a token that is none, 410 for a page of a list that has been compacted away,
            504 for a version that is not reached yet.
        """
        return self._state.page(query, paging)

    def watch(
        self,
        kind: str | None,
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str | None = None,
        field_selector: str | None = None,
        bookmarks: bool = False,
        initial_events: bool | None = None,
        bookmark_every: float = 60.0,
    ) -> Watch:
        """Return the changes of a kind from a version on.

        Parameters
        ----------
        kind : str | None
            The kind; None for every kind (no selectors then).
        resource_version : str
            Changes after this version; empty or ``0``: first everything there is, as ``ADDED``.
        bookmarks : bool
            Now and then an event that carries nothing but the newest version.
        initial_events : bool | None
            ``sendInitialEvents``: first everything there is, then a bookmark that says so.

        Raises
        ------
        ApiError
            410 for a version that has been compacted away.
        """
        query = None
        if kind is not None:
            query = Query.parse(KINDS[kind], namespace, label_selector, field_selector)
        start = parse_version(resource_version) if resource_version else 0
        return self._state.watch(
            query,
            start,
            state_first=start == 0 if initial_events is None else initial_events,
            end_of_state=bool(initial_events) and bookmarks,
            bookmark_every=bookmark_every if bookmarks else None,
        )

    # writing

    def create(
        self, kind: str, obj: Mapping[str, Any], *, options: WriteOptions = DEFAULT
    ) -> Object:
        """Store a new object and return it as stored.

        Raises
        ------
        ApiError
            404 for a missing namespace, 409 for a taken name, 422 for an invalid object, 403 when
            admission refuses.
        """
        served = KINDS[kind]
        new = options.read(served, obj)
        strategy = rules.for_kind(kind)
        with self._state.lock:
            self._name(served, new)
            strategy.default(new)
            self._admit(self.mutation, "CREATE", served, new, None, options)
            strategy.prepare_create(served, new)
            causes = metadata.validate(served, new["metadata"])
            checks.refuse(served, new, causes + checks.check_object(served, new, None))
            taken = self._taken(served, new)
            if taken is not None:
                going = "deletionTimestamp" in taken.decode()["metadata"]
                raise errors.already_exists(served, new["metadata"]["name"], going=going)
            options.warnings.extend(metadata.warnings(served, new["metadata"]))
            options.warnings.extend(strategy.warnings(new))
            self._admit(self.admission, "CREATE", served, new, None, options)
            if options.dry_run:
                return new
            return self._state.commit("ADDED", served, new, None).decode()

    def update(
        self,
        kind: str,
        obj: Mapping[str, Any],
        *,
        subresource: str | None = None,
        options: WriteOptions = DEFAULT,
    ) -> Object:
        """Replace an object, or only its status, and return it as stored.

        An update that removes the last finalizer of an object being deleted deletes it.

        Raises
        ------
        ApiError
            404, 409 when `obj` is based on an older version, 422, 403.
        """
        new = options.read(KINDS[kind], obj)
        meta = new["metadata"]
        with self._state.lock:
            before = self.entry(kind, meta.get("namespace"), meta.get("name", ""))
            checks.require_uid(before, meta)
            return self._replace(before, new, subresource, options)

    def patch(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        patch: Any,
        *,
        content_type: str = patches.MERGE_PATCH,
        subresource: str | None = None,
        options: WriteOptions = DEFAULT,
    ) -> Object:
        """Change a part of an object and return it as stored; see `update`."""
        served = KINDS[kind]
        with self._state.lock:
            before = self.entry(kind, namespace, name)
            patched = patches.apply(served, before.decode(), patch, content_type)
            new = options.read_patched(served, patched, before)
            return self._replace(before, new, subresource, options)

    def _replace(
        self, before: Entry, new: Object, subresource: str | None, options: WriteOptions
    ) -> Object:
        served, old = before.kind, before.decode()
        strategy = rules.for_kind(served.kind)
        checks.require_version(served, new, old)
        metadata.prepare_update(new, old)
        strategy.default(new)
        if subresource == "status":
            strategy.prepare_status(served, new, old)
            causes = schemas.check(served, new, update=True) + strategy.validate_status(new, old)
        else:
            if subresource is None:
                self._admit(self.mutation, "UPDATE", served, new, old, options)
                strategy.prepare_update(served, new, old)
            causes = checks.check_object(served, new, old)
            metadata.count_generation(served, new, old)
        wrong = metadata.validate_update(served, new["metadata"], old["metadata"])
        # a real server checks the metadata of built-in kinds twice, and lists the causes twice
        checks.refuse(served, new, wrong + (wrong if served.builtin else []) + causes)
        if subresource is None:
            self._admit(self.admission, "UPDATE", served, new, old, options)
        if options.dry_run or new == old:
            return new
        if deletion.finished(new):
            self._state.commit("DELETED", served, new, before)
            return new
        return self._state.commit("MODIFIED", served, new, before).decode()

    def delete(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        preconditions: Mapping[str, str] | None = None,
        propagation: str | None = None,
        grace_seconds: int | None = None,
        options: WriteOptions = DEFAULT,
    ) -> Object:
        """Delete an object, or begin to: finalizers and pods on a node hold it until they let go.

        Parameters
        ----------
        preconditions : dict | None
            ``uid`` and ``resourceVersion`` the object must have.
        propagation : str | None
            ``Background``, ``Foreground`` or ``Orphan``: what happens to what it owns.
        grace_seconds : int | None
            How long a pod gets to stop; 0 removes it at once.

        Returns
        -------
        dict
            Its last state; `Store.gone` says whether it is still there.

        Raises
        ------
        ApiError
            404, 409 when a precondition fails, 403.
        """
        with self._state.lock:
            before = self.entry(kind, namespace, name)
            old, new = before.decode(), before.decode()
            deletion.check_preconditions(before.kind, old, preconditions or {})
            self._admit(self.admission, "DELETE", before.kind, None, old, options)
            stays = deletion.begin(before.kind, new, propagation, grace_seconds)
            if options.dry_run or (stays and new == old):
                return new
            change = "MODIFIED" if stays else "DELETED"
            return self._state.commit(change, before.kind, new, before).decode()

    def gone(self, obj: Object) -> bool:
        """Say whether an object (as some write returned it) is no longer there."""
        meta = obj["metadata"]
        key = key_of(meta.get("namespace"), meta["name"])
        found = self._state.find(KINDS[obj["kind"]], key)
        return found is None or found.decode()["metadata"]["uid"] != meta["uid"]

    # the cluster as a whole

    def compact(self, version: int | None = None) -> None:
        """Forget the changes up to `version` (default: all), as etcd does every five minutes."""
        self._state.compact(version)

    def setting(self, name: str, default: str) -> str:
        """Return a durable setting of the cluster, `default` the first time."""
        return self._state.setting(name, default)

    def end_watches(self) -> None:
        """End every watch that there is now."""
        self._state.end_watches()

    def close(self) -> None:
        """End every watch and close the file."""
        self._state.close()

    def _name(self, kind: Kind, new: Object) -> None:
        """Fill in the system fields; try a few names when one is to be generated."""
        generated = not new["metadata"].get("name")
        metadata.prepare_create(kind, new)
        tries = 0
        while generated and self._taken(kind, new) is not None:
            tries += 1
            if tries > _NAMES_TRIED:
                raise errors.generated_name_exists(kind, new["metadata"]["name"])
            new["metadata"]["name"] = ""
            metadata.prepare_create(kind, new)

    def _taken(self, kind: Kind, obj: Object) -> Entry | None:
        meta = obj["metadata"]
        key = key_of(meta.get("namespace"), meta.get("name", ""))
        return self._state.find(kind, key)

    @staticmethod
    def _admit(
        hooks: Sequence[Admission],
        operation: str,
        kind: Kind,
        new: Object | None,
        old: Object | None,
        options: WriteOptions,
    ) -> None:
        for hook in hooks:
            hook(operation, kind, new, old, options.user)
