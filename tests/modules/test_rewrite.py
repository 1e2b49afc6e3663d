"""return, in servers and locations."""

from __future__ import annotations

import pytest

from .conftest import Ask


@pytest.mark.parametrize(
    ("directive", "status", "content_type", "body"),
    [
        ("return 200 text;", 200, "text/x", b"text"),
        ("return 200 $uri;", 200, "text/x", b"/a\r\nb"),
        ("return 200;", 200, "text/x", b""),
        ("return 404 text;", 404, "text/x", b"text"),
        ('return 404 "$arg_none";', 404, "text/x", b""),
        ("return 444 text;", 444, "text/x", b"text"),
        ("return 204 text;", 204, None, b""),
        ("return 600;", 600, None, b""),
        ("return 200 one; return 201 two;", 200, "text/x", b"one"),
    ],
)
def test_text(stream: Ask, directive: str, status: int, content_type: str | None, body: bytes) -> None:
    client = stream(f"location / {{ default_type text/x; {directive} }}")
    client.ask("/a%0d%0ab")
    assert (client.status, client.field("Content-Type"), client.body) == (status, content_type, body)


@pytest.mark.parametrize("directive", ["return 404;", 'return 404 "";'])
def test_a_page_of_our_own(stream: Ask, directive: str) -> None:
    client = stream(directive)
    client.ask("/")
    assert b"<h1>404 Not Found</h1>" in client.body


@pytest.mark.parametrize(
    ("directive", "status", "location"),
    [
        ("return 301 /x;", 301, "http://localhost/x"),
        ("return 302 x?$args;", 302, "x?q=1"),
        ("return 303 http://other$request_uri;", 303, "http://other/%0d%0aa?q=1"),
        ("return 307 http://other$uri;", 307, "http://other/%0D%0Aa"),
        ("return 308 $uri;", 308, "http://localhost/%0D%0Aa"),
        ("return http://other/;", 302, "http://other/"),
        ("return $scheme://other/;", 302, "http://other/"),
        ("return 301;", 301, ""),
    ],
)
def test_redirect(stream: Ask, directive: str, status: int, location: str) -> None:
    client = stream(directive)
    client.ask("/%0d%0aa?q=1")
    assert (client.status, client.field("Location")) == (status, location)
    assert client.field("Content-Type") == "text/html"


def test_a_server_returns_by_its_own_settings(stream: Ask) -> None:
    client = stream(
        "default_type text/s; add_header S 1; return 200 s; location / { default_type text/l; add_header L 1; }"
    )
    client.ask("/")
    assert (client.field("Content-Type"), client.field("S"), client.field("L")) == ("text/s", "1", None)


def test_return_goes_before_what_else_the_location_does(stream: Ask) -> None:
    client = stream("location / { proxy_pass http://127.0.0.1:1; return 200 text; }")
    client.ask("/")
    assert client.body == b"text"


def test_return_is_not_inherited(stream: Ask) -> None:
    client = stream("location /a { return 200 text; location /a/b { } }")
    client.ask("/a/b")
    assert client.status == 404
