"""Make the embedded cluster's schemas anew from the sources of Kubernetes and its snapshotter.

Only needed for another Kubernetes version; the results, in
``netapp_jlab/demo/api/schemas/data``, are committed::

    python -m tests.cluster.update_schemas <GOMODCACHE>

The directory is a Go module cache that holds the modules named in ``tests/cluster/go.mod``.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import re
from typing import Any

import yaml

from netapp_jlab.demo.api import schemas
from netapp_jlab.demo.api.kinds import KINDS, Kind

Json = dict[str, Any]

DATA = os.path.join(os.path.dirname(schemas.__file__), "data")
_PREFIX = "#/components/schemas/"
_OTHER_ROOTS = (
    ("authentication.k8s.io", "TokenRequest"),
    ("autoscaling", "Scale"),
    ("", "DeleteOptions"),
    ("", "Status"),
)
_FIELD = re.compile(
    r'^\t(?:(?P<go>\w+)\s+)?(?P<type>[*\[\]\w.]+)\s+`json:"(?P<json>[^"]*)"'
    r'(?:\s+patch\w+:"[^"]*")*\s+protobuf:"(?P<proto>[^"]*)"'
)
_GROUPS = (
    *("apps", "authentication", "authorization", "autoscaling", "batch", "coordination", "core"),
    *("rbac", "storage"),
)


def main() -> None:
    """Read the sources named on the command line and write the data files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cache", help="a Go module cache (`go env GOMODCACHE`)")
    cache = parser.parse_args().cache
    definitions = _reachable(_published(_module(cache, "k8s.io/kubernetes")))
    _write("kubernetes.json", definitions)
    _write("wire.json", _wire(cache, definitions))
    snapshotter = _module(cache, "github.com/kubernetes-csi/external-snapshotter/client/v8")
    _write("custom.json", _custom(snapshotter))


def _module(cache: str, name: str) -> str:
    found = sorted(glob.glob(os.path.join(cache, f"{name}@*")))
    if not found:
        raise SystemExit(f"no {name} in {cache}: run `go mod download` in tests/cluster first")
    return found[-1]


def _write(name: str, entries: Json) -> None:
    """Write one entry a line, so that the next version's changes can be read in a diff."""
    lines = [
        f"{json.dumps(key)}: {json.dumps(entries[key], sort_keys=True)}" for key in sorted(entries)
    ]
    with open(os.path.join(DATA, name), "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def _published(kubernetes: str) -> Json:
    """Return every schema that Kubernetes publishes."""
    schemas: Json = {}
    for path in glob.glob(os.path.join(kubernetes, "api/openapi-spec/v3/*v1_openapi.json")):
        with open(path, encoding="utf-8") as file:
            schemas.update(json.load(file)["components"]["schemas"])
    return schemas


def _reachable(schemas: Json) -> Json:
    """Return the schemas of the kinds that are served here, and what they refer to."""
    kept: Json = {}
    roots = {(kind.group, kind.kind) for kind in KINDS.values() if kind.builtin}
    roots |= {(group, f"{kind}List") for group, kind in roots} | set(_OTHER_ROOTS)
    waiting = [
        name
        for name, schema in schemas.items()
        for gvk in schema.get("x-kubernetes-group-version-kind", [])
        if gvk["version"] == "v1" and (gvk["group"], gvk["kind"]) in roots
    ]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = _own_kinds_only(schemas[name])
            references = re.findall(rf'"\$ref": "{_PREFIX}([^"]+)"', json.dumps(schemas[name]))
            waiting += references
    return kept


def _own_kinds_only(schema: Json) -> Json:
    """Drop the hundreds of groups in which shared kinds such as DeleteOptions also stand."""
    groups = {kind.group for kind in KINDS.values()}
    known = schema.get("x-kubernetes-group-version-kind")
    if known is None:
        return schema
    served = [gvk for gvk in known if gvk["group"] in groups and gvk["version"] == "v1"]
    return {**schema, "x-kubernetes-group-version-kind": served or known[:1]}


def _wire(cache: str, definitions: Json) -> Json:
    """Return, by definition, how its fields are numbered in protobuf and typed in Go."""
    api, machinery = _module(cache, "k8s.io/api"), _module(cache, "k8s.io/apimachinery")
    found: Json = {}
    for group in _GROUPS:
        path = os.path.join(api, group, "v1", "types.go")
        found.update(_structs(path, f"io.k8s.api.{group}.v1"))
    meta = os.path.join(machinery, "pkg/apis/meta/v1/types.go")
    found.update(_structs(meta, "io.k8s.apimachinery.pkg.apis.meta.v1"))
    kept = {name: found[name] for name in definitions if name in found}
    waiting = list(kept.values())
    while waiting:  # what is inlined has no definition of its own
        for entry in waiting.pop().values():
            inlined = entry.get("inline")
            if inlined and inlined not in kept and inlined in found:
                kept[inlined] = found[inlined]
                waiting.append(found[inlined])
    return kept


def _structs(path: str, package: str) -> Json:
    structs: Json = {}
    current: Json | None = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            start = re.match(r"type (\w+) struct \{", line)
            if start:
                current = structs.setdefault(f"{package}.{start[1]}", {})
            elif line.startswith("}"):
                current = None
            elif current is not None and (field := _FIELD.match(line)):
                _add_field(current, field, package)
    return structs


def _add_field(struct: Json, field: re.Match[str], package: str) -> None:
    number = field["proto"].split(",")[1]
    name, *options = field["json"].split(",")
    kind = field["type"]
    if name:
        kept = {} if "omitempty" in options else {"keep": True}
        struct[number] = {"name": name, "go": kind, **kept}
        return
    inlined = kind.lstrip("*")
    if "." not in inlined:
        struct[number] = {"inline": f"{package}.{inlined}"}


def _custom(snapshotter: str) -> Json:
    """Return the schemas of the snapshot kinds from their CustomResourceDefinitions."""
    found: Json = {}
    for path in glob.glob(os.path.join(snapshotter, "config/crd/snapshot.storage.k8s.io_*.yaml")):
        with open(path, encoding="utf-8") as file:
            definition = yaml.safe_load(file)["spec"]
        kind: Kind = KINDS[definition["names"]["kind"]]
        version = next(v for v in definition["versions"] if v["name"] == kind.version)
        found[kind.kind] = {
            "schema": version["schema"]["openAPIV3Schema"],
            "columns": version.get("additionalPrinterColumns", []),
        }
    return found


if __name__ == "__main__":
    main()
