"""``proxy_store``: whole answers kept as files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pyproxy.upstream.store import access_mode
from tests.support.proxy import serve, until
from tests.support.upstream import Visit, always, answer, upstream

GET = b"GET /sub/file.txt HTTP/1.1\r\nHost: a\r\n\r\n"
MODIFIED = "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"


def location(folder: Path, port: int, directives: str = "proxy_store on;") -> str:
    return f"location / {{ root {folder}/kept; proxy_pass http://127.0.0.1:{port}; {directives} }}"


def left_over(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("tmp*")]


async def test_an_answer_is_kept(tmp_path: Path) -> None:
    async with (
        upstream(always(answer(b"hello", MODIFIED))) as server,
        serve(tmp_path, location(tmp_path, server.port)) as proxy,
    ):
        assert (await (await proxy.client()).ask(GET)).body == b"hello"
        file = tmp_path / "kept/sub/file.txt"
        assert file.read_bytes() == b"hello"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_mtime == 1_700_000_000
        assert not left_over(tmp_path)


async def test_a_long_answer_is_kept(tmp_path: Path) -> None:
    body = os.urandom(1 << 20)

    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body[:7], body[7:])

    async with upstream(script) as server, serve(tmp_path, location(tmp_path, server.port)) as proxy:
        assert (await (await proxy.client()).ask(GET)).body == body
        assert (tmp_path / "kept/sub/file.txt").read_bytes() == body


async def test_an_answer_without_a_length_is_kept(tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\n\r\nhello")

    async with upstream(script) as server, serve(tmp_path, location(tmp_path, server.port)) as proxy:
        assert (await (await proxy.client()).ask(GET)).body == b"hello"
        await until((tmp_path / "kept/sub/file.txt").exists)
        assert (tmp_path / "kept/sub/file.txt").read_bytes() == b"hello"


async def test_where_and_for_whom(tmp_path: Path) -> None:
    directives = f"proxy_store {tmp_path}/other$uri; proxy_store_access user:rw group:r all:r;"
    async with (
        upstream(always(answer(b"hello"))) as server,
        serve(tmp_path, location(tmp_path, server.port, directives)) as proxy,
    ):
        await (await proxy.client()).ask(GET)
        file = tmp_path / "other/sub/file.txt"
        assert file.read_bytes() == b"hello"
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


@pytest.mark.parametrize("status", ["404 Not Found", "206 Partial Content", "302 Found"])
async def test_only_a_200_is_kept(tmp_path: Path, status: str) -> None:
    async with (
        upstream(always(answer(b"hello", status=status))) as server,
        serve(tmp_path, location(tmp_path, server.port)) as proxy,
    ):
        await (await proxy.client()).ask(GET)
        assert not (tmp_path / "kept").exists()


async def test_half_an_answer_is_not_kept(tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")

    async with upstream(script) as server, serve(tmp_path, location(tmp_path, server.port)) as proxy:
        client = await proxy.client()
        client.writer.write(GET)
        await proxy.logged()
        assert not (tmp_path / "kept/sub/file.txt").exists()
        assert not left_over(tmp_path)


async def test_it_is_kept_though_the_client_has_left(tmp_path: Path) -> None:
    gone = False

    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        await until(lambda: gone)
        await visit.say(b"world")

    async with upstream(script) as server, serve(tmp_path, location(tmp_path, server.port)) as proxy:
        client = await proxy.client()
        client.writer.write(GET)
        await client.reader.readuntil(b"hello")
        client.writer.transport.abort()
        await until(lambda: "closed connection" in proxy.errors)
        gone = True
        file = tmp_path / "kept/sub/file.txt"
        await until(file.exists)
        assert file.read_bytes() == b"helloworld"


async def test_a_folder_that_cannot_be_made_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    async with (
        upstream(always(answer(b"hello"))) as server,
        serve(tmp_path, location(tmp_path, server.port)) as proxy,
    ):
        assert (await (await proxy.client()).ask(GET)).body == b"hello"
        assert "cannot store an answer" in proxy.errors


async def test_temporary_files_have_their_folder(tmp_path: Path) -> None:
    directives = f"proxy_store on; proxy_temp_path {tmp_path}/unfinished 1 2;"
    async with (
        upstream(always(answer(b"hello"))) as server,
        serve(tmp_path, location(tmp_path, server.port, directives)) as proxy,
    ):
        await (await proxy.client()).ask(GET)
        assert (tmp_path / "kept/sub/file.txt").read_bytes() == b"hello"
        assert not list((tmp_path / "unfinished").iterdir())
        assert proxy.site.folders == {f"{tmp_path}/unfinished"}


@pytest.mark.parametrize(
    ("words", "mode"),
    [(("user:rw",), 0o600), (("group:rw", "all:r"), 0o664), (("user:r",), 0o600), (("all:rw",), 0o606)],
)
def test_access(words: tuple[str, ...], mode: int) -> None:
    assert access_mode(words) == mode


@pytest.mark.parametrize("word", ["user", "user:x", "others:r", ""])
def test_no_access(word: str) -> None:
    with pytest.raises(ValueError, match="invalid value"):
        access_mode((word,))
