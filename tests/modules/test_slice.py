"""Slices that do not fit together: the client must see that the answer is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.proxy import serve
from tests.support.upstream import Visit, upstream

FIRST = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/10\r\nContent-Length: 4\r\nETag: %b\r\n\r\nabcd"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (b"206 P\r\nContent-Range: bytes 4-7/10\r\nETag: b", "etag mismatch"),
        (b"206 P\r\nContent-Range: bytes 0-3/10\r\nETag: a", "unexpected range"),
        (b"206 P\r\nContent-Range: bytes 4-7/*\r\nETag: a", "invalid range"),
        (b"206 P\r\nETag: a", "invalid range"),
        (b"200 OK\r\nETag: a", "unexpected status code 200"),
        (b"404 N\r\nETag: a", "unexpected status code 404"),
    ],
)
async def test_a_second_slice_of_something_else(tmp_path: Path, second: bytes, reason: str) -> None:
    async def script(visit: Visit) -> None:
        for answer in (FIRST % b"a", b"HTTP/1.1 %b\r\nContent-Length: 4\r\n\r\nefgh" % second):
            await visit.head()
            await visit.say(answer)

    async with upstream(script) as server:
        config = f"slice 4; proxy_set_header Range $slice_range; proxy_pass http://127.0.0.1:{server.port};"
        async with serve(tmp_path, f"location / {{ {config} }}") as proxy:
            client = await proxy.client()
            answer = await client.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (answer.status, answer.body, answer.cut) == (200, b"abcd", True)
            assert reason in proxy.errors


async def test_a_first_slice_of_something_else(tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 206 P\r\nContent-Range: bytes 1-3/10\r\nContent-Length: 3\r\n\r\nbcd")

    async with upstream(script) as server:
        config = f"slice 4; proxy_set_header Range $slice_range; proxy_pass http://127.0.0.1:{server.port};"
        async with serve(tmp_path, f"location / {{ {config} }}") as proxy:
            client = await proxy.client()
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await client.is_closed()
            assert "unexpected range" in proxy.errors
