"""The OpenAPI documents: version 3 by group, version 2 as a whole.

``kubectl`` reads them to explain fields, to find out whether the server validates, and (before
1.27) to validate by itself. The schemas are the published ones; the paths say what clients look
for: which kind a path is about and which parameters its operations take.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from netapp_jlab.demo.api import patches
from netapp_jlab.demo.api.kinds import KINDS, Kind

from .documents import META, REF, custom, definition_name, definitions, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Object = dict[str, Any]

_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"
_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"

_PARAMETERS = {
    "post": ("dryRun", "fieldManager", "fieldValidation"),
    "put": ("dryRun", "fieldManager", "fieldValidation"),
    "patch": ("dryRun", "fieldManager", "fieldValidation", "force"),
    "delete": ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"),
    "list": (
        "allowWatchBookmarks",
        "continue",
        "fieldSelector",
        "labelSelector",
        "limit",
        "resourceVersion",
        "resourceVersionMatch",
        "sendInitialEvents",
        "timeoutSeconds",
        "watch",
    ),
    "get": (),
}
_TYPES = {
    "allowWatchBookmarks": "boolean",
    "force": "boolean",
    "gracePeriodSeconds": "integer",
    "limit": "integer",
    "orphanDependents": "boolean",
    "sendInitialEvents": "boolean",
    "timeoutSeconds": "integer",
    "watch": "boolean",
}


def group_path(kind: Kind) -> str:
    """Return where a kind's group is served, ``api/v1`` or ``apis/<group>/<version>``."""
    return f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"


def _schema_of(kind: Kind) -> Object:
    """Return the schema of a kind as it is published."""
    if kind.builtin:
        return dict(definitions()[definition_name(kind)])
    schema = custom()[kind.kind]["schema"]
    meta = {"allOf": [{"$ref": REF + META}], "description": "Standard object's metadata."}
    return {
        **schema,
        "properties": {**schema["properties"], "metadata": meta},
        "x-kubernetes-group-version-kind": [_gvk(kind)],
    }


def _gvk(kind: Kind, suffix: str = "") -> Object:
    return {"group": kind.group, "kind": kind.kind + suffix, "version": kind.version}


def _list_schema(kind: Kind) -> Object:
    return {
        "description": f"{kind.kind}List is a list of {kind.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [{"$ref": REF + _LIST_META}]},
            "items": {
                "type": "array",
                "items": {"allOf": [{"$ref": REF + definition_name(kind)}]},
            },
        },
        "x-kubernetes-group-version-kind": [_gvk(kind, "List")],
    }


def _with_references(names: Iterable[str], schemas: Object) -> Object:
    """Return schemas with everything they refer to."""
    waiting, found = list(names), {}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = schemas.get(name) or definitions()[name]
        text = msgspec.json.encode(found[name]).decode()
        parts = text.split(f'"$ref":"{REF}')[1:]
        waiting += [part.partition('"')[0] for part in parts]
    return dict(sorted(found.items()))


@cache
def components() -> Object:
    """Return the schemas of every kind that is served, and of their lists."""
    own: Object = {}
    for kind in KINDS.values():
        own[definition_name(kind)] = _schema_of(kind)
        if not kind.virtual:
            own[f"{definition_name(kind)}List"] = _list_schema(kind)
    return _with_references([*own, _OPTIONS, _STATUS], own)


def _paths(kinds: Iterable[Kind], operation: Callable[[str, Kind], Object]) -> Object:
    """Return the paths of `kinds`; `operation` makes each, given the method and the kind."""
    found: Object = {}
    for kind in kinds:
        root = f"/{group_path(kind)}"
        whole = f"{root}/{kind.plural}"
        scoped = f"{root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else whole
        if kind.virtual:
            found[scoped] = {"post": operation("post", kind)}
            continue
        found[whole] = {"get": operation("list", kind)}
        found[scoped] = {
            "get": operation("list", kind),
            "post": operation("post", kind),
            "delete": operation("delete", kind),
        }
        item = {method: operation(method, kind) for method in ("get", "put", "patch", "delete")}
        found[f"{scoped}/{{name}}"] = item
        for subresource in kind.writable_subresources():
            found[f"{scoped}/{{name}}/{subresource}"] = {
                method: operation(method, kind) for method in ("get", "put", "patch")
            }
    return dict(sorted(found.items()))


def _operation_3(method: str, kind: Kind) -> Object:
    suffix = "List" if method == "list" else ""
    schema = {"$ref": f"{REF}{definition_name(kind)}{suffix}"}
    content = {"application/json": {"schema": schema}}
    operation: Object = {
        "description": f"{method} {kind.plural}",
        "operationId": f"{method}{kind.group.title().replace('.', '')}{kind.kind}",
        "parameters": [
            {"in": "query", "name": name, "schema": {"type": _TYPES.get(name, "string")}}
            for name in _PARAMETERS[method]
        ],
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": method,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if method in ("post", "put"):
        operation["requestBody"] = {"content": {"*/*": {"schema": schema}}, "required": True}
    elif method == "patch":
        body = {"schema": {"type": "object"}}
        content = dict.fromkeys(patches.accepted(kind), body)
        operation["requestBody"] = {"content": content, "required": True}
    return operation


@cache
def version_3(path: str) -> bytes:
    """Return the document of one group, such as ``apis/storage.k8s.io/v1``, as JSON.

    Raises
    ------
    KeyError
        When no kind is served there.
    """
    kinds = [kind for kind in KINDS.values() if group_path(kind) == path]
    if not kinds:
        raise KeyError(path)
    names = [definition_name(kind) for kind in kinds]
    names += [f"{definition_name(kind)}List" for kind in kinds if not kind.virtual]
    schemas = _with_references([*names, _OPTIONS, _STATUS], components())
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.1"},
        "paths": _paths(kinds, _operation_3),
        "components": {"schemas": schemas},
    }
    return msgspec.json.encode(document)


@cache
def index() -> Object:
    """Return the index of the version 3 documents, each with a hash of its content."""
    paths = {}
    for path in sorted({group_path(kind) for kind in KINDS.values()}):
        digest = hashlib.sha512(version_3(path)).hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def _operation_2(method: str, kind: Kind) -> Object:
    operation: Object = {
        "description": f"{method} {kind.plural}",
        "operationId": f"{method}{kind.group.title().replace('.', '')}{kind.kind}",
        "parameters": [
            {"in": "query", "name": name, "type": _TYPES.get(name, "string"), "uniqueItems": True}
            for name in _PARAMETERS[method]
        ],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": method,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if method == "patch":
        operation["consumes"] = patches.accepted(kind)
    return operation


def downgrade(schema: Any) -> Any:
    """Return a schema of version 3 as one of version 2."""
    if isinstance(schema, list):
        return [downgrade(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    target = reference(schema)
    kept = {
        name: downgrade(value)
        for name, value in schema.items()
        if name not in ("allOf", "oneOf", "anyOf", "default", "nullable", "$ref", "pattern")
    }
    if target is not None:
        kept["$ref"] = f"#/definitions/{target}"
    elif "oneOf" in schema or schema.get("x-kubernetes-int-or-string"):
        kept["type"] = "string"  # an integer or a string: version 2 can't say that
    return kept


@cache
def version_2() -> Object:
    """Return the document of version 2."""
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.36.1"},
        "paths": _paths(KINDS.values(), _operation_2),
        "definitions": {name: downgrade(schema) for name, schema in components().items()},
    }
