"""What is served: the classic discovery documents and the aggregated one.

After ``k8s.io/apiserver/pkg/endpoints/discovery``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api.kinds import KINDS, Kind

from .base import ApiHandler
from .negotiation import parse_accept

if TYPE_CHECKING:
    from collections.abc import Iterable

Object = dict[str, Any]

_AGGREGATED = "APIGroupDiscoveryList"
_WRITE_VERBS = ["get", "patch", "update"]
_SPECIAL_VERBS = {"token": ["create"], "finalize": ["update"]}
_KINDS_OF_SUBRESOURCES = {
    "TokenRequest": ("authentication.k8s.io", "v1"),
    "Scale": ("autoscaling", "v1"),
}


def groups() -> dict[str, list[Kind]]:
    """Return the kinds of each named group, in the order of the group's first kind."""
    found: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        if kind.group:
            found.setdefault(kind.group, []).append(kind)
    return found


def core() -> list[Kind]:
    """Return the kinds of the group without a name."""
    return [kind for kind in KINDS.values() if not kind.group]


def _subresources(kind: Kind) -> list[tuple[str, str]]:
    """Return the subresources of a kind, each with the kind it takes."""
    own = dict(kind.subresources)
    if kind.status:
        own["status"] = kind.kind
    return sorted(own.items())


def resource_list(group_version: str, kinds: Iterable[Kind]) -> Object:
    """Return the ``APIResourceList`` of one group and version."""
    resources: list[Object] = []
    for kind in kinds:
        entry: Object = {
            "name": kind.plural,
            "singularName": kind.singular_name,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(kind.verbs),
        }
        if kind.short_names:
            entry["shortNames"] = list(kind.short_names)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        resources.append(entry)
        resources += [_subresource_entry(kind, *pair) for pair in _subresources(kind)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }


def _subresource_entry(kind: Kind, subresource: str, takes: str) -> Object:
    entry: Object = {
        "name": f"{kind.plural}/{subresource}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": takes,
        "verbs": _SPECIAL_VERBS.get(subresource, _WRITE_VERBS),
    }
    if takes in _KINDS_OF_SUBRESOURCES:
        entry["group"], entry["version"] = _KINDS_OF_SUBRESOURCES[takes]
    return entry


def group_entry(name: str) -> Object:
    """Return one group as ``APIGroup`` and ``APIGroupList`` show it."""
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def aggregated(items: Iterable[tuple[str, list[Kind]]], version: str) -> Object:
    """Return an ``APIGroupDiscoveryList``."""
    return {
        "kind": _AGGREGATED,
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_aggregated_group(name, kinds) for name, kinds in items],
    }


def _aggregated_group(name: str, kinds: list[Kind]) -> Object:
    resources = [_aggregated_resource(kind) for kind in sorted(kinds, key=lambda k: k.plural)]
    return {
        "metadata": {"name": name} if name else {},
        "versions": [{"version": "v1", "resources": resources, "freshness": "Current"}],
    }


def _aggregated_resource(kind: Kind) -> Object:
    entry: Object = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular_name,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    subresources = [_aggregated_subresource(kind, *pair) for pair in _subresources(kind)]
    if subresources:
        entry["subresources"] = subresources
    return entry


def _aggregated_subresource(kind: Kind, subresource: str, takes: str) -> Object:
    group, version = _KINDS_OF_SUBRESOURCES.get(takes, (kind.group, kind.version))
    return {
        "subresource": subresource,
        "responseKind": {"group": group, "version": version, "kind": takes},
        "verbs": _SPECIAL_VERBS.get(subresource, _WRITE_VERBS),
    }


class _DiscoveryHandler(ApiHandler):
    async def _reply_list(self, classic: Object, items: list[tuple[str, list[Kind]]]) -> None:
        """Answer the aggregated document to a client that knows it, else the classic one."""
        for media in parse_accept(self.request.headers.get("Accept", "")):
            version = media.parameters.get("v", "")
            if media.parameters.get("as") == _AGGREGATED and version in ("v2", "v2beta1"):
                parameters = f"g=apidiscovery.k8s.io;v={version};as={_AGGREGATED}"
                self.set_header("Content-Type", f"application/json;{parameters}")
                await self.reply(aggregated(items, version))
                return
            if "as" not in media.parameters:
                break
        await self.reply(classic)


class CoreHandler(_DiscoveryHandler):
    """``/api``."""

    async def get(self) -> None:
        """Answer the versions of the group without a name."""
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": self.request.host}
        classic = {
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [address],
        }
        await self._reply_list(classic, [("", core())])


class GroupsHandler(_DiscoveryHandler):
    """``/apis``."""

    async def get(self) -> None:
        """Answer the named groups."""
        named = groups()
        classic = {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [group_entry(name) for name in named],
        }
        await self._reply_list(classic, list(named.items()))


class GroupHandler(ApiHandler):
    """``/apis/<group>``."""

    async def get(self, name: str) -> None:
        """Answer the versions of one group."""
        if name not in groups():
            await self.reply_no_page()
            return
        await self.reply({"kind": "APIGroup", "apiVersion": "v1", **group_entry(name)})


class GroupVersionHandler(ApiHandler):
    """``/api/v1`` and ``/apis/<group>/<version>``."""

    async def get(self, name: str = "", version: str = "v1") -> None:
        """Answer the resources of one group and version."""
        kinds = groups().get(name) if name else core()
        if kinds is None or version != "v1":
            await self.reply_no_page()
            return
        await self.reply(resource_list(f"{name}/{version}" if name else version, kinds))
