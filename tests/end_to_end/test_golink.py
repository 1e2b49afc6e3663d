"""A whole visit to GoLink, behind pyproxy from both configurations, and behind a real nginx from the same file."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from golink_site import Site

STATIC = Path(__file__).resolve().parents[2] / "golink" / "www" / "static"


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies for 127.0.0.1 too
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(
        site.address, cookie_jar=jar, timeout=timeout, auto_decompress=False, headers={"Accept-Encoding": "identity"}
    ) as session:
        yield session


async def send(browser: aiohttp.ClientSession, page: str, path: str, **fields: str) -> tuple[int, str]:
    """Send the form that ``page`` offers; the status and the place that the answer leads to."""
    async with browser.get(page) as response:
        token = re.search(r'name="csrf_token" value="([^"]+)"', await response.text())
    assert token
    async with browser.post(path, data={"csrf_token": token[1], **fields}, allow_redirects=False) as response:
        await response.read()
        return response.status, response.headers["Location"]


async def test_sign_up_add_a_link_and_follow_it(browser: aiohttp.ClientSession) -> None:
    name = f"ada{os.getpid()}"
    assert await send(browser, "/sign-up", "/sign-up", name=name, password="correct horse") == (303, "/links")
    link = {"name": "docs", "address": "https://example.org/a?b=c", "tags": "one two"}
    assert await send(browser, "/links", "/links", **link) == (303, "/links")
    async with browser.get("/links?q=two") as response:
        assert "/go/</span>docs" in await response.text()
    # whichever of the three workers answers, it knows the session and the link
    for _ in range(6):
        async with browser.get("/go/docs", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "https://example.org/a?b=c")


async def test_the_application_learns_who_asks(site: Site, browser: aiohttp.ClientSession) -> None:
    headers = {"Host": "bookmarks.example:81", "X-Forwarded-For": "192.0.2.7", "X-Real-IP": "192.0.2.8"}
    async with browser.get("/demo/headers", headers=headers) as response:
        seen = (await response.json())["headers"]
    assert seen["Host"] == "bookmarks.example"
    assert seen["X-Forwarded-For"] == "192.0.2.7, 127.0.0.1"
    assert seen["X-Real-Ip"] == "127.0.0.1"
    assert "Connection" not in seen


@pytest.mark.parametrize("file", sorted(path.name for path in STATIC.iterdir() if path.is_file()))
async def test_static_files_come_from_disk(browser: aiohttp.ClientSession, file: str) -> None:
    content = (STATIC / file).read_bytes()
    async with browser.get(f"/static/{file}") as response:
        assert (response.status, await response.read()) == (200, content)
        assert response.headers["Accept-Ranges"] == "bytes"  # the application does not say that
        etag = response.headers["ETag"]
    async with browser.get(f"/static/{file}", headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    if content:
        async with browser.get(f"/static/{file}", headers={"Range": "bytes=-1"}) as response:
            assert (response.status, await response.read()) == (206, content[-1:])


async def test_every_front_names_the_same_types(site: Site, browser: aiohttp.ClientSession) -> None:
    types = {}
    for path in STATIC.iterdir():
        async with browser.head(f"/static/{path.name}") as response:
            types[path.suffix] = response.headers["Content-Type"]
    assert types[".css"] == "text/css"
    assert types[".svg"] == "image/svg+xml"
    assert types[".woff2"] == "font/woff2"
    assert types[".png"] == "image/png"
    assert types[".js"] == "application/javascript"


async def test_upload(browser: aiohttp.ClientSession) -> None:
    body = os.urandom(900_000)
    expected = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    async with browser.put("/demo/upload", data=body) as response:
        assert await response.json() == expected
    async with browser.post("/demo/upload", data=chunks()) as response:
        assert await response.json() == expected
    async with browser.put("/demo/upload", data=io.BytesIO(bytes(1_048_577)), expect100=True) as response:
        assert response.status == 413  # client_max_body_size is 1m unless said


async def test_events_arrive_one_by_one(site: Site, browser: aiohttp.ClientSession) -> None:
    """Each event is here before the next is made: no front holds them back (nginx does, unless told otherwise)."""
    async with browser.get("/demo/events?count=3&interval=0.2") as response:
        assert response.content_type == "text/event-stream"
        pieces = [piece async for piece in response.content.iter_any()]
    assert b"".join(pieces).count(b"id: ") == 3
    if site.front != "nginx":
        assert max(piece.count(b"id: ") for piece in pieces) == 1


async def test_websocket(site: Site, browser: aiohttp.ClientSession) -> None:
    """Without a line of configuration; nginx needs three."""
    if site.front == "nginx":
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await browser.ws_connect("/demo/websocket")
        return
    async with browser.ws_connect("/demo/websocket", max_msg_size=0) as websocket:
        await websocket.send_str("你好")
        assert await websocket.receive_str() == "你好"
        for size in (0, 70_000, 3_000_000):
            payload = os.urandom(size)
            await websocket.send_bytes(payload)
            assert await websocket.receive_bytes() == payload
        await websocket.close(code=4000)
        assert websocket.close_code == 4000


async def test_many_at_once(browser: aiohttp.ClientSession) -> None:
    async def page() -> int:
        async with browser.get("/") as response:
            await response.read()
            return response.status

    assert await asyncio.gather(*(page() for _ in range(60))) == [200] * 60


async def test_every_request_is_in_the_access_log(site: Site, browser: aiohttp.ClientSession) -> None:
    marker = os.urandom(8).hex()
    async with browser.get(f"/demo/headers?{marker}", headers={"User-Agent": 'a "quoted" name'}) as response:
        size = len(await response.read())
    path = site.prefix / "access.log" if site.front == "nginx" else site.log
    line = await line_with(path, marker)
    expected = (
        rf'127\.0\.0\.1 - - \[[^]]+\] "GET /demo/headers\?{marker} HTTP/1\.1" 200 {size} "-" "a \\x22quoted\\x22 name"'
    )
    assert re.fullmatch(expected, line)


async def line_with(path: Path, marker: str) -> str:
    async with asyncio.timeout(10):
        while True:
            text = await asyncio.to_thread(path.read_text)
            for line in text.splitlines():
                if marker in line:
                    return line
            await asyncio.sleep(0.02)
