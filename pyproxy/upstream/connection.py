"""One HTTP/1.1 connection to an upstream server: heads and bodies read as strictly as a client's."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final, cast

from pyproxy.http1.body import BodyReader, body_reader, response_framing
from pyproxy.http1.head import ResponseHead, find_head_end
from pyproxy.http1.message import UPSTREAM, BadMessage

if TYPE_CHECKING:
    from pyproxy.core.request import Response
    from pyproxy.core.worker import Worker
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.peer import Peer

READING_HEAD: Final = "reading response header from upstream"
INFORMATIONAL: Final = 16
"""The most 1xx heads before one answer."""


class UpstreamConnection(asyncio.Protocol):
    """Carries one exchange at a time; between two it lies idle in its peer's pool."""

    __slots__ = (
        "_body",
        "_buffer",
        "_head",
        "_informational",
        "_opened",
        "_paused",
        "_transport",
        "_tunnel",
        "deadline",
        "exchange",
        "peer",
        "requests",
        "worker",
    )

    def __init__(self, worker: Worker, peer: Peer) -> None:
        self.worker = worker
        self.peer = peer
        self.exchange: Exchange | None = None
        self.requests = 0
        self.deadline = inf
        self._transport: asyncio.Transport
        self._buffer = b""
        self._head: ResponseHead | None = None
        self._body: BodyReader | None = None
        self._tunnel = False
        self._informational = 0
        self._paused = False
        self._opened = worker.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.worker.watched.add(self)
        self.peer.active += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.watched.discard(self)
        self.peer.active -= 1
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            self.peer.forget(self)
        else:
            self._ended(exchange, exc)

    def eof_received(self) -> bool:
        return False  # the transport closes, connection_lost() says the rest

    def _ended(self, exchange: Exchange, exc: Exception | None) -> None:
        """The connection ended under an exchange: that may be how its body ends."""
        if self._tunnel:
            exchange.answer_end()
            return
        if self._body is None:
            exchange.failed("upstream prematurely closed connection" if exc is None else _describe(exc), READING_HEAD)
            return
        try:
            self._body.eof()
        except BadMessage as error:
            exchange.broken(error.reason if exc is None else _describe(exc))
        else:
            exchange.answer_end()

    def deadline_passed(self) -> None:
        """Idle for too long, or the exchange waited for too long."""
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            self.peer.forget(self)
        elif self._body is None and not self._tunnel:
            exchange.timed_out(READING_HEAD)
        else:
            exchange.broken("upstream timed out (110: Connection timed out)")
        self._transport.abort()

    # What the exchange does with it

    def begin(self, exchange: Exchange, data: bytes) -> None:
        """Send a request head."""
        self.exchange = exchange
        self.requests += 1
        self._transport.write(data)
        self.deadline = self.worker.now() + exchange.options.read_timeout

    def write(self, data: bytes) -> None:
        """Send body bytes, or what passes through a tunnel."""
        self._transport.write(data)
        if self.exchange is not None:
            self.deadline = self.worker.now() + self.exchange.options.send_timeout

    def wait_for_answer(self) -> None:
        """The request has been sent."""
        if self.exchange is not None:
            self.deadline = self.worker.now() + self.exchange.options.read_timeout

    def write_eof(self) -> None:
        """The client's side of a tunnel has ended."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def pause_reading(self) -> None:
        """The client is slower than the upstream."""
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
            self.deadline = inf

    def resume_reading(self) -> None:
        """It has caught up."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            if self.exchange is not None:
                self.deadline = self.worker.now() + self.exchange.options.read_timeout

    def close(self) -> None:
        """Let go of it, whatever it was doing."""
        self.exchange = None
        self._transport.abort()

    # What comes from the server

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            # nothing was asked: what an idle connection says can only be meant to poison the next answer
            self.peer.forget(self)
            self.close()
        elif self._tunnel:
            self.deadline = self.worker.now() + exchange.options.read_timeout
            exchange.answer_data(data)
        elif self._body is not None:
            self._feed(exchange, data)
        else:
            self._read_head(exchange, data)

    def _read_head(self, exchange: Exchange, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        protocol = exchange.protocol
        response: Response | None
        try:
            while True:
                end = find_head_end(data)
                if end < 0:
                    protocol.parser.check_unfinished(data)
                    self._buffer = data
                    return
                block, data = data[:end], data[end:]
                known = protocol.remembered.get(block)
                head, response = known if known is not None else (protocol.parser.parse(block), None)
                if head.status >= 200:
                    break
                if head.status == 101:
                    self._switch(exchange, head, data)
                    return
                # 100 and 103 come before the answer; nginx does not pass them on by default
                self._informational += 1
                if self._informational > INFORMATIONAL:
                    raise UPSTREAM.error("sent too many informational responses")
        except BadMessage as error:
            self.exchange = None
            exchange.failed(error.reason, READING_HEAD)
            self._transport.abort()
            return
        self._informational = 0
        rest = data
        framing = response_framing(head, exchange.method)
        if framing == len(rest):
            # the whole answer is here: the usual case, and the fast one
            self._release(head)
            exchange.answered(block, head, response, rest, True)
        elif framing >= 0 and len(rest) > framing:
            self.exchange = None
            self._transport.abort()
            exchange.extra_data()
            exchange.answered(block, head, response, rest[:framing], True)
        else:
            self._head = head
            self._body = body_reader(framing, UPSTREAM)
            self.deadline = self.worker.now() + exchange.options.read_timeout
            exchange.answered(block, head, response, b"", False)
            if rest and self.exchange is exchange:
                self._feed(exchange, rest)

    def _switch(self, exchange: Exchange, head: ResponseHead, rest: bytes) -> None:
        if exchange.upgrading:
            self._tunnel = True
            self.deadline = self.worker.now() + exchange.options.read_timeout
            exchange.switched(head)
            if rest and self.exchange is exchange:
                exchange.answer_data(rest)
        else:
            self.exchange = None
            exchange.failed("upstream sent unexpected 101 response", READING_HEAD)
            self._transport.abort()

    def _feed(self, exchange: Exchange, data: bytes) -> None:
        body, head = self._body, self._head
        assert body is not None
        assert head is not None
        try:
            pieces, rest = body.feed(data)
        except BadMessage as error:
            self.exchange = None
            exchange.broken(error.reason)
            self._transport.abort()
            return
        self.deadline = self.worker.now() + exchange.options.read_timeout
        for piece in pieces:
            exchange.answer_data(cast(bytes, piece))
            if self.exchange is not exchange:
                return
        if rest is None:
            return
        if rest:
            self.exchange = None
            self._transport.abort()
            exchange.extra_data()
        else:
            self._release(head)
        exchange.answer_end()

    def _release(self, head: ResponseHead) -> None:
        """The exchange is over: keep the connection for another, if both sides want it."""
        exchange, self.exchange = self.exchange, None
        assert exchange is not None
        self._head = self._body = None
        keepalive = self.peer.keepalive
        now = self.worker.now()
        if (
            head.keep_alive
            and exchange.sent_whole
            and self.requests < keepalive.requests
            and now - self._opened < keepalive.time
            and not self._paused
        ):
            self.deadline = now + keepalive.timeout
            self.peer.put(self)
        else:
            self._transport.close()

    def pause_writing(self) -> None:
        if self.exchange is not None:
            self.exchange.upstream_full()

    def resume_writing(self) -> None:
        if self.exchange is not None:
            self.exchange.upstream_ready()


def _describe(error: Exception) -> str:
    number = getattr(error, "errno", None)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"recv() failed ({number}: {text})" if number else f"recv() failed ({text})"
