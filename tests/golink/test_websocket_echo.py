"""The echo, byte by byte, on one end of a connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import websocket_echo
from websocket_echo import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

MASK = b"\x01\x80\xff\x3c"


class Client:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = sock.makefile("rb")

    def frame(self, opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0) -> bytes:
        first, size = bytes([final << 7 | reserved << 4 | opcode]), len(payload)
        if size < 126:
            head = first + bytes([0x80 | size])
        elif size < 1 << 16:
            head = first + b"\xfe" + struct.pack(">H", size)
        else:
            head = first + b"\xff" + struct.pack(">Q", size)
        masked = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))
        return head + MASK + masked

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def receive(self) -> tuple[int, bytes]:
        first, size = self.file.read(2)
        assert first & 0xF0 == 0x80
        if size == 126:
            (size,) = struct.unpack(">H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.file.read(8))
        assert size >> 63 == 0
        return first & 0x0F, self.file.read(size)

    def closed_with(self) -> int:
        """The status code of the close frame, after which nothing comes any more."""
        opcode, payload = self.receive()
        assert opcode == CLOSE
        assert self.file.read() == b""
        return int.from_bytes(payload, "big")


@pytest.fixture
def client() -> Iterator[Client]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client_end = socket.create_connection(listener.getsockname(), timeout=10)
        server_end, _ = listener.accept()
    # Small, so that `send` takes only a part of what it is given.
    server_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    server = threading.Thread(target=websocket_echo.serve, args=(server_end, "dGhlIHNhbXBsZSBub25jZQ=="))
    with server_end, client_end:
        server.start()
        client = Client(client_end)
        with client.file:
            head = b"".join(iter(client.file.readline, b"\r\n"))
            assert head.startswith(b"HTTP/1.1 101 ")
            # The key and the answer to it are the example of RFC 6455 section 1.3.
            assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
            yield client
            client_end.close()
        server.join(10)
        assert not server.is_alive()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 300_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_echo(client: Client, opcode: int, size: int) -> None:
    payload = b"a" * size if opcode == TEXT else bytes(range(256)) * (size // 256) + b"\xff" * (size % 256)
    client.send(client.frame(opcode, payload))
    assert client.receive() == (opcode, payload)


def test_one_byte_at_a_time(client: Client) -> None:
    for byte in client.frame(TEXT, "你好".encode()) + client.frame(PING, b"p") + client.frame(CLOSE, b"\x03\xe8"):
        client.send(bytes([byte]))
    assert client.receive() == (TEXT, "你好".encode())
    assert client.receive() == (PONG, b"p")
    assert client.closed_with() == 1000


def test_many_frames_at_once(client: Client) -> None:
    client.send(*(client.frame(BINARY, bytes([number])) for number in range(50)))
    assert [client.receive() for _ in range(50)] == [(BINARY, bytes([number])) for number in range(50)]


def test_fragments_with_control_frames_between(client: Client) -> None:
    # The character is cut in two: only the whole message must be UTF-8.
    client.send(
        client.frame(TEXT, b"a\xe4\xbd", final=False),
        client.frame(PING, b"now"),
        client.frame(CONTINUATION, b"\xa0", final=False),
        client.frame(PONG, b"unasked"),
        client.frame(CONTINUATION, b""),
    )
    assert client.receive() == (PONG, b"now")
    assert client.receive() == (TEXT, "a你".encode())


def test_large_message_to_a_slow_reader(client: Client) -> None:
    # The end must not get lost when the socket takes only a part.
    payload = b"0123456789abcdef" * (1 << 18)
    sender = threading.Thread(target=client.send, args=[client.frame(BINARY, payload)])
    sender.start()
    assert client.receive() == (BINARY, payload)
    sender.join(10)
    assert not sender.is_alive()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", 0),
        (b"\x03\xe8", 1000),
        (b"\x03\xe9going away", 1001),
        (b"\x0f\xa0", 4000),
        (b"\x03", 1002),
        (b"\x03\xed", 1002),  # 1005 is never sent
        (b"\x03\xe7", 1002),  # 999
        (b"\x07\xd0", 1002),  # 2000
        (b"\x13\x88", 1002),  # 5000
        (b"\x03\xe8\xff", 1007),
    ],
)
def test_close(client: Client, payload: bytes, code: int) -> None:
    client.send(client.frame(CLOSE, payload))
    assert client.closed_with() == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x01a", 1002),  # not masked
        (b"\xc1\x80" + MASK, 1002),  # reserved bit without an extension
        (b"\x83\x80" + MASK, 1002),  # unknown opcode
        (b"\x8b\x80" + MASK, 1002),  # unknown control opcode
        (b"\x09\x80" + MASK, 1002),  # fragmented ping
        (b"\x89\xfe\x00\x7e" + MASK, 1002),  # ping of 126 bytes
        (b"\x80\x80" + MASK, 1002),  # continuation of nothing
        (b"\x01\x80" + MASK + b"\x81\x80" + MASK, 1002),  # new message inside a message
        (b"\x82\xfe\x00\x05" + MASK, 1002),  # 5 written in two bytes
        (b"\x82\xff" + struct.pack(">Q", 0xFFFF) + MASK, 1002),  # 65535 written in eight bytes
        (b"\x82\xff" + struct.pack(">Q", 1 << 63) + MASK, 1002),
        (b"\x81\x81" + b"\0\0\0\0" + b"\xff", 1007),  # not UTF-8
        (b"\x82\xff" + struct.pack(">Q", websocket_echo.LARGEST_MESSAGE + 1) + MASK, 1009),
    ],
)
def test_violations_close_the_connection(client: Client, data: bytes, code: int) -> None:
    client.send(data)
    assert client.closed_with() == code


def test_fragments_count_together(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_echo, "LARGEST_MESSAGE", 100)
    client.send(client.frame(BINARY, b"x" * 100, final=False), client.frame(PING, b"p" * 125))
    assert client.receive() == (PONG, b"p" * 125)
    client.send(client.frame(CONTINUATION, b"x"))
    assert client.closed_with() == 1009


def test_a_client_that_vanishes(client: Client) -> None:
    client.send(client.frame(BINARY, b"x" * 100)[:50])
    # The fixture closes the client's end and sees that the server ends too.


class TestSilence:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(websocket_echo, "IDLE_SECONDS", 0.05)

    def test_ping_keeps_the_connection(self, client: Client) -> None:
        assert client.receive() == (PING, b"")
        client.send(client.frame(PONG))
        assert client.receive() == (PING, b"")

    def test_no_answer_ends_it(self, client: Client) -> None:
        assert client.receive() == (PING, b"")
        assert client.closed_with() == 1001
