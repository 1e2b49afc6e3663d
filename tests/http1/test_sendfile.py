"""Files over real sockets, on both event loops: by sendfile(2), and read and written where that cannot be."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
import uvloop

from pyproxy.http1 import sendfile
from pyproxy.http1.sendfile import FileSender

CONTENT = os.urandom(6 << 20)
"""More than the sockets' buffers hold, so that the sender has to wait for the client."""

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
DEADLINE = 10.0

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=list(LOOPS))
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on each of the loops."""

    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(asyncio.wait_for(coroutine, DEADLINE))

    return run


@pytest.fixture(params=["sendfile", "copy", "refused"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the bytes go: by the system call, without it, or with one that does not know this kind of file."""
    if request.param == "copy":
        monkeypatch.setattr(sendfile, "_sendfile", None)
    elif request.param == "refused":

        def refuse(out: int, fd: int, offset: int, count: int) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

        monkeypatch.setattr(sendfile, "_sendfile", refuse)
    return cast(str, request.param)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


class Connection(asyncio.Protocol):
    """The part of a connection that a FileSender needs."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.sender: FileSender | None = None
        self.progress: list[int] = []
        self.pauses = 0
        loop = asyncio.get_running_loop()
        self.made = loop.create_future()
        self.done = loop.create_future()
        self.lost = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.made.set_result(None)

    def send(self, file: Path, offset: int, count: int, head: bytes = b"") -> int:
        """Begin; the answer is the file's descriptor, which is the sender's to close."""
        fd = os.open(file, os.O_RDONLY)
        if head:
            self.transport.write(head)
        self.sender = FileSender(self, self.transport, fd, offset, count)
        self.sender.start()
        return fd

    def pause_writing(self) -> None:
        self.pauses += 1

    def resume_writing(self) -> None:
        if self.sender is not None:
            self.sender.resume()

    def file_progress(self, count: int) -> None:
        self.progress.append(count)

    def file_done(self) -> None:
        self.sender = None
        self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.sender is not None:
            self.sender.close()
        self.lost.set_result(exc)


def _connect() -> tuple[socket.socket, socket.socket]:
    """Both ends of a TCP connection with buffers much smaller than the file."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    client.setblocking(False)
    server.setblocking(False)
    return client, server


class Pair:
    """A connection, and the client's end of it."""

    async def __aenter__(self) -> Pair:
        loop = asyncio.get_running_loop()
        self.client, server = _connect()
        _, protocol = await loop.create_connection(Connection, sock=server)
        self.connection = protocol
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.connection.transport.abort()
        await self.connection.lost
        self.client.close()

    async def receive(self, count: int) -> bytes:
        """Up to ``count`` bytes, fewer at the end."""
        loop = asyncio.get_running_loop()
        received = bytearray()
        while len(received) < count and (data := await loop.sock_recv(self.client, count - len(received))):
            received += data
        return bytes(received)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.mark.parametrize(("offset", "count"), [(0, len(CONTENT)), (1000, 5 << 20), (len(CONTENT) - 1, 1), (7, 100_000)])
def test_what_arrives(run: Run, way: str, file: Path, offset: int, count: int) -> None:
    async def test() -> None:
        async with Pair() as pair:
            connection = pair.connection
            fds = open_files()
            fd = connection.send(file, offset, count, b"head")
            assert await pair.receive(4 + count) == b"head" + CONTENT[offset : offset + count]
            await connection.done
            assert sum(connection.progress) == count
            assert not is_open(fd)
            assert open_files() == fds
            # the connection goes on as before
            connection.transport.write(b"next")
            assert await pair.receive(4) == b"next"

    run(test())


def test_after_bytes_that_still_wait(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            before = os.urandom(4 << 20)
            pair.connection.send(file, 0, 100, before)
            assert not pair.connection.progress
            assert await pair.receive(len(before) + 100) == before + CONTENT[:100]
            await pair.connection.done

    run(test())


def test_one_file_after_the_other(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            for count in (3 << 20, 10, 0, 2 << 20):
                pair.connection.done = asyncio.get_running_loop().create_future()
                pair.connection.send(file, 0, count, b"head")
                assert await pair.receive(4 + count) == b"head" + CONTENT[:count]
                await pair.connection.done

    run(test())


def test_the_flow_control_is_left_as_it_was(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            transport = pair.connection.transport
            _, high = transport.get_write_buffer_limits()
            pair.connection.send(file, 0, len(CONTENT), b"head")
            await pair.receive(4 + len(CONTENT))
            await pair.connection.done
            assert transport.get_write_buffer_limits()[1] == high

    run(test())


def test_nothing_to_send(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            fd = pair.connection.send(file, 0, 0, b"head")
            await pair.connection.done
            assert not is_open(fd)
            assert await pair.receive(4) == b"head"

    run(test())


def test_a_client_that_waits_holds_nothing_in_memory(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            connection = pair.connection
            connection.send(file, 0, len(CONTENT))
            await pair.receive(1)
            for _ in range(100):
                await asyncio.sleep(0)
            assert not connection.done.done()
            assert connection.transport.get_write_buffer_size() <= sendfile.READ_PIECE
            if way == "sendfile":
                # told, so that a deadline can be set
                assert connection.progress
            await pair.receive(len(CONTENT) - 1)
            await connection.done

    run(test())


def test_a_client_that_takes_nothing_at_all(run: Run, file: Path) -> None:
    """The socket is full from the start: whoever watches the clock must hear of it all the same."""

    async def test() -> None:
        async with Pair() as pair:
            raw = pair.connection.transport.get_extra_info("socket").fileno()
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(raw, bytes(1 << 16))
            pair.connection.send(file, 0, 1000)
            assert pair.connection.progress == [0]

    run(test())


def test_the_client_goes_away(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            fds = open_files()
            fd = pair.connection.send(file, 0, len(CONTENT), b"head")
            await pair.receive(1000)
            pair.client.close()
            await pair.connection.lost
            assert not pair.connection.done.done()
            assert not is_open(fd)
            # both ends of the connection are closed
            assert open_files() == fds - 2

    run(test())


def test_the_connection_is_aborted(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            fd = pair.connection.send(file, 0, len(CONTENT))
            await pair.receive(1000)
            pair.connection.transport.abort()
            await pair.connection.lost
            assert not is_open(fd)

    run(test())


def test_a_connection_that_is_closing_already(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            pair.connection.transport.close()
            fd = pair.connection.send(file, 0, 100)
            assert not is_open(fd)
            await pair.connection.lost

    run(test())


def test_the_file_becomes_shorter(run: Run, way: str, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            fd = pair.connection.send(file, 0, len(CONTENT))
            await pair.receive(1000)
            os.truncate(file, 0)
            await _drain(pair)
            assert not is_open(fd)
            assert 0 < sum(pair.connection.progress) < len(CONTENT)

    async def _drain(pair: Pair) -> None:
        while not pair.connection.done.done():
            receive = asyncio.ensure_future(pair.receive(1 << 20))
            await asyncio.wait({receive, pair.connection.done}, return_when=asyncio.FIRST_COMPLETED)
            receive.cancel()
            await asyncio.wait({receive})

    run(test())


def test_others_get_their_turn(run: Run, way: str, file: Path) -> None:
    """A file does not hold the loop, however fast its client is."""

    async def test() -> None:
        async with Pair() as pair:
            turns = 0

            async def count() -> None:
                nonlocal turns
                while not pair.connection.done.done():
                    turns += 1
                    await asyncio.sleep(0)

            reader = asyncio.ensure_future(pair.receive(len(CONTENT)))
            counter = asyncio.ensure_future(count())
            pair.connection.send(file, 0, len(CONTENT))
            await reader
            await pair.connection.done
            await counter
            assert turns >= len(CONTENT) // sendfile.PIECE - 1

    run(test())


def test_a_disk_that_fails(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing must show: the connection ends."""

    def fail(*args: int) -> int:
        raise OSError(errno.EIO, "Input/output error")

    async def test() -> None:
        async with Pair() as pair:
            fd = pair.connection.send(file, 0, 1000)
            await pair.connection.lost
            assert not is_open(fd)
            assert not pair.connection.done.done()

    with monkeypatch.context() as patch:
        patch.setattr(sendfile, "_sendfile", fail)
        run(test())
        patch.setattr(sendfile, "_sendfile", None)
        patch.setattr(os, "pread", fail)
        run(test())


def test_no_call_sends_more_than_a_piece(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    original = sendfile._sendfile
    assert original is not None

    def count(out: int, fd: int, offset: int, count: int) -> int:
        counts.append(count)
        return original(out, fd, offset, min(count, 100_000))

    async def test() -> None:
        async with Pair() as pair:
            pair.connection.send(file, 0, len(CONTENT))
            await pair.receive(len(CONTENT))
            await pair.connection.done

    monkeypatch.setattr(sendfile, "_sendfile", count)
    run(test())
    assert max(counts) == sendfile.PIECE


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="Linux tells")
def test_a_file_of_several_calls_leaves_in_full_packets(run: Run, file: Path) -> None:
    async def test() -> None:
        async with Pair() as pair:
            sock = pair.connection.transport.get_extra_info("socket")

            def corked() -> int:
                return cast(int, sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK))

            pair.connection.send(file, 0, len(CONTENT))
            await pair.receive(1000)
            assert corked()
            await pair.receive(len(CONTENT) - 1000)
            await pair.connection.done
            assert not corked()

    run(test())


def test_a_unix_socket(run: Run, file: Path) -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        ours.setblocking(False)
        _, connection = await asyncio.get_running_loop().create_unix_connection(Connection, sock=ours)
        connection.send(file, 0, len(CONTENT))
        with theirs:
            received = await asyncio.to_thread(_all_of, theirs, len(CONTENT))
        assert received == CONTENT
        await connection.lost

    run(test())


def _all_of(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (piece := sock.recv(count - len(data))):
        data += piece
    return bytes(data)


def test_the_loop_watches_nothing_afterwards(file: Path) -> None:
    async def test() -> None:
        watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
        async with Pair() as pair:
            before = len(watched)
            pair.connection.send(file, 0, len(CONTENT))
            await pair.receive(1000)
            # the transport, the duplicate, and what waits for the client
            assert len(watched) > before
            await pair.receive(len(CONTENT) - 1000)
            await pair.connection.done
            assert len(watched) == before

    asyncio.run(asyncio.wait_for(test(), DEADLINE))


async def test_copying_takes_a_turn_for_each_piece(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the client is so fast that nothing ever waits in the transport."""
    monkeypatch.setattr(sendfile, "_sendfile", None)
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = False
    transport.get_write_buffer_size.return_value = 0
    connection = Connection()
    connection.connection_made(transport)
    connection.send(file, 0, 3 * sendfile.READ_PIECE)
    for pieces in (1, 2, 3):
        assert transport.write.call_count == pieces
        await asyncio.sleep(0)
    assert connection.done.done()
