"""Upstreams that fail."""

from __future__ import annotations

import pytest

from .exchange import LEAVE, UPSTREAM_ASKED, Deviation, Exchange, Until, get, head, post, request
from .pair import Pair
from .upstream import CLOSE, HANG, OK, RESET, Pause, Reply, answer

CONFIG = """
    log_format upstream "$status $upstream_status $request_method $request_uri";
    access_log @prefix@/access.log upstream;
    upstream two {
        server @refused@;
        server @upstream@;
    }
    upstream spent {
        server @refused@;
        server @upstream@ max_fails=0;
    }
    upstream refusing {
        server @refused@;
        server @refused@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://@upstream@;
        }
        location /spent/ {
            proxy_pass http://spent;
            proxy_next_upstream error http_500;
        }
        location /refused/ {
            proxy_pass http://@refused@;
        }
        location /gone/ {
            proxy_pass http://unix:@folder@/none.sock;
        }
        location /slow/ {
            proxy_pass http://@upstream@;
            proxy_read_timeout 200ms;
        }
        location /small/ {
            proxy_pass http://@upstream@;
            proxy_buffer_size 1k;
            proxy_buffers 4 1k;
            proxy_busy_buffers_size 2k;
        }
        location /unbuffered/ {
            proxy_pass http://@upstream@;
            proxy_buffering off;
        }
        location /ignore/ {
            proxy_pass http://@upstream@;
            proxy_ignore_client_abort on;
        }
        location /two/ {
            proxy_pass http://two;
        }
        location /refusing/ {
            proxy_pass http://refusing;
        }
        location /streamed/ {
            proxy_pass http://@upstream@;
            proxy_request_buffering off;
        }
    }
"""


AT_ONCE = Deviation(200, "bytes are never held back from the client", contains="(length) b'hello'\n  (incomplete)")


def fails(
    name: str,
    reply: Reply,
    status: int = 502,
    target: str = "/",
    contains: str = "",
    deviates: Deviation | None = None,
) -> Exchange:
    return Exchange(name, get(target), status, upstream=reply, logs=1, contains=contains, deviates=deviates)


EXCHANGES = [
    Exchange("refused", get("/refused/"), 502, logs=1, contains="log: 502 502"),
    Exchange("refused, head", head("/refused/"), 502, logs=1),
    Exchange("refused, post", post("/refused/", b"hello"), 502, logs=1),
    Exchange("refused, then the next request", get("/refused/") + get("/"), (502, 200), logs=2),
    Exchange("no such unix socket", get("/gone/"), 502, logs=1),
    Exchange("the second of the group answers", get("/two/"), 200, logs=1),
    Exchange(
        "an error, and no other server is well",
        get("/spent/") + get("/spent/"),
        (200, 502),
        upstream=(OK, answer(status="500 Error")),
        logs=2,
        contains="log: 502 500, 502",
    ),
    Exchange("all of the group refuse", get("/refusing/"), 502, logs=1),
    fails("closed without an answer", Reply(CLOSE)),
    fails("reset without an answer", Reply(RESET)),
    fails("closed in the status line", Reply(b"HTTP/1.1 20", CLOSE)),
    fails("closed in the head", Reply(b"HTTP/1.1 200 OK\r\nContent-Le", CLOSE)),
    fails(
        "closed before the body",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", CLOSE),
        200,
        contains="(incomplete)",
    ),
    fails(
        "closed in the body",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", CLOSE),
        200,
        contains="(incomplete)",
    ),
    fails(
        "closed in the body, unbuffered",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", CLOSE),
        200,
        "/unbuffered/",
    ),
    fails("closed in a chunk", Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", CLOSE), 200),
    fails(
        "closed between chunks",
        Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", CLOSE),
        200,
    ),
    fails(
        "closed in the body, then reset",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Pause(0.1), RESET),
        200,
        contains="(length) b''",
        deviates=AT_ONCE,
    ),
    fails("no answer in time", Reply(HANG), 504, "/slow/", contains="closed by the proxy"),
    fails("head not in time", Reply(b"HTTP/1.1 200 OK\r\n", HANG), 504, "/slow/"),
    fails(
        "body not in time",
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", HANG),
        200,
        "/slow/",
        contains="(length) b''",
        deviates=AT_ONCE,
    ),
    fails(
        "next chunk not in time",
        Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", HANG),
        200,
        "/slow/",
    ),
    fails("head too big", Reply(answer("X-Big: " + "x" * 2000).steps[0], CLOSE), 502, "/small/"),
    fails("head just fits", answer("X-Big: " + "x" * 900), 200, "/small/"),
    fails("head too big for the default", Reply(answer("X-Big: " + "x" * 9000).steps[0], CLOSE)),
    fails("the upstream's own 500", answer(status="500 Internal Server Error"), 500),
    fails("the upstream's own 502", answer(status="502 Bad Gateway"), 502),
    fails("the upstream's own 404", answer(status="404 Not Found"), 404),
    fails("the upstream's own reason", answer(status="200 All is well"), 200, contains="200 All is well"),
    fails("an unknown status", answer(status="299 Odd"), 299),
    fails("a status above all", answer(status="599 Odd"), 599),
    Exchange("post to an upstream that closes", post("/", b"hello"), 502, upstream=Reply(CLOSE), logs=1),
    Exchange(
        "closed before the body is read", post("/streamed/", b"hello"), 502, upstream=Reply(CLOSE, early=True), logs=1
    ),
    Exchange(
        "the client leaves", [get("/"), UPSTREAM_ASKED, LEAVE], (), upstream=Reply(HANG), logs=1, contains="log: 499"
    ),
    Exchange(
        "the client leaves in the answer",
        [get("/unbuffered/"), Until(b"hello"), LEAVE],
        (),
        logs=1,
        contains="log: 200",
        upstream=Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", HANG),
    ),
    Exchange(
        "the client leaves in its body", [request("POST", "/", "Content-Length: 10", body=b"hello"), LEAVE], (), logs=1
    ),
    Exchange(
        "the client leaves in its body, streamed",
        [request("POST", "/streamed/", "Content-Length: 10", body=b"hello"), UPSTREAM_ASKED, LEAVE],
        (),
        upstream=Reply(HANG),
        logs=1,
    ),
    Exchange(
        "the client leaves, which is ignored",
        [get("/ignore/"), UPSTREAM_ASKED, LEAVE],
        (),
        upstream=Reply(Pause(0.1), *OK.steps),
        logs=1,
        contains="log: 200",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_errors(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
