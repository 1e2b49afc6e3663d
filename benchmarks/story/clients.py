"""Clients that ask for /work and write down what becomes of each request.

    python -m benchmarks.story.clients ADDRESS CLIENTS REQUESTS SECONDS PAUSE

Each client has one request under way. Together they make REQUESTS (0: as many as there is time for) within SECONDS;
then no new one begins, and those under way have PATIENCE seconds more. After a failure a client waits PAUSE seconds.
Prints a Tally as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass

import uvloop

from benchmarks.load.result import percentile

REQUEST = b"GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n"
REFUSED, CLOSED, NO_ANSWER = "refused", "closed", "no answer"
OK = "200"
PATIENCE = 5.0
LARGEST = 65536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Tally:
    """How many requests ended how; requests/s are answers 200, latencies are theirs (seconds)."""

    statuses: dict[str, int]
    seconds: float
    rate: float
    p50: float | None
    p99: float | None

    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != OK)

    @classmethod
    def from_json(cls, text: str) -> Tally:
        return cls(**json.loads(text))


class Clients:
    """All clients together."""

    def __init__(self, address: str, requests: int, pause: float) -> None:
        self.address = address
        self.left: float = requests or math.inf
        self.pause = pause
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.last = 0.0

    async def run(self, clients: int, seconds: float) -> Tally:
        start = self.last = time.perf_counter()
        tasks = [asyncio.create_task(self._client()) for _ in range(clients)]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        self.left = 0
        if late:
            _, late = await asyncio.wait(late, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        took = self.last - start
        found = [None if math.isnan(value) else value for value in (self._latency(0.5), self._latency(0.99))]
        return Tally(dict(sorted(self.statuses.items())), took, self.statuses[OK] / took, *found)

    def _latency(self, part: float) -> float:
        return percentile(self.latencies, part)

    async def _client(self) -> None:
        streams: Streams | None = None
        try:
            while self.left > 0:
                self.left -= 1
                status, streams = await self._request(streams)
                if status != OK:
                    await asyncio.sleep(self.pause)
        finally:
            await _leave(streams)

    async def _request(self, streams: Streams | None) -> tuple[str, Streams | None]:
        """One request to its end: what became of it, and the connection if it goes on."""
        start, status, kept = time.perf_counter(), REFUSED, False
        try:
            streams = streams or await self._connect()
            status = CLOSED
            status, kept = await _ask(*streams)
        except asyncio.CancelledError:
            status = NO_ANSWER
            raise
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # the status says how far it came
        finally:
            self.statuses[status] += 1
            self.last = time.perf_counter()
            if status == OK:
                self.latencies.append(self.last - start)
            if not kept:
                await _leave(streams)
        return status, streams if kept else None

    async def _connect(self) -> Streams:
        if not self.address.startswith("unix:"):
            host, _, port = self.address.partition(":")
            return await asyncio.open_connection(host, int(port))
        # A unix socket whose backlog is full says EAGAIN, which event loops take for "not yet".
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        try:
            sock.connect(self.address[5:])
        except OSError:
            sock.close()
            raise
        return await asyncio.open_unix_connection(sock=sock)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, bool]:
    """The status of one answer, and whether the connection goes on."""
    writer.write(REQUEST)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(b" ", 2)[1].decode()
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), None)
    body = await reader.readexactly(length) if length is not None else await reader.read(LARGEST)
    if status == OK and body != b"done\n":
        raise ValueError(f"another body than expected: {body!r}")
    kept = head.startswith(b"http/1.1") and b"connection: close" not in head and length is not None
    return status, kept


async def _leave(streams: Streams | None) -> None:
    if streams:
        with contextlib.suppress(OSError):
            streams[1].close()
            await streams[1].wait_closed()


async def main(address: str, clients: int, requests: int, seconds: float, pause: float) -> None:
    tally = await Clients(address, requests, pause).run(clients, seconds)
    print(json.dumps(asdict(tally)))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
