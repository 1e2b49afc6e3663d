"""``resolver``: names looked up with DNS servers of the configuration's own choice, while requests wait.

The library (dnspython) is imported by the first ``resolver``: whoever has none does not pay for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import dns.message

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
        import dns.asyncquery  # noqa: F401  # before any request waits for it

        self._servers = servers
        self._valid = valid
        self._kinds = [name for name, wanted in (("A", ipv4), ("AAAA", ipv6)) if wanted]
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
            chains = [_chain(answer) for answer in await self._exchange(name)]
            told = [chain for chain in chains if chain.answer is not None or chain.cnames]
            seconds = min([seconds, *(float(chain.minimum_ttl) for chain in told)])
            addresses = [record.to_text() for chain in told if chain.answer is not None for record in chain.answer]
            if addresses:
                return addresses, seconds
            if not told:
                break
            # an alias whose own addresses were not told
            name = told[-1].canonical_name.to_text()
        raise LookupFailed(_NOT_FOUND)

    async def _exchange(self, name: str) -> list[dns.message.Message]:
        """Ask one server for all kinds, and the next one if it does not answer."""
        import dns.exception
        import dns.message

        try:
            queries = [dns.message.make_query(name, kind) for kind in self._kinds]
        except dns.exception.DNSException:
            raise LookupFailed(_NOT_FOUND) from None
        async with asyncio.timeout(GIVE_UP):
            while True:
                server = self._servers[self._next % len(self._servers)]
                self._next += 1
                answers = await asyncio.gather(*(_asked(query, server) for query in queries))
                if None not in answers:
                    return [answer for answer in answers if answer is not None]


async def _asked(query: dns.message.Message, server: tuple[str, int]) -> dns.message.Message | None:
    """What the server answers, by TCP if it is too much for UDP; None if nothing in time."""
    import dns.asyncquery
    import dns.exception

    try:
        # what is no answer to the question is waited over: anybody can send it
        answer, _ = await dns.asyncquery.udp_with_fallback(
            query, server[0], RESEND, server[1], ignore_unexpected=True, ignore_errors=True
        )
    except dns.exception.Timeout:
        return None
    except (dns.exception.DNSException, OSError, EOFError):
        # an answer by TCP that is none, or a server that is not there
        await asyncio.sleep(RESEND)
        return None
    return answer


def _chain(answer: dns.message.Message) -> dns.message.ChainingResult:
    """What an answer says. Raises LookupFailed for an error."""
    import dns.exception
    import dns.message

    if answer.rcode() or not isinstance(answer, dns.message.QueryMessage):
        raise LookupFailed(answer.rcode())
    try:
        return answer.resolve_chaining()
    except dns.exception.DNSException:
        raise LookupFailed(_NOT_FOUND) from None
