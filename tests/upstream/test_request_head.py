"""What is written to the upstream can never hold more than one request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.proxy import serve
from tests.support.upstream import Visit, answer, upstream

ATTACK = "x%20HTTP/1.1%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/smuggled%20HTTP/1.1%0d%0a"


@pytest.mark.parametrize(
    "directives",
    [
        "proxy_pass $up;",
        "proxy_pass $up/prefix/;",
        "proxy_pass $up$uri;",
        "proxy_pass $up; proxy_set_header X-Path $uri;",
        "proxy_pass $up; proxy_set_header Host $uri;",
        "proxy_pass $up; proxy_method $uri;",
        "proxy_pass $up; proxy_set_header Content-Length 100; proxy_set_header Transfer-Encoding chunked;",
    ],
)
async def test_a_decoded_path_cannot_break_out(tmp_path: Path, directives: str) -> None:
    heads: list[bytes] = []

    async def note(visit: Visit) -> None:
        heads.append(await visit.head())
        await visit.say(answer())
        assert await visit.ended() == b""

    async with upstream(note) as server:
        config = directives.replace("$up", f"http://127.0.0.1:{server.port}")
        async with serve(tmp_path, f"location / {{ {config} }}") as proxy:
            client = await proxy.client()
            got = await client.ask(f"GET /{ATTACK} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert got.status == 200
            client.close()
    (head,) = heads
    assert head.count(b" HTTP/1.1\r\n") == 1
    assert b"\r\nX-Evil" not in head
    assert b"100\r\n" not in head
    assert b"chunked" not in head
