"""A request's body, read whole before anything else is done with the request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyproxy.core import phases
from pyproxy.core.logs.log import CRIT, WARN
from pyproxy.core.spool import NamedSpool, Spool

if TYPE_CHECKING:
    from pyproxy.core.request import Request


class BodySpooler:
    """Takes a request's body whole, before anybody is asked: slow clients do not hold the application's workers."""

    def __init__(self, request: Request, then: Callable[[Spool], None]) -> None:
        limits = request.location.limits
        folder = limits.body_temp_path
        self._request = request
        self._then = then
        if limits.body_in_file_only == "off":
            self._spool = Spool(limits.body_buffer_size, folder.path if folder is not None else None)
        else:
            self._spool = NamedSpool(folder, keep=limits.body_in_file_only == "on")
        self._failed = False
        request.handler = self

    def body_data(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._failed:
            return
        try:
            in_memory = not self._spool.in_file
            self._spool.append(data)
        except OSError as error:
            self._request.complain(CRIT, f"cannot buffer a request body: {error}")
            self.body_failed(500)
            return
        if in_memory and self._spool.in_file:
            self._request.complain(WARN, "a client request body is buffered to a temporary file")

    def body_end(self, data: bytes = b"") -> None:
        """It is whole."""
        if data:
            self.body_data(data)
        if self._failed:
            return
        self._request.handler = None
        self._request.body = self._spool
        self._then(self._spool)

    def body_failed(self, status: int) -> None:
        """It never will be."""
        self._failed = True
        self._request.handler = None
        self._spool.close()
        phases.finalize(self._request, status)

    def pause(self) -> None:
        """Nothing is being sent to the client."""

    def resume(self) -> None:
        """Nothing is being sent to the client."""

    def client_gone(self) -> bool:
        """The client left."""
        self.stop()
        return False

    def stop(self) -> None:
        """Something else is answered."""
        self._failed = True
        self._spool.close()


async def read_whole(request: Request) -> Spool:
    """Wait for all of the body: from then on it is the request's (``body``). CancelledError if it never comes, for then
    the request has been answered, or nobody is there to answer."""
    whole: asyncio.Future[Spool] = request.stream.worker.loop.create_future()
    request.stream.read_body(_Awaited(request, whole))
    return await whole


class _Awaited(BodySpooler):
    def __init__(self, request: Request, whole: asyncio.Future[Spool]) -> None:
        super().__init__(request, whole.set_result)
        self._whole = whole

    def body_failed(self, status: int) -> None:
        """It never will be."""
        self._whole.cancel()
        super().body_failed(status)

    def stop(self) -> None:
        """Nobody wants it."""
        self._whole.cancel()
        super().stop()
