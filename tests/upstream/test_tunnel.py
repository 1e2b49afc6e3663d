"""WebSockets: bytes both ways after a 101."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.proxy import serve, until
from tests.support.upstream import Visit, upstream

UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
FLOOD = 16_000_000


def to(port: int, more: str = "") -> str:
    return f"{more} location / {{ proxy_pass http://127.0.0.1:{port}; }}"


async def test_bytes_pass_both_ways(tmp_path: Path) -> None:
    async def shout(visit: Visit) -> None:
        assert b"\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" in await visit.head()
        await visit.say(SWITCH + b"hello")
        while (data := await visit.reader.read(100)) != b"bye":
            await visit.say(data.upper())
        await visit.ended()

    async with upstream(shout) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        # what comes with the request is the tunnel's already
        await client.send(UPGRADE + b"early")
        assert (await client.answer()).fields["upgrade"] == "websocket"
        assert await client.read(10) == b"helloEARLY"
        for word in (b"one", b"two"):
            await client.send(word)
            assert await client.read(3) == word.upper()
        # the end of the client's sending ends both sides, but what it said before arrives
        await client.send(b"bye")
        client.half_close()
        assert await client.rest() == b""
        assert (await proxy.logged())[0].startswith('101 "GET /chat HTTP/1.1"')
        await server.done()


async def test_the_upstream_closes(tmp_path: Path) -> None:
    async def closes(visit: Visit) -> None:
        await visit.head()
        await visit.say(SWITCH, b"x" * 1_000_000)

    async with upstream(closes) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        await client.send(UPGRADE)
        await client.answer()
        assert len(await client.rest()) == 1_000_000
        assert len(await proxy.logged()) == 1
        client.close()
        await until(lambda: not proxy.worker.watched)


async def test_the_client_vanishes(tmp_path: Path) -> None:
    async def waits(visit: Visit) -> None:
        await visit.head()
        await visit.say(SWITCH)
        await visit.ended()

    config = to(0, "proxy_ignore_client_abort on;")
    async with upstream(waits) as server, serve(tmp_path, config.replace(":0;", f":{server.port};")) as proxy:
        client = await proxy.client()
        await client.send(UPGRADE)
        await client.answer()
        client.reset()
        await server.done()
        await until(lambda: not proxy.worker.watched)
        assert len(proxy.access) == 1


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_each_side_is_held_back_by_the_other(tmp_path: Path, direction: str) -> None:
    go_on = asyncio.Event()
    sent = asyncio.Event()

    async def peer(visit: Visit) -> None:
        await visit.head()
        await visit.say(SWITCH)
        if direction == "down":
            await visit.say(b"d" * FLOOD)
            sent.set()
            await visit.ended()
            return
        visit.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await go_on.wait()
        visit.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await visit.read(FLOOD)) == FLOOD
        await visit.say(b"done")

    async with upstream(peer, rcvbuf=32768) as server, serve(tmp_path, to(server.port), sndbuf=32768) as proxy:
        client = await proxy.client(rcvbuf=32768)
        await client.send(UPGRADE)
        await client.answer()
        if direction == "down":
            await asyncio.sleep(0.1)
            assert not sent.is_set()
            assert len(await client.read(FLOOD)) == FLOOD
            await sent.wait()
        else:
            flood = asyncio.ensure_future(client.send(b"u" * FLOOD))
            await asyncio.sleep(0.1)
            assert not flood.done()
            go_on.set()
            await flood
            assert await client.read(4) == b"done"


async def test_a_tunnel_lives_by_the_read_timeout_alone(tmp_path: Path) -> None:
    async def quiet(visit: Visit) -> None:
        await visit.head()
        await visit.say(SWITCH)
        assert await visit.read(1) == b"x"
        await asyncio.sleep(0.15)
        await visit.say(b"late")
        await visit.ended()

    config = to(0, "proxy_send_timeout 40ms; proxy_read_timeout 400ms; send_timeout 40ms; client_body_timeout 40ms;")
    async with upstream(quiet) as server, serve(tmp_path, config.replace(":0;", f":{server.port};")) as proxy:
        client = await proxy.client()
        await client.send(UPGRADE)
        await client.answer()
        await client.send(b"x")
        assert await client.read(4) == b"late"
        assert await client.rest() == b""
        assert "upstream timed out" in proxy.errors
        await server.done()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        UPGRADE.replace(b"websocket", b"h2c"),
        UPGRADE.replace(b"Connection: Upgrade\r\n", b""),
        UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        UPGRADE.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\nx"),
    ],
)
async def test_nobody_switches_unasked(tmp_path: Path, request_bytes: bytes) -> None:
    async def switches(visit: Visit) -> None:
        head, _ = await visit.request()
        assert b"upgrade" not in head.lower()
        await visit.say(SWITCH + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await visit.ended()

    async with upstream(switches) as server, serve(tmp_path, to(server.port)) as proxy:
        assert (await (await proxy.client()).ask(request_bytes)).status == 502
        await server.done()


async def test_a_refused_upgrade_is_a_plain_answer(tmp_path: Path) -> None:
    async def refuses(visit: Visit) -> None:
        while True:
            await visit.head()
            await visit.say(b"HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno")

    async with upstream(refuses) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        for _ in range(2):
            assert (await client.ask(UPGRADE)).body == b"no"
        assert len(server.visits) == 1
