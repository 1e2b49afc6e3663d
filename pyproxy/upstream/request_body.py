"""A request's body on its way to the upstream: whole from a spool, or passed on as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pyproxy.core import phases
from pyproxy.core.spool import Spool
from pyproxy.http1.body import LAST_CHUNK, encode_chunk

if TYPE_CHECKING:
    from pyproxy.upstream.connection import UpstreamConnection
    from pyproxy.upstream.exchange import Exchange

PIECE = 131072
"""Bytes read back from a spool at a time."""
WITH_HEAD = 16384
"""The most bytes of a body that go out in one write with the head: a small request is one packet, as nginx sends it."""


class RequestBody(Protocol):
    """What an exchange sends after a request's head."""

    complete: bool
    """Whether all of it has been handed to the connection."""
    repeatable: bool
    """Whether it can be sent again to another server."""

    def begin(self) -> bytes:
        """Start from its beginning: what of it is here to be sent together with the head."""

    def send(self, connection: UpstreamConnection) -> None:
        """Send the rest."""

    def pause(self) -> None:
        """The connection takes no more for now."""

    def resume(self) -> None:
        """It takes more."""

    def close(self) -> None:
        """It is not needed any longer."""


class SpooledBody:
    """A body that is whole; sent at the upstream's pace, and again if the next server must be asked."""

    repeatable = True

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._connection: UpstreamConnection | None = None
        self._sent = 0
        self._full = False
        self.complete = False

    def begin(self) -> bytes:
        """Its first bytes."""
        self._full = self.complete = False
        data = self._spool.read(0, WITH_HEAD)
        self._sent = len(data)
        return data

    def send(self, connection: UpstreamConnection) -> None:
        """Send the rest."""
        self._connection = connection
        self._go_on()

    def _go_on(self) -> None:
        connection = self._connection
        assert connection is not None
        while self._sent < self._spool.size and not self._full:
            data = self._spool.read(self._sent, PIECE)
            self._sent += len(data)
            connection.write(data)
        if self._sent >= self._spool.size:
            self.complete = True
            connection.watch()

    def pause(self) -> None:
        """The connection takes no more for now."""
        self._full = True

    def resume(self) -> None:
        """It takes more."""
        self._full = False
        if not self.complete:
            self._go_on()

    def close(self) -> None:
        """Another server may be asked with it yet: it is the request's."""


def _nowhere(data: bytes) -> None:
    """Nobody wants it any more."""


class StreamedBody:
    """A body passed on as it comes (``proxy_request_buffering off``), in chunks if its length is not known."""

    repeatable = False

    def __init__(self, exchange: Exchange, chunked: bool) -> None:
        self._exchange = exchange
        self._chunked = chunked
        self._begun: list[bytes] = []
        self._write: Callable[[bytes], None] = self._begun.append
        """To whom its bytes go: what has come with the client's head, with that to the upstream."""
        self.complete = False

    def begin(self) -> bytes:
        """What of it has come already."""
        self._exchange.request.stream.read_body(self)
        return b"".join(self._begun)

    def send(self, connection: UpstreamConnection) -> None:
        """Let the rest follow."""
        self._write = connection.write
        connection.watch()

    def body_data(self, data: bytes) -> None:
        """Bytes from the client."""
        self._write(b"".join(encode_chunk(data)) if self._chunked else data)

    def body_end(self, data: bytes = b"") -> None:
        """That was all."""
        # before the last write, which may find the connection full: nothing is to be held back any more
        self.complete = True
        if self._chunked:
            self._write(b"".join(encode_chunk(data)) + LAST_CHUNK if data else LAST_CHUNK)
        elif data:
            self._write(data)
        elif connection := self._exchange.connection:
            connection.watch()

    def body_failed(self, status: int) -> None:
        """The client's bytes end in the middle, or make no sense: so must the upstream's request."""
        exchange = self._exchange
        exchange.close()
        if exchange.request.response is None:
            phases.finalize(exchange.request, status)
        else:
            exchange.request.stream.abort()

    def pause(self) -> None:
        """The upstream takes no more for now."""
        if not self.complete:
            self._exchange.request.stream.pause_body()

    def resume(self) -> None:
        """It takes more."""
        if not self.complete and not self._exchange.request.finished:
            self._exchange.request.stream.resume_body()

    def close(self) -> None:
        """The exchange is over; what else the client sends has nowhere to go."""
        self._write = _nowhere
