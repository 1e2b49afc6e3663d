"""A load of large bodies on one connection, one after the other, with the kernel doing the work.

python -m benchmarks.load.transfer PORT down|up BYTES SECONDS
"""

from __future__ import annotations

import re
import socket
import sys
import time

from benchmarks.upstreams.transfers import drop

from .result import Load

PATIENCE = 60.0
PIECE = 1 << 20


class Failed(RuntimeError):
    """The server did something else than what was asked for."""


def head(sock: socket.socket) -> tuple[int, bytes]:
    """Read an answer's head; the length of the body, and what of it has come."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(4096)
        if not piece:
            raise Failed(f"the connection ended: {data!r}")
        data += piece
    lines, _, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", lines)
    if b" 200 " not in lines.split(b"\r\n")[0] + b" " or not length:
        raise Failed(f"another answer than expected: {lines!r}")
    return int(length[1]), rest


def down(sock: socket.socket, size: int) -> None:
    sock.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    length, rest = head(sock)
    if length != size or len(rest) + drop(sock, length - len(rest)) != size:
        raise Failed("the body is incomplete")


def up(sock: socket.socket, size: int) -> None:
    sock.sendall(b"PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size)
    piece = memoryview(bytes(PIECE))
    for start in range(0, size, PIECE):
        sock.sendall(piece[: size - start])
    length, rest = head(sock)
    while len(rest) < length:
        rest += sock.recv(length - len(rest))
    if int(rest) != size:
        raise Failed(f"{int(rest)} of {size} bytes arrived")


def transfer(port: int, direction: str, size: int, seconds: float) -> Load:
    """At least one transfer, and as many as begin within the time. Raises Failed, OSError."""
    move = {"down": down, "up": up}[direction]
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count, start = 0, time.perf_counter()
        while not count or time.perf_counter() - start < seconds:
            move(sock, size)
            count += 1
        return Load(count * size, time.perf_counter() - start)


if __name__ == "__main__":
    print(transfer(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])).to_json())
