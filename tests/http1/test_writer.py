"""How answers are framed, and what a client sees of one that cannot be completed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.proxy import serve, until
from tests.support.upstream import Visit, always, answer, upstream

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def ask(method: str = "GET", version: str = "1.1", *fields: str) -> bytes:
    return "\r\n".join([f"{method} / HTTP/{version}", "Host: a", *fields, "", ""]).encode()


@pytest.mark.parametrize(
    ("request_bytes", "reply", "fields", "body"),
    [
        (ask(), answer(b"five!"), {"content-length": "5", "connection": "keep-alive"}, b"five!"),
        (ask(), CHUNKED + b"5\r\nfive!\r\n0\r\n\r\n", {"transfer-encoding": "chunked"}, b"five!"),
        (ask(version="1.0"), answer(b"five!"), {"content-length": "5", "connection": "close"}, b"five!"),
        (ask(version="1.0"), CHUNKED + b"5\r\nfive!\r\n0\r\n\r\n", {"connection": "close"}, b"five!"),
        (
            ask("GET", "1.0", "Connection: keep-alive"),
            CHUNKED + b"5\r\nfive!\r\n0\r\n\r\n",
            {"connection": "close"},
            b"five!",
        ),
        (ask("GET", "1.0", "Connection: keep-alive"), answer(b"five!"), {"connection": "keep-alive"}, b"five!"),
        (ask("HEAD"), HEAD + b"Content-Length: 5\r\n\r\n", {"content-length": "5"}, b""),
        (ask("HEAD"), CHUNKED, {"connection": "keep-alive"}, b""),
        (ask(), b"HTTP/1.1 204 No Content\r\n\r\n", {"connection": "keep-alive"}, b""),
        (ask(), b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", {"content-length": "5"}, b""),
        (ask(), answer(b""), {"content-length": "0"}, b""),
    ],
)
async def test_framing(tmp_path: Path, request_bytes: bytes, reply: bytes, fields: dict[str, str], body: bytes) -> None:
    """Twice, for the second time the head is remembered; and the connection is in step afterwards."""
    method = request_bytes.split()[0].decode()
    async with (
        upstream(always(reply)) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        for _ in range(3):
            client = await proxy.client()
            for _ in range(3):
                got = await client.ask(request_bytes, method)
                assert fields.items() <= got.fields.items()
                assert got.body == body
                if got.fields["connection"] == "close":
                    assert await client.is_closed()
                    break


async def test_body_bytes_are_counted_as_they_are_sent(tmp_path: Path) -> None:
    async with (
        upstream(always(CHUNKED + b"5\r\nfive!\r\n0\r\n\r\n")) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        await (await proxy.client()).ask(ask())
        assert await proxy.logged() == ['200 "GET / HTTP/1.1" 15 [200]']


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    ("head", "ended"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\n", "close"),
        (HEAD + b"Content-Length: 100\r\n\r\n", "reset"),
        (CHUNKED + b"10\r\n", "close"),
        (CHUNKED + b"10\r\n", "reset"),
        (HEAD + b"\r\n", "reset"),
    ],
)
async def test_a_truncated_answer_is_seen_to_be_truncated(
    tmp_path: Path, head: bytes, ended: str, version: str
) -> None:
    seen = asyncio.Event()

    async def dies(visit: Visit) -> None:
        await visit.head()
        await visit.say(head, b"half")
        await seen.wait()
        visit.close() if ended == "close" else visit.reset()

    async with (
        upstream(dies) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        client = await proxy.client()
        await client.send(ask(version=version))
        await until(client.arrived)
        seen.set()
        got = await client.answer()
        assert got.cut
        assert (await proxy.logged())[0].startswith("200 ")
        assert "while reading upstream" in proxy.errors


async def test_what_came_of_a_truncated_answer_reaches_a_slow_client(tmp_path: Path) -> None:
    body = bytes(range(256)) * 2048

    async def dies(visit: Visit) -> None:
        await visit.head()
        await visit.say(CHUNKED, b"%x\r\n" % (len(body) + 1), body)
        visit.close()

    async with (
        upstream(dies) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}", sndbuf=4096) as proxy,
    ):
        client = await proxy.client(rcvbuf=4096)
        await client.send(ask(version="1.0"))
        await until(lambda: "while reading upstream" in proxy.errors)
        await client.reader.readuntil(b"\r\n\r\n")
        assert await client.read(len(body)) == body
        with pytest.raises(ConnectionResetError):
            await client.rest()


async def test_an_answer_that_announces_too_much_ends_the_connection(tmp_path: Path) -> None:
    """`proxy_method HEAD` makes the upstream announce a body that it does not send."""
    reply = HEAD + b"Content-Length: 5\r\n\r\n"
    async with upstream(always(reply)) as server:
        config = f"location / {{ proxy_method $arg_m; proxy_pass http://127.0.0.1:{server.port}; }}"
        async with serve(tmp_path, config) as proxy:
            for _ in range(3):
                client = await proxy.client()
                await client.send(b"GET /?m=HEAD HTTP/1.1\r\nHost: a\r\n\r\n")
                assert (await client.answer()).cut


async def test_a_large_answer_waits_for_a_slow_reader(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8192
    async with upstream(always(answer(body))) as server:
        config = f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}"
        async with serve(tmp_path, config, sndbuf=4096) as proxy:
            client = await proxy.client(rcvbuf=4096)
            await client.send(ask())
            await until(lambda: server.visits and server.visits[0].heads)
            assert not proxy.access
            assert (await client.answer()).body == body
            assert len(await proxy.logged()) == 1
