"""Arguments: global options anywhere, defaults, wrong usage."""

from __future__ import annotations

import pytest

from netapp_jlab import __version__
from netapp_jlab.cli.parser import parse
from netapp_jlab.errors import Invalid


@pytest.mark.parametrize(
    "argv",
    [
        ["-n", "lab", "--json", "snapshots", "list", "data"],
        ["snapshots", "-n", "lab", "list", "data", "--json"],
        ["snapshots", "list", "data", "--json", "-n", "lab"],
    ],
)
def test_global_options_stand_anywhere(argv):
    args = parse(argv)
    assert (args.namespace, args.json, args.volume) == ("lab", True, "data")


@pytest.mark.parametrize("command", ["volumes", "snapshots", "operations"])
def test_a_family_lists_without_a_verb(command):
    assert parse([command]).run is parse([command, "list"]).run


def test_waiting_is_the_default_and_can_be_switched_off():
    assert parse(["snapshot", "data"]).wait
    assert not parse(["snapshot", "data", "--no-wait"]).wait


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "Which command"),
        (["frobnicate"], "frobnicate"),
        (["snapshot"], "volume"),
        (["volumes", "--timeout", "0"], "time limit"),
        (["volumes", "--timeout", "inf"], "time limit"),
        (["volumes", "--timeout", "soon"], "soon"),
        (["volumes", "--mount", "data"], "CLAIM=/PATH"),
        (["volumes", "create", "a", "--access-mode", "RWX"], "ReadWriteMany"),
        (["volumes", "create", "a", "--from-volume", "b", "--from-snapshot", "c"], "not allowed"),
        (["volumes", "--jso"], "--jso"),
    ],
)
def test_wrong_usage_is_an_error_like_any_other(argv, said):
    with pytest.raises(Invalid) as wrong:
        parse(argv)
    assert said in wrong.value.message
    assert "--help" in wrong.value.hint


@pytest.mark.parametrize(
    "argv", [["--help"], ["volumes", "--help"], ["restore", "-h"], ["doctor", "--help"]]
)
def test_help(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(argv)
    assert stop.value.code == 0
    assert "usage: netapp-jlab" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        parse(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"netapp-jlab {__version__}\n"
