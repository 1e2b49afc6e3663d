"""What a request needs of the connection it came on; HTTP/1 connections and HTTP/2 streams both are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pyproxy.core.addresses.proxy_protocol import Proxied
    from pyproxy.core.request import BodySink, Request
    from pyproxy.core.response import Field, Response
    from pyproxy.core.site import Listener
    from pyproxy.core.worker import Worker


class Tunnel(Protocol):
    """The other end of a connection that has left HTTP (a WebSocket)."""

    def tunnel_data(self, data: bytes) -> None: ...

    def tunnel_eof(self) -> None: ...


class Stream(Protocol):
    """The client's side of one request at a time."""

    worker: Worker
    listener: Listener
    serial: int
    """The number of the connection, as in nginx's ``$connection`` and log lines."""
    requests: int
    pipelined: bool
    """Whether the request had come before the answer to the one before it went out."""
    opened: float
    """time.time() when the connection began, in seconds."""
    body_read: int
    """Bytes of the request's body that have come, those of its framing included."""
    remote_addr: bytes
    remote_port: int
    scheme: bytes
    proxied: Proxied | None
    """What a proxy in front has said of the client, by the PROXY protocol."""
    keep_alive: bool
    """Whether the connection may go on after this response."""

    @property
    def local_addr(self) -> bytes:
        """The address that the client has connected to."""

    @property
    def local_port(self) -> int:
        """Its port."""

    def inform(self, request: Request, fields: list[Field]) -> None:
        """Send a 103 with these fields, before the response."""

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        """Send a response head with the first bytes of its body; ``last`` if these are all."""

    def send(self, data: bytes) -> None:
        """Send body bytes."""

    def finish(self) -> None:
        """The body is complete."""

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """Send ``count`` bytes of an open file from ``offset`` as the rest of the body, finish, and close ``fd``."""

    def abort(self) -> None:
        """End in the middle: the client must see that something is missing."""

    def tcp_info(self) -> bytes | None:
        """What the system knows of the connection (Linux's struct tcp_info), None where it does not tell."""

    def client_may_be_gone(self, request: Request) -> None:
        """After a wait that could not be ended: abandon the request if its client has meanwhile said that it leaves."""

    @property
    def body_pending(self) -> bool:
        """Whether the request has a body that nobody has read yet, or a client that waits to be told to go on."""

    @property
    def body_at_hand(self) -> bool:
        """Whether all of a small body has come, and waits to be read; or so much that it makes no sense."""

    @property
    def body_sound(self) -> bool:
        """Whether what has come of a body that nobody has read yet makes sense."""

    def tell_to_continue(self) -> None:
        """Send 100 to a client that expects it before it sends its body."""

    def read_body(self, sink: BodySink) -> None:
        """Start to hand the request's body to ``sink``; data may come before this returns."""

    def pause_body(self) -> None:
        """Let no more body come for now."""

    def resume_body(self) -> None:
        """Let it come again."""

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        """Answer 101 and hand everything that follows to ``tunnel``."""
