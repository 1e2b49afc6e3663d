"""One request's dealings with its upstream: choosing a server, trying the next, passing the answer on.

What nginx has in ngx_http_upstream: shared by every module that speaks to servers behind us.
"""

from __future__ import annotations

import asyncio
from errno import EADDRNOTAVAIL
from typing import TYPE_CHECKING

from pyproxy.core import phases
from pyproxy.core.logs.log import CRIT, ERROR, WARN
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.throttle import throttle
from pyproxy.upstream.attempt import Attempt
from pyproxy.upstream.connection import READING_HEAD
from pyproxy.upstream.failures import connect_failure, reason
from pyproxy.upstream.next_server import NO_FAILURES, failed_peers, may_ask_another
from pyproxy.upstream.relay import Relay
from pyproxy.upstream.tunnel import Tunnel

if TYPE_CHECKING:
    from pyproxy.core.message import Pair, ResponseHead
    from pyproxy.upstream.bind import LocalAddress
    from pyproxy.upstream.connection import UpstreamConnection
    from pyproxy.upstream.group import Group
    from pyproxy.upstream.options import UpstreamProtocol
    from pyproxy.upstream.peer import Peer
    from pyproxy.upstream.request_body import RequestBody


class Notes:
    """What an answer may say besides its head and body."""

    __slots__ = ("buffering", "trailers")

    def __init__(self) -> None:
        self.buffering: bool | None = None
        self.trailers: tuple[Pair, ...] = ()


class Exchange:
    """Asks servers until one answers. The usual answer, which comes at once, goes to the client from here;
    a longer one through a Relay, a changed protocol through a Tunnel."""

    __slots__ = (
        "_connecting",
        "_passing",
        "_url",
        "attempts",
        "before",
        "block",
        "body",
        "connection",
        "group",
        "head",
        "method",
        "notes",
        "options",
        "protocol",
        "request",
        "started",
        "upgrading",
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
        self._url = url
        self.worker = request.stream.worker
        self.upgrading = False
        """Whether the upstream was asked to change the protocol, so that it may answer 101."""
        self.body: RequestBody | None = None
        self.connection: UpstreamConnection | None = None
        self.attempts: list[Attempt] = []
        self.head: ResponseHead | None = None
        """The head that was answered, for ``$upstream_http_*``."""
        self.notes: Notes | None = None
        """What the answer says that few answers do."""
        self.started = self.worker.now()
        self._connecting: asyncio.Task[None] | None = None
        self._passing: Relay | Tunnel | None = None
        self.before: Exchange | None = request.upstream
        """The exchange that an internal redirect has led away from, for the ``$upstream_*`` variables."""
        request.handler = self
        request.upstream = self

    @property
    def local(self) -> LocalAddress | None:
        """Where to connect from, if the configuration says so."""
        return None if self.options.bind is None else self.options.bind.address(self.request)

    @property
    def buffering(self) -> bool:
        """Whether the answer is put aside for a slow client: it may say so itself (X-Accel-Buffering)."""
        said = self.notes.buffering if self.notes is not None else None
        return self.options.buffering if said is None else said

    def note(self) -> Notes:
        """Where to write down what the answer says."""
        if self.notes is None:
            self.notes = Notes()
        return self.notes

    @property
    def url(self) -> str:
        """The server that was asked last and what it was asked for, for log lines; before that, the group."""
        uri = self.block.split(b" ", 2)[1].decode("utf-8", "backslashreplace")
        if not self.attempts:
            return self._url + uri
        peer = self.attempts[-1].peer
        return f"http://{peer.name}{':' if peer.address.path is not None else ''}{uri}"

    # Asking

    def start(self) -> None:
        """Ask the next server."""
        now = self.worker.now() if self.attempts else self.started
        peer = self.group.pick(now, failed_peers(self.attempts) if self.attempts else ())
        if peer is None:
            self.attempts.append(Attempt(self.group.nobody(), now))
            self.attempts[-1].status = 502
            self.request.complain(ERROR, "no live upstreams while connecting to upstream")
            self._finalize(502)
            return
        # after one kept connection that turned out to be closed, no other is tried
        stale = bool(self.attempts) and self.attempts[-1].reused and self.attempts[-1].peer is peer
        attempt = Attempt(peer, now)
        self.attempts.append(attempt)
        peer.active += 1
        connection = None if stale else peer.take() if self.options.bind is None else peer.take_from(self.local)
        if connection is not None:
            attempt.reused = True
            if self.body is None:
                self.connection = connection
                attempt.connected = now
                connection.begin(self, self.block, now)
            else:
                self.connected(connection, now)
        else:
            self._connecting = peer.connect(self, self.options.connect_timeout)

    def waits_for(self, peer: Peer) -> bool:
        """Whether a connection to ``peer`` is still wanted."""
        return self._connecting is not None and self.attempts[-1].peer is peer

    def connected(self, connection: UpstreamConnection, now: float) -> None:
        """A connection is there: send the request."""
        self._connecting = None
        self.connection = connection
        self.attempts[-1].connected = now
        body = self.body
        if body is None:
            connection.begin(self, self.block, now)
        else:
            begun = body.begin()
            if self.connection is None:  # it makes no sense, and has been answered
                return
            self.attempts[-1].sent = len(begun)
            connection.begin(self, self.block + begun, now)
            body.send(connection)

    def connect_failed(self, peer: Peer, error: Exception) -> None:
        """There is none to be had. (TimeoutError is an OSError.)"""
        if not self.waits_for(peer):
            return
        self._connecting = None
        if self.options.bind is not None and getattr(error, "errno", None) == EADDRNOTAVAIL:
            # nothing is wrong with the server, and no other could be asked from there
            self.request.complain(CRIT, f"bind() failed ({reason(error)}) while connecting to upstream")
            self._finalize(500)
        elif isinstance(error, TimeoutError) and not error.errno:
            self.timed_out("connecting to upstream")
        else:
            self._next("error", 502, *connect_failure(peer, error))

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

    def failed(self, kind: str, why: str, doing: str) -> None:
        """The server closed the connection, or sent something that is no answer (``kind`` as ``proxy_next_upstream``
        calls it)."""
        self._next(kind, 502, f"{why} while {doing}")

    def timed_out(self, doing: str) -> None:
        """The server did not connect, take or answer in time."""
        self._next("timeout", 504, f"upstream timed out (110: Connection timed out) while {doing}")

    def extra_data(self, chunked: bool, count: int) -> None:
        """Bytes came after the answer's end, ``count`` with its head: they are dropped with their connection."""
        self.attempts[-1].bytes += count
        if self.request.head_only:
            return
        what = "data after final chunk" if chunked else 'more data than specified in "Content-Length" header'
        self.request.complain(WARN, f"upstream sent {what} while reading upstream")

    def _next(self, kind: str, status: int, message: str, level: int = ERROR) -> None:
        """Ask another server if the configuration wants that for this failure, else answer ``status``."""
        if self.request.finished:
            self.close()
            return
        self.request.complain(level, message)
        now = self.worker.now()
        attempt = self.attempts[-1]
        attempt.status = status
        attempt.end(now)
        self.connection = None
        if not (attempt.reused and kind == "error"):
            # a kept connection that was closed in the meantime says nothing about the server
            attempt.failed = True
            if kind not in NO_FAILURES:
                self._blame(attempt, now)
        if may_ask_another(self, kind, now):
            self.start()
        else:
            self._finalize(status)

    def _blame(self, attempt: Attempt, now: float) -> None:
        """The server has failed; it may have to be left alone for a while."""
        if attempt.peer.failed(now):
            doing = "connecting to upstream" if attempt.connected < 0 else READING_HEAD
            self.request.complain(WARN, f"upstream server temporarily disabled while {doing}")

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
        if self.attempts:
            self.attempts[-1].end(self.worker.now())
        if self.body is not None:
            self.body.close()
        if self._passing is not None:
            self._passing.close()
        self.request.handler = None

    # Answering

    def early_hints(self, head: ResponseHead, size: int) -> None:
        """A 103 has come, ``size`` bytes long: more may follow before the answer."""
        self.attempts[-1].bytes += size
        self.protocol.early_hints(self.request, head, size)

    def answered(
        self, block: bytes, head: ResponseHead, response: Response | None, data: bytes, whole: bool, now: float
    ) -> None:
        """A head has come, and the ``whole`` body with it or none of it yet."""
        request = self.request
        attempt = self.attempts[-1]
        self.head = head
        attempt.status = head.status
        attempt.headed = now
        attempt.bytes += len(block) + len(data)
        if head.status >= 300 and self._replace(head, now):
            return
        if attempt.peer.fails:
            attempt.peer.succeeded()
        if response is None or request.error_status or request.carried is not None or not request.is_main:
            made = self.protocol.response(request, self, block, head)
            if made is None:
                return
            response = made
        elif request.values is not None and not self.buffering:
            # what was made once has not slowed down others; this request may have been told to be slow (`set`)
            throttle(request, 0)
        later = None
        if whole and self.options.relay is Relay:
            attempt.received = len(data)
            attempt.ended = now
            attempt.peer.active -= 1
            self.connection = None
            if self.body is not None:
                self.body.close()
            request.handler = None
        else:
            request.handler = self._passing = self.options.relay(self)
            attempt.received = len(data)
            if whole:
                # what is to pass in another way does so after the head; its connection is somebody else's already
                self.connection = None
                later, data, whole = data, b"", False
        if response.shared:
            request.stream.start(request, response, data, whole)
        else:
            request.start(response, data, whole)
        if later is not None and attempt.ended < 0:
            if later:
                self.answer_data(later)
            self.answer_end()

    def leave(self) -> None:
        """The answer is not passed on: what it says was all that was wanted of it (X-Accel-Redirect)."""
        self._drop_connection()
        self.close()

    def _replace(self, head: ResponseHead, now: float) -> bool:
        """Whether something else is answered instead: another server's answer, or an error page."""
        kind = f"http_{head.status}"
        if kind in self.options.next_upstream:
            attempt = self.attempts[-1]
            attempt.failed = True
            if may_ask_another(self, kind, now):
                if kind not in NO_FAILURES:
                    self._blame(attempt, now)
                attempt.end(now)
                self._drop_connection()
                self.start()
                return True
        if self.options.intercept_errors and head.status in self.request.location.error_pages:
            challenges = [(name, value) for lower, name, value in head.fields.pairs if lower == b"www-authenticate"]
            self.leave()
            phases.finalize(self.request, head.status, tuple(challenges) if head.status == 401 else ())
            return True
        return False

    def _drop_connection(self) -> None:
        if self.connection is not None and self.connection.exchange is self:
            self.connection.close()
        self.connection = None

    def answer_data(self, data: bytes) -> None:
        """Bytes of the answer's body."""
        assert self._passing is not None
        self._passing.answer_data(data)

    def answer_end(self) -> None:
        """The answer is complete."""
        self._over()
        if self.notes is not None and self.notes.trailers:
            self.protocol.trailers(self.request, self.notes.trailers)
        assert self._passing is not None
        self._passing.answer_end()

    def broken(self, why: str, doing: str) -> None:
        """The answer ends before its end: the client must see that."""
        self.request.complain(ERROR, f"{why} while {doing}")
        self._over()
        assert self._passing is not None
        self._passing.answer_broken()

    def _over(self) -> None:
        self.attempts[-1].end(self.worker.now())
        self.connection = None
        if self.body is not None:
            self.body.close()

    def switched(self, head: ResponseHead) -> None:
        """101, or a tunnel: from here on bytes pass both ways as they are."""
        request = self.request
        if request.finished:
            self.close()
            return
        attempt = self.attempts[-1]
        self.head = head
        attempt.status = head.status
        attempt.headed = self.worker.now()
        attempt.peer.succeeded()
        assert self.connection is not None
        tunnel = self._passing = request.handler = Tunnel(self, self.connection)
        response = self.protocol.response(request, self, b"", head)
        if response is None:
            return
        for header_filter in request.location.header_filters:
            header_filter(request, response)
        request.stream.open_tunnel(request, response, tunnel)

    # The client, while there is no answer yet

    def pause(self) -> None:
        """Nothing is being sent to it."""

    def resume(self) -> None:
        """Nothing is being sent to it."""

    def stop(self) -> None:
        """Something else is answered."""
        self.close()

    def client_gone(self) -> bool:
        """It left: its upstream connection is freed at once. True if the answer is wanted all the same."""
        whole = self.sent_whole or (self.body is not None and self.body.repeatable)
        if self.options.ignore_client_abort and whole and not isinstance(self._passing, Tunnel):
            return True
        self.close()
        return False
