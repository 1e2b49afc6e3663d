"""A stream around a stream: what changes every answer of one request, whoever makes it, stands here and not in the way
of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pyproxy.core.addresses.proxy_protocol import Proxied
    from pyproxy.core.request import BodySink, Request
    from pyproxy.core.response import Field, Response
    from pyproxy.core.site import Listener
    from pyproxy.core.stream import Stream, Tunnel
    from pyproxy.core.worker import Worker


class StreamAround:
    """Passes everything on to the stream inside; ``request.stream`` is set to the outermost."""

    worker: Worker
    listener: Listener
    serial: int
    requests: int
    remote_addr: bytes
    remote_port: int
    local_addr: bytes
    local_port: int
    scheme: bytes
    proxied: Proxied | None

    def __init__(self, inner: Stream) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may go on after this response."""
        return self.inner.keep_alive

    @keep_alive.setter
    def keep_alive(self, value: bool) -> None:
        self.inner.keep_alive = value

    def inform(self, request: Request, fields: list[Field]) -> None:
        """Send a 103."""
        self.inner.inform(request, fields)

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        """Send a response head with the first bytes of its body."""
        self.inner.start(request, response, data, last)

    def send(self, data: bytes) -> None:
        """Send body bytes."""
        self.inner.send(data)

    def finish(self) -> None:
        """The body is complete."""
        self.inner.finish()

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """Send part of a file as the rest of the body."""
        self.inner.send_file(fd, offset, count)

    def abort(self) -> None:
        """End in the middle."""
        self.inner.abort()

    def client_may_be_gone(self, request: Request) -> None:
        """Abandon the request if its client has left."""
        self.inner.client_may_be_gone(request)

    @property
    def body_pending(self) -> bool:
        """Whether the request has a body that nobody has read yet."""
        return self.inner.body_pending

    @property
    def body_at_hand(self) -> bool:
        """Whether all of the body has come."""
        return self.inner.body_at_hand

    @property
    def body_sound(self) -> bool:
        """Whether what has come of it makes sense."""
        return self.inner.body_sound

    def tell_to_continue(self) -> None:
        """Send 100 to a client that expects it."""
        self.inner.tell_to_continue()

    def read_body(self, sink: BodySink) -> None:
        """Start to hand the request's body to ``sink``."""
        self.inner.read_body(sink)

    def pause_body(self) -> None:
        """Let no more body come for now."""
        self.inner.pause_body()

    def resume_body(self) -> None:
        """Let it come again."""
        self.inner.resume_body()

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        """Hand everything that follows to ``tunnel``."""
        self.inner.open_tunnel(request, response, tunnel)


Around = TypeVar("Around", bound=StreamAround)


def find_around(stream: Stream, kind: type[Around]) -> Around | None:
    """The outermost stream of that kind among ``stream`` and those inside it."""
    while isinstance(stream, StreamAround):
        if isinstance(stream, kind):
            return stream
        stream = stream.inner
    return None
