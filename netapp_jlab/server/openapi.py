"""The REST interface as an OpenAPI 3.1 document, made from the routes and the models.

``python -m netapp_jlab.server.openapi`` prints it; the front end's types are generated from that.
Only msgspec is needed.
"""

from __future__ import annotations

import sys
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from netapp_jlab.models import API_VERSION, Change, ErrorBody, Model
from netapp_jlab.server import docstrings, errors
from netapp_jlab.server.routes import PARAMETERS, RANGE, READS, ROUTES, Answer, Endpoint, Route
from netapp_jlab.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

REF = "#/components/schemas/{name}"
BYTES = "application/octet-stream"

DESCRIPTION = """\
Snapshot, clone and restore the Kubernetes volumes of a Jupyter server.

Every error answer is an `ErrorBody`; programs compare its `reason`. Times are RFC 3339 in UTC, \
sizes are bytes. An order with a `request_id` can safely be sent again: the same id returns what \
the first one made. Changes are told on the Jupyter event bus with the schema \
https://schema.netapp-jlab.io/events/volumes/v1."""

_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The Jupyter server's token (`Authorization: token …` works as well).",
    },
    "login": {
        "type": "apiKey",
        "in": "cookie",
        "name": "username-<host>-<port>",
        "description": "The cookie that a login sets. Its name depends on the server.",
    },
    "xsrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-XSRFToken",
        "description": "The value of the cookie `_xsrf`; needed with the login cookie.",
    },
}

_RANGE = {
    "name": "Range",
    "in": "header",
    "description": "One range of bytes; without it all of the file.",
    "schema": {"type": "string", "pattern": RANGE},
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document as plain data."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "netapp_jlab",
            "version": __version__,
            "summary": f"Version {API_VERSION} of the interface.",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "{base_url}netapp-jlab",
                "variables": {
                    "base_url": {"default": "/", "description": "The Jupyter server's base URL."}
                },
            }
        ],
        "paths": {f"/{route.path}": _path(route) for route in ROUTES},
        "components": {
            "schemas": _schemas(),
            "responses": {errors.NAMES[status]: _error(status) for status in _statuses()},
            "securitySchemes": _SCHEMES,
        },
    }


@cache
def text() -> bytes:
    """Return the document as JSON; made once."""
    return msgspec.json.encode(document())


# --- Paths ----------------------------------------------------------------------------------------


def _path(route: Route) -> dict[str, Any]:
    item: dict[str, Any] = {
        verb.lower(): _operation(route, verb, endpoint) for verb, endpoint in route.verbs.items()
    }
    if route.parameters:
        item["parameters"] = [_path_parameter(name) for name in route.parameters]
    return item


def _operation(route: Route, verb: str, endpoint: Endpoint) -> dict[str, Any]:
    answers = {str(answer.status): _answer(answer) for answer in endpoint.answers}
    if verb == "GET" and not endpoint.ranges:
        answers["304"] = {"description": "Nothing new since the `ETag` in `If-None-Match`."}
    for status in sorted(endpoint.errors):
        answers[str(status)] = {"$ref": f"#/components/responses/{errors.NAMES[status]}"}
    operation: dict[str, Any] = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "tags": [route.path.partition("/")[0].removesuffix(".json")],
        "responses": answers,
        "security": [{"token": []}, {"login": []} if verb in READS else {"login": [], "xsrf": []}],
    }
    if parameters := list(_query_parameters(endpoint)):
        operation["parameters"] = parameters
    if endpoint.body:
        operation["requestBody"] = {"required": True, "content": _json(_ref(endpoint.body))}
    return operation


def _answer(answer: Answer) -> dict[str, Any]:
    if answer.status == 204:
        return {"description": answer.description}
    if answer.binary:
        return {
            "description": answer.description,
            "content": {BYTES: {"schema": {"contentMediaType": BYTES}}},
        }
    schema = _ref(answer.model) if answer.model else {"type": "object"}
    return {"description": answer.description, "content": _json(schema)}


def _path_parameter(name: str) -> dict[str, Any]:
    schema = msgspec.json.schema(PARAMETERS[name])
    description = schema.pop("description")
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def _query_parameters(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    _, components = msgspec.json.schema_components([endpoint.query])
    query = components[endpoint.query.__name__]
    for name, schema in query["properties"].items():
        parameter = {"name": name, "in": "query", "description": schema.pop("description")}
        if name in query["required"]:
            parameter["required"] = True
        yield {**parameter, "schema": schema}
    if endpoint.ranges:
        yield _RANGE


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(model: type) -> dict[str, str]:
    return {"$ref": REF.format(name=model.__name__)}


# --- Errors ---------------------------------------------------------------------------------------


def _statuses() -> list[int]:
    endpoints = [endpoint for route in ROUTES for endpoint in route.verbs.values()]
    return sorted({status for endpoint in endpoints for status in endpoint.errors})


def _error(status: int) -> dict[str, Any]:
    reasons = ", ".join(f"`{reason}`" for reason in errors.reasons(status))
    answer: dict[str, Any] = {
        "description": f"The `reason` is one of: {reasons}.",
        "content": _json(_ref(ErrorBody)),
    }
    if status == 503:
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return answer


# --- Models ---------------------------------------------------------------------------------------


def _schemas() -> dict[str, Any]:
    endpoints = [endpoint for route in ROUTES for endpoint in route.verbs.values()]
    models: set[type] = {
        answer.model for each in endpoints for answer in each.answers if answer.model
    }
    models |= {endpoint.body for endpoint in endpoints if endpoint.body} | {Change, ErrorBody}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
    for struct in _structs(ordered):
        _finish(schemas[struct.__name__], struct)
    return dict(sorted(schemas.items()))


def _structs(types: list[type]) -> set[type[msgspec.Struct]]:
    """Return `types` and all structs that their fields name."""
    found: set[type[msgspec.Struct]] = set()
    waiting: list[Any] = list(types)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found.add(kind)
                waiting += [field.type for field in msgspec.structs.fields(kind)]
        else:
            waiting += get_args(kind)
    return found


def _finish(schema: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    """Add to a struct's schema what msgspec does not know."""
    doc = docstrings.parse(struct.__doc__ or "")
    schema["description"] = doc.text
    for field in msgspec.structs.fields(struct):
        part = schema["properties"][field.encode_name]
        if field.name in doc.fields:
            part.setdefault("description", doc.fields[field.name])
        if field.type is datetime or datetime in get_args(field.type):
            for one in (part, *part.get("anyOf", ())):
                if one.get("type") == "string":
                    one["format"] = "date-time"
    if issubclass(struct, Model):  # an answer always has all its fields
        schema["required"] = list(schema["properties"])
        for part in schema["properties"].values():
            part.pop("default", None)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.format(text(), indent=2).decode() + "\n")
