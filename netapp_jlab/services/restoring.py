"""The work of a restore: what runs in a thread, and again after a crash."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from netapp_jlab import files
from netapp_jlab.errors import Changed, Invalid, NetAppJLabError, NotFound
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import Issue, Outcome, Progress
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.cutting import await_cut
from netapp_jlab.services.journal import Journal
from netapp_jlab.services.lease import Lease
from netapp_jlab.services.places import Done, Job, Places, translated
from netapp_jlab.services.records import Ref
from netapp_jlab.services.runner import TRANSIENT, Result
from netapp_jlab.services.sources import Sources

REPORTED = 100
"""Paths named in an outcome, of each sort."""
COMPARING = "Comparing with the snapshot"
COPYING = "Copying back what differs"


class Restoring:
    """Does a restore or an undo, or what is left of it.

    Parameters
    ----------
    catalog, sources, journal, places : Catalog, Sources, Journal, Places
        What is known, what goes on, and the files.
    ready_timeout : float
        Seconds to wait for the safety snapshot.
    """

    def __init__(
        self,
        catalog: Catalog,
        sources: Sources,
        journal: Journal,
        places: Places,
        ready_timeout: float,
    ) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._sources = sources
        self._journal = journal
        self._places = places
        self._ready_timeout = ready_timeout

    def __call__(self, lease: Lease, tell: Callable[[Progress], None]) -> Result:
        """Do a restore or an undo, or what is left of it."""
        try:
            return self._work(lease, tell)
        except TRANSIENT:
            raise  # it is tried again, and a helper pod goes on meanwhile
        except NetAppJLabError:
            # Whatever the record will say, nothing may go on with it behind its back.
            self._places.stop(lease.entry.uid, lease.record.mover)
            raise

    def _work(self, lease: Lease, tell: Callable[[Progress], None]) -> Result:
        record = lease.record
        claim = same_claim(self._catalog, record.volume)
        kept = await_cut(
            self._cluster, lease.entry.name, timeout=self._ready_timeout, cancel=lease.check
        )
        taken = self._same(record.snapshot)
        job = Job(
            snapshot=taken,
            claim=claim,
            paths=to_paths(record.paths),
            remove_extra=record.remove_extra,
            verify=record.verify,
            kept=kept,
            baseline=self._baseline(record.baseline),
            token=lease.entry.uid,
        )
        place = self._places.for_job(claim, taken, token=job.token, owner=record.mover)
        mover = self._places.owner_of(place)
        if mover != record.mover:
            lease.change(mover=mover)
        with place.restoring(job, cancel=lease.check, pause=lease.pause) as restoration:
            lease.change(step=COMPARING)
            plan = restoration.compare()
            lease.change(step=COPYING, touched=True)
            done = restoration.run(plan, lambda seen: tell(_progress(seen)))
        if record.undo_of:
            self._mark_undone(record.undo_of, lease.entry.id)
        return msgspec.structs.replace(
            _result(done), then=lambda: self._places.remove(job.token, mover)
        )

    def _same(self, ref: Ref) -> VolumeSnapshot:
        snapshot = self._sources.usable_snapshot(ref.name)
        if snapshot.metadata.uid != ref.uid:
            raise Changed(f"The snapshot “{ref.name}” was deleted and made anew meanwhile.")
        return snapshot

    def _baseline(self, ref: Ref) -> VolumeSnapshot | None:
        """Return the snapshot that was restored; None if it is gone: then nothing is removed."""
        if not ref.uid:
            return None
        try:
            return self._same(ref)
        except (NotFound, Changed):
            return None

    def _mark_undone(self, operation: str, by: str) -> None:
        try:
            entry = self._journal.get(operation)
            self._journal.write(entry, msgspec.structs.replace(entry.record, undone_by=by))
        except (NotFound, Changed):
            pass  # its snapshot was deleted meanwhile: nothing is left to be undone twice


def same_claim(catalog: Catalog, ref: Ref) -> Claim:
    """Return the claim, if it still is the one with that uid.

    Raises
    ------
    NotFound, Changed
        It is gone, or another one has its name now.
    """
    claim = catalog.claim(ref.name)
    if claim.metadata.uid != ref.uid:
        raise Changed(f"The volume “{ref.name}” was deleted and made anew meanwhile.")
    return claim


def to_paths(texts: tuple[str, ...]) -> list[bytes] | None:
    """Turn paths from outside into the file system's; None for everything.

    Raises
    ------
    Invalid
        One of them is no path inside a volume.
    """
    if "" in texts:
        raise Invalid(
            "A path is empty.", hint="Leave the paths out altogether to restore everything."
        )
    with translated(""):
        paths = [_to_path(text) for text in texts]
        files.check_paths(paths)
        return paths or None


def _to_path(text: str) -> bytes:
    try:
        return files.from_text(text)
    except ValueError as error:
        raise Invalid(
            f"“{text}” is not a path: {error}.", hint="Write a backslash in a name twice."
        ) from error


def _progress(seen: files.Progress) -> Progress:
    return Progress(
        files_done=seen.files_done,
        files_total=seen.files_total,
        bytes_done=seen.bytes_done,
        bytes_total=seen.bytes_total,
        path=files.to_text(seen.path),
    )


def _issues(found: tuple[files.Issue, ...]) -> tuple[Issue, ...]:
    return tuple(Issue(path=files.to_text(one.path), reason=one.reason) for one in found[:REPORTED])


def _result(found: Done) -> Result:
    done, conflicts, failures = found.outcome, found.conflicts, found.failures
    outcome = Outcome(
        created=done.created,
        replaced=done.replaced,
        metadata=done.metadata,
        removed=done.removed,
        copied_bytes=done.copied_bytes,
        conflicts=_issues(done.conflicts),
        failures=_issues(done.failures),
        conflict_count=conflicts,
        failure_count=failures,
    )
    left = conflicts + failures
    if not left:
        return Result(step="Done.", outcome=outcome)
    return Result(
        step=f"Done; {left} paths were left as they were.",
        outcome=outcome,
        message=f"{conflicts} changed while the restore ran, {failures} could not be brought back.",
        hint="Restore again to bring them back too; nothing of them was lost.",
    )
