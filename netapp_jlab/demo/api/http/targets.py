"""From method and path to what is asked for.

After ``k8s.io/apiserver/pkg/endpoints/request/requestinfo.go``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from netapp_jlab.demo.api import kinds
from netapp_jlab.demo.api.auth.rbac import Attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netapp_jlab.demo.api.kinds import Kind

_VERBS = {
    "DELETE": "delete",
    "GET": "get",
    "HEAD": "get",
    "PATCH": "patch",
    "POST": "create",
    "PUT": "update",
}
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a request is about.

    Attributes
    ----------
    verb : str
        ``get``, ``list``, ``watch``, ``create``, ``update``, ``patch``, ``delete`` or
        ``deletecollection``; the HTTP method in lower case for a path that is no resource.
    path : str
        The path, for anything that is no resource.
    group, version, resource, namespace, name, subresource : str
        The resource; empty where it does not apply.
    """

    verb: str
    path: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def kind(self) -> Kind | None:
        """The kind that is served there, if any."""
        return kinds.find(self.group, self.version, self.resource)

    @property
    def attributes(self) -> Attributes:
        """What RBAC is asked."""
        if not self.resource:
            return Attributes(verb=self.verb, path=self.path)
        return Attributes(
            verb=self.verb,
            group=self.group,
            resource=self.resource,
            subresource=self.subresource,
            namespace=self.namespace,
            name=self.name,
        )


def parse(method: str, path: str, query: Mapping[str, str]) -> Target:
    """Return what a request is about."""
    parts = [unquote(part) for part in path.split("/") if part]
    prefix = parts[0] if parts else ""
    head = {"api": 2, "apis": 3}.get(prefix, 0)
    if not head or len(parts) <= head:
        return Target(verb=method.lower(), path=path)
    group = parts[1] if prefix == "apis" else ""
    rest = parts[head:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    verb = _VERBS.get(method, method.lower())
    if not name and verb == "get":
        verb = "watch" if query.get("watch", "0").lower() not in ("", "0", "false") else "list"
        name = _selected_name(query.get("fieldSelector", ""))
    elif not name and verb == "delete":
        verb = "deletecollection"
    return Target(
        verb=verb,
        path=path,
        group=group,
        version=parts[head - 1],
        resource=rest[0],
        namespace=namespace,
        name=name,
        subresource="/".join(rest[2:]),
    )


def _selected_name(field_selector: str) -> str:
    """Return the one name that a field selector picks: RBAC may allow just that one."""
    wanted = [part for part in field_selector.split(",") if part.startswith("metadata.name=")]
    return wanted[0].removeprefix("metadata.name=").lstrip("=") if wanted else ""
