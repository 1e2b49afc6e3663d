"""Requests inside of requests: ``auth_request``, ``mirror`` and whatever else wants the answer of another URI.

A subrequest has the client's head, but a URI and a method of its own; it goes through the server's phases as an
internal redirect would, without the access phase. Variables are shared with the request that it is part of.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyproxy.core import phases
from pyproxy.core.files.pieces import PieceSender, read_pieces
from pyproxy.core.logs.log import CRIT, ERROR
from pyproxy.core.request import REWRITTEN, Request
from pyproxy.core.response import Response
from pyproxy.core.route import Route
from pyproxy.core.spool import Spool

if TYPE_CHECKING:
    from pyproxy.core.request import BodySink
    from pyproxy.core.response import Field
    from pyproxy.core.stream import Tunnel

DEEPEST = 51
"""Subrequests within subrequests; nginx's limit of 50 does not count the first."""
IN_MEMORY = 65536
"""Bytes of an answer that are kept in memory, the rest in a file."""


class Cycle(Exception):
    """Subrequests lead to subrequests without end."""


class Subrequest(Request):
    """One of them; its answer is in ``response`` and ``answer`` when it is over."""

    __slots__ = ("answer", "arrived", "cut", "depth", "parent")

    is_main = False

    def __init__(
        self, parent: Request, uri: bytes, args: bytes, done: Callable[[Subrequest], None], header_only: bool
    ) -> None:
        """Raises Cycle."""
        if parent.values is None:
            parent.values = {}
        server = parent.server
        route = Route(parent.head, uri, args, server, server.default_location, None)
        super().__init__(_Collector(parent, self, done, header_only), route, time.time())
        self.parent = parent
        self.depth: int = parent.depth + 1 if isinstance(parent, Subrequest) else 1
        self.method = b"GET"
        self.values = parent.values
        self.internal = self.moved = True
        self.rewritten = REWRITTEN
        self.answer = Spool(IN_MEMORY)
        """The body of its answer; to be closed by whom it is for."""
        self.cut = False
        """Whether its answer has ended before its end."""
        self.arrived: Callable[[], None] | None = None
        """Called when more of its answer is there, for who does not wait for the end."""
        if self.depth > DEEPEST:
            parent.complain(ERROR, f'subrequests cycle while processing "{uri.decode(errors="replace")}"')
            raise Cycle

    @property
    def main(self) -> Request:
        """The request that a client asked for."""
        return self.parent.main

    @property
    def status(self) -> int:
        """Of its answer."""
        return self.error_status if self.response is None else self.response.status

    def begin_again(self) -> None:
        """Send it the way that its parent has gone, in the parent's location."""
        parent = self.parent
        self.method, self.location, self.captures = parent.method, parent.location, parent.captures
        self.rewritten = parent.rewritten
        try:
            phases.enter_location(self)
        except Exception as error:
            phases.fail(self, error)

    def begin(self) -> None:
        """Send it on its way; it may be over before this returns."""
        try:
            if self.uri.startswith(b"@"):
                name, self.uri = self.uri[1:].decode("utf-8", "surrogateescape"), self.parent.uri
                phases.named_location(self, name)
            else:
                phases.start_over(self)
        except Exception as error:
            phases.fail(self, error)

    def log(self) -> None:
        """It is over; what the upstream's variables say of it can still be asked."""
        upstream = self.upstream
        super().log()
        self.upstream = upstream

    def let_go(self) -> None:
        """Nothing more is wanted of it, nor of its answer."""
        if not self.finished:
            self.give_up()
            self.log()
        self.answer.close()
        self.upstream = None


class _Collector:
    """The stream of a subrequest: keeps its answer instead of sending it."""

    def __init__(
        self, parent: Request, request: Subrequest, done: Callable[[Subrequest], None], header_only: bool
    ) -> None:
        client = self._client = parent.stream
        self._request = request
        self._done = done
        self._header_only = header_only
        self._skip_body = header_only
        self.worker = client.worker
        self.listener = client.listener
        self.serial = client.serial
        self.requests = client.requests
        self.pipelined = client.pipelined
        self.opened = client.opened
        self.remote_addr = client.remote_addr
        self.remote_port = client.remote_port
        self.scheme = client.scheme
        self.proxied = client.proxied
        self.body_read = 0
        self.body_pending = False
        self.keep_alive = True

    @property
    def local_addr(self) -> bytes:
        """The client's."""
        return self._client.local_addr

    @property
    def local_port(self) -> int:
        """The client's."""
        return self._client.local_port

    def tcp_info(self) -> bytes | None:
        """The client's."""
        return self._client.tcp_info()

    def client_may_be_gone(self, request: Request) -> None:
        """The main request sees to that."""

    def inform(self, request: Request, fields: list[Field]) -> None:
        """Early hints are for clients."""

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        """The head of the answer. Whoever wants no more than that has it now."""
        request.response = response
        self._skip_body = self._header_only or request.method == b"HEAD"
        if self._header_only and not last:
            request.complete = True
            if request.handler is not None:
                request.handler.stop()
                request.handler = None
            self._over()
            return
        self.send(data)
        if last:
            self.finish()

    def send(self, data: bytes) -> None:
        """Part of the answer's body."""
        request = self._request
        if self._skip_body or not data or request.finished:
            return
        request.sent += len(data)
        try:
            request.answer.append(data)
        except OSError as error:
            request.complain(CRIT, f"cannot buffer an answer: {error}")
            request.give_up()
            self.abort()
            return
        if request.arrived is not None:
            request.arrived()

    def finish(self) -> None:
        """That was all of it."""
        self._request.complete = True
        self._over()

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """A file is read piece by piece."""
        PieceSender(self._request, fd, read_pieces(fd, offset, offset + count)).start()

    def abort(self) -> None:
        """There is no answer, or not all of it."""
        self._request.cut = True
        if self._request.chain is not None:
            self._request.chain.forget()
        self._over()

    def _over(self) -> None:
        if not self._request.finished:
            self._request.log()
            self._done(self._request)

    @property
    def body_at_hand(self) -> bool:
        return False

    @property
    def body_sound(self) -> bool:
        return True

    def tell_to_continue(self) -> None:
        """That is the main request's to do."""

    def read_body(self, sink: BodySink) -> None:
        """What there is of the client's body was read before."""
        sink.body_end()

    def pause_body(self) -> None:
        """None comes."""

    def resume_body(self) -> None:
        """None comes."""

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        """Nobody is at the other end."""
        request.give_up()
        self.abort()
