"""An upstream that does what a test's script says, connection by connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

PATIENCE = 5.0
"""Seconds that anything on the loopback may take."""


class Visit:
    """One connection from the proxy."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        """1 for the first connection, and so on."""
        self.reader = reader
        self.writer = writer
        self.heads: list[bytes] = []

    async def head(self) -> bytes:
        """Read a request's head."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        return head

    async def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def request(self) -> tuple[bytes, bytes]:
        """Read a request: its head and its body."""
        head = await self.head()
        if length := re.search(rb"\r\nContent-Length: (\d+)\r\n", head):
            return head, await self.read(int(length[1]))
        body = b""
        if b"\r\nTransfer-Encoding: chunked\r\n" in head:
            async with asyncio.timeout(PATIENCE):
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    body += (await self.reader.readexactly(size + 2))[:-2]
                await self.reader.readexactly(2)
        return head, body

    async def say(self, *pieces: bytes) -> None:
        """Send the pieces, so that each can arrive on its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def ended(self) -> bytes:
        """Wait until the proxy ends the connection; what it still sent."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""

    def close(self) -> None:
        """End the connection."""
        self.writer.close()

    def reset(self) -> None:
        """End it without a word."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Visit], Awaitable[None]]


class Upstream:
    """Listens; every connection is given to the script."""

    def __init__(self, script: Script) -> None:
        self.port = 0
        self.visits: list[Visit] = []
        self._script = script
        self._tasks: list[asyncio.Task[None]] = []

    def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(len(self.visits) + 1, reader, writer)
        self.visits.append(visit)
        self._tasks.append(asyncio.ensure_future(self._play(visit)))

    async def _play(self, visit: Visit) -> None:
        try:
            await self._script(visit)
        finally:
            visit.writer.close()

    async def done(self) -> None:
        """Wait until every script has come to its end; its failed assertions are the test's."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)


@contextlib.asynccontextmanager
async def upstream(script: Script, rcvbuf: int = 0) -> AsyncIterator[Upstream]:
    """A server for the length of the block. Scripts that have not ended by then are cut short."""
    server = Upstream(script)
    sock = socket.create_server(("127.0.0.1", 0))
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    listening = await asyncio.start_server(server._visit, sock=sock, limit=1 << 20)
    server.port = sock.getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in server._tasks:
            task.cancel()
        for result in await asyncio.gather(*server._tasks, return_exceptions=True):
            if isinstance(result, AssertionError):
                raise result


def answer(body: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    """A plain answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def always(reply: bytes) -> Script:
    """A script that answers every request with the same bytes."""

    async def script(visit: Visit) -> None:
        while True:
            try:
                await visit.request()
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
                return
            await visit.say(reply)

    return script
