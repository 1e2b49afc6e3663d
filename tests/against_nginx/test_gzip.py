"""gzip: what is compressed on the fly, and for whom."""

from __future__ import annotations

import gzip

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair
from .upstream import Reply, answer

GZIP = "Accept-Encoding: gzip"

CONFIG = """
    log_format ratio '$status "$gzip_ratio"';
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        gzip on;
        gzip_types text/plain application/json application/xml+a;
        gzip_min_length 50;
        location /vary/ { alias @root@/; gzip_vary on; add_header X-Type $sent_http_content_type; }
        location /all/ { alias @root@/; gzip_types *; gzip_min_length 0; }
        location /off/ { alias @root@/; gzip off; }
        location /old/ { alias @root@/; gzip_http_version 1.0; }
        location /agents/ { alias @root@/; gzip_disable "msie6" "Old[a-z]+/"; }
        location /small/ { alias @root@/; gzip_window 512; gzip_hash 512; gzip_comp_level 9; gzip_buffers 4 8k; }
        location /pages/ { alias @root@/; error_page 404 /long.html; }
        location /text { default_type text/plain; return 200 "a text that is long enough for it and more: $uri $args"; }
        location /short { default_type text/plain; return 200 "short"; }
        location /denied { return 403; }
        location /proxy/ { proxy_pass http://@upstream@/; }
        location /proxy/vary/ { proxy_pass http://@upstream@/; gzip_vary on; }
        location /any/ { alias @root@/; gzip_proxied any; }
        location /auth/ { alias @root@/; gzip_proxied auth; }
        location /dated/ { alias @root@/; gzip_proxied no_last_modified; }
        location /tagged/ { alias @root@/; gzip_proxied no_etag; }
        location /dated-proxy/ { proxy_pass http://@upstream@/; gzip_proxied no_last_modified; }
        location /expired/ { proxy_pass http://@upstream@/; gzip_proxied expired no-store private; }
    }
"""

PAGE = b"<p>a page of an application</p>\n" * 20
PACKED = gzip.compress(PAGE)
TEXT = "Content-Type: text/plain"


def page(*fields: str, body: bytes = PAGE) -> Reply:
    return answer("Content-Type: text/html; charset=utf-8", *fields, body=body)


def packed(*fields: str) -> Reply:
    return page("Content-Encoding: gzip", *fields, body=PACKED)


EXCHANGES = [
    Exchange("html", get("/long.html", GZIP), contains="Content-Encoding: gzip"),
    Exchange("not asked for", get("/long.html"), lacks="Content-Encoding"),
    Exchange("HTTP/1.0", get("/long.html", GZIP, version="1.0"), lacks="Content-Encoding"),
    Exchange("gzip_http_version 1.0", get("/old/long.html", GZIP, version="1.0"), contains="Content-Encoding: gzip"),
    Exchange("a type that is named", get("/long.txt", GZIP), contains="Content-Encoding: gzip"),
    Exchange("one that is not", get("/style.css", GZIP), lacks="Content-Encoding"),
    Exchange("all types", get("/all/long.bin", GZIP), contains="Content-Encoding: gzip"),
    Exchange("all types, empty", get("/all/empty.txt", GZIP)),
    Exchange("too short", get("/ten.txt", GZIP), lacks="Content-Encoding"),
    Exchange("off", get("/off/long.html", GZIP), lacks="Content-Encoding"),
    Exchange("level, window and memory", get("/small/long.html", GZIP), contains="Content-Encoding: gzip"),
    Exchange("head", head("/long.html", GZIP), contains="Content-Encoding: gzip"),
    Exchange("head, not asked for", head("/long.html")),
    Exchange("the etag is weak", get("/long.html", GZIP), contains='ETag: W/"'),
    Exchange("ranges are not offered", get("/long.html", GZIP), lacks="Accept-Ranges"),
    Exchange("a range in gzip", get("/long.html", GZIP, "Range: bytes=0-3"), contains="Content-Encoding: gzip"),
    Exchange("a range without", get("/long.html", "Range: bytes=0-3"), 206),
    Exchange("the weak etag counts", get("/long.html", GZIP, 'If-None-Match: W/"6553f100-60e"'), 304),
    Exchange("vary", get("/vary/long.html", GZIP), contains="Vary: Accept-Encoding"),
    Exchange("vary, not asked for", get("/vary/long.html"), contains="Vary: Accept-Encoding"),
    Exchange("vary, not in question", get("/vary/image.png", GZIP), lacks="Vary"),
    Exchange("vary, not modified", get("/vary/long.html", GZIP, 'If-None-Match: W/"6553f100-60e"'), 304),
    Exchange("vary, head", head("/vary/long.html")),
    Exchange("twice on one connection", get("/long.html", GZIP) + get("/long.html"), (200, 200)),
    Exchange("return", get("/text/a?b", GZIP), contains="Content-Encoding: gzip"),
    Exchange("return of a short text", get("/short", GZIP), lacks="Content-Encoding"),
    Exchange("403", get("/denied", GZIP), 403, contains="Content-Encoding: gzip"),
    Exchange("404", get("/none", GZIP), 404, contains="Content-Encoding: gzip"),
    Exchange("404 with a page", get("/pages/none", GZIP), 404, contains="Content-Encoding: gzip"),
    Exchange("405", post("/long.html", b"", GZIP), 405, lacks="Content-Encoding"),
    Exchange("proxied", get("/proxy/", GZIP), contains="Content-Encoding: gzip", upstream=page('ETag: "a"')),
    Exchange(
        "proxied, no length",
        get("/proxy/", GZIP),
        upstream=Reply(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
        ),
        contains="Content-Encoding: gzip",
    ),
    Exchange("proxied, encoded", get("/proxy/", GZIP), upstream=packed()),
    Exchange(
        "proxied, with ranges", get("/proxy/", GZIP), upstream=page("Accept-Ranges: bytes"), lacks="Accept-Ranges"
    ),
    Exchange("proxied, no etag", get("/proxy/", GZIP), upstream=page("ETag: abc"), lacks="ETag"),
    Exchange("proxied, weak etag", get("/proxy/", GZIP), upstream=page('ETag: W/"abc"'), contains='W/"abc"'),
    Exchange("proxied, 500", get("/proxy/", GZIP), 500, upstream=answer(TEXT, body=PAGE, status="500 Oops")),
    Exchange("proxied, head", head("/proxy/", GZIP), upstream=page()),
    Exchange("proxied, vary", get("/proxy/vary/", GZIP), upstream=page("Vary: Cookie")),
    Exchange(
        "a type with parameters", get("/proxy/", GZIP), upstream=answer("Content-Type: text/html; a=b", body=PAGE)
    ),
    Exchange(
        "a type in capitals", get("/proxy/", GZIP), upstream=answer("Content-Type: TEXT/Html;charset=x", body=PAGE)
    ),
    Exchange("no type", get("/proxy/", GZIP), upstream=answer(body=PAGE)),
    Exchange("through a proxy", get("/long.html", GZIP, "Via: 1.1 x"), lacks="Content-Encoding"),
    Exchange("proxied any", get("/any/long.html", GZIP, "Via: 1.1 x"), contains="Content-Encoding"),
    Exchange("proxied auth", get("/auth/long.html", GZIP, "Via: 1", "Authorization: x"), contains="Content-Encoding"),
    Exchange("proxied auth, none", get("/auth/long.html", GZIP, "Via: 1"), contains="Content-Encoding"),
    Exchange("proxied no_last_modified", get("/dated/long.html", GZIP, "Via: 1"), contains="Content-Encoding"),
    Exchange(
        "proxied no_last_modified, an upstream's",
        get("/dated-proxy/", GZIP, "Via: 1"),
        upstream=page("Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"),
        lacks="Content-Encoding",
    ),
    Exchange("proxied no_etag", get("/tagged/long.html", GZIP, "Via: 1"), lacks="Content-Encoding"),
    *(
        Exchange(f"proxied expired, {field}", get("/expired/", GZIP, "Via: 1"), upstream=page(*field.split("|")))
        for field in (
            "Expires: Thu, 01 Jan 1970 00:00:01 GMT",
            "Expires: Thu, 01 Jan 2037 00:00:01 GMT",
            "Expires: tomorrow",
            "Cache-Control: no-store",
            "Cache-Control: no-cache",
            "Cache-Control: max-age=1, private",
            "Cache-Control: a=b",
            "Expires: Thu, 01 Jan 1970 00:00:01 GMT|Date: Thu, 01 Jan 1970 00:00:01 GMT",
            "X: y",
        )
    ),
    *(
        Exchange(f"Accept-Encoding: {value!r}", get("/long.html", f"Accept-Encoding: {value}"))
        for value in (
            "",
            "gzi",
            "GZIP",
            "gzip, deflate, br",
            "deflate,gzip",
            "deflate, gzip;q=0.5",
            "gzip;q=0",
            "gzip;q=0.0",
            "gzip;q=0.001",
            "gzip;q=1.1",
            "gzip; q=1",
            "gzip ;q=0.1",
            "gzip;Q=1.000",
            "gzip;q=1.0000",
            "gzip;q = 1",
            "gzip;x=1",
            "gzip;",
            "gzip;q",
            "gzip;q=",
            "gzip;q=2",
            "*",
            "*;q=1",
            "x-gzip",
            "xgzip, gzip",
            "gzipx, gzip",
            "gzip;q=0, gzip",
            "gzip x",
            "br;q=1.0, gzip;q=0.8, *;q=0.1",
            "identity",
            "gzip;q=.5",
            "gzip;q=0.5 ,br",
        )
    ),
    *(
        Exchange(f"gzip_disable, {agent}", get("/agents/long.html", GZIP, f"User-Agent: {agent}"))
        for agent in (
            "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
            "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
            "Mozilla/4.0 (compatible; MSIE 7.0)",
            "oldest/1",
            "Old/1",
        )
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_gzip(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
