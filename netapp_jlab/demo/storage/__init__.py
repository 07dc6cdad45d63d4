"""The embedded cluster's storage array: volumes and snapshots that are real directories.

It has the operations that a CSI driver's controller has, each idempotent and safe against a kill
at any moment, and knows neither Kubernetes nor the network. Below its root lie::

    volumes/<volume>/              what a pod mounts
    volumes/<volume>/.snapshot/    read-only, as ONTAP shows it
        <snapshot>/                the volume as it was
    hidden/<volume>/<snapshot>/    snapshots of volumes that don't show them
    records/                       one JSON record for each volume and snapshot
    work/                          half-made copies; emptied at every start
    lock                           held by the process that has the array open
"""

from netapp_jlab.demo.storage.array import MAX_SNAPSHOTS, SNAPSHOT_DIRECTORY, Storage
from netapp_jlab.demo.storage.errors import (
    BusyError,
    ExhaustedError,
    ExistsError,
    InvalidArgumentError,
    NotFoundError,
    SizeError,
    StorageError,
)
from netapp_jlab.demo.storage.records import Snapshot, Source, Volume

__all__ = [
    "MAX_SNAPSHOTS",
    "SNAPSHOT_DIRECTORY",
    "BusyError",
    "ExhaustedError",
    "ExistsError",
    "InvalidArgumentError",
    "NotFoundError",
    "SizeError",
    "Snapshot",
    "Source",
    "Storage",
    "StorageError",
    "Volume",
]
