"""add_header."""

from __future__ import annotations

import pytest

from .conftest import Ask


@pytest.mark.parametrize(
    ("server", "value"),
    [
        ("add_header X a; return 200;", "a"),
        ("add_header X a; return 404;", None),
        ("add_header X a always; return 404;", "a"),
        ("add_header X a; return 301 /;", "a"),
        ("add_header X a; return 204;", "a"),
        ("add_header X $arg_none; return 200;", None),
        ('add_header X "$status $sent_http_content_type"; default_type t/x; return 201 a;', "201 t/x"),
        ('add_header X "$status $sent_http_content_type" always; return 404;', "404 text/html"),
        ("add_header X $uri; return 200;", "/%0D%0ASet-Cookie: a=b"),
        ("add_header X $arg_q; return 200;", "%0d%0aY:z"),
        ("add_header X a; location / { return 200; }", "a"),
        ("add_header X a; location / { add_header Y b; return 200; }", None),
    ],
)
def test_add_header(stream: Ask, server: str, value: str | None) -> None:
    client = stream(server)
    client.ask("/%0d%0aSet-Cookie:%20a=b?q=%0d%0aY:z")
    assert client.field("X") == value


def test_all_are_added_in_order(stream: Ask) -> None:
    client = stream("add_header X a; add_header Cache-Control no-store; add_header X b; return 200;")
    client.ask("/")
    added = [field for field in client.response.fields if field[0] != b"Content-Type"]
    assert added == [(b"X", b"a"), (b"Cache-Control", b"no-store"), (b"X", b"b")]


@pytest.mark.parametrize(
    ("directive", "name", "value"),
    [
        ('add_header Last-Modified "";', "Last-Modified", None),
        ("add_header last-modified yesterday;", "Last-Modified", "yesterday"),
        ('add_header ETag "";', "ETag", None),
        ("add_header ETag '\"x\"';", "ETag", '"x"'),
    ],
)
def test_validators_are_replaced_not_added(stream: Ask, directive: str, name: str, value: str | None) -> None:
    client = stream(f"root .; {directive}")
    (client.site.prefix_path / "f").write_text("x")
    client.ask("/f")
    assert client.field(name) == value
    assert sum(field[0].lower() == name.lower().encode() for field in client.response.fields) <= 1


@pytest.mark.parametrize(
    ("directive", "shared"),
    [("", True), ("add_header X a;", True), ("add_header X $hostname;", True), ("add_header X $host;", False)],
)
def test_only_constants_may_be_shared(stream: Ask, directive: str, shared: bool) -> None:
    client = stream(f"{directive} return 200 a;")
    client.ask("/")
    assert client.response.shared is shared
