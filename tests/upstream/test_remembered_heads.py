"""What is remembered of heads must never pass from one client, location or method to another."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.proxy import serve
from tests.support.upstream import Visit, always, answer, upstream


async def echo(visit: Visit) -> None:
    """Answer with the request's own head, and always with the same head of the answer."""
    while True:
        head = await visit.head()
        await visit.say(answer(head.ljust(600)))


def get(path: str = "/", **fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()


async def test_clients_do_not_share_what_is_sent_upstream(tmp_path: Path) -> None:
    config = """
        proxy_set_header X-Port $remote_port; proxy_set_header X-Number $connection;
        proxy_set_header X-Count $connection_requests;
    """
    async with (
        upstream(echo) as server,
        serve(tmp_path, f"{config} location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        clients = [await proxy.client() for _ in range(3)]
        for count in range(1, 4):
            for number, client in enumerate(clients, 1):
                body = (await client.ask(get())).body
                port = client.writer.get_extra_info("sockname")[1]
                assert b"X-Port: %d\r\n" % port in body
                assert b"X-Number: %d\r\n" % number in body
                assert b"X-Count: %d\r\n" % count in body
        assert len(server.visits) == 1


async def test_connections_that_stay_and_that_close_get_their_own_heads(tmp_path: Path) -> None:
    """One answer, several times within a second, to clients that keep their connection, and to those that do not."""
    config = "location / { proxy_pass http://127.0.0.1:%d; } location /here { return 200 x; }"
    async with upstream(always(answer(b"x"))) as server, serve(tmp_path, config % server.port) as proxy:
        kept = await proxy.client()
        for path in ("/", "/here"):
            for _ in range(3):
                for client, request, connection in (
                    (kept, get(path), "keep-alive"),
                    (await proxy.client(), get(path, Connection="close"), "close"),
                    (await proxy.client(), get(path).replace(b"HTTP/1.1", b"HTTP/1.0"), "close"),
                ):
                    got = await client.ask(request)
                    assert (got.status, got.body, got.fields["connection"]) == (200, b"x", connection)
                    if connection == "close":
                        assert not await client.reader.read()
                head = await kept.ask(get(path).replace(b"GET", b"HEAD"), "HEAD")
                assert head.fields["content-length"] == "1"


async def test_a_client_that_changes_its_fields_is_heard(tmp_path: Path) -> None:
    async with (
        upstream(echo) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        client = await proxy.client()
        for cookie in ("a", "a", "b", "a"):
            assert f"Cookie: {cookie}\r\n".encode() in (await client.ask(get(Cookie=cookie))).body


async def test_each_unbuffered_answer_has_its_own_pace(tmp_path: Path) -> None:
    reply = answer(b"." * 10000)
    async with (
        upstream(always(reply)) as server,
        serve(
            tmp_path,
            f"set $limit_rate 100; proxy_buffering off; location / {{ proxy_pass http://127.0.0.1:{server.port}; }}",
        ) as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            assert len((await client.ask(get())).body) == 10000


async def test_the_pace_of_a_request_that_was_sent_elsewhere_is_the_last_one_said(tmp_path: Path) -> None:
    config = """
        location / { set $limit_rate 100; proxy_pass $up; }
        location /there { proxy_pass $up/there; proxy_buffering off; proxy_ignore_headers X-Accel-Redirect; }
    """
    async with (
        upstream(always(answer(b"." * 10000, "X-Accel-Redirect: /there"))) as server,
        serve(tmp_path, config.replace("$up", f"http://127.0.0.1:{server.port}")) as proxy,
    ):
        client = await proxy.client()
        for _ in range(2):
            assert len((await client.ask(get())).body) == 10000


async def test_what_is_remembered_for_clients_is_not_for_subrequests(tmp_path: Path) -> None:
    config = """
        location / { auth_request /asked; auth_request_set $seen $sent_http_x_added; add_header X-Seen "[$seen]";
                     proxy_pass $up; }
        location /asked { proxy_pass $up; add_header X-Added yes; }
    """
    async with (
        upstream(always(answer())) as server,
        serve(tmp_path, config.replace("$up", f"http://127.0.0.1:{server.port}")) as proxy,
    ):
        client = await proxy.client()
        for path in ("/", "/asked", "/asked", "/"):
            fields = (await client.ask(get(path))).fields
            assert fields.get("x-seen" if path == "/" else "x-added") == ("[]" if path == "/" else "yes")


async def test_locations_and_servers_do_not_share_answers(tmp_path: Path) -> None:
    reply = answer(b"ok", "X-Secret: s", "Set-Cookie: id=1", "Location: http://up/x")
    locations = """
        location /hidden { proxy_pass $up; proxy_hide_header X-Secret; add_header X-Where hidden; server_tokens off; }
        location /shown { proxy_pass $up; add_header X-Where shown; keepalive_timeout 10s 7s; }
        location /moved { proxy_pass $up; proxy_redirect http://up/ /down/; }
        location /named { error_page 404 = @named; return 404; }
        location @named { proxy_pass $up; add_header X-Where named; }
        location /status { error_page 404 =418 /shown; return 404; }
    """
    async with (
        upstream(always(reply)) as server,
        serve(tmp_path, locations.replace("$up", f"http://127.0.0.1:{server.port}")) as proxy,
    ):
        client, other = await proxy.client(), await proxy.client()
        for _ in range(3):
            for each in (client, other):
                hidden = await each.ask(get("/hidden"))
                shown = await each.ask(get("/shown"))
                moved = await each.ask(get("/moved"))
                named = await each.ask(get("/named"))
                status = await each.ask(get("/status"))
                assert "x-secret" not in hidden.fields
                assert not re.search(r"\d", hidden.fields["server"])
                assert [hidden.fields["x-where"], shown.fields["x-where"]] == ["hidden", "shown"]
                assert (shown.fields["x-secret"], shown.fields["keep-alive"]) == ("s", "timeout=7")
                assert moved.fields["location"].endswith("/down/x")
                assert "x-where" not in moved.fields
                assert named.fields["x-where"] == "named"
                assert status.status == 418


async def test_what_depends_on_the_client_is_not_remembered(tmp_path: Path) -> None:
    config = "add_header X-Port $remote_port; add_header X-Query $arg_q;"
    async with (
        upstream(always(answer())) as server,
        serve(tmp_path, f"{config} location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        clients = [await proxy.client() for _ in range(2)]
        for query in ("1", "2", "2"):
            for client in clients:
                got = await client.ask(get(f"/?q={query}"))
                assert got.fields["x-port"] == str(client.writer.get_extra_info("sockname")[1])
                assert got.fields["x-query"] == query


async def test_a_remembered_answer_to_get_is_not_an_answer_to_head(tmp_path: Path) -> None:
    async def both(visit: Visit) -> None:
        while True:
            head = await visit.head()
            await visit.say(answer(b"ok") if head.startswith(b"GET") else answer(b"ok")[:-2])

    async with (
        upstream(both) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}") as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(get())).body == b"ok"
            got = await client.ask(get().replace(b"GET", b"HEAD"), "HEAD")
            assert (got.fields["content-length"], got.fields["connection"]) == ("2", "keep-alive")
            # an HTTP/1.0 client, and one that wants to close
            old = await proxy.client()
            assert (await old.ask(get().replace(b"1.1", b"1.0"))).fields["connection"] == "close"
            closing = await proxy.client()
            assert (await closing.ask(get(Connection="close"))).fields["connection"] == "close"
        assert len(server.visits) == 1


async def test_a_remembered_log_line_is_of_its_own_location(tmp_path: Path) -> None:
    """A failure that leads to another location logs what holds there, also after the same request went well."""

    async def good_then_bad(visit: Visit) -> None:
        for reply in (answer(b"first"), answer(b"none", status="404 Not Found")):
            await visit.head()
            await visit.say(reply)

    async with upstream(good_then_bad) as first, upstream(always(answer(b"second"))) as second:
        config = f"""
            access_log access.log to;
            location / {{
                proxy_pass http://127.0.0.1:{first.port}; proxy_intercept_errors on; error_page 404 =200 @other;
            }}
            location @other {{ proxy_pass http://127.0.0.1:{second.port}; }}
        """
        async with serve(tmp_path, config, "log_format to '$proxy_host';") as proxy:
            client = await proxy.client()
            assert (await client.ask(get())).body == b"first"
            assert (await client.ask(get())).body == b"second"
            assert await proxy.logged(2) == [f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}"]
