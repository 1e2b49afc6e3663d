"""Cookies for visitors: what nginx's have in common with ours, the identifier aside."""

from __future__ import annotations

import base64
import re
import struct
import time
from pathlib import Path

import pytest

from tests.support.proxy import serve

from .conftest import Ask

GIVEN = base64.b64encode(bytes(range(16)))[:22].decode()


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


async def test_a_visitor_gets_a_cookie_and_keeps_it(tmp_path: Path) -> None:
    server = """
        userid on; userid_path /p; userid_domain .a.test; userid_flags secure samesite=lax; userid_expires 1d;
        add_header X-Got $uid_got; add_header X-Set $uid_set;
        location / { return 200 ok; }
        location /marked { userid_mark m; return 200 ok; }
        location /log { userid log; return 200 ok; }
        location /off { userid off; return 200 ok; }
        location /reset { set $uid_reset log; return 200 ok; }
    """
    async with serve(tmp_path, server) as proxy:
        client = await proxy.client()
        first = await client.ask(get("/"))
        match = re.fullmatch(
            r"uid=([A-Za-z0-9+/]{22}==); expires=\w{3}, \d\d-\w{3}-\d\d [\d:]{8} GMT; domain=\.a\.test; path=/p; "
            r"secure; samesite=lax",
            first.fields["set-cookie"],
        )
        assert match is not None
        assert re.fullmatch(r"uid=[0-9A-F]{32}", first.fields["x-set"])
        again = await client.ask(get("/", f"Cookie: a=b; uid={match[1]}"))
        assert "set-cookie" not in again.fields
        assert again.fields["x-got"] == first.fields["x-set"]
        marked = await client.ask(get("/marked", f"Cookie: uid={GIVEN}=="))
        assert marked.fields["set-cookie"].startswith(f"uid={GIVEN}m=;")
        kept = await client.ask(get("/marked", f"Cookie: uid={GIVEN}m="))
        assert "set-cookie" not in kept.fields
        for path in ("/log", "/off"):
            assert "set-cookie" not in (await client.ask(get(path))).fields
        assert "x-got" in (await client.ask(get("/log", f"Cookie: uid={GIVEN}"))).fields
        reset = await client.ask(get("/reset", f"Cookie: uid={GIVEN}"))
        assert GIVEN not in reset.fields["set-cookie"]
        assert (await client.ask(get("/", "Cookie: uid=short"))).fields["set-cookie"]
        assert (await client.ask(get("/", "Cookie: uid=" + "!" * 24))).fields["set-cookie"]
        errors = proxy.errors
        assert "was reset" in errors
        assert 'too short userid cookie "uid=short"' in errors
        assert "invalid userid cookie" in errors


@pytest.mark.parametrize(
    ("directives", "order", "service"),
    [
        ("userid v1;", "=", 0),
        ("userid v1; userid_service 258;", "=", 258),
        ("userid on;", "!", 0x7F000001),
        ("userid on; userid_service 258;", "!", 258),
    ],
)
def test_what_an_identifier_is_made_of(stream: Ask, directives: str, order: str, service: int) -> None:
    client = stream(f"{directives} return 204;")
    made = []
    for _ in range(2):
        client.ask("/")
        value = (client.field("Set-Cookie") or "").removeprefix("uid=").partition(";")[0]
        made.append(struct.unpack(f"{order}4I", base64.b64decode(value)))
    (first_service, now, start, count), again = made
    assert first_service == service
    assert abs(now - time.time()) < 60
    assert again[2:] == (start, count + 0x100)


def test_for_ever_and_with_a_policy(stream: Ask) -> None:
    client = stream("userid on; userid_name id; userid_expires max; userid_p3p 'CP=\"NOI\"'; return 204;")
    client.ask("/")
    cookie = client.field("Set-Cookie") or ""
    assert cookie.startswith("id=")
    assert cookie.endswith("; expires=Thu, 31-Dec-37 23:55:55 GMT; path=/")
    assert client.field("P3P") == 'CP="NOI"'
