"""What a module such as proxy decides for the exchanges of one location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pyproxy.core.message import ResponseHead
    from pyproxy.core.request import Request, Response
    from pyproxy.http1.head import ResponseParser
    from pyproxy.http1.memory import Memory
    from pyproxy.upstream.exchange import Exchange


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
