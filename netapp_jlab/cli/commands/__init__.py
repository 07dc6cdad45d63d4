"""One module for each command or family of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli.commands import (
    clone,
    demo,
    doctor,
    files,
    operations,
    restore,
    snapshots,
    undo,
    volumes,
)

if TYPE_CHECKING:
    from netapp_jlab.cli.parser import Commands


def register(add: Commands) -> None:
    """Add every command, in the order in which a newcomer meets them."""
    for command in (demo, doctor, volumes, snapshots, files, clone, restore, undo, operations):
        command.register(add)
