"""ngx_http_core_module, the client's side: what nginx of the comparison lacks, or what only the disk shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError
from tests.support.proxy import Proxy, serve, until
from tests.support.upstream import Visit, answer, upstream

from .conftest import MakeSite


def post(target: str, body: bytes) -> bytes:
    return f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def ask(proxy: Proxy, target: str, body: bytes) -> tuple[int, bytes]:
    client = await proxy.client()
    await client.send(post(target, body))
    found = await client.answer()
    return found.status, found.body


EARLY = """
    client_body_early_read $arg_early $arg_also;
    client_max_body_size 10;
    location / { return 200 "[$request_body]"; }
    location /more/ { client_max_body_size 100; return 200 "[$request_body]"; }
"""


@pytest.mark.parametrize(
    ("target", "size", "expected"),
    [
        ("/?early=1", 10, (200, b"[aaaaaaaaaa]")),
        ("/?early=0&also=yes", 3, (200, b"[aaa]")),
        ("/?early=0&also=", 3, (200, b"[]")),
        ("/", 3, (200, b"[]")),
        ("/more/?early=1", 11, (413, None)),
        ("/more/", 11, (200, b"[]")),
        ("/?early=1", 0, (200, b"[]")),
    ],
)
async def test_early_read(tmp_path: Path, target: str, size: int, expected: tuple[int, bytes | None]) -> None:
    async with serve(tmp_path, EARLY) as proxy:
        status, body = await ask(proxy, target, b"a" * size)
        assert (status, body if expected[1] is not None else None) == expected


async def echo(visit: Visit) -> None:
    while True:
        try:
            _, body = await visit.request()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        await visit.say(answer(body))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def site(port: int, only: str) -> str:
    return (
        f"client_body_temp_path bodies; client_body_in_file_only {only}; client_body_buffer_size 1k;"
        f"location / {{ add_header X-File $request_body_file; proxy_pass http://127.0.0.1:{port}; }}"
    )


async def test_bodies_in_files_stay(tmp_path: Path) -> None:
    async with upstream(echo) as server, serve(tmp_path, site(server.port, "on")) as proxy:
        assert await ask(proxy, "/", b"abc") == (200, b"abc")
        assert await ask(proxy, "/", b"") == (200, b"")
    found = files(tmp_path / "bodies")
    assert sorted(path.read_bytes() for path in found) == [b"abc"]
    for path in found:
        assert path.stat().st_mode & 0o777 == 0o600


async def test_bodies_in_files_go(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def look(visit: Visit) -> None:
        await visit.request()
        seen.extend(path.read_bytes() for path in files(tmp_path / "bodies"))
        await visit.say(answer(b"seen"))

    async with upstream(look) as server, serve(tmp_path, site(server.port, "clean")) as proxy:
        client = await proxy.client()
        await client.send(post("/", b"abc"))
        assert Path((await client.answer()).fields["x-file"]).parent == tmp_path / "bodies"
        await until(lambda: not files(tmp_path / "bodies"))
    assert seen == [b"abc"]


async def test_a_large_body_leaves_nothing_behind(tmp_path: Path) -> None:
    async with upstream(echo) as server, serve(tmp_path, site(server.port, "off")) as proxy:
        client = await proxy.client()
        await client.send(post("/", b"a" * 5000))
        found = await client.answer()
        assert found.body == b"a" * 5000
        assert found.fields["x-file"].startswith(str(tmp_path / "bodies"))
    assert not files(tmp_path / "bodies")


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ("client_body_in_file_only maybe;", "expected one of off, on, clean"),
        ("keepalive_disable opera;", "expected one of none, msie6, safari"),
    ],
)
def test_faults(make_site: MakeSite, directives: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_site(directives)
