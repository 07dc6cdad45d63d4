"""The extension as Jupyter knows it: settings under ``c.NetAppJLab``, start and stop."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
from jupyter_server._tz import utcnow
from jupyter_server.auth import IdentityProvider, PasswordIdentityProvider
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, Float, Integer, List, TraitError, Unicode, default, validate

from netapp_jlab.config import LONGEST_OWNER, Settings, default_user
from netapp_jlab.server.errors import Misconfigured
from netapp_jlab.server.events import SCHEMA_FILE, SCHEMA_ID, Feed
from netapp_jlab.server.handlers import rules
from netapp_jlab.server.openings import Openings
from netapp_jlab.server.runtime import Runtime, connect

if TYPE_CHECKING:
    from jupyter_events import EventLogger
    from jupyter_server.serverapp import ServerApp
    from traitlets.config import Config

    from netapp_jlab.models import Change
    from netapp_jlab.services.client import Client

# Not compiled here: most servers start with none of these settings.
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME = r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9.]*[a-z0-9])?"

DAY = 86400.0


class NetAppJLab(ExtensionApp):
    """Snapshot, clone and restore Kubernetes volumes from JupyterLab."""

    name = "netapp_jlab"
    description = __doc__
    extension_url = "/lab"
    load_other_extensions = True

    # --- Settings of the core ---------------------------------------------------------------------

    namespace = Unicode(
        help="Kubernetes namespace to work in. "
        "Empty: the pod's own, else that of the kubeconfig's context.",
    ).tag(config=True)

    kubeconfig = Unicode(
        help="Path of a kubeconfig file. "
        "Empty: the pod's service account, else $KUBECONFIG or ~/.kube/config.",
    ).tag(config=True)

    context = Unicode(
        help="Context of the kubeconfig. Empty: its current one.",
    ).tag(config=True)

    request_timeout = Float(
        Settings().request_timeout,
        help="Seconds that one answer of the Kubernetes API server may take.",
    ).tag(config=True)

    read_only = Bool(
        Settings().read_only,
        help="Refuse everything that changes something.",
    ).tag(config=True)

    workspace_claim = Unicode(
        help="PersistentVolumeClaim that holds the user's workspace. Empty: find it.",
    ).tag(config=True)

    mounts = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Claim name to the absolute path where it is mounted in this server. "
        "Claims that are not named here are found.",
    ).tag(config=True)

    shared_claims = List(
        Unicode(),
        help="Claims to show as shared volumes besides those found.",
    ).tag(config=True)

    snapshot_class = Unicode(
        help="VolumeSnapshotClass to use where a driver has several and none is the default.",
    ).tag(config=True)

    user = Unicode(
        help="Name written into a snapshot as its author. "
        "Default: the JupyterHub user, else the login name.",
    ).tag(config=True)

    undo_days = Float(
        Settings().undo_days,
        help="Days for which the safety snapshot of a restore is kept, so that it can be undone.",
    ).tag(config=True)

    ready_timeout = Float(
        Settings().ready_timeout,
        help="Seconds to wait for a snapshot to become ready or a claim to be bound.",
    ).tag(config=True)

    mover_enabled = Bool(
        Settings().mover_enabled,
        help="Start helper pods to reach files of volumes that show no .snapshot directory here.",
    ).tag(config=True)

    mover_image = Unicode(
        help="Image of helper pods; it has to have netapp_jlab. "
        "Empty: the one of the pod that this server runs in.",
    ).tag(config=True)

    mover_owner = Unicode(
        help="Label by which helper pods of several users are told apart. "
        "Empty: the name of the service account.",
    ).tag(config=True)

    mover_idle_minutes = Float(
        Settings().mover_idle_minutes,
        help="Minutes without use after which a helper pod is removed.",
    ).tag(config=True)

    # --- Settings of the server -------------------------------------------------------------------

    operation_timeout = Float(
        50.0,
        help="Seconds after which a request is answered with 504, whatever it waits for. "
        "Keep it below the time limit of the proxies before this server, often 60 s.",
    ).tag(config=True)

    dry_run_timeout = Float(
        120.0,
        help="The same for a restore's dry run, which may have to look at every file of a volume.",
    ).tag(config=True)

    max_body_bytes = Integer(
        1024 * 1024,
        help="Largest body of a request, in bytes.",
    ).tag(config=True)

    max_content_bytes = Integer(
        1024**3,
        help="Most bytes of a snapshot's file sent in one answer.",
    ).tag(config=True)

    worker_threads = Integer(
        8,
        help="Most requests worked on at a time; further ones wait.",
    ).tag(config=True)

    @default("user")
    def _default_user(self) -> str:
        return default_user()

    @validate("namespace")
    def _valid_namespace(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"]
        if value and not re.fullmatch(_LABEL, value):
            raise TraitError(
                f"NetAppJLab.namespace can not be {value!r}: a namespace has at most 63 lower-case "
                "letters, digits and hyphens, and neither begins nor ends with a hyphen."
            )
        return value

    @validate("workspace_claim", "snapshot_class")
    def _valid_name(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"]
        if value:
            _check_name(proposal["trait"].name, value)
        return value

    @validate("shared_claims")
    def _valid_claims(self, proposal: dict[str, Any]) -> list[str]:
        value: list[str] = proposal["value"]
        for name in value:
            _check_name("shared_claims", name)
        return value

    @validate("mounts")
    def _valid_mounts(self, proposal: dict[str, Any]) -> dict[str, str]:
        value: dict[str, str] = proposal["value"]
        for name, path in value.items():
            _check_name("mounts", name)
            if not os.path.isabs(path):
                raise TraitError(f"NetAppJLab.mounts: {path!r} (of {name}) is no absolute path.")
        return value

    @validate("kubeconfig")
    def _valid_kubeconfig(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"]
        return os.path.expanduser(value)

    @validate("request_timeout", "operation_timeout", "dry_run_timeout", "ready_timeout")
    def _valid_seconds(self, proposal: dict[str, Any]) -> float:
        return _in_range(proposal, 0.1, DAY, "seconds")

    @validate("undo_days")
    def _valid_days(self, proposal: dict[str, Any]) -> float:
        return _in_range(proposal, 0.0, 3650.0, "days")

    @validate("mover_owner")
    def _valid_owner(self, proposal: dict[str, Any]) -> str:
        value: str = proposal["value"]
        if value and (len(value) > LONGEST_OWNER or not re.fullmatch(_LABEL, value)):
            raise TraitError(
                f"NetAppJLab.mover_owner can not be {value!r}: it has at most {LONGEST_OWNER} "
                "lower-case letters, digits and hyphens, a letter or digit at both ends."
            )
        return value

    @validate("mover_idle_minutes")
    def _valid_minutes(self, proposal: dict[str, Any]) -> float:
        return _in_range(proposal, 0.1, 1440.0, "minutes")

    @validate("max_content_bytes")
    def _valid_content_bytes(self, proposal: dict[str, Any]) -> int:
        return int(_in_range(proposal, 1024, 1024**4, "bytes"))

    @validate("max_body_bytes")
    def _valid_bytes(self, proposal: dict[str, Any]) -> int:
        return int(_in_range(proposal, 1024, 1024**3, "bytes"))

    @validate("worker_threads")
    def _valid_threads(self, proposal: dict[str, Any]) -> int:
        return int(_in_range(proposal, 1, 100, "threads"))

    # --- Life -------------------------------------------------------------------------------------

    owner = ""
    """The hub's user whose server this is; empty where no hub tells users apart."""

    runtime: Runtime
    openings: Openings
    feed: Feed
    _nonsense = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._loaded = False
        self._running: set[str] = set()

    @property
    def _server(self) -> ServerApp:
        assert self.serverapp is not None  # Jupyter links it before it loads us
        return self.serverapp

    @property
    def _events(self) -> EventLogger:
        logger: EventLogger = self._server.web_app.settings["event_logger"]
        return logger

    def core_settings(self) -> Settings:
        """Return the settings that the core takes."""
        names = Settings.__struct_fields__
        return msgspec.convert({name: getattr(self, name) for name in names}, Settings)

    def update_config(self, config: Config) -> None:
        """Take settings; nonsense among them switches the extension off, but not the server."""
        try:
            super().update_config(config)
        except TraitError as error:
            self._nonsense = str(error)
            self.log.error("netapp_jlab does nothing until this is mended: %s", error)

    def initialize_handlers(self) -> None:
        """Put the parts together. No thread starts, no request is made, no core is imported."""
        self.owner = self._hub_user()
        self._events.register_event_schema(SCHEMA_FILE)
        self.feed = Feed(self._server.io_loop, self._emit)
        self.runtime = Runtime(
            self.core_settings(),
            self._changed,
            workers=self.worker_threads,
            operation_timeout=self.operation_timeout,
            dry_run_timeout=self.dry_run_timeout,
            make=self._refuse if self._nonsense else connect,
        )
        self.openings = Openings(self.runtime, self.ready_timeout)
        self.handlers.extend(rules(self))
        self._loaded = True

    async def stop_extension(self) -> None:
        """End the core's threads, within two seconds."""
        if self._loaded:
            self.feed.close()
            self.openings.close()
            await self.runtime.close()

    def current_activity(self) -> list[str] | None:
        """Return the operations under way: the server must not end itself meanwhile."""
        return sorted(self._running) or None

    def _hub_user(self) -> str:
        """Return whose server this is, where a hub says who its visitors are.

        Not every server in a hub's pod asks the hub: BinderHub's, and one started in a terminal,
        know visitors by a token only and give each a name at random.
        """
        provider = self._server.web_app.settings["identity_provider"]
        nameless = type(provider) in {IdentityProvider, PasswordIdentityProvider}
        return "" if nameless else os.environ.get("JUPYTERHUB_USER", "")

    def _changed(self, change: Change) -> None:
        """Take a change from a thread of the core."""
        if change.kind == "operation":
            runs = change.action != "deleted" and change.phase in {"pending", "running"}
            (self._running.add if runs else self._running.discard)(change.name)
        self.feed.publish(change)

    def _emit(self, change: Change) -> None:
        if change.kind == "operation":
            # Else a hub would cull the server of somebody who only waits for a long restore.
            self._server.web_app.settings["netapp_jlab_last_activity"] = utcnow()
        self._events.emit(schema_id=SCHEMA_ID, data=msgspec.to_builtins(change))

    def _refuse(self, _settings: Settings) -> Client:
        raise Misconfigured(self._nonsense)


def _check_name(trait: str, name: str) -> None:
    if not re.fullmatch(_NAME, name):
        raise TraitError(f"NetAppJLab.{trait}: {name!r} can not be the name of anything.")


def _in_range(proposal: dict[str, Any], least: float, most: float, unit: str) -> float:
    value: float = proposal["value"]
    if not least <= value <= most:  # also what is not a number
        name = proposal["trait"].name
        raise TraitError(
            f"NetAppJLab.{name} must be between {least:g} and {most:.15g} {unit}, not {value:g}."
        )
    return value
