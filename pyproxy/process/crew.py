"""The workers that serve one configuration; one that dies is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import ALERT, EMERG, NOTICE
from pyproxy.core.site import Site
from pyproxy.process.control import Job
from pyproxy.process.loop import Tell
from pyproxy.process.sockets import Sockets
from pyproxy.process.worker_process import WorkerProcess, how_ended
from pyproxy.process.zones import SharedZones

STEADY = 5.0
"""Seconds of life after which the death of a worker is an accident, and it is replaced at once."""
FIRST_WAIT = 0.25
LONGEST_WAIT = 8.0
"""Seconds until the next attempt; the wait doubles from the first to this one."""


Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Crew:
    """A Generation of worker processes."""

    def __init__(self, site: Site, file: str, sockets: Sockets, zones: SharedZones, tell: Tell, spawn: Spawn) -> None:
        processes = site.processes
        self._zones = zones
        self._job = Job(processes.directives, site.prefix, file, processes.user, site.resolved, zones.paths(site))
        self._count = processes.workers
        self._site = site
        self._sockets = sockets
        self._tell = tell
        self._spawn = spawn
        self._workers: dict[int, WorkerProcess] = {}
        self._starting: set[WorkerProcess] = set()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start them all, and let them serve once each is ready. Raises ConfigError or OSError; then none runs."""
        starting = [asyncio.ensure_future(self._start_one()) for _ in range(self._count)]
        try:
            workers = await asyncio.gather(*starting)
            self._sockets.spread(self._site, self._count)
        except BaseException:
            for task in starting:
                task.cancel()
            for result in await asyncio.gather(*starting, return_exceptions=True):
                if isinstance(result, WorkerProcess):
                    await result.discard()
            raise
        for number, worker in enumerate(workers):
            self._serve(number, worker)
            self._keepers.append(self._spawn(self._keep(number)))

    async def _start_one(self) -> WorkerProcess:
        worker = WorkerProcess(self._zones.board)
        self._starting.add(worker)
        try:
            await worker.prepare(replace(self._job, seat=worker.seat))
        except BaseException:
            self._starting.discard(worker)
            raise
        return worker

    def _serve(self, number: int, worker: WorkerProcess) -> None:
        worker.serve(self._sockets.share(self._site, number, self._count))
        self._starting.discard(worker)
        self._workers[number] = worker

    async def _keep(self, number: int) -> None:
        """Replace the worker of this number whenever it has died."""
        loop = asyncio.get_running_loop()
        wait = 0.0
        while True:
            worker, began = self._workers[number], loop.time()
            status = await worker.ended()
            del self._workers[number]
            if loop.time() - began >= STEADY:
                wait = 0.0
            self._tell(ALERT, f"worker process {worker.pid} {how_ended(status)}")
            while number not in self._workers:
                await asyncio.sleep(wait)
                wait = min(max(FIRST_WAIT, wait * 2), LONGEST_WAIT)
                try:
                    self._serve(number, await self._start_one())
                except (ConfigError, OSError) as error:
                    self._tell(EMERG, f"no worker takes its place, next attempt in {wait:g} s: {error}")
            self._tell(NOTICE, f"worker process {self._workers[number].pid} takes its place")

    def retire(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()

    async def close(self) -> None:
        self.retire()
        if self._keepers:
            await asyncio.wait(self._keepers)
        await asyncio.gather(*(worker.drain() for worker in self._workers.values()))

    async def stop(self) -> None:
        await self.close()
        await asyncio.gather(*(worker.ended() for worker in self._workers.values()))

    async def cut(self) -> None:
        await asyncio.gather(*(worker.cut() for worker in self._workers.values()))

    def reopen(self) -> None:
        for worker in (*self._workers.values(), *self._starting):
            worker.reopen()
