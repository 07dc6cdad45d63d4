"""Everything that is no resource: version, health, OpenAPI, faults."""

from __future__ import annotations

from typing import Any

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.auth.users import MASTERS
from netapp_jlab.demo.api.schemas import gnostic, openapi

from .base import ApiHandler

Object = dict[str, Any]

_VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.1+netapp-jlab-demo",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}


class VersionHandler(ApiHandler):
    """``/version``."""

    async def get(self) -> None:
        """Answer which Kubernetes this claims to be."""
        await self.reply(_VERSION)


class HealthHandler(ApiHandler):
    """``/healthz``, ``/livez`` and ``/readyz``."""

    async def get(self, name: str) -> None:
        """Answer that all is well, after having looked at the store."""
        await self.offload(self.services.store.get, "Namespace", None, "default")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if "verbose" in self.query:
            await self.finish(f"[+]ping ok\n[+]store ok\n{name} check passed\n")
        else:
            await self.finish("ok")


class PathsHandler(ApiHandler):
    """``/``."""

    async def get(self) -> None:
        """Answer the paths there are."""
        paths = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3"]
        groups = sorted(path for path in openapi.index()["paths"] if path.startswith("apis/"))
        paths += [f"/{path}" for path in groups]
        await self.reply({"paths": sorted([*paths, "/readyz", "/version"])})


class OpenApi3IndexHandler(ApiHandler):
    """``/openapi/v3``."""

    async def get(self) -> None:
        """Answer which documents there are."""
        await self.reply(await self.offload(openapi.index))


class OpenApi3Handler(ApiHandler):
    """``/openapi/v3/<group path>``."""

    async def get(self, path: str) -> None:
        """Answer the document of one group."""
        try:
            document = await self.offload(openapi.version_3, path)
        except KeyError as error:
            raise errors.no_such_path() from error
        await self.reply(document)


class OpenApi2Handler(ApiHandler):
    """``/openapi/v2``."""

    async def get(self) -> None:
        """Answer the whole document, as protobuf if asked."""
        accept = self.request.headers.get("Accept", "")
        if "protobuf" in accept:
            document = await self.offload(gnostic.document)
            self.set_header("Content-Type", gnostic.CONTENT_TYPE.replace("@", "."))
            await self.finish(document)
            return
        await self.reply(await self.offload(openapi.version_2))


class FaultsHandler(ApiHandler):
    """``/demo/faults``, for the cluster's administrators only."""

    async def prepare(self) -> None:
        """Refuse everybody else, whatever RBAC says."""
        await super().prepare()
        if MASTERS not in self.user.groups:
            message = f'forbidden: User "{self.user.name}" cannot switch faults'
            raise errors.ApiError(403, "Forbidden", message, {})

    async def get(self) -> None:
        """Answer what is switched on."""
        await self.reply(self.services.faults.as_json())

    async def put(self) -> None:
        """Switch on exactly what the body says."""
        self.services.faults.change_from_json(self.request.body)
        await self.get()

    async def delete(self) -> None:
        """Switch everything off."""
        self.services.faults.reset()
        await self.get()


class NotFoundHandler(ApiHandler):
    """Any other path."""

    async def prepare(self) -> None:
        """Answer as a real server does, once it is clear who asks."""
        await super().prepare()
        if not self._finished:
            await self.reply_no_page()
