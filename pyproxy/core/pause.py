"""Lets a request wait for a time, unless its client leaves."""

from __future__ import annotations

import asyncio

from pyproxy.core.request import Request


async def pause(request: Request, seconds: float) -> None:
    """Wait so long. If the client leaves meanwhile, this returns at once and the request has ended."""
    waiting = _Pause(asyncio.get_running_loop(), seconds)
    request.handler = waiting
    try:
        await waiting.over
    finally:
        waiting.stop()
        if request.handler is waiting:
            request.handler = None


class _Pause:
    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.over: asyncio.Future[None] = loop.create_future()
        self._timer = loop.call_later(seconds, self._end)

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def client_gone(self) -> None:
        self.stop()

    def stop(self) -> None:
        self._timer.cancel()
        self._end()
