"""Content codings: what comes out is what went in, whatever the pieces, and everything else goes on meanwhile."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import brotli
import pytest
import zstandard

from pyproxy.modules.gunzip import STEP, Inflate
from pyproxy.modules.gzip import deflate
from tests.support.proxy import serve, until
from tests.support.upstream import Visit, upstream

TEXT = b"".join(b"line %d of a long text\n" % number for number in range(6_000))


def unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip on; gzip_types *;", gzip.decompress),
    "gzip 9": ("gzip on; gzip_types *; gzip_comp_level 9;", gzip.decompress),
    "br": ("brotli on; brotli_types *;", brotli.decompress),
    "br 11": ("brotli on; brotli_types *; brotli_comp_level 11; brotli_window 64k;", brotli.decompress),
    "zstd": ("zstd on; zstd_types *;", unzstd),
    "zstd 19": ("zstd on; zstd_types *; zstd_comp_level 19;", unzstd),
}


def fetch(coding: str) -> bytes:
    return f"GET /file HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding.split()[0]}\r\n\r\n".encode()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [100, 65537, len(TEXT)])
async def test_files(tmp_path: Path, coding: str, size: int) -> None:
    (tmp_path / "file").write_bytes(TEXT[:size])
    directives, unpack = CODINGS[coding]
    async with serve(tmp_path, f"root {tmp_path}; {directives}") as proxy:
        client = await proxy.client()
        for _ in range(2):
            answer = await client.ask(fetch(coding))
            assert answer.fields["content-encoding"] == coding.split()[0]
            assert unpack(answer.body) == TEXT[:size]
            assert len(answer.body) < size


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("buffering", ["on", "off"])
async def test_events_are_not_held_back(tmp_path: Path, coding: str, buffering: str) -> None:
    """Something arrives for each event before the next one is sent."""
    directives, unpack = CODINGS[coding]
    seen = asyncio.Event()

    async def events(visit: Visit) -> None:
        await visit.head()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(3):
            await visit.say(b"9\r\ndata: %d\n\n\r\n" % number)
            await asyncio.wait_for(seen.wait(), 5)
            seen.clear()
        await visit.say(b"0\r\n\r\n")

    async with upstream(events) as server:
        config = (
            f"{directives} location / {{ proxy_pass http://127.0.0.1:{server.port}; proxy_buffering {buffering}; }}"
        )
        async with serve(tmp_path, config) as proxy, asyncio.timeout(5):
            client = await proxy.client()
            await client.send(fetch(coding))
            await client.reader.readuntil(b"\r\n\r\n")
            body, events_seen = b"", 0
            while size := int(await client.reader.readuntil(b"\r\n"), 16):
                body += (await client.reader.readexactly(size + 2))[:-2]
                if not client.arrived() and events_seen < 3:
                    events_seen += 1
                    seen.set()
            assert unpack(body) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_out_of_gzip_in_whatever_pieces_it_comes(size: int) -> None:
    packed = gzip.compress(TEXT[:5000]) + gzip.compress(b"a second stream")
    inflate = Inflate()
    pieces = [piece for at in range(0, len(packed), size) for piece in inflate.feed(packed[at : at + size])]
    assert b"".join([*pieces, *inflate.end()]) == TEXT[:5000] + b"a second stream"


def test_a_small_body_that_becomes_a_large_one_comes_in_pieces() -> None:
    inflate = Inflate()
    sizes = [len(piece) for piece in inflate.feed(gzip.compress(bytes(50 * STEP)))]
    assert sum(sizes) == 50 * STEP
    assert max(sizes) <= STEP


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(TEXT)[:-9]])
def test_what_is_no_gzip(packed: bytes) -> None:
    inflate = Inflate()
    with pytest.raises(ValueError, match="inflate"):
        [*inflate.feed(packed), *inflate.end()]


def test_a_flush_lets_all_be_read_that_has_come() -> None:
    encoder = deflate(6, 15, 8)
    packed = b"".join(cast("list[bytes]", [*encoder.feed(b"first"), *encoder.flush()]))
    assert zlib.decompressobj(31).decompress(packed) == b"first"


@pytest.mark.parametrize(
    "directives", ["gzip_comp_level 0;", "gzip_window 100;", "brotli_window 3k;", "zstd_comp_level 23;"]
)
async def test_values_out_of_range(tmp_path: Path, directives: str) -> None:
    with pytest.raises(Exception, match="expected"):
        async with serve(tmp_path, directives):
            pass


async def test_ratios_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(TEXT)
    codings = "".join(f"{name} on; {name}_types *;" for name in ("gzip", "brotli", "zstd"))
    config = f"root {tmp_path}; {codings} access_log {tmp_path}/access.log ratio;"
    log_format = "log_format ratio '$gzip_ratio $brotli_ratio $zstd_ratio';"
    async with serve(tmp_path, config, log_format) as proxy:
        client = await proxy.client()
        for place, coding in enumerate(("gzip", "br", "zstd")):
            answer = await client.ask(fetch(coding))
            told = (await proxy.logged(place + 1))[place].split()
            assert abs(float(told.pop(place)) - len(TEXT) / len(answer.body)) < 0.006
            assert told == ["-", "-"]


@pytest.mark.parametrize("source", ["file", "upstream"])
async def test_a_client_that_does_not_read_stops_the_work(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little gzip becomes a lot of text, but no more of it than there is room for."""
    produced = 0
    feed = Inflate.feed

    def counting(self: Inflate, data: bytes) -> Iterator[bytes]:
        nonlocal produced
        for piece in feed(self, data):
            produced += len(piece)
            yield piece

    monkeypatch.setattr(Inflate, "feed", counting)
    size = 6_000_000
    packed = gzip.compress(bytes(size), 1)
    (tmp_path / "file.gz").write_bytes(packed)

    async def answer(visit: Visit) -> None:
        await visit.head()
        await visit.say(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), packed
        )

    async with upstream(answer) as server:
        config = f"root {tmp_path}; gzip_static always;"
        if source == "upstream":
            config = f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}"
        async with serve(tmp_path, f"gunzip on; {config}", sndbuf=32768) as proxy:
            client = await proxy.client(rcvbuf=32768)
            await client.send(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: produced)
            before = -1
            while produced != before:
                before = produced
                await asyncio.sleep(0.05)
            assert produced < 1_500_000
            body = await client.answer()
            assert (len(body.body), body.cut) == (size, False)
