"""Sending a body that is read piece by piece out of an open file, at the client's pace."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, cast

import pytest

from pyproxy.core.files.pieces import PIECE, PieceSender
from pyproxy.core.parts import Multipart
from pyproxy.core.request import Producer, Request
from pyproxy.core.worker import Worker

CONTENT = os.urandom(3 * PIECE + 17)
RANGES = [(0, 10), (PIECE - 5, 3 * PIECE), (len(CONTENT) - 3, len(CONTENT))]


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

    def produced_by(self, producer: Producer) -> None:
        self.handler = producer

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
    PieceSender(cast(Request, client), fd, parts.read(fd)).start()
    assert await client.end == "finished"
    assert client.body == parts.cut(CONTENT)
    assert not is_open(fd)


async def test_waits_for_the_client(fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=PIECE)
    parts = Multipart(RANGES, len(CONTENT), b"text/x")
    PieceSender(cast(Request, client), fd, parts.read(fd)).start()
    await client.full
    sent = len(client.body)
    assert sent < 2 * PIECE + 1000
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(client.body) == sent
    assert client.handler is not None
    client.handler.resume()
    assert await client.end == "finished"
    assert client.body == parts.cut(CONTENT)


async def test_pause_and_resume_do_not_double(fd: int) -> None:
    client = Client(asyncio.get_running_loop())
    parts = Multipart(RANGES, len(CONTENT), b"text/x")
    sender = PieceSender(cast(Request, client), fd, parts.read(fd))
    sender.start()
    for _ in range(3):
        sender.pause()
        sender.resume()
        sender.resume()
    await asyncio.sleep(0)
    assert client.body == parts.parts[0][0]
    await client.end
    assert client.body == parts.cut(CONTENT)


async def test_the_client_goes_away(fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=100)
    sender = PieceSender(cast(Request, client), fd, Multipart(RANGES, len(CONTENT), b"").read(fd))
    sender.start()
    await client.full
    sender.client_gone()
    assert not is_open(fd)
    sender.resume()
    await asyncio.sleep(0)
    assert not client.end.done()


async def test_the_file_becomes_shorter(tmp_path: Path, fd: int) -> None:
    client = Client(asyncio.get_running_loop(), room=PIECE)
    PieceSender(cast(Request, client), fd, Multipart(RANGES, len(CONTENT), b"").read(fd)).start()
    await client.full
    os.truncate(tmp_path / "file", 1000)
    assert client.handler is not None
    client.handler.resume()
    assert await client.end == "aborted"
    assert not is_open(fd)
