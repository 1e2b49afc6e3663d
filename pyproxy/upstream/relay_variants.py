"""Answers that do more on their way than pass: kept in files (``proxy_store``), read slowly (``proxy_limit_rate``)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pyproxy.config import values
from pyproxy.core.logs.log import ERROR
from pyproxy.core.pace import Pace
from pyproxy.upstream.relay import Relay

if TYPE_CHECKING:
    from pyproxy.upstream.exchange import Exchange
    from pyproxy.upstream.options import Options


class StoringRelay(Relay):
    """Writes the answer to a file as well."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        assert exchange.options.store is not None
        assert exchange.head is not None
        self._stored = exchange.options.store.begin(exchange.request, exchange.head)

    def answer_data(self, data: bytes) -> None:
        """Bytes from the upstream."""
        if self._stored is not None:
            self._stored.write(data)
        super().answer_data(data)

    def answer_end(self) -> None:
        """The upstream has sent everything: the file is there before the client has the end."""
        if self._stored is not None:
            self._stored.keep()
        super().answer_end()

    def close(self) -> None:
        """Give back what was put aside, and drop a file that is not whole."""
        if self._stored is not None:
            self._stored.discard()
        super().close()


class PacedRelay(Relay):
    """Lets the upstream send no faster than ``proxy_limit_rate``."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        rate = _rate(exchange)
        self._pace = Pace(rate) if rate else None
        self._held = bytearray()
        self._end = False
        self._timer: asyncio.TimerHandle | None = None

    def answer_data(self, data: bytes) -> None:
        """Bytes from the upstream: what came above the rate waits, and the upstream with it."""
        if self._pace is None:
            super().answer_data(data)
            return
        self._held += data
        if self._timer is None:
            self._go_on()
        else:
            self._pause_upstream()

    def answer_end(self) -> None:
        """The upstream has sent everything; it is over when all of it has passed."""
        self._end = True
        if self._timer is None:
            self._go_on()

    def _look_again(self) -> None:
        self._timer = None
        self._go_on()

    def _go_on(self) -> None:
        while self._held and self._pace is not None:
            room = self._pace.room()
            if not room:
                self._pause_upstream()
                self._timer = self._exchange.worker.loop.call_later(self._pace.delay(), self._look_again)
                return
            data = bytes(self._held[:room])
            del self._held[:room]
            self._pace.count(len(data))
            super().answer_data(data)
        if self._end:
            super().answer_end()
        elif not self._full and self._exchange.connection is not None:
            self._exchange.connection.resume_reading()

    def answer_broken(self) -> None:
        """The upstream will send no more, though it should."""
        self._stop()
        super().answer_broken()

    def close(self) -> None:
        """Give back what was put aside."""
        self._stop()
        super().close()

    def _stop(self) -> None:
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _rate(exchange: Exchange) -> int:
    """The limit in bytes per second; 0 for none, and as in nginx where the answer is not buffered."""
    template = exchange.options.limit_rate
    if template is None or not exchange.buffering:
        return 0
    text = template.render(exchange.request).decode("utf-8", "backslashreplace")
    try:
        return values.size(text) if text else 0
    except ValueError as error:
        exchange.request.complain(ERROR, str(error))
        return 0


class PacedStoringRelay(PacedRelay, StoringRelay):
    """Both."""


class RangedRelay(Relay):
    """Bit by bit even where all came at once: one range is cut out of it, not several (``proxy_force_ranges``)."""


def relay_class(options: Options) -> type[Relay]:
    """The one for what a location wants of its answers."""
    if options.limit_rate is not None:
        return PacedStoringRelay if options.store is not None else PacedRelay
    if options.store is not None:
        return StoringRelay
    return RangedRelay if options.force_ranges else Relay
