"""Asking servers: keep-alive, failures, the next server, timeouts, clients that leave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.proxy import serve, until
from tests.support.upstream import Script, Visit, always, answer, upstream

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


def to(port: int, more: str = "") -> str:
    return f"{more} location / {{ proxy_pass http://127.0.0.1:{port}; }}"


@pytest.fixture
def refused() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


async def silent(visit: Visit) -> None:
    await visit.head()
    await visit.ended()


async def closing(visit: Visit) -> None:
    await visit.head()


async def resetting(visit: Visit) -> None:
    await visit.head()
    visit.reset()


# Kept connections


async def test_a_connection_is_used_again_by_other_clients(tmp_path: Path) -> None:
    async with upstream(always(answer())) as server, serve(tmp_path, to(server.port)) as proxy:
        for _ in range(3):
            assert (await (await proxy.client()).ask(GET)).status == 200
        assert len(server.visits) == 1


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"ok", "Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        answer() + b"more",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
    ],
)
async def test_a_connection_is_not_used_again(tmp_path: Path, reply: bytes) -> None:
    async with upstream(always(reply)) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(GET)).body == b"ok"
        assert len(server.visits) == 3
        assert ("upstream sent" in proxy.errors) == (b"more" in reply)


async def test_keepalive_limits(tmp_path: Path) -> None:
    async def group(directives: str) -> int:
        async with upstream(always(answer())) as server:
            http = f"upstream u {{ server 127.0.0.1:{server.port}; {directives} }}"
            async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
                client = await proxy.client()
                for _ in range(4):
                    await client.ask(GET)
                await asyncio.sleep(0)
                return len(server.visits)

    assert await group("") == 1
    assert await group("keepalive 0;") == 4
    assert await group("keepalive_requests 2;") == 2
    assert await group("keepalive_time 0;") == 4


async def test_of_too_many_idle_connections_the_oldest_is_closed(tmp_path: Path) -> None:
    closed: list[int] = []

    async def script(visit: Visit) -> None:
        await visit.head()
        await until(lambda: len(server.visits) == 2)
        await visit.say(answer())
        await visit.ended()
        closed.append(visit.number)

    async with upstream(script) as server:
        http = f"upstream u {{ server 127.0.0.1:{server.port}; keepalive 1; }}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            first, second = await proxy.client(), await proxy.client()
            assert [reply.status for reply in await asyncio.gather(first.ask(GET), second.ask(GET))] == [200, 200]
            await until(lambda: closed)
            assert len(closed) == 1
            assert len(proxy.site.upstreams["u"].peers[0].idle) == 1


async def test_an_idle_connection_is_closed_in_the_end(tmp_path: Path) -> None:
    async with upstream(always(answer())) as server:
        http = f"upstream u {{ server 127.0.0.1:{server.port}; keepalive_timeout 50ms; }}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            client = await proxy.client()
            await client.ask(GET)
            await server.done()
            await client.ask(GET)
            assert len(server.visits) == 2


async def test_what_an_idle_connection_says_is_not_an_answer(tmp_path: Path) -> None:
    poisoned = asyncio.Event()

    async def poison(visit: Visit) -> None:
        await visit.head()
        await visit.say(answer(b"good"))
        if visit.number == 1:
            await poisoned.wait()
            await visit.say(answer(b"evil"))
            assert await visit.ended() == b""

    async with upstream(poison) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        assert (await client.ask(GET)).body == b"good"
        poisoned.set()
        await server.done()
        assert (await client.ask(GET)).body == b"good"
        assert len(server.visits) == 2


@pytest.mark.parametrize(("request_bytes", "status"), [(GET, 200), (POST, 502)])
async def test_a_kept_connection_that_was_closed_meanwhile(tmp_path: Path, request_bytes: bytes, status: int) -> None:
    """Asked again on a new connection, unless the request may have been acted upon."""

    async def restarted(visit: Visit) -> None:
        await visit.request()
        await visit.say(answer())
        if visit.number == 1:
            await visit.head()
        else:
            await visit.ended()

    async with upstream(restarted) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        assert (await client.ask(GET)).status == 200
        assert (await client.ask(request_bytes)).status == status
        assert proxy.access[-1].endswith("[502, 200]" if status == 200 else "[502]")


async def test_only_one_kept_connection_is_tried(tmp_path: Path) -> None:
    """An application that was started anew has closed them all."""
    count = 5
    begun = asyncio.Barrier(count)

    async def dying(visit: Visit) -> None:
        await visit.head()
        if visit.number <= count:
            await begun.wait()
            await visit.say(answer())
            await visit.head()
        else:
            await visit.say(answer(b"new"))
            await visit.ended()

    async with upstream(dying) as server, serve(tmp_path, to(server.port)) as proxy:
        clients = [await proxy.client() for _ in range(count)]
        await asyncio.gather(*(client.ask(GET) for client in clients))
        assert (await clients[0].ask(GET)).body == b"new"
        assert proxy.access[-1].endswith("[502, 200]")


# Failures


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        (closing, 502, "upstream prematurely closed connection while reading response header from upstream"),
        (resetting, 502, "(104: Connection reset by peer) while reading response header from upstream"),
        (always(b"HTTP/1.1 200 OK\r\nContent-Le"), 504, "upstream timed out"),
        (always(b"garbage\r\n\r\n"), 502, 'upstream sent no valid HTTP/1.1 header: "garbage'),
        (always(b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n"), 502, "upstream sent invalid header"),
        (always(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000 + b"\r\n\r\n"), 502, "upstream sent too big header"),
        (always(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), 502, "upstream sent unexpected 101 response"),
        (always(b"HTTP/1.1 100 Continue\r\n\r\n" * 17), 502, "upstream sent too many informational responses"),
        (
            always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            502,
            "upstream sent duplicate header line",
        ),
        (silent, 504, "upstream timed out (110: Connection timed out) while reading response header from upstream"),
    ],
)
async def test_an_upstream_that_gives_no_answer(tmp_path: Path, script: Script, status: int, message: str) -> None:
    async with upstream(script) as server, serve(tmp_path, to(server.port, "proxy_read_timeout 80ms;")) as proxy:
        client = await proxy.client()
        got = await client.ask(GET)
        assert (got.status, got.fields["connection"]) == (status, "keep-alive")
        assert message in proxy.errors
        assert f'upstream: "http://127.0.0.1:{server.port}"' in proxy.errors.replace('/"', '"')
        assert proxy.access == [f'{status} "GET / HTTP/1.1" {len(got.body)} [{status}]']
        await server.done()


async def test_nobody_listens(tmp_path: Path, refused: int) -> None:
    async with serve(tmp_path, to(refused)) as proxy:
        assert (await (await proxy.client()).ask(GET)).status == 502
        assert "connect() failed (111: Connection refused) while connecting to upstream" in proxy.errors


async def test_a_name_that_means_nothing(tmp_path: Path) -> None:
    config = "location / { proxy_pass http://$arg_to; }"
    async with serve(tmp_path, config) as proxy:
        client = await proxy.client()
        for name in (b"nowhere.invalid", b"a..b", b"x" * 70 + b".invalid"):
            assert (await client.ask(b"GET /?to=%b HTTP/1.1\r\nHost: a\r\n\r\n" % name)).status == 502
        assert "nowhere.invalid" in proxy.errors


async def test_connect_timeout(tmp_path: Path) -> None:
    """A full backlog: the kernel does not answer."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        async with serve(tmp_path, to(full.getsockname()[1], "proxy_connect_timeout 80ms;")) as proxy:
            assert (await (await proxy.client()).ask(GET)).status == 504
            assert "upstream timed out (110: Connection timed out) while connecting to upstream" in proxy.errors


async def test_informational_answers_come_before_the_answer(tmp_path: Path) -> None:
    reply = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with upstream(always(reply + answer(b"final"))) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        for _ in range(2):
            assert (await client.ask(GET)).body == b"final"
        assert len(server.visits) == 1


async def test_an_answer_one_byte_at_a_time(tmp_path: Path) -> None:
    async def slowly(visit: Visit) -> None:
        for reply in (
            answer(b"five!"),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive!\r\n0\r\n\r\n",
        ):
            await visit.head()
            for byte in reply:
                await visit.say(bytes([byte]))
                await asyncio.sleep(0)

    async with upstream(slowly) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        assert [(await client.ask(GET)).body for _ in range(2)] == [b"five!", b"five!"]
        assert len(server.visits) == 1


# The next server


@pytest.mark.parametrize(
    ("script", "directives", "request_bytes", "line"),
    [
        (closing, "", GET, '200 "GET / HTTP/1.1" 6 [502, 200]'),
        (resetting, "", GET, '200 "GET / HTTP/1.1" 6 [502, 200]'),
        (silent, "proxy_read_timeout 60ms;", GET, '200 "GET / HTTP/1.1" 6 [504, 200]'),
        (closing, "", POST, '502 "POST / HTTP/1.1" 157 [502]'),
        (closing, "proxy_next_upstream error non_idempotent;", POST, '200 "POST / HTTP/1.1" 6 [502, 200]'),
        (closing, "proxy_next_upstream off;", GET, '502 "GET / HTTP/1.1" 157 [502]'),
        (closing, "proxy_next_upstream_tries 1;", GET, '502 "GET / HTTP/1.1" 157 [502]'),
        (always(b"garbage\r\n\r\n"), "", GET, '502 "GET / HTTP/1.1" 157 [502]'),
        (
            always(b"garbage\r\n\r\n"),
            "proxy_next_upstream invalid_header;",
            GET,
            '200 "GET / HTTP/1.1" 6 [502, 200]',
        ),
        (always(answer(b"sorry", status="503 No")), "", GET, '503 "GET / HTTP/1.1" 5 [503]'),
        (
            always(answer(b"sorry", status="503 No")),
            "proxy_next_upstream http_503;",
            GET,
            '200 "GET / HTTP/1.1" 6 [503, 200]',
        ),
        (
            always(answer(b"sorry", status="503 No")),
            "proxy_next_upstream http_503;",
            POST,
            '503 "POST / HTTP/1.1" 5 [503]',
        ),
        (
            always(answer(b"none", status="404 No")),
            "proxy_next_upstream http_404;",
            GET,
            '200 "GET / HTTP/1.1" 6 [404, 200]',
        ),
    ],
)
async def test_next_upstream(tmp_path: Path, script: Script, directives: str, request_bytes: bytes, line: str) -> None:
    async with upstream(script) as bad, upstream(always(answer(b"second"))) as good:
        http = f"upstream u {{ server 127.0.0.1:{bad.port}; server 127.0.0.1:{good.port}; }} {directives}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            await (await proxy.client()).ask(request_bytes)
            assert await proxy.logged() == [line.replace("157", proxy.access[0].split()[4])]


async def test_a_failed_server_is_left_alone_for_a_while(tmp_path: Path, refused: int) -> None:
    async with upstream(always(answer(b"good"))) as good:
        http = f"upstream u {{ server 127.0.0.1:{refused}; server 127.0.0.1:{good.port}; }}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            client = await proxy.client()
            for _ in range(6):
                assert (await client.ask(GET)).body == b"good"
            assert [line.count("502") for line in proxy.access] == [1, 0, 0, 0, 0, 0]


async def test_all_servers_fail(tmp_path: Path, refused: int) -> None:
    async with upstream(closing) as server:
        http = f"upstream u {{ server 127.0.0.1:{refused}; server 127.0.0.1:{server.port}; }}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            client = await proxy.client()
            assert (await client.ask(GET)).status == 502
            assert (await client.ask(GET)).status == 502
            assert [line.split("[")[1] for line in proxy.access] == ["502, 502]", "502]"]
            assert "no live upstreams while connecting to upstream" in proxy.errors


async def test_max_conns_counts_requests_and_not_idle_connections(tmp_path: Path) -> None:
    hold = asyncio.Event()

    async def held(visit: Visit) -> None:
        while True:
            head = await visit.head()
            if b"/hold" in head:
                await hold.wait()
            await visit.say(answer())

    async with upstream(held) as server:
        http = f"upstream u {{ server 127.0.0.1:{server.port} max_conns=1; }}"
        async with serve(tmp_path, "location / { proxy_pass http://u; }", http) as proxy:
            first, second = await proxy.client(), await proxy.client()
            for _ in range(3):
                assert (await first.ask(GET)).status == 200
            await first.send(GET.replace(b"/ ", b"/hold "))
            await until(lambda: len(server.visits[0].heads) == 4)
            assert (await second.ask(GET)).status == 502
            hold.set()
            assert (await first.answer()).status == 200
            assert (await second.ask(GET)).status == 200


async def test_intercepted_errors(tmp_path: Path) -> None:
    config = "proxy_intercept_errors on; error_page 503 /sorry; location /sorry { return 200 sorry; }"
    async with (
        upstream(always(answer(b"raw", status="503 No"))) as server,
        serve(tmp_path, to(server.port, config)) as proxy,
    ):
        got = await (await proxy.client()).ask(GET)
        assert (got.status, got.body) == (503, b"sorry")


# Clients that leave


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("stage", ["connecting", "asked", "head", "body"])
async def test_a_client_that_leaves_frees_its_upstream_connection(tmp_path: Path, stage: str, how: str) -> None:
    async def endless(visit: Visit) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await visit.head()
        if stage == "head":
            await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        if stage == "body":
            await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await visit.ended()

    async with upstream(endless) as server, serve(tmp_path, to(server.port)) as proxy:
        client = await proxy.client()
        await client.send(GET)
        if stage != "connecting":
            await until(lambda: server.visits and server.visits[0].heads)
        if stage in ("head", "body"):
            await until(client.arrived)
        client.reset() if how == "reset" else client.close()
        status = "200" if stage in ("head", "body") else "499"
        assert (await proxy.logged())[0].startswith(f'{status} "GET / ')
        await until(lambda: not proxy.worker.watched)
        await server.done()
        (group,) = proxy.site.upstreams.values()
        assert group.peers[0].active == 0


async def test_ignore_client_abort(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def finishes(visit: Visit) -> None:
        await visit.head()
        await go_on.wait()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", b"x" * 2_000_000)
        await visit.ended()

    config = "proxy_ignore_client_abort on;"
    async with upstream(finishes) as server, serve(tmp_path, to(server.port, config)) as proxy:
        client = await proxy.client()
        await client.send(GET)
        await until(lambda: server.visits and server.visits[0].heads)
        client.reset()
        await until(lambda: len(proxy.worker.watched) == 1)
        assert not proxy.access
        go_on.set()
        assert (await proxy.logged())[0].startswith('200 "GET / ')
        (group,) = proxy.site.upstreams.values()
        assert len(group.peers[0].idle) == 1
