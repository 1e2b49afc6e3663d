"""``resolver``: names looked up with DNS servers of the configuration's own choice, while requests wait."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pyproxy.upstream.dns_client import ask
from pyproxy.upstream.dns_message import AAAA, A, Answer, make_query

if TYPE_CHECKING:
    from pyproxy.core.worker import Worker

RESEND: Final = 5.0
"""Seconds after which the next server is asked."""
GIVE_UP: Final = 30.0
"""Seconds after which nobody is asked any more, however long requests would wait."""
ALIASES: Final = 8
"""The most CNAMEs one after the other."""
KEPT: Final = 4096
"""Names that are remembered."""

# as nginx calls them
_FAILURES = {1: "Format error", 2: "Server failure", 3: "Host not found", 4: "Unimplemented", 5: "Operation refused"}
_NOT_FOUND = 3


class LookupFailed(Exception):
    """A name has no address, or nobody said so in time; with the number and words that nginx logs."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code}: {_FAILURES.get(code, 'Unknown error')}")
        self.code = code


class Resolver:
    """Asks its servers in turn, and remembers what they say for as long as they say."""

    def __init__(self, servers: Sequence[tuple[str, int]], valid: float | None, ipv4: bool, ipv6: bool) -> None:
        """``servers`` are addresses and ports; ``valid`` is how many seconds answers count, None: as they say."""
        self._servers = servers
        self._valid = valid
        self._kinds = [kind for kind, wanted in ((A, ipv4), (AAAA, ipv6)) if wanted]
        self._next = 0
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._asked: dict[str, asyncio.Task[list[str]]] = {}

    def known(self, name: str) -> list[str] | None:
        """The addresses of a name, if they are remembered and still true."""
        found = self._known.get(name.lower())
        return found[1] if found is not None and time.monotonic() < found[0] else None

    async def look_up(self, name: str, worker: Worker, timeout: float) -> list[str]:  # noqa: ASYNC109
        """Its addresses, at least one. Raises LookupFailed, or TimeoutError after ``timeout`` seconds."""
        name = name.lower()
        task = self._asked.get(name)
        if task is None:
            task = self._asked[name] = worker.loop.create_task(self._ask(name))
            worker.tasks.add(task)
            task.add_done_callback(lambda done: self._answered(name, done, worker))
        async with asyncio.timeout(timeout):
            # others may wait for the same answer
            return await asyncio.shield(task)

    def _answered(self, name: str, task: asyncio.Task[list[str]], worker: Worker) -> None:
        self._asked.pop(name, None)
        worker.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has got it

    async def _ask(self, name: str) -> list[str]:
        addresses, seconds = await self._find(name)
        if len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[name] = (time.monotonic() + (seconds if self._valid is None else self._valid), addresses)
        return addresses

    async def _find(self, name: str) -> tuple[list[str], float]:
        """The addresses, and for how many seconds they count. An error about one kind is one about the name."""
        seconds = float(1 << 31)
        for _ in range(ALIASES):
            answers = await self._exchange(name)
            for answer in answers:
                if answer.code:
                    raise LookupFailed(answer.code)
            seconds = min([seconds, *(float(answer.ttl) for answer in answers)])
            if addresses := [address for answer in answers for address in answer.addresses]:
                return addresses, seconds
            # of kinds that disagree about an alias the last one counts, as in nginx
            alias = answers[-1].alias
            if alias is None:
                break
            name = alias
        raise LookupFailed(_NOT_FOUND)

    async def _exchange(self, name: str) -> list[Answer]:
        """Ask one server for all kinds, and the next one if it does not answer."""
        try:
            queries = [make_query(int.from_bytes(os.urandom(2)), name, kind) for kind in self._kinds]
        except ValueError:
            raise LookupFailed(_NOT_FOUND) from None
        async with asyncio.timeout(GIVE_UP):
            while True:
                server = self._servers[self._next % len(self._servers)]
                self._next += 1
                answers = await asyncio.gather(*(ask(query, server, RESEND) for query in queries))
                if None not in answers:
                    return [answer for answer in answers if answer is not None]
