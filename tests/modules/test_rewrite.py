"""rewrite, if, set and return. What they mean is tested against nginx; here: what they refuse, log and remember."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import Ask, MakeSite


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


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ("rewrite ^ '';", "empty replacement"),
        ("rewrite ^ /a next;", 'invalid parameter "next", expected last, break, redirect or permanent'),
        ("rewrite ( /a;", 'regular expression "(" cannot be used'),
        ("rewrite ^ /$none;", 'unknown variable "$none"'),
        ("set x 1;", 'invalid variable name "x"'),
        ("set $host 1;", "the variable `$host` exists already"),
        ("return 199;", 'invalid return code "199"'),
        ("if ($arg_a == b) { }", 'unexpected "==" in condition'),
        ("if ($arg_a = b c) { }", 'invalid condition "$arg_a = b c"'),
        ("if (arg_a) { }", 'invalid condition "arg_a"'),
        ("if (-g /a) { }", 'invalid condition "-g /a"'),
        ("if ($arg_a ~ [) { }", 'regular expression "[" cannot be used'),
        ("if ($arg_a) { if ($arg_b) { } }", "`if` is not allowed in an `if`"),
        ("if ($arg_a) { location / { } }", "`location` is not allowed in an `if`"),
    ],
)
def test_refused(make_site: MakeSite, directives: str, message: str) -> None:
    for text in (directives, f"location /x {{ {directives} }}"):
        with pytest.raises(ConfigError) as raised:
            make_site(text)
        assert message in str(raised.value)
        assert "nginx.conf:" in str(raised.value)


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ("location ~ /x { if ($arg_a) { proxy_pass http://127.0.0.1:1/uri; } }", "cannot have a URI part"),
        ("if ($arg_a) { add_header A b; }", "`add_header` is not allowed in an `if` of a server"),
        ("location / { if ($arg_a) { proxy_set_header A b; } }", "`proxy_set_header` is not allowed in an `if` of a l"),
    ],
)
def test_refused_in_an_if(make_site: MakeSite, directives: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_site(directives)


def test_rewrite_log(stream: Ask, errors: Callable[[], str]) -> None:
    client = stream(
        "rewrite_log on; rewrite ^/no x; rewrite ^/a(.*)$ /b$1?c; location /b { rewrite (.*) http://x/$1 last; }"
    )
    client.ask("/a1?d")
    log = errors()
    for line in (
        '"^/no" does not match "/a1"',
        '"^/a(.*)$" matches "/a1"',
        'rewritten data: "/b1", args: "c&d"',
        'rewritten redirect: "http://x//b1?c&d"',
    ):
        assert f"[notice] {line}"[10:] in log


def test_rewrite_is_silent(stream: Ask, errors: Callable[[], str]) -> None:
    stream("location /a { rewrite ^ /b; } location /b { return 204; }").ask("/a")
    assert "rewritten" not in errors()


def test_a_variable_used_before_it_is_set(stream: Ask, errors: Callable[[], str]) -> None:
    client = stream(
        "location /a { return 200 $x; } location /b { uninitialized_variable_warn off; return 200 $x; }"
        "location /c { set $x 1; return 200 $x; }"
    )
    bodies = []
    for path in ("/a", "/b", "/c"):
        client.ask(path)
        bodies.append(client.body)
    assert bodies == [b"", b"", b"1"]
    assert errors().count('using uninitialized "x" variable') == 1


def test_a_redirect_cannot_break_a_field(stream: Ask) -> None:
    client = stream("rewrite ^/([^/]*)$ http://other/$1;")
    client.ask("/%0d%0aSet-Cookie:%20a")
    location = client.field("Location")
    assert location is not None
    assert location.startswith("http://other/%0D%0ASet-Cookie:")


def test_what_a_route_remembers_is_not_for_requests_that_an_if_moved(stream: Ask) -> None:
    client = stream("location / { if ($request_id ~ ^.*$) { return 200 $uri; } }")
    for _ in range(2):
        assert client.ask("/a", again=True).moved
        assert client.body == b"/a"


@pytest.mark.parametrize(
    ("server", "moved"),
    [
        ("if ($host = other) { return 301 /; }", False),
        ("if ($http_x ~ (.*)) { set $x $1; }", False),
        ("rewrite ^/(.*)$ /x/$1;", False),
        ("set $x $request_id;", False),
        ("if (-f /none) { return 503; }", True),
        ("set $x 1; if ($x) { break; }", True),
        ("rewrite ^ /x/$request_id;", True),
        ("set $args $request_id;", True),
        ("location / { if ($uri) { rewrite ^ /y break; } }", False),
        ("location / { if ($request_id) { break; } }", True),
        ("location / { if ($uri) { set $args a$msec; } }", True),
        ("location / { set $x $msec; rewrite ^ /y$x break; }", True),
        ("location / { rewrite ^/z /y break; }", False),
        ("location / { return 404; } error_page 404 /x/; location /x { }", True),
    ],
)
def test_requests_that_always_go_the_same_way_have_not_moved(stream: Ask, server: str, moved: bool) -> None:
    assert stream(server).ask("/a").moved is moved
