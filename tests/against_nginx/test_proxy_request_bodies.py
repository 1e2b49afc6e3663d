"""Request bodies on their way to the upstream."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, HALF_CLOSE, PAUSE, UPSTREAM_ASKED, Exchange, chunked, get, post, request
from .pair import Pair
from .upstream import CLOSE, HANG, OK, Reply, answer

CONFIG = """
    upstream group {
        server @upstream@;
    }
    client_max_body_size 10m;
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://group;
        }
        location /streamed/ {
            proxy_pass http://@upstream@;
            proxy_request_buffering off;
        }
        location /streamed10/ {
            proxy_pass http://@upstream@;
            proxy_request_buffering off;
            proxy_http_version 1.0;
        }
        location /http10/ {
            proxy_pass http://@upstream@;
            proxy_http_version 1.0;
        }
        location /small/ {
            proxy_pass http://@upstream@;
            client_body_buffer_size 16;
            proxy_buffers 2 4k;
            proxy_buffer_size 4k;
            proxy_busy_buffers_size 4k;
        }
    }
"""

BIG = bytes(range(256)) * 4000  # a megabyte, more than all buffers together
CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"


def big_chunks(size: int = 70_000) -> bytes:
    pieces = [BIG[i : i + size] for i in range(0, len(BIG), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


STREAMED = request("POST", "/streamed/", "Transfer-Encoding: chunked")
LIMIT = "Content-Length: 11"


EXCHANGES = [
    Exchange("post with a length", post("/", b"hello world"), contains="(length) b'hello world'"),
    Exchange("post of nothing", post("/", b""), contains="Content-Length: 0"),
    Exchange("post without length", request("POST", "/"), lacks="Content-Length: 0"),
    Exchange("put", request("PUT", "/", LIMIT, body=b"hello world")),
    Exchange("get with a body", request("GET", "/", LIMIT, body=b"hello world")),
    Exchange("delete with a body", request("DELETE", "/", LIMIT, body=b"hello world")),
    Exchange("head with a body", request("HEAD", "/", LIMIT, body=b"hello world")),
    Exchange("a big body", post("/", BIG), contains="1024000 bytes"),
    Exchange("a big body and small buffers", post("/small/", BIG), contains="1024000 bytes"),
    Exchange("a big body, streamed", post("/streamed/", BIG), contains="1024000 bytes"),
    Exchange("body after the head", [request("POST", "/", LIMIT), PAUSE, b"hello world"]),
    Exchange("body in pieces", [request("POST", "/", LIMIT, body=b"hel"), PAUSE, b"lo wo", PAUSE, b"rld"]),
    Exchange(
        "body in pieces, streamed", [request("POST", "/streamed/", LIMIT, body=b"hel"), PAUSE, b"lo wo", PAUSE, b"rld"]
    ),
    Exchange(
        "the upstream is asked before the body is there",
        [request("POST", "/streamed/", LIMIT, body=b"hel"), UPSTREAM_ASKED, b"lo world"],
    ),
    Exchange("chunked body gets a length", chunked("/", CHUNKS), contains="Content-Length: 11"),
    Exchange(
        "chunked body in pieces",
        [request("POST", "/", "Transfer-Encoding: chunked"), b"5\r", PAUSE, b"\nhel", PAUSE, CHUNKS[6:]],
    ),
    Exchange("chunked body of nothing", chunked("/", b"0\r\n\r\n"), contains="Content-Length: 0"),
    Exchange("chunked body, big", chunked("/", big_chunks()), contains="1024000 bytes"),
    Exchange("chunked body, big, many chunks", chunked("/", big_chunks(1000))),
    Exchange("chunked body, big, small buffers", chunked("/small/", big_chunks())),
    Exchange(
        "chunked body stays chunked, streamed",
        [STREAMED + b"5\r\nhello\r\n", UPSTREAM_ASKED, CHUNKS[10:]],
        contains="(chunked) b'hello world'",
    ),
    Exchange(
        "chunked body that has come whole gets a length, streamed",
        chunked("/streamed/", CHUNKS),
        contains="Content-Length: 11",
    ),
    Exchange("bad chunk, streamed", [STREAMED + b"5\r\nhello, \r\n"], 400, lacks="upstream connection 1"),
    Exchange("chunked body, big, streamed", [STREAMED, UPSTREAM_ASKED, big_chunks()], contains="1024000 bytes"),
    Exchange("chunked body of nothing, streamed", [STREAMED, UPSTREAM_ASKED, b"0\r\n\r\n"], contains="(chunked)"),
    Exchange("chunked body, streamed to HTTP/1.0", chunked("/streamed10/", CHUNKS), contains="Content-Length: 11"),
    Exchange("chunked body to HTTP/1.0", chunked("/http10/", CHUNKS), contains="Content-Length: 11"),
    Exchange("chunk extensions", chunked("/", b'5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n'), contains="b'hello'"),
    Exchange("chunk sizes with zeros", chunked("/", b"0005\r\nhello\r\n000\r\n\r\n"), contains="b'hello'"),
    Exchange("chunk sizes in both cases", chunked("/", b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n")),
    Exchange("trailers", chunked("/", b"5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n"), lacks="X-End"),
    Exchange("trailers, streamed", [STREAMED, UPSTREAM_ASKED, b"5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n"], lacks="X-End"),
    Exchange("chunked in capitals", request("POST", "/", "Transfer-Encoding: CHUNKED", body=CHUNKS)),
    Exchange(
        "expect 100-continue",
        [request("POST", "/", LIMIT, "Expect: 100-continue"), ANSWER, b"hello world"],
        contains="100 Continue",
        lacks="Expect",
    ),
    Exchange(
        "expect 100-continue, body sent at once",
        post("/", b"hello world", "Expect: 100-continue"),
        contains="100 Continue",
    ),
    Exchange(
        "expect 100-continue, streamed",
        [request("POST", "/streamed/", LIMIT, "Expect: 100-continue"), ANSWER, b"hello world"],
    ),
    Exchange(
        "expect 100-continue, chunked",
        [request("POST", "/", "Transfer-Encoding: chunked", "Expect: 100-Continue"), ANSWER, CHUNKS],
    ),
    Exchange(
        "expect 100-continue without a body",
        get("/", "Expect: 100-continue"),
        contains="100 Continue",
    ),
    Exchange(
        "expect 100-continue of nothing",
        post("/", b"", "Expect: 100-continue"),
        contains="100 Continue",
    ),
    Exchange(
        "expect 100-continue without a body, streamed",
        get("/streamed/", "Expect: 100-continue"),
        contains="100 Continue",
    ),
    Exchange(
        "expect 100-continue, HTTP/1.0",
        request("POST", "/", LIMIT, "Expect: 100-continue", version="1.0", body=b"hello world"),
        lacks="100 Continue",
    ),
    Exchange("expect something else", request("POST", "/", LIMIT, "Expect: cake", body=b"hello world")),
    Exchange(
        "the next request follows the body", post("/", b"hello world") + get("/next"), (200, 200), contains="GET /next"
    ),
    Exchange(
        "the next request follows the chunks", chunked("/", CHUNKS) + get("/next"), (200, 200), contains="GET /next"
    ),
    Exchange(
        "a body that looks like a request",
        post("/", get("/secret")) + get("/next"),
        (200, 200),
        lacks="> \n  GET /secret",
    ),
    Exchange(
        "the answer comes before the body is complete",
        [request("POST", "/streamed/", LIMIT, body=b"hel"), UPSTREAM_ASKED, ANSWER, HALF_CLOSE],
        upstream=Reply(*OK.steps, early=True),
    ),
    Exchange(
        "refused before the body is complete",
        [request("POST", "/streamed/", LIMIT, body=b"hel"), UPSTREAM_ASKED, ANSWER, HALF_CLOSE],
        413,
        upstream=Reply(*answer("Connection: close", status="413 Request Entity Too Large").steps, CLOSE, early=True),
    ),
    Exchange("half closed: the client is gone", [get("/"), UPSTREAM_ASKED, HALF_CLOSE], (), upstream=Reply(HANG)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_request_bodies(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
