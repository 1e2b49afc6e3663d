"""A client's connection and its life: made, kept, closed, lost. Callbacks only."""

from __future__ import annotations

import asyncio
import os
import socket
from errno import ETIMEDOUT
from typing import TYPE_CHECKING, Final

from pyproxy.core.logs.log import INFO
from pyproxy.http1.cut import LOOK, is_on_its_way, reset_on_close
from pyproxy.http1.nowhere import NOWHERE
from pyproxy.http1.request_reader import RequestReader

if TYPE_CHECKING:
    from pyproxy.core.request import Request

TIMED_OUT: Final = f"client timed out ({ETIMEDOUT}: {os.strerror(ETIMEDOUT)})"
TCP_INFO_SIZE: Final = 104
"""Bytes of the part of Linux's struct tcp_info that all versions have."""


class ClientConnection(RequestReader, asyncio.Protocol):
    """One connection from a client; the ``Stream`` of every request on it."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.remote_addr, self.remote_port = _address(transport.get_extra_info("peername"))
        self.local_addr, self.local_port = _address(transport.get_extra_info("sockname"))
        if self.listener.particular:
            self.listener = self.listener.particular.get(self.local_addr, self.listener)
        self.deadline = self.worker.now() + self.listener.names.default.header_timeout
        self._server.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.remove(self)
        self._buffer = b""
        if self._file is not None:
            self._file.close()
        self._transport = NOWHERE
        if self._request is not None:
            self._abandon("client closed connection")

    def _abandon(self, reason: str, status: int = 0) -> bool:
        """The exchange ends without its client: tell who makes the answer, and log ``status`` if none was begun.

        True if the answer is made all the same.
        """
        request, sink = self._request, self._sink
        if request is None:
            self._sink = None
            return False
        request.complain(INFO, reason)
        if request.handler is not None and request.handler.client_gone():
            return True
        self._request = self._sink = None
        if request.response is None:
            request.error_status = status or (400 if sink is not None else 499)
        request.log()
        return False

    def eof_received(self) -> bool:
        """The client will send no more. True: it may still be sent to."""
        if self._tunnel is not None:
            self._tunnel.tunnel_eof()
            self._ended = True
            return True
        if self._lingering:
            return False
        request = self._request
        if self._body is not None or (request is not None and request.handler is not None):
            # nginx takes the end of the client's sending for its leaving
            self._ended = self._abandon("client prematurely closed connection")
            return self._ended
        self._ended = True
        if request is None:
            self._advance()
        elif not self._buffer:
            self.keep_alive = False
        return not self._transport.is_closing()

    def client_may_be_gone(self, request: Request) -> None:
        if self._ended and self._request is request and request.handler is not None:
            self._ended = self._abandon("client prematurely closed connection")
            if not self._ended:
                self._transport.close()

    @property
    def idle(self) -> bool:
        """Whether it is kept, and nothing of a next request has come."""
        return self._waiting and not self._promised

    @property
    def _waiting(self) -> bool:
        # not where a first request is awaited, or half of one has come: nginx does not take that for idle either
        return self._request is None and not self._lingering and not self._head_begun

    @property
    def _promised(self) -> bool:
        """Whether the next request may still come within ``keepalive_min_timeout``."""
        limits = self._limits
        if not limits.keepalive_min_timeout:
            return False
        return self.deadline - self.worker.now() > limits.keepalive_timeout - limits.keepalive_min_timeout

    def tcp_info(self) -> bytes | None:
        sock = self._transport.get_extra_info("socket")
        try:
            return None if sock is None else sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
        except (OSError, AttributeError):  # closed, no TCP connection, or a system that does not tell
            return None

    def close(self) -> None:
        """Finish what has begun, then close (aiohttp's runner calls this when it shuts down)."""
        if self.idle:
            self.keep_alive = False
            self._shut()
        elif self._waiting:
            self.deadline -= self._limits.keepalive_timeout - self._limits.keepalive_min_timeout
        elif not self._limits.keepalive_min_timeout or self._request is None or self._request.response is None:
            self.keep_alive = False

    def refuse(self) -> None:
        """Close it although it has just been made."""
        self._transport.abort()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # aiohttp's
        """Close now: aiohttp's runner has waited long enough."""
        self._transport.abort()

    def deadline_passed(self) -> None:
        """What the connection waited for did not come in time (``Worker`` watches)."""
        if self._still_taking():
            return
        if self._request is None and self._buffer and not self._write_paused:
            self._log_unfinished(TIMED_OUT, 408)
        # without an answer, as nginx: the client is not listening
        self._abandon(TIMED_OUT, 408)
        self._transport.abort()

    @property
    def reading(self) -> bool:
        """Whether a part of a head has come (``stub_status`` counts it)."""
        return bool(self._buffer)

    @property
    def writing(self) -> bool:
        """Whether it is busy with a request."""
        return self._request is not None or self._body is not None or self._lingering

    # The end

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._transport.is_closing():
            self._watch_writing()
        elif self._lingering:
            self._linger_on()
        elif self._sink is not None:
            if not self._paused:
                self._watch_body()
        elif self._request is None:
            self._idle()
            self._advance()

    def _close(self) -> None:
        """Close so that the client can read the answer: not while it still sends (nginx's lingering close)."""
        tunnel, self._tunnel = self._tunnel, None
        unread = self._body is not None or bool(self._buffer) or tunnel is not None
        wanted = self._limits.lingering_close
        self._body = self._sink = None
        self._buffer = b""
        linger = wanted == "always" or (unread and wanted == "on")
        if not linger or self._ended or self._transport.is_closing() or not self._transport.can_write_eof():
            self._shut()
            return
        self._lingering = True
        self._lingering_until = self.worker.now() + self._limits.lingering_time
        self._transport.write_eof()
        self.resume_body()
        self._linger_on()

    def _cut(self) -> None:
        """Close by a reset, for an end of stream would look like the end of a complete body; not before the client has
        what was sent."""
        reset_on_close(self._transport)
        if not is_on_its_way(self._transport):
            self._shut()
            return
        self.keep_alive = False
        self._body = self._sink = None
        self._lingering = True
        self._lingering_until = self.worker.now() + self._limits.send_timeout
        self._watch_writing()
        self._cut_when_taken()

    def _cut_when_taken(self) -> None:
        if is_on_its_way(self._transport):
            self.worker.loop.call_later(LOOK, self._cut_when_taken)
        else:
            self._transport.close()

    def _linger_on(self) -> None:
        self.deadline = min(self.worker.now() + self._limits.lingering_timeout, self._lingering_until)


def _address(name: object) -> tuple[bytes, int]:
    """A unix socket has a path or nothing where TCP has an address and a port; nginx shows ``unix:`` and the path."""
    if isinstance(name, tuple):
        return name[0].encode(), name[1]
    return b"unix:" + os.fsencode(name if isinstance(name, str | bytes) else ""), 0
