"""Answers that are asked for in slices."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head
from .pair import Pair

NEEDS = ("slice",)

CONFIG = """
    log_format slices '$status "$slice_range"';
    server {
        listen 127.0.0.1:@main@;
        location / {
            slice 4;
            proxy_pass http://127.0.0.1:@backend@;
            proxy_set_header Range $slice_range;
            proxy_http_version 1.1;
        }
        location /large/ {
            slice 100k;
            proxy_pass http://127.0.0.1:@backend@/;
            proxy_set_header Range $slice_range;
        }
        location /unused/ {
            slice 4;
            proxy_pass http://127.0.0.1:@backend@/;
        }
    }
    server {
        listen 127.0.0.1:@backend@;
        root @root@;
        location /whole/ { alias @root@/; max_ranges 0; }
        location /text/ { return 200 text; }
    }
"""

EXCHANGES = [
    Exchange("all of it", get("/ten.txt"), contains="0123456789"),
    Exchange("head", head("/ten.txt")),
    Exchange("HTTP/1.0", get("/ten.txt", version="1.0"), contains="0123456789"),
    *(
        Exchange(f"bytes={text}", get("/ten.txt", f"Range: bytes={text}"), 206)
        for text in ("0-3", "4-7", "0-0", "3-4", "9-9", "5-", "8-100", "-3", "2-8")
    ),
    Exchange("several ranges", get("/ten.txt", "Range: bytes=0-1,4-5"), 200),
    Exchange("a range and its condition", get("/ten.txt", "Range: bytes=9-9", 'If-Range: "6553f100-a"'), 206),
    Exchange("a range and another condition", get("/ten.txt", "Range: bytes=9-9", 'If-Range: "x"'), 200),
    Exchange("one that is no range", get("/ten.txt", "Range: bytes=a-b"), 416),
    Exchange("not there", get("/none"), 404),
    Exchange("an upstream without ranges", get("/whole/ten.txt"), contains="0123456789"),
    Exchange("an upstream without ranges, a range", get("/whole/ten.txt", "Range: bytes=1-2"), 200),
    Exchange("a text", get("/text/")),
    Exchange("a large file", get("/large/big.bin")),
    Exchange("a part of a large file", get("/large/big.bin", "Range: bytes=99999-204801"), 206),
    Exchange("the end of a large file", get("/large/big.bin", "Range: bytes=-5"), 206),
    Exchange("without the variable", get("/unused/ten.txt", "Range: bytes=1-2"), 206),
    Exchange("beyond the end", get("/ten.txt", "Range: bytes=100-"), 416),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_slice(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
