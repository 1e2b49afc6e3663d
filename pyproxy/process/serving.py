"""One generation of a configuration at work: its servers on their sockets, until it is drained."""

from __future__ import annotations

import socket

from aiohttp import web

from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.http1.server import Http1Server


class Serving:
    """Serves one site. Sockets are the caller's: each generation listens on duplicates of them."""

    def __init__(self, worker: Worker, site: Site) -> None:
        self.site = site
        self._worker = worker
        self._runners: list[tuple[web.ServerRunner, Http1Server]] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Accept connections; ``sockets`` are in the order of the site's listeners."""
        for listener, sock in zip(self.site.listeners, sockets, strict=True):
            server = Http1Server(self._worker, listener)
            runner = web.ServerRunner(server)
            await runner.setup()
            self._runners.append((runner, server))
            await web.SockSite(runner, sock.dup(), backlog=listener.options.get("backlog", 511)).start()

    async def stop(self, grace: float | None) -> None:
        """Accept no more, let what has begun end within ``grace`` seconds (None: for ever), then cut the rest."""
        for _, server in self._runners:
            server.grace = grace
        for runner, _ in self._runners:
            await runner.cleanup()
        for close in self.site.closers:
            close()
