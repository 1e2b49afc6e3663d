"""One request's dealings with its upstream: choosing a server, trying the next, passing the answer on.

What nginx has in ngx_http_upstream: shared by every module that speaks to servers behind us.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Protocol

from pyproxy.core import phases
from pyproxy.core.log import ERROR, WARN
from pyproxy.core.request import Request, Response
from pyproxy.upstream.relay import Relay
from pyproxy.upstream.tunnel import Tunnel

if TYPE_CHECKING:
    from pyproxy.http1.head import ResponseHead, ResponseParser
    from pyproxy.http1.memory import Memory
    from pyproxy.upstream.connection import UpstreamConnection
    from pyproxy.upstream.group import Group
    from pyproxy.upstream.peer import Peer
    from pyproxy.upstream.request_body import RequestBody

NON_IDEMPOTENT = frozenset({b"POST", b"LOCK", b"PATCH"})


class Options:
    """How a location talks to its upstream. Times in seconds, sizes in bytes."""

    __slots__ = (
        "buffering",
        "buffers",
        "connect_timeout",
        "ignore_client_abort",
        "intercept_errors",
        "max_temp_file_size",
        "next_upstream",
        "next_upstream_timeout",
        "next_upstream_tries",
        "read_timeout",
        "request_buffering",
        "send_timeout",
        "temp_path",
    )

    buffering: bool
    buffers: int
    connect_timeout: float
    ignore_client_abort: bool
    intercept_errors: bool
    max_temp_file_size: int
    next_upstream: frozenset[str]
    next_upstream_timeout: float
    next_upstream_tries: int
    read_timeout: float
    request_buffering: bool
    send_timeout: float
    temp_path: str | None


class UpstreamProtocol(Protocol):
    """What a module (proxy) knows of the protocol that its upstream speaks."""

    options: Options
    parser: ResponseParser
    remembered: Memory[tuple[ResponseHead, Response]]

    def response(self, request: Request, exchange: Exchange, block: bytes, head: ResponseHead) -> Response:
        """The client's response head for an upstream's; remembered under ``block`` where that is safe."""


class Attempt:
    """One server that was asked, for ``$upstream_addr``, ``$upstream_status`` and the times (seconds)."""

    __slots__ = ("connected", "ended", "headed", "peer", "received", "reused", "started", "status")

    def __init__(self, peer: Peer, started: float) -> None:
        self.peer = peer
        self.started = started
        self.reused = False
        self.connected = self.headed = self.ended = -1.0
        self.status = 0
        self.received = 0


class Exchange:
    """Asks servers until one answers. The usual answer, which comes at once, goes to the client from here;
    a longer one through a Relay, a changed protocol through a Tunnel."""

    __slots__ = (
        "_connecting",
        "_passing",
        "_tried",
        "attempts",
        "block",
        "body",
        "connection",
        "group",
        "head",
        "method",
        "options",
        "protocol",
        "request",
        "started",
        "upgrading",
        "url",
        "worker",
    )

    def __init__(
        self, request: Request, protocol: UpstreamProtocol, group: Group, block: bytes, method: bytes, url: str
    ) -> None:
        self.request = request
        self.protocol = protocol
        self.options = protocol.options
        self.group = group
        self.block = block
        self.method = method
        self.url = url
        self.worker = request.stream.worker
        self.upgrading = False
        """Whether the upstream was asked to change the protocol, so that it may answer 101."""
        self.body: RequestBody | None = None
        self.connection: UpstreamConnection | None = None
        self.attempts: list[Attempt] = []
        self.head: ResponseHead | None = None
        """The head that was answered, for ``$upstream_http_*``."""
        self.started = self.worker.now()
        self._tried: set[Peer] = set()
        self._connecting: asyncio.Task[None] | None = None
        self._passing: Relay | Tunnel | None = None
        request.handler = self
        request.upstream = self

    # Asking

    def start(self) -> None:
        """Ask the next server."""
        now = self.worker.now()
        peer = self.group.pick(now, self._tried)
        if peer is None:
            self.request.complain(ERROR, "no live upstreams while connecting to upstream")
            self._finalize(502)
            return
        self.attempts.append(Attempt(peer, now))
        connection = peer.take()
        if connection is not None:
            self.attempts[-1].reused = True
            self.connected(connection)
        else:
            self._connecting = peer.connect(self, self.options.connect_timeout)

    def connected(self, connection: UpstreamConnection) -> None:
        """A connection is there: send the request."""
        self._connecting = None
        self.connection = connection
        self.attempts[-1].connected = self.worker.now()
        connection.begin(self, self.block)
        if self.body is not None:
            self.body.send(connection)

    def connect_failed(self, error: OSError) -> None:
        """There is none to be had. (TimeoutError is an OSError.)"""
        self._connecting = None
        if isinstance(error, TimeoutError) and not error.errno:
            self.timed_out("connecting to upstream")
        else:
            self._next("error", 502, f"connect() failed ({error.errno}: {reason(error)}) while connecting to upstream")

    def upstream_full(self) -> None:
        """The upstream takes no more for now."""
        if isinstance(self._passing, Tunnel):
            self.request.stream.pause_body()
        elif self.body is not None:
            self.body.pause()

    def upstream_ready(self) -> None:
        """It takes more."""
        if isinstance(self._passing, Tunnel):
            self.request.stream.resume_body()
        elif self.body is not None:
            self.body.resume()

    @property
    def sent_whole(self) -> bool:
        """Whether the request has gone out to its end: only then can its connection carry another."""
        return self.body is None or self.body.complete

    # Failing

    def failed(self, why: str, doing: str) -> None:
        """The server closed the connection, or sent something that is no answer."""
        kind = "invalid_header" if "sent" in why else "error"
        self._next(kind, 502, f"{why} while {doing}")

    def timed_out(self, doing: str) -> None:
        """The server did not connect, take or answer in time."""
        self._next("timeout", 504, f"upstream timed out (110: Connection timed out) while {doing}")

    def extra_data(self) -> None:
        """Bytes came after the answer's end: they are dropped with their connection."""
        self.request.complain(WARN, "upstream sent more data than specified in its header while reading upstream")

    def _next(self, kind: str, status: int, message: str) -> None:
        """Ask another server if the configuration wants that for this failure, else answer ``status``."""
        request, options = self.request, self.options
        if request.finished:
            return
        request.complain(ERROR, message)
        attempt = self.attempts[-1]
        now = self.worker.now()
        attempt.status, attempt.ended = status, now
        attempt.peer.failed(now)
        sent = self.connection is not None
        self.connection = None
        if not (attempt.reused and kind == "error"):
            # a kept connection that was closed in the meantime says nothing about the server
            self._tried.add(attempt.peer)
        if (
            kind not in options.next_upstream
            or (sent and request.method in NON_IDEMPOTENT and "non_idempotent" not in options.next_upstream)
            or (sent and self.body is not None and not self.body.repeatable)
            or (options.next_upstream_tries and len(self.attempts) >= options.next_upstream_tries)
            or (options.next_upstream_timeout and now - self.started >= options.next_upstream_timeout)
            or self.group.pick(now, self._tried) is None
        ):
            self._finalize(status)
        else:
            self.start()

    def _finalize(self, status: int) -> None:
        self.close()
        phases.finalize(self.request, status)

    def close(self) -> None:
        """Nothing more is wanted of the upstream: free it at once."""
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.body is not None:
            self.body.close()
        self.request.handler = None

    # Answering

    def answered(self, block: bytes, head: ResponseHead, response: Response | None, data: bytes, whole: bool) -> None:
        """A head has come, and the ``whole`` body with it or none of it yet."""
        request = self.request
        attempt = self.attempts[-1]
        self.head = head
        attempt.status = head.status
        attempt.headed = self.worker.now()
        if head.status >= 300 and self._replace(head):
            return
        attempt.peer.succeeded()
        if response is None or request.error_status:
            response = self.protocol.response(request, self, block, head)
        if whole:
            attempt.ended, attempt.received = attempt.headed, len(data)
            self.connection = None
            if self.body is not None:
                self.body.close()
            request.handler = None
        else:
            request.handler = self._passing = Relay(self)
        if response.shared:
            request.stream.start(request, response, data, whole)
        else:
            request.start(response, data, whole)

    def _replace(self, head: ResponseHead) -> bool:
        """Whether something else is answered instead: another server's answer, or an error page."""
        kind = f"http_{head.status}"
        others = {*self._tried, self.attempts[-1].peer}
        if kind in self.options.next_upstream and self.group.pick(self.worker.now(), others):
            self._drop_connection()
            self._next(kind, head.status, f"upstream answered {head.status}")
            return True
        if self.options.intercept_errors and head.status in self.request.location.error_pages:
            self._drop_connection()
            self._finalize(head.status)
            return True
        return False

    def _drop_connection(self) -> None:
        if self.connection is not None and self.connection.exchange is self:
            self.connection.close()

    def answer_data(self, data: bytes) -> None:
        """Bytes of the answer's body."""
        self.attempts[-1].received += len(data)
        assert self._passing is not None
        self._passing.answer_data(data)

    def answer_end(self) -> None:
        """The answer is complete."""
        self.attempts[-1].ended = self.worker.now()
        self.connection = None
        if self.body is not None:
            self.body.close()
        assert self._passing is not None
        self._passing.answer_end()

    def broken(self, why: str) -> None:
        """The answer ends before its end: the client must see that."""
        self.request.complain(ERROR, f"{why} while reading upstream")
        self.attempts[-1].ended = self.worker.now()
        self.connection = None
        if self.body is not None:
            self.body.close()
        assert self._passing is not None
        self._passing.answer_broken()

    def switched(self, head: ResponseHead) -> None:
        """101: from here on bytes pass both ways as they are."""
        request = self.request
        self.attempts[-1].status = 101
        assert self.connection is not None
        tunnel = self._passing = request.handler = Tunnel(self, self.connection)
        response = self.protocol.response(request, self, b"", head)
        request.stream.open_tunnel(request, response, tunnel)

    # The client, while there is no answer yet

    def pause(self) -> None:
        """Nothing is being sent to it."""

    def resume(self) -> None:
        """Nothing is being sent to it."""

    def client_gone(self) -> None:
        """It left: its upstream connection is freed at once."""
        if self.options.ignore_client_abort:
            return
        self.attempts[-1].ended = self.worker.now()
        self.close()


def reason(error: OSError) -> str:
    """The system's words for an error, also where a library has wrapped them."""
    return os.strerror(error.errno) if error.errno else str(error)
