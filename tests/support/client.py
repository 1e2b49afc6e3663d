"""A client that sends raw bytes and reads what comes back, one answer after the other."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field

PATIENCE = 5.0
"""Seconds that anything on the loopback may take."""


@dataclass
class Answer:
    """One answer; ``cut`` if the connection ended before it was complete."""

    status: int
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, rcvbuf: int = 0) -> Client:
        """``rcvbuf``: bytes that the kernel holds for a client that does not read (0: as usual)."""
        sock = socket.socket()
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=sock, limit=rcvbuf or 1 << 20))

    async def send(self, *pieces: bytes) -> None:
        """Send the pieces, so that each can arrive on its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def ask(self, request: bytes, method: str = "GET") -> Answer:
        """Send a request and read its answer."""
        await self.send(request)
        return await self.answer(method)

    async def answer(self, method: str = "GET") -> Answer:
        """Read one answer, 1xx included, in its framing."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")[:-2]
            pairs = (line.split(": ", 1) for line in lines)
            answer = Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs})
            if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
                return answer
            if answer.fields.get("transfer-encoding") == "chunked":
                await self._chunks(answer)
            elif "content-length" in answer.fields:
                length = int(answer.fields["content-length"])
                try:
                    answer.body = await self.reader.readexactly(length)
                except (asyncio.IncompleteReadError, ConnectionError) as error:
                    answer.body, answer.cut = getattr(error, "partial", b""), True
            else:
                try:
                    answer.body = await self.reader.read()
                except ConnectionError:
                    answer.cut = True
        return answer

    async def _chunks(self, answer: Answer) -> None:
        try:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                answer.body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            answer.cut = True

    def arrived(self) -> bool:
        """Whether there is something to read."""
        return bool(self.reader._buffer)  # type: ignore[attr-defined]

    async def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """Everything until the proxy ends the connection. A reset is a ConnectionResetError."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def is_closed(self) -> bool:
        """Wait for the end, with nothing more coming."""
        try:
            return await self.rest() == b""
        except ConnectionError:
            return True

    def half_close(self) -> None:
        """Send no more."""
        self.writer.write_eof()

    def close(self) -> None:
        """Leave."""
        self.writer.close()

    def reset(self) -> None:
        """Leave without a word."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
