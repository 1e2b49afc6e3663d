"""Requests that are malformed, ambiguous or unusual, each sent whole and one byte at a time.

Most of the deviations are here: nginx reads some of them generously, pyproxy has one strict reading (RFC 9112).
"""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, post, raw
from .pair import Pair

CONFIG = """
    upstream group {
        server @upstream@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://group;
        }
        location /static/ {
            alias @root@/;
        }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name one.example;
        location / {
            return 200 "one.example: $host";
        }
    }
"""

HELLO = b"hello world"
SMUGGLED = get("/smuggled")


def refused(why: str) -> Deviation:
    """pyproxy answers 400, and the upstream sees nothing of it."""
    return Deviation(400, why, lacks="upstream connection")


BARE_CR = refused("a bare CR is refused (RFC 9112, 2.2)")
NAMES = refused("field names are tokens, others are refused instead of ignored (RFC 9110, 5.1)")
VALUES = refused("control bytes in values are refused (RFC 9110, 5.5)")
SPACES = refused("one space between the parts (RFC 9112, 3)")
OLD = refused("HTTP/0.9 is not spoken")


def field(name: str, line: str, status: int = 400, deviates: Deviation | None = None) -> Exchange:
    """One odd field line in a request that is fine otherwise."""
    return Exchange(name, raw(f"GET / HTTP/1.1\nHost: a\n{line}\nX-Fine: 1\n\n"), status, deviates=deviates)


def line(name: str, line: str, status: int = 400, deviates: Deviation | None = None) -> Exchange:
    """An odd request line."""
    return Exchange(name, raw(f"{line}\nHost: a\n\n"), status, deviates=deviates)


def host(name: str, value: str, status: int = 400, deviates: Deviation | None = None) -> Exchange:
    return Exchange(name, get("/", host=value), status, deviates=deviates)


FIELDS = [
    field("space before the colon", "X-Name : a"),
    field("space in a name", "X Name: a"),
    field("empty name", ": a"),
    field("no colon", "X-Name", 200, refused("a field line has a colon (RFC 9112, 5)")),
    field("NUL in a value", "X-Name: a\0b"),
    field("NUL in a name", "X\0Name: a"),
    field(
        "control byte in a value",
        "X-Name: a\x01b",
        200,
        VALUES,
    ),
    field(
        "escape in a value",
        "X-Name: a\x1bb",
        200,
        VALUES,
    ),
    field("DEL in a value", "X-Name: a\x7fb", 200, VALUES),
    field("control byte in a name", "X\x01Name: a"),
    field("DEL in a name", "X\x7fName: a"),
    field("byte beyond ASCII in a name", "X-N\xe4me: a", 200, NAMES),
    field("brackets in a name", "X(Name): a", 200, NAMES),
    field("at sign in a name", "X@Name: a", 200, NAMES),
    field("slash in a name", "X/Name: a", 200, NAMES),
    field("quote in a name", 'X"Name: a', 200, NAMES),
    field("token in a name that nginx ignores", "X!#$%&'*+^`|~Name: a", 200),
    field("folded line", "X-Name: a\n b"),
    field("folded line with a tab", "X-Name: a\n\tb"),
    field("first line folded", " X-Name: a"),
    Exchange("first field folded", raw("GET / HTTP/1.1\n Host: a\n\n"), 400),
    Exchange("bare CR in a value", raw("GET / HTTP/1.1\nHost: a\nX: a\rb\n\n"), 400),
    Exchange("bare CR ends a line", b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    Exchange("bare LF ends a field", b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 200),
    Exchange("bare LF ends the request line", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 200),
    Exchange("bare LF ends the last field", b"GET / HTTP/1.1\r\nHost: a\n\r\n", 200),
    Exchange("bare LF ends the head", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 200),
    Exchange("bare LF everywhere", b"GET / HTTP/1.1\nHost: a\n\n", 200),
    Exchange("two CR before LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400),
    Exchange("two CR end a field", b"GET / HTTP/1.1\r\nHost: a\r\r\nX: b\r\n\r\n", 200, deviates=BARE_CR),
]

REQUEST_LINES = [
    line("lower-case method", "get / HTTP/1.1"),
    line("digit in a method", "GET1 / HTTP/1.1"),
    line("method with a bad character", "GE(T / HTTP/1.1"),
    line("no method", " / HTTP/1.1"),
    line("space before the method", " GET / HTTP/1.1"),
    line("no target", "GET HTTP/1.1"),
    line(
        "two spaces before the target",
        "GET  / HTTP/1.1",
        200,
        SPACES,
    ),
    line(
        "two spaces after the target",
        "GET /  HTTP/1.1",
        200,
        SPACES,
    ),
    line("space after the version", "GET / HTTP/1.1 ", 200, SPACES),
    line("tab instead of a space", "GET\t/ HTTP/1.1"),
    line("tab after the target", "GET /\tHTTP/1.1"),
    line("space in the target", "GET /a b HTTP/1.1"),
    line("control byte in the target", "GET /a\x01b HTTP/1.1"),
    line("NUL in the target", "GET /a\0b HTTP/1.1"),
    line("DEL in the target", "GET /a\x7fb HTTP/1.1"),
    line("something after the version", "GET / HTTP/1.1 x"),
    line("HTTP/1.2", "GET / HTTP/1.2", 200),
    line("HTTP/1.9", "GET / HTTP/1.9", 200),
    line("HTTP/1.10", "GET / HTTP/1.10", 200, refused("a version has one digit on each side (RFC 9112, 2.3)")),
    line("HTTP/01.1", "GET / HTTP/01.1"),
    line("HTTP/1.", "GET / HTTP/1."),
    line("HTTP/1", "GET / HTTP/1"),
    line("HTTP/.1", "GET / HTTP/.1"),
    line("HTTP/0.8", "GET / HTTP/0.8"),
    line("HTTP/2.0", "GET / HTTP/2.0", 505),
    line("HTTP/3.0", "GET / HTTP/3.0", 505),
    line("HTTP/11.1", "GET / HTTP/11.1", 505),
    line("http/1.1 in small letters", "GET / http/1.1"),
    line("HTTPS/1.1", "GET / HTTPS/1.1"),
    line("ICY", "GET / ICY/1.1"),
    Exchange("HTTP/0.9", b"GET /static/ten.txt\r\n", 9, deviates=OLD),
    Exchange("HTTP/0.9 with a space", b"GET /static/ten.txt \r\n", 9, deviates=OLD),
    Exchange("HTTP/0.9, post", b"POST /static/ten.txt\r\n", 9, deviates=OLD),
    Exchange("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    Exchange("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    Exchange("an empty line before", b"\r\n" + get("/"), 200),
    Exchange("two empty lines before", b"\r\n\r\n" + get("/"), 200),
    Exchange("bare LF before", b"\n" + get("/"), 200),
    Exchange("bare LFs and an empty line before", b"\n\r\n\n" + get("/"), 200),
    Exchange("bare LF ends the line of an absolute form", b"GET http://b/ HTTP/1.1\nHost: a\n\n", 200),
    Exchange("bare LF, HTTP/1.0", b"GET / HTTP/1.0\n\n", 200),
    Exchange("bare LF, HTTP/2.0", b"GET / HTTP/2.0\nHost: a\n\n", 505),
    line("connect", "CONNECT a:80 HTTP/1.1", 405),
    line("connect to IPv6", "CONNECT [::1]:80 HTTP/1.1", 405),
    line("connect to a path", "CONNECT / HTTP/1.1", 400),
    line("connect without a port", "CONNECT a HTTP/1.1", 400),
    line("connect with an empty port", "CONNECT a: HTTP/1.1", 400),
    line("connect with a path", "CONNECT a:80/ HTTP/1.1", 400),
    line("connect in absolute form", "CONNECT http://a:80 HTTP/1.1", 400),
    line("trace", "TRACE / HTTP/1.1", 405),
    line("trace in absolute form", "TRACE http://a HTTP/1.1", 405),
    line("trace without a path", "TRACE a HTTP/1.1", 400),
    line("trace, HTTP/2.0", "TRACE / HTTP/2.0", 505),
    line("authority form", "GET a:80 HTTP/1.1"),
    line("star with GET", "GET * HTTP/1.1"),
    line("backslash", "GET \\ HTTP/1.1"),
    line("absolute form without a scheme", "GET ://a/ HTTP/1.1"),
    line(
        "absolute form with a digit in the scheme",
        "GET h2tp://a/ HTTP/1.1",
        200,
        refused("the scheme of an absolute target is http or https"),
    ),
    line("absolute form with a bad host", "GET http://a b/ HTTP/1.1"),
    line("absolute form with an empty port", "GET http://a:/ HTTP/1.1", 200),
]

HOSTS = [
    Exchange("no Host", raw("GET / HTTP/1.1\n\n"), 400),
    Exchange("no Host in HTTP/1.0", raw("GET / HTTP/1.0\n\n"), 200),
    Exchange("two Hosts", raw("GET / HTTP/1.1\nHost: a\nHost: b\n\n"), 400),
    Exchange("the same Host twice", raw("GET / HTTP/1.1\nHost: a\nHost: a\n\n"), 400),
    Exchange("two Hosts in HTTP/1.0", raw("GET / HTTP/1.0\nHost: a\nHost: b\n\n"), 400),
    Exchange("no Host but an absolute form", raw("GET http://one.example/ HTTP/1.1\n\n"), 400),
    host("Host empty", ""),
    host("Host with a space", "a b"),
    host("Host with a slash", "a/b"),
    host("Host with an at sign", "a@b"),
    host("Host with a comma", "a,b", 200),
    host("Host with a question mark", "a?b"),
    host("Host with two dots", "a..b"),
    host("Host with a dot at the beginning", ".a", 200),
    host("Host of dots", "..", 400),
    host("Host with a NUL", "a\0b"),
    host("Host with a backslash", "a\\b"),
    host("Host with an underscore", "a_b", 200),
    host("Host with an encoded letter", "%61", 200),
    host("Host with a port that is not one", "a:b"),
    host("Host with an empty port", "one.example:", 200),
    host("Host with a port too big", "a:99999"),
    host("Host with two colons", "a:1:2"),
    host("Host is a port", ":80", 400),
    host("Host is an open bracket", "[", 400),
    host("Host with an open bracket", "[::1", 400),
    host("Host with letters after the bracket", "[::1]a"),
    host("Host is IPv6", "[::1]", 200),
    host("Host beyond ASCII", "\xe4"),
]

SEQUENCES = [
    Exchange(
        "a bad request is the last", raw("GET / HTTP/1.1\nHost: a\nX Y: b\n\n") + SMUGGLED, 400, lacks="/smuggled"
    ),
    Exchange("bytes after a GET are a request", get("/") + get("/second"), (200, 200), contains="GET /second"),
    Exchange("bytes after a closing request are not", get("/", "Connection: close") + SMUGGLED, 200, lacks="/smuggled"),
    Exchange("bytes after an HTTP/1.0 request are not", get("/", version="1.0") + SMUGGLED, 200, lacks="/smuggled"),
    Exchange("the empty line after a body", post("/", HELLO) + b"\r\n" + get("/second"), (200, 200)),
    Exchange(
        "an empty line of LFs ends the head, what looks like more of it is a request",
        b"GET / HTTP/1.1\nHost: a\n\nGET /second HTTP/1.1\r\nHost: b\r\n\r\n",
        (200, 200),
        contains="GET /second",
    ),
    Exchange(
        "an empty line of CRLF after a bare LF ends the head",
        b"GET / HTTP/1.1\r\nHost: a\n\r\nGET /second HTTP/1.1\nHost: b\r\n\n",
        (200, 200),
        contains="GET /second",
    ),
    Exchange(
        "fields after an empty line of LFs are no fields",
        b"POST / HTTP/1.1\r\nHost: a\n\nContent-Length: 11\r\n\r\nhello world",
        (200, 400),
        lacks="Content-Length: 11",
    ),
    Exchange(
        "a body that begins with empty lines",
        b"POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\n\n\r\n\n" + get("/second"),
        (200, 200),
        contains="GET /second",
    ),
    Exchange("nonsense after a request", get("/") + b"nonsense\r\n\r\n", (200, 400)),
]

EXCHANGES = FIELDS + REQUEST_LINES + HOSTS + SEQUENCES


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_wire_requests(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_one_byte_at_a_time(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange.one_byte_at_a_time())
