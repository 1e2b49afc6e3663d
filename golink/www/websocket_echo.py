"""A WebSocket echo (RFC 6455) on the socket that the WSGI server hands over.

Self-contained, because simple-websocket (and flask-sock, which uses it) calls `socket.send` without looking at how
much was sent: under gevent the end of a large message is lost when the client reads slowly.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import socket
import time
from contextlib import suppress
from typing import NamedTuple

from werkzeug.datastructures import Headers

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GONE, PROTOCOL_ERROR, BAD_DATA, TOO_BIG = 1001, 1002, 1007, 1009

LARGEST_MESSAGE = 16 * 1024 * 1024
PIECE = 64 * 1024
# Silence after which the client is pinged, well below nginx's proxy_read_timeout of 60 s; twice that ends it.
IDLE_SECONDS = 25.0
LINGER_SECONDS = 2.0


class Failure(Exception):
    """The connection must be closed with this status code (RFC 6455 section 7.4)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Frame(NamedTuple):
    final: bool
    opcode: int
    payload: bytes


def refusal(headers: Headers) -> str | None:
    """Why this is not an opening handshake (section 4.2.1), or None if it is one."""
    upgrade = [token.strip().lower() for token in headers.get("Upgrade", "").split(",")]
    connection = [token.strip().lower() for token in headers.get("Connection", "").split(",")]
    if "websocket" not in upgrade or "upgrade" not in connection:
        return "connect with a WebSocket client: Upgrade: websocket is missing"
    if headers.get("Sec-WebSocket-Version") != "13":
        return "Sec-WebSocket-Version must be 13"
    try:
        key = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return None if len(key) == 16 else "Sec-WebSocket-Key must be 16 bytes in base64"


def accept(key: str) -> str:
    return base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()


def serve(sock: socket.socket, key: str) -> None:
    """Answer the handshake, echo until one side closes, and leave the socket shut down."""
    sock.settimeout(IDLE_SECONDS)
    # The client may vanish at any moment; there is nobody left to tell.
    with suppress(OSError, EOFError):
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept(key).encode() + b"\r\n\r\n"
        )
        try:
            code = _echo(_Reader(sock), sock)
        except Failure as failure:
            code = failure.code
        _send(sock, encode(CLOSE, code.to_bytes(2, "big") if code else b""))
    _shut_down(sock)


def _echo(reader: _Reader, sock: socket.socket) -> int:
    """Echo messages until the client's close frame; returns the status code to answer it with (0: none)."""
    message, opcode = bytearray(), CONTINUATION  # CONTINUATION: no message is under way
    while True:
        frame = reader.frame(LARGEST_MESSAGE - len(message))
        if frame.opcode == CLOSE:
            return _close_code(frame.payload)
        if frame.opcode == PING:
            _send(sock, encode(PONG, frame.payload))
        elif frame.opcode != PONG:
            # Section 5.4: only continuations follow an unfinished message, and nothing else may be one.
            if (frame.opcode == CONTINUATION) != (opcode != CONTINUATION):
                raise Failure(PROTOCOL_ERROR)
            opcode = opcode or frame.opcode
            message += frame.payload
            if frame.final:
                if opcode == TEXT:
                    _check_text(message)
                _send(sock, encode(opcode, message))
                message, opcode = bytearray(), CONTINUATION


def _close_code(payload: bytes) -> int:
    if not payload:
        return 0
    code = int.from_bytes(payload[:2], "big")
    # Section 7.4: 1004 to 1006 and 1015 are never sent, 1016 to 2999 are not defined.
    if len(payload) == 1 or not (code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise Failure(PROTOCOL_ERROR)
    _check_text(payload[2:])
    return code


def _check_text(data: bytes | bytearray) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Failure(BAD_DATA) from None


def encode(opcode: int, payload: bytes | bytearray) -> bytes:
    """One unfragmented, unmasked frame, as a server sends it (section 5.2)."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big")
    return head + payload


def _send(sock: socket.socket, data: bytes) -> None:
    # In pieces, because the socket's timeout limits a whole `sendall`: a slow client is fine, a stuck one is not.
    for start in range(0, len(data), PIECE):
        sock.sendall(memoryview(data)[start : start + PIECE])


def unmask(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class _Reader:
    """Reads frames from a socket; raises EOFError when the client is gone."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()

    def frame(self, largest: int) -> Frame:
        first, second = self._exactly(2)
        final, opcode, size = bool(first & 0x80), first & 0x0F, second & 0x7F
        # No extension was agreed on, so the reserved bits are 0; a client masks every frame.
        if first & 0x70 or not second & 0x80 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Failure(PROTOCOL_ERROR)
        if opcode >= CLOSE and (size > 125 or not final):
            raise Failure(PROTOCOL_ERROR)
        if size >= 126:
            least, width = (126, 2) if size == 126 else (1 << 16, 8)
            size = int.from_bytes(self._exactly(width), "big")
            if size < least or size >> 63:
                raise Failure(PROTOCOL_ERROR)
        # A control frame inside a large fragmented message does not count towards that message.
        if opcode < CLOSE and size > largest:
            raise Failure(TOO_BIG)
        mask = self._exactly(4)
        return Frame(final, opcode, unmask(self._exactly(size), mask))

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._some()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _some(self) -> bytes:
        try:
            data = self._sock.recv(PIECE)
        except TimeoutError:
            _send(self._sock, encode(PING, b""))
            try:
                data = self._sock.recv(PIECE)
            except TimeoutError:
                raise Failure(GONE) from None
        if not data:
            raise EOFError
        return data


def _shut_down(sock: socket.socket) -> None:
    # Closing with unread bytes would send a reset, which could overtake our close frame (section 7.1.1).
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(LINGER_SECONDS)
        deadline = time.monotonic() + LINGER_SECONDS
        while sock.recv(PIECE) and time.monotonic() < deadline:
            pass
