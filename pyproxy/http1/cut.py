"""The end of an answer that misses something, where only the end of the connection would tell (RFC 9112, 8)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import termios
from typing import Final

LOOK: Final = 0.02
"""Seconds between two looks whether the client has everything."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def reset_on_close(transport: asyncio.Transport) -> None:
    """Let the connection end so that nobody takes it for the end of a complete body."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # it is closed
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def is_on_its_way(transport: asyncio.Transport) -> bool:
    """Whether something that was sent has not arrived yet: a reset would overtake it."""
    if transport.get_write_buffer_size():
        return True
    sock = transport.get_extra_info("socket")
    unsent = bytearray(4)
    try:
        fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, unsent)
    except (OSError, ValueError, AttributeError):  # it is closed, or the system does not tell
        return False
    return int.from_bytes(unsent, sys.byteorder) > 0
