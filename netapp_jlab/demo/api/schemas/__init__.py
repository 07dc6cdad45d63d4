"""The published schemas: what the objects of each kind look like, and reading them."""

from .decode import check, decode
from .documents import definition_name, definitions, reference
from .reading import SchemaError
from .structural import UNCHECKED

__all__ = [
    "UNCHECKED",
    "SchemaError",
    "check",
    "decode",
    "definition_name",
    "definitions",
    "reference",
]
