"""``limit_rate``: an answer goes out no faster than so many bytes per second."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from pyproxy.core.around import StreamAround, find_around
from pyproxy.core.pace import Pace

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response

PIECE = 65536
"""Bytes sent at once at most."""


def throttle(request: Request, rate: int, after: int = 0) -> None:
    """Let what is sent of the response from now on take its time; ``rate`` in bytes per second, 0 for no limit."""
    if request.values is None:
        request.values = {}
    request.values["limit_rate"] = rate
    # other streams may stand around the one that slows this request down already
    if (slowed := find_around(request.stream, Throttle)) is not None:
        slowed.pace = Pace(rate, after) if rate else None
    elif rate:
        request.stream = Throttle(request, Pace(rate, after))


def limit_rate(request: Request) -> int | None:
    """What ``throttle`` was told for this request (``$limit_rate``); None if nobody has told it anything."""
    rate: int | None = request.values.get("limit_rate") if request.values is not None else None
    return rate


class Throttle(StreamAround):
    """Holds back what may not go out yet, and lets the response's producer wait meanwhile."""

    def __init__(self, request: Request, pace: Pace) -> None:
        super().__init__(request.stream)
        self.pace: Pace | None = pace
        self._request = request
        self._held = bytearray()
        self._file: tuple[int, int, int] | None = None
        """Descriptor, offset and bytes left of a file that is being sent."""
        self._ending = False
        self._full = False
        """Whether the client takes no more, where no producer is left who would be told."""
        self._timer: asyncio.TimerHandle | None = None

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        """Send the head at once, the body at its pace."""
        if self.pace is None or (last and not data) or request.head_only:
            self.inner.start(request, response, data, last)
            return
        self.inner.start(request, response, b"", False)
        self.pace.count(request.head_size)
        self._held += data
        self._ending = last
        if last:
            request.handler = self
        self._go_on()

    def send(self, data: bytes) -> None:
        """Send body bytes, now or later."""
        self._held += data
        self._go_on()
        if self._held and self._request.handler is not None:
            self._request.handler.pause()

    def finish(self) -> None:
        """The body is complete when all that is held has gone out."""
        self._ending = True
        if self._held:
            self._request.handler = self
        self._go_on()

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """Send a file piece by piece, finish, and close it."""
        if self.pace is None or self._request.head_only:
            self.inner.send_file(fd, offset, count)
            return
        self._file = (fd, offset, count)
        self._ending = True
        self._request.handler = self
        self._go_on()

    def abort(self) -> None:
        """End in the middle."""
        self._let_go()
        self.inner.abort()

    def _go_on(self) -> None:
        """Send as much as may go out now, and look again when more may."""
        request = self._request
        while self._timer is None and not self._full and not request.finished:
            if not self._held and self._file is None:
                if self._ending:
                    request.handler = None
                    self.inner.finish()
                elif request.handler is not None:
                    request.handler.resume()
                return
            room = PIECE if self.pace is None else min(PIECE, self.pace.room())
            if not room:
                assert self.pace is not None
                self._timer = self.worker.loop.call_later(self.pace.delay(), self._look_again)
                return
            self._send(self._take(room))

    def _send(self, data: bytes) -> None:
        if not data:
            # the file has become shorter
            self._let_go()
            self.inner.finish()
            return
        if self.pace is not None:
            self.pace.count(len(data))
        self.inner.send(data)

    def _take(self, room: int) -> bytes:
        if self._held:
            data = bytes(self._held[:room])
            del self._held[:room]
            return data
        assert self._file is not None
        fd, offset, left = self._file
        data = os.pread(fd, min(room, left), offset)
        self._file = (fd, offset + len(data), left - len(data))
        if left == len(data):
            os.close(fd)
            self._file = None
        return data

    def _look_again(self) -> None:
        self._timer = None
        self._go_on()

    # as the producer of what is held

    def pause(self) -> None:
        """The client takes no more for now."""
        self._full = True

    def resume(self) -> None:
        """It takes more."""
        self._full = False
        self._go_on()

    def client_gone(self) -> None:
        """It left."""
        self._let_go()

    def stop(self) -> None:
        """Something else is answered."""
        self._let_go()

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._held.clear()
        if self._file is not None:
            os.close(self._file[0])
            self._file = None
        self._ending = False
