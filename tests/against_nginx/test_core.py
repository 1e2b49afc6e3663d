"""ngx_http_core_module's smaller switches: bodies in files, which connections are kept, chunks, and its variables."""

from __future__ import annotations

import pytest

from .exchange import Exchange, chunked, get, post, request
from .pair import Pair
from .upstream import CLOSE, Reply, answer

CONFIG = """
    log_format bodies "$request_body";
    log_format rates "$limit_rate";
    log_format trailer "$sent_trailer_x_sum [$sent_trailer_x_none]";
    server {
        listen 127.0.0.1:@main@;
        client_body_temp_path @prefix@/bodies 1 2;
        client_body_buffer_size 8k;

        location / {
            add_header X-Body "[$request_body]";
            proxy_pass http://@upstream@;
        }
        location /logged/ {
            access_log @prefix@/access.log bodies;
            proxy_pass http://@upstream@;
        }
        location /file/ {
            client_body_in_file_only clean;
            add_header X-Body "[$request_body]";
            proxy_pass http://@upstream@;
        }
        location /sent/ {
            proxy_set_header X-Body "[$request_body]";
            proxy_pass http://@upstream@;
        }
        location /text/ { return 200 "[$request_body] [$request_body_file]"; }
        location /single/ {
            client_body_in_single_buffer on;
            add_header X-Body "[$request_body]";
            proxy_pass http://@upstream@;
        }
        location /unchunked/ {
            chunked_transfer_encoding off;
            proxy_pass http://@upstream@;
        }
        location /chunked/ { proxy_pass http://@upstream@; }

        location /kept/ { return 200 "kept"; }
        location /safari/ { keepalive_disable safari; return 200 "safari"; }
        location /both/ { keepalive_disable msie6 safari; return 200 "both"; }
        location /none/ { keepalive_disable none; return 200 "none"; }
        location /moved/ { rewrite ^ /safari/ last; }

        location /port/ { return 200 "$host$is_request_port$request_port"; }
        location /rate/ {
            set $limit_rate $arg_rate;
            access_log @prefix@/access.log rates;
            return 200 "rate=$limit_rate";
        }
        location /trailer/ {
            proxy_pass_trailers on;
            proxy_pass http://@upstream@;
            proxy_set_header TE trailers;
            access_log @prefix@/access.log trailer;
        }
    }
"""

MSIE5 = "User-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Windows 98)"
MSIE6 = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"
MSIE6_SP2 = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"
MSIE7 = "User-Agent: Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)"
OPERA = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; en) Opera 8.0"
SAFARI = "User-Agent: Mozilla/5.0 (Macintosh; PPC Mac OS X; de-de) AppleWebKit/125 (KHTML) Safari/125.12"
CHROME = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/537.36 Chrome/96.0 Safari/537.36"


def form(target: str, *headers: str) -> bytes:
    return request("POST", target, "Content-Length: 3", *headers, body=b"a=b")


EXCHANGES = [
    Exchange("a body", post("/", b"0123456789"), contains="X-Body: [0123456789]"),
    Exchange("no body", get("/"), contains="X-Body: []"),
    Exchange("an empty body", post("/", b""), contains="X-Body: []"),
    Exchange("a chunked body", chunked("/", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), contains="X-Body: [abcde]"),
    Exchange("a body that memory is too small for", post("/", b"0123456789" * 4000), contains="X-Body: []"),
    Exchange("a body for the log", post("/logged/", b'a "quoted" body'), logs=1, contains="x22quoted"),
    Exchange("a body for a file", post("/file/", b"0123456789"), contains="X-Body: []"),
    Exchange("an empty body for a file", post("/file/", b""), contains="X-Body: []"),
    Exchange("no body for a file", get("/file/"), contains="X-Body: []"),
    Exchange("a body in a field for the upstream", post("/sent/", b"0123456789"), contains="X-Body: [0123456789]"),
    Exchange("a body that nobody reads", post("/text/", b"0123456789"), contains="[] []"),
    Exchange("a body in a single buffer", post("/single/", b"0123456789" * 300)),
    Exchange(
        "an answer without a length, in chunks",
        get("/chunked/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhatever", CLOSE),
        contains="chunked",
    ),
    Exchange(
        "an answer without a length, without chunks",
        get("/unchunked/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhatever", CLOSE),
        contains="Connection: close",
    ),
    Exchange(
        "a chunked answer, without chunks",
        get("/unchunked/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        lacks="chunked)",
    ),
    Exchange("a length, without chunks", get("/unchunked/"), upstream=answer(body=b"with a length")),
    Exchange("no browser", form("/kept/"), contains="kept open"),
    Exchange("Internet Explorer 5 posts", form("/kept/", MSIE5), contains="connection: closed"),
    Exchange("Internet Explorer 6 posts", form("/kept/", MSIE6), contains="connection: closed"),
    Exchange("Internet Explorer 6 gets", get("/kept/", MSIE6), contains="kept open"),
    Exchange("Internet Explorer 6 with its service pack", form("/kept/", MSIE6_SP2), contains="kept open"),
    Exchange("Internet Explorer 7", form("/kept/", MSIE7), contains="kept open"),
    Exchange("Opera that says it is another", form("/kept/", OPERA), contains="kept open"),
    Exchange("MSIE and nothing after it", form("/kept/", "User-Agent: MSIE 5"), contains="kept open"),
    Exchange("MSIE and little after it", form("/kept/", "User-Agent: MSIE 5."), contains="kept open"),
    Exchange("MSIE and enough after it", form("/kept/", "User-Agent: MSIE 5.0"), contains="connection: closed"),
    Exchange("Safari by default", get("/kept/", SAFARI), contains="kept open"),
    Exchange("Safari where it is disabled", get("/safari/", SAFARI), contains="connection: closed"),
    Exchange("Chrome where Safari is disabled", get("/safari/", CHROME), contains="kept open"),
    Exchange("Internet Explorer where Safari is disabled", form("/safari/", MSIE5), contains="kept open"),
    Exchange("Safari where both are disabled", get("/both/", SAFARI), contains="connection: closed"),
    Exchange("Internet Explorer where both are disabled", form("/both/", MSIE5), contains="connection: closed"),
    Exchange("Internet Explorer where none is disabled", form("/none/", MSIE5), contains="kept open"),
    Exchange("Safari sent to where it is disabled", get("/moved/", SAFARI), contains="connection: closed"),
    Exchange("host without port", request("GET", "/port/", host="example.com"), contains="b'example.com'"),
    Exchange("host with port", request("GET", "/port/", host="example.com:81"), contains="b'example.com:81'"),
    Exchange("host with a colon", request("GET", "/port/", host="example.com:"), contains="b'example.com'"),
    Exchange("host with port 0", request("GET", "/port/", host="example.com:0"), contains="b'example.com'"),
    Exchange(
        "the target's host and port go before the field's",
        request("GET", "http://example.org:82/port/", host="example.com:81"),
        contains="example.org:82",
    ),
    Exchange("a rate", get("/rate/?rate=40k"), contains="rate=40960", logs=1),
    Exchange("no rate", get("/rate/"), contains="rate=0", logs=1),
    Exchange("no number for a rate", get("/rate/?rate=fast"), contains="rate=0", errors=1, logs=1),
    Exchange(
        "a trailer for the log",
        get("/trailer/", "TE: trailers"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        logs=1,
        contains="6 [-]",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_core(exchange: Exchange, pair: Pair) -> None:
    pair.compare(exchange)
