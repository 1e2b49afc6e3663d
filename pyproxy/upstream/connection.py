"""One HTTP/1.1 connection to an upstream server: heads and bodies read as strictly as a client's."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final, cast

from pyproxy.core.message import ResponseHead
from pyproxy.http1.body import BodyReader, ChunkedReader, body_reader, response_framing
from pyproxy.http1.head import find_head_end
from pyproxy.http1.message import UPSTREAM, BadMessage
from pyproxy.upstream.failures import reason

if TYPE_CHECKING:
    from pyproxy.core.response import Response
    from pyproxy.upstream.bind import LocalAddress
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.peer import Peer

SENDING: Final = "sending request to upstream"
READING_HEAD: Final = "reading response header from upstream"
READING_BODY: Final = "reading upstream"
INFORMATIONAL: Final = 16
"""The most 1xx heads before one answer."""


class UpstreamConnection(asyncio.Protocol):
    """Carries one exchange at a time; between two it lies idle in its peer's pool."""

    __slots__ = (
        "_backlog",
        "_body",
        "_buffer",
        "_full",
        "_head",
        "_informational",
        "_opened",
        "_paused",
        "_transport",
        "_tunnel",
        "deadline",
        "exchange",
        "local",
        "peer",
        "requests",
        "worker",
    )

    def __init__(self, exchange: Exchange, peer: Peer) -> None:
        """``exchange`` is the one that has it opened."""
        self.worker = exchange.worker
        self.peer = peer
        self.local: LocalAddress | None = None
        """The address that it is made from, where the configuration says so."""
        self.exchange: Exchange | None = exchange
        self.requests = 0
        self.deadline = inf
        self._transport: asyncio.Transport
        self._buffer = b""
        self._head: ResponseHead | None = None
        self._body: BodyReader | None = None
        self._tunnel = False
        self._informational = 0
        self._paused = False
        """Whether the client is slower than the upstream."""
        self._full = False
        """Whether the upstream is slower than the client."""
        self._backlog = 0
        """Bytes that the transport held when the upstream's pace was looked at last."""
        self._opened = self.worker.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        exchange, self.exchange = self.exchange, None
        if exchange is not None and exchange.waits_for(self.peer):
            if exchange.options.socket_options:
                exchange.options.set_socket_options(transport)
            self.worker.watched.add(self)
            exchange.connected(self, self.worker.now())
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.watched.discard(self)
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            self.peer.forget(self)
        else:
            self._ended(exchange, exc)

    def eof_received(self) -> bool:
        if self.exchange is None:
            self.peer.forget(self)
        # connection_lost() says the rest; it must not wait for what the server no longer reads
        self._transport.abort()
        return False

    def _ended(self, exchange: Exchange, exc: Exception | None) -> None:
        """The connection ended under an exchange: that may be how its body ends."""
        if self._tunnel:
            exchange.answer_end()
        elif self._body is None:
            exchange.attempts[-1].bytes += len(self._buffer)
            why = "upstream prematurely closed connection" if exc is None else f"recv() failed ({reason(exc)})"
            exchange.failed("error", why, READING_HEAD)
        elif exc is not None:
            exchange.broken(f"recv() failed ({reason(exc)})", READING_BODY)
        else:
            try:
                self._body.eof()
            except BadMessage as error:
                exchange.broken(error.reason, READING_BODY)
            else:
                exchange.answer_end()

    # Deadlines

    def watch(self) -> None:
        """Set the deadline for whatever is being waited for."""
        exchange = self.exchange
        if exchange is None:
            return
        if self._full:
            self._backlog = self._transport.get_write_buffer_size()
            self.deadline = self.worker.now() + exchange.options.send_timeout
        elif self._paused or (self._head is None and not self._tunnel and not exchange.sent_whole):
            self.deadline = inf  # it is the client that is waited for
        else:
            self.deadline = self.worker.now() + exchange.options.read_timeout

    def deadline_passed(self) -> None:
        """Idle for too long, or the exchange waited for too long."""
        if self._full and self._transport.get_write_buffer_size() < self._backlog:
            self.watch()
            return
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            self.peer.forget(self)
        elif self._body is None and not self._tunnel:
            exchange.timed_out(SENDING if self._full else READING_HEAD)
        else:
            exchange.broken("upstream timed out (110: Connection timed out)", READING_BODY)
        self._transport.abort()

    # What the exchange does with it

    def begin(self, exchange: Exchange, data: bytes, now: float) -> None:
        """Send a request head."""
        self.exchange = exchange
        self.requests += 1
        self.deadline = now + exchange.options.read_timeout
        self._transport.write(data)

    def begin_tunnel(self, exchange: Exchange) -> None:
        """Ask for nothing: let bytes pass both ways."""
        self.exchange = exchange
        self.requests += 1
        self._tunnel = True
        self.watch()

    def write(self, data: bytes) -> None:
        """Send body bytes, or what passes through a tunnel."""
        if self.exchange is not None:
            self.exchange.attempts[-1].sent += len(data)
        self._transport.write(data)
        self.watch()

    def shut(self) -> None:
        """The client has ended a tunnel: close, after what is still on its way to the server."""
        if self.exchange is not None:
            self.deadline = self.worker.now() + self.exchange.options.send_timeout
            self.exchange = None
        self._transport.close()

    def pause_reading(self) -> None:
        """The client is slower than the upstream."""
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
            self.watch()

    def resume_reading(self) -> None:
        """It has caught up."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            self.watch()

    def close(self) -> None:
        """Let go of it, whatever it was doing."""
        self.exchange = None
        self.deadline = inf
        self._transport.abort()

    # What comes from the server

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            # nothing was asked: what an idle connection says can only be meant to poison the next answer
            self.peer.forget(self)
            self.close()
        elif self._tunnel:
            self.watch()
            exchange.answer_data(data)
        elif self._body is not None:
            self._feed(exchange, data)
        else:
            self._read_head(exchange, data)

    def _read_head(self, exchange: Exchange, data: bytes) -> None:
        seen = len(self._buffer)
        if seen:
            data = self._buffer + data
            self._buffer = b""
        came = data
        protocol = exchange.protocol
        response: Response | None
        try:
            while True:
                # no head is remembered that has an empty line before its last one, whatever the line ends
                end = data.find(b"\r\n\r\n") + 4
                known = protocol.remembered.get(data[:end])
                if known is not None:
                    block, data = data[:end], data[end:]
                    head, response = known
                    break
                end = find_head_end(data)
                if end < 0:
                    protocol.parser.check_unfinished(data, 0, seen)
                    self._buffer = data
                    self.watch()
                    return
                block, data, seen = data[:end], data[end:], 0
                head, response = protocol.parser.parse(block), None
                if head.status >= 200:
                    break
                if head.status == 101:
                    self._switch(exchange, head, data)
                    return
                # 100 and 103 come before the answer
                self._informational += 1
                if self._informational > INFORMATIONAL:
                    raise UPSTREAM.error("sent too many informational responses")
                if head.status == 103:
                    if head.version == 10:
                        raise UPSTREAM.error("sent HTTP/1.0 response with early hints")
                    exchange.early_hints(head, len(block))
        except BadMessage as error:
            exchange.attempts[-1].bytes += len(came)
            self._refuse(exchange, error.reason)
            return
        self._informational = 0
        framing = response_framing(head, exchange.method)
        now = self.worker.now()
        if framing == len(data):
            # the whole answer is here: the usual case, and the fast one
            self._release(head, now)
            exchange.answered(block, head, response, data, True, now)
        elif framing >= 0 and len(data) > framing:
            self.close()
            exchange.extra_data(False, len(data) - framing)
            exchange.answered(block, head, response, data[:framing], True, now)
        else:
            self._head = head
            self._body = body_reader(framing, UPSTREAM)
            self.watch()
            exchange.answered(block, head, response, b"", False, now)
            if data and self.exchange is exchange:
                self._feed(exchange, data)

    def _refuse(self, exchange: Exchange, reason: str) -> None:
        """What came is no answer."""
        self.close()
        exchange.failed("invalid_header", reason, READING_HEAD)

    def _switch(self, exchange: Exchange, head: ResponseHead, rest: bytes) -> None:
        if not exchange.upgrading:
            self._refuse(exchange, "upstream sent unexpected 101 response")
            return
        self._tunnel = True
        self.watch()
        exchange.switched(head)
        if rest and self.exchange is exchange:
            exchange.answer_data(rest)

    def _feed(self, exchange: Exchange, data: bytes) -> None:
        body, head = self._body, self._head
        assert body is not None
        assert head is not None
        attempt = exchange.attempts[-1]
        attempt.bytes += len(data)
        attempt.received += len(data)
        try:
            pieces, rest = body.feed(data)
        except BadMessage as error:
            self.close()
            exchange.broken(error.reason, READING_BODY)
            return
        self.watch()
        for piece in pieces:
            exchange.answer_data(cast(bytes, piece))
            if self.exchange is not exchange:
                return
        if rest is None:
            return
        if exchange.options.pass_trailers and isinstance(body, ChunkedReader):
            exchange.note().trailers = body.trailers
        if rest:
            self.close()
            exchange.extra_data(head.chunked, 0)
        else:
            self._release(head, self.worker.now())
        exchange.answer_end()

    def _release(self, head: ResponseHead, now: float) -> None:
        """The exchange is over: keep the connection for another, if both sides want it."""
        exchange, self.exchange = self.exchange, None
        assert exchange is not None
        self._head = self._body = None
        keepalive = self.peer.keepalive
        if (
            head.keep_alive
            and self.requests < keepalive.requests
            and now - self._opened < keepalive.time
            and (exchange.body is None or (exchange.body.complete and not self._transport.get_write_buffer_size()))
        ):
            if self._paused:
                self.resume_reading()
            self.deadline = now + keepalive.timeout
            self.peer.put(self)
        else:
            self.close()

    # The upstream's pace

    def pause_writing(self) -> None:
        """It takes no more for now (asyncio's flow control)."""
        self._full = True
        self.watch()
        if self.exchange is not None:
            self.exchange.upstream_full()

    def resume_writing(self) -> None:
        """It takes more."""
        self._full = False
        self.watch()
        if self.exchange is not None:
            self.exchange.upstream_ready()
