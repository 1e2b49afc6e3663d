"""A worker among the others: its zones and its seat at the board, and what it does for those that have died."""

from __future__ import annotations

import asyncio

from pyproxy.core.counters import Counters
from pyproxy.core.site import Site
from pyproxy.process.control import Job
from pyproxy.process.zones import attach
from pyproxy.zones.board import Board


class Present:
    """The worker's side of SharedZones."""

    def __init__(self, site: Site, job: Job) -> None:
        """Open what the job names. Raises ConfigError or OSError."""
        assert job.seat is not None
        self._site = site
        self._board = Board.shared(job.seat.fd)
        self.counters = Counters(self._board, job.seat.place)
        self._ended = self._board.ended
        attach(site, job.zones, job.seat.worker)

    async def every_second(self) -> None:
        """Publish what this worker counts, and give back what a worker held that has ended."""
        while True:
            await asyncio.sleep(1.0)
            self.counters.publish()
            if self._board.ended != self._ended:
                self._ended = self._board.ended
                self._forget(*self._board.workers)

    def _forget(self, *workers: int) -> None:
        for zone in self._site.zones.values():
            if zone.keep_holders is not None:
                zone.store.forget(zone.keep_holders, *workers)
