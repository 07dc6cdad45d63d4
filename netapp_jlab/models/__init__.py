r"""The core's border: what services take and return, and the JSON of the REST interface.

The OpenAPI document and the front end's TypeScript types are generated from these structs, so a
field is declared here and nowhere else. Times are timezone-aware UTC; sizes are bytes.

Paths of files are relative to the volume's root, ``/``-separated text as
:func:`netapp_jlab.files.names.to_text` writes it (UTF-8; a byte that is not appears as ``\xNN``).
"""

from __future__ import annotations

from netapp_jlab.models.base import (
    API_VERSION,
    ErrorBody,
    Model,
    Name,
    Note,
    Order,
    RequestId,
)
from netapp_jlab.models.files import FileEntry, FileKind, FileList, Opening
from netapp_jlab.models.operations import (
    CloneOrder,
    Example,
    Issue,
    Operation,
    OperationKind,
    OperationList,
    OperationState,
    Outcome,
    Progress,
    RestoreOrder,
    RestorePlan,
)
from netapp_jlab.models.snapshots import (
    Origin,
    Purpose,
    Snapshot,
    SnapshotChange,
    SnapshotList,
    SnapshotOrder,
    SnapshotPhase,
)
from netapp_jlab.models.status import (
    Change,
    Problem,
    Right,
    Status,
    StorageClass,
    Workspace,
)
from netapp_jlab.models.volumes import (
    AccessMode,
    Actions,
    DeletePlan,
    Permission,
    Role,
    Source,
    Volume,
    VolumeChange,
    VolumeList,
    VolumeOrder,
    VolumePhase,
    VolumeSource,
)

__all__ = [
    "API_VERSION",
    "AccessMode",
    "Actions",
    "Change",
    "CloneOrder",
    "DeletePlan",
    "ErrorBody",
    "Example",
    "FileEntry",
    "FileKind",
    "FileList",
    "Issue",
    "Model",
    "Name",
    "Note",
    "Opening",
    "Operation",
    "OperationKind",
    "OperationList",
    "OperationState",
    "Order",
    "Origin",
    "Outcome",
    "Permission",
    "Problem",
    "Progress",
    "Purpose",
    "RequestId",
    "RestoreOrder",
    "RestorePlan",
    "Right",
    "Role",
    "Snapshot",
    "SnapshotChange",
    "SnapshotList",
    "SnapshotOrder",
    "SnapshotPhase",
    "Source",
    "Status",
    "StorageClass",
    "Volume",
    "VolumeChange",
    "VolumeList",
    "VolumeOrder",
    "VolumePhase",
    "VolumeSource",
    "Workspace",
]
