"""The fast upstream: every request gets the same answer of BYTES bytes, without being looked at.

    python -m benchmarks.upstreams.answers PORT BYTES

As fast as an nginx with `return 200` here (docs/benchmarks.md), so that it is not what is measured. It expects a whole
request in one piece, as a proxy sends a GET.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop


def body(size: int) -> bytes:
    """What it answers; the harness compares it with what comes out of each server."""
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


class Answers(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        self.write(self.answer)


async def main(port: int, size: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
    answer = head.encode() + body(size)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answers(answer), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
