"""Lists, tables and successes, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from netapp_jlab.demo.api import tables

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind
    from netapp_jlab.demo.api.state import Page

    from .negotiation import Form

Object = dict[str, Any]


def _list_meta(page: Page) -> Object:
    meta: Object = {"resourceVersion": str(page.version)}
    if page.token:
        meta["continue"] = page.token
    if page.remaining is not None:
        meta["remainingItemCount"] = page.remaining
    return meta


def encode_list(kind: Kind, page: Page) -> bytes:
    """Return a list as JSON, spliced from the objects as they are kept."""
    head = {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": _list_meta(page),
    }
    items = b",".join([entry.item() for entry in page.entries])
    return msgspec.json.encode(head)[:-1] + b',"items":[' + items + b"]}"


def list_of(kind: Kind, items: list[Object], version: int) -> Object:
    """Return a list of decoded objects."""
    return {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": {"resourceVersion": str(version)},
        "items": items,
    }


def reshape_list(kind: Kind, page: Page, form: Form, include: str) -> bytes:
    """Return a list as a table, or reduced to metadata."""
    objects = [entry.decode() for entry in page.entries]
    api_version = f"meta.k8s.io/{form.version}"
    body: Object = {"kind": form.kind, "apiVersion": api_version, "metadata": _list_meta(page)}
    if form.kind == "Table":
        body["columnDefinitions"] = tables.definitions(kind)
        body["rows"] = tables.rows(kind, objects, include)
    else:
        body["items"] = [{**tables.partial(obj), "apiVersion": api_version} for obj in objects]
    return msgspec.json.encode(body)


def reshape(kind: Kind, obj: Object, form: Form, include: str) -> Object:
    """Return one object as a table, or reduced to metadata."""
    api_version = f"meta.k8s.io/{form.version}"
    if form.kind != "Table":
        return {**tables.partial(obj), "apiVersion": api_version}
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": {"resourceVersion": obj["metadata"].get("resourceVersion", "")},
        "columnDefinitions": tables.definitions(kind),
        "rows": tables.rows(kind, [obj], include),
    }


def success(kind: Kind, deleted: Object) -> Object:
    """Return the ``Status`` that says that an object has been deleted."""
    meta = deleted["metadata"]
    details = {"name": meta["name"], "group": kind.group, "kind": kind.plural, "uid": meta["uid"]}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {name: value for name, value in details.items() if value},
    }
