"""Handlers of files in snapshots: what a folder holds, and the bytes of a file.

A browser on this origin must never take a user's file for a page: it is sent as an attachment of
bytes, not to be sniffed at, in a sandbox without rights.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, NamedTuple

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web

from netapp_jlab.errors import Invalid, NetAppJLabError, Refused, Timeout
from netapp_jlab.models import Opening as StillOpening
from netapp_jlab.server.base import Handler
from netapp_jlab.server.errors import OutOfRange
from netapp_jlab.server.routes import RANGE, Listing, Reading

if TYPE_CHECKING:
    from netapp_jlab.server.app import NetAppJLab
    from netapp_jlab.services.files import OpenFile

BYTES = "application/octet-stream"
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
PIECE = 1024 * 1024
"""Bytes read at a time; no more than two pieces are held for one answer."""


class Span(NamedTuple):
    """The part of a file that is sent."""

    start: int
    length: int


class SnapshotFilesHandler(Handler, path="snapshots/{name}/files"):
    """A folder of a snapshot."""

    def initialize(self, extension: NetAppJLab) -> None:
        """Keep what Tornado passes with the route."""
        super().initialize(extension)
        self._gone = asyncio.Event()

    @web.authenticated
    @authorized
    async def get(self, snapshot: str) -> None:
        """List it; where a helper has to be started first, say so as soon as `wait` is over."""
        asked = self.query(Listing)
        most = self.extension.operation_timeout
        opening = self.extension.openings.of(snapshot)
        if not await opening.wait(min(asked.wait or most, most), self._gone):
            if not asked.wait:
                raise Timeout(
                    f"No answer within {most:g} s (NetAppJLab.operation_timeout). {opening.step}",
                    hint="Ask again: it goes on. With `wait` the answer tells what is awaited.",
                )
            self.reply(202, StillOpening(step=opening.step))
            return
        listing = await self.offload_reading(
            lambda client: client.files.list(
                snapshot, asked.path, match=asked.match, limit=asked.limit, cancel=self.cancel
            )
        )
        self.reply(200, listing)

    def on_connection_close(self) -> None:
        """Wait no longer; what is being opened goes on for a while, for who asks next."""
        self._gone.set()
        super().on_connection_close()


class SnapshotContentHandler(Handler, path="snapshots/{name}/content"):
    """A file of a snapshot."""

    @web.authenticated
    @authorized
    async def get(self, snapshot: str) -> None:
        """Send it, or a part of it, piece by piece as fast as the browser takes it."""
        asked = self.query(Reading)
        wanted = self._range()
        file = await self.offload_reading(
            lambda client: client.files.open(snapshot, asked.path, cancel=self.cancel)
        )
        span = self._span(wanted, file)
        first = await self._piece(file, span)  # what fails now is still an answer of its own
        self._describe(file, span, partial=wanted is not None)
        try:
            await self._send(file, span, first)
        except iostream.StreamClosedError:
            self.cancel.set()
        except NetAppJLabError as error:
            # Too late for an answer. A connection that ends early is the only way to say that what
            # was sent is not all of it.
            self.log_exception(type(error), error, None)
            self.detach().close()

    def _range(self) -> re.Match[str] | None:
        """Return the ``Range`` that was asked for."""
        header = self.request.headers.get("Range")
        if header is None:
            return None
        found = re.fullmatch(RANGE, header.strip())
        if found is None:
            raise Invalid(
                "The header Range is not right.", hint="Ask for one range: `bytes=0-65535`."
            )
        return found

    def _span(self, wanted: re.Match[str] | None, file: OpenFile) -> Span:
        span = span_of(wanted[1], file.size) if wanted else Span(0, file.size)
        if span is None:
            self._content_range = f"bytes */{file.size}"
            raise OutOfRange(f"The file has {file.size} bytes; the range begins after its end.")
        most = self.extension.max_content_bytes
        if span.length > most:
            raise Refused(
                f"{file.size} bytes are more than this server sends at once ({most}).",
                hint="Restore the file, print it with `netapp-jlab cat`, or ask for it in parts "
                "(Range). The limit is NetAppJLab.max_content_bytes.",
            )
        return span

    _content_range = ""

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Say with an error about the range how long the file is."""
        if self._content_range:
            self.set_header("Content-Range", self._content_range)
        super().write_error(status_code, **kwargs)

    def _describe(self, file: OpenFile, span: Span, *, partial: bool) -> None:
        self.set_status(206 if partial else 200)
        self.set_header("Content-Type", BYTES)
        self.set_header("Content-Length", span.length)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Security-Policy", SANDBOX)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_attachment_header(file.name)
        if partial:
            end = span.start + span.length - 1
            self.set_header("Content-Range", f"bytes {span.start}-{end}/{file.size}")

    async def _send(self, file: OpenFile, span: Span, piece: bytes) -> None:
        sent = 0
        while piece:
            self.write(piece)
            await self.flush()  # waits until the browser has taken it
            sent += len(piece)
            piece = await self._piece(file, Span(span.start + sent, span.length - sent))
        self.finish(set_content_type=BYTES)

    async def _piece(self, file: OpenFile, span: Span) -> bytes:
        length = min(span.length, PIECE)
        if not length:
            return b""
        return await self.offload_reading(lambda _: file.read(span.start, length))


def span_of(text: str, size: int) -> Span | None:
    """Return the part of a file of `size` bytes that a range names; None if there is none.

    Examples
    --------
    >>> span_of("0-99", 1000), span_of("900-", 950), span_of("-10", 1000)
    (Span(start=0, length=100), Span(start=900, length=50), Span(start=990, length=10))
    >>> span_of("1000-", 1000)
    """
    first, _, last = text.partition("-")
    if not first:
        length = min(int(last), size)
        return Span(size - length, length) if length else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    return Span(start, end - start + 1) if start <= end else None
