"""What clients do to files, where the nginx that the exchanges are compared with is too old to be a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.proxy import serve


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    ("uri", "destination"),
    [("/file", "/file"), ("/file", "//file"), ("/a/", "/a/"), ("/a/", "/a/b/c/"), ("/a/b/", "/a/")],
)
async def test_nothing_is_put_into_itself(tmp_path: Path, method: str, uri: str, destination: str) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "file").write_text("text")
    async with serve(tmp_path, f"root {root}; dav_methods COPY MOVE;") as proxy:
        client = await proxy.client()
        head = f"{method} {uri} HTTP/1.1\r\nHost: a\r\nDestination: {destination}\r\n\r\n"
        assert (await client.ask(head.encode())).status == 403
        assert (root / "file").read_text() == "text"
        assert (root / "a" / "b").is_dir()


async def test_rights(tmp_path: Path) -> None:
    async with serve(
        tmp_path, f"root {tmp_path}/root; dav_methods PUT; create_full_put_path on; dav_access group:rw all:r;"
    ) as proxy:
        client = await proxy.client()
        answer = await client.ask(b"PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        assert (answer.status, answer.fields["location"]) == (201, f"http://a:{proxy.port}/a/b")
        assert (tmp_path / "root/a/b").stat().st_mode & 0o777 == 0o664
        assert not list((tmp_path / "root/a").glob("tmp*"))


async def test_a_body_in_chunks_and_one_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    async with serve(tmp_path, f"root {tmp_path}/root; dav_methods PUT; client_max_body_size 10;") as proxy:
        client = await proxy.client()
        chunked = b"PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert (await client.ask(chunked + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).status == 201
        assert (tmp_path / "root/a").read_text() == "abcde"
        assert (await client.ask(chunked + b"b\r\nabcdefghijk\r\n0\r\n\r\n")).status == 413
        assert (tmp_path / "root/a").read_text() == "abcde"


async def test_links_are_deleted_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("text")
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "root/a/link").symlink_to(tmp_path / "kept")
    async with serve(tmp_path, f"root {tmp_path}/root; dav_methods DELETE;") as proxy:
        client = await proxy.client()
        assert (await client.ask(b"DELETE /a/ HTTP/1.1\r\nHost: a\r\n\r\n")).status == 204
        assert not (tmp_path / "root/a").exists()
        assert (tmp_path / "kept/file").read_text() == "text"
