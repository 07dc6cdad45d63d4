"""The OpenAPI document is right in itself and needs nothing but msgspec."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import schemathesis
from jsonschema import Draft202012Validator

from netapp_jlab import models
from netapp_jlab.server import docstrings
from netapp_jlab.server.base import Handler
from netapp_jlab.server.openapi import document, text

from .conformance import resolve, the_document

SCRIPT = """
import json, sys
from netapp_jlab.server import openapi
heavy = {"tornado", "jupyter_server", "traitlets", "kubernetes"} & set(sys.modules)
print(json.dumps([sorted(heavy), openapi.document()]))
"""


def operations():
    for path, item in the_document()["paths"].items():
        for verb, operation in item.items():
            if verb != "parameters":
                yield (
                    path,
                    verb,
                    operation,
                    item.get("parameters", []) + operation.get("parameters", []),
                )


def test_it_is_openapi_3_1():
    schema = schemathesis.openapi.from_dict(the_document())
    schema.validate()
    assert schema.specification.version == "3.1.0"


def test_its_schemas_are_json_schemas():
    for name, schema in the_document()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema["title"] == name
        assert schema["description"]


def test_all_references_lead_somewhere():
    for reference in set(re.findall(r'"\$ref":"([^"]+)"', text().decode())):
        assert resolve({"$ref": reference})


def test_operations_have_names_of_their_own():
    names = [operation["operationId"] for _, _, operation, _ in operations()]
    assert len(names) == len(set(names)) == 22


def test_parameters_are_described():
    for path, _, operation, parameters in operations():
        in_path = {each["name"] for each in parameters if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(each["description"] for each in parameters)
        assert operation["summary"].endswith(".")


def test_errors_are_promised():
    for path, verb, operation, _ in operations():
        promised = {int(status) for status in operation["responses"]}
        assert {400, 403} <= promised, (path, verb)
        if path != "/openapi.json":
            assert {502, 503, 504} <= promised, (path, verb)
        if "requestBody" in operation:
            assert {409, 413, 415, 422} <= promised, (path, verb)


def test_what_is_answered_is_always_whole():
    schemas = the_document()["components"]["schemas"]
    for name, kind in vars(models).items():
        if isinstance(kind, type) and issubclass(kind, models.Model) and name in schemas:
            assert set(schemas[name]["required"]) == set(kind.__struct_fields__)
    assert schemas["VolumeOrder"]["required"] == ["name"]
    assert schemas["VolumeOrder"]["additionalProperties"] is False


def test_times_and_descriptions():
    snapshot = the_document()["components"]["schemas"]["Snapshot"]["properties"]
    assert snapshot["created_at"]["format"] == "date-time"
    assert {"type": "string", "format": "date-time"} in snapshot["cut_at"]["anyOf"]
    assert snapshot["cut_at"]["description"].startswith("When the driver cut it")


def test_docstrings():
    doc = docstrings.parse(models.Outcome.__doc__)
    assert doc.text == "What a restore did."
    assert doc.fields["conflict_count"] == doc.fields["failure_count"] == "All of them."
    assert docstrings.parse("One line.") == ("One line.", {})


def test_it_needs_no_web_framework():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, check=True, timeout=30, text=True
    )
    assert json.loads(done.stdout) == [[], json.loads(json.dumps(document()))]


def test_it_can_be_printed():
    done = subprocess.run(
        [sys.executable, "-m", "netapp_jlab.server.openapi"],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == the_document()


def test_a_handler_must_have_the_verbs_of_its_route():
    with pytest.raises(TypeError, match=r"Lazy serves"):

        class Lazy(Handler, path="volumes/{name}"):
            pass
