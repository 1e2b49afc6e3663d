"""Configurations at work: the newest accepts connections, older ones finish what they have begun."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.http1.server import Http1Server
from pyproxy.process.listen import BACKLOG


class Serving:
    """One generation: serves one site until it is stopped."""

    def __init__(self, worker: Worker, site: Site) -> None:
        self.site = site
        self._worker = worker
        self._runners: list[tuple[web.ServerRunner, Http1Server]] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Accept connections on duplicates of ``sockets``, which are in the order of the site's listeners."""
        for listener, sock in zip(self.site.listeners, sockets, strict=True):
            server = Http1Server(self._worker, listener)
            server.grace = self.site.shutdown_timeout
            runner = web.ServerRunner(server)
            await runner.setup()
            self._runners.append((runner, server))
            await web.SockSite(runner, sock.dup(), backlog=listener.options.get("backlog", BACKLOG)).start()

    async def stop(self) -> None:
        """Accept no more, and let what has begun end, within ``worker_shutdown_timeout`` if there is one."""
        # all at once: a listener must not go on accepting while another one drains
        await asyncio.gather(*(runner.cleanup() for runner, _ in self._runners))
        for close in self.site.closers:
            close()

    async def cut(self) -> None:
        """Close every connection, so that ``stop`` does not wait for any."""
        for _, server in self._runners:
            server.grace = 0.0
            for connection in server.connections:
                await connection.shutdown()


class Generations:
    """Every configuration that has a connection left; the current one takes the new ones."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._current: Serving | None = None
        self._draining: dict[Serving, asyncio.Task[None]] = {}

    async def serve(self, site: Site, sockets: list[socket.socket]) -> None:
        """Let this site take the new connections from now on. If it cannot (OSError), all stays as it was."""
        new = Serving(self._worker, site)
        try:
            await new.start(sockets)
        except BaseException:
            await new.cut()
            await new.stop()
            raise
        self.drain()
        self._current = new

    def drain(self) -> None:
        """Let the current generation end what it has begun."""
        if self._current is None:
            return
        serving, self._current = self._current, None
        task = self._worker.spawn(serving.stop())
        self._draining[serving] = task
        task.add_done_callback(lambda _: self._draining.pop(serving))

    async def drained(self) -> None:
        """Wait until no generation has a connection left."""
        while self._draining:
            await asyncio.wait(self._draining.values())

    async def cut(self) -> None:
        """Wait no longer: close the connections that are left."""
        for serving in list(self._draining):
            await serving.cut()
        await self.drained()
