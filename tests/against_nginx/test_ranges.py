"""Range requests on files."""

from __future__ import annotations

import pytest

from .documents import LAST_MODIFIED, TEN_ETAG
from .exchange import Exchange, get, head
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /single/ {
            alias @root@/;
            max_ranges 1;
        }
        location /none/ {
            alias @root@/;
            max_ranges 0;
        }
    }
"""


def ten(value: str, *more: str) -> bytes:
    """Ask for a range of the ten bytes 0123456789."""
    return get("/ten.txt", f"Range: {value}", *more)


EXCHANGES = [
    Exchange("first bytes", ten("bytes=0-3"), 206, contains="'0123'"),
    Exchange("one byte", ten("bytes=4-4"), 206, contains="'4'"),
    Exchange("open end", ten("bytes=7-"), 206, contains="'789'"),
    Exchange("whole file", ten("bytes=0-"), 206),
    Exchange("end beyond the file", ten("bytes=5-999"), 206),
    Exchange("suffix", ten("bytes=-3"), 206, contains="'789'"),
    Exchange("suffix longer than the file", ten("bytes=-99"), 206),
    Exchange("suffix of nothing", ten("bytes=-0"), 416),
    Exchange("start beyond the file", ten("bytes=10-"), 416, contains="bytes */10"),
    Exchange("backwards", ten("bytes=5-3"), 416),
    Exchange("two ranges", ten("bytes=0-1,8-9"), 206, contains="multipart/byteranges"),
    Exchange("three ranges with suffix", ten("bytes=0-0,2-3,-1"), 206),
    Exchange("two ranges with spaces", ten("bytes= 0-1 , 8-9 "), 206),
    Exchange("overlapping ranges", ten("bytes=0-5,3-9"), 200),
    Exchange("two whole files", ten("bytes=0-9,0-9"), 200),
    Exchange("one of two beyond the file", ten("bytes=0-1,20-30"), 206, contains="'01'"),
    Exchange("all of two beyond the file", ten("bytes=20-30,40-50"), 416),
    Exchange("empty element", ten("bytes=0-1,,3-4"), 416),
    Exchange("no number", ten("bytes=-"), 416),
    Exchange("not a number", ten("bytes=a-b"), 416),
    Exchange("number too big", ten("bytes=0-99999999999999999999"), 416),
    Exchange("start too big", ten("bytes=99999999999999999999-"), 416),
    Exchange("unknown unit", ten("lines=0-3"), 200),
    Exchange("unit in capitals", ten("BYTES=0-3"), 206),
    Exchange("no unit", ten("0-3"), 200),
    Exchange("range of an empty file", get("/empty.txt", "Range: bytes=0-0"), 200),
    Exchange("range of a big file", get("/big.bin", "Range: bytes=100000-200000"), 206),
    Exchange("ranges of a big file", get("/big.bin", "Range: bytes=0-99,1000-1099,-100"), 206),
    Exchange("head with a range", head("/ten.txt", "Range: bytes=0-3"), 206),
    Exchange("head with two ranges", head("/ten.txt", "Range: bytes=0-1,8-9"), 206),
    Exchange("range of what is not there", get("/none.txt", "Range: bytes=0-3"), 404),
    Exchange("if-range, the same etag", ten("bytes=0-3", f"If-Range: {TEN_ETAG}"), 206),
    Exchange("if-range, another etag", ten("bytes=0-3", 'If-Range: "other"'), 200),
    Exchange("if-range, a weak etag", ten("bytes=0-3", f"If-Range: W/{TEN_ETAG}"), 200),
    Exchange("if-range, the same date", ten("bytes=0-3", f"If-Range: {LAST_MODIFIED}"), 206),
    Exchange("if-range, an earlier date", ten("bytes=0-3", "If-Range: Tue, 14 Nov 2023 22:13:19 GMT"), 200),
    Exchange("if-range, a later date", ten("bytes=0-3", "If-Range: Tue, 14 Nov 2023 22:13:21 GMT"), 200),
    Exchange("if-range, nonsense", ten("bytes=0-3", "If-Range: yesterday"), 200),
    Exchange("if-range without range", get("/ten.txt", f"If-Range: {TEN_ETAG}"), 200),
    Exchange("range and not modified", ten("bytes=0-3", f"If-None-Match: {TEN_ETAG}"), 304),
    Exchange("HTTP/1.0", get("/ten.txt", "Range: bytes=0-3", version="1.0"), 206),
    Exchange("max_ranges 1 and one range", get("/single/ten.txt", "Range: bytes=0-3"), 206),
    Exchange("max_ranges 1 and two ranges", get("/single/ten.txt", "Range: bytes=0-1,8-9"), 200),
    Exchange("max_ranges 0", get("/none/ten.txt", "Range: bytes=0-3"), 200),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_ranges(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
