"""An upstream that echoes WebSocket messages (RFC 6455), without masks in what it sends.

    python -m benchmarks.upstreams.websocket_echo PORT

Our load client masks with the key 0, so that neither side spends its core on masking what the proxy never looks at.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import sys
from typing import cast

import uvloop

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.buffer = b""
        self.left = 0
        """Bytes of the message under way that are still to come."""
        self.open = False

    def data_received(self, data: bytes) -> None:
        if not self.open:
            data = self._handshake(data)
        elif self.buffer:
            data, self.buffer = self.buffer + data, b""
        while data:
            head = b""
            if not self.left:
                frame = _client_frame(data)
                if frame is None:
                    self.buffer = data
                    return
                start, self.left = frame
                head = data[:1] + _length(self.left)
                data = data[start:]
            piece = data[: self.left]
            self.transport.write(head + piece)
            self.left -= len(piece)
            data = data[len(piece) :]

    def _handshake(self, data: bytes) -> bytes:
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return b""
        key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", head)
        if not key:
            self.transport.close()
            return b""
        accept = base64.b64encode(hashlib.sha1(key[1] + MAGIC).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.open, self.buffer = True, b""
        return rest


def _client_frame(data: bytes) -> tuple[int, int] | None:
    """Bytes of a masked frame's head and of its payload; None if the head is not complete."""
    if len(data) < 2:
        return None
    size = data[1] & 0x7F
    width = {126: 2, 127: 8}.get(size, 0)
    if len(data) < 6 + width:
        return None
    return 6 + width, int.from_bytes(data[2 : 2 + width], "big") if width else size


def _length(size: int) -> bytes:
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x7f" + size.to_bytes(8, "big")


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
