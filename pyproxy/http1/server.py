"""aiohttp's low-level server, which listens and shuts down, with our own protocol on its connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import web

from pyproxy.core.route import Route
from pyproxy.core.site import Listener
from pyproxy.core.worker import Worker
from pyproxy.http1.connection import ClientConnection
from pyproxy.http1.crowd import make_room
from pyproxy.http1.head import HeadLimits, RequestParser
from pyproxy.http1.memory import Memory
from pyproxy.http1.proxied_connection import ProxiedConnection


class Http1Server(web.Server):
    """Makes a ClientConnection for every connection to one listen address.

    The stock request handler costs ten times what nginx spends on a request; what is kept of aiohttp
    is the runner: sites, graceful shutdown, the list of connections.
    """

    def __init__(self, worker: Worker, listener: Listener) -> None:
        super().__init__(_unused)
        self.worker = worker
        self.listener = listener
        self.draining = False
        self.grace: float | None = None
        """Seconds that ``shutdown`` waits; None: for ever."""
        listeners = (listener, *listener.particular.values())
        proxied = any(each.proxy_protocol for each in listeners)
        self._connection = ProxiedConnection if proxied else ClientConnection
        self._empty: asyncio.Future[None] | None = None
        server = listener.names.default
        count, size = server.header_buffers
        self.parser = RequestParser(
            HeadLimits(line=size, total=server.header_buffer_size + count * size, fields=server.max_headers),
            ignore_invalid_headers=server.ignore_invalid_headers,
            underscores_in_headers=server.underscores_in_headers,
            allow_connect=lambda host: listener.names.find(host)[0].allow_connect,
        )
        self.first_heads: Memory[Route] = Memory(entries=256, size=128 * 1024, longest=1024)
        """Where the first heads of connections lead: clients that open one for each request send the same again."""
        self._live: set[ClientConnection] = set()

    def __call__(self) -> Any:
        return self._connection(self)

    @property
    def connections(self) -> list[Any]:
        return list(self._live)

    def add(self, connection: ClientConnection) -> None:
        """A connection has been made."""
        self._live.add(connection)
        self.worker.watched.add(connection)
        self.worker.counters.opened(connection)
        if len(self.worker.watched) > self.worker.connections:
            make_room(self.worker, connection)

    def remove(self, connection: ClientConnection) -> None:
        """A connection is gone."""
        self._live.discard(connection)
        self.worker.watched.discard(connection)
        self.worker.counters.closed(connection)
        if not self._live and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def pre_shutdown(self) -> None:
        """Close what is idle; the others close after their response."""
        self.draining = True
        for connection in list(self._live):
            connection.close()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # aiohttp's
        """Wait for the connections that are still busy, ``grace`` seconds at most, then cut them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.grace):
                await self._all_gone()
        for connection in list(self._live):
            await connection.shutdown()
        # their last lines are still to be logged
        await self._all_gone()

    async def _all_gone(self) -> None:
        while self._live:
            self._empty = self.worker.loop.create_future()
            await self._empty


async def _unused(request: Any) -> Any:
    raise NotImplementedError("requests are answered by ClientConnection")
