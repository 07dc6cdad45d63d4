"""The tree of errors: reasons are stable, and every error can be told to a user."""

from __future__ import annotations

import re

import pytest

from netapp_jlab import errors


def _tree(kind=errors.NetAppJLabError):
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


@pytest.mark.parametrize("kind", list(_tree()), ids=lambda kind: kind.__name__)
def test_the_reason_is_the_name(kind):
    base = kind is errors.NetAppJLabError
    assert kind.reason == ("Error" if base else kind.__name__)


def test_reasons_are_drawn_in_the_module():
    drawn = set(re.findall(r"├── (\w+)|└── (\w+)", errors.__doc__ or ""))
    assert {one or other for one, other in drawn} == {
        kind.__name__ for kind in _tree() if kind is not errors.NetAppJLabError
    }


def test_a_hint_of_its_own_or_the_default_one():
    assert errors.Overloaded("busy").hint == errors.Overloaded.default_hint
    error = errors.Overloaded("busy", hint="go home")
    assert (str(error), error.message, error.hint) == ("busy", "busy", "go home")
