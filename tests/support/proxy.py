"""pyproxy inside the test's own event loop: a configuration's text at work on a free port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from pyproxy.compile import Sources, load_schema
from pyproxy.config.schema import Schema
from pyproxy.core.logs.log import LogFile, Logs
from pyproxy.core.logs.logfile import SOON, Gathering
from pyproxy.core.logs.logsink import FileSink
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.process.serving import Serving

from .client import Client

FRAME = """
error_log {folder}/error.log info;
http {{
    log_format plain '$status "$request" $body_bytes_sent [$upstream_status]';
    access_log {folder}/access.log plain;
    {http}
    server {{
        listen 127.0.0.1:80;
        {server}
    }}
}}
"""
TICK = 0.02
"""Seconds between two looks at the deadlines."""
PATIENCE = 5.0
"""Seconds until something that was waited for has failed to come."""

_schema: list[Schema] = []


class _Lines(LogFile):
    """A log that is kept in memory."""

    def __init__(self, logs: Logs) -> None:
        super().__init__(logs, FileSink(None))
        self.lines: list[str] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line.decode().rstrip("\n"))


class MemoryLogs(Logs):
    """Logs by the names of their files."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, _Lines] = {"access.log": _Lines(self), "error.log": _Lines(self)}

    def open(self, path: str, gathering: Gathering = SOON) -> LogFile:
        return self.kept[Path(path).name]


class Proxy:
    """What a test wants to know of it."""

    def __init__(self, port: int, site: Site, worker: Worker, logs: MemoryLogs) -> None:
        self.port = port
        self.site = site
        self.worker = worker
        self.access = logs.kept["access.log"].lines
        """The lines of its access log so far."""
        self._errors = logs.kept["error.log"].lines
        self._clients: list[Client] = []

    async def client(self, **options: int) -> Client:
        """A new connection to it."""
        client = await Client.connect(self.port, **options)
        self._clients.append(client)
        return client

    async def leave(self) -> None:
        """Close what clients have left open."""
        for client in self._clients:
            client.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await client.writer.wait_closed()

    @property
    def errors(self) -> str:
        """Its error log so far."""
        return "\n".join(self._errors)

    async def logged(self, count: int = 1) -> list[str]:
        """Wait for so many lines in the access log."""
        await until(lambda: len(self.access) >= count)
        return self.access


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # some of what is waited for tells nobody
            await asyncio.sleep(0.002)


def open_files() -> set[tuple[str, str]]:
    """Descriptor and name of every regular file that this process has open. On Linux; elsewhere they are not known."""
    found = set()
    for fd in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(FileNotFoundError):  # that of glob itself
            if stat.S_ISREG(fd.stat().st_mode):
                found.add((fd.name, os.readlink(fd)))
    return found


def _compile(folder: Path, server: str, http: str, logs: Logs) -> Site:
    if not _schema:
        _schema.append(load_schema())
    file = folder / "nginx.conf"
    file.write_text(FRAME.format(folder=folder, server=server, http=http))
    sources = Sources(str(file), str(folder))
    return sources.compile(sources.load(_schema[0]), _schema[0], logs)


@contextlib.asynccontextmanager
async def serve(folder: Path, server: str, http: str = "", sndbuf: int = 0) -> AsyncIterator[Proxy]:
    """Serve the directives ``server`` (of a server) and ``http`` until the block ends; then nothing may be left."""
    before = open_files()
    logs = MemoryLogs()
    site = await asyncio.to_thread(_compile, folder, server, http, logs)
    worker = Worker(asyncio.get_running_loop(), TICK)
    serving = Serving(worker, site)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        if sndbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        sock.setblocking(False)
        await serving.start([sock])
        proxy = Proxy(sock.getsockname()[1], site, worker, logs)
        try:
            yield proxy
        finally:
            await proxy.leave()
            async with asyncio.timeout(PATIENCE):
                await serving.cut()
                await serving.stop()
            await until(lambda: not worker.watched)
            worker.close()
    left = open_files() - before
    assert not left, f"open for ever: {left}"
