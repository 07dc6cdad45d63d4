"""The handlers: each reads what was sent, has the core do it, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from netapp_jlab.errors import NotFound
from netapp_jlab.models import (
    CloneOrder,
    RestoreOrder,
    SnapshotChange,
    SnapshotOrder,
    VolumeChange,
    VolumeOrder,
)
from netapp_jlab.server.base import Handler
from netapp_jlab.server.files import SnapshotContentHandler, SnapshotFilesHandler
from netapp_jlab.server.routes import ROUTES, SnapshotDeletion, VolumeDeletion

if TYPE_CHECKING:
    from netapp_jlab.server.app import NetAppJLab

PREFIX = "netapp-jlab"
"""First part of all paths, after the server's base URL."""


class StatusHandler(Handler, path="status"):
    """What this server can do."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the status."""
        self.reply(200, await self.offload(lambda client: client.capabilities.status()))


class VolumesHandler(Handler, path="volumes"):
    """All volumes."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.reply(200, await self.offload(lambda client: client.volumes.list()))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make one."""
        order = self.read(VolumeOrder)
        self.reply(201, await self.offload(lambda client: client.volumes.create(order)))


class VolumeHandler(Handler, path="volumes/{name}"):
    """One volume."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Show it."""
        self.reply(200, await self.offload(lambda client: client.volumes.get(name)))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        """Make it larger."""
        change = self.read(VolumeChange)
        self.reply(200, await self.offload(lambda client: client.volumes.resize(name, change)))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Delete it, or say what that would take with it."""
        how = self.query(VolumeDeletion)
        if how.dry_run:
            self.reply(200, await self.offload(lambda client: client.volumes.plan_delete(name)))
            return
        await self.offload(
            lambda client: client.volumes.delete(name, confirm=how.confirm, uid=how.uid)
        )
        self.reply(204)


class VolumeSnapshotsHandler(Handler, path="volumes/{name}/snapshots"):
    """The snapshots of one volume."""

    @web.authenticated
    @authorized
    async def get(self, volume: str) -> None:
        """List them."""
        self.reply(200, await self.offload(lambda client: client.snapshots.list(volume)))

    @web.authenticated
    @authorized
    async def post(self, volume: str) -> None:
        """Cut one."""
        order = self.read(SnapshotOrder)
        self.reply(201, await self.offload(lambda client: client.snapshots.create(volume, order)))


class VolumeClonesHandler(Handler, path="volumes/{name}/clones"):
    """New volumes with what a volume holds."""

    @web.authenticated
    @authorized
    async def post(self, volume: str) -> None:
        """Begin to make one."""
        order = self.read(CloneOrder)
        self.reply(202, await self.offload(lambda client: client.clones.from_volume(volume, order)))


class SnapshotsHandler(Handler, path="snapshots"):
    """All snapshots."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.reply(200, await self.offload(lambda client: client.snapshots.list()))


class SnapshotHandler(Handler, path="snapshots/{name}"):
    """One snapshot."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Show it."""
        self.reply(200, await self.offload(lambda client: client.snapshots.get(name)))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        """Write another note on it."""
        change = self.read(SnapshotChange)
        self.reply(200, await self.offload(lambda client: client.snapshots.change(name, change)))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Delete it, or say what that would take with it."""
        how = self.query(SnapshotDeletion)
        if how.dry_run:
            self.reply(200, await self.offload(lambda client: client.snapshots.plan_delete(name)))
            return
        await self.offload(lambda client: client.snapshots.delete(name, uid=how.uid))
        self.reply(204)


class SnapshotClonesHandler(Handler, path="snapshots/{name}/clones"):
    """New volumes with what a snapshot holds."""

    @web.authenticated
    @authorized
    async def post(self, snapshot: str) -> None:
        """Begin to make one."""
        order = self.read(CloneOrder)
        self.reply(
            202, await self.offload(lambda client: client.clones.from_snapshot(snapshot, order))
        )


class SnapshotRestoresHandler(Handler, path="snapshots/{name}/restores"):
    """Bringing a volume back to a snapshot."""

    @web.authenticated
    @authorized
    async def post(self, snapshot: str) -> None:
        """Begin to, or say what it would change."""
        order = self.read(RestoreOrder)
        if order.dry_run:
            plan = await self.offload_walk(
                lambda client: client.restores.plan(snapshot, order, cancel=self.cancel)
            )
            self.reply(200, plan)
            return
        self.reply(202, await self.offload(lambda client: client.restores.start(snapshot, order)))


class OperationsHandler(Handler, path="operations"):
    """What takes longer."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List it."""
        self.reply(200, await self.offload(lambda client: client.operations.list()))


class OperationHandler(Handler, path="operations/{id}"):
    """One operation."""

    @web.authenticated
    @authorized
    async def get(self, operation: str) -> None:
        """Show it."""
        self.reply(200, await self.offload(lambda client: client.operations.get(operation)))

    @web.authenticated
    @authorized
    async def delete(self, operation: str) -> None:
        """Stop it."""
        self.reply(202, await self.offload(lambda client: client.operations.cancel(operation)))


class OperationUndoHandler(Handler, path="operations/{id}/undo"):
    """The way back."""

    @web.authenticated
    @authorized
    async def post(self, operation: str) -> None:
        """Undo it."""
        self.reply(202, await self.offload(lambda client: client.operations.undo(operation)))


class OpenAPIHandler(Handler, path="openapi.json"):
    """The description of all this."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the OpenAPI document."""
        from netapp_jlab.server import openapi  # not needed before, and costs a few milliseconds

        self.finish(openapi.text())


class NowhereHandler(Handler):
    """All other paths below the prefix."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse, and to those who may not come in, that first."""
        await super().prepare()
        raise NotFound(f"There is nothing at {self.request.path}.")


HANDLERS: tuple[type[Handler], ...] = (
    StatusHandler,
    VolumesHandler,
    VolumeHandler,
    VolumeSnapshotsHandler,
    VolumeClonesHandler,
    SnapshotsHandler,
    SnapshotHandler,
    SnapshotFilesHandler,
    SnapshotContentHandler,
    SnapshotClonesHandler,
    SnapshotRestoresHandler,
    OperationsHandler,
    OperationHandler,
    OperationUndoHandler,
    OpenAPIHandler,
)


def rules(extension: NetAppJLab) -> list[tuple[str, type[Handler], dict[str, Any]]]:
    """Return what Tornado needs to know: patterns below the base URL, and who serves them.

    Raises
    ------
    LookupError
        A route has no handler.
    """
    unserved = {route.path for route in ROUTES} - {handler.route.path for handler in HANDLERS}
    if unserved:
        raise LookupError(f"Nobody serves {unserved}")
    kwargs = {"extension": extension}
    found = [(rf"/{PREFIX}/{handler.route.pattern}", handler, kwargs) for handler in HANDLERS]
    return [*found, (rf"/{PREFIX}(?:/.*)?", NowhereHandler, kwargs)]
