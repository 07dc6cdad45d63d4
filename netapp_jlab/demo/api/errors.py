"""The errors of the Kubernetes API, with the messages a real server gives.

The wording follows ``k8s.io/apimachinery/pkg/api/errors`` and ``pkg/util/validation/field``:
clients (and people) match on it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kinds import Kind

_LABELS = {
    "FieldValueNotFound": "Not found",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "FieldValueTypeInvalid": "Invalid value",
}


class Cause(NamedTuple):
    """One reason why an object is invalid (``Status.details.causes[]``)."""

    reason: str
    message: str
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        """Return the cause as it stands in a ``Status``."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def invalid(field: str, value: object, detail: str) -> Cause:
    """Return "Invalid value": `value` of `field` breaks a rule, which `detail` names."""
    body = f"{_LABELS['FieldValueInvalid']}: {_shown(value)}"
    return Cause("FieldValueInvalid", f"{body}: {detail}" if detail else body, field)


def type_invalid(field: str, value: object, detail: str) -> Cause:
    """Return "Invalid value" for a value of the wrong JSON type."""
    return Cause("FieldValueTypeInvalid", f"Invalid value: {_shown(value)}: {detail}", field)


def required(field: str, detail: str = "") -> Cause:
    """Return "Required value": `field` is missing or empty."""
    return Cause(
        "FieldValueRequired", f"Required value: {detail}" if detail else "Required value", field
    )


def forbidden_field(field: str, detail: str) -> Cause:
    """Return "Forbidden": `field` may not be set or changed here."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def not_supported(field: str, value: object, supported: Sequence[str]) -> Cause:
    """Return "Unsupported value": `value` is none of `supported`."""
    known = ", ".join(json.dumps(item) for item in supported)
    return Cause(
        "FieldValueNotSupported",
        f"Unsupported value: {_shown(value)}: supported values: {known}",
        field,
    )


def duplicate(field: str, value: object) -> Cause:
    """Return "Duplicate value": the list already has `value`."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {_shown(value)}", field)


def too_long(field: str, limit: int) -> Cause:
    """Return "Too long": more than `limit` bytes."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


class ApiError(Exception):
    """An answer of the API server that is not a success.

    Attributes
    ----------
    code : int
        The HTTP status.
    reason : str
        Machine-readable reason, such as ``NotFound``.
    message : str
        What a person reads.
    details : dict | None
        ``Status.details``, if any.
    next_page : str
        ``metadata.continue``: how to go on with a list that has expired.
    """

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.next_page = ""

    def add_cause(self, reason: str, message: str, field: str) -> None:
        """Add an entry to ``Status.details.causes``."""
        self.details = self.details or {}
        causes = self.details.setdefault("causes", [])
        causes.append(Cause(reason, message, field).as_dict())

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the client should try again, if the answer says so."""
        seconds = (self.details or {}).get("retryAfterSeconds")
        return int(seconds) if seconds else None

    def status(self) -> dict[str, Any]:
        """Return the error as the ``Status`` object of the wire."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.next_page} if self.next_page else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def _about(kind: Kind, name: str) -> dict[str, Any]:
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in details.items() if value}


def not_found(kind: Kind, name: str) -> ApiError:
    """Return 404 for an object that is not there."""
    return ApiError(404, "NotFound", f'{kind.resource} "{name}" not found', _about(kind, name))


def no_such_path() -> ApiError:
    """Return 404 for a path that no resource is served at."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(kind: Kind, name: str, *, going: bool = False) -> ApiError:
    """Return 409 for a name that is taken, be it by an object that is being deleted."""
    message = f'{kind.resource} "{name}" already exists'
    if going:
        message = f"object is being deleted: {message}"
    return ApiError(409, "AlreadyExists", message, _about(kind, name))


def generated_name_exists(kind: Kind, name: str) -> ApiError:
    """Return 409 when no free name was found for a ``generateName``."""
    return ApiError(
        409,
        "AlreadyExists",
        f'{kind.resource} "{name}" already exists, '
        "the server was not able to generate a unique name for the object",
        {**_about(kind, name), "retryAfterSeconds": 1},
    )


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def conflict(kind: Kind, name: str, why: str = MODIFIED) -> ApiError:
    """Return 409 for a write that is based on an older version."""
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _about(kind, name))


def failed_precondition(kind: Kind, name: str, why: str) -> ApiError:
    """Return 409 for a deletion whose precondition fails; it names the kind, not the resource."""
    message = f'Operation cannot be fulfilled on {kind.group_kind} "{name}": {why}'
    details = {**_about(kind, name), "kind": kind.kind}
    return ApiError(409, "Conflict", message, details)


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    """Return 403, as RBAC and admission give it."""
    subject = f'{kind.resource} "{name}"' if name else kind.resource
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", _about(kind, name))


def invalid_object(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """Return 422 with every cause, in order and each once."""
    unique = list(dict.fromkeys(causes))
    texts = [str(cause) for cause in unique]
    body = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = {"name": name, "group": kind.group, "kind": kind.kind}
    details = {key: value for key, value in details.items() if value}
    return ApiError(
        422,
        "Invalid",
        f'{kind.group_kind} "{name}" is invalid: {body}',
        {**details, "causes": [cause.as_dict() for cause in causes]},
    )


def invalid_resource(kind: Kind, name: str, cause: Cause) -> ApiError:
    """Return 422 for a custom resource; a few of its checks name the resource, not the kind."""
    message = f'{kind.resource} "{name}" is invalid: {cause}'
    error = ApiError(422, "Invalid", message, _about(kind, name))
    error.add_cause(*cause)
    return error


def bad_request(message: str) -> ApiError:
    """Return 400."""
    return ApiError(400, "BadRequest", message)


def unreadable(kind: Kind, detail: object) -> ApiError:
    """Return 400 for an object that can't be what it is said to be."""
    return bad_request(
        f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {detail}'
    )


def other_name(given: str, wanted: str) -> ApiError:
    """Return 400 for an object with another name than its path."""
    message = f"the name of the object ({given}) does not match the name on the URL ({wanted})"
    return bad_request(message)


def no_name(wanted: str) -> ApiError:
    """Return 400 for an object without a name."""
    return bad_request(
        f"the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
    )


def other_namespace() -> ApiError:
    """Return 400 for an object with another namespace than its path."""
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def unauthorized() -> ApiError:
    """Return 401; a real server never says more than this."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def expired(message: str) -> ApiError:
    """Return 410: the asked version has been compacted away."""
    return ApiError(410, "Expired", message)


def too_old(version: int, oldest: int) -> ApiError:
    """Return 410 for a watch that starts before the oldest version kept."""
    return expired(f"too old resource version: {version} ({oldest})")


def too_large_version(asked: int, current: int) -> ApiError:
    """Return 504 for a version that has not been reached yet."""
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        {
            "causes": [
                {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
            ],
            "retryAfterSeconds": 1,
        },
    )


def unpatchable() -> ApiError:
    """Return 422 for a patch that can't be applied to this object."""
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message, {})


def bad_patch(shown: str, detail: object) -> ApiError:
    """Return 422 for a patch whose result is no object of the kind."""
    cause = invalid("patch", shown, str(detail))
    error = ApiError(422, "Invalid", f' "" is invalid: {cause}')
    error.add_cause(*cause)
    return error


def method_not_allowed() -> ApiError:
    """Return 405."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def not_acceptable(known: Sequence[str]) -> ApiError:
    """Return 406: no content type that the client accepts can be given."""
    message = f"406: Not Acceptable\n\nAvailable representations: {', '.join(known)}"
    return ApiError(406, "NotAcceptable", message, {})


def unsupported_media_type(known: Sequence[str] = ()) -> ApiError:
    """Return 415: the body is in a format that is not read here (or not for this kind)."""
    if not known:
        message = "415: Unsupported Media Type"
        return ApiError(415, "UnsupportedMediaType", message, {})
    message = (
        "the body of the request was in an unknown format - "
        f"accepted media types include: {', '.join(known)}"
    )
    return ApiError(415, "UnsupportedMediaType", message)


def too_large(limit: int) -> ApiError:
    """Return 413: the body has more than `limit` bytes."""
    message = f"Request entity too large: limit is {limit}"
    return ApiError(413, "RequestEntityTooLarge", message)


def invalid_options(kind: str, cause: Cause) -> ApiError:
    """Return 422 for the query of a request: ``ListOptions``, ``DeleteOptions``, …."""
    message = f'{kind}.meta.k8s.io "" is invalid: {cause}'
    error = ApiError(422, "Invalid", message, {"group": "meta.k8s.io", "kind": kind})
    error.add_cause(*cause)
    return error


def too_many_requests(message: str, retry_after: int = 1) -> ApiError:
    """Return 429."""
    return ApiError(429, "TooManyRequests", message, {"retryAfterSeconds": retry_after})


def internal(message: str) -> ApiError:
    """Return 500."""
    return ApiError(
        500,
        "InternalError",
        f"Internal error occurred: {message}",
        {"causes": [{"message": message}]},
    )


def unavailable(message: str) -> ApiError:
    """Return 503."""
    return ApiError(503, "ServiceUnavailable", message)
