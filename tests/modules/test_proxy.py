"""proxy_pass: what is asked of the upstream, and that no client can add a line to it."""

from __future__ import annotations

from typing import Any

import pytest

from pyproxy.core import phases
from pyproxy.upstream import proxy_handler
from pyproxy.upstream.proxy_handler import ProxyHandler

from .conftest import Ask, MakeSite


class Asked:
    """Stands in for the exchange: keeps the heads that would have been sent."""

    blocks: list[bytes]

    def __init__(self, request: object, handler: object, group: object, block: bytes, *rest: object) -> None:
        self.blocks.append(block)

    def start(self) -> None:
        """Nobody is asked."""


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    Asked.blocks = []
    monkeypatch.setattr(proxy_handler, "Exchange", Asked)
    return Asked.blocks


EVIL = "/x%0d%0aEvil:%20y%20HTTP/1.1%0d%0a?q=%0d%0aEvil:%20z"


@pytest.mark.parametrize(
    "directives",
    [
        "proxy_pass http://127.0.0.1:1;",
        "proxy_pass http://127.0.0.1:1/b/;",
        "proxy_pass http://127.0.0.1:1$uri;",
        "proxy_pass http://127.0.0.1:1/$uri?$args;",
        "proxy_pass http://127.0.0.1:1; proxy_set_header X $uri;",
        "proxy_pass http://127.0.0.1:1; proxy_set_header Host $uri;",
        "proxy_pass http://127.0.0.1:1; proxy_set_header X $arg_q;",
        "proxy_pass http://127.0.0.1:1; proxy_method $uri;",
        "error_page 404 /p$uri; return 404; } location /p { proxy_pass http://127.0.0.1:1/;",
    ],
)
def test_no_variable_ends_a_line(stream: Ask, blocks: list[bytes], directives: str) -> None:
    stream(f"location / {{ {directives} }}").ask(EVIL)
    (block,) = blocks
    first, *fields = block.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert len(first.split(b" ")) == 3
    assert first.endswith(b" HTTP/1.1")
    assert {field.partition(b":")[0] for field in fields} <= {b"Host", b"X", b"Connection"}
    assert not set(b"".join(fields)) & set(range(0x20))


@pytest.mark.parametrize(
    ("directives", "target", "line"),
    [
        ("location / { proxy_pass http://127.0.0.1:1; }", "/a%20b//c?d", b"GET /a%20b//c?d HTTP/1.1"),
        ("location /a/ { proxy_pass http://127.0.0.1:1/; }", "/a/b%20c?d", b"GET /b%20c?d HTTP/1.1"),
        ("location /a { proxy_pass http://127.0.0.1:1/x; }", "/ab", b"GET /xb HTTP/1.1"),
        ("location = /a { proxy_pass http://127.0.0.1:1/x; }", "/a?b", b"GET /x?b HTTP/1.1"),
        ("location ~ ^/(.) { proxy_pass http://127.0.0.1:1/$1; }", "/ab?c", b"GET /a HTTP/1.1"),
        ("location / { proxy_pass http://127.0.0.1:1; proxy_http_version 1.0; }", "/a", b"GET /a HTTP/1.0"),
        ("location / { proxy_pass http://127.0.0.1:1; proxy_method PUT; }", "/a", b"PUT /a HTTP/1.1"),
    ],
)
def test_request_line(stream: Ask, blocks: list[bytes], directives: str, target: str, line: bytes) -> None:
    stream(directives).ask(target)
    assert blocks[0].partition(b"\r\n")[0] == line


@pytest.mark.parametrize(
    ("directives", "same"),
    [
        ("", True),
        ("proxy_set_header X $remote_addr$host$arg_a$hostname;", True),
        ("proxy_set_header X $request_id;", False),
        ("proxy_set_header X $connection_requests;", False),
    ],
)
def test_a_head_is_remembered_if_nothing_in_it_changes(
    stream: Ask, blocks: list[bytes], directives: str, same: bool
) -> None:
    client = stream(f"location / {{ proxy_pass http://127.0.0.1:1; {directives} }}")
    client.ask("/")
    client.requests = 2
    client.ask("/", again=True)
    assert (blocks[0] is blocks[1]) is same


def test_what_is_remembered_belongs_to_the_location_that_was_asked_for(stream: Ask, blocks: list[bytes]) -> None:
    client = stream(
        "error_page 404 /b; error_page 403 /page; root .;"
        "location /a { proxy_pass http://127.0.0.1:1; } location /b { proxy_pass http://127.0.0.1:1; }"
    )
    (client.site.prefix_path / "page").write_text("a page")
    for _ in range(2):
        client.ask("/a", again=True)
        phases.finalize(client.request, 404)
        client.ask("/a", again=True)
        phases.finalize(client.request, 403)
        assert client.body == b"a page"
    assert [block.partition(b" HTTP")[0] for block in blocks] == [b"GET /a", b"GET /b", b"GET /a"] * 2


@pytest.mark.parametrize("url", ["http://$arg_none", "$arg_u", "http://h:99999$uri", "https://$host"])
def test_a_url_that_is_none(stream: Ask, blocks: list[bytes], url: str) -> None:
    client = stream(f'location / {{ proxy_pass {url}; add_header X "[$proxy_host]" always; }}')
    client.ask("/?u=a%20/b")
    assert (client.status, blocks) == (500, [])
    assert client.field("X") == "[]"


@pytest.mark.parametrize(
    ("directives", "count"),
    [
        ("", 1),
        ("proxy_redirect off;", 0),
        ("proxy_redirect default; proxy_redirect / /a;", 2),
        ("proxy_redirect ~*^http://(.*)$ /$1; proxy_redirect $scheme://a /b;", 2),
    ],
)
def test_redirects(make_site: MakeSite, directives: str, count: int) -> None:
    site = make_site(f"location /a$b/ {{ proxy_pass http://127.0.0.1:1/x; {directives} }}")
    (location,) = site.servers[0].locations
    handler: Any = location.content
    assert isinstance(handler, ProxyHandler)
    assert len(handler._reader._redirects) == count


@pytest.mark.parametrize(
    ("value", "failures"),
    [("error http_502", {"error", "http_502"}), ("off", set()), ("error off", set()), ("TIMEOUT", {"timeout"})],
)
def test_next_upstream(make_site: MakeSite, value: str, failures: set[str]) -> None:
    site = make_site(f"location / {{ proxy_pass http://127.0.0.1:1; proxy_next_upstream {value}; }}")
    (location,) = site.servers[0].locations
    handler: Any = location.content
    assert handler.options.next_upstream == failures
