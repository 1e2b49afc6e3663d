"""A client's side that keeps what it is told, so that handlers can be tried without sockets."""

from __future__ import annotations

import os
from typing import Any, cast

from pyproxy.core import phases
from pyproxy.core.addresses.proxy_protocol import Proxied
from pyproxy.core.request import BodySink, Request
from pyproxy.core.response import Field, Response
from pyproxy.core.route import Route
from pyproxy.core.site import Listener, Site
from pyproxy.core.stream import Tunnel
from pyproxy.core.uri import normalise
from pyproxy.core.worker import Worker
from pyproxy.http1.head import RequestParser


class FakeStream:
    """One connection. ``ask`` runs a request through a site; the attributes then hold its answer."""

    worker = cast(Worker, None)
    listener = cast(Listener, None)
    serial = 1
    requests = 1
    pipelined = False
    opened = 1_000_000_000.0
    body_read = 0
    remote_addr = b"192.0.2.1"
    remote_port = 1234
    local_addr = b"127.0.0.1"
    local_port = 80
    scheme = b"http"
    proxied: Proxied | None = None
    body_pending = False
    body_sound = True
    body_at_hand = False

    def __init__(self, site: Site, server: int = 0) -> None:
        """``server``: which of the site's servers the client has found."""
        self.site = site
        self.server = site.servers[server]
        self.now = 1_000_000_000.0
        """When the next request begins, in seconds since the epoch."""
        self._parser = RequestParser()
        self._route: Route | None = None
        self._target = b""

    def ask(self, target: str | bytes, *fields: str, method: str = "GET", again: bool = False) -> Request:
        """Send a request and wait for nothing; ``again``: the connection repeats the head of the one before."""
        self.keep_alive = True
        self.response = cast(Response, None)
        self.body = b""
        self.file: tuple[int, int] | None = None
        """Offset and count of the file that was sent."""
        self.ended = self.aborted = False
        if not again or self._route is None:
            self._route = self._find(target.encode() if isinstance(target, str) else target, fields, method)
        self.request = Request(self, self._route, self.now)
        phases.run(self.request)
        return self.request

    def _find(self, target: bytes, fields: tuple[str, ...], method: str) -> Route:
        lines = [b"%b %b HTTP/1.1" % (method.encode(), target), b"Host: localhost", *(f.encode() for f in fields)]
        head = self._parser.parse(b"\r\n".join([*lines, b"", b""]))
        server = self.server
        uri, args = normalise(head.target, server.merge_slashes)
        location, captures = server.route(uri, None)
        return Route(head, uri, args, server, location, captures)

    @property
    def status(self) -> int:
        return self.response.status

    def field(self, name: str) -> str | None:
        """The value of a field of the answer."""
        value = self.response.get(name.lower().encode())
        return None if value is None else value.decode()

    # Stream

    def inform(self, request: Request, fields: list[Field]) -> None: ...

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        assert self.response is None, "a second answer to one request"
        self.response = request.response = response
        self.send(data)
        if last:
            self.finish()

    def send(self, data: bytes) -> None:
        if not self.request.head_only and self.response.status not in (204, 304):
            self.body += data

    def finish(self) -> None:
        assert not self.ended
        self.ended = True

    def send_file(self, fd: int, offset: int, count: int) -> None:
        self.file = (offset, count)
        self.send(os.pread(fd, count, offset))
        os.close(fd)
        self.finish()

    def tcp_info(self) -> bytes | None:
        return None

    def abort(self) -> None:
        self.aborted = True

    def tell_to_continue(self) -> None:
        pass

    def read_body(self, sink: BodySink) -> None:
        sink.body_end()

    def pause_body(self) -> None: ...

    def resume_body(self) -> None: ...

    def client_may_be_gone(self, request: Request) -> None: ...

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> Any:
        raise AssertionError("no tunnels here")
