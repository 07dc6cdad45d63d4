"""What Kubernetes' refusals become. The sentences are those of Kubernetes 1.36."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.refusals import Expired, Subject, refusal
from netapp_jlab.k8s.status import parse, retry_after

SUBJECT = Subject("https://api", "PersistentVolumeClaim", "data", "lab", identified=True)
LIST = Subject("https://api", "VolumeSnapshot", "", "lab")


def _status(code, reason="", message="", **details):
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return json.dumps({**body, "details": details} if details else body).encode()


def _refused(code, reason="", message="", subject=SUBJECT, **details):
    return refusal(code, _status(code, reason, message, **details), subject)


@pytest.mark.parametrize(
    ("verb", "resource", "group", "file"),
    [
        ("delete", "persistentvolumeclaims", "", "rbac/tiers/full"),
        ("watch", "persistentvolumeclaims", "", "rbac/tiers/read"),
        ("create", "volumesnapshots", "snapshot.storage.k8s.io", "rbac/tiers/snapshot"),
        ("create", "volumesnapshots", "example.org", ""),
        ("create", "secrets", "", ""),
    ],
)
def test_rbac_keeps_the_sentence_and_names_what_grants_the_right(verb, resource, group, file):
    sentence = (
        f'{resource} "data" is forbidden: User "system:serviceaccount:lab:default" '
        f'cannot {verb} resource "{resource}" in API group "{group}" in the namespace "lab"'
    )
    error = _refused(403, "Forbidden", sentence)
    assert type(error) is errors.Forbidden
    assert error.message == sentence
    assert "netapp-jlab doctor" in error.hint
    assert (f"with {file};" in error.hint) if file else ("rbac/" not in error.hint)


def test_quota_in_plain_words():
    error = _refused(
        403,
        "Forbidden",
        'persistentvolumeclaims "data" is forbidden: exceeded quota: small, requested: '
        "persistentvolumeclaims=1,requests.storage=10Gi, used: persistentvolumeclaims=4,"
        "requests.storage=5Gi, limited: persistentvolumeclaims=4,requests.storage=12Gi",
    )
    assert type(error) is errors.QuotaExceeded
    assert error.message == (
        "The quota “small” does not allow it (volumes: 1 more asked for, 4 used, 4 allowed; "
        "storage: 10Gi more asked for, 5Gi used, 12Gi allowed)."
    )


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("gold.storageclass.storage.k8s.io/requests.storage", "storage of the class “gold”"),
        ("count/volumesnapshots.snapshot.storage.k8s.io", "snapshots"),
        ("count/widgets.example.org", "count/widgets.example.org"),
    ],
)
def test_quota_of_other_resources(resource, words):
    text = f"exceeded quota: q, requested: {resource}=1, used: {resource}=0, limited: {resource}=0"
    assert f"({words}: 1 more asked for, 0 used, 0 allowed)" in _refused(403, "", text).message


def test_quota_in_words_we_do_not_know():
    error = _refused(403, "Forbidden", "exceeded quota: whatever")
    assert type(error) is errors.QuotaExceeded
    assert error.message == "exceeded quota: whatever"


@pytest.mark.parametrize("code", [403, 422])
@pytest.mark.parametrize(
    "sentence",
    [
        (
            "persistentvolumeclaims \"data\" is forbidden: ValidatingAdmissionPolicy 'one' with "
            "binding 'b' denied request: only your own volumes"
        ),
        'admission webhook "check.example.org" denied the request: only your own volumes',
    ],
)
def test_an_admission_policy_speaks_for_itself(code, sentence):
    error = _refused(code, "Invalid", sentence)
    assert type(error) is errors.Forbidden
    assert error.message == "only your own volumes"
    assert sentence in error.hint


def test_nobody():
    error = _refused(403, "Forbidden", 'forbidden: User "system:anonymous" cannot get resource')
    assert type(error) is errors.Unauthorized
    assert "no token" in error.message


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            _refused(
                403,
                "Forbidden",
                "unable to create new content",
                causes=[{"reason": "NamespaceTerminating", "message": "", "field": ""}],
            ),
            errors.Refused,
            "The namespace “lab” is being deleted",
        ),
        (_refused(403, "Forbidden", "failed quota: q: must specify x"), errors.Refused, "failed"),
        (_refused(404, "NotFound", "x", name="data", kind="p"), errors.NotFound, "“data” in"),
        (_refused(404, "NotFound", "x"), errors.NotFound, "“data” in the namespace “lab”"),
        (
            _refused(404, "NotFound", "x", name="lab", kind="namespaces"),
            errors.NotFound,
            "no namespace “lab”",
        ),
        (_refused(404, "NotFound", "other", name="other"), errors.NotFound, "other"),
        (_refused(404, "NotFound", "x", LIST), errors.Unsupported, "VolumeSnapshots"),
        (_refused(409, "AlreadyExists", "x"), errors.AlreadyExists, "“data”"),
        (_refused(409, "Conflict", "x"), errors.Changed, "“data”"),
        (_refused(400, "BadRequest", "bad"), errors.Invalid, "bad"),
        (_refused(401, "Unauthorized", "x"), errors.Unauthorized, "https://api"),
        (_refused(410, "Expired", "too old"), Expired, "too old"),
        (_refused(413, "RequestEntityTooLarge", "big"), errors.Refused, "big"),
        (_refused(429, "TooManyRequests", "slow"), errors.Overloaded, "slow"),
        (_refused(503, "ServiceUnavailable", "down"), errors.Overloaded, "down"),
        (_refused(504, "Timeout", "late"), errors.Timeout, "late"),
        (_refused(500, "ServerTimeout", "late"), errors.Timeout, "late"),
        (_refused(500, "InternalError", "boom"), errors.Upstream, "boom"),
        (_refused(405, "MethodNotAllowed", "no"), errors.Upstream, "no"),
        (_refused(418), errors.Upstream, "answered 418"),
    ],
)
def test_each_code(error, kind, words):
    assert type(error) is kind
    assert words in error.message


def test_invalid_or_refused():
    def cause(reason, field="spec"):
        return {"reason": reason, "field": field, "message": "m"}

    refused = _refused(422, "Invalid", "shrinks", causes=[cause("FieldValueForbidden")])
    assert type(refused) is errors.Refused
    both = [cause("FieldValueForbidden"), cause("FieldValueInvalid")]
    assert type(_refused(422, "Invalid", "x", causes=both)) is errors.Invalid
    assert type(_refused(422, "Invalid", "x", causes=None)) is errors.Invalid


def test_a_path_that_is_not_served():
    error = refusal(404, b"404 page not found\n", LIST)
    assert type(error) is errors.Unsupported
    assert "CSI snapshot CRDs" in error.hint
    claims = Subject("https://api", kinds.CLAIMS.kind)
    assert refusal(404, b"404 page not found\n", claims).hint == ""


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (401, b"<html>", errors.Unauthorized),
        (403, b"<html>", errors.Unreachable),
        (404, b"<html>", errors.Unreachable),
        (400, b"Client sent an HTTP request to an HTTPS server.\n", errors.Unreachable),
        (413, b"<html>", errors.Refused),
        (503, b"<html>", errors.Overloaded),
        (302, b"", errors.Unreachable),
        (500, b'{"kind": "Status", "code": "x"}', errors.Unreachable),
    ],
)
def test_answers_of_others(code, body, kind):
    assert type(refusal(code, body, SUBJECT)) is kind


def test_retry_after():
    told = parse(_status(429, details=1, retryAfterSeconds=3))
    assert told is not None
    assert retry_after({}, told) == 3.0
    assert retry_after({"Retry-After": "2"}, told) == 2.0
    assert retry_after({"Retry-After": "nonsense"}, told) is None
    assert retry_after({}, None) is None
    soon = retry_after({"Retry-After": formatdate(time.time() + 10, usegmt=True)}, None)
    assert soon is not None
    assert 8 < soon <= 10
    assert retry_after({"Retry-After": formatdate(0, usegmt=True)}, None) == 0.0
