"""An answer's body on its way to the client: read as fast as the upstream sends, never held back from the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core.log import CRIT
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

    __slots__ = ("_broken", "_ended", "_exchange", "_full", "_read", "_spool")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._full = False
        self._spool: Spool | None = None
        self._read = 0
        self._ended = False
        self._broken = False

    def answer_data(self, data: bytes) -> None:
        """Bytes from the upstream."""
        if not self._full and not self._pending():
            self._exchange.request.send(data)
            return
        if self._spool is None:
            options = self._exchange.options
            self._spool = Spool(options.buffers, options.temp_path)
        try:
            self._spool.append(data)
        except OSError as error:
            self._exchange.request.complain(CRIT, f"cannot buffer an answer: {error}")
            self._exchange.close()
            self.answer_broken()
            return
        if self._pending() >= max(self._exchange.options.max_temp_file_size, self._exchange.options.buffers):
            self._pause_upstream()

    def answer_end(self) -> None:
        """The upstream has sent everything."""
        self._ended = True
        self._drain()

    def answer_broken(self) -> None:
        """The upstream will send no more, though it should."""
        self._ended = self._broken = True
        self._drain()

    def _pending(self) -> int:
        return self._spool.size - self._read if self._spool is not None else 0

    def _drain(self) -> None:
        request, spool = self._exchange.request, self._spool
        while spool is not None and not self._full and self._read < spool.size:
            data = spool.read(self._read, PIECE)
            self._read += len(data)
            request.send(data)
        if self._full:
            return
        if spool is not None and self._pending() == 0:
            spool.clear()
            self._read = 0
        if not self._ended:
            if self._exchange.connection is not None:
                self._exchange.connection.resume_reading()
            return
        request.handler = None
        self._close()
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
        if not self._exchange.options.buffering:
            self._pause_upstream()

    def resume(self) -> None:
        """It takes more."""
        self._full = False
        self._drain()

    def client_gone(self) -> None:
        """It left."""
        self._close()
        self._exchange.client_gone()

    def _close(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None
