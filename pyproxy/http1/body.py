"""Bodies: where they end (RFC 9112, 6 and 7), as small state machines over the bytes that arrive.

All readers share one interface. `feed(data)` answers the pieces of content in `data`, none of them empty, and the bytes
after the body's end, or None while the body goes on. `eof()` is called when the connection ends instead.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from pyproxy.core.message import Pair, RequestHead, ResponseHead
from pyproxy.http1.fields import ONCE_IN_REQUEST, FieldReader
from pyproxy.http1.message import CLIENT, UPSTREAM, Sender

Piece = bytes | memoryview

CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2

LAST_CHUNK: Final = b"0\r\n\r\n"

_MAX_CHUNK_LINE: Final = 1024
_MAX_TRAILERS: Final = 8192
# From here on a view on the arrived bytes is cheaper than a copy.
_VIEW_FROM: Final = 4096
_FEW: Final = 8

# RFC 9112, 7.1.1: extensions are skipped, but they hold no control characters either.
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)(?:[ \t]*+;[^\x00-\x08\x0a-\x1f\x7f]*+)?\r\n").match
_CHUNK_LINE_BEGINS: Final = re.compile(
    rb"(?:[0-9A-Fa-f]{1,15}+(?:[ \t]*+(?:;[^\x00-\x08\x0a-\x1f\x7f]*+)?)?)?\r?"
).fullmatch
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])").search


class BodyReader(Protocol):
    """What all readers can do."""

    def feed(self, data: bytes) -> tuple[list[Piece], bytes | None]:
        """The content in `data`, and the bytes after the body once it has ended. Raises BadMessage."""

    def eof(self) -> None:
        """The connection ended: fine if that ends the body, BadMessage if the body is cut short."""


class LengthReader:
    """A body of a known length in bytes, at least 1."""

    __slots__ = ("_left", "_sender")

    def __init__(self, length: int, sender: Sender) -> None:
        self._left = length
        self._sender = sender

    def feed(self, data: bytes) -> tuple[list[Piece], bytes | None]:
        left = self._left - len(data)
        if left > 0:
            self._left = left
            return [data] if data else [], None
        end, self._left = self._left, 0
        if left == 0:
            return [data], b""
        return [data[:end]], data[end:]

    def eof(self) -> None:
        raise self._sender.error("prematurely closed connection")


class UntilCloseReader:
    """A response body that lasts until the upstream closes the connection."""

    __slots__ = ()

    def feed(self, data: bytes) -> tuple[list[Piece], bytes | None]:
        return [data] if data else [], None

    def eof(self) -> None:
        pass


class ChunkedReader:
    """A body in the chunked transfer coding (RFC 9112, 7.1)."""

    __slots__ = ("_held", "_in_trailers", "_left", "_sender", "trailers")

    trailers: tuple[Pair, ...]
    """The trailer fields, once the body has ended; without those that speak about framing or routing."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._left = 0  # bytes to come of the current chunk, with the CRLF after its data
        self._held = b""  # a line, a line end or a trailer section that has begun but not ended
        self._in_trailers = False
        self.trailers = ()

    def feed(self, data: bytes) -> tuple[list[Piece], bytes | None]:
        if self._held:
            data = self._held + data
            self._held = b""
        pieces: list[Piece] = []
        at = 0
        size = len(data)
        while not self._in_trailers:
            if self._left:
                at = self._take(data, at, pieces)
                if self._left:
                    return _joined(pieces), None
            if at == size:
                return _joined(pieces), None
            line = _CHUNK_LINE(data, at)
            if line is None:
                self._hold_chunk_line(data[at:])
                return _joined(pieces), None
            if line.end() - at > _MAX_CHUNK_LINE:
                raise self._error()
            length = int(line[1], 16)
            at = line.end()
            if length:
                self._left = length + 2
            else:
                self._in_trailers = True
        return _joined(pieces), self._end(data[at:])

    def _take(self, data: bytes, at: int, pieces: list[Piece]) -> int:
        """Move content of the current chunk to `pieces`, and answer the index after it; `_left` is 0 at its end."""
        end = at + self._left - 2
        stop = min(end, len(data))
        if stop > at:
            pieces.append(data[at:stop] if stop - at < _VIEW_FROM else memoryview(data)[at:stop])
        if stop < end:
            self._left -= stop - at
            return stop
        line_end = data[end : end + 2]
        if line_end == b"\r\n":
            self._left = 0
            return end + 2
        if line_end not in (b"", b"\r"):
            raise self._error()
        self._left = 2
        self._held = line_end
        return end + 2

    def _hold_chunk_line(self, begun: bytes) -> None:
        if len(begun) > _MAX_CHUNK_LINE or not _CHUNK_LINE_BEGINS(begun):
            raise self._error()
        self._held = begun

    def _end(self, data: bytes) -> bytes | None:
        if data.startswith(b"\r\n"):
            return data[2:]
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            end += 4
            if end > _MAX_TRAILERS:
                raise self._error()
            self.trailers = _read_trailers(data[:end], self._sender)
            return data[end:]
        if len(data) > _MAX_TRAILERS or _BARE_LINE_END(data):
            raise self._error()
        self._held = data
        return None

    def eof(self) -> None:
        raise self._sender.error("prematurely closed connection")

    def _error(self) -> Exception:
        return self._sender.error(f"sent invalid chunked {'response' if self._sender is UPSTREAM else 'body'}")


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Many small pieces as one, so that tiny chunks do not cost whoever takes them a call each."""
    return pieces if len(pieces) < _FEW else [b"".join(pieces)]


def _read_trailers(block: bytes, sender: Sender) -> tuple[Pair, ...]:
    # RFC 9110, 6.5.1: what steers framing, routing or authentication has no meaning in a trailer, and is not looked at.
    fields = FieldReader(sender, once=()).read(block)
    return tuple(pair for pair in fields.pairs if pair[0] not in ONCE_IN_REQUEST and pair[0] != b"connection")


def request_framing(head: RequestHead) -> int:
    """The length of the body in bytes, or CHUNKED."""
    return CHUNKED if head.chunked else head.content_length


def response_framing(head: ResponseHead, method: bytes) -> int:
    """The length in bytes of the body that follows `head`, the answer to `method`; or CHUNKED, or UNTIL_CLOSE.

    RFC 9112, 6.3: an answer to HEAD, 1xx, 204 and 304 have none, whatever their fields say.
    """
    status = head.status
    if method == b"HEAD" or status == 204 or status == 304 or status < 200:
        return 0
    if head.chunked:
        return CHUNKED
    return UNTIL_CLOSE if head.content_length is None else head.content_length


def body_reader(framing: int, sender: Sender = CLIENT) -> BodyReader | None:
    """The reader for a body framed like this, None if there is no body."""
    if framing > 0:
        return LengthReader(framing, sender)
    if framing == CHUNKED:
        return ChunkedReader(sender)
    return UntilCloseReader() if framing == UNTIL_CLOSE else None


def last_chunk(trailers: list[tuple[bytes, bytes]]) -> bytes:
    """The end of a chunked body, with trailer fields: names and values."""
    return b"0\r\n" + b"".join([b"%b: %b\r\n" % field for field in trailers]) + b"\r\n"


def encode_chunk(data: Piece) -> tuple[bytes, Piece, bytes]:
    """The pieces to write for one chunk of `data`, which is not empty: an empty chunk would end the body."""
    if not data:
        raise ValueError("an empty chunk ends the body: write LAST_CHUNK")
    return b"%x\r\n" % len(data), data, b"\r\n"
