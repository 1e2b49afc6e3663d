"""A load of WebSocket messages: each connection sends one, waits for its echo, and sends the next.

python -m benchmarks.load.websocket PORT CONNECTIONS BYTES SECONDS
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import cast

import uvloop

from .result import Load, percentile

HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The answer to that key, from RFC 6455, 1.3."""
PATIENCE = 10.0


def frame(payload: bytes, masked: bool) -> bytes:
    """One binary message. As a client's it has the masking key 0."""
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        length = bytes([bit | size])
    elif size < 1 << 16:
        length = bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([bit | 127]) + size.to_bytes(8, "big")
    return b"\x82" + length + (bytes(4) if masked else b"") + payload


class Talker(asyncio.Protocol):
    """One connection. The first echo is compared byte by byte, the others by their length."""

    def __init__(self, payload: bytes, latencies: list[float]) -> None:
        self.message, self.echo = frame(payload, True), frame(payload, False)
        self.latencies = latencies
        self.first = b""
        self.missing = 0
        self.going = self.open = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(HANDSHAKE)

    def go(self) -> None:
        self.going = True
        self._send()

    def _send(self) -> None:
        self.missing = len(self.echo)
        self.sent = time.perf_counter()
        self.transport.write(self.message)

    def data_received(self, data: bytes) -> None:
        if self.going:
            self.missing -= len(data)
            if not self.missing:
                self.latencies.append(time.perf_counter() - self.sent)
                self._send()
            return
        self.first += data
        if not self.open and b"\r\n\r\n" in self.first:
            head, _, self.first = self.first.partition(b"\r\n\r\n")
            if b" 101 " not in head or ACCEPT not in head:
                self._fail(f"no WebSocket: {head!r}")
            self.open = True
            self._send()
        elif self.open and len(self.first) >= len(self.echo) and not self.ready.done():
            if self.first != self.echo:
                self._fail("another echo than the message")
            else:
                self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the connection was closed")

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(why))


async def talk(port: int, connections: int, size: int, seconds: float) -> Load:
    """Raises RuntimeError if an echo is wrong."""
    loop = asyncio.get_running_loop()
    payload, latencies = os.urandom(size), list[float]()
    talkers = []
    for _ in range(connections):
        _, talker = await loop.create_connection(lambda: Talker(payload, latencies), "127.0.0.1", port)
        talkers.append(talker)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(talker.ready for talker in talkers))
    start = time.perf_counter()
    for talker in talkers:
        talker.go()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - start
    lost = sum(talker.transport.is_closing() for talker in talkers)
    for talker in talkers:
        talker.transport.abort()
    return Load(len(latencies), took, percentile(latencies, 0.5), percentile(latencies, 0.99), lost)


if __name__ == "__main__":
    port, connections, size = map(int, sys.argv[1:4])
    print(uvloop.run(talk(port, connections, size, float(sys.argv[4]))).to_json())
