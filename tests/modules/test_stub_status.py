"""stub_status: its page and its variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.proxy import serve, until

SERVER = """
    location = /status { stub_status; }
    location / { return 200 "$connections_active $connections_reading $connections_writing $connections_waiting"; }
"""


def get(target: str, method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode()


async def test_the_page(tmp_path: Path) -> None:
    async with serve(tmp_path, SERVER) as proxy:
        client, reading, waiting = [await proxy.client() for _ in range(3)]
        await client.ask(get("/"))
        await waiting.ask(get("/"))
        await reading.send(b"GET ")
        await until(lambda: proxy.worker.counters.totals().reading)
        answer = await client.ask(get("/status"))
        assert answer.fields["content-type"] == "text/plain"
        assert answer.body == (
            b"Active connections: 3 \nserver accepts handled requests\n 3 3 4 \nReading: 1 Writing: 1 Waiting: 1 \n"
        )
        assert (await client.ask(get("/"))).body == b"3 1 1 1"
        waiting.close()
        await until(lambda: proxy.worker.counters.active == 2)
        assert (await client.ask(get("/"))).body == b"2 1 1 0"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("PUT", 405)])
async def test_methods(tmp_path: Path, method: str, status: int) -> None:
    async with serve(tmp_path, SERVER) as proxy:
        client = await proxy.client()
        assert (await client.ask(get("/status", method), method)).status == status


async def test_a_server_may_be_nothing_else(tmp_path: Path) -> None:
    async with serve(tmp_path, "stub_status on; location /a { }") as proxy:
        client = await proxy.client()
        assert (await client.ask(get("/b"))).body.startswith(b"Active connections: 1 \n")
        assert (await client.ask(get("/a"))).status == 404
