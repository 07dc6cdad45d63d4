"""Whether answers are what the OpenAPI document says."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from netapp_jlab.server.openapi import document
from netapp_jlab.server.routes import ROUTES

UNDOCUMENTED = {"HEAD", "PUT", "OPTIONS"}


@cache
def the_document() -> dict[str, Any]:
    return json.loads(json.dumps(document()))


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = the_document()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def validate(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": the_document()["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(whole, format_checker=checker).validate(value)


def check_answer(
    method: str, path: str, status: int, body: bytes, kind: str = "application/json"
) -> None:
    """Fail if the document does not promise this answer to this request."""
    route = next((route for route in ROUTES if re.fullmatch(route.pattern, path)), None)
    item = the_document()["paths"][f"/{route.path}"] if route else {}
    operation = item.get(method.lower())
    if operation is None:
        assert status in {200, 204, 403, 404, 405}, (method, path, status)
        if status >= 400 and method != "HEAD":
            validate({"$ref": "#/components/schemas/ErrorBody"}, json.loads(body))
        return
    if status == 500:
        validate({"$ref": "#/components/schemas/ErrorBody"}, json.loads(body))
        return
    assert str(status) in operation["responses"], (method, path, status, body)
    answer = resolve(operation["responses"][str(status)])
    if "content" in answer:
        assert kind.partition(";")[0] in answer["content"]
        if kind != "application/octet-stream":
            validate(answer["content"]["application/json"]["schema"], json.loads(body))
    else:
        assert body == b""
