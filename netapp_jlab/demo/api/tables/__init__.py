"""Lists as tables: what ``kubectl get`` shows is worked out by the server."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api.schemas.documents import custom

from . import core, storage
from .cells import AGE, NAME, Column, at, since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]

__all__ = ["columns", "definitions", "partial", "rows"]

_BUILT_IN = {**core.TABLES, **storage.TABLES}


@cache
def columns(kind: str) -> list[Column]:
    """Return the columns of a kind's table."""
    if kind in _BUILT_IN:
        return _BUILT_IN[kind]
    declared = custom()[kind]["columns"]
    return [NAME, *map(_declared, declared)] if declared else [NAME, AGE]


def _declared(column: Object) -> Column:
    """Return a column as a CustomResourceDefinition declares it."""
    read = at(column["jsonPath"].removeprefix("."), None)
    is_date = column["type"] == "date"
    return Column(
        column["name"],
        (lambda obj: since(read(obj)) if read(obj) else None) if is_date else read,
        column["type"],
        priority=column.get("priority", 0),
        description=column.get("description", ""),
    )


def definitions(kind: Kind) -> list[Object]:
    """Return ``columnDefinitions`` of a table."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        }
        for column in columns(kind.kind)
    ]


def rows(kind: Kind, objects: Iterable[Object], include: str = "Metadata") -> list[Object]:
    """Return ``rows`` of a table.

    Parameters
    ----------
    include : str
        What to put beside the cells: ``Metadata``, the whole ``Object``, or ``None``.
    """
    cells = [column.cell for column in columns(kind.kind)]
    found = []
    for obj in objects:
        row: Object = {"cells": [cell(obj) for cell in cells]}
        if include == "Object":
            row["object"] = obj
        elif include == "Metadata":
            row["object"] = partial(obj)
        found.append(row)
    return found


def partial(obj: Object) -> Object:
    """Return an object reduced to its metadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }
