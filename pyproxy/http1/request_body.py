"""The body-reading part of a client's connection: to whom a request's body goes, how fast, and if nobody wants it."""

from __future__ import annotations

from copy import copy
from math import inf
from typing import Final, cast

from pyproxy.core.logs.log import ERROR
from pyproxy.core.request import BodySink, Request
from pyproxy.core.response import Response
from pyproxy.core.stream import Tunnel
from pyproxy.http1.message import BadMessage
from pyproxy.http1.serialise import CONTINUE
from pyproxy.http1.writer import ResponseWriter


class _Discard:
    """Takes the rest of a body that nobody wants."""

    def body_data(self, data: bytes) -> None: ...

    def body_end(self, data: bytes = b"") -> None: ...

    def body_failed(self, status: int) -> None: ...


DISCARD: Final = _Discard()


class RequestBodyReader(ResponseWriter):
    """Hands the current request's body to a sink; what follows a body is the connection's to read (``_body_over``)."""

    __slots__ = (
        "_body_received",
        "_body_refused",
        "_buffer",
        "_ended",
        "_lingering_until",
        "_paused",
        "_sink",
        "body_read",
    )

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        """What has arrived and was not looked at: the beginning of a body, or further requests."""
        self._sink: BodySink | None = None
        self._body_received = 0
        self.body_read = 0
        self._body_refused = False
        self._paused = False
        self._ended = False
        """Whether the client will send no more."""
        self._lingering_until = 0.0

    def _body_over(self) -> None:
        """A body that nobody wanted has ended: on to the next request."""
        raise NotImplementedError

    def _abandon(self, reason: str, status: int = 0) -> bool:
        """The exchange ends without its client."""
        raise NotImplementedError

    @property
    def body_pending(self) -> bool:
        """Whether there is a body that nobody has read yet, or a client that waits to be told to send what it has."""
        request = self._request
        refused = self._body_refused or (request is not None and request.body_refused)
        return self._sink is None and not refused and (self._body is not None or not self._continued)

    @property
    def body_at_hand(self) -> bool:
        """Whether all of a small body has come, and waits to be read; or so much that it makes no sense."""
        request = self._request
        if request is None or request.head.content_length > (limit := request.location.limits.body_buffer_size):
            return False
        try:
            rest = self._look_ahead()
        except BadMessage:
            return True
        return rest is not None and len(self._buffer) - len(rest) <= limit

    def _look_ahead(self) -> bytes | None:
        """What would follow the body in the bytes that have come, None if more of it is to come. Raises BadMessage."""
        return copy(self._body).feed(self._buffer)[1] if self._body is not None else self._buffer

    @property
    def body_sound(self) -> bool:
        """Whether what has come of the body makes sense."""
        try:
            self._look_ahead()
        except BadMessage:
            return False
        return True

    def tell_to_continue(self) -> None:
        """Send 100 to a client that expects it; as in nginx also to one that has sent everything already."""
        if not self._continued:
            self._continued = True
            if self._request is not None:
                self._transport.write(CONTINUE)

    def read_body(self, sink: BodySink) -> None:
        """Start to hand the body to ``sink``; data may come before this returns."""
        self.tell_to_continue()
        if self._body is None:
            sink.body_end()
            return
        if self._request is not None:
            self._limits = self._request.location.limits
        self._body_received = 0
        self._sink = sink
        self._watch_body()
        if self._buffer:
            data, self._buffer = self._buffer, b""
            self._feed(data)
        if self._ended and self._sink is sink:
            self._abandon("client prematurely closed connection")
            self._shut()
        else:
            self.resume_body()

    def _discard_body(self) -> None:
        """Read over the rest of a body whose request has been answered."""
        self._lingering_until = self.worker.now() + self._limits.lingering_time
        self.read_body(DISCARD)

    def _watch_body(self) -> None:
        now = self.worker.now()
        if self._request is None:
            self.deadline = min(now + self._limits.lingering_timeout, self._lingering_until)
        else:
            self.deadline = now + self._limits.body_timeout

    def _feed(self, data: bytes) -> None:
        sink, body = self._sink, self._body
        assert sink is not None
        assert body is not None
        try:
            pieces, rest = body.feed(data)
        except BadMessage as error:
            self._refuse_body(sink, error.status, error.reason)
            return
        before = self._body_received
        self._body_received += sum(map(len, pieces))
        self.body_read += len(data) - len(rest or b"")
        limit = self._limits.max_body_size
        if limit and self._body_received > limit and sink is not DISCARD:
            reason = f"client intended to send too large chunked body: {before}+{self._body_received - before} bytes"
            self._refuse_body(sink, 413, reason)
            return
        self._watch_body()
        # chunks that came together go on as one, as in nginx
        came = cast(bytes, pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if rest is None:
            if came:
                sink.body_data(came)
            return
        self._body = self._sink = None
        self._buffer = rest
        self.deadline = inf
        self.resume_body()
        sink.body_end(came)
        if self._request is None:
            self._body_over()

    def _refuse_body(self, sink: BodySink, status: int, reason: str) -> None:
        """What follows cannot be told from the body: answer, and read no further."""
        self._sink = None
        self._body_refused = True
        self.keep_alive = False
        if self._request is None:
            self._shut()
            return
        self.deadline = inf
        self._request.complain(ERROR, reason)
        sink.body_failed(status)

    def pause_body(self) -> None:
        """Read nothing for now."""
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
            if self._sink is not None:
                self.deadline = inf

    def resume_body(self) -> None:
        """Read on."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            if self._sink is not None:
                self._watch_body()

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        """Answer 101; what came after the request's head is the tunnel's already."""
        super().open_tunnel(request, response, tunnel)
        self.resume_body()
        if self._buffer:
            data, self._buffer = self._buffer, b""
            tunnel.tunnel_data(data)
