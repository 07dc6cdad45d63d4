"""Where results, messages, colour and questions go."""

from __future__ import annotations

import io
import json

import pytest

from netapp_jlab.cli.console import Console
from netapp_jlab.errors import Invalid, NoCluster
from netapp_jlab.models import Problem


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def console(*, out=None, err=None, typed="", as_json=False):
    return Console(
        as_json=as_json,
        stdout=out or Terminal(),
        stderr=err or Terminal(),
        stdin=Terminal(typed),
    )


def test_colour_on_a_terminal_only(monkeypatch):
    assert console().paint("x", "bad") == "\x1b[31mx\x1b[0m"
    assert console(out=io.StringIO()).paint("x", "bad") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert console().paint("x", "bad") == "x"


def test_no_colour_on_a_dumb_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert console().paint("x", "bad") == "x"
    assert not console().live


def test_the_terminals_width_counts_and_a_pipe_has_none(monkeypatch):
    monkeypatch.setenv("COLUMNS", "57")
    assert console().width == 57
    assert console(out=io.StringIO()).width is None


def test_results_and_messages_go_different_ways():
    out, err = io.StringIO(), io.StringIO()
    terminal = console(out=out, err=err)
    terminal.line("result")
    terminal.say("message")
    assert (out.getvalue(), err.getvalue()) == ("result\n", "message\n")


def test_an_error_says_what_and_what_to_do():
    err = io.StringIO()
    console(err=err).fail(Invalid("no such size: 1Zi", hint="Say 1Gi."))
    assert err.getvalue() == "Error: no such size: 1Zi\n  Say 1Gi.\n"


def test_an_error_as_json_is_the_body_of_the_rest_interface():
    err = io.StringIO()
    console(err=err, as_json=True).fail(NoCluster("no cluster here"))
    body = json.loads(err.getvalue())
    assert body == {
        "message": "no cluster here",
        "reason": "NoCluster",
        "hint": NoCluster.default_hint,
    }


def test_with_json_nothing_is_said_besides():
    err = io.StringIO()
    console(err=err, as_json=True).say("by the way")
    assert err.getvalue() == ""


def test_json_is_indented_and_whole():
    out = io.StringIO()
    console(out=out).json(Problem(reason="A", message="é", hint=""))
    assert json.loads(out.getvalue())["message"] == "é"
    assert out.getvalue().startswith('{\n  "reason"')


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("", False), ("yo\n", False)],
)
def test_only_a_clear_yes_agrees(typed, agreed):
    assert console(typed=typed).confirm("Sure?", yes=False) is agreed


def test_yes_beforehand_asks_nothing():
    err = Terminal()
    assert console(err=err).confirm("Sure?", yes=True)
    assert err.getvalue() == ""


@pytest.mark.parametrize("as_json", [True, False])
def test_who_can_not_be_asked_must_have_said_yes(as_json):
    silent = Console(
        as_json=as_json,
        stdout=io.StringIO(),
        stderr=Terminal() if as_json else io.StringIO(),
        stdin=Terminal("y\n"),
    )
    with pytest.raises(Invalid) as refused:
        silent.confirm("Sure?", yes=False)
    assert "--yes" in refused.value.hint


def test_signs_fit_the_encoding():
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert console(out=ascii_only).tick == ("+", "x")
    assert console().tick == ("✓", "✗")
