"""What the objects of each kind look like.

``data/kubernetes.json`` holds the published schemas of the built-in kinds and ``data/wire.json``
how Go types and numbers their fields (both taken from Kubernetes 1.36.1, Apache-2.0);
``data/custom.json`` the custom resources of external-snapshotter 8 (Apache-2.0), and
``data/trident.json`` what is needed of Trident's. All but the last are made by
``tests/cluster/update_schemas.py``.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind

Schema = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
REF = "#/components/schemas/"


def _load(name: str) -> Schema:
    with open(os.path.join(os.path.dirname(__file__), "data", name), "rb") as file:
        loaded: Schema = msgspec.json.decode(file.read())
        return loaded


@cache
def definitions() -> Schema:
    """Return the schemas of the built-in kinds and their parts, by name."""
    return _load("kubernetes.json")


@cache
def wire() -> dict[str, dict[str, Schema]]:
    """Return how Go sees the fields of each definition, by protobuf field number.

    A field has a JSON ``name``, a ``go`` type and, when Go writes it even if it is empty,
    ``keep``; or it is ``inline``: the fields of another definition stand in its place.
    """
    return _load("wire.json")


@cache
def custom() -> dict[str, Schema]:
    """Return ``schema`` and ``columns`` of the custom resources, by kind."""
    return {**_load("custom.json"), **_load("trident.json")}


@cache
def _by_kind() -> dict[tuple[str, str, str], str]:
    found = {}
    for name, schema in definitions().items():
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            found[gvk["group"], gvk["version"], gvk["kind"]] = name
    return found


def name_of(group: str, version: str, kind: str) -> str:
    """Return the name of the definition of a built-in kind.

    Raises
    ------
    KeyError
        When there is none.
    """
    return _by_kind()[group, version, kind]


def definition_name(kind: Kind) -> str:
    """Return the name that the OpenAPI documents give to the schema of `kind`."""
    if kind.builtin:
        return name_of(kind.group, kind.version, kind.kind)
    reversed_group = ".".join(reversed(kind.group.split(".")))
    return f"{reversed_group}.{kind.version}.{kind.kind}"


def reference(schema: Schema) -> str | None:
    """Return the name that a schema refers to, if it is nothing but a reference."""
    target = schema.get("$ref") or next(
        (part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), None
    )
    return None if target is None else str(target).removeprefix(REF)
