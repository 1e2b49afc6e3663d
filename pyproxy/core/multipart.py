"""Several ranges of a file as one body, ``multipart/byteranges`` (RFC 9110, 14.6)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyproxy.core.ranges import Range

if TYPE_CHECKING:
    from pyproxy.core.request import Request

PIECE = 1 << 17
"""Bytes of the file that are read and written at a time."""


class Multipart:
    """The frame of such a body: the head of each part, and the end."""

    def __init__(self, ranges: list[Range], length: int, content_type: bytes) -> None:
        """``length`` is the whole file's, in bytes; ``content_type`` the file's own, empty for none."""
        boundary = b"%020d" % random.getrandbits(64)
        self.content_type = b"multipart/byteranges; boundary=" + boundary
        opening = b"\r\n--" + boundary + b"\r\n"
        if content_type:
            opening += b"Content-Type: " + content_type + b"\r\n"
        self.parts = [
            (opening + b"Content-Range: bytes %d-%d/%d\r\n\r\n" % (start, end - 1, length), start, end)
            for start, end in ranges
        ]
        """The head of a part, its first byte, and the byte after its last."""
        self.end = b"\r\n--" + boundary + b"--\r\n"
        self.length = sum(len(head) + end - start for head, start, end in self.parts) + len(self.end)

    def body(self, content: bytes) -> bytes:
        """The whole body, of a file that is in memory."""
        return b"".join([piece for head, start, end in self.parts for piece in (head, content[start:end])]) + self.end


class MultipartSender:
    """Sends such a body of an open file, piece by piece as the client takes them; owns the descriptor."""

    def __init__(self, request: Request, fd: int, multipart: Multipart) -> None:
        self._request = request
        self._fd = fd
        self._pieces = self._read(multipart)
        self._loop = request.stream.worker.loop
        self._paused = False
        self._scheduled = False

    def start(self) -> None:
        """Begin; the response's head has been sent."""
        self._request.handler = self
        self._schedule()

    def _read(self, multipart: Multipart) -> Iterator[bytes]:
        for head, start, end in multipart.parts:
            yield head
            while start < end:
                piece = os.pread(self._fd, min(end - start, PIECE), start)
                if not piece:
                    raise EOFError("the file has become shorter")
                start += len(piece)
                yield piece
        yield multipart.end

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
            self._close()
            self._request.stream.abort()
            return
        if piece is None:
            self._close()
            self._request.finish()
        else:
            self._request.send(piece)
            self._schedule()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # Producer

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._schedule()

    def client_gone(self) -> None:
        self._close()
