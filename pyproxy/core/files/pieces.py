"""A body that is made piece by piece out of an open file, at the client's pace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.request import Request

PIECE = 1 << 17
"""Bytes of the file that are read and written at a time."""


def read_pieces(fd: int, start: int, end: int) -> Iterator[bytes]:
    """The bytes of an open file from ``start`` to before ``end``. Raises OSError, or EOFError if it is too short."""
    while start < end:
        piece = os.pread(fd, min(end - start, PIECE), start)
        if not piece:
            raise EOFError("the file has become shorter")
        start += len(piece)
        yield piece


class PieceSender:
    """Sends such a body; owns the descriptor."""

    def __init__(self, request: Request, fd: int, pieces: Iterator[bytes]) -> None:
        self._request = request
        self._fd = fd
        self._pieces = pieces
        self._loop = request.stream.worker.loop
        self._paused = False
        self._scheduled = False

    def start(self) -> None:
        """Begin; the response's head has been sent."""
        self._request.produced_by(self)
        self._schedule()

    def _schedule(self) -> None:
        # one piece a turn of the loop: a fast client must not keep the others waiting
        if not self._scheduled and not self._paused and self._fd >= 0:
            self._scheduled = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._scheduled = False
        if self._fd < 0 or self._paused:
            return
        try:
            piece = next(self._pieces, None)
        except (OSError, EOFError):
            self.stop()
            self._request.stream.abort()
            return
        if piece is None:
            self.stop()
            self._request.finish()
        else:
            self._request.send(piece)
            self._schedule()

    # Producer

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._schedule()

    def client_gone(self) -> None:
        self.stop()

    def stop(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
