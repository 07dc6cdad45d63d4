"""Which form of an answer a client wants.

After ``k8s.io/apiserver/pkg/endpoints/handlers/negotiation``.
"""

from __future__ import annotations

from typing import NamedTuple

from netapp_jlab.demo.api import errors

JSON = "application/json"
_KNOWN = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_AVAILABLE = (
    *_KNOWN,
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
)
_META_VERSIONS = ("v1", "v1beta1")


class Form(NamedTuple):
    """The form of an answer.

    Attributes
    ----------
    kind : str
        ``""`` for the objects themselves, else ``Table``, ``PartialObjectMetadata`` or
        ``PartialObjectMetadataList``.
    version : str
        Of the group ``meta.k8s.io``.
    """

    kind: str = ""
    version: str = "v1"


class MediaType(NamedTuple):
    """One entry of an ``Accept`` header."""

    type: str
    parameters: dict[str, str]
    quality: float


def parse_accept(header: str) -> list[MediaType]:
    """Return the entries of an ``Accept`` header, best first."""
    found = []
    for entry in header.split(","):
        name, *rest = (part.strip() for part in entry.split(";"))
        parameters = dict(part.partition("=")[::2] for part in rest)
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 1.0
        if name:
            found.append(MediaType(name.lower(), parameters, quality))
    return sorted(found, key=lambda media: -media.quality)


def choose(accept: str, *, single: bool) -> Form:
    """Return the form for an ``Accept`` header: the first that can be given.

    Parameters
    ----------
    single : bool
        Whether a single object is asked for (only then can it be a ``PartialObjectMetadata``).

    Raises
    ------
    ApiError
        406 when none can.
    """
    accepted = parse_accept(accept)
    if not accepted:
        return Form()
    readable = [m for m in accepted if m.type in (JSON, "*/*", "application/*")]
    for media in readable:
        form = _form(media.parameters, single=single)
        if form is not None:
            return form
    if readable:
        message = f"only the following media types are accepted: {', '.join(_KNOWN)}"
        raise errors.ApiError(406, "NotAcceptable", message)
    raise errors.not_acceptable(_AVAILABLE)


def _form(parameters: dict[str, str], *, single: bool) -> Form | None:
    asked = parameters.get("as")
    if asked is None:
        return Form()
    group, version = parameters.get("g"), parameters.get("v", "v1")
    if group != "meta.k8s.io" or version not in _META_VERSIONS:
        return None
    if asked == "Table" or asked == f"PartialObjectMetadata{'' if single else 'List'}":
        return Form(asked, version)
    return None
