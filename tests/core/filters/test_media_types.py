"""Media types: which a filter is meant for, and the charset that a Content-Type carries."""

from __future__ import annotations

import pytest

from pyproxy.core.filters.media_types import MediaTypes, split_charset
from pyproxy.core.response import Response


def of(content_type: str | None) -> Response:
    return Response(200, [] if content_type is None else [(b"Content-Type", content_type.encode())])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html", ("text/html", "")),
        ("text/html;charset=utf-8", ("text/html", "utf-8")),
        ('text/html;  CharSet="utf-8"', ("text/html", "utf-8")),
        ("text/html; a=b", ("text/html; a=b", "")),
        ("text/html; a=b; charset=x", ("text/html; a=b", "x")),
        ("", ("", "")),
    ],
)
def test_charset(value: str, expected: tuple[str, str]) -> None:
    media_type, charset = split_charset(value.encode())
    assert (media_type.decode(), charset.decode()) == expected


def test_what_is_named_and_html() -> None:
    types = MediaTypes([("text/css", "Text/XML"), ("image/x",)])
    for name in ("text/html", "TEXT/css; charset=utf-8", "text/xml", "image/x"):
        assert types.match(of(name))
    for other in ("text/plain", "", "text/css; a=b", None):
        assert not types.match(of(other))


def test_all_or_the_defaults() -> None:
    assert MediaTypes([("text/css",), ("*",)]).match(of(None))
    defaults = MediaTypes(None, (b"text/html", b"text/xml"))
    assert defaults.match(of("text/xml"))
    assert not MediaTypes([("text/css",)], (b"text/html", b"text/xml")).match(of("text/xml"))
