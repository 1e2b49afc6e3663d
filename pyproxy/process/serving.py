"""This process serves a configuration: aiohttp's runners and sites, one for every socket."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from pyproxy.core.site import Listener, Site
from pyproxy.core.worker import Worker
from pyproxy.http1.server import Http1Server
from pyproxy.process.descriptors import connections
from pyproxy.process.listen import BACKLOG

LAST_CALL = 1.0
"""Seconds that a kept connection stays open once its server drains: a request that is on its way gets its answer."""

TURNS = 4
"""Turns of the event loop after which all that had come has been accepted: asyncio looks, accepts, begins a task."""


class DrainingServer(Http1Server):
    """Gives connections without a request a little time when it shuts down."""

    def pre_shutdown(self) -> None:
        self.draining = True
        for connection in self.connections:
            connection.keep_alive = False
        self.worker.loop.call_later(LAST_CALL, super().pre_shutdown)


class Serving:
    """A Generation that serves its site in this process."""

    def __init__(self, worker: Worker, site: Site) -> None:
        self.site = site
        self._worker = worker
        worker.connections = connections(site.processes.connections)
        self._runners: list[tuple[web.ServerRunner, Http1Server]] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Accept connections on duplicates of ``sockets``, which are in the order of the site's listeners."""
        for listener, sock in zip(self.site.listeners, sockets, strict=True):
            await self._listen(listener, sock)

    async def start_shares(self, shares: list[list[socket.socket]]) -> None:
        """The same with any number of sockets for each listener."""
        for listener, sockets in zip(self.site.listeners, shares, strict=True):
            for sock in sockets:
                await self._listen(listener, sock)

    async def _listen(self, listener: Listener, sock: socket.socket) -> None:
        server = DrainingServer(self._worker, listener)
        server.grace = self.site.shutdown_timeout
        runner = web.ServerRunner(server)
        await runner.setup()
        self._runners.append((runner, server))
        await web.SockSite(runner, sock.dup(), backlog=listener.options.get("backlog", BACKLOG)).start()

    def retire(self) -> None:
        pass

    async def close(self) -> None:
        # who waits in a queue is let in: nobody else may be there to do it, if the address is listened on no longer
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for runner, _ in self._runners:
            for site in list(runner.sites):
                await site.stop()

    async def stop(self) -> None:
        # all at once: a listener must not go on accepting while another one drains
        await self.close()
        began, grace = self._worker.now(), self.site.shutdown_timeout
        await asyncio.gather(*(runner.cleanup() for runner, _ in self._runners))
        await self._worker.copies.over(max(0.0, began + grace - self._worker.now()) if grace is not None else None)
        for close in self.site.closers:
            close()

    async def cut(self) -> None:
        for _, server in self._runners:
            server.grace = 0.0
            for connection in server.connections:
                await connection.shutdown()
        self._worker.copies.cut()

    def reopen(self) -> None:
        pass
