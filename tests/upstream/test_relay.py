"""Answers on their way to the client: at once, and at its pace."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.proxy import Proxy, serve, until
from tests.support.upstream import Visit, upstream

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SIZE = 12_000_000
"""More than the kernel holds between two sockets of which the receiving one is small."""
SMALL = 32768
"""Bytes that the kernel holds on each side of a slow client's connection."""
BODY = bytes(range(256)) * (SIZE // 256)


def to(port: int, more: str = "") -> str:
    return f"{more} location / {{ proxy_pass http://127.0.0.1:{port}; }}"


class Sender:
    """An upstream that sends a long answer and says how far it has come."""

    def __init__(self, chunked: bool = False, end: bytes = b"") -> None:
        self.sent = asyncio.Event()
        self._chunked = chunked

    async def __call__(self, visit: Visit) -> None:
        while True:
            try:
                await visit.head()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if self._chunked:
                await visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for at in range(0, SIZE, 100_000):
                    piece = BODY[at : at + 100_000]
                    await visit.say(b"%x\r\n%b\r\n" % (len(piece), piece))
                await visit.say(b"0\r\n\r\n")
            else:
                await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE, BODY)
            self.sent.set()


def idle_connections(proxy: Proxy) -> int:
    (group,) = proxy.site.upstreams.values()
    return sum(len(peer.idle) for peer in group.peers)


@pytest.mark.parametrize("chunked", [False, True])
async def test_with_buffering_a_slow_client_does_not_hold_the_upstream(tmp_path: Path, chunked: bool) -> None:
    sender = Sender(chunked)
    async with upstream(sender) as server, serve(tmp_path, to(server.port), sndbuf=SMALL) as proxy:
        client = await proxy.client(rcvbuf=SMALL)
        await client.send(GET)
        async with asyncio.timeout(5):
            await sender.sent.wait()
        await until(lambda: idle_connections(proxy) == 1)
        assert not proxy.access
        assert "an upstream response is buffered to a temporary file" in proxy.errors
        assert (await client.answer()).body == BODY
        assert len(await proxy.logged()) == 1
        assert len(server.visits) == 1


@pytest.mark.parametrize("directives", ["proxy_buffering off;", "proxy_max_temp_file_size 0;"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_without_a_file_the_upstream_waits(tmp_path: Path, directives: str, chunked: bool) -> None:
    """And neither its timeout nor the client's strikes, as long as the client takes something."""
    times = "proxy_read_timeout 150ms;"
    sender = Sender(chunked)
    async with upstream(sender) as server, serve(tmp_path, to(server.port, directives + times), sndbuf=SMALL) as proxy:
        client = await proxy.client(rcvbuf=SMALL)
        await client.send(GET)
        await until(lambda: server.visits and server.visits[0].heads)
        await asyncio.sleep(0.3)
        assert not sender.sent.is_set()
        got = await client.answer()
        assert got.body == BODY
        assert "temporary file" not in proxy.errors
        assert "timed out" not in proxy.errors
        # and its connection is used again
        await client.send(GET)
        assert (await client.answer()).body == BODY
        assert len(server.visits) == 1


async def test_a_small_temporary_file_is_used_over_and_over(tmp_path: Path) -> None:
    sender = Sender()
    config = to(0, "proxy_max_temp_file_size 1m;")
    async with (
        upstream(sender) as server,
        serve(tmp_path, config.replace(":0;", f":{server.port};"), sndbuf=SMALL) as proxy,
    ):
        client = await proxy.client(rcvbuf=SMALL)
        await client.send(GET)
        assert (await client.answer()).body == BODY


@pytest.mark.parametrize("directives", ["", "proxy_buffering off;"])
async def test_events_arrive_at_once(tmp_path: Path, directives: str) -> None:
    """Server-sent events, with a length that only the end tells: nothing is held back, however little it is."""
    taken = asyncio.Event()

    async def events(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            event = b"data: %d\n\n" % number
            await visit.say(b"%x\r\n%b\r\n" % (len(event), event))
            await taken.wait()
            taken.clear()
        await visit.say(b"0\r\n\r\n")

    async with upstream(events) as server, serve(tmp_path, to(server.port, directives)) as proxy:
        client = await proxy.client()
        await client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        for number in range(5):
            # the next event is sent only when this one has come
            assert await client.read(14) == b"9\r\ndata: %d\n\n\r\n" % number
            taken.set()
        assert await client.read(5) == b"0\r\n\r\n"


async def test_an_answer_that_ends_with_the_connection(tmp_path: Path) -> None:
    async def old(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.0 200 OK\r\n\r\n", b"one", b"two")

    async with upstream(old) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        for _ in range(2):
            assert (await client.ask(GET)).body == b"onetwo"
        assert len(server.visits) == 2


async def test_what_was_put_aside_still_reaches_the_client_of_a_broken_answer(tmp_path: Path) -> None:
    broken = asyncio.Event()

    async def breaks(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * SIZE), BODY)
        broken.set()

    async with upstream(breaks) as server, serve(tmp_path, to(server.port), sndbuf=SMALL) as proxy:
        client = await proxy.client(rcvbuf=SMALL)
        await client.send(GET)
        await broken.wait()
        await until(lambda: "upstream prematurely closed connection while reading upstream" in proxy.errors)
        got = await client.answer()
        assert got.cut
        assert got.body == BODY


async def test_read_timeout_in_the_middle(tmp_path: Path) -> None:
    async def stops(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await visit.ended()

    async with upstream(stops) as server, serve(tmp_path, to(server.port, "proxy_read_timeout 60ms;")) as proxy:
        client = await proxy.client()
        got = await client.ask(GET)
        assert (got.body, got.cut) == (b"abc", True)
        assert "upstream timed out (110: Connection timed out) while reading upstream" in proxy.errors
        await server.done()


@pytest.mark.parametrize("directives", ["", "proxy_buffering off;"])
async def test_a_slow_client_that_leaves(tmp_path: Path, directives: str) -> None:
    async with upstream(Sender()) as server, serve(tmp_path, to(server.port, directives), sndbuf=SMALL) as proxy:
        client = await proxy.client(rcvbuf=SMALL)
        await client.send(GET)
        await until(client.arrived)
        client.reset()
        await proxy.logged()
        await until(lambda: len(proxy.worker.watched) <= (1 if not directives else 0))
