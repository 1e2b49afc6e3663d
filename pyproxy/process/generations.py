"""Configurations at work: the newest accepts connections, older ones finish what they have begun."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from pyproxy.core.site import Site
from pyproxy.core.worker import Worker


class Generation(Protocol):
    """What serves one configuration: this process itself, or its workers."""

    def retire(self) -> None:
        """Replace nothing that ends: the sockets are about to be closed."""

    async def close(self) -> None:
        """Accept no more."""

    async def stop(self) -> None:
        """Accept no more, and let what has begun end, within ``worker_shutdown_timeout`` if there is one."""

    async def cut(self) -> None:
        """Close every connection, so that ``stop`` does not wait for any."""

    def reopen(self) -> None:
        """Open the logs anew, where they are not this process's."""


def tick(site: Site) -> float:
    """Deadlines are watched once a second, or more often where a configuration has short ones."""
    return min(1.0, max(0.02, site.shortest_timeout / 4))


class Generations:
    """Every configuration that has a connection left; the current one takes the new ones."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._current: Generation | None = None
        self._starting: Generation | None = None
        self._draining: dict[Generation, asyncio.Task[None]] = {}

    async def serve(self, new: Generation, starting: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Let it take the new connections once it has started. If it cannot, all stays as it was.

        What is returned is done when the generation before has ended.
        """
        self._starting = new
        try:
            await starting
        except BaseException:
            await new.cut()
            await new.stop()
            raise
        finally:
            self._starting = None
        old, self._current = self._current, new
        return await self._retire(old)

    def retire(self) -> None:
        """Have the current generation start nothing more, so that its sockets may be closed."""
        if self._current is not None:
            self._current.retire()

    async def drain(self) -> None:
        """Let the current generation accept no more, and end what it has begun."""
        old, self._current = self._current, None
        await self._retire(old)

    async def _retire(self, generation: Generation | None) -> asyncio.Task[None] | None:
        if generation is None:
            return None
        task = self._worker.spawn(generation.stop())
        self._draining[generation] = task
        task.add_done_callback(lambda _: self._draining.pop(generation))
        # whoever connects after this is served by the new one
        await generation.close()
        return task

    async def drained(self) -> None:
        """Wait until no generation has a connection left."""
        while self._draining:
            await asyncio.wait(self._draining.values())

    async def cut(self) -> None:
        """Wait no longer: close the connections that are left."""
        for generation in list(self._draining):
            await generation.cut()
        await self.drained()

    def reopen(self) -> None:
        """Have every process open its logs anew."""
        for generation in (*self._draining, self._current, self._starting):
            if generation is not None:
                generation.reopen()
