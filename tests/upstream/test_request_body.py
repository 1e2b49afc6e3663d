"""Request bodies on their way to the upstream."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pyproxy.upstream.connection import UpstreamConnection
from pyproxy.upstream.exchange import Exchange
from tests.support.proxy import serve, until
from tests.support.upstream import Visit, answer, upstream

KINDS = ["proxy_request_buffering on;", "proxy_request_buffering off;"]
BODY = bytes(range(256)) * 4000


def post(*fields: str) -> bytes:
    return "\r\n".join(["POST / HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def chunked(body: bytes, size: int = 10_000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def to(port: int, more: str = "") -> str:
    return f"client_max_body_size 0; {more} location / {{ proxy_pass http://127.0.0.1:{port}; }}"


async def echo(visit: Visit) -> None:
    while True:
        try:
            head, body = await visit.request()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        framing = b"chunked" if b"chunked" in head else b"length"
        await visit.say(answer(framing + b":" + body))


@pytest.mark.parametrize("directives", KINDS)
@pytest.mark.parametrize("size", [1, 100, 16384, 16385, len(BODY)])
async def test_bodies_arrive_whole(tmp_path: Path, directives: str, size: int) -> None:
    """With a length and in chunks, in memory and in a file, and the connection is in step afterwards."""
    body = BODY[:size]
    if "off" in directives:
        # even a small one that has come at once has not come whole then
        directives += "client_body_buffer_size 1;"
    async with upstream(echo) as server, serve(tmp_path, to(server.port, directives)) as proxy:
        client = await proxy.client()
        for _ in range(2):
            await client.send(post(f"Content-Length: {size}"), body[: size // 2], body[size // 2 :])
            assert (await client.answer()).body == b"length:" + body
            await client.send(post("Transfer-Encoding: chunked") + chunked(body))
            kept = b"chunked" if "off" in directives else b"length"
            assert (await client.answer()).body == kept + b":" + body
        assert len(server.visits) == 1
        to_file = "a client request body is buffered to a temporary file" in proxy.errors
        assert to_file == (size > 16384 and "on" in directives)


@pytest.mark.parametrize("size", [5, 16384, 100_000])
async def test_a_body_begins_in_one_write_with_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Simple servers read once and take what came for the request; and it is half the work for all others."""

    def begin(connection: UpstreamConnection, exchange: Exchange, data: bytes, now: float) -> None:
        first_writes.append(data)
        as_ever(connection, exchange, data, now)

    first_writes: list[bytes] = []
    as_ever = UpstreamConnection.begin
    monkeypatch.setattr(UpstreamConnection, "begin", begin)
    async with upstream(echo) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        for _ in range(2):  # on a new connection and on a kept one
            await client.send(post(f"Content-Length: {size}"), BODY[:size])
            assert (await client.answer()).body == b"length:" + BODY[:size]
    assert [write.partition(b"\r\n\r\n")[2] for write in first_writes] == [BODY[: min(size, 16384)]] * 2


@pytest.mark.parametrize(
    ("framing", "begun", "rest"),
    [("Content-Length: 10", b"01234", b"56789"), ("Transfer-Encoding: chunked", b"5\r\n01234\r\n", b"0\r\n\r\n")],
)
async def test_what_came_of_a_streamed_body_goes_with_the_head(
    tmp_path: Path, framing: str, begun: bytes, rest: bytes
) -> None:
    async def steps(visit: Visit) -> None:
        async with asyncio.timeout(2):
            seen.append((await visit.reader.read(4096)).partition(b"\r\n\r\n")[2])
        came.set()
        assert await visit.read(len(rest)) == rest
        await visit.say(answer())

    seen: list[bytes] = []
    came = asyncio.Event()
    async with upstream(steps) as server, serve(tmp_path, to(server.port, KINDS[1])) as proxy:
        client = await proxy.client()
        await client.send(post(framing) + begun)
        async with asyncio.timeout(2):
            await came.wait()
        assert (await client.ask(rest)).status == 200
    assert seen == [begun]


async def test_a_slow_client_does_not_hold_the_upstream(tmp_path: Path) -> None:
    async with upstream(echo) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        await client.send(post("Content-Length: 5") + b"ab")
        await asyncio.sleep(0.03)
        assert not server.visits
        assert (await client.ask(b"cde")).body == b"length:abcde"


async def test_a_streamed_body_passes_as_it_comes(tmp_path: Path) -> None:
    async def steps(visit: Visit) -> None:
        await visit.head()
        for letter in b"abc":
            assert await visit.read(1) == bytes([letter])
            came.set()
        await visit.say(answer())

    came = asyncio.Event()
    async with upstream(steps) as server, serve(tmp_path, to(server.port, KINDS[1])) as proxy:
        client = await proxy.client()
        await client.send(post("Content-Length: 3"))
        for letter in (b"a", b"b", b"c"):
            came.clear()
            await client.send(letter)
            async with asyncio.timeout(2):
                await came.wait()
        assert (await client.answer()).status == 200


async def test_an_upstream_that_does_not_read_holds_a_streamed_upload(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def lazy(visit: Visit) -> None:
        await visit.head()
        visit.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await go_on.wait()
        visit.reader._transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        while got < 50_000_000:
            got += len(await visit.reader.read(1 << 20))
        await visit.say(answer(b"%d" % got))

    config = to(0, "proxy_request_buffering off; send_timeout 10s; proxy_send_timeout 10s;")
    async with (
        upstream(lazy, rcvbuf=8192) as server,
        serve(tmp_path, config.replace(":0;", f":{server.port};")) as proxy,
    ):
        client = await proxy.client()
        flood = asyncio.ensure_future(client.send(post("Content-Length: 50000000"), b"b" * 50_000_000))
        await until(lambda: server.visits and server.visits[0].heads)
        await asyncio.sleep(0.2)
        assert not flood.done()
        go_on.set()
        await flood
        assert (await client.answer()).body == b"50000000"


@pytest.mark.parametrize("directives", KINDS)
async def test_too_large_in_the_middle(tmp_path: Path, directives: str) -> None:
    config = to(0, directives).replace("client_max_body_size 0", "client_max_body_size 1000")
    async with (
        upstream(echo) as server,
        serve(tmp_path, config.replace(":0;", f":{server.port};")) as proxy,
    ):
        client = await proxy.client()
        await client.send(post("Transfer-Encoding: chunked"), chunked(b"b" * 900, 900)[:-5])
        await client.send(chunked(b"b" * 500_000))
        got = await client.answer()
        assert (got.status, got.fields["connection"]) == (413, "close")
        assert await client.rest() == b""
        assert "client intended to send too large chunked body" in proxy.errors
        await server.done()
        assert proxy.access[0].startswith("413 ")


async def test_the_page_for_a_too_large_body_may_come_from_an_upstream(tmp_path: Path) -> None:
    """Which is not sent the body."""
    config = "client_max_body_size 10; error_page 413 /page; location /page { proxy_pass http://127.0.0.1:%d; }"
    async with (
        upstream(echo) as server,
        serve(tmp_path, config % server.port + "location / { proxy_pass http://127.0.0.1:1; }") as proxy,
    ):
        for head in (post("Content-Length: 5000"), post("Transfer-Encoding: chunked")):
            client = await proxy.client()
            await client.send(head + chunked(b"b" * 4990))
            got = await client.answer()
            assert (got.status, got.body) == (413, b"length:")


@pytest.mark.parametrize("directives", KINDS)
async def test_a_bad_chunk_is_not_passed_on(tmp_path: Path, directives: str) -> None:
    async with upstream(echo) as server, serve(tmp_path, to(server.port, directives)) as proxy:
        client = await proxy.client()
        await client.send(post("Transfer-Encoding: chunked") + b"3\r\nabc\r\nzz\r\nGET /smuggled HTTP/1.1\r\n\r\n")
        assert (await client.answer()).status == 400
        assert await client.is_closed()
        assert "client sent invalid chunked body" in proxy.errors
        await server.done()
        assert len(proxy.access) == 1


@pytest.mark.parametrize("how", ["half close", "reset"])
@pytest.mark.parametrize("directives", KINDS)
async def test_a_client_that_leaves_in_the_middle_of_its_body(tmp_path: Path, directives: str, how: str) -> None:
    async with upstream(echo) as server, serve(tmp_path, to(server.port, directives)) as proxy:
        client = await proxy.client()
        await client.send(post("Content-Length: 10") + b"abc")
        if "off" in directives:
            await until(lambda: server.visits and server.visits[0].heads)
        else:
            await until(lambda: proxy.worker.watched)
        client.half_close() if how == "half close" else client.reset()
        assert (await proxy.logged())[0].startswith("400 " if how == "half close" else "4")
        await until(lambda: not proxy.worker.watched)
        await server.done()


@pytest.mark.parametrize("directives", KINDS)
async def test_an_early_answer(tmp_path: Path, directives: str) -> None:
    """The upstream refuses without reading; what is left of the body is read over, and its connection is not reused."""

    async def refusing(visit: Visit) -> None:
        await visit.head()
        await visit.say(answer(b"no", status="403 No"))
        await visit.ended()

    async with upstream(refusing) as server, serve(tmp_path, to(server.port, directives)) as proxy:
        client = await proxy.client()
        size = 30_000_000
        await client.send(post(f"Content-Length: {size}"))
        for _ in range(30):
            await client.send(b"b" * 1_000_000)
        assert (await client.answer()).body == b"no"
        assert (await client.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).body == b"no"
        assert len(server.visits) == 2


async def test_a_spooled_body_is_sent_again_to_the_next_server(tmp_path: Path) -> None:
    async def dying(visit: Visit) -> None:
        await visit.request()

    async with upstream(dying) as bad, upstream(echo) as good:
        http = f"upstream u {{ server 127.0.0.1:{bad.port}; server 127.0.0.1:{good.port}; }}"
        config = "location / { proxy_pass http://u; proxy_next_upstream error non_idempotent; }"
        async with serve(tmp_path, "client_max_body_size 0;" + config, http) as proxy:
            client = await proxy.client()
            await client.send(post(f"Content-Length: {len(BODY)}") + BODY)
            assert (await client.answer()).body == b"length:" + BODY


async def test_a_streamed_body_waits_for_a_slow_client_and_not_for_a_slow_upstream(tmp_path: Path) -> None:
    """proxy_send_timeout and proxy_read_timeout are the upstream's, client_body_timeout the client's."""
    times = "proxy_request_buffering off; proxy_send_timeout 50ms; proxy_read_timeout 50ms; client_body_timeout 5s;"
    async with upstream(echo) as server, serve(tmp_path, to(server.port, times)) as proxy:
        client = await proxy.client()
        await client.send(post("Content-Length: 4") + b"a")
        for letter in (b"b", b"c", b"d"):
            await asyncio.sleep(0.12)
            await client.send(letter)
        assert (await client.answer()).body == b"length:abcd"


@pytest.mark.parametrize("directives", KINDS)
async def test_proxy_send_timeout(tmp_path: Path, directives: str) -> None:
    async def lazy(visit: Visit) -> None:
        await visit.head()
        visit.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async with (
        upstream(lazy, rcvbuf=8192) as server,
        serve(tmp_path, to(server.port, directives + "proxy_send_timeout 80ms;")) as proxy,
    ):
        client = await proxy.client()
        flood = asyncio.ensure_future(client.send(post("Content-Length: 50000000"), b"b" * 50_000_000))
        assert (await client.answer()).status == 504
        assert "upstream timed out (110: Connection timed out) while sending request to upstream" in proxy.errors
        flood.cancel()


@pytest.mark.parametrize("size", [10, 50_000])
async def test_a_body_outlives_the_upstream_that_failed(tmp_path: Path, size: int) -> None:
    """An error page leads to another upstream: it gets the body that was read for the first one."""
    body = BODY[:size]

    async def hangs_up(visit: Visit) -> None:
        await visit.request()

    async with upstream(hangs_up) as first, upstream(echo) as second:
        config = f"""
            location / {{ proxy_pass http://127.0.0.1:{first.port}; error_page 502 = @other; }}
            location @other {{ proxy_pass http://127.0.0.1:{second.port}; }}
        """
        async with serve(tmp_path, config) as proxy:
            client = await proxy.client()
            for _ in range(2):
                await client.send(post(f"Content-Length: {size}") + body)
                assert (await client.answer()).body == b"length:" + body
