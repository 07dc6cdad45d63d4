"""Each error of the core has its status, and what nobody foresaw is logged without secrets."""

from __future__ import annotations

import logging

import pytest

from netapp_jlab import errors
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.server.errors import NAMES, STATUS, reasons, status_of

EXPECTED = {
    errors.Invalid: 400,
    errors.Forbidden: 403,
    errors.ReadOnly: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.AlreadyExists: 409,
    errors.NotReady: 409,
    errors.InUse: 409,
    errors.Changed: 409,
    errors.Cancelled: 409,
    errors.Refused: 422,
    errors.QuotaExceeded: 422,
    errors.Unsupported: 422,
    errors.NoSpace: 422,
    errors.NotMounted: 422,
    errors.Upstream: 502,
    errors.Unauthorized: 502,
    errors.Unreachable: 502,
    errors.NoCluster: 503,
    errors.Overloaded: 503,
    errors.Timeout: 504,
}


def raiser(error: BaseException):
    def fault():
        raise error

    return fault


def test_all_classes_are_expected():
    known = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, NetAppJLabError)
    }
    assert known - {NetAppJLabError} == set(EXPECTED)


@pytest.mark.parametrize(("kind", "status"), EXPECTED.items())
async def test_answers(ask, core, kind, status):
    error = kind("The thing is not so.")
    core.faults["volumes.create"] = raiser(error)
    reply = await ask("POST", "volumes", {"name": "a", "size": "1Gi"})
    assert reply.status == status == status_of(kind)
    assert (reply.error().message, reply.error().hint) == (error.message, error.hint)
    assert reply.error().reason == kind.reason
    assert ("Retry-After" in reply.headers) is (status == 503)


def test_a_class_below_one_of_the_table():
    class Quirk(errors.InUse):
        pass

    assert status_of(Quirk) == 409
    assert status_of(NetAppJLabError) == 500


def test_the_document_names_all_statuses():
    assert set(STATUS.values()) - {405} == set(NAMES)
    assert "QuotaExceeded" in reasons(422)


async def test_what_nobody_foresaw(ask, core, caplog, jp_serverapp):
    error = KeyError("Authorization: Bearer abc.def.ghi, token=s3cr3t x 'token': 'hidden'")
    core.faults["volumes.list"] = raiser(error)
    caplog.set_level(logging.ERROR)
    caplog.clear()
    token = jp_serverapp.identity_provider.token
    reply = await ask("GET", f"volumes?token={token}")
    assert (reply.status, reply.error().reason) == (500, "InternalError")
    assert "KeyError" not in reply.error().message + reply.error().hint
    found = [record for record in caplog.records if "Traceback" in record.getMessage()]
    assert len(found) == 1
    text = found[0].getMessage()
    assert "GET /a%40b/netapp-jlab/volumes failed" in text
    assert "in _list_volumes" in text
    assert reply.error().hint.split()[-1].rstrip(".") in text
    for secret in ("abc.def.ghi", "s3cr3t", "hidden", token):
        assert secret not in caplog.text


async def test_what_was_foreseen_is_one_line_in_the_log(ask, core, caplog):
    core.faults["volumes.list"] = raiser(errors.Unreachable("It refused."))
    caplog.set_level(logging.INFO)
    await ask("GET", "volumes")
    assert "GET /a%40b/netapp-jlab/volumes: Unreachable: It refused." in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_client_that_can_not_be_made_is_made_at_the_next_request(ask, core, app):
    core.faults["start"] = raiser(errors.NoCluster("No kubeconfig."))
    reply = await ask("GET", "volumes")
    assert (reply.status, reply.error().reason) == (503, "NoCluster")
    assert core.closed.is_set()
    del core.faults["start"]
    assert (await ask("GET", "volumes")).status == 200
    assert core.calls == ["start", "close", "start", "volumes.list"]
