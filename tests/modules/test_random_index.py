"""A folder's index that is any of its files."""

from __future__ import annotations

from pathlib import Path

from tests.support.proxy import serve


async def test_any_file_and_no_folder(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.html").write_text(name)
    (tmp_path / ".hidden").write_text("hidden")
    (tmp_path / "folder").mkdir()
    async with serve(tmp_path / "..", f"root {tmp_path}; location / {{ random_index on; }}") as proxy:
        client = await proxy.client()
        seen = {(await client.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).body for _ in range(60)}
        assert seen == {b"a", b"b", b"c"}
        empty = await client.ask(b"GET /folder/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert empty.status == 403
        none = await client.ask(b"GET /none/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert none.status == 404
