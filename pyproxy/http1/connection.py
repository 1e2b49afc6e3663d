"""The reading half of a client's connection, and its life: requests one after the other, bodies, keep-alive, the end.

Callbacks only. A request whose bytes repeat those of the last one on the same connection is not parsed or
routed again; that memory is the connection's own, so that nothing can pass from one client to another.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final, cast

from pyproxy.core import phases
from pyproxy.core.log import CRIT, ERROR, INFO
from pyproxy.core.request import BodySink, Request, Response, Route
from pyproxy.core.stream import Tunnel
from pyproxy.core.uri import BadURI, normalise
from pyproxy.http1.body import BodyReader, body_reader, request_framing
from pyproxy.http1.head import RequestHead, find_head_end
from pyproxy.http1.message import BadMessage
from pyproxy.http1.serialise import CONTINUE
from pyproxy.http1.writer import ResponseWriter

if TYPE_CHECKING:
    from pyproxy.http1.server import Http1Server

_NEVER: Final = float("inf")
REMEMBERED_HEAD: Final = 2048
"""Bytes of the largest request head that a connection remembers."""
PIPELINE: Final = 65536
"""Bytes of further requests that are read while one is being answered."""


class _Discard:
    """Takes the rest of a body that nobody wants."""

    def body_data(self, data: bytes) -> None: ...

    def body_end(self) -> None: ...

    def body_failed(self, status: int) -> None: ...


_DISCARD: Final = _Discard()


class ClientConnection(ResponseWriter, asyncio.Protocol):
    """One connection from a client; the ``Stream`` of every request on it."""

    __slots__ = (
        "_body",
        "_body_received",
        "_buffer",
        "_continued",
        "_head_begun",
        "_last_block",
        "_last_route",
        "_lingering",
        "_lingering_until",
        "_paused",
        "_server",
        "_sink",
        "listener",
        "local_addr",
        "local_port",
        "remote_addr",
        "remote_port",
        "requests",
        "scheme",
        "serial",
    )

    def __init__(self, server: Http1Server) -> None:
        super().__init__()
        self._server = server
        self.worker = server.worker
        self.listener = server.listener
        self.scheme = b"http"
        self.serial = next(server.worker.serials)
        self.requests = 0
        self._limits = server.listener.names.default.default_location.limits
        self._buffer = b""
        self._head_begun = True
        self._last_block: bytes | None = None
        self._last_route: Route
        self._body: BodyReader | None = None
        self._body_received = 0
        self._continued = False
        self._sink: BodySink | None = None
        self._paused = False
        self._lingering = False
        self._lingering_until = 0.0

    # Its life

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.remote_addr, self.remote_port = _address(peer)
        self.local_addr, self.local_port = _address(local)
        if self.listener.particular:
            self.listener = self.listener.particular.get(self.local_addr, self.listener)
        self.deadline = self.worker.now() + self.listener.names.default.header_timeout
        self._server.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.remove(self)
        if self._file is not None:
            self._file.close()
        if self._tunnel is not None:
            self._tunnel.tunnel_eof()
        self._abandon("client closed connection")

    def _abandon(self, reason: str, status: int = 499) -> None:
        """The exchange ends without its client: tell who makes the answer, and log ``status`` if none was begun."""
        request, self._request = self._request, None
        self._sink = None
        if request is None:
            return
        request.complain(INFO, reason)
        if request.response is None:
            request.error_status = status
        if request.handler is not None:
            request.handler.client_gone()
        request.log()

    def eof_received(self) -> bool:
        if self._tunnel is not None:
            self._tunnel.tunnel_eof()
            return True
        self.keep_alive = False
        request = self._request
        if request is None:
            if self._buffer:
                self._log_unfinished("client prematurely closed connection", 400)
            return bool(self._transport.get_write_buffer_size())
        if self._body is not None or request.handler is not None:
            # nginx takes the end of the client's sending for its leaving
            self._abandon("client prematurely closed connection", 400 if self._sink is not None else 499)
            return False
        return True

    def close(self) -> None:
        """Finish what has begun, then close (aiohttp's runner calls this when it shuts down)."""
        self.keep_alive = False
        if self._request is None:
            self._transport.close()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # aiohttp's
        """Close now: aiohttp's runner has waited long enough."""
        self._transport.abort()

    def deadline_passed(self) -> None:
        """What the connection waited for did not come in time (``Worker`` watches)."""
        if self._still_taking():
            return
        if self._request is None and self._buffer:
            self._log_unfinished("client timed out", 408)
        # without an answer, as nginx: the client is not listening
        self._abandon("client timed out", 408)
        self._transport.abort()

    # Requests

    def data_received(self, data: bytes) -> None:
        if self._request is None and self._body is None and not self._buffer and not self._lingering:
            if data == self._last_block and not self._write_paused:
                self._begin(self._last_route)
            else:
                self._buffer = data
                self._advance()
        elif self._tunnel is not None:
            self._tunnel.tunnel_data(data)
        elif self._lingering:
            self._linger_on()
        elif self._sink is not None:
            self._feed(data)
        else:
            self._buffer += data
            if self._request is None:
                self._advance()
            elif len(self._buffer) > PIPELINE:
                self.pause_body()

    def _advance(self) -> None:
        """Begin the request that the buffer holds, and the next one as long as each is answered at once."""
        while self._buffer and self._request is None and self._body is None and not self._write_paused:
            buffer = self._buffer
            end = find_head_end(buffer)
            try:
                if end < 0:
                    self._server.parser.check_unfinished(buffer)
                    if not self._head_begun:
                        self._head_begun = True
                        self.deadline = self.worker.now() + self.listener.names.default.header_timeout
                    break
                block, self._buffer = buffer[:end], buffer[end:]
                if block != self._last_block:
                    self._prepare(block)
                    if self._body is not None:
                        self._last_block = None
            except BadMessage as error:
                self._refuse(error.status, error.reason, buffer)
                return
            except BadURI as error:
                self._refuse(400, f"client sent invalid URI: {error}", buffer)
                return
            self._begin(self._last_route)
        if self._paused and len(self._buffer) <= PIPELINE and self._body is None:
            self.resume_body()

    def _prepare(self, block: bytes) -> None:
        """Parse and route one head; remember both if the same bytes may come again."""
        head = self._server.parser.parse(block)
        server, name_captures = self.listener.names.find(head.host)
        uri, args = normalise(head.target, server.merge_slashes)
        location, captures = server.locations.find(uri)
        self._last_route = Route(
            head, uri, args, server, location or server.default_location, captures or name_captures
        )
        self._last_block = block if len(block) <= REMEMBERED_HEAD else None
        self._body = body_reader(request_framing(head))

    def _begin(self, route: Route) -> None:
        self.requests += 1
        limits = self._limits = route.location.limits
        self.keep_alive = (
            route.head.keep_alive
            and self.requests < limits.keepalive_requests
            and limits.keepalive_timeout > 0
            and not self._server.draining
        )
        self._request = request = Request(self, route, time.time())
        if not self._write_paused:
            self.deadline = _NEVER
        try:
            phases.run(request)
        except Exception as error:
            self._fail(request, error)

    def _fail(self, request: Request, error: Exception) -> None:
        """A fault of ours in the middle of a request costs that request, no more."""
        request.complain(CRIT, f"{type(error).__name__}: {error}")
        self.worker.loop.call_exception_handler({"message": "a request failed", "exception": error, "protocol": self})
        if self._request is not request:
            return
        if request.response is None:
            phases.finalize(request, 500)
        else:
            self.abort()

    def _refuse(self, status: int, reason: str, raw: bytes) -> None:
        """Answer a head that cannot be used, and read no further: the bytes after it have no meaning."""
        request = self._request = self._unreadable(raw)
        request.complain(INFO, reason)
        phases.finalize(request, status)

    def _log_unfinished(self, reason: str, status: int) -> None:
        request = self._unreadable(self._buffer)
        request.complain(INFO, f"{reason} while reading client request headers")
        request.error_status = status
        request.log()

    def _unreadable(self, raw: bytes) -> Request:
        server = self.listener.names.default
        self.requests += 1
        self.keep_alive = False
        self._buffer = b""
        line = raw.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
        route = Route(RequestHead.unreadable(line), b"", b"", server, server.default_location, None)
        return Request(self, route, time.time())

    # Bodies

    @property
    def body_pending(self) -> bool:
        return self._body is not None

    def read_body(self, sink: BodySink) -> None:
        if self._body is None:
            sink.body_end()
            return
        request = self._request
        if request is not None and request.head.expect_continue and not self._buffer:
            self._transport.write(CONTINUE)
        self._continued = True
        self._body_received = 0
        self._sink = sink
        self._watch_body()
        if self._buffer:
            data, self._buffer = self._buffer, b""
            self._feed(data)
        self.resume_body()

    def _watch_body(self) -> None:
        if self._request is None:
            self.deadline = min(self.worker.now() + self._limits.lingering_timeout, self._lingering_until)
        else:
            self.deadline = self.worker.now() + self._limits.body_timeout

    def _feed(self, data: bytes) -> None:
        sink, body = self._sink, self._body
        assert sink is not None
        assert body is not None
        try:
            pieces, rest = body.feed(data)
        except BadMessage as error:
            self._fail_body(sink, error.status, error.reason, INFO)
            return
        self._body_received += sum(map(len, pieces))
        limit = self._limits.max_body_size
        if limit and self._body_received > limit and sink is not _DISCARD:
            reason = f"client intended to send too large chunked body: {self._body_received} bytes"
            self._fail_body(sink, 413, reason, ERROR)
            return
        self._watch_body()
        for piece in pieces:
            sink.body_data(cast(bytes, piece))
        if rest is None or self._body is not body:
            return
        self._body = self._sink = None
        self._continued = False
        self._buffer = rest
        self.deadline = _NEVER
        sink.body_end()
        if self._request is None:
            self._idle()
            self._advance()

    def _fail_body(self, sink: BodySink, status: int, reason: str, level: int) -> None:
        """What follows cannot be told from the body: answer, and read no further."""
        self._sink = None
        self.keep_alive = False
        if self._request is None:
            self._transport.close()
            return
        self._request.complain(level, reason)
        sink.body_failed(status)

    def pause_body(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
            if self._sink is not None:
                self.deadline = _NEVER

    def resume_body(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            if self._sink is not None:
                self._watch_body()

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        super().open_tunnel(request, response, tunnel)
        if self._buffer:
            data, self._buffer = self._buffer, b""
            tunnel.tunnel_data(data)

    # After a response

    def start(self, request: Request, response: Response, data: bytes = b"", last: bool = False) -> None:
        if self._body is not None and not self._continued and request.head.expect_continue:
            # the client may leave out a body that it was not told to send: what comes next has no meaning
            self.keep_alive = False
        super().start(request, response, data, last)

    def _done(self, request: Request) -> None:
        self._request = None
        request.log()
        if not self.keep_alive:
            self._close()
        elif self._body is not None:
            self._lingering_until = self.worker.now() + self._limits.lingering_time
            self.read_body(_DISCARD)
        elif not self._buffer:
            self._idle()
        else:
            self._idle()
            # not from within _advance, which goes on by itself
            self.worker.loop.call_soon(self._advance)

    def _idle(self) -> None:
        self._head_begun = False
        if not self._write_paused:
            self.deadline = self.worker.now() + self._limits.keepalive_timeout

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._request is None and not self._lingering and self._tunnel is None:
            self._idle()
            self._advance()

    def _close(self) -> None:
        """Close so that the client can read the answer: not while it still sends (nginx's lingering close)."""
        unread = self._body is not None or bool(self._buffer)
        if not unread or self._limits.lingering_close == "off" or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._lingering = True
        self._buffer = b""
        self._lingering_until = self.worker.now() + self._limits.lingering_time
        self._transport.write_eof()
        self.resume_body()
        self._linger_on()

    def _linger_on(self) -> None:
        self.deadline = min(self.worker.now() + self._limits.lingering_timeout, self._lingering_until)


def _address(name: object) -> tuple[bytes, int]:
    """A unix socket has a path or nothing where TCP has an address and a port; nginx shows ``unix:`` and the path."""
    if isinstance(name, tuple):
        return str(name[0]).encode(), int(name[1])
    return b"unix:" + os.fsencode(name if isinstance(name, str | bytes) else ""), 0
