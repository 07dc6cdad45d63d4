"""Which names, labels and annotation keys Kubernetes takes, and the words it refuses others with.

After ``k8s.io/apimachinery/pkg/util/validation`` and ``pkg/api/validate/content``.
"""

from __future__ import annotations

import random
import re

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"

_ALPHANUMERICS = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: no words by accident
_SUFFIX_LENGTH = 5
_MAX_GENERATED = 63 - _SUFFIX_LENGTH


def _regex_error(message: str, expression: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{expression}')"


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} bytes"


def subdomain(value: str) -> list[str]:
    """Return what keeps `value` from being an RFC 1123 subdomain, the rule for most names."""
    found = ["must be no more than 253 characters"] if len(value) > 253 else []
    if not re.fullmatch(_SUBDOMAIN, value):
        message = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_regex_error(message, _SUBDOMAIN, "example.com"))
    return found


def label(value: str) -> list[str]:
    """Return what keeps `value` from being an RFC 1123 label, the rule for namespaces."""
    found = [_too_long(63)] if len(value) > 63 else []
    if re.fullmatch(_LABEL, value):
        return found
    if re.fullmatch(_SUBDOMAIN, value):
        return [*found, "must not contain dots"]
    message = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character"
    )
    return [*found, _regex_error(message, _LABEL, "my-name", "123-abc")]


def path_segment(value: str) -> list[str]:
    """Return what keeps `value` from being one segment of a path, the rule for roles."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in value]


_RULES = {"subdomain": subdomain, "label": label, "path": path_segment}


def broken_rules(value: str, rule: str, *, prefix: bool = False) -> list[str]:
    """Return what keeps `value` from being a name under `rule` (see `Kind.name_rule`).

    A `prefix` (``generateName``) may end in a dash, because something follows it.
    """
    if prefix and rule != "path" and value.endswith("-"):
        value = value[:-1] + "a"
    return _RULES[rule](value)


def qualified(value: str) -> list[str]:
    """Return what keeps `value` from being a label key, ``[prefix/]name``."""
    message = (
        "must consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character"
    )
    syntax = _regex_error(message, _KEY, "MyName", "my.name", "123-abc")
    parts = value.split("/")
    if len(parts) > 2:
        optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a valid label key {syntax} {optional}"]
    found = []
    if len(parts) == 2 and not parts[0]:
        found.append("prefix part must be non-empty")
    elif len(parts) == 2:
        found += [f"prefix part {text}" for text in subdomain(parts[0])]
    name = parts[-1]
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > 63:
        found.append(f"name part {_too_long(63)}")
    if not re.fullmatch(_KEY, name):
        found.append(f"name part {syntax}")
    return found


def label_value(value: str) -> list[str]:
    """Return what keeps `value` from being the value of a label."""
    found = [_too_long(63)] if len(value) > 63 else []
    if not re.fullmatch(f"({_KEY})?", value):
        message = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_regex_error(message, f"({_KEY})?", "MyValue", "my_value", "12345"))
    return found


def config_key(value: str) -> list[str]:
    """Return what keeps `value` from being a key of a ConfigMap or Secret."""
    found = [_too_long(253)] if len(value) > 253 else []
    if not re.fullmatch(_CONFIG_KEY, value):
        message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(_regex_error(message, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        found.append(f"must not be '{value}'")
    elif value.startswith(".."):
        found.append("must not start with '..'")
    return found


def generate(prefix: str) -> str:
    """Return a name that begins with `prefix`, cut so that it stays a label, and ends at random."""
    suffix = "".join(random.choices(_ALPHANUMERICS, k=_SUFFIX_LENGTH))  # noqa: S311 - no secret
    return prefix[:_MAX_GENERATED] + suffix
