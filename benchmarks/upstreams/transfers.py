"""An upstream for large bodies: GET sends a file, PUT takes a body and tells what it was.

    python -m benchmarks.upstreams.transfers PORT FILE

The kernel does the work (sendfile; MSG_TRUNC drops what is received without copying it), so that the proxy between
is what is measured. PUT /digest answers the SHA-256 of the body, PUT /count its length.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sys
import threading

LARGEST_HEAD = 65536
PIECE = 1 << 20


def serve(sock: socket.socket, file: str) -> None:
    """One connection, until it ends."""
    with sock, open(file, "rb") as source:
        size = os.fstat(source.fileno()).st_size
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = sock.recv(LARGEST_HEAD)
                if not piece:
                    return
                data += piece
            head, _, data = data.partition(b"\r\n\r\n")
            if head.startswith(b"GET "):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                sock.sendfile(source)
                continue
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if not length:
                sock.sendall(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            said = receive(sock, data, int(length[1]), digest=head.split(b" ", 2)[1] == b"/digest")
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
            data = b""


def receive(sock: socket.socket, start: bytes, length: int, digest: bool) -> bytes:
    """Take a body whose ``start`` came with the head; its hash or its length as text."""
    if digest:
        hashed = hashlib.sha256(start)
        left = length - len(start)
        while left and (piece := sock.recv(min(left, PIECE))):
            hashed.update(piece)
            left -= len(piece)
        return hashed.hexdigest().encode()
    return b"%d" % (len(start) + drop(sock, length - len(start)))


def drop(sock: socket.socket, count: int) -> int:
    """Receive so many bytes without looking at them; the number that came before the end."""
    buffer = bytearray(PIECE)
    left = count
    while left and (received := sock.recv_into(buffer, min(left, PIECE), socket.MSG_TRUNC)):
        left -= received
    return count - left


def main(port: int, file: str) -> None:
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            sock, _ = server.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve_quietly, args=(sock, file), daemon=True).start()


def _serve_quietly(sock: socket.socket, file: str) -> None:
    try:
        serve(sock, file)
    except ConnectionError:
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
