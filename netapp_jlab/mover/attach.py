"""Passes lines on between the standard streams and the mover's socket."""

from __future__ import annotations

import os
import socket
import threading
import time

STARTS_WITHIN = 20.0
"""Seconds for which to wait for a mover that is just starting."""
_PIECE = 64 * 1024


def attach(path: str) -> int:
    """Connect the standard streams to the socket, until one side ends; returns the exit status."""
    try:
        connection = _connect(path)
    except OSError as error:
        os.write(2, f"no mover listens on {path}: {error.strerror or error}\n".encode())
        return 1
    # A thread that waits for input can't be stopped, so it does not keep the process.
    threading.Thread(target=_pass_on_input, args=(connection,), daemon=True).start()
    try:
        while piece := connection.recv(_PIECE):
            _write(piece)
    except OSError:
        return 1  # the mover was killed, or nobody reads what we write
    return 0


def _pass_on_input(connection: socket.socket) -> None:
    try:
        while piece := os.read(0, _PIECE):
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other direction has ended, and the process with it


def _write(piece: bytes) -> None:
    while piece:
        piece = piece[os.write(1, piece) :]


def _connect(path: str) -> socket.socket:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() >= until:
                raise
            time.sleep(0.05)
        else:
            return connection
