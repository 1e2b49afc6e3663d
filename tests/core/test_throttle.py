"""``limit_rate`` and its like, measured by how long answers take."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.proxy import serve, until
from tests.support.upstream import Visit, always, answer, upstream

BODY = bytes(range(256)) * 100
GET = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
RATE = len(BODY) * 2 // 3
"""Bytes per second, so that an answer takes at least half a second and is over within one and a half."""


async def taken(client: Client, body: bytes = BODY) -> float:
    """Seconds that an answer took."""
    # whole seconds count: what begins at the end of one may have two seconds' bytes at once
    await until(lambda: time.time() % 1 < 0.5)
    start = time.monotonic()
    reply = await client.ask(GET)
    assert reply.body == body
    return time.monotonic() - start


async def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(BODY)
    async with serve(tmp_path, f"root {tmp_path}; limit_rate {RATE};") as proxy:
        client = await proxy.client()
        assert await taken(client) >= 0.3
        await taken(client)


async def test_after(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(BODY)
    async with serve(tmp_path, f"root {tmp_path}; limit_rate 1; limit_rate_after 1m;") as proxy:
        await taken(await proxy.client())


@pytest.mark.parametrize("directive", ["limit_rate", "proxy_limit_rate"])
async def test_an_upstream(tmp_path: Path, directive: str) -> None:
    async with (
        upstream(always(answer(BODY))) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; {directive} {RATE}; }}") as proxy,
    ):
        client = await proxy.client()
        assert await taken(client) >= 0.3
        await taken(client)
        assert proxy.access[-1].split()[0] == "200"


async def test_an_upstream_that_says_so(tmp_path: Path) -> None:
    async with (
        upstream(always(answer(BODY, f"X-Accel-Limit-Rate: {RATE}"))) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        assert await taken(await proxy.client()) >= 0.3


async def test_what_is_not_buffered_is_not_held_back(tmp_path: Path) -> None:
    async with (
        upstream(always(answer(BODY))) as server,
        serve(
            tmp_path,
            f"location / {{ proxy_pass http://127.0.0.1:{server.port}; limit_rate 1; proxy_limit_rate 1; "
            "proxy_buffering off; }",
        ) as proxy,
    ):
        await taken(await proxy.client())


async def test_the_upstream_waits(tmp_path: Path) -> None:
    """What is far above the rate is not read, without a file to put it aside."""
    size = 1 << 25
    sent = 0

    async def script(visit: Visit) -> None:
        nonlocal sent
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            visit.writer.write(b"x" * 65536)
            await visit.writer.drain()
            sent += 65536

    async with (
        upstream(script) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; proxy_limit_rate 10k; }}") as proxy,
    ):
        client = await proxy.client()
        client.writer.write(GET)
        await client.reader.readuntil(b"xxx")
        before = -1
        async with asyncio.timeout(5):
            while before != sent:
                before = sent
                await asyncio.sleep(0.1)  # nobody tells that nothing happens
        assert sent < size / 2


async def test_what_has_no_body_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(BODY)
    (tmp_path / "empty").touch()
    async with serve(tmp_path, f"root {tmp_path}; limit_rate 1; location /no {{ return 204; }}") as proxy:
        client = await proxy.client()
        head = await client.ask(GET.replace(b"GET", b"HEAD"), "HEAD")
        assert (head.status, head.fields["content-length"]) == (200, str(len(BODY)))
        assert (await client.ask(GET.replace(b"/file", b"/empty"))).fields["content-length"] == "0"
        assert (await client.ask(GET.replace(b"/file", b"/no"))).status == 204


async def test_a_text_of_the_configuration(tmp_path: Path) -> None:
    """It is held, ended, and followed by the next answer."""
    async with serve(tmp_path, 'limit_rate 700; return 200 "%s";' % ("x" * 1000)) as proxy:
        client = await proxy.client()
        assert await taken(client, b"x" * 1000) >= 0.3
        await taken(client, b"x" * 1000)


async def test_an_answer_that_ends_too_early(tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")

    async with (
        upstream(script) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; limit_rate 1m; }}") as proxy,
    ):
        assert (await (await proxy.client()).ask(GET)).cut


async def test_a_client_that_leaves(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(BODY)
    async with serve(tmp_path, f"root {tmp_path}; limit_rate 100;") as proxy:
        client = await proxy.client()
        client.writer.write(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        client.writer.transport.abort()
        await until(lambda: proxy.access)
        assert int(proxy.access[0].split()[-2]) < len(BODY)
