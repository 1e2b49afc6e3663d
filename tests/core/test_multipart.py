"""multipart/byteranges: the frame, and sending it out of an open file at the client's pace."""

from __future__ import annotations

import asyncio
import email
import os
from pathlib import Path
from typing import Any, cast

import pytest

from pyproxy.core.multipart import PIECE, Multipart, MultipartSender
from pyproxy.core.request import Producer, Request
from pyproxy.core.worker import Worker

CONTENT = os.urandom(3 * PIECE + 17)
RANGES = [(0, 10), (PIECE - 5, 3 * PIECE), (len(CONTENT) - 3, len(CONTENT))]


def parse(parts: Multipart, body: bytes) -> list[tuple[str | None, str | None, bytes]]:
    """Read a body with Python's own MIME parser."""
    message = email.message_from_bytes(b"Content-Type: " + parts.content_type + b"\r\n\r\n" + body)
    payload = cast("list[email.message.Message]", message.get_payload())
    return [(p["Content-Type"], p["Content-Range"], cast(bytes, p.get_payload(decode=True))) for p in payload]


def test_the_frame_is_mime() -> None:
    parts = Multipart([(0, 2), (8, 10)], 10, b"text/x")
    body = parts.body(b"0123456789")
    assert len(body) == parts.length
    assert parse(parts, body) == [("text/x", "bytes 0-1/10", b"01"), ("text/x", "bytes 8-9/10", b"89")]


def test_without_a_type() -> None:
    parts = Multipart([(0, 1), (2, 3)], 10, b"")
    assert [part[:2] for part in parse(parts, parts.body(b"0123456789"))] == [
        (None, "bytes 0-0/10"),
        (None, "bytes 2-2/10"),
    ]


def test_boundaries_differ() -> None:
    assert Multipart([], 1, b"").content_type != Multipart([], 1, b"").content_type


class Client:
    """The request and its stream in one; takes all, or nothing after ``room`` bytes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, room: float = float("inf")) -> None:
        self.loop = loop
        self.room = room
        self.handler: Producer | None = None
        self.body = b""
        self.end = loop.create_future()
        self.full = loop.create_future()

    @property
    def stream(self) -> Any:
        return self

    @property
    def worker(self) -> Worker:
        return cast(Worker, self)

    def send(self, data: bytes) -> None:
        self.body += data
        if len(self.body) > self.room and not self.full.done():
            assert self.handler is not None
            self.handler.pause()
            self.full.set_result(None)

    def finish(self) -> None:
        self.end.set_result("finished")

    def abort(self) -> None:
        self.end.set_result("aborted")


def open_content(tmp_path: Path) -> int:
    (tmp_path / "file").write_bytes(CONTENT)
    return os.open(tmp_path / "file", os.O_RDONLY)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


@pytest.fixture
def fd(tmp_path: Path) -> int:
    return open_content(tmp_path)


async def test_sends_the_same_bytes(fd: int) -> None:
    client = Client(asyncio.get_running_loop())
    parts = Multipart(RANGES, len(CONTENT), b"text/x")
    MultipartSender(cast(Request, client), fd, parts).start()
    assert await client.end == "finished"
    assert client.body == parts.body(CONTENT)
    assert not is_open(fd)


async def test_waits_for_the_client(fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=PIECE)
    parts = Multipart(RANGES, len(CONTENT), b"text/x")
    MultipartSender(cast(Request, client), fd, parts).start()
    await client.full
    sent = len(client.body)
    assert sent < 2 * PIECE + 1000
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(client.body) == sent
    assert client.handler is not None
    client.handler.resume()
    assert await client.end == "finished"
    assert client.body == parts.body(CONTENT)


async def test_pause_and_resume_do_not_double(fd: int) -> None:
    client = Client(asyncio.get_running_loop())
    parts = Multipart(RANGES, len(CONTENT), b"text/x")
    sender = MultipartSender(cast(Request, client), fd, parts)
    sender.start()
    for _ in range(3):
        sender.pause()
        sender.resume()
        sender.resume()
    await asyncio.sleep(0)
    assert client.body == parts.parts[0][0]
    await client.end
    assert client.body == parts.body(CONTENT)


async def test_the_client_goes_away(fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=100)
    sender = MultipartSender(cast(Request, client), fd, Multipart(RANGES, len(CONTENT), b""))
    sender.start()
    await client.full
    sender.client_gone()
    assert not is_open(fd)
    sender.resume()
    await asyncio.sleep(0)
    assert not client.end.done()


async def test_the_file_becomes_shorter(tmp_path: Path, fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=PIECE)
    MultipartSender(cast(Request, client), fd, Multipart(RANGES, len(CONTENT), b"")).start()
    await client.full
    os.truncate(tmp_path / "file", 1000)
    assert client.handler is not None
    client.handler.resume()
    assert await client.end == "aborted"
    assert not is_open(fd)
