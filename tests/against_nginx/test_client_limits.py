"""Sizes and times that a client may not exceed."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, HALF_CLOSE, PAUSE, UPSTREAM_ASKED, Exchange, chunked, get, post, request
from .pair import Pair
from .upstream import HANG, Reply

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        client_max_body_size 10;
        location / {
            proxy_pass http://@upstream@;
        }
        location /streamed/ {
            proxy_pass http://@upstream@;
            proxy_request_buffering off;
        }
        location /more/ {
            proxy_pass http://@upstream@;
            client_max_body_size 1k;
        }
        location /any/ {
            proxy_pass http://@upstream@;
            client_max_body_size 0;
        }
        location /text/ {
            return 200 "text";
        }
        location /page/ {
            proxy_pass http://@upstream@;
            error_page 413 /text/;
        }
        location /static/ {
            alias @root@/;
        }
        location /denied/ {
            deny all;
        }
    }
    server {
        listen 127.0.0.1:@default@;
        location / {
            proxy_pass http://@upstream@;
        }
    }
    server {
        listen 127.0.0.1:@small@;
        client_header_buffer_size 128;
        large_client_header_buffers 2 512;
        location / {
            return 200 "text";
        }
    }
    server {
        listen 127.0.0.1:@hasty@;
        client_header_timeout 150ms;
        client_body_timeout 150ms;
        keepalive_timeout 150ms;
        location / {
            proxy_pass http://@upstream@;
        }
        location /streamed/ {
            proxy_pass http://@upstream@;
            proxy_request_buffering off;
        }
    }
"""


BAD_CHUNK = b"5\r\nhello, \r\n0\r\n\r\n"


def announced(size: int, target: str = "/", *headers: str) -> bytes:
    """Only the head of a request with a body."""
    return request("POST", target, f"Content-Length: {size}", *headers)


WAIT = (PAUSE,) * 15  # 300 ms, twice the time of the hasty server

# nginx reads on for a while before it closes a connection that may still bring a body: the client ends that by closing
LINGERED = (ANSWER, HALF_CLOSE)

EXCHANGES = [
    Exchange("body of just the size", post("/", b"0123456789")),
    Exchange("body too big", post("/", b"0123456789a"), 413, contains="connection: closed"),
    Exchange("body too big, announced", [announced(11), *LINGERED], 413, contains="connection: closed"),
    Exchange(
        "body too big, expect 100-continue",
        [announced(11, "/", "Expect: 100-continue"), *LINGERED],
        413,
        lacks="100 Continue",
    ),
    Exchange("body too big, streamed", post("/streamed/", b"0123456789a"), 413),
    Exchange("chunked body of just the size", chunked("/", b"a\r\n0123456789\r\n0\r\n\r\n")),
    Exchange("chunked body too big", chunked("/", b"b\r\n0123456789a\r\n0\r\n\r\n"), 413),
    Exchange("chunked body too big in the second chunk", chunked("/", b"a\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n"), 413),
    Exchange(
        "chunked body too big, streamed, seen at once",
        chunked("/streamed/", b"b\r\n0123456789a\r\n0\r\n\r\n"),
        413,
    ),
    Exchange(
        "chunked body too big, streamed, seen later",
        [chunked("/streamed/", b"5\r\n01234\r\n"), UPSTREAM_ASKED, b"6\r\n567890\r\n0\r\n\r\n"],
        413,
        upstream=Reply(HANG),
    ),
    Exchange("body too big for a text", post("/text/", b"0123456789a"), 413),
    Exchange("body too big for a file", post("/static/ten.txt", b"0123456789a"), 413),
    Exchange("body too big for a GET", request("GET", "/", "Content-Length: 11", body=b"0123456789a"), 413),
    Exchange("bad chunk for a text", chunked("/text/", BAD_CHUNK), 400, contains="connection: closed"),
    Exchange(
        "bad chunk for a file", request("GET", "/static/ten.txt", "Transfer-Encoding: chunked", body=BAD_CHUNK), 400
    ),
    Exchange("bad chunk that comes later, for a text", [chunked("/text/", b""), ANSWER, BAD_CHUNK]),
    Exchange("bad chunk for nobody", chunked("/denied/", BAD_CHUNK), 403, contains="Connection: close"),
    Exchange("good chunks for a text", chunked("/text/", b"5\r\nhello\r\n0\r\n\r\n") * 2, (200, 200)),
    Exchange(
        "expect 100-continue, for a text",
        [announced(5, "/text/", "Expect: 100-continue"), ANSWER, b"hello" + get("/text/")],
        (200, 200),
        contains="100 Continue",
    ),
    Exchange(
        "expect 100-continue without a body, for a text",
        get("/text/", "Expect: 100-continue") * 2,
        (200, 200),
        contains="100 Continue",
    ),
    Exchange("expect 100-continue, for a file", get("/static/ten.txt", "Expect: 100-continue"), contains="100 Cont"),
    Exchange("expect 100-continue, not found", get("/static/none", "Expect: 100-continue"), 404, lacks="100 Cont"),
    Exchange("expect 100-continue, for nobody", get("/denied/", "Expect: 100-continue"), 403, lacks="100 Continue"),
    Exchange("body too big, with a page", post("/page/", b"0123456789a"), 413),
    Exchange("body too big, HTTP/1.0", post("/", b"0123456789a", version="1.0"), 413),
    Exchange("a location may allow more", post("/more/", b"x" * 1024)),
    Exchange("a location may allow more, but not this", post("/more/", b"x" * 1025), 413),
    Exchange("a location may allow anything", post("/any/", b"x" * 100_000)),
    Exchange("the default is a megabyte", post("/", b"x" * 1_048_576), at="default"),
    Exchange("more than a megabyte", [announced(1_048_577), *LINGERED], 413, at="default"),
    Exchange("request line of just the size", get("/" + "a" * (8192 - 16)), at="default"),
    Exchange("request line too long", get("/" + "a" * 8192), 414, at="default", contains="connection: closed"),
    Exchange("request line too long, nothing after it", b"GET /" + b"a" * 9000, 414, at="default"),
    Exchange(
        "header line too long",
        get("/", "X: " + "x" * 8192),
        400,
        at="default",
        contains="Request Header Or Cookie Too Large",
    ),
    Exchange("header line of just the size", get("/", "X: " + "x" * (8192 - 5)), at="default"),
    Exchange("header name too long", get("/", "X" * 9000 + ": x"), 400, at="default"),
    Exchange("many long header lines", get("/", *(f"X-{n}: " + "x" * 7000 for n in range(4))), at="default"),
    Exchange("too many long header lines", get("/", *(f"X-{n}: " + "x" * 7000 for n in range(6))), 400, at="default"),
    Exchange("many short header lines", get("/", *(f"X-{n}: x" for n in range(200))), at="default"),
    Exchange("small buffers", get("/"), at="small"),
    Exchange("small buffers, the request line fits the large one", get("/" + "a" * 400), at="small"),
    Exchange("small buffers, request line too long", get("/" + "a" * 512), 414, at="small"),
    Exchange("small buffers, a header line fits the large one", get("/", "X: " + "x" * 400), at="small"),
    Exchange("small buffers, header line too long", get("/", "X: " + "x" * 512), 400, at="small"),
    Exchange("small buffers, too many", get("/", *(f"X-{n}: " + "x" * 400 for n in range(4))), 400, at="small"),
    Exchange("nothing in time", [*WAIT], (), at="hasty", methods=("GET",), contains="connection: closed"),
    Exchange(
        "head not in time", [b"GET / HTTP/1.1\r\nHost: a\r\n", *WAIT], (), at="hasty", contains="connection: closed"
    ),
    Exchange("body not in time", [announced(10), b"hello", *WAIT], (), at="hasty", contains="connection: closed"),
    Exchange("chunk not in time", [chunked("/", b"5\r\nhel"), *WAIT], (), at="hasty"),
    Exchange(
        "streamed body not in time",
        [announced(10, "/streamed/"), b"hello", *WAIT],
        (),
        at="hasty",
        upstream=Reply(HANG),
    ),
    Exchange("next request not in time", [get("/"), ANSWER, *WAIT], 200, at="hasty", contains="connection: closed"),
    Exchange(
        "next request cut and not in time",
        [get("/"), ANSWER, b"GET /", *WAIT],
        200,
        at="hasty",
        contains="connection: closed",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_client_limits(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
