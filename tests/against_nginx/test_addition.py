"""Answers around answers."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head
from .pair import Pair

NEEDS = ("addition", "sub")

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        add_before_body /before;
        add_after_body /after;
        location = /before { return 200 "[before $uri $request_uri $args]"; }
        location = /after { return 200 "[after]"; }
        location /types/ { alias @root@/; addition_types text/plain; }
        location /only-before/ { alias @root@/; addition_types *; add_after_body ""; }
        location /only-after/ { alias @root@/; addition_types *; add_before_body ""; }
        location /none/ { alias @root@/; addition_types *; add_before_body ""; add_after_body ""; }
        location /missing/ { alias @root@/; addition_types *; add_before_body /nowhere; add_after_body ""; }
        location /file/ { alias @root@/; addition_types *; add_before_body /long.html; add_after_body /big.bin; }
        location /proxied/ { alias @root@/; addition_types *; add_before_body /behind/ten.txt; }
        location /behind/ { proxy_pass http://127.0.0.1:@backend@/; }
        location /proxy/ { proxy_pass http://127.0.0.1:@backend@/; addition_types *; }
        location /gzip/ { alias @root@/; gzip on; gzip_min_length 1; }
        location /sub/ { alias @root@/; sub_filter e E; sub_filter_once off; }
        location /self { default_type text/html; return 200 "self"; add_before_body /self; add_after_body /self; }
        location /created/ { default_type text/html; return 201 created; }
        location /named/ { alias @root@/; addition_types *; error_page 404 = @fallback; }
        location @fallback { default_type text/html; return 200 "fallback"; }
    }
    server {
        listen 127.0.0.1:@backend@;
        root @root@;
    }
"""

EXCHANGES = [
    Exchange("before and after", get("/about.html?a=b"), contains="[before /before /about.html?a=b ]"),
    Exchange("head", head("/about.html")),
    Exchange("HTTP/1.0", get("/about.html", version="1.0"), contains="[after]"),
    Exchange("another type", get("/ten.txt"), lacks="[after]"),
    Exchange("a type", get("/types/ten.txt"), contains="0123456789[after]"),
    Exchange("before", get("/only-before/ten.txt"), contains="]0123456789"),
    Exchange("after", get("/only-after/ten.txt"), contains="0123456789[after]"),
    Exchange("an empty body", get("/types/empty.txt"), contains="][after]"),
    Exchange("nothing", get("/none/ten.txt"), lacks="before"),
    Exchange("not there", get("/missing/ten.txt"), contains="404 Not Found"),
    Exchange("files", get("/file/ten.txt")),
    Exchange("of an upstream", get("/proxied/ten.txt"), contains="0123456789" * 2),
    Exchange("around an upstream's", get("/proxy/big.bin")),
    Exchange("around an upstream's, empty", get("/proxy/empty.txt"), contains="][after]"),
    Exchange("gzip", get("/gzip/about.html", "Accept-Encoding: gzip"), contains="[after]"),
    Exchange("sub_filter changes the body alone", get("/sub/about.html"), contains="[after]"),
    Exchange("itself", get("/self"), contains="selfselfself"),
    Exchange("201", get("/created/"), 201, lacks="[after]"),
    Exchange("404", get("/missing"), 404, lacks="[after]"),
    Exchange("after a redirect to a named location", get("/named/nothing"), contains="fallback[after]"),
    Exchange("a range", get("/types/ten.txt", "Range: bytes=1-2"), 200, contains="0123456789[after]"),
    Exchange("not modified", get("/about.html", "If-None-Match: *"), 304),
    Exchange("one after the other", get("/about.html") + get("/types/ten.txt"), (200, 200)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_addition(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
