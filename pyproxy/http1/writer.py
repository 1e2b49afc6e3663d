"""The writing part of a client's connection: response heads, bodies, files, and the client's own pace."""

from __future__ import annotations

import asyncio
import sys
import time
from math import inf
from typing import TYPE_CHECKING

from pyproxy.core.errorpages import SERVER, SERVER_WITHOUT_VERSION
from pyproxy.core.request import Request
from pyproxy.core.response import Field, Response
from pyproxy.core.stream import Tunnel
from pyproxy.http1.body import LAST_CHUNK, BodyReader, encode_chunk, last_chunk
from pyproxy.http1.sendfile import FileSender
from pyproxy.http1.serialise import CHUNKED, CLOSE, EARLY_HINTS, KEEP_ALIVE, UPGRADE, response_block

if TYPE_CHECKING:
    from pyproxy.core.location import Limits
    from pyproxy.core.worker import Worker

TOGETHER = 65536
"""Bytes of the longest body that is put behind its head, for one system call and one packet less."""
WRITELINES_OVERFLOWS = (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)
"""Whether asyncio's ``writelines`` does not tell when its buffer is full (CVE-2024-12254)."""


class ResponseWriter:
    """Writes the response of the current request in HTTP/1.1's framing; ``_done`` and ``_close`` are the connection's
    to define."""

    __slots__ = (
        "_backlog",
        "_body",
        "_chunked",
        "_continued",
        "_file",
        "_left",
        "_limits",
        "_request",
        "_skip_body",
        "_transport",
        "_tunnel",
        "_write_paused",
        "deadline",
        "keep_alive",
        "requests",
        "worker",
    )

    worker: Worker
    _transport: asyncio.Transport
    _limits: Limits

    def __init__(self) -> None:
        self.keep_alive = True
        self.requests = 0
        self.deadline = inf
        self._request: Request | None = None
        self._body: BodyReader | None = None
        """What is still to be read of the request's body."""
        self._continued = True
        """Whether the client need not be told to go on (``Expect: 100-continue``), or has been told."""
        self._tunnel: Tunnel | None = None
        self._file: FileSender | None = None
        self._chunked = False
        self._skip_body = False
        self._left: int | None = None
        """Body bytes still owed to the announced length."""
        self._write_paused = False
        self._backlog = inf
        """Bytes that the transport held when the client's pace was looked at last."""

    def _done(self, request: Request) -> None:
        raise NotImplementedError

    def _cut(self) -> None:
        """Close so that the client sees that something is missing."""
        raise NotImplementedError

    def inform(self, request: Request, fields: list[Field]) -> None:
        """Write a 103; a client of HTTP/1.0 would take it for the answer."""
        if request.head.version == 11 and not request.finished:
            self._transport.write(EARLY_HINTS + b"".join([b"%b: %b\r\n" % field for field in fields]) + b"\r\n")

    def start(self, request: Request, response: Response, data: bytes = b"", last: bool = False) -> None:
        """Write the head. A response that was sent before, within this second, is written as the same bytes."""
        if request.finished:
            return
        request.response = response
        second = int(time.time())
        if request.location is not request.route.location:
            self._move(request)
        if (
            response.block_second == second
            and last
            and self._body is None
            and response.length == len(data)
            and request.method != b"HEAD"
            and (block := response.block if self.keep_alive else response.closing_block)
        ):
            self._transport.write(block + data)
            request.head_size, request.sent = len(block), len(data)
            request.complete = True
            self._done(request)
            return
        framing = self._frame(request, response)
        block = self._block(request, response, second, framing)
        if response.shared and self._left is not None and response.trailers is None:
            self._remember(response, block, second)
        request.head_size = len(block)
        whole = last and not self._skip_body and not self._chunked and self._left in (None, len(data))
        if whole and len(data) <= TOGETHER:
            self._transport.write(block + data)
            request.sent = len(data)
            request.complete = True
            self._done(request)
            return
        self._transport.write(block)
        if data:
            self.send(data)
        if last:
            self.finish()

    def _remember(self, response: Response, block: bytes, second: int) -> None:
        if response.block_second != second:
            response.block = response.closing_block = b""
            response.block_second = second
        if self.keep_alive:
            response.block = block
        else:
            response.closing_block = block

    def _move(self, request: Request) -> None:
        """An internal redirect has led to a location with limits of its own."""
        self._limits = limits = request.location.limits
        if (
            limits.keepalive_timeout <= 0
            or self.requests >= limits.keepalive_requests
            or any(disabled(request.head) for disabled in limits.keepalive_disable)
        ):
            self.keep_alive = False

    def _frame(self, request: Request, response: Response) -> bytes:
        """Decide how the body will end (RFC 9112, 6.3), and the fields that say so."""
        if self._body is not None and not self._continued:
            # the client may leave out a body that it was not told to send: what comes next has no meaning
            self.keep_alive = False
        self._skip_body = request.method == b"HEAD" or response.status in (204, 304)
        self._chunked, self._left = False, None
        framing = b""
        if response.status == 204:
            response.length = None
        elif not self._skip_body:
            if response.length is None or response.trailers is not None:
                framing = self._open_end(request, response)
            self._left = response.length
        if not self.keep_alive:
            return framing + CLOSE
        if seconds := self._limits.keepalive_timeout_header:
            return framing + KEEP_ALIVE + b"Keep-Alive: timeout=%d\r\n" % seconds
        return framing + KEEP_ALIVE

    def _open_end(self, request: Request, response: Response) -> bytes:
        """Frame a body whose length is not known, or after which trailers come."""
        if request.route.head.version == 11 and request.location.chunked_transfer_encoding:
            response.length = None
            self._chunked = True
            return CHUNKED
        if response.length is None:
            self.keep_alive = False
        return b""

    def _block(self, request: Request, response: Response, second: int, connection: bytes) -> bytes:
        server = SERVER if request.location.server_tokens else SERVER_WITHOUT_VERSION
        return response_block(response, server, second, connection)

    def send(self, data: bytes) -> None:
        """Write body bytes in the response's framing; more than were announced do not go out."""
        request = self._request
        if request is None or self._skip_body or not data:
            return
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if self._chunked:
            pieces = encode_chunk(data)
            request.sent += sum(map(len, pieces))
            if WRITELINES_OVERFLOWS:
                self._transport.write(b"".join(pieces))
            else:
                self._transport.writelines(pieces)
        else:
            request.sent += len(data)
            self._transport.write(data)

    def finish(self) -> None:
        """The body is complete; one that is shorter than announced ends the connection instead."""
        request = self._request
        if request is None:
            return
        if self._left:
            self.abort()
            return
        if self._chunked:
            last = LAST_CHUNK
            if request.response is not None and request.response.trailers:
                last = last_chunk(request.response.trailers)
            request.sent += len(last)
            self._transport.write(last)
        request.complete = True
        self._done(request)

    def abort(self) -> None:
        """End the response, and the connection, without completing it."""
        request, self._request = self._request, None
        if request is not None and request.response is not None and self._body_ends_by_close():
            self._cut()
        else:
            self._shut()
        if request is not None:
            if request.chain is not None:
                request.chain.forget()
            request.log()

    def _body_ends_by_close(self) -> bool:
        return self._left is None and not self._chunked and not self._skip_body and self._tunnel is None

    def _shut(self) -> None:
        """Close when the transport has given away what it holds; a client that takes nothing is not waited for."""
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._watch_writing()

    def open_tunnel(self, request: Request, response: Response, tunnel: Tunnel) -> None:
        """Answer 101, or 200 to CONNECT; from now on bytes pass as they are."""
        request.response = response
        self.keep_alive = self._skip_body = self._chunked = False
        self._left = None
        block = self._block(request, response, int(time.time()), UPGRADE if response.status == 101 else CLOSE)
        request.head_size = len(block)
        self._transport.write(block)
        self._tunnel = tunnel
        self.deadline = inf

    # A file as the body

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """Send part of an open file as the rest of the body, and close it."""
        self._file = FileSender(self, self._transport, fd, offset, 0 if self._skip_body else count)
        self._file.start()

    def file_progress(self, count: int) -> None:
        """``count`` bytes of the file have gone out."""
        if self._request is not None:
            self._request.sent += count
        if self._left is not None:
            self._left -= count
        self.deadline = self.worker.now() + self._limits.send_timeout

    def file_done(self) -> None:
        """The file has been sent, or its end came early."""
        self._file = None
        self.deadline = inf
        self.finish()

    # The client's pace

    def pause_writing(self) -> None:
        """The transport holds more than enough (asyncio's flow control)."""
        self._write_paused = True
        self._watch_writing()
        if self._request is not None and self._request.handler is not None:
            self._request.handler.pause()

    def resume_writing(self) -> None:
        """The client has taken what the transport held."""
        self._write_paused = False
        self._backlog = self.deadline = inf
        if self._file is not None:
            self._file.resume()
        elif self._request is not None and self._request.handler is not None:
            self._request.handler.resume()

    def _watch_writing(self) -> None:
        self._backlog = self._transport.get_write_buffer_size()
        self.deadline = self.worker.now() + self._limits.send_timeout

    def _still_taking(self) -> bool:
        """Whether a slow client took anything since it was looked at last: send_timeout is between two writes."""
        if 0 < self._transport.get_write_buffer_size() < self._backlog:
            self._watch_writing()
            return True
        return False
