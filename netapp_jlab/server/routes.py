"""The REST interface as one table, which the handlers and the OpenAPI document both follow.

Handlers claim their row with :func:`netapp_jlab.server.base.serves`, which refuses a class whose
verbs are not those of the row. Nothing here needs a web framework, so that the document can be
made anywhere.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from netapp_jlab import models
from netapp_jlab.models import Model, Order

Verb = Literal["GET", "POST", "PATCH", "DELETE"]

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing: open to guests, and no sign of a user's activity."""

# `$` also matches before a trailing newline in Python; the look-ahead forbids that everywhere.
ObjectName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$(?!\n)",
        max_length=253,
        description="A name as Kubernetes takes it (an RFC 1123 subdomain).",
    ),
]
OperationId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$(?!\n)",
        description="An operation's id, as `operations` lists it.",
    ),
]
PARAMETERS: dict[str, object] = {"name": ObjectName, "id": OperationId}
"""Types of the ``{…}`` parts of paths."""

RANGE = r"^bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})$"
"""One range, as RFC 9110 writes it; several at once are of no use here."""

Uid = Annotated[
    str,
    msgspec.Meta(
        max_length=128,
        description="Do it only if the object still has this uid (409 `Changed` otherwise).",
    ),
]
DryRun = Annotated[
    bool, msgspec.Meta(description="Change nothing; answer what deleting would take with it.")
]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of query parameters; unknown ones are refused, lest a mistyped ``dry_run`` delete."""


class VolumeDeletion(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to delete a volume."""

    confirm: Annotated[
        str,
        msgspec.Meta(
            max_length=253, description="The volume's name once more; needed without `dry_run`."
        ),
    ] = ""
    uid: Uid = ""
    dry_run: DryRun = False


class SnapshotDeletion(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to delete a snapshot."""

    uid: Uid = ""
    dry_run: DryRun = False


Path = Annotated[
    str,
    msgspec.Meta(
        max_length=4096,
        description="Relative to the volume's root, as listings write names; empty for the root.",
    ),
]
"""Long ones would not fit into the 64 KiB that Tornado takes before the body."""


class Listing(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which folder of a snapshot to list, and how much of it."""

    path: Path = ""
    match: Annotated[
        str,
        msgspec.Meta(
            max_length=255, description="Only names that have this in them, in any letter case."
        ),
    ] = ""
    limit: Annotated[
        int, msgspec.Meta(ge=1, le=100_000, description="Most entries to answer with.")
    ] = 10_000
    wait: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=3600,
            description="Seconds after which to answer with 202 if the snapshot is still being "
            "opened; 0 for the server's own time limit, and 504.",
        ),
    ] = 0


class Reading(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file of a snapshot to read."""

    path: Path


class Answer(msgspec.Struct, frozen=True):
    """One way an endpoint succeeds.

    Attributes
    ----------
    model : type[Model] | None
        The body; None for none, or for what is not one of the models.
    binary : bool
        The body is the bytes of a file.
    """

    status: int
    description: str
    model: type[Model] | None = None
    binary: bool = False


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One verb on one path.

    Attributes
    ----------
    operation : str
        ``operationId`` of the OpenAPI document; the front end's function names.
    errors : tuple[int, ...]
        HTTP statuses of its error answers.
    ranges : bool
        It takes the header ``Range``.
    """

    operation: str
    summary: str
    answers: tuple[Answer, ...]
    errors: tuple[int, ...]
    body: type[Order] | None = None
    query: type[Query] = Query
    ranges: bool = False


class Route(msgspec.Struct, frozen=True):
    """One path below ``<base_url>netapp-jlab/`` and what can be done there."""

    path: str
    verbs: dict[Verb, Endpoint]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the ``{…}`` parts, in order."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def pattern(self) -> str:
        """The path as a regular expression with one group per parameter."""
        return re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(self.path))


READ = (400, 403, 502, 503, 504)
READ_ONE = (*READ, 404)
CHANGE = (*READ_ONE, 409, 422)
SEND = (*CHANGE, 413, 415)


def _get(operation: str, summary: str, model: type[Model], errors: tuple[int, ...]) -> Endpoint:
    answer = Answer(200, "As it is now.", model)
    return Endpoint(operation=operation, summary=summary, answers=(answer,), errors=errors)


def _send(
    operation: str,
    summary: str,
    body: type[Order],
    *answers: Answer,
    errors: tuple[int, ...] = SEND,
) -> Endpoint:
    return Endpoint(operation=operation, summary=summary, body=body, answers=answers, errors=errors)


_STARTED = Answer(202, "It has begun; follow it at `operations/{id}`.", models.Operation)
_GONE = Answer(204, "It is being deleted.")
_PLANNED = Answer(200, "With `dry_run`: what it would take with it.", models.DeletePlan)

ROUTES: tuple[Route, ...] = (
    Route(
        "status",
        {"GET": _get("getStatus", "What this server can do here.", models.Status, READ)},
    ),
    Route(
        "volumes",
        {
            "GET": _get("listVolumes", "All volumes.", models.VolumeList, READ),
            "POST": _send(
                "createVolume",
                "Make a volume: empty, or filled from a snapshot or another volume.",
                models.VolumeOrder,
                Answer(201, "Made; usually still pending.", models.Volume),
            ),
        },
    ),
    Route(
        "volumes/{name}",
        {
            "GET": _get("getVolume", "One volume.", models.Volume, READ_ONE),
            "PATCH": _send(
                "changeVolume",
                "Make a volume larger.",
                models.VolumeChange,
                Answer(200, "The new size is asked for.", models.Volume),
            ),
            "DELETE": Endpoint(
                operation="deleteVolume",
                summary="Delete a volume, or say what that would take with it.",
                query=VolumeDeletion,
                answers=(_GONE, _PLANNED),
                errors=CHANGE,
            ),
        },
    ),
    Route(
        "volumes/{name}/snapshots",
        {
            "GET": _get(
                "listVolumeSnapshots", "The snapshots of one volume.", models.SnapshotList, READ_ONE
            ),
            "POST": _send(
                "createSnapshot",
                "Cut a snapshot of a volume.",
                models.SnapshotOrder,
                Answer(201, "Asked for; usually not ready yet.", models.Snapshot),
            ),
        },
    ),
    Route(
        "volumes/{name}/clones",
        {
            "POST": _send(
                "cloneVolume",
                "Make a new volume with what this one holds.",
                models.CloneOrder,
                _STARTED,
            )
        },
    ),
    Route(
        "snapshots",
        {"GET": _get("listSnapshots", "All snapshots.", models.SnapshotList, READ)},
    ),
    Route(
        "snapshots/{name}",
        {
            "GET": _get("getSnapshot", "One snapshot.", models.Snapshot, READ_ONE),
            "PATCH": _send(
                "changeSnapshot",
                "Write another note on a snapshot.",
                models.SnapshotChange,
                Answer(200, "Written.", models.Snapshot),
            ),
            "DELETE": Endpoint(
                operation="deleteSnapshot",
                summary="Delete a snapshot, or say what that would take with it.",
                query=SnapshotDeletion,
                answers=(_GONE, _PLANNED),
                errors=CHANGE,
            ),
        },
    ),
    Route(
        "snapshots/{name}/files",
        {
            "GET": Endpoint(
                operation="listFiles",
                summary="What a folder of a snapshot holds.",
                query=Listing,
                answers=(
                    Answer(200, "As the snapshot has it.", models.FileList),
                    Answer(202, "With `wait`: it is still being opened.", models.Opening),
                ),
                errors=CHANGE,
            )
        },
    ),
    Route(
        "snapshots/{name}/content",
        {
            "GET": Endpoint(
                operation="readFile",
                summary="What a file of a snapshot holds, or a part of it.",
                query=Reading,
                answers=(
                    Answer(200, "All of it, to be saved, never to be shown.", binary=True),
                    Answer(206, "With `Range`: the part.", binary=True),
                ),
                errors=(*CHANGE, 416),
                ranges=True,
            )
        },
    ),
    Route(
        "snapshots/{name}/clones",
        {
            "POST": _send(
                "cloneSnapshot",
                "Make a new volume with what this snapshot holds.",
                models.CloneOrder,
                _STARTED,
            )
        },
    ),
    Route(
        "snapshots/{name}/restores",
        {
            "POST": _send(
                "restoreSnapshot",
                "Bring the volume back to this snapshot, or say what that would change.",
                models.RestoreOrder,
                _STARTED,
                Answer(200, "With `dry_run`: what it would change.", models.RestorePlan),
            )
        },
    ),
    Route(
        "operations",
        {
            "GET": _get(
                "listOperations",
                "What runs, and what can still be undone.",
                models.OperationList,
                READ,
            )
        },
    ),
    Route(
        "operations/{id}",
        {
            "GET": _get("getOperation", "One operation.", models.Operation, READ_ONE),
            "DELETE": Endpoint(
                operation="cancelOperation",
                summary="Stop an operation; what it has done so far stays, and can be undone.",
                answers=(Answer(202, "It stops as soon as it can.", models.Operation),),
                errors=CHANGE,
            ),
        },
    ),
    Route(
        "operations/{id}/undo",
        {
            "POST": Endpoint(
                operation="undoOperation",
                summary="Undo a finished operation.",
                answers=(_STARTED,),
                errors=CHANGE,
            )
        },
    ),
    Route(
        "openapi.json",
        {
            "GET": Endpoint(
                operation="getOpenAPI",
                summary="This document.",
                answers=(Answer(200, "OpenAPI 3.1."),),
                errors=(400, 403),
            )
        },
    ),
)
