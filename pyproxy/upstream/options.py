"""What a module such as proxy decides for the exchanges of one location."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from pyproxy.core.message import Pair, ResponseHead
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response
    from pyproxy.core.variables import Template
    from pyproxy.http1.head import ResponseParser
    from pyproxy.http1.memory import Memory
    from pyproxy.upstream.bind import Bind
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.relay import Relay
    from pyproxy.upstream.store import Store


class Options:
    """How a location talks to its upstream. Times in seconds, sizes in bytes."""

    __slots__ = (
        "bind",
        "buffering",
        "buffers",
        "connect_timeout",
        "force_ranges",
        "ignore_client_abort",
        "intercept_errors",
        "limit_rate",
        "max_temp_file_size",
        "next_upstream",
        "next_upstream_timeout",
        "next_upstream_tries",
        "pass_trailers",
        "read_timeout",
        "relay",
        "request_buffering",
        "send_timeout",
        "socket_options",
        "store",
        "temp_path",
    )

    bind: Bind | None
    """The local address of new connections."""
    buffering: bool
    buffers: int
    connect_timeout: float
    force_ranges: bool
    ignore_client_abort: bool
    intercept_errors: bool
    limit_rate: Template | None
    """Bytes per second that are read from the upstream; None or 0: as fast as it sends."""
    max_temp_file_size: int
    next_upstream: frozenset[str]
    next_upstream_timeout: float
    next_upstream_tries: int
    pass_trailers: bool
    read_timeout: float
    relay: type[Relay]
    """What carries answers that do not come at once, or want more than to be passed on."""
    request_buffering: bool
    send_timeout: float
    socket_options: tuple[tuple[int, int, int], ...]
    """Level, name and value of what new connections' sockets are set to."""
    store: Store | None
    """Where whole answers are kept as files."""
    temp_path: str | None

    def __init__(self) -> None:
        """Of what only some modules have, nothing."""
        self.bind = self.limit_rate = self.store = self.temp_path = None
        self.buffering = self.request_buffering = True
        self.buffers = 8 * 4096
        self.max_temp_file_size = 1 << 30
        self.force_ranges = self.ignore_client_abort = self.intercept_errors = False
        self.pass_trailers = False

    def set_socket_options(self, transport: asyncio.BaseTransport) -> None:
        """Set them; what the system does not want is left as it is."""
        sock = transport.get_extra_info("socket")
        for option in self.socket_options:
            with contextlib.suppress(OSError):
                sock.setsockopt(*option)


class UpstreamProtocol(Protocol):
    """What a module (proxy) knows of the protocol that its upstream speaks."""

    options: Options
    parser: ResponseParser
    remembered: Memory[tuple[ResponseHead, Response]]

    def early_hints(self, request: Request, head: ResponseHead, size: int) -> None:
        """Pass a 103 of ``size`` bytes on, if the client is to have it."""

    def trailers(self, request: Request, pairs: Sequence[Pair]) -> None:
        """Pass on what has come after an answer's body (``proxy_pass_trailers``)."""

    def response(self, request: Request, exchange: Exchange, block: bytes, head: ResponseHead) -> Response | None:
        """The client's response head for an upstream's; remembered under ``block`` where that is safe.

        None if the upstream has sent the request elsewhere (X-Accel-Redirect): then the exchange is over.
        """
