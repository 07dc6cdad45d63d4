"""Each branch of the error tree has an exit code of its own."""

from __future__ import annotations

import pytest

from netapp_jlab import errors
from netapp_jlab.cli import main
from netapp_jlab.cli.exits import Exit, exit_code


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.Invalid, 2),
        (errors.NotFound, 3),
        (errors.Forbidden, 4),
        (errors.ReadOnly, 4),
        (errors.AlreadyExists, 5),
        (errors.InUse, 5),
        (errors.QuotaExceeded, 6),
        (errors.NoSpace, 6),
        (errors.NoCluster, 7),
        (errors.Timeout, 7),
        (errors.Cancelled, 130),
        (errors.NetAppJLabError, 1),
    ],
)
def test_exit_code_of(kind, code):
    assert exit_code(kind("x")) == code


def test_every_error_of_the_tree_has_a_code():
    def leaves(kind):
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]

    branches = {exit_code(kind("x")) for kind in leaves(errors.NetAppJLabError)}
    assert branches == set(Exit) - {Exit.OK}


def test_wrong_usage_leaves_with_2_and_says_how(capsys):
    assert main(["frobnicate"]) == Exit.USAGE
    assert "netapp-jlab --help" in capsys.readouterr().err


def test_wrong_usage_as_json(capsys):
    assert main(["frobnicate", "--json"]) == Exit.USAGE
    assert '"reason": "Invalid"' in capsys.readouterr().err
