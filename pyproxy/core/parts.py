"""Parts of a body (RFC 9110, 14): one of them, or several as one body, ``multipart/byteranges``."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pyproxy.core.files.pieces import read_pieces
from pyproxy.core.ranges import Range


class Part:
    """The bytes from ``start`` to before ``end``."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.length = end - start

    def cut(self, content: bytes) -> bytes:
        """The part of a body that is in memory."""
        return content[self.start : self.start + self.length]

    def read(self, fd: int) -> Iterator[bytes]:
        """The part of an open file, piece by piece."""
        return read_pieces(fd, self.start, self.start + self.length)


class PartFilter:
    """Lets no more of a body pass than one part."""

    def __init__(self, part: Part) -> None:
        self._skip = part.start
        self._left = part.length

    def feed(self, data: bytes) -> tuple[bytes]:
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        kept = data[skipped : skipped + self._left]
        self._left -= len(kept)
        return (kept,)

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> tuple[()]:
        return ()


class Multipart:
    """Several parts with their frame: the head of each, and the end."""

    def __init__(self, ranges: list[Range], length: int, content_type: bytes) -> None:
        """``length`` is the whole body's, in bytes; ``content_type`` its own, empty for none."""
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

    def cut(self, content: bytes) -> bytes:
        """The parts, in their frame, of a body that is in memory."""
        return b"".join([piece for head, start, end in self.parts for piece in (head, content[start:end])]) + self.end

    def read(self, fd: int) -> Iterator[bytes]:
        """The same of an open file, piece by piece."""
        for head, start, end in self.parts:
            yield head
            yield from read_pieces(fd, start, end)
        yield self.end
