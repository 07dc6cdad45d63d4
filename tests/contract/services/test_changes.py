"""What a started client tells of: what happens from then on."""

from __future__ import annotations

from queue import SimpleQueue

from netapp_jlab.models import SnapshotOrder
from netapp_jlab.services.client import Change

PATIENCE = 30.0


def told_until(changes: SimpleQueue[Change], action: str, phase: str = "") -> list[Change]:
    """Return what was told, up to the first snapshot's change with this action and phase."""
    found: list[Change] = []
    while True:
        found.append(changes.get(timeout=PATIENCE))
        last = found[-1]
        wanted = last.kind == "snapshot" and last.action == action
        if wanted and (not phase or last.phase == phase):
            return found


def test_hints_of_what_happens_but_not_of_what_there_was(make_client, volume, cut):
    before = cut()
    changes: SimpleQueue[Change] = SimpleQueue()
    client = make_client()
    client.start(changes.put)
    assert [one.name for one in client.snapshots.list().items] == [before.name]

    made = client.snapshots.create("project1", SnapshotOrder())
    told = told_until(changes, "modified", "ready")
    # A controller may touch it still, but it is not told as new.
    assert ("added", before.name) not in {(one.action, one.name) for one in told}
    own = [one for one in told if one.name == made.name]
    assert (own[0].action, own[0].volume, own[0].uid) == ("added", "project1", made.uid)

    client.snapshots.delete(before.name)
    gone = told_until(changes, "deleted")[-1]
    assert (gone.name, gone.uid) == (before.name, before.uid)
