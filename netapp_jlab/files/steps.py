"""What a walk hands out, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from netapp_jlab.files.entries import Where

if TYPE_CHECKING:
    from netapp_jlab.files.entries import Action, Stat
    from netapp_jlab.files.frames import Frame

Event = Literal[
    "leave",  # everything in the frame's directory was visited
    "same",  # a file with several names needs no change (only in a live walk)
    "stale",  # the target has a temporary of ours (only in a live walk)
    "locked",  # the target's directory can't be entered as it is (only in a live walk)
    "park",  # the frame's directory is about to be closed for a while
    "mounted",  # something else is mounted here: passed over
    "conflict",  # somebody changed the target meanwhile: passed over
    "failure",  # it can't be looked at: passed over
]


class Step:
    """Something that differs, or something to know about.

    Attributes
    ----------
    frame : Frame
        The directory it is in (for ``leave``, ``locked`` and ``park`` the directory itself).
    name : str
        Of the entry; empty for the directory itself.
    action : str
        An :data:`~netapp_jlab.files.entries.Action` or an :data:`Event`.
    source, target : os.stat_result | None
        What was found on either side.
    folder : Frame | None
        The directory that is to be made, for a step to make one.
    reason : str
        Why, for ``conflict`` and ``failure``.
    error : OSError | None
        What the system said, for ``failure``.
    refused : bool
        Set by whoever acts on the steps: it was not done.
    """

    __slots__ = (
        "action",
        "error",
        "folder",
        "frame",
        "name",
        "reason",
        "refused",
        "source",
        "target",
    )

    def __init__(
        self,
        frame: Frame,
        name: str,
        action: Action | Event,
        *,
        source: Stat | None = None,
        target: Stat | None = None,
        folder: Frame | None = None,
        reason: str = "",
        error: OSError | None = None,
    ) -> None:
        self.frame = frame
        self.name = name
        self.action = action
        self.source = source
        self.target = target
        self.folder = folder
        self.reason = reason
        self.error = error
        self.refused = False

    @property
    def path(self) -> bytes:
        """Where it is, relative to the tree."""
        return self.frame.path(self.name)

    def in_source(self) -> Where:
        """Return the entry in the source, which a step to create or to replace has."""
        if self.frame.source is None or self.source is None:
            raise ValueError(f"{self.path!r} is not in the source")
        return Where(self.name, self.frame.source.fd, self.source)


def failed(frame: Frame, name: str, error: OSError) -> Step:
    """Say that an entry, or the frame's directory itself, can't be looked at."""
    return Step(frame, name, "failure", reason=reason_of(error), error=error)


def reason_of(error: OSError) -> str:
    """Say in words what the system said."""
    return error.strerror or str(error)
