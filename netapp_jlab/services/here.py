"""Files of volumes that are mounted in this process and show their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from netapp_jlab import files
from netapp_jlab.errors import NotMounted
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.services.places import (
    Check,
    Compared,
    Done,
    Job,
    Pair,
    Pause,
    Restoration,
    Told,
    translated,
)
from netapp_jlab.services.trees import SnapshotTrees


class Here:
    """Files of volumes that are mounted in this process and show their snapshots."""

    def __init__(self, trees: SnapshotTrees) -> None:
        self._trees = trees

    def prepare(self, snapshot: VolumeSnapshot, *, cancel: Check, on_step: Told) -> None:
        """See :meth:`Place.prepare`; here nothing has to be made first."""
        cancel()
        on_step("Opening the snapshot.")
        with self._opened(snapshot):
            pass

    def listing(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> list[files.Entry]:
        """See :meth:`Place.listing`."""
        with self._opened(snapshot) as tree:
            return files.listing(tree, path, cancel=cancel)

    def entry(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> files.Entry:
        """See :meth:`Place.entry`."""
        cancel()
        with self._opened(snapshot) as tree:
            return files.entry(tree, path)

    def read(
        self, snapshot: VolumeSnapshot, path: bytes, *, start: int, length: int, cancel: Check
    ) -> bytes:
        """See :meth:`Place.read`."""
        cancel()
        with self._opened(snapshot) as tree:
            return files.read(tree, path, start=start, length=length)

    def check(self, pair: Pair, *, cancel: Check) -> None:
        """See :meth:`Place.check`."""
        with self._both(pair) as (source, live):
            files.compare(source, live, paths=pair.paths, extra=False, cancel=cancel)

    def compare(self, pair: Pair, *, examples: int, cancel: Check) -> Compared:
        """See :meth:`Place.compare`."""
        unreadable: list[files.Issue] = []
        with self._both(pair) as (source, live):
            summary = files.summarize(
                files.compare(
                    source,
                    live,
                    paths=pair.paths,
                    extra=pair.remove_extra,
                    verify=pair.verify,
                    cancel=cancel,
                    on_failure=unreadable.append,
                ),
                examples=examples,
            )
            return Compared(summary, len(unreadable), files.usage(live).free)

    @contextmanager
    def restoring(self, job: Job, *, cancel: Check, pause: Pause) -> Iterator[Restoration]:
        """See :meth:`Place.restoring`."""
        name = job.claim.metadata.name
        with ExitStack() as stack, translated(name):
            live = stack.enter_context(self._trees.volume(name))
            source = stack.enter_context(self._trees.snapshot(job.snapshot, pause=pause))
            safety = stack.enter_context(self._trees.snapshot(job.kept, pause=pause))
            baseline = self._baseline(job)
            if baseline is not None:
                stack.enter_context(baseline)
            yield _Restoration(job, cancel, source, live, safety, baseline)

    def _baseline(self, job: Job) -> files.Tree | None:
        """Open the snapshot that was restored; None if it is gone: then nothing is removed."""
        if job.baseline is None:
            return None
        try:
            return self._trees.snapshot(job.baseline)
        except NotMounted:
            return None

    @contextmanager
    def _opened(self, snapshot: VolumeSnapshot) -> Iterator[files.Tree]:
        claim = snapshot.spec.source.persistent_volume_claim_name
        with translated(claim), self._trees.snapshot(snapshot) as tree:
            yield tree

    @contextmanager
    def _both(self, pair: Pair) -> Iterator[tuple[files.Tree, files.Tree]]:
        name = pair.claim.metadata.name
        with ExitStack() as stack, translated(name):
            source = stack.enter_context(self._trees.snapshot(pair.snapshot))
            yield source, stack.enter_context(self._trees.volume(name))


@dataclass(frozen=True)
class _Restoration:
    """See :class:`Restoration`."""

    job: Job
    cancel: Check
    source: files.Tree
    live: files.Tree
    safety: files.Tree
    baseline: files.Tree | None

    def compare(self) -> files.Summary:
        return files.summarize(
            files.compare(
                self.source,
                self.live,
                paths=self.job.paths,
                extra=self.job.remove_extra,
                baseline=self.baseline,
                cancel=self.cancel,
                on_failure=lambda _: None,  # the restore itself reports them
            ),
            examples=0,
        )

    def run(self, plan: files.Summary, progress: Callable[[files.Progress], object]) -> Done:
        outcome = files.restore(
            self.source,
            self.live,
            kept=self.safety,
            paths=self.job.paths,
            remove_extra=self.job.remove_extra,
            verify=self.job.verify,
            baseline=self.baseline,
            plan=plan,
            token=self.job.token,
            cancel=self.cancel,
            progress=progress,
        )
        return Done(outcome, len(outcome.conflicts), len(outcome.failures))
