"""An answer of another URI that stands in the middle of a body, and goes out as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ERROR
from pyproxy.core.subrequest import IN_MEMORY, Subrequest

if TYPE_CHECKING:
    from pyproxy.core.filters.chain import Piece
    from pyproxy.core.request import Request

AHEAD = 1 << 18
"""Bytes that an answer may be ahead of its reader: then whoever makes it is told to wait."""


class Inclusion:
    """One of them. It is begun in the next turn of the loop, so that inclusions in inclusions need no deep stack."""

    def __init__(self, request: Request, uri: bytes, args: bytes, in_memory: bool = False) -> None:
        """``in_memory``: it is to be waited for, and read whole (``text``). Raises Cycle."""
        self.subrequest = Subrequest(request, uri, args, self._done, header_only=False)
        if request.body is not None:
            self.subrequest.body = request.body.share()
        self.subrequest.arrived = self._arrived
        self._in_memory = in_memory
        self._begun = self._over = self._paused = False
        self._read = 0
        """Bytes of the answer that have been read."""
        self._loop = request.stream.worker.loop
        self._more: asyncio.Future[None] | None = None
        """What the reader waits for."""

    def begin(self) -> None:
        """Send it on its way."""
        if not self._begun:
            self._begun = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        if not self._over:
            self.subrequest.begin()

    def read(self) -> Iterator[Piece]:
        """The answer, bit by bit. Raises ValueError if it breaks off."""
        answer = self.subrequest.answer
        while True:
            while self._read < answer.size:
                piece = answer.read(self._read, IN_MEMORY)
                self._read += len(piece)
                yield piece
            self._go_on()
            if self._over:
                break
            self._more = self._loop.create_future()
            yield self._more
        self._check()

    def wait(self) -> Iterator[Piece]:
        """Until it is whole. Raises ValueError if it breaks off, or is too long."""
        while not self._over:
            self._more = self._loop.create_future()
            yield self._more
        self._check()

    @property
    def text(self) -> bytes:
        """The answer."""
        return self.subrequest.answer.read(0, self.subrequest.answer.size)

    def let_go(self) -> None:
        """Nothing of it is wanted any longer."""
        self._over = True
        self.subrequest.let_go()

    def _check(self) -> None:
        if self.subrequest.cut:
            uri = self.subrequest.uri.decode(errors="replace")
            raise ValueError(f'the answer of the subrequest "{uri}" is not complete')

    def _arrived(self) -> None:
        subrequest = self.subrequest
        if self._in_memory:
            if subrequest.answer.size > subrequest.location.limits.subrequest_output_buffer_size:
                subrequest.complain(ERROR, "too big subrequest response")
                subrequest.give_up()
                subrequest.stream.abort()
        elif not self._paused and subrequest.answer.size - self._read > AHEAD and subrequest.handler is not None:
            self._paused = True
            subrequest.handler.pause()
        self._wake()

    def _go_on(self) -> None:
        """All that has come has been read: forget it."""
        subrequest = self.subrequest
        subrequest.answer.clear()
        self._read = 0
        if self._paused:
            self._paused = False
            if subrequest.handler is not None:
                subrequest.handler.resume()

    def _done(self, subrequest: Subrequest) -> None:
        self._over = True
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)
