"""Clients on a slow line: half of them send a body at 1 KB/s, half read an answer at 1 KB/s. Until SIGTERM.

    python -m benchmarks.story.slow_clients ADDRESS CLIENTS

Prints "ready" when all have sent what makes the server wait for them. Who is turned away comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

import uvloop

SPEED = 1024
"""Bytes per second."""
BODY = 1 << 20
READ = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
SEND = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % BODY
RECEIVE_BUFFER = 4096
"""Bytes that the kernel takes for a slow reader, the least there is."""


async def client(port: int, sends: bool, ready: asyncio.Event) -> None:
    """Come again and again; ``ready`` is set when the first request is under way."""
    loop = asyncio.get_running_loop()
    while True:
        sock = socket.socket()
        sock.setblocking(False)
        if not sends:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        with sock, contextlib.suppress(OSError):
            await loop.sock_connect(sock, ("127.0.0.1", port))
            await loop.sock_sendall(sock, SEND if sends else READ)
            ready.set()
            while True:
                if sends:
                    await loop.sock_sendall(sock, bytes(SPEED))
                elif not await loop.sock_recv(sock, SPEED):
                    break
                await asyncio.sleep(1)
        await asyncio.sleep(1)


async def main(address: str, clients: int) -> None:
    port = int(address.rpartition(":")[2])
    ready = [asyncio.Event() for _ in range(clients)]
    tasks = [asyncio.create_task(client(port, number % 2 == 0, event)) for number, event in enumerate(ready)]
    await asyncio.gather(*(event.wait() for event in ready))
    print("ready", flush=True)
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
