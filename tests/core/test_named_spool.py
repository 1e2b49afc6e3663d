"""``client_body_in_file_only``: bodies in files that others find by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.proxy import serve
from tests.support.upstream import always, answer, upstream

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(("value", "stays"), [("on", True), ("clean", False)])
@pytest.mark.parametrize("levels", ["", "1 2"])
async def test_a_body_in_a_file(tmp_path: Path, value: str, stays: bool, levels: str) -> None:
    directives = (
        f"client_body_temp_path {tmp_path}/bodies {levels}; client_body_in_file_only {value}; "
        "proxy_pass_request_body off; proxy_set_header Content-Length 0; "
        "proxy_set_body $request_body_file;"
    )
    async with (
        upstream(always(answer())) as server,
        serve(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{server.port}; {directives} }}") as proxy,
    ):
        client = await proxy.client()
        assert (await client.ask(POST)).status == 200
        await proxy.logged()
        files = [file for file in (tmp_path / "bodies").rglob("*") if file.is_file()]
        assert [file.read_bytes() for file in files] == ([b"hello"] if stays else [])
        for file in files:
            assert re.fullmatch(r"\d{10}", file.name)
            inside = f"{file.name[-1]}/{file.name[-3:-1]}/{file.name}" if levels else file.name
            assert str(file.relative_to(tmp_path / "bodies")) == inside
