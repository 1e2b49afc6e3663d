"""An answer's body on its way to the client: read as fast as the upstream sends, never held back from the client."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import CRIT, WARN
from pyproxy.core.spool import Spool

if TYPE_CHECKING:
    from pyproxy.upstream.exchange import Exchange

PIECE = 131072
"""Bytes read back from the spool at a time."""


class Relay:
    """The producer of a streamed answer.

    Bytes go to the client as they come. When the client is the slower one and ``proxy_buffering`` is on,
    they are put aside, so that the upstream is free early; without it the upstream waits.
    """

    __slots__ = ("_broken", "_ended", "_exchange", "_full", "_limit", "_read", "_spool")

    def __init__(self, exchange: Exchange) -> None:
        options = exchange.options
        self._exchange = exchange
        self._full = False
        self._spool: Spool | None = None
        self._read = 0
        """Bytes of the spool that the client has been sent."""
        self._ended = False
        self._broken = False
        self._limit = max(options.max_temp_file_size, options.buffers) if exchange.buffering else 0
        """Bytes put aside before the upstream has to wait."""

    def answer_data(self, data: bytes) -> None:
        """Bytes from the upstream."""
        if not self._full and (self._spool is None or not self._spool.size):
            request = self._exchange.request
            request.send(data)
            if not self._limit:
                request.flush()
            return
        try:
            self._put_aside(data)
        except OSError as error:
            self._exchange.request.complain(CRIT, f"cannot buffer an answer: {error}")
            self._exchange.close()
            self._exchange.request.stream.abort()

    def _put_aside(self, data: bytes) -> None:
        spool = self._spool
        if spool is None:
            options = self._exchange.options
            # without a file, what is above the buffers is no more than one read from the upstream
            in_memory = options.buffers if self._exchange.buffering and options.max_temp_file_size else sys.maxsize
            spool = self._spool = Spool(in_memory, options.temp_path)
        in_file = spool.in_file
        spool.append(data)
        if spool.in_file and not in_file:
            self._exchange.request.complain(
                WARN, "an upstream response is buffered to a temporary file while reading upstream"
            )
        if spool.size >= self._limit:
            self._pause_upstream()

    def answer_end(self) -> None:
        """The upstream has sent everything."""
        self._ended = True
        self._drain()

    def answer_broken(self) -> None:
        """The upstream will send no more, though it should."""
        self._ended = self._broken = True
        self._drain()

    def _drain(self) -> None:
        """Send what was put aside, as long as the client takes it."""
        request, spool = self._exchange.request, self._spool
        while spool is not None and not self._full and self._read < spool.size:
            data = spool.read(self._read, PIECE)
            self._read += len(data)
            request.send(data)
        if self._full:
            return
        if not self._ended:
            if spool is not None:
                spool.clear()
                self._read = 0
            if self._exchange.connection is not None:
                self._exchange.connection.resume_reading()
            return
        self.close()
        request.handler = None
        if self._broken:
            request.stream.abort()
        else:
            request.finish()

    def _pause_upstream(self) -> None:
        if self._exchange.connection is not None:
            self._exchange.connection.pause_reading()

    def pause(self) -> None:
        """The client takes no more for now."""
        self._full = True
        if not self._limit:
            self._pause_upstream()

    def resume(self) -> None:
        """It takes more."""
        self._full = False
        self._drain()

    def client_gone(self) -> bool:
        """It left."""
        if not self._exchange.client_gone():
            self.close()
            return False
        self.resume()
        return True

    def stop(self) -> None:
        """Something else is answered."""
        self._exchange.close()

    def close(self) -> None:
        """Give back what was put aside."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None
            self._read = 0
