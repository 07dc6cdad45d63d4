"""The core in memory: the same verbs on real state, plus faults that a test can ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec

from netapp_jlab import errors, models
from netapp_jlab.config import Settings
from netapp_jlab.models import Change, Operation, Permission, Snapshot, Volume

YES = Permission(allowed=True)
NO = Permission(allowed=False, reason="It is over.")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
GIB = 1024**3
CAN = models.Actions(snapshot=YES, clone=YES, resize=YES, browse=YES, restore=YES, delete=YES)


def size_of(text: str) -> int:
    if not text.endswith("Gi") or not text[:-2].isdigit():
        raise errors.Invalid(f"{text!r} is no size.")
    return int(text[:-2]) * GIB


def volume(name: str, size: str = "1Gi", **fields: Any) -> Volume:
    made = Volume(
        name=name,
        uid=str(uuid4()),
        namespace="jupyter",
        phase="bound",
        role="other",
        requested=size_of(size),
        capacity=size_of(size),
        used=None,
        storage_class="fast",
        access_modes=("ReadWriteOnce",),
        driver="csi.example.org",
        volume_handle="",
        created_at=NOW,
        source=None,
        note="",
        mount_path="",
        pods=(),
        snapshots=0,
        last_snapshot_at=None,
        message="",
        can=CAN,
    )
    return msgspec.structs.replace(made, **fields)


def snapshot(name: str, of: Volume, **fields: Any) -> Snapshot:
    made = Snapshot(
        name=name,
        uid=str(uuid4()),
        namespace="jupyter",
        volume=of.name,
        volume_uid=of.uid,
        stale=False,
        phase="ready",
        created_at=NOW,
        cut_at=NOW,
        restore_size=of.requested,
        snapshot_class="fast",
        note="",
        author="ada",
        origin=None,
        purpose="user",
        expires_at=None,
        browsable=True,
        message="",
    )
    return msgspec.structs.replace(made, **fields)


def operation(kind: str, of: str, **fields: Any) -> Operation:
    made = Operation(
        id=str(uuid4()),
        kind=kind,  # type: ignore[arg-type]
        state="running",
        step="Copying.",
        volume=of,
        snapshot="",
        source_volume="",
        safety_snapshot="",
        author="ada",
        started_at=NOW,
        finished_at=None,
        progress=models.Progress(),
        outcome=None,
        message="",
        hint="",
        undo_of="",
        can_cancel=YES,
        can_undo=NO,
    )
    return msgspec.structs.replace(made, **fields)


class Double:
    """Stands for :class:`netapp_jlab.Client`.

    Attributes
    ----------
    faults : dict[str, Callable[[], None]]
        Called at the beginning of the verb of that name, e.g. ``volumes.list``.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults: dict[str, Callable[[], None]] = {}
        self.calls: list[str] = []
        self.closed = threading.Event()
        self.volumes_by_name: dict[str, Volume] = {}
        self.snapshots_by_name: dict[str, Snapshot] = {}
        self.operations_by_id: dict[str, Operation] = {}
        self.by_request: dict[str, Any] = {}
        self.on_change: Callable[[Change], None] = lambda change: None
        self.volumes = SimpleNamespace(
            list=self._list_volumes,
            get=self._get_volume,
            create=self._create_volume,
            resize=self._resize_volume,
            plan_delete=self._plan_volume,
            delete=self._delete_volume,
        )
        self.snapshots = SimpleNamespace(
            list=self._list_snapshots,
            get=self._get_snapshot,
            create=self._create_snapshot,
            change=self._change_snapshot,
            plan_delete=self._plan_snapshot,
            delete=self._delete_snapshot,
        )
        self.clones = SimpleNamespace(
            from_volume=self._clone_volume, from_snapshot=self._clone_snapshot
        )
        self.restores = SimpleNamespace(plan=self._plan_restore, start=self._start_restore)
        self.operations = SimpleNamespace(
            list=self._list_operations,
            get=self._get_operation,
            cancel=self._cancel,
            undo=self._undo,
        )
        self.files = SimpleNamespace(
            prepare=self._prepare_files, list=self._list_files, open=self._open_file
        )
        self.contents: dict[str, bytes] = {}
        self.capabilities = SimpleNamespace(status=self._status)

    def start(self, on_change: Callable[[Change], None]) -> None:
        self._enter("start")
        self.on_change = on_change

    def close(self) -> None:
        self.closed.set()
        self._enter("close")

    def _enter(self, verb: str) -> None:
        self.calls.append(verb)
        self.faults.get(verb, lambda: None)()

    # --- Volumes ---------------------------------------------------------------------------------

    def _list_volumes(self) -> models.VolumeList:
        self._enter("volumes.list")
        return models.VolumeList(items=tuple(self.volumes_by_name.values()))

    def _get_volume(self, name: str) -> Volume:
        self._enter("volumes.get")
        if name not in self.volumes_by_name:
            raise errors.NotFound(f"There is no volume {name!r}.")
        return self.volumes_by_name[name]

    def _create_volume(self, order: models.VolumeOrder) -> Volume:
        self._enter("volumes.create")
        if (made := self.by_request.get(str(order.request_id))) is not None:
            return made
        if order.name in self.volumes_by_name:
            raise errors.AlreadyExists(f"There is a volume {order.name!r} already.")
        made = volume(order.name, order.size, note=order.note)
        self._put(made)
        self.by_request[str(order.request_id)] = made
        self.by_request.pop("UNSET", None)
        return made

    def _resize_volume(self, name: str, change: models.VolumeChange) -> Volume:
        self._enter("volumes.resize")
        old = self._get_volume(name)
        if size_of(change.size) < old.requested:
            raise errors.Invalid("A volume can only grow.")
        return self._put(msgspec.structs.replace(old, requested=size_of(change.size)))

    def _plan_volume(self, name: str) -> models.DeletePlan:
        self._enter("volumes.plan_delete")
        found = self._get_volume(name)
        names = tuple(s.name for s in self.snapshots_by_name.values() if s.volume == name)
        return models.DeletePlan(name=name, uid=found.uid, snapshots=names, refusal=YES)

    def _delete_volume(self, name: str, *, confirm: str, uid: str = "") -> None:
        self._enter("volumes.delete")
        found = self._get_volume(name)
        if confirm != name:
            raise errors.Invalid("The name was not repeated.")
        if uid and uid != found.uid:
            raise errors.Changed(f"{name} is another volume now.")
        del self.volumes_by_name[name]
        self._tell("volume", "deleted", found)

    def _put(self, made: Volume) -> Volume:
        known = made.name in self.volumes_by_name
        self.volumes_by_name[made.name] = made
        self._tell("volume", "modified" if known else "added", made)
        return made

    # --- Snapshots -------------------------------------------------------------------------------

    def _list_snapshots(self, volume: str = "") -> models.SnapshotList:
        self._enter("snapshots.list")
        uid = self._get_volume(volume).uid if volume else ""
        every = self.snapshots_by_name.values()
        return models.SnapshotList(items=tuple(s for s in every if uid in ("", s.volume_uid)))

    def _get_snapshot(self, name: str) -> Snapshot:
        self._enter("snapshots.get")
        if name not in self.snapshots_by_name:
            raise errors.NotFound(f"There is no snapshot {name!r}.")
        return self.snapshots_by_name[name]

    def _create_snapshot(self, volume: str, order: models.SnapshotOrder) -> Snapshot:
        self._enter("snapshots.create")
        of = self._get_volume(volume)
        name = order.name or f"{volume}-{len(self.snapshots_by_name)}"
        if name in self.snapshots_by_name:
            raise errors.AlreadyExists(f"There is a snapshot {name!r} already.")
        made = snapshot(name, of, note=order.note, origin=order.origin)
        self.snapshots_by_name[name] = made
        self._tell("snapshot", "added", made)
        return made

    def _change_snapshot(self, name: str, change: models.SnapshotChange) -> Snapshot:
        self._enter("snapshots.change")
        made = msgspec.structs.replace(self._get_snapshot(name), note=change.note)
        self.snapshots_by_name[name] = made
        self._tell("snapshot", "modified", made)
        return made

    def _plan_snapshot(self, name: str) -> models.DeletePlan:
        self._enter("snapshots.plan_delete")
        found = self._get_snapshot(name)
        return models.DeletePlan(name=name, uid=found.uid, refusal=YES)

    def _delete_snapshot(self, name: str, *, uid: str = "") -> None:
        self._enter("snapshots.delete")
        found = self._get_snapshot(name)
        if uid and uid != found.uid:
            raise errors.Changed(f"{name} is another snapshot now.")
        del self.snapshots_by_name[name]
        self._tell("snapshot", "deleted", found)

    # --- Operations ------------------------------------------------------------------------------

    def _clone_volume(self, name: str, order: models.CloneOrder) -> Operation:
        self._enter("clones.from_volume")
        source = self._get_volume(name)
        return self._begin(operation("clone", order.name, source_volume=source.name))

    def _clone_snapshot(self, name: str, order: models.CloneOrder) -> Operation:
        self._enter("clones.from_snapshot")
        source = self._get_snapshot(name)
        return self._begin(operation("clone", order.name, snapshot=source.name))

    def _plan_restore(
        self, name: str, order: models.RestoreOrder, *, cancel: Callable[[], None]
    ) -> models.RestorePlan:
        self._enter("restores.plan")
        found = self._get_snapshot(name)
        while "restores.plan.endless" in self.faults:
            self.faults["restores.plan.endless"]()
            cancel()
        example = models.Example(path="a.txt", action="replace", size=3)
        return models.RestorePlan(
            snapshot=name,
            volume=found.volume,
            create=0,
            replace=1,
            metadata=0,
            remove=0,
            copy_bytes=3,
            remove_bytes=0,
            free_bytes=GIB,
            unreadable=0,
            examples=(example,) if not order.paths else (),
        )

    def _start_restore(self, name: str, order: models.RestoreOrder) -> Operation:
        self._enter("restores.start")
        found = self._get_snapshot(name)
        return self._begin(operation("restore", found.volume, snapshot=name))

    def _list_operations(self) -> models.OperationList:
        self._enter("operations.list")
        return models.OperationList(items=tuple(self.operations_by_id.values()))

    def _get_operation(self, id: str) -> Operation:  # noqa: A002
        self._enter("operations.get")
        if id not in self.operations_by_id:
            raise errors.NotFound(f"There is no operation {id!r}.")
        return self.operations_by_id[id]

    def _cancel(self, id: str) -> Operation:  # noqa: A002
        self._enter("operations.cancel")
        return self.finish(id, "cancelled")

    def _undo(self, id: str) -> Operation:  # noqa: A002
        self._enter("operations.undo")
        found = self._get_operation(id)
        if found.state == "running":
            raise errors.NotReady("It still runs.")
        return self._begin(operation("undo", found.volume, undo_of=id))

    def _begin(self, made: Operation) -> Operation:
        self.operations_by_id[made.id] = made
        self.tell_operation(made, "added")
        return made

    def finish(self, id: str, state: str) -> Operation:  # noqa: A002
        made = msgspec.structs.replace(
            self._get_operation(id), state=state, finished_at=NOW, can_undo=YES, can_cancel=NO
        )
        self.operations_by_id[id] = made
        self.tell_operation(made, "modified")
        return made

    # --- Files -----------------------------------------------------------------------------------

    def _prepare_files(
        self, name: str, *, cancel: Callable[[], None], on_step: Callable[[str], object]
    ) -> None:
        self._enter("files.prepare")
        self._get_snapshot(name)
        on_step("Starting a helper.")
        while "files.prepare.endless" in self.faults:
            self.faults["files.prepare.endless"]()
            cancel()

    def _list_files(
        self, name: str, path: str, *, match: str, limit: int, cancel: Callable[[], None]
    ) -> models.FileList:
        self._enter("files.list")
        entries = [
            models.FileEntry(name=name, kind="file", size=len(held), modified=NOW, link="")
            for name, held in self.contents.items()
            if match in name
        ]
        return models.FileList(
            snapshot=name,
            volume=self._get_snapshot(name).volume,
            path=path,
            items=tuple(entries[:limit]),
            total=len(entries),
        )

    def _open_file(self, name: str, path: str, *, cancel: Callable[[], None]) -> SimpleNamespace:
        self._enter("files.open")
        self._get_snapshot(name)
        if path not in self.contents:
            raise errors.NotFound(f"There is no file {path!r}.")
        held = self.contents[path]

        def read(start: int, length: int) -> bytes:
            self._enter("files.read")
            cancel()
            return held[start : start + length]

        return SimpleNamespace(name=path, size=len(held), read=read)

    # --- Others ----------------------------------------------------------------------------------

    def _status(self) -> models.Status:
        self._enter("capabilities.status")
        return models.Status(
            version="0",
            api_version=models.API_VERSION,
            namespace="jupyter",
            server="https://cluster.example.org",
            kubernetes="1.36.1",
            account="system:serviceaccount:jupyter:ada",
            user="ada",
            read_only=False,
            connected=True,
            workspace=models.Workspace(claim="", path="", found_by="none"),
            classes=None,
            rights=(),
            problems=(),
        )

    def _tell(self, kind: str, action: str, about: Volume | Snapshot) -> None:
        of = about.name if isinstance(about, Volume) else about.volume
        self.on_change(
            Change(
                kind=kind,  # type: ignore[arg-type]
                action=action,  # type: ignore[arg-type]
                name=about.name,
                uid=about.uid,
                volume=of,
                phase=about.phase,
            )
        )

    def tell_operation(self, about: Operation, action: str) -> None:
        self.on_change(
            Change(
                kind="operation",
                action=action,  # type: ignore[arg-type]
                name=about.id,
                uid=about.id,
                volume=about.volume,
                phase=about.state,
            )
        )
