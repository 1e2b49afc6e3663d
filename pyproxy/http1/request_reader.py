"""The reading of requests on a client's connection: one after the other, whole or in pieces, pipelined or not.

A request whose bytes repeat those of the last one on the same connection is not parsed or routed again; that memory is
the connection's own, so that nothing can pass from one client to another.
"""

from __future__ import annotations

import contextlib
import time
from math import inf
from typing import TYPE_CHECKING, Final

from pyproxy.core import phases
from pyproxy.core.logs.log import INFO
from pyproxy.core.request import Request
from pyproxy.core.route import Route
from pyproxy.core.uri import BadURI, normalise
from pyproxy.http1.body import body_reader, request_framing
from pyproxy.http1.head import find_head_end, unreadable_head
from pyproxy.http1.line_ends import find_blank_line
from pyproxy.http1.message import BadMessage
from pyproxy.http1.request_body import RequestBodyReader

if TYPE_CHECKING:
    from pyproxy.core.addresses.proxy_protocol import Proxied
    from pyproxy.core.message import RequestHead
    from pyproxy.http1.server import Http1Server

REMEMBERED_HEAD: Final = 2048
"""Bytes of the largest request head that a connection remembers."""
PIPELINE: Final = 65536
"""Bytes of further requests that are read while one is being answered."""
AT_ONCE: Final = 100
"""Pipelined requests that are answered before other connections have their turn."""


class RequestReader(RequestBodyReader):
    """Begins the requests of a connection, which says how it closes (``_close``, ``_linger_on``)."""

    __slots__ = (
        "_advancing",
        "_head_begun",
        "_head_started",
        "_last_block",
        "_last_head",
        "_last_route",
        "_lingering",
        "_look_again",
        "_server",
        "listener",
        "local_addr",
        "local_port",
        "opened",
        "pipelined",
        "remote_addr",
        "remote_port",
        "scheme",
        "serial",
    )

    local_addr: bytes
    local_port: int
    remote_addr: bytes
    remote_port: int
    proxied: Proxied | None = None
    """What a header of the PROXY protocol said; only the connections that wait for one have any."""

    def __init__(self, server: Http1Server) -> None:
        super().__init__()
        self._server = server
        self.worker = server.worker
        self.listener = server.listener
        self.scheme = b"http"
        self.serial = next(server.worker.serials)
        self._limits = server.listener.names.default.default_location.limits
        self.opened = time.time()
        self.pipelined = False
        self._head_begun = True
        self._head_started = 0.0
        """time.time() when the first part of a head came that is not whole yet."""
        self._look_again = 0
        """Bytes of an unfinished head from which on it is looked at again."""
        self._last_block: bytes | None = None
        self._last_head: RequestHead | None = None
        self._last_route: Route
        self._advancing = False
        self._lingering = False

    def tcp_info(self) -> bytes | None:
        """What the system knows of the connection."""
        raise NotImplementedError

    def client_may_be_gone(self, request: Request) -> None:
        """Abandon the request if its client has left."""
        raise NotImplementedError

    def _close(self) -> None:
        """Close so that the client can read the answer."""
        raise NotImplementedError

    def _linger_on(self) -> None:
        """Something came from a client that is to read on."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        if self._request is None and self._body is None and not self._buffer and not self._lingering:
            if self._write_paused:
                self._buffer = data
                self._advance()
            elif data == self._last_block or (self._last_head is None and self._knows(data)):
                self._begin(self._last_route)
            else:
                self._buffer = data
                if not self._begin_next(0):
                    self._rest(unfinished=True)
        elif self._tunnel is not None:
            self._tunnel.tunnel_data(data)
        elif self._lingering:
            self._linger_on()
        elif self._sink is not None:
            self._feed(data)
        else:
            seen = len(self._buffer)
            self._buffer += data
            if self._request is None:
                self._advance(seen)
            elif len(self._buffer) > PIPELINE:
                self.pause_body()

    def _advance(self, seen: int = 0) -> None:
        """Begin the request that the buffer holds, and the next one as long as each is answered at once.

        The first ``seen`` bytes of an unfinished head have been looked at before.
        """
        if self._advancing:
            return  # this is called from within a request that it has begun, and goes on by itself
        self._advancing = True
        unfinished = False
        try:
            for _ in range(AT_ONCE):
                if not self._buffer or not self._may_begin():
                    break
                if not self._begin_next(seen):
                    unfinished = True
                    break
                seen = 0
            else:
                self.worker.loop.call_soon(self._advance)
        finally:
            self._advancing = False
        self._rest(unfinished)

    def _rest(self, unfinished: bool) -> None:
        """See to what is left in the buffer: the beginning of a head, or requests that have to wait."""
        if self._request is not None or self._body is not None or self._lingering:
            return
        if unfinished or len(self._buffer) <= PIPELINE:
            self.resume_body()
        else:
            self.pause_body()
        if self._ended and (unfinished or not self._buffer):
            if unfinished:
                self._log_unfinished("client prematurely closed connection", 400)
            self._shut()

    def _may_begin(self) -> bool:
        return (
            self._request is None
            and self._body is None
            and not self._write_paused
            and not self._lingering
            and not self._transport.is_closing()
        )

    def _begin_next(self, seen: int) -> bool:
        """Take the next head out of the buffer and begin its request; False if the rest of the head is to come."""
        buffer = self._buffer
        if len(buffer) < self._look_again and find_blank_line(buffer, max(0, seen - 3)) is None:
            return False
        last = self._last_head
        try:
            if last is not None and (head := self._server.parser.parse_again(buffer, last)) is not None:
                self._buffer, self._look_again = b"", 0
                self._find_route(head, buffer)
                self._begin(self._last_route)
                return True
            blank = find_blank_line(buffer)
            # so early, it is among the empty lines before the head
            end = -1 if blank is None else blank.end() if blank.end() > 4 else find_head_end(buffer)
            if end < 0:
                self._server.parser.check_unfinished(buffer, 0, seen)
                # a client that dribbles a long head must not have all of it looked at again for each byte
                self._look_again = len(buffer) * 5 // 4 if len(buffer) > 1024 else 0
                self._head_started = self._head_started or time.time()
                if not self._head_begun:
                    self._head_begun = True
                    self.deadline = self.worker.now() + self.listener.names.default.header_timeout
                return False
            self._look_again = 0
            block, self._buffer = buffer[:end], buffer[end:]
            if block != self._last_block:
                self._prepare(block)
        except BadMessage as error:
            self._refuse(error.status, error.reason, buffer)
        except BadURI:
            self._refuse(400, "client sent invalid request", buffer, "line")
        else:
            self._begin(self._last_route)
        return True

    def _knows(self, block: bytes) -> bool:
        """Whether another connection has begun with these bytes: then they are not parsed and routed again."""
        known = self._server.first_heads.get(block) if self.listener is self._server.listener else None
        if known is None:
            return False
        self._last_route, self._last_block, self._last_head = known.again(), block, known.head
        return True

    def _prepare(self, block: bytes) -> None:
        """Parse and route one head; remember both if the same bytes may come again."""
        first = self._last_head is None
        if first and self._knows(block):
            return
        self._find_route(self._server.parser.parse(block), block)
        if first and self._last_block is not None and self.listener is self._server.listener:
            self._server.first_heads.put(block, self._last_route.again())

    def _find_route(self, head: RequestHead, block: bytes) -> None:
        """Route a head; remember it if the same bytes may come again."""
        self._last_head = head
        head.length = len(block)
        server, name_captures = self.listener.names.find(head.host)
        uri, args = normalise(head.target, server.merge_slashes)
        location, captures = server.route(uri, name_captures)
        for disabled in location.limits.keepalive_disable:
            if disabled(head):
                head.keep_alive = False
        self._last_route = Route(head, uri, args, server, location, captures)
        self._body = body_reader(request_framing(head)) if head.content_length or head.chunked else None
        self._continued = not head.expect_continue
        may_come_again = self._body is None and self._continued and len(block) <= REMEMBERED_HEAD
        self._last_block = block if may_come_again else None
        self.body_read = 0

    def _begin(self, route: Route) -> None:
        self.requests += 1
        limits = self._limits = route.location.limits
        started = time.time()
        self.keep_alive = (
            route.head.keep_alive
            and self.requests < limits.keepalive_requests
            and started - self.opened < limits.keepalive_time
            and limits.keepalive_timeout > 0
            and not self._server.draining
        )
        if self._head_started:
            started, self._head_started = self._head_started, 0.0
        self._request = request = Request(self, route, started)
        self.deadline = inf
        try:
            phases.run(request)
        except Exception as error:
            self._fail(request, error)

    def _fail(self, request: Request, error: Exception) -> None:
        """A fault of ours in the middle of a request costs that request, no more."""
        self.worker.loop.call_exception_handler({"message": "a request failed", "exception": error, "protocol": self})
        if request.handler is not None:
            request.handler.client_gone()
            request.handler = None
        phases.fail(request, error)

    def _refuse(self, status: int, reason: str, raw: bytes, part: str = "") -> None:
        """Answer a head that cannot be used, and read no further: the bytes after it have no meaning."""
        # of a line that is too long nothing is known but that
        request = self._request = self._unreadable(raw.partition(b"\n")[0] if status == 414 else raw)
        self._limits = request.location.limits
        self.deadline = inf
        request.complain(INFO, f"{reason} while reading client request {part or _part(request)}")
        phases.finalize(request, status)

    def _log_unfinished(self, reason: str, status: int) -> None:
        request = self._unreadable(self._buffer)
        self._buffer = b""
        request.complain(INFO, f"{reason} while reading client request {_part(request)}")
        request.error_status = status
        request.log()

    def _unreadable(self, raw: bytes) -> Request:
        server = self.listener.names.default
        self.requests += 1
        self.keep_alive = False
        head = unreadable_head(raw)
        uri = args = b""
        if head.target:
            with contextlib.suppress(BadURI):
                uri, args = normalise(head.target, server.merge_slashes)
        return Request(self, Route(head, uri, args, server, server.default_location, None), time.time())

    # After a response

    def _done(self, request: Request) -> None:
        self._request = None
        request.log()
        if not self.keep_alive:
            self._close()
        elif self._body is not None:
            self._discard_body()
        else:
            self._idle()
            if self._buffer:
                self.pipelined = True
                self._advance()
            elif self.pipelined:
                self.pipelined = False

    def _body_over(self) -> None:
        if not self.keep_alive:  # shut down meanwhile
            self._close()
            return
        self._idle()
        self.pipelined = bool(self._buffer)
        self._advance()

    def _idle(self) -> None:
        """Wait for the next request."""
        self._head_begun = False
        if self._ended and not self._buffer:
            self._shut()
        elif not self._write_paused:
            limits = self._limits
            seconds = limits.keepalive_min_timeout if self._server.draining else 0.0
            self.deadline = self.worker.now() + (seconds or limits.keepalive_timeout)


def _part(request: Request) -> str:
    """Of a head that is refused or cut, the part that was being read."""
    return "headers" if request.head.version else "line"
