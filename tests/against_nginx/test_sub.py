"""sub_filter."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head
from .pair import Pair

NEEDS = ("sub",)

CONFIG = """
    sub_filter nothing here;
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        max_ranges 1;
        location /once/ { alias @root@/; sub_filter hello bye; }
        location /all/ { alias @root@/; sub_filter hello "<$uri>"; sub_filter_once off; }
        location /several/ { alias @root@/; sub_filter aab 1; sub_filter ab 2; sub_filter Hello ""; sub_filter_once off;
        }
        location /order/ { alias @root@/; sub_filter a 1; sub_filter aa 2; sub_filter aaa 3; sub_filter_once off; }
        location /each/ { alias @root@/; sub_filter aab 1; sub_filter ab 2; sub_filter hello 3; sub_filter nowhere 4; }
        location /end/ { alias @root@/; sub_filter "</body>x" 1; sub_filter "y>" 2; sub_filter_once off; }
        location /modified/ { alias @root@/; sub_filter hello bye; sub_filter_last_modified on; }
        location /types/ { alias @root@/; sub_filter 234 abc; sub_filter_types text/plain; }
        location /any/ { alias @root@/; sub_filter "a line" "one"; sub_filter_types *; sub_filter_once off; gzip on; }
        location /variable/ { alias @root@/; sub_filter $arg_a $arg_b; sub_filter $arg_c c; sub_filter_once off; }
        location /inherited/ { alias @root@/; }
        location /text/ { default_type text/html; sub_filter world $uri; return 200 "hello, world"; }
        location /error/ { sub_filter "not found" "gone"; }
        location /proxy/ { proxy_pass http://127.0.0.1:@backend@/; sub_filter again never; sub_filter_once off; }
    }
    server {
        listen 127.0.0.1:@backend@;
        root @root@;
    }
"""

PAGE = "sub.html"

EXCHANGES = [
    Exchange("once", get(f"/once/{PAGE}"), lacks="Last-Modified"),
    Exchange("all", get(f"/all/{PAGE}")),
    Exchange("several", get(f"/several/{PAGE}")),
    Exchange("begin at the same place", get(f"/order/{PAGE}")),
    Exchange("each once", get(f"/each/{PAGE}")),
    Exchange("the end", get(f"/end/{PAGE}")),
    Exchange("last modified", get(f"/modified/{PAGE}"), contains='ETag: W/"'),
    Exchange("head", head(f"/once/{PAGE}")),
    Exchange("an empty file", get("/types/empty.txt")),
    Exchange("a type", get("/types/ten.txt"), contains="01abc56789"),
    Exchange("another type", get("/once/ten.txt")),
    Exchange("any type", get("/any/long.bin")),
    Exchange("any type, gzip", get("/any/long.html", "Accept-Encoding: gzip"), contains="one that comes again"),
    Exchange("variables", get(f"/variable/{PAGE}?a=Hello&b=Bye")),
    Exchange("variables, all empty", get(f"/variable/{PAGE}")),
    Exchange("variables, two", get(f"/variable/{PAGE}?c=aab&a=ab&b=1")),
    Exchange("inherited", get(f"/inherited/{PAGE}")),
    Exchange("return", get("/text/"), contains="hello, /text/"),
    Exchange("a made-up page", get("/error/none"), 404, contains="404 gone"),
    Exchange("range", get(f"/once/{PAGE}", "Range: bytes=0-10"), 200),
    Exchange("not modified", get(f"/once/{PAGE}", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"), 304),
    Exchange("of an upstream", get("/proxy/long.html"), contains="never"),
    Exchange("of an upstream, HTTP/1.0", get("/proxy/long.html", version="1.0"), contains="never"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_sub(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
