"""charset. Tables and recoding: tests/core/test_charsets.py and tests/against_nginx/test_charset.py."""

from __future__ import annotations

from .conftest import Ask


def test_a_charset_made_of_the_path_adds_no_field(stream: Ask) -> None:
    client = stream("location ~ ^/([^?]*) { charset $1; return 200 text; }")
    client.ask("/utf-8%0d%0aSet-Cookie:%20a=b")
    assert client.field("Content-Type") == "text/plain; charset=utf-8%0D%0ASet-Cookie: a=b"
