"""The real thing: gunicorn with three gevent workers, started as conf/ starts it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from database import WWW
from golink_visitor import PASSWORD

START_SECONDS = 30


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gunicorn for these tests, on a port that the system chose."""
    tmp_path = tmp_path_factory.mktemp("gunicorn")
    log = tmp_path / "gunicorn.log"
    # gunicorn keeps a control socket in one of these folders.
    environment = os.environ | {"GOLINK_DATABASE": str(tmp_path / "golink.sqlite3"), "HOME": str(tmp_path)}
    environment.pop("XDG_RUNTIME_DIR", None)
    command = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "3", "--worker-class", "gevent", "index:app"]
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, *command], cwd=WWW, env=environment, stdout=output, stderr=output)
    try:
        yield _listening(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()
    text = log.read_text()
    assert text.count("Booting worker") == 3, text  # none died and was replaced
    assert "Traceback" not in text, text


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        found = re.search(r"Listening at: (http://\S+)", text)
        if found and text.count("Booting worker") == 3:
            return found[1]
        time.sleep(0.02)
    raise AssertionError(f"gunicorn did not start:\n{log.read_text()}")


@pytest.fixture
async def browser(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies for 127.0.0.1 too
    # A new connection for each request, so that all workers have a turn.
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(address, cookie_jar=jar, connector=connector, timeout=timeout) as session:
        yield session


async def send(browser: aiohttp.ClientSession, page: str, path: str, **fields: str) -> aiohttp.ClientResponse:
    async with browser.get(page) as response:
        token = re.search(r'name="csrf_token" value="([^"]+)"', await response.text())
    assert token
    async with browser.post(path, data={"csrf_token": token[1], **fields}, allow_redirects=False) as response:
        await response.read()
        return response


async def test_a_whole_visit(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/health") as response:
        assert await response.text() == "ok\n"

    response = await send(browser, "/sign-up", "/sign-up", name="ada", password=PASSWORD)
    assert (response.status, response.headers["Location"]) == (303, "/links")
    response = await send(browser, "/links", "/links", name="docs", address="https://example.org/", tags="a b")
    assert (response.status, response.headers["Location"]) == (303, "/links")
    # Whichever worker answers knows the session and the link.
    for _ in range(9):
        async with browser.get("/go/docs", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "https://example.org/")

    forwarded = {"X-Forwarded-Proto": "https", "Host": "golink.example"}
    async with browser.get("/demo/headers", headers=forwarded) as response:
        seen = await response.json()
        assert (seen["scheme"], seen["host"]) == ("https", "golink.example")


async def test_websocket(browser: aiohttp.ClientSession) -> None:
    async with browser.ws_connect("/demo/websocket", max_msg_size=0) as websocket:
        await websocket.send_str("你好")
        assert await websocket.receive_str() == "你好"
        for size in (0, 1, 70_000, 10_000_000):
            payload = os.urandom(size)
            await websocket.send_bytes(payload)
            assert await websocket.receive_bytes() == payload
        await websocket.ping(b"p")
        await websocket.send_str("still here")
        assert await websocket.receive_str() == "still here"
        await websocket.close(code=4000)
        assert websocket.close_code == 4000
    # A connection that its client just drops.
    async with browser.ws_connect("/demo/websocket") as websocket:
        await websocket.send_str("x")


async def test_events_arrive_one_by_one(browser: aiohttp.ClientSession) -> None:
    # All of them take 200 s, much longer than this client waits.
    async with browser.get("/demo/events?count=1000&interval=0.2") as response:
        assert response.content_type == "text/event-stream"
        lines = [await response.content.readline() for _ in range(12)]
    assert lines[::4] == [b"id: 1\n", b"id: 2\n", b"id: 3\n"]


async def test_upload(browser: aiohttp.ClientSession) -> None:
    body = os.urandom(5_000_000)
    expected = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    async with browser.put("/demo/upload", data=io.BytesIO(body)) as response:
        assert await response.json() == expected
    async with browser.post("/demo/upload", data=chunks()) as response:
        assert await response.json() == expected
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(body), filename="a.bin")
    async with browser.post("/demo/upload", data=form) as response:
        assert await response.json() == expected


async def test_slow_answers_block_nobody(browser: aiohttp.ClientSession) -> None:
    async def slow() -> int:
        async with browser.get("/demo/slow?seconds=2") as response:
            return response.status

    start = time.monotonic()
    assert await asyncio.gather(*(slow() for _ in range(12))) == [200] * 12
    # One after the other, three workers would need eight seconds.
    assert time.monotonic() - start < 7
