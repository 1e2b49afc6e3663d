"""Answers that steer the proxy: X-Accel-Redirect and its like, and fields that are ignored, hidden or passed."""

from __future__ import annotations

import pytest

from .documents import TEN_ETAG
from .exchange import Exchange, get, head, post
from .pair import Pair
from .upstream import OK, Reply, answer

CONFIG = """
    log_format upstream "$status $upstream_status $upstream_response_length $uri";
    access_log @prefix@/access.log upstream;
    server {
        listen 127.0.0.1:@main@;
        root @folder@/www;
        location / {
            proxy_pass http://@upstream@;
        }
        location /files/ {
            internal;
            alias @folder@/www/;
        }
        location /own/ {
            internal;
            alias @folder@/www/;
            expires 1h;
            add_header Cache-Control public;
            charset utf-8;
            charset_types *;
        }
        location /again/ {
            internal;
            proxy_pass http://@upstream@;
        }
        location /missing/ {
            internal;
            error_page 404 /errors/404.html;
        }
        location /errors/ {
            internal;
        }
        location /text/ {
            internal;
            return 200 "method $request_method args $args\\n";
        }
        location @named {
            return 200 "named $uri from $upstream_http_x_accel_redirect\\n";
        }
        location /ignored/ {
            proxy_pass http://@upstream@;
            proxy_ignore_headers X-Accel-Redirect;
            proxy_ignore_headers X-Accel-Limit-Rate X-Accel-Buffering;
        }
        location /passed/ {
            proxy_pass http://@upstream@;
            proxy_pass_header X-Accel-Redirect;
            proxy_ignore_headers X-Accel-Redirect;
            proxy_hide_header X-Secret;
        }
    }
"""

FIELDS = (
    "Content-Type: text/x-own",
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
    "Content-Disposition: attachment",
    "Cache-Control: no-store",
    "Expires: Thu, 01 Jan 1970 00:00:01 GMT",
    "X-Other: not carried",
    "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT",
)


CLOSES = "Connection: close"
"""nginx does not ask again on the same connection."""


def redirect(
    name: str, to: str, status: int = 200, contains: str = "", *fields: str, ask: str = "X-Ask: all", then: Reply = OK
) -> Exchange:
    reply = answer(f"X-Accel-Redirect: {to}", *fields, body=b"")
    return Exchange(name, get("/", ask), status, upstream=(reply, then), logs=1, contains=contains)


EXCHANGES = [
    redirect("to a file", "/files/ten.txt", 200, "0123456789"),
    redirect("to a file, with fields", "/files/ten.txt", 200, "Content-Type: text/x-own", *FIELDS),
    redirect("to text", "/text/?a=b", 200, "method GET args a=b"),
    redirect("to text, with fields", "/text/", 200, "Set-Cookie: a=1\n  Set-Cookie: b=2", *FIELDS),
    redirect("to a file, with ranges", "/files/ten.txt", 206, "multipart", *FIELDS, ask="Range: bytes=1-2,4-5"),
    redirect("to a file, with a range", "/files/ten.txt", 206, "bytes 1-2/10", *FIELDS, ask="Range: bytes=1-2"),
    redirect("to a file, unchanged", "/files/ten.txt", 304, "304", *FIELDS, ask=f"If-None-Match: {TEN_ETAG}"),
    redirect("to a file, with other fields", "/own/ten.txt", 200, "max-age=3600", *FIELDS, "Accept-Ranges: none"),
    redirect("to a file with a charset", "/own/ten.txt", 200, "text/x-own; charset=utf-8", *FIELDS),
    redirect(
        "to a server with fields", "/again/x", 200, "no-store", *FIELDS, CLOSES, then=answer("Cache-Control: public")
    ),
    redirect("to a server with a type", "/again/x", 200, "a/b", *FIELDS, CLOSES, then=answer("Content-Type: a/b")),
    redirect("to an escaped file", "/files/with%20space.txt", 200, "a space"),
    redirect("to a named location", "@named", 200, "named / from @named"),
    redirect("to a named location that is not there", "@nobody", 500),
    redirect("to nothing", "/files/none.txt", 404),
    redirect("to nothing, with fields", "/files/none.txt", 404, "", *FIELDS),
    redirect("to an error page", "/missing/x", 404, "our own 404", *FIELDS),
    redirect("above the root", "/files/../outside.txt", 404),
    redirect("above the root, escaped", "/files/%2e%2e/outside.txt", 404),
    redirect("not absolute", "../outside.txt", 404),
    Exchange(
        "the body is dropped",
        get("/"),
        upstream=answer("X-Accel-Redirect: /files/ten.txt", body=b"dropped"),
        lacks="dropped",
        logs=1,
    ),
    Exchange(
        "an error is no error any more",
        get("/"),
        200,
        upstream=answer("X-Accel-Redirect: /files/ten.txt", status="403 Forbidden", body=b""),
        logs=1,
    ),
    Exchange("head", head("/"), upstream=answer("X-Accel-Redirect: /files/ten.txt", body=b""), logs=1),
    Exchange(
        "post",
        post("/", b"hello"),
        upstream=answer("X-Accel-Redirect: /text/", body=b""),
        contains="method GET",
        logs=1,
    ),
    Exchange(
        "a range of a file",
        get("/", "Range: bytes=2-4"),
        206,
        upstream=answer("X-Accel-Redirect: /files/ten.txt", body=b""),
        contains="b'234'",
        logs=1,
    ),
    Exchange(
        "to another upstream",
        get("/"),
        upstream=(
            answer("X-Accel-Redirect: /again/?x=1", "Connection: close", *FIELDS, body=b""),
            answer("Content-Type: text/second"),
        ),
        contains="Content-Type: text/second",
        logs=1,
    ),
    Exchange(
        "ignored",
        get("/ignored/"),
        upstream=answer("X-Accel-Redirect: /files/ten.txt", "X-Accel-Buffering: no", body=b"own"),
        contains="b'own'",
        lacks="X-Accel",
        logs=1,
    ),
    Exchange(
        "passed and hidden",
        get("/passed/"),
        upstream=answer("X-Accel-Redirect: /files/ten.txt", "X-Secret: s", "X-Pad: p", body=b"own"),
        contains="X-Accel-Redirect: /files/ten.txt",
        lacks="X-Secret",
        logs=1,
    ),
    Exchange("unbuffered", get("/"), upstream=answer("X-Accel-Buffering: no"), lacks="X-Accel", logs=1),
    Exchange("buffering by nonsense", get("/"), upstream=answer("X-Accel-Buffering: maybe"), logs=1),
    Exchange("a rate that is none", get("/"), upstream=answer("X-Accel-Limit-Rate: fast"), lacks="X-Accel", logs=1),
    Exchange("a high rate", get("/"), upstream=answer("X-Accel-Limit-Rate: 1000000", body=b"x" * 5000), logs=1),
    Exchange(
        "chunks at a high rate",
        get("/"),
        upstream=Reply(
            b"HTTP/1.1 200 OK\r\nX-Accel-Limit-Rate: 1000000\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n0\r\n\r\n"
        ),
        contains="b'hello'",
        logs=1,
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_accel(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
