"""Label and field selectors, as ``kubectl -l`` and ``--field-selector`` write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from . import errors, names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .kinds import Kind

_TOKEN = re.compile(r"\s*(==|!=|=|,|\(|\)|!|<|>|[^\s=!,()<>]+)")


class Requirement(NamedTuple):
    """One condition of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether `labels` fulfil the condition."""
        value = labels.get(self.key)
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if self.operator == "in":
            return value in self.values
        if self.operator == "notin":
            return value not in self.values
        return value is not None and _compare(self.operator, value, self.values[0])


def _compare(operator: str, value: str, bound: str) -> bool:
    try:
        return int(value) > int(bound) if operator == ">" else int(value) < int(bound)
    except ValueError:
        return False


class Labels(NamedTuple):
    """A parsed label selector; every requirement must hold."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Say whether an object with these labels is selected."""
        return all(requirement.matches(labels or {}) for requirement in self.requirements)


def _tokens(text: str) -> Iterator[str]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # pragma: no cover - the last alternative takes any other character
            raise errors.bad_request(f"unable to parse requirement: {text[position:]}")
        yield match[1]
        position = match.end()


class _LabelParser:
    """Recursive descent over the grammar in ``k8s.io/apimachinery/pkg/labels/selector.go``."""

    def __init__(self, text: str) -> None:
        self._left = list(_tokens(text))[::-1]
        self._last = ""

    def parse(self) -> Labels:
        found: list[Requirement] = []
        while self._left:
            found.append(_checked(self._requirement()))
            if self._left and self._next() != ",":
                raise errors.bad_request(f"found '{self._last}', expected: ',' or 'end of string'")
        return Labels(tuple(found))

    def _requirement(self) -> Requirement:
        if self._peek() == "!":
            self._next()
            return Requirement(self._word(), "!")
        key = self._word()
        operator = self._peek()
        if operator in ("", ","):
            return Requirement(key, "exists")
        self._next()
        if operator in ("=", "=="):
            return Requirement(key, "in", (self._value(),))
        if operator == "!=":
            return Requirement(key, "notin", (self._value(),))
        if operator in ("in", "notin"):
            return Requirement(key, operator, self._values())
        if operator in ("<", ">"):
            return Requirement(key, operator, (self._word(),))
        raise self._error(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _values(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._value()]
        while self._peek() == ",":
            self._next()
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> str:
        return "" if self._peek() in ("", ",", ")") else self._word()

    def _word(self) -> str:
        word = self._next()
        if not word or word in "=!==,()<>":
            message = f"found '{word}', expected: !, identifier, or 'end of string'"
            raise errors.bad_request(message)
        return word

    def _expect(self, wanted: str) -> None:
        found = self._next()
        if found != wanted:
            raise self._error(f"found '{found}' expected: '{wanted}'")

    def _peek(self) -> str:
        return self._left[-1] if self._left else ""

    def _next(self) -> str:
        self._last = self._left.pop() if self._left else ""
        return self._last

    def _error(self, detail: str) -> errors.ApiError:
        return errors.bad_request(f"unable to parse requirement: {detail}")


def _checked(requirement: Requirement) -> Requirement:
    """Refuse keys and values that no label can have."""
    key, operator, values = requirement
    causes = [errors.invalid("<nil>", key, text) for text in names.qualified(key)]
    for index, value in enumerate(values):
        if operator in ("<", ">") and not value.lstrip("-").isdigit():
            detail = "for 'Gt', 'Lt' operators, the value must be an integer"
            causes.append(errors.invalid(f"values[{index}]", value, detail))
        field = f"values[{index}][{key}]"
        causes += [errors.invalid(field, value, text) for text in names.label_value(value)]
    if causes:
        raise errors.bad_request(f"unable to parse requirement: {causes[0]}")
    return requirement


def parse_labels(text: str | None) -> Labels:
    """Parse a label selector, equality-based or set-based.

    Raises
    ------
    ApiError
        400 when the text is no selector.
    """
    return _LabelParser(text).parse() if text and text.strip() else Labels()


class FieldTerm(NamedTuple):
    """One condition of a field selector."""

    path: str
    negated: bool
    value: str


class Fields(NamedTuple):
    """A parsed field selector; every term must hold."""

    terms: tuple[FieldTerm, ...] = ()

    def only_name(self) -> str | None:
        """Return the name when the selector picks a single object by ``metadata.name``."""
        for path, negated, value in self.terms:
            if path == "metadata.name" and not negated:
                return value
        return None

    def matches(self, obj: Mapping[str, Any]) -> bool:
        """Say whether `obj` is selected; a field that is not set counts as empty."""
        return all((_field(obj, path) == value) != negated for path, negated, value in self.terms)


def _field(obj: Mapping[str, Any], path: str) -> str:
    value: Any = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if path == "source" and isinstance(value, dict):
        value = value.get("component")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def parse_fields(text: str | None, kind: Kind) -> Fields:
    """Parse a field selector for objects of `kind`.

    Raises
    ------
    ApiError
        400 for a text that is no selector, or for a field that `kind` can't be selected by.
    """
    terms = tuple(_term(part) for part in _split(text or ""))
    for term in terms:
        _check(term.path, kind)
    return Fields(terms)


def _split(text: str) -> list[str]:
    # a backslash keeps the comma that follows it: fields.EscapeValue
    parts = re.split(r"(?<!\\),", text.strip())
    return [part for part in parts if part]


def _term(part: str) -> FieldTerm:
    for operator in ("!=", "==", "="):
        path, found, value = part.partition(operator)
        if found:
            return FieldTerm(path.strip(), operator == "!=", re.sub(r"\\(.)", r"\1", value))
    raise errors.bad_request(f"invalid selector: '{part}'; can't understand '{part}'")


def _check(path: str, kind: Kind) -> None:
    if path == "metadata.name" or (path == "metadata.namespace" and kind.namespaced):
        return
    if path in kind.selectable:
        return
    if not kind.builtin:
        raise errors.bad_request(f"field label not supported: {path}")
    if kind.selectable:
        raise errors.bad_request(f"field label not supported: {path}")
    raise errors.bad_request(
        f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
