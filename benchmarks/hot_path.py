"""Where the time of the hot path goes: the engine in this process, driven without sockets, under cProfile.

Bytes of a request go into the client's connection, the upstream's answer into the upstream's. What sockets, the event
loop and the kernel cost is not in it: this shows Python's part, and which functions it is spent in.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from benchmarks.upstreams.answers import body
from pyproxy.compile import Sources, load_schema
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.http1.server import Http1Server

CONFIGURATION = """
events {}
http {
    access_log %(folder)s/access.log;
    keepalive_requests 1000000000;
    upstream app { server 127.0.0.1:1; keepalive 4; keepalive_requests 1000000000; }
    server {
        listen 127.0.0.1:80;
        location / { proxy_pass http://app; }
    }
}
"""
HEAD = (
    "GET /p/%(n)d HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html\r\n"
    "Cookie: session=%(n)d\r\nReferer: http://localhost/%(n)d\r\n\r\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + body(100)
REQUESTS = 10_000
ROUNDS = 7
SHOWN = 25

Entries = dict[tuple[str, int, str], tuple[int, int, float, float, Any]]
"""Of pstats: by file, line and name; calls, all calls, own time, time with what is called, callers."""


class NoTransport(asyncio.Transport):
    """Takes what is written, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1

    def writelines(self, list_of_data: Any) -> None:
        self.writes += 1

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...

    def is_closing(self) -> bool:
        return False


class NoNetwork(asyncio.SelectorEventLoop):
    """Connections lead nowhere, at once."""

    def __init__(self) -> None:
        super().__init__()
        # As cheap as uvloop's, which is not Python either.
        self.time = time.monotonic  # type: ignore[method-assign]
        self.opened: asyncio.Future[asyncio.BaseProtocol] = self.create_future()
        """The connection to the upstream."""

    async def create_connection(self, protocol_factory: Any, *_: Any, **__: Any) -> Any:
        transport, protocol = NoTransport(), protocol_factory()
        protocol.connection_made(transport)
        self.opened.set_result(protocol)
        return transport, protocol


class Engine:
    """One client's connection and one kept connection to the upstream."""

    def __init__(self, site: Site, logs: Logs) -> None:
        self.loop = asyncio.get_running_loop()
        logs.attach(self.loop)
        self.worker = Worker(self.loop)
        self.client: Any = Http1Server(self.worker, site.listeners[0])()
        self.sent = NoTransport()
        self.client.connection_made(self.sent)
        self.upstream: Any = None

    async def open(self) -> None:
        """Have the connection to the upstream opened by a first request."""
        assert isinstance(self.loop, NoNetwork)
        self.client.data_received((HEAD % {"n": 0}).encode())
        self.upstream = await self.loop.opened
        self.upstream.data_received(ANSWER)

    def serve(self, requests: Sequence[bytes]) -> None:
        """Take all requests, one after the other, to their end. Raises RuntimeError if one was not answered."""
        before = self.sent.writes
        take, answer = self.client.data_received, self.upstream.data_received
        for request in requests:
            take(request)
            answer(ANSWER)
        if self.sent.writes - before < len(requests):
            raise RuntimeError("the engine did not answer every request at once")

    def close(self) -> None:
        self.worker.close()


def compiled(folder: Path) -> tuple[Site, Logs]:
    """The site of CONFIGURATION."""
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION % {"folder": folder})
    schema, logs = load_schema(), Logs()
    sources = Sources(str(file), str(folder))
    return sources.compile(sources.load(schema), schema, logs), logs


def heads(varying: bool, start: int = 0) -> list[bytes]:
    """The heads of REQUESTS requests."""
    return [(HEAD % {"n": start + number if varying else 0}).encode() for number in range(REQUESTS)]


def profile(varying: bool, folder: Path) -> tuple[float, pstats.Stats]:
    """Microseconds of CPU time a request (the best round, without the profiler), and the profile of one round more."""
    site, logs = compiled(folder)
    with asyncio.Runner(loop_factory=NoNetwork) as runner:
        found = runner.run(_profile(varying, site, logs))
    logs.close()
    return found


async def _profile(varying: bool, site: Site, logs: Logs) -> tuple[float, pstats.Stats]:
    engine = Engine(site, logs)
    await engine.open()
    best = float("inf")
    for number in range(ROUNDS):
        requests = heads(varying, number * REQUESTS)
        gc.collect()
        # This thread's CPU time: others may want the core, and the threads that write logs have their own.
        start = time.thread_time()
        engine.serve(requests)
        best = min(best, time.thread_time() - start)
        await asyncio.sleep(0)
    requests = heads(varying, ROUNDS * REQUESTS)
    profiler = cProfile.Profile()
    profiler.runcall(engine.serve, requests)
    engine.close()
    return best / REQUESTS * 1e6, pstats.Stats(profiler)


def show() -> None:
    """Print both cases as tables."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    for varying in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            microseconds, stats = profile(varying, Path(folder))
        entries: Entries = stats.stats  # type: ignore[attr-defined]
        name = "every head is new" if varying else "every head is the same"
        console.print(f"\n[bold]{name}: {microseconds:.2f} µs of CPU time a request in Python, without sockets[/bold]")
        console.print(_parts(entries))
        console.print(_functions(entries))


def _parts(entries: Entries) -> Table:
    """Where the time goes by rooms of the house; what is built in counts for nobody."""
    table = Table("part", Column("own time, %", justify="right"))
    times: defaultdict[str, float] = defaultdict(float)
    for (file, line, _), (_, _, own, _, _) in entries.items():
        times[str(Path(_shortened(file)).parent) if line else "built in"] += own
    total = sum(times.values())
    for part, own in sorted(times.items(), key=lambda item: -item[1]):
        table.add_row(part, f"{100 * own / total:.1f}")
    return table


def _functions(entries: Entries) -> Table:
    table = Table()
    for column in ("calls a request", "own time, %", "with what it calls, %", "function"):
        table.add_column(column, justify="left" if column == "function" else "right")
    total = sum(entry[2] for entry in entries.values())
    for (file, line, name), (_, calls, own, whole, _) in sorted(entries.items(), key=lambda e: -e[1][2])[:SHOWN]:
        place = f"{_shortened(file)}:{line} {name}" if line else name
        table.add_row(f"{calls / REQUESTS:.2f}", f"{100 * own / total:.1f}", f"{100 * whole / total:.1f}", place)
    return table


def _shortened(file: str) -> str:
    parts = Path(file).parts
    return "/".join(parts[parts.index("pyproxy") + 1 :] if "pyproxy" in parts[:-1] else parts[-2:])
