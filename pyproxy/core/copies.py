"""Requests that no client waits for: ``mirror``, ``post_action``. A worker that is to end waits for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.subrequest import Subrequest


class Copies:
    """Those of one worker that are not over."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: dict[Subrequest, asyncio.Future[None]] = {}

    def begin(self, copy: Subrequest) -> None:
        """Send it on its way."""
        self._running[copy] = self._loop.create_future()
        copy.begin()

    def end(self, copy: Subrequest) -> None:
        """It is over, or is to be."""
        if (over := self._running.pop(copy, None)) is not None:
            copy.let_go()
            over.set_result(None)

    def cut(self) -> None:
        """End all of them."""
        for copy in list(self._running):
            self.end(copy)

    async def over(self, seconds: float | None) -> None:
        """Wait for those that run now, so many seconds at most (None: for ever), and end those that are left."""
        running = dict(self._running)
        if running:
            await asyncio.wait(running.values(), timeout=seconds)
            for copy in running:
                self.end(copy)
