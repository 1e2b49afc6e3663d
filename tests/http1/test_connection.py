"""A client's connection: its requests, their bodies, its timeouts and its end."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.http1.head import RequestParser
from tests.support.proxy import serve, until
from tests.support.upstream import Visit, always, answer, upstream

RETURN = """
    location / { return 200 "[$request_uri]"; }
    location /nobody { return 204; }
    location /short { keepalive_timeout 0; return 200 short; }
"""


def get(path: str = "/", *fields: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: a", *fields, "", ""]).encode()


def post(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


# Keep-alive


@pytest.mark.parametrize(
    ("request_bytes", "server", "kept"),
    [
        (get(), "", True),
        (get("/", "Connection: close"), "", False),
        (get("/", "Connection: keep-alive, Close"), "", False),
        (get(version="1.0"), "", False),
        (get("/", "Connection: keep-alive", version="1.0"), "", True),
        (get("/short"), "", False),
        (get(), "keepalive_requests 1;", False),
        (get(), "keepalive_time 1ms;", False),
        (post("/", "Content-Length: 3") + b"abc", "", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "", False),
    ],
)
async def test_a_connection_is_kept_or_closed(tmp_path: Path, request_bytes: bytes, server: str, kept: bool) -> None:
    async with serve(tmp_path, server + RETURN) as proxy:
        client = await proxy.client()
        await asyncio.sleep(0.002)  # keepalive_time
        first = await client.ask(request_bytes)
        assert first.fields["connection"] == ("keep-alive" if kept else "close")
        if kept:
            assert (await client.ask(get("/again"))).body == b"[/again]"
        else:
            assert await client.is_closed()


async def test_the_last_of_keepalive_requests_says_so(tmp_path: Path) -> None:
    async with serve(tmp_path, "keepalive_requests 3;" + RETURN) as proxy:
        client = await proxy.client()
        said = [(await client.ask(get())).fields["connection"] for _ in range(3)]
        assert said == ["keep-alive", "keep-alive", "close"]
        assert await client.is_closed()


async def test_what_is_known_of_the_connection(tmp_path: Path) -> None:
    text = "$tcpinfo_rtt $tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space $connection_time $connection_requests"
    async with serve(tmp_path, f'return 200 "{text}";') as proxy:
        client = await proxy.client()
        for count in (1, 2):
            found = (await client.ask(get())).body.decode()
            numbers = r"\d+ \d+ [1-9]\d* [1-9]\d*" if hasattr(socket, "TCP_INFO") else "   "
            assert re.fullmatch(rf"{numbers} \d\.\d{{3}} {count}", found)


async def test_a_remembered_head_is_not_another_one(tmp_path: Path) -> None:
    """The same bytes again, then nearly the same, in one packet and in several."""
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        for path in ("/a", "/a", "/b", "/a"):
            assert (await client.ask(get(path))).body == f"[{path}]".encode()
        await client.send(get("/a") + get("/a"), get("/a")[:10])
        await client.send(get("/a")[10:] + get("/b"))
        assert [(await client.answer()).body for _ in range(4)] == [b"[/a]", b"[/a]", b"[/a]", b"[/b]"]


async def test_one_byte_at_a_time(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        for byte in get("/slow") + post("/p", "Content-Length: 2") + b"ab" + get("/end"):
            await client.send(bytes([byte]))
            await asyncio.sleep(0)
        assert [(await client.answer()).body for _ in range(3)] == [b"[/slow]", b"[/p]", b"[/end]"]


# Pipelining


@pytest.mark.parametrize(
    "one", [get("/x"), post("/x", "Content-Length: 1") + b"b", post("/x", "Transfer-Encoding: chunked") + b"0\r\n\r\n"]
)
async def test_many_pipelined_requests_in_one_packet(tmp_path: Path, one: bytes) -> None:
    """More than the interpreter's recursion limit."""
    count = 3000
    async with serve(tmp_path, "keepalive_requests 10000;" + RETURN) as proxy:
        client = await proxy.client()
        await client.send(one * count + get("/last", "Connection: close"))
        for _ in range(count):
            assert (await client.answer()).body == b"[/x]"
        assert (await client.answer()).body == b"[/last]"
        assert await client.is_closed()
        assert len(await proxy.logged(count + 1)) == count + 1


async def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    async def echo(visit: Visit) -> None:
        while True:
            head = await visit.head()
            await visit.say(answer(head.split()[1]))

    async with upstream(echo) as server, serve(tmp_path, _both(server.port)) as proxy:
        client = await proxy.client()
        paths = [f"/{'up' if number % 3 else 'here'}/{number}" for number in range(60)]
        await client.send(b"".join(map(get, paths)))
        assert [(await client.answer()).body.decode() for _ in paths] == paths
        assert len(server.visits) == 1


def _both(port: int) -> str:
    return f'location /up {{ proxy_pass http://127.0.0.1:{port}; }} location /here {{ return 200 "$request_uri"; }}'


async def test_a_client_that_sends_but_does_not_read_is_not_read_either(tmp_path: Path) -> None:
    """Neither requests nor answers pile up in memory."""
    text = "x" * 4000
    async with serve(tmp_path, f"keepalive_requests 1000000; return 200 {text};", sndbuf=4096) as proxy:
        client = await proxy.client(rcvbuf=4096)
        flood = asyncio.ensure_future(client.send(get() * 200_000))
        await asyncio.sleep(0.3)
        assert not flood.done()
        (connection,) = proxy.worker.watched
        assert len(connection._buffer) < 1 << 20  # type: ignore[attr-defined]
        assert len(proxy.access) < 1000
        before = len(proxy.access)
        for _ in range(before + 100):
            assert (await client.answer()).body == text.encode()
        assert len(proxy.access) > before
        flood.cancel()
        client.reset()


async def test_requests_before_the_end_of_stream_are_answered(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        await client.send(get("/1") + get("/2"))
        client.half_close()
        assert [(await client.answer()).body for _ in range(2)] == [b"[/1]", b"[/2]"]
        assert await client.is_closed()


# Expect: 100-continue


async def test_continue_is_sent_when_the_body_is_wanted(tmp_path: Path) -> None:
    async with upstream(always(answer())) as server, serve(tmp_path, _both(server.port)) as proxy:
        client = await proxy.client()
        go_on = await client.ask(post("/up", "Content-Length: 5", "Expect: 100-continue"))
        assert go_on.status == 100
        assert (await client.ask(b"hello")).status == 200
        assert (await client.ask(get("/here/1"))).body == b"/here/1"


async def test_a_refused_expectation_ends_the_connection(tmp_path: Path) -> None:
    """Whether the body comes all the same nobody can know."""
    async with serve(tmp_path, "location / { deny all; }") as proxy:
        client = await proxy.client()
        refused = await client.ask(post("/", "Content-Length: 5", "Expect: 100-continue"))
        assert refused.status == 403
        assert refused.fields["connection"] == "close"
        await client.send(b"hello" + get("/smuggled"))
        assert await client.is_closed()
        assert len(proxy.access) == 1


async def test_a_body_that_nobody_wants_may_come_all_the_same(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        assert (await client.ask(post("/", "Content-Length: 5", "Expect: 100-continue"))).status == 100
        assert (await client.answer()).status == 200
        assert (await client.ask(b"hello" + get("/here/1"))).body == b"[/here/1]"


async def test_a_too_large_expectation_is_refused(tmp_path: Path) -> None:
    async with serve(tmp_path, "client_max_body_size 4;" + RETURN) as proxy:
        client = await proxy.client()
        refused = await client.ask(post("/", "Content-Length: 5", "Expect: 100-continue"))
        assert (refused.status, refused.fields["connection"]) == (413, "close")


# Bodies that nobody wants


@pytest.mark.parametrize("fields", [("Content-Length: 300000",), ("Transfer-Encoding: chunked",)])
async def test_an_unread_body_is_read_over(tmp_path: Path, fields: tuple[str, ...]) -> None:
    body = b"b" * 300_000
    if "chunked" in fields[0]:
        body = b"%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        assert (await client.ask(post("/", *fields))).status == 200
        await client.send(body[:1000], body[1000:], get("/next"))
        assert (await client.answer()).body == b"[/next]"


async def test_reading_over_a_body_has_an_end(tmp_path: Path) -> None:
    async with serve(tmp_path, "lingering_timeout 40ms;" + RETURN) as proxy:
        client = await proxy.client()
        assert (await client.ask(post("/", "Content-Length: 9"))).status == 200
        assert await client.is_closed()


async def test_a_bad_chunk_in_an_unread_body_ends_the_connection(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        assert (await client.ask(post("/", "Transfer-Encoding: chunked"))).status == 200
        await client.send(b"zz\r\n" + get("/smuggled"))
        assert await client.is_closed()
        assert len(proxy.access) == 1


async def test_a_sink_that_is_full_at_the_end_of_its_body_does_not_stop_the_next_request(tmp_path: Path) -> None:
    class Full:
        def __init__(self, request: Request) -> None:
            self.request = request

        def body_data(self, data: bytes) -> None:
            self.request.stream.pause_body()

        def body_end(self, data: bytes = b"") -> None:
            asyncio.get_running_loop().call_soon(self.request.respond, Response(200, [], 2), b"ok")

        def body_failed(self, status: int) -> None: ...

    def take(request: Request) -> bool:
        request.stream.read_body(Full(request))
        return True

    async with serve(tmp_path, RETURN) as proxy:
        proxy.site.servers[0].locations.find(b"/")[0].handlers = (take,)  # type: ignore[union-attr]
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(post("/", "Content-Length: 3", "Expect: 100-continue"))).status == 100
            assert (await client.ask(b"abc")).body == b"ok"


# Lingering close


async def test_the_answer_is_read_although_the_client_still_sends(tmp_path: Path) -> None:
    """Without lingering, the kernel would reset the connection and the answer be lost."""
    async with serve(tmp_path, "client_max_body_size 10;" + RETURN) as proxy:
        client = await proxy.client()
        await client.send(post("/", "Content-Length: 2000000"))
        for _ in range(20):
            await client.send(b"b" * 100_000)
        refused = await client.answer()
        assert refused.status == 413
        assert await client.rest() == b""
        assert "client intended to send too large body: 2000000 bytes" in proxy.errors


async def test_lingering_has_an_end(tmp_path: Path) -> None:
    config = "client_max_body_size 1; lingering_timeout 10s; lingering_time 60ms;"
    async with serve(tmp_path, config + RETURN) as proxy:
        client = await proxy.client()
        await client.ask(post("/", "Content-Length: 100"))
        await until(lambda: not proxy.worker.watched)


async def test_without_lingering(tmp_path: Path) -> None:
    async with serve(tmp_path, "client_max_body_size 1; lingering_close off;" + RETURN) as proxy:
        client = await proxy.client()
        await client.ask(post("/", "Content-Length: 100"))
        await until(lambda: not proxy.worker.watched)


# Heads that cannot be used


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
    ],
)
async def test_after_a_bad_head_nothing_is_read(tmp_path: Path, raw: bytes, status: int) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        await client.send(raw + get("/smuggled"))
        refused = await client.answer()
        assert (refused.status, refused.fields["connection"]) == (status, "close")
        assert await client.is_closed()
        assert len(proxy.access) == 1


async def test_an_unfinished_head_is_logged_when_the_client_leaves(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        await client.send(get()[:-2])
        client.half_close()
        assert await client.is_closed()
        assert (await proxy.logged())[0].startswith("400 ")
        assert "client prematurely closed connection while reading client request headers" in proxy.errors


# Timeouts


async def test_a_dribbled_head_is_not_read_again_for_each_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of bytes, one at a time, after a long beginning: it is looked at now and then, and still understood."""
    looks = []
    check = RequestParser.check_unfinished

    def count(self: RequestParser, data: bytes, start: int = 0, seen: int = 0) -> None:
        looks.append(len(data))
        check(self, data, start, seen)

    monkeypatch.setattr(RequestParser, "check_unfinished", count)
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        rest = b"X: " + b"x" * 2000 + b"\r\n\r\n"
        await client.send(get()[:-2] + b"a: b\r\n" * 900, *(rest[at : at + 1] for at in range(len(rest))))
        assert (await client.answer()).body == b"[/]"
        assert len(looks) < 20
        assert (await client.ask(get("/next"))).body == b"[/next]"


async def test_a_request_takes_from_its_first_byte_on(tmp_path: Path) -> None:
    async with serve(tmp_path, f"access_log access.log took; {RETURN}", "log_format took '$request_time';") as proxy:
        client = await proxy.client()
        await client.send(get()[:9])
        await asyncio.sleep(0.05)
        await client.send(get()[9:])
        await client.answer()
        assert float((await proxy.logged())[0]) >= 0.045


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (b"", None),
        (get()[:-2], '408 "GET / HTTP/1.1" 0 [-]'),
        (get(), '200 "GET / HTTP/1.1" 3 [-]'),
        (get() + get()[:-2], '408 "GET / HTTP/1.1" 0 [-]'),
    ],
)
async def test_client_header_timeout_and_keepalive_timeout(tmp_path: Path, sent: bytes, line: str | None) -> None:
    config = "client_header_timeout 60ms; keepalive_timeout 60ms;"
    async with serve(tmp_path, config + RETURN) as proxy:
        client = await proxy.client()
        await client.send(sent)
        async with asyncio.timeout(2):
            await client.reader.read()
        assert proxy.access[-1:] == ([line] if line else [])


async def test_each_byte_does_not_prolong_the_header_timeout(tmp_path: Path) -> None:
    async with serve(tmp_path, "client_header_timeout 100ms;" + RETURN) as proxy:
        client = await proxy.client()
        await client.send(b"GET /")
        async with asyncio.timeout(2):
            while not proxy.access:
                client.writer.write(b"a")
                await asyncio.sleep(0.01)
        assert proxy.access[0].startswith("408 ")
        assert await client.is_closed()


async def test_client_body_timeout(tmp_path: Path) -> None:
    async with upstream(always(answer())) as server:
        config = "client_body_timeout 60ms;" + _both(server.port)
        async with serve(tmp_path, config) as proxy:
            client = await proxy.client()
            await client.send(post("/up", "Content-Length: 5") + b"ab")
            assert await client.is_closed()
            assert await proxy.logged() == ['408 "POST /up HTTP/1.1" 0 [-]']
            assert not server.visits


async def test_send_timeout(tmp_path: Path) -> None:
    """A client that takes nothing is cut off; one that takes a little from time to time is not."""
    text = "x" * 600_000
    (tmp_path / "text").write_text(text)
    async with upstream(always(answer(text.encode()))) as server:
        config = f"send_timeout 150ms; location / {{ proxy_pass http://127.0.0.1:{server.port}; }}"
        async with serve(tmp_path, config, sndbuf=4096) as proxy:
            slow, stuck = await proxy.client(rcvbuf=4096), await proxy.client(rcvbuf=4096)
            await slow.send(get("/slow"))
            await stuck.send(get("/stuck"))
            taken = 0
            while not any("/stuck" in line for line in proxy.access):
                taken += len(await slow.reader.read(8192))
                await asyncio.sleep(0.02)
            assert "client timed out" in proxy.errors
            while taken < 600_000:
                taken += len(await slow.reader.read(1 << 16))
            assert (await proxy.logged(2))[-1].startswith('200 "GET /slow')
            stuck.reset()


# The end


async def test_a_client_that_resets_while_idle_leaves_nothing(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN) as proxy:
        client = await proxy.client()
        await client.ask(get())
        client.reset()
        await until(lambda: not proxy.worker.watched)
        assert len(proxy.access) == 1


async def test_a_fault_of_ours_costs_one_request(tmp_path: Path) -> None:
    async with serve(tmp_path, RETURN + "location /fault { return 200 fault; }") as proxy:
        faults: list[object] = []
        proxy.worker.loop.set_exception_handler(lambda loop, context: faults.append(context["exception"]))

        def fail(request: object) -> None:
            raise ZeroDivisionError("our fault")

        location, _ = proxy.site.servers[0].locations.find(b"/fault")
        assert location is not None
        location.handlers = (fail,)
        client = await proxy.client()
        assert (await client.ask(get("/fault"))).status == 500
        assert await client.is_closed()
        assert "ZeroDivisionError: our fault" in proxy.errors
        assert len(faults) == 1
        assert (await (await proxy.client()).ask(get())).status == 200


async def test_shutdown_lets_the_current_answer_end(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def slow(visit: Visit) -> None:
        await visit.head()
        await release.wait()
        await visit.say(answer(b"late"))

    async with upstream(slow) as server, serve(tmp_path, _both(server.port)) as proxy:
        idle, busy = await proxy.client(), await proxy.client()
        await idle.ask(get("/here"))
        await busy.send(get("/up"))
        await until(lambda: server.visits and server.visits[0].heads)
        for connection in list(proxy.worker.watched):
            if hasattr(connection, "close") and hasattr(connection, "serial"):
                connection.close()
        assert await idle.is_closed()
        release.set()
        last = await busy.answer()
        assert (last.body, last.fields["connection"]) == (b"late", "close")
        assert await busy.is_closed()
